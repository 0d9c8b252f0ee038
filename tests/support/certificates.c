#include "support/certificates.h"

#include <check.h>
#include <mbedtls/asn1write.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <mbedtls/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"

/* ---- keys ---- */

static int draw(void *ctx, unsigned char *out, size_t n) {
  cs_base_random random = cs_base_seeded_random(ctx);
  cs_base_random_fill(&random, out, n);
  return 0;
}

static void key_make(mbedtls_pk_context *key, cs_test_key_kind kind, unsigned number) {
  cs_base_seeded seed;
  cs_base_seeded_init(&seed, 1000u * (unsigned)kind + number + 1);
  bool rsa = kind == CS_TEST_RSA_1024 || kind == CS_TEST_RSA_2048;
  mbedtls_pk_init(key);
  ck_assert_int_eq(
      mbedtls_pk_setup(key, mbedtls_pk_info_from_type(rsa ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY)), 0);
  if (rsa)
    ck_assert_int_eq(mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), draw, &seed,
                                         kind == CS_TEST_RSA_1024 ? 1024 : 2048, 65537),
                     0);
  else
    ck_assert_int_eq(mbedtls_ecp_gen_key(kind == CS_TEST_P192 ? MBEDTLS_ECP_DP_SECP192R1
                                                              : MBEDTLS_ECP_DP_SECP256R1,
                                         mbedtls_pk_ec(*key), draw, &seed),
                     0);
}

mbedtls_pk_context *cs_test_key(cs_test_key_kind kind, unsigned number) {
  static mbedtls_pk_context keys[CS_TEST_KEY_KINDS][CS_TEST_KEYS];
  static bool made[CS_TEST_KEY_KINDS][CS_TEST_KEYS];
  ck_assert(kind < CS_TEST_KEY_KINDS && number < CS_TEST_KEYS);
  if (!made[kind][number])
    key_make(&keys[kind][number], kind, number);
  made[kind][number] = true;
  return &keys[kind][number];
}

cs_span cs_test_key_der(cs_test_key_kind kind, unsigned number, uint8_t room[CS_TEST_KEY_ROOM]) {
  int n = mbedtls_pk_write_key_der(cs_test_key(kind, number), room, CS_TEST_KEY_ROOM);
  ck_assert_int_gt(n, 0);
  return cs_span_of(room + CS_TEST_KEY_ROOM - n, (size_t)n);
}

/* ---- DER, written from its end, as the library's functions do ---- */

typedef struct der {
  uint8_t buf[2048];
  uint8_t *at;
} der;

enum { SEQUENCE = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE };

static size_t written(int n) {
  ck_assert_int_ge(n, 0);
  return (size_t)n;
}

static size_t put(der *d, const void *at, size_t len) {
  return written(mbedtls_asn1_write_raw_buffer(&d->at, d->buf, at, len));
}

static size_t wrap(der *d, unsigned tag, size_t len) {
  len += written(mbedtls_asn1_write_len(&d->at, d->buf, len));
  return len + written(mbedtls_asn1_write_tag(&d->at, d->buf, (unsigned char)tag));
}

static size_t put_as(der *d, unsigned tag, const void *at, size_t len) {
  return wrap(d, tag, put(d, at, len));
}

static size_t put_oid(der *d, const char *oid, size_t len) {
  return put_as(d, MBEDTLS_ASN1_OID, oid, len);
}

/* Positive, in three bytes at most. */
static size_t put_integer(der *d, unsigned v) {
  uint8_t b[4] = {0, (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
  size_t from = 0;
  while (from < 3 && !b[from] && !(b[from + 1] & 0x80))
    from++;
  return put_as(d, MBEDTLS_ASN1_INTEGER, b + from, 4 - from);
}

static size_t put_name(der *d, const cs_test_certificate *c) {
  size_t n = 0;
  if (c->name) {
    n = put_as(d, MBEDTLS_ASN1_UTF8_STRING, c->name, c->name_len ? c->name_len : strlen(c->name));
    n += put_oid(d, MBEDTLS_OID_AT_CN, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_CN));
    n = wrap(d, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SET, wrap(d, SEQUENCE, n));
  }
  return wrap(d, SEQUENCE, n);
}

/* UTCTime until 2049, as RFC 5280 section 4.1.2.5 wants it. */
static size_t put_time(der *d, const char *when) {
  bool late = strncmp(when, "2050", 4) >= 0;
  char text[16];
  int n = snprintf(text, sizeof text, "%sZ", late ? when : when + 2);
  return put_as(d, late ? MBEDTLS_ASN1_GENERALIZED_TIME : MBEDTLS_ASN1_UTC_TIME, text, (size_t)n);
}

static const char *from_of(const char *from) {
  return from ? from : "20200101000000";
}

static const char *to_of(const char *to) {
  return to ? to : "20991231235959";
}

static size_t put_algorithm(der *d, mbedtls_pk_context *key, mbedtls_md_type_t md) {
  bool rsa = mbedtls_pk_can_do(key, MBEDTLS_PK_RSA) != 0;
  const char *oid;
  size_t len;
  int err = mbedtls_oid_get_oid_by_sig_alg(rsa ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECDSA, md, &oid, &len);
  ck_assert_int_eq(err, 0);
  return written(mbedtls_asn1_write_algorithm_identifier(&d->at, d->buf, oid, len, 0));
}

static size_t sign(mbedtls_pk_context *key, mbedtls_md_type_t md, cs_span tbs, uint8_t *sig,
                   size_t cap) {
  const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md);
  uint8_t hash[MBEDTLS_MD_MAX_SIZE];
  cs_base_seeded seed;
  cs_base_seeded_init(&seed, 4711);
  size_t len = 0, hash_len = mbedtls_md_get_size(info);
  ck_assert_int_eq(mbedtls_md(info, tbs.at, tbs.len, hash), 0);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  int err = mbedtls_pk_sign(key, md, hash, hash_len, sig, cap, &len, draw, &seed);
#else
  (void)cap;
  int err = mbedtls_pk_sign(key, md, hash, hash_len, sig, &len, draw, &seed);
#endif
  ck_assert_int_eq(err, 0);
  return len;
}

/* Signs what is in d and puts the whole into out; returns its size. */
static size_t seal(der *d, size_t tbs_len, mbedtls_pk_context *key, mbedtls_md_type_t md,
                   bool damaged, uint8_t *out, size_t cap) {
  uint8_t tbs[2048], sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
  memcpy(tbs, d->at, tbs_len);
  size_t n = sign(key, md, cs_span_of(tbs, tbs_len), sig, sizeof sig);
  if (damaged)
    sig[n - 1] ^= 1;
  d->at = d->buf + sizeof d->buf;
  size_t len = written(mbedtls_asn1_write_bitstring(&d->at, d->buf, sig, n * 8));
  len += put_algorithm(d, key, md);
  len += put(d, tbs, tbs_len);
  len = wrap(d, SEQUENCE, len);
  ck_assert_uint_le(len, cap);
  memcpy(out, d->at, len);
  return len;
}

/* ---- certificates ---- */

/* n bytes of value are in front. */
static size_t extension(der *d, const char *oid, size_t oid_len, bool critical, size_t n) {
  n = wrap(d, MBEDTLS_ASN1_OCTET_STRING, n);
  if (critical)
    n += written(mbedtls_asn1_write_bool(&d->at, d->buf, 1));
  n += put_oid(d, oid, oid_len);
  return wrap(d, SEQUENCE, n);
}

#define EXTENSION(d, oid, critical, n) extension((d), (oid), MBEDTLS_OID_SIZE(oid), (critical), (n))

static size_t put_alt_names(der *d, const cs_test_alt_name *names) {
  size_t count = 0, n = 0;
  while (count < 4 && names[count].at)
    count++;
  if (!count)
    return 0;
  for (size_t i = count; i-- > 0;) {
    size_t len = names[i].len ? names[i].len : strlen(names[i].at);
    n += put_as(d, MBEDTLS_ASN1_CONTEXT_SPECIFIC | names[i].choice, names[i].at, len);
  }
  return EXTENSION(d, MBEDTLS_OID_SUBJECT_ALT_NAME, false, wrap(d, SEQUENCE, n));
}

static size_t put_purposes(der *d, unsigned purposes) {
  size_t n = 0;
  if (purposes & CS_TEST_FOR_SERVER)
    n += put_oid(d, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
  if (purposes & CS_TEST_FOR_CLIENT)
    n += put_oid(d, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH));
  return n ? EXTENSION(d, MBEDTLS_OID_EXTENDED_KEY_USAGE, false, wrap(d, SEQUENCE, n)) : 0;
}

static size_t put_constraints(der *d, const cs_test_certificate *c) {
  if (c->no_constraints)
    return 0;
  size_t n = c->path_length ? put_integer(d, c->path_length - 1) : 0;
  if (c->ca)
    n += written(mbedtls_asn1_write_bool(&d->at, d->buf, 1));
  return EXTENSION(d, MBEDTLS_OID_BASIC_CONSTRAINTS, true, wrap(d, SEQUENCE, n));
}

static size_t put_extensions(der *d, const cs_test_certificate *c) {
  size_t n = put_alt_names(d, c->names);
  n += put_purposes(d, c->purposes);
  if (c->usage) {
    uint8_t bits = (uint8_t)c->usage;
    size_t len = written(mbedtls_asn1_write_bitstring(&d->at, d->buf, &bits, 8));
    n += EXTENSION(d, MBEDTLS_OID_KEY_USAGE, true, len);
  }
  n += put_constraints(d, c);
  if (!n)
    return 0;
  return wrap(d, MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED | 3,
              wrap(d, SEQUENCE, n));
}

void cs_test_certificate_make(cs_test_certificate *c) {
  const cs_test_certificate *issuer = c->issuer ? c->issuer : c;
  mbedtls_pk_context *key = cs_test_key(issuer->kind, issuer->number);
  mbedtls_md_type_t md = c->md ? c->md : MBEDTLS_MD_SHA256;
  der d;
  d.at = d.buf + sizeof d.buf;
  size_t n = c->version1 ? 0 : put_extensions(&d, c);
  n += written(
      mbedtls_pk_write_pubkey_der(cs_test_key(c->kind, c->number), d.buf, (size_t)(d.at - d.buf)));
  d.at = d.buf + sizeof d.buf - n;
  n += put_name(&d, c);
  size_t dates = put_time(&d, to_of(c->to));
  n += wrap(&d, SEQUENCE, dates + put_time(&d, from_of(c->from)));
  n += put_name(&d, issuer);
  n += put_algorithm(&d, key, md);
  n += put_integer(&d, c->serial ? c->serial : 1);
  if (!c->version1)
    n += wrap(&d, MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED | 0, put_integer(&d, 2));
  c->der_len = seal(&d, wrap(&d, SEQUENCE, n), key, md, c->damaged, c->der, sizeof c->der);
}

void cs_test_crl_make(cs_test_crl *c) {
  const cs_test_certificate *signer = c->signer ? c->signer : c->issuer;
  mbedtls_pk_context *key = cs_test_key(signer->kind, signer->number);
  mbedtls_md_type_t md = c->md ? c->md : MBEDTLS_MD_SHA256;
  static const char idp[] = "\x55\x1d\x1c"; /* 2.5.29.28 */
  static const uint8_t only_users[] = {0x30, 0x03, 0x81, 0x01, 0xff};
  der d;
  d.at = d.buf + sizeof d.buf;
  size_t n = 0;
  if (c->partial) {
    n = extension(&d, idp, 3, true, put(&d, only_users, sizeof only_users));
    n = wrap(&d, MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED | 0,
             wrap(&d, SEQUENCE, n));
  }
  size_t entries = 0;
  for (size_t i = 0; i < 4 && c->serials[i]; i++) {
    size_t entry = put_time(&d, from_of(c->from));
    entries += wrap(&d, SEQUENCE, entry + put_integer(&d, c->serials[i]));
  }
  if (entries)
    n += wrap(&d, SEQUENCE, entries);
  n += put_time(&d, to_of(c->to));
  n += put_time(&d, from_of(c->from));
  n += put_name(&d, c->issuer);
  n += put_algorithm(&d, key, md);
  n += put_integer(&d, 1); /* version 2 */
  c->der_len = seal(&d, wrap(&d, SEQUENCE, n), key, md, false, c->der, sizeof c->der);
}

/* ---- PEM ---- */

cs_span cs_test_text_span(const cs_test_text *t) {
  return cs_span_of(t->at, t->len);
}

cs_span cs_test_pem(cs_test_text *t, const char *label, cs_span bytes) {
  char header[64], footer[64];
  size_t n = 0;
  snprintf(header, sizeof header, "-----BEGIN %s-----\n", label);
  snprintf(footer, sizeof footer, "-----END %s-----\n", label);
  int err = mbedtls_pem_write_buffer(header, footer, bytes.at, bytes.len,
                                     (unsigned char *)t->at + t->len, sizeof t->at - t->len, &n);
  ck_assert_int_eq(err, 0);
  t->len += n - 1; /* n counts the NUL */
  return cs_test_text_span(t);
}

cs_span cs_test_pem_certificate(cs_test_text *t, const cs_test_certificate *c) {
  return cs_test_pem(t, "CERTIFICATE", cs_span_of(c->der, c->der_len));
}

cs_span cs_test_pem_crl(cs_test_text *t, const cs_test_crl *c) {
  return cs_test_pem(t, "X509 CRL", cs_span_of(c->der, c->der_len));
}

cs_span cs_test_pem_key(cs_test_text *t, cs_test_key_kind kind, unsigned number) {
  uint8_t room[CS_TEST_KEY_ROOM];
  bool rsa = kind == CS_TEST_RSA_1024 || kind == CS_TEST_RSA_2048;
  return cs_test_pem(t, rsa ? "RSA PRIVATE KEY" : "EC PRIVATE KEY",
                     cs_test_key_der(kind, number, room));
}
