/* A server under a virtual clock, spoken to in message notation. */
#ifndef CS_TESTS_ASK_H
#define CS_TESTS_ASK_H

#include <string.h>

#include "begins.h"
#include "support/check_main.h"
#include "support/memory.h"
#include "server/server.h"
#include "wire/notation.h"

typedef struct asked {
  cs_test_memory memory;
  cs_server *server;
  cs_time now;
  uint64_t peer; /* who speaks */
  uint64_t to;   /* whom the last message went to */
  char text[8192];
} asked;

/* Opens the server with up to one defect (NULL: none). */
static inline void ask_open(asked *a, const char *defect) {
  memset(a, 0, sizeof *a);
  cs_test_memory_init(&a->memory);
  a->now = 1000 * CS_SECOND;
  a->peer = 7;
  cs_server_config config = {0};
  config.alloc = &a->memory.alloc;
  config.seed = 42;
  config.defects = &defect;
  config.defect_count = defect ? 1 : 0;
  const char *unknown = NULL;
  ck_assert_int_eq(cs_server_new(&config, a->now, &a->server, &unknown), CS_OK);
}

/* Closes it; nothing may leak. */
static inline void ask_close(asked *a) {
  cs_server_free(a->server);
  ck_assert_uint_eq(a->memory.out_bytes, 0);
}

/* The next datagram that goes out now, in notation ("raw" when it does not
 * parse), or "" for none. */
static inline const char *ask_next(asked *a) {
  uint8_t buf[2048];
  size_t len;
  a->text[0] = 0;
  if (cs_server_transmit(a->server, a->now, buf, sizeof buf, &a->to, &len) != CS_OK)
    return a->text;
  cs_wire_message m;
  if (cs_wire_parse(CS_WIRE_UDP, cs_span_of(buf, len), NULL, &m) != CS_RULE_NONE)
    return "raw";
  ck_assert_int_eq(cs_wire_print(&m, a->text, sizeof a->text, &len), CS_OK);
  return a->text;
}

/* Lets time pass, deadline by deadline, until something goes out or the time
 * is up. */
static inline const char *ask_wait(asked *a, cs_time time) {
  cs_time end = a->now + time;
  for (;;) {
    const char *text = ask_next(a);
    if (*text)
      return text;
    cs_time at = cs_server_deadline(a->server);
    if (at > end) {
      a->now = end;
      return "";
    }
    a->now = at > a->now ? at : a->now;
    cs_server_expire(a->server, a->now);
  }
}

static inline void ask_send_bytes(asked *a, const void *bytes, size_t len) {
  /* A copy of exactly that length, so that a read beyond its end is seen. */
  uint8_t *copy = malloc(len ? len : 1);
  ck_assert_ptr_nonnull(copy);
  if (len)
    memcpy(copy, bytes, len);
  ck_assert_int_eq(cs_server_receive(a->server, a->peer, false, cs_span_of(copy, len), a->now),
                   CS_OK);
  free(copy);
}

static inline void ask_send(asked *a, const char *text) {
  uint8_t scratch[4096];
  uint8_t buf[4096];
  size_t len;
  cs_wire_message m;
  cs_wire_notation_error error = {0, ""};
  if (cs_wire_read(CS_WIRE_UDP, cs_span_str(text), scratch, sizeof scratch, &m, &error) != CS_OK)
    ck_abort_msg("%s: at %zu: %s", text, error.at, error.want);
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  ask_send_bytes(a, buf, len);
}

/* What answers a message at once. */
static inline const char *ask(asked *a, const char *text) {
  ask_send(a, text);
  return ask_next(a);
}

#endif
