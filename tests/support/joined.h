/* Two endpoints joined in memory by a stream or a WebSocket, in the clear or over
 * TLS, on a virtual clock; and one endpoint whose peer the test plays by hand,
 * message by message or byte by byte. */
#ifndef CS_TESTS_JOINED_H
#define CS_TESTS_JOINED_H

#include "endpoint/endpoint.h"
#include "support/memory.h"
#include "support/secured.h"

enum { CS_TEST_KINDS = 2 };
/* 0: a plain stream, 1: a WebSocket. */
cs_endpoint_config cs_test_stream_config(int kind);

/* One side: an endpoint and what it told. */
typedef struct cs_test_side {
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_endpoint_config config;
  cs_endpoint *e;
  unsigned kinds[CS_EVENT_ABORTED + 1]; /* how many events of each kind */
  cs_rule aborted;                      /* of the last ABORTED */
  cs_core_nack nack;                    /* of the last NACK */
  cs_rule nack_rule;
  size_t payload; /* bytes in requests (server) or responses (client) */
  size_t out;     /* bytes that left it */
  bool gone;      /* its transport was closed */
  bool hold;      /* a server keeps its exchanges instead of answering */
  uint8_t plain[CS_TLS_RECORD_MAX];
} cs_test_side;

/* Opens one side; config's seams are filled in. A WebSocket client asks host
 * "example.org". Not connected yet. */
void cs_test_side_open(cs_test_side *s, const cs_endpoint_config *config, cs_core_role role,
                       size_t mtu, cs_time now);
/* Closes it; no memory may be left. */
void cs_test_side_close(cs_test_side *s);
/* Takes all events; a server answers each request by 2.05 with its payload. */
void cs_test_side_events(cs_test_side *s, cs_time now);

typedef struct cs_test_joined {
  cs_test_side client, server;
  cs_time now;
  size_t chunk;     /* bytes that pass at once; 0: all */
  size_t cut_at[2]; /* the stream is cut there too: to the server, to the client; 0: nowhere */
  size_t turns;
} cs_test_joined;

/* Opens both and connects them. */
void cs_test_joined_open(cs_test_joined *j, const cs_endpoint_config *client,
                         const cs_endpoint_config *server, size_t mtu);
/* The same over TLS, of these sessions' making: secrets are the client's, the server's. */
void cs_test_joined_open_secured(cs_test_joined *j, const cs_endpoint_config *client,
                                 const cs_endpoint_config *server, size_t mtu,
                                 cs_test_secrets secrets[2]);
/* Lets bytes pass and events be taken until nothing moves. */
void cs_test_joined_run(cs_test_joined *j);
void cs_test_joined_close(cs_test_joined *j);

/* A peer played by the test. */
typedef struct cs_test_played {
  cs_test_side side; /* the endpoint under test */
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_link link; /* the test's */
  cs_time now;
  char text[8192];
} cs_test_played;

/* Opens the endpoint in this role and connects it; a WebSocket is upgraded. */
void cs_test_played_open(cs_test_played *p, const cs_endpoint_config *config, cs_core_role role);
void cs_test_played_close(cs_test_played *p);
/* Gives the endpoint one message in the notation, framed; or bytes as they are.
 * Its events are taken. False once it does not listen any more. */
bool cs_test_say(cs_test_played *p, const char *notation);
bool cs_test_say_bytes(cs_test_played *p, cs_span bytes);
/* Reads all that the endpoint has to send: the next message, "" when none. */
const char *cs_test_hear(cs_test_played *p);
/* Moves the clock to the endpoint's deadline and lets it expire and tell;
 * returns how far that was. */
cs_time cs_test_played_wait(cs_test_played *p);

#endif
