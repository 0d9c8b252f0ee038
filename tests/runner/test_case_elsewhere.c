/* What comes from another endpoint than the target, and what is sent to a group. */
#include "play.h"

#define PLAY_PLAIN "# t\nid a/b/c\ncovers R#1:must\ntransport udp\nsecurity plain\n---\n"

static char mid[32], token[32];

/* The Message ID and the token of what was sent. */
static void note(const char *sent) {
  const char *m = strstr(sent, "mid=");
  const char *t = strstr(sent, "token=");
  ck_assert_msg(m != NULL, "no message: %s", sent);
  snprintf(mid, sizeof mid, "%.*s", (int)strcspn(m, " "), m);
  snprintf(token, sizeof token, "%.*s", t ? (int)strcspn(t, " ") : 0, t ? t : "");
}

/* The case gets a message that answers it, "TYPE CODE", from elsewhere. */
static void comes_from(played *p, const char *what, const char *from, bool same_host) {
  uint8_t bytes[256];
  char notation[128];
  snprintf(notation, sizeof notation, "%s %s %s", what, mid, strstr(what, "0.00") ? "" : token);
  size_t len = play_build(p, notation, bytes, sizeof bytes);
  cs_runner_case_receive_elsewhere(p->c, p->port, cs_span_of(bytes, len), from, same_host, p->now);
}

static void receives(played *p, const char *what) {
  char notation[128];
  snprintf(notation, sizeof notation, "%s %s %s", what, mid, strstr(what, "0.00") ? "" : token);
  play_gets(p, notation);
}

static void check(played *p, cs_verdict verdict, const char *statement, const char *told) {
  cs_report_case r = play_result(p);
  ck_assert_msg(r.verdict == verdict, "%s: %s", cs_verdict_name(r.verdict), r.message);
  if (statement)
    ck_assert_str_eq(r.statement, statement);
  ck_assert_msg(strstr(r.message, told) != NULL, "%s", r.message);
  play_close(p);
}

START_TEST(an_answer_from_elsewhere_fails_and_it_is_told_from_where) {
  played p;
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n", 0);
  note(play_sent(&p));
  comes_from(&p, "ACK 2.05", "192.0.2.9:5683", false);
  play_wait(&p, 300 * CS_MILLISECOND - 1);
  ck_assert_str_eq(play_sent(&p), "");
  ck_assert_ptr_null(cs_runner_case_elsewhere(p.c));
  play_wait(&p, 1);
  ck_assert_str_eq(cs_runner_case_elsewhere(p.c), "192.0.2.9:5683");
  ck_assert(!cs_runner_case_silent(p.c));
  cs_report_case r = play_result(&p);
  ck_assert_str_eq(r.packets[1].from, "192.0.2.9:5683");
  ck_assert_uint_eq(r.line, 7);
  check(&p, CS_VERDICT_FAIL, "RFC7252#5.3.2:response-source",
        "the answer came from 192.0.2.9:5683, not from the target (ACK 2.05");
}
END_TEST

START_TEST(the_right_answer_soon_after_counts) {
  played p;
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n", 0);
  note(play_sent(&p));
  comes_from(&p, "ACK 2.05", "192.0.2.9:5683", false);
  play_wait(&p, 200 * CS_MILLISECOND);
  receives(&p, "ACK 2.05");
  comes_from(&p, "ACK 2.05", "192.0.2.9:5683", false);
  play_wait(&p, CS_SECOND);
  check(&p, CS_VERDICT_PASS, NULL, "");
}
END_TEST

START_TEST(a_separate_response_from_elsewhere_fails) {
  played p;
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n", 0);
  note(play_sent(&p));
  receives(&p, "ACK 0.00");
  comes_from(&p, "CON 2.05", "192.0.2.9:5683", false);
  play_wait(&p, CS_SECOND);
  check(&p, CS_VERDICT_FAIL, "RFC7252#5.3.2:response-source", "192.0.2.9:5683");
}
END_TEST

START_TEST(a_stranger_changes_nothing) {
  static const char *const steps[] = {PLAY_HEAD ">> GET @test\n<< 2.05\n",
                                      PLAY_HEAD ">> GET @test\n<< 2.05\n| * -> fail\n"};
  for (unsigned i = 0; i < 2; i++) {
    played p;
    play_open(&p, steps[i], 0);
    note(play_sent(&p));
    char right[32];
    snprintf(right, sizeof right, "%s", token);
    snprintf(token, sizeof token, "token=0102");
    comes_from(&p, "NON 2.05", "192.0.2.9:1", false);
    cs_runner_case_receive_elsewhere(p.c, 0, cs_span_str("noise"), "192.0.2.9:2", false, p.now);
    play_wait(&p, CS_SECOND);
    snprintf(token, sizeof token, "%s", right);
    receives(&p, "ACK 2.05");
    check(&p, CS_VERDICT_PASS, NULL, "");
  }
}
END_TEST

START_TEST(silence_tells_of_strangers) {
  played p;
  play_open(&p, PLAY_HEAD "> CON GET mid=7 token=01 @test\n< ACK 2.05 mid=7\n", 0);
  play_sent(&p);
  cs_runner_case_receive_elsewhere(p.c, 0, cs_span_str("noise"), "192.0.2.9:2", false, p.now);
  play_wait(&p, 20 * CS_SECOND);
  check(&p, CS_VERDICT_FAIL, "R#1:must",
        "nothing came for 2 s but 1 datagram from 192.0.2.9:2, not from the target");
}
END_TEST

/* Neither "anything" nor a silence makes it a pass. */
START_TEST(an_answer_from_elsewhere_is_no_pass) {
  static const char *const steps[] = {
      PLAY_HEAD "> CON GET mid=$m token=$t @test\n< * 4.04 -> fail\n| * -> pass\n",
      PLAY_HEAD "> CON GET mid=$m token=$t @test\n< * 4.04 -> fail\n| silence 100ms -> pass\n"};
  for (unsigned i = 0; i < 2; i++) {
    played p;
    play_open(&p, steps[i], 0);
    note(play_sent(&p));
    comes_from(&p, "ACK 2.05", "192.0.2.9:1", false);
    play_wait(&p, 10 * CS_SECOND);
    check(&p, CS_VERDICT_FAIL, "RFC7252#5.3.2:response-source", "192.0.2.9:1");
  }
}
END_TEST

START_TEST(a_reset_from_elsewhere_is_none) {
  played p;
  play_open(&p, PLAY_HEAD "> CON 0.00 mid=$m\n< RST 0.00 mid=$m\n", 0);
  note(play_sent(&p));
  comes_from(&p, "RST 0.00", "[2001:db8::1]:9", false);
  play_wait(&p, CS_SECOND);
  check(&p, CS_VERDICT_FAIL, "RFC7252#4.4:mid-unmatched", "[2001:db8::1]:9");
}
END_TEST

START_TEST(a_step_may_wait_for_what_comes_from_elsewhere) {
  played p;
  play_open(&p,
            PLAY_PLAIN ">> GET @test\n<< 2.05 -> fail\n| < elsewhere * 4.04 -> fail\n"
                       "| < elsewhere * 2.05 -> pass\n| * -> fail\n",
            0);
  note(play_sent(&p));
  comes_from(&p, "ACK 2.05", "192.0.2.9:1", false);
  check(&p, CS_VERDICT_PASS, NULL, "");
}
END_TEST

START_TEST(a_sign_of_life_from_elsewhere_is_one_and_fails) {
  played p;
  cs_report_case r;
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n", 0);
  note(play_sent(&p));
  receives(&p, "ACK 2.05");
  note(play_sent(&p)); /* the ping at the end */
  comes_from(&p, "RST 0.00", "192.0.2.9:1", true);
  play_wait(&p, CS_SECOND);
  ck_assert(cs_runner_case_done(p.c));
  ck_assert(!cs_runner_case_lifeless(p.c));
  ck_assert_str_eq(cs_runner_case_elsewhere(p.c), "192.0.2.9:1");
  cs_runner_case_result(p.c, &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
  play_close(&p);
}
END_TEST

START_TEST(a_flood_from_elsewhere_changes_nothing) {
  played p;
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n", 0);
  note(play_sent(&p));
  for (unsigned i = 0; i < 100000; i++)
    cs_runner_case_receive_elsewhere(p.c, 0, cs_span_str("noise"), "192.0.2.9:2", false, p.now);
  for (unsigned i = 0; i < 2000; i++)
    comes_from(&p, "ACK 0.00", "192.0.2.9:2", false);
  receives(&p, "ACK 2.05");
  cs_report_case r = play_result(&p);
  ck_assert_uint_lt(r.packet_count, 100);
  check(&p, CS_VERDICT_PASS, NULL, "");
}
END_TEST

/* Others of the group may answer; whether the target does so from its usual port is
 * its own affair. */
START_TEST(of_a_group_only_the_target_counts) {
  played p;
  play_open(&p, PLAY_PLAIN ">> multicast NON GET @test\n<< 2.05\n", 0);
  const char *sent = play_sent(&p);
  ck_assert_int_eq(strncmp(sent, "group NON GET", 13), 0);
  note(sent);
  comes_from(&p, "NON 2.05", "192.0.2.9:5683", false);
  play_wait(&p, 2 * CS_SECOND);
  ck_assert_str_eq(play_sent(&p), "");
  comes_from(&p, "NON 2.05", "192.0.2.1:9", true);
  cs_report_case r = play_result(&p);
  ck_assert_ptr_nonnull(strstr(r.packets[0].notation, "multicast NON GET"));
  check(&p, CS_VERDICT_PASS, NULL, "");
}
END_TEST

/* However much comes from strangers, a report shows little of it. */
START_TEST(strangers_fill_no_report) {
  static uint8_t bytes[60000];
  played p;
  size_t shown = 0;
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n", 0);
  note(play_sent(&p));
  for (unsigned i = 0; i < 100; i++)
    cs_runner_case_receive_elsewhere(p.c, p.port, cs_span_of(bytes, i % 2 ? 400 : sizeof bytes),
                                     "192.0.2.9:5683", false, p.now);
  receives(&p, "ACK 2.05");
  cs_report_case r = play_result(&p);
  for (size_t i = 0; i < r.packet_count; i++)
    shown += r.packets[i].from ? r.packets[i].bytes.len : 0;
  ck_assert_uint_gt(shown, 0);
  ck_assert_uint_le(shown, 4096);
  check(&p, CS_VERDICT_PASS, NULL, "");
}
END_TEST

/* Answers of the target's host to a group are its own, and count as such. */
START_TEST(a_host_that_answers_a_group_without_end_is_stopped) {
  static uint8_t bytes[60000];
  played p;
  play_open(&p, PLAY_PLAIN ">> multicast NON GET @test\nwait 1s\n>> GET @test\n<< 2.05\n", 0);
  note(play_sent(&p));
  char notation[128];
  snprintf(notation, sizeof notation, "NON 2.05 %s %s", mid, token);
  size_t len = play_build(&p, notation, bytes, sizeof bytes);
  bytes[len] = 0xff;
  for (unsigned i = 0; i < 40; i++) {
    bytes[3] = (uint8_t)i;
    cs_runner_case_receive_elsewhere(p.c, p.port, cs_span_of(bytes, sizeof bytes), "192.0.2.1:9",
                                     true, p.now);
  }
  check(&p, CS_VERDICT_INCONCLUSIVE, NULL, "the target sent more than 2 MiB");
}
END_TEST

START_TEST(responses_may_have_to_vary) {
  static const cs_time last[] = {10, 30, 200};
  static const cs_verdict verdicts[] = {CS_VERDICT_FAIL, CS_VERDICT_PASS, CS_VERDICT_PASS};
  for (unsigned i = 0; i < 3; i++) {
    played p;
    play_open(&p, PLAY_HEAD ">> NON GET @test\n<< 2.05\n>> NON GET @test\n<< 2.05 varied 20ms\n",
              0);
    note(play_sent(&p));
    receives(&p, "NON 2.05");
    note(play_sent(&p));
    play_wait(&p, last[i] * CS_MILLISECOND);
    snprintf(mid, sizeof mid, "mid=77");
    receives(&p, "NON 2.05");
    check(&p, verdicts[i], NULL, i ? "" : "the responses took the same time, to 0.020 s");
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("runner/case_elsewhere");
  TCase *c = tcase_create("case_elsewhere");
  tcase_add_test(c, an_answer_from_elsewhere_fails_and_it_is_told_from_where);
  tcase_add_test(c, the_right_answer_soon_after_counts);
  tcase_add_test(c, a_separate_response_from_elsewhere_fails);
  tcase_add_test(c, a_stranger_changes_nothing);
  tcase_add_test(c, silence_tells_of_strangers);
  tcase_add_test(c, an_answer_from_elsewhere_is_no_pass);
  tcase_add_test(c, a_reset_from_elsewhere_is_none);
  tcase_add_test(c, a_step_may_wait_for_what_comes_from_elsewhere);
  tcase_add_test(c, a_sign_of_life_from_elsewhere_is_one_and_fails);
  tcase_add_test(c, a_flood_from_elsewhere_changes_nothing);
  tcase_add_test(c, of_a_group_only_the_target_counts);
  tcase_add_test(c, a_host_that_answers_a_group_without_end_is_stopped);
  tcase_add_test(c, strangers_fill_no_report);
  tcase_add_test(c, responses_may_have_to_vary);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
