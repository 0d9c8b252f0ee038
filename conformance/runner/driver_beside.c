/* Datagrams of others than the target, and to a group. The socket of a port is
 * connected to the target, so that ICMP errors come back, and hears nobody else; what
 * comes from elsewhere comes to a second socket at the same address. */
#include "runner/driver_inside.h"

enum {
  BUFFER = 65536,
  TRIES = 8,        /* for a port number that was not used just before */
  USED_MAX = 16384, /* such numbers that are kept in mind */
  AT_ONCE = 64,     /* datagrams of others that one turn takes from a port */
  STRANGERS_MAX = 4096
};

static bool was_used(cs_runner_net *u, uint16_t port) {
  uint8_t *byte = &u->ports_used[port / 8];
  uint8_t bit = (uint8_t)(1u << port % 8);
  if (*byte & bit)
    return true;
  if (u->ports_used_count++ == USED_MAX) {
    memset(u->ports_used, 0, sizeof u->ports_used);
    u->ports_used_count = 1;
  }
  *byte |= bit;
  return false;
}

cs_err cs_runner_open_port(cs_runner_net *u, cs_runner_plug *p, const cs_net_address *local) {
  for (unsigned i = 0;; i++) {
    cs_net_address bound;
    cs_err err = u->net.ops->open(u->net.self, CS_NET_DATAGRAM, local, &u->config.target, &p->fd);
    if (err != CS_OK || u->folder)
      return err;
    bool used = u->net.ops->local(u->net.self, p->fd, &bound) == CS_OK &&
                was_used(u, cs_net_address_port(&bound));
    if (!used || i == TRIES)
      break;
    u->net.ops->close(u->net.self, p->fd);
  }
  /* Without it others are not heard, and all else is as before. */
  if (u->net.ops->beside(u->net.self, p->fd, NULL, &p->beside) != CS_OK)
    p->beside = -1;
  if (p->beside >= 0 && u->net.ops->watch(u->net.self, p->beside, CS_NET_READ, p) != CS_OK)
    cs_runner_close_beside(u, p);
  return CS_OK;
}

void cs_runner_close_beside(cs_runner_net *u, cs_runner_plug *p) {
  if (p->beside >= 0)
    u->net.ops->close(u->net.self, p->beside);
  p->beside = -1;
}

void cs_runner_overhear(cs_runner_net *u, cs_runner_plug *p) {
  static uint8_t buf[BUFFER];
  for (unsigned i = 0; i < AT_ONCE && p->beside >= 0; i++) {
    cs_net_address from;
    char name[CS_NET_ADDRESS_TEXT];
    size_t len;
    if (cs_runner_case_done(p->flight->c) || p->strangers > STRANGERS_MAX) {
      cs_runner_close_beside(u, p);
      return;
    }
    cs_err err = u->net.ops->receive(u->net.self, p->beside, buf, sizeof buf, &len, &from);
    if (err == CS_ERR_AGAIN)
      return;
    p->strangers++;
    if (err != CS_OK) /* of what was sent to a group */
      continue;
    cs_net_address_print(&from, name, sizeof name);
    cs_net_address host = from;
    cs_net_address_set_port(&host, cs_net_address_port(&u->config.target));
    cs_runner_case_receive_elsewhere(p->flight->c, p->port, cs_span_of(buf, len), name,
                                     cs_net_address_equal(&host, &u->config.target),
                                     cs_runner_flight_now(u, p->flight));
  }
}

/* ---- groups ---- */

static bool on_loopback(const cs_net_address *a) {
  if (cs_net_address_family(a) == AF_INET)
    return ntohl(a->u.in.sin_addr.s_addr) >> 24 == 127;
  return cs_net_address_family(a) == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->u.in6.sin6_addr);
}

/* A socket that can send to the group; whether there is a way shows when it is
 * connected. */
static cs_err try_group(cs_runner_net *u) {
  int fd = -1;
  int beside = -1;
  cs_err err =
      u->net.ops->open(u->net.self, CS_NET_DATAGRAM, u->config.source, &u->config.target, &fd);
  if (err == CS_OK)
    err = u->net.ops->beside(u->net.self, fd, &u->group, &beside);
  if (err == CS_OK && connect(beside, &u->group.u.sa, u->group.len) != 0)
    err = CS_ERR_UNREACHABLE;
  if (beside >= 0)
    u->net.ops->close(u->net.self, beside);
  if (fd >= 0)
    u->net.ops->close(u->net.self, fd);
  return err;
}

const char *cs_runner_net_barred(cs_runner_net *u) {
  const cs_net_address *target = &u->config.target;
  int family = cs_net_address_family(target);
  char name[CS_NET_ADDRESS_TEXT];
  if (u->group_known)
    return u->barred;
  u->group_known = true;
  if (u->config.transport != CS_RUNNER_UDP || family == AF_UNIX) {
    u->barred = "there is no multicast";
    return u->barred;
  }
  if (!on_loopback(target) && !u->config.multicast) {
    u->barred = "what is sent to a multicast group reaches every device there: only with "
                "--multicast";
    return u->barred;
  }
  (void)cs_net_address_literal(cs_span_str(family == AF_INET ? "224.0.1.187" : "ff02::fd"),
                               cs_net_address_port(target), &u->group);
  if (family == AF_INET6)
    u->group.u.in6.sin6_scope_id = target->u.in6.sin6_scope_id;
  cs_err err = try_group(u);
  cs_net_address_print(&u->group, name, sizeof name);
  if (err != CS_OK)
    u->barred = cs_runner_format(&u->arena, "this host cannot send to the multicast group %s: %s",
                                 name, cs_base_err_text(err));
  return u->barred;
}

cs_err cs_runner_send_group(cs_runner_net *u, cs_runner_plug *p, cs_span bytes) {
  size_t sent;
  if (cs_runner_net_barred(u))
    return CS_ERR_UNREACHABLE;
  cs_runner_close_beside(u, p);
  cs_err err = u->net.ops->beside(u->net.self, p->fd, &u->group, &p->beside);
  if (err != CS_OK) {
    p->beside = -1;
    return err;
  }
  err = u->net.ops->watch(u->net.self, p->beside, CS_NET_READ, p);
  if (err != CS_OK)
    return err;
  return u->net.ops->send(u->net.self, p->beside, &u->group, bytes, &sent);
}
