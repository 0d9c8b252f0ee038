#include "runner/scenario_field.h"

static cs_runner_step *last_step(state *p) {
  return p->steps.count ? (cs_runner_step *)p->steps.items + (p->steps.count - 1) : NULL;
}

static cs_runner_step *add_step(state *p, cs_runner_step_kind kind) {
  cs_runner_close_step(p);
  size_t most = p->out->bare ? CS_RUNNER_BARE_STEPS_MAX : CS_RUNNER_STEPS_MAX;
  if (p->steps.count == most) {
    cs_runner_expected(p, "at most %zu steps", most);
    return NULL;
  }
  cs_runner_step *step = cs_runner_push(p->arena, &p->steps, sizeof *step);
  step->kind = kind;
  step->line = p->line;
  step->column = p->step_column;
  return step;
}

void cs_runner_close_step(state *p) {
  cs_runner_step *step = last_step(p);
  if (!step || step->kind != CS_RUNNER_EXPECT || step->alternatives)
    return;
  step->alternatives = p->alternatives.items;
  step->alternative_count = p->alternatives.count;
  step->statement = step->alternatives[0].statement;
  p->alternatives = (cs_runner_list){0};
}

static bool read_within(state *p, cs_runner_alternative *a) {
  if (a->has_within)
    return cs_runner_expected(p, "one within only");
  const uint8_t *start = p->in.at;
  a->has_within = true;
  if (!cs_runner_duration(p, &a->to))
    return false;
  if (cs_runner_take(p, "..")) {
    a->has_range = true;
    a->from = a->to;
    if (!cs_runner_duration(p, &a->to))
      return false;
    if (a->to < a->from)
      return cs_runner_expected_at(p, start, "a range whose end is not before its beginning");
  }
  return true;
}

static bool read_reason(state *p, cs_runner_alternative *a) {
  const uint8_t *start = p->in.at;
  const uint8_t *end = start;
  while (cs_base_left(&p->in) && *p->in.at != '[') {
    if (*p->in.at != ' ' && *p->in.at != '\t')
      end = p->in.at + 1;
    p->in.at++;
  }
  if (end == start)
    return cs_runner_expected(p, "the reason of the skip");
  a->word = cs_runner_text(p->arena, cs_span_of(start, (size_t)(end - start)));
  return true;
}

static bool read_verdict(state *p, cs_runner_alternative *a) {
  static const struct {
    const char *word;
    int verdict;
  } verdicts[] = {{"pass", CS_VERDICT_PASS}, {"fail", CS_VERDICT_FAIL},
                  {"warn", CS_VERDICT_WARN}, {"quirk", CS_VERDICT_QUIRK},
                  {"skip", CS_VERDICT_SKIP}, {"inconclusive", CS_VERDICT_INCONCLUSIVE},
                  {"note", CS_RUNNER_GO_ON}};
  if (a->verdict != CS_RUNNER_GO_ON || a->word)
    return cs_runner_expected(p, "one verdict only");
  for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
    if (!cs_runner_take_word(p, verdicts[i].word))
      continue;
    a->verdict = verdicts[i].verdict;
    if (a->verdict == CS_VERDICT_SKIP)
      return read_reason(p, a);
    if (a->verdict != CS_VERDICT_QUIRK && a->verdict != CS_RUNNER_GO_ON)
      return true;
    cs_span name = cs_runner_name(p);
    if (name.len == 0)
      return cs_runner_expected(p, "the name of the quirk");
    a->word = cs_runner_text(p->arena, name);
    return true;
  }
  return cs_runner_expected(
      p,
      "one of the verdicts pass, fail, warn, quirk NAME, note NAME, skip REASON and inconclusive");
}

static bool read_statement(state *p, cs_runner_alternative *a) {
  if (a->statement)
    return cs_runner_expected(p, "one [statement] only");
  p->in.at++;
  const uint8_t *start = p->in.at;
  while (cs_base_left(&p->in) && *p->in.at != ']' && *p->in.at != ' ')
    p->in.at++;
  cs_span id = cs_span_of(start, (size_t)(p->in.at - start));
  if (id.len == 0 || cs_base_left(&p->in) == 0 || *p->in.at != ']')
    return cs_runner_expected_at(p, start, "a requirement's id and ]");
  p->in.at++;
  a->statement = cs_runner_cover(p, id);
  if (p->names && p->names->requirement && !p->names->requirement(p->names->ctx, a->statement))
    return cs_runner_expected_at(p, start, "a requirement of requirements.tsv, not %s",
                                 a->statement);
  return true;
}

/* "within 2s..3s", "-> verdict" and "[statement]", each at most once. */
static bool read_tail(state *p, cs_runner_alternative *a) {
  bool message = cs_runner_wants(a->kind);
  while (!cs_runner_at_end(p)) {
    if (message && cs_runner_take_word(p, "within")) {
      if (!read_within(p, a))
        return false;
    } else if (a->kind == CS_RUNNER_RESPONSE && cs_runner_take_word(p, "varied")) {
      if (!cs_runner_duration(p, &a->varied))
        return false;
    } else if (cs_runner_take_word(p, "->")) {
      if (!read_verdict(p, a))
        return false;
    } else if (*p->in.at == '[') {
      if (!read_statement(p, a))
        return false;
    } else {
      return cs_runner_expected(p, "%s-> VERDICT, [statement] or the end of the line",
                                message ? "within, " : "");
    }
  }
  return true;
}

/* What only a secured transport has; *found: it was one of these. */
static bool read_secured_arrival(state *p, cs_runner_alternative *a, bool *found) {
  const uint8_t *start = p->in.at;
  *found = true;
  if (cs_runner_take_word(p, "secured")) {
    a->kind = CS_RUNNER_ALT_SECURED;
    return cs_runner_only_on(p, start, CS_RUNNER_SECURED, "secured") &&
           cs_runner_parse_secured_pattern(p, &a->pattern);
  }
  if (cs_runner_take_word(p, "hello")) {
    a->kind = CS_RUNNER_ALT_HELLO;
    return cs_runner_only_on(p, start, CS_RUNNER_SECURED, "hello") &&
           cs_runner_parse_hello_pattern(p, &a->pattern);
  }
  if (cs_runner_take_word(p, "refused")) {
    a->kind = CS_RUNNER_ALT_REFUSED;
    return cs_runner_only_on(p, start, CS_RUNNER_SECURED, "refused") &&
           cs_runner_parse_refused_pattern(p, &a->pattern);
  }
  if (cs_runner_take_word(p, "alert")) {
    a->kind = CS_RUNNER_ALT_ALERT;
    return cs_runner_only_on(p, start, CS_RUNNER_SECURED, "an alert") &&
           cs_runner_parse_alert_pattern(p, &a->pattern);
  }
  if (cs_runner_take_word(p, "plain")) {
    a->kind = CS_RUNNER_ALT_PLAIN;
    return cs_runner_only_on(p, start, 1u << CS_RUNNER_DTLS, "plain") &&
           cs_runner_parse_plain_pattern(p, &a->pattern);
  }
  *found = false;
  return true;
}

/* What stands behind "<". */
static bool read_arrival(state *p, cs_runner_alternative *a) {
  const uint8_t *start = p->in.at;
  if (cs_runner_take_word(p, "closed")) {
    a->kind = CS_RUNNER_CLOSED;
    return cs_runner_only_on(p, start, CS_RUNNER_STREAMS, "closed");
  }
  if (cs_runner_take_word(p, "aborted")) {
    a->kind = CS_RUNNER_ABORTED;
    return cs_runner_only_on(p, start, CS_RUNNER_STREAMS, "aborted");
  }
  if (cs_runner_take_word(p, "frame")) {
    a->kind = CS_RUNNER_FRAME;
    return cs_runner_only_on(p, start, CS_RUNNER_WEBSOCKETS, "a frame") &&
           cs_runner_parse_frame_pattern(p, &a->pattern);
  }
  if (cs_runner_take_word(p, "upgrade")) {
    a->kind = CS_RUNNER_UPGRADE;
    return cs_runner_only_on(p, start, CS_RUNNER_WEBSOCKETS, "an upgrade") &&
           cs_runner_parse_upgrade_pattern(p, &a->pattern);
  }
  if (cs_runner_take_word(p, "elsewhere")) {
    a->kind = CS_RUNNER_ELSEWHERE;
    return cs_runner_only_on(p, start, 1u << CS_RUNNER_UDP, "elsewhere") &&
           (cs_runner_at_tail(p) || cs_runner_parse_pattern(p, false, &a->pattern));
  }
  bool found;
  bool good = read_secured_arrival(p, a, &found);
  if (found)
    return good;
  a->kind = CS_RUNNER_MESSAGE;
  a->dup = cs_runner_take_word(p, "dup");
  if (a->dup && !cs_runner_only_on(p, start, CS_RUNNER_DATAGRAMS, "dup"))
    return false;
  return cs_runner_parse_pattern(p, false, &a->pattern);
}

static bool read_alternative(state *p, cs_runner_alternative *a) {
  if (last_step(p)->client)
    return cs_runner_parse_told(p, a);
  if (cs_runner_take_word(p, "<<")) {
    a->kind = CS_RUNNER_RESPONSE;
    return cs_runner_parse_pattern(p, true, &a->pattern);
  }
  if (cs_runner_take_word(p, "<"))
    return read_arrival(p, a);
  if (cs_runner_take_word(p, "silence")) {
    a->kind = CS_RUNNER_SILENCE;
    a->has_within = true;
    return cs_runner_duration(p, &a->to);
  }
  if (cs_runner_take_word(p, "*")) {
    a->kind = CS_RUNNER_ANYTHING;
    return true;
  }
  return cs_runner_expected(p, "<, <<, silence or * behind |");
}

static cs_runner_alternative *last_alternative(state *p) {
  return p->alternatives.count
             ? (cs_runner_alternative *)p->alternatives.items + (p->alternatives.count - 1)
             : NULL;
}

static bool add_alternative(state *p) {
  const cs_runner_alternative *before = last_alternative(p);
  if (before && before->kind == CS_RUNNER_ANYTHING)
    return cs_runner_expected(p, "no alternative behind *, which takes everything");
  if (p->alternatives.count == CS_RUNNER_ALTERNATIVES_MAX)
    return cs_runner_expected(p, "at most %d alternatives", CS_RUNNER_ALTERNATIVES_MAX);
  cs_runner_alternative *a = cs_runner_push(p->arena, &p->alternatives, sizeof *a);
  a->verdict = CS_RUNNER_GO_ON;
  a->line = p->line;
  a->column = cs_runner_column(p);
  const uint8_t *start = p->in.at;
  if (!read_alternative(p, a) || !read_tail(p, a))
    return false;
  a->text = cs_runner_text(p->arena, cs_span_of(start, (size_t)(p->in.at - start)));
  return true;
}

static bool read_send(state *p, cs_time delay) {
  cs_runner_step *step = add_step(p, CS_RUNNER_SEND);
  if (!step)
    return false;
  step->time = delay;
  bool ordinary = cs_runner_take_word(p, ">>");
  if (!ordinary && !cs_runner_take_word(p, ">"))
    return cs_runner_expected(p, "> or >> behind a time");
  return cs_runner_parse_send(p, ordinary, &step->send);
}

static bool read_port(state *p) {
  if (cs_runner_take_word(p, "new"))
    return add_step(p, CS_RUNNER_PORT_NEW) != NULL;
  if (cs_runner_take_word(p, "first"))
    return add_step(p, CS_RUNNER_PORT_FIRST) != NULL;
  uint64_t number;
  if (cs_base_left(&p->in) == 0 || *p->in.at < '1' || *p->in.at > '9')
    return cs_runner_expected(p, "new, first or a number from 1");
  cs_runner_step *step = add_step(p, CS_RUNNER_PORT_NUMBER);
  if (!step || !cs_runner_number(p, 99, &number))
    return false;
  step->port = (unsigned)number;
  return true;
}

static bool ends(state *p) {
  return cs_runner_at_end(p) || cs_runner_expected(p, "the end of the line");
}

static bool read_open(state *p, const uint8_t *start) {
  bool hello = cs_runner_take_word(p, "hello");
  if (!hello && !cs_runner_take_word(p, "secure"))
    return cs_runner_expected(p, "secure or hello");
  if (!cs_runner_only_on(p, start, CS_RUNNER_SECURED, hello ? "open hello" : "open secure"))
    return false;
  cs_runner_step *step = add_step(p, CS_RUNNER_OPEN_SECURE);
  return step && (hello ? cs_runner_parse_open_hello(p, &step->secure)
                        : cs_runner_parse_open_secure(p, &step->secure));
}

static bool read_expect(state *p) {
  cs_runner_step *step = add_step(p, CS_RUNNER_EXPECT);
  if (!step)
    return false;
  step->client = true;
  return add_alternative(p);
}

static bool read_call(state *p) {
  cs_runner_step *step = add_step(p, CS_RUNNER_CALL);
  return step && cs_runner_parse_call(p, step);
}

static bool at_word(state *p, const char *word) {
  cs_base_reader before = p->in;
  bool there = cs_runner_take_word(p, word);
  p->in = before;
  return there;
}

bool cs_runner_parse_step(state *p) {
  cs_time delay = 0;
  p->step_column = cs_runner_column(p);
  if (cs_runner_take_word(p, "|")) {
    cs_runner_step *step = last_step(p);
    if (!step || step->kind != CS_RUNNER_EXPECT)
      return cs_runner_expected_on(p, p->line, 1, "an expectation before its alternative |");
    return add_alternative(p);
  }
  if (at_word(p, "<") || at_word(p, "<<") || at_word(p, "silence"))
    return add_step(p, CS_RUNNER_EXPECT) && add_alternative(p);
  if (cs_runner_take(p, "+")) {
    if (!cs_runner_duration(p, &delay))
      return false;
    cs_runner_skip_spaces(p);
    return read_send(p, delay);
  }
  if (*p->in.at == '>')
    return read_send(p, 0);
  if (cs_runner_take_word(p, "expect"))
    return read_expect(p);
  if (cs_runner_take_word(p, "call"))
    return read_call(p);
  if (cs_runner_take_word(p, "wait")) {
    cs_runner_step *step = add_step(p, CS_RUNNER_WAIT);
    return step && cs_runner_duration(p, &step->time) && ends(p);
  }
  if (cs_runner_take_word(p, "alive"))
    return add_step(p, CS_RUNNER_ALIVE) && ends(p);
  if (cs_runner_take_word(p, "drain"))
    return add_step(p, CS_RUNNER_DRAIN) && ends(p);
  if (cs_runner_take_word(p, "port"))
    return read_port(p) && ends(p);
  const uint8_t *start = p->in.at;
  if (cs_runner_take_word(p, "open"))
    return read_open(p, start);
  if (cs_runner_take_word(p, "close"))
    return cs_runner_only_on(p, start, CS_RUNNER_STREAMS, "close") &&
           add_step(p, CS_RUNNER_CLOSE) && ends(p);
  if (cs_runner_take_word(p, "end"))
    return cs_runner_only_on(p, start, CS_RUNNER_STREAMS & ~(unsigned)CS_RUNNER_SECURED, "end") &&
           add_step(p, CS_RUNNER_END) && ends(p);
  return cs_runner_expected(
      p,
      "a step: >, >>, <, <<, |, silence, +TIME, alive, wait, drain, port, open, close, end, call "
      "or expect");
}
