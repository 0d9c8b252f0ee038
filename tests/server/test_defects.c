/* The table of defects: each is whole, and none is noticed by what it does not
 * concern. What each breaks is shown by its scenario (coapspec selftest). */
#include "ask.h"
#include "server/defects.h"
#include "wired.h"

START_TEST(names_are_unique_and_rows_are_whole) {
  const cs_server_defect *d;
  size_t count = 0;
  for (; (d = cs_server_defect_at(count)); count++) {
    ck_assert_msg(d->name && d->requirement && d->what, "row %zu", count);
    ck_assert_msg(strncmp(d->requirement, "RFC", 3) == 0 && strchr(d->requirement, ':'),
                  "%s breaks %s", d->name, d->requirement);
    ck_assert_ptr_eq(cs_server_defect_named(d->name), d);
    const cs_defect *whole = cs_defect_find(d->name);
    bool units = whole->unit_in || whole->unit_out;
    bool secured = whole->secure || whole->wire_in || whole->wire_out;
    ck_assert_msg(whole->setup || whole->in || whole->out || whole->request || whole->reply ||
                      whole->closing || whole->bytes_in || units || secured,
                  "%s does nothing", d->name);
    ck_assert_msg(d->transports <= (CS_DEFECT_UDP | CS_DEFECT_STREAM | CS_DEFECT_SECURED), "%s",
                  d->name);
    ck_assert_msg(secured == ((d->transports & CS_DEFECT_SECURED) != 0), "%s", d->name);
    ck_assert_msg(!units || (d->transports & CS_DEFECT_WS), "%s changes frames", d->name);
  }
  ck_assert_uint_gt(count, 40);
  ck_assert_ptr_null(cs_server_defect_named("no-such-defect"));
}
END_TEST

/* A process for each test of a defect would cost more than the test. */
enum { AT_A_TIME = 8 };

/* Under every defect: bytes of all kinds, time, and a clean end. */
static void datagrams(const cs_server_defect *d) {
  asked a;
  ask_open(&a, d->name);
  uint32_t random = 12345;
  for (int i = 0; i < 300; i++) {
    uint8_t bytes[40];
    random = random * 1664525 + 1013904223;
    size_t len = (random >> 8) % sizeof bytes;
    for (size_t k = 0; k < len; k++) {
      random = random * 1664525 + 1013904223;
      bytes[k] = (uint8_t)(random >> 24);
    }
    if (len > 1 && i % 2) {
      bytes[0] &= 0x7f;
      bytes[1] &= 0x07;
    }
    ask_send_bytes(&a, bytes, len);
    a.now += CS_SECOND / 10;
    while (*ask_next(&a))
      ;
  }
  ask_send(&a, "CON GET mid=1 token=aa Uri-Path=\"separate\"");
  for (int i = 0; i < 100 && *ask_wait(&a, 100 * CS_SECOND); i++)
    ;
  ask_close(&a);
}

START_TEST(no_defect_crashes_or_leaks) {
  const cs_server_defect *d;
  size_t first = (size_t)_i * AT_A_TIME;
  for (size_t i = 0; i < AT_A_TIME && (d = cs_server_defect_at(first + i)); i++)
    datagrams(d);
}
END_TEST

/* Bytes of a conversation, most of them sensible. */
static void babble(wired *w, uint32_t *random) {
  static const char *const sayings[] = {
      "CSM",
      "CSM Max-Message-Size=64 Block-Wise-Transfer",
      "Ping token=01 Custody",
      "Pong token=01",
      "GET token=aa Uri-Path=\"seg1\"",
      "GET token=ab Uri-Path=\"separate\"",
      "POST token=0102030405060708 Uri-Path=\"test\" payload=\"x\"",
      "GET Uri-Path=\"seg1\" Option-65001=0x01",
      "2.05 token=aa payload=\"x\"",
      "0.00",
      "Release",
      "Abort payload=\"enough\"",
  };
  *random = *random * 1664525 + 1013904223;
  uint32_t choice = *random >> 16;
  if (choice % 16 < sizeof sayings / sizeof *sayings) {
    wired_send(w, sayings[choice % 16]);
  } else if (w->form == CS_WIRE_WS && choice % 16 < 15) {
    cs_wire_ws_frame f = wired_binary;
    f.fin = (choice & 0x10) != 0;
    f.masked = (choice & 0x60) != 0;
    f.opcode = (choice >> 7) & 15;
    wired_frame(w, f, "\x03\xe8", 2);
  } else {
    wired_bytes(w, random, 1 + choice % 4);
  }
  w->in_len = 0;
}

static void streams(const cs_server_defect *d) {
  static wired w;
  uint32_t random = 12345;
  for (size_t k = 0; k < 2 * 8; k++) {
    wired_open(&w, wired_forms[k % 2], d->name);
    w.cut = k / 2 % 4;
    if (w.form == CS_WIRE_WS)
      wired_upgrade(&w);
    if (k % 8 < 6)
      wired_send(&w, "CSM");
    for (int i = 0; i < 40 && !w.closed; i++) {
      babble(&w, &random);
      w.now += CS_SECOND / 10;
      cs_server_expire(w.server, w.now);
    }
    for (int i = 0; i < 100 && *wired_wait(&w, 100 * CS_SECOND) && !w.closed; i++)
      w.in_len = 0;
    wired_done(&w);
  }
}

START_TEST(no_defect_crashes_or_leaks_on_streams) {
  const cs_server_defect *d;
  size_t first = (size_t)_i * AT_A_TIME;
  for (size_t i = 0; i < AT_A_TIME && (d = cs_server_defect_at(first + i)); i++)
    streams(d);
}
END_TEST

START_TEST(defects_show_where_their_row_says) {
  const cs_server_defect *acked = cs_server_defect_named("ping-acked");
  const cs_server_defect *token = cs_server_defect_named("token-missing");
  ck_assert(cs_server_defect_on(acked, CS_WIRE_UDP));
  ck_assert(!cs_server_defect_on(acked, CS_WIRE_TCP));
  ck_assert(!cs_server_defect_on(acked, CS_WIRE_WS));
  ck_assert(cs_server_defect_on(token, CS_WIRE_UDP));
  ck_assert(cs_server_defect_on(token, CS_WIRE_TCP));
  ck_assert(cs_server_defect_on(token, CS_WIRE_WS));
}
END_TEST

/* Defects of RFC 7252 that mean something on streams too. */
START_TEST(old_defects_show_on_streams) {
  static wired w;
  static const struct {
    const char *defect, *request, *answer;
  } rows[] = {
      {"token-missing", "GET token=aa Uri-Path=\"seg1\"", "2.05 Content-Format"},
      {"token-cut-to-four", "GET token=0102030405 Uri-Path=\"seg1\"", "2.05 token=01020304 "},
      {"response-class-three", "GET Uri-Path=\"seg1\"", "3.05"},
      {"error-only-acknowledged", "GET Uri-Path=\"no\"", ""},
      {"critical-ignored", "GET Uri-Path=\"seg1\" Option-65001=0x01", "2.05"},
      {"elective-rejected", "GET Uri-Path=\"seg1\" Option-65000=0x01", "Abort"},
      {"one-byte-extension-refused", "GET Uri-Path=\"01234567890123456789\"", "Abort"},
      {"marker-scanned-for", "GET Uri-Path=\"a\\xffb\"", "Abort"},
      {"leading-zero-refused", "GET Uri-Path=\"seg1\" Accept=0x00", "4.02"},
      {"leading-zeros-sent", "GET Uri-Path=\"seg1\"", "2.05 Content-Format=0x0000"},
      {"uri-host-unanswered", "GET Uri-Path=\"seg1\" Uri-Host=\"x\"", ""},
      {"unknown-method-reset", "0.30 Uri-Path=\"seg1\"", "Abort"},
      {"ping-acked", "Ping token=01", "Pong token=01"},
      {"ack-wrong-mid", "GET Uri-Path=\"seg1\"", "2.05"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    wired_open(&w, wired_forms[_i], rows[i].defect);
    wired_greet(&w);
    const char *text = wired_ask(&w, rows[i].request);
    ck_assert_msg(*rows[i].answer ? strncmp(text, rows[i].answer, strlen(rows[i].answer)) == 0
                                  : !*text,
                  "%s: %s", rows[i].defect, text);
    wired_done(&w);
  }
}
END_TEST

START_TEST(hooks_see_what_they_should) {
  asked a;
  ask_open(&a, "ping-acked");
  ck_assert_str_eq(ask(&a, "CON Empty mid=1"), "ACK 0.00 mid=0x0001");
  ck_assert_begins(ask(&a, "CON GET mid=2 Uri-Path=\"seg1\""), "ACK 2.05");
  ask_close(&a);
  ask_open(&a, "ack-wrong-mid");
  ck_assert_begins(ask(&a, "CON GET mid=2 Uri-Path=\"seg1\""), "ACK 2.05 mid=0x0003");
  ask_close(&a);
  ask_open(&a, "leading-zero-refused");
  ck_assert_begins(ask(&a, "CON GET mid=2 Uri-Path=\"seg1\" Accept=0x00"), "ACK 4.02");
  ask_close(&a);
  ask_open(&a, "leading-zeros-sent");
  ck_assert_begins(ask(&a, "CON GET mid=2 Uri-Path=\"seg1\""),
                   "ACK 2.05 mid=0x0002 Content-Format=0x0000");
  ask_close(&a);
  ask_open(&a, "retransmit-once-more");
  ask(&a, "CON GET mid=1 token=aa Uri-Path=\"separate\"");
  int copies = 0;
  while (*ask_wait(&a, 200 * CS_SECOND))
    copies++;
  ck_assert_int_eq(copies, 6);
  ask_close(&a);
}
END_TEST

START_TEST(delayed_datagrams_keep_their_order) {
  asked a;
  ask_open(&a, "retransmit-evenly");
  ask(&a, "CON GET mid=1 token=aa Uri-Path=\"separate\"");
  ck_assert_begins(ask_wait(&a, CS_SECOND), "CON 2.05");
  for (int i = 0; i < 4; i++) {
    cs_time before = a.now;
    ck_assert_begins(ask_wait(&a, 10 * CS_SECOND), "CON 2.05");
    ck_assert_uint_eq(a.now - before, 5 * CS_SECOND / 2);
  }
  ck_assert_str_eq(ask_wait(&a, 200 * CS_SECOND), "");
  ask_close(&a);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("defects");
  TCase *t = tcase_create("defects");
  int count = 0;
  while (cs_server_defect_at((size_t)count))
    count++;
  count = (count + AT_A_TIME - 1) / AT_A_TIME;
  suite_add_tcase(suite, t);
  tcase_add_test(t, names_are_unique_and_rows_are_whole);
  tcase_add_loop_test(t, no_defect_crashes_or_leaks, 0, count);
  tcase_add_loop_test(t, no_defect_crashes_or_leaks_on_streams, 0, count);
  tcase_add_test(t, defects_show_where_their_row_says);
  tcase_add_loop_test(t, old_defects_show_on_streams, 0, 2);
  tcase_add_test(t, hooks_see_what_they_should);
  tcase_add_test(t, delayed_datagrams_keep_their_order);
  return cs_test_main(suite);
}
