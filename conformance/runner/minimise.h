/* A smaller reproducer that shows the same. */
#ifndef CS_RUNNER_MINIMISE_H
#define CS_RUNNER_MINIMISE_H

#include "runner/reproducer.h"

/* Makes *r smaller as long as shows says that the smaller one shows it too: first
 * without waits, then fewer moves (delta debugging), then shorter messages (without
 * payload, without options, with shorter values, a halved rest). r itself is taken
 * to show it, and is not tried. shows is called at most tries_max times; r->tries and
 * r->bounded say how it ended. Whoever bounds the time answers false from then on.
 * Deterministic. True when *r became smaller; what it holds then is the arena's. */
bool cs_runner_minimise(cs_runner_arena *arena, cs_runner_reproducer *r,
                        bool (*shows)(void *ctx, const cs_runner_reproducer *), void *ctx,
                        unsigned tries_max);

#endif
