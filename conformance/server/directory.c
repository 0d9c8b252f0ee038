/* /.well-known/core (RFC 6690): the links of the table, filtered by the query. */
#include "server/resource.h"

#include <string.h>

enum { FORMAT_LINKS = 40, VALUE_MAX = 128 /* bytes of an attribute's value, or of a target */ };

/* Whether value matches what is wanted, which may end in '*'. */
static bool value_matches(cs_span value, cs_span wanted) {
  if (wanted.len && wanted.at[wanted.len - 1] == '*')
    return value.len >= wanted.len - 1 && memcmp(value.at, wanted.at, wanted.len - 1) == 0;
  return cs_span_equal(value, wanted);
}

/* The value of the attribute with this name in ";a=1;b=\"x y\"", without its
 * quotation marks, its quoted pairs resolved in buf. */
static bool attribute(const char *attributes, cs_span name, uint8_t buf[VALUE_MAX],
                      cs_span *value) {
  const char *at = attributes;
  while (*at == ';') {
    const char *key = ++at;
    while (*at && *at != '=' && *at != ';')
      at++;
    bool found = cs_span_equal(cs_span_of(key, (size_t)(at - key)), name);
    at += *at == '=';
    bool quoted = *at == '"';
    at += quoted;
    size_t len = 0;
    while (*at && *at != (quoted ? '"' : ';')) {
      at += quoted && *at == '\\' && at[1];
      if (len < VALUE_MAX)
        buf[len++] = (uint8_t)*at;
      at++;
    }
    at += quoted && *at == '"';
    *value = cs_span_of(buf, len);
    if (found)
      return true;
  }
  return false;
}

/* Attributes that hold several values with blanks between them, each of which
 * counts as one: relation types, and Content-Formats. */
static bool several(cs_span name) {
  static const char *const names[] = {"rt", "if", "rel", "rev", "ct"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (cs_span_equal(name, cs_span_str(names[i])))
      return true;
  return false;
}

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

/* A link of the list. */
struct link {
  cs_span target;
  const char *attributes;
};

/* Beside those of the table: what /test is said to be by somebody else. */
static const char other_target[] = "http://www.example.com/test";
static const char other_attributes[] = ";rel=\"describedby\";anchor=\"/test\"";

/* RFC 6690 section 4.1. The option's value is decoded already (RFC 7252 section
 * 6.4). An argument that is no name and value filters nothing. */
static bool link_matches(const struct link *link, cs_span argument) {
  uint8_t buf[VALUE_MAX];
  size_t eq = 0;
  while (eq < argument.len && argument.at[eq] != '=')
    eq++;
  if (eq == argument.len)
    return true;
  cs_span name = cs_span_cut(argument, 0, eq);
  cs_span wanted = cs_span_cut(argument, eq + 1, argument.len - eq - 1);
  cs_span value;
  if (cs_span_equal(name, cs_span_str("href")))
    return value_matches(link->target, wanted);
  if (!attribute(link->attributes, name, buf, &value))
    return false;
  return several(name) ? any_value_matches(value, wanted) : value_matches(value, wanted);
}

/* Puts the link into the list, if the query wants it. */
static void list(const cs_server_request *q, const struct link *link, cs_base_writer *w) {
  cs_wire_option_iter it = cs_wire_options(q->message.options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o))
    if (o.number == CS_OPT_URI_QUERY && !link_matches(link, o.value))
      return;
  cs_base_put_str(w, w->len ? ",<" : "<");
  cs_base_put_span(w, link->target);
  cs_base_put_str(w, ">");
  cs_base_put_str(w, link->attributes);
}

void cs_server_directory_handle(cs_server_turn *t) {
  uint8_t text[2 * CS_SERVER_PAYLOAD_MAX];
  cs_base_writer w = cs_base_writer_of(text, sizeof text);
  const cs_server_resource *row;
  if (!cs_server_acceptable(t, FORMAT_LINKS))
    return;
  for (size_t i = 0; (row = cs_server_resource_at(i)); i++) {
    uint8_t target[VALUE_MAX];
    cs_base_writer path = cs_base_writer_of(target, sizeof target);
    cs_base_put_str(&path, "/");
    cs_base_put_str(&path, row->path);
    const struct link link = {cs_base_written(&path), row->attributes};
    if (row->attributes)
      list(t->request, &link, &w);
  }
  const struct link other = {cs_span_str(other_target), other_attributes};
  list(t->request, &other, &w);
  cs_span part;
  cs_server_reply_init(t->reply, CS_CODE(2, 5));
  if (cs_server_block(t, cs_base_written(&w), &part))
    cs_server_reply_content(t->reply, FORMAT_LINKS, part);
  /* RFC 6690 section 4.1: a group is not told that nothing matches. */
  t->reply->silent = t->request->multicast && w.len == 0;
}
