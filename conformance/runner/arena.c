#include "runner/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct cs_runner_chunk {
  struct cs_runner_chunk *next;
  size_t used;
  size_t cap;
  _Alignas(max_align_t) uint8_t bytes[];
};

enum { CHUNK = 16384, ALIGN = _Alignof(max_align_t) };

static struct cs_runner_chunk *chunk_for(cs_runner_arena *a, size_t size) {
  struct cs_runner_chunk *c = a->chunks;
  if (c && size <= c->cap - c->used)
    return c;
  size_t cap = size > CHUNK ? size : CHUNK;
  c = calloc(1, sizeof *c + cap);
  if (!c) {
    fputs("coapspec: out of memory\n", stderr);
    exit(2);
  }
  c->cap = cap;
  /* A block of its own size stays behind the chunk that still has room. */
  if (size > CHUNK && a->chunks) {
    c->next = a->chunks->next;
    a->chunks->next = c;
  } else {
    c->next = a->chunks;
    a->chunks = c;
  }
  return c;
}

void *cs_runner_get(cs_runner_arena *a, size_t size) {
  size = (size + ALIGN - 1) / ALIGN * ALIGN;
  if (size == 0)
    size = ALIGN;
  struct cs_runner_chunk *c = chunk_for(a, size);
  void *p = c->bytes + c->used;
  c->used += size;
  return p;
}

char *cs_runner_text(cs_runner_arena *a, cs_span s) {
  char *text = cs_runner_get(a, s.len + 1);
  if (s.len)
    memcpy(text, s.at, s.len);
  return text;
}

cs_span cs_runner_copy(cs_runner_arena *a, cs_span s) {
  if (s.len == 0)
    return cs_span_of(NULL, 0);
  uint8_t *copy = cs_runner_get(a, s.len);
  memcpy(copy, s.at, s.len);
  return cs_span_of(copy, s.len);
}

char *cs_runner_format(cs_runner_arena *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  size_t size = len < 0 ? 1 : (size_t)len + 1;
  char *text = cs_runner_get(a, size);
  va_start(args, format);
  vsnprintf(text, size, format, args);
  va_end(args);
  return text;
}

void cs_runner_release(cs_runner_arena *a) {
  while (a->chunks) {
    struct cs_runner_chunk *next = a->chunks->next;
    free(a->chunks);
    a->chunks = next;
  }
}

void *cs_runner_push(cs_runner_arena *a, cs_runner_list *l, size_t size) {
  if (l->count == l->cap) {
    size_t cap = l->cap ? l->cap * 2 : 8;
    void *items = cs_runner_get(a, cap * size);
    if (l->count)
      memcpy(items, l->items, l->count * size);
    l->items = items;
    l->cap = cap;
  }
  void *item = (uint8_t *)l->items + l->count++ * size;
  memset(item, 0, size);
  return item;
}
