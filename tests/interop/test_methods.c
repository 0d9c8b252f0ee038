/* Every method, Confirmable and Non-confirmable, against Debian's coap-server,
 * and a server that goes away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coap3/coap.h>

#include "support/check_main.h"

#define SERVER "127.9.2.4"
enum { PORT = 56875 };

static int server; /* process id */

static int run(const char *verb, const char *arguments, char *said, size_t cap) {
  char command[512];
  snprintf(command, sizeof command, "bash %s/conformance/servers/libcoap.sh %s %s 2>/dev/null",
           TEST_SOURCE_DIR, verb, arguments);
  FILE *f = popen(command, "r");
  if (!f)
    return -1;
  size_t n = fread(said, 1, cap - 1, f);
  said[n] = '\0';
  return pclose(f);
}

/* Unchecked: they run in the parent, so a test that crashes leaves no server. */
static void start_server(void) {
  char said[64], where[64];
  snprintf(where, sizeof where, "%s %d", SERVER, PORT);
  ck_assert_int_eq(run("start", where, said, sizeof said), 0);
  server = (int)strtol(said, NULL, 10);
  ck_assert_int_gt(server, 0);
}

static void stop_server(void) {
  char said[64], pid[32];
  snprintf(pid, sizeof pid, "%d", server);
  run("stop", pid, said, sizeof said);
}

static coap_context_t *ctx;
static coap_session_t *session;
static int code;   /* of the last response; 0 none yet, -1 nack */
static int reason; /* of the nack */
static char payload[2048];

static coap_response_t on_response(coap_session_t *s, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, const coap_mid_t mid) {
  size_t len;
  const uint8_t *data;
  (void)s;
  (void)mid;
  ck_assert_ptr_nonnull(sent);
  ck_assert(coap_pdu_get_token(sent).length == coap_pdu_get_token(received).length);
  code = (int)coap_pdu_get_code(received);
  coap_get_data(received, &len, &data);
  snprintf(payload, sizeof payload, "%.*s", (int)len, (const char *)data);
  return COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *s, const coap_pdu_t *sent, const coap_nack_reason_t why,
                    const coap_mid_t mid) {
  (void)s;
  (void)sent;
  (void)mid;
  code = -1;
  reason = (int)why;
}

static void on_pong(coap_session_t *s, const coap_pdu_t *received, const coap_mid_t mid) {
  (void)s;
  (void)received;
  (void)mid;
  code = 1;
}

static void set_up(void) {
  coap_addr_info_t *info =
      coap_resolve_address_info(coap_make_str_const(SERVER), PORT, 0, 0, 0, 0,
                                COAP_URI_SCHEME_COAP_BIT, COAP_RESOLVE_TYPE_REMOTE);
  ctx = coap_new_context(NULL);
  session = coap_new_client_session(ctx, NULL, &info->addr, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(session);
  coap_free_address_info(info);
  coap_register_response_handler(ctx, on_response);
  coap_register_nack_handler(ctx, on_nack);
  coap_register_pong_handler(ctx, on_pong);
}

static void tear_down(void) {
  coap_session_release(session);
  coap_free_context(ctx);
}

static int wait_for_it(void) {
  code = 0;
  while (!code)
    ck_assert_int_ge(coap_io_process(ctx, COAP_IO_WAIT), 0);
  return code;
}

static int ask(coap_pdu_type_t type, coap_request_t method, const char *path, const char *body) {
  uint8_t token[8];
  size_t len;
  coap_pdu_t *pdu = coap_new_pdu(type, (coap_pdu_code_t)method, session);
  coap_session_new_token(session, &len, token);
  coap_add_token(pdu, len, token);
  coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(path), (const uint8_t *)path);
  if (body)
    coap_add_data(pdu, strlen(body), (const uint8_t *)body);
  ck_assert_int_ne(coap_send(session, pdu), COAP_INVALID_MID);
  return wait_for_it();
}

START_TEST(every_method) {
  coap_pdu_type_t type = (coap_pdu_type_t)_i;
  char path[16];
  snprintf(path, sizeof path, "made%d", _i);
  ck_assert_int_eq(ask(type, COAP_REQUEST_PUT, path, "first"), COAP_RESPONSE_CODE_CREATED);
  ck_assert_int_eq(ask(type, COAP_REQUEST_GET, path, NULL), COAP_RESPONSE_CODE_CONTENT);
  ck_assert_str_eq(payload, "first");
  ck_assert_int_eq(ask(type, COAP_REQUEST_PUT, path, "second"), COAP_RESPONSE_CODE_CHANGED);
  ck_assert_int_eq(ask(type, COAP_REQUEST_GET, path, NULL), COAP_RESPONSE_CODE_CONTENT);
  ck_assert_str_eq(payload, "second");
  ck_assert_int_eq(ask(type, COAP_REQUEST_DELETE, path, NULL), COAP_RESPONSE_CODE_DELETED);
  ck_assert_int_eq(ask(type, COAP_REQUEST_GET, path, NULL), COAP_RESPONSE_CODE_NOT_FOUND);
  const coap_request_t others[] = {COAP_REQUEST_POST, COAP_REQUEST_FETCH, COAP_REQUEST_PATCH,
                                   COAP_REQUEST_IPATCH};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    ck_assert_int_ge(ask(type, others[i], "other", "x") >> 5,
                     2); /* what it likes, but a response */
}
END_TEST

START_TEST(separate_response) {
  /* The server acknowledges at once and answers a second or so later. */
  ck_assert_int_eq(ask(COAP_MESSAGE_CON, COAP_REQUEST_GET, "async", NULL),
                   COAP_RESPONSE_CODE_CONTENT);
}
END_TEST

START_TEST(ping) {
  ck_assert_int_ne(coap_session_send_ping(session), COAP_INVALID_MID);
  ck_assert_int_eq(wait_for_it(), 1);
}
END_TEST

START_TEST(a_server_that_went_away) {
  stop_server();
  ck_assert_int_eq(ask(COAP_MESSAGE_CON, COAP_REQUEST_GET, "x", NULL), -1);
  ck_assert_int_eq(reason, COAP_NACK_ICMP_ISSUE);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("interop/methods");
  TCase *tc = tcase_create("coap-server");
  tcase_set_timeout(tc, 60);
  tcase_add_unchecked_fixture(tc, start_server, stop_server);
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_loop_test(tc, every_method, COAP_MESSAGE_CON, COAP_MESSAGE_NON + 1);
  tcase_add_test(tc, separate_response);
  tcase_add_test(tc, ping);
  tcase_add_test(tc, a_server_that_went_away);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
