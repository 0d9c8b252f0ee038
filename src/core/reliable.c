/* Sessions over reliable transports (RFC 8323 section 3): no type, no Message
 * ID, nothing retransmitted. What becomes of a received message, and the time
 * within which the peer's CSM must come. */
#include "core/internal.h"

enum { CSM = CS_CODE(7, 1), ABORT = CS_CODE(7, 5), CSM_TIMEOUT = 30 };

cs_err cs_core_reliable_open(cs_core_session *s) {
  struct reliable *r = cs_base_get(memory(s), sizeof *r);
  if (!r)
    return CS_ERR_MEMORY;
  memset(r, 0, sizeof *r);
  r->csm_due = CS_TIME_NEVER;
  /* The owner may change what later sessions accept. */
  r->accepted = s->config->max_message ? s->config->max_message : MESSAGE_DEFAULT;
  r->csm.kind = OUT_CSM;
  r->release.kind = OUT_RELEASE;
  r->abort.kind = OUT_ABORT;
  cs_core_settings_init(r);
  s->reliable = r;
  cs_core_queue(s, &r->csm);
  return CS_OK;
}

void cs_core_reliable_close(cs_core_session *s) {
  struct reliable *r = s->reliable;
  cs_core_replies_drop(s);
  cs_core_unqueue(s, &r->csm);
  cs_core_unqueue(s, &r->release);
  cs_core_unqueue(s, &r->abort);
  cs_base_put(memory(s), r, sizeof *r);
  s->reliable = NULL;
}

void cs_core_up(cs_core_session *s, cs_time now) {
  cs_core_time(s, now);
  struct reliable *r = s->reliable;
  if (!r || r->up || r->ended)
    return;
  r->up = true;
  cs_time patience = s->config->csm_timeout;
  if (!r->peer.csm)
    r->csm_due = cs_time_add(now, patience ? patience : CSM_TIMEOUT * CS_SECOND);
}

void cs_core_reliable_expire(cs_core_session *s) {
  if (s->now >= s->reliable->csm_due)
    cs_core_abort(s, CS_RULE_CSM_MISSING, 0, s->now);
}

/* False: the session has just been ended, the event of which follows. */
static bool broke(cs_core_session *s, cs_rule rule) {
  cs_core_abort(s, rule, 0, s->now);
  return false;
}

static bool answer(cs_core_session *s, const cs_wire_message *m, uint8_t code, cs_span diagnostic,
                   cs_rule rule, cs_core_event *out) {
  cs_wire_message reply = {.code = code, .token = m->token, .payload = diagnostic};
  cs_err e = cs_core_reply(s, &reply, false);
  if (e == CS_ERR_LIMIT)
    return broke(s, CS_RULE_REPLY_BACKLOG);
  return e == CS_OK ? cs_core_rejected(s, out, rule, m) : broke(s, CS_RULE_OUT_OF_MEMORY);
}

/* Room for one more request: nothing is retransmitted, so one that finds none
 * is answered all the same, by 5.03. */
static bool has_room(const cs_core_session *s) {
  const struct reliable *r = s->reliable;
  uint32_t cap = s->config->max_exchanges ? s->config->max_exchanges : EXCHANGES_DEFAULT;
  return s->exchange_count - r->answers < cap && r->answers < CS_CORE_ANSWERS_MAX &&
         r->answers_bytes < CS_CORE_ANSWERS_BYTES;
}

static bool take_request(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  const cs_span nothing = {NULL, 0};
  if (s->config->role != CS_SERVER)
    return cs_core_budget(s) ? answer(s, m, CS_CODE(5, 1), nothing, CS_RULE_REQUEST_UNSERVED, out)
                             : broke(s, CS_RULE_IDLE_TRAFFIC);
  cs_wire_option at;
  cs_rule rule = cs_wire_option_check(m, s->config->known, s->config->known_ctx, &at);
  if (rule != CS_RULE_NONE) {
    uint8_t text[DIAGNOSTIC_MAX];
    return answer(s, m, CS_CODE(4, 2), cs_core_diagnose(text, at.number), rule, out);
  }
  if (!has_room(s))
    return answer(s, m, CS_CODE(5, 3), nothing, CS_RULE_EXCHANGE_CAP, out);
  cs_core_exchange *x = cs_core_exchange_open(s, m);
  if (!x)
    return answer(s, m, CS_CODE(5, 3), nothing, CS_RULE_OUT_OF_MEMORY, out);
  memset(out, 0, sizeof *out);
  out->kind = CS_EVENT_REQUEST;
  out->peer = s->in_from;
  out->message = *m;
  out->exchange = x;
  return true;
}

static bool take_response(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  cs_core_request *r = cs_core_request_by_token(s, m->token);
  if (!r || r->f.tries == 0)
    return cs_core_budget(s) ? cs_core_rejected(s, out, CS_RULE_TOKEN_UNMATCHED, m)
                             : broke(s, CS_RULE_IDLE_TRAFFIC);
  cs_wire_option at;
  cs_rule rule = cs_wire_option_check(m, s->config->known, s->config->known_ctx, &at);
  if (rule != CS_RULE_NONE) {
    cs_core_request_end(s, r, CS_NACK_BAD_RESPONSE, rule);
    return cs_core_rejected(s, out, rule, m);
  }
  memset(out, 0, sizeof *out);
  out->kind = CS_EVENT_RESPONSE;
  out->peer = s->in_from;
  out->message = *m;
  out->request = r;
  out->app = r->app;
  out->body_released = true;
  cs_core_request_answered(s, r);
  return true;
}

static bool match(cs_core_session *s, cs_core_event *out) {
  struct reliable *r = s->reliable;
  bool drained = s->closed && !r->releasing && !r->released;
  if (r->ended || drained)
    return false;
  if (s->in.len > cs_core_accepted(s))
    return broke(s, CS_RULE_MESSAGE_CAP);
  cs_wire_message m;
  cs_wire_limits limits = {s->config->token_max > TOKEN_BASE ? s->config->token_max : TOKEN_BASE};
  cs_rule rule = cs_wire_parse(s->config->form, s->in, &limits, &m);
  if (rule != CS_RULE_NONE)
    return broke(s, rule);
  /* Section 3.4: an Empty message can always be sent and is ignored, so even
   * before the CSM. */
  if (m.code == CS_CODE_EMPTY)
    return cs_core_budget(s) ? false : broke(s, CS_RULE_IDLE_TRAFFIC);
  /* One that gives up at once says why; that tells more than the lack of a CSM. */
  if (!r->peer.csm && m.code != CSM && m.code != ABORT)
    return broke(s, CS_RULE_CSM_FIRST);
  if (cs_wire_code_is_signal(m.code))
    return cs_core_signal(s, &m, out);
  return cs_wire_code_is_request(m.code) ? take_request(s, &m, out) : take_response(s, &m, out);
}

/* What is to be told without looking at a message. */
static bool due(cs_core_session *s, cs_core_event *out) {
  if (cs_core_aborted_event(s, out))
    return true;
  if (!s->ended.first)
    return false;
  cs_core_ended_event(s, out);
  return true;
}

bool cs_core_reliable_event(cs_core_session *s, cs_core_event *out) {
  if (due(s, out))
    return true;
  if (!s->in_pending)
    return false;
  s->in_pending = false;
  /* A message may also have ended requests, or the session. */
  return match(s, out) || due(s, out);
}

cs_time cs_core_reliable_deadline(const cs_core_session *s) {
  if (s->in_pending || s->ended.first || s->reliable->tell)
    return s->now;
  cs_time at = cs_time_min(cs_base_heap_deadline(&s->timers), s->reliable->csm_due);
  return at > s->now ? at : s->now;
}
