/* Signaling messages that come (RFC 8323 sections 5.2 and 5.4 to 5.6). */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void open_as(cs_core_role role) {
  cs_test_session_open_reliable(&t, role, NULL);
  cs_test_greet(&t, "CSM");
}
static void setup(void) {
  open_as(CS_CLIENT);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

static cs_core_exchange *request(const char *notation) {
  cs_test_receive(&t, notation);
  return cs_test_told(&t, CS_EVENT_REQUEST, CS_RULE_NONE).exchange;
}

static void content(cs_core_exchange *x) {
  cs_core_response_spec spec = {.code = CS_CODE(2, 5), .type = -1};
  ck_assert_int_eq(cs_core_respond(t.s, x, &spec, t.now), CS_OK);
}

START_TEST(a_ping_is_answered_with_its_token) {
  cs_test_receive(&t, "Ping token=0102030405060708 Option-4=0x01");
  cs_test_told(&t, CS_EVENT_PING, CS_RULE_NONE);
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "Pong token=0102030405060708");
  cs_test_receive(&t, "Ping Custody");
  cs_test_told(&t, CS_EVENT_PING, CS_RULE_NONE);
  CS_TEST_TEXT(cs_test_transmit(&t), "Pong Custody");
  cs_test_receive(&t, "Ping Custody=0x01"); /* another option, of that length: ignored */
  cs_test_told(&t, CS_EVENT_PING, CS_RULE_NONE);
  CS_TEST_TEXT(cs_test_transmit(&t), "Pong");
}
END_TEST

START_TEST(custody_waits_for_what_came_before_and_for_no_more) {
  teardown();
  open_as(CS_SERVER);
  cs_core_exchange *a = request("GET token=0a");
  cs_core_exchange *b = request("GET token=0b");
  cs_test_receive(&t, "Ping token=01 Custody");
  cs_test_told(&t, CS_EVENT_PING, CS_RULE_NONE);
  cs_core_exchange *c = request("GET token=0c");
  cs_test_receive(&t, "Ping token=02"); /* asked for nothing: at once */
  cs_test_told(&t, CS_EVENT_PING, CS_RULE_NONE);
  CS_TEST_TEXT(cs_test_transmit(&t), "Pong token=02");
  content(b);
  CS_TEST_TEXT(cs_test_transmit(&t), "2.05 token=0b");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_core_ignore(t.s, a, t.now); /* processed too, though not answered */
  CS_TEST_TEXT(cs_test_transmit(&t), "Pong token=01 Custody");
  content(c);
  CS_TEST_TEXT(cs_test_transmit(&t), "2.05 token=0c");
}
END_TEST

START_TEST(a_pong_matches_our_ping_by_token) {
  uint16_t mid = 7;
  int u = 0;
  ck_assert_int_eq(cs_core_ping(t.s, &t, t.now, &mid), CS_OK);
  ck_assert_uint_eq(mid, 0);
  /* The only one has no token; a second beside it has. */
  CS_TEST_TEXT(cs_test_transmit(&t), "Ping");
  ck_assert_int_eq(cs_core_ping(t.s, &u, t.now, &mid), CS_OK);
  char ping[32], pong[32];
  snprintf(ping, sizeof ping, "%s", cs_test_transmit(&t));
  ck_assert(strncmp(ping, "Ping token=", 11) == 0);
  cs_test_receive(&t, "Pong token=010203");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_PONG_UNMATCHED);
  snprintf(pong, sizeof pong, "Pong%s", ping + 4);
  cs_test_receive(&t, pong);
  cs_core_event e = cs_test_told(&t, CS_EVENT_PONG, CS_RULE_NONE);
  ck_assert_ptr_eq(e.app, &u);
  cs_test_no_event(&t);
  cs_test_receive(&t, "Pong");
  ck_assert_ptr_eq(cs_test_told(&t, CS_EVENT_PONG, CS_RULE_NONE).app, &t);
  cs_test_receive(&t, "Pong");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_PONG_UNMATCHED);
  cs_test_receive(&t, pong);
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_PONG_UNMATCHED);
}
END_TEST

START_TEST(a_ping_before_it_went_out_is_not_answered_and_one_unanswered_ends) {
  ck_assert_int_eq(cs_core_ping(t.s, &t, t.now, NULL), CS_OK);
  cs_test_receive(&t, "Pong");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_PONG_UNMATCHED);
  cs_test_transmit(&t);
  ck_assert_uint_eq(cs_test_to_deadline(&t), cs_core_params_default.response_timeout);
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_NONE).reason, CS_NACK_TIMEOUT);
}
END_TEST

START_TEST(a_critical_option_in_any_signaling_message_ends_the_connection) {
  static const char *const messages[] = {"Ping Option-1=0x", "Pong Option-3=0x",
                                         "Release Option-5=0x01", "7.06 Option-7=0x"};
  for (unsigned i = 0; i < 4; i++) {
    cs_test_receive(&t, messages[i]);
    cs_test_told(&t, CS_EVENT_ABORTED, CS_RULE_SIGNAL_CRITICAL);
    CS_TEST_TEXT(cs_test_transmit(&t), "Abort payload=\"RFC8323#5.2:critical-unrecognised\"");
    teardown();
    setup();
  }
}
END_TEST

START_TEST(a_code_that_is_not_assigned_is_ignored) {
  cs_test_receive(&t, "7.00 token=01");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_SIGNAL_CODE);
  cs_test_receive(&t, "7.31 Option-2=0x01");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_SIGNAL_CODE);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(a_release_lets_what_is_open_end) {
  cs_test_get(&t, CS_CON, -1, "a", &t);
  cs_test_transmit(&t);
  cs_test_receive(&t, "Release Alternative-Address=\"[2001:db8::1]:5683\" Hold-Off=10");
  cs_core_event e = cs_test_told(&t, CS_EVENT_RELEASE, CS_RULE_NONE);
  cs_span hold;
  ck_assert(cs_wire_option_get(e.message.options, 4, &hold) && hold.len == 1 && hold.at[0] == 10);
  cs_core_request_spec spec = {.code = 1, .mid = -1};
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, NULL), CS_ERR_STATE);
  ck_assert(!cs_core_over(t.s));
  cs_test_receive(&t, "2.05 token=61");
  cs_test_told(&t, CS_EVENT_RESPONSE, CS_RULE_NONE);
  cs_test_no_event(&t);
  ck_assert(cs_core_over(t.s));
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(a_server_answers_what_came_before_the_release) {
  teardown();
  open_as(CS_SERVER);
  cs_core_exchange *x = request("GET token=0a");
  cs_test_receive(&t, "Release");
  cs_test_told(&t, CS_EVENT_RELEASE, CS_RULE_NONE);
  ck_assert(!cs_core_over(t.s));
  content(x);
  ck_assert(!cs_core_over(t.s));
  CS_TEST_TEXT(cs_test_transmit(&t), "2.05 token=0a");
  ck_assert(cs_core_over(t.s));
}
END_TEST

START_TEST(an_abort_ends_everything_at_once) {
  cs_test_get(&t, CS_CON, -1, "a", &t);
  cs_test_transmit(&t);
  cs_test_get(&t, CS_CON, -1, "b", &t);
  cs_test_receive(&t, "Abort payload=\"too much\"");
  cs_core_event e = cs_test_told(&t, CS_EVENT_ABORT, CS_RULE_NONE);
  ck_assert(cs_span_equal(e.message.payload, cs_span_str("too much")));
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_NONE).reason, CS_NACK_CLOSED);
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_NONE).reason, CS_NACK_CLOSED);
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert(cs_core_over(t.s));
  cs_test_receive(&t, "Ping");
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/signaling");
  TCase *c = tcase_create("signaling");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_ping_is_answered_with_its_token);
  tcase_add_test(c, custody_waits_for_what_came_before_and_for_no_more);
  tcase_add_test(c, a_pong_matches_our_ping_by_token);
  tcase_add_test(c, a_ping_before_it_went_out_is_not_answered_and_one_unanswered_ends);
  tcase_add_test(c, a_critical_option_in_any_signaling_message_ends_the_connection);
  tcase_add_test(c, a_code_that_is_not_assigned_is_ignored);
  tcase_add_test(c, a_release_lets_what_is_open_end);
  tcase_add_test(c, a_server_answers_what_came_before_the_release);
  tcase_add_test(c, an_abort_ends_everything_at_once);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
