#include "runner/requirements.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 6 };

bool cs_runner_level_read(const char *word, cs_runner_level *out) {
  static const struct {
    const char *word;
    cs_runner_level level;
  } words[] = {{"MUST", CS_RUNNER_MUST},
               {"MUST NOT", CS_RUNNER_MUST},
               {"SHALL", CS_RUNNER_MUST},
               {"SHALL NOT", CS_RUNNER_MUST},
               {"REQUIRED", CS_RUNNER_MUST},
               {"SHOULD", CS_RUNNER_SHOULD},
               {"SHOULD NOT", CS_RUNNER_SHOULD},
               {"RECOMMENDED", CS_RUNNER_SHOULD},
               {"NOT RECOMMENDED", CS_RUNNER_SHOULD},
               {"MAY", CS_RUNNER_MAY},
               {"OPTIONAL", CS_RUNNER_MAY}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(word, words[i].word) == 0) {
      *out = words[i].level;
      return true;
    }
  }
  return false;
}

static size_t find(const cs_runner_requirements *r, const char *id) {
  const cs_report_requirement *rows = r->rows.items;
  size_t i = 0;
  while (i < r->rows.count && strcmp(rows[i].id, id) != 0)
    i++;
  return i;
}

const cs_report_requirement *cs_runner_requirement(const cs_runner_requirements *r,
                                                   const char *id) {
  size_t i = find(r, id);
  return i < r->rows.count ? (const cs_report_requirement *)r->rows.items + i : NULL;
}

const char *cs_runner_reason(const cs_runner_requirements *r, const char *id) {
  size_t i = find(r, id);
  return i < r->rows.count ? ((const char *const *)r->reasons.items)[i] : NULL;
}

cs_runner_level cs_runner_level_of(const cs_runner_requirements *r, const char *id) {
  cs_runner_level level = CS_RUNNER_MUST;
  const cs_report_requirement *row = id ? cs_runner_requirement(r, id) : NULL;
  if (row)
    cs_runner_level_read(row->level, &level);
  return level;
}

static bool expected(cs_runner_error *error, unsigned line, size_t column, const char *want) {
  error->line = line;
  error->column = (unsigned)column + 1;
  snprintf(error->message, sizeof error->message, "expected %s", want);
  return false;
}

static bool read_row(cs_span line, unsigned number, cs_runner_arena *arena,
                     cs_runner_requirements *r, cs_runner_error *error) {
  cs_span columns[COLUMNS];
  size_t at = 0;
  for (size_t i = 0; i < COLUMNS; i++) {
    size_t end = at;
    while (end < line.len && line.at[end] != '\t')
      end++;
    columns[i] = cs_span_cut(line, at, end - at);
    if (end == at)
      return expected(error, number, at, "six columns divided by tabs, none of them empty");
    if (i + 1 < COLUMNS && end == line.len)
      return expected(error, number, end, "six columns divided by tabs");
    at = end + 1;
  }
  if (at <= line.len)
    return expected(error, number, at - 1, "the end of the line behind the sixth column");
  cs_report_requirement row = {cs_runner_text(arena, columns[0]), cs_runner_text(arena, columns[3]),
                               cs_runner_text(arena, columns[4])};
  cs_runner_level level;
  if (!cs_runner_level_read(row.level, &level))
    return expected(error, number, (size_t)(columns[3].at - line.at),
                    "a level: MUST, SHOULD, MAY or another keyword of RFC 2119");
  if (cs_runner_requirement(r, row.id))
    return true;
  *(cs_report_requirement *)cs_runner_push(arena, &r->rows, sizeof row) = row;
  *(const char **)cs_runner_push(arena, &r->reasons, sizeof row.id) =
      cs_runner_text(arena, columns[5]);
  return true;
}

bool cs_runner_requirements_read(cs_span text, cs_runner_arena *arena, cs_runner_requirements *r,
                                 cs_runner_error *error) {
  unsigned number = 0;
  while (text.len) {
    const uint8_t *end = memchr(text.at, '\n', text.len);
    size_t len = end ? (size_t)(end - text.at) : text.len;
    size_t taken = end ? len + 1 : len;
    if (len && text.at[len - 1] == '\r')
      len--;
    number++;
    /* The first line names the columns. */
    if (number > 1 && len && !read_row(cs_span_cut(text, 0, len), number, arena, r, error))
      return false;
    text = cs_span_cut(text, taken, text.len - taken);
  }
  return true;
}
