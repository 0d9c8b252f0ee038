#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "net/posix.h"

static cs_err option(int fd, int level, int name, const void *value, socklen_t n) {
  return setsockopt(fd, level, name, value, n) == 0 ? CS_OK : cs_net_posix_error(errno);
}

static cs_err option_int(int fd, int level, int name, int value) {
  return option(fd, level, name, &value, sizeof value);
}

static int family_of(int fd) {
  struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
  socklen_t n = sizeof ss;
  return getsockname(fd, (struct sockaddr *)&ss, &n) == 0 ? ss.ss_family : AF_UNSPEC;
}

cs_err cs_net_posix_multicast_hops(void *net, int fd, unsigned hops) {
  (void)net;
  if (hops > 255)
    return CS_ERR_ARGUMENT;
  switch (family_of(fd)) {
  case AF_INET:
    return option_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, (int)hops);
  case AF_INET6:
    return option_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, (int)hops);
  default:
    return CS_ERR_UNSUPPORTED;
  }
}

/* The number of the interface that has the address; 0 when none does. */
static uint32_t interface_of(const struct in6_addr *address) {
  struct ifaddrs *all;
  uint32_t found = 0;
  if (getifaddrs(&all) != 0)
    return 0;
  for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
    if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET6)
      continue;
    struct sockaddr_in6 at;
    memcpy(&at, i->ifa_addr, sizeof at);
    if (memcmp(&at.sin6_addr, address, sizeof *address) == 0)
      found = if_nametoindex(i->ifa_name);
  }
  freeifaddrs(all);
  return found;
}

cs_err cs_net_posix_multicast_defaults(int fd, const cs_net_address *local,
                                       const cs_net_address *peer) {
  cs_err e = cs_net_posix_multicast_hops(NULL, fd, 1);
  if (e)
    return e;
  if (cs_net_address_family(peer) == AF_INET) {
    e = option_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
    if (!e && peer->u.in.sin_addr.s_addr == INADDR_BROADCAST)
      e = option_int(fd, SOL_SOCKET, SO_BROADCAST, 1);
    if (!e && local && !cs_net_address_any(local))
      e = option(fd, IPPROTO_IP, IP_MULTICAST_IF, &local->u.in.sin_addr,
                 sizeof local->u.in.sin_addr);
    return e;
  }
  e = option_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
  uint32_t zone = peer->u.in6.sin6_scope_id;
  if (!zone && local)
    zone = local->u.in6.sin6_scope_id;
  if (!zone && local && !cs_net_address_any(local))
    zone = interface_of(&local->u.in6.sin6_addr);
  if (!e && zone)
    e = option_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)zone);
  return e;
}

cs_err cs_net_posix_multicast_join(void *net, int fd, const cs_net_address *group) {
  (void)net;
  if (!cs_net_address_multicast(group))
    return CS_ERR_ARGUMENT;
  if (cs_net_address_family(group) == AF_INET) {
    struct ip_mreqn m;
    memset(&m, 0, sizeof m);
    m.imr_multiaddr = group->u.in.sin_addr;
    cs_net_address local = {.len = sizeof local.u};
    if (getsockname(fd, &local.u.sa, &local.len) == 0 && local.u.sa.sa_family == AF_INET &&
        !cs_net_address_multicast(&local))
      m.imr_address = local.u.in.sin_addr;
    return option(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m);
  }
  struct ipv6_mreq m;
  memset(&m, 0, sizeof m);
  m.ipv6mr_multiaddr = group->u.in6.sin6_addr;
  m.ipv6mr_interface = group->u.in6.sin6_scope_id;
  return option(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof m);
}
