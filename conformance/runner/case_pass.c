/* What comes and decides nothing: repeats, late answers, a request for Echo, and
 * what the peer on a stream may say at any time. */
#include "runner/case_inside.h"
#include "wire/option.h"

bool cs_runner_speaks_of_repeats(const cs_runner_step *step) {
  for (size_t i = 0; i < step->alternative_count; i++)
    if (step->alternatives[i].dup)
      return true;
  return false;
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
 * lets a server update it before each retransmission. A stream repeats nothing. */
bool cs_runner_is_repeat(const cs_runner_case *c, const cs_runner_arrival *a) {
  const cs_span *matched = c->matched.items;
  cs_span bytes = a->bytes;
  if (c->form != CS_WIRE_UDP || a->kind != CS_RUNNER_CAME_MESSAGE)
    return false;
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

/* Whether the message answers a ">>" of the case before the last one: it came
 * twice, as that was sent again, or it is a separate response that nobody
 * waited for. */
static bool answers_earlier(const cs_runner_case *c, const cs_runner_arrival *arrival) {
  const cs_wire_message *m = &arrival->m;
  const cs_runner_request *now = &c->request;
  if (!cs_runner_is_message(arrival) || (m->type == CS_ACK && m->mid == now->made.mid) ||
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

static bool has_alternative(const cs_runner_step *step, cs_runner_alternative_kind kind) {
  for (size_t i = 0; i < step->alternative_count; i++)
    if (step->alternatives[i].kind == kind)
      return true;
  return false;
}

/* Whether this is the Close frame with which a WebSocket, or the alert with which
 * a security session, comes to the end that the step waits for by "closed", without
 * a word of frames or alerts. */
static bool leads_to_end(const cs_runner_step *step, const cs_runner_arrival *a) {
  if (a->kind == CS_RUNNER_CAME_ALERT)
    return has_alternative(step, CS_RUNNER_CLOSED) && !has_alternative(step, CS_RUNNER_ALT_ALERT);
  return a->kind == CS_RUNNER_CAME_FRAME && !a->fault && a->frame.opcode == CS_WS_CLOSE &&
         has_alternative(step, CS_RUNNER_CLOSED) && !has_alternative(step, CS_RUNNER_FRAME);
}

/* A repeat of what was matched is nothing new, unless the step is about
 * repeats; nor is the Empty Acknowledgement of a ">>". */
bool cs_runner_pass_over(cs_runner_case *c, const cs_runner_step *step,
                         const cs_runner_arrival *arrival) {
  const cs_runner_request *r = &c->request;
  if (cs_runner_is_repeat(c, arrival) && !cs_runner_speaks_of_repeats(step)) {
    if (step->alternatives[0].kind == CS_RUNNER_RESPONSE)
      cs_runner_case_acknowledge(c, arrival);
    c->passed_over++;
    return true;
  }
  if (arrival->late || answers_earlier(c, arrival)) {
    cs_runner_case_acknowledge(c, arrival);
    c->passed_over++;
    return true;
  }
  if (leads_to_end(step, arrival)) {
    c->passed_over++;
    return true;
  }
  return cs_runner_is_message(arrival) && r->there && arrival->m.type == CS_ACK &&
         arrival->m.code == CS_CODE_EMPTY && arrival->m.mid == r->made.mid;
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
bool cs_runner_wants_echo(cs_runner_case *c, const cs_runner_step *step,
                          const cs_runner_arrival *arrival) {
  const cs_runner_request *r = &c->request;
  const cs_wire_message *m = &arrival->m;
  bool about_response = step->alternatives[0].kind == CS_RUNNER_RESPONSE;
  if (!about_response || !r->there || r->echoed || !cs_runner_is_message(arrival) ||
      m->code != CS_CODE(4, 1) || !cs_span_equal(m->token, r->made.token) ||
      (m->type == CS_ACK && m->mid != r->made.mid) || asks_about_echo(step))
    return false;
  cs_wire_option_iter it = cs_wire_options(m->options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    if (o.number != CS_OPT_ECHO || o.value.len == 0)
      continue;
    cs_runner_case_acknowledge(c, arrival);
    *(cs_span *)cs_runner_push(&c->arena, &c->matched, sizeof(cs_span)) = arrival->bytes;
    cs_runner_case_send_echo(c, o.value);
    return true;
  }
  return false;
}

/* ---- Streams ---- */

static const uint8_t csm = CS_CODE(7, 1);
static const uint8_t ping = CS_CODE(7, 2);
static const uint8_t pong = CS_CODE(7, 3);
static const uint8_t close_notify = 0;

/* Whether an alternative names this code, or its class. */
static bool names_code(const cs_runner_alternative *a, uint8_t code) {
  for (size_t i = 0; a->kind == CS_RUNNER_MESSAGE && i < a->pattern.code_count; i++) {
    cs_runner_code want = a->pattern.codes[i];
    if (want.class == CS_CODE_CLASS(code) &&
        (want.detail == CS_RUNNER_ANY || want.detail == CS_CODE_DETAIL(code)))
      return true;
  }
  return false;
}

static bool names_opcode(const cs_runner_alternative *a, uint8_t opcode) {
  return a->kind == CS_RUNNER_FRAME && a->pattern.opcodes != UINT16_MAX &&
         (a->pattern.opcodes >> opcode & 1u);
}

bool cs_runner_speaks_of_pings(const cs_runner_scenario *s) {
  for (size_t i = 0; i < s->step_count; i++)
    for (size_t k = 0; k < s->steps[i].alternative_count; k++)
      if (names_code(&s->steps[i].alternatives[k], ping) ||
          names_opcode(&s->steps[i].alternatives[k], CS_WS_PING))
        return true;
  return false;
}

static bool is_frame(const cs_runner_arrival *a, uint8_t opcode) {
  return a->kind == CS_RUNNER_CAME_FRAME && !a->fault && a->frame.opcode == opcode;
}

static bool is_ping(const cs_runner_arrival *a) {
  return is_frame(a, CS_WS_PING) || (cs_runner_is_message(a) && a->m.code == ping);
}

/* A request of the target: RFC 8323 section 3.3 lets either side make some. */
static bool is_request(const cs_runner_arrival *a) {
  return cs_runner_is_message(a) && cs_wire_code_is_request(a->m.code);
}

void cs_runner_answer(cs_runner_case *c, cs_runner_arrival *a) {
  static const uint8_t not_implemented = CS_CODE(5, 1);
  if ((!is_ping(a) && !is_request(a)) || a->answered)
    return;
  a->answered = true;
  if (cs_runner_stream_midway(c, a->port, a->kind == CS_RUNNER_CAME_FRAME))
    *(cs_runner_arrival *)cs_runner_push(&c->arena, &c->owed, sizeof *a) = *a;
  else if (a->kind == CS_RUNNER_CAME_FRAME)
    cs_runner_case_send_control(c, a->port, CS_WS_PONG, a->payload);
  else
    cs_runner_case_send_plain(c, a->port, is_request(a) ? not_implemented : pong, a->m.token, 0);
}

void cs_runner_answer_owed(cs_runner_case *c) {
  cs_runner_arrival *owed = c->owed.items;
  size_t kept = 0;
  for (size_t i = 0; i < c->owed.count; i++) {
    cs_runner_arrival a = owed[i];
    a.answered = false;
    if (cs_runner_stream_midway(c, a.port, a.kind == CS_RUNNER_CAME_FRAME))
      owed[kept++] = owed[i];
    else
      cs_runner_answer(c, &a);
  }
  c->owed.count = kept;
}

/* Whether a step that is still to come sends a Close. */
static bool will_close(const cs_runner_case *c) {
  const cs_runner_scenario *s = c->config.variant.scenario;
  for (size_t i = c->step; i < s->step_count && !c->decided; i++)
    if (s->steps[i].kind == CS_RUNNER_SEND && s->steps[i].send.kind == CS_RUNNER_SEND_FRAME &&
        s->steps[i].send.frame.opcode == CS_WS_CLOSE)
      return true;
  return false;
}

void cs_runner_answer_at_once(cs_runner_case *c, cs_runner_arrival *a) {
  if (c->form == CS_WIRE_UDP || (c->config.variant.scenario->bare && !c->life.closing))
    return;
  if (!c->speaks_of_pings || c->decided)
    cs_runner_answer(c, a);
  if (is_frame(a, CS_WS_CLOSE) && !cs_runner_stream_of(c, a->port)->close_sent && !will_close(c))
    cs_runner_case_send_control(c, a->port, CS_WS_CLOSE, a->payload);
}

/* An Empty message, Capabilities and Settings, a ping, a request; a Pong frame that
 * no Ping of ours asked for, which RFC 6455 section 5.5.3 lets a peer send. */
static bool may_come_anytime(const cs_runner_case *c, const cs_runner_arrival *a) {
  return is_ping(a) || is_request(a) ||
         (is_frame(a, CS_WS_PONG) && !c->streams[a->port]->ping_sent) ||
         (cs_runner_is_message(a) && (a->m.code == CS_CODE_EMPTY || a->m.code == csm));
}

/* The end of a session by close_notify is on a stream followed by that of the
 * connection; a step that speaks of neither is not about it. */
bool cs_runner_pass_aside(cs_runner_case *c, const cs_runner_step *step,
                          const cs_runner_arrival *a) {
  /* What the session before had still to say. */
  if (cs_runner_shakes_hands(step->alternatives[0].kind) &&
      (a->kind == CS_RUNNER_CAME_MESSAGE || a->kind == CS_RUNNER_CAME_ALERT)) {
    c->passed_over++;
    return true;
  }
  if (a->kind == CS_RUNNER_CAME_ALERT && a->alert == close_notify)
    return !has_alternative(step, CS_RUNNER_ALT_ALERT);
  if (c->form == CS_WIRE_UDP || !may_come_anytime(c, a))
    return false;
  for (size_t i = 0; i < step->alternative_count; i++)
    if (a->kind == CS_RUNNER_CAME_FRAME ? names_opcode(&step->alternatives[i], a->frame.opcode)
                                        : names_code(&step->alternatives[i], a->m.code))
      return false;
  cs_runner_arrival answered = *a;
  cs_runner_answer(c, &answered);
  return true;
}
