/* What a selection leaves, over the scenarios inside the program. */
#include <string.h>

#include "runner/select.h"
#include "support/check_main.h"

static cs_runner_library library;

static void open(void) {
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_load(&library, NULL));
}

static void close(void) {
  cs_runner_library_close(&library);
}

static void want(cs_runner_list *list, const char *word) {
  *(const char **)cs_runner_push(&library.arena, list, sizeof word) = word;
}

static size_t count(const cs_runner_selection *s) {
  size_t n = 0;
  cs_runner_select(&library, s, &n, NULL);
  return n;
}

START_TEST(globs_take_and_leave) {
  cs_runner_selection s = {0};
  open();
  size_t all = count(&s);
  ck_assert_uint_ge(all, 40);
  want(&s.only, "7252/4.3/ping");
  ck_assert_uint_eq(count(&s), cs_runner_transport_there(CS_RUNNER_DTLS) ? 2 : 1);
  want(&s.transports, "udp");
  ck_assert_uint_eq(count(&s), 1);
  want(&s.only, "7252/5.3.1/token-lengths");
  ck_assert_uint_eq(count(&s), 3); /* both variants by the scenario's id */
  want(&s.exclude, "*+non");
  ck_assert_uint_eq(count(&s), 2);
  want(&s.only, "7252/*");
  want(&s.exclude, "*");
  ck_assert_uint_eq(count(&s), 0);
  close();
}
END_TEST

START_TEST(sections_are_whole_numbers) {
  open();
  static const char *const words[] = {"4.3", "7252/4.3", "RFC7252#4.3", "rfc7252#4.3"};
  size_t n[4];
  for (size_t i = 0; i < 4; i++) {
    cs_runner_selection s = {0};
    want(&s.sections, words[i]);
    n[i] = count(&s);
    ck_assert_uint_gt(n[i], 0);
    ck_assert_uint_eq(n[i], n[i > 1 ? 1 : i]);
    ck_assert_uint_le(n[i], n[0]); /* which takes the section of every RFC */
  }
  cs_runner_selection four = {0};
  want(&four.sections, "4");
  ck_assert_uint_gt(count(&four), n[0]);
  cs_runner_selection other = {0};
  want(&other.sections, "7641/4.3");
  want(&other.sections, "0");
  ck_assert_uint_eq(count(&other), 0);
  close();
}
END_TEST

START_TEST(levels_and_transports) {
  const char *word = NULL;
  cs_runner_selection s = {0};
  open();
  want(&s.transports, "udp");
  want(&s.levels, "should");
  size_t should = count(&s);
  ck_assert_uint_gt(should, 0);
  want(&s.levels, "MUST");
  ck_assert(cs_runner_selection_check(&s, &word));
  size_t of_udp = count(&s);
  ck_assert_uint_gt(of_udp, should);
  want(&s.transports, "tcp");
  ck_assert_uint_gt(count(&s), of_udp);
  /* Each transport has its cases, and no word means all of them. */
  static const char *const names[] = {"udp", "tcp", "ws", "dtls", "tls", "wss"};
  size_t all = 0;
  for (size_t i = 0; i < 6; i++) {
    cs_runner_selection one = {0};
    size_t n = 0;
    want(&one.transports, names[i]);
    const cs_runner_variant *v = cs_runner_select(&library, &one, &n, NULL);
    if (cs_runner_transport_there((cs_runner_transport)i))
      ck_assert_uint_ge(n, 40);
    else
      ck_assert_uint_eq(n, 0);
    for (size_t k = 0; k < n; k++)
      ck_assert_str_eq(cs_runner_transport_name(v[k].transport), names[i]);
    all += n;
  }
  ck_assert_uint_eq(count(&(cs_runner_selection){0}), all);
  cs_runner_selection tcp = {0};
  want(&tcp.transports, "dtls");
  ck_assert(cs_runner_selection_check(&tcp, &word));
  want(&tcp.transports, "sctp");
  ck_assert(!cs_runner_selection_check(&tcp, &word));
  ck_assert_str_eq(word, "sctp");
  close();
}
END_TEST

START_TEST(a_shuffle_is_a_permutation_of_its_seed) {
  size_t a[50];
  size_t b[50];
  size_t seen[50] = {0};
  for (size_t i = 0; i < 50; i++)
    a[i] = b[i] = i;
  cs_runner_shuffle(a, 50, 1);
  cs_runner_shuffle(b, 50, 1);
  ck_assert_mem_eq(a, b, sizeof a);
  bool moved = false;
  for (size_t i = 0; i < 50; i++) {
    seen[a[i]]++;
    moved = moved || a[i] != i;
  }
  for (size_t i = 0; i < 50; i++)
    ck_assert_uint_eq(seen[i], 1);
  ck_assert(moved);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("select");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, globs_take_and_leave);
  tcase_add_test(tc, sections_are_whole_numbers);
  tcase_add_test(tc, levels_and_transports);
  tcase_add_test(tc, a_shuffle_is_a_permutation_of_its_seed);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
