/* The simulated net keeps the promises of net.h and of its own header. */
#include "support/simnet.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/check_main.h"

static cs_test_net *t;
static cs_net net;

static void set_up(void) {
  t = cs_test_net_new(1);
  net = cs_test_net_as_net(t);
}

static void tear_down(void) {
  cs_test_net_free(t);
}

static cs_net_address ip(const char *text, uint16_t port) {
  cs_net_address a;
  ck_assert_int_eq(cs_net_address_literal(cs_span_str(text), port, &a), CS_OK);
  return a;
}

static cs_net_address path(const char *text) {
  cs_net_address a;
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

static cs_err try_send(int fd, const cs_net_address *to, const char *text) {
  size_t sent = 0;
  cs_err e = net.ops->send(net.self, fd, to, cs_span_str(text), &sent);
  if (!e)
    ck_assert_uint_eq(sent, strlen(text));
  return e;
}

static cs_err try_receive(int fd, char *text, cs_net_address *from) {
  uint8_t buf[64];
  size_t n = 0;
  cs_err e = net.ops->receive(net.self, fd, buf, sizeof buf - 1, &n, from);
  memcpy(text, buf, n);
  text[n] = '\0';
  return e;
}

static cs_net_address expect(int fd, const char *text) {
  char got[64];
  cs_net_address from;
  memset(&from, 0, sizeof from);
  ck_assert_int_eq(try_receive(fd, got, &from), CS_OK);
  ck_assert_str_eq(got, text);
  return from;
}

static void expect_nothing(int fd) {
  char got[64];
  ck_assert_int_eq(try_receive(fd, got, NULL), CS_ERR_AGAIN);
}

static void there_and_back(const cs_net_address *server_at, const cs_net_address *client_at,
                           const cs_net_address *to) {
  int server = opened(CS_NET_DATAGRAM, server_at, NULL);
  int client = opened(CS_NET_DATAGRAM, client_at, to);
  ck_assert_int_eq(try_send(client, NULL, "ping"), CS_OK);
  cs_net_address from = expect(server, "ping");
  ck_assert_int_eq(try_send(server, &from, "pong"), CS_OK);
  from = expect(client, "pong");
  ck_assert(cs_net_address_equal(&from, to));
  net.ops->close(net.self, client);
  net.ops->close(net.self, server);
}

START_TEST(datagrams_go_there_and_back_in_all_families) {
  cs_net_address any4 = ip("0.0.0.0", 5683), any6 = ip("::", 5683), v4 = ip("192.0.2.7", 5683);
  cs_net_address lo = ip("127.0.0.1", 5683), v6 = ip("2001:db8::7", 5683);
  cs_net_address a = path("/a"), b = path("/b");
  there_and_back(&v4, NULL, &v4);
  there_and_back(&any4, NULL, &v4);
  there_and_back(&any4, NULL, &lo);
  there_and_back(&any6, NULL, &v6);
  there_and_back(&any6, NULL, &v4); /* dual stack */
  there_and_back(&a, &b, &a);
  ck_assert_uint_eq(cs_test_net_open_sockets(t), 0);
  ck_assert_uint_eq(cs_test_net_datagrams(t), 12);
}
END_TEST

START_TEST(a_connected_socket_hears_its_peer_only_and_comes_first) {
  cs_net_address at = ip("192.0.2.7", 5683), stranger_at = ip("192.0.2.8", 1);
  int server = opened(CS_NET_DATAGRAM, &at, NULL);
  int client = opened(CS_NET_DATAGRAM, NULL, &at);
  cs_net_address mine = local_of(client);
  int stranger = opened(CS_NET_DATAGRAM, &stranger_at, NULL);
  ck_assert_int_eq(try_send(stranger, &mine, "strange"), CS_OK);
  ck_assert_int_eq(try_send(server, &mine, "known"), CS_OK);
  expect(client, "known");
  expect_nothing(client);
}
END_TEST

START_TEST(ephemeral_ports_differ_and_addresses_are_used_once) {
  cs_net_address at = ip("192.0.2.7", 5683), any = ip("0.0.0.0", 5683);
  int one = opened(CS_NET_DATAGRAM, NULL, &at), two = opened(CS_NET_DATAGRAM, NULL, &at), fd = 77;
  cs_net_address a = local_of(one), b = local_of(two);
  ck_assert_uint_ge(cs_net_address_port(&a), 49152);
  ck_assert(!cs_net_address_equal(&a, &b));
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &a, NULL, &fd), CS_ERR_IN_USE);
  opened(CS_NET_DATAGRAM, &at, NULL);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &any, NULL, &fd), CS_ERR_IN_USE);
  opened(CS_NET_STREAM, &any, NULL); /* another protocol */
  cs_net_address p = path("/p");
  int held = opened(CS_NET_DATAGRAM, &p, NULL);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &p, NULL, &fd), CS_ERR_IN_USE);
  net.ops->close(net.self, held);
  opened(CS_NET_DATAGRAM, &p, NULL);
  ck_assert_int_eq(fd, 77);
}
END_TEST

START_TEST(nonsense_is_refused_as_on_the_real_net) {
  cs_net_address v4 = ip("127.0.0.1", 1), v6 = ip("::1", 1), a = path("/a"), none = {.len = 0};
  cs_net_address port0 = ip("127.0.0.1", 0), group = ip("224.0.1.187", 5683);
  int fd = 77;
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &none, NULL, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &v6, &v4, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, NULL, &a, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, NULL, &port0, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_open(CS_NET_STREAM, NULL, &group, &fd), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_send(99, NULL, "x"), CS_ERR_ARGUMENT);
  ck_assert_int_eq(net.ops->watch(net.self, 99, CS_NET_READ, NULL), CS_ERR_ARGUMENT);
  ck_assert_int_eq(fd, 77);
  ck_assert_uint_eq(cs_test_net_open_sockets(t), 0);
}
END_TEST

START_TEST(a_datagram_that_does_not_fit_is_gone) {
  cs_net_address at = ip("192.0.2.7", 5683);
  int server = opened(CS_NET_DATAGRAM, &at, NULL), client = opened(CS_NET_DATAGRAM, NULL, &at);
  uint8_t buf[4];
  size_t n = 99;
  ck_assert_int_eq(try_send(client, NULL, "12345"), CS_OK);
  ck_assert_int_eq(try_send(client, NULL, ""), CS_OK);
  ck_assert_int_eq(net.ops->receive(net.self, server, buf, 4, &n, NULL), CS_ERR_TOO_LARGE);
  ck_assert_uint_eq(n, 99);
  ck_assert_int_eq(net.ops->receive(net.self, server, buf, 4, &n, NULL), CS_OK);
  ck_assert_uint_eq(n, 0);
  static uint8_t large[65508];
  ck_assert_int_eq(net.ops->send(net.self, client, NULL, cs_span_of(large, sizeof large), &n),
                   CS_ERR_TOO_LARGE);
}
END_TEST

START_TEST(a_wait_moves_the_clock_and_never_sleeps) {
  cs_net_address at = ip("192.0.2.7", 5683);
  int server = opened(CS_NET_DATAGRAM, &at, NULL), client = opened(CS_NET_DATAGRAM, NULL, &at);
  cs_test_net_link link = {.delay_min = 5000, .delay_max = 5000};
  cs_net_ready r[2];
  int tag;
  cs_time start = cs_test_net_now(t);
  cs_test_net_set_link(t, &link);
  ck_assert_int_eq(net.ops->watch(net.self, server, CS_NET_READ, &tag), CS_OK);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_OK);
  expect_nothing(server);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 2, start + 3000), 0);
  ck_assert_uint_eq(net.ops->now(net.self), start + 3000);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 2, start + 93 * CS_SECOND), 1);
  ck_assert_ptr_eq(r[0].user, &tag);
  ck_assert_uint_eq(r[0].what, CS_NET_READ);
  ck_assert_uint_eq(net.ops->now(net.self), start + 5000);
  expect(server, "x");
  ck_assert_uint_eq(net.ops->wait(net.self, r, 2, start + 93 * CS_SECOND), 0);
  ck_assert_uint_eq(net.ops->now(net.self), start + 93 * CS_SECOND);
  /* Nothing can ever happen: it comes back, the clock stays. */
  ck_assert_uint_eq(net.ops->wait(net.self, r, 2, CS_TIME_NEVER), 0);
  ck_assert_uint_eq(net.ops->now(net.self), start + 93 * CS_SECOND);
  cs_test_net_advance(t, 7);
  ck_assert_uint_eq(net.ops->now(net.self), start + 93 * CS_SECOND + 7);
  ck_assert_int_eq(net.ops->loop_fd(net.self), -1);
}
END_TEST

static int echo_fd;

static void echo(void *ctx) {
  char text[64];
  cs_net_address from;
  int *served = ctx;
  if (try_receive(echo_fd, text, &from) == CS_OK) {
    ck_assert_int_eq(try_send(echo_fd, &from, text), CS_OK);
    *served += 1;
  }
}

START_TEST(a_peer_played_by_the_test_answers_in_its_turn) {
  cs_net_address at = ip("192.0.2.7", 5683);
  cs_test_net_link link = {.delay_min = 1000, .delay_max = 1000};
  int served = 0;
  cs_test_net_set_link(t, &link);
  cs_test_net_set_idle(t, echo, &served);
  echo_fd = opened(CS_NET_DATAGRAM, &at, NULL);
  int client = opened(CS_NET_DATAGRAM, NULL, &at);
  cs_net_ready r[1];
  ck_assert_int_eq(net.ops->watch(net.self, client, CS_NET_READ, NULL), CS_OK);
  ck_assert_int_eq(try_send(client, NULL, "hello"), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, cs_test_net_now(t) + CS_SECOND), 1);
  expect(client, "hello");
  ck_assert_int_eq(served, 1);
}
END_TEST

START_TEST(programs_see_their_own_sockets_only) {
  cs_net other = cs_test_net_as_net(t);
  cs_net_address at = ip("192.0.2.7", 5683);
  int server = opened(CS_NET_DATAGRAM, &at, NULL), client = opened(CS_NET_DATAGRAM, NULL, &at);
  cs_net_ready r[2];
  ck_assert_int_eq(other.ops->watch(other.self, server, CS_NET_READ, NULL), CS_OK);
  ck_assert_int_eq(net.ops->watch(net.self, client, CS_NET_READ, NULL), CS_OK);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 2, 0), 0);
  ck_assert_uint_eq(other.ops->wait(other.self, r, 2, 0), 1);
  ck_assert_int_eq(other.ops->watch(other.self, server, 0, NULL), CS_OK);
  ck_assert_uint_eq(other.ops->wait(other.self, r, 2, 0), 0);
}
END_TEST

/* What arrives over a bad link, as text. */
static void lossy_run(uint64_t seed, char *log, size_t cap) {
  cs_test_net *mine = cs_test_net_new(seed);
  cs_test_net *saved = t;
  cs_net saved_net = net;
  t = mine;
  net = cs_test_net_as_net(t);
  cs_test_net_link link = {
      .loss_percent = 30, .duplicate_percent = 30, .delay_min = 0, .delay_max = 10000};
  cs_net_address at = ip("192.0.2.7", 5683);
  int server = opened(CS_NET_DATAGRAM, &at, NULL), client = opened(CS_NET_DATAGRAM, NULL, &at);
  cs_test_net_set_link(t, &link);
  char text[64];
  for (int i = 0; i < 100; i++) {
    snprintf(text, sizeof text, "%d ", i);
    ck_assert_int_eq(try_send(client, NULL, text), CS_OK);
  }
  cs_test_net_advance(t, CS_SECOND);
  size_t n = 0;
  while (try_receive(server, text, NULL) == CS_OK)
    n += (size_t)snprintf(log + n, cap - n, "%s", text);
  cs_test_net_free(mine);
  t = saved;
  net = saved_net;
}

START_TEST(a_bad_link_is_the_same_for_the_same_seed) {
  static char a[2048], b[2048], c[2048];
  lossy_run(5, a, sizeof a);
  lossy_run(5, b, sizeof b);
  lossy_run(6, c, sizeof c);
  ck_assert_str_eq(a, b);
  ck_assert_str_ne(a, c);
  unsigned seen[100] = {0}, last = 0, lost = 0, twice = 0, reordered = 0;
  for (char *p = a; *p;) {
    unsigned v = 0;
    for (; *p != ' '; p++)
      v = v * 10 + (unsigned)(*p - '0');
    p++;
    seen[v]++;
    reordered += v < last;
    last = v;
  }
  for (int i = 0; i < 100; i++) {
    lost += seen[i] == 0;
    twice += seen[i] == 2;
  }
  ck_assert_uint_gt(lost, 10);
  ck_assert_uint_lt(lost, 60);
  ck_assert_uint_gt(twice, 5);
  ck_assert_uint_gt(reordered, 5);
}
END_TEST

START_TEST(a_refusing_address_gives_one_error_after_its_delay) {
  cs_net_address at = ip("192.0.2.7", 5683);
  int client = opened(CS_NET_DATAGRAM, NULL, &at);
  char text[64];
  /* An address where nobody is swallows what is sent. */
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_OK);
  expect_nothing(client);
  cs_test_net_refuse(t, &at);
  ck_assert_int_eq(net.ops->watch(net.self, client, CS_NET_READ, NULL), CS_OK);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_OK);
  cs_net_ready r[1];
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, 0), 1);
  ck_assert_int_eq(try_receive(client, text, NULL), CS_ERR_REFUSED);
  expect_nothing(client);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_OK);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_ERR_REFUSED);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_OK);
}
END_TEST

START_TEST(operations_fail_when_told_so) {
  cs_net_address at = ip("192.0.2.7", 5683);
  int fd = 77;
  char text[64];
  cs_test_net_fail(t, "open", 1, CS_ERR_LIMIT);
  ck_assert_int_eq(try_open(CS_NET_DATAGRAM, &at, NULL, &fd), CS_ERR_LIMIT);
  ck_assert_int_eq(fd, 77);
  fd = opened(CS_NET_DATAGRAM, &at, NULL);
  cs_test_net_fail(t, "send", 2, CS_ERR_AGAIN);
  ck_assert_int_eq(try_send(fd, &at, "x"), CS_ERR_AGAIN);
  ck_assert_int_eq(try_send(fd, &at, "x"), CS_ERR_AGAIN);
  ck_assert_int_eq(try_send(fd, &at, "x"), CS_OK);
  cs_test_net_fail(t, "receive", 1, CS_ERR_SYSTEM);
  ck_assert_int_eq(try_receive(fd, text, NULL), CS_ERR_SYSTEM);
  expect(fd, "x");
  cs_test_net_fail(t, "watch", 1, CS_ERR_MEMORY);
  ck_assert_int_eq(net.ops->watch(net.self, fd, CS_NET_READ, NULL), CS_ERR_MEMORY);
  ck_assert_int_eq(net.ops->watch(net.self, fd, CS_NET_READ, NULL), CS_OK);
}
END_TEST

START_TEST(a_group_reaches_all_that_joined_and_each_answers) {
  cs_net_address group = ip("224.0.1.187", 5683), one_at = ip("192.0.2.7", 5683);
  cs_net_address two_at = ip("192.0.2.8", 5683), three_at = ip("192.0.2.9", 5684);
  int one = opened(CS_NET_DATAGRAM, &one_at, NULL), two = opened(CS_NET_DATAGRAM, &two_at, NULL);
  int three = opened(CS_NET_DATAGRAM, &three_at, NULL);
  int client = opened(CS_NET_DATAGRAM, NULL, &group);
  ck_assert_int_eq(net.ops->multicast_join(net.self, one, &group), CS_OK);
  ck_assert_int_eq(net.ops->multicast_join(net.self, two, &group), CS_OK);
  ck_assert_int_eq(net.ops->multicast_join(net.self, three, &group), CS_OK); /* other port */
  ck_assert_int_eq(net.ops->multicast_join(net.self, one, &one_at), CS_ERR_ARGUMENT);
  ck_assert_int_eq(net.ops->multicast_hops(net.self, client, 255), CS_OK);
  ck_assert_int_eq(net.ops->multicast_hops(net.self, client, 256), CS_ERR_ARGUMENT);
  ck_assert_int_eq(try_send(client, &group, "all"), CS_OK);
  cs_net_address from = expect(one, "all");
  ck_assert_int_eq(try_send(one, &from, "1"), CS_OK);
  from = expect(two, "all");
  ck_assert_int_eq(try_send(two, &from, "2"), CS_OK);
  expect_nothing(three);
  from = expect(client, "1");
  ck_assert(cs_net_address_equal(&from, &one_at));
  from = expect(client, "2");
  ck_assert(cs_net_address_equal(&from, &two_at));
}
END_TEST

static int accepted(int listener) {
  int fd = -1;
  ck_assert_int_eq(net.ops->accept(net.self, listener, NULL, &fd), CS_OK);
  return fd;
}

START_TEST(streams_connect_carry_bytes_in_order_and_end) {
  cs_net_address at = ip("192.0.2.7", 5683);
  cs_test_net_link link = {
      .loss_percent = 50, .duplicate_percent = 50, .delay_min = 10, .delay_max = 5000};
  cs_test_net_set_link(t, &link);
  int listener = opened(CS_NET_STREAM, &at, NULL), client = opened(CS_NET_STREAM, NULL, &at), fd;
  char text[64];
  size_t n = 0;
  ck_assert_int_eq(net.ops->connected(net.self, client), CS_ERR_AGAIN);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_ERR_AGAIN);
  ck_assert_int_eq(net.ops->accept(net.self, listener, NULL, &fd), CS_ERR_AGAIN);
  cs_test_net_advance(t, 10000);
  ck_assert_int_eq(net.ops->connected(net.self, client), CS_OK);
  int server = accepted(listener);
  for (int i = 0; i < 10; i++) {
    snprintf(text, sizeof text, "%d", i);
    ck_assert_int_eq(try_send(client, NULL, text), CS_OK);
  }
  net.ops->close(net.self, client);
  cs_test_net_advance(t, 10000);
  uint8_t buf[4];
  ck_assert_int_eq(net.ops->receive(net.self, server, buf, 4, &n, NULL), CS_OK);
  ck_assert_uint_eq(n, 4);
  ck_assert_mem_eq(buf, "0123", 4);
  expect(server, "456789");
  ck_assert_int_eq(try_receive(server, text, NULL), CS_ERR_CLOSED);
  ck_assert_int_eq(try_send(server, NULL, "x"), CS_ERR_CLOSED);
  cs_net_ready r[1];
  ck_assert_int_eq(net.ops->watch(net.self, server, CS_NET_READ, NULL), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, 0), 1);
  ck_assert_uint_eq(r[0].what, CS_NET_READ | CS_NET_HANGUP);
}
END_TEST

START_TEST(a_finished_stream_still_receives) {
  cs_net_address at = ip("192.0.2.7", 5683);
  int listener = opened(CS_NET_STREAM, &at, NULL), client = opened(CS_NET_STREAM, NULL, &at);
  char text[64];
  cs_test_net_advance(t, 1);
  int server = accepted(listener);
  ck_assert_int_eq(net.ops->finish(net.self, listener), CS_ERR_CLOSED);
  ck_assert_int_eq(net.ops->finish(net.self, client), CS_OK);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_ERR_CLOSED);
  ck_assert_int_eq(try_receive(server, text, NULL), CS_ERR_CLOSED);
  ck_assert_int_eq(try_send(server, NULL, "late"), CS_OK);
  expect(client, "late");
}
END_TEST

START_TEST(a_stream_without_a_listener_is_refused) {
  cs_net_address at = ip("192.0.2.7", 5683);
  int client = opened(CS_NET_STREAM, NULL, &at);
  cs_net_ready r[1];
  ck_assert_int_eq(net.ops->watch(net.self, client, CS_NET_WRITE, NULL), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, cs_test_net_now(t) + CS_SECOND), 1);
  ck_assert_int_eq(net.ops->connected(net.self, client), CS_ERR_REFUSED);
  ck_assert_int_eq(net.ops->connected(net.self, client), CS_ERR_REFUSED);
}
END_TEST

START_TEST(a_full_stream_says_again_until_it_is_read) {
  static uint8_t bytes[70000];
  cs_net_address at = ip("192.0.2.7", 5683);
  int listener = opened(CS_NET_STREAM, &at, NULL), client = opened(CS_NET_STREAM, NULL, &at);
  cs_test_net_advance(t, 1);
  int server = accepted(listener);
  size_t n = 0;
  ck_assert_int_eq(net.ops->send(net.self, client, NULL, cs_span_of(bytes, sizeof bytes), &n),
                   CS_OK);
  ck_assert_uint_eq(n, 65536);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_ERR_AGAIN);
  cs_net_ready r[1];
  ck_assert_int_eq(net.ops->watch(net.self, client, CS_NET_WRITE, NULL), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, 0), 0);
  ck_assert_int_eq(net.ops->receive(net.self, server, bytes, 100, &n, NULL), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, 0), 1);
  ck_assert_int_eq(try_send(client, NULL, "x"), CS_OK);
}
END_TEST

START_TEST(a_listener_takes_its_waiting_connections_along) {
  cs_net_address at = ip("192.0.2.7", 5683);
  int listener = opened(CS_NET_STREAM, &at, NULL), client = opened(CS_NET_STREAM, NULL, &at);
  char text[64];
  cs_test_net_advance(t, 1);
  net.ops->close(net.self, listener);
  cs_test_net_advance(t, 1);
  ck_assert_int_eq(try_receive(client, text, NULL), CS_ERR_CLOSED);
  net.ops->close(net.self, client);
  ck_assert_uint_eq(cs_test_net_open_sockets(t), 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("support/simnet");
  TCase *c = tcase_create("simnet");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_test(c, datagrams_go_there_and_back_in_all_families);
  tcase_add_test(c, a_connected_socket_hears_its_peer_only_and_comes_first);
  tcase_add_test(c, ephemeral_ports_differ_and_addresses_are_used_once);
  tcase_add_test(c, nonsense_is_refused_as_on_the_real_net);
  tcase_add_test(c, a_datagram_that_does_not_fit_is_gone);
  tcase_add_test(c, a_wait_moves_the_clock_and_never_sleeps);
  tcase_add_test(c, a_peer_played_by_the_test_answers_in_its_turn);
  tcase_add_test(c, programs_see_their_own_sockets_only);
  tcase_add_test(c, a_bad_link_is_the_same_for_the_same_seed);
  tcase_add_test(c, a_refusing_address_gives_one_error_after_its_delay);
  tcase_add_test(c, operations_fail_when_told_so);
  tcase_add_test(c, a_group_reaches_all_that_joined_and_each_answers);
  tcase_add_test(c, streams_connect_carry_bytes_in_order_and_end);
  tcase_add_test(c, a_finished_stream_still_receives);
  tcase_add_test(c, a_stream_without_a_listener_is_refused);
  tcase_add_test(c, a_full_stream_says_again_until_it_is_read);
  tcase_add_test(c, a_listener_takes_its_waiting_connections_along);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
