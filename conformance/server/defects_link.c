/* Defects of RFC 6690, of RFC 5988 as far as it is that, and of RFC 7252 section
 * 7.2.1: the list of links, and the filters on it. */
#include "server/defects_edit.h"
#include "server/path.h"

enum { GET = 1 };

static bool is_at(const cs_server_request *q, const char *where) {
  cs_server_path path;
  cs_server_path_of_options(q->message.options, &path);
  return cs_server_path_is(&path, where);
}

static bool is_directory(const cs_server_request *q) {
  return is_at(q, ".well-known/core");
}

/* ---- what the list says ---- */

static void append(const cs_server_request *q, cs_server_reply *reply, cs_span text) {
  if (!is_directory(q) || reply->code != CS_CODE(2, 5) ||
      text.len > sizeof reply->payload - reply->payload_len)
    return;
  memcpy(reply->payload + reply->payload_len, text.at, text.len);
  reply->payload_len += text.len;
}

/* A defect that adds this to the list. */
#define ADDS(name, text)                                                                           \
  static void name(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {        \
    (void)t;                                                                                       \
    append(q, reply, cs_span_str(text));                                                           \
  }

ADDS(unquoted, ",</x>;rt=a b")
ADDS(comma, ",")
ADDS(target, ",</a b>")
ADDS(empty_value, ",</x>;rt=")
ADDS(control, ",</x>;title=\"a\nb\"")
ADDS(latin, ",</x>;title=\"caf\xe9\"")
ADDS(href, ",</x>;href=\"/y\"")
ADDS(sz, ",</x>;sz=010")
ADDS(anchor, ",</x>;anchor=/test;rel=alternate")
ADDS(rel, ",</x>;rel=\"Alternate\"")
ADDS(title, ",</x>;title=word")
ADDS(hosts_elsewhere, ",<http://example.com/x>;anchor=\"/test\"")
ADDS(rt_twice, ",</x>;rt=\"a\";rt=\"b\"")
ADDS(if_twice, ",</x>;if=\"a\";if=\"b\"")
ADDS(sz_twice, ",</x>;sz=1;sz=1")
ADDS(ct_range, ",</x>;ct=65536")
ADDS(ct_word, ",</x>;ct=\"text\"")
ADDS(ct_twice, ",</x>;ct=0;ct=40")
ADDS(rel_twice, ",</x>;rel=\"next\";rel=\"last\"")
ADDS(media_twice, ",</x>;media=\"screen\";media=\"print\"")
ADDS(title_twice, ",</x>;title=\"a\";title=\"b\"")
ADDS(title_star_twice, ",</x>;title*=UTF-8''a;title*=UTF-8''b")
ADDS(type_twice, ",</x>;type=\"text/plain\";type=\"text/html\"")

/* Where text is in the payload, or its length. */
static size_t find(const cs_server_reply *reply, size_t from, const char *text) {
  size_t len = strlen(text);
  for (size_t i = from; i + len <= reply->payload_len; i++)
    if (memcmp(reply->payload + i, text, len) == 0)
      return i;
  return reply->payload_len;
}

static void cut(cs_server_reply *reply, size_t from, size_t to) {
  memmove(reply->payload + from, reply->payload + to, reply->payload_len - to);
  reply->payload_len -= to - from;
}

/* White space behind the first comma between links. */
static void space_out(cs_server_reply *reply, uint8_t space) {
  size_t at = find(reply, 0, ",<");
  if (at == reply->payload_len || reply->payload_len == sizeof reply->payload)
    return;
  memmove(reply->payload + at + 2, reply->payload + at + 1, reply->payload_len - at - 1);
  reply->payload[at + 1] = space;
  reply->payload_len++;
}

static void blank(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (is_directory(q))
    space_out(reply, ' ');
}

static void newline(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (is_directory(q))
    space_out(reply, '\n');
}

static void collection_blank(cs_defect_turn *t, const cs_server_request *q,
                             cs_server_reply *reply) {
  (void)t;
  if (is_at(q, "path"))
    space_out(reply, ' ');
}

static void collection_missing(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  if (!is_directory(q))
    return;
  size_t at = find(reply, 0, ",</path>");
  if (at < reply->payload_len)
    cut(reply, at, find(reply, at + 1, ",<"));
}

static void sz_missing(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (!is_directory(q))
    return;
  size_t at = find(reply, 0, ";sz=2500");
  if (at < reply->payload_len)
    cut(reply, at, at + strlen(";sz=2500"));
}

/* ---- the list as a resource ---- */

static bool refuse(const cs_server_request *q, cs_server_reply *reply, bool when, uint8_t code) {
  if (!when || !is_directory(q))
    return true;
  cs_server_reply_error(reply, code, "not that");
  return false;
}

static bool get_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, q->message.code == GET, CS_CODE(4, 5));
}

static bool accept_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, cs_server_request_has(q, CS_OPT_ACCEPT), CS_CODE(4, 6));
}

static bool as_json(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (!is_directory(q))
    return true;
  cs_server_reply_init(reply, CS_CODE(2, 5));
  cs_server_reply_content(reply, 50, cs_span_str("[{\"href\":\"/test\"}]"));
  return false;
}

/* ---- filters: what becomes of an argument of the query ---- */

/* Changes the value in w, which holds "name=value"; false takes the argument out. */
typedef bool (*argument_edit)(cs_base_writer *w, cs_span name, cs_span value);

static bool edit(cs_defect_turn *t, cs_server_request *q, argument_edit change) {
  cs_base_writer out = cs_base_writer_of(t->mine->bytes, sizeof t->mine->bytes);
  cs_wire_option_writer options = {&out, 0};
  cs_wire_option_iter it = cs_wire_options(q->message.options);
  cs_wire_option o;
  if (!is_directory(q))
    return true;
  while (cs_wire_option_next(&it, &o)) {
    uint8_t text[300];
    cs_base_writer w = cs_base_writer_of(text, sizeof text);
    const uint8_t *eq = o.value.len ? memchr(o.value.at, '=', o.value.len) : NULL;
    cs_base_put_span(&w, o.value);
    if (o.number == CS_OPT_URI_QUERY && eq) {
      size_t name = (size_t)(eq - o.value.at);
      if (!change(&w, cs_span_cut(o.value, 0, name),
                  cs_span_cut(o.value, name + 1, o.value.len - name - 1)))
        continue;
    }
    (void)cs_wire_option_put(&options, o.number, cs_base_written(&w));
  }
  q->message.options = cs_base_written(&out);
  return true;
}

/* A defect that edits the arguments. */
#define EDITS(name, change)                                                                        \
  static bool name(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {              \
    (void)reply;                                                                                   \
    return edit(t, q, change);                                                                     \
  }

/* So that nothing has this value. */
static bool spoil(cs_base_writer *w, bool when) {
  if (when)
    cs_base_put_u8(w, 1);
  return true;
}

static bool starred(cs_span value) {
  return value.len && value.at[value.len - 1] == '*';
}

static bool complete_spoiled(cs_base_writer *w, cs_span name, cs_span value) {
  (void)name;
  return spoil(w, !starred(value));
}

static bool complete_dropped(cs_base_writer *w, cs_span name, cs_span value) {
  (void)w;
  (void)name;
  return starred(value);
}

static bool complete_starred(cs_base_writer *w, cs_span name, cs_span value) {
  (void)name;
  if (!starred(value))
    cs_base_put_u8(w, '*');
  return true;
}

static bool prefix_spoiled(cs_base_writer *w, cs_span name, cs_span value) {
  (void)name;
  return spoil(w, starred(value) && value.len > 1);
}

static bool prefix_dropped(cs_base_writer *w, cs_span name, cs_span value) {
  (void)w;
  (void)name;
  return !starred(value) || value.len == 1;
}

static bool star_spoiled(cs_base_writer *w, cs_span name, cs_span value) {
  (void)name;
  return spoil(w, starred(value) && value.len == 1);
}

static bool star_dropped(cs_base_writer *w, cs_span name, cs_span value) {
  (void)w;
  (void)name;
  return !starred(value) || value.len > 1;
}

static bool href_spoiled(cs_base_writer *w, cs_span name, cs_span value) {
  (void)value;
  return spoil(w, cs_span_equal(name, cs_span_str("href")));
}

static bool href_dropped(cs_base_writer *w, cs_span name, cs_span value) {
  (void)w;
  (void)value;
  return !cs_span_equal(name, cs_span_str("href"));
}

static bool space_spoiled(cs_base_writer *w, cs_span name, cs_span value) {
  (void)name;
  return spoil(w, value.len && memchr(value.at, ' ', value.len));
}

static bool mark_spoiled(cs_base_writer *w, cs_span name, cs_span value) {
  (void)name;
  return spoil(w, value.len && memchr(value.at, '"', value.len));
}

static bool number_shortened(cs_base_writer *w, cs_span name, cs_span value) {
  size_t zeros = 0;
  while (zeros + 1 < value.len && value.at[zeros] == '0')
    zeros++;
  w->len = name.len + 1;
  cs_base_put_span(w, cs_span_cut(value, zeros, value.len - zeros));
  return true;
}

EDITS(matches_nothing, complete_spoiled)
EDITS(returns_all, complete_dropped)
EDITS(complete_as_prefix, complete_starred)
EDITS(star_literal, prefix_spoiled)
EDITS(prefix_ignored, prefix_dropped)
EDITS(star_matches_nothing, star_spoiled)
EDITS(star_ignored, star_dropped)
EDITS(href_unknown, href_spoiled)
EDITS(href_ignored, href_dropped)
EDITS(encoded, space_spoiled)
EDITS(quoted_raw, mark_spoiled)
EDITS(by_number, number_shortened)

static bool filter_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, cs_server_request_has(q, CS_OPT_URI_QUERY), CS_CODE(4, 2));
}

static bool filter_error(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, cs_server_request_has(q, CS_OPT_URI_QUERY), CS_CODE(5, 1));
}

static void empty_not_found(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (is_directory(q) && reply->code == CS_CODE(2, 5) && reply->payload_len == 0)
    cs_server_reply_error(reply, CS_CODE(4, 4), "no such link");
}

/* Takes out the links whose first resource type is not the one that the query
 * wants, or begins with; or whose list of them is not just that. */
static void first_value_only(const cs_server_request *q, cs_server_reply *reply, bool whole) {
  cs_span query;
  if (!is_directory(q) || !cs_wire_option_get(q->message.options, CS_OPT_URI_QUERY, &query) ||
      query.len < 3 || memcmp(query.at, "rt=", 3) != 0)
    return;
  bool prefix = starred(query);
  cs_span wanted = cs_span_cut(query, 3, query.len - 3 - prefix);
  size_t at = 0;
  while (at < reply->payload_len) {
    size_t end = find(reply, at + 1, ",<");
    size_t value = find(reply, at, ";rt=\"") + 5;
    bool keep = value + wanted.len < end && wanted.len &&
                memcmp(reply->payload + value, wanted.at, wanted.len) == 0 &&
                (!whole || reply->payload[value + wanted.len] == '"');
    if (keep)
      at = end;
    else
      cut(reply, at, end);
  }
  if (reply->payload_len && reply->payload[0] == ',')
    cut(reply, 0, 1);
}

static void first_value(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  first_value_only(q, reply, false);
}

static void whole_value(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  first_value_only(q, reply, true);
}

/* A group is told that nothing matches. */
static void told_of_nothing(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (q->multicast && is_directory(q))
    reply->silent = false;
}

static const cs_defect table[] = {
    {.row = {"links-collection-missing", "RFC6690#1.2.2:entry-point",
             "A collection is not in the list of links.", CS_DEFECT_ANY},
     .reply = collection_missing},
    {.row = {"links-collection-blank", "RFC6690#2:grammar",
             "The links of a collection have a space between them.", CS_DEFECT_ANY},
     .reply = collection_blank},
    {.row = {"links-blank", "RFC6690#2:grammar", "Links have a space between them.", CS_DEFECT_ANY},
     .reply = blank},
    {.row = {"links-newline", "RFC6690#2:grammar", "Links have a line end between them.",
             CS_DEFECT_ANY},
     .reply = newline},
    {.row = {"links-unquoted", "RFC6690#2:grammar", "A value with a space has no quotes.",
             CS_DEFECT_ANY},
     .reply = unquoted},
    {.row = {"links-comma", "RFC6690#2:grammar", "A comma follows the last link.", CS_DEFECT_ANY},
     .reply = comma},
    {.row = {"links-target", "RFC6690#2:grammar", "A target is no URI reference.", CS_DEFECT_ANY},
     .reply = target},
    {.row = {"links-empty-value", "RFC6690#2:grammar", "A parameter has an equals sign alone.",
             CS_DEFECT_ANY},
     .reply = empty_value},
    {.row = {"links-control", "RFC6690#2:grammar", "A quoted string has a line end in it.",
             CS_DEFECT_ANY},
     .reply = control},
    {.row = {"links-latin", "RFC6690#2:utf-8", "The list of links is not UTF-8.", CS_DEFECT_ANY},
     .reply = latin},
    {.row = {"links-href", "RFC6690#2:href-reserved", "A link has a parameter href.",
             CS_DEFECT_ANY},
     .reply = href},
    {.row = {"links-sz", "RFC6690#2:known-parameters", "A size begins with a zero.", CS_DEFECT_ANY},
     .reply = sz},
    {.row = {"links-anchor", "RFC6690#2:known-parameters", "An anchor has no quotes.",
             CS_DEFECT_ANY},
     .reply = anchor},
    {.row = {"links-rel", "RFC6690#2:known-parameters", "A relation type has a capital letter.",
             CS_DEFECT_ANY},
     .reply = rel},
    {.row = {"links-title", "RFC6690#2:known-parameters", "A title has no quotes.", CS_DEFECT_ANY},
     .reply = title},
    {.row = {"links-hosts-elsewhere", "RFC6690#2.2:hosts-relative",
             "A link of the relation hosts leads to another origin.", CS_DEFECT_ANY},
     .reply = hosts_elsewhere},
    {.row = {"filter-by-number", "RFC6690#3:compared-as-strings",
             "Attributes are compared without the zeros before them.", CS_DEFECT_ANY},
     .request = by_number},
    {.row = {"links-rt-twice", "RFC6690#3.1:rt-once", "A link has two rt.", CS_DEFECT_ANY},
     .reply = rt_twice},
    {.row = {"links-if-twice", "RFC6690#3.2:if-once", "A link has two if.", CS_DEFECT_ANY},
     .reply = if_twice},
    {.row = {"links-sz-twice", "RFC6690#3.3:sz-once", "A link has two sz.", CS_DEFECT_ANY},
     .reply = sz_twice},
    {.row = {"links-sz-missing", "RFC6690#3.3:sz-of-large",
             "The link to a large resource has no size.", CS_DEFECT_UDP},
     .reply = sz_missing},
    {.row = {"directory-get-refused", "RFC6690#4:resource",
             "/.well-known/core is there and has no GET.", CS_DEFECT_ANY},
     .request = get_refused},
    {.row = {"directory-as-json", "RFC6690#4:representation", "/.well-known/core is JSON.",
             CS_DEFECT_ANY},
     .request = as_json},
    {.row = {"directory-accept-refused", "RFC6690#4:representation",
             "/.well-known/core is refused to who accepts it.", CS_DEFECT_ANY},
     .request = accept_refused},
    {.row = {"filter-empty-not-found", "RFC6690#4:empty",
             "Where a filter leaves nothing there is 4.04.", CS_DEFECT_ANY},
     .reply = empty_not_found},
    {.row = {"filter-refused", "RFC6690#4.1:filter-ignored", "A query is a bad option.",
             CS_DEFECT_ANY},
     .request = filter_refused},
    {.row = {"filter-error", "RFC6690#4.1:filter-ignored", "A query is not implemented.",
             CS_DEFECT_ANY},
     .request = filter_error},
    {.row = {"filter-matches-nothing", "RFC6690#4.1:complete-value",
             "A complete value matches nothing.", CS_DEFECT_ANY},
     .request = matches_nothing},
    {.row = {"filter-returns-all", "RFC6690#4.1:complete-value",
             "A complete value matches everything.", CS_DEFECT_ANY},
     .request = returns_all},
    {.row = {"filter-complete-as-prefix", "RFC6690#4.1:complete-value",
             "A complete value is a prefix.", CS_DEFECT_ANY},
     .request = complete_as_prefix},
    {.row = {"filter-star-literal", "RFC6690#4.1:prefix-value",
             "The star of a prefix is a character.", CS_DEFECT_ANY},
     .request = star_literal},
    {.row = {"filter-prefix-ignored", "RFC6690#4.1:prefix-value", "A prefix matches everything.",
             CS_DEFECT_ANY},
     .request = prefix_ignored},
    {.row = {"filter-star-matches-nothing", "RFC6690#4.1:empty-prefix",
             "An empty prefix matches nothing.", CS_DEFECT_ANY},
     .request = star_matches_nothing},
    {.row = {"filter-star-ignored", "RFC6690#4.1:attribute-exists",
             "An empty prefix matches links without the attribute.", CS_DEFECT_ANY},
     .request = star_ignored},
    {.row = {"filter-first-value", "RFC6690#4.1:several-values",
             "Only the first of several resource types counts.", CS_DEFECT_ANY},
     .reply = first_value},
    {.row = {"filter-whole-value", "RFC6690#4.1:several-values",
             "Several resource types count as one.", CS_DEFECT_ANY},
     .reply = whole_value},
    {.row = {"filter-href-unknown", "RFC6690#4.1:href", "No target matches.", CS_DEFECT_ANY},
     .request = href_unknown},
    {.row = {"filter-href-ignored", "RFC6690#4.1:href", "Every target matches.", CS_DEFECT_ANY},
     .request = href_ignored},
    {.row = {"filter-encoded", "RFC6690#4.1:percent-decoded",
             "A space in a filter has to be percent-encoded.", CS_DEFECT_ANY},
     .request = encoded},
    {.row = {"filter-quoted-raw", "RFC6690#4.1:quoted-string",
             "Quoted strings are compared with their backslashes.", CS_DEFECT_ANY},
     .request = quoted_raw},
    {.row = {"filter-multicast-told", "RFC6690#4.1:multicast-unmatched",
             "A group is told that nothing matches.", CS_DEFECT_UDP},
     .reply = told_of_nothing},
    {.row = {"links-rel-twice", "RFC5988#5.3:rel-once", "A link has two rel.", CS_DEFECT_ANY},
     .reply = rel_twice},
    {.row = {"links-media-twice", "RFC5988#5.4:media-once", "A link has two media.", CS_DEFECT_ANY},
     .reply = media_twice},
    {.row = {"links-title-twice", "RFC5988#5.4:title-once", "A link has two titles.",
             CS_DEFECT_ANY},
     .reply = title_twice},
    {.row = {"links-title-star-twice", "RFC5988#5.4:title-star-once", "A link has two title*.",
             CS_DEFECT_ANY},
     .reply = title_star_twice},
    {.row = {"links-type-twice", "RFC5988#5.4:type-once", "A link has two types.", CS_DEFECT_ANY},
     .reply = type_twice},
    {.row = {"links-ct-range", "RFC7252#7.2.1:ct-range", "A ct is 65536.", CS_DEFECT_ANY},
     .reply = ct_range},
    {.row = {"links-ct-word", "RFC7252#7.2.1:ct-range", "A ct is no number.", CS_DEFECT_ANY},
     .reply = ct_word},
    {.row = {"links-ct-twice", "RFC7252#7.2.1:ct-once", "A link has two ct.", CS_DEFECT_ANY},
     .reply = ct_twice},
};

const cs_defect_family cs_defects_link = {table, sizeof table / sizeof *table};
