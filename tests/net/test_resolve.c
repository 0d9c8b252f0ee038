#include <check.h>
#include <string.h>

#include "net/address.h"
#include "support/check_main.h"

static cs_err resolve(const char *host, int family, cs_net_address *out, size_t cap, size_t *n) {
  return cs_net_resolve(cs_span_of(host, strlen(host)), 5683, family, out, cap, n);
}

START_TEST(literals_need_no_resolver) {
  cs_net_address a[2];
  size_t n = 9;
  ck_assert_int_eq(resolve("192.0.2.1", AF_UNSPEC, a, 2, &n), CS_OK);
  ck_assert_uint_eq(n, 1);
  ck_assert_int_eq(cs_net_address_family(&a[0]), AF_INET);
  ck_assert_uint_eq(cs_net_address_port(&a[0]), 5683);
  ck_assert_int_eq(resolve("[2001:db8::1]", AF_INET6, a, 1, &n), CS_OK);
  ck_assert_int_eq(cs_net_address_family(&a[0]), AF_INET6);
  ck_assert_int_eq(resolve("192.0.2.1", AF_INET6, a, 2, &n), CS_ERR_RESOLVE);
  ck_assert_int_eq(resolve("fe80::1%nosuchif0", AF_UNSPEC, a, 2, &n), CS_ERR_RESOLVE);
}
END_TEST

START_TEST(localhost_resolves_to_loopback_with_the_port) {
  cs_net_address a[8];
  size_t n = 0;
  ck_assert_int_eq(resolve("localhost", AF_INET, a, 8, &n), CS_OK);
  ck_assert_uint_ge(n, 1);
  for (size_t i = 0; i < n; i++) {
    ck_assert_int_eq(cs_net_address_family(&a[i]), AF_INET);
    ck_assert_uint_eq(cs_net_address_port(&a[i]), 5683);
  }
  ck_assert_int_eq(resolve("localhost", AF_UNSPEC, a, 1, &n), CS_OK);
  ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(bad_names_never_reach_the_resolver) {
  cs_net_address a[2];
  size_t n = 9;
  static char name[300];
  memset(name, 'a', sizeof name);
  /* CVE-2025-34468 of libcoap: longer than the resolver's buffer. */
  ck_assert_int_eq(cs_net_resolve(cs_span_of(name, 256), 1, AF_UNSPEC, a, 2, &n), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_net_resolve(cs_span_of(name, 300), 1, AF_UNSPEC, a, 2, &n), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_net_resolve(cs_span_of(name, 0), 1, AF_UNSPEC, a, 2, &n), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_net_resolve(cs_span_of("local\0host", 10), 1, AF_UNSPEC, a, 2, &n),
                   CS_ERR_ARGUMENT);
  ck_assert_int_eq(resolve("localhost", AF_UNSPEC, a, 0, &n), CS_ERR_ARGUMENT);
  ck_assert_int_eq(resolve("localhost", AF_UNIX, a, 2, &n), CS_ERR_ARGUMENT);
  ck_assert_uint_eq(n, 9);
}
END_TEST

/* "127.1" and its like are addresses to inet_aton, but to nobody who reads. */
START_TEST(legacy_numbers_are_no_names) {
  static const char *const names[] = {"127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.01"};
  cs_net_address a[2];
  size_t n = 9;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    ck_assert_msg(resolve(names[i], AF_UNSPEC, a, 2, &n) == CS_ERR_RESOLVE, "%s", names[i]);
  ck_assert_uint_eq(n, 9);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/resolve");
  TCase *c = tcase_create("resolve");
  tcase_add_test(c, literals_need_no_resolver);
  tcase_add_test(c, localhost_resolves_to_loopback_with_the_port);
  tcase_add_test(c, bad_names_never_reach_the_resolver);
  tcase_add_test(c, legacy_numbers_are_no_names);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
