#include <stdlib.h>

#include "net/net.h"

static void *take(void *ctx, size_t size) {
  (void)ctx;
  return malloc(size);
}

static void give(void *ctx, void *ptr, size_t size) {
  (void)ctx;
  (void)size;
  free(ptr);
}

const cs_base_alloc cs_net_heap_alloc = {take, give, NULL};
