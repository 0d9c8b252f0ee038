/* Datagram endpoints over DTLS: what is sent when, each way in which the security
 * session ends, and what a peer who means harm comes to. The clock is virtual, the links
 * are seeded. */
#include <check.h>
#include <string.h>

#include "support/check_main.h"
#include "support/secured_pair.h"

enum { MTU = 1152, ALERT_HANDSHAKE_FAILURE = 40 };

static cs_test_secured_pair p;
static cs_test_secrets secrets[2];

static void open_secrets(const char *client_key, uint64_t seed) {
  cs_test_secrets_open(&secrets[0], CS_TLS_CLIENT, client_key, seed);
  cs_test_secrets_open(&secrets[1], CS_TLS_SERVER, CS_TEST_KEY, seed + 1);
}

static void open_pair(void) {
  open_secrets(CS_TEST_KEY, 1);
  cs_test_pair_open(&p, secrets, MTU, 1);
}

static void close_pair(void) {
  cs_test_pair_close(&p);
  cs_test_secrets_close(&secrets[0]);
  cs_test_secrets_close(&secrets[1]);
}

static cs_tls_state state_of(const cs_test_node *n) {
  return cs_tls_state_of(cs_endpoint_tls(n->e));
}

static void established(void) {
  cs_test_pair_pass(&p, CS_SECOND);
  ck_assert_int_eq(state_of(&p.client), CS_TLS_ESTABLISHED);
  ck_assert_int_eq(state_of(&p.server), CS_TLS_ESTABLISHED);
  ck_assert(cs_endpoint_ready(p.client.e) && cs_endpoint_ready(p.server.e));
}

START_TEST(a_request_is_answered) {
  open_pair();
  ck_assert(!cs_endpoint_ready(p.client.e));
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_test_pair_pass(&p, CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 1);
  ck_assert_uint_eq(p.server.kinds[CS_EVENT_REQUEST], 1);
  ck_assert_uint_eq(p.client.messages, 1);
  ck_assert_uint_eq(p.server.messages, 1);
  ck_assert_uint_gt(p.client.datagrams, 3);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK] + p.client.kinds[CS_EVENT_REJECTED], 0);
  ck_assert(!cs_endpoint_finished(p.client.e));
  ck_assert_uint_eq(cs_endpoint_deadline(p.client.e), CS_TIME_NEVER);
  close_pair();
}
END_TEST

struct tapped {
  unsigned sent, received;
  uint8_t first; /* byte of what was sent last */
};

static void tap(void *ctx, bool sent, cs_span bytes) {
  struct tapped *t = ctx;
  t->sent += sent;
  t->received += !sent;
  if (sent && bytes.len)
    t->first = bytes.at[0];
}

/* The messages alone, each once: neither the handshake nor records. */
START_TEST(a_tap_shows_what_is_protected) {
  struct tapped t = {0};
  open_pair();
  p.client.config.tap = tap;
  p.client.config.tap_ctx = &t;
  established();
  ck_assert_uint_eq(t.sent + t.received, 0);
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_test_pair_pass(&p, CS_SECOND);
  ck_assert_uint_eq(t.sent, 1);
  ck_assert_uint_eq(t.received, 1);
  ck_assert_uint_eq(t.first >> 4, 4); /* version 1, Confirmable */
  close_pair();
}
END_TEST

/* Nothing runs and nothing is sent before it is up; then the handshake alone, and a
 * request's clock is started by its own first transmission. */
START_TEST(a_request_waits_for_the_handshake) {
  uint8_t buf[CS_TEST_DATAGRAM];
  cs_core_peer to;
  size_t len;
  open_secrets(CS_TEST_KEY, 1);
  cs_test_pair_open(&p, NULL, MTU, 1);
  cs_tls *t = cs_test_secrets_begin(&secrets[0], CS_TLS_DATAGRAM, MTU, p.now);
  ck_assert_ptr_null(cs_endpoint_tls(p.client.e));
  ck_assert_int_eq(cs_endpoint_secure(p.client.e, t), CS_OK);
  ck_assert_int_eq(cs_endpoint_secure(p.client.e, t), CS_ERR_STATE);
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  ck_assert(!cs_endpoint_wants_transmit(p.client.e));
  ck_assert_uint_eq(cs_endpoint_deadline(p.client.e), CS_TIME_NEVER);
  ck_assert_int_eq(cs_endpoint_receive(p.client.e, 0, false, cs_span_of("x", 1), p.now),
                   CS_ERR_STATE);
  ck_assert_int_eq(cs_endpoint_transmit(p.client.e, p.now, buf, sizeof buf, &to, &len),
                   CS_ERR_AGAIN);
  cs_endpoint_up(p.client.e, p.now);
  /* 40 s in which nobody answers. */
  cs_test_pair_pass(&p, 40 * CS_SECOND);
  ck_assert_uint_ge(p.client.datagrams, 3);
  ck_assert_uint_eq(p.client.messages, 0);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 0);
  cs_tls *s = cs_test_secrets_begin(&secrets[1], CS_TLS_DATAGRAM, MTU, p.now);
  ck_assert_int_eq(cs_endpoint_secure(p.server.e, s), CS_OK);
  cs_endpoint_up(p.server.e, p.now);
  p.server.hold = true;
  while (p.client.messages == 0)
    ck_assert(cs_test_pair_step(&p, p.now + 60 * CS_SECOND));
  ck_assert_uint_eq(p.client.first_message, p.client.last_message);
  p.deaf[0] = p.deaf[1] = true;
  p.flying = 0;
  while (p.client.messages == 1)
    ck_assert(cs_test_pair_step(&p, p.now + 10 * CS_SECOND));
  ck_assert_uint_ge(p.client.last_message - p.client.first_message, 2 * CS_SECOND);
  ck_assert_uint_le(p.client.last_message - p.client.first_message, 3 * CS_SECOND);
  cs_test_pair_pass(&p, 100 * CS_SECOND);
  ck_assert_uint_eq(p.client.messages, 5);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_int_eq(p.client.nack, CS_NACK_TIMEOUT);
  close_pair();
}
END_TEST

START_TEST(what_cannot_be_secured_is_refused) {
  open_secrets(CS_TEST_KEY, 1);
  cs_test_pair_open(&p, NULL, MTU, 1);
  cs_tls *stream = cs_test_secrets_begin(&secrets[0], CS_TLS_STREAM, MTU, p.now);
  cs_tls *t = cs_test_secrets_begin(&secrets[0], CS_TLS_DATAGRAM, MTU, p.now);
  ck_assert_int_eq(cs_endpoint_secure(p.client.e, stream), CS_ERR_ARGUMENT);
  p.client.config.plain = NULL;
  ck_assert_int_eq(cs_endpoint_secure(p.client.e, t), CS_ERR_ARGUMENT);
  p.client.config.plain = p.client.plain;
  ck_assert_int_eq(cs_endpoint_set_mtu(p.client.e, 100), CS_OK); /* 64, and what DTLS needs */
  ck_assert_int_eq(cs_endpoint_secure(p.client.e, t), CS_ERR_ARGUMENT);
  ck_assert_uint_eq(cs_core_get_mtu(cs_endpoint_session(p.client.e)), 100);
  ck_assert_int_eq(cs_endpoint_set_mtu(p.client.e, MTU), CS_OK);
  p.client.memory.fail_at = p.client.memory.calls + 1;
  ck_assert_int_eq(cs_endpoint_secure(p.client.e, t), CS_ERR_MEMORY);
  ck_assert_ptr_null(cs_endpoint_tls(p.client.e));
  ck_assert_uint_eq(cs_core_get_mtu(cs_endpoint_session(p.client.e)), MTU);
  ck_assert_int_eq(cs_endpoint_secure(p.client.e, t), CS_OK);
  cs_tls_close(stream);
  close_pair();
}
END_TEST

/* An endpoint in the clear is as small as it was. */
START_TEST(an_endpoint_in_the_clear_costs_nothing) {
  uint8_t type, code;
  uint16_t mid;
  cs_core_session *core;
  cs_test_pair_open(&p, NULL, MTU, 1);
  size_t endpoint = p.client.memory.out_bytes;
  ck_assert_int_eq(cs_core_open(&p.client.config.core, NULL, MTU, p.now, &core), CS_OK);
  size_t session = p.client.memory.out_bytes - endpoint;
  ck_assert_uint_le(endpoint - session, 64);
  cs_core_close(core);
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_endpoint_up(p.client.e, p.now);
  cs_test_pair_pass(&p, CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 1);
  ck_assert_uint_eq(p.client.datagrams, 1);
  ck_assert(!cs_endpoint_carried(p.client.e, &type, &code, &mid));
  ck_assert_ptr_null(cs_endpoint_tls(p.client.e));
  cs_endpoint_release(p.client.e, p.now);
  ck_assert(!cs_endpoint_finished(p.client.e));
  ck_assert(cs_endpoint_ready(p.client.e));
  cs_test_pair_close(&p);
}
END_TEST

/* ---- a peer that the test plays ---- */

/* Takes the client's events only. */
static void turn_silently(void) {
  cs_core_event e;
  while (cs_endpoint_next_event(p.client.e, &e)) {
    p.client.kinds[e.kind]++;
    if (e.kind == CS_EVENT_REJECTED)
      p.client.rejected = e.rule;
    if (e.kind == CS_EVENT_NACK)
      p.client.nack = e.reason;
  }
}

/* Takes the client's datagrams to t and t's to the client. */
static void shuttle(cs_tls *t) {
  uint8_t buf[CS_TEST_DATAGRAM];
  static uint8_t plain[CS_TLS_RECORD_MAX];
  cs_core_peer to;
  cs_span out;
  size_t len, n;
  bool moved = true;
  while (moved) {
    moved = false;
    while (cs_endpoint_transmit(p.client.e, p.now, buf, sizeof buf, &to, &len) == CS_OK) {
      ck_assert_int_eq(cs_tls_feed(t, cs_span_of(buf, len), p.now), CS_OK);
      while (cs_tls_read(t, plain, sizeof plain, &n) == CS_OK)
        ;
      moved = true;
    }
    while (cs_tls_transmit(t, &out) == CS_OK) {
      memcpy(buf, out.at, out.len);
      len = out.len;
      cs_tls_sent(t, len, p.now);
      ck_assert_int_eq(cs_endpoint_receive(p.client.e, 0, false, cs_span_of(buf, len), p.now),
                       CS_OK);
      turn_silently();
      moved = true;
    }
  }
}

/* Opens the client alone, its handshake done with the session returned. */
static cs_tls *open_played(void) {
  open_secrets(CS_TEST_KEY, 1);
  cs_test_pair_open(&p, NULL, MTU, 1);
  cs_tls *t = cs_test_secrets_begin(&secrets[1], CS_TLS_DATAGRAM, MTU, p.now);
  ck_assert_int_eq(cs_endpoint_secure(
                       p.client.e, cs_test_secrets_begin(&secrets[0], CS_TLS_DATAGRAM, MTU, p.now)),
                   CS_OK);
  cs_endpoint_up(p.client.e, p.now);
  return t;
}

/* The next datagram of t with this message. */
static size_t record(cs_tls *t, cs_span message, uint8_t *out) {
  cs_span bytes;
  ck_assert_int_eq(cs_tls_write(t, message, p.now), CS_OK);
  ck_assert_int_eq(cs_tls_transmit(t, &bytes), CS_OK);
  memcpy(out, bytes.at, bytes.len);
  size_t len = bytes.len;
  cs_tls_sent(t, len, p.now);
  ck_assert(!cs_tls_wants_transmit(t));
  return len;
}

/* Two NON responses to nothing in one datagram (RFC 6347 section 4.1.1 lets records
 * share one). */
START_TEST(several_messages_in_one_datagram) {
  static const uint8_t response[] = {0x51, 0x45, 0x12, 0x34, 0x99};
  uint8_t datagram[CS_TEST_DATAGRAM];
  cs_tls *t = open_played();
  shuttle(t);
  ck_assert_int_eq(cs_tls_state_of(t), CS_TLS_ESTABLISHED);
  size_t len = record(t, cs_span_of(response, sizeof response), datagram);
  size_t second = record(t, cs_span_of(response, sizeof response), datagram + len);
  ck_assert_int_eq(
      cs_endpoint_receive(p.client.e, 0, false, cs_span_of(datagram, len + second), p.now), CS_OK);
  ck_assert_int_eq(
      cs_endpoint_receive(p.client.e, 0, false, cs_span_of(datagram, len + second), p.now),
      CS_ERR_STATE);
  turn_silently();
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_REJECTED], 2);
  /* Neither is taken again when the datagram is: DTLS sees the replay. */
  ck_assert_int_eq(
      cs_endpoint_receive(p.client.e, 0, false, cs_span_of(datagram, len + second), p.now), CS_OK);
  turn_silently();
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_REJECTED], 2);
  cs_tls_close(t);
  close_pair();
}
END_TEST

/* RFC 7252 section 9.1.1: what answers a request of the session before is no answer. */
START_TEST(nothing_matches_across_security_sessions) {
  uint8_t datagram[CS_TEST_DATAGRAM];
  /* The response to a request of the old session: its Message ID, its token. */
  uint8_t response[] = {0x61, 0x45, 0, 0, 'a'};
  cs_tls *t = open_played();
  cs_core_params params = cs_core_params_default;
  params.ack_timeout = 7 * CS_SECOND;
  ck_assert_int_eq(cs_core_set_params(cs_endpoint_session(p.client.e), &params), CS_OK);
  shuttle(t);
  cs_core_request_spec spec = {
      .type = CS_CON, .code = 1, .mid = 0x4711, .token = {(const uint8_t *)"a", 1}};
  response[2] = 0x47;
  response[3] = 0x11;
  ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(p.client.e), &spec, p.now, NULL, NULL),
                   CS_OK);
  shuttle(t);
  cs_tls_finish(t, p.now);
  shuttle(t);
  cs_test_pair_turn(&p, &p.client);
  ck_assert_int_eq(state_of(&p.client), CS_TLS_CLOSED);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_int_eq(p.client.nack, CS_NACK_CLOSED);
  cs_tls_close(t);
  t = cs_test_secrets_begin(&secrets[1], CS_TLS_DATAGRAM, MTU, p.now);
  cs_tls *again = cs_test_secrets_begin(&secrets[0], CS_TLS_DATAGRAM, MTU, p.now);
  p.client.memory.fail_at = p.client.memory.calls + 1;
  ck_assert_int_eq(cs_endpoint_secure(p.client.e, again), CS_ERR_MEMORY);
  ck_assert_int_eq(cs_endpoint_secure(p.client.e, again), CS_OK);
  ck_assert_uint_eq(cs_core_get_params(cs_endpoint_session(p.client.e))->ack_timeout,
                    7 * CS_SECOND);
  ck_assert(!cs_endpoint_ready(p.client.e));
  ck_assert(!cs_endpoint_finished(p.client.e));
  cs_endpoint_up(p.client.e, p.now);
  shuttle(t);
  ck_assert_int_eq(cs_tls_state_of(t), CS_TLS_ESTABLISHED);
  ck_assert(cs_endpoint_ready(p.client.e));
  size_t len = record(t, cs_span_of(response, sizeof response), datagram);
  ck_assert_int_eq(cs_endpoint_receive(p.client.e, 0, false, cs_span_of(datagram, len), p.now),
                   CS_OK);
  turn_silently();
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 0);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_REJECTED], 1);
  /* In its own session it is one. */
  ck_assert_int_eq(cs_core_send_request(cs_endpoint_session(p.client.e), &spec, p.now, NULL, NULL),
                   CS_OK);
  shuttle(t);
  len = record(t, cs_span_of(response, sizeof response), datagram);
  ck_assert_int_eq(cs_endpoint_receive(p.client.e, 0, false, cs_span_of(datagram, len), p.now),
                   CS_OK);
  turn_silently();
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 1);
  cs_tls_close(t);
  close_pair();
}
END_TEST

/* A server, too, forgets the Message IDs of the session before. */
START_TEST(a_server_handles_the_same_message_id_again) {
  open_pair();
  for (unsigned i = 1; i <= 2; i++) {
    cs_core_request_spec spec = {
        .type = CS_CON, .code = 1, .mid = 7, .token = {(const uint8_t *)"a", 1}};
    ck_assert_int_eq(
        cs_core_send_request(cs_endpoint_session(p.client.e), &spec, p.now, NULL, NULL), CS_OK);
    cs_test_pair_pass(&p, CS_SECOND);
    ck_assert_uint_eq(p.server.kinds[CS_EVENT_REQUEST], i);
    ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], i);
    cs_endpoint_release(p.client.e, p.now);
    cs_test_pair_pass(&p, CS_SECOND);
    ck_assert(cs_endpoint_finished(p.client.e) && cs_endpoint_finished(p.server.e));
    cs_test_pair_secure(&p, secrets, MTU);
  }
  close_pair();
}
END_TEST

/* ---- ends ---- */

START_TEST(a_release_says_close_notify_behind_what_waits) {
  open_pair();
  established();
  p.server.hold = true;
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_test_pair_pass(&p, CS_SECOND);
  cs_core_session *core = cs_endpoint_session(p.client.e);
  ck_assert_int_eq(cs_core_send_empty(core, CS_RST, 5, p.now), CS_OK);
  unsigned datagrams = p.client.datagrams, messages = p.client.messages;
  cs_endpoint_release(p.client.e, p.now);
  ck_assert_int_eq(cs_test_pair_get(&p, "b"), CS_ERR_STATE);
  ck_assert(cs_endpoint_wants_transmit(p.client.e));
  ck_assert_uint_le(cs_endpoint_deadline(p.client.e), p.now);
  ck_assert(!cs_endpoint_finished(p.client.e));
  cs_test_pair_turn(&p, &p.client);
  ck_assert_uint_eq(p.client.messages, messages + 1);
  ck_assert_uint_eq(p.client.datagrams, datagrams + 2);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_int_eq(p.client.nack, CS_NACK_CLOSED);
  ck_assert(cs_endpoint_finished(p.client.e));
  ck_assert_int_eq(state_of(&p.client), CS_TLS_CLOSED);
  ck_assert_int_eq(cs_test_pair_get(&p, "b"), CS_ERR_STATE);
  datagrams = p.server.datagrams;
  cs_test_pair_pass(&p, CS_SECOND);
  ck_assert_int_eq(state_of(&p.server), CS_TLS_CLOSED);
  ck_assert_uint_eq(p.server.datagrams, datagrams + 1); /* its close_notify */
  ck_assert(cs_endpoint_finished(p.server.e));
  ck_assert_int_eq(cs_endpoint_receive(p.client.e, 0, false, cs_span_of("x", 1), p.now),
                   CS_ERR_CLOSED);
  ck_assert_uint_eq(cs_endpoint_deadline(p.client.e), CS_TIME_NEVER);
  close_pair();
}
END_TEST

START_TEST(a_release_before_the_handshake_is_complete) {
  open_pair();
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  ck_assert(cs_endpoint_wants_transmit(p.client.e));
  cs_endpoint_release(p.client.e, p.now);
  cs_test_pair_turn(&p, &p.client);
  ck_assert_uint_eq(p.client.datagrams, 0); /* not even a ClientHello that nobody means */
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 1);
  ck_assert(cs_endpoint_finished(p.client.e));
  ck_assert_uint_eq(cs_endpoint_deadline(p.client.e), CS_TIME_NEVER);
  close_pair();
}
END_TEST

START_TEST(the_close_notify_of_the_peer_ends_the_session) {
  open_pair();
  established();
  p.server.hold = true;
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  ck_assert_int_eq(cs_test_pair_get(&p, "b"), CS_OK);
  cs_test_pair_pass(&p, CS_SECOND);
  unsigned datagrams = p.client.datagrams;
  cs_endpoint_release(p.server.e, p.now);
  cs_test_pair_pass(&p, CS_SECOND);
  ck_assert_int_eq(state_of(&p.client), CS_TLS_CLOSED);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 2);
  ck_assert_int_eq(p.client.nack, CS_NACK_CLOSED);
  ck_assert_int_eq(p.client.nack_rule, CS_RULE_NONE);
  ck_assert_uint_eq(p.client.datagrams, datagrams + 1); /* its own close_notify */
  ck_assert(cs_endpoint_finished(p.client.e) && cs_endpoint_finished(p.server.e));
  close_pair();
}
END_TEST

START_TEST(a_fatal_alert_of_the_peer_ends_the_session) {
  cs_tls_failure why;
  open_pair();
  established();
  p.server.hold = true;
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_test_pair_pass(&p, CS_SECOND);
  cs_tls_alert(cs_endpoint_tls(p.server.e), ALERT_HANDSHAKE_FAILURE, p.now);
  cs_test_pair_pass(&p, CS_SECOND);
  ck_assert_int_eq(state_of(&p.client), CS_TLS_FAILED);
  ck_assert(cs_tls_failure_of(cs_endpoint_tls(p.client.e), &why));
  ck_assert(why.alerted && why.alert_by_peer);
  ck_assert_uint_eq(why.alert, ALERT_HANDSHAKE_FAILURE);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_int_eq(p.client.nack, CS_NACK_CLOSED);
  ck_assert_int_eq(p.client.nack_rule, CS_RULE_TLS_ALERT);
  ck_assert(cs_endpoint_finished(p.client.e));
  close_pair();
}
END_TEST

START_TEST(a_wrong_key_ends_every_request_once) {
  open_secrets("another key", 1);
  cs_test_pair_open(&p, secrets, MTU, 1);
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  ck_assert_int_eq(cs_test_pair_get(&p, "b"), CS_OK);
  cs_test_pair_pass(&p, 130 * CS_SECOND);
  ck_assert_int_eq(state_of(&p.client), CS_TLS_FAILED);
  ck_assert_uint_eq(p.client.messages, 0);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 2);
  ck_assert_int_eq(p.client.nack, CS_NACK_CLOSED);
  ck_assert_int_ne(p.client.nack_rule, CS_RULE_NONE);
  ck_assert_int_eq(cs_test_pair_get(&p, "c"), CS_ERR_STATE);
  ck_assert(cs_endpoint_finished(p.client.e));
  ck_assert_uint_eq(cs_endpoint_deadline(p.client.e), CS_TIME_NEVER);
  cs_test_pair_pass(&p, 500 * CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 2);
  close_pair();
}
END_TEST

/* The alert of whoever gives up goes out before it is finished. */
START_TEST(the_last_alert_goes_out) {
  open_pair();
  established();
  cs_tls_alert(cs_endpoint_tls(p.client.e), ALERT_HANDSHAKE_FAILURE, p.now);
  ck_assert(cs_endpoint_wants_transmit(p.client.e));
  cs_endpoint_expire(p.client.e, p.now); /* notices it */
  cs_core_event e;
  ck_assert(!cs_endpoint_next_event(p.client.e, &e));
  ck_assert(!cs_endpoint_finished(p.client.e));
  unsigned datagrams = p.client.datagrams;
  cs_test_pair_turn(&p, &p.client);
  ck_assert_uint_eq(p.client.datagrams, datagrams + 1);
  ck_assert(cs_endpoint_finished(p.client.e));
  cs_test_pair_pass(&p, CS_SECOND);
  ck_assert_int_eq(state_of(&p.server), CS_TLS_FAILED);
  close_pair();
}
END_TEST

/* Nobody is there: as soon told as in the clear. */
START_TEST(an_unreachable_peer_shakes_no_hands) {
  open_pair();
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_test_pair_turn(&p, &p.client);
  cs_endpoint_link(p.client.e, CS_LINK_UNREACHABLE, p.now);
  cs_test_pair_turn(&p, &p.client);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_int_eq(p.client.nack, CS_NACK_UNREACHABLE);
  ck_assert(cs_endpoint_finished(p.client.e));
  cs_endpoint_link(p.client.e, CS_LINK_UNREACHABLE, p.now);
  cs_endpoint_link(p.client.e, CS_LINK_CLOSED, p.now);
  ck_assert_int_eq(cs_endpoint_secure(
                       p.client.e, cs_test_secrets_begin(&secrets[0], CS_TLS_DATAGRAM, MTU, p.now)),
                   CS_OK);
  cs_endpoint_up(p.client.e, p.now);
  p.flying = 0;
  ck_assert_int_eq(cs_test_pair_get(&p, "b"), CS_OK);
  cs_test_pair_pass(&p, 5 * CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 1);
  /* Later it concerns what is on its way, and nothing else. */
  p.deaf[1] = true;
  ck_assert_int_eq(cs_test_pair_get(&p, "c"), CS_OK);
  cs_test_pair_turn(&p, &p.client);
  cs_endpoint_link(p.client.e, CS_LINK_UNREACHABLE, p.now);
  cs_test_pair_turn(&p, &p.client);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 2);
  p.deaf[1] = false;
  ck_assert_int_eq(cs_test_pair_get(&p, "d"), CS_OK);
  cs_test_pair_pass(&p, 5 * CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 2);
  cs_endpoint_link(p.client.e, CS_LINK_CLOSED, p.now);
  cs_test_pair_turn(&p, &p.client);
  ck_assert(cs_endpoint_finished(p.client.e));
  close_pair();
}
END_TEST

/* RFC 6347 section 4.2.8: a client that has lost its session begins anew from the same
 * port. What the server had of the old one ends. */
START_TEST(a_client_that_begins_anew_ends_the_servers_session) {
  open_pair();
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_test_pair_pass(&p, CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 1);
  cs_endpoint_link(p.client.e, CS_LINK_CLOSED, p.now);
  cs_test_pair_turn(&p, &p.client);
  ck_assert_int_eq(cs_endpoint_secure(
                       p.client.e, cs_test_secrets_begin(&secrets[0], CS_TLS_DATAGRAM, MTU, p.now)),
                   CS_OK);
  cs_endpoint_up(p.client.e, p.now);
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  while (!cs_endpoint_finished(p.server.e))
    ck_assert(cs_test_pair_step(&p, p.now + CS_SECOND));
  ck_assert(!cs_endpoint_wants_transmit(p.server.e));
  ck_assert(!cs_endpoint_ready(p.server.e));
  ck_assert_uint_eq(cs_endpoint_deadline(p.server.e), CS_TIME_NEVER);
  ck_assert_int_eq(cs_endpoint_secure(
                       p.server.e, cs_test_secrets_begin(&secrets[1], CS_TLS_DATAGRAM, MTU, p.now)),
                   CS_OK);
  cs_endpoint_up(p.server.e, p.now);
  cs_test_pair_pass(&p, 5 * CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 2);
  ck_assert_uint_eq(p.server.kinds[CS_EVENT_REQUEST], 2);
  close_pair();
}
END_TEST

/* ---- sizes ---- */

static cs_err put(size_t size) {
  static const uint8_t body[2 * MTU];
  /* Four bytes of header, the marker, the payload. */
  cs_core_request_spec spec = {
      .type = CS_CON, .code = 3, .mid = -1, .payload = cs_span_of(body, size - 5)};
  return cs_core_send_request(cs_endpoint_session(p.client.e), &spec, p.now, NULL, NULL);
}

/* The longest message makes a datagram as long as the MTU. Records with a connection id
 * are padded to 16 bytes, and the library reckons with an id of 32 bytes instead of the 8
 * that it is: there it may be that much shorter. */
static void check_longest(size_t mtu, bool cid) {
  enum { PADDING = 16, NO_ID = 32 - 8 };
  if (!cid)
    ck_assert_uint_eq(p.client.longest, mtu);
  ck_assert_uint_le(p.client.longest, mtu);
  ck_assert_uint_gt(p.client.longest + PADDING + NO_ID, mtu);
}

/* With connection ids, where the library has them; without. */
START_TEST(a_message_fits_the_mtu_to_the_byte) {
  cs_tls_negotiated n;
  open_secrets(CS_TEST_KEY, 1);
  secrets[0].no_cid = _i == 1;
  cs_test_pair_open(&p, secrets, MTU, 1);
  cs_core_session *core = cs_endpoint_session(p.client.e);
  size_t before = cs_core_get_mtu(core);
  established();
  ck_assert(cs_tls_negotiated_of(cs_endpoint_tls(p.client.e), &n));
  ck_assert_int_eq(n.cid, cs_tls_has_cid() && _i == 0);
  size_t most = cs_core_get_mtu(core);
  ck_assert_uint_le(before, most);
  ck_assert_uint_eq(most, MTU - cs_tls_overhead(cs_endpoint_tls(p.client.e)));
  ck_assert_int_eq(put(most + 1), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(put(most), CS_OK);
  p.client.longest = 0;
  cs_test_pair_pass(&p, CS_SECOND);
  check_longest(MTU, n.cid);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 1);
  ck_assert_int_eq(cs_endpoint_set_mtu(p.client.e, MTU - 300), CS_OK);
  ck_assert_uint_eq(cs_core_get_mtu(core), most - 300);
  ck_assert_int_eq(put(most - 299), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(put(most - 300), CS_OK);
  p.client.longest = 0;
  cs_test_pair_pass(&p, CS_SECOND);
  check_longest(MTU - 300, n.cid);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 2);
  ck_assert_int_eq(cs_endpoint_set_mtu(p.client.e, 64), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_endpoint_set_mtu(p.client.e, 1 << 20), CS_ERR_ARGUMENT);
  ck_assert_uint_eq(cs_core_get_mtu(core), most - 300);
  /* What the MTU has left behind is lost, as any datagram may be. */
  ck_assert_int_eq(put(most - 300), CS_OK);
  ck_assert_int_eq(cs_endpoint_set_mtu(p.client.e, MTU - 400), CS_OK);
  cs_test_pair_pass(&p, 100 * CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_int_eq(p.client.nack, CS_NACK_TIMEOUT);
  ck_assert_int_eq(state_of(&p.client), CS_TLS_ESTABLISHED);
  close_pair();
}
END_TEST

/* ---- links that lose, peers that mean harm ---- */

/* The bound: the handshake's time (120 s), then MAX_TRANSMIT_WAIT (93 s), then what an
 * acknowledged request waits for its response (247 s). */
START_TEST(over_lossy_links_nearly_all_shake_hands_and_every_request_ends) {
  enum { LINKS = 100, BOUND = 120 + 93 + 247 };
  unsigned answered = 0, shaken = 0;
  for (unsigned seed = 1; seed <= LINKS; seed++) {
    open_secrets(CS_TEST_KEY, seed);
    cs_test_pair_open(&p, secrets, MTU, seed);
    p.loss = 30;
    p.delay = 400 * CS_MILLISECOND;
    ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
    cs_test_pair_pass(&p, BOUND * CS_SECOND);
    unsigned ended = p.client.kinds[CS_EVENT_RESPONSE] + p.client.kinds[CS_EVENT_NACK];
    ck_assert_msg(ended == 1, "seed %u: %u", seed, ended);
    bool shook = state_of(&p.client) == CS_TLS_ESTABLISHED;
    ck_assert_uint_le(p.server.kinds[CS_EVENT_REQUEST], 1);
    ck_assert(shook || p.client.messages == 0);
    shaken += shook;
    answered += p.client.kinds[CS_EVENT_RESPONSE];
    close_pair();
  }
  /* Of five transmissions that fail one time in two (loss on either way), all do in 3.5
   * of a hundred requests. */
  ck_assert_msg(shaken >= 95 && answered >= 90, "%u shook hands, %u were answered", shaken,
                answered);
}
END_TEST

START_TEST(nobody_answers) {
  open_pair();
  p.deaf[1] = true;
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_test_pair_pass(&p, 119 * CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 0);
  ck_assert_uint_lt(p.client.datagrams, 12);
  cs_test_pair_pass(&p, 2 * CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_int_eq(p.client.nack_rule, CS_RULE_TLS_TIMEOUT);
  ck_assert(cs_endpoint_finished(p.client.e));
  close_pair();
}
END_TEST

/* Handshake records made by hand: the beginning of a ServerHello that says to be
 * 64 KiB long, each time one byte further. */
static size_t server_hello_piece(unsigned i, uint8_t *out) {
  static const uint8_t body[16] = {0xfe, 0xfd};
  cs_base_writer w = cs_base_writer_of(out, 64);
  cs_base_put_u8(&w, 22);
  cs_base_put_u16(&w, 0xfefd);
  cs_base_put_u32(&w, 0); /* epoch, sequence number */
  cs_base_put_u32(&w, i);
  cs_base_put_u16(&w, 12 + sizeof body);
  cs_base_put_u8(&w, 2);
  cs_base_put_u8(&w, 0); /* length, message, offset, length */
  cs_base_put_u16(&w, 0xffff);
  cs_base_put_u16(&w, 0);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, i & 0xffff);
  cs_base_put_u8(&w, 0);
  cs_base_put_u16(&w, sizeof body);
  cs_base_put_bytes(&w, body, sizeof body);
  ck_assert(!w.overflow);
  return w.len;
}

START_TEST(a_server_hello_without_end) {
  enum { DATAGRAMS = 100000 };
  uint8_t datagram[64];
  open_pair();
  p.deaf[1] = true;
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_test_pair_turn(&p, &p.client);
  unsigned i = 0;
  cs_err e = CS_OK;
  for (; i < DATAGRAMS && e == CS_OK; i++) {
    size_t len = server_hello_piece(i, datagram);
    e = cs_endpoint_receive(p.client.e, 0, false, cs_span_of(datagram, len), p.now);
    cs_test_pair_turn(&p, &p.client);
    p.now += 10 * CS_MILLISECOND;
    cs_endpoint_expire(p.client.e, p.now);
    cs_test_pair_turn(&p, &p.client);
  }
  ck_assert_int_eq(e, CS_ERR_CLOSED);
  ck_assert_uint_le(i, CS_TLS_HANDSHAKE_DATAGRAMS_MAX + 2);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_int_ne(p.client.nack_rule, CS_RULE_NONE);
  ck_assert_int_eq(state_of(&p.client), CS_TLS_FAILED);
  ck_assert(cs_endpoint_finished(p.client.e));
  close_pair();
}
END_TEST

/* What is no record, or one of another session, changes nothing. */
START_TEST(garbage_is_passed_over) {
  uint8_t datagram[200];
  open_pair();
  for (unsigned i = 0; i < 500; i++) {
    if (i == 100)
      established();
    cs_base_random r = cs_base_seeded_random(&p.seeded);
    cs_base_random_fill(&r, datagram, sizeof datagram);
    if (i % 2)
      memcpy(datagram, "\x17\xfe\xfd\x00\x01", 5);
    cs_test_node *n = i < 100 || i % 4 < 2 ? &p.client : &p.server;
    ck_assert_int_eq(cs_endpoint_receive(n->e, 0, false, cs_span_of(datagram, i % 200 + 1), p.now),
                     CS_OK);
    cs_test_pair_turn(&p, n);
  }
  ck_assert_int_eq(cs_test_pair_get(&p, "a"), CS_OK);
  cs_test_pair_pass(&p, 10 * CS_SECOND);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE], 1);
  ck_assert_uint_eq(p.client.kinds[CS_EVENT_REJECTED] + p.server.kinds[CS_EVENT_REJECTED], 0);
  close_pair();
}
END_TEST

/* Each allocation of ours fails in turn, then all from one on. */
START_TEST(each_failed_allocation_does_no_harm) {
  for (unsigned side = 0; side < 4; side++) {
    for (size_t n = 1;; n++) {
      open_secrets(CS_TEST_KEY, 1);
      cs_test_pair_open(&p, NULL, MTU, 1);
      cs_test_pair_secure(&p, secrets, MTU);
      cs_test_memory *each[] = {&p.client.memory, &p.server.memory, &secrets[0].memory,
                                &secrets[1].memory};
      cs_test_memory *m = each[side];
      size_t from = m->calls;
      m->fail_at = from + n;
      bool asked = cs_test_pair_get(&p, "a") == CS_OK;
      cs_test_pair_pass(&p, 500 * CS_SECOND);
      cs_endpoint_release(p.client.e, p.now);
      cs_test_pair_pass(&p, CS_SECOND);
      ck_assert_uint_eq(p.client.kinds[CS_EVENT_RESPONSE] + p.client.kinds[CS_EVENT_NACK], asked);
      ck_assert(cs_endpoint_finished(p.client.e));
      bool all = m->calls < from + n;
      close_pair();
      if (all)
        break;
    }
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint/secure");
  TCase *c = tcase_create("secure");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, an_endpoint_in_the_clear_costs_nothing);
  if (cs_tls_available(CS_TLS_DATAGRAM)) {
    tcase_add_test(c, a_request_is_answered);
    tcase_add_test(c, a_tap_shows_what_is_protected);
    tcase_add_test(c, a_request_waits_for_the_handshake);
    tcase_add_test(c, what_cannot_be_secured_is_refused);
    tcase_add_test(c, several_messages_in_one_datagram);
    tcase_add_test(c, nothing_matches_across_security_sessions);
    tcase_add_test(c, a_server_handles_the_same_message_id_again);
    tcase_add_test(c, a_release_says_close_notify_behind_what_waits);
    tcase_add_test(c, a_release_before_the_handshake_is_complete);
    tcase_add_test(c, the_close_notify_of_the_peer_ends_the_session);
    tcase_add_test(c, a_fatal_alert_of_the_peer_ends_the_session);
    tcase_add_test(c, a_wrong_key_ends_every_request_once);
    tcase_add_test(c, the_last_alert_goes_out);
    tcase_add_test(c, an_unreachable_peer_shakes_no_hands);
    tcase_add_test(c, a_client_that_begins_anew_ends_the_servers_session);
    tcase_add_loop_test(c, a_message_fits_the_mtu_to_the_byte, 0, 2);
    tcase_add_test(c, over_lossy_links_nearly_all_shake_hands_and_every_request_ends);
    tcase_add_test(c, nobody_answers);
    tcase_add_test(c, a_server_hello_without_end);
    tcase_add_test(c, garbage_is_passed_over);
    tcase_add_test(c, each_failed_allocation_does_no_harm);
  }
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
