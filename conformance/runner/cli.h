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
  uint32_t token_max;
  const char *spawn;
  cs_runner_credential_files credentials;
  const char *keylog;
  bool all_transports;
  cs_runner_list defects; /* const char * */
  bool json;
  bool verbose;
  bool memory;
  bool slow;
  bool list_defects;
  bool help;
  bool version;
  bool seeded;
  uint64_t seed;
  unsigned jobs;
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

/* Prints "coapspec: ..." and returns the exit code for a wrong usage. */
int cs_runner_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
