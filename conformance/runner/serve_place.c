/* Sockets of the embedded server beside those where it listens: for the group of all
 * CoAP nodes, and the wrong one that a defect sends from. */
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "runner/cli.h"
#include "runner/serve_inside.h"

/* On the interface that has this address; IPv6 takes that of the zone, or loopback. */
static bool join(int fd, const cs_net_address *group, const cs_net_address *at) {
  if (cs_net_address_family(group) == AF_INET) {
    struct ip_mreqn m = {.imr_multiaddr = group->u.in.sin_addr, .imr_address = at->u.in.sin_addr};
    return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m) == 0;
  }
  struct ipv6_mreq m = {.ipv6mr_multiaddr = group->u.in6.sin6_addr,
                        .ipv6mr_interface = group->u.in6.sin6_scope_id};
  return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof m) == 0;
}

bool cs_runner_serve_join(serving *s, const cs_net_address *at) {
  cs_net_address bound, group;
  char text[CS_NET_ADDRESS_TEXT];
  bool six = cs_net_address_family(at) == AF_INET6;
  if (cs_net_address_any(at)) {
    cs_runner_usage_error("serve: --multicast needs an address behind --bind, not %s",
                          six ? "[::]" : "0.0.0.0");
    return false;
  }
  bool good = s->net.ops->local(s->net.self, s->udp.fd, &bound) == CS_OK &&
              cs_net_address_literal(cs_span_str(six ? "ff02::fd" : "224.0.1.187"),
                                     cs_net_address_port(&bound), &group) == CS_OK;
  if (good && six)
    group.u.in6.sin6_scope_id =
        at->u.in6.sin6_scope_id ? at->u.in6.sin6_scope_id : if_nametoindex("lo");
  /* Bound to the group it hears what is sent there and nothing else. */
  good = good &&
         s->net.ops->open(s->net.self, CS_NET_DATAGRAM, &group, NULL, &s->group.fd) == CS_OK &&
         join(s->group.fd, &group, at) &&
         s->net.ops->watch(s->net.self, s->group.fd, CS_NET_READ, &s->group) == CS_OK;
  cs_net_address_print(&group, text, sizeof text);
  if (!good)
    cs_runner_usage_error("serve: --multicast: %s cannot be heard", text);
  return good;
}

int cs_runner_serve_elsewhere(serving *s) {
  cs_net_address at;
  if (s->elsewhere.fd < 0 && s->net.ops->local(s->net.self, s->udp.fd, &at) == CS_OK) {
    cs_net_address_set_port(&at, 0);
    if (s->net.ops->open(s->net.self, CS_NET_DATAGRAM, &at, NULL, &s->elsewhere.fd) != CS_OK)
      s->elsewhere.fd = -1;
  }
  return s->elsewhere.fd;
}
