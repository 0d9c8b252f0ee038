/* Block options and bodies (RFC 7959). */
#include "fixture.h"

static coap_pdu_t *pdu_of(size_t size) {
  return coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, size);
}

START_TEST(read_what_is_there) {
  coap_pdu_t *pdu = pdu_of(100);
  coap_block_t b = {9, 1, 1};
  coap_block_b_t bb;
  ck_assert_int_eq(coap_get_block(pdu, COAP_OPTION_BLOCK2, &b), 0);
  coap_add_option(pdu, COAP_OPTION_BLOCK2, 1, (const uint8_t *)"\x07");
  ck_assert_int_eq(coap_get_block(pdu, COAP_OPTION_BLOCK2, &b), 0);
  fx_reason("RFC7959#2.2:block-size-reserved");
  ck_assert_uint_eq(b.num, 9);
  coap_add_option(pdu, COAP_OPTION_BLOCK1, 2, (const uint8_t *)"\x12\x3e");
  ck_assert_int_eq(coap_get_block(pdu, COAP_OPTION_BLOCK1, &b), 1);
  ck_assert(b.num == 0x123 && b.m == 1 && b.szx == 6);
  ck_assert_int_eq(coap_get_block_b(NULL, pdu, COAP_OPTION_BLOCK1, &bb), 1);
  ck_assert(bb.num == 0x123 && bb.m && bb.szx == 6 && bb.defined && !bb.bert);
  ck_assert_uint_eq(bb.chunk_size, 1024);
  coap_opt_iterator_t oi;
  coap_opt_t *o = coap_check_option(pdu, COAP_OPTION_BLOCK1, &oi);
  ck_assert_uint_eq(coap_opt_block_num(o), 0x123);
  ck_assert_int_ne(COAP_OPT_BLOCK_MORE(o), 0);
  ck_assert_int_eq(COAP_OPT_BLOCK_SZX(o), 6);
  ck_assert_uint_eq(coap_opt_block_num(NULL), 0);
  ck_assert_int_eq(coap_get_block(pdu, COAP_OPTION_BLOCK1, NULL), 0);
  ck_assert_int_eq(coap_get_block(NULL, COAP_OPTION_BLOCK1, &b), 0);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(write_fits_the_message) {
  coap_block_t b = {0, 0, 6};
  coap_pdu_t *pdu = pdu_of(100);
  /* 100 bytes hold a block of 64, not one of 1024. */
  ck_assert_int_eq(coap_write_block_opt(&b, COAP_OPTION_BLOCK1, pdu, 1000), 1);
  ck_assert(b.num == 0 && b.m == 1 && b.szx == 2);
  coap_delete_pdu(pdu);
  b = (coap_block_t){1, 0, 2};
  pdu = pdu_of(1000);
  ck_assert_int_eq(coap_write_block_opt(&b, COAP_OPTION_BLOCK1, pdu, 128), 1);
  ck_assert(b.num == 1 && b.m == 0 && b.szx == 2);
  b = (coap_block_t){2, 0, 2};
  ck_assert_int_eq(coap_write_block_opt(&b, COAP_OPTION_BLOCK2, pdu, 128), -1);
  fx_reason("behind a body of 128");
  coap_delete_pdu(pdu);
  pdu = pdu_of(20);
  b = (coap_block_t){0, 0, 2};
  ck_assert_int_eq(coap_write_block_opt(&b, COAP_OPTION_BLOCK1, pdu, 128), -2);
  b.szx = 7;
  ck_assert_int_eq(coap_write_block_opt(&b, COAP_OPTION_BLOCK1, pdu, 128), 0);
  ck_assert_int_eq(coap_write_block_opt(NULL, COAP_OPTION_BLOCK1, pdu, 128), 0);
  coap_delete_pdu(pdu);
  coap_block_b_t bb = {.num = 1, .szx = 0};
  pdu = pdu_of(0);
  ck_assert_int_eq(coap_write_block_b_opt(NULL, &bb, COAP_OPTION_BLOCK1, pdu, 33), 1);
  ck_assert(bb.m && bb.chunk_size == 16 && bb.defined);
  ck_assert_int_eq(coap_write_block_b_opt(NULL, NULL, COAP_OPTION_BLOCK1, pdu, 33), 0);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(payload_of_a_block) {
  const uint8_t body[] = "0123456789abcdefXYZ";
  coap_pdu_t *pdu = pdu_of(0);
  size_t len;
  const uint8_t *data;
  ck_assert_int_eq(coap_add_block(pdu, 19, body, 2, 0), 0);
  fx_reason("behind the body's end");
  ck_assert_int_eq(coap_add_block(pdu, 19, body, 1, 7), 0);
  ck_assert_int_eq(coap_add_block(pdu, 19, body, 1, 0), 1);
  coap_get_data(pdu, &len, &data);
  ck_assert_uint_eq(len, 3);
  ck_assert_mem_eq(data, "XYZ", 3);
  coap_delete_pdu(pdu);
  pdu = pdu_of(0);
  coap_block_b_t b = {.num = 0, .szx = 0, .chunk_size = 16};
  ck_assert_int_eq(coap_add_block_b_data(pdu, 19, body, &b), 1);
  coap_get_data(pdu, &len, &data);
  ck_assert_uint_eq(len, 16);
  ck_assert_int_eq(coap_add_block_b_data(pdu, 19, body, NULL), 0);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(body_is_put_together) {
  coap_binary_t *b = coap_block_build_body(NULL, 2, (const uint8_t *)"cd", 2, 6);
  ck_assert_uint_eq(b->length, 6);
  ck_assert_mem_eq(b->s, "\0\0cd\0\0", 6);
  b = coap_block_build_body(b, 2, (const uint8_t *)"ab", 0, 6);
  b = coap_block_build_body(b, 4, (const uint8_t *)"efgh", 4, 0);
  ck_assert_uint_eq(b->length, 8);
  ck_assert_mem_eq(b->s, "abcdefgh", 8);
  ck_assert_ptr_null(coap_block_build_body(b, 2, (const uint8_t *)"xx", SIZE_MAX - 1, 0));
  fx_reason("at most 16 MiB");
  b = coap_block_build_body(NULL, 1, (const uint8_t *)"a", 0, 0);
  fx.memory.fail_at = fx.memory.calls + 1;
  ck_assert_ptr_null(coap_block_build_body(b, 1, (const uint8_t *)"b", 100, 0));
}
END_TEST

FX_SUITE("block", read_what_is_there, write_fits_the_message, payload_of_a_block,
         body_is_put_together)
