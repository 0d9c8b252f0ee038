/* Drivers play cases against a target: in memory against the embedded server
 * under virtual time, or over sockets. Both give the same verdicts. */
#ifndef CS_RUNNER_DRIVER_H
#define CS_RUNNER_DRIVER_H

#include "net/net.h"
#include "runner/veil.h"

typedef struct cs_runner_memory_config {
  cs_runner_transport transport; /* of the case */
  uint64_t seed;
  const char *const *defects; /* of the server */
  size_t defect_count;
  const cs_runner_credentials *credentials; /* of the runner; secured transports only */
} cs_runner_memory_config;

/* Plays a case against a new embedded server. */
void cs_runner_play_memory(cs_runner_case *c, const cs_runner_memory_config *config);

typedef struct cs_runner_net cs_runner_net;

typedef struct cs_runner_net_config {
  cs_net_address target;
  cs_runner_transport transport; /* one driver a target */
  const char *uri;               /* for messages */
  const char *host;              /* for the upgrades of the driver's own questions, or NULL */
  const cs_runner_profile *profile;
  const cs_runner_requirements *requirements;
  const cs_runner_credentials *credentials; /* secured transports only */
  uint64_t seed;
  unsigned jobs;                /* cases at the same time, at least 1 */
  unsigned rate;                /* datagrams, or pieces of streams, a second at most; 0: no limit.
                                   The time of a case that waits for its turn stands still */
  cs_time timeout;              /* a case that lasts longer has no verdict; 0: none */
  const cs_net_address *source; /* to send from, its port 0; NULL: any */
  bool multicast;               /* off loopback too */
  /* Called when a case is done; may be NULL. */
  void (*finished)(void *ctx, cs_runner_case *c, size_t index);
  /* Called for each case that was under way when a play ended early; may be NULL. */
  void (*broken_off)(void *ctx, cs_runner_case *c, size_t index);
  /* Called for each case under way when the target, that was away for a while, is
   * there again; may be NULL. */
  void (*was_away)(void *ctx, cs_runner_case *c, size_t index);
  /* Asked several times a second: why everything has to stop, one line, or
   * NULL to go on. May be NULL. */
  const char *(*stop)(void *ctx);
  void *ctx;
} cs_runner_net_config;

/* CS_ERR_MEMORY, CS_ERR_SYSTEM, CS_ERR_UNSUPPORTED (a secured transport in a
 * build without TLS). */
cs_err cs_runner_net_open(const cs_runner_net_config *config, cs_runner_net **out);
void cs_runner_net_close(cs_runner_net *u);

/* Asks for a sign of life and measures how quickly it comes, which settles the
 * tolerance. False with *why, one line, when the target is not there. */
bool cs_runner_net_sanity(cs_runner_net *u, const char **why);

/* Why nothing can be sent to a group there, one line, or NULL. */
const char *cs_runner_net_barred(cs_runner_net *u);

/* By how much times may be missed, as measured; for cs_runner_case_config. */
const cs_time *cs_runner_net_tolerance(const cs_runner_net *u);

/* From now on one case at a time. */
void cs_runner_net_one_by_one(cs_runner_net *u);

/* How a play ended. */
typedef enum cs_runner_ending {
  CS_RUNNER_PLAYED,  /* every case is done */
  CS_RUNNER_GONE,    /* the target stopped answering */
  CS_RUNNER_STOPPED, /* stop said so */
} cs_runner_ending;

/* Plays the cases, at most jobs at a time; those that write to the same
 * resource never at the same time. When it ends early, *why says why, the
 * cases that were under way are handed to broken_off, and the others stay
 * unstarted. */
cs_runner_ending cs_runner_net_play(cs_runner_net *u, cs_runner_case *const *cases,
                                    const cs_runner_variant *variants, size_t count,
                                    const char **why);

/* Plays them against several targets that are the same, in one loop; jobs and
 * conflicts count for each target alone. Where one is gone or stopped, no case begins any
 * more, and the others finish what they have under way. ends has a place for each target:
 * PLAYED says that what it had begun is done. */
typedef struct cs_runner_end {
  cs_runner_ending ending;
  const char *why;
} cs_runner_end;
void cs_runner_net_play_all(cs_runner_net *const *nets, size_t nets_count,
                            cs_runner_case *const *cases, const cs_runner_variant *variants,
                            size_t count, cs_runner_end *ends);

/* How many cases are under way. */
size_t cs_runner_net_under_way(const cs_runner_net *u);

/* The last sign of life that was asked for by cs_runner_net_sanity, for the report: the
 * caller's from now on; NULL when there is none. */
cs_runner_case *cs_runner_net_take_sign(cs_runner_net *u);

/* Plays one case that is no part of the run, such as a probe; finished is not
 * called for it. */
void cs_runner_net_probe(cs_runner_net *u, cs_runner_case *c);

/* Whether two cases must not run at the same time: one writes to a resource
 * that the other uses. */
bool cs_runner_conflict(const cs_runner_scenario *a, const cs_runner_scenario *b,
                        const cs_runner_profile *p);

#endif
