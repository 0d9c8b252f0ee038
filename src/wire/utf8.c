#include "wire/utf8.h"

#include <stddef.h>
#include <stdint.h>

static bool continuation(uint8_t b) {
  return (b & 0xc0) == 0x80;
}

size_t cs_wire_utf8_sequence(cs_span s) {
  if (s.len == 0)
    return 0;
  uint8_t first = s.at[0];
  if (first < 0x80)
    return 1;
  /* 80 to bf continue, c0 and c1 could only begin an overlong form. */
  if (first < 0xc2 || first > 0xf4)
    return 0;
  size_t n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (s.len < n)
    return 0;
  uint8_t second = s.at[1];
  /* Only the second byte tells an overlong form, a surrogate or a code point
   * over U+10FFFF from a good one. */
  uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high)
    return 0;
  for (size_t i = 2; i < n; i++)
    if (!continuation(s.at[i]))
      return 0;
  return n;
}

bool cs_wire_utf8_valid(cs_span s) {
  size_t at = 0;
  while (at < s.len) {
    size_t n = cs_wire_utf8_sequence(cs_span_cut(s, at, s.len - at));
    if (n == 0)
      return false;
    at += n;
  }
  return true;
}
