/* Our own client in a case: it is opened, told what to do, and its bytes are carried. */
#include "runner/case_call.h"

#include "net/net.h"
#include "runner/veil.h"
#include "wire/option.h"

/* As the library's API has them: the longest datagram, and message of a stream; what
 * any datagram fits into. */
enum { MTU = 1152, MESSAGE_MAX = 8 * 1024 * 1024 + 256, DATAGRAM = CS_TLS_RECORD_MAX + 2048 };
/* Turns of one exchange between the session and its transport: it ends sooner. */
enum { TURNS_MAX = 10000 };

void cs_runner_case_secure_calls(cs_runner_case *c, struct cs_runner_veils *veils) {
  c->veils = veils;
}

static bool is_stream(const cs_runner_case *c) {
  return c->form != CS_WIRE_UDP;
}

static cs_runner_act *post(cs_runner_call *call, cs_runner_act_kind kind) {
  cs_runner_case *c = call->owner;
  cs_runner_act *act = cs_runner_push(&c->arena, &c->outbox, sizeof *act);
  *act = (cs_runner_act){.kind = kind, .port = call->port};
  return act;
}

/* ---- Carrying bytes ---- */

static void tapped(void *ctx, bool sent, cs_span bytes) {
  cs_runner_trail_add(ctx, sent, bytes);
}

static void send_bytes(cs_runner_call *call, cs_span bytes) {
  cs_runner_case *c = call->owner;
  post(call, CS_RUNNER_ACT_SEND)->bytes = cs_runner_copy(&c->arena, bytes);
  if (!c->secured)
    cs_runner_trail_add(call, true, bytes);
}

/* Hands over what the session has for the transport; false when that is nothing. */
static bool carry(cs_runner_call *call) {
  static uint8_t buf[DATAGRAM];
  cs_runner_case *c = call->owner;
  cs_core_peer to;
  cs_span bytes;
  size_t len;
  bool any = false;
  if (!is_stream(c)) {
    while (cs_endpoint_transmit(call->endpoint, c->now, buf, sizeof buf, &to, &len) == CS_OK) {
      send_bytes(call, cs_span_of(buf, len));
      any = true;
    }
    return any;
  }
  while (cs_endpoint_output(call->endpoint, c->now, &bytes)) {
    size_t n = bytes.len;
    send_bytes(call, bytes);
    cs_endpoint_sent(call->endpoint, n, c->now);
    any = true;
  }
  return any;
}

/* What the handshake has come to, each once. */
static void tell_security(cs_runner_call *call) {
  cs_tls *t = cs_endpoint_tls(call->endpoint);
  cs_tls_negotiated n;
  cs_tls_failure f;
  if (!t || call->refused)
    return;
  memset(&n, 0, sizeof n);
  if (!call->secured && cs_tls_state_of(t) >= CS_TLS_ESTABLISHED && cs_tls_negotiated_of(t, &n)) {
    call->secured = true;
    cs_runner_call_tell_secured(call, &n);
  }
  if (!call->secured && cs_tls_failure_of(t, &f)) {
    call->refused = true;
    cs_runner_call_tell_refused(call, &f);
  }
}

static void tell_connected(cs_runner_call *call) {
  if (call->connected || !cs_endpoint_ready(call->endpoint))
    return;
  call->connected = true;
  cs_runner_call_tell(call, CS_RUNNER_EVENT_CONNECTED);
}

static void drop(cs_runner_call *call) {
  cs_endpoint_close(call->endpoint);
  call->endpoint = NULL;
  call->request = NULL;
}

static void hang_up(cs_runner_call *call) {
  cs_runner_case *c = call->owner;
  cs_runner_trail_end(call);
  if (is_stream(c) && call->up && !call->ended)
    cs_runner_case_record(c, CS_REPORT_ENDED, true, call->port, (cs_span){0}, "close");
  if (is_stream(c) || c->secured)
    post(call, CS_RUNNER_ACT_CLOSE);
  drop(call);
}

/* Lets the session work on what it has: events are told, bytes carried, its end seen. */
static void work(cs_runner_call *call) {
  cs_runner_case *c = call->owner;
  cs_core_event event;
  bool moved = true;
  for (unsigned turns = 0; moved && turns < TURNS_MAX; turns++) {
    moved = false;
    while (cs_endpoint_next_event(call->endpoint, &event)) {
      tell_security(call);
      tell_connected(call);
      cs_runner_call_tell_core(call, &event);
      cs_endpoint_answer(call->endpoint, &event, true, c->now);
      moved = true;
    }
    moved = carry(call) || moved;
    tell_security(call);
    tell_connected(call);
  }
  if (!cs_endpoint_finished(call->endpoint))
    return;
  if (!call->refused)
    cs_runner_call_tell(call, CS_RUNNER_EVENT_CLOSED);
  hang_up(call);
}

static cs_runner_call *live(const cs_runner_case *c, unsigned port) {
  return c->call && c->call->endpoint && c->call->port == port ? c->call : NULL;
}

bool cs_runner_call_owns(const cs_runner_case *c, unsigned port) {
  return c->calls >> port & 1u;
}

unsigned cs_runner_call_port(const cs_runner_case *c) {
  return c->call->port;
}

void cs_runner_call_connected(cs_runner_case *c, unsigned port) {
  cs_runner_call *call = live(c, port);
  if (!call)
    return;
  if (cs_runner_opens(c))
    cs_runner_case_record(c, CS_REPORT_OPENED, true, port, (cs_span){0},
                          c->secured ? cs_runner_open_notation(&c->arena, &call->secure) : "open");
  call->up = true;
  cs_endpoint_up(call->endpoint, c->now);
  work(call);
}

void cs_runner_call_receive(cs_runner_case *c, unsigned port, cs_span bytes) {
  cs_runner_call *call = live(c, port);
  if (!call)
    return;
  call->total += bytes.len;
  if (call->total > CS_RUNNER_STREAM_MAX) {
    cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, 0,
                     "the target sent more than 2 MiB to our client");
    return;
  }
  if (!c->secured)
    cs_runner_trail_add(call, false, bytes);
  (void)cs_endpoint_receive(call->endpoint, 0, false, bytes, c->now);
  work(call);
}

void cs_runner_call_closed(cs_runner_case *c, unsigned port, bool reset) {
  cs_runner_call *call = live(c, port);
  if (!call)
    return;
  cs_runner_trail_end(call);
  call->ended = true;
  cs_runner_case_record(c, reset ? CS_REPORT_RESET : CS_REPORT_ENDED, false, port, (cs_span){0},
                        reset ? "reset" : "closed");
  if (!call->connected && !call->refused && (c->secured ? !call->secured : !call->up)) {
    static const cs_tls_failure closed = {.rule = CS_RULE_TLS_CLOSED_EARLY};
    call->refused = true;
    cs_runner_call_tell_refused(call, call->up ? &closed : NULL);
  }
  cs_endpoint_link(call->endpoint, CS_LINK_CLOSED, c->now);
  work(call);
}

cs_time cs_runner_call_deadline(const cs_runner_case *c) {
  return c->call && c->call->endpoint ? cs_endpoint_deadline(c->call->endpoint) : CS_TIME_NEVER;
}

void cs_runner_call_expire(cs_runner_case *c) {
  cs_runner_call *call = c->call;
  if (!call || !call->endpoint || cs_endpoint_deadline(call->endpoint) > c->now)
    return;
  cs_endpoint_expire(call->endpoint, c->now);
  work(call);
}

/* ---- Beginning and end ---- */

static void goodbye(cs_runner_call *call) {
  cs_runner_case *c = call->owner;
  if (!call->endpoint)
    return;
  call->goodbye = true;
  cs_endpoint_release(call->endpoint, c->now);
  work(call);
  if (!call->endpoint)
    return;
  cs_tls *t = cs_endpoint_tls(call->endpoint);
  if (t) { /* the target's answer is not waited for */
    cs_tls_finish(t, c->now);
    (void)carry(call);
  }
  hang_up(call);
}

void cs_runner_call_leave(cs_runner_case *c) {
  if (c->call)
    goodbye(c->call);
}

void cs_runner_call_free(cs_runner_case *c) {
  if (c->call && c->call->endpoint)
    drop(c->call);
}

static void configure(cs_runner_call *call) {
  cs_runner_case *c = call->owner;
  cs_base_seeded_init(&call->random, cs_base_seeded_next(&c->fresh.random));
  call->config = (cs_endpoint_config){.core = {.role = CS_CLIENT,
                                               .form = c->form,
                                               .alloc = &cs_net_heap_alloc,
                                               .random = cs_base_seeded_random(&call->random),
                                               .max_message = is_stream(c) ? MESSAGE_MAX : 0},
                                      .link = c->form == CS_WIRE_TCP  ? CS_LINK_STREAM
                                              : c->form == CS_WIRE_WS ? CS_LINK_WEBSOCKET
                                                                      : CS_LINK_DATAGRAM,
                                      .tap = tapped,
                                      .tap_ctx = call};
  if (c->secured)
    call->config.plain = cs_runner_get(&c->arena, CS_TLS_RECORD_MAX);
}

/* The session's security; false with *why. */
static bool secure(cs_runner_call *call, const char **why) {
  cs_runner_case *c = call->owner;
  if (!c->secured)
    return true;
  *why = "this driver has no security for our client";
  cs_tls *t = c->veils ? cs_runner_veils_session(c->veils, c->config.variant.transport,
                                                 &call->secure, c->now, why)
                       : NULL;
  if (!t)
    return false;
  cs_err err = cs_endpoint_secure(call->endpoint, t);
  if (err == CS_OK)
    return true;
  cs_tls_close(t);
  *why = cs_base_err_text(err);
  return false;
}

/* Makes a session, and asks for its transport. */
static bool begin(cs_runner_case *c, const cs_runner_step *step) {
  const char *why = "out of ports";
  if (c->ports >= CS_RUNNER_PORTS_MAX - CS_RUNNER_LIFE_PORTS) {
    cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step->line, "too many ports");
    return false;
  }
  cs_runner_call *call = cs_runner_get(&c->arena, sizeof *call);
  *call = (cs_runner_call){.owner = c, .port = c->ports++, .secure = step->secure};
  c->port_names[call->port] = (uint16_t)(call->port + 1);
  c->calls |= 1u << call->port;
  c->call = call;
  configure(call);
  cs_err err = cs_endpoint_open(&call->config, NULL, is_stream(c) ? MESSAGE_MAX : MTU, c->now,
                                &call->endpoint);
  if (err != CS_OK) {
    call->endpoint = NULL;
    why = cs_base_err_text(err);
  } else if (c->form == CS_WIRE_WS) {
    err = cs_endpoint_ws_host(call->endpoint,
                              cs_span_str(c->config.host ? c->config.host : "localhost"), NULL);
    why = cs_base_err_text(err);
  }
  if (err != CS_OK || !secure(call, &why)) {
    cs_runner_call_free(c);
    cs_runner_decide(c, c->secured && c->veils ? CS_VERDICT_SKIP : CS_VERDICT_INCONCLUSIVE, NULL,
                     step->line, why);
    return false;
  }
  if (is_stream(c) || c->secured) {
    cs_runner_act *act = post(call, CS_RUNNER_ACT_CONNECT);
    act->unveiled = c->secured;
  }
  if (!is_stream(c))
    cs_runner_call_connected(c, call->port);
  return true;
}

/* ---- Steps ---- */

static const char *step_text(cs_runner_case *c, const cs_runner_step *step) {
  static const char *const names[] = {"", "open", "ping", "cancel", "release", "close"};
  if (step->call == CS_RUNNER_CALL_OPEN && c->secured)
    return cs_runner_format(&c->arena, "call %s",
                            cs_runner_open_notation(&c->arena, &step->secure));
  return cs_runner_format(&c->arena, "call %s", names[step->call]);
}

static void note(cs_runner_call *call, const char *text) {
  cs_runner_case_record(call->owner, CS_REPORT_EVENT, true, call->port, (cs_span){0}, text);
}

static void refuse(cs_runner_case *c, const cs_runner_step *step, cs_err err, cs_rule rule) {
  cs_runner_decide(
      c, CS_VERDICT_INCONCLUSIVE, NULL, step->line,
      cs_runner_format(&c->arena, "our client does not send it: %s",
                       rule != CS_RULE_NONE ? cs_base_rule_text(rule) : cs_base_err_text(err)));
}

/* Makes what the step says, as an own ">>" would, and gives it to our client. */
static bool request(cs_runner_call *call, const cs_runner_step *step, cs_span echo) {
  cs_runner_case *c = call->owner;
  cs_runner_maker maker = cs_runner_case_maker(c);
  cs_runner_made made;
  cs_wire_message m;
  const char *why = NULL;
  uint8_t token[4];
  maker.echo = echo;
  maker.form = CS_WIRE_UDP; /* for its type */
  if (!cs_runner_make(&maker, &step->send, &made, &why)) {
    cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step->line, why);
    return false;
  }
  if (cs_wire_parse(CS_WIRE_UDP, made.message, &c->limits, &m) != CS_RULE_NONE) {
    cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step->line, "no such request can be made");
    return false;
  }
  cs_core_session *s = cs_endpoint_session(call->endpoint);
  cs_core_new_token(s, token, sizeof token);
  cs_core_request_spec spec = {.type = m.type,
                               .code = m.code,
                               .mid = -1,
                               .token = cs_runner_copy(&c->arena, cs_span_of(token, sizeof token)),
                               .options = m.options,
                               .payload = m.payload};
  cs_rule rule = CS_RULE_NONE;
  m.form = CS_WIRE_TCP;
  m.token = (cs_span){0};
  note(call, cs_runner_format(&c->arena, "call %s%s",
                              is_stream(c)       ? ""
                              : m.type == CS_NON ? "NON "
                                                 : "CON ",
                              cs_runner_plain_notation(&c->arena, &m)));
  cs_err err = cs_core_send_request(s, &spec, c->now, &call->request, &rule);
  if (err != CS_OK) {
    call->request = NULL;
    refuse(c, step, err, rule);
    return false;
  }
  call->asked = step;
  call->echoed = echo.len > 0;
  work(call);
  return true;
}

bool cs_runner_call_echo(cs_runner_case *c, cs_span echo) {
  cs_runner_call *call = c->call;
  if (!call->endpoint || !call->asked || call->echoed)
    return false;
  c->before = c->now;
  return request(call, call->asked, echo);
}

static bool act(cs_runner_call *call, const cs_runner_step *step) {
  cs_runner_case *c = call->owner;
  if (step->call == CS_RUNNER_CALL_REQUEST)
    return request(call, step, (cs_span){0});
  note(call, step_text(c, step));
  uint16_t mid;
  cs_err err = CS_OK;
  switch (step->call) {
  case CS_RUNNER_CALL_PING:
    err = cs_core_ping(cs_endpoint_session(call->endpoint), NULL, c->now, &mid);
    break;
  case CS_RUNNER_CALL_CANCEL:
    if (call->request)
      cs_core_cancel(cs_endpoint_session(call->endpoint), call->request);
    call->request = NULL;
    break;
  case CS_RUNNER_CALL_RELEASE:
    cs_endpoint_release(call->endpoint, c->now);
    break;
  case CS_RUNNER_CALL_CLOSE:
    goodbye(call);
    return true;
  default:
    break;
  }
  if (err != CS_OK) {
    refuse(c, step, err, CS_RULE_NONE);
    return false;
  }
  work(call);
  return true;
}

bool cs_runner_call_step(cs_runner_case *c, const cs_runner_step *step) {
  bool first = !c->call || (c->call->goodbye && !c->call->endpoint);
  if (first || step->call == CS_RUNNER_CALL_OPEN) {
    cs_runner_call_leave(c);
    if (!begin(c, step))
      return false;
  }
  cs_runner_call *call = c->call;
  bool last = step->call == CS_RUNNER_CALL_CLOSE || step->call == CS_RUNNER_CALL_CANCEL ||
              step->call == CS_RUNNER_CALL_RELEASE;
  if (!call->endpoint && !last) {
    cs_runner_decide(c, CS_VERDICT_INCONCLUSIVE, NULL, step->line,
                     "our client's session was over when it was to send");
    return false;
  }
  if (call->endpoint && !act(call, step))
    return false;
  cs_runner_next_step(c, c->now);
  return true;
}
