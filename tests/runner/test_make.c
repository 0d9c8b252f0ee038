/* Messages to send, down to the byte. */
#include "play.h"

static const struct {
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
    /* Options are sorted, those of one number stay in their order. */
    {"> CON GET mid=1 Accept=0 ETag=0x02 ETag=0x01", "40 01 00 01 41 02 01 01 d0 00"},
    {"> CON GET mid=1 Block2=3/1/6", "40 01 00 01 d1 0a 3e"},
    {"> CON GET mid=1 Option-65001=0x01", "40 01 00 01 e1 fc dc 01"},
    {"> CON GET mid=1 @test/x/y", "40 01 00 01 b1 61 03 62 20 63 01 78 01 79"},
    {"> raw 40 00 0102 aa", "40 00 01 02 aa"},
};

START_TEST(bytes_are_as_written) {
  played p;
  char scenario[512];
  unsigned port;
  cs_span bytes;
  char hex[256] = "";
  snprintf(scenario, sizeof scenario, PLAY_HEAD "%s\nalive\n", rows[_i].step);
  play_open(&p, scenario, 0);
  ck_assert(cs_runner_case_transmit(p.c, &port, &bytes));
  for (size_t i = 0; i < bytes.len; i++)
    snprintf(hex + 3 * i, sizeof hex - 3 * i, "%02x ", bytes.at[i]);
  hex[3 * bytes.len - 1] = '\0';
  ck_assert_str_eq(hex, rows[_i].hex);
  play_close(&p);
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
  tcase_add_test(tc, fresh_values_are_kept_and_differ);
  tcase_add_test(tc, a_role_that_lacks_is_told);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
