/* A reproducer becomes as small as what it shows lets it. */
#include <string.h>

#include "runner/minimise.h"
#include "support/check_main.h"
#include "wire/message.h"
#include "wire/option.h"

static cs_runner_arena arena;

static cs_runner_move send(const char *bytes, size_t len) {
  return (cs_runner_move){.kind = CS_RUNNER_MOVE_SEND,
                          .bytes = cs_span_of((const uint8_t *)bytes, len)};
}

static void add(cs_runner_reproducer *r, const char *bytes, size_t len) {
  cs_runner_move m = send(bytes, len);
  cs_runner_reproducer_add(&arena, r, &m);
}

static void add_wait(cs_runner_reproducer *r, cs_time time) {
  cs_runner_move m = {.kind = CS_RUNNER_MOVE_WAIT, .time = time};
  cs_runner_reproducer_add(&arena, r, &m);
}

static bool has(cs_span bytes, const char *what) {
  size_t len = strlen(what);
  for (size_t i = 0; i + len <= bytes.len; i++)
    if (memcmp(bytes.at + i, what, len) == 0)
      return true;
  return false;
}

struct watched {
  unsigned calls;
  const char *words[2]; /* messages that have to be there, in this order */
  cs_time wait;         /* and a wait of at least this between them */
};

static bool shows(void *ctx, const cs_runner_reproducer *r) {
  struct watched *w = ctx;
  size_t found = 0;
  cs_time waited = 0;
  w->calls++;
  for (size_t i = 0; i < r->moves.count; i++) {
    const cs_runner_move *m = &cs_runner_moves(r)[i];
    if (m->kind == CS_RUNNER_MOVE_WAIT)
      waited += found == 1 ? m->time : 0;
    else if (found < 2 && w->words[found] && has(m->bytes, w->words[found]))
      found += found == 0 || waited >= w->wait;
  }
  return found == 2 || !w->words[found];
}

START_TEST(what_is_not_needed_goes) {
  cs_runner_reproducer r = {.transport = CS_RUNNER_UDP};
  struct watched w = {.words = {"one", "two"}};
  for (unsigned i = 0; i < 20; i++) {
    add(&r, "\x50\x01\x00\x01\xb3xyz", 8);
    add_wait(&r, CS_SECOND);
    if (i == 6)
      add(&r,
          "\x50\x01\x00\x02\xb3one\xff"
          "abc",
          12);
    if (i == 13)
      add(&r,
          "\x50\x01\x00\x03\xb3two\x43"
          "abc",
          12);
  }
  ck_assert(cs_runner_minimise(&arena, &r, shows, &w, 1000));
  ck_assert_uint_eq(r.moves.count, 2);
  ck_assert(!r.bounded);
  ck_assert_uint_eq(r.tries, w.calls);
  ck_assert_uint_lt(w.calls, 80);
  /* Messages keep what is needed, and stay messages. */
  ck_assert(cs_span_equal(cs_runner_moves(&r)[0].bytes,
                          cs_span_of((const uint8_t *)"\x50\x01\x00\x02\xb3one", 8)));
  ck_assert(cs_span_equal(cs_runner_moves(&r)[1].bytes,
                          cs_span_of((const uint8_t *)"\x50\x01\x00\x03\xb3two", 8)));
  ck_assert(shows(&w, &r));
  cs_runner_release(&arena);
}
END_TEST

START_TEST(a_wait_that_is_needed_stays) {
  cs_runner_reproducer r = {.transport = CS_RUNNER_UDP};
  struct watched w = {.words = {"one", "two"}, .wait = 400 * CS_MILLISECOND};
  add(&r, "\x50\x01\x00\x02\xb3one", 8);
  add_wait(&r, 8 * CS_SECOND);
  add(&r, "\x50\x01\x00\x03\xb3two", 8);
  add_wait(&r, 8 * CS_SECOND);
  ck_assert(cs_runner_minimise(&arena, &r, shows, &w, 1000));
  ck_assert_uint_eq(r.moves.count, 3);
  ck_assert_int_eq(cs_runner_moves(&r)[1].kind, CS_RUNNER_MOVE_WAIT);
  ck_assert_uint_eq(cs_runner_moves(&r)[1].time, 500 * CS_MILLISECOND);
  cs_runner_release(&arena);
}
END_TEST

/* A long payload, of which the end is what does it not. */
START_TEST(values_are_shortened) {
  cs_runner_reproducer r = {.transport = CS_RUNNER_TCP};
  struct watched w = {.words = {"#@", NULL}};
  static char bytes[300];
  memset(bytes, 'a', sizeof bytes);
  /* Length 14 form: 0xd0 is 13 + one byte; 297 - 13 = 284 > 255, so two bytes. */
  memcpy(bytes, "\xe1\x00\x17\x02t\xff", 6);
  memcpy(bytes + 100, "#@", 2);
  cs_span whole = cs_span_of((const uint8_t *)bytes, 3 + 1 + 1 + 269 + 23);
  cs_wire_message m;
  ck_assert_int_eq(cs_wire_parse(CS_WIRE_TCP, whole, NULL, &m), CS_RULE_NONE);
  cs_runner_move move = {.kind = CS_RUNNER_MOVE_SEND, .bytes = whole};
  cs_runner_reproducer_add(&arena, &r, &move);
  ck_assert(cs_runner_minimise(&arena, &r, shows, &w, 1000));
  ck_assert_int_eq(cs_wire_parse(CS_WIRE_TCP, cs_runner_moves(&r)[0].bytes, NULL, &m),
                   CS_RULE_NONE);
  ck_assert_uint_eq(m.payload.len, 96); /* up to what is needed */
  ck_assert_uint_eq(m.token.len, 0);
  cs_runner_release(&arena);
}
END_TEST

/* Inside the frame of a WebSocket too, with the same mask. */
START_TEST(frames_are_made_anew) {
  cs_runner_reproducer r = {.transport = CS_RUNNER_WS};
  struct watched w = {.words = {"x", NULL}};
  /* The mask is 0: GET, token, Uri-Path "x", Accept 0, payload "zz". */
  add(&r,
      "\x82\x8a\0\0\0\0\x01\x01t\xb1x\x60\xff"
      "zzz",
      16);
  ck_assert(cs_runner_minimise(&arena, &r, shows, &w, 1000));
  ck_assert(cs_span_equal(cs_runner_moves(&r)[0].bytes,
                          cs_span_of((const uint8_t *)"\x82\x84\0\0\0\0\x00\x01\xb1x", 10)));
  cs_runner_release(&arena);
}
END_TEST

/* What is no message loses bytes. */
START_TEST(bytes_are_left_out) {
  cs_runner_reproducer r = {.transport = CS_RUNNER_UDP};
  struct watched w = {.words = {"!!", NULL}};
  add(&r, "\x4f\x01\x00\x01garbage and more!!and more", 30);
  ck_assert(cs_runner_minimise(&arena, &r, shows, &w, 1000));
  ck_assert(cs_span_equal(cs_runner_moves(&r)[0].bytes, cs_span_str("!!")));
  cs_runner_release(&arena);
}
END_TEST

START_TEST(the_bound_is_kept) {
  cs_runner_reproducer r = {.transport = CS_RUNNER_UDP};
  struct watched w = {.words = {"one", "two"}};
  for (unsigned i = 0; i < 50; i++)
    add(&r, i % 2 ? "\x50\x01\x00\x02\xb3one" : "\x50\x01\x00\x03\xb3two", 8);
  cs_runner_minimise(&arena, &r, shows, &w, 5);
  ck_assert_uint_eq(w.calls, 5);
  ck_assert_uint_eq(r.tries, 5);
  ck_assert(r.bounded);
  ck_assert(shows(&w, &r));
  cs_runner_release(&arena);
}
END_TEST

START_TEST(what_is_small_stays) {
  cs_runner_reproducer r = {.transport = CS_RUNNER_UDP};
  struct watched w = {.words = {"\x40", NULL}};
  add(&r, "\x40", 1);
  ck_assert(!cs_runner_minimise(&arena, &r, shows, &w, 100));
  ck_assert_uint_eq(r.moves.count, 1);
  ck_assert(!r.bounded);
  cs_runner_release(&arena);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("minimise");
  TCase *tc = tcase_create("minimise");
  tcase_add_test(tc, what_is_not_needed_goes);
  tcase_add_test(tc, a_wait_that_is_needed_stays);
  tcase_add_test(tc, values_are_shortened);
  tcase_add_test(tc, frames_are_made_anew);
  tcase_add_test(tc, bytes_are_left_out);
  tcase_add_test(tc, the_bound_is_kept);
  tcase_add_test(tc, what_is_small_stays);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
