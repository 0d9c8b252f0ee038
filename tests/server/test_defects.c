/* The table of defects: each is whole, and none is noticed by what it does not
 * concern. What each breaks is shown by its scenario (coapspec selftest). */
#include "ask.h"
#include "server/defects.h"

START_TEST(names_are_unique_and_rows_are_whole) {
  const cs_server_defect *d;
  size_t count = 0;
  for (; (d = cs_server_defect_at(count)); count++) {
    ck_assert_msg(d->name && d->requirement && d->what, "row %zu", count);
    ck_assert_msg(strncmp(d->requirement, "RFC", 3) == 0 && strchr(d->requirement, ':'),
                  "%s breaks %s", d->name, d->requirement);
    ck_assert_ptr_eq(cs_server_defect_named(d->name), d);
    const cs_defect *whole = cs_defect_find(d->name);
    ck_assert_msg(whole->setup || whole->in || whole->out || whole->request || whole->reply,
                  "%s does nothing", d->name);
  }
  ck_assert_uint_gt(count, 40);
  ck_assert_ptr_null(cs_server_defect_named("no-such-defect"));
}
END_TEST

/* Under every defect: bytes of all kinds, time, and a clean end. */
START_TEST(no_defect_crashes_or_leaks) {
  const cs_server_defect *d = cs_server_defect_at((size_t)_i);
  if (!d)
    return;
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
  suite_add_tcase(suite, t);
  tcase_add_test(t, names_are_unique_and_rows_are_whole);
  tcase_add_loop_test(t, no_defect_crashes_or_leaks, 0, 200);
  tcase_add_test(t, hooks_see_what_they_should);
  tcase_add_test(t, delayed_datagrams_keep_their_order);
  return cs_test_main(suite);
}
