/* The constructor: what it makes, what it refuses, and that a refusal leaves
 * nothing behind. */
#include "fixture.h"

/* No session, these words, and no socket or memory left. */
static void refused(coap_context_t *ctx, const coap_address_t *local, const coap_address_t *server,
                    coap_proto_t proto, const char *words) {
  size_t sockets = cs_test_net_open_sockets(fx.net);
  size_t bytes = fx.memory.out_bytes;
  ck_assert_ptr_null(coap_new_client_session(ctx, local, server, proto));
  fx_reason(words);
  ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), sockets);
  ck_assert_uint_eq(fx.memory.out_bytes, bytes);
}

START_TEST(session_is_as_the_page_says) {
  ck_assert_ptr_eq(coap_session_get_context(fx.session), fx.ctx);
  ck_assert_int_eq(coap_session_get_proto(fx.session), COAP_PROTO_UDP);
  ck_assert_int_eq(coap_session_get_type(fx.session), COAP_SESSION_TYPE_CLIENT);
  ck_assert_int_eq(coap_session_get_state(fx.session), COAP_SESSION_STATE_ESTABLISHED);
  ck_assert_uint_eq(fx.session->refs, 1);
  ck_assert_uint_eq(coap_session_max_pdu_size(fx.session), COAP_DEFAULT_MTU - 4);
  ck_assert(coap_address_equals(coap_session_get_addr_remote(fx.session), &fx.server));
  ck_assert_int_ne(coap_address_get_port(coap_session_get_addr_local(fx.session)), 0);
  ck_assert_ptr_null(coap_session_get_addr_mcast(fx.session));
}
END_TEST

START_TEST(port_zero_is_the_default) {
  coap_address_t server = fx_address("2001:db8::9", 0);
  coap_session_t *s = coap_new_client_session(fx.ctx, NULL, &server, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(coap_address_get_port(coap_session_get_addr_remote(s)), COAP_DEFAULT_PORT);
  ck_assert_uint_eq(coap_address_get_port(&server), 0);
}
END_TEST

START_TEST(local_address_is_bound) {
  coap_address_t local = fx_address("192.0.2.1", 40000);
  coap_session_t *s = coap_new_client_session(fx.ctx, &local, &fx.server, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(s);
  ck_assert(coap_address_equals(coap_session_get_addr_local(s), &local));
  refused(fx.ctx, &local, &fx.server, COAP_PROTO_UDP, "local 192.0.2.1:40000: address in use");
}
END_TEST

START_TEST(bad_arguments) {
  coap_address_t v6 = fx_address("2001:db8::9", 5683);
  coap_address_t any = fx_address("0.0.0.0", 5683);
  coap_address_t group = fx_address("224.0.1.187", 0);
  coap_address_t bad;
  refused(NULL, NULL, &fx.server, COAP_PROTO_UDP, "context is NULL");
  refused(fx.ctx, NULL, NULL, COAP_PROTO_UDP, "server is NULL");
  refused(fx.ctx, NULL, &fx.server, COAP_PROTO_NONE, "no protocol 0");
  refused(fx.ctx, NULL, &fx.server, COAP_PROTO_LAST, "no protocol 7");
  refused(fx.ctx, NULL, &fx.server, (coap_proto_t)99, "no protocol 99");
  refused(fx.ctx, &v6, &fx.server, COAP_PROTO_UDP, "different address families");
  refused(fx.ctx, &group, &fx.server, COAP_PROTO_UDP, "local_if is a multicast address");
  refused(fx.ctx, NULL, &any, COAP_PROTO_UDP, "unspecified address");
  coap_address_init(&bad);
  refused(fx.ctx, NULL, &bad, COAP_PROTO_UDP, "server: its family is none of");
  bad = fx.server;
  bad.size = 0;
  refused(fx.ctx, NULL, &bad, COAP_PROTO_UDP, "coap_address_init");
}
END_TEST

START_TEST(unix_domain_needs_a_path_of_its_own) {
  coap_address_t server, local;
  coap_address_init(&server);
  server.addr.sa.sa_family = AF_UNIX;
  refused(fx.ctx, NULL, &server, COAP_PROTO_UDP, "local_if is NULL");
  coap_address_init(&local);
  local.addr.sa.sa_family = AF_UNIX;
  strncpy(local.addr.cun.sun_path, "/tmp/mine", COAP_UNIX_PATH_MAX - 1);
  refused(fx.ctx, &local, &server, COAP_PROTO_UDP, "server: the path is empty");
  memset(server.addr.cun.sun_path, 'x', COAP_UNIX_PATH_MAX);
  refused(fx.ctx, &local, &server, COAP_PROTO_UDP, "too long");
  memset(server.addr.cun.sun_path, 0, COAP_UNIX_PATH_MAX);
  strncpy(server.addr.cun.sun_path, "/tmp/theirs", COAP_UNIX_PATH_MAX - 1);
  coap_session_t *s = coap_new_client_session(fx.ctx, &local, &server, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(s);
  ck_assert_str_eq(coap_session_str(s), "unix:/tmp/mine <-> unix:/tmp/theirs UDP");
  refused(fx.ctx, &local, &server, COAP_PROTO_UDP, "local unix:/tmp/mine: ");
}
END_TEST

START_TEST(what_the_system_refuses) {
  cs_test_net_fail(fx.net, "open", 1, CS_ERR_LIMIT);
  refused(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP, "server 192.0.2.9:5683: ");
  cs_test_net_fail(fx.net, "watch", 1, CS_ERR_SYSTEM);
  refused(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP, "the socket: ");
}
END_TEST

START_TEST(memory_fails_at_every_allocation) {
  size_t needed = 0;
  coap_session_t *s = NULL;
  for (unsigned i = 1; !s; i++) {
    size_t bytes = fx.memory.out_bytes;
    fx.memory.calls = 0;
    fx.memory.fail_at = i;
    s = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP);
    if (!s) {
      fx_reason("memory");
      /* The heap of deadlines may have grown for good. */
      ck_assert_uint_le(fx.memory.out_bytes, bytes + 64);
      ck_assert_uint_eq(cs_test_net_open_sockets(fx.net), 2);
    }
    needed = i;
  }
  ck_assert_uint_ge(needed, 3);
}
END_TEST

START_TEST(sessions_cost_the_same_each) {
  enum { MANY = 500, BUDGET = 512 };
  size_t before = fx.memory.out_bytes;
  for (unsigned i = 0; i < MANY; i++)
    ck_assert_ptr_nonnull(coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_UDP));
  ck_assert_uint_le((fx.memory.out_bytes - before) / MANY, BUDGET);
}
END_TEST

FX_SUITE("session_new", session_is_as_the_page_says, port_zero_is_the_default,
         local_address_is_bound, bad_arguments, unix_domain_needs_a_path_of_its_own,
         what_the_system_refuses, memory_fails_at_every_allocation, sessions_cost_the_same_each)
