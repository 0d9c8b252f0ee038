/* OSCORE is not provided, and says so. */
#include "fixture.h"

START_TEST(each_says_so) {
  coap_str_const_t none = {0, NULL};
  ck_assert_ptr_null(
      coap_new_client_session_oscore(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP, NULL));
  fx_reason("coap_new_client_session_oscore: OSCORE");
  ck_assert_ptr_null(
      coap_new_client_session_oscore_psk(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP, NULL, NULL));
  fx_reason("OSCORE");
  ck_assert_ptr_null(
      coap_new_client_session_oscore_pki(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP, NULL, NULL));
  fx_reason("OSCORE");
  ck_assert_ptr_null(coap_new_oscore_conf(none, NULL, NULL, 0));
  fx_reason("OSCORE");
  ck_assert_int_eq(coap_delete_oscore_conf(NULL), 0);
  fx_reason("OSCORE");
}
END_TEST

FX_SUITE("oscore", each_says_so)
