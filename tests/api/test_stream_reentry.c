/* What a handler may do to a session over a stream while it runs: every action in
 * every place that a handler is called from. The sanitizers look for what is used
 * after it went; here is looked at what is told. */
#include "stream_fixture.h"

static const coap_proto_t protos[] = {COAP_PROTO_TCP, COAP_PROTO_WS};

/* The last words of what was told say where a handler is. */
static const char *const places[] = {
    "event 1001\n",   "event 7002\n",  "event 2001\n", "response 2.05 to 1: hi\n",
    "pong\n",         "ping",          "event 5001\n", "nack 1 of 1\n",
    "nack 2 of 1\n",  "event 7003\n",  "event 1002\n", "event 2002\n",
    "nack 1 of -1\n", "nack 2 of -1\n"};
enum { PLACES = sizeof places / sizeof *places };

static struct play {
  const char *place;
  void (*action)(void);
  bool done;
  bool released; /* sp.session is no longer the application's */
  size_t told;   /* length of what was told up to the action */
} play;

static void release(void) {
  coap_session_release(sp.session);
  play.released = true;
}

static void free_context(void) {
  coap_free_context(fx.ctx);
  fx.ctx = NULL;
  play.released = true;
}

static void disconnect(void) {
  coap_session_disconnected(sp.session, COAP_NACK_ICMP_ISSUE);
}

static void disconnect_and_release(void) {
  disconnect();
  release();
}

/* Whether it is sent depends on the place; that the pdu is taken does not. */
static void ask(void) {
  for (int i = 0; i < 3; i++) {
    coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 7, 100);
    ck_assert_ptr_nonnull(pdu);
    uint8_t token = (uint8_t)(200 + i);
    ck_assert_int_eq(coap_add_token(pdu, 1, &token), 1);
    coap_send(sp.session, pdu);
  }
  coap_session_send_ping(sp.session);
}

static void ask_and_release(void) {
  ask();
  release();
}

/* The system breaks the connection off when it is asked to send. */
static void ask_and_fail(void) {
  cs_test_net_fail(fx.net, "send", 1, CS_ERR_RESET);
  size_t before = strlen(fx.told);
  ask();
  ck_assert_uint_eq(strlen(fx.told), before); /* coap_send() calls no handler */
}

static void fail_and_free(void) {
  ask_and_fail();
  free_context();
}

static void (*const actions[])(void) = {release,      free_context,    disconnect,
                                        ask,          ask_and_release, disconnect_and_release,
                                        ask_and_fail, fail_and_free};
enum { ACTIONS = sizeof actions / sizeof *actions };

static bool at(const char *place) {
  size_t told = strlen(fx.told);
  size_t n = strlen(place);
  const char *line = fx.told + (told > 0 ? told - 1 : 0);
  while (line > fx.told && line[-1] != '\n')
    line--;
  return strncmp(line, place, n) == 0;
}

static void inside(void) {
  if (play.done || !at(play.place))
    return;
  play.done = true;
  play.told = strlen(fx.told);
  play.action();
}

static void turns(unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    if (fx.ctx)
      ck_assert_int_ge(coap_io_process(fx.ctx, 100), 0);
    else
      sp_idle(NULL);
  }
}

static void get(void) {
  if (play.released || coap_session_get_state(sp.session) != COAP_SESSION_STATE_ESTABLISHED)
    return;
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
}

/* A session's life with all its places; how: the server leaves, or it aborts. */
static void live(coap_proto_t proto, bool aborts) {
  uint16_t mid;
  fx.inside = inside;
  sp_open(proto);
  get();
  turns(4);
  get();
  if (!play.released)
    coap_session_send_ping(sp.session);
  turns(2);
  if (sp.endpoint)
    (void)cs_core_ping(cs_endpoint_session(sp.endpoint), NULL, cs_test_net_now(fx.net), &mid);
  turns(2);
  if (proto == COAP_PROTO_WS)
    sp_write("\x82\x03\x01\x45\x99", 5); /* a response to nothing */
  else
    sp_write("\x01\x45\x99", 3);
  turns(2);
  sp.mute = true;
  get();
  turns(2);
  /* One that is not answered, as the server does not read any more. */
  sp.deaf = true;
  if (!play.released)
    coap_session_send_ping(sp.session);
  turns(1);
  if (aborts && proto == COAP_PROTO_WS)
    sp_write("\x82\x02\x00\xe5", 4);
  else if (aborts)
    sp_write("\x00\xe5", 2);
  else
    sp_drop();
  turns(4);
  sp.deaf = false;
  fx.inside = NULL;
  if (!play.released)
    coap_session_release(sp.session);
  sp_close();
}

START_TEST(every_action_in_every_place) {
  unsigned seen[PLACES] = {0};
  for (unsigned k = 0; k < 2 * PLACES * ACTIONS; k++) {
    unsigned place = k / 2 % PLACES;
    play = (struct play){.place = places[place], .action = actions[k / 2 / PLACES]};
    live(protos[_i], k % 2);
    seen[place] += play.done;
    /* Who has given a session up is told how its requests end, and no more. */
    if (play.done && play.released)
      ck_assert_msg(!strstr(fx.told + play.told, "event"), "action %u in \"%s\": %s",
                    k / 2 / PLACES, play.place, fx.told);
    fx_close();
    fx_open();
  }
  for (unsigned i = 0; i < PLACES; i++)
    if (protos[_i] == COAP_PROTO_WS || !strstr(places[i], "700"))
      ck_assert_msg(seen[i] >= ACTIONS, "\"%s\" was reached %u times", places[i], seen[i]);
}
END_TEST

static void disconnect_the_other(void) {
  fx.inside = NULL;
  coap_session_disconnected(sp.session, COAP_NACK_ICMP_ISSUE);
  ck_assert_int_eq(coap_session_get_state(sp.session), COAP_SESSION_STATE_NONE);
}

/* Nothing else happens on the session that is given up: its own timer sees to it. */
START_TEST(another_sessions_handler_gives_a_session_up) {
  sp_open(protos[_i]);
  ck_assert(sp_until("event 2001\n", 5));
  sp.mute = true;
  get();
  turns(1);
  fx.told[0] = '\0';
  fx.serve = fx_serve_hi;
  fx.inside = disconnect_the_other;
  fx_ask(COAP_MESSAGE_CON);
  turns(1);
  FX_TOLD(protos[_i] == COAP_PROTO_WS
              ? "response 2.05 to 1: hi\nnack 4 of 1\nevent 7003\nevent 1002\nevent 2002\n"
              : "response 2.05 to 1: hi\nnack 4 of 1\nevent 1002\nevent 2002\n");
  coap_session_release(sp.session);
  sp_close();
}
END_TEST

START_TEST(sending_finds_the_connection_broken) {
  sp_open(protos[_i]);
  ck_assert(sp_until("event 2001\n", 5));
  fx.told[0] = '\0';
  cs_test_net_fail(fx.net, "send", 1, CS_ERR_RESET);
  get();
  FX_TOLD(""); /* handlers run in coap_io_process() */
  ck_assert_int_eq(coap_io_pending(fx.ctx), 1);
  turns(1);
  ck_assert_ptr_nonnull(strstr(fx.told, "nack 1 of 1\n"));
  ck_assert_ptr_nonnull(strstr(fx.told, "event 2002\n"));
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
  coap_session_release(sp.session);
  sp_close();
}
END_TEST

/* Without it the loop would spin on a socket that is always writable. */
START_TEST(a_socket_that_cannot_be_watched_ends_the_session) {
  sp_open(protos[_i]);
  cs_test_net_fail(fx.net, "watch", 1, CS_ERR_SYSTEM);
  ck_assert(sp_until("event 2003\n", 5));
  coap_session_release(sp.session);
  sp_close();
}
END_TEST

#define BOTH(test) tcase_add_loop_test(tc, test, 0, 2)

int main(void) {
  Suite *suite = suite_create("api stream reentry");
  TCase *tc = tcase_create("stream reentry");
  tcase_add_checked_fixture(tc, fx_open, fx_close);
  tcase_set_timeout(tc, 120);
  BOTH(every_action_in_every_place);
  BOTH(another_sessions_handler_gives_a_session_up);
  BOTH(sending_finds_the_connection_broken);
  BOTH(a_socket_that_cannot_be_watched_ends_the_session);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
