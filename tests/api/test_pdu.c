/* Making messages. */
#include "fixture.h"

static coap_pdu_t *pdu_of(size_t size) {
  return coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 0x1234, size);
}

/* The message as the notation has it. */
static const char *shown(const coap_pdu_t *pdu) {
  static char text[1024];
  size_t n;
  cs_wire_message m = cs_api_pdu_message(pdu);
  cs_wire_print(&m, text, sizeof text, &n);
  return text;
}

START_TEST(init_refuses) {
  ck_assert_ptr_null(coap_pdu_init((coap_pdu_type_t)4, COAP_EMPTY_CODE, 0, 0));
  fx_reason("type 4");
  ck_assert_ptr_null(coap_pdu_init(COAP_MESSAGE_CON, (coap_pdu_code_t)0x20, 0, 0));
  fx_reason("RFC7252#4.2:code-class-reserved");
  ck_assert_ptr_null(coap_pdu_init(COAP_MESSAGE_CON, COAP_SIGNALING_CODE_CSM, 0, 0));
  ck_assert_ptr_null(coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, -1, 0));
  fx_reason("Message ID -1");
  ck_assert_ptr_null(coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 65536, 0));
  ck_assert_ptr_null(pdu_of(SIZE_MAX));
  fx_reason("is over");
  fx.memory.fail_at = fx.memory.calls + 1;
  ck_assert_ptr_null(pdu_of(10));
  fx_reason("memory");
}
END_TEST

START_TEST(parts_come_in_order) {
  coap_pdu_t *pdu = pdu_of(100);
  ck_assert_int_eq(coap_add_token(pdu, 2, (const uint8_t *)"ab"), 1);
  ck_assert_int_eq(coap_add_token(pdu, 1, (const uint8_t *)"c"), 0);
  fx_reason("the token comes once");
  /* Each option goes to its place, and costs what it costs there. */
  ck_assert_uint_eq(coap_add_option(pdu, 15, 1, (const uint8_t *)"q"), 3);
  ck_assert_uint_eq(coap_add_option(pdu, 11, 3, (const uint8_t *)"abc"), 3);
  ck_assert_uint_eq(coap_add_option(pdu, 11, 1, (const uint8_t *)"d"), 2);
  ck_assert_int_eq(coap_add_data(pdu, 0, NULL), 1);
  ck_assert_int_eq(coap_add_data(pdu, 1, (const uint8_t *)"x"), 1);
  ck_assert_int_eq(coap_add_data(pdu, 1, (const uint8_t *)"y"), 0);
  fx_reason("there is a payload");
  ck_assert_uint_eq(coap_add_option(pdu, 60, 1, (const uint8_t *)"z"), 0);
  fx_reason("before the payload");
  ck_assert_str_eq(shown(pdu), "CON GET mid=0x1234 token=6162 Uri-Path=\"abc\" Uri-Path=\"d\" "
                               "Uri-Query=\"q\" payload=\"x\"");
  coap_delete_pdu(pdu);
  pdu = pdu_of(100);
  coap_add_option(pdu, 11, 0, NULL);
  ck_assert_int_eq(coap_add_token(pdu, 1, (const uint8_t *)"c"), 0);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(size_is_kept) {
  static const uint8_t bytes[200];
  coap_pdu_t *pdu = pdu_of(20);
  ck_assert_int_eq(coap_add_token(pdu, 21, bytes), 0);
  fx_reason("too large");
  ck_assert_int_eq(coap_add_token(pdu, 4, bytes), 1);
  ck_assert_uint_eq(coap_add_option(pdu, 11, 15, bytes), 0);
  ck_assert_uint_eq(coap_add_option(pdu, 11, 10, bytes), 11);
  ck_assert_int_eq(coap_add_data(pdu, 5, bytes), 0);
  ck_assert_ptr_null(coap_add_data_after(pdu, 0));
  ck_assert_ptr_null(coap_add_data_after(pdu, SIZE_MAX));
  ck_assert_int_eq(coap_add_data(pdu, 4, bytes), 1);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(buffer_grows_and_keeps) {
  static uint8_t value[300];
  memset(value, 'v', sizeof value);
  coap_pdu_t *pdu = pdu_of(0);
  coap_add_token(pdu, 8, (const uint8_t *)"12345678");
  for (int i = 0; i < 20; i++)
    ck_assert_uint_gt(coap_add_option(pdu, (uint16_t)(i % 2 ? 100 : 50), sizeof value, value), 0);
  ck_assert_int_eq(coap_add_data(pdu, sizeof value, value), 1);
  ck_assert_mem_eq(coap_pdu_get_token(pdu).s, "12345678", 8);
  coap_opt_iterator_t oi;
  unsigned n = 0;
  coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
  for (coap_opt_t *o; (o = coap_option_next(&oi)) != NULL; n++)
    ck_assert_mem_eq(coap_opt_value(o), value, sizeof value);
  ck_assert_uint_eq(n, 20);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(memory_fails_and_nothing_changes) {
  static uint8_t value[90];
  memset(value, 'v', sizeof value);
  coap_pdu_t *pdu = pdu_of(0);
  coap_add_option(pdu, 11, 1, (const uint8_t *)"k");
  coap_add_option(pdu, 11, sizeof value, value);
  char before[512];
  snprintf(before, sizeof before, "%s", shown(pdu));
  fx.memory.fail_at = fx.memory.calls + 1;
  ck_assert_uint_eq(coap_add_option(pdu, 3, sizeof value, value), 0);
  fx_reason("memory");
  fx.memory.fail_at = fx.memory.calls + 1;
  ck_assert_int_eq(coap_add_data(pdu, sizeof value, value), 0);
  fx.memory.fail_at = 0;
  ck_assert_str_eq(shown(pdu), before);
  ck_assert_uint_gt(coap_add_option(pdu, 3, sizeof value, value), 0);
  coap_delete_pdu(pdu);
}
END_TEST

START_TEST(parse_names_the_rule) {
  coap_pdu_t *pdu = pdu_of(100);
  coap_add_option(pdu, 11, 1, (const uint8_t *)"k");
  const struct {
    const char *bytes;
    size_t len;
    const char *rule;
  } bad[] = {{"\x40\x01", 2, "RFC7252#3:header-incomplete"},
             {"\x40\x01\x12\x34\xff", 5, "RFC7252#3:marker-without-payload"},
             {"\x42\x01\x12\x34x", 5, "RFC7252#3:token-incomplete"},
             {"\x40\x01\x12\x34\xb2x", 6, "RFC7252#3.1:option-incomplete"},
             {"\x80\x01\x12\x34", 4, "RFC7252#3:version-unknown"},
             {"\x40\xc1\x12\x34", 4, "RFC7252#4.2:code-class-reserved"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ck_assert_int_eq(coap_pdu_parse(COAP_PROTO_UDP, (const uint8_t *)bad[i].bytes, bad[i].len, pdu),
                     0);
    ck_assert_str_eq(coap_last_rule(), bad[i].rule);
  }
  ck_assert_int_eq(coap_pdu_parse(COAP_PROTO_TCP, (const uint8_t *)"\0\1", 2, pdu), 0);
  ck_assert_int_eq(coap_pdu_parse(COAP_PROTO_UDP, NULL, 4, pdu), 0);
  ck_assert_int_eq(coap_pdu_parse(COAP_PROTO_UDP, (const uint8_t *)"\x40\1\0\0", 4, NULL), 0);
  ck_assert_str_eq(shown(pdu), "CON GET mid=0x1234 Uri-Path=\"k\"");
  ck_assert_int_eq(
      coap_pdu_parse(COAP_PROTO_UDP, (const uint8_t *)"\x61\x45\x00\x07T\xc1\x28\xffhey", 11, pdu),
      1);
  ck_assert_str_eq(shown(pdu), "ACK 2.05 mid=0x0007 token=54 Content-Format=40 payload=\"hey\"");
  coap_delete_pdu(pdu);
  pdu = pdu_of(3);
  ck_assert_int_eq(
      coap_pdu_parse(COAP_PROTO_UDP, (const uint8_t *)"\x60\x45\x00\x07\xffhey", 8, pdu), 0);
  fx_reason("too large");
  coap_delete_pdu(pdu);
}
END_TEST

/* A value that lies in the message itself moves, or goes, while it is added. */
START_TEST(a_value_may_be_of_the_message_itself) {
  static uint8_t value[150];
  for (size_t i = 0; i < sizeof value; i++)
    value[i] = (uint8_t)i;
  coap_pdu_t *pdu = pdu_of(0);
  ck_assert_uint_gt(coap_add_option(pdu, 2049, sizeof value, value), 0);
  static const coap_option_num_t numbers[] = {2051, 2047, 2053};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    const uint8_t *own = coap_opt_value(coap_check_option(pdu, 2049, NULL));
    ck_assert_uint_gt(coap_add_option(pdu, numbers[i], sizeof value, own), 0);
  }
  coap_opt_iterator_t oi;
  coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
  for (coap_opt_t *o; (o = coap_option_next(&oi)) != NULL;)
    ck_assert_mem_eq(coap_opt_value(o), value, sizeof value);
  /* As the payload, too: an option's value and all that follows it. */
  const uint8_t *first = coap_opt_value(coap_check_option(pdu, 2047, NULL));
  ck_assert_int_eq(coap_add_data(pdu, sizeof value, first), 1);
  size_t len;
  const uint8_t *data;
  ck_assert_int_eq(coap_get_data(pdu, &len, &data), 1);
  ck_assert_uint_eq(len, sizeof value);
  ck_assert_mem_eq(data, value, sizeof value);
  coap_delete_pdu(pdu);
  pdu = pdu_of(0);
  ck_assert_uint_gt(coap_add_option(pdu, 2049, sizeof value, value), 0);
  const uint8_t *own = coap_opt_value(coap_check_option(pdu, 2049, NULL));
  ck_assert_int_eq(coap_add_data(pdu, sizeof value, own), 1);
  ck_assert_int_eq(coap_get_data(pdu, &len, &data), 1);
  ck_assert_mem_eq(data, value, sizeof value);
  coap_delete_pdu(pdu);
}
END_TEST

FX_SUITE("pdu", init_refuses, parts_come_in_order, size_is_kept, buffer_grows_and_keeps,
         memory_fails_and_nothing_changes, parse_names_the_rule,
         a_value_may_be_of_the_message_itself)
