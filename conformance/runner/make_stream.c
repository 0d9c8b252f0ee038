/* What goes out on a WebSocket: frames, and the request that upgrades. */
#include <strings.h>

#include "runner/values.h"

cs_span cs_runner_make_frame(cs_runner_arena *arena, cs_runner_fresh *fresh,
                             const cs_runner_frame *frame, cs_span payload) {
  size_t cap = CS_WS_HEADER_MAX + payload.len;
  uint8_t *bytes = cs_runner_get(arena, cap);
  uint64_t length = frame->has_announce ? frame->announce : payload.len;
  unsigned form = frame->form;
  if (form == 0)
    form = length > UINT16_MAX ? 64 : length > 125 ? 16 : 7;
  uint8_t mask[4];
  memcpy(mask, frame->mask, sizeof mask);
  if (frame->masked && !frame->has_mask)
    cs_runner_fresh_bytes(fresh, mask, sizeof mask);
  cs_base_writer w = cs_base_writer_of(bytes, cap);
  unsigned masked = frame->masked ? 0x80 : 0;
  cs_base_put_u8(&w, (frame->fin ? 0x80u : 0) | (unsigned)frame->rsv << 4 | frame->opcode);
  if (form == 7) {
    cs_base_put_u8(&w, masked | (unsigned)(length & 0x7f));
  } else if (form == 16) {
    cs_base_put_u8(&w, masked | 126u);
    cs_base_put_u16(&w, (unsigned)(length & 0xffff));
  } else {
    cs_base_put_u8(&w, masked | 127u);
    cs_base_put_u32(&w, (uint32_t)(length >> 32));
    cs_base_put_u32(&w, (uint32_t)length);
  }
  if (frame->masked)
    cs_base_put_bytes(&w, mask, sizeof mask);
  size_t header = w.len;
  cs_base_put_span(&w, payload);
  if (frame->masked)
    cs_wire_ws_mask(bytes + header, payload.len, mask, 0);
  return cs_base_written(&w);
}

cs_span cs_runner_wrap(cs_runner_arena *arena, cs_runner_fresh *fresh, cs_wire_form form,
                       cs_span message) {
  static const cs_runner_frame binary = {.opcode = CS_WS_BINARY, .fin = true, .masked = true};
  if (form != CS_WIRE_WS)
    return message;
  return cs_runner_make_frame(arena, fresh, &binary, message);
}

/* ---- The upgrade request ---- */

struct line {
  const char *name;
  cs_span value;
  bool left_out;
};

enum { OWN = 6, KEY = 3 };

static bool named(const cs_runner_field *f, const char *name) {
  return f->kind == CS_RUNNER_FIELD_HEADER && strcasecmp(f->name, name) == 0;
}

/* What the fields make of a line that a correct client has. */
static void change(const cs_runner_maker *maker, const cs_runner_send *send, struct line *line) {
  for (size_t i = 0; i < send->field_count; i++) {
    const cs_runner_field *f = &send->fields[i];
    if (!named(f, line->name) || f->relation == CS_RUNNER_ONE_MORE)
      continue;
    line->left_out = f->relation == CS_RUNNER_ABSENT;
    if (!line->left_out)
      line->value = cs_runner_field_value(maker, f);
  }
}

static bool is_own(const struct line own[OWN], const cs_runner_field *f) {
  for (size_t i = 0; i < OWN; i++)
    if (named(f, own[i].name))
      return true;
  return false;
}

static void put_line(cs_base_writer *w, const char *name, cs_span value) {
  cs_base_put_str(w, name);
  cs_base_put_str(w, ": ");
  cs_base_put_span(w, value);
  cs_base_put_str(w, "\r\n");
}

/* A word of the request line, unless a field says another. */
static cs_span word(const cs_runner_send *send, cs_runner_field_kind kind, const char *usual) {
  for (size_t i = 0; i < send->field_count; i++)
    if (send->fields[i].kind == kind)
      return send->fields[i].literal;
  return cs_span_str(usual);
}

static size_t room_for(const cs_runner_maker *maker, const cs_runner_send *send) {
  size_t room = 512 + (maker->host ? strlen(maker->host) : 0);
  for (size_t i = 0; i < send->field_count; i++) {
    const cs_runner_field *f = &send->fields[i];
    room += (f->name ? strlen(f->name) : 0) + 8;
    room += f->var < 0 ? f->literal.len : cs_runner_field_value(maker, f).len;
  }
  return room;
}

cs_span cs_runner_make_upgrade(const cs_runner_maker *maker, const cs_runner_send *send,
                               cs_span *key) {
  uint8_t nonce[16];
  char fresh[CS_WS_KEY_SIZE];
  cs_runner_fresh_bytes(maker->fresh, nonce, sizeof nonce);
  cs_wire_ws_key(nonce, fresh);
  struct line own[OWN] = {
      {"Host", cs_span_str(maker->host ? maker->host : "localhost"), false},
      {"Upgrade", cs_span_str("websocket"), false},
      {"Connection", cs_span_str("Upgrade"), false},
      {"Sec-WebSocket-Key", cs_runner_copy(maker->arena, cs_span_of(fresh, sizeof fresh)), false},
      {"Sec-WebSocket-Version", cs_span_str("13"), false},
      {"Sec-WebSocket-Protocol", cs_span_str("coap"), false}};
  size_t cap = room_for(maker, send);
  cs_base_writer w = cs_base_writer_of(cs_runner_get(maker->arena, cap), cap);
  cs_base_put_span(&w, word(send, CS_RUNNER_FIELD_METHOD, "GET"));
  cs_base_put_str(&w, " ");
  cs_base_put_span(&w, word(send, CS_RUNNER_FIELD_TARGET, CS_WS_PATH));
  cs_base_put_str(&w, " HTTP/");
  cs_base_put_span(&w, word(send, CS_RUNNER_FIELD_HTTP_VERSION, "1.1"));
  cs_base_put_str(&w, "\r\n");
  for (size_t i = 0; i < OWN; i++) {
    change(maker, send, &own[i]);
    if (!own[i].left_out)
      put_line(&w, own[i].name, own[i].value);
  }
  for (size_t i = 0; i < send->field_count; i++) {
    const cs_runner_field *f = &send->fields[i];
    if (f->kind == CS_RUNNER_FIELD_HEADER && f->relation != CS_RUNNER_ABSENT &&
        (f->relation == CS_RUNNER_ONE_MORE || !is_own(own, f)))
      put_line(&w, f->name, cs_runner_field_value(maker, f));
  }
  cs_base_put_str(&w, "\r\n");
  *key = own[KEY].value;
  return cs_base_written(&w);
}
