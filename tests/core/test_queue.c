/* What is to be transmitted leaves in the order it was queued. */
#include <check.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void setup(void) {
  cs_test_session_open(&t, CS_CLIENT, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

START_TEST(bare_replies_are_capped) {
  for (int i = 0; i < 16; i++)
    ck_assert_int_eq(cs_core_send_empty(t.s, CS_RST, (uint16_t)i, t.now), CS_OK);
  ck_assert_int_eq(cs_core_send_empty(t.s, CS_RST, 99, t.now), CS_ERR_LIMIT);
  ck_assert_int_eq(cs_core_send_empty(t.s, CS_CON, 99, t.now), CS_ERR_ARGUMENT);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0000");
  ck_assert_int_eq(cs_core_send_empty(t.s, CS_ACK, 99, t.now), CS_OK);
}
END_TEST

START_TEST(messages_leave_in_the_order_they_were_queued) {
  ck_assert(!cs_core_wants_transmit(t.s));
  cs_test_get(&t, CS_CON, 7, "a", NULL);
  ck_assert_int_eq(cs_core_send_empty(t.s, CS_RST, 1, t.now), CS_OK);
  ck_assert_int_eq(cs_core_send_empty(t.s, CS_ACK, 2, t.now), CS_OK);
  ck_assert(cs_core_wants_transmit(t.s));
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007 token=61");
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0001");
  CS_TEST_TEXT(cs_test_transmit(&t), "ACK 0.00 mid=0x0002");
  ck_assert(!cs_core_wants_transmit(t.s));
}
END_TEST

START_TEST(taking_one_out_of_the_middle_leaves_its_neighbours) {
  ck_assert_int_eq(cs_core_send_empty(t.s, CS_RST, 1, t.now), CS_OK);
  cs_core_request *r = cs_test_get(&t, CS_CON, 7, "a", NULL);
  ck_assert_int_eq(cs_core_send_empty(t.s, CS_RST, 2, t.now), CS_OK);
  cs_core_cancel(t.s, r);
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0001");
  CS_TEST_TEXT(cs_test_transmit(&t), "RST 0.00 mid=0x0002");
  CS_TEST_TEXT(cs_test_transmit(&t), "");
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/queue");
  TCase *c = tcase_create("queue");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, bare_replies_are_capped);
  tcase_add_test(c, messages_leave_in_the_order_they_were_queued);
  tcase_add_test(c, taking_one_out_of_the_middle_leaves_its_neighbours);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
