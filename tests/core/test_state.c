/* A session's clock and settings. */
#include <check.h>
#include <signal.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void setup(void) {
  cs_test_session_open(&t, CS_CLIENT, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

#ifndef NDEBUG
START_TEST(time_does_not_run_backwards) {
  cs_core_expire(t.s, t.now - 1);
}
END_TEST
#endif

START_TEST(the_mtu_is_bounded) {
  ck_assert_int_eq(cs_core_set_mtu(t.s, 63), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_core_set_mtu(t.s, 65536), CS_ERR_ARGUMENT);
  ck_assert_uint_eq(cs_core_get_mtu(t.s), 1152);
  ck_assert_int_eq(cs_core_set_mtu(t.s, 64), CS_OK);
  ck_assert_uint_eq(cs_core_get_mtu(t.s), 64);
}
END_TEST

START_TEST(the_clock_is_the_latest_time_told) {
  ck_assert_uint_eq(cs_core_now(t.s), t.now);
  cs_test_pass(&t, 5);
  ck_assert_uint_eq(cs_core_now(t.s), t.now);
}
END_TEST

START_TEST(parameters_are_the_defaults_until_they_are_set) {
  ck_assert_uint_eq(cs_core_get_params(t.s)->ack_timeout, 2 * CS_SECOND);
  cs_core_params p = cs_core_params_default;
  p.ack_timeout = CS_SECOND;
  ck_assert_int_eq(cs_core_set_params(t.s, &p), CS_OK);
  p.ack_timeout = 0;
  ck_assert_int_eq(cs_core_set_params(t.s, &p), CS_ERR_ARGUMENT);
  ck_assert_uint_eq(cs_core_get_params(t.s)->ack_timeout, CS_SECOND);
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/state");
  TCase *c = tcase_create("state");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, the_mtu_is_bounded);
  tcase_add_test(c, the_clock_is_the_latest_time_told);
  tcase_add_test(c, parameters_are_the_defaults_until_they_are_set);
#ifndef NDEBUG
  tcase_add_test_raise_signal(c, time_does_not_run_backwards, SIGABRT);
#endif
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
