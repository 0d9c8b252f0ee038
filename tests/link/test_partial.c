/* What is held of a message: room doubles, and goes no further than its bound. */
#include "link/partial.h"
#include "support/check_main.h"
#include "support/memory.h"

static cs_test_memory memory;
static cs_link link;

static void setup(void) {
  cs_test_memory_init(&memory);
  cs_link_init(&link, CS_LINK_STREAM, &memory.alloc, 1024);
}
static void teardown(void) {
  link_drop(&link);
  ck_assert_uint_eq(memory.out_bytes, 0);
}

START_TEST(room_doubles_up_to_the_bound) {
  static const struct {
    size_t need, bound, cap;
  } rows[] = {{1, 1000, 64},    {64, 1000, 64},    {65, 1000, 128},   {300, 1000, 300},
              {301, 1000, 600}, {601, 1000, 1000}, {1000, 1000, 1000}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ck_assert_int_eq(link_hold(&link, rows[i].need, rows[i].bound), CS_OK);
    ck_assert_uint_eq(link.partial->cap, rows[i].cap);
  }
}
END_TEST

START_TEST(a_small_bound_is_kept) {
  ck_assert_int_eq(link_hold(&link, 3, 10), CS_OK);
  ck_assert_uint_eq(link.partial->cap, 10);
}
END_TEST

START_TEST(what_is_held_stays_when_it_grows_and_when_it_cannot) {
  link.in = cs_span_of("hello, world", 12);
  ck_assert_int_eq(link_hold(&link, 5, 5), CS_OK);
  link_move_in(&link, 5);
  ck_assert_uint_eq(link.in.len, 7);
  memory.fail_at = 2;
  ck_assert_int_eq(link_hold(&link, 12, 100), CS_ERR_MEMORY);
  ck_assert_uint_eq(link.partial->len, 5);
  ck_assert_int_eq(link_hold(&link, 12, 100), CS_OK);
  link_move_in(&link, 0);
  link_move_in(&link, 7);
  ck_assert_mem_eq(link.partial->at, "hello, world", 12);
}
END_TEST

START_TEST(a_broken_link_holds_nothing_and_remembers_the_rule) {
  cs_rule broken = CS_RULE_NONE;
  ck_assert_int_eq(link_hold(&link, 5, 5), CS_OK);
  ck_assert_int_eq(link_break(&link, CS_RULE_WS_TEXT, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_WS_TEXT);
  ck_assert_int_eq(link.broken, CS_RULE_WS_TEXT);
  ck_assert_ptr_null(link.partial);
}
END_TEST

int main(void) {
  Suite *s = suite_create("link/partial");
  TCase *c = tcase_create("partial");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, room_doubles_up_to_the_bound);
  tcase_add_test(c, a_small_bound_is_kept);
  tcase_add_test(c, what_is_held_stays_when_it_grows_and_when_it_cannot);
  tcase_add_test(c, a_broken_link_holds_nothing_and_remembers_the_rule);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
