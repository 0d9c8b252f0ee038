/* Without a TLS library nothing is established, whatever is asked for. Linked with
 * the objects of none.c, whichever implementation the library holds. */
#include <check.h>

#include "support/check_main.h"
#include "support/memory.h"
#include "tls/tls.h"

START_TEST(nothing_can_be_opened_and_nothing_is_touched) {
  cs_test_memory memory;
  cs_test_memory_init(&memory);
  cs_base_seeded seeded;
  cs_base_seeded_init(&seeded, 1);
  cs_tls_shared *const no_shared = (cs_tls_shared *)&memory;
  cs_tls_setup *const no_setup = (cs_tls_setup *)&memory;
  cs_tls *const before = (cs_tls *)&memory;
  cs_tls_shared *shared = no_shared;
  ck_assert_int_eq(cs_tls_shared_new(&memory.alloc, cs_base_seeded_random(&seeded), &shared),
                   CS_ERR_UNSUPPORTED);
  ck_assert_ptr_eq(shared, no_shared);
  cs_tls_shared_free(NULL);

  cs_tls_setup *setup = no_setup;
  const char *why = "untouched";
  const cs_tls_psk psk = {.identity = cs_span_str("me"), .key = cs_span_str("secret")};
  const cs_tls_credentials credentials = {.role = CS_TLS_CLIENT, .psk = &psk};
  ck_assert_int_eq(cs_tls_setup_new(NULL, &credentials, &setup, &why), CS_ERR_UNSUPPORTED);
  ck_assert_ptr_eq(setup, no_setup);
  ck_assert_str_eq(why, "untouched");
  cs_tls_setup_free(NULL);

  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    cs_tls *t = before;
    const cs_tls_config config = {.kind = (cs_tls_kind)kind, .mtu = 1152};
    ck_assert(!cs_tls_available((cs_tls_kind)kind));
    ck_assert_int_eq(cs_tls_open(&config, 0, &t), CS_ERR_UNSUPPORTED);
    ck_assert_ptr_eq(t, before);
  }
  ck_assert_uint_eq(memory.calls, 0);
}
END_TEST

START_TEST(it_says_that_it_is_none) {
  ck_assert_str_eq(cs_tls_library(), "none");
  ck_assert_uint_eq(cs_tls_library_version(), 0);
  ck_assert_uint_eq(cs_tls_built_version(), 0);
  ck_assert(!cs_tls_has_cid());
  ck_assert(!cs_tls_has_tls13());
}
END_TEST

START_TEST(no_call_pretends) {
  uint8_t buf[8] = {0};
  size_t len = 7;
  cs_span bytes = {buf, 3};
  cs_tls_failure failure;
  cs_tls_negotiated negotiated;
  ck_assert_int_eq(cs_tls_state_of(NULL), CS_TLS_FAILED);
  ck_assert(!cs_tls_failure_of(NULL, &failure));
  ck_assert(!cs_tls_negotiated_of(NULL, &negotiated));
  ck_assert_int_eq(cs_tls_feed(NULL, cs_span_of(buf, 8), 0), CS_ERR_UNSUPPORTED);
  ck_assert_int_eq(cs_tls_read(NULL, buf, 8, &len), CS_ERR_UNSUPPORTED);
  ck_assert_int_eq(cs_tls_write(NULL, cs_span_of(buf, 8), 0), CS_ERR_UNSUPPORTED);
  ck_assert_int_eq(cs_tls_transmit(NULL, &bytes), CS_ERR_UNSUPPORTED);
  ck_assert_uint_eq(len, 7);
  ck_assert_uint_eq(bytes.len, 3);
  ck_assert(!cs_tls_wants_transmit(NULL));
  ck_assert_int_eq(cs_tls_set_mtu(NULL, 1200), CS_ERR_UNSUPPORTED);
  ck_assert_uint_eq(cs_tls_overhead(NULL), 0);
  ck_assert_uint_eq(cs_tls_deadline(NULL), CS_TIME_NEVER);
  ck_assert_ptr_null(cs_tls_library_session(NULL));
  cs_tls_sent(NULL, 1, 0);
  cs_tls_expire(NULL, 0);
  cs_tls_finish(NULL, 0);
  cs_tls_alert(NULL, 40, 0);
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
