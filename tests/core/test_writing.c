/* Messages written on a reliable form: sized before, written once, left where
 * they are when they do not fit. */
#include <check.h>

#include "support/check_main.h"
#include "support/session_fixture.h"

static cs_test_session t;

static void setup(void) {
  cs_test_session_open_reliable(&t, CS_SERVER, NULL);
}
static void teardown(void) {
  cs_test_session_close(&t);
}

/* Writes the next message with a byte too little, then with just enough. */
static void fits(const char *want) {
  uint8_t buf[256];
  size_t len = 77, size = cs_core_next_size(t.s);
  ck_assert_uint_gt(size, 0);
  ck_assert_int_eq(cs_core_write(t.s, t.now, buf, size - 1, &len), CS_ERR_TOO_LARGE);
  t.to = 9;
  ck_assert_int_eq(cs_core_transmit(t.s, t.now, buf, size - 1, &t.to, &len), CS_ERR_TOO_LARGE);
  ck_assert_uint_eq(len, 77);
  ck_assert_uint_eq(t.to, 9);
  ck_assert_uint_eq(cs_core_next_size(t.s), size);
  CS_TEST_TEXT(cs_test_transmit(&t), want);
  ck_assert_uint_eq(t.to, 0);
}

START_TEST(each_kind_of_message_has_the_size_it_says) {
  fits("CSM Max-Message-Size=1048576");
  cs_test_receive(&t, "CSM");
  cs_test_event(&t);
  cs_test_receive(&t, "GET token=0102");
  cs_core_response_spec spec = {.code = CS_CODE(2, 5), .payload = cs_span_str("hello"), .type = -1};
  ck_assert_int_eq(cs_core_respond(t.s, cs_test_event(&t).exchange, &spec, t.now), CS_OK);
  fits("2.05 token=0102 payload=\"hello\"");
  cs_test_receive(&t, "Ping token=03");
  cs_test_event(&t);
  fits("Pong token=03");
  ck_assert_int_eq(cs_core_ping(t.s, NULL, t.now, NULL), CS_OK);
  ck_assert_uint_eq(cs_core_next_size(t.s), 2);
  cs_test_transmit(&t);
  cs_core_release(t.s, t.now);
  fits("Release");
  cs_core_abort(t.s, CS_RULE_MESSAGE_CAP, 65535, t.now);
  cs_test_event(&t);
  cs_test_event(&t);
  fits("Abort Bad-CSM-Option=65535 payload=\"OURS#message-cap\"");
  uint8_t buf[8];
  size_t len;
  ck_assert_uint_eq(cs_core_next_size(t.s), 0);
  ck_assert_int_eq(cs_core_write(t.s, t.now, buf, sizeof buf, &len), CS_ERR_AGAIN);
}
END_TEST

START_TEST(on_udp_there_is_a_peer_to_name) {
  cs_test_session u;
  uint8_t buf[64];
  size_t len;
  cs_test_session_open(&u, CS_CLIENT, NULL);
  cs_test_get(&u, CS_CON, 7, "a", NULL);
  ck_assert_int_eq(cs_core_write(u.s, u.now, buf, sizeof buf, &len), CS_ERR_STATE);
  ck_assert(cs_core_wants_transmit(u.s));
  cs_test_session_close(&u);
}
END_TEST

int main(void) {
  Suite *s = suite_create("core/writing");
  TCase *c = tcase_create("writing");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, each_kind_of_message_has_the_size_it_says);
  tcase_add_test(c, on_udp_there_is_a_peer_to_name);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
