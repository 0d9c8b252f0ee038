/* How a connection is opened: TCP, then the upgrade on a WebSocket, then our
 * Capabilities and Settings (RFC 8323 sections 4.1 and 5.3). The target's are not
 * waited for: section 3.3 lets us go on at once, and a target that sends none
 * breaks a rule that most cases are not about. */
#include "runner/case_inside.h"

/* In units of the profile's time for a response. */
enum { PATIENCE = 5 };

static const uint8_t csm = CS_CODE(7, 1);

static bool fail(cs_runner_stream *s, const char *why) {
  s->stage = CS_RUNNER_STAGE_FAILED;
  s->why = why;
  return true;
}

void cs_runner_open_begin(cs_runner_case *c, unsigned port, cs_runner_open open) {
  cs_runner_stream *s = cs_runner_get(&c->arena, sizeof *s);
  cs_runner_act *act = cs_runner_push(&c->arena, &c->outbox, sizeof *act);
  *act = (cs_runner_act){CS_RUNNER_ACT_CONNECT, port, {0}};
  s->open = open;
  s->due = cs_time_add(c->now, PATIENCE * c->config.profile->response);
  s->mode = c->form == CS_WIRE_WS ? CS_RUNNER_MODE_HEAD : CS_RUNNER_MODE_MESSAGES;
  c->streams[port] = s;
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
  if (s->open == CS_RUNNER_OPEN_FULL)
    send_csm(c, port);
}

void cs_runner_open_connected(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  s->connected = true;
  cs_runner_case_record(c, CS_REPORT_OPENED, true, port, (cs_span){0}, "open");
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
  return fail(s, s->connected ? "the upgrade was not answered" : "it was not accepted");
}

/* What the head of the response says besides is for scenarios about it: any 101
 * is an upgrade here. */
bool cs_runner_open_takes(cs_runner_case *c, const cs_runner_arrival *a) {
  cs_runner_stream *s = cs_runner_stream_of(c, a->port);
  if (c->form == CS_WIRE_UDP || s->stage >= CS_RUNNER_STAGE_OPEN)
    return false;
  if (a->kind == CS_RUNNER_CAME_END) {
    s->refused = !s->connected;
    return fail(s, s->refused ? "it was refused"
                              : cs_runner_format(&c->arena, "the target %s it before the upgrade",
                                                 a->reset ? "reset" : "closed"));
  }
  if (a->kind != CS_RUNNER_CAME_HEAD || a->fault || a->head.status != 101)
    return fail(s, cs_runner_format(&c->arena, "%s answered the upgrade", a->notation));
  settle(c, a->port);
  return true;
}
