/* Signaling messages that come (RFC 8323 section 5): CSM, Ping, Pong, Release,
 * Abort. */
#include "core/internal.h"

enum {
  CSM = CS_CODE(7, 1),
  PING = CS_CODE(7, 2),
  PONG = CS_CODE(7, 3),
  RELEASE = CS_CODE(7, 4),
  ABORT = CS_CODE(7, 5),
  CUSTODY = 2
};

static bool event_of(const cs_core_session *s, cs_core_event_kind kind, const cs_wire_message *m,
                     cs_core_event *out) {
  memset(out, 0, sizeof *out);
  out->kind = kind;
  out->peer = s->in_from;
  out->message = *m;
  return true;
}

static bool take_csm(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  uint32_t option = 0;
  cs_rule broken = cs_core_settings_take(s, m, &option);
  if (broken != CS_RULE_NONE) {
    cs_core_abort(s, broken, option, s->now);
    return false;
  }
  s->reliable->csm_due = CS_TIME_NEVER;
  cs_core_recheck(s);
  return event_of(s, CS_EVENT_CSM, m, out);
}

/* Custody in a Ping asks for it in the Pong, which then says that all that came
 * before was processed. A value makes it another option, which is ignored. */
static bool asks_custody(const cs_wire_message *m) {
  cs_span value;
  return cs_wire_option_get(m->options, CUSTODY, &value) && value.len == 0;
}

static bool take_ping(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  static const uint8_t custody[] = {CUSTODY << 4};
  bool asked = asks_custody(m);
  cs_wire_message pong = {.code = PONG, .token = m->token};
  if (asked)
    pong.options = cs_span_of(custody, sizeof custody);
  cs_err e = cs_core_reply(s, &pong, asked);
  if (e != CS_OK) {
    cs_core_abort(s, e == CS_ERR_LIMIT ? CS_RULE_REPLY_BACKLOG : CS_RULE_OUT_OF_MEMORY, 0, s->now);
    return false;
  }
  return event_of(s, CS_EVENT_PING, m, out);
}

/* The Ping of ours that this answers, or NULL. */
static cs_core_request *ping_of(const cs_core_session *s, const cs_wire_message *m) {
  uint16_t mid = PING_BARE;
  if (m->token.len == PING_TOKEN)
    mid = (uint16_t)((unsigned)m->token.at[0] << 8 | m->token.at[1]);
  if ((mid == PING_BARE) != (m->token.len == 0))
    return NULL;
  struct flight *f = cs_core_flight_find(s, 0, mid);
  return f && f->tries ? (cs_core_request *)f : NULL;
}

static bool take_abort(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  cs_core_end(s);
  return event_of(s, CS_EVENT_ABORT, m, out);
}

static bool take_release(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  s->closed = true;
  s->reliable->released = true;
  return event_of(s, CS_EVENT_RELEASE, m, out);
}

/* Section 5.2: an unrecognised critical option ends the connection, also in a
 * message whose code is not known, where no option is. */
static cs_rule check_options(const cs_wire_message *m) {
  cs_wire_option at;
  return cs_wire_option_check(m, NULL, NULL, &at) == CS_RULE_NONE ? CS_RULE_NONE
                                                                  : CS_RULE_SIGNAL_CRITICAL;
}

bool cs_core_signal(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  if (m->code == ABORT)
    return take_abort(s, m, out);
  if (m->code != CSM && check_options(m) != CS_RULE_NONE) {
    cs_core_abort(s, CS_RULE_SIGNAL_CRITICAL, 0, s->now);
    return false;
  }
  cs_core_request *ping = m->code == PONG ? ping_of(s, m) : NULL;
  if (ping) {
    ping->pong = true;
    cs_core_request_end(s, ping, CS_NACK_RESET, CS_RULE_NONE);
    return false; /* the request's end is the event */
  }
  if (!cs_core_budget(s)) {
    cs_core_abort(s, CS_RULE_IDLE_TRAFFIC, 0, s->now);
    return false;
  }
  switch (m->code) {
  case CSM:
    return take_csm(s, m, out);
  case PING:
    return take_ping(s, m, out);
  case PONG:
    return cs_core_rejected(s, out, CS_RULE_PONG_UNMATCHED, m);
  case RELEASE:
    return take_release(s, m, out);
  default:
    /* The RFC says nothing of codes that are not assigned: ignored. */
    return cs_core_rejected(s, out, CS_RULE_SIGNAL_CODE, m);
  }
}
