/* Sets of option numbers. */
#include "fixture.h"

START_TEST(a_filter_holds_so_many_of_each) {
  coap_opt_filter_t f;
  coap_option_filter_clear(&f);
  for (uint16_t i = 1; i <= COAP_OPT_FILTER_SHORT; i++)
    ck_assert_int_eq(coap_option_filter_set(&f, i), 1);
  ck_assert_int_eq(coap_option_filter_set(&f, 100), 0);
  fx_reason("the filter is full");
  ck_assert_int_eq(coap_option_filter_set(&f, 1), 1);
  for (uint16_t i = 300; i < 300 + COAP_OPT_FILTER_LONG; i++)
    ck_assert_int_eq(coap_option_filter_set(&f, i), 1);
  ck_assert_int_eq(coap_option_filter_set(&f, 999), 0);
  ck_assert_int_eq(coap_option_filter_unset(&f, 2), 1);
  ck_assert_int_eq(coap_option_filter_unset(&f, 2), 0);
  ck_assert_int_eq(coap_option_filter_get(&f, 2), 0);
  ck_assert_int_eq(coap_option_filter_set(&f, 100), 1);
  ck_assert_int_eq(coap_option_filter_get(&f, 100), 1);
  ck_assert_int_eq(coap_option_filter_get(&f, 301), 1);
  ck_assert_int_eq(coap_option_filter_get(&f, 302), 0);
}
END_TEST

START_TEST(null_is_survived) {
  coap_option_filter_clear(NULL);
  fx_reason("filter is NULL");
  ck_assert_int_eq(coap_option_filter_set(NULL, 1), 0);
  ck_assert_int_eq(coap_option_filter_unset(NULL, 1), 0);
  ck_assert_int_eq(coap_option_filter_get(NULL, 1), 0);
}
END_TEST

FX_SUITE("filter", a_filter_holds_so_many_of_each, null_is_survived)
