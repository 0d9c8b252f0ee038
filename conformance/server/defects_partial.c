/* Defects of RFC 8132: FETCH, PATCH and iPATCH. */
#include "server/defects_edit.h"
#include "server/json_patch.h"

enum { GET = 1, PUT = 3, FETCH = 5, PATCH = 6, IPATCH = 7 };

static bool fetches(const cs_server_request *q) {
  return q->message.code == FETCH;
}

static bool patches(const cs_server_request *q) {
  return q->message.code == PATCH || q->message.code == IPATCH;
}

static bool if_match(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_IF_MATCH;
}

static bool if_none_match(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_IF_NONE_MATCH;
}

static bool condition(const cs_wire_option *o, size_t count) {
  return if_match(o, count) || if_none_match(o, count);
}

static bool content_format(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_CONTENT_FORMAT;
}

static bool drop_where(cs_defect_turn *t, cs_server_request *q, bool when,
                       cs_defect_choice chosen) {
  if (when)
    cs_defect_drop_request_options(t, q, chosen);
  return true;
}

static bool answer_where(bool when, cs_server_reply *reply, uint8_t code, const char *text) {
  if (!when)
    return true;
  cs_server_reply_error(reply, code, text);
  return false;
}

/* ---- FETCH ---- */

/* number[0]: the path that was fetched. */
static void fetch_changes(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  if (fetches(q))
    t->mine->number[0] = cs_defect_path(q);
  if (q->message.code == GET && reply->code == CS_CODE(2, 5) && reply->payload_len &&
      t->mine->number[0] == cs_defect_path(q))
    reply->payload[0] ^= 0x20;
}

/* number[0]: how many there were. */
static void fetch_counts(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  if (fetches(q) && reply->code == CS_CODE(2, 5) && t->mine->number[0]++ && reply->payload_len)
    reply->payload_len--;
}

static bool fetch_unconditional(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return drop_where(t, q, fetches(q), condition);
}

static bool fetch_condition_of_result(cs_defect_turn *t, cs_server_request *q,
                                      cs_server_reply *reply) {
  (void)t;
  return answer_where(fetches(q) && cs_server_request_has(q, CS_OPT_IF_MATCH), reply,
                      CS_CODE(4, 12), "the result has another ETag");
}

static bool fetch_any_format(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (!fetches(q) || cs_server_request_uint(q, CS_OPT_CONTENT_FORMAT, -1) <= 0)
    return true;
  cs_server_reply_init(reply, CS_CODE(2, 5));
  cs_server_reply_content(reply, 0, cs_span_str("whatever"));
  return false;
}

static void set_etag(cs_server_reply *reply, cs_span etag) {
  cs_server_reply_remove(reply, CS_OPT_ETAG);
  cs_server_reply_option(reply, CS_OPT_ETAG, etag);
}

static void fetch_valid_other_etag(cs_defect_turn *t, const cs_server_request *q,
                                   cs_server_reply *reply) {
  (void)t;
  if (fetches(q) && reply->code == CS_CODE(2, 3))
    set_etag(reply, cs_span_str("other"));
}

static void fetch_any_etag(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  cs_span etag;
  if (!fetches(q) || reply->code != CS_CODE(2, 5) ||
      !cs_wire_option_get(q->message.options, CS_OPT_ETAG, &etag))
    return;
  cs_server_reply_init(reply, CS_CODE(2, 3));
  set_etag(reply, etag);
}

static void fetch_changed(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (fetches(q) && reply->code == CS_CODE(2, 5))
    reply->code = CS_CODE(2, 4);
}

/* ---- what a patch does ---- */

static bool changed_nothing(const cs_server_request *q, cs_server_reply *reply, uint8_t method) {
  if (q->message.code != method)
    return true;
  cs_server_reply_init(reply, CS_CODE(2, 4));
  return false;
}

static bool patch_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return changed_nothing(q, reply, PATCH);
}

static bool ipatch_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return changed_nothing(q, reply, IPATCH);
}

static bool replace(cs_defect_turn *t, cs_server_request *q, bool when) {
  if (when)
    q->message.code = PUT;
  return drop_where(t, q, when, content_format);
}

static bool patch_replaces(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return replace(t, q, q->message.code == PATCH);
}

static bool ipatch_replaces(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return replace(t, q, q->message.code == IPATCH);
}

/* Leaves the first operation of a JSON patch; false when it has no second one. */
static bool keep_first(cs_defect_turn *t, cs_server_request *q) {
  cs_span body = q->message.payload;
  if (!patches(q) || cs_server_request_uint(q, CS_OPT_CONTENT_FORMAT, -1) != CS_SERVER_JSON_PATCH)
    return false;
  for (size_t i = 0; i + 3 <= body.len && i + 2 <= sizeof t->mine->bytes; i++) {
    if (memcmp(body.at + i, "},{", 3) != 0)
      continue;
    memcpy(t->mine->bytes, body.at, i);
    memcpy(t->mine->bytes + i, "}]", 2);
    q->message.payload = cs_span_of(t->mine->bytes, i + 2);
    return true;
  }
  return false;
}

static bool patch_first_only(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  (void)keep_first(t, q);
  return true;
}

/* number[0]: the request has lost operations. */
static bool patch_partial(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  t->mine->number[0] = keep_first(t, q);
  return true;
}

static void deny_rest(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)q;
  if (t->mine->number[0])
    cs_server_reply_error(reply, CS_CODE(4, 9), "the second operation failed");
  t->mine->number[0] = 0;
}

/* The second iPATCH of a peer changes another thing. */
static bool ipatch_counts(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  if (q->message.code == IPATCH && t->mine->number[0]++)
    q->message.payload = cs_span_str("{\"x-coord\":46}");
  return true;
}

/* ---- conditions ---- */

static bool if_match_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return drop_where(t, q, patches(q), if_match);
}

static bool if_none_match_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return drop_where(t, q, patches(q), if_none_match);
}

static bool if_match_never(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return answer_where(patches(q) && cs_server_request_has(q, CS_OPT_IF_MATCH), reply,
                      CS_CODE(4, 12), "the condition never holds");
}

/* number[0]: the request had a condition. */
static bool perform(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  t->mine->number[0] = patches(q) && cs_defect_any_option(q->message.options, condition);
  return drop_where(t, q, t->mine->number[0] != 0, condition);
}

static void deny(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)q;
  if (t->mine->number[0] && reply->code == CS_CODE(2, 4))
    cs_server_reply_error(reply, CS_CODE(4, 12), "not performed, or so it is said");
}

/* ---- formats and codes ---- */

static bool of_unknown_format(const cs_server_request *q) {
  return patches(q) && cs_server_request_uint(q, CS_OPT_CONTENT_FORMAT, 0) > 60000;
}

static bool any_format(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (!of_unknown_format(q))
    return true;
  cs_server_reply_init(reply, CS_CODE(2, 4));
  return false;
}

/* number[0]: the patch has become a representation. */
static bool any_format_stored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  t->mine->number[0] = of_unknown_format(q);
  return replace(t, q, t->mine->number[0] != 0);
}

static void deny_format(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)q;
  if (t->mine->number[0])
    cs_server_reply_error(reply, CS_CODE(4, 15), "not this format");
}

static bool ipatch_missing(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return answer_where(q->message.code == IPATCH, reply, CS_CODE(4, 5), "no iPATCH");
}

static void error_as_success(cs_defect_turn *t, const cs_server_request *q,
                             cs_server_reply *reply) {
  (void)t;
  if (patches(q) && reply->code == CS_CODE(4, 9))
    cs_server_reply_init(reply, CS_CODE(2, 4));
}

static void malformed_taken(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (patches(q) && reply->code == CS_CODE(4, 0))
    cs_server_reply_init(reply, CS_CODE(2, 4));
}

static void turn_code(const cs_server_request *q, cs_server_reply *reply, uint8_t from,
                      uint8_t to) {
  if (patches(q) && reply->code == from)
    reply->code = to;
}

static void created_as_changed(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, CS_CODE(2, 1), CS_CODE(2, 4));
}

static void absent_as_bad_request(cs_defect_turn *t, const cs_server_request *q,
                                  cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, CS_CODE(4, 4), CS_CODE(4, 0));
}

static void changed_as_content(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  turn_code(q, reply, CS_CODE(2, 4), CS_CODE(2, 5));
}

static void conflict_without_payload(cs_defect_turn *t, const cs_server_request *q,
                                     cs_server_reply *reply) {
  (void)t;
  if (patches(q) && reply->code == CS_CODE(4, 9))
    reply->payload_len = 0;
}

static const cs_defect table[] = {
    {.row = {"fetch-changes", "RFC8132#2:fetch-safe", "A FETCH changes its target.", CS_DEFECT_ANY},
     .reply = fetch_changes},
    {.row = {"fetch-counts", "RFC8132#2:fetch-idempotent",
             "The same FETCH has another result each time.", CS_DEFECT_ANY},
     .reply = fetch_counts},
    {.row = {"fetch-unconditional", "RFC8132#2:fetch-conditional",
             "A FETCH is performed whatever its conditions.", CS_DEFECT_ANY},
     .request = fetch_unconditional},
    {.row = {"fetch-condition-of-result", "RFC8132#2:fetch-condition-target",
             "If-Match of a FETCH is compared with the ETag of its result.", CS_DEFECT_ANY},
     .request = fetch_condition_of_result},
    {.row = {"fetch-any-format", "RFC8132#2.2:fetch-unsupported",
             "A FETCH is answered whatever its format.", CS_DEFECT_ANY},
     .request = fetch_any_format},
    {.row = {"fetch-valid-other-etag", "RFC8132#2.3.2:etag-request",
             "2.03 to a FETCH has another ETag than was asked about.", CS_DEFECT_ANY},
     .reply = fetch_valid_other_etag},
    {.row = {"fetch-any-etag", "RFC8132#2.3.2:etag-payload",
             "Any ETag is valid for a FETCH, whatever its payload.", CS_DEFECT_ANY},
     .reply = fetch_any_etag},
    {.row = {"fetch-changed", "RFC8132#6:fetch-codes", "A FETCH yields 2.04.", CS_DEFECT_ANY},
     .reply = fetch_changed},
    {.row = {"patch-ignored", "RFC8132#3:applied", "A PATCH yields 2.04 and changes nothing.",
             CS_DEFECT_ANY},
     .request = patch_ignored},
    {.row = {"ipatch-ignored", "RFC8132#3:applied", "An iPATCH yields 2.04 and changes nothing.",
             CS_DEFECT_ANY},
     .request = ipatch_ignored},
    {.row = {"patch-replaces", "RFC8132#3:applied", "A PATCH becomes the representation.",
             CS_DEFECT_ANY},
     .request = patch_replaces},
    {.row = {"ipatch-replaces", "RFC8132#3:applied", "An iPATCH becomes the representation.",
             CS_DEFECT_ANY},
     .request = ipatch_replaces},
    {.row = {"patch-first-only", "RFC8132#3:atomic",
             "Of several changes of a patch the first one is made.", CS_DEFECT_ANY},
     .request = patch_first_only},
    {.row = {"patch-partial", "RFC8132#3:nothing-on-error",
             "A patch that fails has made its first change.", CS_DEFECT_ANY},
     .request = patch_partial,
     .reply = deny_rest},
    {.row = {"patch-error-as-success", "RFC8132#3:error-code",
             "A patch that was not performed yields 2.04.", CS_DEFECT_ANY},
     .reply = error_as_success},
    {.row = {"ipatch-counts", "RFC8132#3:ipatch-idempotent",
             "The same iPATCH again changes something else.", CS_DEFECT_ANY},
     .request = ipatch_counts},
    {.row = {"patch-if-match-ignored", "RFC8132#3:if-match", "If-Match of a patch is ignored.",
             CS_DEFECT_ANY},
     .request = if_match_ignored},
    {.row = {"patch-if-none-match-ignored", "RFC8132#3:if-none-match",
             "If-None-Match of a patch is ignored.", CS_DEFECT_ANY},
     .request = if_none_match_ignored},
    {.row = {"patch-if-match-never", "RFC8132#3:condition-fulfilled",
             "No ETag in If-Match of a patch ever matches.", CS_DEFECT_ANY},
     .request = if_match_never},
    {.row = {"patch-condition-performed", "RFC8132#3:condition-not-performed",
             "A patch whose condition does not hold is made all the same.", CS_DEFECT_ANY},
     .request = perform,
     .reply = deny},
    {.row = {"patch-created-as-changed", "RFC8132#3:created",
             "A patch that created its target yields 2.04.", CS_DEFECT_ANY},
     .reply = created_as_changed},
    {.row = {"patch-any-format", "RFC8132#3:appropriate", "A patch of any format yields 2.04.",
             CS_DEFECT_ANY},
     .request = any_format},
    {.row = {"patch-any-format-stored", "RFC8132#3:nothing-on-error",
             "A patch of an unknown format is refused, and becomes the representation.",
             CS_DEFECT_ANY},
     .request = any_format_stored,
     .reply = deny_format},
    {.row = {"ipatch-missing", "RFC8132#3:both-methods", "There is PATCH, and no iPATCH.",
             CS_DEFECT_ANY},
     .request = ipatch_missing},
    {.row = {"patch-malformed-taken", "RFC8132#3.4:malformed", "A malformed patch yields 2.04.",
             CS_DEFECT_ANY},
     .reply = malformed_taken},
    {.row = {"patch-any-format-taken", "RFC8132#3.4:unsupported",
             "A patch of an unknown format yields 2.04.", CS_DEFECT_ANY},
     .request = any_format},
    {.row = {"patch-absent-as-bad-request", "RFC8132#3.4:not-found",
             "A patch of what does not exist yields 4.00.", CS_DEFECT_ANY},
     .reply = absent_as_bad_request},
    {.row = {"conflict-without-payload", "RFC8132#3.4:conflict-payload",
             "4.09 says nothing of the conflict.", CS_DEFECT_ANY},
     .reply = conflict_without_payload},
    {.row = {"patch-content", "RFC8132#6:patch-codes", "A patch yields 2.05.", CS_DEFECT_ANY},
     .reply = changed_as_content},
};

const cs_defect_family cs_defects_partial = {table, sizeof table / sizeof *table};
