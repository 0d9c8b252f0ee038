/* Sessions over streams on real sockets: what only the system does, resets and
 * half-closed connections. The server is the test's, on the loopback interface. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <coap3/coap.h>

#include "support/check_main.h"

static coap_context_t *ctx;
static coap_session_t *session;
static int listening, peer;
static char told[1024];

static void note(const char *what, int number) {
  size_t n = strlen(told);
  snprintf(told + n, sizeof told - n, "%s %x\n", what, (unsigned)number);
}

static int on_event(coap_session_t *s, const coap_event_t event) {
  (void)s;
  note("event", (int)event);
  return 0;
}

static void on_nack(coap_session_t *s, const coap_pdu_t *sent, const coap_nack_reason_t reason,
                    const coap_mid_t mid) {
  (void)s, (void)sent, (void)mid;
  note("nack", (int)reason);
}

/* A session that is established, the server's side of it a plain socket. */
static void establish(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  told[0] = '\0';
  listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_ge(listening, 0);
  ck_assert_int_eq(bind(listening, (struct sockaddr *)&at, sizeof at), 0);
  ck_assert_int_eq(listen(listening, 1), 0);
  ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&at, &len), 0);
  coap_address_t server;
  coap_address_init(&server);
  server.size = sizeof at;
  server.addr.sin = at;
  ctx = coap_new_context(NULL);
  ck_assert_ptr_nonnull(ctx);
  coap_register_event_handler(ctx, on_event);
  coap_register_nack_handler(ctx, on_nack);
  session = coap_new_client_session(ctx, NULL, &server, COAP_PROTO_TCP);
  ck_assert_ptr_nonnull(session);
  peer = accept(listening, NULL, NULL);
  ck_assert_int_ge(peer, 0);
  ck_assert_int_eq(send(peer, "\x00\xe1", 2, 0), 2);
  for (int i = 0; i < 100 && !strstr(told, "event 2001"); i++)
    ck_assert_int_ge(coap_io_process(ctx, 1000), 0);
  ck_assert_ptr_nonnull(strstr(told, "event 2001"));
}

static void end(void) {
  coap_free_context(ctx);
  close(peer);
  close(listening);
  coap_cleanup();
}

/* Reads to the end of what the client sends; its last bytes are these, and then
 * the connection ends in order. */
static void ends_with(const void *bytes, size_t n) {
  static uint8_t all[65536];
  size_t len = 0;
  for (;;) {
    struct pollfd ready = {.fd = peer, .events = POLLIN};
    ck_assert_int_eq(poll(&ready, 1, 10000), 1);
    ssize_t got = recv(peer, all + len, sizeof all - len, 0);
    ck_assert_msg(got >= 0, "%s", strerror(errno));
    if (got == 0)
      break;
    len += (size_t)got;
  }
  ck_assert_uint_ge(len, n);
  ck_assert_mem_eq(all + len - n, bytes, n);
}

/* What the client had not read when it closed would make the system reset the
 * connection, and the server might never see the Release. */
START_TEST(a_release_arrives_although_something_was_not_read) {
  static const uint8_t pings[2000]; /* Empty messages */
  establish();
  ck_assert_int_eq(send(peer, pings, sizeof pings, 0), sizeof pings);
  coap_session_release(session);
  ends_with("\x00\xe4", 2);
  end();
}
END_TEST

START_TEST(a_context_is_freed_with_something_not_read) {
  static const uint8_t pings[2000];
  establish();
  ck_assert_int_eq(send(peer, pings, sizeof pings, 0), sizeof pings);
  coap_free_context(ctx);
  ctx = NULL;
  ends_with("\x00\xe4", 2);
  end();
}
END_TEST

START_TEST(a_session_is_given_up_with_something_not_read) {
  static const uint8_t pings[2000];
  establish();
  ck_assert_int_eq(send(peer, pings, sizeof pings, 0), sizeof pings);
  coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
  ends_with("", 0);
  ck_assert_ptr_nonnull(strstr(told, "event 1002\nevent 2002\n"));
  end();
}
END_TEST

/* A server that resets the connection ends it once, and the loop then sleeps. */
START_TEST(a_reset_ends_the_session) {
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  establish();
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
  ck_assert_ptr_nonnull(pdu);
  ck_assert_int_ne(coap_send(session, pdu), COAP_INVALID_MID);
  ck_assert_int_eq(setsockopt(peer, SOL_SOCKET, SO_LINGER, &none, sizeof none), 0);
  close(peer);
  told[0] = '\0';
  for (int i = 0; i < 100 && !strstr(told, "event 2002"); i++)
    ck_assert_int_ge(coap_io_process(ctx, 1000), 0);
  ck_assert_str_eq(told, "nack 1\nevent 1002\nevent 2002\n");
  ck_assert_int_eq(coap_session_get_state(session), COAP_SESSION_STATE_NONE);
  ck_assert_int_eq(coap_io_pending(ctx), 0);
  ck_assert_uint_eq(coap_io_prepare_epoll(ctx, 0), 0); /* no timer is left */
  peer = -1;
  end();
}
END_TEST

int main(void) {
  Suite *suite = suite_create("api stream socket");
  TCase *tc = tcase_create("stream socket");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, a_release_arrives_although_something_was_not_read);
  tcase_add_test(tc, a_context_is_freed_with_something_not_read);
  tcase_add_test(tc, a_session_is_given_up_with_something_not_read);
  tcase_add_test(tc, a_reset_ends_the_session);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
