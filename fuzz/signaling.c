/* A session over a reliable form that is fed signaling messages, whole and
 * structured: what they set, what is answered, how it ends.
 *
 * covers: src/core/settings.c src/core/signaling.c src/core/ending.c
 * covers: src/core/reply.c src/core/budget.c src/core/reliable.c src/core/writing.c
 *
 * Byte 0 is the set-up: bit 0 a server, bit 1 WebSocket form, bit 2 long tokens,
 * bit 3 accepts 200 bytes only, bit 4 keeps its exchanges open, bit 5 the peer's
 * CSM has come. Then operations, a byte each with what it needs behind it:
 *
 *   0 c k n bytes     a message: code c, a token of k bytes, n bytes of options
 *                     as they are encoded
 *   1 n bytes         n bytes as a message, header and all
 *   2 o l bytes       a CSM with option o (delta to 0) of l bytes
 *   3 t               time passes, in units of 100 ms
 *   4                 time passes up to the deadline
 *   5 n               up to n messages are read from the session
 *   6                 a Ping of ours
 *   7 k n             a request of ours, token of k bytes, payload of 16 n bytes
 *   8                 our Release
 *   9 b               our Abort, b its Bad-CSM-Option
 *   10                the transport is gone
 *   11 c              what was read last comes back with code c
 *   12                an open exchange is answered
 *   13 n              the n-th allocation from now fails
 *
 * Oracles: settings are what the CSMs said; what is refused names a rule; the
 * first message is our CSM; after the session has ended nothing is sent but
 * that and one Abort, and nothing is heard; replies of our own are at most 64;
 * every request ends once; memory is bounded and all given back; the same input
 * gives the same output. */
#include <stdlib.h>

#include "core/session.h"
#include "wire/option.h"

#include "counting.h"
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS = 8, EXCHANGES = 64, MEMORY_CAP = 200000, STEPS_MAX = 500, MESSAGE_MAX = 512 };
enum { CSM = CS_CODE(7, 1), PING = CS_CODE(7, 2), PONG = CS_CODE(7, 3), ABORT = CS_CODE(7, 5) };

struct slot {
  cs_core_request *request;
  uint8_t token[24];
  uint8_t *body;
};

struct world {
  fuzz_memory memory;
  cs_base_seeded seeded;
  cs_core_config config;
  cs_core_session *s;
  cs_time now;
  cs_core_settings model;
  struct slot slots[REQUESTS];
  cs_core_exchange *exchanges[EXCHANGES];
  unsigned pings, requested;
  unsigned read, own; /* messages read; replies of its own in this reading */
  bool keeps, ended, abort_read;
  uint8_t last[MESSAGE_MAX];
  size_t last_len;
  uint64_t digest;
};

/* RFC 8323 section 5.3 and RFC 8974 section 2.2.1, once more. */
static void model_csm(cs_core_settings *to, cs_span options) {
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  bool seen[7] = {false};
  to->csm = true;
  while (cs_wire_option_next(&it, &o)) {
    CS_ORACLE(!(o.number & 1)); /* one with a critical option is no CSM event */
    if (o.number > 6 || seen[o.number])
      continue;
    seen[o.number] = true;
    uint64_t v = 0;
    for (size_t i = 0; i < o.value.len; i++)
      v = v << 8 | o.value.at[i];
    if (o.number == 2) {
      CS_ORACLE(o.value.len <= 4);
      to->max_message = (uint32_t)v;
    } else if (o.number == 4) {
      CS_ORACLE(o.value.len == 0);
      to->block_wise = true;
    } else if (o.number == 6) {
      CS_ORACLE(o.value.len <= 3);
      if (v >= 8)
        to->token_max = v > 65804 ? 65804 : (uint32_t)v;
    }
  }
}

static void release(struct slot *x) {
  x->request = NULL;
  free(x->body);
  x->body = NULL;
}

static void answer(struct world *w, unsigned i) {
  static const uint8_t text[100];
  cs_core_response_spec spec = {.code = CS_CODE(2, 5), .payload = {text, 1}, .type = -1};
  if (!w->exchanges[i])
    return;
  if (cs_core_respond(w->s, w->exchanges[i], &spec, w->now) != CS_OK)
    cs_core_ignore(w->s, w->exchanges[i], w->now);
  w->exchanges[i] = NULL;
}

static void keep(struct world *w, const cs_core_event *e) {
  unsigned i = 0;
  while (i < EXCHANGES && w->exchanges[i])
    i++;
  CS_ORACLE(i < EXCHANGES); /* the cap of open exchanges */
  w->exchanges[i] = e->exchange;
  if (!w->keeps)
    answer(w, i);
}

static void on_event(struct world *w, const cs_core_event *e) {
  fuzz_digest(&w->digest, &e->kind, sizeof e->kind);
  fuzz_digest(&w->digest, &e->rule, sizeof e->rule);
  if (w->ended)
    CS_ORACLE(e->kind == CS_EVENT_NACK);
  switch (e->kind) {
  case CS_EVENT_CSM:
    model_csm(&w->model, e->message.options);
    break;
  case CS_EVENT_REJECTED:
    CS_ORACLE(e->rule != CS_RULE_NONE);
    break;
  case CS_EVENT_ABORTED:
    CS_ORACLE(e->rule != CS_RULE_NONE);
    w->ended = true;
    break;
  case CS_EVENT_ABORT:
    w->ended = true;
    break;
  case CS_EVENT_REQUEST:
    CS_ORACLE(w->model.csm);
    keep(w, e);
    break;
  case CS_EVENT_PONG:
  case CS_EVENT_NACK:
  case CS_EVENT_RESPONSE:
    if (!e->app) {
      CS_ORACLE(w->pings-- > 0);
    } else {
      struct slot *x = e->app;
      CS_ORACLE(e->body_released && x->request == e->request);
      release(x);
    }
    break;
  default:
    CS_ORACLE(e->kind == CS_EVENT_PING || e->kind == CS_EVENT_RELEASE);
  }
}

static void events(struct world *w) {
  cs_core_event e;
  while (cs_core_next_event(w->s, &e))
    on_event(w, &e);
  const cs_core_settings *peer = cs_core_peer_settings(w->s);
  CS_ORACLE(peer->csm == w->model.csm && peer->max_message == w->model.max_message);
  CS_ORACLE(peer->block_wise == w->model.block_wise && peer->token_max == w->model.token_max);
  CS_ORACLE(cs_core_max_send(w->s) <= peer->max_message);
}

/* Reads one message; false when there is none. */
static bool hear(struct world *w) {
  uint8_t buf[MESSAGE_MAX];
  size_t len, size = cs_core_next_size(w->s);
  cs_err err = cs_core_write(w->s, w->now, buf, sizeof buf, &len);
  if (err != CS_OK) {
    CS_ORACLE(err == CS_ERR_AGAIN && size == 0 && !cs_core_wants_transmit(w->s));
    return false;
  }
  cs_wire_message m;
  cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  CS_ORACLE(size == len);
  CS_ORACLE(cs_wire_parse(w->config.form, cs_span_of(buf, len), &any, &m) == CS_RULE_NONE);
  CS_ORACLE((w->read++ == 0) == (m.code == CSM));
  CS_ORACLE(!w->abort_read);
  w->abort_read = m.code == ABORT;
  if (w->ended)
    CS_ORACLE(m.code == ABORT || m.code == CSM);
  if (m.code == PONG || m.code >= CS_CODE(4, 0))
    w->own += m.code < CS_CODE(6, 0) || m.code == PONG;
  fuzz_digest(&w->digest, buf, len);
  w->last_len = len;
  memcpy(w->last, buf, len);
  return true;
}

static void arrive(struct world *w, cs_span bytes) {
  uint8_t *copy = bytes.len ? malloc(bytes.len) : NULL;
  if (bytes.len)
    memcpy(copy, bytes.at, bytes.len);
  CS_ORACLE(cs_core_receive(w->s, 0, false, cs_span_of(copy, bytes.len), w->now) == CS_OK);
  events(w);
  free(copy);
}

static void say(struct world *w, uint8_t code, size_t token, cs_span options) {
  static const uint8_t zero[300];
  uint8_t buf[1024];
  size_t len;
  cs_wire_message m = {w->config.form, 0, code, 0, {zero, token}, options, {NULL, 0}};
  if (cs_wire_build(&m, buf, sizeof buf, &len) == CS_OK)
    arrive(w, cs_span_of(buf, len));
}

static bool begin(struct world *w, uint8_t setup) {
  memset(w, 0, sizeof *w);
  fuzz_memory_init(&w->memory, MEMORY_CAP);
  cs_base_seeded_init(&w->seeded, 4875);
  w->now = CS_SECOND;
  w->config.role = setup & 1 ? CS_SERVER : CS_CLIENT;
  w->config.form = setup & 2 ? CS_WIRE_WS : CS_WIRE_TCP;
  w->config.alloc = &w->memory.alloc;
  w->config.random = cs_base_seeded_random(&w->seeded);
  w->config.token_max = setup & 4 ? 300 : 0;
  w->config.max_message = setup & 8 ? 200 : 0;
  w->keeps = setup & 16;
  w->model = (cs_core_settings){false, 1152, false, 8};
  if (cs_core_open(&w->config, NULL, MESSAGE_MAX, w->now, &w->s) != CS_OK)
    return false;
  cs_core_up(w->s, w->now);
  if (setup & 32)
    say(w, CSM, 0, cs_span_of(NULL, 0));
  return true;
}

static void pass(struct world *w, cs_time by) {
  w->now = cs_time_add(w->now, by);
  cs_core_expire(w->s, w->now);
  events(w);
}

static void request(struct world *w, uint8_t token_len, uint8_t n) {
  struct slot *x = NULL;
  for (unsigned i = 0; i < REQUESTS && !x; i++)
    if (!w->slots[i].request)
      x = &w->slots[i];
  if (!x)
    return;
  size_t len = token_len % sizeof x->token, size = n % 32 * (size_t)16;
  memset(x->token, (int)++w->requested, sizeof x->token);
  x->body = malloc(size + 1);
  memset(x->body, 'b', size + 1);
  cs_core_request_spec spec = {
      .code = 1, .mid = -1, .token = {x->token, len}, .payload = {x->body, size}, .app = x};
  cs_rule broken = CS_RULE_NONE;
  cs_err e = cs_core_send_request(w->s, &spec, w->now, &x->request, &broken);
  fuzz_digest(&w->digest, &e, sizeof e);
  CS_ORACLE((e != CS_ERR_RULE && e != CS_ERR_TOO_LARGE) || broken != CS_RULE_NONE);
  CS_ORACLE(e != CS_OK || !w->ended);
  if (e != CS_OK)
    release(x);
  events(w);
}

static void back(struct world *w, uint8_t code) {
  cs_wire_message m;
  cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  uint8_t buf[MESSAGE_MAX];
  size_t len;
  if (cs_wire_parse(w->config.form, cs_span_of(w->last, w->last_len), &any, &m) != CS_RULE_NONE)
    return;
  m.code = code;
  m.options.len = 0;
  if (cs_wire_build(&m, buf, sizeof buf, &len) == CS_OK)
    arrive(w, cs_span_of(buf, len));
}

static void read_some(struct world *w, unsigned n) {
  w->own = 0;
  for (unsigned i = 0; i < n && hear(w); i++)
    continue;
  CS_ORACLE(w->own <= CS_CORE_REPLIES_MAX);
}

static cs_span rest(cs_base_reader *in, size_t n) {
  cs_span bytes = {NULL, 0};
  (void)cs_base_take(in, n < cs_base_left(in) ? n : cs_base_left(in), &bytes);
  return bytes;
}

static void ours(struct world *w, uint8_t op, cs_base_reader *in) {
  uint8_t a = 0, b = 0;
  switch (op) {
  case 6:
    if (cs_core_ping(w->s, NULL, w->now, NULL) == CS_OK)
      w->pings++;
    break;
  case 7:
    if (cs_base_take_u8(in, &a) && cs_base_take_u8(in, &b))
      request(w, a, b);
    break;
  case 8:
    cs_core_release(w->s, w->now);
    break;
  case 9:
    (void)cs_base_take_u8(in, &a);
    cs_core_abort(w->s, CS_RULE_PEER_STALLED, a, w->now);
    break;
  case 10:
    cs_core_link(w->s, CS_LINK_CLOSED, w->now);
    CS_ORACLE(!cs_core_wants_transmit(w->s));
    break;
  case 11:
    if (cs_base_take_u8(in, &a))
      back(w, a);
    break;
  case 12:
    for (unsigned i = 0; i < EXCHANGES && !a; i++) {
      a = w->exchanges[i] != NULL;
      answer(w, i);
    }
    break;
  default:
    if (cs_base_take_u8(in, &a))
      w->memory.fail_in = a;
  }
  events(w);
}

static void operation(struct world *w, uint8_t op, cs_base_reader *in) {
  uint8_t a, b, c;
  switch (op) {
  case 0:
    if (cs_base_take_u8(in, &a) && cs_base_take_u8(in, &b) && cs_base_take_u8(in, &c))
      say(w, a, b, rest(in, c));
    break;
  case 1:
    if (cs_base_take_u8(in, &a))
      arrive(w, rest(in, a));
    break;
  case 2:
    if (cs_base_take_u8(in, &a) && cs_base_take_u8(in, &b)) {
      uint8_t option[16];
      cs_base_writer out = cs_base_writer_of(option, sizeof option);
      cs_wire_option_writer put = {&out, 0};
      if (cs_wire_option_put(&put, a, rest(in, b % 8)) == CS_OK)
        say(w, CSM, 0, cs_base_written(&out));
    }
    break;
  case 3:
    if (cs_base_take_u8(in, &a))
      pass(w, a * 100 * CS_MILLISECOND);
    break;
  case 4:
    if (cs_core_deadline(w->s) != CS_TIME_NEVER)
      pass(w, cs_core_deadline(w->s) - w->now);
    break;
  case 5:
    if (cs_base_take_u8(in, &a))
      read_some(w, a);
    break;
  default:
    ours(w, op, in);
  }
}

static uint64_t run(cs_span input) {
  static struct world w;
  cs_base_reader in = cs_base_reader_of(input);
  uint8_t op;
  if (!cs_base_take_u8(&in, &op) || !begin(&w, op))
    return 0;
  for (unsigned i = 0; i < 300 && cs_base_take_u8(&in, &op); i++)
    operation(&w, op % 14, &in);
  w.memory.fail_in = 0;
  /* All is read, all is answered, time passes: it comes to rest, and after a
   * Release or an Abort it is over. */
  for (unsigned i = 0; i < EXCHANGES; i++)
    answer(&w, i);
  for (unsigned steps = 0; cs_core_wants_transmit(w.s) || cs_core_deadline(w.s) != CS_TIME_NEVER;) {
    read_some(&w, 2000);
    if (cs_core_deadline(w.s) != CS_TIME_NEVER)
      pass(&w, cs_core_deadline(w.s) - w.now);
    CS_ORACLE(steps++ < STEPS_MAX);
  }
  CS_ORACLE(!w.ended || cs_core_over(w.s));
  CS_ORACLE(cs_core_idle(w.s));
  for (unsigned i = 0; i < REQUESTS; i++)
    CS_ORACLE(!w.slots[i].request);
  CS_ORACLE(w.pings == 0 && cs_core_open_requests(w.s) == 0);
  cs_core_close(w.s);
  CS_ORACLE(w.memory.out == 0);
  return w.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint64_t first = run(cs_span_of(data, size));
  CS_ORACLE(run(cs_span_of(data, size)) == first);
  return 0;
}
