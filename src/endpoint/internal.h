/* What the files of an endpoint share: endpoint.c (the calls, and datagrams),
 * stream.c (bytes that come, and every end), output.c (bytes that go). */
#ifndef CS_ENDPOINT_INTERNAL_H
#define CS_ENDPOINT_INTERNAL_H

#include "endpoint/endpoint.h"

/* A function that only streams reach, kept out of line: the way of a datagram
 * has a budget of instructions (ci/bench.sh). */
#define APART __attribute__((noinline))

/* What only a byte stream needs. */
struct stream {
  cs_link link;
  uint8_t *out;          /* whole messages in their frames, the first partly sent */
  size_t cap, len, sent; /* of out: room, bytes held, bytes of them that went */
  uint8_t *host;         /* WebSocket client, until the upgrade is made */
  size_t host_len;
  cs_rule why;       /* what a Close is to say */
  cs_time stall_due; /* when the peer has left our bytes unread for too long */
  size_t stall_left; /* bytes that it has to take until then, if so many wait */
  cs_time end_due;   /* when an end that has begun is cut short */
  bool up;
  bool deaf;      /* nothing is received any more */
  bool releasing; /* we have asked for an orderly end */
  bool peer_left; /* the peer has, or has closed its WebSocket */
  bool aborted;   /* either side gave up: the peer's answer is not waited for */
  bool closing;   /* the closing handshake of a WebSocket has begun */
  bool done;      /* nothing is sent any more either */
};

/* A program may have thousands of these: 64 bytes for a datagram's. */
struct cs_endpoint {
  cs_core_session *session;
  const cs_endpoint_config *config;
  struct stream *stream; /* NULL for datagrams */
  cs_core_peer from;
  cs_time now;
  cs_span in; /* a datagram that was not taken yet */
  bool multicast;
  bool feeding; /* what was received may still hold a message */
};

static inline const cs_base_alloc *memory(const cs_endpoint *e) {
  return e->config->core.alloc;
}

/* Laid out for datagrams, which count instructions. */
static inline bool is_stream(const cs_endpoint *e) {
  return __builtin_expect(e->stream != NULL, 0);
}

/* The session's clock may have moved on since the bytes came, by what the
 * owner did in between. */
static inline cs_time later(const cs_endpoint *e) {
  cs_time now = cs_core_now(e->session);
  return now > e->now ? now : e->now;
}

/* output.c */
enum { CHUNK = 16384 };
/* Puts what waits into the output, up to CHUNK bytes and one message. False
 * when memory is short; what waits is then where it was. */
bool endpoint_fill(cs_endpoint *e, cs_time now);
/* Whether there is something that endpoint_fill would put there. */
bool endpoint_pending(const cs_endpoint *e);
void endpoint_taken(cs_endpoint *e, size_t n, cs_time now);
void endpoint_drop_output(cs_endpoint *e);

/* stream.c */
cs_err endpoint_stream_open(cs_endpoint *e);
void endpoint_stream_close(cs_endpoint *e);
/* What an event means for the stream. */
APART void endpoint_stream_told(cs_endpoint *e, const cs_core_event *event);
/* Gives the session the next message; false when there is none and nothing of
 * the stream's own is to be told. */
APART bool endpoint_stream_more(cs_endpoint *e);
bool endpoint_stream_output(cs_endpoint *e, cs_time now, cs_span *bytes);
/* at: the session's. */
APART cs_time endpoint_stream_deadline(const cs_endpoint *e, cs_time at);
void endpoint_stream_expire(cs_endpoint *e, cs_time now);
void endpoint_stream_gone(cs_endpoint *e, cs_time now);

#endif
