#include "wire/uri_text.h"

bool cs_wire_uri_ipv4(cs_span s) {
  const uint8_t *p = s.at, *end = p + s.len;
  for (unsigned octet = 0;; octet++) {
    const uint8_t *start = p;
    unsigned value = 0;
    for (unsigned digit; p != end && (digit = *p - (unsigned)'0') <= 9; p++)
      value = value * 10 + digit;
    if (p == start || p - start > 3 || value > 255 || (p - start > 1 && *start == '0'))
      return false;
    if (octet == 3)
      return p == end;
    if (p == end || *p != '.')
      return false;
    p++;
  }
}

/* Groups of up to four digits with colons between them; "::" once at most; the
 * last 32 bits may be an IPv4 address. */
bool cs_wire_uri_ipv6(cs_span s) {
  unsigned groups = 0;
  bool gap = false;
  size_t i = 0;
  if (s.len >= 2 && s.at[0] == ':' && s.at[1] == ':') {
    gap = true;
    i = 2;
    if (i == s.len)
      return true;
  }
  for (;;) {
    size_t start = i;
    while (i < s.len && cs_wire_uri_class[s.at[i]] & CS_URI_HEX)
      i++;
    if (i < s.len && s.at[i] == '.') {
      groups += 2;
      if (!cs_wire_uri_ipv4(cs_span_cut(s, start, s.len - start)))
        return false;
      break;
    }
    if (i == start || i - start > 4)
      return false;
    groups++;
    if (i == s.len)
      break;
    if (s.at[i++] != ':')
      return false;
    if (i < s.len && s.at[i] == ':') {
      if (gap)
        return false;
      gap = true;
      if (++i == s.len)
        break;
    }
  }
  /* "::" stands for at least one group. */
  return gap ? groups <= 7 : groups == 8;
}
