/* The wire's way past the defects of the security layer, and what these may do. */
#include "server/guard_inside.h"

static cs_defect_wire wire_of(cs_server_guard *g, const cs_guard_peer *p, uint64_t number, size_t i,
                              cs_time now) {
  const cs_defect_wire w = {.form = p ? p->form : CS_WIRE_UDP,
                            .peer = number,
                            .now = now,
                            .established = p && p->current && p->current->inner,
                            .shared = &g->server->shared[i],
                            .guard = g};
  return w;
}

bool cs_guard_wire_in(cs_server_guard *g, uint64_t number, cs_span bytes, cs_time now) {
  for (size_t i = 0; i < g->server->defect_count; i++) {
    const cs_defect *d = g->server->defects[i];
    const cs_defect_wire w = wire_of(g, cs_guard_peer_find(g, number), number, i, now);
    if (d->wire_in && cs_server_defect_secured(&d->row, w.form) && !d->wire_in(&w, bytes))
      return false;
  }
  return true;
}

static bool pass_out(cs_server_guard *g, const cs_guard_peer *p, cs_time now, uint8_t *bytes,
                     size_t *len, size_t cap) {
  for (size_t i = 0; i < g->server->defect_count; i++) {
    const cs_defect *d = g->server->defects[i];
    const cs_defect_wire w = wire_of(g, p, p->number, i, now);
    if (d->wire_out && cs_server_defect_secured(&d->row, w.form) &&
        !d->wire_out(&w, bytes, len, cap))
      return false;
  }
  return true;
}

void cs_guard_wire_out(cs_server_guard *g, cs_guard_peer *p, cs_span bytes, cs_time now) {
  uint8_t buf[CS_TLS_RECORD_MAX + 1024];
  bool stream = p->form != CS_WIRE_UDP;
  while (bytes.len) {
    size_t most = sizeof buf - 512; /* a defect may add to it */
    size_t n = bytes.len < most ? bytes.len : most;
    memcpy(buf, bytes.at, n);
    bytes = cs_span_cut(bytes, n, bytes.len - n);
    if (pass_out(g, p, now, buf, &n, sizeof buf) && n)
      cs_guard_post(g, p, p->number, stream, cs_span_of(buf, n));
  }
}

/* ---- what a filter may call ---- */

void cs_defect_wire_send(const cs_defect_wire *w, cs_span bytes) {
  cs_guard_post(w->guard, cs_guard_peer_find(w->guard, w->peer), w->peer, w->form != CS_WIRE_UDP,
                bytes);
}

void cs_defect_wire_end(const cs_defect_wire *w, int alert) {
  cs_guard_peer *p = cs_guard_peer_find(w->guard, w->peer);
  cs_guard_session *s = p ? p->current ? p->current : p->next : NULL;
  if (s && s->tls)
    cs_guard_session_end(w->guard, s, alert, w->now);
}

void cs_defect_wire_take(const cs_defect_wire *w, cs_span message) {
  cs_guard_peer *p = cs_guard_peer_find(w->guard, w->peer);
  if (p && p->current && p->current->inner)
    (void)cs_server_receive(w->guard->server, p->current->inner, false, message, w->now);
}
