/* What our client tells the program that uses it: responses, events, and what it
 * refuses. Each is an arrival on the client's port, and a line of the report. */
#include "runner/case_call.h"
#include "wire/notation.h"

/* ---- Telling ---- */

static void push(cs_runner_call *call, cs_runner_arrival *a) {
  cs_runner_case *c = call->owner;
  if (call->goodbye)
    return;
  a->ours = a->ours || (a->rule != CS_RULE_NONE && cs_base_rule_basis(a->rule) == CS_BASIS_OURS);
  a->kind = CS_RUNNER_CAME_TOLD;
  a->at = c->now;
  a->port = call->port;
  cs_runner_case_record(c, CS_REPORT_EVENT, false, call->port, (cs_span){0},
                        cs_runner_format(&c->arena, "told %s", a->notation));
  *(cs_runner_arrival *)cs_runner_push(&c->arena, &c->inbox, sizeof *a) = *a;
}

const char *cs_runner_plain_notation(cs_runner_arena *arena, const cs_wire_message *m) {
  cs_wire_message plain = *m;
  plain.form = CS_WIRE_TCP;
  plain.token = (cs_span){0};
  size_t cap = 128 + 40 * m->options.len + 4 * m->payload.len;
  char *text = cs_runner_get(arena, cap);
  return cs_wire_print(&plain, text, cap, NULL) == CS_OK ? text : "what cannot be shown";
}

static const char *event_text(cs_runner_case *c, cs_runner_event e) {
  return cs_runner_format(&c->arena, "event %s", cs_runner_event_name(e));
}

static const char *rule_text(cs_runner_case *c, cs_rule rule) {
  return cs_runner_format(&c->arena, "error %s (it does not hold that %s)", cs_base_rule_id(rule),
                          cs_base_rule_text(rule));
}

static void keep(cs_runner_case *c, cs_wire_message *m) {
  m->token = cs_runner_copy(&c->arena, m->token);
  m->options = cs_runner_copy(&c->arena, m->options);
  m->payload = cs_runner_copy(&c->arena, m->payload);
}

static void tell_rule(cs_runner_call *call, cs_rule rule) {
  cs_runner_arrival a = {
      .told = CS_RUNNER_ALT_ERROR, .rule = rule, .notation = rule_text(call->owner, rule)};
  push(call, &a);
}

void cs_runner_call_tell(cs_runner_call *call, cs_runner_event event) {
  cs_runner_arrival a = {
      .told = CS_RUNNER_ALT_EVENT, .event = event, .notation = event_text(call->owner, event)};
  push(call, &a);
}

/* The end of a request, or of a ping, without a response. */
static void tell_end(cs_runner_call *call, const cs_core_event *event) {
  static const cs_runner_event names[] = {[CS_NACK_TIMEOUT] = CS_RUNNER_EVENT_TIMEOUT,
                                          [CS_NACK_RESET] = CS_RUNNER_EVENT_RESET,
                                          [CS_NACK_UNREACHABLE] = CS_RUNNER_EVENT_LOST,
                                          [CS_NACK_CLOSED] = CS_RUNNER_EVENT_LOST,
                                          [CS_NACK_BAD_RESPONSE] = CS_RUNNER_EVENT_LOST,
                                          [CS_NACK_TOO_LARGE] = CS_RUNNER_EVENT_TOO_LARGE};
  cs_runner_arrival a = {
      .told = CS_RUNNER_ALT_EVENT, .event = names[event->reason], .rule = event->rule};
  a.notation = event_text(call->owner, a.event);
  if (event->rule != CS_RULE_NONE)
    a.notation = cs_runner_format(&call->owner->arena, "%s: %s", a.notation,
                                  rule_text(call->owner, event->rule));
  push(call, &a);
}

static void tell_message(cs_runner_call *call, cs_runner_event event, const cs_core_event *e) {
  cs_runner_arrival a = {.told = CS_RUNNER_ALT_EVENT, .event = event, .m = e->message};
  keep(call->owner, &a.m);
  a.notation = cs_runner_format(&call->owner->arena, "%s: %s", event_text(call->owner, event),
                                cs_runner_plain_notation(&call->owner->arena, &a.m));
  push(call, &a);
}

static void tell_response(cs_runner_call *call, const cs_core_event *event) {
  cs_runner_arrival a = {.told = CS_RUNNER_ALT_ANSWER, .m = event->message};
  keep(call->owner, &a.m);
  a.notation = cs_runner_format(&call->owner->arena, "response %s",
                                cs_runner_plain_notation(&call->owner->arena, &a.m));
  push(call, &a);
}

void cs_runner_call_tell_core(cs_runner_call *call, const cs_core_event *event) {
  if (event->body_released && event->request == call->request)
    call->request = NULL;
  switch (event->kind) {
  case CS_EVENT_RESPONSE:
    tell_response(call, event);
    break;
  case CS_EVENT_NACK:
    tell_end(call, event);
    break;
  case CS_EVENT_PONG:
    cs_runner_call_tell(call, CS_RUNNER_EVENT_PONG);
    break;
  case CS_EVENT_REJECTED:
  case CS_EVENT_ABORTED:
    tell_rule(call, event->rule);
    break;
  case CS_EVENT_CSM:
    call->csm = true;
    tell_message(call, CS_RUNNER_EVENT_CSM, event);
    break;
  case CS_EVENT_PING:
    tell_message(call, CS_RUNNER_EVENT_PING, event);
    break;
  case CS_EVENT_RELEASE:
    tell_message(call, CS_RUNNER_EVENT_RELEASE, event);
    break;
  case CS_EVENT_ABORT:
    tell_message(call, CS_RUNNER_EVENT_ABORT, event);
    break;
  default:
    break;
  }
}

void cs_runner_call_tell_secured(cs_runner_call *call, const cs_tls_negotiated *n) {
  cs_runner_case *c = call->owner;
  cs_runner_arrival a = {.told = CS_RUNNER_ALT_EVENT, .event = CS_RUNNER_EVENT_SECURED};
  a.negotiated = (cs_tls_negotiated){.version = n->version, .suite = n->suite};
  a.negotiated.name = n->name ? cs_runner_text(&c->arena, cs_span_str(n->name)) : NULL;
  a.negotiated.alpn = n->alpn ? cs_runner_text(&c->arena, cs_span_str(n->alpn)) : NULL;
  a.notation = cs_runner_format(
      &c->arena, "event %s",
      cs_runner_secured_notation(&c->arena, &a.negotiated, c->form == CS_WIRE_UDP));
  push(call, &a);
}

void cs_runner_call_tell_refused(cs_runner_call *call, const cs_tls_failure *f) {
  cs_runner_case *c = call->owner;
  cs_runner_arrival a = {.told = CS_RUNNER_ALT_EVENT, .event = CS_RUNNER_EVENT_REFUSED};
  a.notation = event_text(c, a.event);
  if (f) {
    a.failure = *f;
    a.ours = cs_runner_failed_by_ours(f);
    a.notation =
        cs_runner_format(&c->arena, "%s: %s", a.notation, cs_runner_failure_text(&c->arena, f));
  }
  push(call, &a);
}

/* ---- Matching ---- */

static bool among(const cs_runner_pattern *p, cs_rule rule) {
  for (size_t i = 0; i < p->rule_count; i++)
    if (p->rules[i] == rule)
      return true;
  return p->rule_count == 0;
}

static bool event_fits(const cs_runner_alternative *a, const cs_runner_arrival *arrival,
                       const char **why) {
  if (arrival->event != a->pattern.event) {
    *why = "it is another event";
    return false;
  }
  if (a->pattern.event == CS_RUNNER_EVENT_SECURED)
    return cs_runner_match_secured(&a->pattern, &arrival->negotiated, false, why);
  if (a->pattern.event == CS_RUNNER_EVENT_REFUSED && a->pattern.field_count)
    return cs_runner_match_refused(&a->pattern, &arrival->failure, why);
  return true;
}

bool cs_runner_told_fits(cs_runner_case *c, const cs_runner_alternative *a,
                         const cs_runner_arrival *arrival, cs_runner_values *values,
                         const char **why) {
  if (a->kind == CS_RUNNER_ALT_ERROR) {
    *why = "it is no such error";
    return arrival->rule != CS_RULE_NONE && among(&a->pattern, arrival->rule);
  }
  if (a->kind != arrival->told) {
    *why = a->kind == CS_RUNNER_ALT_ANSWER ? "it is no response" : "it is no event";
    return false;
  }
  if (a->kind == CS_RUNNER_ALT_ANSWER)
    return cs_runner_match(&a->pattern, &arrival->m, &c->arena, values, why);
  return event_fits(a, arrival, why);
}

static bool names(const cs_runner_step *step, const cs_runner_arrival *arrival) {
  for (size_t i = 0; i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    if (a->kind == CS_RUNNER_ALT_ERROR && arrival->rule != CS_RULE_NONE &&
        among(&a->pattern, arrival->rule))
      return true;
    if (a->kind == CS_RUNNER_ALT_EVENT && arrival->told == CS_RUNNER_ALT_EVENT &&
        a->pattern.event == arrival->event)
      return true;
  }
  return false;
}

/* A 4.01 with Echo asks for the request again (RFC 9175 section 2.4), once. */
static bool wants_echo(cs_runner_case *c, const cs_runner_step *step,
                       const cs_runner_arrival *arrival) {
  cs_span echo;
  if (arrival->told != CS_RUNNER_ALT_ANSWER || arrival->m.code != CS_CODE(4, 1) ||
      !cs_wire_option_get(arrival->m.options, CS_OPT_ECHO, &echo) || echo.len == 0)
    return false;
  for (size_t i = 0; i < step->alternative_count; i++)
    for (size_t k = 0; k < step->alternatives[i].pattern.field_count; k++)
      if (step->alternatives[i].pattern.fields[k].number == CS_OPT_ECHO)
        return false;
  return cs_runner_call_echo(c, echo);
}

/* What does not end anything, and what was refused, is nobody's business unless the step
 * names it. */
bool cs_runner_told_aside(cs_runner_case *c, const cs_runner_step *step,
                          const cs_runner_arrival *arrival) {
  static const unsigned news = 1u << CS_RUNNER_EVENT_CONNECTED | 1u << CS_RUNNER_EVENT_SECURED |
                               1u << CS_RUNNER_EVENT_CSM | 1u << CS_RUNNER_EVENT_PING |
                               1u << CS_RUNNER_EVENT_RELEASE;
  if (names(step, arrival))
    return false;
  if (wants_echo(c, step, arrival))
    return true;
  /* A copy of what came before says nothing. */
  if (arrival->rule != CS_RULE_NONE && arrival->rule != CS_RULE_LATE_DUPLICATE) {
    c->call->refusal = arrival->rule;
    c->call->refusal_step = c->step;
  }
  /* A server may close a DTLS session that is idle; what waited for it is told as lost. */
  bool idle = arrival->event == CS_RUNNER_EVENT_CLOSED &&
              (1u << c->config.variant.transport & CS_RUNNER_DATAGRAMS);
  if (arrival->told == CS_RUNNER_ALT_ERROR ||
      (arrival->told == CS_RUNNER_ALT_EVENT && (idle || news >> arrival->event & 1u))) {
    c->passed_over++;
    return true;
  }
  return false;
}

static bool refused_now(const cs_runner_case *c) {
  return c->call && c->call->refusal != CS_RULE_NONE && c->call->refusal_step == c->step;
}

bool cs_runner_told_excused(const cs_runner_case *c, const cs_runner_step *step,
                            const cs_runner_arrival *arrival) {
  if (arrival && (arrival->ours || arrival->told == CS_RUNNER_ALT_ANSWER || names(step, arrival)))
    return arrival->ours;
  for (size_t i = 0; i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    if (a->kind == CS_RUNNER_ALT_EVENT && (a->pattern.event == CS_RUNNER_EVENT_CONNECTED ||
                                           a->pattern.event == CS_RUNNER_EVENT_SECURED ||
                                           a->pattern.event == CS_RUNNER_EVENT_REFUSED))
      return refused_now(c);
  }
  return !c->call->connected || refused_now(c);
}

/* RFC 8323 section 3.3: the CSM is the first message, and our client gives a connection up
 * on which something else comes first. */
const char *cs_runner_told_lacking(const cs_runner_case *c, const cs_runner_step *step,
                                   const cs_runner_arrival *arrival) {
  const cs_runner_call *call = c->call;
  const cs_runner_arrival csm = {.told = CS_RUNNER_ALT_EVENT, .event = CS_RUNNER_EVENT_CSM};
  const cs_runner_arrival first = {.told = CS_RUNNER_ALT_ERROR, .rule = CS_RULE_CSM_FIRST};
  if (c->form == CS_WIRE_UDP || !call->connected || call->csm ||
      (arrival && names(step, arrival)) || names(step, &csm) || names(step, &first) ||
      !(call->refusal == CS_RULE_CSM_FIRST || call->refusal == CS_RULE_NONE))
    return NULL;
  return "our client has no session with a target that sends no CSM first: see 8323/3.3/client-csm";
}

const char *cs_runner_told_nothing(cs_runner_case *c, const char *time) {
  if (refused_now(c))
    return cs_runner_format(&c->arena,
                            "nothing was told for %s, but our client refused what came: %s", time,
                            cs_base_rule_text(c->call->refusal));
  return cs_runner_format(&c->arena, "nothing was told for %s%s", time,
                          !c->call->connected ? ", the session not being there" : "");
}
