/* Expectations: which alternative of a step decides, and when. */
#include <stdio.h>

#include "runner/case_inside.h"
#include "wire/option.h"

/* How long the response to ">>" may take when the step does not say: time for
 * a separate one, and for a repeat after a loss. In units of the profile's. */
enum { RESPONSE_FACTOR = 5 };

typedef cs_runner_alternative alternative;

static cs_time tolerance(const cs_runner_case *c) {
  return c->config.tolerance ? *c->config.tolerance : 0;
}

/* Ranges are written for an ACK_TIMEOUT of 2 s. */
static cs_time scaled(const cs_runner_case *c, cs_time t) {
  return t * (c->config.profile->ack_timeout / CS_MILLISECOND) / (2 * CS_SECOND / CS_MILLISECOND);
}

/* A time that bounds a wait: longer where the profile's timers are. */
static cs_time stretched(const cs_runner_case *c, cs_time t) {
  cs_time other = scaled(c, t);
  return other > t ? other : t;
}

static bool speaks_of_repeats(const cs_runner_step *step) {
  for (size_t i = 0; i < step->alternative_count; i++)
    if (step->alternatives[i].dup)
      return true;
  return false;
}

static cs_time longest_silence(const cs_runner_step *step) {
  cs_time longest = 0;
  for (size_t i = 0; i < step->alternative_count; i++)
    if (step->alternatives[i].kind == CS_RUNNER_SILENCE && step->alternatives[i].to > longest)
      longest = step->alternatives[i].to;
  return longest;
}

/* Until when, since the step before, an alternative may hold. */
static cs_time limit_of(const cs_runner_case *c, const cs_runner_step *step, const alternative *a) {
  if (a->kind == CS_RUNNER_ANYTHING)
    return 0;
  if (a->kind == CS_RUNNER_SILENCE)
    return speaks_of_repeats(step) ? stretched(c, a->to) : a->to;
  if (a->has_range)
    return scaled(c, a->to) + tolerance(c);
  if (a->has_within)
    return (a->dup ? stretched(c, a->to) : a->to) + tolerance(c);
  cs_time usual = c->config.profile->response;
  if (a->kind == CS_RUNNER_RESPONSE)
    usual *= RESPONSE_FACTOR;
  cs_time silence = longest_silence(step);
  return (usual > silence ? usual : silence) + tolerance(c);
}

/* When the step is decided although nothing comes: by a silence, once what
 * stands before it can no longer hold; else when nothing can hold any more.
 * *which is the silence, or NULL. */
static cs_time decided_at(const cs_runner_case *c, const cs_runner_step *step,
                          const alternative **which) {
  cs_time at = 0;
  *which = NULL;
  for (size_t i = 0; i < step->alternative_count; i++) {
    const alternative *a = &step->alternatives[i];
    cs_time limit = limit_of(c, step, a);
    if (limit > at)
      at = limit;
    if (a->kind == CS_RUNNER_SILENCE) {
      *which = a;
      return at;
    }
  }
  return at;
}

cs_time cs_runner_expect_deadline(const cs_runner_case *c) {
  const alternative *which;
  return cs_time_add(c->before, decided_at(c, cs_runner_case_step(c), &which));
}

static const char *time_text(cs_runner_arena *arena, cs_time t) {
  if (t % CS_SECOND == 0)
    return cs_runner_format(arena, "%llu s", (unsigned long long)(t / CS_SECOND));
  return cs_runner_format(arena, "%llu.%03llu s", (unsigned long long)(t / CS_SECOND),
                          (unsigned long long)(t % CS_SECOND / CS_MILLISECOND));
}

static bool next_but_max_age(cs_wire_option_iter *it, cs_wire_option *o) {
  while (cs_wire_option_next(it, o))
    if (o->number != CS_OPT_MAX_AGE)
      return true;
  return false;
}

static bool same_but_max_age(const cs_wire_message *a, const cs_wire_message *b) {
  if (a->type != b->type || a->code != b->code || a->mid != b->mid ||
      !cs_span_equal(a->token, b->token) || !cs_span_equal(a->payload, b->payload))
    return false;
  cs_wire_option_iter at = cs_wire_options(a->options);
  cs_wire_option_iter bt = cs_wire_options(b->options);
  cs_wire_option x;
  cs_wire_option y;
  bool more = true;
  while (more) {
    more = next_but_max_age(&at, &x);
    if (more != next_but_max_age(&bt, &y) ||
        (more && (x.number != y.number || !cs_span_equal(x.value, y.value))))
      return false;
  }
  return true;
}

/* Whether the message came before, save for Max-Age: section 5.10.5 of RFC 7252
 * lets a server update it before each retransmission. */
static bool is_repeat(const cs_runner_case *c, cs_span bytes) {
  const cs_span *matched = c->matched.items;
  cs_wire_message m;
  bool parsed = cs_wire_parse(CS_WIRE_UDP, bytes, &c->limits, &m) == CS_RULE_NONE;
  for (size_t i = 0; i < c->matched.count; i++) {
    cs_wire_message before;
    if (cs_span_equal(matched[i], bytes))
      return true;
    if (parsed && cs_wire_parse(CS_WIRE_UDP, matched[i], &c->limits, &before) == CS_RULE_NONE &&
        same_but_max_age(&before, &m))
      return true;
  }
  return false;
}

static bool in_time(cs_runner_case *c, const cs_runner_step *step, const alternative *a,
                    const cs_runner_arrival *arrival, const char **why) {
  bool early = arrival->at < c->before;
  cs_time elapsed = early ? 0 : arrival->at - c->before;
  cs_time from = a->has_range ? scaled(c, a->from) : 0;
  cs_time slack = tolerance(c);
  bool too_soon = a->has_range && (early || elapsed + slack < from);
  if (!too_soon && elapsed <= limit_of(c, step, a))
    return true;
  *why = cs_runner_format(&c->arena, "it came after %s", time_text(&c->arena, elapsed));
  return false;
}

/* Whether m answers the last ">>": by its token, unless the pattern speaks of
 * tokens itself; an Acknowledgement or Reset by its Message ID too. */
static bool is_response(const cs_runner_case *c, const alternative *a, const cs_wire_message *m,
                        const char **why) {
  const cs_runner_request *r = &c->request;
  if (!r->there || !cs_wire_code_is_response(m->code)) {
    *why = "it is no response";
    return false;
  }
  if (m->type == CS_ACK && m->mid != r->made.mid) {
    *why = "the Message ID is not that of the request";
    return false;
  }
  if (!cs_runner_pattern_has(&a->pattern, CS_RUNNER_FIELD_TOKEN) &&
      !cs_span_equal(m->token, r->made.token)) {
    *why = "the token is not that of the request";
    return false;
  }
  return true;
}

static bool holds(cs_runner_case *c, const cs_runner_step *step, const alternative *a,
                  const cs_runner_arrival *arrival, const char **why) {
  if (a->kind != CS_RUNNER_MESSAGE && a->kind != CS_RUNNER_RESPONSE)
    return false;
  if (arrival->broken != CS_RULE_NONE) {
    *why = cs_base_rule_text(arrival->broken);
    return false;
  }
  if (a->kind == CS_RUNNER_RESPONSE && !is_response(c, a, &arrival->m, why))
    return false;
  cs_runner_values values = c->values;
  if (!cs_runner_match(&a->pattern, &arrival->m, &c->arena, &values, why) ||
      !in_time(c, step, a, arrival, why))
    return false;
  if (a->dup && !is_repeat(c, arrival->bytes)) {
    *why = "it repeats no message that came before";
    return false;
  }
  c->values = values;
  return true;
}

/* Whether the message answers a ">>" of the case before the last one: it came
 * twice, as that was sent again, or it is a separate response that nobody
 * waited for. */
static bool answers_earlier(const cs_runner_case *c, const cs_runner_arrival *arrival) {
  const cs_wire_message *m = &arrival->m;
  const cs_runner_request *now = &c->request;
  if (arrival->broken != CS_RULE_NONE || (m->type == CS_ACK && m->mid == now->made.mid) ||
      cs_span_equal(m->token, now->made.token))
    return false;
  const cs_runner_request *r = c->earlier.items;
  for (size_t i = 0; i < c->earlier.count; i++) {
    if (r[i].port != arrival->port)
      continue;
    if (m->type == CS_ACK && m->code == CS_CODE_EMPTY && m->mid == r[i].made.mid)
      return true;
    if (cs_wire_code_is_response(m->code) && m->token.len &&
        cs_span_equal(m->token, r[i].made.token) && (m->type != CS_ACK || m->mid == r[i].made.mid))
      return true;
  }
  return false;
}

/* A repeat of what was matched is nothing new, unless the step is about
 * repeats; nor is the Empty Acknowledgement of a ">>". */
static bool pass_over(cs_runner_case *c, const cs_runner_step *step,
                      const cs_runner_arrival *arrival) {
  const cs_runner_request *r = &c->request;
  if (is_repeat(c, arrival->bytes) && !speaks_of_repeats(step)) {
    bool response = step->alternatives[0].kind == CS_RUNNER_RESPONSE;
    if (arrival->broken == CS_RULE_NONE && arrival->m.type == CS_CON && response)
      cs_runner_case_send_empty(c, arrival->port, CS_ACK, arrival->m.mid);
    c->passed_over++;
    return true;
  }
  if (arrival->late || answers_earlier(c, arrival)) {
    if (arrival->m.type == CS_CON)
      cs_runner_case_send_empty(c, arrival->port, CS_ACK, arrival->m.mid);
    c->passed_over++;
    return true;
  }
  return arrival->broken == CS_RULE_NONE && r->there && arrival->m.type == CS_ACK &&
         arrival->m.code == CS_CODE_EMPTY && arrival->m.mid == r->made.mid;
}

/* What was wanted: the alternatives as written. */
static const char *wanted(cs_runner_case *c, const cs_runner_step *step) {
  const char *text = NULL;
  for (size_t i = 0; i < step->alternative_count; i++) {
    const alternative *a = &step->alternatives[i];
    if (a->kind == CS_RUNNER_ANYTHING || a->verdict == CS_VERDICT_FAIL ||
        a->verdict == CS_VERDICT_WARN)
      continue;
    /* Without "-> verdict" and what follows it. */
    const char *end = strstr(a->text, "->");
    if (!end)
      end = strchr(a->text, '[');
    size_t len = end ? (size_t)(end - a->text) : strlen(a->text);
    while (len && a->text[len - 1] == ' ')
      len--;
    text = text ? cs_runner_format(&c->arena, "%s | %.*s", text, (int)len, a->text)
                : cs_runner_format(&c->arena, "%.*s", (int)len, a->text);
  }
  return text;
}

static const char *explain(cs_runner_case *c, const cs_runner_step *step,
                           const cs_runner_arrival *arrival, const char *why) {
  const char *want = wanted(c, step);
  const char *came =
      arrival ? cs_runner_format(&c->arena, "%s came", arrival->notation)
              : cs_runner_format(&c->arena, "nothing came for %s%s",
                                 time_text(&c->arena, c->now - c->before),
                                 c->passed_over ? " but repeats of earlier messages" : "");
  if (!want)
    return came;
  if (!why)
    return cs_runner_format(&c->arena, "%s; wanted: %s", came, want);
  return cs_runner_format(&c->arena, "%s; wanted: %s (%s)", came, want, why);
}

static const char *noted_text(cs_runner_case *c, const alternative *a,
                              const cs_runner_arrival *arrival) {
  return arrival ? cs_runner_format(&c->arena, "%s: %s came", a->word, arrival->notation)
                 : cs_runner_format(&c->arena, "%s: nothing came", a->word);
}

static const char *message_of(cs_runner_case *c, const cs_runner_step *step, const alternative *a,
                              const cs_runner_arrival *arrival, const char *why) {
  switch (a->verdict) {
  case CS_VERDICT_PASS:
    return "";
  case CS_VERDICT_SKIP:
    return a->word;
  case CS_VERDICT_QUIRK:
    return noted_text(c, a, arrival);
  default:
    return explain(c, step, arrival, a->kind == CS_RUNNER_ANYTHING ? why : NULL);
  }
}

/* The alternative has held: the case ends by it, or goes on behind the step. */
static void take(cs_runner_case *c, const cs_runner_step *step, const alternative *a,
                 const cs_runner_arrival *arrival, const char *why) {
  if (arrival)
    *(cs_span *)cs_runner_push(&c->arena, &c->matched, sizeof(cs_span)) = arrival->bytes;
  if (arrival && a->kind == CS_RUNNER_RESPONSE && arrival->m.type == CS_CON)
    cs_runner_case_send_empty(c, arrival->port, CS_ACK, arrival->m.mid);
  if (a->verdict != CS_RUNNER_GO_ON) {
    c->silent = !arrival;
    cs_runner_decide(c, (cs_verdict)a->verdict, a->statement, a->line,
                     message_of(c, step, a, arrival, why));
    return;
  }
  if (a->word && !c->noted.there)
    c->noted = (cs_runner_noted){true, a->statement, a->line, noted_text(c, a, arrival)};
  cs_time at = arrival ? arrival->at : c->now;
  cs_runner_next_step(c, at > c->before ? at : c->before);
}

/* A copy that the step asks for, but at the wrong time: that one is not passed
 * over, it is what the step is about. */
static bool untimely_copy(cs_runner_case *c, const cs_runner_step *step,
                          const cs_runner_arrival *arrival) {
  if (arrival->broken != CS_RULE_NONE || !is_repeat(c, arrival->bytes))
    return false;
  for (size_t i = 0; i < step->alternative_count; i++) {
    const alternative *a = &step->alternatives[i];
    cs_runner_values values = c->values;
    const char *why;
    if (a->dup && a->has_range &&
        cs_runner_match(&a->pattern, &arrival->m, &c->arena, &values, &why))
      return true;
  }
  return false;
}

static const alternative *anything(const cs_runner_step *step) {
  const alternative *last = &step->alternatives[step->alternative_count - 1];
  return last->kind == CS_RUNNER_ANYTHING ? last : NULL;
}

static void fail(cs_runner_case *c, const cs_runner_step *step, const cs_runner_arrival *arrival,
                 const char *why) {
  c->silent = !arrival;
  cs_runner_decide(c, CS_VERDICT_FAIL, step->statement, step->line, explain(c, step, arrival, why));
}

static bool asks_about_echo(const cs_runner_step *step) {
  for (size_t i = 0; i < step->alternative_count; i++)
    for (size_t k = 0; k < step->alternatives[i].pattern.field_count; k++)
      if (step->alternatives[i].pattern.fields[k].number == CS_OPT_ECHO)
        return true;
  return false;
}

/* A server may want to see that we are there before it serves a request: 4.01
 * with Echo (RFC 9175 section 2.4) is not the answer yet. */
static bool wants_echo(cs_runner_case *c, const cs_runner_step *step,
                       const cs_runner_arrival *arrival) {
  const cs_runner_request *r = &c->request;
  const cs_wire_message *m = &arrival->m;
  bool about_response = step->alternatives[0].kind == CS_RUNNER_RESPONSE;
  if (!about_response || !r->there || r->echoed || arrival->broken != CS_RULE_NONE ||
      m->code != CS_CODE(4, 1) || !cs_span_equal(m->token, r->made.token) ||
      (m->type == CS_ACK && m->mid != r->made.mid) || asks_about_echo(step))
    return false;
  cs_wire_option_iter it = cs_wire_options(m->options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    if (o.number != CS_OPT_ECHO || o.value.len == 0)
      continue;
    if (m->type == CS_CON)
      cs_runner_case_send_empty(c, arrival->port, CS_ACK, m->mid);
    *(cs_span *)cs_runner_push(&c->arena, &c->matched, sizeof(cs_span)) = arrival->bytes;
    cs_runner_case_send_echo(c, o.value);
    return true;
  }
  return false;
}

/* What one message does to the step; true when the step is over by it. */
static bool consider(cs_runner_case *c, const cs_runner_step *step,
                     const cs_runner_arrival *arrival) {
  const char *first = NULL;
  if (wants_echo(c, step, arrival))
    return false;
  for (size_t i = 0; i < step->alternative_count; i++) {
    const alternative *a = &step->alternatives[i];
    const char *why = NULL;
    if (holds(c, step, a, arrival, &why)) {
      take(c, step, a, arrival, NULL);
      return true;
    }
    if (!first)
      first = why;
  }
  if (!untimely_copy(c, step, arrival) && pass_over(c, step, arrival))
    return false;
  if (anything(step))
    take(c, step, anything(step), arrival, first);
  else
    fail(c, step, arrival, first);
  return true;
}

bool cs_runner_expect(cs_runner_case *c) {
  const cs_runner_step *step = cs_runner_case_step(c);
  while (c->next < c->inbox.count) {
    cs_runner_arrival arrival = ((cs_runner_arrival *)c->inbox.items)[c->next++];
    if (arrival.port == c->port && consider(c, step, &arrival))
      return true;
  }
  const alternative *silence;
  if (c->now < cs_time_add(c->before, decided_at(c, step, &silence)))
    return false;
  if (silence)
    take(c, step, silence, NULL, NULL);
  else if (anything(step))
    take(c, step, anything(step), NULL, NULL);
  else
    fail(c, step, NULL, NULL);
  return true;
}
