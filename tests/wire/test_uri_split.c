#include "wire/uri.h"

#include <check.h>
#include <string.h>

#include "support/check_main.h"

static cs_span str(const char *s) {
  return cs_span_of(s, strlen(s));
}

static bool is(cs_span s, const char *text) {
  return cs_span_equal(s, str(text));
}

/* text, scheme, kind, host, zone, port, path, query (NULL: none) */
static const struct accepted {
  const char *text;
  cs_wire_scheme scheme;
  cs_wire_host kind;
  const char *host, *zone;
  uint16_t port;
  const char *path, *query;
} accepted[] = {
    {"coap://h", CS_SCHEME_COAP, CS_HOST_NAME, "h", "", 5683, "", NULL},
    {"coap://example.com/a/b?x=1&y", CS_SCHEME_COAP, CS_HOST_NAME, "example.com", "", 5683, "a/b",
     "x=1&y"},
    {"COAP://Example.COM:5690/", CS_SCHEME_COAP, CS_HOST_NAME, "Example.COM", "", 5690, "", NULL},
    {"coaps://h.example/a", CS_SCHEME_COAPS, CS_HOST_NAME, "h.example", "", 5684, "a", NULL},
    {"CoAp+TcP://h.example", CS_SCHEME_COAP_TCP, CS_HOST_NAME, "h.example", "", 5683, "", NULL},
    {"coaps+tcp://h.example", CS_SCHEME_COAPS_TCP, CS_HOST_NAME, "h.example", "", 5684, "", NULL},
    {"coap+ws://h.example/s?u=Cel", CS_SCHEME_COAP_WS, CS_HOST_NAME, "h.example", "", 80, "s",
     "u=Cel"},
    {"coaps+WS://h.example:8443", CS_SCHEME_COAPS_WS, CS_HOST_NAME, "h.example", "", 8443, "",
     NULL},
    {"coaps+ws://h", CS_SCHEME_COAPS_WS, CS_HOST_NAME, "h", "", 443, "", NULL},
    {"coap://192.0.2.1:61616//%2F//?%2F%2F&?%26", CS_SCHEME_COAP, CS_HOST_IPV4, "192.0.2.1", "",
     61616, "/%2F//", "%2F%2F&?%26"},
    {"coap://192.0.2.1/a/b/c/d/e/f", CS_SCHEME_COAP, CS_HOST_IPV4, "192.0.2.1", "", 5683,
     "a/b/c/d/e/f", NULL},
    {"coap://192.0.2.256/", CS_SCHEME_COAP, CS_HOST_NAME, "192.0.2.256", "", 5683, "", NULL},
    {"coap://[2001:db8::2:1]/", CS_SCHEME_COAP, CS_HOST_IPV6, "2001:db8::2:1", "", 5683, "", NULL},
    {"coap://[::1]:1?q", CS_SCHEME_COAP, CS_HOST_IPV6, "::1", "", 1, "", "q"},
    {"coap://[fe80::1%25eth0]:65535/x", CS_SCHEME_COAP, CS_HOST_IPV6, "fe80::1", "eth0", 65535, "x",
     NULL},
    {"coap://[fe80::1%25a%2Fb]/", CS_SCHEME_COAP, CS_HOST_IPV6, "fe80::1", "a%2Fb", 5683, "", NULL},
    {"coap://%2Ftmp%2fsock/x", CS_SCHEME_COAP, CS_HOST_UNIX, "%2Ftmp%2fsock", "", 5683, "x", NULL},
    {"coap+tcp://%2ftmp%2Fs:/x", CS_SCHEME_COAP_TCP, CS_HOST_UNIX, "%2ftmp%2Fs", "", 5683, "x",
     NULL},
    {"coap://%2Ftmp%2F%FF", CS_SCHEME_COAP, CS_HOST_UNIX, "%2Ftmp%2F%FF", "", 5683, "", NULL},
    {"coap://caf%C3%A9.example/", CS_SCHEME_COAP, CS_HOST_NAME, "caf%C3%A9.example", "", 5683, "",
     NULL},
    {"coap://example.com:/a", CS_SCHEME_COAP, CS_HOST_NAME, "example.com", "", 5683, "a", NULL},
    {"coap://example.com:000005690/a", CS_SCHEME_COAP, CS_HOST_NAME, "example.com", "", 5690, "a",
     NULL},
    {"coap://example.com?", CS_SCHEME_COAP, CS_HOST_NAME, "example.com", "", 5683, "", ""},
    {"coap://example.com/?", CS_SCHEME_COAP, CS_HOST_NAME, "example.com", "", 5683, "", ""},
    {"coap://example.com//", CS_SCHEME_COAP, CS_HOST_NAME, "example.com", "", 5683, "/", NULL},
    {"coap://example.com/foo/?a/b?c", CS_SCHEME_COAP, CS_HOST_NAME, "example.com", "", 5683, "foo/",
     "a/b?c"},
    {"coap://h/a-._~!$&'()*+,;=:@/Z?-._~!$&'()*+,;=:@/?9", CS_SCHEME_COAP, CS_HOST_NAME, "h", "",
     5683, "a-._~!$&'()*+,;=:@/Z", "-._~!$&'()*+,;=:@/?9"},
    {"coap://h-._~!$&'()*+,;=", CS_SCHEME_COAP, CS_HOST_NAME, "h-._~!$&'()*+,;=", "", 5683, "",
     NULL},
};

START_TEST(a_uri_is_taken_apart) {
  const struct accepted *a = &accepted[_i];
  cs_wire_uri u;
  size_t where = 4711;
  ck_assert_msg(cs_wire_uri_split(str(a->text), &u, &where) == CS_RULE_NONE, "%s", a->text);
  ck_assert_uint_eq(where, 4711);
  ck_assert_int_eq(u.scheme, a->scheme);
  ck_assert_int_eq(u.host_kind, a->kind);
  ck_assert(is(u.host, a->host));
  ck_assert(is(u.zone, a->zone));
  ck_assert_uint_eq(u.port, a->port);
  ck_assert(is(u.path, a->path));
  ck_assert_int_eq(u.has_query, a->query != NULL);
  ck_assert(is(u.query, a->query ? a->query : ""));
}
END_TEST

static const struct refused {
  const char *text;
  cs_rule rule;
  size_t where;
} refused[] = {
    {"", CS_RULE_URI_SCHEME, 0},
    {"coap", CS_RULE_URI_SCHEME, 4},
    {"coaps", CS_RULE_URI_SCHEME, 5},
    {"/a/b", CS_RULE_URI_SCHEME, 0},
    {"http://example.com/", CS_RULE_URI_SCHEME, 0},
    {"coapx://example.com/", CS_RULE_URI_SCHEME, 4},
    {"coap+udp://example.com/", CS_RULE_URI_SCHEME, 4},
    {"coap\x0btcp://example.com/", CS_RULE_URI_SCHEME, 4},
    {"coapcoap://example.com", CS_RULE_URI_SCHEME, 4},
    {"coap+", CS_RULE_URI_SCHEME, 4},
    {"coap+tcp", CS_RULE_URI_SCHEME, 8},
    {"coap:", CS_RULE_URI_AUTHORITY_MISSING, 5},
    {"coap:/example.com", CS_RULE_URI_AUTHORITY_MISSING, 6},
    {"coap:example.com/a", CS_RULE_URI_AUTHORITY_MISSING, 5},
    {"coap://", CS_RULE_URI_HOST_EMPTY, 7},
    {"coaps+tcp://", CS_RULE_URI_HOST_EMPTY, 12},
    {"coap:///a/b/c/d/e", CS_RULE_URI_HOST_EMPTY, 7},
    {"coap://:5683/", CS_RULE_URI_HOST_EMPTY, 7},
    {"coap://?abcdefgh", CS_RULE_URI_HOST_EMPTY, 7},
    {"coap://p://", CS_RULE_NONE, 0}, /* libcoap issue 212: an empty port and a path */
    {"coap://user@example.com/", CS_RULE_URI_USERINFO, 11},
    {"coap://user:pw@example.com/", CS_RULE_URI_USERINFO, 14},
    {"coap://@example.com/", CS_RULE_URI_USERINFO, 7},
    {"coap://example.com:99999999999/", CS_RULE_URI_PORT_RANGE, 19},
    {"coap://example.com:65536/", CS_RULE_URI_PORT_RANGE, 19},
    {"coap://example.com:4294972979/", CS_RULE_URI_PORT_RANGE, 19},
    {"coap://example.com:0/", CS_RULE_URI_PORT_RANGE, 19},
    {"coap://example.com:000000/", CS_RULE_URI_PORT_RANGE, 19},
    {"coap://example.com:5x/", CS_RULE_URI_CHARACTER, 20},
    {"coap://example.com:+5/", CS_RULE_URI_CHARACTER, 19},
    {"coap://[::1]x/", CS_RULE_URI_CHARACTER, 12},
    {"coap://[::1/", CS_RULE_URI_IP_LITERAL, 8},
    {"coap://[::1", CS_RULE_URI_IP_LITERAL, 11},
    {"coap://[]/abcdefgh", CS_RULE_URI_IP_LITERAL, 8},
    {"coap://[1::2::3]/", CS_RULE_URI_IP_LITERAL, 8},
    {"coap://[v1.x]/", CS_RULE_URI_IP_LITERAL, 8},
    {"coap://[fe80::1%eth0]/", CS_RULE_URI_IP_LITERAL, 15},
    {"coap://[fe80::1%25]/", CS_RULE_URI_IP_LITERAL, 18},
    {"coap://[fe80::1%25a%0a]/", CS_RULE_URI_HOST_CONTROL, 18},
    {"coap://[fe80::1%25a%4]/", CS_RULE_URI_PERCENT, 19},
    {"coap://[fe80::1%25a/b]/", CS_RULE_URI_IP_LITERAL, 19},
    {"coap://::1/abcdefgh", CS_RULE_URI_HOST_EMPTY, 7},
    {"coap://a%/", CS_RULE_URI_PERCENT, 8},
    {"coap://host%", CS_RULE_URI_PERCENT, 11},
    {"coap://a%00b/", CS_RULE_URI_HOST_CONTROL, 7},
    {"coap://a%0D%0Ab/", CS_RULE_URI_HOST_CONTROL, 7},
    {"coap://a%FFb/", CS_RULE_OPTION_UTF8, 8},
    {"coap://%2Ftmp%2Fs:5683/", CS_RULE_URI_UNIX_PORT, 18},
    {"coap://%2Ftmp%00/", CS_RULE_URI_HOST_CONTROL, 7},
    {"coap://h/a%A", CS_RULE_URI_PERCENT, 10},
    {"coap://h/a%", CS_RULE_URI_PERCENT, 10},
    {"coap://h/a%G0/abcdef", CS_RULE_URI_PERCENT, 10},
    {"coap://h/a%0G/abcdef", CS_RULE_URI_PERCENT, 10},
    {"coap://h/?a=%4", CS_RULE_URI_PERCENT, 12},
    {"coap://h/a#f", CS_RULE_URI_FRAGMENT, 10},
    {"coap://h#f/abcdefgh", CS_RULE_URI_FRAGMENT, 8},
    {"coap://h?a#", CS_RULE_URI_FRAGMENT, 10},
    {"coap://h/a b", CS_RULE_URI_CHARACTER, 10},
    {"coap://h/a\"bcdefghijk", CS_RULE_URI_CHARACTER, 10},
    {"coap://h/abcdefghijkl[", CS_RULE_URI_CHARACTER, 21},
    {"coap://h/abcdefgh?ijkl\\mnopqrs", CS_RULE_URI_CHARACTER, 22},
    {"coap://h/caf\xc3\xa9", CS_RULE_URI_CHARACTER, 12},
    {"coap://h\xc3\xa9/abcdefgh", CS_RULE_URI_CHARACTER, 8},
    {"coap://h/%C3%28", CS_RULE_OPTION_UTF8, 9},
    {"coap://h/a%C3/%A9", CS_RULE_OPTION_UTF8, 10},
    {"coap://h/%ED%A0%80", CS_RULE_OPTION_UTF8, 9},
    {"coap://h/?ok&%F4%90%80%80", CS_RULE_OPTION_UTF8, 13},
};

START_TEST(a_bad_uri_is_refused_by_its_rule_at_its_place) {
  const struct refused *r = &refused[_i];
  cs_wire_uri u, before;
  memset(&u, 0x5a, sizeof u);
  before = u;
  size_t where = 0;
  cs_rule rule = cs_wire_uri_split(str(r->text), &u, &where);
  ck_assert_msg(rule == r->rule, "%s: %s", r->text, cs_base_rule_id(rule));
  ck_assert_uint_eq(where, r->where);
  if (rule != CS_RULE_NONE)
    ck_assert_mem_eq(&u, &before, sizeof u);
  ck_assert(cs_wire_uri_split(str(r->text), &u, NULL) == r->rule);
}
END_TEST

/* "coap://" host "/" parts of n characters each with a separator */
static cs_span long_uri(char *buf, size_t host, char lead, size_t part, size_t parts) {
  size_t n = 0;
  memcpy(buf, "coap://", 7);
  n = 7;
  memset(buf + n, 'h', host);
  n += host;
  buf[n++] = lead;
  for (size_t i = 0; i < parts; i++) {
    if (i)
      buf[n++] = lead == '?' ? '&' : '/';
    memset(buf + n, 'a', part);
    n += part;
  }
  return cs_span_of(buf, n);
}

START_TEST(lengths_count_what_an_option_will_hold) {
  static char buf[4096];
  cs_wire_uri u;
  size_t where = 0;
  ck_assert(cs_wire_uri_split(long_uri(buf, 255, '/', 255, 4), &u, &where) == CS_RULE_NONE);
  ck_assert(cs_wire_uri_split(long_uri(buf, 5, '?', 255, 4), &u, &where) == CS_RULE_NONE);
  ck_assert(cs_wire_uri_split(long_uri(buf, 256, '/', 1, 1), &u, &where) == CS_RULE_OPTION_LENGTH);
  ck_assert_uint_eq(where, 7);
  ck_assert(cs_wire_uri_split(long_uri(buf, 5, '/', 256, 1), &u, &where) == CS_RULE_OPTION_LENGTH);
  ck_assert_uint_eq(where, 13);
  ck_assert(cs_wire_uri_split(long_uri(buf, 5, '?', 256, 1), &u, &where) == CS_RULE_OPTION_LENGTH);
  ck_assert_uint_eq(where, 13);
  /* 255 escapes make 255 bytes. */
  size_t n = (size_t)9;
  memcpy(buf, "coap://h/", n);
  for (int i = 0; i < 255; i++, n += 3)
    memcpy(buf + n, "%20", 3);
  ck_assert(cs_wire_uri_split(cs_span_of(buf, n), &u, &where) == CS_RULE_NONE);
  memcpy(buf + n, "%20", 3);
  ck_assert(cs_wire_uri_split(cs_span_of(buf, n + 3), &u, &where) == CS_RULE_OPTION_LENGTH);
}
END_TEST

/* Every character at every place of a URI long enough for the quick way: what
 * it takes and refuses is what RFC 3986 says, wherever blocks of eight begin. */
START_TEST(each_character_is_judged_alike_at_every_place) {
  static const char sub_delims[] = "!$&'()*+,;=";
  char text[64] = "coap://example.org/aaaaaaaaaaaaaaaaaa?bbbbbbbbbbbbbbbbbbb";
  size_t n = strlen(text), question = (size_t)(strchr(text, '?') - text);
  for (size_t at = 19; at < n; at++) {
    if (at == question)
      continue;
    char saved = text[at];
    for (int c = 0; c < 256; c++) {
      cs_wire_uri u;
      bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      bool good = alnum || (c && strchr("-._~:@/?", c)) || (c && strchr(sub_delims, c));
      text[at] = (char)c;
      bool taken = cs_wire_uri_split(cs_span_of(text, n), &u, NULL) == CS_RULE_NONE;
      ck_assert_msg(taken == good, "%d at %zu", c, at);
      if (taken) {
        size_t first = c == '?' && at < question ? at : question;
        ck_assert_uint_eq(u.path.len, first - 19);
        ck_assert_uint_eq(u.query.len, n - first - 1);
      }
    }
    text[at] = saved;
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/uri_split");
  TCase *c = tcase_create("split");
  tcase_add_loop_test(c, a_uri_is_taken_apart, 0, sizeof accepted / sizeof accepted[0]);
  tcase_add_loop_test(c, a_bad_uri_is_refused_by_its_rule_at_its_place, 0,
                      sizeof refused / sizeof refused[0]);
  tcase_add_test(c, lengths_count_what_an_option_will_hold);
  tcase_add_test(c, each_character_is_judged_alike_at_every_place);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
