/* Defects of RFC 8974: extended tokens. */
#include "server/defects_edit.h"

enum { CSM = CS_CODE(7, 1), TOKEN_LENGTH = 6, ANNOUNCED = 512 };

static bool is_csm(const cs_defect_message *d) {
  return d->broken == CS_RULE_NONE && d->m.code == CSM;
}

static unsigned tkl(const cs_defect_message *d) {
  return d->len ? d->bytes[0] & 15u : 0;
}

static bool token_length(const cs_wire_option *o, size_t count) {
  (void)count;
  return o->number == TOKEN_LENGTH;
}

/* ---- 2.1 ---- */

/* A GET of the root without a token, in place of what comes. */
static bool tkl_15_accepted(cs_defect_turn *t, cs_defect_message *d) {
  bool udp = t->form == CS_WIRE_UDP;
  size_t size = udp ? 4 : 2;
  if (tkl(d) != 15 || d->len < size)
    return true;
  uint8_t get[4] = {0, CS_CODE(0, 1)};
  if (udp) {
    get[0] = d->bytes[0] & 0xf0;
    get[2] = d->bytes[2];
    get[3] = d->bytes[3];
  }
  cs_defect_set_bytes(d, cs_span_of(get, size));
  return true;
}

/* Rejects a message whose header says this token length, as one that knows no
 * extended tokens does. */
static bool reject_from(cs_defect_turn *t, const cs_defect_message *d, unsigned from, unsigned to) {
  uint8_t type;
  uint8_t code;
  uint16_t mid;
  if (tkl(d) < from || tkl(d) > to)
    return true;
  if (t->form != CS_WIRE_UDP)
    return cs_defect_reject(t, d);
  if (cs_wire_peek(cs_span_of(d->bytes, d->len), &type, &code, &mid))
    cs_defect_send_empty(t, CS_RST, mid, 0);
  return false;
}

static bool direct_rejected(cs_defect_turn *t, cs_defect_message *d) {
  return reject_from(t, d, 9, 12);
}

static bool one_byte_rejected(cs_defect_turn *t, cs_defect_message *d) {
  return reject_from(t, d, 13, 13);
}

static bool two_bytes_rejected(cs_defect_turn *t, cs_defect_message *d) {
  return reject_from(t, d, 14, 14);
}

/* ---- 2.2.1 ---- */

static void any_token(cs_core_config *config, cs_core_params *params) {
  (void)params;
  config->token_max = CS_WIRE_TOKEN_MAX;
}

static bool nothing_announced(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (is_csm(d))
    cs_defect_drop_options(d, token_length);
  return true;
}

static void announce(cs_defect_message *d, uint32_t value) {
  uint8_t buf[4];
  size_t len = cs_wire_uint_put(value, buf);
  if (!is_csm(d))
    return;
  cs_defect_drop_options(d, token_length);
  cs_defect_add_option(d, TOKEN_LENGTH, cs_span_of(buf, len));
}

static bool less_announced(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  announce(d, ANNOUNCED);
  return true;
}

static bool four_announced(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  announce(d, 4);
  return true;
}

static bool value_refused(cs_defect_turn *t, const cs_defect_message *d, uint32_t from,
                          uint32_t to) {
  cs_span value;
  uint32_t v;
  if (!is_csm(d) || !cs_wire_option_get(d->m.options, TOKEN_LENGTH, &value) ||
      cs_wire_uint(value, &v) != CS_OK || v < from || v > to)
    return true;
  return cs_defect_reject(t, d);
}

static bool small_refused(cs_defect_turn *t, cs_defect_message *d) {
  return value_refused(t, d, 0, 7);
}

static bool large_refused(cs_defect_turn *t, cs_defect_message *d) {
  return value_refused(t, d, CS_WIRE_TOKEN_MAX + 1, UINT32_MAX);
}

static bool refused_by(const cs_server_request *q, cs_server_reply *reply, uint8_t code) {
  if (q->message.token.len <= 8)
    return true;
  cs_server_reply_error(reply, code, "what a token");
  return false;
}

static bool bad_request(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refused_by(q, reply, CS_CODE(4, 0));
}

/* ---- 2.2.2 ---- */

static bool bad_option(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  return refused_by(q, reply, CS_CODE(4, 2));
}

static const cs_defect table[] = {
    {.row = {"token-length-15-accepted", "RFC8974#2.1:tkl-reserved",
             "A request with token length 15 is served.", CS_DEFECT_ANY},
     .in = tkl_15_accepted},
    {.row = {"tkl-direct-rejected", "RFC8974#2.1:tkl-direct", "Token lengths 9 to 12 are rejected.",
             CS_DEFECT_UDP},
     .in = direct_rejected},
    {.row = {"tkl-one-byte-rejected", "RFC8974#2.1:tkl-one-byte", "Token length 13 is rejected.",
             CS_DEFECT_ANY},
     .in = one_byte_rejected},
    {.row = {"tkl-two-bytes-rejected", "RFC8974#2.1:tkl-two-bytes", "Token length 14 is rejected.",
             CS_DEFECT_STREAM},
     .in = two_bytes_rejected},
    {.row = {"long-token-accepted", "RFC7252#3:token-length-reserved",
             "Tokens over 8 bytes are taken though none was announced.", CS_DEFECT_STREAM},
     .setup = any_token,
     .out = nothing_announced},
    {.row = {"long-token-refused", "RFC8974#2.2.1:token-within-announced",
             "Tokens of 9 to 12 bytes cause an Abort though longer ones were announced.",
             CS_DEFECT_STREAM},
     .in = direct_rejected},
    {.row = {"long-token-unsupported", "RFC8974#2.2.1:unable-unavailable",
             "Tokens over 8 bytes get 4.00 though they were announced.", CS_DEFECT_STREAM},
     .request = bad_request},
    {.row = {"over-announced-accepted", "RFC8974#2.2.1:token-over-announced",
             "Tokens longer than what was announced are taken.", CS_DEFECT_STREAM},
     .setup = any_token,
     .out = less_announced},
    {.row = {"token-length-4-announced", "RFC8974#2.2.1:value-range",
             "The CSM says that tokens may have 4 bytes.", CS_DEFECT_STREAM},
     .out = four_announced},
    {.row = {"token-value-below-8-refused", "RFC8974#2.2.1:value-below-8",
             "An Extended-Token-Length under 8 causes an Abort.", CS_DEFECT_STREAM},
     .in = small_refused},
    {.row = {"token-value-over-65804-refused", "RFC8974#2.2.1:value-over-65804",
             "An Extended-Token-Length over 65804 causes an Abort.", CS_DEFECT_STREAM},
     .in = large_refused},
    {.row = {"long-token-rejected", "RFC8974#2.2.2:not-rejected",
             "Tokens over 268 bytes are rejected though shorter ones are taken.", CS_DEFECT_UDP},
     .in = two_bytes_rejected},
    {.row = {"long-token-bad-option", "RFC8974#2.2.2:unable-answered",
             "Tokens over 8 bytes get 4.02.", CS_DEFECT_UDP},
     .request = bad_option},
};

const cs_defect_family cs_defects_token = {table, sizeof table / sizeof *table};
