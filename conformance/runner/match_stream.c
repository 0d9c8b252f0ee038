/* Whether a frame, or the head of a response, is what a pattern wants. */
#include <strings.h>

#include "runner/values.h"
#include "wire/utf8.h"

static bool status_fits(const cs_runner_field *f, cs_span payload) {
  if (f->relation == CS_RUNNER_AT_LEAST)
    return payload.len >= 2 && (payload.at[0] << 8 | payload.at[1]) >= f->number;
  for (size_t i = 0; payload.len >= 2 && i + 1 < f->literal.len; i += 2)
    if (memcmp(f->literal.at + i, payload.at, 2) == 0)
      return true;
  return false;
}

/* The bits in which the length stands. */
static unsigned length_bits(const cs_wire_ws_frame *frame) {
  unsigned size = frame->header - (frame->masked ? 4u : 0u);
  return size == 2 ? 7 : size == 4 ? 16 : 64;
}

static bool frame_field_fits(const cs_runner_field *f, const cs_wire_ws_frame *frame,
                             cs_span payload, cs_runner_values *values, const char **why) {
  switch (f->kind) {
  case CS_RUNNER_FIELD_FIN:
    *why = "fin is another";
    return frame->fin == (f->number == 1);
  case CS_RUNNER_FIELD_RSV:
    *why = "the reserved bits are others";
    return frame->rsv == f->number;
  case CS_RUNNER_FIELD_MASK:
    *why = f->number ? "it is not masked" : "it is masked";
    return frame->masked == (f->number == 1);
  case CS_RUNNER_FIELD_FORM:
    *why = "its length is in another form";
    return length_bits(frame) == f->number;
  case CS_RUNNER_FIELD_STATUS:
    *why = payload.len ? "the status is another" : "there is no status";
    return status_fits(f, payload);
  case CS_RUNNER_FIELD_REASON:
    *why = "the reason is not UTF-8";
    return payload.len < 2 || cs_wire_utf8_valid(cs_span_cut(payload, 2, payload.len - 2));
  default:
    return cs_runner_payload_fits(f, payload, values, why);
  }
}

bool cs_runner_match_frame(const cs_runner_pattern *pattern, const cs_wire_ws_frame *frame,
                           cs_span payload, cs_runner_arena *arena, cs_runner_values *values,
                           const char **why) {
  (void)arena;
  cs_runner_values bound = *values;
  if (!(pattern->opcodes >> (frame->opcode & 15u) & 1u)) {
    *why = "the opcode is another";
    return false;
  }
  for (size_t i = 0; i < pattern->field_count; i++)
    if (!frame_field_fits(&pattern->fields[i], frame, payload, &bound, why))
      return false;
  *values = bound;
  return true;
}

static bool contains_text(cs_span all, cs_span part) {
  for (size_t i = 0; i + part.len <= all.len; i++)
    if (strncasecmp((const char *)all.at + i, (const char *)part.at, part.len) == 0)
      return true;
  return part.len == 0;
}

static bool value_fits(const cs_runner_field *f, cs_span value, cs_span key,
                       cs_runner_values *values) {
  if (f->relation == CS_RUNNER_ACCEPT) {
    char accept[CS_WS_ACCEPT_SIZE];
    cs_wire_ws_accept(key, accept);
    return cs_span_equal(value, cs_span_of(accept, sizeof accept));
  }
  if (f->relation == CS_RUNNER_CONTAINS && f->var < 0)
    return contains_text(value, f->literal);
  return cs_runner_field_holds(f, value, values);
}

/* A field takes one line of its name, so that two fields want two of them;
 * taken says which are. "Name!=value" is about every line. */
static bool header_fits(const cs_runner_field *f, const cs_wire_http_head *head, cs_span key,
                        bool taken[CS_HTTP_FIELDS_MAX], cs_runner_arena *arena,
                        cs_runner_values *values, const char **why) {
  cs_wire_http_iter it = cs_wire_http_fields(head);
  cs_span name;
  cs_span value;
  bool there = false;
  bool all = true;
  for (size_t i = 0; i < CS_HTTP_FIELDS_MAX && cs_wire_http_next(&it, &name, &value); i++) {
    if (name.len != strlen(f->name) || strncasecmp((const char *)name.at, f->name, name.len) != 0)
      continue;
    there = true;
    if (f->relation == CS_RUNNER_ABSENT)
      break;
    bool fits = value_fits(f, value, key, values);
    if (fits && f->relation != CS_RUNNER_DIFFERENT && !taken[i]) {
      taken[i] = true;
      return true;
    }
    all = all && fits;
  }
  if (f->relation == CS_RUNNER_ABSENT ? !there : there && all && f->relation == CS_RUNNER_DIFFERENT)
    return true;
  const char *how = f->relation == CS_RUNNER_ABSENT ? "is there"
                    : there                         ? "is another"
                                                    : "is missing";
  *why = cs_runner_format(arena, "%s %s", f->name, how);
  return false;
}

bool cs_runner_match_head(const cs_runner_pattern *pattern, const cs_wire_http_head *head,
                          cs_span key, cs_runner_arena *arena, cs_runner_values *values,
                          const char **why) {
  cs_runner_values bound = *values;
  bool taken[CS_HTTP_FIELDS_MAX] = {false};
  if (!cs_runner_code_fits(pattern, head->status / 100u, head->status % 100u)) {
    *why = "the status is another";
    return false;
  }
  for (size_t i = 0; i < pattern->field_count; i++)
    if (!header_fits(&pattern->fields[i], head, key, taken, arena, &bound, why))
      return false;
  *values = bound;
  return true;
}
