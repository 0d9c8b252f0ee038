/* Handshakes that are looked at: what is offered, byte by byte, and how a server's first
 * flight is read, be it right, broken or hostile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hello_sample.h"
#include "runner/case_inside.h"
#include "runner/hello.h"
#include "runner/scenario.h"
#include "support/check_main.h"

static cs_runner_arena arena;

static void begin(void) {
  arena = (cs_runner_arena){0};
}
static void end(void) {
  cs_runner_release(&arena);
}

static const cs_runner_secure *opened(const char *transport, const char *line) {
  const cs_runner_scenario *s;
  cs_runner_error e;
  char *text = cs_runner_format(
      &arena, "# t\nid a/b/c\ncovers R#1\ntransport %s\n---\n%s\n< hello\n", transport, line);
  ck_assert_msg(cs_runner_parse(cs_span_str(text), "x", NULL, &arena, &s, &e), "%u:%u: %s", e.line,
                e.column, e.message);
  return &s->steps[0].secure;
}

static cs_span hex(const char *text) {
  uint8_t *out = cs_runner_get(&arena, strlen(text) / 2 + 1);
  size_t n = 0;
  unsigned v;
  for (; *text; text++)
    if (*text != ' ' && sscanf(text, "%2x", &v) == 1) {
      out[n++] = (uint8_t)v;
      text++;
    }
  return cs_span_of(out, n);
}

static void same(cs_span got, const char *want) {
  cs_span bytes = hex(want);
  const char *text = cs_runner_raw_notation(&arena, got);
  ck_assert_msg(cs_span_equal(got, bytes), "%s\nis not\n%s", text,
                cs_runner_raw_notation(&arena, bytes));
}

/* ---- what is offered ---- */

#define RANDOM_HEX "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"

static cs_span made(const char *transport, const char *line, const char *cookie, uint16_t sequence,
                    uint16_t record) {
  const cs_runner_hello *h = opened(transport, line)->hello;
  ck_assert_ptr_nonnull(h);
  return cs_runner_hello_make(h, strcmp(transport, "dtls") == 0, hex(RANDOM_HEX).at, hex(cookie),
                              sequence, record, &arena);
}

START_TEST(the_usual_offer) {
  same(made("tls", "open hello", "", 0, 0),
       "16 0301 0058 01 000054 0303 " RANDOM_HEX " 00 000a c0aec0a8c02b00a800ff 01 00 0021"
       "000a 0004 0002 0017  000b 0002 01 00  000d 0006 0004 04030401 0017 0000 ff01 0001 00");
  same(made("dtls",
            "open hello suites=0x1a1a groups=x25519 points=0x01 signatures=rsa-sha256 "
            "!renegotiation !master-secret",
            "", 0, 3),
       "16 feff 0000 000000000003 004e 01 000042 0000 000000 000042 fefd " RANDOM_HEX
       " 00 00 0002 1a1a 01 00 0016 000a 0004 0002 001d  000b 0002 01 01  000d 0004 0002 0401");
}
END_TEST

START_TEST(all_that_can_be_offered) {
  same(made("tls",
            "open hello version=3.0 suites=0x0001 groups=p384 points=uncompressed "
            "signatures=ecdsa-sha1 compressions=deflate|null alpn=coap|h2 sni=a.b "
            "certificate-types=raw|x509 extension=0xfafa",
            "", 0, 0),
       "16 0300 0074 01 000070 0300 " RANDOM_HEX " 00 0002 0001 02 0100 0044"
       "0000 0008 0006 00 0003 612e62  000a 0004 0002 0018  000b 0002 01 00  000d 0004 0002 0203"
       "0010 000a 0008 04 636f6170 02 6832  0014 0003 02 0200  0017 0000 ff01 0001 00  fafa 0000");
  /* 1.3 is an extension. */
  cs_span b = made("tls", "open hello version=1.3", "", 0, 0);
  ck_assert(b.at[9] == 3 && b.at[10] == 3);
  ck_assert_ptr_nonnull(memmem(b.at, b.len, "\x00\x2b\x00\x03\x02\x03\x04", 7));
  b = made("dtls", "open hello version=1.3", "", 0, 0);
  ck_assert_ptr_nonnull(memmem(b.at, b.len, "\x00\x2b\x00\x03\x02\xfe\xfc", 7));
  ck_assert(memcmp(made("dtls", "open hello version=1.1", "", 0, 0).at + 25, "\xfe\xff", 2) == 0);
}
END_TEST

START_TEST(a_cookie_goes_back) {
  same(made("dtls",
            "open hello suites=0x1a1a groups=x25519 points=0x01 signatures=rsa-sha256 "
            "!renegotiation !master-secret",
            "a1a2a3", 1, 2),
       "16 feff 0000 000000000002 0051 01 000045 0001 000000 000045 fefd " RANDOM_HEX
       " 00 03 a1a2a3 0002 1a1a 01 00 0016 000a 0004 0002 001d  000b 0002 01 01  000d 0004 0002 "
       "0401");
}
END_TEST

START_TEST(raw_bytes_take_its_place) {
  same(made("wss", "open hello raw=4745542Ff0", "", 0, 0), "474554 2f f0");
  same(made("dtls", "open hello raw=00", "", 0, 0), "00");
}
END_TEST

/* The notation says what was offered: parsed again it is the same bytes. */
START_TEST(an_offer_can_be_parsed_again) {
  static const char *const lines[] = {
      "open hello version=1.2",
      "open hello version=3.0 suites=TLS_PSK_WITH_AES_128_CCM_8|0xfafa groups=0x0018 "
      "signatures=0x0203 points=0x01 certificate-types=0x02|0x00 compressions=0x01|0x00 "
      "alpn=coap|http/1.1 sni=a-b.c extension=0xfafa !renegotiation !master-secret cookie=wrong",
      "open hello version=1.3 cookie=none", "open hello raw=0aff00"};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
    ck_assert_str_eq(cs_runner_open_notation(&arena, opened("dtls", lines[i])), lines[i]);
}
END_TEST

/* ---- what is read ---- */

/* A flight: "2:HEX" is a message, "/" begins the next record or datagram. */
struct flight {
  uint8_t bytes[4096];
  size_t len;
};

static cs_span message(unsigned type, cs_span body) {
  uint8_t *m = cs_runner_get(&arena, body.len + 4);
  m[0] = (uint8_t)type;
  m[1] = (uint8_t)(body.len >> 16);
  m[2] = (uint8_t)(body.len >> 8);
  m[3] = (uint8_t)body.len;
  if (body.len)
    memcpy(m + 4, body.at, body.len);
  return cs_span_of(m, body.len + 4);
}

static void put(struct flight *f, cs_span s) {
  ck_assert_uint_le(s.len, sizeof f->bytes - f->len);
  if (s.len)
    memcpy(f->bytes + f->len, s.at, s.len);
  f->len += s.len;
}

static void put_record(struct flight *f, unsigned type, cs_span body) {
  uint8_t head[5] = {(uint8_t)type, 3, 3, (uint8_t)(body.len >> 8), (uint8_t)body.len};
  put(f, cs_span_of(head, sizeof head));
  put(f, body);
}

/* A fragment of a message in a record of DTLS. */
static void put_fragment(struct flight *f, unsigned type, unsigned sequence, cs_span body,
                         size_t from, size_t n) {
  uint8_t head[25] = {22, 0xfe, 0xfd};
  head[11] = (uint8_t)((n + 12) >> 8);
  head[12] = (uint8_t)(n + 12);
  head[13] = (uint8_t)type;
  head[15] = (uint8_t)(body.len >> 8);
  head[16] = (uint8_t)body.len;
  head[18] = (uint8_t)sequence;
  head[20] = (uint8_t)(from >> 8);
  head[21] = (uint8_t)from;
  head[23] = (uint8_t)(n >> 8);
  head[24] = (uint8_t)n;
  put(f, cs_span_of(head, sizeof head));
  put(f, cs_span_cut(body, from, n));
}

static cs_span bytes_of(const struct flight *f) {
  return cs_span_of(f->bytes, f->len);
}

#define SERVER_HELLO(version, suite, rest) version RANDOM_HEX "00" suite "00" rest

static cs_runner_hello_reader *reader(bool datagrams) {
  return cs_runner_hello_reader_new(&arena, datagrams);
}

START_TEST(a_flight_of_psk) {
  struct flight f = {.len = 0};
  cs_runner_hello_reader *r = reader(false);
  put_record(&f, 22,
             message(2, hex(SERVER_HELLO("0303", "c0a8",
                                         "0014 ff01000100 0010 0007 0005 04 "
                                         "636f6170 0017 0000"))));
  put_record(&f, 22, message(12, hex("0003 414243")));
  put_record(&f, 22, message(14, hex("")));
  ck_assert_int_eq(cs_runner_hello_read(r, bytes_of(&f)), CS_RUNNER_HELLO_DONE);
  const cs_runner_hello_seen *s = cs_runner_hello_found(r);
  cs_span value;
  ck_assert_uint_eq(s->version, 0x0303);
  ck_assert_uint_eq(s->suite, 0xc0a8);
  ck_assert(cs_span_equal(s->alpn, cs_span_str("coap")));
  ck_assert(cs_span_equal(s->hint, cs_span_str("ABC")));
  ck_assert(cs_runner_hello_extension(s, 0x17, &value) && value.len == 0);
  ck_assert(!cs_runner_hello_extension(s, 0x18, &value));
  ck_assert(!s->repeated && !s->request && !s->certificate.there && s->key_exchange);
  const cs_runner_hello_event e = {.seen = s};
  ck_assert_str_eq(cs_runner_hello_notation(&arena, &e),
                   "hello version=1.2 suite=TLS_PSK_WITH_AES_128_CCM_8 alpn=coap extension=0xff01 "
                   "extension=0x0010 extension=0x0017 hint");
}
END_TEST

static struct flight with_certificate(void) {
  struct flight f = {.len = 0};
  uint8_t list[600] = {0};
  size_t n = sizeof long_lived;
  list[1] = (uint8_t)((n + 3) >> 8);
  list[2] = (uint8_t)(n + 3);
  list[4] = (uint8_t)(n >> 8);
  list[5] = (uint8_t)n;
  memcpy(list + 6, long_lived, n);
  cs_span hello = message(2, hex(SERVER_HELLO("0303", "c0ae", "")));
  cs_span certificate = message(11, cs_span_of(list, n + 6));
  uint8_t both[1000];
  memcpy(both, hello.at, hello.len);
  memcpy(both + hello.len, certificate.at, certificate.len);
  size_t len = hello.len + certificate.len;
  put_record(&f, 22, cs_span_of(both, 7)); /* messages are cut and put together at will */
  put_record(&f, 22, cs_span_of(both + 7, len - 7));
  put_record(&f, 22, message(12, hex("03 0017 01 00")));
  put_record(&f, 22, message(13, hex("01 40 0000 0000")));
  put_record(&f, 22, message(14, hex("")));
  return f;
}

START_TEST(a_flight_of_certificates_in_any_pieces) {
  struct flight f = with_certificate();
  for (size_t piece = 1; piece < f.len; piece = piece * 3 + 1) {
    cs_runner_hello_reader *r = reader(false);
    for (size_t at = 0; at < f.len; at += piece) {
      size_t n = f.len - at < piece ? f.len - at : piece;
      cs_runner_hello_state state = cs_runner_hello_read(r, cs_span_of(f.bytes + at, n));
      ck_assert_int_eq(state, at + n < f.len ? CS_RUNNER_HELLO_WAITING : CS_RUNNER_HELLO_DONE);
    }
    const cs_runner_hello_seen *s = cs_runner_hello_found(r);
    ck_assert(s->certificate.there && s->certificate.readable && s->certificate.p256);
    ck_assert(s->curve_p256 && s->request && s->hint.len == 0);
  }
}
END_TEST

#define GOOD_HELLO "16 0303 002a 02 000026 " SERVER_HELLO("0303", "c0a8", "")

/* What breaks a flight of a stream. */
static const struct {
  const char *bytes, *fault;
} faults[] = {
    {"48 54 54 50 2f 31 2e 31 20 34 30 30", "HTTP in the clear"},
    {"48 45 4c 4c 4f", "no record of TLS"},
    {"18 0303 0001 00", "neither of the handshake nor an alert"},
    {"14 0303 0001 01", "neither of the handshake nor an alert"},
    {"16 0303 0000", "a record of the handshake is empty"},
    {"16 0303 4001", "a record is over 16384 bytes"},
    {"15 0303 0000", "a record of alerts is empty"},
    {"16 0303 0004 02 010001", "over 65536 bytes"},
    {"16 0303 0004 0e 000000", "out of order"},
    {"16 0303 0004 14 000000", "out of order"},
    {"16 0303 0004 03 000000", "out of order"},
    {"16 0303 0005 00 000001 00", "out of order"},
    {GOOD_HELLO GOOD_HELLO, "out of order"},
    {GOOD_HELLO "16 0303 0006 0c 000002 0000 16 0303 0007 0b 000003 000000", "out of order"},
    {GOOD_HELLO "16 0303 0005 0e 000001 00", "the ServerHelloDone is not empty"},
    {GOOD_HELLO "16 0303 0006 0c 000002 0001", "the identity hint is cut short"},
    {GOOD_HELLO "16 0303 0007 0b 000003 000001", "the Certificate is not what its length says"},
    {GOOD_HELLO "16 0303 0008 0b 000004 000000 00", "the Certificate is not what its length says"},
    {GOOD_HELLO "16 0303 0009 0b 000005 000002 0000", "a certificate is cut short"},
    {"16 0303 0008 02 000004 03030000", "the ServerHello is cut short"},
    {"16 0303 002b 02 000027 " SERVER_HELLO("0303", "c0a8", "00"), "extensions are not what"},
    {"16 0303 002d 02 000029 " SERVER_HELLO("0303", "c0a8", "0002 00"), "extensions are not what"},
    {"16 0303 002d 02 000029 " SERVER_HELLO("0303", "c0a8", "0001 00"), "is cut short"},
    {"16 0303 0030 02 00002c " SERVER_HELLO("0303", "c0a8", "0004 0001 0001"), "is cut short"},
    {"16 0303 0032 02 00002e " SERVER_HELLO("0303", "c0a8", "0006 0010 0002 0001"),
     "the selected protocol is cut short"},
    {"16 0303 0036 02 000032 " SERVER_HELLO("0303", "c0a8", "000a 0010 0006 0004 01 61 01 62"),
     "not one protocol is selected"},
};

START_TEST(what_breaks_a_stream) {
  cs_span bytes = hex(faults[_i].bytes);
  cs_runner_hello_reader *whole = reader(false), *cut = reader(false);
  ck_assert_msg(cs_runner_hello_read(whole, bytes) == CS_RUNNER_HELLO_BROKEN, "%s",
                faults[_i].fault);
  ck_assert_msg(strstr(cs_runner_hello_fault(whole), faults[_i].fault) != NULL, "%s is not %s",
                cs_runner_hello_fault(whole), faults[_i].fault);
  for (size_t i = 0; i < bytes.len; i++)
    (void)cs_runner_hello_read(cut, cs_span_cut(bytes, i, 1));
  ck_assert_ptr_eq(cs_runner_hello_fault(whole), cs_runner_hello_fault(cut));
  ck_assert_uint_eq(cs_runner_hello_http(whole), _i == 0 ? 400 : 0);
}
END_TEST

START_TEST(alerts) {
  cs_runner_hello_reader *r = reader(false);
  ck_assert_int_eq(cs_runner_hello_read(r, hex("15 0303 0002 0228")), CS_RUNNER_HELLO_ALERT);
  ck_assert_uint_eq(cs_runner_hello_alert(r), 40);
  /* In two records, and behind a warning that ends nothing. */
  r = reader(false);
  ck_assert_int_eq(cs_runner_hello_read(r, hex("15 0303 0001 01 15 0303 0001 70")),
                   CS_RUNNER_HELLO_WAITING);
  ck_assert(cs_runner_hello_found(r)->name_warning);
  ck_assert_int_eq(cs_runner_hello_read(r, hex("15 0303 0002 0100")), CS_RUNNER_HELLO_ALERT);
  ck_assert_uint_eq(cs_runner_hello_alert(r), 0);
  /* mbedTLS, to what is no ClientHello. */
  ck_assert_int_eq(cs_runner_hello_read(reader(false), hex("15 0000 0002 0228")),
                   CS_RUNNER_HELLO_ALERT);
  /* A HelloRequest is passed over; neither it nor warnings may come for ever. */
  r = reader(false);
  for (unsigned i = 0; i < 16; i++)
    ck_assert_int_eq(
        cs_runner_hello_read(r, i % 2 ? hex("15 0303 0002 0170") : hex("16 0303 0004 00 000000")),
        CS_RUNNER_HELLO_WAITING);
  ck_assert_int_eq(cs_runner_hello_read(r, hex("15 0303 0002 0170")), CS_RUNNER_HELLO_BROKEN);
}
END_TEST

START_TEST(tls_1_3_ends_at_its_hello) {
  cs_runner_hello_reader *r = reader(false);
  ck_assert_int_eq(cs_runner_hello_read(
                       r, hex("16 0303 0032 02 00002e " SERVER_HELLO(
                              "0303", "1301", "0006 002b 0002 0304") "14 0303 0001 01 17 0303")),
                   CS_RUNNER_HELLO_DONE);
  ck_assert_uint_eq(cs_runner_hello_found(r)->version, 0x0304);
  /* What comes behind is nothing to us. */
  ck_assert_int_eq(cs_runner_hello_read(r, hex("48 45 4c 4c 4f")), CS_RUNNER_HELLO_DONE);
}
END_TEST

START_TEST(extensions_that_come_twice) {
  cs_runner_hello_reader *r = reader(false);
  (void)cs_runner_hello_read(
      r, hex("16 0303 0034 02 000030 " SERVER_HELLO("0303", "c0a8", "0008 00170000 00170000")));
  ck_assert_int_eq(cs_runner_hello_read(r, hex("")), CS_RUNNER_HELLO_WAITING);
  ck_assert(cs_runner_hello_found(r)->repeated);
}
END_TEST

/* Thousands of them are told of in a short line, and bytes of a server are no text. */
START_TEST(the_notation_stays_short) {
  static uint8_t many[4 * 16000];
  cs_runner_hello_seen s = {.version = 0x0303,
                            .suite = 0xfafa,
                            .extensions = {many, sizeof many},
                            .alpn = cs_span_str("a\x1b[31m")};
  const cs_runner_hello_event e = {.seen = &s};
  const char *text = cs_runner_hello_notation(&arena, &e);
  ck_assert_uint_lt(strlen(text), 1000);
  ck_assert_ptr_nonnull(strstr(text, "hello version=1.2 suite=0xfafa alpn=(unprintable) ext"));
  ck_assert_ptr_null(strchr(text, '\x1b'));
}
END_TEST

/* ---- DTLS ---- */

#define VERIFY(sequence, cookie_length, cookie)                                                    \
  "16 fefd 0000 000000000000 0013 03 000007 00" sequence " 000000 000007 feff " cookie_length      \
  " " cookie

START_TEST(cookies) {
  cs_runner_hello_reader *r = reader(true);
  ck_assert_int_eq(cs_runner_hello_read(r, hex(VERIFY("00", "04", "a1a2a3a4"))),
                   CS_RUNNER_HELLO_VERIFY);
  same(cs_runner_hello_cookie(r), "a1a2a3a4");
  /* Another one, of a server that counts, or does not. */
  ck_assert_int_eq(cs_runner_hello_read(r, hex(VERIFY("01", "04", "b1b2b3b4"))),
                   CS_RUNNER_HELLO_VERIFY);
  same(cs_runner_hello_cookie(r), "b1b2b3b4");
  ck_assert_int_eq(cs_runner_hello_read(r, hex(VERIFY("00", "04", "c1c2c3c4"))),
                   CS_RUNNER_HELLO_VERIFY);
  same(cs_runner_hello_cookie(r), "c1c2c3c4");
  /* The ServerHello has the next number. */
  struct flight f = {.len = 0};
  cs_span hello = hex(SERVER_HELLO("fefd", "c0a8", ""));
  put_fragment(&f, 2, 1, hello, 0, hello.len);
  put_fragment(&f, 14, 2, hex(""), 0, 0);
  ck_assert_int_eq(cs_runner_hello_read(r, bytes_of(&f)), CS_RUNNER_HELLO_DONE);
  ck_assert_uint_eq(cs_runner_hello_found(r)->version, 0x0303);
  ck_assert_int_eq(cs_runner_hello_read(reader(true), hex(VERIFY("00", "05", "a1a2a3a4"))),
                   CS_RUNNER_HELLO_BROKEN);
}
END_TEST

START_TEST(fragments_in_any_order) {
  cs_span hello = hex(SERVER_HELLO("fefd", "c0a8", "0004 00170000"));
  cs_span hint = hex("0003 616263");
  struct flight f[4] = {{.len = 0}};
  cs_runner_hello_reader *r = reader(true);
  put_fragment(&f[0], 14, 2, hex(""), 0, 0);
  put_fragment(&f[0], 12, 1, hint, 3, 2);
  put_fragment(&f[1], 2, 0, hello, 20, hello.len - 20);
  put_fragment(&f[2], 12, 1, hint, 0, 4); /* over what came already */
  put_fragment(&f[3], 2, 0, hello, 0, 30);
  for (unsigned i = 0; i < 4; i++)
    ck_assert_int_eq(cs_runner_hello_read(r, bytes_of(&f[i])),
                     i < 3 ? CS_RUNNER_HELLO_WAITING : CS_RUNNER_HELLO_DONE);
  ck_assert(cs_span_equal(cs_runner_hello_found(r)->hint, cs_span_str("abc")));
  ck_assert_uint_eq(cs_runner_hello_copies(r), 1);
  /* The flight again: counted, and what was read stays, whatever the copy says. */
  struct flight again = {.len = 0};
  uint8_t other[64] = {0};
  put_fragment(&again, 12, 1, cs_span_of(other, hint.len), 0, hint.len);
  put_fragment(&again, 2, 0, hello, 0, hello.len);
  ck_assert_int_eq(cs_runner_hello_read(r, bytes_of(&again)), CS_RUNNER_HELLO_DONE);
  ck_assert_uint_eq(cs_runner_hello_copies(r), 2);
  ck_assert(cs_span_equal(cs_runner_hello_found(r)->hint, cs_span_str("abc")));
}
END_TEST

static const struct {
  const char *bytes, *fault; /* NULL: nothing is wrong with it */
} datagrams[] = {
    {"60 00 12 34", "a record does not lie within its datagram"},
    {"16 fefd 0000 000000000000 0001", "a record does not lie within its datagram"},
    {"16 0303 0000 000000000000 0001 00", "no record of DTLS"},
    {"17 fefd 0000 000000000000 0001 00", "neither of the handshake nor an alert"},
    {"17 fefd 0001 000000000000 0001 00", NULL}, /* a later epoch */
    {"15 fefd 0000 000000000000 0001 02", "an alert does not lie within its record"},
    {"16 fefd 0000 000000000000 000b 02 000001 0000 000000 0000", "within its record"},
    {"16 fefd 0000 000000000000 000c 02 000001 0000 000000 000001", "within its record"},
    {"16 fefd 0000 000000000000 000d 02 000001 0000 000001 000001 00", "within its message"},
    {"16 fefd 0000 000000000000 000c 02 000001 0000 ffffff 000000", "within its message"},
    {"16 fefd 0000 000000000000 000c 02 010001 0000 000000 000000", "within its message"},
    {"16 fefd 0000 000000000000 000c 02 000009 0000 000000 000000"
     "16 fefd 0000 000000000001 000c 02 000008 0000 000000 000000",
     "not alike"},
    {"16 fefd 0000 000000000000 000c 02 000009 0000 000000 000000"
     "16 fefd 0000 000000000001 000c 0b 000009 0000 000000 000000",
     "not alike"},
    {"16 fefd 0000 000000000000 000c 0e 000000 0000 000000 000000", "out of order"},
    {"16 fefd 0000 000000000000 000c 0e 000000 0010 000000 000000", NULL}, /* too far ahead */
    {"", NULL},
};

START_TEST(what_breaks_a_datagram) {
  cs_runner_hello_reader *r = reader(true);
  cs_runner_hello_state state = cs_runner_hello_read(r, hex(datagrams[_i].bytes));
  if (!datagrams[_i].fault) {
    ck_assert_int_eq(state, CS_RUNNER_HELLO_WAITING);
    return;
  }
  ck_assert_int_eq(state, CS_RUNNER_HELLO_BROKEN);
  ck_assert_msg(strstr(cs_runner_hello_fault(r), datagrams[_i].fault) != NULL, "%s is not %s",
                cs_runner_hello_fault(r), datagrams[_i].fault);
}
END_TEST

/* A server that begins messages without end, each time behind a new cookie, is given no more
 * memory for it than a flight may need. */
START_TEST(fragments_without_end) {
  cs_runner_hello_reader *r = reader(true);
  cs_runner_hello_state state = CS_RUNNER_HELLO_WAITING;
  unsigned rounds = 0;
  for (; state != CS_RUNNER_HELLO_BROKEN && rounds < 40; rounds++) {
    state = cs_runner_hello_read(
        r, hex("16 feff 0000 000000000001 0010 03 000004 0000 000000 000004 feff 01 aa"
               "16 feff 0000 000000000002 000c 02 010000 0001 000000 000000"));
    if (state == CS_RUNNER_HELLO_VERIFY)
      (void)cs_runner_hello_cookie(r);
    state =
        cs_runner_hello_read(r, hex("16 feff 0000 000000000002 000c 02 010000 0001 000000 000000"));
  }
  ck_assert_uint_eq(rounds, 17);
  ck_assert_str_eq(cs_runner_hello_fault(r),
                   "more messages of the handshake begin than a flight has");
}
END_TEST

/* ---- the notation ---- */

#define DTLS "# t\nid a/b/c\ncovers R#1\ntransport dtls\n---\n"
#define TLS "# t\nid a/b/c\ncovers R#1\ntransport tls\n---\n"
#define UDP "# t\nid a/b/c\ncovers R#1\ntransport udp\n---\n"

static const struct {
  const char *text;
  unsigned line, column;
  const char *want;
} broken[] = {
    {UDP "open hello\n< hello\n", 6, 1, "open hello, which means nothing on udp"},
    {DTLS "open hell\n", 6, 6, "secure or hello"},
    {DTLS "open hello psk\n", 6, 12, "version=, suites=, groups="},
    {DTLS "open hello version=1.4\n", 6, 20, "3.0, 1.0, 1.1, 1.2 or 1.3"},
    {DTLS "open hello suites=\n", 6, 19, "the name of a suite, or its number"},
    {DTLS "open hello suites=TLS_X\n", 6, 19, "the name of a suite, or its number"},
    {DTLS "open hello suites=0x1|\n", 6, 23, "the name of a suite, or its number"},
    {DTLS "open hello suites=0x12345\n", 6, 19, "the name of a suite, or its number"},
    {DTLS "open hello groups=p512\n", 6, 19, "p256, p384, x25519 or a number"},
    {DTLS "open hello signatures=md5\n", 6, 23, "ecdsa-sha256 or a number"},
    {DTLS "open hello points=round\n", 6, 19, "uncompressed, compressed or a number"},
    {DTLS "open hello points=0x0100\n", 6, 19, "a number of one byte"},
    {DTLS "open hello certificate-types=pgp\n", 6, 30, "x509, raw or a number"},
    {DTLS "open hello compressions=zip\n", 6, 25, "null, deflate or a number"},
    {DTLS "open hello alpn=coap|\n", 6, 22, "names of protocols"},
    {DTLS "open hello sni=\n", 6, 16, "a name behind sni="},
    {DTLS "open hello extension=5\n", 6, 22, "a number as 0xfafa"},
    {DTLS "open hello cookie=good\n", 6, 19, "wrong or none"},
    {TLS "open hello cookie=none\n", 6, 12, "cookie=, which means nothing on tls"},
    {DTLS "open hello raw=\n", 6, 16, "bytes as pairs of hex digits"},
    {DTLS "open hello raw=123\n", 6, 19, "a second hex digit"},
    {DTLS "open hello raw=12zz\n", 6, 18, "a space or the end"},
    {DTLS "open hello\n", 6, 1, "< hello or < refused behind open hello"},
    {DTLS "open hello\n>> GET\n", 7, 1, "< hello or < refused behind open hello"},
    {DTLS "open hello\n< secured\n", 7, 1, "< hello, < refused or * behind open hello"},
    {DTLS "open hello\n< hello\n>> GET\n", 8, 1, "the handshake in use was refused"},
    {DTLS "open secure\n< hello\n", 7, 1, "open hello before < hello"},
    {DTLS "< hello\n", 6, 1, "open hello before < hello"},
    {UDP "< hello\n", 6, 3, "hello, which means nothing on udp"},
    {DTLS "open hello\n< hello suites=0x1\n", 7, 9, "suite=, version=, compression="},
    {DTLS "open hello\n< hello suite=X\n", 7, 15, "the name of a suite, or its number"},
    {DTLS "open hello\n< hello version=2\n", 7, 17, "3.0, 1.0, 1.1, 1.2 or 1.3"},
    {DTLS "open hello\n< hello compression=zip\n", 7, 21, "null, deflate or a number"},
    {DTLS "open hello\n< hello !extension=x\n", 7, 20, "a number as 0xff01"},
    {DTLS "open hello\n< hello key=p512\n", 7, 9, "suite=, version=, compression="},
    {DTLS "open hello\n< hello alpn=\n", 7, 14, "a name behind alpn="},
    {TLS "open hello\n< hello verify\n", 7, 9, "verify, which means nothing on tls"},
    {TLS "open hello\n< hello !again\n", 7, 9, "again, which means nothing on tls"},
    {DTLS "open hello\n< hello http=101\n", 7, 9, "http=101, which means nothing on dtls"},
};

START_TEST(refusals_say_where_and_what) {
  const cs_runner_scenario *s;
  cs_runner_error e;
  ck_assert_msg(!cs_runner_parse(cs_span_str(broken[_i].text), "x", NULL, &arena, &s, &e), "%s",
                broken[_i].text);
  ck_assert_msg(strstr(e.message, broken[_i].want) && e.line == broken[_i].line &&
                    e.column == broken[_i].column,
                "%s\n%u:%u: %s", broken[_i].text, e.line, e.column, e.message);
}
END_TEST

/* ---- what patterns want ---- */

static bool fits(const char *pattern, const char *transport, const cs_runner_hello_event *e) {
  const cs_runner_scenario *s;
  cs_runner_error error;
  const char *why;
  char *text = cs_runner_format(
      &arena, "# t\nid a/b/c\ncovers R#1\ntransport %s\n---\nopen hello\n< hello %s\n", transport,
      pattern);
  ck_assert_msg(cs_runner_parse(cs_span_str(text), "x", NULL, &arena, &s, &error), "%s",
                error.message);
  return cs_runner_match_hello(&s->steps[1].alternatives[0].pattern, e, &why);
}

START_TEST(patterns) {
  struct flight f = with_certificate();
  cs_runner_hello_reader *r = reader(false);
  (void)cs_runner_hello_read(r, bytes_of(&f));
  const cs_runner_hello_event e = {.seen = cs_runner_hello_found(r)};
  static const char *const good[] = {"",
                                     "version=1.2 suite=0x0001|0xc0ae compression=null",
                                     "certificate !raw-key key=p256 key=ecdsa",
                                     "signed=ecdsa-sha256 dates=valid curve=p256 request",
                                     "!hint !repeated-extension !alpn !extension=0x0010",
                                     "!warning=unrecognized_name !http"};
  static const char *const bad[] = {
      "version=1.1",        "suite=0x0001", "compression=deflate", "!certificate", "raw-key",
      "!key=p256",          "!dates=valid", "!curve=p256",         "!request",     "hint",
      "repeated-extension", "alpn=coap",    "extension=0x10",      "http",         "http=101"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    ck_assert_msg(fits(good[i], "tls", &e), "%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    ck_assert_msg(!fits(bad[i], "tls", &e), "%s", bad[i]);
  static const cs_runner_hello_seen nothing;
  const cs_runner_hello_event verify = {.seen = &nothing, .verify = true};
  ck_assert(fits("verify", "dtls", &verify) && !fits("", "dtls", &verify));
  const cs_runner_hello_event clear = {.seen = &nothing, .http = 101, .fault = "in the clear"};
  ck_assert(fits("http=101", "wss", &clear) && fits("http", "wss", &clear));
  ck_assert(!fits("", "wss", &clear) && !fits("!alpn", "wss", &clear));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("hello");
  TCase *tc = tcase_create("all");
  tcase_add_checked_fixture(tc, begin, end);
  tcase_add_test(tc, the_usual_offer);
  tcase_add_test(tc, all_that_can_be_offered);
  tcase_add_test(tc, a_cookie_goes_back);
  tcase_add_test(tc, raw_bytes_take_its_place);
  tcase_add_test(tc, an_offer_can_be_parsed_again);
  tcase_add_test(tc, a_flight_of_psk);
  tcase_add_test(tc, a_flight_of_certificates_in_any_pieces);
  tcase_add_loop_test(tc, what_breaks_a_stream, 0, sizeof faults / sizeof faults[0]);
  tcase_add_test(tc, alerts);
  tcase_add_test(tc, tls_1_3_ends_at_its_hello);
  tcase_add_test(tc, extensions_that_come_twice);
  tcase_add_test(tc, the_notation_stays_short);
  tcase_add_test(tc, cookies);
  tcase_add_test(tc, fragments_in_any_order);
  tcase_add_test(tc, fragments_without_end);
  tcase_add_loop_test(tc, what_breaks_a_datagram, 0, sizeof datagrams / sizeof datagrams[0]);
  tcase_add_loop_test(tc, refusals_say_where_and_what, 0, sizeof broken / sizeof broken[0]);
  tcase_add_test(tc, patterns);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
