/* What happens when the system does not take a datagram. */
#include "fixture.h"

START_TEST(no_room_now_is_sent_later) {
  fx.serve = fx_serve_hi;
  cs_test_net_fail(fx.net, "send", 1, CS_ERR_AGAIN);
  fx_ask(COAP_MESSAGE_CON);
  ck_assert_uint_eq(fx.ctx->blocked, 1);
  ck_assert_int_eq(coap_can_exit(fx.ctx), 0);
  for (int i = 0; i < 4 && !fx.told[0]; i++)
    fx_turn();
  FX_TOLD("response 2.05 to 1: hi\n");
  ck_assert_uint_eq(fx.ctx->blocked, 0);
}
END_TEST

START_TEST(no_room_and_no_memory_is_a_loss) {
  fx.serve = fx_serve_hi;
  bool lost = false;
  /* Wherever memory ends: a request is either refused, or answered in the end. */
  for (unsigned fail = 1; fail <= 8; fail++) {
    cs_test_net_fail(fx.net, "send", 1, CS_ERR_AGAIN);
    coap_pdu_t *pdu = fx_request(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET);
    fx.memory.fail_at = fx.memory.calls + fail;
    bool taken = coap_send(fx.session, pdu) != COAP_INVALID_MID;
    fx.memory.fail_at = 0;
    lost = lost || (taken && fx.ctx->blocked == 0);
    for (int i = 0; taken && i < 6 && !strstr(fx.told, "response"); i++)
      coap_io_process(fx.ctx, COAP_IO_WAIT);
    if (taken)
      ck_assert_ptr_nonnull(strstr(fx.told, "response 2.05 to 1: hi\n"));
    fx.told[0] = '\0';
  }
  ck_assert(lost);
}
END_TEST

START_TEST(kept_back_when_the_session_goes) {
  cs_test_net_fail(fx.net, "send", 100, CS_ERR_AGAIN);
  fx_ask(COAP_MESSAGE_CON);
  coap_session_release(fx.session);
  ck_assert_uint_eq(fx.ctx->blocked, 0);
  FX_TOLD("nack 1 of 1\n");
}
END_TEST

START_TEST(a_refusal_is_told_by_the_next_turn) {
  cs_test_net_fail(fx.net, "send", 1, CS_ERR_UNREACHABLE);
  fx_ask(COAP_MESSAGE_CON);
  FX_TOLD(""); /* never from inside coap_send() */
  fx_turn();
  FX_TOLD("nack 4 of 1\n");
}
END_TEST

START_TEST(other_failures_are_losses) {
  fx.serve = fx_serve_hi;
  cs_test_net_fail(fx.net, "send", 1, CS_ERR_SYSTEM);
  fx_ask(COAP_MESSAGE_CON);
  while (!strstr(fx.told, "response"))
    coap_io_process(fx.ctx, COAP_IO_WAIT);
  FX_TOLD("event 5002\nresponse 2.05 to 1: hi\n");
  ck_assert_ptr_nonnull(strstr(fx.logged, "could not be sent"));
  cs_test_net_fail(fx.net, "receive", 1, CS_ERR_SYSTEM);
  fx_ask(COAP_MESSAGE_CON);
  for (int i = 0; i < 5 && !strstr(fx.told, "response"); i++)
    coap_io_process(fx.ctx, COAP_IO_WAIT);
  ck_assert_ptr_nonnull(strstr(fx.told, "response"));
}
END_TEST

/* A peer on this host that never reads keeps the socket full for ever: that is
 * no more than a peer that does not answer. */
START_TEST(a_request_ends_where_room_never_comes) {
  cs_test_net_fail(fx.net, "send", 1000, CS_ERR_AGAIN);
  cs_test_net_fail(fx.net, "watch", 1000, CS_ERR_SYSTEM);
  coap_set_log_level(COAP_LOG_ERR);
  fx_ask(COAP_MESSAGE_CON);
  fx_ask(COAP_MESSAGE_CON);
  unsigned turns = 0;
  while (coap_io_pending(fx.ctx) && turns++ < 1000)
    coap_io_process(fx.ctx, COAP_IO_WAIT);
  ck_assert_ptr_nonnull(strstr(fx.told, "nack 0 of 1\n"));
  ck_assert_ptr_nonnull(strstr(strstr(fx.told, "nack 0 of 1\n") + 1, "nack 0 of 1\n"));
  ck_assert_uint_lt(turns, 100); /* nor is it tried all the time */
  ck_assert_uint_eq(fx.ctx->blocked, 0);
}
END_TEST

FX_SUITE("transmit", no_room_now_is_sent_later, no_room_and_no_memory_is_a_loss,
         kept_back_when_the_session_goes, a_refusal_is_told_by_the_next_turn,
         other_failures_are_losses, a_request_ends_where_room_never_comes)
