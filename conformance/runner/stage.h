/* A target that scenarios are played against one at a time, each alone: for
 * reproducers. A server that we start is started anew when it is down. */
#ifndef CS_RUNNER_STAGE_H
#define CS_RUNNER_STAGE_H

#include "runner/driver.h"
#include "runner/spawn.h"

typedef struct cs_runner_stage_config {
  const char *uri; /* checked, with its port */
  cs_runner_transport transport;
  const cs_runner_profile *profile;
  const cs_runner_requirements *requirements;
  const cs_runner_credentials *credentials; /* secured transports */
  uint64_t seed;
  /* What brings the target back, at most one of both, each borrowed; neither: nothing does. */
  cs_runner_spawn *spawn;       /* the server; started when it does not run */
  cs_runner_spawn *reset;       /* a command that ends by itself (cs_runner_reset) */
  cs_time patience;             /* how long a sign of life may take; 0: as the profile says */
  cs_time timeout;              /* of one play; 0: none */
  unsigned rate;                /* messages a second; 0: no limit */
  const cs_net_address *source; /* where to send from; NULL: anywhere */
  bool fresh; /* the target is started anew, or reset, before each play, not only when it is
                 down: what came before has no part in it */
  /* Asked several times a second: why everything has to stop, or NULL. May be NULL. */
  const char *(*halted)(void *ctx);
  void *ctx;
} cs_runner_stage_config;

typedef struct cs_runner_stage cs_runner_stage;

/* What became of the target. */
typedef enum cs_runner_outcome {
  CS_RUNNER_LIVES,     /* there was a sign of life behind it */
  CS_RUNNER_ENDED,     /* the server that we started ended */
  CS_RUNNER_HUNG,      /* no sign of life any more */
  CS_RUNNER_NOT_PLAYED /* the target could not be reached before, or halted said so */
} cs_runner_outcome;

/* A stage in the arena; nothing is started yet. False with *why, one line. */
bool cs_runner_stage_open(cs_runner_arena *arena, const cs_runner_stage_config *config,
                          cs_runner_stage **out, const char **why);
/* Leaves the server as it is. NULL does nothing. */
void cs_runner_stage_close(cs_runner_stage *s);

/* Sees to it that the target is there: starts what is down and waits for a sign of life.
 * False with *why. cs_runner_stage_play does it too. */
bool cs_runner_stage_ready(cs_runner_stage *s, const char **why);

/* Plays a case alone. *out is the case, the caller's to free (NULL when not played); out may
 * be NULL. *why: how the target ended ("ended by signal 11 (Segmentation fault)", "stopped
 * answering although its process was there"), or why it was not played. */
cs_runner_outcome cs_runner_stage_play(cs_runner_stage *s, const cs_runner_variant *v,
                                       cs_runner_case **out, const char **why);

/* Runs a command that brings a target back: at most 60 s, with exit code 0. False with *why. */
bool cs_runner_reset(cs_runner_spawn *command, const char *(*halted)(void *ctx), void *ctx,
                     cs_runner_arena *arena, const char **why);

#endif
