/* What the files of fuzzing share. */
#ifndef CS_RUNNER_FUZZ_INSIDE_H
#define CS_RUNNER_FUZZ_INSIDE_H

#include "runner/driver_inside.h"
#include "runner/fuzz.h"
#include "runner/fuzz_input.h"
#include "runner/judge.h"

enum {
  CS_RUNNER_FUZZ_WINDOW = 64,       /* inputs that are remembered behind their end */
  CS_RUNNER_FUZZ_FINDINGS_MAX = 50, /* that are written */
  CS_RUNNER_FUZZ_JOBS_MAX = 64
};

typedef enum cs_runner_fuzz_what {
  CS_RUNNER_FUZZ_CRASH,
  CS_RUNNER_FUZZ_HANG,
  CS_RUNNER_FUZZ_BREACH
} cs_runner_fuzz_what;
const char *cs_runner_fuzz_what_name(cs_runner_fuzz_what w);

/* One thing that was found. */
typedef struct cs_runner_fuzz_finding {
  cs_runner_fuzz_what what;
  cs_runner_transport transport;
  const char *statement; /* of a breach */
  uint8_t code;          /* of the message that broke it, on datagrams */
  const char *how;       /* one line */
  const char *gist;      /* of what the server printed, or "" */
  const char *shape;     /* of the smallest reproducer, or "" */
  uint64_t input;        /* that showed it first */
  const char *seed;      /* id of the scenario that this was made of */
  cs_runner_reproducer r;
  bool reproduced; /* r shows it again */
  const char *file;
  size_t count;   /* how often it was seen */
  size_t repeats; /* of them: how often it was made smaller to be the same in the end */
} cs_runner_fuzz_finding;

/* A rule that seemed to be broken, and was not when the input was played again. */
typedef struct cs_runner_fuzz_doubt {
  const char *statement;
  size_t count;
} cs_runner_fuzz_doubt;

/* An input under way. */
typedef struct cs_runner_fuzz_slot {
  bool used;
  uint64_t input;
  const char *seed; /* id of its scenario */
  cs_runner_arena arena;
  cs_runner_reproducer r;
  cs_runner_case *c;
} cs_runner_fuzz_slot;

/* What is known of one transport at the end. */
typedef struct cs_runner_fuzz_tally {
  const char *uri;
  cs_runner_transport transport;
  size_t seeds;
  uint64_t inputs, messages, answers;
  cs_time time;
  size_t restarts, unconfirmed;
} cs_runner_fuzz_tally;

/* All of a run. */
typedef struct cs_runner_fuzzing {
  const cs_runner_fuzz_config *config;
  cs_runner_arena *arena;
  cs_runner_list findings; /* cs_runner_fuzz_finding */
  cs_runner_fuzz_tally tallies[CS_RUNNER_TRANSPORT_COUNT_];
  size_t tally_count;
  cs_runner_spawn *spawn;
  cs_runner_spawn *reset;
  const char *log;        /* what the server printed */
  size_t log_from;        /* where that of the present start begins */
  cs_runner_list doubted; /* cs_runner_fuzz_doubt */
  const char *trouble;
  cs_runner_exit code;
  cs_time began;
  cs_time drawn; /* when the line of progress was */
} cs_runner_fuzzing;

/* One transport of the target. */
typedef struct cs_runner_fuzzer {
  cs_runner_fuzzing *all;
  cs_runner_arena *arena;
  cs_runner_fuzz_tally *tally;
  cs_runner_fuzz_corpus corpus;
  cs_runner_net *net;
  cs_runner_profile profile; /* of cases; its patience is shorter while something is made smaller */
  const char *uri, *host;
  cs_runner_transport transport;
  cs_runner_credentials credentials;
  bool fresh;       /* nothing was played since the server was started */
  bool refused;     /* a socket said so */
  bool lifeless;    /* a conversation ended without a sign of life */
  cs_time ready_by; /* until when a server that was started has to answer; 0: it does */
  cs_time until;    /* when to stop */
  cs_time limit;    /* when to stop making something smaller; 0: never */
  uint64_t next;    /* input */
  uint64_t recent[CS_RUNNER_FUZZ_WINDOW]; /* inputs that are over */
  uint64_t recent_count;
  cs_runner_fuzz_slot slots[CS_RUNNER_FUZZ_JOBS_MAX];
  unsigned jobs;
  uint64_t cases;
} cs_runner_fuzzer;

cs_time cs_runner_fuzz_wall(void);

/* ---- fuzz_play.c ---- */

/* Opens the driver and waits for a sign of life, having started the server if there is
 * one. False with *why. */
bool cs_runner_fuzz_open(cs_runner_fuzzer *f, const char **why);
void cs_runner_fuzz_close(cs_runner_fuzzer *f);
/* Starts the server anew, or resets the target, and waits for it. */
bool cs_runner_fuzz_restart(cs_runner_fuzzer *f, const char **why);
/* Where what the server prints begins when it is started now. */
void cs_runner_fuzz_mark_log(cs_runner_fuzzing *all);
/* The line of what it printed since that says why it ended, or "". */
const char *cs_runner_fuzz_printed(cs_runner_fuzzing *all);
/* Whether the target can be brought back. */
bool cs_runner_fuzz_restartable(const cs_runner_fuzzer *f);
/* Whether it gives a sign of life. */
bool cs_runner_fuzz_lives(cs_runner_fuzzer *f);

/* Begins an input in a free slot. */
void cs_runner_fuzz_launch(cs_runner_fuzzer *f, cs_runner_fuzz_slot *slot, uint64_t input);
/* Ends a slot, whatever became of it. */
void cs_runner_fuzz_drop(cs_runner_fuzzer *f, cs_runner_fuzz_slot *slot);
/* Whether the conversation of the slot is over; notes what it says of the target. */
bool cs_runner_fuzz_over(cs_runner_fuzzer *f, cs_runner_fuzz_slot *slot);

/* The code of a message that is a datagram and well-formed; 0 of anything else. */
uint8_t cs_runner_fuzz_code(const cs_report_packet *p);

/* How a reproducer ended that was played alone. */
typedef struct cs_runner_fuzz_played {
  bool dead;       /* the process ended, or there was no sign of life */
  bool hung;       /* no sign of life although there is a process */
  const char *how; /* "ended by signal 11 (Segmentation fault)" */
  bool breached;
  cs_runner_breach breach;
  uint8_t code; /* of the message that broke it, where it is a datagram */
} cs_runner_fuzz_played;

/* Plays it alone while nothing else is under way (other slots go on); the target is
 * there. What *out says is in the arena. */
void cs_runner_fuzz_alone(cs_runner_fuzzer *f, const cs_runner_reproducer *r,
                          cs_runner_arena *arena, cs_runner_fuzz_played *out);

/* ---- fuzz_shape.c ---- */

/* What a reproducer looks like, values apart; for telling findings apart. */
const char *cs_runner_fuzz_shape(cs_runner_arena *arena, const cs_runner_reproducer *r);
/* Whether an input has what a finding's reproducer has: its messages, in order. loosely:
 * whatever the method, and with values nearly as long. */
bool cs_runner_fuzz_contains(const cs_runner_reproducer *input, const cs_runner_reproducer *r,
                             bool loosely);
/* The line of a server's output that says why it ended, without its numbers; "" when none
 * does. */
const char *cs_runner_fuzz_gist(cs_runner_arena *arena, const char *output);

/* ---- fuzz_find.c ---- */

/* A conversation broke a rule. */
void cs_runner_fuzz_breached(cs_runner_fuzzer *f, const cs_runner_fuzz_slot *slot,
                             const cs_runner_breach *breach, uint8_t code);
/* The target is gone, or seems so: finds out by what, and brings it back. False when
 * there is no going on. */
bool cs_runner_fuzz_died(cs_runner_fuzzer *f);
/* Whether an input is left out because it most likely ends the target by what was found
 * before: most of such inputs are, or little else would be seen. */
bool cs_runner_fuzz_known(const cs_runner_fuzzer *f, const cs_runner_reproducer *r, uint64_t input);

/* ---- fuzz_print.c ---- */

void cs_runner_fuzz_print_begin(const cs_runner_fuzzer *f);
void cs_runner_fuzz_print_finding(const cs_runner_fuzzing *all, const cs_runner_fuzz_finding *x);
/* A line that is redrawn on a terminal. */
void cs_runner_fuzz_print_progress(cs_runner_fuzzer *f);
void cs_runner_fuzz_print_end(const cs_runner_fuzzing *all);

#endif
