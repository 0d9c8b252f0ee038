/* How a port is opened: TCP, the handshake of (D)TLS, then the upgrade on a
 * WebSocket, then on streams our Capabilities and Settings (RFC 8323 sections 4.1 and 5.3). The
 * target's are not waited for: section 3.3 lets us go on at once, and a target that sends none
 * breaks a rule that most cases are not about. */
#include "runner/case_inside.h"

/* In units of the profile's time for a response. */
enum { PATIENCE = 5 };

static const uint8_t csm = CS_CODE(7, 1);

bool cs_runner_open_fail(cs_runner_stream *s, const char *why) {
  s->stage = CS_RUNNER_STAGE_FAILED;
  s->why = why;
  return true;
}

const char *cs_runner_open_trouble(cs_runner_case *c, const cs_runner_stream *s) {
  return cs_runner_format(
      &c->arena,
      s->insecure ? "the handshake failed: %s" : "the connection could not be opened: %s", s->why);
}

static cs_time patience(const cs_runner_case *c) {
  return cs_time_add(c->now, PATIENCE * c->config.profile->response);
}

/* The target's host if it is a name, of "name:port"; NULL for an address. */
static const char *target_name(cs_runner_case *c) {
  const char *host = c->config.host;
  size_t len = host ? strcspn(host, ":") : 0;
  size_t digits = host ? strspn(host, "0123456789.") : 0;
  if (len == 0 || host[0] == '[' || digits >= len)
    return NULL;
  return cs_runner_text(&c->arena, cs_span_of((const uint8_t *)host, len));
}

void cs_runner_open_begin(cs_runner_case *c, unsigned port, cs_runner_open open,
                          const cs_runner_secure *secure) {
  cs_runner_stream *s = cs_runner_get(&c->arena, sizeof *s);
  cs_runner_act *act = cs_runner_push(&c->arena, &c->outbox, sizeof *act);
  *act = (cs_runner_act){.kind = CS_RUNNER_ACT_CONNECT, .port = port};
  s->open = open;
  s->due = patience(c);
  s->mode = c->form == CS_WIRE_WS ? CS_RUNNER_MODE_HEAD : CS_RUNNER_MODE_MESSAGES;
  c->streams[port] = s;
  if (!c->secured)
    return;
  if (secure)
    s->secure = *secure;
  if (!s->secure.sni)
    s->secure.sni = target_name(c);
  act->secure = &s->secure;
  if (c->form == CS_WIRE_UDP)
    cs_runner_open_reached(c, port);
}

/* Our CSM. libcoap 4.3.4 does not see a message of two bytes on a WebSocket, and
 * answers nothing before it has a CSM, so there it has an option: one that states
 * a base value (RFC 8974 section 2.2.1), so that nothing changes. */
static void send_csm(cs_runner_case *c, unsigned port) {
  static const uint8_t token_length[] = {0x61, 8}; /* Extended-Token-Length */
  cs_wire_message m = {.form = c->form, .code = csm};
  if (c->form == CS_WIRE_WS)
    m.options = cs_span_of(token_length, sizeof token_length);
  uint8_t bytes[16];
  size_t len;
  if (cs_wire_build(&m, bytes, sizeof bytes, &len) != CS_OK)
    return;
  cs_runner_made made = {.message = cs_runner_copy(&c->arena, cs_span_of(bytes, len))};
  made.bytes = cs_runner_wrap(&c->arena, &c->fresh, c->form, made.message);
  cs_runner_case_send(c, port, &made);
}

static void settle(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  s->stage = CS_RUNNER_STAGE_OPEN;
  if (s->open == CS_RUNNER_OPEN_FULL && c->form != CS_WIRE_UDP)
    send_csm(c, port);
}

void cs_runner_open_reached(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  if (s->connected)
    return;
  s->connected = true;
  if (c->secured)
    s->stage = CS_RUNNER_STAGE_SECURING;
  cs_runner_case_record(c, CS_REPORT_OPENED, true, port, (cs_span){0},
                        c->secured ? cs_runner_open_notation(&c->arena, &s->secure) : "open");
}

void cs_runner_open_connected(cs_runner_case *c, unsigned port) {
  cs_runner_open_reached(c, port);
  if (!c->secured)
    cs_runner_open_go_on(c, port);
  else
    cs_runner_stream_of(c, port)->due = patience(c);
}

void cs_runner_open_go_on(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  if (c->secured)
    s->due = patience(c);
  if (s->open == CS_RUNNER_OPEN_CONNECTED || c->form != CS_WIRE_WS) {
    settle(c, port);
    return;
  }
  static const cs_runner_send upgrade = {.kind = CS_RUNNER_SEND_UPGRADE};
  cs_runner_maker maker = cs_runner_case_maker(c);
  cs_runner_made made;
  const char *why;
  s->stage = CS_RUNNER_STAGE_UPGRADING;
  if (cs_runner_make(&maker, &upgrade, &made, &why))
    cs_runner_case_send(c, port, &made);
}

bool cs_runner_open_turn(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  if (s->stage >= CS_RUNNER_STAGE_OPEN)
    return true;
  if (c->now < s->due)
    return false;
  s->insecure = c->secured && s->stage <= CS_RUNNER_STAGE_SECURING;
  return cs_runner_open_fail(s, s->insecure    ? "it was not completed"
                                : s->connected ? "the upgrade was not answered"
                                               : "it was not accepted");
}

/* What the head of the response says besides is for scenarios about it: any 101
 * is an upgrade here. */
bool cs_runner_open_takes(cs_runner_case *c, cs_runner_arrival *a) {
  cs_runner_stream *s = cs_runner_stream_of(c, a->port);
  if (c->secured && cs_runner_handshake_takes(c, a))
    return true;
  if (c->form == CS_WIRE_UDP || s->stage >= CS_RUNNER_STAGE_OPEN ||
      a->kind >= CS_RUNNER_CAME_SECURED)
    return false;
  if (a->kind == CS_RUNNER_CAME_END) {
    s->refused = !s->connected;
    return cs_runner_open_fail(
        s, s->refused ? "it was refused"
                      : cs_runner_format(&c->arena, "the target %s it before the upgrade",
                                         a->reset ? "reset" : "closed"));
  }
  if (a->kind != CS_RUNNER_CAME_HEAD || a->fault || a->head.status != 101)
    return cs_runner_open_fail(s,
                               cs_runner_format(&c->arena, "%s answered the upgrade", a->notation));
  settle(c, a->port);
  return true;
}
