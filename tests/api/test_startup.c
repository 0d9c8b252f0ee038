/* Start-up and clean-up of the process. */
#include "fixture.h"

static int broken(void *out, size_t len) {
  (void)out;
  (void)len;
  return 0;
}

START_TEST(cleanup_undoes_process_wide_settings) {
  uint8_t byte;
  coap_startup();
  coap_startup();
  coap_set_log_level(COAP_LOG_DEBUG);
  coap_debug_set_packet_loss("100%");
  coap_set_prng(broken);
  coap_cleanup();
  coap_cleanup();
  ck_assert_int_eq(coap_get_log_level(), COAP_LOG_WARN);
  ck_assert_int_eq(coap_prng(&byte, 1), 1);
  /* Contexts go on working, and nothing is lost any more. */
  fx.serve = fx_serve_hi;
  fx_ask(COAP_MESSAGE_CON);
  fx_turn();
  FX_TOLD("response 2.05 to 1: hi\n");
}
END_TEST

FX_SUITE("startup", cleanup_undoes_process_wide_settings)
