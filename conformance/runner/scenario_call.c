/* The parser of what drives our own client: "call", and the alternatives of
 * "expect". */
#include "runner/scenario_field.h"

enum { BUT_UDP = CS_RUNNER_STREAMS | CS_RUNNER_SECURED };

static const struct {
  const char *name;
  unsigned transports; /* on which it can be told */
} events[CS_RUNNER_EVENT_COUNT_] = {
    [CS_RUNNER_EVENT_CONNECTED] = {"connected", CS_RUNNER_DATAGRAMS | CS_RUNNER_STREAMS},
    [CS_RUNNER_EVENT_SECURED] = {"secured", CS_RUNNER_SECURED},
    [CS_RUNNER_EVENT_REFUSED] = {"refused", BUT_UDP},
    [CS_RUNNER_EVENT_CSM] = {"csm", CS_RUNNER_STREAMS},
    [CS_RUNNER_EVENT_PONG] = {"pong", CS_RUNNER_DATAGRAMS | CS_RUNNER_STREAMS},
    [CS_RUNNER_EVENT_TIMEOUT] = {"timeout", CS_RUNNER_DATAGRAMS | CS_RUNNER_STREAMS},
    [CS_RUNNER_EVENT_RESET] = {"reset", CS_RUNNER_DATAGRAMS},
    [CS_RUNNER_EVENT_TOO_LARGE] = {"too-large", CS_RUNNER_DATAGRAMS | CS_RUNNER_STREAMS},
    [CS_RUNNER_EVENT_LOST] = {"lost", CS_RUNNER_DATAGRAMS | CS_RUNNER_STREAMS},
    [CS_RUNNER_EVENT_PING] = {"ping", CS_RUNNER_DATAGRAMS | CS_RUNNER_STREAMS},
    [CS_RUNNER_EVENT_RELEASE] = {"release", CS_RUNNER_STREAMS},
    [CS_RUNNER_EVENT_ABORT] = {"abort", CS_RUNNER_STREAMS},
    [CS_RUNNER_EVENT_CLOSED] = {"closed", BUT_UDP},
};

const char *cs_runner_event_name(cs_runner_event e) {
  return events[e].name;
}

/* ---- call ---- */

static bool ends(state *p) {
  return cs_runner_at_end(p) || cs_runner_expected(p, "the end of the line");
}

static bool read_open(state *p, const uint8_t *start, cs_runner_step *step) {
  step->secure = p->out->secure;
  if (cs_runner_at_end(p))
    return true;
  return cs_runner_only_on(p, start, CS_RUNNER_SECURED, "how hands are shaken") &&
         cs_runner_parse_open_secure(p, &step->secure);
}

/* Our client settles all of a request's head but type and code. */
static bool read_request(state *p, cs_runner_step *step) {
  if (!cs_runner_parse_send(p, true, &step->send))
    return false;
  for (size_t i = 0; i < step->send.field_count; i++) {
    const cs_runner_field *f = &step->send.fields[i];
    if (f->kind != CS_RUNNER_FIELD_OPTION && f->kind != CS_RUNNER_FIELD_PAYLOAD &&
        f->kind != CS_RUNNER_FIELD_ROLE)
      return cs_runner_expected_on(p, p->line, f->column,
                                   "@role, the name of an option or payload=: our client settles "
                                   "the rest itself");
  }
  return true;
}

bool cs_runner_parse_call(state *p, cs_runner_step *step) {
  const uint8_t *start = p->in.at;
  step->secure = p->out->secure;
  if (cs_runner_take_word(p, "open")) {
    step->call = CS_RUNNER_CALL_OPEN;
    return read_open(p, p->in.at, step);
  }
  if (cs_runner_take_word(p, "ping")) {
    step->call = CS_RUNNER_CALL_PING;
    return ends(p);
  }
  if (cs_runner_take_word(p, "cancel")) {
    step->call = CS_RUNNER_CALL_CANCEL;
    return ends(p);
  }
  if (cs_runner_take_word(p, "release")) {
    step->call = CS_RUNNER_CALL_RELEASE;
    return cs_runner_only_on(p, start, BUT_UDP, "release") && ends(p);
  }
  if (cs_runner_take_word(p, "close")) {
    step->call = CS_RUNNER_CALL_CLOSE;
    return ends(p);
  }
  if (cs_runner_at_end(p))
    return cs_runner_expected(p, "a request such as GET @test, open, ping, cancel, release or "
                                 "close behind call");
  step->call = CS_RUNNER_CALL_REQUEST;
  return read_request(p, step);
}

/* ---- expect ---- */

/* What the client tells has neither type, Message ID nor token. */
static bool read_answer(state *p, cs_runner_pattern *out) {
  const uint8_t *start = p->in.at;
  if (!cs_runner_parse_pattern(p, true, out))
    return false;
  if (out->types != 15)
    return cs_runner_expected_at(p, start, "a code, and no type: our client does not tell it");
  for (size_t i = 0; i < out->field_count; i++)
    if (out->fields[i].kind == CS_RUNNER_FIELD_MID || out->fields[i].kind == CS_RUNNER_FIELD_TOKEN)
      return cs_runner_expected_on(p, p->line, out->fields[i].column,
                                   "payload=, the name of an option, within, -> or [: our client "
                                   "tells no Message ID and no token");
  return true;
}

static bool read_event(state *p, cs_runner_pattern *out) {
  const uint8_t *start = p->in.at;
  unsigned e = 0;
  while (e < CS_RUNNER_EVENT_COUNT_ && !cs_runner_take_word(p, events[e].name))
    e++;
  if (e == CS_RUNNER_EVENT_COUNT_)
    return cs_runner_expected(p, "connected, secured, refused, csm, pong, timeout, reset, "
                                 "too-large, lost, ping, release, abort or closed");
  out->event = (cs_runner_event)e;
  if (!cs_runner_only_on(p, start, events[e].transports, events[e].name))
    return false;
  if (e == CS_RUNNER_EVENT_SECURED)
    return cs_runner_parse_secured_pattern(p, out);
  if (e == CS_RUNNER_EVENT_REFUSED)
    return cs_runner_parse_refused_pattern(p, out);
  return true;
}

/* "RFC8323#4.2:binary|RFC6455#5.1:server-masked", or "*". */
static bool read_rules(state *p, cs_runner_pattern *out) {
  cs_runner_list rules = {0};
  if (cs_runner_take_word(p, "*"))
    return true;
  cs_span word = cs_runner_word(p);
  const uint8_t *at = word.at;
  do {
    size_t len = 0;
    while (len < word.len && word.at[len] != '|')
      len++;
    const char *id = cs_runner_text(p->arena, cs_span_cut(word, 0, len));
    cs_rule rule = cs_base_rule_find(id);
    if (rule == CS_RULE_NONE || rules.count == CS_RUNNER_CODES_MAX)
      return cs_runner_expected_at(p, at,
                                   "rules of src/base/rules.def with | between, or *: "
                                   "RFC8323#4.2:binary");
    *(cs_rule *)cs_runner_push(p->arena, &rules, sizeof rule) = rule;
    word = len < word.len ? cs_span_cut(word, len + 1, word.len - len - 1) : (cs_span){0};
  } while (word.len);
  out->rules = rules.items;
  out->rule_count = rules.count;
  return true;
}

bool cs_runner_parse_told(state *p, cs_runner_alternative *a) {
  if (cs_runner_take_word(p, "response")) {
    a->kind = CS_RUNNER_ALT_ANSWER;
    return read_answer(p, &a->pattern);
  }
  if (cs_runner_take_word(p, "event")) {
    a->kind = CS_RUNNER_ALT_EVENT;
    return read_event(p, &a->pattern);
  }
  if (cs_runner_take_word(p, "error")) {
    a->kind = CS_RUNNER_ALT_ERROR;
    return read_rules(p, &a->pattern);
  }
  if (cs_runner_take_word(p, "silence")) {
    a->kind = CS_RUNNER_SILENCE;
    a->has_within = true;
    return cs_runner_duration(p, &a->to);
  }
  if (cs_runner_take_word(p, "*")) {
    a->kind = CS_RUNNER_ANYTHING;
    return true;
  }
  return cs_runner_expected(p, "response, event, error, silence or *, which our client can tell");
}

/* ---- All steps ---- */

bool cs_runner_check_call(state *p, const cs_runner_step *step, cs_runner_call_walk *w) {
  if (step->kind == CS_RUNNER_CALL) {
    bool needs = step->call == CS_RUNNER_CALL_RELEASE || step->call == CS_RUNNER_CALL_CLOSE;
    if (needs && !w->open)
      return cs_runner_expected_on(p, step->line, step->column,
                                   "call open or a request before: our client has no session");
    if (step->call == CS_RUNNER_CALL_CANCEL && !w->asked)
      return cs_runner_expected_on(p, step->line, step->column, "a request by call before cancel");
    w->asked = step->call == CS_RUNNER_CALL_REQUEST ||
               (w->asked && !needs && step->call != CS_RUNNER_CALL_OPEN);
    w->open = step->call != CS_RUNNER_CALL_CLOSE;
  }
  for (size_t i = 0; step->client && i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    if (!w->open)
      return cs_runner_expected_on(p, a->line, a->column, "call before what our client tells");
    bool fails = a->verdict == CS_VERDICT_FAIL || a->verdict == CS_VERDICT_WARN;
    if (a->kind == CS_RUNNER_ALT_ERROR && a->pattern.rule_count == 0 && fails)
      return cs_runner_expected_on(p, a->line, a->column,
                                   "rules by name: not all that our client refuses is a failure");
    if (a->kind == CS_RUNNER_ALT_ANSWER && !w->asked)
      return cs_runner_expected_on(p, a->line, a->column, "a request by call before response");
  }
  return true;
}
