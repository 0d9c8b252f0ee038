#include "wire/ws_upgrade.h"

#include "wire/http_text.h"

/* A constant text without its NUL. */
#define PUT(w, text) cs_base_put_bytes(w, text, sizeof(text) - 1)

enum { PORT_DIGITS = 5 };

/* unreserved, sub-delims and "%" of RFC 3986: what a name is made of. */
static bool name_character(uint8_t c) {
  uint8_t lower = cs_wire_http_lower(c);
  if (cs_wire_http_digit(c) || (lower >= 'a' && lower <= 'z'))
    return true;
  static const uint8_t others[] = {'-', '.', '_', '~', '!', '$', '&', '\'',
                                   '(', ')', '*', '+', ',', ';', '=', '%'};
  for (size_t i = 0; i < sizeof others; i++)
    if (c == others[i])
      return true;
  return false;
}

/* Bytes of the host at the beginning: a name, or what is in brackets. */
static size_t host_length(cs_span host) {
  size_t n = 0;
  if (host.at[0] != '[') {
    while (n < host.len && name_character(host.at[n]))
      n++;
    return n;
  }
  for (n = 1; n < host.len && host.at[n] != ']'; n++)
    if (!name_character(host.at[n]) && host.at[n] != ':')
      return 0;
  return n > 1 && n < host.len ? n + 1 : 0;
}

cs_rule cs_wire_ws_host_check(cs_span host) {
  if (host.len == 0 || host.len > CS_WS_HOST_MAX)
    return CS_RULE_WS_HOST;
  size_t n = host_length(host);
  if (n == 0)
    return CS_RULE_WS_HOST;
  if (n == host.len)
    return CS_RULE_NONE;
  size_t digits = host.len - n - 1;
  if (host.at[n] != ':' || digits == 0 || digits > PORT_DIGITS)
    return CS_RULE_WS_HOST;
  for (size_t i = n + 1; i < host.len; i++)
    if (!cs_wire_http_digit(host.at[i]))
      return CS_RULE_WS_HOST;
  return CS_RULE_NONE;
}

cs_err cs_wire_ws_request(cs_span host, const char key[CS_WS_KEY_SIZE], uint8_t *buf, size_t cap,
                          size_t *len) {
  if (cs_wire_ws_host_check(host) != CS_RULE_NONE)
    return CS_ERR_RULE;
  cs_base_writer w = cs_base_writer_of(buf, cap);
  PUT(&w, "GET " CS_WS_PATH " HTTP/1.1\r\nHost: ");
  cs_base_put_span(&w, host);
  PUT(&w, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
  cs_base_put_bytes(&w, key, CS_WS_KEY_SIZE);
  PUT(&w, "\r\nSec-WebSocket-Protocol: coap\r\nSec-WebSocket-Version: 13\r\n\r\n");
  if (w.overflow)
    return CS_ERR_TOO_LARGE;
  *len = w.len;
  return CS_OK;
}

static cs_rule check_version(const cs_wire_http_head *head) {
  bool enough = head->major > 1 || (head->major == 1 && head->minor >= 1);
  return enough ? CS_RULE_NONE : CS_RULE_HTTP_VERSION;
}

/* A body that a response of status 101 would have (RFC 7230 section 3.3). */
static bool has_body(const cs_wire_http_head *head) {
  cs_wire_http_iter it = cs_wire_http_fields(head);
  cs_span name;
  cs_span value;
  while (cs_wire_http_next(&it, &name, &value)) {
    if (cs_wire_http_is(name, "Transfer-Encoding", false))
      return true;
    if (cs_wire_http_is(name, "Content-Length", false) && !cs_wire_http_is(value, "0", true))
      return true;
  }
  return false;
}

static cs_rule check_accept(const cs_wire_http_head *head, cs_span key) {
  char want[CS_WS_ACCEPT_SIZE];
  cs_span got;
  size_t count = cs_wire_http_count(head, "Sec-WebSocket-Accept");
  if (count > 1)
    return CS_RULE_WS_FIELD_REPEATED;
  cs_wire_ws_accept(key, want);
  if (count == 0 || !cs_wire_http_field(head, "Sec-WebSocket-Accept", &got) ||
      !cs_span_equal(got, cs_span_of(want, sizeof want)))
    return CS_RULE_WS_ACCEPT;
  return CS_RULE_NONE;
}

static cs_rule check_answered_protocol(const cs_wire_http_head *head) {
  cs_span value;
  size_t count = cs_wire_http_count(head, "Sec-WebSocket-Protocol");
  if (count > 1)
    return CS_RULE_WS_FIELD_REPEATED;
  if (!cs_wire_http_field(head, "Sec-WebSocket-Protocol", &value))
    return CS_RULE_WS_PROTOCOL;
  return cs_wire_http_is(value, "coap", true) ? CS_RULE_NONE : CS_RULE_WS_PROTOCOL_UNASKED;
}

cs_rule cs_wire_ws_response_check(const cs_wire_http_head *head, cs_span key) {
  cs_span value;
  cs_rule broken = check_version(head);
  if (broken != CS_RULE_NONE)
    return broken;
  if (head->status != 101)
    return CS_RULE_WS_STATUS;
  if (has_body(head))
    return CS_RULE_WS_RESPONSE_BODY;
  /* A response names one protocol to change to, a request may list several. */
  if (!cs_wire_http_field(head, "Upgrade", &value) || !cs_wire_http_is(value, "websocket", false) ||
      cs_wire_http_count(head, "Upgrade") > 1)
    return CS_RULE_WS_UPGRADE;
  if (!cs_wire_http_has(head, "Connection", "Upgrade"))
    return CS_RULE_WS_CONNECTION;
  broken = check_accept(head, key);
  if (broken != CS_RULE_NONE)
    return broken;
  if (cs_wire_http_count(head, "Sec-WebSocket-Extensions"))
    return CS_RULE_WS_EXTENSION;
  return check_answered_protocol(head);
}

static bool base64_digit(uint8_t c) {
  uint8_t lower = cs_wire_http_lower(c);
  return cs_wire_http_digit(c) || (lower >= 'a' && lower <= 'z') || c == '+' || c == '/';
}

/* 16 bytes in base64 are 22 digits and two signs of padding. The four bits that
 * the last digit has to spare need not be zero: section 4.1's own example of a
 * key has others. */
static cs_rule check_key(const cs_wire_http_head *head) {
  cs_span key;
  size_t count = cs_wire_http_count(head, "Sec-WebSocket-Key");
  if (count > 1)
    return CS_RULE_WS_FIELD_REPEATED;
  if (!cs_wire_http_field(head, "Sec-WebSocket-Key", &key) || key.len != CS_WS_KEY_SIZE)
    return CS_RULE_WS_KEY;
  for (size_t i = 0; i < CS_WS_KEY_SIZE; i++)
    if (i < CS_WS_KEY_SIZE - 2 ? !base64_digit(key.at[i]) : key.at[i] != '=')
      return CS_RULE_WS_KEY;
  return CS_RULE_NONE;
}

static cs_rule check_ws_version(const cs_wire_http_head *head) {
  cs_span value;
  if (cs_wire_http_count(head, "Sec-WebSocket-Version") > 1)
    return CS_RULE_WS_FIELD_REPEATED;
  if (!cs_wire_http_field(head, "Sec-WebSocket-Version", &value) ||
      !cs_wire_http_is(value, "13", true))
    return CS_RULE_WS_VERSION;
  return CS_RULE_NONE;
}

static cs_rule check_host(const cs_wire_http_head *head) {
  cs_span value;
  if (cs_wire_http_count(head, "Host") > 1)
    return CS_RULE_WS_FIELD_REPEATED;
  return cs_wire_http_field(head, "Host", &value) ? cs_wire_ws_host_check(value) : CS_RULE_WS_HOST;
}

/* The path, or an absolute http or https URI that has it. */
static bool asks_for_coap(cs_span target) {
  size_t scheme = 0;
  while (scheme < target.len && target.at[scheme] != ':' && target.at[scheme] != '/')
    scheme++;
  cs_span name = cs_span_cut(target, 0, scheme);
  if (target.len - scheme > 3 && memcmp(target.at + scheme, "://", 3) == 0 &&
      (cs_wire_http_is(name, "http", false) || cs_wire_http_is(name, "https", false))) {
    size_t path = scheme + 3;
    while (path < target.len && target.at[path] != '/')
      path++;
    target = cs_span_cut(target, path, target.len - path);
  }
  return cs_wire_http_is(target, CS_WS_PATH, true);
}

cs_rule cs_wire_ws_request_check(const cs_wire_http_head *head) {
  if (!cs_wire_http_is(head->method, "GET", true))
    return CS_RULE_HTTP_METHOD;
  cs_rule broken = check_version(head);
  if (broken == CS_RULE_NONE)
    broken = check_host(head);
  if (broken != CS_RULE_NONE)
    return broken;
  if (!asks_for_coap(head->target))
    return CS_RULE_WS_PATH;
  if (!cs_wire_http_has(head, "Upgrade", "websocket"))
    return CS_RULE_WS_UPGRADE;
  if (!cs_wire_http_has(head, "Connection", "Upgrade"))
    return CS_RULE_WS_CONNECTION;
  /* The version before the key: another version may have other keys. */
  broken = check_ws_version(head);
  if (broken == CS_RULE_NONE)
    broken = check_key(head);
  if (broken == CS_RULE_NONE)
    broken = cs_wire_ws_lists_check(head);
  if (broken != CS_RULE_NONE)
    return broken;
  return cs_wire_http_has_exact(head, "Sec-WebSocket-Protocol", "coap") ? CS_RULE_NONE
                                                                        : CS_RULE_WS_PROTOCOL;
}

cs_err cs_wire_ws_accepting(cs_span key, uint8_t *buf, size_t cap, size_t *len) {
  char accept[CS_WS_ACCEPT_SIZE];
  cs_wire_ws_accept(key, accept);
  cs_base_writer w = cs_base_writer_of(buf, cap);
  PUT(&w, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: ");
  cs_base_put_bytes(&w, accept, sizeof accept);
  PUT(&w, "\r\nSec-WebSocket-Protocol: coap\r\n\r\n");
  if (w.overflow)
    return CS_ERR_TOO_LARGE;
  *len = w.len;
  return CS_OK;
}

static void put_status(cs_base_writer *w, cs_rule why) {
  switch (why) {
  case CS_RULE_WS_PATH:
    PUT(w, "404 Not Found\r\n");
    break;
  case CS_RULE_HTTP_METHOD:
    PUT(w, "405 Method Not Allowed\r\nAllow: GET\r\n");
    break;
  case CS_RULE_WS_OPEN_TIMEOUT:
    PUT(w, "408 Request Timeout\r\n");
    break;
  case CS_RULE_WS_VERSION:
    PUT(w, "426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    break;
  case CS_RULE_HTTP_HEAD_SIZE:
  case CS_RULE_HTTP_FIELDS:
    PUT(w, "431 Request Header Fields Too Large\r\n");
    break;
  case CS_RULE_HTTP_VERSION:
    PUT(w, "505 HTTP Version Not Supported\r\n");
    break;
  default:
    PUT(w, "400 Bad Request\r\n");
    break;
  }
}

cs_err cs_wire_ws_refusing(cs_rule why, uint8_t *buf, size_t cap, size_t *len) {
  cs_base_writer w = cs_base_writer_of(buf, cap);
  PUT(&w, "HTTP/1.1 ");
  put_status(&w, why);
  if (why == CS_RULE_WS_VERSION)
    PUT(&w, "Connection: Upgrade, close\r\n");
  else
    PUT(&w, "Connection: close\r\n");
  PUT(&w, "Content-Length: 0\r\n\r\n");
  if (w.overflow)
    return CS_ERR_TOO_LARGE;
  *len = w.len;
  return CS_OK;
}
