/* conformance/requirements.tsv: every statement that is tested, or why not. */
#ifndef CS_RUNNER_REQUIREMENTS_H
#define CS_RUNNER_REQUIREMENTS_H

#include "report/result.h"
#include "runner/scenario.h"

typedef enum cs_runner_level {
  CS_RUNNER_MUST,
  CS_RUNNER_SHOULD,
  CS_RUNNER_MAY,
  CS_RUNNER_LEVEL_COUNT_
} cs_runner_level;

typedef struct cs_runner_requirements {
  cs_runner_list rows;    /* cs_report_requirement */
  cs_runner_list reasons; /* const char *, of each row: "scenario", or why there is none */
} cs_runner_requirements;

/* Adds the rows of text; an id that is there already is left as it is. On
 * failure false with *error set, the rows before the fault being added. */
bool cs_runner_requirements_read(cs_span text, cs_runner_arena *arena, cs_runner_requirements *r,
                                 cs_runner_error *error);

/* The row with this id, or NULL. */
const cs_report_requirement *cs_runner_requirement(const cs_runner_requirements *r, const char *id);
/* What its last column says (docs/requirements.md), or NULL for an id that is not there. */
const char *cs_runner_reason(const cs_runner_requirements *r, const char *id);
/* Its level; MUST for an id that is not in the table. */
cs_runner_level cs_runner_level_of(const cs_runner_requirements *r, const char *id);
/* "MUST", "MUST NOT", "SHALL", "REQUIRED" ...; false when it is no such word. */
bool cs_runner_level_read(const char *word, cs_runner_level *out);

#endif
