/* Requests to a group and their several responses (RFC 7252 section 8). */
#include "fixture.h"

#include "api/transmit.h"

static coap_session_t *group_session(void) {
  coap_address_t group = fx_address("224.0.1.187", 5683);
  coap_session_t *s = coap_new_client_session(fx.ctx, NULL, &group, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(s);
  return s;
}

/* A second server of the group. */
static int other_fd;
static void join(void) {
  cs_net_address group, any, at;
  cs_net_address_literal(cs_span_str("224.0.1.187"), 5683, &group);
  cs_net_address_literal(cs_span_str("192.0.2.10"), 5683, &at);
  cs_net_address_literal(cs_span_str("0.0.0.0"), 5683, &any);
  const cs_net_ops *ops = fx.server_net.ops;
  ck_assert_int_eq(ops->multicast_join(fx.server_net.self, fx.server_fd, &group), CS_OK);
  ck_assert_int_eq(ops->open(fx.server_net.self, CS_NET_DATAGRAM, &at, NULL, &other_fd), CS_OK);
}

static coap_address_t responders[2];
static unsigned responses;
static coap_response_t note(coap_session_t *session, const coap_pdu_t *sent,
                            const coap_pdu_t *received, const coap_mid_t mid) {
  (void)received;
  (void)mid;
  ck_assert_ptr_nonnull(sent);
  responders[responses++] = *coap_session_get_addr_remote(session);
  return COAP_RESPONSE_OK;
}

static void serve_both(const cs_wire_message *m) {
  fx_serve_hi(m);
  int fd = fx.server_fd;
  fx.server_fd = other_fd;
  fx_serve_hi(m);
  fx.server_fd = fd;
}

START_TEST(several_responses) {
  join();
  responses = 0;
  fx.session = group_session();
  fx.serve = serve_both;
  coap_register_response_handler(fx.ctx, note);
  coap_pdu_t *pdu = fx_request(COAP_MESSAGE_NON, COAP_REQUEST_CODE_GET);
  ck_assert_int_ne(coap_send(fx.session, pdu), COAP_INVALID_MID);
  for (int i = 0; i < 5; i++)
    coap_io_process(fx.ctx, 100);
  ck_assert_uint_eq(responses, 2);
  ck_assert(!coap_address_equals(&responders[0], &responders[1]));
  ck_assert_uint_eq(responders[0].addr.sin.sin_addr.s_addr & htonl(0xffffff00), htonl(0xc0000200));
  ck_assert(coap_is_mcast(coap_session_get_addr_mcast(fx.session)));
  ck_assert(coap_address_equals(coap_session_get_addr_remote(fx.session), &responders[1]));
  /* The next request brings the group's address back; the end is silent. */
  ck_assert_int_ne(coap_send(fx.session, fx_request(COAP_MESSAGE_NON, COAP_REQUEST_CODE_GET)),
                   COAP_INVALID_MID);
  ck_assert(coap_is_mcast(coap_session_get_addr_remote(fx.session)));
  fx.serve = NULL;
  for (int i = 0; i < 600 && coap_io_pending(fx.ctx); i++)
    coap_io_process(fx.ctx, 1000);
  ck_assert_int_eq(coap_io_pending(fx.ctx), 0);
  FX_TOLD("");
  fx.server_net.ops->close(fx.server_net.self, other_fd);
}
END_TEST

START_TEST(only_non_confirmable) {
  fx.session = group_session();
  ck_assert_int_eq(coap_send(fx.session, fx_request(COAP_MESSAGE_CON, 1)), COAP_INVALID_MID);
  fx_reason("RFC7252#8.1:multicast-confirmable");
  ck_assert_int_eq(coap_session_send_ping(fx.session), COAP_INVALID_MID);
  fx_reason("RFC7252#8.1:multicast-confirmable");
  coap_pdu_t *pdu = fx_request(COAP_MESSAGE_NON, COAP_REQUEST_CODE_GET);
  coap_add_option(pdu, COAP_OPTION_ETAG, 1, (const uint8_t *)"e");
  ck_assert_int_eq(coap_send(fx.session, pdu), COAP_INVALID_MID);
  fx_reason("RFC7252#8.2.1:multicast-etag");
}
END_TEST

START_TEST(hops) {
  coap_session_t *s = group_session();
  ck_assert_int_eq(coap_mcast_set_hops(s, 5), 1);
  ck_assert_int_eq(coap_mcast_set_hops(s, 256), 0);
  fx_reason("over 255");
  ck_assert_int_eq(coap_mcast_set_hops(fx.session, 5), 0);
  fx_reason("no group");
  ck_assert_int_eq(coap_mcast_set_hops(NULL, 5), 0);
}
END_TEST

START_TEST(responders_have_numbers) {
  coap_session_t *s = group_session();
  cs_net_address a;
  ck_assert_int_eq(cs_net_address_literal(cs_span_str("192.0.2.1"), 1, &a), CS_OK);
  ck_assert_uint_eq(cs_api_responder_number(fx.session, &a), 0);
  uint64_t first = cs_api_responder_number(s, &a);
  ck_assert_uint_ne(first, 0);
  ck_assert_uint_eq(cs_api_responder_number(s, &a), first);
  for (uint16_t port = 2; port < 2 + CS_API_RESPONDERS_MAX; port++) {
    cs_net_address_set_port(&a, port);
    ck_assert_uint_ne(cs_api_responder_number(s, &a), first);
  }
  /* The table is full; the first was forgotten and counts as new. */
  cs_net_address_set_port(&a, 1);
  ck_assert_uint_ne(cs_api_responder_number(s, &a), first);
}
END_TEST

FX_SUITE("group", several_responses, only_non_confirmable, hops, responders_have_numbers)
