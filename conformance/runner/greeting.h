/* A port on which a handshake is looked at and not completed: what "open hello"
 * asks for. It takes the place of the security session in a veil. */
#ifndef CS_RUNNER_GREETING_H
#define CS_RUNNER_GREETING_H

#include "base/random.h"
#include "runner/case.h"
#include "runner/hello.h"

typedef struct cs_runner_greeting cs_runner_greeting;

/* Sends the ClientHello. hello must outlive it. NULL without memory. */
cs_runner_greeting *cs_runner_greeting_open(cs_runner_case *c, unsigned port,
                                            const cs_runner_hello *hello, bool datagrams,
                                            cs_base_random random, cs_time now);
/* NULL is allowed. */
void cs_runner_greeting_close(cs_runner_greeting *g);
void cs_runner_greeting_feed(cs_runner_greeting *g, cs_span bytes, cs_time now);
void cs_runner_greeting_closed(cs_runner_greeting *g, cs_time now);
bool cs_runner_greeting_output(cs_runner_greeting *g, cs_span *bytes);
void cs_runner_greeting_sent(cs_runner_greeting *g, size_t n, cs_time now);
cs_time cs_runner_greeting_deadline(const cs_runner_greeting *g);
void cs_runner_greeting_expire(cs_runner_greeting *g, cs_time now);
/* Whether nothing was told yet. */
bool cs_runner_greeting_waits(const cs_runner_greeting *g);

#endif
