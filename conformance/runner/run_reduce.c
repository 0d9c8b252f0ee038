/* The smallest thing that ends the target: made of what a case sent that did so. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runner/minimise.h"
#include "runner/run_inside.h"
#include "runner/stage.h"

/* How often, and how long, it is tried: for one crash, and in a run. A device that is
 * reset each time is tried less often. */
enum { TRIES_MAX = 60, RESETS_MAX = 30 };
static const cs_time crash_time = 60 * CS_SECOND;
static const cs_time run_time = 300 * CS_SECOND;
/* A target that hangs is told from one that does not by a shorter wait than usual; the
 * whole wait is for the last try. */
static const cs_time short_patience = 3 * CS_SECOND;

struct reducing {
  cs_runner_running *r;
  cs_runner_arena arena;
  cs_runner_stage *stage;
  const char *id;
  cs_time until;
  cs_runner_outcome wanted; /* how the target ended: by itself, or it hung */
  bool late;                /* the time was over */
};

static const char *halted_of(void *ctx) {
  return cs_runner_halted(ctx);
}

static bool shows(void *ctx, const cs_runner_reproducer *candidate) {
  struct reducing *x = ctx;
  cs_runner_arena arena = {0};
  const char *why = NULL;
  x->late = x->late || cs_runner_wall() >= x->until || cs_runner_halted(x->r);
  if (x->late)
    return false;
  const cs_runner_scenario *s = cs_runner_reproducer_scenario(&arena, candidate, x->id);
  const cs_runner_variant v = {s, x->id, CS_CON, candidate->transport};
  bool shown = s && cs_runner_stage_play(x->stage, &v, NULL, &why) == x->wanted;
  cs_runner_release(&arena);
  return shown;
}

static bool open_stage(struct reducing *x, cs_runner_worker *w, cs_time patience) {
  cs_runner_running *r = w->run;
  const char *why;
  cs_runner_stage_config config = {.uri = w->uri,
                                   .transport = w->side->transport,
                                   .profile = r->config->profile,
                                   .requirements = &r->config->library->requirements,
                                   .credentials = &w->side->credentials,
                                   .seed = r->config->seed,
                                   .spawn = w->spawn,
                                   .reset = w->spawn ? NULL : r->reset,
                                   .patience = patience,
                                   .rate = r->config->rate,
                                   .source = r->config->source,
                                   .fresh = true,
                                   .halted = halted_of,
                                   .ctx = r};
  cs_runner_stage_close(x->stage);
  x->stage = NULL;
  return cs_runner_stage_open(&x->arena, &config, &x->stage, &why);
}

/* "crashes/7252-4.3-ping.scn"; with the transport, where the run has several. */
static const char *file_of(const cs_runner_side *s, const char *id) {
  cs_runner_running *r = s->run;
  char *name = cs_runner_text(r->arena, cs_span_str(id));
  for (char *at = name; *at; at++)
    if (*at == '/')
      *at = '-';
  if (r->side_count == 1)
    return cs_runner_format(r->arena, "crashes/%s.scn", name);
  return cs_runner_format(r->arena, "crashes/%s-%s.scn", name,
                          cs_runner_transport_name(s->transport));
}

static bool write_file(cs_runner_running *r, const char *file, const char *text,
                       const char **note) {
  char trouble[CS_REPORT_WHY_MAX];
  const char *path = cs_runner_format(r->arena, "%s/%s", r->config->out, file);
  if (!cs_report_make_folders(path, trouble, sizeof trouble)) {
    *note = cs_runner_text(r->arena, cs_span_str(trouble));
    return false;
  }
  FILE *to = fopen(path, "w");
  bool good = to && fputs(text, to) >= 0;
  if (to)
    good = fclose(to) == 0 && good;
  if (!good)
    *note = cs_runner_format(r->arena, "cannot write %s: %s", path, strerror(errno));
  return good;
}

/* Makes it small. What does not show it any more alone, or in the end, stays whole. */
static void reduce(struct reducing *x, cs_runner_worker *w, cs_runner_reproducer *p,
                   const char **note) {
  const cs_runner_reproducer whole = *p;
  if (!open_stage(x, w, short_patience))
    return;
  if (!shows(x, p)) {
    *note = x->late ? "there was no time to make it smaller"
                    : "played once more, what was sent did not do it: it is kept whole";
    return;
  }
  cs_runner_minimise(&x->arena, p, shows, x, w->spawn ? TRIES_MAX : RESETS_MAX);
  p->bounded = p->bounded || x->late;
  x->late = false;
  x->until = cs_time_add(cs_runner_wall(), crash_time);
  if (x->wanted == CS_RUNNER_HUNG && (!open_stage(x, w, 0) || !shows(x, p))) {
    *p = whole;
    *note = "a smaller one did not do it for sure: it is kept whole";
  } else if (p->bounded) {
    *note = "it could perhaps be made smaller: that took too long";
  }
}

const char *cs_runner_reduce(cs_runner_worker *w, size_t i, const char *how, const char **note) {
  cs_runner_running *r = w->run;
  cs_report_case result;
  cs_runner_reproducer p;
  cs_time began = cs_runner_wall();
  struct reducing x = {.r = r};
  cs_runner_case_result(r->cases[i], &result);
  if (!cs_runner_reproducer_of(&x.arena, result.packets, result.packet_count, w->side->transport,
                               &p))
    return NULL;
  x.id = cs_runner_format(r->arena, "crash/0/%s", cs_runner_reproducer_name(&x.arena, result.id));
  x.wanted = w->spawn && strncmp(how, "ended", 5) == 0 ? CS_RUNNER_ENDED : CS_RUNNER_HUNG;
  x.until = cs_time_add(began, cs_time_min(crash_time, run_time - r->reducing));
  p.what = cs_runner_format(&x.arena, "The %s %s.", w->spawn ? "server" : "target", how);
  p.how = cs_runner_format(&x.arena, "Made of the case %s, over %s against %s, with --seed %llu.",
                           result.id, cs_runner_transport_name(w->side->transport), w->uri,
                           (unsigned long long)r->config->seed);
  if (r->reducing < run_time)
    reduce(&x, w, &p, note);
  else
    *note = "the run had no time left to make it smaller";
  const char *file = file_of(w->side, result.id);
  bool written = write_file(r, file, cs_runner_reproducer_text(&x.arena, &p, x.id), note);
  cs_runner_stage_close(x.stage);
  cs_runner_release(&x.arena);
  r->reducing += cs_runner_wall() - began;
  return written ? file : NULL;
}
