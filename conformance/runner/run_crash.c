/* A server that we started has died, or hangs. Whoever was under way is
 * suspected, and plays again alone: who ends the server alone is the one. */
#include "runner/run_inside.h"

enum { LINES = 5, LINES_AT_START = 20 };

/* How long a server that answers no more may take to die of it: one that writes
 * a report of its crash takes its time. */
static const cs_time death_patience = 2 * CS_SECOND;

/* How the server ended. One that is still there but does not answer is ended. */
static const char *end_of(cs_runner_running *r) {
  if (cs_runner_spawn_ended(r->spawn, death_patience))
    return cs_runner_format(r->arena, "ended by %s", cs_runner_spawn_how(r->spawn));
  cs_runner_spawn_stop(r->spawn);
  return "stopped answering although its process was there";
}

/* Starts it anew. */
static bool restart(cs_runner_side *s) {
  cs_runner_running *r = s->run;
  const char *why = NULL;
  if (r->restarts == CS_RUNNER_RESTARTS_MAX) {
    cs_runner_note_trouble(s, CS_RUNNER_EXIT_CRASHED,
                           cs_runner_format(r->arena,
                                            "%s: the server was started again %u times and ended "
                                            "each time; no more",
                                            s->uri, r->restarts));
    return false;
  }
  r->restarts++;
  if (cs_runner_spawn_start(r->spawn, &why) && cs_runner_side_await(s, &why))
    return true;
  if (!cs_runner_signal())
    why = cs_runner_format(r->arena, "%s (started again); it printed: %s", why,
                           cs_runner_spawn_output(r->spawn, LINES_AT_START, " | "));
  cs_runner_note_trouble(s, CS_RUNNER_EXIT_CRASHED, why);
  return false;
}

/* Plays one case alone, from its beginning. */
static cs_runner_ending alone(cs_runner_side *s, size_t i) {
  cs_runner_running *r = s->run;
  const char *why = NULL;
  if (r->cases[i] != r->first[i])
    cs_runner_case_free(r->cases[i]);
  r->cases[i] = cs_runner_side_case(s, &r->variants[i], r->config->seed + 2);
  r->over[i] = false;
  s->suspects.count = 0;
  return cs_runner_side_round(s, &i, 1, &why);
}

static void blame(cs_runner_side *s, size_t i, const char *how) {
  cs_runner_running *r = s->run;
  cs_report_case *result = &r->results[i];
  const char *output = cs_runner_spawn_output(r->spawn, LINES, " | ");
  cs_runner_case_stop(r->cases[i], CS_VERDICT_CRASH, how, cs_runner_wall());
  cs_runner_case_result(r->cases[i], result);
  result->verdict = CS_VERDICT_CRASH;
  result->message =
      cs_runner_format(r->arena, "the server %s while this case ran alone%s%s", how,
                       *output ? "; it printed last: " : "; it printed nothing", output);
  r->over[i] = r->settled[i] = true;
  s->verdicts++;
  cs_runner_print_line(s, result);
}

enum finding { INNOCENT, GUILTY, NO_MORE };

/* Whether the case ends the server when it plays alone. fresh: nothing else has
 * played since the server was started; where that is not so, what ended it may
 * be the late effect of another case, and the case is tried once more. */
static enum finding try_case(cs_runner_side *s, size_t i, bool *fresh) {
  cs_runner_running *r = s->run;
  for (;;) {
    bool first = *fresh;
    cs_runner_ending ending = alone(s, i);
    *fresh = false;
    if (ending == CS_RUNNER_PLAYED)
      return INNOCENT;
    if (cs_runner_signal()) {
      cs_runner_note_trouble(s, CS_RUNNER_EXIT_CRASHED, "interrupted by a signal");
      return NO_MORE;
    }
    const char *how = end_of(r);
    if (first)
      blame(s, i, how);
    if (!restart(s))
      return NO_MORE;
    *fresh = true;
    if (first)
      return GUILTY;
  }
}

static void note_together(cs_runner_side *s, const size_t *suspects, size_t count,
                          const char *how) {
  cs_runner_running *r = s->run;
  const char *ids = "";
  for (size_t k = 0; k < count; k++)
    ids = cs_runner_format(r->arena, "%s%s%s", ids, k ? ", " : "", r->variants[suspects[k]].id);
  cs_runner_note_trouble(s, CS_RUNNER_EXIT_CRASHED,
                         cs_runner_format(r->arena,
                                          "%s: the server %s while these cases ran together; none "
                                          "of them does that to it alone: %s",
                                          s->uri, how, ids));
}

bool cs_runner_revive(cs_runner_side *s, const char *why) {
  cs_runner_running *r = s->run;
  size_t count = s->suspects.count;
  size_t *suspects = cs_runner_get(r->arena, (count + 1) * sizeof *suspects);
  for (size_t k = 0; k < count; k++)
    suspects[k] = ((const size_t *)s->suspects.items)[k];
  s->suspects.count = 0;
  const char *how = end_of(r);
  if (count == 0)
    cs_runner_note_trouble(
        s, CS_RUNNER_EXIT_CRASHED,
        cs_runner_format(r->arena, "%s: the server %s while no case ran (%s)", s->uri, how, why));
  if (!restart(s))
    return false;
  bool fresh = true;
  bool found = false;
  for (size_t k = 0; k < count; k++) {
    enum finding f = try_case(s, suspects[k], &fresh);
    if (f == NO_MORE)
      return false;
    found = found || f == GUILTY;
  }
  if (!found && count > 0)
    note_together(s, suspects, count, how);
  return true;
}
