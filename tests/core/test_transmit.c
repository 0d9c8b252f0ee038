/* Retransmission of Confirmable messages, RFC 7252 section 4.2. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void setup(void) {
  cs_test_session_open(&t, CS_CLIENT, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

START_TEST(full_schedule_doubles_and_ends_in_a_timeout) {
  cs_test_get(&t, CS_CON, 7, "ab", &t);
  cs_time begin = t.now;
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007 token=6162");
  cs_time first = cs_core_deadline(t.s) - t.now;
  ck_assert_uint_ge(first, 2 * CS_SECOND);
  ck_assert_uint_le(first, 3 * CS_SECOND);
  for (unsigned i = 0; i < 4; i++) {
    ck_assert_uint_eq(cs_test_to_deadline(&t), first << i);
    CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007 token=6162");
    CS_TEST_TEXT(cs_test_transmit(&t), "");
  }
  ck_assert_uint_le(t.now - begin, cs_core_max_transmit_span(&cs_core_params_default));
  ck_assert_uint_eq(cs_test_to_deadline(&t), first << 4);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_NACK);
  ck_assert_int_eq(e.reason, CS_NACK_TIMEOUT);
  ck_assert_int_eq(e.rule, CS_RULE_MAX_RETRANSMIT);
  ck_assert_ptr_eq(e.app, &t);
  ck_assert(e.body_released);
  cs_test_no_event(&t);
  ck_assert_uint_eq(cs_core_open_requests(t.s), 0);
  ck_assert_uint_eq(cs_core_deadline(t.s), CS_TIME_NEVER);
}
END_TEST

START_TEST(first_timeout_is_spread_by_ack_random_factor) {
  cs_time low = CS_TIME_NEVER, high = 0;
  for (int i = 0; i < 200; i++) {
    cs_core_request *r = cs_test_get(&t, CS_CON, i, "x", NULL);
    cs_test_transmit(&t);
    cs_time timeout = cs_core_deadline(t.s) - t.now;
    low = cs_time_min(low, timeout);
    high = timeout > high ? timeout : high;
    cs_core_cancel(t.s, r);
  }
  ck_assert_uint_ge(low, 2 * CS_SECOND);
  ck_assert_uint_lt(low, 2100 * CS_MILLISECOND);
  ck_assert_uint_le(high, 3 * CS_SECOND);
  ck_assert_uint_gt(high, 2900 * CS_MILLISECOND);
}
END_TEST

START_TEST(a_late_driver_misses_its_opportunity) {
  cs_test_get(&t, CS_CON, 7, "", NULL);
  cs_test_transmit(&t);
  cs_time begin = t.now;
  cs_test_pass(&t, cs_core_max_transmit_span(&cs_core_params_default) + 1);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_test_to_deadline(&t);
  ck_assert_uint_eq(t.now - begin, cs_core_max_transmit_wait(&cs_core_params_default));
  ck_assert_int_eq(cs_test_event(&t).reason, CS_NACK_TIMEOUT);
}
END_TEST

START_TEST(spacing_counts_from_the_transmission_itself) {
  cs_test_get(&t, CS_CON, 7, "", NULL);
  cs_test_transmit(&t);
  cs_time first = cs_core_deadline(t.s) - t.now;
  cs_test_pass(&t, first);
  t.now += 5 * CS_SECOND; /* the driver could not write for a while */
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007");
  ck_assert_uint_eq(cs_core_deadline(t.s) - t.now, 2 * first);
}
END_TEST

START_TEST(max_retransmit_zero_sends_once) {
  cs_core_params p = cs_core_params_default;
  p.max_retransmit = 0;
  ck_assert_int_eq(cs_core_set_params(t.s, &p), CS_OK);
  cs_test_get(&t, CS_CON, 7, "", NULL);
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007");
  cs_test_to_deadline(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert_int_eq(cs_test_event(&t).reason, CS_NACK_TIMEOUT);
}
END_TEST

START_TEST(too_small_a_buffer_keeps_the_message) {
  cs_test_get(&t, CS_CON, 7, "abcd", NULL);
  uint8_t buf[64] = {0};
  cs_core_peer to;
  size_t len = 99;
  ck_assert_int_eq(cs_core_transmit(t.s, t.now, buf, 5, &to, &len), CS_ERR_TOO_LARGE);
  ck_assert_uint_eq(len, 99);
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007 token=61626364");
}
END_TEST

/* MAX_TRANSMIT_SPAN runs from the first transmission, not from the one before. */
START_TEST(a_retransmission_does_not_begin_the_span_anew) {
  cs_test_get(&t, CS_CON, 7, "", NULL);
  cs_test_transmit(&t);
  cs_time begin = t.now;
  cs_test_pass(&t, 44 * CS_SECOND);
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007");
  cs_test_to_deadline(&t);
  ck_assert_uint_gt(t.now - begin, cs_core_max_transmit_span(&cs_core_params_default));
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_test_to_deadline(&t);
  ck_assert_uint_eq(t.now - begin, cs_core_max_transmit_wait(&cs_core_params_default));
  ck_assert_int_eq(cs_test_event(&t).reason, CS_NACK_TIMEOUT);
}
END_TEST

START_TEST(too_small_a_buffer_keeps_a_response) {
  cs_test_session server;
  cs_test_session_open(&server, CS_SERVER, NULL);
  for (unsigned separate = 0; separate < 2; separate++) {
    cs_test_receive(&server, separate ? "CON GET mid=2 token=01" : "CON GET mid=1 token=01");
    cs_core_exchange *x = cs_test_event(&server).exchange;
    if (separate) {
      cs_core_defer(server.s, x, server.now);
      cs_test_transmit(&server);
    }
    cs_core_response_spec spec = {
        .code = CS_CODE(2, 5), .payload = cs_span_of("hi", 2), .type = -1};
    ck_assert_int_eq(cs_core_respond(server.s, x, &spec, server.now), CS_OK);
    uint8_t buf[8] = {0};
    cs_core_peer to;
    size_t len = 99;
    ck_assert_int_eq(cs_core_transmit(server.s, server.now, buf, 7, &to, &len), CS_ERR_TOO_LARGE);
    ck_assert_uint_eq(len, 99);
    ck_assert_int_eq(cs_core_transmit(server.s, server.now, buf, 8, &to, &len), CS_OK);
    ck_assert_uint_eq(len, 8);
  }
  cs_test_session_close(&server);
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/transmit");
  TCase *c = tcase_create("transmit");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, full_schedule_doubles_and_ends_in_a_timeout);
  tcase_add_test(c, first_timeout_is_spread_by_ack_random_factor);
  tcase_add_test(c, a_late_driver_misses_its_opportunity);
  tcase_add_test(c, spacing_counts_from_the_transmission_itself);
  tcase_add_test(c, max_retransmit_zero_sends_once);
  tcase_add_test(c, too_small_a_buffer_keeps_the_message);
  tcase_add_test(c, a_retransmission_does_not_begin_the_span_anew);
  tcase_add_test(c, too_small_a_buffer_keeps_a_response);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
