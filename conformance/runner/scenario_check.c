/* What can be seen only when a whole scenario is read. */
#include "runner/scenario_text.h"

/* A set of variables, a bit each. */
typedef uint32_t set;
_Static_assert(CS_RUNNER_VARS_MAX <= 32, "a set of variables is 32 bits");

static const cs_runner_var *vars_of(const state *p) {
  return p->vars.items;
}

/* A variable seen only in raw bytes goes by the first letter of its name; a
 * stream has no Message IDs. */
static bool settle_kinds(state *p) {
  cs_runner_var *vars = p->vars.items;
  for (size_t i = 0; i < p->vars.count; i++) {
    if (vars[i].kind != CS_RUNNER_KIND_OPEN)
      continue;
    bool mids = !cs_runner_named(p, CS_RUNNER_STREAMS);
    if (vars[i].name[0] == 'm' && mids)
      vars[i].kind = CS_RUNNER_KIND_MID;
    else if (vars[i].name[0] == 't')
      vars[i].kind = CS_RUNNER_KIND_TOKEN;
    else
      return cs_runner_expected_on(p, vars[i].line, vars[i].column,
                                   "a variable that %stoken= uses too, or a name that begins with "
                                   "%st: $%s",
                                   mids ? "mid= or " : "", mids ? "m or " : "", vars[i].name);
  }
  return true;
}

static bool check_sent(state *p, const cs_runner_step *step, const cs_runner_field *f, set *bound) {
  if (f->var < 0)
    return true;
  set bit = (set)1 << f->var;
  const cs_runner_var *var = &vars_of(p)[f->var];
  if (!(*bound & bit) && var->kind == CS_RUNNER_KIND_BYTES)
    return cs_runner_expected_on(p, step->line, f->column,
                                 "a variable that was captured before: $%s", var->name);
  *bound |= bit;
  return true;
}

static bool check_send(state *p, const cs_runner_step *step, set *bound) {
  for (size_t i = 0; i < step->send.field_count; i++) {
    const cs_runner_field *f = &step->send.fields[i];
    if (!check_sent(p, step, f, bound))
      return false;
    for (size_t k = 0; k < f->inner_count; k++)
      if (!check_sent(p, step, &f->inner[k], bound))
        return false;
  }
  return true;
}

static bool check_field(state *p, const cs_runner_alternative *a, const cs_runner_field *f,
                        bool captures, set *captured) {
  if (f->var < 0)
    return true;
  set bit = (set)1 << f->var;
  if ((!captures || f->relation != CS_RUNNER_EQUAL) && !(*captured & bit))
    return cs_runner_expected_on(p, a->line, f->column, "a variable that has a value: $%s",
                                 vars_of(p)[f->var].name);
  *captured |= bit;
  return true;
}

/* A link that is there captures; what is said of all links, or of none, does not. */
static bool check_pattern(state *p, const cs_runner_alternative *a, set bound, set *captured) {
  *captured = bound;
  for (size_t i = 0; i < a->pattern.field_count; i++) {
    const cs_runner_field *f = &a->pattern.fields[i];
    if (!check_field(p, a, f, true, captured))
      return false;
    for (size_t k = 0; k < f->inner_count; k++)
      if (!check_field(p, a, &f->inner[k], f->relation == CS_RUNNER_PRESENT, captured))
        return false;
  }
  return true;
}

/* What is bound behind an expectation is what every alternative that goes on
 * has bound. */
static bool check_expect(state *p, const cs_runner_step *step, set *bound, bool *goes_on) {
  set after = ~(set)0;
  *goes_on = false;
  for (size_t i = 0; i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    set captured;
    if (!check_pattern(p, a, *bound, &captured))
      return false;
    if (a->verdict == CS_RUNNER_GO_ON) {
      after &= captured;
      *goes_on = true;
    }
  }
  if (*goes_on)
    *bound = after;
  return true;
}

static bool can_fail(const cs_runner_step *step) {
  bool takes_all = false;
  for (size_t i = 0; i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    if (a->verdict == CS_VERDICT_FAIL || a->verdict == CS_VERDICT_WARN)
      return true;
    takes_all = takes_all || a->kind == CS_RUNNER_ANYTHING;
  }
  return !takes_all;
}

/* What a step surely lasts on a right server. */
static cs_time length_of(const cs_runner_step *step) {
  cs_time longest = step->time;
  for (size_t i = 0; i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    cs_time time = a->kind == CS_RUNNER_SILENCE ? a->to : a->from;
    bool right = a->verdict == CS_RUNNER_GO_ON || a->verdict == CS_VERDICT_PASS;
    if (right && time > longest)
      longest = time;
  }
  return longest;
}

struct walk {
  set bound;
  cs_time length;
  bool requested; /* a ">>" was there */
  bool heard;     /* a message may have been matched */
  bool fails;
  bool over;    /* every alternative of the step before ends the case */
  bool closed;  /* we closed the connection in use */
  bool shaking; /* the step before was "open secure" or "open hello" */
  bool looking; /* the handshake in use is only looked at: "open hello" */
  bool refused; /* the session in use was not made */
  bool alerted; /* we ended the session in use by an alert */
  cs_runner_call_walk call;
  unsigned ports; /* that were begun behind the first */
};

/* Whether the step needs the connection in use. */
static bool needs_connection(const cs_runner_step *step) {
  if (step->kind == CS_RUNNER_EXPECT)
    return !step->client && step->alternatives[0].kind != CS_RUNNER_SILENCE &&
           step->alternatives[0].kind != CS_RUNNER_ALT_PLAIN &&
           step->alternatives[0].kind != CS_RUNNER_ALT_HELLO;
  if (step->kind == CS_RUNNER_SEND && step->send.plain)
    return false;
  return step->kind == CS_RUNNER_SEND || step->kind == CS_RUNNER_ALIVE ||
         step->kind == CS_RUNNER_CLOSE || step->kind == CS_RUNNER_END;
}

static bool check_alternatives(state *p, const cs_runner_step *step, struct walk *w) {
  for (size_t i = 0; i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    if (a->kind == CS_RUNNER_RESPONSE && !w->requested)
      return cs_runner_expected_on(p, a->line, a->column, "a request by >> before <<");
    if (a->dup && !w->heard)
      return cs_runner_expected_on(p, a->line, a->column,
                                   "an expectation before dup that a message matched");
  }
  for (size_t i = 0; i < step->alternative_count; i++) {
    cs_runner_alternative_kind kind = step->alternatives[i].kind;
    w->heard = w->heard || (cs_runner_wants(kind) && !cs_runner_is_told(kind) &&
                            !cs_runner_shakes_hands(kind) && kind != CS_RUNNER_ALT_ALERT &&
                            kind != CS_RUNNER_ALT_PLAIN && kind != CS_RUNNER_ELSEWHERE);
  }
  return true;
}

/* How a handshake ends is said behind "open secure", and nowhere else. */
static bool check_handshake(state *p, const cs_runner_step *step, struct walk *w) {
  bool shaking = w->shaking;
  bool all_refused = true;
  w->shaking = step->kind == CS_RUNNER_OPEN_SECURE;
  if (w->shaking)
    w->looking = step->secure.hello != NULL;
  const char *begins = w->looking ? "< hello or < refused behind open hello"
                                  : "< secured or < refused behind open secure";
  if (shaking && step->kind != CS_RUNNER_EXPECT)
    return cs_runner_expected_on(p, step->line, step->column, "%s", begins);
  for (size_t i = 0; i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    if (a->kind == CS_RUNNER_ALT_HELLO && !w->looking)
      return cs_runner_expected_on(p, a->line, a->column, "open hello before < hello");
    if (a->kind == CS_RUNNER_ALT_SECURED && shaking && w->looking)
      return cs_runner_expected_on(p, a->line, a->column,
                                   "< hello, < refused or * behind open hello");
    if (shaking && !cs_runner_shakes_hands(a->kind) && (i == 0 || a->kind != CS_RUNNER_ANYTHING))
      return cs_runner_expected_on(p, a->line, a->column, "%s",
                                   i == 0       ? begins
                                   : w->looking ? "< hello, < refused or * behind open hello"
                                                : "< secured, < refused or * behind open secure");
    bool of_look =
        a->kind == CS_RUNNER_ALT_HELLO || (a->kind == CS_RUNNER_ALT_REFUSED && w->looking);
    if (!shaking && cs_runner_shakes_hands(a->kind) && !of_look)
      return cs_runner_expected_on(p, a->line, a->column,
                                   "open secure just before secured and refused");
    if (a->verdict == CS_RUNNER_GO_ON && a->kind != CS_RUNNER_ALT_REFUSED &&
        a->kind != CS_RUNNER_ALT_HELLO)
      all_refused = false;
  }
  w->refused = (w->refused && !w->shaking) || (shaking && all_refused);
  return true;
}

/* Whether the step has what it needs: a connection, a session. */
static bool check_means(state *p, const cs_runner_step *step, const struct walk *w) {
  if (w->closed && needs_connection(step))
    return cs_runner_expected_on(p, step->line, step->column,
                                 "port new or port first: close ended the connection in use");
  if (w->refused && needs_connection(step))
    return cs_runner_expected_on(p, step->line, step->column,
                                 "port new, port first or open secure: the handshake in use was "
                                 "refused");
  bool speaks =
      step->kind == CS_RUNNER_ALIVE || (step->kind == CS_RUNNER_SEND && !step->send.plain);
  if (w->alerted && speaks)
    return cs_runner_expected_on(p, step->line, step->column,
                                 "port new, port first or open secure: our alert ended the "
                                 "session in use");
  return true;
}

static bool check_step(state *p, const cs_runner_step *step, struct walk *w) {
  if (w->over)
    return cs_runner_expected_on(p, step->line, step->column,
                                 "no more steps: every alternative before ends the case");
  if ((!p->out->bare && !check_means(p, step, w)) || !check_handshake(p, step, w) ||
      !cs_runner_check_call(p, step, &w->call))
    return false;
  if (step->kind == CS_RUNNER_PORT_NEW)
    w->ports++;
  if (step->kind == CS_RUNNER_PORT_NUMBER && step->port > w->ports + 1)
    return cs_runner_expected_on(p, step->line, step->column,
                                 "the number of a port that was begun before: at most %u",
                                 w->ports + 1);
  if (step->kind == CS_RUNNER_CLOSE)
    w->closed = true;
  if (step->kind == CS_RUNNER_PORT_NEW || step->kind == CS_RUNNER_PORT_FIRST ||
      step->kind == CS_RUNNER_PORT_NUMBER || step->kind == CS_RUNNER_OPEN_SECURE)
    w->closed = w->refused = w->alerted = false;
  if (step->kind == CS_RUNNER_SEND && step->send.kind == CS_RUNNER_SEND_ALERT)
    w->alerted = true;
  w->length += length_of(step);
  if (step->kind == CS_RUNNER_SEND) {
    w->requested = w->requested || step->send.ordinary;
    return check_send(p, step, &w->bound);
  }
  if (step->kind == CS_RUNNER_CALL)
    return check_send(p, step, &w->bound);
  if (step->kind == CS_RUNNER_ALIVE)
    w->fails = true;
  if (step->kind != CS_RUNNER_EXPECT)
    return true;
  bool goes_on;
  w->fails = w->fails || can_fail(step);
  if (!check_alternatives(p, step, w) || !check_expect(p, step, &w->bound, &goes_on))
    return false;
  w->over = !goes_on;
  return true;
}

bool cs_runner_check(state *p) {
  struct walk w = {0};
  const cs_runner_step *steps = p->steps.items;
  unsigned line = p->line ? p->line : 1;
  if (p->steps.count == 0)
    return cs_runner_expected_on(p, line, 1, "steps behind ---");
  if (!settle_kinds(p))
    return false;
  for (size_t i = 0; i < p->steps.count; i++)
    if (!check_step(p, &steps[i], &w))
      return false;
  if (w.shaking)
    return cs_runner_expected_on(p, line, 1, "< %s or < refused behind open %s",
                                 w.looking ? "hello" : "secured", w.looking ? "hello" : "secure");
  if (!w.fails && !p->out->bare)
    return cs_runner_expected_on(p, line, 1, "a step that a wrong server can fail");
  if (p->typed && !p->type_used)
    return cs_runner_expected_on(p, p->type_line, p->type_column,
                                 "a step that uses $type, or >> without a type");
  if (w.length > CS_RUNNER_SLOW && !p->out->slow)
    return cs_runner_expected_on(p, line, 1,
                                 "\"param slow\" in the header: the case lasts over 100 s");
  return true;
}
