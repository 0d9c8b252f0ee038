/* Sessions over DTLS: what is told of their beginning and end, and that none is
 * there with less than was asked for. */
#include "secure_fixture.h"

#include "api/secure.h"

#define CONNECTED "event 1de\n"
#define CLOSED "event 0\n"
#define FAILED "event 200\n"

START_TEST(a_request_waits_for_the_handshake) {
  se_connect("me", "secret");
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_HANDSHAKE);
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  FX_TOLD(CONNECTED "response 2.05 to 1: hi\n");
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_ESTABLISHED);
  ck_assert_str_eq(se.identity, "me");
  ck_assert_uint_eq(fx.heard_count, 0); /* by the server in the clear */
}
END_TEST

START_TEST(the_wrong_key_gives_one_nack) {
  se_connect("me", "secred");
  fx_ask(COAP_MESSAGE_CON);
  fx_ask(COAP_MESSAGE_NON);
  ck_assert(se_until("nack", 200));
  while (coap_io_pending(fx.ctx))
    coap_io_process(fx.ctx, 1000);
  FX_TOLD(FAILED "nack 3 of 1\nnack 3 of 1\n");
  ck_assert_uint_eq(se.served, 0);
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_NONE);
}
END_TEST

START_TEST(a_server_that_is_silent_ends_in_one_nack_within_the_bound) {
  se.mute = true;
  se_connect("me", "secret");
  cs_time begin = cs_test_net_now(fx.net);
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("nack", 400));
  FX_TOLD(FAILED "nack 3 of 1\n");
  ck_assert_uint_le(cs_test_net_now(fx.net) - begin, CS_TLS_HANDSHAKE_TIMEOUT + 2 * CS_SECOND);
}
END_TEST

START_TEST(close_notify_of_the_server_is_told_and_the_next_request_shakes_hands_anew) {
  se_connect("me", "secret");
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  fx.told[0] = '\0';
  for (unsigned i = 0; i < SE_PEERS; i++)
    if (se.peers[i].endpoint) {
      cs_endpoint_release(se.peers[i].endpoint, cs_test_net_now(fx.net));
      se_flush(&se.peers[i]);
    }
  ck_assert(se_until("event", 20));
  FX_TOLD(CLOSED);
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_NONE);
  se_forget();
  fx_ask(COAP_MESSAGE_CON);
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_HANDSHAKE);
  ck_assert(se_until("response", 20));
  FX_TOLD(CONNECTED "response 2.05 to 1: hi\n");
}
END_TEST

START_TEST(requests_under_way_end_with_the_session) {
  se_connect("me", "secret");
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  fx.told[0] = '\0';
  se.mute = true;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  coap_session_disconnected(fx.session, COAP_NACK_TLS_LAYER_FAILED);
  FX_TOLD(CLOSED "nack 6 of 1\n");
}
END_TEST

START_TEST(a_session_that_is_released_says_close_notify) {
  se_connect("me", "secret");
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  secure_peer *p = &se.peers[0];
  ck_assert_int_eq(cs_tls_state_of(cs_endpoint_tls(p->endpoint)), CS_TLS_ESTABLISHED);
  coap_session_release(fx.session);
  cs_test_net_advance(fx.net, CS_MILLISECOND);
  se_idle(NULL);
  ck_assert_int_eq(cs_tls_state_of(cs_endpoint_tls(p->endpoint)), CS_TLS_CLOSED);
}
END_TEST

static coap_response_t send_inside(coap_session_t *session, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, const coap_mid_t mid) {
  (void)fx_on_response(session, sent, received, mid);
  if (se.served < 3)
    fx_ask(COAP_MESSAGE_CON);
  return COAP_RESPONSE_OK;
}

START_TEST(handlers_send) {
  coap_register_response_handler(fx.ctx, send_inside);
  se_connect("me", "secret");
  fx_ask(COAP_MESSAGE_CON);
  while (coap_io_pending(fx.ctx))
    coap_io_process(fx.ctx, 1000);
  ck_assert_uint_eq(se.served, 3);
}
END_TEST

static int sending_callback(const char *cn, const uint8_t *der, size_t length,
                            coap_session_t *session, unsigned depth, int validated, void *arg) {
  ck_assert_ptr_eq(session, fx.session);
  ck_assert_uint_gt(length, 0);
  ck_assert_ptr_nonnull(der);
  fx_append(fx.told, sizeof fx.told, "certificate %u %s %d\n", depth, cn, validated);
  if (depth == 0) {
    fx_ask(COAP_MESSAGE_CON);
    coap_session_set_mtu(session, 1000);
    fx_reason("inside a callback");
  }
  return arg == NULL;
}

START_TEST(the_certificate_callback_is_asked_for_each_and_may_send) {
  coap_dtls_pki_t data = se_pki(se_path("ca.pem"));
  char localhost[] = "localhost";
  data.client_sni = localhost;
  data.validate_cn_call_back = sending_callback;
  fx.session = coap_new_client_session_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &data);
  ck_assert_msg(fx.session != NULL, "%s", coap_last_error());
  ck_assert(se_until("response", 40));
  FX_TOLD("certificate 1 coapspec test authority 1\ncertificate 0 localhost 1\n" CONNECTED
          "response 2.05 to 1: hi\n");
}
END_TEST

START_TEST(the_certificate_callback_refuses) {
  coap_dtls_pki_t data = se_pki(se_path("ca.pem"));
  data.validate_cn_call_back = sending_callback;
  data.cn_call_back_arg = &data;
  fx.session = coap_new_client_session_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &data);
  ck_assert_ptr_nonnull(fx.session);
  ck_assert(se_until("event", 40));
  ck_assert_ptr_nonnull(strstr(fx.told, FAILED));
  ck_assert_ptr_null(strstr(fx.told, CONNECTED));
  ck_assert_uint_eq(se.served, 0);
}
END_TEST

static int releasing_callback(const char *cn, const uint8_t *der, size_t length,
                              coap_session_t *session, unsigned depth, int validated, void *arg) {
  (void)cn, (void)der, (void)length, (void)depth, (void)validated, (void)arg;
  if (depth == 0) {
    coap_session_release(session);
    coap_free_context(fx.ctx);
  }
  return 1;
}

START_TEST(the_certificate_callback_may_take_the_session_away) {
  coap_dtls_pki_t data = se_pki(se_path("ca.pem"));
  data.validate_cn_call_back = releasing_callback;
  fx.session = coap_new_client_session_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &data);
  ck_assert_ptr_nonnull(fx.session);
  fx_ask(COAP_MESSAGE_CON);
  for (unsigned i = 0; i < 20 && !strstr(fx.told, "nack"); i++)
    coap_io_process(fx.ctx, 1000);
  FX_TOLD("nack 1 of 1\n");
  const cs_net net = cs_test_net_as_net(fx.net);
  fx.ctx = cs_api_new_context_on(&net); /* for the fixture to free */
}
END_TEST

/* A handshake that the network ends is told, and does not end the session for good. */
START_TEST(a_handshake_that_meets_an_unreachable_server_is_told_and_can_be_made_anew) {
  cs_test_net_fail(fx.net, "send", 1, CS_ERR_REFUSED);
  se_connect("me", "secret");
  ck_assert(se_until("event", 20));
  FX_TOLD(FAILED);
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_NONE);
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  FX_TOLD(CONNECTED "response 2.05 to 1: hi\n");
}
END_TEST

START_TEST(a_handshake_goes_on_without_the_request_that_began_it) {
  unsigned began = 0;
  bool sent = false;
  se_connect("me", "secret");
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  for (size_t k = 1; !sent; k++) {
    coap_session_disconnected(fx.session, COAP_NACK_RST);
    se_forget();
    coap_pdu_t *pdu = fx_request(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET);
    fx.memory.fail_at = fx.memory.calls + k;
    sent = coap_send(fx.session, pdu) != COAP_INVALID_MID;
    fx.memory.fail_at = 0;
    if (sent || coap_session_get_state(fx.session) == COAP_SESSION_STATE_NONE)
      continue;
    began++;
    fx.told[0] = '\0';
    ck_assert(se_until(CONNECTED, 20));
  }
  ck_assert_uint_gt(began, 0);
}
END_TEST

static coap_dtls_pki_t others;

static int making_callback(void *tls, coap_dtls_pki_t *data) {
  (void)tls, (void)data;
  for (unsigned i = 0; i < 4; i++)
    ck_assert_ptr_nonnull(
        coap_new_client_session_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_TLS, &others));
  return 1;
}

/* Each has a timer of its own, whoever asked for its place first. */
START_TEST(the_setup_callback_may_make_sessions) {
  others = se_pki(se_path("ca.pem"));
  coap_dtls_pki_t data = others;
  data.additional_tls_setup_call_back = making_callback;
  for (unsigned i = 0; i < 6; i++)
    ck_assert_ptr_nonnull(
        coap_new_client_session_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_TLS, &data));
  ck_assert_uint_eq(fx.ctx->deadlines.count, 6 * 5);
}
END_TEST

static unsigned setups_before_the_end;

static int ending_callback(void *tls, coap_dtls_pki_t *data) {
  (void)tls, (void)data;
  if (setups_before_the_end-- == 0)
    coap_free_context(fx.ctx);
  return 1;
}

/* The fixture finds nothing left of the context that was freed. */
static void new_context(void) {
  const cs_net net = cs_test_net_as_net(fx.net);
  fx.ctx = cs_api_new_context_on(&net);
}

START_TEST(the_setup_callback_may_free_the_context) {
  coap_dtls_pki_t data = se_pki(se_path("ca.pem"));
  data.additional_tls_setup_call_back = ending_callback;
  setups_before_the_end = 0;
  ck_assert_ptr_null(coap_new_client_session_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &data));
  fx_reason("the context was freed");
  new_context();
}
END_TEST

START_TEST(the_setup_callback_may_free_the_context_of_a_session_that_shakes_hands_again) {
  coap_dtls_pki_t data = se_pki(se_path("ca.pem"));
  data.additional_tls_setup_call_back = ending_callback;
  setups_before_the_end = 1;
  fx.session = coap_new_client_session_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &data);
  ck_assert_ptr_nonnull(fx.session);
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  coap_session_disconnected(fx.session, COAP_NACK_RST);
  coap_pdu_t *pdu = fx_request(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET);
  ck_assert_int_eq(coap_send(fx.session, pdu), COAP_INVALID_MID);
  fx_reason("given up");
  new_context();
}
END_TEST

/* Psk beside pki, checked beside unchecked: each keeps its rules. */
START_TEST(opposite_sessions_side_by_side) {
  coap_dtls_cpsk_t right = se_psk("me", "secret"), wrong = se_psk("me", "other");
  coap_dtls_pki_t trusts = se_pki(se_path("ca.pem")), strict = se_pki(se_path("intruder.pem"));
  coap_dtls_pki_t lax = se_pki(NULL);
  lax.verify_peer_cert = 0;
#define NEW(kind, data)                                                                            \
  coap_new_client_session_##kind(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, data)
  coap_session_t *s[] = {NEW(pki, &strict), NEW(pki, &lax), NEW(psk2, &wrong), NEW(psk2, &right),
                         NEW(pki, &trusts)};
  const bool good[] = {false, true, false, true, true};
  for (unsigned i = 0; i < 5; i++)
    ck_assert_msg(s[i] != NULL, "%u: %s", i, coap_last_error());
  for (unsigned i = 0; i < 200; i++)
    coap_io_process(fx.ctx, 1000);
  for (unsigned i = 0; i < 5; i++)
    ck_assert_int_eq(coap_session_get_state(s[i]),
                     good[i] ? COAP_SESSION_STATE_ESTABLISHED : COAP_SESSION_STATE_NONE);
}
END_TEST

START_TEST(sizes_leave_room_for_dtls) {
  se_connect("me", "secret");
  size_t before = coap_session_max_pdu_size(fx.session);
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  size_t size = coap_session_max_pdu_size(fx.session);
  ck_assert_uint_ge(size, before);
  /* Record header 13, explicit nonce 8, tag 8 or 16; CoAP's own header 4. A connection id
   * has at most 32 bytes, and pads to 16. */
  if (cs_tls_has_cid())
    ck_assert_msg(size <= 1152 - 13 - 16 - 4 - 8 - 1 && size >= 1152 - 13 - 8 - 16 - 4 - 32 - 16,
                  "%zu", size);
  else
    ck_assert(size == 1152 - 13 - 8 - 8 - 4 || size == 1152 - 13 - 8 - 16 - 4 ||
              size == 1152 - 13 - 16 - 4);
  coap_session_set_mtu(fx.session, 500);
  ck_assert_uint_eq(coap_session_max_pdu_size(fx.session), size - 652);
}
END_TEST

START_TEST(what_is_read_of_a_session) {
  coap_tls_library_t lib;
  se_connect("me", "secret");
  ck_assert_ptr_nonnull(coap_session_get_tls(fx.session, &lib));
  ck_assert_int_eq(lib, COAP_TLS_LIBRARY_MBEDTLS);
  ck_assert_uint_eq(coap_session_get_psk_identity(fx.session)->length, 2);
  ck_assert_mem_eq(coap_session_get_psk_key(fx.session)->s, "secret", 6);
  ck_assert_ptr_null(coap_session_get_psk_hint(fx.session));
  ck_assert_uint_eq(coap_address_get_port(coap_session_get_addr_remote(fx.session)), 5684);
  ck_assert_ptr_null(strstr(fx.logged, "secret"));
}
END_TEST

/* Whichever allocation fails, there is a session that works or none. */
START_TEST(failing_allocations) {
  for (size_t k = 1; k < 400; k++) {
    coap_dtls_cpsk_t data = se_psk("me", "secret");
    fx.memory.fail_at = fx.memory.calls + k;
    coap_session_t *s =
        coap_new_client_session_psk2(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, &data);
    bool failed = fx.memory.calls >= fx.memory.fail_at;
    fx.memory.fail_at = 0;
    if (!s) {
      ck_assert(failed);
      ck_assert(coap_last_error()[0]);
      continue;
    }
    fx.told[0] = '\0';
    fx.session = s;
    fx_ask(COAP_MESSAGE_CON);
    ck_assert(se_until("response", 60));
    coap_session_release(s);
    se_forget();
    if (!failed)
      return;
  }
  ck_abort_msg("no end of allocations");
}
END_TEST

SE_SUITE("secure", a_request_waits_for_the_handshake, the_wrong_key_gives_one_nack,
         a_server_that_is_silent_ends_in_one_nack_within_the_bound,
         close_notify_of_the_server_is_told_and_the_next_request_shakes_hands_anew,
         requests_under_way_end_with_the_session, a_session_that_is_released_says_close_notify,
         handlers_send, the_certificate_callback_is_asked_for_each_and_may_send,
         the_certificate_callback_refuses, the_certificate_callback_may_take_the_session_away,
         a_handshake_that_meets_an_unreachable_server_is_told_and_can_be_made_anew,
         a_handshake_goes_on_without_the_request_that_began_it,
         the_setup_callback_may_make_sessions, the_setup_callback_may_free_the_context,
         the_setup_callback_may_free_the_context_of_a_session_that_shakes_hands_again,
         opposite_sessions_side_by_side, sizes_leave_room_for_dtls, what_is_read_of_a_session,
         failing_allocations)
