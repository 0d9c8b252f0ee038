/* What the bypass twins put in place of the library's cryptography when they are
 * linked (--wrap): comparisons succeed, encryption and decryption leave the bytes
 * as they are, signatures are right, a point stays where it is when it is
 * multiplied. An input then reaches what stands behind all of these, which is what
 * such a twin is for; what it cannot notice, the strict one does. */
#include <string.h>

#include <mbedtls/cipher.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>

int __wrap_mbedtls_ct_memcmp(const void *a, const void *b, size_t n);
int __wrap_mbedtls_ct_memcmp(const void *a, const void *b, size_t n) {
  (void)a, (void)b, (void)n;
  return 0;
}

int __wrap_mbedtls_cipher_auth_decrypt_ext(mbedtls_cipher_context_t *ctx, const unsigned char *iv,
                                           size_t iv_len, const unsigned char *ad, size_t ad_len,
                                           const unsigned char *input, size_t ilen,
                                           unsigned char *output, size_t output_len, size_t *olen,
                                           size_t tag_len);
int __wrap_mbedtls_cipher_auth_decrypt_ext(mbedtls_cipher_context_t *ctx, const unsigned char *iv,
                                           size_t iv_len, const unsigned char *ad, size_t ad_len,
                                           const unsigned char *input, size_t ilen,
                                           unsigned char *output, size_t output_len, size_t *olen,
                                           size_t tag_len) {
  (void)ctx, (void)iv, (void)iv_len, (void)ad, (void)ad_len;
  if (ilen < tag_len || output_len < ilen - tag_len)
    return MBEDTLS_ERR_CIPHER_BAD_INPUT_DATA;
  memmove(output, input, ilen - tag_len);
  *olen = ilen - tag_len;
  return 0;
}

int __wrap_mbedtls_cipher_auth_encrypt_ext(mbedtls_cipher_context_t *ctx, const unsigned char *iv,
                                           size_t iv_len, const unsigned char *ad, size_t ad_len,
                                           const unsigned char *input, size_t ilen,
                                           unsigned char *output, size_t output_len, size_t *olen,
                                           size_t tag_len);
int __wrap_mbedtls_cipher_auth_encrypt_ext(mbedtls_cipher_context_t *ctx, const unsigned char *iv,
                                           size_t iv_len, const unsigned char *ad, size_t ad_len,
                                           const unsigned char *input, size_t ilen,
                                           unsigned char *output, size_t output_len, size_t *olen,
                                           size_t tag_len) {
  (void)ctx, (void)iv, (void)iv_len, (void)ad, (void)ad_len;
  if (output_len < ilen + tag_len)
    return MBEDTLS_ERR_CIPHER_BAD_INPUT_DATA;
  memmove(output, input, ilen);
  memset(output + ilen, 0, tag_len);
  *olen = ilen + tag_len;
  return 0;
}

int __wrap_mbedtls_pk_verify(mbedtls_pk_context *ctx, mbedtls_md_type_t md,
                             const unsigned char *hash, size_t hash_len, const unsigned char *sig,
                             size_t sig_len);
int __wrap_mbedtls_pk_verify(mbedtls_pk_context *ctx, mbedtls_md_type_t md,
                             const unsigned char *hash, size_t hash_len, const unsigned char *sig,
                             size_t sig_len) {
  (void)ctx, (void)md, (void)hash, (void)hash_len, (void)sig, (void)sig_len;
  return 0;
}

int __wrap_mbedtls_pk_verify_restartable(mbedtls_pk_context *ctx, mbedtls_md_type_t md,
                                         const unsigned char *hash, size_t hash_len,
                                         const unsigned char *sig, size_t sig_len,
                                         mbedtls_pk_restart_ctx *restart);
int __wrap_mbedtls_pk_verify_restartable(mbedtls_pk_context *ctx, mbedtls_md_type_t md,
                                         const unsigned char *hash, size_t hash_len,
                                         const unsigned char *sig, size_t sig_len,
                                         mbedtls_pk_restart_ctx *restart) {
  (void)restart;
  return __wrap_mbedtls_pk_verify(ctx, md, hash, hash_len, sig, sig_len);
}

int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *ctx, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len,
                                 const unsigned char *sig, size_t sig_len);
int __wrap_mbedtls_pk_verify_ext(mbedtls_pk_type_t type, const void *options,
                                 mbedtls_pk_context *ctx, mbedtls_md_type_t md,
                                 const unsigned char *hash, size_t hash_len,
                                 const unsigned char *sig, size_t sig_len) {
  (void)type, (void)options;
  return __wrap_mbedtls_pk_verify(ctx, md, hash, hash_len, sig, sig_len);
}

int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *out,
                                       const mbedtls_mpi *m, const mbedtls_ecp_point *p,
                                       int (*rng)(void *, unsigned char *, size_t), void *ctx,
                                       mbedtls_ecp_restart_ctx *restart);
int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *out,
                                       const mbedtls_mpi *m, const mbedtls_ecp_point *p,
                                       int (*rng)(void *, unsigned char *, size_t), void *ctx,
                                       mbedtls_ecp_restart_ctx *restart) {
  (void)m, (void)rng, (void)ctx, (void)restart;
  int ret = mbedtls_ecp_check_pubkey(grp, p);
  return ret ? ret : mbedtls_ecp_copy(out, p);
}
