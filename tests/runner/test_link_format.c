/* The parser of link format: what the grammar takes and refuses, and where. */

#include "support/check_main.h"
#include "runner/link_format.h"

static const struct {
  const char *text;
  int at; /* of the first thing that is wrong, or -1 */
} documents[] = {
    {"", -1},
    {"</a>", -1},
    {"<>", -1},
    {"</a>,</b>", -1},
    {"</sensors/temp>;if=\"sensor\",</sensors/light>;if=\"sensor\"", -1},
    {"<http://www.example.com/sensors/t123>;anchor=\"/sensors/temp\";rel=\"describedby\"", -1},
    {"</a>;rt=\"Type1 Type2\";sz=10;ct=\"0 41\";obs", -1},
    {"</a>;title=\"a, b; <c> \\\" \\\\\"", -1},
    {"</a>;title=\"\"", -1},
    {"</a>;title=\"line\r\n goes on\"", -1},
    {"</a>;title*=UTF-8'de'%c3%a4", -1},
    {"</a>;title*=UTF-8''a", -1},
    {"</a>;rt=a:b/c<d>e=f", -1},
    {"</a,b;c>;x", -1},
    {"<coap://[fe80::1]:5683/a?b=c#d>", -1},
    {"<a/b:c>", -1},
    {"</caf\xc3\xa9>;title=\"caf\xe9\"", -1},
    {"</a>,", 5},
    {",</a>", 0},
    {" </a>", 0},
    {"</a> ", 4},
    {"</a>, </b>", 5},
    {"</a>,\n</b>", 5},
    {"</a> ;x", 4},
    {"</a>; x", 5},
    {"</a>;", 5},
    {"</a>;;x", 5},
    {"</a>;x=", 7},
    {"</a>;x= y", 7},
    {"</a>;rt=a b", 9},
    {"</a>;rt=a,b", 10},
    {"</a>;x=\"y", 9},
    {"</a>;x=\"y\\", 10},
    {"</a>;x=\"y\"z", 10},
    {"</a>;x=\"a\nb\"", 9},
    {"</a>;x=\"a\r\nb\"", 9},
    {"</a>;x=\"a\x7f\"", 9},
    {"</a>;x=\"\\\xe9\"", 9},
    {"</a>;title*", 11},
    {"</a>;title*=\"a\"", 12},
    {"</a>;title*=UTF-8'a", 19},
    {"</a>;title*=UTF-8''%c", 21},
    {"</a>;=x", 5},
    {"</a", 3},
    {"/a", 0},
    {"</a b>", 1},
    {"</a%2>", 1},
    {"</a\"b>", 1},
    {"<1a:b>", 1},
    {"<//a:b/c>", 1},
    {"</[a]>", 1},
    {"</a#b#c>", 1},
};

START_TEST(documents_are_taken_or_refused_where_they_break) {
  const char *text = documents[_i].text;
  size_t at = 0;
  const char *want = NULL;
  bool good = cs_runner_links_good(cs_span_str(text), &at, &want);
  ck_assert_msg(good == (documents[_i].at < 0), "%s: %zu %s", text, at, want ? want : "");
  if (good)
    ck_assert_uint_eq(at, strlen(text));
  else
    ck_assert_msg((int)at == documents[_i].at && want, "%s: at %zu: %s", text, at, want);
}
END_TEST

START_TEST(a_null_byte_is_no_end) {
  size_t at;
  const char *want;
  ck_assert(!cs_runner_links_good(cs_span_of("</a>\0", 5), &at, &want));
  ck_assert(!cs_runner_links_good(cs_span_of("</a\0>", 5), &at, &want));
  ck_assert(!cs_runner_links_good(cs_span_of("</a>;x=\0", 8), &at, &want));
  ck_assert(!cs_runner_links_good(cs_span_of("</a>;x=\"\0\"", 10), &at, &want));
}
END_TEST

START_TEST(links_have_targets_and_parameters) {
  cs_runner_links l = cs_runner_links_of(cs_span_str("</a>;rt=\"x \\\"y\\\"\";obs;SZ=7,</b>"));
  cs_runner_link link;
  cs_runner_link_param p;
  uint8_t buf[16];
  size_t at = 0;
  ck_assert(cs_runner_links_next(&l, &link));
  ck_assert(cs_span_equal(link.target, cs_span_str("/a")));
  ck_assert(cs_runner_link_param_next(&link, &at, &p));
  ck_assert(p.valued && p.quoted && cs_runner_link_param_is(&p, cs_span_str("rt")));
  ck_assert(cs_span_equal(cs_span_of(buf, cs_runner_link_value(&p, buf)), cs_span_str("x \"y\"")));
  ck_assert(cs_runner_link_param_next(&link, &at, &p));
  ck_assert(!p.valued && cs_runner_link_param_is(&p, cs_span_str("obs")));
  ck_assert(cs_runner_link_param_next(&link, &at, &p));
  ck_assert(p.valued && !p.quoted && cs_runner_link_param_is(&p, cs_span_str("sz")));
  ck_assert(cs_span_equal(p.value, cs_span_str("7")));
  ck_assert(!cs_runner_link_param_next(&link, &at, &p));
  ck_assert(cs_runner_links_next(&l, &link));
  ck_assert(cs_span_equal(link.target, cs_span_str("/b")) && link.params.len == 0);
  ck_assert(!cs_runner_links_next(&l, &link));
  ck_assert_ptr_null(l.want);
}
END_TEST

static const struct {
  const char *link;
  const char *name;
  cs_runner_link_property property;
  bool fits;
} properties[] = {
    {"</a>;rt=a;rt=b", "rt", CS_RUNNER_LINK_ONCE, false},
    {"</a>;rt=a;RT=b", "rt", CS_RUNNER_LINK_ONCE, false},
    {"</a>;rt=a;if=b", "rt", CS_RUNNER_LINK_ONCE, true},
    {"</a>", "rt", CS_RUNNER_LINK_ONCE, true},
    {"</a>;href=\"/b\"", "href", CS_RUNNER_LINK_RESERVED, false},
    {"</a>;rt=href", "href", CS_RUNNER_LINK_RESERVED, true},
    {"</a>;sz=0", "sz", CS_RUNNER_LINK_CARDINAL, true},
    {"</a>;sz=123456789012345678901234567890", "sz", CS_RUNNER_LINK_CARDINAL, true},
    {"</a>;sz=01", "sz", CS_RUNNER_LINK_CARDINAL, false},
    {"</a>;sz=\"1\"", "sz", CS_RUNNER_LINK_CARDINAL, false},
    {"</a>;sz", "sz", CS_RUNNER_LINK_CARDINAL, false},
    {"</a>;ct=40", "ct", CS_RUNNER_LINK_FORMATS, true},
    {"</a>;ct=\"0 41 65535\"", "ct", CS_RUNNER_LINK_FORMATS, true},
    {"</a>;ct=65536", "ct", CS_RUNNER_LINK_FORMATS, false},
    {"</a>;ct=\"0 65536\"", "ct", CS_RUNNER_LINK_FORMATS, false},
    {"</a>;ct=\"\"", "ct", CS_RUNNER_LINK_FORMATS, false},
    {"</a>;ct=text", "ct", CS_RUNNER_LINK_FORMATS, false},
    {"</a>;ct=4294967296", "ct", CS_RUNNER_LINK_FORMATS, false},
    {"</a>;ct", "ct", CS_RUNNER_LINK_FORMATS, false},
    {"</a>;rel=next", "rel", CS_RUNNER_LINK_RELATION_TYPES, true},
    {"</a>;rel=\"next http://x/y\"", "rel", CS_RUNNER_LINK_RELATION_TYPES, true},
    {"</a>;rel=\"next  last\"", "rel", CS_RUNNER_LINK_RELATION_TYPES, true},
    {"</a>;rel=\" next\"", "rel", CS_RUNNER_LINK_RELATION_TYPES, false},
    {"</a>;rel=Next", "rel", CS_RUNNER_LINK_RELATION_TYPES, false},
    {"</a>;rel=\"\"", "rel", CS_RUNNER_LINK_RELATION_TYPES, false},
    {"</a>;anchor=\"/b\"", "anchor", CS_RUNNER_LINK_REFERENCE, true},
    {"</a>;anchor=/b", "anchor", CS_RUNNER_LINK_REFERENCE, false},
    {"</a>;anchor=\"/b c\"", "anchor", CS_RUNNER_LINK_REFERENCE, false},
    {"</a>;title=\"b\"", "title", CS_RUNNER_LINK_QUOTED, true},
    {"</a>;title=b", "title", CS_RUNNER_LINK_QUOTED, false},
    {"</a>;title", "title", CS_RUNNER_LINK_QUOTED, false},
    {"<http://x/a>", "href", CS_RUNNER_LINK_HOSTED, true},
    {"</a>;anchor=\"http://x/\"", "href", CS_RUNNER_LINK_HOSTED, true},
    {"<http://x/a>;anchor=\"http://X/b\"", "href", CS_RUNNER_LINK_HOSTED, true},
    {"<http://x/a>;anchor=\"http://y/b\"", "href", CS_RUNNER_LINK_HOSTED, false},
    {"<http://x/a>;anchor=\"coap://x/b\"", "href", CS_RUNNER_LINK_HOSTED, false},
    {"<http://x/a>;anchor=\"/b\"", "href", CS_RUNNER_LINK_HOSTED, false},
    {"<coap://x/a>;anchor=\"/b\"", "href", CS_RUNNER_LINK_HOSTED, true},
    {"<http://x/a>;anchor=\"/b\";rel=\"alternate\"", "href", CS_RUNNER_LINK_HOSTED, true},
    {"<http://x/a>;anchor=\"/b\";rel=\"hosts\"", "href", CS_RUNNER_LINK_HOSTED, false},
    {"<//x/a>;anchor=\"//y/b\"", "href", CS_RUNNER_LINK_HOSTED, false},
};

START_TEST(parameters_have_properties) {
  cs_runner_links l = cs_runner_links_of(cs_span_str(properties[_i].link));
  cs_runner_link link;
  ck_assert(cs_runner_links_next(&l, &link));
  ck_assert_msg(cs_runner_link_fits(&link, cs_span_str(properties[_i].name),
                                    properties[_i].property) == properties[_i].fits,
                "%s %s", properties[_i].link,
                cs_runner_link_property_name(properties[_i].property));
}
END_TEST

static const struct {
  const char *target;
  const char *path;
  bool leads;
} targets[] = {
    {"/test", "/test", true},
    {"coap://host:5683/test", "/test", true},
    {"//host/test", "/test", true},
    {"../test", "/test", true},
    {"core/x", "/.well-known/core/x", true},
    {"/t%65st", "/test", true},
    {"/a/./b/../c", "/a/c", true},
    {"/test?x", "/test", false},
    {"test", "/test", false},
    {"/path/sub1", "/path", false},
    {"/test", "/path/test", false},
    {"/test/", "/test", false},
    {"/", "/", true},
    {"/a%2fb", "/a/b", false},
    {"", "/", false},
};

START_TEST(targets_lead_to_resources) {
  ck_assert_msg(cs_runner_link_leads_to(cs_span_str(targets[_i].target), targets[_i].path) ==
                    targets[_i].leads,
                "<%s> and %s", targets[_i].target, targets[_i].path);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("link_format");
  TCase *t = tcase_create("link_format");
  suite_add_tcase(suite, t);
  tcase_add_loop_test(t, documents_are_taken_or_refused_where_they_break, 0,
                      (int)(sizeof documents / sizeof documents[0]));
  tcase_add_test(t, a_null_byte_is_no_end);
  tcase_add_test(t, links_have_targets_and_parameters);
  tcase_add_loop_test(t, parameters_have_properties, 0,
                      (int)(sizeof properties / sizeof properties[0]));
  tcase_add_loop_test(t, targets_lead_to_resources, 0, (int)(sizeof targets / sizeof targets[0]));
  return cs_test_main(suite);
}
