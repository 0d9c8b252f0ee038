/* Defects of RFC 8323 section 3: framing, the first CSM, requests and responses
 * on a connection. Signaling is in defects_signaling.c. */
#include <string.h>

#include "server/defects_edit.h"

enum { CSM = CS_CODE(7, 1), PING = CS_CODE(7, 2), MAX_MESSAGE_SIZE = 2 };

static bool is(const cs_defect_message *d, uint8_t code) {
  return d->broken == CS_RULE_NONE && d->m.code == code;
}

static void answer(cs_defect_turn *t, const cs_defect_message *d, uint8_t code) {
  const cs_wire_message m = {.code = code, .token = d->m.token};
  cs_defect_send_message(t, &m, 0);
}

/* ---- 3.1, 3.2 ---- */

static bool repeated_dropped(cs_defect_turn *t, cs_defect_message *d) {
  if (!cs_defect_is_request(d))
    return true;
  cs_span bytes = cs_span_of(d->bytes, d->len);
  if (cs_span_equal(bytes, cs_span_of(t->mine->bytes, t->mine->len)))
    return false;
  memcpy(t->mine->bytes, d->bytes, d->len);
  t->mine->len = d->len;
  return true;
}

/* Writes the message anew with a Length that counts more or less than its
 * content. */
static void claim(cs_defect_message *d, int more) {
  size_t content = d->m.options.len + (d->m.payload.len ? 1 + d->m.payload.len : 0);
  size_t said = more < 0 ? content - (size_t)-more : content + (size_t)more;
  uint8_t buf[CS_SERVER_MESSAGE_MAX];
  cs_base_writer w = cs_base_writer_of(buf, sizeof buf);
  unsigned nibble = said < 13 ? (unsigned)said : said < 269 ? 13 : 14;
  cs_base_put_u8(&w, (uint8_t)(nibble << 4 | d->m.token.len));
  if (nibble == 13)
    cs_base_put_u8(&w, (uint8_t)(said - 13));
  else if (nibble == 14)
    cs_base_put_u16(&w, (uint16_t)(said - 269));
  cs_base_put_u8(&w, d->m.code);
  cs_base_put_span(&w, d->m.token);
  cs_base_put_span(&w, cs_span_of(d->bytes + d->len - content, content));
  cs_defect_set_bytes(d, cs_base_written(&w));
}

static bool length_with_token(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_response(d))
    claim(d, (int)d->m.token.len);
  return true;
}

static bool length_without_marker(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (cs_defect_is_response(d) && d->m.payload.len)
    claim(d, -1);
  return true;
}

static bool length_refused(cs_defect_turn *t, const cs_defect_message *d, unsigned nibble) {
  if (d->bytes[0] >> 4 != nibble)
    return true;
  cs_defect_close(t);
  return false;
}

static bool length_13_refused(cs_defect_turn *t, cs_defect_message *d) {
  return length_refused(t, d, 13);
}

static bool length_14_refused(cs_defect_turn *t, cs_defect_message *d) {
  return length_refused(t, d, 14);
}

static bool whole_segments_only(cs_defect_turn *t, cs_span bytes) {
  size_t total;
  (void)t;
  return cs_wire_tcp_frame(bytes, &total) == CS_OK && total == bytes.len;
}

/* ---- 3.3: the first CSM ---- */

static bool csm_not_sent(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return !is(d, CSM);
}

static bool csm_behind_ping(cs_defect_turn *t, cs_defect_message *d) {
  const cs_wire_message ping = {.code = PING};
  if (is(d, CSM))
    cs_defect_send_message(t, &ping, 0);
  return true;
}

static bool csm_empty_refused(cs_defect_turn *t, cs_defect_message *d) {
  return !is(d, CSM) || d->m.options.len > 0 || cs_defect_reject(t, d);
}

/* Drops what comes at the very time of the CSM; number[0] is that plus 1. */
static bool early_dropped(cs_defect_turn *t, cs_defect_message *d) {
  if (is(d, CSM))
    t->mine->number[0] = t->now + 1;
  return !cs_defect_is_request(d) || t->mine->number[0] != t->now + 1;
}

/* Whether a request comes before any CSM; number[0] is set by that. */
static bool before_csm(cs_defect_turn *t, const cs_defect_message *d) {
  if (is(d, CSM))
    t->mine->number[0] = 1;
  return cs_defect_is_request(d) && t->mine->number[0] == 0;
}

static bool csm_not_missed(cs_defect_turn *t, cs_defect_message *d) {
  if (!before_csm(t, d))
    return true;
  answer(t, d, CS_CODE(2, 5));
  return false;
}

static bool csm_missing_unpunished(cs_defect_turn *t, cs_defect_message *d) {
  return !before_csm(t, d);
}

static bool csm_invalid_accepted(cs_defect_turn *t, cs_defect_message *d) {
  static const uint8_t csm[] = {0x00, CSM};
  (void)t;
  if (d->broken != CS_RULE_NONE && cs_defect_code(d) == CSM)
    cs_defect_set_bytes(d, cs_span_of(csm, sizeof csm));
  return true;
}

static bool csm_invalid_dropped(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->broken == CS_RULE_NONE || cs_defect_code(d) != CSM;
}

/* ---- 3.3: requests and responses ---- */

/* Drops a request that comes at the time of the one before. */
static bool pipelined_dropped(cs_defect_turn *t, cs_defect_message *d) {
  if (!cs_defect_is_request(d))
    return true;
  bool together = t->mine->number[0] == t->now + 1;
  t->mine->number[0] = t->now + 1;
  return !together;
}

/* The connection that came last is shared->number[0]. */
static bool note_newest(cs_defect_turn *t, cs_defect_message *d) {
  (void)d;
  if (t->mine->number[0] == 0)
    t->shared->number[0] = t->peer;
  t->mine->number[0] = 1;
  return true;
}

static bool send_on_newest(cs_defect_turn *t, cs_defect_message *d) {
  if (!cs_defect_is_response(d) || t->shared->number[0] == t->peer)
    return true;
  cs_defect_turn other = *t;
  other.peer = t->shared->number[0];
  cs_defect_send(&other, cs_span_of(d->bytes, d->len), 0);
  return false;
}

static bool holds_token(const cs_defect_turn *t, const cs_defect_message *d) {
  return t->shared->number[0] &&
         cs_span_equal(d->m.token, cs_span_of(t->shared->bytes, t->shared->len));
}

/* The last open request of all connections: its token, and in number[0] its
 * connection. */
static bool token_taken(cs_defect_turn *t, cs_defect_message *d) {
  if (!cs_defect_is_request(d) || d->m.token.len == 0)
    return true;
  if (holds_token(t, d) && t->shared->number[0] != t->peer)
    return false;
  t->shared->number[0] = t->peer;
  memcpy(t->shared->bytes, d->m.token.at, d->m.token.len);
  t->shared->len = d->m.token.len;
  return true;
}

static bool token_given_back(cs_defect_turn *t, cs_defect_message *d) {
  if (cs_defect_is_response(d) && holds_token(t, d) && t->shared->number[0] == t->peer)
    t->shared->number[0] = 0;
  return true;
}

/* ---- 3.4 ---- */

static bool empty_aborted(cs_defect_turn *t, cs_defect_message *d) {
  return !is(d, CS_CODE_EMPTY) || cs_defect_reject(t, d);
}

static bool empty_answered(cs_defect_turn *t, cs_defect_message *d) {
  if (is(d, CS_CODE_EMPTY))
    cs_defect_send_empty(t, CS_ACK, 0, 0);
  return true;
}

static bool full_empty_answered(cs_defect_turn *t, cs_defect_message *d) {
  if (!is(d, CS_CODE_EMPTY) || (d->m.token.len == 0 && d->m.payload.len == 0))
    return true;
  answer(t, d, CS_CODE(4, 0));
  return false;
}

/* A CSM that says no size says the last one of any connection, which is
 * shared->number[0] less 1. */
static bool settings_outlive(cs_defect_turn *t, cs_defect_message *d) {
  cs_span value;
  uint32_t size;
  if (!is(d, CSM))
    return true;
  if (cs_wire_option_get(d->m.options, MAX_MESSAGE_SIZE, &value)) {
    if (cs_wire_uint(value, &size) == CS_OK)
      t->shared->number[0] = size + 1u;
  } else if (t->shared->number[0]) {
    uint8_t buf[4];
    size_t len = cs_wire_uint_put((uint32_t)(t->shared->number[0] - 1), buf);
    cs_defect_add_option(d, MAX_MESSAGE_SIZE, cs_span_of(buf, len));
  }
  return true;
}

static const cs_defect table[] = {
    {.row = {"repeated-request-dropped", "RFC8323#3.1:no-deduplication",
             "A request that is the same as the one before is dropped.", CS_DEFECT_STREAM},
     .in = repeated_dropped},
    {.row = {"length-with-token", "RFC8323#3.2:length-mismatch",
             "The Length of a response counts its token.", CS_DEFECT_TCP},
     .out = length_with_token},
    {.row = {"length-without-marker", "RFC8323#3.2:length-mismatch",
             "The Length of a response does not count the payload marker.", CS_DEFECT_TCP},
     .out = length_without_marker},
    {.row = {"length-one-byte-refused", "RFC8323#3.2:length-extended",
             "A message with a Length of 13 closes the connection.", CS_DEFECT_TCP},
     .in = length_13_refused},
    {.row = {"length-two-bytes-refused", "RFC8323#3.2:length-extended",
             "A message with a Length of 14 closes the connection.", CS_DEFECT_TCP},
     .in = length_14_refused},
    {.row = {"segment-is-message", "RFC8323#3.2:delimited-by-length",
             "A segment that is not one whole message is dropped.", CS_DEFECT_TCP},
     .bytes_in = whole_segments_only},
    {.row = {"csm-not-sent", "RFC8323#3.3:csm-first", "No CSM is sent.", CS_DEFECT_STREAM},
     .out = csm_not_sent},
    {.row = {"csm-behind-ping", "RFC8323#3.3:csm-first", "A Ping is sent before the CSM.",
             CS_DEFECT_STREAM},
     .out = csm_behind_ping},
    {.row = {"csm-empty-refused", "RFC8323#3.3:csm-base-values",
             "A CSM without options aborts the connection.", CS_DEFECT_STREAM},
     .in = csm_empty_refused},
    {.row = {"early-request-dropped", "RFC8323#3.3:early-request",
             "A request that comes together with the CSM is dropped.", CS_DEFECT_STREAM},
     .in = early_dropped},
    {.row = {"csm-not-missed", "RFC8323#3.3:csm-missing",
             "A request that comes before any CSM is answered.", CS_DEFECT_STREAM},
     .in = csm_not_missed},
    {.row = {"csm-missing-unpunished", "RFC8323#3.3:csm-missing",
             "A request that comes before any CSM is dropped, and nothing else happens.",
             CS_DEFECT_STREAM},
     .setup = cs_defect_patient,
     .in = csm_missing_unpunished},
    {.row = {"csm-invalid-accepted", "RFC8323#3.3:csm-invalid",
             "A malformed CSM counts as one without options.", CS_DEFECT_STREAM},
     .in = csm_invalid_accepted},
    {.row = {"csm-invalid-dropped", "RFC8323#3.3:csm-invalid",
             "A malformed CSM is dropped, and nothing else happens.", CS_DEFECT_STREAM},
     .setup = cs_defect_patient,
     .in = csm_invalid_dropped},
    {.row = {"pipelined-requests-dropped", "RFC8323#3.3:pipelining",
             "Of requests that come at the same time only the first is handled.", CS_DEFECT_STREAM},
     .in = pipelined_dropped},
    {.row = {"response-on-newest-connection", "RFC8323#3.3:same-connection",
             "Responses go to the connection that was opened last.", CS_DEFECT_STREAM},
     .in = note_newest,
     .out = send_on_newest},
    {.row = {"token-scope-shared", "RFC8323#3.3:token-scope",
             "A request is dropped while one with its token is open on another connection.",
             CS_DEFECT_STREAM},
     .in = token_taken,
     .out = token_given_back},
    {.row = {"empty-aborted", "RFC8323#3.4:empty-ignored", "An Empty message causes an Abort.",
             CS_DEFECT_STREAM},
     .in = empty_aborted},
    {.row = {"empty-answered", "RFC8323#3.4:empty-ignored",
             "An Empty message is answered by another.", CS_DEFECT_STREAM},
     .in = empty_answered},
    {.row = {"full-empty-answered", "RFC8323#3.4:empty-ignored",
             "An Empty message with a token or a payload is answered by 4.00.", CS_DEFECT_STREAM},
     .in = full_empty_answered},
    {.row = {"settings-outlive-connection", "RFC8323#3.4:state-removed",
             "The Max-Message-Size of a connection holds on the next one.", CS_DEFECT_STREAM},
     .in = settings_outlive},
};

const cs_defect_family cs_defects_reliable = {table, sizeof table / sizeof *table};
