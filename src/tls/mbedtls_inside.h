/* What the files on mbedTLS share: mbedtls_shared.c (generator), mbedtls_setup.c
 * (credentials, parsed), mbedtls_verify.c (the policy), mbedtls_session.c (the
 * transform), mbedtls_hint.c (the PSK identity hint). mbedtls_version.h holds
 * what differs between 2.28 and 3.6. */
#ifndef CS_TLS_MBEDTLS_INSIDE_H
#define CS_TLS_MBEDTLS_INSIDE_H

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#include "tls/tls.h"

/* Trust anchors and CRLs that were parsed from the same bytes, once. */
typedef struct tls_trust {
  struct tls_trust *next; /* of shared.trusts */
  unsigned refs;
  uint8_t digest[32]; /* SHA-256 of encoding and bytes */
  mbedtls_x509_crt certificates;
  mbedtls_x509_crl crls;
  bool has_crls;
} tls_trust;

struct cs_tls_shared {
  const cs_base_alloc *alloc;
  cs_base_random random;
  unsigned refs; /* the owner's and one a setup */
  mbedtls_ctr_drbg_context generator;
  tls_trust *trusts;
};

struct cs_tls_setup {
  cs_tls_shared *shared;
  unsigned refs;
  cs_tls_role role;
  bool has_psk;
  uint8_t identity[CS_TLS_IDENTITY_MAX], key[CS_TLS_KEY_MAX];
  size_t identity_len, key_len;
  bool has_pki;
  bool demand_client;
  cs_tls_policy policy;
  mbedtls_x509_crt own; /* version 0 when there is none */
  mbedtls_pk_context own_key;
  tls_trust *ca;     /* pki.ca, or NULL */
  tls_trust **roots; /* pki.roots */
  size_t root_count;
  /* All anchors and CRLs as one list each, for the library: shallow nodes over
   * those of ca and roots, made by mbedtls_setup.c. NULL: none. */
  mbedtls_x509_crt *anchors;
  mbedtls_x509_crl *crls;
  char server_name[CS_TLS_SERVER_NAME_MAX + 1]; /* "": none */
  uint8_t address[16];                          /* of an IP literal */
  size_t address_len;                           /* 0, 4, 16 */
};

/* ---- mbedtls_verify.c ---- */

/* What judging one peer's chain needs and finds; in cs_tls. */
typedef struct tls_judge {
  const cs_tls_setup *setup;
  const cs_tls_callbacks *callbacks;
  unsigned length; /* certificates seen */
  bool judged;     /* depth 0 was seen and is accepted */
  cs_rule broken;  /* the first rule that a certificate broke */
} tls_judge;

/* For mbedtls_ssl_conf_verify: applies the policy, tells the callback, and sets
 * *flags to what is left against the certificate, so that the library sends the
 * alert that belongs to it. A refusal stays in judge->broken. */
int tls_verify(void *judge, mbedtls_x509_crt *certificate, int depth, uint32_t *flags);
/* Sets authentication up in a configuration: mode, anchors, CRLs, our own chain,
 * the verify callback, certificate profile. Returns the library's error. */
int tls_verify_configure(mbedtls_ssl_config *conf, tls_judge *judge);

/* What mbedtls_session.c asks before it says ESTABLISHED of a session that was not
 * agreed on by PSK: whether the peer was judged as the setup wants it. */
static inline bool tls_judge_content(const tls_judge *j, bool peer_has_certificate) {
  const cs_tls_setup *s = j->setup;
  if (j->broken != CS_RULE_NONE)
    return false;
  bool must = s->has_pki && (s->role == CS_TLS_CLIENT ? s->policy.verify_peer : s->demand_client);
  return !must || (peer_has_certificate && j->judged);
}

#endif
