/* Targets and places to bind to. */
#include <string.h>

#include "runner/target.h"
#include "support/check_main.h"

START_TEST(targets_are_checked) {
  static const struct {
    const char *uri;
    const char *why; /* NULL: good */
  } rows[] = {{"coap://127.0.0.1", NULL},
              {"coap://127.0.0.1:5700", NULL},
              {"coap://[::1]:5683", NULL},
              {"coap://localhost", NULL},
              {"127.0.0.1", "is no target"},
              {"coap://", "is no target"},
              {"http://x", "is no target"},
              {"coap+tcp://127.0.0.1", NULL},
              {"coap+ws://127.0.0.1:8080", NULL},
              {"coap://%2Ftmp%2Fx.sock", NULL},
              {"coaps://127.0.0.1", NULL},
              {"coaps+tcp://[::1]:5684", NULL},
              {"coaps+ws://localhost", NULL},
              {"coap://127.0.0.1/x", "neither path nor query"},
              {"coap://127.0.0.1?x", "neither path nor query"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_runner_arena arena = {0};
    const char *why = NULL;
    ck_assert_msg(cs_runner_target_check(rows[i].uri, &arena, &why) == (rows[i].why == NULL), "%s",
                  rows[i].uri);
    if (rows[i].why)
      ck_assert_msg(strstr(why, rows[i].why) != NULL, "%s: %s", rows[i].uri, why);
    cs_runner_release(&arena);
  }
}
END_TEST

START_TEST(targets_have_addresses) {
  cs_runner_arena arena = {0};
  cs_net_address a;
  const char *why = NULL;
  ck_assert(cs_runner_target_resolve("coap://127.0.0.3", &arena, &a, &why));
  ck_assert_uint_eq(cs_net_address_port(&a), 5683);
  ck_assert(cs_runner_target_resolve("coap://[::1]:7", &arena, &a, &why));
  ck_assert_int_eq(cs_net_address_family(&a), AF_INET6);
  ck_assert(cs_runner_target_resolve("coap+tcp://127.0.0.1", &arena, &a, &why));
  ck_assert_uint_eq(cs_net_address_port(&a), 5683);
  ck_assert(cs_runner_target_resolve("coap+ws://127.0.0.1", &arena, &a, &why));
  ck_assert_uint_eq(cs_net_address_port(&a), 80);
  ck_assert(cs_runner_target_resolve("coaps://127.0.0.1", &arena, &a, &why));
  ck_assert_uint_eq(cs_net_address_port(&a), 5684);
  ck_assert(cs_runner_target_resolve("coaps+tcp://127.0.0.1", &arena, &a, &why));
  ck_assert_uint_eq(cs_net_address_port(&a), 5684);
  ck_assert(cs_runner_target_resolve("coaps+ws://127.0.0.1", &arena, &a, &why));
  ck_assert_uint_eq(cs_net_address_port(&a), 443);
  ck_assert(cs_runner_target_resolve("coap+tcp://%2Ftmp%2Fa%20b", &arena, &a, &why));
  ck_assert_int_eq(cs_net_address_family(&a), AF_UNIX);
  ck_assert_str_eq(a.u.un.sun_path, "/tmp/a b");
  ck_assert(!cs_runner_target_resolve("coap://name.invalid", &arena, &a, &why));
  ck_assert_ptr_nonnull(strstr(why, "coap://name.invalid: "));
  cs_runner_release(&arena);
}
END_TEST

START_TEST(targets_have_a_transport_and_a_host) {
  static const struct {
    const char *uri;
    cs_runner_transport transport;
    const char *host;
  } rows[] = {{"coap://127.0.0.1", CS_RUNNER_UDP, "127.0.0.1"},
              {"coap+tcp://x:7", CS_RUNNER_TCP, "x:7"},
              {"coap+ws://x:80", CS_RUNNER_WS, "x"},
              {"coap+ws://[::1]:8683", CS_RUNNER_WS, "[::1]:8683"},
              {"coaps://x", CS_RUNNER_DTLS, "x"},
              {"coaps+tcp://x:5684", CS_RUNNER_TLS, "x"},
              {"coaps+ws://x:8684", CS_RUNNER_WSS, "x:8684"},
              {"coap+ws://%2Ftmp%2Fx", CS_RUNNER_WS, "localhost"}};
  cs_runner_arena arena = {0};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ck_assert_int_eq(cs_runner_target_transport(rows[i].uri), rows[i].transport);
    ck_assert_str_eq(cs_runner_target_host(rows[i].uri, &arena), rows[i].host);
  }
  cs_runner_release(&arena);
}
END_TEST

START_TEST(targets_have_a_name_for_their_certificate) {
  cs_runner_arena arena = {0};
  ck_assert_str_eq(cs_runner_target_name("coaps://x.example:7", &arena), "x.example");
  ck_assert_str_eq(cs_runner_target_name("coaps+tcp://[::1]:7", &arena), "::1");
  ck_assert_str_eq(cs_runner_target_name("coaps://127.0.0.1", &arena), "127.0.0.1");
  ck_assert_ptr_null(cs_runner_target_name("coaps://%2Ftmp%2Fx", &arena));
  ck_assert(cs_runner_target_at_default_port("coaps+tcp://x"));
  ck_assert(cs_runner_target_at_default_port("coaps+tcp://x:5684"));
  ck_assert(!cs_runner_target_at_default_port("coaps+tcp://x:5683"));
  ck_assert(!cs_runner_target_at_default_port("coaps+tcp://%2Ftmp%2Fx"));
  cs_runner_release(&arena);
}
END_TEST

START_TEST(a_port_is_added_where_none_is) {
  static const struct {
    const char *uri, *with;
  } rows[] = {{"coap://127.0.0.1", "coap://127.0.0.1:{port}"},
              {"coap+ws://127.0.0.1:{port2}", "coap+ws://127.0.0.1:{port2}"},
              {"coap://[::1]", "coap://[::1]:{port}"},
              {"coap://[::1]:7", "coap://[::1]:7"},
              {"coap://%2Ftmp%2Fx", "coap://%2Ftmp%2Fx"}};
  cs_runner_arena arena = {0};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    ck_assert_str_eq(cs_runner_target_with_port(rows[i].uri, &arena), rows[i].with);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(places_to_bind_to) {
  static const char *const wrong[] = {
      "127.0.0.1",    "127.0.0.1:",  "127.0.0.1:x", "127.0.0.1:65536",
      "127.0.0.1:+1", "localhost:1", ":1",          ""};
  cs_runner_arena arena = {0};
  cs_net_address a;
  const char *why = NULL;
  ck_assert(cs_runner_bind_address("127.0.0.1:0", &arena, &a, &why));
  ck_assert(cs_runner_bind_address("[::1]:65535", &arena, &a, &why));
  ck_assert_uint_eq(cs_net_address_port(&a), 65535);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    ck_assert_msg(!cs_runner_bind_address(wrong[i], &arena, &a, &why), "%s", wrong[i]);
  cs_runner_release(&arena);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("target");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, targets_are_checked);
  tcase_add_test(tc, targets_have_addresses);
  tcase_add_test(tc, targets_have_a_transport_and_a_host);
  tcase_add_test(tc, targets_have_a_name_for_their_certificate);
  tcase_add_test(tc, a_port_is_added_where_none_is);
  tcase_add_test(tc, places_to_bind_to);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
