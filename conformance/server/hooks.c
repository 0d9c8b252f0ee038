/* The defects' way into the server: which hooks are asked, and what they may
 * call. */
#include <string.h>

#include "server/inside.h"

static cs_defect_turn turn_of(cs_server *s, const cs_server_peer *p, size_t i, cs_time now) {
  cs_defect_turn t = {s, p->number, p->form, now, &p->memories[i], &s->shared[i], s->multicast};
  return t;
}

/* Defect i, if it shows on the peer's transport. */
static const cs_defect *defect_on(const cs_server *s, const cs_server_peer *p, size_t i) {
  return cs_server_defect_on(&s->defects[i]->row, p->form) ? s->defects[i] : NULL;
}

bool cs_server_show(cs_server *s, const cs_server_peer *p, cs_span bytes) {
  uint32_t token_max = s->forms[p->form].config.core.token_max;
  s->scratch.form = p->form;
  s->scratch.elsewhere = false;
  s->scratch.token_max = token_max ? token_max : cs_wire_limits_default.token_max;
  return cs_defect_set_bytes(&s->scratch, bytes);
}

bool cs_server_pass_message(cs_server *s, cs_server_peer *p, bool in, cs_time now) {
  for (size_t i = 0; i < s->defect_count; i++) {
    const cs_defect *d = defect_on(s, p, i);
    bool (*hook)(cs_defect_turn *, cs_defect_message *) = !d ? NULL : in ? d->in : d->out;
    cs_defect_turn t = turn_of(s, p, i, now);
    if (hook && !hook(&t, &s->scratch))
      return false;
  }
  return true;
}

bool cs_server_pass_unit(cs_server *s, cs_server_peer *p, bool in, cs_time now) {
  for (size_t i = 0; i < s->defect_count; i++) {
    const cs_defect *d = defect_on(s, p, i);
    bool (*hook)(cs_defect_turn *, cs_defect_unit *) = !d ? NULL : in ? d->unit_in : d->unit_out;
    cs_defect_turn t = turn_of(s, p, i, now);
    if (hook && !hook(&t, &s->unit))
      return false;
  }
  return true;
}

bool cs_server_pass_bytes(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now) {
  for (size_t i = 0; i < s->defect_count; i++) {
    const cs_defect *d = defect_on(s, p, i);
    cs_defect_turn t = turn_of(s, p, i, now);
    if (d && d->bytes_in && !d->bytes_in(&t, bytes))
      return false;
  }
  return true;
}

bool cs_server_hooked(const cs_server *s, cs_wire_form form, bool in) {
  for (size_t i = 0; i < s->defect_count; i++) {
    const cs_defect *d = s->defects[i];
    if (cs_server_defect_on(&d->row, form) && (in ? d->in || d->unit_in : d->out || d->unit_out))
      return true;
  }
  return false;
}

bool cs_server_may_close(cs_server *s, cs_server_peer *p, cs_time now) {
  for (size_t i = 0; i < s->defect_count; i++) {
    const cs_defect *d = defect_on(s, p, i);
    cs_defect_turn t = turn_of(s, p, i, now);
    if (d && d->closing && !d->closing(&t))
      return false;
  }
  return true;
}

bool cs_server_answered(cs_server *s, cs_server_peer *p, cs_server_request *q,
                        cs_server_reply *reply, cs_time now) {
  for (size_t i = 0; i < s->defect_count; i++) {
    const cs_defect *d = defect_on(s, p, i);
    cs_defect_turn t = turn_of(s, p, i, now);
    cs_server_reply_init(reply, CS_CODE(5, 0));
    if (d && d->request && !d->request(&t, q, reply))
      return true;
  }
  return false;
}

void cs_server_alter_reply(cs_server *s, cs_server_peer *p, const cs_server_request *q,
                           cs_server_reply *reply, cs_time now) {
  for (size_t i = 0; i < s->defect_count; i++) {
    const cs_defect *d = defect_on(s, p, i);
    cs_defect_turn t = turn_of(s, p, i, now);
    if (d && d->reply)
      d->reply(&t, q, reply);
  }
}

/* ---- what hooks call ---- */

void cs_defect_send_raw(cs_defect_turn *t, cs_span bytes, cs_time delay) {
  cs_server_peer *p = cs_server_peer_find(t->server, t->peer);
  if (p && p->life == CS_LIFE_OPEN)
    (void)cs_server_post(t->server, p, bytes, cs_time_add(t->now, delay), true);
}

void cs_defect_send(cs_defect_turn *t, cs_span bytes, cs_time delay) {
  if (t->form != CS_WIRE_WS) {
    cs_defect_send_raw(t, bytes, delay);
    return;
  }
  cs_wire_ws_frame f = {.fin = true, .opcode = CS_WS_BINARY};
  cs_defect_unit u;
  if (cs_defect_unit_write(&u, &f, bytes))
    cs_defect_send_raw(t, cs_span_of(u.bytes, u.len), delay);
}

void cs_defect_send_message(cs_defect_turn *t, const cs_wire_message *m, cs_time delay) {
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  size_t len;
  cs_wire_message formed = *m;
  formed.form = t->form;
  if (cs_wire_build(&formed, buf, sizeof buf, &len) == CS_OK)
    cs_defect_send(t, cs_span_of(buf, len), delay);
}

void cs_defect_send_empty(cs_defect_turn *t, cs_wire_type type, uint16_t mid, cs_time delay) {
  cs_wire_message m;
  memset(&m, 0, sizeof m);
  m.type = (uint8_t)type;
  m.mid = mid;
  cs_defect_send_message(t, &m, delay);
}

void cs_defect_close(cs_defect_turn *t) {
  cs_server_peer *p = cs_server_peer_find(t->server, t->peer);
  if (!p || p->form == CS_WIRE_UDP)
    return;
  p->life = CS_LIFE_CUT;
  cs_server_peer_ends(t->server, p);
}
