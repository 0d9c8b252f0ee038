/* Names, counts, sections and folder names. */
#include "support/check_main.h"

#include "report/report.h"
#include "sample.h"

START_TEST(every_verdict_has_its_own_name) {
  for (int a = 0; a < CS_VERDICT_COUNT_; a++)
    for (int b = 0; b < a; b++)
      ck_assert_str_ne(cs_verdict_name((cs_verdict)a), cs_verdict_name((cs_verdict)b));
  ck_assert_str_eq(cs_verdict_name(CS_VERDICT_PASS), "pass");
  ck_assert_str_eq(cs_verdict_name(CS_VERDICT_INCONCLUSIVE), "inconclusive");
}
END_TEST

START_TEST(counts_are_per_verdict) {
  ck_assert_uint_eq(cs_report_count(&sample_run, CS_VERDICT_PASS), 2);
  ck_assert_uint_eq(cs_report_count(&sample_run, CS_VERDICT_CRASH), 1);
  cs_report_run empty = {.case_count = 0};
  ck_assert_uint_eq(cs_report_count(&empty, CS_VERDICT_PASS), 0);
}
END_TEST

START_TEST(a_section_is_read_from_case_ids_and_requirement_ids) {
  char section[64];
  cs_report_section("7252/4.3/ping", section, sizeof section);
  ck_assert_str_eq(section, "RFC 7252 section 4.3");
  cs_report_section("RFC7252#5.10.1:x", section, sizeof section);
  ck_assert_str_eq(section, "RFC 7252 section 5.10.1");
  cs_report_section("private-thing", section, sizeof section);
  ck_assert_str_eq(section, "private-thing");
  cs_report_section("7252/ping", section, sizeof section);
  ck_assert_str_eq(section, "7252/ping");
}
END_TEST

START_TEST(a_folder_name_is_one_harmless_component) {
  static const char *const rows[][2] = {
      {"coap://127.0.0.1:5683", "coap-127.0.0.1-5683"},
      {"coap://[::1]:5683", "coap-1-5683"},
      {"embedded", "embedded"},
      {"../../etc", "..-..-etc"},
      {"..", "target"},
      {"///", "target"},
      {"", "target"},
      {"coap+tcp://h/", "coap+tcp-h"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char name[64];
    cs_report_folder_name(rows[i][0], name, sizeof name);
    ck_assert_str_eq(name, rows[i][1]);
  }
  char small[5];
  cs_report_folder_name("abcdefgh", small, sizeof small);
  ck_assert_str_eq(small, "abcd");
}
END_TEST

START_TEST(a_requirement_is_found_by_id) {
  ck_assert_ptr_eq(cs_report_find_requirement(&sample_run, sample_known[0].id), &sample_known[0]);
  ck_assert_ptr_null(cs_report_find_requirement(&sample_run, "RFC7252#1:none"));
  ck_assert_ptr_null(cs_report_find_requirement(&sample_run, NULL));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("report verdict");
  TCase *tests = tcase_create("verdict");
  tcase_add_test(tests, every_verdict_has_its_own_name);
  tcase_add_test(tests, counts_are_per_verdict);
  tcase_add_test(tests, a_section_is_read_from_case_ids_and_requirement_ids);
  tcase_add_test(tests, a_folder_name_is_one_harmless_component);
  tcase_add_test(tests, a_requirement_is_found_by_id);
  suite_add_tcase(suite, tests);
  return cs_test_main(suite);
}
