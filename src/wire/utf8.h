/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing over
 * U+10FFFF. */
#ifndef CS_WIRE_UTF8_H
#define CS_WIRE_UTF8_H

#include "base/bytes.h"

bool cs_wire_utf8_valid(cs_span s);

/* Bytes, 1 to 4, of the one character that s begins with; 0 when s is empty or
 * begins with none. */
size_t cs_wire_utf8_sequence(cs_span s);

#endif
