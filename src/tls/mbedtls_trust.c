/* Certificates, keys and CRLs out of PEM and DER, and the cache of what is trusted.
 * The library's own parsers for a whole file skip what they cannot read, or stop
 * there; here a block is taken or the file is refused. */
#include <mbedtls/asn1.h>
#include <mbedtls/error.h>
#include <mbedtls/pem.h>
#include <mbedtls/platform_util.h>

#include "tls/mbedtls_pki.h"
#include "tls/mbedtls_version.h"

bool cs_tls_error_is_memory(int error) {
  /* An error is the sum of a module's, in steps of 0x80, and a deeper one's. */
  unsigned code = (unsigned)-error, high = code & 0xff80u, low = code & 0x7fu;
  switch (high) {
  case 0x1180: /* PEM */
  case 0x2880: /* X.509 */
  case 0x3f80: /* PK */
  case 0x4d80: /* ECP */
  case 0x5180: /* MD */
  case 0x6180: /* cipher */
    return true;
  default:
    return low == 0x6a || low == 0x10; /* ASN.1, MPI */
  }
}

/* ---- text ---- */

typedef struct text {
  uint8_t *at; /* ends with a NUL */
  size_t size; /* with it */
} text;

static void text_free(const cs_base_alloc *a, text *t) {
  if (t->at)
    mbedtls_platform_zeroize(t->at, t->size);
  cs_base_put(a, t->at, t->size);
}

/* A copy that ends with exactly one NUL. CS_ERR_ARGUMENT when there is one before
 * the end, where the library would stop unnoticed. */
static cs_err text_of(const cs_base_alloc *a, cs_span s, text *out) {
  while (s.len && s.at[s.len - 1] == 0)
    s.len--;
  for (size_t i = 0; i < s.len; i++)
    if (!s.at[i])
      return CS_ERR_ARGUMENT;
  text t = {cs_base_get(a, s.len + 1), s.len + 1};
  if (!t.at)
    return CS_ERR_MEMORY;
  if (s.len)
    memcpy(t.at, s.at, s.len);
  t.at[s.len] = 0;
  *out = t;
  return CS_OK;
}

/* ---- blocks ---- */

/* Takes one certificate or CRL. Returns the library's error. */
typedef int (*taker)(void *into, const uint8_t *der, size_t len);

typedef struct label {
  const char *header, *footer;
  size_t header_len;
} label;

#define LABEL(text)                                                                                \
  { "-----BEGIN " text "-----", "-----END " text "-----", sizeof "-----BEGIN " text "-----" - 1 }

static const label certificate_label = LABEL("CERTIFICATE");
static const label crl_label = LABEL("X509 CRL");

static bool holds(const uint8_t *at, size_t size, const label *l) {
  for (; size >= l->header_len; at++, size--)
    if (memcmp(at, l->header, l->header_len) == 0)
      return true;
  return false;
}

typedef struct tally {
  size_t taken, refused;
} tally;

static int take_certificate(void *into, const uint8_t *der, size_t len) {
  return mbedtls_x509_crt_parse_der(into, der, len);
}

/* A folder of anchors names most of them three times. */
static int take_new_certificate(void *into, const uint8_t *der, size_t len) {
  for (const mbedtls_x509_crt *c = into; c && c->version; c = c->next)
    if (c->raw.len == len && memcmp(c->raw.p, der, len) == 0)
      return 0;
  return take_certificate(into, der, len);
}

static int take_crl(void *into, const uint8_t *der, size_t len) {
  return mbedtls_x509_crl_parse_der(into, der, len);
}

/* Gives every block of the label to take, and counts. CS_ERR_MEMORY. */
static cs_err each_block(const text *t, const label *l, taker take, void *into, tally *n) {
  const uint8_t *at = t->at;
  size_t left = t->size;
  for (;;) {
    mbedtls_pem_context pem;
    mbedtls_pem_init(&pem);
    size_t used = 0;
    int err = mbedtls_pem_read_buffer(&pem, l->header, l->footer, at, NULL, 0, &used);
    bool more = err != MBEDTLS_ERR_PEM_NO_HEADER_FOOTER_PRESENT && used > 0 && used < left;
    if (!err)
      err = take(into, pem.buf, pem.buflen);
    mbedtls_pem_free(&pem);
    if (cs_tls_error_is_memory(err))
      return CS_ERR_MEMORY;
    if (!more) {
      n->refused += holds(at, left, l); /* a block without an end */
      return CS_OK;
    }
    *(err ? &n->refused : &n->taken) += 1;
    at += used;
    left -= used;
  }
}

/* Gives every DER structure, one after the other, to take, and counts. */
static cs_err each_der(cs_span s, taker take, void *into, tally *n) {
  while (s.len) {
    unsigned char *p = (unsigned char *)(uintptr_t)s.at; /* the library only moves it */
    size_t len;
    int tag = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    if (mbedtls_asn1_get_tag(&p, s.at + s.len, &len, tag) != 0) {
      n->refused++;
      return CS_OK;
    }
    len += (size_t)(p - s.at);
    int err = take(into, s.at, len);
    if (cs_tls_error_is_memory(err))
      return CS_ERR_MEMORY;
    *(err ? &n->refused : &n->taken) += 1;
    s = cs_span_cut(s, len, s.len - len);
  }
  return CS_OK;
}

/* ---- what is trusted ---- */

static cs_err refuse(const char **why, const char *reason) {
  *why = reason;
  return CS_ERR_ARGUMENT;
}

static cs_err read_ca_text(const cs_base_alloc *a, tls_trust *trust, cs_span ca, const char **why) {
  text t;
  cs_err err = text_of(a, ca, &t);
  if (err)
    return err == CS_ERR_MEMORY ? err : refuse(why, "ca: a NUL in the text");
  tally certificates = {0, 0}, crls = {0, 0};
  err =
      each_block(&t, &certificate_label, take_new_certificate, &trust->certificates, &certificates);
  if (!err)
    err = each_block(&t, &crl_label, take_crl, &trust->crls, &crls);
  text_free(a, &t);
  if (err)
    return err;
  if (certificates.refused)
    return refuse(why, "ca: a certificate in it cannot be read");
  if (crls.refused)
    return refuse(why, "ca: a revocation list in it cannot be read");
  if (!certificates.taken)
    return refuse(why, "ca: no certificate in it");
  return CS_OK;
}

static cs_err read_ca_der(tls_trust *trust, cs_span ca, const char **why) {
  tally n = {0, 0};
  cs_err err = each_der(ca, take_new_certificate, &trust->certificates, &n);
  if (err)
    return err;
  return n.refused ? refuse(why, "ca: not a certificate") : CS_OK;
}

/* A certificate that cannot be read is left out of a collection of roots: less is
 * trusted then. A CRL is not: more would be. */
static cs_err read_root(const cs_base_alloc *a, tls_trust *trust, cs_span root, bool crls_only,
                        const char **why) {
  text t;
  cs_err err = text_of(a, root, &t);
  if (err)
    return err == CS_ERR_MEMORY ? err : refuse(why, "roots: a NUL in a text");
  tally certificates = {0, 0}, crls = {0, 0};
  if (crls_only)
    certificates.taken = holds(t.at, t.size, &certificate_label);
  else
    err = each_block(&t, &certificate_label, take_new_certificate, &trust->certificates,
                     &certificates);
  if (!err)
    err = each_block(&t, &crl_label, take_crl, &trust->crls, &crls);
  text_free(a, &t);
  if (err)
    return err;
  if (crls.refused)
    return refuse(why, "roots: a revocation list cannot be read");
  if (!certificates.taken && !crls.taken)
    return refuse(why, "roots: neither a certificate nor a revocation list in one of them");
  return CS_OK;
}

static cs_err read_trust(const cs_base_alloc *a, tls_trust *trust, const cs_tls_pki *pki,
                         const char **why) {
  cs_err err = CS_OK;
  if (pki->ca.len && pki->encoding == CS_TLS_PEM)
    err = read_ca_text(a, trust, pki->ca, why);
  else if (pki->ca.len)
    err = read_ca_der(trust, pki->ca, why);
  for (size_t i = 0; i < pki->root_count && !err; i++)
    err = read_root(a, trust, pki->roots[i], pki->policy.common_ca, why);
  return err;
}

/* ---- the cache ---- */

static int hash_span(mbedtls_md_context_t *md, cs_span s) {
  uint8_t len[8];
  for (unsigned i = 0; i < sizeof len; i++)
    len[i] = (uint8_t)((uint64_t)s.len >> 8 * i);
  int err = mbedtls_md_update(md, len, sizeof len);
  return err || !s.len ? err : mbedtls_md_update(md, s.at, s.len);
}

static bool digest_of(const cs_tls_pki *pki, uint8_t digest[32]) {
  mbedtls_md_context_t md;
  mbedtls_md_init(&md);
  uint8_t kind[2] = {(uint8_t)pki->encoding, pki->policy.common_ca};
  int err = mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0);
  if (!err)
    err = mbedtls_md_starts(&md);
  if (!err)
    err = mbedtls_md_update(&md, kind, sizeof kind);
  if (!err)
    err = hash_span(&md, pki->ca);
  for (size_t i = 0; i < pki->root_count && !err; i++)
    err = hash_span(&md, pki->roots[i]);
  if (!err)
    err = mbedtls_md_finish(&md, digest);
  mbedtls_md_free(&md);
  return !err;
}

static void trust_free(const cs_base_alloc *a, tls_trust *t) {
  mbedtls_x509_crt_free(&t->certificates);
  mbedtls_x509_crl_free(&t->crls);
  cs_base_put(a, t, sizeof *t);
}

cs_err cs_tls_trust_take(cs_tls_shared *shared, const cs_tls_pki *pki, tls_trust **out,
                         const char **why) {
  if (!pki->ca.len && !pki->root_count) {
    *out = NULL;
    return CS_OK;
  }
  uint8_t digest[32];
  if (!digest_of(pki, digest))
    return CS_ERR_MEMORY;
  for (tls_trust *t = shared->trusts; t; t = t->next)
    if (memcmp(t->digest, digest, sizeof digest) == 0) {
      t->refs++;
      *out = t;
      return CS_OK;
    }
  tls_trust *t = cs_base_get(shared->alloc, sizeof *t);
  if (!t)
    return CS_ERR_MEMORY;
  mbedtls_x509_crt_init(&t->certificates);
  mbedtls_x509_crl_init(&t->crls);
  cs_err err = read_trust(shared->alloc, t, pki, why);
  if (err) {
    trust_free(shared->alloc, t);
    return err;
  }
  memcpy(t->digest, digest, sizeof digest);
  t->refs = 1;
  t->next = shared->trusts;
  shared->trusts = t;
  *out = t;
  return CS_OK;
}

void cs_tls_trust_drop(cs_tls_shared *shared, tls_trust *trust) {
  if (!trust || --trust->refs)
    return;
  tls_trust **at = &shared->trusts;
  while (*at != trust)
    at = &(*at)->next;
  *at = trust->next;
  trust_free(shared->alloc, trust);
}

/* ---- our own ---- */

static cs_err chain_read(const cs_base_alloc *a, const cs_tls_pki *pki, mbedtls_x509_crt *chain,
                         const char **why) {
  tally n = {0, 0};
  cs_err err;
  if (pki->encoding == CS_TLS_DER) {
    err = each_der(pki->certificate, take_certificate, chain, &n);
  } else {
    text t;
    err = text_of(a, pki->certificate, &t);
    if (err)
      return err == CS_ERR_MEMORY ? err : refuse(why, "certificate: a NUL in the text");
    err = each_block(&t, &certificate_label, take_certificate, chain, &n);
    text_free(a, &t);
  }
  if (err)
    return err;
  return n.refused || !n.taken ? refuse(why, "certificate: not a certificate") : CS_OK;
}

static cs_err key_read(cs_tls_shared *shared, const cs_tls_pki *pki, mbedtls_pk_context *key,
                       const char **why) {
  int code;
  if (pki->encoding == CS_TLS_DER) {
    code = tls_version_parse_key(key, pki->key.at, pki->key.len, &shared->generator);
  } else {
    text t;
    cs_err err = text_of(shared->alloc, pki->key, &t);
    if (err)
      return err == CS_ERR_MEMORY ? err : refuse(why, "key: a NUL in the text");
    code = tls_version_parse_key(key, t.at, t.size, &shared->generator);
    text_free(shared->alloc, &t);
  }
  if (cs_tls_error_is_memory(code))
    return CS_ERR_MEMORY;
  if (code == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || code == MBEDTLS_ERR_PK_PASSWORD_MISMATCH)
    return refuse(why, "key: it is encrypted");
  return code ? refuse(why, "key: not a private key") : CS_OK;
}

cs_err cs_tls_own_read(cs_tls_shared *shared, const cs_tls_pki *pki, mbedtls_x509_crt *chain,
                       mbedtls_pk_context *key, const char **why) {
  cs_err err = chain_read(shared->alloc, pki, chain, why);
  if (!err)
    err = key_read(shared, pki, key, why);
  if (err)
    return err;
  int code = tls_version_check_pair(&chain->pk, key, &shared->generator);
  if (cs_tls_error_is_memory(code))
    return CS_ERR_MEMORY;
  return code ? refuse(why, "key: does not belong to the certificate") : CS_OK;
}
