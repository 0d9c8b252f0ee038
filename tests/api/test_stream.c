/* Sessions over TCP and WebSocket, from the first byte to the last. */
#include "stream_fixture.h"

static const coap_proto_t protos[] = {COAP_PROTO_TCP, COAP_PROTO_WS};

static void establish(coap_proto_t proto) {
  sp_open(proto);
  ck_assert(sp_until("event 2001\n", 5));
}

START_TEST(a_session_connects_asks_and_is_released) {
  coap_proto_t proto = protos[_i];
  sp_open(proto);
  ck_assert_int_eq(coap_session_get_proto(sp.session), proto);
  ck_assert_int_eq(coap_session_get_state(sp.session), COAP_SESSION_STATE_CONNECTING);
  ck_assert(sp_until("event 2001\n", 5));
  ck_assert_int_eq(coap_session_get_state(sp.session), COAP_SESSION_STATE_ESTABLISHED);
  FX_TOLD(proto == COAP_PROTO_WS ? "event 1001\nevent 7002\nevent 2001\n"
                                 : "event 1001\nevent 2001\n");
  coap_mid_t mid = coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0));
  ck_assert_int_ne(mid, COAP_INVALID_MID);
  ck_assert_int_eq(coap_can_exit(fx.ctx), 0);
  ck_assert(sp_until("response", 5));
  FX_TOLD("response 2.05 to 1: hi\n");
  ck_assert_int_eq(coap_can_exit(fx.ctx), 1);
  coap_session_release(sp.session);
  for (int i = 0; i < 5 && !sp.hung_up; i++)
    sp_idle(NULL);
  ck_assert(sp.hung_up);
  sp_close();
}
END_TEST

START_TEST(a_request_made_before_the_connection_waits_for_it) {
  sp_open(protos[_i]);
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  ck_assert(sp_until("response 2.05 to 1: hi\n", 5));
  sp_close();
}
END_TEST

START_TEST(the_peers_csm_says_how_large_a_message_may_be) {
  coap_proto_t proto = protos[_i];
  sp_open(proto);
  size_t before = coap_session_max_pdu_size(sp.session);
  ck_assert_uint_eq(before, proto == COAP_PROTO_WS ? 1150 : 1148); /* of 1152 */
  ck_assert(sp_until("event 2001\n", 5));
  ck_assert_uint_eq(coap_session_max_pdu_size(sp.session),
                    proto == COAP_PROTO_WS ? (1 << 20) - 2 : (1 << 20) - 6);
  sp_close();
}
END_TEST

/* What is announced is what is accepted, whatever is set for later sessions. */
START_TEST(the_message_size_of_a_session_is_that_of_its_beginning) {
  coap_context_set_csm_max_message_size(fx.ctx, 1200);
  sp_open(protos[_i]);
  coap_context_set_csm_max_message_size(fx.ctx, 8000000);
  ck_assert(sp_until("event 2001\n", 5));
  coap_context_set_csm_max_message_size(fx.ctx, 64);
  sp.body = 1000;
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  ck_assert(sp_until("response 2.05 to 1: ", 5));
  ck_assert_uint_eq(cs_core_peer_settings(cs_endpoint_session(sp.endpoint))->max_message, 1200);
  ck_assert_int_eq(coap_session_get_state(sp.session), COAP_SESSION_STATE_ESTABLISHED);
  sp_close();
}
END_TEST

START_TEST(a_put_of_exactly_that_size_goes_and_one_byte_more_does_not) {
  establish(protos[_i]);
  size_t size = coap_session_max_pdu_size(sp.session);
  coap_pdu_t *pdu = sp_request(COAP_REQUEST_CODE_PUT, 0);
  static uint8_t filler[1 << 20];
  size_t room = size - 4 - 2 - 1; /* token, Uri-Path "x", marker */
  ck_assert_int_eq(coap_add_data(pdu, room + 1, filler), 0);
  fx_reason("");
  ck_assert_int_eq(coap_add_data(pdu, room, filler), 1);
  ck_assert_int_ne(coap_send(sp.session, pdu), COAP_INVALID_MID);
  ck_assert(sp_until("response 2.05 to 3: hi\n", 50));
  ck_assert_uint_eq(sp.payload, room);
  /* Made larger than it may be by other means, it is refused when it is sent. */
  pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, 0);
  ck_assert_ptr_nonnull(pdu);
  ck_assert_int_eq(coap_add_data(pdu, size, filler), 1);
  ck_assert_int_eq(coap_send(sp.session, pdu), COAP_INVALID_MID);
  fx_reason("message");
  sp_close();
}
END_TEST

START_TEST(a_thousand_requests_are_under_way_at_once) {
  establish(protos[_i]);
  for (int i = 0; i < 1000; i++)
    ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  for (int i = 0; i < 2000 && coap_io_pending(fx.ctx); i++) {
    fx.told[0] = '\0';
    coap_io_process(fx.ctx, 100);
  }
  ck_assert_uint_eq(sp.served, 1000);
  ck_assert_int_eq(coap_can_exit(fx.ctx), 1);
  sp_close();
}
END_TEST

START_TEST(bytes_come_one_by_one) {
  sp_open(protos[_i]);
  sp.chunk = 1;
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  for (int i = 0; i < 5000 && !strstr(fx.told, "response"); i++)
    coap_io_process(fx.ctx, 1);
  ck_assert_ptr_nonnull(strstr(fx.told, "response 2.05 to 1: hi\n"));
  sp_close();
}
END_TEST

START_TEST(nobody_listens) {
  coap_address_t nowhere = fx_address("192.0.2.77", 5683);
  coap_session_t *s = coap_new_client_session(fx.ctx, NULL, &nowhere, protos[_i]);
  ck_assert_ptr_nonnull(s);
  sp.session = s;
  ck_assert_int_ne(coap_send(s, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  ck_assert(sp_until("event 2003\n", 5));
  ck_assert_ptr_nonnull(strstr(fx.told, "nack"));
  ck_assert_ptr_nonnull(strstr(fx.told, "event 1003\nevent 2003\n"));
  ck_assert_int_eq(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
  fx_reason("connecting failed");
  ck_assert_int_eq(coap_send(s, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  fx_reason("no connection");
  coap_session_release(s);
}
END_TEST

START_TEST(a_peer_that_leaves_ends_what_is_open) {
  establish(protos[_i]);
  sp.mute = true;
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  coap_io_process(fx.ctx, 10);
  fx.told[0] = '\0';
  sp_drop();
  ck_assert(sp_until("event 2002\n", 5));
  FX_TOLD(protos[_i] == COAP_PROTO_WS ? "nack 1 of 1\nevent 7003\nevent 1002\nevent 2002\n"
                                      : "nack 1 of 1\nevent 1002\nevent 2002\n");
  sp_close();
}
END_TEST

START_TEST(pings_are_answered) {
  establish(protos[_i]);
  fx.told[0] = '\0';
  ck_assert_int_ne(coap_session_send_ping(sp.session), COAP_INVALID_MID);
  ck_assert(sp_until("pong\n", 5));
  ck_assert_int_eq(coap_can_exit(fx.ctx), 1);
  sp_close();
}
END_TEST

START_TEST(the_host_is_what_the_application_says) {
  coap_str_const_t host = {11, (const uint8_t *)"example.org"};
  coap_str_const_t evil = {20, (const uint8_t *)"example.org\r\nX: y\r\n\r\n"};
  sp_open(COAP_PROTO_WS);
  ck_assert_int_eq(coap_ws_set_host_request(sp.session, &evil), 0);
  fx_reason("ws_host");
  ck_assert_int_eq(coap_ws_set_host_request(sp.session, &host), 1);
  ck_assert(sp_until("event 2001\n", 5));
  ck_assert_ptr_nonnull(strstr((const char *)sp.bytes, "\r\nHost: example.org\r\n"));
  ck_assert_int_eq(coap_ws_set_host_request(sp.session, &host), 0);
  fx_reason("already");
  ck_assert_int_eq(coap_ws_set_host_request(fx.session, &host), 0);
  fx_reason("no WebSocket");
  ck_assert_int_eq(coap_ws_set_host_request(NULL, &host), 0);
  fx_reason("NULL");
  sp_close();
}
END_TEST

START_TEST(the_host_is_the_servers_address_otherwise) {
  sp_open(COAP_PROTO_WS);
  ck_assert(sp_until("event 2001\n", 5));
  ck_assert_ptr_nonnull(strstr((const char *)sp.bytes, "\r\nHost: 192.0.2.9\r\n"));
  sp_close();
}
END_TEST

/* A zone is this host's own business (RFC 4007 section 11.2). */
START_TEST(the_host_has_no_zone) {
  cs_net_address at;
  sp_listen(COAP_PROTO_WS);
  ck_assert_int_eq(cs_net_address_literal(cs_span_str("fe80::9%1"), 80, &at), CS_OK);
  fx.server_net.ops->close(fx.server_net.self, sp.listening);
  ck_assert_int_eq(
      fx.server_net.ops->open(fx.server_net.self, CS_NET_STREAM, &at, NULL, &sp.listening), CS_OK);
  fx.server = fx_address("fe80::9%1", 0);
  sp.session = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_WS);
  ck_assert_ptr_nonnull(sp.session);
  ck_assert(sp_until("event 2001\n", 5));
  ck_assert_ptr_nonnull(strstr((const char *)sp.bytes, "\r\nHost: [fe80::9]\r\n"));
  sp_close();
}
END_TEST

static void give_up(void) {
  if (!strstr(fx.told, "response"))
    return;
  fx.inside = NULL;
  coap_session_disconnected(sp.session, COAP_NACK_NOT_DELIVERABLE);
}

START_TEST(a_session_is_given_up_inside_a_handler) {
  establish(protos[_i]);
  fx.told[0] = '\0';
  fx.inside = give_up;
  ck_assert_int_ne(coap_send(sp.session, sp_request(COAP_REQUEST_CODE_GET, 0)), COAP_INVALID_MID);
  ck_assert(sp_until("event 2002\n", 5));
  ck_assert_int_eq(coap_session_get_state(sp.session), COAP_SESSION_STATE_NONE);
  sp_close();
}
END_TEST

START_TEST(empty_acknowledgements_have_no_place) {
  establish(protos[_i]);
  coap_pdu_t *ack = coap_pdu_init(COAP_MESSAGE_ACK, COAP_EMPTY_CODE, 1, 0);
  ck_assert_int_eq(coap_send(sp.session, ack), COAP_INVALID_MID);
  fx_reason("no Acknowledgements");
  sp_close();
}
END_TEST

START_TEST(a_group_is_not_reached_by_streams) {
  coap_address_t group = fx_address("224.0.1.187", 5683);
  ck_assert_ptr_null(coap_new_client_session(fx.ctx, NULL, &group, protos[_i]));
  fx_reason("multicast");
}
END_TEST

#define BOTH(test) tcase_add_loop_test(tc, test, 0, 2)

int main(void) {
  Suite *suite = suite_create("api stream");
  TCase *tc = tcase_create("stream");
  tcase_add_checked_fixture(tc, fx_open, fx_close);
  tcase_set_timeout(tc, 60);
  BOTH(a_session_connects_asks_and_is_released);
  BOTH(a_request_made_before_the_connection_waits_for_it);
  BOTH(the_peers_csm_says_how_large_a_message_may_be);
  BOTH(the_message_size_of_a_session_is_that_of_its_beginning);
  BOTH(a_put_of_exactly_that_size_goes_and_one_byte_more_does_not);
  BOTH(a_thousand_requests_are_under_way_at_once);
  BOTH(bytes_come_one_by_one);
  BOTH(nobody_listens);
  BOTH(a_peer_that_leaves_ends_what_is_open);
  BOTH(pings_are_answered);
  tcase_add_test(tc, the_host_is_what_the_application_says);
  tcase_add_test(tc, the_host_is_the_servers_address_otherwise);
  tcase_add_test(tc, the_host_has_no_zone);
  BOTH(a_session_is_given_up_inside_a_handler);
  BOTH(empty_acknowledgements_have_no_place);
  BOTH(a_group_is_not_reached_by_streams);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
