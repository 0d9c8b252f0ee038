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
  enum state connections[CS_RUNNER_PORTS_MAX];
  cs_base_seeded cuts;
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

static void to_server(struct playing *p, unsigned port, cs_span bytes) {
  if (p->form == CS_WIRE_UDP) {
    cs_server_receive(p->server, peer_of(port), false, bytes, p->now);
    return;
  }
  while (bytes.len && p->connections[port] == OPEN) {
    size_t n = cut(p, bytes.len);
    cs_server_receive(p->server, peer_of(port), false, cs_span_cut(bytes, 0, n), p->now);
    bytes = cs_span_cut(bytes, n, bytes.len - n);
  }
}

static void to_case(struct playing *p, unsigned port, cs_span bytes) {
  if (p->form == CS_WIRE_UDP) {
    cs_runner_case_receive(p->c, port, bytes, p->now);
    return;
  }
  while (bytes.len && (p->connections[port] == OPEN || p->connections[port] == ENDING)) {
    size_t n = cut(p, bytes.len);
    cs_runner_case_receive(p->c, port, cs_span_cut(bytes, 0, n), p->now);
    bytes = cs_span_cut(bytes, n, bytes.len - n);
  }
}

static void perform(struct playing *p, const cs_runner_act *act) {
  enum state *connection = &p->connections[act->port];
  switch (act->kind) {
  case CS_RUNNER_ACT_SEND:
    to_server(p, act->port, act->bytes);
    break;
  case CS_RUNNER_ACT_CONNECT:
    if (cs_server_connect(p->server, peer_of(act->port), p->form, p->now) == CS_OK) {
      *connection = OPEN;
      cs_runner_case_connected(p->c, act->port, p->now);
    } else {
      *connection = OVER;
      cs_runner_case_closed(p->c, act->port, true, p->now);
    }
    break;
  case CS_RUNNER_ACT_END:
    if (*connection == OPEN)
      *connection = ENDING; /* once what the server has to say is said */
    break;
  default:
    if (*connection == OPEN || *connection == ENDING)
      cs_server_hangup(p->server, peer_of(act->port), p->now);
    *connection = OVER;
    break;
  }
}

/* Takes what the server has to say; false when that has no end. */
static bool hear(struct playing *p, bool *moved) {
  static uint8_t buf[DATAGRAM_MAX];
  uint64_t peer;
  size_t len;
  while (!cs_runner_case_done(p->c) &&
         cs_server_transmit(p->server, p->now, buf, sizeof buf, &peer, &len) == CS_OK) {
    if (peer - 1 < CS_RUNNER_PORTS_MAX)
      to_case(p, (unsigned)(peer - 1), cs_span_of(buf, len));
    *moved = true;
    if (++p->turns > TURNS_MAX)
      return false;
  }
  while (!cs_runner_case_done(p->c) && cs_server_closing(p->server, p->now, &peer)) {
    *moved = true;
    if (peer - 1 < CS_RUNNER_PORTS_MAX && p->connections[peer - 1] != OVER) {
      p->connections[peer - 1] = OVER;
      cs_runner_case_closed(p->c, (unsigned)(peer - 1), false, p->now);
    }
  }
  return true;
}

/* A peer that sends no more is one that is gone, to the server. */
static void hang_up(struct playing *p, bool *moved) {
  for (unsigned port = 0; port < CS_RUNNER_PORTS_MAX; port++) {
    if (p->connections[port] != ENDING)
      continue;
    p->connections[port] = OVER;
    cs_server_hangup(p->server, peer_of(port), p->now);
    cs_runner_case_closed(p->c, port, false, p->now);
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
    if (!hear(p, &moved))
      return false;
    if (!moved)
      hang_up(p, &moved);
  }
  return true;
}

static void play(struct playing *p) {
  p->now = begin;
  cs_runner_case_start(p->c, p->now);
  while (pump(p) && !cs_runner_case_done(p->c)) {
    cs_time server = cs_server_deadline(p->server);
    cs_time mine = cs_runner_case_deadline(p->c);
    cs_time next = cs_time_min(server, mine);
    if (next == CS_TIME_NEVER)
      break;
    p->now = next > p->now ? next : p->now;
    if (server <= p->now)
      cs_server_expire(p->server, p->now);
    if (!pump(p))
      break;
    if (cs_runner_case_deadline(p->c) <= p->now)
      cs_runner_case_expire(p->c, p->now);
  }
  cs_runner_case_stop(p->c, CS_VERDICT_INCONCLUSIVE, "the server in memory talks without end",
                      p->now);
}

void cs_runner_play_memory(cs_runner_case *c, uint64_t seed, const char *const *defects,
                           size_t defect_count) {
  cs_server_config config = {
      .alloc = &cs_net_heap_alloc, .seed = seed, .defects = defects, .defect_count = defect_count};
  const char *unknown = NULL;
  cs_server *s;
  if (cs_runner_case_needs(c, "extended-token"))
    config.token_max = EXTENDED_TOKEN;
  if (cs_server_new(&config, begin, &s, &unknown) != CS_OK) {
    cs_runner_case_start(c, begin);
    cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, "the server in memory cannot be made", begin);
    return;
  }
  struct playing p = {.c = c, .server = s, .form = cs_runner_case_form(c)};
  cs_base_seeded_init(&p.cuts, seed);
  play(&p);
  cs_server_free(s);
}
