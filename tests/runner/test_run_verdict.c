/* Exit codes and expected failures. */
#include <string.h>

#include "runner/run.h"
#include "support/check_main.h"

START_TEST(the_order_of_exit_codes) {
  static const cs_runner_exit order[] = {CS_RUNNER_EXIT_USAGE,       CS_RUNNER_EXIT_NOTHING,
                                         CS_RUNNER_EXIT_UNREACHABLE, CS_RUNNER_EXIT_CRASHED,
                                         CS_RUNNER_EXIT_FAIL,        CS_RUNNER_EXIT_XPASS,
                                         CS_RUNNER_EXIT_OK};
  for (size_t i = 0; i < 7; i++) {
    for (size_t k = i; k < 7; k++) {
      ck_assert_int_eq(cs_runner_worse(order[i], order[k]), order[i]);
      ck_assert_int_eq(cs_runner_worse(order[k], order[i]), order[i]);
    }
  }
}
END_TEST

START_TEST(verdicts_ask_for_an_exit_code) {
  static const cs_runner_exit wanted[CS_VERDICT_COUNT_] = {
      [CS_VERDICT_FAIL] = CS_RUNNER_EXIT_FAIL,
      [CS_VERDICT_INCONCLUSIVE] = CS_RUNNER_EXIT_FAIL,
      [CS_VERDICT_FLAKY] = CS_RUNNER_EXIT_FAIL,
      [CS_VERDICT_XPASS] = CS_RUNNER_EXIT_XPASS,
      [CS_VERDICT_CRASH] = CS_RUNNER_EXIT_CRASHED};
  for (unsigned v = 0; v < CS_VERDICT_COUNT_; v++) {
    cs_report_case c = {.id = "a", .verdict = (cs_verdict)v, .message = ""};
    cs_report_run run = {.cases = &c, .case_count = 1};
    ck_assert_int_eq(cs_runner_exit_of(&run), wanted[v]);
  }
}
END_TEST

static cs_runner_profile profile_of(cs_runner_arena *arena, const char *bytes) {
  cs_runner_profile p;
  cs_runner_error e;
  const char *text = cs_runner_format(arena,
                                      "[target]\nname = x\nversion = 1\n[xfail]\n"
                                      "case = a/b/c\nstatement = R#1\nbytes = %s\n"
                                      "version = 1\nreason = known\n",
                                      bytes);
  ck_assert(cs_runner_profile_read(cs_span_str(text), "x.ini", arena, &p, &e));
  return p;
}

START_TEST(a_failure_as_declared_is_expected) {
  static const cs_report_packet packets[] = {
      {.sent = 1, .bytes = {(const uint8_t *)"\x40", 1}},
      {.sent = 0, .bytes = {(const uint8_t *)"\x60\x01", 2}},
      {.sent = 0, .kind = CS_REPORT_RESET},
      {.sent = 1, .kind = CS_REPORT_SECURITY, .notation = "alert a"},
      {.sent = 0, .kind = CS_REPORT_SECURITY, .notation = "secured x"}};
  static const struct {
    const char *id, *statement, *bytes;
    bool silent;
    cs_verdict before, after;
    const char *transport; /* NULL: udp */
  } rows[] = {
      {"a/b/c", "R#1", "60 ??", false, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "60 ??", false, CS_VERDICT_WARN, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "60 ...", false, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "60 ?? ...", false, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "70 | 60 01 ...", false, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "60 02 ...", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL},
      {"a/b/c", "R#1", "60 01 02 ...", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL},
      {"a/b/c", "R#2", "60 ??", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL},
      {"a/b/c", "R#1", "60 02", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL},
      {"a/b/c", "R#1", "40", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL}, /* our own message */
      {"a/b/c", "R#1", "none", true, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "none", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL},
      {"a/b/c", "R#1", "closed", false, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "70 | closed", false, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "70 | 60 01", false, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "70 | none", true, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "secured", false, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "70 | secured", false, CS_VERDICT_FAIL, CS_VERDICT_XFAIL, NULL},
      {"a/b/c", "R#1", "refused", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL},
      {"a/b/c", "R#1", "alert", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL}, /* it was ours */
      {"a/b/c", "R#1", "70 | 71", true, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL},
      {"a/b/c", NULL, "60 ??", false, CS_VERDICT_PASS, CS_VERDICT_XPASS, NULL},
      {"a/b/c", NULL, "60 ??", false, CS_VERDICT_SKIP, CS_VERDICT_SKIP, NULL},
      {"a/b/d", "R#1", "60 ??", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, NULL},
      {"a/b/c", "R#1", "60 ??", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL, "tcp"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_runner_arena arena = {0};
    cs_runner_profile p = profile_of(&arena, rows[i].bytes);
    cs_report_case c = {.id = rows[i].id,
                        .transport = rows[i].transport ? rows[i].transport : "udp",
                        .verdict = rows[i].before,
                        .statement = rows[i].statement,
                        .message = "m",
                        .packets = packets,
                        .packet_count = sizeof packets / sizeof packets[0]};
    cs_runner_expect_failure(&p, &arena, rows[i].silent, &c);
    ck_assert_msg(c.verdict == rows[i].after, "row %zu", i);
    if (c.verdict == CS_VERDICT_XFAIL)
      ck_assert_str_eq(c.message, "m (expected of version 1: known)");
    cs_runner_release(&arena);
  }
}
END_TEST

START_TEST(what_fails_sometimes_may_pass) {
  static const char text[] = "[target]\nname = x\nversion = 1\n[xfail]\ncase = a/b/c\n"
                             "statement = R#1 | R#2\nbytes = none\nversion = 1\nreason = known\n"
                             "when = sometimes\n";
  static const struct {
    const char *statement;
    bool silent;
    cs_verdict before, after;
  } rows[] = {{NULL, false, CS_VERDICT_PASS, CS_VERDICT_PASS},
              {"R#1", true, CS_VERDICT_FAIL, CS_VERDICT_XFAIL},
              {"R#2", true, CS_VERDICT_FAIL, CS_VERDICT_XFAIL},
              {"R#", true, CS_VERDICT_FAIL, CS_VERDICT_FAIL},
              {"R#3", true, CS_VERDICT_FAIL, CS_VERDICT_FAIL},
              {"R#1", false, CS_VERDICT_FAIL, CS_VERDICT_FAIL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_runner_arena arena = {0};
    cs_runner_profile p;
    cs_runner_error e;
    ck_assert(cs_runner_profile_read(cs_span_str(text), "x.ini", &arena, &p, &e));
    cs_report_case c = {.id = "a/b/c",
                        .transport = "udp",
                        .verdict = rows[i].before,
                        .statement = rows[i].statement,
                        .message = "m"};
    cs_runner_expect_failure(&p, &arena, rows[i].silent, &c);
    ck_assert_msg(c.verdict == rows[i].after, "row %zu", i);
    cs_runner_release(&arena);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("run_verdict");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, the_order_of_exit_codes);
  tcase_add_test(tc, verdicts_ask_for_an_exit_code);
  tcase_add_test(tc, a_failure_as_declared_is_expected);
  tcase_add_test(tc, what_fails_sometimes_may_pass);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
