/* The memory driver: both sides of a case under virtual time, streams cut by
 * the seed. */
#include <string.h>

#include "runner/driver.h"
#include "runner/library.h"
#include "runner/select.h"
#include "support/check_main.h"

static cs_runner_library library;
static cs_runner_profile profile;
static cs_runner_credentials credentials;
static const cs_time exact = 0;

static void open(void) {
  static const cs_runner_credential_files none;
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_profile(&library, "embedded", &profile));
  ck_assert(cs_runner_credentials_read(&profile, &none, &library.arena, &credentials));
}

static cs_runner_case *play(const char *steps, const char *needs, cs_runner_transport t,
                            uint64_t seed, const char *defect, cs_report_case *r) {
  cs_runner_error e;
  const cs_runner_scenario *s;
  const char *text = cs_runner_format(
      &library.arena, "# t\nid a/b/c\ncovers RFC8323#5.4:ping-answered\ntransport %s\n%s---\n%s\n",
      cs_runner_transport_name(t), needs, steps);
  ck_assert_msg(cs_runner_parse(cs_span_str(text), "x", NULL, &library.arena, &s, &e), "%u:%u: %s",
                e.line, e.column, e.message);
  cs_runner_case_config config = {.variant = {s, s->id, 0, t},
                                  .profile = &profile,
                                  .requirements = &library.requirements,
                                  .seed = seed,
                                  .tolerance = &exact};
  cs_runner_case *c = cs_runner_case_new(&config);
  const cs_runner_memory_config memory = {.transport = t,
                                          .seed = seed,
                                          .defects = &defect,
                                          .defect_count = defect ? 1 : 0,
                                          .credentials = &credentials};
  cs_runner_play_memory(c, &memory);
  ck_assert(cs_runner_case_done(c));
  cs_runner_case_result(c, r);
  return c;
}

/* Whatever the seed cuts, the same is said. */
START_TEST(cuts_change_nothing) {
  static const char steps[] = ">> GET @test\n<< 2.05 payload=*\n>> GET @separate\n<< 2.05\n"
                              ">> PUT @create payload=\"a payload that takes more than one "
                              "piece of sixteen bytes to come across\"\n<< 2.01|2.04\nalive";
  open();
  for (cs_runner_transport t = CS_RUNNER_UDP; t < CS_RUNNER_TRANSPORT_COUNT_; t++) {
    uint64_t last = 1u << t & CS_RUNNER_SECURED ? 10 : 40;
    for (uint64_t seed = 1; cs_runner_transport_there(t) && seed <= last; seed++) {
      cs_report_case r;
      cs_runner_case *c = play(steps, "", t, seed, NULL, &r);
      ck_assert_msg(r.verdict == CS_VERDICT_PASS, "%s, seed %u: %s", r.transport, (unsigned)seed,
                    r.message);
      cs_runner_case_free(c);
    }
  }
  cs_runner_library_close(&library);
}
END_TEST

START_TEST(one_seed_gives_one_case) {
  static const cs_runner_transport on[] = {CS_RUNNER_WS, CS_RUNNER_DTLS, CS_RUNNER_WSS};
  if (!cs_runner_transport_there(on[_i]))
    return;
  open();
  cs_report_case r[2];
  cs_runner_case *c[2];
  for (unsigned i = 0; i < 2; i++)
    c[i] = play(">> GET @separate\n<< 2.05", "", on[_i], 3, NULL, &r[i]);
  ck_assert_uint_eq(r[0].packet_count, r[1].packet_count);
  for (size_t i = 0; i < r[0].packet_count; i++) {
    ck_assert(cs_span_equal(r[0].packets[i].bytes, r[1].packets[i].bytes));
    ck_assert_uint_eq(r[0].packets[i].at, r[1].packets[i].at);
  }
  cs_runner_case_free(c[0]);
  cs_runner_case_free(c[1]);
  cs_runner_library_close(&library);
}
END_TEST

/* On every secured transport, and by the right side. */
START_TEST(handshakes_are_made_as_steps_say) {
  static const struct {
    const char *steps;
    cs_verdict verdict;
  } rows[] = {
      {"open secure psk\n< secured version=1.2", CS_VERDICT_PASS},
      {"open secure certificate\n< secured", CS_VERDICT_PASS},
      {"open secure psk suite=TLS_PSK_WITH_AES_128_CCM_8\n"
       "< secured suite=TLS_PSK_WITH_AES_128_CCM_8",
       CS_VERDICT_PASS},
      {"open secure key=wrong\n< refused within 20s", CS_VERDICT_PASS},
      {"open secure key=wrong\n< secured within 20s", CS_VERDICT_FAIL},
      {"open secure identity=unknown\n< refused within 20s", CS_VERDICT_PASS},
      {"open secure certificate=none\n< refused within 20s", CS_VERDICT_PASS},
      {"open secure certificate=untrusted\n< refused within 20s", CS_VERDICT_PASS},
      {"open secure sni=localhost\n< secured\n>> GET @test\n<< 2.05", CS_VERDICT_PASS},
      {"open secure\n< secured\n> alert close_notify\n< alert close_notify", CS_VERDICT_PASS},
      {"> alert close_notify\n< alert close_notify", CS_VERDICT_PASS},
      {"> alert bad_record_mac\nport new\nalive", CS_VERDICT_PASS}};
  open();
  for (cs_runner_transport t = CS_RUNNER_DTLS; t <= CS_RUNNER_WSS; t++)
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
      cs_report_case r;
      cs_runner_case *c = play(rows[i].steps, "", t, 1, NULL, &r);
      ck_assert_msg(r.verdict == rows[i].verdict, "%s, row %zu: %s %s", r.transport, i,
                    cs_verdict_name(r.verdict), r.message);
      cs_runner_case_free(c);
    }
  cs_runner_library_close(&library);
}
END_TEST

START_TEST(credentials_are_those_of_the_run) {
  cs_report_case r;
  open();
  credentials.key = cs_span_str("another key");
  cs_runner_case *c = play("alive", "", CS_RUNNER_DTLS, 1, NULL, &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
  cs_runner_case_free(c);
  credentials.key = cs_span_of(NULL, 0); /* certificates are left */
  c = play("alive", "", CS_RUNNER_DTLS, 1, NULL, &r);
  ck_assert_msg(r.verdict == CS_VERDICT_PASS, "%s", r.message);
  cs_runner_case_free(c);
  c = play("open secure psk\n< secured", "", CS_RUNNER_DTLS, 1, NULL, &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_SKIP);
  ck_assert_str_eq(r.message, "no pre-shared key was given for this target");
  cs_runner_case_free(c);
  cs_runner_library_close(&library);
}
END_TEST

START_TEST(ends_go_both_ways) {
  static const struct {
    const char *steps;
    cs_verdict verdict;
  } rows[] = {{"> raw f0 00 20 00 00 01\n< aborted", CS_VERDICT_PASS},
              {"> raw f0 00 20 00 00 01\n< 7.05\n< closed", CS_VERDICT_PASS},
              /* What the server had to say is said before our FIN is answered by its own. */
              {">> GET @test\nend\n<< 2.05\n< closed", CS_VERDICT_PASS},
              {"close\nsilence 2s\nport new\nalive", CS_VERDICT_PASS},
              {"silence 2s\n< closed", CS_VERDICT_FAIL}};
  open();
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_report_case r;
    cs_runner_case *c = play(rows[i].steps, "security plain\n", CS_RUNNER_TCP, 1, NULL, &r);
    ck_assert_msg(r.verdict == rows[i].verdict, "row %zu: %s", i, r.message);
    cs_runner_case_free(c);
  }
  cs_runner_library_close(&library);
}
END_TEST

START_TEST(the_server_has_what_the_scenario_needs) {
  static const char on_udp[] = ">> GET token=010203040506070809 @test\n"
                               "<< 2.05 token=010203040506070809";
  static const char on_tcp[] = "> CSM\n< CSM Extended-Token-Length";
  static const char needs[] = "needs cap:extended-token\n";
  open();
  for (unsigned has = 0; has < 2; has++) {
    for (cs_runner_transport t = CS_RUNNER_UDP; t <= CS_RUNNER_TCP; t++) {
      cs_report_case r;
      cs_runner_case *c =
          play(t == CS_RUNNER_UDP ? on_udp : on_tcp, has ? needs : "", t, 1, NULL, &r);
      ck_assert_msg(r.verdict == (has ? CS_VERDICT_PASS : CS_VERDICT_FAIL), "%s", r.message);
      cs_runner_case_free(c);
    }
  }
  cs_runner_library_close(&library);
}
END_TEST

START_TEST(a_defect_is_switched_on) {
  cs_report_case r;
  open();
  cs_runner_case *c =
      play("> CON 0.00 mid=$m\n< RST 0.00 mid=$m", "", CS_RUNNER_UDP, 1, "ping-ignored", &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
  cs_runner_case_free(c);
  c = play("alive", "", CS_RUNNER_UDP, 1, "no-such-defect", &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
  ck_assert_str_eq(r.message, "the server in memory cannot be made");
  cs_runner_case_free(c);
  cs_runner_library_close(&library);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("driver_memory");
  TCase *tc = tcase_create("all");
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, cuts_change_nothing);
  tcase_add_loop_test(tc, one_seed_gives_one_case, 0, 3);
  if (cs_runner_transport_there(CS_RUNNER_DTLS)) {
    tcase_add_test(tc, handshakes_are_made_as_steps_say);
    tcase_add_test(tc, credentials_are_those_of_the_run);
  }
  tcase_add_test(tc, ends_go_both_ways);
  tcase_add_test(tc, the_server_has_what_the_scenario_needs);
  tcase_add_test(tc, a_defect_is_switched_on);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
