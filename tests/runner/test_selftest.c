/* The self-test: all that is inside the program stands it, and a defect
 * without effect is noticed. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "runner/select.h"
#include "runner/selftest.h"
#include "support/check_main.h"

static cs_runner_library library;
static cs_runner_profile profile;

static void open(void) {
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_profile(&library, "embedded", &profile));
  ck_assert(cs_runner_library_load(&library, NULL));
}

START_TEST(every_defect_is_caught) {
  /* Over (D)TLS too. */
  cs_runner_selftest_config config = {
      .library = &library, .profile = &profile, .seed = 1, .all_transports = true};
  cs_runner_selftest_result r;
  open();
  cs_runner_selftest(&config, &r);
  if (!cs_runner_selftest_good(&r))
    cs_runner_selftest_print(&r, false, stdout);
  ck_assert(cs_runner_selftest_good(&r));
  ck_assert_uint_eq(r.killed, r.defects);
  size_t cases = 0;
  size_t killed = 0;
  for (unsigned t = 0; t < CS_RUNNER_SELFTEST_TRANSPORTS; t++) {
    if (cs_runner_transport_there((cs_runner_transport)t))
      ck_assert_uint_ge(r.on[t].defects, 40);
    else
      ck_assert_uint_eq(r.on[t].cases, 0);
    ck_assert_uint_eq(r.on[t].clean, r.on[t].cases);
    cases += r.on[t].cases;
    killed += r.on[t].killed;
  }
  ck_assert_uint_eq(cases, r.cases);
  ck_assert_uint_eq(killed, r.killed);
  cs_runner_library_close(&library);
}
END_TEST

START_TEST(a_defect_without_effect_survives) {
  static const char *const inert[] = {"ping-ignored"};
  cs_runner_selftest_config config = {
      .library = &library, .profile = &profile, .seed = 1, .inert = inert, .inert_count = 1};
  cs_runner_selftest_result r;
  open();
  cs_runner_selftest(&config, &r);
  ck_assert(!cs_runner_selftest_good(&r));
  ck_assert_uint_ge(r.survived, 1);
  const char *const *survivors = r.survivors.items;
  bool named = false;
  for (size_t i = 0; i < r.survivors.count; i++)
    named = named || strstr(survivors[i], "does not catch ping-ignored on udp");
  ck_assert(named);
  cs_runner_library_close(&library);
}
END_TEST

/* One scenario alone leaves defects unused; one without its defect leaves its
 * MUST unbroken. */
START_TEST(gaps_are_noticed) {
  cs_runner_selftest_config config = {.library = &library, .profile = &profile, .seed = 1};
  cs_runner_selftest_result r;
  cs_runner_error e;
  const cs_runner_scenario *s;
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_profile(&library, "embedded", &profile));
  ck_assert(cs_runner_parse(cs_span_str("# t\nid a/b/c\ncovers RFC7252#4.3:empty-con-reset\n"
                                        "transport udp\n---\nalive\n"),
                            "x", &library.names, &library.arena, &s, &e));
  *(const cs_runner_scenario **)cs_runner_push(&library.arena, &library.scenarios, sizeof s) = s;
  cs_runner_selftest(&config, &r);
  ck_assert(!cs_runner_selftest_good(&r));
  ck_assert_uint_eq(r.uncovered.count, 1);
  ck_assert_uint_gt(r.unused.count, 40);
  /* A defect is to be caught on each transport where it shows. */
  const char *const *unused = r.unused.items;
  size_t on_ws = 0;
  for (size_t i = 0; i < r.unused.count; i++)
    on_ws += strstr(unused[i], ": unused on ws") != NULL;
  ck_assert_uint_gt(on_ws, 40);
  ck_assert_uint_eq(r.clean, cs_runner_transport_there(CS_RUNNER_DTLS) ? 2 : 1);
  cs_runner_library_close(&library);
}
END_TEST

/* The defect shows in the answer to a Confirmable request alone: the twin of the
 * other type cannot fail. */
START_TEST(a_case_that_cannot_fail_is_noticed) {
  cs_runner_selftest_config config = {.library = &library, .profile = &profile, .seed = 1};
  cs_runner_selftest_result r;
  cs_runner_error e;
  const cs_runner_scenario *s;
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_profile(&library, "embedded", &profile));
  ck_assert(cs_runner_parse(
      cs_span_str("# t\nid a/b/c\ncovers RFC7252#4.2:ack-echoes-mid\ntransport udp\n"
                  "type CON NON\nsecurity plain\ndefect ack-wrong-mid\n---\n>> GET @test\n"
                  "<< ACK|NON 2.05 -> pass\n| * -> fail\n"),
      "x", &library.names, &library.arena, &s, &e));
  *(const cs_runner_scenario **)cs_runner_push(&library.arena, &library.scenarios, sizeof s) = s;
  cs_runner_selftest(&config, &r);
  const char *const *unfailing = r.unfailing.items;
  ck_assert_uint_eq(r.survived, 0);
  ck_assert_uint_eq(r.unfailing.count, 1);
  ck_assert_ptr_nonnull(strstr(unfailing[0], "a/b/c+non on udp"));
  ck_assert(!cs_runner_selftest_good(&r));
  cs_runner_library_close(&library);
}
END_TEST

/* A scenario whose defect shows where the scenario never is catches nothing. */
START_TEST(a_defect_of_another_transport_is_not_caught) {
  cs_runner_selftest_config config = {.library = &library, .profile = &profile, .seed = 1};
  cs_runner_selftest_result r;
  cs_runner_error e;
  const cs_runner_scenario *s;
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_profile(&library, "embedded", &profile));
  ck_assert(cs_runner_parse(cs_span_str("# t\nid a/b/c\ncovers RFC7252#4.3:empty-con-reset\n"
                                        "transport tcp\ndefect rst-wrong-mid\n---\nalive\n"),
                            "x", &library.names, &library.arena, &s, &e));
  *(const cs_runner_scenario **)cs_runner_push(&library.arena, &library.scenarios, sizeof s) = s;
  cs_runner_selftest(&config, &r);
  ck_assert_uint_eq(r.survived, 1);
  ck_assert_ptr_nonnull(strstr(((const char *const *)r.survivors.items)[0],
                               "it shows on none of the scenario's transports"));
  cs_runner_library_close(&library);
}
END_TEST

/* A defect of messages is to be caught over (D)TLS only when that is asked for, one of
 * the security layer always. */
START_TEST(secured_twins_are_asked_for) {
  cs_runner_selftest_config config = {.library = &library, .profile = &profile, .seed = 1};
  cs_runner_selftest_result r;
  cs_runner_error e;
  const cs_runner_scenario *s;
  if (!cs_runner_transport_there(CS_RUNNER_DTLS))
    return;
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_profile(&library, "embedded", &profile));
  ck_assert(cs_runner_parse(cs_span_str("# t\nid a/b/c\ncovers RFC7252#4.3:empty-con-reset\n"
                                        "transport udp\ndefect ping-acked\n---\n"
                                        "> CON 0.00 mid=$m\n< RST 0.00 mid=$m\n"),
                            "x", &library.names, &library.arena, &s, &e));
  *(const cs_runner_scenario **)cs_runner_push(&library.arena, &library.scenarios, sizeof s) = s;
  for (unsigned all = 0; all < 2; all++) {
    config.all_transports = all;
    cs_runner_selftest(&config, &r);
    ck_assert_uint_eq(r.on[CS_RUNNER_DTLS].clean, 1);
    ck_assert_uint_eq(r.on[CS_RUNNER_UDP].killed, 1);
    ck_assert_uint_eq(r.on[CS_RUNNER_DTLS].killed, all);
    /* Those of the security layer are missed on the transports where they show. */
    const char *const *unused = r.unused.items;
    size_t secured = 0;
    for (size_t i = 0; i < r.unused.count; i++)
      secured += strstr(unused[i], "unused on dtls") != NULL;
    ck_assert_uint_gt(secured, all ? 100 : 10);
  }
  cs_runner_library_close(&library);
}
END_TEST

START_TEST(counts_are_printed_as_json) {
  cs_runner_selftest_result r = {.scenarios = 2, .cases = 3, .clean = 3, .defects = 4, .killed = 4};
  r.on[CS_RUNNER_WS] = (cs_runner_selftest_count){3, 3, 4, 4};
  char text[2048] = "";
  FILE *f = fmemopen(text, sizeof text, "w");
  ck_assert(cs_runner_selftest_print(&r, true, f));
  fclose(f);
  json_t *root = json_loads(text, 0, NULL);
  ck_assert_ptr_nonnull(root);
  ck_assert_int_eq(json_integer_value(json_object_get(root, "killed")), 4);
  ck_assert_int_eq(json_integer_value(json_object_get(root, "survived")), 0);
  ck_assert(json_is_array(json_object_get(root, "survivors")));
  json_t *ws = json_object_get(json_object_get(root, "transports"), "ws");
  ck_assert_int_eq(json_integer_value(json_object_get(ws, "clean")), 3);
  json_decref(root);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("selftest");
  TCase *tc = tcase_create("all");
  tcase_set_timeout(tc, 110);
  tcase_add_test(tc, every_defect_is_caught);
  tcase_add_test(tc, a_defect_without_effect_survives);
  tcase_add_test(tc, gaps_are_noticed);
  tcase_add_test(tc, a_case_that_cannot_fail_is_noticed);
  tcase_add_test(tc, a_defect_of_another_transport_is_not_caught);
  tcase_add_test(tc, secured_twins_are_asked_for);
  tcase_add_test(tc, counts_are_printed_as_json);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
