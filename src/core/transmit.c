/* Writing what is queued, and the retransmission of Confirmable messages (RFC
 * 7252 section 4.2): a timeout between ACK_TIMEOUT and ACK_TIMEOUT x
 * ACK_RANDOM_FACTOR, doubled with each of at most MAX_RETRANSMIT
 * retransmissions, the whole within MAX_TRANSMIT_SPAN. */
#include "core/internal.h"

/* RFC 7252 section 4.2: the first timeout is drawn, the later ones double. */
static cs_time first_timeout(cs_core_session *s) {
  const cs_core_params *p = cs_core_get_params(s);
  cs_time spread = p->ack_timeout * (p->ack_random_permille - 1000) / 1000;
  return p->ack_timeout + (spread ? cs_base_random_u32(&s->config->random) % (spread + 1) : 0);
}

/* A flight's message has just been written: note it and set its timer. */
static void flight_sent(cs_core_session *s, struct flight *f, size_t len) {
  f->tries++;
  cs_core_mid_used(s, f->mid);
  if (f->tries == 1)
    f->first_sent = s->now;
  if (f->type == CS_CON) {
    f->timeout = f->tries == 1 ? first_timeout(s) : f->timeout * 2;
    f->phase = PHASE_SENT;
    cs_base_heap_set(&s->timers, &f->timer, cs_time_add(s->now, f->timeout));
  } else if (f->kind == FLIGHT_REQUEST) {
    cs_core_request_sent(s, (cs_core_request *)f, len);
  } else {
    cs_core_exchange_free(s, (cs_core_exchange *)f);
  }
}

static cs_err write_flight(struct flight *f, uint8_t *buf, size_t cap, size_t *len) {
  if (f->kind == FLIGHT_RESPONSE) {
    cs_core_exchange *x = (cs_core_exchange *)f;
    if (x->len > cap)
      return CS_ERR_TOO_LARGE;
    memcpy(buf, x->bytes, x->len);
    *len = x->len;
    return CS_OK;
  }
  cs_core_request *r = (cs_core_request *)f;
  cs_wire_message m = {CS_WIRE_UDP, f->type, r->code, f->mid, r->token, r->options, r->payload};
  return cs_wire_build(&m, buf, cap, len);
}

static cs_err write_empty(uint8_t type, uint16_t mid, uint8_t *buf, size_t cap, size_t *len) {
  cs_wire_message m = {CS_WIRE_UDP, type, CS_CODE_EMPTY, mid, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  return cs_wire_build(&m, buf, cap, len);
}

static cs_err write_reply(struct seen *r, uint8_t *buf, size_t cap, size_t *len) {
  if (r->reply != REPLY_STORED)
    return write_empty(r->reply == REPLY_ACK ? CS_ACK : CS_RST, r->mid, buf, cap, len);
  if (r->len > cap)
    return CS_ERR_TOO_LARGE;
  memcpy(buf, r->bytes, r->len);
  *len = r->len;
  return CS_OK;
}

static struct seen *seen_of(struct out *o) {
  return (struct seen *)(void *)((char *)o - offsetof(struct seen, out));
}

static struct flight *flight_of_out(struct out *o) {
  return (struct flight *)(void *)((char *)o - offsetof(struct flight, out));
}

static struct flight *flight_of_timer(cs_base_timer *t) {
  return (struct flight *)(void *)((char *)t - offsetof(struct flight, timer));
}

cs_err cs_core_transmit(cs_core_session *s, cs_time now, uint8_t *buf, size_t cap, cs_core_peer *to,
                        size_t *len) {
  cs_core_time(s, now);
  struct out *o = s->out_first;
  if (!o)
    return CS_ERR_AGAIN;
  cs_err e;
  if (is_reliable(s)) {
    e = cs_core_write(s, now, buf, cap, len);
    if (e == CS_OK)
      *to = 0;
    return e;
  }
  if (o->kind == OUT_REPLY) {
    e = write_reply(seen_of(o), buf, cap, len);
    if (e == CS_OK)
      *to = seen_of(o)->peer;
  } else if (o->kind == OUT_BARE) {
    struct bare *b = (struct bare *)o;
    e = write_empty(b->type, b->mid, buf, cap, len);
    if (e == CS_OK)
      *to = b->peer;
  } else {
    e = write_flight(flight_of_out(o), buf, cap, len);
    if (e == CS_OK)
      *to = flight_of_out(o)->peer;
  }
  if (e != CS_OK)
    return e;
  cs_core_unqueue(s, o);
  if (o->kind == OUT_FLIGHT) {
    flight_sent(s, flight_of_out(o), *len);
  } else if (o->kind == OUT_BARE) {
    s->bare_count--;
    cs_base_put(memory(s), o, sizeof(struct bare));
  }
  return CS_OK;
}

size_t cs_core_next_size(const cs_core_session *s) {
  enum { EMPTY_SIZE = 4 };
  struct out *o = s->out_first;
  if (!o)
    return 0;
  if (is_reliable(s))
    return cs_core_write_size(s);
  if (o->kind == OUT_BARE)
    return EMPTY_SIZE;
  if (o->kind == OUT_REPLY)
    return seen_of(o)->reply == REPLY_STORED ? seen_of(o)->len : EMPTY_SIZE;
  const struct flight *f = flight_of_out(o);
  if (f->kind == FLIGHT_RESPONSE)
    return ((const cs_core_exchange *)f)->len;
  const cs_core_request *r = (const cs_core_request *)f;
  cs_wire_message m = {CS_WIRE_UDP, f->type, r->code, f->mid, r->token, r->options, r->payload};
  return cs_wire_size(&m);
}

bool cs_core_wants_transmit(const cs_core_session *s) {
  return s->out_first != NULL;
}

static void give_up(cs_core_session *s, struct flight *f) {
  if (f->kind == FLIGHT_RESPONSE)
    cs_core_exchange_free(s, (cs_core_exchange *)f);
  else
    cs_core_request_end(s, (cs_core_request *)f, CS_NACK_TIMEOUT, CS_RULE_MAX_RETRANSMIT);
}

/* The timeout of an unacknowledged Confirmable message. */
static void retransmit(cs_core_session *s, struct flight *f) {
  const cs_core_params *p = cs_core_get_params(s);
  if (f->tries > p->max_retransmit) {
    give_up(s, f);
    return;
  }
  cs_time last = cs_time_add(f->first_sent, cs_core_max_transmit_span(p));
  if (s->now > last) {
    /* A driver that was late misses the opportunity; the wait goes on to the
     * end it would have had. */
    cs_time end = cs_time_add(f->first_sent, cs_core_max_transmit_wait(p));
    f->tries = (uint8_t)(p->max_retransmit + 1);
    if (s->now >= end)
      give_up(s, f);
    else
      cs_base_heap_set(&s->timers, &f->timer, end);
    return;
  }
  f->phase = PHASE_QUEUED;
  cs_core_queue(s, &f->out);
}

void cs_core_expire(cs_core_session *s, cs_time now) {
  cs_core_time(s, now);
  cs_core_seen_expire(s);
  cs_base_timer *due;
  while ((due = cs_base_heap_first(&s->timers)) != NULL && due->at <= now) {
    struct flight *f = flight_of_timer(due);
    cs_base_heap_remove(&s->timers, &f->timer);
    if (f->phase == PHASE_SENT && f->type == CS_CON)
      retransmit(s, f);
    else if (f->kind == FLIGHT_RESPONSE)
      cs_core_exchange_timer(s, (cs_core_exchange *)f);
    else
      cs_core_request_timer(s, (cs_core_request *)f);
  }
  if (is_reliable(s))
    cs_core_reliable_expire(s);
}
