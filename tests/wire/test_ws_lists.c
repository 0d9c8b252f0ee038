/* The lists of an upgrade request: what RFC 6455 sections 4.3 and 9.1 take for one. */
#include <stdio.h>

#include "support/check_main.h"
#include "wire/ws_upgrade.h"

#define PROTOCOLS(list) "Sec-WebSocket-Protocol: " list "\r\n"
#define EXTENSIONS(list) "Sec-WebSocket-Extensions: " list "\r\n"

static const struct {
  const char *fields;
  cs_rule rule;
} rows[] = {
    {"", CS_RULE_NONE},
    {PROTOCOLS("coap"), CS_RULE_NONE},
    {PROTOCOLS("mqtt,coap"), CS_RULE_NONE},
    {PROTOCOLS("mqtt , coap"), CS_RULE_NONE},
    {PROTOCOLS(",, coap ,"), CS_RULE_NONE},
    {PROTOCOLS("coap") PROTOCOLS("mqtt"), CS_RULE_NONE},
    {PROTOCOLS(","), CS_RULE_WS_GRAMMAR},
    {PROTOCOLS(""), CS_RULE_WS_GRAMMAR},
    {PROTOCOLS("coap mqtt"), CS_RULE_WS_GRAMMAR},
    {PROTOCOLS("coap, c@ap"), CS_RULE_WS_GRAMMAR},
    {PROTOCOLS("coap") PROTOCOLS("c@ap"), CS_RULE_WS_GRAMMAR},
    {PROTOCOLS("coap;q=1"), CS_RULE_WS_GRAMMAR},
    {EXTENSIONS("permessage-deflate"), CS_RULE_NONE},
    {EXTENSIONS("a; b=1 ;c=\"d\",, e"), CS_RULE_NONE},
    {EXTENSIONS("a") EXTENSIONS("b;c"), CS_RULE_NONE},
    {EXTENSIONS(","), CS_RULE_WS_EXTENSION_GRAMMAR},
    {EXTENSIONS("a b"), CS_RULE_WS_EXTENSION_GRAMMAR},
    {EXTENSIONS("a;=;15"), CS_RULE_WS_EXTENSION_GRAMMAR},
    {EXTENSIONS("a;b="), CS_RULE_WS_EXTENSION_GRAMMAR},
    {EXTENSIONS("a;b=\"c d\""), CS_RULE_WS_EXTENSION_GRAMMAR},
    {EXTENSIONS("a;b=\"c"), CS_RULE_WS_EXTENSION_GRAMMAR},
    {EXTENSIONS("a;b=\"\""), CS_RULE_WS_EXTENSION_GRAMMAR},
    {EXTENSIONS("a") EXTENSIONS("b;"), CS_RULE_WS_EXTENSION_GRAMMAR},
};

START_TEST(lists_follow_their_grammar) {
  char text[512];
  cs_wire_http_head head;
  cs_rule broken = CS_RULE_NONE;
  snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%s\r\n", rows[_i].fields);
  ck_assert_int_eq(cs_wire_http_read(cs_span_str(text), false, &head, &broken), CS_OK);
  cs_rule got = cs_wire_ws_lists_check(&head);
  ck_assert_msg(got == rows[_i].rule, "%s: %s", rows[_i].fields, cs_base_rule_id(got));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/ws_lists");
  TCase *t = tcase_create("lists");
  suite_add_tcase(suite, t);
  tcase_add_loop_test(t, lists_follow_their_grammar, 0, (int)(sizeof rows / sizeof *rows));
  return cs_test_main(suite);
}
