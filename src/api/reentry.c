#include "api/reentry.h"

#include "api/deliver.h"
#include "api/live.h"
#include "api/memory.h"
#include "api/secure.h"
#include "api/stream.h"
#include "api/transmit.h"

static void take_out(coap_context_t *ctx, coap_session_t *s) {
  if (s->prev)
    s->prev->link.next = s->link.next;
  else
    ctx->sessions = s->link.next;
  if (s->link.next)
    s->link.next->prev = s->prev;
  ctx->session_count--;
}

static void free_rare(coap_context_t *ctx, cs_api_rare *rare) {
  if (!rare)
    return;
  if (rare->stash) {
    ctx->blocked--;
    cs_base_put(ctx->alloc, rare->stash, rare->stash_len);
  }
  cs_api_secure_free(ctx->alloc, rare->secure);
  cs_base_put(ctx->alloc, rare->group, sizeof *rare->group);
  cs_base_put(ctx->alloc, rare, sizeof *rare);
}

/* Ends the exchange of a session that is in no list: requests are told off,
 * what they held is freed, the socket is closed. The object itself stays. */
static void shut(coap_session_t *s) {
  coap_context_t *ctx = s->context;
  cs_time now = cs_api_at(s, cs_api_now(ctx));
  s->ended = true;
  s->state = COAP_SESSION_STATE_NONE;
  if (cs_api_streaming(s))
    cs_api_stream_farewell(s, now);
  cs_core_drain(cs_endpoint_session(s->endpoint), CS_NACK_CLOSED);
  cs_api_deliver(s, now, true);
  /* Acknowledgements and Resets that are owed still go out. */
  if (!cs_api_streaming(s))
    cs_api_transmit(s, now);
  if (s->proto == COAP_PROTO_DTLS)
    cs_api_secure_farewell(s, now);
  cs_base_heap_remove(&ctx->deadlines, &s->timer);
  cs_endpoint_close(s->endpoint);
  s->endpoint = NULL;
  while (s->open)
    cs_api_open_remove(s, s->open);
  unsigned pings = s->rare ? s->rare->pings : 0;
  ctx->open -= pings;
  ctx->waiting -= pings;
  free_rare(ctx, s->rare);
  s->rare = NULL;
  if (s->fd >= 0)
    ctx->net.ops->close(ctx->net.self, s->fd);
  s->link.alloc = ctx->alloc;
  s->context = NULL;
  coap_log_debug("session %p: closed\n", (void *)s);
}

static void session_free(coap_session_t *s) {
  cs_api_live_remove(&s->live);
  cs_base_put(s->link.alloc, s, sizeof *s);
}

void cs_api_end_session(coap_session_t *s) {
  coap_context_t *ctx = s->context;
  if (!ctx) {
    /* Its context went before its last reference did. */
    session_free(s);
    return;
  }
  if (s->ended)
    return;
  s->ended = true;
  take_out(ctx, s);
  s->link.next = ctx->ending;
  ctx->ending = s;
  cs_api_settle(ctx);
}

static void context_destroy(coap_context_t *ctx) {
  cs_api_live_remove(&ctx->live);
  cs_api_tls_free(ctx->tls);
  cs_base_heap_free(&ctx->deadlines, ctx->alloc);
  if (ctx->own_net)
    cs_net_posix_free(&ctx->net, ctx->alloc);
  cs_base_put(ctx->alloc, ctx->tx, CS_API_DATAGRAM_MAX);
  cs_base_put(ctx->alloc, ctx->rx, CS_API_DATAGRAM_MAX);
  cs_base_put(ctx->alloc, ctx, sizeof *ctx);
}

void cs_api_settle(coap_context_t *ctx) {
  if (ctx->calling)
    return;
  /* Handlers that run in here find calling above zero, so this is not entered
   * twice. */
  ctx->calling++;
  for (;;) {
    coap_session_t *s = ctx->ending;
    if (s) {
      ctx->ending = s->link.next;
      shut(s);
      session_free(s);
    } else if (ctx->freed && ctx->sessions) {
      /* The context's own end takes one reference of each. */
      s = ctx->sessions;
      take_out(ctx, s);
      shut(s);
      if (s->refs > 0)
        s->refs--;
      if (s->refs == 0)
        session_free(s);
    } else {
      break;
    }
  }
  ctx->calling--;
  if (ctx->freed)
    context_destroy(ctx);
}
