/* What is on offer. */
#include "support/check_main.h"
#include "support/tls_pair.h"

static cs_test_tls_pair p;
static uint8_t wire[1500];

/* The parts of a ClientHello. */
typedef struct hello {
  uint16_t version;
  cs_span suites, extensions;
} hello;

static hello read_hello(cs_tls_kind kind) {
  hello h = {0};
  size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
  cs_base_reader r = cs_base_reader_of(cs_span_of(wire, len));
  cs_span skip;
  uint8_t n;
  uint16_t n16;
  ck_assert(cs_base_take(&r, kind == CS_TLS_DATAGRAM ? 25 : 9, &skip));
  ck_assert(cs_base_take_u16(&r, &h.version) && cs_base_take(&r, 32, &skip));
  ck_assert(cs_base_take_u8(&r, &n) && cs_base_take(&r, n, &skip)); /* session id */
  if (kind == CS_TLS_DATAGRAM)
    ck_assert(cs_base_take_u8(&r, &n) && cs_base_take(&r, n, &skip));
  ck_assert(cs_base_take_u16(&r, &n16) && cs_base_take(&r, n16, &h.suites));
  ck_assert(cs_base_take_u8(&r, &n) && cs_base_take(&r, n, &skip));
  ck_assert(cs_base_take_u16(&r, &n16) && cs_base_take(&r, n16, &h.extensions));
  return h;
}

/* The body of an extension; false when it is not there. */
static bool extension(const hello *h, uint16_t type, cs_span *body) {
  cs_base_reader r = cs_base_reader_of(h->extensions);
  uint16_t t, n;
  while (cs_base_take_u16(&r, &t) && cs_base_take_u16(&r, &n) && cs_base_take(&r, n, body))
    if (t == type)
      return true;
  return false;
}

static bool contains(cs_span numbers, uint16_t number) {
  for (size_t i = 0; i + 1 < numbers.len; i += 2)
    if (numbers.at[i] << 8 == (number & 0xff00) && numbers.at[i + 1] == (number & 0xff))
      return true;
  return false;
}

static hello hello_of(cs_tls_kind kind, bool psk) {
  cs_test_tls_init(&p, kind, 1);
  if (!psk)
    p.side[0].credentials.psk = NULL;
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
  return read_hello(kind);
}

START_TEST(a_psk_client_offers_the_mandatory_suite_and_no_certificates) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    hello h = hello_of((cs_tls_kind)kind, true);
    ck_assert_uint_eq(h.version, kind == CS_TLS_DATAGRAM ? 0xfefd : 0x0303);
    ck_assert(contains(h.suites, 0xC0A8));
    ck_assert(contains(h.suites, 0xC0A4));
    ck_assert(contains(h.suites, 0x00A8));
    ck_assert(!contains(h.suites, 0xC0AE));
    ck_assert(!contains(h.suites, 0xC02B));
    ck_assert(!contains(h.suites, 0x00AE)); /* CBC */
    cs_span body;
    ck_assert_int_eq(extension(&h, 16, &body), kind == CS_TLS_STREAM);
    if (kind == CS_TLS_STREAM)
      ck_assert(cs_span_equal(body, cs_span_of("\0\5\4coap", 7)));
    ck_assert(!extension(&h, 0, &body));  /* no server_name */
    ck_assert(!extension(&h, 35, &body)); /* no session ticket */
    ck_assert(extension(&h, 23, &body));  /* extended_master_secret */
    ck_assert_int_eq(extension(&h, 54, &body), kind == CS_TLS_DATAGRAM && cs_tls_has_cid());
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(a_client_without_a_psk_offers_certificates_and_the_mandatory_curve_first) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    hello h = hello_of((cs_tls_kind)kind, false);
    ck_assert(contains(h.suites, 0xC0AE));
    ck_assert(contains(h.suites, 0xC02B));
    ck_assert(contains(h.suites, 0xC02F));
    ck_assert(!contains(h.suites, 0xC0A8));
    cs_span groups;
    ck_assert(extension(&h, 10, &groups));
    ck_assert_uint_eq(groups.at[2] << 8 | groups.at[3], 23);
    ck_assert(contains(cs_span_cut(groups, 2, groups.len - 2), 29));
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(names_are_asked_for_but_addresses_are_not) {
  static const struct {
    const char *asked, *sent;
  } cases[] = {{"coap.example", "coap.example"}, {"192.0.2.1", NULL}, {"2001:db8::1", NULL}};
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++)
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      cs_test_tls_init(&p, (cs_tls_kind)kind, 1);
      p.side[0].psk.server_name = cs_span_str(cases[i].asked);
      cs_test_tls_open(&p);
      hello h = read_hello((cs_tls_kind)kind);
      cs_span body;
      ck_assert_int_eq(extension(&h, 0, &body), cases[i].sent != NULL);
      if (cases[i].sent)
        ck_assert(cs_span_equal(cs_span_cut(body, 5, body.len - 5), cs_span_str(cases[i].sent)));
      cs_test_tls_close(&p);
      cs_test_tls_init(&p, (cs_tls_kind)kind, 1);
      p.side[0].psk.server_name = cs_span_str(cases[i].asked);
      cs_test_tls_open(&p);
      ck_assert(cs_test_tls_shake(&p));
      cs_tls_negotiated n;
      ck_assert(cs_tls_negotiated_of(p.side[1].tls, &n));
      ck_assert(cs_span_equal(n.server_name, cs_span_str(cases[i].sent ? cases[i].sent : "")));
      cs_test_tls_close(&p);
    }
}
END_TEST

START_TEST(the_suites_asked_for_are_the_suites_on_offer_in_their_order) {
  static const uint16_t asked[] = {0x00A8, 0xC0A8, 0xC0A4, 0};
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 1);
  p.side[0].config.suites = asked;
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
  ck_assert_uint_eq(cs_tls_overhead(p.side[0].tls) - (cs_tls_has_cid() ? 49 : 0), 13 + 8 + 16);
  hello h = read_hello(CS_TLS_DATAGRAM);
  ck_assert_uint_ge(h.suites.len, 6);
  static const uint8_t bytes[] = {0x00, 0xA8, 0xC0, 0xA8, 0xC0, 0xA4};
  ck_assert(cs_span_equal(cs_span_cut(h.suites, 0, 6), cs_span_of(bytes, 6)));
  ck_assert_uint_le(h.suites.len, 8); /* and TLS_EMPTY_RENEGOTIATION_INFO_SCSV */
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(nothing_below_1_2_is_agreed_on) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    static const uint16_t suites[] = {0xC0A4, 0};
    cs_test_tls_init(&p, (cs_tls_kind)kind, 1);
    p.side[0].config.suites = suites;
    p.side[1].config.client_address = cs_span_of(NULL, 0);
    cs_test_tls_open(&p);
    size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
    wire[kind == CS_TLS_DATAGRAM ? 26 : 10] = kind == CS_TLS_DATAGRAM ? 0xff : 2; /* 1.0, 1.1 */
    cs_test_tls_give(&p, 1, cs_span_of(wire, len));
    cs_tls_failure f;
    ck_assert(cs_tls_failure_of(p.side[1].tls, &f));
    ck_assert_int_eq(f.rule, CS_RULE_TLS_HANDSHAKE);
    ck_assert_uint_eq(f.alert, 70);
    ck_assert(f.alerted && !f.alert_by_peer);
    cs_test_tls_close(&p);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/mbedtls_configure");
  TCase *c = tcase_create("configure");
  tcase_add_test(c, a_psk_client_offers_the_mandatory_suite_and_no_certificates);
  tcase_add_test(c, a_client_without_a_psk_offers_certificates_and_the_mandatory_curve_first);
  tcase_add_test(c, names_are_asked_for_but_addresses_are_not);
  tcase_add_test(c, the_suites_asked_for_are_the_suites_on_offer_in_their_order);
  tcase_add_test(c, nothing_below_1_2_is_agreed_on);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
