/* Strings and binaries. */
#include "fixture.h"

START_TEST(strings) {
  coap_string_t *s = coap_new_string(3);
  ck_assert_uint_eq(s->length, 3);
  ck_assert_uint_eq(s->s[3], 0);
  memcpy(s->s, "abc", 3);
  coap_str_const_t *c = coap_new_str_const((const uint8_t *)"abc", 3);
  ck_assert(coap_string_equal(s, c));
  ck_assert_uint_eq(c->s[3], 0);
  /* Programs shorten what they were given; deleting must not care. */
  s->length = 1;
  ck_assert(!coap_string_equal(s, c));
  coap_delete_string(s);
  coap_delete_str_const(c);
  coap_delete_string(NULL);
  ck_assert_ptr_null(coap_new_str_const(NULL, 3));
  fx_reason("data is NULL");
  ck_assert_ptr_null(coap_new_string(SIZE_MAX));
  fx_reason("memory");
  c = coap_new_str_const(NULL, 0);
  ck_assert_uint_eq(c->length, 0);
  coap_delete_str_const(c);
}
END_TEST

START_TEST(binaries) {
  coap_binary_t *b = coap_new_binary(2);
  memcpy(b->s, "xy", 2);
  b = coap_resize_binary(b, 4);
  ck_assert_uint_eq(b->length, 4);
  ck_assert_mem_eq(b->s, "xy", 2);
  b = coap_resize_binary(b, 1);
  coap_bin_const_t *c = coap_new_bin_const((const uint8_t *)"x", 1);
  ck_assert(coap_binary_equal(b, c));
  coap_delete_bin_const(c);
  fx.memory.fail_at = fx.memory.calls + 1;
  ck_assert_ptr_null(coap_resize_binary(b, 100));
  ck_assert_uint_eq(b->length, 1);
  coap_delete_binary(b);
  b = coap_resize_binary(NULL, 5);
  ck_assert_uint_eq(b->length, 5);
  coap_delete_binary(b);
}
END_TEST

START_TEST(static_strings_take_turns) {
  coap_str_const_t *a = coap_make_str_const("one");
  coap_str_const_t *b = coap_make_str_const("three");
  ck_assert_uint_eq(a->length, 3);
  ck_assert_uint_eq(b->length, 5);
  ck_assert_ptr_eq(coap_make_str_const("x"), a);
  ck_assert_ptr_null(coap_make_str_const(NULL));
  fx_reason("string is NULL");
}
END_TEST

FX_SUITE("str", strings, binaries, static_strings_take_turns)
