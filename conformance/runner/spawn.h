/* A server that the run starts itself (--spawn): its command line, its ports,
 * its process. It never outlives the program. */
#ifndef CS_RUNNER_SPAWN_H
#define CS_RUNNER_SPAWN_H

#include "net/net.h"
#include "runner/arena.h"

enum { CS_RUNNER_SPAWN_PORTS = 3 };

/* Splits a command into words as a shell does without its substitutions:
 * spaces divide; '...' and "..." keep together; \ takes the next character as
 * it is (inside "..." only before \ and "). False with *why. */
bool cs_runner_spawn_words(const char *command, cs_runner_arena *arena,
                           cs_runner_list *words /* const char * */, const char **why);

/* text with {port}, {port2} and {port3} replaced. */
const char *cs_runner_spawn_fill(const char *text, const uint16_t ports[CS_RUNNER_SPAWN_PORTS],
                                 cs_runner_arena *arena);

/* Ports that are free on UDP and TCP at this address (127.0.0.1 where it is a
 * path). CS_ERR_ARGUMENT when the address is not one of this machine. */
cs_err cs_runner_spawn_ports(const cs_net_address *at, uint16_t ports[CS_RUNNER_SPAWN_PORTS]);

typedef struct cs_runner_spawn cs_runner_spawn;

/* A server that is not started yet; words (already filled in) and log, the
 * path of the file for what it prints, must outlive it. The memory is the
 * arena's. */
cs_runner_spawn *cs_runner_spawn_new(cs_runner_arena *arena, const cs_runner_list *words,
                                     const char *log);

/* Starts it, in a process group of its own, with nothing to read. False with
 * *why when there is no such program or the log cannot be written. */
bool cs_runner_spawn_start(cs_runner_spawn *s, const char **why);

/* Whether the process has ended; waits for that at most so long. */
bool cs_runner_spawn_ended(cs_runner_spawn *s, cs_time patience);

/* How it ended: "signal 11 (Segmentation fault)", "exit code 3"; NULL while it
 * runs. */
const char *cs_runner_spawn_how(const cs_runner_spawn *s);

/* Whether it ended by itself with exit code 0. */
bool cs_runner_spawn_succeeded(const cs_runner_spawn *s);

/* From now on what it started may outlive it: of a command that starts something. */
void cs_runner_spawn_spare(cs_runner_spawn *s);

/* Ends it and its process group: SIGTERM, after 2 s SIGKILL; waits for it. */
void cs_runner_spawn_stop(cs_runner_spawn *s);

/* The same, for good: nothing is started again. NULL does nothing. */
void cs_runner_spawn_free(cs_runner_spawn *s);

/* What it printed last, since it was started: at most so many lines, cut to
 * 2,000 bytes, between them what divider says. */
const char *cs_runner_spawn_output(const cs_runner_spawn *s, unsigned lines, const char *divider);

/* Cuts a log that has grown beyond 16 MiB; to be called now and then. */
void cs_runner_spawn_tend(cs_runner_spawn *s);

#endif
