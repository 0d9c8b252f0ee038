/* A session's birth, events and end. */
#include "core/session.h"

#include "core/internal.h"

enum { MTU_MIN = 64, MTU_MAX = 65535 };
#define MTU_MAX_RELIABLE (UINT32_C(1) << 31)

static bool mtu_fits(const cs_core_config *config, size_t mtu) {
  return mtu >= MTU_MIN && mtu <= (config->form == CS_WIRE_UDP ? MTU_MAX : MTU_MAX_RELIABLE);
}

static bool config_fits(const cs_core_config *config) {
  return config->form == CS_WIRE_UDP ||
         ((config->form == CS_WIRE_TCP || config->form == CS_WIRE_WS) &&
          config->token_max <= CS_WIRE_TOKEN_MAX);
}

cs_err cs_core_open(const cs_core_config *config, const cs_core_params *params, size_t mtu,
                    cs_time now, cs_core_session **out) {
  if (!mtu_fits(config, mtu) || !config_fits(config))
    return CS_ERR_ARGUMENT;
  cs_core_session *s = cs_base_get(config->alloc, sizeof *s);
  if (!s)
    return CS_ERR_MEMORY;
  memset(s, 0, sizeof *s);
  s->config = config;
  s->now = now;
  s->mtu = (uint32_t)mtu;
  s->hash_seed = cs_base_random_u32(&config->random);
  s->next_mid = (uint16_t)cs_base_random_u32(&config->random);
  cs_err e = params ? cs_core_set_params(s, params) : CS_OK;
  if (e == CS_OK && config->form != CS_WIRE_UDP)
    e = cs_core_reliable_open(s);
  if (e != CS_OK) {
    cs_base_put(config->alloc, s->params, sizeof *s->params);
    cs_base_put(config->alloc, s, sizeof *s);
    return e;
  }
  *out = s;
  return CS_OK;
}

static void drop_requests(cs_core_session *s, struct request_list *l) {
  while (l->first) {
    cs_core_request *r = l->first;
    cs_core_list_remove(l, r);
    cs_core_request_free(s, r);
  }
}

static void drop_queue(cs_core_session *s) {
  while (s->out_first) {
    struct out *o = s->out_first;
    cs_core_unqueue(s, o);
    if (o->kind == OUT_BARE)
      cs_base_put(memory(s), o, sizeof(struct bare));
  }
}

void cs_core_close(cs_core_session *s) {
  if (s->held_request)
    cs_core_request_free(s, s->held_request);
  while (s->exchanges)
    cs_core_exchange_free(s, s->exchanges);
  if (is_reliable(s))
    cs_core_reliable_close(s);
  drop_queue(s);
  drop_requests(s, &s->waiting);
  drop_requests(s, &s->open);
  drop_requests(s, &s->ended);
  cs_core_seen_clear(s);
  cs_base_table_free(&s->by_token, memory(s));
  cs_base_table_free(&s->by_mid, memory(s));
  cs_base_table_free(&s->seen, memory(s));
  cs_base_heap_free(&s->timers, memory(s));
  cs_base_put(memory(s), s->params, sizeof *s->params);
  cs_base_put(memory(s), s, sizeof *s);
}

cs_err cs_core_set_params(cs_core_session *s, const cs_core_params *params) {
  cs_err e = cs_core_params_check(params, NULL);
  if (e != CS_OK)
    return e;
  if (!s->params) {
    s->params = cs_base_get(memory(s), sizeof *s->params);
    if (!s->params)
      return CS_ERR_MEMORY;
  }
  *s->params = *params;
  cs_core_admit(s);
  return CS_OK;
}

cs_err cs_core_set_mtu(cs_core_session *s, size_t mtu) {
  if (!mtu_fits(s->config, mtu))
    return CS_ERR_ARGUMENT;
  s->mtu = (uint32_t)mtu;
  return CS_OK;
}

cs_err cs_core_receive(cs_core_session *s, cs_core_peer from, bool multicast, cs_span bytes,
                       cs_time now) {
  if (s->in_pending)
    return CS_ERR_STATE;
  cs_core_time(s, now);
  cs_core_seen_expire(s);
  s->in = bytes;
  s->in_from = from;
  s->in_multicast = multicast;
  s->in_pending = true;
  return CS_OK;
}

/* Sends what the event that was taken last owes its message, and lets its
 * request go. */
static void settle(cs_core_session *s, bool accept) {
  struct seen *seen = s->held_seen;
  cs_core_request *r = s->held_request;
  s->held_seen = NULL;
  s->held_request = NULL;
  if (seen && seen->type == CS_CON)
    cs_core_seen_reply(s, seen, accept ? REPLY_ACK : REPLY_RST);
  else if (seen && !accept)
    cs_core_seen_reply(s, seen, REPLY_RST);
  if (r)
    cs_core_request_free(s, r);
}

bool cs_core_next_event(cs_core_session *s, cs_core_event *out) {
  settle(s, true);
  if (is_reliable(s))
    return cs_core_reliable_event(s, out);
  if (s->ended.first) {
    cs_core_ended_event(s, out);
    return true;
  }
  if (s->in_pending) {
    s->in_pending = false;
    if (cs_core_match(s, out))
      return true;
    /* A message may have ended a request without an event of its own. */
    if (s->ended.first) {
      cs_core_ended_event(s, out);
      return true;
    }
  }
  return false;
}

void cs_core_answer(cs_core_session *s, const cs_core_event *event, bool accept, cs_time now) {
  cs_core_time(s, now);
  if (event->kind == CS_EVENT_RESPONSE || event->body_released)
    settle(s, accept);
}

cs_time cs_core_deadline(const cs_core_session *s) {
  if (is_reliable(s))
    return cs_core_reliable_deadline(s);
  if (s->out_first || s->in_pending || s->ended.first)
    return s->now;
  cs_time at = cs_time_min(cs_base_heap_deadline(&s->timers), cs_core_seen_deadline(s));
  /* A record that was busy when it expired is due since then. */
  return at > s->now ? at : s->now;
}

cs_time cs_core_deadline_held(const cs_core_session *s) {
  if (is_reliable(s))
    return cs_core_reliable_deadline(s);
  if (s->in_pending || s->ended.first)
    return s->now;
  cs_time at = cs_time_min(cs_base_heap_deadline(&s->timers), cs_core_seen_deadline(s));
  return at > s->now ? at : s->now;
}

bool cs_core_idle(const cs_core_session *s) {
  return !s->requests && !s->exchanges && !s->oldest && !s->out_first && !s->in_pending;
}
