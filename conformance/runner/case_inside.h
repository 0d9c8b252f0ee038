/* What the files of the case machine share. */
#ifndef CS_RUNNER_CASE_INSIDE_H
#define CS_RUNNER_CASE_INSIDE_H

#include "runner/case.h"
#include "runner/values.h"

/* A datagram that came. */
typedef struct cs_runner_arrival {
  cs_time at;
  unsigned port;
  cs_span bytes;
  cs_rule broken; /* why it is no message, or CS_RULE_NONE */
  bool late;      /* the first answer to a message, when we have sent another since */
  cs_wire_message m;
  const char *notation;
} cs_runner_arrival;

/* A Confirmable or Non-confirmable message that was sent. */
typedef struct cs_runner_posted {
  uint16_t mid;
  cs_span token; /* empty when it is not known */
  unsigned port;
  bool answered;
} cs_runner_posted;

typedef struct cs_runner_departure {
  unsigned port;
  cs_span bytes;
} cs_runner_departure;

/* The last ">>": it is sent again until something answers it. */
typedef struct cs_runner_request {
  bool there;
  bool echoed; /* it is the request again, with the Echo that the target asked for */
  const cs_runner_step *step;
  bool repeating;
  cs_runner_made made;
  unsigned port;
  cs_time again; /* when it is sent again */
  cs_time timeout;
  unsigned count;
} cs_runner_request;

/* A quirk that was seen while the case went on: what a case that passes then
 * ends as. */
typedef struct cs_runner_noted {
  bool there;
  const char *statement;
  unsigned line;
  const char *message;
} cs_runner_noted;

/* A search for a sign of life. */
typedef struct cs_runner_life {
  bool looking;
  bool closing; /* at the end of the case */
  bool found;
  cs_time began;
  unsigned sent; /* messages of the schedule that went out */
  uint16_t ping_mid;
  uint16_t get_mid;
  uint8_t token[4];
  bool used; /* the numbers above were sent at least once */
} cs_runner_life;

struct cs_runner_case {
  cs_runner_case_config config;
  cs_runner_arena arena;
  cs_runner_values values;
  cs_runner_fresh fresh;
  cs_wire_limits limits; /* tokens over 8 bytes once we have sent one */
  bool started;
  bool done;
  cs_time start;
  cs_time end;
  cs_time before; /* when the step before was completed */
  size_t step;
  unsigned port; /* in use */
  unsigned ports;
  uint16_t port_names[CS_RUNNER_PORTS_MAX];
  cs_runner_list inbox;  /* cs_runner_arrival */
  size_t next;           /* of the inbox */
  cs_runner_list outbox; /* cs_runner_departure */
  size_t sent;
  cs_runner_list posted;  /* cs_runner_posted */
  cs_runner_list packets; /* cs_report_packet */
  cs_runner_list matched; /* cs_span: for "dup" and to pass repeats over */
  cs_runner_request request;
  cs_runner_list earlier; /* cs_runner_request: those before it */
  cs_runner_noted noted;
  cs_runner_life life;
  size_t passed_over; /* repeats, since the step began */
  cs_time now;
  bool decided;
  cs_verdict verdict;
  const char *statement;
  unsigned line;
  const char *message;
  bool lifeless;
  bool silent;
};

static inline const cs_runner_step *cs_runner_case_step(const cs_runner_case *c) {
  const cs_runner_scenario *s = c->config.variant.scenario;
  return c->step < s->step_count ? &s->steps[c->step] : NULL;
}

void cs_runner_case_send(cs_runner_case *c, unsigned port, cs_span bytes);
/* Sends the last ">>" again as a new request with this Echo. */
void cs_runner_case_send_echo(cs_runner_case *c, cs_span echo);
void cs_runner_case_send_empty(cs_runner_case *c, unsigned port, uint8_t type, uint16_t mid);
/* The message in our notation, or its bytes. */
const char *cs_runner_notation(cs_runner_arena *arena, cs_span bytes, const cs_wire_limits *limits);

/* Settles the verdict; the first one stays. A failure of a statement that is
 * not a MUST becomes a warning. */
void cs_runner_decide(cs_runner_case *c, cs_verdict verdict, const char *statement, unsigned line,
                      const char *message);

/* Goes on with the step behind the present one, which was completed at this time. */
void cs_runner_next_step(cs_runner_case *c, cs_time at);

/* Works on the present expectation; true when it is over. */
bool cs_runner_expect(cs_runner_case *c);
/* When the present expectation ends if nothing comes any more. */
cs_time cs_runner_expect_deadline(const cs_runner_case *c);

void cs_runner_life_begin(cs_runner_case *c, bool closing);
/* Sends what is due; true when the search is over. */
bool cs_runner_life_turn(cs_runner_case *c);
cs_time cs_runner_life_deadline(const cs_runner_case *c);
/* Whether a message answers the search; it is then nobody else's. */
bool cs_runner_life_takes(cs_runner_case *c, const cs_runner_arrival *a);

#endif
