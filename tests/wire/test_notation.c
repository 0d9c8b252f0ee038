#include "wire/notation.h"

#include "support/check_main.h"

START_TEST(the_heading_examples_are_printed) {
  char text[128];
  size_t len = 0;
  uint8_t options[32];
  cs_base_writer out = cs_base_writer_of(options, sizeof options);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_option_put(&w, CS_OPT_URI_PATH, cs_span_str("temperature"));
  cs_wire_option_put_uint(&w, CS_OPT_ACCEPT, 0);
  cs_wire_message get = {.form = CS_WIRE_UDP, .type = CS_CON, .code = CS_CODE(0, 1), .mid = 0x7d34};
  get.token = cs_span_of("\x20", 1);
  get.options = cs_base_written(&out);
  ck_assert_int_eq(cs_wire_print(&get, text, sizeof text, &len), CS_OK);
  ck_assert_str_eq(text, "CON GET mid=0x7d34 token=20 Uri-Path=\"temperature\" Accept=0");
  ck_assert_uint_eq(len, strlen(text));

  cs_wire_message ack = {.form = CS_WIRE_UDP, .type = CS_ACK, .code = CS_CODE(2, 5), .mid = 0x7d34};
  ack.token = cs_span_of("\x20", 1);
  ack.payload = cs_span_str("22.3 C");
  ck_assert_int_eq(cs_wire_print(&ack, text, sizeof text, NULL), CS_OK);
  ck_assert_str_eq(text, "ACK 2.05 mid=0x7d34 token=20 payload=\"22.3 C\"");

  cs_wire_message rst = {.form = CS_WIRE_UDP, .type = CS_RST, .mid = 0x0034};
  ck_assert_int_eq(cs_wire_print(&rst, text, sizeof text, NULL), CS_OK);
  ck_assert_str_eq(text, "RST 0.00 mid=0x0034");

  cs_wire_message csm = {.form = CS_WIRE_TCP, .code = CS_CODE(7, 1), .token = {options, 0}};
  csm.options = cs_span_of("\x22\x04\x80\x20", 4);
  ck_assert_int_eq(cs_wire_print(&csm, text, sizeof text, NULL), CS_OK);
  ck_assert_str_eq(text, "CSM Max-Message-Size=1152 Block-Wise-Transfer");
}
END_TEST

START_TEST(codes_without_a_name_are_numbers) {
  static const struct {
    uint8_t code;
    const char *text;
  } codes[] = {{CS_CODE(0, 7), "iPATCH"}, {CS_CODE(0, 8), "0.08"},
               {CS_CODE(0, 31), "0.31"},  {CS_CODE(4, 4), "4.04"},
               {CS_CODE(7, 0), "7.00"},   {CS_CODE(7, 5), "Abort"},
               {CS_CODE(7, 31), "7.31"},  {0, "0.00"}};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    char text[32];
    cs_wire_message m = {.form = CS_WIRE_WS, .code = codes[i].code};
    ck_assert_int_eq(cs_wire_print(&m, text, sizeof text, NULL), CS_OK);
    ck_assert_str_eq(text, codes[i].text);
  }
}
END_TEST

struct value {
  cs_wire_format format;
  const char *bytes;
  size_t len;
  const char *text;
};

#define VALUE(format, bytes, text)                                                                 \
  { CS_FORMAT_##format, bytes, sizeof(bytes) - 1, text }

static const struct value values[] = {
    VALUE(STRING, "", "\"\""),
    VALUE(STRING, "a b", "\"a b\""),
    VALUE(STRING, "\"\\", "\"\\\"\\\\\""),
    VALUE(STRING, "\n\x7f\x00", "\"\\x0a\\x7f\\x00\""),
    VALUE(STRING, "\xe3\x81\x93", "\"\xe3\x81\x93\""),
    VALUE(STRING,
          "\xc2\x9b"
          "1m",
          "\"\\xc2\\x9b1m\""), /* C1 control */
    VALUE(STRING, "\xc2\xa0", "\"\xc2\xa0\""),
    VALUE(STRING, "\xe3\x81", "\"\\xe3\\x81\""),
    VALUE(OPAQUE, "", "0x"),
    VALUE(OPAQUE, "ab\xff", "0x6162ff"),
    VALUE(EMPTY, "\x01", "0x01"),
    VALUE(UINT, "", "0"),
    VALUE(UINT, "\x01", "1"),
    VALUE(UINT, "\xff\xff\xff\xff", "4294967295"),
    VALUE(UINT, "\x00", "0x00"),
    VALUE(UINT, "\x00\x01", "0x0001"),
    VALUE(UINT, "\x01\x02\x03\x04\x05", "0x0102030405"),
    VALUE(BLOCK, "", "0/0/0"),
    VALUE(BLOCK, "\x3e", "3/1/6"),
    VALUE(BLOCK, "\x37", "3/0/7"),
    VALUE(BLOCK, "\xff\xff\xff", "1048575/1/7"),
    VALUE(BLOCK, "\x00", "0x00"),
    VALUE(BLOCK, "\x00\x3e", "0x003e"),
    VALUE(BLOCK, "\x01\x00\x00\x00", "0x01000000"),
};

START_TEST(a_value_is_printed_by_its_format) {
  const struct value *v = &values[_i];
  char text[64];
  size_t len = 0;
  cs_span bytes = cs_span_of(v->bytes, v->len);
  ck_assert_int_eq(cs_wire_print_value(v->format, bytes, text, sizeof text, &len), CS_OK);
  ck_assert_str_eq(text, v->text);
  ck_assert_uint_eq(len, strlen(v->text));
  /* And reads back as the same bytes. */
  uint8_t buf[16];
  cs_base_reader in = cs_base_reader_of(cs_span_str(text));
  ck_assert_int_eq(cs_wire_read_value(&in, v->format, buf, sizeof buf, &len, NULL), CS_OK);
  ck_assert(cs_span_equal(cs_span_of(buf, len), bytes));
  ck_assert_uint_eq(cs_base_left(&in), 0);
}
END_TEST

START_TEST(a_payload_is_text_when_it_reads_as_text) {
  static const struct {
    const char *payload;
    size_t len;
    const char *text;
  } payloads[] = {
      {"a\tb\r\n", 5, "2.05 payload=\"a\\x09b\\x0d\\x0a\""},
      {"\xe2\x82\xac", 3, "2.05 payload=\"\xe2\x82\xac\""},
      {"a\0b", 3, "2.05 payload=0x610062"},
      {"\x1b[2J", 4, "2.05 payload=0x1b5b324a"},
      {"\xff", 1, "2.05 payload=0xff"},
      {"", 0, "2.05"},
  };
  for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
    char text[64];
    cs_wire_message m = {.form = CS_WIRE_TCP, .code = CS_CODE(2, 5)};
    m.payload = cs_span_of(payloads[i].payload, payloads[i].len);
    ck_assert_int_eq(cs_wire_print(&m, text, sizeof text, NULL), CS_OK);
    ck_assert_str_eq(text, payloads[i].text);
  }
}
END_TEST

START_TEST(too_little_room_keeps_the_longest_prefix) {
  static const char whole[] = "NON GET mid=0x0102 token=0a Uri-Path=\"x\" payload=\"y\"";
  cs_wire_message m = {.form = CS_WIRE_UDP, .type = CS_NON, .code = CS_CODE(0, 1), .mid = 0x0102};
  m.token = cs_span_of("\x0a", 1);
  m.options = cs_span_of("\xb1x", 2);
  m.payload = cs_span_str("y");
  for (size_t cap = 1; cap < sizeof whole; cap++) {
    char text[sizeof whole];
    memset(text, '#', sizeof text);
    size_t len = 77;
    ck_assert_int_eq(cs_wire_print(&m, text, cap, &len), CS_ERR_TOO_LARGE);
    ck_assert_uint_eq(strlen(text), cap - 1);
    ck_assert_mem_eq(text, whole, cap - 1);
    ck_assert_uint_eq(len, 77);
  }
  char text[sizeof whole];
  ck_assert_int_eq(cs_wire_print(&m, text, sizeof text, NULL), CS_OK);
  ck_assert_str_eq(text, whole);
  ck_assert_int_eq(cs_wire_print(&m, NULL, 0, NULL), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(cs_wire_print_value(CS_FORMAT_UINT, m.token, NULL, 0, NULL), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(cs_wire_print_value(CS_FORMAT_UINT, m.token, text, 2, NULL), CS_ERR_TOO_LARGE);
  ck_assert_str_eq(text, "1");
}
END_TEST

START_TEST(malformed_options_are_printed_up_to_the_fault) {
  char text[64];
  cs_wire_message m = {.form = CS_WIRE_TCP, .code = CS_CODE(0, 1)};
  m.options = cs_span_of("\xb1x\x0f", 3);
  ck_assert_int_eq(cs_wire_print(&m, text, sizeof text, NULL), CS_ERR_RULE);
  ck_assert_str_eq(text, "GET Uri-Path=\"x\"");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/notation");
  TCase *tc = tcase_create("print");
  tcase_add_test(tc, the_heading_examples_are_printed);
  tcase_add_test(tc, codes_without_a_name_are_numbers);
  tcase_add_loop_test(tc, a_value_is_printed_by_its_format, 0,
                      (int)(sizeof values / sizeof *values));
  tcase_add_test(tc, a_payload_is_text_when_it_reads_as_text);
  tcase_add_test(tc, too_little_room_keeps_the_longest_prefix);
  tcase_add_test(tc, malformed_options_are_printed_up_to_the_fault);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
