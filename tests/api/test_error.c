/* Reasons: kept for the thread, logged once, rule included. */
#include "fixture.h"

#include <pthread.h>

#include "api/error.h"

START_TEST(a_failure_leaves_a_reason_and_a_log_line) {
  ck_assert_str_eq(coap_last_error(), "");
  ck_assert_ptr_null(coap_last_rule());
  coap_session_set_mtu(fx.session, 1);
  ck_assert_str_eq(coap_last_error(),
                   "coap_session_set_mtu: an MTU of 1 bytes is not within 64 to 65507");
  ck_assert_str_eq(fx.logged,
                   "coap_session_set_mtu: an MTU of 1 bytes is not within 64 to 65507\n");
  ck_assert_ptr_null(coap_last_rule());
  ck_assert_str_eq(coap_socket_strerror(), coap_last_error());
  /* Success does not clear it. */
  coap_session_set_mtu(fx.session, 100);
  ck_assert_ptr_nonnull(strstr(coap_last_error(), "MTU"));
  coap_clear_last_error();
  ck_assert_str_eq(coap_last_error(), "");
}
END_TEST

START_TEST(a_rule_is_named) {
  cs_api_fail_err("f", CS_ERR_RULE, CS_RULE_NON_EMPTY, "what");
  ck_assert_str_eq(coap_last_rule(), "RFC7252#4.3:non-empty");
  ck_assert_ptr_eq(strstr(coap_last_error(), "f: what: "), coap_last_error());
  fx.logged[0] = '\0';
  cs_api_note_rule("peer", CS_RULE_VERSION);
  ck_assert_str_eq(coap_last_rule(), "RFC7252#3:version-unknown");
  ck_assert_str_eq(fx.logged, ""); /* a peer cannot fill the log */
}
END_TEST

static void *in_another_thread(void *arg) {
  (void)arg;
  ck_assert_str_eq(coap_last_error(), "");
  coap_address_init(NULL);
  return *coap_last_error() ? &fx : NULL;
}

START_TEST(threads_have_their_own) {
  pthread_t thread;
  void *result = NULL;
  coap_session_set_mtu(NULL, 1);
  ck_assert_int_eq(pthread_create(&thread, NULL, in_another_thread, NULL), 0);
  pthread_join(thread, &result);
  ck_assert_ptr_eq(result, &fx);
  ck_assert_str_eq(coap_last_error(), "coap_session_set_mtu: session is NULL");
}
END_TEST

START_TEST(long_reasons_are_cut) {
  static char text[1000];
  memset(text, 't', sizeof text - 1);
  cs_api_fail("f", "%s", text);
  ck_assert_uint_lt(strlen(coap_last_error()), 320);
  cs_api_fail_err(text, CS_ERR_MEMORY, CS_RULE_NONE, text);
  ck_assert_uint_lt(strlen(coap_last_error()), 320);
}
END_TEST

FX_SUITE("error", a_failure_leaves_a_reason_and_a_log_line, a_rule_is_named, threads_have_their_own,
         long_reasons_are_cut)
