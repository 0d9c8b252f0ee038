/* Unsigned integers as option values: big-endian, without leading zeros (RFC
 * 7252 section 3.2). */
#ifndef COAP_ENCODE_H_
#define COAP_ENCODE_H_

#include <stddef.h>
#include <stdint.h>
#include <strings.h>

#include "coap3/libcoap.h"

#ifndef HAVE_FLS
/* The place of the highest bit set in i, counted from 1; 0 for 0. */
int coap_fls(unsigned int i);
#else
#define coap_fls(i) fls(i)
#endif

#ifndef HAVE_FLSLL
/* The same for 64 bits. */
int coap_flsll(long long i);
#else
#define coap_flsll(i) flsll(i)
#endif

/* Reads a number of at most 4 bytes at buf. 0 when buf is NULL or when the
 * value does not fit 32 bits (leading zeros are allowed). */
unsigned int coap_decode_var_bytes(const uint8_t *buf, size_t length);

/* Reads a number of at most 8 bytes at buf. 0 as above. */
uint64_t coap_decode_var_bytes8(const uint8_t *buf, size_t length);

/* Writes value into buf, which has length bytes, in as few bytes as it takes,
 * and returns their number: 0 for the value 0. 0 also when it does not fit;
 * buf is then untouched and there is a reason. */
unsigned int coap_encode_var_safe(uint8_t *buf, size_t length, unsigned int value);

/* The same for 64 bits. */
unsigned int coap_encode_var_safe8(uint8_t *buf, size_t length, uint64_t value);

/* Deprecated: buf must have room for an int. */
COAP_STATIC_INLINE COAP_DEPRECATED int coap_encode_var_bytes(uint8_t *buf, unsigned int value) {
  return (int)coap_encode_var_safe(buf, sizeof(value), value);
}

#endif
