/* Sessions over streams when memory is short: each allocation fails in turn, alone
 * or with all that follow. Nothing is left half-made, and everything still ends. */
#include "stream_fixture.h"

static const coap_proto_t protos[] = {COAP_PROTO_TCP, COAP_PROTO_WS};
static cs_test_memory peers;
static coap_session_t *session;

static void listen_apart(coap_proto_t proto) {
  cs_test_memory_init(&peers);
  sp_listen(proto);
  sp.config.core.alloc = &peers.alloc; /* the server's memory is no concern here */
}

static void fail_from(size_t n, bool on) {
  fx.memory.fail_at = fx.memory.calls + n;
  fx.memory.fail_on = on;
}

/* Turns off what fails; whether anything has. */
static bool had_failed(void) {
  bool failed = fx.memory.calls >= fx.memory.fail_at;
  fx.memory.fail_at = 0;
  fx.memory.fail_on = false;
  return failed;
}

/* A request, as far as memory goes. */
static bool ask(void) {
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
  uint8_t token[8];
  size_t len;
  if (!pdu)
    return false;
  coap_session_new_token(session, &len, token);
  if (!coap_add_token(pdu, len, token) ||
      !coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"x")) {
    coap_delete_pdu(pdu);
    return false;
  }
  return coap_send(session, pdu) != COAP_INVALID_MID;
}

/* A session's life; how many of its requests were taken. */
static unsigned live(coap_proto_t proto) {
  unsigned asked = 0;
  session = coap_new_client_session(fx.ctx, NULL, &fx.server, proto);
  if (!session) {
    ck_assert_ptr_nonnull(strstr(coap_last_error(), cs_base_err_text(CS_ERR_MEMORY)));
    return 0;
  }
  asked += ask();
  for (int i = 0; i < 4; i++)
    ck_assert_int_ge(coap_io_process(fx.ctx, 100), 0);
  asked += ask();
  (void)coap_session_send_ping(session);
  for (int i = 0; i < 4; i++)
    ck_assert_int_ge(coap_io_process(fx.ctx, 100), 0);
  return asked;
}

static unsigned count(const char *words) {
  unsigned n = 0;
  for (const char *p = fx.told; (p = strstr(p, words)) != NULL; p++)
    n++;
  return n;
}

/* Every request that was taken ends, by a response or a NACK, and the session is
 * one that works or one that says that it has ended. */
static void each_allocation_fails(coap_proto_t proto, bool on) {
  for (size_t n = 1;; n++) {
    listen_apart(proto);
    fail_from(n, on);
    unsigned asked = live(proto);
    bool failed = had_failed();
    for (int i = 0; session && i < 40; i++)
      ck_assert_int_ge(coap_io_process(fx.ctx, 10000), 0);
    ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
    unsigned ended = count("response") + count(" of 1\n");
    ck_assert_msg(asked == ended, "%u asked, told: %s", asked, fx.told);
    if (session) {
      coap_session_state_t state = coap_session_get_state(session);
      ck_assert_msg(state == COAP_SESSION_STATE_ESTABLISHED
                        ? count("event 2001") == 1 && !count("event 2002")
                        : state == COAP_SESSION_STATE_NONE &&
                              count("event 2002") + count("event 2003") == 1,
                    "state %d, allocation %zu, told: %s", (int)state, n, fx.told);
      if (state == COAP_SESSION_STATE_ESTABLISHED) {
        fx.told[0] = '\0';
        ck_assert(ask());
        for (int i = 0; i < 4; i++)
          ck_assert_int_ge(coap_io_process(fx.ctx, 100), 0);
        ck_assert_uint_eq(count("response 2.05 to 1: hi"), 1);
      }
      coap_session_release(session);
    }
    sp_close();
    ck_assert_uint_eq(peers.out_bytes, 0);
    fx_close();
    fx_open();
    if (!failed)
      break;
    ck_assert_uint_lt(n, 500);
  }
}

START_TEST(each_allocation_fails_alone) {
  each_allocation_fails(protos[_i], false);
}
END_TEST

START_TEST(each_allocation_fails_and_all_after_it) {
  each_allocation_fails(protos[_i], true);
}
END_TEST

/* The timer of a connection is room made with the session, not after it. */
START_TEST(connecting_ends_in_time_without_memory) {
  cs_test_net_link slow = {.delay_min = 1000 * CS_SECOND, .delay_max = 1000 * CS_SECOND};
  for (size_t n = 1;; n++) {
    listen_apart(protos[_i]);
    cs_test_net_set_link(fx.net, &slow);
    fail_from(n, true);
    session = coap_new_client_session(fx.ctx, NULL, &fx.server, protos[_i]);
    cs_time begin = cs_test_net_now(fx.net);
    for (int i = 0; session && i < 40 && !count("event 2003\n"); i++)
      ck_assert_int_ge(coap_io_process(fx.ctx, 1000), 0);
    bool failed = had_failed();
    if (session) {
      ck_assert_ptr_nonnull(strstr(fx.told, "event 1003\nevent 2003\n"));
      ck_assert_uint_eq(cs_test_net_now(fx.net) - begin, 30 * CS_SECOND);
      coap_session_release(session);
    }
    bool made = session != NULL;
    sp_close();
    fx_close();
    fx_open();
    if (made && !failed)
      break;
    ck_assert_uint_lt(n, 500);
    if (made)
      break; /* what failed was not needed */
  }
}
END_TEST

enum { OTHERS = 4, ROOM = 4 /* what a heap begins with */ };
static coap_session_t *others[OTHERS];

/* Takes the place of a timer that just went off, if that is to be had; after it
 * there is no memory for another. */
static void take_the_room(void) {
  fx.inside = NULL;
  ck_assert_uint_eq(fx.ctx->deadlines.cap, ROOM);
  ck_assert_int_ne(coap_session_send_ping(others[OTHERS - 1]), COAP_INVALID_MID);
  fail_from(1, true);
}

/* What other sessions do while a timer is handled does not cost it its place. */
START_TEST(a_session_keeps_its_timer_when_others_take_the_room) {
  coap_address_t server = fx_address("192.0.2.9", 5683);
  for (int i = 0; i < OTHERS; i++)
    others[i] = coap_new_client_session(fx.ctx, NULL, &server, COAP_PROTO_UDP);
  listen_apart(protos[_i]);
  session = coap_new_client_session(fx.ctx, NULL, &fx.server, protos[_i]);
  ck_assert_ptr_nonnull(session);
  sp.mute = true;
  for (int i = 0; i < 5; i++)
    ck_assert_int_ge(coap_io_process(fx.ctx, 100), 0);
  ck_assert_int_eq(coap_session_get_state(session), COAP_SESSION_STATE_ESTABLISHED);
  ck_assert(ask());
  cs_time patience = cs_core_get_params(cs_endpoint_session(session->endpoint))->response_timeout;
  cs_time until = cs_test_net_now(fx.net) + patience - 5 * CS_SECOND;
  while (cs_test_net_now(fx.net) < until)
    ck_assert_int_ge(coap_io_process(fx.ctx, 1000), 0);
  ck_assert(ask());
  for (int i = 0; i < OTHERS - 1; i++)
    ck_assert_int_ne(coap_session_send_ping(others[i]), COAP_INVALID_MID);
  fx.told[0] = '\0';
  fx.inside = take_the_room;
  for (int i = 0; i < 400 && coap_io_pending(fx.ctx); i++)
    ck_assert_int_ge(coap_io_process(fx.ctx, 1000), 0);
  ck_assert_ptr_null(fx.inside);
  ck_assert_uint_eq(count("nack 0 of 1\n"), 2);
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
  (void)had_failed();
  for (int i = 0; i < OTHERS; i++)
    coap_session_release(others[i]);
  coap_session_release(session);
  sp_close();
}
END_TEST

#define BOTH(test) tcase_add_loop_test(tc, test, 0, 2)

int main(void) {
  Suite *suite = suite_create("api stream memory");
  TCase *tc = tcase_create("stream memory");
  tcase_add_checked_fixture(tc, fx_open, fx_close);
  tcase_set_timeout(tc, 120);
  BOTH(each_allocation_fails_alone);
  BOTH(each_allocation_fails_and_all_after_it);
  BOTH(connecting_ends_in_time_without_memory);
  BOTH(a_session_keeps_its_timer_when_others_take_the_room);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
