/* Endpoints joined by a stream or a WebSocket over TLS: nothing of the session before
 * the handshake, back-pressure through the records, and every end. Each test runs over
 * both (loop 0 and 1). */
#include <check.h>
#include <string.h>

#include "support/check_main.h"
#include "support/joined.h"

/* RESTING: held by an endpoint that nothing happens in. */
enum { ALERT_HANDSHAKE_FAILURE = 40, RESTING = 4096 };

static cs_test_joined j;
static cs_test_secrets secrets[2];

static void open_secrets(const char *client_key) {
  cs_test_secrets_open(&secrets[0], CS_TLS_CLIENT, client_key, 1);
  cs_test_secrets_open(&secrets[1], CS_TLS_SERVER, CS_TEST_KEY, 2);
}

static void close_secrets(void) {
  cs_test_secrets_close(&secrets[0]);
  cs_test_secrets_close(&secrets[1]);
}

static void begin(int kind) {
  cs_endpoint_config c = cs_test_stream_config(kind);
  cs_test_joined_open_secured(&j, &c, &c, 1 << 20, secrets);
}

static void open_joined(int kind) {
  open_secrets(CS_TEST_KEY);
  begin(kind);
}

static void close_joined(void) {
  cs_test_joined_close(&j);
  close_secrets();
}

static cs_tls_state state_of(const cs_test_side *s) {
  return cs_tls_state_of(cs_endpoint_tls(s->e));
}

static void put(const char *token, const uint8_t *body, size_t len) {
  cs_core_request_spec spec = {
      .code = CS_CODE(0, 3), .mid = -1, .token = cs_span_str(token), .payload = {body, len}};
  cs_rule broken = CS_RULE_NONE;
  cs_err e = cs_core_send_request(cs_endpoint_session(j.client.e), &spec, j.now, NULL, &broken);
  ck_assert_msg(e == CS_OK, "%s, %s", cs_base_err_text(e), cs_base_rule_id(broken));
}

static unsigned told(const cs_test_side *s) {
  return s->kinds[CS_EVENT_RESPONSE] + s->kinds[CS_EVENT_NACK];
}

static void both_finished(void) {
  ck_assert(cs_endpoint_finished(j.client.e) && cs_endpoint_finished(j.server.e));
  ck_assert_uint_eq(cs_endpoint_deadline(j.client.e), CS_TIME_NEVER);
  ck_assert_uint_eq(cs_endpoint_deadline(j.server.e), CS_TIME_NEVER);
}

START_TEST(requests_are_answered) {
  static uint8_t body[100000]; /* several records each way */
  memset(body, 'z', sizeof body);
  open_joined(_i);
  ck_assert(!cs_endpoint_ready(j.client.e));
  put("a", body, 100);
  put("b", body, sizeof body);
  cs_test_joined_run(&j);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_CSM], 1);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_CSM], 1);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_REQUEST], 2);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_RESPONSE], 2);
  ck_assert_uint_eq(j.client.payload, 100 + sizeof body);
  ck_assert(cs_endpoint_ready(j.client.e) && cs_endpoint_ready(j.server.e));
  ck_assert_uint_eq(cs_endpoint_deadline(j.client.e), CS_TIME_NEVER);
  ck_assert_uint_eq(cs_endpoint_deadline(j.server.e), CS_TIME_NEVER);
  ck_assert(!cs_endpoint_wants_transmit(j.client.e));
  ck_assert_uint_lt(j.client.memory.out_bytes, RESTING); /* nothing waits, nothing is held */
  ck_assert_uint_lt(j.server.memory.out_bytes, RESTING);
  close_joined();
}
END_TEST

/* What leaves a side is records from the first byte to the last, none over the limit. */
START_TEST(only_records_leave) {
  static uint8_t body[40000];
  uint8_t header[5];
  size_t held = 0, left = 0, records = 0;
  cs_span bytes;
  open_joined(_i);
  put("a", body, sizeof body);
  for (unsigned turn = 0; turn < 100; turn++) {
    if (cs_endpoint_output(j.client.e, j.now, &bytes)) {
      ck_assert_uint_le(bytes.len, CS_TLS_RECORD_MAX + 512);
      for (size_t i = 0; i < bytes.len; i++) {
        if (left) {
          left--;
          continue;
        }
        header[held++] = bytes.at[i];
        if (held < sizeof header)
          continue;
        held = 0;
        left = (size_t)header[3] << 8 | header[4];
        ck_assert_uint_ge(header[0], 20);
        ck_assert_uint_le(header[0], 23);
        ck_assert_uint_eq(header[1], 3);
        records++;
      }
      (void)cs_endpoint_receive(j.server.e, 0, false, bytes, j.now);
      cs_test_side_events(&j.server, j.now);
      cs_endpoint_sent(j.client.e, bytes.len, j.now);
    }
    if (cs_endpoint_output(j.server.e, j.now, &bytes)) {
      (void)cs_endpoint_receive(j.client.e, 0, false, bytes, j.now);
      cs_test_side_events(&j.client, j.now);
      cs_endpoint_sent(j.server.e, bytes.len, j.now);
    }
  }
  ck_assert_uint_eq(held + left, 0);
  ck_assert_uint_ge(records, 5 + sizeof body / CS_TLS_RECORD_MAX);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_RESPONSE], 1);
  close_joined();
}
END_TEST

/* The clock for the peer's CSM, or its upgrade, begins with the session, not with the
 * handshake; that has a clock of its own. */
START_TEST(the_session_begins_behind_the_handshake) {
  cs_endpoint_config c = cs_test_stream_config(_i);
  cs_test_side s;
  cs_span bytes;
  open_secrets(CS_TEST_KEY);
  cs_test_side_open(&s, &c, CS_CLIENT, 1 << 20, CS_SECOND);
  cs_tls *t = cs_test_secrets_begin(&secrets[0], CS_TLS_STREAM, 0, CS_SECOND);
  cs_tls *datagrams = cs_test_secrets_begin(&secrets[0], CS_TLS_DATAGRAM, 1152, CS_SECOND);
  ck_assert_int_eq(cs_endpoint_secure(s.e, datagrams), CS_ERR_ARGUMENT);
  s.config.plain = NULL;
  ck_assert_int_eq(cs_endpoint_secure(s.e, t), CS_ERR_ARGUMENT);
  s.config.plain = s.plain;
  s.memory.fail_at = s.memory.calls + 1;
  ck_assert_int_eq(cs_endpoint_secure(s.e, t), CS_ERR_MEMORY);
  ck_assert_int_eq(cs_endpoint_secure(s.e, t), CS_OK);
  ck_assert_int_eq(cs_endpoint_secure(s.e, datagrams), CS_ERR_ARGUMENT);
  cs_tls_close(datagrams);
  ck_assert(!cs_endpoint_output(s.e, CS_SECOND, &bytes));
  ck_assert_uint_eq(cs_endpoint_deadline(s.e), CS_TIME_NEVER);
  ck_assert_int_eq(cs_endpoint_receive(s.e, 0, false, cs_span_of("x", 1), CS_SECOND), CS_ERR_STATE);
  cs_endpoint_up(s.e, CS_SECOND);
  ck_assert(cs_endpoint_wants_transmit(s.e));
  cs_time now = CS_SECOND;
  while (cs_endpoint_output(s.e, now, &bytes)) {
    ck_assert_uint_eq(bytes.at[0], 22); /* handshake */
    cs_endpoint_sent(s.e, bytes.len, now);
  }
  /* Nobody answers. */
  while (!cs_endpoint_finished(s.e)) {
    now = cs_endpoint_deadline(s.e);
    ck_assert_uint_ne(now, CS_TIME_NEVER);
    cs_endpoint_expire(s.e, now);
    cs_test_side_events(&s, now);
    while (cs_endpoint_output(s.e, now, &bytes))
      cs_endpoint_sent(s.e, bytes.len, now);
  }
  ck_assert_uint_eq(now, CS_SECOND + CS_TLS_HANDSHAKE_TIMEOUT);
  ck_assert_int_eq(s.aborted, CS_RULE_TLS_TIMEOUT);
  cs_test_side_close(&s);
  close_secrets();
}
END_TEST

/* ---- cut ---- */

/* One conversation with an orderly end. */
static void converse(int kind, size_t chunk, size_t to_server, size_t to_client) {
  static const uint8_t body[300];
  begin(kind);
  j.chunk = chunk;
  j.cut_at[0] = to_server;
  j.cut_at[1] = to_client;
  put("a", body, 0);
  put("b", body, 300);
  ck_assert_int_eq(cs_core_ping(cs_endpoint_session(j.client.e), NULL, j.now, NULL), CS_OK);
  cs_test_joined_run(&j);
  cs_endpoint_release(j.client.e, j.now);
  cs_test_joined_run(&j);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_RESPONSE], 2);
  ck_assert_uint_eq(j.client.payload, 300);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_PONG], 1);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_PING], 1);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_RELEASE], 1);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_ABORTED] + j.server.kinds[CS_EVENT_ABORTED], 0);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_REJECTED] + j.server.kinds[CS_EVENT_REJECTED], 0);
  ck_assert_int_eq(state_of(&j.client), CS_TLS_CLOSED);
  both_finished();
}

START_TEST(the_stream_may_be_cut_anywhere) {
  open_secrets(CS_TEST_KEY);
  converse(_i, 0, 0, 0);
  size_t to_server = j.client.out, to_client = j.server.out;
  cs_test_joined_close(&j);
  for (size_t at = 1; at < to_server || at < to_client; at++) {
    converse(_i, 0, at, at);
    cs_test_joined_close(&j);
  }
  for (size_t chunk = 1; chunk < 20; chunk += 3) {
    converse(_i, chunk, 0, 0);
    cs_test_joined_close(&j);
  }
  close_secrets();
}
END_TEST

/* The transport is gone after so many of the client's bytes: both are told off once. */
START_TEST(the_transport_may_end_anywhere) {
  static const uint8_t body[300];
  open_secrets(CS_TEST_KEY);
  for (size_t at = 0;; at++) {
    begin(_i);
    put("a", body, 300);
    bool moved = true;
    size_t given = 0;
    while (moved && given < at) {
      cs_span bytes;
      moved = false;
      cs_test_side_events(&j.client, j.now);
      if (cs_endpoint_output(j.client.e, j.now, &bytes)) {
        size_t n = bytes.len < at - given ? bytes.len : at - given;
        (void)cs_endpoint_receive(j.server.e, 0, false, cs_span_of(bytes.at, n), j.now);
        cs_test_side_events(&j.server, j.now);
        cs_endpoint_sent(j.client.e, n, j.now);
        given += n;
        moved = true;
      }
      if (cs_endpoint_output(j.server.e, j.now, &bytes)) {
        (void)cs_endpoint_receive(j.client.e, 0, false, bytes, j.now);
        cs_test_side_events(&j.client, j.now);
        cs_endpoint_sent(j.server.e, bytes.len, j.now);
        moved = true;
      }
    }
    cs_endpoint_link(j.client.e, CS_LINK_CLOSED, j.now);
    cs_endpoint_link(j.server.e, CS_LINK_CLOSED, j.now);
    cs_test_side_events(&j.client, j.now);
    cs_test_side_events(&j.server, j.now);
    ck_assert_uint_eq(told(&j.client), 1);
    if (j.client.kinds[CS_EVENT_NACK])
      ck_assert_int_eq(j.client.nack, CS_NACK_CLOSED);
    both_finished();
    cs_test_joined_close(&j);
    if (given < at)
      break;
  }
  close_secrets();
}
END_TEST

/* ---- ends ---- */

START_TEST(the_server_may_release_too) {
  static const uint8_t body[100];
  open_joined(_i);
  put("a", body, 100);
  cs_test_joined_run(&j);
  cs_endpoint_release(j.server.e, j.now);
  cs_test_joined_run(&j);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_RELEASE], 1);
  ck_assert_int_eq(state_of(&j.client), CS_TLS_CLOSED);
  ck_assert_int_eq(state_of(&j.server), CS_TLS_CLOSED);
  both_finished();
  close_joined();
}
END_TEST

/* What a record of an alert says to be, once the session is: TLS 1.3 shows nothing of
 * what is inside. */
static uint8_t alert_type(void) {
  cs_tls_negotiated n;
  ck_assert(cs_tls_negotiated_of(cs_endpoint_tls(j.client.e), &n));
  return n.version == 0x0304 ? 23 : 21;
}

/* Gives the server what the client sends; whether that was its close_notify. A server
 * that has said its own does not read on by itself. */
static bool hears_close_notify(cs_span bytes) {
  static uint8_t buf[CS_TLS_RECORD_MAX];
  size_t len;
  cs_tls *t = cs_endpoint_tls(j.server.e);
  if (cs_tls_state_of(t) == CS_TLS_CLOSED) {
    ck_assert_int_eq(cs_tls_feed(t, bytes, j.now), CS_OK);
    ck_assert_int_eq(cs_tls_read(t, buf, sizeof buf, &len), CS_ERR_CLOSED);
  } else {
    (void)cs_endpoint_receive(j.server.e, 0, false, bytes, j.now);
    cs_test_side_events(&j.server, j.now);
  }
  return cs_tls_peer_closed(t);
}

/* Release, the closing handshake of a WebSocket, close_notify: in this order, and
 * finished when the last is out. */
START_TEST(close_notify_is_the_last_that_goes) {
  static const uint8_t body[100];
  cs_span bytes;
  open_joined(_i);
  put("a", body, 100);
  cs_test_joined_run(&j);
  const uint8_t alert = alert_type();
  cs_endpoint_release(j.client.e, j.now);
  uint8_t last = 0;
  bool heard = false;
  for (unsigned turn = 0; turn < 20; turn++) {
    cs_test_side_events(&j.client, j.now);
    if (cs_endpoint_output(j.client.e, j.now, &bytes)) {
      ck_assert(!cs_endpoint_finished(j.client.e));
      ck_assert(!heard);
      last = bytes.at[0];
      heard = hears_close_notify(bytes);
      cs_endpoint_sent(j.client.e, bytes.len, j.now);
    }
    if (cs_endpoint_output(j.server.e, j.now, &bytes)) {
      (void)cs_endpoint_receive(j.client.e, 0, false, bytes, j.now);
      cs_test_side_events(&j.client, j.now);
      cs_endpoint_sent(j.server.e, bytes.len, j.now);
    }
  }
  ck_assert_uint_eq(last, alert);
  ck_assert(heard);
  ck_assert_uint_eq(j.server.kinds[CS_EVENT_RELEASE], 1);
  ck_assert_int_eq(state_of(&j.server), CS_TLS_CLOSED);
  both_finished();
  close_joined();
}
END_TEST

START_TEST(the_close_notify_of_the_peer_ends_the_session) {
  static const uint8_t body[100];
  open_joined(_i);
  cs_test_joined_run(&j);
  j.server.hold = true;
  put("a", body, 100);
  put("b", body, 100);
  cs_test_joined_run(&j);
  cs_tls_finish(cs_endpoint_tls(j.server.e), j.now);
  cs_test_joined_run(&j);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_NACK], 2);
  ck_assert_int_eq(j.client.nack, CS_NACK_CLOSED);
  ck_assert_int_eq(j.client.nack_rule, CS_RULE_NONE);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_ABORTED], 0);
  ck_assert_int_eq(state_of(&j.client), CS_TLS_CLOSED);
  both_finished();
  close_joined();
}
END_TEST

START_TEST(a_wrong_key_ends_every_request_once) {
  static const uint8_t body[100];
  open_secrets("another key");
  begin(_i);
  put("a", body, 100);
  put("b", body, 100);
  cs_test_joined_run(&j);
  ck_assert_int_eq(state_of(&j.client), CS_TLS_FAILED);
  ck_assert_int_eq(state_of(&j.server), CS_TLS_FAILED);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_NACK], 2);
  ck_assert_int_eq(j.client.nack, CS_NACK_CLOSED);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_ABORTED], 1);
  ck_assert_int_eq(j.client.aborted, CS_RULE_TLS_ALERT);
  ck_assert_int_eq(j.client.nack_rule, CS_RULE_TLS_ALERT);
  both_finished();
  close_joined();
}
END_TEST

/* The alert of whoever gives up goes out before it is finished. */
START_TEST(the_last_alert_goes_out) {
  static const uint8_t body[100];
  cs_span bytes;
  open_joined(_i);
  cs_test_joined_run(&j);
  j.server.hold = true;
  put("a", body, 100);
  cs_test_joined_run(&j);
  const uint8_t alert = alert_type();
  static const uint8_t spoilt[] = "\x17\x03\x03\x00\x20 this is no record of the session's";
  ck_assert_int_eq(
      cs_endpoint_receive(j.client.e, 0, false, cs_span_of(spoilt, sizeof spoilt - 1), j.now),
      CS_OK);
  cs_test_side_events(&j.client, j.now);
  ck_assert_int_eq(state_of(&j.client), CS_TLS_FAILED);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_ABORTED], 1);
  ck_assert_int_eq(j.client.aborted, j.client.nack_rule);
  ck_assert(!cs_endpoint_finished(j.client.e));
  ck_assert(cs_endpoint_wants_transmit(j.client.e));
  ck_assert_int_eq(cs_endpoint_receive(j.client.e, 0, false, cs_span_of("x", 1), j.now),
                   CS_ERR_CLOSED);
  ck_assert(cs_endpoint_output(j.client.e, j.now, &bytes));
  ck_assert_uint_eq(bytes.at[0], alert);
  cs_test_joined_run(&j);
  ck_assert_int_eq(state_of(&j.server), CS_TLS_FAILED);
  ck_assert_int_eq(j.server.aborted, CS_RULE_TLS_ALERT);
  both_finished();
  close_joined();
}
END_TEST

/* And if the peer does not take it, that has its time. */
START_TEST(a_last_alert_that_is_not_taken_is_given_up) {
  open_joined(_i);
  cs_test_joined_run(&j);
  cs_tls_alert(cs_endpoint_tls(j.client.e), ALERT_HANDSHAKE_FAILURE, j.now);
  cs_endpoint_expire(j.client.e, j.now);
  cs_test_side_events(&j.client, j.now);
  ck_assert(!cs_endpoint_finished(j.client.e));
  cs_time at = cs_endpoint_deadline(j.client.e);
  ck_assert_uint_eq(at, j.now + 30 * CS_SECOND);
  j.now = at;
  cs_endpoint_expire(j.client.e, j.now);
  cs_test_side_events(&j.client, j.now);
  ck_assert(cs_endpoint_finished(j.client.e));
  cs_endpoint_link(j.server.e, CS_LINK_CLOSED, j.now);
  cs_test_side_events(&j.server, j.now);
  close_joined();
}
END_TEST

START_TEST(a_release_before_the_handshake_is_complete) {
  static const uint8_t body[100];
  cs_span bytes;
  open_joined(_i);
  put("a", body, 100);
  ck_assert(cs_endpoint_output(j.client.e, j.now, &bytes));
  cs_endpoint_release(j.client.e, j.now);
  cs_test_side_events(&j.client, j.now);
  ck_assert(cs_endpoint_finished(j.client.e));
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_NACK], 1);
  ck_assert(!cs_endpoint_output(j.client.e, j.now, &bytes));
  cs_endpoint_sent(j.client.e, 1, j.now);
  close_joined();
}
END_TEST

/* ---- a peer that does not read ---- */

START_TEST(a_peer_that_never_reads) {
  static uint8_t body[1 << 19];
  static const char tokens[] = "abcdefgh";
  cs_span bytes;
  open_joined(_i);
  cs_test_joined_run(&j);
  size_t before = j.client.out, resting = secrets[0].memory.out_bytes;
  for (unsigned i = 0; i < 8; i++) {
    cs_core_request_spec spec = {.code = 3,
                                 .mid = -1,
                                 .token = {(const uint8_t *)&tokens[i], 1},
                                 .payload = {body, sizeof body}};
    ck_assert_int_eq(
        cs_core_send_request(cs_endpoint_session(j.client.e), &spec, j.now, NULL, NULL), CS_OK);
  }
  ck_assert_uint_eq(j.client.out, before);
  j.client.memory.peak_bytes = j.client.memory.out_bytes;
  secrets[0].memory.peak_bytes = secrets[0].memory.out_bytes;
  for (unsigned i = 0; i < 10; i++) {
    ck_assert(cs_endpoint_output(j.client.e, j.now, &bytes));
    ck_assert_uint_le(bytes.len, CS_TLS_RECORD_MAX + 512);
  }
  /* One message, the chunk before it, one record. */
  ck_assert_uint_lt(j.client.memory.peak_bytes, sizeof body + 2 * 16384 + RESTING);
  ck_assert_uint_lt(secrets[0].memory.peak_bytes, resting + 2 * (CS_TLS_RECORD_MAX + 512));
  /* A byte less than it takes to count as progress. */
  j.now += 20 * CS_SECOND;
  cs_endpoint_expire(j.client.e, j.now);
  cs_endpoint_sent(j.client.e, CS_ENDPOINT_PROGRESS - 1, j.now);
  ck_assert_uint_eq(cs_endpoint_deadline(j.client.e), j.now + 10 * CS_SECOND);
  cs_endpoint_sent(j.client.e, 1, j.now);
  ck_assert_uint_eq(cs_endpoint_deadline(j.client.e), j.now + 30 * CS_SECOND);
  j.now += 30 * CS_SECOND;
  cs_endpoint_expire(j.client.e, j.now);
  cs_test_side_events(&j.client, j.now);
  ck_assert_int_eq(j.client.aborted, CS_RULE_PEER_STALLED);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_NACK], 8);
  ck_assert(cs_endpoint_finished(j.client.e));
  ck_assert(!cs_endpoint_output(j.client.e, j.now, &bytes));
  ck_assert_uint_lt(j.client.memory.out_bytes, RESTING);
  close_joined();
}
END_TEST

/* Nor the handshake's own bytes. */
START_TEST(a_peer_that_does_not_even_take_our_hello) {
  static const uint8_t body[1];
  cs_span bytes;
  open_joined(_i);
  put("a", body, 1);
  ck_assert(cs_endpoint_output(j.client.e, j.now, &bytes));
  ck_assert_uint_eq(cs_endpoint_deadline(j.client.e), j.now + 30 * CS_SECOND);
  j.now += 30 * CS_SECOND;
  cs_endpoint_expire(j.client.e, j.now);
  cs_test_side_events(&j.client, j.now);
  ck_assert_int_eq(j.client.aborted, CS_RULE_PEER_STALLED);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_NACK], 1);
  ck_assert(cs_endpoint_finished(j.client.e));
  close_joined();
}
END_TEST

/* What the server's TLS gives, with these bytes protected first and then close_notify. */
static cs_span said_and_closed(cs_span plain) {
  static uint8_t both[256];
  cs_span bytes;
  size_t len = 0;
  cs_tls *t = cs_endpoint_tls(j.server.e);
  if (plain.len)
    ck_assert_int_eq(cs_tls_write(t, plain, j.now), CS_OK);
  for (unsigned i = 0; i < 2; i++) {
    while (cs_tls_transmit(t, &bytes) == CS_OK) {
      ck_assert_uint_le(len + bytes.len, sizeof both);
      memcpy(both + len, bytes.at, bytes.len);
      len += bytes.len;
      cs_tls_sent(t, bytes.len, j.now);
    }
    cs_tls_finish(t, j.now);
  }
  return cs_span_of(both, len);
}

/* The client takes them, then sends what it has. */
static void take(cs_span bytes) {
  ck_assert_int_eq(cs_endpoint_receive(j.client.e, 0, false, bytes, j.now), CS_OK);
  cs_test_side_events(&j.client, j.now);
  ck_assert_int_eq(state_of(&j.client), CS_TLS_CLOSED);
  while (cs_endpoint_output(j.client.e, j.now, &bytes))
    cs_endpoint_sent(j.client.e, bytes.len, j.now);
  ck_assert(cs_endpoint_finished(j.client.e));
}

/* What the link would still have said is not, once TLS has ended. */
START_TEST(an_end_that_comes_with_a_ping) {
  open_joined(1);
  cs_test_joined_run(&j);
  take(said_and_closed(cs_span_of("\x89", 2)));
  close_joined();
}
END_TEST

/* What came behind a message that ended the session is taken from TLS all the same. */
START_TEST(an_end_that_comes_with_a_broken_message) {
  static const cs_span broken[] = {{(const uint8_t *)"\xf0\xff\xff\xff\xff\x45", 6},
                                   {(const uint8_t *)"\x81\x01x", 3}};
  open_joined(_i);
  cs_test_joined_run(&j);
  take(said_and_closed(broken[_i]));
  ck_assert_int_eq(j.client.aborted, _i ? CS_RULE_WS_TEXT : CS_RULE_MESSAGE_CAP);
  close_joined();
}
END_TEST

/* Nor are messages that wait sent after the peer's end. */
START_TEST(an_end_while_much_waits) {
  static const uint8_t body[100000];
  cs_span bytes;
  open_joined(_i);
  cs_test_joined_run(&j);
  put("a", body, sizeof body);
  ck_assert(cs_endpoint_output(j.client.e, j.now, &bytes));
  size_t before = bytes.len;
  ck_assert_uint_le(before, CS_TLS_RECORD_MAX + 512);
  take(said_and_closed(cs_span_of(NULL, 0)));
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_NACK], 1);
  ck_assert_uint_lt(j.client.memory.out_bytes, RESTING);
  close_joined();
}
END_TEST

/* Handshake records made by hand: a ServerHello that says to be 64 KiB long, in records
 * of a few bytes. */
START_TEST(a_server_hello_without_end) {
  static const uint8_t first[] = {22, 3, 3, 0, 6, 2, 0, 0xff, 0xff, 3, 3};
  static const uint8_t more[] = {22, 3, 3, 0, 2, 0, 0};
  static const uint8_t body[1];
  cs_span bytes;
  open_joined(_i);
  put("a", body, 1);
  while (cs_endpoint_output(j.client.e, j.now, &bytes))
    cs_endpoint_sent(j.client.e, bytes.len, j.now);
  cs_err e = cs_endpoint_receive(j.client.e, 0, false, cs_span_of(first, sizeof first), j.now);
  size_t given = 0;
  while (e == CS_OK && given < (2 << 20)) {
    cs_test_side_events(&j.client, j.now);
    given += sizeof more;
    e = cs_endpoint_receive(j.client.e, 0, false, cs_span_of(more, sizeof more), j.now);
  }
  ck_assert_int_eq(e, CS_ERR_CLOSED);
  cs_test_side_events(&j.client, j.now);
  ck_assert_int_eq(state_of(&j.client), CS_TLS_FAILED);
  ck_assert_uint_eq(j.client.kinds[CS_EVENT_NACK], 1);
  while (cs_endpoint_output(j.client.e, j.now, &bytes))
    cs_endpoint_sent(j.client.e, bytes.len, j.now);
  ck_assert(cs_endpoint_finished(j.client.e));
  close_joined();
}
END_TEST

/* Each allocation of ours fails in turn. */
START_TEST(each_failed_allocation_ends_the_session_or_does_no_harm) {
  static const uint8_t body[300];
  for (unsigned which = 0; which < 4; which++) {
    for (size_t n = 1;; n++) {
      open_joined(_i);
      cs_test_memory *each[] = {&j.client.memory, &j.server.memory, &secrets[0].memory,
                                &secrets[1].memory};
      cs_test_memory *m = each[which];
      size_t from = m->calls;
      m->fail_at = from + n;
      cs_core_request_spec spec = {.code = CS_CODE(0, 3), .mid = -1, .payload = {body, 300}};
      unsigned asked =
          cs_core_send_request(cs_endpoint_session(j.client.e), &spec, j.now, NULL, NULL) == CS_OK;
      j.chunk = 7;
      cs_test_joined_run(&j);
      cs_endpoint_release(j.client.e, j.now);
      cs_test_joined_run(&j);
      bool all = m->calls < from + n;
      ck_assert_uint_eq(told(&j.client), asked);
      both_finished();
      close_joined();
      if (all)
        break;
    }
  }
}
END_TEST

/* In a build without TLS nothing here can be; in one with it, this much can. */
START_TEST(tls_is_there_or_says_so) {
  cs_tls_shared *shared = NULL;
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_test_memory_init(&memory);
  cs_base_seeded_init(&seeded, 1);
  cs_err err = cs_tls_shared_new(&memory.alloc, cs_base_seeded_random(&seeded), &shared);
  ck_assert_int_eq(err, cs_tls_available(CS_TLS_STREAM) ? CS_OK : CS_ERR_UNSUPPORTED);
  cs_tls_shared_free(shared);
  ck_assert_uint_eq(memory.out_bytes, 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("endpoint/secure_stream");
  TCase *c = tcase_create("secure_stream");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, tls_is_there_or_says_so);
  if (cs_tls_available(CS_TLS_STREAM)) {
    tcase_add_loop_test(c, requests_are_answered, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, only_records_leave, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, the_session_begins_behind_the_handshake, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, the_stream_may_be_cut_anywhere, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, the_transport_may_end_anywhere, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, the_server_may_release_too, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, close_notify_is_the_last_that_goes, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, the_close_notify_of_the_peer_ends_the_session, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, a_wrong_key_ends_every_request_once, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, the_last_alert_goes_out, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, a_last_alert_that_is_not_taken_is_given_up, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, a_release_before_the_handshake_is_complete, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, a_peer_that_never_reads, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, a_peer_that_does_not_even_take_our_hello, 0, CS_TEST_KINDS);
    tcase_add_test(c, an_end_that_comes_with_a_ping);
    tcase_add_loop_test(c, an_end_that_comes_with_a_broken_message, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, an_end_while_much_waits, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, a_server_hello_without_end, 0, CS_TEST_KINDS);
    tcase_add_loop_test(c, each_failed_allocation_ends_the_session_or_does_no_harm, 0,
                        CS_TEST_KINDS);
  }
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
