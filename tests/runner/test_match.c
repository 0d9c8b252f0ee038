/* Patterns against messages. */
#include "play.h"

/* The pattern of the first step of a scenario, each row against a message. */
static const struct {
  const char *pattern;
  const char *message;
  const char *why; /* NULL: it fits */
} rows[] = {
    {"ACK 2.05", "ACK 2.05 mid=1", NULL},
    {"ACK 2.05", "CON 2.05 mid=1", "the type is another"},
    {"CON|NON 2.05", "NON 2.05 mid=1", NULL},
    {"CON|NON 2.05", "ACK 2.05 mid=1", "the type is another"},
    {"* 2.xx", "ACK 2.31 mid=1", NULL},
    {"* 2.xx", "ACK 4.04 mid=1", "the code is another"},
    {"* 2.01|4.xx|5.03", "ACK 5.03 mid=1", NULL},
    {"* 2.01|4.xx|5.03", "ACK 5.00 mid=1", "the code is another"},
    {"* *", "RST 0.00 mid=1", NULL},
    {"* * mid=0x0102", "RST 0.00 mid=0x0102", NULL},
    {"* * mid=0x0102", "RST 0.00 mid=0x0103", "the Message ID is another"},
    {"* * token=aabb", "ACK 2.05 mid=1 token=aabb", NULL},
    {"* * token=aabb", "ACK 2.05 mid=1 token=aa", "the token is another"},
    {"* * token=", "ACK 2.05 mid=1", NULL},
    {"* * token!=aa", "ACK 2.05 mid=1 token=bb", NULL},
    {"* * token!=aa", "ACK 2.05 mid=1 token=aa", "the token is another"},
    {"* * ETag", "ACK 2.05 mid=1 ETag=0x01", NULL},
    {"* * ETag", "ACK 2.05 mid=1", "ETag is missing"},
    {"* * ETag=*", "ACK 2.05 mid=1 ETag=0x01", NULL},
    {"* * !ETag", "ACK 2.05 mid=1", NULL},
    {"* * !ETag", "ACK 2.05 mid=1 ETag=0x01", "ETag is there"},
    {"* * Content-Format=40", "ACK 2.05 mid=1 Content-Format=40", NULL},
    {"* * Content-Format=40", "ACK 2.05 mid=1 Content-Format=0", "Content-Format differs"},
    {"* * Content-Format=40", "ACK 2.05 mid=1", "Content-Format is missing"},
    {"* * Max-Age!=60", "ACK 2.05 mid=1 Max-Age=61", NULL},
    {"* * Max-Age!=60", "ACK 2.05 mid=1 Max-Age=60", "Max-Age is the value that must differ"},
    {"* * Max-Age!=60", "ACK 2.05 mid=1", "Max-Age is missing"},
    {"* * Option-65001=0x01", "ACK 2.05 mid=1 Option-65001=0x02", "Option-65001 differs"},
    {"* * Location-Path=\"a\" Location-Path=\"b\"",
     "ACK 2.01 mid=1 Location-Path=\"a\" Location-Path=\"b\"", NULL},
    {"* * Location-Path=\"a\" Location-Path=\"a\"",
     "ACK 2.01 mid=1 Location-Path=\"a\" Location-Path=\"b\"", "Location-Path differs"},
    {"* * Location-Path~\"oca\"", "ACK 2.01 mid=1 Location-Path=\"local\"", NULL},
    {"* * payload=\"x\"", "ACK 2.05 mid=1 payload=\"x\"", NULL},
    {"* * payload=\"x\"", "ACK 2.05 mid=1 payload=\"y\"", "the payload is another"},
    {"* * payload=", "ACK 2.05 mid=1", NULL},
    {"* * payload=", "ACK 2.05 mid=1 payload=\"y\"", "there is a payload"},
    {"* * payload=*", "ACK 2.05 mid=1 payload=\"y\"", NULL},
    {"* * payload=*", "ACK 2.05 mid=1", "there is no payload"},
    {"* * payload=text", "ACK 2.05 mid=1", NULL},
    {"* * payload=text", "ACK 2.05 mid=1 payload=0xff", "the payload is no UTF-8"},
    {"* * payload~\"bc\"", "ACK 2.05 mid=1 payload=\"abcd\"", NULL},
    {"* * payload~\"bd\"", "ACK 2.05 mid=1 payload=\"abcd\"", "the payload is another"},
    {"* * payload!=\"x\"", "ACK 2.05 mid=1 payload=\"x\"", "the payload is another"},
};

START_TEST(patterns_fit_or_say_why_not) {
  played p;
  char scenario[512];
  char want[128];
  snprintf(scenario, sizeof scenario, PLAY_HEAD "< %s\n", rows[_i].pattern);
  play_open(&p, scenario, 0);
  play_gets(&p, rows[_i].message);
  cs_report_case r = play_result(&p);
  ck_assert_msg(r.verdict == (rows[_i].why ? CS_VERDICT_FAIL : CS_VERDICT_PASS), "%s", r.message);
  if (rows[_i].why) {
    snprintf(want, sizeof want, "(%s)", rows[_i].why);
    ck_assert_msg(strstr(r.message, want) != NULL, "%s", r.message);
  }
  play_close(&p);
}
END_TEST

START_TEST(what_was_captured_is_compared_and_sent) {
  played p;
  play_open(&p,
            PLAY_HEAD "< CON 2.05 mid=$m token=$t ETag=$e payload=$p\n"
                      "> ACK 0.00 mid=$m\n> CON GET mid=9 token=$t If-Match=$e payload=$p\n"
                      "< ACK 2.05 mid!=$m token=$t ETag=$e payload!=$p\n",
            0);
  play_gets(&p, "CON 2.05 mid=0x1234 token=0a0b ETag=0xcafe payload=\"first\"");
  ck_assert_str_eq(play_sent(&p), "ACK 0.00 mid=0x1234");
  ck_assert_str_eq(play_sent(&p),
                   "CON GET mid=0x0009 token=0a0b If-Match=0xcafe payload=\"first\"");
  play_gets(&p, "ACK 2.05 mid=9 token=0a0b ETag=0xcafe payload=\"second\"");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(a_pattern_that_does_not_fit_captures_nothing) {
  played p;
  play_open(&p,
            PLAY_HEAD "< CON 2.05 ETag=$e payload=\"x\"\n| < CON 2.05 ETag=$f\n"
                      "| < NON 2.05 ETag=$e\n< CON 2.04 ETag=$e\n",
            0);
  play_gets(&p, "CON 2.05 mid=1 ETag=0x01 payload=\"y\"");
  play_gets(&p, "CON 2.04 mid=2 ETag=0x02");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("match");
  TCase *tc = tcase_create("all");
  tcase_add_loop_test(tc, patterns_fit_or_say_why_not, 0, sizeof rows / sizeof rows[0]);
  tcase_add_test(tc, what_was_captured_is_compared_and_sent);
  tcase_add_test(tc, a_pattern_that_does_not_fit_captures_nothing);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
