/* What the api_calls target keeps while an input runs: the context and what was
 * made of it, the servers at the other side of the simulated net, and what is
 * still owed to the application. */
#ifndef CS_FUZZ_API_WORLD_H
#define CS_FUZZ_API_WORLD_H

#include <coap3/coap.h>

#include "endpoint/endpoint.h"
#include "support/simnet.h"

#include "fuzz/counting.h"
#include "fuzz/tls/secrets.h"

enum {
  SESSIONS = 5,
  CONNECTIONS = 8,
  ASKED = 256,
  PDUS = 4,
  ADDRESSES = 4,
  PIECES = 4,
  OPERATIONS_MAX = 300,
  DEPTH_MAX = 3,
  CONTEXT_CAP = 24 << 20,
  SERVER_CAP = 16 << 20
};

/* Where servers are: at 192.0.2.9 the ports of CoAP and HTTP, secured ones too, and
 * two paths. */
enum {
  AT_UDP,
  AT_TCP,
  AT_WS,
  AT_UNIX,
  AT_UNIX_STREAM,
  AT_GROUP,
  AT_NOWHERE,
  AT_DTLS,
  AT_TLS,
  AT_WSS,
  PLACES
};

typedef struct slot {
  coap_session_t *s; /* NULL: free */
  unsigned refs;
  bool orphan;           /* its context was freed */
  coap_session_t *stale; /* ended; released too often on purpose */
} slot;

/* A request that was sent and has not ended. */
typedef struct asked {
  const coap_pdu_t *pdu; /* NULL: free */
  coap_session_t *s;
  coap_mid_t mid;
  bool quiet; /* may end without a word: No-Response, or to a group */
} asked;

/* A connection that a server has accepted. */
typedef struct connection {
  int fd; /* -1: none */
  int at; /* AT_TCP, AT_WS, AT_UNIX_STREAM, AT_TLS, AT_WSS */
  bool upgraded, deaf;
  cs_endpoint *e; /* NULL: the input is the server */
  uint8_t in[1024];
  size_t len;
  uint8_t token[16][8]; /* of the requests that came */
  uint8_t token_len[16];
  unsigned tokens;
} connection;

typedef struct world {
  const uint8_t *at, *end; /* of the input */
  fuzz_memory server_memory;
  cs_test_net *net;
  cs_net servers; /* the servers' own view of the net */
  int fd[PLACES];
  connection connections[CONNECTIONS];
  cs_base_seeded random;
  cs_endpoint_config serving[3]; /* TCP, WebSocket, datagrams */
  cs_endpoint *guard;            /* the DTLS server's, for guarded; NULL: none */
  cs_net_address guarded;
  tls_side serving_side;
  unsigned secured;      /* sessions so far */
  bool honest;           /* servers keep the rules */
  cs_net_address client; /* who sent the last datagram, */
  int client_at;         /* to which of ours, */
  uint8_t last[256];     /* and what */
  size_t last_len;

  coap_context_t *context, *stale_context;
  slot slots[SESSIONS];
  asked asked[ASKED];
  bool lost_count; /* not every request can be followed */
  bool deaf;       /* a handler was taken away */
  coap_address_t places[PLACES];
  unsigned depth, operations;
  uint64_t digest;

  /* values */
  coap_pdu_t *pdus[PDUS];
  coap_optlist_t *options;
  coap_address_t addresses[ADDRESSES];
  coap_uri_t *uri;
  coap_string_t *string;
  coap_binary_t *body;
  void *pieces[PIECES];
} world;

static world w;

static inline uint8_t u8(void) {
  return w.at < w.end ? *w.at++ : 0;
}

static inline uint16_t u16(void) {
  unsigned high = u8();
  return (uint16_t)(high << 8 | u8());
}

/* So many bytes of the input as the next byte says, as far as they are there: a
 * copy of exact size that lives until the next but seven, so that a read past
 * its end shows. */
static cs_span bytes(void) {
  enum { COPIES = 8 };
  static uint8_t *copies[COPIES];
  static unsigned next;
  size_t n = u8(), left = (size_t)(w.end - w.at);
  n = n < left ? n : left;
  free(copies[next % COPIES]);
  uint8_t *copy = copies[next++ % COPIES] = malloc(n ? n : 1);
  memcpy(copy, w.at, n);
  w.at += n;
  return cs_span_of(copy, n);
}

static inline void note(const void *at, size_t n) {
  fuzz_digest(&w.digest, at, n);
}

static inline void note_int(long long value) {
  note(&value, sizeof value);
}

/* A call that may refuse: before it, and after it with its success. A refusal
 * leaves a reason. */
static inline void asks(void) {
  coap_clear_last_error();
}

static inline void said(bool success) {
  note(&success, sizeof success);
  CS_ORACLE(success || *coap_last_error());
}

#endif
