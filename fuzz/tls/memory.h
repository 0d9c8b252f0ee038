/* The memory of targets that have a TLS library: what sessions take, by our
 * allocator or by the library's own, comes from the arena while an input runs, and
 * is all given back at its end. What is made before (credentials, and what the
 * library keeps with them) is the heap's.
 *
 * The packaged library has no way to say where its memory comes from; then its
 * part is the heap's, where LeakSanitizer looks. */
#ifndef CS_FUZZ_TLS_MEMORY_H
#define CS_FUZZ_TLS_MEMORY_H

#ifndef MBEDTLS_ALLOW_PRIVATE_ACCESS
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#endif

#include <mbedtls/platform.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>

#include "fuzz/arena.h"

static fuzz_arena tls_arena;
static bool tls_arena_on;

static bool tls_memory_is_arena(const void *p) {
  uintptr_t at = (uintptr_t)p, from = (uintptr_t)fuzz_arena_bytes;
  return at >= from && at < from + FUZZ_ARENA_SIZE;
}

static void *tls_memory_take(void *ctx, size_t n) {
  (void)ctx;
  return tls_arena_on ? fuzz_arena_take(&tls_arena, n) : malloc(n);
}

static void tls_memory_give(void *ctx, void *p, size_t n) {
  (void)ctx;
  if (tls_memory_is_arena(p))
    fuzz_arena_give(&tls_arena, p, n);
  else
    free(p);
}

static const cs_base_alloc tls_memory = {tls_memory_take, tls_memory_give, NULL};

#if defined(MBEDTLS_PLATFORM_MEMORY)
/* Before 2.28.10 and 3.6.3 the library goes on with a Finished that it had no memory to
 * compute (CVE-2025-27810): MemorySanitizer would say nothing else. */
#if defined(__has_feature) &&                                                                      \
    (MBEDTLS_VERSION_NUMBER < 0x021c0a00 ||                                                        \
     (MBEDTLS_VERSION_NUMBER >= 0x03000000 && MBEDTLS_VERSION_NUMBER < 0x03060300))
#if __has_feature(memory_sanitizer)
#define LIBRARY_NEVER_SHORT 1
#endif
#endif

static void *library_takes(size_t count, size_t size) {
  size_t n;
  if (__builtin_mul_overflow(count, size, &n) || n == 0)
    return NULL;
#ifdef LIBRARY_NEVER_SHORT
  size_t fail_in = tls_arena.fail_in;
  tls_arena.fail_in = 0;
#endif
  void *p = tls_memory_take(NULL, n);
#ifdef LIBRARY_NEVER_SHORT
  tls_arena.fail_in = fail_in;
#endif
  if (p)
    memset(p, 0, n);
  return p;
}

static void library_gives(void *p) {
  if (tls_memory_is_arena(p))
    (void)fuzz_arena_end(&tls_arena, p);
  else
    free(p);
}

static void tls_memory_begin(void) {
  mbedtls_platform_set_calloc_free(library_takes, library_gives);
}
#else
static void tls_memory_begin(void) {
}
#endif

#endif
