#include "api/live.h"

#include <stdatomic.h>
#include <stdint.h>

#include "net/net.h"

/* For the whole process, since an address is all that a caller hands in. The
 * lock is held for a few instructions only, so spinning is cheaper than a
 * mutex. Its memory is the heap's: it outlives every context's allocator. */
static cs_base_table table;
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void hold(void) {
  while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
    ;
}

static void let_go(void) {
  atomic_flag_clear_explicit(&lock, memory_order_release);
}

static uint32_t hash_of(const void *object) {
  return cs_base_hash_u64(0, (uint64_t)(uintptr_t)object);
}

bool cs_api_live_add(cs_base_node *node, const void *object) {
  node->hash = hash_of(object);
  hold();
  cs_err e = cs_base_table_add(&table, &cs_net_heap_alloc, node);
  let_go();
  return e == CS_OK;
}

void cs_api_live_remove(cs_base_node *node) {
  hold();
  cs_base_table_remove(&table, node);
  if (table.count == 0)
    cs_base_table_free(&table, &cs_net_heap_alloc);
  let_go();
}

bool cs_api_live(const void *object, size_t offset) {
  uint32_t hash = hash_of(object);
  const void *wanted = (const char *)object + offset;
  hold();
  const cs_base_node *n = cs_base_table_chain(&table, hash);
  while (n && (const void *)n != wanted)
    n = n->next;
  let_go();
  return n != NULL;
}
