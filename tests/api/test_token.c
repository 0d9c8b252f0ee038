/* Tokens, Message IDs, and messages made for a session. */
#include "fixture.h"

START_TEST(random_tokens_differ) {
  uint8_t a[8], b[8];
  size_t n = 99;
  coap_session_new_token(fx.session, &n, a);
  ck_assert_uint_eq(n, 4);
  coap_session_new_token(fx.session, &n, b);
  ck_assert_int_ne(memcmp(a, b, 4), 0);
  coap_session_new_token(NULL, &n, a);
  ck_assert_uint_eq(n, 0);
  coap_session_new_token(fx.session, NULL, a);
  fx_reason("length is NULL");
}
END_TEST

START_TEST(counted_tokens_skip_those_in_use) {
  uint8_t t[8];
  size_t n;
  coap_session_init_token(fx.session, 2, (const uint8_t *)"\x00\xfe");
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, fx.session);
  coap_add_token(pdu, 2, (const uint8_t *)"\x01\x00");
  coap_send(fx.session, pdu);
  coap_session_new_token(fx.session, &n, t);
  ck_assert_uint_eq(n, 2);
  ck_assert_mem_eq(t, "\x00\xff", 2);
  coap_session_new_token(fx.session, &n, t);
  ck_assert_mem_eq(t, "\x01\x01", 2);
  coap_session_init_token(fx.session, 9, t);
  fx_reason("1 to 8 bytes");
  coap_session_init_token(fx.session, 1, NULL);
  fx_reason("1 to 8 bytes");
}
END_TEST

START_TEST(message_ids_follow_each_other) {
  uint16_t a = coap_new_message_id(fx.session);
  ck_assert_uint_eq(coap_new_message_id(fx.session), (uint16_t)(a + 1));
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_NON, COAP_REQUEST_CODE_GET, fx.session);
  ck_assert_int_eq(coap_pdu_get_mid(pdu), (uint16_t)(a + 2));
  coap_delete_pdu(pdu);
  ck_assert_uint_eq(coap_new_message_id(NULL), 0);
  fx_reason("session is NULL");
  ck_assert_ptr_null(coap_new_pdu((coap_pdu_type_t)7, COAP_EMPTY_CODE, fx.session));
}
END_TEST

START_TEST(message_ids_are_not_used_again_too_early) {
  unsigned n = 0;
  while (!coap_last_rule() && !*coap_last_error() && n <= 65536) {
    coap_new_message_id(fx.session);
    n++;
  }
  ck_assert_uint_le(n, 65536);
  fx_reason("Message IDs");
  cs_test_net_advance(fx.net, 248 * CS_SECOND);
  coap_new_message_id(fx.session);
  ck_assert_str_eq(coap_last_error(), "");
}
END_TEST

START_TEST(duplicates) {
  coap_opt_filter_t drop;
  coap_opt_iterator_t oi;
  coap_option_filter_clear(&drop);
  coap_option_filter_set(&drop, COAP_OPTION_URI_PATH);
  coap_pdu_t *old = fx_request(COAP_MESSAGE_NON, COAP_REQUEST_CODE_FETCH);
  coap_add_option(old, COAP_OPTION_URI_QUERY, 1, (const uint8_t *)"q");
  coap_add_data(old, 1, (const uint8_t *)"d");
  coap_pdu_t *pdu = coap_pdu_duplicate(old, fx.session, 2, (const uint8_t *)"tt", &drop);
  size_t len;
  const uint8_t *data;
  ck_assert_int_eq(coap_pdu_get_type(pdu), COAP_MESSAGE_NON);
  ck_assert_int_eq(coap_pdu_get_code(pdu), COAP_REQUEST_CODE_FETCH);
  ck_assert_int_ne(coap_pdu_get_mid(pdu), coap_pdu_get_mid(old));
  ck_assert_mem_eq(coap_pdu_get_token(pdu).s, "tt", 2);
  ck_assert_ptr_null(coap_check_option(pdu, COAP_OPTION_URI_PATH, &oi));
  ck_assert_ptr_nonnull(coap_check_option(pdu, COAP_OPTION_URI_QUERY, &oi));
  ck_assert_int_eq(coap_get_data(pdu, &len, &data), 0);
  coap_delete_pdu(pdu);
  ck_assert_ptr_null(coap_pdu_duplicate(old, NULL, 0, NULL, NULL));
  ck_assert_ptr_null(coap_pdu_duplicate(old, fx.session, 5, NULL, NULL));
  ck_assert_ptr_null(coap_pdu_duplicate(NULL, fx.session, 0, NULL, NULL));
  fx_reason("old_pdu is NULL");
  coap_delete_pdu(old);
}
END_TEST

FX_SUITE("token", random_tokens_differ, counted_tokens_skip_those_in_use,
         message_ids_follow_each_other, message_ids_are_not_used_again_too_early, duplicates)
