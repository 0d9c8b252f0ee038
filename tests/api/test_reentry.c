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

FX_SUITE("reentry", handler_releases_its_session, handler_frees_its_context,
         handler_sends_the_next_request, handler_disconnects, release_tells_open_requests_off,
         reference_keeps_the_object_beyond_the_context, handler_releases_another_session)
