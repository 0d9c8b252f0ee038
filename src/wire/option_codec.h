/* The header of one option (RFC 7252 section 3.1), read and written: what the
 * parser, the iterator, the writer and the notation share. It is inline because
 * the parser's budget counts instructions; private to wire. */
#ifndef CS_WIRE_OPTION_CODEC_H
#define CS_WIRE_OPTION_CODEC_H

#include "base/bytes.h"
#include "base/rule.h"
#include "wire/option.h"

enum {
  CS_WIRE_MARKER = 0xff,        /* precedes the payload */
  CS_WIRE_EXTEND_8 = 13,        /* nibble: one byte follows, minus 13 */
  CS_WIRE_EXTEND_16 = 14,       /* nibble: two bytes follow, minus 269 */
  CS_WIRE_NIBBLE_RESERVED = 15, /* nibble: never in an option */
  CS_WIRE_EXTEND_16_BASE = 269,
  CS_WIRE_OPTION_NUMBER_MAX = 65535,
  CS_WIRE_OPTION_VALUE_MAX = CS_WIRE_EXTEND_16_BASE + 65535
};

/* Resolves a nibble of 13 or 14 by the extended bytes at r; others stay. */
static inline bool cs_wire_take_extended(cs_base_reader *r, uint32_t *v) {
  if (*v == CS_WIRE_EXTEND_8) {
    uint8_t more;
    if (!cs_base_take_u8(r, &more))
      return false;
    *v += more;
  } else if (*v == CS_WIRE_EXTEND_16) {
    uint16_t more;
    if (!cs_base_take_u16(r, &more))
      return false;
    *v = (uint32_t)CS_WIRE_EXTEND_16_BASE + more;
  }
  return true;
}

/* The rarer header: a nibble of 13 or more. */
static inline cs_rule cs_wire_take_long_header(cs_base_reader *r, uint32_t *delta, uint32_t *len) {
  if (*delta == CS_WIRE_NIBBLE_RESERVED)
    return CS_RULE_OPTION_DELTA_RESERVED;
  if (*len == CS_WIRE_NIBBLE_RESERVED)
    return CS_RULE_OPTION_LENGTH_RESERVED;
  if (!cs_wire_take_extended(r, delta) || !cs_wire_take_extended(r, len))
    return CS_RULE_OPTION_SHORT;
  return CS_RULE_NONE;
}

/* Takes one option; number holds the one before and becomes this one's. On a
 * rule in and number are as they were. */
static inline cs_rule cs_wire_option_take(cs_base_reader *in, uint32_t *number, cs_span *value) {
  cs_base_reader r = *in;
  uint8_t first;
  if (!cs_base_take_u8(&r, &first))
    return CS_RULE_OPTION_SHORT;
  uint32_t delta = first >> 4;
  uint32_t len = first & 15u;
  if (delta >= CS_WIRE_EXTEND_8 || len >= CS_WIRE_EXTEND_8) {
    cs_rule broken = cs_wire_take_long_header(&r, &delta, &len);
    if (broken != CS_RULE_NONE)
      return broken;
  }
  if (*number + delta > CS_WIRE_OPTION_NUMBER_MAX)
    return CS_RULE_OPTION_NUMBER_RANGE;
  if (!cs_base_take(&r, len, value))
    return CS_RULE_OPTION_SHORT;
  *number += delta;
  *in = r;
  return CS_RULE_NONE;
}

/* cs_wire_option_next, in line. */
static inline bool cs_wire_option_step(cs_wire_option_iter *it, cs_wire_option *out) {
  if (it->broken != CS_RULE_NONE || cs_base_left(&it->in) == 0)
    return false;
  cs_span value;
  it->broken = cs_wire_option_take(&it->in, &it->number, &value);
  if (it->broken != CS_RULE_NONE)
    return false;
  out->number = (uint16_t)it->number;
  out->value = value;
  return true;
}

/* The nibble that stands for v (at most CS_WIRE_OPTION_VALUE_MAX). */
static inline unsigned cs_wire_nibble(uint32_t v) {
  return v < CS_WIRE_EXTEND_8         ? v
         : v < CS_WIRE_EXTEND_16_BASE ? (unsigned)CS_WIRE_EXTEND_8
                                      : (unsigned)CS_WIRE_EXTEND_16;
}

/* How many extended bytes v needs: 0, 1 or 2. */
static inline size_t cs_wire_extended_size(uint32_t v) {
  return v < CS_WIRE_EXTEND_8 ? 0 : v < CS_WIRE_EXTEND_16_BASE ? 1 : 2;
}

static inline void cs_wire_put_extended(cs_base_writer *w, uint32_t v) {
  if (v >= CS_WIRE_EXTEND_16_BASE)
    cs_base_put_u16(w, v - CS_WIRE_EXTEND_16_BASE);
  else if (v >= CS_WIRE_EXTEND_8)
    cs_base_put_u8(w, v - CS_WIRE_EXTEND_8);
}

static inline size_t cs_wire_option_header_size(uint32_t delta, size_t len) {
  return 1 + cs_wire_extended_size(delta) + cs_wire_extended_size((uint32_t)len);
}

static inline void cs_wire_option_put_header(cs_base_writer *w, uint32_t delta, size_t len) {
  cs_base_put_u8(w, cs_wire_nibble(delta) << 4 | cs_wire_nibble((uint32_t)len));
  cs_wire_put_extended(w, delta);
  cs_wire_put_extended(w, (uint32_t)len);
}

#endif
