/* A whole session in its endpoint, client or server, over UDP, TCP or a
 * WebSocket, on a virtual clock: operations, datagrams or stream bytes, time
 * steps, the application's answers and failed allocations are all chosen by the
 * input.
 *
 * covers: src/core/session.c src/core/request.c src/core/exchange.c src/core/match.c
 * covers: src/core/flight.c src/core/transmit.c src/core/queue.c src/core/duplicate.c
 * covers: src/core/mid.c src/core/state.c src/endpoint/endpoint.c
 * covers: src/endpoint/stream.c src/endpoint/output.c
 *
 * Byte 0 is the set-up: bit 0 a server, bit 1 small caps, bit 2 long tokens,
 * bit 3 NSTART 4; bits 4 and 5 the transport: 0 UDP, 1 TCP, 2 WebSocket with
 * the handshake made, 3 WebSocket without; bit 6 the peer's CSM has come, on a
 * stream. Then operations, a byte each with what it needs behind it:
 *
 *   0 n bytes   a datagram of n bytes from the peer; on a stream so many bytes
 *   1 n bytes   the same from another peer, 1 to 3; on a stream a message with
 *               the code of the first byte, a token of as many bytes as the
 *               second says, then its options as they are encoded, framed
 *   2 n bytes   the same by multicast; on a WebSocket a frame whose first byte
 *               is the first of these, masked as it should be; on TCP as 0
 *   3 t t       time passes, in units of 10 ms
 *   4           time passes up to the deadline
 *   5 f k       a request: f flags, k the token's length
 *   6           a ping
 *   7 f m m     a bare Empty message; on a stream m m bytes are taken at most in
 *               each turn from now on (f even; 0 for none), else all
 *   8 n         request n of the table is cancelled
 *   9 n         the n-th allocation from now fails
 *   10 f c      a reply to what was sent last: type and code from f and c, its
 *               Message ID and token those of the message
 *   11 f        how the application answers from now on
 *   12          the peer is unreachable; the transport of a stream is gone
 *   13          the session is drained; that of a stream is released
 *   14 n        n Message IDs are taken; the first is 0xfffa, so that the quarter
 *               of Message ID 77 is soon entered
 *   15 m n      the MTU is set to 16 m, and NSTART to n, where they allow it
 *
 * Oracles: every request ends exactly once; what is sent parses; a rejection
 * names its rule; a response carries its request's token; memory stays under
 * a cap and is all given back; after the last input everything ends within a
 * bounded number of steps; the same input gives the same output. On a stream
 * also: what is sent is frames, each with a message that parses, and after an
 * Abort or a Close nothing; an end has one event that names its rule. */
#include <stdlib.h>

#include "endpoint/endpoint.h"
#include "wire/option.h"
#include "wire/ws_frame.h"

#include "counting.h"
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS = 16, MEMORY_CAP = 400000, STEPS_MAX = 4000 };
enum { UDP, TCP, WEBSOCKET, WEBSOCKET_RAW };

struct slot {
  cs_core_request *request; /* open, or NULL */
  uint8_t token[16];
  uint8_t len;
  uint8_t *body; /* borrowed by the session; a heap block so that use after release shows */
};

struct world {
  fuzz_memory memory;
  cs_base_seeded seeded;
  cs_endpoint_config config;
  cs_endpoint *e;
  cs_core_session *s;
  cs_link peer; /* a stream's other end, which reads frames and makes them */
  cs_base_alloc peer_alloc;
  cs_time now;
  size_t most; /* bytes of a stream that are taken in a turn */
  bool websocket, stream, silent, aborted;
  struct slot slots[REQUESTS];
  uint64_t digest;
  uint8_t answers;
  uint8_t last[128]; /* what was sent last */
  size_t last_len;
  unsigned pings;
};

static void *take_peer(void *ctx, size_t n) {
  (void)ctx;
  return malloc(n);
}

static void give_peer(void *ctx, void *p, size_t n) {
  (void)ctx;
  (void)n;
  free(p);
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
  fuzz_digest(&w->digest, &e->kind, sizeof e->kind);
  fuzz_digest(&w->digest, &e->rule, sizeof e->rule);
  struct slot *x = e->app;
  if (e->kind == CS_EVENT_REJECTED || e->kind == CS_EVENT_ABORTED)
    CS_ORACLE(e->rule != CS_RULE_NONE);
  if (e->kind == CS_EVENT_ABORTED || e->kind == CS_EVENT_ABORT) {
    CS_ORACLE(w->stream && !w->aborted);
    w->aborted = true;
  }
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
    cs_endpoint_answer(w->e, e, !(w->answers & 1), w->now);
    release(x);
  }
}

static void parsed(struct world *w, cs_span bytes) {
  cs_wire_message m;
  cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  CS_ORACLE(cs_wire_parse(w->config.core.form, bytes, &any, &m) == CS_RULE_NONE);
  CS_ORACLE(!w->silent);
  if (w->stream && m.code == CS_CODE(7, 5))
    w->silent = true; /* an Abort is the last message */
  fuzz_digest(&w->digest, bytes.at, bytes.len);
  w->last_len = bytes.len < sizeof w->last ? bytes.len : sizeof w->last;
  memcpy(w->last, bytes.at, w->last_len);
}

/* What the other end makes of bytes that were sent. */
static void read_stream(struct world *w, cs_span bytes) {
  cs_span message;
  cs_rule broken;
  cs_err err;
  cs_link_feed(&w->peer, bytes);
  while ((err = cs_link_next(&w->peer, &message, &broken)) == CS_OK)
    parsed(w, message);
  CS_ORACLE(err == CS_ERR_AGAIN || (w->websocket && err == CS_ERR_CLOSED));
}

static void take_output(struct world *w) {
  cs_span bytes;
  size_t most = w->most;
  while (most && cs_endpoint_output(w->e, w->now, &bytes)) {
    size_t n = bytes.len < most ? bytes.len : most;
    /* A refusal of an upgrade is no frame, and nobody reads it here. */
    if (!w->websocket || w->peer.ws)
      read_stream(w, cs_span_of(bytes.at, n));
    cs_endpoint_sent(w->e, n, w->now);
    most -= n;
  }
}

static void take_datagrams(struct world *w) {
  uint8_t buf[512];
  cs_core_peer to;
  size_t len;
  unsigned sent = 0;
  while (cs_endpoint_transmit(w->e, w->now, buf, sizeof buf, &to, &len) == CS_OK) {
    CS_ORACLE(sent++ < 1000);
    parsed(w, cs_span_of(buf, len));
  }
  CS_ORACLE(!cs_endpoint_wants_transmit(w->e));
}

/* A driver's turn: events, then everything there is to send. */
static void turn(struct world *w) {
  cs_core_event e;
  for (unsigned again = 0; again < 2; again++) {
    while (cs_endpoint_next_event(w->e, &e))
      on_event(w, &e);
    if (w->stream)
      take_output(w);
    else
      take_datagrams(w);
    if (!w->stream)
      break; /* taking bytes of a stream can end it, which is then told */
  }
  CS_ORACLE(cs_core_now(w->s) <= w->now);
}

static void arrive(struct world *w, cs_core_peer from, bool multicast, cs_span bytes) {
  /* A copy of exact size, so that a read past its end shows. */
  uint8_t *copy = bytes.len ? malloc(bytes.len) : NULL;
  if (bytes.len)
    memcpy(copy, bytes.at, bytes.len);
  cs_err err = cs_endpoint_receive(w->e, from, multicast, cs_span_of(copy, bytes.len), w->now);
  CS_ORACLE(err == CS_OK || (w->stream && err == CS_ERR_CLOSED));
  turn(w);
  free(copy);
}

/* A message into the stream, in the frame that belongs around it. */
static void arrive_framed(struct world *w, const cs_wire_message *m) {
  uint8_t buf[1024];
  size_t len, size = cs_wire_size(m);
  size_t header = cs_link_header_size(&w->peer, size);
  if (cs_wire_build(m, buf + header, sizeof buf - header, &len) != CS_OK)
    return;
  cs_link_seal(&w->peer, buf, len);
  arrive(w, 0, false, cs_span_of(buf, header + len));
}

static void arrive_coded(struct world *w, cs_span bytes) {
  static const uint8_t token[300];
  if (bytes.len < 2)
    return;
  cs_wire_message m = {.form = w->config.core.form,
                       .code = bytes.at[0],
                       .token = {token, bytes.at[1]},
                       .options = cs_span_cut(bytes, 2, bytes.len - 2)};
  arrive_framed(w, &m);
}

/* A frame of the WebSocket with a first byte of the input's choice. */
static void arrive_frame(struct world *w, cs_span bytes) {
  uint8_t buf[300];
  if (bytes.len == 0)
    return;
  size_t len = bytes.len - 1, header = cs_link_header_size(&w->peer, len);
  if (len)
    memcpy(buf + header, bytes.at + 1, len);
  cs_link_seal(&w->peer, buf, len);
  buf[0] = bytes.at[0];
  arrive(w, 0, false, cs_span_of(buf, header + len));
}

static void configure(struct world *w, uint8_t setup) {
  static const cs_link_kind kinds[] = {CS_LINK_DATAGRAM, CS_LINK_STREAM, CS_LINK_WEBSOCKET,
                                       CS_LINK_WEBSOCKET};
  static const cs_wire_form forms[] = {CS_WIRE_UDP, CS_WIRE_TCP, CS_WIRE_WS, CS_WIRE_WS};
  unsigned kind = setup >> 4 & 3;
  w->stream = kind != UDP;
  w->websocket = kind >= WEBSOCKET;
  w->most = SIZE_MAX;
  w->config.link = kinds[kind];
  cs_core_config *c = &w->config.core;
  c->form = forms[kind];
  c->role = setup & 1 ? CS_SERVER : CS_CLIENT;
  c->alloc = &w->memory.alloc;
  c->random = cs_base_seeded_random(&w->seeded);
  if (setup & 2) {
    c->max_requests = 3;
    c->max_duplicates = 4;
    c->max_exchanges = 2;
    c->max_message = w->stream ? 100 : 0;
  }
  if (setup & 4)
    c->token_max = 300;
}

/* The other end of a stream; of a WebSocket it makes the handshake. */
static void connect_peer(struct world *w, uint8_t setup) {
  unsigned kind = setup >> 4 & 3;
  cs_link_init(&w->peer, w->config.link, &w->peer_alloc, 1 << 20);
  if (w->websocket && w->config.core.role == CS_CLIENT)
    CS_ORACLE(cs_endpoint_ws_host(w->e, cs_span_of("h", 1), NULL) == CS_OK);
  cs_link_ws_config c = {.server = w->config.core.role == CS_CLIENT,
                         .random = w->config.core.random,
                         .host = cs_span_of("h", 1),
                         .timeout = CS_TIME_NEVER};
  cs_rule broken;
  if (kind == WEBSOCKET)
    CS_ORACLE(cs_link_ws_open(&w->peer, &c, w->now, &broken) == CS_OK);
  cs_endpoint_up(w->e, w->now);
  for (unsigned i = 0; i < 2 && kind == WEBSOCKET; i++) {
    uint8_t buf[CS_LINK_OWN_MAX];
    size_t len;
    turn(w);
    if (cs_link_transmit(&w->peer, buf, sizeof buf, &len) == CS_OK)
      arrive(w, 0, false, cs_span_of(buf, len));
  }
  cs_wire_message csm = {.form = w->config.core.form, .code = CS_CODE(7, 1)};
  if (setup & 64)
    arrive_framed(w, &csm);
}

static bool begin(struct world *w, uint8_t setup) {
  memset(w, 0, sizeof *w);
  fuzz_memory_init(&w->memory, MEMORY_CAP);
  w->peer_alloc = (cs_base_alloc){take_peer, give_peer, NULL};
  cs_base_seeded_init(&w->seeded, 4875);
  w->now = CS_SECOND;
  configure(w, setup);
  cs_core_params p = cs_core_params_default;
  if (setup & 8)
    p.nstart = 4;
  if (cs_endpoint_open(&w->config, &p, 256, w->now, &w->e) != CS_OK)
    return false;
  w->s = cs_endpoint_session(w->e);
  if (w->stream)
    connect_peer(w, setup);
  return true;
}

static void pass(struct world *w, cs_time by) {
  w->now = cs_time_add(w->now, by);
  cs_endpoint_expire(w->e, w->now);
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
  fuzz_digest(&w->digest, &e, sizeof e);
  CS_ORACLE(e != CS_ERR_RULE || broken != CS_RULE_NONE);
  if (e != CS_OK)
    release(x);
  turn(w);
}

static void reply(struct world *w, uint8_t flags, uint8_t code) {
  cs_wire_message m;
  cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  if (cs_wire_parse(w->config.core.form, cs_span_of(w->last, w->last_len), &any, &m) !=
      CS_RULE_NONE)
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
  if (w->stream)
    arrive_framed(w, &m);
  else if (cs_wire_build(&m, buf, sizeof buf, &len) == CS_OK)
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
  fuzz_digest(&w->digest, &mid, sizeof mid);
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
    if (cs_endpoint_deadline(w->e) != CS_TIME_NEVER)
      pass(w, cs_endpoint_deadline(w->e) - w->now);
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
    if (cs_base_take_u8(in, &a) && cs_base_take_u8(in, &b) && cs_base_take_u8(in, &c)) {
      cs_err err = cs_core_send_empty(w->s, a & 3, (uint16_t)(b << 8 | c), w->now);
      CS_ORACLE(!w->stream || err == CS_ERR_UNSUPPORTED);
      w->most = a & 1 ? SIZE_MAX : (size_t)(b << 8 | c);
    }
    turn(w);
    break;
  case 8:
    if (cs_base_take_u8(in, &a))
      cancel(w, a);
    break;
  case 9:
    if (cs_base_take_u8(in, &a))
      w->memory.fail_in = a;
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
    cs_endpoint_link(w->e, w->stream ? CS_LINK_CLOSED : CS_LINK_UNREACHABLE, w->now);
    CS_ORACLE(!w->stream || cs_endpoint_finished(w->e));
    turn(w);
    break;
  case 13:
    if (w->stream)
      cs_endpoint_release(w->e, w->now);
    else
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
      if (w->stream && op == 1)
        arrive_coded(w, bytes);
      else if (w->websocket && op == 2)
        arrive_frame(w, bytes);
      else
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
  w.memory.fail_in = 0;
  w.most = SIZE_MAX;
  turn(&w);
  unsigned steps = 0;
  while (cs_endpoint_deadline(w.e) != CS_TIME_NEVER) {
    pass(&w, cs_endpoint_deadline(w.e) - w.now);
    CS_ORACLE(steps++ < STEPS_MAX);
  }
  CS_ORACLE(!cs_endpoint_wants_transmit(w.e));
  CS_ORACLE(!w.aborted || cs_endpoint_finished(w.e));
  for (unsigned i = 0; i < REQUESTS; i++)
    CS_ORACLE(!w.slots[i].request);
  CS_ORACLE(w.pings == 0 && cs_core_open_requests(w.s) == 0);
  cs_endpoint_close(w.e);
  cs_link_free(&w.peer);
  CS_ORACLE(w.memory.out == 0);
  return w.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint64_t first = run(cs_span_of(data, size));
  CS_ORACLE(run(cs_span_of(data, size)) == first);
  return 0;
}
