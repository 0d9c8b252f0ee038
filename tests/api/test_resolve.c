/* Host names and literals to addresses. */
#include "fixture.h"

#include <netdb.h>

static coap_addr_info_t *resolve(const char *host, uint16_t port, int bits) {
  return coap_resolve_address_info(coap_make_str_const(host), port, port, 0, 0, AI_NUMERICHOST,
                                   bits, COAP_RESOLVE_TYPE_REMOTE);
}

static const char *only(coap_addr_info_t *info) {
  static char text[80];
  ck_assert_ptr_nonnull(info);
  ck_assert_ptr_null(info->next);
  ck_assert_int_eq(info->scheme, COAP_URI_SCHEME_COAP);
  ck_assert_int_eq(info->proto, COAP_PROTO_UDP);
  coap_print_addr(&info->addr, (unsigned char *)text, sizeof text);
  coap_free_address_info(info);
  return text;
}

START_TEST(literals) {
  ck_assert_str_eq(only(resolve("192.0.2.1", 99, 1)), "192.0.2.1:99");
  ck_assert_str_eq(only(resolve("2001:db8::1", 0, 1)), "[2001:db8::1]:5683");
  ck_assert_str_eq(only(resolve("fe80::1%251", 1, 1)), "[fe80::1%1]:1");
  ck_assert_str_eq(only(resolve("%2Ftmp%2Fx", 1, 1)), "unix:/tmp/x");
  /* A scheme that is not spoken gives no address. */
  ck_assert_str_eq(
      only(resolve("192.0.2.1", 1, COAP_URI_SCHEME_COAP_BIT | COAP_URI_SCHEME_HTTP_BIT)),
      "192.0.2.1:1");
  ck_assert_ptr_null(resolve("192.0.2.1", 1, COAP_URI_SCHEME_HTTP_BIT));
  fx_reason("none of the schemes");
}
END_TEST

START_TEST(one_address_a_scheme) {
  static const coap_proto_t protos[] = {COAP_PROTO_UDP, COAP_PROTO_DTLS, COAP_PROTO_TCP,
                                        COAP_PROTO_TLS, COAP_PROTO_WS,   COAP_PROTO_WSS};
  /* No port of a WebSocket was asked for. */
  static const uint16_t ports[] = {7, 7, 7, 7, 80, 443};
  coap_addr_info_t *all = resolve("192.0.2.1", 7, 0xff);
  coap_addr_info_t *info = all;
  for (size_t i = 0; i < sizeof protos / sizeof *protos; i++, info = info->next) {
    ck_assert_ptr_nonnull(info);
    ck_assert_int_eq(info->proto, protos[i]);
    ck_assert_uint_eq(coap_address_get_port(&info->addr), ports[i]);
  }
  ck_assert_ptr_null(info);
  coap_free_address_info(all);
}
END_TEST

START_TEST(local_any) {
  ck_assert_str_eq(only(coap_resolve_address_info(NULL, 0, 0, 0, 0, 0, 1, COAP_RESOLVE_TYPE_LOCAL)),
                   "[::]:5683");
  ck_assert_ptr_null(coap_resolve_address_info(NULL, 0, 0, 0, 0, 0, 1, COAP_RESOLVE_TYPE_REMOTE));
  fx_reason("no host");
}
END_TEST

START_TEST(failures) {
  static char name[300];
  memset(name, 'n', sizeof name - 1);
  ck_assert_ptr_null(resolve("not.a.literal", 1, 1));
  fx_reason("host: ");
  ck_assert_ptr_null(resolve(name, 1, 1));
  fx_reason("too large");
  ck_assert_ptr_null(resolve("%2F", 1, 0));
  fx.memory.fail_at = fx.memory.calls + 1;
  ck_assert_ptr_null(resolve("192.0.2.1", 1, 1));
  fx_reason("memory");
  coap_free_address_info(NULL);
}
END_TEST

START_TEST(names) {
  coap_addr_info_t *info = coap_resolve_address_info(coap_make_str_const("localhost"), 7, 0, 0, 0,
                                                     0, 1, COAP_RESOLVE_TYPE_REMOTE);
  ck_assert_ptr_nonnull(info);
  ck_assert_uint_eq(coap_address_get_port(&info->addr), 7);
  coap_free_address_info(info);
}
END_TEST

START_TEST(hint_bits) {
  ck_assert_uint_eq(coap_get_available_scheme_hint_bits(1, 1, COAP_PROTO_NONE),
                    COAP_URI_SCHEME_COAP_BIT | COAP_URI_SCHEME_COAPS_BIT |
                        COAP_URI_SCHEME_COAP_TCP_BIT | COAP_URI_SCHEME_COAPS_TCP_BIT |
                        COAP_URI_SCHEME_COAP_WS_BIT | COAP_URI_SCHEME_COAPS_WS_BIT);
  ck_assert_uint_eq(coap_get_available_scheme_hint_bits(0, 1, COAP_PROTO_NONE),
                    COAP_URI_SCHEME_COAP_BIT | COAP_URI_SCHEME_COAP_TCP_BIT |
                        COAP_URI_SCHEME_COAP_WS_BIT);
  ck_assert_uint_eq(coap_get_available_scheme_hint_bits(1, 0, COAP_PROTO_NONE),
                    COAP_URI_SCHEME_COAP_BIT | COAP_URI_SCHEME_COAPS_BIT |
                        COAP_URI_SCHEME_COAP_TCP_BIT | COAP_URI_SCHEME_COAPS_TCP_BIT);
  ck_assert_uint_eq(coap_get_available_scheme_hint_bits(0, 0, COAP_PROTO_UDP),
                    COAP_URI_SCHEME_COAP_BIT);
  ck_assert_uint_eq(coap_get_available_scheme_hint_bits(0, 0, COAP_PROTO_TCP),
                    COAP_URI_SCHEME_COAP_TCP_BIT);
  ck_assert_uint_eq(coap_get_available_scheme_hint_bits(0, 0, COAP_PROTO_DTLS), 0);
}
END_TEST

FX_SUITE("resolve", literals, one_address_a_scheme, local_any, failures, names, hint_bits)
