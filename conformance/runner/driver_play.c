/* Many cases at the same time over sockets. */
#include <stdlib.h>

#include "runner/driver_inside.h"

/* So many cases begin at once on connections, and on DTLS, whose handshakes cost the
 * target more than a datagram, and so long behind each other. A
 * listener whose queue is short drops what goes beyond it; where Linux resorts to
 * SYN cookies then, the first bytes of a connection may be lost with it when a
 * second segment follows them. */
enum { CONNECTIONS_AT_ONCE = 4 };
static const cs_time pace = 20 * CS_MILLISECOND;

/* A run in progress. */
struct play {
  cs_runner_net *u;
  cs_runner_case *const *cases;
  size_t count;
  bool *conflicts; /* count x count */
  bool *begun;
  size_t first; /* not begun yet; those before are */
  unsigned at_once;
  size_t under_way;
  const char *dead;    /* why the target counts as gone */
  const char *stopped; /* what stop said */
};

static bool may_begin(const struct play *p, size_t i) {
  for (size_t k = 0; k < p->u->config.jobs; k++) {
    const cs_runner_flight *f = &p->u->flights[k];
    if (f->used && p->conflicts[i * p->count + f->index])
      return false;
  }
  return true;
}

static cs_runner_flight *free_flight(cs_runner_net *u) {
  for (size_t k = 0; k < u->config.jobs; k++)
    if (!u->flights[k].used)
      return &u->flights[k];
  return NULL;
}

/* Whether a case may begin now, as far as the pace goes. */
static bool in_pace(struct play *p) {
  cs_runner_net *u = p->u;
  if (u->config.transport == CS_RUNNER_UDP)
    return true;
  cs_time now = cs_runner_net_now(u);
  /* A case's time runs from when it asks for its handshake. */
  if (now < u->begin_after || (u->veils && cs_runner_net_waiting(u) > 0))
    return false;
  if (++p->at_once == CONNECTIONS_AT_ONCE) {
    p->at_once = 0;
    u->begin_after = cs_time_add(now, pace);
  }
  return true;
}

static void launch(struct play *p) {
  cs_runner_flight *f = free_flight(p->u);
  for (size_t i = p->first; i < p->count && f && !p->u->searching; i++) {
    if (p->begun[i] || !may_begin(p, i))
      continue;
    if (!in_pace(p))
      return;
    p->begun[i] = true;
    p->under_way++;
    cs_runner_take_off(p->u, f, p->cases[i], i);
    f = free_flight(p->u);
  }
  while (p->first < p->count && p->begun[p->first])
    p->first++;
}

static void finish(struct play *p, cs_runner_flight *f,
                   void (*tell)(void *ctx, cs_runner_case *c, size_t index)) {
  cs_runner_case *c = f->c;
  size_t index = f->index;
  cs_runner_land(p->u, f);
  p->under_way--;
  if (tell)
    tell(p->u->config.ctx, c, index);
}

/* The search for life is over: the run goes on, or it is the end. */
static void end_search(struct play *p) {
  cs_runner_net *u = p->u;
  cs_runner_flight *f = &u->flights[u->flight_count - 1];
  const char *why = NULL;
  if (!u->searching || !cs_runner_searched(u, f, &why))
    return;
  cs_runner_case *c = f->c;
  cs_runner_land(u, f);
  cs_runner_case_free(c);
  u->searching = false;
  p->dead = why;
}

static void work(struct play *p) {
  cs_runner_net *u = p->u;
  for (size_t k = 0; k < u->config.jobs; k++) {
    cs_runner_flight *f = &u->flights[k];
    if (!f->used)
      continue;
    /* Who is refused waits for what the search finds. */
    bool refused = f->broken == CS_ERR_REFUSED || f->broken == CS_ERR_UNREACHABLE;
    if (f->broken)
      cs_runner_case_stop(f->c, CS_VERDICT_INCONCLUSIVE,
                          refused ? "the target refused while this case ran"
                                  : cs_base_err_text(f->broken),
                          cs_runner_net_now(u));
    if (!cs_runner_case_done(f->c))
      continue;
    if ((refused || f->refused || cs_runner_case_lifeless(f->c)) && !f->doubted) {
      f->doubted = true;
      cs_runner_search(u);
    }
    if (!f->doubted || !u->searching)
      finish(p, f, u->config.finished);
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

/* Nothing goes on: the search, if there is one, and what is under way. */
static void break_off(struct play *p) {
  cs_runner_net *u = p->u;
  if (u->searching) {
    cs_runner_flight *f = &u->flights[u->flight_count - 1];
    cs_runner_case *c = f->c;
    cs_runner_land(u, f);
    cs_runner_case_free(c);
    u->searching = false;
  }
  for (size_t k = 0; k < u->config.jobs; k++)
    if (u->flights[k].used)
      finish(p, &u->flights[k], u->config.broken_off);
}

cs_runner_ending cs_runner_net_play(cs_runner_net *u, cs_runner_case *const *cases,
                                    const cs_runner_variant *variants, size_t count,
                                    const char **why) {
  struct play p = {.u = u, .cases = cases, .count = count};
  if (!prepare(&p, variants))
    p.stopped = "out of memory";
  while (!p.dead && !p.stopped && (p.first < count || p.under_way || u->searching)) {
    p.stopped = cs_runner_net_stop(u);
    if (p.stopped)
      break;
    launch(&p);
    if (p.under_way || u->searching || u->begin_after > cs_runner_net_now(u))
      cs_runner_net_turn(u);
    work(&p);
  }
  break_off(&p);
  free(p.conflicts);
  free(p.begun);
  *why = p.stopped ? p.stopped : p.dead;
  return p.stopped ? CS_RUNNER_STOPPED : p.dead ? CS_RUNNER_GONE : CS_RUNNER_PLAYED;
}
