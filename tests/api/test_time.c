/* Ticks and calendar time. */
#include "fixture.h"

START_TEST(ticks_go_on_and_translate) {
  coap_tick_t a = 0, b = 0;
  coap_clock_init();
  coap_ticks(&a);
  coap_ticks(&b);
  ck_assert(coap_time_le(a, b));
  ck_assert(coap_time_lt(UINT64_MAX, 5)); /* the counter wrapped */
  time_t now = time(NULL);
  ck_assert_int_ge(coap_ticks_to_rt(b) + 1, now);
  ck_assert_int_le(coap_ticks_to_rt(a), now + 1);
  coap_tick_t back = coap_ticks_from_rt_us(coap_ticks_to_rt_us(b));
  ck_assert(back + 5 >= b && back <= b + 5);
  ck_assert_uint_eq(coap_ticks_from_rt_us(0), 0);
  coap_ticks(NULL);
  fx_reason("t is NULL");
}
END_TEST

FX_SUITE("time", ticks_go_on_and_translate)
