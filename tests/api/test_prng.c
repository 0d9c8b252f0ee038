/* Randomness outside of sessions. */
#include "fixture.h"

#include "api/prng.h"

static int sevens(void *out, size_t len) {
  memset(out, 7, len);
  return 1;
}

static int fails(void *out, size_t len) {
  (void)out;
  (void)len;
  return 0;
}

START_TEST(sources) {
  static uint8_t a[700], b[700];
  coap_prng_init(1);
  ck_assert_int_eq(coap_prng(a, sizeof a), 1);
  ck_assert_int_eq(coap_prng(b, sizeof b), 1);
  ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
  ck_assert_int_ne(memcmp(a + 600, b + 600, 100), 0);
  coap_set_prng(sevens);
  ck_assert_int_eq(coap_prng(a, 2), 1);
  ck_assert_mem_eq(a, "\x07\x07", 2);
  coap_set_prng(fails);
  ck_assert_int_eq(coap_prng(a, 2), 0);
  cs_api_prng_reset();
  ck_assert_int_eq(coap_prng(a, 2), 1);
  ck_assert_int_eq(coap_prng(NULL, 2), 0);
  fx_reason("buf is NULL");
}
END_TEST

FX_SUITE("prng", sources)
