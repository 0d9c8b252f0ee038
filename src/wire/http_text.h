/* Characters and words of HTTP/1.1 (RFC 7230 section 3.2.6), for the files
 * that read and check a handshake. */
#ifndef CS_WIRE_HTTP_TEXT_H
#define CS_WIRE_HTTP_TEXT_H

#include "base/bytes.h"

static inline uint8_t cs_wire_http_lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static inline bool cs_wire_http_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

static inline bool cs_wire_http_space(uint8_t c) {
  return c == ' ' || c == '\t';
}

/* A character that a token may have: visible, and no separator. */
static inline bool cs_wire_http_tchar(uint8_t c) {
  uint8_t lower = cs_wire_http_lower(c);
  if (cs_wire_http_digit(c) || (lower >= 'a' && lower <= 'z'))
    return true;
  static const uint8_t others[] = {'!', '#', '$', '%', '&', '\'', '*', '+',
                                   '-', '.', '^', '_', '`', '|',  '~'};
  for (size_t i = 0; i < sizeof others; i++)
    if (c == others[i])
      return true;
  return false;
}

/* Whether s is this word; in any case of its letters unless exact. */
static inline bool cs_wire_http_is(cs_span s, const char *word, bool exact) {
  size_t i = 0;
  for (; i < s.len && word[i]; i++) {
    uint8_t c = (uint8_t)word[i];
    if (exact ? s.at[i] != c : cs_wire_http_lower(s.at[i]) != cs_wire_http_lower(c))
      return false;
  }
  return i == s.len && !word[i];
}

/* s without the spaces and tabs at both ends. */
static inline cs_span cs_wire_http_trim(cs_span s) {
  while (s.len && cs_wire_http_space(s.at[0]))
    s = cs_span_cut(s, 1, s.len - 1);
  while (s.len && cs_wire_http_space(s.at[s.len - 1]))
    s.len--;
  return s;
}

#endif
