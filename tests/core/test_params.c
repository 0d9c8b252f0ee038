/* Transmission parameters, RFC 7252 section 4.8. */
#include <check.h>
#include <string.h>

#include "core/params.h"
#include "support/check_main.h"

START_TEST(derived_times_are_those_of_the_rfc) {
  const cs_core_params *p = &cs_core_params_default;
  ck_assert_int_eq(cs_core_params_check(p, NULL), CS_OK);
  ck_assert_uint_eq(cs_core_max_transmit_span(p), 45 * CS_SECOND);
  ck_assert_uint_eq(cs_core_max_transmit_wait(p), 93 * CS_SECOND);
  ck_assert_uint_eq(cs_core_max_rtt(p), 202 * CS_SECOND);
  ck_assert_uint_eq(cs_core_exchange_lifetime(p), 247 * CS_SECOND);
  ck_assert_uint_eq(cs_core_non_lifetime(p), 145 * CS_SECOND);
}
END_TEST

static void refused(const cs_core_params *p, const char *name) {
  const char *which = NULL;
  ck_assert_int_eq(cs_core_params_check(p, &which), CS_ERR_ARGUMENT);
  ck_assert_str_eq(which, name);
}

START_TEST(each_parameter_is_bounded_and_named) {
  cs_core_params p;
#define OUT(field, low, high, name)                                                                \
  do {                                                                                             \
    p = cs_core_params_default;                                                                    \
    p.field = low;                                                                                 \
    refused(&p, name);                                                                             \
    p.field = high;                                                                                \
    refused(&p, name);                                                                             \
  } while (0)
  OUT(ack_timeout, 0, 1001 * CS_SECOND, "ACK_TIMEOUT");
  OUT(ack_random_permille, 999, 10001, "ACK_RANDOM_FACTOR");
  OUT(max_retransmit, 13, UINT32_MAX, "MAX_RETRANSMIT");
  OUT(nstart, 0, 65536, "NSTART");
  OUT(probing_rate, 0, 1000000001, "PROBING_RATE");
  OUT(default_leisure, 0, 1001 * CS_SECOND, "DEFAULT_LEISURE");
  OUT(max_latency, 0, 1001 * CS_SECOND, "MAX_LATENCY");
  OUT(processing_delay, 0, 1001 * CS_SECOND, "PROCESSING_DELAY");
  OUT(response_timeout, 0, 1000001 * CS_SECOND, "response_timeout");
  OUT(ack_delay, 2 * CS_SECOND + 1, CS_TIME_NEVER, "ack_delay");
}
END_TEST

START_TEST(the_largest_allowed_values_do_not_overflow) {
  cs_core_params p = cs_core_params_default;
  p.ack_timeout = p.max_latency = p.processing_delay = 1000 * CS_SECOND;
  p.ack_random_permille = 10000;
  p.max_retransmit = 12;
  ck_assert_int_eq(cs_core_params_check(&p, NULL), CS_OK);
  ck_assert_uint_eq(cs_core_max_transmit_wait(&p), UINT64_C(8191) * 10000 * CS_SECOND);
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/params");
  TCase *c = tcase_create("params");
  tcase_add_test(c, derived_times_are_those_of_the_rfc);
  tcase_add_test(c, each_parameter_is_bounded_and_named);
  tcase_add_test(c, the_largest_allowed_values_do_not_overflow);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
