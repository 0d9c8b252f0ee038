/* The library's name, and the generator that sessions of one owner share. */
#include "tls/mbedtls_inside.h"

const char *cs_tls_library(void) {
  return "mbedTLS " MBEDTLS_VERSION_STRING;
}

uint32_t cs_tls_library_version(void) {
  return mbedtls_version_get_number();
}

uint32_t cs_tls_built_version(void) {
  return MBEDTLS_VERSION_NUMBER;
}

bool cs_tls_available(cs_tls_kind kind) {
  return kind == CS_TLS_DATAGRAM || kind == CS_TLS_STREAM;
}

bool cs_tls_has_cid(void) {
  return TLS_HAS_CID;
}

bool cs_tls_has_tls13(void) {
  return TLS_HAS_13;
}

static int entropy(void *ctx, unsigned char *out, size_t len) {
  cs_tls_shared *shared = ctx;
  cs_base_random_fill(&shared->random, out, len);
  return 0;
}

cs_err cs_tls_shared_new(const cs_base_alloc *alloc, cs_base_random random, cs_tls_shared **out) {
#if TLS_MBEDTLS_3
  if (psa_crypto_init() != PSA_SUCCESS) /* TLS 1.3 stands on it */
    return CS_ERR_SYSTEM;
#endif
  cs_tls_shared *s = cs_base_get(alloc, sizeof *s);
  if (!s)
    return CS_ERR_MEMORY;
  memset(s, 0, sizeof *s);
  s->alloc = alloc;
  s->random = random;
  s->refs = 1;
  mbedtls_ctr_drbg_init(&s->generator);
  if (mbedtls_ctr_drbg_seed(&s->generator, entropy, s, NULL, 0) != 0 ||
      mbedtls_ctr_drbg_random(&s->generator, s->cookie_secret, sizeof s->cookie_secret) != 0) {
    cs_tls_shared_free(s);
    return CS_ERR_SYSTEM;
  }
  *out = s;
  return CS_OK;
}

void cs_tls_shared_free(cs_tls_shared *shared) {
  if (!shared || --shared->refs > 0)
    return;
  const cs_base_alloc *alloc = shared->alloc;
  mbedtls_ctr_drbg_free(&shared->generator);
  mbedtls_platform_zeroize(shared, sizeof *shared);
  cs_base_put(alloc, shared, sizeof *shared);
}
