/* Defects of RFC 7252 sections 5.9.1.3 and 5.10.4 to 5.10.8: formats, ETags,
 * locations and conditions. */
#include "server/defects_edit.h"
#include "wire/utf8.h"

static bool drop(cs_defect_turn *t, cs_server_request *q, cs_defect_choice chosen) {
  cs_defect_drop_request_options(t, q, chosen);
  return true;
}

/* ---- 5.10.4 ---- */

static bool accept(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_ACCEPT;
}

static bool accept_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return drop(t, q, accept);
}

/* ---- 5.9.1.3, 5.10.6 ---- */

static void valid_without_etag(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (reply->code == CS_CODE(2, 3))
    cs_server_reply_remove(reply, CS_OPT_ETAG);
}

static void valid_with_payload(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (reply->code == CS_CODE(2, 3))
    cs_server_reply_payload(reply, cs_span_str("still the same"));
}

static void set_etag(cs_server_reply *reply, cs_span etag) {
  cs_server_reply_remove(reply, CS_OPT_ETAG);
  cs_server_reply_option(reply, CS_OPT_ETAG, etag);
}

static void valid_other_etag(cs_defect_turn *t, const cs_server_request *q,
                             cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (reply->code == CS_CODE(2, 3))
    set_etag(reply, cs_span_str("other"));
}

static void valid_first_etag(cs_defect_turn *t, const cs_server_request *q,
                             cs_server_reply *reply) {
  (void)t;
  cs_span etag;
  if (reply->code == CS_CODE(2, 3) && cs_wire_option_get(q->message.options, CS_OPT_ETAG, &etag))
    set_etag(reply, etag);
}

static void any_etag_valid(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  cs_span etag;
  if (reply->code != CS_CODE(2, 5) || !cs_wire_option_get(q->message.options, CS_OPT_ETAG, &etag))
    return;
  cs_server_reply_init(reply, CS_CODE(2, 3));
  set_etag(reply, etag);
}

static bool etag_not_text(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_ETAG && !cs_wire_utf8_valid(o->value);
}

static bool etag_must_be_text(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (!cs_defect_any_option(q->message.options, etag_not_text))
    return true;
  cs_server_reply_error(reply, CS_CODE(4, 0), "an ETag is text");
  return false;
}

static bool etag_twice(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  cs_span etag;
  if (cs_defect_is_response(d) && cs_wire_option_get(d->m.options, CS_OPT_ETAG, &etag))
    cs_defect_add_option(d, CS_OPT_ETAG, cs_span_str("second"));
  return true;
}

/* All representations have one ETag, and who asks with it gets 2.03. */
static void etag_constant(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  cs_span same = cs_span_str("same");
  cs_span asked;
  if (q->message.code != 1 || CS_CODE_CLASS(reply->code) != 2)
    return;
  if (cs_wire_option_get(q->message.options, CS_OPT_ETAG, &asked) && cs_span_equal(asked, same))
    cs_server_reply_init(reply, CS_CODE(2, 3));
  set_etag(reply, same);
}

/* The ETag of a response to PUT is not what GET says. */
static void etag_outdated(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (q->message.code == 3 && CS_CODE_CLASS(reply->code) == 2)
    set_etag(reply, cs_span_str("before"));
}

/* ---- 5.10.7 ---- */

static void location_dot(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (reply->code != CS_CODE(2, 1))
    return;
  cs_server_reply_remove(reply, CS_OPT_LOCATION_PATH);
  cs_server_reply_option(reply, CS_OPT_LOCATION_PATH, cs_span_str(".."));
}

static void location_elsewhere(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  (void)q;
  cs_span path;
  if (cs_wire_option_get(cs_span_of(reply->options, reply->options_len), CS_OPT_LOCATION_PATH,
                         &path) &&
      path.len)
    reply->options[(size_t)(path.at - reply->options)] ^= 1;
}

/* ---- 5.10.8 ---- */

static bool if_match(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_IF_MATCH;
}

static bool if_match_value(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_IF_MATCH && o->value.len > 0;
}

static bool if_match_later(const cs_wire_option *o, size_t count) {
  return o->number == CS_OPT_IF_MATCH && count > 0;
}

static bool if_match_empty(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_IF_MATCH && o->value.len == 0;
}

static bool if_none_match(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_IF_NONE_MATCH;
}

static bool condition(const cs_wire_option *o, size_t count) {
  return if_match(o, count) || if_none_match(o, count);
}

static bool if_match_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return drop(t, q, if_match);
}

static bool if_match_first_only(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return drop(t, q, if_match_later);
}

static bool if_match_empty_always(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return drop(t, q, if_match_empty);
}

static bool if_none_match_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  return drop(t, q, if_none_match);
}

static bool fails_for(const cs_server_request *q, cs_server_reply *reply, cs_defect_choice chosen) {
  if (!cs_defect_any_option(q->message.options, chosen))
    return true;
  cs_server_reply_error(reply, CS_CODE(4, 12), "the condition never holds");
  return false;
}

static bool if_match_never(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return fails_for(q, reply, if_match_value);
}

static bool if_match_empty_never(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return fails_for(q, reply, if_match_empty);
}

static bool if_none_match_never(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return fails_for(q, reply, if_none_match);
}

static void as_bad_request(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (reply->code == CS_CODE(4, 12))
    reply->code = CS_CODE(4, 0);
}

/* The method is performed without its condition, and what it changed is
 * answered as if it had not been; number[0] tells the one from the other. */
static bool perform(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  t->mine->number[0] = cs_defect_any_option(q->message.options, condition);
  return drop(t, q, condition);
}

static void deny(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)q;
  if (t->mine->number[0] && reply->code == CS_CODE(2, 4))
    cs_server_reply_error(reply, CS_CODE(4, 12), "not performed, or so it is said");
}

static const cs_defect table[] = {
    {.row = {"valid-without-etag", "RFC7252#5.9.1.3:valid-with-etag",
             "A 2.03 response has no ETag.", CS_DEFECT_ANY},
     .reply = valid_without_etag},
    {.row = {"valid-with-payload", "RFC7252#5.9.1.3:valid-without-payload",
             "A 2.03 response has a payload.", CS_DEFECT_ANY},
     .reply = valid_with_payload},
    {.row = {"accept-ignored", "RFC7252#5.10.4:accept-preferred",
             "The preferred format is sent, whatever Accept says.", CS_DEFECT_ANY},
     .request = accept_ignored},
    {.row = {"accept-unmet-ignored", "RFC7252#5.10.4:not-acceptable",
             "An Accept that cannot be met is ignored.", CS_DEFECT_ANY},
     .request = accept_ignored},
    {.row = {"etag-constant", "RFC7252#5.10.6:etag-differs",
             "The ETag stays as it is when the representation changes.", CS_DEFECT_ANY},
     .reply = etag_constant},
    {.row = {"etag-of-before", "RFC7252#5.10.6.1:etag-current",
             "The ETag of a response to PUT is not that of what was stored.", CS_DEFECT_ANY},
     .reply = etag_outdated},
    {.row = {"etag-must-be-text", "RFC7252#5.10.6:etag-opaque",
             "An ETag that is no UTF-8 causes 4.00.", CS_DEFECT_ANY},
     .request = etag_must_be_text},
    {.row = {"etag-twice", "RFC7252#5.10.6.1:etag-once", "A response has two ETags.",
             CS_DEFECT_ANY},
     .out = etag_twice},
    {.row = {"valid-other-etag", "RFC7252#5.10.6.2:valid-echoes-etag",
             "A 2.03 response has an ETag that was not asked about.", CS_DEFECT_ANY},
     .reply = valid_other_etag},
    {.row = {"valid-first-etag", "RFC7252#5.10.6.2:valid-echoes-etag",
             "A 2.03 response echoes the first ETag, not the valid one.", CS_DEFECT_ANY},
     .reply = valid_first_etag},
    {.row = {"any-etag-valid", "RFC7252#5.10.6.2:validation-failed",
             "Any ETag is answered by 2.03.", CS_DEFECT_ANY},
     .reply = any_etag_valid},
    {.row = {"location-dot", "RFC7252#5.10.7:location-path-dot", "A Location-Path is two dots.",
             CS_DEFECT_ANY},
     .reply = location_dot},
    {.row = {"location-elsewhere", "RFC7252#5.10.7:location-resolves",
             "A location is not where the resource was created.", CS_DEFECT_ANY},
     .reply = location_elsewhere},
    {.row = {"if-match-ignored", "RFC7252#5.10.8:precondition-failed", "If-Match is ignored.",
             CS_DEFECT_ANY},
     .request = if_match_ignored},
    {.row = {"precondition-as-bad-request", "RFC7252#5.10.8:precondition-failed",
             "A condition that does not hold yields 4.00.", CS_DEFECT_ANY},
     .reply = as_bad_request},
    {.row = {"precondition-performed", "RFC7252#5.10.8:condition-not-performed",
             "A change whose condition does not hold is made all the same.", CS_DEFECT_ANY},
     .request = perform,
     .reply = deny},
    {.row = {"if-match-never", "RFC7252#5.10.8:condition-fulfilled",
             "No ETag in If-Match ever matches.", CS_DEFECT_ANY},
     .request = if_match_never},
    {.row = {"if-none-match-never", "RFC7252#5.10.8:condition-fulfilled",
             "If-None-Match never holds.", CS_DEFECT_ANY},
     .request = if_none_match_never},
    {.row = {"if-match-first-only", "RFC7252#5.10.8.1:if-match-any",
             "Only the first If-Match counts.", CS_DEFECT_ANY},
     .request = if_match_first_only},
    {.row = {"if-match-empty-never", "RFC7252#5.10.8.1:if-match-empty",
             "An empty If-Match never holds.", CS_DEFECT_ANY},
     .request = if_match_empty_never},
    {.row = {"if-match-empty-always", "RFC7252#5.10.8.1:if-match-empty",
             "An empty If-Match holds for what does not exist.", CS_DEFECT_ANY},
     .request = if_match_empty_always},
    {.row = {"if-none-match-ignored", "RFC7252#5.10.8.2:if-none-match-exists",
             "If-None-Match is ignored.", CS_DEFECT_ANY},
     .request = if_none_match_ignored},
};

const cs_defect_family cs_defects_representation = {table, sizeof table / sizeof *table};
