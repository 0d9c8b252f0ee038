#include "base/random.h"

uint32_t cs_base_random_u32(const cs_base_random *r) {
  uint8_t b[4];
  r->fill(r->ctx, b, sizeof b);
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | (uint32_t)b[3];
}

void cs_base_seeded_init(cs_base_seeded *g, uint64_t seed) {
  g->state = seed;
}

uint64_t cs_base_seeded_next(cs_base_seeded *g) {
  uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void seeded_fill(void *ctx, uint8_t *out, size_t n) {
  cs_base_seeded *g = ctx;
  for (size_t i = 0; i < n; i++)
    out[i] = (uint8_t)(cs_base_seeded_next(g) >> 56);
}

cs_base_random cs_base_seeded_random(cs_base_seeded *g) {
  cs_base_random r = {seeded_fill, g};
  return r;
}
