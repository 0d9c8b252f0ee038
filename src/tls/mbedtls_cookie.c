/* The cookies of RFC 6347 section 4.2.1: a time and an HMAC over it and the
 * client's address. The library's own would ask the system what time it is. */
#include "tls/mbedtls_inside.h"

#include <mbedtls/md.h>

enum { TIME_LEN = 4, TAG_LEN = 28, COOKIE_LEN = TIME_LEN + TAG_LEN, LIFE_SECONDS = 60 };

static int tag_of(const cs_tls *t, cs_span time, cs_span address, uint8_t tag[TAG_LEN]) {
  const cs_tls_shared *shared = t->setup->shared;
  uint8_t sum[32];
  mbedtls_md_context_t md;
  mbedtls_md_init(&md);
  int ret = mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1);
  if (ret == 0)
    ret = mbedtls_md_hmac_starts(&md, shared->cookie_secret, sizeof shared->cookie_secret);
  if (ret == 0)
    ret = mbedtls_md_hmac_update(&md, time.at, time.len);
  if (ret == 0)
    ret = mbedtls_md_hmac_update(&md, address.at, address.len);
  if (ret == 0)
    ret = mbedtls_md_hmac_finish(&md, sum);
  if (ret == 0)
    memcpy(tag, sum, TAG_LEN);
  mbedtls_md_free(&md);
  return ret;
}

static uint32_t seconds_of(const cs_tls *t) {
  return (uint32_t)(t->now / CS_SECOND);
}

int cs_tls_cookie_write(void *ctx, unsigned char **p, unsigned char *end,
                        const unsigned char *address, size_t address_len) {
  const cs_tls *t = ctx;
  if (end - *p < COOKIE_LEN)
    return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
  uint8_t cookie[COOKIE_LEN];
  cs_base_writer w = cs_base_writer_of(cookie, TIME_LEN);
  cs_base_put_u32(&w, seconds_of(t));
  int ret = tag_of(t, cs_base_written(&w), cs_span_of(address, address_len), cookie + TIME_LEN);
  if (ret != 0)
    return ret;
  memcpy(*p, cookie, COOKIE_LEN);
  *p += COOKIE_LEN;
  return 0;
}

int cs_tls_cookie_check(void *ctx, const unsigned char *cookie, size_t cookie_len,
                        const unsigned char *address, size_t address_len) {
  const cs_tls *t = ctx;
  cs_base_reader r = cs_base_reader_of(cs_span_of(cookie, cookie_len));
  uint32_t made;
  cs_span tag;
  uint8_t right[TAG_LEN];
  if (cookie_len != COOKIE_LEN || !cs_base_take_u32(&r, &made) || !cs_base_take(&r, TAG_LEN, &tag))
    return -1;
  if (tag_of(t, cs_span_of(cookie, TIME_LEN), cs_span_of(address, address_len), right) != 0)
    return -1;
  uint8_t differ = 0; /* compared in constant time */
  for (size_t i = 0; i < TAG_LEN; i++)
    differ = (uint8_t)(differ | (tag.at[i] ^ right[i]));
  return differ == 0 && (uint32_t)(seconds_of(t) - made) <= LIFE_SECONDS ? 0 : -1;
}
