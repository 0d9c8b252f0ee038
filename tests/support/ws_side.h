/* One side of a WebSocket for tests: a link, its memory, and what it gave. */
#ifndef CS_TESTS_WS_SIDE_H
#define CS_TESTS_WS_SIDE_H

#include "link/link.h"
#include "support/memory.h"
#include "wire/ws_frame.h"

enum { CS_TEST_WS_MESSAGES = 64, CS_TEST_WS_ROOM = 1 << 18 };

typedef struct cs_test_ws {
  cs_link link;
  cs_test_memory memory;
  cs_base_seeded seed;
  cs_rule broken; /* what cs_link_next named last */
  size_t count;   /* messages that came */
  size_t sizes[CS_TEST_WS_MESSAGES];
  size_t used;
  uint8_t bytes[CS_TEST_WS_ROOM]; /* the messages, one behind the other */
} cs_test_ws;

/* Opens the link at time 0 with a timeout of 30 s; a client asks for "h". */
void cs_test_ws_open(cs_test_ws *s, bool server, uint32_t cap);
/* Frees it and checks that nothing is left. */
void cs_test_ws_close(cs_test_ws *s);
/* Feeds the bytes in pieces of step (0: in one) until one says something else
 * than CS_ERR_AGAIN, keeps the messages, and returns what was said last. */
cs_err cs_test_ws_give(cs_test_ws *s, cs_span bytes, size_t step);
/* All bytes of the link's own that wait. */
cs_span cs_test_ws_own(cs_test_ws *s);
/* Forgets the messages. */
void cs_test_ws_forget(cs_test_ws *s);
/* Opens both, shakes hands and forgets how much memory that took. */
void cs_test_ws_pair(cs_test_ws *client, cs_test_ws *server, uint32_t cap);
/* A frame, masked with a fixed key or not, into out; returns its size. */
size_t cs_test_ws_frame(uint8_t *out, bool fin, uint8_t opcode, bool masked, cs_span payload);

#endif
