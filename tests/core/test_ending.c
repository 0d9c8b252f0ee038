/* How a session ends by our doing: Release and Abort (RFC 8323 sections 5.5 and
 * 5.6), the end of the transport. */
#include <check.h>

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

START_TEST(an_abort_drops_what_waits_and_ends_what_is_open) {
  cs_test_get(&t, CS_CON, -1, "a", &t);
  cs_test_transmit(&t);
  cs_test_get(&t, CS_CON, -1, "b", NULL);
  cs_test_receive(&t, "Ping");
  cs_test_event(&t);
  cs_core_abort(t.s, CS_RULE_WS_TEXT, 300, t.now);
  cs_core_abort(t.s, CS_RULE_MESSAGE_CAP, 0, t.now); /* it has ended */
  cs_core_release(t.s, t.now);
  ck_assert(!cs_core_over(t.s));
  ck_assert_uint_eq(cs_core_deadline(t.s), t.now); /* there is something to tell */
  cs_test_told(&t, CS_EVENT_ABORTED, CS_RULE_WS_TEXT);
  cs_core_event e = cs_test_told(&t, CS_EVENT_NACK, CS_RULE_WS_TEXT);
  ck_assert_int_eq(e.reason, CS_NACK_CLOSED);
  ck_assert_ptr_eq(e.app, &t);
  cs_test_told(&t, CS_EVENT_NACK, CS_RULE_WS_TEXT);
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "Abort Bad-CSM-Option=300 payload=\"RFC8323#4.2:binary\"");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert(cs_core_over(t.s));
  cs_test_receive(&t, "2.05 token=61");
  cs_test_no_event(&t);
}
END_TEST

START_TEST(a_release_goes_behind_what_waits) {
  static uint8_t body[1200];
  teardown();
  cs_test_session_open_reliable(&t, CS_CLIENT, NULL);
  cs_core_request_spec put = {.code = 3, .mid = -1, .payload = {body, sizeof body}};
  ck_assert_int_eq(cs_core_send_request(t.s, &put, t.now, NULL, NULL), CS_OK);
  cs_test_get(&t, CS_CON, -1, "a", &t);
  cs_core_release(t.s, t.now);
  cs_core_release(t.s, t.now);
  put.token = cs_span_str("x");
  ck_assert_int_eq(cs_core_send_request(t.s, &put, t.now, NULL, NULL), CS_ERR_STATE);
  ck_assert_int_eq(cs_core_ping(t.s, NULL, t.now, NULL), CS_ERR_STATE);
  cs_test_greet(&t, "CSM Max-Message-Size=5000");
  cs_test_transmit(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "GET token=61");
  CS_TEST_TEXT(cs_test_transmit(&t), "Release");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert(!cs_core_over(t.s));
  cs_test_receive(&t, "2.04");
  cs_test_event(&t);
  cs_test_receive(&t, "2.05 token=61");
  cs_test_event(&t);
  cs_test_no_event(&t);
  ck_assert(cs_core_over(t.s));
}
END_TEST

START_TEST(with_nothing_open_it_is_over_once_the_release_is_out) {
  cs_core_release(t.s, t.now);
  ck_assert(!cs_core_over(t.s));
  CS_TEST_TEXT(cs_test_transmit(&t), "Release");
  ck_assert(cs_core_over(t.s));
}
END_TEST

START_TEST(the_end_of_the_transport_ends_everything) {
  cs_test_get(&t, CS_CON, -1, "a", &t);
  cs_test_transmit(&t);
  ck_assert_int_eq(cs_core_ping(t.s, NULL, t.now, NULL), CS_OK);
  cs_core_link(t.s, CS_LINK_UNREACHABLE, t.now); /* the transport decides, not this */
  cs_test_no_event(&t);
  cs_core_link(t.s, CS_LINK_CLOSED, t.now);
  ck_assert(!cs_core_wants_transmit(t.s));
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_NONE).reason, CS_NACK_CLOSED);
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_NONE).reason, CS_NACK_CLOSED);
  cs_test_no_event(&t);
  ck_assert(cs_core_over(t.s));
  cs_core_abort(t.s, CS_RULE_MESSAGE_CAP, 0, t.now);
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(on_udp_none_of_it_exists) {
  cs_test_session u;
  cs_test_session_open(&u, CS_CLIENT, NULL);
  cs_core_abort(u.s, CS_RULE_MESSAGE_CAP, 0, u.now);
  cs_core_release(u.s, u.now);
  cs_core_up(u.s, u.now);
  ck_assert(!cs_core_over(u.s));
  ck_assert_ptr_null(cs_core_peer_settings(u.s));
  ck_assert_uint_eq(cs_core_max_send(u.s), 1152);
  cs_test_no_event(&u);
  cs_test_get(&u, CS_CON, 7, "a", NULL);
  ck_assert_uint_eq(cs_core_next_size(u.s), 5);
  cs_test_session_close(&u);
}
END_TEST

START_TEST(a_drained_session_is_silent) {
  teardown();
  open_as(CS_SERVER);
  cs_core_drain(t.s, CS_NACK_CLOSED);
  cs_test_receive(&t, "GET token=01");
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

/* What is told names the rule that was broken below the session. */
START_TEST(a_lost_transport_names_its_rule) {
  cs_test_session u;
  cs_test_get(&t, CS_CON, -1, "a", &t);
  cs_core_lost(t.s, CS_RULE_TLS_ALERT, t.now);
  cs_core_lost(t.s, CS_RULE_TLS_TIMEOUT, t.now);
  cs_test_told(&t, CS_EVENT_ABORTED, CS_RULE_TLS_ALERT);
  cs_test_told(&t, CS_EVENT_NACK, CS_RULE_TLS_ALERT);
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert(cs_core_over(t.s));
  cs_test_session_open(&u, CS_CLIENT, NULL);
  cs_test_get(&u, CS_CON, 7, "a", &u);
  cs_test_get(&u, CS_CON, 8, "b", &u);
  cs_core_lost(u.s, CS_RULE_TLS_ALERT, u.now);
  ck_assert_int_eq(cs_test_told(&u, CS_EVENT_NACK, CS_RULE_TLS_ALERT).reason, CS_NACK_CLOSED);
  cs_test_told(&u, CS_EVENT_NACK, CS_RULE_TLS_ALERT);
  cs_test_no_event(&u);
  CS_TEST_TEXT(cs_test_transmit(&u), "");
  cs_test_session_close(&u);
}
END_TEST

/* While nothing can be sent, what waits for transmission is no reason to wake. */
START_TEST(a_held_datagram_has_no_deadline) {
  cs_test_session u;
  cs_test_session_open(&u, CS_CLIENT, NULL);
  cs_test_get(&u, CS_CON, 7, "a", &u);
  ck_assert_uint_eq(cs_core_deadline(u.s), u.now);
  ck_assert_uint_eq(cs_core_deadline_held(u.s), CS_TIME_NEVER);
  cs_test_transmit(&u);
  ck_assert_uint_gt(cs_core_deadline_held(u.s), u.now);
  ck_assert_uint_eq(cs_core_deadline_held(u.s), cs_core_deadline(u.s));
  cs_core_drain(u.s, CS_NACK_CLOSED);
  ck_assert_uint_eq(cs_core_deadline_held(u.s), u.now); /* there is something to tell */
  cs_test_told(&u, CS_EVENT_NACK, CS_RULE_NONE);
  cs_test_session_close(&u);
  ck_assert_uint_eq(cs_core_deadline_held(t.s), cs_core_deadline(t.s));
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/ending");
  TCase *c = tcase_create("ending");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, an_abort_drops_what_waits_and_ends_what_is_open);
  tcase_add_test(c, a_release_goes_behind_what_waits);
  tcase_add_test(c, with_nothing_open_it_is_over_once_the_release_is_out);
  tcase_add_test(c, the_end_of_the_transport_ends_everything);
  tcase_add_test(c, on_udp_none_of_it_exists);
  tcase_add_test(c, a_drained_session_is_silent);
  tcase_add_test(c, a_lost_transport_names_its_rule);
  tcase_add_test(c, a_held_datagram_has_no_deadline);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
