/* A client endpoint under (D)TLS that an input plays the server of, on a virtual
 * clock. The targets that include this say by TARGET_LINKS which links there are
 * (bit 6 of the set-up chooses) and by TARGET_TRUSTS who is trusted (bit 4).
 *
 * Byte 0 is the set-up: bits 0 and 1 the suites (tls_suites), bit 2 a datagram
 * of 256 bytes at most, bit 3 the callbacks for hints and certificates, bit 4
 * whom the client trusts, bit 5 at most 3 requests at once, bit 6 the link. Then
 * operations, a byte each with what it needs behind it:
 *
 *   0 n n bytes a datagram of so many bytes from the server; on a stream bytes
 *   1 t t       time passes, in units of 10 ms
 *   2           time passes up to the deadline
 *   3 f         a request: f bit 0 Non-confirmable, its code from bits 1 to 3, bits
 *               4 to 7 its payload in units of 100 bytes
 *   4           a ping
 *   5 f         how the application answers from now on: bit 0 it rejects responses,
 *               bit 1 hints and certificates are refused
 *   6 n         the n-th allocation from now fails
 *   7           the session is released
 *   8 f         the transport says that the server is unreachable; f odd: is gone
 *   9           a session that has ended is secured again (datagrams)
 *   10 n        the MTU becomes 16 n
 *   11 n        request n of the table is cancelled
 *   12 m m      a stream takes at most so many bytes in each turn from now on
 *
 * Oracles: established implies that Finished was verified, so, where the keys are
 * real, that the server had the same secrets: a key log's line of a handshake with
 * the reference server (secrets_known); no data of the application is taken
 * before that, and none is sent but in records of a later epoch; every request
 * ends exactly once; what is sent is whole records; a failure names its rule; it
 * all ends in bounded steps; memory stays under a cap and is given back; the same
 * input does the same. */
#ifndef CS_FUZZ_TLS_CLIENT_H
#define CS_FUZZ_TLS_CLIENT_H

#include "endpoint/endpoint.h"
#include "fuzz/counting.h"
#include "fuzz/tls/secrets.h"

enum {
  CLIENT_REQUESTS = 16,
  CLIENT_CAP = 400000, /* bytes of one session under way, its library's included */
  CLIENT_STEPS_MAX = 4000,
  CLIENT_OPERATIONS_MAX = 200,
  CLIENT_SESSIONS_MAX = 4
};
enum {
  OP_BYTES,
  OP_TIME,
  OP_DEADLINE,
  OP_REQUEST,
  OP_PING,
  OP_ANSWERS,
  OP_FAIL,
  OP_RELEASE,
  OP_LINK,
  OP_AGAIN,
  OP_MTU,
  OP_CANCEL,
  OP_MOST,
  CLIENT_OPERATIONS
};

struct client_slot {
  cs_core_request *request; /* open, or NULL */
  uint8_t token[4];
  uint8_t *body; /* borrowed by the session */
};

typedef struct client {
  cs_base_seeded seeded;
  cs_endpoint_config config;
  cs_endpoint *e;
  cs_time now;
  uint8_t setup;
  trust trusts;
  size_t most; /* bytes of a stream that are taken in a turn */
  bool cut;    /* fewer than there were, once */
  uint8_t answers;
  struct client_slot slots[CLIENT_REQUESTS];
  unsigned pings, sessions, steps;
  unsigned established, responses; /* how often */
  bool is_established, left;       /* left: by us, or without a transport */
  tls_side side;
  uint64_t reached[CLIENT_SESSIONS_MAX]; /* secrets of what was established */
  uint64_t digest;
  /* For who is connected to it: what it sends. */
  void (*sends)(void *ctx, cs_span bytes);
  void *ctx;
  uint8_t plain[CS_TLS_RECORD_MAX];
} client;

static bool client_streams(const client *c) {
  return c->config.link != CS_LINK_DATAGRAM;
}

/* ---- callbacks of TLS ---- */

static client *client_of(void *ctx) {
  return (client *)(void *)((char *)ctx - offsetof(client, side));
}

static bool client_hint(void *ctx, cs_span hint, cs_span *identity, cs_span *key) {
  client *c = client_of(ctx);
  CS_ORACLE(hint.len > 0 && !c->is_established);
  fuzz_digest(&c->digest, hint.at, hint.len);
  *identity = cs_span_str("coapspec");
  *key = cs_span_str("Secret_key123");
  return !(c->answers & 2);
}

static bool client_certificate(void *ctx, cs_span der, cs_span name, unsigned depth, bool valid) {
  client *c = client_of(ctx);
  CS_ORACLE(der.len > 0 && !c->is_established);
  fuzz_digest(&c->digest, der.at, der.len);
  if (name.len)
    fuzz_digest(&c->digest, name.at, name.len);
  fuzz_digest(&c->digest, &depth, sizeof depth);
  fuzz_digest(&c->digest, &valid, sizeof valid);
  return !(c->answers & 2);
}

/* ---- requests ---- */

static void client_let_go(struct client_slot *x) {
  x->request = NULL;
  free(x->body);
  x->body = NULL;
}

static void client_told(client *c, const cs_core_event *e) {
  struct client_slot *x = e->app;
  fuzz_digest(&c->digest, &e->kind, sizeof e->kind);
  fuzz_digest(&c->digest, &e->rule, sizeof e->rule);
  /* What only a message of the server's can make. */
  if (e->kind != CS_EVENT_NACK && e->kind != CS_EVENT_ABORTED)
    CS_ORACLE(c->established > 0);
  if (e->kind == CS_EVENT_REJECTED || e->kind == CS_EVENT_ABORTED)
    CS_ORACLE(e->rule != CS_RULE_NONE);
  if (e->kind == CS_EVENT_RESPONSE) {
    CS_ORACLE(x->request == e->request);
    CS_ORACLE(cs_span_equal(e->message.token, cs_span_of(x->token, sizeof x->token)));
    c->responses++;
  }
  if (e->kind == CS_EVENT_PONG || (e->kind == CS_EVENT_NACK && !x)) {
    CS_ORACLE(c->pings > 0);
    c->pings--;
  } else if (e->body_released) {
    CS_ORACLE(x->request == e->request);
    cs_endpoint_answer(c->e, e, !(c->answers & 1), c->now);
    client_let_go(x);
  }
}

/* ---- what is sent ---- */

/* Whole records, and nothing of the application in the clear. */
static void client_check_records(const client *c, cs_span bytes) {
  size_t head = client_streams(c) ? 5 : 13;
  cs_base_reader r = cs_base_reader_of(bytes);
  cs_span h, body;
  while (cs_base_left(&r)) {
    CS_ORACLE(cs_base_take(&r, head, &h));
    CS_ORACLE(h.at[0] >= 20 && h.at[0] <= 25 && h.at[0] != 24);
    if (h.at[0] == 25)
      return; /* its header holds the server's connection id */
    CS_ORACLE(cs_base_take(&r, (size_t)h.at[head - 2] << 8 | h.at[head - 1], &body));
    if (h.at[0] == 23 && !client_streams(c))
      CS_ORACLE(c->established > 0 && (h.at[3] || h.at[4]));
    if (h.at[0] == 23 && client_streams(c) && !cs_tls_has_tls13())
      CS_ORACLE(c->established > 0);
  }
}

static void client_sends(client *c, cs_span bytes) {
  fuzz_digest(&c->digest, bytes.at, bytes.len);
  if (c->sends)
    c->sends(c->ctx, bytes);
}

static void client_take_output(client *c) {
  cs_span bytes;
  size_t most = c->most;
  while (most && cs_endpoint_output(c->e, c->now, &bytes)) {
    size_t n = bytes.len < most ? bytes.len : most;
    /* Once a record was cut, what follows begins in its middle. */
    c->cut |= n < bytes.len;
    if (!c->cut)
      client_check_records(c, bytes);
    client_sends(c, cs_span_of(bytes.at, n));
    cs_endpoint_sent(c->e, n, c->now);
    most -= n;
  }
}

static void client_take_datagrams(client *c) {
  uint8_t buf[2048];
  cs_core_peer to;
  size_t len;
  unsigned sent = 0;
  while (cs_endpoint_transmit(c->e, c->now, buf, sizeof buf, &to, &len) == CS_OK) {
    CS_ORACLE(sent++ < 1000);
    client_check_records(c, cs_span_of(buf, len));
    client_sends(c, cs_span_of(buf, len));
  }
}

/* What TLS has come to. */
static void client_note(client *c) {
  const cs_tls *t = cs_endpoint_tls(c->e);
  cs_tls_state state = cs_tls_state_of(t);
  cs_tls_failure failure;
  cs_tls_negotiated n;
  fuzz_digest(&c->digest, &state, sizeof state);
  CS_ORACLE(cs_tls_failure_of(t, &failure) == (state == CS_TLS_FAILED));
  if (state == CS_TLS_FAILED)
    fuzz_digest(&c->digest, &failure.rule, sizeof failure.rule);
  if (c->is_established || state != CS_TLS_ESTABLISHED)
    return;
  c->is_established = true;
  CS_ORACLE(cs_tls_negotiated_of(t, &n));
  CS_ORACLE(n.version == 0x0303 || (n.version == 0x0304 && client_streams(c)));
#ifndef FUZZ_BYPASS
  CS_ORACLE(c->side.count > 0);
  if (c->established < CLIENT_SESSIONS_MAX)
    c->reached[c->established] = c->side.secrets[c->side.count - 1];
#endif
  c->established++;
}

static void client_turn(client *c) {
  cs_core_event e;
  for (unsigned again = 0; again < 3; again++) {
    client_note(c);
    while (cs_endpoint_next_event(c->e, &e)) {
      client_note(c);
      client_told(c, &e);
    }
    client_note(c);
    if (client_streams(c))
      client_take_output(c);
    else
      client_take_datagrams(c);
  }
}

/* ---- operations ---- */

static void client_hears(client *c, cs_span bytes) {
  /* A copy of exact size, so that a read past its end shows. */
  uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
  if (bytes.len)
    memcpy(copy, bytes.at, bytes.len);
  cs_err err = cs_endpoint_receive(c->e, 0, false, cs_span_of(copy, bytes.len), c->now);
  CS_ORACLE(err == CS_OK || err == CS_ERR_CLOSED);
  client_turn(c);
  free(copy);
}

static void client_pass(client *c, cs_time by) {
  c->now = cs_time_add(c->now, by);
  cs_endpoint_expire(c->e, c->now);
  client_turn(c);
}

static void client_request(client *c, uint8_t flags) {
  struct client_slot *x = c->slots;
  while (x < c->slots + CLIENT_REQUESTS && x->request)
    x++;
  if (x == c->slots + CLIENT_REQUESTS)
    return;
  size_t size = (flags >> 4) * (size_t)100;
  cs_core_session *s = cs_endpoint_session(c->e);
  cs_core_new_token(s, x->token, sizeof x->token);
  x->body = malloc(size + 1);
  memset(x->body, 'b', size + 1);
  cs_core_request_spec spec = {.type = flags & 1 ? CS_NON : CS_CON,
                               .code = (uint8_t)(1 + (flags >> 1 & 7)),
                               .mid = -1,
                               .token = {x->token, sizeof x->token},
                               .payload = {x->body, size},
                               .app = x};
  cs_rule broken = CS_RULE_NONE;
  cs_err e = cs_core_send_request(s, &spec, c->now, &x->request, &broken);
  fuzz_digest(&c->digest, &e, sizeof e);
  if (e != CS_OK)
    client_let_go(x);
  client_turn(c);
}

/* Another security session, once the last has ended and was told. */
static bool client_secure(client *c) {
  cs_tls_config t = {.setup = secrets.client[c->trusts],
                     .kind = client_streams(c) ? CS_TLS_STREAM : CS_TLS_DATAGRAM,
                     .mtu = c->setup & 4 ? 256 : 1152,
                     .suites = tls_suites(c->setup, c->trusts)};
  if (c->setup & 8) {
    t.callbacks.hint = client_hint;
    t.callbacks.certificate = client_certificate;
  }
  cs_tls *tls = NULL;
  if (tls_side_open(&c->side, CS_TLS_CLIENT, c->sessions, &t, c->now, &tls) != CS_OK)
    return false;
  if (cs_endpoint_secure(c->e, tls) != CS_OK) {
    cs_tls_close(tls);
    return false;
  }
  c->sessions++;
  c->is_established = c->left = false;
  return true;
}

static void client_again(client *c) {
  if (!client_streams(c) && c->sessions < CLIENT_SESSIONS_MAX && client_secure(c))
    cs_endpoint_up(c->e, c->now);
  client_turn(c);
}

static void client_link(client *c, uint8_t how) {
  bool gone = client_streams(c) || how & 1;
  c->left = true;
  cs_endpoint_link(c->e, gone ? CS_LINK_CLOSED : CS_LINK_UNREACHABLE, c->now);
  CS_ORACLE(!client_streams(c) || cs_endpoint_finished(c->e));
  client_turn(c);
}

static void client_cancel(client *c, uint8_t n) {
  struct client_slot *x = &c->slots[n % CLIENT_REQUESTS];
  if (!x->request)
    return;
  cs_core_cancel(cs_endpoint_session(c->e), x->request);
  client_let_go(x);
  client_turn(c);
}

static void client_small(client *c, uint8_t op, uint8_t n) {
  switch (op) {
  case OP_REQUEST:
    client_request(c, n);
    break;
  case OP_ANSWERS:
    c->answers = n;
    break;
  case OP_FAIL:
    tls_arena.fail_in = n;
    break;
  case OP_LINK:
    client_link(c, n);
    break;
  case OP_MTU:
    (void)cs_endpoint_set_mtu(c->e, client_streams(c) ? 64u * n : 16u * (n % 120u));
    client_turn(c);
    break;
  default:
    client_cancel(c, n);
  }
}

static inline void client_operation(client *c, uint8_t op, cs_base_reader *in) {
  uint16_t n;
  uint8_t b;
  cs_span bytes;
  switch (op) {
  case OP_BYTES:
    if (cs_base_take_u16(in, &n) &&
        cs_base_take(in, n < cs_base_left(in) ? n : cs_base_left(in), &bytes))
      client_hears(c, bytes);
    break;
  case OP_TIME:
    if (cs_base_take_u16(in, &n))
      client_pass(c, n * 10 * CS_MILLISECOND);
    break;
  case OP_DEADLINE:
    if (cs_endpoint_deadline(c->e) != CS_TIME_NEVER)
      client_pass(c, cs_endpoint_deadline(c->e) - c->now);
    break;
  case OP_PING:
    c->pings += cs_core_ping(cs_endpoint_session(c->e), NULL, c->now, NULL) == CS_OK;
    client_turn(c);
    break;
  case OP_RELEASE:
    c->left = true;
    cs_endpoint_release(c->e, c->now);
    client_turn(c);
    break;
  case OP_AGAIN:
    client_again(c);
    break;
  case OP_MOST:
    if (cs_base_take_u16(in, &n))
      c->most = n ? n : SIZE_MAX;
    client_turn(c);
    break;
  default:
    if (cs_base_take_u8(in, &b))
      client_small(c, op, b);
  }
}

/* ---- the beginning and the end ---- */

static inline void client_begin(client *c, uint8_t setup, void (*sends)(void *ctx, cs_span bytes),
                                void *ctx) {
  static const cs_link_kind links[] = {TARGET_LINKS};
  static const trust trusts[] = {TARGET_TRUSTS};
  static const cs_wire_form forms[] = {CS_WIRE_UDP, CS_WIRE_TCP, CS_WIRE_WS};
  memset(c, 0, offsetof(client, plain));
  cs_base_seeded_init(&c->seeded, 4875);
  c->setup = setup;
  c->sends = sends;
  c->ctx = ctx;
  c->now = CS_SECOND;
  c->most = SIZE_MAX;
  c->trusts = trusts[(setup >> 4 & 1) % (sizeof trusts / sizeof *trusts)];
  cs_link_kind link = links[(setup >> 6 & 1) % (sizeof links / sizeof *links)];
  c->config = (cs_endpoint_config){.core = {.role = CS_CLIENT,
                                            .form = forms[link],
                                            .alloc = &tls_memory,
                                            .random = cs_base_seeded_random(&c->seeded),
                                            .max_requests = setup & 32 ? 3 : 0},
                                   .link = link,
                                   .plain = c->plain};
  size_t mtu = client_streams(c) ? 65536 : setup & 4 ? 256 : 1152;
  CS_ORACLE(cs_endpoint_open(&c->config, NULL, mtu, c->now, &c->e) == CS_OK);
  if (link == CS_LINK_WEBSOCKET)
    CS_ORACLE(cs_endpoint_ws_host(c->e, cs_span_str("localhost"), NULL) == CS_OK);
  CS_ORACLE(client_secure(c));
  cs_endpoint_up(c->e, c->now);
  client_turn(c);
}

/* Everything ends by itself. */
static inline void client_rest(client *c) {
  tls_arena.fail_in = 0;
  c->most = SIZE_MAX;
  client_turn(c);
  while (cs_endpoint_deadline(c->e) != CS_TIME_NEVER) {
    cs_time at = cs_endpoint_deadline(c->e);
    client_pass(c, at > c->now ? at - c->now : 0);
    CS_ORACLE(c->steps++ < CLIENT_STEPS_MAX);
  }
  for (unsigned i = 0; i < CLIENT_REQUESTS; i++)
    CS_ORACLE(!c->slots[i].request);
  CS_ORACLE(c->pings == 0 && cs_core_open_requests(cs_endpoint_session(c->e)) == 0);
  /* No handshake goes on for ever; one whose transport takes nothing ends with it. */
  CS_ORACLE(c->left || cs_endpoint_finished(c->e) ||
            cs_tls_state_of(cs_endpoint_tls(c->e)) != CS_TLS_HANDSHAKING);
}

static void client_end(client *c) {
  cs_endpoint_close(c->e);
  for (unsigned i = 0; i < CLIENT_REQUESTS; i++)
    client_let_go(&c->slots[i]);
}

#endif
