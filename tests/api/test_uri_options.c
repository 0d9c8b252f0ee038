/* From URIs, paths and queries to options. */
#include "fixture.h"

static const char *list(coap_optlist_t *chain) {
  static char text[300];
  text[0] = '\0';
  for (const coap_optlist_t *o = chain; o; o = o->next) {
    if (o->number == COAP_OPTION_URI_PORT)
      fx_append(text, sizeof text, "port %u ", coap_decode_var_bytes(o->data, o->length));
    else
      fx_append(text, sizeof text, "%d=%.*s ", o->number, (int)o->length, (const char *)o->data);
  }
  coap_delete_optlist(chain);
  return text;
}

static const char *options_of(const char *uri, const char *dst, int create) {
  coap_uri_t u;
  coap_optlist_t *chain = NULL;
  coap_address_t to;
  if (dst)
    to = fx_address(dst, 5683);
  ck_assert_int_eq(coap_split_uri((const uint8_t *)uri, strlen(uri), &u), 0);
  ck_assert_int_eq(coap_uri_into_options(&u, dst ? &to : NULL, &chain, create, NULL, 0), 0);
  return list(chain);
}

START_TEST(uri_into_options) {
  ck_assert_str_eq(options_of("coap://h/a/b?x&y=1", "192.0.2.1", 1), "3=h 11=a 11=b 15=x 15=y=1 ");
  ck_assert_str_eq(options_of("coap://h:99/a", "192.0.2.1", 1), "3=h port 99 11=a ");
  ck_assert_str_eq(options_of("coap://h:99/a", "192.0.2.1", 0), "11=a ");
  ck_assert_str_eq(options_of("coap://h:99/a", NULL, 1), "port 99 11=a ");
  ck_assert_str_eq(options_of("coap://192.0.2.1/", "192.0.2.1", 1), "");
  ck_assert_str_eq(options_of("coap://192.0.2.7/", "192.0.2.1", 1), "3=192.0.2.7 ");
  ck_assert_str_eq(options_of("coap://[2001:db8::1]/", "2001:db8::1", 1), "");
  ck_assert_str_eq(options_of("coap://[2001:DB8::1]/", "192.0.2.1", 1), "3=[2001:db8::1] ");
  ck_assert_str_eq(options_of("coap://[fe80::1%251]/", "fe80::1%1", 1), "");
  ck_assert_str_eq(options_of("coap://[fe80::2%251]/", "fe80::1%1", 1), "3=[fe80::2] ");
  ck_assert_str_eq(options_of("coap://%2Ftmp%2Fx/a", "192.0.2.1", 1), "11=a ");
  ck_assert_str_eq(options_of("coap://h/a/./b/../c%20d", NULL, 1), "11=a 11=c d ");
  ck_assert_str_eq(options_of("coap://h", NULL, 1), "");
}
END_TEST

START_TEST(failure_leaves_the_chain) {
  coap_uri_t u = {.path = {3, (const uint8_t *)"%zz"}, .scheme = COAP_URI_SCHEME_COAP};
  coap_optlist_t *chain = coap_new_optlist(1, 0, NULL);
  ck_assert_int_eq(coap_uri_into_optlist(&u, NULL, &chain, 1), 0);
  ck_assert_ptr_nonnull(coap_last_rule());
  ck_assert_ptr_null(chain->next);
  u.path = (coap_str_const_t){3, (const uint8_t *)"a/b"};
  for (unsigned fail = 1; fail <= 3; fail++) {
    fx.memory.fail_at = fx.memory.calls + fail;
    ck_assert_int_eq(coap_uri_into_optlist(&u, NULL, &chain, 1), 0);
    fx_reason("memory");
    ck_assert_ptr_null(chain->next);
  }
  fx.memory.fail_at = 0;
  u.scheme = COAP_URI_SCHEME_HTTP;
  ck_assert_int_eq(coap_uri_into_optlist(&u, NULL, &chain, 1), 0);
  fx_reason("none of CoAP's");
  ck_assert_int_eq(coap_uri_into_optlist(NULL, NULL, &chain, 1), 0);
  ck_assert_int_lt(coap_uri_into_options(&u, NULL, NULL, 1, NULL, 0), 0);
  ck_assert_int_eq(coap_path_into_optlist((const uint8_t *)"a", 1, 11, NULL), 0);
  ck_assert_int_eq(coap_query_into_optlist(NULL, 1, 15, &chain), 0);
  coap_delete_optlist(chain);
}
END_TEST

START_TEST(parts_into_a_chain) {
  coap_optlist_t *chain = NULL;
  ck_assert_int_eq(
      coap_path_into_optlist((const uint8_t *)"a/b", 3, COAP_OPTION_LOCATION_PATH, &chain), 1);
  ck_assert_int_eq(
      coap_query_into_optlist((const uint8_t *)"c&d", 3, COAP_OPTION_URI_QUERY, &chain), 1);
  ck_assert_str_eq(list(chain), "8=a 8=b 15=c 15=d ");
}
END_TEST

/* What coap_split_path() or coap_split_query() make of text, as hex. */
static const char *split(const char *text, int query, int *count) {
  static char hex[100];
  unsigned char buf[40];
  size_t len = sizeof buf;
  *count = query ? coap_split_query((const uint8_t *)text, strlen(text), buf, &len)
                 : coap_split_path((const uint8_t *)text, strlen(text), buf, &len);
  hex[0] = '\0';
  for (size_t i = 0; *count >= 0 && i < len; i++)
    fx_append(hex, sizeof hex, "%02x", buf[i]);
  return hex;
}

START_TEST(split_into_a_buffer) {
  int n;
  ck_assert_str_eq(split("a/b", 0, &n), "01610162");
  ck_assert_int_eq(n, 2);
  ck_assert_str_eq(split("a/./b/../c%20", 0, &n), "0161026320");
  ck_assert_str_eq(split("a/", 0, &n), "016100");
  ck_assert_str_eq(split("a?b", 0, &n), "0161");
  ck_assert_str_eq(split("", 0, &n), "");
  ck_assert_int_eq(n, 0);
  ck_assert_str_eq(split("x=1&y", 1, &n), "03783d310179");
  ck_assert_int_eq(n, 2);
  split("%2", 0, &n);
  ck_assert_int_eq(n, -1);
  unsigned char buf[3] = {7, 7, 7};
  size_t len = sizeof buf;
  ck_assert_int_eq(coap_split_path((const uint8_t *)"a/b", 3, buf, &len), -1);
  fx_reason("need 4 bytes");
  ck_assert_uint_eq(len, 3);
  ck_assert_uint_eq(buf[0], 7);
  ck_assert_int_eq(coap_split_path((const uint8_t *)"a", 1, NULL, &len), -1);
}
END_TEST

FX_SUITE("uri_options", uri_into_options, failure_leaves_the_chain, parts_into_a_chain,
         split_into_a_buffer)
