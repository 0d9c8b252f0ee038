#include <check.h>
#include <poll.h>

#include "net/posix.h"
#include "support/check_main.h"
#include "support/memory.h"

static cs_test_memory memory;
static cs_net net;

static void set_up(void) {
  cs_test_memory_init(&memory);
  ck_assert_int_eq(cs_net_posix_new(&memory.alloc, &net), CS_OK);
}

static void tear_down(void) {
  cs_net_posix_free(&net, &memory.alloc);
  ck_assert_uint_eq(memory.out_bytes, 0);
}

static int readable(int timeout) {
  struct pollfd p = {.fd = net.ops->loop_fd(net.self), .events = POLLIN};
  return poll(&p, 1, timeout);
}

static void set(cs_time at) {
  ck_assert_int_eq(net.ops->alarm(net.self, at), CS_OK);
}

START_TEST(an_alarm_makes_the_loop_readable_at_its_time) {
  cs_time at = net.ops->now(net.self) + 2000;
  set(at);
  ck_assert_int_eq(readable(10000), 1);
  ck_assert_uint_ge(net.ops->now(net.self), at);
}
END_TEST

START_TEST(a_time_that_has_passed_rings_at_once) {
  set(0);
  ck_assert_int_eq(readable(10000), 1);
}
END_TEST

START_TEST(an_alarm_is_no_readiness_of_a_socket) {
  cs_net_ready r[4];
  set(0);
  ck_assert_int_eq(readable(10000), 1);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 4, CS_TIME_NEVER), 0);
}
END_TEST

START_TEST(an_alarm_can_be_taken_back) {
  set(CS_TIME_NEVER); /* none was ever set */
  set(0);
  ck_assert_int_eq(readable(10000), 1);
  set(CS_TIME_NEVER);
  ck_assert_int_eq(readable(0), 0);
  set(net.ops->now(net.self) + 3600 * CS_SECOND);
  ck_assert_int_eq(readable(0), 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/posix_alarm");
  TCase *c = tcase_create("posix_alarm");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_test(c, an_alarm_makes_the_loop_readable_at_its_time);
  tcase_add_test(c, a_time_that_has_passed_rings_at_once);
  tcase_add_test(c, an_alarm_is_no_readiness_of_a_socket);
  tcase_add_test(c, an_alarm_can_be_taken_back);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
