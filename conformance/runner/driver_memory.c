#include "base/random.h"
#include "runner/driver.h"
#include "server/server.h"

/* Where virtual time begins, and how many turns a case may take before it is
 * given up: a defect may make the server talk without end. */
static const cs_time begin = CS_SECOND;
enum { TURNS_MAX = 200000, DATAGRAM_MAX = 65536 };
/* What the server accepts where a scenario needs tokens over 8 bytes: enough for
 * all forms of their length, and little enough for a longer one to be sent. */
enum { EXTENDED_TOKEN = 512 };

/* A connection between the case's port and the server's peer of that number. */
enum state { NONE, OPEN, ENDING, OVER };

struct playing {
  cs_runner_case *c;
  cs_server *server;
  cs_wire_form form;
  cs_runner_transport transport;
  cs_server_guard *guard; /* on a secured transport; else NULL */
  cs_runner_veils *shared;
  cs_runner_veil *veils[CS_RUNNER_PORTS_MAX]; /* NULL: none yet */
  enum state connections[CS_RUNNER_PORTS_MAX];
  bool unveiled[CS_RUNNER_PORTS_MAX]; /* our client's, which shakes hands itself */
  cs_base_seeded cuts, secrets;
  cs_time now;
  unsigned turns;
};

static uint64_t peer_of(unsigned port) {
  return (uint64_t)port + 1;
}

/* Where a stream is cut: often behind a few bytes, so that both sides have to
 * put together what belongs together. */
static size_t cut(struct playing *p, size_t len) {
  if (p->form == CS_WIRE_UDP || len < 2)
    return len;
  uint64_t draw = cs_base_seeded_next(&p->cuts);
  size_t most = draw & 1 ? len : 16;
  size_t piece = 1 + (size_t)(draw >> 8) % most;
  return piece < len ? piece : len;
}

/* ---- the server, guarded or not ---- */

static void server_receive(struct playing *p, unsigned port, bool multicast, cs_span bytes) {
  uint8_t address = (uint8_t)port;
  if (p->guard)
    cs_server_guard_receive(p->guard, peer_of(port), cs_span_of(&address, 1), bytes, p->now);
  else
    cs_server_receive(p->server, peer_of(port), multicast, bytes, p->now);
}

static cs_err server_transmit(struct playing *p, uint8_t *buf, uint64_t *peer, size_t *len) {
  return p->guard ? cs_server_guard_transmit(p->guard, p->now, buf, DATAGRAM_MAX, peer, len)
                  : cs_server_transmit(p->server, p->now, buf, DATAGRAM_MAX, peer, len);
}

static bool server_closing(struct playing *p, uint64_t *peer) {
  return p->guard ? cs_server_guard_closing(p->guard, p->now, peer)
                  : cs_server_closing(p->server, p->now, peer);
}

static cs_err server_connect(struct playing *p, unsigned port) {
  return p->guard ? cs_server_guard_connect(p->guard, peer_of(port), p->form, p->now)
                  : cs_server_connect(p->server, peer_of(port), p->form, p->now);
}

static void server_hangup(struct playing *p, unsigned port) {
  if (p->guard)
    cs_server_guard_hangup(p->guard, peer_of(port), p->now);
  else
    cs_server_hangup(p->server, peer_of(port), p->now);
}

static cs_time server_deadline(const struct playing *p) {
  return p->guard ? cs_server_guard_deadline(p->guard) : cs_server_deadline(p->server);
}

static void server_expire(struct playing *p) {
  if (p->guard)
    cs_server_guard_expire(p->guard, p->now);
  else
    cs_server_expire(p->server, p->now);
}

/* ---- the wire ---- */

/* Bytes of the wire to the server. */
static void to_server(struct playing *p, unsigned port, cs_span bytes) {
  if (p->form == CS_WIRE_UDP) {
    server_receive(p, port, false, bytes);
    return;
  }
  while (bytes.len && p->connections[port] == OPEN) {
    size_t n = cut(p, bytes.len);
    server_receive(p, port, false, cs_span_cut(bytes, 0, n));
    bytes = cs_span_cut(bytes, n, bytes.len - n);
  }
}

static void case_receive(struct playing *p, unsigned port, cs_span bytes) {
  if (p->veils[port])
    cs_runner_veil_feed(p->veils[port], bytes, p->now);
  else if (!p->guard || p->unveiled[port])
    cs_runner_case_receive(p->c, port, bytes, p->now);
  else if (p->connections[port] != OVER && !cs_server_guard_is_record(bytes))
    cs_runner_case_receive_plain(p->c, port, bytes, p->now);
}

/* Bytes of the wire to the case. */
static void to_case(struct playing *p, unsigned port, cs_span bytes) {
  if (!p->guard && cs_server_elsewhere(p->server)) {
    cs_runner_case_receive_elsewhere(p->c, port, bytes, "another endpoint", true, p->now);
    return;
  }
  if (p->form == CS_WIRE_UDP) {
    case_receive(p, port, bytes);
    return;
  }
  while (bytes.len && (p->connections[port] == OPEN || p->connections[port] == ENDING)) {
    size_t n = cut(p, bytes.len);
    case_receive(p, port, cs_span_cut(bytes, 0, n));
    bytes = cs_span_cut(bytes, n, bytes.len - n);
  }
}

static void tell_closed(struct playing *p, unsigned port, bool reset) {
  if (p->veils[port])
    cs_runner_veil_closed(p->veils[port], reset, p->now);
  else
    cs_runner_case_closed(p->c, port, reset, p->now);
}

/* Carries what a veil has for the wire; false when it has nothing. */
static bool unload(struct playing *p, unsigned port) {
  cs_runner_veil *veil = p->veils[port];
  bool any = false;
  cs_span bytes;
  while (veil && cs_runner_veil_output(veil, &bytes)) {
    size_t len = bytes.len;
    to_server(p, port, bytes);
    cs_runner_veil_sent(veil, len, p->now);
    any = true;
  }
  return any;
}

static void shake_hands(struct playing *p, const cs_runner_act *act) {
  const char *why = NULL;
  cs_runner_veil_close(p->veils[act->port]);
  p->veils[act->port] =
      cs_runner_veil_open(p->shared, p->c, act->port, p->transport, act->secure, p->now, &why);
  if (!p->veils[act->port])
    cs_runner_case_stop(p->c, CS_VERDICT_SKIP, why, p->now);
}

static void connect_port(struct playing *p, const cs_runner_act *act) {
  unsigned port = act->port;
  p->unveiled[port] = act->unveiled;
  if (p->form != CS_WIRE_UDP) {
    if (p->guard && p->connections[port] != NONE) { /* a new connection on a port that had one */
      server_hangup(p, port);
      cs_runner_veil_close(p->veils[port]);
      p->veils[port] = NULL;
    }
    if (server_connect(p, port) != CS_OK) {
      p->connections[port] = OVER;
      cs_runner_case_closed(p->c, port, true, p->now);
      return;
    }
    p->connections[port] = OPEN;
  } else {
    p->connections[port] = NONE;
  }
  if (p->form != CS_WIRE_UDP)
    cs_runner_case_connected(p->c, port, p->now);
  if (p->guard && !act->unveiled)
    shake_hands(p, act);
}

static void end_port(struct playing *p, const cs_runner_act *act) {
  enum state *connection = &p->connections[act->port];
  if (act->kind == CS_RUNNER_ACT_END) {
    if (*connection == OPEN)
      *connection = ENDING; /* once what the server has to say is said */
    return;
  }
  if (*connection == OPEN || *connection == ENDING)
    server_hangup(p, act->port);
  *connection = OVER;
  cs_runner_veil_close(p->veils[act->port]);
  p->veils[act->port] = NULL;
}

static void perform(struct playing *p, const cs_runner_act *act) {
  cs_runner_veil *veil = p->veils[act->port];
  switch (act->kind) {
  case CS_RUNNER_ACT_SEND:
    if (veil)
      cs_runner_veil_send(veil, act->bytes, p->now);
    else if (!p->guard || p->unveiled[act->port])
      to_server(p, act->port, act->bytes);
    break;
  case CS_RUNNER_ACT_PLAIN:
    to_server(p, act->port, act->bytes);
    break;
  case CS_RUNNER_ACT_ALERT:
    if (veil)
      cs_runner_veil_alert(veil, act->alert, p->now);
    break;
  case CS_RUNNER_ACT_GROUP:
    server_receive(p, act->port, true, act->bytes);
    break;
  case CS_RUNNER_ACT_CONNECT:
    connect_port(p, act);
    break;
  default:
    end_port(p, act);
    return;
  }
  unload(p, act->port);
}

/* Takes what the server has to say; false when that has no end. */
static bool hear(struct playing *p, bool *moved) {
  static uint8_t buf[DATAGRAM_MAX];
  uint64_t peer;
  size_t len;
  do {
    while (!cs_runner_case_done(p->c) && server_transmit(p, buf, &peer, &len) == CS_OK) {
      if (peer - 1 < CS_RUNNER_PORTS_MAX)
        to_case(p, (unsigned)(peer - 1), cs_span_of(buf, len));
      *moved = true;
      if (++p->turns > TURNS_MAX)
        return false;
    }
    if (cs_runner_case_done(p->c) || !server_closing(p, &peer))
      return true;
    *moved = true;
    if (peer - 1 < CS_RUNNER_PORTS_MAX && p->connections[peer - 1] != OVER) {
      p->connections[peer - 1] = OVER;
      tell_closed(p, (unsigned)(peer - 1), false);
    }
  } while (++p->turns <= TURNS_MAX);
  return false;
}

/* A peer that sends no more is one that is gone, to the server. */
static void hang_up(struct playing *p, bool *moved) {
  for (unsigned port = 0; port < CS_RUNNER_PORTS_MAX; port++) {
    if (p->connections[port] != ENDING)
      continue;
    p->connections[port] = OVER;
    server_hangup(p, port);
    tell_closed(p, port, false);
    *moved = true;
  }
}

/* Carries bytes both ways until neither side has any. */
static bool pump(struct playing *p) {
  for (bool moved = true; moved;) {
    cs_runner_act act;
    moved = false;
    if (++p->turns > TURNS_MAX)
      return false;
    while (cs_runner_case_transmit(p->c, &act)) {
      perform(p, &act);
      moved = true;
    }
    for (unsigned port = 0; port < CS_RUNNER_PORTS_MAX; port++)
      moved = unload(p, port) || moved;
    if (!hear(p, &moved))
      return false;
    if (!moved)
      hang_up(p, &moved);
  }
  return true;
}

/* When the first veil is due, which is *at. */
static cs_time veil_deadline(const struct playing *p, unsigned *at) {
  cs_time first = CS_TIME_NEVER;
  for (unsigned port = 0; port < CS_RUNNER_PORTS_MAX; port++) {
    cs_time t = p->veils[port] ? cs_runner_veil_deadline(p->veils[port]) : CS_TIME_NEVER;
    if (t < first)
      *at = port;
    first = cs_time_min(first, t);
  }
  return first;
}

static void play(struct playing *p) {
  p->now = begin;
  cs_runner_case_secure_calls(p->c, p->shared);
  cs_runner_case_start(p->c, p->now);
  while (pump(p) && !cs_runner_case_done(p->c)) {
    unsigned port = 0;
    cs_time veil = veil_deadline(p, &port);
    cs_time server = server_deadline(p);
    cs_time mine = cs_runner_case_deadline(p->c);
    cs_time next = cs_time_min(veil, cs_time_min(server, mine));
    if (next == CS_TIME_NEVER || ++p->turns > TURNS_MAX)
      break;
    p->now = next > p->now ? next : p->now;
    if (server <= p->now)
      server_expire(p);
    if (veil <= p->now)
      cs_runner_veil_expire(p->veils[port], p->now);
    if (!pump(p))
      break;
    if (cs_runner_case_deadline(p->c) <= p->now)
      cs_runner_case_expire(p->c, p->now);
  }
  cs_runner_case_stop(p->c, CS_VERDICT_INCONCLUSIVE, "the server in memory talks without end",
                      p->now);
}

/* The security of both sides; false when it cannot be made. */
static bool secure(struct playing *p, const cs_runner_credentials *credentials) {
  const char *why = NULL;
  cs_runner_arena arena = {0};
  cs_server_guard_config config = {.alloc = &cs_net_heap_alloc,
                                   .random = cs_base_seeded_random(&p->secrets),
                                   .server = p->server};
  cs_runner_credentials_server(&arena, &config.credentials);
  bool good = cs_server_guard_new(&config, &p->guard, &why) == CS_OK &&
              cs_runner_veils_new(credentials, config.random, &p->shared) == CS_OK;
  cs_runner_release(&arena);
  return good;
}

static void release(struct playing *p) {
  for (unsigned port = 0; port < CS_RUNNER_PORTS_MAX; port++)
    cs_runner_veil_close(p->veils[port]);
  cs_runner_veils_free(p->shared);
  cs_server_guard_free(p->guard);
  cs_server_free(p->server);
}

void cs_runner_play_memory(cs_runner_case *c, const cs_runner_memory_config *m) {
  cs_server_config config = {.alloc = &cs_net_heap_alloc,
                             .seed = m->seed,
                             .defects = m->defects,
                             .defect_count = m->defect_count};
  const char *unknown = NULL;
  struct playing p = {.c = c, .transport = m->transport, .form = cs_runner_form(m->transport)};
  cs_base_seeded_init(&p.cuts, m->seed);
  cs_base_seeded_init(&p.secrets, m->seed ^ UINT64_C(0x5ec4e75ec4e75ec4));
  if (cs_runner_case_needs(c, "extended-token"))
    config.token_max = EXTENDED_TOKEN;
  bool secured = (1u << m->transport & CS_RUNNER_SECURED) != 0;
  if (cs_server_new(&config, begin, &p.server, &unknown) == CS_OK &&
      (!secured || secure(&p, m->credentials))) {
    play(&p);
  } else {
    cs_runner_case_start(c, begin);
    cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, "the server in memory cannot be made", begin);
  }
  release(&p);
}
