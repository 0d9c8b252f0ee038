/* What all kinds of link have in common, and two WebSockets talking to each
 * other over bytes that are cut anywhere. */
#include <check.h>
#include <string.h>

#include "link/link.h"
#include "support/check_main.h"
#include "support/memory.h"
#include "support/ws_side.h"
#include "wire/message.h"

static cs_test_memory memory;
static cs_link link;

static void setup(void) {
  cs_test_memory_init(&memory);
}
static void teardown(void) {
  cs_link_free(&link);
  ck_assert_uint_eq(memory.out_bytes, 0);
}

START_TEST(a_datagram_is_one_message_even_when_empty) {
  static const uint8_t bytes[7] = {0x40, 1, 2, 3};
  cs_link_init(&link, CS_LINK_DATAGRAM, &memory.alloc, 1024);
  cs_span m;
  cs_rule broken;
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_AGAIN);
  cs_link_feed(&link, cs_span_of(bytes, 7));
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_OK);
  ck_assert_uint_eq(m.len, 7);
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_AGAIN);
  cs_link_feed(&link, cs_span_of(bytes, 0));
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_OK);
  ck_assert_uint_eq(m.len, 0);
}
END_TEST

START_TEST(datagrams_and_streams_have_no_handshake_and_no_frames) {
  for (cs_link_kind kind = CS_LINK_DATAGRAM; kind <= CS_LINK_STREAM; kind++) {
    uint8_t message[2] = {0x00, 0x01};
    size_t len = 77;
    cs_rule broken = CS_RULE_NONE;
    cs_link_ws_said said;
    cs_link_init(&link, kind, &memory.alloc, 1024);
    ck_assert(cs_link_ready(&link));
    ck_assert_uint_eq(cs_link_header_size(&link, 70000), 0);
    cs_link_seal(&link, message, 2);
    ck_assert_mem_eq(message, "\0\x01", 2);
    ck_assert(!cs_link_wants_transmit(&link));
    ck_assert_int_eq(cs_link_transmit(&link, message, 2, &len), CS_ERR_AGAIN);
    ck_assert_uint_eq(len, 77);
    cs_link_close(&link, CS_RULE_NONE, 1);
    cs_link_tick(&link, 1);
    ck_assert(cs_link_closed(&link));
    ck_assert_uint_eq(cs_link_deadline(&link), CS_TIME_NEVER);
    ck_assert_int_eq(cs_link_expire(&link, CS_TIME_NEVER, &broken), CS_OK);
    ck_assert(!cs_link_ws_peer_said(&link, &said));
  }
}
END_TEST

START_TEST(a_websocket_is_nothing_until_it_is_opened) {
  cs_span m;
  cs_rule broken;
  cs_link_init(&link, CS_LINK_WEBSOCKET, &memory.alloc, 1024);
  cs_link_feed(&link, cs_span_of("x", 1));
  ck_assert_int_eq(cs_link_next(&link, &m, &broken), CS_ERR_STATE);
  ck_assert(!cs_link_ready(&link) && cs_link_closed(&link) && !cs_link_wants_transmit(&link));
  ck_assert_uint_eq(cs_link_deadline(&link), CS_TIME_NEVER);
}
END_TEST

/* ---- two that talk ---- */

static cs_test_ws side[2]; /* client, server */
static uint8_t wire[2][8192];
static size_t wire_len[2];

/* Messages of several sizes, each side's own. */
static size_t make_message(uint8_t *at, int who, size_t number) {
  static const size_t sizes[] = {2, 9, 130, 300};
  size_t len = sizes[number % 4];
  memset(at, (int)('a' + number + 8 * (size_t)who), len);
  return len;
}

static void write_own(int who) {
  cs_span own = cs_test_ws_own(&side[who]);
  memcpy(wire[who] + wire_len[who], own.at, own.len);
  wire_len[who] += own.len;
}

static void write_message(int who, size_t number) {
  uint8_t message[400];
  size_t len = make_message(message, who, number);
  uint8_t *at = wire[who] + wire_len[who];
  size_t header = cs_link_header_size(&side[who].link, len);
  memcpy(at + header, message, len);
  cs_link_seal(&side[who].link, at, len);
  wire_len[who] += header + len;
}

static void check_messages(int who) {
  uint8_t message[400];
  size_t at = 0;
  ck_assert_uint_eq(side[who].count, 4);
  for (size_t i = 0; i < 4; i++) {
    size_t len = make_message(message, 1 - who, i);
    ck_assert_uint_eq(side[who].sizes[i], len);
    ck_assert_mem_eq(side[who].bytes + at, message, len);
    at += len;
  }
}

/* What one side has written reaches the other in two pieces. */
static cs_err deliver(int from, size_t cut) {
  cs_test_ws *to = &side[1 - from];
  size_t first = cut < wire_len[from] ? cut : wire_len[from];
  cs_err e = cs_test_ws_give(to, cs_span_of(wire[from], first), 0);
  if (e == CS_ERR_AGAIN && first < wire_len[from])
    e = cs_test_ws_give(to, cs_span_of(wire[from] + first, wire_len[from] - first), 0);
  wire_len[from] = 0;
  return e;
}

/* A whole life, from the upgrade to both Closes, each flight cut at one place;
 * returns the longest flight. */
static size_t talk(size_t cut, size_t step) {
  size_t longest = 0;
  wire_len[0] = wire_len[1] = 0;
  for (int who = 0; who < 2; who++)
    cs_test_ws_open(&side[who], who == 1, 1024);
  write_own(0);
  ck_assert_int_eq(deliver(0, cut), CS_ERR_AGAIN);
  write_own(1);
  for (size_t i = 0; i < 4; i++)
    write_message(1, i);
  longest = wire_len[1];
  ck_assert_int_eq(deliver(1, cut), CS_ERR_AGAIN);
  check_messages(0);
  for (size_t i = 0; i < 4; i++)
    write_message(0, i);
  cs_link_close(&side[0].link, CS_RULE_NONE, 1);
  write_own(0);
  longest = longest > wire_len[0] ? longest : wire_len[0];
  if (step) {
    ck_assert_int_eq(cs_test_ws_give(&side[1], cs_span_of(wire[0], wire_len[0]), step),
                     CS_ERR_CLOSED);
    wire_len[0] = 0;
  } else {
    ck_assert_int_eq(deliver(0, cut), CS_ERR_CLOSED);
  }
  check_messages(1);
  write_own(1);
  ck_assert_int_eq(deliver(1, cut), CS_ERR_CLOSED);
  for (int who = 0; who < 2; who++) {
    ck_assert(cs_link_closed(&side[who].link));
    cs_test_ws_close(&side[who]);
  }
  return longest;
}

START_TEST(two_sides_talk_with_each_flight_cut_at_every_byte) {
  size_t longest = talk(0, 0);
  ck_assert_uint_gt(longest, 450);
  for (size_t cut = 1; cut <= longest; cut++)
    ck_assert_uint_eq(talk(cut, 0), longest);
}
END_TEST

START_TEST(two_sides_talk_in_pieces_of_any_size) {
  for (size_t step = 1; step < 40; step++)
    (void)talk(step, step);
}
END_TEST

int main(void) {
  Suite *s = suite_create("link");
  TCase *c = tcase_create("link");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_datagram_is_one_message_even_when_empty);
  tcase_add_test(c, datagrams_and_streams_have_no_handshake_and_no_frames);
  tcase_add_test(c, a_websocket_is_nothing_until_it_is_opened);
  suite_add_tcase(s, c);
  TCase *two = tcase_create("two sides");
  tcase_set_timeout(two, 60);
  tcase_add_test(two, two_sides_talk_with_each_flight_cut_at_every_byte);
  tcase_add_test(two, two_sides_talk_in_pieces_of_any_size);
  suite_add_tcase(s, two);
  return cs_test_main(s);
}
