#include "endpoint/endpoint.h"

enum { STREAM_ACCEPT = 1 << 20, DATAGRAM_ACCEPT = 65535 };

/* A program may have thousands of these: 72 bytes, no word that another holds. */
struct cs_endpoint {
  cs_core_session *session;
  cs_link link;
  cs_core_peer from;
  cs_time now;
  bool multicast;
  bool feeding; /* the link may still hold a message */
  bool ended;   /* the stream cannot be followed any more */
};

cs_err cs_endpoint_open(const cs_endpoint_config *config, const cs_core_params *params, size_t mtu,
                        cs_time now, cs_endpoint **out) {
  cs_endpoint *e = cs_base_get(config->core.alloc, sizeof *e);
  if (!e)
    return CS_ERR_MEMORY;
  memset(e, 0, sizeof *e);
  e->now = now;
  size_t accept = config->accept_max;
  if (accept == 0)
    accept = config->link == CS_LINK_DATAGRAM ? DATAGRAM_ACCEPT : STREAM_ACCEPT;
  cs_link_init(&e->link, config->link, config->core.alloc, (uint32_t)accept);
  cs_err err = cs_core_open(&config->core, params, mtu, now, &e->session);
  if (err != CS_OK) {
    cs_base_put(config->core.alloc, e, sizeof *e);
    return err;
  }
  *out = e;
  return CS_OK;
}

void cs_endpoint_close(cs_endpoint *e) {
  const cs_base_alloc *alloc = e->link.alloc;
  cs_core_close(e->session);
  cs_link_free(&e->link);
  cs_base_put(alloc, e, sizeof *e);
}

cs_core_session *cs_endpoint_session(cs_endpoint *e) {
  return e->session;
}

cs_err cs_endpoint_receive(cs_endpoint *e, cs_core_peer from, bool multicast, cs_span bytes,
                           cs_time now) {
  if (e->feeding)
    return CS_ERR_STATE;
  if (e->ended)
    return CS_ERR_CLOSED;
  e->from = from;
  e->multicast = multicast;
  e->now = now;
  e->feeding = true;
  cs_link_feed(&e->link, bytes);
  return CS_OK;
}

/* The session's clock may have moved on since the bytes came, by what the
 * owner did in between. */
static cs_time later(const cs_endpoint *e) {
  cs_time now = cs_core_now(e->session);
  return now > e->now ? now : e->now;
}

/* True with the event that says which rule a stream broke. */
static bool end_stream(cs_endpoint *e, cs_err err, cs_rule broken, cs_core_event *out) {
  e->ended = true;
  cs_core_link(e->session, CS_LINK_CLOSED, later(e));
  if (err != CS_ERR_RULE)
    return false;
  memset(out, 0, sizeof *out);
  out->kind = CS_EVENT_REJECTED;
  out->rule = broken;
  out->peer = e->from;
  return true;
}

bool cs_endpoint_next_event(cs_endpoint *e, cs_core_event *out) {
  for (;;) {
    if (cs_core_next_event(e->session, out))
      return true;
    if (!e->feeding)
      return false;
    cs_span message;
    cs_rule broken = CS_RULE_NONE;
    cs_err err = cs_link_next(&e->link, &message, &broken);
    if (err == CS_OK) {
      /* The session has no message pending, so it takes this one. */
      (void)cs_core_receive(e->session, e->from, e->multicast, message, later(e));
      continue;
    }
    e->feeding = false;
    if (err == CS_ERR_AGAIN)
      return false;
    if (end_stream(e, err, broken, out))
      return true;
  }
}

void cs_endpoint_answer(cs_endpoint *e, const cs_core_event *event, bool accept, cs_time now) {
  cs_core_answer(e->session, event, accept, now);
}

cs_err cs_endpoint_transmit(cs_endpoint *e, cs_time now, uint8_t *buf, size_t cap, cs_core_peer *to,
                            size_t *len) {
  return cs_core_transmit(e->session, now, buf, cap, to, len);
}

bool cs_endpoint_wants_transmit(const cs_endpoint *e) {
  return cs_core_wants_transmit(e->session);
}

cs_time cs_endpoint_deadline(const cs_endpoint *e) {
  return e->feeding ? cs_core_now(e->session) : cs_core_deadline(e->session);
}

void cs_endpoint_expire(cs_endpoint *e, cs_time now) {
  cs_core_expire(e->session, now);
}

void cs_endpoint_link(cs_endpoint *e, cs_core_link_event what, cs_time now) {
  cs_core_link(e->session, what, now);
}
