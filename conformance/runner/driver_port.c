/* The ports of a case under way: sockets, connections and what waits to be
 * sent on them. */
#include "runner/driver_inside.h"

#include <string.h>

enum {
  BUFFER = 65536,
  READY_MAX = 64,
  AT_ONCE = 256, /* datagrams or pieces of a stream that one turn takes from a port */
  /* Connections that the target may not have accepted yet. Some listen with a backlog of 5;
   * what comes beyond waits for a SYN to be repeated, and with SYN cookies the host of the
   * target can lose the first bytes of such a connection without a trace. */
  UNACCEPTED_MAX = 4
};

/* A connection on which nothing came for so long counts as accepted: not every
 * target speaks first. */
static const cs_time acceptance = 100 * CS_MILLISECOND;

/* How long a turn waits at most, so that a reason to stop is seen soon. */
static const cs_time nap = 200 * CS_MILLISECOND;
/* A wake-up that is this late says that the host is busy, and for how long that
 * is remembered. */
static const cs_time late = 20 * CS_MILLISECOND;
static const cs_time memory_of_late = 60 * CS_SECOND;
static const cs_time slack_max = 2 * CS_SECOND;

static bool is_stream(const cs_runner_net *u) {
  return u->config.transport != CS_RUNNER_UDP;
}

static bool has_unsent(const cs_runner_plug *p) {
  return p->sent < p->queue.count;
}

/* Waits for what the port needs: nothing where the target said its last. */
static void watch(cs_runner_net *u, cs_runner_plug *p) {
  if (p->fd < 0)
    return;
  unsigned what = p->connecting || p->over || p->closing ? 0 : CS_NET_READ;
  if (p->connecting || has_unsent(p))
    what |= CS_NET_WRITE;
  cs_err err = u->net.ops->watch(u->net.self, p->fd, what, p);
  if (err != CS_OK && !p->flight->broken)
    p->flight->broken = err;
}

/* Closes at once. What came and was not looked at is read first: closing over
 * it would make the system reset the connection. */
static void shut(cs_runner_net *u, cs_runner_plug *p) {
  static uint8_t buf[BUFFER];
  size_t len;
  if (p->fd < 0)
    return;
  for (unsigned i = 0; i < AT_ONCE && is_stream(u) && !p->connecting && !p->over; i++)
    if (u->net.ops->receive(u->net.self, p->fd, buf, sizeof buf, &len, NULL) != CS_OK)
      break;
  u->net.ops->close(u->net.self, p->fd);
  *p = (cs_runner_plug){.flight = p->flight, .port = p->port, .fd = -1};
}

/* An end of ours waits until all that was to be sent has gone. */
static void end_if_due(cs_runner_net *u, cs_runner_plug *p) {
  if (p->fd < 0 || p->connecting || has_unsent(p))
    return;
  if (p->ending) {
    p->ending = false;
    (void)u->net.ops->finish(u->net.self, p->fd);
  }
  if (p->closing)
    shut(u, p);
}

/* Sends what waits, as far as the system takes it. */
static void push(cs_runner_net *u, cs_runner_plug *p) {
  const cs_span *queue = p->queue.items;
  while (p->fd >= 0 && !p->connecting && has_unsent(p)) {
    cs_span left = queue[p->sent];
    left = cs_span_cut(left, p->sent_part, left.len - p->sent_part);
    size_t sent = 0;
    cs_err err =
        p->deaf || left.len == 0 ? CS_OK : u->net.ops->send(u->net.self, p->fd, NULL, left, &sent);
    if (err == CS_ERR_AGAIN)
      return;
    if (err != CS_OK) { /* that it is over, and how, is said by receiving */
      p->deaf = true;
      p->reset = p->reset || err == CS_ERR_RESET;
      continue;
    }
    p->sent_part += sent;
    if (p->deaf || sent == left.len) {
      p->sent++;
      p->sent_part = 0;
    }
  }
  end_if_due(u, p);
}

static void name_port(cs_runner_net *u, cs_runner_plug *p) {
  cs_net_address local;
  if (u->net.ops->local(u->net.self, p->fd, &local) == CS_OK && cs_net_address_port(&local) != 0)
    cs_runner_case_name_port(p->flight->c, p->port, cs_net_address_port(&local));
}

/* Opens the datagram socket of a port when it is first needed. On Unix-domain
 * sockets an answer needs a path to go to. */
static bool open_datagram(cs_runner_net *u, cs_runner_plug *p) {
  cs_net_address local;
  cs_err err = CS_OK;
  if (p->fd >= 0)
    return true;
  if (u->folder) {
    const char *path =
        cs_runner_format(&p->flight->arena, "%s/%llu", u->folder, (unsigned long long)++u->paths);
    err = cs_net_address_unix(cs_span_str(path), &local);
  }
  if (err == CS_OK)
    err = u->net.ops->open(u->net.self, CS_NET_DATAGRAM, u->folder ? &local : NULL,
                           &u->config.target, &p->fd);
  if (err != CS_OK) {
    p->fd = -1;
    p->flight->broken = err;
    return false;
  }
  name_port(u, p);
  watch(u, p);
  return true;
}

/* Sends the datagrams that wait. A queue that is full, as that of a Unix-domain
 * socket soon is, is waited for: what is not sent would look like a target that
 * does not answer. */
static void push_datagrams(cs_runner_net *u, cs_runner_plug *p) {
  const cs_span *queue = p->queue.items;
  while (has_unsent(p) && !p->flight->broken) {
    size_t sent;
    cs_err err = u->net.ops->send(u->net.self, p->fd, NULL, queue[p->sent], &sent);
    if (err == CS_ERR_AGAIN)
      return;
    p->sent++;
    if (err != CS_OK)
      p->flight->broken = err;
  }
}

static void send_datagram(cs_runner_net *u, cs_runner_plug *p, cs_span bytes) {
  if (!open_datagram(u, p))
    return;
  bool waited = has_unsent(p);
  *(cs_span *)cs_runner_push(&p->flight->arena, &p->queue, sizeof(cs_span)) = bytes;
  push_datagrams(u, p);
  if (has_unsent(p) != waited)
    watch(u, p);
}

/* The target's side of the connection is over, or it never was. */
static void tell_closed(cs_runner_net *u, cs_runner_plug *p, bool reset) {
  p->over = true;
  watch(u, p);
  cs_runner_case_closed(p->flight->c, p->port, reset, cs_runner_net_now(u));
}

static void refuse(cs_runner_net *u, cs_runner_plug *p, cs_err err) {
  cs_runner_flight *f = p->flight;
  p->connecting = false;
  p->deaf = true;
  if (err != CS_ERR_REFUSED && err != CS_ERR_UNREACHABLE && err != CS_ERR_RESET &&
      err != CS_ERR_CLOSED && err != CS_ERR_NOT_FOUND) {
    f->broken = err; /* this host's own trouble */
    return;
  }
  f->refused = err == CS_ERR_UNREACHABLE ? err : CS_ERR_REFUSED;
  bool told = p->closing;
  shut(u, p);
  if (!told)
    tell_closed(u, p, true);
}

static void connect_port(cs_runner_net *u, cs_runner_plug *p) {
  int fd = -1;
  p->waiting = false;
  cs_err err = u->net.ops->open(u->net.self, CS_NET_STREAM, NULL, &u->config.target, &fd);
  if (err != CS_OK) {
    refuse(u, p, err);
    return;
  }
  p->fd = fd;
  p->connecting = true;
  name_port(u, p);
  watch(u, p);
}

/* Counts the connections that may not be accepted yet; *due is when the first of
 * them counts as accepted. */
static size_t unaccepted(cs_runner_net *u, cs_time *due) {
  cs_time now = cs_runner_net_now(u);
  size_t n = 0;
  *due = CS_TIME_NEVER;
  for (size_t i = 0; i < u->flight_count; i++)
    for (unsigned k = 0; k < CS_RUNNER_PORTS_MAX && u->flights[i].used; k++) {
      cs_runner_plug *p = &u->flights[i].plugs[k];
      p->fresh = p->fresh && now < p->since + acceptance;
      n += p->connecting || p->fresh;
      if (p->fresh)
        *due = cs_time_min(*due, p->since + acceptance);
    }
  return n;
}

/* Does everything that the case asks for. */
static void flush(cs_runner_net *u, cs_runner_flight *f) {
  cs_runner_act act;
  while (!f->broken && cs_runner_case_transmit(f->c, &act)) {
    cs_runner_plug *p = &f->plugs[act.port];
    if (act.kind == CS_RUNNER_ACT_CONNECT) {
      shut(u, p);
      *p = (cs_runner_plug){.flight = f, .port = act.port, .fd = -1, .waiting = true};
      continue;
    }
    p->waiting = p->waiting && act.kind != CS_RUNNER_ACT_CLOSE;
    if (!is_stream(u)) {
      if (act.kind == CS_RUNNER_ACT_SEND)
        send_datagram(u, p, act.bytes);
      continue;
    }
    if (p->fd < 0 || p->closing)
      continue;
    if (act.kind == CS_RUNNER_ACT_SEND)
      *(cs_span *)cs_runner_push(&f->arena, &p->queue, sizeof(cs_span)) = act.bytes;
    else if (act.kind == CS_RUNNER_ACT_END)
      p->ending = true;
    else
      p->closing = true;
    push(u, p);
    watch(u, p);
  }
}

/* Connects those whose turn it is; returns when to look again. */
static cs_time connect_waiting(cs_runner_net *u) {
  cs_time due = CS_TIME_NEVER;
  for (size_t i = 0; i < u->flight_count; i++)
    for (unsigned k = 0; k < CS_RUNNER_PORTS_MAX && u->flights[i].used; k++) {
      cs_runner_plug *p = &u->flights[i].plugs[k];
      if (!p->waiting || u->flights[i].broken)
        continue;
      if (unaccepted(u, &due) >= UNACCEPTED_MAX)
        return due;
      connect_port(u, p);
      flush(u, p->flight);
    }
  return CS_TIME_NEVER;
}

/* The background connect has come to an end, or not yet. */
static void try_connected(cs_runner_net *u, cs_runner_plug *p) {
  cs_err err = u->net.ops->connected(u->net.self, p->fd);
  if (err == CS_ERR_AGAIN)
    return;
  if (err != CS_OK) {
    refuse(u, p, err);
  } else {
    p->connecting = false;
    p->fresh = true;
    p->since = cs_runner_net_now(u);
    if (!p->closing)
      cs_runner_case_connected(p->flight->c, p->port, cs_runner_net_now(u));
    push(u, p);
    watch(u, p);
  }
  flush(u, p->flight);
}

/* Takes what came to a port. */
static void drain(cs_runner_net *u, cs_runner_plug *p) {
  static uint8_t buf[BUFFER];
  cs_runner_flight *f = p->flight;
  size_t len;
  for (unsigned i = 0; i < AT_ONCE; i++) {
    if (p->fd < 0 || p->connecting || p->over || p->closing)
      return;
    if (cs_runner_case_done(f->c)) { /* what comes now is nobody's */
      (void)u->net.ops->watch(u->net.self, p->fd, 0, p);
      return;
    }
    cs_err err = u->net.ops->receive(u->net.self, p->fd, buf, sizeof buf, &len, NULL);
    if (err == CS_ERR_AGAIN)
      return;
    p->fresh = false;
    if (err == CS_OK) {
      cs_runner_case_receive(f->c, p->port, cs_span_of(buf, len), cs_runner_net_now(u));
    } else if (is_stream(u)) {
      tell_closed(u, p, p->reset || err != CS_ERR_CLOSED);
    } else {
      f->broken = err;
      return;
    }
    flush(u, f);
  }
}

static void handle(cs_runner_net *u, cs_runner_plug *p, unsigned what) {
  if (p->fd < 0)
    return;
  if (p->connecting) {
    try_connected(u, p);
    return;
  }
  if (what & CS_NET_WRITE) {
    if (is_stream(u))
      push(u, p);
    else
      push_datagrams(u, p);
    watch(u, p);
  }
  if (what & (CS_NET_READ | CS_NET_HANGUP))
    drain(u, p);
}

void cs_runner_land(cs_runner_net *u, cs_runner_flight *f) {
  for (unsigned i = 0; i < CS_RUNNER_PORTS_MAX; i++)
    shut(u, &f->plugs[i]);
  cs_runner_release(&f->arena);
  memset(f, 0, sizeof *f);
}

void cs_runner_take_off(cs_runner_net *u, cs_runner_flight *f, cs_runner_case *c, size_t index) {
  *f = (cs_runner_flight){.c = c, .index = index, .used = true};
  for (unsigned i = 0; i < CS_RUNNER_PORTS_MAX; i++)
    f->plugs[i] = (cs_runner_plug){.flight = f, .port = i, .fd = -1};
  cs_runner_case_start(c, cs_runner_net_now(u));
  flush(u, f);
}

/* A wake-up that is late widens the tolerance for a while: the times that are
 * seen then are not better than that. */
static void note_delay(cs_runner_net *u, cs_time delay, cs_time now) {
  if (delay > late && u->base + 2 * delay >= u->tolerance) {
    u->tolerance = cs_time_min(u->base + 2 * delay, u->base + slack_max);
    u->stalled_at = now;
  } else if (u->tolerance != u->base && now > u->stalled_at + memory_of_late) {
    u->tolerance = u->base;
  }
}

static cs_time deadline_of(const cs_runner_net *u) {
  cs_time deadline = CS_TIME_NEVER;
  for (size_t i = 0; i < u->flight_count; i++) {
    const cs_runner_flight *f = &u->flights[i];
    if (f->used)
      deadline = cs_time_min(deadline, f->broken ? 0 : cs_runner_case_deadline(f->c));
  }
  if (u->begin_after > cs_runner_net_now(u))
    deadline = cs_time_min(deadline, u->begin_after);
  return deadline;
}

void cs_runner_net_turn(cs_runner_net *u) {
  cs_net_ready ready[READY_MAX];
  cs_time deadline = cs_time_min(connect_waiting(u), deadline_of(u));
  if (u->config.stop)
    deadline = cs_time_min(deadline, cs_time_add(cs_runner_net_now(u), nap));
  size_t n = u->net.ops->wait(u->net.self, ready, READY_MAX, deadline);
  cs_time now = cs_runner_net_now(u);
  if (deadline != 0)
    note_delay(u, now > deadline ? now - deadline : 0, now);
  for (size_t i = 0; i < n; i++) {
    cs_runner_plug *p = ready[i].user;
    if (p->flight && p->flight->used)
      handle(u, p, ready[i].what);
  }
  for (size_t i = 0; i < u->flight_count; i++) {
    cs_runner_flight *f = &u->flights[i];
    if (!f->used || f->broken || cs_runner_case_deadline(f->c) > now)
      continue;
    /* What came in the meantime came before the deadline is told. */
    for (unsigned k = 0; k < CS_RUNNER_PORTS_MAX; k++)
      if (f->plugs[k].fd >= 0)
        handle(u, &f->plugs[k], CS_NET_READ);
    if (!f->broken)
      cs_runner_case_expire(f->c, cs_runner_net_now(u));
    flush(u, f);
  }
}
