/* Writing what is queued on a reliable form: each message goes once. */
#include "core/internal.h"

enum { CUSTODY_OPTION = 0x20 /* number 2, no value */ };

static struct flight *flight_of(struct out *o) {
  return (struct flight *)(void *)((char *)o - offsetof(struct flight, out));
}

/* Any message but an answer, whose bytes are made before. buf has its options,
 * or its token. */
static cs_wire_message message_of(const cs_core_session *s, struct out *o,
                                  uint8_t buf[CSM_OPTIONS_MAX]) {
  if (o->kind == OUT_CSM)
    return cs_core_csm(s, buf);
  if (o->kind != OUT_FLIGHT)
    return cs_core_ending(s, o, buf);
  const struct flight *f = flight_of(o);
  const cs_core_request *r = (const cs_core_request *)f;
  cs_wire_message m = {s->config->form, 0, r->code, 0, r->token, r->options, r->payload};
  if (f->kind == FLIGHT_PING && f->mid != PING_BARE) {
    buf[0] = (uint8_t)(f->mid >> 8);
    buf[1] = (uint8_t)f->mid;
    m.token = cs_span_of(buf, PING_TOKEN);
  } else if (f->kind == FLIGHT_PING && m.form == CS_WIRE_WS) {
    /* There are servers that do not see a WebSocket message of two bytes; an
     * elective Custody (section 5.4.1) makes it three. */
    buf[0] = CUSTODY_OPTION;
    m.options = cs_span_of(buf, 1);
  }
  return m;
}

/* The bytes of an answer; false for other messages. */
static bool made(struct out *o, cs_span *bytes) {
  if (o->kind == OUT_OWN) {
    const struct reply *p = (const struct reply *)o;
    *bytes = cs_span_of(p->bytes, p->len);
    return true;
  }
  if (o->kind != OUT_FLIGHT || flight_of(o)->kind != FLIGHT_RESPONSE)
    return false;
  const cs_core_exchange *x = (const cs_core_exchange *)flight_of(o);
  *bytes = cs_span_of(x->bytes, x->len);
  return true;
}

size_t cs_core_write_size(const cs_core_session *s) {
  cs_span bytes;
  uint8_t buf[CSM_OPTIONS_MAX];
  if (made(s->out_first, &bytes))
    return bytes.len;
  cs_wire_message m = message_of(s, s->out_first, buf);
  return cs_wire_size(&m);
}

cs_err cs_core_write(cs_core_session *s, cs_time now, uint8_t *buf, size_t cap, size_t *len) {
  cs_core_time(s, now);
  struct out *o = s->out_first;
  cs_span bytes;
  if (!s->reliable)
    return CS_ERR_STATE;
  if (!o)
    return CS_ERR_AGAIN;
  if (made(o, &bytes)) {
    if (bytes.len > cap)
      return CS_ERR_TOO_LARGE;
    memcpy(buf, bytes.at, bytes.len);
    *len = bytes.len;
  } else {
    uint8_t scratch[CSM_OPTIONS_MAX];
    cs_wire_message m = message_of(s, o, scratch);
    cs_err e = cs_wire_build(&m, buf, cap, len);
    if (e != CS_OK)
      return e;
  }
  cs_core_unqueue(s, o);
  if (o->kind == OUT_OWN) {
    cs_core_reply_free(s, (struct reply *)o);
  } else if (o->kind == OUT_FLIGHT) {
    struct flight *f = flight_of(o);
    f->tries = 1;
    if (f->kind == FLIGHT_RESPONSE)
      cs_core_exchange_free(s, (cs_core_exchange *)f);
    else
      cs_core_request_awaited(s, (cs_core_request *)f);
  }
  return CS_OK;
}
