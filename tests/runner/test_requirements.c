/* The table of requirements and its faults. */
#include <string.h>

#include "runner/requirements.h"
#include "support/check_main.h"

#define HEAD "id\trfc\tsection\tlevel\tsummary\tscenario-or-reason\n"

START_TEST(faults_say_where) {
  static const struct {
    const char *text;
    unsigned line, column;
  } rows[] = {{HEAD "R#1\t1\t2\tMUST\tx\n", 2, 15},
              {HEAD "R#1\t1\t2\tMUST\tx\ty\tz\n", 2, 17},
              {HEAD "R#1\t1\t\tMUST\tx\ty\n", 2, 7},
              {HEAD "R#1\t1\t2\tMIGHT\tx\ty\n", 2, 9},
              {HEAD "R#1\t1\t2\tMUST\tx\ty\n\nx\n", 4, 2}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_runner_arena arena = {0};
    cs_runner_requirements r = {0};
    cs_runner_error e;
    ck_assert(!cs_runner_requirements_read(cs_span_str(rows[i].text), &arena, &r, &e));
    ck_assert_msg(e.line == rows[i].line && e.column == rows[i].column, "row %zu: %u:%u: %s", i,
                  e.line, e.column, e.message);
    cs_runner_release(&arena);
  }
}
END_TEST

START_TEST(levels_are_told) {
  cs_runner_arena arena = {0};
  cs_runner_requirements r = {0};
  cs_runner_error e;
  ck_assert(cs_runner_requirements_read(cs_span_str(HEAD "R#1\t1\t2\tMUST NOT\tx\ty\n"
                                                         "R#2\t1\t2\tRECOMMENDED\tx\ty\r\n"
                                                         "R#3\t1\t2\tMAY\tx\ty\n"
                                                         "R#3\t1\t2\tMUST\tlater\ty"),
                                        &arena, &r, &e));
  ck_assert_uint_eq(r.rows.count, 3);
  ck_assert_int_eq(cs_runner_level_of(&r, "R#1"), CS_RUNNER_MUST);
  ck_assert_int_eq(cs_runner_level_of(&r, "R#2"), CS_RUNNER_SHOULD);
  ck_assert_int_eq(cs_runner_level_of(&r, "R#3"), CS_RUNNER_MAY);
  ck_assert_int_eq(cs_runner_level_of(&r, "R#4"), CS_RUNNER_MUST);
  ck_assert_str_eq(cs_runner_requirement(&r, "R#3")->summary, "x");
  cs_runner_release(&arena);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("requirements");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, faults_say_where);
  tcase_add_test(tc, levels_are_told);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
