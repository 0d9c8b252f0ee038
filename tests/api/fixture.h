/* A context over the simulated net, a server played by the test, and a record
 * of what the handlers were told. */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <coap3/coap.h>

#include "api/context.h"
#include "api/memory.h"
#include "support/check_main.h"
#include "support/memory.h"
#include "support/simnet.h"
#include "wire/notation.h"

typedef struct fixture {
  cs_test_memory memory;
  cs_test_net *net;
  cs_net server_net;
  int server_fd;
  cs_net_address client; /* who the server heard last */
  coap_address_t server;
  coap_context_t *ctx;
  coap_session_t *session;
  char heard[4096]; /* what the server received, one line each */
  unsigned heard_count;
  char told[4096];                         /* what the handlers were told, one line each */
  coap_response_t answer;                  /* what the response handler returns */
  void (*inside)(void);                    /* called inside every handler, when set */
  void (*serve)(const cs_wire_message *m); /* called with each message the server receives */
  char logged[4096];
} fixture;

static fixture fx;

static inline void fx_append(char *buf, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void fx_append(char *buf, size_t cap, const char *format, ...) {
  size_t n = strlen(buf);
  va_list ap;
  va_start(ap, format);
  vsnprintf(buf + n, cap - n, format, ap);
  va_end(ap);
}

static inline void fx_log(coap_log_t level, const char *message) {
  (void)level;
  fx_append(fx.logged, sizeof fx.logged, "%s\n", message);
}

static inline coap_response_t fx_on_response(coap_session_t *session, const coap_pdu_t *sent,
                                             const coap_pdu_t *received, const coap_mid_t mid) {
  size_t len;
  const uint8_t *data;
  ck_assert_ptr_nonnull(session);
  ck_assert_int_eq(mid, coap_pdu_get_mid(received));
  coap_get_data(received, &len, &data);
  fx_append(fx.told, sizeof fx.told, "response %d.%02d to %d: %.*s\n",
            (int)coap_pdu_get_code(received) >> 5, (int)coap_pdu_get_code(received) & 31,
            (int)coap_pdu_get_code(sent), (int)len, (const char *)data);
  if (fx.inside)
    fx.inside();
  return fx.answer;
}

static inline void fx_on_nack(coap_session_t *session, const coap_pdu_t *sent,
                              const coap_nack_reason_t reason, const coap_mid_t mid) {
  (void)session;
  if (sent)
    ck_assert_int_eq(mid, coap_pdu_get_mid(sent));
  fx_append(fx.told, sizeof fx.told, "nack %d of %d\n", (int)reason,
            sent ? (int)coap_pdu_get_code(sent) : -1);
  if (fx.inside)
    fx.inside();
}

static inline void fx_on_ping(coap_session_t *session, const coap_pdu_t *received,
                              const coap_mid_t mid) {
  (void)session;
  ck_assert_int_eq(mid, coap_pdu_get_mid(received));
  fx_append(fx.told, sizeof fx.told, "ping %d\n", mid);
  if (fx.inside)
    fx.inside();
}

static inline void fx_on_pong(coap_session_t *session, const coap_pdu_t *received,
                              const coap_mid_t mid) {
  (void)session;
  ck_assert_int_eq(mid, coap_pdu_get_mid(received));
  fx_append(fx.told, sizeof fx.told, "pong\n");
  if (fx.inside)
    fx.inside();
}

static inline int fx_on_event(coap_session_t *session, const coap_event_t event) {
  (void)session;
  fx_append(fx.told, sizeof fx.told, "event %x\n", (unsigned)event);
  if (fx.inside)
    fx.inside();
  return 7;
}

/* The server's turn: writes down what it receives and lets the test answer. */
static inline void fx_idle(void *ctx) {
  uint8_t buf[65536];
  size_t len;
  (void)ctx;
  while (fx.server_net.ops->receive(fx.server_net.self, fx.server_fd, buf, sizeof buf, &len,
                                    &fx.client) == CS_OK) {
    cs_wire_message m;
    char text[2048];
    size_t n;
    ck_assert_int_eq(cs_wire_parse(CS_WIRE_UDP, cs_span_of(buf, len), NULL, &m), CS_RULE_NONE);
    cs_wire_print(&m, text, sizeof text, &n);
    fx_append(fx.heard, sizeof fx.heard, "%s\n", text);
    fx.heard_count++;
    if (fx.serve)
      fx.serve(&m);
  }
}

static inline void fx_send_bytes(cs_span bytes) {
  size_t sent;
  ck_assert_int_eq(
      fx.server_net.ops->send(fx.server_net.self, fx.server_fd, &fx.client, bytes, &sent), CS_OK);
}

/* The server sends a message, in the notation, to who it heard last. */
static inline void fx_send(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void fx_send(const char *format, ...) {
  char text[2048];
  uint8_t scratch[2048], buf[2048];
  size_t len;
  cs_wire_message m;
  va_list ap;
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  ck_assert_int_eq(cs_wire_read(CS_WIRE_UDP, cs_span_str(text), scratch, sizeof scratch, &m, NULL),
                   CS_OK);
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  fx_send_bytes(cs_span_of(buf, len));
}

/* The token of a received message, as the notation has it. */
static inline const char *fx_token(const cs_wire_message *m) {
  static char text[20];
  text[0] = '\0';
  for (size_t i = 0; i < m->token.len && i < 8; i++)
    fx_append(text, sizeof text, "%02x", m->token.at[i]);
  return text;
}

/* A server that answers each request piggybacked with 2.05 "hi". */
static inline void fx_serve_hi(const cs_wire_message *m) {
  if (!cs_wire_code_is_request(m->code))
    return;
  if (m->type == CS_CON)
    fx_send("ACK 2.05 mid=0x%04x token=%s payload=\"hi\"", m->mid, fx_token(m));
  else
    fx_send("NON 2.05 mid=0x%04x token=%s payload=\"hi\"", (unsigned)(m->mid ^ 0x5555),
            fx_token(m));
}

static inline coap_address_t fx_address(const char *host, uint16_t port) {
  cs_net_address a;
  coap_address_t out;
  ck_assert_int_eq(cs_net_address_literal(cs_span_str(host), port, &a), CS_OK);
  coap_address_init(&out);
  if (cs_net_address_family(&a) == AF_INET)
    out.addr.sin = a.u.in;
  else
    out.addr.sin6 = a.u.in6;
  return out;
}

static inline void fx_open(void) {
  memset(&fx, 0, sizeof fx);
  cs_test_memory_init(&fx.memory);
  cs_api_set_alloc(&fx.memory.alloc);
  coap_set_log_handler(fx_log);
  coap_clear_last_error();
  fx.answer = COAP_RESPONSE_OK;
  fx.net = cs_test_net_new(1);
  fx.server_net = cs_test_net_as_net(fx.net);
  cs_net_address at;
  ck_assert_int_eq(cs_net_address_literal(cs_span_str("192.0.2.9"), 5683, &at), CS_OK);
  ck_assert_int_eq(
      fx.server_net.ops->open(fx.server_net.self, CS_NET_DATAGRAM, &at, NULL, &fx.server_fd),
      CS_OK);
  cs_test_net_set_idle(fx.net, fx_idle, NULL);
  cs_net net = cs_test_net_as_net(fx.net);
  fx.ctx = cs_api_new_context_on(&net);
  ck_assert_ptr_nonnull(fx.ctx);
  coap_register_response_handler(fx.ctx, fx_on_response);
  coap_register_nack_handler(fx.ctx, fx_on_nack);
  coap_register_ping_handler(fx.ctx, fx_on_ping);
  coap_register_pong_handler(fx.ctx, fx_on_pong);
  coap_register_event_handler(fx.ctx, fx_on_event);
  fx.server = fx_address("192.0.2.9", 5683);
  fx.session = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(fx.session);
}

/* Ends what is left and checks that nothing remains: no memory, no socket. */
static inline void fx_close(void) {
  coap_free_context(fx.ctx);
  ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), 1); /* the server's */
  cs_test_net_free(fx.net);
  ck_assert_uint_eq(fx.memory.out_bytes, 0);
  cs_api_set_alloc(NULL);
  coap_cleanup();
}

/* One turn without waiting; deliveries of a link without delay arrive in it. */
static inline void fx_turn(void) {
  ck_assert_int_ge(coap_io_process(fx.ctx, COAP_IO_NO_WAIT), 0);
}

/* A request for "x" with a fresh token, not sent. */
static inline coap_pdu_t *fx_request(coap_pdu_type_t type, coap_pdu_code_t code) {
  uint8_t token[8];
  size_t len;
  coap_pdu_t *pdu = coap_new_pdu(type, code, fx.session);
  ck_assert_ptr_nonnull(pdu);
  coap_session_new_token(fx.session, &len, token);
  ck_assert_int_eq(coap_add_token(pdu, len, token), 1);
  ck_assert_uint_gt(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"x"), 0);
  return pdu;
}

/* Sends such a request. */
static inline coap_mid_t fx_ask(coap_pdu_type_t type) {
  coap_mid_t mid = coap_send(fx.session, fx_request(type, COAP_REQUEST_CODE_GET));
  ck_assert_int_ne(mid, COAP_INVALID_MID);
  return mid;
}

/* Fails unless the last failure's reason holds these words; forgets it. */
static inline void fx_reason(const char *words) {
  ck_assert_msg(strstr(coap_last_error(), words), "the reason is \"%s\", without \"%s\"",
                coap_last_error(), words);
  coap_clear_last_error();
}

#define FX_TOLD(want)                                                                              \
  do {                                                                                             \
    ck_assert_str_eq(fx.told, want);                                                               \
    fx.told[0] = '\0';                                                                             \
  } while (0)

/* Adds tests to a case with the fixture's set-up. */
#define FX_SUITE(name, ...)                                                                        \
  int main(void) {                                                                                 \
    const TTest *const tests[] = {__VA_ARGS__};                                                    \
    Suite *suite = suite_create(name);                                                             \
    TCase *tc = tcase_create(name);                                                                \
    tcase_add_checked_fixture(tc, fx_open, fx_close);                                              \
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)                                      \
      tcase_add_test(tc, tests[i]);                                                                \
    suite_add_tcase(suite, tc);                                                                    \
    return cs_test_main(suite);                                                                    \
  }

#endif
