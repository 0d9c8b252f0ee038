/* FETCH, PATCH and iPATCH (RFC 8132) on stored representations. Text is fetched
 * and patched by text: FETCH names how many bytes from the beginning are wanted,
 * PATCH appends, iPATCH, which is idempotent, takes the place of the first bytes.
 * JSON is patched by merge patches and JSON patches. */
#include <string.h>

#include "server/json_patch.h"
#include "server/resource.h"

enum { FETCH = 5, PATCH = 6 };

static void error(cs_server_turn *t, uint8_t code, const char *text) {
  cs_server_reply_error(t->reply, code, text);
}

/* The ETag of what a FETCH selects is that of the resource and how much it was. */
static void fetch(cs_server_turn *t, const cs_server_stored *e) {
  uint32_t wanted = 0;
  cs_span body = t->request->message.payload;
  bool number = body.len > 0 && body.len < 5;
  for (size_t i = 0; number && i < body.len; i++) {
    number = body.at[i] >= '0' && body.at[i] <= '9';
    wanted = wanted * 10 + (uint32_t)(body.at[i] - '0');
  }
  if (!number) {
    error(t, CS_CODE(4, 0), "not a number of bytes");
    return;
  }
  if (wanted > e->len) {
    error(t, CS_CODE(4, 22), "there are less bytes than that");
    return;
  }
  if (!cs_server_acceptable(t, e->format))
    return;
  uint8_t etag[sizeof e->version + 2];
  memcpy(etag, &e->version, sizeof e->version);
  etag[sizeof e->version] = (uint8_t)(wanted >> 8);
  etag[sizeof e->version + 1] = (uint8_t)wanted;
  cs_span tag = cs_span_of(etag, sizeof etag);
  cs_wire_option_iter it = cs_wire_options(t->request->message.options);
  cs_wire_option o;
  bool valid = false;
  while (cs_wire_option_next(&it, &o))
    valid = valid || (o.number == CS_OPT_ETAG && cs_span_equal(o.value, tag));
  cs_server_reply_init(t->reply, valid ? CS_CODE(2, 3) : CS_CODE(2, 5));
  cs_server_reply_option(t->reply, CS_OPT_ETAG, tag);
  if (!valid)
    cs_server_reply_content(t->reply, e->format, cs_span_of(e->payload, wanted));
}

static void store(cs_server_turn *t, int32_t format, cs_span payload) {
  bool created;
  (void)cs_server_keep(t, &t->path, format, payload, &created);
}

static void patch_text(cs_server_turn *t, const cs_server_stored *e) {
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
  store(t, e->format, cs_span_of(next, len));
}

static void patch_json(cs_server_turn *t, const cs_server_stored *e, int32_t format) {
  uint8_t next[CS_SERVER_PAYLOAD_MAX];
  size_t len = 0;
  const char *why;
  cs_span before = e ? cs_span_of(e->payload, e->len) : cs_span_of(NULL, 0);
  uint8_t code =
      cs_server_json_patch(format, before, t->request->message.payload,
                           t->request->message.code != PATCH, next, sizeof next, &len, &why);
  if (code)
    error(t, code, why);
  else
    store(t, CS_SERVER_FORMAT_JSON, cs_span_of(next, len));
}

void cs_server_partial_handle(cs_server_turn *t, int64_t format) {
  const cs_server_stored *e = cs_server_store_find(t->store, &t->path);
  bool fetching = t->request->message.code == FETCH;
  bool json = format == CS_SERVER_JSON_PATCH || format == CS_SERVER_MERGE_PATCH;
  if (!e && (fetching || !json))
    error(t, CS_CODE(4, 4), "no such resource");
  else if (format < 0)
    error(t, CS_CODE(4, 15), "a Content-Format is needed");
  else if (!fetching && json && (!e || e->format == CS_SERVER_FORMAT_JSON))
    patch_json(t, e, (int32_t)format);
  else if (format != 0 || e->format == CS_SERVER_FORMAT_JSON)
    error(t, CS_CODE(4, 15), "this Content-Format is not supported");
  else if (fetching)
    fetch(t, e);
  else
    patch_text(t, e);
}
