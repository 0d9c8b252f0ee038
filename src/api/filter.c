#include <string.h>

#include <coap3/coap.h>

#include "api/error.h"

enum { SHORT_MAX = 255, NOT_THERE = -1 };

/* The bit in mask of slot i of the list that number belongs to. */
static unsigned bit_of(coap_option_num_t number, unsigned i) {
  return 1u << (number > SHORT_MAX ? i : COAP_OPT_FILTER_LONG + i);
}

static unsigned slots_for(coap_option_num_t number) {
  return number > SHORT_MAX ? COAP_OPT_FILTER_LONG : COAP_OPT_FILTER_SHORT;
}

static int find(const coap_opt_filter_t *filter, coap_option_num_t number) {
  for (unsigned i = 0; i < slots_for(number); i++) {
    unsigned held = number > SHORT_MAX ? filter->long_opts[i] : filter->short_opts[i];
    if ((filter->mask & bit_of(number, i)) && held == number)
      return (int)i;
  }
  return NOT_THERE;
}

void coap_option_filter_clear(coap_opt_filter_t *filter) {
  if (filter)
    memset(filter, 0, sizeof *filter);
  else
    cs_api_fail(__func__, "filter is NULL");
}

int coap_option_filter_set(coap_opt_filter_t *filter, coap_option_num_t number) {
  if (!filter) {
    cs_api_fail(__func__, "filter is NULL");
    return 0;
  }
  if (find(filter, number) != NOT_THERE)
    return 1;
  for (unsigned i = 0; i < slots_for(number); i++) {
    if (filter->mask & bit_of(number, i))
      continue;
    filter->mask = (uint16_t)(filter->mask | bit_of(number, i));
    if (number > SHORT_MAX)
      filter->long_opts[i] = number;
    else
      filter->short_opts[i] = (uint8_t)number;
    return 1;
  }
  cs_api_fail(__func__, "the filter is full: it holds %d numbers below 256 and %d others",
              COAP_OPT_FILTER_SHORT, COAP_OPT_FILTER_LONG);
  return 0;
}

int coap_option_filter_unset(coap_opt_filter_t *filter, coap_option_num_t number) {
  int i = filter ? find(filter, number) : NOT_THERE;
  if (i == NOT_THERE)
    return 0;
  filter->mask = (uint16_t)(filter->mask & ~bit_of(number, (unsigned)i));
  return 1;
}

int coap_option_filter_get(coap_opt_filter_t *filter, coap_option_num_t number) {
  return filter && find(filter, number) != NOT_THERE;
}
