/* What becomes of a received message: rejection (RFC 7252 sections 4.2, 4.3),
 * matching an Acknowledgement or Reset to what was sent (4.4), a response to
 * its request (5.3.2), a duplicate to its first copy (4.5). */
#include "core/internal.h"

bool cs_core_rejected(const cs_core_session *s, cs_core_event *out, cs_rule rule,
                      const cs_wire_message *m) {
  memset(out, 0, sizeof *out);
  out->kind = CS_EVENT_REJECTED;
  out->rule = rule;
  out->peer = s->in_from;
  if (m) {
    out->message = *m;
    out->mid = m->mid;
  }
  return true;
}

/* Malformed: a Confirmable one is reset; so is a Non-confirmable one, which
 * section 4.3 allows; an Acknowledgement or Reset is never answered; a wrong
 * version is silently ignored. */
static bool malformed(cs_core_session *s, cs_core_event *out, cs_rule rule) {
  uint8_t type, code;
  uint16_t mid;
  if (cs_wire_peek(s->in, &type, &code, &mid)) {
    if ((type == CS_CON || type == CS_NON) && !s->in_multicast)
      cs_core_bare(s, CS_RST, mid, s->in_from);
    cs_core_rejected(s, out, rule, NULL);
    out->mid = mid;
    return true;
  }
  return cs_core_rejected(s, out, rule, NULL);
}

static inline bool response_event(cs_core_session *s, cs_core_request *r, const cs_wire_message *m,
                                  cs_core_event *out) {
  memset(out, 0, sizeof *out);
  out->kind = CS_EVENT_RESPONSE;
  out->peer = s->in_from;
  out->message = *m;
  out->request = r;
  out->app = r->app;
  out->mid = r->f.mid;
  if (!r->multicast) {
    out->body_released = true;
    cs_core_request_answered(s, r);
  }
  return true;
}

/* A response that cannot be used ends its request with the rule. */
static bool bad_response(cs_core_session *s, cs_core_request *r, const cs_wire_message *m,
                         cs_core_event *out, cs_rule rule) {
  if (!r->multicast)
    cs_core_request_end(s, r, CS_NACK_BAD_RESPONSE, rule);
  return cs_core_rejected(s, out, rule, m);
}

static cs_rule check_response(const cs_core_session *s, const cs_wire_message *m) {
  cs_wire_option at;
  return cs_wire_option_check(m, s->config->known, s->config->known_ctx, &at);
}

static bool match_reset(cs_core_session *s, struct flight *f, const cs_wire_message *m,
                        cs_core_event *out) {
  if (f->kind == FLIGHT_RESPONSE) {
    cs_core_exchange_free(s, (cs_core_exchange *)f);
    memset(out, 0, sizeof *out);
    out->kind = CS_EVENT_RESET;
    out->peer = s->in_from;
    out->message = *m;
    out->mid = m->mid;
    return true;
  }
  cs_core_request *r = (cs_core_request *)f;
  if (r->multicast)
    return cs_core_rejected(s, out, CS_RULE_MID_NOT_OURS, m);
  r->pong = f->kind == FLIGHT_PING;
  cs_core_request_end(s, r, CS_NACK_RESET, CS_RULE_NONE);
  return false;
}

static bool match_ack(cs_core_session *s, struct flight *f, const cs_wire_message *m,
                      cs_core_event *out) {
  if (f->kind == FLIGHT_RESPONSE) {
    /* Section 5.2.2: any matching Acknowledgement ends it, its code and
     * payload do not matter. */
    cs_core_exchange_free(s, (cs_core_exchange *)f);
    return false;
  }
  cs_core_request *r = (cs_core_request *)f;
  if (f->kind == FLIGHT_PING)
    return cs_core_rejected(s, out, CS_RULE_MID_NOT_OURS, m);
  if (m->code == CS_CODE_EMPTY) {
    cs_core_request_acked(s, r);
    return false;
  }
  if (!cs_span_equal(r->token, m->token))
    return cs_core_rejected(s, out, CS_RULE_MID_TOKEN_MISMATCH, m);
  cs_rule rule = check_response(s, m);
  if (rule != CS_RULE_NONE)
    return bad_response(s, r, m, out, rule);
  return response_event(s, r, m, out);
}

static bool match_reply(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  struct flight *f = cs_core_flight_find(s, s->in_from, m->mid);
  /* Only what was sent can be matched, and only a Confirmable message is
   * acknowledged. */
  if (!f || f->tries == 0 || (m->type == CS_ACK && f->type != CS_CON))
    return cs_core_rejected(s, out, CS_RULE_MID_NOT_OURS, m);
  return m->type == CS_RST ? match_reset(s, f, m, out) : match_ack(s, f, m, out);
}

/* Confirmable or Non-confirmable: rejected with a Reset that its duplicates
 * get too. */
static bool refuse(cs_core_session *s, const cs_wire_message *m, cs_core_event *out, cs_rule rule) {
  struct seen *seen = s->in_multicast ? NULL : cs_core_seen_add(s, s->in_from, m);
  if (seen)
    cs_core_seen_reply(s, seen, REPLY_RST);
  return cs_core_rejected(s, out, rule, m);
}

static bool match_response(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  cs_core_request *r = cs_core_request_by_token(s, m->token);
  if (!r || r->f.tries == 0)
    return refuse(s, m, out, CS_RULE_TOKEN_UNMATCHED);
  if (s->in_from != r->f.peer && !r->multicast)
    return refuse(s, m, out, CS_RULE_SOURCE_UNMATCHED);
  cs_rule rule = check_response(s, m);
  if (rule != CS_RULE_NONE) {
    struct seen *seen = cs_core_seen_add(s, s->in_from, m);
    if (seen)
      cs_core_seen_reply(s, seen, REPLY_RST);
    return bad_response(s, r, m, out, rule);
  }
  struct seen *seen = cs_core_seen_add(s, s->in_from, m);
  if (!seen)
    return false; /* as if lost: the server retransmits it */
  s->held_seen = seen;
  return response_event(s, r, m, out);
}

/* A ping is being answered; clients may want to know. */
static bool pinged(const cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  if (s->config->role != CS_CLIENT)
    return false;
  memset(out, 0, sizeof *out);
  out->kind = CS_EVENT_PING;
  out->mid = m->mid;
  out->message = *m;
  out->peer = s->in_from;
  return true;
}

bool cs_core_match(cs_core_session *s, cs_core_event *out) {
  cs_wire_message m;
  cs_wire_limits limits = {s->config->token_max > 8 ? s->config->token_max : 8};
  cs_rule rule = cs_wire_parse(s->config->form, s->in, &limits, &m);
  if (rule != CS_RULE_NONE)
    return malformed(s, out, rule);
  if (m.type == CS_ACK || m.type == CS_RST)
    return match_reply(s, &m, out);
  if (m.code == CS_CODE_EMPTY) {
    /* A ping: the parser lets only Confirmable Empty messages through. */
    if (s->in_multicast)
      return false;
    cs_core_bare(s, CS_RST, m.mid, s->in_from);
    return pinged(s, &m, out);
  }
  struct seen *first = cs_core_seen_find(s, s->in_from, m.mid);
  if (first) {
    if (first->reply != REPLY_NONE && m.type == CS_CON)
      cs_core_queue(s, &first->out);
    return cs_core_rejected(s, out, CS_RULE_LATE_DUPLICATE, &m);
  }
  if (s->closed)
    return false;
  if (cs_wire_code_is_request(m.code))
    return s->config->role == CS_SERVER ? cs_core_exchange_request(s, &m, out)
                                        : refuse(s, &m, out, CS_RULE_REQUEST_AT_CLIENT);
  return match_response(s, &m, out);
}
