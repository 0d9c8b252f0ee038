/* The opening handshake of RFC 6455 section 4 as RFC 8323 section 4.1 has it:
 * what we send, and each way in which a peer's part can be wrong. */
#include <stdio.h>

#include "support/check_main.h"
#include "wire/ws_upgrade.h"

static const char key[CS_WS_KEY_SIZE + 1] = "dGhlIHNhbXBsZSBub25jZQ==";
static uint8_t buf[1024];

static cs_wire_http_head head_of(const char *text, bool response) {
  cs_wire_http_head head;
  cs_rule broken = CS_RULE_NONE;
  cs_err e = cs_wire_http_read(cs_span_str(text), response, &head, &broken);
  ck_assert_msg(e == CS_OK, "%s: %s", cs_base_rule_id(broken), text);
  return head;
}

START_TEST(our_request_is_that_of_figure_9) {
  size_t len = 0;
  ck_assert_int_eq(cs_wire_ws_request(cs_span_str("example.org"), key, buf, sizeof buf - 1, &len),
                   CS_OK);
  buf[len] = '\0';
  ck_assert_str_eq((char *)buf, "GET /.well-known/coap HTTP/1.1\r\n"
                                "Host: example.org\r\n"
                                "Upgrade: websocket\r\n"
                                "Connection: Upgrade\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                "Sec-WebSocket-Protocol: coap\r\n"
                                "Sec-WebSocket-Version: 13\r\n\r\n");
  cs_wire_http_head head = head_of((char *)buf, false);
  ck_assert_int_eq(cs_wire_ws_request_check(&head), CS_RULE_NONE);
  for (size_t cap = 0; cap < len; cap++) {
    size_t none = 77;
    ck_assert_int_eq(cs_wire_ws_request(cs_span_str("example.org"), key, buf, cap, &none),
                     CS_ERR_TOO_LARGE);
    ck_assert_uint_eq(none, 77);
  }
  ck_assert_int_eq(cs_wire_ws_request(cs_span_str("a\r\nb"), key, buf, sizeof buf, &len),
                   CS_ERR_RULE);
}
END_TEST

START_TEST(our_answer_is_that_of_figure_9) {
  size_t len = 0;
  ck_assert_int_eq(cs_wire_ws_accepting(cs_span_str(key), buf, sizeof buf - 1, &len), CS_OK);
  buf[len] = '\0';
  ck_assert_str_eq((char *)buf, "HTTP/1.1 101 Switching Protocols\r\n"
                                "Upgrade: websocket\r\n"
                                "Connection: Upgrade\r\n"
                                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                "Sec-WebSocket-Protocol: coap\r\n\r\n");
  cs_wire_http_head head = head_of((char *)buf, true);
  ck_assert_int_eq(cs_wire_ws_response_check(&head, cs_span_str(key)), CS_RULE_NONE);
  size_t none = 77;
  ck_assert_int_eq(cs_wire_ws_accepting(cs_span_str(key), buf, len - 1, &none), CS_ERR_TOO_LARGE);
  ck_assert_uint_eq(none, 77);
}
END_TEST

struct row {
  const char *from, *to; /* what is replaced, and by what */
  cs_rule rule;
};

/* base with the first from replaced. */
static const char *changed(const char *base, const struct row *r) {
  static char text[2048];
  const char *at = strstr(base, r->from);
  ck_assert_ptr_nonnull(at);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - base), base, r->to, at + strlen(r->from));
  return text;
}

static const char good_response[] = "HTTP/1.1 101 Switching Protocols\r\n"
                                    "Upgrade: websocket\r\n"
                                    "Connection: Upgrade\r\n"
                                    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                    "Sec-WebSocket-Protocol: coap\r\n\r\n";

#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
static const struct row responses[] = {
    {"", "", CS_RULE_NONE},
    {"HTTP/1.1", "HTTP/1.2", CS_RULE_NONE},
    {"HTTP/1.1", "HTTP/2.0", CS_RULE_NONE},
    {"HTTP/1.1", "HTTP/1.0", CS_RULE_HTTP_VERSION},
    {"HTTP/1.1", "HTTP/0.9", CS_RULE_HTTP_VERSION},
    {"101 Switching", "200 Switching", CS_RULE_WS_STATUS},
    {"101 Switching", "102 Switching", CS_RULE_WS_STATUS},
    {"Upgrade: ", "UPGRADE:\t", CS_RULE_NONE},
    {"websocket", "WebSocket", CS_RULE_NONE},
    {"websocket", "websockets", CS_RULE_WS_UPGRADE},
    {"websocket", "h2c, websocket", CS_RULE_WS_UPGRADE},
    {"Upgrade: websocket\r\n", "", CS_RULE_WS_UPGRADE},
    {"Upgrade: websocket\r\n", "Upgrade: websocket\r\nupgrade: x\r\n", CS_RULE_WS_UPGRADE},
    {"Connection: Upgrade", "connection: close, upgrade", CS_RULE_NONE},
    {"Connection: Upgrade", "Connection: close", CS_RULE_WS_CONNECTION},
    {"Connection: Upgrade\r\n", "", CS_RULE_WS_CONNECTION},
    {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", CS_RULE_WS_ACCEPT},
    {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo", CS_RULE_WS_ACCEPT},
    {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", CS_RULE_WS_ACCEPT},
    {ACCEPT, "", CS_RULE_WS_ACCEPT},
    {ACCEPT, ACCEPT ACCEPT, CS_RULE_WS_FIELD_REPEATED},
    {ACCEPT, ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n", CS_RULE_WS_EXTENSION},
    {"coap\r\n", "COAP\r\n", CS_RULE_WS_PROTOCOL_UNASKED},
    {"coap\r\n", "mqtt\r\n", CS_RULE_WS_PROTOCOL_UNASKED},
    {"coap\r\n", "coap, mqtt\r\n", CS_RULE_WS_PROTOCOL_UNASKED},
    {"Sec-WebSocket-Protocol: coap\r\n", "", CS_RULE_WS_PROTOCOL},
    {ACCEPT, ACCEPT "sec-websocket-protocol: coap\r\n", CS_RULE_WS_FIELD_REPEATED},
    {ACCEPT, ACCEPT "Transfer-Encoding: chunked\r\n", CS_RULE_WS_RESPONSE_BODY},
    {ACCEPT, ACCEPT "Content-Length: 5\r\n", CS_RULE_WS_RESPONSE_BODY},
    {ACCEPT, ACCEPT "Content-Length: 0\r\ncontent-length: 1\r\n", CS_RULE_WS_RESPONSE_BODY},
    {ACCEPT, ACCEPT "Content-Length: 0\r\n", CS_RULE_NONE},
    {ACCEPT, ACCEPT "Server: x\r\n", CS_RULE_NONE},
};

START_TEST(a_response_must_be_all_that_section_4_1_says) {
  for (size_t i = 0; i < sizeof responses / sizeof *responses; i++) {
    cs_wire_http_head head = head_of(changed(good_response, &responses[i]), true);
    cs_rule got = cs_wire_ws_response_check(&head, cs_span_str(key));
    ck_assert_msg(got == responses[i].rule, "%zu: %s", i, cs_base_rule_id(got));
  }
}
END_TEST

static const char good_request[] = "GET /.well-known/coap HTTP/1.1\r\n"
                                   "Host: example.org\r\n"
                                   "Upgrade: websocket\r\n"
                                   "Connection: Upgrade\r\n"
                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                   "Sec-WebSocket-Protocol: coap\r\n"
                                   "Sec-WebSocket-Version: 13\r\n\r\n";

#define HOST "Host: example.org\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
static const struct row requests[] = {
    {"", "", CS_RULE_NONE},
    {"GET", "POST", CS_RULE_HTTP_METHOD},
    {"GET", "get", CS_RULE_HTTP_METHOD},
    {"HTTP/1.1", "HTTP/1.0", CS_RULE_HTTP_VERSION},
    {"HTTP/1.1", "HTTP/1.9", CS_RULE_NONE},
    {"/.well-known/coap ", "/ ", CS_RULE_WS_PATH},
    {"/.well-known/coap ", "/.well-known/coap/ ", CS_RULE_WS_PATH},
    {"/.well-known/coap ", "/.well-known/coap?x ", CS_RULE_WS_PATH},
    {"/.well-known/coap ", "/.well-known/COAP ", CS_RULE_WS_PATH},
    {"/.well-known/coap ", "http://example.org/.well-known/coap ", CS_RULE_NONE},
    {"/.well-known/coap ", "HTTPS://example.org:443/.well-known/coap ", CS_RULE_NONE},
    {"/.well-known/coap ", "http://example.org/ ", CS_RULE_WS_PATH},
    {"/.well-known/coap ", "http://example.org ", CS_RULE_WS_PATH},
    {"/.well-known/coap ", "http:// ", CS_RULE_WS_PATH},
    {"/.well-known/coap ", "ftp://example.org/.well-known/coap ", CS_RULE_WS_PATH},
    {"/.well-known/coap ", "http:/.well-known/coap ", CS_RULE_WS_PATH},
    {"/.well-known/coap ", "* ", CS_RULE_WS_PATH},
    {HOST, "", CS_RULE_WS_HOST},
    {"example.org\r\n", "\r\n", CS_RULE_WS_HOST},
    {"example.org\r\n", "exa mple.org\r\n", CS_RULE_WS_HOST},
    {HOST, HOST "host: other\r\n", CS_RULE_WS_FIELD_REPEATED},
    {"websocket", "h2c, WebSocket", CS_RULE_NONE},
    {"websocket", "h2c", CS_RULE_WS_UPGRADE},
    {"Upgrade: websocket\r\n", "", CS_RULE_WS_UPGRADE},
    {"Connection: Upgrade", "Connection: keep-alive, Upgrade", CS_RULE_NONE},
    {"Connection: Upgrade", "Connection: keep-alive", CS_RULE_WS_CONNECTION},
    {KEY, "", CS_RULE_WS_KEY},
    {KEY, KEY KEY, CS_RULE_WS_FIELD_REPEATED},
    {"dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC==", CS_RULE_NONE},
    {"dGhlIHNhbXBsZSBub25jZQ==", "+/hlIHNhbXBsZSBub25jZQ==", CS_RULE_NONE},
    {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQA=", CS_RULE_WS_KEY},
    {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ===", CS_RULE_WS_KEY},
    {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=A", CS_RULE_WS_KEY},
    {"dGhlIHNhbXBsZSBub25jZQ==", "dGhl!HNhbXBsZSBub25jZQ==", CS_RULE_WS_KEY},
    {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", CS_RULE_WS_KEY},
    {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZSBub25jZQ==", CS_RULE_WS_KEY},
    {VERSION, "", CS_RULE_WS_VERSION},
    {VERSION, "Sec-WebSocket-Version: 8\r\n", CS_RULE_WS_VERSION},
    {VERSION, "Sec-WebSocket-Version: 13, 8\r\n", CS_RULE_WS_VERSION},
    {VERSION, VERSION VERSION, CS_RULE_WS_FIELD_REPEATED},
    {"Protocol: coap", "Protocol: mqtt, coap", CS_RULE_NONE},
    {"Protocol: coap", "Protocol: mqtt\r\nSec-WebSocket-Protocol: coap", CS_RULE_NONE},
    {"Protocol: coap", "Protocol: mqtt", CS_RULE_WS_PROTOCOL},
    {"Protocol: coap", "Protocol: CoAP", CS_RULE_WS_PROTOCOL},
    {"Sec-WebSocket-Protocol: coap\r\n", "", CS_RULE_WS_PROTOCOL},
    {"Protocol: coap", "Protocol: coap, c@ap", CS_RULE_WS_GRAMMAR},
    {VERSION, VERSION "Sec-WebSocket-Extensions: permessage-deflate\r\n", CS_RULE_NONE},
    {VERSION, VERSION "Sec-WebSocket-Extensions: ;\r\n", CS_RULE_WS_EXTENSION_GRAMMAR},
    {"Protocol: coap", "Protocol: coap, c@ap", CS_RULE_WS_GRAMMAR},
    {VERSION, VERSION "Sec-WebSocket-Extensions: permessage-deflate\r\n", CS_RULE_NONE},
    {VERSION, VERSION "Sec-WebSocket-Extensions: ;\r\n", CS_RULE_WS_EXTENSION_GRAMMAR},
};

START_TEST(a_request_must_be_all_that_section_4_2_1_says) {
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    cs_wire_http_head head = head_of(changed(good_request, &requests[i]), false);
    cs_rule got = cs_wire_ws_request_check(&head);
    ck_assert_msg(got == requests[i].rule, "%zu: %s", i, cs_base_rule_id(got));
  }
}
END_TEST

START_TEST(a_host_is_a_name_or_an_address_with_or_without_a_port) {
  static const char *const good[] = {
      "h",          "example.org",      "10.0.0.1:80", "[::1]", "[fe80::1%25lo]:5",
      "%2Ftmp%2Fs", "a_b~c!$&'()*+,;=", "h:65535"};
  static const char *const bad[] = {
      "",       " ",   "h ",  "h:",   "h:x",    "h:123456", "a:1:2",    "::1", "[::1",  "[]",
      "[::1]x", "a/b", "u@h", "a\tb", "a\r\nb", "h\x7f",    "\xc3\xbc", ":80", "[a b]", "h?"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    ck_assert_msg(cs_wire_ws_host_check(cs_span_str(good[i])) == CS_RULE_NONE, "%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_msg(cs_wire_ws_host_check(cs_span_str(bad[i])) == CS_RULE_WS_HOST, "%s", bad[i]);
  char name[CS_WS_HOST_MAX + 1];
  memset(name, 'a', sizeof name);
  ck_assert_int_eq(cs_wire_ws_host_check(cs_span_of(name, sizeof name - 1)), CS_RULE_NONE);
  ck_assert_int_eq(cs_wire_ws_host_check(cs_span_of(name, sizeof name)), CS_RULE_WS_HOST);
}
END_TEST

START_TEST(a_refusal_has_the_status_that_fits_its_rule) {
  static const struct {
    cs_rule why;
    unsigned status;
    const char *field, *value;
  } rows[] = {
      {CS_RULE_WS_PATH, 404, "Content-Length", "0"},
      {CS_RULE_HTTP_METHOD, 405, "Allow", "GET"},
      {CS_RULE_WS_OPEN_TIMEOUT, 408, "Connection", "close"},
      {CS_RULE_WS_VERSION, 426, "Sec-WebSocket-Version", "13"},
      {CS_RULE_HTTP_HEAD_SIZE, 431, "Connection", "close"},
      {CS_RULE_HTTP_FIELDS, 431, "Connection", "close"},
      {CS_RULE_HTTP_VERSION, 505, "Connection", "close"},
      {CS_RULE_WS_KEY, 400, "Connection", "close"},
      {CS_RULE_WS_PROTOCOL, 400, "Content-Length", "0"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t len = 0;
    size_t none = 77;
    cs_span value;
    ck_assert_int_eq(cs_wire_ws_refusing(rows[i].why, buf, sizeof buf - 1, &len), CS_OK);
    buf[len] = '\0';
    cs_wire_http_head head = head_of((char *)buf, true);
    ck_assert_uint_eq(head.status, rows[i].status);
    ck_assert_uint_eq(head.size, len);
    ck_assert(cs_wire_http_field(&head, rows[i].field, &value));
    ck_assert(cs_span_equal(value, cs_span_str(rows[i].value)));
    ck_assert(cs_wire_http_has(&head, "Connection", "close"));
    ck_assert_int_eq(cs_wire_ws_refusing(rows[i].why, buf, len - 1, &none), CS_ERR_TOO_LARGE);
    ck_assert_uint_eq(none, 77);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/ws_upgrade");
  TCase *c = tcase_create("ws_upgrade");
  tcase_add_test(c, our_request_is_that_of_figure_9);
  tcase_add_test(c, our_answer_is_that_of_figure_9);
  tcase_add_test(c, a_response_must_be_all_that_section_4_1_says);
  tcase_add_test(c, a_request_must_be_all_that_section_4_2_1_says);
  tcase_add_test(c, a_host_is_a_name_or_an_address_with_or_without_a_port);
  tcase_add_test(c, a_refusal_has_the_status_that_fits_its_rule);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
