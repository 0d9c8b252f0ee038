#include "base/table.h"

#include <string.h>

enum { FIRST_BUCKETS = 4 };

void cs_base_table_free(cs_base_table *t, const cs_base_alloc *a) {
  cs_base_put(a, t->buckets, t->cap * sizeof(cs_base_node *));
  memset(t, 0, sizeof *t);
}

static void link_in(cs_base_node **buckets, uint32_t cap, cs_base_node *n) {
  cs_base_node **head = &buckets[n->hash & (cap - 1)];
  n->next = *head;
  *head = n;
}

static void grow(cs_base_table *t, const cs_base_alloc *a, uint32_t cap) {
  cs_base_node **buckets = cs_base_get(a, cap * sizeof(cs_base_node *));
  if (!buckets)
    return;
  memset(buckets, 0, cap * sizeof(cs_base_node *));
  for (uint32_t i = 0; i < t->cap; i++) {
    cs_base_node *n = t->buckets[i];
    while (n) {
      cs_base_node *next = n->next;
      link_in(buckets, cap, n);
      n = next;
    }
  }
  cs_base_put(a, t->buckets, t->cap * sizeof(cs_base_node *));
  t->buckets = buckets;
  t->cap = cap;
}

cs_err cs_base_table_add(cs_base_table *t, const cs_base_alloc *a, cs_base_node *n) {
  if (t->count >= t->cap && t->cap < UINT32_C(1) << 30)
    grow(t, a, t->cap ? t->cap * 2 : FIRST_BUCKETS);
  if (!t->cap)
    return CS_ERR_MEMORY;
  link_in(t->buckets, t->cap, n);
  t->count++;
  return CS_OK;
}

void cs_base_table_remove(cs_base_table *t, cs_base_node *n) {
  if (!t->cap)
    return;
  cs_base_node **at = &t->buckets[n->hash & (t->cap - 1)];
  while (*at && *at != n)
    at = &(*at)->next;
  if (*at) {
    *at = n->next;
    n->next = NULL;
    t->count--;
  }
}

static uint32_t mix(uint64_t h) {
  h ^= h >> 33;
  h *= UINT64_C(0xff51afd7ed558ccd);
  h ^= h >> 33;
  return (uint32_t)h;
}

uint32_t cs_base_hash(uint32_t seed, cs_span bytes) {
  /* Eight bytes at a time: tokens are that long or shorter, and are hashed for
   * every request and response. */
  uint64_t h = seed ^ bytes.len * UINT64_C(0x9e3779b97f4a7c15);
  size_t at = 0;
  uint64_t word;
  for (; bytes.len - at >= sizeof word; at += sizeof word) {
    memcpy(&word, bytes.at + at, sizeof word);
    h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 32;
  }
  for (word = 0; at < bytes.len; at++)
    word = word << 8 | bytes.at[at];
  return mix(h ^ word);
}

uint32_t cs_base_hash_u64(uint32_t seed, uint64_t value) {
  return mix((value ^ seed) * UINT64_C(0x9e3779b97f4a7c15));
}
