/* (D)TLS for tests of endpoints: one side's credentials, and a peer that the test
 * plays by hand, record by record. */
#ifndef CS_TESTS_SECURED_H
#define CS_TESTS_SECURED_H

#include "support/memory.h"
#include "tls/tls.h"

#define CS_TEST_KEY "Secret_key123"

/* A generator and a pre-shared key, for any number of sessions. */
typedef struct cs_test_secrets {
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_tls_shared *shared;
  cs_tls_setup *setup;
  cs_tls_role role;
  bool no_cid; /* at first false; for the sessions that begin from now on */
} cs_test_secrets;

/* identity "coapspec" with this key. seed makes what is drawn reproducible. */
void cs_test_secrets_open(cs_test_secrets *s, cs_tls_role role, const char *key, uint64_t seed);
/* Checks that no memory is left, so after the last session was closed. */
void cs_test_secrets_close(cs_test_secrets *s);
/* A session of it; a server binds its cookies to an address. */
cs_tls *cs_test_secrets_begin(cs_test_secrets *s, cs_tls_kind kind, size_t mtu, cs_time now);

#endif
