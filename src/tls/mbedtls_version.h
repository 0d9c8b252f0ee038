/* What differs between the two series of mbedTLS that the code is written for:
 * 2.28 (TLS 1.2) and 3.6 (TLS 1.2 and 1.3, connection ids). Included before any
 * header of the library: 3.6 hides the members of its structures unless asked. */
#ifndef CS_TLS_MBEDTLS_VERSION_H
#define CS_TLS_MBEDTLS_VERSION_H

#ifndef MBEDTLS_ALLOW_PRIVATE_ACCESS
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#endif

#include "base/bytes.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>

#define TLS_MBEDTLS_3 (MBEDTLS_VERSION_NUMBER >= 0x03000000)

#if TLS_MBEDTLS_3
#include <psa/crypto.h>
#endif

#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
#define TLS_HAS_CID true
#else
#define TLS_HAS_CID false
#endif

#if TLS_MBEDTLS_3 && defined(MBEDTLS_SSL_PROTO_TLS1_3)
#define TLS_HAS_13 true
#else
#define TLS_HAS_13 false
#endif

/* Errors of the library: the rule that the peer broke, and the alert that says
 * so when the library has sent none. What is not listed is TLS_HANDSHAKE with
 * handshake_failure. X(error, rule, alert) */
#define TLS_ERRORS_OF_BOTH(X)                                                                      \
  X(MBEDTLS_ERR_SSL_INVALID_MAC, TLS_RECORD, 20)                                                   \
  X(MBEDTLS_ERR_SSL_INVALID_RECORD, TLS_RECORD, 50)                                                \
  X(MBEDTLS_ERR_SSL_UNEXPECTED_RECORD, TLS_RECORD, 10)                                             \
  X(MBEDTLS_ERR_SSL_COUNTER_WRAPPING, TLS_RECORD, 80)                                              \
  X(MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, TLS_HANDSHAKE, 10)                                         \
  X(MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE, TLS_CERTIFICATE, 40)                                    \
  X(MBEDTLS_ERR_X509_CERT_VERIFY_FAILED, TLS_CERTIFICATE, 42)                                      \
  X(MBEDTLS_ERR_X509_FATAL_ERROR, TLS_CERTIFICATE, 49)                                             \
  X(MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY, TLS_HANDSHAKE, 115)                                          \
  X(MBEDTLS_ERR_SSL_TIMEOUT, TLS_TIMEOUT, 0)                                                       \
  X(MBEDTLS_ERR_SSL_ALLOC_FAILED, OUT_OF_MEMORY, 80)                                               \
  X(MBEDTLS_ERR_SSL_BAD_INPUT_DATA, TLS_HANDSHAKE, 47)                                             \
  X(MBEDTLS_ERR_SSL_INTERNAL_ERROR, NONE, 80)                                                      \
  X(MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED, NONE, 80)

#if TLS_MBEDTLS_3
#define TLS_ERRORS(X)                                                                              \
  TLS_ERRORS_OF_BOTH(X)                                                                            \
  X(MBEDTLS_ERR_SSL_DECODE_ERROR, TLS_HANDSHAKE, 50)                                               \
  X(MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER, TLS_HANDSHAKE, 47)                                          \
  X(MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION, TLS_HANDSHAKE, 110)                                     \
  X(MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL, TLS_ALPN, 120)                                        \
  X(MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, TLS_HANDSHAKE, 70)                                       \
  X(MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME, TLS_HANDSHAKE, 112)                                         \
  X(MBEDTLS_ERR_SSL_BAD_CERTIFICATE, TLS_CERTIFICATE, 42)                                          \
  X(MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED, TLS_CERTIFICATE, 48)                                        \
  X(MBEDTLS_ERR_ERROR_CORRUPTION_DETECTED, NONE, 80)
#else
#define TLS_ERRORS(X)                                                                              \
  TLS_ERRORS_OF_BOTH(X)                                                                            \
  X(MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION, TLS_HANDSHAKE, 70)                                    \
  X(MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE, TLS_CERTIFICATE, 42)                                       \
  X(MBEDTLS_ERR_SSL_BAD_HS_FINISHED, TLS_FINISHED, 51)                                             \
  X(MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE_VERIFY, TLS_HANDSHAKE, 51)                                  \
  X(MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED, TLS_CERTIFICATE, 48)                                        \
  X(MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE, TLS_HANDSHAKE_FRAGMENTED, 80)                             \
  X(MBEDTLS_ERR_ERROR_CORRUPTION_DETECTED, NONE, 80)
#endif

/* A Finished that does not verify. And a ClientHello at an established server that cannot be read:
 * no proof that it comes from the client, so it is passed over. */
#if TLS_MBEDTLS_3
#define TLS_ERR_BAD_CLIENT_HELLO MBEDTLS_ERR_SSL_DECODE_ERROR
#define TLS_ERR_BAD_FINISHED MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE
#else
#define TLS_ERR_BAD_CLIENT_HELLO MBEDTLS_ERR_SSL_BAD_HS_CLIENT_HELLO
#define TLS_ERR_BAD_FINISHED MBEDTLS_ERR_SSL_BAD_HS_FINISHED
#endif

static inline bool tls_handshake_over(const mbedtls_ssl_context *ssl) {
#if TLS_MBEDTLS_3
  return ssl->state >= MBEDTLS_SSL_HANDSHAKE_OVER;
#else
  return ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER;
#endif
}

/* 0x0303 or 0x0304. */
static inline uint16_t tls_version_of(const mbedtls_ssl_context *ssl) {
#if TLS_MBEDTLS_3
  return (uint16_t)mbedtls_ssl_get_version_number(ssl);
#else
  return (uint16_t)(ssl->major_ver << 8 | ssl->minor_ver);
#endif
}

/* Which versions are agreed on; nothing below 1.2. */
static inline void tls_conf_versions(mbedtls_ssl_config *conf, bool allow_12, bool allow_13) {
#if TLS_MBEDTLS_3
  mbedtls_ssl_conf_min_tls_version(conf, allow_12 ? MBEDTLS_SSL_VERSION_TLS1_2
                                                  : MBEDTLS_SSL_VERSION_TLS1_3);
  mbedtls_ssl_conf_max_tls_version(conf, allow_13 ? MBEDTLS_SSL_VERSION_TLS1_3
                                                  : MBEDTLS_SSL_VERSION_TLS1_2);
#else
  (void)allow_12, (void)allow_13;
  mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_max_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
}

/* Key exchanges of TLS 1.3: by a PSK, by certificates. */
static inline void tls_conf_modes_13(mbedtls_ssl_config *conf, bool psk, bool certificates) {
#if TLS_MBEDTLS_3 && defined(MBEDTLS_SSL_PROTO_TLS1_3)
  mbedtls_ssl_conf_tls13_key_exchange_modes(
      conf, (psk ? MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ALL : 0) |
                (certificates ? MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL : 0));
#else
  (void)conf, (void)psk, (void)certificates;
#endif
}

/* secp256r1 first: RFC 7252 section 9.1.3.2 names it. */
static inline void tls_conf_groups(mbedtls_ssl_config *conf) {
#if TLS_MBEDTLS_3
  static const uint16_t groups[] = {
      MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
      MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1, 0};
  mbedtls_ssl_conf_groups(conf, groups);
#else
  static const mbedtls_ecp_group_id groups[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_CURVE25519,
                                                MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_SECP521R1,
                                                MBEDTLS_ECP_DP_NONE};
  mbedtls_ssl_conf_curves(conf, groups);
#endif
}

/* No SHA-1 over the handshake. */
static inline void tls_conf_signatures(mbedtls_ssl_config *conf) {
#if TLS_MBEDTLS_3
  static const uint16_t signatures[] = {
      MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
      MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512, MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
      MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,       MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,       MBEDTLS_TLS1_3_SIG_NONE};
  mbedtls_ssl_conf_sig_algs(conf, signatures);
#else
  static const int hashes[] = {MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512,
                               MBEDTLS_MD_NONE};
  mbedtls_ssl_conf_sig_hashes(conf, hashes);
#endif
}

/* Replaces the identity and key of a configuration; 3.6 sets them only once. */
static inline int tls_conf_psk_again(mbedtls_ssl_config *conf, const uint8_t *key, size_t key_len,
                                     const uint8_t *identity, size_t identity_len) {
#if TLS_MBEDTLS_3
  if (conf->psk)
    mbedtls_platform_zeroize(conf->psk, conf->psk_len);
  mbedtls_free(conf->psk);
  mbedtls_free(conf->psk_identity);
  conf->psk = NULL;
  conf->psk_identity = NULL;
  conf->psk_len = conf->psk_identity_len = 0;
#endif
  return mbedtls_ssl_conf_psk(conf, key, key_len, identity, identity_len);
}

/* The alert that 3.6 has queued and sent by itself; 0: none or unknown. */
static inline uint8_t tls_pended_alert(const mbedtls_ssl_context *ssl) {
#if TLS_MBEDTLS_3
  return ssl->alert_type;
#else
  (void)ssl;
  return 0;
#endif
}

/* Passes the rest of the datagram over that the library has taken. */
static inline void tls_drop_datagram(mbedtls_ssl_context *ssl) {
  ssl->in_left = 0;
  ssl->next_record_offset = 0;
}

/* Connection ids: the client asks for none of its own, and sends the server's. */
static inline int tls_conf_cid(mbedtls_ssl_config *conf, size_t own_len) {
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
  return mbedtls_ssl_conf_cid(conf, own_len, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE);
#else
  (void)conf, (void)own_len;
  return 0;
#endif
}

static inline int tls_set_cid(mbedtls_ssl_context *ssl, const uint8_t *own, size_t own_len) {
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
  return mbedtls_ssl_set_cid(ssl, MBEDTLS_SSL_CID_ENABLED, own, own_len);
#else
  (void)ssl, (void)own, (void)own_len;
  return 0;
#endif
}

static inline bool tls_cid_in_use(mbedtls_ssl_context *ssl) {
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
  int enabled = MBEDTLS_SSL_CID_DISABLED;
  return mbedtls_ssl_get_peer_cid(ssl, &enabled, NULL, NULL) == 0 &&
         enabled == MBEDTLS_SSL_CID_ENABLED;
#else
  (void)ssl;
  return false;
#endif
}

/* Most that a connection id adds to a record: itself, the inner type, padding. */
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
enum { TLS_CID_EXPANSION = MBEDTLS_SSL_CID_OUT_LEN_MAX + 1 + 16 };
#else
enum { TLS_CID_EXPANSION = 0 };
#endif

/* Reads a private key that is not encrypted; len counts the NUL that PEM ends with. */
static inline int tls_version_parse_key(mbedtls_pk_context *key, const unsigned char *at,
                                        size_t len, mbedtls_ctr_drbg_context *generator) {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  return mbedtls_pk_parse_key(key, at, len, NULL, 0, mbedtls_ctr_drbg_random, generator);
#else
  (void)generator;
  return mbedtls_pk_parse_key(key, at, len, NULL, 0);
#endif
}

/* 0 when the private key belongs to the public one. */
static inline int tls_version_check_pair(mbedtls_pk_context *public_key,
                                         mbedtls_pk_context *private_key,
                                         mbedtls_ctr_drbg_context *generator) {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  return mbedtls_pk_check_pair(public_key, private_key, mbedtls_ctr_drbg_random, generator);
#else
  (void)generator;
  return mbedtls_pk_check_pair(public_key, private_key);
#endif
}

#endif
