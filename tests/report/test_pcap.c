/* tshark reads the capture and sees CoAP in it, each case on its own port. */
#include "support/check_main.h"

#include <string.h>
#include <unistd.h>

#include "report/report.h"
#include "sample.h"

static char path[] = "/tmp/coapspec-pcap-XXXXXX";

static void make(void) {
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
  char why[CS_REPORT_WHY_MAX] = "";
  ck_assert_msg(cs_report_write_pcap(&sample_run, path, why, sizeof why), "%s", why);
}

static void clear(void) {
  unlink(path);
}

/* The lines that tshark prints for these arguments; their number. */
static size_t tshark(const char *arguments, char lines[64][160]) {
  char command[512];
  snprintf(command, sizeof command,
           "tshark -n -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -r %s %s 2>/dev/null",
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

int main(void) {
  Suite *suite = suite_create("report pcap");
  TCase *tests = tcase_create("pcap");
  tcase_set_timeout(tests, 60); /* tshark takes seconds to start on a busy machine */
  tcase_add_checked_fixture(tests, make, clear);
  tcase_add_test(tests, every_message_is_dissected_as_coap);
  tcase_add_test(tests, nothing_is_malformed_and_checksums_are_right);
  tcase_add_test(tests, cases_have_ports_of_their_own);
  tcase_add_test(tests, time_goes_forward_from_the_start_of_the_run);
  suite_add_tcase(suite, tests);
  return cs_test_main(suite);
}
