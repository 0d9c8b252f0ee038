/* (D)TLS as a byte transform with a deadline, sans-I/O: records of the
 * transport in, application data out, and back. One implementation is linked:
 * none.c, which has no TLS and says so, or the one on mbedTLS (mbedtls_*.c).
 *
 * A driver's turn: cs_tls_feed what came, cs_tls_expire when the deadline has
 * passed, cs_tls_read until it says something else than CS_OK, then
 * cs_tls_transmit until CS_ERR_AGAIN.
 *
 * What is asked for is what is given: a handshake that does not meet its setup
 * in every point fails; there is no way to a session that has less. */
#ifndef CS_TLS_TLS_H
#define CS_TLS_TLS_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/rule.h"
#include "base/time.h"

typedef enum cs_tls_kind { CS_TLS_DATAGRAM, CS_TLS_STREAM } cs_tls_kind; /* DTLS, TLS */
typedef enum cs_tls_role { CS_TLS_CLIENT, CS_TLS_SERVER } cs_tls_role;

enum {
  CS_TLS_RECORD_MAX = 16384,   /* most that one record carries */
  CS_TLS_IDENTITY_MAX = 128,   /* bytes of a PSK identity; RFC 4279 section 5.3 */
  CS_TLS_KEY_MAX = 32,         /* bytes of a PSK, what the packaged libraries hold */
  CS_TLS_SERVER_NAME_MAX = 255 /* bytes of a server's name */
};

/* "none", or the library's name and version: "mbedTLS 2.28.3". */
const char *cs_tls_library(void);
/* The library's version as a number, major.minor.patch in a byte each from bit
 * 24 down: of the one linked, of the one built with. 0 without a library. */
uint32_t cs_tls_library_version(void);
uint32_t cs_tls_built_version(void);
/* Whether cs_tls_open can succeed for this kind. */
bool cs_tls_available(cs_tls_kind kind);
/* Whether this build negotiates DTLS connection ids (RFC 9146); TLS 1.3. */
bool cs_tls_has_cid(void);
bool cs_tls_has_tls13(void);

/* ---- what the sessions of one owner share ----
 * A generator seeded from the owner's random bytes, and what was parsed: equal
 * trust anchors are parsed once. Not for two threads at a time. */
typedef struct cs_tls_shared cs_tls_shared;

/* random: entropy; asked for it now, and again after many records. It must outlive
 * the object. CS_ERR_UNSUPPORTED without a TLS library, CS_ERR_MEMORY,
 * CS_ERR_SYSTEM (the generator cannot be seeded). */
cs_err cs_tls_shared_new(const cs_base_alloc *alloc, cs_base_random random, cs_tls_shared **out);
/* The owner lets go of it; it ends with the last setup. NULL is allowed. */
void cs_tls_shared_free(cs_tls_shared *shared);

/* ---- who we are and whom we trust ---- */

typedef enum cs_tls_encoding {
  CS_TLS_PEM, /* one or more blocks of text; a NUL at the end is allowed */
  CS_TLS_DER
} cs_tls_encoding;

/* How a peer's certificate is judged; the names of coap_dtls_pki_t, whose rows
 * are in docs/client-library.md. */
typedef struct cs_tls_policy {
  bool verify_peer;       /* its chain has to lead to a certificate that we trust */
  bool common_ca;         /* to one of pki.ca, not to one of pki.roots alone; if we have a
                             certificate, to one that it leads to as well */
  bool allow_self_signed; /* also when it does not, if it is self-signed; not with common_ca */
  bool allow_expired;     /* also outside the dates of a certificate */
  bool check_depth;       /* at most max_depth certificates between its own and the anchor */
  uint8_t max_depth;
  bool check_revocation;  /* against the CRLs among pki.ca and pki.roots */
  bool allow_no_crl;      /* also when there is no CRL of an issuer */
  bool allow_expired_crl; /* also when that is outside its dates */
  bool allow_bad_hash;    /* also signatures over hashes weaker than SHA-256 */
  bool allow_short_rsa;   /* also RSA keys under 2048 bits */
} cs_tls_policy;

typedef struct cs_tls_pki {
  cs_tls_encoding encoding; /* of the next three */
  cs_span ca;               /* trusted certificates (DER: one after the other) and, in PEM,
                               CRLs; empty: none */
  cs_span certificate;      /* our chain, our own first; empty: none */
  cs_span key;              /* of our certificate; empty: none */
  const cs_span *roots;     /* PEM: further trusted certificates and CRLs */
  size_t root_count;
  cs_tls_policy policy;
  cs_span server_name; /* client: asked for (SNI) unless an IP literal, and matched
                          against the certificate when verify_peer; empty: neither */
  bool demand_client;  /* server: a client has to have a certificate */
} cs_tls_pki;

typedef struct cs_tls_psk {
  cs_span identity;    /* 1 to CS_TLS_IDENTITY_MAX bytes */
  cs_span key;         /* 1 to CS_TLS_KEY_MAX bytes */
  cs_span server_name; /* client: asked for (SNI) unless an IP literal; empty: not */
} cs_tls_psk;

/* A client has one of them, or none: it is then anonymous and trusts anyone. A
 * server has one or both. */
typedef struct cs_tls_credentials {
  cs_tls_role role;
  const cs_tls_psk *psk;
  const cs_tls_pki *pki;
} cs_tls_credentials;

/* Credentials, parsed and checked: shared by any number of sessions, never
 * changed. */
typedef struct cs_tls_setup cs_tls_setup;

/* Nothing of c is needed afterwards. CS_ERR_ARGUMENT with *why, one static
 * phrase that names the member: "the key does not belong to the certificate";
 * CS_ERR_MEMORY, CS_ERR_UNSUPPORTED. */
cs_err cs_tls_setup_new(cs_tls_shared *shared, const cs_tls_credentials *c, cs_tls_setup **out,
                        const char **why);
cs_tls_setup *cs_tls_setup_share(cs_tls_setup *setup); /* one reference more */
void cs_tls_setup_free(cs_tls_setup *setup);           /* one less; NULL is allowed */

/* ---- a session ---- */

typedef struct cs_tls cs_tls;

typedef enum cs_tls_state {
  CS_TLS_HANDSHAKING,
  CS_TLS_ESTABLISHED, /* Finished was verified, and the peer as it was asked for */
  CS_TLS_CLOSED,      /* close_notify came, or ours went out */
  CS_TLS_FAILED       /* the handshake or a record was refused, by either side */
} cs_tls_state;

/* The one place where a layer below api calls out synchronously: a library asks
 * while it reads a flight and cannot wait. Any may be NULL. None may call a
 * cs_tls function of the session that it is called for. */
typedef struct cs_tls_callbacks {
  /* Client: the server's PSK identity hint, not empty; answers with the
   * identity and the key to use, borrowed until the next call, or refuses.
   * Ends TLS 1.3 for the session: it has no hints. */
  bool (*hint)(void *ctx, cs_span hint, cs_span *identity, cs_span *key);
  /* Every certificate of the peer's chain, the anchor's side first, depth 0
   * last: its DER, its name (the first dNSName, else the common name, else
   * empty) and whether the policy is content with it. Also when
   * policy.verify_peer is off. False refuses the peer. */
  bool (*certificate)(void *ctx, cs_span der, cs_span name, unsigned depth, bool valid);
  /* The library's session object (mbedtls_ssl_context *) before the first
   * flight, for what the setup has no words for. False: cs_tls_open fails. */
  bool (*prepare)(void *ctx, void *library_session);
  /* A line of an NSS key log without its end, for captures. Secret. */
  void (*keylog)(void *ctx, const char *line);
  /* Server with a PSK: the key of the identity that the client named, borrowed
   * until the next call, or refuses it. Without it, setup's identity and key. */
  bool (*key)(void *ctx, cs_span identity, cs_span *key);
  void *ctx;
} cs_tls_callbacks;

typedef struct cs_tls_config {
  cs_tls_setup *setup; /* kept by a reference of the session's own */
  cs_tls_kind kind;
  size_t mtu;                /* longest datagram in bytes, 64 to 65507; DTLS only. A
                                ClientHello is longer when it has to be: it is never split */
  cs_time handshake_timeout; /* for all of the handshake; 0: CS_TLS_HANDSHAKE_TIMEOUT */
  bool no_tls13;             /* streams: TLS 1.2 at most */
  bool no_cid;            /* DTLS: negotiates no connection id, which would hide what records are */
  cs_span client_address; /* server, DTLS: what a cookie is bound to; copied. Empty: no cookies */
  const uint16_t *suites; /* IANA numbers, the preferred first; 0 ends it. NULL: ours */
  const char *const *alpn; /* names, NULL ends it; copied. NULL: "coap" on streams */
  cs_tls_callbacks callbacks;
} cs_tls_config;

#define CS_TLS_HANDSHAKE_TIMEOUT (120 * CS_SECOND)
/* A peer may take so many datagrams, or bytes of a stream, to shake hands:
 * CS_RULE_TLS_HANDSHAKE_FLOOD. */
enum { CS_TLS_HANDSHAKE_DATAGRAMS_MAX = 1000, CS_TLS_HANDSHAKE_BYTES_MAX = 1 << 20 };

/* Begins a handshake. CS_ERR_MEMORY; CS_ERR_ARGUMENT (mtu, suites); CS_ERR_STATE
 * (prepare refused); CS_ERR_UNSUPPORTED; *out is then untouched. */
cs_err cs_tls_open(const cs_tls_config *config, cs_time now, cs_tls **out);
/* Ends it without a word and wipes its secrets. NULL is allowed. */
void cs_tls_close(cs_tls *t);

cs_tls_state cs_tls_state_of(const cs_tls *t);
/* As it was opened. */
cs_tls_kind cs_tls_kind_of(const cs_tls *t);

/* Why a session failed. */
typedef struct cs_tls_failure {
  cs_rule rule;       /* the rule that the peer broke, or CS_RULE_TLS_ALERT, ... */
  bool alerted;       /* an alert ended it, */
  bool alert_by_peer; /* the peer's, else ours */
  uint8_t alert;      /* its description (RFC 5246 section 7.2) */
  int library_error;  /* for the log */
} cs_tls_failure;
/* False when it did not fail. */
bool cs_tls_failure_of(const cs_tls *t, cs_tls_failure *out);
/* "handshake_failure"; NULL when nothing is defined for it. */
const char *cs_tls_alert_name(uint8_t description);
/* The description with this name; false when there is none. */
bool cs_tls_alert_named(cs_span name, uint8_t *description);

/* What was negotiated; false before it is. */
typedef struct cs_tls_negotiated {
  uint16_t version;        /* 0x0303 for 1.2, 0x0304 for 1.3, in DTLS too */
  uint16_t suite;          /* IANA number */
  const char *name;        /* of the suite, "TLS-PSK-WITH-AES-128-CCM-8" as the library spells it */
  const char *alpn;        /* NULL: none */
  cs_span server_name;     /* server: what the client asked for */
  cs_span identity;        /* server: the PSK identity that was used */
  bool client_certificate; /* server: the client has shown one that passed */
  bool cid;
} cs_tls_negotiated;
bool cs_tls_negotiated_of(const cs_tls *t, cs_tls_negotiated *out);

/* Takes a datagram, or bytes of a stream; they are borrowed until cs_tls_read
 * says CS_ERR_AGAIN. CS_ERR_STATE when earlier ones were not all taken yet. */
cs_err cs_tls_feed(cs_tls *t, cs_span bytes, cs_time now);
/* Goes on with the handshake, or reads application data: of one record, so cap is
 * at least CS_TLS_RECORD_MAX. CS_ERR_AGAIN when more has to come; CS_ERR_CLOSED
 * after close_notify; CS_ERR_RULE once it has failed (cs_tls_failure_of). */
cs_err cs_tls_read(cs_tls *t, uint8_t *buf, size_t cap, size_t *len);
/* Protects application data: a datagram wholly, of a stream up to
 * CS_TLS_RECORD_MAX bytes; what comes of it is given by cs_tls_transmit. All of
 * data is taken or nothing. CS_ERR_STATE before it is established and after its end,
 * CS_ERR_TOO_LARGE for the MTU or a record, CS_ERR_AGAIN while earlier output
 * waits to be transmitted, CS_ERR_MEMORY. */
cs_err cs_tls_write(cs_tls *t, cs_span data, cs_time now);
/* The next datagram, or bytes of a stream, for the transport, borrowed until
 * cs_tls_sent. CS_ERR_AGAIN when there are none. */
cs_err cs_tls_transmit(cs_tls *t, cs_span *bytes);
/* n of them went; of a datagram all count, whatever n. Goes on with what waited
 * for that. */
void cs_tls_sent(cs_tls *t, size_t n, cs_time now);
bool cs_tls_wants_transmit(const cs_tls *t);
/* Says close_notify once, if it is established, and takes no more data. */
void cs_tls_finish(cs_tls *t, cs_time now);
/* Whether the peer has said close_notify: first, or in answer to ours, for which it
 * is worth to go on with feed and read although read says CS_ERR_CLOSED. */
bool cs_tls_peer_closed(const cs_tls *t);
/* Sends a fatal alert and fails; for testers. */
void cs_tls_alert(cs_tls *t, uint8_t description, cs_time now);

/* Bytes that a record adds to a datagram: as negotiated, or before that the most
 * that it can come to. */
size_t cs_tls_overhead(const cs_tls *t);
/* DTLS: from now on. CS_ERR_ARGUMENT. */
cs_err cs_tls_set_mtu(cs_tls *t, size_t mtu);
/* When a retransmission, or the end of the handshake's time, is due;
 * CS_TIME_NEVER for never. */
cs_time cs_tls_deadline(const cs_tls *t);
void cs_tls_expire(cs_tls *t, cs_time now);
/* mbedtls_ssl_context *, for coap_session_get_tls(). */
void *cs_tls_library_session(cs_tls *t);

#endif
