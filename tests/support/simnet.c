#include "support/simnet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/simnet_state.h"

static const char *const operation_names[OPERATIONS] = {"open", "accept", "send", "receive",
                                                        "watch"};
static cs_test_net *net_of(void *net) {
  return ((program *)net)->net;
}

static bool fails(cs_test_net *t, int operation, cs_err *e) {
  if (t->fail[operation].n == 0)
    return false;
  t->fail[operation].n--;
  *e = t->fail[operation].err;
  return true;
}

static sim_socket *socket_at(cs_test_net *t, int fd) {
  size_t i = (size_t)fd - FIRST_FD;
  return fd >= FIRST_FD && i < t->socket_count && t->sockets[i].serial ? &t->sockets[i] : NULL;
}

static int fd_of(const cs_test_net *t, const sim_socket *s) {
  return (int)(s - t->sockets) + FIRST_FD;
}

static cs_time op_now(void *net) {
  return net_of(net)->now;
}

static void op_entropy(void *net, uint8_t *out, size_t n) {
  cs_base_random r = cs_base_seeded_random(&net_of(net)->random);
  cs_base_random_fill(&r, out, n);
}

/* What open would bind to; CS_ERR_IN_USE when that is taken. */
static cs_err choose_local(cs_test_net *t, cs_net_kind kind, const cs_net_address *local,
                           const cs_net_address *peer, cs_net_address *out) {
  if (local) {
    *out = *local;
  } else if (peer && !cs_sim_is_ip(peer)) {
    memset(out, 0, sizeof *out); /* a nameless AF_UNIX stream */
    out->u.sa.sa_family = AF_UNIX;
    out->len = sizeof out->u.sa.sa_family;
    return CS_OK;
  } else if (peer) {
    *out = cs_sim_source_for(peer, 0);
  } else {
    *out = cs_sim_text_address("::", 0);
  }
  if (cs_sim_is_ip(out) && peer && cs_net_address_any(out) && !cs_net_address_multicast(peer))
    *out = cs_sim_source_for(peer, cs_net_address_port(out));
  if (!cs_sim_is_ip(out) || cs_net_address_port(out))
    return cs_sim_port_used(t, kind, out) ? CS_ERR_IN_USE : CS_OK;
  for (unsigned tries = 0; tries < 65536 - FIRST_EPHEMERAL; tries++) {
    cs_net_address_set_port(out, t->next_port);
    t->next_port = t->next_port == UINT16_MAX ? FIRST_EPHEMERAL : (uint16_t)(t->next_port + 1);
    if (!cs_sim_port_used(t, kind, out))
      return CS_OK;
  }
  return CS_ERR_LIMIT;
}

static bool refused(const cs_test_net *t, const cs_net_address *peer) {
  for (size_t i = 0; i < t->refused_count; i++)
    if (cs_net_address_equal(&t->refused[i], peer))
      return true;
  return false;
}

static cs_err op_open(void *net, cs_net_kind kind, const cs_net_address *local,
                      const cs_net_address *peer, int *fd) {
  cs_test_net *t = net_of(net);
  cs_err e;
  if (fails(t, OP_OPEN, &e))
    return e;
  if ((local && local->len == 0) || (peer && peer->len == 0))
    return CS_ERR_ARGUMENT;
  if (local && peer && cs_net_address_family(local) != cs_net_address_family(peer))
    return CS_ERR_ARGUMENT;
  if (peer && !cs_sim_is_ip(peer) && kind == CS_NET_DATAGRAM && !local)
    return CS_ERR_ARGUMENT;
  if (peer && cs_sim_is_ip(peer) && (cs_net_address_port(peer) == 0 || cs_net_address_any(peer)))
    return CS_ERR_ARGUMENT;
  if (peer && kind == CS_NET_STREAM && cs_net_address_multicast(peer))
    return CS_ERR_ARGUMENT;
  cs_net_address bound;
  e = choose_local(t, kind, local, peer, &bound);
  if (e)
    return e;
  sim_socket *s = cs_sim_socket_new(t, kind);
  s->local = bound;
  if (peer && !cs_net_address_multicast(peer)) {
    s->peer = *peer;
    s->has_peer = true;
  }
  if (kind == CS_NET_STREAM && !peer)
    s->state = LISTENING;
  if (kind == CS_NET_STREAM && peer) {
    s->state = CONNECTING;
    packet *p = cs_sim_packet_new(PACKET_CONNECT, cs_span_of(NULL, 0));
    p->from = bound;
    p->to = cs_sim_plain(peer);
    p->origin = s->serial;
    cs_sim_fly(t, p, cs_time_add(t->now, cs_sim_pick_delay(t)));
  }
  *fd = fd_of(t, s);
  return CS_OK;
}

static cs_err op_accept(void *net, int fd, cs_net_address *peer, int *connection) {
  cs_test_net *t = net_of(net);
  cs_err e;
  if (fails(t, OP_ACCEPT, &e))
    return e;
  cs_sim_deliver_due(t);
  sim_socket *s = socket_at(t, fd);
  if (!s || s->state != LISTENING)
    return CS_ERR_ARGUMENT;
  packet *p = cs_sim_dequeue(s);
  if (!p)
    return CS_ERR_AGAIN;
  sim_socket *c = cs_sim_by_serial(t, p->target);
  free(p);
  if (peer)
    *peer = c->peer;
  *connection = fd_of(t, c);
  return CS_OK;
}

static cs_err op_connected(void *net, int fd) {
  cs_sim_deliver_due(net_of(net));
  const sim_socket *s = socket_at(net_of(net), fd);
  if (!s || s->kind != CS_NET_STREAM)
    return CS_ERR_ARGUMENT;
  if (s->state == CONNECTED)
    return CS_OK;
  return s->state == CONNECTING ? CS_ERR_AGAIN : CS_ERR_REFUSED;
}

/* An error that came back is reported once, by the next send or receive. */
static cs_err take_pending(sim_socket *s) {
  cs_err e = s->pending;
  if (s->kind == CS_NET_DATAGRAM)
    s->pending = CS_OK;
  return e;
}

static cs_err send_datagram(cs_test_net *t, sim_socket *s, const cs_net_address *peer,
                            cs_span bytes) {
  if (!peer && !s->has_peer)
    return CS_ERR_ARGUMENT;
  if (bytes.len > DATAGRAM_MAX)
    return CS_ERR_TOO_LARGE;
  cs_net_address to = cs_sim_plain(peer ? peer : &s->peer);
  cs_net_address from = cs_sim_plain(&s->local);
  if (cs_sim_is_ip(&from) && cs_net_address_any(&from)) {
    uint16_t port = cs_net_address_port(&from);
    if (s->reached_as.len && cs_net_address_family(&s->reached_as) == cs_net_address_family(&to))
      from = s->reached_as;
    else
      from = cs_sim_source_for(&to, port);
  }
  if (cs_net_address_family(&from) != cs_net_address_family(&to))
    return CS_ERR_ARGUMENT;
  t->datagrams++;
  bool refuse = refused(t, &to);
  unsigned copies = cs_sim_chance(t, t->link.loss_percent) ? 0 : 1;
  if (copies && !refuse && cs_sim_chance(t, t->link.duplicate_percent))
    copies = 2;
  while (copies--) {
    packet *p = cs_sim_packet_new(refuse ? PACKET_UNREACHABLE : PACKET_DATAGRAM, bytes);
    p->from = from;
    p->to = to;
    p->origin = s->serial;
    p->target = refuse ? s->serial : 0;
    cs_sim_fly(t, p, cs_time_add(t->now, cs_sim_pick_delay(t)));
  }
  return CS_OK;
}

static void fly_stream(cs_test_net *t, sim_socket *s, packet *p) {
  cs_time due = cs_time_add(t->now, cs_sim_pick_delay(t));
  if (due < s->last_due)
    due = s->last_due;
  s->last_due = due;
  p->target = s->other;
  cs_sim_fly(t, p, due);
}

static cs_err send_stream(cs_test_net *t, sim_socket *s, cs_span bytes, size_t *sent) {
  if (s->state == CONNECTING)
    return CS_ERR_AGAIN;
  sim_socket *other = cs_sim_by_serial(t, s->other);
  if (s->state != CONNECTED || !other || s->finished)
    return CS_ERR_CLOSED;
  size_t room = STREAM_WINDOW - other->unread;
  size_t n = bytes.len < room ? bytes.len : room;
  if (bytes.len && n == 0)
    return CS_ERR_AGAIN;
  if (n) {
    other->unread += n;
    fly_stream(t, s, cs_sim_packet_new(PACKET_BYTES, cs_span_cut(bytes, 0, n)));
  }
  *sent = n;
  return CS_OK;
}

static cs_err op_send(void *net, int fd, const cs_net_address *peer, cs_span bytes, size_t *sent) {
  cs_test_net *t = net_of(net);
  cs_err e;
  if (fails(t, OP_SEND, &e))
    return e;
  cs_sim_deliver_due(t);
  sim_socket *s = socket_at(t, fd);
  if (!s)
    return CS_ERR_ARGUMENT;
  e = take_pending(s);
  if (e)
    return e;
  if (s->kind == CS_NET_STREAM)
    return send_stream(t, s, bytes, sent);
  e = send_datagram(t, s, peer, bytes);
  if (!e)
    *sent = bytes.len;
  return e;
}

static cs_err receive_datagram(sim_socket *s, uint8_t *buf, size_t cap, size_t *len,
                               cs_net_address *from) {
  packet *p = cs_sim_dequeue(s);
  if (!p)
    return CS_ERR_AGAIN;
  cs_err e = CS_ERR_TOO_LARGE;
  if (p->len <= cap) {
    e = CS_OK;
    if (p->len)
      memcpy(buf, p->bytes, p->len);
    *len = p->len;
    if (from)
      *from = cs_sim_seen_by(s, &p->from);
    if (!cs_net_address_multicast(&p->to))
      s->reached_as = p->to;
  }
  free(p);
  return e;
}

static cs_err receive_stream(sim_socket *s, uint8_t *buf, size_t cap, size_t *len,
                             cs_net_address *from) {
  size_t n = 0;
  if (cap == 0 || s->state == LISTENING)
    return CS_ERR_ARGUMENT;
  while (s->first && n < cap) {
    packet *p = s->first;
    size_t part = p->len - p->read < cap - n ? p->len - p->read : cap - n;
    memcpy(buf + n, p->bytes + p->read, part);
    n += part;
    p->read += part;
    if (p->read == p->len)
      free(cs_sim_dequeue(s));
  }
  if (n == 0)
    return s->ended ? CS_ERR_CLOSED : CS_ERR_AGAIN;
  s->unread -= n;
  *len = n;
  if (from)
    *from = s->peer;
  return CS_OK;
}

static cs_err op_receive(void *net, int fd, uint8_t *buf, size_t cap, size_t *len,
                         cs_net_address *from) {
  cs_test_net *t = net_of(net);
  cs_err e;
  if (fails(t, OP_RECEIVE, &e))
    return e;
  cs_sim_deliver_due(t);
  sim_socket *s = socket_at(t, fd);
  if (!s)
    return CS_ERR_ARGUMENT;
  e = take_pending(s);
  if (e)
    return e;
  return s->kind == CS_NET_STREAM ? receive_stream(s, buf, cap, len, from)
                                  : receive_datagram(s, buf, cap, len, from);
}

static void end_stream(cs_test_net *t, sim_socket *s) {
  if (s->other)
    fly_stream(t, s, cs_sim_packet_new(PACKET_END, cs_span_of(NULL, 0)));
}

/* Nothing is delayed but by the link. */
static void op_quick(void *net, int fd) {
  (void)net, (void)fd;
}

static cs_err op_finish(void *net, int fd) {
  cs_test_net *t = net_of(net);
  sim_socket *s = socket_at(t, fd);
  if (!s || s->kind != CS_NET_STREAM)
    return CS_ERR_ARGUMENT;
  if (s->state != CONNECTED)
    return CS_ERR_CLOSED;
  if (!s->finished)
    end_stream(t, s);
  s->finished = true;
  return CS_OK;
}

static void op_close(void *net, int fd) {
  cs_test_net *t = net_of(net);
  sim_socket *s = socket_at(t, fd);
  if (!s)
    return;
  for (packet *p = cs_sim_dequeue(s); p; p = cs_sim_dequeue(s)) {
    sim_socket *c = p->kind == PACKET_CONNECT ? cs_sim_by_serial(t, p->target) : NULL;
    if (c) { /* a connection that nobody has accepted */
      end_stream(t, c);
      c->serial = 0;
    }
    free(p);
  }
  end_stream(t, s);
  s->serial = 0;
}

static cs_err op_local(void *net, int fd, cs_net_address *out) {
  const sim_socket *s = socket_at(net_of(net), fd);
  if (!s)
    return CS_ERR_ARGUMENT;
  *out = s->local;
  return CS_OK;
}

static cs_err op_multicast_hops(void *net, int fd, unsigned hops) {
  const sim_socket *s = socket_at(net_of(net), fd);
  if (!s || hops > 255)
    return CS_ERR_ARGUMENT;
  return cs_sim_is_ip(&s->local) ? CS_OK : CS_ERR_UNSUPPORTED;
}

static cs_err op_multicast_join(void *net, int fd, const cs_net_address *group) {
  sim_socket *s = socket_at(net_of(net), fd);
  if (!s || !cs_net_address_multicast(group))
    return CS_ERR_ARGUMENT;
  if (s->group_count == GROUPS_MAX)
    return CS_ERR_LIMIT;
  s->groups[s->group_count++] = cs_sim_plain(group);
  return CS_OK;
}

static cs_err op_watch(void *net, int fd, unsigned what, void *user) {
  cs_test_net *t = net_of(net);
  cs_err e;
  if (fails(t, OP_WATCH, &e))
    return e;
  sim_socket *s = socket_at(t, fd);
  if (!s)
    return CS_ERR_ARGUMENT;
  s->watcher = net;
  s->what = what & (CS_NET_READ | CS_NET_WRITE);
  s->user = user;
  return CS_OK;
}

static bool writable(cs_test_net *t, const sim_socket *s) {
  if (s->kind == CS_NET_DATAGRAM || s->pending)
    return true;
  if (s->state != CONNECTED)
    return false;
  const sim_socket *other = cs_sim_by_serial(t, s->other);
  return !other || other->unread < STREAM_WINDOW;
}

static unsigned ready_of(cs_test_net *t, const sim_socket *s) {
  unsigned what = 0;
  if (s->first || s->pending || s->ended)
    what |= CS_NET_READ;
  if (writable(t, s))
    what |= CS_NET_WRITE;
  what &= s->what;
  if (s->what && (s->ended || s->state == BROKEN))
    what |= CS_NET_HANGUP;
  return what;
}

static size_t collect(program *self, cs_net_ready *out, size_t cap) {
  cs_test_net *t = self->net;
  size_t n = 0;
  cs_sim_deliver_due(t);
  for (size_t i = 0; i < t->socket_count && n < cap; i++) {
    const sim_socket *s = &t->sockets[i];
    if (!s->serial || s->watcher != self)
      continue;
    unsigned what = ready_of(t, s);
    if (what)
      out[n++] = (cs_net_ready){s->user, what};
  }
  return n;
}

static size_t op_wait(void *net, cs_net_ready *out, size_t cap, cs_time deadline) {
  cs_test_net *t = net_of(net);
  if (cap == 0)
    return 0;
  for (;;) {
    size_t n = collect(net, out, cap);
    if (n == 0 && t->idle) {
      t->idle(t->idle_ctx);
      n = collect(net, out, cap);
    }
    if (n > 0 || deadline <= t->now)
      return n;
    cs_time next = t->flying ? cs_time_min(t->flying->due, deadline) : deadline;
    if (next == CS_TIME_NEVER)
      return 0; /* nothing can ever happen: do not hang the test */
    t->now = next;
  }
}

static int op_loop_fd(void *net) {
  (void)net;
  return -1;
}

static const cs_net_ops sim_ops = {
    .now = op_now,
    .entropy = op_entropy,
    .open = op_open,
    .accept = op_accept,
    .connected = op_connected,
    .send = op_send,
    .receive = op_receive,
    .finish = op_finish,
    .quick = op_quick,
    .close = op_close,
    .local = op_local,
    .multicast_hops = op_multicast_hops,
    .multicast_join = op_multicast_join,
    .watch = op_watch,
    .wait = op_wait,
    .loop_fd = op_loop_fd,
};

/* The net itself */

cs_test_net *cs_test_net_new(uint64_t seed) {
  cs_test_net *t = cs_sim_must(calloc(1, sizeof *t));
  cs_base_seeded_init(&t->random, seed);
  t->next_port = FIRST_EPHEMERAL;
  t->now = CS_SECOND; /* never zero, so that "not set" and "now" differ */
  return t;
}

void cs_test_net_free(cs_test_net *t) {
  if (!t)
    return;
  for (size_t i = 0; i < t->socket_count; i++)
    for (packet *p = cs_sim_dequeue(&t->sockets[i]); p; p = cs_sim_dequeue(&t->sockets[i]))
      free(p);
  while (t->flying) {
    packet *p = t->flying;
    t->flying = p->next;
    free(p);
  }
  while (t->programs) {
    program *p = t->programs;
    t->programs = p->next;
    free(p);
  }
  free(t->sockets);
  free(t->refused);
  free(t);
}

cs_net cs_test_net_as_net(cs_test_net *t) {
  program *p = cs_sim_must(calloc(1, sizeof *p));
  p->net = t;
  p->next = t->programs;
  t->programs = p;
  return (cs_net){&sim_ops, p};
}

void cs_test_net_set_idle(cs_test_net *t, void (*idle)(void *ctx), void *ctx) {
  t->idle = idle;
  t->idle_ctx = ctx;
}

void cs_test_net_set_link(cs_test_net *t, const cs_test_net_link *link) {
  assert(link->delay_min <= link->delay_max);
  t->link = *link;
}

cs_time cs_test_net_now(const cs_test_net *t) {
  return t->now;
}

void cs_test_net_advance(cs_test_net *t, cs_time by) {
  cs_time end = cs_time_add(t->now, by);
  /* Step by step, so that what a delivery sends on leaves at its own time. */
  while (t->flying && t->flying->due <= end) {
    if (t->flying->due > t->now)
      t->now = t->flying->due;
    cs_sim_deliver_due(t);
  }
  t->now = end;
}

void cs_test_net_fail(cs_test_net *t, const char *operation, unsigned n, cs_err err) {
  for (int i = 0; i < OPERATIONS; i++) {
    if (strcmp(operation_names[i], operation) == 0) {
      t->fail[i].n = n;
      t->fail[i].err = err;
      return;
    }
  }
  abort(); /* a misspelt operation would make a test that tests nothing */
}

size_t cs_test_net_open_sockets(const cs_test_net *t) {
  size_t n = 0;
  for (size_t i = 0; i < t->socket_count; i++)
    n += t->sockets[i].serial != 0;
  return n;
}

size_t cs_test_net_datagrams(const cs_test_net *t) {
  return t->datagrams;
}

void cs_test_net_refuse(cs_test_net *t, const cs_net_address *peer) {
  t->refused = cs_sim_must(realloc(t->refused, (t->refused_count + 1) * sizeof *t->refused));
  t->refused[t->refused_count++] = cs_sim_plain(peer);
}
