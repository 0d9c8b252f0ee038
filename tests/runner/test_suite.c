/* The names of cipher suites. */
#include <string.h>

#include "runner/suite.h"
#include "support/check_main.h"

START_TEST(names_and_numbers_belong_together) {
  ck_assert_uint_eq(cs_runner_suite_named(cs_span_str("TLS_PSK_WITH_AES_128_CCM_8"))->number,
                    0xc0a8);
  ck_assert_str_eq(cs_runner_suite_numbered(0xc0ae)->name, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8");
  ck_assert_ptr_null(cs_runner_suite_named(cs_span_str("TLS_PSK_WITH_AES_128_CCM_")));
  ck_assert_ptr_null(cs_runner_suite_numbered(0));
  const cs_runner_suite *s;
  size_t count = 0;
  for (; (s = cs_runner_suite_at(count)); count++) {
    /* Each once. */
    ck_assert_ptr_eq(cs_runner_suite_named(cs_span_str(s->name)), s);
    ck_assert_ptr_eq(cs_runner_suite_numbered(s->number), s);
    /* The name says what it is for. */
    bool psk = strstr(s->name, "PSK") != NULL;
    bool certificate = strstr(s->name, "ECDSA_WITH") || strstr(s->name, "RSA_WITH");
    ck_assert_int_eq(s->key == CS_RUNNER_SUITE_PSK, psk);
    ck_assert_int_eq(s->key == CS_RUNNER_SUITE_CERTIFICATE, certificate);
  }
  ck_assert_uint_gt(count, 30);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("suite");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, names_and_numbers_belong_together);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
