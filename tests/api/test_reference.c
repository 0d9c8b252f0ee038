/* References of a session: the last one ends it, one too many is reported. */
#include "fixture.h"

START_TEST(references_are_counted) {
  ck_assert_ptr_eq(coap_session_reference(fx.session), fx.session);
  coap_session_release(fx.session);
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_ESTABLISHED);
  coap_session_release(fx.session);
  ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), 1);
  coap_session_release(fx.session);
  fx_reason("coap_session_release: this session has no reference left");
  coap_session_release(NULL);
  ck_assert_str_eq(coap_last_error(), "");
  ck_assert_ptr_null(coap_session_reference(NULL));
  ck_assert_ptr_null(coap_session_reference((coap_session_t *)&fx));
}
END_TEST

FX_SUITE("reference", references_are_counted)
