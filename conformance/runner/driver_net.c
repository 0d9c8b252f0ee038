#include "runner/driver.h"

#include <stdlib.h>
#include <string.h>

#include "runner/probe.h"
#include "wire/message.h"

enum { DATAGRAM_MAX = 65536, READY_MAX = 64, SANITY_ROUNDS = 5 };

/* What a time may be missed by on a wire, beside what was measured. */
static const cs_time slack = 100 * CS_MILLISECOND;
static const cs_time slack_max = 2 * CS_SECOND;
/* A wake-up that is this late says that the host is busy, and for how long that
 * is remembered. */
static const cs_time late = 20 * CS_MILLISECOND;
static const cs_time memory_of_late = 60 * CS_SECOND;

struct flight;

/* One socket of a case. */
struct plug {
  struct flight *flight;
  unsigned port;
  int fd;
};

/* A case under way. */
struct flight {
  cs_runner_case *c;
  size_t index;
  struct plug plugs[CS_RUNNER_PORTS_MAX];
  unsigned plug_count;
  bool used;
  bool doubted;  /* it ended without a sign of life; a search says what that means */
  cs_err broken; /* what a socket said: refused, unreachable */
};

struct cs_runner_udp {
  cs_runner_udp_config config;
  cs_runner_arena arena;
  cs_net net;
  cs_time tolerance;
  cs_time base;       /* of the tolerance, as measured at the beginning */
  cs_time stalled_at; /* when the last late wake-up was */
  const cs_runner_scenario *sanity;
  struct flight *flights; /* jobs of them, and one for the search for life */
  uint64_t sanity_runs;
  bool searching; /* the last flight looks whether the target is still there */
};

static cs_time clock_of(const cs_runner_udp *u) {
  return u->net.ops->now(u->net.self);
}

cs_err cs_runner_udp_open(const cs_runner_udp_config *config, cs_runner_udp **out) {
  cs_net net;
  cs_err err = cs_net_posix_new(&cs_net_heap_alloc, &net);
  if (err != CS_OK)
    return err;
  cs_runner_arena arena = {0};
  cs_runner_udp *u = cs_runner_get(&arena, sizeof *u);
  u->config = *config;
  u->net = net;
  u->base = u->tolerance = slack + config->profile->tolerance;
  u->flights = cs_runner_get(&arena, (config->jobs + 1) * sizeof *u->flights);
  cs_runner_error broken;
  cs_runner_parse(cs_span_str(cs_runner_probe_sanity), "sanity", NULL, &arena, &u->sanity, &broken);
  u->arena = arena;
  *out = u;
  return CS_OK;
}

void cs_runner_udp_close(cs_runner_udp *u) {
  if (!u)
    return;
  cs_net_posix_free(&u->net, &cs_net_heap_alloc);
  cs_runner_arena arena = u->arena;
  cs_runner_release(&arena);
}

const cs_time *cs_runner_udp_tolerance(const cs_runner_udp *u) {
  return &u->tolerance;
}

/* The socket of a port, opened when it is first needed. */
static struct plug *plug_of(cs_runner_udp *u, struct flight *f, unsigned port) {
  while (f->plug_count <= port) {
    struct plug *p = &f->plugs[f->plug_count];
    *p = (struct plug){f, f->plug_count, -1};
    cs_err err = u->net.ops->open(u->net.self, CS_NET_DATAGRAM, NULL, &u->config.target, &p->fd);
    if (err == CS_OK)
      err = u->net.ops->watch(u->net.self, p->fd, CS_NET_READ, p);
    if (err != CS_OK) {
      if (p->fd >= 0)
        u->net.ops->close(u->net.self, p->fd);
      f->broken = err;
      return NULL;
    }
    cs_net_address local;
    if (u->net.ops->local(u->net.self, p->fd, &local) == CS_OK)
      cs_runner_case_name_port(f->c, f->plug_count, cs_net_address_port(&local));
    f->plug_count++;
  }
  return &f->plugs[port];
}

static void flush(cs_runner_udp *u, struct flight *f) {
  unsigned port;
  cs_span bytes;
  size_t sent;
  while (!f->broken && cs_runner_case_transmit(f->c, &port, &bytes)) {
    const struct plug *p = plug_of(u, f, port);
    if (!p)
      return;
    cs_err err = u->net.ops->send(u->net.self, p->fd, NULL, bytes, &sent);
    /* A full buffer is a loss like any other. */
    if (err != CS_OK && err != CS_ERR_AGAIN)
      f->broken = err;
  }
}

static void drain(cs_runner_udp *u, struct flight *f, const struct plug *p) {
  static uint8_t buf[DATAGRAM_MAX];
  size_t len;
  while (f->used && !cs_runner_case_done(f->c)) {
    cs_err err = u->net.ops->receive(u->net.self, p->fd, buf, sizeof buf, &len, NULL);
    if (err == CS_ERR_AGAIN)
      return;
    if (err != CS_OK) {
      f->broken = err;
      return;
    }
    cs_runner_case_receive(f->c, p->port, cs_span_of(buf, len), clock_of(u));
    flush(u, f);
  }
}

static void land(cs_runner_udp *u, struct flight *f) {
  for (unsigned i = 0; i < f->plug_count; i++)
    u->net.ops->close(u->net.self, f->plugs[i].fd);
  memset(f, 0, sizeof *f);
}

static void take_off(cs_runner_udp *u, struct flight *f, cs_runner_case *c, size_t index) {
  *f = (struct flight){.c = c, .index = index, .used = true};
  cs_runner_case_start(c, clock_of(u));
  flush(u, f);
}

static size_t flight_count(const cs_runner_udp *u) {
  return (size_t)u->config.jobs + 1;
}

/* A wake-up that is late widens the tolerance for a while: the times that are
 * seen then are not better than that. */
static void note_delay(cs_runner_udp *u, cs_time delay, cs_time now) {
  if (delay > late && u->base + 2 * delay >= u->tolerance) {
    u->tolerance = cs_time_min(u->base + 2 * delay, u->base + slack_max);
    u->stalled_at = now;
  } else if (u->tolerance != u->base && now > u->stalled_at + memory_of_late) {
    u->tolerance = u->base;
  }
}

/* Waits for the first deadline or datagram and lets every flight work on what
 * came. */
static void turn(cs_runner_udp *u) {
  cs_time deadline = CS_TIME_NEVER;
  cs_net_ready ready[READY_MAX];
  for (size_t i = 0; i < flight_count(u); i++)
    if (u->flights[i].used)
      deadline = cs_time_min(deadline,
                             u->flights[i].broken ? 0 : cs_runner_case_deadline(u->flights[i].c));
  size_t n = u->net.ops->wait(u->net.self, ready, READY_MAX, deadline);
  cs_time now = clock_of(u);
  if (deadline != 0)
    note_delay(u, now > deadline ? now - deadline : 0, now);
  for (size_t i = 0; i < n; i++) {
    const struct plug *p = ready[i].user;
    if (p->flight && p->flight->used)
      drain(u, p->flight, p);
  }
  for (size_t i = 0; i < flight_count(u); i++) {
    struct flight *f = &u->flights[i];
    if (!f->used || f->broken || cs_runner_case_deadline(f->c) > now)
      continue;
    /* What came in the meantime came before the deadline is told. */
    for (unsigned k = 0; k < f->plug_count; k++)
      drain(u, f, &f->plugs[k]);
    if (!f->broken)
      cs_runner_case_expire(f->c, clock_of(u));
    flush(u, f);
  }
}

static const char *gone(cs_runner_udp *u, cs_err err) {
  const char *uri = u->config.uri;
  switch (err) {
  case CS_ERR_REFUSED:
    return cs_runner_format(&u->arena, "%s: nothing listens there (port refused)", uri);
  case CS_ERR_UNREACHABLE:
    return cs_runner_format(&u->arena, "%s: no route to that host (unreachable)", uri);
  case CS_OK:
    return cs_runner_format(&u->arena,
                            "%s: no answer within %llu s, neither to a CoAP ping nor to a GET", uri,
                            (unsigned long long)(u->config.profile->alive / CS_SECOND));
  default:
    return cs_runner_format(&u->arena, "%s: %s", uri, cs_base_err_text(err));
  }
}

static cs_runner_case *new_sanity(cs_runner_udp *u) {
  cs_runner_case_config config = {.variant = {u->sanity, u->sanity->id, CS_CON, CS_RUNNER_UDP},
                                  .profile = u->config.profile,
                                  .requirements = u->config.requirements,
                                  .seed = u->config.seed +
                                          ++u->sanity_runs * UINT64_C(0x9e3779b97f4a7c15),
                                  .tolerance = &u->tolerance};
  return cs_runner_case_new(&config);
}

/* Whether the sanity case of this flight is over, and if it is without a sign
 * of life, why. */
static bool searched(cs_runner_udp *u, struct flight *f, const char **why) {
  if (!f->broken && !cs_runner_case_done(f->c))
    return false;
  cs_report_case r;
  cs_runner_case_result(f->c, &r);
  if (f->broken || r.verdict != CS_VERDICT_PASS)
    *why = gone(u, f->broken);
  return true;
}

bool cs_runner_udp_sanity(cs_runner_udp *u, const char **why) {
  struct flight *f = &u->flights[0];
  cs_time slowest = 0;
  *why = NULL;
  for (unsigned round = 0; round < SANITY_ROUNDS && !*why; round++) {
    cs_runner_case *c = new_sanity(u);
    take_off(u, f, c, 0);
    while (!searched(u, f, why))
      turn(u);
    cs_report_case r;
    cs_runner_case_result(c, &r);
    land(u, f);
    cs_runner_case_free(c);
    /* Two signs of life a round. */
    if (r.duration / 2 > slowest)
      slowest = r.duration / 2;
    if (slowest > CS_SECOND / 2)
      break;
  }
  u->base = cs_time_min(slack + 4 * slowest, slack_max) + u->config.profile->tolerance;
  u->tolerance = u->base;
  return *why == NULL;
}

void cs_runner_udp_probe(cs_runner_udp *u, cs_runner_case *c) {
  struct flight *f = &u->flights[0];
  take_off(u, f, c, 0);
  while (!f->broken && !cs_runner_case_done(c))
    turn(u);
  cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, cs_base_err_text(f->broken), clock_of(u));
  land(u, f);
}

/* A run in progress. */
struct play {
  cs_runner_udp *u;
  cs_runner_case *const *cases;
  size_t count;
  bool *conflicts; /* count x count */
  bool *begun;
  size_t first; /* not begun yet; those before are */
  size_t under_way;
  const char *dead;
};

static bool may_begin(const struct play *p, size_t i) {
  for (size_t k = 0; k < p->u->config.jobs; k++) {
    const struct flight *f = &p->u->flights[k];
    if (f->used && p->conflicts[i * p->count + f->index])
      return false;
  }
  return true;
}

static struct flight *free_flight(cs_runner_udp *u) {
  for (size_t k = 0; k < u->config.jobs; k++)
    if (!u->flights[k].used)
      return &u->flights[k];
  return NULL;
}

static void launch(struct play *p) {
  struct flight *f = free_flight(p->u);
  for (size_t i = p->first; i < p->count && f && !p->u->searching; i++) {
    if (p->begun[i] || !may_begin(p, i))
      continue;
    p->begun[i] = true;
    p->under_way++;
    take_off(p->u, f, p->cases[i], i);
    f = free_flight(p->u);
  }
  while (p->first < p->count && p->begun[p->first])
    p->first++;
}

static void search(cs_runner_udp *u) {
  if (u->searching)
    return;
  u->searching = true;
  take_off(u, &u->flights[u->config.jobs], new_sanity(u), 0);
}

static void finish(struct play *p, struct flight *f) {
  cs_runner_case *c = f->c;
  size_t index = f->index;
  land(p->u, f);
  p->under_way--;
  if (p->u->config.finished)
    p->u->config.finished(p->u->config.ctx, c, index);
}

static const char broken_off[] = "the target stopped answering while this case ran";

/* The search for life is over: the run goes on, or it is the end. */
static void end_search(struct play *p) {
  cs_runner_udp *u = p->u;
  struct flight *f = &u->flights[u->config.jobs];
  const char *why = NULL;
  if (!u->searching || !searched(u, f, &why))
    return;
  cs_runner_case *c = f->c;
  land(u, f);
  cs_runner_case_free(c);
  u->searching = false;
  p->dead = why;
}

static void work(struct play *p) {
  cs_runner_udp *u = p->u;
  for (size_t k = 0; k < u->config.jobs; k++) {
    struct flight *f = &u->flights[k];
    if (!f->used)
      continue;
    if (f->broken) {
      /* Who is refused waits for what the search finds. */
      bool own = f->broken != CS_ERR_REFUSED && f->broken != CS_ERR_UNREACHABLE;
      cs_runner_case_stop(f->c, CS_VERDICT_INCONCLUSIVE,
                          own ? cs_base_err_text(f->broken) : broken_off, clock_of(u));
      if (!own)
        search(u);
    }
    if (!cs_runner_case_done(f->c))
      continue;
    if (cs_runner_case_lifeless(f->c) && !f->doubted) {
      f->doubted = true;
      search(u);
    }
    if (!f->doubted || !u->searching)
      finish(p, f);
  }
  end_search(p);
}

static bool prepare(struct play *p, const cs_runner_variant *variants) {
  p->conflicts = calloc(p->count * p->count + 1, sizeof *p->conflicts);
  p->begun = calloc(p->count + 1, sizeof *p->begun);
  if (!p->conflicts || !p->begun)
    return false;
  for (size_t i = 0; i < p->count; i++)
    for (size_t k = 0; k < i; k++)
      p->conflicts[i * p->count + k] = p->conflicts[k * p->count + i] =
          cs_runner_conflict(variants[i].scenario, variants[k].scenario, p->u->config.profile);
  return true;
}

void cs_runner_udp_one_by_one(cs_runner_udp *u) {
  u->config.jobs = 1;
}

bool cs_runner_udp_play(cs_runner_udp *u, cs_runner_case *const *cases,
                        const cs_runner_variant *variants, size_t count, const char **why) {
  struct play p = {.u = u, .cases = cases, .count = count};
  if (!prepare(&p, variants))
    p.dead = "out of memory";
  while (!p.dead && (p.first < count || p.under_way || u->searching)) {
    launch(&p);
    if (p.under_way || u->searching)
      turn(u);
    work(&p);
  }
  for (size_t k = 0; k < u->config.jobs; k++) {
    struct flight *f = &u->flights[k];
    if (f->used) {
      cs_runner_case_stop(f->c, CS_VERDICT_INCONCLUSIVE, broken_off, clock_of(u));
      cs_runner_case_doubt(f->c, broken_off);
      finish(&p, f);
    }
  }
  free(p.conflicts);
  free(p.begun);
  *why = p.dead;
  return p.dead == NULL;
}
