/* A server that we started has died, or hangs; or a target that can be reset stopped
 * answering. Whoever was under way is suspected, and plays again alone: who ends the
 * target alone is the one. */
#include "runner/run_inside.h"
#include "runner/stage.h"

enum { LINES = 5, LINES_AT_START = 20 };

/* How long a server that answers no more may take to die of it: one that writes
 * a report of its crash takes its time. */
static const cs_time death_patience = 2 * CS_SECOND;
/* Of the cases that are played alone; those that are heard again have others. */
enum { SEED = 100 };

static const char *who(const cs_runner_worker *w) {
  return w->spawn ? "server" : "target";
}

/* How the target ended. A server that is still there but does not answer is ended. */
static const char *end_of(cs_runner_worker *w) {
  if (!w->spawn)
    return "stopped answering";
  if (cs_runner_spawn_ended(w->spawn, death_patience))
    return cs_runner_format(w->run->arena, "ended by %s", cs_runner_spawn_how(w->spawn));
  cs_runner_spawn_stop(w->spawn);
  return "stopped answering although its process was there";
}

static const char *halted_of(void *ctx) {
  return cs_runner_halted(ctx);
}

/* Starts the server anew, or resets the target. */
static bool bring_back(cs_runner_worker *w, const char **why) {
  cs_runner_running *r = w->run;
  if (!w->spawn)
    return cs_runner_reset(r->reset, halted_of, r, r->arena, why) && cs_runner_worker_await(w, why);
  /* It may have been started meanwhile, to make a reproducer small. */
  cs_runner_spawn_stop(w->spawn);
  if (cs_runner_spawn_start(w->spawn, why) && cs_runner_worker_await(w, why))
    return true;
  if (!cs_runner_halted(r))
    *why = cs_runner_format(r->arena, "%s (started again); it printed: %s", *why,
                            cs_runner_spawn_output(w->spawn, LINES_AT_START, " | "));
  return false;
}

static bool restart(cs_runner_worker *w) {
  cs_runner_running *r = w->run;
  const char *why = NULL;
  if (r->restarts == CS_RUNNER_RESTARTS_MAX) {
    cs_runner_note_trouble(
        w->side, CS_RUNNER_EXIT_CRASHED,
        cs_runner_format(r->arena,
                         w->spawn ? "%s: the server was started again %u times and ended each "
                                    "time; no more"
                                  : "%s: the target was reset %u times and stopped answering each "
                                    "time; no more",
                         w->uri, r->restarts));
    return false;
  }
  r->restarts++;
  if (bring_back(w, &why))
    return true;
  cs_runner_note_trouble(
      w->side, cs_runner_halted(r) ? cs_runner_halted_code() : CS_RUNNER_EXIT_CRASHED, why);
  return false;
}

/* Plays one case alone, from its beginning. */
static cs_runner_ending alone(cs_runner_worker *w, size_t i) {
  cs_runner_running *r = w->run;
  const char *why = NULL;
  if (r->cases[i] != r->first[i])
    cs_runner_case_free(r->cases[i]);
  r->cases[i] = cs_runner_side_case(w->side, &r->variants[i], r->config->seed + SEED);
  r->over[i] = false;
  w->suspects.count = 0;
  return cs_runner_worker_round(w, &i, 1, &why);
}

/* What the server printed last, or by what the target is brought back. */
static const char *circumstance(const cs_runner_worker *w) {
  cs_runner_running *r = w->run;
  if (!w->spawn)
    return cs_runner_format(r->arena, "; reset by %s", r->config->reset_cmd);
  const char *output = cs_runner_spawn_output(w->spawn, LINES, " | ");
  return *output ? cs_runner_format(r->arena, "; it printed last: %s", output)
                 : "; it printed nothing";
}

static void blame(cs_runner_worker *w, size_t i, const char *how) {
  cs_runner_running *r = w->run;
  cs_report_case *result = &r->results[i];
  const char *note = NULL;
  cs_runner_case_stop(r->cases[i], CS_VERDICT_CRASH, how, cs_runner_wall());
  cs_runner_case_result(r->cases[i], result);
  const char *message = cs_runner_format(r->arena, "the %s %s while this case ran alone%s", who(w),
                                         how, circumstance(w));
  const char *file = cs_runner_reduce(w, i, how, &note);
  if (file)
    message = cs_runner_format(r->arena, "%s; what does it is in %s", message, file);
  if (note)
    message = cs_runner_format(r->arena, "%s (%s)", message, note);
  result->verdict = CS_VERDICT_CRASH;
  result->statement = NULL;
  result->message = message;
  result->reproducer = file;
  r->over[i] = r->settled[i] = true;
  w->side->verdicts++;
  cs_runner_print_line(w->side, result);
}

enum finding { INNOCENT, GUILTY, NO_MORE };

/* Whether the case ends the target when it plays alone. fresh: nothing else has
 * played since it was started; where that is not so, what ended it may be the late
 * effect of another case, and the case is tried once more. */
static enum finding try_case(cs_runner_worker *w, size_t i, bool *fresh) {
  cs_runner_running *r = w->run;
  for (;;) {
    bool first = *fresh;
    cs_runner_ending ending = alone(w, i);
    *fresh = false;
    if (ending == CS_RUNNER_PLAYED)
      return INNOCENT;
    if (cs_runner_halted(r)) {
      cs_runner_note_trouble(w->side, cs_runner_halted_code(), cs_runner_halted(r));
      return NO_MORE;
    }
    const char *how = end_of(w);
    if (first)
      blame(w, i, how);
    if (!restart(w))
      return NO_MORE;
    *fresh = true;
    if (first)
      return GUILTY;
  }
}

static void note_together(cs_runner_worker *w, const size_t *suspects, size_t count,
                          const char *how) {
  cs_runner_running *r = w->run;
  const char *ids = "";
  for (size_t k = 0; k < count; k++)
    ids = cs_runner_format(r->arena, "%s%s%s", ids, k ? ", " : "", r->variants[suspects[k]].id);
  cs_runner_note_trouble(w->side, CS_RUNNER_EXIT_CRASHED,
                         cs_runner_format(r->arena,
                                          "%s: the %s %s while these cases ran together; none "
                                          "of them does that to it alone: %s",
                                          w->uri, who(w), how, ids));
}

bool cs_runner_revive(cs_runner_worker *w, const char *why) {
  cs_runner_running *r = w->run;
  size_t count = w->suspects.count;
  size_t *suspects = cs_runner_get(r->arena, (count + 1) * sizeof *suspects);
  for (size_t k = 0; k < count; k++)
    suspects[k] = ((const size_t *)w->suspects.items)[k];
  w->suspects.count = 0;
  const char *how = end_of(w);
  if (count == 0)
    cs_runner_note_trouble(w->side, CS_RUNNER_EXIT_CRASHED,
                           cs_runner_format(r->arena, "%s: the %s %s while no case ran (%s)",
                                            w->uri, who(w), how, why));
  if (!restart(w))
    return false;
  bool fresh = true;
  bool found = false;
  for (size_t k = 0; k < count; k++) {
    enum finding f = try_case(w, suspects[k], &fresh);
    if (f == NO_MORE)
      return false;
    found = found || f == GUILTY;
  }
  if (!found && count > 0)
    note_together(w, suspects, count, how);
  return true;
}
