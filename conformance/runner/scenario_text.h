/* The scenario parser's view of its text: one line at a time, and an error
 * that knows where it is. Private to the parser's files. */
#ifndef CS_RUNNER_SCENARIO_TEXT_H
#define CS_RUNNER_SCENARIO_TEXT_H

#include "runner/scenario.h"

typedef struct cs_runner_place {
  unsigned line, column; /* 0: nowhere */
} cs_runner_place;

/* "open secure" and the header's "security" while they are read. */
typedef struct cs_runner_offer {
  cs_runner_secure secure;
  cs_runner_place psk;         /* of a field that needs a pre-shared key */
  cs_runner_place certificate; /* of one that needs certificates */
} cs_runner_offer;

typedef struct cs_runner_parse_state {
  cs_runner_arena *arena;
  const cs_runner_names *names;
  cs_runner_error *error;
  cs_span rest;         /* the lines not begun yet */
  unsigned line;        /* number of the present line */
  const uint8_t *start; /* of the present line */
  cs_base_reader in;    /* what is left of the present line */
  unsigned step_column; /* where the step of the present line begins */
  bool typed;           /* header key "type" is there */
  bool type_used;       /* a step depends on the case's type */
  unsigned type_line, type_column;
  unsigned open_line, open_column; /* of the header key "open"; 0: none */
  size_t repeated;                 /* bytes of payloads that are said by a count */
  cs_runner_list needs;            /* cs_runner_need */
  cs_runner_list vars;             /* cs_runner_var */
  cs_runner_list covers;           /* const char * */
  cs_runner_list steps;            /* cs_runner_step */
  cs_runner_list alternatives;     /* of the step being read */
  cs_runner_scenario *out;
} cs_runner_parse_state;

typedef cs_runner_parse_state state;

/* Goes on to the next line; false at the end of the text. */
bool cs_runner_next_line(state *p);
void cs_runner_skip_spaces(state *p);
/* Whether the line has nothing more but spaces. */
bool cs_runner_at_end(state *p);
unsigned cs_runner_column(const state *p);

/* Fails: sets the error at the present place, or at a place of this line.
 * Always false. The message is "expected " and want. */
bool cs_runner_expected(state *p, const char *want, ...) __attribute__((format(printf, 2, 3)));
bool cs_runner_expected_at(state *p, const uint8_t *at, const char *want, ...)
    __attribute__((format(printf, 3, 4)));
bool cs_runner_expected_on(state *p, unsigned line, unsigned column, const char *want, ...)
    __attribute__((format(printf, 4, 5)));

/* Takes text that stands at the present place, as it is. */
bool cs_runner_take(state *p, const char *text);
/* The same, when a space or the end of the line follows. */
bool cs_runner_take_word(state *p, const char *word);
/* The run of characters up to the next space; empty at the end. */
cs_span cs_runner_word(state *p);
/* The run of letters, digits, '-', '_' and '.'. */
cs_span cs_runner_name(state *p);
bool cs_runner_duration(state *p, cs_time *out);

/* "$name": the variable's index, or -1 after an error. use is what it is used
 * as; CS_RUNNER_KIND_OPEN fits every kind. */
int cs_runner_variable(state *p, cs_runner_kind use);

/* Adds a requirement to those that are covered, once; its name in the arena. */
const char *cs_runner_cover(state *p, cs_span id);

bool cs_runner_parse_header(state *p);
/* Whether the scenario names a transport of the set. */
static inline bool cs_runner_named(const state *p, unsigned set) {
  return (p->out->transports & set) != 0;
}
/* Refuses what stands at a place of this line, when the scenario names a
 * transport outside of the set, on which it means nothing. */
bool cs_runner_only_on(state *p, const uint8_t *at, unsigned set, const char *what);

/* What stands behind ">" or ">>". */
bool cs_runner_parse_send(state *p, bool ordinary, cs_runner_send *out);
/* The pattern behind "<" or "<<", "< frame" and "< upgrade". */
bool cs_runner_parse_pattern(state *p, bool response, cs_runner_pattern *out);
bool cs_runner_parse_frame_pattern(state *p, cs_runner_pattern *out);
bool cs_runner_parse_upgrade_pattern(state *p, cs_runner_pattern *out);
/* How to shake hands: one field, the places of what it needs kept; what all of
 * them come to, with the capability that it needs; all behind "open secure". */
bool cs_runner_parse_offer_field(state *p, cs_runner_offer *o);
bool cs_runner_settle_offer(state *p, cs_runner_offer *o, cs_runner_secure *out);
bool cs_runner_parse_open_hello(state *p, cs_runner_secure *out);
bool cs_runner_parse_hello_pattern(state *p, cs_runner_pattern *out);
bool cs_runner_parse_open_secure(state *p, cs_runner_secure *out);
/* What stands behind "> alert", "< alert", "< secured", "< refused", "< plain". */
bool cs_runner_parse_alert(state *p, cs_runner_send *out);
bool cs_runner_parse_alert_pattern(state *p, cs_runner_pattern *out);
bool cs_runner_parse_secured_pattern(state *p, cs_runner_pattern *out);
bool cs_runner_parse_refused_pattern(state *p, cs_runner_pattern *out);
bool cs_runner_parse_plain_pattern(state *p, cs_runner_pattern *out);
/* What stands behind "call", and one alternative of "expect". */
bool cs_runner_parse_call(state *p, cs_runner_step *step);
bool cs_runner_parse_told(state *p, cs_runner_alternative *a);
/* What a walk over the steps has seen of our client. */
typedef struct cs_runner_call_walk {
  bool open;  /* it has a session, perhaps ended by the target */
  bool asked; /* it has sent a request */
} cs_runner_call_walk;
bool cs_runner_check_call(state *p, const cs_runner_step *step, cs_runner_call_walk *w);
/* A step on the present line. */
bool cs_runner_parse_step(state *p);
/* Closes the step whose alternatives were being read. */
void cs_runner_close_step(state *p);
/* What can be seen only when all is read. */
bool cs_runner_check(state *p);

#endif
