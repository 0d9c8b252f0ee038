/* The transmission parameters of a session (RFC 7252 section 4.8). */
#include "api/context.h"
#include "api/error.h"

static const cs_core_params *params_of(const coap_session_t *s) {
  return s && s->endpoint ? cs_core_get_params(cs_endpoint_session(s->endpoint))
                          : &cs_core_params_default;
}

static void apply(const char *function, coap_session_t *s, const cs_core_params *p) {
  cs_core_session *core = cs_api_core(function, s);
  if (!core)
    return;
  const char *which = NULL;
  if (cs_core_params_check(p, &which) != CS_OK) {
    cs_api_fail(function, "%s is out of its bounds", which);
    return;
  }
  cs_err e = cs_core_set_params(core, p);
  if (e)
    cs_api_fail_err(function, e, CS_RULE_NONE, NULL);
}

/* A fixed point number in thousandths; one whose fraction is no fraction is
 * made to fail the bounds. */
static uint64_t thousandths(coap_fixed_point_t v) {
  return v.fractional_part > 999 ? UINT32_MAX : (uint64_t)v.integer_part * 1000 + v.fractional_part;
}

static coap_fixed_point_t fixed(uint64_t thousandths_) {
  coap_fixed_point_t v = {(uint16_t)(thousandths_ / 1000), (uint16_t)(thousandths_ % 1000)};
  return v;
}

void coap_session_set_ack_timeout(coap_session_t *session, coap_fixed_point_t value) {
  cs_core_params p = *params_of(session);
  p.ack_timeout = thousandths(value) * CS_MILLISECOND;
  apply(__func__, session, &p);
}

coap_fixed_point_t coap_session_get_ack_timeout(const coap_session_t *session) {
  return fixed(params_of(session)->ack_timeout / CS_MILLISECOND);
}

void coap_session_set_ack_random_factor(coap_session_t *session, coap_fixed_point_t value) {
  cs_core_params p = *params_of(session);
  p.ack_random_permille = (uint32_t)thousandths(value);
  apply(__func__, session, &p);
}

coap_fixed_point_t coap_session_get_ack_random_factor(const coap_session_t *session) {
  return fixed(params_of(session)->ack_random_permille);
}

void coap_session_set_max_retransmit(coap_session_t *session, uint16_t value) {
  cs_core_params p = *params_of(session);
  p.max_retransmit = value;
  apply(__func__, session, &p);
}

uint16_t coap_session_get_max_retransmit(const coap_session_t *session) {
  return (uint16_t)params_of(session)->max_retransmit;
}

void coap_session_set_nstart(coap_session_t *session, uint16_t value) {
  cs_core_params p = *params_of(session);
  p.nstart = value;
  apply(__func__, session, &p);
}

uint16_t coap_session_get_nstart(const coap_session_t *session) {
  return (uint16_t)params_of(session)->nstart;
}

void coap_session_set_default_leisure(coap_session_t *session, coap_fixed_point_t value) {
  cs_core_params p = *params_of(session);
  p.default_leisure = thousandths(value) * CS_MILLISECOND;
  apply(__func__, session, &p);
}

coap_fixed_point_t coap_session_get_default_leisure(const coap_session_t *session) {
  return fixed(params_of(session)->default_leisure / CS_MILLISECOND);
}

void coap_session_set_probing_rate(coap_session_t *session, uint32_t value) {
  cs_core_params p = *params_of(session);
  p.probing_rate = value;
  apply(__func__, session, &p);
}

uint32_t coap_session_get_probing_rate(const coap_session_t *session) {
  return params_of(session)->probing_rate;
}

static void no_q_block(const char *function) {
  cs_api_fail_err(function, CS_ERR_UNSUPPORTED, CS_RULE_NONE, "Q-Block (RFC 9177)");
}

void coap_session_set_max_payloads(coap_session_t *session, uint16_t value) {
  (void)session, (void)value;
  no_q_block(__func__);
}

uint16_t coap_session_get_max_payloads(const coap_session_t *session) {
  (void)session;
  return COAP_DEFAULT_MAX_PAYLOADS;
}

void coap_session_set_non_max_retransmit(coap_session_t *session, uint16_t value) {
  (void)session, (void)value;
  no_q_block(__func__);
}

uint16_t coap_session_get_non_max_retransmit(const coap_session_t *session) {
  (void)session;
  return COAP_DEFAULT_NON_MAX_RETRANSMIT;
}

void coap_session_set_non_timeout(coap_session_t *session, coap_fixed_point_t value) {
  (void)session, (void)value;
  no_q_block(__func__);
}

coap_fixed_point_t coap_session_get_non_timeout(const coap_session_t *session) {
  (void)session;
  return COAP_DEFAULT_NON_TIMEOUT;
}

void coap_session_set_non_receive_timeout(coap_session_t *session, coap_fixed_point_t value) {
  (void)session, (void)value;
  no_q_block(__func__);
}

coap_fixed_point_t coap_session_get_non_receive_timeout(const coap_session_t *session) {
  (void)session;
  return COAP_DEFAULT_NON_RECEIVE_TIMEOUT;
}
