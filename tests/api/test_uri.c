/* URIs in parts, and back from options (RFC 7252 section 6). */
#include "fixture.h"

static int split(const char *text, coap_uri_t *uri) {
  return coap_split_uri((const uint8_t *)text, strlen(text), uri);
}

static const char *parts(const coap_uri_t *u) {
  static char text[200];
  snprintf(text, sizeof text, "%d %.*s %u %.*s %.*s", (int)u->scheme, (int)u->host.length,
           (const char *)u->host.s, u->port, (int)u->path.length, (const char *)u->path.s,
           (int)u->query.length, (const char *)u->query.s);
  return text;
}

START_TEST(splits) {
  static const struct {
    const char *text, *parts;
  } good[] = {
      {"coap://h/a/b?x=1&y", "0 h 5683 a/b x=1&y"},
      {"coaps://h", "1 h 5684  "},
      {"coap+tcp://[2001:db8::1]:99/x", "2 2001:db8::1 99 x "},
      {"coaps+tcp://192.0.2.1/", "3 192.0.2.1 5684  "},
      {"coap+ws://h/x", "6 h 80 x "},
      {"coaps+ws://h?q", "7 h 443  q"},
      {"coap://%2Ftmp%2Fsock/y", "0 %2Ftmp%2Fsock 0 y "},
      {"coap://[fe80::1%25eth0]/x", "0 fe80::1%25eth0 5683 x "},
      {"/a/b?q", "0  5683 a/b q"},
  };
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    coap_uri_t u;
    ck_assert_msg(split(good[i].text, &u) == 0, "%s: %s", good[i].text, coap_last_error());
    ck_assert_str_eq(parts(&u), good[i].parts);
  }
}
END_TEST

START_TEST(refuses_with_the_rule) {
  static const char *const bad[] = {
      "coap://h/a#f",   "coap://u@h/", "coap://h/%2",   "coap://h:0/",
      "coap://h:65536", "coap:///x",   "http://h/",     "h/a",
      "/a%zz",          "/a#f",        "coap://[::1/x", "coap://h/a b"};
  coap_uri_t u = {.port = 77};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    coap_clear_last_error();
    ck_assert_msg(split(bad[i], &u) < 0, "%s", bad[i]);
    ck_assert_msg(coap_last_rule() != NULL, "%s: %s", bad[i], coap_last_error());
    ck_assert_uint_eq(u.port, 77);
  }
  ck_assert_int_lt(coap_split_uri(NULL, 3, &u), 0);
  ck_assert_int_lt(coap_split_uri((const uint8_t *)"", 0, &u), 0);
  ck_assert_int_lt(split("coap://h", NULL), 0);
  fx.memory.fail_at = fx.memory.calls + 1;
  ck_assert_int_lt(split("/a", &u), 0);
  fx_reason("memory");
}
END_TEST

START_TEST(proxies_know_http) {
  coap_uri_t u;
  const char *text = "HTTP://h/a?q";
  ck_assert_int_eq(coap_split_proxy_uri((const uint8_t *)text, strlen(text), &u), 0);
  ck_assert_str_eq(parts(&u), "4 h 80 a q");
  text = "https://h:8443/";
  ck_assert_int_eq(coap_split_proxy_uri((const uint8_t *)text, strlen(text), &u), 0);
  ck_assert_str_eq(parts(&u), "5 h 8443  ");
  text = "http://h:5683/";
  ck_assert_int_eq(coap_split_proxy_uri((const uint8_t *)text, strlen(text), &u), 0);
  ck_assert_str_eq(parts(&u), "4 h 5683  ");
  text = "https://[::1]/a";
  ck_assert_int_eq(coap_split_proxy_uri((const uint8_t *)text, strlen(text), &u), 0);
  ck_assert_str_eq(parts(&u), "5 ::1 443 a ");
  text = "coap://h/x";
  ck_assert_int_eq(coap_split_proxy_uri((const uint8_t *)text, strlen(text), &u), 0);
  ck_assert_str_eq(parts(&u), "0 h 5683 x ");
}
END_TEST

START_TEST(owned_uris) {
  char text[] = "coap://host/path?query";
  coap_uri_t *u = coap_new_uri((const uint8_t *)text, (unsigned)strlen(text));
  memset(text, 'x', sizeof text - 1);
  ck_assert_str_eq(parts(u), "0 host 5683 path query");
  coap_uri_t *c = coap_clone_uri(u);
  coap_delete_uri(u);
  ck_assert_str_eq(parts(c), "0 host 5683 path query");
  coap_delete_uri(c);
  ck_assert_ptr_null(coap_new_uri((const uint8_t *)"bad", 3));
  ck_assert_ptr_null(coap_new_uri(NULL, 3));
  ck_assert_ptr_null(coap_clone_uri(NULL));
  coap_delete_uri(NULL);
}
END_TEST

START_TEST(unix_hosts) {
  const struct {
    const char *host;
    int is;
  } cases[] = {{"/tmp", 1}, {"%2Ftmp", 1}, {"%2ftmp", 1}, {"h", 0}, {"%2", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ck_assert_int_eq(coap_host_is_unix_domain(coap_make_str_const(cases[i].host)), cases[i].is);
  ck_assert_int_eq(coap_host_is_unix_domain(NULL), 0);
}
END_TEST

START_TEST(composed_from_options) {
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 0);
  coap_string_t *s = coap_get_uri_path(pdu);
  ck_assert_uint_eq(s->length, 0);
  coap_delete_string(s);
  ck_assert_ptr_null(coap_get_query(pdu));
  coap_add_option(pdu, COAP_OPTION_URI_HOST, 3, (const uint8_t *)"h/h");
  coap_add_option(pdu, COAP_OPTION_URI_PATH, 3, (const uint8_t *)"a/b");
  coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"?");
  coap_add_option(pdu, COAP_OPTION_URI_QUERY, 3, (const uint8_t *)"x=1");
  coap_add_option(pdu, COAP_OPTION_URI_QUERY, 1, (const uint8_t *)"&");
  s = coap_get_uri_path(pdu);
  ck_assert_str_eq((const char *)s->s, "a%2Fb/%3F");
  coap_delete_string(s);
  s = coap_get_query(pdu);
  ck_assert_str_eq((const char *)s->s, "x=1&%26");
  coap_delete_string(s);
  coap_delete_pdu(pdu);
  ck_assert_ptr_null(coap_get_query(NULL));
}
END_TEST

FX_SUITE("uri", splits, refuses_with_the_rule, proxies_know_http, owned_uris, unix_hosts,
         composed_from_options)
