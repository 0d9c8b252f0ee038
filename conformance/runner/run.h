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

/* What goes to standard output. */
typedef enum cs_runner_output {
  CS_RUNNER_OUTPUT_TEXT,
  CS_RUNNER_OUTPUT_JSON, /* the report, at the end */
  CS_RUNNER_OUTPUT_JSONL /* an object a line while it goes on (docs/reports.md) */
} cs_runner_output;

/* A server that is started: its command, and where its targets are then. */
typedef struct cs_runner_server {
  cs_runner_list words; /* const char *, filled in */
  const char *const *targets;
} cs_runner_server;

typedef struct cs_runner_run_config {
  cs_runner_library *library;
  const cs_runner_profile *profile;
  const char *profile_name;
  const cs_runner_credentials *credentials; /* secured transports */
  /* Checked URIs, at most one a transport; or "embedded" alone. */
  const char *const *targets;
  size_t target_count;
  /* The servers to start, each with its own ports, or none; of the first are the targets
   * above, of each the targets in the same order. */
  const cs_runner_server *servers;
  size_t server_count;
  cs_runner_selection selection;
  unsigned jobs;
  uint64_t seed;
  bool shuffle;
  const char *out;  /* folder of the reports */
  const char *pcap; /* another file for the packets, or NULL */
  cs_runner_output output;
  bool verbose;
  /* Care for devices; as the options of docs/coapspec.md say. */
  unsigned rate;         /* messages a second; 0: no limit */
  unsigned retries;      /* how often a case that failed is heard again */
  cs_time timeout;       /* of a case on a wire; 0: none */
  cs_time time_limit;    /* of the run; 0: none */
  const char *reset_cmd; /* or NULL */
  bool read_only;
  bool robustness;
  bool multicast;               /* off loopback too */
  cs_runner_list require;       /* const char *: capabilities */
  const cs_net_address *source; /* where to send from; NULL: anywhere */
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
