/* The lists of an upgrade request: subprotocols and extensions (RFC 6455
 * sections 4.3 and 9.1). Fields of one name are one list. */
#include "wire/http_text.h"
#include "wire/ws_upgrade.h"

static bool take_token(cs_span *s) {
  size_t n = 0;
  while (n < s->len && cs_wire_http_tchar(s->at[n]))
    n++;
  *s = cs_span_cut(*s, n, s->len - n);
  return n > 0;
}

static void skip_space(cs_span *s) {
  while (s->len && cs_wire_http_space(*s->at))
    *s = cs_span_cut(*s, 1, s->len - 1);
}

static bool take_char(cs_span *s, uint8_t c) {
  skip_space(s);
  if (!s->len || *s->at != c)
    return false;
  *s = cs_span_cut(*s, 1, s->len - 1);
  skip_space(s);
  return true;
}

/* What is between the quotation marks has to be a token too. */
static bool take_value(cs_span *s) {
  if (!take_char(s, '"'))
    return take_token(s);
  return take_token(s) && s->len && *s->at == '"' && take_char(s, '"');
}

static bool take_extension(cs_span *s) {
  if (!take_token(s))
    return false;
  while (take_char(s, ';'))
    if (!take_token(s) || (take_char(s, '=') && !take_value(s)))
      return false;
  return true;
}

/* One list over all fields of this name: at least one element, where there is a
 * field at all; elements may be empty, as in every list of HTTP. */
static bool is_list(const cs_wire_http_head *head, const char *name,
                    bool (*take_element)(cs_span *)) {
  cs_wire_http_iter it = cs_wire_http_fields(head);
  cs_span field, value;
  size_t fields = 0, elements = 0;
  while (cs_wire_http_next(&it, &field, &value)) {
    if (!cs_wire_http_is(field, name, false))
      continue;
    fields++;
    do {
      skip_space(&value);
      if (!value.len || *value.at == ',')
        continue;
      if (!take_element(&value))
        return false;
      elements++;
    } while (take_char(&value, ','));
    if (value.len)
      return false;
  }
  return !fields || elements;
}

cs_rule cs_wire_ws_lists_check(const cs_wire_http_head *head) {
  if (!is_list(head, "Sec-WebSocket-Protocol", take_token))
    return CS_RULE_WS_GRAMMAR;
  return is_list(head, "Sec-WebSocket-Extensions", take_extension) ? CS_RULE_NONE
                                                                   : CS_RULE_WS_EXTENSION_GRAMMAR;
}
