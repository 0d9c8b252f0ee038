/* The server's PSK identity hint, in flights made by hand: up to the
 * ClientKeyExchange all of it is in the clear. */
#include "support/check_main.h"
#include "support/tls_pair.h"

enum {
  CLIENT_HELLO = 1,
  SERVER_HELLO = 2,
  SERVER_KEY_EXCHANGE = 12,
  SERVER_HELLO_DONE = 14,
  CLIENT_KEY_EXCHANGE = 16
};

static cs_test_tls_pair p;
static uint8_t wire[1 << 15];

/* What the callback is asked and says. */
typedef struct oracle {
  unsigned asked;
  uint8_t hint[300];
  size_t hint_len;
  bool refuse;
  cs_span identity, key;
} oracle;

static oracle told;

static bool answer(void *ctx, cs_span hint, cs_span *identity, cs_span *key) {
  oracle *o = ctx;
  o->asked++;
  ck_assert_uint_le(hint.len, sizeof o->hint);
  memcpy(o->hint, hint.at, hint.len);
  o->hint_len = hint.len;
  *identity = o->identity;
  *key = o->key;
  return !o->refuse;
}

static void open_client(cs_tls_kind kind) {
  memset(&told, 0, sizeof told);
  told.identity = cs_span_str("for the hint");
  told.key = cs_span_str("its key");
  cs_test_tls_init(&p, kind, 5);
  p.side[0].config.callbacks.hint = answer;
  p.side[0].config.callbacks.ctx = &told;
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
  size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
  ck_assert_uint_gt(len, 60);
}

/* One record with the bytes from..from + len of a handshake message. */
static void put_fragment(cs_base_writer *w, cs_tls_kind kind, unsigned record, uint8_t type,
                         unsigned seq, cs_span body, size_t from, size_t len) {
  bool dtls = kind == CS_TLS_DATAGRAM;
  cs_base_put_u8(w, 22);
  cs_base_put_u16(w, dtls ? 0xfefd : 0x0303);
  if (dtls) {
    cs_base_put_u16(w, 0);
    cs_base_put_u32(w, 0);
    cs_base_put_u16(w, record);
  }
  cs_base_put_u16(w, (unsigned)len + (dtls ? 12 : 4));
  cs_base_put_u8(w, type);
  cs_base_put_u8(w, 0);
  cs_base_put_u16(w, (unsigned)body.len);
  if (dtls) {
    cs_base_put_u16(w, seq);
    cs_base_put_u8(w, 0);
    cs_base_put_u16(w, (unsigned)from);
    cs_base_put_u8(w, 0);
    cs_base_put_u16(w, (unsigned)len);
  }
  cs_base_put_span(w, cs_span_cut(body, from, len));
  ck_assert(!w->overflow);
}

static void put_message(cs_base_writer *w, cs_tls_kind kind, uint8_t type, unsigned seq,
                        cs_span body) {
  put_fragment(w, kind, seq, type, seq, body, 0, body.len);
}

static cs_span server_hello(cs_tls_kind kind, uint16_t suite) {
  static uint8_t body[38];
  cs_base_writer w = cs_base_writer_of(body, sizeof body);
  cs_base_put_u16(&w, kind == CS_TLS_DATAGRAM ? 0xfefd : 0x0303);
  for (unsigned i = 0; i < 32; i++)
    cs_base_put_u8(&w, i);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, suite);
  cs_base_put_u8(&w, 0);
  return cs_base_written(&w);
}

static cs_span key_exchange(const char *hint) {
  static uint8_t body[300];
  cs_base_writer w = cs_base_writer_of(body, sizeof body);
  cs_span text = cs_span_str(hint);
  cs_base_put_u16(&w, (unsigned)text.len);
  cs_base_put_span(&w, text);
  return cs_base_written(&w);
}

static const cs_span nothing = {NULL, 0};

/* The identity in the ClientKeyExchange that the client sends; empty: there is
 * none. All that it sends goes into wire. */
static cs_span identity_sent(cs_tls_kind kind) {
  size_t len = 0, n;
  while ((n = cs_test_tls_take(&p, 0, wire + len, sizeof wire - len)) > 0)
    len += n;
  bool dtls = kind == CS_TLS_DATAGRAM;
  cs_base_reader r = cs_base_reader_of(cs_span_of(wire, len));
  cs_span head, body;
  while (cs_base_take(&r, dtls ? 13 : 5, &head)) {
    size_t size = (size_t)head.at[head.len - 2] << 8 | head.at[head.len - 1];
    ck_assert(cs_base_take(&r, size, &body));
    if (head.at[0] != 22 || body.at[0] != CLIENT_KEY_EXCHANGE)
      continue;
    cs_base_reader m = cs_base_reader_of(body);
    uint16_t identity_len;
    cs_span identity;
    ck_assert(cs_base_take(&m, dtls ? 12 : 4, &head));
    ck_assert(cs_base_take_u16(&m, &identity_len));
    ck_assert(cs_base_take(&m, identity_len, &identity));
    return identity;
  }
  return nothing;
}

/* ServerHello, ServerKeyExchange unless hint is NULL, ServerHelloDone in one. */
static size_t whole_flight(cs_tls_kind kind, const char *hint, uint8_t *out, size_t cap) {
  cs_base_writer w = cs_base_writer_of(out, cap);
  unsigned seq = 0;
  put_message(&w, kind, SERVER_HELLO, seq++, server_hello(kind, 0xC0A8));
  if (hint)
    put_message(&w, kind, SERVER_KEY_EXCHANGE, seq++, key_exchange(hint));
  put_message(&w, kind, SERVER_HELLO_DONE, seq, nothing);
  return w.len;
}

START_TEST(the_answer_to_a_hint_is_what_the_client_names) {
  uint8_t flight[600];
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    open_client((cs_tls_kind)kind);
    size_t len = whole_flight((cs_tls_kind)kind, "a hint", flight, sizeof flight);
    cs_test_tls_give(&p, 0, cs_span_of(flight, len));
    ck_assert_uint_eq(told.asked, 1);
    ck_assert(cs_span_equal(cs_span_of(told.hint, told.hint_len), cs_span_str("a hint")));
    ck_assert(cs_span_equal(identity_sent((cs_tls_kind)kind), told.identity));
    ck_assert(cs_test_tls_is(&p, 0, CS_TLS_HANDSHAKING));
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(without_a_hint_the_setup_names_the_identity) {
  uint8_t flight[600];
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++)
    for (int empty = 0; empty < 2; empty++) {
      open_client((cs_tls_kind)kind);
      size_t len = whole_flight((cs_tls_kind)kind, empty ? "" : NULL, flight, sizeof flight);
      cs_test_tls_give(&p, 0, cs_span_of(flight, len));
      ck_assert_uint_eq(told.asked, 0);
      ck_assert(cs_span_equal(identity_sent((cs_tls_kind)kind), cs_span_str(CS_TEST_TLS_IDENTITY)));
      cs_test_tls_close(&p);
    }
}
END_TEST

START_TEST(a_refusal_ends_the_handshake_with_an_alert) {
  uint8_t flight[600];
  static const uint8_t long_one[200];
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++)
    for (int how = 0; how < 5; how++) {
      open_client((cs_tls_kind)kind);
      told.refuse = how == 0;
      if (how == 1)
        told.identity = nothing;
      if (how == 2)
        told.identity = cs_span_of(long_one, CS_TLS_IDENTITY_MAX + 1);
      if (how == 3)
        told.key = nothing;
      if (how == 4)
        told.key = cs_span_of(long_one, CS_TLS_KEY_MAX + 1);
      size_t len = whole_flight((cs_tls_kind)kind, "a hint", flight, sizeof flight);
      cs_test_tls_give(&p, 0, cs_span_of(flight, len));
      cs_tls_failure f;
      ck_assert(cs_tls_failure_of(p.side[0].tls, &f));
      ck_assert_int_eq(f.rule, CS_RULE_TLS_HINT_REFUSED);
      ck_assert(f.alerted && !f.alert_by_peer);
      ck_assert_uint_eq(identity_sent((cs_tls_kind)kind).len, 0);
      ck_assert_uint_eq(wire[0], 21);
      cs_test_tls_close(&p);
    }
}
END_TEST

START_TEST(the_longest_answer_is_taken) {
  uint8_t flight[600];
  static uint8_t identity[CS_TLS_IDENTITY_MAX], key[CS_TLS_KEY_MAX];
  memset(identity, 'i', sizeof identity);
  open_client(CS_TLS_DATAGRAM);
  told.identity = cs_span_of(identity, sizeof identity);
  told.key = cs_span_of(key, sizeof key);
  size_t len = whole_flight(CS_TLS_DATAGRAM, "a hint", flight, sizeof flight);
  cs_test_tls_give(&p, 0, cs_span_of(flight, len));
  ck_assert(cs_span_equal(identity_sent(CS_TLS_DATAGRAM), told.identity));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_hint_in_fragments_and_out_of_order_is_read_once) {
  uint8_t datagrams[8][400];
  size_t lens[8], n = 0;
  cs_span hello = server_hello(CS_TLS_DATAGRAM, 0xC0A8), exchange = key_exchange("hint in parts");
  for (size_t from = 0; from < exchange.len; from += 4) {
    cs_base_writer w = cs_base_writer_of(datagrams[n], sizeof datagrams[n]);
    size_t len = exchange.len - from < 4 ? exchange.len - from : 4;
    put_fragment(&w, CS_TLS_DATAGRAM, 10 + (unsigned)n, SERVER_KEY_EXCHANGE, 1, exchange, from,
                 len);
    lens[n++] = w.len;
  }
  cs_base_writer w = cs_base_writer_of(datagrams[n], sizeof datagrams[n]);
  put_fragment(&w, CS_TLS_DATAGRAM, 1, SERVER_HELLO, 0, hello, 0, hello.len);
  lens[n++] = w.len;
  w = cs_base_writer_of(datagrams[n], sizeof datagrams[n]);
  put_fragment(&w, CS_TLS_DATAGRAM, 2, SERVER_HELLO_DONE, 2, nothing, 0, 0);
  lens[n++] = w.len;
  /* Every rotation, forwards and backwards. */
  for (size_t first = 0; first < n; first++)
    for (int back = 0; back < 2; back++) {
      open_client(CS_TLS_DATAGRAM);
      for (size_t i = 0; i < n; i++) {
        size_t at = (back ? first + n - i : first + i) % n;
        cs_test_tls_give(&p, 0, cs_span_of(datagrams[at], lens[at]));
      }
      ck_assert_uint_eq(told.asked, 1);
      ck_assert(cs_span_equal(cs_span_of(told.hint, told.hint_len), cs_span_str("hint in parts")));
      ck_assert(cs_span_equal(identity_sent(CS_TLS_DATAGRAM), told.identity));
      cs_test_tls_close(&p);
    }
}
END_TEST

START_TEST(a_hint_that_is_cut_short_breaks_the_handshake) {
  static const uint8_t cut[] = {0, 9, 'a'};
  uint8_t flight[600];
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    open_client((cs_tls_kind)kind);
    cs_base_writer w = cs_base_writer_of(flight, sizeof flight);
    put_message(&w, (cs_tls_kind)kind, SERVER_HELLO, 0, server_hello((cs_tls_kind)kind, 0xC0A8));
    put_message(&w, (cs_tls_kind)kind, SERVER_KEY_EXCHANGE, 1, cs_span_of(cut, sizeof cut));
    cs_test_tls_give(&p, 0, cs_base_written(&w));
    cs_tls_failure f;
    ck_assert(cs_tls_failure_of(p.side[0].tls, &f));
    ck_assert_int_eq(f.rule, CS_RULE_TLS_HANDSHAKE);
    ck_assert_uint_eq(told.asked, 0);
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(with_the_callback_a_session_without_hints_works_as_ever) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    memset(&told, 0, sizeof told);
    cs_test_tls_init(&p, (cs_tls_kind)kind, 5);
    p.side[0].config.callbacks.hint = answer;
    p.side[0].config.callbacks.ctx = &told;
    cs_test_tls_open(&p);
    ck_assert(cs_test_tls_shake(&p));
    cs_tls_negotiated n;
    ck_assert(cs_tls_negotiated_of(p.side[0].tls, &n));
    ck_assert_uint_eq(n.version, 0x0303);
    ck_assert(cs_test_tls_say(&p, 0, "hello"));
    ck_assert_uint_eq(told.asked, 0);
    cs_test_tls_close(&p);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/mbedtls_hint");
  TCase *c = tcase_create("hint");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, the_answer_to_a_hint_is_what_the_client_names);
  tcase_add_test(c, without_a_hint_the_setup_names_the_identity);
  tcase_add_test(c, a_refusal_ends_the_handshake_with_an_alert);
  tcase_add_test(c, the_longest_answer_is_taken);
  tcase_add_test(c, a_hint_in_fragments_and_out_of_order_is_read_once);
  tcase_add_test(c, a_hint_that_is_cut_short_breaks_the_handshake);
  tcase_add_test(c, with_the_callback_a_session_without_hints_works_as_ever);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
