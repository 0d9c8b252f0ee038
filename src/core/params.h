/* Transmission parameters (RFC 7252 section 4.8) and the times derived from
 * them. All are per session; all are bounded. */
#ifndef CS_CORE_PARAMS_H
#define CS_CORE_PARAMS_H

#include <stdint.h>

#include "base/error.h"
#include "base/time.h"

typedef struct cs_core_params {
  cs_time ack_timeout;          /* microseconds; 1 ms to 1000 s; default 2 s */
  uint32_t ack_random_permille; /* ACK_RANDOM_FACTOR x 1000; 1000 to 10000; 1500 */
  uint32_t max_retransmit;      /* 0 to 12; 4 */
  uint32_t nstart;              /* 1 to 65535; 1 */
  uint32_t probing_rate;        /* bytes a second; 1 to 10^9; 1 */
  cs_time default_leisure;      /* 1 ms to 1000 s; 5 s */
  cs_time max_latency;          /* 1 ms to 1000 s; 100 s */
  cs_time processing_delay;     /* 1 ms to 1000 s; 2 s */
  /* Ours: how long a request waits for its response once it was acknowledged
   * or went out Non-confirmable, so that every request ends. 1 ms to 10^6 s;
   * default EXCHANGE_LIFETIME of the defaults, 247 s. */
  cs_time response_timeout;
  /* Ours, at a server: how long a Confirmable request waits for a piggybacked
   * response before its Empty Acknowledgement goes out. 0 to processing_delay;
   * 100 ms. */
  cs_time ack_delay;
} cs_core_params;

extern const cs_core_params cs_core_params_default;

/* CS_ERR_ARGUMENT with *which the name of the first parameter out of bounds
 * (which may be NULL). */
cs_err cs_core_params_check(const cs_core_params *p, const char **which);

/* RFC 7252 section 4.8.2. */
cs_time cs_core_max_transmit_span(const cs_core_params *p);
cs_time cs_core_max_transmit_wait(const cs_core_params *p);
cs_time cs_core_max_rtt(const cs_core_params *p);
cs_time cs_core_exchange_lifetime(const cs_core_params *p);
cs_time cs_core_non_lifetime(const cs_core_params *p);

#endif
