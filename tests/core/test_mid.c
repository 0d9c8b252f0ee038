/* Message IDs, RFC 7252 section 4.4. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void setup(void) {
  cs_test_session_open(&t, CS_CLIENT, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

START_TEST(message_ids_run_in_sequence_from_a_random_start) {
  uint16_t a, b;
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &a), CS_OK);
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &b), CS_OK);
  ck_assert_uint_eq((uint16_t)(a + 1), b);
  cs_test_session other;
  cs_test_session_open(&other, CS_CLIENT, NULL);
  cs_base_seeded_init(&other.seeded, 2);
  cs_core_session *s;
  ck_assert_int_eq(cs_core_open(&other.config, NULL, 1152, t.now, &s), CS_OK);
  uint16_t c;
  ck_assert_int_eq(cs_core_new_mid(s, t.now, &c), CS_OK);
  ck_assert_uint_ne(a, c);
  cs_core_close(s);
  cs_test_session_close(&other);
}
END_TEST

START_TEST(none_is_used_twice_within_exchange_lifetime) {
  static uint8_t used[65536];
  memset(used, 0, sizeof used);
  uint16_t mid;
  size_t taken = 0;
  while (cs_core_new_mid(t.s, t.now, &mid) == CS_OK) {
    ck_assert_uint_eq(used[mid], 0);
    used[mid] = 1;
    taken++;
    ck_assert_uint_le(taken, 65536);
  }
  ck_assert_uint_gt(taken, 3 * 16384);
  mid = 4711;
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &mid), CS_ERR_LIMIT);
  ck_assert_uint_eq(mid, 4711);
  cs_test_pass(&t, cs_core_exchange_lifetime(&cs_core_params_default));
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &mid), CS_OK);
}
END_TEST

START_TEST(an_open_request_keeps_its_message_id) {
  uint16_t next;
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &next), CS_OK);
  cs_test_get(&t, CS_CON, (uint16_t)(next + 1), "a", NULL);
  uint16_t after;
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &after), CS_OK);
  ck_assert_uint_eq(after, (uint16_t)(next + 2));
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/mid");
  TCase *c = tcase_create("mid");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, message_ids_run_in_sequence_from_a_random_start);
  tcase_add_test(c, none_is_used_twice_within_exchange_lifetime);
  tcase_add_test(c, an_open_request_keeps_its_message_id);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
