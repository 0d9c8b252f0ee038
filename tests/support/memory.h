/* Allocators for tests: malloc with a count of what is out, and one that
 * fails at a chosen allocation. */
#ifndef CS_TESTS_MEMORY_H
#define CS_TESTS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"

typedef struct cs_test_memory {
  cs_base_alloc alloc; /* pass &m->alloc */
  size_t out_bytes;    /* not yet released */
  size_t peak_bytes;
  size_t calls;   /* allocations asked for so far */
  size_t fail_at; /* the 1-based call that returns NULL; 0 for none */
  bool fail_on;   /* and so does every later one */
} cs_test_memory;

/* Zeroes *m and wires m->alloc to it. m must not move afterwards. */
void cs_test_memory_init(cs_test_memory *m);

#endif
