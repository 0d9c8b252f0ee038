/* At most so many messages a second, evenly, whoever they are of. A port that has to
 * wait draws a number; as long as one of its ports waits the time of a case stands
 * still, so that no step lasts longer for it. */
#include "runner/driver_inside.h"

static void hold(cs_runner_net *u, cs_runner_plug *p) {
  cs_runner_flight *f = p->flight;
  if (p->held)
    return;
  p->held = true;
  p->ticket = ++u->tickets;
  u->held++;
  if (f->held == 0)
    f->held_since = cs_runner_net_now(u);
  f->held++;
}

void cs_runner_rate_forget(cs_runner_net *u, cs_runner_plug *p) {
  if (!p || !p->held)
    return;
  cs_runner_flight *f = p->flight;
  p->held = false;
  u->held--;
  f->held--;
  if (f->held == 0)
    f->lag += cs_runner_net_now(u) - f->held_since;
}

bool cs_runner_rate_allows(cs_runner_net *u, cs_runner_plug *p) {
  if (!u->config.rate)
    return true;
  bool turn = p == u->turn || u->held == 0;
  if (turn && cs_runner_net_now(u) >= u->next_send) {
    cs_runner_rate_forget(u, p);
    return true;
  }
  /* Behind those that wait already. */
  if (p == u->turn)
    cs_runner_rate_forget(u, p);
  hold(u, p);
  return false;
}

void cs_runner_rate_spend(cs_runner_net *u) {
  cs_time now = cs_runner_net_now(u);
  if (!u->config.rate)
    return;
  cs_time from = u->next_send > now ? u->next_send : now;
  u->next_send = cs_time_add(from, CS_SECOND / u->config.rate);
}

cs_runner_plug *cs_runner_rate_next(cs_runner_net *u) {
  cs_runner_plug *first = NULL;
  if (u->held == 0 || cs_runner_net_now(u) < u->next_send)
    return NULL;
  for (size_t i = 0; i < u->flight_count; i++)
    for (unsigned k = 0; k < CS_RUNNER_PORTS_MAX && u->flights[i].used; k++) {
      cs_runner_plug *p = &u->flights[i].plugs[k];
      if (p->held && (!first || p->ticket < first->ticket))
        first = p;
    }
  return first;
}
