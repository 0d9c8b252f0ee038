/* The parser of patterns that only a WebSocket has: "< frame" and "< upgrade". */
#include "runner/scenario_field.h"
#include "wire/ws_frame.h"

/* "close", "ping|pong", "*". */
static bool read_opcodes(state *p, cs_runner_pattern *out) {
  if (cs_runner_take(p, "*")) {
    out->opcodes = UINT16_MAX;
    return cs_runner_field_end(p);
  }
  do {
    uint8_t opcode;
    if (!cs_runner_take_opcode(p, &opcode))
      return cs_runner_expected(
          p, "an opcode: continuation, text, binary, close, ping, pong, 0 to 15, some of them as "
             "ping|pong, or *");
    out->opcodes |= (uint16_t)(1u << opcode);
  } while (cs_runner_take(p, "|"));
  return cs_runner_field_end(p);
}

/* "1002|1003": two bytes each. */
static bool read_status(state *p, cs_runner_field *field) {
  uint8_t bytes[2 * CS_RUNNER_CODES_MAX];
  size_t len = 0;
  do {
    const uint8_t *start = p->in.at;
    unsigned v = 0;
    while (cs_base_left(&p->in) && *p->in.at >= '0' && *p->in.at <= '9' && v <= UINT16_MAX)
      v = v * 10 + (unsigned)(*p->in.at++ - '0');
    if (p->in.at == start || v > UINT16_MAX || len == sizeof bytes)
      return cs_runner_expected_at(p, start, "a status such as 1002, or 1002|1003");
    bytes[len++] = (uint8_t)(v >> 8);
    bytes[len++] = (uint8_t)v;
  } while (cs_runner_take(p, "|"));
  field->literal = cs_runner_copy(p->arena, cs_span_of(bytes, len));
  return true;
}

static bool read_frame_field(state *p, cs_runner_fields *f) {
  static const struct {
    const char *word;
    cs_runner_field_kind kind;
    uint64_t max;
  } words[] = {{"fin=", CS_RUNNER_FIELD_FIN, 1},
               {"rsv=", CS_RUNNER_FIELD_RSV, 7},
               {"mask=", CS_RUNNER_FIELD_MASK, 1},
               {"length=", CS_RUNNER_FIELD_FORM, 64}};
  cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_PAYLOAD);
  if (!field)
    return false;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (!cs_runner_take(p, words[i].word))
      continue;
    field->kind = words[i].kind;
    bool good = cs_runner_number(p, words[i].max, &field->amount);
    field->number = (uint16_t)field->amount;
    return good;
  }
  if (cs_runner_take(p, "status>=")) {
    uint64_t least;
    field->kind = CS_RUNNER_FIELD_STATUS;
    field->relation = CS_RUNNER_AT_LEAST;
    bool good = cs_runner_number(p, UINT16_MAX, &least);
    field->number = (uint16_t)least;
    return good;
  }
  if (cs_runner_take(p, "status=")) {
    field->kind = CS_RUNNER_FIELD_STATUS;
    return read_status(p, field);
  }
  if (cs_runner_take(p, "reason=text")) {
    field->kind = CS_RUNNER_FIELD_REASON;
    return true;
  }
  if (cs_runner_take(p, "payload"))
    return cs_runner_payload_pattern(p, field);
  return cs_runner_expected(
      p, "fin=, rsv=, mask=, length=, status=, reason=text, payload=, within, -> or [");
}

bool cs_runner_parse_frame_pattern(state *p, cs_runner_pattern *out) {
  cs_runner_fields f = {0};
  if (!read_opcodes(p, out))
    return false;
  while (!cs_runner_at_tail(p))
    if (!read_frame_field(p, &f) || !cs_runner_field_end(p))
      return false;
  out->fields = f.list.items;
  out->field_count = f.list.count;
  return true;
}

static bool is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

/* "101", "4xx", "400|426", "*". */
static bool read_statuses(state *p, cs_runner_pattern *out) {
  static const char want[] = "a status: 101, 4xx, 400|426 or *";
  cs_runner_list codes = {0};
  do {
    cs_runner_code code = {CS_RUNNER_ANY, CS_RUNNER_ANY};
    const uint8_t *at = p->in.at;
    if (!cs_runner_take(p, "*")) {
      if (cs_base_left(&p->in) < 3 || at[0] < '1' || at[0] > '9')
        return cs_runner_expected(p, want);
      code.class = (uint8_t)(at[0] - '0');
      if (is_digit(at[1]) && is_digit(at[2]))
        code.detail = (uint8_t)((at[1] - '0') * 10 + (at[2] - '0'));
      else if (at[1] != 'x' || at[2] != 'x')
        return cs_runner_expected(p, want);
      p->in.at += 3;
    }
    if (codes.count == CS_RUNNER_CODES_MAX)
      return cs_runner_expected_at(p, at, "at most %d statuses", CS_RUNNER_CODES_MAX);
    *(cs_runner_code *)cs_runner_push(p->arena, &codes, sizeof code) = code;
  } while (cs_runner_take(p, "|"));
  out->codes = codes.items;
  out->code_count = codes.count;
  return cs_runner_field_end(p);
}

static bool read_header_field(state *p, cs_runner_fields *f) {
  static const char want[] = "the name of a header field, within, -> or [";
  cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_HEADER);
  if (!field)
    return false;
  bool absent = cs_runner_take(p, "!");
  if (!cs_runner_header_name(p, field, want))
    return false;
  if (absent) {
    field->relation = CS_RUNNER_ABSENT;
    return true;
  }
  field->relation = cs_runner_take_relation(p);
  if (field->relation == CS_RUNNER_PRESENT)
    return true;
  if (field->relation == CS_RUNNER_EQUAL && cs_runner_take(p, "accept")) {
    field->relation = CS_RUNNER_ACCEPT;
    return true;
  }
  return cs_runner_value(p, CS_FORMAT_STRING, field);
}

bool cs_runner_parse_upgrade_pattern(state *p, cs_runner_pattern *out) {
  cs_runner_fields f = {0};
  if (!read_statuses(p, out))
    return false;
  while (!cs_runner_at_tail(p))
    if (!read_header_field(p, &f) || !cs_runner_field_end(p))
      return false;
  out->fields = f.list.items;
  out->field_count = f.list.count;
  return true;
}
