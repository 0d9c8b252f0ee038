/* The cases of one transport of the target, from the first sign of life to the
 * last verdict. */
#include <string.h>
#include <time.h>

#include "runner/run_inside.h"
#include "runner/target.h"

static const cs_time exact = 0;

cs_time cs_runner_wall(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (cs_time)t.tv_sec * CS_SECOND + (cs_time)t.tv_nsec / 1000;
}

void cs_runner_note_trouble(cs_runner_side *s, cs_runner_exit code, const char *line) {
  cs_runner_running *r = s->run;
  line = cs_runner_text(r->arena, cs_span_str(line));
  s->code = cs_runner_worse(s->code, code);
  s->trouble = s->trouble ? cs_runner_format(r->arena, "%s; %s", s->trouble, line) : line;
  /* What ends the whole run is told once. */
  if (!r->trouble || !strstr(r->trouble, line))
    r->trouble = r->trouble ? cs_runner_format(r->arena, "%s; %s", r->trouble, line) : line;
  cs_runner_lines_trouble(s, line);
}

cs_runner_case *cs_runner_side_case(const cs_runner_side *s, const cs_runner_variant *v,
                                    uint64_t seed) {
  const cs_runner_run_config *run = s->run->config;
  cs_runner_case_config config = {.variant = *v,
                                  .profile = run->profile,
                                  .requirements = &run->library->requirements,
                                  .seed = seed,
                                  .tolerance = s->net ? cs_runner_net_tolerance(s->net) : &exact,
                                  .host = s->host,
                                  .handshakes = s->host != NULL};
  return cs_runner_case_new(&config);
}

void cs_runner_side_memory(cs_runner_side *s, cs_runner_case *c) {
  const cs_runner_memory_config config = {
      .transport = s->transport, .seed = s->run->config->seed, .credentials = &s->credentials};
  cs_runner_play_memory(c, &config);
}

static const char gone[] = "the target stopped answering while this case ran";

/* Whether the target ended a connection of the case. */
static bool was_cut(cs_runner_case *c) {
  cs_report_case result;
  cs_runner_case_result(c, &result);
  for (size_t i = 0; i < result.packet_count; i++)
    if (!result.packets[i].sent &&
        (result.packets[i].kind == CS_REPORT_ENDED || result.packets[i].kind == CS_REPORT_RESET))
      return true;
  return false;
}

static bool is_failure(cs_verdict v) {
  return v == CS_VERDICT_FAIL || v == CS_VERDICT_WARN;
}

/* A case that failed among others was played again, alone, and the result is of
 * that. Where it does not fail any more, what came at first is evidence, and
 * both count; when it was nothing, it was lost or late. */
static void compare(cs_runner_running *r, size_t i) {
  cs_report_case *result = &r->results[i];
  cs_report_case first;
  if (is_failure(result->verdict) || result->verdict == CS_VERDICT_INCONCLUSIVE)
    return;
  cs_runner_case_result(r->first[i], &first);
  if (first.verdict == result->verdict)
    return;
  const char *alone = cs_verdict_name(result->verdict);
  if (r->away[i]) {
    result->message = cs_runner_format(r->arena, "%s%s(at first the target was away)",
                                       result->message, *result->message ? " " : "");
    return;
  }
  if (cs_runner_case_silent(r->first[i])) {
    result->message = cs_runner_format(r->arena, "%s%s(among other cases nothing came)",
                                       result->message, *result->message ? " " : "");
    return;
  }
  if (!is_failure(first.verdict)) /* it proved nothing */
    return;
  first.message = cs_runner_format(r->arena, "%s alone; among other cases %s: %s", alone,
                                   cs_verdict_name(first.verdict), first.message);
  first.verdict = CS_VERDICT_FLAKY;
  *result = first;
}

/* The target was away and came back while the case ran: what failed by that is no
 * fault. */
static void discount(cs_runner_running *r, cs_report_case *result) {
  if (!is_failure(result->verdict) && result->verdict != CS_VERDICT_INCONCLUSIVE)
    return;
  result->verdict = CS_VERDICT_INCONCLUSIVE;
  result->statement = NULL;
  result->message = cs_runner_format(
      r->arena, "the target was away for a while as this case ran: %s", result->message);
}

void cs_runner_side_was_away(cs_runner_side *s, size_t index) {
  if (!s->probing)
    (s->second ? s->run->away_again : s->run->away)[s->order[index]] = true;
}

void cs_runner_settle(cs_runner_side *s, size_t i) {
  cs_runner_running *r = s->run;
  cs_report_case *result = &r->results[i];
  cs_runner_case_result(r->cases[i], result);
  if (r->cut[i] && is_failure(result->verdict)) {
    result->verdict = CS_VERDICT_INCONCLUSIVE;
    result->statement = NULL;
    result->message = gone;
  }
  if (r->cases[i] == r->first[i] ? r->away[i] : r->away_again[i])
    discount(r, result);
  if (r->first[i] && r->first[i] != r->cases[i])
    compare(r, i);
  cs_runner_expect_failure(r->config->profile, r->arena, cs_runner_case_silent(r->cases[i]),
                           result);
  s->verdicts += result->verdict != CS_VERDICT_INCONCLUSIVE;
  r->settled[i] = true;
}

static void settle(cs_runner_side *s, size_t i) {
  cs_runner_settle(s, i);
  cs_runner_print_line(s, &s->run->results[i]);
}

/* Datagrams may be lost, and a target that is busy with other cases may be slow:
 * who fails, has no verdict, or seems to lack something because nothing came, is
 * heard once more, alone. Not so what failed in just the way that the profile
 * declares, nor who answered from elsewhere, which no loss explains. */
static bool doubtful(const cs_runner_running *r, cs_runner_case *c) {
  cs_report_case result;
  cs_runner_case_result(c, &result);
  cs_report_case judged = result;
  cs_runner_expect_failure(r->config->profile, r->arena, cs_runner_case_silent(c), &judged);
  if (judged.verdict == CS_VERDICT_XFAIL || cs_runner_case_elsewhere(c))
    return false;
  return is_failure(result.verdict) || result.verdict == CS_VERDICT_INCONCLUSIVE ||
         (result.verdict != CS_VERDICT_PASS && cs_runner_case_silent(c));
}

void cs_runner_side_finished(cs_runner_side *s, cs_runner_case *c, size_t index) {
  cs_runner_running *r = s->run;
  if (s->probing)
    return;
  size_t i = s->order[index];
  r->over[i] = true;
  if (r->memory || s->round >= r->config->retries || !doubtful(r, c))
    settle(s, i);
  else if (!r->first[i])
    r->first[i] = c;
}

void cs_runner_side_broken_off(cs_runner_side *s, cs_runner_case *c, size_t index) {
  const char *halted = cs_runner_halted(s->run);
  const char *why = cs_runner_signal() ? "the run was interrupted while this case ran"
                    : halted ? cs_runner_format(s->run->arena, "%s while this case ran", halted)
                             : gone;
  s->run->cut[s->order[index]] = cs_runner_case_lifeless(c) && was_cut(c);
  cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, why, cs_runner_wall());
  cs_runner_case_doubt(c, why);
  cs_runner_side_finished(s, c, index);
}

static bool all_played(const cs_runner_running *r, const cs_runner_end *ends) {
  for (unsigned i = 0; i < r->worker_count; i++)
    if (ends[i].ending != CS_RUNNER_PLAYED)
      return false;
  return true;
}

/* Goes on where a worker's target was gone. */
static bool revive_all(cs_runner_side *s, const cs_runner_end *ends) {
  cs_runner_running *r = s->run;
  for (unsigned i = 0; i < r->worker_count; i++)
    if (ends[i].ending != CS_RUNNER_PLAYED && !cs_runner_revive(&r->workers[i], ends[i].why))
      return false;
  return true;
}

/* Plays these cases; a target that can be brought back may be gone meanwhile. False
 * when they could not all be played. */
static bool play_through(cs_runner_side *s, const size_t *list, size_t count) {
  cs_runner_running *r = s->run;
  size_t *left = cs_runner_get(r->arena, (count + 1) * sizeof *left);
  cs_runner_end *ends = cs_runner_get(r->arena, r->worker_count * sizeof *ends);
  for (;;) {
    size_t n = 0;
    for (size_t k = 0; k < count; k++)
      if (!r->over[list[k]])
        left[n++] = list[k];
    if (n == 0)
      return true;
    cs_runner_side_round(s, left, n, ends);
    if (all_played(r, ends))
      return true;
    if (cs_runner_halted(r)) {
      cs_runner_note_trouble(s, cs_runner_halted_code(), cs_runner_halted(r));
      return false;
    }
    if (!r->spawn && !r->reset) {
      cs_runner_note_trouble(s, CS_RUNNER_EXIT_CRASHED,
                             cs_runner_format(r->arena,
                                              "%s; it stopped answering after %zu of %zu cases",
                                              ends->why, s->verdicts, s->count));
      return false;
    }
    if (!revive_all(s, ends))
      return false;
  }
}

/* Makes the cases; those that the target has no means for are skipped. The
 * others are listed. */
static size_t prepare(cs_runner_side *s, size_t *list) {
  cs_runner_running *r = s->run;
  cs_runner_means *means = cs_runner_means_new(s);
  size_t n = 0;
  for (size_t i = s->first; i < s->first + s->count; i++) {
    const char *why = cs_runner_lacking(means, r->variants[i].scenario);
    r->cases[i] = cs_runner_side_case(s, &r->variants[i], r->config->seed);
    if (why) {
      cs_runner_case_stop(r->cases[i], CS_VERDICT_SKIP, why, 0);
      r->over[i] = true;
      settle(s, i);
    } else {
      list[n++] = i;
    }
  }
  if (r->config->shuffle)
    cs_runner_shuffle(list, n, r->config->seed);
  return n;
}

/* Those that are doubtful are heard again, each alone, until they are not or have been
 * heard as often as is asked for. */
static void play_again(cs_runner_side *s, size_t *list) {
  cs_runner_running *r = s->run;
  s->second = true;
  for (unsigned i = 0; i < r->worker_count && !r->memory; i++)
    cs_runner_net_one_by_one(r->workers[i].net);
  while (s->round < r->config->retries) {
    size_t n = 0;
    s->round++;
    for (size_t i = s->first; i < s->first + s->count; i++) {
      if (!r->first[i] || r->settled[i])
        continue;
      if (r->cases[i] != r->first[i])
        cs_runner_case_free(r->cases[i]);
      r->cases[i] = cs_runner_side_case(s, &r->variants[i], r->config->seed + s->round);
      r->over[i] = false;
      r->away_again[i] = false;
      list[n++] = i;
    }
    if (n == 0 || !play_through(s, list, n))
      return;
  }
}

void cs_runner_side_play(cs_runner_side *s) {
  cs_runner_running *r = s->run;
  size_t *list = cs_runner_get(r->arena, (s->count + 1) * sizeof *list);
  size_t n = prepare(s, list);
  if (play_through(s, list, n))
    play_again(s, list);
  /* Who was not heard again has what was found at first. */
  for (size_t i = s->first; i < s->first + s->count; i++) {
    if (!r->first[i] || r->settled[i])
      continue;
    if (r->cases[i] != r->first[i])
      cs_runner_case_free(r->cases[i]);
    r->cases[i] = r->first[i];
    settle(s, i);
  }
}
