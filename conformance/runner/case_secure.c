/* The security session of a port: how its handshake ends, alerts, and on DTLS what
 * comes beside it. */
#include "runner/case_inside.h"

bool cs_runner_session_lives(const cs_runner_stream *s) {
  return s && s->stage == CS_RUNNER_STAGE_OPEN && !s->ended && !s->closed && !s->finished &&
         !s->alerted && !s->silenced;
}

/* ---- Steps ---- */

/* Whether a step can do without a session: it is about what is in the clear. */
static bool needs_none(const cs_runner_step *step) {
  for (size_t i = 0; i < step->alternative_count; i++) {
    cs_runner_alternative_kind kind = step->alternatives[i].kind;
    if (kind != CS_RUNNER_ALT_PLAIN && kind != CS_RUNNER_SILENCE && kind != CS_RUNNER_ANYTHING)
      return false;
  }
  return step->kind == CS_RUNNER_EXPECT || step->kind == CS_RUNNER_WAIT ||
         step->kind == CS_RUNNER_DRAIN || (step->kind == CS_RUNNER_SEND && step->send.plain);
}

bool cs_runner_opens_itself(const cs_runner_case *c, size_t next) {
  const cs_runner_scenario *s = c->config.variant.scenario;
  if (!c->secured || next >= s->step_count)
    return false;
  if (s->steps[next].kind == CS_RUNNER_SEND)
    while (next < s->step_count && needs_none(&s->steps[next]))
      next++;
  return next < s->step_count && s->steps[next].kind == CS_RUNNER_OPEN_SECURE;
}

void cs_runner_open_secure(cs_runner_case *c, const cs_runner_step *step) {
  if (c->form != CS_WIRE_UDP && c->streams[c->port]) {
    if (c->ports == CS_RUNNER_PORTS_MAX - CS_RUNNER_LIFE_PORTS) {
      cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step->line, "too many ports");
      return;
    }
    cs_runner_stream_close(c, c->port);
    if (c->first == c->port)
      c->first = c->ports;
    c->port = c->ports++;
    c->port_names[c->port] = (uint16_t)(c->port + 1);
  }
  if (c->request.port == c->port)
    c->request.repeating = false;
  cs_runner_open_begin(c, c->port, c->config.variant.scenario->open, &step->secure);
  c->streams[c->port]->asked = true;
  cs_runner_next_step(c, c->now);
}

const cs_runner_alternative *cs_runner_silent_refusal(const cs_runner_step *step) {
  for (size_t i = 0; i < step->alternative_count; i++) {
    const cs_runner_alternative *a = &step->alternatives[i];
    const cs_runner_pattern *p = &a->pattern;
    if (a->kind == CS_RUNNER_ALT_REFUSED &&
        (p->field_count == 0 || p->fields[0].relation == CS_RUNNER_ABSENT))
      return a;
  }
  return NULL;
}

/* ---- Arrivals ---- */

const char *cs_runner_refusal_text(cs_runner_case *c, const cs_runner_arrival *a) {
  return cs_runner_format(&c->arena, "%s: %s",
                          a->established ? "the session failed" : "the handshake failed",
                          cs_runner_failure_text(&c->arena, &a->failure));
}

/* The TCP connection was not made: that is no answer to a handshake. */
static bool unreachable(cs_runner_case *c, cs_runner_stream *s) {
  const cs_runner_step *step = cs_runner_case_step(c);
  s->refused = true;
  cs_runner_open_fail(s, "it was refused");
  if (s->asked) {
    c->unopened = true;
    cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step ? step->line : 0,
                     "the connection could not be opened: it was refused");
  }
  return true;
}

static bool refused(cs_runner_case *c, cs_runner_stream *s, const cs_runner_arrival *a) {
  bool asked = s->asked;
  s->asked = false;
  s->insecure = true;
  cs_runner_open_fail(s, cs_runner_failure_text(&c->arena, &a->failure));
  return !asked;
}

/* An alert, or a broken record, when the handshake is complete. */
static bool session_over(cs_runner_case *c, cs_runner_stream *s, const cs_runner_arrival *a) {
  s->alerted = true;
  if (s->stage != CS_RUNNER_STAGE_UPGRADING)
    return false;
  return cs_runner_open_fail(
      s, cs_runner_format(&c->arena, "%s came before the upgrade", a->notation));
}

bool cs_runner_handshake_takes(cs_runner_case *c, cs_runner_arrival *a) {
  cs_runner_stream *s = cs_runner_stream_of(c, a->port);
  bool asked;
  switch (a->kind) {
  case CS_RUNNER_CAME_SECURED:
    asked = s->asked;
    s->asked = false;
    a->cookie = s->cookie;
    cs_runner_open_go_on(c, a->port);
    return !asked;
  case CS_RUNNER_CAME_HELLO: /* how it ends is asked all the same */
    return false;
  case CS_RUNNER_CAME_REFUSED:
    return a->established ? session_over(c, s, a) : refused(c, s, a);
  case CS_RUNNER_CAME_ALERT:
    return session_over(c, s, a);
  case CS_RUNNER_CAME_END:
    if (s->stage == CS_RUNNER_STAGE_FAILED)
      return true;
    if (s->stage > CS_RUNNER_STAGE_SECURING)
      return false;
    if (!s->connected)
      return unreachable(c, s);
    a->kind = CS_RUNNER_CAME_REFUSED;
    return refused(c, s, a);
  default:
    return false;
  }
}

static cs_runner_arrival arrival_of(const cs_runner_case *c, unsigned port, cs_runner_came kind) {
  return (cs_runner_arrival){.kind = kind, .at = c->now, .port = port};
}

/* A session of which anything may still be told, or NULL. */
static cs_runner_stream *session_of(cs_runner_case *c, unsigned port) {
  if (!c->secured || c->done || port >= c->ports)
    return NULL;
  cs_runner_stream *s = c->streams[port];
  return s && !s->closed && !s->ended && s->stage != CS_RUNNER_STAGE_FAILED ? s : NULL;
}

static const char *copied(cs_runner_case *c, const char *text) {
  return text ? cs_runner_text(&c->arena, cs_span_str(text)) : NULL;
}

void cs_runner_case_secured(cs_runner_case *c, unsigned port, const cs_tls_negotiated *n,
                            cs_time now) {
  cs_runner_stream *s = session_of(c, port);
  if (!s || s->stage > CS_RUNNER_STAGE_SECURING)
    return;
  c->now = now;
  cs_runner_open_reached(c, port);
  cs_runner_arrival a = arrival_of(c, port, CS_RUNNER_CAME_SECURED);
  a.negotiated = (cs_tls_negotiated){.version = n->version,
                                     .suite = n->suite,
                                     .name = copied(c, n->name),
                                     .alpn = copied(c, n->alpn),
                                     .cid = n->cid};
  a.notation = cs_runner_secured_notation(&c->arena, &a.negotiated, c->form == CS_WIRE_UDP);
  cs_runner_case_arrive(c, &a);
  cs_runner_case_advance(c);
}

void cs_runner_case_refused(cs_runner_case *c, unsigned port, const cs_tls_failure *by,
                            cs_time now) {
  cs_runner_stream *s = session_of(c, port);
  if (!s || s->alerted)
    return;
  c->now = now;
  cs_runner_open_reached(c, port);
  cs_runner_arrival a = arrival_of(c, port, CS_RUNNER_CAME_REFUSED);
  a.failure = *by;
  a.established = s->stage > CS_RUNNER_STAGE_SECURING;
  a.ours = cs_runner_failed_by_ours(by);
  a.notation = cs_runner_format(&c->arena, "%s: %s", a.established ? "failed" : "refused",
                                cs_runner_failure_text(&c->arena, by));
  cs_runner_case_arrive(c, &a);
  cs_runner_case_advance(c);
}

void cs_runner_case_alerted(cs_runner_case *c, unsigned port, uint8_t alert, cs_time now) {
  cs_runner_stream *s = session_of(c, port);
  if (!s || s->alerted)
    return;
  if (s->stage <= CS_RUNNER_STAGE_SECURING) {
    cs_tls_failure by = {
        .rule = CS_RULE_TLS_ALERT, .alerted = true, .alert_by_peer = true, .alert = alert};
    cs_runner_case_refused(c, port, &by, now);
    return;
  }
  c->now = now;
  cs_runner_arrival a = arrival_of(c, port, CS_RUNNER_CAME_ALERT);
  a.alert = alert;
  a.notation = cs_runner_alert_notation(&c->arena, alert);
  cs_runner_case_arrive(c, &a);
  cs_runner_case_advance(c);
}

static const cs_runner_hello_seen *copied_seen(cs_runner_case *c,
                                               const cs_runner_hello_seen *seen) {
  cs_runner_hello_seen *own = cs_runner_get(&c->arena, sizeof *own);
  *own = *seen;
  own->extensions = cs_runner_copy(&c->arena, seen->extensions);
  own->alpn = cs_runner_copy(&c->arena, seen->alpn);
  own->hint = cs_runner_copy(&c->arena, seen->hint);
  return own;
}

void cs_runner_case_greeted(cs_runner_case *c, unsigned port, const cs_runner_hello_event *e,
                            cs_time now) {
  cs_runner_stream *s = session_of(c, port);
  if (!s || s->stage > CS_RUNNER_STAGE_SECURING)
    return;
  c->now = now;
  cs_runner_open_reached(c, port);
  s->due = CS_TIME_NEVER; /* it is never completed */
  cs_runner_arrival a = arrival_of(c, port, CS_RUNNER_CAME_HELLO);
  a.hello = *e;
  a.hello.seen = copied_seen(c, e->seen);
  a.hello.fault = copied(c, e->fault);
  a.fault = a.hello.fault;
  a.notation = cs_runner_hello_notation(&c->arena, e);
  cs_runner_case_arrive(c, &a);
  cs_runner_case_advance(c);
}

void cs_runner_case_shaken(cs_runner_case *c, unsigned port, bool sent, cs_span bytes,
                           cs_time now) {
  enum { SHOWN_MAX = 65536 };
  cs_runner_stream *s = session_of(c, port);
  if (!s || !c->config.handshakes || !bytes.len || c->shaken > SHOWN_MAX ||
      c->packets.count > CS_RUNNER_PACKETS_MAX / 2)
    return;
  c->now = now;
  c->shaken += bytes.len;
  cs_runner_open_reached(c, port);
  cs_runner_case_record(c, CS_REPORT_SECURITY, sent, port, cs_runner_copy(&c->arena, bytes),
                        sent ? "of the handshake, sent" : "of the handshake, received");
}

void cs_runner_case_cookie(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = session_of(c, port);
  if (s && c->form == CS_WIRE_UDP)
    s->cookie = true;
}

void cs_runner_case_receive_plain(cs_runner_case *c, unsigned port, cs_span bytes, cs_time now) {
  if (!c->secured || c->form != CS_WIRE_UDP || c->done || port >= c->ports ||
      (c->streams[port] && c->streams[port]->closed))
    return;
  c->now = now;
  cs_runner_arrival a = arrival_of(c, port, CS_RUNNER_CAME_PLAIN);
  a.bytes = cs_runner_copy(&c->arena, bytes);
  cs_rule broken = cs_wire_parse(CS_WIRE_UDP, a.bytes, &c->limits, &a.m);
  if (broken != CS_RULE_NONE)
    a.fault = cs_base_rule_text(broken);
  a.notation = cs_runner_format(&c->arena, "plain %s",
                                cs_runner_notation(&c->arena, CS_WIRE_UDP, a.bytes, &c->limits));
  cs_runner_case_arrive(c, &a);
  cs_runner_case_advance(c);
}
