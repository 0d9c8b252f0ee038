#include <check.h>

#include "support/check_main.h"
#include "tls/tls.h"

START_TEST(alerts_have_the_names_of_their_documents) {
  ck_assert_str_eq(cs_tls_alert_name(0), "close_notify");
  ck_assert_str_eq(cs_tls_alert_name(20), "bad_record_mac");
  ck_assert_str_eq(cs_tls_alert_name(40), "handshake_failure");
  ck_assert_str_eq(cs_tls_alert_name(48), "unknown_ca");
  ck_assert_str_eq(cs_tls_alert_name(115), "unknown_psk_identity");
  ck_assert_str_eq(cs_tls_alert_name(120), "no_application_protocol");
}
END_TEST

START_TEST(what_is_not_defined_has_no_name) {
  ck_assert_ptr_null(cs_tls_alert_name(1));
  ck_assert_ptr_null(cs_tls_alert_name(255));
}
END_TEST

START_TEST(each_name_finds_its_alert_again) {
  unsigned found = 0;
  for (unsigned d = 0; d < 256; d++) {
    const char *name = cs_tls_alert_name((uint8_t)d);
    if (!name)
      continue;
    uint8_t back = 255;
    ck_assert(cs_tls_alert_named(cs_span_str(name), &back));
    ck_assert_uint_eq(back, d);
    found++;
  }
  ck_assert_uint_ge(found, 30);
}
END_TEST

START_TEST(a_name_is_taken_whole) {
  uint8_t description = 77;
  ck_assert(!cs_tls_alert_named(cs_span_str("handshake"), &description));
  ck_assert(!cs_tls_alert_named(cs_span_str("handshake_failures"), &description));
  ck_assert(!cs_tls_alert_named(cs_span_str(""), &description));
  ck_assert_uint_eq(description, 77);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/alert");
  TCase *c = tcase_create("alert");
  tcase_add_test(c, alerts_have_the_names_of_their_documents);
  tcase_add_test(c, what_is_not_defined_has_no_name);
  tcase_add_test(c, each_name_finds_its_alert_again);
  tcase_add_test(c, a_name_is_taken_whole);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
