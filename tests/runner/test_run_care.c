/* What is not done to a device: which scenarios change something, which addresses are
 * this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/run_inside.h"
#include "support/check_main.h"

#define HEAD(transport)                                                                            \
  "# t\nid a/b/c\ncovers R#1\ntransport " transport "\n"                                           \
  "---\n"

static bool changing(const char *text, cs_runner_transport t) {
  cs_runner_arena arena = {0};
  cs_runner_error e;
  const cs_runner_scenario *s;
  bool good = cs_runner_parse(cs_span_str(text), "x", NULL, &arena, &s, &e);
  ck_assert_msg(good, "%s: %u:%u: %s", text, e.line, e.column, e.message);
  bool out = cs_runner_changes(s, t);
  cs_runner_release(&arena);
  return out;
}

/* A reproducer whose first message is longer than all that follows. */
static int put_head(char *to, size_t cap, cs_runner_transport t) {
  return snprintf(to, cap, "# t\nid crash/0/x\ntransport %s\n%s---\n> raw %s\n",
                  cs_runner_transport_name(t), t == CS_RUNNER_WS ? "open connected\n" : "",
                  t == CS_RUNNER_WS ? "82 ff 00 00 00 00 00 ff ff ff 00 00 00 00 04 01"
                                    : "f0 00 ff ff ff 01");
}

struct row {
  const char *text;
  cs_runner_transport transport;
  bool changes;
};

START_TEST(only_get_and_fetch_change_nothing) {
  static const struct row rows[] = {
      {HEAD("udp") ">> GET @test\n<< 2.05\n", CS_RUNNER_UDP, false},
      {HEAD("udp") ">> FETCH @test\n<< 2.05\n", CS_RUNNER_UDP, false},
      {HEAD("udp") "> CON 0.00 mid=$m\n< RST 0.00 mid=$m\n", CS_RUNNER_UDP, false},
      {HEAD("udp") "> CON 2.05 mid=$m\n< RST 0.00 mid=$m\n", CS_RUNNER_UDP, false},
      {HEAD("udp") "> CON 1.01 mid=$m\n< RST 0.00 mid=$m\n", CS_RUNNER_UDP, false},
      {HEAD("udp") ">> PUT @test payload=\"x\"\n<< 2.04\n", CS_RUNNER_UDP, true},
      {HEAD("udp") ">> POST @test\n<< 2.04\n", CS_RUNNER_UDP, true},
      {HEAD("udp") ">> DELETE @test\n<< 2.02\n", CS_RUNNER_UDP, true},
      {HEAD("udp") ">> PATCH @test\n<< 2.04\n", CS_RUNNER_UDP, true},
      {HEAD("udp") ">> 0.31 @test\n<< 4.05\n", CS_RUNNER_UDP, true},
      /* Behind something harmless too. */
      {HEAD("udp") ">> GET @test\n<< 2.05\n>> iPATCH @test\n<< 2.04\n", CS_RUNNER_UDP, true},
      {HEAD("tcp") "> CSM\n> Ping token=$t\n< Pong token=$t\n", CS_RUNNER_TCP, false},
      {HEAD("tcp") "> POST token=$t @test\n< 2.04 token=$t\n", CS_RUNNER_TCP, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    ck_assert_msg(changing(rows[i].text, rows[i].transport) == rows[i].changes, "%s", rows[i].text);
}
END_TEST

START_TEST(bytes_are_looked_into) {
  static const struct row rows[] = {
      {HEAD("udp") "> raw 40 01 $m\n< ACK * mid=$m\n", CS_RUNNER_UDP, false},
      {HEAD("udp") "> raw 40 02 $m\n< ACK * mid=$m\n", CS_RUNNER_UDP, true},
      {HEAD("udp") "> raw 80 03 $m ff\nsilence 1s\n| * -> fail\n", CS_RUNNER_UDP, true},
      /* What an answer says may be a method. */
      {HEAD("udp") "> CON GET mid=$m token=01\n< * * mid=$m token=$x\n> raw 40 $x 00\nalive\n",
       CS_RUNNER_UDP, true},
      {HEAD("udp") "> raw 40\nsilence 1s\n| * -> fail\n", CS_RUNNER_UDP, false},
      /* A token of four bytes is in the way of the second message. */
      {HEAD("tcp") "> raw 04 01 $t 01 e2 42\n< 2.05 token=$t\n", CS_RUNNER_TCP, false},
      {HEAD("tcp") "> raw 04 01 $t 01 02 42\n< 2.05 token=$t\n", CS_RUNNER_TCP, true},
      /* A Length of one further byte, in two segments. */
      {HEAD("tcp") "> raw d4\n> raw 01 01 $t b3 61 62 63 00 00 00 00 00 00 00 00 00 00 01 01 42\n"
                   "< 2.05 token=$t\n",
       CS_RUNNER_TCP, false},
      {HEAD("tcp") "> raw d4\n> raw 01 04 $t\n< 2.05 token=$t\n", CS_RUNNER_TCP, true},
      {HEAD("tcp") "> raw e0 00\n> raw 00 03\n< closed\n", CS_RUNNER_TCP, true},
      {HEAD("ws") "> frame binary 04 01 $t\n< 2.05 token=$t\n", CS_RUNNER_WS, false},
      {HEAD("ws") "> frame binary 04 02 $t\n< 2.05 token=$t\n", CS_RUNNER_WS, true},
      {HEAD("ws") "> frame ping 04 02\n< frame pong\n", CS_RUNNER_WS, false},
      {HEAD("ws") "> frame binary fin=0 04\n> frame ping\n> frame continuation 03 $t\n"
                  "< 2.05 token=$t\n",
       CS_RUNNER_WS, true},
      {HEAD("ws") "> raw 82 86 00 00 00 00 04 01 $t\n< 2.05 token=$t\n", CS_RUNNER_WS, false},
      /* Masked by ff: 04 02. */
      {HEAD("ws") "> raw 82 86 ff ff ff ff fb fd $t\n< closed\n", CS_RUNNER_WS, true},
      /* Cut into two frames, behind a ping. */
      {HEAD(
           "ws") "> raw 89 80 00 00 00 00 02 81 00 00 00 00 04 80 85 00 00 00 00 04 $t\n< closed\n",
       CS_RUNNER_WS, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    ck_assert_msg(changing(rows[i].text, rows[i].transport) == rows[i].changes, "%s", rows[i].text);
}
END_TEST

/* What a reproducer may hold: the bytes of all steps are looked at once, not once a step. */
START_TEST(many_steps_are_looked_into) {
  enum { STEPS = 20000, LINE = 220 };
  static const cs_runner_transport transports[] = {CS_RUNNER_TCP, CS_RUNNER_WS};
  for (size_t t = 0; t < 2; t++) {
    char *text = calloc(STEPS + 2, LINE);
    int at = put_head(text, LINE, transports[t]);
    for (size_t i = 0; i < STEPS; i++)
      at += snprintf(text + at, LINE, "> raw %0200d\n", 0);
    ck_assert(!changing(text, transports[t]));
    free(text);
  }
}
END_TEST

START_TEST(what_this_machine_is) {
  static const struct {
    const char *address;
    bool local;
  } rows[] = {{"127.0.0.1", true},
              {"127.8.9.10", true},
              {"128.0.0.1", false},
              {"192.0.2.1", false},
              {"::1", true},
              {"::2", false},
              {"2001:db8::1", false},
              {"::ffff:127.0.0.1", true},
              {"::ffff:192.0.2.1", false}};
  cs_net_address a;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ck_assert_int_eq(cs_net_address_literal(cs_span_str(rows[i].address), 5683, &a), CS_OK);
    ck_assert_msg(cs_runner_is_local(&a) == rows[i].local, "%s", rows[i].address);
  }
  ck_assert_int_eq(cs_net_address_unix(cs_span_str("/tmp/x"), &a), CS_OK);
  ck_assert(cs_runner_is_local(&a));
}
END_TEST

START_TEST(what_keeps_a_case_from_a_target) {
  static const char hostile[] = "# t\nid a/b/c\ncovers R#1\ntransport udp\nparam hostile\n---\n"
                                ">> PUT @test\n<< 2.04\n";
  cs_runner_arena arena = {0};
  cs_runner_error e;
  const cs_runner_scenario *s;
  ck_assert(cs_runner_parse(cs_span_str(hostile), "x", NULL, &arena, &s, &e));
  ck_assert(s->hostile && !s->slow);
  cs_runner_run_config config = {.read_only = false};
  cs_runner_running run = {.config = &config};
  cs_runner_side side = {.run = &run, .transport = CS_RUNNER_UDP};
  ck_assert_ptr_nonnull(strstr(cs_runner_spared(&side, s), "--robustness"));
  config.robustness = true;
  ck_assert_ptr_null(cs_runner_spared(&side, s));
  config.robustness = false;
  side.local = true;
  ck_assert_ptr_null(cs_runner_spared(&side, s));
  config.read_only = true;
  ck_assert_ptr_nonnull(strstr(cs_runner_spared(&side, s), "--read-only"));
  cs_runner_release(&arena);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("run_care");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, only_get_and_fetch_change_nothing);
  tcase_add_test(tc, bytes_are_looked_into);
  tcase_add_test(tc, many_steps_are_looked_into);
  tcase_add_test(tc, what_this_machine_is);
  tcase_add_test(tc, what_keeps_a_case_from_a_target);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
