/* The reader of a server's first flight, on a stream and on datagrams, and of its
 * certificate. The same bytes of a stream, cut differently, are read alike; what was read lies
 * within what came; and it is told in a short line.
 *
 * Input: bit 0 of the first byte says datagrams, each behind a length of two bytes; else the
 * rest of the byte says where the stream is cut.
 *
 * covers: conformance/runner/hello_read.c conformance/runner/hello_certificate.c
 * covers: conformance/runner/hello_notation.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_LIMIT = 8192, NOTATION_MAX = 4096 };

#define ORACLE(condition)                                                                          \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "fuzz oracle: hello_read: %s\n", #condition);                                \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

/* Reads bytes in memory of their own that is gone afterwards, so that it is seen when one
 * behind them is read, or one of them later. */
static cs_runner_hello_state read_own(cs_runner_hello_reader *r, cs_span s) {
  uint8_t *own = malloc(s.len ? s.len : 1);
  if (!own)
    abort();
  if (s.len)
    memcpy(own, s.at, s.len);
  cs_runner_hello_state state = cs_runner_hello_read(r, cs_span_of(own, s.len));
  free(own);
  return state;
}

static void check_state(const cs_runner_hello_reader *r, cs_runner_hello_state state, size_t came) {
  const cs_runner_hello_seen *s = cs_runner_hello_found(r);
  ORACLE((state == CS_RUNNER_HELLO_BROKEN) == (cs_runner_hello_fault(r) != NULL));
  ORACLE(!cs_runner_hello_http(r) || state == CS_RUNNER_HELLO_BROKEN);
  ORACLE(s->extensions.len <= came && s->alpn.len <= 255 && s->hint.len <= came);
  ORACLE(!s->certificate.p256 || s->certificate.ecdsa);
  ORACLE(!s->certificate.readable || s->certificate.raw || s->certificate.dated);
}

static void check_notation(cs_runner_arena *arena, const cs_runner_hello_reader *r) {
  const cs_runner_hello_event e = {.seen = cs_runner_hello_found(r),
                                   .fault = cs_runner_hello_fault(r)};
  const char *text = cs_runner_hello_notation(arena, &e);
  ORACLE(strlen(text) < NOTATION_MAX && memcmp(text, "hello", 5) == 0);
  for (; *text; text++)
    ORACLE(*text >= ' ' && *text < 0x7f);
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static void check_alike(const cs_runner_hello_reader *a, const cs_runner_hello_reader *b) {
  const cs_runner_hello_seen *x = cs_runner_hello_found(a), *y = cs_runner_hello_found(b);
  ORACLE(same_text(cs_runner_hello_fault(a), cs_runner_hello_fault(b)));
  ORACLE(cs_runner_hello_alert(a) == cs_runner_hello_alert(b));
  ORACLE(cs_runner_hello_http(a) == cs_runner_hello_http(b));
  ORACLE(x->version == y->version && x->suite == y->suite && x->compression == y->compression);
  ORACLE(cs_span_equal(x->extensions, y->extensions) && cs_span_equal(x->alpn, y->alpn));
  ORACLE(cs_span_equal(x->hint, y->hint) && x->repeated == y->repeated);
  ORACLE(x->key_exchange == y->key_exchange && x->curve_p256 == y->curve_p256);
  ORACLE(x->request == y->request && x->name_warning == y->name_warning);
  const cs_runner_hello_certificate *c = &x->certificate, *d = &y->certificate;
  ORACLE(c->there == d->there && c->readable == d->readable && c->raw == d->raw);
  ORACLE(c->ecdsa == d->ecdsa && c->p256 == d->p256 && c->ecdsa_sha256 == d->ecdsa_sha256);
  ORACLE(c->dated == d->dated && c->from == d->from && c->to == d->to);
}

static void read_stream(cs_runner_arena *arena, unsigned cut, cs_span bytes) {
  cs_runner_hello_reader *whole = cs_runner_hello_reader_new(arena, false);
  cs_runner_hello_reader *pieces = cs_runner_hello_reader_new(arena, false);
  cs_runner_hello_state state = read_own(whole, bytes);
  cs_runner_hello_state last = CS_RUNNER_HELLO_WAITING;
  size_t n = 1 + cut % 7;
  for (size_t at = 0; at < bytes.len; at += n, n = 1 + (n * 5 + cut) % 97) {
    n = n < bytes.len - at ? n : bytes.len - at;
    last = read_own(pieces, cs_span_cut(bytes, at, n));
  }
  ORACLE(state == last);
  check_state(whole, state, bytes.len);
  check_alike(whole, pieces);
  check_notation(arena, whole);
}

static void read_datagrams(cs_runner_arena *arena, cs_span bytes) {
  cs_runner_hello_reader *r = cs_runner_hello_reader_new(arena, true);
  cs_base_reader in = cs_base_reader_of(bytes);
  uint16_t len;
  cs_span datagram;
  while (cs_base_take_u16(&in, &len)) {
    size_t n = len < cs_base_left(&in) ? len : cs_base_left(&in);
    if (!cs_base_take(&in, n, &datagram))
      break;
    unsigned before = cs_runner_hello_copies(r);
    cs_runner_hello_state state = read_own(r, datagram);
    check_state(r, state, 65536);
    ORACLE(cs_runner_hello_copies(r) >= before);
    if (state == CS_RUNNER_HELLO_VERIFY)
      ORACLE(cs_runner_hello_cookie(r).len <= 255);
  }
  check_notation(arena, r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 || size > SIZE_LIMIT)
    return 0;
  cs_runner_arena arena = {0};
  cs_span bytes = cs_span_of(data + 1, size - 1);
  cs_runner_hello_certificate c;
  if (data[0] & 1)
    read_datagrams(&arena, bytes);
  else
    read_stream(&arena, data[0] >> 1, bytes);
  cs_runner_hello_certificate_read(bytes, (data[0] & 2) != 0, &c);
  ORACLE(c.there && (!c.readable || c.raw || c.dated));
  cs_runner_release(&arena);
  return 0;
}
