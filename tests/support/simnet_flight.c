#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/simnet_state.h"

void *cs_sim_must(void *p) {
  if (!p)
    abort();
  return p;
}

sim_socket *cs_sim_by_serial(cs_test_net *t, unsigned serial) {
  for (size_t i = 0; serial && i < t->socket_count; i++)
    if (t->sockets[i].serial == serial)
      return &t->sockets[i];
  return NULL;
}

bool cs_sim_is_ip(const cs_net_address *a) {
  return cs_net_address_family(a) != AF_UNIX;
}

/* An IPv4 address in the IPv6 form of a dual-stack socket, as plain IPv4. */
cs_net_address cs_sim_plain(const cs_net_address *a) {
  if (cs_net_address_family(a) != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr))
    return *a;
  cs_net_address r = {.len = sizeof r.u.in, .u.in = {.sin_family = AF_INET}};
  memcpy(&r.u.in.sin_addr, &a->u.in6.sin6_addr.s6_addr[12], 4);
  r.u.in.sin_port = a->u.in6.sin6_port;
  return r;
}

/* The address as a socket of this family shows it. */
cs_net_address cs_sim_seen_by(const sim_socket *s, const cs_net_address *a) {
  if (cs_net_address_family(&s->local) != AF_INET6 || cs_net_address_family(a) != AF_INET)
    return *a;
  cs_net_address r = {.len = sizeof r.u.in6, .u.in6 = {.sin6_family = AF_INET6}};
  r.u.in6.sin6_addr.s6_addr[10] = r.u.in6.sin6_addr.s6_addr[11] = 0xff;
  memcpy(&r.u.in6.sin6_addr.s6_addr[12], &a->u.in.sin_addr, 4);
  r.u.in6.sin6_port = a->u.in.sin_port;
  return r;
}

cs_net_address cs_sim_text_address(const char *text, uint16_t port) {
  cs_net_address a;
  cs_err e = cs_net_address_literal(cs_span_str(text), port, &a);
  assert(e == CS_OK);
  (void)e;
  return a;
}

static bool loopback(const cs_net_address *a) {
  if (cs_net_address_family(a) == AF_INET)
    return ntohl(a->u.in.sin_addr.s_addr) >> 24 == 127;
  return cs_net_address_family(a) == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->u.in6.sin6_addr);
}

/* This host's own address towards peer. */
cs_net_address cs_sim_source_for(const cs_net_address *peer, uint16_t port) {
  if (cs_net_address_family(peer) == AF_INET)
    return cs_sim_text_address(loopback(peer) ? "127.0.0.1" : "192.0.2.1", port);
  return cs_sim_text_address(loopback(peer) ? "::1" : "2001:db8::1", port);
}

bool cs_sim_port_used(const cs_test_net *t, cs_net_kind kind, const cs_net_address *a) {
  for (size_t i = 0; i < t->socket_count; i++) {
    const sim_socket *s = &t->sockets[i];
    /* An accepted connection shares its listener's address. */
    if (!s->serial || s->kind != kind || (kind == CS_NET_STREAM && s->state == CONNECTED))
      continue;
    if (cs_sim_is_ip(a) != cs_sim_is_ip(&s->local))
      continue;
    if (cs_net_address_equal(a, &s->local))
      return true;
    if (cs_sim_is_ip(a) && cs_net_address_port(a) == cs_net_address_port(&s->local) &&
        (cs_net_address_any(a) || cs_net_address_any(&s->local)))
      return true;
  }
  return false;
}

/* Flight */

cs_time cs_sim_pick_delay(cs_test_net *t) {
  cs_time span = t->link.delay_max - t->link.delay_min;
  return t->link.delay_min + (span ? cs_base_seeded_next(&t->random) % (span + 1) : 0);
}

bool cs_sim_chance(cs_test_net *t, unsigned percent) {
  return percent && cs_base_seeded_next(&t->random) % 100 < percent;
}

packet *cs_sim_packet_new(packet_kind kind, cs_span bytes) {
  packet *p = cs_sim_must(calloc(1, sizeof *p + bytes.len));
  p->kind = kind;
  p->len = bytes.len;
  if (bytes.len)
    memcpy(p->bytes, bytes.at, bytes.len);
  return p;
}

void cs_sim_fly(cs_test_net *t, packet *p, cs_time due) {
  packet **at = &t->flying;
  p->due = due;
  while (*at && (*at)->due <= due)
    at = &(*at)->next;
  p->next = *at;
  *at = p;
}

static void enqueue(sim_socket *s, packet *p) {
  p->next = NULL;
  if (s->last)
    s->last->next = p;
  else
    s->first = p;
  s->last = p;
}

packet *cs_sim_dequeue(sim_socket *s) {
  packet *p = s->first;
  if (p) {
    s->first = p->next;
    if (!s->first)
      s->last = NULL;
  }
  return p;
}

/* 0: not for this socket; 1: it is open to all; 2: it is connected to the sender. */
static int match(const sim_socket *s, const packet *p) {
  if (!s->serial || s->kind != CS_NET_DATAGRAM)
    return 0;
  bool here = cs_net_address_equal(&s->local, &p->to);
  if (!here && cs_sim_is_ip(&p->to) && cs_sim_is_ip(&s->local) && cs_net_address_any(&s->local) &&
      cs_net_address_port(&s->local) == cs_net_address_port(&p->to))
    here = cs_net_address_family(&s->local) == AF_INET6 || cs_net_address_family(&p->to) == AF_INET;
  if (!here)
    return 0;
  if (!s->has_peer)
    return 1;
  cs_net_address peer = cs_sim_plain(&s->peer);
  return cs_net_address_equal(&peer, &p->from) ? 2 : 0;
}

static bool joined(const sim_socket *s, const cs_net_address *group) {
  if (!s->serial || s->kind != CS_NET_DATAGRAM ||
      cs_net_address_port(&s->local) != cs_net_address_port(group))
    return false;
  for (size_t i = 0; i < s->group_count; i++) {
    cs_net_address g = s->groups[i];
    cs_net_address_set_port(&g, cs_net_address_port(group));
    if (cs_net_address_equal(&g, group))
      return true;
  }
  return false;
}

static void land_group(cs_test_net *t, packet *p) {
  for (size_t i = 0; i < t->socket_count; i++) {
    if (!joined(&t->sockets[i], &p->to))
      continue;
    packet *copy = cs_sim_packet_new(PACKET_DATAGRAM, cs_span_of(p->bytes, p->len));
    copy->from = p->from;
    copy->to = p->to;
    enqueue(&t->sockets[i], copy);
  }
  free(p);
}

static void land_datagram(cs_test_net *t, packet *p) {
  if (cs_net_address_multicast(&p->to)) {
    land_group(t, p);
    return;
  }
  sim_socket *best = NULL;
  int rank = 0;
  for (size_t i = 0; i < t->socket_count; i++) {
    int m = match(&t->sockets[i], p);
    if (m > rank) {
      rank = m;
      best = &t->sockets[i];
    }
  }
  if (best)
    enqueue(best, p);
  else
    free(p);
}

sim_socket *cs_sim_socket_new(cs_test_net *t, cs_net_kind kind) {
  size_t i = 0;
  while (i < t->socket_count && t->sockets[i].serial)
    i++;
  if (i == t->socket_count) {
    size_t n = t->socket_count ? t->socket_count * 2 : 16;
    t->sockets = cs_sim_must(realloc(t->sockets, n * sizeof *t->sockets));
    memset(t->sockets + t->socket_count, 0, (n - t->socket_count) * sizeof *t->sockets);
    t->socket_count = n;
  }
  sim_socket *s = &t->sockets[i];
  memset(s, 0, sizeof *s);
  s->serial = ++t->last_serial;
  s->kind = kind;
  return s;
}

static sim_socket *listener(cs_test_net *t, const cs_net_address *to) {
  for (size_t i = 0; i < t->socket_count; i++) {
    sim_socket *s = &t->sockets[i];
    if (!s->serial || s->state != LISTENING || cs_sim_is_ip(to) != cs_sim_is_ip(&s->local))
      continue;
    if (cs_net_address_equal(&s->local, to) ||
        (cs_sim_is_ip(to) && cs_net_address_any(&s->local) &&
         cs_net_address_port(&s->local) == cs_net_address_port(to)))
      return s;
  }
  return NULL;
}

/* A connection arrives: its server side exists from now on and waits in the
 * listener's queue, as the packet, to be accepted. */
static void land_connect(cs_test_net *t, packet *p) {
  sim_socket *from = cs_sim_by_serial(t, p->origin);
  sim_socket *l = listener(t, &p->to);
  packet *answer = cs_sim_packet_new(l ? PACKET_ACCEPTED : PACKET_REFUSED, cs_span_of(NULL, 0));
  answer->target = p->origin;
  cs_time answered = cs_time_add(t->now, cs_sim_pick_delay(t));
  cs_sim_fly(t, answer, answered);
  if (!l || !from) {
    free(p);
    return;
  }
  unsigned listening = l->serial;
  sim_socket *s = cs_sim_socket_new(t, CS_NET_STREAM); /* may move the others */
  from = cs_sim_by_serial(t, p->origin);
  l = cs_sim_by_serial(t, listening);
  s->state = CONNECTED;
  s->has_peer = true;
  s->local = p->to;
  s->peer = cs_sim_seen_by(l, &p->from);
  s->other = from->serial;
  s->last_due = answered; /* nothing of this side overtakes it */
  from->other = s->serial;
  p->target = s->serial;
  enqueue(l, p);
}

static void land(cs_test_net *t, packet *p) {
  sim_socket *s = cs_sim_by_serial(t, p->target);
  switch (p->kind) {
  case PACKET_DATAGRAM:
    land_datagram(t, p);
    return;
  case PACKET_CONNECT:
    land_connect(t, p);
    return;
  case PACKET_BYTES:
    if (s) {
      enqueue(s, p);
      return;
    }
    break;
  case PACKET_UNREACHABLE:
    if (s && s->has_peer)
      s->pending = CS_ERR_REFUSED;
    break;
  case PACKET_ACCEPTED:
    if (s)
      s->state = CONNECTED;
    break;
  case PACKET_REFUSED:
    if (s) {
      s->state = BROKEN;
      s->pending = CS_ERR_REFUSED;
    }
    break;
  case PACKET_END:
    if (s)
      s->ended = true;
    break;
  }
  free(p);
}

void cs_sim_deliver_due(cs_test_net *t) {
  while (t->flying && t->flying->due <= t->now) {
    packet *p = t->flying;
    t->flying = p->next;
    land(t, p);
  }
}
