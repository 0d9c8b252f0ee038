/* /.well-known/core (RFC 6690): the links of the table, filtered by the query. */
#include "server/resource.h"

#include <string.h>

enum { FORMAT_LINKS = 40 };

/* Whether value matches what is wanted, which may end in '*'. */
static bool value_matches(cs_span value, cs_span wanted) {
  if (wanted.len && wanted.at[wanted.len - 1] == '*')
    return value.len >= wanted.len - 1 && memcmp(value.at, wanted.at, wanted.len - 1) == 0;
  return cs_span_equal(value, wanted);
}

/* The value of the attribute with this name in ";a=1;b=\"x y\"", without its
 * quotation marks. */
static bool attribute(const char *attributes, cs_span name, cs_span *value) {
  const char *at = attributes;
  while (*at == ';') {
    const char *key = ++at;
    while (*at && *at != '=')
      at++;
    bool found = cs_span_equal(cs_span_of(key, (size_t)(at - key)), name);
    at += *at == '=';
    char end = *at == '"' ? '"' : ';';
    at += *at == '"';
    const char *begin = at;
    while (*at && *at != end)
      at++;
    *value = cs_span_of(begin, (size_t)(at - begin));
    at += *at == '"';
    if (found)
      return true;
  }
  return false;
}

/* Attributes such as rt hold several values with blanks between them. */
static bool any_value_matches(cs_span values, cs_span wanted) {
  size_t from = 0;
  for (size_t i = 0; i <= values.len; i++) {
    if (i < values.len && values.at[i] != ' ')
      continue;
    if (value_matches(cs_span_cut(values, from, i - from), wanted))
      return true;
    from = i + 1;
  }
  return false;
}

static bool row_matches(const cs_server_resource *row, cs_span argument) {
  size_t eq = 0;
  while (eq < argument.len && argument.at[eq] != '=')
    eq++;
  if (eq == argument.len)
    return true;
  cs_span name = cs_span_cut(argument, 0, eq);
  cs_span wanted = cs_span_cut(argument, eq + 1, argument.len - eq - 1);
  cs_span value;
  if (cs_span_equal(name, cs_span_str("href"))) {
    char href[64] = "/";
    cs_base_writer w = cs_base_writer_of((uint8_t *)href + 1, sizeof href - 1);
    cs_base_put_str(&w, row->path);
    return value_matches(cs_span_of(href, 1 + w.len), wanted);
  }
  return attribute(row->attributes, name, &value) && any_value_matches(value, wanted);
}

static bool wanted(const cs_server_request *q, const cs_server_resource *row) {
  cs_wire_option_iter it = cs_wire_options(q->message.options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o))
    if (o.number == CS_OPT_URI_QUERY && !row_matches(row, o.value))
      return false;
  return true;
}

void cs_server_directory_handle(cs_server_turn *t) {
  if (!cs_server_acceptable(t, FORMAT_LINKS))
    return;
  cs_base_writer w = cs_base_writer_of(t->reply->payload, sizeof t->reply->payload);
  const cs_server_resource *row;
  for (size_t i = 0; (row = cs_server_resource_at(i)); i++) {
    if (!row->attributes || !wanted(t->request, row))
      continue;
    cs_base_put_str(&w, w.len ? ",</" : "</");
    cs_base_put_str(&w, row->path);
    cs_base_put_str(&w, ">");
    cs_base_put_str(&w, row->attributes);
  }
  size_t len = w.len;
  cs_server_reply_init(t->reply, CS_CODE(2, 5));
  cs_server_reply_uint(t->reply, CS_OPT_CONTENT_FORMAT, FORMAT_LINKS);
  t->reply->payload_len = len;
  /* RFC 6690 section 4.1: a group is not told that nothing matches. */
  t->reply->silent = t->request->multicast && len == 0;
}
