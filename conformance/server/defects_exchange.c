/* Defects of RFC 7252 sections 5.2 and 5.3: how responses travel and how they
 * are matched. */
#include "server/defects_edit.h"

/* ---- 5.2 ---- */

static bool class_three(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_response(d)) {
    cs_wire_message m = d->m;
    m.code = CS_CODE(3, CS_CODE_DETAIL(m.code));
    cs_defect_set(d, &m);
  }
  return true;
}

static void error_unanswered(cs_defect_turn *t, const cs_server_request *q,
                             cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (CS_CODE_CLASS(reply->code) > 2)
    reply->silent = true;
}

static bool acks_unheard(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->broken != CS_RULE_NONE || d->m.type != CS_ACK;
}

static bool full_acks_unheard(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->broken != CS_RULE_NONE || d->m.type != CS_ACK || d->m.code == CS_CODE_EMPTY;
}

static bool resets_unheard(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->broken != CS_RULE_NONE || d->m.type != CS_RST;
}

/* Keeps the token of the last Confirmable request. */
static bool keep_token(cs_defect_turn *t, cs_defect_message *d) {
  if (cs_defect_is_request(d) && d->m.type == CS_CON && d->m.token.len <= 8) {
    t->mine->len = d->m.token.len;
    if (d->m.token.len)
      memcpy(t->mine->bytes, d->m.token.at, d->m.token.len);
  }
  return true;
}

/* Whether this Empty Acknowledgement has gone out before; number[0] is the
 * Message ID of the last one plus 1. */
static bool empty_ack_again(cs_defect_turn *t, const cs_defect_message *d) {
  if (d->broken != CS_RULE_NONE || d->m.type != CS_ACK || d->m.code != CS_CODE_EMPTY)
    return false;
  bool again = t->mine->number[0] == d->m.mid + 1u;
  t->mine->number[0] = d->m.mid + 1u;
  return again;
}

static bool second_ack_full(cs_defect_turn *t, cs_defect_message *d) {
  if (empty_ack_again(t, d)) {
    cs_wire_message m = d->m;
    m.code = CS_CODE(2, 5);
    m.token = cs_span_of(t->mine->bytes, t->mine->len);
    m.payload = cs_span_str("in haste");
    cs_defect_set(d, &m);
  }
  return true;
}

static bool second_ack_missing(cs_defect_turn *t, cs_defect_message *d) {
  return !empty_ack_again(t, d);
}

static void non_by_con(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (q->message.type == CS_NON)
    reply->type = CS_CON;
}

/* ---- 5.3 ---- */

static void set_token(cs_defect_message *d, cs_span token) {
  cs_wire_message m = d->m;
  m.token = token;
  cs_defect_set(d, &m);
}

static bool token_cut(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_response(d) && d->m.token.len > 4)
    set_token(d, cs_span_cut(d->m.token, 0, 4));
  return true;
}

static bool token_missing(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_response(d))
    set_token(d, cs_span_of(NULL, 0));
  return true;
}

static bool token_as_number(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (!cs_defect_is_response(d))
    return true;
  size_t zeros = 0;
  while (zeros < d->m.token.len && d->m.token.at[zeros] == 0)
    zeros++;
  set_token(d, cs_span_cut(d->m.token, zeros, d->m.token.len - zeros));
  return true;
}

static bool token_as_text(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (!cs_defect_is_response(d))
    return true;
  size_t len = 0;
  while (len < d->m.token.len && d->m.token.at[len] != 0)
    len++;
  set_token(d, cs_span_cut(d->m.token, 0, len));
  return true;
}

static bool error_without_token(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_response_of(d, 4) || cs_defect_is_response_of(d, 5))
    set_token(d, cs_span_of(NULL, 0));
  return true;
}

static bool unexpected_acknowledged(cs_defect_turn *t, cs_defect_message *d) {
  if (!cs_defect_is_response(d) || d->m.type != CS_CON)
    return true;
  cs_defect_send_empty(t, CS_ACK, d->m.mid, 0);
  return false;
}

static bool unexpected_dropped(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return !cs_defect_is_response(d) || d->m.type != CS_CON;
}

static bool unexpected_non_acknowledged(cs_defect_turn *t, cs_defect_message *d) {
  if (!cs_defect_is_response(d) || d->m.type != CS_NON)
    return true;
  cs_defect_send_empty(t, CS_ACK, d->m.mid, 0);
  return false;
}

static const cs_defect table[] = {
    {.row = {"response-class-three", "RFC7252#5.2:response-class",
             "A response has a code of class 3.", CS_DEFECT_ANY},
     .out = class_three},
    {.row = {"error-only-acknowledged", "RFC7252#5.2.1:error-answered",
             "A request that fails is acknowledged and never answered.", CS_DEFECT_ANY},
     .reply = error_unanswered},
    {.row = {"separate-ack-unheard", "RFC7252#5.2.2:ack-ends-retransmission",
             "A response is sent again though it was acknowledged.", CS_DEFECT_UDP},
     .in = acks_unheard},
    {.row = {"separate-full-ack-unheard", "RFC7252#5.2.2:ack-ends-retransmission",
             "An Acknowledgement that carries something does not end retransmission.",
             CS_DEFECT_UDP},
     .in = full_acks_unheard},
    {.row = {"separate-reset-unheard", "RFC7252#5.2.2:rst-ends-retransmission",
             "A response is sent again though it was rejected by a Reset.", CS_DEFECT_UDP},
     .in = resets_unheard},
    {.row = {"separate-second-ack-full", "RFC7252#5.2.2:no-response-in-second-ack",
             "A repeated request is acknowledged with the response after an Empty Acknowledgement.",
             CS_DEFECT_UDP},
     .in = keep_token,
     .out = second_ack_full},
    {.row = {"separate-second-ack-missing", "RFC7252#5.2.2:repeat-acknowledged-empty",
             "A repeated request whose response is separate is not acknowledged again.",
             CS_DEFECT_UDP},
     .out = second_ack_missing},
    {.row = {"non-answered-by-con", "RFC7252#5.2.3:non-response-non",
             "A Non-confirmable request gets a Confirmable response.", CS_DEFECT_UDP},
     .reply = non_by_con},
    {.row = {"token-cut-to-four", "RFC7252#5.3.1:token-echoed",
             "Only the first four bytes of a token come back.", CS_DEFECT_ANY},
     .out = token_cut},
    {.row = {"token-missing", "RFC7252#5.3.1:token-echoed", "Responses have no token.",
             CS_DEFECT_ANY},
     .out = token_missing},
    {.row = {"token-as-number", "RFC7252#5.3.1:token-opaque",
             "A token loses its leading zero bytes.", CS_DEFECT_ANY},
     .out = token_as_number},
    {.row = {"token-as-text", "RFC7252#5.3.1:token-opaque",
             "A token ends before its first zero byte.", CS_DEFECT_ANY},
     .out = token_as_text},
    {.row = {"error-without-token", "RFC7252#5.3.1:token-echoed", "Error responses have no token.",
             CS_DEFECT_ANY},
     .out = error_without_token},
    {.row = {"unexpected-response-acknowledged", "RFC7252#5.3.2:unexpected-con-rejected",
             "A Confirmable response that nobody waits for is acknowledged.", CS_DEFECT_UDP},
     .in = unexpected_acknowledged},
    {.row = {"unexpected-response-dropped", "RFC7252#5.3.2:unexpected-con-rejected",
             "A Confirmable response that nobody waits for is dropped silently.", CS_DEFECT_UDP},
     .in = unexpected_dropped},
    {.row = {"unexpected-non-acknowledged", "RFC7252#5.3.2:unexpected-non-rejected",
             "A Non-confirmable response that nobody waits for is acknowledged.", CS_DEFECT_UDP},
     .in = unexpected_non_acknowledged},
};

const cs_defect_family cs_defects_exchange = {table, sizeof table / sizeof *table};
