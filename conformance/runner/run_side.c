/* The cases of one transport of the target, from the first sign of life to the
 * last verdict. */
#include <string.h>
#include <time.h>

#include "runner/run_inside.h"
#include "runner/target.h"

static const cs_time exact = 0;
/* How long a server that we started may take to answer. */
static const cs_time start_patience = 10 * CS_SECOND;

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
  r->trouble = r->trouble ? cs_runner_format(r->arena, "%s; %s", r->trouble, line) : line;
}

cs_runner_case *cs_runner_side_case(const cs_runner_side *s, const cs_runner_variant *v,
                                    uint64_t seed) {
  const cs_runner_run_config *run = s->run->config;
  cs_runner_case_config config = {.variant = *v,
                                  .profile = run->profile,
                                  .requirements = &run->library->requirements,
                                  .seed = seed,
                                  .tolerance = s->net ? cs_runner_net_tolerance(s->net) : &exact,
                                  .host = s->host};
  return cs_runner_case_new(&config);
}

const char *cs_runner_side_stop(void *ctx) {
  const cs_runner_side *s = ctx;
  cs_runner_running *r = s->run;
  if (cs_runner_signal())
    return "interrupted by a signal";
  if (!r->spawn)
    return NULL;
  cs_runner_spawn_tend(r->spawn);
  if (cs_runner_spawn_ended(r->spawn, 0))
    return "the server that was started has ended";
  if (r->ready_by && cs_runner_wall() >= r->ready_by)
    return "the server that was started does not answer";
  return NULL;
}

bool cs_runner_side_await(cs_runner_side *s, const char **why) {
  cs_runner_running *r = s->run;
  struct timespec nap = {.tv_nsec = 50 * 1000 * 1000};
  r->ready_by = cs_runner_wall() + start_patience;
  while (!cs_runner_net_sanity(s->net, why)) {
    const char *stop = cs_runner_side_stop(s);
    if (stop) {
      const char *how = cs_runner_spawn_how(r->spawn);
      *why = cs_runner_signal() ? stop
             : how ? cs_runner_format(r->arena, "%s: the server ended by %s before it answered",
                                      s->uri, how)
                   : cs_runner_format(r->arena, "%s: the server did not answer within %u s", s->uri,
                                      (unsigned)(start_patience / CS_SECOND));
      r->ready_by = 0;
      return false;
    }
    nanosleep(&nap, NULL);
  }
  r->ready_by = 0;
  return true;
}

bool cs_runner_side_reach(cs_runner_side *s) {
  cs_runner_running *r = s->run;
  const char *why = NULL;
  cs_runner_net_config config = {.transport = s->transport,
                                 .uri = s->uri,
                                 .host = s->host,
                                 .profile = r->config->profile,
                                 .credentials = &s->credentials,
                                 .requirements = &r->config->library->requirements,
                                 .seed = r->config->seed,
                                 .jobs = r->config->jobs,
                                 .finished = cs_runner_side_finished,
                                 .broken_off = cs_runner_side_broken_off,
                                 .stop = cs_runner_side_stop,
                                 .ctx = s};
  if (r->memory)
    return true;
  if (cs_runner_target_resolve(s->uri, r->arena, &config.target, &why)) {
    cs_err err = cs_runner_net_open(&config, &s->net);
    if (err != CS_OK)
      why = cs_runner_format(r->arena, "%s: %s", s->uri, cs_base_err_text(err));
    else if (r->spawn)
      cs_runner_side_await(s, &why);
    else
      cs_runner_net_sanity(s->net, &why);
  }
  if (why)
    cs_runner_note_trouble(
        s, cs_runner_signal() ? CS_RUNNER_EXIT_CRASHED : CS_RUNNER_EXIT_UNREACHABLE, why);
  return !why;
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

void cs_runner_settle(cs_runner_side *s, size_t i) {
  cs_runner_running *r = s->run;
  cs_report_case *result = &r->results[i];
  cs_runner_case_result(r->cases[i], result);
  if (r->cut[i] && is_failure(result->verdict)) {
    result->verdict = CS_VERDICT_INCONCLUSIVE;
    result->statement = NULL;
    result->message = gone;
  }
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
 * declares. */
static bool doubtful(const cs_runner_running *r, cs_runner_case *c) {
  cs_report_case result;
  cs_runner_case_result(c, &result);
  cs_report_case judged = result;
  cs_runner_expect_failure(r->config->profile, r->arena, cs_runner_case_silent(c), &judged);
  if (judged.verdict == CS_VERDICT_XFAIL)
    return false;
  return is_failure(result.verdict) || result.verdict == CS_VERDICT_INCONCLUSIVE ||
         (result.verdict != CS_VERDICT_PASS && cs_runner_case_silent(c));
}

void cs_runner_side_finished(void *ctx, cs_runner_case *c, size_t index) {
  cs_runner_side *s = ctx;
  cs_runner_running *r = s->run;
  size_t i = s->order[index];
  r->over[i] = true;
  if (!r->memory && !s->second && doubtful(r, c))
    r->first[i] = c;
  else
    settle(s, i);
}

/* Of a target that we started, whoever was under way may have ended it. */
void cs_runner_side_broken_off(void *ctx, cs_runner_case *c, size_t index) {
  cs_runner_side *s = ctx;
  if (s->run->spawn && !cs_runner_signal()) {
    size_t *suspect = cs_runner_push(s->run->arena, &s->suspects, sizeof *suspect);
    *suspect = s->order[index];
    return;
  }
  const char *why = cs_runner_signal() ? "the run was interrupted while this case ran" : gone;
  s->run->cut[s->order[index]] = cs_runner_case_lifeless(c) && was_cut(c);
  cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, why, cs_runner_wall());
  cs_runner_case_doubt(c, why);
  cs_runner_side_finished(ctx, c, index);
}

cs_runner_ending cs_runner_side_round(cs_runner_side *s, const size_t *list, size_t count,
                                      const char **why) {
  cs_runner_running *r = s->run;
  cs_runner_arena arena = {0};
  cs_runner_case **cases = cs_runner_get(&arena, (count + 1) * sizeof(cs_runner_case *));
  cs_runner_variant *variants = cs_runner_get(&arena, (count + 1) * sizeof *variants);
  cs_runner_ending ending = CS_RUNNER_PLAYED;
  for (size_t k = 0; k < count; k++) {
    cases[k] = r->cases[list[k]];
    variants[k] = r->variants[list[k]];
  }
  s->order = list;
  if (!r->memory)
    ending = cs_runner_net_play(s->net, cases, variants, count, why);
  for (size_t k = 0; r->memory && ending == CS_RUNNER_PLAYED && k < count; k++) {
    cs_runner_side_memory(s, cases[k]);
    cs_runner_side_finished(s, cases[k], k);
    *why = cs_runner_side_stop(s);
    ending = *why && k + 1 < count ? CS_RUNNER_STOPPED : CS_RUNNER_PLAYED;
  }
  cs_runner_release(&arena);
  return ending;
}

/* Plays these cases; a server that we started may die meanwhile. False when
 * they could not all be played. */
static bool play_through(cs_runner_side *s, const size_t *list, size_t count) {
  cs_runner_running *r = s->run;
  size_t *left = cs_runner_get(r->arena, (count + 1) * sizeof *left);
  for (;;) {
    size_t n = 0;
    const char *why = NULL;
    for (size_t k = 0; k < count; k++)
      if (!r->over[list[k]])
        left[n++] = list[k];
    if (n == 0 || cs_runner_side_round(s, left, n, &why) == CS_RUNNER_PLAYED)
      return true;
    if (cs_runner_signal()) {
      cs_runner_note_trouble(s, CS_RUNNER_EXIT_CRASHED, why);
      return false;
    }
    if (!r->spawn) {
      cs_runner_note_trouble(s, CS_RUNNER_EXIT_CRASHED,
                             cs_runner_format(r->arena,
                                              "%s; it stopped answering after %zu of %zu cases",
                                              why, s->verdicts, s->count));
      return false;
    }
    if (!cs_runner_revive(s, why))
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

static bool play_again(cs_runner_side *s, size_t *list) {
  cs_runner_running *r = s->run;
  size_t n = 0;
  for (size_t i = s->first; i < s->first + s->count; i++) {
    if (!r->first[i] || r->settled[i])
      continue;
    r->cases[i] = cs_runner_side_case(s, &r->variants[i], r->config->seed + 1);
    r->over[i] = false;
    list[n++] = i;
  }
  s->second = true;
  if (n == 0)
    return true;
  cs_runner_net_one_by_one(s->net);
  return play_through(s, list, n);
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
