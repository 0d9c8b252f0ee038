/* Sending: requests, pings and Empty messages. */
#include "api/exchange.h"

#include "api/deliver.h"
#include "api/error.h"
#include "api/reentry.h"
#include "api/secure.h"
#include "api/stream.h"
#include "api/support.h"
#include "api/transmit.h"

/* The session's turn to send, unless its events are just being told: then it
 * comes right after them. */
static void kick(coap_session_t *s, cs_time now) {
  if (!s->delivering)
    cs_api_transmit(s, now);
}

static coap_mid_t failed(cs_err e, cs_rule rule) {
  const char *what = e == CS_ERR_DUPLICATE ? "token or Message ID" : NULL;
  if (e == CS_ERR_LIMIT)
    what = "open requests";
  cs_api_fail_err("coap_send", e, rule, what);
  return COAP_INVALID_MID;
}

/* On success the session owns pdu. */
static coap_mid_t send_request(coap_session_t *s, cs_core_session *core, coap_pdu_t *pdu) {
  const cs_core_request_spec spec = {.type = pdu->type,
                                     .code = pdu->code,
                                     .multicast = cs_api_group_of(s) != NULL,
                                     .mid = pdu->mid,
                                     .token = pdu->token,
                                     .options = pdu->options,
                                     .payload = pdu->payload,
                                     .app = pdu};
  cs_time now = cs_api_at(s, cs_api_now(s->context));
  cs_rule rule = CS_RULE_NONE;
  cs_err e = cs_api_reserve(s);
  if (!e)
    e = cs_core_send_request(core, &spec, now, &pdu->request, &rule);
  if (e)
    return failed(e, rule);
  coap_mid_t mid = pdu->mid;
  cs_api_open_add(s, pdu);
  if (cs_api_group_of(s))
    cs_api_group_of(s)->answered = false;
  kick(s, now);
  return mid;
}

/* The core session of s when it can carry something, or will: one of DTLS that
 * has ended shakes hands again. NULL with a reason. */
static cs_core_session *carrier(const char *function, coap_session_t *s) {
  cs_core_session *core = cs_api_core(function, s);
  if (!core)
    return NULL;
  if (!cs_api_gone(s) && s->state == COAP_SESSION_STATE_NONE && cs_api_secure_of(s)) {
    coap_context_t *ctx = s->context;
    if (cs_api_secure_again(function, s))
      return cs_endpoint_session(s->endpoint);
    cs_api_settle(ctx); /* a callback may have given s up, or its context */
    return NULL;
  }
  if (!cs_api_gone(s) && s->state != COAP_SESSION_STATE_NONE)
    return core;
  cs_api_fail(function, "the session has no connection any more");
  return NULL;
}

static coap_mid_t send_ping(const char *function, coap_session_t *s, void *app) {
  cs_core_session *core = carrier(function, s);
  if (!core)
    return COAP_INVALID_MID;
  if (cs_api_group_of(s)) {
    cs_api_fail_err(function, CS_ERR_RULE, CS_RULE_MULTICAST_CONFIRMABLE, "ping");
    return COAP_INVALID_MID;
  }
  cs_time now = cs_api_at(s, cs_api_now(s->context));
  uint16_t mid;
  cs_api_rare *rare = cs_api_rare_of(s);
  cs_err e = !rare ? CS_ERR_MEMORY : rare->pings == UINT16_MAX ? CS_ERR_LIMIT : cs_api_reserve(s);
  if (!e)
    e = cs_core_ping(core, app, now, &mid);
  if (e) {
    cs_api_fail_err(function, e, CS_RULE_NONE, "ping");
    return COAP_INVALID_MID;
  }
  if (!app) {
    rare->pings++;
    s->context->open++;
    s->context->waiting++;
  }
  kick(s, now);
  return mid;
}

coap_mid_t coap_session_send_ping(coap_session_t *session) {
  return send_ping(__func__, session, NULL);
}

void cs_api_probe_session(coap_session_t *s) {
  if (s->rare)
    s->rare->probing = send_ping("keepalive", s, cs_api_probe()) != COAP_INVALID_MID;
}

static coap_mid_t send_empty(const char *function, coap_session_t *s, uint8_t type, uint16_t mid) {
  cs_core_session *core = cs_api_core(function, s);
  if (!core)
    return COAP_INVALID_MID;
  if (cs_api_streaming(s)) {
    cs_api_fail(function, "%s has no Acknowledgements and no Resets",
                cs_api_proto_name((coap_proto_t)s->proto));
    return COAP_INVALID_MID;
  }
  cs_time now = cs_api_at(s, cs_api_now(s->context));
  cs_err e = cs_core_send_empty(core, type, mid, now);
  if (e) {
    cs_api_fail_err(function, e, CS_RULE_NONE, NULL);
    return COAP_INVALID_MID;
  }
  kick(s, now);
  return mid;
}

/* What is wrong with sending pdu at all; CS_RULE_NONE with words in *why, or
 * nothing. */
static cs_rule unsendable(const coap_pdu_t *pdu, const char **why) {
  *why = NULL;
  bool reply = pdu->type == COAP_MESSAGE_ACK || pdu->type == COAP_MESSAGE_RST;
  if (pdu->code == COAP_EMPTY_CODE) {
    if (pdu->type == COAP_MESSAGE_NON)
      return CS_RULE_NON_EMPTY;
    if (pdu->token.len || pdu->options.len || pdu->payload.len)
      return CS_RULE_EMPTY_WITH_CONTENT;
    return CS_RULE_NONE;
  }
  if (pdu->type == COAP_MESSAGE_RST)
    return CS_RULE_RST_NOT_EMPTY;
  if (!cs_wire_code_is_request(pdu->code))
    *why = "a client session sends no responses";
  else if (reply)
    return CS_RULE_ACK_WITH_REQUEST;
  return CS_RULE_NONE;
}

/* COAP_INVALID_MID: pdu was not taken. */
static coap_mid_t send_any(coap_session_t *s, coap_pdu_t *pdu, bool *taken) {
  const char *why;
  cs_rule rule = unsendable(pdu, &why);
  if (rule != CS_RULE_NONE)
    return failed(CS_ERR_RULE, rule);
  if (why) {
    cs_api_fail("coap_send", "%s", why);
    return COAP_INVALID_MID;
  }
  cs_core_session *core = carrier("coap_send", s);
  if (!core)
    return COAP_INVALID_MID;
  if (pdu->code == COAP_EMPTY_CODE && pdu->type == COAP_MESSAGE_CON)
    return send_ping("coap_send", s, NULL);
  if (pdu->code == COAP_EMPTY_CODE)
    return send_empty("coap_send", s, pdu->type, pdu->mid);
  coap_mid_t mid = send_request(s, core, pdu);
  *taken = mid != COAP_INVALID_MID;
  return mid;
}

coap_mid_t coap_send(coap_session_t *session, coap_pdu_t *pdu) {
  if (!pdu) {
    cs_api_fail(__func__, "pdu is NULL");
    return COAP_INVALID_MID;
  }
  if (pdu->view || pdu->session) {
    cs_api_fail(__func__, pdu->view ? "a received message is not sent" : "pdu was sent already");
    return COAP_INVALID_MID;
  }
  bool taken = false;
  coap_mid_t mid = send_any(session, pdu, &taken);
  if (!taken)
    cs_api_pdu_free(pdu);
  return mid;
}

coap_mid_t coap_send_message_type(coap_session_t *session, const coap_pdu_t *request,
                                  coap_pdu_type_t type) {
  if (!request || (type != COAP_MESSAGE_ACK && type != COAP_MESSAGE_RST)) {
    cs_api_fail(__func__, request ? "type is neither ACK nor RST" : "request is NULL");
    return COAP_INVALID_MID;
  }
  return send_empty(__func__, session, (uint8_t)type, request->mid);
}

coap_mid_t coap_send_ack(coap_session_t *session, const coap_pdu_t *request) {
  if (!request || request->type != COAP_MESSAGE_CON) {
    cs_api_fail(__func__,
                request ? "only a Confirmable message is acknowledged" : "request is NULL");
    return COAP_INVALID_MID;
  }
  return send_empty(__func__, session, CS_ACK, request->mid);
}

coap_mid_t coap_send_error(coap_session_t *session, const coap_pdu_t *request, coap_pdu_code_t code,
                           coap_opt_filter_t *opts) {
  (void)session, (void)request, (void)code, (void)opts;
  cs_api_fail(__func__, "a client session gets no requests to answer");
  return COAP_INVALID_MID;
}

int coap_add_data_large_request(coap_session_t *session, coap_pdu_t *pdu, size_t length,
                                const uint8_t *data, coap_release_large_data_t release_func,
                                void *app_ptr) {
  int done = 0;
  if (!session)
    cs_api_fail(__func__, "session is NULL");
  else
    done = coap_add_data(pdu, length, data);
  /* The body was copied, or refused: either way it is the caller's again. */
  if (release_func)
    release_func(session, app_ptr);
  return done;
}

int coap_cancel_observe(coap_session_t *session, coap_binary_t *token,
                        coap_pdu_type_t message_type) {
  (void)message_type;
  if (!session || !token)
    cs_api_fail(__func__, "%s is NULL", session ? "token" : "session");
  else
    cs_api_fail(__func__, "no request with this token observes anything");
  return 0;
}

void coap_session_disconnected(coap_session_t *session, coap_nack_reason_t reason) {
  cs_core_session *core = cs_api_core(__func__, session);
  if (!core || cs_api_gone(session))
    return;
  if ((int)reason < COAP_NACK_TOO_MANY_RETRIES || reason > COAP_NACK_WS_FAILED) {
    cs_api_fail(__func__, "there is no reason %d", (int)reason);
    return;
  }
  coap_context_t *ctx = session->context;
  if (cs_api_streaming(session)) {
    if (ctx->calling)
      cs_api_stream_leave(session, reason);
    else
      cs_api_stream_lost(session, reason, cs_api_now(ctx));
    cs_api_rearm(session);
    cs_api_settle(ctx);
    return;
  }
  if (cs_api_secure_of(session) && !cs_api_secure_of(session)->ended) {
    cs_api_secure_leave(session, reason);
    if (!ctx->calling) {
      cs_api_secure_expire(session, cs_api_now(ctx));
      cs_api_deliver(session, cs_api_now(ctx), false);
    }
    cs_api_rearm(session);
    cs_api_settle(ctx);
    return;
  }
  session->state = COAP_SESSION_STATE_NONE;
  session->nack = (unsigned)reason & 15u;
  cs_core_drain(core, CS_NACK_CLOSED);
  if (ctx->calling) {
    /* Told by the turn that is under way. */
    cs_api_rearm(session);
    return;
  }
  cs_api_deliver(session, cs_api_now(ctx), false);
  if (!cs_api_gone(session))
    cs_api_transmit(session, cs_api_now(ctx));
  cs_api_settle(ctx);
}

int coap_mcast_set_hops(coap_session_t *session, size_t hops) {
  if (!cs_api_core(__func__, session))
    return 0;
  if (!cs_api_group_of(session) || hops > UINT8_MAX) {
    cs_api_fail(__func__, cs_api_group_of(session) ? "hops is over 255" : "the server is no group");
    return 0;
  }
  const cs_net *net = &session->context->net;
  cs_err e = net->ops->multicast_hops(net->self, session->fd, (unsigned)hops);
  if (e)
    cs_api_fail_err(__func__, e, CS_RULE_NONE, NULL);
  return e == CS_OK;
}
