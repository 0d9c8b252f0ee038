/* A client and a server, each in its endpoint, over a link that loses,
 * duplicates and reorders datagrams, or cuts a stream or a WebSocket anywhere:
 * all of it chosen by the input, on a virtual clock.
 *
 * covers: src/core/session.c src/core/request.c src/core/exchange.c src/core/match.c
 * covers: src/core/flight.c src/core/transmit.c src/core/queue.c src/core/duplicate.c
 * covers: src/endpoint/endpoint.c src/endpoint/stream.c src/endpoint/output.c
 *
 * Byte 0 is the set-up: bits 0 and 1 UDP, TCP, WebSocket or UDP again, bit 2
 * NSTART 4, bit 3 a server of 2 exchanges, bit 4 a server that keeps its
 * exchanges open, bit 5 long tokens. Then operations, a byte each with what it
 * needs behind it:
 *
 *   0 f n   a request: f bit 0 Non-confirmable, its code from bits 1 to 3; 8 n
 *           bytes of payload
 *   1       the client's ping
 *   2 n     datagrams: the n-th of those in the air arrives. Streams: n bytes
 *           of what the client has to send arrive
 *   3 n     datagrams: the n-th arrives and stays in the air too. Streams: n
 *           bytes of the server's arrive
 *   4 n     datagrams: the n-th is lost
 *   5 t     time passes, in units of 100 ms
 *   6       time passes up to the next deadline
 *   7 f     the server answers its oldest open exchange; f bit 0 it defers it,
 *           bit 1 it gives it up, bit 2 Confirmable, bit 3 the code is 4.04
 *   8 n     request n of the table is cancelled
 *   9       streams: the client releases
 *   10      streams: the server releases
 *   11      streams: the transport breaks
 *   12      everything in the air or in the streams arrives in order
 *   13 n    the n-th allocation from now fails, in either
 *
 * Oracles: a request reaches the server's application at most once, and ends
 * exactly once at the client's; a response belongs to it and was sent by the
 * server; both ends agree that a stream was orderly; when the link is left to
 * itself everything ends within bounded steps, and then no timer and no memory
 * are left; the same input gives the same output. */
#include <stdlib.h>

#include "endpoint/endpoint.h"

#include "counting.h"
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS = 64, AIR = 64, HELD = 128, MEMORY_CAP = 1000000, STEPS_MAX = 6000 };
enum { DATAGRAM_MAX = 1200 };
/* RFC 7252 section 4.8.2: a network that keeps a datagram longer is not one
 * under which the deduplication of section 4.5 has to hold. */
#define MAX_LATENCY (100 * CS_SECOND)

struct asked {
  cs_core_request *request; /* open, or NULL */
  uint8_t token[12];
  size_t token_len;
  uint8_t *body;
  unsigned handled, answered, ended;
};

struct datagram {
  cs_time sent;
  bool to_server;
  size_t len;
  uint8_t bytes[DATAGRAM_MAX];
};

struct held {
  cs_core_exchange *x;
  uint8_t which;
};

struct world {
  fuzz_memory memory;
  cs_base_seeded seeded;
  cs_endpoint_config config[2];
  cs_endpoint *e[2]; /* client, server */
  bool stream, keeps, gone;
  cs_time now;
  struct asked asked[REQUESTS];
  unsigned count, pings;
  struct datagram air[AIR];
  size_t flying;
  struct held held[HELD];
  size_t holding;
  unsigned ended[2]; /* CS_EVENT_ABORTED of each */
  uint64_t digest;
};

enum { CLIENT, SERVER };

static void configure(struct world *w, uint8_t setup) {
  static const cs_link_kind kinds[] = {CS_LINK_DATAGRAM, CS_LINK_STREAM, CS_LINK_WEBSOCKET,
                                       CS_LINK_DATAGRAM};
  static const cs_wire_form forms[] = {CS_WIRE_UDP, CS_WIRE_TCP, CS_WIRE_WS, CS_WIRE_UDP};
  w->stream = kinds[setup & 3] != CS_LINK_DATAGRAM;
  w->keeps = setup & 16;
  for (int i = 0; i < 2; i++) {
    cs_endpoint_config *c = &w->config[i];
    c->link = kinds[setup & 3];
    c->core.form = forms[setup & 3];
    c->core.role = i == CLIENT ? CS_CLIENT : CS_SERVER;
    c->core.alloc = &w->memory.alloc;
    c->core.random = cs_base_seeded_random(&w->seeded);
    c->core.token_max = setup & 32 ? 300 : 0;
    c->core.max_exchanges = setup & 8 ? 2 : 0;
  }
}

static bool begin(struct world *w, uint8_t setup) {
  memset(w, 0, sizeof *w);
  fuzz_memory_init(&w->memory, MEMORY_CAP);
  cs_base_seeded_init(&w->seeded, 4875);
  w->now = CS_SECOND;
  configure(w, setup);
  cs_core_params p = cs_core_params_default;
  if (setup & 4)
    p.nstart = 4;
  for (int i = 0; i < 2; i++)
    CS_ORACLE(cs_endpoint_open(&w->config[i], &p, 1152, w->now, &w->e[i]) == CS_OK);
  if (w->config[0].link == CS_LINK_WEBSOCKET)
    CS_ORACLE(cs_endpoint_ws_host(w->e[CLIENT], cs_span_of("h", 1), NULL) == CS_OK);
  for (int i = 0; i < 2; i++)
    cs_endpoint_up(w->e[i], w->now);
  return true;
}

/* ---- the server's application ---- */

static void respond(struct world *w, uint8_t flags) {
  static const uint8_t text[] = "0123456789";
  if (w->holding == 0)
    return;
  cs_core_session *s = cs_endpoint_session(w->e[SERVER]);
  struct held h = w->held[0];
  cs_core_response_spec spec = {.code = flags & 8 ? CS_CODE(4, 4) : CS_CODE(2, 5),
                                .payload = {text, h.which % 8u},
                                .type = flags & 4 ? CS_CON : -1};
  if (flags & 1) {
    cs_core_defer(s, h.x, w->now);
    return;
  }
  memmove(w->held, w->held + 1, --w->holding * sizeof h);
  if (flags & 2 || cs_core_respond(s, h.x, &spec, w->now) != CS_OK)
    cs_core_ignore(s, h.x, w->now);
  else
    w->asked[h.which].answered++;
}

static void serve(struct world *w, const cs_core_event *e) {
  CS_ORACLE(e->message.token.len >= 1);
  uint8_t which = e->message.token.at[0];
  CS_ORACLE(which < w->count);
  CS_ORACLE(w->asked[which].handled++ == 0); /* at most once */
  CS_ORACLE(w->holding < HELD);
  w->held[w->holding++] = (struct held){e->exchange, which};
  if (!w->keeps)
    respond(w, which);
}

/* ---- the client's ---- */

static void forget(struct asked *a) {
  a->request = NULL;
  free(a->body);
  a->body = NULL;
}

static void told(struct world *w, const cs_core_event *e) {
  if (e->kind == CS_EVENT_RESPONSE || (e->kind == CS_EVENT_NACK && e->app)) {
    struct asked *a = e->app;
    CS_ORACLE(a->request == e->request && e->body_released);
    CS_ORACLE(a->ended++ == 0);
    if (e->kind == CS_EVENT_RESPONSE) {
      CS_ORACLE(cs_span_equal(e->message.token, cs_span_of(a->token, a->token_len)));
      /* An answer of the session's own says that it has no room or no memory. */
      CS_ORACLE(a->answered || e->message.code == CS_CODE(5, 3));
    }
    forget(a);
  } else if (e->kind == CS_EVENT_PONG || e->kind == CS_EVENT_NACK) {
    CS_ORACLE(w->pings > 0);
    w->pings--;
  }
}

static void on_event(struct world *w, int side, const cs_core_event *e) {
  fuzz_digest(&w->digest, &e->kind, sizeof e->kind);
  fuzz_digest(&w->digest, &e->rule, sizeof e->rule);
  if (e->kind == CS_EVENT_REJECTED)
    CS_ORACLE(e->rule != CS_RULE_NONE);
  if (e->kind == CS_EVENT_ABORTED) {
    /* Two ends that keep the rules have only these reasons; one that is short of
     * memory refuses the other's upgrade. */
    CS_ORACLE(w->ended[side]++ == 0);
    CS_ORACLE(
        e->rule == CS_RULE_CSM_MISSING || e->rule == CS_RULE_PEER_STALLED ||
        e->rule == CS_RULE_WS_OPEN_TIMEOUT || e->rule == CS_RULE_REPLY_BACKLOG ||
        (w->memory.short_of && (e->rule == CS_RULE_OUT_OF_MEMORY || e->rule == CS_RULE_WS_STATUS)));
  }
  if (e->kind == CS_EVENT_REQUEST) {
    CS_ORACLE(side == SERVER);
    serve(w, e);
  } else if (side == CLIENT) {
    told(w, e);
  }
}

static void events(struct world *w) {
  for (int i = 0; i < 2; i++) {
    cs_core_event e;
    while (cs_endpoint_next_event(w->e[i], &e))
      on_event(w, i, &e);
  }
}

/* ---- the link ---- */

static void fly(struct world *w) {
  for (int i = 0; i < 2 && !w->stream; i++) {
    uint8_t buf[DATAGRAM_MAX];
    cs_core_peer to;
    size_t len;
    while (cs_endpoint_transmit(w->e[i], w->now, buf, sizeof buf, &to, &len) == CS_OK) {
      fuzz_digest(&w->digest, buf, len);
      if (w->flying == AIR)
        continue; /* lost */
      struct datagram *d = &w->air[w->flying++];
      d->sent = w->now;
      d->to_server = i == CLIENT;
      d->len = len;
      memcpy(d->bytes, buf, len);
    }
  }
}

static void settle(struct world *w) {
  events(w);
  fly(w);
}

static void arrive(struct world *w, int side, const void *at, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  memcpy(copy, at, len);
  cs_err err = cs_endpoint_receive(w->e[side], 0, false, cs_span_of(copy, len), w->now);
  CS_ORACLE(err == CS_OK || (w->stream && err == CS_ERR_CLOSED));
  events(w);
  free(copy);
  fly(w);
}

static void datagram(struct world *w, size_t n, bool comes, bool stays) {
  if (w->flying == 0)
    return;
  n %= w->flying;
  struct datagram d = w->air[n];
  if (!stays)
    memmove(w->air + n, w->air + n + 1, (--w->flying - n) * sizeof d);
  if (comes && w->now - d.sent <= MAX_LATENCY)
    arrive(w, d.to_server ? SERVER : CLIENT, d.bytes, d.len);
}

static void part(struct world *w) {
  for (int i = 0; i < 2 && w->stream && !w->gone; i++) {
    if (!cs_endpoint_finished(w->e[i]))
      continue;
    w->gone = true;
    cs_endpoint_link(w->e[1 - i], CS_LINK_CLOSED, w->now);
    settle(w);
  }
}

/* So many bytes of one side's output pass; false when there are none. */
static bool pour(struct world *w, int from, size_t n) {
  cs_span bytes;
  if (w->gone || !cs_endpoint_output(w->e[from], w->now, &bytes))
    return false;
  n = n < bytes.len ? n : bytes.len;
  if (n)
    fuzz_digest(&w->digest, bytes.at, n);
  uint8_t *copy = malloc(n ? n : 1);
  memcpy(copy, bytes.at, n);
  cs_endpoint_sent(w->e[from], n, w->now);
  if (n)
    arrive(w, 1 - from, copy, n);
  free(copy);
  settle(w);
  part(w);
  return n > 0;
}

static void pass(struct world *w, cs_time by) {
  w->now = cs_time_add(w->now, by);
  for (int i = 0; i < 2; i++)
    cs_endpoint_expire(w->e[i], w->now);
  settle(w);
  part(w);
}

static cs_time deadline(const struct world *w) {
  return cs_time_min(cs_endpoint_deadline(w->e[0]), cs_endpoint_deadline(w->e[1]));
}

static void all_arrives(struct world *w) {
  for (unsigned steps = 0; w->flying; steps++) {
    datagram(w, 0, true, false);
    CS_ORACLE(steps < STEPS_MAX);
  }
  bool moved = w->stream;
  for (unsigned steps = 0; moved; steps++) {
    moved = pour(w, CLIENT, SIZE_MAX);
    moved |= pour(w, SERVER, SIZE_MAX);
    CS_ORACLE(steps < STEPS_MAX);
  }
  part(w);
}

/* ---- operations ---- */

static void request(struct world *w, uint8_t flags, uint8_t n) {
  if (w->count == REQUESTS)
    return;
  struct asked *a = &w->asked[w->count];
  size_t size = n * (size_t)8;
  a->token_len = w->config[0].core.token_max && flags & 16 ? sizeof a->token : 2;
  memset(a->token, 7, sizeof a->token);
  a->token[0] = (uint8_t)w->count;
  a->body = malloc(size + 1);
  memset(a->body, 'b', size + 1);
  cs_core_request_spec spec = {.type = flags & 1 ? CS_NON : CS_CON,
                               .code = (uint8_t)(1 + (flags >> 1 & 7)),
                               .mid = -1,
                               .token = {a->token, a->token_len},
                               .payload = {a->body, size},
                               .app = a};
  cs_rule broken;
  cs_err e =
      cs_core_send_request(cs_endpoint_session(w->e[CLIENT]), &spec, w->now, &a->request, &broken);
  fuzz_digest(&w->digest, &e, sizeof e);
  if (e == CS_OK)
    w->count++;
  else
    forget(a);
  settle(w);
}

static void cancel(struct world *w, uint8_t n) {
  struct asked *a = &w->asked[n % REQUESTS];
  if (!a->request)
    return;
  cs_core_cancel(cs_endpoint_session(w->e[CLIENT]), a->request);
  a->ended++;
  forget(a);
  settle(w);
}

static void of_stream(struct world *w, uint8_t op) {
  if (!w->stream)
    return;
  if (op == 11) {
    w->gone = true;
    cs_endpoint_link(w->e[CLIENT], CS_LINK_CLOSED, w->now);
    cs_endpoint_link(w->e[SERVER], CS_LINK_CLOSED, w->now);
  } else {
    cs_endpoint_release(w->e[op - 9], w->now);
  }
  settle(w);
  part(w);
}

static void operation(struct world *w, uint8_t op, cs_base_reader *in) {
  uint8_t a = 0, b = 0;
  bool plain = op == 1 || op == 6 || (op >= 9 && op <= 12);
  if ((!plain && !cs_base_take_u8(in, &a)) || (op == 0 && !cs_base_take_u8(in, &b)))
    return;
  switch (op) {
  case 0:
    request(w, a, b);
    break;
  case 1:
    w->pings += cs_core_ping(cs_endpoint_session(w->e[CLIENT]), NULL, w->now, NULL) == CS_OK;
    settle(w);
    break;
  case 2:
  case 3:
    if (w->stream)
      (void)pour(w, op == 2 ? CLIENT : SERVER, a);
    else
      datagram(w, a, true, op == 3);
    break;
  case 4:
    datagram(w, a, false, false);
    break;
  case 5:
    pass(w, a * 100 * CS_MILLISECOND);
    break;
  case 6:
    if (deadline(w) != CS_TIME_NEVER)
      pass(w, deadline(w) - w->now);
    break;
  case 7:
    respond(w, a);
    settle(w);
    break;
  case 8:
    cancel(w, a);
    break;
  case 12:
    all_arrives(w);
    break;
  case 13:
    w->memory.fail_in = a;
    break;
  default:
    of_stream(w, op);
  }
}

/* The link is good from now on, and all is answered. */
static void come_to_rest(struct world *w) {
  unsigned steps = 0;
  w->memory.fail_in = 0;
  w->keeps = false;
  for (;;) {
    while (w->holding)
      respond(w, 0);
    settle(w);
    all_arrives(w);
    if (w->holding)
      continue;
    if (deadline(w) == CS_TIME_NEVER)
      return;
    pass(w, deadline(w) - w->now);
    CS_ORACLE(steps++ < STEPS_MAX);
  }
}

static uint64_t run(cs_span input) {
  static struct world w;
  cs_base_reader in = cs_base_reader_of(input);
  uint8_t op;
  if (!cs_base_take_u8(&in, &op) || !begin(&w, op))
    return 0;
  settle(&w);
  for (unsigned i = 0; i < 300 && cs_base_take_u8(&in, &op); i++)
    operation(&w, op % 14, &in);
  come_to_rest(&w);
  for (unsigned i = 0; i < w.count; i++)
    CS_ORACLE(w.asked[i].ended == 1 && !w.asked[i].request);
  CS_ORACLE(w.pings == 0);
  for (int i = 0; i < 2; i++) {
    CS_ORACLE(cs_core_idle(cs_endpoint_session(w.e[i])));
    CS_ORACLE(!cs_endpoint_wants_transmit(w.e[i]));
    cs_endpoint_close(w.e[i]);
  }
  CS_ORACLE(w.memory.out == 0);
  return w.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint64_t first = run(cs_span_of(data, size));
  CS_ORACLE(run(cs_span_of(data, size)) == first);
  return 0;
}
