/* The files that are part of the program: scenarios, requirements, profiles. */
#ifndef CS_RUNNER_EMBEDDED_H
#define CS_RUNNER_EMBEDDED_H

#include "base/bytes.h"

typedef struct cs_runner_embedded {
  const char *path; /* from conformance/: "scenarios/rfc7252/4.3-ping.scn" */
  cs_span text;
} cs_runner_embedded;

/* Sorted by path; ends with a row whose path is NULL. */
extern const cs_runner_embedded cs_runner_embedded_files[];

#endif
