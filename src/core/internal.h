/* What the files of the core share and nobody else sees. One RFC concept, one
 * file: mid.c and flight.c (4.4), duplicate.c (4.5), transmit.c (4.2),
 * request.c (4.7, 5.2 at a client), exchange.c (5.2 at a server), match.c
 * (4.2 to 4.4 and 5.3.2, what becomes of a received message). */
#ifndef CS_CORE_INTERNAL_H
#define CS_CORE_INTERNAL_H

#include "base/heap.h"
#include "base/table.h"
#include "core/session.h"

enum {
  REQUESTS_DEFAULT = 1024,
  DUPLICATES_DEFAULT = 256,
  EXCHANGES_DEFAULT = 64,
  BARE_MAX = 16, /* bare replies waiting for transmission */
  TOKEN_TRIES = 1000,
  MID_QUARTERS = 4, /* the Message ID space is tracked in quarters */
  DIAGNOSTIC_MAX = 64
};

/* A place in the queue of what is to be transmitted. */
enum out_kind { OUT_FLIGHT, OUT_REPLY, OUT_BARE };
struct out {
  struct out *next, *prev;
  uint8_t kind;
  bool queued;
};

/* A message of ours that may be retransmitted and that an Acknowledgement or
 * a Reset can match: a request, a ping, a separate response. */
enum flight_kind { FLIGHT_REQUEST, FLIGHT_PING, FLIGHT_RESPONSE };
enum phase {
  PHASE_WAITING, /* request: NSTART or PROBING_RATE holds it back */
  PHASE_QUEUED,  /* is to be transmitted */
  PHASE_SENT,    /* Confirmable: unacknowledged; Non-confirmable: in its slot */
  PHASE_ACKED,   /* the response is still expected, no slot is held */
  PHASE_ENDED,   /* its last event is pending or held */
  PHASE_OPEN,    /* exchange: the owner has not answered, nothing was sent */
  PHASE_OWED,    /* exchange: acknowledged, the owner has not answered */
  PHASE_LEISURE  /* exchange: a multicast answer waits for its moment */
};
struct flight {
  cs_base_node by_mid; /* first member; in s->by_mid while it can be matched */
  cs_base_timer timer;
  struct out out;
  cs_core_peer peer;
  cs_time first_sent;
  cs_time timeout; /* between the last transmission and the next */
  uint16_t mid;
  uint8_t type;
  uint8_t kind;
  uint8_t phase;
  uint8_t tries;  /* transmissions so far */
  bool matchable; /* is in s->by_mid */
};

struct cs_core_request {
  struct flight f; /* first member; FLIGHT_REQUEST or FLIGHT_PING */
  cs_base_node by_token;
  struct cs_core_request *next, *prev; /* in waiting, open or ended list */
  cs_span token, options, payload;     /* borrowed */
  void *app;
  cs_time ends; /* when the response is given up, once sent */
  cs_rule rule;
  uint8_t code;
  uint8_t reason; /* cs_core_nack, when ended */
  bool pong;      /* a ping that was answered */
  bool multicast;
  bool slot; /* counts against NSTART */
};

/* A Message ID that came, and what is answered to its duplicates. */
enum reply_kind { REPLY_NONE, REPLY_ACK, REPLY_RST, REPLY_STORED };
struct seen {
  cs_base_node by_mid; /* first member */
  struct seen *newer;
  struct out out;
  cs_core_peer peer;
  cs_time until;
  cs_core_exchange *exchange; /* still being answered, or NULL */
  uint8_t *bytes;             /* REPLY_STORED: the whole message */
  uint32_t len;
  uint16_t mid;
  uint8_t type;
  uint8_t reply;
};

struct cs_core_exchange {
  struct flight f; /* first member; FLIGHT_RESPONSE */
  struct cs_core_exchange *next, *prev;
  struct seen *seen; /* the request's record */
  uint8_t *bytes;    /* the separate response */
  size_t len;
  uint16_t request_mid;
  uint8_t request_type;
  bool multicast;
  bool answered;
  size_t token_len;
  uint8_t token[]; /* copied: the request's bytes are gone when it is answered */
};

struct bare {
  struct out out; /* first member */
  cs_core_peer peer;
  uint16_t mid;
  uint8_t type;
};

struct request_list {
  cs_core_request *first, *last;
};

struct cs_core_session {
  const cs_core_config *config;
  cs_core_params *params; /* NULL: the defaults */
  cs_time now;
  uint32_t quarter_used[MID_QUARTERS]; /* last transmission in whole seconds, rounded up; 0: none */
  cs_base_table by_token;
  cs_base_table by_mid;
  cs_base_table seen;
  cs_base_heap timers;
  struct request_list waiting, open, ended;
  struct seen *oldest, *newest;
  cs_core_exchange *exchanges;
  struct out *out_first, *out_last;
  cs_span in; /* the received message that was not looked at yet */
  cs_core_peer in_from;
  cs_core_request *held_request; /* ended; freed when its event is answered */
  struct seen *held_seen;        /* whose reply waits for the answer */
  uint32_t hash_seed;
  uint32_t requests;
  uint32_t slots; /* outstanding interactions (NSTART) */
  uint32_t exchange_count;
  uint16_t next_mid;
  uint16_t mtu;
  uint8_t bare_count;
  bool in_pending, in_multicast;
  bool closed;
};

static inline const cs_base_alloc *memory(const cs_core_session *s) {
  return s->config->alloc;
}

/* state.c */
void cs_core_time(cs_core_session *s, cs_time now);

/* queue.c */
void cs_core_queue(cs_core_session *s, struct out *o);
void cs_core_unqueue(cs_core_session *s, struct out *o);
/* A bare Empty reply; lost when too many wait or memory is short, as a
 * datagram may be. */
void cs_core_bare(cs_core_session *s, uint8_t type, uint16_t mid, cs_core_peer peer);

/* flight.c */
void cs_core_flight_init(struct flight *f, uint8_t kind, uint8_t type, cs_core_peer peer);
/* Makes room for f's timer and puts it under its Message ID. CS_ERR_MEMORY. */
cs_err cs_core_flight_match(cs_core_session *s, struct flight *f, uint16_t mid);
/* No longer matched, timed or queued. */
void cs_core_flight_stop(cs_core_session *s, struct flight *f);
struct flight *cs_core_flight_find(const cs_core_session *s, cs_core_peer peer, uint16_t mid);

/* mid.c */
void cs_core_mid_used(cs_core_session *s, uint16_t mid);
/* The next Message ID, which cs_core_mid_take then makes used: what fails in
 * between has used none. CS_ERR_LIMIT. */
cs_err cs_core_mid_next(const cs_core_session *s, uint16_t *mid);
void cs_core_mid_take(cs_core_session *s, uint16_t mid);

/* duplicate.c */
struct seen *cs_core_seen_find(const cs_core_session *s, cs_core_peer peer, uint16_t mid);
/* Remembers a Message ID; the oldest finished one makes place. NULL when
 * memory is short or all are being answered. */
struct seen *cs_core_seen_add(cs_core_session *s, cs_core_peer peer, const cs_wire_message *m);
void cs_core_seen_reply(cs_core_session *s, struct seen *r, uint8_t reply);
void cs_core_seen_expire(cs_core_session *s);
/* When the oldest record may be forgotten. */
cs_time cs_core_seen_deadline(const cs_core_session *s);
void cs_core_seen_clear(cs_core_session *s);

/* request.c */
void cs_core_list_add(struct request_list *l, cs_core_request *r);
void cs_core_list_remove(struct request_list *l, cs_core_request *r);
cs_core_request *cs_core_request_by_token(const cs_core_session *s, cs_span token);
void cs_core_request_acked(cs_core_session *s, cs_core_request *r);
/* Ends r; its NACK (or PONG) event is pending. */
void cs_core_request_end(cs_core_session *s, cs_core_request *r, cs_core_nack reason, cs_rule rule);
/* Ends r without an event of its own: the response that is being told is its
 * last. The request is held until that is answered. */
void cs_core_request_answered(cs_core_session *s, cs_core_request *r);
void cs_core_request_free(cs_core_session *s, cs_core_request *r);
void cs_core_request_timer(cs_core_session *s, cs_core_request *r);
void cs_core_request_sent(cs_core_session *s, cs_core_request *r, size_t len);
void cs_core_admit(cs_core_session *s);
void cs_core_ended_event(cs_core_session *s, cs_core_event *out);

/* exchange.c */
bool cs_core_exchange_request(cs_core_session *s, const cs_wire_message *m, cs_core_event *out);
void cs_core_exchange_timer(cs_core_session *s, cs_core_exchange *x);
void cs_core_exchange_free(cs_core_session *s, cs_core_exchange *x);

/* match.c: what becomes of the message in s->in; true when it made an event. */
bool cs_core_match(cs_core_session *s, cs_core_event *out);

#endif
