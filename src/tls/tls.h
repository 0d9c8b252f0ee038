/* (D)TLS as a byte transform with a deadline, sans-I/O: records of the
 * transport in, application data out, and back. One implementation is linked:
 * none.c, which has no TLS and says so, or one on a TLS library.
 *
 * A driver's turn: cs_tls_feed what came, cs_tls_expire when the deadline has
 * passed, cs_tls_read until CS_ERR_AGAIN, cs_tls_transmit until CS_ERR_AGAIN. */
#ifndef CS_TLS_TLS_H
#define CS_TLS_TLS_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/time.h"

typedef struct cs_tls cs_tls;

typedef enum cs_tls_kind { CS_TLS_DATAGRAM, CS_TLS_STREAM } cs_tls_kind; /* DTLS, TLS */

typedef enum cs_tls_state {
  CS_TLS_HANDSHAKING,
  CS_TLS_ESTABLISHED, /* Finished was verified, and the peer as it was asked for */
  CS_TLS_CLOSED,      /* close_notify, either way */
  CS_TLS_FAILED       /* the handshake or a record was refused */
} cs_tls_state;

/* The one place where a layer below api calls out synchronously: a library asks
 * while it reads a flight and cannot wait. Each returns whether to go on. */
typedef struct cs_tls_callbacks {
  /* The server's PSK identity hint; answers with the identity and the key to
   * use, borrowed until the next call. */
  bool (*hint)(void *ctx, cs_span hint, cs_span *identity, cs_span *key);
  /* A certificate of the peer's chain in DER, its depth (0: the peer's own) and
   * whether the library found it valid. */
  bool (*certificate)(void *ctx, cs_span der, unsigned depth, bool valid);
  void *ctx;
} cs_tls_callbacks;

typedef struct cs_tls_config {
  const cs_base_alloc *alloc;
  cs_base_random random;
  cs_tls_kind kind;
  size_t mtu;          /* longest record datagram in bytes; DTLS only */
  cs_span server_name; /* SNI, empty for none; never an IP literal (RFC 6066) */
  cs_tls_callbacks callbacks;
} cs_tls_config;

/* "none", or the library's name and version. */
const char *cs_tls_library(void);
/* Whether cs_tls_open can succeed for this kind. */
bool cs_tls_available(cs_tls_kind kind);

/* Begins a client's handshake. CS_ERR_UNSUPPORTED without a TLS library,
 * CS_ERR_MEMORY, CS_ERR_ARGUMENT; *out is then untouched. */
cs_err cs_tls_open(const cs_tls_config *config, cs_time now, cs_tls **out);
void cs_tls_close(cs_tls *t);

cs_tls_state cs_tls_state_of(const cs_tls *t);
/* Takes bytes of the transport, borrowed until cs_tls_read says CS_ERR_AGAIN. */
cs_err cs_tls_feed(cs_tls *t, cs_span bytes, cs_time now);
/* Application data into buf. CS_ERR_AGAIN, CS_ERR_CLOSED, CS_ERR_RULE. */
cs_err cs_tls_read(cs_tls *t, uint8_t *buf, size_t cap, size_t *len);
/* Protects application data. CS_ERR_STATE before it is established. */
cs_err cs_tls_write(cs_tls *t, cs_span data, cs_time now);
/* Bytes for the transport. CS_ERR_AGAIN when there are none. */
cs_err cs_tls_transmit(cs_tls *t, uint8_t *buf, size_t cap, size_t *len);
/* When the handshake's next retransmission is due; CS_TIME_NEVER for never. */
cs_time cs_tls_deadline(const cs_tls *t);
void cs_tls_expire(cs_tls *t, cs_time now);

#endif
