/* Resources that hold what they are given. */
#include "server/resource.h"

#include <string.h>

enum { GET = 1, POST, PUT, DELETE };

/* Content-Formats that are taken: text, links, XML, octets, EXI, JSON, CBOR. */
static bool supported(int64_t format) {
  return format == 0 || format == 40 || format == 41 || format == 42 || format == 47 ||
         format == 50 || format == 60;
}

/* The request's Content-Format, or -1. One of a wrong length is elective and
 * unrecognised, so as if absent (RFC 7252 section 5.4.3). */
static int64_t content_format(const cs_server_request *q) {
  cs_span value;
  if (cs_wire_option_get(q->message.options, CS_OPT_CONTENT_FORMAT, &value) && value.len > 2)
    return -1;
  return cs_server_request_uint(q, CS_OPT_CONTENT_FORMAT, -1);
}

static void error(cs_server_turn *t, uint8_t code, const char *text) {
  cs_server_reply_error(t->reply, code, text);
}

static void put_etag(cs_server_reply *r, const cs_server_stored *e) {
  cs_server_reply_option(r, CS_OPT_ETAG, cs_span_of(&e->version, sizeof e->version));
}

static void get(cs_server_turn *t) {
  const cs_server_stored *e = cs_server_store_find(t->store, &t->path);
  if (!e) {
    error(t, CS_CODE(4, 4), "no such resource");
    return;
  }
  if (!cs_server_acceptable(t, e->format))
    return;
  cs_wire_option_iter it = cs_wire_options(t->request->message.options);
  cs_wire_option o;
  bool valid = false;
  while (cs_wire_option_next(&it, &o))
    if (o.number == CS_OPT_ETAG &&
        cs_span_equal(o.value, cs_span_of(&e->version, sizeof e->version)))
      valid = true;
  cs_server_reply_init(t->reply, valid ? CS_CODE(2, 3) : CS_CODE(2, 5));
  put_etag(t->reply, e);
  cs_span part;
  if (!valid && cs_server_block(t, cs_span_of(e->payload, e->len), &part))
    cs_server_reply_content(t->reply, e->format, part);
}

bool cs_server_keep(cs_server_turn *t, const cs_server_path *path, int32_t format, cs_span payload,
                    bool *created) {
  switch (cs_server_store_put(t->store, path, format, payload, created)) {
  case CS_OK:
    cs_server_reply_init(t->reply, *created ? CS_CODE(2, 1) : CS_CODE(2, 4));
    return true;
  case CS_ERR_TOO_LARGE:
    error(t, CS_CODE(4, 13), "the representation is too large");
    cs_server_reply_uint(t->reply, CS_OPT_SIZE1, CS_SERVER_PAYLOAD_MAX);
    return false;
  case CS_ERR_ARGUMENT:
    error(t, CS_CODE(4, 3), "the path is too long");
    return false;
  default:
    error(t, CS_CODE(5, 0), "out of memory");
    return false;
  }
}

/* Stores what the request brings; false when the reply is an error. */
static bool keep(cs_server_turn *t, const cs_server_path *path, cs_span payload, bool *created) {
  int64_t format = content_format(t->request);
  if (format < 0 || supported(format))
    return cs_server_keep(t, path, (int32_t)format, payload, created);
  error(t, CS_CODE(4, 15), "this Content-Format is not supported");
  return false;
}

/* The response to a PUT has the ETag of what was stored (RFC 7252 section 5.10.6.1). */
static void put(cs_server_turn *t) {
  bool created;
  if (keep(t, &t->path, t->request->message.payload, &created))
    put_etag(t->reply, cs_server_store_find(t->store, &t->path));
}

/* A POST to /test makes a new resource each time: first the plugtests' own
 * /location1/location2/location3, then numbered ones beside it. */
static void create(cs_server_turn *t) {
  cs_server_path path;
  char text[] = "location1/location2/0000000000";
  cs_server_path_of_text("location1/location2/location3", &path);
  for (uint32_t n = 1; cs_server_store_find(t->store, &path); n++) {
    uint32_t rest = n;
    for (size_t i = sizeof text - 2; i > sizeof text - 12; i--, rest /= 10)
      text[i] = (char)('0' + rest % 10);
    cs_server_path_of_text(text, &path);
  }
  bool created;
  if (!keep(t, &path, t->request->message.payload, &created))
    return;
  size_t at = 0;
  cs_span segment;
  while (cs_server_path_next(&path, &at, &segment))
    cs_server_reply_option(t->reply, CS_OPT_LOCATION_PATH, segment);
}

void cs_server_stored_handle(cs_server_turn *t) {
  bool created;
  switch (t->request->message.code) {
  case GET:
    get(t);
    return;
  case POST:
    if (cs_server_path_is(&t->path, "test"))
      create(t);
    else
      (void)keep(t, &t->path, t->request->message.payload, &created);
    return;
  case PUT:
    put(t);
    return;
  case DELETE:
    cs_server_store_delete(t->store, &t->path);
    cs_server_reply_init(t->reply, CS_CODE(2, 2));
    return;
  default:
    cs_server_partial_handle(t, content_format(t->request));
    return;
  }
}
