/* Defects of RFC 7252 in what the option table of section 5.10 allows, in the
 * strings of section 3.2 and in sizes (4.6, 5.9.2.9). */
#include <string.h>

#include "server/defects_edit.h"

enum { LONGEST = 255, OVER_MTU = 1300 };

static bool refuse(const cs_server_request *q, cs_server_reply *reply, cs_defect_choice chosen) {
  if (!cs_defect_any_option(q->message.options, chosen))
    return true;
  cs_server_reply_error(reply, CS_CODE(4, 2), "not in this table");
  return false;
}

/* ---- Uri-Path, Uri-Query ---- */

static bool path_long(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_URI_PATH && o->value.len == LONGEST;
}

static bool path_empty(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_URI_PATH && o->value.len == 0;
}

static bool path_again(const cs_wire_option *o, size_t count) {
  return o->number == CS_OPT_URI_PATH && count > 0;
}

static bool query_long(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_URI_QUERY && o->value.len == LONGEST;
}

static bool query_empty(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_URI_QUERY && o->value.len == 0;
}

static bool path_long_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, path_long);
}

static bool path_empty_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, path_empty);
}

static bool path_once(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, path_again);
}

static bool query_long_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, query_long);
}

static bool query_empty_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, query_empty);
}

/* ---- Size1 ---- */

static bool size1(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == CS_OPT_SIZE1;
}

static bool size1_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refuse(q, reply, size1);
}

static void too_large_without_size1(cs_defect_turn *t, const cs_server_request *q,
                                    cs_server_reply *reply) {
  (void)t;
  (void)q;
  if (reply->code == CS_CODE(4, 13))
    cs_server_reply_remove(reply, CS_OPT_SIZE1);
}

/* ---- strings, sizes of messages ---- */

/* The first byte of the first Location-Path or Location-Query is one that UTF-8
 * never has. */
static void location_not_utf8(cs_defect_turn *t, const cs_server_request *q,
                              cs_server_reply *reply) {
  (void)t;
  (void)q;
  cs_span options = cs_span_of(reply->options, reply->options_len);
  cs_span value;
  if ((cs_wire_option_get(options, CS_OPT_LOCATION_PATH, &value) ||
       cs_wire_option_get(options, CS_OPT_LOCATION_QUERY, &value)) &&
      value.len)
    reply->options[(size_t)(value.at - reply->options)] = 0xff;
}

/* A representation is filled up with blanks until its message is longer than a
 * packet of 1280 bytes takes. */
static bool response_over_mtu(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  uint8_t payload[OVER_MTU];
  if (!cs_defect_is_response_of(d, 2) || d->m.payload.len == 0)
    return true;
  memset(payload, ' ', sizeof payload);
  memcpy(payload, d->m.payload.at, d->m.payload.len < OVER_MTU ? d->m.payload.len : OVER_MTU);
  cs_wire_message m = d->m;
  m.payload = cs_span_of(payload, sizeof payload);
  cs_defect_set(d, &m);
  return true;
}

static const cs_defect table[] = {
    {.row = {"location-not-utf8", "RFC7252#3.2:string-utf8",
             "A Location-Path or Location-Query is not UTF-8.", CS_DEFECT_ANY},
     .reply = location_not_utf8},
    {.row = {"response-over-mtu", "RFC7252#4.6:mtu-assumed",
             "A representation comes in a datagram of over 1300 bytes.", CS_DEFECT_UDP},
     .out = response_over_mtu},
    {.row = {"too-large-without-size1", "RFC7252#5.9.2.9:too-large-size1",
             "A 4.13 response has no Size1.", CS_DEFECT_ANY},
     .reply = too_large_without_size1},
    {.row = {"uri-path-255-refused", "RFC7252#5.10:table-uri-path",
             "A Uri-Path of 255 bytes causes 4.02.", CS_DEFECT_ANY},
     .request = path_long_refused},
    {.row = {"uri-path-empty-refused", "RFC7252#5.10:table-uri-path",
             "An empty Uri-Path causes 4.02.", CS_DEFECT_ANY},
     .request = path_empty_refused},
    {.row = {"uri-path-once", "RFC7252#5.10:table-uri-path", "A second Uri-Path causes 4.02.",
             CS_DEFECT_ANY},
     .request = path_once},
    {.row = {"uri-query-255-refused", "RFC7252#5.10:table-uri-query",
             "A Uri-Query of 255 bytes causes 4.02.", CS_DEFECT_ANY},
     .request = query_long_refused},
    {.row = {"uri-query-empty-refused", "RFC7252#5.10:table-uri-query",
             "An empty Uri-Query causes 4.02.", CS_DEFECT_ANY},
     .request = query_empty_refused},
    {.row = {"size1-refused", "RFC7252#5.10:table-size1", "A request with Size1 gets 4.02.",
             CS_DEFECT_ANY},
     .request = size1_refused},
};

const cs_defect_family cs_defects_range = {table, sizeof table / sizeof *table};
