/* Defects in the opening handshake of a WebSocket (RFC 6455 section 4, RFC 8323
 * sections 4.1 and 8.3): each edits the head of the request or of the response. */
#include "server/defects_head.h"
#include "wire/ws_upgrade.h"

#define SAMPLE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define SAMPLE_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* ---- the request, as a careless server reads it ---- */

static bool method_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_set_word(u, 0, "GET");
}

static bool http_version_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_set_word(u, 2, "HTTP/1.1");
}

static bool path_unknown(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_set_word(u, 1, "/coap");
}

static bool host_not_needed(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_suppose(u, "Host", "Host: localhost\r\n");
}

static bool upgrade_not_needed(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_suppose(u, "Upgrade", "Upgrade: websocket\r\n");
}

static bool upgrade_value_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_overlook(u, "Upgrade", "websocket");
}

static bool connection_not_needed(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_suppose(u, "Connection", "Connection: Upgrade\r\n");
}

static bool connection_value_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_overlook(u, "Connection", "Upgrade");
}

static bool key_not_needed(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_suppose(u, "Sec-WebSocket-Key", "Sec-WebSocket-Key: " SAMPLE_KEY "\r\n");
}

static bool key_cut_short(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_head_line line;
  if (u->kind == CS_DEFECT_HEAD && cs_head_find(u, "Sec-WebSocket-Key", 0, &line) &&
      line.value.len > CS_WS_KEY_SIZE)
    /* The last two of 24 characters are padding in a key of 16 bytes. */
    cs_head_splice(u, line.value.at + CS_WS_KEY_SIZE - 3, line.value.len - (CS_WS_KEY_SIZE - 3),
                   "A==");
  return true;
}

static bool version_not_needed(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_suppose(u, "Sec-WebSocket-Version", "Sec-WebSocket-Version: 13\r\n");
}

static bool version_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_overlook(u, "Sec-WebSocket-Version", "13");
}

static bool has_byte(cs_span s, int byte) {
  return s.len && memchr(s.at, byte, s.len);
}

/* Does not find what it looks for in a list of several. */
static bool list_unread(cs_defect_unit *u, const char *name) {
  cs_head_line line;
  if (u->kind == CS_DEFECT_HEAD && cs_head_find(u, name, 0, &line) && has_byte(line.value, ','))
    cs_head_set(u, name, "several");
  return true;
}

static bool connection_list_unread(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return list_unread(u, "Connection");
}

/* Finds only what is written just so. */
static bool case_read(cs_defect_unit *u, const char *name, const char *value) {
  cs_head_line line;
  if (u->kind == CS_DEFECT_HEAD && cs_head_find(u, name, 0, &line) &&
      cs_head_same(line.value, value) && !cs_span_equal(line.value, cs_span_str(value)))
    cs_head_set(u, name, "another");
  return true;
}

static bool connection_case_read(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return case_read(u, "Connection", "Upgrade");
}

static bool upgrade_case_read(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return case_read(u, "Upgrade", "websocket");
}

static const char *const known[] = {"Host",
                                    "Upgrade",
                                    "Connection",
                                    "Sec-WebSocket-Key",
                                    "Sec-WebSocket-Version",
                                    "Sec-WebSocket-Protocol",
                                    "Sec-WebSocket-Extensions",
                                    "Origin"};
enum { KNOWN = sizeof known / sizeof *known };

/* The name as we write it, or NULL for one that we do not know. */
static const char *known_name(cs_span name) {
  for (size_t i = 0; i < KNOWN; i++)
    if (cs_head_same(name, known[i]))
      return known[i];
  return NULL;
}

static bool field_name_case_read(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind != CS_DEFECT_HEAD)
    return true;
  cs_head_line line;
  size_t at = cs_head_first_field(u);
  while (cs_head_line_at(u, at, &line)) {
    const char *name = known_name(line.name);
    if (name && !cs_span_equal(line.name, cs_span_str(name)))
      cs_head_splice(u, line.whole.at, line.whole.len, "");
    else
      at += line.whole.len;
  }
  return true;
}

static bool unknown_field_refused(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind != CS_DEFECT_HEAD)
    return true;
  cs_head_line line;
  for (size_t at = cs_head_first_field(u); cs_head_line_at(u, at, &line); at += line.whole.len) {
    if (!known_name(line.name)) {
      cs_head_drop(u, "Upgrade");
      return true;
    }
  }
  return true;
}

/* Looks for Upgrade before the key only. */
static bool field_order_expected(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_head_line upgrade;
  cs_head_line key;
  if (u->kind == CS_DEFECT_HEAD && cs_head_find(u, "Upgrade", 0, &upgrade) &&
      cs_head_find(u, "Sec-WebSocket-Key", 0, &key) && upgrade.whole.at > key.whole.at)
    cs_head_drop(u, "Upgrade");
  return true;
}

static bool subprotocol_list_unread(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return list_unread(u, "Sec-WebSocket-Protocol");
}

static bool subprotocol_first_field_read(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_head_line line;
  if (u->kind == CS_DEFECT_HEAD)
    while (cs_head_find(u, "Sec-WebSocket-Protocol", 1, &line))
      cs_head_splice(u, line.whole.at, line.whole.len, "");
  return true;
}

static bool subprotocol_not_needed(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind == CS_DEFECT_HEAD) {
    cs_head_drop(u, "Sec-WebSocket-Protocol");
    cs_head_add(u, "Sec-WebSocket-Protocol: coap\r\n");
  }
  return true;
}

/* Takes whatever is offered first. */
static bool first_subprotocol_in(cs_defect_turn *t, cs_defect_unit *u) {
  cs_head_line line;
  if (u->kind != CS_DEFECT_HEAD || !cs_head_find(u, "Sec-WebSocket-Protocol", 0, &line))
    return true;
  size_t len = 0;
  while (len < line.value.len && line.value.at[len] != ',')
    len++;
  memcpy(t->mine->bytes, line.value.at, len);
  t->mine->bytes[len] = '\0';
  t->mine->len = len;
  return subprotocol_not_needed(t, u);
}

static bool first_subprotocol_out(cs_defect_turn *t, cs_defect_unit *u) {
  if (u->kind == CS_DEFECT_HEAD && t->mine->len)
    cs_head_set(u, "Sec-WebSocket-Protocol", (const char *)t->mine->bytes);
  return true;
}

/* ---- the response ---- */

static bool upgraded_by_200(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_is_response(u, "101") ? cs_head_set_word(u, 1, "200") : true;
}

static bool upgrade_field_missing(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind == CS_DEFECT_HEAD)
    cs_head_drop(u, "Upgrade");
  return true;
}

static bool connection_field_missing(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind == CS_DEFECT_HEAD)
    cs_head_drop(u, "Connection");
  return true;
}

static bool accept_missing(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind == CS_DEFECT_HEAD)
    cs_head_drop(u, "Sec-WebSocket-Accept");
  return true;
}

static bool accept_of_own_key(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return cs_head_overlook(u, "Sec-WebSocket-Accept", SAMPLE_ACCEPT);
}

static bool body_behind_upgrade(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (cs_head_is_response(u, "101")) {
    cs_head_add(u, "Content-Length: 2\r\n");
    cs_head_splice(u, u->bytes + u->len, 0, "OK");
  }
  return true;
}

static bool versions_not_named(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind == CS_DEFECT_HEAD)
    cs_head_drop(u, "Sec-WebSocket-Version");
  return true;
}

static bool handshake_refused_silently(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return u->kind != CS_DEFECT_HEAD || cs_head_is_response(u, "101");
}

static bool unknown_path_out(cs_defect_turn *t, cs_defect_unit *u) {
  t->mine->number[0] = cs_head_is_response(u, "404");
  return t->mine->number[0] == 0;
}

static bool unknown_path_closing(cs_defect_turn *t) {
  return t->mine->number[0] == 0;
}

static bool send_twice(cs_defect_unit *u, const char *name, const char *again) {
  if (u->kind == CS_DEFECT_HEAD && cs_head_has(u, name))
    cs_head_add(u, again);
  return true;
}

static bool protocol_sent_twice(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return send_twice(u, "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: coap\r\n");
}

static bool accept_sent_twice(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return send_twice(u, "Sec-WebSocket-Accept", "Sec-WebSocket-Accept: " SAMPLE_ACCEPT "\r\n");
}

static bool extension_unasked(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (cs_head_is_response(u, "101"))
    cs_head_add(u, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  return true;
}

static bool subprotocol_unsaid(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind == CS_DEFECT_HEAD)
    cs_head_drop(u, "Sec-WebSocket-Protocol");
  return true;
}

/* ---- lists and first lines, as a careless server reads them ---- */

/* Takes the last two words for target and version, whatever stands before. */
static bool request_line_guessed(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind == CS_DEFECT_HEAD)
    cs_head_splice(u, u->bytes, cs_head_first_field(u), "GET " CS_WS_PATH " HTTP/1.1\r\n");
  return true;
}

static bool absolute_target_unknown(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  static const char absolute[] = "GET http";
  if (u->kind == CS_DEFECT_HEAD && u->len > sizeof absolute &&
      memcmp(u->bytes, absolute, sizeof absolute - 1) == 0)
    return cs_head_set_word(u, 1, "/http");
  return true;
}

static bool subprotocol_grammar_unread(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_head_line line;
  if (u->kind == CS_DEFECT_HEAD && cs_head_find(u, "Sec-WebSocket-Protocol", 0, &line) &&
      has_byte(line.value, '@'))
    cs_head_set(u, "Sec-WebSocket-Protocol", "coap");
  return true;
}

static bool extension_grammar_unread(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind == CS_DEFECT_HEAD)
    cs_head_drop(u, "Sec-WebSocket-Extensions");
  return true;
}

static bool second_extension_field_refused(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_head_line line;
  if (u->kind == CS_DEFECT_HEAD && cs_head_find(u, "Sec-WebSocket-Extensions", 1, &line))
    cs_head_set(u, "Sec-WebSocket-Extensions", "=");
  return true;
}

static bool extensions_sent_twice(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  for (int i = 0; i < 2 && cs_head_is_response(u, "101"); i++)
    cs_head_add(u, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  return true;
}

static const cs_defect table[] = {
    {.row = {"request-line-guessed", "RFC6455#4.2.1:request-line",
             "any first line is taken for the request of an upgrade", CS_DEFECT_WS},
     .unit_in = request_line_guessed},
    {.row = {"absolute-target-unknown", "RFC6455#4.2.1:absolute-uri",
             "there is nothing at an absolute URI", CS_DEFECT_WS},
     .unit_in = absolute_target_unknown},
    {.row = {"subprotocol-grammar-unread", "RFC6455#4.2.1:grammar",
             "coap is found in a list of subprotocols that is none", CS_DEFECT_WS},
     .unit_in = subprotocol_grammar_unread},
    {.row = {"extension-grammar-unread", "RFC6455#9.1:extension-grammar",
             "extensions are not looked at", CS_DEFECT_WS},
     .unit_in = extension_grammar_unread},
    {.row = {"second-extension-field-refused", "RFC6455#9.1:split",
             "a second field of extensions is refused", CS_DEFECT_WS},
     .unit_in = second_extension_field_refused},
    {.row = {"extensions-sent-twice", "RFC6455#11.3.2:extensions-once",
             "the response has two fields of extensions", CS_DEFECT_WS},
     .unit_out = extensions_sent_twice},
    {.row = {"field-name-case-read", "RFC6455#4.1:field-name-case",
             "header fields are found only when their names are written as in the RFC",
             CS_DEFECT_WS},
     .unit_in = field_name_case_read},
    {.row = {"method-ignored", "RFC6455#4.2.1:method", "handshakes by any method are accepted",
             CS_DEFECT_WS},
     .unit_in = method_ignored},
    {.row = {"http-version-ignored", "RFC6455#4.2.1:http-version",
             "handshakes in HTTP/1.0 are accepted", CS_DEFECT_WS},
     .unit_in = http_version_ignored},
    {.row = {"host-not-needed", "RFC6455#4.2.1:host", "handshakes without Host are accepted",
             CS_DEFECT_WS},
     .unit_in = host_not_needed},
    {.row = {"upgrade-not-needed", "RFC6455#4.2.1:upgrade",
             "handshakes without Upgrade are accepted", CS_DEFECT_WS},
     .unit_in = upgrade_not_needed},
    {.row = {"upgrade-value-ignored", "RFC6455#4.2.1:upgrade",
             "handshakes that ask for an upgrade to anything are accepted", CS_DEFECT_WS},
     .unit_in = upgrade_value_ignored},
    {.row = {"upgrade-case-read", "RFC6455#4.2.1:upgrade-case",
             "websocket in capital letters is not understood", CS_DEFECT_WS},
     .unit_in = upgrade_case_read},
    {.row = {"connection-not-needed", "RFC6455#4.2.1:connection",
             "handshakes without Connection are accepted", CS_DEFECT_WS},
     .unit_in = connection_not_needed},
    {.row = {"connection-value-ignored", "RFC6455#4.2.1:connection",
             "handshakes with any Connection are accepted", CS_DEFECT_WS},
     .unit_in = connection_value_ignored},
    {.row = {"connection-list-unread", "RFC6455#4.2.1:connection-token",
             "Upgrade is not found in a Connection that lists more", CS_DEFECT_WS},
     .unit_in = connection_list_unread},
    {.row = {"connection-case-read", "RFC6455#4.2.1:connection-token",
             "a Connection of upgrade in small letters is not understood", CS_DEFECT_WS},
     .unit_in = connection_case_read},
    {.row = {"key-not-needed", "RFC6455#4.2.1:key", "handshakes without a key are accepted",
             CS_DEFECT_WS},
     .unit_in = key_not_needed},
    {.row = {"key-cut-short", "RFC6455#4.2.1:key-length",
             "of a longer key the first 24 characters are taken", CS_DEFECT_WS},
     .unit_in = key_cut_short},
    {.row = {"version-not-needed", "RFC6455#4.2.1:version",
             "handshakes without a version are accepted", CS_DEFECT_WS},
     .unit_in = version_not_needed},
    {.row = {"subprotocol-list-unread", "RFC6455#4.2.1:subprotocol-list",
             "coap is not found in a list of subprotocols", CS_DEFECT_WS},
     .unit_in = subprotocol_list_unread},
    {.row = {"unknown-field-refused", "RFC6455#4.2.1:unknown-fields",
             "handshakes with a field that is not known are refused", CS_DEFECT_WS},
     .unit_in = unknown_field_refused},
    {.row = {"field-order-expected", "RFC6455#4.2.1:field-order",
             "Upgrade is not found behind the key", CS_DEFECT_WS},
     .unit_in = field_order_expected},
    {.row = {"websocket-version-ignored", "RFC6455#4.2.2:version",
             "handshakes of every version are accepted", CS_DEFECT_WS},
     .unit_in = version_ignored},
    {.row = {"versions-not-named", "RFC6455#4.2.2:version",
             "the refusal of a version does not name the versions that are understood",
             CS_DEFECT_WS},
     .unit_out = versions_not_named},
    {.row = {"unknown-path-unanswered", "RFC6455#4.2.2:resource-name",
             "a handshake for an unknown path gets no answer", CS_DEFECT_WS},
     .unit_out = unknown_path_out,
     .closing = unknown_path_closing},
    {.row = {"subprotocol-always-sent", "RFC6455#4.2.2:subprotocol",
             "coap is selected though it was not offered", CS_DEFECT_WS},
     .unit_in = subprotocol_not_needed},
    {.row = {"subprotocol-first-taken", "RFC6455#4.2.2:subprotocol",
             "the subprotocol offered first is selected, whatever it is", CS_DEFECT_WS},
     .unit_in = first_subprotocol_in,
     .unit_out = first_subprotocol_out},
    {.row = {"extension-unasked", "RFC6455#4.2.2:extension",
             "an extension is accepted that was not offered", CS_DEFECT_WS},
     .unit_out = extension_unasked},
    {.row = {"upgraded-by-200", "RFC6455#4.2.2:status-line",
             "handshakes are accepted with status 200", CS_DEFECT_WS},
     .unit_out = upgraded_by_200},
    {.row = {"body-behind-upgrade", "RFC6455#4.2.2:response-body",
             "two bytes of a body follow the response of status 101", CS_DEFECT_WS},
     .unit_out = body_behind_upgrade},
    {.row = {"upgrade-field-missing", "RFC6455#4.2.2:upgrade", "the response has no Upgrade",
             CS_DEFECT_WS},
     .unit_out = upgrade_field_missing},
    {.row = {"connection-field-missing", "RFC6455#4.2.2:connection",
             "the response has no Connection", CS_DEFECT_WS},
     .unit_out = connection_field_missing},
    {.row = {"accept-missing", "RFC6455#4.2.2:accept", "the response has no accept value",
             CS_DEFECT_WS},
     .unit_out = accept_missing},
    {.row = {"accept-of-own-key", "RFC6455#4.2.2:accept",
             "the accept value is always that of the RFC's example", CS_DEFECT_WS},
     .unit_out = accept_of_own_key},
    {.row = {"handshake-refused-silently", "RFC6455#10.7:handshake-status",
             "a handshake that is not accepted is answered by closing alone", CS_DEFECT_WS},
     .unit_out = handshake_refused_silently},
    {.row = {"accept-sent-twice", "RFC6455#11.3.3:accept-once",
             "the response has two accept values", CS_DEFECT_WS},
     .unit_out = accept_sent_twice},
    {.row = {"subprotocol-first-field-read", "RFC6455#11.3.4:protocol-repeated",
             "coap is not found in a second field of subprotocols", CS_DEFECT_WS},
     .unit_in = subprotocol_first_field_read},
    {.row = {"protocol-sent-twice", "RFC6455#11.3.4:protocol-once",
             "the response has the subprotocol twice", CS_DEFECT_WS},
     .unit_out = protocol_sent_twice},
    {.row = {"subprotocol-unsaid", "RFC8323#4.1:subprotocol-selected",
             "the response does not say that coap was selected", CS_DEFECT_WS},
     .unit_out = subprotocol_unsaid},
    {.row = {"path-unknown", "RFC8323#8.3:path", "there is nothing at /.well-known/coap",
             CS_DEFECT_WS},
     .unit_in = path_unknown},
};

const cs_defect_family cs_defects_upgrade = {table, sizeof table / sizeof *table};
