/* Replies that the session makes itself: at most 64 wait for transmission. */
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

/* Sends this until the session aborts; returns how many it took. */
static unsigned flood(const char *message, cs_rule rule) {
  for (unsigned i = 0; i < 5000; i++) {
    cs_test_receive(&t, message);
    cs_core_event e;
    while (cs_core_next_event(t.s, &e)) {
      if (e.kind == CS_EVENT_ABORTED) {
        ck_assert_msg(e.rule == rule, "%s", cs_base_rule_id(e.rule));
        return i;
      }
    }
  }
  return 0;
}

START_TEST(pings_that_are_not_read_end_the_session) {
  ck_assert_uint_eq(flood("Ping token=0102", CS_RULE_REPLY_BACKLOG), CS_CORE_REPLIES_MAX);
  ck_assert_uint_lt(t.memory.peak_bytes, 16384);
  CS_TEST_TEXT(cs_test_transmit(&t), "Abort payload=\"OURS#reply-backlog\"");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(requests_at_a_client_do_too) {
  ck_assert_uint_eq(flood("GET token=0102", CS_RULE_REPLY_BACKLOG), CS_CORE_REPLIES_MAX);
}
END_TEST

START_TEST(what_is_read_makes_place) {
  for (unsigned i = 0; i < 900; i++) {
    cs_test_receive(&t, "Ping token=0102");
    cs_test_told(&t, CS_EVENT_PING, CS_RULE_NONE);
    CS_TEST_TEXT(cs_test_transmit(&t), "Pong token=0102");
  }
}
END_TEST

START_TEST(pongs_that_wait_for_custody_count_too) {
  teardown();
  open_as(CS_SERVER);
  cs_test_receive(&t, "GET token=0a");
  cs_core_exchange *x = cs_test_told(&t, CS_EVENT_REQUEST, CS_RULE_NONE).exchange;
  ck_assert_uint_eq(flood("Ping Custody", CS_RULE_REPLY_BACKLOG), CS_CORE_REPLIES_MAX);
  CS_TEST_TEXT(cs_test_transmit(&t), "Abort payload=\"OURS#reply-backlog\"");
  ck_assert(cs_core_over(t.s));
  /* The exchange was the owner's all the time; its answer is dropped. */
  cs_core_response_spec spec = {.code = CS_CODE(2, 5), .type = -1};
  ck_assert_int_eq(cs_core_respond(t.s, x, &spec, t.now), CS_OK);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(a_diagnostic_that_the_peer_cannot_take_is_left_out) {
  teardown();
  cs_test_session_open_reliable(&t, CS_SERVER, NULL);
  cs_test_greet(&t, "CSM Max-Message-Size=20");
  cs_test_receive(&t, "GET token=0a Option-2049=0x01");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_OPTION_CRITICAL);
  CS_TEST_TEXT(cs_test_transmit(&t), "4.02 token=0a");
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/reply");
  TCase *c = tcase_create("reply");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, pings_that_are_not_read_end_the_session);
  tcase_add_test(c, requests_at_a_client_do_too);
  tcase_add_test(c, what_is_read_makes_place);
  tcase_add_test(c, pongs_that_wait_for_custody_count_too);
  tcase_add_test(c, a_diagnostic_that_the_peer_cannot_take_is_left_out);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
