/* Patterns of payloads in link format and in JSON, and values that are put together
 * from what they captured. */
#include "play.h"

/* The pattern of the first step of a scenario, each row against a message. */
static const struct {
  const char *pattern;
  const char *message;
  const char *why; /* NULL: it fits */
} payloads[] = {
    {"* * payload=links", "ACK 2.05 mid=1 payload=\"</a>;x,</b>\"", NULL},
    {"* * payload=links", "ACK 2.05 mid=1", NULL},
    {"* * payload=links", "ACK 2.05 mid=1 payload=\"</a>, </b>\"", "the payload is no link format"},
    {"* * json={\"a\":[1,2]}", "ACK 2.05 mid=1 payload=\"{ \\\"a\\\": [1, 2] }\"", NULL},
    {"* * json={\"a\":1}", "ACK 2.05 mid=1 payload=\"{\\\"a\\\":2}\"", "the payload is another"},
    {"* * json=1", "ACK 2.05 mid=1 payload=\"1 2\"", "the payload is another"},
    {"* * Block2>=0/1/0", "ACK 2.05 mid=1 Block2=0/1/6", NULL},
    {"* * Block2>=0/1/0", "ACK 2.05 mid=1 Block2=0/0/6", "Block2 differs"},
};

START_TEST(payloads_fit_or_say_why_not) {
  played p;
  char scenario[512];
  snprintf(scenario, sizeof scenario, PLAY_HEAD "< %s\n", payloads[_i].pattern);
  play_open(&p, scenario, 0);
  play_gets(&p, payloads[_i].message);
  cs_report_case r = play_result(&p);
  ck_assert_msg(r.verdict == (payloads[_i].why ? CS_VERDICT_FAIL : CS_VERDICT_PASS), "%s",
                r.message);
  if (payloads[_i].why)
    ck_assert_msg(strstr(r.message, payloads[_i].why) != NULL, "%s", r.message);
  play_close(&p);
}
END_TEST

/* Conditions on links, against one document. */
static const struct {
  const char *pattern;
  const char *why; /* NULL: it fits */
} links[] = {
    {"link(href=\"/a\")", NULL},
    {"link(href=/a)", NULL},
    {"link(href=\"/\")", "none of 3 links is link(href=\"/\")"},
    {"link(href=\"/\"*)", NULL},
    {"link(href!=\"/a\" rt)", NULL},
    {"link(href=\"/c\" rt)", "none of 3 links is link(href=\"/c\" rt)"},
    {"link(href=\"/c\" !rt)", NULL},
    {"link(rt=\"x\")", NULL},
    {"link(rt=y)", NULL},
    {"link(rt=\"x y\")", "none of 3 links"},
    {"link(rt=x title=\"x y\")", NULL},
    {"link(title=x)", "none of 3 links"},
    {"link(title=x*)", NULL},
    {"link(title~\" \")", NULL},
    {"link(title~\"\\\"\")", NULL},
    {"link(title=\"a \\\"q\\\"\")", NULL},
    {"link(ct=41)", NULL},
    {"link(ct=4)", "none of 3 links"},
    {"link(RT=x)", NULL},
    {"links(href=\"/\"*)", NULL},
    {"links(rt)", "the link to </c> is not links(rt)"},
    {"!links(rt)", NULL},
    {"!links(href)", "all of 3 links are links(href)"},
    {"!link(rt=z)", NULL},
    {"!link(rt=x)", "2 of 3 links are link(rt=x)"},
    {"links(rt:once if:once)", NULL},
    {"links(ct:formats sz:cardinal href:hosted href:reserved)", NULL},
    {"links(title:once)", "the link to </b> is not links(title:once)"},
    {"link(href=/a rt=$v) link(href=/b rt=$v)", NULL},
    {"link(href=/b rt=$v) link(href=/c rt=$v)", "none of 3 links is link(href=/c rt=$v)"},
    {"link(href=/a rt=$v rt=$w) link(rt=$w href=/b)", "none of 3 links"},
    {"link(rt=$v) links(rt=$v*)", "the link to </c> is not"},
};

START_TEST(links_fit_or_say_why_not) {
  played p;
  char scenario[512];
  snprintf(scenario, sizeof scenario, PLAY_HEAD "< * * %s\n", links[_i].pattern);
  play_open(&p, scenario, 0);
  play_gets(&p, "ACK 2.05 mid=1 payload=\"</a>;rt=\\\"x y\\\";title=\\\"x y\\\";ct=\\\"0 41\\\","
                "</b>;rt=x;title=\\\"a \\\\\\\"q\\\\\\\"\\\";title=b,</c>;sz=5\"");
  cs_report_case r = play_result(&p);
  ck_assert_msg(r.verdict == (links[_i].why ? CS_VERDICT_FAIL : CS_VERDICT_PASS), "%s: %s",
                links[_i].pattern, r.message);
  if (links[_i].why)
    ck_assert_msg(strstr(r.message, links[_i].why) != NULL, "%s", r.message);
  play_close(&p);
}
END_TEST

START_TEST(no_link_format_has_no_links) {
  static const char *const patterns[] = {"link(rt)", "links(rt)", "!link(rt)", "!links(rt)"};
  played p;
  char scenario[512];
  snprintf(scenario, sizeof scenario, PLAY_HEAD "< * * %s\n", patterns[_i]);
  play_open(&p, scenario, 0);
  play_gets(&p, "ACK 2.05 mid=1 payload=\"</a>;rt=x, </b>\"");
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
  ck_assert_msg(strstr(r.message, "no link format: at byte 10") != NULL, "%s", r.message);
  play_close(&p);
}
END_TEST

/* A link that is there captures, and its values are sent in parts. */
START_TEST(what_a_link_holds_is_sent) {
  played p;
  play_open(&p,
            PLAY_HEAD "< * * link(href=@test rt=$r rt=$s title=$t)\n"
                      "> CON GET mid=1 Uri-Query=\"rt=\"$s\"*\" Uri-Query=\"title=\"$t\n"
                      "< ACK 2.05 mid=1\n",
            0);
  play_gets(&p,
            "NON 2.05 mid=9 payload=\"</x>;rt=\\\"1 2\\\";title=z,</a/b%20c>;rt=\\\"one two\\\";"
            "title=\\\"a b\\\"\"");
  ck_assert_str_eq(play_sent(&p),
                   "CON GET mid=0x0001 Uri-Query=\"rt=two*\" Uri-Query=\"title=a b\"");
  play_close(&p);
}
END_TEST

START_TEST(json_is_sent_as_it_stands) {
  played p;
  play_open(&p, PLAY_HEAD "> CON PUT mid=1 json={\"a\":[1,\"b\"]}\n< ACK * mid=1\n", 0);
  ck_assert_str_eq(play_sent(&p), "CON PUT mid=0x0001 payload=\"{\\\"a\\\":[1,\\\"b\\\"]}\"");
  play_close(&p);
}
END_TEST

static const struct {
  const char *step;
  unsigned column;
  const char *want;
} wrong[] = {
    {"< * * link()", 12, "a condition"},
    {"< * * link(rt", 14, ")"},
    {"< * * link(rt=)", 15, "a value"},
    {"< * * link(rt=\"x)", 18, ""},
    {"< * * link(=x)", 12, "the name of an attribute"},
    {"< * * link(!href)", 13, "every link has a target"},
    {"< * * link(rt:twice)", 15, "once, reserved"},
    {"< * * link(rt=x/y*z)", 19, "a space or )"},
    {"< * * link(rt~x*)", 16, "a * behind = alone"},
    {"< * * link(href~@test)", 17, "= or != before a role"},
    {"< * * link(href=@)", 18, "the name of a role"},
    {"< * * link(href=@test+)", 22, "a space, ) or /"},
    {"< * * links(rt=$v)", 13, "a variable that has a value"},
    {"< * * !link(rt=$v)", 13, "a variable that has a value"},
    {"< * * link(rt=$v*)", 12, "a variable that has a value"},
    {"< * * link(rt)x", 15, "a space or the end"},
    {"< * * json={\"a\":}", 12, "JSON without spaces"},
    {"< * * json=", 12, "JSON without spaces"},
    {"> CON GET mid=1 json={", 22, "JSON without spaces"},
    {"> CON GET mid=1 Uri-Query=\"a\"$v", 30, "captured before"},
};

START_TEST(what_cannot_be_read_is_refused) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s = NULL;
  cs_runner_error e = {0};
  char text[512];
  snprintf(text, sizeof text, PLAY_HEAD "%s\n%s", wrong[_i].step,
           *wrong[_i].step == '>' ? "< ACK *\n" : "");
  ck_assert(!cs_runner_parse(cs_span_str(text), "x.scn", NULL, &arena, &s, &e));
  ck_assert_msg(e.line == 6 && e.column == wrong[_i].column && strstr(e.message, wrong[_i].want),
                "%s: %u:%u: %s", wrong[_i].step, e.line, e.column, e.message);
  cs_runner_release(&arena);
}
END_TEST

/* The role of a target is needed as if the header said it. */
START_TEST(a_role_in_a_pattern_is_needed) {
  cs_runner_arena arena = {0};
  const cs_runner_scenario *s = NULL;
  cs_runner_error e = {0};
  ck_assert(cs_runner_parse(cs_span_str(PLAY_HEAD "< * * link(href=@path/x) link(href!=@path)\n"),
                            "x.scn", NULL, &arena, &s, &e));
  ck_assert_uint_eq(s->need_count, 1);
  ck_assert_int_eq(s->needs[0].kind, CS_RUNNER_NEED_ROLE);
  ck_assert_str_eq(s->needs[0].name, "path");
  cs_runner_release(&arena);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("match_link");
  TCase *tc = tcase_create("all");
  tcase_add_loop_test(tc, payloads_fit_or_say_why_not, 0, sizeof payloads / sizeof payloads[0]);
  tcase_add_loop_test(tc, links_fit_or_say_why_not, 0, sizeof links / sizeof links[0]);
  tcase_add_loop_test(tc, no_link_format_has_no_links, 0, 4);
  tcase_add_test(tc, what_a_link_holds_is_sent);
  tcase_add_test(tc, json_is_sent_as_it_stands);
  tcase_add_loop_test(tc, what_cannot_be_read_is_refused, 0, sizeof wrong / sizeof wrong[0]);
  tcase_add_test(tc, a_role_in_a_pattern_is_needed);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
