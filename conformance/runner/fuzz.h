/* Black-box fuzzing of a server: inputs made of the library's scenarios by
 * mutation, many conversations at the same time, a judge over all that comes back,
 * and a small file for whatever is found (docs/coapspec.md, "Fuzzing a server"). */
#ifndef CS_RUNNER_FUZZ_H
#define CS_RUNNER_FUZZ_H

#include "runner/run.h"

typedef struct cs_runner_fuzz_config {
  cs_runner_library *library;
  const cs_runner_profile *profile;
  const cs_runner_credentials *credentials; /* secured transports */
  const char *const *targets;               /* checked URIs, at most one a transport */
  size_t target_count;
  const cs_runner_list *spawn; /* const char *: the command of the server, filled in, or NULL */
  const char *reset_cmd;       /* brings a target back that stopped answering, or NULL */
  cs_runner_selection selection;
  bool robustness; /* hostile scenarios are seeds too */
  cs_time length;  /* of the whole, divided among the targets */
  uint64_t seed;
  unsigned jobs;   /* conversations at the same time, at least 1 */
  const char *out; /* folder of the findings */
  cs_runner_output output;
  bool verbose;
} cs_runner_fuzz_config;

/* Fuzzes, prints, writes the findings. 0 none, 1 breaches, 2 a file could not be
 * written, 3 not reachable, 4 the target ended or hung, 6 no scenario left. */
cs_runner_exit cs_runner_fuzz(const cs_runner_fuzz_config *config);

#endif
