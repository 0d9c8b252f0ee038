#include <check.h>
#include <string.h>

#include "support/check_main.h"
#include "wire/uri.h"

static cs_span str(const char *s) {
  return cs_span_of(s, strlen(s));
}

typedef struct option_text {
  uint16_t number; /* 0 ends */
  const char *value;
} option_text;

static cs_span encode(const option_text *o, uint8_t *buf, size_t cap) {
  cs_base_writer out = cs_base_writer_of(buf, cap);
  cs_wire_option_writer w = {&out, 0};
  for (; o->number; o++)
    ck_assert_int_eq(cs_wire_option_put(&w, o->number, str(o->value)), CS_OK);
  ck_assert(!out.overflow);
  return cs_base_written(&out);
}

static const struct composition {
  cs_wire_scheme scheme;
  const char *destination;
  uint16_t port;
  option_text options[8];
  const char *text; /* NULL: refused */
} compositions[] = {
    /* RFC 7252 appendix B */
    {CS_SCHEME_COAP, "2001:db8::2:1", 5683, {{0}}, "coap://[2001:db8::2:1]/"},
    {CS_SCHEME_COAP, "2001:db8::2:1", 5683, {{3, "example.net"}}, "coap://example.net/"},
    {CS_SCHEME_COAP,
     "2001:db8::2:1",
     5683,
     {{3, "example.net"}, {11, ".well-known"}, {11, "core"}},
     "coap://example.net/.well-known/core"},
    {CS_SCHEME_COAP,
     "2001:db8::2:1",
     5683,
     {{3, "xn--18j4d.example"},
      {11, "\xE3\x81\x93\xE3\x82\x93\xE3\x81\xAB\xE3\x81\xA1\xE3\x81\xAF"}},
     "coap://xn--18j4d.example/%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF"},
    /* The appendix prints ?%2F%2F&?%26 here, an equivalent URI; step 8 of
     * section 6.5 leaves a slash in the query as it is, and the steps decide. */
    {CS_SCHEME_COAP,
     "198.51.100.1",
     61616,
     {{11, ""}, {11, "/"}, {11, ""}, {11, ""}, {15, "//"}, {15, "?&"}},
     "coap://198.51.100.1:61616//%2F//?//&?%26"},
    {CS_SCHEME_COAPS, "192.0.2.1", 5684, {{11, "a b"}}, "coaps://192.0.2.1/a%20b"},
    {CS_SCHEME_COAP_TCP, "h", 5683, {{7, "\x01"}}, "coap+tcp://h:1/"},
    {CS_SCHEME_COAPS_TCP, "h", 1, {{7, "\x16\x34"}}, "coaps+tcp://h/"},
    {CS_SCHEME_COAP_WS, "h", 80, {{15, ""}}, "coap+ws://h/?"},
    {CS_SCHEME_COAPS_WS, "h", 80, {{15, ""}, {15, ""}}, "coaps+ws://h:80/?&"},
    {CS_SCHEME_COAP, "fe80::1%eth0", 5683, {{0}}, "coap://[fe80::1%25eth0]/"},
    {CS_SCHEME_COAP, "/tmp/a b", 0, {{11, "x"}}, "coap://%2Ftmp%2Fa%20b/x"},
    {CS_SCHEME_COAP, "h", 5683, {{3, "caf\xC3\xA9"}}, "coap://caf%C3%A9/"},
    {CS_SCHEME_COAP, "h", 5683, {{3, "[2001:db8::1]"}}, "coap://[2001:db8::1]/"},
    {CS_SCHEME_COAP, "h", 5683, {{11, ""}}, "coap://h/"},
    {CS_SCHEME_COAP,
     "h",
     5683,
     {{11, "-._~!$&'()*+,;=:@"}, {11, "?#[]%\"<>"}, {15, "-._~!$'()*+,;=:@/?"}, {15, "#[]%&"}},
     "coap://h/-._~!$&'()*+,;=:@/%3F%23%5B%5D%25%22%3C%3E?-._~!$'()*+,;=:@/?&%23%5B%5D%25%26"},
    {CS_SCHEME_COAP, "h", 5683, {{3, "a b"}}, NULL},
    {CS_SCHEME_COAP, "h", 5683, {{3, "a/b"}}, NULL},
    {CS_SCHEME_COAP, "h", 5683, {{3, "a%4"}}, NULL},
    {CS_SCHEME_COAP, "h", 5683, {{3, ""}}, NULL},
    {CS_SCHEME_COAP, "h", 5683, {{3, "[::1"}}, NULL},
    {CS_SCHEME_COAP, "h", 5683, {{3, "["}}, NULL},
    {CS_SCHEME_COAP, "h", 5683, {{3, "[x]"}}, NULL},
    {CS_SCHEME_COAP, "h", 5683, {{7, "\x01\x01\x01"}}, NULL},
    {CS_SCHEME_COAP, "h", 0, {{0}}, NULL},
    {CS_SCHEME_COAP, "", 5683, {{0}}, NULL},
    {CS_SCHEME_COAP, "x:y", 5683, {{0}}, NULL},
    {CS_SCHEME_COAP, "fe80::1%", 5683, {{0}}, NULL},
    {CS_SCHEME_COAP, "h", 5683, {{11, "."}}, NULL},
    {CS_SCHEME_COAP, "h", 5683, {{11, "a"}, {11, ".."}}, NULL},
};

START_TEST(options_become_a_uri_in_normal_form) {
  const struct composition *c = &compositions[_i];
  uint8_t buf[256];
  char text[256];
  size_t n = 999;
  cs_span options = encode(c->options, buf, sizeof buf);
  memset(text, 'z', sizeof text);
  cs_err e =
      cs_wire_uri_compose(c->scheme, str(c->destination), c->port, options, text, sizeof text, &n);
  if (!c->text) {
    ck_assert_int_eq(e, CS_ERR_RULE);
    ck_assert_uint_eq(n, 999);
    for (size_t i = 0; i < sizeof text; i++)
      ck_assert_int_eq(text[i], 'z');
    return;
  }
  ck_assert_int_eq(e, CS_OK);
  ck_assert_msg(n == strlen(c->text) && memcmp(text, c->text, n) == 0, "%.*s", (int)n, text);
  ck_assert_int_eq(text[n], 'z');
}
END_TEST

START_TEST(a_buffer_that_is_too_small_stays_as_it_was) {
  char text[32] = "untouched";
  size_t n = 77;
  for (size_t cap = 0; cap < 9; cap++)
    ck_assert_int_eq(cs_wire_uri_compose(CS_SCHEME_COAP, str("h"), 5683, str(""), text, cap, &n),
                     CS_ERR_TOO_LARGE);
  ck_assert_str_eq(text, "untouched");
  ck_assert_uint_eq(n, 77);
  ck_assert_int_eq(cs_wire_uri_compose(CS_SCHEME_COAP, str("h"), 5683, str(""), text, 9, &n),
                   CS_OK);
  ck_assert_mem_eq(text, "coap://h/", 9);
  ck_assert_int_eq(cs_wire_uri_compose((cs_wire_scheme)9, str("h"), 1, str(""), text, 9, &n),
                   CS_ERR_ARGUMENT);
}
END_TEST

START_TEST(malformed_options_make_no_uri) {
  static const uint8_t cut[] = {0xb5, 'a', 'b'};
  char text[64];
  size_t n = 77;
  ck_assert_int_eq(cs_wire_uri_compose(CS_SCHEME_COAP, str("h"), 5683, cs_span_of(cut, sizeof cut),
                                       text, sizeof text, &n),
                   CS_ERR_RULE);
}
END_TEST

/* Splitting, decomposing and composing again ends in the normal form. */
START_TEST(decomposing_and_composing_gives_the_normal_form) {
  static const struct {
    const char *text, *normal;
  } rows[] = {
      {"coap://EXAMPLE.com:/%7esensors/temp.xml", "coap://example.com/~sensors/temp.xml"},
      {"coap://example.com:5683/~sensors/temp.xml", "coap://example.com/~sensors/temp.xml"},
      {"coap://h", "coap://h/"},
      {"coap://h/a/../b/./%c3%a9?%3d&%26", "coap://h/b/%C3%A9?=&%26"},
      {"coap://h//", "coap://h//"},
      {"coap://h?", "coap://h/?"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t buf[256];
    char text[256];
    size_t n = 0;
    cs_base_writer out = cs_base_writer_of(buf, sizeof buf);
    cs_wire_option_writer w = {&out, 0};
    cs_wire_uri u;
    ck_assert_int_eq(cs_wire_uri_split(str(rows[i].text), &u, NULL), CS_RULE_NONE);
    ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, NULL), CS_OK);
    ck_assert_int_eq(cs_wire_uri_compose(u.scheme, str("192.0.2.1"), 5683, cs_base_written(&out),
                                         text, sizeof text, &n),
                     CS_OK);
    ck_assert_msg(cs_span_equal(cs_span_of(text, n), str(rows[i].normal)), "%.*s", (int)n, text);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/uri_compose");
  TCase *c = tcase_create("compose");
  tcase_add_loop_test(c, options_become_a_uri_in_normal_form, 0,
                      sizeof compositions / sizeof compositions[0]);
  tcase_add_test(c, a_buffer_that_is_too_small_stays_as_it_was);
  tcase_add_test(c, malformed_options_make_no_uri);
  tcase_add_test(c, decomposing_and_composing_gives_the_normal_form);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
