#include <string.h>

#include <coap3/coap.h>

#include "api/error.h"
#include "api/pdu.h"
#include "wire/option.h"

/* The parts of an option whose end is not known; the caller vouches that it is
 * well-formed, so its header is all there. 0 for a reserved nibble. */
static size_t header_of(const coap_opt_t *opt, size_t *length) {
  static const uint8_t extended[16] = {[13] = 1, [14] = 2};
  unsigned delta = opt[0] >> 4;
  unsigned len = opt[0] & 15u;
  if (delta == 15 || len == 15)
    return 0;
  const uint8_t *more = opt + 1 + extended[delta];
  if (len == 13)
    *length = 13u + more[0];
  else if (len == 14)
    *length = 269u + ((size_t)more[0] << 8 | more[1]);
  else
    *length = len;
  return 1u + extended[delta] + extended[len];
}

size_t coap_opt_parse(const coap_opt_t *opt, size_t length, coap_option_t *result) {
  if (!opt || !result || length == 0) {
    cs_api_fail(__func__, "there is no option to parse");
    return 0;
  }
  cs_wire_option_iter it = cs_wire_options(cs_span_of(opt, length));
  cs_wire_option o;
  if (!cs_wire_option_next(&it, &o)) {
    cs_api_fail_err(__func__, CS_ERR_RULE, it.broken, NULL);
    return 0;
  }
  result->delta = o.number;
  result->length = o.value.len;
  result->value = o.value.at;
  return length - cs_base_left(&it.in);
}

size_t coap_opt_size(const coap_opt_t *opt) {
  size_t length = 0;
  size_t header = opt ? header_of(opt, &length) : 0;
  return header ? header + length : 0;
}

uint32_t coap_opt_length(const coap_opt_t *opt) {
  size_t length = 0;
  return opt && header_of(opt, &length) ? (uint32_t)length : 0;
}

const uint8_t *coap_opt_value(const coap_opt_t *opt) {
  size_t length = 0;
  size_t header = opt ? header_of(opt, &length) : 0;
  return header ? opt + header : NULL;
}

coap_opt_iterator_t *coap_option_iterator_init(const coap_pdu_t *pdu, coap_opt_iterator_t *oi,
                                               const coap_opt_filter_t *filter) {
  if (!pdu || !oi) {
    cs_api_fail(__func__, "%s is NULL", pdu ? "oi" : "pdu");
    return NULL;
  }
  memset(oi, 0, sizeof *oi);
  if (pdu->options.len == 0) {
    oi->bad = 1;
    return NULL;
  }
  oi->length = pdu->options.len;
  /* The interface hands out pointers to options that are not const. */
  union {
    const uint8_t *read;
    coap_opt_t *write;
  } at = {pdu->options.at};
  oi->next_option = at.write;
  if (filter) {
    oi->filter = *filter;
    oi->filtered = 1;
  }
  return oi;
}

coap_opt_t *coap_option_next(coap_opt_iterator_t *oi) {
  if (!oi || oi->bad)
    return NULL;
  while (oi->length > 0) {
    cs_wire_option_iter it = cs_wire_options(cs_span_of(oi->next_option, oi->length));
    it.number = oi->number;
    cs_wire_option o;
    if (!cs_wire_option_next(&it, &o))
      break;
    coap_opt_t *found = oi->next_option;
    size_t left = cs_base_left(&it.in);
    oi->next_option += oi->length - left;
    oi->length = left;
    oi->number = o.number;
    if (!oi->filtered || coap_option_filter_get(&oi->filter, o.number))
      return found;
  }
  oi->bad = 1;
  return NULL;
}

coap_opt_t *coap_check_option(const coap_pdu_t *pdu, coap_option_num_t number,
                              coap_opt_iterator_t *oi) {
  coap_opt_iterator_t own;
  if (!oi)
    oi = &own;
  if (!coap_option_iterator_init(pdu, oi, COAP_OPT_ALL))
    return NULL;
  coap_opt_t *opt;
  while ((opt = coap_option_next(oi)) != NULL)
    if (oi->number >= number)
      return oi->number == number ? opt : NULL;
  return NULL;
}

size_t coap_opt_encode_size(uint16_t delta, size_t length) {
  if (length > COAP_TOKEN_EXT_MAX) {
    cs_api_fail(__func__, "a value of %zu bytes is over 65804", length);
    return 0;
  }
  size_t header = 1u + (delta >= 269 ? 2u : delta >= 13 ? 1u : 0u);
  header += length >= 269 ? 2u : length >= 13 ? 1u : 0u;
  return header + length;
}

/* An option whose value is given, or left as it lies in opt. */
static size_t encode(const char *function, coap_opt_t *opt, size_t room, uint16_t delta,
                     const uint8_t *val, size_t length, bool header_only) {
  size_t size = coap_opt_encode_size(delta, length);
  if (!opt || size == 0)
    return 0;
  size_t header = size - length;
  size_t needed = header_only ? header : size;
  if (needed > room) {
    cs_api_fail(function, "the option needs %zu bytes; there are %zu", needed, room);
    return 0;
  }
  unsigned d = delta >= 269 ? 14 : delta >= 13 ? 13 : delta;
  unsigned l = length >= 269 ? 14 : length >= 13 ? 13 : (unsigned)length;
  cs_base_writer w = cs_base_writer_of(opt, header);
  cs_base_put_u8(&w, d << 4 | l);
  if (d == 14)
    cs_base_put_u16(&w, delta - 269u);
  else if (d == 13)
    cs_base_put_u8(&w, delta - 13u);
  if (l == 14)
    cs_base_put_u16(&w, (unsigned)length - 269u);
  else if (l == 13)
    cs_base_put_u8(&w, (unsigned)length - 13u);
  if (!header_only && val && length > 0)
    memmove(opt + header, val, length);
  return needed;
}

size_t coap_opt_setheader(coap_opt_t *opt, size_t maxlen, uint16_t delta, size_t length) {
  return encode(__func__, opt, maxlen, delta, NULL, length, true);
}

size_t coap_opt_encode(coap_opt_t *opt, size_t n, uint16_t delta, const uint8_t *val,
                       size_t length) {
  return encode(__func__, opt, n, delta, val, length, false);
}
