/* What the files of an endpoint share: endpoint.c (the calls, and datagrams in the
 * clear), secure.c (TLS below either, and datagrams over it), stream.c (bytes that
 * come, and every end of a stream), output.c (bytes that go). */
#ifndef CS_ENDPOINT_INTERNAL_H
#define CS_ENDPOINT_INTERNAL_H

#include "endpoint/endpoint.h"

/* A function that only streams or secured endpoints reach, kept out of line: the
 * way of a datagram in the clear has a budget of instructions (ci/bench.sh). */
#define APART __attribute__((noinline))

/* What only a secured endpoint needs. */
struct secure {
  cs_tls *tls;
  size_t mtu;     /* datagrams: of the transport */
  bool up;        /* the transport is, and the handshake has begun */
  bool ready;     /* the handshake was completed, and the session was told */
  bool ended;     /* TLS has ended, or its transport, and the session was told */
  bool told;      /* datagrams: and the owner was told what came of it */
  bool mute;      /* datagrams: and nothing can be sent any more */
  bool releasing; /* datagrams: close_notify goes out behind what waits */
  bool finishing; /* close_notify was asked for */
  bool carried;   /* datagrams: the latest had the message whose head is this: */
  uint8_t type, code;
  uint16_t mid;
};

/* What only a byte stream needs. */
struct stream {
  cs_link link;
  struct secure *secure; /* NULL in the clear */
  uint8_t *out;          /* whole messages in their frames, the first partly sent */
  size_t cap, len, sent; /* of out: room, bytes held, bytes of them that went */
  uint8_t *host;         /* WebSocket client, until the upgrade is made */
  size_t host_len;
  cs_rule why;       /* what a Close is to say */
  cs_time stall_due; /* when the peer has left our bytes unread for too long */
  size_t stall_left; /* bytes that it has to take until then, if so many wait */
  cs_time end_due;   /* when an end that has begun is cut short */
  bool up;           /* connected and, where that was asked for, secured */
  bool deaf;         /* nothing is received any more */
  bool releasing;    /* we have asked for an orderly end */
  bool peer_left;    /* the peer has, or has closed its WebSocket */
  bool aborted;      /* either side gave up: the peer's answer is not waited for */
  bool closing;      /* the closing handshake of a WebSocket has begun */
  bool done;         /* nothing is sent any more either */
};

/* A program may have thousands of these: 64 bytes for a datagram's. */
struct cs_endpoint {
  cs_core_session *session;
  const cs_endpoint_config *config;
  /* By config->link; both NULL for datagrams in the clear. */
  union {
    struct stream *stream;
    struct secure *secure;
  };
  cs_core_peer from;
  cs_time now;
  cs_span in; /* a datagram in the clear that was not taken yet */
  bool multicast;
  bool feeding; /* what was received may still hold a message */
};

static inline const cs_base_alloc *memory(const cs_endpoint *e) {
  return e->config->core.alloc;
}

/* Datagrams in the clear, which count instructions: all is laid out for them. */
static inline bool is_plain(const cs_endpoint *e) {
  return __builtin_expect(e->stream == NULL, 1);
}

static inline bool is_stream(const cs_endpoint *e) {
  return e->config->link != CS_LINK_DATAGRAM;
}

/* NULL in the clear. */
static inline struct secure *secure_of(const cs_endpoint *e) {
  return is_stream(e) ? e->stream->secure : e->secure;
}

/* The session's clock may have moved on since the bytes came, by what the
 * owner did in between. */
static inline cs_time later(const cs_endpoint *e) {
  cs_time now = cs_core_now(e->session);
  return now > e->now ? now : e->now;
}

/* secure.c: TLS below either */
/* Begins the handshake; lets time pass; says close_notify. What TLS comes to by each is
 * for endpoint_secure_note to tell. */
void endpoint_secure_up(cs_endpoint *e, cs_time now);
void endpoint_secure_expire(cs_endpoint *e, cs_time now);
void endpoint_secure_finish(struct secure *s, cs_time now);
/* The next record of what was received, in config->plain. As cs_tls_read. */
cs_err endpoint_secure_read(cs_endpoint *e, cs_span *plain);
/* Shows config->tap what goes into TLS or came out of it. */
void endpoint_secure_tap(const cs_endpoint *e, bool sent, cs_span bytes);
/* What TLS has come to since it was asked last, each once: ready and ended are set. */
enum tls_change { TLS_SAME, TLS_READY, TLS_OVER };
enum tls_change endpoint_secure_note(struct secure *s, cs_time now);
/* The rule that ended it; CS_RULE_NONE for an orderly end. */
cs_rule endpoint_secure_why(const struct secure *s);
void endpoint_secure_close(cs_endpoint *e);

/* secure.c: secured datagrams, as the functions of endpoint.h */
void endpoint_datagram_up(cs_endpoint *e, cs_time now);
APART cs_err endpoint_datagram_receive(cs_endpoint *e, cs_span bytes, cs_time now);
APART bool endpoint_datagram_more(cs_endpoint *e);
APART cs_err endpoint_datagram_transmit(cs_endpoint *e, cs_time now, uint8_t *buf, size_t cap,
                                        cs_core_peer *to, size_t *len);
APART bool endpoint_datagram_wants_transmit(const cs_endpoint *e);
APART cs_time endpoint_datagram_deadline(const cs_endpoint *e);
void endpoint_datagram_expire(cs_endpoint *e, cs_time now);
void endpoint_datagram_release(cs_endpoint *e, cs_time now);
void endpoint_datagram_link(cs_endpoint *e, cs_core_link_event what, cs_time now);
bool endpoint_datagram_finished(const cs_endpoint *e);

/* output.c */
enum { CHUNK = 16384 };
/* Puts what waits into the output, up to CHUNK bytes and one message. False
 * when memory is short; what waits is then where it was. */
bool endpoint_fill(cs_endpoint *e, cs_time now);
/* Whether there is something that endpoint_fill would put there. */
bool endpoint_pending(const cs_endpoint *e);
/* Whether bytes wait for the transport to take them. */
bool endpoint_waits(const cs_endpoint *e);
/* The bytes for the transport: what was put there, or on a secured stream the
 * next record of it. CS_ERR_AGAIN when there are none, CS_ERR_MEMORY. */
cs_err endpoint_show(cs_endpoint *e, cs_time now, cs_span *bytes);
void endpoint_taken(cs_endpoint *e, size_t n, cs_time now);
void endpoint_drop_output(cs_endpoint *e);

/* stream.c */
cs_err endpoint_stream_open(cs_endpoint *e);
void endpoint_stream_close(cs_endpoint *e);
void endpoint_stream_up(cs_endpoint *e, cs_time now);
APART cs_err endpoint_stream_receive(cs_endpoint *e, cs_span bytes, cs_time now);
/* What an event means for the stream. */
APART void endpoint_stream_told(cs_endpoint *e, const cs_core_event *event);
/* Gives the session the next message; false when there is none and nothing of
 * the stream's own is to be told. */
APART bool endpoint_stream_more(cs_endpoint *e);
bool endpoint_stream_output(cs_endpoint *e, cs_time now, cs_span *bytes);
void endpoint_stream_sent(cs_endpoint *e, size_t n, cs_time now);
APART bool endpoint_stream_wants_transmit(const cs_endpoint *e);
APART cs_time endpoint_stream_deadline(const cs_endpoint *e);
void endpoint_stream_expire(cs_endpoint *e, cs_time now);
void endpoint_stream_release(cs_endpoint *e, cs_time now);
void endpoint_stream_gone(cs_endpoint *e, cs_time now);
bool endpoint_stream_finished(const cs_endpoint *e);

#endif
