#include "api/memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <coap3/coap.h>

#include "net/net.h"

typedef union cs_api_piece {
  struct {
    const cs_base_alloc *alloc;
    size_t size;
  } head;
  max_align_t align;
} cs_api_piece;

static _Atomic(const cs_base_alloc *) current;

void cs_api_set_alloc(const cs_base_alloc *alloc) {
  current = alloc;
}

const cs_base_alloc *cs_api_alloc(void) {
  const cs_base_alloc *a = current;
  return a ? a : &cs_net_heap_alloc;
}

void *cs_api_get(size_t size) {
  if (size > SIZE_MAX - sizeof(cs_api_piece))
    return NULL;
  const cs_base_alloc *a = cs_api_alloc();
  cs_api_piece *p = cs_base_get(a, sizeof *p + size);
  if (!p)
    return NULL;
  p->head.alloc = a;
  p->head.size = size;
  return p + 1;
}

void *cs_api_resize(void *p, size_t size) {
  void *q = cs_api_get(size);
  if (!q || !p)
    return q;
  size_t old = ((cs_api_piece *)p - 1)->head.size;
  memcpy(q, p, old < size ? old : size);
  cs_api_put(p);
  return q;
}

void cs_api_put(void *p) {
  if (!p)
    return;
  cs_api_piece *piece = (cs_api_piece *)p - 1;
  cs_base_put(piece->head.alloc, piece, sizeof *piece + piece->head.size);
}

const cs_base_alloc *cs_api_alloc_of(const void *p) {
  return ((const cs_api_piece *)p - 1)->head.alloc;
}

void coap_memory_init(void) {
}

void *coap_malloc_type(coap_memory_tag_t type, size_t size) {
  (void)type;
  return cs_api_get(size);
}

void *coap_realloc_type(coap_memory_tag_t type, void *p, size_t size) {
  (void)type;
  return cs_api_resize(p, size);
}

void coap_free_type(coap_memory_tag_t type, void *p) {
  (void)type;
  cs_api_put(p);
}
