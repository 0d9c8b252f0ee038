/* What the files of the guard share: guard.c (its life, the turn of its driver),
 * guard_peer.c (who belongs to which session), guard_session.c (one session),
 * guard_hello.c (what a DTLS datagram is), guard_wire.c (defects on the wire). */
#ifndef CS_SERVER_GUARD_INSIDE_H
#define CS_SERVER_GUARD_INSIDE_H

#include "base/heap.h"
#include "base/table.h"
#include "server/guard.h"
#include "server/inside.h"
#include "tls/tls.h"

/* Peer numbers in the server. A session has a number that is used once; a
 * defect may take all sessions of an address, or its plain datagrams, for one. */
#define CS_GUARD_BIT (UINT64_C(1) << 62)
#define CS_GUARD_ADDRESS (UINT64_C(1) << 61)
#define CS_GUARD_PLAIN (UINT64_C(1) << 60)
#define CS_GUARD_NUMBER (CS_GUARD_PLAIN - 1)

enum { CS_GUARD_ADDRESS_MAX = 128, CS_GUARD_RANDOM = 32, CS_GUARD_GHOSTS_MAX = 8 };

struct cs_guard_peer;

/* A security session. One without tls is over, but a defect still sends what the
 * server has to say to it. */
typedef struct cs_guard_session {
  cs_base_node node; /* in the table, by inner; first */
  cs_base_timer timer;
  struct cs_guard_peer *peer;
  uint64_t inner; /* its number in the server; 0 before it is established */
  cs_tls *tls;
  uint8_t random[CS_GUARD_RANDOM]; /* DTLS: of its ClientHello */
  struct cs_guard_session *next_ghost;
} cs_guard_session;

/* An address, or a connection. */
typedef struct cs_guard_peer {
  cs_base_node node; /* in the table, by number; first */
  uint64_t number;
  cs_wire_form form;
  bool ending;                         /* a connection to be closed when its last bytes are out */
  cs_guard_session *current;           /* established; of a connection the only one */
  cs_guard_session *next;              /* DTLS: shaking hands */
  cs_guard_session *ghosts;            /* over */
  struct cs_guard_peer *older, *newer; /* by last use */
  size_t waiting;                      /* pieces of output */
  size_t address_len;
  uint8_t address[CS_GUARD_ADDRESS_MAX];
} cs_guard_peer;

typedef struct cs_guard_list {
  cs_guard_peer *oldest, *newest;
  size_t count;
} cs_guard_list;

/* A datagram, or bytes of a connection, for the driver. */
typedef struct cs_guard_output {
  struct cs_guard_output *next;
  cs_guard_peer *peer; /* NULL: the peer is gone, it goes out all the same */
  uint64_t number;
  bool stream;
  size_t from, len, cap;
  uint8_t bytes[];
} cs_guard_output;

struct cs_server_guard {
  const cs_base_alloc *alloc;
  cs_server *server;
  cs_tls_shared *shared;
  cs_tls_setup *setup;
  cs_defect_manner manner;
  bool has_certificate;
  uint8_t key[CS_TLS_KEY_MAX];
  size_t max_sessions;
  cs_base_table peers, sessions;
  uint32_t seed; /* of the tables */
  cs_base_heap timers;
  cs_guard_list senders, connections;
  uint64_t serial;      /* of the last session */
  size_t session_count; /* with tls */
  size_t ending_count;
  uint64_t closing; /* a peer that is not guarded and is to be closed; 0: none */
  cs_guard_output *first, *last;
  uint8_t plain[CS_TLS_RECORD_MAX];
};

/* ---- guard_hello.c ---- */

/* What the first record is about. */
typedef enum cs_guard_kind {
  CS_GUARD_HELLO, /* the beginning of a ClientHello: its random is in *random */
  CS_GUARD_HANDSHAKE,
  CS_GUARD_ALERT, /* encrypted; one of a handshake belongs to it */
  CS_GUARD_DATA
} cs_guard_kind;
cs_guard_kind cs_guard_kind_of(cs_span datagram, cs_span *random);

/* ---- guard_peer.c ---- */

cs_guard_peer *cs_guard_peer_find(const cs_server_guard *g, uint64_t number);
/* CS_ERR_MEMORY, CS_ERR_LIMIT (connections; of senders one makes room). */
cs_err cs_guard_peer_open(cs_server_guard *g, uint64_t number, cs_wire_form form, cs_span address,
                          cs_guard_peer **out);
/* Forgets it and its sessions; what waits to go out goes out. */
void cs_guard_peer_drop(cs_server_guard *g, cs_guard_peer *p, cs_time now);
void cs_guard_peer_used(cs_server_guard *g, cs_guard_peer *p);
/* Output that is the driver's to take. False when there is no memory. */
bool cs_guard_post(cs_server_guard *g, cs_guard_peer *p, uint64_t number, bool stream,
                   cs_span bytes);
cs_err cs_guard_take(cs_server_guard *g, uint8_t *buf, size_t cap, uint64_t *number, size_t *len);

/* ---- guard_wire.c ---- */

/* False when a defect took what came. */
bool cs_guard_wire_in(cs_server_guard *g, uint64_t number, cs_span bytes, cs_time now);
/* Posts what goes to the wire, past the defects. */
void cs_guard_wire_out(cs_server_guard *g, cs_guard_peer *p, cs_span bytes, cs_time now);

/* ---- guard_raw_key.c ---- */

/* DTLS: whether it was a ClientHello that wants nothing but a raw public key, and is
 * answered. */
bool cs_guard_raw_key(cs_server_guard *g, cs_guard_peer *p, cs_span bytes, cs_time now);

/* ---- guard_session.c ---- */

cs_guard_session *cs_guard_session_find(const cs_server_guard *g, uint64_t inner);
/* Begins a handshake. CS_ERR_MEMORY and others of cs_tls_open. */
cs_err cs_guard_session_open(cs_server_guard *g, cs_guard_peer *p, cs_time now,
                             cs_guard_session **out);
/* Ends it without a word. */
void cs_guard_session_drop(cs_server_guard *g, cs_guard_session *s, cs_time now);
/* Gives it bytes (none: its timer has run off) and does what follows. The
 * session, and the peer of a datagram, may be gone afterwards. */
void cs_guard_session_feed(cs_server_guard *g, cs_guard_session *s, cs_span bytes, cs_time now);
void cs_guard_session_expire(cs_server_guard *g, cs_guard_session *s, cs_time now);
/* Protects what the server says. */
void cs_guard_session_send(cs_server_guard *g, cs_guard_session *s, cs_span bytes, cs_time now);
/* Ends it: without a word (alert < 0), or by this alert; a connection is closed
 * then. The session, and the peer of a datagram, may be gone afterwards. */
void cs_guard_session_end(cs_server_guard *g, cs_guard_session *s, int alert, cs_time now);
/* The server ends the connection. */
void cs_guard_session_finish(cs_server_guard *g, cs_guard_session *s, cs_time now);

#endif
