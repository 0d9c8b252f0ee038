#include "api/deliver.h"

#include "api/error.h"
#include "api/event.h"
#include "api/secure.h"
#include "api/stream.h"
#include "wire/option.h"

void cs_api_open_add(coap_session_t *s, coap_pdu_t *pdu) {
  pdu->session = s;
  pdu->prev = NULL;
  pdu->next = s->open;
  if (s->open)
    s->open->prev = pdu;
  s->open = pdu;
  pdu->waiting = true;
  s->context->open++;
  s->context->waiting++;
}

void cs_api_open_remove(coap_session_t *s, coap_pdu_t *pdu) {
  if (pdu->prev)
    pdu->prev->next = pdu->next;
  else
    s->open = pdu->next;
  if (pdu->next)
    pdu->next->prev = pdu->prev;
  s->context->open--;
  if (pdu->waiting)
    s->context->waiting--;
  cs_api_pdu_free(pdu);
}

void *cs_api_probe(void) {
  static char probe;
  return &probe;
}

/* Whose message it was, for the reason; only looked up when it is logged. */
static void note(const coap_session_t *s, cs_rule rule) {
  bool logged = coap_get_log_level() >= COAP_LOG_DEBUG;
  cs_api_note_rule(logged ? coap_session_str(s) : "a received message", rule);
}

static bool response(coap_session_t *s, const cs_core_event *e) {
  coap_context_t *ctx = s->context;
  if (cs_api_group_of(s)) {
    for (unsigned i = 0; i < CS_API_RESPONDERS_MAX; i++)
      if (e->peer && cs_api_group_of(s)->known[i].number == e->peer)
        cs_api_group_of(s)->responder = cs_api_group_of(s)->known[i].address;
    cs_api_group_of(s)->answered = true;
  }
  if (!ctx->on_response)
    return true;
  coap_pdu_t received;
  cs_api_pdu_view(&received, &e->message);
  if (cs_api_streaming(s))
    received.mid = ((const coap_pdu_t *)e->app)->mid;
  ctx->calling++;
  coap_response_t r = ctx->on_response(s, e->app, &received, received.mid);
  ctx->calling--;
  return r != COAP_RESPONSE_FAIL;
}

static coap_nack_reason_t reason_of(const coap_session_t *s, cs_core_nack reason) {
  switch (reason) {
  case CS_NACK_TIMEOUT:
    return COAP_NACK_TOO_MANY_RETRIES;
  case CS_NACK_RESET:
    return COAP_NACK_RST;
  case CS_NACK_UNREACHABLE:
    return COAP_NACK_ICMP_ISSUE;
  case CS_NACK_BAD_RESPONSE:
    return COAP_NACK_BAD_RESPONSE;
  case CS_NACK_TOO_LARGE:
    return COAP_NACK_NOT_DELIVERABLE;
  default:
    return (coap_nack_reason_t)s->nack;
  }
}

/* Whether the end of this request is no news: nothing was to come, or it
 * went to a group and its time is over. */
static bool silent_end(const coap_session_t *s, const coap_pdu_t *pdu, cs_core_nack reason) {
  cs_span value;
  if (!pdu || reason != CS_NACK_TIMEOUT || pdu->type != COAP_MESSAGE_NON)
    return false;
  return cs_api_group_of(s) || cs_wire_option_get(pdu->options, CS_OPT_NO_RESPONSE, &value);
}

static void stop_probing(coap_session_t *s) {
  if (s->rare)
    s->rare->probing = false;
}

static void nack(coap_session_t *s, const cs_core_event *e) {
  coap_context_t *ctx = s->context;
  if (e->app == cs_api_probe()) {
    stop_probing(s);
    if (!s->ended)
      cs_api_event(s, COAP_EVENT_KEEPALIVE_FAILURE);
    return;
  }
  if (!ctx->on_nack || silent_end(s, e->app, e->reason))
    return;
  /* Why (D)TLS ended was said with more words. */
  bool said = cs_api_secure_of(s) && cs_api_secure_of(s)->ended;
  if (e->rule != CS_RULE_NONE && !said)
    note(s, e->rule);
  ctx->calling++;
  const coap_pdu_t *sent = e->app;
  ctx->on_nack(s, sent, reason_of(s, e->reason), sent && cs_api_streaming(s) ? sent->mid : e->mid);
  ctx->calling--;
}

static void pong(coap_session_t *s, const cs_core_event *e) {
  coap_context_t *ctx = s->context;
  if (e->app == cs_api_probe())
    stop_probing(s);
  if (!ctx->on_pong)
    return;
  cs_wire_message m = {.form = CS_WIRE_UDP, .type = CS_RST, .mid = e->mid};
  if (cs_api_streaming(s))
    m = (cs_wire_message){.form = CS_WIRE_TCP, .code = CS_CODE(7, 3)};
  coap_pdu_t received;
  cs_api_pdu_view(&received, &m);
  ctx->calling++;
  ctx->on_pong(s, &received, received.mid);
  ctx->calling--;
}

/* A Ping, or CoAP ping, that the core is answering. */
static void pinged(coap_session_t *s, const cs_core_event *e) {
  coap_context_t *ctx = s->context;
  if (!ctx->on_ping)
    return;
  coap_pdu_t received;
  cs_api_pdu_view(&received, &e->message);
  ctx->calling++;
  ctx->on_ping(s, &received, received.mid);
  ctx->calling--;
}

/* A duplicate, or a late answer to what is settled, is daily life on a lossy
 * network; anything else refused is an event. */
static void rejected(coap_session_t *s, const cs_core_event *e) {
  note(s, e->rule);
  if (e->rule != CS_RULE_LATE_DUPLICATE && e->rule != CS_RULE_MID_NOT_OURS)
    cs_api_event(s, COAP_EVENT_BAD_PACKET);
}

static bool tell(coap_session_t *s, const cs_core_event *e, bool last) {
  switch (e->kind) {
  case CS_EVENT_RESPONSE:
    return last || response(s, e);
  case CS_EVENT_NACK:
    nack(s, e);
    return true;
  case CS_EVENT_PONG:
    if (!last)
      pong(s, e);
    return true;
  case CS_EVENT_REJECTED:
    if (!last)
      rejected(s, e);
    return true;
  case CS_EVENT_PING:
    if (!last)
      pinged(s, e);
    return true;
  default:
    if (!last && cs_api_streaming(s))
      cs_api_stream_told(s, e);
    return true;
  }
}

void cs_api_deliver(coap_session_t *s, cs_time now, bool last) {
  cs_core_event e;
  s->delivering = true;
  while ((last || !cs_api_gone(s)) && cs_endpoint_next_event(s->endpoint, &e)) {
    cs_api_secure_look(s);
    bool accept = tell(s, &e, last);
    cs_endpoint_answer(s->endpoint, &e, accept, cs_api_at(s, now));
    bool ping = e.kind == CS_EVENT_PONG || (e.kind == CS_EVENT_NACK && !e.app);
    if (ping && e.app != cs_api_probe() && s->rare && s->rare->pings > 0) {
      s->rare->pings--;
      s->context->open--;
      s->context->waiting--;
    } else if (e.body_released && e.app && e.app != cs_api_probe()) {
      cs_api_open_remove(s, e.app);
    }
  }
  s->delivering = false;
}
