/* A hash table of intrusive nodes, chained, that grows by doubling. The key's
 * hash is the caller's; so is the comparison, made while walking a chain. */
#ifndef CS_BASE_TABLE_H
#define CS_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"

typedef struct cs_base_node {
  struct cs_base_node *next;
  uint32_t hash;
} cs_base_node;

typedef struct cs_base_table {
  cs_base_node **buckets;
  uint32_t count;
  uint32_t cap; /* buckets, a power of two, or 0 */
} cs_base_table;

/* A zeroed table is empty and owns nothing. */
void cs_base_table_free(cs_base_table *t, const cs_base_alloc *a);

/* Adds n under n->hash. CS_ERR_MEMORY only when the table has no bucket yet;
 * a table that cannot grow goes on with longer chains. */
cs_err cs_base_table_add(cs_base_table *t, const cs_base_alloc *a, cs_base_node *n);
void cs_base_table_remove(cs_base_table *t, cs_base_node *n);

/* The first node of the chain for hash; go on with ->next and compare both the
 * hash and the key. */
static inline cs_base_node *cs_base_table_chain(const cs_base_table *t, uint32_t hash) {
  return t->cap ? t->buckets[hash & (t->cap - 1)] : NULL;
}

/* Hashes bytes with a per-owner seed, so that a peer cannot choose collisions
 * without knowing it. */
uint32_t cs_base_hash(uint32_t seed, cs_span bytes);
uint32_t cs_base_hash_u64(uint32_t seed, uint64_t value);

#endif
