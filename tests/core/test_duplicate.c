/* Duplicate detection, RFC 7252 section 4.5. */
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

static void response(void) {
  cs_test_get(&t, CS_NON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "CON 2.05 mid=9 token=61");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_RESPONSE);
  cs_core_answer(t.s, &e, true, t.now);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0009");
}

START_TEST(a_duplicate_is_acknowledged_again_and_not_told) {
  response();
  cs_test_pass(&t, 200 * CS_SECOND);
  cs_test_receive(&t, "CON 2.05 mid=9 token=61");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_REJECTED);
  ck_assert_int_eq(e.rule, CS_RULE_LATE_DUPLICATE);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0009");
}
END_TEST

START_TEST(a_duplicate_non_confirmable_is_ignored) {
  cs_test_get(&t, CS_NON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "NON 2.05 mid=9 token=61");
  ck_assert_int_eq(cs_test_event(&t).kind, CS_EVENT_RESPONSE);
  cs_test_no_event(&t);
  cs_test_receive(&t, "NON 2.05 mid=9 token=61");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_LATE_DUPLICATE);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(the_message_id_is_new_after_exchange_lifetime) {
  response();
  cs_time lifetime = cs_core_exchange_lifetime(&cs_core_params_default);
  ck_assert_uint_eq(lifetime, 247 * CS_SECOND);
  ck_assert_uint_eq(cs_core_deadline(t.s) - t.now, lifetime);
  cs_test_pass(&t, lifetime);
  ck_assert(cs_core_idle(t.s));
  cs_test_receive(&t, "CON 2.05 mid=9 token=61");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_TOKEN_UNMATCHED);
}
END_TEST

START_TEST(records_are_capped) {
  t.config.max_duplicates = 8;
  size_t peak = 0;
  for (unsigned i = 0; i < 1000; i++) {
    char text[64];
    snprintf(text, sizeof text, "NON 2.05 mid=%u token=62", i);
    cs_test_receive(&t, text);
    ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_TOKEN_UNMATCHED);
    while (*cs_test_transmit(&t))
      continue;
    if (i == 20)
      peak = t.memory.peak_bytes;
  }
  ck_assert_uint_le(t.memory.peak_bytes, peak);
}
END_TEST

START_TEST(the_same_message_id_of_another_peer_is_no_duplicate) {
  cs_test_receive_from(&t, 1, false, "NON 2.05 mid=9 token=62");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_TOKEN_UNMATCHED);
  cs_test_receive_from(&t, 2, false, "NON 2.05 mid=9 token=62");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_TOKEN_UNMATCHED);
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/duplicate");
  TCase *c = tcase_create("duplicate");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_duplicate_is_acknowledged_again_and_not_told);
  tcase_add_test(c, a_duplicate_non_confirmable_is_ignored);
  tcase_add_test(c, the_message_id_is_new_after_exchange_lifetime);
  tcase_add_test(c, records_are_capped);
  tcase_add_test(c, the_same_message_id_of_another_peer_is_no_duplicate);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
