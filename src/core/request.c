/* Requests of a client: their queue behind NSTART and PROBING_RATE (RFC 7252
 * section 4.7), their tokens (5.3.1), their end. Every request ends in exactly
 * one last event, or by cs_core_cancel. */
#include "core/internal.h"

void cs_core_list_add(struct request_list *l, cs_core_request *r) {
  r->next = NULL;
  r->prev = l->last;
  if (l->last)
    l->last->next = r;
  else
    l->first = r;
  l->last = r;
}

void cs_core_list_remove(struct request_list *l, cs_core_request *r) {
  if (r->prev)
    r->prev->next = r->next;
  else
    l->first = r->next;
  if (r->next)
    r->next->prev = r->prev;
  else
    l->last = r->prev;
  r->next = r->prev = NULL;
}

static cs_core_request *of_token_node(cs_base_node *n) {
  return (cs_core_request *)(void *)((char *)n - offsetof(cs_core_request, by_token));
}

cs_core_request *cs_core_request_by_token(const cs_core_session *s, cs_span token) {
  if (s->by_token.count == 0)
    return NULL; /* the usual case before a request is sent: nothing to hash for */
  uint32_t h = cs_base_hash(s->hash_seed, token);
  for (cs_base_node *n = cs_base_table_chain(&s->by_token, h); n; n = n->next) {
    cs_core_request *r = of_token_node(n);
    if (n->hash == h && cs_span_equal(r->token, token))
      return r;
  }
  return NULL;
}

cs_core_request *cs_core_find_request(const cs_core_session *s, cs_span token) {
  return cs_core_request_by_token(s, token);
}

void cs_core_new_token(cs_core_session *s, uint8_t *token, size_t len) {
  /* Bounded: a generator that repeats itself, or short tokens that are nearly
   * all open, must not keep the caller here. */
  for (unsigned tries = 0; tries < TOKEN_TRIES; tries++) {
    cs_base_random_fill(&s->config->random, token, len);
    if (!cs_core_request_by_token(s, cs_span_of(token, len)))
      return;
  }
}

/* What holds of a request's size on a reliable form. */
static APART cs_err check_reliable(const cs_core_session *s, const cs_core_request_spec *spec,
                                   cs_rule *broken) {
  cs_wire_message m = {s->config->form, 0, spec->code, 0, spec->token, spec->options,
                       spec->payload};
  size_t size = cs_wire_size(&m);
  cs_rule r = CS_RULE_NONE;
  if (s->reliable->peer.csm)
    r = cs_core_settings_allow(s, size, spec->token.len);
  if (size == 0 || size > s->mtu)
    r = CS_RULE_MESSAGE_SIZE;
  if (r == CS_RULE_NONE)
    return CS_OK;
  *broken = r;
  return r == CS_RULE_MESSAGE_SIZE ? CS_ERR_TOO_LARGE : CS_ERR_RULE;
}

/* Everything that must hold before a request may be queued. */
static cs_err check(const cs_core_session *s, const cs_core_request_spec *spec, cs_rule *broken) {
  const cs_core_config *c = s->config;
  if (s->closed || c->role != CS_CLIENT)
    return CS_ERR_STATE;
  if (is_reliable(s)) {
    /* Type and Message ID mean nothing there. */
    if (!cs_wire_code_is_request(spec->code) || spec->multicast)
      return CS_ERR_ARGUMENT;
  } else if ((spec->type != CS_CON && spec->type != CS_NON) ||
             !cs_wire_code_is_request(spec->code) || spec->mid > 65535 || spec->mid < -1) {
    return CS_ERR_ARGUMENT;
  }
  if (spec->multicast && spec->type == CS_CON) {
    *broken = CS_RULE_MULTICAST_CONFIRMABLE;
    return CS_ERR_RULE;
  }
  if (spec->token.len > (c->token_max > 8 ? c->token_max : 8)) {
    *broken = CS_RULE_TOKEN_CAP;
    return CS_ERR_RULE;
  }
  cs_wire_message m = {CS_WIRE_UDP, spec->type,    spec->code,   0,
                       spec->token, spec->options, spec->payload};
  cs_wire_option at;
  cs_rule r = cs_wire_option_check_sent(&m, &at);
  cs_span etag;
  if (r == CS_RULE_NONE && spec->multicast && cs_wire_option_get(spec->options, CS_OPT_ETAG, &etag))
    r = CS_RULE_MULTICAST_ETAG;
  if (r != CS_RULE_NONE) {
    *broken = r;
    return CS_ERR_RULE;
  }
  if (is_reliable(s)) {
    cs_err e = check_reliable(s, spec, broken);
    if (e != CS_OK)
      return e;
  } else {
    size_t size = cs_wire_size(&m);
    if (size == 0 || size > s->mtu) {
      *broken = CS_RULE_MESSAGE_SIZE;
      return CS_ERR_TOO_LARGE;
    }
  }
  if (s->requests >= (c->max_requests ? c->max_requests : REQUESTS_DEFAULT))
    return CS_ERR_LIMIT;
  if (cs_core_request_by_token(s, spec->token) ||
      (spec->mid >= 0 && !is_reliable(s) && cs_core_flight_find(s, 0, (uint16_t)spec->mid)))
    return CS_ERR_DUPLICATE;
  return CS_OK;
}

static cs_core_request *new_request(cs_core_session *s, uint8_t kind, uint8_t type, void *app) {
  if (cs_base_heap_reserve(&s->timers, memory(s), s->requests + s->exchange_count + 1) != CS_OK)
    return NULL;
  cs_core_request *r = cs_base_get(memory(s), sizeof *r);
  if (!r)
    return NULL;
  memset(r, 0, sizeof *r);
  cs_core_flight_init(&r->f, kind, type, 0);
  r->app = app;
  return r;
}

cs_err cs_core_send_request(cs_core_session *s, const cs_core_request_spec *spec, cs_time now,
                            cs_core_request **out, cs_rule *broken) {
  cs_rule unused;
  cs_rule *why = broken ? broken : &unused;
  cs_core_time(s, now);
  cs_err e = check(s, spec, why);
  if (e != CS_OK)
    return e;
  cs_core_request *r = new_request(s, FLIGHT_REQUEST, spec->type, spec->app);
  if (!r)
    return CS_ERR_MEMORY;
  r->code = spec->code;
  r->token = spec->token;
  r->options = spec->options;
  r->payload = spec->payload;
  r->multicast = spec->multicast;
  r->by_token.hash = cs_base_hash(s->hash_seed, spec->token);
  uint16_t mid = (uint16_t)spec->mid;
  if (!is_reliable(s)) {
    if (spec->mid < 0)
      e = cs_core_mid_next(s, &mid);
    if (e == CS_OK)
      e = cs_core_flight_match(s, &r->f, mid);
  }
  if (e == CS_OK && cs_base_table_add(&s->by_token, memory(s), &r->by_token) != CS_OK)
    e = CS_ERR_MEMORY;
  if (e != CS_OK) {
    cs_core_flight_stop(s, &r->f);
    cs_base_put(memory(s), r, sizeof *r);
    return e;
  }
  if (spec->mid < 0 && !is_reliable(s))
    cs_core_mid_take(s, mid);
  s->requests++;
  r->f.phase = PHASE_WAITING;
  cs_core_list_add(&s->waiting, r);
  cs_core_admit(s);
  if (out)
    *out = r;
  return CS_OK;
}

/* What a ping is matched by. On a reliable form the one that goes out while no
 * other is open has number 0, which stands for the empty token: there are
 * servers whose Pong has that whatever the Ping had. */
static cs_err ping_number(cs_core_session *s, uint16_t *mid) {
  if (is_reliable(s) && !cs_core_flight_find(s, 0, PING_BARE)) {
    *mid = PING_BARE;
    return CS_OK;
  }
  cs_err e = cs_core_mid_next(s, mid);
  if (e == CS_OK && is_reliable(s) && *mid == PING_BARE) {
    cs_core_mid_take(s, *mid);
    e = cs_core_mid_next(s, mid);
  }
  return e;
}

cs_err cs_core_ping(cs_core_session *s, void *app, cs_time now, uint16_t *mid_out) {
  cs_core_time(s, now);
  if (s->closed)
    return CS_ERR_STATE;
  if (s->requests >= (s->config->max_requests ? s->config->max_requests : REQUESTS_DEFAULT))
    return CS_ERR_LIMIT;
  uint16_t mid;
  cs_err e = ping_number(s, &mid);
  if (e != CS_OK)
    return e;
  cs_core_request *r = new_request(s, FLIGHT_PING, CS_CON, app);
  if (!r)
    return CS_ERR_MEMORY;
  e = cs_core_flight_match(s, &r->f, mid);
  if (e != CS_OK) {
    cs_base_put(memory(s), r, sizeof *r);
    return e;
  }
  r->code = is_reliable(s) ? CS_CODE(7, 2) : CS_CODE_EMPTY;
  /* A ping says nothing about the load that NSTART limits, and asking whether
   * a silent peer lives must not wait behind what it does not answer. */
  if (!is_reliable(s) || mid != PING_BARE)
    cs_core_mid_take(s, mid);
  s->requests++;
  r->f.phase = PHASE_QUEUED;
  cs_core_list_add(&s->open, r);
  cs_core_queue(s, &r->f.out);
  if (mid_out)
    *mid_out = is_reliable(s) ? 0 : mid;
  return CS_OK;
}

static void free_slot(cs_core_session *s, cs_core_request *r) {
  if (r->slot) {
    r->slot = false;
    s->slots--;
  }
}

static void detach(cs_core_session *s, cs_core_request *r);

/* Ended, and its event pending; what that lets in is the caller's to see to. */
static void finish(cs_core_session *s, cs_core_request *r, cs_core_nack reason, cs_rule rule) {
  detach(s, r);
  r->reason = (uint8_t)reason;
  r->rule = rule;
  cs_core_list_add(&s->ended, r);
}

static cs_rule allowed(const cs_core_session *s, const cs_core_request *r) {
  cs_wire_message m = {
      .form = s->config->form, .token = r->token, .options = r->options, .payload = r->payload};
  return cs_core_settings_allow(s, cs_wire_size(&m), r->token.len);
}

/* On a reliable form only the peer's settings hold a request back: what they do
 * not allow waits for the peer's CSM, and all behind it too; after that it ends.
 * A Release goes behind the last one. */
static APART void admit_reliable(cs_core_session *s) {
  struct reliable *rel = s->reliable;
  while (s->waiting.first) {
    cs_core_request *r = s->waiting.first;
    cs_rule rule = allowed(s, r);
    if (rule != CS_RULE_NONE && !rel->peer.csm)
      return;
    if (rule != CS_RULE_NONE) {
      finish(s, r, CS_NACK_TOO_LARGE, rule);
      continue;
    }
    cs_core_list_remove(&s->waiting, r);
    cs_core_list_add(&s->open, r);
    r->f.phase = PHASE_QUEUED;
    cs_core_queue(s, &r->f.out);
  }
  if (rel->releasing && !rel->release_sent && !rel->ended) {
    rel->release_sent = true;
    cs_core_queue(s, &rel->release);
  }
}

void cs_core_recheck(cs_core_session *s) {
  cs_core_request *next;
  for (cs_core_request *r = s->open.first; r; r = next) {
    next = r->next;
    if (r->f.phase != PHASE_QUEUED || r->f.kind != FLIGHT_REQUEST)
      continue;
    cs_rule rule = allowed(s, r);
    if (rule != CS_RULE_NONE)
      finish(s, r, CS_NACK_TOO_LARGE, rule);
  }
  cs_core_admit(s);
}

void cs_core_admit(cs_core_session *s) {
  if (is_reliable(s)) {
    admit_reliable(s);
    return;
  }
  while (s->waiting.first && s->slots < cs_core_get_params(s)->nstart) {
    cs_core_request *r = s->waiting.first;
    cs_core_list_remove(&s->waiting, r);
    cs_core_list_add(&s->open, r);
    r->slot = true;
    s->slots++;
    r->f.phase = PHASE_QUEUED;
    cs_core_queue(s, &r->f.out);
  }
}

/* A Non-confirmable request went out. It holds its NSTART slot until it is
 * answered or until PROBING_RATE has paid for its bytes (RFC 7252 4.7). */
void cs_core_request_sent(cs_core_session *s, cs_core_request *r, size_t len) {
  const cs_core_params *p = cs_core_get_params(s);
  r->f.phase = PHASE_SENT;
  r->ends = cs_time_add(s->now, p->response_timeout);
  cs_time paid = cs_time_add(s->now, len * CS_SECOND / p->probing_rate);
  cs_base_heap_set(&s->timers, &r->f.timer, cs_time_min(paid, r->ends));
}

void cs_core_request_awaited(cs_core_session *s, cs_core_request *r) {
  r->f.phase = PHASE_ACKED;
  r->ends = cs_time_add(s->now, cs_core_get_params(s)->response_timeout);
  cs_base_heap_set(&s->timers, &r->f.timer, r->ends);
}

/* The peer acknowledged it: retransmission stops, the response is awaited. */
void cs_core_request_acked(cs_core_session *s, cs_core_request *r) {
  if (r->f.phase != PHASE_SENT && r->f.phase != PHASE_QUEUED)
    return;
  cs_core_unqueue(s, &r->f.out);
  free_slot(s, r);
  r->f.phase = PHASE_ACKED;
  r->ends = cs_time_add(s->now, cs_core_get_params(s)->response_timeout);
  cs_base_heap_set(&s->timers, &r->f.timer, r->ends);
  cs_core_admit(s);
}

/* Not in a list, table, heap or queue any more; still allocated. */
static void detach(cs_core_session *s, cs_core_request *r) {
  cs_core_flight_stop(s, &r->f);
  if (r->f.kind == FLIGHT_REQUEST)
    cs_base_table_remove(&s->by_token, &r->by_token);
  cs_core_list_remove(r->f.phase == PHASE_WAITING ? &s->waiting : &s->open, r);
  free_slot(s, r);
  r->f.phase = PHASE_ENDED;
}

void cs_core_request_end(cs_core_session *s, cs_core_request *r, cs_core_nack reason,
                         cs_rule rule) {
  finish(s, r, reason, rule);
  cs_core_admit(s);
}

void cs_core_request_answered(cs_core_session *s, cs_core_request *r) {
  detach(s, r);
  s->held_request = r;
  cs_core_admit(s);
}

void cs_core_request_free(cs_core_session *s, cs_core_request *r) {
  s->requests--;
  cs_base_put(memory(s), r, sizeof *r);
}

void cs_core_cancel(cs_core_session *s, cs_core_request *r) {
  if (r == s->held_request) {
    s->held_request = NULL;
  } else if (r->f.phase == PHASE_ENDED) {
    cs_core_list_remove(&s->ended, r);
  } else {
    detach(s, r);
    cs_core_admit(s);
  }
  cs_core_request_free(s, r);
}

uint16_t cs_core_request_mid(const cs_core_request *r) {
  return r->f.mid;
}

size_t cs_core_open_requests(const cs_core_session *s) {
  return s->requests;
}

/* Its slot's time is over, or the response's. */
void cs_core_request_timer(cs_core_session *s, cs_core_request *r) {
  if (s->now < r->ends) {
    free_slot(s, r);
    r->f.phase = PHASE_ACKED;
    cs_base_heap_set(&s->timers, &r->f.timer, r->ends);
    cs_core_admit(s);
    return;
  }
  cs_core_request_end(s, r, CS_NACK_TIMEOUT, CS_RULE_NONE);
}

void cs_core_ended_event(cs_core_session *s, cs_core_event *out) {
  cs_core_request *r = s->ended.first;
  cs_core_list_remove(&s->ended, r);
  memset(out, 0, sizeof *out);
  out->kind = r->pong ? CS_EVENT_PONG : CS_EVENT_NACK;
  out->reason = (cs_core_nack)r->reason;
  out->rule = r->rule;
  out->peer = r->f.peer;
  out->request = r;
  out->app = r->app;
  out->mid = is_reliable(s) ? 0 : r->f.mid; /* there it is only a Ping's token */
  out->body_released = true;
  s->held_request = r;
}
