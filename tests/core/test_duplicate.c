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

/* Numbers of peers whose hashes are equal. */
START_TEST(peers_are_told_apart_by_more_than_their_hash) {
  cs_test_receive_from(&t, 1, false, "NON 2.05 mid=9 token=62");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_TOKEN_UNMATCHED);
  cs_test_receive_from(&t, 1 + (UINT64_C(1) << 48), false, "NON 2.05 mid=9 token=62");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_TOKEN_UNMATCHED);
}
END_TEST

static cs_rule received(cs_test_session *s, const char *notation) {
  cs_test_receive(s, notation);
  return cs_test_event(s).rule;
}

START_TEST(the_oldest_record_makes_place) {
  t.config.max_duplicates = 2;
  ck_assert_int_eq(received(&t, "CON GET mid=1"), CS_RULE_REQUEST_AT_CLIENT);
  ck_assert_int_eq(received(&t, "CON GET mid=2"), CS_RULE_REQUEST_AT_CLIENT);
  ck_assert_int_eq(received(&t, "CON GET mid=1"), CS_RULE_LATE_DUPLICATE);
  ck_assert_int_eq(received(&t, "CON GET mid=3"), CS_RULE_REQUEST_AT_CLIENT);
  /* With the record of the first went its Reset, which was still queued. */
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0002");
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0003");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert_int_eq(received(&t, "CON GET mid=1"), CS_RULE_REQUEST_AT_CLIENT);
}
END_TEST

START_TEST(many_duplicates_are_answered_once_a_turn) {
  ck_assert_int_eq(received(&t, "CON GET mid=1"), CS_RULE_REQUEST_AT_CLIENT);
  ck_assert_int_eq(received(&t, "CON GET mid=2"), CS_RULE_REQUEST_AT_CLIENT);
  for (unsigned i = 0; i < 10; i++)
    ck_assert_int_eq(received(&t, "CON GET mid=1"), CS_RULE_LATE_DUPLICATE);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0001");
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0002");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

/* Neither to make place nor when its time has passed: it is needed until the
 * request is answered, and no timer waits for it. */
START_TEST(a_request_that_is_being_answered_is_not_forgotten) {
  cs_test_session server;
  cs_test_session_open(&server, CS_SERVER, NULL);
  server.config.max_duplicates = 2;
  cs_core_exchange *x[2];
  for (unsigned i = 0; i < 2; i++) {
    cs_test_receive(&server, i ? "CON GET mid=2 token=02" : "CON GET mid=1 token=01");
    x[i] = cs_test_event(&server).exchange;
    ck_assert_ptr_nonnull(x[i]);
    cs_core_defer(server.s, x[i], server.now);
    cs_test_transmit(&server);
  }
  cs_test_receive(&server, "CON GET mid=3 token=03");
  cs_test_no_event(&server);
  ck_assert_int_eq(received(&server, "CON GET mid=1 token=01"), CS_RULE_LATE_DUPLICATE);
  CS_TEST_TEXT(cs_test_transmit(&server), "ACK 0.00 mid=0x0001");
  cs_test_pass(&server, 300 * CS_SECOND);
  ck_assert_uint_eq(cs_core_deadline(server.s), CS_TIME_NEVER);
  cs_core_ignore(server.s, x[0], server.now);
  ck_assert_uint_le(cs_core_deadline(server.s), server.now);
  cs_core_ignore(server.s, x[1], server.now);
  cs_test_pass(&server, 0);
  ck_assert(cs_core_idle(server.s));
  cs_test_session_close(&server);
}
END_TEST

/* The owner may take its time, and give the next message meanwhile. */
START_TEST(a_record_whose_answer_is_owed_is_not_forgotten) {
  cs_test_get(&t, CS_NON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "CON 2.05 mid=9 token=61");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_RESPONSE);
  cs_test_pass(&t, 300 * CS_SECOND);
  cs_test_receive(&t, "CON 0.00 mid=10");
  cs_core_answer(t.s, &e, true, t.now);
  cs_test_pinged(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0009");
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x000a");
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
  tcase_add_test(c, peers_are_told_apart_by_more_than_their_hash);
  tcase_add_test(c, the_oldest_record_makes_place);
  tcase_add_test(c, many_duplicates_are_answered_once_a_turn);
  tcase_add_test(c, a_request_that_is_being_answered_is_not_forgotten);
  tcase_add_test(c, a_record_whose_answer_is_owed_is_not_forgotten);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
