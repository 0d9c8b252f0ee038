/* Sending and what comes back: RFC 7252 sections 4 and 5 through the public
 * interface. */
#include "fixture.h"

START_TEST(every_method_gets_its_response) {
  fx.serve = fx_serve_hi;
  for (int code = COAP_REQUEST_GET; code <= COAP_REQUEST_IPATCH; code++) {
    for (int type = COAP_MESSAGE_CON; type <= COAP_MESSAGE_NON; type++) {
      char want[64];
      coap_pdu_t *pdu = fx_request((coap_pdu_type_t)type, (coap_pdu_code_t)code);
      coap_mid_t mid = coap_pdu_get_mid(pdu);
      ck_assert_int_eq(coap_send(fx.session, pdu), mid);
      /* PROBING_RATE may hold a Non-confirmable one back. */
      for (int i = 0; i < 100 && !fx.told[0]; i++)
        coap_io_process(fx.ctx, 1000);
      snprintf(want, sizeof want, "response 2.05 to %d: hi\n", code);
      FX_TOLD(want);
    }
  }
  ck_assert_int_eq(coap_can_exit(fx.ctx), 1);
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
}
END_TEST

START_TEST(request_on_the_wire_is_what_was_built) {
  uint8_t token[] = {0xab, 0xcd};
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 0x1234, 1000);
  coap_add_token(pdu, 2, token);
  coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, 1, (const uint8_t *)"\x32");
  coap_add_option(pdu, COAP_OPTION_URI_PATH, 3, (const uint8_t *)"abc");
  coap_add_data(pdu, 2, (const uint8_t *)"{}");
  ck_assert_int_eq(coap_send(fx.session, pdu), 0x1234);
  fx_turn();
  ck_assert_str_eq(
      fx.heard,
      "CON PUT mid=0x1234 token=abcd Uri-Path=\"abc\" Content-Format=50 payload=\"{}\"\n");
  ck_assert_int_eq(coap_can_exit(fx.ctx), 0);
  ck_assert_int_eq(coap_io_pending(fx.ctx), 1);
}
END_TEST

static cs_wire_message last_request;
static uint8_t last_token[8];
static void serve_later(const cs_wire_message *m) {
  if (!cs_wire_code_is_request(m->code))
    return;
  last_request = *m;
  memcpy(last_token, m->token.at, m->token.len);
  last_request.token.at = last_token;
  fx_send("ACK 0.00 mid=0x%04x", m->mid);
}

START_TEST(separate_response_is_acknowledged) {
  fx.serve = serve_later;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  FX_TOLD("");
  fx_send("CON 2.05 mid=0x7001 token=%s payload=\"late\"", fx_token(&last_request));
  fx.heard[0] = '\0';
  fx_turn();
  fx_idle(NULL);
  FX_TOLD("response 2.05 to 1: late\n");
  ck_assert_str_eq(fx.heard, "ACK 0.00 mid=0x7001\n");
}
END_TEST

START_TEST(failed_response_is_reset) {
  fx.serve = serve_later;
  fx.answer = COAP_RESPONSE_FAIL;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  fx_send("CON 2.05 mid=0x7002 token=%s payload=\"bad\"", fx_token(&last_request));
  fx.heard[0] = '\0';
  fx_turn();
  fx_idle(NULL);
  FX_TOLD("response 2.05 to 1: bad\n");
  ck_assert_str_eq(fx.heard, "RST 0.00 mid=0x7002\n");
}
END_TEST

static void serve_reset(const cs_wire_message *m) {
  fx_send("RST 0.00 mid=0x%04x", m->mid);
}

START_TEST(reset_is_a_nack) {
  fx.serve = serve_reset;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  FX_TOLD("nack 2 of 1\n");
  ck_assert_int_eq(coap_can_exit(fx.ctx), 1);
}
END_TEST

START_TEST(silence_is_retransmitted_then_a_nack) {
  fx_ask(COAP_MESSAGE_CON);
  cs_time begin = cs_test_net_now(fx.net);
  while (!strstr(fx.told, "nack"))
    ck_assert_int_ge(coap_io_process(fx.ctx, COAP_IO_WAIT), 0);
  FX_TOLD("event 5002\nevent 5002\nevent 5002\nevent 5002\nnack 0 of 1\n");
  ck_assert_uint_eq(fx.heard_count, 5);
  /* MAX_TRANSMIT_WAIT of the defaults is 93 s; ACK_RANDOM_FACTOR takes a third. */
  cs_time took = cs_test_net_now(fx.net) - begin;
  ck_assert(took >= 62 * CS_SECOND && took <= 93 * CS_SECOND);
}
END_TEST

START_TEST(nstart_holds_the_second_request_back) {
  fx_ask(COAP_MESSAGE_CON);
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  ck_assert_uint_eq(fx.heard_count, 1);
  coap_session_set_nstart(fx.session, 2);
  fx.serve = fx_serve_hi;
  while (!strstr(fx.told, "hi\nresponse"))
    coap_io_process(fx.ctx, 5000);
  ck_assert_uint_ge(fx.heard_count, 2);
}
END_TEST

START_TEST(unreachable_is_a_nack) {
  cs_net_address at;
  cs_net_address_literal(cs_span_str("192.0.2.9"), 5683, &at);
  cs_test_net_refuse(fx.net, &at);
  fx_ask(COAP_MESSAGE_CON);
  for (int i = 0; i < 10 && !fx.told[0]; i++)
    coap_io_process(fx.ctx, 5000);
  ck_assert_ptr_nonnull(strstr(fx.told, "nack 4 of 1\n"));
}
END_TEST

START_TEST(bad_response_is_a_nack) {
  fx.serve = serve_later;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  /* Option 9999 is critical and nobody knows it. */
  fx_send("CON 2.05 mid=0x7003 token=%s Option-9999=0x01", fx_token(&last_request));
  fx_turn();
  ck_assert_ptr_nonnull(strstr(fx.told, "nack 5 of 1\n"));
  ck_assert_ptr_nonnull(strstr(fx.told, "event 5001\n"));
  ck_assert_str_eq(coap_last_rule(), "RFC7252#5.4.1:critical-unrecognised");
}
END_TEST

START_TEST(ping_and_pong) {
  fx.serve = serve_reset;
  ck_assert_int_ne(coap_session_send_ping(fx.session), COAP_INVALID_MID);
  ck_assert_int_eq(coap_can_exit(fx.ctx), 0);
  fx_turn();
  FX_TOLD("pong\n");
  ck_assert_int_eq(coap_can_exit(fx.ctx), 1);
  /* An Empty Confirmable message through coap_send() is the same. */
  ck_assert_int_ne(
      coap_send(fx.session, coap_new_pdu(COAP_MESSAGE_CON, COAP_EMPTY_CODE, fx.session)),
      COAP_INVALID_MID);
  fx_turn();
  FX_TOLD("pong\n");
  fx.serve = NULL;
  fx_send("CON 0.00 mid=0x0042");
  fx.heard[0] = '\0';
  fx_turn();
  fx_idle(NULL);
  FX_TOLD("ping 66\n");
  ck_assert_str_eq(fx.heard, "RST 0.00 mid=0x0042\n");
}
END_TEST

START_TEST(unanswered_ping_is_a_nack) {
  coap_session_send_ping(fx.session);
  while (!strstr(fx.told, "nack"))
    coap_io_process(fx.ctx, COAP_IO_WAIT);
  ck_assert_ptr_nonnull(strstr(fx.told, "nack 0 of -1\n"));
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
}
END_TEST

/* Sends pdu, which must be refused for these words and leave nothing. */
static void refused(coap_pdu_t *pdu, const char *words) {
  ck_assert_int_eq(coap_send(fx.session, pdu), COAP_INVALID_MID);
  fx_reason(words);
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
}

START_TEST(send_refuses_what_breaks_a_rule) {
  ck_assert_int_eq(coap_send(fx.session, NULL), COAP_INVALID_MID);
  fx_reason("pdu is NULL");
  ck_assert_int_eq(coap_send(NULL, fx_request(COAP_MESSAGE_CON, 1)), COAP_INVALID_MID);
  fx_reason("session is NULL");
  refused(fx_request(COAP_MESSAGE_ACK, 1), "RFC7252#4.2:ack-with-request");
  refused(fx_request(COAP_MESSAGE_RST, 1), "RFC7252#4.2:rst-not-empty");
  refused(coap_new_pdu(COAP_MESSAGE_NON, COAP_EMPTY_CODE, fx.session), "RFC7252#4.3:non-empty");
  refused(fx_request(COAP_MESSAGE_CON, 0), "RFC7252#4.1:empty-with-content");
  refused(fx_request(COAP_MESSAGE_CON, COAP_RESPONSE_CODE_CONTENT), "sends no responses");
  coap_pdu_t *pdu = fx_request(COAP_MESSAGE_CON, 1);
  coap_add_option(pdu, COAP_OPTION_URI_PATH, 2, (const uint8_t *)"\xc3\x28");
  refused(pdu, "RFC7252#3.2:string-utf8");
  pdu = fx_request(COAP_MESSAGE_CON, 1);
  coap_add_option(pdu, COAP_OPTION_URI_HOST, 0, NULL);
  refused(pdu, "RFC7252#5.4.3:option-length");
  pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, 0);
  ck_assert_ptr_nonnull(coap_add_data_after(pdu, 5000));
  memset((void *)(uintptr_t)pdu->payload.at, 0, 5000);
  refused(pdu, "RFC7252#4.6:message-size");
}
END_TEST

START_TEST(token_and_mid_are_unique) {
  coap_pdu_t *first = coap_pdu_init(COAP_MESSAGE_CON, 1, 77, 100);
  coap_pdu_t *token = coap_pdu_init(COAP_MESSAGE_CON, 1, 78, 100);
  coap_pdu_t *mid = coap_pdu_init(COAP_MESSAGE_CON, 1, 77, 100);
  coap_add_token(mid, 1, (const uint8_t *)"m");
  ck_assert_int_eq(coap_send(fx.session, first), 77);
  ck_assert_int_eq(coap_send(fx.session, token), COAP_INVALID_MID);
  fx_reason("already in use");
  ck_assert_int_eq(coap_send(fx.session, mid), COAP_INVALID_MID);
  fx_reason("already in use");
  /* What was sent belongs to the library. */
  ck_assert_int_eq(coap_send(fx.session, first), COAP_INVALID_MID);
  fx_reason("sent already");
  coap_delete_pdu(first);
  fx_reason("belongs to the library");
  ck_assert_uint_eq(coap_add_option(first, 11, 1, (const uint8_t *)"y"), 0);
}
END_TEST

START_TEST(large_body_must_fit_one_message) {
  static uint8_t body[4000];
  unsigned released = 0;
  coap_pdu_t *pdu = fx_request(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT);
  struct counter {
    unsigned *n;
  } c = {&released};
  ck_assert_int_eq(coap_add_data_large_request(fx.session, pdu, sizeof body, body, NULL, &c), 0);
  fx_reason("too large");
  ck_assert_int_eq(coap_add_data_large_request(fx.session, pdu, 100, body, NULL, NULL), 1);
  coap_delete_pdu(pdu);
  ck_assert_int_eq(coap_cancel_observe(fx.session, NULL, COAP_MESSAGE_CON), 0);
  fx_reason("token is NULL");
}
END_TEST

START_TEST(disconnected_tells_the_reason) {
  fx_ask(COAP_MESSAGE_CON);
  coap_session_disconnected(fx.session, COAP_NACK_TLS_FAILED);
  FX_TOLD("nack 3 of 1\n");
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_NONE);
  ck_assert_int_eq(coap_send(fx.session, fx_request(COAP_MESSAGE_CON, 1)), COAP_INVALID_MID);
  fx_reason("no connection");
  coap_session_disconnected(fx.session, (coap_nack_reason_t)99);
  fx_reason("no reason 99");
}
END_TEST

START_TEST(empty_messages_by_hand) {
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_RESPONSE_CODE_CONTENT, 0x0909, 100);
  ck_assert_int_eq(coap_send_ack(fx.session, pdu), 0x0909);
  ck_assert_int_eq(coap_send_rst(fx.session, pdu), 0x0909);
  ck_assert_int_eq(coap_send_message_type(fx.session, pdu, COAP_MESSAGE_CON), COAP_INVALID_MID);
  fx_reason("neither ACK nor RST");
  coap_pdu_set_type(pdu, COAP_MESSAGE_NON);
  ck_assert_int_eq(coap_send_ack(fx.session, pdu), COAP_INVALID_MID);
  fx_turn();
  ck_assert_str_eq(fx.heard, "ACK 0.00 mid=0x0909\nRST 0.00 mid=0x0909\n");
  ck_assert_int_eq(coap_send_error(fx.session, pdu, COAP_RESPONSE_CODE_NOT_FOUND, NULL),
                   COAP_INVALID_MID);
  coap_delete_pdu(pdu);
}
END_TEST

FX_SUITE("exchange", every_method_gets_its_response, request_on_the_wire_is_what_was_built,
         separate_response_is_acknowledged, failed_response_is_reset, reset_is_a_nack,
         silence_is_retransmitted_then_a_nack, nstart_holds_the_second_request_back,
         unreachable_is_a_nack, bad_response_is_a_nack, ping_and_pong, unanswered_ping_is_a_nack,
         send_refuses_what_breaks_a_rule, token_and_mid_are_unique, large_body_must_fit_one_message,
         disconnected_tells_the_reason, empty_messages_by_hand)
