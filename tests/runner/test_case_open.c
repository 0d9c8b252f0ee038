/* How a case opens its connections, and how it looks for life at its end. */
#include "play.h"

/* The next act is this. */
static void expect(played *p, const char *want) {
  ck_assert_str_eq(play_sent(p), want);
}

static cs_report_case over(played *p) {
  cs_report_case r;
  ck_assert(cs_runner_case_done(p->c));
  cs_runner_case_result(p->c, &r);
  return r;
}

START_TEST(a_connection_is_opened_as_far_as_open_says) {
  static const struct {
    const char *scenario;
    cs_runner_transport transport;
    bool upgrades;
    bool csm;
  } rows[] = {{PLAY_TCP "---\n> Ping\n< Pong\n", CS_RUNNER_TCP, false, true},
              {PLAY_TCP "open full\n---\n> Ping\n< Pong\n", CS_RUNNER_TCP, false, true},
              {PLAY_TCP "open upgraded\n---\n> Ping\n< Pong\n", CS_RUNNER_TCP, false, false},
              {PLAY_TCP "open connected\n---\n> Ping\n< Pong\n", CS_RUNNER_TCP, false, false},
              {PLAY_WS "---\n> Ping\n< Pong\n", CS_RUNNER_WS, true, true},
              {PLAY_WS "open upgraded\n---\n> Ping\n< Pong\n", CS_RUNNER_WS, true, false},
              {PLAY_WS "open connected\n---\n> Ping\n< Pong\n", CS_RUNNER_WS, false, false}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    play_open_on(&p, rows[i].scenario, 0, rows[i].transport);
    expect(&p, "connect");
    expect(&p, "");
    cs_runner_case_connected(p.c, 0, p.now);
    if (rows[i].upgrades) {
      expect(&p, "upgrade");
      expect(&p, "");
      play_upgraded(&p);
    }
    /* The target's CSM is not waited for. */
    if (rows[i].csm)
      ck_assert_str_eq(play_sent(&p), rows[i].upgrades ? "CSM Extended-Token-Length=8" : "CSM");
    expect(&p, "Ping");
    play_close(&p);
  }
}
END_TEST

START_TEST(steps_begin_when_the_connection_is_open) {
  played p;
  play_open_on(&p, PLAY_WS "---\n< Pong within 1s..2s\n", 0, CS_RUNNER_WS);
  play_connect(&p);
  play_wait(&p, 3 * CS_SECOND);
  play_sent(&p);
  play_upgraded(&p);
  play_wait(&p, 1500 * CS_MILLISECOND);
  play_gets(&p, "Pong");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(a_connection_that_does_not_open_is_inconclusive) {
  static const struct {
    const char *head; /* that answers the upgrade, or NULL */
    int how;          /* 0: nothing more; 1: closed; 2: reset */
    const char *message;
  } rows[] = {
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 0,
       "the connection could not be opened: upgrade 404 Content-Length=\"0\" answered the upgrade"},
      {"nonsense\r\n\r\n", 0,
       "the connection could not be opened: raw 6e 6f 6e 73 65 6e 73 65 0d "
       "0a 0d 0a answered the upgrade"},
      {NULL, 0, "the connection could not be opened: the upgrade was not answered"},
      {NULL, 1, "the connection could not be opened: the target closed it before the upgrade"},
      {"HTTP/1.1 101 S", 2,
       "the connection could not be opened: the target reset it before the upgrade"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    played p;
    play_open_on(&p, PLAY_WS "---\n> Ping\n< Pong\n", 0, CS_RUNNER_WS);
    play_connect(&p);
    play_sent(&p);
    if (rows[i].head)
      play_text(&p, rows[i].head);
    if (rows[i].how)
      play_closed(&p, rows[i].how == 2);
    else
      play_wait(&p, rows[i].head ? 0 : 10 * CS_SECOND);
    cs_report_case r = play_result(&p);
    ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
    ck_assert_str_eq(r.message, rows[i].message);
    ck_assert(!cs_runner_case_lifeless(p.c));
    play_close(&p);
  }
}
END_TEST

START_TEST(whatever_else_a_101_says_it_upgrades) {
  played p;
  play_open_on(&p, PLAY_WS "---\n> Ping\n< Pong\n", 0, CS_RUNNER_WS);
  play_connect(&p);
  play_sent(&p);
  play_text(&p, "HTTP/1.1 101 X\r\nSec-WebSocket-Extensions: what\r\n\r\n");
  expect(&p, "CSM Extended-Token-Length=8");
  play_gets(&p, "Pong");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(a_refused_connection_is_lifeless) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n> Ping\n< Pong\n", 0, CS_RUNNER_TCP);
  expect(&p, "connect");
  play_closed(&p, true);
  expect(&p, "close");
  expect(&p, "connect"); /* the search for life */
  play_closed(&p, true);
  cs_report_case r = over(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
  ck_assert_str_eq(r.message, "the connection could not be opened: it was refused");
  ck_assert(cs_runner_case_lifeless(p.c));
  play_close(&p);
}
END_TEST

START_TEST(the_body_of_a_refusal_is_no_arrival) {
  played p;
  play_open_on(&p,
               PLAY_WS "open connected\n---\n> upgrade target=/x\n< upgrade 404\nsilence 1s\n"
                       "> upgrade\n< upgrade 101\n",
               0, CS_RUNNER_WS);
  play_connect(&p);
  play_sent(&p);
  play_text(&p, "HTTP/1.1 404 X\r\nContent-Length: 5\r\n\r\nhel");
  play_text(&p, "lo");
  play_wait(&p, CS_SECOND);
  expect(&p, "upgrade");
  play_upgraded(&p);
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

/* A folded header line is refused by us alone. */
START_TEST(our_own_strictness_fails_nobody) {
  for (unsigned star = 0; star < 2; star++) {
    played p;
    play_open_on(&p,
                 star ? PLAY_WS "open connected\n---\n> upgrade\n< upgrade 101\n| * -> fail\n"
                      : PLAY_WS "open connected\n---\n> upgrade\n< upgrade 101\n",
                 0, CS_RUNNER_WS);
    play_connect(&p);
    play_sent(&p);
    play_text(&p, "HTTP/1.1 101 X\r\nUpgrade:\r\n websocket\r\n\r\n");
    ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_INCONCLUSIVE);
    play_close(&p);
  }
}
END_TEST

/* ---- The search for life ---- */

static void run_to_the_end(played *p, cs_runner_transport t) {
  play_open_on(p,
               t == CS_RUNNER_WS ? PLAY_WS "---\n> Ping token=01\n< Pong\n"
                                 : PLAY_TCP "---\n> Ping token=01\n< Pong\n",
               0, t);
  play_full(p);
  expect(p, "Ping token=01");
  play_gets(p, "Pong token=01");
  expect(p, "close");
}

START_TEST(life_is_sought_on_a_new_connection) {
  for (unsigned ws = 0; ws < 2; ws++) {
    played p;
    run_to_the_end(&p, ws ? CS_RUNNER_WS : CS_RUNNER_TCP);
    play_full(&p);
    ck_assert_uint_eq(p.port, 1);
    ck_assert_int_eq(strncmp(play_sent(&p), "Ping token=", 11), 0);
    expect(&p, "");
    play_gets(&p, "Pong"); /* of any token: that one is for scenarios about Pings */
    ck_assert_int_eq(over(&p).verdict, CS_VERDICT_PASS);
    play_close(&p);
  }
}
END_TEST

START_TEST(a_response_is_a_sign_of_life_too) {
  played p;
  char text[256];
  run_to_the_end(&p, CS_RUNNER_TCP);
  play_full(&p);
  play_sent(&p);
  play_wait(&p, CS_SECOND);
  snprintf(text, sizeof text, "%s", play_sent(&p));
  ck_assert_int_eq(strncmp(text, "GET token=", 10), 0);
  text[strcspn(text + 4, " ") + 4] = '\0';
  char answer[300];
  snprintf(answer, sizeof answer, "4.04 %s", text + 4);
  play_gets(&p, "4.04 token=00");
  ck_assert(!cs_runner_case_done(p.c));
  play_gets(&p, answer);
  ck_assert_int_eq(over(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);
}
END_TEST

START_TEST(no_sign_of_life_is_a_failure) {
  for (unsigned how = 0; how < 3; how++) {
    played p;
    run_to_the_end(&p, CS_RUNNER_TCP);
    expect(&p, "connect");
    if (how == 0) {
      play_closed(&p, true);
    } else {
      cs_runner_case_connected(p.c, p.port, p.now);
      if (how == 1)
        play_gets(&p, "CSM");
      play_wait(&p, 8 * CS_SECOND);
    }
    cs_report_case r = over(&p);
    ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
    ck_assert_str_eq(r.message, "the target gave no sign of life after the case");
    ck_assert(cs_runner_case_lifeless(p.c));
    play_close(&p);
  }
}
END_TEST

START_TEST(a_search_that_is_cut_short_is_made_once_more) {
  played p;
  run_to_the_end(&p, CS_RUNNER_TCP);
  play_full(&p);
  play_sent(&p);
  play_closed(&p, false);
  ck_assert(!cs_runner_case_done(p.c));
  play_wait(&p, CS_SECOND);
  expect(&p, "close");
  play_full(&p);
  ck_assert_uint_eq(p.port, 2);
  play_gets(&p, "Pong");
  ck_assert_int_eq(over(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);

  run_to_the_end(&p, CS_RUNNER_TCP);
  for (unsigned i = 0; i < 2; i++) {
    play_full(&p);
    play_sent(&p);
    play_closed(&p, true);
    play_wait(&p, CS_SECOND);
    play_sent(&p);
  }
  ck_assert_int_eq(over(&p).verdict, CS_VERDICT_FAIL);
  play_close(&p);
}
END_TEST

START_TEST(who_ends_a_connection_may_live) {
  played p;
  play_open_on(&p, PLAY_TCP "---\n> raw f0\n< aborted\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  play_sent(&p);
  play_gets(&p, "Abort");
  play_closed(&p, false);
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_PASS);
  ck_assert(!cs_runner_case_lifeless(p.c));
  play_close(&p);
}
END_TEST

START_TEST(alive_is_about_the_connection_in_use) {
  played p;
  play_open_on(&p, PLAY_TCP "---\nalive\n< Release\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  ck_assert_int_eq(strncmp(play_sent(&p), "Ping token=", 11), 0);
  ck_assert_uint_eq(p.port, 0);
  play_gets(&p, "Pong");
  play_gets(&p, "Release");
  ck_assert_int_eq(play_result(&p).verdict, CS_VERDICT_PASS);
  play_close(&p);

  play_open_on(&p, PLAY_TCP "---\nalive\n", 0, CS_RUNNER_TCP);
  play_full(&p);
  play_closed(&p, false);
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_FAIL);
  ck_assert_str_eq(r.message,
                   "the target ended the connection: it answered neither a Ping nor a GET");
  ck_assert(!cs_runner_case_lifeless(p.c));
  play_close(&p);
}
END_TEST

START_TEST(ports_are_left_for_the_search) {
  played p;
  char scenario[512] = PLAY_TCP "---\n";
  for (unsigned i = 0; i < CS_RUNNER_PORTS_MAX; i++)
    snprintf(scenario + strlen(scenario), 16, "port new\n");
  snprintf(scenario + strlen(scenario), 16, "alive\n");
  play_open_on(&p, scenario, 0, CS_RUNNER_TCP);
  for (unsigned i = 0; i < CS_RUNNER_PORTS_MAX - 2; i++)
    play_full(&p);
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
  ck_assert_str_eq(r.message, "too many ports");
  ck_assert(!cs_runner_case_lifeless(p.c));
  play_close(&p);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("case_open");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, a_connection_is_opened_as_far_as_open_says);
  tcase_add_test(tc, steps_begin_when_the_connection_is_open);
  tcase_add_test(tc, a_connection_that_does_not_open_is_inconclusive);
  tcase_add_test(tc, whatever_else_a_101_says_it_upgrades);
  tcase_add_test(tc, a_refused_connection_is_lifeless);
  tcase_add_test(tc, the_body_of_a_refusal_is_no_arrival);
  tcase_add_test(tc, our_own_strictness_fails_nobody);
  tcase_add_test(tc, life_is_sought_on_a_new_connection);
  tcase_add_test(tc, a_response_is_a_sign_of_life_too);
  tcase_add_test(tc, no_sign_of_life_is_a_failure);
  tcase_add_test(tc, a_search_that_is_cut_short_is_made_once_more);
  tcase_add_test(tc, who_ends_a_connection_may_live);
  tcase_add_test(tc, alive_is_about_the_connection_in_use);
  tcase_add_test(tc, ports_are_left_for_the_search);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
