/* The embedded reference server, sans-I/O: correct by default, with defects
 * that are switched on by name. A defect is a filter on messages or on resource
 * handlers; src/ knows nothing of them, and no defect looks at a scenario's id. */
#ifndef CS_SERVER_SERVER_H
#define CS_SERVER_SERVER_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/time.h"
#include "core/params.h"
#include "wire/message.h"

typedef struct cs_server cs_server;

typedef struct cs_server_config {
  const cs_base_alloc *alloc;
  uint64_t seed;
  const cs_core_params *params; /* NULL: the defaults */
  const char *const *defects;   /* names; NULL when there are none */
  size_t defect_count;
  size_t max_peers; /* connections, and as many senders of datagrams; 0: 1024 */
  /* Longest token accepted, and announced where there is a CSM (RFC 8974): up to
   * CS_WIRE_TOKEN_MAX; 0: 8, a server that knows no extended tokens. */
  uint32_t token_max;
} cs_server_config;

/* CS_ERR_NOT_FOUND with *unknown the defect's name that does not exist. */
cs_err cs_server_new(const cs_server_config *config, cs_time now, cs_server **out,
                     const char **unknown);
void cs_server_free(cs_server *s);

/* A connection was accepted: form is CS_WIRE_TCP or CS_WIRE_WS. peer is a number
 * of its own, used neither for another connection nor for a datagram's sender.
 * CS_ERR_MEMORY, CS_ERR_LIMIT (max_peers connections): close it then. */
cs_err cs_server_connect(cs_server *s, uint64_t peer, cs_wire_form form, cs_time now);
/* The peer closed or reset its connection, or the security session through which
 * its datagrams come is over: it is forgotten. */
void cs_server_hangup(cs_server *s, uint64_t peer, cs_time now);
/* A connection that the server closes, its last bytes having been taken by
 * cs_server_transmit; false when there is none. It is forgotten with this call:
 * close it, and give no more bytes of it. Ask whenever cs_server_transmit has
 * said CS_ERR_AGAIN. */
bool cs_server_closing(cs_server *s, cs_time now, uint64_t *peer);

/* One datagram from a peer (a number the driver gives to an address, never 0),
 * or bytes of a connection; multicast: it was sent to a group address. What a
 * connection has left unread is the driver's to limit: it calls this no more
 * for one whose earlier output is still waiting for its socket. */
cs_err cs_server_receive(cs_server *s, uint64_t peer, bool multicast, cs_span bytes, cs_time now);
/* The next datagram, or some bytes of a connection, to send: a driver sends all
 * of them. CS_ERR_AGAIN when there is none now. */
cs_err cs_server_transmit(cs_server *s, cs_time now, uint8_t *buf, size_t cap, uint64_t *peer,
                          size_t *len);
/* Whether the datagram that cs_server_transmit gave last is to be sent from another
 * endpoint than the one that its peer has sent to: only a defect does so. */
bool cs_server_elsewhere(const cs_server *s);
cs_time cs_server_deadline(const cs_server *s);
void cs_server_expire(cs_server *s, cs_time now);

/* One row of the table of defects. */
typedef struct cs_server_defect {
  const char *name;        /* "ping-acked" */
  const char *requirement; /* the statement it breaks, "RFC7252#4.3:empty-con-reset" */
  const char *what;        /* one sentence */
  unsigned transports;     /* where it shows: a sum of these, CS_DEFECT_ANY: everywhere */
} cs_server_defect;
enum {
  CS_DEFECT_ANY = 0,
  CS_DEFECT_UDP = 1,
  CS_DEFECT_TCP = 2,
  CS_DEFECT_WS = 4,
  CS_DEFECT_STREAM = 6,
  /* Defects of the security layer; the others show below it too. */
  CS_DEFECT_DTLS = 8,
  CS_DEFECT_TLS = 16,
  CS_DEFECT_WSS = 32,
  CS_DEFECT_SECURED = 56
};
/* Whether the defect shows on what is said in this form, secured or not. */
bool cs_server_defect_on(const cs_server_defect *d, cs_wire_form form);
/* Whether it is one of the security layer below this form. */
bool cs_server_defect_secured(const cs_server_defect *d, cs_wire_form form);
/* Row i, or NULL past the end. */
const cs_server_defect *cs_server_defect_at(size_t i);
const cs_server_defect *cs_server_defect_named(const char *name);

#endif
