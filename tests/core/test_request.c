/* Requests at a client: NSTART, PROBING_RATE, tokens, their end (RFC 7252
 * sections 4.7, 5.2, 5.3.1, 8). */
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

START_TEST(piggybacked_response_ends_the_request) {
  cs_test_get(&t, CS_CON, 7, "ab", &t);
  cs_test_transmit(&t);
  cs_test_receive(&t, "ACK 2.05 mid=7 token=6162 payload=\"hi\"");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_RESPONSE);
  ck_assert_ptr_eq(e.app, &t);
  ck_assert_uint_eq(e.message.payload.len, 2);
  ck_assert(e.body_released);
  cs_core_answer(t.s, &e, false, t.now);
  CS_TEST_TEXT(cs_test_transmit(&t), ""); /* an Acknowledgement is never answered */
  ck_assert_uint_eq(cs_core_open_requests(t.s), 0);
  ck_assert(cs_core_idle(t.s));
}
END_TEST

START_TEST(separate_response_is_acknowledged_when_accepted) {
  cs_test_get(&t, CS_CON, 7, "ab", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "ACK 0.00 mid=7");
  cs_test_no_event(&t);
  cs_test_pass(&t, 60 * CS_SECOND);
  CS_TEST_TEXT(cs_test_transmit(&t), ""); /* acknowledged: no retransmission */
  cs_test_receive(&t, "CON 2.05 mid=99 token=6162");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_RESPONSE);
  CS_TEST_TEXT(cs_test_transmit(&t), ""); /* the ACK waits for the answer */
  cs_core_answer(t.s, &e, true, t.now);
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0063");
}
END_TEST

START_TEST(rejected_response_is_reset) {
  cs_test_get(&t, CS_NON, 7, "ab", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "CON 2.05 mid=99 token=6162");
  cs_core_event e = cs_test_event(&t);
  cs_core_answer(t.s, &e, false, t.now);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0063");
  cs_test_get(&t, CS_NON, 8, "ac", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "NON 2.05 mid=100 token=6163");
  e = cs_test_event(&t);
  cs_core_answer(t.s, &e, false, t.now);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0064");
}
END_TEST

START_TEST(a_response_before_the_ack_stops_retransmission) {
  cs_test_get(&t, CS_CON, 7, "ab", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "NON 2.05 mid=99 token=6162");
  ck_assert_int_eq(cs_test_event(&t).kind, CS_EVENT_RESPONSE);
  cs_test_no_event(&t);
  cs_test_receive(&t, "ACK 0.00 mid=7"); /* late, and matches nothing any more */
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_MID_NOT_OURS);
  cs_test_pass(&t, 10 * CS_SECOND);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(a_reset_ends_the_request) {
  cs_test_get(&t, CS_NON, 7, "ab", &t);
  cs_test_transmit(&t);
  cs_test_receive(&t, "RST 0.00 mid=7");
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_NACK);
  ck_assert_int_eq(e.reason, CS_NACK_RESET);
  ck_assert_ptr_eq(e.app, &t);
}
END_TEST

START_TEST(an_acknowledged_request_ends_without_a_response) {
  cs_test_get(&t, CS_CON, 7, "ab", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "ACK 0.00 mid=7");
  cs_test_no_event(&t);
  ck_assert_uint_eq(cs_test_to_deadline(&t), cs_core_params_default.response_timeout);
  ck_assert_int_eq(cs_test_event(&t).reason, CS_NACK_TIMEOUT);
}
END_TEST

START_TEST(nstart_holds_the_second_request_back) {
  cs_test_get(&t, CS_CON, 1, "a", NULL);
  cs_test_get(&t, CS_CON, 2, "b", NULL);
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0001 token=61");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_test_receive(&t, "ACK 0.00 mid=1"); /* no longer outstanding (section 4.7) */
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0002 token=62");
}
END_TEST

START_TEST(nstart_three_lets_three_out) {
  cs_core_params p = cs_core_params_default;
  p.nstart = 3;
  ck_assert_int_eq(cs_core_set_params(t.s, &p), CS_OK);
  const char *token[] = {"a", "b", "c", "d"};
  for (int i = 0; i < 4; i++)
    cs_test_get(&t, CS_CON, i, token[i], NULL);
  for (int i = 0; i < 3; i++)
    ck_assert_str_ne(cs_test_transmit(&t), "");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(probing_rate_paces_an_unanswered_peer) {
  cs_test_get(&t, CS_NON, 1, "a", NULL);
  cs_test_get(&t, CS_NON, 2, "b", NULL);
  CS_TEST_TEXT(cs_test_transmit(&t), "NON GET mid=0x0001 token=61");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  /* Five bytes at one byte a second. */
  ck_assert_uint_eq(cs_test_to_deadline(&t), 5 * CS_SECOND);
  CS_TEST_TEXT(cs_test_transmit(&t), "NON GET mid=0x0002 token=62");
  /* An answer frees the slot at once. */
  cs_test_get(&t, CS_NON, 3, "c", NULL);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  cs_test_receive(&t, "NON 2.05 mid=99 token=62");
  cs_test_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "NON GET mid=0x0003 token=63");
}
END_TEST

START_TEST(bad_requests_are_refused_and_leave_nothing) {
  cs_core_request_spec ok = {.type = CS_CON, .code = 1, .mid = 5, .token = cs_span_str("t")};
  cs_core_request_spec spec;
  cs_core_request *r = NULL;
  cs_rule broken;
#define REFUSED(change, error, rule)                                                               \
  do {                                                                                             \
    spec = ok;                                                                                     \
    broken = CS_RULE_NONE;                                                                         \
    change;                                                                                        \
    ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, &r, &broken), error);                 \
    ck_assert_int_eq(broken, rule);                                                                \
    ck_assert_ptr_null(r);                                                                         \
    ck_assert_uint_eq(cs_core_open_requests(t.s), 0);                                              \
  } while (0)
  static const uint8_t accept_twice[] = {0xd1, 4, 0, 0x01, 0};
  static uint8_t big[1200];
  REFUSED(spec.type = CS_ACK, CS_ERR_ARGUMENT, CS_RULE_NONE);
  REFUSED(spec.code = 0, CS_ERR_ARGUMENT, CS_RULE_NONE);
  REFUSED(spec.code = CS_CODE(2, 5), CS_ERR_ARGUMENT, CS_RULE_NONE);
  REFUSED(spec.mid = 65536, CS_ERR_ARGUMENT, CS_RULE_NONE);
  REFUSED(spec.token = cs_span_str("ninebytes"), CS_ERR_RULE, CS_RULE_TOKEN_CAP);
  REFUSED(spec.multicast = true, CS_ERR_RULE, CS_RULE_MULTICAST_CONFIRMABLE);
  REFUSED(spec.options = cs_span_of(accept_twice, 5), CS_ERR_RULE, CS_RULE_OPTION_REPEATED);
  REFUSED(spec.payload = cs_span_of(big, 1148), CS_ERR_TOO_LARGE, CS_RULE_MESSAGE_SIZE);
  cs_test_get(&t, CS_CON, 5, "t", NULL);
  spec = ok;
  spec.mid = 6;
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, &r, NULL), CS_ERR_DUPLICATE);
  spec = ok;
  spec.token = cs_span_str("u");
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, &r, NULL), CS_ERR_DUPLICATE);
  ck_assert_uint_eq(cs_core_open_requests(t.s), 1);
}
END_TEST

START_TEST(open_requests_are_capped) {
  t.config.max_requests = 2;
  cs_test_get(&t, CS_CON, 1, "a", NULL);
  cs_test_get(&t, CS_CON, 2, "b", NULL);
  cs_core_request_spec spec = {.type = CS_CON, .code = 1, .mid = -1, .token = cs_span_str("c")};
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, NULL), CS_ERR_LIMIT);
  ck_assert_int_eq(cs_core_ping(t.s, NULL, t.now, NULL), CS_ERR_LIMIT);
}
END_TEST

START_TEST(cancel_forgets_at_any_stage) {
  cs_core_request *a = cs_test_get(&t, CS_CON, 1, "a", NULL);
  cs_core_request *b = cs_test_get(&t, CS_CON, 2, "b", NULL);
  cs_test_transmit(&t);
  cs_core_cancel(t.s, b); /* waiting */
  cs_core_cancel(t.s, a); /* sent */
  cs_core_request *c = cs_test_get(&t, CS_CON, 3, "c", NULL);
  cs_core_drain(t.s, CS_NACK_CLOSED);
  cs_core_cancel(t.s, c); /* ended, its event pending */
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
  ck_assert_uint_eq(cs_core_open_requests(t.s), 0);
}
END_TEST

START_TEST(ping_is_answered_by_a_reset) {
  uint16_t mid;
  ck_assert_int_eq(cs_core_ping(t.s, &t, t.now, &mid), CS_OK);
  const char *sent = cs_test_transmit(&t);
  ck_assert(strncmp(sent, "CON 0.00 mid=", 13) == 0);
  char reset[32];
  snprintf(reset, sizeof reset, "RST 0.00 mid=%u", mid);
  cs_test_receive(&t, reset);
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_PONG);
  ck_assert_ptr_eq(e.app, &t);
}
END_TEST

START_TEST(multicast_collects_responses_of_several_peers) {
  cs_core_request_spec spec = {
      .type = CS_NON, .code = 1, .mid = 7, .multicast = true, .token = cs_span_str("m")};
  cs_core_request *r;
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, &r, NULL), CS_OK);
  cs_test_transmit(&t);
  for (cs_core_peer peer = 1; peer <= 3; peer++) {
    cs_test_receive_from(&t, peer, false, "NON 2.05 mid=9 token=6d");
    cs_core_event e = cs_test_event(&t);
    ck_assert_int_eq(e.kind, CS_EVENT_RESPONSE);
    ck_assert_uint_eq(e.peer, peer);
    ck_assert(!e.body_released);
    cs_test_no_event(&t);
  }
  cs_test_receive_from(&t, 2, false, "NON 2.05 mid=9 token=6d"); /* the same again */
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_LATE_DUPLICATE);
  cs_test_pass(&t, cs_core_params_default.response_timeout);
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.reason, CS_NACK_TIMEOUT);
  ck_assert(e.body_released);
}
END_TEST

START_TEST(unreachable_fails_what_is_under_way) {
  cs_test_get(&t, CS_CON, 1, "a", NULL);
  cs_test_get(&t, CS_CON, 2, "b", NULL);
  cs_test_transmit(&t);
  cs_core_link(t.s, CS_LINK_UNREACHABLE, t.now);
  ck_assert_int_eq(cs_test_event(&t).reason, CS_NACK_UNREACHABLE);
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0002 token=62");
}
END_TEST

START_TEST(each_failed_allocation_leaves_a_working_session) {
  for (size_t n = 1;; n++) {
    t.memory.fail_at = t.memory.calls + n;
    cs_core_request_spec spec = {.type = CS_CON, .code = 1, .mid = -1, .token = cs_span_str("z")};
    cs_core_request *r = NULL;
    cs_err e = cs_core_send_request(t.s, &spec, t.now, &r, NULL);
    bool reached = t.memory.calls >= t.memory.fail_at;
    t.memory.fail_at = 0;
    if (e == CS_OK) {
      cs_core_cancel(t.s, r);
      if (!reached)
        break;
    } else {
      ck_assert_int_eq(e, CS_ERR_MEMORY);
      ck_assert_uint_eq(cs_core_open_requests(t.s), 0);
    }
    ck_assert_uint_lt(n, 20);
  }
}
END_TEST

START_TEST(new_tokens_are_unique_however_many_requests_are_open) {
  static uint8_t tokens[600][2];
  for (size_t i = 0; i < 600; i++) {
    cs_core_new_token(t.s, tokens[i], 2);
    cs_core_request_spec spec = {
        .type = CS_CON, .code = 1, .mid = -1, .token = cs_span_of(tokens[i], 2)};
    ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, NULL), CS_OK);
  }
}
END_TEST

START_TEST(new_tokens_differ) {
  uint8_t a[8], b[8];
  cs_core_new_token(t.s, a, 8);
  cs_core_new_token(t.s, b, 8);
  ck_assert_int_ne(memcmp(a, b, 8), 0);
}
END_TEST

START_TEST(a_request_that_no_message_can_hold_is_too_large) {
  static const size_t lengths[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    cs_core_request_spec spec = {
        .type = CS_CON, .code = 1, .mid = -1, .payload = {t.in, lengths[i]}};
    cs_rule broken = CS_RULE_NONE;
    ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, &broken), CS_ERR_TOO_LARGE);
    ck_assert_int_eq(broken, CS_RULE_MESSAGE_SIZE);
  }
  ck_assert(!cs_core_wants_transmit(t.s));
  ck_assert(cs_core_idle(t.s));
}
END_TEST

/* Or a server that goes on acknowledging would keep a request open for ever. */
START_TEST(a_second_ack_buys_no_more_time) {
  cs_test_get(&t, CS_CON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "ACK 0.00 mid=7");
  cs_test_no_event(&t);
  cs_test_pass(&t, 200 * CS_SECOND);
  cs_test_receive(&t, "ACK 0.00 mid=7");
  cs_test_no_event(&t);
  cs_test_pass(&t, 47 * CS_SECOND);
  cs_core_event e = cs_test_event(&t);
  ck_assert_int_eq(e.kind, CS_EVENT_NACK);
  ck_assert_int_eq(e.reason, CS_NACK_TIMEOUT);
}
END_TEST

START_TEST(an_ack_takes_back_a_queued_retransmission) {
  cs_test_get(&t, CS_CON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_to_deadline(&t);
  ck_assert(cs_core_wants_transmit(t.s));
  cs_test_receive(&t, "ACK 0.00 mid=7");
  cs_test_no_event(&t);
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

START_TEST(a_request_is_cancelled_while_its_end_is_told) {
  cs_core_request *r = cs_test_get(&t, CS_CON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive(&t, "ACK 2.05 mid=7 token=61");
  cs_core_event e = cs_test_event(&t);
  ck_assert_ptr_eq(e.request, r);
  cs_core_cancel(t.s, r);
  cs_core_answer(t.s, &e, true, t.now);
  ck_assert(cs_core_idle(t.s));
  r = cs_test_get(&t, CS_CON, 8, "a", NULL);
  cs_core_drain(t.s, CS_NACK_CLOSED);
  e = cs_test_event(&t);
  cs_core_cancel(t.s, e.request);
  cs_test_no_event(&t);
  ck_assert(cs_core_idle(t.s));
}
END_TEST

START_TEST(unreachable_spares_what_is_not_under_way) {
  cs_core_params p = cs_core_params_default;
  p.nstart = 3;
  ck_assert_int_eq(cs_core_set_params(t.s, &p), CS_OK);
  cs_core_request_spec group = {.type = CS_NON, .code = 1, .multicast = true, .mid = 1};
  ck_assert_int_eq(cs_core_send_request(t.s, &group, t.now, NULL, NULL), CS_OK);
  cs_test_get(&t, CS_CON, 2, "acked", NULL);
  cs_test_get(&t, CS_CON, 3, "sent", &p);
  cs_test_get(&t, CS_CON, 4, "waits", NULL);
  while (*cs_test_transmit(&t))
    ;
  cs_test_receive(&t, "ACK 0.00 mid=2"); /* lets the fourth into the queue */
  cs_test_no_event(&t);
  cs_core_link(t.s, CS_LINK_UNREACHABLE, t.now);
  cs_core_event e = cs_test_event(&t);
  ck_assert_ptr_eq(e.app, &p);
  ck_assert_int_eq(e.reason, CS_NACK_UNREACHABLE);
  cs_test_no_event(&t);
  ck_assert_uint_eq(cs_core_open_requests(t.s), 3);
}
END_TEST

START_TEST(what_a_session_cannot_send_is_refused) {
  cs_rule broken = CS_RULE_NONE;
  cs_core_request_spec spec = {.type = CS_CON, .code = 1, .mid = -2};
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, NULL), CS_ERR_ARGUMENT);
  spec.mid = 65536;
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, NULL), CS_ERR_ARGUMENT);
  spec.mid = -1;
  t.config.token_max = 10;
  spec.token = cs_span_of("0123456789a", 11);
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_TOKEN_CAP);
  spec.token.len = 10;
  ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, &broken), CS_OK);
  cs_test_session server;
  cs_test_session_open(&server, CS_SERVER, NULL);
  spec.token.len = 1;
  ck_assert_int_eq(cs_core_send_request(server.s, &spec, server.now, NULL, NULL), CS_ERR_STATE);
  cs_test_session_close(&server);
}
END_TEST

/* The search for a free token ends where there is none. */
START_TEST(tokens_of_one_byte_run_out) {
  static uint8_t token[256];
  for (unsigned i = 0; i < 256; i++) {
    token[i] = (uint8_t)i;
    cs_core_request_spec spec = {.type = CS_CON, .code = 1, .mid = -1, .token = {&token[i], 1}};
    ck_assert_int_eq(cs_core_send_request(t.s, &spec, t.now, NULL, NULL), CS_OK);
  }
  uint8_t one;
  cs_core_new_token(t.s, &one, 1);
  ck_assert_ptr_nonnull(cs_core_find_request(t.s, cs_span_of(&one, 1)));
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/request");
  TCase *c = tcase_create("request");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, piggybacked_response_ends_the_request);
  tcase_add_test(c, separate_response_is_acknowledged_when_accepted);
  tcase_add_test(c, rejected_response_is_reset);
  tcase_add_test(c, a_response_before_the_ack_stops_retransmission);
  tcase_add_test(c, a_reset_ends_the_request);
  tcase_add_test(c, an_acknowledged_request_ends_without_a_response);
  tcase_add_test(c, nstart_holds_the_second_request_back);
  tcase_add_test(c, nstart_three_lets_three_out);
  tcase_add_test(c, probing_rate_paces_an_unanswered_peer);
  tcase_add_test(c, bad_requests_are_refused_and_leave_nothing);
  tcase_add_test(c, open_requests_are_capped);
  tcase_add_test(c, cancel_forgets_at_any_stage);
  tcase_add_test(c, ping_is_answered_by_a_reset);
  tcase_add_test(c, multicast_collects_responses_of_several_peers);
  tcase_add_test(c, unreachable_fails_what_is_under_way);
  tcase_add_test(c, each_failed_allocation_leaves_a_working_session);
  tcase_add_test(c, new_tokens_are_unique_however_many_requests_are_open);
  tcase_add_test(c, new_tokens_differ);
  tcase_add_test(c, a_request_that_no_message_can_hold_is_too_large);
  tcase_add_test(c, a_second_ack_buys_no_more_time);
  tcase_add_test(c, an_ack_takes_back_a_queued_retransmission);
  tcase_add_test(c, a_request_is_cancelled_while_its_end_is_told);
  tcase_add_test(c, unreachable_spares_what_is_not_under_way);
  tcase_add_test(c, what_a_session_cannot_send_is_refused);
  tcase_add_test(c, tokens_of_one_byte_run_out);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
