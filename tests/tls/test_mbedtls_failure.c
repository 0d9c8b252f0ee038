/* Which rule a broken handshake is said to break, and what the peer is told. */
#include "support/check_main.h"
#include "support/tls_pair.h"

static cs_test_tls_pair p;
static uint8_t wire[1 << 15];

static cs_tls_failure failure_of(int side) {
  cs_tls_failure f = {.rule = CS_RULE_NONE};
  ck_assert(cs_tls_failure_of(p.side[side].tls, &f));
  return f;
}

/* Opens a client on a stream, and gives it these bytes as the server's first. */
static cs_tls_failure answered_by(const void *bytes, size_t len) {
  cs_test_tls_init(&p, CS_TLS_STREAM, 1);
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
  ck_assert_uint_gt(cs_test_tls_take(&p, 0, wire, sizeof wire), 0);
  cs_test_tls_give(&p, 0, cs_span_of(bytes, len));
  return failure_of(0);
}

START_TEST(a_session_that_has_not_failed_has_no_failure) {
  cs_tls_failure f = {.rule = CS_RULE_TLS_ALERT};
  cs_test_tls_init(&p, CS_TLS_STREAM, 1);
  cs_test_tls_open(&p);
  ck_assert(!cs_tls_failure_of(p.side[0].tls, &f));
  ck_assert(cs_test_tls_shake(&p));
  ck_assert(!cs_tls_failure_of(p.side[0].tls, &f));
  ck_assert_int_eq(f.rule, CS_RULE_TLS_ALERT); /* untouched */
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(what_is_no_record_breaks_the_record_layer) {
  static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
  cs_tls_failure f = answered_by(http, sizeof http - 1);
  ck_assert_int_eq(f.rule, CS_RULE_TLS_RECORD);
  ck_assert(f.alerted && !f.alert_by_peer);
  ck_assert_uint_ne(f.alert, 0);
  ck_assert_int_ne(f.library_error, 0);
  ck_assert_uint_gt(cs_test_tls_take(&p, 0, wire, sizeof wire), 0);
  ck_assert_uint_eq(wire[0], 21);
  ck_assert_uint_eq(wire[5], 2); /* fatal */
  ck_assert_uint_eq(wire[6], f.alert);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(an_empty_record_breaks_the_record_layer) {
  static const uint8_t record[] = {22, 3, 3, 0, 0};
  ck_assert_int_eq(answered_by(record, sizeof record).rule, CS_RULE_TLS_RECORD);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_message_out_of_its_order_breaks_the_handshake) {
  static const uint8_t done[] = {22, 3, 3, 0, 4, 14, 0, 0, 0};
  cs_tls_failure f = answered_by(done, sizeof done);
  ck_assert_int_eq(f.rule, CS_RULE_TLS_HANDSHAKE);
  ck_assert(f.alerted && !f.alert_by_peer);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(data_in_the_clear_breaks_the_handshake) {
  static const uint8_t data[] = {23, 3, 3, 0, 2, 'h', 'i'};
  cs_tls_failure f = answered_by(data, sizeof data);
  ck_assert_int_eq(f.rule, CS_RULE_TLS_HANDSHAKE);
  ck_assert_uint_eq(f.alert, 10);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(an_alert_of_the_peer_is_kept) {
  static const uint8_t fatal[] = {21, 3, 3, 0, 2, 2, 71}, closing[] = {21, 3, 3, 0, 2, 1, 0};
  cs_tls_failure f = answered_by(fatal, sizeof fatal);
  ck_assert_int_eq(f.rule, CS_RULE_TLS_ALERT);
  ck_assert(f.alerted && f.alert_by_peer);
  ck_assert_uint_eq(f.alert, 71);
  ck_assert(!cs_tls_wants_transmit(p.side[0].tls)); /* it is not answered */
  cs_test_tls_close(&p);
  f = answered_by(closing, sizeof closing); /* a handshake cannot be closed, only given up */
  ck_assert_int_eq(f.rule, CS_RULE_TLS_ALERT);
  ck_assert(f.alerted && f.alert_by_peer);
  ck_assert_uint_eq(f.alert, 0);
  cs_test_tls_close(&p);
}
END_TEST

/* A ServerHello of 1.2 with this suite and, when it is not NULL, ALPN. */
static size_t server_hello(uint8_t *out, uint16_t suite, const char *alpn) {
  cs_span name = cs_span_str(alpn ? alpn : "");
  size_t extensions = alpn ? 4 + 3 + name.len : 0, body = 38 + 2 + extensions;
  cs_base_writer w = cs_base_writer_of(out, 256);
  cs_base_put_u8(&w, 22);
  cs_base_put_u16(&w, 0x0303);
  cs_base_put_u16(&w, (unsigned)body + 4);
  cs_base_put_u8(&w, 2);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, (unsigned)body);
  cs_base_put_u16(&w, 0x0303);
  for (unsigned i = 0; i < 32; i++)
    cs_base_put_u8(&w, i);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, suite);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, (unsigned)extensions);
  if (alpn) {
    cs_base_put_u16(&w, 16);
    cs_base_put_u16(&w, (unsigned)name.len + 3);
    cs_base_put_u16(&w, (unsigned)name.len + 1);
    cs_base_put_u8(&w, (unsigned)name.len);
    cs_base_put_span(&w, name);
  }
  ck_assert(!w.overflow);
  return w.len;
}

START_TEST(what_was_not_offered_is_not_agreed_on) {
  uint8_t hello[256];
  cs_tls_failure f = answered_by(hello, server_hello(hello, 0x00AE, NULL)); /* CBC */
  ck_assert_int_eq(f.rule, CS_RULE_TLS_HANDSHAKE);
  ck_assert(f.alerted && !f.alert_by_peer);
  cs_test_tls_close(&p);
  f = answered_by(hello, server_hello(hello, 0xC0A8, "h2"));
  ck_assert_int_eq(f.rule, CS_RULE_TLS_ALPN);
  ck_assert(f.alerted && !f.alert_by_peer);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_message_over_two_records_is_no_fault_of_the_peer) {
  uint8_t hello[256], split[300];
  size_t len = server_hello(hello, 0xC0A8, NULL), first = 20;
  memcpy(split, hello, 5 + first);
  split[4] = (uint8_t)first;
  memcpy(split + 5 + first, hello, 5);
  split[5 + first + 4] = (uint8_t)(len - 5 - first);
  memcpy(split + 10 + first, hello + 5 + first, len - 5 - first);
  cs_test_tls_init(&p, CS_TLS_STREAM, 1);
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
  cs_test_tls_give(&p, 0, cs_span_of(split, len + 5));
  if (cs_test_tls_is(&p, 0, CS_TLS_FAILED))
    ck_assert_int_eq(failure_of(0).rule, CS_RULE_TLS_HANDSHAKE_FRAGMENTED);
  else
    ck_assert_uint_gt(cs_tls_built_version() >> 24, 2); /* 3.6 puts it together */
  ck_assert_int_eq(cs_base_rule_basis(CS_RULE_TLS_HANDSHAKE_FRAGMENTED), CS_BASIS_OURS);
  cs_test_tls_close(&p);
}
END_TEST

/* Changes one byte of what the server sends. */
typedef struct changer {
  size_t at, seen;
} changer;

static bool change(void *ctx, int from, uint8_t *bytes, size_t *len, size_t cap) {
  changer *c = ctx;
  (void)cap;
  if (from == CS_TEST_TLS_CLIENT)
    return true;
  if (c->at >= c->seen && c->at < c->seen + *len)
    bytes[c->at - c->seen] ^= 0x21;
  c->seen += *len;
  return true;
}

START_TEST(a_changed_byte_never_goes_unnoticed) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    changer c = {0, 1};
    for (size_t at = 0; at < c.seen || at == 0; at++) {
      c = (changer){at, 0};
      cs_test_tls_init(&p, (cs_tls_kind)kind, 1);
      p.tap = change;
      p.tap_ctx = &c;
      cs_test_tls_open(&p);
      cs_test_tls_run(&p, 3000);
      if (kind == CS_TLS_STREAM) {
        /* A record's version says nothing, so it may be anything there. */
        if (cs_test_tls_is(&p, 0, CS_TLS_ESTABLISHED))
          ck_assert(cs_test_tls_is(&p, 1, CS_TLS_ESTABLISHED));
        else
          ck_assert_msg(failure_of(0).rule != CS_RULE_NONE, "byte %zu: -0x%x", at,
                        (unsigned)-failure_of(0).library_error);
      } else if (!cs_test_tls_is(&p, 0, CS_TLS_ESTABLISHED)) {
        ck_assert_msg(failure_of(0).rule != CS_RULE_NONE, "kind %d byte %zu: -0x%x", kind, at,
                      (unsigned)-failure_of(0).library_error);
      }
      cs_test_tls_close(&p);
    }
    ck_assert_uint_gt(c.seen, 100);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/mbedtls_failure");
  TCase *c = tcase_create("failure");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, a_session_that_has_not_failed_has_no_failure);
  tcase_add_test(c, what_is_no_record_breaks_the_record_layer);
  tcase_add_test(c, an_empty_record_breaks_the_record_layer);
  tcase_add_test(c, a_message_out_of_its_order_breaks_the_handshake);
  tcase_add_test(c, data_in_the_clear_breaks_the_handshake);
  tcase_add_test(c, an_alert_of_the_peer_is_kept);
  tcase_add_test(c, what_was_not_offered_is_not_agreed_on);
  tcase_add_test(c, a_message_over_two_records_is_no_fault_of_the_peer);
  tcase_add_test(c, a_changed_byte_never_goes_unnoticed);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
