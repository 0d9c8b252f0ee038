/* What a handler may do while it runs: release, free, send, disconnect. */
#include "fixture.h"

static void release_session(void) {
  fx.inside = NULL;
  coap_session_release(fx.session);
  /* Still an object for as long as the handler runs. */
  ck_assert_int_eq(coap_session_get_proto(fx.session), COAP_PROTO_UDP);
  coap_session_release(fx.session);
  fx_reason("no reference left");
  ck_assert_ptr_null(coap_session_reference(fx.session));
}

START_TEST(handler_releases_its_session) {
  fx.serve = fx_serve_hi;
  fx.inside = release_session;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  FX_TOLD("response 2.05 to 1: hi\n");
  ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), 1);
  /* Gone: a release too many is reported and does nothing. */
  coap_session_release(fx.session);
  fx_reason("no reference left");
}
END_TEST

static coap_context_t *freed;
static void free_context(void) {
  fx.inside = NULL;
  freed = fx.ctx;
  coap_free_context(fx.ctx);
  coap_free_context(fx.ctx);
  fx_reason("freed already");
  ck_assert_ptr_null(coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP));
  fx_reason("being freed");
}

START_TEST(handler_frees_its_context) {
  fx.serve = fx_serve_hi;
  fx.inside = free_context;
  coap_session_set_nstart(fx.session, 5);
  fx_ask(COAP_MESSAGE_CON);
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  /* The first response ran the handler; the other request was told off. */
  FX_TOLD("response 2.05 to 1: hi\nnack 1 of 1\n");
  coap_free_context(freed);
  fx_reason("freed already");
  ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), 1);
  fx.ctx = NULL;
}
END_TEST

static unsigned rounds;
static void send_again(void) {
  if (rounds++ < 3)
    fx_ask(COAP_MESSAGE_CON);
  ck_assert_int_eq(coap_io_process(fx.ctx, COAP_IO_NO_WAIT), -1);
  fx_reason("inside a handler");
  coap_io_do_io(fx.ctx, 0);
  fx_reason("inside a handler");
  ck_assert_uint_eq(coap_io_prepare_epoll(fx.ctx, 0), 0);
  fx_reason("inside a handler");
}

START_TEST(handler_sends_the_next_request) {
  rounds = 0;
  fx.serve = fx_serve_hi;
  fx.inside = send_again;
  fx_ask(COAP_MESSAGE_CON);
  for (int i = 0; i < 5; i++)
    fx_turn();
  FX_TOLD("response 2.05 to 1: hi\nresponse 2.05 to 1: hi\nresponse 2.05 to 1: hi\n"
          "response 2.05 to 1: hi\n");
}
END_TEST

static void disconnect(void) {
  fx.inside = NULL;
  coap_session_disconnected(fx.session, COAP_NACK_TLS_FAILED);
}

START_TEST(handler_disconnects) {
  fx.serve = fx_serve_hi;
  fx.inside = disconnect;
  coap_session_set_nstart(fx.session, 5);
  fx_ask(COAP_MESSAGE_CON);
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  FX_TOLD("response 2.05 to 1: hi\nnack 3 of 1\n");
}
END_TEST

START_TEST(release_tells_open_requests_off) {
  fx_ask(COAP_MESSAGE_CON);
  fx_ask(COAP_MESSAGE_NON);
  coap_session_send_ping(fx.session);
  coap_session_release(fx.session);
  ck_assert_uint_eq(strlen(fx.told), 3 * strlen("nack 1 of 1\n") + 1);
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
  ck_assert_int_eq(coap_can_exit(fx.ctx), 1);
  ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), 1);
}
END_TEST

START_TEST(reference_keeps_the_object_beyond_the_context) {
  ck_assert_ptr_eq(coap_session_reference(fx.session), fx.session);
  coap_session_release(fx.session);
  coap_session_reference(fx.session);
  coap_free_context(fx.ctx);
  fx.ctx = NULL;
  ck_assert_ptr_null(coap_session_get_context(fx.session));
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_NONE);
  ck_assert_ptr_null(coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, fx.session));
  fx_reason("has ended");
  ck_assert_uint_eq(coap_session_max_pdu_size(fx.session), 0);
  coap_session_set_mtu(fx.session, 500);
  coap_session_disconnected(fx.session, COAP_NACK_RST);
  ck_assert_int_eq(coap_session_send_ping(fx.session), COAP_INVALID_MID);
  coap_session_set_nstart(fx.session, 3);
  ck_assert_ptr_null(coap_session_get_addr_local(fx.session));
  ck_assert_ptr_nonnull(strstr(coap_session_str(fx.session), "192.0.2.9:5683 UDP"));
  ck_assert_uint_gt(fx.memory.out_bytes, 0);
  coap_session_release(fx.session);
  coap_session_release(fx.session);
  fx_reason("no reference left");
}
END_TEST

static void release_other(void) {
  fx.inside = NULL;
  coap_session_release(fx.ctx->sessions == fx.session ? fx.session->link.next : fx.ctx->sessions);
}

START_TEST(handler_releases_another_session) {
  coap_session_t *other = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(other);
  fx.serve = fx_serve_hi;
  fx.inside = release_other;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  coap_session_release(other);
  fx_reason("no reference left");
  ck_assert_uint_eq(fx.ctx->session_count, 1);
}
END_TEST

static void release_first(void) {
  fx.inside = NULL;
  coap_session_release(fx.session);
}

/* What a session was given before its handler released it is answered from the
 * bytes that it was given, not from what another received since. */
START_TEST(a_message_of_a_released_session_is_its_own) {
  cs_net_address first;
  fx_ask(COAP_MESSAGE_NON);
  fx_turn();
  first = fx.client;
  coap_session_t *other = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP);
  ck_assert_int_ne(coap_session_send_ping(other), COAP_INVALID_MID);
  fx_turn();
  cs_net_address second = fx.client;
  ck_assert(!cs_net_address_equal(&first, &second));
  fx.heard[0] = '\0';
  fx.client = first;
  fx_send("CON 0.00 mid=0x1111");
  fx.client = second;
  fx_send("CON 0.00 mid=0x2222");
  fx.inside = release_first;
  fx_turn();
  fx_turn();
  ck_assert_msg(strstr(fx.heard, "RST 0.00 mid=0x1111"), "heard: %s", fx.heard);
  ck_assert_msg(strstr(fx.heard, "RST 0.00 mid=0x2222"), "heard: %s", fx.heard);
}
END_TEST

enum { SESSIONS = 4 };
static coap_session_t *kept[SESSIONS];
static unsigned replaced;

static void ask_on(coap_session_t *s) {
  uint8_t token[8];
  size_t len;
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, s);
  coap_session_new_token(s, &len, token);
  ck_assert_int_eq(coap_add_token(pdu, len, token), 1);
  ck_assert_int_ne(coap_send(s, pdu), COAP_INVALID_MID);
}

/* Every session is given up for a new one that asks at once, over and over. */
static void replace_all(void) {
  fx.inside = NULL;
  for (unsigned n = 0; n < 4 * SESSIONS; n++) {
    unsigned i = n % SESSIONS;
    coap_session_release(kept[i]);
    kept[i] = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP);
    ck_assert_ptr_nonnull(kept[i]);
    ask_on(kept[i]);
    replaced++;
  }
}

/* Those released still have their timers while the handler runs, beside those
 * of the new ones. */
START_TEST(a_handler_replaces_sessions_that_wait) {
  for (unsigned i = 0; i < SESSIONS; i++) {
    kept[i] = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP);
    ask_on(kept[i]);
  }
  fx.serve = fx_serve_hi;
  fx.inside = replace_all;
  replaced = 0;
  coap_session_release(fx.session);
  fx_turn();
  ck_assert_uint_eq(replaced, 4 * SESSIONS);
  fx_turn();
  ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), 1 + SESSIONS);
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
}
END_TEST

FX_SUITE("reentry", handler_releases_its_session, handler_frees_its_context,
         handler_sends_the_next_request, handler_disconnects, release_tells_open_requests_off,
         reference_keeps_the_object_beyond_the_context, handler_releases_another_session,
         a_message_of_a_released_session_is_its_own, a_handler_replaces_sessions_that_wait)
