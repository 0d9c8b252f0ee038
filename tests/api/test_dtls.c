/* Constructors and settings with keys: never a weaker session than was asked for. */
#include "secure_fixture.h"

#include "api/secure.h"

START_TEST(psk_arguments) {
  coap_dtls_cpsk_t setup = se_psk("me", "secret");
#define PSK(server, proto, data) coap_new_client_session_psk2(fx.ctx, NULL, server, proto, data)
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_UDP, &setup));
  fx_reason("the protocol is not secured");
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_TCP, &setup));
  fx_reason("the protocol is not secured");
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_WS, &setup));
  fx_reason("the protocol is not secured");
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_DTLS, NULL));
  fx_reason("setup_data is NULL");
  ck_assert_ptr_null(PSK(NULL, COAP_PROTO_DTLS, &setup));
  fx_reason("server is NULL");
  ck_assert_ptr_null(PSK(&fx.server, (coap_proto_t)99, &setup));
  fx_reason("no protocol 99");
  ck_assert_ptr_null(coap_new_client_session_psk2(NULL, NULL, &fx.server, COAP_PROTO_DTLS, &setup));
  fx_reason("context is NULL");
  coap_address_t group = fx_address("224.0.1.187", 0);
  ck_assert_ptr_null(PSK(&group, COAP_PROTO_DTLS, &setup));
  fx_reason("multicast");
  setup.version = 2;
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_DTLS, &setup));
  fx_reason("of version 2, not 1");
  setup.version = 1;
  setup.reserved[6] = 1;
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_DTLS, &setup));
  fx_reason("reserved");
  ck_assert_ptr_null(coap_new_client_session_psk(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP, "id",
                                                 (const uint8_t *)"key", 3));
  fx_reason("not secured");
  ck_assert_ptr_null(
      coap_new_client_session_psk(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, "id", NULL, 3));
  fx_reason("identity or key");
}
END_TEST

START_TEST(psk_of_the_older_constructor) {
  fx.session = coap_new_client_session_psk(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, "me",
                                           (const uint8_t *)"secret", 6);
  ck_assert_ptr_nonnull(fx.session);
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
}
END_TEST

START_TEST(pki_arguments) {
  coap_dtls_pki_t setup = se_pki(se_path("ca.pem"));
#define PKI(proto, data) coap_new_client_session_pki(fx.ctx, NULL, &fx.server, proto, data)
  ck_assert_ptr_null(PKI(COAP_PROTO_TCP, &setup));
  fx_reason("the protocol is not secured");
  ck_assert_ptr_null(PKI(COAP_PROTO_DTLS, NULL));
  fx_reason("setup_data is NULL");
  setup.version = 0;
  ck_assert_ptr_null(PKI(COAP_PROTO_DTLS, &setup));
  fx_reason("of version 0, not 1");
  setup.version = 1;
  setup.is_rpk_not_cert = 1;
  ck_assert_ptr_null(PKI(COAP_PROTO_DTLS, &setup));
  fx_reason("raw public keys are not supported");
  ck_assert_int_eq(coap_context_set_pki(fx.ctx, &setup), 0);
  fx_reason("raw public keys are not supported");
  ck_assert_int_eq(coap_context_set_pki(fx.ctx, NULL), 0);
  fx_reason("setup_data is NULL");
  ck_assert_int_eq(coap_context_set_pki(NULL, &setup), 0);
  fx_reason("context is NULL");
  ck_assert_int_eq(coap_context_set_pki_root_cas(NULL, "ca", NULL), 0);
  fx_reason("context is NULL");
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, NULL, NULL), 0);
  fx_reason("neither ca_file nor ca_dir");
}
END_TEST

/* State that a session by coap_new_client_session() comes to. */
static coap_session_state_t plain_session(void) {
  coap_session_t *s = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS);
  ck_assert_msg(s != NULL, "%s", coap_last_error());
  for (unsigned i = 0; i < 30 && coap_session_get_state(s) == COAP_SESSION_STATE_HANDSHAKE; i++)
    coap_io_process(fx.ctx, 1000);
  return coap_session_get_state(s);
}

START_TEST(a_session_inherits_what_the_context_has) {
  /* Nothing: anonymous, and anybody answers. */
  ck_assert_int_eq(plain_session(), COAP_SESSION_STATE_ESTABLISHED);
  /* Root CAs: only who they vouch for. */
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, se_path("intruder.pem"), NULL), 1);
  ck_assert_int_eq(plain_session(), COAP_SESSION_STATE_NONE);
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, se_path("ca.pem"), NULL), 1);
  ck_assert_int_eq(plain_session(), COAP_SESSION_STATE_ESTABLISHED);
  /* Certificates of the context's own: those count. */
  coap_dtls_pki_t setup = se_pki(se_path("intruder.pem"));
  setup.check_common_ca = 1;
  ck_assert_int_eq(coap_context_set_pki(fx.ctx, &setup), 1);
  ck_assert_int_eq(plain_session(), COAP_SESSION_STATE_NONE);
  /* A session's own come before them, and change nothing for the next. */
  setup = se_pki(se_path("ca.pem"));
  coap_session_t *s = PKI(COAP_PROTO_DTLS, &setup);
  ck_assert_ptr_nonnull(s);
  for (unsigned i = 0; i < 30; i++)
    coap_io_process(fx.ctx, 1000);
  ck_assert_int_eq(coap_session_get_state(s), COAP_SESSION_STATE_ESTABLISHED);
  ck_assert_int_eq(plain_session(), COAP_SESSION_STATE_NONE);
}
END_TEST

START_TEST(what_fails_changes_nothing) {
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, se_path("intruder.pem"), NULL), 1);
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, "/nonexistent", NULL), 0);
  fx_reason("/nonexistent");
  coap_dtls_pki_t setup = se_pki("/nonexistent");
  ck_assert_int_eq(coap_context_set_pki(fx.ctx, &setup), 0);
  ck_assert_int_eq(plain_session(), COAP_SESSION_STATE_NONE);
}
END_TEST

START_TEST(nothing_of_what_a_context_was_given_is_needed_afterwards) {
  char name[] = "right.example";
  coap_dtls_pki_t setup = se_pki(se_path("ca.pem"));
  setup.client_sni = name;
  ck_assert_int_eq(coap_context_set_pki(fx.ctx, &setup), 1);
  memset(name, 'x', sizeof name); /* without an end */
  coap_session_t *s = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_WSS);
  ck_assert_msg(s != NULL, "%s", coap_last_error());
  ck_assert_str_eq(cs_api_secure_of(s)->credentials.pki_data.client_sni, "right.example");
}
END_TEST

START_TEST(nothing_to_read) {
  coap_tls_library_t lib = COAP_TLS_LIBRARY_OPENSSL;
  ck_assert_ptr_null(coap_session_get_tls(fx.session, &lib));
  ck_assert_int_eq(lib, COAP_TLS_LIBRARY_NOTLS);
  ck_assert_ptr_null(coap_session_get_tls(NULL, NULL));
  ck_assert_ptr_null(coap_session_get_psk_hint(fx.session));
  ck_assert_ptr_null(coap_session_get_psk_identity(fx.session));
  ck_assert_ptr_null(coap_session_get_psk_key(NULL));
  fx_reason("session is NULL");
  ck_assert_int_eq(coap_ws_set_host_request(fx.session, coap_make_str_const("h")), 0);
  fx_reason("no WebSocket session");
}
END_TEST

SE_SUITE("dtls", psk_arguments, psk_of_the_older_constructor, pki_arguments,
         a_session_inherits_what_the_context_has, what_fails_changes_nothing,
         nothing_of_what_a_context_was_given_is_needed_afterwards, nothing_to_read)
