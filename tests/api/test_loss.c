/* Datagrams lost on purpose. */
#include "fixture.h"

#include "api/loss.h"

static const char *pattern(unsigned n) {
  static char text[64];
  text[0] = '\0';
  while (n--)
    fx_append(text, sizeof text, "%c", cs_api_loss_next() ? 'x' : '.');
  return text;
}

START_TEST(levels) {
  ck_assert_str_eq(pattern(5), ".....");
  ck_assert_int_eq(coap_debug_set_packet_loss("100%"), 1);
  ck_assert_str_eq(pattern(5), "xxxxx");
  ck_assert_int_eq(coap_debug_set_packet_loss("1,3-4,7"), 1);
  ck_assert_str_eq(pattern(8), "x.xx..x.");
  ck_assert_int_eq(coap_debug_set_packet_loss("2"), 1);
  ck_assert_str_eq(pattern(3), ".x.");
  ck_assert_int_eq(coap_debug_set_packet_loss("0%"), 1);
  ck_assert_str_eq(pattern(5), ".....");
}
END_TEST

START_TEST(bad_levels_change_nothing) {
  static const char *const bad[] = {"",
                                    "x",
                                    "101%",
                                    "5%%",
                                    "1,",
                                    "0",
                                    "4-2",
                                    "1-",
                                    "-1",
                                    "1;2",
                                    "10%,1",
                                    "1234567890",
                                    "1,1,1,1,1,1,1,1,1,1,1"};
  coap_debug_set_packet_loss("1-100");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_msg(coap_debug_set_packet_loss(bad[i]) == 0, "%s", bad[i]);
  ck_assert_int_eq(coap_debug_set_packet_loss(NULL), 0);
  ck_assert_str_eq(pattern(3), "xxx");
}
END_TEST

START_TEST(lost_requests_are_sent_again) {
  fx.serve = fx_serve_hi;
  coap_debug_set_packet_loss("1-2");
  fx_ask(COAP_MESSAGE_CON);
  while (!strstr(fx.told, "response"))
    coap_io_process(fx.ctx, COAP_IO_WAIT);
  FX_TOLD("event 5002\nevent 5002\nresponse 2.05 to 1: hi\n");
  ck_assert_uint_eq(fx.heard_count, 1);
}
END_TEST

FX_SUITE("loss", levels, bad_levels_change_nothing, lost_requests_are_sent_again)
