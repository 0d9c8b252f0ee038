/* The policy: what is left against a peer's certificate once the setup has had
 * its say. The library builds the chain, checks its signatures, authorities and
 * path lengths, and calls back for each certificate, the anchor's side first. Its
 * profile allows every hash and key, it gets no revocation lists, and its opinion
 * on the name is dropped: those are judged here, so that they are judged once and
 * have a rule.
 *
 * Of a chain with several faults the first found decides the rule and the alert. */
#include <mbedtls/oid.h>
#include <mbedtls/ssl.h>

#include "tls/mbedtls_pki.h"

static const mbedtls_x509_crt_profile every_profile = {0xffffffffu, 0xffffffffu, 0xffffffffu, 0};

enum { RSA_BITS_MIN = 2048, CURVE_BITS_MIN = 224 };

/* ---- one certificate ---- */

/* Whether an issuer would have been there, but may not be one: no authority, or one
 * for shorter paths. */
static bool issuer_may_not(const cs_tls_setup *s, mbedtls_x509_crt *c) {
  for (mbedtls_x509_crt *a = s->anchors; a; a = a->next)
    if (cs_tls_chain_issued(a, c))
      return true;
  for (mbedtls_x509_crt *a = c->next; a; a = a->next)
    if (cs_tls_chain_issued(a, c))
      return true;
  return false;
}

static cs_rule trust_rule(const cs_tls_setup *s, mbedtls_x509_crt *c, bool top, uint32_t flags) {
  if (!(flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED))
    return CS_RULE_NONE;
  if (!top) /* the signature is not its issuer's */
    return CS_RULE_TLS_CERTIFICATE;
  if (cs_tls_chain_issued(c, c))
    return s->policy.allow_self_signed && !s->policy.common_ca ? CS_RULE_NONE
                                                               : CS_RULE_TLS_CERTIFICATE;
  return issuer_may_not(s, c) ? CS_RULE_TLS_CERTIFICATE_AUTHORITY : CS_RULE_TLS_CERTIFICATE;
}

static bool is_short_key(const cs_tls_policy *policy, mbedtls_pk_context *key) {
  size_t bits = mbedtls_pk_get_bitlen(key);
  if (mbedtls_pk_can_do(key, MBEDTLS_PK_RSA))
    return bits < RSA_BITS_MIN && !policy->allow_short_rsa;
  return bits < CURVE_BITS_MIN;
}

/* What the peer's own certificate is for: authentication of its side, and
 * signatures, which is what every suite that we have wants of it. The library asks
 * again, but only after the application has been told. */
static bool is_for_this(const cs_tls_setup *s, const mbedtls_x509_crt *c) {
  bool client = s->role == CS_TLS_CLIENT;
  const char *usage = client ? MBEDTLS_OID_SERVER_AUTH : MBEDTLS_OID_CLIENT_AUTH;
  size_t len = client ? MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)
                      : MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH);
  return mbedtls_x509_crt_check_extended_key_usage(c, usage, len) == 0 &&
         mbedtls_x509_crt_check_key_usage(c, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0;
}

/* What else is known of an anchor: whether an issuer that is trusted too has
 * revoked it. That there is no list, or an old one, is not held against it. */
static bool anchor_is_revoked(const cs_tls_setup *s, const mbedtls_x509_crt *c) {
  for (mbedtls_x509_crt *a = s->anchors; a; a = a->next)
    if (cs_tls_chain_issued(a, c) && cs_tls_revocation(s, c, a) == CS_RULE_TLS_CERTIFICATE_REVOKED)
      return true;
  return false;
}

static cs_rule revocation_rule(const tls_judge *j, mbedtls_x509_crt *c, bool trusted_top) {
  if (!j->setup->policy.check_revocation)
    return CS_RULE_NONE;
  if (trusted_top)
    return anchor_is_revoked(j->setup, c) ? CS_RULE_TLS_CERTIFICATE_REVOKED : CS_RULE_NONE;
  /* Without an issuer above it, it was accepted as self-signed. */
  return cs_tls_revocation(j->setup, c, j->issuer ? j->issuer : c);
}

static cs_rule leaf_rule(const cs_tls_setup *s, mbedtls_x509_crt *c) {
  if (cs_tls_name_deceives(c) || (s->server_name[0] && !cs_tls_name_matches(s, c)))
    return CS_RULE_TLS_CERTIFICATE_NAME;
  return is_for_this(s, c) ? CS_RULE_NONE : CS_RULE_TLS_CERTIFICATE_USAGE;
}

/* The rule that the certificate breaks; the graver first. */
static cs_rule policy_rule(const tls_judge *j, mbedtls_x509_crt *c, unsigned depth,
                           uint32_t flags) {
  const cs_tls_policy *policy = &j->setup->policy;
  bool top = !j->begun, trusted_top = top && !(flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED);
  cs_rule rule = trust_rule(j->setup, c, top, flags);
  if (!rule)
    rule = revocation_rule(j, c, trusted_top);
  if (!rule && depth == 0)
    rule = leaf_rule(j->setup, c);
  if (rule)
    return rule;
  if (!policy->allow_expired &&
      (flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)))
    return CS_RULE_TLS_CERTIFICATE_DATES;
  /* An anchor is trusted for itself, not for its signature. */
  if (!policy->allow_bad_hash && !trusted_top && !cs_tls_chain_strong_hash(c->sig_md))
    return CS_RULE_TLS_CERTIFICATE_HASH;
  if (is_short_key(policy, &c->pk))
    return CS_RULE_TLS_CERTIFICATE_KEY;
  if (policy->check_depth && top && depth > 1u + policy->max_depth)
    return CS_RULE_TLS_CERTIFICATE_DEPTH;
  return CS_RULE_NONE;
}

/* ---- the callback ---- */

/* The flag whose alert fits the rule: unknown_ca, bad_certificate,
 * certificate_expired, certificate_revoked, unsupported_certificate, access_denied,
 * for the others certificate_unknown. */
static uint32_t flag_of(cs_rule rule) {
  switch (rule) {
  case CS_RULE_NONE:
    return 0;
  case CS_RULE_TLS_CERTIFICATE:
  case CS_RULE_TLS_CERTIFICATE_AUTHORITY:
  case CS_RULE_TLS_CERTIFICATE_DEPTH:
    return MBEDTLS_X509_BADCERT_NOT_TRUSTED;
  case CS_RULE_TLS_CERTIFICATE_NAME:
    return MBEDTLS_X509_BADCERT_CN_MISMATCH;
  case CS_RULE_TLS_CERTIFICATE_DATES:
    return MBEDTLS_X509_BADCERT_EXPIRED;
  case CS_RULE_TLS_CERTIFICATE_REVOKED:
    return MBEDTLS_X509_BADCERT_REVOKED;
  case CS_RULE_TLS_CERTIFICATE_USAGE:
    return MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
  case CS_RULE_TLS_CERTIFICATE_KEY:
    return MBEDTLS_X509_BADCERT_BAD_KEY;
  case CS_RULE_TLS_CERTIFICATE_REFUSED:
    return MBEDTLS_X509_BADCERT_OTHER;
  default:
    return MBEDTLS_X509_BADCERT_BAD_MD;
  }
}

static bool accepts(const tls_judge *j, const mbedtls_x509_crt *c, unsigned depth, bool valid) {
  const cs_tls_callbacks *calls = j->callbacks;
  return !calls || !calls->certificate ||
         calls->certificate(calls->ctx, cs_span_of(c->raw.p, c->raw.len), cs_tls_name_of(c), depth,
                            valid);
}

/* Whether the library refuses by the flags. Where a peer need not have a
 * certificate, or need not be verified, it takes any flags, and only an error ends
 * the handshake. */
static int mode_of(const tls_judge *j) {
  const cs_tls_setup *s = j->setup;
  bool told = j->callbacks && j->callbacks->certificate;
  bool client = s->role == CS_TLS_CLIENT;
  if (s->has_pki && s->policy.verify_peer && (client || s->demand_client))
    return MBEDTLS_SSL_VERIFY_REQUIRED;
  if (told && (client || s->has_pki))
    return MBEDTLS_SSL_VERIFY_OPTIONAL;
  if (s->has_pki && !client && (s->policy.verify_peer || s->demand_client))
    return MBEDTLS_SSL_VERIFY_OPTIONAL;
  return MBEDTLS_SSL_VERIFY_NONE;
}

int cs_tls_verify(void *judge, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
  tls_judge *j = judge;
  unsigned at = (unsigned)depth;
  cs_rule rule = CS_RULE_NONE;
  if (j->setup->has_pki && j->setup->policy.verify_peer)
    rule = policy_rule(j, certificate, at, *flags);
  if (certificate->raw.len == 0) /* the peer's list had none, of which the library makes this */
    rule = rule ? rule : CS_RULE_TLS_CERTIFICATE;
  else if (!accepts(j, certificate, at, rule == CS_RULE_NONE) && !rule)
    rule = CS_RULE_TLS_CERTIFICATE_REFUSED;
  *flags = 0;
  if (j->broken == CS_RULE_NONE) {
    j->broken = rule;
    *flags = flag_of(rule);
  }
  j->begun = at != 0;
  j->issuer = at ? certificate : NULL;
  if (at)
    return 0;
  j->judged = j->broken == CS_RULE_NONE;
  return j->judged || mode_of(j) == MBEDTLS_SSL_VERIFY_REQUIRED ? 0 : MBEDTLS_ERR_X509_FATAL_ERROR;
}

int cs_tls_verify_configure(mbedtls_ssl_config *conf, tls_judge *judge) {
  cs_tls_setup *s = (cs_tls_setup *)(uintptr_t)judge->setup; /* the library only reads it */
  int mode = mode_of(judge);
  mbedtls_ssl_conf_authmode(conf, mode);
  mbedtls_ssl_conf_cert_profile(conf, &every_profile);
  mbedtls_ssl_conf_ca_chain(conf, s->anchors, NULL);
  if (s->role == CS_TLS_SERVER && !(s->anchors && s->anchors->version))
    mbedtls_ssl_conf_cert_req_ca_list(conf, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
  if (mode != MBEDTLS_SSL_VERIFY_NONE)
    mbedtls_ssl_conf_verify(conf, cs_tls_verify, judge);
  return s->has_pki && s->own.version ? mbedtls_ssl_conf_own_cert(conf, &s->own, &s->own_key) : 0;
}

cs_rule cs_tls_judge_rule(const tls_judge *judge, uint32_t verify_result) {
  if (judge->broken)
    return judge->broken;
  if (verify_result == 0xffffffffu) /* more certificates than the library follows */
    return CS_RULE_TLS_CERTIFICATE_DEPTH;
  if (verify_result & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE))
    return CS_RULE_TLS_CERTIFICATE_USAGE;
  if (verify_result & MBEDTLS_X509_BADCERT_BAD_KEY) /* a curve that was not offered */
    return CS_RULE_TLS_CERTIFICATE_KEY;
  if (verify_result & MBEDTLS_X509_BADCERT_MISSING)
    return CS_RULE_TLS_CERTIFICATE;
  return CS_RULE_NONE;
}
