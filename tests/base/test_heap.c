#include "base/heap.h"

#include <check.h>
#include <stdlib.h>

#include "base/random.h"
#include "support/check_main.h"
#include "support/memory.h"

START_TEST(random_sets_moves_and_removals_keep_the_earliest_first) {
  enum { N = 200 };
  static cs_base_timer t[N];
  cs_test_memory m;
  cs_test_memory_init(&m);
  cs_base_heap h = {0};
  cs_base_seeded g;
  cs_base_seeded_init(&g, 3);
  ck_assert_int_eq(cs_base_heap_reserve(&h, &m.alloc, N), CS_OK);
  for (int i = 0; i < 20000; i++) {
    cs_base_timer *x = &t[cs_base_seeded_next(&g) % N];
    if (cs_base_seeded_next(&g) % 3)
      cs_base_heap_set(&h, x, cs_base_seeded_next(&g) % 1000);
    else
      cs_base_heap_remove(&h, x);
    cs_time least = CS_TIME_NEVER;
    for (int k = 0; k < N; k++)
      if (t[k].place && t[k].at < least)
        least = t[k].at;
    ck_assert_uint_eq(cs_base_heap_deadline(&h), least);
  }
  cs_base_heap_free(&h, &m.alloc);
  ck_assert_uint_eq(m.out_bytes, 0);
}
END_TEST

START_TEST(reserve_reports_memory_and_changes_nothing) {
  cs_test_memory m;
  cs_test_memory_init(&m);
  cs_base_heap h = {0};
  m.fail_at = 1;
  ck_assert_int_eq(cs_base_heap_reserve(&h, &m.alloc, 1), CS_ERR_MEMORY);
  ck_assert_uint_eq(h.cap, 0);
  ck_assert_ptr_null(cs_base_heap_first(&h));
}
END_TEST

START_TEST(a_size_that_cannot_be_is_refused) {
  cs_test_memory m;
  cs_test_memory_init(&m);
  cs_base_heap h = {0};
  m.fail_at = 1; /* doubling up to it would wrap to zero and never end */
  ck_assert_int_eq(cs_base_heap_reserve(&h, &m.alloc, UINT32_MAX), CS_ERR_MEMORY);
  ck_assert_uint_eq(h.cap, 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("base/heap");
  TCase *c = tcase_create("heap");
  tcase_add_test(c, random_sets_moves_and_removals_keep_the_earliest_first);
  tcase_add_test(c, reserve_reports_memory_and_changes_nothing);
  tcase_add_test(c, a_size_that_cannot_be_is_refused);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
