/* Which cases are run. */
#ifndef CS_RUNNER_SELECT_H
#define CS_RUNNER_SELECT_H

#include "runner/case.h"
#include "runner/library.h"

/* Every list is of words from the command line; an empty list selects all. */
typedef struct cs_runner_selection {
  cs_runner_list only;       /* const char *: globs over ids */
  cs_runner_list exclude;    /* the same */
  cs_runner_list sections;   /* "4.2", "7252/4.2", "RFC7252#4.2", "RFC7252" */
  cs_runner_list levels;     /* "MUST", "SHOULD", "MAY" */
  cs_runner_list transports; /* "udp", "tcp", "ws", "dtls", "tls", "wss" */
  bool fast;                 /* leave out those of "param slow" */
} cs_runner_selection;

/* Whether the words of levels and transports mean anything; *word is the
 * first that does not. */
bool cs_runner_selection_check(const cs_runner_selection *s, const char **word);

/* The cases that the selection leaves, in the order of their ids, in the
 * library's arena. *slow (may be NULL) counts those left out for being slow. */
cs_runner_variant *cs_runner_select(cs_runner_library *l, const cs_runner_selection *s,
                                    size_t *count, size_t *slow);

/* Whether this build has the transport: (D)TLS needs a library. */
bool cs_runner_transport_there(cs_runner_transport t);

/* Whether the section of a requirement, "RFC7252#4.2:name", is the one that a word
 * names, or inside of it: "4.2", "7252/4.2", "RFC7252#4.2", or "RFC7252" for all. */
bool cs_runner_in_section(const char *id, const char *wanted);

/* Whether a pattern with * and ? matches a whole id. */
bool cs_runner_glob(const char *pattern, const char *id);

/* Shuffles by a seed. */
void cs_runner_shuffle(size_t *order, size_t count, uint64_t seed);

#endif
