/* Defects in the message format (RFC 7252 sections 3 to 3.2). */
#include <string.h>

#include "server/defects_edit.h"

/* Makes of a malformed datagram what a careless parser would: a request for
 * the root with the same type, code and Message ID and this token. */
static bool take_as_request(cs_defect_message *d, cs_span token) {
  cs_wire_message m;
  memset(&m, 0, sizeof m);
  m.form = CS_WIRE_UDP;
  if (!cs_wire_peek(cs_span_of(d->bytes, d->len), &m.type, &m.code, &m.mid))
    return true;
  m.token = token;
  return cs_defect_set(d, &m);
}

/* Accepts what the parser refuses by this rule, options and payload lost. */
static bool accept_broken(cs_defect_message *d, cs_rule rule) {
  if (d->broken != rule)
    return true;
  size_t tkl = d->bytes[0] & 15u;
  if (tkl > d->len - 4)
    tkl = d->len - 4;
  return take_as_request(d, cs_span_of(d->bytes + 4, tkl < 8 ? tkl : 8));
}

static bool version_ignored(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  if (d->len < 4)
    return true;
  d->bytes[0] = (uint8_t)((d->bytes[0] & 0x3fu) | 0x40u);
  return cs_defect_set_bytes(d, cs_span_of(d->bytes, d->len));
}

static bool version_two_sent(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  d->bytes[0] = (uint8_t)((d->bytes[0] & 0x3fu) | 0x80u);
  return true;
}

static bool short_header_reset(cs_defect_turn *t, cs_defect_message *d) {
  if (d->len < 4)
    cs_defect_send_empty(t, CS_RST, (uint16_t)(d->len > 2 ? d->bytes[2] << 8 : 0), 0);
  return true;
}

static bool reserved_tkl_accepted(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return accept_broken(d, CS_RULE_TKL_RESERVED);
}

static bool short_token_accepted(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return accept_broken(d, CS_RULE_TOKEN_SHORT);
}

static bool bare_marker_accepted(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return accept_broken(d, CS_RULE_MARKER_WITHOUT_PAYLOAD);
}

static bool reserved_delta_accepted(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return accept_broken(d, CS_RULE_OPTION_DELTA_RESERVED);
}

static bool reserved_length_accepted(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return accept_broken(d, CS_RULE_OPTION_LENGTH_RESERVED);
}

static bool short_option_accepted(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return accept_broken(d, CS_RULE_OPTION_SHORT);
}

static bool option_number_wraps(cs_defect_turn *t, cs_defect_message *d) {
  (void)t;
  return accept_broken(d, CS_RULE_OPTION_NUMBER_RANGE);
}

/* Ends the payload at the first byte 0xff in it. */
static bool payload_cut(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  (void)reply;
  cs_span *p = &q->message.payload;
  for (size_t i = 0; i < p->len; i++)
    if (p->at[i] == 0xff)
      p->len = i;
  return true;
}

/* Takes the first byte 0xff behind the header for the payload marker. The
 * header of a stream's message says how long the rest is, so it is made anew. */
static bool marker_scanned_for(cs_defect_turn *t, cs_defect_message *d) {
  if (t->form != CS_WIRE_UDP) {
    cs_wire_message m = d->m;
    for (size_t i = 0; i < m.options.len; i++) {
      if (m.options.at[i] != 0xff)
        continue;
      m.options = cs_span_cut(m.options, 0, i);
      m.payload = cs_span_of(NULL, 0);
      return cs_defect_set(d, &m);
    }
    return true;
  }
  for (size_t i = 4; i < d->len; i++)
    if (d->bytes[i] == 0xff)
      return cs_defect_set_bytes(d, cs_span_of(d->bytes, i));
  return true;
}

/* Refuses options whose delta or length is 269 or more. */
static bool two_byte_extension_refused(cs_defect_turn *t, cs_defect_message *d) {
  if (d->broken != CS_RULE_NONE)
    return true;
  cs_wire_option_iter it = cs_wire_options(d->m.options);
  cs_wire_option o;
  unsigned last = 0;
  while (cs_wire_option_next(&it, &o)) {
    if (o.number - last >= 269 || o.value.len >= 269)
      return cs_defect_reject(t, d);
    last = o.number;
  }
  return true;
}

/* Reads one-byte extended lengths as if they were not there. */
static bool one_byte_extension_refused(cs_defect_turn *t, cs_defect_message *d) {
  if (d->broken != CS_RULE_NONE)
    return true;
  cs_wire_option_iter it = cs_wire_options(d->m.options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    if (o.value.len >= 13 && o.value.len < 269)
      return cs_defect_reject(t, d);
  }
  return true;
}

static bool leading_zero_refused(cs_defect_turn *t, cs_server_request *q, cs_server_reply *reply) {
  (void)t;
  cs_span value;
  if (!cs_wire_option_get(q->message.options, CS_OPT_ACCEPT, &value) || value.len == 0 ||
      value.at[0] != 0)
    return true;
  cs_server_reply_error(reply, CS_CODE(4, 2), "the number has leading zeros");
  return false;
}

static void leading_zeros_sent(cs_defect_turn *t, const cs_server_request *q,
                               cs_server_reply *reply) {
  (void)t;
  (void)q;
  static const uint8_t zero[] = {0, 0};
  cs_server_reply_remove(reply, CS_OPT_CONTENT_FORMAT);
  cs_server_reply_option(reply, CS_OPT_CONTENT_FORMAT, cs_span_of(zero, sizeof zero));
}

static const cs_defect table[] = {
    {.row = {"version-ignored", "RFC7252#3:version-unknown",
             "messages of every version are processed", CS_DEFECT_UDP},
     .in = version_ignored},
    {.row = {"version-two-sent", "RFC7252#3:version-set", "messages are sent with version 2",
             CS_DEFECT_UDP},
     .out = version_two_sent},
    {.row = {"short-header-reset", "RFC7252#3:header-incomplete",
             "a datagram of under four bytes is answered by a Reset", CS_DEFECT_UDP},
     .in = short_header_reset},
    {.row = {"reserved-tkl-accepted", "RFC7252#3:token-length-reserved",
             "token lengths 9 to 15 are taken for 8", CS_DEFECT_UDP},
     .in = reserved_tkl_accepted},
    {.row = {"short-token-accepted", "RFC7252#3:token-incomplete",
             "a token that the datagram cuts short is taken for a shorter one", CS_DEFECT_UDP},
     .in = short_token_accepted},
    {.row = {"bare-marker-accepted", "RFC7252#3:marker-without-payload",
             "a payload marker without payload is passed over", CS_DEFECT_UDP},
     .in = bare_marker_accepted},
    {.row = {"payload-cut-at-marker", "RFC7252#3:payload-extent",
             "the payload of a request ends at its first byte 0xff", CS_DEFECT_ANY},
     .request = payload_cut},
    {.row = {"marker-scanned-for", "RFC7252#3:marker-in-value",
             "the first byte 0xff behind the header is taken for the marker", CS_DEFECT_ANY},
     .in = marker_scanned_for},
    {.row = {"reserved-delta-accepted", "RFC7252#3.1:option-delta-reserved",
             "option delta 15 is passed over", CS_DEFECT_UDP},
     .in = reserved_delta_accepted},
    {.row = {"reserved-length-accepted", "RFC7252#3.1:option-length-reserved",
             "option length 15 is passed over", CS_DEFECT_UDP},
     .in = reserved_length_accepted},
    {.row = {"short-option-accepted", "RFC7252#3.1:option-incomplete",
             "an option that the datagram cuts short is passed over", CS_DEFECT_UDP},
     .in = short_option_accepted},
    {.row = {"option-number-wraps", "RFC7252#3.1:option-number-range",
             "an option number beyond 65535 is passed over", CS_DEFECT_UDP},
     .in = option_number_wraps},
    {.row = {"two-byte-extension-refused", "RFC7252#3.1:option-extended",
             "a delta or length of 269 or more is taken for a format error", CS_DEFECT_ANY},
     .in = two_byte_extension_refused},
    {.row = {"one-byte-extension-refused", "RFC7252#3.1:option-extended",
             "a length of 13 to 268 is taken for a format error", CS_DEFECT_ANY},
     .in = one_byte_extension_refused},
    {.row = {"leading-zero-refused", "RFC7252#3.2:uint-leading-zeros",
             "an Accept option with leading zeros is refused by 4.02", CS_DEFECT_ANY},
     .request = leading_zero_refused},
    {.row = {"leading-zeros-sent", "RFC7252#3.2:uint-shortest",
             "Content-Format 0 is sent in two bytes", CS_DEFECT_ANY},
     .reply = leading_zeros_sent},
};

const cs_defect_family cs_defects_format = {table, sizeof table / sizeof *table};
