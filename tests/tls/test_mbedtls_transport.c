/* How bytes and time reach the library, and leave it. */
#include "support/check_main.h"
#include "support/tls_pair.h"

static cs_test_tls_pair p;
static uint8_t wire[1 << 17];

START_TEST(a_flight_leaves_by_turns_and_whole) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 1);
  p.side[1].config.mtu = 64;
  static cs_tls_pki pki;
  memset(&pki, 0, sizeof pki);
  pki.certificate = CS_TEST_TLS_FILE("server.chain.pem");
  pki.key = CS_TEST_TLS_FILE("server.key");
  p.side[0].credentials.psk = p.side[1].credentials.psk = NULL;
  p.side[1].credentials.pki = &pki;
  p.side[1].config.client_address = cs_span_of(NULL, 0);
  cs_test_tls_open(&p);
  size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
  cs_test_tls_give(&p, 1, cs_span_of(wire, len));
  unsigned datagrams = 0;
  cs_span bytes;
  while (cs_tls_transmit(p.side[1].tls, &bytes) == CS_OK) {
    ck_assert(cs_tls_wants_transmit(p.side[1].tls));
    ck_assert_uint_le(bytes.len, 64);
    cs_test_tls_give(&p, 0, bytes);
    cs_tls_sent(p.side[1].tls, bytes.len, p.now);
    datagrams++;
  }
  ck_assert_uint_gt(datagrams, 20);
  ck_assert(!cs_tls_wants_transmit(p.side[1].tls));
  ck_assert(cs_tls_wants_transmit(p.side[0].tls)); /* the client had all of it */
  ck_assert(cs_test_tls_shake(&p));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_stream_leaves_byte_by_byte) {
  cs_test_tls_init(&p, CS_TLS_STREAM, 1);
  cs_test_tls_open(&p);
  for (int turns = 0; turns < 100; turns++)
    for (int i = 0; i < 2; i++) {
      cs_span bytes;
      while (cs_tls_transmit(p.side[i].tls, &bytes) == CS_OK) {
        cs_test_tls_give(&p, !i, cs_span_of(bytes.at, 1));
        cs_tls_sent(p.side[i].tls, 1, p.now);
      }
    }
  ck_assert(cs_test_tls_is(&p, 0, CS_TLS_ESTABLISHED));
  ck_assert(cs_test_tls_is(&p, 1, CS_TLS_ESTABLISHED));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_flight_of_a_stream_shares_its_chunks) {
  cs_test_tls_init(&p, CS_TLS_STREAM, 1);
  cs_test_tls_open(&p);
  ck_assert(cs_test_tls_shake(&p));
  cs_test_tls_run(&p, 100);
  ck_assert_uint_le(p.side[0].sent_count, 3); /* not one a message */
  ck_assert_uint_le(p.side[1].sent_count, 3);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(what_is_fed_late_is_read_though_output_waits) {
  /* The server's flight is not taken away before the client's next one comes. */
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 1);
  cs_test_tls_open(&p);
  ck_assert(cs_test_tls_shake(&p));
  cs_tls *client = p.side[0].tls, *server = p.side[1].tls;
  cs_test_tls_run(&p, 100);
  ck_assert_int_eq(cs_tls_write(server, cs_span_str("waits"), p.now), CS_OK);
  ck_assert_int_eq(cs_tls_write(client, cs_span_str("comes"), p.now), CS_OK);
  size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
  cs_test_tls_give(&p, 1, cs_span_of(wire, len));
  ck_assert(cs_span_equal(cs_test_tls_heard(&p, 1), cs_span_str("comes")));
  ck_assert(cs_tls_wants_transmit(server));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_datagram_longer_than_any_record_is_dropped) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 1);
  cs_test_tls_open(&p);
  memset(wire, 22, 65507);
  cs_test_tls_give(&p, 1, cs_span_of(wire, 65507));
  cs_test_tls_give(&p, 0, cs_span_of(wire, 65507));
  ck_assert(cs_test_tls_shake(&p));
  cs_test_tls_give(&p, 0, cs_span_of(wire, 65507));
  ck_assert(cs_test_tls_say(&p, 1, "alive"));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(nothing_of_what_waits_grows_without_end) {
  /* A client that says its last flight again and again and reads nothing: each
   * time the server sends its own. */
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 1);
  cs_test_tls_open(&p);
  static uint8_t last[1500];
  size_t len = 0, n;
  for (int i = 0; i < 2; i++) { /* the ClientHello twice, then the last flight */
    n = cs_test_tls_take(&p, 0, wire, sizeof wire);
    cs_test_tls_give(&p, 1, cs_span_of(wire, n));
    while ((n = cs_test_tls_take(&p, 1, wire, sizeof wire)) > 0)
      cs_test_tls_give(&p, 0, cs_span_of(wire, n));
  }
  len = cs_test_tls_take(&p, 0, last, sizeof last);
  ck_assert_uint_gt(len, 0);
  for (int i = 0; i < 20000; i++)
    cs_test_tls_give(&p, 1, cs_span_of(last, len));
  ck_assert_uint_lt(p.side[1].memory.peak_bytes, 1 << 19);
  cs_test_tls_close(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/mbedtls_transport");
  TCase *c = tcase_create("transport");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, a_flight_leaves_by_turns_and_whole);
  tcase_add_test(c, a_stream_leaves_byte_by_byte);
  tcase_add_test(c, a_flight_of_a_stream_shares_its_chunks);
  tcase_add_test(c, what_is_fed_late_is_read_though_output_waits);
  tcase_add_test(c, a_datagram_longer_than_any_record_is_dropped);
  tcase_add_test(c, nothing_of_what_waits_grows_without_end);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
