/* What each resource answers: the statements of RFC 7252 section 5 that bind
 * an origin server. */
#include "ask.h"

static asked a;

static void open_server(void) {
  ask_open(&a, NULL);
}

static void close_server(void) {
  ask_close(&a);
}

typedef struct row {
  const char *request;
  const char *response;
} row;

static const row rows[] = {
    {"CON GET mid=1", "ACK 2.05 mid=0x0001 Content-Format=0 payload=\"coapspec"},
    {"CON GET mid=1 Uri-Path=\"\"", "ACK 2.05 mid=0x0001 Content-Format=0 payload=\"coapspec"},
    {"CON GET mid=1 Uri-Path=\"nothing\"", "ACK 4.04"},
    {"CON GET mid=1 Uri-Path=\"seg1\" Uri-Path=\"seg2\" Uri-Path=\"seg3\"",
     "ACK 2.05 mid=0x0001 Content-Format=0 payload=\"three segments\""},
    {"CON GET mid=1 Uri-Path=\"seg1/seg2\"", "ACK 4.04"},
    {"CON GET mid=1 Uri-Path=\"seg1\" Uri-Path=\"\"", "ACK 4.04"},
    {"CON GET mid=1 Uri-Path=\"query\" Uri-Query=\"first=1\" Uri-Query=\"second=2\"",
     "ACK 2.05 mid=0x0001 Content-Format=0 payload=\"?first=1&second=2\""},
    {"CON GET mid=1 Uri-Path=\"multi-format\" Accept=0", "ACK 2.05 mid=0x0001 Content-Format=0"},
    {"CON GET mid=1 Uri-Path=\"multi-format\" Accept=41",
     "ACK 2.05 mid=0x0001 Content-Format=41 payload=\"<text>"},
    {"CON GET mid=1 Uri-Path=\"multi-format\" Accept=50", "ACK 4.06"},
    {"CON GET mid=1 Uri-Path=\"test\" Accept=60", "ACK 4.06"},
    {"CON GET mid=1 Uri-Path=\"test\" Accept=0x0000", "ACK 2.05"},
    {"CON POST mid=1 Uri-Path=\"location-query\"",
     "ACK 2.01 mid=0x0001 Location-Query=\"first=1\" Location-Query=\"second=2\""},
    {"CON GET mid=1 Uri-Path=\"location-query\"", "ACK 4.05"},
    {"CON 0.08 mid=1 Uri-Path=\"test\"", "ACK 4.05"},
    {"CON 0.31 mid=1 Uri-Path=\"nothing\"", "ACK 4.05"},
    {"NON 0.30 mid=1 Uri-Path=\"nothing\"", "NON 4.05"},
    {"CON PUT mid=1 Uri-Path=\".well-known\" Uri-Path=\"core\" payload=\"x\"", "ACK 4.05"},
    {"CON DELETE mid=1 Uri-Path=\".well-known\" Uri-Path=\"core\"", "ACK 4.05"},
    {"CON POST mid=1 Uri-Path=\".well-known\" Uri-Path=\"core\" payload=\"x\"", "ACK 4.05"},
    {"CON GET mid=1 Proxy-Uri=\"coap://example.org/\"", "ACK 5.05"},
    {"CON GET mid=1 Uri-Host=\"example.org\" Proxy-Scheme=\"http\"", "ACK 5.05"},
    {"CON GET mid=1 Uri-Host=\"example.org\" Uri-Port=1 Uri-Path=\"seg1\"", "ACK 2.05"},
    {"CON GET mid=1 Uri-Path=\"seg1\" Option-65001=0x", "ACK 4.02"},
    {"CON GET mid=1 Uri-Path=\"seg1\" Block1=0/0/6", "ACK 4.02"},
    {"CON GET mid=1 Uri-Path=\"seg1\" Option-65000=0x01", "ACK 2.05"},
    {"CON GET mid=1 Uri-Path=\"seg1\" If-None-Match", "ACK 4.12"},
    {"CON GET mid=1 Uri-Path=\"seg1\" If-Match=0x", "ACK 2.05"},
    {"CON GET mid=1 Uri-Path=\"seg1\" If-Match=0x01", "ACK 4.12"},
    {"CON POST mid=1 Uri-Path=\"nothing\" payload=\"x\"", "ACK 4.04"},
    {"CON FETCH mid=1 Uri-Path=\"nothing\" Content-Format=0 payload=\"x\"", "ACK 4.04"},
};

START_TEST(answers) {
  ck_assert_begins(ask(&a, rows[_i].request), rows[_i].response);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("resource");
  TCase *t = tcase_create("resource");
  suite_add_tcase(suite, t);
  tcase_add_checked_fixture(t, open_server, close_server);
  tcase_add_loop_test(t, answers, 0, (int)(sizeof rows / sizeof *rows));
  return cs_test_main(suite);
}
