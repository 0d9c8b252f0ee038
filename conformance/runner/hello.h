/* A handshake that is looked at and not completed: a ClientHello of our own
 * making, and the server's first flight, which is in the clear up to TLS 1.2
 * (RFC 5246 section 7.4, RFC 6347 section 4.2). No cryptography and no I/O. */
#ifndef CS_RUNNER_HELLO_H
#define CS_RUNNER_HELLO_H

#include "base/error.h"
#include "runner/arena.h"

enum {
  CS_RUNNER_HELLO_RANDOM = 32,
  CS_RUNNER_HELLO_MESSAGE_MAX = 65536, /* bytes of a handshake message that is read */
  CS_RUNNER_HELLO_MESSAGES_MAX = 16    /* of a flight */
};

/* What a ClientHello offers. Lists hold two bytes an element, or one where it
 * says so; an empty list is left out where the message allows it. */
typedef struct cs_runner_hello {
  uint16_t version; /* 0x0300 to 0x0304, also on DTLS, which writes them otherwise */
  cs_span suites;
  cs_span compressions;      /* a byte each; empty: the null method alone */
  const char *sni;           /* or NULL */
  cs_span protocols;         /* ALPN, each behind a byte that counts it */
  cs_span groups;            /* named curves */
  cs_span signatures;        /* hash and signature */
  cs_span points;            /* a byte each: point formats */
  cs_span certificate_types; /* a byte each: of the server (RFC 7250) */
  bool renegotiation;        /* the empty renegotiation_info (RFC 5746) */
  bool master_secret;        /* the extended one (RFC 7627) */
  uint16_t extension;        /* one more, empty; 0: none */
  bool cookie_wrong;         /* DTLS: the cookie comes back changed */
  bool cookie_none;          /* DTLS: a HelloVerifyRequest is not answered */
  cs_span raw;               /* not empty: these bytes are sent instead */
} cs_runner_hello;

/* What is offered where a scenario says nothing: what clients of CoAP offer. */
extern const cs_runner_hello cs_runner_hello_usual;

/* The bytes of the ClientHello in the arena: for a stream a record, for DTLS
 * a datagram. cookie, sequence (the message's: 0 first, 1 with the cookie) and
 * record (its number) are for DTLS. */
cs_span cs_runner_hello_make(const cs_runner_hello *hello, bool datagrams,
                             const uint8_t random[CS_RUNNER_HELLO_RANDOM], cs_span cookie,
                             uint16_t sequence, uint16_t record, cs_runner_arena *arena);
/* In our notation, which can be parsed again: "open hello version=1.2 ...", with what
 * is not as usual. */
const char *cs_runner_hello_offered(cs_runner_arena *arena, const cs_runner_hello *hello);

/* What a certificate says, as far as a client of CoAP cares. */
typedef struct cs_runner_hello_certificate {
  bool there;
  bool readable;     /* all of it; what stands before the fault is told all the same */
  bool raw;          /* a raw public key (RFC 7250) */
  bool ecdsa;        /* its key is one of an elliptic curve */
  bool p256;         /* of secp256r1 */
  bool ecdsa_sha256; /* it is signed by ECDSA with SHA-256 */
  bool dated;        /* from and to could be read */
  int64_t from, to;  /* seconds since 1970 */
} cs_runner_hello_certificate;

/* Reads the first certificate of a chain, DER; raw: a SubjectPublicKeyInfo. */
void cs_runner_hello_certificate_read(cs_span der, bool raw, cs_runner_hello_certificate *out);

/* The server's first flight, or how it ended. */
typedef struct cs_runner_hello_seen {
  uint16_t version; /* 0x0300 to 0x0304 */
  uint16_t suite;
  uint8_t compression;
  cs_span extensions; /* as they came, without their length */
  bool repeated;      /* one extension came twice */
  cs_span alpn;       /* the protocol that was selected; empty: none */
  cs_span hint;       /* PSK identity hint; empty: none */
  bool key_exchange;  /* a ServerKeyExchange came */
  bool curve_p256;    /* ECDHE: its curve is secp256r1 */
  bool request;       /* a CertificateRequest came */
  bool name_warning;  /* the alert unrecognized_name came as a warning */
  cs_runner_hello_certificate certificate;
} cs_runner_hello_seen;

/* How far the flight is. */
typedef enum cs_runner_hello_state {
  CS_RUNNER_HELLO_WAITING,
  CS_RUNNER_HELLO_VERIFY, /* DTLS: a cookie came that was not asked for again yet */
  CS_RUNNER_HELLO_DONE,   /* up to ServerHelloDone; TLS 1.3: the ServerHello */
  CS_RUNNER_HELLO_ALERT,
  CS_RUNNER_HELLO_BROKEN /* what came is none: fault says why */
} cs_runner_hello_state;

typedef struct cs_runner_hello_reader cs_runner_hello_reader;

/* A reader in the arena, in which all that it finds lives. */
cs_runner_hello_reader *cs_runner_hello_reader_new(cs_runner_arena *arena, bool datagrams);
/* Bytes of the stream, or one datagram. However much comes, and whatever it is, the arena
 * grows by less than 4 MB of it. */
cs_runner_hello_state cs_runner_hello_read(cs_runner_hello_reader *r, cs_span bytes);
/* VERIFY: the cookie; the state is WAITING afterwards. */
cs_span cs_runner_hello_cookie(cs_runner_hello_reader *r);
/* DONE. */
const cs_runner_hello_seen *cs_runner_hello_found(const cs_runner_hello_reader *r);
/* ALERT: its description. A warning, but for close_notify, is passed over. */
uint8_t cs_runner_hello_alert(const cs_runner_hello_reader *r);
/* BROKEN: one phrase. */
const char *cs_runner_hello_fault(const cs_runner_hello_reader *r);
/* BROKEN: the status of an HTTP response in the clear, or 0. */
unsigned cs_runner_hello_http(const cs_runner_hello_reader *r);
/* DTLS: how often the ServerHello came: 2 and more are retransmissions. */
unsigned cs_runner_hello_copies(const cs_runner_hello_reader *r);

/* What is told of a handshake that is looked at. */
typedef struct cs_runner_hello_event {
  const cs_runner_hello_seen *seen;
  bool verify;       /* DTLS: a HelloVerifyRequest, and nothing is seen */
  bool again;        /* DTLS: the flight came once more */
  unsigned http;     /* the status of an HTTP response in the clear, which is a fault too, or 0 */
  const char *fault; /* what came is no flight of a server, one phrase; or NULL */
} cs_runner_hello_event;

/* In our notation: "hello version=1.2 suite=...", in the arena. */
const char *cs_runner_hello_notation(cs_runner_arena *arena, const cs_runner_hello_event *e);

/* What a pattern can ask besides values; the HTTP ones are for streams, those from VERIFY
 * on for DTLS. */
typedef enum cs_runner_hello_fact {
  CS_RUNNER_FACT_CERTIFICATE, /* X.509 */
  CS_RUNNER_FACT_RAW_KEY,
  CS_RUNNER_FACT_KEY_P256,
  CS_RUNNER_FACT_KEY_ECDSA,
  CS_RUNNER_FACT_SIGNED_ECDSA_SHA256,
  CS_RUNNER_FACT_DATES_VALID,
  CS_RUNNER_FACT_CURVE_P256, /* of the key exchange */
  CS_RUNNER_FACT_REQUEST,    /* a CertificateRequest */
  CS_RUNNER_FACT_HINT,
  CS_RUNNER_FACT_REPEATED_EXTENSION,
  CS_RUNNER_FACT_NAME_WARNING,
  CS_RUNNER_FACT_HTTP_101,
  CS_RUNNER_FACT_HTTP,
  CS_RUNNER_FACT_VERIFY,
  CS_RUNNER_FACT_AGAIN
} cs_runner_hello_fact;

/* The value of an extension of the flight; false when it is not there. */
bool cs_runner_hello_extension(const cs_runner_hello_seen *s, uint16_t number, cs_span *value);

#endif
