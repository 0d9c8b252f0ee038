#include "runner/case_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/notation.h"

/* ACK_TIMEOUT and MAX_RETRANSMIT of RFC 7252 section 4.8 for our own requests. */
static const cs_time ack_timeout = 2 * CS_SECOND;
enum { MAX_RETRANSMIT = 4, TURNS_MAX = 100000 };

cs_runner_case *cs_runner_case_new(const cs_runner_case_config *config) {
  cs_runner_arena arena = {0};
  cs_runner_case *c = cs_runner_get(&arena, sizeof *c);
  c->config = *config;
  c->arena = arena;
  c->limits = cs_wire_limits_default;
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
  cs_runner_arena arena = c->arena;
  cs_runner_release(&arena);
}

const char *cs_runner_notation(cs_runner_arena *arena, cs_span bytes,
                               const cs_wire_limits *limits) {
  cs_wire_message m;
  if (cs_wire_parse(CS_WIRE_UDP, bytes, limits, &m) == CS_RULE_NONE) {
    /* No byte of a message needs more than an option's longest heading. */
    size_t cap = 128 + 40 * bytes.len;
    char *text = malloc(cap);
    bool printed = text && cs_wire_print(&m, text, cap, NULL) == CS_OK;
    const char *copy = printed ? cs_runner_text(arena, cs_span_str(text)) : NULL;
    free(text);
    if (copy)
      return copy;
  }
  char *raw = cs_runner_get(arena, 5 + 3 * bytes.len);
  memcpy(raw, "raw", 3);
  for (size_t i = 0; i < bytes.len; i++)
    snprintf(raw + 3 + 3 * i, 4, " %02x", bytes.at[i]);
  return raw;
}

static void record(cs_runner_case *c, bool sent, unsigned port, cs_span bytes,
                   const char *notation) {
  cs_report_packet *p = cs_runner_push(&c->arena, &c->packets, sizeof *p);
  *p = (cs_report_packet){c->now - c->start, sent, bytes, notation, c->port_names[port]};
}

/* Remembers what may be answered. A message may be malformed on purpose. */
static void note_sent(cs_runner_case *c, unsigned port, cs_span bytes) {
  if (bytes.len < 4 || (bytes.at[0] >> 4 & 3u) > CS_NON)
    return;
  uint16_t mid = (uint16_t)((unsigned)bytes.at[2] << 8 | bytes.at[3]);
  cs_runner_posted *all = c->posted.items;
  if (c->posted.count && all[c->posted.count - 1].mid == mid &&
      all[c->posted.count - 1].port == port)
    return; /* again */
  cs_wire_message m;
  bool parsed = cs_wire_parse(CS_WIRE_UDP, bytes, &c->limits, &m) == CS_RULE_NONE;
  cs_runner_posted *p = cs_runner_push(&c->arena, &c->posted, sizeof *p);
  *p = (cs_runner_posted){mid, parsed ? m.token : (cs_span){0}, port, false};
}

void cs_runner_case_send(cs_runner_case *c, unsigned port, cs_span bytes) {
  cs_runner_departure *d = cs_runner_push(&c->arena, &c->outbox, sizeof *d);
  *d = (cs_runner_departure){port, bytes};
  static const cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  if (bytes.len && (bytes.at[0] & 15u) > 8)
    c->limits = any;
  note_sent(c, port, bytes);
  record(c, true, port, bytes, cs_runner_notation(&c->arena, bytes, &c->limits));
}

void cs_runner_case_send_empty(cs_runner_case *c, unsigned port, uint8_t type, uint16_t mid) {
  uint8_t bytes[4] = {(uint8_t)(0x40u | (unsigned)type << 4), 0, (uint8_t)(mid >> 8), (uint8_t)mid};
  cs_runner_case_send(c, port, cs_runner_copy(&c->arena, cs_span_of(bytes, sizeof bytes)));
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
  if (!statement && s->cover_count)
    statement = s->covers[0];
  if (verdict == CS_VERDICT_FAIL && c->config.requirements &&
      cs_runner_level_of(c->config.requirements, statement) != CS_RUNNER_MUST)
    verdict = CS_VERDICT_WARN;
  c->decided = true;
  c->verdict = verdict;
  c->statement = verdict == CS_VERDICT_PASS || verdict == CS_VERDICT_SKIP ? NULL : statement;
  c->line = line;
  c->message = message;
}

static void finish(cs_runner_case *c) {
  c->done = true;
  c->end = c->now;
}

static bool send_made(cs_runner_case *c, const cs_runner_step *step, cs_span echo) {
  cs_runner_maker maker = {.scenario = c->config.variant.scenario,
                           .profile = c->config.profile,
                           .arena = &c->arena,
                           .values = &c->values,
                           .fresh = &c->fresh,
                           .type = c->config.variant.type,
                           .echo = echo};
  cs_runner_made made;
  const char *why = NULL;
  if (!cs_runner_make(&maker, &step->send, &made, &why)) {
    cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step->line, why);
    return false;
  }
  cs_runner_case_send(c, c->port, made.bytes);
  if (step->send.ordinary) {
    if (c->request.there)
      *(cs_runner_request *)cs_runner_push(&c->arena, &c->earlier, sizeof c->request) = c->request;
    uint64_t spread = cs_base_seeded_next(&c->fresh.random) % (ack_timeout / 2);
    c->request = (cs_runner_request){.there = true,
                                     .echoed = echo.len > 0,
                                     .step = step,
                                     .repeating = made.type == CS_CON,
                                     .made = made,
                                     .port = c->port,
                                     .timeout = ack_timeout + spread};
    c->request.again = cs_time_add(c->now, c->request.timeout);
  }
  return true;
}

static bool send_step(cs_runner_case *c, const cs_runner_step *step) {
  return send_made(c, step, (cs_span){0});
}

void cs_runner_case_send_echo(cs_runner_case *c, cs_span echo) {
  c->before = c->now;
  send_made(c, c->request.step, echo);
}

static void repeat_request(cs_runner_case *c) {
  cs_runner_request *r = &c->request;
  if (!r->there || !r->repeating || c->now < r->again)
    return;
  if (r->count == MAX_RETRANSMIT) {
    r->repeating = false;
    return;
  }
  r->count++;
  r->timeout *= 2;
  r->again = cs_time_add(c->now, r->timeout);
  cs_runner_case_send(c, r->port, r->made.bytes);
}

void cs_runner_next_step(cs_runner_case *c, cs_time at) {
  c->before = at;
  c->step++;
  c->passed_over = 0;
  const cs_runner_step *step = cs_runner_case_step(c);
  if (step && step->kind == CS_RUNNER_ALIVE && !c->decided)
    cs_runner_life_begin(c, false);
}

/* Works on the present step; true when it is over. */
static bool step_once(cs_runner_case *c, const cs_runner_step *step) {
  cs_time due = cs_time_add(c->before, step->time);
  switch (step->kind) {
  case CS_RUNNER_SEND:
    if (c->now < due || !send_step(c, step))
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
    if (!cs_runner_life_turn(c))
      return false;
    if (!c->life.found) {
      c->silent = true;
      c->lifeless = true;
      cs_runner_decide(c, CS_VERDICT_FAIL, NULL, step->line,
                       "the target gave no sign of life: no answer to a CoAP ping, none to a GET");
    }
    cs_runner_next_step(c, c->now);
    return true;
  case CS_RUNNER_DRAIN:
    c->next = c->inbox.count;
    cs_runner_next_step(c, c->before);
    return true;
  case CS_RUNNER_PORT_NEW:
    if (c->ports == CS_RUNNER_PORTS_MAX) {
      cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step->line, "too many ports");
      return false;
    }
    c->port = c->ports++;
    c->port_names[c->port] = (uint16_t)(c->port + 1);
    cs_runner_next_step(c, c->before);
    return true;
  default:
    c->port = 0;
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
    c->request.repeating = false;
    cs_runner_life_begin(c, true);
  }
  if (!cs_runner_life_turn(c))
    return false;
  c->lifeless = !c->life.found;
  if (c->lifeless && c->verdict != CS_VERDICT_FAIL && c->verdict != CS_VERDICT_WARN) {
    c->decided = false;
    c->silent = true;
    cs_runner_decide(c, CS_VERDICT_FAIL, NULL, c->line,
                     "the target gave no sign of life after the case");
  }
  finish(c);
  return true;
}

static void advance(cs_runner_case *c) {
  for (unsigned turns = 0; !c->done; turns++) {
    const cs_runner_step *step = cs_runner_case_step(c);
    if (turns == TURNS_MAX || c->inbox.count > CS_RUNNER_INBOX_MAX) {
      cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step ? step->line : 0,
                       "the target sends without end");
      finish(c);
    } else if (c->decided) {
      if (!close_turn(c))
        return;
    } else if (!step) {
      cs_runner_decide(c, CS_VERDICT_PASS, NULL, 0, "");
    } else {
      repeat_request(c);
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
  const cs_runner_step *step = cs_runner_case_step(c);
  if (step && step->kind == CS_RUNNER_ALIVE)
    cs_runner_life_begin(c, false);
  advance(c);
}

/* What stops a request from being sent again: an Acknowledgement or Reset with
 * its Message ID, or a response with its token. */
static void note_answer(cs_runner_case *c, const cs_runner_arrival *a) {
  cs_runner_request *r = &c->request;
  if (!r->there || a->port != r->port || a->broken != CS_RULE_NONE)
    return;
  bool by_mid = (a->m.type == CS_ACK || a->m.type == CS_RST) && a->m.mid == r->made.mid;
  bool by_token = cs_wire_code_is_response(a->m.code) && cs_span_equal(a->m.token, r->made.token);
  if (by_mid || by_token)
    r->repeating = false;
}

/* The first answer to a message that we gave up waiting for says nothing about
 * the one sent since. */
static bool comes_late(cs_runner_case *c, const cs_runner_arrival *a) {
  cs_runner_posted *p = c->posted.items;
  for (size_t i = 0; i < c->posted.count && a->broken == CS_RULE_NONE; i++) {
    bool by_mid = (a->m.type == CS_ACK || a->m.type == CS_RST) && a->m.mid == p[i].mid;
    bool by_token = cs_wire_code_is_response(a->m.code) && p[i].token.len &&
                    cs_span_equal(a->m.token, p[i].token);
    if (p[i].port != a->port || p[i].answered || (!by_mid && !by_token))
      continue;
    p[i].answered = true;
    return i + 1 < c->posted.count;
  }
  return false;
}

void cs_runner_case_receive(cs_runner_case *c, unsigned port, cs_span bytes, cs_time now) {
  if (c->done || port >= c->ports)
    return;
  c->now = now;
  cs_runner_arrival a = {.at = now, .port = port, .bytes = cs_runner_copy(&c->arena, bytes)};
  a.broken = cs_wire_parse(CS_WIRE_UDP, a.bytes, &c->limits, &a.m);
  a.notation = cs_runner_notation(&c->arena, a.bytes, &c->limits);
  record(c, false, port, a.bytes, a.notation);
  note_answer(c, &a);
  a.late = comes_late(c, &a);
  if (!cs_runner_life_takes(c, &a))
    *(cs_runner_arrival *)cs_runner_push(&c->arena, &c->inbox, sizeof a) = a;
  advance(c);
}

bool cs_runner_case_transmit(cs_runner_case *c, unsigned *port, cs_span *bytes) {
  if (c->sent == c->outbox.count)
    return false;
  const cs_runner_departure *d = (cs_runner_departure *)c->outbox.items + c->sent++;
  *port = d->port;
  *bytes = d->bytes;
  return true;
}

cs_time cs_runner_case_deadline(const cs_runner_case *c) {
  if (c->done || !c->started)
    return CS_TIME_NEVER;
  const cs_runner_step *step = cs_runner_case_step(c);
  if (c->life.looking)
    return cs_time_min(cs_runner_life_deadline(c),
                       c->request.there && c->request.repeating ? c->request.again : CS_TIME_NEVER);
  cs_time at = CS_TIME_NEVER;
  if (step && (step->kind == CS_RUNNER_SEND || step->kind == CS_RUNNER_WAIT))
    at = cs_time_add(c->before, step->time);
  else if (step && step->kind == CS_RUNNER_EXPECT)
    at = cs_runner_expect_deadline(c);
  if (c->request.there && c->request.repeating)
    at = cs_time_min(at, c->request.again);
  return at;
}

void cs_runner_case_expire(cs_runner_case *c, cs_time now) {
  if (c->done || !c->started)
    return;
  c->now = now;
  advance(c);
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

bool cs_runner_case_silent(const cs_runner_case *c) {
  return c->silent;
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
  if (!s->types) {
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
