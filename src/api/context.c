#include "api/context.h"

#include <string.h>

#include "api/error.h"
#include "api/live.h"
#include "api/memory.h"
#include "api/reentry.h"
#include "wire/option.h"

/* Critical options are understood that the table has, and those that the
 * application has registered. */
static bool known(void *context, uint16_t number) {
  const coap_context_t *ctx = context;
  if (cs_wire_option_find(0, number))
    return true;
  for (unsigned i = 0; i < ctx->option_count; i++)
    if (ctx->options[i] == number)
      return true;
  return false;
}

static coap_context_t *context_new(const cs_net *net) {
  const cs_base_alloc *alloc = cs_api_alloc();
  coap_context_t *ctx = cs_base_get(alloc, sizeof *ctx);
  cs_err e = CS_ERR_MEMORY;
  if (!ctx)
    goto failed;
  memset(ctx, 0, sizeof *ctx);
  ctx->alloc = alloc;
  ctx->rx = cs_base_get(alloc, CS_API_DATAGRAM_MAX);
  ctx->tx = ctx->rx ? cs_base_get(alloc, CS_API_DATAGRAM_MAX) : NULL;
  if (!ctx->tx)
    goto failed;
  if (net) {
    ctx->net = *net;
  } else {
    e = cs_net_posix_new(alloc, &ctx->net);
    if (e)
      goto failed;
    ctx->own_net = true;
  }
  ctx->endpoint.core.role = CS_CLIENT;
  ctx->endpoint.core.form = CS_WIRE_UDP;
  ctx->endpoint.core.alloc = alloc;
  ctx->endpoint.core.random = cs_net_random(&ctx->net);
  ctx->endpoint.core.known = known;
  ctx->endpoint.core.known_ctx = ctx;
  ctx->endpoint.link = CS_LINK_DATAGRAM;
  ctx->tcp = ctx->ws = ctx->endpoint;
  ctx->tcp.core.form = CS_WIRE_TCP;
  ctx->tcp.link = CS_LINK_STREAM;
  ctx->ws.core.form = CS_WIRE_WS;
  ctx->ws.link = CS_LINK_WEBSOCKET;
  ctx->tcp.core.max_message = ctx->ws.core.max_message = CS_API_PDU_SIZE_MAX;
  ctx->alarm = CS_TIME_NEVER;
  e = CS_ERR_MEMORY;
  if (cs_api_live_add(&ctx->live))
    return ctx;
failed:
  cs_api_fail_err("coap_new_context", e, CS_RULE_NONE, NULL);
  if (ctx) {
    if (ctx->own_net)
      cs_net_posix_free(&ctx->net, alloc);
    cs_base_put(alloc, ctx->tx, CS_API_DATAGRAM_MAX);
    cs_base_put(alloc, ctx->rx, CS_API_DATAGRAM_MAX);
    cs_base_put(alloc, ctx, sizeof *ctx);
  }
  return NULL;
}

coap_context_t *cs_api_new_context_on(const cs_net *net) {
  return context_new(net);
}

coap_context_t *coap_new_context(const coap_address_t *listen_addr) {
  if (listen_addr) {
    cs_api_fail(__func__, "listen_addr is not NULL, but this library has no server endpoints");
    return NULL;
  }
  return context_new(NULL);
}

void coap_free_context(coap_context_t *context) {
  if (!context)
    return;
  if (!cs_api_live(context, offsetof(coap_context_t, live)) || context->freed) {
    cs_api_fail(__func__, "this context was freed already");
    return;
  }
  context->freed = true;
  cs_api_settle(context);
}
