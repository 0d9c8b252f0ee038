/* What the commands that meet a target make of their options. command is the name
 * in front of a complaint; every complaint is printed. */
#ifndef CS_RUNNER_CLI_TARGET_H
#define CS_RUNNER_CLI_TARGET_H

#include <stdio.h>

#include "runner/cli.h"

/* Splits the command of --spawn and chooses the ports of "count" servers: servers[0] to
 * servers[count - 1] get words and targets with the ports filled in, in the arena. False
 * after an error. */
bool cs_runner_plan_servers(const char *command, const char *spawn, cs_runner_arena *arena,
                            const char *const *targets, size_t target_count,
                            cs_runner_server *servers, size_t count);

/* A seed: the one that was given; else in memory always the same, on a wire never, since a
 * target remembers Message IDs for minutes. */
uint64_t cs_runner_seed_for(const cs_runner_args *a, bool memory);

/* Opens the key log, for its owner alone to read; path NULL: *out is NULL. */
bool cs_runner_open_keylog(const char *command, const char *path, FILE **out);

/* What is known of a target before it is met. */
typedef struct cs_runner_knowledge {
  const char *name; /* of the profile */
  cs_runner_profile profile;
  cs_runner_credentials credentials;
} cs_runner_knowledge;

/* Reads profile and credentials. secured: a target is over (D)TLS. To be called before
 * scenarios are loaded: a profile may name roles that they use. */
bool cs_runner_learn(const cs_runner_args *a, cs_runner_library *l, bool embedded, bool secured,
                     FILE *keylog, cs_runner_knowledge *out);

#endif
