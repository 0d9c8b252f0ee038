/* Defects of the security layer: what a defect may change of how the guard
 * behaves (guard.h), and what it may do to the datagrams and bytes on the wire.
 * Like all defects they are rows of a table, here in defects_secure.c. */
#ifndef CS_SERVER_DEFECTS_SECURE_H
#define CS_SERVER_DEFECTS_SECURE_H

#include "server/server.h"

/* How a guard behaves. What is zero or NULL is correct, but demands_client. */
typedef struct cs_defect_manner {
  cs_span identity, key;   /* the server's PSK; at first as it was given */
  bool any_identity;       /* the key belongs to every identity */
  bool no_psk;             /* as if it had none */
  bool no_certificate;     /* the same */
  bool trusts_any;         /* a client certificate that its owner made himself will do */
  bool demands_client;     /* wants a client certificate; at first true */
  const uint16_t *suites;  /* IANA numbers, 0 ends it; NULL: all */
  const char *const *alpn; /* names, NULL ends it; NULL: "coap" on TLS, none elsewhere */
  bool no_cookie;          /* DTLS: no HelloVerifyRequest */
  bool takes_plain;        /* DTLS: a CoAP datagram in the clear is handled, and answered so */
  bool answers_plain;      /* what the server says to a session goes out unprotected */
  bool deaf_to_new;        /* DTLS: a ClientHello of an address with a session is ignored */
  bool one_endpoint;       /* DTLS: all sessions of an address are the same endpoint */
  bool late_replies;       /* DTLS: what an old session has yet to say goes out in the new one */
  bool ignores_close;      /* DTLS: close_notify is not answered and ends nothing; this and the
                              next mean all alerts there, which are encrypted. Streams: it is not
                              answered, but the connection is closed */
  bool ignores_fatal;      /* a fatal alert ends nothing */
  bool stays_open;         /* streams: close_notify is answered, but the connection stays */
  bool no_cid;             /* DTLS: no connection ids; true as soon as there is a defect of the
                              security layer, since these go by what type a record is */
  uint8_t room[64];        /* for a key that a defect makes up */
} cs_defect_manner;

/* The server's key as the runner's "key=wrong" has it. out takes key.len bytes. */
void cs_defect_wrong_key(cs_span key, uint8_t *out);
/* What the runner's "identity=unknown" says. */
#define CS_DEFECT_UNKNOWN_IDENTITY "coapspec-unknown"

/* Where a filter of the wire is called. */
typedef struct cs_defect_wire {
  cs_wire_form form; /* UDP: DTLS, TCP: TLS, WS: TLS below a WebSocket */
  uint64_t peer;     /* the address, or the connection, by the driver's number */
  cs_time now;
  bool established;                /* it has a session that is */
  struct cs_defect_memory *shared; /* of this defect, for all peers */
  struct cs_server_guard *guard;
} cs_defect_wire;

/* For wire_in alone. Sends raw bytes to the peer. */
void cs_defect_wire_send(const cs_defect_wire *w, cs_span bytes);
/* Ends the peer's present session: without a word, or (0 and more) by this alert. A
 * connection is closed behind what waits to go out. */
void cs_defect_wire_end(const cs_defect_wire *w, int alert);
/* DTLS: gives the server a message as if it had come in the present session. */
void cs_defect_wire_take(const cs_defect_wire *w, cs_span message);

#endif
