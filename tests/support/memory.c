#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

static void *take(void *ctx, size_t size) {
  cs_test_memory *m = ctx;
  m->calls++;
  if (m->fail_at && (m->fail_on ? m->calls >= m->fail_at : m->calls == m->fail_at))
    return NULL;
  void *p = malloc(size);
  if (p) {
    m->out_bytes += size;
    if (m->out_bytes > m->peak_bytes)
      m->peak_bytes = m->out_bytes;
  }
  return p;
}

static void give(void *ctx, void *p, size_t size) {
  cs_test_memory *m = ctx;
  m->out_bytes -= size;
  free(p);
}

void cs_test_memory_init(cs_test_memory *m) {
  memset(m, 0, sizeof *m);
  m->alloc = (cs_base_alloc){take, give, m};
}
