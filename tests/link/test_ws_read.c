/* Frames put together to messages, and what a hostile peer meets: each case
 * ends at its stated count, within its stated memory. */
#include <stdio.h>

#include "support/check_main.h"
#include "support/ws_side.h"
#include "wire/ws_upgrade.h"

enum { CAP = 4096 };
static cs_test_ws client, server;
static uint8_t out[1 << 18];

static void setup(void) {
  cs_test_ws_pair(&client, &server, CAP);
}
static void teardown(void) {
  cs_test_ws_close(&client);
  cs_test_ws_close(&server);
}

START_TEST(an_unmasked_whole_frame_is_passed_in_place_without_memory) {
  size_t n = cs_test_ws_frame(out, true, CS_WS_BINARY, false, cs_span_of("\0\x45\xffhello", 8));
  size_t calls = client.memory.calls;
  cs_span m;
  cs_rule broken;
  cs_link_feed(&client.link, cs_span_of(out, n));
  ck_assert_int_eq(cs_link_next(&client.link, &m, &broken), CS_OK);
  ck_assert_ptr_eq(m.at, out + 2);
  ck_assert_uint_eq(m.len, 8);
  ck_assert_int_eq(cs_link_next(&client.link, &m, &broken), CS_ERR_AGAIN);
  ck_assert_uint_eq(client.memory.calls, calls);
}
END_TEST

/* RFC 6455 section 5.7's text "Hello" is not for CoAP, its fragments are as
 * binary ones. */
START_TEST(the_fragments_of_section_5_7_make_hello) {
  static const uint8_t fragments[] = "\x02\x03Hel\x80\x02lo";
  for (size_t step = 1; step <= sizeof fragments; step++) {
    cs_test_ws_forget(&client);
    ck_assert_int_eq(cs_test_ws_give(&client, cs_span_of(fragments, sizeof fragments - 1), step),
                     CS_ERR_AGAIN);
    ck_assert_uint_eq(client.count, 1);
    ck_assert_uint_eq(client.used, 5);
    ck_assert_mem_eq(client.bytes, "Hello", 5);
  }
}
END_TEST

/* The same messages however they are fragmented, with control frames between,
 * and however the bytes are cut. */
START_TEST(random_fragments_make_the_same_messages) {
  cs_base_seeded g;
  cs_base_seeded_init(&g, 8323);
  for (int round = 0; round < 300; round++) {
    uint8_t message[1500];
    size_t len = 1 + cs_base_seeded_next(&g) % sizeof message;
    for (size_t i = 0; i < len; i++)
      message[i] = (uint8_t)cs_base_seeded_next(&g);
    bool masked = round & 1;
    cs_test_ws *s = masked ? &server : &client;
    size_t n = 0;
    for (size_t at = 0, first = 1; at < len; first = 0) {
      size_t part = cs_base_seeded_next(&g) % (len - at + 1);
      bool fin = part == len - at;
      n += cs_test_ws_frame(out + n, fin, first ? CS_WS_BINARY : CS_WS_CONTINUATION, masked,
                            cs_span_of(message + at, part));
      at += part;
      if (part == 0)
        ck_assert(at < len);
      if (cs_base_seeded_next(&g) % 4 == 0)
        n += cs_test_ws_frame(out + n, true, CS_WS_PONG, masked, cs_span_of("abc", 3));
    }
    for (int again = 0; again < 3; again++) {
      cs_test_ws_forget(s);
      size_t step = again == 0 ? 0 : 1 + cs_base_seeded_next(&g) % 40;
      ck_assert_int_eq(cs_test_ws_give(s, cs_span_of(out, n), step), CS_ERR_AGAIN);
      ck_assert_uint_eq(s->count, 1);
      ck_assert_uint_eq(s->used, len);
      ck_assert_mem_eq(s->bytes, message, len);
    }
  }
}
END_TEST

/* Of another stack: a frame over 1472 bytes overran a buffer. */
START_TEST(a_message_of_the_cap_is_taken_one_byte_more_is_not) {
  static uint8_t message[CAP + 1];
  memset(message, 0x5a, sizeof message);
  for (int masked = 0; masked < 2; masked++) {
    cs_test_ws *s = masked ? &server : &client;
    size_t n = cs_test_ws_frame(out, true, CS_WS_BINARY, masked, cs_span_of(message, CAP));
    for (size_t step = 0; step < 1500; step += 700) {
      cs_test_ws_forget(s);
      ck_assert_int_eq(cs_test_ws_give(s, cs_span_of(out, n), step), CS_ERR_AGAIN);
      ck_assert_uint_eq(s->used, CAP);
      ck_assert_mem_eq(s->bytes, message, CAP);
    }
    (void)cs_test_ws_frame(out, true, CS_WS_BINARY, masked, cs_span_of(message, CAP + 1));
    ck_assert_int_eq(cs_test_ws_give(s, cs_span_of(out, masked ? 8 : 4), 0), CS_ERR_RULE);
    ck_assert_int_eq(s->broken, CS_RULE_MESSAGE_CAP);
  }
}
END_TEST

START_TEST(an_announced_length_is_not_what_is_held) {
  static const uint8_t head[] = {0x82, 0xff, 0, 0, 0, 0, 0x3f, 0xff, 0xff, 0xff, 1, 2, 3, 4, 'x'};
  size_t base = server.memory.out_bytes;
  server.link.cap = UINT32_MAX;
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(head, sizeof head), 0), CS_ERR_AGAIN);
  ck_assert_uint_le(server.memory.peak_bytes, base + 128);
  static uint8_t body[5000];
  for (size_t came = 0; came < 100000; came += sizeof body) {
    ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(body, sizeof body), 0), CS_ERR_AGAIN);
    ck_assert_uint_le(server.memory.out_bytes, base + 2 * (came + sizeof body) + 128);
  }
}
END_TEST

START_TEST(the_sum_of_fragments_meets_the_cap) {
  static uint8_t part[1000];
  size_t base = server.memory.out_bytes;
  cs_err e = CS_ERR_AGAIN;
  int frames = 0;
  for (; e == CS_ERR_AGAIN; frames++) {
    size_t n = cs_test_ws_frame(out, false, frames ? CS_WS_CONTINUATION : CS_WS_BINARY, true,
                                cs_span_of(part, sizeof part));
    e = cs_test_ws_give(&server, cs_span_of(out, n), 333);
  }
  ck_assert_int_eq(e, CS_ERR_RULE);
  ck_assert_int_eq(server.broken, CS_RULE_MESSAGE_CAP);
  ck_assert_int_eq(frames, 5);
  ck_assert_uint_le(server.memory.peak_bytes, base + 2 * CAP + 128);
  ck_assert_uint_eq(server.memory.out_bytes, base);
  cs_link_close(&server.link, server.broken, 1);
  cs_span close = cs_test_ws_own(&server);
  ck_assert_mem_eq(close.at, "\x88\x12\x03\xf1OURS#message-cap", 20);
  ck_assert(cs_link_closed(&server.link));
}
END_TEST

/* Frames of one byte without end, and empty ones. */
static unsigned frames_until_refused(cs_test_ws *s, bool masked, uint8_t opcode, bool fin,
                                     const char *payload, unsigned most) {
  unsigned frames = 0;
  cs_err e = CS_ERR_AGAIN;
  for (; e == CS_ERR_AGAIN && frames < most; frames++) {
    uint8_t op = opcode == CS_WS_BINARY && frames ? CS_WS_CONTINUATION : opcode;
    size_t n = cs_test_ws_frame(out, fin, op, masked, cs_span_str(payload));
    e = cs_test_ws_give(s, cs_span_of(out, n), 0);
  }
  ck_assert_int_eq(e, CS_ERR_RULE);
  return frames;
}

START_TEST(a_message_in_ten_million_fragments_ends_after_1024) {
  size_t base = server.memory.out_bytes;
  ck_assert_uint_eq(frames_until_refused(&server, true, CS_WS_BINARY, false, "x", 10000000), 1025);
  ck_assert_int_eq(server.broken, CS_RULE_WS_FRAGMENTS);
  ck_assert_uint_le(server.memory.peak_bytes, base + 2 * 1024 + 128);
  ck_assert_uint_eq(server.memory.out_bytes, base);
  cs_link_close(&server.link, server.broken, 1);
  cs_span close = cs_test_ws_own(&server);
  ck_assert_mem_eq(close.at + 2, "\x03\xf0OURS#ws-fragments", 19);
}
END_TEST

START_TEST(a_message_in_1024_fragments_is_one) {
  for (unsigned i = 0; i < 1024; i++) {
    size_t n = cs_test_ws_frame(out, i == 1023, i ? CS_WS_CONTINUATION : CS_WS_BINARY, true,
                                cs_span_of("y", 1));
    ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 0), CS_ERR_AGAIN);
  }
  ck_assert_uint_eq(server.count, 1);
  ck_assert_uint_eq(server.used, 1024);
}
END_TEST

START_TEST(empty_fragments_end_after_16_in_a_row) {
  size_t base = client.memory.out_bytes;
  ck_assert_uint_eq(frames_until_refused(&client, false, CS_WS_BINARY, false, "", 1000), 17);
  ck_assert_int_eq(client.broken, CS_RULE_WS_EMPTY_FRAGMENTS);
  ck_assert_uint_eq(client.memory.peak_bytes, base);
  /* 16, one with a byte, and 16 again are no fault. */
  for (int i = 0; i < 34; i++) {
    size_t n = cs_test_ws_frame(out, i == 33, i ? CS_WS_CONTINUATION : CS_WS_BINARY, true,
                                cs_span_of("xy", i % 17 == 16));
    ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 0), CS_ERR_AGAIN);
  }
  ck_assert_uint_eq(server.count, 1);
  ck_assert_uint_eq(server.used, 2);
}
END_TEST

START_TEST(pings_without_end_end_after_1000_and_only_the_latest_is_owed) {
  size_t base = server.memory.out_bytes;
  ck_assert_uint_eq(frames_until_refused(&server, true, CS_WS_PING, true, "p", 10000000), 1001);
  ck_assert_int_eq(server.broken, CS_RULE_WS_CONTROL_FLOOD);
  ck_assert_uint_eq(server.memory.peak_bytes, base);
  cs_link_close(&server.link, server.broken, 1);
  cs_span own = cs_test_ws_own(&server);
  ck_assert_mem_eq(own.at, "\x8a\x01p\x88", 4);
  ck_assert_mem_eq(own.at + 5, "\x03\xf0OURS#ws-control-flood", 23);
}
END_TEST

START_TEST(fragments_do_not_refill_the_budget_of_control_frames) {
  for (int i = 0; i < 1000; i++) {
    size_t n = cs_test_ws_frame(out, true, CS_WS_PONG, true, cs_span_of("", 0));
    ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 0), CS_ERR_AGAIN);
    if (i % 100)
      continue;
    n = cs_test_ws_frame(out, false, i ? CS_WS_CONTINUATION : CS_WS_BINARY, true,
                         cs_span_of("x", 1));
    ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 0), CS_ERR_AGAIN);
  }
  ck_assert_uint_eq(frames_until_refused(&server, true, CS_WS_PONG, true, "", 10), 1);
  ck_assert_int_eq(server.broken, CS_RULE_WS_CONTROL_FLOOD);
}
END_TEST

START_TEST(pongs_count_too_and_data_or_time_refill_the_budget) {
  for (int round = 0; round < 6; round++) {
    for (int i = 0; i < 1000; i++) {
      size_t n = cs_test_ws_frame(out, true, CS_WS_PONG, true, cs_span_of("", 0));
      ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 0), CS_ERR_AGAIN);
    }
    if (round % 2 == 0) {
      size_t n = cs_test_ws_frame(out, true, CS_WS_BINARY, true, cs_span_of("\0\x01", 2));
      ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 0), CS_ERR_AGAIN);
    } else {
      cs_link_tick(&server.link, (cs_time)(round + 1) * CS_LINK_WS_CONTROL_WINDOW);
    }
  }
  cs_link_tick(&server.link, 6 * CS_LINK_WS_CONTROL_WINDOW + 1);
  for (int i = 0; i < 1000; i++) {
    cs_link_tick(&server.link, 7 * CS_LINK_WS_CONTROL_WINDOW - 1);
    size_t n = cs_test_ws_frame(out, true, CS_WS_PONG, true, cs_span_of("", 0));
    ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 0), CS_ERR_AGAIN);
  }
  ck_assert_uint_eq(frames_until_refused(&server, true, CS_WS_PONG, true, "", 10), 1);
  ck_assert_int_eq(server.broken, CS_RULE_WS_CONTROL_FLOOD);
}
END_TEST

START_TEST(a_ping_inside_a_message_is_answered_with_its_payload) {
  size_t n = cs_test_ws_frame(out, false, CS_WS_BINARY, true, cs_span_of("\0", 1));
  n += cs_test_ws_frame(out + n, true, CS_WS_PING, true, cs_span_of("first", 5));
  n += cs_test_ws_frame(out + n, true, CS_WS_PING, true, cs_span_of("latest", 6));
  n += cs_test_ws_frame(out + n, true, CS_WS_CONTINUATION, true, cs_span_of("\x01", 1));
  for (size_t step = 0; step <= n; step++) {
    cs_test_ws_forget(&server);
    ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), step), CS_ERR_AGAIN);
    ck_assert_uint_eq(server.count, 1);
    ck_assert_mem_eq(server.bytes, "\0\x01", 2);
    cs_span pong = cs_test_ws_own(&server);
    ck_assert_uint_eq(pong.len, 8);
    ck_assert_mem_eq(pong.at, "\x8a\x06latest", 8);
    ck_assert(cs_link_ready(&server.link));
  }
}
END_TEST

struct refusal {
  const char *bytes;
  size_t len;
  cs_rule rule;
  uint16_t status;
};
#define FRAMES(text, rule, status)                                                                 \
  { text, sizeof(text) - 1, CS_RULE_##rule, status }

/* To a client, so nothing is masked. */
static const struct refusal refusals[] = {
    FRAMES("\x82\x85mask12345", WS_MASKED, 1002),
    FRAMES("\xc2\x01x", WS_RESERVED_BITS, 1002),
    FRAMES("\x83\x01x", WS_OPCODE, 1002),
    FRAMES("\x8b\x01x", WS_OPCODE, 1002),
    FRAMES("\x82\x7e\x00\x05hello", WS_LENGTH_FORM, 1002),
    FRAMES("\x82\x7f\xff\0\0\0\0\0\0\x05", WS_LENGTH_RANGE, 1002),
    FRAMES("\x80\x01x", WS_CONTINUATION, 1002),
    FRAMES("\x00\x01x", WS_CONTINUATION, 1002),
    FRAMES("\x02\x01x\x82\x01y", WS_INTERLEAVED, 1002),
    FRAMES("\x02\x01x\x81\x01y", WS_INTERLEAVED, 1002),
    FRAMES("\x82\x01x\x80\x01y", WS_CONTINUATION, 1002),
    FRAMES("\x81\x05Hello", WS_TEXT, 1003),
    FRAMES("\x01\x03Hel", WS_TEXT, 1003),
    FRAMES("\x82\x00", WS_MESSAGE_EMPTY, 1002),
    FRAMES("\x02\x00\x00\x00\x80\x00", WS_MESSAGE_EMPTY, 1002),
    FRAMES("\x82\x7f\0\0\0\0\xff\xff\xff\xff", MESSAGE_CAP, 1009),
    FRAMES("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", MESSAGE_CAP, 1009),
    FRAMES("\x02\x02xy\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xfe", MESSAGE_CAP, 1009),
    FRAMES("\x09\x00", WS_CONTROL_FRAGMENTED, 1002),
    FRAMES("\x89\x7e\x00\x7e", WS_CONTROL_LENGTH, 1002),
    FRAMES("\x88\x01\x03", WS_CLOSE_PAYLOAD, 1002),
    FRAMES("\x88\x02\x03\xed", WS_CLOSE_STATUS, 1002),
    FRAMES("\x88\x02\x00\x00", WS_CLOSE_STATUS, 1002),
    FRAMES("\x88\x03\x03\xe8\xff", WS_CLOSE_REASON, 1007),
};

START_TEST(each_refusal_names_its_rule_and_closes_with_its_status) {
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const struct refusal *r = &refusals[i];
    for (size_t step = 0; step < 4; step++) {
      teardown();
      setup();
      ck_assert_int_eq(cs_test_ws_give(&client, cs_span_of(r->bytes, r->len), step), CS_ERR_RULE);
      ck_assert_msg(client.broken == r->rule, "%zu: %s", i, cs_base_rule_id(client.broken));
      ck_assert_ptr_null(client.link.partial);
      /* What comes after it is not looked at. */
      ck_assert_int_eq(cs_test_ws_give(&client, cs_span_of("\x88\x00", 2), 0), CS_ERR_RULE);
      ck_assert(client.broken == r->rule);
      ck_assert(!cs_link_closed(&client.link) && cs_link_ready(&client.link));
      cs_link_close(&client.link, client.broken, 1);
      ck_assert(!cs_link_closed(&client.link) && !cs_link_ready(&client.link));
      cs_span close = cs_test_ws_own(&client);
      ck_assert(cs_link_closed(&client.link));
      /* The server reads our masked Close. */
      ck_assert_int_eq(cs_test_ws_give(&server, close, 0), CS_ERR_CLOSED);
      cs_link_ws_said said;
      ck_assert(cs_link_ws_peer_said(&server.link, &said) && said.closed);
      ck_assert_uint_eq(said.status, r->status);
      ck_assert(cs_span_equal(said.reason, cs_span_str(cs_base_rule_id(r->rule))));
    }
  }
}
END_TEST

START_TEST(a_server_refuses_frames_that_are_not_masked) {
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of("\x82\x02\0\x01", 4), 1), CS_ERR_RULE);
  ck_assert_int_eq(server.broken, CS_RULE_WS_UNMASKED);
}
END_TEST

START_TEST(a_close_of_the_peer_is_answered_with_its_status) {
  size_t n = cs_test_ws_frame(out, true, CS_WS_CLOSE, false,
                              cs_span_of("\x03\xe9"
                                         "bye",
                                         5));
  n += cs_test_ws_frame(out + n, true, CS_WS_BINARY, false, cs_span_of("\0\x01", 2));
  ck_assert_int_eq(cs_test_ws_give(&client, cs_span_of(out, n), 0), CS_ERR_CLOSED);
  ck_assert_uint_eq(client.count, 0);
  ck_assert(!cs_link_ready(&client.link) && !cs_link_closed(&client.link));
  cs_link_ws_said said;
  ck_assert(cs_link_ws_peer_said(&client.link, &said));
  ck_assert(said.closed && said.status == 1001 && cs_span_equal(said.reason, cs_span_str("bye")));
  cs_link_close(&client.link, CS_RULE_WS_TEXT, 1);
  cs_span own = cs_test_ws_own(&client);
  ck_assert(cs_link_closed(&client.link));
  ck_assert_uint_eq(own.len, 8);
  ck_assert_int_eq(cs_test_ws_give(&server, own, 0), CS_ERR_CLOSED);
  ck_assert(cs_link_ws_peer_said(&server.link, &said) && said.status == 1001);
  ck_assert_int_eq(cs_test_ws_give(&client, cs_span_of(out, n), 0), CS_ERR_CLOSED);
}
END_TEST

START_TEST(a_close_without_a_status_is_answered_by_one_without) {
  ck_assert_int_eq(cs_test_ws_give(&client, cs_span_of("\x88\x00", 2), 0), CS_ERR_CLOSED);
  cs_span own = cs_test_ws_own(&client);
  ck_assert_uint_eq(own.len, 6);
  ck_assert_mem_eq(own.at, "\x88\x80", 2);
}
END_TEST

/* After our Close: data is discarded, without memory, and Pings are not
 * answered; the peer's Close ends it. */
START_TEST(after_our_close_data_is_discarded) {
  static uint8_t message[3000];
  size_t n = cs_test_ws_frame(out, false, CS_WS_BINARY, true, cs_span_of(message, 100));
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 0), CS_ERR_AGAIN);
  cs_link_close(&server.link, CS_RULE_NONE, CS_SECOND);
  ck_assert_uint_eq(cs_link_deadline(&server.link), 31 * CS_SECOND);
  cs_span own = cs_test_ws_own(&server);
  ck_assert_uint_eq(own.len, 4);
  ck_assert_mem_eq(own.at, "\x88\x02\x03\xe8", 4);
  size_t calls = server.memory.calls;
  n = cs_test_ws_frame(out, true, CS_WS_CONTINUATION, true, cs_span_of(message, sizeof message));
  n += cs_test_ws_frame(out + n, true, CS_WS_PING, true, cs_span_of("x", 1));
  n += cs_test_ws_frame(out + n, true, CS_WS_BINARY, true, cs_span_of(message, sizeof message));
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 700), CS_ERR_AGAIN);
  ck_assert_uint_eq(server.count, 0);
  ck_assert_uint_eq(server.memory.calls, calls);
  ck_assert_ptr_null(server.link.partial);
  ck_assert(!cs_link_wants_transmit(&server.link) && !cs_link_closed(&server.link));
  n = cs_test_ws_frame(out, true, CS_WS_CLOSE, true, cs_span_of("\x03\xe8", 2));
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(out, n), 1), CS_ERR_CLOSED);
  ck_assert(cs_link_closed(&server.link) && !cs_link_wants_transmit(&server.link));
  ck_assert_uint_eq(cs_link_deadline(&server.link), CS_TIME_NEVER);
}
END_TEST

START_TEST(any_failed_allocation_can_be_repeated) {
  static uint8_t message[600];
  memset(message, 0x77, sizeof message);
  size_t n = cs_test_ws_frame(out, false, CS_WS_BINARY, true, cs_span_of(message, 300));
  n += cs_test_ws_frame(out + n, true, CS_WS_CONTINUATION, true, cs_span_of(message, 300));
  bool failed;
  size_t fail = 0;
  do {
    failed = false;
    server.memory.fail_at = server.memory.calls + ++fail;
    cs_err e = CS_ERR_AGAIN;
    cs_span m;
    for (size_t at = 0; at < n; at += 50) {
      ck_assert_int_eq(e, CS_ERR_AGAIN);
      cs_link_feed(&server.link, cs_span_of(out + at, n - at < 50 ? n - at : 50));
      while ((e = cs_link_next(&server.link, &m, &server.broken)) == CS_ERR_MEMORY)
        failed = true;
    }
    ck_assert_int_eq(e, CS_OK);
    ck_assert_uint_eq(m.len, sizeof message);
    ck_assert_mem_eq(m.at, message, sizeof message);
    ck_assert_int_eq(cs_link_next(&server.link, &m, &server.broken), CS_ERR_AGAIN);
  } while (failed);
  ck_assert_uint_gt(fail, 3);
}
END_TEST

int main(void) {
  Suite *s = suite_create("link/ws_read");
  TCase *c = tcase_create("ws_read");
  tcase_set_timeout(c, 60);
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, an_unmasked_whole_frame_is_passed_in_place_without_memory);
  tcase_add_test(c, the_fragments_of_section_5_7_make_hello);
  tcase_add_test(c, random_fragments_make_the_same_messages);
  tcase_add_test(c, a_message_of_the_cap_is_taken_one_byte_more_is_not);
  tcase_add_test(c, an_announced_length_is_not_what_is_held);
  tcase_add_test(c, the_sum_of_fragments_meets_the_cap);
  tcase_add_test(c, a_message_in_ten_million_fragments_ends_after_1024);
  tcase_add_test(c, a_message_in_1024_fragments_is_one);
  tcase_add_test(c, empty_fragments_end_after_16_in_a_row);
  tcase_add_test(c, pings_without_end_end_after_1000_and_only_the_latest_is_owed);
  tcase_add_test(c, fragments_do_not_refill_the_budget_of_control_frames);
  tcase_add_test(c, pongs_count_too_and_data_or_time_refill_the_budget);
  tcase_add_test(c, a_ping_inside_a_message_is_answered_with_its_payload);
  tcase_add_test(c, each_refusal_names_its_rule_and_closes_with_its_status);
  tcase_add_test(c, a_server_refuses_frames_that_are_not_masked);
  tcase_add_test(c, a_close_of_the_peer_is_answered_with_its_status);
  tcase_add_test(c, a_close_without_a_status_is_answered_by_one_without);
  tcase_add_test(c, after_our_close_data_is_discarded);
  tcase_add_test(c, any_failed_allocation_can_be_repeated);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
