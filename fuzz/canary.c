/* The target that must crash. It proves that a fuzzing job or a replay sees a
 * failed oracle and a sanitizer's report: an input that starts with the name
 * of a way to die dies that way, every other input is quiet.
 *
 * covers: fuzz/canary.c */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int begins(const uint8_t *data, size_t size, const char *word) {
  size_t len = strlen(word);
  return size >= len && memcmp(data, word, len) == 0;
}

/* One byte past a heap block of the input's own size. */
static unsigned read_past_end(const uint8_t *data, size_t size) {
  /* Volatile, so that no compiler knows the block's size. */
  uint8_t *volatile copy = malloc(size);
  if (!copy)
    return 0;
  memcpy(copy, data, size);
  volatile size_t end = size;
  unsigned byte = copy[end];
  free(copy);
  return byte;
}

static unsigned shift_too_far(size_t size) {
  volatile unsigned distance = 32u + (unsigned)(size & 7u);
  return 1u << distance; /* NOLINT: too far on purpose */
}

static unsigned read_unset(size_t size) {
  uint8_t *block = malloc(size);
  if (!block)
    return 0;
  volatile const uint8_t *view = block;
  if (view[0] == 7) /* NOLINT: unset on purpose */
    fputs("the block held a seven\n", stderr);
  free(block);
  return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  unsigned sink = 0;
  if (begins(data, size, "oracle")) {
    fputs("fuzz oracle: canary: an input that must crash\n", stderr);
    abort();
  }
  if (begins(data, size, "address"))
    sink += read_past_end(data, size);
  if (begins(data, size, "undefined"))
    sink += shift_too_far(size);
  if (begins(data, size, "memory"))
    sink += read_unset(size);
  return sink == 12345u ? -1 : 0;
}
