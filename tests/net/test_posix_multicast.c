#include <check.h>
#include <net/if.h>
#include <string.h>

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
}

static cs_net_address ip(const char *text, uint16_t port) {
  cs_net_address a;
  ck_assert_int_eq(cs_net_address_literal(cs_span_str(text), port, &a), CS_OK);
  return a;
}

static int opened(const cs_net_address *local, const cs_net_address *peer) {
  int fd = -1;
  ck_assert_int_eq(net.ops->open(net.self, CS_NET_DATAGRAM, local, peer, &fd), CS_OK);
  return fd;
}

static int option(int fd, int level, int name) {
  int v = -1;
  socklen_t n = sizeof v;
  ck_assert_int_eq(getsockopt(fd, level, name, &v, &n), 0);
  return v;
}

START_TEST(a_group_as_peer_sets_the_outgoing_defaults) {
  cs_net_address group = ip("224.0.1.187", 5683), local = ip("127.0.0.1", 0);
  int fd = opened(&local, &group);
  ck_assert_int_eq(option(fd, IPPROTO_IP, IP_MULTICAST_TTL), 1);
  ck_assert_int_eq(option(fd, IPPROTO_IP, IP_MULTICAST_LOOP), 1);
  ck_assert_int_eq(net.ops->multicast_hops(net.self, fd, 9), CS_OK);
  ck_assert_int_eq(option(fd, IPPROTO_IP, IP_MULTICAST_TTL), 9);
  cs_net_address six = ip("ff02::fd%lo", 5683);
  fd = opened(NULL, &six);
  ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 1);
  ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP), 1);
  ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF), (int)if_nametoindex("lo"));
  ck_assert_int_eq(net.ops->multicast_hops(net.self, fd, 255), CS_OK);
  ck_assert_int_eq(option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 255);
  ck_assert_int_eq(net.ops->multicast_hops(net.self, fd, 256), CS_ERR_ARGUMENT);
  cs_net_address all = ip("255.255.255.255", 5683);
  fd = opened(NULL, &all);
  ck_assert_int_ne(option(fd, SOL_SOCKET, SO_BROADCAST), 0);
}
END_TEST

/* The socket that sent to a group is not connected: an answer comes from the
 * answerer's own address. */
START_TEST(a_group_is_heard_and_answered) {
  cs_net_address local = ip("127.0.0.1", 0), any = ip("0.0.0.0", 0);
  int server = opened(&any, NULL);
  cs_net_address bound, from, group;
  ck_assert_int_eq(net.ops->local(net.self, server, &bound), CS_OK);
  group = ip("224.0.1.187", cs_net_address_port(&bound));
  struct ip_mreqn on_loopback = {.imr_multiaddr = group.u.in.sin_addr,
                                 .imr_address = local.u.in.sin_addr};
  ck_assert_int_eq(
      setsockopt(server, IPPROTO_IP, IP_ADD_MEMBERSHIP, &on_loopback, sizeof on_loopback), 0);
  int client = opened(&local, &group);
  cs_net_ready r[1];
  uint8_t buf[8];
  size_t n = 0;
  ck_assert_int_eq(net.ops->send(net.self, client, &group, cs_span_str("all"), &n), CS_OK);
  ck_assert_int_eq(net.ops->watch(net.self, server, CS_NET_READ, NULL), CS_OK);
  cs_time limit = net.ops->now(net.self) + 10 * CS_SECOND;
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, limit), 1);
  ck_assert_int_eq(net.ops->receive(net.self, server, buf, sizeof buf, &n, &from), CS_OK);
  ck_assert_uint_eq(n, 3);
  ck_assert_int_eq(net.ops->watch(net.self, server, 0, NULL), CS_OK);
  ck_assert_int_eq(net.ops->send(net.self, server, &from, cs_span_str("one"), &n), CS_OK);
  ck_assert_int_eq(net.ops->watch(net.self, client, CS_NET_READ, NULL), CS_OK);
  ck_assert_uint_eq(net.ops->wait(net.self, r, 1, limit), 1);
  ck_assert_int_eq(net.ops->receive(net.self, client, buf, sizeof buf, &n, &from), CS_OK);
  ck_assert(!cs_net_address_multicast(&from));
}
END_TEST

/* The answer comes to the connected socket, whose peer the answerer is. */
START_TEST(a_group_is_asked_beside_a_connected_socket) {
  cs_net_address local = ip("127.0.0.1", 0), any = ip("0.0.0.0", 0), bound, from;
  int server = opened(&any, NULL);
  ck_assert_int_eq(net.ops->local(net.self, server, &bound), CS_OK);
  cs_net_address group = ip("224.0.1.187", cs_net_address_port(&bound));
  cs_net_address target = ip("127.0.0.1", cs_net_address_port(&bound));
  struct ip_mreqn on_loopback = {.imr_multiaddr = group.u.in.sin_addr,
                                 .imr_address = local.u.in.sin_addr};
  ck_assert_int_eq(
      setsockopt(server, IPPROTO_IP, IP_ADD_MEMBERSHIP, &on_loopback, sizeof on_loopback), 0);
  int client = opened(NULL, &target);
  int beside = -1;
  uint8_t buf[8];
  size_t n = 0;
  ck_assert_int_eq(net.ops->beside(net.self, client, &group, &beside), CS_OK);
  ck_assert_int_eq(net.ops->send(net.self, beside, &group, cs_span_str("all"), &n), CS_OK);
  ck_assert_int_eq(net.ops->receive(net.self, server, buf, sizeof buf, &n, &from), CS_OK);
  ck_assert_uint_eq(n, 3);
  ck_assert_int_eq(net.ops->send(net.self, server, &from, cs_span_str("one"), &n), CS_OK);
  ck_assert_int_eq(net.ops->receive(net.self, client, buf, sizeof buf, &n, &from), CS_OK);
  ck_assert(cs_net_address_equal(&from, &target));
}
END_TEST

START_TEST(joining_wants_a_group) {
  cs_net_address local = ip("127.0.0.1", 0), group = ip("224.0.1.187", 0), not = ip("192.0.2.1", 0);
  int fd = opened(&local, NULL);
  ck_assert_int_eq(net.ops->multicast_join(net.self, fd, &not ), CS_ERR_ARGUMENT);
  ck_assert_int_eq(net.ops->multicast_join(net.self, fd, &group), CS_OK);
  ck_assert_int_eq(net.ops->multicast_join(net.self, fd, &group), CS_ERR_IN_USE);
  cs_net_address six = ip("::1", 0), group6 = ip("ff02::fd%lo", 0);
  fd = opened(&six, NULL);
  ck_assert_int_eq(net.ops->multicast_join(net.self, fd, &group6), CS_OK);
}
END_TEST

START_TEST(a_unix_socket_has_no_hops) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(cs_net_posix_multicast_hops(net.self, fd, 1), CS_ERR_UNSUPPORTED);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/posix_multicast");
  TCase *c = tcase_create("posix_multicast");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_test(c, a_group_as_peer_sets_the_outgoing_defaults);
  tcase_add_test(c, a_group_is_heard_and_answered);
  tcase_add_test(c, a_group_is_asked_beside_a_connected_socket);
  tcase_add_test(c, joining_wants_a_group);
  tcase_add_test(c, a_unix_socket_has_no_hops);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
