#include "api/transmit.h"

#include <string.h>

#include "api/address.h"
#include "api/error.h"
#include "api/loss.h"
#include "api/secure.h"
#include "api/stream.h"

/* Where a datagram to this peer goes: NULL for a connected socket; false when
 * the responder is no longer known. */
static bool destination(const coap_session_t *s, cs_core_peer to, cs_net_address *address,
                        const cs_net_address **out) {
  *out = NULL;
  if (!cs_api_group_of(s))
    return true;
  const coap_address_t *a = to == 0 ? &s->remote : NULL;
  for (unsigned i = 0; to && i < CS_API_RESPONDERS_MAX; i++)
    if (cs_api_group_of(s)->known[i].number == to)
      a = &cs_api_group_of(s)->known[i].address;
  if (!a || cs_api_address_read(a, address))
    return false;
  *out = address;
  return true;
}

static cs_err put(coap_session_t *s, cs_core_peer to, cs_span bytes) {
  cs_net_address address;
  const cs_net_address *peer;
  if (cs_api_loss_next() || !destination(s, to, &address, &peer))
    return CS_OK;
  const cs_net *net = &s->context->net;
  size_t sent;
  return net->ops->send(net->self, s->fd, peer, bytes, &sent);
}

static void watch(coap_session_t *s, unsigned what) {
  const cs_net *net = &s->context->net;
  (void)net->ops->watch(net->self, s->fd, what, s);
}

/* Keeps a datagram back until the system has room. Without memory it is lost,
 * as a datagram may be. */
static void keep_back(coap_session_t *s, cs_core_peer to, cs_span bytes) {
  cs_api_rare *rare = cs_api_rare_of(s);
  uint8_t *copy = rare ? cs_base_get(s->context->alloc, bytes.len) : NULL;
  if (!copy)
    return;
  memcpy(copy, bytes.at, bytes.len);
  rare->stash = copy;
  rare->stash_len = bytes.len;
  rare->stash_to = to;
  rare->stash_until = cs_core_now(cs_endpoint_session(s->endpoint)) + CS_SECOND;
  s->context->blocked++;
  watch(s, CS_NET_READ | CS_NET_WRITE);
}

static bool blocked(const coap_session_t *s) {
  return s->rare && s->rare->stash;
}

/* What an attempt to send came to. */
static void attempted(coap_session_t *s, cs_core_peer to, cs_span bytes, cs_err e, cs_time now) {
  switch (e) {
  case CS_OK:
    cs_api_touch(s, now);
    break;
  case CS_ERR_AGAIN:
    keep_back(s, to, bytes);
    break;
  case CS_ERR_REFUSED:
  case CS_ERR_UNREACHABLE:
  case CS_ERR_TOO_LARGE:
  case CS_ERR_CLOSED:
    cs_endpoint_link(s->endpoint, CS_LINK_UNREACHABLE, now);
    break;
  default:
    /* As if it had been lost on the way. */
    coap_log_warn("%s: a datagram could not be sent: %s\n", coap_session_str(s),
                  cs_base_err_text(e));
    break;
  }
}

/* Notes which request just left, and whether it had before. */
static void left(coap_session_t *s, cs_span bytes) {
  uint8_t type, code;
  uint16_t mid;
  bool known = s->proto == COAP_PROTO_DTLS ? cs_endpoint_carried(s->endpoint, &type, &code, &mid)
                                           : cs_wire_peek(bytes, &type, &code, &mid);
  if (!known || !cs_wire_code_is_request(code))
    return;
  coap_pdu_t *pdu = s->open;
  while (pdu && pdu->mid != mid)
    pdu = pdu->next;
  if (!pdu)
    return;
  if (pdu->transmitted)
    s->resent = true;
  else if (pdu->waiting && pdu->type == COAP_MESSAGE_NON) {
    pdu->waiting = false;
    s->context->waiting--;
  }
  pdu->transmitted = true;
}

void cs_api_set_alarm(coap_context_t *ctx) {
  if (!ctx->alarmed || !ctx->net.ops->alarm)
    return;
  cs_time at = cs_base_heap_deadline(&ctx->deadlines);
  /* One that rings too early does no harm and is set right then; so only what
   * comes earlier, or comes after it rang, costs a system call. */
  if (at != ctx->alarm && (at < ctx->alarm || ctx->alarm <= cs_api_now(ctx)) &&
      ctx->net.ops->alarm(ctx->net.self, at) == CS_OK)
    ctx->alarm = at;
}

cs_time cs_api_keepalive_due(coap_session_t *s) {
  cs_time period = s->context->keepalive;
  if (!period || s->state != COAP_SESSION_STATE_ESTABLISHED || cs_api_group_of(s))
    return CS_TIME_NEVER;
  cs_api_rare *rare = cs_api_rare_of(s);
  if (!rare || rare->probing)
    return CS_TIME_NEVER;
  if (rare->last == 0)
    rare->last = cs_core_now(cs_endpoint_session(s->endpoint));
  return cs_time_add(rare->last, period);
}

cs_err cs_api_reserve(coap_session_t *s) {
  cs_base_heap *h = &s->context->deadlines;
  return s->timer.place ? CS_OK : cs_base_heap_reserve(h, s->context->alloc, h->count + 1);
}

/* A stream has its place from the beginning and keeps it: each of its ends
 * depends on a timer. */
static void rearm_stream(coap_session_t *s) {
  coap_context_t *ctx = s->context;
  cs_time at = cs_api_stream_deadline(s, cs_endpoint_deadline(s->endpoint));
  if (ctx->keepalive)
    at = cs_time_min(at, cs_api_keepalive_due(s));
  cs_base_heap_set(&ctx->deadlines, &s->timer, at);
  if (ctx->alarmed)
    cs_api_set_alarm(ctx);
}

/* Room was made when a request was sent. What else needs a timer, forgetting
 * duplicates and keepalive, can do without when memory is short. */
void cs_api_rearm(coap_session_t *s) {
  coap_context_t *ctx = s->context;
  if (cs_api_streaming(s)) {
    rearm_stream(s);
    return;
  }
  cs_time at = cs_endpoint_deadline(s->endpoint);
  /* What cannot be sent now waits for room, and that not for ever. */
  if (blocked(s)) {
    bool due = at <= cs_core_now(cs_endpoint_session(s->endpoint));
    at = cs_time_min(due ? CS_TIME_NEVER : at, s->rare->stash_until);
  }
  if (ctx->keepalive)
    at = cs_time_min(at, cs_api_keepalive_due(s));
  const cs_api_secure *x = cs_api_secure_of(s);
  if (x && x->leaving)
    at = cs_core_now(cs_endpoint_session(s->endpoint));
  if (at == CS_TIME_NEVER && x)
    cs_base_heap_set(&ctx->deadlines, &s->timer, at); /* it keeps its place */
  else if (at == CS_TIME_NEVER)
    cs_base_heap_remove(&ctx->deadlines, &s->timer);
  else if ((!s->timer.place || s->timer.at != at) && cs_api_reserve(s) == CS_OK)
    cs_base_heap_set(&ctx->deadlines, &s->timer, at);
  if (ctx->alarmed)
    cs_api_set_alarm(ctx);
}

void cs_api_transmit(coap_session_t *s, cs_time now) {
  coap_context_t *ctx = s->context;
  if (cs_api_streaming(s)) {
    cs_api_stream_transmit(s, now);
    cs_api_rearm(s);
    return;
  }
  now = cs_api_at(s, now);
  cs_core_peer to;
  size_t len;
  while (!blocked(s) &&
         cs_endpoint_transmit(s->endpoint, now, ctx->tx, CS_API_DATAGRAM_MAX, &to, &len) == CS_OK) {
    cs_span bytes = cs_span_of(ctx->tx, len);
    left(s, bytes);
    attempted(s, to, bytes, put(s, to, bytes), now);
  }
  cs_api_rearm(s);
}

void cs_api_transmit_again(coap_session_t *s, cs_time now) {
  if (!blocked(s)) {
    watch(s, CS_NET_READ); /* in case it failed before: room is not waited for */
    return;
  }
  cs_api_rare *rare = s->rare;
  cs_span bytes = cs_span_of(rare->stash, rare->stash_len);
  cs_err e = put(s, rare->stash_to, bytes);
  if (e == CS_ERR_AGAIN && now < rare->stash_until)
    return;
  cs_base_put(s->context->alloc, rare->stash, rare->stash_len);
  rare->stash = NULL;
  s->context->blocked--;
  watch(s, CS_NET_READ);
  if (e != CS_ERR_AGAIN)
    attempted(s, 0, cs_span_of(NULL, 0), e, cs_api_at(s, now));
}
