/* The MTU, and what is read from a session. */
#include "fixture.h"

START_TEST(mtu_is_bounded) {
  coap_session_set_mtu(fx.session, 64);
  ck_assert_uint_eq(coap_session_max_pdu_size(fx.session), 60);
  coap_session_set_mtu(fx.session, 65507);
  ck_assert_uint_eq(coap_session_max_pdu_size(fx.session), 65503);
  const unsigned bad[] = {0, 63, 65508, 4294967295u};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    coap_session_set_mtu(fx.session, bad[i]);
    fx_reason("not within 64 to 65507");
    ck_assert_uint_eq(coap_session_max_pdu_size(fx.session), 65503);
  }
  coap_session_set_mtu(NULL, 100);
  fx_reason("session is NULL");
  ck_assert_uint_eq(coap_session_max_pdu_size(NULL), 0);
}
END_TEST

START_TEST(mtu_bounds_what_is_sent) {
  static const uint8_t body[200];
  coap_session_set_mtu(fx.session, 100);
  coap_pdu_t *pdu = fx_request(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT);
  ck_assert_int_eq(coap_add_data(pdu, 96, body), 0);
  /* Header 4, token 4, option 2, marker 1: 89 bytes fill it. */
  ck_assert_int_eq(coap_add_data(pdu, 90, body), 0);
  ck_assert_int_eq(coap_add_data(pdu, 89, body), 1);
  ck_assert_int_ne(coap_send(fx.session, pdu), COAP_INVALID_MID);
}
END_TEST

START_TEST(null_is_survived) {
  ck_assert_int_eq(coap_session_get_proto(NULL), 0);
  ck_assert_int_eq(coap_session_get_type(NULL), 0);
  ck_assert_int_eq(coap_session_get_state(NULL), 0);
  ck_assert_int_eq(coap_session_get_ifindex(NULL), -1);
  ck_assert_ptr_null(coap_session_get_addr_remote(NULL));
  ck_assert_ptr_null(coap_session_get_addr_local(NULL));
  ck_assert_ptr_null(coap_session_get_addr_mcast(NULL));
  ck_assert_ptr_null(coap_session_get_context(NULL));
  ck_assert_ptr_null(coap_session_get_app_data(NULL));
  coap_session_set_app_data(NULL, &fx);
  coap_session_set_no_observe_cancel(NULL);
  fx_reason("session is NULL");
  ck_assert_str_eq(coap_session_str(NULL), "no session");
}
END_TEST

START_TEST(values_are_kept) {
  ck_assert_ptr_null(coap_session_get_app_data(fx.session));
  coap_session_set_app_data(fx.session, &fx);
  ck_assert_ptr_eq(coap_session_get_app_data(fx.session), &fx);
  ck_assert_int_eq(coap_session_get_ifindex(fx.session), 0);
  ck_assert_ptr_nonnull(strstr(coap_session_str(fx.session), " <-> 192.0.2.9:5683 UDP"));
}
END_TEST

FX_SUITE("session", mtu_is_bounded, mtu_bounds_what_is_sent, null_is_survived, values_are_kept)
