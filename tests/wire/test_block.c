#include "wire/block.h"

#include "support/check_main.h"

struct sample {
  uint32_t num;
  bool more;
  uint8_t szx;
  uint8_t bytes[3];
  size_t len;
};

static const struct sample samples[] = {
    {0, false, 0, {0}, 0},
    {0, false, 6, {0x06}, 1},
    {0, true, 2, {0x0a}, 1},
    {1, false, 2, {0x12}, 1},
    {15, true, 6, {0xfe}, 1},
    {16, false, 0, {0x01, 0x00}, 2},
    {4095, true, 6, {0xff, 0xfe}, 2},
    {4096, false, 0, {0x01, 0x00, 0x00}, 3},
    {CS_WIRE_BLOCK_NUM_MAX, true, 6, {0xff, 0xff, 0xfe}, 3},
    {5, true, 7, {0x5f}, 1},
};

START_TEST(value_and_fields_agree) {
  const struct sample *s = &samples[_i];
  cs_wire_block b;
  ck_assert_int_eq(cs_wire_block_parse(cs_span_of(s->bytes, s->len), s->szx == 7, &b),
                   CS_RULE_NONE);
  ck_assert_uint_eq(b.num, s->num);
  ck_assert_int_eq(b.more, s->more);
  ck_assert_uint_eq(b.szx, s->szx);
  uint8_t buf[3];
  ck_assert_uint_eq(cs_wire_block_put(&b, buf), s->len);
  ck_assert_mem_eq(buf, s->bytes, s->len);
}
END_TEST

START_TEST(leading_zeros_are_read) {
  static const uint8_t padded[] = {0x00, 0x00, 0x1b};
  cs_wire_block b;
  ck_assert_int_eq(cs_wire_block_parse(cs_span_of(padded, 3), false, &b), CS_RULE_NONE);
  ck_assert_uint_eq(b.num, 1);
  ck_assert(b.more);
  ck_assert_uint_eq(b.szx, 3);
}
END_TEST

START_TEST(szx_7_needs_bert) {
  static const uint8_t value[] = {0x17};
  cs_wire_block b = {77, true, 3};
  cs_rule broken = cs_wire_block_parse(cs_span_of(value, 1), false, &b);
  ck_assert_str_eq(cs_base_rule_id(broken), "RFC7959#2.2:block-size-reserved");
  ck_assert_uint_eq(b.num, 77);
  ck_assert_int_eq(cs_wire_block_parse(cs_span_of(value, 1), true, &b), CS_RULE_NONE);
  ck_assert_uint_eq(b.num, 1);
  ck_assert_uint_eq(b.szx, 7);
}
END_TEST

START_TEST(four_bytes_are_too_long) {
  static const uint8_t value[] = {0, 0, 0, 6};
  cs_wire_block b = {77, true, 3};
  cs_rule broken = cs_wire_block_parse(cs_span_of(value, 4), false, &b);
  ck_assert_str_eq(cs_base_rule_id(broken), "RFC7252#5.4.3:option-length");
  ck_assert_uint_eq(b.num, 77);
}
END_TEST

START_TEST(fields_out_of_range_are_refused) {
  uint8_t buf[3] = {1, 2, 3};
  cs_wire_block num = {CS_WIRE_BLOCK_NUM_MAX + 1, false, 6};
  cs_wire_block szx = {1, false, 8};
  ck_assert_uint_eq(cs_wire_block_put(&num, buf), SIZE_MAX);
  ck_assert_uint_eq(cs_wire_block_put(&szx, buf), SIZE_MAX);
  ck_assert_uint_eq(buf[0], 1);
}
END_TEST

START_TEST(sizes_double) {
  for (uint8_t szx = 0; szx <= 6; szx++)
    ck_assert_uint_eq(cs_wire_block_size(szx), 16u << szx);
  ck_assert_uint_eq(cs_wire_block_size(7), 1024);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/block");
  TCase *tc = tcase_create("block");
  tcase_add_loop_test(tc, value_and_fields_agree, 0, (int)(sizeof samples / sizeof *samples));
  tcase_add_test(tc, leading_zeros_are_read);
  tcase_add_test(tc, szx_7_needs_bert);
  tcase_add_test(tc, four_bytes_are_too_long);
  tcase_add_test(tc, fields_out_of_range_are_refused);
  tcase_add_test(tc, sizes_double);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
