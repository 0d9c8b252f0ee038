/* Revocation lists. The library's own check raises no flag when there is no list
 * of an issuer and stops at the first of several; here each list of the issuer
 * counts. Lists for a part of the certificates, or with changes only, mark that as
 * critical, and the library's parser refuses them. */
#include "tls/mbedtls_pki.h"

/* Serial numbers as numbers: without leading zeros. */
static bool same_serial(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b) {
  const uint8_t *p = a->p, *q = b->p;
  size_t n = a->len, m = b->len;
  while (n > 1 && !*p)
    p++, n--;
  while (m > 1 && !*q)
    q++, m--;
  return n == m && memcmp(p, q, n) == 0;
}

/* Its date of revocation is not asked for: a list may announce one early. */
static bool lists(const mbedtls_x509_crl *crl, const mbedtls_x509_crt *c) {
  for (const mbedtls_x509_crl_entry *e = &crl->entry; e && e->serial.len; e = e->next)
    if (same_serial(&e->serial, &c->serial))
      return true;
  return false;
}

static bool is_current(const mbedtls_x509_crl *crl) {
  return !mbedtls_x509_time_is_past(&crl->next_update) &&
         !mbedtls_x509_time_is_future(&crl->this_update);
}

/* What is wrong with the list itself, which names issuer as its own. */
static cs_rule list_rule(const cs_tls_policy *policy, const mbedtls_x509_crl *crl,
                         mbedtls_x509_crt *issuer) {
  if (mbedtls_x509_crt_check_key_usage(issuer, MBEDTLS_X509_KU_CRL_SIGN) != 0)
    return CS_RULE_TLS_CRL_SIGNATURE;
  if (!cs_tls_chain_signed(&issuer->pk, &crl->tbs, &crl->sig, crl->sig_md, crl->sig_pk,
                           crl->sig_opts))
    return CS_RULE_TLS_CRL_SIGNATURE;
  if (!policy->allow_bad_hash && !cs_tls_chain_strong_hash(crl->sig_md))
    return CS_RULE_TLS_CERTIFICATE_HASH;
  if (!policy->allow_expired_crl && !is_current(crl))
    return CS_RULE_TLS_CRL_DATES;
  return CS_RULE_NONE;
}

cs_rule cs_tls_revocation(const cs_tls_setup *setup, const mbedtls_x509_crt *c,
                          mbedtls_x509_crt *issuer) {
  const cs_tls_policy *policy = &setup->policy;
  cs_rule found = CS_RULE_TLS_CRL_MISSING;
  const mbedtls_x509_crl *crl = setup->trust ? &setup->trust->crls : NULL;
  for (; crl && crl->version; crl = crl->next) {
    if (!cs_tls_chain_same_name(&crl->issuer, &issuer->subject))
      continue;
    cs_rule rule = list_rule(policy, crl, issuer);
    /* A list that is the issuer's own is believed in what it revokes, however old. */
    if ((rule == CS_RULE_NONE || rule == CS_RULE_TLS_CRL_DATES) && lists(crl, c))
      return CS_RULE_TLS_CERTIFICATE_REVOKED;
    /* One good list is enough; else what is wrong with the first one. */
    if (rule == CS_RULE_NONE || found == CS_RULE_TLS_CRL_MISSING)
      found = rule;
  }
  return found == CS_RULE_TLS_CRL_MISSING && policy->allow_no_crl ? CS_RULE_NONE : found;
}
