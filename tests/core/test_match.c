/* What becomes of received messages at a client: rejection, matching (RFC 7252
 * sections 4.1 to 4.4, 5.3.2, 5.4.1). */
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

static void bytes(const void *at, size_t n) {
  cs_test_receive_bytes(&t, cs_span_of(at, n));
}

static void rejected(cs_rule rule) {
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_REJECTED);
  ck_assert_msg(e.rule == rule, "%s, not %s", cs_base_rule_id(e.rule), cs_base_rule_id(rule));
  cs_test_no_event(&t);
}

START_TEST(ping_is_answered_by_a_matching_reset) {
  cs_test_receive(&t, "CON 0.00 mid=0x1234");
  cs_test_pinged(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x1234");
}
END_TEST

START_TEST(malformed_confirmable_is_reset) {
  bytes("\x49\x01\x12\x34zzzzzzzzz", 13);
  rejected(CS_RULE_TKL_RESERVED);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x1234");
  bytes("\x40\x45\x12\x35\xff", 5);
  rejected(CS_RULE_MARKER_WITHOUT_PAYLOAD);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x1235");
}
END_TEST

START_TEST(malformed_ack_and_reset_are_ignored) {
  bytes("\x69\x45\x12\x34zzzzzzzzz", 13);
  rejected(CS_RULE_TKL_RESERVED);
  bytes("\x70\x45\x12\x34", 4);
  rejected(CS_RULE_RST_NOT_EMPTY);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(another_version_is_silently_ignored) {
  bytes("\x80\x00\x12\x34", 4);
  rejected(CS_RULE_VERSION);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(an_ack_that_matches_nothing_is_ignored) {
  cs_test_receive(&t, "ACK 2.05 mid=77 token=01");
  rejected(CS_RULE_MID_NOT_OURS);
  cs_test_receive(&t, "RST 0.00 mid=77");
  rejected(CS_RULE_MID_NOT_OURS);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(an_ack_before_anything_was_sent_matches_nothing) {
  cs_test_get(&t, CS_CON, 7, "a", NULL);
  cs_test_receive(&t, "ACK 2.05 mid=7 token=61");
  rejected(CS_RULE_MID_NOT_OURS);
}
END_TEST

START_TEST(an_ack_to_a_non_confirmable_is_ignored) {
  cs_test_get(&t, CS_NON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "ACK 2.05 mid=7 token=61");
  rejected(CS_RULE_MID_NOT_OURS);
  ck_assert_uint_eq(cs_core_open_requests(t.s), 1);
}
END_TEST

START_TEST(a_piggybacked_response_needs_mid_and_token) {
  cs_test_get(&t, CS_CON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "ACK 2.05 mid=7 token=62");
  rejected(CS_RULE_MID_TOKEN_MISMATCH);
  cs_test_pass(&t, 3 * CS_SECOND);
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007 token=61");
}
END_TEST

START_TEST(an_unknown_token_is_reset_and_so_is_its_duplicate) {
  cs_test_receive(&t, "CON 2.05 mid=9 token=62");
  rejected(CS_RULE_TOKEN_UNMATCHED);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0009");
  cs_test_receive(&t, "CON 2.05 mid=9 token=62");
  rejected(CS_RULE_LATE_DUPLICATE);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0009");
}
END_TEST

START_TEST(a_response_from_elsewhere_is_rejected) {
  cs_test_get(&t, CS_NON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive_from(&t, 3, false, "NON 2.05 mid=9 token=61");
  rejected(CS_RULE_SOURCE_UNMATCHED);
  ck_assert_uint_eq(cs_core_open_requests(t.s), 1);
}
END_TEST

START_TEST(a_request_is_refused_by_a_client) {
  cs_test_receive(&t, "CON GET mid=9 token=62");
  rejected(CS_RULE_REQUEST_AT_CLIENT);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0009");
}
END_TEST

START_TEST(an_unrecognised_critical_option_ends_the_request) {
  cs_test_get(&t, CS_CON, 7, "a", &t);
  cs_test_transmit(&t);
  cs_test_receive(&t, "ACK 2.05 mid=7 token=61 Option-2049=0x01");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_REJECTED);
  ck_assert_int_eq(e.rule, CS_RULE_OPTION_CRITICAL);
  e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_NACK);
  ck_assert_int_eq(e.reason, CS_NACK_BAD_RESPONSE);
  ck_assert_int_eq(e.rule, CS_RULE_OPTION_CRITICAL);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_test_get(&t, CS_CON, 8, "b", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "CON 2.05 mid=70 token=62 Option-2049=0x01");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_OPTION_CRITICAL);
  ck_assert_int_eq(cs_test_event(&t).reason, CS_NACK_BAD_RESPONSE);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0046");
}
END_TEST

START_TEST(an_elective_option_is_ignored) {
  cs_test_get(&t, CS_CON, 7, "a", &t);
  cs_test_transmit(&t);
  cs_test_receive(&t, "ACK 2.05 mid=7 token=61 Option-2050=0x01");
  ck_assert_int_eq(cs_test_event(&t).kind, CS_EVENT_RESPONSE);
}
END_TEST

START_TEST(an_ack_to_a_ping_is_no_pong) {
  uint16_t mid;
  ck_assert_int_eq(cs_core_ping(t.s, &t, t.now, &mid), CS_OK);
  cs_test_transmit(&t);
  char ack[32];
  snprintf(ack, sizeof ack, "ACK 0.00 mid=%u", mid);
  cs_test_receive(&t, ack);
  rejected(CS_RULE_MID_NOT_OURS);
  ck_assert_uint_eq(cs_core_open_requests(t.s), 1);
}
END_TEST

START_TEST(nothing_sent_to_a_group_is_reset) {
  cs_test_receive_from(&t, 3, true, "CON 0.00 mid=1");
  cs_test_no_event(&t);
  static const uint8_t malformed[] = {0x40, 0x45, 0, 2, 0xff};
  ck_assert_int_eq(cs_core_receive(t.s, 3, true, cs_span_of(malformed, 5), t.now), CS_OK);
  rejected(CS_RULE_MARKER_WITHOUT_PAYLOAD);
  cs_test_receive_from(&t, 3, true, "CON GET mid=3");
  rejected(CS_RULE_REQUEST_AT_CLIENT);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(one_responder_does_not_end_a_request_to_a_group) {
  cs_core_request_spec spec = {.type = CS_NON, .code = 1, .multicast = true, .mid = 7};
  cs_core_request *r;
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, &r, NULL), CS_OK);
  cs_test_transmit(&t);
  cs_test_receive_from(&t, 3, false, "NON 2.05 mid=1 Option-2049=0x01");
  rejected(CS_RULE_OPTION_CRITICAL);
  cs_test_receive_from(&t, 0, false, "RST 0.00 mid=7");
  rejected(CS_RULE_MID_NOT_OURS);
  cs_test_receive_from(&t, 4, false, "NON 2.05 mid=1");
  ck_assert_ptr_eq(cs_test_event(&t).request, r);
}
END_TEST

START_TEST(a_response_to_what_was_not_sent_yet_is_rejected) {
  cs_test_get(&t, CS_CON, 7, "a", NULL);
  cs_test_get(&t, CS_CON, 8, "b", NULL);
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007 token=61");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_test_receive(&t, "NON 2.05 mid=1 token=62");
  rejected(CS_RULE_TOKEN_UNMATCHED);
  ck_assert_uint_eq(cs_core_open_requests(t.s), 2);
}
END_TEST

START_TEST(a_token_over_the_cap_is_refused) {
  t.config.token_max = 10;
  cs_test_receive_bytes(&t, cs_span_of("\x4d\x45\x12\x34\x00zzzzzzzzzzzzz", 18));
  rejected(CS_RULE_TOKEN_CAP);
  cs_test_receive_bytes(&t, cs_span_of("\x49\x45\x12\x35zzzzzzzzz", 13));
  rejected(CS_RULE_TOKEN_UNMATCHED);
}
END_TEST

START_TEST(a_repeated_non_confirmable_is_reset_once) {
  cs_test_receive(&t, "NON 2.05 mid=9 token=62");
  rejected(CS_RULE_TOKEN_UNMATCHED);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0009");
  cs_test_receive(&t, "NON 2.05 mid=9 token=62");
  rejected(CS_RULE_LATE_DUPLICATE);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(a_drained_session_is_silent) {
  cs_test_get(&t, CS_CON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_core_drain(t.s, CS_NACK_CLOSED);
  ck_assert_int_eq(cs_test_event(&t).kind, CS_EVENT_NACK);
  cs_test_receive(&t, "CON 2.05 mid=9 token=61");
  cs_test_no_event(&t);
  cs_test_receive(&t, "CON GET mid=10 token=61");
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert_int_eq(cs_core_send_empty(t.s, CS_RST, 9, t.now), CS_ERR_STATE);
}
END_TEST

/* As if it had been lost: neither told nor acknowledged, since its duplicate
 * could not be told from it. */
START_TEST(a_response_without_memory_is_lost) {
  for (size_t n = 1; n <= 2; n++) {
    cs_test_get(&t, CS_NON, (int32_t)n, "a", NULL);
    cs_test_transmit(&t);
    char text[64];
    snprintf(text, sizeof text, "CON 2.05 mid=%zu token=61", 90 + n);
    t.memory.fail_at = t.memory.calls + 1;
    cs_test_receive(&t, text);
    cs_test_no_event(&t);
    CS_TEST_TEXT(cs_test_transmit(&t), "");
    t.memory.fail_at = 0;
    cs_test_receive(&t, text);
    ck_assert_int_eq(cs_test_event(&t).kind, CS_EVENT_RESPONSE);
    cs_test_no_event(&t);
    ck_assert_str_ne(cs_test_transmit(&t), "");
  }
}
END_TEST

START_TEST(a_flood_of_pings_does_not_grow_the_queue) {
  unsigned answered = 0;
  for (unsigned i = 0; i < 1000; i++) {
    char text[32];
    snprintf(text, sizeof text, "CON 0.00 mid=%u", i);
    cs_test_receive(&t, text);
    cs_test_pinged(&t);
  }
  while (*cs_test_transmit(&t))
    answered++;
  ck_assert_uint_eq(answered, 16);
  cs_test_receive(&t, "CON 0.00 mid=1");
  cs_test_pinged(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0001");
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/match");
  TCase *c = tcase_create("match");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, ping_is_answered_by_a_matching_reset);
  tcase_add_test(c, malformed_confirmable_is_reset);
  tcase_add_test(c, malformed_ack_and_reset_are_ignored);
  tcase_add_test(c, another_version_is_silently_ignored);
  tcase_add_test(c, an_ack_that_matches_nothing_is_ignored);
  tcase_add_test(c, an_ack_before_anything_was_sent_matches_nothing);
  tcase_add_test(c, an_ack_to_a_non_confirmable_is_ignored);
  tcase_add_test(c, a_piggybacked_response_needs_mid_and_token);
  tcase_add_test(c, an_unknown_token_is_reset_and_so_is_its_duplicate);
  tcase_add_test(c, a_response_from_elsewhere_is_rejected);
  tcase_add_test(c, a_request_is_refused_by_a_client);
  tcase_add_test(c, an_unrecognised_critical_option_ends_the_request);
  tcase_add_test(c, an_elective_option_is_ignored);
  tcase_add_test(c, an_ack_to_a_ping_is_no_pong);
  tcase_add_test(c, nothing_sent_to_a_group_is_reset);
  tcase_add_test(c, one_responder_does_not_end_a_request_to_a_group);
  tcase_add_test(c, a_response_to_what_was_not_sent_yet_is_rejected);
  tcase_add_test(c, a_token_over_the_cap_is_refused);
  tcase_add_test(c, a_repeated_non_confirmable_is_reset_once);
  tcase_add_test(c, a_drained_session_is_silent);
  tcase_add_test(c, a_response_without_memory_is_lost);
  tcase_add_test(c, a_flood_of_pings_does_not_grow_the_queue);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
