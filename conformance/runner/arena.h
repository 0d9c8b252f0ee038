/* Memory of one owner that is released as a whole: what a parse, a run or a
 * profile holds lives as long as its arena. */
#ifndef CS_RUNNER_ARENA_H
#define CS_RUNNER_ARENA_H

#include <stddef.h>

#include "base/bytes.h"

typedef struct cs_runner_arena {
  struct cs_runner_chunk *chunks;
} cs_runner_arena;

/* A zeroed arena is empty. Memory that cannot be had ends the program with a
 * message: the runner is a program, and has nothing better to do. */
void *cs_runner_get(cs_runner_arena *a, size_t size); /* zeroed, aligned for any type */
char *cs_runner_text(cs_runner_arena *a, cs_span s);  /* a NUL-terminated copy */
char *cs_runner_format(cs_runner_arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
cs_span cs_runner_copy(cs_runner_arena *a, cs_span s);
void cs_runner_release(cs_runner_arena *a);

/* A list that grows by doubling inside an arena: items of one size. */
typedef struct cs_runner_list {
  void *items;
  size_t count;
  size_t cap;
} cs_runner_list;

/* Room for one more item of this size, zeroed; its address. */
void *cs_runner_push(cs_runner_arena *a, cs_runner_list *l, size_t size);

#endif
