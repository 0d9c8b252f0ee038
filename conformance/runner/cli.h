/* The command line of coapspec. */
#ifndef CS_RUNNER_CLI_H
#define CS_RUNNER_CLI_H

#include "runner/credentials.h"
#include "runner/library.h"
#include "runner/run.h"
#include "runner/select.h"

/* The options of all subcommands; each takes only some of them. */
typedef struct cs_runner_args {
  cs_runner_arena arena;
  cs_runner_list words; /* const char *: what is no option */
  cs_runner_selection selection;
  const char *scenarios;
  const char *profile;
  const char *out;
  const char *pcap;
  const char *bind;
  const char *ws;
  uint64_t token_max;
  const char *spawn;
  uint64_t workers; /* servers that are started */
  cs_runner_credential_files credentials;
  const char *keylog;
  bool all_transports;
  cs_runner_list defects; /* const char * */
  cs_runner_output format;
  bool verbose;
  bool memory;
  bool slow;
  bool list_defects;
  bool help;
  bool version;
  bool seeded;
  uint64_t seed;
  uint64_t jobs;
  /* Care for devices. */
  uint64_t rate;          /* messages a second; 0: no limit */
  uint64_t retries;       /* how often a case that failed is heard again */
  cs_time timeout;        /* of a case on a wire; 0: what its steps take */
  cs_time time_limit;     /* of the run; 0: none */
  const char *reset_cmd;  /* brings a target back that stopped answering */
  bool read_only;         /* no case that changes anything */
  bool robustness;        /* hostile cases off loopback too */
  cs_runner_list require; /* const char *: capabilities */
  const char *source;     /* address to send from */
  bool multicast;         /* run: groups off loopback too; serve: joins the group */
  uint64_t seconds;       /* of fuzzing; 0: the command's default */
} cs_runner_args;

/* The whole program. */
int cs_runner_main(int argc, char **argv);

/* Reads the options of a subcommand that takes those named in "takes", their
 * names divided by spaces. False after an error, which is printed. */
bool cs_runner_read_args(int argc, char **argv, const char *command, const char *takes,
                         cs_runner_args *out);

/* The subcommands; args were read by the options that each takes. */
int cs_runner_command_run(cs_runner_args *args);
int cs_runner_command_list(cs_runner_args *args);
int cs_runner_command_explain(cs_runner_args *args);
int cs_runner_command_lint(cs_runner_args *args);
int cs_runner_command_serve(cs_runner_args *args);
int cs_runner_command_selftest(cs_runner_args *args);
int cs_runner_command_coverage(cs_runner_args *args);
int cs_runner_command_replay(cs_runner_args *args);
int cs_runner_command_fuzz(cs_runner_args *args);

/* Prints "coapspec: ..." and returns the exit code for a wrong usage. */
int cs_runner_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
