/* Heads of HTTP/1.1 messages: what is read, what is refused, and that a head
 * that comes in pieces is judged as one that comes whole. */
#include <stdio.h>

#include "support/check_main.h"
#include "wire/ws_upgrade.h"

static const char request[] = "GET /.well-known/coap?x=1 HTTP/1.1\r\n"
                              "Host: h\r\n"
                              "upgrade:websocket, other\r\n"
                              "UPGRADE: \t third \t\r\n"
                              "Empty:\r\n"
                              "Bytes: a\tb\xc3\xbc\r\n"
                              "\r\n";
static cs_wire_http_head head;

static cs_err read_text(const char *text, size_t len, bool response, cs_rule *broken) {
  *broken = CS_RULE_NONE;
  return cs_wire_http_read(cs_span_of(text, len), response, &head, broken);
}

static bool is(cs_span s, const char *text) {
  return cs_span_equal(s, cs_span_str(text));
}

START_TEST(a_request_is_taken_apart) {
  cs_rule broken;
  char longer[sizeof request + 4];
  snprintf(longer, sizeof longer, "%s\r\nab", request);
  ck_assert_int_eq(read_text(longer, sizeof longer - 1, false, &broken), CS_OK);
  ck_assert(is(head.method, "GET") && is(head.target, "/.well-known/coap?x=1"));
  ck_assert(head.major == 1 && head.minor == 1 && !head.response);
  ck_assert_uint_eq(head.size, sizeof request - 1);
  cs_span value;
  ck_assert(cs_wire_http_field(&head, "host", &value) && is(value, "h"));
  ck_assert(cs_wire_http_field(&head, "Upgrade", &value) && is(value, "websocket, other"));
  ck_assert(cs_wire_http_field(&head, "EMPTY", &value) && value.len == 0);
  ck_assert(cs_wire_http_field(&head, "bytes", &value) && is(value, "a\tb\xc3\xbc"));
  ck_assert(!cs_wire_http_field(&head, "Hos", &value));
  ck_assert(!cs_wire_http_field(&head, "Hosts", &value));
  ck_assert_uint_eq(cs_wire_http_count(&head, "Upgrade"), 2);
  ck_assert_uint_eq(cs_wire_http_count(&head, "Connection"), 0);
}
END_TEST

START_TEST(lists_are_searched_in_all_fields_of_a_name) {
  cs_rule broken;
  ck_assert_int_eq(read_text(request, sizeof request - 1, false, &broken), CS_OK);
  ck_assert(cs_wire_http_has(&head, "Upgrade", "WebSocket"));
  ck_assert(cs_wire_http_has(&head, "Upgrade", "other"));
  ck_assert(cs_wire_http_has(&head, "Upgrade", "third"));
  ck_assert(!cs_wire_http_has(&head, "Upgrade", "web"));
  ck_assert(!cs_wire_http_has(&head, "Upgrade", "websocket, other"));
  ck_assert(!cs_wire_http_has(&head, "Connection", "Upgrade"));
  ck_assert(cs_wire_http_has_exact(&head, "UPGRADE", "websocket"));
  ck_assert(!cs_wire_http_has_exact(&head, "UPGRADE", "WebSocket"));
}
END_TEST

START_TEST(fields_are_walked_in_order) {
  static const char *const names[] = {"Host", "upgrade", "UPGRADE", "Empty", "Bytes"};
  cs_rule broken;
  ck_assert_int_eq(read_text(request, sizeof request - 1, false, &broken), CS_OK);
  cs_wire_http_iter it = cs_wire_http_fields(&head);
  cs_span name, value;
  for (size_t i = 0; i < 5; i++) {
    ck_assert(cs_wire_http_next(&it, &name, &value));
    ck_assert(is(name, names[i]));
  }
  ck_assert(!cs_wire_http_next(&it, &name, &value));
}
END_TEST

START_TEST(a_response_is_taken_apart) {
  static const char text[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
  static const char bare[] = "HTTP/1.0 404 \r\n\r\n";
  cs_rule broken;
  ck_assert_int_eq(read_text(text, sizeof text - 1, true, &broken), CS_OK);
  ck_assert(head.response && head.status == 101 && is(head.reason, "Switching Protocols"));
  ck_assert(head.fields.len == 0 && head.size == sizeof text - 1);
  ck_assert_int_eq(read_text(bare, sizeof bare - 1, true, &broken), CS_OK);
  ck_assert(head.status == 404 && head.reason.len == 0 && head.minor == 0);
}
END_TEST

struct refusal {
  bool response;
  const char *text;
  size_t len;
  cs_rule rule;
};
#define REQUEST(text, rule)                                                                        \
  { false, text, sizeof(text) - 1, CS_RULE_##rule }
#define RESPONSE(text, rule)                                                                       \
  { true, text, sizeof(text) - 1, CS_RULE_##rule }

static const struct refusal refusals[] = {
    /* Another stack's bug: a status line that is exactly this. */
    RESPONSE("HTTP/1.1\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/1.1 \r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/1.1 101\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/1.1 1O1 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/1.1 0101 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/1.1 001 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/1.1  101 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/11 101 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/1.11 101 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/1,1 101 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/x.1 101 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("HTTP/1.x 101 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("http/1.1 101 x\r\n", HTTP_STATUS_LINE),
    RESPONSE("SSH-2.0-x\r\n", HTTP_STATUS_LINE),
    RESPONSE("\r\n", HTTP_STATUS_LINE),
    RESPONSE("\x15", HTTP_CONTROL),
    RESPONSE("HTTP/1.1 101 \x7f", HTTP_CONTROL),
    REQUEST("\r\n", HTTP_REQUEST_LINE),
    REQUEST("GET\r\n", HTTP_REQUEST_LINE),
    REQUEST("GET /\r\n", HTTP_REQUEST_LINE),
    REQUEST("GET  HTTP/1.1\r\n", HTTP_REQUEST_LINE),
    REQUEST(" / HTTP/1.1\r\n", HTTP_REQUEST_LINE),
    REQUEST("G(T / HTTP/1.1\r\n", HTTP_REQUEST_LINE),
    REQUEST("GET /a b HTTP/1.1\r\n", HTTP_REQUEST_LINE),
    REQUEST("GET /\xc3\xbc HTTP/1.1\r\n", HTTP_REQUEST_LINE),
    REQUEST("GET /\t HTTP/1.1\r\n", HTTP_REQUEST_LINE),
    REQUEST("GET / HTTP/1.1 \r\n", HTTP_REQUEST_LINE),
    REQUEST("GET / HTTP/1.1\n", HTTP_LINE_END),
    REQUEST("GET / HTTP/1.1\rH", HTTP_LINE_END),
    REQUEST("GET / HTTP/1.1\r\r", HTTP_LINE_END),
    REQUEST("GET / HTTP/1.1\r\nHost: h\n", HTTP_LINE_END),
    REQUEST("GET / HTTP/1.1\r\nHost: a\0", HTTP_CONTROL),
    REQUEST("GET / HTTP/1.1\r\nHost\r\n", HTTP_FIELD),
    REQUEST("GET / HTTP/1.1\r\nHost : h\r\n", HTTP_FIELD),
    REQUEST("GET / HTTP/1.1\r\n: h\r\n", HTTP_FIELD),
    REQUEST("GET / HTTP/1.1\r\nH(st: h\r\n", HTTP_FIELD),
    REQUEST("GET / HTTP/1.1\r\nHost: h\r\n more\r\n", HTTP_FOLDED),
    REQUEST("GET / HTTP/1.1\r\nHost: h\r\n\tmore\r\n", HTTP_FOLDED),
    REQUEST("GET / HTTP/1.1\r\n Host: h\r\n", HTTP_FOLDED),
};

/* The rule is named at the last byte of each text, not before, and again
 * whatever follows. */
START_TEST(each_refusal_names_its_rule_where_it_is_certain) {
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const struct refusal *r = &refusals[i];
    for (size_t n = 0; n < r->len; n++) {
      cs_rule broken;
      ck_assert_msg(read_text(r->text, n, r->response, &broken) == CS_ERR_AGAIN, "%zu: %zu", i, n);
      ck_assert_int_eq(broken, CS_RULE_NONE);
    }
    char more[64];
    memcpy(more, r->text, r->len);
    memcpy(more + r->len, "\n\0x", 3);
    for (size_t n = r->len; n <= r->len + 3; n++) {
      cs_rule broken;
      memset(&head, 0x5a, sizeof head);
      ck_assert_int_eq(read_text(more, n, r->response, &broken), CS_ERR_RULE);
      ck_assert_msg(broken == r->rule, "%zu: %s", i, cs_base_rule_id(broken));
      ck_assert_uint_eq(head.status, 0x5a5a);
    }
  }
}
END_TEST

START_TEST(a_head_that_comes_in_pieces_is_incomplete_until_its_end) {
  cs_rule broken;
  for (size_t n = 0; n < sizeof request - 1; n++)
    ck_assert_int_eq(read_text(request, n, false, &broken), CS_ERR_AGAIN);
}
END_TEST

/* A head of so many bytes in all, in one long field. */
static size_t make_long(char *out, size_t size) {
  static const char start[] = "GET / HTTP/1.1\r\nA:";
  memset(out, 'x', size);
  memcpy(out, start, sizeof start - 1);
  memcpy(out + size - 4, "\r\n\r\n", 4);
  return size;
}

START_TEST(a_head_has_8192_bytes_at_most) {
  static char text[CS_HTTP_HEAD_MAX + 9];
  cs_rule broken;
  size_t n = make_long(text, CS_HTTP_HEAD_MAX);
  ck_assert_int_eq(read_text(text, n, false, &broken), CS_OK);
  ck_assert_uint_eq(head.size, CS_HTTP_HEAD_MAX);
  n = make_long(text, CS_HTTP_HEAD_MAX + 1);
  ck_assert_int_eq(read_text(text, CS_HTTP_HEAD_MAX - 1, false, &broken), CS_ERR_AGAIN);
  for (size_t more = 0; more < 2; more++) {
    ck_assert_int_eq(read_text(text, CS_HTTP_HEAD_MAX + more, false, &broken), CS_ERR_RULE);
    ck_assert_int_eq(broken, CS_RULE_HTTP_HEAD_SIZE);
  }
}
END_TEST

START_TEST(a_head_has_100_fields_at_most) {
  static char text[1024] = "GET / HTTP/1.1\r\n";
  cs_rule broken;
  size_t n = strlen(text);
  for (int i = 0; i < CS_HTTP_FIELDS_MAX; i++, n += 4)
    memcpy(text + n, "a:\r\n", 4);
  memcpy(text + n, "\r\n", 2);
  ck_assert_int_eq(read_text(text, n + 2, false, &broken), CS_OK);
  ck_assert_uint_eq(cs_wire_http_count(&head, "A"), CS_HTTP_FIELDS_MAX);
  memcpy(text + n, "a:\r\n\r\n", 6);
  ck_assert_int_eq(read_text(text, n + 4, false, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_HTTP_FIELDS);
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/http_head");
  TCase *c = tcase_create("http_head");
  tcase_add_test(c, a_request_is_taken_apart);
  tcase_add_test(c, lists_are_searched_in_all_fields_of_a_name);
  tcase_add_test(c, fields_are_walked_in_order);
  tcase_add_test(c, a_response_is_taken_apart);
  tcase_add_test(c, each_refusal_names_its_rule_where_it_is_certain);
  tcase_add_test(c, a_head_that_comes_in_pieces_is_incomplete_until_its_end);
  tcase_add_test(c, a_head_has_8192_bytes_at_most);
  tcase_add_test(c, a_head_has_100_fields_at_most);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
