#include <coap3/coap.h>

#include "api/error.h"

int coap_flsll(long long i) {
  int n = 0;
  for (unsigned long long v = (unsigned long long)i; v; v >>= 1)
    n++;
  return n;
}

int coap_fls(unsigned int i) {
  return coap_flsll((long long)i);
}

static uint64_t decode(const char *function, const uint8_t *buf, size_t length, size_t max) {
  if (!buf)
    return 0;
  size_t zeros = 0;
  while (zeros < length && buf[zeros] == 0)
    zeros++;
  if (length - zeros > max) {
    cs_api_fail(function, "a number of %zu bytes is longer than %zu", length - zeros, max);
    return 0;
  }
  uint64_t v = 0;
  for (size_t i = zeros; i < length; i++)
    v = v << 8 | buf[i];
  return v;
}

unsigned int coap_decode_var_bytes(const uint8_t *buf, size_t length) {
  return (unsigned int)decode(__func__, buf, length, 4);
}

uint64_t coap_decode_var_bytes8(const uint8_t *buf, size_t length) {
  return decode(__func__, buf, length, 8);
}

static unsigned int encode(const char *function, uint8_t *buf, size_t length, uint64_t value) {
  unsigned int n = 0;
  for (uint64_t v = value; v; v >>= 8)
    n++;
  if (n == 0)
    return 0;
  if (!buf || n > length) {
    cs_api_fail(function, "%llu needs %u bytes; there are %zu", (unsigned long long)value, n,
                buf ? length : 0);
    return 0;
  }
  for (unsigned int i = n; i > 0; i--) {
    buf[i - 1] = (uint8_t)value;
    value >>= 8;
  }
  return n;
}

unsigned int coap_encode_var_safe(uint8_t *buf, size_t length, unsigned int value) {
  return encode(__func__, buf, length, value);
}

unsigned int coap_encode_var_safe8(uint8_t *buf, size_t length, uint64_t value) {
  return encode(__func__, buf, length, value);
}
