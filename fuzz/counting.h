/* What the session targets count alike: memory, with a cap that is an oracle
 * and an allocation that the input makes fail; and a digest of what came out, by
 * which two runs of one input are the same. */
#ifndef CS_FUZZ_COUNTING_H
#define CS_FUZZ_COUNTING_H

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "oracle.h"

typedef struct fuzz_memory {
  cs_base_alloc alloc;
  size_t out;     /* bytes not given back */
  size_t cap;     /* more is a finding */
  size_t fail_in; /* so many allocations from now one fails; 0: none */
  bool short_of;  /* one has: a session may end for it */
} fuzz_memory;

static inline void *fuzz_take(void *ctx, size_t n) {
  fuzz_memory *m = ctx;
  if (m->fail_in && --m->fail_in == 0) {
    m->short_of = true;
    return NULL;
  }
  m->out += n;
  CS_ORACLE(m->out <= m->cap);
  return malloc(n);
}

static inline void fuzz_give(void *ctx, void *p, size_t n) {
  fuzz_memory *m = ctx;
  m->out -= n;
  free(p);
}

static inline void fuzz_memory_init(fuzz_memory *m, size_t cap) {
  *m = (fuzz_memory){.alloc = {fuzz_take, fuzz_give, m}, .cap = cap};
}

static inline void fuzz_digest(uint64_t *digest, const void *at, size_t n) {
  const uint8_t *b = at;
  uint64_t d = *digest;
  for (; n >= sizeof d; n -= sizeof d, b += sizeof d) {
    uint64_t eight;
    memcpy(&eight, b, sizeof eight);
    d = (d ^ eight) * UINT64_C(0x100000001b3);
    d ^= d >> 29;
  }
  for (size_t i = 0; i < n; i++)
    d = (d ^ b[i]) * UINT64_C(0x100000001b3);
  *digest = d;
}

#endif
