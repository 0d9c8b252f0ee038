/* What the parts of the URI code share: character classes of RFC 3986 and the
 * forms of a host. */
#ifndef CS_WIRE_URI_TEXT_H
#define CS_WIRE_URI_TEXT_H

#include "wire/uri.h"

/* Bits of cs_wire_uri_class. '%' has none: whoever meets it looks at the two
 * digits behind it. */
enum {
  CS_URI_UNRESERVED = 1,
  CS_URI_NAME = 2,  /* unreserved and sub-delims: reg-name */
  CS_URI_PATH = 4,  /* pchar and '/' */
  CS_URI_QUERY = 8, /* pchar, '/' and '?' */
  CS_URI_HEX = 16,
  CS_URI_DIGIT = 32
};

/* As wide as a register, which saves the splitter a widening a character. */
extern const uint32_t cs_wire_uri_class[256];

/* The longest value that Uri-Host, Uri-Path and Uri-Query take. */
#define CS_URI_VALUE_MAX 255u

/* RFC 3986 section 3.2.2. A decimal octet has no leading zero. */
bool cs_wire_uri_ipv4(cs_span s);
bool cs_wire_uri_ipv6(cs_span s);

/* The value of a hexadecimal digit that the caller has checked. */
unsigned cs_wire_uri_digit(uint8_t c);

/* Checks the escapes, the decoded length and the UTF-8 of each part of s
 * between separators ('\0': s is one part). *where is then the offset of the
 * first bad part in s. */
cs_rule cs_wire_uri_check_parts(cs_span s, char separator, size_t *where);

/* Whether s decodes to a control character somewhere; its escapes are good. */
bool cs_wire_uri_has_control(cs_span s);

#endif
