/* The allocator that an owner passes in. base and every sans-I/O layer take
 * memory from here and nowhere else, so that a test can make each allocation
 * fail in turn and a cap can be stated and checked. */
#ifndef CS_BASE_ALLOC_H
#define CS_BASE_ALLOC_H

#include <stddef.h>

typedef struct cs_base_alloc {
  /* Returns size bytes aligned for any type, or NULL. size is never 0. */
  void *(*alloc)(void *ctx, size_t size);
  /* Releases what alloc returned; size is the size that was asked for. */
  void (*release)(void *ctx, void *ptr, size_t size);
  void *ctx;
} cs_base_alloc;

static inline void *cs_base_get(const cs_base_alloc *a, size_t size) {
  return a->alloc(a->ctx, size);
}

/* ptr may be NULL, then nothing happens. */
static inline void cs_base_put(const cs_base_alloc *a, void *ptr, size_t size) {
  if (ptr)
    a->release(a->ctx, ptr, size);
}

#endif
