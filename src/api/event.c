#include "api/event.h"

int cs_api_event(coap_session_t *s, coap_event_t event) {
  coap_context_t *ctx = s->context;
  if (!ctx->on_event)
    return 0;
  ctx->calling++;
  int r = ctx->on_event(s, event);
  ctx->calling--;
  return r;
}
