/* A live server: an endpoint with the reference credentials, which answers every
 * request. Its clock and its draws are its own, so that it says the same whatever
 * the client's time is. */
#ifndef CS_FUZZ_TLS_LIVE_H
#define CS_FUZZ_TLS_LIVE_H

#include "endpoint/endpoint.h"
#include "fuzz/tls/secrets.h"

typedef struct live {
  cs_base_seeded seeded;
  cs_endpoint_config config;
  cs_endpoint *e;
  tls_side side;
  kind_of_server kind;
  size_t mtu;
  cs_time now;
  unsigned sessions, requests;
  uint8_t plain[CS_TLS_RECORD_MAX];
} live;

static bool live_secure(live *s) {
  cs_tls_config c = {.setup = secrets.server[s->kind],
                     .kind = s->config.link == CS_LINK_DATAGRAM ? CS_TLS_DATAGRAM : CS_TLS_STREAM,
                     .mtu = s->mtu,
                     .handshake_timeout = CS_TIME_NEVER / 4};
  if (s->config.link == CS_LINK_DATAGRAM)
    c.client_address = cs_span_str("192.0.2.1:5683");
  cs_tls *t = NULL;
  if (tls_side_open(&s->side, CS_TLS_SERVER, s->sessions, &c, s->now, &t) != CS_OK)
    return false;
  if (cs_endpoint_secure(s->e, t) == CS_OK) {
    s->sessions++;
    return true;
  }
  cs_tls_close(t);
  return false;
}

static void live_begin(live *s, cs_link_kind link, kind_of_server kind, size_t mtu, cs_time now) {
  static const cs_wire_form forms[] = {CS_WIRE_UDP, CS_WIRE_TCP, CS_WIRE_WS};
  memset(s, 0, offsetof(live, plain));
  cs_base_seeded_init(&s->seeded, 7252);
  s->kind = kind;
  s->mtu = mtu;
  s->now = now;
  s->config = (cs_endpoint_config){.core = {.role = CS_SERVER,
                                            .form = forms[link],
                                            .alloc = &tls_memory,
                                            .random = cs_base_seeded_random(&s->seeded)},
                                   .link = link,
                                   .plain = s->plain};
  CS_ORACLE(cs_endpoint_open(&s->config, NULL, link == CS_LINK_DATAGRAM ? mtu : 65536, now,
                             &s->e) == CS_OK);
  CS_ORACLE(live_secure(s));
  cs_endpoint_up(s->e, now);
}

/* Tells what came. */
static void live_turn(live *s) {
  cs_core_event e;
  while (cs_endpoint_next_event(s->e, &e)) {
    CS_ORACLE(cs_tls_state_of(cs_endpoint_tls(s->e)) != CS_TLS_HANDSHAKING || !e.exchange);
    if (e.kind == CS_EVENT_REQUEST) {
      const cs_core_response_spec spec = {CS_CODE(2, 5), {NULL, 0}, cs_span_str("hi"), -1};
      s->requests++;
      if (cs_core_respond(cs_endpoint_session(s->e), e.exchange, &spec, s->now) != CS_OK)
        cs_core_ignore(cs_endpoint_session(s->e), e.exchange, s->now);
    }
    cs_endpoint_answer(s->e, &e, true, s->now);
  }
}

/* The next datagram, or bytes of the stream. On datagrams, a session whose last word
 * this was is followed by another. */
static bool live_says(live *s, uint8_t *buf, size_t cap, size_t *len) {
  cs_core_peer to;
  cs_span bytes;
  if (s->config.link == CS_LINK_DATAGRAM) {
    if (cs_endpoint_transmit(s->e, s->now, buf, cap, &to, len) == CS_OK)
      return true;
    if (cs_endpoint_finished(s->e) && live_secure(s))
      cs_endpoint_up(s->e, s->now);
    return false;
  }
  if (!cs_endpoint_output(s->e, s->now, &bytes))
    return false;
  *len = bytes.len < cap ? bytes.len : cap;
  memcpy(buf, bytes.at, *len);
  cs_endpoint_sent(s->e, *len, s->now);
  return true;
}

static void live_hears(live *s, cs_span bytes) {
  (void)cs_endpoint_receive(s->e, 0, false, bytes, s->now);
  live_turn(s);
}

static void live_end(live *s) {
  cs_endpoint_close(s->e);
}

#endif
