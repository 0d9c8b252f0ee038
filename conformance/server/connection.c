/* Connections: from their acceptance to their end. */
#include <string.h>

#include "server/inside.h"

cs_err cs_server_connect(cs_server *s, uint64_t number, cs_wire_form form, cs_time now) {
  cs_server_peer *p;
  if (form == CS_WIRE_UDP || cs_server_peer_find(s, number))
    return CS_ERR_ARGUMENT;
  if (s->connections.count >= s->max_peers)
    return CS_ERR_LIMIT;
  cs_err err = cs_server_peer_open(s, number, form, now, &p);
  if (err != CS_OK)
    return err;
  cs_endpoint_up(p->endpoint, now);
  cs_server_peer_settle(s, p, now);
  return CS_OK;
}

void cs_server_hangup(cs_server *s, uint64_t number, cs_time now) {
  cs_server_peer *p = cs_server_peer_find(s, number);
  (void)now;
  if (p)
    cs_server_peer_drop(s, p);
}

/* Whether a connection may be closed now; a defect may keep it open. */
static bool closes(cs_server *s, cs_server_peer *p, cs_time now) {
  if (!p->ending || p->life == CS_LIFE_MUTE || cs_server_is_due(s, p->number, now))
    return false;
  if (p->life == CS_LIFE_CUT || cs_server_may_close(s, p, now))
    return true;
  p->life = CS_LIFE_MUTE;
  p->ending = false;
  s->ending_count--;
  cs_server_unpost(s, p->number);
  cs_server_peer_settle(s, p, now);
  return false;
}

bool cs_server_closing(cs_server *s, cs_time now, uint64_t *number) {
  if (s->ending_count == 0)
    return false;
  for (cs_server_peer *p = s->connections.oldest; p; p = p->newer) {
    if (!closes(s, p, now))
      continue;
    *number = p->number;
    cs_server_peer_drop(s, p);
    return true;
  }
  return false;
}

void cs_server_feed(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now) {
  /* CS_ERR_CLOSED: the session has ended and looks at nothing more; what is
   * left of it goes out, and then the connection is closed. */
  (void)cs_endpoint_receive(p->endpoint, 0, false, bytes, now);
  cs_server_handle_events(s, p, now);
}

cs_err cs_server_draw(cs_server *s, cs_server_peer *p, cs_time now, uint8_t *buf, size_t cap,
                      size_t *len) {
  cs_span bytes;
  if (!cs_endpoint_output(p->endpoint, now, &bytes))
    return CS_ERR_AGAIN;
  if (s->defect_count) {
    size_t all = bytes.len;
    cs_server_tap_out(s, p, bytes, now);
    cs_endpoint_sent(p->endpoint, all, now);
    return CS_ERR_AGAIN;
  }
  if (cap == 0)
    return CS_ERR_TOO_LARGE;
  *len = bytes.len < cap ? bytes.len : cap;
  memcpy(buf, bytes.at, *len);
  cs_endpoint_sent(p->endpoint, *len, now);
  return CS_OK;
}
