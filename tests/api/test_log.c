/* Levels, handlers and what reaches them. */
#include "fixture.h"

START_TEST(levels_filter) {
  ck_assert_int_eq(coap_get_log_level(), COAP_LOG_WARN);
  coap_log_warn("one %d\n", 1);
  coap_log_info("two\n");
  coap_set_log_level(COAP_LOG_DEBUG);
  coap_log_debug("three");
  coap_set_log_level(COAP_LOG_EMERG);
  coap_log_alert("four");
  coap_set_log_level((coap_log_t)99);
  ck_assert_int_eq(coap_get_log_level(), COAP_LOG_EMERG);
  ck_assert_str_eq(fx.logged, "one 1\nthree\n");
  coap_dtls_set_log_level(COAP_LOG_INFO);
  ck_assert_int_eq(coap_dtls_get_log_level(), COAP_LOG_INFO);
  coap_dtls_log(COAP_LOG_DEBUG, "not this");
  coap_dtls_log(COAP_LOG_INFO, "this");
  ck_assert_str_eq(fx.logged, "one 1\nthree\nthis\n");
}
END_TEST

START_TEST(lines_are_bounded) {
  static char text[3000];
  memset(text, 'y', sizeof text - 1);
  coap_log_warn("%s", text);
  ck_assert_uint_eq(strlen(fx.logged), 1024);
  coap_log_impl(COAP_LOG_WARN, NULL);
}
END_TEST

START_TEST(cleanup_brings_the_defaults_back) {
  coap_set_log_level(COAP_LOG_DEBUG);
  coap_cleanup();
  ck_assert_int_eq(coap_get_log_level(), COAP_LOG_WARN);
  fx.logged[0] = '\0';
  coap_set_log_level(COAP_LOG_EMERG);
  coap_log_warn("not to the handler\n");
  ck_assert_str_eq(fx.logged, "");
  ck_assert_str_eq(coap_package_name(), LIBCOAP_PACKAGE_NAME);
  ck_assert_ptr_nonnull(coap_package_version());
  ck_assert_ptr_nonnull(coap_package_build());
}
END_TEST

FX_SUITE("log", levels_filter, lines_are_bounded, cleanup_brings_the_defaults_back)
