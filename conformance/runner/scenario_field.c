#include "runner/scenario_field.h"

#include <stdio.h>

#include "wire/message.h"
#include "wire/notation.h"
#include "wire/ws_frame.h"

cs_runner_field *cs_runner_add_field(state *p, cs_runner_fields *f, cs_runner_field_kind kind) {
  if (f->list.count == CS_RUNNER_FIELDS_MAX) {
    cs_runner_expected(p, "at most %d fields", CS_RUNNER_FIELDS_MAX);
    return NULL;
  }
  cs_runner_field *field = cs_runner_push(p->arena, &f->list, sizeof *field);
  field->kind = kind;
  field->relation = CS_RUNNER_EQUAL;
  field->var = -1;
  field->column = cs_runner_column(p);
  return field;
}

const cs_runner_field *cs_runner_field_of(const cs_runner_fields *f, cs_runner_field_kind kind) {
  const cs_runner_field *fields = f->list.items;
  for (size_t i = 0; i < f->list.count; i++)
    if (fields[i].kind == kind)
      return &fields[i];
  return NULL;
}

unsigned cs_runner_hex(const state *p, size_t ahead) {
  if (cs_base_left(&p->in) <= ahead)
    return 16;
  unsigned c = p->in.at[ahead];
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

bool cs_runner_field_end(state *p) {
  if (cs_base_left(&p->in) == 0 || *p->in.at == ' ' || *p->in.at == '\t') {
    cs_runner_skip_spaces(p);
    return true;
  }
  return cs_runner_expected(p, "a space or the end of the line");
}

static bool digit(const state *p) {
  return cs_base_left(&p->in) && *p->in.at >= '0' && *p->in.at <= '9';
}

bool cs_runner_mid_value(state *p, cs_runner_field *field) {
  static const char want[] = "a Message ID: $name, 0x and up to four hex digits, or 0 to 65535";
  const uint8_t *start = p->in.at;
  uint32_t v = 0;
  size_t digits = 0;
  if (cs_base_left(&p->in) && *p->in.at == '$') {
    field->var = cs_runner_variable(p, CS_RUNNER_KIND_MID);
    return field->var >= 0;
  }
  if (cs_runner_take(p, "0x")) {
    for (; cs_runner_hex(p, 0) < 16; digits++) {
      v = (v << 4 | cs_runner_hex(p, 0)) & 0xfffff;
      p->in.at++;
    }
    if (digits > 4)
      digits = 0;
  } else {
    for (; digit(p) && v <= 0xffff; digits++)
      v = v * 10 + (uint32_t)(*p->in.at++ - '0');
  }
  if (digits == 0 || v > 0xffff)
    return cs_runner_expected_at(p, start, "%s", want);
  uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};
  field->literal = cs_runner_copy(p->arena, cs_span_of(bytes, 2));
  return true;
}

bool cs_runner_token_value(state *p, cs_runner_field *field) {
  if (cs_base_left(&p->in) && *p->in.at == '$') {
    field->var = cs_runner_variable(p, CS_RUNNER_KIND_TOKEN);
    return field->var >= 0;
  }
  size_t digits = 0;
  while (cs_runner_hex(p, digits) < 16)
    digits++;
  if (digits % 2) {
    p->in.at += digits;
    return cs_runner_expected(p, "a second hex digit");
  }
  uint8_t *bytes = cs_runner_get(p->arena, digits / 2 + 1);
  for (size_t i = 0; i < digits; i += 2)
    bytes[i / 2] = (uint8_t)(cs_runner_hex(p, i) << 4 | cs_runner_hex(p, i + 1));
  p->in.at += digits;
  field->literal = cs_span_of(bytes, digits / 2);
  return true;
}

bool cs_runner_value(state *p, cs_wire_format format, cs_runner_field *field) {
  if (cs_base_left(&p->in) && *p->in.at == '$') {
    field->var = cs_runner_variable(p, CS_RUNNER_KIND_BYTES);
    return field->var >= 0;
  }
  cs_wire_notation_error broken = {0, "a value"};
  const uint8_t *start = p->in.at;
  /* No value is longer than its text. */
  size_t cap = cs_base_left(&p->in) + 4;
  uint8_t *bytes = cs_runner_get(p->arena, cap);
  size_t len = 0;
  if (cs_wire_read_value(&p->in, format, bytes, cap, &len, &broken) != CS_OK)
    return cs_runner_expected_at(p, start + broken.at, "%s", broken.want);
  field->literal = cs_span_of(bytes, len);
  return true;
}

bool cs_runner_option_name(state *p, uint8_t code, cs_runner_field *field, cs_wire_format *format,
                           const char *want) {
  const uint8_t *start = p->in.at;
  uint8_t space = cs_wire_option_space(code);
  const cs_wire_option_row *row = NULL;
  field->kind = CS_RUNNER_FIELD_OPTION;
  if (cs_runner_take(p, "Option-")) {
    uint32_t v = 0;
    size_t digits = 0;
    for (; digit(p) && v <= 65535; digits++)
      v = v * 10 + (uint32_t)(*p->in.at++ - '0');
    if (digits == 0 || v > 65535)
      return cs_runner_expected_at(p, start, "an option number from 0 to 65535");
    field->number = (uint16_t)v;
    row = cs_wire_option_find(space, v);
    *format = row ? row->format : CS_FORMAT_OPAQUE;
    return true;
  }
  row = cs_wire_option_named(space, cs_runner_name(p));
  if (!row)
    return cs_runner_expected_at(p, start, "%s", want);
  field->number = row->number;
  *format = row->format;
  return true;
}

bool cs_runner_number(state *p, uint64_t max, uint64_t *out) {
  cs_span word = cs_runner_word(p);
  uint64_t v = 0;
  bool good = word.len > 0 && word.len < 19;
  for (size_t i = 0; i < word.len && good; i++) {
    good = word.at[i] >= '0' && word.at[i] <= '9';
    v = v * 10 + (uint64_t)(word.at[i] - '0');
  }
  if (!good || v > max)
    return cs_runner_expected_at(p, word.at, "a number from 0 to %llu", (unsigned long long)max);
  *out = v;
  return true;
}

bool cs_runner_take_opcode(state *p, uint8_t *opcode) {
  cs_base_reader before = p->in;
  cs_span name = cs_runner_name(p);
  for (unsigned o = 0; o < 16; o++) {
    const char *known = cs_wire_ws_opcode_name((uint8_t)o);
    char number[4];
    snprintf(number, sizeof number, "%u", o);
    if ((known && cs_span_equal(name, cs_span_str(known))) ||
        cs_span_equal(name, cs_span_str(number))) {
      *opcode = (uint8_t)o;
      return true;
    }
  }
  p->in = before;
  return false;
}

bool cs_runner_header_name(state *p, cs_runner_field *field, const char *want) {
  cs_span name = cs_runner_name(p);
  if (name.len == 0)
    return cs_runner_expected(p, "%s", want);
  field->kind = CS_RUNNER_FIELD_HEADER;
  field->name = cs_runner_text(p->arena, name);
  return true;
}

bool cs_runner_take_type(state *p, uint8_t *type) {
  if (cs_runner_take_word(p, "$type")) {
    *type = CS_RUNNER_TYPE_CASE;
    return true;
  }
  for (uint8_t t = CS_CON; t <= CS_RST; t++) {
    if (cs_runner_take_word(p, cs_wire_type_name(t))) {
      *type = t;
      return true;
    }
  }
  return false;
}

bool cs_runner_take_code(state *p, uint8_t *code) {
  if (cs_runner_take_word(p, "Empty")) {
    *code = CS_CODE_EMPTY;
    return true;
  }
  for (unsigned c = 1; c < 256; c++) {
    bool by_name = cs_wire_code_is_request((uint8_t)c) || cs_wire_code_is_signal((uint8_t)c);
    const char *name = by_name ? cs_wire_code_name((uint8_t)c) : NULL;
    if (name && cs_runner_take_word(p, name)) {
      *code = (uint8_t)c;
      return true;
    }
  }
  cs_base_reader before = p->in;
  cs_span s = cs_runner_word(p);
  bool digits = s.len == 4 && s.at[1] == '.' && s.at[0] >= '0' && s.at[0] <= '7' &&
                s.at[2] >= '0' && s.at[2] <= '3' && s.at[3] >= '0' && s.at[3] <= '9';
  unsigned detail = digits ? (s.at[2] - (unsigned)'0') * 10 + (s.at[3] - (unsigned)'0') : 32;
  if (detail > 31) {
    p->in = before;
    return false;
  }
  *code = CS_CODE(s.at[0] - (unsigned)'0', detail);
  cs_runner_skip_spaces(p);
  return true;
}
