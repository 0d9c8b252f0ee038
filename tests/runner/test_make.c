/* Messages to send, down to the byte. */
#include "play.h"

static const struct row {
  const char *step;
  const char *hex;
} rows[] = {
    {"> CON 0.00 mid=0x0102", "40 00 01 02"},
    {"> CON GET mid=1 token=0a0b", "42 01 00 01 0a 0b"},
    {"> CON GET mid=1 ver=2", "80 01 00 01"},
    {"> CON GET mid=1 tkl=15", "4f 01 00 01"},
    {"> RST 1.00 mid=1", "70 20 00 01"},
    {"> ACK 7.31 mid=1", "60 ff 00 01"},
    {"> NON PUT mid=1 payload=0x00ff", "50 03 00 01 ff 00 ff"},
    {"> NON PUT mid=1 payload=\"\"", "50 03 00 01"},
    {"> NON PUT mid=1 payload=5*0x7f", "50 03 00 01 ff 7f 7f 7f 7f 7f"},
    {"> NON PUT mid=1 payload=0*\"a\"", "50 03 00 01"},
    /* Options are sorted, those of one number stay in their order. */
    {"> CON GET mid=1 Accept=0 ETag=0x02 ETag=0x01", "40 01 00 01 41 02 01 01 d0 00"},
    {"> CON GET mid=1 Block2=3/1/6", "40 01 00 01 d1 0a 3e"},
    {"> CON GET mid=1 Option-65001=0x01", "40 01 00 01 e1 fc dc 01"},
    {"> CON GET mid=1 @test/x/y", "40 01 00 01 b1 61 03 62 20 63 01 78 01 79"},
    {"> raw 40 00 0102 aa", "40 00 01 02 aa"},
};

static const struct row on_tcp[] = {
    {"> 0.00", "00 00"},
    {"> Ping token=0a0b Custody", "12 e2 0a 0b 20"},
    {"> CSM Max-Message-Size=2000", "30 e1 22 07 d0"},
    {"> GET token=01 @test", "61 01 01 b1 61 03 62 20 63"},
    {"> PUT payload=\"0123456789ab\"", "d0 00 03 ff 30 31 32 33 34 35 36 37 38 39 61 62"},
    {"> GET tkl=15", "0f 01"},
    /* Every form of the Length, whatever follows. */
    {"> GET token=01 len=12", "c1 01 01"},
    {"> GET token=01 len=13", "d1 00 01 01"},
    {"> GET token=01 len=268", "d1 ff 01 01"},
    {"> GET token=01 len=269", "e1 00 00 01 01"},
    {"> GET token=01 len=65804", "e1 ff ff 01 01"},
    {"> GET token=01 len=65805", "f1 00 00 00 00 01 01"},
    {"> GET len=4295033100", "f0 ff ff ff ff 01"},
    {"> PUT len=1 tkl=3 payload=\"0123456789ab\"", "13 03 ff 30 31 32 33 34 35 36 37 38 39 61 62"},
    {"> raw 01 e2 42", "01 e2 42"},
};

static const struct row on_ws[] = {
    {"> frame ping mask=0x00000000", "89 80 00 00 00 00"},
    {"> frame ping mask=0 \"ab\" 00", "89 03 61 62 00"},
    {"> frame binary mask=0x01020304 00 e2 00 e2 00", "82 85 01 02 03 04 01 e0 03 e6 01"},
    {"> frame 3 fin=0 rsv=5 mask=0", "53 00"},
    {"> frame text mask=0 length=16 61", "81 7e 00 01 61"},
    {"> frame text mask=0 length=64 61", "81 7f 00 00 00 00 00 00 00 01 61"},
    {"> frame close mask=0 announce=125 03e8", "88 7d 03 e8"},
    {"> frame close mask=0 announce=126 03e8", "88 7e 00 7e 03 e8"},
    {"> frame close mask=0 announce=65536 03e8", "88 7f 00 00 00 00 00 01 00 00 03 e8"},
    {"> raw 01 e2 42", "01 e2 42"},
};

static void check(const char *head, const struct row *row, cs_runner_transport t) {
  played p;
  char scenario[512];
  cs_runner_act act;
  char hex[256] = "";
  snprintf(scenario, sizeof scenario, "%s%s\nalive\n", head, row->step);
  play_open_on(&p, scenario, 0, t);
  if (t != CS_RUNNER_UDP)
    play_connect(&p);
  ck_assert(cs_runner_case_transmit(p.c, &act));
  ck_assert_int_eq(act.kind, CS_RUNNER_ACT_SEND);
  for (size_t i = 0; i < act.bytes.len; i++)
    snprintf(hex + 3 * i, sizeof hex - 3 * i, "%02x ", act.bytes.at[i]);
  hex[3 * act.bytes.len - 1] = '\0';
  ck_assert_str_eq(hex, row->hex);
  play_close(&p);
}

START_TEST(bytes_of_a_stream_are_as_written) {
  check(PLAY_TCP "open connected\n---\n", &on_tcp[_i], CS_RUNNER_TCP);
}
END_TEST

START_TEST(frames_are_as_written) {
  check(PLAY_WS "open connected\n---\n", &on_ws[_i], CS_RUNNER_WS);
}
END_TEST

START_TEST(a_message_on_a_websocket_is_a_masked_frame) {
  played p;
  cs_runner_act act;
  play_open_on(&p, PLAY_WS "open connected\n---\n> Ping token=01 len=3\nalive\n", 0, CS_RUNNER_WS);
  play_connect(&p);
  ck_assert(cs_runner_case_transmit(p.c, &act));
  ck_assert_uint_eq(act.bytes.len, 2 + 4 + 3);
  ck_assert_mem_eq(act.bytes.at, "\x82\x83", 2);
  uint8_t plain[3];
  memcpy(plain, act.bytes.at + 6, 3);
  cs_wire_ws_mask(plain, 3, act.bytes.at + 2, 0);
  ck_assert_mem_eq(plain, "\x31\xe2\x01", 3);
  play_close(&p);
}
END_TEST

/* The request without its key, which is random. */
static void upgrade(const char *step, const char *want) {
  played p;
  char scenario[512];
  cs_runner_act act;
  char text[1024];
  snprintf(scenario, sizeof scenario, PLAY_WS "open connected\n---\n%s\nalive\n", step);
  play_open_on(&p, scenario, 0, CS_RUNNER_WS);
  play_connect(&p);
  ck_assert(cs_runner_case_transmit(p.c, &act));
  snprintf(text, sizeof text, "%.*s", (int)act.bytes.len, (const char *)act.bytes.at);
  char *key = strstr(text, "Sec-WebSocket-Key: ");
  if (key && strlen(key) > 45 && key[43] == '\r')
    memmove(key + 19, key + 43, strlen(key + 43) + 1);
  ck_assert_str_eq(text, want);
  play_close(&p);
}

START_TEST(an_upgrade_is_changed_by_its_fields) {
  upgrade("> upgrade", "GET /.well-known/coap HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Key: \r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Protocol: coap\r\n\r\n");
  upgrade("> upgrade method=POST target=/x version=1.0 host=\"a:1\" !Upgrade !sec-websocket-key "
          "+Connection=\"close\" Origin=\"b\" !Nothing Sec-WebSocket-Protocol=\"mqtt, coap\"",
          "POST /x HTTP/1.0\r\nHost: a:1\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt, coap\r\n"
          "Connection: close\r\nOrigin: b\r\n\r\n");
}
END_TEST

START_TEST(bytes_are_as_written) {
  check(PLAY_HEAD, &rows[_i], CS_RUNNER_UDP);
}
END_TEST

START_TEST(fresh_values_are_kept_and_differ) {
  played p;
  char first[128];
  char second[128];
  char third[128];
  play_open(&p,
            PLAY_HEAD "> CON GET mid=$a token=$t\n> CON GET mid=$b token=$u\n"
                      "> raw 44 01 $a $t\nalive\n",
            0);
  snprintf(first, sizeof first, "%s", play_sent(&p));
  snprintf(second, sizeof second, "%s", play_sent(&p));
  snprintf(third, sizeof third, "%s", play_sent(&p));
  ck_assert_str_ne(first, second);
  ck_assert_str_eq(first, third);
  ck_assert_uint_eq(strlen(strstr(first, "token=")), strlen("token=00000000"));
  play_close(&p);
}
END_TEST

START_TEST(a_role_that_lacks_is_told) {
  played p;
  play_open(&p, PLAY_HEAD "> CON GET mid=1 @nothing\nalive\n", 0);
  cs_report_case r = play_result(&p);
  ck_assert_int_eq(r.verdict, CS_VERDICT_INCONCLUSIVE);
  ck_assert_ptr_nonnull(strstr(r.message, "no resource of a role"));
  play_close(&p);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("make");
  TCase *tc = tcase_create("all");
  tcase_add_loop_test(tc, bytes_are_as_written, 0, sizeof rows / sizeof rows[0]);
  tcase_add_loop_test(tc, bytes_of_a_stream_are_as_written, 0, sizeof on_tcp / sizeof on_tcp[0]);
  tcase_add_loop_test(tc, frames_are_as_written, 0, sizeof on_ws / sizeof on_ws[0]);
  tcase_add_test(tc, a_message_on_a_websocket_is_a_masked_frame);
  tcase_add_test(tc, an_upgrade_is_changed_by_its_fields);
  tcase_add_test(tc, fresh_values_are_kept_and_differ);
  tcase_add_test(tc, a_role_that_lacks_is_told);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
