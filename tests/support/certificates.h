/* Real keys, certificates and revocation lists, made in the test: also such as no
 * authority would issue. Everything is a function of what is asked for: the same
 * key in each run, the same signature where the scheme allows it. */
#ifndef CS_TESTS_CERTIFICATES_H
#define CS_TESTS_CERTIFICATES_H

#include <mbedtls/md.h>
#include <mbedtls/pk.h>

#include "base/bytes.h"

typedef enum cs_test_key_kind {
  CS_TEST_P256,
  CS_TEST_P192,
  CS_TEST_RSA_1024,
  CS_TEST_RSA_2048,
  CS_TEST_KEY_KINDS
} cs_test_key_kind;

/* Which key: another number, another key, up to CS_TEST_KEYS - 1. */
enum { CS_TEST_KEYS = 8 };
/* Kept until the program ends. A program that forks for its tests asks for its RSA
 * keys first, so that they are made once. */
mbedtls_pk_context *cs_test_key(cs_test_key_kind kind, unsigned number);
/* The private key, as DER in room of the caller's. */
enum { CS_TEST_KEY_ROOM = 2400 };
cs_span cs_test_key_der(cs_test_key_kind kind, unsigned number, uint8_t room[CS_TEST_KEY_ROOM]);

/* A member of subjectAltName: the choice of a GeneralName (2 dNSName, 6 URI,
 * 7 iPAddress). at NULL: no more. len 0: at is a string. */
typedef struct cs_test_alt_name {
  uint8_t choice;
  const void *at;
  size_t len;
} cs_test_alt_name;

enum { CS_TEST_FOR_SERVER = 1, CS_TEST_FOR_CLIENT = 2 };

/* What is zero is left out, or is usual. */
typedef struct cs_test_certificate {
  const char *name;                         /* the common name; NULL: an empty subject */
  size_t name_len;                          /* 0: name is a string */
  const struct cs_test_certificate *issuer; /* NULL: itself */
  cs_test_key_kind kind;
  unsigned number;
  unsigned serial;
  const char *from, *to; /* "20200101000000" to "20991231235959" */
  mbedtls_md_type_t md;  /* of its signature; SHA-256 */
  bool ca;               /* basicConstraints with cA */
  bool no_constraints;   /* no basicConstraints at all */
  unsigned path_length;  /* pathLenConstraint + 1 */
  unsigned usage;        /* MBEDTLS_X509_KU_... */
  unsigned purposes;     /* CS_TEST_FOR_...: extendedKeyUsage */
  bool version1;         /* no extensions */
  bool damaged;          /* its signature does not verify */
  cs_test_alt_name names[4];
  uint8_t der[2048]; /* made by cs_test_certificate_make */
  size_t der_len;
} cs_test_certificate;

void cs_test_certificate_make(cs_test_certificate *c);

typedef struct cs_test_crl {
  const cs_test_certificate *issuer;
  const cs_test_certificate *signer; /* NULL: issuer */
  const char *from, *to;             /* "20200101000000" to "20991231235959" */
  mbedtls_md_type_t md;              /* SHA-256 */
  unsigned serials[4];               /* revoked; 0: no more */
  bool partial; /* critical issuingDistributionPoint: certificates of users only */
  uint8_t der[2048];
  size_t der_len;
} cs_test_crl;

void cs_test_crl_make(cs_test_crl *c);

/* Text that blocks of PEM are added to. */
typedef struct cs_test_text {
  char at[16384];
  size_t len;
} cs_test_text;

/* label: "CERTIFICATE". Returns t as a span without the NUL. */
cs_span cs_test_pem(cs_test_text *t, const char *label, cs_span der);
cs_span cs_test_pem_certificate(cs_test_text *t, const cs_test_certificate *c);
cs_span cs_test_pem_crl(cs_test_text *t, const cs_test_crl *c);
cs_span cs_test_pem_key(cs_test_text *t, cs_test_key_kind kind, unsigned number);
cs_span cs_test_text_span(const cs_test_text *t);

#endif
