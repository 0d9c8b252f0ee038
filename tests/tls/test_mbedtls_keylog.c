#include <stdio.h>

#include "support/check_main.h"
#include "support/tls_pair.h"

static cs_test_tls_pair p;

enum { LINES_MAX = 16, LINE_MAX_ = 256 };

typedef struct lines {
  size_t count;
  char text[LINES_MAX][LINE_MAX_];
} lines;

static void keep(void *ctx, const char *line) {
  lines *l = ctx;
  ck_assert_uint_lt(l->count, LINES_MAX);
  snprintf(l->text[l->count++], LINE_MAX_, "%s", line);
}

/* LABEL, 32 bytes, so many bytes: all lowercase hex. */
static void check_line(const char *line, const char *label, size_t secret) {
  size_t n = strlen(label);
  ck_assert_int_eq(strncmp(line, label, n), 0);
  const char *rest = line + n;
  ck_assert_int_eq(rest[0], ' ');
  ck_assert_uint_eq(strspn(rest + 1, "0123456789abcdef"), 64);
  ck_assert_int_eq(rest[65], ' ');
  ck_assert_uint_eq(strspn(rest + 66, "0123456789abcdef"), 2 * secret);
  ck_assert_uint_eq(strlen(rest), 66 + 2 * secret);
}

START_TEST(both_sides_log_the_same_keys) {
  static lines logs[2];
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    memset(logs, 0, sizeof logs);
    cs_test_tls_init(&p, (cs_tls_kind)kind, 1);
    for (int i = 0; i < 2; i++) {
      p.side[i].config.callbacks.keylog = keep;
      p.side[i].config.callbacks.ctx = &logs[i];
    }
    cs_test_tls_open(&p);
    ck_assert(cs_test_tls_shake(&p));
    ck_assert_uint_ge(logs[0].count, 1);
    ck_assert_uint_eq(logs[0].count, logs[1].count);
    for (size_t i = 0; i < logs[0].count; i++)
      ck_assert_str_eq(logs[0].text[i], logs[1].text[i]);
    if (kind == CS_TLS_DATAGRAM || !cs_tls_has_tls13()) {
      ck_assert_uint_eq(logs[0].count, 1);
      check_line(logs[0].text[0], "CLIENT_RANDOM", 48);
    } else {
      static const char *const labels[] = {"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                                           "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                                           "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"};
      for (size_t i = 0; i < 4; i++) {
        bool found = false;
        for (size_t k = 0; k < logs[0].count; k++)
          found = found || strncmp(logs[0].text[k], labels[i], strlen(labels[i])) == 0;
        ck_assert_msg(found, "%s is missing", labels[i]);
      }
    }
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(the_random_in_the_line_is_the_one_on_the_wire) {
  static lines log;
  static const uint16_t suites[] = {0xC0A4, 0};
  memset(&log, 0, sizeof log);
  cs_test_tls_init(&p, CS_TLS_STREAM, 1);
  p.side[0].config.suites = suites; /* of TLS 1.2 */
  p.side[0].config.callbacks.keylog = keep;
  p.side[0].config.callbacks.ctx = &log;
  cs_test_tls_open(&p);
  static uint8_t hello[1024];
  size_t len = cs_test_tls_take(&p, 0, hello, sizeof hello);
  cs_test_tls_give(&p, 1, cs_span_of(hello, len));
  ck_assert(cs_test_tls_shake(&p));
  ck_assert_uint_eq(log.count, 1);
  char hex[65];
  for (size_t i = 0; i < 32; i++) /* record header 5, message header 4, version 2 */
    snprintf(hex + 2 * i, 3, "%02x", hello[11 + i]);
  ck_assert_int_eq(strncmp(log.text[0] + strlen("CLIENT_RANDOM "), hex, 64), 0);
  cs_test_tls_close(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/mbedtls_keylog");
  TCase *c = tcase_create("keylog");
  tcase_add_test(c, both_sides_log_the_same_keys);
  tcase_add_test(c, the_random_in_the_line_is_the_one_on_the_wire);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
