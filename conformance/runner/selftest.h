/* The tester tested: each scenario has to catch every defect that it names in
 * the embedded server, by the statement that the defect breaks, on each transport
 * where both have a meaning, and to pass the server without it. And each case has a
 * defect with which it fails: none passes by accident. */
#ifndef CS_RUNNER_SELFTEST_H
#define CS_RUNNER_SELFTEST_H

#include <stdio.h>

#include "runner/library.h"

typedef struct cs_runner_selftest_config {
  cs_runner_library *library;
  const cs_runner_profile *profile; /* of the embedded server */
  uint64_t seed;
  /* Names of defects that are left switched off although it is their turn:
   * how a test sees that a defect without effect is noticed. */
  const char *const *inert;
  size_t inert_count;
  /* Defects of messages are played over (D)TLS too, not on the plain transports
   * alone. */
  bool all_transports;
} cs_runner_selftest_config;

/* The transports that the server in memory speaks: all, without a TLS library the
 * first three. */
enum { CS_RUNNER_SELFTEST_TRANSPORTS = CS_RUNNER_TRANSPORT_COUNT_ };

typedef struct cs_runner_selftest_count {
  size_t cases;   /* played without a defect */
  size_t clean;   /* of them passed */
  size_t defects; /* pairs of scenario and defect */
  size_t killed;
} cs_runner_selftest_count;

typedef struct cs_runner_selftest_result {
  size_t scenarios;
  size_t cases; /* over all transports, as below */
  size_t clean;
  size_t defects;
  size_t killed;
  size_t survived;
  cs_runner_selftest_count on[CS_RUNNER_SELFTEST_TRANSPORTS]; /* by cs_runner_transport */
  cs_runner_list survivors; /* const char *: "id defect: what happened" */
  cs_runner_list unclean;   /* const char *: cases that do not pass the right server */
  cs_runner_list unused;    /* const char *: defects that no scenario names on a transport */
  cs_runner_list unfailing; /* const char *: cases that no defect of their scenario makes fail */
  cs_runner_list uncovered; /* const char *: MUSTs covered without a defect that breaks them */
} cs_runner_selftest_result;

/* Lists are in the library's arena. */
void cs_runner_selftest(const cs_runner_selftest_config *config, cs_runner_selftest_result *out);

/* Whether nothing is to complain of. */
bool cs_runner_selftest_good(const cs_runner_selftest_result *r);

bool cs_runner_selftest_print(const cs_runner_selftest_result *r, bool json, FILE *to);

#endif
