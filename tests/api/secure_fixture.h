/* A DTLS server for the API's tests, on the simulated net at 192.0.2.9:5684: an
 * endpoint for each client that it hears, which answers requests by 2.05 "hi". */
#ifndef TESTS_API_SECURE_FIXTURE_H
#define TESTS_API_SECURE_FIXTURE_H

#include "endpoint/endpoint.h"
#include "fixture.h"

enum { SE_PEERS = 6 };

typedef struct secure_peer {
  cs_net_address address;
  cs_endpoint *endpoint;
} secure_peer;

typedef struct secure_server {
  int fd;
  cs_base_seeded generator;
  cs_endpoint_config config;
  cs_tls_shared *shared;
  cs_tls_setup *setup;
  secure_peer peers[SE_PEERS];
  unsigned served;
  bool mute;                      /* takes datagrams and says nothing */
  bool (*forge)(cs_span from_us); /* sees what the server sends; false: it is lost */
  uint8_t plain[CS_TLS_RECORD_MAX];
  char identity[CS_TLS_IDENTITY_MAX + 1]; /* of the client that asked last */
} secure_server;

static secure_server se;

static inline cs_span se_file(const char *name) {
  static uint8_t bytes[4][8192];
  static unsigned next;
  uint8_t *at = bytes[next++ % 4];
  char path[256];
  snprintf(path, sizeof path, "%s/conformance/credentials/%s", TEST_SOURCE_DIR, name);
  FILE *f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "%s", path);
  size_t n = fread(at, 1, sizeof bytes[0], f);
  fclose(f);
  return cs_span_of(at, n);
}

static inline const char *se_path(const char *name) {
  static char path[32][256];
  static unsigned next;
  char *p = path[next++ % 32];
  snprintf(p, sizeof path[0], "%s/conformance/credentials/%s", TEST_SOURCE_DIR, name);
  return p;
}

static inline secure_peer *se_peer(const cs_net_address *from) {
  cs_time now = cs_test_net_now(fx.net);
  for (unsigned i = 0; i < SE_PEERS; i++) {
    if (!se.peers[i].endpoint || !cs_net_address_equal(&se.peers[i].address, from))
      continue;
    if (cs_tls_state_of(cs_endpoint_tls(se.peers[i].endpoint)) <= CS_TLS_ESTABLISHED)
      return &se.peers[i];
    cs_endpoint_close(se.peers[i].endpoint);
    se.peers[i].endpoint = NULL;
  }
  for (unsigned i = 0; i < SE_PEERS; i++) {
    secure_peer *p = &se.peers[i];
    if (p->endpoint)
      continue;
    p->address = *from;
    cs_tls *t;
    cs_tls_config c = {.setup = se.setup,
                       .kind = CS_TLS_DATAGRAM,
                       .mtu = 1152,
                       .client_address = cs_span_of((const uint8_t *)&i, sizeof i)};
    ck_assert_int_eq(cs_tls_open(&c, now, &t), CS_OK);
    ck_assert_int_eq(cs_endpoint_open(&se.config, NULL, 1152, now, &p->endpoint), CS_OK);
    ck_assert_int_eq(cs_endpoint_secure(p->endpoint, t), CS_OK);
    cs_endpoint_up(p->endpoint, now);
    return p;
  }
  ck_abort_msg("too many clients");
}

static inline void se_flush(secure_peer *p) {
  uint8_t buf[2048];
  cs_core_peer to;
  size_t len, sent;
  while (cs_endpoint_transmit(p->endpoint, cs_test_net_now(fx.net), buf, sizeof buf, &to, &len) ==
         CS_OK)
    if (!se.mute && (!se.forge || se.forge(cs_span_of(buf, len))))
      ck_assert_int_eq(fx.server_net.ops->send(fx.server_net.self, se.fd, &p->address,
                                               cs_span_of(buf, len), &sent),
                       CS_OK);
}

static inline void se_serve(secure_peer *p) {
  cs_core_event e;
  cs_time now = cs_test_net_now(fx.net);
  while (cs_endpoint_next_event(p->endpoint, &e)) {
    if (e.kind == CS_EVENT_REQUEST) {
      cs_core_response_spec spec = {CS_CODE(2, 5), {NULL, 0}, cs_span_str("hi"), -1};
      cs_tls_negotiated n;
      if (cs_tls_negotiated_of(cs_endpoint_tls(p->endpoint), &n))
        snprintf(se.identity, sizeof se.identity, "%.*s", (int)n.identity.len,
                 (const char *)n.identity.at);
      se.served++;
      ck_assert_int_eq(cs_core_respond(cs_endpoint_session(p->endpoint), e.exchange, &spec, now),
                       CS_OK);
    }
    cs_endpoint_answer(p->endpoint, &e, true, now);
  }
}

/* The server's turn: also that of the one in the clear. */
static inline void se_idle(void *ctx) {
  uint8_t buf[65536];
  size_t len;
  cs_net_address from;
  cs_time now = cs_test_net_now(fx.net);
  fx_idle(ctx);
  while (fx.server_net.ops->receive(fx.server_net.self, se.fd, buf, sizeof buf, &len, &from) ==
         CS_OK) {
    secure_peer *p = se_peer(&from);
    (void)cs_endpoint_receive(p->endpoint, 0, false, cs_span_of(buf, len), now);
    se_serve(p);
    se_flush(p);
  }
  for (unsigned i = 0; i < SE_PEERS; i++)
    if (se.peers[i].endpoint) {
      if (cs_endpoint_deadline(se.peers[i].endpoint) <= now)
        cs_endpoint_expire(se.peers[i].endpoint, now);
      se_serve(&se.peers[i]);
      se_flush(&se.peers[i]);
    }
}

/* Forgets its clients: what they send next begins anew. */
static inline void se_forget(void) {
  for (unsigned i = 0; i < SE_PEERS; i++) {
    if (se.peers[i].endpoint)
      cs_endpoint_close(se.peers[i].endpoint);
    se.peers[i].endpoint = NULL;
  }
}

static inline void se_open(void) {
  cs_net_address at;
  const char *why = NULL;
  fx_open();
  memset(&se, 0, sizeof se);
  cs_base_seeded_init(&se.generator, 7);
  cs_base_random random = cs_base_seeded_random(&se.generator);
  se.config = (cs_endpoint_config){.core = {.role = CS_SERVER,
                                            .form = CS_WIRE_UDP,
                                            .alloc = &fx.memory.alloc,
                                            .random = random,
                                            .max_exchanges = 100},
                                   .link = CS_LINK_DATAGRAM,
                                   .plain = se.plain};
  ck_assert_int_eq(cs_tls_shared_new(&fx.memory.alloc, random, &se.shared), CS_OK);
  cs_tls_psk psk = {.identity = cs_span_str("me"), .key = cs_span_str("secret")};
  cs_tls_pki pki = {.certificate = se_file("server.chain.pem"), .key = se_file("server.key")};
  cs_tls_credentials c = {.role = CS_TLS_SERVER, .psk = &psk, .pki = &pki};
  cs_err e = cs_tls_setup_new(se.shared, &c, &se.setup, &why);
  ck_assert_msg(e == CS_OK, "%s", why);
  ck_assert_int_eq(cs_net_address_literal(cs_span_str("192.0.2.9"), 5684, &at), CS_OK);
  ck_assert_int_eq(fx.server_net.ops->open(fx.server_net.self, CS_NET_DATAGRAM, &at, NULL, &se.fd),
                   CS_OK);
  cs_test_net_set_idle(fx.net, se_idle, NULL);
  fx.server = fx_address("192.0.2.9", 0);
}

static inline void se_close(void) {
  coap_free_context(fx.ctx);
  se_forget();
  cs_tls_setup_free(se.setup);
  cs_tls_shared_free(se.shared);
  fx.server_net.ops->close(fx.server_net.self, se.fd);
  ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), 1); /* the one in the clear */
  cs_test_net_free(fx.net);
  ck_assert_uint_eq(fx.memory.out_bytes, 0);
  cs_api_set_alloc(NULL);
  coap_cleanup();
}

static inline coap_dtls_cpsk_t se_psk(const char *identity, const char *key) {
  coap_dtls_cpsk_t data;
  memset(&data, 0, sizeof data);
  data.version = COAP_DTLS_CPSK_SETUP_VERSION;
  data.psk_info.identity.s = (const uint8_t *)identity;
  data.psk_info.identity.length = identity ? strlen(identity) : 0;
  data.psk_info.key.s = (const uint8_t *)key;
  data.psk_info.key.length = key ? strlen(key) : 0;
  return data;
}

static inline coap_dtls_pki_t se_pki(const char *ca) {
  coap_dtls_pki_t data;
  memset(&data, 0, sizeof data);
  data.version = COAP_DTLS_PKI_SETUP_VERSION;
  data.verify_peer_cert = 1;
  data.pki_key.key_type = COAP_PKI_KEY_PEM;
  data.pki_key.key.pem.ca_file = ca;
  return data;
}

/* A session by PSK that is the fixture's from here on. */
static inline void se_connect(const char *identity, const char *key) {
  coap_dtls_cpsk_t data = se_psk(identity, key);
  coap_session_t *s =
      coap_new_client_session_psk2(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &data);
  ck_assert_msg(s != NULL, "%s", coap_last_error());
  fx.session = s;
}

/* Turns until the client was told these words, at most so many turns. */
static inline bool se_until(const char *words, unsigned turns) {
  for (unsigned i = 0; i < turns && !strstr(fx.told, words); i++)
    ck_assert_int_ge(coap_io_process(fx.ctx, 1000), 0);
  if (!strstr(fx.told, words))
    fprintf(stderr, "told:\n%slogged:\n%s\n", fx.told, fx.logged);
  return strstr(fx.told, words) != NULL;
}

#define SE_SUITE(name, ...)                                                                        \
  int main(void) {                                                                                 \
    const TTest *const tests[] = {__VA_ARGS__};                                                    \
    Suite *suite = suite_create(name);                                                             \
    TCase *tc = tcase_create(name);                                                                \
    tcase_add_checked_fixture(tc, se_open, se_close);                                              \
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)                                      \
      tcase_add_test(tc, tests[i]);                                                                \
    suite_add_tcase(suite, tc);                                                                    \
    return cs_test_main(suite);                                                                    \
  }

#endif
