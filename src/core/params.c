#include "core/params.h"

#include <stdbool.h>
#include <stddef.h>

const cs_core_params cs_core_params_default = {
    .ack_timeout = 2 * CS_SECOND,
    .ack_random_permille = 1500,
    .max_retransmit = 4,
    .nstart = 1,
    .probing_rate = 1,
    .default_leisure = 5 * CS_SECOND,
    .max_latency = 100 * CS_SECOND,
    .processing_delay = 2 * CS_SECOND,
    .response_timeout = 247 * CS_SECOND,
    .ack_delay = 100 * CS_MILLISECOND,
};

static bool within(uint64_t v, uint64_t low, uint64_t high) {
  return v >= low && v <= high;
}

cs_err cs_core_params_check(const cs_core_params *p, const char **which) {
  const cs_time longest = 1000 * CS_SECOND;
  const char *bad = NULL;
  if (!within(p->ack_timeout, CS_MILLISECOND, longest))
    bad = "ACK_TIMEOUT";
  else if (!within(p->ack_random_permille, 1000, 10000))
    bad = "ACK_RANDOM_FACTOR";
  else if (p->max_retransmit > 12)
    bad = "MAX_RETRANSMIT";
  else if (!within(p->nstart, 1, 65535))
    bad = "NSTART";
  else if (!within(p->probing_rate, 1, 1000000000))
    bad = "PROBING_RATE";
  else if (!within(p->default_leisure, CS_MILLISECOND, longest))
    bad = "DEFAULT_LEISURE";
  else if (!within(p->max_latency, CS_MILLISECOND, longest))
    bad = "MAX_LATENCY";
  else if (!within(p->processing_delay, CS_MILLISECOND, longest))
    bad = "PROCESSING_DELAY";
  else if (!within(p->response_timeout, CS_MILLISECOND, 1000 * longest))
    bad = "response_timeout";
  else if (p->ack_delay > p->processing_delay)
    bad = "ack_delay";
  if (!bad)
    return CS_OK;
  if (which)
    *which = bad;
  return CS_ERR_ARGUMENT;
}

/* ACK_TIMEOUT x (2^n - 1) x ACK_RANDOM_FACTOR */
static cs_time span(const cs_core_params *p, uint32_t n) {
  return p->ack_timeout * ((UINT64_C(1) << n) - 1) * p->ack_random_permille / 1000;
}

cs_time cs_core_max_transmit_span(const cs_core_params *p) {
  return span(p, p->max_retransmit);
}

cs_time cs_core_max_transmit_wait(const cs_core_params *p) {
  return span(p, p->max_retransmit + 1);
}

cs_time cs_core_max_rtt(const cs_core_params *p) {
  return 2 * p->max_latency + p->processing_delay;
}

cs_time cs_core_exchange_lifetime(const cs_core_params *p) {
  return cs_core_max_transmit_span(p) + cs_core_max_rtt(p);
}

cs_time cs_core_non_lifetime(const cs_core_params *p) {
  return cs_core_max_transmit_span(p) + p->max_latency;
}
