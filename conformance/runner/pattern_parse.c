/* The parser of patterns: what stands behind "<" and "<<". */
#include "runner/scenario_field.h"
#include "wire/message.h"

enum { ALL_TYPES = 15 };

static bool read_types(state *p, bool response, cs_runner_pattern *out) {
  cs_base_reader before = p->in;
  cs_span word = cs_runner_word(p);
  if (cs_span_equal(word, cs_span_str("*"))) {
    cs_base_reader behind = p->in;
    cs_runner_skip_spaces(p);
    /* Behind "<<" a lone star may be the code. */
    if (!response || (cs_base_left(&p->in) && *p->in.at >= '0' && *p->in.at <= '7') ||
        (cs_base_left(&p->in) && *p->in.at == '*')) {
      out->types = ALL_TYPES;
      return true;
    }
    (void)behind;
  }
  cs_base_reader in = cs_base_reader_of(word);
  unsigned types = 0;
  while (cs_base_left(&in) >= 3) {
    uint8_t t = CS_CON;
    while (t <= CS_RST && memcmp(in.at, cs_wire_type_name(t), 3) != 0)
      t++;
    if (t > CS_RST)
      break;
    in.at += 3;
    types |= 1u << t;
    if (cs_base_left(&in) == 0) {
      out->types = (uint8_t)types;
      cs_runner_skip_spaces(p);
      return true;
    }
    if (*in.at != '|')
      break;
    in.at++;
  }
  p->in = before;
  if (response) {
    out->types = ALL_TYPES;
    return true;
  }
  return cs_runner_expected(p, "a type: CON, NON, ACK, RST, some of them as CON|NON, or *");
}

/* "2.05", "2.xx", "Pong" or "*" at the beginning of s; how many bytes, or 0. */
static size_t take_code(cs_span s, cs_runner_code *out) {
  if (s.len >= 1 && s.at[0] == '*') {
    *out = (cs_runner_code){CS_RUNNER_ANY, CS_RUNNER_ANY};
    return 1;
  }
  if (s.len >= 5 && memcmp(s.at, "Empty", 5) == 0) {
    *out = (cs_runner_code){0, 0};
    return 5;
  }
  for (uint8_t detail = 1; detail <= 5; detail++) {
    const char *name = cs_wire_code_name(CS_CODE(7, detail));
    size_t len = strlen(name);
    if (s.len >= len && memcmp(s.at, name, len) == 0) {
      *out = (cs_runner_code){7, detail};
      return len;
    }
  }
  if (s.len < 4 || s.at[1] != '.' || s.at[0] < '0' || s.at[0] > '7')
    return 0;
  uint8_t class = (uint8_t)(s.at[0] - '0');
  if (s.at[2] == 'x' && s.at[3] == 'x') {
    *out = (cs_runner_code){class, CS_RUNNER_ANY};
    return 4;
  }
  unsigned detail = 32;
  if (s.at[2] >= '0' && s.at[2] <= '3' && s.at[3] >= '0' && s.at[3] <= '9')
    detail = (unsigned)(s.at[2] - '0') * 10 + (unsigned)(s.at[3] - '0');
  if (detail > 31)
    return 0;
  *out = (cs_runner_code){class, (uint8_t)detail};
  return 4;
}

static bool read_codes(state *p, cs_runner_pattern *out) {
  static const char want[] = "a code: 2.05, 2.xx, 2.01|2.04 or *";
  cs_runner_list codes = {0};
  const uint8_t *start = p->in.at;
  cs_span word = cs_runner_word(p);
  for (;;) {
    cs_runner_code code;
    size_t n = take_code(word, &code);
    if (n == 0 || codes.count == CS_RUNNER_CODES_MAX)
      return cs_runner_expected_at(p, start, want);
    cs_runner_code *slot = cs_runner_push(p->arena, &codes, sizeof *slot);
    *slot = code;
    word = cs_span_cut(word, n, word.len - n);
    if (word.len == 0)
      break;
    if (word.at[0] != '|')
      return cs_runner_expected_at(p, start, want);
    word = cs_span_cut(word, 1, word.len - 1);
  }
  out->codes = codes.items;
  out->code_count = codes.count;
  cs_runner_skip_spaces(p);
  return true;
}

cs_runner_relation cs_runner_take_relation(state *p) {
  if (cs_runner_take(p, "="))
    return CS_RUNNER_EQUAL;
  if (cs_runner_take(p, "!="))
    return CS_RUNNER_DIFFERENT;
  if (cs_runner_take(p, "~"))
    return CS_RUNNER_CONTAINS;
  return CS_RUNNER_PRESENT;
}

bool cs_runner_at_value_end(const state *p) {
  return cs_base_left(&p->in) == 0 || *p->in.at == ' ' || *p->in.at == '\t';
}

static bool read_header_field(state *p, cs_runner_field *field) {
  bool mid = field->kind == CS_RUNNER_FIELD_MID;
  if (mid && !cs_runner_only_on(p, p->in.at - 3, CS_RUNNER_DATAGRAMS, "a Message ID"))
    return false;
  field->relation = cs_runner_take_relation(p);
  if (field->relation != CS_RUNNER_EQUAL && field->relation != CS_RUNNER_DIFFERENT)
    return cs_runner_expected(p, "= or != behind %s", mid ? "mid" : "token");
  return mid ? cs_runner_mid_value(p, field) : cs_runner_token_value(p, field);
}

bool cs_runner_payload_pattern(state *p, cs_runner_field *field) {
  if (cs_runner_take(p, "%")) {
    field->relation = CS_RUNNER_MULTIPLE;
    return cs_runner_number(p, UINT16_MAX, &field->amount) &&
           (field->amount || cs_runner_expected(p, "a number above 0"));
  }
  field->relation = cs_runner_take_relation(p);
  if (field->relation == CS_RUNNER_PRESENT)
    return cs_runner_expected(p, "=, !=, ~ or %% behind payload");
  if (field->relation == CS_RUNNER_EQUAL && cs_runner_at_value_end(p)) {
    field->relation = CS_RUNNER_ABSENT;
    return true;
  }
  if (field->relation == CS_RUNNER_EQUAL && cs_runner_take(p, "*")) {
    field->relation = CS_RUNNER_PRESENT;
    return true;
  }
  if (field->relation == CS_RUNNER_EQUAL && cs_runner_take(p, "text")) {
    field->relation = CS_RUNNER_TEXT;
    return true;
  }
  if (field->relation == CS_RUNNER_EQUAL && cs_runner_take(p, "links")) {
    field->relation = CS_RUNNER_LINKS;
    return true;
  }
  return cs_runner_value(p, CS_FORMAT_OPAQUE, field);
}

/* "size>=N" and "size<=N": bytes of the whole message. */
static bool read_size(state *p, cs_runner_field *field) {
  field->relation = *p->in.at == '>' ? CS_RUNNER_AT_LEAST : CS_RUNNER_AT_MOST;
  p->in.at++;
  if (!cs_runner_take(p, "="))
    return cs_runner_expected(p, "size>=N or size<=N");
  if (cs_base_left(&p->in) && *p->in.at == '$')
    return cs_runner_expected(p, "a number");
  return cs_runner_value(p, CS_FORMAT_UINT, field);
}

/* The code whose options the fields name: that of the pattern when it is one
 * signal's, for each of them has options of its own. */
static uint8_t space_of(const cs_runner_pattern *pattern) {
  const cs_runner_code *first = &pattern->codes[0];
  if (first->class == 7 && first->detail != CS_RUNNER_ANY)
    return CS_CODE(first->class, first->detail);
  return CS_CODE_EMPTY;
}

/* "Name>=value" and "Name<=value", of a number. */
static bool read_bound(state *p, cs_wire_format format, cs_runner_field *field) {
  field->relation = *p->in.at == '>' ? CS_RUNNER_AT_LEAST : CS_RUNNER_AT_MOST;
  if (format != CS_FORMAT_UINT && format != CS_FORMAT_BLOCK)
    return cs_runner_expected(p, "=, != or ~: the option is no number");
  p->in.at += 2;
  if (cs_base_left(&p->in) && *p->in.at == '$')
    return cs_runner_expected(p, "a number");
  return cs_runner_value(p, format, field);
}

static bool read_option(state *p, uint8_t code, cs_runner_field *field) {
  cs_wire_format format = CS_FORMAT_OPAQUE;
  const uint8_t *start = p->in.at;
  bool absent = cs_runner_take(p, "!");
  if (!cs_runner_option_name(p, code, field, &format,
                             "mid=, token=, payload=, the name of an option, within, -> or ["))
    return false;
  if (absent) {
    field->relation = CS_RUNNER_ABSENT;
    if (cs_runner_at_value_end(p))
      return true;
    return cs_runner_expected_at(p, start, "Name!=value, or !Name alone");
  }
  if (cs_base_left(&p->in) > 1 && (*p->in.at == '>' || *p->in.at == '<') && p->in.at[1] == '=')
    return read_bound(p, format, field);
  field->relation = cs_runner_take_relation(p);
  if (field->relation == CS_RUNNER_PRESENT)
    return true;
  if (field->relation == CS_RUNNER_EQUAL && cs_runner_take(p, "*")) {
    field->relation = CS_RUNNER_PRESENT;
    return true;
  }
  if (field->relation == CS_RUNNER_EQUAL && format == CS_FORMAT_STRING &&
      cs_runner_take(p, "text")) {
    field->relation = CS_RUNNER_TEXT;
    return true;
  }
  return cs_runner_value(p, format, field);
}

static bool read_field(state *p, uint8_t code, cs_runner_fields *f) {
  static const struct {
    const char *word;
    cs_runner_field_kind kind;
  } words[] = {{"mid", CS_RUNNER_FIELD_MID},
               {"token", CS_RUNNER_FIELD_TOKEN},
               {"payload", CS_RUNNER_FIELD_PAYLOAD}};
  cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_OPTION);
  if (!field)
    return false;
  if (cs_runner_take_links(p, &field->relation))
    return cs_runner_links_pattern(p, field);
  if (cs_runner_take(p, "json=")) {
    field->kind = CS_RUNNER_FIELD_PAYLOAD;
    field->relation = CS_RUNNER_JSON;
    return cs_runner_json_value(p, field);
  }
  if (cs_base_left(&p->in) > 5 && memcmp(p->in.at, "size", 4) == 0 &&
      memchr("<>", p->in.at[4], 2)) {
    p->in.at += 4;
    field->kind = CS_RUNNER_FIELD_SIZE;
    return read_size(p, field);
  }
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    size_t len = strlen(words[i].word);
    size_t left = cs_base_left(&p->in);
    if (left > len && memcmp(p->in.at, words[i].word, len) == 0 &&
        memchr("=!~% ", p->in.at[len], 5)) {
      p->in.at += len;
      field->kind = words[i].kind;
      return field->kind == CS_RUNNER_FIELD_PAYLOAD ? cs_runner_payload_pattern(p, field)
                                                    : read_header_field(p, field);
    }
  }
  return read_option(p, code, field);
}

bool cs_runner_at_tail(state *p) {
  if (cs_runner_at_end(p))
    return true;
  cs_base_reader before = p->in;
  bool tail = *p->in.at == '[' || cs_runner_take_word(p, "within") ||
              cs_runner_take_word(p, "varied") || cs_runner_take_word(p, "->");
  p->in = before;
  return tail;
}

/* The types, where messages have one. Behind "<" they are written for udp and
 * must not be elsewhere; behind "<<" they may. */
static bool read_types_of(state *p, bool response, cs_runner_pattern *out) {
  const uint8_t *start = p->in.at;
  if (response || cs_runner_named(p, CS_RUNNER_DATAGRAMS)) {
    if (!read_types(p, response, out))
      return false;
    return out->types == ALL_TYPES || cs_runner_only_on(p, start, CS_RUNNER_DATAGRAMS, "a type");
  }
  for (uint8_t t = CS_CON; t <= CS_RST; t++) {
    const char *name = cs_wire_type_name(t);
    if (cs_base_left(&p->in) > 3 && memcmp(start, name, 3) == 0 && memchr(" |", start[3], 2))
      return cs_runner_only_on(p, start, CS_RUNNER_DATAGRAMS, "a type");
  }
  out->types = ALL_TYPES;
  return true;
}

bool cs_runner_parse_pattern(state *p, bool response, cs_runner_pattern *out) {
  cs_runner_fields f = {0};
  if (!read_types_of(p, response, out) || !read_codes(p, out))
    return false;
  while (!cs_runner_at_tail(p))
    if (!read_field(p, space_of(out), &f) || !cs_runner_field_end(p))
      return false;
  out->fields = f.list.items;
  out->field_count = f.list.count;
  return true;
}
