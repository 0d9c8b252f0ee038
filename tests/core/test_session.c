/* A session's birth, order of events, and end. */
#include <check.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void setup(void) {
  cs_test_session_open(&t, CS_CLIENT, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

START_TEST(open_refuses_what_cannot_work) {
  cs_core_session *s = NULL;
  cs_core_params p = cs_core_params_default;
  p.nstart = 0;
  ck_assert_int_eq(cs_core_open(&t.config, NULL, 63, 0, &s), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_core_open(&t.config, NULL, 65536, 0, &s), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_core_open(&t.config, &p, 1152, 0, &s), CS_ERR_ARGUMENT);
  for (size_t n = 1; n <= 2; n++) {
    t.memory.fail_at = t.memory.calls + n;
    ck_assert_int_eq(cs_core_open(&t.config, &cs_core_params_default, 1152, 0, &s), CS_ERR_MEMORY);
  }
  ck_assert_ptr_null(s);
}
END_TEST

START_TEST(a_second_message_waits_for_the_events_of_the_first) {
  cs_test_receive(&t, "CON 0.00 mid=1");
  uint8_t ping[] = {0x40, 0, 0, 2};
  ck_assert_int_eq(cs_core_receive(t.s, 0, false, cs_span_of(ping, 4), t.now), CS_ERR_STATE);
  cs_test_pinged(&t);
  ck_assert_int_eq(cs_core_receive(t.s, 0, false, cs_span_of(ping, 4), t.now), CS_OK);
}
END_TEST

START_TEST(taking_the_next_event_accepts_the_one_before) {
  cs_test_get(&t, CS_NON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "CON 2.05 mid=9 token=61");
  cs_test_event(&t);
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0009");
}
END_TEST

START_TEST(drain_tells_every_request_once_and_takes_no_more) {
  int app[3];
  cs_test_get(&t, CS_CON, 1, "a", &app[0]);
  cs_test_get(&t, CS_CON, 2, "b", &app[1]);
  cs_test_transmit(&t);
  cs_core_drain(t.s, CS_NACK_CLOSED);
  unsigned told = 0;
  cs_core_event e;
  while (cs_core_next_event(t.s, &e)) {
    ck_assert_int_eq(e.reason, CS_NACK_CLOSED);
    told |= 1u << ((int *)e.app - app);
  }
  ck_assert_uint_eq(told, 3);
  cs_core_request_spec spec = {.type = CS_CON, .code = 1, .mid = -1};
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, NULL), CS_ERR_STATE);
}
END_TEST

START_TEST(close_releases_everything_at_any_moment) {
  cs_test_get(&t, CS_CON, 1, "a", NULL);
  cs_test_get(&t, CS_CON, 2, "b", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "CON 2.05 mid=9 token=61");
  cs_test_event(&t);
  cs_core_send_empty(t.s, CS_RST, 5, t.now);
  /* The fixture's teardown closes the session and counts the memory. */
}
END_TEST

START_TEST(the_deadline_is_now_while_something_waits) {
  uint16_t mid;
  ck_assert_uint_eq(cs_core_deadline(t.s), CS_TIME_NEVER);
  cs_test_receive(&t, "CON 0.00 mid=1");
  ck_assert_uint_eq(cs_core_deadline(t.s), t.now); /* a message */
  cs_test_pinged(&t);
  ck_assert_uint_eq(cs_core_deadline(t.s), t.now); /* its answer */
  cs_test_transmit(&t);
  ck_assert_uint_eq(cs_core_deadline(t.s), CS_TIME_NEVER);
  cs_test_get(&t, CS_CON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_time due = cs_core_deadline(t.s);
  ck_assert_uint_gt(due, t.now);
  /* Never before what the session knows to be now. */
  t.now = due + CS_SECOND;
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &mid), CS_OK);
  ck_assert_uint_eq(cs_core_deadline(t.s), t.now);
  cs_core_drain(t.s, CS_NACK_CLOSED);
  ck_assert_uint_eq(cs_core_deadline(t.s), t.now); /* an event */
  cs_test_event(&t);
}
END_TEST

START_TEST(a_form_that_is_none_is_refused) {
  cs_core_session *s = NULL;
  t.config.form = (cs_wire_form)3;
  ck_assert_int_eq(cs_core_open(&t.config, NULL, 1152, t.now, &s), CS_ERR_ARGUMENT);
  ck_assert_ptr_null(s);
  t.config.form = CS_WIRE_UDP;
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/session");
  TCase *c = tcase_create("session");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, open_refuses_what_cannot_work);
  tcase_add_test(c, a_second_message_waits_for_the_events_of_the_first);
  tcase_add_test(c, taking_the_next_event_accepts_the_one_before);
  tcase_add_test(c, drain_tells_every_request_once_and_takes_no_more);
  tcase_add_test(c, close_releases_everything_at_any_moment);
  tcase_add_test(c, the_deadline_is_now_while_something_waits);
  tcase_add_test(c, a_form_that_is_none_is_refused);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
