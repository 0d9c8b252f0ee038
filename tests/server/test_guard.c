/* The guard: DTLS and TLS before the embedded server. */
#include "support/guarded.h"
#include "support/check_main.h"

static guarded g;

static void heard(guarded_client *c, const char *beginning) {
  const char *text = guarded_heard(&g, c);
  ck_assert_msg(strncmp(text, beginning, strlen(beginning)) == 0, "wanted %s, heard %s", beginning,
                text);
}

static void ask(guarded_client *c, const char *text, const char *beginning) {
  ck_assert(guarded_say(&g, c, text));
  guarded_turn(&g);
  heard(c, beginning);
}

START_TEST(a_request_is_answered_under_dtls) {
  guarded_client *c = &g.clients[0];
  guarded_open(&g, CS_WIRE_UDP, 0);
  ck_assert(guarded_shake(&g, c));
  ck_assert_uint_eq(c->cookies, 1);
  ask(c, "CON GET mid=7 token=aa Uri-Path=\"test\"", "ACK 2.05 mid=0x0007 token=aa");
  ck_assert_uint_eq(c->plain, 0);
  guarded_close(&g);
}
END_TEST

/* Two clients do not hear each other. */
START_TEST(each_address_has_a_session) {
  guarded_open(&g, CS_WIRE_UDP, 0);
  ck_assert(guarded_shake(&g, &g.clients[0]));
  ck_assert(guarded_shake(&g, &g.clients[1]));
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 2);
  ask(&g.clients[0], "CON GET mid=7 token=aa Uri-Path=\"test\"", "ACK 2.05 mid=0x0007 token=aa");
  ck_assert_uint_eq(g.clients[1].heard_len, 0);
  ask(&g.clients[1], "CON GET mid=7 token=bb Uri-Path=\"none\"", "ACK 4.04 mid=0x0007 token=bb");
  guarded_close(&g);
}
END_TEST

static bool shake_with(guarded_client *c, const cs_tls_psk *psk, const cs_tls_pki *pki) {
  if (g.form != CS_WIRE_UDP)
    ck_assert_int_eq(cs_server_guard_connect(g.guard, c->peer, g.form, g.now), CS_OK);
  guarded_session(&g, c, psk, pki);
  guarded_pass(&g, CS_SECOND);
  return cs_tls_state_of(c->tls) == CS_TLS_ESTABLISHED && c->said == CS_ERR_AGAIN;
}

START_TEST(keys_and_certificates_are_taken_at_once) {
  static const cs_wire_form forms[] = {CS_WIRE_UDP, CS_WIRE_TCP, CS_WIRE_WS};
  const cs_tls_psk right = {cs_span_str("coapspec"), cs_span_str(CS_TEST_TLS_KEY), {NULL, 0}};
  const cs_tls_psk wrong = {cs_span_str("coapspec"), cs_span_str("Secret_key124"), {NULL, 0}};
  const cs_tls_psk nobody = {cs_span_str("nobody"), cs_span_str(CS_TEST_TLS_KEY), {NULL, 0}};
  cs_tls_pki client = {.ca = CS_TEST_TLS_FILE("ca.pem"),
                       .certificate = CS_TEST_TLS_FILE("client.pem"),
                       .key = CS_TEST_TLS_FILE("client.key"),
                       .policy.verify_peer = true,
                       .server_name = cs_span_str("localhost")};
  cs_tls_pki none = client;
  cs_tls_pki intruder = client;
  none.certificate = none.key = cs_span_of(NULL, 0);
  intruder.certificate = CS_TEST_TLS_FILE("intruder.pem");
  intruder.key = CS_TEST_TLS_FILE("intruder.key");
  guarded_open(&g, forms[_i], 0);
  ck_assert(shake_with(&g.clients[0], &right, NULL));
  ck_assert(!shake_with(&g.clients[1], &wrong, NULL));
  ck_assert(!shake_with(&g.clients[2], &nobody, NULL));
  ck_assert(shake_with(&g.clients[3], NULL, &client));
  ck_assert(!shake_with(&g.clients[4], NULL, &none));
  ck_assert(!shake_with(&g.clients[5], NULL, &intruder));
  if (g.form == CS_WIRE_UDP) /* what the server would wait for in vain on a connection */
    guarded_pass(&g, 60 * CS_SECOND);
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 2);
  guarded_close(&g);
}
END_TEST

/* RFC 7252 section 9.1.1: the Message ID of an earlier session is no duplicate. */
START_TEST(a_new_session_is_a_new_endpoint) {
  guarded_client *c = &g.clients[0];
  guarded_open(&g, CS_WIRE_UDP, 0);
  ck_assert(guarded_shake(&g, c));
  ask(c, "CON GET mid=7 token=aa Uri-Path=\"test\"", "ACK 2.05 mid=0x0007 token=aa");
  ask(c, "CON GET mid=7 token=bb Uri-Path=\"none\"", "ACK 2.05 mid=0x0007 token=aa");
  ck_assert(guarded_shake(&g, c));
  ask(c, "CON GET mid=7 token=bb Uri-Path=\"none\"", "ACK 4.04 mid=0x0007 token=bb");
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 1);
  guarded_close(&g);
}
END_TEST

/* RFC 6347 section 4.2.8: who cannot complete a handshake does not end the session. */
START_TEST(the_old_session_stays_until_the_new_one_is_complete) {
  guarded_client *c = &g.clients[0];
  guarded_client *other = &g.clients[1];
  const cs_tls_psk wrong = {cs_span_str("coapspec"), cs_span_str("another"), {NULL, 0}};
  guarded_open(&g, CS_WIRE_UDP, 0);
  ck_assert(guarded_shake(&g, c));
  other->peer = c->peer; /* somebody else at the same address */
  c->peer = 100;         /* hears nothing meanwhile */
  guarded_session(&g, other, &wrong, NULL);
  guarded_turn(&g);
  ck_assert_int_ne(cs_tls_state_of(other->tls), CS_TLS_ESTABLISHED);
  c->peer = other->peer;
  other->peer = 100;
  ask(c, "CON GET mid=7 token=aa Uri-Path=\"test\"", "ACK 2.05 mid=0x0007 token=aa");
  guarded_close(&g);
}
END_TEST

START_TEST(what_is_not_dtls_is_ignored) {
  static const uint8_t ping[] = {0x40, 0x00, 0x12, 0x34};
  static const uint8_t data[] = {23, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4, 0x40, 0, 1, 2};
  uint8_t bytes[64];
  guarded_client *c = &g.clients[0];
  guarded_open(&g, CS_WIRE_UDP, 0);
  guarded_give(&g, c, cs_span_of(ping, sizeof ping));
  guarded_give(&g, c, cs_span_of(data, sizeof data));
  for (size_t n = 0; n <= sizeof bytes; n++)
    for (unsigned fill = 0; fill < 256; fill += 15) {
      memset(bytes, (int)fill, sizeof bytes);
      bytes[0] = 22; /* a handshake, perhaps */
      bytes[1] = 254;
      guarded_give(&g, c, cs_span_of(bytes, n));
    }
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 0);
  guarded_turn(&g);
  ck_assert(guarded_shake(&g, c));
  guarded_give(&g, c, cs_span_of(ping, sizeof ping));
  guarded_turn(&g);
  ck_assert_uint_eq(c->plain, 0);
  guarded_close(&g);
}
END_TEST

/* Its client is gone after the first flight. */
START_TEST(a_handshake_that_does_not_end_is_dropped) {
  const cs_tls_psk psk = {cs_span_str("coapspec"), cs_span_str(CS_TEST_TLS_KEY), {NULL, 0}};
  guarded_client *c = &g.clients[0];
  cs_span bytes;
  static uint8_t buf[CS_TLS_RECORD_MAX];
  uint64_t peer;
  size_t len;
  guarded_open(&g, _i ? CS_WIRE_TCP : CS_WIRE_UDP, 0);
  if (_i)
    ck_assert_int_eq(cs_server_guard_connect(g.guard, c->peer, g.form, g.now), CS_OK);
  guarded_session(&g, c, &psk, NULL);
  ck_assert_int_eq(cs_tls_transmit(c->tls, &bytes), CS_OK);
  guarded_give(&g, c, bytes);
  cs_tls_close(c->tls);
  c->tls = NULL;
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 1);
  cs_time end = g.now + 31 * CS_SECOND;
  bool closed = false;
  for (cs_time at; (at = cs_server_guard_deadline(g.guard)) <= end;) {
    cs_server_guard_expire(g.guard, at);
    while (cs_server_guard_transmit(g.guard, at, buf, sizeof buf, &peer, &len) == CS_OK)
      ck_assert_uint_eq(peer, c->peer);
    while (cs_server_guard_closing(g.guard, at, &peer))
      closed = true;
  }
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 0);
  ck_assert(closed == (_i == 1));
  guarded_close(&g);
}
END_TEST

START_TEST(sessions_are_bounded) {
  const cs_tls_psk psk = {cs_span_str("coapspec"), cs_span_str(CS_TEST_TLS_KEY), {NULL, 0}};
  cs_span bytes;
  guarded_open(&g, CS_WIRE_UDP, 2);
  ck_assert(guarded_shake(&g, &g.clients[0]));
  /* Half-open ones make room for each other, not the established one. */
  for (size_t i = 1; i < GUARDED_CLIENTS; i++) {
    guarded_session(&g, &g.clients[i], &psk, NULL);
    ck_assert_int_eq(cs_tls_transmit(g.clients[i].tls, &bytes), CS_OK);
    guarded_give(&g, &g.clients[i], bytes);
    cs_tls_close(g.clients[i].tls);
    g.clients[i].tls = NULL;
    ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 2);
  }
  ask(&g.clients[0], "CON GET mid=7 token=aa Uri-Path=\"test\"", "ACK 2.05 mid=0x0007 token=aa");
  guarded_close(&g);
  guarded_open(&g, CS_WIRE_TCP, 2);
  ck_assert(guarded_shake(&g, &g.clients[0]));
  ck_assert(guarded_shake(&g, &g.clients[1]));
  ck_assert_int_eq(cs_server_guard_connect(g.guard, 3, CS_WIRE_TCP, g.now), CS_ERR_LIMIT);
  ck_assert_int_eq(cs_server_guard_connect(g.guard, 2, CS_WIRE_TCP, g.now), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_server_guard_connect(g.guard, 4, CS_WIRE_UDP, g.now), CS_ERR_ARGUMENT);
  guarded_close(&g);
}
END_TEST

/* However the stream is cut. */
START_TEST(a_request_is_answered_under_tls) {
  static const size_t cuts[] = {0, 1, 7};
  guarded_client *c = &g.clients[0];
  guarded_open(&g, CS_WIRE_TCP, 0);
  g.cut = cuts[_i];
  ck_assert(guarded_shake(&g, c));
  cs_tls_negotiated n;
  ck_assert(cs_tls_negotiated_of(c->tls, &n));
  ck_assert_ptr_nonnull(n.alpn);
  ck_assert_str_eq(n.alpn, "coap");
  guarded_turn(&g);
  heard(c, "CSM");
  ask(c, "CSM", "");
  ask(c, "GET token=aa Uri-Path=\"test\"", "2.05 token=aa");
  guarded_close(&g);
}
END_TEST

START_TEST(close_notify_is_answered) {
  guarded_client *c = &g.clients[0];
  guarded_open(&g, _i ? CS_WIRE_TCP : CS_WIRE_UDP, 0);
  ck_assert(guarded_shake(&g, c));
  cs_tls_finish(c->tls, g.now);
  guarded_turn(&g);
  ck_assert(cs_tls_peer_closed(c->tls));
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 0);
  ck_assert(c->closed == (_i == 1));
  if (!_i)
    ck_assert(guarded_shake(&g, c));
  guarded_close(&g);
}
END_TEST

START_TEST(a_fatal_alert_ends_the_session) {
  guarded_client *c = &g.clients[0];
  guarded_open(&g, _i ? CS_WIRE_TCP : CS_WIRE_UDP, 0);
  ck_assert(guarded_shake(&g, c));
  cs_tls_alert(c->tls, 20, g.now);
  guarded_turn(&g);
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 0);
  ck_assert(c->closed == (_i == 1));
  guarded_close(&g);
}
END_TEST

/* A Release makes the server close; the last word is close_notify. */
START_TEST(the_server_closes_by_close_notify) {
  guarded_client *c = &g.clients[0];
  guarded_open(&g, CS_WIRE_TCP, 0);
  ck_assert(guarded_shake(&g, c));
  guarded_turn(&g);
  ask(c, "CSM", "");
  ck_assert(guarded_say(&g, c, "Release"));
  guarded_turn(&g);
  ck_assert(cs_tls_peer_closed(c->tls));
  ck_assert(c->closed);
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 0);
  guarded_close(&g);
}
END_TEST

START_TEST(a_hangup_leaves_nothing) {
  guarded_client *c = &g.clients[0];
  uint64_t peer;
  guarded_open(&g, CS_WIRE_TCP, 0);
  ck_assert(guarded_shake(&g, c));
  cs_server_guard_hangup(g.guard, c->peer, g.now);
  ck_assert_uint_eq(cs_server_guard_sessions(g.guard), 0);
  ck_assert(!cs_server_guard_closing(g.guard, g.now, &peer));
  ck_assert_int_eq(cs_server_connect(g.server, 9, CS_WIRE_TCP, g.now), CS_OK);
  guarded_close(&g);
}
END_TEST

/* Peers that are not guarded are passed through, their connections too. */
START_TEST(others_are_passed_through) {
  static const uint8_t ping[] = {0x40, 0x00, 0x12, 0x34};
  static const uint8_t csm_release[] = {0x00, 0xe1, 0x00, 0xe4};
  uint8_t buf[256];
  uint64_t peer = 0;
  size_t len;
  guarded_open(&g, CS_WIRE_UDP, 0);
  ck_assert_int_eq(cs_server_receive(g.server, 77, false, cs_span_of(ping, sizeof ping), g.now),
                   CS_OK);
  ck_assert_int_eq(cs_server_guard_transmit(g.guard, g.now, buf, sizeof buf, &peer, &len), CS_OK);
  ck_assert_uint_eq(peer, 77);
  ck_assert_uint_eq(len, 4);
  ck_assert_uint_eq(buf[0], 0x70);
  ck_assert_int_eq(cs_server_connect(g.server, 78, CS_WIRE_TCP, g.now), CS_OK);
  (void)cs_server_receive(g.server, 78, false, cs_span_of(csm_release, sizeof csm_release), g.now);
  while (cs_server_guard_transmit(g.guard, g.now, buf, sizeof buf, &peer, &len) == CS_OK)
    ck_assert_uint_eq(peer, 78);
  ck_assert(cs_server_guard_closing(g.guard, g.now, &peer));
  ck_assert_uint_eq(peer, 78);
  ck_assert(!cs_server_guard_closing(g.guard, g.now, &peer));
  guarded_close(&g);
}
END_TEST

START_TEST(a_buffer_that_is_too_small_loses_nothing) {
  const cs_tls_psk psk = {cs_span_str("coapspec"), cs_span_str(CS_TEST_TLS_KEY), {NULL, 0}};
  guarded_client *c = &g.clients[0];
  cs_span bytes;
  uint8_t buf[CS_TLS_RECORD_MAX];
  uint64_t peer;
  size_t len;
  guarded_open(&g, CS_WIRE_UDP, 0);
  guarded_session(&g, c, &psk, NULL);
  ck_assert_int_eq(cs_tls_transmit(c->tls, &bytes), CS_OK);
  guarded_give(&g, c, bytes);
  ck_assert_int_eq(cs_server_guard_transmit(g.guard, g.now, buf, 10, &peer, &len),
                   CS_ERR_TOO_LARGE);
  ck_assert_int_eq(cs_server_guard_transmit(g.guard, g.now, buf, sizeof buf, &peer, &len), CS_OK);
  ck_assert_uint_gt(len, 10);
  guarded_close(&g);
}
END_TEST

START_TEST(wrong_credentials_are_named) {
  const char *why = NULL;
  cs_server_guard *guard = NULL;
  guarded_begin(&g, CS_WIRE_UDP);
  cs_server_config server = {.alloc = &g.memory.alloc, .seed = 42};
  ck_assert_int_eq(cs_server_new(&server, g.now, &g.server, NULL), CS_OK);
  cs_server_guard_config config = {.alloc = &g.memory.alloc,
                                   .random = cs_base_seeded_random(&g.seeded),
                                   .credentials = guarded_credentials(),
                                   .server = g.server};
  config.credentials.private_key = CS_TEST_TLS_FILE("client.key");
  ck_assert_int_eq(cs_server_guard_new(&config, &guard, &why), CS_ERR_ARGUMENT);
  ck_assert_ptr_null(guard);
  ck_assert_ptr_nonnull(why);
  guarded_close(&g);
}
END_TEST

/* Each allocation of the server's side fails in turn: never more than a session
 * is lost. */
START_TEST(every_allocation_may_fail) {
  guarded_open(&g, _i ? CS_WIRE_TCP : CS_WIRE_UDP, 0);
  size_t before = g.memory.calls;
  ck_assert(guarded_shake(&g, &g.clients[0]));
  size_t count = g.memory.calls - before;
  guarded_close(&g);
  ck_assert_uint_gt(count, 10);
  for (size_t n = 1; n <= count; n += count > 400 ? 3 : 1) {
    guarded_open(&g, _i ? CS_WIRE_TCP : CS_WIRE_UDP, 0);
    g.memory.fail_at = g.memory.calls + n;
    (void)guarded_shake(&g, &g.clients[0]);
    g.memory.fail_at = 0;
    guarded_turn(&g);
    ck_assert_msg(guarded_shake(&g, &g.clients[1]), "behind allocation %zu", n);
    guarded_close(&g);
  }
}
END_TEST

static Suite *guard_suite(void) {
  Suite *suite = suite_create("guard");
  TCase *t = tcase_create("datagrams");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, a_request_is_answered_under_dtls);
  tcase_add_test(t, each_address_has_a_session);
  tcase_add_loop_test(t, keys_and_certificates_are_taken_at_once, 0, 3);
  tcase_add_test(t, a_new_session_is_a_new_endpoint);
  tcase_add_test(t, the_old_session_stays_until_the_new_one_is_complete);
  tcase_add_test(t, what_is_not_dtls_is_ignored);
  tcase_add_loop_test(t, a_handshake_that_does_not_end_is_dropped, 0, 2);
  tcase_add_test(t, sessions_are_bounded);
  tcase_add_test(t, a_buffer_that_is_too_small_loses_nothing);
  suite_add_tcase(suite, t);
  t = tcase_create("streams");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, a_request_is_answered_under_tls, 0, 3);
  tcase_add_loop_test(t, close_notify_is_answered, 0, 2);
  tcase_add_loop_test(t, a_fatal_alert_ends_the_session, 0, 2);
  tcase_add_test(t, the_server_closes_by_close_notify);
  tcase_add_test(t, a_hangup_leaves_nothing);
  tcase_add_test(t, others_are_passed_through);
  suite_add_tcase(suite, t);
  t = tcase_create("making");
  tcase_set_timeout(t, 100);
  tcase_add_test(t, wrong_credentials_are_named);
  tcase_add_loop_test(t, every_allocation_may_fail, 0, 2);
  suite_add_tcase(suite, t);
  return suite;
}

START_TEST(without_tls_there_is_no_guard) {
  cs_test_memory memory;
  cs_base_seeded seeded;
  cs_server_guard *guard = NULL;
  const char *why;
  cs_test_memory_init(&memory);
  cs_base_seeded_init(&seeded, 1);
  cs_server_config server = {.alloc = &memory.alloc, .seed = 42};
  cs_server *s;
  ck_assert_int_eq(cs_server_new(&server, 0, &s, NULL), CS_OK);
  cs_server_guard_config config = {
      .alloc = &memory.alloc, .random = cs_base_seeded_random(&seeded), .server = s};
  ck_assert_int_eq(cs_server_guard_new(&config, &guard, &why), CS_ERR_UNSUPPORTED);
  cs_server_free(s);
  ck_assert_uint_eq(memory.out_bytes, 0);
}
END_TEST

int main(void) {
  if (cs_tls_available(CS_TLS_DATAGRAM))
    return cs_test_main(guard_suite());
  Suite *suite = suite_create("guard");
  TCase *t = tcase_create("none");
  tcase_add_test(t, without_tls_there_is_no_guard);
  suite_add_tcase(suite, t);
  return cs_test_main(suite);
}
