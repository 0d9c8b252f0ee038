/* TCP and WebSocket against real servers: GET, PUT, a PUT of exactly the size
 * that the server announced, and a thousand requests under way at once. With
 * COAPSPEC_ALL_SERVERS in the environment also against those that are not
 * Debian's (ci/extended.sh servers). */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coap3/coap.h>

#include "support/check_main.h"

typedef struct place {
  const char *script, *address, *path; /* of a resource that takes a PUT */
  coap_proto_t proto;
  bool always;
  /* libcoap 4.3.4 announces 8 MiB over WebSocket too, but closes the connection
   * at a frame of more than 1472 bytes. */
  bool keeps_word;
} place;

static const place places[] = {
    {"libcoap.sh", "127.9.3.1", "made", COAP_PROTO_TCP, true, true},
    {"libcoap-4.3.4.sh", "127.9.3.2", "made", COAP_PROTO_TCP, true, true},
    {"libcoap-4.3.4.sh", "127.9.3.3", "made", COAP_PROTO_WS, true, false},
    {"aiocoap.sh", "127.9.3.4", "test", COAP_PROTO_TCP, false, true},
    {"aiocoap.sh", "127.9.3.5", "test", COAP_PROTO_WS, false, true},
};
enum { PORT = 56876, WS_PORT = PORT + 3000, REQUESTS = 1000, MIB = 1 << 20 };

static int server; /* process id */
static coap_context_t *ctx;
static coap_session_t *session;
static unsigned answered, refused;
static int code;
static size_t length;
static bool connected, ended;

static int run(const place *p, const char *verb, const char *arguments, char *said, size_t cap) {
  char command[512];
  snprintf(command, sizeof command, "bash %s/conformance/servers/%s %s %s 2>/dev/null",
           TEST_SOURCE_DIR, p->script, verb, arguments);
  FILE *f = popen(command, "r");
  if (!f)
    return -1;
  size_t n = fread(said, 1, cap - 1, f);
  said[n] = '\0';
  return pclose(f);
}

static coap_response_t on_response(coap_session_t *s, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, const coap_mid_t mid) {
  const uint8_t *data;
  (void)s, (void)mid;
  ck_assert_ptr_nonnull(sent);
  code = (int)coap_pdu_get_code(received);
  length = 0;
  coap_get_data(received, &length, &data);
  answered++;
  return COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *s, const coap_pdu_t *sent, const coap_nack_reason_t why,
                    const coap_mid_t mid) {
  (void)s, (void)sent, (void)why, (void)mid;
  refused++;
}

static int on_event(coap_session_t *s, const coap_event_t event) {
  (void)s;
  connected = connected || event == COAP_EVENT_SESSION_CONNECTED;
  ended = ended || event == COAP_EVENT_SESSION_CLOSED || event == COAP_EVENT_SESSION_FAILED;
  return 0;
}

/* Unchecked: they run in the parent, so a test that fails leaves no server. */
static const place *here;

static bool wanted(const place *p) {
  return p->always || getenv("COAPSPEC_ALL_SERVERS");
}

static void start(const place *p) {
  char said[64], where[64];
  here = p;
  server = 0;
  if (!wanted(p))
    return;
  snprintf(where, sizeof where, "%s %d", p->address, PORT);
  ck_assert_int_eq(run(p, "start", where, said, sizeof said), 0);
  server = (int)strtol(said, NULL, 10);
  ck_assert_int_gt(server, 0);
}

static void stop(void) {
  char said[64], pid[32];
  const place *p = here;
  if (!server)
    return;
  snprintf(pid, sizeof pid, "%d", server);
  run(p, "stop", pid, said, sizeof said);
}

#define START(i)                                                                                   \
  static void start_##i(void) {                                                                    \
    start(&places[i]);                                                                             \
  }
START(0)
START(1)
START(2)
START(3)
START(4)
static void (*const starts[])(void) = {start_0, start_1, start_2, start_3, start_4};

static coap_pdu_t *request(coap_request_t method, const char *path) {
  uint8_t token[8];
  size_t n;
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, (coap_pdu_code_t)method, session);
  ck_assert_ptr_nonnull(pdu);
  coap_session_new_token(session, &n, token);
  ck_assert_int_eq(coap_add_token(pdu, n, token), 1);
  ck_assert_uint_gt(coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(path), (const uint8_t *)path),
                    0);
  return pdu;
}

/* Turns until so many requests have ended. */
static void wait_for(unsigned count) {
  answered = refused = 0;
  for (unsigned i = 0; answered + refused < count; i++) {
    ck_assert_msg(i < 100000 && !ended, "%u answered, %u refused, session %s", answered, refused,
                  ended ? "ended" : "alive");
    ck_assert_int_ge(coap_io_process(ctx, 1000), 0);
  }
}

static int ask(coap_request_t method, const char *path, const uint8_t *data, size_t len) {
  coap_pdu_t *pdu = request(method, path);
  if (len)
    ck_assert_int_eq(coap_add_data(pdu, len, data), 1);
  ck_assert_int_ne(coap_send(session, pdu), COAP_INVALID_MID);
  wait_for(1);
  ck_assert_uint_eq(refused, 0);
  return code;
}

/* The message is as large as the server said it accepts, to the byte; one byte
 * more does not leave the client. */
static void largest(const place *p) {
  size_t size = coap_session_max_pdu_size(session);
  ck_assert_uint_ge(size, MIB - 16); /* both announce at least 1 MiB */
  if (!p->keeps_word)
    return;
  static uint8_t body[9 * MIB];
  coap_pdu_t *pdu = request(COAP_REQUEST_PUT, p->path);
  size_t used = coap_pdu_get_token(pdu).length + 1 + strlen(p->path) + 1;
  ck_assert_int_eq(coap_add_data(pdu, size - used + 1, body), 0);
  ck_assert_int_eq(coap_add_data(pdu, size - used, body), 1);
  ck_assert_int_ne(coap_send(session, pdu), COAP_INVALID_MID);
  wait_for(1);
  ck_assert_uint_eq(answered, 1); /* 2.04, or 4.13 of a server that stores less: it was read */
  ck_assert_int_eq(ask(COAP_REQUEST_GET, ".well-known", NULL, 0) != 0, 1);
}

START_TEST(a_real_server) {
  const place *p = here;
  if (!wanted(p))
    return;
  coap_addr_info_t *info = coap_resolve_address_info(
      &(coap_str_const_t){strlen(p->address), (const uint8_t *)p->address}, PORT, 0, WS_PORT, 0, 0,
      p->proto == COAP_PROTO_WS ? COAP_URI_SCHEME_COAP_WS_BIT : COAP_URI_SCHEME_COAP_TCP_BIT,
      COAP_RESOLVE_TYPE_REMOTE);
  ck_assert_ptr_nonnull(info);
  ctx = coap_new_context(NULL);
  coap_register_response_handler(ctx, on_response);
  coap_register_nack_handler(ctx, on_nack);
  coap_register_event_handler(ctx, on_event);
  session = coap_new_client_session(ctx, NULL, &info->addr, p->proto);
  ck_assert_ptr_nonnull(session);
  coap_free_address_info(info);
  for (int i = 0; i < 20 && !connected && !ended; i++)
    coap_io_process(ctx, 1000);
  ck_assert_msg(connected, "no session with %s: %s", p->script, coap_last_error());

  ck_assert_int_eq(ask(COAP_REQUEST_PUT, p->path, (const uint8_t *)"first", 5) >> 5, 2);
  ck_assert_int_eq(ask(COAP_REQUEST_GET, p->path, NULL, 0), COAP_RESPONSE_CODE_CONTENT);
  ck_assert_uint_eq(length, 5);
  for (int i = 0; i < REQUESTS; i++)
    ck_assert_int_ne(coap_send(session, request(COAP_REQUEST_GET, p->path)), COAP_INVALID_MID);
  wait_for(REQUESTS);
  ck_assert_uint_eq(answered, REQUESTS);
  ck_assert_int_ne(coap_session_send_ping(session), COAP_INVALID_MID);
  for (int i = 0; i < 20 && coap_io_pending(ctx); i++)
    coap_io_process(ctx, 500);
  ck_assert_int_eq(coap_io_pending(ctx), 0);
  largest(p);
  coap_session_release(session);
  coap_free_context(ctx);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("interop/streams");
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    TCase *tc = tcase_create(places[i].script);
    tcase_set_timeout(tc, 100);
    tcase_add_unchecked_fixture(tc, starts[i], stop);
    tcase_add_test(tc, a_real_server);
    suite_add_tcase(suite, tc);
  }
  return cs_test_main(suite);
}
