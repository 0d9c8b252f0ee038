#include "net/address.h"

#include <arpa/inet.h>
#include <check.h>
#include <net/if.h>
#include <string.h>

#include "support/check_main.h"

static cs_span str(const char *s) {
  return cs_span_of(s, strlen(s));
}

static cs_net_address lit(const char *text, uint16_t port) {
  cs_net_address a;
  ck_assert_msg(cs_net_address_literal(str(text), port, &a) == CS_OK, "%s", text);
  return a;
}

static const char *printed(const cs_net_address *a) {
  static char text[CS_NET_ADDRESS_TEXT];
  size_t n = cs_net_address_print(a, text, sizeof text);
  ck_assert_uint_eq(n, strlen(text));
  return text;
}

START_TEST(literals_are_read_and_printed) {
  static const struct {
    const char *text, *printed;
    int family;
  } rows[] = {
      {"192.0.2.1", "192.0.2.1:5683", AF_INET},
      {"0.0.0.0", "0.0.0.0:5683", AF_INET},
      {"2001:DB8::1", "[2001:db8::1]:5683", AF_INET6},
      {"[::1]", "[::1]:5683", AF_INET6},
      {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:5683", AF_INET6},
      {"fe80::1%7", "[fe80::1%7]:5683", AF_INET6},
      {"[fe80::1%4294967295]", "[fe80::1%4294967295]:5683", AF_INET6},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cs_net_address a = lit(rows[i].text, 5683);
    ck_assert_str_eq(printed(&a), rows[i].printed);
    ck_assert_int_eq(cs_net_address_family(&a), rows[i].family);
    ck_assert_uint_eq(cs_net_address_port(&a), 5683);
  }
}
END_TEST

START_TEST(a_zone_may_be_an_interface_name) {
  cs_net_address a = lit("[fe80::1%lo]", 1);
  ck_assert_uint_eq(a.u.in6.sin6_scope_id, if_nametoindex("lo"));
}
END_TEST

START_TEST(what_is_no_literal_is_refused) {
  static const struct {
    const char *text;
    cs_err err;
  } rows[] = {
      {"", CS_ERR_ARGUMENT},
      {"example.com", CS_ERR_ARGUMENT},
      {"192.0.2", CS_ERR_ARGUMENT},
      {"192.0.2.01", CS_ERR_ARGUMENT},
      {"192.0.2.1.", CS_ERR_ARGUMENT},
      {"[192.0.2.1]", CS_ERR_ARGUMENT},
      {"[::1", CS_ERR_ARGUMENT},
      {"::1]", CS_ERR_ARGUMENT},
      {"[]", CS_ERR_ARGUMENT},
      {":", CS_ERR_ARGUMENT},
      {"fe80::1%", CS_ERR_ARGUMENT},
      {"192.0.2.1%1", CS_ERR_ARGUMENT},
      {"fe80::1%0", CS_ERR_NOT_FOUND},
      {"fe80::1%4294967296", CS_ERR_NOT_FOUND},
      {"fe80::1%no-such-interface", CS_ERR_NOT_FOUND},
      {"fe80::1%nosuchif0", CS_ERR_NOT_FOUND},
      {"1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1", CS_ERR_ARGUMENT},
  };
  cs_net_address a, before;
  memset(&a, 0x5a, sizeof a);
  before = a;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert_msg(cs_net_address_literal(str(rows[i].text), 1, &a) == rows[i].err, "%s",
                  rows[i].text);
  ck_assert_int_eq(cs_net_address_literal(cs_span_of("1.2.3.4\0", 8), 1, &a), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_net_address_literal(cs_span_of("::1\0", 4), 1, &a), CS_ERR_ARGUMENT);
  ck_assert_mem_eq(&a, &before, sizeof a);
}
END_TEST

START_TEST(unix_paths_are_kept_whole_or_refused) {
  char path[200];
  cs_net_address a, before;
  memset(path, 'p', sizeof path);
  ck_assert_int_eq(cs_net_address_unix(cs_span_of(path, 107), &a), CS_OK);
  ck_assert_int_eq(cs_net_address_family(&a), AF_UNIX);
  ck_assert_uint_eq(strlen(a.u.un.sun_path), 107);
  before = a;
  ck_assert_int_eq(cs_net_address_unix(cs_span_of(path, 108), &a), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(cs_net_address_unix(str(""), &a), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_net_address_unix(cs_span_of("a\0b", 3), &a), CS_ERR_ARGUMENT);
  ck_assert_mem_eq(&a, &before, sizeof a);
  ck_assert_int_eq(cs_net_address_unix(str("/tmp/x"), &a), CS_OK);
  ck_assert_str_eq(printed(&a), "unix:/tmp/x");
  cs_net_address_set_port(&a, 9);
  ck_assert_uint_eq(cs_net_address_port(&a), 0);
  ck_assert_str_eq(a.u.un.sun_path, "/tmp/x");
  /* A log line must not be broken by a path. */
  ck_assert_int_eq(cs_net_address_unix(str("/tmp/\n\x1b\x7f"), &a), CS_OK);
  ck_assert_str_eq(printed(&a), "unix:/tmp/???");
}
END_TEST

START_TEST(printing_is_cut_and_closed) {
  cs_net_address a = lit("192.0.2.1", 5683);
  char text[8] = "zzzzzzz";
  ck_assert_uint_eq(cs_net_address_print(&a, text, 5), 4);
  ck_assert_str_eq(text, "192.");
  ck_assert_int_eq(text[5], 'z');
  ck_assert_uint_eq(cs_net_address_print(&a, text, 0), 0);
  memset(&a, 0, sizeof a);
  ck_assert_str_eq(printed(&a), "none");
}
END_TEST

static void check_equal(const cs_net_address *a, const cs_net_address *b, bool want) {
  ck_assert_int_eq(cs_net_address_equal(a, b), want);
  ck_assert_int_eq(cs_net_address_equal(b, a), want);
  if (want)
    ck_assert_uint_eq(cs_net_address_hash(7, a), cs_net_address_hash(7, b));
  else
    ck_assert_uint_ne(cs_net_address_hash(7, a), cs_net_address_hash(7, b));
}

START_TEST(equality_and_hash_go_by_meaning) {
  cs_net_address a = lit("192.0.2.1", 1), b = lit("192.0.2.1", 1);
  memset(b.u.in.sin_zero, 0x5a, sizeof b.u.in.sin_zero);
  check_equal(&a, &b, true);
  b = lit("192.0.2.1", 2);
  check_equal(&a, &b, false);
  b = lit("192.0.2.2", 1);
  check_equal(&a, &b, false);
  a = lit("fe80::1%2", 1);
  b = lit("fe80::1%3", 1);
  check_equal(&a, &b, false);
  /* The system reports no zone for a global address. */
  a = lit("2001:db8::1%2", 1);
  b = lit("2001:db8::1", 1);
  b.u.in6.sin6_flowinfo = 5;
  check_equal(&a, &b, true);
  b = lit("2001:db8::2", 1);
  check_equal(&a, &b, false);
  ck_assert_int_eq(cs_net_address_unix(str("/a"), &a), CS_OK);
  ck_assert_int_eq(cs_net_address_unix(str("/a"), &b), CS_OK);
  b.len--; /* the kernel may report it without the NUL */
  check_equal(&a, &b, true);
  ck_assert_int_eq(cs_net_address_unix(str("/ab"), &b), CS_OK);
  check_equal(&a, &b, false);
  b = lit("192.0.2.1", 1);
  ck_assert(!cs_net_address_equal(&a, &b));
  memset(&a, 0, sizeof a);
  memset(&b, 0, sizeof b);
  check_equal(&a, &b, true);
}
END_TEST

START_TEST(multicast_and_any_are_recognised) {
  static const struct {
    const char *text;
    bool multicast, any;
  } rows[] = {
      {"224.0.1.187", true, false},
      {"239.255.255.255", true, false},
      {"223.255.255.255", false, false},
      {"240.0.0.1", false, false},
      {"255.255.255.255", true, false},
      {"0.0.0.0", false, true},
      {"ff02::fd", true, false},
      {"fe80::1", false, false},
      {"::", false, true},
      {"::ffff:224.0.0.1", true, false},
      {"::ffff:192.0.2.1", false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cs_net_address a = lit(rows[i].text, 1);
    ck_assert_msg(cs_net_address_multicast(&a) == rows[i].multicast, "%s", rows[i].text);
    ck_assert_msg(cs_net_address_any(&a) == rows[i].any, "%s", rows[i].text);
  }
  cs_net_address u;
  ck_assert_int_eq(cs_net_address_unix(str("/a"), &u), CS_OK);
  ck_assert(!cs_net_address_multicast(&u));
  ck_assert(!cs_net_address_any(&u));
}
END_TEST

START_TEST(a_port_can_be_set) {
  cs_net_address a = lit("192.0.2.1", 0), b = lit("::1", 0);
  cs_net_address_set_port(&a, 0x1234);
  cs_net_address_set_port(&b, 0x1234);
  ck_assert_uint_eq(ntohs(a.u.in.sin_port), 0x1234);
  ck_assert_uint_eq(cs_net_address_port(&a), 0x1234);
  ck_assert_uint_eq(cs_net_address_port(&b), 0x1234);
}
END_TEST

/* The system reports a name of 108 bytes as one byte longer than the structure
 * that holds it. */
START_TEST(a_unix_path_without_nul_ends_where_its_field_ends) {
  cs_net_address a, b;
  char text[CS_NET_ADDRESS_TEXT];
  memset(&a, 0xaa, sizeof a);
  memset(&b, 0xbb, sizeof b);
  a.u.un.sun_family = b.u.un.sun_family = AF_UNIX;
  memset(a.u.un.sun_path, 'p', sizeof a.u.un.sun_path);
  memset(b.u.un.sun_path, 'p', sizeof b.u.un.sun_path);
  a.len = b.len = sizeof a.u.un + 1;
  ck_assert(cs_net_address_equal(&a, &b));
  ck_assert_uint_eq(cs_net_address_hash(1, &a), cs_net_address_hash(1, &b));
  ck_assert_uint_eq(cs_net_address_print(&a, text, sizeof text),
                    strlen("unix:") + sizeof a.u.un.sun_path);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/address");
  TCase *c = tcase_create("address");
  tcase_add_test(c, literals_are_read_and_printed);
  tcase_add_test(c, a_zone_may_be_an_interface_name);
  tcase_add_test(c, what_is_no_literal_is_refused);
  tcase_add_test(c, unix_paths_are_kept_whole_or_refused);
  tcase_add_test(c, printing_is_cut_and_closed);
  tcase_add_test(c, equality_and_hash_go_by_meaning);
  tcase_add_test(c, multicast_and_any_are_recognised);
  tcase_add_test(c, a_port_can_be_set);
  tcase_add_test(c, a_unix_path_without_nul_ends_where_its_field_ends);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
