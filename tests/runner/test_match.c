/* Patterns against messages. */
#include <stdlib.h>

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
    {"* * Max-Age>=300", "ACK 2.05 mid=1 Max-Age=300", NULL},
    {"* * Max-Age>=300", "ACK 2.05 mid=1 Max-Age=0x00012c", NULL},
    {"* * Max-Age>=300", "ACK 2.05 mid=1 Max-Age=255", "Max-Age differs"},
    {"* * Max-Age>=1", "ACK 2.05 mid=1", "Max-Age is missing"},
    {"* * Max-Age<=0", "ACK 2.05 mid=1 Max-Age=0", NULL},
    {"* * Max-Age<=299", "ACK 2.05 mid=1 Max-Age=300", "Max-Age differs"},
    {"* * Option-65001=0x01", "ACK 2.05 mid=1 Option-65001=0x02", "Option-65001 differs"},
    {"* * Location-Path=\"a\" Location-Path=\"b\"",
     "ACK 2.01 mid=1 Location-Path=\"a\" Location-Path=\"b\"", NULL},
    {"* * Location-Path=\"a\" Location-Path=\"a\"",
     "ACK 2.01 mid=1 Location-Path=\"a\" Location-Path=\"b\"", "Location-Path differs"},
    {"* * Location-Path~\"oca\"", "ACK 2.01 mid=1 Location-Path=\"local\"", NULL},
    {"* * Location-Path=text", "ACK 2.01 mid=1 Location-Path=\"a\" Location-Path=\"b\"", NULL},
    {"* * Location-Path=text", "ACK 2.01 mid=1", NULL},
    {"* * Location-Path=text", "ACK 2.01 mid=1 Location-Path=\"a\" Location-Path=0xc328",
     "Location-Path is no UTF-8"},
    {"* * size<=9", "ACK 2.05 mid=1 token=0102 payload=\"ab\"", NULL},
    {"* * size<=8", "ACK 2.05 mid=1 token=0102 payload=\"ab\"", "it has 9 bytes"},
    {"* * size>=9", "ACK 2.05 mid=1 token=0102 payload=\"ab\"", NULL},
    {"* * size>=10", "ACK 2.05 mid=1 token=0102 payload=\"ab\"", "it has 9 bytes"},
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
    {"* * payload%2", "ACK 2.05 mid=1 payload=\"abcd\"", NULL},
    {"* * payload%2", "ACK 2.05 mid=1", NULL},
    {"* * payload%2", "ACK 2.05 mid=1 payload=\"abc\"", "the length of the payload is no multiple"},
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

struct row {
  const char *pattern;
  const char *message; /* "opcode hex" of a frame, or a head */
  const char *why;     /* NULL: it fits */
};

static void check_ws(const struct row *row, bool head) {
  played p;
  char scenario[512];
  char want[128];
  /* Pongs that nobody asked for decide nothing. */
  snprintf(scenario, sizeof scenario, PLAY_WS "open %s\n---\n> frame ping\n< %s\n",
           head ? "connected" : "upgraded", row->pattern);
  play_open_on(&p, scenario, 0, CS_RUNNER_WS);
  play_connect(&p);
  play_sent(&p);
  if (head) {
    play_text(&p, row->message);
  } else {
    uint8_t bytes[64];
    size_t len = 0;
    play_upgraded(&p);
    for (const char *at = row->message; *at; at += at[2] ? 3 : 2)
      bytes[len++] = (uint8_t)strtoul((char[]){at[0], at[1], '\0'}, NULL, 16);
    play_bytes(&p, bytes, len);
  }
  cs_report_case r = play_result(&p);
  ck_assert_msg(r.verdict == (row->why ? CS_VERDICT_FAIL : CS_VERDICT_PASS), "%s: %s", row->pattern,
                r.message);
  if (row->why) {
    snprintf(want, sizeof want, "(%s)", row->why);
    ck_assert_msg(strstr(r.message, want) != NULL, "%s", r.message);
  }
  play_close(&p);
}

static const struct row frames[] = {
    {"frame close", "88 00", NULL},
    {"frame close", "8a 00", "the opcode is another"},
    {"frame close|pong", "8a 00", NULL},
    {"frame *", "8a 00", NULL},
    {"frame pong payload=", "8a 00", NULL},
    {"frame pong payload=", "8a 01 61", "there is a payload"},
    {"frame pong payload=\"a\"", "8a 01 61", NULL},
    {"frame pong payload=\"a\"", "8a 01 62", "the payload is another"},
    {"frame close status=1002", "88 02 03 ea", NULL},
    {"frame close status=1000|1002", "88 02 03 ea", NULL},
    {"frame close status=1000", "88 02 03 ea", "the status is another"},
    {"frame close status=1000", "88 00", "there is no status"},
    {"frame close status>=1000", "88 02 03 e8", NULL},
    {"frame close status>=1000", "88 02 03 e7", "the status is another"},
    {"frame close status>=1000", "88 00", "there is no status"},
    {"frame close reason=text", "88 04 03 e8 c3 a4", NULL},
    {"frame close reason=text", "88 02 03 e8", NULL},
    {"frame close reason=text", "88 04 03 e8 c3 28", "the reason is not UTF-8"},
    {"frame pong mask=0", "8a 00", NULL},
    {"frame pong mask=0", "8a 80 01 02 03 04", "it is masked"},
    {"frame pong mask=1 payload=\"a\"", "8a 81 01 02 03 04 60", NULL},
    {"frame pong rsv=0", "ca 00", "the reserved bits are others"},
    {"frame pong rsv=4", "ca 00", NULL},
    {"frame pong fin=1", "0a 00", "fin is another"},
    {"frame pong fin=0", "0a 00", NULL},
    {"frame pong length=7", "8a 00", NULL},
    {"frame pong length=7", "8a 7e 00 00", "its length is in another form"},
    {"frame pong length=16", "8a 7e 00 00", NULL},
    {"frame 11", "8b 00", NULL},
    {"frame text payload=\"a\"", "81 01 61", NULL},
    /* A message is no frame of its own. */
    {"frame *", "82 02 00 e3", "it is no frame of its own"},
    {"frame binary", "82 02 00 e3", "it is no frame of its own"},
    {"Pong", "82 02 00 e3", NULL},
    {"Pong", "8a 00", "it is no message"},
    /* What breaks the format is no message. */
    {"Pong", "82 82 00 00 00 00 00 e3", "a server masks no frame"},
    {"Pong", "82 02 10 e3", "the Length of a message in a WebSocket frame is zero"},
};

static const struct row heads[] = {
    {"upgrade 101", "HTTP/1.1 101 X\r\n\r\n", NULL},
    {"upgrade 101", "HTTP/1.1 400 X\r\n\r\n", "the status is another"},
    {"upgrade 4xx", "HTTP/1.1 404 X\r\n\r\n", NULL},
    {"upgrade 400|426", "HTTP/1.1 426 X\r\n\r\n", NULL},
    {"upgrade *", "HTTP/1.1 302 X\r\n\r\n", NULL},
    {"upgrade 101 Upgrade~\"websocket\"", "HTTP/1.1 101 X\r\nupgrade: WebSocket\r\n\r\n", NULL},
    {"upgrade 101 Upgrade=\"websocket\"", "HTTP/1.1 101 X\r\nupgrade: WebSocket\r\n\r\n",
     "Upgrade is another"},
    {"upgrade 101 Upgrade", "HTTP/1.1 101 X\r\n\r\n", "Upgrade is missing"},
    {"upgrade 101 !Upgrade", "HTTP/1.1 101 X\r\n\r\n", NULL},
    {"upgrade 101 !Upgrade", "HTTP/1.1 101 X\r\nUpgrade: a\r\n\r\n", "Upgrade is there"},
    {"upgrade 101 A!=\"x\"", "HTTP/1.1 101 X\r\nA: y\r\nA: x\r\n\r\n", "A is another"},
    {"upgrade 101 A!=\"x\"", "HTTP/1.1 101 X\r\nA: y\r\n\r\n", NULL},
    {"upgrade 101 A!=\"x\"", "HTTP/1.1 101 X\r\n\r\n", "A is missing"},
    /* Two fields of one name want two lines. */
    {"upgrade 101 A A", "HTTP/1.1 101 X\r\nA: y\r\n\r\n", "A is another"},
    {"upgrade 101 A=\"x\" A=\"y\"", "HTTP/1.1 101 X\r\nA: y\r\nA: x\r\n\r\n", NULL},
    {"upgrade 101", "HTTP/1.1 101 X\r\nA : y\r\n\r\n",
     "a header field is a name, a colon without space before it, and a value"},
};

START_TEST(frames_fit_or_say_why_not) {
  check_ws(&frames[_i], false);
}
END_TEST

START_TEST(heads_fit_or_say_why_not) {
  check_ws(&heads[_i], true);
}
END_TEST

/* Section 1.3 of RFC 6455 has this pair. */
START_TEST(the_accept_value_answers_our_key) {
  for (unsigned right = 0; right < 2; right++) {
    played p;
    play_open_on(&p,
                 PLAY_WS "open connected\n---\n"
                         "> upgrade Sec-WebSocket-Key=\"dGhlIHNhbXBsZSBub25jZQ==\"\n"
                         "< upgrade 101 Sec-WebSocket-Accept=accept\n",
                 0, CS_RUNNER_WS);
    play_connect(&p);
    play_sent(&p);
    play_text(&p, right ? "HTTP/1.1 101 X\r\nSec-WebSocket-Accept: "
                          "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                        : "HTTP/1.1 101 X\r\nSec-WebSocket-Accept: "
                          "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    ck_assert_int_eq(play_result(&p).verdict, right ? CS_VERDICT_PASS : CS_VERDICT_FAIL);
    play_close(&p);
  }
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
  tcase_add_loop_test(tc, frames_fit_or_say_why_not, 0, sizeof frames / sizeof frames[0]);
  tcase_add_loop_test(tc, heads_fit_or_say_why_not, 0, sizeof heads / sizeof heads[0]);
  tcase_add_test(tc, the_accept_value_answers_our_key);
  tcase_add_test(tc, what_was_captured_is_compared_and_sent);
  tcase_add_test(tc, a_pattern_that_does_not_fit_captures_nothing);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
