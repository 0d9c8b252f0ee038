/* Cases on TCP and WebSocket: what becomes of the bytes, and what decides. */
#include "play.h"

/* What follows token= in the message that was sent last. */
static const char *token_of(const char *sent) {
  static char buf[64];
  const char *at = strstr(sent, "token=");
  ck_assert_msg(at != NULL, "no token in %s", sent);
  snprintf(buf, sizeof buf, "%.*s", (int)strcspn(at + 6, " "), at + 6);
  return buf;
}

static const char *line(const char *format, const char *a) {
  static char buf[512];
  snprintf(buf, sizeof buf, format, a);
  return buf;
}

START_TEST(a_response_is_known_by_its_token) {
  for (unsigned i = 0; i < 2; i++) {
    for (unsigned right = 0; right < 2; right++) {
      played p;
      cs_runner_transport t = i ? CS_RUNNER_WS : CS_RUNNER_TCP;
      play_open_on(
          &p, i ? PLAY_WS "---\n>> GET @test\n<< 2.05\n" : PLAY_TCP "---\n>> GET @test\n<< 2.05\n",
          0, t);
      play_full(&p);
      const char *sent = play_sent(&p);
      ck_assert_ptr_nonnull(strstr(sent, "Uri-Path=\"a\" Uri-Path=\"b c\""));
      play_gets(&p, "CSM");
      play_gets(&p, right ? line("2.05 token=%s", token_of(sent)) : "2.05 token=00");
      cs_report_case r = play_result(&p);
      ck_assert_int_eq(r.verdict, right ? CS_VERDICT_PASS : CS_VERDICT_FAIL);
      if (!right)
        ck_assert_str_eq(r.message, "2.05 token=00 came; wanted: << 2.05 (the token is not that "
                                    "of the request)");
      ck_assert_str_eq(r.transport, i ? "ws" : "tcp");
      play_close(&p);
    }
  }
}
END_TEST

START_TEST(nothing_is_sent_twice) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n>> GET @test\n<< 2.05\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  play_sent(&p);
  play_wait(&p, 9 * CS_SECOND);
  ck_assert_str_eq(play_sent(&p), "");
  ck_assert(!cs_runner_case_done(p.c));
  play_wait(&p, CS_SECOND);
  cs_report_case r = play_result(&p);
  ck_assert_str_eq(r.message, "nothing came for 10 s; wanted: << 2.05");
  ck_assert(cs_runner_case_silent(p.c));
  play_close(&p);
}
END_TEST

START_TEST(a_late_answer_is_passed_over) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n> GET token=01\nsilence 1s\n> GET token=02\n< 2.05 token=02\n", 0,
               CS_RUNNER_TCP);
  play_full(&p);
  play_wait(&p, CS_SECOND);
  play_gets(&p, "2.05 token=01");
  play_gets(&p, "2.05 token=02");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(nothing_is_a_repeat) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n> Ping\n< Pong\nsilence 1s\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  play_gets(&p, "Pong");
  play_gets(&p, "Pong");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_FAIL);
  play_close(&p);
}
END_TEST

START_TEST(an_echo_is_given_back) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n>> GET @test\n<< 2.05\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  play_gets(&p, line("4.01 token=%s Echo=0x0102", token_of(play_sent(&p))));
  const char *again = play_sent(&p);
  ck_assert_ptr_nonnull(strstr(again, "Echo=0x0102"));
  play_gets(&p, line("2.05 token=%s", token_of(again)));
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

/* ---- What the peer may say at any time ---- */

START_TEST(what_may_come_at_any_time_breaks_no_silence) {
  static const char *const gets[] = {"Empty", "CSM", "CSM Max-Message-Size=2000",
                                     "Ping token=0a0b Custody"};
  for (size_t i = 0; i < sizeof gets / sizeof gets[0]; i++) {
    played p;
    play_open_on(&p, PLAY_TCP "---\nsilence 1s\n", 0, CS_RUNNER_TCP);
    play_full(&p);
    play_gets(&p, gets[i]);
    ck_assert_str_eq(play_sent(&p), strncmp(gets[i], "Ping", 4) ? "" : "Pong token=0a0b");
    play_wait(&p, CS_SECOND);
    ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
    play_close(&p);
  }
}
END_TEST

START_TEST(what_a_step_names_is_not_passed_over) {
  static const struct {
    const char *step;
    const char *gets;
    cs_verdict verdict;
  } rows[] = {{"< CSM Max-Message-Size", "CSM Max-Message-Size=2000", CS_VERDICT_PASS},
              {"< CSM Max-Message-Size", "CSM", CS_VERDICT_FAIL},
              {"< Empty", "Empty", CS_VERDICT_PASS},
              {"< Ping token=0a", "Ping token=0a", CS_VERDICT_PASS},
              {"< 7.xx -> fail\n| silence 1s", "CSM", CS_VERDICT_FAIL},
              /* A star names nothing. */
              {"< * -> fail\n| silence 1s", "CSM", CS_VERDICT_PASS},
              {"< * -> fail\n| silence 1s", "Release", CS_VERDICT_FAIL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    play_open_on(&p, line(PLAY_TCP "---\n%s\n", rows[i].step), 0, CS_RUNNER_TCP);
    play_full(&p);
    play_gets(&p, rows[i].gets);
    /* What a scenario speaks of it answers itself. */
    ck_assert_int_ne(strncmp(play_sent(&p), "Pong", 4), 0);
    play_wait(&p, 2 * CS_SECOND);
    cs_report_case r = play_result(&p);
    ck_assert_msg(r.verdict == rows[i].verdict, "row %zu: %s", i, r.message);
    play_close(&p);
  }
}
END_TEST

START_TEST(pings_of_a_websocket_are_answered) {
  played p;
  play_open_on(&p, PLAY_WS "---\nsilence 1s\n", 0, CS_RUNNER_WS);
  play_full(&p);
  play_gets_frame(&p, CS_WS_PING, true, "ab", 2);
  ck_assert_str_eq(play_sent(&p), "pong 61 62");
  play_wait(&p, CS_SECOND);
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);

  play_open_on(&p, PLAY_WS "---\n< frame ping payload=\"ab\"\nsilence 1s\n", 0, CS_RUNNER_WS);
  play_full(&p);
  play_gets_frame(&p, CS_WS_PING, true, "ab", 2);
  ck_assert_str_eq(play_sent(&p), "");
  play_wait(&p, CS_SECOND);
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(a_close_frame_is_answered_unless_the_scenario_does) {
  played p;
  play_open_on(&p, PLAY_WS "---\n< frame close status=1002\n< closed\n", 0, CS_RUNNER_WS);
  play_full(&p);
  play_gets_frame(&p, CS_WS_CLOSE, true, "\x03\xea", 2);
  ck_assert_str_eq(play_sent(&p), "close 03 ea");
  play_closed(&p, false);
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);

  play_open_on(&p, PLAY_WS "---\n< frame close\n> frame close 03e9\n< closed\n", 0, CS_RUNNER_WS);
  play_full(&p);
  play_gets_frame(&p, CS_WS_CLOSE, true, "\x03\xea", 2);
  ck_assert_str_eq(play_sent(&p), "close 03 e9");
  ck_assert_str_eq(play_sent(&p), "");
  play_closed(&p, false);
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

/* ---- Ends ---- */

enum { BY_FIN, BY_RESET, BY_ABORT, BY_CLOSE_1000, BY_CLOSE_1002, BY_CLOSE, BY_NOTHING };

static void end_by(played *p, int how) {
  if (how == BY_FIN || how == BY_RESET)
    play_closed(p, how == BY_RESET);
  else if (how == BY_ABORT)
    play_gets(p, "Abort payload=\"no\"");
  else if (how == BY_CLOSE_1000)
    play_gets_frame(p, CS_WS_CLOSE, true, "\x03\xe8", 2);
  else if (how == BY_CLOSE_1002)
    play_gets_frame(p, CS_WS_CLOSE, true, "\x03\xea", 2);
  else if (how == BY_CLOSE)
    play_gets_frame(p, CS_WS_CLOSE, true, "", 0);
  else
    play_wait(p, 3 * CS_SECOND);
}

START_TEST(ends_are_told_apart) {
  static const struct {
    const char *step;
    int how;
    cs_verdict verdict;
    const char *message;
  } rows[] = {
      {"< aborted", BY_FIN, CS_VERDICT_PASS, ""},
      {"< aborted", BY_RESET, CS_VERDICT_PASS, ""},
      {"< aborted", BY_ABORT, CS_VERDICT_PASS, ""},
      {"< aborted", BY_CLOSE_1002, CS_VERDICT_PASS, ""},
      {"< aborted", BY_CLOSE, CS_VERDICT_PASS, ""},
      {"< aborted", BY_CLOSE_1000, CS_VERDICT_FAIL,
       "frame close status=1000 came; wanted: < aborted"},
      {"< aborted", BY_NOTHING, CS_VERDICT_FAIL, "nothing came for 2 s; wanted: < aborted"},
      {"< closed", BY_FIN, CS_VERDICT_PASS, ""},
      {"< closed", BY_RESET, CS_VERDICT_PASS, ""},
      {"< closed", BY_ABORT, CS_VERDICT_FAIL, "Abort payload=\"no\" came; wanted: < closed"},
      {"< closed", BY_CLOSE_1000, CS_VERDICT_FAIL,
       "nothing came for 2 s but what is passed over; wanted: < closed"},
      {"< closed\n| < frame pong", BY_CLOSE_1000, CS_VERDICT_FAIL,
       "frame close status=1000 came; wanted: < closed | < frame pong (the opcode is another)"},
      {"< closed", BY_NOTHING, CS_VERDICT_FAIL, "nothing came for 2 s; wanted: < closed"},
      {"silence 1s", BY_FIN, CS_VERDICT_FAIL,
       "the target closed the connection; wanted: silence 1s"},
      {"< Pong", BY_RESET, CS_VERDICT_FAIL,
       "the target reset the connection; wanted: < Pong "
       "(it is no message)"},
      {"< aborted\n< closed", BY_ABORT, CS_VERDICT_FAIL, "nothing came for 2 s; wanted: < closed"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    play_open_on(&p, line(PLAY_WS "---\n%s\n", rows[i].step), 0, CS_RUNNER_WS);
    play_full(&p);
    end_by(&p, rows[i].how);
    play_wait(&p, 2 * CS_SECOND);
    cs_report_case r = play_result(&p);
    ck_assert_msg(r.verdict == rows[i].verdict, "row %zu: %s", i, r.message);
    ck_assert_str_eq(r.message, rows[i].message);
    play_close(&p);
  }
}
END_TEST

START_TEST(an_end_within_a_message_is_an_end) {
  for (unsigned closed = 0; closed < 2; closed++) {
    played p;
    play_open_on(&p, closed ? PLAY_TCP "---\n< closed\n" : PLAY_TCP "---\n< Pong\n", 0,
                 CS_RUNNER_TCP);
    play_full(&p);
    play_bytes(&p, "\x01\x45", 2);
    play_closed(&p, false);
    cs_report_case r = play_result(&p);
    ck_assert_int_eq(r.verdict, closed ? CS_VERDICT_PASS : CS_VERDICT_FAIL);
    ck_assert_str_eq(r.packets[2].notation, "raw 01 45");
    if (!closed)
      ck_assert_ptr_nonnull(
          strstr(r.message, "the target closed the connection within what it had begun to say"));
    play_close(&p);
  }
}
END_TEST

START_TEST(a_pong_frame_that_nobody_asked_for_breaks_no_silence) {
  for (unsigned asked = 0; asked < 2; asked++) {
    played p;
    play_open_on(&p,
                 asked ? PLAY_WS "---\n> frame ping\nsilence 1s\n" : PLAY_WS "---\nsilence 1s\n", 0,
                 CS_RUNNER_WS);
    play_full(&p);
    play_gets_frame(&p, CS_WS_PONG, true, "beat", 4);
    play_wait(&p, CS_SECOND);
    ck_assert_int_eq(play_result(&p).verdict, asked ? CS_VERDICT_FAIL : CS_VERDICT_PASS);
    play_close(&p);
  }
}
END_TEST

START_TEST(fragments_have_an_end) {
  played p;
  play_open_on(&p, PLAY_WS "---\nwait 10s\nalive\n", 0, CS_RUNNER_WS);
  play_full(&p);
  play_gets_frame(&p, CS_WS_BINARY, false, "", 0);
  for (unsigned i = 0; i < 30000 && !cs_runner_case_done(p.c); i++)
    play_gets_frame(&p, CS_WS_CONTINUATION, false, "", 0);
  ck_assert(cs_runner_case_done(p.c));
  cs_report_case r;
  cs_runner_case_result(p.c, &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
  ck_assert_str_eq(r.message, "the target sends without end");
  play_close(&p);
}
END_TEST

START_TEST(the_beginning_of_something_is_told) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n< Pong\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  play_bytes(&p, "\x01\xe3", 2);
  play_wait(&p, 2 * CS_SECOND);
  ck_assert_str_eq(
      play_result(&p).message,
      "nothing came for 2 s but the beginning of something: raw 01 e3; wanted: < Pong");
  play_close(&p);
}
END_TEST

START_TEST(our_ends_are_acts) {
  played p;
  play_open_on(
      &p,
      PLAY_TCP
      "security plain\n---\nend\n> Ping\n< closed\nport new\nclose\nsilence 1s\nport first\n"
      "silence 1s\n",
      0, CS_RUNNER_TCP);
  play_full(&p);
  ck_assert_str_eq(play_sent(&p), "end");
  ck_assert_str_eq(play_sent(&p), ""); /* nothing behind a FIN */
  play_closed(&p, false);
  play_full(&p);
  ck_assert_uint_eq(p.port, 1);
  ck_assert_str_eq(play_sent(&p), "close");
  play_closed(&p, false); /* nothing of it is heard any more */
  play_wait(&p, 2 * CS_SECOND);
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_PASS);
  static const cs_report_packet_kind kinds[] = {CS_REPORT_OPENED, CS_REPORT_BYTES,  CS_REPORT_ENDED,
                                                CS_REPORT_ENDED,  CS_REPORT_OPENED, CS_REPORT_BYTES,
                                                CS_REPORT_ENDED};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    ck_assert_int_eq(r.packets[i].kind, kinds[i]);
  ck_assert_int_eq(r.packets[2].sent, 1);
  ck_assert_int_eq(r.packets[3].sent, 0);
  play_close(&p);
}
END_TEST

START_TEST(slowly_is_a_byte_at_a_time) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n> slowly Ping token=0a0b\n< Pong within 0s..1s\n", 0,
               CS_RUNNER_TCP);
  play_full(&p);
  static const char *const bytes[] = {"raw 02", "raw e2", "raw 0a", "raw 0b"};
  for (size_t i = 0; i < 4; i++) {
    ck_assert_str_eq(play_sent(&p), bytes[i]);
    ck_assert_str_eq(play_sent(&p), "");
    play_wait(&p, 5 * CS_MILLISECOND);
  }
  play_gets(&p, "Pong");
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_PASS);
  ck_assert_str_eq(r.packets[2].notation, "Ping token=0a0b"); /* told as one */
  play_close(&p);

  /* A target that ends the connection has its reasons to be heard. */
  play_open_on(&p, PLAY_TCP "---\n> slowly Ping token=0a0b\n< closed\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  play_sent(&p);
  play_closed(&p, false);
  r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_PASS);
  ck_assert_str_eq(r.packets[3].notation, "raw 02");
  play_close(&p);
}
END_TEST

/* ---- The stream, cut anywhere ---- */

struct stream {
  uint8_t bytes[1024];
  size_t len;
};

static void add(struct stream *s, const void *bytes, size_t len) {
  memcpy(s->bytes + s->len, bytes, len);
  s->len += len;
}

static void add_frame(struct stream *s, uint8_t opcode, bool fin, const void *payload, size_t len) {
  cs_wire_ws_frame f = {.fin = fin, .opcode = opcode, .length = len};
  s->len += cs_wire_ws_frame_put(&f, s->bytes + s->len);
  add(s, payload, len);
}

/* What a target says: on TCP messages, on a WebSocket the head, a message in
 * three fragments with a ping between them, and a Close. */
static void speak(played *p, struct stream *s) {
  uint8_t m[128];
  size_t len;
  s->len = 0;
  if (p->transport == CS_RUNNER_WS) {
    ck_assert_int_eq(
        cs_wire_ws_accepting(cs_span_of(p->key, sizeof p->key), s->bytes, sizeof s->bytes, &s->len),
        CS_OK);
    len = play_build(p, "CSM Max-Message-Size=70000", m, sizeof m);
    add_frame(s, CS_WS_BINARY, true, m, len);
    len = play_build(p, "2.05 token=01 payload=\"a longer one, cut\"", m, sizeof m);
    add_frame(s, CS_WS_BINARY, false, m, 3);
    add_frame(s, CS_WS_PING, true, "p", 1);
    add_frame(s, CS_WS_CONTINUATION, false, m + 3, 0);
    add_frame(s, CS_WS_CONTINUATION, true, m + 3, len - 3);
    add_frame(s, CS_WS_CLOSE, true, "\x03\xe8ok", 4);
    return;
  }
  static const char *const says[] = {"CSM Max-Message-Size=70000", "Empty", "Ping token=0102030405",
                                     "2.05 token=01 payload=\"a longer one, of more bytes\"",
                                     "Release"};
  for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
    len = play_build(p, says[i], m, sizeof m);
    add(s, m, len);
  }
}

/* Every byte that came is in one packet, once. */
static void check_bytes(const cs_report_case *r, const struct stream *s) {
  size_t at = 0;
  for (size_t i = 0; i < r->packet_count; i++) {
    const cs_report_packet *k = &r->packets[i];
    if (k->sent || k->port != 1 || k->kind != CS_REPORT_BYTES)
      continue;
    ck_assert_uint_le(at + k->bytes.len, s->len);
    ck_assert_mem_eq(k->bytes.at, s->bytes + at, k->bytes.len);
    at += k->bytes.len;
  }
  ck_assert_uint_eq(at, s->len);
}

static void cut_at(cs_runner_transport t, size_t first, size_t piece) {
  static const char tcp[] = PLAY_TCP "---\n> GET token=01\n< CSM Max-Message-Size=70000\n< Empty\n"
                                     "< 2.05 token=01 payload~\"longer\"\n< Release\nsilence 1s\n";
  static const char ws[] = PLAY_WS "---\n> GET token=01\n< CSM Max-Message-Size=70000\n"
                                   "< 2.05 token=01 payload~\"longer one, cut\"\n"
                                   "< frame close status=1000\nsilence 1s\n";
  played p;
  struct stream s;
  play_open_on(&p, t == CS_RUNNER_WS ? ws : tcp, 0, t);
  play_connect(&p);
  play_sent(&p);
  speak(&p, &s);
  for (size_t at = 0; at < s.len;) {
    size_t n = at == 0 && first ? first : piece;
    n = n < s.len - at ? n : s.len - at;
    play_bytes(&p, s.bytes + at, n);
    at += n;
  }
  play_wait(&p, CS_SECOND);
  cs_report_case r = play_result(&p);
  ck_assert_msg(r.verdict == CS_VERDICT_PASS, "cut at %zu, then %zu: %s", first, piece, r.message);
  check_bytes(&r, &s);
  play_close(&p);
}

START_TEST(the_stream_may_be_cut_anywhere) {
  cs_runner_transport t = _i ? CS_RUNNER_WS : CS_RUNNER_TCP;
  for (size_t first = 0; first < 200; first++)
    cut_at(t, first, 1024);
  for (size_t piece = 1; piece < 9; piece++)
    cut_at(t, 0, piece);
}
END_TEST

START_TEST(fragments_have_their_places) {
  static const struct {
    uint8_t opcodes[2];
    bool fins[2];
    const char *why;
  } rows[] = {{{CS_WS_CONTINUATION, 0}, {true, true}, "continuation"},
              {{CS_WS_BINARY, CS_WS_BINARY}, {false, true}, "fragment"},
              {{CS_WS_TEXT, 0}, {true, true}, "CoAP messages are sent in binary frames"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    play_open_on(&p, PLAY_WS "---\n< Pong\n", 0, CS_RUNNER_WS);
    play_full(&p);
    for (size_t k = 0; k < 2 && !cs_runner_case_done(p.c); k++)
      play_gets_frame(&p, rows[i].opcodes[k], rows[i].fins[k], "\x00\xe3", 2);
    cs_report_case r = play_result(&p);
    ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
    ck_assert_msg(strstr(r.message, rows[i].why) != NULL, "%s", r.message);
    play_close(&p);
  }
}
END_TEST

/* ---- Limits ---- */

START_TEST(what_is_announced_too_long_is_not_waited_for) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n< Pong\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  play_bytes(&p, "\xf0\xff\xff\xff\xff\x45", 6);
  cs_report_case r = play_result(&p);
  ck_assert_str_eq(r.message, "raw f0 ff ff ff ff 45 came; wanted: < Pong (a message is not "
                              "announced with over 2 MiB)");
  play_close(&p);

  play_open_on(&p, PLAY_WS "---\n< Pong\n", 0, CS_RUNNER_WS);
  play_full(&p);
  play_bytes(&p, "\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00", 10);
  r = play_result(&p);
  ck_assert_ptr_nonnull(strstr(r.message, "(a frame is not announced with over 2 MiB)"));
  play_close(&p);
}
END_TEST

START_TEST(a_target_cannot_send_without_end) {
  static uint8_t much[65536];
  played p;
  play_open_on(&p, PLAY_TCP "---\nwait 10s\n< Pong\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  for (unsigned i = 0; i < 33; i++) {
    play_bytes(&p, "\xf0\x00\x10\x00\x00\x45", i ? 0 : 6); /* one message of a MiB, then more */
    play_bytes(&p, much, sizeof much);
  }
  ck_assert(cs_runner_case_done(p.c));
  cs_report_case r;
  cs_runner_case_result(p.c, &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
  ck_assert(strstr(r.message, "2 MiB") || strstr(r.message, "without end"));
  play_close(&p);
}
END_TEST

START_TEST(pings_are_answered_behind_what_was_begun) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n> raw d4\n+1s > raw 00 01 0a 0b 0c 0d\nsilence 1s\n", 0,
               CS_RUNNER_TCP);
  play_full(&p);
  ck_assert_str_eq(play_sent(&p), "raw d4");
  play_gets(&p, "Ping token=0a");
  play_gets(&p, "GET token=0b Uri-Path=\"x\"");
  ck_assert_str_eq(play_sent(&p), "");
  play_wait(&p, CS_SECOND);
  ck_assert_str_eq(play_sent(&p), "raw 00 01 0a 0b 0c 0d");
  ck_assert_str_eq(play_sent(&p), ""); /* 13 bytes are missing */
  play_close(&p);

  play_open_on(&p, PLAY_TCP "---\n> raw 01\n+1s > raw e2 42\nsilence 1s\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  ck_assert_str_eq(play_sent(&p), "raw 01");
  play_gets(&p, "Ping token=0a");
  play_gets(&p, "GET token=0b Uri-Path=\"x\"");
  play_wait(&p, CS_SECOND);
  ck_assert_str_eq(play_sent(&p), "raw e2 42");
  ck_assert_str_eq(play_sent(&p), "Pong token=0a");
  ck_assert_str_eq(play_sent(&p), "5.01 token=0b");
  play_wait(&p, CS_SECOND);
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);

  play_open_on(&p,
               PLAY_WS "---\n> frame binary fin=0 01 e2\n+1s > frame continuation 42\nsilence 1s\n",
               0, CS_RUNNER_WS);
  play_full(&p);
  ck_assert_str_eq(play_sent(&p), "binary fin=0 01 e2");
  play_gets(&p, "Ping token=0a");
  play_gets_frame(&p, CS_WS_PING, true, "a", 1);
  ck_assert_str_eq(play_sent(&p), "pong 61");
  play_wait(&p, CS_SECOND);
  ck_assert_str_eq(play_sent(&p), "continuation 42");
  ck_assert_str_eq(play_sent(&p), "Pong token=0a");
  play_close(&p);
}
END_TEST

START_TEST(what_came_to_another_connection_waits) {
  played p;
  play_open_on(&p,
               PLAY_TCP "---\n> Ping token=0a\nport new\n> Ping token=0b\n< Pong token=0b\n"
                        "port first\n< Pong token=0a\n",
               0, CS_RUNNER_TCP);
  play_full(&p);
  play_sent(&p);
  unsigned first = p.port;
  play_full(&p);
  play_sent(&p);
  unsigned second = p.port;
  p.port = first;
  play_gets(&p, "Pong token=0a");
  p.port = second;
  play_gets(&p, "Pong token=0b");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(what_the_target_has_no_room_for_is_no_failure) {
  static const struct {
    const char *csm;
    cs_verdict verdict;
  } rows[] = {{"CSM Max-Message-Size=8", CS_VERDICT_SKIP},
              {"CSM Max-Message-Size=9", CS_VERDICT_FAIL},
              {"CSM", CS_VERDICT_FAIL}};
  for (unsigned i = 0; i < 6; i++) {
    played p;
    play_open_on(&p,
                 i < 3 ? PLAY_TCP "---\n> Ping token=0102030405060708 len=0\n< Pong\n"
                       : PLAY_TCP "---\n> raw 07 e2 01 02 03\n> raw 04 05 06 07\n< Pong\n",
                 0, CS_RUNNER_TCP);
    play_full(&p);
    play_sent(&p);
    play_gets(&p, rows[i % 3].csm);
    play_gets(&p, "Abort");
    cs_report_case r = play_result(&p);
    cs_verdict want = i == 1 ? CS_VERDICT_SKIP : rows[i % 3].verdict; /* ten bytes, and nine */
    ck_assert_msg(r.verdict == want, "%u: %s", i, r.message);
    play_close(&p);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("case_stream");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, a_response_is_known_by_its_token);
  tcase_add_test(tc, nothing_is_sent_twice);
  tcase_add_test(tc, a_late_answer_is_passed_over);
  tcase_add_test(tc, nothing_is_a_repeat);
  tcase_add_test(tc, an_echo_is_given_back);
  tcase_add_test(tc, what_may_come_at_any_time_breaks_no_silence);
  tcase_add_test(tc, what_a_step_names_is_not_passed_over);
  tcase_add_test(tc, pings_of_a_websocket_are_answered);
  tcase_add_test(tc, a_close_frame_is_answered_unless_the_scenario_does);
  tcase_add_test(tc, ends_are_told_apart);
  tcase_add_test(tc, an_end_within_a_message_is_an_end);
  tcase_add_test(tc, a_pong_frame_that_nobody_asked_for_breaks_no_silence);
  tcase_add_test(tc, fragments_have_an_end);
  tcase_add_test(tc, the_beginning_of_something_is_told);
  tcase_add_test(tc, our_ends_are_acts);
  tcase_add_test(tc, slowly_is_a_byte_at_a_time);
  tcase_add_loop_test(tc, the_stream_may_be_cut_anywhere, 0, 2);
  tcase_add_test(tc, fragments_have_their_places);
  tcase_add_test(tc, what_is_announced_too_long_is_not_waited_for);
  tcase_add_test(tc, a_target_cannot_send_without_end);
  tcase_add_test(tc, pings_are_answered_behind_what_was_begun);
  tcase_add_test(tc, what_came_to_another_connection_waits);
  tcase_add_test(tc, what_the_target_has_no_room_for_is_no_failure);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
