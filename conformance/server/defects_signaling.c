/* Defects of RFC 8323 section 5: signaling messages and their options. */
#include <string.h>

#include "server/defects_edit.h"

enum {
  CSM = CS_CODE(7, 1),
  PING = CS_CODE(7, 2),
  PONG = CS_CODE(7, 3),
  RELEASE = CS_CODE(7, 4),
  ABORT = CS_CODE(7, 5),
  MAX_MESSAGE_SIZE = 2,
  BLOCK_WISE = 4,
  CUSTODY = 2,
  BAD_CSM_OPTION = 2
};

static bool is(const cs_defect_message *d, uint8_t code) {
  return d->broken == CS_RULE_NONE && d->m.code == code;
}

static bool is_signal(const cs_defect_message *d) {
  return d->broken == CS_RULE_NONE && cs_wire_code_is_signal(d->m.code);
}

static void answer(cs_defect_turn *t, cs_span token, uint8_t code, cs_time delay) {
  const cs_wire_message m = {.code = code, .token = token};
  cs_defect_send_message(t, &m, delay);
}

static bool number_two(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == 2;
}

static bool number_four(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == 4;
}

/* ---- 5, 5.1, 5.2 ---- */

static bool signal_answered(cs_defect_turn *t, cs_defect_message *d) {
  if (!is_signal(d) || CS_CODE_DETAIL(d->m.code) <= 5)
    return true;
  answer(t, d->m.token, CS_CODE(4, 5), 0);
  return false;
}

static void set_payload(cs_defect_message *d, cs_span payload) {
  cs_wire_message m = d->m;
  m.payload = payload;
  cs_defect_set(d, &m);
}

static bool abort_not_utf8(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (is(d, ABORT))
    set_payload(d, cs_span_str("\xc3("));
  return true;
}

static bool critical_of_requests(const cs_wire_option *o, size_t count) {
  (void)count;
  return cs_wire_option_critical(o->number) && cs_wire_option_find(0, o->number);
}

static bool number_space_shared(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (is_signal(d))
    cs_defect_drop_options(d, critical_of_requests);
  return true;
}

/* Elective, and not known in any signaling message. */
static bool elective_of_none(const cs_wire_option *o, size_t count) {
  (void)count;
  return !cs_wire_option_critical(o->number) && o->number > 6;
}

static bool csm_elective_refused(cs_defect_turn *t, cs_defect_message *d) {
  return !is(d, CSM) || !cs_defect_any_option(d->m.options, elective_of_none) ||
         cs_defect_reject(t, d);
}

static bool critical_ignored(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (is_signal(d))
    cs_defect_drop_options(d, cs_defect_unknown_critical);
  return true;
}

static bool critical_dropped(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return !is_signal(d) || !cs_defect_any_option(d->m.options, cs_defect_unknown_critical);
}

/* ---- 5.3 ---- */

static bool second_csm_refused(cs_defect_turn *t, cs_defect_message *d) {
  return !is(d, CSM) || t->mine->number[0]++ == 0 || cs_defect_reject(t, d);
}

static bool csm_resets(cs_defect_turn *t, cs_defect_message *d) {
  static const uint8_t base[] = {1152 >> 8, 1152 & 255};
  (void)t;
  if (is(d, CSM) && !cs_defect_any_option(d->m.options, number_two))
    cs_defect_add_option(d, MAX_MESSAGE_SIZE, cs_span_of(base, sizeof base));
  return true;
}

static bool block_wise_full(cs_defect_turn *t, cs_defect_message *d) {
  static const uint8_t value[] = {1};
  (void)t;
  if (is(d, CSM)) {
    cs_defect_drop_options(d, number_four);
    cs_defect_add_option(d, BLOCK_WISE, cs_span_of(value, sizeof value));
  }
  return true;
}

static bool size_ignored(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (is(d, CSM))
    cs_defect_drop_options(d, number_two);
  return true;
}

static bool large_refused(cs_defect_turn *t, cs_defect_message *d) {
  return d->len <= 512 || cs_defect_reject(t, d);
}

static bool first_size_kept(cs_defect_turn *t, cs_defect_message *d) {
  if (is(d, CSM) && cs_defect_any_option(d->m.options, number_two) && t->mine->number[0]++ > 0)
    cs_defect_drop_options(d, number_two);
  return true;
}

/* ---- 5.4 ---- */

static bool ping_unanswered(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return !is(d, PING);
}

static void cut_token(cs_defect_message *d, size_t len) {
  cs_wire_message m = d->m;
  if (m.token.len > len)
    m.token = cs_span_cut(m.token, 0, len);
  cs_defect_set(d, &m);
}

static bool pong_without_token(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (is(d, PONG))
    cut_token(d, 0);
  return true;
}

static bool pong_token_cut(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (is(d, PONG))
    cut_token(d, 4);
  return true;
}

static bool ping_elective_refused(cs_defect_turn *t, cs_defect_message *d) {
  return !is(d, PING) || !cs_defect_any_option(d->m.options, elective_of_none) ||
         cs_defect_reject(t, d);
}

/* number[0] counts open requests, number[1] Pings that wait for them: the token
 * of the last one is kept. */
static bool ping_waits(cs_defect_turn *t, cs_defect_message *d) {
  if (cs_defect_is_request(d))
    t->mine->number[0]++;
  if (!is(d, PING) || t->mine->number[0] == 0)
    return true;
  t->mine->number[1]++;
  t->mine->len = d->m.token.len;
  if (d->m.token.len)
    memcpy(t->mine->bytes, d->m.token.at, d->m.token.len);
  return false;
}

static bool pong_follows(cs_defect_turn *t, cs_defect_message *d) {
  if (!cs_defect_is_response(d) || t->mine->number[0] == 0)
    return true;
  if (--t->mine->number[0] == 0 && t->mine->number[1]) {
    t->mine->number[1] = 0;
    answer(t, cs_span_of(t->mine->bytes, t->mine->len), PONG, CS_MILLISECOND);
  }
  return true;
}

static bool custody_at_once(cs_defect_turn *t, cs_defect_message *d) {
  static const uint8_t custody[] = {CUSTODY << 4};
  cs_span value;
  if (!is(d, PING) || !cs_wire_option_get(d->m.options, CUSTODY, &value))
    return true;
  const cs_wire_message pong = {
      .code = PONG, .token = d->m.token, .options = cs_span_of(custody, sizeof custody)};
  cs_defect_send_message(t, &pong, 0);
  return false;
}

/* ---- 5.5 ---- */

static bool release_unheard(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return !is(d, RELEASE);
}

static bool release_at_once(cs_defect_turn *t, cs_defect_message *d) {
  if (is(d, RELEASE))
    cs_defect_close(t);
  return !is(d, RELEASE);
}

/* ---- 5.6 ---- */

static bool stays_open(cs_defect_turn *t) {
  (void)t;
  return false;
}

static bool close_unsent(cs_defect_turn *t, cs_defect_unit *u) {
  cs_wire_ws_frame f;
  uint8_t payload[CS_SERVER_MESSAGE_MAX];
  size_t len;
  (void)t;
  return !cs_defect_unit_read(u, &f, payload, &len) || f.opcode != CS_WS_CLOSE;
}

static bool abort_without_diagnostic(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (is(d, ABORT))
    set_payload(d, cs_span_of(NULL, 0));
  return true;
}

static bool bad_csm_option_wrong(cs_defect_turn *t, cs_defect_message *d) {
  static const uint8_t value[] = {4};
  (void)t;
  if (is(d, ABORT) && cs_defect_any_option(d->m.options, number_two)) {
    cs_defect_drop_options(d, number_two);
    cs_defect_add_option(d, BAD_CSM_OPTION, cs_span_of(value, sizeof value));
  }
  return true;
}

/* A request that cannot be read becomes a GET with the byte that follows its
 * code for a token. */
static bool violation_processed(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (d->broken == CS_RULE_NONE || !cs_wire_code_is_request(cs_defect_code(d)))
    return true;
  size_t at = cs_defect_code_at(d) + 1;
  uint8_t get[] = {0x01, 0x01, at < d->len ? d->bytes[at] : 0};
  cs_defect_set_bytes(d, cs_span_of(get, sizeof get));
  return true;
}

static bool violation_unanswered(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->broken == CS_RULE_NONE;
}

static const cs_defect table[] = {
    {.row = {"signal-answered", "RFC8323#5:third-kind",
             "A signaling message of an unassigned code gets a response.", CS_DEFECT_STREAM},
     .in = signal_answered},
    {.row = {"abort-not-utf8", "RFC8323#5.1:diagnostic-payload",
             "The payload of an Abort is not UTF-8.", CS_DEFECT_STREAM},
     .out = abort_not_utf8},
    {.row = {"number-space-shared", "RFC8323#5.2:number-space",
             "A critical option of requests is taken for known in a signaling message.",
             CS_DEFECT_STREAM},
     .in = number_space_shared},
    {.row = {"csm-elective-refused", "RFC8323#5.2:elective-ignored",
             "An unknown elective option in a CSM causes an Abort.", CS_DEFECT_STREAM},
     .in = csm_elective_refused},
    {.row = {"signal-critical-ignored", "RFC8323#5.2:critical-unrecognised",
             "An unknown critical option in a signaling message is ignored.", CS_DEFECT_STREAM},
     .in = critical_ignored},
    {.row = {"signal-critical-dropped", "RFC8323#5.2:critical-unrecognised",
             "A signaling message with an unknown critical option is dropped.", CS_DEFECT_STREAM},
     .in = critical_dropped},
    {.row = {"second-csm-refused", "RFC8323#5.3:csm-again", "A second CSM causes an Abort.",
             CS_DEFECT_STREAM},
     .in = second_csm_refused},
    {.row = {"csm-resets-settings", "RFC8323#5.3:cumulative",
             "A CSM without Max-Message-Size sets it to its base value.", CS_DEFECT_STREAM},
     .in = csm_resets},
    {.row = {"block-wise-with-value", "RFC8323#5.3:csm-option-length",
             "Block-Wise-Transfer in the CSM has a value.", CS_DEFECT_STREAM},
     .out = block_wise_full},
    {.row = {"message-size-ignored", "RFC8323#5.3.1:message-size",
             "The client's Max-Message-Size is ignored.", CS_DEFECT_STREAM},
     .in = size_ignored},
    {.row = {"messages-over-512-refused", "RFC8323#5.3.1:size-accepted",
             "A message over 512 bytes causes an Abort.", CS_DEFECT_STREAM},
     .in = large_refused},
    {.row = {"first-size-kept", "RFC8323#5.3.1:size-replaced",
             "Only the first Max-Message-Size of a connection counts.", CS_DEFECT_STREAM},
     .in = first_size_kept},
    {.row = {"ping-unanswered", "RFC8323#5.4:pong", "A Ping is not answered.", CS_DEFECT_STREAM},
     .in = ping_unanswered},
    {.row = {"pong-without-token", "RFC8323#5.4:pong", "A Pong has no token.", CS_DEFECT_STREAM},
     .out = pong_without_token},
    {.row = {"pong-token-cut", "RFC8323#5.4:pong", "A Pong has the first four bytes of the token.",
             CS_DEFECT_STREAM},
     .out = pong_token_cut},
    {.row = {"ping-behind-requests", "RFC8323#5.4:pong-soon",
             "A Ping is answered when the requests before it are.", CS_DEFECT_STREAM},
     .in = ping_waits,
     .out = pong_follows},
    {.row = {"ping-elective-refused", "RFC8323#5.4:elective-ignored",
             "An unknown elective option in a Ping causes an Abort.", CS_DEFECT_STREAM},
     .in = ping_elective_refused},
    {.row = {"custody-at-once", "RFC8323#5.4.1:custody-delay",
             "A Ping with Custody is answered before the requests before it.", CS_DEFECT_STREAM},
     .in = custody_at_once},
    {.row = {"release-unheard", "RFC8323#5.5:release-closes", "A Release is ignored.",
             CS_DEFECT_STREAM},
     .in = release_unheard},
    {.row = {"release-at-once", "RFC8323#5.5:release-answered",
             "A Release closes the connection though requests are open.", CS_DEFECT_STREAM},
     .in = release_at_once},
    {.row = {"abort-without-close", "RFC8323#5.6:abort-closes",
             "The connection stays open behind an Abort.", CS_DEFECT_STREAM},
     .unit_out = close_unsent,
     .closing = stays_open},
    {.row = {"abort-without-diagnostic", "RFC8323#5.6:abort-diagnostic", "An Abort has no payload.",
             CS_DEFECT_STREAM},
     .out = abort_without_diagnostic},
    {.row = {"bad-csm-option-wrong", "RFC8323#5.6:bad-csm-option",
             "Bad-CSM-Option names another option.", CS_DEFECT_STREAM},
     .out = bad_csm_option_wrong},
    {.row = {"violation-processed", "RFC8323#5.6:syntax-violation-unprocessed",
             "A request with a syntax violation is processed.", CS_DEFECT_STREAM},
     .in = violation_processed},
    {.row = {"violation-unanswered", "RFC8323#5.6:syntax-violation-abort",
             "A message with a syntax violation is dropped.", CS_DEFECT_STREAM},
     .in = violation_unanswered},
};

const cs_defect_family cs_defects_signaling = {table, sizeof table / sizeof *table};
