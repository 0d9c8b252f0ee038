/* What the files of a run share. */
#ifndef CS_RUNNER_RUN_INSIDE_H
#define CS_RUNNER_RUN_INSIDE_H

#include "report/report.h"
#include "runner/driver.h"
#include "runner/run.h"

enum { CS_RUNNER_SIDES_MAX = CS_RUNNER_TRANSPORT_COUNT_, CS_RUNNER_RESTARTS_MAX = 20 };

struct cs_runner_running;

/* The target on one transport, with the cases of that: a slice of the run's. */
typedef struct cs_runner_side {
  struct cs_runner_running *run;
  const char *uri;
  const char *host; /* for an upgrade; NULL in memory */
  cs_runner_transport transport;
  cs_runner_credentials credentials; /* with this target's name */
  const char *security;              /* for the report; NULL in the clear */
  cs_runner_net *net;                /* NULL in memory, or when it could not be opened */
  size_t first, count;
  size_t slow;             /* left out */
  size_t verdicts;         /* cases that ended with one */
  const size_t *order;     /* of the play that goes on: indices of the run's cases */
  bool second;             /* cases that failed among others are being played again */
  cs_runner_list suspects; /* size_t: under way when the server that we started died */
  const char *trouble;
  cs_runner_exit code;
} cs_runner_side;

/* A run while it goes on. Cases are in the order of transports, then of ids. */
typedef struct cs_runner_running {
  const cs_runner_run_config *config;
  cs_runner_arena *arena;
  bool memory;
  cs_runner_side sides[CS_RUNNER_SIDES_MAX];
  size_t side_count;
  size_t count;
  cs_runner_variant *variants;
  cs_runner_case **cases;
  cs_runner_case **first; /* of cases that are played again: what they were at first */
  cs_report_case *results;
  bool *over;    /* played: nothing more to do in this round */
  bool *settled; /* its result is there */
  bool *cut;     /* its connections ended when the target did: that is no evidence */
  cs_runner_spawn *spawn;
  unsigned restarts;
  cs_time ready_by; /* until when the server that we started has to answer; 0: it does */
  const char *trouble;
  cs_time duration;
} cs_runner_running;

cs_time cs_runner_wall(void);

/* Adds a line of trouble. */
void cs_runner_note_trouble(cs_runner_side *s, cs_runner_exit code, const char *line);

/* run_side.c: sees whether the target is there; false with the trouble noted. */
bool cs_runner_side_reach(cs_runner_side *s);
/* Waits until the target of the server that we started answers. */
bool cs_runner_side_await(cs_runner_side *s, const char **why);
/* Plays a case that is not on sockets. */
void cs_runner_side_memory(cs_runner_side *s, cs_runner_case *c);
cs_runner_case *cs_runner_side_case(const cs_runner_side *s, const cs_runner_variant *v,
                                    uint64_t seed);
/* Callbacks of the net driver, and for memory. */
void cs_runner_side_finished(void *ctx, cs_runner_case *c, size_t index);
void cs_runner_side_broken_off(void *ctx, cs_runner_case *c, size_t index);
const char *cs_runner_side_stop(void *ctx);
/* Plays these cases, once. */
cs_runner_ending cs_runner_side_round(cs_runner_side *s, const size_t *list, size_t count,
                                      const char **why);
/* Makes the cases of a side and plays them all. */
void cs_runner_side_play(cs_runner_side *s);
/* The result of a case is what it says now. */
void cs_runner_settle(cs_runner_side *s, size_t i);

/* run_probe.c: why the target cannot show what a scenario is about, or NULL. */
typedef struct cs_runner_means cs_runner_means;
cs_runner_means *cs_runner_means_new(cs_runner_side *s);
const char *cs_runner_lacking(cs_runner_means *m, const cs_runner_scenario *scenario);

/* run_crash.c: the server that we started has died or hangs, or so it seems.
 * Finds out which suspect did it, and starts it anew. False with the trouble
 * noted when there is no going on. */
bool cs_runner_revive(cs_runner_side *s, const char *why);

/* run_print.c */
void cs_runner_print_line(const cs_runner_side *s, const cs_report_case *result);
void cs_runner_describe(const cs_runner_running *r, cs_report_run *run);
bool cs_runner_write_reports(const cs_runner_running *r, const cs_report_run *run);
void cs_runner_tell(const cs_runner_running *r, const cs_report_run *run, bool written);

#endif
