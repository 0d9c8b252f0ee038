/* The transmission parameters of RFC 7252 section 4.8. */
#include "fixture.h"

static void same(coap_fixed_point_t a, unsigned integer, unsigned fraction) {
  ck_assert_uint_eq(a.integer_part, integer);
  ck_assert_uint_eq(a.fractional_part, fraction);
}

START_TEST(defaults_are_the_rfcs) {
  same(coap_session_get_ack_timeout(fx.session), 2, 0);
  same(coap_session_get_ack_random_factor(fx.session), 1, 500);
  same(coap_session_get_default_leisure(fx.session), 5, 0);
  ck_assert_uint_eq(coap_session_get_max_retransmit(fx.session), 4);
  ck_assert_uint_eq(coap_session_get_nstart(fx.session), 1);
  ck_assert_uint_eq(coap_session_get_probing_rate(fx.session), 1);
  same(coap_session_get_ack_timeout(NULL), 2, 0);
}
END_TEST

START_TEST(set_and_get) {
  coap_session_set_ack_timeout(fx.session, (coap_fixed_point_t){0, 1});
  coap_session_set_ack_random_factor(fx.session, (coap_fixed_point_t){10, 0});
  coap_session_set_default_leisure(fx.session, (coap_fixed_point_t){1000, 0});
  coap_session_set_max_retransmit(fx.session, 0);
  coap_session_set_nstart(fx.session, 65535);
  coap_session_set_probing_rate(fx.session, 1000000000);
  same(coap_session_get_ack_timeout(fx.session), 0, 1);
  same(coap_session_get_ack_random_factor(fx.session), 10, 0);
  same(coap_session_get_default_leisure(fx.session), 1000, 0);
  ck_assert_uint_eq(coap_session_get_max_retransmit(fx.session), 0);
  ck_assert_uint_eq(coap_session_get_nstart(fx.session), 65535);
  ck_assert_uint_eq(coap_session_get_probing_rate(fx.session), 1000000000);
}
END_TEST

START_TEST(out_of_bounds_has_no_effect) {
  coap_session_set_ack_timeout(fx.session, (coap_fixed_point_t){0, 0});
  fx_reason("ACK_TIMEOUT is out of its bounds");
  coap_session_set_ack_timeout(fx.session, (coap_fixed_point_t){1, 1000});
  fx_reason("ACK_TIMEOUT");
  coap_session_set_ack_random_factor(fx.session, (coap_fixed_point_t){0, 999});
  fx_reason("ACK_RANDOM_FACTOR");
  coap_session_set_max_retransmit(fx.session, 13);
  fx_reason("MAX_RETRANSMIT");
  coap_session_set_nstart(fx.session, 0);
  fx_reason("NSTART");
  coap_session_set_probing_rate(fx.session, 0);
  fx_reason("PROBING_RATE");
  coap_session_set_default_leisure(fx.session, (coap_fixed_point_t){1001, 0});
  fx_reason("DEFAULT_LEISURE");
  coap_session_set_nstart(NULL, 2);
  fx_reason("session is NULL");
  fx.memory.fail_at = fx.memory.calls + 1;
  coap_session_set_nstart(fx.session, 2);
  fx_reason("memory");
  ck_assert_uint_eq(coap_session_get_nstart(fx.session), 1);
  same(coap_session_get_ack_timeout(fx.session), 2, 0);
}
END_TEST

START_TEST(they_take_effect) {
  coap_session_set_ack_timeout(fx.session, (coap_fixed_point_t){0, 100});
  coap_session_set_ack_random_factor(fx.session, (coap_fixed_point_t){1, 0});
  coap_session_set_max_retransmit(fx.session, 1);
  fx_ask(COAP_MESSAGE_CON);
  cs_time begin = cs_test_net_now(fx.net);
  while (!strstr(fx.told, "nack"))
    coap_io_process(fx.ctx, COAP_IO_WAIT);
  ck_assert_uint_eq(cs_test_net_now(fx.net) - begin, 300 * CS_MILLISECOND);
  ck_assert_uint_eq(fx.heard_count, 2);
}
END_TEST

START_TEST(q_block_is_refused) {
  coap_session_set_max_payloads(fx.session, 3);
  fx_reason("Q-Block");
  coap_session_set_non_max_retransmit(fx.session, 3);
  fx_reason("Q-Block");
  coap_session_set_non_timeout(fx.session, (coap_fixed_point_t){1, 0});
  fx_reason("Q-Block");
  coap_session_set_non_receive_timeout(fx.session, (coap_fixed_point_t){1, 0});
  fx_reason("Q-Block");
  ck_assert_uint_eq(coap_session_get_max_payloads(fx.session), 10);
  ck_assert_uint_eq(coap_session_get_non_max_retransmit(fx.session), 4);
  same(coap_session_get_non_timeout(fx.session), 2, 0);
  same(coap_session_get_non_receive_timeout(fx.session), 4, 0);
}
END_TEST

FX_SUITE("recovery", defaults_are_the_rfcs, set_and_get, out_of_bounds_has_no_effect,
         they_take_effect, q_block_is_refused)
