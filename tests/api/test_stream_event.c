/* What a stream's peer may say that a datagram's cannot. */
#include "stream_fixture.h"

static void establish(void) {
  sp_open(COAP_PROTO_TCP);
  ck_assert(sp_until("event 2001\n", 5));
  fx.told[0] = '\0';
}

START_TEST(a_ping_is_told) {
  cs_core_session *core;
  uint16_t mid;
  establish();
  core = cs_endpoint_session(sp.endpoint);
  ck_assert_int_eq(cs_core_ping(core, NULL, cs_test_net_now(fx.net), &mid), CS_OK);
  ck_assert(sp_until("ping 0\n", 5));
  sp_close();
}
END_TEST

START_TEST(an_abort_is_the_requests_end) {
  establish();
  sp.mute = true;
  coap_set_log_level(COAP_LOG_WARN);
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  coap_io_process(fx.ctx, 10);
  /* 7.05 with a diagnostic payload that would move a terminal's cursor. */
  sp_write("\x50\xe5\xff\x1b[2J", 7);
  ck_assert(sp_until("event 2002\n", 5));
  ck_assert_ptr_nonnull(strstr(fx.told, "nack 2 of 1\n"));
  ck_assert_ptr_nonnull(strstr(fx.logged, "aborts"));
  ck_assert_ptr_null(strchr(fx.logged, '\x1b'));
  sp_close();
}
END_TEST

START_TEST(our_own_abort_names_the_rule) {
  establish();
  sp_write("\x0f\x45", 2); /* token length 15 */
  ck_assert(sp_until("event 2002\n", 5));
  FX_TOLD("event 5001\nevent 1002\nevent 2002\n");
  ck_assert_str_eq(coap_last_rule(), "RFC7252#3:token-length-reserved");
  coap_clear_last_error();
  sp_close();
}
END_TEST

START_TEST(a_release_lets_open_requests_end) {
  cs_time now;
  establish();
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  now = cs_test_net_now(fx.net);
  cs_core_release(cs_endpoint_session(sp.endpoint), now);
  ck_assert(sp_until("event 2002\n", 5));
  ck_assert_int_eq(strncmp(fx.told, "response 2.05 to 1: hi\n", 23), 0);
  sp_close();
}
END_TEST

int main(void) {
  const TTest *const tests[] = {a_ping_is_told, an_abort_is_the_requests_end,
                                our_own_abort_names_the_rule, a_release_lets_open_requests_end};
  Suite *suite = suite_create("stream_event");
  TCase *tc = tcase_create("stream_event");
  tcase_add_checked_fixture(tc, fx_open, fx_close);
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
    tcase_add_test(tc, tests[i]);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
