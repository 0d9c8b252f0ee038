#include "server/exchange.h"

#include <assert.h>
#include <string.h>

void cs_server_reply_init(cs_server_reply *r, uint8_t code) {
  r->code = code;
  r->options_len = 0;
  r->payload_len = 0;
  r->delay = 0;
  r->type = -1;
  r->silent = false;
}

void cs_server_reply_option(cs_server_reply *r, uint16_t number, cs_span value) {
  cs_err e = cs_wire_option_insert(r->options, &r->options_len, sizeof r->options, number, value);
  assert(e == CS_OK);
  (void)e;
}

void cs_server_reply_uint(cs_server_reply *r, uint16_t number, uint32_t value) {
  uint8_t buf[4];
  size_t len = cs_wire_uint_put(value, buf);
  cs_server_reply_option(r, number, cs_span_of(buf, len));
}

void cs_server_reply_remove(cs_server_reply *r, uint16_t number) {
  uint8_t kept[CS_SERVER_OPTIONS_MAX];
  cs_base_writer out = cs_base_writer_of(kept, sizeof kept);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_option_iter it = cs_wire_options(cs_span_of(r->options, r->options_len));
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o))
    if (o.number != number)
      (void)cs_wire_option_put(&w, o.number, o.value);
  memcpy(r->options, kept, out.len);
  r->options_len = out.len;
}

void cs_server_reply_payload(cs_server_reply *r, cs_span payload) {
  r->payload_len = payload.len < sizeof r->payload ? payload.len : sizeof r->payload;
  if (r->payload_len)
    memmove(r->payload, payload.at, r->payload_len);
}

void cs_server_reply_content(cs_server_reply *r, int32_t format, cs_span payload) {
  if (format >= 0)
    cs_server_reply_uint(r, CS_OPT_CONTENT_FORMAT, (uint32_t)format);
  cs_server_reply_payload(r, payload);
}

void cs_server_reply_error(cs_server_reply *r, uint8_t code, const char *text) {
  cs_server_reply_init(r, code);
  cs_server_reply_payload(r, cs_span_str(text));
}

int64_t cs_server_request_uint(const cs_server_request *q, uint16_t number, int64_t fallback) {
  cs_span value;
  uint32_t v;
  if (!cs_wire_option_get(q->message.options, number, &value) || cs_wire_uint(value, &v) != CS_OK)
    return fallback;
  return v;
}

bool cs_server_request_has(const cs_server_request *q, uint16_t number) {
  cs_span value;
  return cs_wire_option_get(q->message.options, number, &value);
}
