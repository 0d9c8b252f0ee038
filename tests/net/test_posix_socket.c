#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/posix.h"
#include "support/check_main.h"
#include "support/memory.h"

static cs_test_memory memory;
static cs_net net;
static char folder[] = "/tmp/coapspec-socket-XXXXXX";

static void set_up(void) {
  cs_test_memory_init(&memory);
  ck_assert_int_eq(cs_net_posix_new(&memory.alloc, &net), CS_OK);
  memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void tear_down(void) {
  cs_net_posix_free(&net, &memory.alloc);
  ck_assert_uint_eq(memory.out_bytes, 0);
  ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
}

static cs_net_address ip(const char *text, uint16_t port) {
  cs_net_address a;
  ck_assert_int_eq(cs_net_address_literal(cs_span_str(text), port, &a), CS_OK);
  return a;
}

static cs_net_address path(const char *name) {
  cs_net_address a;
  char text[100];
  snprintf(text, sizeof text, "%s/%s", folder, name);
  ck_assert_int_eq(cs_net_address_unix(cs_span_str(text), &a), CS_OK);
  return a;
}

static cs_err try_open(cs_net_kind kind, const cs_net_address *local, const cs_net_address *peer,
                       int *fd) {
  return net.ops->open(net.self, kind, local, peer, fd);
}

static int opened(cs_net_kind kind, const cs_net_address *local, const cs_net_address *peer) {
  int fd = -1;
  ck_assert_int_eq(try_open(kind, local, peer, &fd), CS_OK);
  return fd;
}

static cs_net_address local_of(int fd) {
  cs_net_address a;
  ck_assert_int_eq(net.ops->local(net.self, fd, &a), CS_OK);
  return a;
}

static void wait_for(int fd, unsigned what) {
  cs_net_ready r[1];
  ck_assert_int_eq(net.ops->watch(net.self, fd, what, NULL), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, net.ops->now(net.self) + 10 * CS_SECOND), 1);
  ck_assert_int_eq(net.ops->watch(net.self, fd, 0, NULL), CS_OK);
}

static void send_text(int fd, const cs_net_address *to, const char *text) {
  size_t sent = 0;
  ck_assert_int_eq(net.ops->send(net.self, fd, to, cs_span_str(text), &sent), CS_OK);
  ck_assert_uint_eq(sent, strlen(text));
}

static cs_net_address expect_text(int fd, const char *text) {
  uint8_t buf[64];
  size_t n = 0;
  cs_net_address from;
  memset(&from, 0, sizeof from);
  wait_for(fd, CS_NET_READ);
  ck_assert_int_eq(net.ops->receive(net.self, fd, buf, sizeof buf, &n, &from), CS_OK);
  ck_assert_uint_eq(n, strlen(text));
  ck_assert_mem_eq(buf, text, n);
  return from;
}

static void there_and_back(const cs_net_address *server_local, const cs_net_address *client_local) {
  int server = opened(CS_NET_DATAGRAM, server_local, NULL);
  cs_net_address to = local_of(server);
  int client = opened(CS_NET_DATAGRAM, client_local, &to);
  send_text(client, NULL, "ping");
  cs_net_address from = expect_text(server, "ping");
  cs_net_address mine = local_of(client);
  ck_assert(cs_net_address_equal(&from, &mine));
  send_text(server, &from, "pong");
  from = expect_text(client, "pong");
  ck_assert(cs_net_address_equal(&from, &to));
  net.ops->close(net.self, client);
  net.ops->close(net.self, server);
}

START_TEST(datagrams_go_there_and_back) {
  cs_net_address v4 = ip("127.0.0.1", 0), v6 = ip("::1", 0), a = path("a"), b = path("b");
  there_and_back(&v4, NULL);
  there_and_back(&v4, &v4);
  there_and_back(&v6, NULL);
  there_and_back(&a, &b);
}
END_TEST

START_TEST(a_socket_open_to_any_address_hears_both_families) {
  int server = opened(CS_NET_DATAGRAM, NULL, NULL);
  uint16_t port = cs_net_address_port(&(cs_net_address[]){local_of(server)}[0]);
  cs_net_address v4 = ip("127.0.0.1", port), v6 = ip("::1", port);
  int one = opened(CS_NET_DATAGRAM, NULL, &v4), two = opened(CS_NET_DATAGRAM, NULL, &v6);
  send_text(one, NULL, "four");
  cs_net_address from = expect_text(server, "four");
  ck_assert_int_eq(cs_net_address_family(&from), AF_INET6);
  send_text(server, &from, "back");
  expect_text(one, "back");
  send_text(two, NULL, "six");
  expect_text(server, "six");
}
END_TEST

START_TEST(a_connected_socket_hears_its_peer_only) {
  cs_net_address v4 = ip("127.0.0.1", 0);
  int peer = opened(CS_NET_DATAGRAM, &v4, NULL), stranger = opened(CS_NET_DATAGRAM, &v4, NULL);
  cs_net_address to = local_of(peer);
  int fd = opened(CS_NET_DATAGRAM, NULL, &to);
  cs_net_address mine = local_of(fd);
  send_text(stranger, &mine, "strange");
  send_text(peer, &mine, "known");
  expect_text(fd, "known");
}
END_TEST

START_TEST(a_datagram_is_received_whole_or_not) {
  cs_net_address v4 = ip("127.0.0.1", 0), a = path("a");
  const cs_net_address *locals[] = {&v4, &a};
  for (int i = 0; i < 2; i++) {
    int fd = opened(CS_NET_DATAGRAM, locals[i], NULL);
    cs_net_address me = local_of(fd);
    uint8_t buf[4];
    size_t n = 99;
    send_text(fd, &me, "12345");
    send_text(fd, &me, "1234");
    send_text(fd, &me, "");
    wait_for(fd, CS_NET_READ);
    ck_assert_int_eq(net.ops->receive(net.self, fd, buf, 4, &n, NULL), CS_ERR_TOO_LARGE);
    ck_assert_uint_eq(n, 99);
    ck_assert_int_eq(net.ops->receive(net.self, fd, buf, 4, &n, NULL), CS_OK);
    ck_assert_uint_eq(n, 4);
    ck_assert_int_eq(net.ops->receive(net.self, fd, buf, 4, &n, NULL), CS_OK);
    ck_assert_uint_eq(n, 0);
    n = 99;
    ck_assert_int_eq(net.ops->receive(net.self, fd, buf, 4, &n, NULL), CS_ERR_AGAIN);
    ck_assert_uint_eq(n, 99);
    net.ops->close(net.self, fd);
  }
}
END_TEST

START_TEST(a_datagram_that_cannot_be_sent_is_too_large) {
  static uint8_t large[70000];
  cs_net_address v4 = ip("127.0.0.1", 0);
  int fd = opened(CS_NET_DATAGRAM, &v4, NULL);
  cs_net_address me = local_of(fd);
  size_t sent = 7;
  ck_assert_int_eq(net.ops->send(net.self, fd, &me, cs_span_of(large, sizeof large), &sent),
                   CS_ERR_TOO_LARGE);
  ck_assert_uint_eq(sent, 7);
}
END_TEST

START_TEST(a_closed_port_refuses) {
  cs_net_address v4 = ip("127.0.0.1", 0);
  int server = opened(CS_NET_DATAGRAM, &v4, NULL);
  cs_net_address to = local_of(server);
  net.ops->close(net.self, server);
  int fd = opened(CS_NET_DATAGRAM, NULL, &to);
  uint8_t buf[4];
  size_t n = 0;
  send_text(fd, NULL, "x");
  wait_for(fd, CS_NET_READ);
  ck_assert_int_eq(net.ops->receive(net.self, fd, buf, 4, &n, NULL), CS_ERR_REFUSED);
  ck_assert_int_eq(net.ops->receive(net.self, fd, buf, 4, &n, NULL), CS_ERR_AGAIN);
}
END_TEST

START_TEST(an_address_in_use_is_said_to_be) {
  cs_net_address v4 = ip("127.0.0.1", 0);
  int fd = opened(CS_NET_DATAGRAM, &v4, NULL), other = 77;
  cs_net_address taken = local_of(fd);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &taken, NULL, &other), CS_ERR_IN_USE);
  fd = opened(CS_NET_STREAM, &v4, NULL);
  taken = local_of(fd);
  ck_assert_int_eq(try_open(CS_NET_STREAM, &taken, NULL, &other), CS_ERR_IN_USE);
  v4 = ip("192.0.2.200", 0);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &v4, NULL, &other), CS_ERR_ARGUMENT);
  ck_assert_int_eq(other, 77);
}
END_TEST

START_TEST(nonsense_is_refused_before_anything_is_made) {
  cs_net_address v4 = ip("127.0.0.1", 1), v6 = ip("::1", 1), a = path("a"), b = path("b");
  cs_net_address none = {.len = 0}, port0 = ip("127.0.0.1", 0), any = ip("0.0.0.0", 1);
  cs_net_address group = ip("224.0.1.187", 5683), cut = v4;
  int fd = 77;
  cut.len--;
  ck_assert_int_eq(try_open((cs_net_kind)9, &v4, NULL, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &none, NULL, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, NULL, &none, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &cut, NULL, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &v6, &v4, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &a, &v4, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, NULL, &b, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, NULL, &port0, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, NULL, &any, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_STREAM, NULL, &group, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(fd, 77);
}
END_TEST

START_TEST(descriptors_are_non_blocking_and_not_inherited) {
  cs_net_address v4 = ip("127.0.0.1", 0);
  int fd = opened(CS_NET_DATAGRAM, &v4, NULL);
  ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  ck_assert_int_ne(fcntl(net.ops->loop_fd(net.self), F_GETFD) & FD_CLOEXEC, 0);
}
END_TEST

START_TEST(no_descriptor_left_is_a_limit) {
  struct rlimit limit, old;
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
  cs_net_address v4 = ip("127.0.0.1", 0);
  int fd = opened(CS_NET_DATAGRAM, &v4, NULL), other = 77;
  limit = (struct rlimit){(rlim_t)fd + 1, old.rlim_max};
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &v4, NULL, &other), CS_ERR_LIMIT);
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
  ck_assert_int_eq(other, 77);
}
END_TEST

/* AF_UNIX */

START_TEST(a_path_that_exists_is_not_touched) {
  cs_net_address a = path("a"), b = path("b");
  int file = open(a.u.un.sun_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600), fd = 77;
  ck_assert_int_ge(file, 0);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &a, NULL, &fd), CS_ERR_IN_USE);
  ck_assert_int_eq(try_open(CS_NET_STREAM, &a, NULL, &fd), CS_ERR_IN_USE);
  ck_assert_int_eq(access(a.u.un.sun_path, F_OK), 0);
  int live = opened(CS_NET_DATAGRAM, &b, NULL);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &b, NULL, &fd), CS_ERR_IN_USE);
  ck_assert_int_eq(access(b.u.un.sun_path, F_OK), 0);
  net.ops->close(net.self, live);
  ck_assert_int_ne(access(b.u.un.sun_path, F_OK), 0);
  ck_assert_int_eq(fd, 77);
  unlink(a.u.un.sun_path);
  close(file);
}
END_TEST

START_TEST(a_server_that_is_absent_is_known_at_once) {
  cs_net_address absent = path("absent"), mine = path("mine"), dead = path("dead");
  int fd = 77;
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &mine, &absent, &fd), CS_ERR_UNREACHABLE);
  ck_assert_int_eq(try_open(CS_NET_STREAM, NULL, &absent, &fd), CS_ERR_UNREACHABLE);
  /* A socket file that nobody serves any more. */
  int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(s, &dead.u.sa, dead.len), 0);
  close(s);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &mine, &dead, &fd), CS_ERR_REFUSED);
  ck_assert_int_ne(access(mine.u.un.sun_path, F_OK), 0);
  ck_assert_int_eq(fd, 77);
  unlink(dead.u.un.sun_path);
}
END_TEST

START_TEST(a_folder_that_is_absent_is_not_found) {
  cs_net_address a = path("no/such/a");
  int fd = 77;
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &a, NULL, &fd), CS_ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_server_that_goes_away_refuses) {
  cs_net_address a = path("a"), b = path("b");
  int server = opened(CS_NET_DATAGRAM, &a, NULL), client = opened(CS_NET_DATAGRAM, &b, &a);
  net.ops->close(net.self, server);
  size_t sent = 0;
  cs_err e = net.ops->send(net.self, client, NULL, cs_span_str("x"), &sent);
  ck_assert(e == CS_ERR_REFUSED || e == CS_ERR_CLOSED);
}
END_TEST

/* Streams */

static int accepted(int listener, cs_net_address *peer) {
  int fd = -1;
  wait_for(listener, CS_NET_READ);
  ck_assert_int_eq(net.ops->accept(net.self, listener, peer, &fd), CS_OK);
  return fd;
}

static void stream_there_and_back(const cs_net_address *local) {
  int listener = opened(CS_NET_STREAM, local, NULL), fd = 77;
  cs_net_address to = local_of(listener), peer;
  ck_assert_int_eq(net.ops->accept(net.self, listener, NULL, &fd), CS_ERR_AGAIN);
  ck_assert_int_eq(fd, 77);
  int client = opened(CS_NET_STREAM, NULL, &to);
  int server = accepted(listener, &peer);
  wait_for(client, CS_NET_WRITE);
  ck_assert_int_eq(net.ops->connected(net.self, client), CS_OK);
  ck_assert_int_ne(fcntl(server, F_GETFL) & O_NONBLOCK, 0);
  send_text(client, NULL, "hello");
  expect_text(server, "hello");
  uint8_t buf[4];
  size_t n = 99;
  ck_assert_int_eq(net.ops->receive(net.self, server, buf, 4, &n, NULL), CS_ERR_AGAIN);
  send_text(server, NULL, "abcdef");
  wait_for(client, CS_NET_READ);
  /* A short buffer takes a part; nothing of a stream gets lost. */
  ck_assert_int_eq(net.ops->receive(net.self, client, buf, 4, &n, NULL), CS_OK);
  ck_assert_uint_eq(n, 4);
  ck_assert_int_eq(net.ops->receive(net.self, client, buf, 4, &n, NULL), CS_OK);
  ck_assert_uint_eq(n, 2);
  ck_assert_int_eq(net.ops->receive(net.self, client, buf, 0, &n, NULL), CS_ERR_ARGUMENT);
  net.ops->close(net.self, server);
  wait_for(client, CS_NET_READ);
  ck_assert_int_eq(net.ops->receive(net.self, client, buf, 4, &n, NULL), CS_ERR_CLOSED);
  net.ops->close(net.self, client);
  net.ops->close(net.self, listener);
}

START_TEST(streams_connect_carry_bytes_and_end) {
  cs_net_address v4 = ip("127.0.0.1", 0), v6 = ip("::1", 0), a = path("a");
  stream_there_and_back(&v4);
  stream_there_and_back(&v6);
  stream_there_and_back(&a);
}
END_TEST

START_TEST(a_stream_that_is_refused_says_so_each_time) {
  cs_net_address v4 = ip("127.0.0.1", 0);
  int listener = opened(CS_NET_STREAM, &v4, NULL);
  cs_net_address to = local_of(listener);
  net.ops->close(net.self, listener);
  int fd = -1;
  cs_err e = try_open(CS_NET_STREAM, NULL, &to, &fd);
  if (e == CS_OK) {
    wait_for(fd, CS_NET_WRITE);
    ck_assert_int_eq(net.ops->connected(net.self, fd), CS_ERR_REFUSED);
    e = net.ops->connected(net.self, fd);
  }
  ck_assert_int_eq(e, CS_ERR_REFUSED);
}
END_TEST

START_TEST(a_full_stream_says_again_and_how_much_went) {
  static uint8_t bytes[65536];
  cs_net_address v4 = ip("127.0.0.1", 0);
  int listener = opened(CS_NET_STREAM, &v4, NULL);
  cs_net_address to = local_of(listener);
  int client = opened(CS_NET_STREAM, NULL, &to);
  int server = accepted(listener, NULL);
  size_t sent = 0, total = 0, got = 0, n = 0;
  cs_err e;
  while ((e = net.ops->send(net.self, client, NULL, cs_span_of(bytes, sizeof bytes), &sent)) ==
         CS_OK)
    total += sent;
  ck_assert_int_eq(e, CS_ERR_AGAIN);
  net.ops->close(net.self, client);
  while (got < total) {
    wait_for(server, CS_NET_READ);
    ck_assert_int_eq(net.ops->receive(net.self, server, bytes, sizeof bytes, &n, NULL), CS_OK);
    got += n;
  }
  ck_assert_uint_eq(got, total);
}
END_TEST

START_TEST(a_finished_stream_still_receives) {
  cs_net_address v4 = ip("127.0.0.1", 0);
  int listener = opened(CS_NET_STREAM, &v4, NULL);
  cs_net_address to = local_of(listener);
  int client = opened(CS_NET_STREAM, NULL, &to);
  int server = accepted(listener, NULL);
  uint8_t buf[8];
  size_t n = 0;
  ck_assert_int_eq(net.ops->finish(net.self, client), CS_OK);
  wait_for(server, CS_NET_READ);
  ck_assert_int_eq(net.ops->receive(net.self, server, buf, sizeof buf, &n, NULL), CS_ERR_CLOSED);
  send_text(server, NULL, "late");
  wait_for(client, CS_NET_READ);
  expect_text(client, "late");
  ck_assert_int_eq(net.ops->send(net.self, client, NULL, cs_span_str("x"), &n), CS_ERR_CLOSED);
  int datagram = opened(CS_NET_DATAGRAM, &v4, NULL);
  ck_assert_int_eq(net.ops->finish(net.self, datagram), CS_ERR_ARGUMENT);
}
END_TEST

START_TEST(a_stream_that_is_broken_off_was_reset) {
  cs_net_address v4 = ip("127.0.0.1", 0);
  int listener = opened(CS_NET_STREAM, &v4, NULL);
  cs_net_address to = local_of(listener);
  int client = opened(CS_NET_STREAM, NULL, &to);
  int server = accepted(listener, NULL);
  uint8_t buf[8];
  size_t n = 0;
  send_text(client, NULL, "unread"); /* closing over it makes the system reset */
  wait_for(server, CS_NET_READ);
  net.ops->close(net.self, server);
  wait_for(client, CS_NET_READ);
  ck_assert_int_eq(net.ops->receive(net.self, client, buf, sizeof buf, &n, NULL), CS_ERR_RESET);
  ck_assert_int_eq(net.ops->receive(net.self, client, buf, sizeof buf, &n, NULL), CS_ERR_CLOSED);
}
END_TEST

START_TEST(a_peer_that_has_closed_gives_closed_and_no_signal) {
  cs_net_address v4 = ip("127.0.0.1", 0);
  int listener = opened(CS_NET_STREAM, &v4, NULL);
  cs_net_address to = local_of(listener);
  int client = opened(CS_NET_STREAM, NULL, &to);
  net.ops->close(net.self, accepted(listener, NULL));
  cs_err e = CS_OK;
  for (int i = 0; i < 100 && e == CS_OK; i++) {
    size_t sent = 0;
    e = net.ops->send(net.self, client, NULL, cs_span_str("x"), &sent);
  }
  ck_assert_int_eq(e, CS_ERR_CLOSED);
}
END_TEST

START_TEST(each_failed_allocation_leaves_nothing_behind) {
  for (size_t fail = 1; fail < 10; fail++) {
    cs_net_address a = path("a"), b = path("b");
    cs_test_memory m;
    cs_net n;
    int server = -1, client = -1;
    cs_test_memory_init(&m);
    ck_assert_int_eq(cs_net_posix_new(&m.alloc, &n), CS_OK);
    m.fail_at = m.calls + fail;
    cs_err e = n.ops->open(n.self, CS_NET_DATAGRAM, &a, NULL, &server);
    if (!e)
      e = n.ops->open(n.self, CS_NET_DATAGRAM, &b, &a, &client);
    ck_assert(e == CS_OK || e == CS_ERR_MEMORY);
    ck_assert_int_eq(server == -1 ? access(a.u.un.sun_path, F_OK) : -1, -1);
    ck_assert_int_eq(client == -1 ? access(b.u.un.sun_path, F_OK) : -1, -1);
    cs_net_posix_free(&n, &m.alloc);
    ck_assert_uint_eq(m.out_bytes, 0);
    if (!e)
      return;
  }
  ck_abort_msg("more allocations than expected");
}
END_TEST

/* A socket beside a connected one: what comes from the peer stays with the
 * first, and so does the word that nobody listens there any more. */
static void hears_the_others(const char *host, const char *another) {
  cs_net_address peer_at = ip(host, 0), other_at = ip(another, 0), from;
  int peer = opened(CS_NET_DATAGRAM, &peer_at, NULL);
  int other = opened(CS_NET_DATAGRAM, &other_at, NULL);
  cs_net_address to = local_of(peer);
  int fd = opened(CS_NET_DATAGRAM, NULL, &to);
  int beside = -1;
  uint8_t buf[16];
  size_t n = 0;
  ck_assert_int_eq(net.ops->beside(net.self, fd, NULL, &beside), CS_OK);
  cs_net_address mine = local_of(fd), second = local_of(beside);
  ck_assert(cs_net_address_equal(&mine, &second));
  /* Nobody else can take the address, and what comes to it, be he ready to share it. */
  int thief = socket(cs_net_address_family(&mine), SOCK_DGRAM, 0), one = 1;
  ck_assert_int_eq(setsockopt(thief, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
  ck_assert_int_eq(bind(thief, &mine.u.sa, mine.len), -1);
  close(thief);
  ck_assert_int_eq(net.ops->send(net.self, other, &mine, cs_span_str("other"), &n), CS_OK);
  ck_assert_int_eq(net.ops->send(net.self, peer, &mine, cs_span_str("peer"), &n), CS_OK);
  ck_assert_int_eq(net.ops->receive(net.self, fd, buf, sizeof buf, &n, &from), CS_OK);
  ck_assert_uint_eq(n, 4);
  ck_assert_int_eq(net.ops->receive(net.self, fd, buf, sizeof buf, &n, NULL), CS_ERR_AGAIN);
  ck_assert_int_eq(net.ops->receive(net.self, beside, buf, sizeof buf, &n, &from), CS_OK);
  ck_assert_uint_eq(n, 5);
  cs_net_address sender = local_of(other);
  ck_assert(cs_net_address_equal(&from, &sender));
  ck_assert_int_eq(net.ops->receive(net.self, beside, buf, sizeof buf, &n, NULL), CS_ERR_AGAIN);
  net.ops->close(net.self, peer);
  ck_assert_int_eq(net.ops->send(net.self, fd, NULL, cs_span_str("x"), &n), CS_OK);
  ck_assert_int_eq(net.ops->receive(net.self, fd, buf, sizeof buf, &n, NULL), CS_ERR_REFUSED);
  net.ops->close(net.self, fd);
  net.ops->close(net.self, beside);
  net.ops->close(net.self, other);
}

START_TEST(a_socket_beside_a_connected_one_hears_the_others) {
  hears_the_others("127.0.0.51", "127.0.0.52");
  hears_the_others("127.0.0.51", "127.0.0.51"); /* another port */
  hears_the_others("::1", "::1");
}
END_TEST

START_TEST(a_socket_beside_needs_a_connected_datagram_socket) {
  cs_net_address at = ip("127.0.0.1", 0), here = path("here"), there = path("there");
  cs_net_address group6 = ip("ff02::fd", 5683);
  int other = -1;
  int listener = opened(CS_NET_STREAM, &at, NULL);
  ck_assert_int_eq(net.ops->beside(net.self, listener, NULL, &other), CS_ERR_ARGUMENT);
  ck_assert_int_eq(net.ops->beside(net.self, 12345, NULL, &other), CS_ERR_ARGUMENT);
  (void)opened(CS_NET_DATAGRAM, &there, NULL);
  int unix_one = opened(CS_NET_DATAGRAM, &here, &there);
  ck_assert_int_eq(net.ops->beside(net.self, unix_one, NULL, &other), CS_ERR_UNSUPPORTED);
  cs_net_address peer = ip("127.0.0.51", 5683);
  int fd = opened(CS_NET_DATAGRAM, NULL, &peer);
  ck_assert_int_eq(net.ops->beside(net.self, fd, &peer, &other), CS_ERR_ARGUMENT);
  ck_assert_int_eq(net.ops->beside(net.self, fd, &group6, &other), CS_ERR_ARGUMENT);
  ck_assert_int_eq(other, -1);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/posix_socket");
  TCase *c = tcase_create("posix_socket");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_test(c, datagrams_go_there_and_back);
  tcase_add_test(c, a_socket_open_to_any_address_hears_both_families);
  tcase_add_test(c, a_connected_socket_hears_its_peer_only);
  tcase_add_test(c, a_datagram_is_received_whole_or_not);
  tcase_add_test(c, a_datagram_that_cannot_be_sent_is_too_large);
  tcase_add_test(c, a_closed_port_refuses);
  tcase_add_test(c, an_address_in_use_is_said_to_be);
  tcase_add_test(c, nonsense_is_refused_before_anything_is_made);
  tcase_add_test(c, descriptors_are_non_blocking_and_not_inherited);
  tcase_add_test(c, no_descriptor_left_is_a_limit);
  tcase_add_test(c, a_path_that_exists_is_not_touched);
  tcase_add_test(c, a_server_that_is_absent_is_known_at_once);
  tcase_add_test(c, a_folder_that_is_absent_is_not_found);
  tcase_add_test(c, a_server_that_goes_away_refuses);
  tcase_add_test(c, streams_connect_carry_bytes_and_end);
  tcase_add_test(c, a_stream_that_is_refused_says_so_each_time);
  tcase_add_test(c, a_full_stream_says_again_and_how_much_went);
  tcase_add_test(c, a_peer_that_has_closed_gives_closed_and_no_signal);
  tcase_add_test(c, a_finished_stream_still_receives);
  tcase_add_test(c, a_stream_that_is_broken_off_was_reset);
  tcase_add_test(c, a_socket_beside_a_connected_one_hears_the_others);
  tcase_add_test(c, a_socket_beside_needs_a_connected_datagram_socket);
  tcase_add_test(c, each_failed_allocation_leaves_nothing_behind);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
