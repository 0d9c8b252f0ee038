/* Two cs_tls joined over a virtual link: it can lose, duplicate and reorder
 * datagrams, and cut streams into pieces; clock, generators and link follow from
 * one seed. Links with what implements cs_tls in this build. */
#ifndef CS_TESTS_TLS_PAIR_H
#define CS_TESTS_TLS_PAIR_H

#include "support/memory.h"
#include "tls/tls.h"

enum { CS_TEST_TLS_HEARD = 1 << 16, CS_TEST_TLS_CLIENT = 0, CS_TEST_TLS_SERVER = 1 };
#define CS_TEST_TLS_IDENTITY "coapspec"
#define CS_TEST_TLS_KEY "Secret_key123"

typedef struct cs_test_tls_link {
  unsigned loss_percent, duplicate_percent; /* datagrams */
  cs_time delay_min, delay_max;             /* a range reorders datagrams */
  size_t cut;                               /* a stream's bytes at once; 0: as they come */
} cs_test_tls_link;

typedef struct cs_test_tls_side {
  cs_tls_credentials credentials; /* init: the PSK; a test points it elsewhere */
  cs_tls_psk psk;
  cs_tls_config config; /* init: kind, mtu 1200, client_address; setup is made by open */
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_tls_shared *shared;
  cs_tls_setup *setup;
  cs_tls *tls;
  cs_err said;      /* what cs_tls_read said last */
  size_t records;   /* of application data that came */
  size_t heard_len; /* bytes of them in heard, */
  uint8_t heard[CS_TEST_TLS_HEARD];
  size_t sent_count; /* datagrams, or pieces of a stream, that left it */
  size_t sent_bytes;
} cs_test_tls_side;

typedef struct cs_test_tls_flying {
  struct cs_test_tls_flying *next;
  cs_time due;
  int to;
  size_t len;
  uint8_t bytes[];
} cs_test_tls_flying;

typedef struct cs_test_tls_pair {
  cs_test_tls_side side[2]; /* client, server */
  cs_time now;
  cs_test_tls_link link;
  cs_base_seeded chance;      /* of the link */
  cs_test_tls_flying *flying; /* by due time, then in order of sending */
  cs_time last_due[2];
  /* Sees what a side sends, and may change it in place, up to cap bytes, or lose
   * it by returning false. NULL: nobody. */
  bool (*tap)(void *ctx, int from, uint8_t *bytes, size_t *len, size_t cap);
  void *tap_ctx;
} cs_test_tls_pair;

/* Fills *p in; nothing is opened. p must not move afterwards (a big object: static
 * or on the heap). */
void cs_test_tls_init(cs_test_tls_pair *p, cs_tls_kind kind, uint64_t seed);
/* Makes generators, setups and sessions, and fails the test when one cannot be. */
void cs_test_tls_open(cs_test_tls_pair *p);
/* The same for one side, returning what cs_tls_open says. */
cs_err cs_test_tls_open_side(cs_test_tls_pair *p, int side);
/* Closes what is open and checks that no memory of ours is left. */
void cs_test_tls_close(cs_test_tls_pair *p);

/* Takes what the sides have to send, and delivers what is due next, or lets the
 * earliest deadline pass, whichever is first. False: nothing is left to do. */
bool cs_test_tls_step(cs_test_tls_pair *p);
/* Steps until nothing is left, or count steps were made. */
void cs_test_tls_run(cs_test_tls_pair *p, size_t count);
/* Steps until both are established; false when that does not come. */
bool cs_test_tls_shake(cs_test_tls_pair *p);
/* Whether this side is in this state. */
bool cs_test_tls_is(const cs_test_tls_pair *p, int side, cs_tls_state state);

/* Feeds bytes to a side and reads all that comes of it. */
void cs_test_tls_give(cs_test_tls_pair *p, int side, cs_span bytes);
/* Takes what this side has to send, without the link: all in one, or the next
 * datagram. Returns its length; 0: nothing. */
size_t cs_test_tls_take(cs_test_tls_pair *p, int side, uint8_t *out, size_t cap);
/* Writes text, lets it pass, and forgets what was heard before. True when it came
 * as it was. */
bool cs_test_tls_say(cs_test_tls_pair *p, int from, const char *text);
/* What this side heard; forgotten by the next cs_test_tls_say. */
cs_span cs_test_tls_heard(const cs_test_tls_pair *p, int side);

/* A file of conformance/credentials. */
#define CS_TEST_TLS_FILE(name) cs_test_tls_file(TEST_SOURCE_DIR "/conformance/credentials/" name)
/* The file's bytes, read once, NUL-terminated beyond their length; fails the test
 * when it is not there. Valid until the program ends. */
cs_span cs_test_tls_file(const char *path);

#endif
