/* Capabilities and Settings Messages (RFC 8323 section 5.3, RFC 8974 section
 * 2.2.1): what ours says, what the peer's mean, what they forbid. */
#include <check.h>
#include <string.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void setup(void) {
  cs_test_session_open_reliable(&t, CS_CLIENT, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

static cs_err ask(cs_span token, cs_span payload, cs_rule *broken) {
  cs_core_request_spec spec = {
      .code = CS_CODE(0, 3), .mid = -1, .token = token, .payload = payload, .app = &t};
  *broken = CS_RULE_NONE;
  return cs_core_send_request(t.s, &spec, t.now, NULL, broken);
}

START_TEST(ours_comes_first_and_says_what_was_configured) {
  CS_TEST_TEXT(cs_test_transmit(&t), "CSM Max-Message-Size=1048576");
  cs_test_session_close(&t);
  cs_core_config c = {.max_message = 8388864, .block_wise = true, .token_max = 65804};
  cs_test_session_open_reliable(&t, CS_SERVER, &c);
  CS_TEST_TEXT(cs_test_transmit(&t), "CSM Max-Message-Size=8388864 Block-Wise-Transfer "
                                     "Extended-Token-Length=65804");
}
END_TEST

START_TEST(a_client_does_not_wait_for_the_peers) {
  cs_test_get(&t, CS_CON, -1, "a", NULL);
  CS_TEST_TEXT(cs_test_transmit(&t), "CSM Max-Message-Size=1048576");
  CS_TEST_TEXT(cs_test_transmit(&t), "GET token=61");
}
END_TEST

START_TEST(base_values_hold_before_it_and_settings_add_up) {
  const cs_core_settings *peer = cs_core_peer_settings(t.s);
  ck_assert(!peer->csm && !peer->block_wise);
  ck_assert_uint_eq(peer->max_message, 1152);
  ck_assert_uint_eq(peer->token_max, 8);
  ck_assert_uint_eq(cs_core_max_send(t.s), 1152);
  cs_test_greet(&t, "CSM");
  ck_assert(peer->csm && !peer->block_wise);
  ck_assert_uint_eq(peer->max_message, 1152);
  cs_test_receive(&t, "CSM Max-Message-Size=5000 Block-Wise-Transfer");
  cs_test_told(&t, CS_EVENT_CSM, CS_RULE_NONE);
  cs_test_receive(&t, "CSM Extended-Token-Length=20");
  cs_test_told(&t, CS_EVENT_CSM, CS_RULE_NONE);
  ck_assert(peer->block_wise);
  ck_assert_uint_eq(peer->max_message, 5000);
  ck_assert_uint_eq(peer->token_max, 20);
  ck_assert_uint_eq(cs_core_max_send(t.s), 5000);
  ck_assert_int_eq(cs_core_set_mtu(t.s, 3000), CS_OK);
  ck_assert_uint_eq(cs_core_max_send(t.s), 3000);
}
END_TEST

START_TEST(token_lengths_outside_the_range_are_ignored_or_cut) {
  cs_test_greet(&t, "CSM Extended-Token-Length=7");
  ck_assert_uint_eq(cs_core_peer_settings(t.s)->token_max, 8);
  cs_test_receive(&t, "CSM Extended-Token-Length=100000");
  cs_test_told(&t, CS_EVENT_CSM, CS_RULE_NONE);
  ck_assert_uint_eq(cs_core_peer_settings(t.s)->token_max, CS_WIRE_TOKEN_MAX);
}
END_TEST

/* The first of several in one message counts; options that are not known and
 * elective, and a leading zero, do no harm. */
START_TEST(what_is_odd_but_allowed_is_taken) {
  cs_test_greet(&t, "CSM Max-Message-Size=0x00000800 Max-Message-Size=9 Option-100=0x0102");
  ck_assert_uint_eq(cs_core_peer_settings(t.s)->max_message, 2048);
}
END_TEST

static void refused(const char *csm, cs_rule rule, const char *abort) {
  cs_test_receive(&t, csm);
  cs_test_told(&t, CS_EVENT_ABORTED, rule);
  cs_test_no_event(&t);
  ck_assert(!cs_core_peer_settings(t.s)->csm);
  CS_TEST_TEXT(cs_test_transmit(&t), "CSM Max-Message-Size=1048576");
  CS_TEST_TEXT(cs_test_transmit(&t), abort);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert(cs_core_over(t.s));
  teardown();
  setup();
}

START_TEST(a_bad_one_ends_the_connection_and_names_the_option) {
  refused("CSM Option-65001=0x", CS_RULE_SIGNAL_CRITICAL,
          "Abort Bad-CSM-Option=65001 payload=\"RFC8323#5.2:critical-unrecognised\"");
  refused("CSM Max-Message-Size=0x0000010000", CS_RULE_CSM_OPTION_LENGTH,
          "Abort Bad-CSM-Option=2 payload=\"RFC8323#5.3:csm-option-length\"");
  refused("CSM Max-Message-Size=4000 Extended-Token-Length=0x01020304", CS_RULE_CSM_OPTION_LENGTH,
          "Abort Bad-CSM-Option=6 payload=\"RFC8323#5.3:csm-option-length\"");
  refused("CSM Block-Wise-Transfer=0x00", CS_RULE_CSM_OPTION_LENGTH,
          "Abort Bad-CSM-Option=4 payload=\"RFC8323#5.3:csm-option-length\"");
}
END_TEST

START_TEST(a_request_of_just_the_size_goes_and_one_byte_more_is_refused) {
  static uint8_t body[5000];
  cs_rule broken;
  cs_test_greet(&t, "CSM Max-Message-Size=4096");
  /* Len/TKL, two of extended length, code, marker: five bytes before the body. */
  ck_assert_int_eq(ask(cs_span_of(NULL, 0), cs_span_of(body, 4096 - 5 + 1), &broken),
                   CS_ERR_TOO_LARGE);
  ck_assert_int_eq(broken, CS_RULE_MESSAGE_SIZE);
  ck_assert_int_eq(ask(cs_span_of(NULL, 0), cs_span_of(body, 4096 - 5), &broken), CS_OK);
  ck_assert_uint_eq(cs_core_next_size(t.s), 4096);
}
END_TEST

START_TEST(what_is_over_the_base_values_waits_and_keeps_its_place) {
  static uint8_t body[1200];
  cs_rule broken;
  cs_test_transmit(&t);
  ck_assert_int_eq(ask(cs_span_str("a"), cs_span_of(body, 1200), &broken), CS_OK);
  cs_test_get(&t, CS_CON, -1, "b", NULL);
  ck_assert(!cs_core_wants_transmit(t.s));
  ck_assert_uint_eq(cs_core_next_size(t.s), 0);
  cs_test_receive(&t, "CSM Max-Message-Size=2000");
  cs_test_told(&t, CS_EVENT_CSM, CS_RULE_NONE);
  ck_assert(strncmp(cs_test_transmit(&t), "PUT token=61", 12) == 0);
  CS_TEST_TEXT(cs_test_transmit(&t), "GET token=62");
}
END_TEST

START_TEST(what_the_csm_then_forbids_ends) {
  static uint8_t body[1200];
  cs_rule broken;
  cs_test_transmit(&t);
  ck_assert_int_eq(ask(cs_span_str("b"), cs_span_of(body, 100), &broken), CS_OK); /* queued */
  ck_assert_int_eq(ask(cs_span_str("a"), cs_span_of(body, 1200), &broken), CS_OK);
  cs_test_get(&t, CS_CON, -1, "c", NULL);
  cs_test_receive(&t, "CSM Max-Message-Size=50");
  cs_test_told(&t, CS_EVENT_CSM, CS_RULE_NONE);
  cs_core_event e = cs_test_told(&t, CS_EVENT_NACK, CS_RULE_MESSAGE_SIZE);
  ck_assert_int_eq(e.reason, CS_NACK_TOO_LARGE);
  ck_assert_ptr_eq(e.app, &t);
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_MESSAGE_SIZE).reason, CS_NACK_TOO_LARGE);
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "GET token=63");
}
END_TEST

START_TEST(a_long_token_needs_the_peers_word) {
  cs_rule broken;
  teardown();
  cs_core_config c = {.token_max = 20};
  cs_test_session_open_reliable(&t, CS_CLIENT, &c);
  ck_assert_int_eq(ask(cs_span_str("123456789012345678901"), cs_span_of(NULL, 0), &broken),
                   CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_TOKEN_CAP); /* its response would not be taken */
  ck_assert_int_eq(ask(cs_span_str("12345678901234567890"), cs_span_of(NULL, 0), &broken), CS_OK);
  ck_assert_int_eq(ask(cs_span_str("123456789012345"), cs_span_of(NULL, 0), &broken), CS_OK);
  cs_test_transmit(&t);
  ck_assert(!cs_core_wants_transmit(t.s));
  cs_test_receive(&t, "CSM Extended-Token-Length=15");
  cs_test_told(&t, CS_EVENT_CSM, CS_RULE_NONE);
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_TOKEN_ANNOUNCED).reason,
                   CS_NACK_TOO_LARGE);
  CS_TEST_TEXT(cs_test_transmit(&t), "PUT token=313233343536373839303132333435");
  ck_assert_int_eq(ask(cs_span_str("1234567890123456"), cs_span_of(NULL, 0), &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_TOKEN_ANNOUNCED);
}
END_TEST

/* libcoap issue 1067: nothing may be sent, and nothing loops over it. */
START_TEST(a_peer_that_accepts_nothing_gets_no_request) {
  cs_rule broken;
  cs_test_get(&t, CS_CON, -1, "a", NULL);
  cs_test_transmit(&t); /* our CSM; the request did not go yet */
  cs_test_receive(&t, "CSM Max-Message-Size=0");
  cs_test_told(&t, CS_EVENT_CSM, CS_RULE_NONE);
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_MESSAGE_SIZE).reason, CS_NACK_TOO_LARGE);
  ck_assert_uint_eq(cs_core_max_send(t.s), 0);
  ck_assert(!cs_core_wants_transmit(t.s));
  ck_assert_int_eq(ask(cs_span_of(NULL, 0), cs_span_of(NULL, 0), &broken), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(broken, CS_RULE_MESSAGE_SIZE);
  cs_test_receive(&t, "Ping token=01"); /* signaling has no smaller form */
  cs_test_told(&t, CS_EVENT_PING, CS_RULE_NONE);
  CS_TEST_TEXT(cs_test_transmit(&t), "Pong token=01");
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/settings");
  TCase *c = tcase_create("settings");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, ours_comes_first_and_says_what_was_configured);
  tcase_add_test(c, a_client_does_not_wait_for_the_peers);
  tcase_add_test(c, base_values_hold_before_it_and_settings_add_up);
  tcase_add_test(c, token_lengths_outside_the_range_are_ignored_or_cut);
  tcase_add_test(c, what_is_odd_but_allowed_is_taken);
  tcase_add_test(c, a_bad_one_ends_the_connection_and_names_the_option);
  tcase_add_test(c, a_request_of_just_the_size_goes_and_one_byte_more_is_refused);
  tcase_add_test(c, what_is_over_the_base_values_waits_and_keeps_its_place);
  tcase_add_test(c, what_the_csm_then_forbids_ends);
  tcase_add_test(c, a_long_token_needs_the_peers_word);
  tcase_add_test(c, a_peer_that_accepts_nothing_gets_no_request);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
