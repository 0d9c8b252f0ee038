/* The servers that a run starts, or the one target that it meets: each is met by a
 * driver of its own, and all play in one loop. */
#include <stdio.h>
#include <time.h>

#include "runner/run_inside.h"
#include "runner/target.h"

/* How long a server that we started may take to answer, and a target that was reset. */
static const cs_time start_patience = 10 * CS_SECOND;
static const cs_time reset_patience = 60 * CS_SECOND;

/* ---- Beginning and end ---- */

static bool start_one(cs_runner_running *r, unsigned i, const char **why) {
  cs_runner_worker *w = &r->workers[i];
  const char *log = i == 0 ? cs_runner_format(r->arena, "%s/server.log", r->config->out)
                           : cs_runner_format(r->arena, "%s/server-%u.log", r->config->out, i + 1);
  w->spawn = cs_runner_spawn_new(r->arena, &r->config->servers[i].words, log);
  return cs_runner_spawn_start(w->spawn, why);
}

/* The command of --reset-cmd; its words were checked. */
static void make_reset(cs_runner_running *r) {
  const char *why;
  cs_runner_list *words = cs_runner_get(r->arena, sizeof *words);
  if (!r->config->reset_cmd || r->memory ||
      !cs_runner_spawn_words(r->config->reset_cmd, r->arena, words, &why))
    return;
  const char *log = cs_runner_format(r->arena, "%s/reset.log", r->config->out);
  r->reset = cs_runner_spawn_new(r->arena, words, log);
  cs_runner_spawn_spare(r->reset);
}

bool cs_runner_workers_start(cs_runner_running *r) {
  char trouble[CS_REPORT_WHY_MAX];
  const char *why = trouble;
  bool spawn = !r->memory && r->config->server_count > 0;
  r->worker_count = spawn ? (unsigned)r->config->server_count : 1;
  r->workers = cs_runner_get(r->arena, r->worker_count * sizeof *r->workers);
  for (unsigned i = 0; i < r->worker_count; i++)
    r->workers[i] = (cs_runner_worker){.run = r, .index = i};
  make_reset(r);
  if (!spawn && !r->reset)
    return true;
  bool good = cs_report_make_folders(cs_runner_format(r->arena, "%s/server.log", r->config->out),
                                     trouble, sizeof trouble);
  for (unsigned i = 0; good && spawn && i < r->worker_count; i++)
    good = start_one(r, i, &why);
  r->spawn = r->workers[0].spawn;
  for (size_t i = 0; !good && i < r->side_count; i++)
    cs_runner_note_trouble(&r->sides[i], CS_RUNNER_EXIT_UNREACHABLE, why);
  return good;
}

void cs_runner_workers_stop(cs_runner_running *r) {
  for (unsigned i = 0; i < r->worker_count; i++)
    cs_runner_spawn_free(r->workers[i].spawn);
  cs_runner_spawn_free(r->reset);
}

bool cs_runner_workers_ready(cs_runner_side *s) {
  cs_runner_running *r = s->run;
  const char *why = NULL;
  for (unsigned i = 0; i < r->worker_count; i++) {
    cs_runner_spawn *spawn = r->workers[i].spawn;
    if (!spawn || !cs_runner_spawn_ended(spawn, 0))
      continue;
    if (r->restarts++ < CS_RUNNER_RESTARTS_MAX && cs_runner_spawn_start(spawn, &why))
      continue;
    cs_runner_note_trouble(s, CS_RUNNER_EXIT_CRASHED,
                           why ? why : "the server ended too often to be started again");
    return false;
  }
  return true;
}

/* ---- What the drivers ask and tell ---- */

static size_t under_way(const cs_runner_running *r) {
  size_t n = 0;
  for (unsigned i = 0; i < r->worker_count; i++)
    if (r->workers[i].net)
      n += cs_runner_net_under_way(r->workers[i].net);
  return n;
}

const char *cs_runner_worker_stop(void *ctx) {
  const cs_runner_worker *w = ctx;
  cs_runner_running *r = w->run;
  const char *halted = cs_runner_halted(r);
  if (r->progress)
    cs_runner_progress_draw(r->progress, r->settled_count, r->fault_count, under_way(r));
  if (halted)
    return halted;
  if (w->spawn) {
    cs_runner_spawn_tend(w->spawn);
    if (cs_runner_spawn_ended(w->spawn, 0))
      return "the server that was started has ended";
  }
  return w->ready_by && cs_runner_wall() >= w->ready_by ? "it does not answer" : NULL;
}

static void finished(void *ctx, cs_runner_case *c, size_t index) {
  const cs_runner_worker *w = ctx;
  cs_runner_side_finished(w->side, c, index);
}

/* Of a target that can be brought back, whoever was under way may have ended it. */
static void broken_off(void *ctx, cs_runner_case *c, size_t index) {
  cs_runner_worker *w = ctx;
  cs_runner_running *r = w->run;
  if (w->side->probing)
    return;
  if ((w->spawn || r->reset) && !cs_runner_halted(r)) {
    size_t *suspect = cs_runner_push(r->arena, &w->suspects, sizeof *suspect);
    *suspect = w->side->order[index];
    return;
  }
  cs_runner_side_broken_off(w->side, c, index);
}

static void was_away(void *ctx, cs_runner_case *c, size_t index) {
  const cs_runner_worker *w = ctx;
  (void)c;
  cs_runner_side_was_away(w->side, index);
}

/* ---- Signs of life ---- */

static const char *not_there(const cs_runner_worker *w, const char *stop, cs_time patience) {
  cs_runner_running *r = w->run;
  const char *how = w->spawn ? cs_runner_spawn_how(w->spawn) : NULL;
  if (cs_runner_halted(r))
    return stop;
  if (how)
    return cs_runner_format(r->arena, "%s: the server ended by %s before it answered", w->uri, how);
  return cs_runner_format(r->arena, "%s: the %s did not answer within %u s", w->uri,
                          w->spawn ? "server" : "target, which was reset,",
                          (unsigned)(patience / CS_SECOND));
}

bool cs_runner_worker_await(cs_runner_worker *w, const char **why) {
  const cs_time patience = w->spawn ? start_patience : reset_patience;
  struct timespec nap = {.tv_nsec = 50 * 1000 * 1000};
  w->ready_by = cs_runner_wall() + patience;
  bool there = false;
  const char *stop = NULL;
  while (!stop && !(there = cs_runner_net_sanity(w->net, why))) {
    stop = cs_runner_worker_stop(w);
    if (!stop)
      nanosleep(&nap, NULL);
  }
  w->ready_by = 0;
  if (!there)
    *why = not_there(w, stop, patience);
  return there;
}

/* Where the side's target is of this server. */
static const char *uri_of(const cs_runner_worker *w, const cs_runner_side *s) {
  const cs_runner_run_config *config = w->run->config;
  for (size_t i = 0; w->spawn && i < config->target_count; i++)
    if (cs_runner_target_transport(config->servers[w->index].targets[i]) == s->transport)
      return config->servers[w->index].targets[i];
  return s->uri;
}

static bool reach_one(cs_runner_worker *w, const char **why) {
  cs_runner_running *r = w->run;
  cs_runner_side *s = w->side;
  cs_runner_net_config config = {.transport = s->transport,
                                 .uri = w->uri,
                                 .host = cs_runner_target_host(w->uri, r->arena),
                                 .profile = r->config->profile,
                                 .credentials = &s->credentials,
                                 .requirements = &r->config->library->requirements,
                                 .seed = r->config->seed,
                                 .jobs = r->config->jobs,
                                 .rate = r->config->rate,
                                 .timeout = r->config->timeout,
                                 .source = r->config->source,
                                 .multicast = r->config->multicast,
                                 .finished = finished,
                                 .broken_off = broken_off,
                                 .was_away = was_away,
                                 .stop = cs_runner_worker_stop,
                                 .ctx = w};
  if (!cs_runner_target_resolve(w->uri, r->arena, &config.target, why))
    return false;
  s->local = cs_runner_is_local(&config.target);
  cs_err err = cs_runner_net_open(&config, &w->net);
  if (err != CS_OK)
    *why = cs_runner_format(r->arena, "%s: %s", w->uri, cs_base_err_text(err));
  else if (w->spawn)
    return cs_runner_worker_await(w, why);
  else
    return cs_runner_net_sanity(w->net, why);
  return false;
}

bool cs_runner_side_reach(cs_runner_side *s) {
  cs_runner_running *r = s->run;
  const char *why = NULL;
  bool there = true;
  s->local = r->memory;
  for (unsigned i = 0; there && i < r->worker_count; i++) {
    cs_runner_worker *w = &r->workers[i];
    w->side = s;
    w->uri = uri_of(w, s);
    w->net = NULL;
    w->suspects.count = 0;
    if (r->memory)
      continue;
    there = reach_one(w, &why);
    if (i == 0)
      s->net = w->net;
    if (!there)
      s->silent = w;
  }
  if (!there)
    cs_runner_note_trouble(
        s, cs_runner_halted(r) ? cs_runner_halted_code() : CS_RUNNER_EXIT_UNREACHABLE, why);
  return there;
}

void cs_runner_side_leave(cs_runner_side *s) {
  cs_runner_running *r = s->run;
  for (unsigned i = 0; i < r->worker_count; i++) {
    if (i > 0)
      cs_runner_net_close(r->workers[i].net);
    r->workers[i].net = NULL;
  }
}

/* ---- Rounds ---- */

/* What is dealt: cases of the run with their variants, of this list. */
struct hand {
  cs_runner_arena arena;
  cs_runner_case **cases;
  cs_runner_variant *variants;
};

static struct hand hand_of(cs_runner_side *s, const size_t *list, size_t count) {
  cs_runner_running *r = s->run;
  struct hand h = {.arena = {0}};
  h.cases = cs_runner_get(&h.arena, (count + 1) * sizeof(cs_runner_case *));
  h.variants = cs_runner_get(&h.arena, (count + 1) * sizeof *h.variants);
  for (size_t k = 0; k < count; k++) {
    h.cases[k] = r->cases[list[k]];
    h.variants[k] = r->variants[list[k]];
  }
  s->order = list;
  return h;
}

cs_runner_ending cs_runner_worker_round(cs_runner_worker *w, const size_t *list, size_t count,
                                        const char **why) {
  struct hand h = hand_of(w->side, list, count);
  cs_runner_ending ending = cs_runner_net_play(w->net, h.cases, h.variants, count, why);
  cs_runner_release(&h.arena);
  return ending;
}

static void round_in_memory(cs_runner_side *s, const struct hand *h, size_t count,
                            cs_runner_end *end) {
  *end = (cs_runner_end){CS_RUNNER_PLAYED, NULL};
  for (size_t k = 0; end->ending == CS_RUNNER_PLAYED && k < count; k++) {
    cs_runner_side_memory(s, h->cases[k]);
    cs_runner_side_finished(s, h->cases[k], k);
    end->why = cs_runner_worker_stop(&s->run->workers[0]);
    end->ending = end->why && k + 1 < count ? CS_RUNNER_STOPPED : CS_RUNNER_PLAYED;
  }
}

void cs_runner_side_round(cs_runner_side *s, const size_t *list, size_t count,
                          cs_runner_end *ends) {
  cs_runner_running *r = s->run;
  struct hand h = hand_of(s, list, count);
  if (r->memory) {
    round_in_memory(s, &h, count, ends);
  } else if (r->worker_count == 1) {
    ends->ending = cs_runner_net_play(s->net, h.cases, h.variants, count, &ends->why);
  } else {
    cs_runner_net **nets = cs_runner_get(&h.arena, r->worker_count * sizeof(cs_runner_net *));
    for (unsigned i = 0; i < r->worker_count; i++)
      nets[i] = r->workers[i].net;
    cs_runner_net_play_all(nets, r->worker_count, h.cases, h.variants, count, ends);
  }
  cs_runner_release(&h.arena);
}
