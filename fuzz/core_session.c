/* A whole session, client or server, on a virtual clock: operations,
 * datagrams, time steps, the application's answers and failed allocations are
 * all chosen by the input.
 *
 * covers: src/core/session.c src/core/request.c src/core/exchange.c src/core/match.c
 * covers: src/core/flight.c src/core/transmit.c src/core/queue.c src/core/duplicate.c
 * covers: src/core/mid.c src/core/state.c
 *
 * Byte 0 is the set-up: bit 0 a server, bit 1 small caps, bit 2 long tokens,
 * bit 3 NSTART 4. Then operations, a byte each with what it needs behind it:
 *
 *   0 n bytes   a datagram of n bytes from the peer
 *   1 n bytes   the same from another peer, 1 to 3
 *   2 n bytes   the same by multicast
 *   3 t t       time passes, in units of 10 ms
 *   4           time passes up to the deadline
 *   5 f k       a request: f flags, k the token's length
 *   6           a ping
 *   7 f m m     a bare Empty message
 *   8 n         request n of the table is cancelled
 *   9 n         the n-th allocation from now fails
 *   10 f c      a reply to what was sent last: type and code from f and c, its
 *               Message ID and token those of the message
 *   11 f        how the application answers from now on
 *   12          the peer is unreachable
 *   13          the session is drained
 *   14 n        n Message IDs are taken; the first is 0xfffa, so that the quarter
 *               of Message ID 77 is soon entered
 *   15 m n      the MTU is set to 16 m, and NSTART to n, where they allow it
 *
 * Oracles: every request ends exactly once; what is sent parses; a rejection
 * names its rule; a response carries its request's token; memory stays under
 * a cap and is all given back; after the last input everything ends within a
 * bounded number of steps; the same input gives the same output. */
#include <stdlib.h>

#include "core/session.h"
#include "wire/option.h"

#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS = 16, MEMORY_CAP = 400000, STEPS_MAX = 4000 };

struct slot {
  cs_core_request *request; /* open, or NULL */
  uint8_t token[16];
  uint8_t len;
  uint8_t *body; /* borrowed by the session; a heap block so that use after release shows */
};

struct world {
  cs_base_alloc alloc;
  cs_base_seeded seeded;
  cs_core_config config;
  cs_core_session *s;
  cs_time now;
  size_t out_bytes, fail_in;
  struct slot slots[REQUESTS];
  uint64_t digest;
  uint8_t answers;
  uint8_t last[128]; /* what was sent last */
  size_t last_len;
  unsigned pings;
};

static void *take(void *ctx, size_t n) {
  struct world *w = ctx;
  if (w->fail_in && --w->fail_in == 0)
    return NULL;
  w->out_bytes += n;
  CS_ORACLE(w->out_bytes <= MEMORY_CAP);
  return malloc(n);
}

static void give(void *ctx, void *p, size_t n) {
  struct world *w = ctx;
  w->out_bytes -= n;
  free(p);
}

static void digest(struct world *w, const void *at, size_t n) {
  const uint8_t *b = at;
  for (size_t i = 0; i < n; i++)
    w->digest = (w->digest ^ b[i]) * UINT64_C(0x100000001b3);
}

static bool begin(struct world *w, uint8_t setup) {
  memset(w, 0, sizeof *w);
  w->alloc = (cs_base_alloc){take, give, w};
  cs_base_seeded_init(&w->seeded, 4875);
  w->now = CS_SECOND;
  w->config.role = setup & 1 ? CS_SERVER : CS_CLIENT;
  w->config.alloc = &w->alloc;
  w->config.random = cs_base_seeded_random(&w->seeded);
  if (setup & 2) {
    w->config.max_requests = 3;
    w->config.max_duplicates = 4;
    w->config.max_exchanges = 2;
  }
  if (setup & 4)
    w->config.token_max = 300;
  cs_core_params p = cs_core_params_default;
  if (setup & 8)
    p.nstart = 4;
  return cs_core_open(&w->config, &p, 256, w->now, &w->s) == CS_OK;
}

static void release(struct slot *x) {
  x->request = NULL;
  free(x->body);
  x->body = NULL;
}

static void respond(struct world *w, const cs_core_event *e) {
  cs_core_session *s = w->s;
  static const uint8_t text[] = "0123456789";
  cs_core_response_spec spec = {
      .code = CS_CODE(2, 5), .payload = {text, w->answers & 7u}, .type = -1};
  if (w->answers & 8)
    spec.type = w->answers & 16 ? CS_CON : CS_NON;
  if (w->answers & 32)
    cs_core_defer(s, e->exchange, w->now);
  if (w->answers & 64)
    cs_core_ignore(s, e->exchange, w->now);
  else if (!(w->answers & 128) && cs_core_respond(s, e->exchange, &spec, w->now) != CS_OK)
    cs_core_ignore(s, e->exchange, w->now);
}

static void on_event(struct world *w, const cs_core_event *e) {
  digest(w, &e->kind, sizeof e->kind);
  digest(w, &e->rule, sizeof e->rule);
  struct slot *x = e->app;
  if (e->kind == CS_EVENT_REJECTED)
    CS_ORACLE(e->rule != CS_RULE_NONE);
  if (e->kind == CS_EVENT_RESPONSE) {
    CS_ORACLE(x->request == e->request);
    CS_ORACLE(cs_span_equal(e->message.token, cs_span_of(x->token, x->len)));
  }
  if (e->kind == CS_EVENT_REQUEST)
    respond(w, e);
  if (e->kind == CS_EVENT_PONG || (e->kind == CS_EVENT_NACK && !x)) {
    CS_ORACLE(w->pings > 0);
    w->pings--;
  } else if (e->body_released) {
    CS_ORACLE(x->request == e->request);
    cs_core_answer(w->s, e, !(w->answers & 1), w->now);
    release(x);
  }
}

/* A driver's turn: events, then everything there is to send. */
static void turn(struct world *w) {
  cs_core_event e;
  while (cs_core_next_event(w->s, &e))
    on_event(w, &e);
  uint8_t buf[512];
  cs_core_peer to;
  size_t len;
  unsigned sent = 0;
  while (cs_core_transmit(w->s, w->now, buf, sizeof buf, &to, &len) == CS_OK) {
    cs_wire_message m;
    cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
    CS_ORACLE(cs_wire_parse(CS_WIRE_UDP, cs_span_of(buf, len), &any, &m) == CS_RULE_NONE);
    CS_ORACLE(sent++ < 1000);
    digest(w, buf, len);
    w->last_len = len < sizeof w->last ? len : sizeof w->last;
    memcpy(w->last, buf, w->last_len);
  }
  CS_ORACLE(!cs_core_wants_transmit(w->s));
  CS_ORACLE(cs_core_now(w->s) <= w->now);
}

static void arrive(struct world *w, cs_core_peer from, bool multicast, cs_span bytes) {
  /* A copy of exact size, so that a read past its end shows. */
  uint8_t *copy = bytes.len ? malloc(bytes.len) : NULL;
  if (bytes.len)
    memcpy(copy, bytes.at, bytes.len);
  CS_ORACLE(cs_core_receive(w->s, from, multicast, cs_span_of(copy, bytes.len), w->now) == CS_OK);
  turn(w);
  free(copy);
}

static void pass(struct world *w, cs_time by) {
  w->now = cs_time_add(w->now, by);
  cs_core_expire(w->s, w->now);
  turn(w);
}

static void request(struct world *w, uint8_t flags, uint8_t token_len) {
  struct slot *x = NULL;
  for (unsigned i = 0; i < REQUESTS && !x; i++)
    if (!w->slots[i].request)
      x = &w->slots[i];
  if (!x)
    return;
  x->len = token_len % sizeof x->token;
  if (x->len && flags & 1)
    cs_core_new_token(w->s, x->token, x->len);
  x->body = malloc(8);
  memset(x->body, 'b', 8);
  cs_core_request_spec spec = {.type = flags & 2 ? CS_NON : CS_CON,
                               .code = (uint8_t)(1 + (flags >> 4)),
                               .multicast = flags & 4,
                               .mid = flags & 8 ? 77 : -1,
                               .token = {x->token, x->len},
                               .payload = {x->body, 8},
                               .app = x};
  cs_rule broken = CS_RULE_NONE;
  cs_err e = cs_core_send_request(w->s, &spec, w->now, &x->request, &broken);
  digest(w, &e, sizeof e);
  CS_ORACLE(e != CS_ERR_RULE || broken != CS_RULE_NONE);
  if (e != CS_OK)
    release(x);
  turn(w);
}

static void reply(struct world *w, uint8_t flags, uint8_t code) {
  cs_wire_message m;
  cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  if (cs_wire_parse(CS_WIRE_UDP, cs_span_of(w->last, w->last_len), &any, &m) != CS_RULE_NONE)
    return;
  m.type = flags & 3;
  m.code = code;
  if (code == 0)
    m.token.len = 0;
  m.options.len = 0;
  m.payload = cs_span_of("reply", flags >> 2 & 4);
  if (flags & 64)
    m.mid ^= 0x5555;
  uint8_t buf[256];
  size_t len;
  if (cs_wire_build(&m, buf, sizeof buf, &len) == CS_OK)
    arrive(w, 0, false, cs_span_of(buf, len));
}

static void cancel(struct world *w, uint8_t n) {
  struct slot *x = &w->slots[n % REQUESTS];
  if (!x->request)
    return;
  cs_core_cancel(w->s, x->request);
  release(x);
  turn(w);
}

/* Message IDs run in sequence until EXCHANGE_LIFETIME forbids the next. */
static void take_mids(struct world *w, uint8_t n) {
  uint16_t mid = 0, before = 0;
  for (unsigned i = 0; i < n; i++) {
    if (cs_core_new_mid(w->s, w->now, &mid) != CS_OK) {
      CS_ORACLE(mid == before);
      break;
    }
    before = mid;
  }
  digest(w, &mid, sizeof mid);
}

static void set(struct world *w, uint8_t mtu, uint8_t nstart) {
  size_t was = cs_core_get_mtu(w->s);
  cs_err e = cs_core_set_mtu(w->s, 16u * mtu);
  CS_ORACLE(cs_core_get_mtu(w->s) == (e == CS_OK ? 16u * mtu : was));
  if (e == CS_OK && 16u * mtu > 512)
    (void)cs_core_set_mtu(w->s, 512); /* what turn() can take */
  cs_core_params p = *cs_core_get_params(w->s);
  p.nstart = nstart;
  CS_ORACLE((cs_core_set_params(w->s, &p) == CS_OK) == (nstart > 0));
  turn(w);
}

static void other(struct world *w, uint8_t op, cs_base_reader *in) {
  uint8_t a = 0, b = 0, c = 0;
  switch (op) {
  case 4:
    if (cs_core_deadline(w->s) != CS_TIME_NEVER)
      pass(w, cs_core_deadline(w->s) - w->now);
    break;
  case 5:
    if (cs_base_take_u8(in, &a) && cs_base_take_u8(in, &b))
      request(w, a, b);
    break;
  case 6:
    if (cs_core_ping(w->s, NULL, w->now, NULL) == CS_OK)
      w->pings++;
    turn(w);
    break;
  case 7:
    if (cs_base_take_u8(in, &a) && cs_base_take_u8(in, &b) && cs_base_take_u8(in, &c))
      (void)cs_core_send_empty(w->s, a & 3, (uint16_t)(b << 8 | c), w->now);
    turn(w);
    break;
  case 8:
    if (cs_base_take_u8(in, &a))
      cancel(w, a);
    break;
  case 9:
    if (cs_base_take_u8(in, &a))
      w->fail_in = a;
    break;
  case 10:
    if (cs_base_take_u8(in, &a) && cs_base_take_u8(in, &b))
      reply(w, a, b);
    break;
  case 11:
    if (cs_base_take_u8(in, &a))
      w->answers = a;
    break;
  case 12:
    cs_core_link(w->s, CS_LINK_UNREACHABLE, w->now);
    turn(w);
    break;
  case 13:
    cs_core_drain(w->s, CS_NACK_CLOSED);
    turn(w);
    break;
  case 14:
    if (cs_base_take_u8(in, &a))
      take_mids(w, a);
    break;
  default:
    if (cs_base_take_u8(in, &a) && cs_base_take_u8(in, &b))
      set(w, a, b);
  }
}

static void operation(struct world *w, uint8_t op, cs_base_reader *in) {
  uint8_t n;
  uint16_t t;
  cs_span bytes;
  if (op <= 2) {
    if (cs_base_take_u8(in, &n)) {
      size_t len = n < cs_base_left(in) ? n : cs_base_left(in);
      cs_base_take(in, len, &bytes);
      arrive(w, op == 1 ? 1 + n % 3u : 0, op == 2, bytes);
    }
  } else if (op == 3) {
    if (cs_base_take_u16(in, &t))
      pass(w, t * 10 * CS_MILLISECOND);
  } else {
    other(w, op, in);
  }
}

static uint64_t run(cs_span input) {
  static struct world w;
  cs_base_reader in = cs_base_reader_of(input);
  uint8_t op;
  if (!cs_base_take_u8(&in, &op) || !begin(&w, op))
    return 0;
  for (unsigned i = 0; i < 200 && cs_base_take_u8(&in, &op); i++)
    operation(&w, op % 16, &in);
  w.fail_in = 0;
  unsigned steps = 0;
  while (cs_core_deadline(w.s) != CS_TIME_NEVER) {
    pass(&w, cs_core_deadline(w.s) - w.now);
    CS_ORACLE(steps++ < STEPS_MAX);
  }
  for (unsigned i = 0; i < REQUESTS; i++)
    CS_ORACLE(!w.slots[i].request);
  CS_ORACLE(w.pings == 0 && cs_core_open_requests(w.s) == 0);
  cs_core_close(w.s);
  CS_ORACLE(w.out_bytes == 0);
  return w.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint64_t first = run(cs_span_of(data, size));
  CS_ORACLE(run(cs_span_of(data, size)) == first);
  return 0;
}
