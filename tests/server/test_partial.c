/* FETCH, PATCH and iPATCH (RFC 8132) on what is stored. */
#include "ask.h"

#include <stdio.h>

#include "server/json_patch.h"

static asked a;

static void open_server(void) {
  ask_open(&a, NULL);
}

static void close_server(void) {
  ask_close(&a);
}

#define DOCUMENT "{\"x-coord\":256,\"y-coord\":45,\"foo\":[\"bar\",\"baz\"]}"

/* Each patch against that document. */
static const struct {
  int32_t format;
  bool idempotent;
  const char *patch;
  unsigned code; /* 0: performed */
  const char *after;
} patches[] = {
    {52, true, "{\"x-coord\":45}", 0, "{\"x-coord\":45,\"y-coord\":45,\"foo\":[\"bar\",\"baz\"]}"},
    {52, true, "{\"foo\":null,\"n\":{\"m\":1,\"k\":null}}", 0,
     "{\"x-coord\":256,\"y-coord\":45,\"n\":{\"m\":1}}"},
    {52, true, "{}", 0, DOCUMENT},
    {52, true, "7", 0, "7"},
    {52, true, "{\"x\":", CS_CODE(4, 0), NULL},
    {52, true, "", CS_CODE(4, 0), NULL},
    {51, true, "[{\"op\":\"replace\",\"path\":\"/x-coord\",\"value\":45}]", 0,
     "{\"x-coord\":45,\"y-coord\":45,\"foo\":[\"bar\",\"baz\"]}"},
    {51, true, "[{\"op\":\"replace\",\"path\":\"x-coord\",\"value\":45}]", 0,
     "{\"x-coord\":45,\"y-coord\":45,\"foo\":[\"bar\",\"baz\"]}"},
    {51, false, "[{\"op\":\"add\",\"path\":\"foo/1\",\"value\":\"bar\"}]", 0,
     "{\"x-coord\":256,\"y-coord\":45,\"foo\":[\"bar\",\"bar\",\"baz\"]}"},
    {51, false, "[{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":1}]", 0,
     "{\"x-coord\":256,\"y-coord\":45,\"foo\":[\"bar\",\"baz\",1]}"},
    {51, true, "[{\"op\":\"add\",\"path\":\"foo/1\",\"value\":\"bar\"}]", CS_CODE(4, 0), NULL},
    {51, false, "[{\"op\":\"add\",\"path\":\"/foo/3\",\"value\":1}]", CS_CODE(4, 9), NULL},
    {51, true, "[{\"op\":\"add\",\"path\":\"/a~1b\",\"value\":{}}]", 0,
     "{\"x-coord\":256,\"y-coord\":45,\"foo\":[\"bar\",\"baz\"],\"a/b\":{}}"},
    {51, true, "[{\"op\":\"remove\",\"path\":\"/foo/0\"}]", 0,
     "{\"x-coord\":256,\"y-coord\":45,\"foo\":[\"baz\"]}"},
    /* RFC 6902 section 4: members that an operation does not have are ignored. */
    {51, true, "[{\"op\":\"remove\",\"path\":\"/foo\",\"value\":1}]", 0,
     "{\"x-coord\":256,\"y-coord\":45}"},
    {51, true, "[{\"op\":\"remove\",\"path\":\"/foo/2\"}]", CS_CODE(4, 9), NULL},
    {51, true, "[{\"op\":\"replace\",\"path\":\"/foo/1\",\"value\":2}]", 0,
     "{\"x-coord\":256,\"y-coord\":45,\"foo\":[\"bar\",2]}"},
    {51, true, "[{\"op\":\"remove\",\"path\":\"/nothing\"}]", CS_CODE(4, 9), NULL},
    {51, true, "[{\"op\":\"replace\",\"path\":\"/a/b\",\"value\":1}]", CS_CODE(4, 9), NULL},
    {51, true, "[{\"op\":\"test\",\"path\":\"/y-coord\",\"value\":45}]", 0, DOCUMENT},
    {51, true,
     "[{\"op\":\"remove\",\"path\":\"/foo\"},{\"op\":\"test\",\"path\":\"/y-coord\",\"value\":46}]",
     CS_CODE(4, 9), NULL},
    {51, true, "[{\"op\":\"move\",\"path\":\"/x\",\"from\":\"/foo\"}]", CS_CODE(4, 22), NULL},
    {51, true, "[{\"op\":\"sing\",\"path\":\"/foo\",\"value\":1}]", CS_CODE(4, 22), NULL},
    {51, true, "[{\"op\":\"add\",\"path\":\"/foo\"}]", CS_CODE(4, 0), NULL},
    {51, true, "[{\"op\":\"add\"}]", CS_CODE(4, 0), NULL},
    {51, true, "[1]", CS_CODE(4, 0), NULL},
    {51, true, "{}", CS_CODE(4, 0), NULL},
};

START_TEST(a_patch_is_performed_or_refused) {
  uint8_t buf[256];
  size_t len = 0;
  const char *why = NULL;
  unsigned code = cs_server_json_patch(patches[_i].format, cs_span_str(DOCUMENT),
                                       cs_span_str(patches[_i].patch), patches[_i].idempotent, buf,
                                       sizeof buf, &len, &why);
  ck_assert_msg(code == patches[_i].code, "%s: %u: %s", patches[_i].patch, code, why);
  if (code)
    ck_assert(why && *why);
  else
    ck_assert_msg(cs_span_equal(cs_span_of(buf, len), cs_span_str(patches[_i].after)), "%.*s",
                  (int)len, (const char *)buf);
}
END_TEST

START_TEST(what_does_not_exist_or_does_not_fit) {
  uint8_t buf[8];
  size_t len = 0;
  const char *why;
  const cs_span none = {NULL, 0};
  ck_assert_uint_eq(
      cs_server_json_patch(52, none, cs_span_str("{\"a\":1}"), true, buf, sizeof buf, &len, &why),
      0);
  ck_assert(cs_span_equal(cs_span_of(buf, len), cs_span_str("{\"a\":1}")));
  ck_assert_uint_eq(
      cs_server_json_patch(51, none, cs_span_str("[]"), true, buf, sizeof buf, &len, &why),
      CS_CODE(4, 4));
  ck_assert_uint_eq(cs_server_json_patch(52, cs_span_str("{}"), cs_span_str("{\"long\":1}"), true,
                                         buf, sizeof buf, &len, &why),
                    CS_CODE(4, 13));
}
END_TEST

#define AT " Uri-Path=\"patch\" Uri-Path=\"p\" "

/* Depth costs the server nothing that a peer could choose. */
START_TEST(a_patch_may_not_be_nested_without_end) {
  for (size_t depth = 31; depth <= 33; depth += 2) {
    char text[512];
    uint8_t buf[512];
    size_t len = 0, n = 0;
    const char *why;
    for (size_t i = 0; i < depth; i++)
      n += (size_t)snprintf(text + n, sizeof text - n, "{\"a\":");
    text[n++] = '7';
    for (size_t i = 0; i < depth; i++)
      text[n++] = '}';
    uint8_t code = cs_server_json_patch(52, cs_span_str("{}"), cs_span_of(text, n), true, buf,
                                        sizeof buf, &len, &why);
    ck_assert_uint_eq(code, depth == 31 ? 0 : CS_CODE(4, 22));
    if (code == 0)
      ck_assert(cs_span_equal(cs_span_of(buf, len), cs_span_of(text, n)));
  }
}
END_TEST

START_TEST(a_resource_is_patched) {
  ask(&a, "CON PUT mid=1" AT "Content-Format=50 payload=\"{\\\"a\\\":1}\"");
  ck_assert_begins(ask(&a, "CON iPATCH mid=2" AT "Content-Format=52 payload=\"{\\\"b\\\":2}\""),
                   "ACK 2.04");
  ck_assert_begins(ask(&a, "CON PATCH mid=3" AT "Content-Format=0 payload=\"x\""), "ACK 4.15");
  ck_assert_begins(ask(&a, "CON PATCH mid=4" AT "payload=\"x\""), "ACK 4.15");
  ck_assert_begins(ask(&a, "CON PATCH mid=5" AT "If-None-Match Content-Format=52 payload=\"{}\""),
                   "ACK 4.12");
  const char *text = ask(&a, "CON GET mid=6" AT "Accept=50");
  ck_assert_ptr_nonnull(strstr(text, "Content-Format=50"));
  ck_assert_ptr_nonnull(strstr(text, "payload=\"{\\\"a\\\":1,\\\"b\\\":2}\""));
}
END_TEST

START_TEST(a_patch_may_create) {
  ck_assert_begins(ask(&a, "CON iPATCH mid=1" AT "Content-Format=51 payload=\"[]\""), "ACK 4.04");
  ck_assert_begins(ask(&a, "CON iPATCH mid=2" AT "Content-Format=0 payload=\"x\""), "ACK 4.04");
  ck_assert_begins(ask(&a, "CON iPATCH mid=3" AT "Content-Format=52 payload=\"{\\\"b\\\":2}\""),
                   "ACK 2.01");
  ck_assert_ptr_nonnull(strstr(ask(&a, "CON GET mid=4" AT), "payload=\"{\\\"b\\\":2}\""));
  /* What is no JSON takes no patch of it. */
  ask(&a, "CON PUT mid=5" AT "Content-Format=0 payload=\"text\"");
  ck_assert_begins(ask(&a, "CON iPATCH mid=6" AT "Content-Format=52 payload=\"{}\""), "ACK 4.15");
}
END_TEST

#define FETCH(mid, more) "CON FETCH mid=" #mid " Uri-Path=\"fetch\" Content-Format=0 " more

START_TEST(a_part_is_fetched) {
  const char *text = ask(&a, FETCH(1, "payload=\"4\""));
  ck_assert_begins(text, "ACK 2.05 mid=0x0001 ETag=0x");
  ck_assert_ptr_nonnull(strstr(text, "payload=\"what\""));
  char tagged[160];
  snprintf(tagged, sizeof tagged, "CON FETCH mid=2 Uri-Path=\"fetch\" ETag=%.*s Content-Format=0 ",
           (int)strcspn(strstr(text, "0x0001 ETag=") + 12, " "), strstr(text, "0x0001 ETag=") + 12);
  size_t len = strlen(tagged);
  snprintf(tagged + len, sizeof tagged - len, "payload=\"4\"");
  ck_assert_begins(ask(&a, tagged), "ACK 2.03");
  tagged[14] = '3';
  snprintf(tagged + len, sizeof tagged - len, "payload=\"6\"");
  ck_assert_begins(ask(&a, tagged), "ACK 2.05");
  ck_assert_begins(ask(&a, FETCH(4, "payload=\"x\"")), "ACK 4.00");
  ck_assert_begins(ask(&a, FETCH(5, "payload=\"999\"")), "ACK 4.22");
  ck_assert_begins(ask(&a, FETCH(6, "If-None-Match payload=\"4\"")), "ACK 4.12");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("partial");
  TCase *t = tcase_create("partial");
  suite_add_tcase(suite, t);
  tcase_add_checked_fixture(t, open_server, close_server);
  tcase_add_loop_test(t, a_patch_is_performed_or_refused, 0,
                      (int)(sizeof patches / sizeof *patches));
  tcase_add_test(t, a_patch_may_not_be_nested_without_end);
  tcase_add_test(t, what_does_not_exist_or_does_not_fit);
  tcase_add_test(t, a_resource_is_patched);
  tcase_add_test(t, a_patch_may_create);
  tcase_add_test(t, a_part_is_fetched);
  return cs_test_main(suite);
}
