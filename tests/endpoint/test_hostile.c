/* Peers that mean harm, on the virtual clock: each ends at its documented count
 * or deadline with a rule, and the allocator shows that the caps held. Each test
 * runs over a stream (loop 0) and a WebSocket (loop 1). */
#include <check.h>
#include <string.h>

#include "support/check_main.h"
#include "support/joined.h"
#include "wire/ws_frame.h"

static cs_test_played p;

/* Held by an endpoint that nothing happens in: its own structures. */
enum { RESTING = 4096 };

static void open_played(int kind, cs_core_role role, uint32_t max_message) {
  cs_endpoint_config c = cs_test_stream_config(kind);
  c.core.max_message = max_message;
  cs_test_played_open(&p, &c, role);
}

/* The endpoint says why, closes its WebSocket, and is finished; then silence. */
static void ended_for(cs_rule rule, bool abort_comes) {
  ck_assert_msg(p.side.aborted == rule, "%s", cs_base_rule_id(p.side.aborted));
  ck_assert_uint_eq(p.side.kinds[CS_EVENT_ABORTED], 1);
  bool aborted = false;
  for (unsigned i = 0; i < 5000 && *cs_test_hear(&p) && strcmp(p.text, "(closed)") != 0; i++)
    if (strncmp(p.text, "Abort", 5) == 0) {
      aborted = true;
      ck_assert_ptr_nonnull(strstr(p.text, cs_base_rule_id(rule)));
    }
  ck_assert(aborted == abort_comes);
  if (p.side.config.link == CS_LINK_WEBSOCKET) {
    cs_link_ws_said said;
    ck_assert_str_eq(p.text, "(closed)");
    ck_assert(cs_link_ws_peer_said(&p.link, &said));
    ck_assert(cs_span_equal(said.reason, cs_span_str(cs_base_rule_id(rule))));
  }
  ck_assert(cs_endpoint_finished(p.side.e));
  ck_assert(!cs_test_say(&p, "Ping"));
  ck_assert_uint_eq(cs_endpoint_deadline(p.side.e), CS_TIME_NEVER);
  cs_test_played_close(&p);
}

START_TEST(a_peer_that_never_sends_a_csm) {
  open_played(_i, CS_CLIENT, 0);
  ck_assert_int_eq(cs_core_ping(cs_endpoint_session(p.side.e), NULL, p.now, NULL), CS_OK);
  cs_test_hear(&p);
  cs_test_hear(&p);
  while (!p.side.kinds[CS_EVENT_ABORTED])
    cs_test_played_wait(&p);
  ck_assert_uint_eq(p.now, 31 * CS_SECOND);
  ck_assert_int_eq(p.side.nack_rule, CS_RULE_CSM_MISSING);
  ended_for(CS_RULE_CSM_MISSING, true);
}
END_TEST

START_TEST(csms_without_end) {
  open_played(_i, CS_CLIENT, 0);
  unsigned n = 0;
  while (cs_test_say(&p, n % 2 ? "CSM" : "CSM Max-Message-Size=100000 Block-Wise-Transfer"))
    ck_assert_uint_lt(n++, 5000);
  ck_assert_uint_eq(n, CS_CORE_IDLE_MAX + 1); /* the last one was over it */
  ck_assert_uint_lt(p.side.memory.peak_bytes, RESTING);
  ended_for(CS_RULE_IDLE_TRAFFIC, true);
}
END_TEST

/* Options without end fill a message to the size that we announced, which is the
 * most that is held; one byte more, and the connection ends before it. */
START_TEST(a_csm_with_options_without_end) {
  enum { MAX = 65536, HEAD = 4 };
  static uint8_t bytes[MAX + CS_WS_HEADER_MAX];
  open_played(_i, CS_SERVER, MAX);
  size_t head = _i ? 2 : HEAD, frame = cs_link_header_size(&p.link, MAX);
  uint8_t *at = bytes + frame;
  memset(at, 0, MAX); /* option 0, empty, again and again */
  at[0] = _i ? 0 : 14 << 4;
  if (!_i) {
    at[1] = (MAX - HEAD - 269) >> 8;
    at[2] = (MAX - HEAD - 269) & 255;
  }
  at[head - 1] = CS_CODE(7, 1);
  cs_link_seal(&p.link, bytes, MAX);
  for (size_t i = 0; i < frame + MAX; i += 1000) {
    size_t n = frame + MAX - i < 1000 ? frame + MAX - i : 1000;
    ck_assert(cs_test_say_bytes(&p, cs_span_of(bytes + i, n)));
  }
  ck_assert_uint_eq(p.side.kinds[CS_EVENT_CSM], 1);
  ck_assert_uint_lt(p.side.memory.peak_bytes, 2 * MAX + RESTING);
  /* Announced one byte longer: refused by the length alone. */
  static const uint8_t longer[] = {14 << 4, (MAX + 1 - HEAD - 269) >> 8,
                                   (MAX + 1 - HEAD - 269) & 255, CS_CODE(7, 1)};
  static const uint8_t frame_longer[] = {0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4};
  cs_test_say_bytes(&p, _i ? cs_span_of(frame_longer, sizeof frame_longer)
                           : cs_span_of(longer, sizeof longer));
  ended_for(CS_RULE_MESSAGE_CAP, !_i);
}
END_TEST

START_TEST(an_announced_length_of_four_gigabytes) {
  static const uint8_t stream[] = {0xf0, 0xff, 0xff, 0xff, 0xff, 0x45};
  static const uint8_t frame[] = {0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0};
  open_played(_i, CS_CLIENT, 0);
  cs_test_say(&p, "CSM");
  cs_test_say_bytes(&p, _i ? cs_span_of(frame, sizeof frame) : cs_span_of(stream, sizeof stream));
  ck_assert_uint_lt(p.side.memory.peak_bytes, RESTING);
  ended_for(CS_RULE_MESSAGE_CAP, !_i);
}
END_TEST

/* Announced and never sent: what is held grows with what comes. */
START_TEST(a_message_that_does_not_go_on) {
  static const uint8_t stream[] = {0xf0, 0, 0x0e, 0, 0, 0x45, 0xff, 'x'};
  static const uint8_t frame[] = {0x82, 127, 0, 0, 0, 0, 0, 15, 0, 0, 0, 0x45, 0xff, 'x'};
  open_played(_i, CS_CLIENT, 0);
  cs_test_say(&p, "CSM");
  ck_assert(cs_test_say_bytes(&p, _i ? cs_span_of(frame, sizeof frame)
                                     : cs_span_of(stream, sizeof stream)));
  ck_assert_uint_lt(p.side.memory.peak_bytes, RESTING);
  ck_assert_uint_eq(p.side.kinds[CS_EVENT_ABORTED], 0);
  cs_test_played_close(&p);
}
END_TEST

START_TEST(pings_without_end_that_are_read) {
  open_played(_i, CS_CLIENT, 0);
  cs_test_say(&p, "CSM");
  cs_test_hear(&p);
  unsigned n = 0, pongs = 0;
  while (cs_test_say(&p, "Ping token=0102030405060708")) {
    pongs += strncmp(cs_test_hear(&p), "Pong", 4) == 0;
    ck_assert_uint_lt(n++, 5000);
  }
  ck_assert_uint_eq(pongs, CS_CORE_IDLE_MAX - 1);
  ck_assert_uint_lt(p.side.memory.peak_bytes, RESTING);
  cs_test_played_close(&p);
}
END_TEST

/* All in one read: the Pongs fill the output, then 64 wait, then it ends. */
START_TEST(pings_without_end_that_are_not_read) {
  enum { PING = 10 };
  static uint8_t pings[800 * PING];
  open_played(0, CS_CLIENT, 0);
  cs_test_say(&p, "CSM");
  for (size_t i = 0; i < 800; i++)
    memcpy(pings + i * PING, "\x08\xe2tokentok", PING);
  ck_assert(cs_test_say_bytes(&p, cs_span_of(pings, 800 * PING)));
  ck_assert_uint_eq(p.side.kinds[CS_EVENT_PING], 800);
  cs_test_played_close(&p);
  /* With answers as long as 1,000 bytes each there is room for 16 or 17 and 64 more. */
  static const uint8_t head[] = {0x0e, 0xe2, (1000 - 269) >> 8, (1000 - 269) & 255};
  cs_endpoint_config c = cs_test_stream_config(0);
  c.core.token_max = 1000;
  cs_test_played_open(&p, &c, CS_CLIENT);
  cs_test_say(&p, "CSM");
  unsigned n = 0;
  uint8_t all[1004];
  memcpy(all, head, sizeof head);
  memset(all + 4, 't', 1000);
  while (cs_test_say_bytes(&p, cs_span_of(all, sizeof all)))
    ck_assert_uint_lt(n++, 5000);
  ck_assert_uint_ge(p.side.kinds[CS_EVENT_PING], 16 + CS_CORE_REPLIES_MAX);
  ck_assert_uint_le(p.side.kinds[CS_EVENT_PING], 17 + CS_CORE_REPLIES_MAX);
  ck_assert_uint_lt(p.side.memory.peak_bytes, 100000 + RESTING);
  ck_assert_int_eq(p.side.aborted, CS_RULE_REPLY_BACKLOG);
  cs_test_played_close(&p);
}
END_TEST

START_TEST(a_peer_that_never_reads) {
  static uint8_t body[1 << 20];
  open_played(_i, CS_CLIENT, 0);
  cs_test_say(&p, "CSM Max-Message-Size=2000000");
  cs_core_request_spec spec = {.code = 3, .mid = -1, .payload = {body, sizeof body}};
  static const char tokens[] = "abcdefgh";
  for (unsigned i = 0; i < 8; i++) {
    spec.token = cs_span_of(&tokens[i], 1);
    ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(p.side.e), &spec, p.now, NULL, NULL),
                     CS_OK);
  }
  cs_span bytes;
  ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes));
  ck_assert_uint_gt(bytes.len, sizeof body);
  ck_assert_uint_lt(p.side.memory.peak_bytes, 16384 + sizeof body + 16384 + RESTING);
  ck_assert_uint_eq(cs_test_played_wait(&p), 30 * CS_SECOND);
  ck_assert_int_eq(p.side.aborted, CS_RULE_PEER_STALLED);
  ck_assert_uint_eq(p.side.kinds[CS_EVENT_NACK], 8);
  ck_assert_int_eq(p.side.nack_rule, CS_RULE_PEER_STALLED);
  ck_assert(cs_endpoint_finished(p.side.e));
  ck_assert(!cs_endpoint_output(p.side.e, p.now, &bytes));
  ck_assert_uint_lt(p.side.memory.out_bytes, RESTING);
  cs_test_played_close(&p);
}
END_TEST

/* 4 KiB in time keep the session, and start the wait anew. */
START_TEST(a_peer_that_reads_slowly) {
  cs_endpoint_config c = cs_test_stream_config(_i);
  static uint8_t body[100000];
  c.stall_timeout = 5 * CS_SECOND;
  cs_test_played_open(&p, &c, CS_CLIENT);
  cs_test_say(&p, "CSM Max-Message-Size=2000000");
  cs_core_request_spec spec = {.code = 3, .mid = -1, .payload = {body, sizeof body}};
  ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(p.side.e), &spec, p.now, NULL, NULL),
                   CS_OK);
  cs_span bytes;
  for (unsigned i = 0; i < 4; i++) {
    ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes));
    p.now += 4 * CS_SECOND;
    cs_endpoint_expire(p.side.e, p.now);
    cs_endpoint_sent(p.side.e, 0, p.now); /* none taken: no progress */
    cs_endpoint_sent(p.side.e, 1, p.now);
    cs_endpoint_sent(p.side.e, CS_ENDPOINT_PROGRESS - 2, p.now);
    ck_assert_uint_eq(cs_endpoint_deadline(p.side.e), p.now + CS_SECOND);
    cs_endpoint_sent(p.side.e, 1, p.now);
    ck_assert_uint_eq(cs_endpoint_deadline(p.side.e), p.now + 5 * CS_SECOND);
  }
  ck_assert_uint_eq(cs_test_played_wait(&p), 5 * CS_SECOND);
  ck_assert_int_eq(p.side.aborted, CS_RULE_PEER_STALLED);
  ck_assert(cs_endpoint_finished(p.side.e));
  cs_test_played_close(&p);
}
END_TEST

/* A byte every now and then does not: neither what waits in the output nor what
 * is queued behind it is held for ever. */
START_TEST(a_peer_that_reads_a_byte_at_a_time) {
  static const uint8_t body[1000];
  static const char tokens[] = "abcdefghijklmnopqrstuvwxyz";
  open_played(_i, CS_CLIENT, 0);
  cs_test_say(&p, "CSM");
  cs_core_request_spec spec = {.code = 3, .mid = -1, .payload = {body, sizeof body}};
  for (unsigned i = 0; i < 26; i++) {
    spec.token = cs_span_of(&tokens[i], 1);
    ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(p.side.e), &spec, p.now, NULL, NULL),
                     CS_OK);
  }
  cs_time began = p.now;
  cs_span bytes;
  while (!cs_endpoint_finished(p.side.e)) {
    ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes));
    cs_endpoint_sent(p.side.e, 1, p.now);
    p.now += 5 * CS_SECOND;
    cs_endpoint_expire(p.side.e, p.now);
    cs_test_side_events(&p.side, p.now);
    ck_assert_uint_le(p.now - began, 30 * CS_SECOND);
  }
  ck_assert_int_eq(p.side.aborted, CS_RULE_PEER_STALLED);
  ck_assert_uint_eq(p.side.kinds[CS_EVENT_NACK], 26);
  cs_test_played_close(&p);
}
END_TEST

/* An Abort that is read a byte at a time does not keep the session either. */
START_TEST(an_end_that_is_drawn_out_is_cut_short) {
  open_played(_i, CS_CLIENT, 0);
  cs_test_say(&p, "Pong");
  ck_assert_int_eq(p.side.aborted, CS_RULE_CSM_FIRST);
  cs_span bytes;
  cs_time began = p.now;
  while (!cs_endpoint_finished(p.side.e)) {
    ck_assert(cs_endpoint_output(p.side.e, p.now, &bytes));
    if (bytes.len > 1)
      cs_endpoint_sent(p.side.e, 1, p.now);
    p.now += 20 * CS_SECOND;
    cs_endpoint_expire(p.side.e, p.now);
    cs_test_side_events(&p.side, p.now);
  }
  ck_assert_uint_le(p.now - began, 40 * CS_SECOND);
  cs_test_played_close(&p);
}
END_TEST

START_TEST(a_server_that_does_not_upgrade) {
  cs_endpoint_config c = cs_test_stream_config(1);
  cs_test_side s;
  c.handshake_timeout = 3 * CS_SECOND;
  for (unsigned client = 0; client < 2; client++) {
    cs_test_side_open(&s, &c, client ? CS_CLIENT : CS_SERVER, 1152, CS_SECOND);
    cs_endpoint_up(s.e, CS_SECOND);
    cs_span bytes;
    ck_assert(cs_endpoint_output(s.e, CS_SECOND, &bytes) == (client == 1));
    if (client)
      cs_endpoint_sent(s.e, bytes.len, CS_SECOND);
    ck_assert(!cs_endpoint_ready(s.e));
    ck_assert_uint_eq(cs_endpoint_deadline(s.e), 4 * CS_SECOND);
    cs_endpoint_expire(s.e, 4 * CS_SECOND);
    cs_test_side_events(&s, 4 * CS_SECOND);
    ck_assert_int_eq(s.aborted, CS_RULE_WS_OPEN_TIMEOUT);
    ck_assert(cs_endpoint_finished(s.e));
    cs_test_side_close(&s);
  }
}
END_TEST

START_TEST(an_upgrade_that_is_refused) {
  static const char refusal[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  cs_endpoint_config c = cs_test_stream_config(1);
  cs_test_side s;
  cs_span bytes;
  cs_link_ws_said said;
  cs_test_side_open(&s, &c, CS_CLIENT, 1152, CS_SECOND);
  cs_core_request_spec spec = {.code = 1, .mid = -1};
  ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(s.e), &spec, 1000000, NULL, NULL),
                   CS_OK);
  ck_assert(!cs_endpoint_ws_peer_said(s.e, &said));
  cs_endpoint_up(s.e, CS_SECOND);
  ck_assert(cs_endpoint_output(s.e, CS_SECOND, &bytes));
  cs_endpoint_sent(s.e, bytes.len, CS_SECOND);
  ck_assert_int_eq(
      cs_endpoint_receive(s.e, 0, false, cs_span_of(refusal, sizeof refusal - 1), CS_SECOND),
      CS_OK);
  cs_test_side_events(&s, CS_SECOND);
  ck_assert_int_eq(s.aborted, CS_RULE_WS_STATUS);
  ck_assert_int_eq(s.nack_rule, CS_RULE_WS_STATUS);
  ck_assert(cs_endpoint_ws_peer_said(s.e, &said));
  ck_assert_uint_eq(said.http_status, 404);
  ck_assert(!cs_endpoint_output(s.e, CS_SECOND, &bytes));
  ck_assert(cs_endpoint_finished(s.e));
  cs_test_side_close(&s);
}
END_TEST

START_TEST(an_upgrade_that_we_refuse) {
  static const char bad[] = "GET /other HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Protocol: coap\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  cs_endpoint_config c = cs_test_stream_config(1);
  cs_test_side s;
  cs_span bytes;
  cs_test_side_open(&s, &c, CS_SERVER, 1152, CS_SECOND);
  cs_endpoint_up(s.e, CS_SECOND);
  ck_assert_int_eq(cs_endpoint_receive(s.e, 0, false, cs_span_of(bad, sizeof bad - 1), CS_SECOND),
                   CS_OK);
  cs_test_side_events(&s, CS_SECOND);
  ck_assert_int_eq(s.aborted, CS_RULE_WS_PATH);
  ck_assert(cs_endpoint_output(s.e, CS_SECOND, &bytes));
  ck_assert(bytes.len > 12 && memcmp(bytes.at, "HTTP/1.1 404", 12) == 0);
  cs_endpoint_sent(s.e, bytes.len, CS_SECOND);
  ck_assert(cs_endpoint_finished(s.e));
  cs_test_side_close(&s);
}
END_TEST

/* A rule of the frames gets a Close and no Abort; the peer's Close gets ours. */
START_TEST(a_close_of_the_peer_is_answered) {
  open_played(1, CS_CLIENT, 0);
  cs_test_say(&p, "CSM");
  cs_test_hear(&p);
  cs_core_request_spec spec = {.code = 1, .mid = -1};
  ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(p.side.e), &spec, p.now, NULL, NULL),
                   CS_OK);
  cs_test_hear(&p);
  cs_link_close(&p.link, CS_RULE_NONE, p.now);
  uint8_t buf[CS_LINK_OWN_MAX];
  size_t n;
  ck_assert_int_eq(cs_link_transmit(&p.link, buf, sizeof buf, &n), CS_OK);
  ck_assert(cs_test_say_bytes(&p, cs_span_of(buf, n)));
  ck_assert_int_eq(p.side.nack, CS_NACK_CLOSED);
  ck_assert_uint_eq(p.side.kinds[CS_EVENT_ABORTED], 0);
  ck_assert_str_eq(cs_test_hear(&p), "(closed)");
  ck_assert(cs_endpoint_finished(p.side.e));
  cs_test_played_close(&p);
}
END_TEST

START_TEST(a_text_frame_gets_a_close) {
  open_played(1, CS_CLIENT, 0);
  cs_test_say(&p, "CSM");
  cs_test_say_bytes(&p, cs_span_of("\x81\x02hi", 4));
  ended_for(CS_RULE_WS_TEXT, false);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint/hostile");
  TCase *c = tcase_create("hostile");
  tcase_add_loop_test(c, a_peer_that_never_sends_a_csm, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, csms_without_end, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, a_csm_with_options_without_end, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, an_announced_length_of_four_gigabytes, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, a_message_that_does_not_go_on, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, pings_without_end_that_are_read, 0, CS_TEST_KINDS);
  tcase_add_test(c, pings_without_end_that_are_not_read);
  tcase_add_loop_test(c, a_peer_that_never_reads, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, a_peer_that_reads_slowly, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, a_peer_that_reads_a_byte_at_a_time, 0, CS_TEST_KINDS);
  tcase_add_loop_test(c, an_end_that_is_drawn_out_is_cut_short, 0, CS_TEST_KINDS);
  tcase_add_test(c, a_server_that_does_not_upgrade);
  tcase_add_test(c, an_upgrade_that_is_refused);
  tcase_add_test(c, an_upgrade_that_we_refuse);
  tcase_add_test(c, a_close_of_the_peer_is_answered);
  tcase_add_test(c, a_text_frame_gets_a_close);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
