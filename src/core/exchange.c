/* Requests at a server (RFC 7252 section 5.2): piggybacked while the
 * Acknowledgement is owed, else acknowledged and answered separately; to a
 * multicast request after a random leisure and never by a Reset (8.2). */
#include "core/internal.h"

static void list_add(cs_core_session *s, cs_core_exchange *x) {
  x->next = s->exchanges;
  if (s->exchanges)
    s->exchanges->prev = x;
  s->exchanges = x;
  s->exchange_count++;
}

static void list_remove(cs_core_session *s, cs_core_exchange *x) {
  if (x->prev)
    x->prev->next = x->next;
  else
    s->exchanges = x->next;
  if (x->next)
    x->next->prev = x->prev;
  s->exchange_count--;
}

void cs_core_exchange_free(cs_core_session *s, cs_core_exchange *x) {
  cs_core_flight_stop(s, &x->f);
  list_remove(s, x);
  if (is_reliable(s) && x->answered) {
    s->reliable->answers--;
    s->reliable->answers_bytes -= x->len;
  }
  if (x->seen)
    x->seen->exchange = NULL;
  cs_base_put(memory(s), x->bytes, x->len);
  cs_base_put(memory(s), x, sizeof *x + x->token_len);
}

static cs_core_exchange *new_exchange(cs_core_session *s, const cs_wire_message *m,
                                      struct seen *seen) {
  if (cs_base_heap_reserve(&s->timers, memory(s), s->requests + s->exchange_count + 1) != CS_OK)
    return NULL;
  cs_core_exchange *x = cs_base_get(memory(s), sizeof *x + m->token.len);
  if (!x)
    return NULL;
  memset(x, 0, sizeof *x);
  cs_core_flight_init(&x->f, FLIGHT_RESPONSE, CS_NON, s->in_from);
  x->seen = seen;
  x->request_mid = m->mid;
  x->request_type = m->type;
  x->multicast = s->in_multicast;
  x->token_len = (uint32_t)m->token.len;
  if (m->token.len)
    memcpy(x->token, m->token.at, m->token.len);
  x->f.phase = m->type == CS_CON ? PHASE_OPEN : PHASE_OWED;
  list_add(s, x);
  if (seen)
    seen->exchange = x;
  return x;
}

cs_core_exchange *cs_core_exchange_open(cs_core_session *s, const cs_wire_message *m) {
  cs_core_exchange *x = new_exchange(s, m, NULL);
  if (!x)
    return NULL;
  x->f.phase = PHASE_OWED; /* nothing is acknowledged here */
  x->serial = ++s->reliable->serial;
  return x;
}

cs_span cs_core_diagnose(uint8_t buf[DIAGNOSTIC_MAX], uint16_t number) {
  static const char words[] = "unrecognised critical option ";
  cs_base_writer w = cs_base_writer_of(buf, DIAGNOSTIC_MAX);
  cs_base_put_bytes(&w, words, sizeof words - 1);
  unsigned divisor = 10000;
  while (divisor > 1 && number / divisor == 0)
    divisor /= 10;
  for (; divisor; divisor /= 10)
    cs_base_put_u8(&w, '0' + number / divisor % 10);
  return cs_base_written(&w);
}

/* As if it had never come, so that a retransmission is not a duplicate. */
static void forgotten(const cs_core_session *s, struct seen *seen) {
  seen->until = s->now;
}

/* A critical option that is not understood: 4.02 to a Confirmable request,
 * rejection of a Non-confirmable one (RFC 7252 section 5.4.1). */
static void bad_option(cs_core_session *s, cs_core_exchange *x, struct seen *seen,
                       uint16_t number) {
  if (x->request_type == CS_NON) {
    bool multicast = x->multicast;
    cs_core_exchange_free(s, x);
    cs_core_seen_reply(s, seen, multicast ? REPLY_NONE : REPLY_RST);
    return;
  }
  uint8_t text[DIAGNOSTIC_MAX];
  cs_core_response_spec spec = {CS_CODE(4, 2), {NULL, 0}, cs_core_diagnose(text, number), -1};
  if (cs_core_respond(s, x, &spec, s->now) != CS_OK) {
    cs_core_exchange_free(s, x);
    forgotten(s, seen);
  }
}

bool cs_core_exchange_request(cs_core_session *s, const cs_wire_message *m, cs_core_event *out) {
  uint32_t cap = s->config->max_exchanges ? s->config->max_exchanges : EXCHANGES_DEFAULT;
  if (s->exchange_count >= cap)
    return false; /* the client's retransmission finds it when there is room */
  struct seen *seen = cs_core_seen_add(s, s->in_from, m);
  if (!seen)
    return false;
  cs_core_exchange *x = new_exchange(s, m, seen);
  if (!x) {
    forgotten(s, seen);
    return false;
  }
  memset(out, 0, sizeof *out);
  out->peer = s->in_from;
  out->message = *m;
  out->mid = m->mid;
  cs_wire_option at;
  cs_rule r = cs_wire_option_check(m, s->config->known, s->config->known_ctx, &at);
  if (r != CS_RULE_NONE) {
    bad_option(s, x, seen, at.number);
    out->kind = CS_EVENT_REJECTED;
    out->rule = r;
    return true;
  }
  if (m->type == CS_CON)
    cs_base_heap_set(&s->timers, &x->f.timer,
                     cs_time_add(s->now, cs_core_get_params(s)->ack_delay));
  out->kind = CS_EVENT_REQUEST;
  out->exchange = x;
  return true;
}

void cs_core_defer(cs_core_session *s, cs_core_exchange *x, cs_time now) {
  cs_core_time(s, now);
  if (x->f.phase != PHASE_OPEN)
    return;
  cs_base_heap_remove(&s->timers, &x->f.timer);
  x->f.phase = PHASE_OWED;
  cs_core_seen_reply(s, x->seen, REPLY_ACK);
}

void cs_core_ignore(cs_core_session *s, cs_core_exchange *x, cs_time now) {
  cs_core_defer(s, x, now);
  cs_core_exchange_free(s, x);
  if (is_reliable(s))
    cs_core_reply_due(s);
}

/* Builds the whole response into memory of its own. */
static cs_err encode(cs_core_session *s, const cs_wire_message *m, uint8_t **bytes, size_t *len) {
  size_t size = cs_wire_size(m);
  if (size == 0 || size > cs_core_max_send(s))
    return CS_ERR_TOO_LARGE;
  uint8_t *b = cs_base_get(memory(s), size);
  if (!b)
    return CS_ERR_MEMORY;
  size_t n;
  cs_err e = cs_wire_build(m, b, size, &n);
  if (e != CS_OK) {
    cs_base_put(memory(s), b, size);
    return e;
  }
  *bytes = b;
  *len = size;
  return CS_OK;
}

static cs_err piggyback(cs_core_session *s, cs_core_exchange *x, cs_wire_message *m) {
  struct seen *seen = x->seen;
  uint8_t *bytes;
  size_t len;
  m->type = CS_ACK;
  m->mid = x->request_mid;
  cs_err e = encode(s, m, &bytes, &len);
  if (e != CS_OK)
    return e;
  seen->bytes = bytes;
  seen->len = (uint32_t)len;
  cs_core_exchange_free(s, x);
  cs_core_seen_reply(s, seen, REPLY_STORED);
  return CS_OK;
}

static cs_err separate(cs_core_session *s, cs_core_exchange *x, cs_wire_message *m) {
  uint16_t mid;
  cs_err e = cs_core_mid_next(s, &mid);
  if (e != CS_OK)
    return e;
  m->mid = mid;
  uint8_t *bytes;
  size_t len;
  e = encode(s, m, &bytes, &len);
  if (e != CS_OK)
    return e;
  x->f.type = m->type;
  e = cs_core_flight_match(s, &x->f, mid);
  if (e != CS_OK) {
    cs_base_put(memory(s), bytes, len);
    return e;
  }
  cs_core_mid_take(s, mid);
  cs_core_defer(s, x, s->now); /* the Empty Acknowledgement goes first */
  x->bytes = bytes;
  x->len = len;
  x->answered = true;
  if (x->multicast) {
    cs_time leisure = cs_core_get_params(s)->default_leisure;
    cs_time delay = cs_base_random_u32(&s->config->random) % (leisure + 1);
    x->f.phase = PHASE_LEISURE;
    cs_base_heap_set(&s->timers, &x->f.timer, cs_time_add(s->now, delay));
    return CS_OK;
  }
  x->f.phase = PHASE_QUEUED;
  cs_core_queue(s, &x->f.out);
  return CS_OK;
}

/* On a reliable form: sent once, in the order of the answers. */
static cs_err answer(cs_core_session *s, cs_core_exchange *x, cs_wire_message *m) {
  struct reliable *r = s->reliable;
  if (r->ended) {
    cs_core_exchange_free(s, x);
    return CS_OK;
  }
  m->form = s->config->form;
  m->type = 0;
  cs_err e = encode(s, m, &x->bytes, &x->len);
  if (e != CS_OK)
    return e;
  x->answered = true;
  r->answers++;
  r->answers_bytes += x->len;
  x->f.phase = PHASE_QUEUED;
  cs_core_queue(s, &x->f.out);
  cs_core_reply_due(s);
  return CS_OK;
}

cs_err cs_core_respond(cs_core_session *s, cs_core_exchange *x, const cs_core_response_spec *spec,
                       cs_time now) {
  cs_core_time(s, now);
  if (!cs_wire_code_is_response(spec->code) || x->answered ||
      (spec->type != -1 && spec->type != CS_CON && spec->type != CS_NON))
    return CS_ERR_ARGUMENT;
  cs_wire_message m = {
      CS_WIRE_UDP,   (uint8_t)spec->type, spec->code, 0, cs_span_of(x->token, x->token_len),
      spec->options, spec->payload};
  if (is_reliable(s))
    return answer(s, x, &m);
  if (x->f.phase == PHASE_OPEN && spec->type == -1)
    return piggyback(s, x, &m);
  if (spec->type == -1)
    m.type = x->request_type;
  return separate(s, x, &m);
}

void cs_core_exchange_timer(cs_core_session *s, cs_core_exchange *x) {
  if (x->f.phase == PHASE_OPEN) {
    x->f.phase = PHASE_OWED;
    cs_core_seen_reply(s, x->seen, REPLY_ACK);
  } else if (x->f.phase == PHASE_LEISURE) {
    x->f.phase = PHASE_QUEUED;
    cs_core_queue(s, &x->f.out);
  }
}
