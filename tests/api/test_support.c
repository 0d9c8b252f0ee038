/* What this build says it can do is what it does. */
#include "fixture.h"

#include "api/support.h"

START_TEST(answers_are_the_truth) {
  ck_assert_int_eq(coap_ipv4_is_supported(), 1);
  ck_assert_int_eq(coap_ipv6_is_supported(), 1);
  ck_assert_int_eq(coap_af_unix_is_supported(), 1);
  ck_assert_int_eq(coap_client_is_supported(), 1);
  ck_assert_int_eq(coap_epoll_is_supported(), 1);
  int (*const no[])(void) = {coap_server_is_supported,      coap_threadsafe_is_supported,
                             coap_async_is_supported,       coap_observe_persist_is_supported,
                             coap_oscore_is_supported,      coap_q_block_is_supported,
                             coap_dtls_pkcs11_is_supported, coap_dtls_rpk_is_supported};
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    ck_assert_int_eq(no[i](), 0);
}
END_TEST

START_TEST(protocols_agree_with_the_constructor) {
  int (*const says[])(void) = {[COAP_PROTO_DTLS] = coap_dtls_is_supported,
                               [COAP_PROTO_TCP] = coap_tcp_is_supported,
                               [COAP_PROTO_TLS] = coap_tls_is_supported,
                               [COAP_PROTO_WS] = coap_ws_is_supported,
                               [COAP_PROTO_WSS] = coap_wss_is_supported};
  for (coap_proto_t p = COAP_PROTO_UDP; p < COAP_PROTO_LAST; p++) {
    coap_session_t *s = coap_new_client_session(fx.ctx, NULL, &fx.server, p);
    ck_assert_int_eq(s != NULL, cs_api_proto_supported(p));
    if (p != COAP_PROTO_UDP)
      ck_assert_int_eq(s != NULL, says[p]());
    ck_assert_ptr_nonnull(cs_api_proto_name(p));
  }
  ck_assert_ptr_null(cs_api_proto_name(COAP_PROTO_NONE));
  ck_assert_int_eq(coap_dtls_psk_is_supported(), coap_dtls_is_supported());
  ck_assert_int_eq(coap_dtls_pki_is_supported(), coap_dtls_is_supported());
}
END_TEST

START_TEST(library) {
  const coap_tls_version_t *v = coap_get_tls_library_version();
  char text[80];
  ck_assert_int_eq(v->type,
                   coap_dtls_is_supported() ? COAP_TLS_LIBRARY_MBEDTLS : COAP_TLS_LIBRARY_NOTLS);
  ck_assert_int_eq(v->version != 0, coap_dtls_is_supported());
  ck_assert_uint_eq(v->built_version >> 24, v->version >> 24);
  ck_assert_ptr_nonnull(coap_string_tls_version(text, sizeof text));
  ck_assert_ptr_nonnull(strstr(text, coap_dtls_is_supported() ? "mbedTLS " : "None"));
  ck_assert_ptr_nonnull(coap_string_tls_support(text, sizeof text));
}
END_TEST

FX_SUITE("support", answers_are_the_truth, protocols_agree_with_the_constructor, library)
