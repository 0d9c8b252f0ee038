/* The guard: the DTLS and TLS server before a cs_server, sans-I/O. Ciphertext
 * in and out; what it unprotects goes to the server, each security session under
 * a peer number of its own, so that two sessions of one address are two
 * endpoints (RFC 7252 section 9.1.1). It passes on all that the server says,
 * also to peers that are not guarded, whose input the driver gives to the server
 * itself. */
#ifndef CS_SERVER_GUARD_H
#define CS_SERVER_GUARD_H

#include "base/random.h"
#include "server/server.h"

typedef struct cs_server_guard cs_server_guard;

/* Who the server is; what is empty it has not. A client has the key, or a
 * certificate that leads to ca. */
typedef struct cs_server_credentials {
  cs_span identity, key;                /* pre-shared key */
  cs_span ca, certificate, private_key; /* PEM */
} cs_server_credentials;

typedef struct cs_server_guard_config {
  const cs_base_alloc *alloc;
  cs_base_random random;             /* entropy; must outlive the guard */
  cs_server_credentials credentials; /* needed during the call only */
  cs_server *server;                 /* outlives the guard; its defects are the guard's */
  size_t max_sessions; /* addresses with DTLS sessions, and as many connections; 0: 1024 */
} cs_server_guard_config;

/* CS_ERR_UNSUPPORTED (no TLS in this build), CS_ERR_ARGUMENT with *why, a phrase
 * about the credentials; CS_ERR_MEMORY, CS_ERR_SYSTEM. */
cs_err cs_server_guard_new(const cs_server_guard_config *config, cs_server_guard **out,
                           const char **why);
void cs_server_guard_free(cs_server_guard *g);

/* A connection that is to be guarded was accepted; as cs_server_connect. Numbers
 * of peers are the driver's and below 2^62, or have bit 63 set. */
cs_err cs_server_guard_connect(cs_server_guard *g, uint64_t peer, cs_wire_form form, cs_time now);
void cs_server_guard_hangup(cs_server_guard *g, uint64_t peer, cs_time now);

/* One datagram of an address, which address describes in any way (the cookie of
 * its handshake is bound to it), or bytes of a guarded connection, where address
 * means nothing. What is no DTLS is ignored. CS_ERR_MEMORY. */
cs_err cs_server_guard_receive(cs_server_guard *g, uint64_t peer, cs_span address, cs_span bytes,
                               cs_time now);

/* As cs_server_transmit, which it calls: the next datagram or bytes, for guarded
 * peers and for others. */
cs_err cs_server_guard_transmit(cs_server_guard *g, cs_time now, uint8_t *buf, size_t cap,
                                uint64_t *peer, size_t *len);
/* As cs_server_closing, which it calls; go on with cs_server_guard_transmit
 * whenever it said true. */
bool cs_server_guard_closing(cs_server_guard *g, cs_time now, uint64_t *peer);
/* Of the guard and of the server. */
cs_time cs_server_guard_deadline(const cs_server_guard *g);
void cs_server_guard_expire(cs_server_guard *g, cs_time now);

/* Whether a datagram begins like a record of DTLS. */
bool cs_server_guard_is_record(cs_span datagram);
/* Established and half-open sessions, for tests. */
size_t cs_server_guard_sessions(const cs_server_guard *g);

#endif
