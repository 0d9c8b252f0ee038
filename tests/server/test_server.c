/* The server as a whole: message layer, separate responses, caps, failures. */
#include "ask.h"

START_TEST(ping_is_reset) {
  asked a;
  ask_open(&a, NULL);
  ck_assert_str_eq(ask(&a, "CON Empty mid=0x1234"), "RST 0.00 mid=0x1234");
  ck_assert_str_eq(ask_next(&a), "");
  ask_close(&a);
}
END_TEST

START_TEST(request_is_answered_once_and_replayed) {
  asked a;
  ask_open(&a, NULL);
  char first[8192];
  const char *request = "CON POST mid=1 token=aa Uri-Path=\"test\" payload=\"x\"";
  memcpy(first, ask(&a, request), sizeof first);
  ck_assert_begins(first, "ACK 2.01 mid=0x0001 token=aa Location-Path=\"location1\"");
  ck_assert_str_eq(ask(&a, request), first);
  /* The next POST makes another resource, so the repeated one made none. */
  const char *next = ask(&a, "CON POST mid=2 token=ab Uri-Path=\"test\" payload=\"x\"");
  ck_assert_ptr_nonnull(strstr(next, "\"0000000001\""));
  ask_close(&a);
}
END_TEST

START_TEST(separate_response_is_confirmable_and_acknowledged) {
  asked a;
  ask_open(&a, NULL);
  ck_assert_str_eq(ask(&a, "CON GET mid=1 token=aa Uri-Path=\"separate\""), "ACK 0.00 mid=0x0001");
  ck_assert_str_eq(ask_next(&a), "");
  cs_time asked_at = a.now;
  const char *text = ask_wait(&a, 2 * CS_SECOND);
  ck_assert_begins(text, "CON 2.05 mid=");
  ck_assert_ptr_nonnull(strstr(text, "token=aa"));
  ck_assert_uint_eq(a.now - asked_at, CS_SECOND / 2);
  char ack[64] = "ACK Empty ";
  memcpy(ack + 10, strstr(text, "mid="), 10);
  ask_send(&a, ack);
  ck_assert_str_eq(ask_wait(&a, 100 * CS_SECOND), "");
  ask_close(&a);
}
END_TEST

START_TEST(separate_response_keeps_its_schedule) {
  asked a;
  ask_open(&a, NULL);
  ask(&a, "CON GET mid=1 token=aa Uri-Path=\"separate\"");
  ck_assert_begins(ask_wait(&a, CS_SECOND), "CON 2.05");
  char first[8192];
  memcpy(first, a.text, sizeof first);
  cs_time low = 2 * CS_SECOND;
  for (int copy = 0; copy < 4; copy++, low *= 2) {
    cs_time before = a.now;
    ck_assert_str_eq(ask_wait(&a, low / 2 * 3), first);
    ck_assert_uint_ge(a.now - before, low);
  }
  ck_assert_str_eq(ask_wait(&a, 100 * CS_SECOND), "");
  ask_close(&a);
}
END_TEST

START_TEST(non_request_gets_non_response) {
  asked a;
  ask_open(&a, NULL);
  ck_assert_begins(ask(&a, "NON GET mid=1 token=aa Uri-Path=\"seg1\""), "NON 2.05 mid=");
  ck_assert_str_eq(ask_wait(&a, 200 * CS_SECOND), "");
  ask_close(&a);
}
END_TEST

START_TEST(multicast_error_is_not_sent) {
  asked a;
  ask_open(&a, NULL);
  static const uint8_t missing[] = {0x50, 1, 0, 1, 0xb2, 'n', 'o'};
  static const uint8_t there[] = {0x50, 1, 0, 2, 0xb4, 's', 'e', 'g', '1'};
  cs_server_receive(a.server, 7, true, cs_span_of(missing, sizeof missing), a.now);
  ck_assert_str_eq(ask_wait(&a, 20 * CS_SECOND), "");
  cs_server_receive(a.server, 7, true, cs_span_of(there, sizeof there), a.now);
  ck_assert_begins(ask_wait(&a, 20 * CS_SECOND), "NON 2.05");
  ask_close(&a);
}
END_TEST

START_TEST(peers_have_their_own_message_ids) {
  asked a;
  ask_open(&a, NULL);
  ck_assert_begins(ask(&a, "CON GET mid=1 token=aa Uri-Path=\"seg1\""), "ACK 2.05");
  a.peer = 8;
  ck_assert_begins(ask(&a, "CON GET mid=1 token=bb Uri-Path=\"seg1\""),
                   "ACK 2.05 mid=0x0001 token=bb");
  ck_assert_uint_eq(a.to, 8);
  ask_close(&a);
}
END_TEST

/* Thousands of peers, some with a separate response due: memory stays bounded
 * by the cap and everything is released. */
START_TEST(peers_are_capped) {
  asked a;
  memset(&a, 0, sizeof a);
  cs_test_memory_init(&a.memory);
  cs_server_config config = {0};
  config.alloc = &a.memory.alloc;
  config.max_peers = 16;
  ck_assert_int_eq(cs_server_new(&config, 0, &a.server, NULL), CS_OK);
  size_t at_cap = 0;
  for (a.peer = 1; a.peer <= 2000; a.peer++) {
    ask_send(&a, "CON GET mid=1 token=aa Uri-Path=\"separate\"");
    if (a.peer == 64)
      at_cap = a.memory.out_bytes;
  }
  ck_assert_uint_le(a.memory.out_bytes, at_cap);
  size_t responses = 0;
  while (*ask_wait(&a, CS_SECOND))
    responses += strncmp(a.text, "CON", 3) == 0;
  ck_assert_uint_eq(responses, 16);
  ask_close(&a);
}
END_TEST

START_TEST(too_many_separate_responses_of_one_peer) {
  asked a;
  ask_open(&a, NULL);
  char request[] = "CON GET mid=0x0000 token=aa Uri-Path=\"separate\"";
  for (int i = 0; i < 16; i++) {
    request[17] = "0123456789abcdef"[i];
    ck_assert_begins(ask(&a, request), "ACK 0.00");
  }
  request[16] = '1';
  ck_assert_begins(ask(&a, request), "ACK 5.03");
  ask_close(&a);
}
END_TEST

START_TEST(every_failed_allocation_is_survived) {
  for (size_t fail_at = 1; fail_at < 60; fail_at++) {
    asked a;
    memset(&a, 0, sizeof a);
    cs_test_memory_init(&a.memory);
    a.memory.fail_at = fail_at;
    cs_server_config config = {0};
    config.alloc = &a.memory.alloc;
    if (cs_server_new(&config, 0, &a.server, NULL) != CS_OK) {
      ck_assert_uint_eq(a.memory.out_bytes, 0);
      continue;
    }
    static const uint8_t put[] = {0x40, 3, 0, 1, 0xb1, 'x', 0xff, 'y'};
    static const uint8_t separate[] = {0x40, 1, 0, 2, 0xb8, 's', 'e', 'p', 'a', 'r', 'a', 't', 'e'};
    (void)cs_server_receive(a.server, 1, false, cs_span_of(put, sizeof put), 0);
    (void)cs_server_receive(a.server, 1, false, cs_span_of(separate, sizeof separate), 0);
    while (*ask_wait(&a, 100 * CS_SECOND))
      ;
    ask_close(&a);
  }
}
END_TEST

START_TEST(unknown_defect_is_named) {
  cs_test_memory memory;
  cs_test_memory_init(&memory);
  const char *names[] = {"ping-acked", "no-such-defect"};
  cs_server_config config = {0};
  config.alloc = &memory.alloc;
  config.defects = names;
  config.defect_count = 2;
  cs_server *server = NULL;
  const char *unknown = NULL;
  ck_assert_int_eq(cs_server_new(&config, 0, &server, &unknown), CS_ERR_NOT_FOUND);
  ck_assert_str_eq(unknown, "no-such-defect");
  ck_assert_ptr_null(server);
  ck_assert_uint_eq(memory.out_bytes, 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("server");
  TCase *t = tcase_create("server");
  suite_add_tcase(suite, t);
  tcase_add_test(t, ping_is_reset);
  tcase_add_test(t, request_is_answered_once_and_replayed);
  tcase_add_test(t, separate_response_is_confirmable_and_acknowledged);
  tcase_add_test(t, separate_response_keeps_its_schedule);
  tcase_add_test(t, non_request_gets_non_response);
  tcase_add_test(t, multicast_error_is_not_sent);
  tcase_add_test(t, peers_have_their_own_message_ids);
  tcase_add_test(t, peers_are_capped);
  tcase_add_test(t, too_many_separate_responses_of_one_peer);
  tcase_add_test(t, every_failed_allocation_is_survived);
  tcase_add_test(t, unknown_defect_is_named);
  return cs_test_main(suite);
}
