/* Message IDs (RFC 7252 section 4.4): taken in sequence from a random start,
 * and not used again toward the peer within EXCHANGE_LIFETIME. The space is
 * tracked in quarters: a quarter may be entered again when EXCHANGE_LIFETIME
 * has passed since the last transmission out of it. */
#include "core/internal.h"

enum { QUARTER = 65536 / MID_QUARTERS };

/* A time in whole seconds, not before it and not 0; it fits for 136 years. */
static uint32_t seconds_after(cs_time at) {
  cs_time s = at / CS_SECOND + (at % CS_SECOND > 0 || at == 0);
  return s < UINT32_MAX ? (uint32_t)s : UINT32_MAX;
}

void cs_core_mid_used(cs_core_session *s, uint16_t mid) {
  s->quarter_used[mid / QUARTER] = seconds_after(s->now);
}

cs_err cs_core_mid_next(const cs_core_session *s, uint16_t *mid) {
  uint16_t next = s->next_mid;
  /* An open message keeps its Message ID however old it is. */
  for (unsigned tries = 0; cs_core_flight_find(s, 0, next); tries++) {
    if (tries == s->requests + s->exchange_count)
      return CS_ERR_LIMIT;
    next = (uint16_t)(next + 1);
  }
  bool enters = next / QUARTER != (uint16_t)(s->next_mid - 1) / QUARTER;
  cs_time used = s->quarter_used[next / QUARTER] * CS_SECOND;
  if (enters && used && s->now < used + cs_core_exchange_lifetime(cs_core_get_params(s)))
    return CS_ERR_LIMIT;
  *mid = next;
  return CS_OK;
}

void cs_core_mid_take(cs_core_session *s, uint16_t mid) {
  cs_core_mid_used(s, mid);
  s->next_mid = (uint16_t)(mid + 1);
}

cs_err cs_core_new_mid(cs_core_session *s, cs_time now, uint16_t *mid) {
  cs_core_time(s, now);
  cs_err e = cs_core_mid_next(s, mid);
  if (e == CS_OK)
    cs_core_mid_take(s, *mid);
  return e;
}
