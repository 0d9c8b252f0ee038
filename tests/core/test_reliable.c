/* What becomes of a received message over a reliable transport (RFC 8323
 * section 3), at a client and at a server. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void open_with(cs_core_role role, const cs_core_config *c) {
  cs_test_session_open_reliable(&t, role, c);
  cs_test_greet(&t, "CSM");
}
static void setup(void) {
  open_with(CS_CLIENT, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

static void content(cs_core_exchange *x, size_t payload) {
  static const uint8_t body[2000];
  cs_core_response_spec spec = {
      .code = CS_CODE(2, 5), .payload = cs_span_of(body, payload), .type = -1};
  ck_assert_int_eq(cs_core_respond(t.s, x, &spec, t.now), CS_OK);
}

START_TEST(the_first_message_is_a_csm) {
  static const char *const others[] = {"GET token=01", "2.05 token=01", "Ping",
                                       "Pong",         "Release",       "7.06"};
  for (unsigned i = 0; i < 6; i++) {
    teardown();
    cs_test_session_open_reliable(&t, i % 2 ? CS_SERVER : CS_CLIENT, NULL);
    cs_test_receive(&t, others[i]);
    cs_test_told(&t, CS_EVENT_ABORTED, CS_RULE_CSM_FIRST);
    cs_test_no_event(&t);
    CS_TEST_TEXT(cs_test_transmit(&t), "CSM Max-Message-Size=1048576");
    CS_TEST_TEXT(cs_test_transmit(&t), "Abort payload=\"RFC8323#3.3:csm-first\"");
    ck_assert(cs_core_over(t.s));
  }
}
END_TEST

/* An Empty message can always be sent (section 3.4); a peer that gives up at
 * once says why. */
START_TEST(empty_messages_and_an_abort_may_come_before_it) {
  teardown();
  cs_test_session_open_reliable(&t, CS_CLIENT, NULL);
  cs_test_receive(&t, "0.00");
  cs_test_no_event(&t);
  cs_test_greet(&t, "CSM");
  teardown();
  cs_test_session_open_reliable(&t, CS_CLIENT, NULL);
  cs_test_receive(&t, "Abort payload=\"no\"");
  cs_test_told(&t, CS_EVENT_ABORT, CS_RULE_NONE);
}
END_TEST

START_TEST(a_csm_that_does_not_come_is_missed_from_the_connection_on) {
  teardown();
  cs_core_config c = {.csm_timeout = 5 * CS_SECOND};
  cs_test_session_open_reliable(&t, CS_CLIENT, &c);
  cs_core_session *early;
  ck_assert_int_eq(cs_core_open(&t.config, NULL, 1152, t.now, &early), CS_OK);
  ck_assert_uint_eq(cs_core_deadline(early), CS_TIME_NEVER); /* not connected yet */
  cs_core_close(early);
  cs_test_get(&t, CS_CON, -1, "a", &t);
  cs_core_up(t.s, t.now + CS_SECOND); /* a second call changes nothing */
  t.now += CS_SECOND;
  ck_assert_uint_eq(cs_test_to_deadline(&t), 4 * CS_SECOND);
  cs_test_told(&t, CS_EVENT_ABORTED, CS_RULE_CSM_MISSING);
  cs_core_event e = cs_test_told(&t, CS_EVENT_NACK, CS_RULE_CSM_MISSING);
  ck_assert_int_eq(e.reason, CS_NACK_CLOSED);
  cs_test_transmit(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "Abort payload=\"RFC8323#3.3:csm-missing\"");
  ck_assert_uint_eq(cs_core_deadline(t.s), CS_TIME_NEVER);
}
END_TEST

START_TEST(an_empty_message_is_ignored_whatever_it_holds) {
  cs_test_receive(&t, "0.00 token=01 Option-1=0x payload=\"x\"");
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(a_malformed_message_ends_the_connection) {
  static const struct {
    const char *bytes;
    size_t len;
    cs_rule rule;
  } bad[] = {
      {"\x09\x45zzzzzzzzz", 11, CS_RULE_TKL_RESERVED},
      {"\x10\x45\xff", 3, CS_RULE_MARKER_WITHOUT_PAYLOAD},
      {"\x10\x45\xf0", 3, CS_RULE_OPTION_DELTA_RESERVED},
      {"\x00\x20", 2, CS_RULE_CODE_CLASS_RESERVED},
      {"\x00\xc5", 2, CS_RULE_CODE_CLASS_RESERVED},
      {"\x20\x45\x00", 3, CS_RULE_TCP_LENGTH},
  };
  for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    cs_test_get(&t, CS_CON, -1, "a", &t);
    cs_test_transmit(&t);
    cs_test_receive_bytes(&t, cs_span_of(bad[i].bytes, bad[i].len));
    cs_test_told(&t, CS_EVENT_ABORTED, bad[i].rule);
    ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, bad[i].rule).reason, CS_NACK_CLOSED);
    char want[128];
    snprintf(want, sizeof want, "Abort payload=\"%s\"", cs_base_rule_id(bad[i].rule));
    CS_TEST_TEXT(cs_test_transmit(&t), want);
    teardown();
    setup();
  }
}
END_TEST

START_TEST(a_message_over_what_we_announced_ends_the_connection) {
  teardown();
  cs_core_config c = {.max_message = 100};
  open_with(CS_CLIENT, &c);
  uint8_t bytes[101] = {0xd0, 101 - 3 - 13, 0x45, 0xff};
  cs_test_receive_bytes(&t, cs_span_of(bytes, sizeof bytes));
  cs_test_told(&t, CS_EVENT_ABORTED, CS_RULE_MESSAGE_CAP);
}
END_TEST

START_TEST(responses_come_in_any_order_and_nothing_is_acknowledged) {
  cs_test_get(&t, CS_CON, -1, "a", &t);
  cs_test_get(&t, CS_CON, 77, "b", &setup);
  cs_test_get(&t, CS_NON, 77, "c", &teardown); /* a Message ID means nothing here */
  CS_TEST_TEXT(cs_test_transmit(&t), "GET token=61");
  CS_TEST_TEXT(cs_test_transmit(&t), "GET token=62");
  cs_test_receive(&t, "2.05 token=63"); /* it has not gone out yet */
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_TOKEN_UNMATCHED);
  CS_TEST_TEXT(cs_test_transmit(&t), "GET token=63");
  cs_test_receive(&t, "2.05 token=62 payload=\"two\"");
  cs_core_event e = cs_test_told(&t, CS_EVENT_RESPONSE, CS_RULE_NONE);
  ck_assert_ptr_eq(e.app, &setup);
  cs_core_answer(t.s, &e, false, t.now); /* there is no Reset here */
  cs_test_receive(&t, "4.04 token=61");
  ck_assert_ptr_eq(cs_test_told(&t, CS_EVENT_RESPONSE, CS_RULE_NONE).app, &t);
  cs_test_receive(&t, "2.05 token=62");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_TOKEN_UNMATCHED);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert_uint_eq(cs_test_to_deadline(&t), cs_core_params_default.response_timeout);
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_NONE).reason, CS_NACK_TIMEOUT);
  cs_test_no_event(&t);
  ck_assert(cs_core_idle(t.s));
}
END_TEST

START_TEST(a_response_that_cannot_be_used_ends_its_request_alone) {
  cs_test_get(&t, CS_CON, -1, "a", &t);
  cs_test_transmit(&t);
  cs_test_receive(&t, "2.05 token=61 Option-2049=0x01");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_OPTION_CRITICAL);
  ck_assert_int_eq(cs_test_told(&t, CS_EVENT_NACK, CS_RULE_OPTION_CRITICAL).reason,
                   CS_NACK_BAD_RESPONSE);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_test_get(&t, CS_CON, -1, "b", &t);
  CS_TEST_TEXT(cs_test_transmit(&t), "GET token=62");
}
END_TEST

START_TEST(a_client_answers_requests_by_not_implemented) {
  cs_test_receive(&t, "GET token=0102 Uri-Path=\"x\"");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_REQUEST_UNSERVED);
  CS_TEST_TEXT(cs_test_transmit(&t), "5.01 token=0102");
}
END_TEST

START_TEST(what_has_no_meaning_here_is_refused) {
  cs_core_request_spec spec = {.code = 1, .multicast = true, .mid = -1};
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, NULL), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_core_send_empty(t.s, CS_RST, 1, t.now), CS_ERR_UNSUPPORTED);
  spec.multicast = false;
  spec.code = CS_CODE(2, 5);
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, NULL), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_core_set_mtu(t.s, 8 << 20), CS_OK);
  ck_assert_uint_eq(cs_core_get_mtu(t.s), 8 << 20);
  ck_assert_int_eq(cs_core_set_mtu(t.s, (size_t)3 << 30), CS_ERR_ARGUMENT);
}
END_TEST

START_TEST(a_server_answers_in_the_order_of_its_answers) {
  teardown();
  open_with(CS_SERVER, NULL);
  cs_test_receive(&t, "GET token=0a");
  cs_core_exchange *a = cs_test_event(&t).exchange;
  cs_test_receive(&t, "GET token=0a"); /* nothing is a duplicate here */
  cs_core_exchange *b = cs_test_event(&t).exchange;
  cs_core_defer(t.s, a, t.now);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert_uint_eq(cs_core_deadline(t.s), CS_TIME_NEVER);
  cs_core_response_spec con = {.code = CS_CODE(2, 5), .payload = cs_span_str("b"), .type = CS_CON};
  ck_assert_int_eq(cs_core_respond(t.s, b, &con, t.now), CS_OK);
  content(a, 1);
  CS_TEST_TEXT(cs_test_transmit(&t), "2.05 token=0a payload=\"b\"");
  CS_TEST_TEXT(cs_test_transmit(&t), "2.05 token=0a payload=0x00");
  ck_assert(cs_core_idle(t.s));
}
END_TEST

START_TEST(a_server_refuses_an_unknown_critical_option) {
  teardown();
  open_with(CS_SERVER, NULL);
  cs_test_receive(&t, "GET token=0a Option-2049=0x01");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_OPTION_CRITICAL);
  CS_TEST_TEXT(cs_test_transmit(&t), "4.02 token=0a payload=\"unrecognised critical option 2049\"");
}
END_TEST

START_TEST(an_answer_over_what_the_peer_accepts_is_not_sent) {
  teardown();
  open_with(CS_SERVER, NULL);
  cs_test_receive(&t, "GET token=0a");
  cs_core_exchange *x = cs_test_event(&t).exchange;
  static const uint8_t body[1200];
  cs_core_response_spec spec = {.code = CS_CODE(2, 5), .payload = {body, 1200}, .type = -1};
  ck_assert_int_eq(cs_core_respond(t.s, x, &spec, t.now), CS_ERR_TOO_LARGE);
  content(x, 10); /* the exchange is still the owner's */
  ck_assert(cs_core_wants_transmit(t.s));
}
END_TEST

START_TEST(over_the_cap_a_request_is_answered_all_the_same) {
  teardown();
  cs_core_config c = {.max_exchanges = 2};
  open_with(CS_SERVER, &c);
  cs_core_exchange *x[2];
  for (unsigned i = 0; i < 2; i++) {
    cs_test_receive(&t, "GET token=0a");
    x[i] = cs_test_told(&t, CS_EVENT_REQUEST, CS_RULE_NONE).exchange;
  }
  cs_test_receive(&t, "GET token=0b");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_EXCHANGE_CAP);
  CS_TEST_TEXT(cs_test_transmit(&t), "5.03 token=0b");
  content(x[0], 0);
  cs_test_receive(&t, "GET token=0c"); /* answered ones do not count */
  cs_core_ignore(t.s, cs_test_told(&t, CS_EVENT_REQUEST, CS_RULE_NONE).exchange, t.now);
}
END_TEST

/* A client that never reads: answers pile up to their caps, then 5.03, and then
 * the session aborts. */
START_TEST(answers_that_wait_are_bounded) {
  teardown();
  open_with(CS_SERVER, NULL);
  cs_core_event e = {.kind = CS_EVENT_REQUEST};
  unsigned answered = 0, refused = 0;
  while (e.kind != CS_EVENT_ABORTED) {
    cs_test_receive(&t, "GET token=0a");
    e = cs_test_event(&t);
    if (e.kind == CS_EVENT_REQUEST) {
      content(e.exchange, 1100);
      answered++;
    } else if (e.kind == CS_EVENT_REJECTED) {
      ck_assert_int_eq(e.rule, CS_RULE_EXCHANGE_CAP);
      refused++;
    }
    ck_assert_uint_lt(answered + refused, 10000);
  }
  ck_assert_int_eq(e.rule, CS_RULE_REPLY_BACKLOG);
  ck_assert_uint_le(answered, CS_CORE_ANSWERS_BYTES / 1100 + 1);
  ck_assert_uint_gt(answered, 900);
  ck_assert_uint_eq(refused, CS_CORE_REPLIES_MAX);
  ck_assert_uint_lt(t.memory.peak_bytes, 1600000);
  CS_TEST_TEXT(cs_test_transmit(&t), "Abort payload=\"OURS#reply-backlog\"");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert(cs_core_over(t.s));
}
END_TEST

START_TEST(long_tokens_are_taken_up_to_what_we_announced) {
  teardown();
  cs_core_config c = {.token_max = 20};
  open_with(CS_SERVER, &c);
  cs_test_receive(&t, "GET token=0102030405060708090a0b0c0d0e0f1011121314");
  content(cs_test_told(&t, CS_EVENT_REQUEST, CS_RULE_NONE).exchange, 0);
  CS_TEST_TEXT(cs_test_transmit(&t), "2.05 token=0102030405060708090a0b0c0d0e0f1011121314");
  cs_test_receive(&t, "GET token=0102030405060708090a0b0c0d0e0f101112131415");
  cs_test_told(&t, CS_EVENT_ABORTED, CS_RULE_TOKEN_CAP);
}
END_TEST

/* Nothing is retransmitted, so what cannot be kept must be said. */
START_TEST(lack_of_memory_is_told_to_the_peer) {
  teardown();
  open_with(CS_SERVER, NULL);
  t.memory.fail_at = t.memory.calls + 1;
  cs_test_receive(&t, "GET token=0a");
  cs_test_told(&t, CS_EVENT_REJECTED, CS_RULE_OUT_OF_MEMORY);
  CS_TEST_TEXT(cs_test_transmit(&t), "5.03 token=0a");
  t.memory.fail_at = t.memory.calls + 1;
  cs_test_receive(&t, "Ping token=0a");
  cs_test_told(&t, CS_EVENT_ABORTED, CS_RULE_OUT_OF_MEMORY);
  CS_TEST_TEXT(cs_test_transmit(&t), "Abort payload=\"OURS#out-of-memory\"");
}
END_TEST

START_TEST(open_reports_each_failed_allocation) {
  for (size_t n = 1; n <= 2; n++) {
    cs_core_session *s = NULL;
    size_t before = t.memory.out_bytes;
    t.memory.fail_at = t.memory.calls + n;
    ck_assert_int_eq(cs_core_open(&t.config, NULL, 1152, t.now, &s), CS_ERR_MEMORY);
    ck_assert_ptr_null(s);
    ck_assert_uint_eq(t.memory.out_bytes, before);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/reliable");
  TCase *c = tcase_create("reliable");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, the_first_message_is_a_csm);
  tcase_add_test(c, empty_messages_and_an_abort_may_come_before_it);
  tcase_add_test(c, a_csm_that_does_not_come_is_missed_from_the_connection_on);
  tcase_add_test(c, an_empty_message_is_ignored_whatever_it_holds);
  tcase_add_test(c, a_malformed_message_ends_the_connection);
  tcase_add_test(c, a_message_over_what_we_announced_ends_the_connection);
  tcase_add_test(c, responses_come_in_any_order_and_nothing_is_acknowledged);
  tcase_add_test(c, a_response_that_cannot_be_used_ends_its_request_alone);
  tcase_add_test(c, a_client_answers_requests_by_not_implemented);
  tcase_add_test(c, what_has_no_meaning_here_is_refused);
  tcase_add_test(c, a_server_answers_in_the_order_of_its_answers);
  tcase_add_test(c, a_server_refuses_an_unknown_critical_option);
  tcase_add_test(c, an_answer_over_what_the_peer_accepts_is_not_sent);
  tcase_add_test(c, over_the_cap_a_request_is_answered_all_the_same);
  tcase_add_test(c, answers_that_wait_are_bounded);
  tcase_add_test(c, long_tokens_are_taken_up_to_what_we_announced);
  tcase_add_test(c, lack_of_memory_is_told_to_the_peer);
  tcase_add_test(c, open_reports_each_failed_allocation);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
