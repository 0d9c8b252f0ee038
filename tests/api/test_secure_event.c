/* What is told of a session's (D)TLS is told once, and in its order. */
#include "secure_fixture.h"

START_TEST(established_is_told_before_what_comes_over_it) {
  se_connect("me", "secret");
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  FX_TOLD("event 1de\nresponse 2.05 to 1: hi\n");
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("response", 20));
  FX_TOLD("response 2.05 to 1: hi\n");
}
END_TEST

START_TEST(a_failure_is_told_once_with_its_reason) {
  se_connect("somebody", "secret");
  fx_ask(COAP_MESSAGE_CON);
  ck_assert(se_until("nack", 200));
  for (unsigned i = 0; i < 20; i++)
    coap_io_process(fx.ctx, 1000);
  FX_TOLD("event 200\nnack 3 of 1\n");
  fx_reason("unknown_psk_identity");
}
END_TEST

SE_SUITE("secure_event", established_is_told_before_what_comes_over_it,
         a_failure_is_told_once_with_its_reason)
