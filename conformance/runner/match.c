/* Whether a message that came is what a pattern wants. */
#include <stdio.h>

#include "runner/values.h"
#include "wire/option.h"
#include "wire/utf8.h"

enum { OPTIONS_MAX = 256 };

bool cs_runner_contains(cs_span all, cs_span part) {
  for (size_t i = 0; i + part.len <= all.len; i++)
    if (cs_span_equal(cs_span_cut(all, i, part.len), part))
      return true;
  return false;
}

/* The integer that bytes stand for, however many zeros lead; over 8 bytes the
 * largest. */
static uint64_t number_of(cs_span bytes) {
  uint64_t v = 0;
  for (size_t i = 0; i < bytes.len; i++)
    v = v >> 56 ? UINT64_MAX : v << 8 | bytes.at[i];
  return v;
}

bool cs_runner_field_holds(const cs_runner_field *f, cs_span value, cs_runner_values *values) {
  if (f->relation == CS_RUNNER_PRESENT)
    return true;
  if (f->var >= 0 && !cs_runner_bound(values, f->var)) {
    cs_runner_bind(values, f->var, value);
    return true;
  }
  cs_span want = f->var >= 0 ? values->of[f->var] : f->literal;
  switch (f->relation) {
  case CS_RUNNER_EQUAL:
    return cs_span_equal(value, want);
  case CS_RUNNER_DIFFERENT:
    return !cs_span_equal(value, want);
  case CS_RUNNER_CONTAINS:
    return cs_runner_contains(value, want);
  case CS_RUNNER_AT_LEAST:
    return number_of(value) >= number_of(want);
  case CS_RUNNER_AT_MOST:
    return number_of(value) <= number_of(want);
  default:
    return false;
  }
}

struct matching {
  const cs_wire_message *m;
  cs_runner_arena *arena;
  cs_runner_values values;
  cs_wire_option options[OPTIONS_MAX];
  bool taken[OPTIONS_MAX]; /* by a field that wanted this very instance */
  size_t option_count;
  const char *why;
};

static bool differs(struct matching *g, const char *what) {
  g->why = what;
  return false;
}

static bool option_differs(struct matching *g, uint16_t number, const char *how) {
  const cs_wire_option_row *row = cs_wire_option_find(cs_wire_option_space(g->m->code), number);
  g->why = row ? cs_runner_format(g->arena, "%s %s", row->name, how)
               : cs_runner_format(g->arena, "Option-%u %s", number, how);
  return false;
}

/* A field takes one instance of its option, so that two fields of one name
 * want two. "Name!=value" is about every instance, and there must be one. */
static bool match_option(struct matching *g, const cs_runner_field *f) {
  bool there = false;
  for (size_t i = 0; i < g->option_count; i++) {
    if (g->options[i].number != f->number)
      continue;
    there = true;
    if (f->relation == CS_RUNNER_ABSENT)
      return option_differs(g, f->number, "is there");
    if (f->relation == CS_RUNNER_TEXT) {
      if (!cs_wire_utf8_valid(g->options[i].value))
        return option_differs(g, f->number, "is no UTF-8");
      continue;
    }
    if (f->relation == CS_RUNNER_DIFFERENT) {
      if (!cs_runner_field_holds(f, g->options[i].value, &g->values))
        return option_differs(g, f->number, "is the value that must differ");
    } else if (!g->taken[i] && cs_runner_field_holds(f, g->options[i].value, &g->values)) {
      g->taken[i] = true;
      return true;
    }
  }
  if (f->relation == CS_RUNNER_ABSENT || f->relation == CS_RUNNER_TEXT ||
      (there && f->relation == CS_RUNNER_DIFFERENT))
    return true;
  return option_differs(g, f->number, there ? "differs" : "is missing");
}

bool cs_runner_payload_fits(const cs_runner_field *f, cs_span payload, cs_runner_values *values,
                            const char **why) {
  *why = "the payload is another";
  if (f->relation == CS_RUNNER_ABSENT) {
    *why = "there is a payload";
    return payload.len == 0;
  }
  if (f->relation == CS_RUNNER_PRESENT) {
    *why = "there is no payload";
    return payload.len > 0;
  }
  if (f->relation == CS_RUNNER_MULTIPLE) {
    *why = "the length of the payload is no multiple";
    return payload.len % f->amount == 0;
  }
  if (f->relation == CS_RUNNER_TEXT) {
    *why = "the payload is no UTF-8";
    return cs_wire_utf8_valid(payload);
  }
  if (f->relation == CS_RUNNER_LINKS)
    return cs_runner_links_wellformed(payload, why);
  if (f->relation == CS_RUNNER_JSON)
    return cs_runner_json_equal(payload, f->literal);
  return cs_runner_field_holds(f, payload, values);
}

static bool match_size(struct matching *g, const cs_runner_field *f) {
  uint64_t size = cs_wire_size(g->m);
  uint64_t bound = number_of(f->literal);
  if (f->relation == CS_RUNNER_AT_LEAST ? size >= bound : size <= bound)
    return true;
  return differs(g, cs_runner_format(g->arena, "it has %llu bytes", (unsigned long long)size));
}

static bool match_field(struct matching *g, const cs_runner_field *f) {
  uint8_t mid[2] = {(uint8_t)(g->m->mid >> 8), (uint8_t)g->m->mid};
  cs_span value;
  switch (f->kind) {
  case CS_RUNNER_FIELD_MID:
    value = cs_runner_copy(g->arena, cs_span_of(mid, 2));
    return cs_runner_field_holds(f, value, &g->values) || differs(g, "the Message ID is another");
  case CS_RUNNER_FIELD_TOKEN:
    return cs_runner_field_holds(f, g->m->token, &g->values) || differs(g, "the token is another");
  case CS_RUNNER_FIELD_PAYLOAD:
    return cs_runner_payload_fits(f, g->m->payload, &g->values, &g->why);
  case CS_RUNNER_FIELD_SIZE:
    return match_size(g, f);
  case CS_RUNNER_FIELD_LINK:
    return cs_runner_links_fit(f, g->m->payload, g->arena, &g->values, &g->why);
  case CS_RUNNER_FIELD_OPTION:
    return match_option(g, f);
  default:
    return false;
  }
}

bool cs_runner_code_fits(const cs_runner_pattern *pattern, unsigned class, unsigned detail) {
  for (size_t i = 0; i < pattern->code_count; i++) {
    cs_runner_code want = pattern->codes[i];
    if ((want.class == CS_RUNNER_ANY || want.class == class) &&
        (want.detail == CS_RUNNER_ANY || want.detail == detail))
      return true;
  }
  return false;
}

bool cs_runner_pattern_has(const cs_runner_pattern *pattern, cs_runner_field_kind kind) {
  for (size_t i = 0; i < pattern->field_count; i++)
    if (pattern->fields[i].kind == kind)
      return true;
  return false;
}

static bool match_all(struct matching *g, const cs_runner_pattern *pattern) {
  if (g->m->form == CS_WIRE_UDP && !(pattern->types >> g->m->type & 1u))
    return differs(g, "the type is another");
  if (!cs_runner_code_fits(pattern, CS_CODE_CLASS(g->m->code), CS_CODE_DETAIL(g->m->code)))
    return differs(g, "the code is another");
  cs_wire_option_iter it = cs_wire_options(g->m->options);
  while (g->option_count < OPTIONS_MAX && cs_wire_option_next(&it, &g->options[g->option_count]))
    g->option_count++;
  for (size_t i = 0; i < pattern->field_count; i++)
    if (!match_field(g, &pattern->fields[i]))
      return false;
  return true;
}

bool cs_runner_match(const cs_runner_pattern *pattern, const cs_wire_message *m,
                     cs_runner_arena *arena, cs_runner_values *values, const char **why) {
  struct matching g = {.m = m, .arena = arena, .values = *values};
  if (!match_all(&g, pattern)) {
    *why = g.why;
    return false;
  }
  *values = g.values;
  return true;
}
