/* A client and a server endpoint over DTLS, joined by a link that may lose and
 * reorder by a seed, on a virtual clock. */
#ifndef CS_TESTS_SECURED_PAIR_H
#define CS_TESTS_SECURED_PAIR_H

#include "endpoint/endpoint.h"
#include "support/secured.h"

enum { CS_TEST_AIR = 64, CS_TEST_DATAGRAM = 2048 };

typedef struct cs_test_datagram {
  cs_time at;
  bool to_server;
  size_t len;
  uint8_t bytes[CS_TEST_DATAGRAM];
} cs_test_datagram;

/* One end and what it told. */
typedef struct cs_test_node {
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_endpoint_config config;
  cs_endpoint *e;
  uint8_t plain[CS_TLS_RECORD_MAX];
  unsigned kinds[CS_EVENT_ABORTED + 1];
  cs_core_nack nack; /* of the last NACK */
  cs_rule nack_rule;
  cs_rule rejected;             /* of the last REJECTED */
  unsigned datagrams, messages; /* that left it, and those of them that carried a message */
  cs_time first_message, last_message;
  size_t longest; /* datagram */
  bool hold;      /* a server keeps its exchanges instead of answering */
} cs_test_node;

typedef struct cs_test_secured_pair {
  cs_test_node client, server;
  cs_test_datagram air[CS_TEST_AIR];
  size_t flying;
  cs_base_seeded seeded;
  unsigned loss; /* in a hundred */
  cs_time delay; /* at most, beyond a millisecond: datagrams overtake each other */
  bool deaf[2];  /* nothing arrives there: at the client, at the server */
  cs_time now;
} cs_test_secured_pair;

/* Opens both, in the clear and not up; each secured by secrets[0] and [1] when that is not
 * NULL, and up. */
void cs_test_pair_open(cs_test_secured_pair *p, cs_test_secrets *secrets, size_t mtu,
                       uint64_t seed);
void cs_test_pair_close(cs_test_secured_pair *p);
/* Secures both anew and begins the handshake. */
void cs_test_pair_secure(cs_test_secured_pair *p, cs_test_secrets secrets[2], size_t mtu);
/* Takes the events of one, and puts what it sends into the air. */
void cs_test_pair_turn(cs_test_secured_pair *p, cs_test_node *n);
/* Moves to the next thing that happens, but not beyond until; false when nothing
 * does until then. */
bool cs_test_pair_step(cs_test_secured_pair *p, cs_time until);
/* All that happens for as long. */
void cs_test_pair_pass(cs_test_secured_pair *p, cs_time by);
/* Sends a request with this token (a constant) and an empty payload. */
cs_err cs_test_pair_get(cs_test_secured_pair *p, const char *token);

#endif
