/* An allocator for a target whose code looks at addresses (the table of live
 * objects) or gives memory back without its size (a TLS library): it takes from
 * one block in order and never gives the same bytes twice within an input, so
 * that the same input sees the same addresses, and a use after release is seen
 * however late. What is not handed out is poisoned for AddressSanitizer.
 *
 * Counts what is out, holds it to a cap, and lets the input make an allocation
 * fail, as counting.h does. */
#ifndef CS_FUZZ_ARENA_H
#define CS_FUZZ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "fuzz/oracle.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FUZZ_ARENA_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define FUZZ_ARENA_ASAN 1
#endif
#ifdef FUZZ_ARENA_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#endif

enum {
  FUZZ_ARENA_SIZE = 64 << 20, /* when it is used up, allocations fail */
  FUZZ_ARENA_ROOM = 32,       /* behind each piece, besides its head */
  FUZZ_ARENA_FILL = 512       /* bytes of a new piece that are made no zeros */
};

typedef struct fuzz_arena {
  cs_base_alloc alloc;
  size_t used;
  size_t out;     /* bytes not given back */
  size_t cap;     /* more is a finding */
  size_t fail_in; /* so many allocations from now one fails; 0: none */
  bool short_of;  /* one has */
} fuzz_arena;

typedef struct fuzz_arena_head {
  size_t size;
  size_t alive;
} fuzz_arena_head;

static _Alignas(16) uint8_t fuzz_arena_bytes[FUZZ_ARENA_SIZE];
static size_t fuzz_arena_used = FUZZ_ARENA_SIZE; /* since the last input began */

static inline fuzz_arena_head *fuzz_arena_head_of(void *p) {
  return (fuzz_arena_head *)(void *)((uint8_t *)p - sizeof(fuzz_arena_head));
}

static inline void *fuzz_arena_take(void *ctx, size_t n) {
  fuzz_arena *a = ctx;
  size_t all = (sizeof(fuzz_arena_head) + n + FUZZ_ARENA_ROOM + 15) / 16 * 16;
  if (a->fail_in && --a->fail_in == 0) {
    a->short_of = true;
    return NULL;
  }
  if (n > FUZZ_ARENA_SIZE || all > FUZZ_ARENA_SIZE - a->used) {
    a->short_of = true;
    return NULL;
  }
  uint8_t *at = fuzz_arena_bytes + a->used;
  fuzz_arena_used = a->used += all;
  a->out += n;
  CS_ORACLE(a->out <= a->cap);
  ASAN_UNPOISON_MEMORY_REGION(at, sizeof(fuzz_arena_head) + n);
  *(fuzz_arena_head *)(void *)at = (fuzz_arena_head){n, 1};
  ASAN_POISON_MEMORY_REGION(at, sizeof(fuzz_arena_head));
  at += sizeof(fuzz_arena_head);
  /* What an input reads of its memory before it wrote there is not what an
   * earlier input has left. */
  memset(at, 0xbe, n < FUZZ_ARENA_FILL ? n : FUZZ_ARENA_FILL);
  return at;
}

/* Bytes of the piece at p, which is given back. */
static inline size_t fuzz_arena_end(fuzz_arena *a, void *p) {
  fuzz_arena_head *head = fuzz_arena_head_of(p);
  ASAN_UNPOISON_MEMORY_REGION(head, sizeof *head);
  CS_ORACLE(head->alive == 1);
  head->alive = 0;
  size_t n = head->size;
  a->out -= n;
  ASAN_POISON_MEMORY_REGION(head, sizeof *head + n);
  return n;
}

static inline void fuzz_arena_give(void *ctx, void *p, size_t n) {
  CS_ORACLE(fuzz_arena_end(ctx, p) == n);
}

/* Begins an input. Only one arena at a time. */
static inline void fuzz_arena_init(fuzz_arena *a, size_t cap) {
  ASAN_POISON_MEMORY_REGION(fuzz_arena_bytes, fuzz_arena_used);
  fuzz_arena_used = 0;
  *a = (fuzz_arena){.alloc = {fuzz_arena_take, fuzz_arena_give, a}, .cap = cap};
}

#endif
