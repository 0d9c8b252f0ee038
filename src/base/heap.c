#include "base/heap.h"

#include <assert.h>
#include <string.h>

void cs_base_heap_free(cs_base_heap *h, const cs_base_alloc *a) {
  cs_base_put(a, h->slots, h->cap * sizeof *h->slots);
  memset(h, 0, sizeof *h);
}

cs_err cs_base_heap_reserve(cs_base_heap *h, const cs_base_alloc *a, uint32_t total) {
  if (total <= h->cap)
    return CS_OK;
  if (total > UINT32_MAX / 2 + 1)
    return CS_ERR_MEMORY; /* doubling would never get there */
  uint32_t cap = h->cap ? h->cap : 4;
  while (cap < total)
    cap *= 2;
  cs_base_timer **slots = cs_base_get(a, cap * sizeof *slots);
  if (!slots)
    return CS_ERR_MEMORY;
  if (h->count)
    memcpy(slots, h->slots, h->count * sizeof *slots);
  cs_base_put(a, h->slots, h->cap * sizeof *h->slots);
  h->slots = slots;
  h->cap = cap;
  return CS_OK;
}

static void place(cs_base_heap *h, uint32_t i, cs_base_timer *t) {
  h->slots[i] = t;
  t->place = i + 1;
}

static void sift(cs_base_heap *h, uint32_t i, cs_base_timer *t) {
  while (i > 0 && h->slots[(i - 1) / 2]->at > t->at) {
    place(h, i, h->slots[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= h->count)
      break;
    if (child + 1 < h->count && h->slots[child + 1]->at < h->slots[child]->at)
      child++;
    if (h->slots[child]->at >= t->at)
      break;
    place(h, i, h->slots[child]);
    i = child;
  }
  place(h, i, t);
}

void cs_base_heap_set(cs_base_heap *h, cs_base_timer *t, cs_time at) {
  t->at = at;
  if (t->place) {
    sift(h, t->place - 1, t);
    return;
  }
  assert(h->count < h->cap);
  uint32_t i = h->count++;
  h->slots[i] = t;
  sift(h, i, t);
}

void cs_base_heap_remove(cs_base_heap *h, cs_base_timer *t) {
  if (!t->place)
    return;
  uint32_t i = t->place - 1;
  t->place = 0;
  cs_base_timer *last = h->slots[--h->count];
  if (last != t)
    sift(h, i, last);
}
