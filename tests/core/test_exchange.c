/* Requests at a server: piggybacked and separate responses, duplicates,
 * multicast (RFC 7252 sections 4.5, 5.2, 5.4.1, 8.2). */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void setup(void) {
  cs_test_session_open(&t, CS_SERVER, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

static const cs_core_response_spec content = {.code = CS_CODE(2, 5), .type = -1};

static cs_core_exchange *request(const char *notation) {
  cs_test_receive(&t, notation);
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_REQUEST);
  return e.exchange;
}

START_TEST(a_quick_answer_is_piggybacked_and_replayed) {
  cs_core_exchange *x = request("CON GET mid=7 token=0102");
  ck_assert_int_eq(cs_core_respond(t.s, x, &content, t.now), CS_OK);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 2.05 mid=0x0007 token=0102");
  cs_test_receive(&t, "CON GET mid=7 token=0102");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_LATE_DUPLICATE);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 2.05 mid=0x0007 token=0102");
}
END_TEST

START_TEST(a_slow_answer_is_acknowledged_first_and_sent_confirmable) {
  cs_core_exchange *x = request("CON GET mid=7 token=0102");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert_uint_eq(cs_test_to_deadline(&t), cs_core_params_default.ack_delay);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0007");
  cs_test_receive(&t, "CON GET mid=7 token=0102"); /* retransmitted meanwhile */
  cs_test_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0007");
  ck_assert_int_eq(cs_core_respond(t.s, x, &content, t.now), CS_OK);
  char first[64];
  snprintf(first, sizeof first, "%s", cs_test_transmit(&t));
  ck_assert(strncmp(first, "CON 2.05 mid=", 13) == 0 && strstr(first, "token=0102"));
  ck_assert_ptr_null(strstr(first, "mid=0x0007"));
  for (int i = 0; i < 4; i++) {
    cs_test_to_deadline(&t);
    CS_TEST_TEXT(cs_test_transmit(&t), first);
  }
  cs_test_to_deadline(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

static void answer_separately(char *ack, size_t cap, const char *what) {
  cs_core_exchange *x = request("CON GET mid=7 token=0102");
  cs_core_defer(t.s, x, t.now);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0007");
  ck_assert_int_eq(cs_core_respond(t.s, x, &content, t.now), CS_OK);
  unsigned mid;
  ck_assert_int_eq(sscanf(cs_test_transmit(&t), "CON 2.05 mid=%x", &mid), 1);
  snprintf(ack, cap, "%s mid=%u", what, mid);
}

START_TEST(any_matching_ack_or_reset_stops_a_separate_response) {
  static const char *const replies[] = {"ACK 0.00", "ACK 2.05", "RST 0.00"};
  for (int i = 0; i < 3; i++) {
    char reply[64];
    teardown();
    setup();
    answer_separately(reply, sizeof reply, replies[i]);
    cs_test_receive(&t, reply);
    if (i == 2)
      ck_assert_int_eq(cs_test_event(&t).kind, CS_EVENT_RESET);
    cs_test_no_event(&t);
    cs_test_pass(&t, 100 * CS_SECOND);
    CS_TEST_TEXT(cs_test_transmit(&t), "");
  }
}
END_TEST

START_TEST(a_non_confirmable_request_gets_a_non_confirmable_response) {
  cs_core_exchange *x = request("NON GET mid=7 token=0102");
  ck_assert_int_eq(cs_core_respond(t.s, x, &content, t.now), CS_OK);
  const char *sent = cs_test_transmit(&t);
  ck_assert(strncmp(sent, "NON 2.05 mid=", 13) == 0 && strstr(sent, "token=0102"));
  cs_test_receive(&t, "NON GET mid=7 token=0102");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_LATE_DUPLICATE);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(an_unrecognised_critical_option_gets_bad_option) {
  cs_test_receive(&t, "CON GET mid=7 token=0102 Option-9999=0x01");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_REJECTED);
  ck_assert_int_eq(e.rule, CS_RULE_OPTION_CRITICAL);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 4.02 mid=0x0007 token=0102 "
                                     "payload=\"unrecognised critical option 9999\"");
  cs_test_receive(&t, "NON GET mid=8 token=0102 Option-9999=0x01");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_OPTION_CRITICAL);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0008");
}
END_TEST

START_TEST(multicast_is_answered_after_a_leisure_and_never_reset) {
  cs_test_receive_from(&t, 0, true, "NON GET mid=7 token=01");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(cs_core_respond(t.s, e.exchange, &content, t.now), CS_OK);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_time waited = cs_test_to_deadline(&t);
  ck_assert_uint_gt(waited, 0);
  ck_assert_uint_le(waited, cs_core_params_default.default_leisure);
  ck_assert(strncmp(cs_test_transmit(&t), "NON 2.05", 8) == 0);
  cs_test_receive_from(&t, 0, true, "NON GET mid=8 token=01 Option-9999=0x01");
  cs_test_event(&t);
  cs_test_receive_from(&t, 0, true, "NON 2.05 mid=9 token=01");
  cs_test_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(ignored_requests_are_still_acknowledged) {
  cs_core_exchange *x = request("CON GET mid=7 token=0102");
  cs_core_ignore(t.s, x, t.now);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0007");
  cs_test_pass(&t, 300 * CS_SECOND);
  ck_assert(cs_core_idle(t.s));
}
END_TEST

START_TEST(exchanges_are_capped) {
  t.config.max_exchanges = 2;
  cs_core_exchange *x = request("CON GET mid=1 token=01");
  request("CON GET mid=2 token=02");
  cs_test_receive(&t, "CON GET mid=3 token=03");
  cs_test_no_event(&t);
  ck_assert_int_eq(cs_core_respond(t.s, x, &content, t.now), CS_OK);
  request("CON GET mid=3 token=03"); /* its retransmission is no duplicate */
}
END_TEST

START_TEST(a_response_is_checked) {
  static uint8_t big[1152];
  cs_core_exchange *x = request("CON GET mid=1 token=01");
  cs_core_response_spec spec = content;
  spec.code = CS_CODE(0, 1);
  ck_assert_int_eq(cs_core_respond(t.s, x, &spec, t.now), CS_ERR_ARGUMENT);
  spec = content;
  spec.payload = cs_span_of(big, sizeof big);
  ck_assert_int_eq(cs_core_respond(t.s, x, &spec, t.now), CS_ERR_TOO_LARGE);
  spec = content;
  spec.type = CS_ACK;
  ck_assert_int_eq(cs_core_respond(t.s, x, &spec, t.now), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_core_respond(t.s, x, &content, t.now), CS_OK);
}
END_TEST

START_TEST(each_failed_allocation_is_a_lost_datagram) {
  for (size_t n = 1; n < 12; n++) {
    t.memory.fail_at = t.memory.calls + n;
    char text[64];
    snprintf(text, sizeof text, "CON GET mid=%zu token=01", n);
    cs_test_receive(&t, text);
    cs_core_event e;
    if (cs_core_next_event(t.s, &e)) {
      cs_err err = cs_core_respond(t.s, e.exchange, &content, t.now);
      ck_assert(err == CS_OK || err == CS_ERR_MEMORY);
      if (err != CS_OK)
        cs_core_ignore(t.s, e.exchange, t.now);
    }
    t.memory.fail_at = 0;
    while (*cs_test_transmit(&t))
      continue;
  }
}
END_TEST

START_TEST(a_separate_answer_that_failed_used_no_message_id) {
  static const uint8_t big[2000];
  uint16_t before, after;
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &before), CS_OK);
  cs_core_exchange *x = request("CON GET mid=7 token=0102");
  cs_core_defer(t.s, x, t.now);
  cs_core_response_spec spec = {.code = CS_CODE(2, 5), .payload = {big, sizeof big}, .type = -1};
  ck_assert_int_eq(cs_core_respond(t.s, x, &spec, t.now), CS_ERR_TOO_LARGE);
  for (size_t n = 1; n <= 2; n++) {
    t.memory.fail_at = t.memory.calls + n;
    ck_assert_int_eq(cs_core_respond(t.s, x, &content, t.now), CS_ERR_MEMORY);
  }
  t.memory.fail_at = 0;
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &after), CS_OK);
  ck_assert_uint_eq(after, (uint16_t)(before + 1));
  cs_core_ignore(t.s, x, t.now);
}
END_TEST

/* Whichever allocation fails, the client's retransmission gets the 4.02. */
START_TEST(a_refusal_that_memory_prevented_is_made_up_for) {
  for (size_t n = 1; n <= 6; n++) {
    char text[64];
    snprintf(text, sizeof text, "CON GET mid=%zu token=01 Option-9999=0x00", n);
    t.memory.fail_at = t.memory.calls + n;
    cs_core_event e;
    cs_test_receive(&t, text);
    while (cs_core_next_event(t.s, &e))
      ;
    while (*cs_test_transmit(&t))
      ;
    t.memory.fail_at = 0;
    cs_test_receive(&t, text);
    while (cs_core_next_event(t.s, &e))
      ;
    const char *sent = cs_test_transmit(&t);
    ck_assert_msg(strncmp(sent, "ACK 4.02 ", 9) == 0, "allocation %zu: \"%s\"", n, sent);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/exchange");
  TCase *c = tcase_create("exchange");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_quick_answer_is_piggybacked_and_replayed);
  tcase_add_test(c, a_slow_answer_is_acknowledged_first_and_sent_confirmable);
  tcase_add_test(c, any_matching_ack_or_reset_stops_a_separate_response);
  tcase_add_test(c, a_non_confirmable_request_gets_a_non_confirmable_response);
  tcase_add_test(c, an_unrecognised_critical_option_gets_bad_option);
  tcase_add_test(c, multicast_is_answered_after_a_leisure_and_never_reset);
  tcase_add_test(c, ignored_requests_are_still_acknowledged);
  tcase_add_test(c, exchanges_are_capped);
  tcase_add_test(c, a_response_is_checked);
  tcase_add_test(c, each_failed_allocation_is_a_lost_datagram);
  tcase_add_test(c, a_separate_answer_that_failed_used_no_message_id);
  tcase_add_test(c, a_refusal_that_memory_prevented_is_made_up_for);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
