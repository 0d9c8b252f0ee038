#include "runner/case_inside.h"
#include "wire/option.h"

enum { TURNS_MAX = 100000 };

cs_runner_case *cs_runner_case_new(const cs_runner_case_config *config) {
  cs_runner_arena arena = {0};
  cs_runner_case *c = cs_runner_get(&arena, sizeof *c);
  c->config = *config;
  c->values.profile = config->profile;
  c->arena = arena;
  c->form = cs_runner_form(config->variant.transport);
  c->secured = (1u << config->variant.transport & CS_RUNNER_SECURED) != 0;
  c->limits = cs_wire_limits_default;
  c->speaks_of_pings = cs_runner_speaks_of_pings(config->variant.scenario);
  c->ports = 1;
  c->port_names[0] = 1;
  c->message = "";
  cs_runner_fresh_init(&c->fresh, config->seed, config->variant.id);
  return c;
}

void cs_runner_case_free(cs_runner_case *c) {
  if (!c)
    return;
  /* The case itself lives in its arena. */
  cs_runner_call_free(c);
  cs_runner_arena arena = c->arena;
  cs_runner_release(&arena);
}

cs_wire_form cs_runner_case_form(const cs_runner_case *c) {
  return c->form;
}

bool cs_runner_case_needs(const cs_runner_case *c, const char *cap) {
  const cs_runner_scenario *s = c->config.variant.scenario;
  for (size_t i = 0; i < s->need_count; i++)
    if (s->needs[i].kind == CS_RUNNER_NEED_CAP && !s->needs[i].lacking &&
        cs_span_equal(cs_span_str(s->needs[i].name), cs_span_str(cap)))
      return true;
  return false;
}

/* The Max-Message-Size of a target that took less than what we sent, or 0. Who
 * exceeds it has no right to an answer (RFC 8323 section 5.3.1). */
static uint64_t room_exceeded(const cs_runner_case *c) {
  for (unsigned i = 0; i < c->ports && c->form != CS_WIRE_UDP; i++) {
    const cs_runner_stream *s = c->streams[i];
    if (s && s->room && s->longest > s->room)
      return s->room;
  }
  return 0;
}

void cs_runner_decide(cs_runner_case *c, cs_verdict verdict, const char *statement, unsigned line,
                      const char *message) {
  if (c->decided)
    return;
  const cs_runner_scenario *s = c->config.variant.scenario;
  if (c->noted.there && (verdict == CS_VERDICT_PASS || verdict == CS_VERDICT_SKIP)) {
    verdict = CS_VERDICT_QUIRK;
    statement = c->noted.statement;
    line = c->noted.line;
    message = c->noted.message;
  }
  uint64_t room =
      verdict == CS_VERDICT_FAIL || verdict == CS_VERDICT_INCONCLUSIVE ? room_exceeded(c) : 0;
  if (room) {
    verdict = CS_VERDICT_SKIP;
    message = cs_runner_format(&c->arena,
                               "the case needs a longer message than the %llu bytes that the "
                               "target's Max-Message-Size allows",
                               (unsigned long long)room);
  }
  if (!statement && s->cover_count)
    statement = s->covers[0];
  if (verdict == CS_VERDICT_FAIL && statement && c->config.requirements &&
      cs_runner_level_of(c->config.requirements, statement) != CS_RUNNER_MUST)
    verdict = CS_VERDICT_WARN;
  c->decided = true;
  c->verdict = verdict;
  c->statement = verdict == CS_VERDICT_PASS || verdict == CS_VERDICT_SKIP ? NULL : statement;
  c->line = line;
  c->message = message;
}

static void finish(cs_runner_case *c) {
  cs_runner_call_free(c);
  for (unsigned i = 0; i < c->ports && c->form != CS_WIRE_UDP; i++)
    if (c->streams[i] && !c->streams[i]->closed)
      cs_runner_stream_leave(c, i);
  c->done = true;
  c->end = c->now;
}

void cs_runner_next_step(cs_runner_case *c, cs_time at) {
  c->before = at;
  c->step++;
  c->passed_over = 0;
  c->begun = false;
}

/* Whether the steps from this one on need the port in use, not our client's alone. */
static bool uses_port(const cs_runner_scenario *s, size_t step) {
  bool calls = false;
  for (size_t i = step; i < s->step_count; i++) {
    const cs_runner_step *at = &s->steps[i];
    bool aside = at->kind == CS_RUNNER_CALL || at->kind == CS_RUNNER_WAIT ||
                 at->kind == CS_RUNNER_DRAIN || (at->kind == CS_RUNNER_EXPECT && at->client);
    calls = calls || at->kind == CS_RUNNER_CALL;
    if (!aside)
      return true;
  }
  return !calls;
}

/* Opens the port in use, where that is to be done before the step: those behind it
 * wait until it is open. */
static void open_port(cs_runner_case *c, size_t step) {
  const cs_runner_scenario *s = c->config.variant.scenario;
  if (!cs_runner_opens(c) || cs_runner_opens_itself(c, step) || !uses_port(s, step))
    return;
  cs_runner_open_begin(c, c->port, s->open, &s->secure);
  c->opening = true;
}

static void use_new_port(cs_runner_case *c) {
  c->port = c->ports++;
  c->port_names[c->port] = (uint16_t)(c->port + 1);
  open_port(c, c->step + 1);
}

/* True when the connection is open, or the case is decided because it is not. */
static bool open_turn(cs_runner_case *c) {
  if (!cs_runner_open_turn(c, c->port))
    return false;
  const cs_runner_stream *s = cs_runner_stream_of(c, c->port);
  const cs_runner_step *step = cs_runner_case_step(c);
  c->opening = false;
  c->before = c->now;
  if (s->stage == CS_RUNNER_STAGE_OPEN)
    return true;
  c->unopened = true;
  cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step ? step->line : 0,
                   cs_runner_open_trouble(c, s));
  return true;
}

/* A search for life that a step asks for. Where it is made on the connection in
 * use, its failure says nothing yet about the target: the search at the end of
 * the case is made on another one. */
static bool alive_step(cs_runner_case *c, const cs_runner_step *step) {
  if (!c->begun)
    cs_runner_life_begin(c, false);
  c->begun = true;
  if (!cs_runner_life_turn(c))
    return false;
  if (!c->life.found && c->life.stray.there) {
    c->elsewhere = c->life.stray.from;
    cs_runner_decide(c, CS_VERDICT_FAIL, cs_runner_stray_statement(&c->life.stray), step->line,
                     cs_runner_stray_text(c, &c->life.stray));
  } else if (!c->life.found) {
    bool udp = c->form == CS_WIRE_UDP;
    const cs_runner_stream *s = cs_runner_stream_of(c, c->port);
    bool ended = !udp && s && (s->ended || s->alerted);
    c->silent = !ended;
    c->lifeless = udp;
    cs_runner_decide(
        c, CS_VERDICT_FAIL, NULL, step->line,
        udp     ? "the target gave no sign of life: no answer to a CoAP ping, none to a GET"
        : ended ? "the target ended the connection: it answered neither a Ping nor a GET"
                : "the target gave no sign of life: no answer to a Ping, none to a GET");
  }
  cs_runner_next_step(c, c->now);
  return true;
}

/* Works on the present step; true when it is over. */
static bool step_once(cs_runner_case *c, const cs_runner_step *step) {
  cs_time due = cs_time_add(c->before, step->time);
  switch (step->kind) {
  case CS_RUNNER_SEND:
    if (!cs_runner_case_send_step(c, step))
      return false;
    cs_runner_next_step(c, c->now);
    return true;
  case CS_RUNNER_EXPECT:
    return cs_runner_expect(c);
  case CS_RUNNER_WAIT:
    if (c->now < due)
      return false;
    cs_runner_next_step(c, due);
    return true;
  case CS_RUNNER_ALIVE:
    return alive_step(c, step);
  case CS_RUNNER_DRAIN:
    for (unsigned i = 0; i < CS_RUNNER_PORTS_MAX; i++)
      c->next[i] = c->inbox.count;
    cs_runner_next_step(c, c->before);
    return true;
  case CS_RUNNER_PORT_NEW:
    if (c->ports == CS_RUNNER_PORTS_MAX - (cs_runner_opens(c) ? CS_RUNNER_LIFE_PORTS : 0)) {
      cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step->line, "too many ports");
      return false;
    }
    use_new_port(c);
    cs_runner_next_step(c, c->before);
    return true;
  case CS_RUNNER_CLOSE:
    cs_runner_stream_close(c, c->port);
    cs_runner_next_step(c, c->now);
    return true;
  case CS_RUNNER_END:
    cs_runner_stream_end(c, c->port);
    cs_runner_next_step(c, c->now);
    return true;
  case CS_RUNNER_OPEN_SECURE:
    cs_runner_open_secure(c, step);
    return !c->decided;
  case CS_RUNNER_CALL:
    return cs_runner_call_step(c, step);
  case CS_RUNNER_PORT_NUMBER:
    c->port = step->port - 1 < c->ports ? step->port - 1 : c->port;
    cs_runner_next_step(c, c->before);
    return true;
  default:
    c->port = c->first;
    cs_runner_next_step(c, c->before);
    return true;
  }
}

/* The search for life that ends every case. What it finds turns a case that
 * was about to pass into a failure; a failure stays what it is. */
static bool close_turn(cs_runner_case *c) {
  if (c->lifeless && !c->life.closing) {
    finish(c);
    return true;
  }
  if (!c->life.closing) {
    cs_runner_call_leave(c);
    c->request.repeating = false;
    cs_runner_life_begin(c, true);
  }
  if (!cs_runner_life_turn(c))
    return false;
  bool strayed = !c->life.found && c->life.stray.there;
  c->lifeless = !c->life.found && !strayed;
  if (strayed && c->verdict != CS_VERDICT_FAIL && c->verdict != CS_VERDICT_WARN) {
    c->decided = false;
    c->elsewhere = c->life.stray.from;
    cs_runner_decide(c, CS_VERDICT_FAIL, cs_runner_stray_statement(&c->life.stray), c->line,
                     cs_runner_stray_text(c, &c->life.stray));
  }
  /* A case that never began has nothing to fail by. */
  if (c->lifeless && c->unopened)
    c->silent = true;
  else if (c->lifeless && c->verdict != CS_VERDICT_FAIL && c->verdict != CS_VERDICT_WARN) {
    c->decided = false;
    c->silent = true;
    const cs_runner_stream *s = c->secured ? c->streams[c->life.port] : NULL;
    const char *why = s && s->why ? cs_runner_open_trouble(c, s) : NULL;
    cs_runner_decide(c, CS_VERDICT_FAIL, NULL, c->line,
                     cs_runner_format(&c->arena,
                                      "the target gave no sign of life after the case%s%s",
                                      why ? ": " : "", why ? why : ""));
  }
  finish(c);
  return true;
}

void cs_runner_case_advance(cs_runner_case *c) {
  for (unsigned turns = 0; !c->done; turns++) {
    const cs_runner_step *step = cs_runner_case_step(c);
    cs_runner_answer_owed(c);
    if (turns == TURNS_MAX || c->inbox.count > CS_RUNNER_INBOX_MAX ||
        c->packets.count > CS_RUNNER_PACKETS_MAX) {
      cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step ? step->line : 0,
                       "the target sends without end");
      finish(c);
    } else if (c->decided) {
      if (!close_turn(c))
        return;
    } else if (c->opening) {
      if (!open_turn(c))
        return;
    } else if (!step) {
      cs_runner_decide(c, CS_VERDICT_PASS, NULL, 0, "");
    } else {
      cs_runner_case_repeat(c);
      if (!step_once(c, step) && !c->decided)
        return;
    }
  }
}

void cs_runner_case_start(cs_runner_case *c, cs_time now) {
  c->started = true;
  c->start = now;
  c->before = now;
  c->now = now;
  open_port(c, 0);
  cs_runner_case_advance(c);
}

/* What the target's first CSM says of the size of messages. */
static void note_room(cs_runner_case *c, const cs_runner_arrival *a) {
  enum { MAX_MESSAGE_SIZE = 2 };
  cs_span value;
  uint32_t room;
  if (c->form == CS_WIRE_UDP || !cs_runner_is_message(a) || a->m.code != CS_CODE(7, 1))
    return;
  cs_runner_stream *s = cs_runner_stream_of(c, a->port);
  if (!s->room && cs_wire_option_get(a->m.options, MAX_MESSAGE_SIZE, &value) &&
      cs_wire_uint(value, &room) == CS_OK)
    s->room = room;
}

void cs_runner_case_arrive(cs_runner_case *c, cs_runner_arrival *a) {
  cs_report_packet_kind kind = CS_REPORT_BYTES;
  if (a->kind == CS_RUNNER_CAME_END)
    kind = a->reset ? CS_REPORT_RESET : CS_REPORT_ENDED;
  else if (a->kind >= CS_RUNNER_CAME_SECURED && a->kind <= CS_RUNNER_CAME_ALERT)
    kind = CS_REPORT_SECURITY;
  cs_runner_case_record(c, kind, false, a->port, a->bytes, a->notation);
  cs_runner_case_note_answer(c, a);
  note_room(c, a);
  cs_runner_case_note_proper(c, a);
  a->late = cs_runner_case_comes_late(c, a);
  if (cs_runner_open_takes(c, a))
    return;
  cs_runner_answer_at_once(c, a);
  if (!cs_runner_life_takes(c, a))
    *(cs_runner_arrival *)cs_runner_push(&c->arena, &c->inbox, sizeof *a) = *a;
}

static void take_datagram(cs_runner_case *c, unsigned port, cs_span bytes) {
  cs_runner_arrival a = {.at = c->now, .port = port, .bytes = cs_runner_copy(&c->arena, bytes)};
  cs_rule broken = cs_wire_parse(CS_WIRE_UDP, a.bytes, &c->limits, &a.m);
  if (broken != CS_RULE_NONE)
    a.fault = cs_base_rule_text(broken);
  a.notation = cs_runner_notation(&c->arena, CS_WIRE_UDP, a.bytes, &c->limits);
  cs_runner_case_arrive(c, &a);
}

/* Whether the port has a connection of which anything may be told. */
static bool listening(const cs_runner_case *c, unsigned port) {
  if (c->done || port >= c->ports || cs_runner_call_owns(c, port))
    return false;
  const cs_runner_stream *s = c->streams[port];
  return s ? !s->closed && !s->ended : !cs_runner_opens(c);
}

/* Whether what happens on the port is our client's business. */
static bool calls_on(const cs_runner_case *c, unsigned port) {
  return !c->done && port < c->ports && cs_runner_call_owns(c, port);
}

void cs_runner_case_receive(cs_runner_case *c, unsigned port, cs_span bytes, cs_time now) {
  if (calls_on(c, port)) {
    c->now = now;
    cs_runner_call_receive(c, port, bytes);
    cs_runner_case_advance(c);
    return;
  }
  if (!listening(c, port) || (c->form != CS_WIRE_UDP && bytes.len == 0))
    return;
  c->now = now;
  if (c->form == CS_WIRE_UDP && bytes.len > CS_RUNNER_STREAM_MAX - c->came) {
    cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE, "the target sent more than 2 MiB", now);
    return;
  }
  if (c->form == CS_WIRE_UDP) {
    c->came += bytes.len;
    take_datagram(c, port, bytes);
  } else if (bytes.len > CS_RUNNER_STREAM_MAX - cs_runner_stream_of(c, port)->total) {
    cs_runner_case_stop(c, CS_VERDICT_INCONCLUSIVE,
                        "the target sent more than 2 MiB on one connection", now);
    return;
  } else {
    cs_runner_stream_take(c, port, bytes);
  }
  cs_runner_case_advance(c);
}

void cs_runner_case_connected(cs_runner_case *c, unsigned port, cs_time now) {
  if (calls_on(c, port)) {
    c->now = now;
    cs_runner_call_connected(c, port);
    cs_runner_case_advance(c);
    return;
  }
  if (c->form == CS_WIRE_UDP || !listening(c, port) || c->streams[port]->connected)
    return;
  c->now = now;
  cs_runner_open_connected(c, port);
  cs_runner_case_advance(c);
}

void cs_runner_case_closed(cs_runner_case *c, unsigned port, bool reset, cs_time now) {
  if (calls_on(c, port)) {
    c->now = now;
    cs_runner_call_closed(c, port, reset);
    cs_runner_case_advance(c);
    return;
  }
  if (c->form == CS_WIRE_UDP || !listening(c, port))
    return;
  c->now = now;
  cs_runner_stream_over(c, port, reset);
  cs_runner_case_advance(c);
}

bool cs_runner_case_transmit(cs_runner_case *c, cs_runner_act *out) {
  if (c->sent == c->outbox.count)
    return false;
  *out = ((const cs_runner_act *)c->outbox.items)[c->sent++];
  return true;
}

static cs_time own_deadline(const cs_runner_case *c) {
  const cs_runner_step *step = cs_runner_case_step(c);
  if (c->life.looking)
    return cs_time_min(cs_runner_life_deadline(c),
                       c->request.there && c->request.repeating ? c->request.again : CS_TIME_NEVER);
  if (c->opening)
    return c->streams[c->port]->due;
  cs_time at = CS_TIME_NEVER;
  if (step && step->kind == CS_RUNNER_SEND)
    at = cs_runner_case_send_deadline(c, step);
  else if (step && step->kind == CS_RUNNER_WAIT)
    at = cs_time_add(c->before, step->time);
  else if (step && step->kind == CS_RUNNER_EXPECT)
    at = cs_runner_expect_deadline(c);
  if (c->request.there && c->request.repeating)
    at = cs_time_min(at, c->request.again);
  return at;
}

cs_time cs_runner_case_deadline(const cs_runner_case *c) {
  if (c->done || !c->started)
    return CS_TIME_NEVER;
  return cs_time_min(own_deadline(c), cs_runner_call_deadline(c));
}

void cs_runner_case_expire(cs_runner_case *c, cs_time now) {
  if (c->done || !c->started)
    return;
  c->now = now;
  cs_runner_call_expire(c);
  cs_runner_case_advance(c);
}

bool cs_runner_case_done(const cs_runner_case *c) {
  return c->done;
}

void cs_runner_case_stop(cs_runner_case *c, cs_verdict verdict, const char *message, cs_time now) {
  if (c->done)
    return;
  c->now = c->started ? now : c->now;
  /* A failure that was seen stays one, whatever happened to the target then. */
  bool keep = c->decided && (c->verdict == CS_VERDICT_FAIL || c->verdict == CS_VERDICT_WARN);
  if (!keep) {
    const cs_runner_step *step = cs_runner_case_step(c);
    c->decided = true;
    c->verdict = verdict;
    c->statement = NULL;
    c->line = c->started && step ? step->line : 0;
    c->message = cs_runner_text(&c->arena, cs_span_str(message));
  } else if (c->silent) {
    c->lifeless = true; /* and no sign of life behind the silence */
  }
  finish(c);
}

void cs_runner_case_doubt(cs_runner_case *c, const char *message) {
  if (!c->done || !c->lifeless || !c->silent)
    return;
  c->verdict = CS_VERDICT_INCONCLUSIVE;
  c->statement = NULL;
  c->message = cs_runner_text(&c->arena, cs_span_str(message));
}

bool cs_runner_case_lifeless(const cs_runner_case *c) {
  return c->lifeless;
}

const char *cs_runner_case_elsewhere(const cs_runner_case *c) {
  return c->elsewhere;
}

bool cs_runner_case_silent(const cs_runner_case *c) {
  return c->silent;
}

void cs_runner_case_tolerate(cs_runner_case *c, const cs_time *tolerance) {
  c->config.tolerance = tolerance;
}

void cs_runner_case_name_port(cs_runner_case *c, unsigned port, uint16_t number) {
  if (port >= CS_RUNNER_PORTS_MAX)
    return;
  uint16_t before = c->port_names[port];
  c->port_names[port] = number;
  cs_report_packet *packets = c->packets.items;
  for (size_t i = 0; i < c->packets.count; i++)
    if (packets[i].port == before && before <= CS_RUNNER_PORTS_MAX)
      packets[i].port = number;
}

void cs_runner_case_result(cs_runner_case *c, cs_report_case *out) {
  const cs_runner_variant *v = &c->config.variant;
  *out = (cs_report_case){.id = v->id,
                          .title = v->scenario->title,
                          .file = v->scenario->file,
                          .transport = cs_runner_transport_name(v->transport),
                          .verdict = c->verdict,
                          .requirements = v->scenario->covers,
                          .requirement_count = v->scenario->cover_count,
                          .statement = c->statement,
                          .line = c->line,
                          .message = c->message,
                          .duration = c->started ? c->end - c->start : 0,
                          .packets = c->packets.items,
                          .packet_count = c->packets.count};
}

size_t cs_runner_expand(const cs_runner_scenario *s, cs_runner_transport t, cs_runner_arena *arena,
                        cs_runner_variant out[2]) {
  static const char *const suffix[] = {"+con", "+non"};
  if (!(s->transports >> t & 1u))
    return 0;
  if (!s->types || 1u << t & CS_RUNNER_STREAMS) {
    out[0] = (cs_runner_variant){s, s->id, CS_CON, t};
    return 1;
  }
  size_t n = 0;
  for (uint8_t type = CS_CON; type <= CS_NON; type++)
    if (s->types >> type & 1u)
      out[n++] =
          (cs_runner_variant){s, cs_runner_format(arena, "%s%s", s->id, suffix[type]), type, t};
  return n;
}
