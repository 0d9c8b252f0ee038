/* The parser of what only a WebSocket can be sent: frames and upgrades. */
#include "runner/scenario_field.h"
#include "wire/ws_frame.h"

static bool take_field(state *p, const char *name, bool *seen) {
  const uint8_t *start = p->in.at;
  if (!cs_runner_take(p, name))
    return false;
  if (*seen)
    p->in.at = start; /* read as something else, and refused there */
  return !*seen;
}

static bool read_mask(state *p, cs_runner_frame *frame) {
  const uint8_t *start = p->in.at;
  uint32_t v = 0;
  size_t digits = 0;
  if (cs_runner_take(p, "0x"))
    for (; cs_runner_hex(p, 0) < 16 && digits < 9; digits++, p->in.at++)
      v = v << 4 | cs_runner_hex(p, 0);
  else if (cs_runner_take(p, "0"))
    frame->masked = false;
  else
    digits = 9;
  if (frame->masked && digits != 8)
    return cs_runner_expected_at(p, start, "0 for no mask, or 0x and eight hex digits");
  frame->has_mask = frame->masked;
  for (unsigned i = 0; i < 4; i++)
    frame->mask[i] = (uint8_t)(v >> (24 - 8 * i));
  return true;
}

static bool read_form(state *p, cs_runner_frame *frame) {
  static const uint8_t forms[] = {7, 16, 64};
  const uint8_t *start = p->in.at;
  uint64_t v = 0;
  if (!cs_runner_number(p, 64, &v))
    return false;
  for (size_t i = 0; i < sizeof forms; i++)
    if (v == forms[i])
      frame->form = forms[i];
  return frame->form || cs_runner_expected_at(p, start, "7, 16 or 64 bits");
}

struct seen {
  bool fin, rsv, mask, form, announce;
};

/* A field of the frame's header; false with *good unchanged when there is none. */
static bool header_field(state *p, cs_runner_frame *frame, struct seen *seen, bool *good) {
  uint64_t v = 0;
  if (take_field(p, "fin=", &seen->fin)) {
    seen->fin = true;
    *good = cs_runner_number(p, 1, &v);
    frame->fin = v == 1;
  } else if (take_field(p, "rsv=", &seen->rsv)) {
    seen->rsv = true;
    *good = cs_runner_number(p, 7, &v);
    frame->rsv = (uint8_t)v;
  } else if (take_field(p, "mask=", &seen->mask)) {
    seen->mask = true;
    *good = read_mask(p, frame);
  } else if (take_field(p, "length=", &seen->form)) {
    seen->form = true;
    *good = read_form(p, frame);
  } else if (take_field(p, "announce=", &seen->announce)) {
    seen->announce = frame->has_announce = true;
    /* The highest bit may be set, wrong as that is. */
    *good = cs_runner_number(p, UINT64_C(999999999999999999), &frame->announce);
  } else {
    return false;
  }
  return true;
}

static bool read_payload(state *p, cs_runner_fields *f) {
  cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_RAW);
  if (!field)
    return false;
  if (*p->in.at == '"')
    return cs_runner_value(p, CS_FORMAT_STRING, field);
  if (*p->in.at == '$') {
    field->var = cs_runner_variable(p, CS_RUNNER_KIND_OPEN);
    return field->var >= 0;
  }
  if (cs_runner_hex(p, 0) > 15)
    return cs_runner_expected(p,
                              "fin=, rsv=, mask=, length=, announce=, each once, or the payload: "
                              "hex digits, $name or \"text\"");
  return cs_runner_token_value(p, field);
}

/* Whether the length has room in the form that was asked for. */
static bool check_form(state *p, const cs_runner_frame *frame, const cs_runner_fields *f) {
  const cs_runner_field *fields = f->list.items;
  uint64_t length = 0;
  for (size_t i = 0; i < f->list.count; i++)
    length += fields[i].literal.len;
  if (frame->has_announce)
    length = frame->announce;
  if ((frame->form == 7 && length > 125) || (frame->form == 16 && length > UINT16_MAX))
    return cs_runner_expected(p, "a longer form than length=%u for %llu bytes", frame->form,
                              (unsigned long long)length);
  return true;
}

bool cs_runner_parse_frame(state *p, cs_runner_send *out) {
  cs_runner_fields f = {0};
  struct seen seen = {0};
  out->kind = CS_RUNNER_SEND_FRAME;
  out->frame = (cs_runner_frame){.fin = true, .masked = true};
  if (!cs_runner_take_opcode(p, &out->frame.opcode))
    return cs_runner_expected(
        p, "an opcode: continuation, text, binary, close, ping, pong, or 0 to 15");
  if (!cs_runner_field_end(p))
    return false;
  while (!cs_runner_at_end(p)) {
    bool good = true;
    bool header = f.list.count == 0 && header_field(p, &out->frame, &seen, &good);
    if (!good || (!header && !read_payload(p, &f)) || !cs_runner_field_end(p))
      return false;
  }
  out->fields = f.list.items;
  out->field_count = f.list.count;
  return check_form(p, &out->frame, &f);
}

/* method=, target=, version=: a word of the request line. */
static bool read_line_word(state *p, cs_runner_fields *f, cs_runner_field *field) {
  static const struct {
    const char *word;
    cs_runner_field_kind kind;
  } words[] = {{"method=", CS_RUNNER_FIELD_METHOD},
               {"target=", CS_RUNNER_FIELD_TARGET},
               {"version=", CS_RUNNER_FIELD_HTTP_VERSION}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    const uint8_t *start = p->in.at;
    if (!cs_runner_take(p, words[i].word))
      continue;
    if (cs_runner_field_of(f, words[i].kind))
      return cs_runner_expected_at(p, start, "one %s only", words[i].word);
    field->kind = words[i].kind;
    field->literal = cs_runner_copy(p->arena, cs_runner_word(p));
    return field->literal.len > 0 || cs_runner_expected(p, "a word behind %s", words[i].word);
  }
  return true;
}

static bool read_upgrade_field(state *p, cs_runner_fields *f) {
  static const char want[] = "method=, target=, version=, Name=\"value\", !Name or +Name=\"value\"";
  cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_HEADER);
  if (!field || !read_line_word(p, f, field))
    return false;
  if (field->kind != CS_RUNNER_FIELD_HEADER)
    return true;
  if (cs_runner_take(p, "!")) {
    field->relation = CS_RUNNER_ABSENT;
    return cs_runner_header_name(p, field, want);
  }
  if (cs_runner_take(p, "+"))
    field->relation = CS_RUNNER_ONE_MORE;
  if (!cs_runner_header_name(p, field, want))
    return false;
  if (!cs_runner_take(p, "="))
    return cs_runner_expected(p, "= and a value");
  return cs_runner_value(p, CS_FORMAT_STRING, field);
}

bool cs_runner_parse_upgrade(state *p, cs_runner_send *out) {
  cs_runner_fields f = {0};
  out->kind = CS_RUNNER_SEND_UPGRADE;
  while (!cs_runner_at_end(p))
    if (!read_upgrade_field(p, &f) || !cs_runner_field_end(p))
      return false;
  out->fields = f.list.items;
  out->field_count = f.list.count;
  return true;
}
