/* The loop, the clock and entropy; sockets are in test_posix_socket.c. */
#include "net/posix.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

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

static int open_any(cs_net_address *bound) {
  cs_net_address any;
  int fd = -1;
  ck_assert_int_eq(cs_net_address_literal(cs_span_str("127.0.0.1"), 0, &any), CS_OK);
  ck_assert_int_eq(net.ops->open(net.self, CS_NET_DATAGRAM, &any, NULL, &fd), CS_OK);
  ck_assert_int_eq(net.ops->local(net.self, fd, bound), CS_OK);
  return fd;
}

START_TEST(time_is_monotonic_microseconds) {
  cs_time a = net.ops->now(net.self);
  cs_time b = net.ops->now(net.self);
  ck_assert_uint_le(a, b);
  ck_assert_uint_gt(a, 0);
}
END_TEST

START_TEST(a_wait_ends_at_the_deadline_and_not_before) {
  cs_net_ready r[4];
  cs_time deadline = net.ops->now(net.self) + 3000;
  ck_assert_uint_eq(net.ops->wait(net.self, r, 4, deadline), 0);
  ck_assert_uint_ge(net.ops->now(net.self), deadline);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 4, 0), 0);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 0, CS_TIME_NEVER), 0);
}
END_TEST

START_TEST(readiness_comes_with_the_user_of_the_watch) {
  cs_net_address bound;
  int fd = open_any(&bound), tag = 0, other_tag = 0;
  cs_net_ready r[4];
  size_t sent = 0, n = 0;
  uint8_t byte;
  ck_assert_int_eq(net.ops->watch(net.self, fd, CS_NET_READ, &tag), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 4, 0), 0);
  ck_assert_int_eq(net.ops->send(net.self, fd, &bound, cs_span_str("x"), &sent), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 4, CS_TIME_NEVER), 1);
  ck_assert_ptr_eq(r[0].user, &tag);
  ck_assert_uint_eq(r[0].what, CS_NET_READ);
  struct pollfd p = {.fd = net.ops->loop_fd(net.self), .events = POLLIN};
  ck_assert_int_eq(poll(&p, 1, 0), 1);
  /* A change of mind, and of user. */
  ck_assert_int_eq(net.ops->watch(net.self, fd, CS_NET_READ | CS_NET_WRITE, &other_tag), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 4, CS_TIME_NEVER), 1);
  ck_assert_ptr_eq(r[0].user, &other_tag);
  ck_assert_uint_eq(r[0].what, CS_NET_READ | CS_NET_WRITE);
  ck_assert_int_eq(net.ops->watch(net.self, fd, 0, NULL), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 4, 0), 0);
  ck_assert_int_eq(net.ops->receive(net.self, fd, &byte, 1, &n, NULL), CS_OK);
  ck_assert_int_eq(poll(&p, 1, 0), 0);
}
END_TEST

START_TEST(watching_what_is_not_open_is_refused) {
  cs_net_address bound;
  int fd = open_any(&bound);
  ck_assert_int_eq(net.ops->watch(net.self, -1, CS_NET_READ, NULL), CS_ERR_ARGUMENT);
  ck_assert_int_eq(net.ops->watch(net.self, 9999, CS_NET_READ, NULL), CS_ERR_ARGUMENT);
  ck_assert_int_eq(net.ops->watch(net.self, STDIN_FILENO, CS_NET_READ, NULL), CS_ERR_ARGUMENT);
  net.ops->close(net.self, fd);
  ck_assert_int_eq(net.ops->watch(net.self, fd, CS_NET_READ, NULL), CS_ERR_ARGUMENT);
}
END_TEST

/* A descriptor number that is used again carries nothing of its past. */
START_TEST(a_closed_descriptor_is_forgotten) {
  cs_net_address bound;
  int fd = open_any(&bound), tag = 0;
  cs_net_ready r[4];
  size_t sent = 0;
  ck_assert_int_eq(net.ops->watch(net.self, fd, CS_NET_READ, &tag), CS_OK);
  net.ops->close(net.self, fd);
  net.ops->close(net.self, fd);
  int again = open_any(&bound);
  ck_assert_int_eq(again, fd);
  ck_assert_int_eq(net.ops->send(net.self, again, &bound, cs_span_str("x"), &sent), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 4, 0), 0);
  ck_assert_int_eq(net.ops->watch(net.self, again, CS_NET_READ, &tag), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 4, CS_TIME_NEVER), 1);
}
END_TEST

START_TEST(more_ready_than_asked_for_comes_next_time) {
  cs_net_address bound;
  cs_net_ready r[2];
  size_t sent = 0;
  for (int i = 0; i < 3; i++) {
    int fd = open_any(&bound);
    ck_assert_int_eq(net.ops->watch(net.self, fd, CS_NET_READ, NULL), CS_OK);
    ck_assert_int_eq(net.ops->send(net.self, fd, &bound, cs_span_str("x"), &sent), CS_OK);
  }
  ck_assert_uint_eq(net.ops->wait(net.self, r, 2, CS_TIME_NEVER), 2);
  ck_assert_uint_ge(net.ops->wait(net.self, r, 2, CS_TIME_NEVER), 1);
}
END_TEST

static void noticed(int signal_number) {
  (void)signal_number;
}

START_TEST(a_signal_ends_a_wait) {
  struct sigaction act = {.sa_handler = noticed};
  struct itimerval soon = {.it_value = {.tv_usec = 2000}, .it_interval = {.tv_usec = 2000}};
  cs_net_ready r[1];
  ck_assert_int_eq(sigaction(SIGALRM, &act, NULL), 0);
  ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, CS_TIME_NEVER), 0);
}
END_TEST

START_TEST(entropy_does_not_repeat_itself) {
  static uint8_t drawn[200][32];
  for (int i = 0; i < 200; i++) {
    net.ops->entropy(net.self, drawn[i], 32);
    for (int k = 0; k < i; k++)
      ck_assert_mem_ne(drawn[i], drawn[k], 32);
  }
  uint8_t large[600] = {0};
  net.ops->entropy(net.self, large, sizeof large);
  ck_assert_mem_ne(large, large + 300, 300);
}
END_TEST

START_TEST(a_child_draws_other_entropy_than_its_parent) {
  uint8_t first[4], ours[16], theirs[16];
  int pipe_fd[2];
  net.ops->entropy(net.self, first, sizeof first); /* fills what is fetched ahead */
  ck_assert_int_eq(pipe(pipe_fd), 0);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    net.ops->entropy(net.self, theirs, sizeof theirs);
    _exit(write(pipe_fd[1], theirs, sizeof theirs) == (ssize_t)sizeof theirs ? 0 : 1);
  }
  net.ops->entropy(net.self, ours, sizeof ours);
  ck_assert_int_eq(read(pipe_fd[0], theirs, sizeof theirs), sizeof theirs);
  ck_assert_mem_ne(ours, theirs, sizeof ours);
  waitpid(child, NULL, 0);
  close(pipe_fd[0]);
  close(pipe_fd[1]);
}
END_TEST

START_TEST(no_memory_is_reported_and_nothing_stays) {
  cs_test_memory m;
  cs_net n = {NULL, NULL};
  cs_test_memory_init(&m);
  m.fail_at = 1;
  ck_assert_int_eq(cs_net_posix_new(&m.alloc, &n), CS_ERR_MEMORY);
  ck_assert_ptr_null(n.ops);
  ck_assert_uint_eq(m.out_bytes, 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/posix");
  TCase *c = tcase_create("posix");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_test(c, time_is_monotonic_microseconds);
  tcase_add_test(c, a_wait_ends_at_the_deadline_and_not_before);
  tcase_add_test(c, readiness_comes_with_the_user_of_the_watch);
  tcase_add_test(c, watching_what_is_not_open_is_refused);
  tcase_add_test(c, a_closed_descriptor_is_forgotten);
  tcase_add_test(c, more_ready_than_asked_for_comes_next_time);
  tcase_add_test(c, a_signal_ends_a_wait);
  tcase_add_test(c, entropy_does_not_repeat_itself);
  tcase_add_test(c, a_child_draws_other_entropy_than_its_parent);
  tcase_add_test(c, no_memory_is_reported_and_nothing_stays);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
