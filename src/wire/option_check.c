#include "wire/option.h"

#include "wire/option_codec.h"
#include "wire/utf8.h"

/* Whether the option is defined for a message of this code (RFC 7252 section
 * 5.4). Signaling options have a space each, so being found is enough. */
static bool defined_for(const cs_wire_option_row *row, uint8_t code) {
  if (cs_wire_code_is_request(code))
    return row->use & CS_USE_REQUEST;
  if (cs_wire_code_is_response(code))
    return row->use & CS_USE_RESPONSE;
  return true;
}

static bool length_fits(const cs_wire_option_row *row, size_t len) {
  return len >= row->min_len && len <= row->max_len;
}

cs_rule cs_wire_option_check(const cs_wire_message *m, bool (*known)(void *ctx, uint16_t number),
                             void *ctx, cs_wire_option *at) {
  uint8_t space = cs_wire_option_space(m->code);
  cs_wire_option_iter it = cs_wire_options(m->options);
  cs_wire_option o;
  uint32_t last = 0;
  while (cs_wire_option_step(&it, &o)) {
    bool again = o.number == last;
    last = o.number;
    if (!cs_wire_option_critical(o.number))
      continue;
    const cs_wire_option_row *row = cs_wire_option_find(space, o.number);
    cs_rule broken = CS_RULE_NONE;
    bool understood = known ? known(ctx, o.number) : row != NULL;
    if (!understood || (row && !defined_for(row, m->code)))
      broken = CS_RULE_OPTION_CRITICAL;
    else if (!row)
      continue; /* only the receiver knows what it means */
    else if (again && !row->repeatable)
      broken = CS_RULE_OPTION_REPEATED;
    else if (!length_fits(row, o.value.len))
      broken = CS_RULE_OPTION_LENGTH;
    if (broken != CS_RULE_NONE) {
      *at = o;
      return broken;
    }
  }
  return it.broken;
}

static cs_rule check_sent(const cs_wire_option_row *row, uint8_t code, const cs_wire_option *o,
                          bool again) {
  if (!defined_for(row, code))
    return CS_RULE_OPTION_UNDEFINED;
  if (!length_fits(row, o->value.len))
    return CS_RULE_OPTION_LENGTH;
  /* ETag is repeatable in a request only (RFC 7252 section 5.10.6.1). */
  bool repeatable = row->repeatable && !(row->space == 0 && row->number == CS_OPT_ETAG &&
                                         cs_wire_code_is_response(code));
  if (again && !repeatable)
    return CS_RULE_OPTION_REPEATED;
  if (row->format == CS_FORMAT_STRING && !cs_wire_utf8_valid(o->value))
    return CS_RULE_OPTION_UTF8;
  return CS_RULE_NONE;
}

cs_rule cs_wire_option_check_sent(const cs_wire_message *m, cs_wire_option *at) {
  uint8_t space = cs_wire_option_space(m->code);
  cs_wire_option_iter it = cs_wire_options(m->options);
  cs_wire_option o;
  uint32_t last = 0;
  while (cs_wire_option_step(&it, &o)) {
    bool again = o.number == last;
    last = o.number;
    const cs_wire_option_row *row = cs_wire_option_find(space, o.number);
    cs_rule broken = row ? check_sent(row, m->code, &o, again) : CS_RULE_NONE;
    if (broken != CS_RULE_NONE) {
      *at = o;
      return broken;
    }
  }
  return it.broken;
}
