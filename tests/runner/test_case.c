/* The machine that plays a case. */
#include "play.h"

/* What follows name= in a text, up to the next space, in a buffer of its own. */
static const char *field(const char *text, const char *name) {
  static char buf[4][128];
  static unsigned turn;
  char *out = buf[turn++ % 4];
  const char *at = strstr(text, name);
  ck_assert_msg(at != NULL, "no %s in %s", name, text);
  at += strlen(name);
  size_t len = strcspn(at, " ");
  memcpy(out, at, len);
  out[len] = '\0';
  return out;
}

static const char *line(const char *format, const char *a, const char *b) {
  static char buf[512];
  snprintf(buf, sizeof buf, format, a, b);
  return buf;
}

START_TEST(a_match_passes) {
  played p;
  play_open(&p, PLAY_HEAD "> CON 0.00 mid=$m\n< RST 0.00 mid=$m\n", 0);
  const char *mid = field(play_sent(&p), "mid=");
  play_gets(&p, line("RST 0.00 mid=%s", mid, ""));
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_PASS);
  ck_assert_str_eq(r.message, "");
  ck_assert_ptr_null(r.statement);
  ck_assert_uint_eq(r.packet_count, 4); /* with the ping at the end */
  play_close(&p);
}
END_TEST

START_TEST(what_came_and_what_was_wanted_is_told) {
  played p;
  play_open(&p, PLAY_HEAD "> CON 0.00 mid=0x0102\n< RST 0.00 mid=0x0102\n", 0);
  play_sent(&p);
  play_gets(&p, "ACK 0.00 mid=0x0102");
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
  ck_assert_str_eq(r.message, "ACK 0.00 mid=0x0102 came; wanted: < RST 0.00 mid=0x0102 "
                              "(the type is another)");
  ck_assert_str_eq(r.statement, "R#1:must");
  ck_assert_uint_eq(r.line, 7);
  play_close(&p);
}
END_TEST

START_TEST(nothing_is_told_after_the_time) {
  played p;
  play_open(&p, PLAY_HEAD "> CON 0.00 mid=1\n< RST 0.00 mid=1 within 3s [R#1:should]\n", 0);
  play_sent(&p);
  play_wait(&p, 3 * CS_SECOND - 1);
  ck_assert_str_eq(play_sent(&p), "");
  play_wait(&p, 1);
  cs_report_case r = play_result(&p);
  /* A SHOULD makes a warning. */
  ck_assert_int_eq(r.verdict, CS_VERDICT_WARN);
  ck_assert_str_eq(r.statement, "R#1:should");
  ck_assert_str_eq(r.message, "nothing came for 3 s; wanted: < RST 0.00 mid=1 within 3s");
  ck_assert(cs_runner_case_silent(p.c));
  play_close(&p);
}
END_TEST

START_TEST(the_first_alternative_that_holds_decides) {
  static const struct {
    const char *gets; /* NULL: nothing */
    cs_verdict verdict;
    const char *message;
  } rows[] = {{"RST 0.00 mid=1", CS_VERDICT_PASS, ""},
              {"ACK 4.00 mid=1", CS_VERDICT_QUIRK, "answers: ACK 4.00 mid=0x0001 came"},
              {"ACK 4.04 mid=1", CS_VERDICT_SKIP, "no such thing"},
              {NULL, CS_VERDICT_QUIRK, "drops: nothing came"},
              {"ACK 2.05 mid=1", CS_VERDICT_INCONCLUSIVE,
               "ACK 2.05 mid=0x0001 came; wanted: < RST 0.00 "
               "mid=1 | < ACK 4.00 mid=1 | < ACK 4.04 mid=1 | silence 3s (the type is another)"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    play_open(&p,
              PLAY_HEAD "> raw 40 00 00 01 aa\n< RST 0.00 mid=1 -> pass\n"
                        "| < ACK 4.00 mid=1 -> quirk answers\n"
                        "| < ACK 4.04 mid=1 -> skip no such thing\n| silence 3s -> quirk drops\n"
                        "| < ACK 4.05 mid=1 -> fail\n| * -> inconclusive\n",
              0);
    ck_assert_str_eq(play_sent(&p), "raw 40 00 00 01 aa");
    if (rows[i].gets)
      play_gets(&p, rows[i].gets);
    else
      play_wait(&p, 3 * CS_SECOND);
    cs_report_case r = play_result(&p);
    ck_assert_int_eq(r.verdict, rows[i].verdict);
    ck_assert_str_eq(r.message, rows[i].message);
    play_close(&p);
  }
}
END_TEST

START_TEST(a_range_is_measured_from_the_step_before) {
  static const struct {
    cs_time after;
    cs_time tolerance;
    cs_verdict verdict;
  } rows[] = {{1999999, 0, CS_VERDICT_FAIL},      {2000000, 0, CS_VERDICT_PASS},
              {3000000, 0, CS_VERDICT_PASS},      {3000001, 0, CS_VERDICT_FAIL},
              {1900000, 100000, CS_VERDICT_PASS}, {1899999, 100000, CS_VERDICT_FAIL},
              {3100000, 100000, CS_VERDICT_PASS}, {3100001, 100000, CS_VERDICT_FAIL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    play_open(&p, PLAY_HEAD "wait 10s\n< CON 2.05 within 2s..3s\n", 0);
    p.tolerance = rows[i].tolerance;
    /* What comes at the last moment comes before the moment is over. */
    play_wait(&p, 10 * CS_SECOND + rows[i].after - 1);
    p.now++;
    if (!cs_runner_case_done(p.c))
      play_gets(&p, "CON 2.05 mid=1");
    cs_report_case r = play_result(&p);
    ck_assert_msg(r.verdict == rows[i].verdict, "row %zu: %s", i, r.message);
    play_close(&p);
  }
}
END_TEST

START_TEST(ranges_scale_with_the_targets_timer) {
  played p;
  play_open(&p, PLAY_HEAD "wait 10s\n< CON 2.05 within 2s..3s\n", 0);
  p.profile.ack_timeout = CS_SECOND;
  play_wait(&p, 10 * CS_SECOND + 1200 * CS_MILLISECOND);
  play_gets(&p, "CON 2.05 mid=1");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(what_comes_during_a_wait_stays) {
  played p;
  play_open(&p, PLAY_HEAD "wait 5s\n< CON 2.05 mid=1\nsilence 1s\n", 0);
  play_wait(&p, CS_SECOND);
  play_gets(&p, "CON 2.05 mid=1");
  ck_assert(!cs_runner_case_done(p.c));
  play_wait(&p, 5 * CS_SECOND);
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(drain_forgets) {
  played p;
  play_open(&p, PLAY_HEAD "wait 5s\ndrain\nsilence 1s\n", 0);
  play_gets(&p, "CON 2.05 mid=1");
  play_wait(&p, 6 * CS_SECOND);
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(silence_is_broken_by_anything) {
  played p;
  play_open(&p, PLAY_HEAD "silence 2s\n", 0);
  play_wait(&p, CS_SECOND);
  play_bytes(&p, "\x40", 1);
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
  ck_assert_str_eq(r.message, "raw 40 came; wanted: silence 2s");
  play_close(&p);
}
END_TEST

START_TEST(repeats_are_passed_over_unless_the_step_is_about_them) {
  played p;
  play_open(&p, PLAY_HEAD "< CON 2.05 mid=1\nsilence 1s\n", 0);
  play_gets(&p, "CON 2.05 mid=1");
  play_gets(&p, "CON 2.05 mid=1");
  play_wait(&p, CS_SECOND);
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);

  play_open(&p, PLAY_HEAD "< CON 2.05 mid=1\n< dup CON 2.05 within 1s..2s\n", 0);
  play_gets(&p, "CON 2.05 mid=1");
  play_gets(&p, "CON 2.05 mid=1"); /* too soon */
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_FAIL);
  play_close(&p);

  play_open(&p, PLAY_HEAD "< CON 2.05 mid=1\n< dup CON 2.05\n", 0);
  play_gets(&p, "CON 2.05 mid=1");
  play_gets(&p, "CON 2.05 mid=1 payload=\"x\"");
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
  ck_assert_ptr_nonnull(strstr(r.message, "repeats no message that came before"));
  play_close(&p);
}
END_TEST

START_TEST(a_request_is_sent_again_until_it_is_acknowledged) {
  played p;
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05 payload=\"x\"\n", 0);
  char first[256];
  snprintf(first, sizeof first, "%s", play_sent(&p));
  ck_assert_ptr_nonnull(strstr(first, "Uri-Path=\"a\" Uri-Path=\"b c\""));
  play_wait(&p, 2 * CS_SECOND - 1);
  ck_assert_str_eq(play_sent(&p), "");
  play_wait(&p, CS_SECOND + 1);
  ck_assert_str_eq(play_sent(&p), first);
  play_gets(&p, line("ACK 0.00 mid=%s", field(first, "mid="), ""));
  play_wait(&p, 5 * CS_SECOND);
  ck_assert_str_eq(play_sent(&p), "");
  /* A separate response is acknowledged, and a repeat of it again. */
  const char *response =
      line("CON 2.05 mid=0x7777 token=%s payload=\"x\"%s", field(first, "token="), "");
  play_gets(&p, response);
  ck_assert_str_eq(play_sent(&p), "ACK 0.00 mid=0x7777");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(a_non_confirmable_request_is_sent_again_under_another_message_id) {
  played p;
  play_open(&p, PLAY_HEAD ">> NON GET @test\n<< 2.05 payload=\"x\"\n", 0);
  char first[256];
  char again[256];
  snprintf(first, sizeof first, "%s", play_sent(&p));
  play_wait(&p, 3 * CS_SECOND);
  snprintf(again, sizeof again, "%s", play_sent(&p));
  ck_assert_str_ne(again, "");
  ck_assert_str_ne(field(again, "mid="), field(first, "mid="));
  ck_assert_str_eq(field(again, "token="), field(first, "token="));
  /* What comes now is the one response, even to the first copy: it is not passed over as late. */
  play_gets(&p, line("NON 2.05 mid=0x7777 token=%s payload=\"y\"%s", field(first, "token="), ""));
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_FAIL);
  play_close(&p);
  /* Not where the scenario has named the Message ID. */
  play_open(&p, PLAY_HEAD ">> NON GET mid=$m @test\n<< 2.05 payload=\"x\"\n", 0);
  (void)play_sent(&p);
  play_wait(&p, 9 * CS_SECOND);
  ck_assert_str_eq(play_sent(&p), "");
  play_close(&p);
}
END_TEST

START_TEST(a_response_is_known_by_token_and_message_id) {
  static const struct {
    const char *head; /* before the Message ID */
    bool mid;         /* the request's, else 1 */
    bool token;       /* the request's, else another */
    cs_verdict verdict;
  } rows[] = {
      {"ACK 2.05", true, true, CS_VERDICT_PASS},  {"NON 2.05", false, true, CS_VERDICT_PASS},
      {"ACK 2.05", false, true, CS_VERDICT_FAIL}, {"ACK 2.05", true, false, CS_VERDICT_FAIL},
      {"NON 2.05", true, false, CS_VERDICT_FAIL}, {"NON 4.04", true, true, CS_VERDICT_FAIL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    char text[512];
    char sent[256];
    play_open(&p, PLAY_HEAD ">> GET\n<< 2.05\n", 0);
    snprintf(sent, sizeof sent, "%s", play_sent(&p));
    snprintf(text, sizeof text, "%s mid=%s token=%s", rows[i].head,
             rows[i].mid ? field(sent, "mid=") : "1", rows[i].token ? field(sent, "token=") : "00");
    play_gets(&p, text);
    ck_assert_msg(play_result(&p).verdict == rows[i].verdict, "%s", text);
    play_close(&p);
  }
}
END_TEST

START_TEST(a_note_is_no_end) {
  static const struct {
    const char *second; /* NULL: nothing */
    cs_verdict verdict;
    const char *message;
  } rows[] = {
      {"RST 0.00 mid=2", CS_VERDICT_QUIRK, "drops: nothing came"},
      {NULL, CS_VERDICT_QUIRK, "drops: nothing came"},
      {"ACK 2.05 mid=2", CS_VERDICT_FAIL,
       "ACK 2.05 mid=0x0002 came; wanted: < RST 0.00 mid=2 | silence 3s (the type is another)"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    play_open(&p,
              PLAY_HEAD "> CON 0.00 mid=1\n< RST 0.00 mid=1\n| silence 3s -> note drops\n"
                        "> CON 0.00 mid=2\n< RST 0.00 mid=2\n| silence 3s -> quirk other\n"
                        "| * -> fail\n",
              0);
    play_wait(&p, 3 * CS_SECOND);
    ck_assert(!cs_runner_case_done(p.c));
    play_sent(&p);
    ck_assert_str_eq(play_sent(&p), "CON 0.00 mid=0x0002");
    if (rows[i].second)
      play_gets(&p, rows[i].second);
    else
      play_wait(&p, 3 * CS_SECOND);
    cs_report_case r = play_result(&p);
    if (rows[i].second || r.verdict != CS_VERDICT_QUIRK)
      ck_assert_str_eq(r.message, rows[i].message);
    ck_assert_int_eq(r.verdict, rows[i].verdict);
    play_close(&p);
  }
}
END_TEST

START_TEST(a_late_answer_to_an_earlier_request_is_passed_over) {
  played p;
  char first[256];
  char second[256];
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n>> GET @test\n<< 2.05\n", 0);
  snprintf(first, sizeof first, "%s", play_sent(&p));
  play_gets(&p, line("NON 2.05 mid=1 token=%s%s", field(first, "token="), ""));
  snprintf(second, sizeof second, "%s", play_sent(&p));
  play_gets(&p, line("CON 2.05 mid=2 token=%s payload=\"late\"%s", field(first, "token="), ""));
  ck_assert_str_eq(play_sent(&p), "ACK 0.00 mid=0x0002");
  play_gets(&p, line("ACK 2.05 mid=%s token=%s", field(second, "mid="), field(second, "token=")));
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);

  /* The token of the first in the Acknowledgement of the second is a fault. */
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n>> GET @test\n<< 2.05\n", 0);
  snprintf(first, sizeof first, "%s", play_sent(&p));
  play_gets(&p, line("NON 2.05 mid=1 token=%s%s", field(first, "token="), ""));
  snprintf(second, sizeof second, "%s", play_sent(&p));
  play_gets(&p, line("ACK 2.05 mid=%s token=%s", field(second, "mid="), field(first, "token=")));
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_FAIL);
  play_close(&p);
}
END_TEST

START_TEST(a_request_is_repeated_with_the_echo_that_is_asked_for) {
  played p;
  char first[256];
  char again[256];
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n", 0);
  snprintf(first, sizeof first, "%s", play_sent(&p));
  play_gets(&p, line("ACK 4.01 mid=%s token=%s Echo=0x0102", field(first, "mid="),
                     field(first, "token=")));
  snprintf(again, sizeof again, "%s", play_sent(&p));
  ck_assert_ptr_nonnull(strstr(again, "Uri-Path=\"b c\" Echo=0x0102"));
  ck_assert_str_ne(field(first, "mid="), field(again, "mid="));
  play_gets(&p, line("ACK 2.05 mid=%s token=%s", field(again, "mid="), field(again, "token=")));
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);

  /* Once: who asks again refuses. */
  play_open(&p, PLAY_HEAD ">> GET @test\n<< 2.05\n", 0);
  for (unsigned i = 0; i < 2; i++) {
    snprintf(again, sizeof again, "%s", play_sent(&p));
    play_gets(&p, line("ACK 4.01 mid=%s token=%s Echo=0x0102", field(again, "mid="),
                       field(again, "token=")));
  }
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_FAIL);
  play_close(&p);
}
END_TEST

START_TEST(max_age_may_differ_in_a_repeat) {
  played p;
  play_open(&p, PLAY_HEAD "< CON 2.05 mid=1\n< dup CON 2.05\n", 0);
  play_gets(&p, "CON 2.05 mid=1 ETag=0x01 Max-Age=9 payload=\"x\"");
  play_gets(&p, "CON 2.05 mid=1 ETag=0x01 Max-Age=7 payload=\"x\"");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);

  play_open(&p, PLAY_HEAD "< CON 2.05 mid=1\n< dup CON 2.05\n", 0);
  play_gets(&p, "CON 2.05 mid=1 ETag=0x01 Max-Age=9 payload=\"x\"");
  play_gets(&p, "CON 2.05 mid=1 ETag=0x02 Max-Age=7 payload=\"x\"");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_FAIL);
  play_close(&p);
}
END_TEST

START_TEST(copies_are_waited_for_as_long_as_the_targets_timer_says) {
  played p;
  play_open(&p, PLAY_HEAD "< CON 2.05 mid=1\n< dup CON 2.05 -> fail\n| silence 7s\n", 0);
  p.profile.ack_timeout = 4 * CS_SECOND;
  play_gets(&p, "CON 2.05 mid=1");
  play_wait(&p, 13 * CS_SECOND);
  ck_assert(!cs_runner_case_done(p.c));
  play_gets(&p, "CON 2.05 mid=1");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_FAIL);
  play_close(&p);
}
END_TEST

START_TEST(the_type_of_the_variant_is_used) {
  static const char scenario[] =
      "# t\nid a/b/c\ncovers R#1:must\ntransport udp\ntype CON NON\n---\n"
      ">> GET\n<< 2.05\n> $type GET mid=9\n<< *\n";
  for (uint8_t type = CS_CON; type <= CS_NON; type++) {
    played p;
    play_open(&p, scenario, type);
    ck_assert_int_eq(strncmp(play_sent(&p), cs_wire_type_name(type), 3), 0);
    cs_runner_case_stop(p.c, CS_VERDICT_INCONCLUSIVE, "stopped by the test", p.now);
    cs_report_case r = play_result(&p);
    ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
    ck_assert_str_eq(r.message, "stopped by the test");
    play_close(&p);
  }
}
END_TEST

START_TEST(variants_have_ids_of_their_own) {
  cs_runner_arena arena = {0};
  cs_runner_error e;
  const cs_runner_scenario *s;
  cs_runner_variant v[2];
  ck_assert(cs_runner_parse(cs_span_str("# t\nid a/b/c\ncovers R\ntransport udp\ntype CON NON\n"
                                        "---\n>> GET\n<< *\n"),
                            "x", NULL, &arena, &s, &e));
  ck_assert_uint_eq(cs_runner_expand(s, CS_RUNNER_UDP, &arena, v), 2);
  ck_assert_str_eq(v[0].id, "a/b/c+con");
  ck_assert_str_eq(v[1].id, "a/b/c+non");
  ck_assert_uint_eq(v[1].type, CS_NON);
  ck_assert_uint_eq(cs_runner_expand(s, CS_RUNNER_TCP, &arena, v), 0);
  /* A stream has no types. */
  ck_assert(cs_runner_parse(cs_span_str("# t\nid a/b/c\ncovers R\ntransport udp tcp\n"
                                        "type CON NON\n---\n>> GET\n<< *\n"),
                            "x", NULL, &arena, &s, &e));
  ck_assert_uint_eq(cs_runner_expand(s, CS_RUNNER_UDP, &arena, v), 2);
  ck_assert_uint_eq(cs_runner_expand(s, CS_RUNNER_TCP, &arena, v), 1);
  ck_assert_str_eq(v[0].id, "a/b/c");
  cs_runner_release(&arena);
}
END_TEST

START_TEST(no_sign_of_life_at_the_end_is_a_failure) {
  played p;
  play_open(&p, PLAY_HEAD "> CON 0.00 mid=1\n< RST 0.00 mid=1\n", 0);
  play_sent(&p);
  play_gets(&p, "RST 0.00 mid=1");
  ck_assert_int_eq(strncmp(play_sent(&p), "CON 0.00", 8), 0);
  play_wait(&p, CS_SECOND);
  ck_assert_int_eq(strncmp(play_sent(&p), "CON GET", 7), 0);
  play_wait(&p, 7 * CS_SECOND);
  ck_assert(cs_runner_case_done(p.c));
  ck_assert(cs_runner_case_lifeless(p.c));
  cs_report_case r;
  cs_runner_case_result(p.c, &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
  ck_assert_str_eq(r.message, "the target gave no sign of life after the case");
  play_close(&p);
}
END_TEST

START_TEST(any_answer_is_a_sign_of_life) {
  played p;
  play_open(&p, PLAY_HEAD "alive\n", 0);
  play_sent(&p);
  play_wait(&p, CS_SECOND);
  char get[256];
  snprintf(get, sizeof get, "%s", play_sent(&p));
  play_gets(&p, line("CON 4.04 mid=0x0909 token=%s%s", field(get, "token="), ""));
  ck_assert_str_eq(play_sent(&p), "ACK 0.00 mid=0x0909");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(another_port_hears_for_itself) {
  played p;
  cs_runner_act act;
  play_open(&p,
            PLAY_HEAD "> CON 0.00 mid=1\n< RST 0.00 mid=1\nport new\n> CON 0.00 mid=1\n"
                      "< RST 0.00 mid=1\n",
            0);
  play_sent(&p);
  play_gets(&p, "RST 0.00 mid=1");
  ck_assert(cs_runner_case_transmit(p.c, &act));
  ck_assert_uint_eq(act.port, 1);
  play_bytes(&p, "\x70\x00\x00\x01", 4); /* on the first port: is not heard */
  play_wait(&p, 2 * CS_SECOND - 1);
  cs_runner_case_receive(p.c, 1, cs_span_of("\x70\x00\x00\x01", 4), p.now);
  cs_runner_case_name_port(p.c, 1, 4711);
  cs_report_case r;
  /* The ping at the end goes out on the second port too. */
  ck_assert(cs_runner_case_transmit(p.c, &act));
  ck_assert_uint_eq(act.port, 1);
  uint8_t rst[4] = {0x70, 0, act.bytes.at[2], act.bytes.at[3]};
  cs_runner_case_receive(p.c, 1, cs_span_of(rst, 4), p.now);
  ck_assert(cs_runner_case_done(p.c));
  cs_runner_case_result(p.c, &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_PASS);
  ck_assert_uint_eq(r.packets[0].port, 1);
  ck_assert_uint_eq(r.packets[2].port, 4711);
  play_close(&p);
}
END_TEST

START_TEST(runs_of_one_seed_are_equal) {
  char text[2][256];
  for (unsigned i = 0; i < 2; i++) {
    played p;
    play_open(&p, PLAY_HEAD ">> GET\n<< 2.05\n", 0);
    snprintf(text[i], sizeof text[i], "%s", play_sent(&p));
    play_close(&p);
  }
  ck_assert_str_eq(text[0], text[1]);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("case");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, a_match_passes);
  tcase_add_test(tc, what_came_and_what_was_wanted_is_told);
  tcase_add_test(tc, nothing_is_told_after_the_time);
  tcase_add_test(tc, the_first_alternative_that_holds_decides);
  tcase_add_test(tc, a_range_is_measured_from_the_step_before);
  tcase_add_test(tc, ranges_scale_with_the_targets_timer);
  tcase_add_test(tc, what_comes_during_a_wait_stays);
  tcase_add_test(tc, drain_forgets);
  tcase_add_test(tc, silence_is_broken_by_anything);
  tcase_add_test(tc, repeats_are_passed_over_unless_the_step_is_about_them);
  tcase_add_test(tc, a_request_is_sent_again_until_it_is_acknowledged);
  tcase_add_test(tc, a_non_confirmable_request_is_sent_again_under_another_message_id);
  tcase_add_test(tc, a_response_is_known_by_token_and_message_id);
  tcase_add_test(tc, a_note_is_no_end);
  tcase_add_test(tc, a_late_answer_to_an_earlier_request_is_passed_over);
  tcase_add_test(tc, a_request_is_repeated_with_the_echo_that_is_asked_for);
  tcase_add_test(tc, max_age_may_differ_in_a_repeat);
  tcase_add_test(tc, copies_are_waited_for_as_long_as_the_targets_timer_says);
  tcase_add_test(tc, the_type_of_the_variant_is_used);
  tcase_add_test(tc, variants_have_ids_of_their_own);
  tcase_add_test(tc, no_sign_of_life_at_the_end_is_a_failure);
  tcase_add_test(tc, any_answer_is_a_sign_of_life);
  tcase_add_test(tc, another_port_hears_for_itself);
  tcase_add_test(tc, runs_of_one_seed_are_equal);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
