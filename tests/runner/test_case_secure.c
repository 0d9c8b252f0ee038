/* Cases on DTLS, TLS and WSS: how their ports are opened, how handshakes end, what
 * alerts and what is in the clear mean. */
#include "play.h"

enum { HANDSHAKE_FAILURE = 40, INTERNAL_ERROR = 80, UNKNOWN_PSK = 115 };

static void expect(played *p, const char *want) {
  ck_assert_str_eq(play_sent(p), want);
}

static void ends(played *p, cs_verdict verdict, const char *message) {
  cs_report_case r = play_result(p);
  ck_assert_msg(r.verdict == verdict, "%s: %s", cs_verdict_name(r.verdict), r.message);
  if (message)
    ck_assert_str_eq(r.message, message);
  play_close(p);
}

/* What the report shows of these kinds, one line each. */
static const char *shown(played *p) {
  static char text[2048];
  cs_report_case r;
  cs_runner_case_result(p->c, &r);
  text[0] = '\0';
  for (size_t i = 0; i < r.packet_count; i++) {
    const cs_report_packet *k = &r.packets[i];
    if (k->kind == CS_REPORT_OPENED || k->kind == CS_REPORT_SECURITY)
      snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s\n", k->sent ? "> " : "< ",
               k->notation);
  }
  return text;
}

static void plain(played *p, const char *notation) {
  uint8_t bytes[512];
  size_t len = play_build(p, notation, bytes, sizeof bytes);
  cs_runner_case_receive_plain(p->c, p->port, cs_span_of(bytes, len), p->now);
}

/* ---- Opening ---- */

START_TEST(steps_wait_for_the_handshake) {
  played p;
  play_open_on(&p, PLAY_DTLS "---\n> CON 0.00 mid=1\n< RST 0.00 mid=1 within 1s\n", 0,
               CS_RUNNER_DTLS);
  expect(&p, "connect");
  ck_assert_ptr_nonnull(p.secure);
  ck_assert_int_eq(p.secure->with, CS_RUNNER_WITH_ANY);
  play_wait(&p, 5 * CS_SECOND);
  expect(&p, "");
  play_secured(&p);
  expect(&p, "CON 0.00 mid=0x0001");
  play_gets(&p, "RST 0.00 mid=1");
  /* Life is sought in the session that there is. */
  ck_assert_int_eq(strncmp(play_sent(&p), "CON 0.00 mid=", 13), 0);
  ck_assert_uint_eq(p.port, 0);
  ck_assert_str_eq(shown(&p), "> open secure\n< secured TLS-PSK-WITH-AES-128-CCM-8 DTLS 1.2\n");
  play_close(&p);
}
END_TEST

START_TEST(a_stream_is_secured_before_it_is_upgraded) {
  for (unsigned told = 0; told < 2; told++) {
    played p;
    play_open_on(&p, PLAY_WSS "---\n> Ping token=01\n< Pong token=01\n", 0, CS_RUNNER_WSS);
    expect(&p, "connect");
    if (told)
      cs_runner_case_connected(p.c, p.port, p.now);
    expect(&p, "");
    play_secured(&p);
    expect(&p, "upgrade");
    expect(&p, "");
    play_upgraded(&p);
    expect(&p, "CSM Extended-Token-Length=8");
    expect(&p, "Ping token=01");
    play_gets(&p, "Pong token=01");
    /* Not closed without close_notify. */
    expect(&p, "alert close_notify");
    expect(&p, "close");
    ends(&p, CS_VERDICT_PASS, "");
  }
}
END_TEST

START_TEST(every_port_has_a_session) {
  played p;
  play_open_on(&p,
               PLAY_DTLS "security psk sni=example\n---\nport new\n> NON GET mid=1\nport first\n"
                         "> NON GET mid=2\nalive\n",
               0, CS_RUNNER_DTLS);
  play_connect(&p);
  ck_assert_int_eq(p.secure->with, CS_RUNNER_WITH_PSK);
  ck_assert_str_eq(p.secure->sni, "example");
  expect(&p, "connect");
  ck_assert_uint_eq(p.port, 1);
  ck_assert_int_eq(p.secure->with, CS_RUNNER_WITH_PSK);
  play_secured(&p);
  expect(&p, "NON GET mid=0x0001");
  ck_assert_uint_eq(p.port, 1);
  expect(&p, "NON GET mid=0x0002");
  ck_assert_uint_eq(p.port, 0);
  ends(&p, CS_VERDICT_PASS, "");
}
END_TEST

static const struct {
  int how; /* 0: silence; 1: alert; 2: alert of ours; 3: the target closes */
  const char *message;
} unopened[] = {
    {0, "the handshake failed: it was not completed"},
    {1, "the handshake failed: alert handshake_failure by the target"},
    {2, "the handshake failed: alert unknown_ca by us: it does not hold that a certificate leads "
        "to one that is trusted"},
    {3, "the handshake failed: the target closed the connection"},
};

START_TEST(a_session_that_is_not_made_is_inconclusive) {
  static const cs_runner_transport transports[] = {CS_RUNNER_DTLS, CS_RUNNER_TLS, CS_RUNNER_WSS};
  static const char *const texts[] = {PLAY_DTLS "---\nalive\n", PLAY_TLS "---\nalive\n",
                                      PLAY_WSS "---\nalive\n"};
  for (unsigned i = 0; i < 3; i++) {
    played p;
    cs_tls_failure ours = {
        .rule = CS_RULE_TLS_CERTIFICATE, .alerted = true, .alert = 48 /* unknown_ca */};
    cs_tls_failure closed = {.rule = CS_RULE_NONE};
    play_open_on(&p, texts[i], 0, transports[i]);
    expect(&p, "connect");
    cs_runner_case_connected(p.c, p.port, p.now);
    if (unopened[_i].how == 0)
      play_wait(&p, 10 * CS_SECOND);
    else if (unopened[_i].how == 1)
      play_refused(&p, HANDSHAKE_FAILURE);
    else if (unopened[_i].how == 2)
      cs_runner_case_refused(p.c, p.port, &ours, p.now);
    else if (i == 0)
      cs_runner_case_refused(p.c, p.port, &closed, p.now);
    else
      play_closed(&p, false);
    ends(&p, CS_VERDICT_INCONCLUSIVE, unopened[_i].message);
  }
}
END_TEST

START_TEST(a_connection_that_is_not_there_is_no_handshake) {
  for (unsigned asked = 0; asked < 2; asked++) {
    played p;
    play_open_on(&p,
                 asked ? PLAY_TLS "---\nopen secure\n< refused -> pass\n| * -> fail\n"
                       : PLAY_TLS "---\nalive\n",
                 0, CS_RUNNER_TLS);
    expect(&p, "connect");
    play_closed(&p, true);
    ends(&p, CS_VERDICT_INCONCLUSIVE, "the connection could not be opened: it was refused");
  }
}
END_TEST

START_TEST(an_upgrade_may_end_in_an_alert) {
  played p;
  play_open_on(&p, PLAY_WSS "---\n> Ping\n< Pong\n", 0, CS_RUNNER_WSS);
  play_connect(&p);
  expect(&p, "upgrade");
  cs_runner_case_alerted(p.c, p.port, INTERNAL_ERROR, p.now);
  ends(&p, CS_VERDICT_INCONCLUSIVE,
       "the connection could not be opened: alert internal_error came before the upgrade");
}
END_TEST

START_TEST(the_name_of_the_target_is_asked_for) {
  static const struct {
    const char *host, *sni;
  } rows[] = {{"coap.example:5684", "coap.example"},
              {"coap.example", "coap.example"},
              {"192.0.2.1", NULL},
              {"192.0.2.1:7", NULL},
              {"[2001:db8::1]:7", NULL},
              {NULL, NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    play_open_on(&p, PLAY_DTLS "---\nalive\n", 0, CS_RUNNER_DTLS);
    const cs_runner_scenario *s = NULL;
    cs_runner_error e;
    ck_assert(cs_runner_parse(cs_span_str(PLAY_DTLS "---\nalive\n"), "x", NULL, &p.arena, &s, &e));
    cs_runner_case_free(p.c);
    cs_runner_case_config config = {.variant = {s, s->id, 0, CS_RUNNER_DTLS},
                                    .profile = &p.profile,
                                    .host = rows[i].host,
                                    .tolerance = &p.tolerance};
    p.c = cs_runner_case_new(&config);
    cs_runner_case_start(p.c, p.now);
    expect(&p, "connect");
    if (rows[i].sni)
      ck_assert_str_eq(p.secure->sni, rows[i].sni);
    else
      ck_assert_ptr_null(p.secure->sni);
    play_close(&p);
  }
}
END_TEST

/* ---- open secure ---- */

START_TEST(a_handshake_is_made_as_the_step_says) {
  played p;
  play_open_on(&p,
               PLAY_DTLS "---\nopen secure psk key=wrong suite=TLS_PSK_WITH_AES_128_CCM_8\n"
                         "< secured suite=TLS_PSK_WITH_AES_128_CCM_8 version=1.2 !alpn !cookie\n"
                         "> NON GET mid=1\nsilence 1s\n",
               0, CS_RUNNER_DTLS);
  expect(&p, "connect"); /* and none before it */
  ck_assert(p.secure->key_wrong && p.secure->suite == 0xc0a8);
  play_secured(&p);
  ck_assert_str_eq(shown(&p), "> open secure psk key=wrong suite=TLS_PSK_WITH_AES_128_CCM_8\n"
                              "< secured TLS-PSK-WITH-AES-128-CCM-8 DTLS 1.2\n");
  expect(&p, "NON GET mid=0x0001");
  play_wait(&p, CS_SECOND);
  ends(&p, CS_VERDICT_PASS, "");
}
END_TEST

/* On DTLS from the same port, on a stream by a new connection. */
START_TEST(hands_are_shaken_once_more) {
  played p;
  play_open_on(&p, PLAY_DTLS "---\n>> GET\n<< 2.05\nopen secure\n< secured\n>> GET\n<< 2.05\n", 0,
               CS_RUNNER_DTLS);
  play_full(&p);
  char answer[128];
  for (unsigned i = 0; i < 2; i++) {
    unsigned mid = 0;
    char token[16] = "";
    ck_assert_int_eq(sscanf(play_sent(&p), "CON GET mid=%x token=%15s", &mid, token), 2);
    snprintf(answer, sizeof answer, "ACK 2.05 mid=0x%04x token=%s", mid, token);
    play_gets(&p, answer);
    if (i > 0)
      continue;
    expect(&p, "connect");
    ck_assert_uint_eq(p.port, 0);
    /* What the session before has still to say is nobody's. */
    play_gets(&p, "NON 2.05 mid=9 token=77");
    play_secured(&p);
  }
  ends(&p, CS_VERDICT_PASS, "");

  play_open_on(&p,
               PLAY_TLS "---\n> Ping token=01\n< Pong\nopen secure\n< secured\n> Ping token=02\n"
                        "< Pong token=02\nport new\nport first\n> Ping token=03\n< Pong token=03\n",
               0, CS_RUNNER_TLS);
  play_full(&p);
  expect(&p, "Ping token=01");
  play_gets(&p, "Pong token=01");
  expect(&p, "alert close_notify");
  expect(&p, "close");
  play_full(&p);
  ck_assert_uint_eq(p.port, 1);
  expect(&p, "Ping token=02");
  play_gets(&p, "Pong token=02");
  play_full(&p);
  ck_assert_uint_eq(p.port, 2);
  expect(&p, "Ping token=03");
  ck_assert_uint_eq(p.port, 1); /* which has taken the first one's place */
  play_gets(&p, "Pong token=03");
  ends(&p, CS_VERDICT_PASS, "");
}
END_TEST

START_TEST(what_follows_waits_for_the_upgrade) {
  played p;
  play_open_on(&p, PLAY_WSS "---\nopen secure\n< secured\n> Ping token=01\n< Pong\n", 0,
               CS_RUNNER_WSS);
  expect(&p, "connect");
  play_secured(&p);
  expect(&p, "upgrade");
  expect(&p, "");
  play_wait(&p, 3 * CS_SECOND);
  play_upgraded(&p);
  expect(&p, "CSM Extended-Token-Length=8");
  expect(&p, "Ping token=01");
  play_gets(&p, "Pong token=01");
  ends(&p, CS_VERDICT_PASS, "");
}
END_TEST

static const struct {
  const char *step;
  cs_tls_negotiated n;
  cs_verdict verdict;
  const char *why; /* in the message */
} agreed[] = {
    {"< secured", {.version = 0x0303, .suite = 0xc0a8, .name = "S"}, CS_VERDICT_PASS, ""},
    {"< secured suite=TLS_PSK_WITH_AES_128_CCM|TLS_PSK_WITH_AES_128_CCM_8",
     {.version = 0x0303, .suite = 0xc0a8, .name = "S"},
     CS_VERDICT_PASS,
     ""},
    {"< secured suite=TLS_PSK_WITH_AES_128_CCM",
     {.version = 0x0303, .suite = 0xc0a8, .name = "S"},
     CS_VERDICT_FAIL,
     "secured S TLS 1.2 came; wanted: < secured suite=TLS_PSK_WITH_AES_128_CCM (the suite is "
     "another)"},
    {"< secured version=1.3",
     {.version = 0x0303, .suite = 0xc0a8, .name = "S"},
     CS_VERDICT_FAIL,
     "(the version is another)"},
    {"< secured version=1.3",
     {.version = 0x0304, .suite = 0x1301, .name = "S"},
     CS_VERDICT_PASS,
     ""},
    {"< secured alpn=coap",
     {.version = 0x0303, .suite = 0xc0a8, .name = "S", .alpn = "coap"},
     CS_VERDICT_PASS,
     ""},
    {"< secured alpn=coap",
     {.version = 0x0303, .suite = 0xc0a8, .name = "S", .alpn = "h2"},
     CS_VERDICT_FAIL,
     "secured S TLS 1.2 alpn=h2 came"},
    {"< secured alpn=coap",
     {.version = 0x0303, .suite = 0xc0a8, .name = "S"},
     CS_VERDICT_FAIL,
     "(no protocol was selected by ALPN)"},
    {"< secured !alpn", {.version = 0x0303, .suite = 0xc0a8, .name = "S"}, CS_VERDICT_PASS, ""},
    {"< secured !alpn",
     {.version = 0x0303, .suite = 0xc0a8, .name = "S", .alpn = "coap"},
     CS_VERDICT_FAIL,
     "(a protocol was selected by ALPN)"},
    {"< refused", {.version = 0x0303, .suite = 0xc0a8, .name = "S"}, CS_VERDICT_FAIL, "secured S"},
    {"< refused\n| < secured -> quirk x",
     {.version = 0x0303, .suite = 0xc0a8, .name = "S"},
     CS_VERDICT_QUIRK,
     "x: secured S TLS 1.2 came"},
};

START_TEST(what_was_agreed_is_compared) {
  char text[512];
  played p;
  snprintf(text, sizeof text, PLAY_TLS "---\nopen secure\n%s\n", agreed[_i].step);
  play_open_on(&p, text, 0, CS_RUNNER_TLS);
  expect(&p, "connect");
  cs_runner_case_connected(p.c, p.port, p.now);
  cs_runner_case_secured(p.c, p.port, &agreed[_i].n, p.now);
  cs_report_case r = play_result(&p);
  ck_assert_msg(r.verdict == agreed[_i].verdict && strstr(r.message, agreed[_i].why), "%s: %s",
                cs_verdict_name(r.verdict), r.message);
  play_close(&p);
}
END_TEST

START_TEST(a_cookie_is_known) {
  for (unsigned i = 0; i < 4; i++) {
    played p;
    play_open_on(&p,
                 i & 1 ? PLAY_DTLS "---\nopen secure\n< secured cookie\n"
                       : PLAY_DTLS "---\nopen secure\n< secured !cookie\n",
                 0, CS_RUNNER_DTLS);
    expect(&p, "connect");
    if (i & 2)
      cs_runner_case_cookie(p.c, 0);
    play_secured(&p);
    ends(&p, (i == 0 || i == 3) ? CS_VERDICT_PASS : CS_VERDICT_FAIL, NULL);
  }
}
END_TEST

/* How a handshake ends that is not completed. */
static const cs_tls_failure by_alert = {
    .rule = CS_RULE_TLS_ALERT, .alerted = true, .alert_by_peer = true, .alert = HANDSHAKE_FAILURE};
static const cs_tls_failure by_close_notify = {
    .rule = CS_RULE_TLS_ALERT, .alerted = true, .alert_by_peer = true};
static const cs_tls_failure by_end = {.rule = CS_RULE_NONE};
static const cs_tls_failure by_us = {
    .rule = CS_RULE_TLS_FINISHED, .alerted = true, .alert = 51 /* decrypt_error */};
static const cs_tls_failure by_trust = {
    .rule = CS_RULE_TLS_CERTIFICATE_NAME, .alerted = true, .alert = 42 /* bad_certificate */};

static const struct {
  const char *step;
  const cs_tls_failure *by; /* NULL: nothing for 30 s */
  cs_verdict verdict;
  const char *message; /* a part */
} refusals[] = {
    {"< refused", &by_alert, CS_VERDICT_PASS, ""},
    {"< refused", &by_end, CS_VERDICT_PASS, ""},
    {"< refused", NULL, CS_VERDICT_PASS, ""},
    {"< refused alert=handshake_failure", &by_alert, CS_VERDICT_PASS, ""},
    {"< refused alert=unknown_ca|handshake_failure", &by_alert, CS_VERDICT_PASS, ""},
    {"< refused alert=unknown_ca", &by_alert, CS_VERDICT_FAIL,
     "the handshake failed: alert handshake_failure by the target; wanted: < refused "
     "alert=unknown_ca (the alert is another)"},
    {"< refused alert=unknown_ca", &by_end, CS_VERDICT_FAIL, "(there was no alert)"},
    {"< refused alert=unknown_ca", NULL, CS_VERDICT_FAIL, "nothing came for 10 s"},
    {"< refused alert=close_notify", &by_close_notify, CS_VERDICT_PASS, ""},
    {"< refused alert=none", &by_close_notify, CS_VERDICT_PASS, ""},
    {"< refused alert=none", &by_end, CS_VERDICT_PASS, ""},
    {"< refused alert=none", NULL, CS_VERDICT_PASS, ""},
    {"< refused alert=none", &by_alert, CS_VERDICT_FAIL, "(it was an alert)"},
    {"< secured", &by_alert, CS_VERDICT_FAIL,
     "the handshake failed: alert handshake_failure by the target; wanted: < secured"},
    {"< secured", NULL, CS_VERDICT_FAIL, "nothing came for 10 s; wanted: < secured"},
    {"< secured\n| < refused -> quirk no", &by_alert, CS_VERDICT_QUIRK,
     "no: the handshake failed: alert handshake_failure by the target"},
    {"< secured\n| < refused -> quirk no", NULL, CS_VERDICT_QUIRK, "no: nothing came"},
    {"< secured -> fail\n| < refused alert=unknown_ca -> pass\n| < refused -> quirk other",
     &by_alert, CS_VERDICT_QUIRK, "other: "},
    {"< secured -> fail\n| * -> quirk any", NULL, CS_VERDICT_QUIRK, "any: nothing came"},
    /* What we found wrong is no refusal of the target's. */
    {"< refused", &by_us, CS_VERDICT_FAIL,
     "the handshake failed: alert decrypt_error by us: it does not hold that Finished proves"},
    {"< refused", &by_us, CS_VERDICT_FAIL, "(it was not the target who ended the handshake)"},
    {"< secured", &by_us, CS_VERDICT_FAIL, "decrypt_error by us"},
    /* And whom we trust is our affair. */
    {"< secured", &by_trust, CS_VERDICT_INCONCLUSIVE, "bad_certificate by us"},
    {"< secured\n| * -> fail", &by_trust, CS_VERDICT_INCONCLUSIVE, "bad_certificate by us"},
};

START_TEST(refusals_are_told_apart) {
  static const cs_runner_transport transports[] = {CS_RUNNER_DTLS, CS_RUNNER_TLS};
  static const char *const heads[] = {PLAY_DTLS, PLAY_TLS};
  for (unsigned i = 0; i < 2; i++) {
    char text[512];
    played p;
    snprintf(text, sizeof text, "%s---\nopen secure\n%s\n", heads[i], refusals[_i].step);
    play_open_on(&p, text, 0, transports[i]);
    expect(&p, "connect");
    if (refusals[_i].by)
      cs_runner_case_refused(p.c, p.port, refusals[_i].by, p.now);
    else
      play_wait(&p, 10 * CS_SECOND);
    cs_report_case r = play_result(&p);
    ck_assert_msg(r.verdict == refusals[_i].verdict && strstr(r.message, refusals[_i].message),
                  "%s: %s", cs_verdict_name(r.verdict), r.message);
    play_close(&p);
  }
}
END_TEST

START_TEST(an_end_of_the_connection_is_a_refusal) {
  for (unsigned reset = 0; reset < 2; reset++) {
    played p;
    play_open_on(&p, PLAY_TLS "---\nopen secure\n< refused alert=none\nport new\n> Ping\n< Pong\n",
                 0, CS_RUNNER_TLS);
    expect(&p, "connect");
    cs_runner_case_connected(p.c, p.port, p.now);
    play_closed(&p, reset);
    play_closed(&p, reset); /* told once more: nothing */
    play_full(&p);
    expect(&p, "Ping");
    play_gets(&p, "Pong");
    ends(&p, CS_VERDICT_PASS, "");
  }
}
END_TEST

START_TEST(within_says_how_long_a_refusal_may_take) {
  played p;
  play_open_on(&p, PLAY_DTLS "---\nopen secure\n< secured within 20s\n| < refused -> fail\n", 0,
               CS_RUNNER_DTLS);
  expect(&p, "connect");
  play_wait(&p, 19 * CS_SECOND);
  play_secured(&p);
  ends(&p, CS_VERDICT_PASS, "");
}
END_TEST

/* ---- Alerts ---- */

START_TEST(alerts_are_sent) {
  played p;
  play_open_on(&p,
               PLAY_DTLS "---\n> alert close_notify\n< alert close_notify\nopen secure\n"
                         "< secured\n+1s > alert internal_error\nsilence 1s\n",
               0, CS_RUNNER_DTLS);
  play_full(&p);
  expect(&p, "alert close_notify");
  cs_runner_case_alerted(p.c, 0, 0, p.now);
  expect(&p, "connect");
  play_secured(&p);
  expect(&p, "");
  play_wait(&p, CS_SECOND);
  expect(&p, "alert internal_error");
  play_wait(&p, CS_SECOND);
  /* That session is over: life is sought in another one. */
  expect(&p, "connect");
  ck_assert_uint_eq(p.port, 1);
  play_secured(&p);
  ck_assert_int_eq(strncmp(play_sent(&p), "CON 0.00 mid=", 13), 0);
  ck_assert_uint_eq(p.port, 1);
  ck_assert_ptr_nonnull(strstr(shown(&p), "> alert close_notify\n< alert close_notify\n"));
  play_close(&p);
}
END_TEST

static const struct {
  const char *step;
  uint8_t alert;
  bool closes;
  cs_verdict verdict;
  const char *message;
} alerts[] = {
    {"< alert close_notify", 0, false, CS_VERDICT_PASS, ""},
    {"< alert *", HANDSHAKE_FAILURE, false, CS_VERDICT_PASS, ""},
    {"< alert close_notify|internal_error", INTERNAL_ERROR, false, CS_VERDICT_PASS, ""},
    {"< alert close_notify", INTERNAL_ERROR, false, CS_VERDICT_FAIL,
     "alert internal_error came; wanted: < alert close_notify (the alert is another)"},
    /* Nobody's business unless it is spoken of, but for the end behind it. */
    {"silence 2s", 0, false, CS_VERDICT_PASS, ""},
    {"silence 2s", 0, true, CS_VERDICT_FAIL, "the target closed the connection"},
    {"< closed", 0, true, CS_VERDICT_PASS, ""},
    {"< aborted", 0, true, CS_VERDICT_PASS, ""},
    /* A fatal one is an arrival. */
    {"silence 2s", INTERNAL_ERROR, false, CS_VERDICT_FAIL, "alert internal_error came"},
    {"< Pong -> fail\n| * -> quirk x", INTERNAL_ERROR, false, CS_VERDICT_QUIRK,
     "x: alert internal_error came"},
    {"< closed", INTERNAL_ERROR, true, CS_VERDICT_PASS, ""},
    {"< aborted", INTERNAL_ERROR, true, CS_VERDICT_PASS, ""},
    {"< alert internal_error\n< closed", INTERNAL_ERROR, true, CS_VERDICT_PASS, ""},
    {"< Pong", 0, false, CS_VERDICT_FAIL,
     "nothing came for 2 s, the target having ended the session; wanted: < Pong"},
};

START_TEST(alerts_are_arrivals) {
  char text[512];
  played p;
  snprintf(text, sizeof text, PLAY_TLS "---\n> Ping token=01\n%s\n", alerts[_i].step);
  play_open_on(&p, text, 0, CS_RUNNER_TLS);
  play_full(&p);
  expect(&p, "Ping token=01");
  cs_runner_case_alerted(p.c, p.port, alerts[_i].alert, p.now);
  if (alerts[_i].closes)
    play_closed(&p, false);
  play_wait(&p, 2 * CS_SECOND);
  cs_report_case r = play_result(&p);
  ck_assert_msg(r.verdict == alerts[_i].verdict && strstr(r.message, alerts[_i].message), "%s: %s",
                cs_verdict_name(r.verdict), r.message);
  play_close(&p);
}
END_TEST

/* The target ended the session before we could send: no answer is no failure. */
START_TEST(what_cannot_be_sent_fails_nobody) {
  static const char *const steps[] = {"> CON 0.00 mid=1\n< RST 0.00 mid=1", ">> GET\n<< 2.05"};
  for (unsigned i = 0; i < 4; i++) {
    bool late = i & 1u;
    char text[256];
    played p;
    snprintf(text, sizeof text, PLAY_DTLS "---\nwait 1s\n%s\n", steps[i / 2]);
    play_open_on(&p, text, 0, CS_RUNNER_DTLS);
    play_full(&p);
    if (!late)
      cs_runner_case_alerted(p.c, 0, 0, p.now);
    play_wait(&p, CS_SECOND);
    ck_assert_int_eq(*play_sent(&p) != '\0', late);
    if (late)
      cs_runner_case_alerted(p.c, 0, 0, p.now);
    play_wait(&p, (i < 2 ? 2 : 10) * CS_SECOND);
    cs_report_case r = play_result(&p);
    /* That it is not repeated excuses nobody. */
    ck_assert_int_eq(r.verdict, late ? CS_VERDICT_FAIL : CS_VERDICT_INCONCLUSIVE);
    ck_assert_ptr_nonnull(strstr(r.message, "s, the target having ended the session; wanted: <"));
    play_close(&p);
  }
}
END_TEST

START_TEST(a_broken_record_fails_the_session) {
  static const cs_tls_failure broken = {
      .rule = CS_RULE_TLS_RECORD, .alerted = true, .alert = 20 /* bad_record_mac */};
  played p;
  play_open_on(&p, PLAY_TLS "---\nsilence 1s\n", 0, CS_RUNNER_TLS);
  play_full(&p);
  cs_runner_case_refused(p.c, p.port, &broken, p.now);
  ends(&p, CS_VERDICT_FAIL,
       "the session failed: alert bad_record_mac by us: it does not hold that a record is whole, "
       "of a known type, and protected as was negotiated; wanted: silence 1s");
}
END_TEST

/* ---- In the clear ---- */

START_TEST(what_is_in_the_clear_goes_beside_the_session) {
  played p;
  play_open_on(&p,
               PLAY_DTLS "---\n> plain CON GET mid=0x0102 token=aa\n> plain raw 40 00 $m\n"
                         "silence 1s\n",
               0, CS_RUNNER_DTLS);
  play_full(&p);
  expect(&p, "plain CON GET mid=0x0102 token=aa");
  ck_assert_int_eq(strncmp(play_sent(&p), "plain CON 0.00 mid=", 19), 0);
  plain(&p, "ACK 2.05 mid=0x0102 token=aa");
  ends(&p, CS_VERDICT_FAIL, "plain ACK 2.05 mid=0x0102 token=aa came; wanted: silence 1s");
}
END_TEST

static const struct {
  const char *step;
  bool clear;
  const char *message; /* that comes */
  cs_verdict verdict;
} clears[] = {
    {"< plain", true, "ACK 2.05 mid=1 token=aa", CS_VERDICT_PASS},
    {"< plain ACK 2.05 mid=1", true, "ACK 2.05 mid=1 token=aa", CS_VERDICT_PASS},
    {"< plain ACK 2.05 mid=2", true, "ACK 2.05 mid=1 token=aa", CS_VERDICT_FAIL},
    {"< plain raw 70 00 0001", true, "RST 0.00 mid=1", CS_VERDICT_PASS},
    {"< plain raw 70 00 00", true, "RST 0.00 mid=1", CS_VERDICT_FAIL},
    {"< plain raw 70 00 00 01 02", true, "RST 0.00 mid=1", CS_VERDICT_FAIL},
    {"< ACK 2.05 mid=1", true, "ACK 2.05 mid=1 token=aa", CS_VERDICT_FAIL},
    {"< * *", true, "ACK 2.05 mid=1 token=aa", CS_VERDICT_FAIL},
    {"< ACK 2.05 mid=9 -> fail\n| * -> quirk x", true, "ACK 2.05 mid=1 token=aa", CS_VERDICT_QUIRK},
    {"< plain", false, "ACK 2.05 mid=1 token=aa", CS_VERDICT_FAIL},
    {"< ACK 2.05 mid=1 token=aa", false, "ACK 2.05 mid=1 token=aa", CS_VERDICT_PASS},
};

START_TEST(only_plain_and_star_match_what_is_in_the_clear) {
  char text[512];
  played p;
  snprintf(text, sizeof text, PLAY_DTLS "---\n> CON GET mid=1 token=aa\n%s\n", clears[_i].step);
  play_open_on(&p, text, 0, CS_RUNNER_DTLS);
  play_full(&p);
  play_sent(&p);
  if (clears[_i].clear)
    plain(&p, clears[_i].message);
  else
    play_gets(&p, clears[_i].message);
  ends(&p, clears[_i].verdict, NULL);
}
END_TEST

/* A copy in the clear is no retransmission of what came in the session. */
START_TEST(what_is_in_the_clear_repeats_nothing) {
  played p;
  play_open_on(&p, PLAY_DTLS "---\n> CON GET mid=1 token=aa\n< ACK 2.05\nsilence 1s\n", 0,
               CS_RUNNER_DTLS);
  play_full(&p);
  play_sent(&p);
  play_gets(&p, "ACK 2.05 mid=1 token=aa");
  play_gets(&p, "ACK 2.05 mid=1 token=aa"); /* this is one */
  plain(&p, "ACK 2.05 mid=1 token=aa");
  ends(&p, CS_VERDICT_FAIL, "plain ACK 2.05 mid=0x0001 token=aa came; wanted: silence 1s");
}
END_TEST

START_TEST(it_may_go_before_any_handshake) {
  played p;
  play_open_on(&p,
               PLAY_DTLS "---\n> plain CON 0.00 mid=1\n< plain -> fail\n| silence 1s\n"
                         "open secure\n< secured\nalive\n",
               0, CS_RUNNER_DTLS);
  expect(&p, "plain CON 0.00 mid=0x0001");
  play_wait(&p, 2 * CS_SECOND);
  play_connect(&p);
  ck_assert_uint_eq(p.port, 0);
  ends(&p, CS_VERDICT_PASS, "");

  play_open_on(&p,
               PLAY_DTLS "---\n> plain CON 0.00 mid=1\n< plain -> fail\n| silence 1s\n"
                         "open secure\n< secured\nalive\n",
               0, CS_RUNNER_DTLS);
  play_sent(&p);
  plain(&p, "RST 0.00 mid=1");
  ends(&p, CS_VERDICT_FAIL, "plain RST 0.00 mid=0x0001 came; wanted: silence 1s");
}
END_TEST

/* ---- Life ---- */

/* A target that has lost the session may live. */
START_TEST(life_is_sought_elsewhere_in_the_end) {
  played p;
  play_open_on(&p, PLAY_DTLS "---\nsilence 1s\n", 0, CS_RUNNER_DTLS);
  play_full(&p);
  play_wait(&p, CS_SECOND);
  ck_assert_int_eq(strncmp(play_sent(&p), "CON 0.00", 8), 0);
  play_wait(&p, 4 * CS_SECOND);
  while (p.port == 0)
    ck_assert_str_ne(play_sent(&p), "");
  ck_assert_str_eq(p.text, "connect");
  play_secured(&p);
  ck_assert_int_eq(strncmp(play_sent(&p), "CON 0.00", 8), 0);
  ck_assert_uint_eq(p.port, 1);
  char answer[64];
  snprintf(answer, sizeof answer, "RST 0.00 mid=%s", p.text + 13);
  play_gets(&p, answer);
  ends(&p, CS_VERDICT_PASS, "");

  play_open_on(&p, PLAY_DTLS "---\nsilence 1s\n", 0, CS_RUNNER_DTLS);
  play_full(&p);
  play_wait(&p, 9 * CS_SECOND);
  ends(&p, CS_VERDICT_FAIL, "the target gave no sign of life after the case");
}
END_TEST

START_TEST(a_target_that_refuses_afterwards_is_not_well) {
  played p;
  play_open_on(&p, PLAY_DTLS "---\nopen secure psk identity=unknown\n< refused\n", 0,
               CS_RUNNER_DTLS);
  expect(&p, "connect");
  ck_assert(p.secure->identity_unknown);
  play_refused(&p, UNKNOWN_PSK);
  for (unsigned i = 0; i < 2; i++) {
    expect(&p, "connect");
    ck_assert_uint_eq(p.port, 1 + i);
    ck_assert(!p.secure->identity_unknown);
    play_refused(&p, HANDSHAKE_FAILURE);
    play_wait(&p, CS_SECOND);
    if (i == 0)
      expect(&p, "close");
  }
  ends(&p, CS_VERDICT_FAIL,
       "the target gave no sign of life after the case: the handshake failed: alert "
       "handshake_failure by the target");
}
END_TEST

START_TEST(a_step_may_look_for_life_without_a_session) {
  played p;
  play_open_on(&p, PLAY_DTLS "---\nwait 1s\nalive\nalive\n", 0, CS_RUNNER_DTLS);
  play_full(&p);
  cs_runner_case_alerted(p.c, 0, 0, p.now);
  play_wait(&p, CS_SECOND);
  play_connect(&p);
  ck_assert_uint_eq(p.port, 1);
  for (unsigned i = 0; i < 3; i++) { /* the same one every time */
    char answer[64];
    ck_assert_int_eq(strncmp(play_sent(&p), "CON 0.00", 8), 0);
    ck_assert_uint_eq(p.port, 1);
    snprintf(answer, sizeof answer, "RST 0.00 mid=%s", p.text + 13);
    play_gets(&p, answer);
  }
  ends(&p, CS_VERDICT_PASS, "");
}
END_TEST

static Suite *suite_of(void) {
  Suite *suite = suite_create("case_secure");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, steps_wait_for_the_handshake);
  tcase_add_test(tc, a_stream_is_secured_before_it_is_upgraded);
  tcase_add_test(tc, every_port_has_a_session);
  tcase_add_loop_test(tc, a_session_that_is_not_made_is_inconclusive, 0, 4);
  tcase_add_test(tc, a_connection_that_is_not_there_is_no_handshake);
  tcase_add_test(tc, an_upgrade_may_end_in_an_alert);
  tcase_add_test(tc, the_name_of_the_target_is_asked_for);
  tcase_add_test(tc, a_handshake_is_made_as_the_step_says);
  tcase_add_test(tc, hands_are_shaken_once_more);
  tcase_add_test(tc, what_follows_waits_for_the_upgrade);
  tcase_add_loop_test(tc, what_was_agreed_is_compared, 0, sizeof agreed / sizeof agreed[0]);
  tcase_add_test(tc, a_cookie_is_known);
  tcase_add_loop_test(tc, refusals_are_told_apart, 0, sizeof refusals / sizeof refusals[0]);
  tcase_add_test(tc, an_end_of_the_connection_is_a_refusal);
  tcase_add_test(tc, within_says_how_long_a_refusal_may_take);
  tcase_add_test(tc, alerts_are_sent);
  tcase_add_loop_test(tc, alerts_are_arrivals, 0, sizeof alerts / sizeof alerts[0]);
  tcase_add_test(tc, what_cannot_be_sent_fails_nobody);
  tcase_add_test(tc, a_broken_record_fails_the_session);
  tcase_add_test(tc, what_is_in_the_clear_goes_beside_the_session);
  tcase_add_loop_test(tc, only_plain_and_star_match_what_is_in_the_clear, 0,
                      sizeof clears / sizeof clears[0]);
  tcase_add_test(tc, what_is_in_the_clear_repeats_nothing);
  tcase_add_test(tc, it_may_go_before_any_handshake);
  tcase_add_test(tc, life_is_sought_elsewhere_in_the_end);
  tcase_add_test(tc, a_target_that_refuses_afterwards_is_not_well);
  tcase_add_test(tc, a_step_may_look_for_life_without_a_session);
  suite_add_tcase(suite, tc);
  return suite;
}

int main(void) {
  return cs_test_main(suite_of());
}
