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

/* The probe's scenario for this transport. */
const char *cs_runner_probe_text(const cs_runner_probe *p, cs_runner_transport t);

/* The probe of a capability, or NULL. */
const cs_runner_probe *cs_runner_probe_named(const char *cap);
/* Probe i, or NULL past the end. */
const cs_runner_probe *cs_runner_probe_at(size_t i);

/* The scenario that asks for nothing but a sign of life. */
extern const char cs_runner_probe_sanity[];

#endif
