/* The parser of scenarios. A refusal says where, within the text, and what was
 * expected there; the same text is read the same way twice; what was read
 * holds what its limits promise, and can be made into bytes and matched.
 *
 * covers: conformance/runner/scenario_parse.c conformance/runner/scenario_header.c
 * covers: conformance/runner/scenario_step.c conformance/runner/scenario_field.c
 * covers: conformance/runner/scenario_text.c conformance/runner/scenario_check.c
 * covers: conformance/runner/template_parse.c conformance/runner/pattern_parse.c
 * covers: conformance/runner/template_stream.c conformance/runner/pattern_stream.c
 * covers: conformance/runner/pattern_link.c conformance/runner/match_link.c
 * covers: conformance/runner/scenario_secure.c conformance/runner/case_secure.c
 * covers: conformance/runner/case_stream.c conformance/runner/case_open.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/case.h"
#include "runner/driver.h"
#include "runner/scenario.h"
#include "wire/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ORACLE(condition)                                                                          \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "fuzz oracle: scenario_parse: %s\n", #condition);                            \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

/* Lines in the text, and the bytes of one of them. */
static unsigned line_count(cs_span text) {
  unsigned lines = 1;
  for (size_t i = 0; i < text.len; i++)
    lines += text.at[i] == '\n' && i + 1 < text.len;
  return lines;
}

static size_t line_length(cs_span text, unsigned wanted) {
  unsigned line = 1;
  size_t begin = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.at[i] != '\n')
      continue;
    if (line++ == wanted)
      return i - begin;
    begin = i + 1;
  }
  return text.len - begin;
}

static void check_error(cs_span text, const cs_runner_error *e) {
  ORACLE(strncmp(e->message, "expected ", 9) == 0 && e->message[9] != '\0');
  ORACLE(strlen(e->message) < sizeof e->message);
  ORACLE(e->line >= 1 && e->line <= line_count(text));
  ORACLE(e->column >= 1 && e->column <= line_length(text, e->line) + 1);
}

static void check_fields(const cs_runner_scenario *s, const cs_runner_field *fields, size_t count) {
  ORACLE(count <= CS_RUNNER_FIELDS_MAX);
  for (size_t i = 0; i < count; i++) {
    ORACLE(fields[i].var < (int)s->var_count);
    ORACLE(fields[i].inner_count <= CS_RUNNER_FIELDS_MAX);
    for (size_t k = 0; k < fields[i].inner_count; k++)
      ORACLE(fields[i].inner[k].var < (int)s->var_count && !fields[i].inner[k].inner_count);
  }
}

static void check_step(const cs_runner_scenario *s, const cs_runner_step *step) {
  ORACLE(step->line >= 1);
  ORACLE(step->time <= CS_RUNNER_DURATION_MAX);
  check_fields(s, step->send.fields, step->send.field_count);
  ORACLE((step->kind == CS_RUNNER_EXPECT) == (step->alternative_count > 0));
  ORACLE(step->alternative_count <= CS_RUNNER_ALTERNATIVES_MAX);
  for (size_t i = 0; i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    check_fields(s, a->pattern.fields, a->pattern.field_count);
    ORACLE(a->from <= a->to && a->to <= CS_RUNNER_DURATION_MAX);
    ORACLE(a->kind != CS_RUNNER_ANYTHING || i + 1 == step->alternative_count);
    ORACLE(a->verdict >= 0 && a->verdict <= CS_RUNNER_GO_ON);
    bool message = a->kind == CS_RUNNER_MESSAGE || a->kind == CS_RUNNER_RESPONSE;
    ORACLE(!message || (a->pattern.types != 0 && a->pattern.code_count > 0));
    ORACLE(a->kind != CS_RUNNER_FRAME || a->pattern.opcodes != 0);
    ORACLE(a->kind != CS_RUNNER_UPGRADE || a->pattern.code_count > 0);
    ORACLE(a->kind != CS_RUNNER_ALT_ALERT || a->pattern.field_count <= 1);
  }
}

/* What stands in the steps means something on every transport that is named. */
static void check_transports(const cs_runner_scenario *s, const cs_runner_step *step) {
  bool secured = !(s->transports & ~(unsigned)CS_RUNNER_SECURED);
  bool dtls = s->transports == 1u << CS_RUNNER_DTLS;
  bool ws = !(s->transports & ~(unsigned)CS_RUNNER_WEBSOCKETS);
  bool streams = !(s->transports & (unsigned)CS_RUNNER_DATAGRAMS);
  cs_runner_send_kind kind = step->send.kind;
  ORACLE(ws || (kind != CS_RUNNER_SEND_FRAME && kind != CS_RUNNER_SEND_UPGRADE));
  ORACLE(streams || !step->send.slowly);
  ORACLE(streams || (step->kind != CS_RUNNER_CLOSE && step->kind != CS_RUNNER_END));
  ORACLE(secured || (kind != CS_RUNNER_SEND_ALERT && step->kind != CS_RUNNER_OPEN_SECURE));
  ORACLE(dtls || !step->send.plain);
  ORACLE(step->kind != CS_RUNNER_END || !(s->transports & (unsigned)CS_RUNNER_SECURED));
  for (size_t i = 0; i < step->alternative_count; i++) {
    cs_runner_alternative_kind a = step->alternatives[i].kind;
    ORACLE(ws || (a != CS_RUNNER_FRAME && a != CS_RUNNER_UPGRADE));
    ORACLE(streams || (a != CS_RUNNER_CLOSED && a != CS_RUNNER_ABORTED));
    ORACLE(secured || (!cs_runner_shakes_hands(a) && a != CS_RUNNER_ALT_ALERT));
    ORACLE(dtls || a != CS_RUNNER_ALT_PLAIN);
    ORACLE(!step->alternatives[i].dup || !(s->transports & (unsigned)CS_RUNNER_STREAMS));
  }
}

static void check_scenario(const cs_runner_scenario *s) {
  ORACLE(s->id && s->title && s->cover_count > 0 && s->transports != 0);
  ORACLE(s->step_count > 0 && s->step_count <= CS_RUNNER_STEPS_MAX);
  ORACLE(s->var_count <= CS_RUNNER_VARS_MAX);
  for (size_t i = 0; i < s->var_count; i++)
    ORACLE(s->vars[i].kind != CS_RUNNER_KIND_OPEN);
  for (size_t i = 0; i < s->step_count; i++)
    check_step(s, &s->steps[i]);
  for (size_t i = 0; i < s->step_count; i++)
    check_transports(s, &s->steps[i]);
}

/* What the target of play answers: what it is sent. On a WebSocket an upgrade is
 * accepted, and a frame comes back without its mask, as a server's has none. */
static void echo(cs_runner_case *c, unsigned port, cs_span bytes, cs_time now) {
  static const char accepting[] = "HTTP/1.1 101 Echo\r\nUpgrade: websocket\r\n\r\n";
  static uint8_t frame[CS_RUNNER_MESSAGE_MAX + CS_WS_HEADER_MAX];
  cs_wire_ws_frame f;
  cs_rule broken;
  if (cs_runner_case_form(c) == CS_WIRE_WS && bytes.len > 8 && memcmp(bytes.at, "GET ", 4) == 0) {
    bytes = cs_span_str(accepting);
  } else if (cs_runner_case_form(c) == CS_WIRE_WS &&
             cs_wire_ws_frame_read(bytes, &f, &broken) == CS_OK && f.masked &&
             f.header + f.length == bytes.len && bytes.len <= sizeof frame) {
    f.masked = false;
    size_t header = cs_wire_ws_frame_put(&f, frame);
    memcpy(frame + header, bytes.at + f.header, (size_t)f.length);
    cs_wire_ws_mask(frame + header, (size_t)f.length, f.mask, 0);
    bytes = cs_span_of(frame, header + (size_t)f.length);
  }
  size_t half = cs_runner_case_form(c) == CS_WIRE_UDP ? bytes.len : bytes.len / 2;
  cs_runner_case_receive(c, port, cs_span_cut(bytes, 0, half), now);
  if (half < bytes.len)
    cs_runner_case_receive(c, port, cs_span_cut(bytes, half, bytes.len - half), now);
}

/* How a handshake ends: mostly well, else in a way that the seed of what came before
 * picks. */
static void shake_hands(cs_runner_case *c, const cs_runner_act *act, unsigned *echoes,
                        cs_time now) {
  static const cs_tls_negotiated n = {.version = 0x0303, .suite = 0xc0a8, .name = "S"};
  unsigned how = (*echoes)++;
  cs_tls_failure by = {.rule = CS_RULE_TLS_HANDSHAKE, .alerted = true, .alert = 40};
  by.alert_by_peer = how % 3 != 0;
  if (how % 5 == 4)
    cs_runner_case_cookie(c, act->port);
  if (how % 7 != 6)
    cs_runner_case_secured(c, act->port, &n, now);
  else if (how % 2)
    cs_runner_case_refused(c, act->port, &by, now);
}

static void perform(cs_runner_case *c, const cs_runner_act *act, unsigned *echoes, cs_time now) {
  ORACLE(act->port < CS_RUNNER_PORTS_MAX);
  switch (act->kind) {
  case CS_RUNNER_ACT_SEND:
    if ((*echoes)++ < 32)
      echo(c, act->port, act->bytes, now);
    else
      cs_runner_case_closed(c, act->port, (*echoes & 1u) != 0, now);
    break;
  case CS_RUNNER_ACT_CONNECT:
    ORACLE(cs_runner_case_form(c) != CS_WIRE_UDP || act->secure);
    if (*echoes < 48)
      cs_runner_case_connected(c, act->port, now);
    if (*echoes < 48 && act->secure)
      shake_hands(c, act, echoes, now);
    if (*echoes >= 48)
      cs_runner_case_closed(c, act->port, true, now);
    break;
  case CS_RUNNER_ACT_END:
    cs_runner_case_closed(c, act->port, false, now);
    break;
  case CS_RUNNER_ACT_ALERT:
    cs_runner_case_alerted(c, act->port, act->alert, now);
    break;
  case CS_RUNNER_ACT_PLAIN:
    cs_runner_case_receive_plain(c, act->port, act->bytes, now);
    break;
  default:
    break;
  }
}

/* Plays the scenario to that target, which says nothing more after a while and
 * ends its connections: every case ends, in bounded time, with a verdict. */
static void play(const cs_runner_scenario *s, cs_runner_transport t) {
  static const cs_runner_profile profile = {
      .ack_timeout = 2 * CS_SECOND, .response = 2 * CS_SECOND, .alive = 8 * CS_SECOND};
  cs_runner_case_config config = {.variant = {s, s->id, 0, t}, .profile = &profile, .seed = 1};
  cs_runner_case *c = cs_runner_case_new(&config);
  cs_time now = CS_SECOND;
  unsigned echoes = 0;
  cs_runner_act act;
  cs_runner_case_start(c, now);
  for (unsigned turns = 0; !cs_runner_case_done(c); turns++) {
    ORACLE(turns < 100000);
    while (cs_runner_case_transmit(c, &act))
      perform(c, &act, &echoes, now);
    cs_time next = cs_runner_case_deadline(c);
    if (cs_runner_case_done(c))
      break;
    ORACLE(next != CS_TIME_NEVER);
    now = next > now ? next : now;
    cs_runner_case_expire(c, now);
  }
  cs_report_case result;
  cs_runner_case_result(c, &result);
  ORACLE(result.message != NULL && result.verdict < CS_VERDICT_COUNT_);
  cs_runner_case_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cs_span text = cs_span_of(size ? data : NULL, size);
  cs_runner_arena arena = {0};
  cs_runner_error first = {0};
  cs_runner_error second = {0};
  const cs_runner_scenario *a = NULL;
  const cs_runner_scenario *b = NULL;
  bool good = cs_runner_parse(text, "input", NULL, &arena, &a, &first);
  ORACLE(cs_runner_parse(text, "input", NULL, &arena, &b, &second) == good);
  if (good) {
    check_scenario(a);
    ORACLE(strcmp(a->id, b->id) == 0 && a->step_count == b->step_count);
    for (unsigned t = CS_RUNNER_UDP; t < CS_RUNNER_TRANSPORT_COUNT_; t++)
      if (a->transports >> t & 1u)
        play(a, (cs_runner_transport)t);
  } else {
    ORACLE(a == NULL);
    ORACLE(first.line == second.line && first.column == second.column);
    ORACLE(strcmp(first.message, second.message) == 0);
    check_error(text, &first);
  }
  cs_runner_release(&arena);
  return 0;
}
