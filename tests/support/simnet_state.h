/* What the two halves of the simulated net share: its state, and the way from
 * a sender to a receiver. Nothing else includes this. */
#ifndef CS_TESTS_SIMNET_STATE_H
#define CS_TESTS_SIMNET_STATE_H

#include "support/simnet.h"

enum {
  FIRST_FD = 3,
  FIRST_EPHEMERAL = 49152,
  STREAM_WINDOW = 65536,
  DATAGRAM_MAX = 65507,
  GROUPS_MAX = 4,
  OPERATIONS = 5
};

enum { OP_OPEN, OP_ACCEPT, OP_SEND, OP_RECEIVE, OP_WATCH };

typedef enum packet_kind {
  PACKET_DATAGRAM,
  PACKET_UNREACHABLE, /* the ICMP error of a refused datagram */
  PACKET_CONNECT,
  PACKET_ACCEPTED,
  PACKET_REFUSED,
  PACKET_BYTES,
  PACKET_END
} packet_kind;

/* Something under way, later something that waits in a socket's queue. */
typedef struct packet {
  struct packet *next;
  cs_time due;
  packet_kind kind;
  cs_net_address from, to;
  unsigned target; /* serial of the receiving socket; 0: found by address */
  unsigned origin; /* serial of the sending socket */
  size_t len, read;
  uint8_t bytes[];
} packet;

typedef enum stream_state { IDLE, LISTENING, CONNECTING, CONNECTED, BROKEN } stream_state;

typedef struct sim_socket {
  unsigned serial; /* 0: this slot is free */
  cs_net_kind kind;
  stream_state state;
  bool has_peer;
  bool finished; /* this side sends no more */
  bool ended;    /* the other side of the stream has closed */
  cs_net_address local, peer;
  cs_net_address reached_as; /* where the last received datagram was sent to */
  cs_net_address groups[GROUPS_MAX];
  size_t group_count;
  packet *first, *last; /* received */
  size_t unread;        /* stream bytes sent to this socket and not yet read */
  cs_time last_due;     /* of the stream bytes sent so far: keeps their order */
  unsigned other;       /* serial of the other end of a stream */
  cs_err pending;
  void *watcher; /* the program that watches it */
  unsigned what;
  void *user;
} sim_socket;

typedef struct program {
  struct program *next;
  cs_test_net *net;
} program;

struct cs_test_net {
  cs_time now;
  cs_base_seeded random;
  cs_test_net_link link;
  packet *flying; /* by due time, then in order of sending */
  sim_socket *sockets;
  size_t socket_count;
  unsigned last_serial;
  uint16_t next_port;
  cs_net_address *refused;
  size_t refused_count;
  size_t datagrams;
  program *programs;
  void (*idle)(void *ctx);
  void *idle_ctx;
  struct {
    unsigned n;
    cs_err err;
  } fail[OPERATIONS];
};

void *cs_sim_must(void *p);
sim_socket *cs_sim_by_serial(cs_test_net *t, unsigned serial);
bool cs_sim_is_ip(const cs_net_address *a);
cs_net_address cs_sim_plain(const cs_net_address *a);
cs_net_address cs_sim_seen_by(const sim_socket *s, const cs_net_address *a);
cs_net_address cs_sim_text_address(const char *text, uint16_t port);
cs_net_address cs_sim_source_for(const cs_net_address *peer, uint16_t port);
bool cs_sim_port_used(const cs_test_net *t, cs_net_kind kind, const cs_net_address *a);
cs_time cs_sim_pick_delay(cs_test_net *t);
bool cs_sim_chance(cs_test_net *t, unsigned percent);
packet *cs_sim_packet_new(packet_kind kind, cs_span bytes);
void cs_sim_fly(cs_test_net *t, packet *p, cs_time due);
packet *cs_sim_dequeue(sim_socket *s);
sim_socket *cs_sim_socket_new(cs_test_net *t, cs_net_kind kind);
void cs_sim_deliver_due(cs_test_net *t);

#endif
