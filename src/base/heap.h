/* A binary heap of deadlines, intrusive: a node knows its place, so removing
 * or changing one costs O(log n). */
#ifndef CS_BASE_HEAP_H
#define CS_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/time.h"

typedef struct cs_base_timer {
  cs_time at;
  uint32_t place; /* 1-based index in the heap; 0 when not in it */
} cs_base_timer;

typedef struct cs_base_heap {
  cs_base_timer **slots;
  uint32_t count;
  uint32_t cap;
} cs_base_heap;

/* A zeroed heap is empty and owns nothing. */
void cs_base_heap_free(cs_base_heap *h, const cs_base_alloc *a);

/* Makes room for one more node than the heap can hold now, so that the next
 * set of a node that is not in it cannot fail. CS_ERR_MEMORY. */
cs_err cs_base_heap_reserve(cs_base_heap *h, const cs_base_alloc *a, uint32_t total);

/* Puts t in the heap at time at, or moves it there. The heap must have room
 * (reserve) when t is not in it yet. */
void cs_base_heap_set(cs_base_heap *h, cs_base_timer *t, cs_time at);

/* Takes t out; nothing happens when it is not in. */
void cs_base_heap_remove(cs_base_heap *h, cs_base_timer *t);

/* The node with the earliest time, or NULL. */
static inline cs_base_timer *cs_base_heap_first(const cs_base_heap *h) {
  return h->count ? h->slots[0] : NULL;
}

static inline cs_time cs_base_heap_deadline(const cs_base_heap *h) {
  return h->count ? h->slots[0]->at : CS_TIME_NEVER;
}

#endif
