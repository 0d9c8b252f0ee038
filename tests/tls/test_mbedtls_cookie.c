/* RFC 6347 section 4.2.1: a server does nothing for a client that has not shown
 * that it gets what is sent to its address. */
#include "support/check_main.h"
#include "support/tls_pair.h"

static cs_test_tls_pair p;
static uint8_t hello[1500], other[1500];

enum { HELLO_VERIFY_REQUEST = 3, SERVER_HELLO = 2, COOKIE_AT = 13 + 12 + 2 + 32 + 1 };

/* What the server answers first: the type of the handshake message. */
static uint8_t answer_to(const uint8_t *datagram, size_t len) {
  cs_test_tls_give(&p, 1, cs_span_of(datagram, len));
  size_t n = cs_test_tls_take(&p, 1, other, sizeof other);
  uint8_t type = n > 13 ? other[13] : 0;
  if (type == HELLO_VERIFY_REQUEST)
    return type;
  while (cs_test_tls_take(&p, 1, hello, sizeof hello))
    ;
  return type;
}

/* Gets the ClientHello that has the cookie into hello; returns its length. */
static size_t cookie_hello(void) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 1);
  cs_test_tls_open(&p);
  size_t len = cs_test_tls_take(&p, 0, hello, sizeof hello);
  ck_assert_uint_eq(hello[COOKIE_AT], 0);
  ck_assert_uint_eq(answer_to(hello, len), HELLO_VERIFY_REQUEST);
  ck_assert_uint_le(cs_tls_overhead(p.side[1].tls) + 60, 1200);
  size_t request = 13 + (size_t)(other[11] << 8 | other[12]);
  ck_assert_uint_le(request, len); /* it does not amplify */
  cs_test_tls_give(&p, 0, cs_span_of(other, request));
  len = cs_test_tls_take(&p, 0, hello, sizeof hello);
  ck_assert_uint_gt(hello[COOKIE_AT], 8);
  return len;
}

START_TEST(with_its_cookie_a_client_is_answered) {
  size_t len = cookie_hello();
  ck_assert_uint_eq(answer_to(hello, len), SERVER_HELLO);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_wrong_cookie_is_asked_for_again) {
  size_t len = cookie_hello();
  static uint8_t good[1500];
  memcpy(good, hello, len);
  for (size_t i = 0; i < good[COOKIE_AT]; i++) {
    memcpy(hello, good, len);
    hello[COOKIE_AT + 1 + i] ^= 1;
    ck_assert_uint_eq(answer_to(hello, len), HELLO_VERIFY_REQUEST);
  }
  ck_assert_uint_eq(answer_to(good, len), SERVER_HELLO);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_cookie_lives_a_minute) {
  size_t len = cookie_hello();
  p.now = 62 * CS_SECOND;
  ck_assert_uint_eq(answer_to(hello, len), HELLO_VERIFY_REQUEST);
  cs_test_tls_close(&p);
  len = cookie_hello();
  p.now = 59 * CS_SECOND;
  ck_assert_uint_eq(answer_to(hello, len), SERVER_HELLO);
  cs_test_tls_close(&p);
}
END_TEST

START_TEST(a_cookie_is_for_one_address_but_for_any_session) {
  for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
    size_t len = cookie_hello();
    cs_tls_close(p.side[1].tls);
    p.side[1].tls = NULL;
    if (elsewhere)
      p.side[1].config.client_address = cs_span_str("192.0.2.1:5685");
    ck_assert_int_eq(cs_test_tls_open_side(&p, 1), CS_OK);
    ck_assert_uint_eq(answer_to(hello, len), elsewhere ? HELLO_VERIFY_REQUEST : SERVER_HELLO);
    cs_test_tls_close(&p);
  }
}
END_TEST

START_TEST(without_an_address_there_are_none) {
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 1);
  p.side[1].config.client_address = cs_span_of(NULL, 0);
  cs_test_tls_open(&p);
  size_t len = cs_test_tls_take(&p, 0, hello, sizeof hello);
  ck_assert_uint_eq(answer_to(hello, len), SERVER_HELLO);
  cs_test_tls_close(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/mbedtls_cookie");
  TCase *c = tcase_create("cookie");
  tcase_add_test(c, with_its_cookie_a_client_is_answered);
  tcase_add_test(c, a_wrong_cookie_is_asked_for_again);
  tcase_add_test(c, a_cookie_lives_a_minute);
  tcase_add_test(c, a_cookie_is_for_one_address_but_for_any_session);
  tcase_add_test(c, without_an_address_there_are_none);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
