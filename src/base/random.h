/* The one seam through which randomness enters. A driver gives entropy; tests,
 * fuzzers and the memory runner give a seeded generator, so that a run is
 * reproducible from its seed. */
#ifndef CS_BASE_RANDOM_H
#define CS_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct cs_base_random {
  void (*fill)(void *ctx, uint8_t *out, size_t n);
  void *ctx;
} cs_base_random;

static inline void cs_base_random_fill(const cs_base_random *r, uint8_t *out, size_t n) {
  r->fill(r->ctx, out, n);
}

uint32_t cs_base_random_u32(const cs_base_random *r);

/* A seeded generator (SplitMix64): reproducible, never for secrets. */
typedef struct cs_base_seeded {
  uint64_t state;
} cs_base_seeded;

void cs_base_seeded_init(cs_base_seeded *g, uint64_t seed);
uint64_t cs_base_seeded_next(cs_base_seeded *g);
/* A cs_base_random that draws from g; g must outlive it. */
cs_base_random cs_base_seeded_random(cs_base_seeded *g);

#endif
