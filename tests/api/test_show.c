/* Messages printed in the notation. */
#include "fixture.h"

START_TEST(pdus_are_shown) {
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 0x7d34, 100);
  coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"x");
  coap_add_data(pdu, 3, (const uint8_t *)"abc");
  coap_set_show_pdu_output(0);
  coap_show_pdu(COAP_LOG_INFO, pdu);
  ck_assert_str_eq(fx.logged, "");
  coap_show_pdu(COAP_LOG_WARN, pdu);
  ck_assert_str_eq(fx.logged, "CON PUT mid=0x7d34 Uri-Path=\"x\" payload=\"abc\"\n");
  fx.logged[0] = '\0';
  coap_enable_pdu_data_output(0);
  coap_show_pdu(COAP_LOG_WARN, pdu);
  ck_assert_str_eq(fx.logged, "CON PUT mid=0x7d34 Uri-Path=\"x\" payload of 3 bytes\n");
  coap_delete_pdu(pdu);
  coap_show_pdu(COAP_LOG_WARN, NULL);
  fx_reason("pdu is NULL");
}
END_TEST

START_TEST(long_ones_are_cut) {
  static uint8_t body[9000];
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, 0);
  coap_add_data(pdu, sizeof body, body);
  coap_set_show_pdu_output(0);
  coap_show_pdu(COAP_LOG_WARN, pdu);
  ck_assert_uint_gt(strlen(fx.logged), 100);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(tls_texts) {
  char text[8];
  ck_assert_str_eq(coap_string_tls_version(text, sizeof text), "TLS Lib");
  ck_assert_ptr_null(coap_string_tls_support(NULL, 5));
  ck_assert_ptr_null(coap_string_tls_support(text, 0));
  coap_set_show_pdu_output(0);
  coap_show_tls_version(COAP_LOG_ERR);
  ck_assert_ptr_nonnull(strstr(fx.logged, coap_dtls_is_supported() ? "TLS Library: mbedTLS "
                                                                   : "TLS Library: None\n"));
}
END_TEST

FX_SUITE("show", pdus_are_shown, long_ones_are_cut, tls_texts)
