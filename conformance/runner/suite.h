/* Cipher suites by the names of the IANA registry: those that scenarios speak of. */
#ifndef CS_RUNNER_SUITE_H
#define CS_RUNNER_SUITE_H

#include <stddef.h>

#include "base/bytes.h"

/* What a peer is known by in a suite. */
typedef enum cs_runner_suite_key {
  CS_RUNNER_SUITE_ANY, /* TLS 1.3: the suite does not say */
  CS_RUNNER_SUITE_PSK,
  CS_RUNNER_SUITE_CERTIFICATE
} cs_runner_suite_key;

typedef struct cs_runner_suite {
  uint16_t number;
  cs_runner_suite_key key;
  const char *name; /* "TLS_PSK_WITH_AES_128_CCM_8" */
} cs_runner_suite;

/* NULL when it is none of them. */
const cs_runner_suite *cs_runner_suite_named(cs_span name);
const cs_runner_suite *cs_runner_suite_numbered(uint16_t number);
/* Row i, or NULL past the end. */
const cs_runner_suite *cs_runner_suite_at(size_t i);

#endif
