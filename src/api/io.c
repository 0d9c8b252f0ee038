/* The loop: waiting, receiving, timers. */
#include "api/context.h"
#include "api/deliver.h"
#include "api/error.h"
#include "api/event.h"
#include "api/exchange.h"
#include "api/reentry.h"
#include "api/secure.h"
#include "api/stream.h"
#include "api/transmit.h"

enum { READY_MAX = 64, TURN_MAX = 4096 };

/* Tells what s has to tell, then sends what came of it. */
static void turn(coap_session_t *s, cs_time now) {
  cs_api_deliver(s, now, false);
  if (cs_api_gone(s)) {
    /* What it received lies in the buffer that the next session receives into,
     * so the core looks at it now and not when the session is torn down. */
    cs_api_deliver(s, now, true);
    return;
  }
  cs_api_secure_look(s);
  if (cs_api_streaming(s))
    cs_api_stream_look(s);
  if (cs_api_gone(s))
    return;
  cs_api_transmit(s, now);
  if (s->resent) {
    s->resent = false;
    cs_api_event(s, COAP_EVENT_MSG_RETRANSMITTED);
  }
}

/* Takes one datagram. */
static void take(coap_session_t *s, cs_time now) {
  coap_context_t *ctx = s->context;
  cs_net_address from;
  size_t len = 0;
  cs_err e = ctx->net.ops->receive(ctx->net.self, s->fd, ctx->rx, CS_API_DATAGRAM_MAX, &len,
                                   cs_api_group_of(s) ? &from : NULL);
  switch (e) {
  case CS_OK: {
    cs_api_touch(s, now);
    cs_core_peer peer = cs_api_group_of(s) ? cs_api_responder_number(s, &from) : 0;
    (void)cs_endpoint_receive(s->endpoint, peer, false, cs_span_of(ctx->rx, len),
                              cs_api_at(s, now));
    break;
  }
  case CS_ERR_REFUSED:
  case CS_ERR_UNREACHABLE:
  case CS_ERR_CLOSED:
    cs_endpoint_link(s->endpoint, CS_LINK_UNREACHABLE, cs_api_at(s, now));
    break;
  case CS_ERR_AGAIN:
    break;
  default:
    coap_log_warn("%s: receiving failed: %s\n", coap_session_str(s), cs_base_err_text(e));
    break;
  }
}

static void ready(coap_session_t *s, unsigned what, cs_time now) {
  if (cs_api_gone(s))
    return;
  if (cs_api_streaming(s)) {
    cs_api_stream_ready(s, what, now);
  } else {
    if (what & CS_NET_WRITE)
      cs_api_transmit_again(s, now);
    if (what & (CS_NET_READ | CS_NET_HANGUP))
      take(s, now);
  }
  turn(s, now);
}

/* Runs the timers that are due. A turn may set its own timer to now again, so
 * the number of turns is bounded; the rest comes with the next call. */
static bool run_due(coap_context_t *ctx, cs_time now) {
  bool any = false;
  for (unsigned i = 0; i < TURN_MAX + ctx->session_count; i++) {
    cs_base_timer *first = cs_base_heap_first(&ctx->deadlines);
    if (!first || first->at > now)
      break;
    coap_session_t *s = cs_api_of_timer(first);
    /* It keeps its place, so that setting it again needs no memory. */
    cs_base_heap_set(&ctx->deadlines, first, CS_TIME_NEVER);
    any = true;
    if (cs_api_gone(s))
      continue;
    cs_endpoint_expire(s->endpoint, cs_api_at(s, now));
    if (cs_api_streaming(s))
      cs_api_stream_expire(s, now);
    else
      cs_api_transmit_again(s, now);
    cs_api_secure_expire(s, now);
    if (now >= cs_api_keepalive_due(s)) {
      cs_api_touch(s, now);
      cs_api_probe_session(s);
    }
    turn(s, now);
  }
  return any;
}

/* Whether the context may run now. */
static bool runnable(const char *function, const coap_context_t *ctx) {
  if (!ctx)
    cs_api_fail(function, "context is NULL");
  else if (ctx->calling)
    cs_api_fail(function, "called from inside a handler");
  else
    return true;
  return false;
}

/* One turn of the context, begun now, that ends waiting at the given time.
 * Returns when the wait was over: the clock is not asked more often than
 * needed, as this runs for every message. */
static cs_time process(coap_context_t *ctx, cs_time now, cs_time until) {
  cs_net_ready list[READY_MAX];
  if (run_due(ctx, now))
    until = 0;
  cs_time at = cs_time_min(until, cs_base_heap_deadline(&ctx->deadlines));
  size_t n = ctx->net.ops->wait(ctx->net.self, list, READY_MAX, at);
  now = cs_api_now(ctx);
  for (size_t i = 0; i < n; i++)
    if (list[i].user)
      ready(list[i].user, list[i].what, now);
  (void)run_due(ctx, now);
  cs_api_set_alarm(ctx);
  return now;
}

int coap_io_process(coap_context_t *ctx, uint32_t timeout_ms) {
  if (!runnable(__func__, ctx))
    return -1;
  cs_time begin = cs_api_now(ctx);
  cs_time until = timeout_ms == COAP_IO_WAIT      ? CS_TIME_NEVER
                  : timeout_ms == COAP_IO_NO_WAIT ? 0
                                                  : begin + timeout_ms * CS_MILLISECOND;
  cs_time spent = (process(ctx, begin, until) - begin) / CS_MILLISECOND;
  cs_api_settle(ctx);
  return spent < INT32_MAX ? (int)spent : INT32_MAX;
}

int coap_io_process_with_fds(coap_context_t *ctx, uint32_t timeout_ms, int nfds, fd_set *readfds,
                             fd_set *writefds, fd_set *exceptfds) {
  (void)nfds, (void)readfds, (void)writefds, (void)exceptfds;
  return coap_io_process(ctx, timeout_ms);
}

int coap_io_pending(coap_context_t *context) {
  if (!context) {
    cs_api_fail(__func__, "context is NULL");
    return 0;
  }
  return context->open > 0 || context->blocked > 0;
}

int coap_can_exit(coap_context_t *context) {
  if (!context) {
    cs_api_fail(__func__, "context is NULL");
    return 1;
  }
  return context->waiting == 0 && context->blocked == 0;
}

int coap_context_get_coap_fd(const coap_context_t *context) {
  if (!context) {
    cs_api_fail(__func__, "context is NULL");
    return -1;
  }
  coap_context_t *ctx = (coap_context_t *)(uintptr_t)context;
  ctx->alarmed = true;
  cs_api_set_alarm(ctx);
  return ctx->net.ops->loop_fd(ctx->net.self);
}

/* Runs the timers and returns the milliseconds until the next. */
static unsigned int prepare(const char *function, coap_context_t *ctx) {
  if (!runnable(function, ctx))
    return 0;
  cs_time now = cs_api_now(ctx);
  (void)run_due(ctx, now);
  cs_api_set_alarm(ctx);
  cs_time at = cs_base_heap_deadline(&ctx->deadlines);
  cs_time left = at > now ? (at - now + CS_MILLISECOND - 1) / CS_MILLISECOND : 1;
  cs_api_settle(ctx);
  if (at == CS_TIME_NEVER)
    return 0;
  return left < INT32_MAX ? (unsigned int)left : INT32_MAX;
}

unsigned int coap_io_prepare_epoll(coap_context_t *ctx, coap_tick_t now) {
  (void)now;
  return prepare(__func__, ctx);
}

unsigned int coap_io_prepare_io(coap_context_t *ctx, coap_socket_t *sockets[],
                                unsigned int max_sockets, unsigned int *num_sockets,
                                coap_tick_t now) {
  (void)sockets, (void)max_sockets, (void)now;
  if (num_sockets)
    *num_sockets = 0;
  return prepare(__func__, ctx);
}

void coap_io_do_io(coap_context_t *ctx, coap_tick_t now) {
  (void)now;
  if (!runnable(__func__, ctx))
    return;
  (void)process(ctx, cs_api_now(ctx), 0);
  cs_api_settle(ctx);
}

void coap_io_do_epoll(coap_context_t *ctx, struct epoll_event *events, size_t nevents) {
  (void)events, (void)nevents;
  if (!runnable(__func__, ctx))
    return;
  (void)process(ctx, cs_api_now(ctx), 0);
  cs_api_settle(ctx);
}

int coap_handle_event(coap_context_t *context, coap_event_t event, coap_session_t *session) {
  if (!context || !session || session->context != context) {
    cs_api_fail(__func__, "session is not one of context");
    return 0;
  }
  int r = cs_api_event(session, event);
  cs_api_settle(context);
  return r;
}
