/* Which cases keep out of each other's way. */
#include "runner/driver.h"
#include "support/check_main.h"

#define HEAD "# t\nid a/b/c\ncovers R\ntransport udp\n---\n"

START_TEST(writers_exclude_users_of_the_same_resource) {
  static const struct {
    const char *a, *b;
    bool conflict;
  } rows[] = {{">> GET @one\n<< *\n", ">> GET @one\n<< *\n", false},
              {">> PUT @one\n<< *\n", ">> GET @one\n<< *\n", true},
              {">> PUT @one\n<< *\n", ">> GET @same\n<< *\n", true},
              {">> PUT @one\n<< *\n", ">> GET @two\n<< *\n", false},
              {">> PUT @one/x\n<< *\n", ">> PUT @one/y\n<< *\n", false},
              {">> PUT @one/x\n<< *\n", ">> DELETE @one/x\n<< *\n", true},
              {">> GET @two\n<< *\n> NON POST mid=1 @one\nalive\n", ">> FETCH @one\n<< *\n", true},
              {">> FETCH @one\n<< *\n", ">> FETCH @one\n<< *\n", false}};
  cs_runner_arena arena = {0};
  cs_runner_profile p;
  cs_runner_error e;
  ck_assert(cs_runner_profile_read(
      cs_span_str("[target]\nname=x\n[resources]\none=/one\nsame=/one\ntwo=/two\n"), "x", &arena,
      &p, &e));
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const cs_runner_scenario *a;
    const cs_runner_scenario *b;
    const char *first = cs_runner_format(&arena, HEAD "%s", rows[i].a);
    const char *second = cs_runner_format(&arena, HEAD "%s", rows[i].b);
    ck_assert(cs_runner_parse(cs_span_str(first), "x", NULL, &arena, &a, &e));
    ck_assert(cs_runner_parse(cs_span_str(second), "x", NULL, &arena, &b, &e));
    ck_assert_msg(cs_runner_conflict(a, b, &p) == rows[i].conflict, "row %zu", i);
    ck_assert_msg(cs_runner_conflict(b, a, &p) == rows[i].conflict, "row %zu", i);
  }
  cs_runner_release(&arena);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("conflict");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, writers_exclude_users_of_the_same_resource);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
