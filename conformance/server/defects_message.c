/* Defects in the message layer (RFC 7252 section 4). */
#include "server/defects.h"

#include <string.h>

static bool is_ping(const cs_defect_message *d) {
  return d->broken == CS_RULE_NONE && d->m.type == CS_CON && d->m.code == CS_CODE_EMPTY;
}

static bool is_request(const cs_defect_message *d, cs_wire_type type) {
  return d->broken == CS_RULE_NONE && d->m.type == type && cs_wire_code_is_request(d->m.code);
}

/* A piggybacked response, an Empty Acknowledgement, a Confirmable response. */
static bool is_piggybacked(const cs_defect_message *d) {
  return d->m.type == CS_ACK && d->m.code != CS_CODE_EMPTY;
}

static bool is_empty_ack(const cs_defect_message *d) {
  return d->m.type == CS_ACK && d->m.code == CS_CODE_EMPTY;
}

static bool is_con_response(const cs_defect_message *d) {
  return d->m.type == CS_CON && d->m.code != CS_CODE_EMPTY;
}

/* The fixed header of a datagram that does not parse. */
static bool malformed(const cs_defect_message *d, uint8_t *type, uint16_t *mid) {
  uint8_t code;
  return d->broken != CS_RULE_NONE && cs_wire_peek(cs_span_of(d->bytes, d->len), type, &code, mid);
}

/* A bare 4.00 response. */
static void send_bad_request(cs_defect_turn *t, cs_wire_type type, uint16_t mid) {
  cs_wire_message m;
  memset(&m, 0, sizeof m);
  m.form = CS_WIRE_UDP;
  m.type = (uint8_t)type;
  m.code = CS_CODE(4, 0);
  m.mid = mid;
  cs_defect_send_message(t, &m, 0);
}

/* Remembers up to 64 pairs of a Message ID and a 64-bit mark, oldest lost
 * first; the mark of mid, or absent. */
enum { PAIR = 10, PAIRS = 64 };

static void remember(cs_defect_memory *m, uint16_t mid, uint64_t mark) {
  size_t i = (size_t)(m->number[7]++ % PAIRS);
  memcpy(m->bytes + i * PAIR, &mid, sizeof mid);
  memcpy(m->bytes + i * PAIR + sizeof mid, &mark, sizeof mark);
}

static bool recall(const cs_defect_memory *m, uint16_t mid, uint64_t *mark) {
  size_t n = m->number[7] < PAIRS ? (size_t)m->number[7] : PAIRS;
  for (size_t i = 0; i < n; i++) {
    if (memcmp(m->bytes + i * PAIR, &mid, sizeof mid) != 0)
      continue;
    memcpy(mark, m->bytes + i * PAIR + sizeof mid, sizeof *mark);
    return true;
  }
  return false;
}

/* Whether mid was remembered before; it is from now on. */
static bool seen_before(cs_defect_memory *m, uint16_t mid) {
  uint64_t mark;
  if (recall(m, mid, &mark))
    return true;
  remember(m, mid, 0);
  return false;
}

/* ---- 4.1, Empty messages ---- */

static bool empty_ack_token(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (!is_empty_ack(d))
    return true;
  cs_wire_message m = d->m;
  m.token = cs_span_of("\x01\x02", 2);
  return cs_defect_set(d, &m);
}

static bool full_empty_acked(cs_defect_turn *t, cs_defect_message *d) {
  uint8_t type;
  uint16_t mid;
  if (d->broken != CS_RULE_EMPTY_WITH_CONTENT || !malformed(d, &type, &mid) || type != CS_CON)
    return true;
  cs_defect_send_empty(t, CS_ACK, mid, 0);
  return false;
}

/* ---- 4.2, reliable messages ---- */

static bool con_answered_by_non(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (!is_piggybacked(d))
    return !is_empty_ack(d);
  cs_wire_message m = d->m;
  m.type = CS_NON;
  m.mid = (uint16_t)(m.mid ^ 0x8000);
  return cs_defect_set(d, &m);
}

static bool malformed_con_answered(cs_defect_turn *t, cs_defect_message *d) {
  uint8_t type;
  uint16_t mid;
  if (!malformed(d, &type, &mid) || type != CS_CON || d->broken == CS_RULE_CODE_CLASS_RESERVED)
    return true;
  send_bad_request(t, CS_ACK, mid);
  return false;
}

static bool reserved_class_answered(cs_defect_turn *t, cs_defect_message *d) {
  uint8_t type;
  uint16_t mid;
  if (d->broken != CS_RULE_CODE_CLASS_RESERVED || !malformed(d, &type, &mid) || type != CS_CON)
    return true;
  send_bad_request(t, CS_ACK, mid);
  return false;
}

static bool ack_wrong_mid(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (d->m.type != CS_ACK)
    return true;
  cs_wire_message m = d->m;
  m.mid++;
  return cs_defect_set(d, &m);
}

static bool ack_carries_request(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (!is_piggybacked(d))
    return true;
  cs_wire_message m = d->m;
  m.code = CS_CODE(0, 1);
  return cs_defect_set(d, &m);
}

static bool rst_wrong_mid(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (d->m.type != CS_RST)
    return true;
  cs_wire_message m = d->m;
  m.mid++;
  return cs_defect_set(d, &m);
}

static bool rst_with_code(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (d->m.type != CS_RST)
    return true;
  cs_wire_message m = d->m;
  m.code = CS_CODE(4, 0);
  return cs_defect_set(d, &m);
}

/* Processes a datagram as if its type were Confirmable. */
static bool take_as_con(cs_defect_message *d) {
  d->bytes[0] &= 0xcf;
  return cs_defect_set_bytes(d, cs_span_of(d->bytes, d->len));
}

static bool ack_request_processed(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->broken == CS_RULE_ACK_WITH_REQUEST ? take_as_con(d) : true;
}

static bool rst_request_processed(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return d->broken == CS_RULE_RST_NOT_EMPTY ? take_as_con(d) : true;
}

static bool ack_reset(cs_defect_turn *t, cs_defect_message *d) {
  if (d->len >= 4 && (d->bytes[0] & 0xe0) == 0x60)
    cs_defect_send_empty(t, CS_RST, (uint16_t)(d->bytes[2] << 8 | d->bytes[3]), 0);
  return true;
}

/* Remembers each Confirmable response that goes out; true for its copies. */
static bool is_copy(cs_defect_turn *t, const cs_defect_message *d) {
  return is_con_response(d) && seen_before(t->mine, d->m.mid);
}

static bool retransmit_never(cs_defect_turn *t, cs_defect_message *d) {
  return !is_copy(t, d);
}

static void retransmit_early(cs_core_config *config, cs_core_params *params) {
  (void)config;
  params->ack_timeout = CS_SECOND / 2;
}

/* Lets the first transmission of a Confirmable response through, followed by
 * copies at even distances; what the session retransmits is lost. */
static bool retransmit_evenly(cs_defect_turn *t, cs_defect_message *d) {
  if (!is_con_response(d))
    return true;
  if (is_copy(t, d))
    return false;
  for (unsigned i = 1; i <= 4; i++)
    cs_defect_send(t, cs_span_of(d->bytes, d->len), i * 5 * (CS_SECOND / 2));
  return true;
}

static void retransmit_once_more(cs_core_config *config, cs_core_params *params) {
  (void)config;
  params->max_retransmit++;
}

static bool retransmit_in_pairs(cs_defect_turn *t, cs_defect_message *d) {
  if (is_copy(t, d))
    cs_defect_send(t, cs_span_of(d->bytes, d->len), CS_SECOND / 2);
  return true;
}

static bool retransmit_anew(cs_defect_turn *t, cs_defect_message *d) {
  if (!is_copy(t, d))
    return true;
  cs_wire_message m = d->m;
  m.mid = (uint16_t)(m.mid + 1000);
  return cs_defect_set(d, &m);
}

static bool ack_state_lost(cs_defect_turn *t, cs_defect_message *d) {
  /* number[0]: an Acknowledgement came, so everything is forgotten. */
  if (d->broken == CS_RULE_NONE && d->m.type == CS_ACK)
    t->mine->number[0] = 1;
  return !(is_request(d, CS_CON) && seen_before(t->mine, d->m.mid) && t->mine->number[0]);
}

/* ---- 4.3, unreliable messages ---- */

static bool ping_ignored(cs_defect_turn *t, cs_defect_message *d) {
  /* The first ping of a peer only, so that it still looks alive. */
  return !(is_ping(d) && t->mine->number[0]++ == 0);
}

static bool ping_acked(cs_defect_turn *t, cs_defect_message *d) {
  if (!is_ping(d))
    return true;
  cs_defect_send_empty(t, CS_ACK, d->m.mid, 0);
  return false;
}

static bool empty_non_acked(cs_defect_turn *t, cs_defect_message *d) {
  uint8_t type;
  uint16_t mid;
  if (d->broken == CS_RULE_NON_EMPTY && malformed(d, &type, &mid))
    cs_defect_send_empty(t, CS_ACK, mid, 0);
  return true;
}

static bool non_acked(cs_defect_turn *t, cs_defect_message *d) {
  if (is_request(d, CS_NON))
    cs_defect_send_empty(t, CS_ACK, d->m.mid, 0);
  return true;
}

static bool non_answered_by_ack(cs_defect_turn *t, cs_defect_message *d) {
  /* number[0] is the Message ID of the last request. */
  if (d->m.type != CS_NON || d->m.code == CS_CODE_EMPTY)
    return true;
  cs_wire_message m = d->m;
  m.type = CS_ACK;
  m.mid = (uint16_t)t->mine->number[0];
  return cs_defect_set(d, &m);
}

static bool note_non_request(cs_defect_turn *t, cs_defect_message *d) {
  if (is_request(d, CS_NON))
    t->mine->number[0] = d->m.mid;
  return true;
}

static bool malformed_non_processed(cs_defect_turn *t, cs_defect_message *d) {
  cs_wire_message m;
  memset(&m, 0, sizeof m);
  (void)t;
  if (!malformed(d, &m.type, &m.mid) || m.type != CS_NON)
    return true;
  m.code = CS_CODE(0, 1);
  return cs_defect_set(d, &m);
}

static bool malformed_non_answered(cs_defect_turn *t, cs_defect_message *d) {
  uint8_t type;
  uint16_t mid;
  if (!malformed(d, &type, &mid) || type != CS_NON)
    return true;
  send_bad_request(t, CS_NON, (uint16_t)(mid ^ 0x8000));
  return false;
}

/* ---- 4.4 and 4.5, correlation and duplicates ---- */

static bool mid_reused(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (d->m.type != CS_NON && !is_con_response(d))
    return true;
  cs_wire_message m = d->m;
  m.mid = 0x2342;
  return cs_defect_set(d, &m);
}

static bool note_con_response(cs_defect_turn *t, cs_defect_message *d) {
  if (is_con_response(d))
    t->mine->number[0] = d->m.mid;
  return true;
}

static bool any_mid_matches(cs_defect_turn *t, cs_defect_message *d) {
  if (d->broken != CS_RULE_NONE || (d->m.type != CS_ACK && d->m.type != CS_RST))
    return true;
  cs_wire_message m = d->m;
  m.mid = (uint16_t)t->mine->number[0];
  return cs_defect_set(d, &m);
}

/* An Acknowledgement or Reset of any peer ends the transmission of whatever has
 * its Message ID. */
static bool note_any_ack(cs_defect_turn *t, cs_defect_message *d) {
  if (d->broken == CS_RULE_NONE && (d->m.type == CS_ACK || d->m.type == CS_RST))
    remember(t->shared, d->m.mid, 0);
  return true;
}

static bool acked_by_any(cs_defect_turn *t, cs_defect_message *d) {
  uint64_t mark;
  return !(is_con_response(d) && recall(t->shared, d->m.mid, &mark));
}

static bool ping_once(cs_defect_turn *t, cs_defect_message *d) {
  return !(is_ping(d) && seen_before(t->mine, d->m.mid));
}

static bool non_duplicate_reset(cs_defect_turn *t, cs_defect_message *d) {
  if (!is_request(d, CS_NON) || !seen_before(t->mine, d->m.mid))
    return true;
  cs_defect_send_empty(t, CS_RST, d->m.mid, 0);
  return false;
}

static bool con_duplicate_ignored(cs_defect_turn *t, cs_defect_message *d) {
  return !(is_request(d, CS_CON) && seen_before(t->mine, d->m.mid));
}

/* A repeated request reaches the session under a Message ID of its own; what
 * answers it goes out under the one it came with. */
static bool duplicate_renamed(cs_defect_turn *t, cs_defect_message *d) {
  if (!is_request(d, CS_CON) && !is_request(d, CS_NON))
    return true;
  if (!seen_before(t->mine, d->m.mid))
    return true;
  cs_wire_message m = d->m;
  m.mid = (uint16_t)(0xa000 + t->mine->number[0]++);
  remember(t->mine, m.mid, 0x10000u + d->m.mid);
  return cs_defect_set(d, &m);
}

static bool duplicate_named_back(cs_defect_turn *t, cs_defect_message *d) {
  uint64_t mark;
  if (d->m.type != CS_ACK || !recall(t->mine, d->m.mid, &mark) || mark < 0x10000u)
    return true;
  cs_wire_message m = d->m;
  m.mid = (uint16_t)mark;
  return cs_defect_set(d, &m);
}

/* One memory of Message IDs for all peers: the same one from another peer is
 * taken for a duplicate. */
static bool peers_confused(cs_defect_turn *t, cs_defect_message *d) {
  uint64_t mark;
  if (!is_request(d, CS_CON))
    return true;
  if (recall(t->shared, d->m.mid, &mark))
    return mark == t->peer;
  remember(t->shared, d->m.mid, t->peer);
  return true;
}

static const cs_defect table[] = {
    {.row = {"empty-ack-with-token", "RFC7252#4.1:empty-sent-bare",
             "an Empty Acknowledgement carries a token", CS_DEFECT_UDP},
     .out = empty_ack_token},
    {.row = {"full-empty-acked", "RFC7252#4.1:empty-with-content",
             "an Empty message with bytes behind its Message ID is acknowledged", CS_DEFECT_UDP},
     .in = full_empty_acked},
    {.row = {"con-answered-by-non", "RFC7252#4.2:con-answered",
             "a Confirmable request gets a Non-confirmable response and no Acknowledgement",
             CS_DEFECT_UDP},
     .out = con_answered_by_non},
    {.row = {"malformed-con-answered", "RFC7252#4.2:con-format-error",
             "a malformed Confirmable message is answered by 4.00", CS_DEFECT_UDP},
     .in = malformed_con_answered},
    {.row = {"reserved-class-answered", "RFC7252#4.2:code-class-reserved",
             "a Confirmable message with a reserved code class is answered by 4.00", CS_DEFECT_UDP},
     .in = reserved_class_answered},
    {.row = {"ack-wrong-mid", "RFC7252#4.2:ack-echoes-mid",
             "an Acknowledgement has the next Message ID", CS_DEFECT_UDP},
     .out = ack_wrong_mid},
    {.row = {"ack-carries-request", "RFC7252#4.2:ack-response-or-empty",
             "an Acknowledgement carries a request code", CS_DEFECT_UDP},
     .out = ack_carries_request},
    {.row = {"rst-wrong-mid", "RFC7252#4.2:rst-echoes-mid", "a Reset has the next Message ID",
             CS_DEFECT_UDP},
     .out = rst_wrong_mid},
    {.row = {"rst-with-code", "RFC7252#4.2:rst-empty", "a Reset carries a response code",
             CS_DEFECT_UDP},
     .out = rst_with_code},
    {.row = {"ack-request-processed", "RFC7252#4.2:ack-with-request",
             "a request in an Acknowledgement is processed", CS_DEFECT_UDP},
     .in = ack_request_processed},
    {.row = {"rst-request-processed", "RFC7252#4.2:rst-not-empty",
             "a request in a Reset is processed", CS_DEFECT_UDP},
     .in = rst_request_processed},
    {.row = {"ack-reset", "RFC7252#4.2:no-reply-to-ack-or-rst",
             "Acknowledgements and Resets are answered by a Reset", CS_DEFECT_UDP},
     .in = ack_reset},
    {.row = {"retransmit-never", "RFC7252#4.2:retransmission",
             "a Confirmable response is sent once", CS_DEFECT_UDP},
     .out = retransmit_never},
    {.row = {"retransmit-evenly", "RFC7252#4.2:retransmission",
             "a Confirmable response is sent again every 2.5 seconds", CS_DEFECT_UDP},
     .out = retransmit_evenly},
    {.row = {"retransmit-early", "RFC7252#4.2:first-timeout", "the first timeout is half a second",
             CS_DEFECT_UDP},
     .setup = retransmit_early},
    {.row = {"retransmit-once-more", "RFC7252#4.2:max-retransmit",
             "a Confirmable response is sent once more than MAX_RETRANSMIT allows", CS_DEFECT_UDP},
     .setup = retransmit_once_more},
    {.row = {"retransmit-in-pairs", "RFC7252#4.2:retransmission-envelope",
             "each retransmission is followed by another half a second later", CS_DEFECT_UDP},
     .out = retransmit_in_pairs},
    {.row = {"retransmit-anew", "RFC7252#4.2:retransmission-identical",
             "a retransmission has another Message ID", CS_DEFECT_UDP},
     .out = retransmit_anew},
    {.row = {"ack-state-lost", "RFC7252#4.2:ack-state-kept",
             "a repeated request is ignored once its separate response was acknowledged",
             CS_DEFECT_UDP},
     .in = ack_state_lost},
    {.row = {"ping-ignored", "RFC7252#4.3:empty-con-reset",
             "the first Empty Confirmable message of a peer gets no answer", CS_DEFECT_UDP},
     .in = ping_ignored},
    {.row = {"ping-acked", "RFC7252#4.3:empty-con-reset",
             "an Empty Confirmable message is acknowledged", CS_DEFECT_UDP},
     .in = ping_acked},
    {.row = {"empty-non-acked", "RFC7252#4.3:non-empty",
             "an Empty Non-confirmable message is acknowledged", CS_DEFECT_UDP},
     .in = empty_non_acked},
    {.row = {"non-acked", "RFC7252#4.3:non-not-acknowledged",
             "a Non-confirmable request is acknowledged", CS_DEFECT_UDP},
     .in = non_acked},
    {.row = {"non-answered-by-ack", "RFC7252#4.3:non-not-acknowledged",
             "the response to a Non-confirmable request is an Acknowledgement", CS_DEFECT_UDP},
     .in = note_non_request,
     .out = non_answered_by_ack},
    {.row = {"malformed-non-processed", "RFC7252#4.3:non-rejected",
             "a malformed Non-confirmable message is taken for a request", CS_DEFECT_UDP},
     .in = malformed_non_processed},
    {.row = {"malformed-non-answered", "RFC7252#4.3:non-reject-silent",
             "a malformed Non-confirmable message is answered by 4.00", CS_DEFECT_UDP},
     .in = malformed_non_answered},
    {.row = {"mid-reused", "RFC7252#4.4:mid-not-reused",
             "all messages that the server begins have one Message ID", CS_DEFECT_UDP},
     .out = mid_reused},
    {.row = {"any-mid-matches", "RFC7252#4.4:mid-unmatched",
             "an Acknowledgement or Reset counts whatever its Message ID", CS_DEFECT_UDP},
     .in = any_mid_matches,
     .out = note_con_response},
    {.row = {"endpoint-unmatched", "RFC7252#4.4:mid-unmatched",
             "an Acknowledgement or Reset counts whatever endpoint it comes from", CS_DEFECT_UDP},
     .in = note_any_ack,
     .out = acked_by_any},
    {.row = {"ping-once", "RFC7252#4.5:con-duplicate-answered",
             "a repeated ping with the same Message ID gets no answer", CS_DEFECT_UDP},
     .in = ping_once},
    {.row = {"non-duplicate-reset", "RFC7252#4.5:non-duplicate-ignored",
             "a repeated Non-confirmable request is answered by a Reset", CS_DEFECT_UDP},
     .in = non_duplicate_reset},
    {.row = {"con-duplicate-ignored", "RFC7252#4.5:con-duplicate-answered",
             "a repeated Confirmable request gets no answer", CS_DEFECT_UDP},
     .in = con_duplicate_ignored},
    {.row = {"duplicate-processed", "RFC7252#4.5:duplicate",
             "a repeated Confirmable request is processed again", CS_DEFECT_UDP},
     .in = duplicate_renamed,
     .out = duplicate_named_back},
    {.row = {"non-duplicate-processed", "RFC7252#4.5:non-duplicate-once",
             "a repeated Non-confirmable request is processed again", CS_DEFECT_UDP},
     .in = duplicate_renamed,
     .out = duplicate_named_back},
    {.row = {"peers-confused", "RFC7252#4.5:peers-distinct",
             "a Message ID that another peer used is taken for a duplicate", CS_DEFECT_UDP},
     .in = peers_confused},
};

const cs_defect_family cs_defects_message = {table, sizeof table / sizeof *table};
