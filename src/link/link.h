/* Bytes <-> messages, sans-I/O: what stands between a transport and a session.
 * A datagram is a message; a byte stream is cut into messages by the length in
 * their header (RFC 8323 section 3.2); a WebSocket (section 4, RFC 6455) first
 * shakes hands, then carries each message in binary frames. TLS stacks below. */
#ifndef CS_LINK_LINK_H
#define CS_LINK_LINK_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/rule.h"
#include "base/time.h"

typedef enum cs_link_kind { CS_LINK_DATAGRAM, CS_LINK_STREAM, CS_LINK_WEBSOCKET } cs_link_kind;

/* The beginning of a message whose rest has not come yet. */
typedef struct cs_link_partial cs_link_partial;
/* What only a WebSocket needs: its handshake, the frame under way, what it owes. */
typedef struct cs_link_ws cs_link_ws;

typedef struct cs_link {
  const cs_base_alloc *alloc;
  cs_span in;               /* borrowed bytes not yet cut into messages */
  cs_link_partial *partial; /* streams only; NULL when nothing is held back */
  cs_link_ws *ws;           /* WebSocket only */
  uint32_t cap;             /* longest message accepted, in bytes */
  uint8_t kind;
  bool fed;       /* datagram: in holds one that was not taken */
  cs_rule broken; /* streams: the rule that was broken; nothing more comes */
} cs_link;

/* cap is the longest message accepted in bytes, header and all, at least 16. A
 * stream that announces a longer one is broken; a longer datagram is passed on
 * for the parser to judge. What is held of a message grows with the bytes that
 * came, never with the length that was announced. Allocates nothing yet; a
 * WebSocket needs cs_link_ws_open before anything else. */
void cs_link_init(cs_link *l, cs_link_kind kind, const cs_base_alloc *alloc, uint32_t cap);
void cs_link_free(cs_link *l);

/* Gives received bytes: a whole datagram, or any run of a stream. They stay
 * borrowed until cs_link_next says something else than CS_OK. */
void cs_link_feed(cs_link *l, cs_span bytes);
/* The time of what is fed next: refills a WebSocket's budget of control frames
 * once in CS_LINK_WS_CONTROL_WINDOW. Whoever never calls it never refills it. */
void cs_link_tick(cs_link *l, cs_time now);

/* The next message: CS_OK; CS_ERR_AGAIN when more bytes are needed;
 * CS_ERR_RULE with *broken set when the stream cannot go on; CS_ERR_CLOSED when
 * the WebSocket was closed by its peer, or by us for good; CS_ERR_MEMORY, after which the call may
 * be repeated. The span is valid until the next call. */
cs_err cs_link_next(cs_link *l, cs_span *message, cs_rule *broken);

/* ---- out: the same for streams and WebSockets ---- */

/* Whether messages may be sent: on a WebSocket once it was upgraded, and until
 * a Close was sent. */
bool cs_link_ready(const cs_link *l);
/* The bytes that stand before a message of len bytes: 0, or a frame's header. */
size_t cs_link_header_size(const cs_link *l, size_t len);
/* Makes a frame of a message: at has cs_link_header_size bytes of room, then
 * the message, which a client masks in place. */
void cs_link_seal(cs_link *l, uint8_t *at, size_t len);
/* Bytes of the link's own that go out before any further message: an upgrade,
 * a Pong, a Close. CS_ERR_AGAIN when there are none, CS_ERR_TOO_LARGE when cap
 * is under CS_LINK_OWN_MAX and they do not fit. */
enum { CS_LINK_OWN_MAX = 1024 };
cs_err cs_link_transmit(cs_link *l, uint8_t *buf, size_t cap, size_t *len);
bool cs_link_wants_transmit(const cs_link *l);

/* ---- WebSocket ---- */

/* What a peer may do before the connection is broken for it, each with the rule
 * that our Close then names. Of a head of the opening handshake: at most
 * CS_HTTP_HEAD_MAX bytes (CS_RULE_HTTP_HEAD_SIZE) and CS_HTTP_FIELDS_MAX fields
 * (CS_RULE_HTTP_FIELDS); of a message: cap bytes, announced or gathered
 * (CS_RULE_MESSAGE_CAP). What is held is one partial message or head, and for a
 * moment twice that while it grows, besides a few hundred bytes of state: of
 * Pings that wait only the latest is kept and answered (RFC 6455 section 5.5.3). */
enum {
  CS_LINK_WS_FRAGMENTS_MAX = 1024, /* frames of one message; CS_RULE_WS_FRAGMENTS */
  CS_LINK_WS_EMPTY_MAX = 16,       /* empty ones in a row; CS_RULE_WS_EMPTY_FRAGMENTS */
  /* Control frames within CS_LINK_WS_CONTROL_WINDOW without a whole message between
   * them; CS_RULE_WS_CONTROL_FLOOD. A server that pings an idle client every few
   * seconds for days is far from it. */
  CS_LINK_WS_CONTROL_MAX = 1000
};
#define CS_LINK_WS_CONTROL_WINDOW (60 * CS_SECOND)

typedef struct cs_link_ws_config {
  bool server;
  cs_base_random random; /* key and masks; used by clients */
  cs_span host;          /* client: value of the Host field; copied */
  cs_time timeout;       /* for the opening, and for the closing, handshake; CS_TIME_NEVER */
} cs_link_ws_config;

/* Opens it: a client's upgrade request waits to be sent, a server waits for
 * one. CS_ERR_RULE with *broken for a host that is none, CS_ERR_MEMORY,
 * CS_ERR_STATE when it is open already or the link is no WebSocket. */
cs_err cs_link_ws_open(cs_link *l, const cs_link_ws_config *config, cs_time now, cs_rule *broken);
/* Begins to close: a Close frame with the status that the rule asks for
 * (CS_RULE_NONE: 1000; MESSAGE_CAP 1009, WS_TEXT 1003, WS_CLOSE_REASON 1007,
 * OUT_OF_MEMORY 1011, others of basis OURS 1008, all others 1002) and the rule's id as its reason,
 * once, unless one was sent. From then on no message is ready to be sent, and
 * data that comes is discarded. It is for the owner to call this after
 * cs_link_next said CS_ERR_RULE, so that an Abort can go before it. While the
 * upgrade is not done there is no Close: a server tells its refusal by 4xx, a
 * client or a server without a rule is closed at once. A peer's Close is
 * answered without this call. */
void cs_link_close(cs_link *l, cs_rule why, cs_time now);
/* True when nothing more is to be done but closing the transport: on a
 * WebSocket Close went both ways, or its timeout has passed, or ours went out
 * because the peer broke a rule, after which nothing of it is read (RFC 6455
 * section 7.1.7), or the upgrade was refused; on anything else always. A client
 * may then close first (section 5.5.1), or give the server, which does it at
 * once, a moment to. */
bool cs_link_closed(const cs_link *l);
cs_time cs_link_deadline(const cs_link *l);
/* CS_ERR_RULE with *broken when a handshake took too long. */
cs_err cs_link_expire(cs_link *l, cs_time now, cs_rule *broken);

/* For the log: what the peer's part of the handshakes said. */
typedef struct cs_link_ws_said {
  uint16_t http_status; /* client: of the response to its upgrade; 0 before */
  bool closed;          /* its Close came */
  uint16_t status;      /* of that Close; 1005 when it had none */
  cs_span reason;       /* UTF-8, not for users' eyes (RFC 6455 section 5.5.1) */
} cs_link_ws_said;
/* False when the WebSocket was not opened. The reason is valid until
 * cs_link_free. */
bool cs_link_ws_peer_said(const cs_link *l, cs_link_ws_said *out);

#endif
