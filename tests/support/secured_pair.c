#include "support/secured_pair.h"

#include <check.h>
#include <string.h>

enum { STEPS_MAX = 200000 };

static void node_open(cs_test_node *n, cs_core_role role, size_t mtu, uint64_t seed, cs_time now) {
  cs_test_memory_init(&n->memory);
  cs_base_seeded_init(&n->seeded, 2 * seed + role);
  n->config.core.role = role;
  n->config.core.alloc = &n->memory.alloc;
  n->config.core.random = cs_base_seeded_random(&n->seeded);
  n->config.plain = n->plain;
  ck_assert_int_eq(cs_endpoint_open(&n->config, NULL, mtu, now, &n->e), CS_OK);
}

void cs_test_pair_open(cs_test_secured_pair *p, cs_test_secrets *secrets, size_t mtu,
                       uint64_t seed) {
  memset(p, 0, sizeof *p);
  cs_base_seeded_init(&p->seeded, seed);
  p->now = CS_SECOND;
  node_open(&p->client, CS_CLIENT, mtu, seed, p->now);
  node_open(&p->server, CS_SERVER, mtu, seed, p->now);
  if (secrets)
    cs_test_pair_secure(p, secrets, mtu);
}

void cs_test_pair_secure(cs_test_secured_pair *p, cs_test_secrets secrets[2], size_t mtu) {
  cs_test_node *nodes[2] = {&p->client, &p->server};
  for (unsigned i = 0; i < 2; i++) {
    cs_tls *t = cs_test_secrets_begin(&secrets[i], CS_TLS_DATAGRAM, mtu, p->now);
    ck_assert_int_eq(cs_endpoint_secure(nodes[i]->e, t), CS_OK);
    ck_assert_ptr_eq(cs_endpoint_tls(nodes[i]->e), t);
    cs_endpoint_up(nodes[i]->e, p->now);
  }
}

static void node_close(cs_test_node *n) {
  cs_endpoint_close(n->e);
  ck_assert_uint_eq(n->memory.out_bytes, 0);
}

void cs_test_pair_close(cs_test_secured_pair *p) {
  node_close(&p->client);
  node_close(&p->server);
}

static void events(cs_test_secured_pair *p, cs_test_node *n) {
  cs_core_event e;
  while (cs_endpoint_next_event(n->e, &e)) {
    n->kinds[e.kind]++;
    if (e.kind == CS_EVENT_NACK) {
      n->nack = e.reason;
      n->nack_rule = e.rule;
    } else if (e.kind == CS_EVENT_REJECTED) {
      n->rejected = e.rule;
    } else if (e.kind == CS_EVENT_REQUEST && !n->hold) {
      cs_core_response_spec spec = {
          .code = CS_CODE(2, 5), .payload = e.message.payload, .type = -1};
      (void)cs_core_respond(cs_endpoint_session(n->e), e.exchange, &spec, p->now);
    }
  }
  ck_assert(!cs_endpoint_next_event(n->e, &e)); /* all was told */
}

static unsigned draw(cs_test_secured_pair *p, cs_time below) {
  return (unsigned)((cs_base_seeded_next(&p->seeded) >> 20) % below);
}

static void fly(cs_test_secured_pair *p, bool to_server, const uint8_t *bytes, size_t len) {
  if (p->deaf[to_server] || p->flying == CS_TEST_AIR || (p->loss && draw(p, 100) < p->loss))
    return;
  cs_test_datagram *d = &p->air[p->flying++];
  d->at = p->now + 1000 + (p->delay ? draw(p, p->delay) : 0);
  d->to_server = to_server;
  d->len = len;
  memcpy(d->bytes, bytes, len);
}

void cs_test_pair_turn(cs_test_secured_pair *p, cs_test_node *n) {
  uint8_t buf[CS_TEST_DATAGRAM], type, code;
  uint16_t mid;
  cs_core_peer to;
  size_t len;
  events(p, n);
  while (cs_endpoint_transmit(n->e, p->now, buf, sizeof buf, &to, &len) == CS_OK) {
    ck_assert_uint_eq(to, 0);
    n->datagrams++;
    n->longest = len > n->longest ? len : n->longest;
    if (cs_endpoint_carried(n->e, &type, &code, &mid)) {
      n->first_message = n->messages ? n->first_message : p->now;
      n->last_message = p->now;
      n->messages++;
    }
    fly(p, n == &p->client, buf, len);
  }
  ck_assert(!cs_endpoint_wants_transmit(n->e));
  events(p, n);
}

bool cs_test_pair_step(cs_test_secured_pair *p, cs_time until) {
  cs_test_pair_turn(p, &p->client);
  cs_test_pair_turn(p, &p->server);
  cs_time at = cs_time_min(cs_endpoint_deadline(p->client.e), cs_endpoint_deadline(p->server.e));
  size_t first = p->flying;
  for (size_t i = 0; i < p->flying; i++) {
    /* What is in the air at the same time arrives in the order in which it left. */
    if (first == p->flying ? p->air[i].at <= at : p->air[i].at < at) {
      at = p->air[i].at;
      first = i;
    }
  }
  if (at == CS_TIME_NEVER || at > until)
    return false;
  p->now = at > p->now ? at : p->now;
  cs_endpoint_expire(p->client.e, p->now);
  cs_endpoint_expire(p->server.e, p->now);
  cs_test_pair_turn(p, &p->client);
  cs_test_pair_turn(p, &p->server);
  if (first < p->flying) {
    cs_test_datagram d = p->air[first];
    p->flying--;
    memmove(&p->air[first], &p->air[first + 1], (p->flying - first) * sizeof d);
    cs_test_node *n = d.to_server ? &p->server : &p->client;
    cs_err e = cs_endpoint_receive(n->e, 0, false, cs_span_of(d.bytes, d.len), p->now);
    ck_assert(e == CS_OK || e == CS_ERR_CLOSED);
    cs_test_pair_turn(p, n);
  }
  return true;
}

void cs_test_pair_pass(cs_test_secured_pair *p, cs_time by) {
  cs_time until = p->now + by;
  size_t steps = 0;
  while (cs_test_pair_step(p, until))
    ck_assert_uint_lt(steps++, STEPS_MAX);
  p->now = until;
}

cs_err cs_test_pair_get(cs_test_secured_pair *p, const char *token) {
  cs_core_request_spec spec = {
      .type = CS_CON, .code = CS_CODE(0, 1), .mid = -1, .token = cs_span_str(token)};
  return cs_core_send_request(cs_endpoint_session(p->client.e), &spec, p->now, NULL, NULL);
}
