/* TLS below TCP and WebSocket: events in their order, ends, and no message before
 * the handshake. */
#include "secure_fixture.h"
#include "stream_fixture.h"

#define TCP_UP "event 1001\n"
#define TLS_UP "event 1de\n"
#define WS_UP "event 7002\n"
#define CSM "event 2001\n"

static cs_tls *new_tls(void) {
  cs_tls *t;
  cs_tls_config c = {.setup = se.setup, .kind = CS_TLS_STREAM};
  ck_assert_int_eq(cs_tls_open(&c, cs_test_net_now(fx.net), &t), CS_OK);
  return t;
}

static void idle(void *ctx) {
  se_idle(ctx);
  sp_idle(ctx);
  if (sp.endpoint && cs_endpoint_deadline(sp.endpoint) <= cs_test_net_now(fx.net))
    cs_endpoint_expire(sp.endpoint, cs_test_net_now(fx.net));
}

static void open_with(coap_proto_t proto, const char *key) {
  coap_dtls_cpsk_t data = se_psk("me", key);
  sp_listen(proto);
  sp.config.plain = se.plain;
  sp.secure = new_tls;
  cs_test_net_set_idle(fx.net, idle, NULL);
  sp.session = coap_new_client_session_psk2(fx.ctx, NULL, &fx.server, proto, &data);
  ck_assert_msg(sp.session != NULL, "%s", coap_last_error());
  ck_assert_int_eq(coap_session_get_state(sp.session), COAP_SESSION_STATE_CONNECTING);
}

static void ask(void) {
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
}

START_TEST(tls) {
  open_with(COAP_PROTO_TLS, "secret");
  ask();
  ck_assert(sp_until("response", 20));
  FX_TOLD(TCP_UP TLS_UP CSM "response 2.05 to 1: hi\n");
  ck_assert_uint_eq(sp.bytes[0], 22); /* a handshake record came first */
  cs_tls_negotiated n;
  ck_assert(cs_tls_negotiated_of(cs_endpoint_tls(sp.endpoint), &n));
  ck_assert_str_eq(n.alpn, "coap");
  sp_close();
}
END_TEST

START_TEST(wss) {
  open_with(COAP_PROTO_WSS, "secret");
  ask();
  ck_assert(sp_until("response", 20));
  FX_TOLD(TCP_UP TLS_UP WS_UP CSM "response 2.05 to 1: hi\n");
  sp_close();
}
END_TEST

START_TEST(the_wrong_key) {
  open_with(COAP_PROTO_TLS, "secred");
  ask();
  ck_assert(sp_until("event 2003", 20));
  FX_TOLD(TCP_UP "event 200\nnack 3 of 1\nevent 1002\nevent 2003\n");
  ck_assert_str_eq(coap_last_rule() ? coap_last_rule() : "", "RFC5246#7.2:fatal-alert");
  ck_assert_uint_eq(sp.served, 0);
  sp_close();
}
END_TEST

START_TEST(the_server_leaves) {
  open_with(COAP_PROTO_TLS, "secret");
  ask();
  ck_assert(sp_until("response", 20));
  fx.told[0] = '\0';
  cs_endpoint_release(sp.endpoint, cs_test_net_now(fx.net));
  sp_flush();
  ck_assert(sp_until("event 2002", 40));
  FX_TOLD("event 0\nevent 1002\nevent 2002\n");
  sp_close();
}
END_TEST

START_TEST(the_connection_is_cut) {
  open_with(COAP_PROTO_TLS, "secret");
  ask();
  ck_assert(sp_until("response", 20));
  fx.told[0] = '\0';
  sp_drop();
  ck_assert(sp_until("event 2002", 40));
  FX_TOLD("event 0\nevent 1002\nevent 2002\n");
  sp_close();
}
END_TEST

START_TEST(a_body_of_many_records_each_way) {
  open_with(COAP_PROTO_WSS, "secret");
  sp.body = 2000;
  ck_assert(sp_until("event 2001", 20)); /* how much the server takes is said by its CSM */
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_PUT, 100000)),
                   COAP_INVALID_MID);
  ck_assert(sp_until("response", 60));
  ck_assert_uint_eq(sp.payload, 100000);
  sp_close();
}
END_TEST

START_TEST(released_in_good_order) {
  open_with(COAP_PROTO_TLS, "secret");
  ask();
  ck_assert(sp_until("response", 20));
  coap_session_release(sp.session);
  cs_test_net_advance(fx.net, CS_MILLISECOND);
  idle(NULL);
  ck_assert(sp.hung_up);
  ck_assert_int_eq(cs_tls_state_of(cs_endpoint_tls(sp.endpoint)), CS_TLS_CLOSED);
  sp_close();
}
END_TEST

START_TEST(the_name_is_asked_for) {
  char name[] = "localhost";
  coap_dtls_cpsk_t data = se_psk("me", "secret");
  data.client_sni = name;
  sp_listen(COAP_PROTO_WSS);
  sp.config.plain = se.plain;
  sp.secure = new_tls;
  cs_test_net_set_idle(fx.net, idle, NULL);
  sp.session = coap_new_client_session_psk2(fx.ctx, NULL, &fx.server, COAP_PROTO_WSS, &data);
  ck_assert_ptr_nonnull(sp.session);
  ask();
  ck_assert(sp_until("response", 20));
  cs_tls_negotiated n;
  ck_assert(cs_tls_negotiated_of(cs_endpoint_tls(sp.endpoint), &n));
  ck_assert(cs_span_equal(n.server_name, cs_span_str("localhost")));
  ck_assert_ptr_null(n.alpn); /* that of HTTP, if any */
  sp_close();
}
END_TEST

SE_SUITE("secure_stream", tls, wss, the_wrong_key, the_server_leaves, the_connection_is_cut,
         a_body_of_many_records_each_way, released_in_good_order, the_name_is_asked_for)
