/* The loop: how long it waits and what it says. */
#include "fixture.h"

START_TEST(waits_as_long_as_it_is_told) {
  cs_time begin = cs_test_net_now(fx.net);
  ck_assert_int_eq(coap_io_process(fx.ctx, COAP_IO_NO_WAIT), 0);
  ck_assert_uint_eq(cs_test_net_now(fx.net), begin);
  ck_assert_int_eq(coap_io_process(fx.ctx, 250), 250);
  ck_assert_uint_eq(cs_test_net_now(fx.net), begin + 250 * CS_MILLISECOND);
  ck_assert_int_eq(coap_io_process_with_fds(fx.ctx, 100, 0, NULL, NULL, NULL), 100);
  ck_assert_int_eq(coap_io_process(NULL, 1), -1);
  fx_reason("context is NULL");
}
END_TEST

START_TEST(a_timer_ends_the_wait) {
  fx_ask(COAP_MESSAGE_CON);
  int spent = coap_io_process(fx.ctx, COAP_IO_WAIT);
  ck_assert_int_ge(spent, 2000);
  ck_assert_int_le(spent, 3000);
  FX_TOLD("event 5002\n");
}
END_TEST

START_TEST(what_arrives_ends_the_wait) {
  const cs_test_net_link link = {0, 0, 10 * CS_MILLISECOND, 10 * CS_MILLISECOND};
  cs_test_net_set_link(fx.net, &link);
  fx.serve = fx_serve_hi;
  fx_ask(COAP_MESSAGE_CON);
  ck_assert_int_eq(coap_io_process(fx.ctx, 5000), 20);
  FX_TOLD("response 2.05 to 1: hi\n");
}
END_TEST

START_TEST(keepalive_asks_and_notices) {
  coap_context_set_keepalive(fx.ctx, 30);
  coap_session_t *s = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(s);
  coap_io_process(fx.ctx, 29000);
  ck_assert_uint_eq(fx.heard_count, 0);
  coap_io_process(fx.ctx, 2000);
  fx_idle(NULL);
  ck_assert_uint_eq(fx.heard_count, 1);
  ck_assert_ptr_nonnull(strstr(fx.heard, "CON 0.00"));
  ck_assert_int_eq(coap_can_exit(fx.ctx), 1);
  for (int i = 0; i < 300 && !strstr(fx.told, "event 8001"); i++)
    coap_io_process(fx.ctx, 1000);
  ck_assert_ptr_nonnull(strstr(fx.told, "event 8001\n"));
  ck_assert_ptr_null(strstr(fx.told, "nack"));
}
END_TEST

START_TEST(loops_of_ones_own) {
  unsigned sockets = 7;
  ck_assert_uint_eq(coap_io_prepare_io(fx.ctx, NULL, 0, &sockets, 0), 0);
  ck_assert_uint_eq(sockets, 0);
  fx.serve = fx_serve_hi;
  fx_ask(COAP_MESSAGE_CON);
  unsigned wait = coap_io_prepare_epoll(fx.ctx, 0);
  ck_assert_uint_ge(wait, 2000);
  ck_assert_uint_le(wait, 3001);
  coap_io_do_epoll(fx.ctx, NULL, 0);
  FX_TOLD("response 2.05 to 1: hi\n");
  fx_ask(COAP_MESSAGE_CON);
  coap_io_do_io(fx.ctx, 0);
  FX_TOLD("response 2.05 to 1: hi\n");
}
END_TEST

START_TEST(null_is_survived) {
  ck_assert_int_eq(coap_io_pending(NULL), 0);
  ck_assert_int_eq(coap_can_exit(NULL), 1);
  ck_assert_int_eq(coap_context_get_coap_fd(NULL), -1);
  ck_assert_uint_eq(coap_io_prepare_io(NULL, NULL, 0, NULL, 0), 0);
  coap_io_do_epoll(NULL, NULL, 0);
  fx_reason("context is NULL");
  ck_assert_int_eq(coap_handle_event(fx.ctx, COAP_EVENT_BAD_PACKET, NULL), 0);
  fx_reason("not one of context");
  ck_assert_int_eq(coap_handle_event(fx.ctx, COAP_EVENT_BAD_PACKET, fx.session), 7);
  FX_TOLD("event 5001\n");
}
END_TEST

FX_SUITE("io", waits_as_long_as_it_is_told, a_timer_ends_the_wait, what_arrives_ends_the_wait,
         keepalive_asks_and_notices, loops_of_ones_own, null_is_survived)
