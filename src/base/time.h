/* Time as the sans-I/O layers see it: microseconds on a monotonic clock that
 * the caller owns. No layer below net ever asks what time it is. */
#ifndef CS_BASE_TIME_H
#define CS_BASE_TIME_H

#include <stdint.h>

typedef uint64_t cs_time;

#define CS_TIME_NEVER UINT64_MAX
#define CS_MILLISECOND UINT64_C(1000)
#define CS_SECOND UINT64_C(1000000)

/* a + b, saturating at CS_TIME_NEVER so that "never" stays never. */
static inline cs_time cs_time_add(cs_time a, cs_time b) {
  return a > CS_TIME_NEVER - b ? CS_TIME_NEVER : a + b;
}

static inline cs_time cs_time_min(cs_time a, cs_time b) {
  return a < b ? a : b;
}

#endif
