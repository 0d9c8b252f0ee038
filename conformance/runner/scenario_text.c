#include <stdarg.h>
#include <stdio.h>

#include "runner/scenario_text.h"

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t';
}

static bool is_name(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

bool cs_runner_next_line(state *p) {
  if (p->rest.len == 0)
    return false;
  const uint8_t *end = memchr(p->rest.at, '\n', p->rest.len);
  size_t len = end ? (size_t)(end - p->rest.at) : p->rest.len;
  size_t taken = end ? len + 1 : len;
  p->line++;
  p->start = p->rest.at;
  if (len && p->rest.at[len - 1] == '\r')
    len--;
  p->in = cs_base_reader_of(cs_span_cut(p->rest, 0, len));
  p->rest = cs_span_cut(p->rest, taken, p->rest.len - taken);
  cs_runner_skip_spaces(p);
  return true;
}

void cs_runner_skip_spaces(state *p) {
  while (cs_base_left(&p->in) && is_space(*p->in.at))
    p->in.at++;
}

bool cs_runner_at_end(state *p) {
  cs_runner_skip_spaces(p);
  return cs_base_left(&p->in) == 0;
}

unsigned cs_runner_column(const state *p) {
  return (unsigned)(p->in.at - p->start) + 1;
}

static void set_error(state *p, unsigned line, unsigned column, const char *want, va_list args) {
  static const char expected[] = "expected ";
  p->error->line = line;
  p->error->column = column;
  memcpy(p->error->message, expected, sizeof expected);
  vsnprintf(p->error->message + sizeof expected - 1, sizeof p->error->message - sizeof expected + 1,
            want, args);
}

bool cs_runner_expected(state *p, const char *want, ...) {
  va_list args;
  va_start(args, want);
  set_error(p, p->line, cs_runner_column(p), want, args);
  va_end(args);
  return false;
}

bool cs_runner_expected_at(state *p, const uint8_t *at, const char *want, ...) {
  va_list args;
  va_start(args, want);
  set_error(p, p->line, (unsigned)(at - p->start) + 1, want, args);
  va_end(args);
  return false;
}

bool cs_runner_expected_on(state *p, unsigned line, unsigned column, const char *want, ...) {
  va_list args;
  va_start(args, want);
  set_error(p, line, column, want, args);
  va_end(args);
  return false;
}

bool cs_runner_take(state *p, const char *text) {
  size_t len = strlen(text);
  if (cs_base_left(&p->in) < len || memcmp(p->in.at, text, len) != 0)
    return false;
  p->in.at += len;
  return true;
}

bool cs_runner_take_word(state *p, const char *word) {
  size_t len = strlen(word);
  size_t left = cs_base_left(&p->in);
  if (left < len || memcmp(p->in.at, word, len) != 0)
    return false;
  if (left > len && !is_space(p->in.at[len]))
    return false;
  p->in.at += len;
  cs_runner_skip_spaces(p);
  return true;
}

cs_span cs_runner_word(state *p) {
  const uint8_t *start = p->in.at;
  while (cs_base_left(&p->in) && !is_space(*p->in.at))
    p->in.at++;
  return cs_span_of(start, (size_t)(p->in.at - start));
}

cs_span cs_runner_name(state *p) {
  const uint8_t *start = p->in.at;
  while (cs_base_left(&p->in) && is_name(*p->in.at))
    p->in.at++;
  return cs_span_of(start, (size_t)(p->in.at - start));
}

bool cs_runner_only_on(state *p, const uint8_t *at, unsigned set, const char *what) {
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++)
    if (p->out->transports & ~set & 1u << t)
      return cs_runner_expected_at(p, at, "something else than %s, which means nothing on %s", what,
                                   cs_runner_transport_name((cs_runner_transport)t));
  return true;
}

static bool is_digit(cs_span s, size_t at) {
  return at < s.len && s.at[at] >= '0' && s.at[at] <= '9';
}

bool cs_runner_take_duration(cs_span *s, cs_time *out) {
  size_t at = 0;
  uint64_t whole = 0;
  uint64_t part = 0; /* millionths */
  if (!is_digit(*s, 0))
    return false;
  for (; is_digit(*s, at); at++) {
    whole = whole * 10 + (uint64_t)(s->at[at] - '0');
    if (whole > CS_RUNNER_DURATION_MAX)
      return false;
  }
  if (at < s->len && s->at[at] == '.' && is_digit(*s, at + 1)) {
    uint64_t place = CS_SECOND;
    for (at++; is_digit(*s, at); at++) {
      place /= 10;
      part += place * (uint64_t)(s->at[at] - '0');
    }
  }
  cs_time unit = CS_SECOND;
  if (s->len - at >= 2 && s->at[at] == 'm' && s->at[at + 1] == 's') {
    unit = CS_MILLISECOND;
    at += 2;
  } else if (at < s->len && s->at[at] == 's') {
    at++;
  } else {
    return false;
  }
  cs_time time = whole * unit + part * unit / CS_SECOND;
  if (time > CS_RUNNER_DURATION_MAX)
    return false;
  *out = time;
  *s = cs_span_cut(*s, at, s->len - at);
  return true;
}

bool cs_runner_duration(state *p, cs_time *out) {
  cs_span left = cs_span_of(p->in.at, cs_base_left(&p->in));
  size_t before = left.len;
  if (!cs_runner_take_duration(&left, out))
    return cs_runner_expected(p, "a time such as 2s, 1.5s or 500ms, up to 100000s");
  p->in.at += before - left.len;
  return true;
}

static const char *kind_name(cs_runner_kind kind) {
  switch (kind) {
  case CS_RUNNER_KIND_MID:
    return "a Message ID";
  case CS_RUNNER_KIND_TOKEN:
    return "a token";
  default:
    return "the bytes of an option or a payload";
  }
}

static cs_runner_var *find_var(state *p, cs_span name, int *index) {
  cs_runner_var *vars = p->vars.items;
  for (size_t i = 0; i < p->vars.count; i++) {
    if (cs_span_equal(cs_span_str(vars[i].name), name)) {
      *index = (int)i;
      return &vars[i];
    }
  }
  return NULL;
}

int cs_runner_variable(state *p, cs_runner_kind use) {
  const uint8_t *start = p->in.at;
  unsigned column = cs_runner_column(p);
  p->in.at++; /* the $ */
  cs_span name = cs_runner_name(p);
  if (name.len == 0 || name.len > 32) {
    cs_runner_expected(p, "a variable's name of at most 32 characters behind $");
    return -1;
  }
  if (cs_span_equal(name, cs_span_str("type"))) {
    cs_runner_expected_at(p, start, "another variable: $type stands only for a message's type");
    return -1;
  }
  int index = -1;
  cs_runner_var *var = find_var(p, name, &index);
  if (!var) {
    if (p->vars.count == CS_RUNNER_VARS_MAX) {
      cs_runner_expected_at(p, start, "at most %d variables", CS_RUNNER_VARS_MAX);
      return -1;
    }
    index = (int)p->vars.count;
    var = cs_runner_push(p->arena, &p->vars, sizeof *var);
    *var = (cs_runner_var){cs_runner_text(p->arena, name), use, p->line, column};
    return index;
  }
  if (var->kind == CS_RUNNER_KIND_OPEN)
    var->kind = use;
  if (use != CS_RUNNER_KIND_OPEN && var->kind != use) {
    cs_runner_expected_at(p, start, "%s: $%s is %s since line %u", kind_name(use), var->name,
                          kind_name(var->kind), var->line);
    return -1;
  }
  return index;
}

const char *cs_runner_cover(state *p, cs_span id) {
  const char **covers = p->covers.items;
  for (size_t i = 0; i < p->covers.count; i++)
    if (cs_span_equal(cs_span_str(covers[i]), id))
      return covers[i];
  const char **slot = cs_runner_push(p->arena, &p->covers, sizeof *slot);
  *slot = cs_runner_text(p->arena, id);
  return *slot;
}
