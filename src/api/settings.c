/* What is set on a context and read from it. */
#include "api/context.h"
#include "api/error.h"

enum { KEEPALIVE_MAX = 86400, CSM_TIMEOUT_MAX = 86400, CSM_SIZE_MIN = 64, CSM_SIZE_MAX = 8388864 };

static bool usable(const char *function, const coap_context_t *ctx) {
  if (!ctx)
    cs_api_fail(function, "context is NULL");
  return ctx != NULL;
}

void coap_register_response_handler(coap_context_t *context, coap_response_handler_t handler) {
  if (usable(__func__, context))
    context->on_response = handler;
}

void coap_register_nack_handler(coap_context_t *context, coap_nack_handler_t handler) {
  if (usable(__func__, context))
    context->on_nack = handler;
}

void coap_register_ping_handler(coap_context_t *context, coap_ping_handler_t handler) {
  if (usable(__func__, context))
    context->on_ping = handler;
}

void coap_register_pong_handler(coap_context_t *context, coap_pong_handler_t handler) {
  if (usable(__func__, context))
    context->on_pong = handler;
}

void coap_register_event_handler(coap_context_t *context, coap_event_handler_t hnd) {
  if (usable(__func__, context))
    context->on_event = hnd;
}

void coap_register_option(coap_context_t *ctx, uint16_t type) {
  if (!usable(__func__, ctx))
    return;
  for (unsigned i = 0; i < ctx->option_count; i++)
    if (ctx->options[i] == type)
      return;
  if (ctx->option_count == CS_API_OPTIONS_MAX)
    cs_api_fail(__func__, "%d options are registered already", CS_API_OPTIONS_MAX);
  else
    ctx->options[ctx->option_count++] = type;
}

void coap_set_app_data(coap_context_t *context, void *data) {
  if (usable(__func__, context))
    context->app_data = data;
}

void *coap_get_app_data(const coap_context_t *context) {
  return usable(__func__, context) ? context->app_data : NULL;
}

void coap_context_set_block_mode(coap_context_t *context, uint8_t block_mode) {
  const uint8_t all = COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY | COAP_BLOCK_TRY_Q_BLOCK |
                      COAP_BLOCK_USE_M_Q_BLOCK | COAP_BLOCK_NO_PREEMPTIVE_RTAG;
  if (!usable(__func__, context))
    return;
  if (block_mode & ~all)
    cs_api_fail(__func__, "mode 0x%02x has unknown bits", block_mode);
  else
    context->block_mode = block_mode;
}

void coap_context_set_keepalive(coap_context_t *context, unsigned int seconds) {
  if (!usable(__func__, context))
    return;
  if (seconds > KEEPALIVE_MAX)
    cs_api_fail(__func__, "%u seconds is over %d", seconds, KEEPALIVE_MAX);
  else
    context->keepalive = seconds * CS_SECOND;
}

void coap_context_set_max_token_size(coap_context_t *context, size_t max_token_size) {
  if (!usable(__func__, context))
    return;
  if (max_token_size < COAP_TOKEN_DEFAULT_MAX || max_token_size > COAP_TOKEN_EXT_MAX)
    cs_api_fail(__func__, "%zu bytes is not within 8 to 65804", max_token_size);
  else
    context->endpoint.core.token_max = context->tcp.core.token_max = context->ws.core.token_max =
        (uint32_t)max_token_size;
}

void coap_context_set_max_idle_sessions(coap_context_t *context, unsigned int max_idle_sessions) {
  if (usable(__func__, context))
    context->max_idle_sessions = max_idle_sessions;
}

unsigned int coap_context_get_max_idle_sessions(const coap_context_t *context) {
  return usable(__func__, context) ? context->max_idle_sessions : 0;
}

void coap_context_set_session_timeout(coap_context_t *context, unsigned int session_timeout) {
  if (usable(__func__, context))
    context->session_timeout = session_timeout;
}

unsigned int coap_context_get_session_timeout(const coap_context_t *context) {
  return usable(__func__, context) ? context->session_timeout : 0;
}

void coap_context_set_csm_timeout(coap_context_t *context, unsigned int csm_timeout) {
  if (!usable(__func__, context))
    return;
  if (csm_timeout > CSM_TIMEOUT_MAX) {
    cs_api_fail(__func__, "%u seconds is over %d", csm_timeout, CSM_TIMEOUT_MAX);
    return;
  }
  context->csm_timeout = csm_timeout;
  context->tcp.core.csm_timeout = context->ws.core.csm_timeout = csm_timeout * CS_SECOND;
}

unsigned int coap_context_get_csm_timeout(const coap_context_t *context) {
  return usable(__func__, context) ? context->csm_timeout : 0;
}

void coap_context_set_csm_max_message_size(coap_context_t *context, uint32_t csm_max_message_size) {
  if (!usable(__func__, context))
    return;
  if (csm_max_message_size < CSM_SIZE_MIN || csm_max_message_size > CSM_SIZE_MAX)
    cs_api_fail(__func__, "%u bytes is not within 64 to 8388864", csm_max_message_size);
  else
    context->tcp.core.max_message = context->ws.core.max_message = csm_max_message_size;
}

uint32_t coap_context_get_csm_max_message_size(const coap_context_t *context) {
  return usable(__func__, context) ? context->tcp.core.max_message : 0;
}

void coap_context_set_max_handshake_sessions(coap_context_t *context,
                                             unsigned int max_handshake_sessions) {
  if (usable(__func__, context))
    context->max_handshakes = max_handshake_sessions;
}

unsigned int coap_context_get_max_handshake_sessions(const coap_context_t *context) {
  return usable(__func__, context) ? context->max_handshakes : 0;
}
