/* The way to an established session, over links that are not kind and with peers
 * that are not honest. */
#include <mbedtls/ssl.h>

#include "support/check_main.h"
#include "support/tls_pair.h"

static cs_test_tls_pair p;
static uint8_t wire[1 << 16];

/* Without public keys: for tests that shake hands hundreds of times. */
static const uint16_t quick[] = {0xC0A4, 0};

static cs_tls_failure failure_of(int side) {
  cs_tls_failure f = {.rule = CS_RULE_NONE};
  ck_assert(cs_tls_failure_of(p.side[side].tls, &f));
  return f;
}

static bool established(int side) {
  return cs_test_tls_is(&p, side, CS_TLS_ESTABLISHED);
}

START_TEST(a_wrong_key_establishes_nothing) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    cs_test_tls_init(&p, (cs_tls_kind)kind, 3);
    p.side[0].psk.key = cs_span_str("Secret_key124");
    cs_test_tls_open(&p);
    cs_test_tls_run(&p, 1000);
    bool tls13 = kind == CS_TLS_STREAM && cs_tls_has_tls13();
    cs_tls_failure server = failure_of(1), client = failure_of(0);
    if (!tls13) {
      ck_assert_int_eq(server.rule, CS_RULE_TLS_FINISHED);
      ck_assert_uint_eq(server.alert, 20);
    }
    ck_assert(server.alerted && !server.alert_by_peer);
    ck_assert_int_eq(client.rule, CS_RULE_TLS_ALERT);
    ck_assert(client.alerted && client.alert_by_peer);
    ck_assert_uint_eq(client.alert, server.alert);
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(an_unknown_identity_is_named_in_the_alert) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    cs_test_tls_init(&p, (cs_tls_kind)kind, 3);
    p.side[0].psk.identity = cs_span_str("stranger");
    cs_test_tls_open(&p);
    cs_test_tls_run(&p, 1000);
    cs_tls_failure client = failure_of(0);
    ck_assert_int_eq(client.rule, CS_RULE_TLS_ALERT);
    if (!(kind == CS_TLS_STREAM && cs_tls_has_tls13()))
      ck_assert_uint_eq(client.alert, 115);
    ck_assert(cs_test_tls_is(&p, 1, CS_TLS_FAILED));
    cs_test_tls_close(&p);
  }
}
END_TEST

static bool key_of_two(void *ctx, cs_span identity, cs_span *key) {
  unsigned *asked = ctx;
  ++*asked;
  if (cs_span_equal(identity, cs_span_str("second")))
    *key = cs_span_str("another");
  else
    return false;
  return true;
}

START_TEST(a_server_may_have_a_key_for_each_identity) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    unsigned asked = 0;
    cs_test_tls_init(&p, (cs_tls_kind)kind, 3);
    p.side[0].psk = (cs_tls_psk){cs_span_str("second"), cs_span_str("another"), {NULL, 0}};
    p.side[1].config.callbacks.key = key_of_two;
    p.side[1].config.callbacks.ctx = &asked;
    cs_test_tls_open(&p);
    ck_assert(cs_test_tls_shake(&p));
    ck_assert_uint_ge(asked, 1);
    cs_tls_negotiated n;
    ck_assert(cs_tls_negotiated_of(p.side[1].tls, &n));
    ck_assert(cs_span_equal(n.identity, cs_span_str("second")));
    cs_test_tls_close(&p);

    cs_test_tls_init(&p, (cs_tls_kind)kind, 3); /* the setup's own identity is not asked for */
    p.side[1].config.callbacks.key = key_of_two;
    p.side[1].config.callbacks.ctx = &asked;
    cs_test_tls_open(&p);
    ck_assert(!cs_test_tls_shake(&p));
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(lost_and_reordered_datagrams_only_cost_time) {
  unsigned complete = 0;
  for (uint64_t seed = 1; seed <= 100; seed++) {
    cs_test_tls_init(&p, CS_TLS_DATAGRAM, seed);
    p.link = (cs_test_tls_link){.loss_percent = 30,
                                .duplicate_percent = 10,
                                .delay_min = 10 * CS_MILLISECOND,
                                .delay_max = 400 * CS_MILLISECOND};
    p.side[0].config.mtu = p.side[1].config.mtu = 300;
    p.side[0].config.suites = quick;
    cs_test_tls_open(&p);
    if (cs_test_tls_shake(&p)) {
      complete++;
    } else {
      ck_assert(!established(0) || !established(1));
      ck_assert(!cs_test_tls_is(&p, 0, CS_TLS_HANDSHAKING));
      ck_assert(!cs_test_tls_is(&p, 1, CS_TLS_HANDSHAKING));
    }
    ck_assert_uint_le(p.now, CS_TLS_HANDSHAKE_TIMEOUT + 2 * CS_SECOND);
    cs_test_tls_close(&p);
  }
  ck_assert_uint_ge(complete, 95);
}
END_TEST

START_TEST(retransmissions_double_until_the_time_is_over) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 3);
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
  cs_tls *t = p.side[0].tls;
  size_t first = cs_test_tls_take(&p, 0, wire, sizeof wire);
  ck_assert_uint_gt(first, 0);
  cs_time gap = CS_SECOND;
  for (cs_time end = CS_TLS_HANDSHAKE_TIMEOUT; p.now + gap < end; gap *= 2) {
    ck_assert_uint_eq(cs_tls_deadline(t), p.now + gap);
    cs_tls_expire(t, p.now + gap - 1);
    ck_assert(!cs_tls_wants_transmit(t));
    p.now += gap;
    cs_tls_expire(t, p.now);
    ck_assert_uint_gt(cs_test_tls_take(&p, 0, wire, sizeof wire), 0);
  }
  ck_assert_uint_ge(gap, 64 * CS_SECOND);
  ck_assert_uint_eq(cs_tls_deadline(t), CS_TLS_HANDSHAKE_TIMEOUT);
  cs_tls_expire(t, CS_TLS_HANDSHAKE_TIMEOUT);
  cs_tls_failure f = failure_of(0);
  ck_assert_int_eq(f.rule, CS_RULE_TLS_TIMEOUT);
  ck_assert(!f.alerted);
  ck_assert_uint_eq(cs_tls_deadline(t), CS_TIME_NEVER);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(the_handshake_has_the_time_that_it_was_given) {
  static const cs_time given[] = {CS_SECOND / 2, 7 * CS_SECOND, 1000 * CS_SECOND};
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++)
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
      cs_test_tls_init(&p, (cs_tls_kind)kind, 3);
      p.now = 5 * CS_SECOND;
      p.side[0].config.handshake_timeout = given[i];
      ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
      cs_tls *t = p.side[0].tls;
      while (cs_test_tls_is(&p, 0, CS_TLS_HANDSHAKING)) {
        p.now = cs_tls_deadline(t);
        cs_tls_expire(t, p.now);
      }
      ck_assert_uint_eq(p.now, 5 * CS_SECOND + given[i]);
      ck_assert_int_eq(failure_of(0).rule, CS_RULE_TLS_TIMEOUT);
      cs_test_tls_close(&p);
    }
}
END_TEST

/* A record in the clear with one handshake message in it. */
static size_t cleartext(uint8_t *out, uint16_t record, uint8_t type, uint16_t seq, cs_span body) {
  cs_base_writer w = cs_base_writer_of(out, 1500);
  cs_base_put_u8(&w, 22);
  cs_base_put_u16(&w, type == 3 ? 0xfeff : 0xfefd);
  cs_base_put_u16(&w, 0); /* epoch */
  cs_base_put_u32(&w, 0);
  cs_base_put_u16(&w, record);
  cs_base_put_u16(&w, (unsigned)body.len + 12);
  cs_base_put_u8(&w, type);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, (unsigned)body.len);
  cs_base_put_u16(&w, seq);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, 0);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, (unsigned)body.len);
  cs_base_put_span(&w, body);
  ck_assert(!w.overflow);
  return w.len;
}

/* Gives the client such a message again and again, with new numbers or the same. */
static cs_tls_failure flood(uint8_t type, cs_span body, bool numbered) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 3);
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
  size_t out = 0;
  for (unsigned i = 0; i < 1200 && cs_test_tls_is(&p, 0, CS_TLS_HANDSHAKING); i++) {
    uint8_t datagram[1500];
    size_t n;
    while ((n = cs_test_tls_take(&p, 0, wire, sizeof wire)) > 0)
      out += n;
    size_t len = cleartext(datagram, (uint16_t)i, type, (uint16_t)(numbered ? i : 0), body);
    cs_test_tls_give(&p, 0, cs_span_of(datagram, len));
    p.now += CS_MILLISECOND;
  }
  cs_tls_failure f = failure_of(0);
  ck_assert_uint_le(out, CS_TLS_HANDSHAKE_DATAGRAMS_MAX * 1200);
  cs_test_tls_close(&p);
  return f;
}

START_TEST(endless_verify_requests_end) {
  static const uint8_t body[] = {0xfe, 0xff, 4, 1, 2, 3, 4};
  for (int numbered = 0; numbered < 2; numbered++) {
    cs_tls_failure f = flood(3, cs_span_of(body, sizeof body), numbered);
    ck_assert(f.rule == CS_RULE_TLS_HANDSHAKE_FLOOD || f.rule == CS_RULE_TLS_HANDSHAKE);
  }
}
END_TEST

START_TEST(endless_server_hellos_end) {
  uint8_t body[40] = {0xfe, 0xfd};
  body[35] = 0xCC; /* after the random and an empty session id */
  body[36] = 0xAB; /* TLS_PSK_WITH_CHACHA20_POLY1305_SHA256 */
  for (int numbered = 0; numbered < 2; numbered++) {
    cs_tls_failure f = flood(2, cs_span_of(body, 38), numbered);
    if (numbered) {
      ck_assert_int_eq(f.rule, CS_RULE_TLS_HANDSHAKE); /* the second is one too many */
      ck_assert(f.alerted && !f.alert_by_peer);
    } else {
      ck_assert_int_eq(f.rule, CS_RULE_TLS_HANDSHAKE_FLOOD);
    }
  }
}
END_TEST

START_TEST(endless_warnings_end) {
  static const uint8_t dtls[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1, 90};
  static const uint8_t tls[] = {21, 3, 3, 0, 2, 1, 90};
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    cs_test_tls_init(&p, (cs_tls_kind)kind, 3);
    ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
    cs_span warning = kind ? cs_span_of(tls, sizeof tls) : cs_span_of(dtls, sizeof dtls);
    for (unsigned i = 0; i < 200000 && cs_test_tls_is(&p, 0, CS_TLS_HANDSHAKING); i++)
      cs_test_tls_give(&p, 0, warning);
    ck_assert(cs_test_tls_is(&p, 0, CS_TLS_FAILED));
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(a_stream_may_be_cut_anywhere) {
  for (size_t cut = 1; cut < 300; cut += cut < 20 ? 1 : 37) {
    cs_test_tls_init(&p, CS_TLS_STREAM, 3);
    p.link.cut = cut;
    cs_test_tls_open(&p);
    ck_assert(cs_test_tls_shake(&p));
    ck_assert(cs_test_tls_say(&p, 0, "in pieces"));
    cs_test_tls_close(&p);
  }
}
END_TEST

/* Lets the first n bytes of the stream to a side pass and no more. */
typedef struct gate {
  int to;
  size_t left, all;
} gate;

static bool until_the_gate(void *ctx, int from, uint8_t *bytes, size_t *len, size_t cap) {
  gate *g = ctx;
  (void)bytes, (void)cap;
  if (from == g->to)
    return true;
  g->all += *len;
  if (*len > g->left)
    *len = g->left;
  g->left -= *len;
  return *len > 0;
}

START_TEST(a_stream_that_ends_early_establishes_nothing) {
  for (int to = 0; to < 2; to++) {
    size_t all = SIZE_MAX;
    for (size_t n = 0; n < all; n++) {
      gate g = {to, n, 0};
      cs_test_tls_init(&p, CS_TLS_STREAM, 3);
      p.side[0].config.suites = quick;
      p.tap = until_the_gate;
      p.tap_ctx = &g;
      cs_test_tls_open(&p);
      cs_test_tls_run(&p, 1000);
      if (established(to))
        all = n;
      else
        ck_assert_int_eq(failure_of(to).rule, CS_RULE_TLS_TIMEOUT);
      cs_test_tls_close(&p);
    }
    ck_assert_uint_gt(all, 100);
    ck_assert_uint_lt(all, 10000);
  }
}
END_TEST

static bool watch_size(void *ctx, int from, uint8_t *bytes, size_t *len, size_t cap) {
  (void)bytes, (void)cap, (void)from;
  size_t *longest = ctx;
  if (*len > *longest)
    *longest = *len;
  return true;
}

static const cs_tls_pki *server_pki(cs_tls_pki *pki) {
  memset(pki, 0, sizeof *pki);
  pki->certificate = CS_TEST_TLS_FILE("server.chain.pem");
  pki->key = CS_TEST_TLS_FILE("server.key");
  return pki;
}

static const cs_tls_pki *client_pki(cs_tls_pki *pki) {
  memset(pki, 0, sizeof *pki);
  pki->ca = CS_TEST_TLS_FILE("ca.pem");
  pki->server_name = cs_span_str("localhost");
  pki->policy.verify_peer = true;
  return pki;
}

/* By certificates, with these credentials; NULL for the client: anonymous. */
static void init_pki(cs_tls_kind kind, const cs_tls_pki *client, const cs_tls_pki *server) {
  cs_test_tls_init(&p, kind, 3);
  p.side[0].credentials.psk = p.side[1].credentials.psk = NULL;
  p.side[0].credentials.pki = client;
  p.side[1].credentials.pki = server;
}

START_TEST(no_datagram_is_longer_than_the_mtu) {
  static const size_t mtus[] = {256, 400, 500, 1200} /* a ClientHello is never split */;
  cs_tls_pki c, s;
  for (size_t i = 0; i < sizeof mtus / sizeof *mtus; i++) {
    size_t longest = 0;
    init_pki(CS_TLS_DATAGRAM, client_pki(&c), server_pki(&s));
    p.side[0].config.mtu = p.side[1].config.mtu = mtus[i];
    p.tap = watch_size;
    p.tap_ctx = &longest;
    cs_test_tls_open(&p);
    ck_assert(cs_test_tls_shake(&p));
    ck_assert_uint_le(longest, mtus[i]);
    ck_assert_uint_gt(longest, mtus[i] / 2);
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(certificates_establish_what_was_asked_for) {
  cs_tls_pki c, s;
  cs_tls_negotiated n;
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    for (int with_client = 0; with_client < 2; with_client++) {
      client_pki(&c);
      server_pki(&s);
      s.demand_client = with_client;
      if (with_client) {
        c.certificate = CS_TEST_TLS_FILE("client.pem");
        c.key = CS_TEST_TLS_FILE("client.key");
        s.ca = CS_TEST_TLS_FILE("ca.pem");
        s.policy.verify_peer = true;
      }
      init_pki((cs_tls_kind)kind, &c, &s);
      cs_test_tls_open(&p);
      ck_assert(cs_test_tls_shake(&p));
      ck_assert(cs_tls_negotiated_of(p.side[1].tls, &n));
      ck_assert_int_eq(n.client_certificate, with_client);
      ck_assert(cs_span_equal(n.server_name, cs_span_str("localhost")));
      if (n.version == 0x0303)
        ck_assert_uint_eq(n.suite, 0xC0AC);
      ck_assert(cs_test_tls_say(&p, 0, "known to each other"));
      cs_test_tls_close(&p);
    }
    /* One that does not show the certificate which is demanded. */
    client_pki(&c);
    s.demand_client = true;
    init_pki((cs_tls_kind)kind, &c, &s);
    cs_test_tls_open(&p);
    cs_test_tls_run(&p, 1000);
    ck_assert(cs_test_tls_is(&p, 1, CS_TLS_FAILED));
    ck_assert(cs_test_tls_is(&p, 0, CS_TLS_FAILED));
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(an_anonymous_client_trusts_anyone_but_a_psk_client_only_the_key) {
  cs_tls_pki s;
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    init_pki((cs_tls_kind)kind, NULL, server_pki(&s));
    cs_test_tls_open(&p);
    ck_assert(cs_test_tls_shake(&p));
    cs_test_tls_close(&p);

    init_pki((cs_tls_kind)kind, NULL, server_pki(&s));
    p.side[0].credentials.psk = &p.side[0].psk;
    cs_test_tls_open(&p);
    cs_test_tls_run(&p, 1000);
    ck_assert(cs_test_tls_is(&p, 0, CS_TLS_FAILED));
    ck_assert_uint_eq(failure_of(0).alert, 40);
    cs_test_tls_close(&p);

    /* A server with both gives each client what it asks for. */
    for (int psk = 0; psk < 2; psk++) {
      init_pki((cs_tls_kind)kind, NULL, server_pki(&s));
      p.side[1].credentials.psk = &p.side[1].psk;
      if (psk)
        p.side[0].credentials.psk = &p.side[0].psk;
      cs_test_tls_open(&p);
      ck_assert(cs_test_tls_shake(&p));
      cs_tls_negotiated n;
      ck_assert(cs_tls_negotiated_of(p.side[1].tls, &n));
      ck_assert_int_eq(n.identity.len > 0, psk);
      cs_test_tls_close(&p);
    }
  }
}
END_TEST

START_TEST(a_client_that_begins_anew_restarts_its_session) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 3);
  cs_test_tls_open(&p);
  ck_assert(cs_test_tls_shake(&p));
  cs_test_tls_run(&p, 100);
  cs_tls_close(p.side[0].tls); /* without a word, from the same port */
  p.side[0].tls = NULL;
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
  ck_assert(established(1));
  bool again = false;
  for (int i = 0; i < 100 && !(again && established(0) && established(1)); i++) {
    ck_assert(cs_test_tls_step(&p));
    again = again || cs_test_tls_is(&p, 1, CS_TLS_HANDSHAKING);
  }
  ck_assert(again);
  ck_assert(cs_test_tls_say(&p, 0, "again"));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_broken_hello_does_not_disturb_an_established_server) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 3);
  cs_test_tls_open(&p);
  size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
  cs_test_tls_give(&p, 1, cs_span_of(wire, len));
  ck_assert(cs_test_tls_shake(&p));
  cs_test_tls_run(&p, 100);
  for (size_t cut = 14; cut < len; cut++) {
    uint8_t datagram[1500];
    memcpy(datagram, wire, cut);
    datagram[11] = (uint8_t)((cut - 13) >> 8);
    datagram[12] = (uint8_t)(cut - 13);
    cs_test_tls_give(&p, 1, cs_span_of(datagram, cut));
    while (cs_test_tls_take(&p, 1, datagram, sizeof datagram))
      ;
    ck_assert(established(1));
  }
  ck_assert(cs_test_tls_say(&p, 0, "still here"));
  cs_test_tls_close(&p);
}
END_TEST

/* A session's own configuration, to change it for a test. */
static mbedtls_ssl_config *config_of(mbedtls_ssl_context *ssl) {
  return (mbedtls_ssl_config *)ssl->conf;
}

START_TEST(garbage_does_not_disturb_a_handshake) {
  cs_base_seeded chance;
  cs_base_seeded_init(&chance, 11);
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 3);
  cs_test_tls_open(&p);
  for (int i = 0; i < 200 && !(established(0) && established(1)); i++) {
    for (int side = 0; side < 2; side++)
      for (size_t len = 0; len < 40; len += 3) {
        uint8_t garbage[40];
        for (size_t k = 0; k < len; k++)
          garbage[k] = (uint8_t)(cs_base_seeded_next(&chance) >> 16);
        if (len)
          garbage[0] = 0x80; /* no type of a record */
        cs_test_tls_give(&p, side, cs_span_of(garbage, len));
        ck_assert(!cs_test_tls_is(&p, side, CS_TLS_FAILED));
      }
    ck_assert(cs_test_tls_step(&p));
  }
  ck_assert(cs_test_tls_say(&p, 0, "undisturbed"));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_forged_record_from_far_ahead_makes_nothing_old) {
  static const uint8_t warning[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 2, 1, 90};
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 11);
  cs_test_tls_open(&p);
  cs_test_tls_step(&p);
  cs_test_tls_give(&p, CS_TEST_TLS_CLIENT, cs_span_of(warning, sizeof warning));
  ck_assert(cs_test_tls_shake(&p));
  ck_assert_uint_lt(p.now, 2 * CS_SECOND);
  cs_test_tls_close(&p);
}
END_TEST

/* What replays a record, and how often the server has heard it. */
static uint8_t replayed[2048];
static size_t replayed_len;

static bool keep_last(void *ctx, int from, uint8_t *bytes, size_t *len, size_t cap) {
  (void)ctx, (void)cap;
  if (from == CS_TEST_TLS_CLIENT && *len <= sizeof replayed) {
    memcpy(replayed, bytes, *len);
    replayed_len = *len;
  }
  return true;
}

START_TEST(a_replayed_record_is_dropped) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 12);
  p.tap = keep_last;
  cs_test_tls_open(&p);
  ck_assert(cs_test_tls_shake(&p));
  ck_assert(cs_test_tls_say(&p, CS_TEST_TLS_CLIENT, "once"));
  size_t records = p.side[CS_TEST_TLS_SERVER].records;
  cs_test_tls_give(&p, CS_TEST_TLS_SERVER, cs_span_of(replayed, replayed_len));
  ck_assert_uint_eq(p.side[CS_TEST_TLS_SERVER].records, records);
  ck_assert(cs_test_tls_say(&p, CS_TEST_TLS_CLIENT, "twice"));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(renegotiation_is_refused_and_the_session_goes_on) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++)
    for (int asks = 0; asks < 2; asks++) {
      static const uint16_t suites[] = {0xC0A4, 0};
      cs_test_tls_init(&p, (cs_tls_kind)kind, 3);
      p.side[0].config.suites = suites; /* TLS 1.2: there is no renegotiation in 1.3 */
      cs_test_tls_open(&p);
      ck_assert(cs_test_tls_shake(&p));
      cs_test_tls_run(&p, 100);
      mbedtls_ssl_context *ssl = cs_tls_library_session(p.side[asks].tls);
      /* The one that asks does what our sessions do not. */
      mbedtls_ssl_conf_renegotiation(config_of(ssl), MBEDTLS_SSL_RENEGOTIATION_ENABLED);
      int ret = mbedtls_ssl_renegotiate(ssl);
      ck_assert(ret == 0 || ret == MBEDTLS_ERR_SSL_WANT_READ);
      size_t len = 0;
      while ((len = cs_test_tls_take(&p, asks, wire, sizeof wire)) > 0)
        cs_test_tls_give(&p, !asks, cs_span_of(wire, len));
      ck_assert(established(!asks));
      ck_assert_uint_gt(cs_test_tls_take(&p, !asks, wire, sizeof wire), 0);
      ck_assert(wire[0] == 21 || wire[0] == 25); /* no_renegotiation, a warning */
      ck_assert_int_eq(cs_tls_write(p.side[!asks].tls, cs_span_str("go on"), p.now), CS_OK);
      cs_test_tls_close(&p);
    }
}
END_TEST

START_TEST(alpn_and_suites_are_agreed_on_or_nothing_is) {
  static const char *const other[] = {"h2", NULL}, *const none[] = {NULL},
                           *const two[] = {"h2", "coap", NULL};
  static const struct {
    const char *const *client, *const *server;
    const char *agreed; /* "": none, NULL: refused */
  } cases[] = {{NULL, NULL, "coap"},
               {none, NULL, ""},
               {NULL, none, ""},
               {two, NULL, "coap"},
               {other, NULL, NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cs_test_tls_init(&p, CS_TLS_STREAM, 3);
    p.side[0].config.alpn = cases[i].client;
    p.side[1].config.alpn = cases[i].server;
    cs_test_tls_open(&p);
    ck_assert_int_eq(cs_test_tls_shake(&p), cases[i].agreed != NULL);
    if (!cases[i].agreed) {
      ck_assert_uint_eq(failure_of(0).alert, 120);
      ck_assert_int_eq(failure_of(1).alert_by_peer, false);
    } else {
      cs_tls_negotiated n;
      ck_assert(cs_tls_negotiated_of(p.side[0].tls, &n));
      ck_assert_str_eq(n.alpn ? n.alpn : "", cases[i].agreed);
    }
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(the_mandatory_suites_work) {
  static const uint16_t psk[] = {0xC0A8, 0}, ecdsa[] = {0xC0AE, 0};
  cs_tls_pki c, s;
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++)
    for (int pki = 0; pki < 2; pki++) {
      if (pki)
        init_pki((cs_tls_kind)kind, client_pki(&c), server_pki(&s));
      else
        cs_test_tls_init(&p, (cs_tls_kind)kind, 3);
      p.side[1].config.suites = pki ? ecdsa : psk; /* ours are all on offer */
      cs_test_tls_open(&p);
      ck_assert(cs_test_tls_shake(&p));
      cs_tls_negotiated n;
      ck_assert(cs_tls_negotiated_of(p.side[0].tls, &n));
      ck_assert_uint_eq(n.suite, pki ? 0xC0AE : 0xC0A8);
      cs_test_tls_close(&p);
    }
}
END_TEST

START_TEST(no_suite_in_common_is_a_handshake_failure) {
  static const uint16_t a[] = {0xC0A8, 0}, b[] = {0xC0A4, 0};
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    cs_test_tls_init(&p, (cs_tls_kind)kind, 3);
    p.side[0].config.suites = a;
    p.side[1].config.suites = b;
    cs_test_tls_open(&p);
    ck_assert(!cs_test_tls_shake(&p));
    ck_assert_int_eq(failure_of(0).rule, CS_RULE_TLS_ALERT);
    ck_assert_uint_eq(failure_of(0).alert, 40);
    cs_test_tls_close(&p);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/mbedtls_handshake");
  TCase *c = tcase_create("handshake");
  tcase_set_timeout(c, 100);
  tcase_add_test(c, a_wrong_key_establishes_nothing);
  tcase_add_test(c, an_unknown_identity_is_named_in_the_alert);
  tcase_add_test(c, a_server_may_have_a_key_for_each_identity);
  tcase_add_test(c, lost_and_reordered_datagrams_only_cost_time);
  tcase_add_test(c, retransmissions_double_until_the_time_is_over);
  tcase_add_test(c, the_handshake_has_the_time_that_it_was_given);
  tcase_add_test(c, endless_verify_requests_end);
  tcase_add_test(c, endless_server_hellos_end);
  tcase_add_test(c, endless_warnings_end);
  tcase_add_test(c, a_stream_may_be_cut_anywhere);
  tcase_add_test(c, a_stream_that_ends_early_establishes_nothing);
  tcase_add_test(c, no_datagram_is_longer_than_the_mtu);
  tcase_add_test(c, certificates_establish_what_was_asked_for);
  tcase_add_test(c, an_anonymous_client_trusts_anyone_but_a_psk_client_only_the_key);
  tcase_add_test(c, a_client_that_begins_anew_restarts_its_session);
  tcase_add_test(c, a_broken_hello_does_not_disturb_an_established_server);
  tcase_add_test(c, garbage_does_not_disturb_a_handshake);
  tcase_add_test(c, a_forged_record_from_far_ahead_makes_nothing_old);
  tcase_add_test(c, a_replayed_record_is_dropped);
  tcase_add_test(c, renegotiation_is_refused_and_the_session_goes_on);
  tcase_add_test(c, alpn_and_suites_are_agreed_on_or_nothing_is);
  tcase_add_test(c, the_mandatory_suites_work);
  tcase_add_test(c, no_suite_in_common_is_a_handshake_failure);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
