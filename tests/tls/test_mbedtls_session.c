/* A session as its driver sees it: from cs_tls_open to cs_tls_close. */
#include "support/check_main.h"
#include "support/tls_pair.h"

static cs_test_tls_pair p;

/* Opens a pair of this kind and shakes hands. */
static void begin(cs_tls_kind kind) {
  cs_test_tls_init(&p, kind, 7);
  cs_test_tls_open(&p);
  ck_assert(cs_test_tls_shake(&p));
}

START_TEST(data_passes_both_ways) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    begin((cs_tls_kind)kind);
    ck_assert_int_eq(cs_tls_kind_of(p.side[0].tls), kind);
    ck_assert(cs_test_tls_say(&p, 0, "from the client"));
    ck_assert(cs_test_tls_say(&p, 1, "from the server"));
    ck_assert(cs_test_tls_say(&p, 0, "x"));
    ck_assert_uint_eq(cs_tls_deadline(p.side[0].tls), CS_TIME_NEVER);
    ck_assert_uint_eq(cs_tls_deadline(p.side[1].tls), CS_TIME_NEVER);
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(it_tells_what_was_negotiated) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    cs_test_tls_init(&p, (cs_tls_kind)kind, 7);
    cs_test_tls_open(&p);
    cs_tls_negotiated n;
    ck_assert(!cs_tls_negotiated_of(p.side[0].tls, &n));
    ck_assert(cs_test_tls_shake(&p));
    for (int i = 0; i < 2; i++) {
      ck_assert(cs_tls_negotiated_of(p.side[i].tls, &n));
      if (kind == CS_TLS_STREAM && cs_tls_has_tls13()) {
        ck_assert_uint_eq(n.version, 0x0304);
        ck_assert_uint_eq(n.suite >> 8, 0x13);
      } else {
        ck_assert_uint_eq(n.version, 0x0303);
        ck_assert_uint_eq(n.suite, 0xCCAC);
        ck_assert_str_eq(n.name, "TLS-ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256");
      }
      if (kind == CS_TLS_STREAM)
        ck_assert_str_eq(n.alpn, "coap");
      else
        ck_assert_ptr_null(n.alpn);
      ck_assert(!n.client_certificate);
      ck_assert_int_eq(n.cid, kind == CS_TLS_DATAGRAM && cs_tls_has_cid());
      if (i == CS_TEST_TLS_SERVER)
        ck_assert(cs_span_equal(n.identity, cs_span_str(CS_TEST_TLS_IDENTITY)));
      else
        ck_assert_uint_eq(n.identity.len, 0);
    }
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(the_overhead_is_what_records_have) {
  static const uint16_t suites[][2] = {{0xC0A8, 0}, {0xC0A4, 0}, {0x00A8, 0}, {0xC0A5, 0},
                                       {0x00A9, 0}, {0xCCAC, 0}, {0xCCAB, 0}, {0x1301, 0}};
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++)
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
      if (suites[i][0] >> 8 == 0x13 && (kind == CS_TLS_DATAGRAM || !cs_tls_has_tls13()))
        continue;
      cs_test_tls_init(&p, (cs_tls_kind)kind, i);
      p.side[0].config.suites = suites[i];
      cs_test_tls_open(&p);
      size_t worst = cs_tls_overhead(p.side[0].tls);
      ck_assert(cs_test_tls_shake(&p));
      size_t exact = cs_tls_overhead(p.side[0].tls);
      ck_assert_uint_le(exact, worst);
      static uint8_t buf[2048];
      while (cs_test_tls_take(&p, 0, buf, sizeof buf))
        ;
      ck_assert_int_eq(cs_tls_write(p.side[0].tls, cs_span_str("0123456789"), p.now), CS_OK);
      size_t len = cs_test_tls_take(&p, 0, buf, sizeof buf);
      if (suites[i][0] >> 8 == 0x13 || (kind == CS_TLS_DATAGRAM && cs_tls_has_cid()))
        ck_assert_uint_le(len, 10 + exact); /* padded to hide its length */
      else
        ck_assert_uint_eq(len, 10 + exact);
      cs_test_tls_close(&p);
    }
}
END_TEST

START_TEST(a_datagram_of_the_mtu_carries_the_mtu_less_the_overhead) {
  begin(CS_TLS_DATAGRAM);
  cs_tls *t = p.side[0].tls;
  static uint8_t data[70000], wire[70000];
  for (size_t mtu = 64; mtu <= 16000; mtu = mtu * 3 + 1) {
    ck_assert_int_eq(cs_tls_set_mtu(t, mtu), CS_OK);
    size_t most = mtu - cs_tls_overhead(t);
    ck_assert_int_eq(cs_tls_write(t, cs_span_of(data, most + 1), p.now), CS_ERR_TOO_LARGE);
    ck_assert(!cs_tls_wants_transmit(t));
    ck_assert_int_eq(cs_tls_write(t, cs_span_of(data, most), p.now), CS_OK);
    size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
    ck_assert_uint_le(len, mtu);
    p.side[1].heard_len = 0;
    cs_test_tls_give(&p, 1, cs_span_of(wire, len));
    ck_assert_uint_eq(p.side[1].heard_len, most);
  }
  ck_assert_int_eq(cs_tls_set_mtu(t, 63), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_tls_set_mtu(t, 65508), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_tls_set_mtu(t, 65507), CS_OK);
  ck_assert_int_eq(cs_tls_write(t, cs_span_of(data, CS_TLS_RECORD_MAX + 1), p.now),
                   CS_ERR_TOO_LARGE);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_stream_takes_a_whole_record_of_data) {
  begin(CS_TLS_STREAM);
  static uint8_t data[CS_TLS_RECORD_MAX + 1];
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)(i * 31);
  cs_tls *t = p.side[1].tls;
  cs_test_tls_run(&p, 100);
  ck_assert_int_eq(cs_tls_write(t, cs_span_of(data, sizeof data), p.now), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(cs_tls_write(t, cs_span_of(data, CS_TLS_RECORD_MAX), p.now), CS_OK);
  p.link.cut = 1000;
  cs_test_tls_run(&p, 100);
  ck_assert(cs_span_equal(cs_test_tls_heard(&p, 0), cs_span_of(data, CS_TLS_RECORD_MAX)));
  ck_assert_uint_eq(p.side[0].records, cs_tls_has_tls13() ? 2 : 1); /* 1.3 needs a byte itself */
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(writing_waits_for_its_time) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 7);
  cs_test_tls_open(&p);
  cs_tls *t = p.side[0].tls;
  ck_assert_int_eq(cs_tls_write(t, cs_span_str("early"), p.now), CS_ERR_STATE);
  ck_assert(cs_test_tls_shake(&p));
  ck_assert_int_eq(cs_tls_write(t, cs_span_str("one"), p.now), CS_OK);
  ck_assert_int_eq(cs_tls_write(t, cs_span_str("two"), p.now), CS_ERR_AGAIN);
  cs_span first, again;
  ck_assert_int_eq(cs_tls_transmit(t, &first), CS_OK);
  ck_assert_int_eq(cs_tls_transmit(t, &again), CS_OK);
  ck_assert_ptr_eq(first.at, again.at);
  cs_tls_sent(t, 1, p.now); /* of a datagram all count */
  ck_assert_int_eq(cs_tls_transmit(t, &again), CS_ERR_AGAIN);
  ck_assert(!cs_tls_wants_transmit(t));
  ck_assert_int_eq(cs_tls_write(t, cs_span_str("two"), p.now), CS_OK);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(input_is_taken_before_more_is_fed) {
  begin(CS_TLS_STREAM);
  cs_test_tls_run(&p, 100);
  cs_tls *to = p.side[1].tls;
  static uint8_t wire[4096];
  size_t len = 0;
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(cs_tls_write(p.side[0].tls, cs_span_str(i ? "b" : "a"), p.now), CS_OK);
    len += cs_test_tls_take(&p, 0, wire + len, sizeof wire - len);
  }
  static uint8_t buf[CS_TLS_RECORD_MAX];
  size_t n = 0;
  ck_assert_int_eq(cs_tls_feed(to, cs_span_of(wire, len), p.now), CS_OK);
  ck_assert_int_eq(cs_tls_read(to, buf, sizeof buf, &n), CS_OK);
  ck_assert(cs_span_equal(cs_span_of(buf, n), cs_span_str("a")));
  ck_assert_int_eq(cs_tls_feed(to, cs_span_of(wire, 1), p.now), CS_ERR_STATE);
  ck_assert_int_eq(cs_tls_read(to, buf, sizeof buf, &n), CS_OK);
  ck_assert(cs_span_equal(cs_span_of(buf, n), cs_span_str("b")));
  n = 99;
  ck_assert_int_eq(cs_tls_read(to, buf, sizeof buf, &n), CS_ERR_AGAIN);
  ck_assert_uint_eq(n, 99);
  ck_assert_int_eq(cs_tls_feed(to, cs_span_of(wire, 0), p.now), CS_OK);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(close_notify_is_said_once_by_each_side) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    begin((cs_tls_kind)kind);
    cs_test_tls_run(&p, 100);
    cs_tls *client = p.side[0].tls, *server = p.side[1].tls;
    cs_tls_finish(client, p.now);
    ck_assert(cs_test_tls_is(&p, 0, CS_TLS_CLOSED));
    ck_assert_int_eq(cs_tls_write(client, cs_span_str("more"), p.now), CS_ERR_STATE);
    cs_tls_finish(client, p.now);
    size_t sent = p.side[0].sent_count;
    cs_test_tls_run(&p, 100);
    ck_assert_uint_eq(p.side[0].sent_count, sent + 1);
    ck_assert(cs_test_tls_is(&p, 1, CS_TLS_CLOSED));
    ck_assert_int_eq(p.side[1].said, CS_ERR_CLOSED);
    ck_assert(!cs_tls_wants_transmit(server));
    cs_tls_failure f;
    ck_assert(!cs_tls_failure_of(server, &f));
    cs_tls_finish(server, p.now);
    ck_assert(cs_tls_wants_transmit(server));
    ck_assert(cs_tls_peer_closed(server) && !cs_tls_peer_closed(client));
    cs_test_tls_run(&p, 100);
    ck_assert(cs_tls_peer_closed(client)); /* the answer to ours */
    cs_tls_finish(server, p.now);
    ck_assert(!cs_tls_wants_transmit(server));
    ck_assert_int_eq(p.side[0].said, CS_ERR_CLOSED);
    ck_assert(cs_test_tls_is(&p, 0, CS_TLS_CLOSED));
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(data_under_way_is_passed_over_by_who_has_closed) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    begin((cs_tls_kind)kind);
    cs_test_tls_run(&p, 100);
    ck_assert_int_eq(cs_tls_write(p.side[1].tls, cs_span_str("under way"), p.now), CS_OK);
    cs_tls_finish(p.side[0].tls, p.now);
    cs_test_tls_run(&p, 100);
    ck_assert_uint_eq(p.side[0].heard_len, 0);
    ck_assert(!cs_tls_peer_closed(p.side[0].tls));
    cs_tls_finish(p.side[1].tls, p.now);
    cs_test_tls_run(&p, 100);
    ck_assert(cs_tls_peer_closed(p.side[0].tls));
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(an_alert_fails_both_sides) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++)
    for (int from = 0; from < 2; from++) {
      begin((cs_tls_kind)kind);
      cs_test_tls_run(&p, 100);
      cs_tls_alert(p.side[from].tls, 49, p.now);
      cs_tls_failure f;
      ck_assert(cs_tls_failure_of(p.side[from].tls, &f));
      ck_assert_int_eq(f.rule, CS_RULE_NONE);
      ck_assert(f.alerted && !f.alert_by_peer);
      ck_assert_uint_eq(f.alert, 49);
      cs_test_tls_run(&p, 100);
      ck_assert(cs_tls_failure_of(p.side[!from].tls, &f));
      ck_assert_int_eq(f.rule, CS_RULE_TLS_ALERT);
      ck_assert(f.alerted && f.alert_by_peer);
      ck_assert_uint_eq(f.alert, 49);
      ck_assert_int_eq(p.side[!from].said, CS_ERR_RULE);
      ck_assert_int_eq(cs_tls_write(p.side[!from].tls, cs_span_str("more"), p.now), CS_ERR_STATE);
      ck_assert_uint_eq(cs_tls_deadline(p.side[!from].tls), CS_TIME_NEVER);
      cs_test_tls_close(&p);
    }
}
END_TEST

START_TEST(an_alert_in_the_handshake_fails_both_sides) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    cs_test_tls_init(&p, (cs_tls_kind)kind, 7);
    cs_test_tls_open(&p);
    cs_test_tls_run(&p, kind == CS_TLS_DATAGRAM ? 3 : 1); /* the ClientHello with its cookie */
    cs_tls_alert(p.side[1].tls, 80, p.now);
    cs_test_tls_run(&p, 100);
    cs_tls_failure f;
    ck_assert(cs_tls_failure_of(p.side[0].tls, &f));
    if (kind == CS_TLS_DATAGRAM || !cs_tls_has_tls13()) {
      ck_assert_int_eq(f.rule, CS_RULE_TLS_ALERT);
      ck_assert_uint_eq(f.alert, 80);
    } /* in 1.3 it comes after Finished under keys that are not in use any more */
    cs_test_tls_close(&p);
  }
}
END_TEST

/* Everything that either side sends, in order. */
typedef struct transcript {
  size_t len;
  uint8_t bytes[1 << 15];
} transcript;

static bool record(void *ctx, int from, uint8_t *bytes, size_t *len, size_t cap) {
  transcript *to = ctx;
  (void)cap;
  ck_assert_uint_lt(to->len + *len + 1, sizeof to->bytes);
  to->bytes[to->len++] = (uint8_t)from;
  memcpy(to->bytes + to->len, bytes, *len);
  to->len += *len;
  return true;
}

static void write_transcript(transcript *to, cs_tls_kind kind, uint64_t seed) {
  to->len = 0;
  cs_test_tls_init(&p, kind, seed);
  p.tap = record;
  p.tap_ctx = to;
  cs_test_tls_open(&p);
  ck_assert(cs_test_tls_shake(&p));
  ck_assert(cs_test_tls_say(&p, 0, "the same"));
  cs_test_tls_close(&p);
}

#if !defined(__SANITIZE_THREAD__)
/* The library puts the system's time into its ClientHello. */
#include <time.h>
time_t time(time_t *out);
time_t time(time_t *out) {
  if (out)
    *out = 1700000000;
  return 1700000000;
}
#endif

START_TEST(the_same_seed_makes_the_same_bytes) {
  static transcript a, b, c;
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    if (kind == CS_TLS_STREAM && cs_tls_has_tls13())
      continue; /* TLS 1.3 draws from a generator of the library's own */
    write_transcript(&a, (cs_tls_kind)kind, 1);
    write_transcript(&b, (cs_tls_kind)kind, 1);
    write_transcript(&c, (cs_tls_kind)kind, 2);
    ck_assert_uint_eq(a.len, b.len);
    ck_assert_mem_eq(a.bytes, b.bytes, a.len);
    ck_assert(a.len != c.len || memcmp(a.bytes, c.bytes, a.len) != 0);
  }
}
END_TEST

START_TEST(what_cannot_be_is_refused_at_the_door) {
  static const uint16_t unknown[] = {0x1234, 0}, none[] = {0}, cbc[] = {0x00AE, 0},
                        null_cipher[] = {0x00B0, 0}, certificate[] = {0xC0AE, 0};
  static const uint16_t *const wrong[] = {unknown, none, cbc, null_cipher, certificate};
  static const char *const empty_name[] = {"", NULL};
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 7);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    p.side[0].config.suites = wrong[i];
    ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_ERR_ARGUMENT);
  }
  p.side[0].config.suites = NULL;
  p.side[0].config.mtu = 63;
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_ERR_ARGUMENT);
  p.side[0].config.mtu = 65508;
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_ERR_ARGUMENT);
  p.side[0].config.mtu = 1200;
  p.side[0].config.alpn = empty_name;
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_ERR_ARGUMENT);
  ck_assert_ptr_null(p.side[0].tls);
  cs_test_tls_close(&p);
}
END_TEST

static bool prepared(void *ctx, void *library_session) {
  void **seen = ctx;
  *seen = library_session;
  return true;
}

static bool not_prepared(void *ctx, void *library_session) {
  (void)ctx, (void)library_session;
  return false;
}

START_TEST(who_prepares_sees_the_library_and_may_refuse) {
  void *seen = NULL;
  cs_test_tls_init(&p, CS_TLS_STREAM, 7);
  p.side[0].config.callbacks.ctx = &seen;
  p.side[0].config.callbacks.prepare = not_prepared;
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_ERR_STATE);
  ck_assert_ptr_null(p.side[0].tls);
  p.side[0].config.callbacks.prepare = prepared;
  ck_assert_int_eq(cs_test_tls_open_side(&p, 0), CS_OK);
  ck_assert_ptr_nonnull(seen);
  ck_assert_ptr_eq(seen, cs_tls_library_session(p.side[0].tls));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(memory_that_is_missing_is_said_and_nothing_leaks) {
  for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
    unsigned failed = 0;
    bool done = false;
    for (size_t at = 1; !done && at < 200; at++) {
      for (int side = 0; side < 2; side++) {
        cs_test_tls_init(&p, (cs_tls_kind)kind, 7);
        p.side[side].memory.fail_at = at;
        cs_err err = CS_OK;
        for (int i = 0; i < 2 && err == CS_OK; i++)
          err = cs_test_tls_open_side(&p, i);
        if (err != CS_OK) {
          ck_assert_int_eq(err, CS_ERR_MEMORY);
          failed++;
        } else if (!cs_test_tls_shake(&p)) {
          cs_tls_failure f;
          ck_assert(cs_tls_failure_of(p.side[side].tls, &f));
          ck_assert_int_eq(f.rule, CS_RULE_OUT_OF_MEMORY);
          ck_assert_int_eq(p.side[side].said, CS_ERR_MEMORY);
          failed++;
        } else if (!cs_test_tls_say(&p, 0, "now") || !cs_test_tls_say(&p, 1, "then")) {
          ck_assert(cs_test_tls_is(&p, side, CS_TLS_ESTABLISHED));
          failed++; /* it was said, and the session goes on: */
          ck_assert(cs_test_tls_say(&p, side, "again"));
        } else if (side == 1) {
          done = p.side[0].memory.calls < at && p.side[1].memory.calls < at;
        }
        cs_test_tls_close(&p);
      }
    }
    ck_assert(done);
    ck_assert_uint_ge(failed, 10);
  }
}
END_TEST

START_TEST(what_comes_after_the_end_is_passed_over) {
  begin(CS_TLS_DATAGRAM);
  cs_test_tls_run(&p, 100);
  ck_assert_int_eq(cs_tls_write(p.side[0].tls, cs_span_str("late"), p.now), CS_OK);
  static uint8_t wire[256];
  size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
  cs_tls_finish(p.side[1].tls, p.now);
  cs_test_tls_give(&p, 1, cs_span_of(wire, len));
  ck_assert_int_eq(p.side[1].said, CS_ERR_CLOSED);
  ck_assert_uint_eq(p.side[1].heard_len, 0);
  cs_tls_alert(p.side[0].tls, 80, p.now);
  cs_test_tls_give(&p, 0, cs_span_of(wire, len));
  ck_assert_int_eq(p.side[0].said, CS_ERR_RULE);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_datagram_that_was_seen_or_is_damaged_is_dropped) {
  begin(CS_TLS_DATAGRAM);
  cs_test_tls_run(&p, 100);
  static uint8_t wire[256];
  ck_assert_int_eq(cs_tls_write(p.side[0].tls, cs_span_str("once"), p.now), CS_OK);
  size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
  p.side[1].heard_len = 0;
  for (size_t i = 0; i < len; i++) {
    wire[i] ^= 0x10;
    cs_test_tls_give(&p, 1, cs_span_of(wire, len));
    wire[i] ^= 0x10;
    ck_assert(cs_test_tls_is(&p, 1, CS_TLS_ESTABLISHED));
    ck_assert_uint_eq(p.side[1].heard_len, 0);
  }
  cs_test_tls_give(&p, 1, cs_span_of(wire, len));
  ck_assert_uint_eq(p.side[1].heard_len, 4);
  cs_test_tls_give(&p, 1, cs_span_of(wire, len));
  ck_assert_uint_eq(p.side[1].heard_len, 4);
  ck_assert(cs_test_tls_is(&p, 1, CS_TLS_ESTABLISHED));
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_damaged_record_of_a_stream_is_the_end) {
  begin(CS_TLS_STREAM);
  cs_test_tls_run(&p, 100);
  static uint8_t wire[256];
  ck_assert_int_eq(cs_tls_write(p.side[0].tls, cs_span_str("once"), p.now), CS_OK);
  size_t len = cs_test_tls_take(&p, 0, wire, sizeof wire);
  wire[len - 1] ^= 1;
  cs_test_tls_give(&p, 1, cs_span_of(wire, len));
  cs_tls_failure f;
  ck_assert(cs_tls_failure_of(p.side[1].tls, &f));
  ck_assert_int_eq(f.rule, CS_RULE_TLS_RECORD);
  ck_assert(f.alerted && !f.alert_by_peer);
  ck_assert_uint_eq(f.alert, 20);
  cs_test_tls_run(&p, 10);
  ck_assert(cs_tls_failure_of(p.side[0].tls, &f));
  ck_assert_uint_eq(f.alert, 20);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(our_part_of_an_idle_session_is_small) {
  begin(CS_TLS_DATAGRAM);
  cs_test_tls_run(&p, 100);
  ck_assert_uint_lt(p.side[0].memory.out_bytes, 4096);
  cs_test_tls_close(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/mbedtls_session");
  TCase *c = tcase_create("session");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, data_passes_both_ways);
  tcase_add_test(c, it_tells_what_was_negotiated);
  tcase_add_test(c, the_overhead_is_what_records_have);
  tcase_add_test(c, a_datagram_of_the_mtu_carries_the_mtu_less_the_overhead);
  tcase_add_test(c, a_stream_takes_a_whole_record_of_data);
  tcase_add_test(c, writing_waits_for_its_time);
  tcase_add_test(c, input_is_taken_before_more_is_fed);
  tcase_add_test(c, close_notify_is_said_once_by_each_side);
  tcase_add_test(c, data_under_way_is_passed_over_by_who_has_closed);
  tcase_add_test(c, an_alert_fails_both_sides);
  tcase_add_test(c, an_alert_in_the_handshake_fails_both_sides);
  tcase_add_test(c, the_same_seed_makes_the_same_bytes);
  tcase_add_test(c, what_cannot_be_is_refused_at_the_door);
  tcase_add_test(c, who_prepares_sees_the_library_and_may_refuse);
  tcase_add_test(c, memory_that_is_missing_is_said_and_nothing_leaks);
  tcase_add_test(c, what_comes_after_the_end_is_passed_over);
  tcase_add_test(c, a_datagram_that_was_seen_or_is_damaged_is_dropped);
  tcase_add_test(c, a_damaged_record_of_a_stream_is_the_end);
  tcase_add_test(c, our_part_of_an_idle_session_is_small);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
