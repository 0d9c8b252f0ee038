/* Frames of RFC 6455 section 5: headers both ways, masks, what is refused. */
#include "support/check_main.h"
#include "wire/ws_frame.h"

static cs_wire_ws_frame read_ok(const char *bytes, size_t len) {
  cs_wire_ws_frame f;
  cs_rule broken = CS_RULE_NONE;
  ck_assert_int_eq(cs_wire_ws_frame_read(cs_span_of(bytes, len), &f, &broken), CS_OK);
  uint8_t again[CS_WS_HEADER_MAX];
  ck_assert_uint_eq(cs_wire_ws_frame_put(&f, again), f.header);
  ck_assert_mem_eq(again, bytes, f.header);
  ck_assert_uint_eq(cs_wire_ws_header_size(f.length, f.masked), f.header);
  return f;
}
#define READ(text) read_ok(text, sizeof(text) - 1)

START_TEST(the_examples_of_section_5_7_are_read) {
  cs_wire_ws_frame f = READ("\x81\x05Hello");
  ck_assert(f.fin && f.opcode == CS_WS_TEXT && !f.masked && f.length == 5 && f.header == 2);
  f = READ("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  ck_assert(f.fin && f.opcode == CS_WS_TEXT && f.masked && f.length == 5 && f.header == 6);
  uint8_t text[] = {0x7f, 0x9f, 0x4d, 0x51, 0x58};
  cs_wire_ws_mask(text, sizeof text, f.mask, 0);
  ck_assert_mem_eq(text, "Hello", 5);
  f = READ("\x01\x03Hel");
  ck_assert(!f.fin && f.opcode == CS_WS_TEXT && f.length == 3);
  f = READ("\x80\x02lo");
  ck_assert(f.fin && f.opcode == CS_WS_CONTINUATION && f.length == 2);
  f = READ("\x89\x05Hello");
  ck_assert(f.opcode == CS_WS_PING);
  f = READ("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  ck_assert(f.opcode == CS_WS_PONG && f.masked);
  f = READ("\x82\x7e\x01\x00");
  ck_assert(f.opcode == CS_WS_BINARY && f.length == 256 && f.header == 4);
  f = READ("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00");
  ck_assert(f.opcode == CS_WS_BINARY && f.length == 65536 && f.header == 10);
}
END_TEST

START_TEST(an_incomplete_header_waits_and_leaves_the_outputs) {
  static const char *const heads[] = {"\x82\x05", "\x82\x7e\x01\x00", "\x82\x85mask",
                                      "\x82\xff\x00\x00\x00\x01\x02\x03\x04\x05mask"};
  static const size_t sizes[] = {2, 4, 6, 14};
  for (size_t i = 0; i < 4; i++) {
    for (size_t n = 0; n < sizes[i]; n++) {
      cs_wire_ws_frame f = {.header = 99};
      cs_rule broken = CS_RULE_VERSION;
      ck_assert_int_eq(cs_wire_ws_frame_read(cs_span_of(heads[i], n), &f, &broken), CS_ERR_AGAIN);
      ck_assert(f.header == 99 && broken == CS_RULE_VERSION);
    }
    (void)read_ok(heads[i], sizes[i]);
  }
}
END_TEST

START_TEST(each_length_has_one_form) {
  static const uint64_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, UINT64_MAX >> 1};
  static const size_t sizes[] = {2, 2, 2, 4, 4, 4, 10, 10};
  for (size_t i = 0; i < 8; i++) {
    cs_wire_ws_frame f = {.fin = true, .opcode = CS_WS_BINARY, .length = lengths[i]};
    uint8_t out[CS_WS_HEADER_MAX];
    ck_assert_uint_eq(cs_wire_ws_frame_put(&f, out), sizes[i]);
    ck_assert_uint_eq(READ("\x82\x00").length, 0);
    ck_assert_uint_eq(read_ok((const char *)out, sizes[i]).length, lengths[i]);
    ck_assert_uint_eq(cs_wire_ws_header_size(lengths[i], true), sizes[i] + 4);
  }
}
END_TEST

static void refused_length(const char *bytes, size_t len, cs_rule rule, uint64_t length) {
  cs_wire_ws_frame f;
  cs_rule broken = CS_RULE_NONE;
  ck_assert_int_eq(cs_wire_ws_frame_read(cs_span_of(bytes, len), &f, &broken), CS_ERR_RULE);
  ck_assert_str_eq(cs_base_rule_id(broken), cs_base_rule_id(rule));
  ck_assert_uint_eq(f.length, length);
  ck_assert_uint_eq(f.header, len);
}

START_TEST(a_length_that_is_not_the_shortest_or_too_large_is_shown_and_refused) {
  refused_length("\x82\x7e\x00\x7d", 4, CS_RULE_WS_LENGTH_FORM, 125);
  refused_length("\x82\x7e\x00\x00", 4, CS_RULE_WS_LENGTH_FORM, 0);
  refused_length("\x82\x7f\0\0\0\0\0\0\xff\xff", 10, CS_RULE_WS_LENGTH_FORM, 65535);
  refused_length("\x82\x7f\0\0\0\0\0\0\0\x01", 10, CS_RULE_WS_LENGTH_FORM, 1);
  refused_length("\x82\x7f\x80\0\0\0\0\0\0\0", 10, CS_RULE_WS_LENGTH_RANGE, UINT64_C(1) << 63);
  refused_length("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xffmask", 14, CS_RULE_WS_LENGTH_RANGE,
                 UINT64_MAX);
}
END_TEST

static void checked(const char *bytes, bool from_client, cs_rule rule) {
  cs_wire_ws_frame f;
  cs_rule broken = CS_RULE_NONE;
  uint8_t head[CS_WS_HEADER_MAX] = {(uint8_t)bytes[0], (uint8_t)bytes[1], 1};
  ck_assert_int_eq(cs_wire_ws_frame_read(cs_span_of(head, sizeof head), &f, &broken), CS_OK);
  ck_assert_str_eq(cs_base_rule_id(cs_wire_ws_frame_check(&f, from_client)), cs_base_rule_id(rule));
}

START_TEST(what_a_receiver_may_not_accept) {
  checked("\x82\x05", false, CS_RULE_NONE);
  checked("\x82\x85", true, CS_RULE_NONE);
  checked("\x82\x85", false, CS_RULE_WS_MASKED);
  checked("\x82\x05", true, CS_RULE_WS_UNMASKED);
  checked("\xc2\x05", false, CS_RULE_WS_RESERVED_BITS);
  checked("\xa2\x05", false, CS_RULE_WS_RESERVED_BITS);
  checked("\x92\x05", false, CS_RULE_WS_RESERVED_BITS);
  checked("\x09\x05", false, CS_RULE_WS_CONTROL_FRAGMENTED);
  checked("\x89\x7d", false, CS_RULE_NONE);
  checked("\x89\x7e", false, CS_RULE_WS_CONTROL_LENGTH);
  for (unsigned opcode = 0; opcode < 16; opcode++) {
    char head[2] = {(char)(0x80 | opcode), 0};
    bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    checked(head, false, known ? CS_RULE_NONE : CS_RULE_WS_OPCODE);
    ck_assert_int_eq(cs_wire_ws_opcode_name((uint8_t)opcode) != NULL, known);
  }
}
END_TEST

START_TEST(opcodes_have_the_names_of_the_rfc) {
  ck_assert_str_eq(cs_wire_ws_opcode_name(CS_WS_CONTINUATION), "continuation");
  ck_assert_str_eq(cs_wire_ws_opcode_name(CS_WS_TEXT), "text");
  ck_assert_str_eq(cs_wire_ws_opcode_name(CS_WS_BINARY), "binary");
  ck_assert_str_eq(cs_wire_ws_opcode_name(CS_WS_CLOSE), "close");
  ck_assert_str_eq(cs_wire_ws_opcode_name(CS_WS_PING), "ping");
  ck_assert_str_eq(cs_wire_ws_opcode_name(CS_WS_PONG), "pong");
}
END_TEST

/* However the payload is cut and wherever it lies, a byte meets the byte of the
 * mask at its place. */
START_TEST(a_mask_applied_in_pieces_is_the_mask) {
  static const uint8_t mask[4] = {0x01, 0x23, 0x45, 0x67};
  uint8_t want[67], got[80];
  for (size_t i = 0; i < sizeof want; i++)
    want[i] = (uint8_t)(i * 7) ^ mask[i % 4];
  for (size_t cut = 0; cut <= sizeof want; cut++) {
    for (size_t shift = 0; shift < 9; shift++) {
      for (size_t i = 0; i < sizeof want; i++)
        got[shift + i] = (uint8_t)(i * 7);
      cs_wire_ws_mask(got + shift, cut, mask, 0);
      cs_wire_ws_mask(got + shift + cut, sizeof want - cut, mask, cut);
      ck_assert_mem_eq(got + shift, want, sizeof want);
    }
  }
}
END_TEST

static cs_rule close_of(const char *payload, size_t len, uint16_t *status, cs_span *reason) {
  return cs_wire_ws_close_read(cs_span_of(payload, len), status, reason);
}

START_TEST(a_close_says_a_status_and_a_reason_or_nothing) {
  uint16_t status = 0;
  cs_span reason;
  ck_assert_int_eq(close_of("", 0, &status, &reason), CS_RULE_NONE);
  ck_assert(status == 1005 && reason.len == 0);
  ck_assert_int_eq(close_of("\x03\xe8", 2, &status, &reason), CS_RULE_NONE);
  ck_assert(status == 1000 && reason.len == 0);
  ck_assert_int_eq(close_of("\x03\xeagr\xc3\xbc\xc3\x9f", 8, &status, &reason), CS_RULE_NONE);
  ck_assert(status == 1002 && reason.len == 6);
  ck_assert_int_eq(close_of("\x03", 1, &status, &reason), CS_RULE_WS_CLOSE_PAYLOAD);
  ck_assert_int_eq(close_of("\x03\xe8\xc3", 3, &status, &reason), CS_RULE_WS_CLOSE_REASON);
  ck_assert(status == 1002 && reason.len == 6); /* both were left as they were */
}
END_TEST

START_TEST(only_statuses_that_may_be_sent_are_accepted) {
  for (unsigned v = 0; v <= 0xffff; v++) {
    const char payload[2] = {(char)(v >> 8), (char)v};
    uint16_t status = 0;
    cs_span reason;
    bool good = v >= 1000 && v < 5000 && v != 1004 && v != 1005 && v != 1006 && v != 1015;
    cs_rule rule = close_of(payload, 2, &status, &reason);
    ck_assert_int_eq(rule, good ? CS_RULE_NONE : CS_RULE_WS_CLOSE_STATUS);
    ck_assert_uint_eq(status, good ? v : 0);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/ws_frame");
  TCase *c = tcase_create("ws_frame");
  tcase_add_test(c, the_examples_of_section_5_7_are_read);
  tcase_add_test(c, an_incomplete_header_waits_and_leaves_the_outputs);
  tcase_add_test(c, each_length_has_one_form);
  tcase_add_test(c, a_length_that_is_not_the_shortest_or_too_large_is_shown_and_refused);
  tcase_add_test(c, what_a_receiver_may_not_accept);
  tcase_add_test(c, opcodes_have_the_names_of_the_rfc);
  tcase_add_test(c, a_mask_applied_in_pieces_is_the_mask);
  tcase_add_test(c, a_close_says_a_status_and_a_reason_or_nothing);
  tcase_add_test(c, only_statuses_that_may_be_sent_are_accepted);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
