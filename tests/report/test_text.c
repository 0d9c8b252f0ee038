/* The text and HTML reports, for people. */
#include "support/check_main.h"

#include <string.h>

#include "report/report.h"
#include "sample.h"

static char *printed(bool (*print)(const cs_report_run *, FILE *), const cs_report_run *run) {
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  ck_assert(print(run, to));
  fclose(to);
  ck_assert_uint_eq(strlen(text), size);
  return text;
}

static void expect_in(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in the report:\n%s", part, text);
}

START_TEST(the_summary_is_one_line_of_what_occurred) {
  cs_report_run run = sample_run;
  run.case_count = 2;
  char *text = printed(cs_report_print_summary, &run);
  ck_assert_str_eq(text, "coap://127.0.0.1:5683: 2 cases: 1 pass, 1 fail (95.2 s)\n");
  free(text);
}
END_TEST

/* The first case on UDP and on TCP, there over two connections, and the second on TCP. */
static const cs_report_packet over_tcp[] = {
    {0, 1, {NULL, 0}, "open", 40001, CS_REPORT_OPENED, 0, false, false, NULL},
    {1, 1, SAMPLE_SPAN(sample_reset), "raw", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
    {2, 1, {NULL, 0}, "open", 40002, CS_REPORT_OPENED, 0, false, false, NULL},
    {3, 0, SAMPLE_SPAN(sample_reset), "Pong", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
};
static const cs_report_target two_targets[] = {{"coap://h", "udp", NULL, NULL},
                                               {"coap+tcp://h", "tcp", "it went away", NULL}};
/* How hands are shaken stands beside the target. */
static const cs_report_target secured[] = {{"coaps://h", "dtls", NULL, "by a pre-shared key"},
                                           {"coaps+tcp://h", "tls", "gone", "anonymously"}};

static cs_report_run two_transports(cs_report_case cases[3]) {
  cs_report_run run = sample_run;
  cases[0] = sample_cases[0];
  cases[1] = sample_cases[0];
  cases[2] = sample_cases[1];
  cases[1].transport = cases[2].transport = "tcp";
  cases[2].packets = over_tcp;
  cases[2].packet_count = 4;
  run.cases = cases;
  run.case_count = 3;
  run.targets = two_targets;
  run.target_count = 2;
  return run;
}

START_TEST(security_is_told) {
  cs_report_run run = sample_run;
  run.targets = secured;
  run.target_count = 1;
  char *text = printed(cs_report_print_text, &run);
  expect_in(text, "security   by a pre-shared key\n");
  free(text);
  run.target_count = 2;
  text = printed(cs_report_print_text, &run);
  expect_in(text, "target     dtls coaps://h (by a pre-shared key)\n");
  expect_in(text, "target     tls  coaps+tcp://h (anonymously): gone\n");
  free(text);
  text = printed(cs_report_print_html, &run);
  expect_in(text, "(by a pre-shared key)");
  free(text);
  text = printed(cs_report_print_json, &run);
  expect_in(text, "\"security\": \"anonymously\"");
  free(text);
}
END_TEST

START_TEST(several_transports_are_told_apart) {
  cs_report_case cases[3];
  cs_report_run run = two_transports(cases);
  char *text = printed(cs_report_print_summary, &run);
  expect_in(text, "\n  udp: 1 case: 1 pass\n  tcp: 2 cases: 1 pass, 1 fail\n");
  free(text);
  text = printed(cs_report_print_text, &run);
  expect_in(text, "target     udp  coap://h\n");
  expect_in(text, "target     tcp  coap+tcp://h: it went away\n");
  expect_in(text, "By transport\n");
  expect_in(text, "pass         udp  7252/5.10/pass");
  expect_in(text, "pass         tcp  7252/5.10/pass");
  expect_in(text, "0.000001 > #1 raw\n");
  expect_in(text, "0.000002 > #2 open\n");
  expect_in(text, "0.000003 < #1 Pong\n");
  expect_in(text, "report.pcap, tcp.port == ");
  free(text);
  text = printed(cs_report_print_html, &run);
  expect_in(text, "<h2>Transports and verdicts</h2>");
  expect_in(text, "&gt; #2 open");
  free(text);
}
END_TEST

START_TEST(a_fault_is_told_with_its_evidence) {
  char *text = printed(cs_report_print_text, &sample_run);
  const char *fail = strstr(text, "\nfail  7252/4.3/fail over udp\n");
  ck_assert_ptr_nonnull(fail);
  expect_in(fail, "why        wanted RST, got " HOSTILE_SHOWN "\n");
  expect_in(fail, "RFC7252#4.3:empty-con-reset (RFC 7252 section 4.3, MUST: an Empty");
  expect_in(fail, "scenarios/x.scn:7\n");
  expect_in(fail, "93.000000 < ACK 2.05");
  expect_in(fail, " 61 45 7d 34 20 ff 6f 64 64\n");
  expect_in(fail, "report.pcap, udp.port == ");
  expect_in(text, "Faults of the target: 4 of 11 cases.");
  free(text);
}
END_TEST

START_TEST(a_pass_is_listed_without_evidence) {
  cs_report_run run = sample_run;
  run.case_count = 1;
  char *text = printed(cs_report_print_text, &run);
  expect_in(text, "pass         7252/5.10/pass  What 7252/5.10/pass shows\n");
  ck_assert_ptr_null(strstr(text, "not a pass"));
  free(text);
}
END_TEST

START_TEST(trouble_is_said_at_the_top) {
  cs_report_run run = sample_run;
  run.trouble = "interrupted";
  char *text = printed(cs_report_print_text, &run);
  const char *trouble = strstr(text, "The run had trouble");
  ck_assert_ptr_nonnull(trouble);
  ck_assert(trouble < strstr(text, "Verdicts"));
  expect_in(trouble, "interrupted");
  free(text);
}
END_TEST

START_TEST(a_terminal_gets_the_beginning_of_a_long_message) {
  static uint8_t bytes[500];
  static char notation[600] = "NON 2.05 payload=";
  memset(notation + 17, 'x', 500);
  const cs_report_packet packet = {
      0, 0, {bytes, sizeof bytes}, notation, 1, CS_REPORT_BYTES, 0, false, false, NULL};
  cs_report_case c = sample_cases[1];
  c.packets = &packet;
  c.packet_count = 1;
  cs_report_run run = sample_run;
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  ck_assert(cs_report_print_case_brief(&run, &c, to));
  fclose(to);
  ck_assert_ptr_nonnull(strstr(text, "(277 more characters in the report)"));
  ck_assert_ptr_nonnull(strstr(text, "... (500 bytes)"));
  ck_assert_uint_lt(size, 1500);
  free(text);
  to = open_memstream(&text, &size);
  ck_assert(cs_report_print_case(&run, &c, to));
  fclose(to);
  ck_assert_ptr_nonnull(strstr(text, notation));
  free(text);
}
END_TEST

START_TEST(no_control_character_reaches_a_terminal) {
  char *text = printed(cs_report_print_text, &sample_run);
  for (const char *c = text; *c; c++)
    ck_assert_msg(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f), "byte 0x%02x",
                  (unsigned char)*c);
  free(text);
}
END_TEST

START_TEST(html_escapes_and_needs_nothing_else) {
  char *text = printed(cs_report_print_html, &sample_run);
  expect_in(text, "&lt;b&gt;&amp;&quot;&#39;]]&gt;");
  ck_assert_ptr_null(strstr(text, "<b>&"));
  ck_assert_ptr_null(strstr(text, "http://"));
  ck_assert_ptr_null(strstr(text, "https://"));
  ck_assert_ptr_null(strstr(text, "<script"));
  expect_in(text, "<details id=\"c1\" class=\"fail\" open>");
  expect_in(text, "<details id=\"c0\" class=\"pass\">");
  expect_in(text, "<a class=\"id\" href=\"#c1\">7252/4.3/fail</a>");
  free(text);
}
END_TEST

/* A table of what probes found; a difference has its evidence, and its line in the summary. */
START_TEST(capabilities_declared_and_observed) {
  static const cs_report_capability rows[] = {
      {"observe", "observation", "udp", 1, CS_REPORT_NOT_SEEN, "2.05 " HOSTILE, sample_get_packets,
       2},
      {"block2", "blocks", "udp", 0, CS_REPORT_SEEN, "", sample_ping_packets, 2},
      {"echo", "Echo", "udp", 1, CS_REPORT_NOT_TOLD, "nobody asked", NULL, 0},
      {"fetch", "FETCH", "udp", -1, CS_REPORT_SEEN, "", sample_ping_packets, 2},
      {"patch", "PATCH", "udp", 0, CS_REPORT_NOT_SEEN, "4.05", sample_ping_packets, 2},
      {"ipatch", "iPATCH", "udp", 1, CS_REPORT_SEEN, "", sample_ping_packets, 2},
  };
  cs_report_run run = sample_run;
  run.capabilities = rows;
  run.capability_count = sizeof rows / sizeof rows[0];
  char *text = printed(cs_report_print_text, &run);
  expect_in(text, "Capabilities, declared and observed");
  expect_in(text,
            "udp   observe            yes       no        declared, not seen: 2.05 " HOSTILE_SHOWN);
  expect_in(text,
            "udp   block2             no        yes       seen, though declared not to be there\n");
  expect_in(
      text,
      "udp   echo               yes       not told  declared, could not be told: nobody asked");
  expect_in(text, "udp   fetch              -         yes      \n");
  expect_in(text, "udp   patch              no        no        4.05\n");
  expect_in(text, "> CON GET mid=0x7d34 token=20 Uri-Path=\"test\"");
  free(text);
  text = printed(cs_report_print_summary, &run);
  expect_in(text, "  warn: observe over udp: declared, not seen: 2.05 " HOSTILE_SHOWN "\n");
  expect_in(text, "  warn: block2 over udp: seen, though declared not to be there\n");
  expect_in(text, "  warn: echo over udp: declared, could not be told: nobody asked\n");
  ck_assert_ptr_null(strstr(text, "fetch"));
  ck_assert_ptr_null(strstr(text, "patch over"));
  free(text);
  text = printed(cs_report_print_html, &run);
  expect_in(text, "<code>observe</code>");
  expect_in(text, "<span class=\"v\">declared, not seen</span>");
  free(text);
}
END_TEST

START_TEST(the_runs_own_cases_have_a_section) {
  char section[96];
  cs_report_section("target/0/sanity-first", section, sizeof section);
  ck_assert_str_eq(section, "The target itself");
  cs_report_section("targets/0/x", section, sizeof section);
  ck_assert_str_eq(section, "targets/0/x");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("report text");
  TCase *tests = tcase_create("text");
  tcase_add_test(tests, capabilities_declared_and_observed);
  tcase_add_test(tests, the_runs_own_cases_have_a_section);
  tcase_add_test(tests, the_summary_is_one_line_of_what_occurred);
  tcase_add_test(tests, several_transports_are_told_apart);
  tcase_add_test(tests, security_is_told);
  tcase_add_test(tests, a_fault_is_told_with_its_evidence);
  tcase_add_test(tests, a_pass_is_listed_without_evidence);
  tcase_add_test(tests, trouble_is_said_at_the_top);
  tcase_add_test(tests, a_terminal_gets_the_beginning_of_a_long_message);
  tcase_add_test(tests, no_control_character_reaches_a_terminal);
  tcase_add_test(tests, html_escapes_and_needs_nothing_else);
  suite_add_tcase(suite, tests);
  return cs_test_main(suite);
}
