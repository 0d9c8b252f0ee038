/* Our own client in a case: one session of the library's endpoint, which the case
 * carries bytes to and from. What it tells the program that uses it, which the case
 * is, are arrivals on its port. */
#ifndef CS_RUNNER_CASE_CALL_H
#define CS_RUNNER_CASE_CALL_H

#include "endpoint/endpoint.h"
#include "runner/case_inside.h"

/* What went one way over the client's transport, cut for the report. */
typedef struct cs_runner_trail {
  bool behind_head; /* WebSocket: frames follow */
  cs_runner_buffer held;
} cs_runner_trail;

typedef struct cs_runner_call {
  cs_runner_case *owner;
  cs_endpoint_config config;
  cs_endpoint *endpoint; /* NULL once it is over */
  cs_base_seeded random;
  unsigned port;
  cs_runner_secure secure;
  bool secured;   /* told */
  bool up;        /* the transport is there */
  bool connected; /* told */
  bool refused;   /* told */
  bool csm;       /* told: the target's */
  bool ended;     /* the transport, by the target */
  bool goodbye;   /* nothing is told any more */
  size_t total;   /* bytes that came */
  cs_runner_trail sent, received;
  const cs_runner_step *asked; /* the last request's step, or NULL */
  cs_core_request *request;    /* as long as it is open */
  bool echoed;                 /* it was made again with the target's Echo */
  size_t refusal_step;         /* the step in which our client refused something unasked, */
  cs_rule refusal;             /* by this rule; NONE: never */
} cs_runner_call;

/* ---- case_trail.c ---- */

/* Records what went to the target or came from it, before it was protected or behind that. */
void cs_runner_trail_add(cs_runner_call *call, bool sent, cs_span bytes);
/* Records what is no whole message or frame: the transport is over. */
void cs_runner_trail_end(cs_runner_call *call);

/* ---- case_told.c ---- */

/* A message as the program sees it: without type, Message ID and token. */
const char *cs_runner_plain_notation(cs_runner_arena *arena, const cs_wire_message *m);
/* Tells an event of the session; its spans are copied. */
void cs_runner_call_tell_core(cs_runner_call *call, const cs_core_event *event);
void cs_runner_call_tell(cs_runner_call *call, cs_runner_event event);
void cs_runner_call_tell_secured(cs_runner_call *call, const cs_tls_negotiated *n);
void cs_runner_call_tell_refused(cs_runner_call *call, const cs_tls_failure *f);

#endif
