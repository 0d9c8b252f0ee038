/* Frames that we make: masked by a client with a fresh key each, never by a
 * server; the Close that says why. */
#include "support/check_main.h"
#include "support/ws_side.h"

static cs_test_ws client, server;
static uint8_t out[70100];

static void setup(void) {
  cs_test_ws_pair(&client, &server, 70000);
}
static void teardown(void) {
  cs_test_ws_close(&client);
  cs_test_ws_close(&server);
}

/* A message sealed at the beginning of out; returns the frame. */
static cs_span sealed(cs_test_ws *from, cs_span message) {
  size_t header = cs_link_header_size(&from->link, message.len);
  memset(out, 0xee, header);
  memcpy(out + header, message.at, message.len);
  cs_link_seal(&from->link, out, message.len);
  return cs_span_of(out, header + message.len);
}

START_TEST(a_sealed_message_arrives_as_it_was) {
  static const size_t sizes[] = {2, 3, 125, 126, 65535, 65536, 70000};
  static const size_t headers[] = {2, 2, 2, 4, 4, 10, 10};
  static uint8_t message[70000];
  for (size_t i = 0; i < sizeof message; i++)
    message[i] = (uint8_t)(i * 31 >> 3);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    cs_span m = cs_span_of(message, sizes[i]);
    ck_assert_uint_eq(cs_link_header_size(&server.link, sizes[i]), headers[i]);
    ck_assert_uint_eq(cs_link_header_size(&client.link, sizes[i]), headers[i] + 4);
    for (size_t step = 0; step < 4000; step += 1777) {
      cs_test_ws_forget(&server);
      cs_test_ws_forget(&client);
      ck_assert_int_eq(cs_test_ws_give(&server, sealed(&client, m), step), CS_ERR_AGAIN);
      ck_assert_int_eq(cs_test_ws_give(&client, sealed(&server, m), step), CS_ERR_AGAIN);
      ck_assert(server.count == 1 && server.used == sizes[i]);
      ck_assert_mem_eq(server.bytes, message, sizes[i]);
      ck_assert(client.count == 1 && client.used == sizes[i]);
      ck_assert_mem_eq(client.bytes, message, sizes[i]);
    }
  }
}
END_TEST

START_TEST(only_a_client_masks_and_each_frame_has_its_own_key) {
  uint8_t keys[8][4];
  for (int i = 0; i < 8; i++) {
    cs_span frame = sealed(&client, cs_span_of("\0\x01", 2));
    ck_assert_uint_eq(frame.at[0], 0x82);
    ck_assert_uint_eq(frame.at[1], 0x82);
    memcpy(keys[i], frame.at + 2, 4);
    for (int k = 0; k < i; k++)
      ck_assert(memcmp(keys[i], keys[k], 4) != 0);
  }
  cs_span frame = sealed(&server, cs_span_of("\0\x01", 2));
  ck_assert_mem_eq(frame.at, "\x82\x02\0\x01", 4);
}
END_TEST

START_TEST(own_bytes_that_do_not_fit_stay) {
  uint8_t small[4];
  size_t len = 77;
  cs_link_close(&client.link, CS_RULE_NONE, 1);
  ck_assert_int_eq(cs_link_transmit(&client.link, small, sizeof small, &len), CS_ERR_TOO_LARGE);
  ck_assert_uint_eq(len, 77);
  ck_assert(cs_link_wants_transmit(&client.link));
  cs_span own = cs_test_ws_own(&client);
  ck_assert_int_eq(cs_test_ws_give(&server, own, 1), CS_ERR_CLOSED);
  ck_assert_int_eq(cs_test_ws_give(&client, cs_test_ws_own(&server), 1), CS_ERR_CLOSED);
  ck_assert(cs_link_closed(&client.link) && cs_link_closed(&server.link));
}
END_TEST

START_TEST(the_status_fits_the_rule) {
  static const struct {
    cs_rule why;
    uint16_t status;
  } rows[] = {
      {CS_RULE_NONE, 1000},
      {CS_RULE_WS_RESERVED_BITS, 1002},
      {CS_RULE_TOKEN_SHORT, 1002},
      {CS_RULE_WS_TEXT, 1003},
      {CS_RULE_WS_CLOSE_REASON, 1007},
      {CS_RULE_WS_CONTROL_FLOOD, 1008},
      {CS_RULE_MESSAGE_CAP, 1009},
      {CS_RULE_OUT_OF_MEMORY, 1011},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    teardown();
    setup();
    cs_link_close(&server.link, rows[i].why, 1);
    cs_link_close(&server.link, CS_RULE_VERSION, 1); /* once */
    ck_assert_int_eq(cs_test_ws_give(&client, cs_test_ws_own(&server), 0), CS_ERR_CLOSED);
    ck_assert(!cs_link_wants_transmit(&server.link));
    cs_link_ws_said said;
    ck_assert(cs_link_ws_peer_said(&client.link, &said));
    ck_assert_uint_eq(said.status, rows[i].status);
    const char *id = rows[i].why == CS_RULE_NONE ? "" : cs_base_rule_id(rows[i].why);
    ck_assert(cs_span_equal(said.reason, cs_span_str(id)));
  }
}
END_TEST

/* RFC 6455 section 7.1.5: both began at once. */
START_TEST(both_sides_may_close_at_once) {
  uint8_t copy[200];
  cs_link_close(&client.link, CS_RULE_NONE, 1);
  cs_link_close(&server.link, CS_RULE_NONE, 1);
  cs_span own = cs_test_ws_own(&client);
  size_t n = own.len;
  memcpy(copy, own.at, n);
  ck_assert_int_eq(cs_test_ws_give(&client, cs_test_ws_own(&server), 0), CS_ERR_CLOSED);
  ck_assert_int_eq(cs_test_ws_give(&server, cs_span_of(copy, n), 0), CS_ERR_CLOSED);
  ck_assert(cs_link_closed(&client.link) && cs_link_closed(&server.link));
  ck_assert(!cs_link_wants_transmit(&client.link) && !cs_link_wants_transmit(&server.link));
}
END_TEST

START_TEST(a_peer_that_never_answers_our_close_is_left) {
  cs_rule broken = CS_RULE_NONE;
  cs_link_close(&client.link, CS_RULE_NONE, 5 * CS_SECOND);
  (void)cs_test_ws_own(&client);
  ck_assert_uint_eq(cs_link_deadline(&client.link), 35 * CS_SECOND);
  ck_assert_int_eq(cs_link_expire(&client.link, 35 * CS_SECOND - 1, &broken), CS_OK);
  ck_assert(!cs_link_closed(&client.link));
  ck_assert_int_eq(cs_link_expire(&client.link, 35 * CS_SECOND, &broken), CS_ERR_RULE);
  ck_assert_int_eq(broken, CS_RULE_WS_CLOSE_TIMEOUT);
  ck_assert(cs_link_closed(&client.link));
  ck_assert_int_eq(cs_link_expire(&client.link, 36 * CS_SECOND, &broken), CS_OK);
}
END_TEST

int main(void) {
  Suite *s = suite_create("link/ws_write");
  TCase *c = tcase_create("ws_write");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_sealed_message_arrives_as_it_was);
  tcase_add_test(c, only_a_client_masks_and_each_frame_has_its_own_key);
  tcase_add_test(c, own_bytes_that_do_not_fit_stay);
  tcase_add_test(c, the_status_fits_the_rule);
  tcase_add_test(c, both_sides_may_close_at_once);
  tcase_add_test(c, a_peer_that_never_answers_our_close_is_left);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
