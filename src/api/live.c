#include "api/live.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/table.h"
#include "net/net.h"

enum { FIRST_BUCKETS = 16, CHAIN_USUAL = 4 };

/* For the whole process, since an address is all that a caller hands in. The
 * lock is held for a few instructions only, so spinning is cheaper than a
 * mutex. Its memory is the heap's: it outlives every context's allocator. */
static struct {
  cs_api_node **buckets;
  size_t cap; /* a power of two, or 0 */
  size_t count;
} table;
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void hold(void) {
  while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
    ;
}

static void let_go(void) {
  atomic_flag_clear_explicit(&lock, memory_order_release);
}

static size_t bucket_of(uintptr_t node, size_t cap) {
  return cs_base_hash_u64(0, node) & (cap - 1);
}

static void link_in(cs_api_node **buckets, size_t cap, cs_api_node *n) {
  cs_api_node **head = &buckets[bucket_of((uintptr_t)n, cap)];
  n->next = *head;
  *head = n;
}

static void free_buckets(cs_api_node **buckets, size_t cap) {
  cs_base_put(&cs_net_heap_alloc, buckets, cap * sizeof *buckets);
}

/* A table that cannot grow goes on with longer chains. */
static void grow(size_t cap) {
  cs_api_node **buckets = cs_base_get(&cs_net_heap_alloc, cap * sizeof *buckets);
  if (!buckets)
    return;
  memset(buckets, 0, cap * sizeof *buckets);
  for (size_t i = 0; i < table.cap; i++) {
    for (cs_api_node *n = table.buckets[i]; n;) {
      cs_api_node *next = n->next;
      link_in(buckets, cap, n);
      n = next;
    }
  }
  free_buckets(table.buckets, table.cap);
  table.buckets = buckets;
  table.cap = cap;
}

bool cs_api_live_add(cs_api_node *node) {
  hold();
  if (table.count >= table.cap * CHAIN_USUAL)
    grow(table.cap ? table.cap * 2 : FIRST_BUCKETS);
  bool room = table.cap > 0;
  if (room) {
    link_in(table.buckets, table.cap, node);
    table.count++;
  }
  let_go();
  return room;
}

void cs_api_live_remove(cs_api_node *node) {
  hold();
  cs_api_node **at = &table.buckets[bucket_of((uintptr_t)node, table.cap)];
  while (*at != node)
    at = &(*at)->next;
  *at = node->next;
  if (--table.count == 0) {
    free_buckets(table.buckets, table.cap);
    table.buckets = NULL;
    table.cap = 0;
  }
  let_go();
}

bool cs_api_live(const void *object, size_t offset) {
  const uintptr_t wanted = (uintptr_t)object + offset;
  hold();
  const cs_api_node *n = table.cap ? table.buckets[bucket_of(wanted, table.cap)] : NULL;
  while (n && (uintptr_t)n != wanted)
    n = n->next;
  let_go();
  return n != NULL;
}
