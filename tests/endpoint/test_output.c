/* The bytes that wait to be sent: whole messages in order, room that is bounded
 * and given back, moves that are few. Loop 0 a stream, 1 a WebSocket. */
#include <check.h>
#include <string.h>

#include "support/check_main.h"
#include "support/joined.h"

static cs_test_played p;

static void open_played(int kind) {
  cs_endpoint_config c = cs_test_stream_config(kind);
  cs_test_played_open(&p, &c, CS_CLIENT);
  cs_test_say(&p, "CSM Max-Message-Size=2000000");
  cs_test_hear(&p);
}

static void ask(const char *token, const void *body, size_t len) {
  cs_core_request_spec spec = {
      .code = 3, .mid = -1, .token = cs_span_str(token), .payload = {body, len}};
  ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(p.side.e), &spec, p.now, NULL, NULL),
                   CS_OK);
}

START_TEST(there_is_memory_only_while_bytes_wait) {
  open_played(_i);
  size_t before = p.side.memory.out_bytes;
  cs_test_say(&p, "Ping");
  cs_span bytes;
  ck_assert(cs_endpoint_wants_transmit(p.side.e));
  ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes));
  ck_assert_uint_eq(p.side.memory.out_bytes, before + bytes.len); /* exactly one message */
  cs_endpoint_sent(p.side.e, bytes.len - 1, p.now);
  ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes));
  ck_assert_uint_eq(bytes.len, 1);
  cs_endpoint_sent(p.side.e, 1, p.now);
  ck_assert_uint_eq(p.side.memory.out_bytes, before);
  ck_assert(!cs_endpoint_wants_transmit(p.side.e));
  ck_assert(!cs_endpoint_output(p.side.e, p.now, &bytes));
  cs_test_played_close(&p);
}
END_TEST

START_TEST(small_messages_go_together_and_large_ones_behind_them) {
  static uint8_t body[1 << 20];
  open_played(_i);
  ask("a", body, 100);
  ask("b", body, 1000000);
  ask("c", body, 100);
  cs_span bytes;
  ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes));
  ck_assert_uint_gt(bytes.len, 1000100);
  ck_assert_uint_lt(bytes.len, 1000140); /* over 16 KiB: the third waits */
  ck_assert(cs_core_wants_transmit(cs_endpoint_session(p.side.e)));
  cs_endpoint_sent(p.side.e, 999999, p.now);
  ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes)); /* there is room again */
  ck_assert(!cs_core_wants_transmit(cs_endpoint_session(p.side.e)));
  ck_assert_uint_lt(bytes.len, 400);
  cs_test_played_close(&p);
}
END_TEST

/* What the WebSocket sends of its own stands between messages, never in one. */
START_TEST(a_pong_of_the_websocket_goes_before_the_next_message) {
  open_played(1);
  ask("a", "x", 1);
  cs_span bytes;
  ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes));
  ck_assert_uint_eq(bytes.at[0], 0x82);
  size_t first = bytes.len;
  cs_endpoint_sent(p.side.e, 3, p.now); /* in the middle of the frame */
  cs_test_say_bytes(&p, cs_span_of("\x89\x02hi", 4));
  ask("b", "y", 1);
  ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes));
  ck_assert_uint_eq(bytes.at[first - 3], 0x8a);
  ck_assert_uint_eq(bytes.at[first - 3 + 6 + 2], 0x82);
  cs_test_played_close(&p);
}
END_TEST

/* Each byte that is taken may let in more; what waits is moved now and then. */
START_TEST(a_byte_at_a_time_stays_in_order_and_in_bounds) {
  enum { REQUESTS = 900 };
  static char tokens[REQUESTS][4];
  static const uint8_t body[60];
  open_played(_i);
  p.side.memory.peak_bytes = p.side.memory.out_bytes;
  size_t before = p.side.memory.calls;
  for (unsigned i = 0; i < REQUESTS; i++) {
    tokens[i][0] = (char)('0' + i / 100);
    tokens[i][1] = (char)('0' + i / 10 % 10);
    tokens[i][2] = (char)('0' + i % 10);
    ask(tokens[i], body, sizeof body);
  }
  size_t asking = p.side.memory.calls - before;
  for (unsigned i = 0; i < REQUESTS; i++) {
    char want[32];
    ck_assert(strncmp(cs_test_hear(&p), "PUT token=", 10) == 0);
    for (unsigned k = 0; k < 3; k++) {
      want[2 * k] = '3';
      want[2 * k + 1] = tokens[i][k];
    }
    ck_assert(strncmp(p.text + 10, want, 6) == 0);
  }
  /* 900 messages of 70 bytes are four buffers; growing to it takes eight more. */
  ck_assert_uint_lt(p.side.memory.calls - before - asking, 30);
  ck_assert_str_eq(cs_test_hear(&p), "");
  cs_test_played_close(&p);
}
END_TEST

START_TEST(without_memory_to_speak_the_session_ends) {
  open_played(_i);
  ask("a", "x", 1);
  p.side.memory.fail_at = p.side.memory.calls + 1;
  cs_span bytes;
  ck_assert(!cs_endpoint_output(p.side.e, p.now, &bytes));
  cs_test_side_events(&p.side, p.now);
  ck_assert_int_eq(p.side.aborted, CS_RULE_OUT_OF_MEMORY);
  ck_assert_int_eq(p.side.nack_rule, CS_RULE_OUT_OF_MEMORY);
  ck_assert(cs_endpoint_finished(p.side.e));
  cs_test_played_close(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint/output");
  TCase *c = tcase_create("output");
  tcase_add_loop_test(c, there_is_memory_only_while_bytes_wait, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, small_messages_go_together_and_large_ones_behind_them, 0, CS_TEST_KINDS);
  tcase_add_test(c, a_pong_of_the_websocket_goes_before_the_next_message);
  tcase_add_loop_test(c, a_byte_at_a_time_stays_in_order_and_in_bounds, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, without_memory_to_speak_the_session_ends, 0, CS_TEST_KINDS);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
