/* What the files of the server share: its state, its peers, what waits to go
 * out. Defects see none of it. */
#ifndef CS_SERVER_INSIDE_H
#define CS_SERVER_INSIDE_H

#include "base/heap.h"
#include "base/table.h"
#include "endpoint/endpoint.h"
#include "server/defects.h"
#include "server/store.h"

/* A separate response that is due later. */
typedef struct cs_server_delayed {
  struct cs_server_delayed *next;
  cs_core_exchange *exchange;
  cs_time due;
  cs_server_reply reply;
} cs_server_delayed;

/* What the bytes of one direction of a connection are cut into. */
typedef enum cs_server_cut {
  CS_CUT_NOTHING,   /* all passes as it comes */
  CS_CUT_MESSAGES,  /* CoAP over TCP */
  CS_CUT_HEAD,      /* the HTTP message that begins a WebSocket */
  CS_CUT_LONG_HEAD, /* one that is larger than a unit: passes until it ends */
  CS_CUT_FRAMES
} cs_server_cut;

/* One direction of a connection on its way past the defects. */
typedef struct cs_server_way {
  bool in;
  cs_server_cut cut;
  uint64_t passing; /* bytes still to come of what is larger than a unit */
  bool line_empty;  /* long head: nothing but CR came since the last LF */
  size_t len;
  uint8_t held[CS_SERVER_MESSAGE_MAX]; /* the beginning of a unit */
} cs_server_way;

typedef enum cs_server_life {
  CS_LIFE_OPEN,
  CS_LIFE_CUT, /* a defect closes it; what is in the outbox goes out first */
  CS_LIFE_MUTE /* a defect keeps it open when the session is over */
} cs_server_life;

/* The sender of datagrams, or a connection. */
typedef struct cs_server_peer {
  cs_base_node node; /* in the table, by number; first, so that a node is a peer */
  cs_base_timer timer;
  uint64_t number;
  cs_wire_form form;
  cs_server_life life;
  bool ending; /* a connection to be closed when its last bytes are out */
  bool ready;  /* in the queue of those that have something to send */
  cs_endpoint *endpoint;
  cs_server_delayed *waiting;
  size_t waiting_count;
  struct cs_server_peer *older, *newer; /* of its list */
  struct cs_server_peer *next_ready;
  cs_defect_memory *memories; /* one a defect */
  cs_server_way *ways;        /* in, out; of connections, when there are defects */
} cs_server_peer;

/* Peers in order: senders of datagrams by last use, connections by age. */
typedef struct cs_server_list {
  cs_server_peer *oldest, *newest;
  size_t count;
} cs_server_list;

/* Bytes that went past the defects, or that a defect sends. */
typedef struct cs_server_outgoing {
  struct cs_server_outgoing *next;
  uint64_t peer;
  cs_time due;
  bool stream;    /* bytes of a connection, else one datagram */
  bool posted;    /* by a defect */
  bool elsewhere; /* a defect sends it from another endpoint */
  size_t from;    /* how much of it was taken */
  size_t len;
  uint8_t bytes[CS_SERVER_MESSAGE_MAX];
} cs_server_outgoing;

/* What all peers of one form are opened with. */
typedef struct cs_server_form {
  cs_endpoint_config config;
  cs_core_params params;
} cs_server_form;

struct cs_server {
  const cs_base_alloc *alloc;
  cs_base_seeded generator;
  cs_server_form forms[3]; /* by cs_wire_form */
  size_t max_peers;
  cs_base_table peers;
  uint32_t peers_seed;
  cs_base_heap timers;
  cs_server_list senders, connections;
  size_t ending_count;
  cs_server_peer *ready_first, *ready_last;
  cs_server_store store;
  const cs_defect **defects;
  size_t defect_count;
  cs_defect_memory *shared; /* one a defect */
  cs_defect_message scratch;
  cs_defect_unit unit;
  cs_server_outgoing *outbox; /* by due time, then by order */
  size_t posted_count;
  bool multicast; /* of the datagram being handled */
  bool elsewhere; /* of what was taken last */
};

/* ---- peer.c ---- */

cs_server_peer *cs_server_peer_find(const cs_server *s, uint64_t number);
/* CS_ERR_MEMORY. */
cs_err cs_server_peer_open(cs_server *s, uint64_t number, cs_wire_form form, cs_time now,
                           cs_server_peer **out);
void cs_server_peer_drop(cs_server *s, cs_server_peer *p);
/* A datagram's sender was heard of again. */
void cs_server_peer_used(cs_server *s, cs_server_peer *p);
void cs_server_peer_not_ready(cs_server *s, cs_server_peer *p);
/* It is to be closed once its bytes are out. */
void cs_server_peer_ends(cs_server *s, cs_server_peer *p);
/* After anything happened to a peer: its deadline, its place in the queues. An
 * idle sender of datagrams is forgotten, so p may be gone afterwards. */
void cs_server_peer_settle(cs_server *s, cs_server_peer *p, cs_time now);

/* ---- request.c ---- */

/* Handles what the peer's session has to tell. */
void cs_server_handle_events(cs_server *s, cs_server_peer *p, cs_time now);
/* Sends the separate responses that are due. */
void cs_server_send_due(cs_server *s, cs_server_peer *p, cs_time now);

/* ---- outbox.c ---- */

/* False when there is no memory, or more of a defect's than may wait. */
bool cs_server_post(cs_server *s, const cs_server_peer *p, cs_span bytes, cs_time due, bool posted);
/* The first bytes that are due. CS_ERR_AGAIN, CS_ERR_TOO_LARGE. */
cs_err cs_server_take(cs_server *s, cs_time now, uint8_t *buf, size_t cap, uint64_t *number,
                      size_t *len);
bool cs_server_is_due(const cs_server *s, uint64_t number, cs_time now);
/* Drops what waits for a peer. */
void cs_server_unpost(cs_server *s, uint64_t number);
void cs_server_outbox_free(cs_server *s);

/* ---- hooks.c ---- */

/* Puts a peer's message into s->scratch; false when it is too large. */
bool cs_server_show(cs_server *s, const cs_server_peer *p, cs_span bytes);
/* Shows s->scratch, s->unit to the defects; false when one took it. */
bool cs_server_pass_message(cs_server *s, cs_server_peer *p, bool in, cs_time now);
bool cs_server_pass_unit(cs_server *s, cs_server_peer *p, bool in, cs_time now);
/* Shows a segment of a stream to the defects; false when one took it. */
bool cs_server_pass_bytes(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now);
/* Whether a defect may want to see what goes this way. */
bool cs_server_hooked(const cs_server *s, cs_wire_form form, bool in);
bool cs_server_may_close(cs_server *s, cs_server_peer *p, cs_time now);
/* The first defect that answers a request instead of its resource. */
bool cs_server_answered(cs_server *s, cs_server_peer *p, cs_server_request *q,
                        cs_server_reply *reply, cs_time now);
void cs_server_alter_reply(cs_server *s, cs_server_peer *p, const cs_server_request *q,
                           cs_server_reply *reply, cs_time now);

/* ---- tap.c ---- */

void cs_server_tap_init(const cs_server *s, cs_server_peer *p);
/* Takes bytes of a connection past the defects: to the session, or into the
 * outbox. */
void cs_server_tap_in(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now);
void cs_server_tap_out(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now);

/* ---- connection.c ---- */

/* Gives bytes to a connection's session and handles what follows. */
void cs_server_feed(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now);
/* Takes up to cap bytes of what a connection has to send. */
cs_err cs_server_draw(cs_server *s, cs_server_peer *p, cs_time now, uint8_t *buf, size_t cap,
                      size_t *len);

#endif
