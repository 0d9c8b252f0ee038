/* Profiles: what they say, and every way to write one wrong. */
#include <string.h>

#include "runner/profile.h"
#include "support/check_main.h"

#define HEAD "[target]\nname = x\nversion = 1.0\n"
#define XFAIL                                                                                      \
  "[xfail]\ncase = a/b/c\nstatement = R#1\nbytes = 60 ?? aB\nversion = 1.0\nreason = why\n"

static const struct {
  const char *text;
  unsigned line;
  const char *want;
} broken[] = {
    {"", 1, "the key name in [target]"},
    {"[target]\nversion = 1\n", 1, "the key name in [target]"},
    {"[target]\nnam = x\n", 2, "one of the keys name and version in [target], not \"nam\""},
    {"[target]\nname =\n", 2, "a value for, not \"name\""},
    {"[target]\nname = x\nname = y\n", 3, "each key once only"},
    {"[tarket]\nname = x\n", 2, "one of the sections [target]"},
    {"name = x\n", 1, "one of the sections [target]"},
    {"[target]\nname x\n", 2, "[section], key = value or a comment"},
    {"[target\nname = x\n", 1, "[section], key = value or a comment"},
    {HEAD "[resources]\ntest = x\n", 5, "a path that begins with a slash"},
    {HEAD "[resources]\ntest = /x?y\n", 5, "a path without spaces, query or fragment"},
    {HEAD "[resources]\ntest = /x\ntest = /y\n", 6, "each role once only"},
    {HEAD "[timers]\nack_timeout = 2\n", 5, "a time such as 2s"},
    {HEAD "[timers]\nack_timeout = 0s\n", 5, "a time over 0"},
    {HEAD "[timers]\nack_time = 2s\n", 5, "one of the keys ack_timeout, response"},
    {HEAD "[xfail]\nstatement = R#1\n", 5, "the key case first in [xfail]"},
    {HEAD "[xfail]\ncase = a/*\n", 5, "the id of one case"},
    {HEAD "[xfail]\ncase = a/b/c\n", 5, "the key statement in the expected failure of a/b/c"},
    {HEAD "[xfail]\ncase = a/b/c\nstatement = R\nbytes = 6\n", 7, "bytes as pairs of hex digits"},
    {HEAD "[xfail]\ncase = a/b/c\nstatement = R\nbytes = 60 | \n", 7, "pairs of hex digits"},
    {HEAD "[xfail]\ncase = a/b/c\nstatement = R\nbytes = none 60\n", 7, "pairs of hex digits"},
    {HEAD "[xfail]\ncase = a/b/c\nstatement = R\nbytes = ...\n", 7, "pairs of hex digits"},
    {HEAD "[xfail]\ncase = a/b/c\nstatement = R\nbytes = 60 ... 61\n", 7, "pairs of hex digits"},
    {HEAD "[xfail]\ncase = a/b/c\nstatement = R\nbytes = none ...\n", 7, "pairs of hex digits"},
    {HEAD "[xfail]\ncase = a/b/c\nstatement = R\nbytes = 60 none\n", 7, "pairs of hex digits"},
    {HEAD "[xfail]\ncase = a/b/c\nstatement = R\nbytes = 60\nversion = 1.0\n", 5,
     "the key reason in the expected failure of a/b/c"},
    {HEAD "[xfail]\ncase = a/b/c\nstatement = R\nbytes = 60\nversion = 2\nreason = x\n", 5,
     "an expected failure of the version that [target] names"},
    {HEAD XFAIL XFAIL, 11, "each case once only"},
    {HEAD XFAIL "transport = tcp ws\n" XFAIL "transport = udp ws\n", 12, "each case once only"},
    {HEAD XFAIL "transport = tpc\n", 10, "transports such as udp tcp ws"},
    {HEAD XFAIL "transport = tcp\n  ws\n", 11, "the transports in one line"},
    {HEAD XFAIL "transport = tcp\ntransport = ws\n", 11, "each key once only"},
    {HEAD "[xfail]\ncase = a/b/c\nwhy = x\n", 6, "one of the keys case, statement, bytes"},
    {HEAD "[xfail]\ncase = a/b/c\nwhen = always\n", 6, "the word sometimes"},
    {HEAD "[capabilities]\ntelepathy = yes\n", 5, "one of extended-token, "},
    {HEAD "[capabilities]\npsk = yes\n", 5, "one of extended-token, "},
    {HEAD "[capabilities]\nobserve = maybe\n", 5, "yes or no"},
    {HEAD "[capabilities]\nobserve = no\nobserve = yes\n", 6, "each key once only"},
    {HEAD "[security]\npsk = x\n", 5, "one of the keys psk-file, ca, certificate"},
    {HEAD "[security]\nca = x\nca = y\n", 6, "each key once only"},
    {HEAD "[security]\ncapabilities = psk password\n", 5, "words of psk, certificate and"},
    {HEAD "[security]\ncapabilities = psk\ncapabilities = psk\n", 6, "each key once only"},
    {HEAD "[security]\ntls = psk\ntls = psk\n", 6, "each key once only"},
    {HEAD "[security]\ntls = psk\n certificate\n", 6, "the capabilities in one line"},
    {HEAD "[security]\nudp = psk\n", 5, "one of the keys psk-file"},
    {HEAD "[security]\nkey = x\n", 5, "both certificate and key in [security]"},
};

START_TEST(refusals_say_where_and_what) {
  cs_runner_arena arena = {0};
  cs_runner_profile p;
  cs_runner_error e;
  ck_assert(!cs_runner_profile_read(cs_span_str(broken[_i].text), "x.ini", &arena, &p, &e));
  ck_assert_msg(e.line == broken[_i].line && strstr(e.message, broken[_i].want),
                "wanted %u: %s\ngot %u: %s", broken[_i].line, broken[_i].want, e.line, e.message);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(a_profile_is_kept) {
  cs_runner_arena arena = {0};
  cs_runner_profile p;
  cs_runner_error e;
  const char *text = "; a comment\n" HEAD "[resources]\ntest = /\ncreate = /a/b%20c\n"
                     "[timers]\nack_timeout = 1s\nresponse = 500ms\ntolerance = 10ms\nalive = 3s\n"
                     "[xfail]\ncase = a/b/c+con\nstatement = R#1\nbytes = 60 ??\n   aB\n"
                     "version = 1.0\nreason = first\n  second\n";
  ck_assert_msg(cs_runner_profile_read(cs_span_str(text), "x.ini", &arena, &p, &e), "%u: %s",
                e.line, e.message);
  ck_assert_str_eq(p.name, "x");
  ck_assert_str_eq(cs_runner_profile_path(&p, "create"), "/a/b%20c");
  ck_assert_ptr_null(cs_runner_profile_path(&p, "nothing"));
  ck_assert_uint_eq(p.ack_timeout, CS_SECOND);
  ck_assert_uint_eq(p.response, CS_SECOND / 2);
  ck_assert_uint_eq(p.tolerance, 10000);
  ck_assert_uint_eq(p.alive, 3 * CS_SECOND);
  const cs_runner_xfail *x = cs_runner_profile_xfail(&p, "a/b/c+con", "udp");
  ck_assert_ptr_nonnull(x);
  ck_assert_ptr_null(cs_runner_profile_xfail(&p, "a/b/c", "udp"));
  ck_assert_ptr_null(cs_runner_profile_xfail(&p, "a/b/c+con", "tcp"));
  ck_assert_str_eq(x->reason, "first second");
  ck_assert(cs_runner_xfail_bytes(x, cs_span_of("\x60\x00\xab", 3)));
  ck_assert(!cs_runner_xfail_bytes(x, cs_span_of("\x60\x00\xac", 3)));
  ck_assert(!cs_runner_xfail_bytes(x, cs_span_of("\x60\x00", 2)));
  ck_assert(!cs_runner_xfail_bytes(x, cs_span_of("\x60\x00\xab\x00", 4)));
  cs_runner_release(&arena);
}
END_TEST

START_TEST(failures_are_those_of_a_transport) {
  cs_runner_arena arena = {0};
  cs_runner_profile p;
  cs_runner_error e;
  const char *text = HEAD XFAIL "transport = tcp ws\n" XFAIL "transport = udp\n";
  ck_assert_msg(cs_runner_profile_read(cs_span_str(text), "x.ini", &arena, &p, &e), "%u: %s",
                e.line, e.message);
  const cs_runner_xfail *tcp = cs_runner_profile_xfail(&p, "a/b/c", "tcp");
  ck_assert_ptr_nonnull(tcp);
  ck_assert_ptr_eq(tcp, cs_runner_profile_xfail(&p, "a/b/c", "ws"));
  ck_assert_uint_eq(cs_runner_profile_xfail(&p, "a/b/c", "udp")->line, 12);
  ck_assert_ptr_eq(tcp, cs_runner_profile_xfail(&p, "a/b/c", "wss"));
  cs_runner_release(&arena);
}
END_TEST

/* Over DTLS a server fails as over UDP, where the profile does not say otherwise. */
START_TEST(failures_hold_over_the_secured_twin) {
  cs_runner_arena arena = {0};
  cs_runner_profile p;
  cs_runner_error e;
  const char *text =
      HEAD XFAIL "transport = udp tcp\n" XFAIL "transport = tls\n" XFAIL "transport = ws plain\n";
  ck_assert_msg(cs_runner_profile_read(cs_span_str(text), "x.ini", &arena, &p, &e), "%u: %s",
                e.line, e.message);
  const cs_runner_xfail *udp = cs_runner_profile_xfail(&p, "a/b/c", "udp");
  ck_assert_ptr_nonnull(udp);
  ck_assert_ptr_eq(cs_runner_profile_xfail(&p, "a/b/c", "dtls"), udp);
  ck_assert_ptr_eq(cs_runner_profile_xfail(&p, "a/b/c", "tcp"), udp);
  ck_assert_uint_eq(cs_runner_profile_xfail(&p, "a/b/c", "tls")->line, 12);
  ck_assert_uint_eq(cs_runner_profile_xfail(&p, "a/b/c", "ws")->line, 19);
  ck_assert_ptr_null(cs_runner_profile_xfail(&p, "a/b/c", "wss"));
  cs_runner_release(&arena);
}
END_TEST

START_TEST(declared_capabilities_are_kept) {
  cs_runner_arena arena = {0};
  cs_runner_profile p;
  cs_runner_error e;
  const char *text = HEAD "[capabilities]\nobserve = yes\nblock2 = no\n";
  ck_assert(cs_runner_profile_read(cs_span_str(text), "x.ini", &arena, &p, &e));
  const cs_runner_capability *c = p.capabilities.items;
  ck_assert_uint_eq(p.capabilities.count, 2);
  ck_assert_str_eq(c[0].name, "observe");
  ck_assert(c[0].has);
  ck_assert_str_eq(c[1].name, "block2");
  ck_assert(!c[1].has);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(security_is_kept) {
  cs_runner_arena arena = {0};
  cs_runner_profile p;
  cs_runner_error e;
  const char *text = HEAD "[security]\npsk-file = ../x/psk.txt\nca = ca.pem\ncertificate = c.pem\n"
                          "key = c.key\nsni = thermostat\ntls = certificate\n"
                          "capabilities = psk certificate\nwss = anonymous\n";
  ck_assert_msg(cs_runner_profile_read(cs_span_str(text), "x.ini", &arena, &p, &e), "%u: %s",
                e.line, e.message);
  const cs_runner_security *s = &p.security;
  ck_assert_str_eq(s->psk_file, "../x/psk.txt");
  ck_assert_str_eq(s->ca, "ca.pem");
  ck_assert_str_eq(s->certificate, "c.pem");
  ck_assert_str_eq(s->key, "c.key");
  ck_assert_str_eq(s->sni, "thermostat");
  ck_assert_uint_eq(s->capabilities[CS_RUNNER_DTLS],
                    1u << CS_RUNNER_WITH_PSK | 1u << CS_RUNNER_WITH_CERTIFICATE);
  ck_assert_uint_eq(s->capabilities[CS_RUNNER_TLS], 1u << CS_RUNNER_WITH_CERTIFICATE);
  ck_assert_uint_eq(s->capabilities[CS_RUNNER_WSS], 1u << CS_RUNNER_WITH_NOTHING);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(a_long_line_is_refused) {
  char text[1000] = HEAD "; ";
  cs_runner_arena arena = {0};
  cs_runner_profile p;
  cs_runner_error e;
  memset(text + strlen(text), 'x', 900);
  ck_assert(!cs_runner_profile_read(cs_span_str(text), "x.ini", &arena, &p, &e));
  ck_assert_uint_eq(e.line, 4);
  ck_assert_ptr_nonnull(strstr(e.message, "a shorter line"));
  cs_runner_release(&arena);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("profile");
  TCase *tc = tcase_create("all");
  tcase_add_loop_test(tc, refusals_say_where_and_what, 0, sizeof broken / sizeof broken[0]);
  tcase_add_test(tc, a_profile_is_kept);
  tcase_add_test(tc, failures_are_those_of_a_transport);
  tcase_add_test(tc, failures_hold_over_the_secured_twin);
  tcase_add_test(tc, declared_capabilities_are_kept);
  tcase_add_test(tc, security_is_kept);
  tcase_add_test(tc, a_long_line_is_refused);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
