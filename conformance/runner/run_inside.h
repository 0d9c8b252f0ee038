/* What the files of a run share. */
#ifndef CS_RUNNER_RUN_INSIDE_H
#define CS_RUNNER_RUN_INSIDE_H

#include "report/report.h"
#include "runner/driver.h"
#include "runner/run.h"

enum { CS_RUNNER_SIDES_MAX = CS_RUNNER_TRANSPORT_COUNT_, CS_RUNNER_RESTARTS_MAX = 20 };

struct cs_runner_running;
struct cs_runner_side;

/* One of the servers that were started, or the one target; and who meets it. */
typedef struct cs_runner_worker {
  struct cs_runner_running *run;
  struct cs_runner_side *side; /* that is being played */
  unsigned index;
  cs_runner_spawn *spawn;  /* NULL: it was not started by us */
  const char *uri;         /* where it is on the side's transport */
  cs_runner_net *net;      /* NULL in memory, or when it could not be opened */
  cs_runner_list suspects; /* size_t: under way when it died */
  cs_time ready_by;        /* until when it has to answer; 0: it does */
} cs_runner_worker;

/* The target on one transport, with the cases of that: a slice of the run's. */
typedef struct cs_runner_side {
  struct cs_runner_running *run;
  const char *uri;
  const char *host; /* for an upgrade; NULL in memory */
  cs_runner_transport transport;
  bool local;                        /* in memory, on loopback or at a path */
  cs_runner_credentials credentials; /* with this target's name */
  const char *security;              /* for the report; NULL in the clear */
  cs_runner_net *net;                /* of the first worker; NULL in memory, or when it could
                                        not be opened */
  const cs_runner_worker *silent;    /* the one that could not be reached */
  size_t first, count;
  size_t slow;         /* left out */
  size_t verdicts;     /* cases that ended with one */
  const size_t *order; /* of the play that goes on: indices of the run's cases */
  bool second;         /* cases that failed among others are being played again */
  unsigned round;      /* how often they were */
  const char *trouble;
  cs_runner_exit code;
  bool probing;                  /* what is played are probes, not cases of the run */
  struct cs_runner_means *means; /* what they found */
  cs_runner_list own;            /* cs_report_case: the run's own, before the others */
  cs_runner_list own_last;       /* the same, behind them */
  cs_runner_list keep;           /* cs_runner_case *: those that these are of */
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
  /* The target was away for a while and came back when the case ran: at first, and
   * when it was played again. */
  bool *away;
  bool *away_again;
  cs_runner_worker *workers;
  unsigned worker_count;
  cs_runner_spawn *spawn; /* the first worker's, or NULL */
  cs_runner_spawn *reset; /* the command that brings the target back, or NULL */
  unsigned restarts;
  cs_time reducing; /* time that was spent on making reproducers small */
  const char *trouble;
  cs_time duration;
  int64_t started;                     /* seconds since the epoch; 0 in memory */
  cs_time until;                       /* the end of the time limit; 0: none */
  struct cs_runner_progress *progress; /* the bar of a terminal, or NULL */
  size_t settled_count, fault_count;   /* for it */
} cs_runner_running;

cs_time cs_runner_wall(void);

/* Why the whole run has to end: "interrupted by a signal", "the time limit of 30s
 * came"; or NULL. */
const char *cs_runner_halted(const cs_runner_running *r);
/* The exit code of a run that ended so. */
cs_runner_exit cs_runner_halted_code(void);

/* Adds a line of trouble. */
void cs_runner_note_trouble(cs_runner_side *s, cs_runner_exit code, const char *line);

/* run_worker.c */
/* Starts the servers; what is wrong is noted as everybody's trouble. */
bool cs_runner_workers_start(cs_runner_running *r);
void cs_runner_workers_stop(cs_runner_running *r);
/* Those that ended while another side was played are started again; false with the trouble
 * noted. */
bool cs_runner_workers_ready(cs_runner_side *s);
/* Sees whether the target is there; false with the trouble noted. */
bool cs_runner_side_reach(cs_runner_side *s);
/* Behind the last case of a side. */
void cs_runner_side_leave(cs_runner_side *s);
/* Waits until a target that was started, or reset, answers. */
bool cs_runner_worker_await(cs_runner_worker *w, const char **why);
/* Why what goes on at the worker has to stop, or NULL. */
const char *cs_runner_worker_stop(void *ctx);
/* Plays these cases, once: against one worker; against all, ends having a place for each. */
cs_runner_ending cs_runner_worker_round(cs_runner_worker *w, const size_t *list, size_t count,
                                        const char **why);
void cs_runner_side_round(cs_runner_side *s, const size_t *list, size_t count, cs_runner_end *ends);

/* run_side.c */
/* Plays a case that is not on sockets. */
void cs_runner_side_memory(cs_runner_side *s, cs_runner_case *c);
cs_runner_case *cs_runner_side_case(const cs_runner_side *s, const cs_runner_variant *v,
                                    uint64_t seed);
/* What drivers tell of a case; index counts in s->order. */
void cs_runner_side_finished(cs_runner_side *s, cs_runner_case *c, size_t index);
void cs_runner_side_broken_off(cs_runner_side *s, cs_runner_case *c, size_t index);
void cs_runner_side_was_away(cs_runner_side *s, size_t index);
/* Makes the cases of a side and plays them all. */
void cs_runner_side_play(cs_runner_side *s);
/* The result of a case is what it says now. */
void cs_runner_settle(cs_runner_side *s, size_t i);

/* run_probe.c: why the target cannot show what a scenario is about, or NULL. */
typedef struct cs_runner_means cs_runner_means;
cs_runner_means *cs_runner_means_new(cs_runner_side *s);
void cs_runner_means_free(cs_runner_means *m);
const char *cs_runner_lacking(cs_runner_means *m, const cs_runner_scenario *scenario);
/* Plays every probe, once. */
void cs_runner_side_probe(cs_runner_side *s);
/* What was found, for the report: rows of the side's transport. */
void cs_runner_means_rows(const cs_runner_means *m,
                          cs_runner_list *rows /* cs_report_capability */);
/* The cases of --require. */
void cs_runner_side_required(cs_runner_side *s);

/* run_care.c: what is not done to a device. */
/* Whether it asks the target to change anything, as far as can be told. */
bool cs_runner_changes(const cs_runner_scenario *scenario, cs_runner_transport t);
/* Why the options keep a scenario from this target, or NULL. */
const char *cs_runner_spared(const cs_runner_side *s, const cs_runner_scenario *scenario);
/* Whether an address is of this machine alone. */
bool cs_runner_is_local(const cs_net_address *a);

/* run_sign.c: the run's own cases of a sign of life. */
void cs_runner_sign_first(cs_runner_side *s, bool reached);
/* settled: every case of the side has its result. */
void cs_runner_sign_last(cs_runner_side *s, bool settled);

/* run_crash.c: the server that we started has died or hangs, or so it seems; or the
 * target that can be reset. Finds out which suspect did it, and brings it back. False with
 * the trouble noted when there is no going on. */
bool cs_runner_revive(cs_runner_worker *w, const char *why);
/* run_reduce.c: makes what a case sent, which ended the target, as small as it goes, and
 * writes it into the folder of the reports; the file's path within that, or NULL. The target
 * is down before and perhaps behind. note: what is to be said besides, or NULL. */
const char *cs_runner_reduce(cs_runner_worker *w, size_t i, const char *how, const char **note);

/* run_print.c */
/* A case is done: its line, on a terminal the bar. */
void cs_runner_print_line(const cs_runner_side *s, const cs_report_case *result);
/* The same of one of the run's own. */
void cs_runner_print_own(const cs_runner_side *s, const cs_report_case *result);

/* run_progress.c: a line that is redrawn, on a terminal. NULL does nothing. */
typedef struct cs_runner_progress cs_runner_progress;
cs_runner_progress *cs_runner_progress_new(cs_runner_arena *arena, size_t total);
/* Draws it anew, at most 10 times a second. */
void cs_runner_progress_draw(cs_runner_progress *p, size_t done, size_t faults, size_t under_way);
/* Takes it away, so that something else can be printed. */
void cs_runner_progress_clear(cs_runner_progress *p);

/* run_lines.c: JSON Lines on standard output; each does nothing in other outputs. */
void cs_runner_lines_run(const cs_runner_running *r);
void cs_runner_lines_target(const cs_runner_side *s);
void cs_runner_lines_probe(const cs_runner_side *s, const cs_report_capability *row);
void cs_runner_lines_case(const cs_runner_side *s, const cs_report_case *c);
void cs_runner_lines_trouble(const cs_runner_side *s, const char *line);
void cs_runner_lines_summary(const cs_runner_running *r, const cs_report_run *run,
                             cs_runner_exit code, bool written);
void cs_runner_describe(const cs_runner_running *r, cs_report_run *run);
bool cs_runner_write_reports(const cs_runner_running *r, const cs_report_run *run);
/* code: of the run. */
void cs_runner_tell(const cs_runner_running *r, const cs_report_run *run, bool written,
                    cs_runner_exit code);

#endif
