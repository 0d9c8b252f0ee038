/* Time as the library counts it: ticks of a monotonic clock. */
#ifndef COAP_TIME_H_
#define COAP_TIME_H_

#include <stdint.h>
#include <time.h>

#include "coap3/libcoap.h"

typedef uint64_t coap_tick_t;
typedef time_t coap_time_t; /* seconds since the epoch */
typedef int64_t coap_tick_diff_t;

#define COAP_TICKS_PER_SECOND ((coap_tick_t)(1000U))

/* Kept for compatibility: the clock needs no initialisation. */
void coap_clock_init(void);

/* Sets *t to the present in ticks. */
void coap_ticks(coap_tick_t *t);

/* The calendar time of tick t in seconds since the epoch, by the system's
 * calendar clock as it stands now. */
coap_time_t coap_ticks_to_rt(coap_tick_t t);

/* The same in microseconds. */
uint64_t coap_ticks_to_rt_us(coap_tick_t t);

/* The tick of a calendar time in microseconds since the epoch; 0 when it was
 * before the first tick. */
coap_tick_t coap_ticks_from_rt_us(uint64_t t);

/* 1 when a is before b, also when the counter has wrapped between them. */
COAP_STATIC_INLINE int coap_time_lt(coap_tick_t a, coap_tick_t b) {
  return ((coap_tick_diff_t)(a - b)) < 0;
}

/* 1 when a is before b or the same. */
COAP_STATIC_INLINE int coap_time_le(coap_tick_t a, coap_tick_t b) {
  return a == b || coap_time_lt(a, b);
}

#endif
