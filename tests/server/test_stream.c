/* The server over TCP and WebSocket, RFC 8323 section by section. */
#include "wired.h"

enum { FORMS = 2 };
#define FORM wired_forms[_i]

static wired w; /* large, and of one process a test */

START_TEST(requests_are_answered) {
  wired_open(&w, FORM, NULL);
  wired_greet(&w);
  ck_assert_str_eq(wired_ask(&w, "GET token=aa Uri-Path=\"seg1\""),
                   "2.05 token=aa Content-Format=0 payload=\"one segment\"");
  ck_assert_begins(wired_ask(&w, "PUT token=ab Uri-Path=\"made\" payload=\"x\""), "2.01 token=ab");
  ck_assert_begins(wired_ask(&w, "GET token=ac Uri-Path=\"no\""), "4.04 token=ac");
  ck_assert_begins(wired_ask(&w, "GET token=ad Uri-Path=\"seg1\" Option-65001=0x01"),
                   "4.02 token=ad");
  ck_assert_str_eq(wired_ask(&w, "0.00"), "");
  ck_assert_str_eq(wired_wait(&w, 300 * CS_SECOND), "");
  wired_done(&w);
}
END_TEST

/* Cut anywhere, both ways, the conversation is the same. */
START_TEST(bytes_come_in_pieces_of_any_size) {
  for (size_t cut = 1; cut < 12; cut++) {
    wired_open(&w, FORM, NULL);
    w.cut = cut;
    w.take = cut;
    wired_greet(&w);
    ck_assert_begins(wired_ask(&w, "GET token=aa Uri-Path=\"seg1\""), "2.05 token=aa");
    ck_assert_str_eq(wired_ask(&w, "Ping token=0102030405060708 Custody"),
                     "Pong token=0102030405060708 Custody");
    wired_done(&w);
  }
}
END_TEST

START_TEST(responses_do_not_wait_for_a_delayed_one) {
  wired_open(&w, FORM, NULL);
  wired_greet(&w);
  ck_assert_str_eq(wired_ask(&w, "GET token=aa Uri-Path=\"separate\""), "");
  ck_assert_begins(wired_ask(&w, "GET token=ab Uri-Path=\"seg1\""), "2.05 token=ab");
  cs_time before = w.now;
  ck_assert_begins(wired_wait(&w, 2 * CS_SECOND), "2.05 token=aa");
  ck_assert_uint_eq(w.now - before, CS_SECOND / 2);
  ck_assert_str_eq(wired_wait(&w, 300 * CS_SECOND), "");
  wired_done(&w);
}
END_TEST

/* What ends a connection: on a WebSocket behind the closing handshake. */
static void expect_end(unsigned status) {
  char close[32];
  if (w.form == CS_WIRE_WS) {
    snprintf(close, sizeof close, "frame close %u", status);
    ck_assert_str_eq(wired_next(&w), close);
    const cs_wire_ws_frame f = {
        .fin = true, .opcode = CS_WS_CLOSE, .masked = true, .mask = {1, 2, 3, 4}};
    if (!w.closed)
      wired_frame(&w, f, "\x03\xe8", 2);
  }
  ck_assert_str_eq(wired_wait(&w, 40 * CS_SECOND), "closed");
}

/* RFC 8323 section 5.5: what was asked is answered first. */
START_TEST(release_is_followed_by_answers_and_the_end) {
  wired_open(&w, FORM, NULL);
  wired_greet(&w);
  wired_send(&w, "GET token=aa Uri-Path=\"separate\"");
  ck_assert_str_eq(wired_ask(&w, "Release"), "");
  ck_assert_begins(wired_wait(&w, CS_SECOND), "2.05 token=aa");
  expect_end(1000);
  wired_done(&w);
}
END_TEST

START_TEST(abort_ends_at_once) {
  wired_open(&w, FORM, NULL);
  wired_greet(&w);
  wired_send(&w, "GET token=aa Uri-Path=\"separate\"");
  wired_send(&w, "Abort payload=\"enough\"");
  expect_end(1000);
  wired_done(&w);
}
END_TEST

START_TEST(broken_rules_are_named_by_abort) {
  static const char *const what[] = {"GET Uri-Path=\"seg1\"", "Ping token=01", "2.05"};
  for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
    wired_open(&w, FORM, NULL);
    if (w.form == CS_WIRE_WS) {
      wired_upgrade(&w);
      ck_assert_str_eq(wired_next(&w), "HTTP 101");
    }
    ck_assert_begins(wired_next(&w), "CSM ");
    ck_assert_begins(wired_ask(&w, what[i]), "Abort payload=\"RFC8323#");
    if (w.form == CS_WIRE_WS)
      ck_assert_begins(wired_next(&w), "frame close ");
    ck_assert_str_eq(wired_wait(&w, 40 * CS_SECOND), "closed");
    wired_done(&w);
  }
}
END_TEST

START_TEST(a_peer_without_csm_is_given_up) {
  wired_open(&w, FORM, NULL);
  if (w.form == CS_WIRE_WS) {
    wired_upgrade(&w);
    ck_assert_str_eq(wired_next(&w), "HTTP 101");
  }
  ck_assert_begins(wired_next(&w), "CSM ");
  cs_time before = w.now;
  ck_assert_begins(wired_wait(&w, 40 * CS_SECOND), "Abort payload=\"RFC8323#");
  ck_assert_uint_eq(w.now - before, 30 * CS_SECOND);
  if (w.form == CS_WIRE_WS)
    ck_assert_begins(wired_next(&w), "frame close ");
  ck_assert_str_eq(wired_wait(&w, 40 * CS_SECOND), "closed");
  wired_done(&w);
}
END_TEST

START_TEST(upgrades_are_refused) {
  wired_open(&w, CS_WIRE_WS, NULL);
  static const char get[] = "GET /elsewhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                            "Sec-WebSocket-Protocol: coap\r\n\r\n";
  wired_bytes(&w, get, sizeof get - 1);
  ck_assert_str_eq(wired_next(&w), "HTTP 404");
  w.in_len = 0;
  ck_assert_str_eq(wired_wait(&w, CS_SECOND), "closed");
  wired_done(&w);
}
END_TEST

/* ---- sizes ---- */

static void put_of_size(size_t total) {
  static uint8_t body[2 << 20];
  static const uint8_t path[] = {0xb3, 'b', 'i', 'g'};
  cs_wire_message m = {.form = w.form,
                       .code = CS_CODE(0, 3),
                       .token = cs_span_of("\xaa", 1),
                       .options = cs_span_of(path, sizeof path),
                       .payload = cs_span_of(body, total)};
  m.payload.len -= cs_wire_size(&m) - total;
  ck_assert_uint_eq(cs_wire_size(&m), total);
  wired_message(&w, &m);
}

START_TEST(a_message_may_be_a_mebibyte_long) {
  wired_open(&w, FORM, NULL);
  wired_greet(&w);
  w.cut = 16384;
  put_of_size(1 << 20);
  ck_assert_begins(wired_next(&w), "4.13 token=aa Size1=1024");
  put_of_size(1000);
  ck_assert_begins(wired_next(&w), "2.01 token=aa");
  put_of_size((1 << 20) + 1);
  const char *text = wired_next(&w);
  if (w.form == CS_WIRE_WS)
    ck_assert_str_eq(text, "frame close 1009");
  else
    ck_assert_begins(text, "Abort payload=\"");
  wired_done(&w);
}
END_TEST

START_TEST(no_response_is_larger_than_the_peer_takes) {
  wired_open(&w, FORM, NULL);
  wired_greet(&w);
  ck_assert_str_eq(wired_ask(&w, "CSM Max-Message-Size=20"), "");
  ck_assert_str_eq(wired_ask(&w, "GET token=aa Uri-Path=\"seg1\""),
                   "2.05 token=aa Content-Format=0 payload=\"one segment\"");
  ck_assert_str_eq(wired_ask(&w, "GET token=aa Uri-Path=\".well-known\" Uri-Path=\"core\""),
                   "5.00 token=aa");
  wired_done(&w);
}
END_TEST

START_TEST(extended_tokens_are_for_those_who_ask) {
  cs_server_config config;
  wired_config(&w, &config);
  config.token_max = 64;
  ck_assert_int_eq(cs_server_new(&config, w.now, &w.server, NULL), CS_OK);
  wired_connect(&w, FORM);
  if (w.form == CS_WIRE_WS) {
    wired_upgrade(&w);
    ck_assert_str_eq(wired_next(&w), "HTTP 101");
  }
  ck_assert_ptr_nonnull(strstr(wired_next(&w), "Extended-Token-Length=64"));
  wired_send(&w, "CSM Extended-Token-Length=64");
  ck_assert_begins(wired_ask(&w, "GET token=0102030405060708090a0b0c0d Uri-Path=\"seg1\""),
                   "2.05 token=0102030405060708090a0b0c0d ");
  /* And on UDP. */
  static const uint8_t get[] = {0x49, 1, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xb4, 's', 'e', 'g', '1'};
  uint8_t buf[2048];
  uint64_t peer;
  size_t len;
  ck_assert_int_eq(cs_server_receive(w.server, 1, false, cs_span_of(get, sizeof get), w.now),
                   CS_OK);
  ck_assert_int_eq(cs_server_transmit(w.server, w.now, buf, sizeof buf, &peer, &len), CS_OK);
  ck_assert_int_eq(buf[1], CS_CODE(2, 5));
  wired_done(&w);
}
END_TEST

/* ---- connections ---- */

START_TEST(connections_are_capped) {
  cs_server_config config;
  wired_config(&w, &config);
  config.max_peers = 2;
  ck_assert_int_eq(cs_server_new(&config, w.now, &w.server, NULL), CS_OK);
  wired_connect(&w, FORM);
  ck_assert_int_eq(cs_server_connect(w.server, 2, FORM, w.now), CS_OK);
  ck_assert_int_eq(cs_server_connect(w.server, 3, FORM, w.now), CS_ERR_LIMIT);
  /* A sender of datagrams is another matter. */
  static const uint8_t ping[] = {0x40, 0, 0, 1};
  for (uint64_t peer = 4; peer < 7; peer++)
    ck_assert_int_eq(cs_server_receive(w.server, peer, false, cs_span_of(ping, 4), w.now), CS_OK);
  ck_assert_int_eq(cs_server_connect(w.server, 3, FORM, w.now), CS_ERR_LIMIT);
  cs_server_hangup(w.server, 2, w.now);
  ck_assert_int_eq(cs_server_connect(w.server, 3, FORM, w.now), CS_OK);
  ck_assert_int_eq(cs_server_connect(w.server, 3, FORM, w.now), CS_ERR_ARGUMENT);
  wired_done(&w);
}
END_TEST

START_TEST(a_hangup_leaves_nothing) {
  wired_open(&w, FORM, NULL);
  wired_greet(&w);
  wired_send(&w, "GET token=aa Uri-Path=\"separate\"");
  size_t before = w.memory.out_bytes;
  cs_server_hangup(w.server, w.peer, w.now);
  ck_assert_uint_lt(w.memory.out_bytes, before);
  ck_assert_str_eq(wired_wait(&w, 10 * CS_SECOND), "");
  ck_assert_uint_eq(cs_server_deadline(w.server), CS_TIME_NEVER);
  wired_done(&w);
}
END_TEST

/* Two connections at once, and each gets its own answers. */
START_TEST(connections_do_not_mix) {
  wired_open(&w, FORM, NULL);
  wired_greet(&w);
  wired_send(&w, "GET token=aa Uri-Path=\"separate\"");
  uint64_t first = w.peer;
  wired_connect(&w, FORM);
  wired_greet(&w);
  ck_assert_begins(wired_ask(&w, "GET token=bb Uri-Path=\"seg1\""), "2.05 token=bb");
  uint64_t second = w.peer;
  w.peer = first;
  ck_assert_begins(wired_wait(&w, CS_SECOND), "2.05 token=aa");
  cs_server_hangup(w.server, first, w.now);
  w.peer = second;
  ck_assert_begins(wired_ask(&w, "GET token=bc Uri-Path=\"seg1\""), "2.05 token=bc");
  wired_done(&w);
}
END_TEST

/* ---- memory ---- */

static void talk(void) {
  if (w.form == CS_WIRE_WS)
    wired_upgrade(&w);
  wired_send(&w, "CSM");
  wired_send(&w, "PUT token=aa Uri-Path=\"made\" payload=\"x\"");
  wired_send(&w, "GET token=ab Uri-Path=\"separate\"");
  wired_send(&w, "Ping token=ac");
  w.cut = 0;
  for (int i = 0; i < 200 && *wired_wait(&w, CS_SECOND) && !(w.closed && !w.in_len); i++)
    w.in_len = 0;
  if (!w.closed)
    wired_send(&w, "Release");
}

static void every_failure(const char *defect) {
  for (size_t fail_at = 1; fail_at < 80; fail_at++) {
    for (size_t i = 0; i < 2; i++) {
      cs_server_config config;
      wired_config(&w, &config);
      config.defects = &defect;
      config.defect_count = defect ? 1 : 0;
      w.memory.fail_at = fail_at;
      w.form = wired_forms[i];
      w.cut = 3;
      if (cs_server_new(&config, w.now, &w.server, NULL) == CS_OK) {
        if (cs_server_connect(w.server, w.peer, w.form, w.now) == CS_OK)
          talk();
        cs_server_free(w.server);
      }
      ck_assert_uint_eq(w.memory.out_bytes, 0);
    }
  }
}

START_TEST(every_failed_allocation_is_survived) {
  every_failure(NULL);
  every_failure("token-missing");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("stream");
  TCase *t = tcase_create("stream");
  suite_add_tcase(suite, t);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, requests_are_answered, 0, FORMS);
  tcase_add_loop_test(t, bytes_come_in_pieces_of_any_size, 0, FORMS);
  tcase_add_loop_test(t, responses_do_not_wait_for_a_delayed_one, 0, FORMS);
  tcase_add_loop_test(t, release_is_followed_by_answers_and_the_end, 0, FORMS);
  tcase_add_loop_test(t, abort_ends_at_once, 0, FORMS);
  tcase_add_loop_test(t, broken_rules_are_named_by_abort, 0, FORMS);
  tcase_add_loop_test(t, a_peer_without_csm_is_given_up, 0, FORMS);
  tcase_add_test(t, upgrades_are_refused);
  tcase_add_loop_test(t, a_message_may_be_a_mebibyte_long, 0, FORMS);
  tcase_add_loop_test(t, no_response_is_larger_than_the_peer_takes, 0, FORMS);
  tcase_add_loop_test(t, extended_tokens_are_for_those_who_ask, 0, FORMS);
  tcase_add_loop_test(t, connections_are_capped, 0, FORMS);
  tcase_add_loop_test(t, a_hangup_leaves_nothing, 0, FORMS);
  tcase_add_loop_test(t, connections_do_not_mix, 0, FORMS);
  tcase_add_test(t, every_failed_allocation_is_survived);
  return cs_test_main(suite);
}
