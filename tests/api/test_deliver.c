/* Which events reach which handler, and memory failing in the middle. */
#include "fixture.h"

static void serve_twice(const cs_wire_message *m) {
  fx_serve_hi(m);
  fx_serve_hi(m);
}

START_TEST(a_duplicate_is_told_once) {
  fx.serve = serve_twice;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  fx_turn();
  FX_TOLD("response 2.05 to 1: hi\n");
}
END_TEST

START_TEST(garbage_is_an_event) {
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  fx_send_bytes(cs_span_str("\x42garbage"));
  fx_turn();
  FX_TOLD("event 5001\n");
  ck_assert_ptr_nonnull(coap_last_rule());
  fx_send_bytes(cs_span_of(NULL, 0));
  fx_turn();
  FX_TOLD("event 5001\n");
}
END_TEST

START_TEST(requests_from_the_server_are_rejected) {
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  fx.heard[0] = '\0';
  fx_send("CON GET mid=0x0101 token=01 Uri-Path=\"x\"");
  fx_turn();
  fx_idle(NULL);
  FX_TOLD("event 5001\n");
  ck_assert_str_eq(fx.heard, "RST 0.00 mid=0x0101\n");
}
END_TEST

START_TEST(non_without_response_ends_in_a_nack) {
  fx_ask(COAP_MESSAGE_NON);
  for (int i = 0; i < 300 && coap_io_pending(fx.ctx); i++)
    coap_io_process(fx.ctx, 1000);
  FX_TOLD("nack 0 of 1\n");
  /* Unless none was asked for (RFC 7967). */
  coap_pdu_t *pdu = fx_request(COAP_MESSAGE_NON, COAP_REQUEST_CODE_POST);
  coap_add_option(pdu, COAP_OPTION_NORESPONSE, 1, (const uint8_t *)"\x1a");
  ck_assert_int_ne(coap_send(fx.session, pdu), COAP_INVALID_MID);
  for (int i = 0; i < 600 && coap_io_pending(fx.ctx); i++)
    coap_io_process(fx.ctx, 1000);
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
  FX_TOLD("");
}
END_TEST

/* One exchange with allocation fail failing: it either works or fails with a
 * reason, and nothing leaks (fx_close checks). */
static bool exchange(unsigned fail) {
  fx.memory.fail_at = fx.memory.calls + fail;
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, fx.session);
  uint8_t body[200] = {1};
  bool done = pdu != NULL;
  if (done) {
    uint8_t token[8];
    size_t n;
    coap_session_new_token(fx.session, &n, token);
    done = coap_add_token(pdu, n, token) &&
           coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"x") &&
           coap_add_data(pdu, sizeof body, body);
    if (done)
      done = coap_send(fx.session, pdu) != COAP_INVALID_MID;
    else
      coap_delete_pdu(pdu);
  }
  if (!done)
    fx_reason("memory");
  for (int i = 0; done && i < 20 && !strstr(fx.told, "response"); i++)
    coap_io_process(fx.ctx, 5000);
  if (done)
    ck_assert_ptr_nonnull(strstr(fx.told, "response"));
  fx.told[0] = '\0';
  bool reached = fx.memory.calls >= fx.memory.fail_at;
  fx.memory.fail_at = 0;
  return reached;
}

START_TEST(memory_fails_at_every_allocation) {
  fx.serve = fx_serve_hi;
  unsigned fail = 1;
  while (exchange(fail))
    fail++;
  ck_assert_uint_ge(fail, 4);
}
END_TEST

FX_SUITE("deliver", a_duplicate_is_told_once, garbage_is_an_event,
         requests_from_the_server_are_rejected, non_without_response_ends_in_a_nack,
         memory_fails_at_every_allocation)
