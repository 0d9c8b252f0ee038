/* What every part of the core asks a session for: its clock and settings. */
#include <assert.h>

#include "core/internal.h"

void cs_core_time(cs_core_session *s, cs_time now) {
  assert(now >= s->now);
  s->now = now;
}

cs_time cs_core_now(const cs_core_session *s) {
  return s->now;
}

const cs_core_params *cs_core_get_params(const cs_core_session *s) {
  return s->params ? s->params : &cs_core_params_default;
}

size_t cs_core_get_mtu(const cs_core_session *s) {
  return s->mtu;
}
