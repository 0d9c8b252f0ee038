/* The idle-traffic budget (ours): a peer may not keep us busy for ever with
 * messages that neither ask nor answer. Each costs the time in which one comes
 * back; what has been taken out is the time until the budget is full again. */
#include "core/internal.h"

bool cs_core_budget(cs_core_session *s) {
  const cs_time cost = CS_SECOND / CS_CORE_IDLE_PER_SECOND;
  struct reliable *r = s->reliable;
  cs_time due = cs_time_add(r->idle_due > s->now ? r->idle_due : s->now, cost);
  if (due - s->now > CS_CORE_IDLE_MAX * cost)
    return false;
  r->idle_due = due;
  return true;
}
