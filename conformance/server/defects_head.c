/* Editing the heads of HTTP messages: what the defects of the handshake share. */
#include "server/defects_head.h"

#include <strings.h>

/* The line that begins at; false behind the last, which is empty. */
bool cs_head_line_at(const cs_defect_unit *u, size_t at, cs_head_line *out) {
  const uint8_t *begin = u->bytes + at;
  const uint8_t *end = at < u->len ? memchr(begin, '\n', u->len - at) : NULL;
  if (!end)
    return false;
  out->whole = cs_span_of(begin, (size_t)(end - begin) + 1);
  size_t len = out->whole.len - 1;
  if (len && begin[len - 1] == '\r')
    len--;
  const uint8_t *colon = len ? memchr(begin, ':', len) : NULL;
  size_t name = colon ? (size_t)(colon - begin) : len;
  size_t value = name < len ? name + 1 : len;
  while (value < len && begin[value] == ' ')
    value++;
  out->name = cs_span_of(begin, name);
  out->value = cs_span_of(begin + value, len - value);
  return len > 0;
}

size_t cs_head_first_field(const cs_defect_unit *u) {
  cs_head_line line;
  return cs_head_line_at(u, 0, &line) ? line.whole.len : u->len;
}

bool cs_head_same(cs_span a, const char *b) {
  return a.len == strlen(b) && strncasecmp((const char *)a.at, b, a.len) == 0;
}

/* The field of this name that comes after n others of it. */
bool cs_head_find(const cs_defect_unit *u, const char *name, size_t n, cs_head_line *out) {
  for (size_t at = cs_head_first_field(u); cs_head_line_at(u, at, out); at += out->whole.len)
    if (cs_head_same(out->name, name) && n-- == 0)
      return true;
  return false;
}

bool cs_head_has(const cs_defect_unit *u, const char *name) {
  cs_head_line line;
  return cs_head_find(u, name, 0, &line);
}

/* Puts text where len bytes begin at; too much is left undone. */
void cs_head_splice(cs_defect_unit *u, const uint8_t *at, size_t len, const char *text) {
  size_t from = (size_t)(at - u->bytes);
  size_t with = strlen(text);
  if (with > sizeof u->bytes - (u->len - len))
    return;
  memmove(u->bytes + from + with, u->bytes + from + len, u->len - from - len);
  if (with)
    memcpy(u->bytes + from, text, with);
  u->len = u->len - len + with;
}

void cs_head_drop(cs_defect_unit *u, const char *name) {
  cs_head_line line;
  while (cs_head_find(u, name, 0, &line))
    cs_head_splice(u, line.whole.at, line.whole.len, "");
}

/* line: "Name: value", with its end. It becomes the first field. */
void cs_head_add(cs_defect_unit *u, const char *line) {
  cs_head_splice(u, u->bytes + cs_head_first_field(u), 0, line);
}

void cs_head_set(cs_defect_unit *u, const char *name, const char *value) {
  cs_head_line line;
  if (cs_head_find(u, name, 0, &line))
    cs_head_splice(u, line.value.at, line.value.len, value);
}

/* A field that is not there is taken for this one. */
bool cs_head_suppose(cs_defect_unit *u, const char *name, const char *line) {
  if (u->kind == CS_DEFECT_HEAD && !cs_head_has(u, name))
    cs_head_add(u, line);
  return true;
}

/* The value of a field that is there is taken for this one. */
bool cs_head_overlook(cs_defect_unit *u, const char *name, const char *value) {
  if (u->kind == CS_DEFECT_HEAD)
    cs_head_set(u, name, value);
  return true;
}

/* The n-th word of the first line, from 0; the last one goes to its end. */
static cs_span start_word(const cs_defect_unit *u, size_t n) {
  cs_head_line line;
  if (!cs_head_line_at(u, 0, &line))
    return cs_span_of(u->bytes, 0);
  const uint8_t *at = line.whole.at;
  const uint8_t *end = at + line.whole.len - 1;
  while (n-- && at < end) {
    while (at < end && *at != ' ')
      at++;
    while (at < end && *at == ' ')
      at++;
  }
  const uint8_t *stop = at;
  while (stop < end && *stop != ' ' && *stop != '\r')
    stop++;
  return cs_span_of(at, (size_t)(stop - at));
}

bool cs_head_set_word(cs_defect_unit *u, size_t n, const char *text) {
  if (u->kind == CS_DEFECT_HEAD) {
    cs_span word = start_word(u, n);
    cs_head_splice(u, word.at, word.len, text);
  }
  return true;
}

bool cs_head_is_response(const cs_defect_unit *u, const char *status) {
  return u->kind == CS_DEFECT_HEAD && cs_span_equal(start_word(u, 1), cs_span_str(status));
}
