#include <time.h>

#include <coap3/coap.h>

#include "api/error.h"

enum { US_PER_MS = 1000 };

static uint64_t clock_us(clockid_t which) {
  struct timespec ts;
  clock_gettime(which, &ts);
  return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

void coap_clock_init(void) {
}

void coap_ticks(coap_tick_t *t) {
  if (t)
    *t = clock_us(CLOCK_MONOTONIC) / US_PER_MS;
  else
    cs_api_fail(__func__, "t is NULL");
}

uint64_t coap_ticks_to_rt_us(coap_tick_t t) {
  /* The calendar may be set; the distance of the two clocks is that of now. */
  uint64_t distance = clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC);
  return t * US_PER_MS + distance;
}

coap_time_t coap_ticks_to_rt(coap_tick_t t) {
  return (coap_time_t)(coap_ticks_to_rt_us(t) / 1000000u);
}

coap_tick_t coap_ticks_from_rt_us(uint64_t t) {
  uint64_t distance = clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC);
  return t > distance ? (t - distance) / US_PER_MS : 0;
}
