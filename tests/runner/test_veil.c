/* The veil: one port's security session between a case and the wire. */
#include "runner/veil.h"

#include "runner/library.h"
#include "support/check_main.h"
#include "support/guarded.h"

/* A case that waits, its veil on port 0, and a guarded server. */
static guarded g;
static cs_runner_library library;
static cs_runner_profile profile;
static cs_runner_credentials credentials;
static cs_runner_case *c;
static cs_runner_veils *veils;
static cs_runner_veil *veil;
static cs_report_case result;
static cs_base_seeded seeded;

static void begin(cs_runner_transport t) {
  static const cs_time exact = 0;
  static const cs_runner_credential_files none;
  cs_runner_error e;
  const cs_runner_scenario *s;
  guarded_open(&g, cs_runner_form(t), 0);
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_profile(&library, "embedded", &profile));
  ck_assert(cs_runner_credentials_read(&profile, &none, &library.arena, &credentials));
  const char *text =
      cs_runner_format(&library.arena,
                       "# t\nid a/b/c\ncovers RFC8323#5.4:ping-answered\n"
                       "transport %s\n%s---\nopen secure\n< secured\n"
                       "silence 90s\n",
                       cs_runner_transport_name(t), t == CS_RUNNER_DTLS ? "" : "open connected\n");
  ck_assert_msg(cs_runner_parse(cs_span_str(text), "x", NULL, &library.arena, &s, &e), "%u:%u: %s",
                e.line, e.column, e.message);
  cs_runner_case_config config = {.variant = {s, s->id, 0, t},
                                  .profile = &profile,
                                  .requirements = &library.requirements,
                                  .seed = 1,
                                  .tolerance = &exact};
  c = cs_runner_case_new(&config);
  cs_runner_case_start(c, g.now);
  cs_runner_act act;
  while (cs_runner_case_transmit(c, &act))
    ck_assert_int_eq(act.kind, CS_RUNNER_ACT_CONNECT);
  if (t != CS_RUNNER_DTLS) {
    ck_assert_int_eq(cs_server_guard_connect(g.guard, 1, g.form, g.now), CS_OK);
    cs_runner_case_connected(c, 0, g.now);
  }
  cs_base_seeded_init(&seeded, 5);
  ck_assert_int_eq(cs_runner_veils_new(&credentials, cs_base_seeded_random(&seeded), &veils),
                   CS_OK);
  g.clients[0].peer = 999; /* port 0 of the case is the peer 1 */
}

static void end(void) {
  cs_runner_veil_close(veil);
  veil = NULL;
  cs_runner_veils_free(veils);
  cs_runner_case_free(c);
  guarded_close(&g);
  cs_runner_library_close(&library);
}

static void open_veil(cs_runner_transport t, cs_runner_secure secure) {
  const char *why = NULL;
  cs_runner_veil_close(veil);
  veil = cs_runner_veil_open(veils, c, 0, t, &secure, g.now, &why);
  ck_assert_msg(veil != NULL, "%s", why);
}

/* Carries what both have to send; how many bytes the server sent. */
static size_t pump(void) {
  static uint8_t buf[CS_TLS_RECORD_MAX];
  size_t all = 0;
  for (bool more = true; more;) {
    cs_span bytes;
    uint64_t peer;
    size_t len;
    more = false;
    while (cs_runner_veil_output(veil, &bytes)) {
      len = bytes.len;
      (void)cs_server_guard_receive(g.guard, 1, cs_span_str("192.0.2.1"), bytes, g.now);
      cs_runner_veil_sent(veil, len, g.now);
      more = true;
    }
    while (cs_server_guard_transmit(g.guard, g.now, buf, sizeof buf, &peer, &len) == CS_OK) {
      cs_runner_veil_feed(veil, cs_span_of(buf, len), g.now);
      all += len;
      more = true;
    }
    if (cs_server_guard_closing(g.guard, g.now, &peer)) {
      cs_runner_veil_closed(veil, false, g.now);
      more = true;
    }
  }
  return all;
}

/* Whether the case's exchange has this: "< secured". */
static bool told(const char *what) {
  cs_runner_case_result(c, &result);
  for (size_t i = 0; i < result.packet_count; i++)
    if (!result.packets[i].sent && strstr(result.packets[i].notation, what))
      return true;
  return false;
}

static size_t told_count(void) {
  cs_runner_case_result(c, &result);
  size_t n = 0;
  for (size_t i = 0; i < result.packet_count; i++)
    n += !result.packets[i].sent;
  return n;
}

static const cs_runner_transport secured[] = {CS_RUNNER_DTLS, CS_RUNNER_TLS};

START_TEST(a_handshake_is_told) {
  begin(secured[_i]);
  open_veil(secured[_i], (cs_runner_secure){0});
  ck_assert(cs_runner_veil_shaking(veil));
  pump();
  ck_assert(!cs_runner_veil_shaking(veil));
  ck_assert(told("secured"));
  ck_assert_ptr_null(cs_runner_veil_trouble(veil, &library.arena));
  end();
}
END_TEST

START_TEST(data_goes_both_ways) {
  static const uint8_t ping[] = {0x40, 0x00, 0x12, 0x34};
  begin(CS_RUNNER_DTLS);
  open_veil(CS_RUNNER_DTLS, (cs_runner_secure){0});
  cs_runner_veil_send(veil, cs_span_of(ping, sizeof ping), g.now); /* too early: dropped */
  pump();
  size_t before = told_count();
  cs_runner_veil_send(veil, cs_span_of(ping, sizeof ping), g.now);
  cs_runner_veil_send(veil, cs_span_of(ping, sizeof ping), g.now);
  pump();
  ck_assert_uint_eq(told_count(), before + 2);
  ck_assert(told("RST 0.00 mid=0x1234"));
  end();
}
END_TEST

/* Who is refused, by whom and how, in words. */
START_TEST(a_refusal_is_told_and_explained) {
  static const struct {
    cs_runner_secure secure;
    const char *trouble;
  } rows[] = {
      {{.with = CS_RUNNER_WITH_PSK, .key_wrong = true}, "the target's alert "},
      {{.with = CS_RUNNER_WITH_PSK, .identity_unknown = true},
       "the target's alert unknown_psk_identity"},
      {{.with = CS_RUNNER_WITH_CERTIFICATE, .certificate_none = true}, "the target's alert "},
      {{.with = CS_RUNNER_WITH_CERTIFICATE, .certificate_untrusted = true}, "the target's alert "}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    begin(secured[_i]);
    open_veil(secured[_i], rows[i].secure);
    pump();
    ck_assert_msg(told("refused"), "row %zu", i);
    const char *why = cs_runner_veil_trouble(veil, &library.arena);
    ck_assert_ptr_nonnull(why);
    ck_assert_msg(strstr(why, rows[i].trouble) != NULL, "row %zu: %s", i, why);
    size_t n = told_count();
    cs_runner_veil_closed(veil, false, g.now); /* it goes without saying */
    ck_assert_uint_eq(told_count(), n);
    end();
  }
}
END_TEST

START_TEST(a_target_that_we_do_not_trust_is_refused_by_us) {
  begin(CS_RUNNER_TLS);
  credentials.ca = CS_TEST_TLS_FILE("intruder.pem");
  open_veil(CS_RUNNER_TLS, (cs_runner_secure){.with = CS_RUNNER_WITH_CERTIFICATE});
  pump();
  ck_assert(told("refused"));
  const char *why = cs_runner_veil_trouble(veil, &library.arena);
  ck_assert_msg(strstr(why, "our alert") && strstr(why, "certificate"), "%s", why);
  end();
  /* Its name is demanded too, but not one that a scenario makes up. */
  begin(CS_RUNNER_TLS);
  credentials.server_name = "elsewhere.example";
  open_veil(CS_RUNNER_TLS, (cs_runner_secure){.with = CS_RUNNER_WITH_CERTIFICATE});
  pump();
  ck_assert(told("refused"));
  end();
  begin(CS_RUNNER_TLS);
  open_veil(CS_RUNNER_TLS,
            (cs_runner_secure){.with = CS_RUNNER_WITH_CERTIFICATE, .sni = "elsewhere.example"});
  pump();
  ck_assert(told("secured"));
  end();
  begin(CS_RUNNER_TLS); /* without anybody to trust everybody is */
  credentials.ca = cs_span_of(NULL, 0);
  credentials.server_name = "elsewhere.example";
  open_veil(CS_RUNNER_TLS, (cs_runner_secure){.with = CS_RUNNER_WITH_CERTIFICATE});
  pump();
  ck_assert(told("secured"));
  end();
}
END_TEST

START_TEST(an_end_during_the_handshake_is_a_refusal) {
  begin(CS_RUNNER_TLS);
  open_veil(CS_RUNNER_TLS, (cs_runner_secure){0});
  cs_runner_veil_closed(veil, true, g.now);
  ck_assert(told("refused"));
  ck_assert_str_eq(cs_runner_veil_trouble(veil, &library.arena),
                   "the handshake failed: the target closed the connection");
  end();
}
END_TEST

START_TEST(silence_is_not_told) {
  begin(CS_RUNNER_DTLS);
  open_veil(CS_RUNNER_DTLS, (cs_runner_secure){0});
  size_t before = told_count();
  unsigned flights = 0;
  cs_span bytes;
  for (cs_time at; (at = cs_runner_veil_deadline(veil)) != CS_TIME_NEVER; flights++) {
    while (cs_runner_veil_output(veil, &bytes))
      cs_runner_veil_sent(veil, bytes.len, at);
    cs_runner_veil_expire(veil, at);
  }
  ck_assert_uint_gt(flights, 3); /* it was sent again */
  ck_assert_uint_eq(told_count(), before);
  end();
}
END_TEST

/* What was said before an alert goes before it, however much it is. */
START_TEST(an_alert_waits_for_what_is_queued) {
  static uint8_t much[CS_TLS_RECORD_MAX + 100];
  begin(CS_RUNNER_TLS);
  open_veil(CS_RUNNER_TLS, (cs_runner_secure){0});
  pump();
  cs_span bytes;
  size_t len = 0;
  memset(much, 0, sizeof much); /* Empty messages of two bytes: 0.00 */
  cs_runner_veil_send(veil, cs_span_of(much, sizeof much), g.now);
  cs_runner_veil_send(veil, cs_span_of(much, 10), g.now);
  cs_runner_veil_alert(veil, 0, g.now);
  while (cs_runner_veil_output(veil, &bytes)) {
    size_t n = bytes.len < 1000 ? bytes.len : 1000; /* as a socket takes it */
    (void)cs_server_guard_receive(g.guard, 1, cs_span_str(""), cs_span_cut(bytes, 0, n), g.now);
    cs_runner_veil_sent(veil, n, g.now);
    len += n;
  }
  ck_assert_uint_gt(len, sizeof much);
  pump();
  ck_assert(told("alert close_notify")); /* it was answered */
  end();
}
END_TEST

START_TEST(what_goes_beside_a_session_is_told_apart) {
  static const uint8_t ping[] = {0x40, 0x00, 0x12, 0x34};
  static const uint8_t verify[] = {22, 254, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0,   15,  3,
                                   0,  0,   3,   0, 0, 0, 0, 0, 0, 0, 3, 254, 255, 0};
  begin(CS_RUNNER_DTLS);
  open_veil(CS_RUNNER_DTLS, (cs_runner_secure){0});
  cs_runner_veil_feed(veil, cs_span_of(verify, sizeof verify), g.now);
  pump();
  cs_runner_veil_feed(veil, cs_span_of(ping, sizeof ping), g.now);
  ck_assert(told("plain CON 0.00 mid=0x1234"));
  end();
}
END_TEST

static unsigned lines;

static void count_line(void *ctx, const char *line) {
  ck_assert_ptr_eq(ctx, &lines);
  ck_assert_msg(strncmp(line, "CLIENT_RANDOM ", 14) == 0 && !strchr(line, '\n'), "%s", line);
  lines++;
}

START_TEST(keys_are_logged_where_asked_for) {
  begin(secured[_i]);
  lines = 0;
  credentials.keylog = count_line;
  credentials.keylog_ctx = &lines;
  open_veil(secured[_i], (cs_runner_secure){0});
  pump();
  ck_assert_uint_eq(lines, 1);
  end();
}
END_TEST

START_TEST(what_cannot_be_is_said) {
  const char *why = NULL;
  begin(CS_RUNNER_DTLS);
  credentials.key = cs_span_of(NULL, 0);
  ck_assert_ptr_null(cs_runner_veil_open(
      veils, c, 0, CS_RUNNER_DTLS, &(cs_runner_secure){.with = CS_RUNNER_WITH_PSK}, g.now, &why));
  ck_assert_str_eq(why, "no pre-shared key was given for this target");
  ck_assert_ptr_null(cs_runner_veil_open(
      veils, c, 0, CS_RUNNER_DTLS,
      &(cs_runner_secure){.with = CS_RUNNER_WITH_CERTIFICATE, .suite = 0x1234}, g.now, &why));
  ck_assert_ptr_nonnull(strstr(why, "suite"));
  end();
}
END_TEST

START_TEST(without_tls_there_is_no_veil) {
  cs_runner_veils *none = NULL;
  cs_base_seeded_init(&seeded, 5);
  ck_assert_int_eq(cs_runner_veils_new(&credentials, cs_base_seeded_random(&seeded), &none),
                   CS_ERR_UNSUPPORTED);
  ck_assert_ptr_null(none);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("veil");
  TCase *tc = tcase_create("all");
  tcase_set_timeout(tc, 60);
  suite_add_tcase(suite, tc);
  if (!cs_tls_available(CS_TLS_DATAGRAM)) {
    tcase_add_test(tc, without_tls_there_is_no_veil);
    return cs_test_main(suite);
  }
  tcase_add_loop_test(tc, a_handshake_is_told, 0, 2);
  tcase_add_test(tc, data_goes_both_ways);
  tcase_add_loop_test(tc, a_refusal_is_told_and_explained, 0, 2);
  tcase_add_test(tc, a_target_that_we_do_not_trust_is_refused_by_us);
  tcase_add_test(tc, an_end_during_the_handshake_is_a_refusal);
  tcase_add_test(tc, silence_is_not_told);
  tcase_add_test(tc, an_alert_waits_for_what_is_queued);
  tcase_add_test(tc, what_goes_beside_a_session_is_told_apart);
  tcase_add_loop_test(tc, keys_are_logged_where_asked_for, 0, 2);
  tcase_add_test(tc, what_cannot_be_is_said);
  return cs_test_main(suite);
}
