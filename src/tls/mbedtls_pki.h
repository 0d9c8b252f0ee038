/* What the files about certificates share: mbedtls_trust.c (parsing, the cache of
 * anchors), mbedtls_name.c (names and addresses), mbedtls_revocation.c (CRLs),
 * mbedtls_chain.c (who signed what). */
#ifndef CS_TLS_MBEDTLS_PKI_H
#define CS_TLS_MBEDTLS_PKI_H

#include "tls/mbedtls_inside.h"

/* ---- mbedtls_trust.c ---- */

/* Whether the library's error says that memory ran out. */
bool cs_tls_error_is_memory(int error);
/* The anchors and CRLs of pki, from the cache or parsed; NULL when it names none.
 * With policy.common_ca the certificates of roots are left out. CS_ERR_ARGUMENT
 * with *why, CS_ERR_MEMORY. */
cs_err cs_tls_trust_take(cs_tls_shared *shared, const cs_tls_pki *pki, tls_trust **out,
                         const char **why);
/* One reference less; NULL is allowed. */
void cs_tls_trust_drop(cs_tls_shared *shared, tls_trust *trust);
/* Our own chain and key into objects that were initialised; key only if it is not
 * empty. Same errors; what was read then is still to be freed. */
cs_err cs_tls_own_read(cs_tls_shared *shared, const cs_tls_pki *pki, mbedtls_x509_crt *chain,
                       mbedtls_pk_context *key, const char **why);

/* ---- mbedtls_name.c ---- */

/* A name to ask for: a DNS name, whose final dot is dropped, or an IP literal, in
 * brackets or not, without its zone. False with *why. */
bool cs_tls_name_read(cs_span text, char out[CS_TLS_SERVER_NAME_MAX + 1], uint8_t address[16],
                      size_t *address_len, const char **why);
/* Whether the certificate is for setup's server_name: RFC 7252 section 9.1.3.3. */
bool cs_tls_name_matches(const cs_tls_setup *setup, const mbedtls_x509_crt *c);
/* Whether a name in it has a control character: a NUL is where another program
 * would see the end. */
bool cs_tls_name_deceives(const mbedtls_x509_crt *c);
/* The first dNSName, else the first common name, else empty; empty when that has a
 * control character. */
cs_span cs_tls_name_of(const mbedtls_x509_crt *c);

/* ---- mbedtls_chain.c ---- */

/* Whether two distinguished names are the same one (RFC 5280 section 7.1, ASCII
 * only). */
bool cs_tls_chain_same_name(const mbedtls_x509_name *a, const mbedtls_x509_name *b);
/* Whether key made the signature sig over bytes. */
bool cs_tls_chain_signed(mbedtls_pk_context *key, const mbedtls_x509_buf *bytes,
                         const mbedtls_x509_buf *sig, mbedtls_md_type_t md, mbedtls_pk_type_t pk,
                         const void *options);
/* Whether parent has the issuer's name and the key that signed child; whether it
 * may is not asked. */
bool cs_tls_chain_issued(mbedtls_x509_crt *parent, const mbedtls_x509_crt *child);
/* Whether a hash is as strong as SHA-256. */
bool cs_tls_chain_strong_hash(mbedtls_md_type_t md);

/* ---- mbedtls_revocation.c ---- */

/* What the setup's CRLs say of c, which issuer has issued: CS_RULE_NONE when c is
 * not revoked as far as the policy wants that known. */
cs_rule cs_tls_revocation(const cs_tls_setup *setup, const mbedtls_x509_crt *c,
                          mbedtls_x509_crt *issuer);

#endif
