#include "wire/uri_text.h"

#include <check.h>
#include <string.h>

#include "support/check_main.h"

static cs_span str(const char *s) {
  return cs_span_of(s, strlen(s));
}

START_TEST(schemes_have_names_and_default_ports) {
  static const struct {
    const char *name;
    uint16_t port;
  } want[CS_SCHEME_COUNT_] = {{"coap", 5683},      {"coaps", 5684}, {"coap+tcp", 5683},
                              {"coaps+tcp", 5684}, {"coap+ws", 80}, {"coaps+ws", 443}};
  for (int i = 0; i < CS_SCHEME_COUNT_; i++) {
    ck_assert_str_eq(cs_wire_scheme_name((cs_wire_scheme)i), want[i].name);
    ck_assert_uint_eq(cs_wire_scheme_port((cs_wire_scheme)i), want[i].port);
  }
  ck_assert_str_eq(cs_wire_scheme_name((cs_wire_scheme)99), "");
  ck_assert_uint_eq(cs_wire_scheme_port((cs_wire_scheme)99), 0);
}
END_TEST

START_TEST(decoding_takes_escapes_in_either_case) {
  uint8_t buf[16];
  size_t n = 99;
  ck_assert_int_eq(cs_wire_uri_decode(str("a%2fB%2F%c3%A9%00"), buf, sizeof buf, &n), CS_OK);
  ck_assert_uint_eq(n, 7);
  ck_assert_mem_eq(buf, "a/B/\xc3\xa9\0", 7);
  ck_assert_int_eq(cs_wire_uri_decode(str(""), buf, 0, &n), CS_OK);
  ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(a_failed_decoding_changes_nothing) {
  static const char *const bad[] = {"abc%", "abc%4", "abc%4g", "abc%g4", "%%41"};
  uint8_t buf[8];
  size_t n = 99;
  memset(buf, 0x5a, sizeof buf);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_int_eq(cs_wire_uri_decode(str(bad[i]), buf, sizeof buf, &n), CS_ERR_RULE);
  ck_assert_int_eq(cs_wire_uri_decode(str("abc%20"), buf, 3, &n), CS_ERR_TOO_LARGE);
  ck_assert_uint_eq(n, 99);
  for (size_t i = 0; i < sizeof buf; i++)
    ck_assert_uint_eq(buf[i], 0x5a);
  ck_assert_int_eq(cs_wire_uri_decode(str("abc%20"), buf, 4, &n), CS_OK);
}
END_TEST

static unsigned count(const char *text, char separator, const char *const *want) {
  cs_wire_segments s = cs_wire_uri_segments(str(text), separator);
  cs_span part;
  unsigned n = 0;
  while (cs_wire_uri_segment_next(&s, &part)) {
    ck_assert_msg(cs_span_equal(part, str(want[n])), "%s: %u", text, n);
    n++;
  }
  ck_assert(!cs_wire_uri_segment_next(&s, &part));
  return n;
}

START_TEST(segments_keep_empty_ones) {
  static const char *const none[] = {""};
  static const char *const two_empty[] = {"", ""};
  static const char *const abc[] = {"a", "", "b%2Fc", ""};
  ck_assert_uint_eq(count("", '/', none), 0);
  ck_assert_uint_eq(count("", '&', none), 1);
  ck_assert_uint_eq(count("/", '/', two_empty), 2);
  ck_assert_uint_eq(count("a//b%2Fc/", '/', abc), 4);
  ck_assert_uint_eq(count("a&&b%2Fc&", '&', abc), 4);
}
END_TEST

START_TEST(the_first_bad_part_is_told) {
  size_t where = 99;
  ck_assert_int_eq(cs_wire_uri_check_parts(str("a/b/%C3%A9"), '/', &where), CS_RULE_NONE);
  ck_assert_uint_eq(where, 99);
  ck_assert_int_eq(cs_wire_uri_check_parts(str("a/b%C3/%A9"), '/', &where), CS_RULE_OPTION_UTF8);
  ck_assert_uint_eq(where, 2);
  ck_assert_int_eq(cs_wire_uri_check_parts(str("ab/%4"), '/', &where), CS_RULE_URI_PERCENT);
  ck_assert_uint_eq(where, 3);
  ck_assert_int_eq(cs_wire_uri_check_parts(str("%F"), '\0', &where), CS_RULE_URI_PERCENT);
  ck_assert_uint_eq(where, 0);
}
END_TEST

START_TEST(control_characters_are_seen_behind_escapes) {
  ck_assert(cs_wire_uri_has_control(str("a%0a")));
  ck_assert(cs_wire_uri_has_control(str("%7F")));
  ck_assert(cs_wire_uri_has_control(str("a%00b")));
  ck_assert(!cs_wire_uri_has_control(str("a%20%C3%A9~")));
  ck_assert(!cs_wire_uri_has_control(str("")));
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/uri_text");
  TCase *c = tcase_create("text");
  tcase_add_test(c, schemes_have_names_and_default_ports);
  tcase_add_test(c, decoding_takes_escapes_in_either_case);
  tcase_add_test(c, a_failed_decoding_changes_nothing);
  tcase_add_test(c, segments_keep_empty_ones);
  tcase_add_test(c, the_first_bad_part_is_told);
  tcase_add_test(c, control_characters_are_seen_behind_escapes);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
