/* Who issued whom. */
#include <mbedtls/asn1.h>
#include <mbedtls/md.h>

#include "tls/mbedtls_pki.h"

static uint8_t lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool is_text(int tag) {
  return tag == MBEDTLS_ASN1_UTF8_STRING || tag == MBEDTLS_ASN1_PRINTABLE_STRING;
}

static bool same_value(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b) {
  if (a->len != b->len)
    return false;
  if (a->len == 0 || (a->tag == b->tag && memcmp(a->p, b->p, a->len) == 0))
    return true;
  if (!is_text(a->tag) || !is_text(b->tag))
    return false;
  for (size_t i = 0; i < a->len; i++)
    if (lower(a->p[i]) != lower(b->p[i]))
      return false;
  return true;
}

bool cs_tls_chain_same_name(const mbedtls_x509_name *a, const mbedtls_x509_name *b) {
  for (; a && b; a = a->next, b = b->next) {
    if (a->oid.len != b->oid.len || (a->oid.len && memcmp(a->oid.p, b->oid.p, a->oid.len) != 0))
      return false;
    if (!same_value(&a->val, &b->val) || a->next_merged != b->next_merged)
      return false;
  }
  return !a && !b;
}

bool cs_tls_chain_signed(mbedtls_pk_context *key, const mbedtls_x509_buf *bytes,
                         const mbedtls_x509_buf *sig, mbedtls_md_type_t md, mbedtls_pk_type_t pk,
                         const void *options) {
  const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md);
  uint8_t hash[MBEDTLS_MD_MAX_SIZE];
  if (!info || mbedtls_md(info, bytes->p, bytes->len, hash) != 0 || !mbedtls_pk_can_do(key, pk))
    return false;
  return mbedtls_pk_verify_ext(pk, options, key, md, hash, mbedtls_md_get_size(info), sig->p,
                               sig->len) == 0;
}

bool cs_tls_chain_issued(mbedtls_x509_crt *parent, const mbedtls_x509_crt *child) {
  return parent->version && cs_tls_chain_same_name(&child->issuer, &parent->subject) &&
         cs_tls_chain_signed(&parent->pk, &child->tbs, &child->sig, child->sig_md, child->sig_pk,
                             child->sig_opts);
}

bool cs_tls_chain_strong_hash(mbedtls_md_type_t md) {
  return md == MBEDTLS_MD_SHA256 || md == MBEDTLS_MD_SHA384 || md == MBEDTLS_MD_SHA512;
}
