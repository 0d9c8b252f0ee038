/* Options one by one: parsing, walking, encoding (RFC 7252 section 3.1). */
#include "fixture.h"

START_TEST(parse_is_bounded) {
  const uint8_t good[] = {0xb3, 'a', 'b', 'c', 0xff};
  coap_option_t o = {7, 7, NULL};
  ck_assert_uint_eq(coap_opt_parse(good, sizeof good, &o), 4);
  ck_assert_uint_eq(o.delta, 11);
  ck_assert_uint_eq(o.length, 3);
  ck_assert_ptr_eq(o.value, good + 1);
  o.delta = 7;
  ck_assert_uint_eq(coap_opt_parse(good, 3, &o), 0);
  fx_reason("RFC7252#3.1:option-incomplete");
  ck_assert_uint_eq(coap_opt_parse((const uint8_t *)"\xff", 1, &o), 0);
  fx_reason("RFC7252#3.1:option-delta-reserved");
  ck_assert_uint_eq(coap_opt_parse((const uint8_t *)"\x0f", 1, &o), 0);
  fx_reason("RFC7252#3.1:option-length-reserved");
  ck_assert_uint_eq(coap_opt_parse(good, 0, &o), 0);
  ck_assert_uint_eq(coap_opt_parse(NULL, 4, &o), 0);
  ck_assert_uint_eq(o.delta, 7);
}
END_TEST

START_TEST(encode_and_read_back) {
  static const struct {
    uint16_t delta;
    size_t length, size;
  } cases[] = {{0, 0, 1},       {12, 12, 13},    {13, 13, 16},
               {268, 268, 271}, {269, 269, 274}, {65535, 1000, 1005}};
  static uint8_t buf[2000], value[1000];
  memset(value, 'v', sizeof value);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t size = cases[i].size;
    ck_assert_uint_eq(coap_opt_encode_size(cases[i].delta, cases[i].length), size);
    ck_assert_uint_eq(coap_opt_encode(buf, size - 1, cases[i].delta, value, cases[i].length), 0);
    ck_assert_uint_eq(coap_opt_encode(buf, size, cases[i].delta, value, cases[i].length), size);
    coap_option_t o;
    ck_assert_uint_eq(coap_opt_parse(buf, size, &o), size);
    ck_assert_uint_eq(o.delta, cases[i].delta);
    ck_assert_uint_eq(coap_opt_size(buf), size);
    ck_assert_uint_eq(coap_opt_length(buf), cases[i].length);
    ck_assert_mem_eq(coap_opt_value(buf), value, cases[i].length);
    ck_assert_uint_eq(coap_opt_setheader(buf, 5, cases[i].delta, cases[i].length),
                      size - cases[i].length);
  }
  ck_assert_uint_eq(coap_opt_encode_size(0, 65805), 0);
  ck_assert_uint_eq(coap_opt_size(NULL), 0);
  ck_assert_uint_eq(coap_opt_length((const uint8_t *)"\xff"), 0);
  ck_assert_ptr_null(coap_opt_value((const uint8_t *)"\x0f"));
}
END_TEST

static coap_pdu_t *sample(void) {
  coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 400);
  coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"a");
  coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"b");
  coap_add_option(pdu, COAP_OPTION_NORESPONSE, 0, NULL);
  coap_add_option(pdu, COAP_OPTION_ETAG, 2, (const uint8_t *)"ee");
  return pdu;
}

START_TEST(walk_in_order) {
  coap_pdu_t *pdu = sample();
  coap_opt_iterator_t oi;
  char seen[64] = "";
  coap_opt_t *o;
  ck_assert_ptr_eq(coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL), &oi);
  while ((o = coap_option_next(&oi)) != NULL)
    fx_append(seen, sizeof seen, "%d=%.*s ", oi.number, (int)coap_opt_length(o),
              (const char *)coap_opt_value(o));
  ck_assert_str_eq(seen, "4=ee 11=a 11=b 258= ");
  ck_assert_ptr_null(coap_option_next(&oi));
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(walk_with_a_filter) {
  coap_pdu_t *pdu = sample();
  coap_opt_iterator_t oi;
  coap_opt_filter_t filter;
  coap_option_filter_clear(&filter);
  coap_option_filter_set(&filter, COAP_OPTION_NORESPONSE);
  coap_option_filter_set(&filter, COAP_OPTION_ETAG);
  coap_option_iterator_init(pdu, &oi, &filter);
  ck_assert_ptr_nonnull(coap_option_next(&oi));
  ck_assert_uint_eq(oi.number, COAP_OPTION_ETAG);
  ck_assert_ptr_nonnull(coap_option_next(&oi));
  ck_assert_uint_eq(oi.number, COAP_OPTION_NORESPONSE);
  ck_assert_ptr_null(coap_option_next(&oi));
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(find_one) {
  coap_pdu_t *pdu = sample();
  coap_pdu_t *empty = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 400);
  coap_opt_iterator_t oi;
  coap_opt_t *o = coap_check_option(pdu, COAP_OPTION_URI_PATH, &oi);
  ck_assert_mem_eq(coap_opt_value(o), "a", 1);
  ck_assert_mem_eq(coap_opt_value(coap_option_next(&oi)), "b", 1);
  ck_assert_ptr_null(coap_check_option(pdu, COAP_OPTION_URI_HOST, &oi));
  ck_assert_ptr_null(coap_check_option(pdu, COAP_OPTION_RTAG, &oi));
  ck_assert_ptr_null(coap_check_option(NULL, COAP_OPTION_RTAG, &oi));
  ck_assert_ptr_null(coap_option_iterator_init(empty, &oi, COAP_OPT_ALL));
  ck_assert_ptr_null(coap_option_next(&oi));
  ck_assert_ptr_null(coap_option_next(NULL));
  coap_delete_pdu(empty);
  coap_delete_pdu(pdu);
}
END_TEST

FX_SUITE("option", parse_is_bounded, encode_and_read_back, walk_in_order, walk_with_a_filter,
         find_one)
