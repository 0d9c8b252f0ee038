/* Defects of RFC 7252 sections 5.1, 5.5, 5.8, 5.9 and 7.2: what methods do and
 * which codes they yield. */
#include "server/defects_edit.h"
#include "server/path.h"

enum { GET = 1, POST, PUT, DELETE, FETCH, IPATCH = 7 };

/* ---- 5.1 ---- */

/* The paths that were retrieved are gone; as many as number[] holds. */
static bool gone(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  uint64_t path = cs_defect_path(q);
  for (size_t i = 0; i < 8 && q->message.code == GET; i++) {
    if (t->mine->number[i] == path) {
      cs_server_reply_error(reply, CS_CODE(4, 4), "taken away");
      return false;
    }
  }
  return true;
}

static void take_away(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  if (q->message.code != GET || reply->code != CS_CODE(2, 5))
    return;
  size_t i = 0;
  while (i < 7 && t->mine->number[i])
    i++;
  t->mine->number[i] = cs_defect_path(q);
}

/* Each PUT of a peer adds its payload to those before; mine holds them all. */
static bool put_appends(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  cs_span payload = q->message.payload;
  if (q->message.code != PUT || payload.len > sizeof t->mine->bytes - t->mine->len)
    return true;
  if (payload.len)
    memcpy(t->mine->bytes + t->mine->len, payload.at, payload.len);
  t->mine->len += payload.len;
  q->message.payload = cs_span_of(t->mine->bytes, t->mine->len);
  return true;
}

/* ---- 5.5, 5.8 ---- */

static bool get_payload_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (q->message.code != GET || q->message.payload.len == 0)
    return true;
  cs_server_reply_error(reply, CS_CODE(4, 0), "a GET has no payload");
  return false;
}

static bool unknown_as_get(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  (void)reply;
  if (q->message.code > IPATCH)
    q->message.code = GET;
  return true;
}

static bool unknown_reset(cs_defect_turn *t, cs_defect_message *d) {
  return !cs_defect_is_request(d) || d->m.code <= IPATCH || cs_defect_reject(t, d);
}

static void unknown_separate(cs_defect_turn *t, const cs_server_request *q,
                             cs_server_reply *reply) {
  (void)t;
  if (q->message.code > IPATCH)
    reply->delay = 100 * CS_MILLISECOND;
}

static bool patch_as_get(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  (void)reply;
  if (q->message.code >= FETCH && q->message.code <= IPATCH)
    q->message.code = GET;
  return true;
}

/* Every PUT of a peer stores what its first one held. */
static bool put_not_stored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  cs_span payload = q->message.payload;
  if (q->message.code != PUT)
    return true;
  if (t->mine->len == 0 && payload.len <= sizeof t->mine->bytes) {
    if (payload.len)
      memcpy(t->mine->bytes, payload.at, payload.len);
    t->mine->len = payload.len;
  }
  q->message.payload = cs_span_of(t->mine->bytes, t->mine->len);
  return true;
}

static bool delete_keeps(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (q->message.code != DELETE)
    return true;
  cs_server_reply_init(reply, CS_CODE(2, 2));
  return false;
}

/* The second DELETE of the same path finds nothing. */
static bool delete_absent(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  if (q->message.code != DELETE)
    return true;
  uint64_t before = t->mine->number[0];
  t->mine->number[0] = cs_defect_path(q);
  if (before != t->mine->number[0])
    return true;
  cs_server_reply_error(reply, CS_CODE(4, 4), "nothing to delete");
  return false;
}

/* What a POST was made to is gone, until a PUT: number[0] is its path. */
static bool post_deletes(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  uint64_t path = cs_defect_path(q);
  if (q->message.code == POST) {
    t->mine->number[0] = path;
    cs_server_reply_init(reply, CS_CODE(2, 4));
    return false;
  }
  if (t->mine->number[0] != path)
    return true;
  if (q->message.code != GET) {
    t->mine->number[0] = 0;
    return true;
  }
  cs_server_reply_error(reply, CS_CODE(4, 4), "it was used up");
  return false;
}

static bool delete_payload_refused(cs_defect_turn *t, cs_server_request *q,
                                   cs_server_reply *reply) {
  (void)t;
  if (q->message.code != DELETE || q->message.payload.len == 0)
    return true;
  cs_server_reply_error(reply, CS_CODE(4, 0), "a DELETE has no payload");
  return false;
}

/* ---- codes ---- */

static void turn_code(const cs_server_request *q, cs_server_reply *reply, uint8_t method,
                      uint8_t from, uint8_t to) {
  if (q->message.code == method && reply->code == from)
    reply->code = to;
}

static void get_changed(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, GET, CS_CODE(2, 5), CS_CODE(2, 4));
}

static void missing_as_content(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, GET, CS_CODE(4, 4), CS_CODE(2, 5));
}

static void unsupported_as_bad(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, PUT, CS_CODE(4, 15), CS_CODE(4, 0));
}

static void refused_as_changed(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  if (q->message.code == PUT && reply->code == CS_CODE(4, 15))
    cs_server_reply_init(reply, CS_CODE(2, 4));
}

static void post_created(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, POST, CS_CODE(2, 1), CS_CODE(2, 5));
}

static void post_changed(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, POST, CS_CODE(2, 4), CS_CODE(2, 5));
}

static void post_without_location(cs_defect_turn *t, const cs_server_request *q,
                                  cs_server_reply *reply) {
  (void)t;
  if (q->message.code != POST)
    return;
  cs_server_reply_remove(reply, CS_OPT_LOCATION_PATH);
  cs_server_reply_remove(reply, CS_OPT_LOCATION_QUERY);
}

static void put_changed(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, PUT, CS_CODE(2, 4), CS_CODE(2, 1));
}

static void put_created(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, PUT, CS_CODE(2, 1), CS_CODE(2, 4));
}

static void put_content(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, PUT, CS_CODE(2, 4), CS_CODE(2, 5));
}

static void deleted_as_changed(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, DELETE, CS_CODE(2, 2), CS_CODE(2, 4));
}

/* The diagnostic payload of an error begins with a byte that UTF-8 never has. */
static void diagnostic_latin(cs_defect_turn *t, const cs_server_request *q,
                             cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (CS_CODE_CLASS(reply->code) > 2)
    cs_server_reply_payload(reply, cs_span_str("\xe9"
                                               "chec"));
}

/* The diagnostic payload of an error says nothing but its code's name. */
static void diagnostic_repeats_code(cs_defect_turn *t, const cs_server_request *q,
                                    cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (reply->code == CS_CODE(4, 4))
    cs_server_reply_payload(reply, cs_span_str("Not Found"));
  if (reply->code == CS_CODE(4, 5))
    cs_server_reply_payload(reply, cs_span_str("Method Not Allowed"));
}

/* ---- 7.2 ---- */

static bool is_directory(const cs_server_request *q) {
  cs_server_path path;
  cs_server_path_of_options(q->message.options, &path);
  return cs_server_path_is(&path, ".well-known/core");
}

static bool directory_missing(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (!is_directory(q))
    return true;
  cs_server_reply_error(reply, CS_CODE(4, 4), "nothing to discover");
  return false;
}

static void directory_as_text(cs_defect_turn *t, const cs_server_request *q,
                              cs_server_reply *reply) {
  (void)t;
  if (!is_directory(q) || reply->code != CS_CODE(2, 5))
    return;
  cs_server_reply_remove(reply, CS_OPT_CONTENT_FORMAT);
  cs_server_reply_uint(reply, CS_OPT_CONTENT_FORMAT, 0);
}

static const cs_defect table[] = {
    {.row = {"get-deletes", "RFC7252#5.1:get-safe", "What was retrieved once is gone.",
             CS_DEFECT_ANY},
     .request = gone,
     .reply = take_away},
    {.row = {"put-appends", "RFC7252#5.1:idempotent",
             "A PUT adds its payload to that of the PUT before.", CS_DEFECT_ANY},
     .request = put_appends},
    {.row = {"get-payload-refused", "RFC7252#5.5:payload-undefined",
             "A GET with a payload gets 4.00.", CS_DEFECT_ANY},
     .request = get_payload_refused},
    {.row = {"diagnostic-not-utf8", "RFC7252#5.5.2:diagnostic-utf8",
             "A diagnostic payload is not UTF-8.", CS_DEFECT_ANY},
     .reply = diagnostic_latin},
    {.row = {"delete-payload-refused", "RFC7252#5.5:payload-undefined",
             "A DELETE with a payload gets 4.00.", CS_DEFECT_ANY},
     .request = delete_payload_refused},
    {.row = {"diagnostic-repeats-code", "RFC7252#5.5.2:diagnostic-empty",
             "A diagnostic payload is the name of the code.", CS_DEFECT_ANY},
     .reply = diagnostic_repeats_code},
    {.row = {"unknown-method-as-get", "RFC7252#5.8:method-unrecognised",
             "An unknown method is taken for GET.", CS_DEFECT_ANY},
     .request = unknown_as_get},
    {.row = {"unknown-method-reset", "RFC7252#5.8:method-unrecognised",
             "An unknown method causes a Reset, or an Abort.", CS_DEFECT_ANY},
     .in = unknown_reset},
    {.row = {"patch-as-get", "RFC7252#5.8:method-unrecognised",
             "FETCH, PATCH and iPATCH are taken for GET.", CS_DEFECT_ANY},
     .request = patch_as_get},
    {.row = {"unknown-method-separate", "RFC7252#5.8:method-piggybacked",
             "4.05 for an unknown method comes separately.", CS_DEFECT_UDP},
     .reply = unknown_separate},
    {.row = {"get-changed", "RFC7252#5.8.1:get-content", "A successful GET yields 2.04.",
             CS_DEFECT_ANY},
     .reply = get_changed},
    {.row = {"post-created-as-content", "RFC7252#5.8.2:post-created",
             "A POST that created something yields 2.05.", CS_DEFECT_ANY},
     .reply = post_created},
    {.row = {"post-created-without-location", "RFC7252#5.8.2:post-created-location",
             "A POST that created something does not say where.", CS_DEFECT_ANY},
     .reply = post_without_location},
    {.row = {"post-changed-as-content", "RFC7252#5.8.2:post-changed",
             "A POST that created nothing yields 2.05.", CS_DEFECT_ANY},
     .reply = post_changed},
    {.row = {"post-deletes-silently", "RFC7252#5.8.2:post-deleted",
             "A POST deletes its target and yields 2.04.", CS_DEFECT_ANY},
     .request = post_deletes},
    {.row = {"put-refused-as-changed", "RFC7252#5.8.3:put-refused",
             "A PUT in a format that is not supported changes nothing and yields 2.04.",
             CS_DEFECT_ANY},
     .reply = refused_as_changed},
    {.row = {"put-not-stored", "RFC7252#5.8.3:put-stored",
             "Another PUT leaves what the first one stored.", CS_DEFECT_ANY},
     .request = put_not_stored},
    {.row = {"put-changed-as-created", "RFC7252#5.8.3:put-changed",
             "A PUT to what exists yields 2.01.", CS_DEFECT_ANY},
     .reply = put_changed},
    {.row = {"put-created-as-changed", "RFC7252#5.8.3:put-created",
             "A PUT that created its target yields 2.04.", CS_DEFECT_ANY},
     .reply = put_created},
    {.row = {"delete-keeps", "RFC7252#5.8.4:delete-removes",
             "A DELETE yields 2.02 and deletes nothing.", CS_DEFECT_ANY},
     .request = delete_keeps},
    {.row = {"deleted-as-changed", "RFC7252#5.8.4:delete-deleted",
             "A DELETE of what exists yields 2.04.", CS_DEFECT_ANY},
     .reply = deleted_as_changed},
    {.row = {"delete-absent-not-found", "RFC7252#5.8.4:delete-absent",
             "A DELETE of what does not exist yields 4.04.", CS_DEFECT_ANY},
     .request = delete_absent},
    {.row = {"put-content", "RFC7252#5.9.1.5:content-only-get",
             "A PUT that changed its target yields 2.05.", CS_DEFECT_ANY},
     .reply = put_content},
    {.row = {"missing-as-content", "RFC7252#5.9.2.5:not-found",
             "A GET of what does not exist yields 2.05.", CS_DEFECT_ANY},
     .reply = missing_as_content},
    {.row = {"unsupported-format-as-bad-request", "RFC7252#5.9.2.10:unsupported-format",
             "A format that is not supported yields 4.00.", CS_DEFECT_ANY},
     .reply = unsupported_as_bad},
    {.row = {"directory-missing", "RFC7252#7.2:link-format", "There is no /.well-known/core.",
             CS_DEFECT_ANY},
     .request = directory_missing},
    {.row = {"directory-as-text", "RFC7252#7.2:link-format", "/.well-known/core is text/plain.",
             CS_DEFECT_ANY},
     .reply = directory_as_text},
};

const cs_defect_family cs_defects_method = {table, sizeof table / sizeof *table};
