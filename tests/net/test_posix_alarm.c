/* The descriptor that becomes readable when a timer is due. */
#include <check.h>
#include <poll.h>

#include "net/posix.h"
#include "support/check_main.h"

static cs_net net;

static void set_up(void) {
  ck_assert_int_eq(cs_net_posix_new(&cs_net_heap_alloc, &net), CS_OK);
}

static void tear_down(void) {
  cs_net_posix_free(&net, &cs_net_heap_alloc);
}

static int readable(int timeout_ms) {
  struct pollfd p = {.fd = net.ops->loop_fd(net.self), .events = POLLIN};
  return poll(&p, 1, timeout_ms);
}

static cs_err alarm_at(cs_time at) {
  return net.ops->alarm(net.self, at);
}

START_TEST(rings_when_it_is_time) {
  cs_time begin = net.ops->now(net.self);
  cs_time at = begin + 20 * CS_MILLISECOND;
  ck_assert_int_eq(alarm_at(at), CS_OK);
  ck_assert_int_eq(readable(10000), 1);
  ck_assert_uint_ge(net.ops->now(net.self), at);
  /* It says no more than that: no descriptor is ready. */
  cs_net_ready ready[4];
  ck_assert_uint_eq(net.ops->wait(net.self, ready, 4, 0), 0);
  ck_assert_int_eq(readable(0), 1);
  ck_assert_int_eq(alarm_at(net.ops->now(net.self) + 1000 * CS_SECOND), CS_OK);
  ck_assert_int_eq(readable(0), 0);
}
END_TEST

START_TEST(a_time_that_has_passed_rings_at_once) {
  ck_assert_int_eq(alarm_at(0), CS_OK);
  ck_assert_int_eq(readable(10000), 1);
  ck_assert_int_eq(alarm_at(CS_TIME_NEVER), CS_OK);
  ck_assert_int_eq(readable(0), 0);
}
END_TEST

START_TEST(costs_nothing_until_asked_for) {
  ck_assert_int_eq(alarm_at(CS_TIME_NEVER), CS_OK);
  ck_assert_int_eq(((cs_net_posix *)net.self)->alarm, -1);
  ck_assert_int_eq(readable(0), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("net/posix_alarm");
  TCase *tc = tcase_create("alarm");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_test(tc, rings_when_it_is_time);
  tcase_add_test(tc, a_time_that_has_passed_rings_at_once);
  tcase_add_test(tc, costs_nothing_until_asked_for);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
