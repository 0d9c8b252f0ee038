/* What is set on a context. */
#include "fixture.h"

START_TEST(values_are_kept_within_bounds) {
  coap_set_app_data(fx.ctx, &fx);
  ck_assert_ptr_eq(coap_get_app_data(fx.ctx), &fx);
  coap_context_set_block_mode(fx.ctx, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
  coap_context_set_block_mode(fx.ctx, 0x80);
  fx_reason("unknown bits");
  ck_assert_uint_eq(fx.ctx->block_mode, 3);
  coap_context_set_keepalive(fx.ctx, 86401);
  fx_reason("is over 86400");
  coap_context_set_max_token_size(fx.ctx, 7);
  fx_reason("not within 8 to 65804");
  coap_context_set_csm_max_message_size(fx.ctx, 63);
  fx_reason("not within 64");
  coap_context_set_csm_max_message_size(fx.ctx, 4096);
  ck_assert_uint_eq(coap_context_get_csm_max_message_size(fx.ctx), 4096);
  coap_context_set_max_idle_sessions(fx.ctx, 1);
  coap_context_set_session_timeout(fx.ctx, 2);
  coap_context_set_csm_timeout(fx.ctx, 3);
  coap_context_set_max_handshake_sessions(fx.ctx, 4);
  ck_assert_uint_eq(coap_context_get_max_idle_sessions(fx.ctx), 1);
  ck_assert_uint_eq(coap_context_get_session_timeout(fx.ctx), 2);
  ck_assert_uint_eq(coap_context_get_csm_timeout(fx.ctx), 3);
  ck_assert_uint_eq(coap_context_get_max_handshake_sessions(fx.ctx), 4);
}
END_TEST

START_TEST(null_is_survived) {
  coap_register_response_handler(NULL, NULL);
  coap_register_nack_handler(NULL, NULL);
  coap_register_ping_handler(NULL, NULL);
  coap_register_pong_handler(NULL, NULL);
  coap_register_event_handler(NULL, NULL);
  coap_register_option(NULL, 1);
  coap_context_set_block_mode(NULL, 0);
  coap_context_set_keepalive(NULL, 1);
  coap_context_set_max_token_size(NULL, 8);
  fx_reason("context is NULL");
  ck_assert_uint_eq(coap_context_get_csm_timeout(NULL), 0);
  ck_assert_ptr_null(coap_get_app_data(NULL));
}
END_TEST

START_TEST(handlers_can_be_taken_away) {
  coap_register_response_handler(fx.ctx, NULL);
  coap_register_nack_handler(fx.ctx, NULL);
  coap_register_event_handler(fx.ctx, NULL);
  fx.serve = fx_serve_hi;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
  fx.serve = NULL;
  fx_ask(COAP_MESSAGE_CON);
  while (coap_io_pending(fx.ctx))
    coap_io_process(fx.ctx, COAP_IO_WAIT);
  FX_TOLD("");
}
END_TEST

static void serve_unknown(const cs_wire_message *m) {
  fx_send("ACK 2.05 mid=0x%04x token=%s Option-9999=0x01 payload=\"hi\"", m->mid, fx_token(m));
}

START_TEST(registered_options_are_understood) {
  coap_register_option(fx.ctx, 9999);
  coap_register_option(fx.ctx, 9999);
  fx.serve = serve_unknown;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  FX_TOLD("response 2.05 to 1: hi\n");
  for (unsigned i = 0; i < CS_API_OPTIONS_MAX; i++)
    coap_register_option(fx.ctx, (uint16_t)(20001 + 2 * i));
  fx_reason("registered already");
}
END_TEST

START_TEST(long_tokens_once_allowed) {
  coap_pdu_t *pdu = fx_request(COAP_MESSAGE_CON, 1);
  coap_delete_pdu(pdu);
  coap_context_set_max_token_size(fx.ctx, 20);
  pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, fx.session);
  coap_add_token(pdu, 21, (const uint8_t *)"123456789012345678901");
  ck_assert_int_eq(coap_send(fx.session, pdu), COAP_INVALID_MID);
  fx_reason("OURS#token-cap");
}
END_TEST

FX_SUITE("settings", values_are_kept_within_bounds, null_is_survived, handlers_can_be_taken_away,
         registered_options_are_understood, long_tokens_once_allowed)
