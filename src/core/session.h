/* One CoAP session as a state machine, client or server, sans-I/O: messages
 * and a time go in; messages, events and the next deadline come out. It opens
 * no socket, reads no clock, draws no random number but through the seam given
 * to it, and never calls the application: what there is to tell waits as an
 * event until it is asked for.
 *
 * A driver's turn is always the same:
 *
 *   cs_core_receive(s, from, bytes, now)          when a message came
 *   cs_core_expire(s, now)                        when deadline() has passed
 *   while (cs_core_next_event(s, &e)) { ...; cs_core_answer(s, &e, true, now); }
 *   while (cs_core_transmit(s, now, buf, cap, &to, &len) == CS_OK) send(...)
 *   wait until cs_core_deadline(s)
 *
 * now is monotonic, and asserted so. */
#ifndef CS_CORE_SESSION_H
#define CS_CORE_SESSION_H

#include "base/alloc.h"
#include "base/random.h"
#include "core/params.h"
#include "wire/message.h"
#include "wire/option.h"

typedef enum cs_core_role { CS_CLIENT, CS_SERVER } cs_core_role;

/* Who a message is from or for: 0 is the session's own peer. Any other value
 * is a number the driver gave to an address, used only for the several
 * responders of a multicast request. */
typedef uint64_t cs_core_peer;

/* What many sessions share; it must outlive them. */
typedef struct cs_core_config {
  cs_core_role role;
  cs_wire_form form; /* CS_WIRE_TCP and CS_WIRE_WS are the reliable forms of RFC 8323 */
  const cs_base_alloc *alloc;
  cs_base_random random;
  /* Whether a critical option is understood; NULL: all of the table are. */
  bool (*known)(void *ctx, uint16_t number);
  void *known_ctx;
  uint32_t token_max;      /* longest token accepted, 8 or more for RFC 8974; 0: 8 */
  uint32_t max_requests;   /* open and queued requests; 0: 1024 */
  uint32_t max_duplicates; /* remembered Message IDs; 0: 256 */
  uint32_t max_exchanges;  /* requests being answered at once; 0: 64 */
  /* Reliable forms only (RFC 8323 section 5.3): what our CSM says, and how long
   * the peer's may take before the connection is aborted (section 3.3). */
  uint32_t max_message; /* Max-Message-Size: longest message accepted; 0: 1 MiB */
  bool block_wise;      /* announce Block-Wise-Transfer */
  cs_time csm_timeout;  /* 0: 30 s */
} cs_core_config;

typedef struct cs_core_session cs_core_session;

/* Opens a session. mtu is the largest message in bytes that may be sent: 64 to
 * 65535 on UDP, to 2^31 on the reliable forms, where what the peer announces
 * limits it further (cs_core_max_send). params NULL means the defaults.
 * On a reliable form our CSM is the first message that cs_core_transmit gives.
 * CS_ERR_MEMORY, CS_ERR_ARGUMENT. */
cs_err cs_core_open(const cs_core_config *config, const cs_core_params *params, size_t mtu,
                    cs_time now, cs_core_session **out);

/* Reliable forms: the transport is connected. The peer's CSM is missed from
 * csm_timeout after it on (RFC 8323 section 3.3); before it, no timer of the
 * connection runs. Once; later calls and UDP change nothing. */
void cs_core_up(cs_core_session *s, cs_time now);

/* Ends it at once. No event is queued any more; what requests borrowed is the
 * owner's again (take the app pointers first with cs_core_drain). */
void cs_core_close(cs_core_session *s);

/* Turns every open request into a pending NACK event with this reason, so that
 * an owner can report and release each before it closes. */
typedef enum cs_core_nack {
  CS_NACK_TIMEOUT,      /* MAX_RETRANSMIT passed, or no response in time */
  CS_NACK_RESET,        /* a Reset came */
  CS_NACK_UNREACHABLE,  /* the network said so (ICMP) */
  CS_NACK_CLOSED,       /* the session is being closed */
  CS_NACK_BAD_RESPONSE, /* the response was rejected; rule says why */
  CS_NACK_TOO_LARGE,    /* over what the peer's CSM then said it accepts */
} cs_core_nack;
void cs_core_drain(cs_core_session *s, cs_core_nack reason);

/* What a peer of a reliable form may make us hold or do; over it the session
 * aborts by the rule named. */
enum {
  /* Replies of our own (5.01, 5.03, 4.02, Pong) that wait for transmission:
   * OURS#reply-backlog. */
  CS_CORE_REPLIES_MAX = 64,
  /* Messages that are no answer to anything open and, at a server, no request
   * (Empty, CSM, Ping, Release, responses and Pongs that match nothing, requests
   * at a client): a budget of this many, refilled so many a second:
   * OURS#idle-traffic. */
  CS_CORE_IDLE_MAX = 1000,
  CS_CORE_IDLE_PER_SECOND = 10,
  /* A server's answers that wait for transmission: up to this many, and begun
   * while they are below this many bytes. Over it, as over max_exchanges, a
   * request is answered by 5.03. */
  CS_CORE_ANSWERS_MAX = 1024,
  CS_CORE_ANSWERS_BYTES = 1 << 20
};

cs_err cs_core_set_params(cs_core_session *s, const cs_core_params *params);
const cs_core_params *cs_core_get_params(const cs_core_session *s);
cs_err cs_core_set_mtu(cs_core_session *s, size_t mtu);
size_t cs_core_get_mtu(const cs_core_session *s);

/* What the peer of a reliable form has said in its CSMs so far; the base values
 * of RFC 8323 section 5.3 and RFC 8974 section 2.2.1 before that. */
typedef struct cs_core_settings {
  bool csm;             /* its first CSM came */
  uint32_t max_message; /* Max-Message-Size; 1152 */
  bool block_wise;      /* Block-Wise-Transfer seen */
  uint32_t token_max;   /* Extended-Token-Length, 8 to 65804; 8 */
} cs_core_settings;
/* NULL on UDP. */
const cs_core_settings *cs_core_peer_settings(const cs_core_session *s);
/* The longest message that may be sent now: the MTU, and on a reliable form no
 * more than the peer accepts. */
size_t cs_core_max_send(const cs_core_session *s);

/* ---- in ------------------------------------------------------------- */

/* Takes one message. bytes stay borrowed until the next call of
 * cs_core_next_event that returns false. multicast: it was sent to a multicast
 * address (a server then sends no Reset and waits out a leisure).
 * Whatever the bytes hold, the call succeeds and an event or silence follows;
 * CS_ERR_STATE when events of an earlier message were not all taken. */
cs_err cs_core_receive(cs_core_session *s, cs_core_peer from, bool multicast, cs_span bytes,
                       cs_time now);

typedef enum cs_core_link_event {
  CS_LINK_UNREACHABLE, /* ICMP port or host unreachable, vetted by the OS */
  CS_LINK_CLOSED,      /* the transport is gone: everything open ends */
} cs_core_link_event;
void cs_core_link(cs_core_session *s, cs_core_link_event what, cs_time now);
/* The transport is gone because a rule was broken below the session, or for
 * CS_RULE_NONE: as CS_LINK_CLOSED, but what is told names the rule. */
void cs_core_lost(cs_core_session *s, cs_rule why, cs_time now);

/* Reliable forms: ends the session because a rule was broken. What waits to be
 * sent is dropped; an Abort (RFC 8323 section 5.6) whose diagnostic payload
 * names the rule is sent; with bad_csm 1 to 65535 it has Bad-CSM-Option. All
 * that is open ends with CS_NACK_CLOSED and the rule. No effect once it ended. */
void cs_core_abort(cs_core_session *s, cs_rule why, uint32_t bad_csm, cs_time now);
/* Reliable forms: orderly end. Sends a Release (section 5.5) behind what waits;
 * new requests are refused; the session is over when what is open has ended. */
void cs_core_release(cs_core_session *s, cs_time now);
/* Reliable forms: true once the session is over, by an Abort or Release of
 * either side, and nothing is left to send or to tell: close the transport. */
bool cs_core_over(const cs_core_session *s);

/* Lets time pass: retransmissions, time-outs, delayed acknowledgements. */
void cs_core_expire(cs_core_session *s, cs_time now);

/* ---- out ------------------------------------------------------------ */

/* Writes the next message to send. CS_ERR_AGAIN when there is none now;
 * CS_ERR_TOO_LARGE when cap is below the session's MTU and the message does
 * not fit (it stays queued). */
cs_err cs_core_transmit(cs_core_session *s, cs_time now, uint8_t *buf, size_t cap, cs_core_peer *to,
                        size_t *len);
/* Reliable forms: the same where there is one peer only. CS_ERR_AGAIN,
 * CS_ERR_TOO_LARGE; CS_ERR_STATE on UDP. */
cs_err cs_core_write(cs_core_session *s, cs_time now, uint8_t *buf, size_t cap, size_t *len);
/* True when cs_core_transmit has something. */
bool cs_core_wants_transmit(const cs_core_session *s);
/* Bytes that the next message has; 0 when there is none. */
size_t cs_core_next_size(const cs_core_session *s);
/* The latest time the session was told. */
cs_time cs_core_now(const cs_core_session *s);
/* When cs_core_expire is to be called at the latest; CS_TIME_NEVER for never.
 * What waits for transmission makes it now on UDP, where it can always be sent;
 * on a reliable form the transport may not take it, so it does not count. */
cs_time cs_core_deadline(const cs_core_session *s);
/* The same while a datagram cannot be sent, because its security is not there
 * (yet, or any more): what waits for transmission does not count. */
cs_time cs_core_deadline_held(const cs_core_session *s);

typedef struct cs_core_request cs_core_request;   /* a client's open request */
typedef struct cs_core_exchange cs_core_exchange; /* a server's open request */

typedef enum cs_core_event_kind {
  CS_EVENT_RESPONSE, /* client: message answers request */
  CS_EVENT_NACK,     /* client: request ended without a response; reason */
  CS_EVENT_PONG,     /* client: a ping was answered; app is its pointer */
  CS_EVENT_REQUEST,  /* server: message is a request; answer by exchange */
  CS_EVENT_RESET,    /* server: the peer rejected the response of exchange app */
  CS_EVENT_REJECTED, /* a received message was refused; rule says why */
  /* Reliable forms. The first CSM is what makes a session established. */
  CS_EVENT_CSM,     /* the peer's settings came or changed (cs_core_peer_settings) */
  CS_EVENT_PING,    /* a Ping, or at a client a CoAP ping, came and is being answered */
  CS_EVENT_RELEASE, /* the peer wants the connection closed; see message.options */
  CS_EVENT_ABORT,   /* the peer has given up; message.payload is its diagnostic */
  CS_EVENT_ABORTED, /* we have, for the rule; an Abort is on its way */
} cs_core_event_kind;

typedef struct cs_core_event {
  cs_core_event_kind kind;
  cs_core_nack reason; /* NACK */
  cs_rule rule;        /* REJECTED; ABORTED; NACK with CS_NACK_BAD_RESPONSE or CLOSED */
  cs_core_peer peer;
  cs_wire_message message; /* RESPONSE, REQUEST; REJECTED when it parsed */
  cs_core_request *request;
  cs_core_exchange *exchange;
  void *app;    /* the request's */
  uint16_t mid; /* of the request (client) or of the message */
  /* The request is over with this event: its handle is void once the event is
   * answered or the next one taken, and what it borrowed is the owner's. */
  bool body_released;
} cs_core_event;

/* The next event, or false. Taking the next one accepts the one before. */
bool cs_core_next_event(cs_core_session *s, cs_core_event *out);

/* Answers the event last taken: a RESPONSE accepted is acknowledged when it
 * was Confirmable; one rejected is answered by a Reset (RFC 7252 sections 4.2
 * and 4.3; nothing is sent for a piggybacked one). Other kinds need none. */
void cs_core_answer(cs_core_session *s, const cs_core_event *event, bool accept, cs_time now);

/* ---- client --------------------------------------------------------- */

typedef struct cs_core_request_spec {
  uint8_t type; /* CS_CON or CS_NON; means nothing on a reliable form */
  uint8_t code; /* 0.01 to 0.31 */
  bool multicast;
  int32_t mid;     /* 0 to 65535, or -1: the session takes its next one; unused on reliable forms */
  cs_span token;   /* unique among open requests (cs_core_new_token) */
  cs_span options; /* encoded */
  cs_span payload;
  void *app; /* comes back in its events */
} cs_core_request_spec;

/* Queues a request. token, options and payload stay borrowed until the event
 * with body_released, or until cs_core_cancel. It goes out when NSTART and
 * PROBING_RATE let it (RFC 7252 section 4.7). A multicast request collects
 * responses for the response_timeout and ends with a NACK of reason TIMEOUT.
 * On a reliable form neither holds it back, but a request that is over the base
 * values (1152 bytes, a token over 8) waits for the peer's CSM, in its place
 * among the others, and is ended with CS_NACK_TOO_LARGE if the CSM forbids it.
 * On failure nothing is queued and *broken (may be NULL) names the rule:
 * CS_ERR_RULE, CS_ERR_DUPLICATE (token or Message ID in use), CS_ERR_LIMIT
 * (max_requests), CS_ERR_TOO_LARGE (over the MTU, or over what the peer's CSM
 * said: CS_RULE_MESSAGE_SIZE), CS_ERR_RULE with CS_RULE_TOKEN_ANNOUNCED for a
 * token longer than the CSM said, CS_ERR_MEMORY,
 * CS_ERR_ARGUMENT, CS_ERR_STATE (server, or closed). */
cs_err cs_core_send_request(cs_core_session *s, const cs_core_request_spec *spec, cs_time now,
                            cs_core_request **out, cs_rule *broken);

/* Forgets a request: no event follows, what it borrowed is free at once. */
void cs_core_cancel(cs_core_session *s, cs_core_request *request);
uint16_t cs_core_request_mid(const cs_core_request *request);

/* The open request with this token, or NULL. */
cs_core_request *cs_core_find_request(const cs_core_session *s, cs_span token);

/* A fresh random token, unique among the open requests; len 1 to 8. A length of
 * 1 has 256 values: when nearly all are open it may return one that is in use,
 * which cs_core_send_request then refuses. */
void cs_core_new_token(cs_core_session *s, uint8_t *token, size_t len);

/* The next Message ID. One is not used twice within EXCHANGE_LIFETIME (RFC
 * 7252 section 4.4): CS_ERR_LIMIT while all 65536 were used that recently. */
cs_err cs_core_new_mid(cs_core_session *s, cs_time now, uint16_t *mid);

/* CoAP ping: an Empty Confirmable message (section 4.3), a Ping on a reliable
 * form (RFC 8323 section 5.4; its token is ours, *mid is 0); PONG or NACK
 * follows with app. */
cs_err cs_core_ping(cs_core_session *s, void *app, cs_time now, uint16_t *mid);

/* Sends a bare Empty ACK or RST for mid, as an application that answers by
 * hand asks for it. CS_ERR_LIMIT when too many wait, CS_ERR_UNSUPPORTED on a
 * reliable form, which has neither. */
cs_err cs_core_send_empty(cs_core_session *s, uint8_t type, uint16_t mid, cs_time now);

/* Requests open or queued. */
size_t cs_core_open_requests(const cs_core_session *s);

/* ---- server --------------------------------------------------------- */

typedef struct cs_core_response_spec {
  uint8_t code; /* 2.00 to 5.31 */
  cs_span options;
  cs_span payload;
  /* CS_CON or CS_NON for a separate response; -1: as the request was. */
  int type;
} cs_core_response_spec;

/* Answers a request: piggybacked while its Acknowledgement is still owed, else
 * as a separate response. Everything is copied. The exchange is over for the
 * owner; its handle is void. CS_ERR_MEMORY, CS_ERR_TOO_LARGE (over
 * cs_core_max_send), CS_ERR_ARGUMENT. On a reliable form the answer is sent as
 * it is, in the order of these calls; once the session has ended it is dropped,
 * which is a success. */
cs_err cs_core_respond(cs_core_session *s, cs_core_exchange *x, const cs_core_response_spec *spec,
                       cs_time now);
/* Acknowledges now and answers later (RFC 7252 section 5.2.2). On a reliable
 * form there is nothing to acknowledge: the exchange just stays open. */
void cs_core_defer(cs_core_session *s, cs_core_exchange *x, cs_time now);
/* Gives up: the request gets no response (No-Response, shutdown). The
 * Acknowledgement still goes out. */
void cs_core_ignore(cs_core_session *s, cs_core_exchange *x, cs_time now);
/* True once nothing is left to remember or send: the driver may close it. */
bool cs_core_idle(const cs_core_session *s);

#endif
