/* Lists of options. */
#include "fixture.h"

static void add(coap_optlist_t **chain, uint16_t number, const char *text) {
  coap_optlist_t *o = coap_new_optlist(number, strlen(text), (const uint8_t *)text);
  ck_assert_ptr_nonnull(o);
  ck_assert_int_eq(coap_insert_optlist(chain, o), 1);
}

static const char *options_of(const coap_pdu_t *pdu) {
  static char seen[256];
  coap_opt_iterator_t oi;
  coap_opt_t *o;
  seen[0] = '\0';
  coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
  while ((o = coap_option_next(&oi)) != NULL)
    fx_append(seen, sizeof seen, "%d=%.*s ", oi.number, (int)coap_opt_length(o),
              (const char *)coap_opt_value(o));
  return seen;
}

START_TEST(sorted_stably_into_a_pdu) {
  coap_optlist_t *chain = NULL;
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 400);
  add(&chain, 15, "q1");
  add(&chain, 11, "p1");
  add(&chain, 15, "q2");
  add(&chain, 3, "h");
  add(&chain, 11, "p2");
  coap_add_option(pdu, 12, 1, (const uint8_t *)"0");
  ck_assert_int_eq(coap_add_optlist_pdu(pdu, &chain), 1);
  ck_assert_str_eq(options_of(pdu), "3=h 11=p1 11=p2 12=0 15=q1 15=q2 ");
  /* The list stays the caller's. */
  ck_assert_uint_eq(chain->number, 3);
  coap_delete_optlist(chain);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(many_are_sorted) {
  coap_optlist_t *chain = NULL;
  uint32_t v = 1;
  for (int i = 0; i < 300; i++) {
    v = v * 1103515245u + 12345u;
    add(&chain, (uint16_t)(v >> 16), "");
  }
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 0);
  ck_assert_int_eq(coap_add_optlist_pdu(pdu, &chain), 1);
  unsigned count = 1;
  for (coap_optlist_t *o = chain; o->next; o = o->next, count++)
    ck_assert_uint_le(o->number, o->next->number);
  ck_assert_uint_eq(count, 300);
  coap_delete_optlist(chain);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(failure_leaves_the_pdu_as_it_was) {
  coap_optlist_t *chain = NULL;
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 12);
  coap_add_token(pdu, 2, (const uint8_t *)"tt");
  coap_add_option(pdu, 11, 3, (const uint8_t *)"abc");
  add(&chain, 4, "e");
  add(&chain, 15, "too long for what is left");
  ck_assert_int_eq(coap_add_optlist_pdu(pdu, &chain), 0);
  fx_reason("too large");
  ck_assert_str_eq(options_of(pdu), "11=abc ");
  ck_assert_uint_eq(coap_pdu_get_token(pdu).length, 2);
  ck_assert_uint_eq(coap_add_option(pdu, 15, 1, (const uint8_t *)"q"), 2);
  coap_add_data(pdu, 1, (const uint8_t *)"d");
  ck_assert_int_eq(coap_add_optlist_pdu(pdu, &chain), 0);
  fx_reason("before the payload");
  coap_delete_optlist(chain);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(bad_arguments) {
  coap_optlist_t *chain = NULL;
  coap_optlist_t *o = coap_new_optlist(1, 0, NULL);
  ck_assert_int_eq(coap_insert_optlist(NULL, o), 0);
  ck_assert_int_eq(coap_insert_optlist(&chain, NULL), 0);
  fx_reason("optlist is NULL");
  ck_assert_int_eq(coap_insert_optlist(&chain, o), 1);
  ck_assert_int_eq(coap_insert_optlist(&chain, o), 0);
  fx_reason("in the chain already");
  ck_assert_ptr_null(coap_new_optlist(1, 1, NULL));
  ck_assert_ptr_null(coap_new_optlist(1, 65805, (const uint8_t *)""));
  ck_assert_int_eq(coap_add_optlist_pdu(NULL, &chain), 0);
  fx_reason("pdu is NULL");
  fx.memory.fail_at = fx.memory.calls + 1;
  ck_assert_ptr_null(coap_new_optlist(1, 0, NULL));
  coap_delete_optlist(chain);
  coap_delete_optlist(NULL);
}
END_TEST

FX_SUITE("optlist", sorted_stably_into_a_pdu, many_are_sorted, failure_leaves_the_pdu_as_it_was,
         bad_arguments)
