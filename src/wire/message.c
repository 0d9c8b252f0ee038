#include "wire/message.h"

#include "wire/option_codec.h"

const cs_wire_limits cs_wire_limits_default = {.token_max = 8};

enum {
  VERSION = 1,
  UDP_HEADER = 4,
  TKL_MAX_RFC7252 = 8,
  LEN_EXTEND_32 = 15,
  LEN_EXTEND_32_BASE = 65805
};

/* What a fixed header said before any of it was given to the caller. */
struct header {
  uint8_t type;
  uint8_t code;
  uint16_t mid;
  uint32_t tkl; /* the nibble */
};

/* The rules that the fields of a UDP header break on their own. */
static cs_rule check_udp_code(const struct header *h) {
  unsigned class = CS_CODE_CLASS(h->code);
  if (class == 1 || class >= 6)
    return CS_RULE_CODE_CLASS_RESERVED;
  if (h->type == CS_RST && h->code != CS_CODE_EMPTY)
    return CS_RULE_RST_NOT_EMPTY;
  if (h->type == CS_ACK && cs_wire_code_is_request(h->code))
    return CS_RULE_ACK_WITH_REQUEST;
  if (h->type == CS_NON && h->code == CS_CODE_EMPTY)
    return CS_RULE_NON_EMPTY;
  return CS_RULE_NONE;
}

/* TKL as a nibble: RFC 7252 section 3 reserves 9 to 15; RFC 8974 section 2.1
 * leaves 15 reserved once longer tokens were agreed on. */
static cs_rule check_tkl(uint32_t tkl, uint32_t token_max) {
  if (tkl > TKL_MAX_RFC7252 && (token_max <= TKL_MAX_RFC7252 || tkl == CS_WIRE_NIBBLE_RESERVED))
    return CS_RULE_TKL_RESERVED;
  return CS_RULE_NONE;
}

static cs_rule take_token(cs_base_reader *in, uint32_t tkl, uint32_t token_max, cs_span *token) {
  uint32_t len = tkl;
  if (!cs_wire_take_extended(in, &len) || !cs_base_take(in, len, token))
    return CS_RULE_TOKEN_SHORT;
  return len > token_max ? CS_RULE_TOKEN_CAP : CS_RULE_NONE;
}

/* Options and payload: all that is left of the message. The reader comes as a
 * copy so that it lives in registers. */
static inline cs_rule take_content(cs_base_reader in, cs_wire_message *out) {
  cs_span rest = {in.at, cs_base_left(&in)};
  uint32_t number = 0;
  while (in.at != in.end && *in.at != CS_WIRE_MARKER) {
    cs_span value;
    cs_rule broken = cs_wire_option_take(&in, &number, &value);
    if (broken != CS_RULE_NONE)
      return broken;
  }
  size_t left = cs_base_left(&in);
  if (left == 1)
    return CS_RULE_MARKER_WITHOUT_PAYLOAD;
  out->options = cs_span_cut(rest, 0, rest.len - left);
  out->payload = left ? cs_span_cut(rest, rest.len - left + 1, left - 1) : cs_span_of(NULL, 0);
  return CS_RULE_NONE;
}

static cs_rule take_udp_header(cs_base_reader *in, uint32_t token_max, struct header *h) {
  uint8_t first;
  if (!cs_base_take_u8(in, &first))
    return CS_RULE_MESSAGE_SHORT;
  /* Before all else: what follows in another version is not ours to judge. */
  if (first >> 6 != VERSION)
    return CS_RULE_VERSION;
  if (!cs_base_take_u8(in, &h->code) || !cs_base_take_u16(in, &h->mid))
    return CS_RULE_MESSAGE_SHORT;
  h->type = (first >> 4) & 3u;
  h->tkl = first & 15u;
  cs_rule broken = check_tkl(h->tkl, token_max);
  if (broken == CS_RULE_NONE)
    broken = check_udp_code(h);
  if (broken == CS_RULE_NONE && h->code == CS_CODE_EMPTY && (h->tkl || cs_base_left(in)))
    broken = CS_RULE_EMPTY_WITH_CONTENT;
  return broken;
}

/* The Length of a TCP header whose nibble is len; false when incomplete. */
static bool take_tcp_length(cs_base_reader *in, uint32_t len, uint64_t *out) {
  if (len == LEN_EXTEND_32) {
    uint32_t more;
    if (!cs_base_take_u32(in, &more))
      return false;
    *out = (uint64_t)LEN_EXTEND_32_BASE + more;
    return true;
  }
  if (!cs_wire_take_extended(in, &len))
    return false;
  *out = len;
  return true;
}

/* The header of RFC 8323 section 3.2; on WebSocket (section 4.2) the Len
 * nibble is zero and the frame says the length. */
static cs_rule take_stream_header(cs_base_reader *in, cs_wire_form form, uint32_t token_max,
                                  struct header *h, uint64_t *length) {
  uint8_t first;
  if (!cs_base_take_u8(in, &first))
    return CS_RULE_MESSAGE_SHORT;
  if (form == CS_WIRE_WS && first >> 4)
    return CS_RULE_WS_LENGTH;
  if (!take_tcp_length(in, first >> 4, length) || !cs_base_take_u8(in, &h->code))
    return CS_RULE_MESSAGE_SHORT;
  h->type = 0;
  h->mid = 0;
  h->tkl = first & 15u;
  cs_rule broken = check_tkl(h->tkl, token_max);
  unsigned class = CS_CODE_CLASS(h->code);
  /* An Empty message is to be ignored whatever it holds (RFC 8323 section
   * 3.4), so its content is no fault here as it is on UDP. */
  if (broken == CS_RULE_NONE && (class == 1 || class == 6))
    broken = CS_RULE_CODE_CLASS_RESERVED;
  return broken;
}

cs_rule cs_wire_parse(cs_wire_form form, cs_span bytes, const cs_wire_limits *limits,
                      cs_wire_message *out) {
  uint32_t token_max = limits ? limits->token_max : cs_wire_limits_default.token_max;
  cs_base_reader in = cs_base_reader_of(bytes);
  struct header h;
  uint64_t length = 0;
  cs_rule broken = form == CS_WIRE_UDP ? take_udp_header(&in, token_max, &h)
                                       : take_stream_header(&in, form, token_max, &h, &length);
  if (broken != CS_RULE_NONE)
    return broken;
  cs_span token;
  broken = take_token(&in, h.tkl, token_max, &token);
  if (broken != CS_RULE_NONE)
    return broken;
  if (form == CS_WIRE_TCP && length != cs_base_left(&in))
    return CS_RULE_TCP_LENGTH;
  broken = take_content(in, out);
  if (broken != CS_RULE_NONE)
    return broken;
  out->form = form;
  out->type = h.type;
  out->code = h.code;
  out->mid = h.mid;
  out->token = token;
  return CS_RULE_NONE;
}

bool cs_wire_peek(cs_span bytes, uint8_t *type, uint8_t *code, uint16_t *mid) {
  if (bytes.len < UDP_HEADER || bytes.at[0] >> 6 != VERSION)
    return false;
  *type = (bytes.at[0] >> 4) & 3u;
  *code = bytes.at[1];
  *mid = (uint16_t)((unsigned)bytes.at[2] << 8 | bytes.at[3]);
  return true;
}

/* Bytes of options, marker and payload: what TCP's Length counts. */
static uint64_t content_size(const cs_wire_message *m) {
  return (uint64_t)m->options.len + (m->payload.len ? 1 : 0) + m->payload.len;
}

static size_t tcp_length_size(uint64_t content) {
  return content >= LEN_EXTEND_32_BASE ? 4 : cs_wire_extended_size((uint32_t)content);
}

size_t cs_wire_size(const cs_wire_message *m) {
  const size_t most = SIZE_MAX / 4; /* the sum of the parts does not wrap */
  uint64_t content = content_size(m);
  if (m->options.len > most || m->payload.len > most || m->token.len > CS_WIRE_TOKEN_MAX ||
      content > (uint64_t)LEN_EXTEND_32_BASE + UINT32_MAX ||
      (m->form == CS_WIRE_UDP && m->type > CS_RST))
    return 0;
  size_t header = m->form == CS_WIRE_UDP ? (size_t)UDP_HEADER : 2;
  if (m->form == CS_WIRE_TCP)
    header += tcp_length_size(content);
  return header + cs_wire_extended_size((uint32_t)m->token.len) + m->token.len + (size_t)content;
}

static void put_header(cs_base_writer *w, const cs_wire_message *m) {
  unsigned tkl = cs_wire_nibble((uint32_t)m->token.len);
  if (m->form == CS_WIRE_UDP) {
    cs_base_put_u8(w, (unsigned)VERSION << 6 | (unsigned)m->type << 4 | tkl);
    cs_base_put_u8(w, m->code);
    cs_base_put_u16(w, m->mid);
    return;
  }
  uint64_t content = m->form == CS_WIRE_TCP ? content_size(m) : 0;
  if (content >= LEN_EXTEND_32_BASE) {
    cs_base_put_u8(w, (unsigned)LEN_EXTEND_32 << 4 | tkl);
    cs_base_put_u32(w, (uint32_t)(content - LEN_EXTEND_32_BASE));
  } else {
    cs_base_put_u8(w, cs_wire_nibble((uint32_t)content) << 4 | tkl);
    cs_wire_put_extended(w, (uint32_t)content);
  }
  cs_base_put_u8(w, m->code);
}

cs_err cs_wire_build(const cs_wire_message *m, uint8_t *buf, size_t cap, size_t *len) {
  size_t size = cs_wire_size(m);
  if (size == 0)
    return CS_ERR_ARGUMENT;
  if (size > cap)
    return CS_ERR_TOO_LARGE;
  cs_base_writer w = cs_base_writer_of(buf, cap);
  put_header(&w, m);
  cs_wire_put_extended(&w, (uint32_t)m->token.len);
  cs_base_put_span(&w, m->token);
  cs_base_put_span(&w, m->options);
  if (m->payload.len) {
    cs_base_put_u8(&w, CS_WIRE_MARKER);
    cs_base_put_span(&w, m->payload);
  }
  *len = w.len;
  return CS_OK;
}

cs_err cs_wire_tcp_frame(cs_span bytes, size_t *total) {
  cs_base_reader in = cs_base_reader_of(bytes);
  uint8_t first;
  uint8_t code;
  uint64_t length;
  if (!cs_base_take_u8(&in, &first) || !take_tcp_length(&in, first >> 4, &length) ||
      !cs_base_take_u8(&in, &code))
    return CS_ERR_AGAIN;
  uint32_t token = first & 15u;
  /* TKL 15 has no token length: the frame is delimited as if it had no token
   * so that the parser gets to refuse it. */
  if (token == CS_WIRE_NIBBLE_RESERVED)
    token = 0;
  else if (!cs_wire_take_extended(&in, &token))
    return CS_ERR_AGAIN;
  uint64_t all = bytes.len - cs_base_left(&in) + token + length;
  *total = all > SIZE_MAX ? SIZE_MAX : (size_t)all;
  return CS_OK;
}
