/* tshark reads the capture and sees CoAP in it, each case on its own port. */
#include "support/check_main.h"

#include <string.h>
#include <unistd.h>

#include "report/inside.h"
#include "report/report.h"
#include "sample.h"

static char path[32];

static void write_run(const cs_report_run *run) {
  char why[CS_REPORT_WHY_MAX] = "";
  ck_assert_msg(cs_report_write_pcap(run, path, why, sizeof why), "%s", why);
}

static void make(void) {
  snprintf(path, sizeof path, "/tmp/coapspec-pcap-XXXXXX");
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
  write_run(&sample_run);
}

static void clear(void) {
  unlink(path);
}

/* The lines that tshark prints for these arguments; their number. */
static size_t tshark(const char *arguments, char lines[64][160]) {
  char command[512];
  snprintf(command, sizeof command,
           "tshark -n -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE "
           "-o tcp.check_checksum:TRUE -r %s %s 2>/dev/null",
           path, arguments);
  FILE *from = popen(command, "r");
  ck_assert_ptr_nonnull(from);
  size_t n = 0;
  while (n < 64 && fgets(lines[n], 160, from)) {
    lines[n][strcspn(lines[n], "\n")] = '\0';
    n++;
  }
  ck_assert_int_eq(pclose(from), 0);
  return n;
}

START_TEST(every_message_is_dissected_as_coap) {
  char lines[64][160];
  size_t n = tshark("-Y coap -T fields -e coap.type -e coap.code -e coap.mid", lines);
  ck_assert_uint_eq(n, (size_t)SAMPLE_CASES * 2);
  ck_assert_str_eq(lines[0], "0\t0\t4660");
  ck_assert_str_eq(lines[1], "3\t0\t4660");
  ck_assert_str_eq(lines[2], "0\t1\t32052");
  ck_assert_str_eq(lines[3], "2\t69\t32052");
}
END_TEST

START_TEST(nothing_is_malformed_and_checksums_are_right) {
  char lines[64][160];
  ck_assert_uint_eq(tshark("-Y '_ws.malformed || ip.checksum.status == 0 || "
                           "udp.checksum.status == 0'",
                           lines),
                    0);
  ck_assert_uint_eq(tshark("-Y 'ip.checksum.status == 1 && udp.checksum.status == 1'", lines),
                    (size_t)SAMPLE_CASES * 2);
}
END_TEST

START_TEST(cases_have_ports_of_their_own) {
  char lines[64][160];
  size_t n = tshark("-T fields -e udp.srcport -Y 'udp.dstport == 5683'", lines);
  ck_assert_uint_eq(n, SAMPLE_CASES);
  ck_assert_str_eq(lines[0], "40001"); /* all were there at one time or another */
  for (size_t a = 0; a < n; a++)
    for (size_t b = 0; b < a; b++)
      ck_assert_str_ne(lines[a], lines[b]);
}
END_TEST

START_TEST(time_goes_forward_from_the_start_of_the_run) {
  char lines[64][160];
  size_t n = tshark("-T fields -e frame.time_epoch", lines);
  ck_assert_uint_eq(n, (size_t)SAMPLE_CASES * 2);
  ck_assert_double_eq_tol(strtod(lines[0], NULL), 1700000000.0, 1e-7);
  ck_assert_double_eq_tol(strtod(lines[1], NULL), 1700000000.002013, 1e-6);
  for (size_t i = 1; i < n; i++)
    ck_assert_double_ge(strtod(lines[i], NULL), strtod(lines[i - 1], NULL));
}
END_TEST

#define BYTES(a)                                                                                   \
  { (const uint8_t *)(a), sizeof(a) - 1 }
#define EVENT                                                                                      \
  { NULL, 0 }
/* A connection whose message comes in two parts, and one that the target breaks
 * off; then the first port connects anew. */
static const cs_report_packet stream[] = {
    {0, 1, EVENT, "open", 40001, CS_REPORT_OPENED, 0, false, false, NULL},
    {10, 1, BYTES("\x00\xe1"), "CSM", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
    {20, 0, BYTES("\x00\xe1"), "CSM", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
    {30, 1, BYTES("\x01"), "raw 01", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
    {40, 1, BYTES("\xe2\x77"), "raw e2 77", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
    {50, 0, BYTES("\x01\xe3\x77"), "Pong token=77", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
    {55, 1, EVENT, "open", 40002, CS_REPORT_OPENED, 0, false, false, NULL},
    {60, 1, BYTES("\x00\xe2"), "Ping", 40002, CS_REPORT_BYTES, 0, false, false, NULL},
    {70, 0, EVENT, "reset", 40002, CS_REPORT_RESET, 0, false, false, NULL},
    {80, 1, EVENT, "close", 40001, CS_REPORT_ENDED, 0, false, false, NULL},
    {90, 0, EVENT, "closed", 40001, CS_REPORT_ENDED, 0, false, false, NULL},
    {95, 1, EVENT, "open", 40001, CS_REPORT_OPENED, 0, false, false, NULL},
    {99, 1, BYTES("\x00\xe1"), "CSM", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
};
enum { STREAM = sizeof stream / sizeof stream[0] };

static void write_stream(void) {
  cs_report_case c = sample_cases[0];
  c.transport = "tcp";
  c.packets = stream;
  c.packet_count = STREAM;
  cs_report_run run = sample_run;
  run.cases = &c;
  run.case_count = 1;
  write_run(&run);
}

START_TEST(a_stream_is_put_together) {
  char lines[64][160];
  write_stream();
  size_t n = tshark("-Y coap -T fields -e tcp.stream -e coap.code -e coap.token", lines);
  static const char *const messages[] = {"0\t225\t",   "0\t225\t", "0\t226\t77",
                                         "0\t227\t77", "1\t226\t", "2\t225\t"};
  ck_assert_uint_eq(n, sizeof messages / sizeof messages[0]);
  for (size_t i = 0; i < n; i++)
    ck_assert_str_eq(lines[i], messages[i]);
}
END_TEST

START_TEST(connections_open_and_end_as_they_did) {
  char lines[64][160];
  write_stream();
  ck_assert_uint_eq(tshark("-Y 'tcp.flags.syn == 1 && tcp.flags.ack == 0'", lines), 3);
  ck_assert_uint_eq(tshark("-Y 'tcp.flags.reset == 1 && tcp.stream == 1'", lines), 1);
  ck_assert_uint_eq(tshark("-Y 'tcp.flags.fin == 1 && tcp.stream == 1'", lines), 0);
  /* What was not ended within the case is ended with it. */
  ck_assert_uint_eq(tshark("-Y 'tcp.flags.fin == 1 && tcp.stream == 0'", lines), 2);
  ck_assert_uint_eq(tshark("-Y 'tcp.flags.fin == 1 && tcp.stream == 2'", lines), 2);
}
END_TEST

START_TEST(sequence_numbers_and_checksums_of_streams_are_right) {
  char lines[64][160];
  write_stream();
  ck_assert_uint_eq(tshark("-Y 'tcp.analysis.flags || tcp.checksum.status == 0 || "
                           "ip.checksum.status == 0 || _ws.malformed'",
                           lines),
                    0);
  ck_assert_uint_gt(tshark("-Y 'tcp.checksum.status == 1'", lines), STREAM);
}
END_TEST

START_TEST(a_long_message_takes_several_segments) {
  static uint8_t bytes[200000] = {[0] = 0xf0, [5] = 0x01, [6] = 0xff};
  char lines[64][160];
  /* Length 15: 65805 and four bytes more; a payload marker and zeros behind it. */
  uint32_t more = (uint32_t)sizeof bytes - 6 - 65805;
  for (unsigned i = 0; i < 4; i++)
    bytes[1 + i] = (uint8_t)(more >> (24 - 8 * i));
  const cs_report_packet packet = {
      0, 1, {bytes, sizeof bytes}, "GET", 40001, CS_REPORT_BYTES, 0, false, false, NULL};
  cs_report_case c = sample_cases[0];
  c.transport = "tcp";
  c.packets = &packet;
  c.packet_count = 1;
  cs_report_run run = sample_run;
  run.cases = &c;
  run.case_count = 1;
  write_run(&run);
  ck_assert_uint_eq(tshark("-Y 'tcp.len > 0'", lines), 4);
  ck_assert_uint_eq(tshark("-Y coap -T fields -e coap.code -e coap.payload_length", lines), 1);
  ck_assert_str_eq(lines[0], "1\t199993");
}
END_TEST

/* What a session carries, as if it were not protected; its handshake and alerts are
 * no packets. */
START_TEST(what_sessions_carry_is_shown_unprotected) {
  static const cs_report_packet packets[] = {
      {0, 1, EVENT, "open secure", 40001, CS_REPORT_OPENED, 0, false, false, NULL},
      {5, 0, EVENT, "secured S", 40001, CS_REPORT_SECURITY, 0, false, false, NULL},
      {10, 1, BYTES("\x41\x01\x12\x34\x77"), "CON GET", 40001, CS_REPORT_BYTES, 0, false, false,
       NULL},
      {20, 0, BYTES("\x61\x84\x12\x34\x77"), "ACK 4.04", 40001, CS_REPORT_BYTES, 0, false, false,
       NULL},
      {30, 0, EVENT, "alert close_notify", 40001, CS_REPORT_SECURITY, 0, false, false, NULL},
  };
  static const cs_report_packet on_stream[] = {
      {0, 1, EVENT, "open secure", 40001, CS_REPORT_OPENED, 0, false, false, NULL},
      {5, 0, EVENT, "secured S", 40001, CS_REPORT_SECURITY, 0, false, false, NULL},
      {10, 1, BYTES("\x01\xe2\x77"), "Ping", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
  };
  char lines[64][160];
  cs_report_case c = sample_cases[0];
  cs_report_run run = sample_run;
  run.cases = &c;
  run.case_count = 1;
  c.transport = "dtls";
  c.packets = packets;
  c.packet_count = 5;
  write_run(&run);
  ck_assert_uint_eq(tshark("-Y udp", lines), 2);
  ck_assert_uint_eq(tshark("-Y coap -T fields -e coap.code -e coap.token", lines), 2);
  ck_assert_str_eq(lines[1], "132\t77");
  c.transport = "tls";
  c.packets = on_stream;
  c.packet_count = 3;
  write_run(&run);
  ck_assert_uint_eq(tshark("-Y 'tcp.len > 0' -T fields -e coap.code", lines), 1);
  ck_assert_str_eq(lines[0], "226");
}
END_TEST

/* What our own client is told to do, and tells, is no packet, and no connection. */
START_TEST(what_our_client_tells_is_no_packet) {
  static const cs_report_packet packets[] = {
      {.at = 0, .sent = 1, .notation = "call GET", .port = 40001, .kind = CS_REPORT_EVENT},
      {.at = 1, .sent = 1, .notation = "open", .port = 40001, .kind = CS_REPORT_OPENED},
      {.at = 2,
       .sent = 1,
       .bytes = BYTES("\x01\xe2\x77"),
       .notation = "Ping",
       .port = 40001,
       .kind = CS_REPORT_BYTES},
      {.at = 3, .notation = "told event closed", .port = 40001, .kind = CS_REPORT_EVENT},
      {.at = 4, .notation = "told event lost", .port = 40002, .kind = CS_REPORT_EVENT},
  };
  char lines[64][160];
  cs_report_case c = sample_cases[0];
  cs_report_run run = sample_run;
  run.cases = &c;
  run.case_count = 1;
  c.packets = packets;
  c.packet_count = 5;
  for (int udp = 0; udp < 2; udp++) {
    c.transport = udp ? "udp" : "tcp";
    write_run(&run);
    ck_assert_uint_eq(tshark("-Y 'tcp.flags.syn == 1 && tcp.flags.ack == 0'", lines), udp ? 0 : 1);
    ck_assert_uint_eq(tshark("-Y 'tcp.len > 0 || udp'", lines), 1);
  }
  c.packet_count = 4;
  ck_assert_uint_eq(cs_report_connections(&c), 1);
}
END_TEST

START_TEST(a_websocket_is_followed_from_its_upgrade) {
  static const char request[] = "GET /.well-known/coap HTTP/1.1\r\nHost: x\r\n"
                                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                "Sec-WebSocket-Protocol: coap\r\n"
                                "Sec-WebSocket-Version: 13\r\n\r\n";
  static const char response[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                 "Sec-WebSocket-Protocol: coap\r\n\r\n";
  static const cs_report_packet packets[] = {
      {0, 1, EVENT, "open", 40001, CS_REPORT_OPENED, 0, false, false, NULL},
      {10, 1, BYTES(request), "upgrade", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
      {20, 0, BYTES(response), "upgrade 101", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
      {30, 1, BYTES("\x82\x82\x01\x02\x03\x04\x01\xe3"), "CSM", 40001, CS_REPORT_BYTES, 0, false,
       false, NULL},
      {40, 0, BYTES("\x82\x02\x00\xe1"), "CSM", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
  };
  char lines[64][160];
  cs_report_case c = sample_cases[0];
  c.transport = "ws";
  c.packets = packets;
  c.packet_count = sizeof packets / sizeof packets[0];
  cs_report_run run = sample_run;
  run.cases = &c;
  run.case_count = 1;
  write_run(&run);
  ck_assert_uint_eq(tshark("-Y 'websocket && coap.code == 225'", lines), 2);
  ck_assert_uint_eq(tshark("-Y 'tcp.dstport == 80 && http.request'", lines), 1);
}
END_TEST

/* What the last capture holds. */
static size_t capture(uint8_t *out, size_t cap) {
  FILE *from = fopen(path, "rb");
  ck_assert_ptr_nonnull(from);
  size_t n = fread(out, 1, cap, from);
  fclose(from);
  ck_assert_uint_lt(n, cap);
  return n;
}

/* What was protected is written as the plain transport has it; alerts and ends of
 * handshakes are not there. */
START_TEST(secured_transports_are_written_as_their_twins) {
  static const char *const twins[][2] = {{"udp", "dtls"}, {"tcp", "tls"}, {"ws", "wss"}};
  static const cs_report_packet both[][2] = {
      {{0, 1, BYTES("\x40\x00\x12\x34"), "CON 0.00 mid=0x1234", 40001, CS_REPORT_BYTES, 0, false,
        false, NULL},
       {9, 0, EVENT, "alert close_notify", 40001, CS_REPORT_SECURITY, 0, false, false, NULL}},
      {{0, 1, BYTES("\x00\xe1"), "CSM", 40001, CS_REPORT_BYTES, 0, false, false, NULL},
       {9, 0, EVENT, "alert close_notify", 40001, CS_REPORT_SECURITY, 0, false, false, NULL}}};
  static uint8_t files[2][4096];
  for (size_t i = 0; i < 3; i++) {
    size_t len[2];
    for (size_t k = 0; k < 2; k++) {
      cs_report_case c = sample_cases[0];
      cs_report_run run = sample_run;
      c.transport = twins[i][k];
      c.packets = both[i > 0];
      c.packet_count = k + 1;
      run.cases = &c;
      run.case_count = 1;
      write_run(&run);
      len[k] = capture(files[k], sizeof files[k]);
    }
    ck_assert_msg(len[0] > 24 + 16, "%s", twins[i][0]);
    if (i == 0) /* the ends of streams follow the time of the last packet */
      ck_assert(len[0] == len[1] && memcmp(files[0], files[1], len[0]) == 0);
    ck_assert_uint_eq(len[0], len[1]);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("report pcap");
  TCase *tests = tcase_create("pcap");
  tcase_set_timeout(tests, 60); /* tshark takes seconds to start on a busy machine */
  tcase_add_checked_fixture(tests, make, clear);
  tcase_add_test(tests, every_message_is_dissected_as_coap);
  tcase_add_test(tests, nothing_is_malformed_and_checksums_are_right);
  tcase_add_test(tests, cases_have_ports_of_their_own);
  tcase_add_test(tests, time_goes_forward_from_the_start_of_the_run);
  tcase_add_test(tests, a_stream_is_put_together);
  tcase_add_test(tests, connections_open_and_end_as_they_did);
  tcase_add_test(tests, sequence_numbers_and_checksums_of_streams_are_right);
  tcase_add_test(tests, a_long_message_takes_several_segments);
  tcase_add_test(tests, what_sessions_carry_is_shown_unprotected);
  tcase_add_test(tests, what_our_client_tells_is_no_packet);
  tcase_add_test(tests, a_websocket_is_followed_from_its_upgrade);
  tcase_add_test(tests, secured_transports_are_written_as_their_twins);
  suite_add_tcase(suite, tests);
  return cs_test_main(suite);
}
