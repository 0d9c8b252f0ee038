/* DTLS and TLS settings of a client. A build without a TLS library has the
 * types and functions; the constructors then return NULL and say so. */
#ifndef COAP_DTLS_H_
#define COAP_DTLS_H_

#include <stddef.h>
#include <stdint.h>

#include "coap3/coap_forward_decls.h"
#include "coap3/coap_str.h"
#include "coap3/coap_time.h"

typedef struct coap_dtls_pki_t coap_dtls_pki_t;

#ifndef COAP_DTLS_HINT_LENGTH
#define COAP_DTLS_HINT_LENGTH 128
#endif
#ifndef COAP_DTLS_MAX_PSK_IDENTITY
#define COAP_DTLS_MAX_PSK_IDENTITY 64
#endif
#ifndef COAP_DTLS_MAX_PSK
#define COAP_DTLS_MAX_PSK 64
#endif

typedef enum coap_dtls_role_t { COAP_DTLS_ROLE_CLIENT, COAP_DTLS_ROLE_SERVER } coap_dtls_role_t;

#define COAP_DTLS_RPK_CERT_CN "RPK"

/* What this build can do; each returns 1 or 0. */
int coap_dtls_is_supported(void);        /* COAP_PROTO_DTLS */
int coap_tls_is_supported(void);         /* COAP_PROTO_TLS */
int coap_dtls_psk_is_supported(void);    /* pre-shared keys */
int coap_dtls_pki_is_supported(void);    /* certificates */
int coap_dtls_pkcs11_is_supported(void); /* keys in a PKCS #11 token */
int coap_dtls_rpk_is_supported(void);    /* raw public keys */

typedef enum coap_tls_library_t {
  COAP_TLS_LIBRARY_NOTLS = 0,
  COAP_TLS_LIBRARY_TINYDTLS,
  COAP_TLS_LIBRARY_OPENSSL,
  COAP_TLS_LIBRARY_GNUTLS,
  COAP_TLS_LIBRARY_MBEDTLS,
} coap_tls_library_t;

typedef struct coap_tls_version_t {
  uint64_t version;        /* of the library in use */
  coap_tls_library_t type; /* which one */
  uint64_t built_version;  /* of the library that this build was made with */
} coap_tls_version_t;

/* The TLS library of this build. Static, never NULL. */
coap_tls_version_t *coap_get_tls_library_version(void);

/* Called to set up the library's own session object further. 1 to go on, 0 to
 * refuse. */
typedef int (*coap_dtls_security_setup_t)(void *tls_session, coap_dtls_pki_t *setup_data);

/* Called for each certificate of the peer's chain: its common name, its DER
 * encoding, depth 0 being the peer's own, and whether it validated. 1 accepts
 * it, 0 refuses it. */
typedef int (*coap_dtls_cn_callback_t)(const char *cn, const uint8_t *asn1_public_cert,
                                       size_t asn1_length, coap_session_t *coap_session,
                                       unsigned int depth, int validated, void *arg);

typedef enum coap_asn1_privatekey_type_t {
  COAP_ASN1_PKEY_NONE,
  COAP_ASN1_PKEY_RSA,
  COAP_ASN1_PKEY_RSA2,
  COAP_ASN1_PKEY_DSA,
  COAP_ASN1_PKEY_DSA1,
  COAP_ASN1_PKEY_DSA2,
  COAP_ASN1_PKEY_DSA3,
  COAP_ASN1_PKEY_DSA4,
  COAP_ASN1_PKEY_DH,
  COAP_ASN1_PKEY_DHX,
  COAP_ASN1_PKEY_EC,
  COAP_ASN1_PKEY_HMAC,
  COAP_ASN1_PKEY_CMAC,
  COAP_ASN1_PKEY_TLS1_PRF,
  COAP_ASN1_PKEY_HKDF
} coap_asn1_privatekey_type_t;

/* Where keys and certificates are. */
typedef enum coap_pki_key_t {
  COAP_PKI_KEY_PEM = 0, /* PEM files */
  COAP_PKI_KEY_ASN1,    /* DER in memory */
  COAP_PKI_KEY_PEM_BUF, /* PEM in memory */
  COAP_PKI_KEY_PKCS11,  /* a PKCS #11 token */
} coap_pki_key_t;

typedef struct coap_pki_key_pem_t {
  const char *ca_file; /* file names */
  const char *public_cert;
  const char *private_key;
} coap_pki_key_pem_t;

typedef struct coap_pki_key_pem_buf_t {
  const uint8_t *ca_cert;
  const uint8_t *public_cert;
  const uint8_t *private_key;
  size_t ca_cert_len; /* bytes */
  size_t public_cert_len;
  size_t private_key_len;
} coap_pki_key_pem_buf_t;

typedef struct coap_pki_key_asn1_t {
  const uint8_t *ca_cert;
  const uint8_t *public_cert;
  const uint8_t *private_key;
  size_t ca_cert_len; /* bytes */
  size_t public_cert_len;
  size_t private_key_len;
  coap_asn1_privatekey_type_t private_key_type;
} coap_pki_key_asn1_t;

typedef struct coap_pki_key_pkcs11_t {
  const char *ca; /* pkcs11: URIs */
  const char *public_cert;
  const char *private_key;
  const char *user_pin;
} coap_pki_key_pkcs11_t;

typedef struct coap_dtls_key_t {
  coap_pki_key_t key_type; /* which member of key holds */
  union {
    coap_pki_key_pem_t pem;
    coap_pki_key_pem_buf_t pem_buf;
    coap_pki_key_asn1_t asn1;
    coap_pki_key_pkcs11_t pkcs11;
  } key;
} coap_dtls_key_t;

/* A server's choice of key by the name that the client asked for. */
typedef coap_dtls_key_t *(*coap_dtls_pki_sni_callback_t)(const char *sni, void *arg);

#define COAP_DTLS_PKI_SETUP_VERSION 1

/* How certificates are used and checked. Zero it, set version, then the rest. */
struct coap_dtls_pki_t {
  uint8_t version; /* COAP_DTLS_PKI_SETUP_VERSION */

  uint8_t verify_peer_cert;        /* 1: the peer's certificate is checked */
  uint8_t check_common_ca;         /* 1: signed by the same CA as ours */
  uint8_t allow_self_signed;       /* 1: also self-signed */
  uint8_t allow_expired_certs;     /* 1: also outside its dates */
  uint8_t cert_chain_validation;   /* 1: the whole chain is checked */
  uint8_t cert_chain_verify_depth; /* how many intermediate certificates */
  uint8_t check_cert_revocation;   /* 1: against revocation lists */
  uint8_t allow_no_crl;            /* 1: also when there is no list */
  uint8_t allow_expired_crl;       /* 1: also when the list is out of date */
  uint8_t allow_bad_md_hash;       /* 1: also weak signature hashes */
  uint8_t allow_short_rsa_length;  /* 1: also short RSA keys */
  uint8_t is_rpk_not_cert;         /* 1: a raw public key instead */
  uint8_t reserved[3];             /* 0 */

  coap_dtls_cn_callback_t validate_cn_call_back; /* NULL: none */
  void *cn_call_back_arg;

  coap_dtls_pki_sni_callback_t validate_sni_call_back; /* server only */
  void *sni_call_back_arg;

  coap_dtls_security_setup_t additional_tls_setup_call_back; /* NULL: none */

  char *client_sni; /* the name asked for and checked; NULL: none */

  coap_dtls_key_t pki_key;
};

/* A pre-shared key and the identity it goes by. */
typedef struct coap_dtls_cpsk_info_t {
  coap_bin_const_t identity;
  coap_bin_const_t key;
} coap_dtls_cpsk_info_t;

/* Called with the server's identity hint; returns the identity and key to use,
 * or NULL to refuse. */
typedef const coap_dtls_cpsk_info_t *(*coap_dtls_ih_callback_t)(coap_str_const_t *hint,
                                                                coap_session_t *coap_session,
                                                                void *arg);

#define COAP_DTLS_CPSK_SETUP_VERSION 1

/* A client's pre-shared key set-up. Zero it, set version, then the rest. */
typedef struct coap_dtls_cpsk_t {
  uint8_t version;     /* COAP_DTLS_CPSK_SETUP_VERSION */
  uint8_t reserved[7]; /* 0 */

  coap_dtls_ih_callback_t validate_ih_call_back; /* NULL: none */
  void *ih_call_back_arg;

  char *client_sni; /* the name asked for; NULL: none */

  coap_dtls_cpsk_info_t psk_info;
} coap_dtls_cpsk_t;

#endif
