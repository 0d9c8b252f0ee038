/* What the files of the core share and nobody else sees. One RFC concept, one
 * file. RFC 7252: mid.c and flight.c (4.4), duplicate.c (4.5), transmit.c (4.2),
 * request.c (4.7, 5.2 at a client), exchange.c (5.2 at a server), match.c
 * (4.2 to 4.4 and 5.3.2, what becomes of a received message). RFC 8323:
 * settings.c (5.3), signaling.c (5.2 to 5.6, what comes), ending.c (5.5, 5.6,
 * what we send, and every other end), reply.c (answers that no owner made),
 * budget.c (ours), reliable.c (3.3, what becomes of a received message there). */
#ifndef CS_CORE_INTERNAL_H
#define CS_CORE_INTERNAL_H

#include "base/heap.h"
#include "base/table.h"
#include "core/session.h"

enum {
  REQUESTS_DEFAULT = 1024,
  DUPLICATES_DEFAULT = 256,
  EXCHANGES_DEFAULT = 64,
  MESSAGE_DEFAULT = 1 << 20, /* longest message accepted on a reliable form */
  MESSAGE_BASE = 1152,       /* RFC 8323 section 5.3.1: base value */
  TOKEN_BASE = 8,            /* RFC 8974 section 2.2.1: base value */
  BARE_MAX = 16,             /* bare replies waiting for transmission */
  TOKEN_TRIES = 1000,
  MID_QUARTERS = 4, /* the Message ID space is tracked in quarters */
  DIAGNOSTIC_MAX = 64,
  PING_TOKEN = 2, /* reliable forms: bytes of a Ping's token, its flight's Message ID, */
  PING_BARE = 0   /* but for this one, whose Ping has none */
};

/* The way of a datagram through the core has a budget of instructions
 * (ci/bench.sh): what is not on it is kept out of line. */
#define APART __attribute__((noinline))

/* A place in the queue of what is to be transmitted. */
enum out_kind {
  OUT_FLIGHT,
  OUT_REPLY, /* UDP: to a Message ID that came */
  OUT_BARE,
  OUT_OWN, /* reliable forms: a struct reply */
  OUT_CSM,
  OUT_RELEASE,
  OUT_ABORT
};
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
  uint32_t token_len;
  uint32_t serial; /* reliable forms: in the order the requests came */
  uint8_t token[]; /* copied: the request's bytes are gone when it is answered */
};

struct bare {
  struct out out; /* first member */
  cs_core_peer peer;
  uint16_t mid;
  uint8_t type;
};

/* An answer that the session makes itself on a reliable form: a whole message. */
struct reply {
  struct out out; /* first member */
  struct reply *later;
  uint32_t serial; /* Pong that waits: the last request that came before its Ping */
  uint32_t len;
  uint8_t bytes[];
};

/* What only a session over a reliable form has. */
struct reliable {
  cs_core_settings peer;
  cs_time csm_due;  /* when the peer's CSM is missing; CS_TIME_NEVER once it came */
  cs_time idle_due; /* when the idle-traffic budget will be full again */
  struct out csm, release, abort;
  struct reply *late, *latest; /* Pongs that wait for requests to be answered */
  uint32_t accepted;           /* longest message; as our CSM says, and the link's cap */
  size_t answers_bytes;        /* of the answers that wait for transmission */
  uint32_t answers;            /* how many those are */
  uint32_t replies;            /* struct reply in late or in the queue */
  uint32_t serial;
  uint32_t bad_csm; /* of our Abort: Bad-CSM-Option, 0 for none */
  cs_rule why;
  bool up;
  bool releasing; /* our Release was asked for */
  bool released;  /* the peer's came */
  bool release_sent;
  bool ended;
  bool tell; /* the event that says why we aborted is due */
};

struct request_list {
  cs_core_request *first, *last;
};

struct cs_core_session {
  const cs_core_config *config;
  struct reliable *reliable; /* NULL on UDP */
  cs_core_params *params;    /* NULL: the defaults */
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
  uint32_t mtu;
  uint16_t next_mid;
  uint8_t bare_count;
  bool in_pending : 1, in_multicast : 1;
  bool closed : 1;
};

static inline const cs_base_alloc *memory(const cs_core_session *s) {
  return s->config->alloc;
}

/* Whether this is a session over a reliable form; laid out for those that are
 * not, which count instructions. */
static inline bool is_reliable(const cs_core_session *s) {
  return __builtin_expect(s->reliable != NULL, 0);
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
/* f is all zero before. */
void cs_core_flight_init(struct flight *f, uint8_t kind, uint8_t type, cs_core_peer peer);
/* Makes room for f's timer and puts it under its Message ID. CS_ERR_MEMORY. */
cs_err cs_core_flight_match(cs_core_session *s, struct flight *f, uint16_t mid);
/* No longer matched, timed or queued. */
APART void cs_core_flight_stop(cs_core_session *s, struct flight *f);
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

/* settings.c */
void cs_core_settings_init(struct reliable *r);
/* Takes over what a CSM says. The rule that it breaks, with *option the number
 * of the option at fault; the settings are then as they were. */
cs_rule cs_core_settings_take(cs_core_session *s, const cs_wire_message *m, uint32_t *option);
/* Whether a request of this size may go to the peer as its settings are now. */
cs_rule cs_core_settings_allow(const cs_core_session *s, size_t size, size_t token_len);
/* The longest message accepted; what our CSM says. */
uint32_t cs_core_accepted(const cs_core_session *s);
/* Our CSM, its options in buf. */
enum { CSM_OPTIONS_MAX = 16 };
cs_wire_message cs_core_csm(const cs_core_session *s, uint8_t buf[CSM_OPTIONS_MAX]);

/* budget.c: takes one message out of the idle-traffic budget; false when it is
 * empty. */
bool cs_core_budget(cs_core_session *s);

/* reply.c */
/* Queues an answer of our own; without its payload where the peer accepts no
 * message of that size. late: behind the answers to all requests that came up
 * to now. CS_ERR_LIMIT when CS_CORE_REPLIES_MAX wait, CS_ERR_MEMORY. */
cs_err cs_core_reply(cs_core_session *s, cs_wire_message *m, bool late);
/* A request was answered or given up: what waited for it may go. */
APART void cs_core_reply_due(cs_core_session *s);
void cs_core_reply_free(cs_core_session *s, struct reply *p);
void cs_core_replies_drop(cs_core_session *s);

/* ending.c */
/* The event that says that we have aborted, when it is due. */
bool cs_core_aborted_event(cs_core_session *s, cs_core_event *out);
/* Everything open ends: by the peer's Abort, or with the transport. */
APART void cs_core_end(cs_core_session *s);
/* Our Release or Abort, its options in buf. */
enum { ENDING_OPTIONS_MAX = 4 };
cs_wire_message cs_core_ending(const cs_core_session *s, const struct out *o,
                               uint8_t buf[ENDING_OPTIONS_MAX]);

/* signaling.c: what becomes of a signaling message; true when it made an event. */
bool cs_core_signal(cs_core_session *s, const cs_wire_message *m, cs_core_event *out);

/* reliable.c */
APART cs_err cs_core_reliable_open(cs_core_session *s);
APART void cs_core_reliable_close(cs_core_session *s);
APART void cs_core_reliable_expire(cs_core_session *s);
APART bool cs_core_reliable_event(cs_core_session *s, cs_core_event *out);
APART cs_time cs_core_reliable_deadline(const cs_core_session *s);

/* writing.c: what cs_core_next_size is there. */
APART size_t cs_core_write_size(const cs_core_session *s);

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
/* Reliable forms: it went out, its response is awaited. */
void cs_core_request_awaited(cs_core_session *s, cs_core_request *r);
APART void cs_core_admit(cs_core_session *s);
/* The peer's settings changed: what they forbid and did not go out yet ends,
 * what waited for them may go. */
void cs_core_recheck(cs_core_session *s);
void cs_core_ended_event(cs_core_session *s, cs_core_event *out);

/* exchange.c */
bool cs_core_exchange_request(cs_core_session *s, const cs_wire_message *m, cs_core_event *out);
/* Reliable forms: an exchange for this request; NULL when memory is short. */
cs_core_exchange *cs_core_exchange_open(cs_core_session *s, const cs_wire_message *m);
/* A diagnostic payload (RFC 7252 section 5.5.2) that names an option. */
cs_span cs_core_diagnose(uint8_t buf[DIAGNOSTIC_MAX], uint16_t number);
void cs_core_exchange_timer(cs_core_session *s, cs_core_exchange *x);
void cs_core_exchange_free(cs_core_session *s, cs_core_exchange *x);

/* match.c: what becomes of the message in s->in; true when it made an event. */
bool cs_core_match(cs_core_session *s, cs_core_event *out);
/* The event of a message that was refused; m is NULL when it did not parse. */
bool cs_core_rejected(const cs_core_session *s, cs_core_event *out, cs_rule rule,
                      const cs_wire_message *m);

#endif
