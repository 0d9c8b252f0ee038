/* The embedded server on sockets: what its two files share. */
#ifndef CS_RUNNER_SERVE_INSIDE_H
#define CS_RUNNER_SERVE_INSIDE_H

#include "base/table.h"
#include "net/net.h"
#include "server/guard.h"

enum {
  SERVE_BUFFER = 65536,
  SERVE_PEERS_MAX = 4096,
  SERVE_LINKS_MAX = 512,
  /* Output that waits for a client to read it: beyond the first nothing more is
   * read from that client, beyond the second it is cut off. */
  SERVE_OUTPUT_PAUSE = 256 * 1024,
  SERVE_OUTPUT_MAX = 4 * 1024 * 1024
};

/* What is behind a descriptor. */
typedef enum serve_kind { SERVE_DATAGRAM, SERVE_LISTENER, SERVE_LINK } serve_kind;
typedef struct serve_source {
  serve_kind kind;
  cs_wire_form form;
  bool secured; /* DTLS, TLS */
  int fd;       /* -1: none */
} serve_source;

/* A connection. */
typedef struct serve_link {
  serve_source source; /* first */
  uint64_t peer;       /* 0: the server has nothing to do with it any more */
  uint8_t *out;
  size_t out_len, out_cap;
  cs_time active; /* when something came last */
  cs_time until;  /* a closing one ends at the latest then */
  bool closing;   /* once the output is sent, our direction ends */
  bool finished;  /* it has: what comes is thrown away until the client ends too */
} serve_link;

/* Addresses by the numbers that the server knows them by, one for each of the
 * sockets that they send to. The oldest makes room, and its number is never used
 * again. */
typedef struct serve_peer {
  cs_base_node node;
  cs_net_address address;
  const serve_source *source;
  uint64_t number;
} serve_peer;

typedef struct serving {
  cs_net net;
  serve_source udp, tcp, ws, dtls, tls, wss;
  serve_source group;     /* hears the group; what answers goes out by udp */
  serve_source elsewhere; /* where a defect sends from */
  cs_server *server;
  cs_server_guard *guard; /* NULL in a build without TLS */
  cs_base_table table;
  serve_peer *peers;
  uint64_t next; /* number of the next new peer */
  serve_link links[SERVE_LINKS_MAX];
  uint64_t next_link;
} serving;

static inline cs_time serve_now(const serving *s) {
  return s->net.ops->now(s->net.self);
}

/* The server forgets a connection. */
void cs_runner_serve_hangup(serving *s, const serve_source *source, uint64_t peer);

/* serve_place.c: a socket that hears the group of all CoAP nodes at the address, and at
 * the port, where the server listens. False after an error, which is printed. */
bool cs_runner_serve_join(serving *s, const cs_net_address *at);
/* The socket beside that of UDP; -1 when there is none. */
int cs_runner_serve_elsewhere(serving *s);

/* serve_link.c */
void cs_runner_serve_accept(serving *s, const serve_source *listener);
void cs_runner_serve_ready(serving *s, serve_link *l, unsigned what, uint8_t *buf);
/* Bytes of the server for a connection. */
void cs_runner_serve_output(serving *s, uint64_t peer, cs_span bytes);
bool cs_runner_serve_is_link(uint64_t peer);
/* The server closes this connection. */
void cs_runner_serve_close(serving *s, uint64_t peer);
/* Ends connections whose time is over; when the next one's is. */
cs_time cs_runner_serve_tend(serving *s);
void cs_runner_serve_drop_all(serving *s);

#endif
