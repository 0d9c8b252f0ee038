#include "wire/option.h"

#include "support/check_main.h"

/* The tables of the RFCs, written down a second time by their columns. */
static const struct {
  unsigned detail; /* of the signaling code, 0 for requests and responses */
  unsigned number;
  const char *name;
  cs_wire_format format;
  unsigned min;
  unsigned max;
  bool repeatable;
} want[] = {
    {0, 1, "If-Match", CS_FORMAT_OPAQUE, 0, 8, true},
    {0, 3, "Uri-Host", CS_FORMAT_STRING, 1, 255, false},
    {0, 4, "ETag", CS_FORMAT_OPAQUE, 1, 8, true},
    {0, 5, "If-None-Match", CS_FORMAT_EMPTY, 0, 0, false},
    {0, 6, "Observe", CS_FORMAT_UINT, 0, 3, false},
    {0, 7, "Uri-Port", CS_FORMAT_UINT, 0, 2, false},
    {0, 8, "Location-Path", CS_FORMAT_STRING, 0, 255, true},
    {0, 9, "OSCORE", CS_FORMAT_OPAQUE, 0, 255, false},
    {0, 11, "Uri-Path", CS_FORMAT_STRING, 0, 255, true},
    {0, 12, "Content-Format", CS_FORMAT_UINT, 0, 2, false},
    {0, 14, "Max-Age", CS_FORMAT_UINT, 0, 4, false},
    {0, 15, "Uri-Query", CS_FORMAT_STRING, 0, 255, true},
    {0, 16, "Hop-Limit", CS_FORMAT_UINT, 1, 1, false},
    {0, 17, "Accept", CS_FORMAT_UINT, 0, 2, false},
    {0, 19, "Q-Block1", CS_FORMAT_BLOCK, 0, 3, false},
    {0, 20, "Location-Query", CS_FORMAT_STRING, 0, 255, true},
    {0, 21, "EDHOC", CS_FORMAT_EMPTY, 0, 0, false},
    {0, 23, "Block2", CS_FORMAT_BLOCK, 0, 3, false},
    {0, 27, "Block1", CS_FORMAT_BLOCK, 0, 3, false},
    {0, 28, "Size2", CS_FORMAT_UINT, 0, 4, false},
    {0, 31, "Q-Block2", CS_FORMAT_BLOCK, 0, 3, true},
    {0, 35, "Proxy-Uri", CS_FORMAT_STRING, 1, 1034, false},
    {0, 39, "Proxy-Scheme", CS_FORMAT_STRING, 1, 255, false},
    {0, 60, "Size1", CS_FORMAT_UINT, 0, 4, false},
    {0, 252, "Echo", CS_FORMAT_OPAQUE, 1, 40, false},
    {0, 258, "No-Response", CS_FORMAT_UINT, 0, 1, false},
    {0, 292, "Request-Tag", CS_FORMAT_OPAQUE, 0, 8, true},
    {1, 2, "Max-Message-Size", CS_FORMAT_UINT, 0, 4, false},
    {1, 4, "Block-Wise-Transfer", CS_FORMAT_EMPTY, 0, 0, false},
    {1, 6, "Extended-Token-Length", CS_FORMAT_UINT, 0, 3, false},
    {2, 2, "Custody", CS_FORMAT_EMPTY, 0, 0, false},
    {3, 2, "Custody", CS_FORMAT_EMPTY, 0, 0, false},
    {4, 2, "Alternative-Address", CS_FORMAT_STRING, 1, 255, true},
    {4, 4, "Hold-Off", CS_FORMAT_UINT, 0, 3, false},
    {5, 2, "Bad-CSM-Option", CS_FORMAT_UINT, 0, 2, false},
};
enum { WANTED = sizeof want / sizeof *want };

static uint8_t space_of(unsigned detail) {
  return detail ? CS_CODE(7, detail) : 0;
}

START_TEST(rows_are_those_of_the_rfcs) {
  const cs_wire_option_row *row = cs_wire_option_find(space_of(want[_i].detail), want[_i].number);
  ck_assert_ptr_nonnull(row);
  ck_assert_uint_eq(row->space, space_of(want[_i].detail));
  ck_assert_uint_eq(row->number, want[_i].number);
  ck_assert_str_eq(row->name, want[_i].name);
  ck_assert_int_eq(row->format, want[_i].format);
  ck_assert_uint_eq(row->min_len, want[_i].min);
  ck_assert_uint_eq(row->max_len, want[_i].max);
  ck_assert_int_eq(row->repeatable, want[_i].repeatable);
  ck_assert_ptr_eq(cs_wire_option_named(row->space, cs_span_str(row->name)), row);
  ck_assert_ptr_eq(cs_wire_option_at((size_t)_i), row);
  ck_assert_mem_eq(row->section, "RFC", 3);
}
END_TEST

START_TEST(there_are_no_other_rows) {
  ck_assert_ptr_nonnull(cs_wire_option_at(WANTED - 1));
  ck_assert_ptr_null(cs_wire_option_at(WANTED));
  size_t found = 0;
  for (unsigned space = 0; space < 256; space++)
    for (uint32_t number = 0; number < 70000; number += number < 400 ? 1 : 199)
      found += cs_wire_option_find((uint8_t)space, number) != NULL;
  ck_assert_uint_eq(found, WANTED);
  ck_assert_ptr_null(cs_wire_option_find(0, UINT32_MAX));
}
END_TEST

START_TEST(names_ignore_case_and_nothing_else) {
  ck_assert_uint_eq(cs_wire_option_named(0, cs_span_str("uri-PATH"))->number, 11);
  ck_assert_ptr_null(cs_wire_option_named(0, cs_span_str("Uri-Pat")));
  ck_assert_ptr_null(cs_wire_option_named(0, cs_span_str("Uri-Paths")));
  ck_assert_ptr_null(cs_wire_option_named(0, cs_span_str("")));
  ck_assert_ptr_null(cs_wire_option_named(0, cs_span_str("Custody")));
  ck_assert_ptr_null(cs_wire_option_named(CS_CODE(7, 1), cs_span_str("Uri-Path")));
  ck_assert_uint_eq(cs_wire_option_named(CS_CODE(7, 3), cs_span_str("custody"))->space,
                    CS_CODE(7, 3));
}
END_TEST

START_TEST(the_space_follows_the_code) {
  ck_assert_uint_eq(cs_wire_option_space(CS_CODE(0, 1)), 0);
  ck_assert_uint_eq(cs_wire_option_space(CS_CODE(2, 5)), 0);
  ck_assert_uint_eq(cs_wire_option_space(CS_CODE(7, 4)), CS_CODE(7, 4));
}
END_TEST

START_TEST(the_number_says_critical_unsafe_and_no_cache_key) {
  ck_assert(cs_wire_option_critical(CS_OPT_URI_PATH));
  ck_assert(!cs_wire_option_critical(CS_OPT_ETAG));
  ck_assert(cs_wire_option_unsafe(CS_OPT_MAX_AGE));
  ck_assert(!cs_wire_option_unsafe(CS_OPT_ACCEPT));
  ck_assert(cs_wire_option_no_cache_key(CS_OPT_SIZE1));
  ck_assert(cs_wire_option_no_cache_key(CS_OPT_ECHO));
  ck_assert(!cs_wire_option_no_cache_key(CS_OPT_REQUEST_TAG));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/option_table");
  TCase *tc = tcase_create("table");
  tcase_add_loop_test(tc, rows_are_those_of_the_rfcs, 0, WANTED);
  tcase_add_test(tc, there_are_no_other_rows);
  tcase_add_test(tc, names_ignore_case_and_nothing_else);
  tcase_add_test(tc, the_space_follows_the_code);
  tcase_add_test(tc, the_number_says_critical_unsafe_and_no_cache_key);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
