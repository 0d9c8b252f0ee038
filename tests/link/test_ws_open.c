/* The opening handshake, both sides: cut anywhere, refused, too long, too late. */
#include <stdio.h>

#include "support/check_main.h"
#include "support/ws_side.h"
#include "wire/ws_upgrade.h"

static cs_test_ws client, server;

static const char request[] = "GET /.well-known/coap HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Protocol: coap\r\nSec-WebSocket-Version: 13\r\n\r\n";

static void setup(void) {
  cs_test_ws_open(&client, false, 1024);
  cs_test_ws_open(&server, true, 1024);
}
static void teardown(void) {
  cs_test_ws_close(&client);
  cs_test_ws_close(&server);
}

START_TEST(nothing_is_ready_before_the_upgrade) {
  uint8_t copy[CS_LINK_OWN_MAX];
  ck_assert(!cs_link_ready(&client.link) && !cs_link_ready(&server.link));
  ck_assert(cs_link_wants_transmit(&client.link) && !cs_link_wants_transmit(&server.link));
  cs_span m;
  cs_rule broken;
  ck_assert_int_eq(cs_link_next(&server.link, &m, &broken), CS_ERR_AGAIN);
  cs_span out = cs_test_ws_own(&client);
  ck_assert(!cs_link_ready(&client.link) && !cs_link_wants_transmit(&client.link));
  memcpy(copy, out.at, out.len);
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(copy, out.len), 0), CS_ERR_AGAIN);
  /* The answer is first: a message may not go before it. */
  ck_assert(!cs_link_ready(&server.link) && cs_link_wants_transmit(&server.link));
  out = cs_test_ws_own(&server);
  ck_assert(cs_link_ready(&server.link));
  ck_assert_int_eq(cs_test_ws_give(&client, out, 0), CS_ERR_AGAIN);
  ck_assert(cs_link_ready(&client.link));
  ck_assert(!cs_link_closed(&client.link) && !cs_link_closed(&server.link));
  ck_assert_uint_eq(cs_link_deadline(&client.link), CS_TIME_NEVER);
  ck_assert_uint_eq(cs_link_deadline(&server.link), CS_TIME_NEVER);
  cs_link_ws_said said;
  ck_assert(cs_link_ws_peer_said(&client.link, &said) && said.http_status == 101 && !said.closed);
}
END_TEST

START_TEST(each_client_has_its_own_key) {
  static cs_test_ws other;
  uint8_t first[CS_LINK_OWN_MAX];
  cs_span out = cs_test_ws_own(&client);
  memcpy(first, out.at, out.len);
  cs_link_init(&other.link, CS_LINK_WEBSOCKET, &client.memory.alloc, 100);
  cs_link_ws_config config = {false, cs_base_seeded_random(&client.seed), cs_span_str("h"), 1};
  cs_rule broken;
  ck_assert_int_eq(cs_link_ws_open(&other.link, &config, 0, &broken), CS_OK);
  cs_span second = cs_test_ws_own(&other);
  ck_assert_uint_eq(second.len, out.len);
  ck_assert(memcmp(first, second.at, out.len) != 0);
  cs_link_free(&other.link);
}
END_TEST

START_TEST(what_comes_right_behind_a_head_is_frames) {
  uint8_t text[sizeof request + 20];
  memcpy(text, request, sizeof request - 1);
  size_t n = sizeof request - 1;
  n += cs_test_ws_frame(text + n, true, CS_WS_BINARY, true, cs_span_of("\0\x01", 2));
  for (size_t step = 0; step <= n; step++) {
    cs_link_free(&server.link);
    cs_test_ws_open(&server, true, 1024);
    ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(text, n), step), CS_ERR_AGAIN);
    ck_assert_uint_eq(server.count, 1);
    ck_assert_mem_eq(server.bytes, "\0\x01", 2);
  }
}
END_TEST

START_TEST(a_host_that_is_none_is_refused_and_leaves_the_link) {
  cs_link l;
  cs_link_init(&l, CS_LINK_WEBSOCKET, &client.memory.alloc, 100);
  cs_link_ws_config config = {false, cs_base_seeded_random(&client.seed), cs_span_str("a\r\nX: y"),
                              CS_SECOND};
  cs_rule broken = CS_RULE_NONE;
  ck_assert_int_eq(cs_link_ws_open(&l, &config, 0, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_WS_HOST);
  ck_assert_ptr_null(l.ws);
  config.host = cs_span_str("a");
  client.memory.fail_at = client.memory.calls + 1;
  ck_assert_int_eq(cs_link_ws_open(&l, &config, 0, &broken), CS_ERR_MEMORY);
  ck_assert_int_eq(cs_link_ws_open(&l, &config, 0, &broken), CS_OK);
  ck_assert_int_eq(cs_link_ws_open(&l, &config, 0, &broken), CS_ERR_STATE);
  cs_link_free(&l);
  cs_link_init(&l, CS_LINK_STREAM, &client.memory.alloc, 100);
  ck_assert_int_eq(cs_link_ws_open(&l, &config, 0, &broken), CS_ERR_STATE);
}
END_TEST

/* Another path: 404, and then nothing but the end. */
START_TEST(a_server_answers_a_request_that_it_refuses) {
  static const char other[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_str(other), 0), CS_ERR_RULE);
  ck_assert_int_eq(server.broken, CS_RULE_WS_PATH);
  ck_assert(!cs_link_closed(&server.link) && !cs_link_wants_transmit(&server.link));
  cs_link_close(&server.link, server.broken, CS_SECOND);
  cs_link_close(&server.link, CS_RULE_NONE, CS_SECOND);
  ck_assert(!cs_link_closed(&server.link));
  uint8_t small[20];
  size_t len = 77;
  ck_assert_int_eq(cs_link_transmit(&server.link, small, sizeof small, &len), CS_ERR_TOO_LARGE);
  ck_assert_uint_eq(len, 77);
  cs_span out = cs_test_ws_own(&server);
  ck_assert(out.len > 12 && memcmp(out.at, "HTTP/1.1 404", 12) == 0);
  ck_assert(cs_link_closed(&server.link) && !cs_link_ready(&server.link));
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_str(request), 0), CS_ERR_RULE);
}
END_TEST

START_TEST(a_client_ends_when_it_is_refused) {
  static const char other[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  (void)cs_test_ws_own(&client);
  ck_assert_int_eq(cs_test_ws_give(&client, cs_span_str(other), 3), CS_ERR_RULE);
  ck_assert_int_eq(client.broken, CS_RULE_WS_STATUS);
  cs_link_ws_said said;
  ck_assert(cs_link_ws_peer_said(&client.link, &said) && said.http_status == 404);
  cs_link_close(&client.link, client.broken, CS_SECOND);
  ck_assert(cs_link_closed(&client.link) && !cs_link_wants_transmit(&client.link));
}
END_TEST

/* Of another stack: a status line that is exactly this made it read on. */
START_TEST(a_status_line_without_a_status_is_refused) {
  ck_assert_int_eq(cs_test_ws_give(&client, cs_span_str("HTTP/1.1\r\n\r\n"), 0), CS_ERR_RULE);
  ck_assert_int_eq(client.broken, CS_RULE_HTTP_STATUS_LINE);
}
END_TEST

START_TEST(the_accept_value_must_be_that_of_this_connection) {
  cs_span out = cs_test_ws_own(&client);
  ck_assert_uint_gt(out.len, 0);
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_str(request), 0), CS_ERR_AGAIN);
  ck_assert_int_eq(cs_test_ws_give(&client, cs_test_ws_own(&server), 0), CS_ERR_RULE);
  ck_assert_int_eq(client.broken, CS_RULE_WS_ACCEPT);
  ck_assert(!cs_link_ready(&client.link));
}
END_TEST

/* Feeds text again and again; how many bytes were taken until it was refused. */
static size_t endless(cs_test_ws *s, const char *first, const char *again, size_t step) {
  size_t given = strlen(first);
  cs_err e = cs_test_ws_give(s, cs_span_str(first), step);
  while (e == CS_ERR_AGAIN) {
    ck_assert_uint_lt(given, 20000);
    given += strlen(again);
    e = cs_test_ws_give(s, cs_span_str(again), step);
  }
  ck_assert_int_eq(e, CS_ERR_RULE);
  return given;
}

START_TEST(header_lines_without_end_end_at_their_count) {
  size_t base = client.memory.out_bytes;
  size_t n = endless(&client, "HTTP/1.1 101 x\r\n", "a: b\r\n", 1);
  ck_assert_int_eq(client.broken, CS_RULE_HTTP_FIELDS);
  ck_assert_uint_eq(n, 16 + 101 * 6);
  ck_assert_uint_eq(client.memory.out_bytes, base);
  base = server.memory.out_bytes;
  (void)endless(&server, "GET / HTTP/1.1\r\n",
                "long: 0123456789012345678901234567890123456789"
                "01234567890123456789012345678901234567890123456789\r\n",
                0);
  ck_assert_int_eq(server.broken, CS_RULE_HTTP_HEAD_SIZE);
  ck_assert_uint_le(server.memory.peak_bytes, base + 2 * CS_HTTP_HEAD_MAX + 128);
  ck_assert_uint_eq(server.memory.out_bytes, base);
}
END_TEST

START_TEST(a_line_without_end_ends_at_the_size_of_a_head) {
  size_t base = server.memory.out_bytes;
  size_t n = endless(&server, "GET /", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 5);
  ck_assert_int_eq(server.broken, CS_RULE_HTTP_HEAD_SIZE);
  ck_assert_uint_le(n, CS_HTTP_HEAD_MAX + 64);
  ck_assert_uint_le(server.memory.peak_bytes, base + 2 * CS_HTTP_HEAD_MAX + 128);
}
END_TEST

START_TEST(any_failed_allocation_can_be_repeated) {
  bool failed;
  size_t fail = 0;
  do {
    fail++;
    failed = false;
    cs_link_free(&server.link);
    cs_test_ws_open(&server, true, 1024);
    server.memory.fail_at = server.memory.calls + fail;
    for (size_t at = 0; at < sizeof request - 1; at += 11) {
      size_t n = sizeof request - 1 - at < 11 ? sizeof request - 1 - at : 11;
      cs_span m;
      cs_err e;
      cs_link_feed(&server.link, cs_span_of(request + at, n));
      while ((e = cs_link_next(&server.link, &m, &server.broken)) == CS_ERR_MEMORY)
        failed = true;
      ck_assert_int_eq(e, CS_ERR_AGAIN);
    }
    (void)cs_test_ws_own(&server);
    ck_assert(cs_link_ready(&server.link));
  } while (failed);
  ck_assert_uint_gt(fail, 2);
}
END_TEST

START_TEST(a_handshake_that_takes_too_long_is_given_up) {
  cs_rule broken = CS_RULE_NONE;
  ck_assert_uint_eq(cs_link_deadline(&client.link), 30 * CS_SECOND);
  ck_assert_int_eq(cs_link_expire(&client.link, 30 * CS_SECOND - 1, &broken), CS_OK);
  ck_assert_int_eq(cs_link_expire(&client.link, 30 * CS_SECOND, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_WS_OPEN_TIMEOUT);
  cs_link_close(&client.link, broken, 30 * CS_SECOND);
  ck_assert(cs_link_closed(&client.link));
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(request, 20), 0), CS_ERR_AGAIN);
  ck_assert_int_eq(cs_link_expire(&server.link, 31 * CS_SECOND, &broken), CS_ERR_RULE);
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(request, 20), 0), CS_ERR_RULE);
  ck_assert_int_eq(server.broken, CS_RULE_WS_OPEN_TIMEOUT);
  cs_link_close(&server.link, broken, 31 * CS_SECOND);
  cs_span out = cs_test_ws_own(&server);
  ck_assert(out.len > 12 && memcmp(out.at, "HTTP/1.1 408", 12) == 0);
  ck_assert(cs_link_closed(&server.link));
}
END_TEST

/* A peer that does not even take the refusal. */
START_TEST(a_refusal_that_cannot_be_sent_is_given_up) {
  cs_rule broken = CS_RULE_NONE;
  cs_link_close(&server.link, CS_RULE_WS_PATH, CS_SECOND);
  ck_assert_uint_eq(cs_link_deadline(&server.link), 31 * CS_SECOND);
  ck_assert_int_eq(cs_link_expire(&server.link, 31 * CS_SECOND, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_WS_CLOSE_TIMEOUT);
  ck_assert(cs_link_closed(&server.link) && !cs_link_wants_transmit(&server.link));
  ck_assert_uint_eq(cs_link_deadline(&server.link), CS_TIME_NEVER);
}
END_TEST

START_TEST(closing_before_the_upgrade_needs_no_frames) {
  cs_link_close(&client.link, CS_RULE_NONE, 1);
  cs_link_close(&server.link, CS_RULE_NONE, 1);
  ck_assert(cs_link_closed(&client.link) && cs_link_closed(&server.link));
  ck_assert(!cs_link_wants_transmit(&client.link) && !cs_link_wants_transmit(&server.link));
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_str(request), 0), CS_ERR_CLOSED);
  ck_assert(!cs_link_wants_transmit(&server.link) && !cs_link_ready(&server.link));
}
END_TEST

/* The beginning of a head is given back, the rest of it not looked at. */
START_TEST(a_server_that_has_refused_reads_no_further) {
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(request, 20), 0), CS_ERR_AGAIN);
  cs_link_close(&server.link, CS_RULE_WS_PATH, 1);
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_str(request + 20), 0), CS_ERR_CLOSED);
  ck_assert_ptr_null(server.link.partial);
  cs_span out = cs_test_ws_own(&server);
  ck_assert(out.len > 12 && memcmp(out.at, "HTTP/1.1 404", 12) == 0);
  ck_assert(cs_link_closed(&server.link));
}
END_TEST

int main(void) {
  Suite *s = suite_create("link/ws_open");
  TCase *c = tcase_create("ws_open");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, nothing_is_ready_before_the_upgrade);
  tcase_add_test(c, each_client_has_its_own_key);
  tcase_add_test(c, what_comes_right_behind_a_head_is_frames);
  tcase_add_test(c, a_host_that_is_none_is_refused_and_leaves_the_link);
  tcase_add_test(c, a_server_answers_a_request_that_it_refuses);
  tcase_add_test(c, a_client_ends_when_it_is_refused);
  tcase_add_test(c, a_status_line_without_a_status_is_refused);
  tcase_add_test(c, the_accept_value_must_be_that_of_this_connection);
  tcase_add_test(c, header_lines_without_end_end_at_their_count);
  tcase_add_test(c, a_line_without_end_ends_at_the_size_of_a_head);
  tcase_add_test(c, any_failed_allocation_can_be_repeated);
  tcase_add_test(c, a_handshake_that_takes_too_long_is_given_up);
  tcase_add_test(c, a_refusal_that_cannot_be_sent_is_given_up);
  tcase_add_test(c, closing_before_the_upgrade_needs_no_frames);
  tcase_add_test(c, a_server_that_has_refused_reads_no_further);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
