/* Defects of RFC 7252 section 5.4 and of the options of 5.10.1 and 5.10.2:
 * how options are recognised. Those of representations and conditions are in
 * defects_representation.c. */
#include "server/defects_edit.h"

static bool bad_option(cs_server_reply *reply, const char *text) {
  cs_server_reply_error(reply, CS_CODE(4, 2), text);
  return false;
}

/* ---- 5.4 ---- */

static bool response_only(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_LOCATION_PATH || o->number == CS_OPT_LOCATION_QUERY ||
         o->number == CS_OPT_MAX_AGE;
}

static bool undefined_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return !cs_defect_any_option(q->message.options, response_only) ||
         bad_option(reply, "not in a request");
}

static bool with_uri_path(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_response_of(d, 2))
    cs_defect_add_option(d, CS_OPT_URI_PATH, cs_span_str("here"));
  return true;
}

static bool with_accept(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_response_of(d, 2))
    cs_defect_add_option(d, CS_OPT_ACCEPT, cs_span_of(NULL, 0));
  return true;
}

/* Notes the first critical option that is not known; number[0] is its number. */
static bool note_critical(cs_defect_turn *t, cs_defect_message *d) {
  t->mine->number[0] = 0;
  if (!cs_defect_is_request(d))
    return true;
  cs_wire_option_iter it = cs_wire_options(d->m.options);
  cs_wire_option o;
  while (t->mine->number[0] == 0 && cs_wire_option_next(&it, &o))
    if (cs_defect_unknown_critical(&o, 0))
      t->mine->number[0] = o.number;
  return true;
}

static bool return_critical(cs_defect_turn *t, cs_defect_message *d) {
  if (t->mine->number[0] && cs_defect_is_response(d) && d->m.code == CS_CODE(4, 2))
    cs_defect_add_option(d, (uint16_t)t->mine->number[0], cs_span_str("what is this"));
  return true;
}

/* ---- 5.4.1 ---- */

static bool elective_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return !cs_defect_any_option(q->message.options, cs_defect_unknown_elective) ||
         bad_option(reply, "unknown, though elective");
}

static bool rejected_for(cs_defect_turn *t, cs_defect_message *d, cs_defect_choice chosen) {
  return !cs_defect_is_request(d) || !cs_defect_any_option(d->m.options, chosen) ||
         cs_defect_reject(t, d);
}

static bool elective_rejected(cs_defect_turn *t, cs_defect_message *d) {
  return rejected_for(t, d, cs_defect_unknown_elective);
}

static bool critical_rejected(cs_defect_turn *t, cs_defect_message *d) {
  return d->m.type != CS_CON || rejected_for(t, d, cs_defect_unknown_critical);
}

static bool critical_ignored(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_request(d) && d->m.type == CS_CON)
    cs_defect_drop_options(d, cs_defect_unknown_critical);
  return true;
}

static bool critical_in_non_ignored(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_request(d) && d->m.type == CS_NON)
    cs_defect_drop_options(d, cs_defect_unknown_critical);
  return true;
}

static bool without_diagnostic(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_response(d) && d->m.code == CS_CODE(4, 2)) {
    cs_wire_message m = d->m;
    m.payload = cs_span_of(NULL, 0);
    cs_defect_set(d, &m);
  }
  return true;
}

/* ---- 5.4.3, 5.4.4, 5.4.5 ---- */

static bool wrong_length_ignored(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_request(d))
    cs_defect_drop_options(d, cs_defect_long_critical);
  return true;
}

static bool wrong_length_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return !cs_defect_any_option(q->message.options, cs_defect_long_elective) ||
         bad_option(reply, "wrong length, though elective");
}

static void max_age_sixty(cs_defect_turn *t, const cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (CS_CODE_CLASS(reply->code) == 2) {
    cs_server_reply_remove(reply, CS_OPT_MAX_AGE);
    cs_server_reply_uint(reply, CS_OPT_MAX_AGE, 60);
  }
}

static bool repetition_ignored(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_request(d))
    cs_defect_drop_options(d, cs_defect_repeated_critical);
  return true;
}

static bool repeated_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return !cs_defect_any_option(q->message.options, cs_defect_repeated_elective) ||
         bad_option(reply, "once too often, though elective");
}

static bool format_twice(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  cs_span value;
  if (cs_defect_is_response(d) && cs_wire_option_get(d->m.options, CS_OPT_CONTENT_FORMAT, &value))
    cs_defect_add_option(d, CS_OPT_CONTENT_FORMAT, value);
  return true;
}

static bool max_age_twice(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  uint8_t age[] = {5, 6};
  if (cs_defect_is_response_of(d, 2)) {
    cs_defect_add_option(d, CS_OPT_MAX_AGE, cs_span_of(age, 1));
    cs_defect_add_option(d, CS_OPT_MAX_AGE, cs_span_of(age + 1, 1));
  }
  return true;
}

static bool option_zero(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == 0;
}

static bool zero_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return !cs_defect_any_option(q->message.options, option_zero) ||
         bad_option(reply, "a reserved number");
}

/* ---- 5.7.2, 5.10.1, 5.10.2 ---- */

static bool proxy_scheme(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_PROXY_SCHEME;
}

static bool proxy_uri(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_PROXY_URI;
}

static bool proxy_scheme_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  cs_defect_drop_request_options(t, q, proxy_scheme);
  return true;
}

static bool proxy_uri_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  cs_defect_drop_request_options(t, q, proxy_uri);
  return true;
}

static bool proxy_uri_second(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  if (cs_server_request_has(q, CS_OPT_URI_PATH))
    cs_defect_drop_request_options(t, q, proxy_uri);
  return true;
}

static bool proxy_option(const cs_wire_option *o, size_t count) {
  return proxy_scheme(o, count) || proxy_uri(o, count);
}

static bool proxy_ignored(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  cs_defect_drop_request_options(t, q, proxy_option);
  return true;
}

static bool proxy_unanswered(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  reply->silent = cs_defect_any_option(q->message.options, proxy_option);
  return !reply->silent;
}

/* What a proxy says that waited for itself in vain. */
static bool own_forwarded(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  if (!cs_server_request_has(q, CS_OPT_PROXY_SCHEME) || cs_server_request_has(q, CS_OPT_URI_HOST))
    return true;
  cs_server_reply_error(reply, CS_CODE(5, 4), "nobody answers");
  return false;
}

static bool has(const cs_defect_message *d, uint16_t number) {
  cs_span value;
  return cs_defect_is_request(d) && cs_wire_option_get(d->m.options, number, &value);
}

static bool uri_host_unanswered(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return !has(d, CS_OPT_URI_HOST);
}

static bool uri_port_unanswered(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return !has(d, CS_OPT_URI_PORT);
}

/* Writes the options anew, each Uri-Path by way of write. */
static void rewrite_path(cs_defect_turn *t, cs_server_request *q,
                         void (*write)(cs_wire_option_writer *w, cs_span segment)) {
  cs_base_writer out = cs_base_writer_of(t->mine->bytes, sizeof t->mine->bytes);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_option_iter it = cs_wire_options(q->message.options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    if (o.number == CS_OPT_URI_PATH)
      write(&w, o.value);
    else
      (void)cs_wire_option_put(&w, o.number, o.value);
  }
  q->message.options = cs_base_written(&out);
}

static void write_split(cs_wire_option_writer *w, cs_span segment) {
  size_t from = 0;
  for (size_t i = 0; i <= segment.len; i++) {
    if (i < segment.len && segment.at[i] != '/')
      continue;
    (void)cs_wire_option_put(w, CS_OPT_URI_PATH, cs_span_cut(segment, from, i - from));
    from = i + 1;
  }
}

static unsigned hex(uint8_t c) {
  if (c >= '0' && c <= '9')
    return c - '0' + 0u;
  unsigned low = c | 0x20u;
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : 16;
}

static void write_decoded(cs_wire_option_writer *w, cs_span segment) {
  uint8_t buf[256];
  size_t len = 0;
  for (size_t i = 0; i < segment.len && len < sizeof buf; i++) {
    uint8_t c = segment.at[i];
    if (c == '%' && i + 2 < segment.len && hex(segment.at[i + 1]) < 16 &&
        hex(segment.at[i + 2]) < 16) {
      c = (uint8_t)(hex(segment.at[i + 1]) << 4 | hex(segment.at[i + 2]));
      i += 2;
    }
    buf[len++] = c;
  }
  (void)cs_wire_option_put(w, CS_OPT_URI_PATH, cs_span_of(buf, len));
}

static bool path_split(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  rewrite_path(t, q, write_split);
  return true;
}

static bool path_decoded(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)reply;
  rewrite_path(t, q, write_decoded);
  return true;
}

static bool query_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return !cs_server_request_has(q, CS_OPT_URI_QUERY) || bad_option(reply, "no queries here");
}

static const cs_defect table[] = {
    {.row = {"undefined-option-refused", "RFC7252#5.4:option-undefined",
             "An elective option that requests do not have causes 4.02.", CS_DEFECT_ANY},
     .request = undefined_refused},
    {.row = {"response-with-uri-path", "RFC7252#5.4:option-undefined-sent",
             "A response has a Uri-Path.", CS_DEFECT_ANY},
     .out = with_uri_path},
    {.row = {"response-with-accept", "RFC7252#5.4:option-undefined-sent",
             "A response has an Accept.", CS_DEFECT_ANY},
     .out = with_accept},
    {.row = {"bad-option-returned", "RFC7252#5.4:option-undefined-sent",
             "A 4.02 response has the option that was not recognised.", CS_DEFECT_ANY},
     .in = note_critical,
     .out = return_critical},
    {.row = {"elective-refused", "RFC7252#5.4.1:elective-ignored",
             "An unknown elective option causes 4.02.", CS_DEFECT_ANY},
     .request = elective_refused},
    {.row = {"elective-rejected", "RFC7252#5.4.1:elective-ignored",
             "An unknown elective option causes a Reset, or an Abort.", CS_DEFECT_ANY},
     .in = elective_rejected},
    {.row = {"critical-ignored", "RFC7252#5.4.1:critical-unrecognised",
             "An unknown critical option in a Confirmable request is ignored.", CS_DEFECT_ANY},
     .in = critical_ignored},
    {.row = {"critical-rejected", "RFC7252#5.4.1:critical-unrecognised",
             "An unknown critical option in a Confirmable request causes a Reset.", CS_DEFECT_UDP},
     .in = critical_rejected},
    {.row = {"bad-option-without-diagnostic", "RFC7252#5.4.1:bad-option-diagnostic",
             "A 4.02 response has no payload.", CS_DEFECT_ANY},
     .out = without_diagnostic},
    {.row = {"critical-in-non-ignored", "RFC7252#5.4.1:critical-in-non",
             "An unknown critical option in a Non-confirmable request is ignored.", CS_DEFECT_UDP},
     .in = critical_in_non_ignored},
    {.row = {"wrong-length-ignored", "RFC7252#5.4.3:option-length",
             "A critical option of a length outside its range is ignored.", CS_DEFECT_ANY},
     .in = wrong_length_ignored},
    {.row = {"wrong-length-elective-refused", "RFC7252#5.4.3:elective-length",
             "An elective option of a length outside its range causes 4.02.", CS_DEFECT_ANY},
     .request = wrong_length_refused},
    {.row = {"max-age-sixty", "RFC7252#5.4.4:default-omitted",
             "A response says Max-Age 60, which is the default.", CS_DEFECT_ANY},
     .reply = max_age_sixty},
    {.row = {"content-format-twice", "RFC7252#5.4.5:repeated-sent",
             "A response has its Content-Format twice.", CS_DEFECT_ANY},
     .out = format_twice},
    {.row = {"max-age-twice", "RFC7252#5.4.5:repeated-sent", "A response has two Max-Ages.",
             CS_DEFECT_ANY},
     .out = max_age_twice},
    {.row = {"repetition-ignored", "RFC7252#5.4.5:option-repeated",
             "A critical option that comes once too often is ignored.", CS_DEFECT_ANY},
     .in = repetition_ignored},
    {.row = {"repeated-elective-refused", "RFC7252#5.4.5:elective-repeated",
             "An elective option that comes once too often causes 4.02.", CS_DEFECT_ANY},
     .request = repeated_refused},
    {.row = {"proxy-scheme-ignored", "RFC7252#5.7.2:not-a-proxy",
             "A request with Proxy-Scheme is served as a local one.", CS_DEFECT_ANY},
     .request = proxy_scheme_ignored},
    {.row = {"proxy-options-ignored", "RFC7252#5.7.2:not-a-proxy",
             "A proxy request of either kind is served as a local one.", CS_DEFECT_ANY},
     .request = proxy_ignored},
    {.row = {"own-authority-forwarded", "RFC7252#5.7.2:own-authority",
             "A proxy request for the endpoint itself gets 5.04.", CS_DEFECT_ANY},
     .request = own_forwarded},
    {.row = {"proxy-request-unanswered", "RFC7252#5.10.2:proxy-uri-refused",
             "A proxy request is not answered.", CS_DEFECT_UDP},
     .request = proxy_unanswered},
    {.row = {"uri-host-unanswered", "RFC7252#5.10.1:uri-host",
             "A request with Uri-Host is not answered.", CS_DEFECT_ANY},
     .in = uri_host_unanswered},
    {.row = {"uri-port-unanswered", "RFC7252#5.10.1:uri-port",
             "A request with Uri-Port is not answered.", CS_DEFECT_ANY},
     .in = uri_port_unanswered},
    {.row = {"path-split-at-slash", "RFC7252#5.10.1:uri-path-segment",
             "A Uri-Path with a slash counts as several segments.", CS_DEFECT_ANY},
     .request = path_split},
    {.row = {"path-percent-decoded", "RFC7252#5.10.1:uri-path-segment",
             "A Uri-Path is percent-decoded.", CS_DEFECT_ANY},
     .request = path_decoded},
    {.row = {"query-refused", "RFC7252#5.10.1:uri-query-argument",
             "A request with Uri-Query gets 4.02.", CS_DEFECT_ANY},
     .request = query_refused},
    {.row = {"proxy-uri-ignored", "RFC7252#5.10.2:proxy-uri-refused",
             "A request with Proxy-Uri is served as a local one.", CS_DEFECT_ANY},
     .request = proxy_uri_ignored},
    {.row = {"proxy-uri-second", "RFC7252#5.10.2:proxy-uri-precedence",
             "Uri-Path takes precedence over Proxy-Uri.", CS_DEFECT_ANY},
     .request = proxy_uri_second},
    {.row = {"option-zero-refused", "RFC7252#12.2:reserved-zero",
             "Option number 0 causes 4.02, though it is elective.", CS_DEFECT_ANY},
     .request = zero_refused},
};

const cs_defect_family cs_defects_option = {table, sizeof table / sizeof *table};
