/* "call" and "expect" are read right, and every way to write one wrong is refused
 * with its place. */
#include <string.h>

#include "runner/scenario.h"
#include "support/check_main.h"
#include "wire/message.h"

#define UDP "# t\nid a/b/c\ncovers R#1:x\ntransport udp\nsecurity plain\n---\n"
#define TCP "# t\nid a/b/c\ncovers R#1:x\ntransport tcp\nsecurity plain\n---\n"
#define DTLS "# t\nid a/b/c\ncovers R#1:x\ntransport dtls\n---\n"
#define ALL "# t\nid a/b/c\ncovers R#1:x\ntransport udp tcp ws\n---\n"
#define TYPED "# t\nid a/b/c\ncovers R#1:x\ntransport udp tcp\ntype CON NON\n---\n"

static const struct {
  const char *text;
  unsigned line, column;
  const char *want; /* a part of the message */
} broken[] = {
    {UDP "call\n", 7, 5, "a request such as GET @test, open, ping"},
    {UDP "call 2.05\n", 7, 6, "a method, 0.01 to 0.31"},
    {UDP "call ACK GET @test\n", 7, 6, "CON, NON, $type or no type"},
    {UDP "call GET mid=1 @test\n", 7, 10, "our client settles the rest itself"},
    {UDP "call GET @test token=01\n", 7, 16, "our client settles the rest itself"},
    {UDP "call GET ver=2 @test\n", 7, 10, "our client settles the rest itself"},
    {UDP "call GET tkl=2 @test\n", 7, 10, "our client settles the rest itself"},
    {TCP "call GET len=2 @test\n", 7, 10, "our client settles the rest itself"},
    {UDP "call GET Nonsense=1\n", 7, 10, "the name of an option"},
    {UDP "call GET ETag=$e\nexpect response *\n", 7, 10, "a variable that was captured before"},
    {UDP "call $type GET @test\n", 7, 6, "the key type in the header"},
    {UDP "call ping now\n", 7, 11, "the end of the line"},
    {UDP "call cancel\n", 7, 1, "a request by call before cancel"},
    {UDP "call close\n", 7, 1, "call open or a request before"},
    {TCP "call release\n", 7, 1, "call open or a request before"},
    {UDP "call GET @test\ncall release\n", 8, 6, "which means nothing on udp"},
    {UDP "call open psk\n", 7, 11, "which means nothing on udp"},
    {DTLS "call open psk certificate\n", 6, 15, "one of psk, certificate and anonymous"},
    {DTLS "call open suit=x\n", 6, 11, "suite="},
    {ALL "call open psk\n", 6, 11, "which means nothing on udp"},
    {UDP "expect response 2.05\n", 7, 8, "call before what our client tells"},
    {UDP "call ping\nexpect response 2.05\n", 8, 8, "a request by call before response"},
    {UDP "call GET @test\ncall close\nexpect response *\n", 9, 8, "call before what our client"},
    {UDP "call GET @test\nexpect\n", 8, 7, "response, event, error, silence or *"},
    {UDP "call GET @test\nexpect 2.05\n", 8, 8, "response, event, error, silence or *"},
    {UDP "call GET @test\nexpect < ACK 2.05\n", 8, 8, "response, event, error, silence or *"},
    {UDP "call GET @test\nexpect response 2.05\n| << 2.05\n", 9, 3, "response, event, error"},
    {UDP "call GET @test\nexpect response 2.05\n| silence\n", 9, 10, "a time"},
    {UDP "call GET @test\nexpect response\n", 8, 16, "a code: 2.05"},
    {UDP "call GET @test\nexpect response ACK 2.05\n", 8, 17, "a code, and no type"},
    {UDP "call GET @test\nexpect response 2.05 mid=1\n", 8, 22, "no Message ID and no token"},
    {UDP "call GET @test\nexpect response 2.05 token=$t\n", 8, 22, "no Message ID and no token"},
    {UDP "call GET @test\nexpect event\n", 8, 13, "connected, secured, refused"},
    {UDP "call GET @test\nexpect event close\n", 8, 14, "connected, secured, refused"},
    {UDP "call GET @test\nexpect event closed\n", 8, 14, "closed, which means nothing on udp"},
    {UDP "call GET @test\nexpect event csm\n", 8, 14, "csm, which means nothing on udp"},
    {TCP "call GET @test\nexpect event reset\n", 8, 14, "reset, which means nothing on tcp"},
    {TCP "call GET @test\nexpect event secured\n", 8, 14, "secured, which means nothing on tcp"},
    {DTLS "call open\nexpect event secured suite=x\n", 7, 28, "the name of a suite"},
    {DTLS "call open\nexpect event refused alert=x\n", 7, 28, "the name of an alert"},
    {UDP "call GET @test\nexpect error\n", 8, 13, "rules of src/base/rules.def"},
    {UDP "call GET @test\nexpect error RFC1#2:x\n", 8, 14, "rules of src/base/rules.def"},
    {UDP "call GET @test\nexpect error RFC7252#4.5:duplicate|x\n", 8, 14, "rules of src/base"},
    {UDP "call GET @test\nexpect error * -> fail\n", 8, 8, "rules by name"},
    {UDP "call GET @test\nexpect response 2.05 -> good\n", 8, 25, "one of the verdicts"},
    {UDP "call GET @test\nexpect *\n", 7, 1, "a step that a wrong server can fail"},
    {UDP "call GET @test\nexpect * -> fail\nalive\n", 9, 1, "no more steps"},
    {UDP "call GET @test\nexpect response *\n< dup ACK 2.05\n", 9, 1, "an expectation before dup"},
    {UDP "call GET @test\n<< 2.05\n", 8, 1, "a request by >> before <<"},
};

START_TEST(what_is_wrong_is_said_with_its_place) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s = NULL;
  cs_runner_error e;
  ck_assert_msg(!cs_runner_parse(cs_span_str(broken[_i].text), "x", NULL, &arena, &s, &e), "%s",
                broken[_i].text);
  ck_assert_msg(strstr(e.message, broken[_i].want) != NULL, "%u:%u: %s", e.line, e.column,
                e.message);
  /* The place of what shows only when all is read is the file's end. */
  if (strcmp(broken[_i].want, "a step that a wrong server can fail") != 0) {
    ck_assert_msg(e.line == broken[_i].line && e.column == broken[_i].column, "%u:%u: %s", e.line,
                  e.column, e.message);
  }
  ck_assert_ptr_null(s);
  cs_runner_release(&arena);
}
END_TEST

static const cs_runner_scenario *read(cs_runner_arena *arena, const char *text) {
  const cs_runner_scenario *s = NULL;
  cs_runner_error e;
  ck_assert_msg(cs_runner_parse(cs_span_str(text), "x", NULL, arena, &s, &e), "%u:%u: %s", e.line,
                e.column, e.message);
  return s;
}

START_TEST(calls_are_steps) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s = read(&arena, DTLS "call open psk key=wrong sni=x\n"
                                                  "call NON PUT @test Accept=0 payload=\"x\"\n"
                                                  "call ping\ncall cancel\ncall release\n"
                                                  "expect event closed\ncall close\n");
  static const cs_runner_call_kind kinds[] = {CS_RUNNER_CALL_OPEN, CS_RUNNER_CALL_REQUEST,
                                              CS_RUNNER_CALL_PING, CS_RUNNER_CALL_CANCEL,
                                              CS_RUNNER_CALL_RELEASE};
  ck_assert_uint_eq(s->step_count, 7);
  for (size_t i = 0; i < 5; i++) {
    ck_assert_int_eq(s->steps[i].kind, CS_RUNNER_CALL);
    ck_assert_int_eq(s->steps[i].call, kinds[i]);
  }
  ck_assert_int_eq(s->steps[6].call, CS_RUNNER_CALL_CLOSE);
  ck_assert_int_eq(s->steps[0].secure.with, CS_RUNNER_WITH_PSK);
  ck_assert(s->steps[0].secure.key_wrong);
  ck_assert_str_eq(s->steps[0].secure.sni, "x");
  /* As any handshake that a step asks for, it needs the credentials. */
  ck_assert_uint_eq(s->need_count, 1);
  ck_assert_str_eq(s->needs[0].name, "psk");
  const cs_runner_send *put = &s->steps[1].send;
  ck_assert_int_eq(put->type, CS_NON);
  ck_assert_int_eq(put->code, CS_CODE(0, 3));
  ck_assert_uint_eq(put->field_count, 3);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(what_is_expected_is_kept) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s =
      read(&arena, TYPED "call $type GET @test\n"
                         "expect response 2.05|2.03 ETag=$e payload~\"x\" within 3s..4s\n"
                         "| event lost -> quirk gone [R#2:y]\n"
                         "| error RFC7252#4.5:duplicate|RFC7252#5.3.2:token-unmatched -> fail\n"
                         "| error * -> quirk odd\n| silence 5s -> pass\n| * -> inconclusive\ncall "
                         "GET ETag=$e\nalive\n");
  const cs_runner_step *step = &s->steps[1];
  ck_assert_int_eq(step->kind, CS_RUNNER_EXPECT);
  ck_assert(step->client);
  ck_assert_uint_eq(step->alternative_count, 6);
  const cs_runner_alternative *a = step->alternatives;
  ck_assert_int_eq(a[0].kind, CS_RUNNER_ALT_ANSWER);
  ck_assert_uint_eq(a[0].pattern.code_count, 2);
  ck_assert(a[0].has_range && a[0].from == 3 * CS_SECOND && a[0].to == 4 * CS_SECOND);
  ck_assert_str_eq(a[0].text, "response 2.05|2.03 ETag=$e payload~\"x\" within 3s..4s");
  ck_assert_int_eq(a[1].kind, CS_RUNNER_ALT_EVENT);
  ck_assert_int_eq(a[1].pattern.event, CS_RUNNER_EVENT_LOST);
  ck_assert_int_eq(a[1].verdict, CS_VERDICT_QUIRK);
  ck_assert_str_eq(a[1].statement, "R#2:y");
  ck_assert_int_eq(a[2].kind, CS_RUNNER_ALT_ERROR);
  ck_assert_uint_eq(a[2].pattern.rule_count, 2);
  ck_assert_int_eq(a[2].pattern.rules[1], CS_RULE_TOKEN_UNMATCHED);
  ck_assert_uint_eq(a[3].pattern.rule_count, 0);
  ck_assert_int_eq(a[4].kind, CS_RUNNER_SILENCE);
  ck_assert_int_eq(a[5].kind, CS_RUNNER_ANYTHING);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(every_event_has_its_name) {
  cs_runner_arena arena = {0};
  static const char all[] = "# t\nid a/b/c\ncovers R#1:x\ntransport tls\n---\ncall GET @test\n";
  for (int e = 0; e < CS_RUNNER_EVENT_COUNT_; e++) {
    const char *name = cs_runner_event_name((cs_runner_event)e);
    if (e == CS_RUNNER_EVENT_RESET) /* of datagrams alone */
      continue;
    const cs_runner_scenario *s =
        read(&arena, cs_runner_format(&arena, "%sexpect event %s\n", all, name));
    ck_assert_int_eq(s->steps[1].alternatives[0].pattern.event, e);
  }
  cs_runner_release(&arena);
}
END_TEST

static Suite *suite_of(void) {
  Suite *suite = suite_create("scenario_call");
  TCase *tc = tcase_create("all");
  tcase_add_loop_test(tc, what_is_wrong_is_said_with_its_place, 0,
                      sizeof broken / sizeof broken[0]);
  tcase_add_test(tc, calls_are_steps);
  tcase_add_test(tc, what_is_expected_is_kept);
  tcase_add_test(tc, every_event_has_its_name);
  suite_add_tcase(suite, tc);
  return suite;
}

int main(void) {
  return cs_test_main(suite_of());
}
