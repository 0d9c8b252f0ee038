#include "server/resource.h"

#include <string.h>

enum { FORMAT_TEXT = 0, FORMAT_LINKS = 40, FORMAT_XML = 41 };

/* How long /separate thinks after its Empty Acknowledgement. */
#define SEPARATE_DELAY (500 * CS_MILLISECOND)

bool cs_server_acceptable(cs_server_turn *t, int32_t format) {
  int64_t wanted = cs_server_request_uint(t->request, CS_OPT_ACCEPT, -1);
  if (wanted < 0 || wanted == format)
    return true;
  cs_server_reply_error(t->reply, CS_CODE(4, 6), "no such representation");
  return false;
}

static void content(cs_server_turn *t, int32_t format, cs_span payload) {
  if (!cs_server_acceptable(t, format))
    return;
  cs_server_reply_init(t->reply, CS_CODE(2, 5));
  if (cs_server_block(t, payload, &payload))
    cs_server_reply_content(t->reply, format, payload);
}

static const cs_server_resource *row_of(const cs_server_path *path);

static void fixed_text(cs_server_turn *t) {
  content(t, FORMAT_TEXT, cs_span_str(row_of(&t->path)->content));
}

static void fixed_links(cs_server_turn *t) {
  content(t, FORMAT_LINKS, cs_span_str(row_of(&t->path)->content));
}

static void separate(cs_server_turn *t) {
  fixed_text(t);
  t->reply->delay = SEPARATE_DELAY;
}

/* Echoes the query arguments, joined as in a URI. */
static void query(cs_server_turn *t) {
  uint8_t text[CS_SERVER_PAYLOAD_MAX];
  cs_base_writer w = cs_base_writer_of(text, sizeof text);
  cs_wire_option_iter it = cs_wire_options(t->request->message.options);
  cs_wire_option o;
  bool first = true;
  while (cs_wire_option_next(&it, &o)) {
    if (o.number != CS_OPT_URI_QUERY)
      continue;
    cs_base_put_str(&w, first ? "?" : "&");
    cs_base_put_span(&w, o.value);
    first = false;
  }
  content(t, FORMAT_TEXT, cs_base_written(&w));
}

static void multi_format(cs_server_turn *t) {
  if (cs_server_request_uint(t->request, CS_OPT_ACCEPT, FORMAT_TEXT) == FORMAT_XML)
    content(t, FORMAT_XML, cs_span_str("<text>one of two formats</text>"));
  else
    content(t, FORMAT_TEXT, cs_span_str("one of two formats"));
}

/* Longer than any message: 500 numbers of four digits, each with a space. */
static void large(cs_server_turn *t) {
  uint8_t text[500 * 5];
  for (size_t i = 0; i < sizeof text / 5; i++) {
    size_t rest = i;
    for (size_t k = 4; k-- > 0; rest /= 10)
      text[5 * i + k] = (uint8_t)('0' + rest % 10);
    text[5 * i + 4] = ' ';
  }
  content(t, FORMAT_TEXT, cs_span_of(text, sizeof text));
}

static void location_query(cs_server_turn *t) {
  cs_server_reply_init(t->reply, CS_CODE(2, 1));
  cs_server_reply_option(t->reply, CS_OPT_LOCATION_QUERY, cs_span_str("first=1"));
  cs_server_reply_option(t->reply, CS_OPT_LOCATION_QUERY, cs_span_str("second=2"));
}

#define STORED_METHODS                                                                             \
  (CS_ALLOW_GET | CS_ALLOW_POST | CS_ALLOW_PUT | CS_ALLOW_DELETE | CS_ALLOW_FETCH |                \
   CS_ALLOW_PATCH | CS_ALLOW_IPATCH)

static const cs_server_resource table[] = {
    {"", CS_ALLOW_GET, fixed_text, ";ct=0", "coapspec's embedded reference server"},
    {".well-known/core", CS_ALLOW_GET, cs_server_directory_handle, ";ct=40", NULL},
    {"test", STORED_METHODS, cs_server_stored_handle, ";rt=\"test\";ct=0", "a test resource"},
    {"validate", STORED_METHODS, cs_server_stored_handle, ";rt=\"validate\";ct=0", "version one"},
    {"separate", CS_ALLOW_GET, separate, ";rt=\"separate\";ct=0", "what took a while"},
    {"query", CS_ALLOW_GET, query, ";rt=\"query\";ct=0", NULL},
    {"large", CS_ALLOW_GET, large, ";rt=\"block\";sz=2500;ct=0", NULL},
    {"fetch", STORED_METHODS, cs_server_stored_handle, ";rt=\"fetch\";ct=0",
     "what is fetched in part"},
    {"seg1", CS_ALLOW_GET, fixed_text, NULL, "one segment"},
    {"seg1/seg2", CS_ALLOW_GET, fixed_text, NULL, "two segments"},
    {"seg1/seg2/seg3", CS_ALLOW_GET, fixed_text, ";rt=\"segments\";ct=0", "three segments"},
    {"path", CS_ALLOW_GET, fixed_links, ";rt=\"directory\";ct=40",
     "</path/sub1>,</path/sub2>,</path/sub3>"},
    {"path/sub1", CS_ALLOW_GET, fixed_text, ";ct=0", "sub one"},
    {"path/sub2", CS_ALLOW_GET, fixed_text, ";ct=0", "sub two"},
    {"path/sub3", CS_ALLOW_GET, fixed_text, ";ct=0", "sub three"},
    {"multi-format", CS_ALLOW_GET, multi_format, ";rt=\"formats\";ct=\"0 41\"", NULL},
    {"location-query", CS_ALLOW_POST, location_query, ";rt=\"location\"", NULL},
    {"link1", CS_ALLOW_GET, fixed_text, ";rt=\"Type1 Type2\";if=\"If1\";sz=10", "first link"},
    {"link2", CS_ALLOW_GET, fixed_text,
     ";rt=\"Type2 Type3\";if=\"If2\";title=\"The \\\"second\\\" link, quoted\"", "second link"},
    {"link3", CS_ALLOW_GET, fixed_text, ";rt=\"Type1 Type3\";if=\"foo\";title=\"Third link\"",
     "third link"},
};

const cs_server_resource *cs_server_resource_at(size_t i) {
  return i < sizeof table / sizeof *table ? &table[i] : NULL;
}

static const cs_server_resource *row_of(const cs_server_path *path) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (cs_server_path_is(path, table[i].path))
      return &table[i];
  return NULL;
}

cs_err cs_server_resources_fill(cs_server_store *store) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (table[i].handle != cs_server_stored_handle)
      continue;
    cs_err err = cs_server_store_keep(store, table[i].path, table[i].content);
    if (err != CS_OK)
      return err;
  }
  return CS_OK;
}

/* RFC 7252 section 5.10.8: a condition that does not hold leaves everything as
 * it is and is answered by 4.12. Only stored resources have an ETag. */
static bool conditions_hold(const cs_server_turn *t, bool exists) {
  const cs_server_stored *e = cs_server_store_find(t->store, &t->path);
  bool asked = false;
  bool matched = false;
  cs_wire_option_iter it = cs_wire_options(t->request->message.options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    if (o.number == CS_OPT_IF_NONE_MATCH && exists)
      return false;
    if (o.number != CS_OPT_IF_MATCH)
      continue;
    asked = true;
    if (o.value.len == 0 ? exists
                         : e && cs_span_equal(o.value, cs_span_of(&e->version, sizeof e->version)))
      matched = true;
  }
  return !asked || matched;
}

static void decide(cs_server_turn *t) {
  uint8_t method = t->request->message.code;
  if (cs_server_request_has(t->request, CS_OPT_PROXY_URI) ||
      cs_server_request_has(t->request, CS_OPT_PROXY_SCHEME)) {
    cs_server_reply_error(t->reply, CS_CODE(5, 5), "this is no proxy");
    return;
  }
  if (method > 7) {
    cs_server_reply_error(t->reply, CS_CODE(4, 5), "unknown method");
    return;
  }
  const cs_server_resource *row = row_of(&t->path);
  bool exists = row ? row->handle != cs_server_stored_handle : false;
  exists = exists || cs_server_store_find(t->store, &t->path);
  bool creates = method == 3 || method == 4 || method == 6 || method == 7;
  if (!row && !exists && !creates) {
    cs_server_reply_error(t->reply, CS_CODE(4, 4), "no such resource");
    return;
  }
  if (row && !(row->methods & 1u << method)) {
    cs_server_reply_error(t->reply, CS_CODE(4, 5), "not allowed here");
    return;
  }
  if (!conditions_hold(t, exists)) {
    cs_server_reply_error(t->reply, CS_CODE(4, 12), "the condition does not hold");
    return;
  }
  if (row)
    row->handle(t);
  else
    cs_server_stored_handle(t);
}

void cs_server_handle(cs_server_store *store, const cs_server_request *q, cs_server_reply *reply) {
  cs_server_turn t;
  t.store = store;
  t.request = q;
  t.reply = reply;
  cs_server_path_of_options(q->message.options, &t.path);
  cs_server_reply_error(reply, CS_CODE(5, 0), "not answered");
  decide(&t);
  /* RFC 7252 section 8.2: nothing useful to say to a group is not said. */
  if (q->multicast && CS_CODE_CLASS(reply->code) != 2)
    reply->silent = true;
}
