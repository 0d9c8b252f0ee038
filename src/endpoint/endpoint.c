#include "endpoint/endpoint.h"

#include "endpoint/internal.h"

static bool forms_agree(const cs_endpoint_config *c) {
  switch (c->link) {
  case CS_LINK_DATAGRAM:
    return c->core.form == CS_WIRE_UDP;
  case CS_LINK_STREAM:
    return c->core.form == CS_WIRE_TCP;
  case CS_LINK_WEBSOCKET:
    return c->core.form == CS_WIRE_WS;
  default:
    return false;
  }
}

cs_err cs_endpoint_open(const cs_endpoint_config *config, const cs_core_params *params, size_t mtu,
                        cs_time now, cs_endpoint **out) {
  if (!forms_agree(config))
    return CS_ERR_ARGUMENT;
  cs_endpoint *e = cs_base_get(config->core.alloc, sizeof *e);
  if (!e)
    return CS_ERR_MEMORY;
  memset(e, 0, sizeof *e);
  e->config = config;
  e->now = now;
  cs_err err = cs_core_open(&config->core, params, mtu, now, &e->session);
  if (err == CS_OK && config->link != CS_LINK_DATAGRAM) {
    err = endpoint_stream_open(e);
    if (err != CS_OK)
      cs_core_close(e->session);
  }
  if (err != CS_OK) {
    cs_base_put(config->core.alloc, e, sizeof *e);
    return err;
  }
  *out = e;
  return CS_OK;
}

void cs_endpoint_close(cs_endpoint *e) {
  cs_core_close(e->session);
  if (is_plain(e))
    ;
  else if (is_stream(e))
    endpoint_stream_close(e);
  else
    endpoint_secure_close(e);
  cs_base_put(memory(e), e, sizeof *e);
}

cs_core_session *cs_endpoint_session(cs_endpoint *e) {
  return e->session;
}

cs_err cs_endpoint_receive(cs_endpoint *e, cs_core_peer from, bool multicast, cs_span bytes,
                           cs_time now) {
  if (e->feeding)
    return CS_ERR_STATE;
  if (is_plain(e)) {
    e->in = bytes;
  } else {
    cs_err err = is_stream(e) ? endpoint_stream_receive(e, bytes, now)
                              : endpoint_datagram_receive(e, bytes, now);
    if (err != CS_OK)
      return err;
  }
  e->from = from;
  e->multicast = multicast;
  e->now = now;
  e->feeding = true;
  return CS_OK;
}

/* Gives the session the datagram; false when there is none. */
static bool more(cs_endpoint *e) {
  if (!e->feeding)
    return false;
  e->feeding = false;
  /* The session has no message pending, so it takes this one. */
  (void)cs_core_receive(e->session, e->from, e->multicast, e->in, later(e));
  return true;
}

static APART bool more_apart(cs_endpoint *e) {
  return is_stream(e) ? endpoint_stream_more(e) : endpoint_datagram_more(e);
}

bool cs_endpoint_next_event(cs_endpoint *e, cs_core_event *out) {
  do {
    if (cs_core_next_event(e->session, out)) {
      if (!is_plain(e) && is_stream(e))
        endpoint_stream_told(e, out);
      return true;
    }
  } while (is_plain(e) ? more(e) : more_apart(e));
  return false;
}

void cs_endpoint_answer(cs_endpoint *e, const cs_core_event *event, bool accept, cs_time now) {
  cs_core_answer(e->session, event, accept, now);
}

cs_err cs_endpoint_transmit(cs_endpoint *e, cs_time now, uint8_t *buf, size_t cap, cs_core_peer *to,
                            size_t *len) {
  if (is_plain(e))
    return cs_core_transmit(e->session, now, buf, cap, to, len);
  return is_stream(e) ? CS_ERR_STATE : endpoint_datagram_transmit(e, now, buf, cap, to, len);
}

bool cs_endpoint_wants_transmit(const cs_endpoint *e) {
  if (is_plain(e))
    return cs_core_wants_transmit(e->session);
  return is_stream(e) ? endpoint_stream_wants_transmit(e) : endpoint_datagram_wants_transmit(e);
}

void cs_endpoint_up(cs_endpoint *e, cs_time now) {
  if (is_plain(e))
    return;
  if (is_stream(e))
    endpoint_stream_up(e, now);
  else
    endpoint_datagram_up(e, now);
}

bool cs_endpoint_output(cs_endpoint *e, cs_time now, cs_span *bytes) {
  return !is_plain(e) && is_stream(e) && endpoint_stream_output(e, now, bytes);
}

void cs_endpoint_sent(cs_endpoint *e, size_t n, cs_time now) {
  if (!is_plain(e) && is_stream(e))
    endpoint_stream_sent(e, n, now);
}

bool cs_endpoint_finished(const cs_endpoint *e) {
  if (is_plain(e))
    return false;
  return is_stream(e) ? endpoint_stream_finished(e) : endpoint_datagram_finished(e);
}

void cs_endpoint_release(cs_endpoint *e, cs_time now) {
  if (is_plain(e))
    return;
  if (is_stream(e))
    endpoint_stream_release(e, now);
  else
    endpoint_datagram_release(e, now);
}

cs_time cs_endpoint_deadline(const cs_endpoint *e) {
  if (e->feeding)
    return cs_core_now(e->session);
  if (is_plain(e))
    return cs_core_deadline(e->session);
  return is_stream(e) ? endpoint_stream_deadline(e) : endpoint_datagram_deadline(e);
}

void cs_endpoint_expire(cs_endpoint *e, cs_time now) {
  cs_core_expire(e->session, now);
  if (is_plain(e))
    return;
  if (is_stream(e))
    endpoint_stream_expire(e, now);
  else
    endpoint_datagram_expire(e, now);
}

void cs_endpoint_link(cs_endpoint *e, cs_core_link_event what, cs_time now) {
  if (is_plain(e))
    cs_core_link(e->session, what, now);
  else if (!is_stream(e))
    endpoint_datagram_link(e, what, now);
  else if (what == CS_LINK_CLOSED)
    endpoint_stream_gone(e, now);
  else
    cs_core_link(e->session, what, now);
}
