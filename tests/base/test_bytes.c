#include "base/bytes.h"

#include <check.h>

#include "support/check_main.h"

START_TEST(a_reader_never_passes_its_end_and_moves_only_on_success) {
  const uint8_t b[] = {1, 2, 3, 4, 5};
  cs_base_reader r = cs_base_reader_of(cs_span_of(b, 5));
  uint8_t u8;
  uint16_t u16;
  uint32_t u32;
  cs_span s;
  ck_assert(cs_base_take_u32(&r, &u32) && u32 == 0x01020304);
  ck_assert(!cs_base_take_u16(&r, &u16));
  ck_assert(!cs_base_take(&r, 2, &s));
  ck_assert(cs_base_take_u8(&r, &u8) && u8 == 5);
  ck_assert(!cs_base_take_u8(&r, &u8));
  ck_assert(cs_base_take(&r, 0, &s) && s.len == 0);
  r = cs_base_reader_of(cs_span_of(NULL, 0));
  ck_assert_uint_eq(cs_base_left(&r), 0);
  ck_assert(cs_base_take(&r, 0, &s));
}
END_TEST

START_TEST(a_writer_remembers_its_overflow_and_writes_nothing_after_it) {
  uint8_t b[4] = {9, 9, 9, 9};
  cs_base_writer w = cs_base_writer_of(b, 3);
  cs_base_put_u16(&w, 0x0102);
  cs_base_put_u16(&w, 0x0304);
  ck_assert(w.overflow);
  cs_base_put_u8(&w, 5);
  ck_assert_uint_eq(w.len, 2);
  ck_assert_uint_eq(b[2], 9);
  ck_assert_uint_eq(b[3], 9);
}
END_TEST

START_TEST(spans_compare_by_content) {
  ck_assert(cs_span_equal(cs_span_str("ab"), cs_span_of("abc", 2)));
  ck_assert(!cs_span_equal(cs_span_str("ab"), cs_span_str("ac")));
  ck_assert(cs_span_equal(cs_span_of(NULL, 0), cs_span_str("")));
}
END_TEST

int main(void) {
  Suite *s = suite_create("base/bytes");
  TCase *c = tcase_create("bytes");
  tcase_add_test(c, a_reader_never_passes_its_end_and_moves_only_on_success);
  tcase_add_test(c, a_writer_remembers_its_overflow_and_writes_nothing_after_it);
  tcase_add_test(c, spans_compare_by_content);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
