/* Matching by peer and Message ID, RFC 7252 section 4.4. */
#include <check.h>
#include <stdio.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void setup(void) {
  cs_test_session_open(&t, CS_CLIENT, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

START_TEST(an_ack_from_another_peer_matches_nothing) {
  cs_test_get(&t, CS_CON, 7, "a", NULL);
  cs_test_transmit(&t);
  cs_test_receive_from(&t, 3, false, "ACK 0.00 mid=7");
  ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_MID_NOT_OURS);
  cs_test_pass(&t, 3 * CS_SECOND);
  CS_TEST_TEXT(cs_test_transmit(&t), "CON GET mid=0x0007 token=61");
}
END_TEST

START_TEST(many_messages_are_each_matched_by_their_own_id) {
  cs_core_params p = cs_core_params_default;
  p.nstart = 64;
  ck_assert_int_eq(cs_core_set_params(t.s, &p), CS_OK);
  static char token[64][2];
  for (int i = 0; i < 64; i++) {
    token[i][0] = (char)(i + 1);
    cs_test_get(&t, CS_CON, 1000 + i, token[i], token[i]);
    cs_test_transmit(&t);
  }
  for (int i = 63; i >= 0; i--) {
    char text[32];
    snprintf(text, sizeof text, "RST 0.00 mid=%d", 1000 + i);
    cs_test_receive(&t, text);
    ck_assert_ptr_eq(cs_test_event(&t).app, token[i]);
    cs_test_no_event(&t);
    cs_test_receive(&t, text); /* matches once only */
    ck_assert_int_eq(cs_test_event(&t).rule, CS_RULE_MID_NOT_OURS);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/flight");
  TCase *c = tcase_create("flight");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, an_ack_from_another_peer_matches_nothing);
  tcase_add_test(c, many_messages_are_each_matched_by_their_own_id);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
