/* Contexts come and go whole. */
#include "fixture.h"

#include <poll.h>
#include <unistd.h>

START_TEST(the_real_net) {
  coap_context_t *ctx = coap_new_context(NULL);
  ck_assert_ptr_nonnull(ctx);
  ck_assert_int_ge(coap_context_get_coap_fd(ctx), 0);
  ck_assert_int_eq(coap_io_process(ctx, COAP_IO_NO_WAIT), 0);
  ck_assert_int_eq(coap_can_exit(ctx), 1);
  coap_free_context(ctx);
  coap_free_context(ctx);
  fx_reason("freed already");
  coap_free_context(NULL);
  ck_assert_str_eq(coap_last_error(), "");
}
END_TEST

/* A loop of one's own: only the descriptor is waited for, and it rings for the
 * retransmission too. */
START_TEST(descriptor_rings_for_timers) {
  int silent = socket(AF_INET, SOCK_DGRAM, 0);
  coap_address_t at = fx_address("127.0.0.1", 0);
  socklen_t len = sizeof at.addr.sin;
  ck_assert_int_eq(bind(silent, &at.addr.sa, len), 0);
  ck_assert_int_eq(getsockname(silent, &at.addr.sa, &len), 0);
  coap_context_t *ctx = coap_new_context(NULL);
  fx.session = coap_new_client_session(ctx, NULL, &at, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(fx.session);
  coap_register_nack_handler(ctx, fx_on_nack);
  struct pollfd p = {.fd = coap_context_get_coap_fd(ctx), .events = POLLIN};
  coap_session_set_ack_timeout(fx.session, (coap_fixed_point_t){0, 5});
  coap_session_set_max_retransmit(fx.session, 2);
  fx_ask(COAP_MESSAGE_CON);
  for (int i = 0; i < 50 && !fx.told[0]; i++) {
    ck_assert_int_eq(poll(&p, 1, 10000), 1);
    ck_assert_int_ge(coap_io_process(ctx, COAP_IO_NO_WAIT), 0);
  }
  FX_TOLD("nack 0 of 1\n");
  coap_free_context(ctx);
  close(silent);
}
END_TEST

static coap_address_t unix_path(const char *path) {
  coap_address_t a;
  coap_address_init(&a);
  a.addr.sa.sa_family = AF_UNIX;
  memcpy(a.addr.cun.sun_path, path, strlen(path));
  return a;
}

START_TEST(unix_paths_come_and_go_with_the_session) {
  char folder[] = "/tmp/csXXXXXX", theirs[24], mine[24];
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(theirs, sizeof theirs, "%s/s", folder);
  snprintf(mine, sizeof mine, "%s/c", folder);
  coap_address_t server = unix_path(theirs), local = unix_path(mine);
  int listener = socket(AF_UNIX, SOCK_DGRAM, 0);
  ck_assert_int_eq(bind(listener, &server.addr.sa, sizeof server.addr.cun), 0);
  coap_context_t *ctx = coap_new_context(NULL);
  /* A file that is there already is refused and stays. */
  FILE *file = fopen(mine, "w");
  ck_assert_ptr_nonnull(file);
  fclose(file);
  ck_assert_ptr_null(coap_new_client_session(ctx, &local, &server, COAP_PROTO_UDP));
  fx_reason("address in use");
  ck_assert_int_eq(access(mine, F_OK), 0);
  unlink(mine);
  coap_session_t *s = coap_new_client_session(ctx, &local, &server, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(s);
  /* Another session cannot take its path away. */
  ck_assert_ptr_null(coap_new_client_session(ctx, &local, &server, COAP_PROTO_UDP));
  ck_assert_int_eq(access(mine, F_OK), 0);
  coap_session_release(s);
  ck_assert_int_ne(access(mine, F_OK), 0);
  /* A server that is not there leaves no path either. */
  unlink(theirs);
  close(listener);
  ck_assert_ptr_null(coap_new_client_session(ctx, &local, &server, COAP_PROTO_UDP));
  ck_assert_int_ne(access(mine, F_OK), 0);
  coap_free_context(ctx);
  rmdir(folder);
}
END_TEST

START_TEST(no_server_endpoint) {
  ck_assert_ptr_null(coap_new_context(&fx.server));
  fx_reason("no server endpoints");
}
END_TEST

START_TEST(memory_fails_at_every_allocation) {
  coap_context_t *ctx = NULL;
  unsigned i = 0;
  while (!ctx) {
    size_t before = fx.memory.out_bytes;
    fx.memory.fail_at = fx.memory.calls + ++i;
    ctx = coap_new_context(NULL);
    if (!ctx) {
      fx_reason("coap_new_context: out of memory");
      ck_assert_uint_eq(fx.memory.out_bytes, before);
    }
  }
  ck_assert_uint_ge(i, 4);
  fx.memory.fail_at = 0;
  coap_free_context(ctx);
}
END_TEST

START_TEST(contexts_are_independent) {
  cs_net net = cs_test_net_as_net(fx.net);
  coap_context_t *other = cs_api_new_context_on(&net);
  coap_session_t *s = coap_new_client_session(other, NULL, &fx.server, COAP_PROTO_UDP);
  ck_assert_ptr_nonnull(s);
  coap_register_response_handler(other, NULL);
  coap_context_set_keepalive(other, 5);
  fx.serve = fx_serve_hi;
  fx_ask(COAP_MESSAGE_CON);
  ck_assert_int_eq(coap_io_pending(other), 0);
  ck_assert_int_eq(coap_io_process(other, COAP_IO_NO_WAIT), 0);
  FX_TOLD("");
  coap_free_context(other);
  fx_turn();
  FX_TOLD("response 2.05 to 1: hi\n");
}
END_TEST

FX_SUITE("context", the_real_net, descriptor_rings_for_timers,
         unix_paths_come_and_go_with_the_session, no_server_endpoint,
         memory_fails_at_every_allocation, contexts_are_independent)
