/* Numbers in option values. */
#include "fixture.h"

START_TEST(encoding_is_the_shortest) {
  uint8_t buf[8] = {9, 9, 9, 9, 9, 9, 9, 9};
  ck_assert_uint_eq(coap_encode_var_safe(buf, 4, 0), 0);
  ck_assert_uint_eq(buf[0], 9);
  ck_assert_uint_eq(coap_encode_var_safe(buf, 4, 300), 2);
  ck_assert_mem_eq(buf, "\x01\x2c\x09", 3);
  ck_assert_uint_eq(coap_encode_var_safe(buf, 4, 0xffffffffu), 4);
  ck_assert_uint_eq(coap_encode_var_safe8(buf, 8, UINT64_C(1) << 40), 6);
  ck_assert_mem_eq(buf, "\x01\0\0\0\0\0", 6);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
  uint8_t buf[2] = {7, 7};
  ck_assert_uint_eq(coap_encode_var_safe(buf, 1, 300), 0);
  fx_reason("needs 2 bytes");
  ck_assert_mem_eq(buf, "\x07\x07", 2);
  ck_assert_uint_eq(coap_encode_var_safe(NULL, 4, 1), 0);
  fx_reason("there are 0");
}
END_TEST

START_TEST(decoding) {
  ck_assert_uint_eq(coap_decode_var_bytes((const uint8_t *)"\x01\x2c", 2), 300);
  ck_assert_uint_eq(coap_decode_var_bytes((const uint8_t *)"\0\0\0\x05\x01", 5), 0x501);
  ck_assert_uint_eq(coap_decode_var_bytes((const uint8_t *)"", 0), 0);
  ck_assert_uint_eq(coap_decode_var_bytes(NULL, 2), 0);
  ck_assert_uint_eq(coap_decode_var_bytes((const uint8_t *)"\1\2\3\4\5", 5), 0);
  fx_reason("5 bytes is longer than 4");
  ck_assert_uint_eq(coap_decode_var_bytes8((const uint8_t *)"\1\2\3\4\5", 5),
                    UINT64_C(0x0102030405));
}
END_TEST

START_TEST(highest_bit) {
  ck_assert_int_eq(coap_fls(0), 0);
  ck_assert_int_eq(coap_fls(1), 1);
  ck_assert_int_eq(coap_fls(0x80000000u), 32);
  ck_assert_int_eq(coap_flsll(1LL << 40), 41);
  ck_assert_int_eq(coap_flsll(-1), 64);
}
END_TEST

FX_SUITE("encode", encoding_is_the_shortest, what_does_not_fit_is_refused, decoding, highest_bit)
