/* Connects a client that an input's operations drive to a live server, and can
 * write down what the client is given: an input that makes it see the same. */
#ifndef CS_FUZZ_TLS_PUMP_H
#define CS_FUZZ_TLS_PUMP_H

#include "fuzz/tls/client.h"
#include "fuzz/tls/live.h"

enum { PUMP_CAP = 1 << 16, PUMP_QUEUE = 64 };

typedef struct pump {
  client *c;
  live *s;
  cs_base_writer record; /* the input so far */
  uint8_t bytes[PUMP_CAP];
  /* What the client has sent and the server has not been given. */
  uint8_t queue[PUMP_CAP];
  size_t queued[PUMP_QUEUE], count, filled;
} pump;

static void pump_sent(void *ctx, cs_span bytes) {
  pump *p = ctx;
  CS_ORACLE(p->count < PUMP_QUEUE && bytes.len <= PUMP_CAP - p->filled);
  memcpy(p->queue + p->filled, bytes.at, bytes.len);
  p->filled += bytes.len;
  p->queued[p->count++] = bytes.len;
}

static void pump_begin(pump *p, client *c, live *s, uint8_t setup, kind_of_server kind,
                       size_t server_mtu) {
  p->c = c;
  p->s = s;
  p->record = cs_base_writer_of(p->bytes, sizeof p->bytes);
  p->count = p->filled = 0;
  cs_base_put_u8(&p->record, setup);
  client_begin(c, setup, pump_sent, p);
  live_begin(s, c->config.link, kind, server_mtu, CS_SECOND);
}

/* An operation for the client, written down. */
static void pump_do(pump *p, const void *op, size_t n) {
  cs_base_put_bytes(&p->record, op, n);
  cs_base_reader in = cs_base_reader_of(cs_span_of(op, n));
  uint8_t code;
  CS_ORACLE(cs_base_take_u8(&in, &code));
  client_operation(p->c, code, &in);
}

static void pump_do1(pump *p, uint8_t op) {
  pump_do(p, &op, 1);
}

static inline void pump_do2(pump *p, uint8_t op, uint8_t n) {
  uint8_t both[] = {op, n};
  pump_do(p, both, sizeof both);
}

static void pump_give(pump *p, const uint8_t *at, size_t n) {
  uint8_t op[3 + 65535];
  cs_base_writer w = cs_base_writer_of(op, sizeof op);
  cs_base_put_u8(&w, OP_BYTES);
  cs_base_put_u16(&w, (unsigned)n);
  cs_base_put_bytes(&w, at, n);
  pump_do(p, op, w.len);
}

/* What waits for the server is lost. */
static void pump_lose(pump *p) {
  p->count = p->filled = 0;
}

/* The server takes all that waits for it; true when there was something. */
static bool pump_serve(pump *p) {
  static uint8_t taken[PUMP_CAP];
  size_t at = 0, count = p->count, lengths[PUMP_QUEUE];
  memcpy(taken, p->queue, p->filled);
  memcpy(lengths, p->queued, sizeof lengths);
  pump_lose(p);
  for (size_t i = 0; i < count; i++) {
    live_hears(p->s, cs_span_of(taken + at, lengths[i]));
    at += lengths[i];
  }
  return count > 0;
}

/* What the server says next reaches the client; false when it is silent. */
static bool pump_answer(pump *p) {
  static uint8_t buf[65535];
  size_t n;
  if (!live_says(p->s, buf, sizeof buf, &n))
    return false;
  pump_give(p, buf, n);
  return true;
}

/* Both until nothing is said. */
static void pump_run(pump *p) {
  bool moved = true;
  for (unsigned rounds = 0; moved; rounds++) {
    moved = pump_serve(p);
    while (pump_answer(p))
      moved = true;
    CS_ORACLE(rounds < 100);
  }
}

static void pump_end(pump *p) {
  client_end(p->c);
  live_end(p->s);
}

#endif
