#include "runner/stage.h"

#include <time.h>

#include "runner/target.h"

/* How long a server may take to answer when it is started, and a target when it was
 * reset; a reset itself; and how long a server that answers no more may take to die of it:
 * one that writes a report of its crash takes its time. */
static const cs_time start_patience = 10 * CS_SECOND;
static const cs_time reset_patience = 60 * CS_SECOND;
static const cs_time death_patience = 2 * CS_SECOND;
/* A server may end a moment behind its last answer. */
static const cs_time last_moment = 100 * CS_MILLISECOND;

struct cs_runner_stage {
  cs_runner_stage_config config;
  cs_runner_arena *arena;
  cs_runner_profile profile; /* with the patience of the stage */
  cs_runner_net *net;
  cs_time due;  /* when the present play has to be over; 0: no matter when */
  bool down;    /* the target was last seen gone */
  bool reached; /* it was there once */
  uint64_t plays;
};

static cs_time wall(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (cs_time)t.tv_sec * CS_SECOND + (cs_time)t.tv_nsec / 1000;
}

static const char *halted(const cs_runner_stage *s) {
  return s->config.halted ? s->config.halted(s->config.ctx) : NULL;
}

/* What ends a play, or a wait for a sign of life, early. */
static const char *stop(void *ctx) {
  cs_runner_stage *s = ctx;
  const char *why = halted(s);
  if (why)
    return why;
  if (s->config.spawn) {
    cs_runner_spawn_tend(s->config.spawn);
    if (cs_runner_spawn_ended(s->config.spawn, 0))
      return "the server that was started has ended";
  }
  return s->due && wall() >= s->due ? "the time for it is over" : NULL;
}

bool cs_runner_stage_open(cs_runner_arena *arena, const cs_runner_stage_config *config,
                          cs_runner_stage **out, const char **why) {
  cs_runner_stage *s = cs_runner_get(arena, sizeof *s);
  *s = (cs_runner_stage){.config = *config, .arena = arena, .profile = *config->profile};
  if (config->patience)
    s->profile.alive = config->patience;
  cs_runner_net_config net = {.transport = config->transport,
                              .uri = config->uri,
                              .host = cs_runner_target_host(config->uri, arena),
                              .profile = &s->profile,
                              .requirements = config->requirements,
                              .credentials = config->credentials,
                              .seed = config->seed,
                              .jobs = 1,
                              .rate = config->rate,
                              .source = config->source,
                              .stop = stop,
                              .ctx = s};
  if (!cs_runner_target_resolve(config->uri, arena, &net.target, why))
    return false;
  cs_err err = cs_runner_net_open(&net, &s->net);
  if (err != CS_OK) {
    *why = cs_runner_format(arena, "%s: %s", config->uri, cs_base_err_text(err));
    return false;
  }
  *out = s;
  return true;
}

void cs_runner_stage_close(cs_runner_stage *s) {
  if (s)
    cs_runner_net_close(s->net);
}

/* Waits for a sign of life. */
static bool await(cs_runner_stage *s, cs_time patience, const char **why) {
  struct timespec nap = {.tv_nsec = 50 * 1000 * 1000};
  bool there = false;
  cs_time until = wall() + patience;
  s->due = patience ? until : 0;
  while (!(there = cs_runner_net_sanity(s->net, why)) && wall() < until && !halted(s) &&
         !(s->config.spawn && cs_runner_spawn_ended(s->config.spawn, 0)))
    nanosleep(&nap, NULL);
  s->due = 0;
  if (there)
    return true;
  const char *how = s->config.spawn ? cs_runner_spawn_how(s->config.spawn) : NULL;
  if (halted(s))
    *why = halted(s);
  else if (how)
    *why = cs_runner_format(s->arena, "%s: the server ended by %s before it answered",
                            s->config.uri, how);
  else if (patience)
    *why = cs_runner_format(s->arena, "%s: no answer within %u s", s->config.uri,
                            (unsigned)(patience / CS_SECOND));
  return false;
}

bool cs_runner_reset(cs_runner_spawn *command, const char *(*asked)(void *ctx), void *ctx,
                     cs_runner_arena *arena, const char **why) {
  static const cs_time look = 50 * CS_MILLISECOND;
  if (!cs_runner_spawn_start(command, why)) {
    *why = cs_runner_format(arena, "--reset-cmd: %s", *why);
    return false;
  }
  cs_time until = wall() + reset_patience;
  while (!cs_runner_spawn_ended(command, look)) {
    const char *stopped = asked ? asked(ctx) : NULL;
    if (!stopped && wall() < until)
      continue;
    cs_runner_spawn_stop(command);
    *why = stopped ? stopped
                   : cs_runner_format(arena, "--reset-cmd did not end within %u s",
                                      (unsigned)(reset_patience / CS_SECOND));
    return false;
  }
  if (cs_runner_spawn_succeeded(command))
    return true;
  const char *output = cs_runner_spawn_output(command, 5, " | ");
  *why = cs_runner_format(arena, "--reset-cmd ended by %s%s%s", cs_runner_spawn_how(command),
                          *output ? "; it printed last: " : "", output);
  return false;
}

static bool start(cs_runner_stage *s, const char **why) {
  cs_runner_spawn_stop(s->config.spawn);
  if (!cs_runner_spawn_start(s->config.spawn, why))
    return false;
  if (await(s, start_patience, why))
    return true;
  const char *output = cs_runner_spawn_output(s->config.spawn, 20, " | ");
  if (!halted(s) && *output)
    *why = cs_runner_format(s->arena, "%s; it printed: %s", *why, output);
  return false;
}

static bool reset(cs_runner_stage *s, const char **why) {
  return cs_runner_reset(s->config.reset, s->config.halted, s->config.ctx, s->arena, why) &&
         await(s, reset_patience, why);
}

/* A target that we did not start: one that is known to be gone, or is to be fresh, needs
 * no look first. */
static bool find(cs_runner_stage *s, const char **why) {
  bool resets = s->config.reset != NULL;
  bool there = !((s->down || s->config.fresh) && resets) && await(s, 0, why);
  return there || (resets && !halted(s) && reset(s, why));
}

bool cs_runner_stage_ready(cs_runner_stage *s, const char **why) {
  cs_runner_spawn *spawn = s->config.spawn;
  bool there = true;
  if (spawn && (s->down || s->config.fresh || cs_runner_spawn_ended(spawn, 0)))
    there = start(s, why);
  else if (spawn)
    there = s->reached || await(s, start_patience, why);
  else if (s->down || !s->reached || (s->config.fresh && s->config.reset))
    there = find(s, why);
  s->reached = s->reached || there;
  s->down = !there;
  return there;
}

/* How the target is behind a case that is over, or was stopped. */
static cs_runner_outcome look(cs_runner_stage *s, cs_runner_case *c, const char **why) {
  cs_runner_spawn *spawn = s->config.spawn;
  bool lifeless = cs_runner_case_lifeless(c) || !cs_runner_case_done(c);
  cs_report_case r;
  cs_runner_case_result(c, &r);
  if (halted(s)) {
    *why = halted(s);
    return CS_RUNNER_NOT_PLAYED;
  }
  if (spawn && cs_runner_spawn_ended(spawn, lifeless ? death_patience : last_moment)) {
    *why = cs_runner_format(s->arena, "ended by %s", cs_runner_spawn_how(spawn));
    return CS_RUNNER_ENDED;
  }
  /* Stopped by a socket's error, or without a sign of life: whether it is there says one
   * more search. */
  if ((lifeless || r.verdict == CS_VERDICT_INCONCLUSIVE) && !await(s, 0, why)) {
    *why = spawn ? "stopped answering although its process was there" : "stopped answering";
    return CS_RUNNER_HUNG;
  }
  return CS_RUNNER_LIVES;
}

cs_runner_outcome cs_runner_stage_play(cs_runner_stage *s, const cs_runner_variant *v,
                                       cs_runner_case **out, const char **why) {
  if (out)
    *out = NULL;
  if (!cs_runner_stage_ready(s, why))
    return CS_RUNNER_NOT_PLAYED;
  const cs_runner_case_config config = {.variant = *v,
                                        .profile = &s->profile,
                                        .requirements = s->config.requirements,
                                        .seed = s->config.seed +
                                                s->plays++ * UINT64_C(0x9e3779b97f4a7c15),
                                        .tolerance = cs_runner_net_tolerance(s->net),
                                        .host = cs_runner_target_host(s->config.uri, s->arena),
                                        .handshakes = true};
  cs_runner_case *c = cs_runner_case_new(&config);
  s->due = s->config.timeout ? wall() + s->config.timeout : 0;
  cs_runner_net_probe(s->net, c);
  s->due = 0;
  cs_runner_outcome outcome = look(s, c, why);
  s->down = outcome != CS_RUNNER_LIVES;
  if (out)
    *out = c;
  else
    cs_runner_case_free(c);
  return outcome;
}
