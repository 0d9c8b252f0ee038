/* Probes: small scenarios of the runner's own that find out whether a target
 * has a capability, and whether it is there at all. Only a probe can make a
 * case that needs a capability a skip. */
#ifndef CS_RUNNER_PROBE_H
#define CS_RUNNER_PROBE_H

#include "runner/scenario.h"

typedef struct cs_runner_probe {
  const char *cap;        /* "extended-token" */
  const char *what;       /* one phrase, for the message of a skip */
  const char *text;       /* a scenario that passes where the capability is there; NULL for
                             what is known without: credentials, the port (run_probe.c) */
  const char *on_streams; /* another one for streams, or NULL */
} cs_runner_probe;

/* What a probe's verdict says. A pass: the target has it. A fail: it was not seen; where
 * the profile lacks the role that the probe is about, and the role test stands in for
 * it, nothing is told by that. The quirk "lacks": the target said that it has it not.
 * Anything else: it could not be told. Where it can be told at all says the
 * scenario's transports. */

/* The probe's scenario for this transport. */
const char *cs_runner_probe_text(const cs_runner_probe *p, cs_runner_transport t);

/* The probe of a capability, or NULL. */
const cs_runner_probe *cs_runner_probe_named(const char *cap);
/* Probe i, or NULL past the end. */
const cs_runner_probe *cs_runner_probe_at(size_t i);

/* The names of those that have a scenario: "observe, block2, ...". */
const char *cs_runner_probe_names(cs_runner_arena *arena);

/* The scenario that asks for nothing but a sign of life. */
extern const char cs_runner_probe_sanity[];

#endif
