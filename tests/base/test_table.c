#include "base/table.h"

#include <check.h>

#include "support/check_main.h"
#include "support/memory.h"

enum { N = 1000 };
static cs_base_node nodes[N];

static bool has(const cs_base_table *t, const cs_base_node *n) {
  for (const cs_base_node *x = cs_base_table_chain(t, n->hash); x; x = x->next)
    if (x == n)
      return true;
  return false;
}

START_TEST(nodes_are_found_through_growth_and_removal) {
  cs_test_memory m;
  cs_test_memory_init(&m);
  cs_base_table t = {0};
  for (unsigned i = 0; i < N; i++) {
    nodes[i].hash = cs_base_hash_u64(7, i);
    ck_assert_int_eq(cs_base_table_add(&t, &m.alloc, &nodes[i]), CS_OK);
  }
  for (unsigned i = 0; i < N; i += 2)
    cs_base_table_remove(&t, &nodes[i]);
  for (unsigned i = 0; i < N; i++)
    ck_assert_int_eq(has(&t, &nodes[i]), i % 2);
  ck_assert_uint_eq(t.count, N / 2);
  cs_base_table_free(&t, &m.alloc);
  ck_assert_uint_eq(m.out_bytes, 0);
}
END_TEST

START_TEST(a_table_that_cannot_grow_goes_on) {
  cs_test_memory m;
  cs_test_memory_init(&m);
  cs_base_table t = {0};
  m.fail_at = 1;
  ck_assert_int_eq(cs_base_table_add(&t, &m.alloc, &nodes[0]), CS_ERR_MEMORY);
  for (unsigned i = 0; i < 50; i++) {
    m.fail_at = i ? m.calls + 1 : 0;
    nodes[i].hash = i;
    ck_assert_int_eq(cs_base_table_add(&t, &m.alloc, &nodes[i]), CS_OK);
  }
  for (unsigned i = 0; i < 50; i++)
    ck_assert(has(&t, &nodes[i]));
  cs_base_table_free(&t, &m.alloc);
}
END_TEST

START_TEST(the_seed_changes_the_hash) {
  ck_assert_uint_eq(cs_base_hash(1, cs_span_str("x")), cs_base_hash(1, cs_span_str("x")));
  ck_assert_uint_ne(cs_base_hash(1, cs_span_str("x")), cs_base_hash(2, cs_span_str("x")));
  ck_assert_uint_ne(cs_base_hash_u64(1, 5), cs_base_hash_u64(2, 5));
}
END_TEST

int main(void) {
  Suite *s = suite_create("base/table");
  TCase *c = tcase_create("table");
  tcase_add_test(c, nodes_are_found_through_growth_and_removal);
  tcase_add_test(c, a_table_that_cannot_grow_goes_on);
  tcase_add_test(c, the_seed_changes_the_hash);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
