#include "wire/uri.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/check_main.h"

static cs_span str(const char *s) {
  return cs_span_of(s, strlen(s));
}

/* The options of a URI as text: "3:example.com 11:a 15:b", bytes that are no
 * plain characters as \xx. */
static const char *listing(cs_span encoded) {
  static char out[2048];
  size_t n = 0;
  cs_wire_option_iter it = cs_wire_options(encoded);
  cs_wire_option o;
  out[0] = '\0';
  while (cs_wire_option_next(&it, &o)) {
    n += (size_t)snprintf(out + n, sizeof out - n, "%s%u:", n ? " " : "", o.number);
    if (o.number == CS_OPT_URI_PORT) {
      uint32_t v = 0;
      ck_assert_int_eq(cs_wire_uint(o.value, &v), CS_OK);
      n += (size_t)snprintf(out + n, sizeof out - n, "%u", v);
      continue;
    }
    for (size_t i = 0; i < o.value.len; i++) {
      unsigned c = o.value.at[i];
      n += (size_t)snprintf(out + n, sizeof out - n, c > 0x20 && c < 0x7f ? "%c" : "\\%02x", c);
    }
  }
  ck_assert_int_eq(it.broken, CS_RULE_NONE);
  return out;
}

static const char *options_of(const char *text, uint16_t dst_port) {
  static uint8_t buf[4096];
  cs_base_writer out = cs_base_writer_of(buf, sizeof buf);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_uri u;
  ck_assert_msg(cs_wire_uri_split(str(text), &u, NULL) == CS_RULE_NONE, "%s", text);
  ck_assert_int_eq(cs_wire_uri_options(&u, dst_port, &w, NULL), CS_OK);
  ck_assert(!out.overflow);
  return listing(cs_base_written(&out));
}

static const struct decomposition {
  const char *text;
  uint16_t port;
  const char *options;
} decompositions[] = {
    /* RFC 7252 section 6.3: three URIs, one set of options */
    {"coap://example.com:5683/~sensors/temp.xml", 5683, "3:example.com 11:~sensors 11:temp.xml"},
    {"coap://EXAMPLE.com/%7Esensors/temp.xml", 5683, "3:example.com 11:~sensors 11:temp.xml"},
    {"coap://EXAMPLE.com:/%7esensors/temp.xml", 5683, "3:example.com 11:~sensors 11:temp.xml"},
    /* appendix B, read backwards */
    {"coap://[2001:db8::2:1]/", 5683, ""},
    {"coap://example.net/", 5683, "3:example.net"},
    {"coap://example.net/.well-known/core", 5683, "3:example.net 11:.well-known 11:core"},
    {"coap://xn--18j4d.example/%E3%81%93%E3%82%93", 5683,
     "3:xn--18j4d.example 11:\\e3\\81\\93\\e3\\82\\93"},
    {"coap://198.51.100.1:61616//%2F//?%2F%2F&?%26", 61616, "11: 11:/ 11: 11: 15:// 15:?&"},
    /* RFC 8323 section 8.3 */
    {"coap+ws://example.org/sensors/temperature?u=Cel", 80,
     "3:example.org 11:sensors 11:temperature 15:u=Cel"},
    /* corrections and clarifications, section RFC7252-6.4 */
    {"coap://authority", 5683, "3:authority"},
    {"coap://authority/", 5683, "3:authority"},
    {"coap://authority/?", 5683, "3:authority 15:"},
    {"coap://authority?", 5683, "3:authority 15:"},
    {"coap://authority/foo", 5683, "3:authority 11:foo"},
    {"coap://authority/foo/", 5683, "3:authority 11:foo 11:"},
    {"coap://authority//", 5683, "3:authority 11: 11:"},
    {"coap://authority///", 5683, "3:authority 11: 11: 11:"},
    {"coap://authority//foo", 5683, "3:authority 11: 11:foo"},
    {"coap://h?&a&&", 5683, "3:h 15: 15:a 15: 15:"},
    /* ports */
    {"coap://h", 61616, "3:h 7:5683"},
    {"coap://h:61616", 5683, "3:h 7:61616"},
    {"coap://[::1]:61616", 61616, ""},
    {"coaps://h", 5684, "3:h"},
    /* host: lower case first, then escapes */
    {"coap://A%41%2ez.EXAMPLE", 5683, "3:aA.z.example"},
    /* Unix-domain hosts are not for the server */
    {"coap://%2Ftmp%2Fs/a?b", 0, "11:a 15:b"},
    /* dot segments, RFC 3986 section 5.4 applied to "/b/c/..." */
    {"coap://h/b/c/./g", 5683, "3:h 11:b 11:c 11:g"},
    {"coap://h/b/c/.", 5683, "3:h 11:b 11:c 11:"},
    {"coap://h/b/c/..", 5683, "3:h 11:b 11:"},
    {"coap://h/b/c/../g", 5683, "3:h 11:b 11:g"},
    {"coap://h/b/c/../..", 5683, "3:h"},
    {"coap://h/b/c/../../g", 5683, "3:h 11:g"},
    {"coap://h/b/c/../../../g", 5683, "3:h 11:g"},
    {"coap://h/../../g/", 5683, "3:h 11:g 11:"},
    {"coap://h/.", 5683, "3:h"},
    {"coap://h/..", 5683, "3:h"},
    {"coap://h/./", 5683, "3:h"},
    {"coap://h/a/../", 5683, "3:h"},
    {"coap://h/a/..//b", 5683, "3:h 11: 11:b"},
    {"coap://h//..", 5683, "3:h"},
    {"coap://h/a//../b", 5683, "3:h 11:a 11:b"},
    {"coap://h/%2E/a/%2e%2E/.%2e/b", 5683, "3:h 11:b"},
    {"coap://h/a/b/../../c/../d/./e/..", 5683, "3:h 11:d 11:"},
    {"coap://h/.../..a/a../.a", 5683, "3:h 11:... 11:..a 11:a.. 11:.a"},
    {"coap://h/a?../b/.", 5683, "3:h 11:a 15:../b/."},
};

START_TEST(a_uri_becomes_options) {
  const struct decomposition *d = &decompositions[_i];
  const char *got = options_of(d->text, d->port);
  ck_assert_msg(strcmp(got, d->options) == 0, "%s: %s", d->text, got);
}
END_TEST

START_TEST(a_hand_made_uri_is_checked_before_anything_is_written) {
  uint8_t buf[64];
  cs_base_writer out = cs_base_writer_of(buf, sizeof buf);
  cs_wire_option_writer w = {&out, 0};
  static char path[300];
  memset(path, 'a', sizeof path);
  cs_wire_uri u = {.scheme = CS_SCHEME_COAP, .host_kind = CS_HOST_NAME, .port = 5683};
  cs_rule broken = CS_RULE_NONE;
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_URI_HOST_EMPTY);
  u.host = str("h%4");
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_URI_PERCENT);
  u.host = str("h");
  u.port = 0;
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_URI_PORT_RANGE);
  u.port = 1;
  u.path = cs_span_of(path, 256);
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_OPTION_LENGTH);
  u.path = str("a/\xff");
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, NULL), CS_ERR_RULE);
  u.path = str("a");
  u.has_query = true;
  u.query = str("%");
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_URI_PERCENT);
  ck_assert_uint_eq(out.len, 0);
  ck_assert(!out.overflow);
  ck_assert_uint_eq(w.last, 0);
}
END_TEST

START_TEST(options_go_behind_what_may_be_before_them_only) {
  uint8_t buf[64];
  cs_base_writer out = cs_base_writer_of(buf, sizeof buf);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_uri u;
  ck_assert_int_eq(cs_wire_uri_split(str("coap://h/a"), &u, NULL), CS_RULE_NONE);
  ck_assert_int_eq(cs_wire_option_put(&w, CS_OPT_IF_MATCH, str("")), CS_OK);
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, NULL), CS_OK);
  ck_assert_str_eq(listing(cs_base_written(&out)), "1: 3:h 11:a");
  size_t before = out.len;
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, NULL), CS_ERR_ARGUMENT);
  ck_assert_uint_eq(out.len, before);
}
END_TEST

START_TEST(an_overflow_shows_in_the_writer) {
  uint8_t buf[8];
  cs_wire_uri u;
  ck_assert_int_eq(cs_wire_uri_split(str("coap://host/aaaa"), &u, NULL), CS_RULE_NONE);
  cs_base_writer out = cs_base_writer_of(buf, 8);
  cs_wire_option_writer w = {&out, 0};
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, NULL), CS_OK);
  ck_assert(out.overflow);
}
END_TEST

/* More than fits the buffer on the way, nothing in the end. */
START_TEST(many_dot_segments_are_resolved) {
  enum { N = 10000 }; /* 20000 bytes of options, were they written */
  static char text[7 + 2 + 2 * N + 3 * N + 1];
  size_t n = 0;
  memcpy(text, "coap://h", 8);
  n = 8;
  for (int i = 0; i < N; i++, n += 2)
    memcpy(text + n, "/a", 2);
  for (int i = 0; i < N; i++, n += 3)
    memcpy(text + n, "/..", 3);
  text[n] = '\0';
  ck_assert_str_eq(options_of(text, 5683), "3:h");
}
END_TEST

/* A walk ahead for each segment that stays would not end within the test's time
 * limit by orders of magnitude: a URI may come from anywhere. */
START_TEST(a_long_path_is_resolved_in_one_walk) {
  enum { N = 4 << 20 };
  static char path[N];
  static uint8_t buf[N + 64];
  memset(path, '/', sizeof path);
  memcpy(path + N - 4, "a/..", 4);
  cs_wire_uri u = {.host_kind = CS_HOST_IPV4, .port = 5683, .path = cs_span_of(path, N)};
  cs_base_writer out = cs_base_writer_of(buf, sizeof buf);
  cs_wire_option_writer w = {&out, 0};
  ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, NULL), CS_OK);
  ck_assert(!out.overflow);
  /* N - 4 empty segments before "a", which is taken back, and the closing one. */
  ck_assert_uint_eq(out.len, N - 4 + 1);
  ck_assert_uint_eq(w.last, CS_OPT_URI_PATH);
}
END_TEST

static void append(char *text, const char *before, const char *word) {
  size_t n = strlen(text);
  snprintf(text + n, 64 - n, "%s%s", before, word);
}

/* The same by a stack of segments, as RFC 3986 section 5.2.4 describes it. */
static void by_stack(const char *path, char *out) {
  char segments[16][4];
  size_t n = 0;
  bool dot = false;
  for (const char *p = path;; p++) {
    size_t len = strcspn(p, "/");
    bool up = len == 2 && memcmp(p, "..", 2) == 0;
    dot = up || (len == 1 && *p == '.');
    if (up && n > 0)
      n--;
    if (!dot)
      snprintf(segments[n++], 4, "%.*s", (int)len, p);
    p += len;
    if (!*p)
      break;
  }
  if (dot)
    segments[n++][0] = '\0';
  out[0] = '\0';
  if (n == 1 && segments[0][0] == '\0')
    return;
  for (size_t i = 0; i < n; i++)
    append(out, i ? " 11:" : "11:", segments[i]);
}

START_TEST(dot_segments_agree_with_a_stack) {
  static const char *const words[] = {"", ".", "..", "a", "bc"};
  for (unsigned code = 0; code < 5 * 5 * 5 * 5 * 5 * 5; code++) {
    char path[64] = "", text[80], want[64];
    unsigned rest = code;
    for (int i = 0; i < 6; i++, rest /= 5)
      append(path, i ? "/" : "", words[rest % 5]);
    by_stack(path, want);
    snprintf(text, sizeof text, "coap://[::1]/%s", path);
    ck_assert_str_eq(options_of(text, 5683), want);
  }
}
END_TEST

START_TEST(dot_segments_overflow_the_writer_as_a_whole) {
  uint8_t buf[8];
  cs_wire_uri u = {.host_kind = CS_HOST_IPV4, .port = 61616, .path = str("a/./bcd/..")};
  for (size_t cap = 0; cap <= sizeof buf; cap++) {
    cs_base_writer out = cs_base_writer_of(buf, cap);
    cs_wire_option_writer w = {&out, 0};
    ck_assert_int_eq(cs_wire_uri_options(&u, 5683, &w, NULL), CS_OK);
    ck_assert(out.overflow == (cap < 6)); /* Uri-Port 3, "a" 2, "" 1 */
    if (!out.overflow)
      ck_assert_str_eq(listing(cs_base_written(&out)), "7:61616 11:a 11:");
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/uri_options");
  TCase *c = tcase_create("options");
  tcase_add_loop_test(c, a_uri_becomes_options, 0,
                      sizeof decompositions / sizeof decompositions[0]);
  tcase_add_test(c, a_hand_made_uri_is_checked_before_anything_is_written);
  tcase_add_test(c, options_go_behind_what_may_be_before_them_only);
  tcase_add_test(c, an_overflow_shows_in_the_writer);
  tcase_add_test(c, many_dot_segments_are_resolved);
  tcase_add_test(c, a_long_path_is_resolved_in_one_walk);
  tcase_add_test(c, dot_segments_agree_with_a_stack);
  tcase_add_test(c, dot_segments_overflow_the_writer_as_a_whole);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
