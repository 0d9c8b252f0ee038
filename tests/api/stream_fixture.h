/* A server on TCP or WebSocket for the API's tests, on the simulated net: an
 * endpoint that answers requests, or a peer whose bytes the test writes itself. */
#ifndef TESTS_API_STREAM_FIXTURE_H
#define TESTS_API_STREAM_FIXTURE_H

#include "endpoint/endpoint.h"
#include "fixture.h"

typedef struct stream_peer {
  int listening, fd; /* -1: none */
  cs_base_seeded generator;
  cs_endpoint_config config;
  cs_endpoint *endpoint;
  unsigned accepted, served;
  size_t received;      /* bytes from the client */
  size_t payload;       /* length of the last request's */
  uint8_t bytes[65536]; /* the first that came */
  bool hung_up;         /* the client closed */
  bool deaf;            /* reads nothing */
  bool mute;            /* requests get no response */
  /* A hostile peer: no endpoint, but this, called when bytes came and once
   * after the connection was accepted. */
  void (*act)(void);
  coap_session_t *session;
  size_t body;             /* length of the responses' payload; 0: "hi" */
  size_t chunk;            /* most bytes given to the client at once; 0: all */
  cs_tls *(*secure)(void); /* TLS for a connection; NULL: in the clear */
} stream_peer;

static stream_peer sp;

static inline void sp_write(const void *bytes, size_t len) {
  size_t sent = 0;
  if (sp.fd >= 0)
    (void)fx.server_net.ops->send(fx.server_net.self, sp.fd, NULL, cs_span_of(bytes, len), &sent);
}

static inline void sp_flush(void) {
  cs_span bytes;
  cs_time now = cs_test_net_now(fx.net);
  while (sp.endpoint && cs_endpoint_output(sp.endpoint, now, &bytes)) {
    size_t sent = 0;
    if (sp.chunk && bytes.len > sp.chunk)
      bytes.len = sp.chunk;
    if (fx.server_net.ops->send(fx.server_net.self, sp.fd, NULL, bytes, &sent) != CS_OK)
      return;
    cs_endpoint_sent(sp.endpoint, sent, now);
    if (sp.chunk)
      return;
  }
}

static inline void sp_events(void) {
  cs_core_event e;
  cs_time now = cs_test_net_now(fx.net);
  while (sp.endpoint && cs_endpoint_next_event(sp.endpoint, &e)) {
    if (e.kind == CS_EVENT_REQUEST && sp.mute) {
      cs_core_ignore(cs_endpoint_session(sp.endpoint), e.exchange, now);
    } else if (e.kind == CS_EVENT_REQUEST) {
      static const uint8_t filler[2000];
      cs_span body = sp.body ? cs_span_of(filler, sp.body) : cs_span_str("hi");
      cs_core_response_spec spec = {CS_CODE(2, 5), {NULL, 0}, body, -1};
      sp.served++;
      sp.payload = e.message.payload.len;
      ck_assert_int_eq(cs_core_respond(cs_endpoint_session(sp.endpoint), e.exchange, &spec, now),
                       CS_OK);
    }
    cs_endpoint_answer(sp.endpoint, &e, true, now);
  }
}

static inline void sp_accept(void) {
  cs_time now = cs_test_net_now(fx.net);
  if (sp.fd >= 0 || sp.listening < 0 ||
      fx.server_net.ops->accept(fx.server_net.self, sp.listening, NULL, &sp.fd) != CS_OK)
    return;
  sp.accepted++;
  sp.hung_up = false;
  if (sp.act) {
    sp.act();
    return;
  }
  ck_assert_int_eq(cs_endpoint_open(&sp.config, NULL, 1 << 20, now, &sp.endpoint), CS_OK);
  if (sp.secure)
    ck_assert_int_eq(cs_endpoint_secure(sp.endpoint, sp.secure()), CS_OK);
  cs_endpoint_up(sp.endpoint, now);
}

static inline void sp_read(void) {
  static uint8_t buf[65536];
  size_t len;
  while (sp.fd >= 0 && !sp.deaf) {
    cs_err e = fx.server_net.ops->receive(fx.server_net.self, sp.fd, buf,
                                          sp.chunk ? sp.chunk : sizeof buf, &len, NULL);
    if (e == CS_ERR_AGAIN)
      return;
    if (e != CS_OK) {
      sp.hung_up = true;
      fx.server_net.ops->close(fx.server_net.self, sp.fd);
      sp.fd = -1;
      return;
    }
    for (size_t i = 0; i < len && sp.received + i < sizeof sp.bytes; i++)
      sp.bytes[sp.received + i] = buf[i];
    sp.received += len;
    if (sp.act) {
      sp.act();
    } else {
      (void)cs_endpoint_receive(sp.endpoint, 0, false, cs_span_of(buf, len),
                                cs_test_net_now(fx.net));
      sp_events();
    }
  }
}

/* The peer's turn: also the datagram server's. */
static inline void sp_idle(void *ctx) {
  fx_idle(ctx);
  sp_accept();
  sp_read();
  sp_flush();
}

/* Listens; the session is for the test to make. */
static inline void sp_listen(coap_proto_t proto) {
  cs_net_address at;
  static const uint16_t ports[] = {[COAP_PROTO_TCP] = 5683,
                                   [COAP_PROTO_TLS] = 5684,
                                   [COAP_PROTO_WS] = 80,
                                   [COAP_PROTO_WSS] = 443};
  bool websocket = proto == COAP_PROTO_WS || proto == COAP_PROTO_WSS;
  sp = (stream_peer){.fd = -1, .listening = -1};
  cs_base_seeded_init(&sp.generator, 7);
  sp.config = (cs_endpoint_config){.core = {.role = CS_SERVER,
                                            .form = websocket ? CS_WIRE_WS : CS_WIRE_TCP,
                                            .alloc = &fx.memory.alloc,
                                            .random = cs_base_seeded_random(&sp.generator),
                                            .max_exchanges = 2000},
                                   .link = websocket ? CS_LINK_WEBSOCKET : CS_LINK_STREAM};
  ck_assert_int_eq(cs_net_address_literal(cs_span_str("192.0.2.9"), ports[proto], &at), CS_OK);
  ck_assert_int_eq(
      fx.server_net.ops->open(fx.server_net.self, CS_NET_STREAM, &at, NULL, &sp.listening), CS_OK);
  cs_test_net_set_idle(fx.net, sp_idle, NULL);
  fx.server = fx_address("192.0.2.9", 0);
}

static inline void sp_open(coap_proto_t proto) {
  sp_listen(proto);
  sp.session = coap_new_client_session(fx.ctx, NULL, &fx.server, proto);
  ck_assert_ptr_nonnull(sp.session);
}

static inline void sp_drop(void) {
  if (sp.endpoint)
    cs_endpoint_close(sp.endpoint);
  sp.endpoint = NULL;
  if (sp.fd >= 0)
    fx.server_net.ops->close(fx.server_net.self, sp.fd);
  sp.fd = -1;
}

/* The peer leaves; what the client then does is for the test to see. */
static inline void sp_close(void) {
  sp_drop();
  if (sp.listening >= 0)
    fx.server_net.ops->close(fx.server_net.self, sp.listening);
  sp.listening = -1;
}

/* Turns until the client was told these words, at most so many turns of a
 * second each. */
static inline bool sp_until(const char *words, unsigned turns) {
  for (unsigned i = 0; i < turns && !strstr(fx.told, words); i++)
    ck_assert_int_ge(coap_io_process(fx.ctx, 1000), 0);
  return strstr(fx.told, words) != NULL;
}

/* A request on the stream's session. */
static inline coap_pdu_t *sp_request(coap_pdu_code_t code, size_t payload) {
  static uint8_t filler[1 << 21];
  uint8_t token[8];
  size_t len;
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, code, sp.session);
  ck_assert_ptr_nonnull(pdu);
  coap_session_new_token(sp.session, &len, token);
  ck_assert_int_eq(coap_add_token(pdu, len, token), 1);
  ck_assert_uint_gt(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"x"), 0);
  if (payload)
    ck_assert_int_eq(coap_add_data(pdu, payload, filler), 1);
  return pdu;
}

#endif
