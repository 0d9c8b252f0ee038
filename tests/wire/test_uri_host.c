#include "wire/uri_text.h"

#include <check.h>
#include <string.h>

#include "support/check_main.h"

static cs_span str(const char *s) {
  return cs_span_of(s, strlen(s));
}

START_TEST(ipv4_is_four_decimal_octets) {
  static const char *const good[] = {"0.0.0.0", "255.255.255.255", "192.0.2.1", "1.20.99.100"};
  static const char *const bad[] = {"",         "1.2.3",     "1.2.3.4.5",       "256.1.1.1",
                                    "01.2.3.4", "1.2.3.04",  "1..2.3",          "1.2.3.",
                                    ".1.2.3",   "1.2.3.a",   "1.2.3.4 ",        "1.2.3.1000",
                                    "1.2.3.00", "0x1.2.3.4", "4294967296.1.1.1"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    ck_assert_msg(cs_wire_uri_ipv4(str(good[i])), "%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_msg(!cs_wire_uri_ipv4(str(bad[i])), "%s", bad[i]);
}
END_TEST

START_TEST(ipv6_is_what_rfc_3986_says) {
  static const char *const good[] = {"::",
                                     "::1",
                                     "1::",
                                     "1:2:3:4:5:6:7:8",
                                     "1:2:3:4:5:6:7::",
                                     "::2:3:4:5:6:7:8",
                                     "1::8",
                                     "fe80::aBcD",
                                     "::ffff:192.0.2.1",
                                     "1:2:3:4:5:6:192.0.2.1",
                                     "::192.0.2.1",
                                     "1:2:3:4:5::192.0.2.1"};
  static const char *const bad[] = {"",
                                    ":",
                                    ":::",
                                    "1",
                                    ":1",
                                    "1:",
                                    "1:2:3:4:5:6:7",
                                    "1:2:3:4:5:6:7:8:9",
                                    "1:2:3:4:5:6:7:8::",
                                    "::1:2:3:4:5:6:7:8",
                                    "1::2::3",
                                    "1:::2",
                                    "12345::",
                                    "g::",
                                    "::1.2.3",
                                    "1:2:3:4:5:6:7:192.0.2.1",
                                    "192.0.2.1",
                                    "::192.0.2.1:1",
                                    "::1%eth0",
                                    "::256.1.1.1"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    ck_assert_msg(cs_wire_uri_ipv6(str(good[i])), "%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_msg(!cs_wire_uri_ipv6(str(bad[i])), "%s", bad[i]);
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/uri_host");
  TCase *c = tcase_create("host");
  tcase_add_test(c, ipv4_is_four_decimal_octets);
  tcase_add_test(c, ipv6_is_what_rfc_3986_says);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
