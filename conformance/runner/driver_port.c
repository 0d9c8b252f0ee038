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
/* A handshake that is not complete after so long holds up no others. */
static const cs_time shaking_time = 250 * CS_MILLISECOND;

/* How long a turn waits at most, so that a reason to stop is seen soon. */
static const cs_time nap = 200 * CS_MILLISECOND;
/* A wake-up that is this late says that the host is busy, and for how long that
 * is remembered. */
static const cs_time late = 20 * CS_MILLISECOND;
static const cs_time memory_of_late = 60 * CS_SECOND;
static const cs_time slack_max = 2 * CS_SECOND;

static bool is_stream(const cs_runner_net *u) {
  return 1u << u->config.transport & CS_RUNNER_STREAMS;
}

/* Whether something waits for the system to take it. */
static bool has_unsent(const cs_runner_plug *p) {
  cs_span bytes;
  return p->sent < p->queue.count || (p->veil && cs_runner_veil_output(p->veil, &bytes));
}

/* Waits for what the port needs: nothing where the target said its last. */
static void watch(cs_runner_net *u, cs_runner_plug *p) {
  if (p->fd < 0)
    return;
  unsigned what = p->connecting || p->over || p->closing ? 0 : CS_NET_READ;
  if (p->connecting || (has_unsent(p) && !p->held))
    what |= CS_NET_WRITE;
  cs_err err = u->net.ops->watch(u->net.self, p->fd, what, p);
  if (err != CS_OK && !p->flight->broken)
    p->flight->broken = err;
}

static cs_runner_plug unplugged(cs_runner_flight *f, unsigned port) {
  return (cs_runner_plug){.flight = f, .port = port, .fd = -1, .beside = -1};
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
  cs_runner_close_beside(u, p);
  cs_runner_rate_forget(u, p);
  u->net.ops->close(u->net.self, p->fd);
  cs_runner_veil_close(p->veil);
  *p = unplugged(p->flight, p->port);
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

/* What is to be sent next on a stream. */
static cs_span next_of(cs_runner_plug *p) {
  cs_span left;
  if (p->veil && cs_runner_veil_output(p->veil, &left))
    return left;
  left = ((const cs_runner_letter *)p->queue.items)[p->sent].bytes;
  return cs_span_cut(left, p->sent_part, left.len - p->sent_part);
}

/* n of these bytes went. */
static void count_sent(cs_runner_net *u, cs_runner_plug *p, cs_span left, size_t n) {
  if (p->veil) {
    cs_runner_veil_sent(p->veil, n, cs_runner_flight_now(u, p->flight));
    return;
  }
  p->sent_part += n;
  if (n == left.len) {
    p->sent++;
    p->sent_part = 0;
  }
}

/* Sends what waits, as far as the system takes it. */
static void push(cs_runner_net *u, cs_runner_plug *p) {
  while (p->fd >= 0 && !p->connecting && has_unsent(p)) {
    cs_span left = next_of(p);
    size_t sent = 0;
    if (!p->deaf && left.len && !cs_runner_rate_allows(u, p))
      return;
    cs_err err =
        p->deaf || left.len == 0 ? CS_OK : u->net.ops->send(u->net.self, p->fd, NULL, left, &sent);
    if (err == CS_ERR_AGAIN)
      return;
    cs_runner_rate_spend(u);
    if (err != CS_OK) { /* that it is over, and how, is said by receiving */
      p->deaf = true;
      p->reset = p->reset || err == CS_ERR_RESET;
      continue;
    }
    count_sent(u, p, left, p->deaf ? left.len : sent);
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
  if (u->config.source)
    local = *u->config.source;
  if (u->folder) {
    const char *path =
        cs_runner_format(&p->flight->arena, "%s/%llu", u->folder, (unsigned long long)++u->paths);
    err = cs_net_address_unix(cs_span_str(path), &local);
  }
  if (err == CS_OK)
    err = cs_runner_open_port(u, p, u->folder || u->config.source ? &local : NULL);
  if (err != CS_OK) {
    p->fd = -1;
    p->flight->broken = err;
    return false;
  }
  name_port(u, p);
  watch(u, p);
  return true;
}

/* To the group. That this host cannot says nothing about the target. */
static void send_group(cs_runner_net *u, cs_runner_plug *p, cs_span bytes) {
  cs_err err = cs_runner_send_group(u, p, bytes);
  p->sent++;
  cs_runner_rate_spend(u);
  if (err != CS_OK)
    cs_runner_case_stop(p->flight->c, CS_VERDICT_INCONCLUSIVE,
                        "nothing could be sent to the multicast group",
                        cs_runner_flight_now(u, p->flight));
}

/* Sends the datagrams that wait. A queue that is full, as that of a Unix-domain
 * socket soon is, is waited for: what is not sent would look like a target that
 * does not answer. */
static void push_datagrams(cs_runner_net *u, cs_runner_plug *p) {
  while (has_unsent(p) && !p->flight->broken) {
    cs_span bytes = {0};
    size_t sent;
    bool veiled = p->veil && cs_runner_veil_output(p->veil, &bytes);
    const cs_runner_letter *letter =
        veiled ? NULL : (const cs_runner_letter *)p->queue.items + p->sent;
    if (!cs_runner_rate_allows(u, p))
      return;
    if (letter && letter->group) {
      send_group(u, p, letter->bytes);
      continue;
    }
    if (letter)
      bytes = letter->bytes;
    cs_err err = u->net.ops->send(u->net.self, p->fd, NULL, bytes, &sent);
    if (err == CS_ERR_AGAIN)
      return;
    cs_runner_rate_spend(u);
    if (veiled)
      cs_runner_veil_sent(p->veil, bytes.len, cs_runner_flight_now(u, p->flight));
    else
      p->sent++;
    if (err != CS_OK)
      p->flight->broken = err;
  }
}

/* Sends what waits on a port that is open. */
void cs_runner_unload(cs_runner_net *u, cs_runner_plug *p) {
  if (p->fd < 0)
    return;
  if (is_stream(u))
    push(u, p);
  else
    push_datagrams(u, p);
  watch(u, p);
}

/* ---- security ---- */

/* Begins to shake hands. */
static void veil_port(cs_runner_net *u, cs_runner_plug *p) {
  const char *why = NULL;
  cs_time now = cs_runner_flight_now(u, p->flight);
  cs_runner_veil_close(p->veil);
  p->over = false;
  p->fresh = true;
  p->since = cs_runner_net_now(u);
  p->veil = cs_runner_veil_open(u->veils, p->flight->c, p->port, u->config.transport, p->secure,
                                now, &why);
  if (!p->veil)
    cs_runner_case_stop(p->flight->c, CS_VERDICT_SKIP, why, now);
}

/* Keeps why a handshake failed, for whoever asks whether the target is there. */
static void note_trouble(cs_runner_net *u, cs_runner_plug *p) {
  cs_runner_flight *f = p->flight;
  if (p->veil && !f->unsecured && !cs_runner_veil_shaking(p->veil))
    f->unsecured = cs_runner_veil_trouble(p->veil, &u->arena);
}

/* Tells the case what came. */
static void deliver(cs_runner_net *u, cs_runner_plug *p, cs_span bytes) {
  cs_time now = cs_runner_flight_now(u, p->flight);
  if (p->unveiled) {
    cs_runner_case_receive(p->flight->c, p->port, bytes, now);
  } else if (p->veil) {
    cs_runner_veil_feed(p->veil, bytes, now);
    note_trouble(u, p);
  } else if (!u->veils) {
    cs_runner_case_receive(p->flight->c, p->port, bytes, now);
  } else if (!cs_server_guard_is_record(bytes)) {
    cs_runner_case_receive_plain(p->flight->c, p->port, bytes, now);
  }
}

/* The target's side of the connection is over, or it never was. */
static void tell_closed(cs_runner_net *u, cs_runner_plug *p, bool reset) {
  cs_time now = cs_runner_flight_now(u, p->flight);
  p->over = true;
  watch(u, p);
  if (!p->veil) {
    cs_runner_case_closed(p->flight->c, p->port, reset, now);
    return;
  }
  cs_runner_veil_closed(p->veil, reset, now);
  note_trouble(u, p);
}

/* ---- connections ---- */

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
  if (!is_stream(u)) {
    if (open_datagram(u, p) && !p->unveiled)
      veil_port(u, p);
    cs_runner_unload(u, p);
    return;
  }
  cs_err err =
      u->net.ops->open(u->net.self, CS_NET_STREAM, u->config.source, &u->config.target, &fd);
  if (err != CS_OK) {
    refuse(u, p, err);
    return;
  }
  p->fd = fd;
  p->connecting = true;
  name_port(u, p);
  watch(u, p);
}

/* Until when a connection counts as one that the target is still busy to accept,
 * or to shake hands on. */
static cs_time busy_until(const cs_runner_plug *p) {
  if (p->veil && cs_runner_veil_shaking(p->veil))
    return p->since + shaking_time;
  return p->fresh ? p->since + acceptance : 0;
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
      cs_time until = busy_until(p);
      n += p->connecting || now < until;
      if (now < until)
        *due = cs_time_min(*due, until);
    }
  return n;
}

static void enqueue(cs_runner_plug *p, cs_span bytes, bool group) {
  *(cs_runner_letter *)cs_runner_push(&p->flight->arena, &p->queue, sizeof(cs_runner_letter)) =
      (cs_runner_letter){bytes, group};
}

/* A new connection; on DTLS a new session from the same socket. */
static void begin_connect(cs_runner_net *u, cs_runner_plug *p, const cs_runner_act *act) {
  if (is_stream(u)) {
    shut(u, p);
    *p = unplugged(p->flight, act->port);
  }
  p->waiting = true;
  p->unveiled = act->unveiled;
  p->secure = act->secure;
}

static void act_on_datagrams(cs_runner_net *u, cs_runner_plug *p, const cs_runner_act *act) {
  bool plain = act->kind == CS_RUNNER_ACT_PLAIN || act->kind == CS_RUNNER_ACT_GROUP ||
               (act->kind == CS_RUNNER_ACT_SEND && (!u->veils || p->unveiled));
  if (plain) {
    if (!open_datagram(u, p))
      return;
    enqueue(p, act->bytes, act->kind == CS_RUNNER_ACT_GROUP);
  } else if (p->veil && act->kind == CS_RUNNER_ACT_SEND) {
    cs_runner_veil_send(p->veil, act->bytes, cs_runner_flight_now(u, p->flight));
  } else if (p->veil && act->kind == CS_RUNNER_ACT_ALERT) {
    cs_runner_veil_alert(p->veil, act->alert, cs_runner_flight_now(u, p->flight));
  } else if (act->kind == CS_RUNNER_ACT_CLOSE) {
    cs_runner_veil_close(p->veil);
    p->veil = NULL;
    p->over = true; /* nothing of it is told any more */
  }
  cs_runner_unload(u, p);
}

static void act_on_stream(cs_runner_net *u, cs_runner_plug *p, const cs_runner_act *act) {
  if (p->fd < 0 || p->closing)
    return;
  switch (act->kind) {
  case CS_RUNNER_ACT_SEND:
    if (p->veil)
      cs_runner_veil_send(p->veil, act->bytes, cs_runner_flight_now(u, p->flight));
    else if (!u->veils || p->unveiled)
      enqueue(p, act->bytes, act->kind == CS_RUNNER_ACT_GROUP);
    break;
  case CS_RUNNER_ACT_ALERT:
    if (p->veil)
      cs_runner_veil_alert(p->veil, act->alert, cs_runner_flight_now(u, p->flight));
    break;
  case CS_RUNNER_ACT_PLAIN:
    break;
  case CS_RUNNER_ACT_END:
    p->ending = true;
    break;
  default:
    p->closing = true;
    break;
  }
  cs_runner_unload(u, p);
}

/* Does everything that the case asks for. */
static void flush(cs_runner_net *u, cs_runner_flight *f) {
  cs_runner_act act;
  while (!f->broken && cs_runner_case_transmit(f->c, &act)) {
    cs_runner_plug *p = &f->plugs[act.port];
    if (act.kind == CS_RUNNER_ACT_CONNECT) {
      begin_connect(u, p, &act);
      continue;
    }
    p->waiting = p->waiting && act.kind != CS_RUNNER_ACT_CLOSE;
    if (is_stream(u))
      act_on_stream(u, p, &act);
    else
      act_on_datagrams(u, p, &act);
  }
}

size_t cs_runner_net_waiting(const cs_runner_net *u) {
  size_t n = 0;
  for (size_t i = 0; i < u->flight_count; i++)
    for (unsigned k = 0; k < CS_RUNNER_PORTS_MAX && u->flights[i].used; k++)
      n += u->flights[i].plugs[k].waiting;
  return n;
}

/* Connects those whose turn it is, the search for a sign of life first, which is
 * the last flight; returns when to look again. */
static cs_time connect_waiting(cs_runner_net *u) {
  cs_time due = CS_TIME_NEVER;
  for (size_t i = u->flight_count; i-- > 0;)
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
      cs_runner_case_connected(p->flight->c, p->port, cs_runner_flight_now(u, p->flight));
    if (!p->closing && u->veils && !p->unveiled)
      veil_port(u, p);
    cs_runner_unload(u, p);
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
      deliver(u, p, cs_span_of(buf, len));
    } else if (is_stream(u)) {
      tell_closed(u, p, p->reset || err != CS_ERR_CLOSED);
    } else {
      f->broken = err;
      return;
    }
    flush(u, f);
    if (p->veil) /* what the handshake has to say */
      cs_runner_unload(u, p);
  }
}

static void handle(cs_runner_net *u, cs_runner_plug *p, unsigned what) {
  if (p->fd < 0)
    return;
  if (p->connecting) {
    try_connected(u, p);
    return;
  }
  if (what & CS_NET_WRITE)
    cs_runner_unload(u, p);
  if (p->beside >= 0 && !p->flight->broken) {
    cs_runner_overhear(u, p);
    flush(u, p->flight);
  }
  if (what & (CS_NET_READ | CS_NET_HANGUP))
    drain(u, p);
}

/* A session of datagrams is ended in words: nothing else would tell the target. */
static void take_leave(cs_runner_net *u, cs_runner_plug *p) {
  if (p->fd < 0 || !p->veil || is_stream(u) || p->flight->broken)
    return;
  cs_runner_veil_alert(p->veil, 0, cs_runner_flight_now(u, p->flight));
  unsigned rate = u->config.rate;
  u->config.rate = 0; /* it cannot wait; those behind it wait longer */
  push_datagrams(u, p);
  u->config.rate = rate;
  cs_runner_rate_spend(u);
}

void cs_runner_land(cs_runner_net *u, cs_runner_flight *f) {
  for (unsigned i = 0; i < CS_RUNNER_PORTS_MAX; i++)
    take_leave(u, &f->plugs[i]);
  for (unsigned i = 0; i < CS_RUNNER_PORTS_MAX; i++)
    shut(u, &f->plugs[i]);
  cs_runner_release(&f->arena);
  memset(f, 0, sizeof *f);
}

void cs_runner_take_off(cs_runner_net *u, cs_runner_flight *f, cs_runner_case *c, size_t index) {
  *f = (cs_runner_flight){.c = c, .index = index, .used = true, .began = cs_runner_net_now(u)};
  for (unsigned i = 0; i < CS_RUNNER_PORTS_MAX; i++)
    f->plugs[i] = unplugged(f, i);
  cs_runner_case_secure_calls(c, u->veils);
  cs_runner_case_tolerate(c, &u->tolerance);
  cs_runner_case_start(c, f->began);
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

static cs_time flight_deadline(const cs_runner_flight *f) {
  cs_time at = cs_runner_case_deadline(f->c);
  if (f->limit && !cs_runner_case_done(f->c))
    at = cs_time_min(at, cs_time_add(f->began, f->limit));
  for (unsigned k = 0; k < CS_RUNNER_PORTS_MAX; k++)
    if (f->plugs[k].veil)
      at = cs_time_min(at, cs_runner_veil_deadline(f->plugs[k].veil));
  return at == CS_TIME_NEVER ? at : cs_runner_flight_wall(f, at);
}

static cs_time deadline_of(const cs_runner_net *u) {
  cs_time deadline = CS_TIME_NEVER;
  for (size_t i = 0; i < u->flight_count; i++) {
    const cs_runner_flight *f = &u->flights[i];
    if (f->used)
      deadline = cs_time_min(deadline, f->broken ? 0 : flight_deadline(f));
  }
  if (u->held)
    deadline = cs_time_min(deadline, u->next_send);
  if (u->begin_after > cs_runner_net_now(u))
    deadline = cs_time_min(deadline, u->begin_after);
  return deadline;
}

/* The timers of handshakes. */
static void expire_veils(cs_runner_net *u, cs_runner_flight *f) {
  for (unsigned k = 0; k < CS_RUNNER_PORTS_MAX && !f->broken && !f->held; k++) {
    cs_runner_plug *p = &f->plugs[k];
    if (!p->veil || cs_runner_veil_deadline(p->veil) > cs_runner_flight_now(u, f))
      continue;
    cs_runner_veil_expire(p->veil, cs_runner_flight_now(u, f));
    note_trouble(u, p);
    cs_runner_unload(u, p);
    flush(u, f);
  }
}

/* The case of --timeout. */
static void end_in_time(cs_runner_net *u, cs_runner_flight *f) {
  cs_time now = cs_runner_flight_now(u, f);
  if (!f->limit || f->broken || cs_runner_case_done(f->c) || now - f->began < f->limit)
    return;
  cs_runner_case_stop(f->c, CS_VERDICT_INCONCLUSIVE,
                      cs_runner_format(&f->arena, "it lasted longer than --timeout, %llu.%03llu s",
                                       (unsigned long long)(f->limit / CS_SECOND),
                                       (unsigned long long)(f->limit % CS_SECOND / 1000)),
                      now);
  flush(u, f);
}

/* Those whose turn it is under --rate. */
static void send_held(cs_runner_net *u) {
  cs_runner_plug *p;
  while ((p = cs_runner_rate_next(u)) != NULL) {
    uint64_t ticket = p->ticket;
    u->turn = p;
    cs_runner_unload(u, p);
    u->turn = NULL;
    if (p->held && p->ticket == ticket) /* it has nothing to send any more */
      cs_runner_rate_forget(u, p);
  }
}

cs_time cs_runner_net_due(cs_runner_net *u) {
  u->due = cs_time_min(connect_waiting(u), deadline_of(u));
  if (u->config.stop)
    u->due = cs_time_min(u->due, cs_time_add(cs_runner_net_now(u), nap));
  return u->due;
}

/* What there is to do by now, or by a time that is waited for; deadline is when there was
 * something to do at the latest. */
static void turn_until(cs_runner_net *u, cs_time until, cs_time deadline) {
  cs_net_ready ready[READY_MAX];
  size_t n = u->net.ops->wait(u->net.self, ready, READY_MAX, until);
  cs_time now = cs_runner_net_now(u);
  if (deadline != 0)
    note_delay(u, now > deadline ? now - deadline : 0, now);
  send_held(u);
  for (size_t i = 0; i < n; i++) {
    cs_runner_plug *p = ready[i].user;
    if (p->flight && p->flight->used)
      handle(u, p, ready[i].what);
  }
  for (size_t i = 0; i < u->flight_count; i++) {
    cs_runner_flight *f = &u->flights[i];
    if (f->used && u->veils)
      expire_veils(u, f);
    if (f->used)
      end_in_time(u, f);
    if (!f->used || f->broken || f->held ||
        cs_runner_flight_wall(f, cs_runner_case_deadline(f->c)) > now)
      continue;
    /* What came in the meantime came before the deadline is told. */
    for (unsigned k = 0; k < CS_RUNNER_PORTS_MAX; k++)
      if (f->plugs[k].fd >= 0)
        handle(u, &f->plugs[k], CS_NET_READ);
    if (!f->broken)
      cs_runner_case_expire(f->c, cs_runner_flight_now(u, f));
    flush(u, f);
  }
}

void cs_runner_net_turn(cs_runner_net *u) {
  cs_time due = cs_runner_net_due(u);
  turn_until(u, due, due);
}

void cs_runner_net_glance(cs_runner_net *u) {
  turn_until(u, cs_time_min(u->due, cs_runner_net_now(u)), u->due);
}
