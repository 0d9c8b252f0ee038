/* Expectations: which alternative of a step decides, and when. */
#include "runner/case_inside.h"

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
    return cs_runner_speaks_of_repeats(step) ? stretched(c, a->to) : a->to;
  if (a->has_range)
    return scaled(c, a->to) + tolerance(c);
  if (a->has_within)
    return (a->dup ? stretched(c, a->to) : a->to) + tolerance(c);
  cs_time usual = c->config.profile->response;
  if (a->kind == CS_RUNNER_RESPONSE || cs_runner_shakes_hands(a->kind) ||
      cs_runner_is_told(a->kind))
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
  cs_time at = cs_time_add(c->before, decided_at(c, cs_runner_case_step(c), &which));
  return cs_time_min(at, cs_runner_stray_due(&c->stray));
}

static const char *time_text(cs_runner_arena *arena, cs_time t) {
  if (t % CS_SECOND == 0)
    return cs_runner_format(arena, "%llu s", (unsigned long long)(t / CS_SECOND));
  return cs_runner_format(arena, "%llu.%03llu s", (unsigned long long)(t / CS_SECOND),
                          (unsigned long long)(t % CS_SECOND / CS_MILLISECOND));
}

static cs_time delay_of(const cs_runner_case *c, const cs_runner_arrival *arrival) {
  return arrival->at < c->before ? 0 : arrival->at - c->before;
}

/* Whether the responses to the requests of the case, this one and those before, did
 * not all take the same time, to so much. */
static bool is_varied(const cs_runner_case *c, const alternative *a,
                      const cs_runner_arrival *arrival) {
  cs_time last = delay_of(c, arrival);
  cs_time least = c->delays.any ? cs_time_min(c->delays.least, last) : last;
  cs_time most = c->delays.any && c->delays.most > last ? c->delays.most : last;
  return most - least >= a->varied;
}

static void note_delay(cs_runner_case *c, const cs_runner_arrival *arrival) {
  cs_time delay = delay_of(c, arrival);
  if (!c->delays.any || delay < c->delays.least)
    c->delays.least = delay;
  if (!c->delays.any || delay > c->delays.most)
    c->delays.most = delay;
  c->delays.any = true;
}

static bool in_time(cs_runner_case *c, const cs_runner_step *step, const alternative *a,
                    const cs_runner_arrival *arrival, const char **why) {
  bool early = arrival->at < c->before;
  cs_time elapsed = early ? 0 : arrival->at - c->before;
  cs_time from = a->has_range ? scaled(c, a->from) : 0;
  cs_time slack = tolerance(c);
  bool too_soon = a->has_range && (early || elapsed + slack < from);
  if (!too_soon && elapsed <= limit_of(c, step, a)) {
    if (!a->varied || is_varied(c, a, arrival))
      return true;
    *why = cs_runner_format(&c->arena, "the responses took the same time, to %s",
                            time_text(&c->arena, a->varied));
    return false;
  }
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

/* An Abort, a Close that says another thing than that all is well, or the end. */
static bool is_abort(const cs_runner_arrival *a) {
  if (a->kind == CS_RUNNER_CAME_END)
    return true;
  if (a->kind == CS_RUNNER_CAME_ALERT)
    return a->alert != 0;
  if (a->kind == CS_RUNNER_CAME_FRAME)
    return a->frame.opcode == CS_WS_CLOSE &&
           (a->payload.len < 2 || ((unsigned)a->payload.at[0] << 8 | a->payload.at[1]) != 1000);
  return cs_runner_is_message(a) && a->m.code == CS_CODE(7, 5);
}

static bool message_holds(cs_runner_case *c, const alternative *a, const cs_runner_arrival *arrival,
                          cs_runner_values *values, const char **why) {
  if (!cs_runner_is_message(arrival)) {
    *why = arrival->fault ? arrival->fault : "it is no message";
    return false;
  }
  if (a->kind == CS_RUNNER_RESPONSE && !is_response(c, a, &arrival->m, why))
    return false;
  return cs_runner_match(&a->pattern, &arrival->m, &c->arena, values, why);
}

/* The same of a security session. */
static bool fits_security(cs_runner_case *c, const alternative *a, const cs_runner_arrival *arrival,
                          cs_runner_values *values, const char **why) {
  static const cs_runner_came wanted[] = {
      [CS_RUNNER_ALT_SECURED] = CS_RUNNER_CAME_SECURED,
      [CS_RUNNER_ALT_HELLO] = CS_RUNNER_CAME_HELLO,
      [CS_RUNNER_ALT_REFUSED] = CS_RUNNER_CAME_REFUSED,
      [CS_RUNNER_ALT_ALERT] = CS_RUNNER_CAME_ALERT,
      [CS_RUNNER_ALT_PLAIN] = CS_RUNNER_CAME_PLAIN,
  };
  if (arrival->kind != wanted[a->kind] || arrival->established)
    return false;
  switch (a->kind) {
  case CS_RUNNER_ALT_SECURED:
    return cs_runner_match_secured(&a->pattern, &arrival->negotiated, arrival->cookie, why);
  case CS_RUNNER_ALT_HELLO:
    return cs_runner_match_hello(&a->pattern, &arrival->hello, why);
  case CS_RUNNER_ALT_REFUSED:
    return cs_runner_match_refused(&a->pattern, &arrival->failure, why);
  case CS_RUNNER_ALT_ALERT:
    return cs_runner_match_alert(&a->pattern, arrival->alert, why);
  default:
    return cs_runner_match_plain(&a->pattern, arrival->bytes, &arrival->m, arrival->fault,
                                 &c->arena, values, why);
  }
}

/* Whether what came is what the alternative wants, whenever it came. */
static bool fits(cs_runner_case *c, const alternative *a, const cs_runner_arrival *arrival,
                 cs_runner_values *values, const char **why) {
  switch (a->kind) {
  case CS_RUNNER_MESSAGE:
  case CS_RUNNER_RESPONSE:
    return message_holds(c, a, arrival, values, why);
  case CS_RUNNER_FRAME:
    if (arrival->kind == CS_RUNNER_CAME_FRAME)
      return cs_runner_match_frame(&a->pattern, &arrival->frame, arrival->payload, &c->arena,
                                   values, why);
    *why = arrival->fault ? arrival->fault : "it is no frame of its own";
    return false;
  case CS_RUNNER_UPGRADE:
    if (arrival->kind == CS_RUNNER_CAME_HEAD && !arrival->fault)
      return cs_runner_match_head(&a->pattern, &arrival->head, arrival->key, &c->arena, values,
                                  why);
    *why = arrival->fault ? arrival->fault : "it is no answer to an upgrade";
    return false;
  case CS_RUNNER_ELSEWHERE:
    return arrival->kind == CS_RUNNER_CAME_ELSEWHERE &&
           (!a->pattern.types || cs_runner_match(&a->pattern, &arrival->m, &c->arena, values, why));
  case CS_RUNNER_CLOSED:
    return arrival->kind == CS_RUNNER_CAME_END;
  case CS_RUNNER_ABORTED:
    return is_abort(arrival);
  case CS_RUNNER_ALT_SECURED:
  case CS_RUNNER_ALT_HELLO:
  case CS_RUNNER_ALT_REFUSED:
  case CS_RUNNER_ALT_ALERT:
  case CS_RUNNER_ALT_PLAIN:
    return fits_security(c, a, arrival, values, why);
  case CS_RUNNER_ALT_ANSWER:
  case CS_RUNNER_ALT_EVENT:
  case CS_RUNNER_ALT_ERROR:
    return cs_runner_told_fits(c, a, arrival, values, why);
  default:
    return false;
  }
}

static bool holds(cs_runner_case *c, const cs_runner_step *step, const alternative *a,
                  const cs_runner_arrival *arrival, const char **why) {
  cs_runner_values values = c->values;
  if (!fits(c, a, arrival, &values, why) || !in_time(c, step, a, arrival, why))
    return false;
  if (a->dup && !cs_runner_is_repeat(c, arrival)) {
    *why = "it repeats no message that came before";
    return false;
  }
  c->values = values;
  return true;
}

/* A line without the padding that puts its ends one below the other. */
static const char *unpadded(cs_runner_case *c, cs_span line) {
  char *text = cs_runner_text(&c->arena, line);
  size_t n = 0;
  for (size_t i = 0; i < line.len; i++)
    if (text[i] != ' ' || n == 0 || text[n - 1] != ' ')
      text[n++] = text[i];
  text[n] = '\0';
  return text;
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
    const char *line = unpadded(c, cs_span_of(a->text, len));
    text = text ? cs_runner_format(&c->arena, "%s | %s", text, line) : line;
  }
  return text;
}

static const char *came_text(cs_runner_case *c, const cs_runner_arrival *arrival) {
  if (arrival->kind == CS_RUNNER_CAME_END)
    return cs_runner_format(&c->arena, "the target %s the connection%s",
                            arrival->reset ? "reset" : "closed",
                            arrival->within ? " within what it had begun to say" : "");
  if (arrival->kind == CS_RUNNER_CAME_REFUSED)
    return cs_runner_refusal_text(c, arrival);
  if (arrival->kind == CS_RUNNER_CAME_TOLD)
    return cs_runner_format(&c->arena, "%s was told", arrival->notation);
  return cs_runner_format(&c->arena, "%s came", arrival->notation);
}

static const char *nothing_text(cs_runner_case *c) {
  if (cs_runner_case_step(c)->client)
    return cs_runner_told_nothing(c, time_text(&c->arena, c->now - c->before));
  const cs_runner_stream *s = cs_runner_stream_of(c, c->port);
  const char *text =
      cs_runner_format(&c->arena, "nothing came for %s%s", time_text(&c->arena, c->now - c->before),
                       !c->passed_over          ? ""
                       : c->form == CS_WIRE_UDP ? " but repeats of earlier messages"
                                                : " but what is passed over");
  if (c->strangers)
    text = cs_runner_format(&c->arena, "%s but %zu datagram%s from %s%s, not from the target", text,
                            c->strangers, c->strangers == 1 ? "" : "s", c->stranger,
                            c->strangers == 1 ? "" : " and perhaps others");
  if (s && s->in.len)
    text = cs_runner_format(&c->arena, "%s but the beginning of something: %s", text,
                            cs_runner_raw_notation(&c->arena, cs_span_of(s->in.at, s->in.len)));
  if (s && s->ended)
    text = cs_runner_format(&c->arena, "%s, the target having ended the connection", text);
  if (s && s->alerted && !s->ended)
    text = cs_runner_format(&c->arena, "%s, the target having ended the session", text);
  return text;
}

static const char *explain(cs_runner_case *c, const cs_runner_step *step,
                           const cs_runner_arrival *arrival, const char *why) {
  const char *want = wanted(c, step);
  const char *came = arrival ? came_text(c, arrival) : nothing_text(c);
  if (!want)
    return arrival && arrival->fault ? cs_runner_format(&c->arena, "%s (%s)", came, arrival->fault)
                                     : came;
  if (!why)
    return cs_runner_format(&c->arena, "%s; wanted: %s", came, want);
  return cs_runner_format(&c->arena, "%s; wanted: %s (%s)", came, want, why);
}

static const char *noted_text(cs_runner_case *c, const alternative *a,
                              const cs_runner_arrival *arrival) {
  return arrival ? cs_runner_format(&c->arena, "%s: %s", a->word, came_text(c, arrival))
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

/* Our own strictness never fails a target, nor does what we could not send it. */
static cs_verdict judged(cs_runner_case *c, cs_verdict verdict, const cs_runner_arrival *arrival) {
  const cs_runner_stream *s = cs_runner_stream_of(c, c->port);
  bool failure = verdict == CS_VERDICT_FAIL || verdict == CS_VERDICT_WARN;
  bool excused = arrival ? arrival->ours : s && s->dropped;
  const cs_runner_step *step = cs_runner_case_step(c);
  if (step && step->client)
    excused = cs_runner_told_excused(c, step, arrival);
  return failure && excused ? CS_VERDICT_INCONCLUSIVE : verdict;
}

static void decide(cs_runner_case *c, cs_verdict verdict, const cs_runner_arrival *arrival,
                   const char *statement, unsigned line, const char *message) {
  const cs_runner_step *step = cs_runner_case_step(c);
  bool good = verdict == CS_VERDICT_PASS || verdict == CS_VERDICT_SKIP;
  const char *lacking = step->client && !good ? cs_runner_told_lacking(c, step, arrival) : NULL;
  if (lacking)
    cs_runner_decide(c, CS_VERDICT_SKIP, NULL, line, lacking);
  else
    cs_runner_decide(c, judged(c, verdict, arrival), statement, line, message);
}

/* The alternative has held: the case ends by it, or goes on behind the step. */
static void take(cs_runner_case *c, const cs_runner_step *step, const alternative *a,
                 const cs_runner_arrival *arrival, const char *why) {
  if (arrival && arrival->kind == CS_RUNNER_CAME_MESSAGE)
    *(cs_span *)cs_runner_push(&c->arena, &c->matched, sizeof(cs_span)) = arrival->bytes;
  if (arrival && a->kind == CS_RUNNER_RESPONSE) {
    cs_runner_case_acknowledge(c, arrival);
    note_delay(c, arrival);
  }
  if (a->verdict != CS_RUNNER_GO_ON) {
    c->silent = !arrival;
    decide(c, (cs_verdict)a->verdict, arrival, a->statement, a->line,
           message_of(c, step, a, arrival, why));
    return;
  }
  if (a->word && !c->noted.there)
    c->noted = (cs_runner_noted){true, a->statement, a->line, noted_text(c, a, arrival)};
  /* A WebSocket has yet to be upgraded. */
  const cs_runner_stream *s = cs_runner_stream_of(c, c->port);
  c->opening =
      arrival && arrival->kind == CS_RUNNER_CAME_SECURED && s->stage == CS_RUNNER_STAGE_UPGRADING;
  cs_time at = arrival ? arrival->at : c->now;
  cs_runner_next_step(c, at > c->before ? at : c->before);
}

/* A copy that the step asks for, but at the wrong time: that one is not passed
 * over, it is what the step is about. */
static bool untimely_copy(cs_runner_case *c, const cs_runner_step *step,
                          const cs_runner_arrival *arrival) {
  if (arrival->fault || !cs_runner_is_repeat(c, arrival))
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
  decide(c, CS_VERDICT_FAIL, arrival, step->statement, step->line, explain(c, step, arrival, why));
}

/* What one message does to the step; true when the step is over by it. */
static bool consider(cs_runner_case *c, const cs_runner_step *step,
                     const cs_runner_arrival *arrival) {
  const char *first = NULL;
  if (step->client
          ? cs_runner_told_aside(c, step, arrival)
          : cs_runner_wants_echo(c, step, arrival) || cs_runner_pass_aside(c, step, arrival))
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
  if (arrival->kind == CS_RUNNER_CAME_ELSEWHERE) {
    cs_runner_stray_met(c, arrival);
    return false;
  }
  if (!step->client && !untimely_copy(c, step, arrival) && cs_runner_pass_over(c, step, arrival))
    return false;
  if (anything(step))
    take(c, step, anything(step), arrival, first);
  else
    fail(c, step, arrival, first);
  return true;
}

/* The step's answer came from elsewhere, and the right one not soon enough. */
static bool strayed(cs_runner_case *c, const cs_runner_step *step) {
  const alternative *silence;
  if (!c->stray.there || (c->now < cs_runner_stray_due(&c->stray) &&
                          c->now < cs_time_add(c->before, decided_at(c, step, &silence))))
    return false;
  const char *want = wanted(c, step);
  const char *text = cs_runner_stray_text(c, &c->stray);
  c->silent = false;
  c->elsewhere = c->stray.from;
  cs_runner_decide(c, CS_VERDICT_FAIL, cs_runner_stray_statement(&c->stray), step->line,
                   want ? cs_runner_format(&c->arena, "%s; wanted: %s", text, want) : text);
  return true;
}

bool cs_runner_expect(cs_runner_case *c) {
  const cs_runner_step *step = cs_runner_case_step(c);
  unsigned port = step->client ? cs_runner_call_port(c) : c->port;
  size_t *next = &c->next[port];
  while (*next < c->inbox.count) {
    cs_runner_arrival arrival = ((cs_runner_arrival *)c->inbox.items)[(*next)++];
    if (arrival.port == port && consider(c, step, &arrival))
      return true;
  }
  const alternative *silence;
  if (strayed(c, step))
    return true;
  if (c->now < cs_time_add(c->before, decided_at(c, step, &silence)))
    return false;
  const alternative *refusal = cs_runner_silent_refusal(step);
  if (refusal) {
    cs_runner_open_fail(cs_runner_stream_of(c, c->port), "the target fell silent");
    silence = refusal;
  }
  if (silence)
    take(c, step, silence, NULL, NULL);
  else if (anything(step))
    take(c, step, anything(step), NULL, NULL);
  else
    fail(c, step, NULL, NULL);
  return true;
}
