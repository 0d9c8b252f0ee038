/* Addresses. */
#include "fixture.h"

#include "api/address.h"

static coap_address_t unix_path(const char *text) {
  coap_address_t a;
  coap_address_init(&a);
  a.addr.sa.sa_family = AF_UNIX;
  memcpy(a.addr.cun.sun_path, text, strlen(text));
  return a;
}

static const char *printed(const coap_address_t *a) {
  static char text[100];
  coap_print_addr(a, (unsigned char *)text, sizeof text);
  return text;
}

START_TEST(layout_is_libcoaps) {
  ck_assert_uint_eq(sizeof(coap_address_t), 32);
  ck_assert_uint_eq(COAP_UNIX_PATH_MAX, 26);
  coap_address_t a;
  memset(&a, 0xff, sizeof a);
  coap_address_init(&a);
  ck_assert_uint_eq(a.size, 28);
  ck_assert_uint_eq(a.addr.sa.sa_family, 0);
  coap_address_init(NULL);
  fx_reason("addr is NULL");
}
END_TEST

START_TEST(ports) {
  coap_address_t v4 = fx_address("192.0.2.1", 0);
  coap_address_t v6 = fx_address("2001:db8::1", 0);
  coap_address_t path = unix_path("/tmp/x");
  coap_address_set_port(&v4, 5683);
  coap_address_set_port(&v6, 65535);
  coap_address_set_port(&path, 1);
  coap_address_set_port(NULL, 1);
  ck_assert_uint_eq(v4.addr.sin.sin_port, htons(5683));
  ck_assert_uint_eq(coap_address_get_port(&v4), 5683);
  ck_assert_uint_eq(coap_address_get_port(&v6), 65535);
  ck_assert_uint_eq(coap_address_get_port(&path), 0);
  ck_assert_uint_eq(coap_address_get_port(NULL), 0);
}
END_TEST

START_TEST(equality) {
  coap_address_t a = fx_address("192.0.2.1", 1), b = a, copy;
  coap_address_copy(&copy, &a);
  ck_assert(coap_address_equals(&a, &copy));
  /* Bytes that mean nothing do not count. */
  b.addr.sin.sin_zero[3] = 7;
  b.size = sizeof b.addr.sin;
  ck_assert(coap_address_equals(&a, &b));
  coap_address_set_port(&b, 2);
  ck_assert(!coap_address_equals(&a, &b));
  ck_assert(!coap_address_equals(&a, NULL));
  coap_address_t p = unix_path("/tmp/a"), q = unix_path("/tmp/b");
  ck_assert(coap_address_equals(&p, &p));
  ck_assert(!coap_address_equals(&p, &q));
  coap_address_copy(NULL, &a);
  fx_reason("dst is NULL");
}
END_TEST

START_TEST(kinds) {
  coap_address_t any = fx_address("0.0.0.0", 1), any6 = fx_address("::", 1);
  coap_address_t group = fx_address("224.0.1.187", 1), group6 = fx_address("ff02::fd", 1);
  coap_address_t all = fx_address("255.255.255.255", 1), one = fx_address("192.0.2.1", 1);
  coap_address_t path = unix_path("/tmp/x");
  ck_assert(coap_address_isany(&any) && coap_address_isany(&any6) && !coap_address_isany(&one));
  ck_assert(coap_is_mcast(&group) && coap_is_mcast(&group6) && !coap_is_mcast(&one));
  ck_assert(coap_is_bcast(&all) && !coap_is_bcast(&one) && !coap_is_bcast(NULL));
  ck_assert(coap_is_af_unix(&path) && !coap_is_af_unix(&one) && !coap_is_af_unix(NULL));
  ck_assert(!coap_is_mcast(NULL) && !coap_address_isany(NULL));
}
END_TEST

START_TEST(unix_domain_from_a_uri_host) {
  coap_address_t a = fx_address("192.0.2.1", 1);
  const char *const bad[] = {"%2", "%zz", "%2Fa%00b", "%2Ftmp%2Fabcdefghijklmnopqrstuvw"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ck_assert_int_eq(coap_address_set_unix_domain(&a, (const uint8_t *)bad[i], strlen(bad[i])), 0);
    ck_assert_uint_ne(strlen(coap_last_error()), 0);
    coap_clear_last_error();
  }
  ck_assert_int_eq(coap_address_set_unix_domain(&a, NULL, 1), 0);
  ck_assert_uint_eq(a.addr.sa.sa_family, AF_INET);
  ck_assert_int_eq(coap_address_set_unix_domain(&a, (const uint8_t *)"%2Ftmp%2fx", 10), 1);
  ck_assert_str_eq(printed(&a), "unix:/tmp/x");
}
END_TEST

START_TEST(printing) {
  char text[40];
  coap_address_t v4 = fx_address("192.0.2.1", 5683), v6 = fx_address("2001:db8::1", 7);
  coap_address_t path = unix_path("/tmp/x"), none;
  ck_assert_str_eq(printed(&v4), "192.0.2.1:5683");
  ck_assert_str_eq(printed(&v6), "[2001:db8::1]:7");
  ck_assert_uint_eq(coap_print_addr(&v4, (unsigned char *)text, 5), 4);
  ck_assert_str_eq(text, "192.");
  ck_assert_str_eq(coap_print_ip_addr(&v4, text, sizeof text), "192.0.2.1");
  ck_assert_str_eq(coap_print_ip_addr(&v6, text, sizeof text), "2001:db8::1");
  ck_assert_str_eq(coap_print_ip_addr(&path, text, sizeof text), "/tmp/x");
  ck_assert_str_eq(coap_print_ip_addr(&v6, text, 4), "200");
  coap_address_init(&none);
  ck_assert_uint_eq(coap_print_addr(&none, (unsigned char *)text, sizeof text), 0);
  ck_assert_str_eq(text, "");
  ck_assert_uint_eq(coap_print_addr(NULL, (unsigned char *)text, sizeof text), 0);
  ck_assert_ptr_null(coap_print_ip_addr(&v4, text, 0));
}
END_TEST

START_TEST(reading_says_what_is_wrong) {
  cs_net_address out;
  coap_address_t a = unix_path("/tmp/x");
  ck_assert_ptr_null(cs_api_address_read(&a, &out));
  coap_address_t back;
  cs_api_address_write(&out, &back);
  ck_assert(coap_address_equals(&a, &back));
  memset(a.addr.cun.sun_path, 'x', sizeof a.addr.cun.sun_path);
  ck_assert_ptr_nonnull(strstr(cs_api_address_read(&a, &out), "too long"));
  a = fx_address("2001:db8::1", 1);
  a.size = sizeof a.addr.sin;
  ck_assert_ptr_nonnull(strstr(cs_api_address_read(&a, &out), "AF_INET6"));
}
END_TEST

FX_SUITE("address", layout_is_libcoaps, ports, equality, kinds, unix_domain_from_a_uri_host,
         printing, reading_says_what_is_wrong)
