#include "wire/ws_frame.h"

#include "wire/utf8.h"

enum {
  FIN = 0x80,
  MASK = 0x80,
  LENGTH_16 = 126, /* the length follows in two bytes */
  LENGTH_64 = 127, /* in eight */
  CONTROL = 8,     /* the bit of an opcode that makes it a control frame's */
  STATUS_NONE = 1005
};

/* Bytes that extend the length, by the seven bits in the second byte. */
static size_t length_bytes(unsigned seven) {
  return seven == LENGTH_16 ? 2 : seven == LENGTH_64 ? 8 : 0;
}

static uint64_t take_length(const uint8_t *at, unsigned seven) {
  size_t n = length_bytes(seven);
  uint64_t length = n ? 0 : seven;
  for (size_t i = 0; i < n; i++)
    length = length << 8 | at[i];
  return length;
}

cs_err cs_wire_ws_frame_read(cs_span bytes, cs_wire_ws_frame *out, cs_rule *broken) {
  if (bytes.len < 2)
    return CS_ERR_AGAIN;
  const uint8_t *at = bytes.at;
  unsigned seven = at[1] & 0x7fu;
  size_t extended = length_bytes(seven);
  bool masked = (at[1] & MASK) != 0;
  size_t header = 2 + extended + (masked ? 4 : 0);
  if (bytes.len < header)
    return CS_ERR_AGAIN;
  memset(out, 0, sizeof *out);
  out->fin = (at[0] & FIN) != 0;
  out->rsv = (at[0] >> 4) & 7u;
  out->opcode = at[0] & 15u;
  out->masked = masked;
  out->length = take_length(at + 2, seven);
  out->header = (uint8_t)header;
  if (masked)
    memcpy(out->mask, at + 2 + extended, sizeof out->mask);
  if (out->length >> 63)
    *broken = CS_RULE_WS_LENGTH_RANGE;
  else if (header != cs_wire_ws_header_size(out->length, masked))
    *broken = CS_RULE_WS_LENGTH_FORM;
  else
    return CS_OK;
  return CS_ERR_RULE;
}

cs_rule cs_wire_ws_frame_check(const cs_wire_ws_frame *f, bool from_client) {
  if (f->rsv)
    return CS_RULE_WS_RESERVED_BITS;
  if (!cs_wire_ws_opcode_name(f->opcode))
    return CS_RULE_WS_OPCODE;
  if ((f->opcode & CONTROL) && !f->fin)
    return CS_RULE_WS_CONTROL_FRAGMENTED;
  if ((f->opcode & CONTROL) && f->length > CS_WS_CONTROL_MAX)
    return CS_RULE_WS_CONTROL_LENGTH;
  if (f->masked != from_client)
    return from_client ? CS_RULE_WS_UNMASKED : CS_RULE_WS_MASKED;
  return CS_RULE_NONE;
}

size_t cs_wire_ws_header_size(uint64_t length, bool masked) {
  size_t extended = length > UINT16_MAX ? 8 : length >= LENGTH_16 ? 2 : 0;
  return 2 + extended + (masked ? 4 : 0);
}

size_t cs_wire_ws_frame_put(const cs_wire_ws_frame *f, uint8_t out[CS_WS_HEADER_MAX]) {
  size_t extended = cs_wire_ws_header_size(f->length, false) - 2;
  unsigned seven = extended == 8   ? (unsigned)LENGTH_64
                   : extended == 2 ? (unsigned)LENGTH_16
                                   : (unsigned)f->length;
  out[0] = (uint8_t)((f->fin ? FIN : 0) | (f->rsv & 7u) << 4 | (f->opcode & 15u));
  out[1] = (uint8_t)((f->masked ? MASK : 0) | seven);
  for (size_t i = 0; i < extended; i++)
    out[2 + i] = (uint8_t)(f->length >> 8 * (extended - 1 - i));
  if (f->masked)
    memcpy(out + 2 + extended, f->mask, sizeof f->mask);
  return 2 + extended + (f->masked ? 4 : 0);
}

void cs_wire_ws_mask(uint8_t *at, size_t len, const uint8_t mask[4], size_t offset) {
  uint8_t turned[8]; /* the mask as it falls on the first byte, twice */
  for (size_t i = 0; i < sizeof turned; i++)
    turned[i] = mask[(offset + i) & 3u];
  uint64_t word;
  memcpy(&word, turned, sizeof word);
  size_t i = 0;
  for (; len - i >= sizeof word; i += sizeof word) {
    uint64_t text;
    memcpy(&text, at + i, sizeof text);
    text ^= word;
    memcpy(at + i, &text, sizeof text);
  }
  for (; i < len; i++)
    at[i] ^= turned[i & 7u];
}

/* Sections 7.4.1 and 7.4.2. What is not assigned yet between 1016 and 2999 may
 * be by an extension or a later version, so it is no fault. */
static bool status_may_be_sent(unsigned status) {
  bool never = status == 1004 || status == STATUS_NONE || status == 1006 || status == 1015;
  return status >= 1000 && status <= 4999 && !never;
}

cs_rule cs_wire_ws_close_read(cs_span payload, uint16_t *status, cs_span *reason) {
  if (payload.len == 0) {
    *status = STATUS_NONE;
    *reason = payload;
    return CS_RULE_NONE;
  }
  if (payload.len == 1)
    return CS_RULE_WS_CLOSE_PAYLOAD;
  unsigned said = (unsigned)payload.at[0] << 8 | payload.at[1];
  if (!status_may_be_sent(said))
    return CS_RULE_WS_CLOSE_STATUS;
  cs_span text = cs_span_cut(payload, 2, payload.len - 2);
  if (!cs_wire_utf8_valid(text))
    return CS_RULE_WS_CLOSE_REASON;
  *status = (uint16_t)said;
  *reason = text;
  return CS_RULE_NONE;
}

const char *cs_wire_ws_opcode_name(uint8_t opcode) {
  switch (opcode) {
  case CS_WS_CONTINUATION:
    return "continuation";
  case CS_WS_TEXT:
    return "text";
  case CS_WS_BINARY:
    return "binary";
  case CS_WS_CLOSE:
    return "close";
  case CS_WS_PING:
    return "ping";
  case CS_WS_PONG:
    return "pong";
  default:
    return NULL;
  }
}
