/* Many cases at the same time over sockets. */
#include <poll.h>
#include <stdlib.h>

#include "runner/driver_inside.h"

/* So many cases begin at once on connections, and on DTLS, whose handshakes cost the
 * target more than a datagram, and so long behind each other. A
 * listener whose queue is short drops what goes beyond it; where Linux resorts to
 * SYN cookies then, the first bytes of a connection may be lost with it when a
 * second segment follows them. */
enum { CONNECTIONS_AT_ONCE = 4 };
static const cs_time pace = 20 * CS_MILLISECOND;

/* A target that refuses is looked for again after so long. */
static const cs_time between_looks = 250 * CS_MILLISECOND;

/* Cases that are dealt to one target, or to several that are the same. */
struct deal {
  cs_runner_case *const *cases;
  size_t count;
  bool *conflicts; /* count x count */
  bool *begun;
  size_t first; /* not begun yet; those before are */
  bool held;    /* none begins any more: a target of several is gone */
};

/* A run in progress, against one target. */
struct play {
  cs_runner_net *u;
  struct deal *deal;
  unsigned at_once;
  size_t under_way;
  const char *dead;    /* why the target counts as gone */
  cs_time look_until;  /* the search for life is made again until then */
  cs_time look_at;     /* the next time */
  bool away;           /* a search of this kind has failed */
  const char *stopped; /* what stop said */
};

static bool may_begin(const struct play *p, size_t i) {
  for (size_t k = 0; k < p->u->config.jobs; k++) {
    const cs_runner_flight *f = &p->u->flights[k];
    if (f->used && p->deal->conflicts[i * p->deal->count + f->index])
      return false;
  }
  return true;
}

size_t cs_runner_net_under_way(const cs_runner_net *u) {
  size_t n = 0;
  for (size_t k = 0; k < u->config.jobs; k++)
    n += u->flights[k].used;
  return n;
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

/* Begins the first case that may begin; false when none may. */
static bool launch(struct play *p) {
  struct deal *d = p->deal;
  cs_runner_flight *f = free_flight(p->u);
  while (d->first < d->count && d->begun[d->first])
    d->first++;
  for (size_t i = d->first; i < d->count && f && !p->u->searching && !d->held; i++) {
    if (d->begun[i] || !may_begin(p, i))
      continue;
    if (!in_pace(p))
      return false;
    d->begun[i] = true;
    p->under_way++;
    cs_runner_take_off(p->u, f, d->cases[i], i);
    f->limit = p->u->config.timeout;
    return true;
  }
  return false;
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

/* The target that was away is there again: what the cases under way saw of it
 * meanwhile says nothing. */
static void came_back(struct play *p) {
  cs_runner_net *u = p->u;
  for (size_t k = 0; k < u->config.jobs && u->config.was_away; k++)
    if (u->flights[k].used)
      u->config.was_away(u->config.ctx, u->flights[k].c, u->flights[k].index);
}

/* The search for life is over: the run goes on, or it is the end. A target that
 * refuses may be starting anew: it is looked for again until the profile's patience
 * has passed. */
static void end_search(struct play *p) {
  cs_runner_net *u = p->u;
  cs_runner_flight *f = &u->flights[u->flight_count - 1];
  const char *why = NULL;
  if (u->searching && !f->used && cs_runner_net_now(u) >= p->look_at) {
    u->searching = false;
    cs_runner_search(u);
  }
  if (!u->searching || !f->used || !cs_runner_searched(u, f, &why))
    return;
  cs_runner_case *c = f->c;
  cs_time now = cs_runner_net_now(u);
  cs_runner_land(u, f);
  cs_runner_case_free(c);
  if (why && now < p->look_until) {
    p->away = true;
    p->look_at = now + between_looks;
    return;
  }
  u->searching = false;
  p->dead = why;
  if (!why && p->away)
    came_back(p);
  p->away = false;
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
                          cs_runner_flight_now(u, f));
    if (!cs_runner_case_done(f->c))
      continue;
    if ((refused || f->refused || cs_runner_case_lifeless(f->c)) && !f->doubted) {
      f->doubted = true;
      if (!u->searching)
        p->look_until = cs_time_add(cs_runner_net_now(u), u->config.profile->alive);
      cs_runner_search(u);
    }
    if (f->doubted && u->searching)
      continue;
    if (p->away && u->config.was_away)
      u->config.was_away(u->config.ctx, f->c, f->index);
    finish(p, f, u->config.finished);
  }
  end_search(p);
}

static bool prepare(struct deal *d, const cs_runner_variant *variants,
                    const cs_runner_profile *profile) {
  d->conflicts = calloc(d->count * d->count + 1, sizeof *d->conflicts);
  d->begun = calloc(d->count + 1, sizeof *d->begun);
  if (!d->conflicts || !d->begun)
    return false;
  for (size_t i = 0; i < d->count; i++)
    for (size_t k = 0; k < i; k++)
      d->conflicts[i * d->count + k] = d->conflicts[k * d->count + i] =
          cs_runner_conflict(variants[i].scenario, variants[k].scenario, profile);
  return true;
}

/* Nothing goes on: the search, if there is one, and what is under way. */
static void break_off(struct play *p) {
  cs_runner_net *u = p->u;
  cs_runner_flight *search = &u->flights[u->flight_count - 1];
  if (u->searching && search->used) {
    cs_runner_case *c = search->c;
    cs_runner_land(u, search);
    cs_runner_case_free(c);
  }
  u->searching = false;
  for (size_t k = 0; k < u->config.jobs; k++)
    if (u->flights[k].used)
      finish(p, &u->flights[k], u->config.broken_off);
}

/* Whether there is anything to wait for, or to begin. */
static bool goes_on(const struct play *p) {
  const struct deal *d = p->deal;
  return !p->dead && !p->stopped &&
         (p->under_way || p->u->searching || (d->first < d->count && !d->held));
}

/* Whether something is to be waited for. */
static bool waits(const struct play *p) {
  return p->under_way || p->u->searching || p->u->begin_after > cs_runner_net_now(p->u);
}

static cs_runner_ending ending_of(const struct play *p, const char **why) {
  *why = p->stopped ? p->stopped : p->dead;
  return p->stopped ? CS_RUNNER_STOPPED : p->dead ? CS_RUNNER_GONE : CS_RUNNER_PLAYED;
}

cs_runner_ending cs_runner_net_play(cs_runner_net *u, cs_runner_case *const *cases,
                                    const cs_runner_variant *variants, size_t count,
                                    const char **why) {
  struct deal d = {.cases = cases, .count = count};
  struct play p = {.u = u, .deal = &d};
  if (!prepare(&d, variants, u->config.profile))
    p.stopped = "out of memory";
  while (goes_on(&p)) {
    p.stopped = cs_runner_net_stop(u);
    if (p.stopped)
      break;
    while (launch(&p))
      ;
    if (waits(&p))
      cs_runner_net_turn(u);
    work(&p);
  }
  break_off(&p);
  free(d.conflicts);
  free(d.begun);
  return ending_of(&p, why);
}

/* ---- Several targets in one loop ---- */

/* Deals cases, one to each target in turn. */
static void deal(struct play *plays, size_t count) {
  bool more = true;
  for (size_t i = 0; i < count; i++)
    if (goes_on(&plays[i]))
      plays[i].stopped = cs_runner_net_stop(plays[i].u);
  while (more) {
    more = false;
    for (size_t i = 0; i < count; i++)
      more = (goes_on(&plays[i]) && launch(&plays[i])) || more;
  }
}

/* Waits until one of the targets has something to do, and lets each do what it has. */
static void turn_all(struct play *plays, struct pollfd *fds, size_t count, cs_time due) {
  cs_time now = cs_runner_net_now(plays[0].u);
  int patience = due <= now ? 0 : (int)((due - now + CS_MILLISECOND - 1) / CS_MILLISECOND);
  (void)poll(fds, (nfds_t)count, patience); /* whoever interrupts it is seen by stop */
  for (size_t i = 0; i < count; i++)
    if (fds[i].fd >= 0)
      cs_runner_net_glance(plays[i].u);
}

void cs_runner_net_play_all(cs_runner_net *const *nets, size_t nets_count,
                            cs_runner_case *const *cases, const cs_runner_variant *variants,
                            size_t count, cs_runner_end *ends) {
  struct deal d = {.cases = cases, .count = count};
  struct play *plays = calloc(nets_count, sizeof *plays);
  struct pollfd *fds = calloc(nets_count, sizeof *fds);
  bool good = plays && fds && prepare(&d, variants, nets[0]->config.profile);
  bool more = good;
  for (size_t i = 0; good && i < nets_count; i++) {
    plays[i] = (struct play){.u = nets[i], .deal = &d};
    fds[i].events = POLLIN;
  }
  while (more) {
    cs_time due = CS_TIME_NEVER;
    more = false;
    deal(plays, nets_count);
    for (size_t i = 0; i < nets_count; i++) {
      fds[i].fd = -1; /* one that is over, or idle, is not looked at */
      if (!goes_on(&plays[i]) || !waits(&plays[i]))
        continue;
      fds[i].fd = nets[i]->net.ops->loop_fd(nets[i]->net.self);
      due = cs_time_min(due, cs_runner_net_due(nets[i]));
    }
    if (due != CS_TIME_NEVER)
      turn_all(plays, fds, nets_count, due);
    for (size_t i = 0; i < nets_count; i++) {
      if (goes_on(&plays[i]))
        work(&plays[i]);
      d.held = d.held || plays[i].dead || plays[i].stopped;
      more = more || goes_on(&plays[i]);
    }
  }
  for (size_t i = 0; i < nets_count; i++) {
    ends[i] = (cs_runner_end){CS_RUNNER_STOPPED, "out of memory"};
    if (!good)
      continue;
    break_off(&plays[i]);
    ends[i].ending = ending_of(&plays[i], &ends[i].why);
  }
  free(d.conflicts);
  free(d.begun);
  free(plays);
  free(fds);
}
