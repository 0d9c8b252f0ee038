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

/* Each allocation of a request and of a ping fails in turn: as if it had never
 * been asked for. */
START_TEST(what_failed_used_no_message_id) {
  uint16_t next, mid;
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &next), CS_OK);
  for (unsigned ping = 0; ping < 2; ping++) {
    cs_err e = CS_ERR_MEMORY;
    for (size_t n = 1; e == CS_ERR_MEMORY; n++) {
      t.memory.fail_at = t.memory.calls + n;
      cs_core_request_spec spec = {.type = CS_CON, .code = 1, .mid = -1, .token = {t.in, ping}};
      cs_core_request *r = NULL;
      e = ping ? cs_core_ping(t.s, NULL, t.now, &mid)
               : cs_core_send_request(t.s, &spec, t.now, &r, NULL);
      if (r)
        mid = cs_core_request_mid(r);
    }
    ck_assert_int_eq(e, CS_OK);
    next++;
    ck_assert_uint_eq(mid, next);
    t.memory.fail_at = 0;
  }
}
END_TEST

/* A Message ID of the owner's counts from its transmission, however it came to
 * be: none is used again within EXCHANGE_LIFETIME of that. */
START_TEST(a_transmission_uses_its_message_id) {
  uint16_t start, mid;
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &start), CS_OK);
  uint16_t own = (uint16_t)(start + 40000);
  cs_test_get(&t, CS_CON, own, "a", NULL);
  cs_test_transmit(&t);
  char rst[32];
  snprintf(rst, sizeof rst, "RST 0.00 mid=%u", own);
  cs_test_receive(&t, rst);
  ck_assert_int_eq(cs_test_event(&t).kind, CS_EVENT_NACK);
  cs_test_no_event(&t);
  unsigned taken = 0;
  while (cs_core_new_mid(t.s, t.now, &mid) == CS_OK) {
    ck_assert_uint_ne(mid, own);
    ck_assert_uint_lt(taken++, 65536);
  }
  cs_test_pass(&t, cs_core_exchange_lifetime(&cs_core_params_default));
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &mid), CS_OK);
}
END_TEST

START_TEST(exchange_lifetime_is_waited_out_to_its_end) {
  uint16_t mid;
  cs_test_pass(&t, 900 * CS_MILLISECOND);
  while (cs_core_new_mid(t.s, t.now, &mid) == CS_OK)
    ;
  cs_test_pass(&t, cs_core_exchange_lifetime(&cs_core_params_default) - 1);
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &mid), CS_ERR_LIMIT);
  cs_test_pass(&t, CS_SECOND);
  ck_assert_int_eq(cs_core_new_mid(t.s, t.now, &mid), CS_OK);
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/mid");
  TCase *c = tcase_create("mid");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, message_ids_run_in_sequence_from_a_random_start);
  tcase_add_test(c, none_is_used_twice_within_exchange_lifetime);
  tcase_add_test(c, an_open_request_keeps_its_message_id);
  tcase_add_test(c, what_failed_used_no_message_id);
  tcase_add_test(c, a_transmission_uses_its_message_id);
  tcase_add_test(c, exchange_lifetime_is_waited_out_to_its_end);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
