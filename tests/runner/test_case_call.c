/* Our own client inside a case: what it sends goes to the target, what it is sent is
 * told to the steps, and what it refuses by its own strictness fails nobody. */
#include "play.h"
#include "runner/driver.h"
#include "runner/library.h"
#include "runner/select.h"

#define UDP "# t\nid a/b/c\ncovers R#1:must\ntransport udp\n---\n"
#define TCP "# t\nid a/b/c\ncovers R#1:must\ntransport tcp\n---\n"

static void ends(played *p, cs_verdict verdict, const char *part) {
  cs_report_case r = play_result(p);
  ck_assert_msg(r.verdict == verdict, "%s: %s", cs_verdict_name(r.verdict), r.message);
  ck_assert_msg(!part || strstr(r.message, part), "%s", r.message);
  play_close(p);
}

/* What the report shows of our client, one line each. */
static const char *shown(played *p) {
  static char text[4096];
  cs_report_case r;
  cs_runner_case_result(p->c, &r);
  text[0] = '\0';
  for (size_t i = 0; i < r.packet_count; i++) {
    const cs_report_packet *k = &r.packets[i];
    if (k->kind == CS_REPORT_EVENT)
      snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s\n", k->sent ? "> " : "< ",
               k->notation);
  }
  return text;
}

/* The request that our client sends next, with what an answer needs of it. */
struct asked {
  unsigned mid;
  char token[32];
};

static struct asked takes_request(played *p, const char *begins) {
  struct asked a = {0};
  const char *sent = play_sent(p);
  ck_assert_msg(strncmp(sent, begins, strlen(begins)) == 0, "%s", sent);
  const char *mid = strstr(sent, "mid=0x");
  const char *token = strstr(sent, "token=");
  if (mid)
    sscanf(mid, "mid=0x%x", &a.mid);
  if (token)
    sscanf(token, "token=%31s", a.token);
  return a;
}

static void answers(played *p, const char *format, const struct asked *a) {
  char text[256];
  snprintf(text, sizeof text, format, a->mid, a->token);
  play_gets(p, text);
}

START_TEST(a_request_is_made_and_its_response_told) {
  played p;
  play_open(&p, UDP "call CON GET @test Accept=0\nexpect response 2.05 payload=\"x\"\n", 0);
  struct asked a = takes_request(&p, "CON GET mid=");
  ck_assert_ptr_nonnull(strstr(p.text, "Uri-Path=\"a\" Uri-Path=\"b c\" Accept=0"));
  ck_assert_uint_eq(p.port, 1); /* the runner's own is the first */
  answers(&p, "ACK 2.05 mid=0x%x token=%s payload=\"x\"", &a);
  ck_assert_ptr_nonnull(
      strstr(shown(&p), "> call CON GET Uri-Path=\"a\" Uri-Path=\"b c\" Accept=0\n"));
  ck_assert_ptr_nonnull(strstr(shown(&p), "< told response 2.05 payload=\"x\"\n"));
  ends(&p, CS_VERDICT_PASS, NULL);
}
END_TEST

START_TEST(our_client_repeats_what_is_not_answered) {
  played p;
  play_open(&p, UDP "call GET @test\nexpect response 2.05 within 20s\n", 0);
  struct asked a = takes_request(&p, "CON GET mid=");
  play_wait(&p, 3 * CS_SECOND);
  struct asked again = takes_request(&p, "CON GET mid=");
  ck_assert_uint_eq(a.mid, again.mid);
  answers(&p, "ACK 0.00 mid=0x%x", &a);
  play_wait(&p, 8 * CS_SECOND);
  ck_assert_str_eq(play_sent(&p), "");
  char text[64];
  snprintf(text, sizeof text, "CON 2.05 mid=0x7777 token=%s", a.token);
  play_gets(&p, text);
  ck_assert_str_eq(play_sent(&p), "ACK 0.00 mid=0x7777");
  ends(&p, CS_VERDICT_PASS, NULL);
}
END_TEST

static const struct {
  const char *steps, *answer; /* "": none */
  cs_verdict verdict;
  const char *part;
} ways[] = {
    {"expect response 2.05\n", "ACK 4.04 mid=0x%x token=%s", CS_VERDICT_FAIL,
     "response 4.04 was told; wanted: response 2.05 (the code is another)"},
    {"expect response 2.05\n", "", CS_VERDICT_FAIL, "nothing was told for 10 s"},
    {"expect response 2.05\n", "RST 0.00 mid=0x%x", CS_VERDICT_FAIL, "event reset was told"},
    {"expect response 2.05\n| event reset -> pass\n", "RST 0.00 mid=0x%x", CS_VERDICT_PASS, ""},
    {"expect response 2.05\n| * -> inconclusive\n", "RST 0.00 mid=0x%x", CS_VERDICT_INCONCLUSIVE,
     "event reset was told"},
    {"expect event timeout within 200s\n", "", CS_VERDICT_PASS, NULL},
    /* What our client refuses fails only where the step says so. */
    {"expect response 2.05\n", "ACK 2.05 mid=0x%x token=00", CS_VERDICT_INCONCLUSIVE,
     "our client refused what came: a piggybacked response matches"},
    {"expect response 2.05\n| error RFC7252#5.3.2:piggybacked-token -> fail [R#1:must]\n",
     "ACK 2.05 mid=0x%x token=00", CS_VERDICT_FAIL,
     "error RFC7252#5.3.2:piggybacked-token (it does not hold that a piggybacked response"},
    {"expect response 2.05\n| error RFC7252#4.5:duplicate -> fail\n", "ACK 2.05 mid=0x%x token=00",
     CS_VERDICT_INCONCLUSIVE, "our client refused what came"},
    {"expect response 2.05\n", "ACK 2.05 mid=0x%x token=%s Option-65001=0x01",
     CS_VERDICT_INCONCLUSIVE, "event lost"},
    {"expect error RFC7252#5.4.1:critical-unrecognised\n",
     "ACK 2.05 mid=0x%x token=%s Option-65001=0x01", CS_VERDICT_PASS, NULL},
    {"expect response 2.05\n| error RFC7252#5.3.2:piggybacked-token -> fail [R#1:should]\n",
     "ACK 2.05 mid=0x%x token=00", CS_VERDICT_WARN, NULL},
    {"call cancel\nexpect silence 3s\n", "", CS_VERDICT_PASS, NULL},
};

START_TEST(what_is_told_decides) {
  played p;
  char text[512];
  snprintf(text, sizeof text, UDP "call GET @test\n%salive\n", ways[_i].steps);
  if (strstr(ways[_i].steps, "* ->") && !strstr(ways[_i].steps, "response"))
    snprintf(text, sizeof text, UDP "call GET @test\n%s", ways[_i].steps);
  play_open(&p, text, 0);
  struct asked a = takes_request(&p, "CON GET mid=");
  if (*ways[_i].answer)
    answers(&p, ways[_i].answer, &a);
  cs_time end = p.now + 200 * CS_SECOND;
  while (p.now < end && !cs_runner_case_done(p.c) && strncmp(play_sent(&p), "CON 0.00", 8) != 0)
    play_wait(&p, 100 * CS_MILLISECOND);
  ck_assert_msg(strncmp(p.text, "CON 0.00 mid=", 13) == 0, "%s", p.text);
  snprintf(text, sizeof text, "RST 0.00 mid=%s", p.text + 13);
  play_gets(&p, text);
  ends(&p, ways[_i].verdict, ways[_i].part);
}
END_TEST

START_TEST(the_runner_and_our_client_have_ports_of_their_own) {
  played p;
  play_open(&p,
            UDP "call GET @test\n> CON 0.00 mid=1\n< RST 0.00 mid=1\nexpect response 2.05 "
                "payload=$p\n>> PUT @test ETag=$p\n<< 2.04\n",
            0);
  struct asked a = takes_request(&p, "CON GET mid=");
  unsigned ours = p.port;
  ck_assert_str_eq(play_sent(&p), "CON 0.00 mid=0x0001");
  ck_assert_uint_eq(p.port, 0);
  /* What comes for one is not seen by the other. */
  p.port = ours;
  play_gets(&p, "RST 0.00 mid=1");
  answers(&p, "ACK 2.05 mid=0x%x token=%s payload=\"pp\"", &a);
  p.port = 0;
  play_gets(&p, "RST 0.00 mid=1");
  struct asked put = takes_request(&p, "CON PUT mid=");
  ck_assert_ptr_nonnull(strstr(p.text, "ETag=0x7070"));
  answers(&p, "ACK 2.04 mid=0x%x token=%s", &put);
  ends(&p, CS_VERDICT_PASS, NULL);
}
END_TEST

START_TEST(an_echo_is_given_back_once) {
  played p;
  play_open(&p, UDP "call GET @test\nexpect response 2.05\n", 0);
  struct asked a = takes_request(&p, "CON GET mid=");
  answers(&p, "ACK 4.01 mid=0x%x token=%s Echo=0x0102", &a);
  a = takes_request(&p, "CON GET mid=");
  ck_assert_ptr_nonnull(strstr(p.text, "Echo=0x0102"));
  answers(&p, "ACK 4.01 mid=0x%x token=%s Echo=0x0102", &a);
  ends(&p, CS_VERDICT_FAIL, "response 4.01 Echo=0x0102 was told");
}
END_TEST

/* ---- Streams ---- */

/* Our client's CSM is out; the target's came. */
static void connects(played *p) {
  ck_assert_str_eq(play_sent(p), "connect");
  ck_assert_uint_eq(p->port, 1);
  cs_runner_case_connected(p->c, p->port, p->now);
  ck_assert_int_eq(strncmp(play_sent(p), "CSM", 3), 0);
  play_gets(p, "CSM");
}

START_TEST(a_stream_is_opened_at_the_first_call) {
  played p;
  play_open_on(&p,
               TCP "call open\nexpect event csm\ncall GET @test\nexpect response 2.05\ncall "
                   "release\nexpect event closed\n",
               0, CS_RUNNER_TCP);
  connects(&p);
  struct asked a = takes_request(&p, "GET token=");
  char text[128];
  snprintf(text, sizeof text, "2.05 token=%s payload=\"x\"", a.token);
  play_gets(&p, text);
  ck_assert_str_eq(play_sent(&p), "Release");
  play_closed(&p, false);
  ck_assert_ptr_nonnull(strstr(shown(&p), "< told event connected\n< told event csm: CSM\n"));
  ck_assert_ptr_nonnull(strstr(shown(&p), "> call release\n< told event closed\n"));
  ck_assert_str_eq(play_sent(&p), "close");
  ends(&p, CS_VERDICT_PASS, NULL);
}
END_TEST

START_TEST(a_connection_that_is_not_made_fails_nobody) {
  played p;
  play_open_on(&p, TCP "call GET @test\nexpect response 2.05\n", 0, CS_RUNNER_TCP);
  ck_assert_str_eq(play_sent(&p), "connect");
  play_closed(&p, true);
  ck_assert_str_eq(play_sent(&p), "close");
  ends(&p, CS_VERDICT_INCONCLUSIVE, "event refused was told");
  play_open_on(&p, TCP "call open\nexpect event connected\n", 0, CS_RUNNER_TCP);
  ck_assert_str_eq(play_sent(&p), "connect");
  play_closed(&p, true);
  ck_assert_str_eq(play_sent(&p), "close");
  ends(&p, CS_VERDICT_FAIL, "event refused was told");
}
END_TEST

START_TEST(a_connection_that_is_cut_is_told) {
  played p;
  play_open_on(&p, TCP "call open\nexpect event csm\ncall GET @test\nexpect response 2.05\n", 0,
               CS_RUNNER_TCP);
  connects(&p);
  takes_request(&p, "GET token=");
  play_bytes(&p, "\x11", 1); /* within what it had begun */
  play_closed(&p, true);
  cs_report_case r;
  cs_runner_case_result(p.c, &r);
  bool rest = false, reset = false;
  for (size_t i = 0; i < r.packet_count; i++) {
    rest = rest || strcmp(r.packets[i].notation, "raw 11") == 0;
    reset = reset || r.packets[i].kind == CS_REPORT_RESET;
  }
  ck_assert(rest && reset);
  while (*play_sent(&p) && strcmp(p.text, "close") != 0)
    ;
  ends(&p, CS_VERDICT_FAIL, "event lost was told");
}
END_TEST

/* A target without a CSM is for the scenario about CSMs. */
START_TEST(without_a_csm_there_is_no_session) {
  static const struct {
    const char *steps;
    cs_verdict verdict;
  } ways_of[] = {
      {"expect response 2.05\n", CS_VERDICT_SKIP},
      {"expect response 2.05\n| * -> inconclusive\n", CS_VERDICT_SKIP},
      {"expect event csm\n", CS_VERDICT_INCONCLUSIVE},
      {"expect event csm\n| error RFC8323#3.3:csm-first -> fail\n", CS_VERDICT_FAIL},
  };
  for (size_t i = 0; i < sizeof ways_of / sizeof ways_of[0]; i++) {
    played p;
    char text[256];
    snprintf(text, sizeof text, TCP "call open\nexpect event connected\ncall GET @test\n%s",
             ways_of[i].steps);
    play_open_on(&p, text, 0, CS_RUNNER_TCP);
    ck_assert_str_eq(play_sent(&p), "connect");
    cs_runner_case_connected(p.c, p.port, p.now);
    ck_assert_int_eq(strncmp(play_sent(&p), "CSM", 3), 0);
    struct asked a = takes_request(&p, "GET token=");
    snprintf(text, sizeof text, "2.05 token=%s", a.token);
    play_gets(&p, text);
    while (*play_sent(&p) && strcmp(p.text, "close") != 0)
      ;
    ends(&p, ways_of[i].verdict, NULL);
  }
}
END_TEST

START_TEST(our_own_strictness_fails_nobody) {
  played p;
  play_open_on(&p,
               TCP "call open\nexpect event csm\ncall GET @test\nexpect response 2.05\n| error "
                   "OURS#idle-traffic -> fail\n",
               0, CS_RUNNER_TCP);
  connects(&p);
  takes_request(&p, "GET token=");
  /* OURS#idle-traffic: an endless row of Empty messages. */
  static const uint8_t empty[2 * 2000];
  play_bytes(&p, empty, sizeof empty);
  while (*play_sent(&p) && strcmp(p.text, "close") != 0)
    ;
  ends(&p, CS_VERDICT_INCONCLUSIVE, "OURS#idle-traffic");
}
END_TEST

/* ---- Ends ---- */

static const struct {
  const char *text;
  cs_runner_transport transport;
} breaks[] = {
    {UDP "call GET @test\nexpect response 2.05\n", CS_RUNNER_UDP},
    {TCP "call GET @test\nexpect response 2.05\n", CS_RUNNER_TCP},
    {TCP "call open\ncall open\ncall GET @test\ncall ping\nexpect response 2.05\n", CS_RUNNER_TCP}};

/* Whatever is open then: the sanitizers see what is left. */
START_TEST(a_case_may_end_at_any_time) {
  for (unsigned far = 0; far < 3; far++) {
    played p;
    play_open_on(&p, breaks[_i].text, 0, breaks[_i].transport);
    while (far > 0 && *play_sent(&p))
      if (far > 1 && strcmp(p.text, "connect") == 0)
        cs_runner_case_connected(p.c, p.port, p.now);
    if (far != 1)
      cs_runner_case_stop(p.c, CS_VERDICT_INCONCLUSIVE, "enough", p.now);
    ck_assert(far == 1 || cs_runner_case_done(p.c));
    /* What comes afterwards, and time, change nothing. */
    cs_runner_case_receive(p.c, 1, cs_span_str("late"), p.now + 1);
    cs_runner_case_closed(p.c, 1, true, p.now + 2);
    cs_runner_case_expire(p.c, p.now + 3);
    play_close(&p);
  }
}
END_TEST

START_TEST(sessions_are_as_many_as_there_are_ports) {
  char text[1024] = TCP;
  size_t len = strlen(text);
  played p;
  for (unsigned i = 0; i < CS_RUNNER_PORTS_MAX; i++)
    len += (size_t)snprintf(text + len, sizeof text - len, "call open\n");
  snprintf(text + len, sizeof text - len, "expect event connected\n");
  play_open_on(&p, text, 0, CS_RUNNER_TCP);
  while (*play_sent(&p)) {
    ck_assert_uint_lt(p.port, CS_RUNNER_PORTS_MAX - 1);
    if (p.port == CS_RUNNER_PORTS_MAX - 2 && strcmp(p.text, "connect") == 0)
      cs_runner_case_connected(p.c, p.port, p.now);
    if (strncmp(p.text, "Ping", 4) == 0)
      play_gets(&p, "Pong");
  }
  ends(&p, CS_VERDICT_INCONCLUSIVE, "too many ports");
}
END_TEST

START_TEST(a_target_that_talks_without_end_is_given_up) {
  played p;
  play_open(&p, UDP "call GET @test\nexpect response 2.05 within 90s\n", 0);
  takes_request(&p, "CON GET mid=");
  char text[64];
  for (unsigned i = 0; i < 2 * CS_RUNNER_INBOX_MAX && !cs_runner_case_done(p.c); i++) {
    snprintf(text, sizeof text, "NON 2.05 mid=%u token=00", i);
    play_gets(&p, text);
  }
  cs_report_case r;
  ck_assert(cs_runner_case_done(p.c));
  cs_runner_case_result(p.c, &r);
  ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
  ck_assert_str_eq(r.message, "the target sends without end");
  play_close(&p);
}
END_TEST

START_TEST(without_security_there_is_no_call) {
  played p;
  play_open_on(&p, PLAY_DTLS "---\ncall GET @test\nexpect response 2.05\n", 0, CS_RUNNER_DTLS);
  ends(&p, CS_VERDICT_INCONCLUSIVE, "this driver has no security for our client");
}
END_TEST

/* ---- In memory, on all transports ---- */

static cs_runner_library library;
static cs_runner_profile profile;
static cs_runner_credentials credentials;

static cs_runner_case *play(const char *header, const char *steps, cs_runner_transport t,
                            uint64_t seed, cs_report_case *r) {
  static const cs_runner_credential_files none;
  static const cs_time exact = 0;
  const cs_runner_scenario *s;
  cs_runner_error e;
  ck_assert(cs_runner_library_open(&library));
  ck_assert(cs_runner_library_profile(&library, "embedded", &profile));
  ck_assert(cs_runner_credentials_read(&profile, &none, &library.arena, &credentials));
  const char *text = cs_runner_format(&library.arena,
                                      "# t\nid a/b/c\ncovers R#1:x\ntransport %s\n"
                                      "%s---\n%s\n",
                                      cs_runner_transport_name(t), header, steps);
  ck_assert_msg(cs_runner_parse(cs_span_str(text), "x", NULL, &library.arena, &s, &e), "%u:%u: %s",
                e.line, e.column, e.message);
  cs_runner_case_config config = {.variant = {s, s->id, 0, t},
                                  .profile = &profile,
                                  .requirements = &library.requirements,
                                  .seed = seed,
                                  .tolerance = &exact};
  cs_runner_case *c = cs_runner_case_new(&config);
  const cs_runner_memory_config memory = {
      .transport = t, .seed = seed, .credentials = &credentials};
  cs_runner_play_memory(c, &memory);
  ck_assert(cs_runner_case_done(c));
  cs_runner_case_result(c, r);
  return c;
}

static void put_away(cs_runner_case *c) {
  cs_runner_case_free(c);
  cs_runner_library_close(&library);
}

static bool has(const cs_report_case *r, cs_report_packet_kind kind, bool sent,
                const char *begins) {
  for (size_t i = 0; i < r->packet_count; i++)
    if (r->packets[i].kind == kind && r->packets[i].sent == sent &&
        strncmp(r->packets[i].notation, begins, strlen(begins)) == 0)
      return true;
  return false;
}

/* The same on all transports: the report shows what was said in the clear, with TLS
 * too. */
START_TEST(calls_are_played_on_every_transport) {
  cs_runner_transport t = (cs_runner_transport)_i;
  bool stream = 1u << t & CS_RUNNER_STREAMS;
  cs_report_case r;
  if (!cs_runner_transport_there(t))
    return;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    cs_runner_case *c = play("",
                             "call PUT @create/call payload=\"x y\"\nexpect response 2.01\n"
                             "call GET @create/call\nexpect response 2.05 payload=\"x y\"\n"
                             ">> GET @create/call\n<< 2.05 payload=\"x y\"\n"
                             "call GET @separate\nexpect response 2.05 within 20s\n"
                             "call ping\nexpect event pong\n",
                             t, seed, &r);
    ck_assert_msg(r.verdict == CS_VERDICT_PASS, "%s, seed %u: %s", r.transport, (unsigned)seed,
                  r.message);
    ck_assert(has(&r, CS_REPORT_EVENT, true, "call "));
    ck_assert(has(&r, CS_REPORT_EVENT, false, "told response 2.05 "));
    ck_assert(has(&r, CS_REPORT_BYTES, true, stream ? "PUT token=" : "CON PUT mid="));
    ck_assert(has(&r, CS_REPORT_BYTES, false, stream ? "2.05 token=" : "ACK 2.05 mid="));
    ck_assert(!stream || has(&r, CS_REPORT_BYTES, false, "CSM"));
    ck_assert(!stream || has(&r, CS_REPORT_BYTES, true, "Release"));
    for (size_t i = 0; i < r.packet_count; i++)
      ck_assert_msg(strncmp(r.packets[i].notation, "raw", 3) != 0, "%s", r.packets[i].notation);
    put_away(c);
  }
}
END_TEST

START_TEST(a_refused_handshake_is_told) {
  cs_report_case r;
  for (int t = CS_RUNNER_DTLS; t <= CS_RUNNER_WSS; t++) {
    if (!cs_runner_transport_there((cs_runner_transport)t))
      continue;
    cs_runner_case *c = play(
        "", "call open psk key=wrong\nexpect event secured -> fail\n| event refused within 30s",
        (cs_runner_transport)t, 1, &r);
    ck_assert_msg(r.verdict == CS_VERDICT_PASS, "%s: %s", r.transport, r.message);
    ck_assert(has(&r, CS_REPORT_EVENT, true, "call open secure psk key=wrong"));
    ck_assert(has(&r, CS_REPORT_EVENT, false, "told event refused"));
    put_away(c);
    /* Where the step is about something else it says nothing about the target. */
    c = play("security psk key=wrong\n", "call GET @test\nexpect response 2.05 within 30s",
             (cs_runner_transport)t, 1, &r);
    ck_assert_msg(r.verdict == CS_VERDICT_INCONCLUSIVE, "%s: %s", r.transport, r.message);
    put_away(c);
  }
}
END_TEST

START_TEST(a_session_is_made_anew) {
  cs_report_case r;
  for (int t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++) {
    if (!cs_runner_transport_there((cs_runner_transport)t))
      continue;
    cs_runner_case *c = play("",
                             "call GET @test\nexpect response 2.05\ncall close\n"
                             "call GET @test\nexpect response 2.05\ncall open\n"
                             "expect event connected\ncall GET @test\nexpect response 2.05",
                             (cs_runner_transport)t, 3, &r);
    ck_assert_msg(r.verdict == CS_VERDICT_PASS, "%s: %s", r.transport, r.message);
    put_away(c);
  }
}
END_TEST

/* A DTLS session may end while nothing is waited for; a connection's end is an arrival. */
START_TEST(the_end_of_an_idle_dtls_session_is_passed_over) {
  for (int t = CS_RUNNER_DTLS; t <= CS_RUNNER_TLS; t++) {
    cs_report_case r;
    cs_runner_case *c = play("",
                             "call GET @test\nexpect response 2.05\ncall release\n"
                             "expect error RFC7252#4.5:duplicate -> fail\n| silence 2s -> pass",
                             (cs_runner_transport)t, 1, &r);
    ck_assert_int_eq(r.verdict, t == CS_RUNNER_DTLS ? CS_VERDICT_PASS : CS_VERDICT_FAIL);
    put_away(c);
  }
}
END_TEST

static Suite *suite_of(void) {
  Suite *suite = suite_create("case_call");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, a_request_is_made_and_its_response_told);
  tcase_add_test(tc, our_client_repeats_what_is_not_answered);
  tcase_add_loop_test(tc, what_is_told_decides, 0, sizeof ways / sizeof ways[0]);
  tcase_add_test(tc, the_runner_and_our_client_have_ports_of_their_own);
  tcase_add_test(tc, an_echo_is_given_back_once);
  tcase_add_test(tc, a_stream_is_opened_at_the_first_call);
  tcase_add_test(tc, a_connection_that_is_not_made_fails_nobody);
  tcase_add_test(tc, a_connection_that_is_cut_is_told);
  tcase_add_test(tc, without_a_csm_there_is_no_session);
  tcase_add_test(tc, our_own_strictness_fails_nobody);
  tcase_add_loop_test(tc, a_case_may_end_at_any_time, 0, sizeof breaks / sizeof breaks[0]);
  tcase_add_test(tc, sessions_are_as_many_as_there_are_ports);
  tcase_add_test(tc, a_target_that_talks_without_end_is_given_up);
  tcase_add_test(tc, without_security_there_is_no_call);
  tcase_add_loop_test(tc, calls_are_played_on_every_transport, 0, CS_RUNNER_TRANSPORT_COUNT_);
  tcase_add_test(tc, a_refused_handshake_is_told);
  tcase_add_test(tc, a_session_is_made_anew);
  tcase_add_test(tc, the_end_of_an_idle_dtls_session_is_passed_over);
  suite_add_tcase(suite, tc);
  return suite;
}

int main(void) {
  return cs_test_main(suite_of());
}
