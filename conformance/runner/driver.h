/* Drivers play cases against a target: in memory against the embedded server
 * under virtual time, or over UDP. Both give the same verdicts. */
#ifndef CS_RUNNER_DRIVER_H
#define CS_RUNNER_DRIVER_H

#include "net/net.h"
#include "runner/case.h"

/* Plays one case against a fresh embedded server with these defects. The case
 * is done afterwards. */
void cs_runner_play_memory(cs_runner_case *c, uint64_t seed, const char *const *defects,
                           size_t defect_count);

typedef struct cs_runner_udp cs_runner_udp;

typedef struct cs_runner_udp_config {
  cs_net_address target;
  const char *uri; /* for messages */
  const cs_runner_profile *profile;
  const cs_runner_requirements *requirements;
  uint64_t seed;
  unsigned jobs; /* cases at the same time, at least 1 */
  /* Called when a case is done; may be NULL. */
  void (*finished)(void *ctx, cs_runner_case *c, size_t index);
  void *ctx;
} cs_runner_udp_config;

/* CS_ERR_MEMORY, CS_ERR_SYSTEM. */
cs_err cs_runner_udp_open(const cs_runner_udp_config *config, cs_runner_udp **out);
void cs_runner_udp_close(cs_runner_udp *u);

/* Asks for a sign of life and measures how quickly it comes, which settles the
 * tolerance. False with *why, one line, when the target is not there. */
bool cs_runner_udp_sanity(cs_runner_udp *u, const char **why);

/* By how much times may be missed, as measured; for cs_runner_case_config. */
const cs_time *cs_runner_udp_tolerance(const cs_runner_udp *u);

/* Plays the cases, at most jobs at a time; those that write to the same
 * resource never at the same time. When the target stops answering, the cases
 * that run are ended as inconclusive, the others stay unstarted, and false
 * with *why is returned. */
/* From now on one case at a time. */
void cs_runner_udp_one_by_one(cs_runner_udp *u);
bool cs_runner_udp_play(cs_runner_udp *u, cs_runner_case *const *cases,
                        const cs_runner_variant *variants, size_t count, const char **why);

/* Plays one case that is no part of the run, such as a probe; finished is not
 * called for it. */
void cs_runner_udp_probe(cs_runner_udp *u, cs_runner_case *c);

/* Whether two cases must not run at the same time: one writes to a resource
 * that the other uses. */
bool cs_runner_conflict(const cs_runner_scenario *a, const cs_runner_scenario *b,
                        const cs_runner_profile *p);

#endif
