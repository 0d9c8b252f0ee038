/* Reading messages and changing their header. */
#include "fixture.h"

START_TEST(header_fields) {
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 5, 100);
  coap_pdu_set_type(pdu, COAP_MESSAGE_NON);
  coap_pdu_set_code(pdu, COAP_REQUEST_CODE_FETCH);
  coap_pdu_set_mid(pdu, 65535);
  coap_pdu_set_type(pdu, (coap_pdu_type_t)9);
  fx_reason("type 9");
  coap_pdu_set_code(pdu, (coap_pdu_code_t)0xc1);
  fx_reason("RFC7252#4.2:code-class-reserved");
  coap_pdu_set_mid(pdu, -5);
  fx_reason("Message ID -5");
  ck_assert_int_eq(coap_pdu_get_type(pdu), COAP_MESSAGE_NON);
  ck_assert_int_eq(coap_pdu_get_code(pdu), COAP_REQUEST_CODE_FETCH);
  ck_assert_int_eq(coap_pdu_get_mid(pdu), 65535);
  ck_assert_uint_eq(coap_pdu_get_token(pdu).length, 0);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(payload) {
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 5, 100);
  size_t len = 9, offset = 9, total = 9;
  const uint8_t *data = (const uint8_t *)"";
  ck_assert_int_eq(coap_get_data(pdu, &len, &data), 0);
  ck_assert_uint_eq(len, 0);
  ck_assert_ptr_null(data);
  coap_add_data(pdu, 3, (const uint8_t *)"abc");
  ck_assert_int_eq(coap_get_data_large(pdu, &len, &data, &offset, &total), 1);
  ck_assert_uint_eq(len, 3);
  ck_assert_mem_eq(data, "abc", 3);
  ck_assert_uint_eq(offset, 0);
  ck_assert_uint_eq(total, 3);
  ck_assert_int_eq(coap_get_data(pdu, NULL, &data), 0);
  fx_reason("is NULL");
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(null_is_survived) {
  ck_assert_int_eq(coap_pdu_get_type(NULL), 0);
  ck_assert_int_eq(coap_pdu_get_code(NULL), 0);
  ck_assert_int_eq(coap_pdu_get_mid(NULL), COAP_INVALID_MID);
  ck_assert_ptr_null(coap_pdu_get_token(NULL).s);
  coap_pdu_set_mid(NULL, 1);
  fx_reason("pdu is NULL");
  coap_delete_pdu(NULL);
}
END_TEST

static coap_response_t steal(coap_session_t *session, const coap_pdu_t *sent,
                             const coap_pdu_t *received, const coap_mid_t mid) {
  (void)sent;
  (void)mid;
  coap_pdu_t *view = (coap_pdu_t *)(uintptr_t)received;
  coap_delete_pdu(view);
  fx_reason("belongs to the library");
  coap_pdu_set_mid(view, 1);
  fx_reason("belongs to the library");
  ck_assert_int_eq(coap_add_data(view, 1, (const uint8_t *)"x"), 0);
  ck_assert_int_eq(coap_send(session, view), COAP_INVALID_MID);
  fx_reason("a received message is not sent");
  fx_append(fx.told, sizeof fx.told, "seen\n");
  return COAP_RESPONSE_OK;
}

START_TEST(received_messages_are_not_the_applications) {
  fx.serve = fx_serve_hi;
  coap_register_response_handler(fx.ctx, steal);
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  FX_TOLD("seen\n");
}
END_TEST

START_TEST(phrases) {
  ck_assert_str_eq(coap_response_phrase(COAP_RESPONSE_CODE(205)), "Content");
  ck_assert_str_eq(coap_response_phrase(COAP_RESPONSE_CODE(508)), "Hop Limit Reached");
  ck_assert_ptr_null(coap_response_phrase(COAP_REQUEST_GET));
  ck_assert_ptr_null(coap_response_phrase(255));
}
END_TEST

FX_SUITE("pdu_access", header_fields, payload, null_is_survived,
         received_messages_are_not_the_applications, phrases)
