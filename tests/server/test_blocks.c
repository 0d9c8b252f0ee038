/* Block2 at the server: RFC 7959 section 2, RFC 8323 section 6. */
#include "ask.h"
#include "wired.h"

typedef struct row {
  const char *request;
  const char *response;
} row;

static const row datagrams[] = {
    {"CON GET mid=1 Uri-Path=\"large\"",
     "ACK 2.05 mid=0x0001 Content-Format=0 Block2=0/1/6 payload=\"0000 0001 "},
    {"CON GET mid=1 Uri-Path=\"large\" Block2=2/0/6",
     "ACK 2.05 mid=0x0001 Content-Format=0 Block2=2/0/6 payload=\"9 0410 "},
    {"CON GET mid=1 Uri-Path=\"large\" Block2=1/0/0",
     "ACK 2.05 mid=0x0001 Content-Format=0 Block2=1/1/0 payload=\"003 0004 0005 00\""},
    {"CON GET mid=1 Uri-Path=\"large\" Block2=3/0/6", "ACK 4.00"},
    {"CON GET mid=1 Uri-Path=\"large\" Block2=0x07", "ACK 4.00"},
    {"CON GET mid=1 Uri-Path=\"large\" Block2=0x00000000", "ACK 4.02"},
    {"CON GET mid=1 Uri-Path=\"seg1\" Block2=0/0/6",
     "ACK 2.05 mid=0x0001 Content-Format=0 Block2=0/0/6 payload=\"one segment\""},
    {"CON GET mid=1 Uri-Path=\"test\" Block2=1/0/0", "ACK 4.00"},
    {"CON GET mid=1 Uri-Path=\"nothing\" Block2=0/0/6", "ACK 4.04"},
};

START_TEST(blocks_over_udp) {
  asked a;
  ask_open(&a, NULL);
  ck_assert_begins(ask(&a, datagrams[_i].request), datagrams[_i].response);
  ask_close(&a);
}
END_TEST

static wired w;

/* Block size exponent 7 is 6 for who takes no BERT, and a BERT block for who does. */
START_TEST(bert_is_for_those_who_take_it) {
  wired_open(&w, wired_forms[_i], NULL);
  wired_greet(&w);
  ck_assert_begins(wired_ask(&w, "GET token=aa Uri-Path=\"large\" Block2=0x17"),
                   "2.05 token=aa Content-Format=0 Block2=1/1/6 payload=\"");
  wired_ask(&w, "CSM Max-Message-Size=8192 Block-Wise-Transfer");
  ck_assert_begins(wired_ask(&w, "GET token=aa Uri-Path=\"large\" Block2=0x17"),
                   "2.05 token=aa Content-Format=0 Block2=1/1/7 payload=\"");
  ck_assert_begins(wired_ask(&w, "GET token=aa Uri-Path=\"large\" Block2=0x27"),
                   "2.05 token=aa Content-Format=0 Block2=2/0/7 payload=\"");
  ck_assert_begins(wired_ask(&w, "GET token=aa Uri-Path=\"large\""),
                   "2.05 token=aa Content-Format=0 Block2=0/1/7 payload=\"");
  wired_ask(&w, "CSM Max-Message-Size=1152");
  ck_assert_begins(wired_ask(&w, "GET token=aa Uri-Path=\"large\""),
                   "2.05 token=aa Content-Format=0 Block2=0/1/6 payload=\"");
  wired_done(&w);
}
END_TEST

/* Blocks are as small as the peer's Max-Message-Size wants them; their place is
 * the one that was asked for. */
START_TEST(blocks_fit_the_peer) {
  wired_open(&w, wired_forms[_i], NULL);
  wired_greet(&w);
  wired_ask(&w, "CSM Max-Message-Size=200");
  ck_assert_begins(wired_ask(&w, "GET token=aa Uri-Path=\"large\" Block2=1/0/6"),
                   "2.05 token=aa Content-Format=0 Block2=8/1/3 payload=\"");
  wired_done(&w);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("blocks");
  TCase *t = tcase_create("blocks");
  suite_add_tcase(suite, t);
  tcase_add_loop_test(t, blocks_over_udp, 0, (int)(sizeof datagrams / sizeof *datagrams));
  tcase_add_loop_test(t, bert_is_for_those_who_take_it, 0, 2);
  tcase_add_loop_test(t, blocks_fit_the_peer, 0, 2);
  return cs_test_main(suite);
}
