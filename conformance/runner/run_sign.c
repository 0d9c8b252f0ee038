/* The run's own cases: the target gives a sign of life before the first case and
 * behind the last one. */
#include <time.h>

#include "runner/probe.h"
#include "runner/run_inside.h"

static const char title_first[] = "The target gives a sign of life before the first case.";
static const char title_last[] = "The target gives a sign of life after the last case.";
static const char *const covers[] = {"RFC7252#4.3:empty-con-reset"};

/* A target that refuses may be starting anew: it is looked for again after so long. */
static const cs_time between_looks = 250 * CS_MILLISECOND;

/* A case of this id; what happened in it is that of c, which may be NULL. */
static cs_report_case own(const cs_runner_side *s, const char *id, const char *title,
                          cs_runner_case *c) {
  cs_report_case out = {.packets = NULL, .message = ""};
  if (c)
    cs_runner_case_result(c, &out);
  out.id = id;
  out.title = title;
  out.file = NULL;
  out.line = 0;
  out.transport = cs_runner_transport_name(s->transport);
  out.statement = NULL;
  out.requirements = covers;
  out.requirement_count = 1u << s->transport & CS_RUNNER_DATAGRAMS ? 1 : 0;
  return out;
}

static void keep(cs_runner_side *s, cs_runner_case *c) {
  *(cs_runner_case **)cs_runner_push(s->run->arena, &s->keep, sizeof c) = c;
}

void cs_runner_sign_first(cs_runner_side *s, bool reached) {
  if (s->run->memory)
    return;
  cs_runner_case *c = s->net ? cs_runner_net_take_sign(s->net) : NULL;
  cs_report_case sign = own(s, "target/0/sanity-first", title_first, c);
  keep(s, c);
  if (!reached) {
    sign.verdict = CS_VERDICT_INCONCLUSIVE;
    sign.message = s->trouble;
  }
  *(cs_report_case *)cs_runner_push(s->run->arena, &s->own, sizeof sign) = sign;
  cs_runner_print_own(s, &sign);
}

/* Asks once more; the case is the caller's. */
static cs_runner_case *ask(cs_runner_side *s, uint64_t times, cs_report_case *result) {
  cs_runner_running *r = s->run;
  const cs_runner_scenario *scenario;
  cs_runner_error e;
  cs_runner_parse(cs_span_str(cs_runner_probe_sanity), "sanity", NULL, r->arena, &scenario, &e);
  cs_runner_variant v = {scenario, scenario->id, 0, s->transport};
  cs_runner_case *c = cs_runner_side_case(s, &v, r->config->seed + 5 + times);
  cs_runner_net_probe(s->net, c);
  cs_runner_case_result(c, result);
  return c;
}

/* How a server that was started has ended, or NULL. */
static const char *ended(cs_runner_running *r) {
  for (unsigned i = 0; i < r->worker_count; i++)
    if (r->workers[i].spawn && cs_runner_spawn_ended(r->workers[i].spawn, 0))
      return cs_runner_spawn_how(r->workers[i].spawn);
  return NULL;
}

static void died(cs_runner_side *s, const char *how, cs_report_case *sign) {
  cs_runner_running *r = s->run;
  sign->verdict = CS_VERDICT_CRASH;
  sign->message =
      how ? cs_runner_format(r->arena, "the server ended unnoticed by %s, after the last case", how)
          : cs_runner_format(r->arena, "the target died unnoticed, after the last case: %s",
                             sign->message);
  cs_runner_note_trouble(s, CS_RUNNER_EXIT_CRASHED,
                         cs_runner_format(r->arena, "%s: %s", s->uri, sign->message));
}

void cs_runner_sign_last(cs_runner_side *s, bool settled) {
  cs_runner_running *r = s->run;
  cs_report_case result;
  cs_runner_case *c = NULL;
  if (r->memory)
    return;
  cs_time until = cs_runner_wall() + r->config->profile->alive;
  for (uint64_t times = 0; settled && !cs_runner_halted(r); times++) {
    struct timespec nap = {.tv_nsec = (long)(between_looks * 1000)};
    cs_runner_case_free(c);
    c = ask(s, times, &result);
    /* All that is sent may be lost: who heard nothing at all asks twice. */
    if (result.verdict == CS_VERDICT_PASS || cs_runner_case_elsewhere(c) ||
        (cs_runner_wall() >= until && times > 0) || ended(r))
      break;
    nanosleep(&nap, NULL);
  }
  cs_report_case sign = own(s, "target/0/sanity-last", title_last, c);
  keep(s, c);
  const char *halted = cs_runner_halted(r);
  if (!c || (halted && sign.verdict != CS_VERDICT_PASS)) {
    sign.verdict = CS_VERDICT_INCONCLUSIVE;
    sign.message = cs_runner_format(r->arena, "not run: %s", halted ? halted : s->trouble);
  } else if (ended(r) || (sign.verdict != CS_VERDICT_PASS && !cs_runner_case_elsewhere(c))) {
    died(s, ended(r), &sign);
  }
  *(cs_report_case *)cs_runner_push(r->arena, &s->own_last, sizeof sign) = sign;
  cs_runner_print_own(s, &sign);
}
