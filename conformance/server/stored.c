/* Resources that hold what they are given. */
#include "server/resource.h"

#include <string.h>

enum { GET = 1, POST, PUT, DELETE, FETCH, PATCH, IPATCH };

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
  if (!valid)
    cs_server_reply_content(t->reply, e->format, cs_span_of(e->payload, e->len));
}

/* Stores a representation at path; false when the reply is an error. */
static bool keep(cs_server_turn *t, const cs_server_path *path, cs_span payload, bool *created) {
  int64_t format = content_format(t->request);
  if (format >= 0 && !supported(format)) {
    error(t, CS_CODE(4, 15), "this Content-Format is not supported");
    return false;
  }
  switch (cs_server_store_put(t->store, path, (int32_t)format, payload, created)) {
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

/* FETCH (RFC 8132 section 2): the request's text says how many bytes from the
 * beginning are wanted; anything else wants all of them. */
static void fetch(cs_server_turn *t, const cs_server_stored *e) {
  uint32_t wanted = 0;
  cs_span body = t->request->message.payload;
  bool number = body.len > 0 && body.len < 5;
  for (size_t i = 0; number && i < body.len; i++) {
    number = body.at[i] >= '0' && body.at[i] <= '9';
    wanted = wanted * 10 + (uint32_t)(body.at[i] - '0');
  }
  size_t len = number && wanted < e->len ? wanted : e->len;
  if (!cs_server_acceptable(t, e->format))
    return;
  cs_server_reply_init(t->reply, CS_CODE(2, 5));
  cs_server_reply_content(t->reply, e->format, cs_span_of(e->payload, len));
}

/* PATCH appends the request's text, iPATCH, which is idempotent, puts it in the
 * place of the first bytes (RFC 8132 section 3). */
static void patch(cs_server_turn *t, const cs_server_stored *e) {
  uint8_t next[2 * CS_SERVER_PAYLOAD_MAX];
  cs_span body = t->request->message.payload;
  size_t from = t->request->message.code == PATCH ? e->len : 0;
  if (body.len > CS_SERVER_PAYLOAD_MAX) {
    error(t, CS_CODE(4, 13), "the patch is too large");
    return;
  }
  memcpy(next, e->payload, e->len);
  if (body.len)
    memcpy(next + from, body.at, body.len);
  size_t len = from + body.len > e->len ? from + body.len : e->len;
  bool created;
  (void)keep(t, &t->path, cs_span_of(next, len), &created);
}

static void fetch_or_patch(cs_server_turn *t) {
  const cs_server_stored *e = cs_server_store_find(t->store, &t->path);
  int64_t format = content_format(t->request);
  if (!e)
    error(t, CS_CODE(4, 4), "no such resource");
  else if (format < 0)
    error(t, CS_CODE(4, 15), "a Content-Format is needed");
  else if (format != 0)
    error(t, CS_CODE(4, 15), "this Content-Format is not supported");
  else if (t->request->message.code == FETCH)
    fetch(t, e);
  else
    patch(t, e);
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
    (void)keep(t, &t->path, t->request->message.payload, &created);
    return;
  case DELETE:
    cs_server_store_delete(t->store, &t->path);
    cs_server_reply_init(t->reply, CS_CODE(2, 2));
    return;
  default:
    fetch_or_patch(t);
    return;
  }
}
