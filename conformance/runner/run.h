/* A run: the selected cases against the target, on each of its transports,
 * with its report. */
#ifndef CS_RUNNER_RUN_H
#define CS_RUNNER_RUN_H

#include "runner/credentials.h"
#include "runner/library.h"
#include "runner/select.h"
#include "runner/spawn.h"

/* The exit codes of the program. Where several hold, the one that is first in
 * this order counts: 2, 6, 3, 4, 1, 5, 0. */
typedef enum cs_runner_exit {
  CS_RUNNER_EXIT_OK = 0,
  CS_RUNNER_EXIT_FAIL = 1,
  CS_RUNNER_EXIT_USAGE = 2,
  CS_RUNNER_EXIT_UNREACHABLE = 3,
  CS_RUNNER_EXIT_CRASHED = 4,
  CS_RUNNER_EXIT_XPASS = 5,
  CS_RUNNER_EXIT_NOTHING = 6
} cs_runner_exit;

/* Of two exit codes the one that counts. */
cs_runner_exit cs_runner_worse(cs_runner_exit a, cs_runner_exit b);

typedef struct cs_runner_run_config {
  cs_runner_library *library;
  const cs_runner_profile *profile;
  const char *profile_name;
  const cs_runner_credentials *credentials; /* secured transports */
  /* Checked URIs, at most one a transport; or "embedded" alone. */
  const char *const *targets;
  size_t target_count;
  const cs_runner_list *spawn; /* const char *: the command of the server to start, or NULL */
  cs_runner_selection selection;
  unsigned jobs;
  uint64_t seed;
  bool shuffle;
  const char *out;  /* folder of the reports */
  const char *pcap; /* another file for the packets, or NULL */
  bool json;        /* the JSON report on stdout and nothing else */
  bool verbose;
} cs_runner_run_config;

/* Runs, prints, writes the reports. */
cs_runner_exit cs_runner_run(const cs_runner_run_config *config);

/* From now on SIGINT, SIGTERM and SIGHUP end a run early, with its report. */
void cs_runner_catch_signals(void);
/* The signal that came, or 0. */
int cs_runner_signal(void);

/* The exit code that these verdicts ask for. */
cs_runner_exit cs_runner_exit_of(const cs_report_run *run);

/* What the profile expects of a case is applied to what it found. silent says
 * that it failed because nothing came. */
void cs_runner_expect_failure(const cs_runner_profile *p, cs_runner_arena *arena, bool silent,
                              cs_report_case *r);

#endif
