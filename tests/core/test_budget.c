/* The idle-traffic budget: a thousand messages at once, ten a second. */
#include <check.h>
#include <string.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void open_as(cs_core_role role) {
  cs_test_session_open_reliable(&t, role, NULL);
  cs_test_greet(&t, "CSM"); /* takes one */
}
static void setup(void) {
  open_as(CS_CLIENT);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

/* Sends this, reading all that comes back, until the session aborts. */
static unsigned last(const char *message) {
  for (unsigned i = 0; i < 5000; i++) {
    cs_test_receive(&t, message);
    cs_core_event e;
    while (cs_core_next_event(t.s, &e)) {
      if (e.kind == CS_EVENT_ABORTED) {
        ck_assert_msg(e.rule == CS_RULE_IDLE_TRAFFIC, "%s", cs_base_rule_id(e.rule));
        return i;
      }
    }
    cs_test_transmit(&t);
  }
  return 5000;
}

START_TEST(each_kind_of_idle_message_ends_at_the_budget) {
  static const char *const messages[] = {"0.00",    "CSM",           "Ping", "Pong token=01",
                                         "Release", "2.05 token=01", "GET",  "7.10"};
  for (unsigned i = 0; i < sizeof messages / sizeof messages[0]; i++) {
    ck_assert_uint_eq(last(messages[i]), CS_CORE_IDLE_MAX - 1);
    CS_TEST_TEXT(cs_test_transmit(&t), "Abort payload=\"OURS#idle-traffic\"");
    ck_assert_uint_lt(t.memory.peak_bytes, 8192);
    teardown();
    setup();
  }
}
END_TEST

START_TEST(it_refills_with_time) {
  ck_assert_int_eq(CS_CORE_IDLE_PER_SECOND, 10);
  for (unsigned i = 0; i < 3000; i++) { /* a Ping each 100 ms for five minutes */
    cs_test_pass(&t, 100 * CS_MILLISECOND);
    cs_test_receive(&t, "Ping");
    cs_test_told(&t, CS_EVENT_PING, CS_RULE_NONE);
    cs_test_transmit(&t);
  }
  ck_assert_uint_eq(last("Ping"), CS_CORE_IDLE_MAX - 1);
}
END_TEST

START_TEST(what_asks_or_answers_costs_nothing) {
  for (unsigned i = 0; i < 1500; i++) {
    cs_test_get(&t, CS_CON, -1, "a", NULL);
    cs_test_transmit(&t);
    cs_test_receive(&t, "2.05 token=61");
    cs_test_told(&t, CS_EVENT_RESPONSE, CS_RULE_NONE);
    ck_assert_int_eq(cs_core_ping(t.s, NULL, t.now, NULL), CS_OK);
    char pong[64] = "Pong";
    strncat(pong, cs_test_transmit(&t) + 4, 32);
    cs_test_receive(&t, pong);
    cs_test_told(&t, CS_EVENT_PONG, CS_RULE_NONE);
  }
  ck_assert_uint_eq(last("0.00"), CS_CORE_IDLE_MAX - 1);
  teardown();
  open_as(CS_SERVER);
  for (unsigned i = 0; i < 1500; i++) {
    cs_test_receive(&t, "GET token=01");
    cs_core_ignore(t.s, cs_test_told(&t, CS_EVENT_REQUEST, CS_RULE_NONE).exchange, t.now);
  }
  ck_assert_uint_eq(last("0.00"), CS_CORE_IDLE_MAX - 1);
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/budget");
  TCase *c = tcase_create("budget");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, each_kind_of_idle_message_ends_at_the_budget);
  tcase_add_test(c, it_refills_with_time);
  tcase_add_test(c, what_asks_or_answers_costs_nothing);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
