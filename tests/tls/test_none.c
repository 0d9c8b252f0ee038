/* Without a TLS library nothing is established, whatever is asked for. */
#include <check.h>

#include "support/check_main.h"
#include "support/memory.h"
#include "tls/tls.h"

START_TEST(nothing_can_be_opened_and_nothing_is_touched) {
  cs_test_memory memory;
  cs_test_memory_init(&memory);
  cs_tls *const before = (cs_tls *)&memory;
  cs_tls *t = before;
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    cs_tls_config config = {.alloc = &memory.alloc, .kind = (cs_tls_kind)kind, .mtu = 1152};
    ck_assert(!cs_tls_available((cs_tls_kind)kind));
    ck_assert_int_eq(cs_tls_open(&config, 0, &t), CS_ERR_UNSUPPORTED);
    ck_assert_ptr_eq(t, before);
  }
  ck_assert_uint_eq(memory.calls, 0);
}
END_TEST

START_TEST(it_says_that_it_is_none) {
  ck_assert_str_eq(cs_tls_library(), "none");
}
END_TEST

START_TEST(no_call_pretends) {
  uint8_t buf[8] = {0};
  size_t len = 7;
  ck_assert_int_eq(cs_tls_state_of(NULL), CS_TLS_FAILED);
  ck_assert_int_eq(cs_tls_feed(NULL, cs_span_of(buf, 8), 0), CS_ERR_UNSUPPORTED);
  ck_assert_int_eq(cs_tls_read(NULL, buf, 8, &len), CS_ERR_UNSUPPORTED);
  ck_assert_int_eq(cs_tls_write(NULL, cs_span_of(buf, 8), 0), CS_ERR_UNSUPPORTED);
  ck_assert_int_eq(cs_tls_transmit(NULL, buf, 8, &len), CS_ERR_UNSUPPORTED);
  ck_assert_uint_eq(len, 7);
  ck_assert_uint_eq(cs_tls_deadline(NULL), CS_TIME_NEVER);
  cs_tls_expire(NULL, 0);
  cs_tls_close(NULL);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/none");
  TCase *c = tcase_create("none");
  tcase_add_test(c, nothing_can_be_opened_and_nothing_is_touched);
  tcase_add_test(c, it_says_that_it_is_none);
  tcase_add_test(c, no_call_pretends);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
