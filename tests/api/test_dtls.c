/* Constructors with keys: never a weaker session than was asked for. */
#include "fixture.h"

START_TEST(psk) {
  coap_dtls_cpsk_t setup;
  memset(&setup, 0, sizeof setup);
  setup.version = COAP_DTLS_CPSK_SETUP_VERSION;
#define PSK(server, proto, data) coap_new_client_session_psk2(fx.ctx, NULL, server, proto, data)
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_DTLS, &setup));
  fx_reason("DTLS is not supported by this build");
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_UDP, &setup));
  fx_reason("the protocol is not secured");
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_WS, &setup));
  fx_reason("the protocol is not secured");
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_DTLS, NULL));
  fx_reason("setup_data is NULL");
  ck_assert_ptr_null(PSK(NULL, COAP_PROTO_DTLS, &setup));
  fx_reason("server is NULL");
  ck_assert_ptr_null(PSK(&fx.server, (coap_proto_t)99, &setup));
  fx_reason("no protocol 99");
  setup.version = 2;
  ck_assert_ptr_null(PSK(&fx.server, COAP_PROTO_DTLS, &setup));
  fx_reason("of version 2, not 1");
  ck_assert_ptr_null(coap_new_client_session_psk(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP, "id",
                                                 (const uint8_t *)"key", 3));
  fx_reason("not secured");
  ck_assert_ptr_null(
      coap_new_client_session_psk(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS, "id", NULL, 3));
  fx_reason("identity or key");
}
END_TEST

START_TEST(pki) {
  coap_dtls_pki_t setup;
  memset(&setup, 0, sizeof setup);
#define PKI(proto, data) coap_new_client_session_pki(fx.ctx, NULL, &fx.server, proto, data)
  ck_assert_ptr_null(PKI(COAP_PROTO_DTLS, &setup));
  fx_reason("of version 0, not 1");
  setup.version = COAP_DTLS_PKI_SETUP_VERSION;
  ck_assert_ptr_null(PKI(COAP_PROTO_TLS, &setup));
  fx_reason("TLS is not supported by this build");
  ck_assert_ptr_null(PKI(COAP_PROTO_TCP, &setup));
  fx_reason("the protocol is not secured");
  ck_assert_ptr_null(PKI(COAP_PROTO_DTLS, NULL));
  fx_reason("setup_data is NULL");
  ck_assert_int_eq(coap_context_set_pki(fx.ctx, &setup), 0);
  fx_reason("TLS library");
  ck_assert_int_eq(coap_context_set_pki_root_cas(NULL, "ca", NULL), 0);
  fx_reason("context is NULL");
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

FX_SUITE("dtls", psk, pki, nothing_to_read)
