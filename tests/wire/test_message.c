#include "wire/message.h"

#include "support/check_main.h"
#include "wire/option.h"

/* The longest message that a test builds. */
enum { ROOM = 140000 };

struct refusal {
  cs_wire_form form;
  uint32_t token_max;
  const char *bytes;
  size_t len;
  const char *rule; /* id */
};

#define REFUSED(form, token_max, text, rule)                                                       \
  { CS_WIRE_##form, token_max, text, sizeof(text) - 1, rule }

static const struct refusal refusals[] = {
    /* Version before everything, length included. */
    REFUSED(UDP, 8, "", "RFC7252#3:header-incomplete"),
    REFUSED(UDP, 8, "\x00", "RFC7252#3:version-unknown"),
    REFUSED(UDP, 8, "\x81\xff", "RFC7252#3:version-unknown"),
    REFUSED(UDP, 8, "\xcf\xff\xff\xff\xff\xff", "RFC7252#3:version-unknown"),
    REFUSED(UDP, 8, "\x40", "RFC7252#3:header-incomplete"),
    REFUSED(UDP, 8, "\x40\x01\x00", "RFC7252#3:header-incomplete"),
    /* Token length and token. */
    REFUSED(UDP, 8,
            "\x49\x01\x00\x01"
            "123456789",
            "RFC7252#3:token-length-reserved"),
    REFUSED(UDP, 8,
            "\x4d\x01\x00\x01\x00"
            "1234567890123",
            "RFC7252#3:token-length-reserved"),
    REFUSED(UDP, 8, "\x4f\x01\x00\x01", "RFC7252#3:token-length-reserved"),
    REFUSED(UDP, 100, "\x4f\x01\x00\x01", "RFC7252#3:token-length-reserved"),
    REFUSED(UDP, 8,
            "\x44\x01\x00\x01"
            "123",
            "RFC7252#3:token-incomplete"),
    REFUSED(UDP, 8, "\x48\x01\x00\x01", "RFC7252#3:token-incomplete"),
    REFUSED(UDP, 100,
            "\x4c\x01\x00\x01"
            "12345678901",
            "RFC7252#3:token-incomplete"),
    REFUSED(UDP, 100, "\x4d\x01\x00\x01", "RFC7252#3:token-incomplete"),
    REFUSED(UDP, 100,
            "\x4d\x01\x00\x01\x01"
            "1234567890123",
            "RFC7252#3:token-incomplete"),
    REFUSED(UDP, 100, "\x4e\x01\x00\x01\x00", "RFC7252#3:token-incomplete"),
    REFUSED(UDP, 14,
            "\x4d\x01\x00\x01\x02"
            "123456789012345",
            "OURS#token-cap"),
    REFUSED(UDP, 4,
            "\x45\x01\x00\x01"
            "12345",
            "OURS#token-cap"),
    /* Type with code. */
    REFUSED(UDP, 8, "\x40\x20\x00\x01", "RFC7252#4.2:code-class-reserved"),
    REFUSED(UDP, 8, "\x50\xc1\x00\x01", "RFC7252#4.2:code-class-reserved"),
    REFUSED(UDP, 8, "\x40\xe1\x00\x01", "RFC7252#4.2:code-class-reserved"),
    REFUSED(UDP, 8, "\x70\xff\x00\x01", "RFC7252#4.2:code-class-reserved"),
    REFUSED(UDP, 8, "\x60\x01\x00\x01", "RFC7252#4.2:ack-with-request"),
    REFUSED(UDP, 8, "\x60\x1f\x00\x01", "RFC7252#4.2:ack-with-request"),
    REFUSED(UDP, 8, "\x70\x01\x00\x01", "RFC7252#4.2:rst-not-empty"),
    REFUSED(UDP, 8, "\x70\x45\x00\x01", "RFC7252#4.2:rst-not-empty"),
    REFUSED(UDP, 8, "\x50\x00\x00\x01", "RFC7252#4.3:non-empty"),
    REFUSED(UDP, 8,
            "\x41\x00\x00\x01"
            "1",
            "RFC7252#4.1:empty-with-content"),
    REFUSED(UDP, 8, "\x42\x00\x00\x01", "RFC7252#4.1:empty-with-content"),
    REFUSED(UDP, 8,
            "\x40\x00\x00\x01\xb1"
            "a",
            "RFC7252#4.1:empty-with-content"),
    REFUSED(UDP, 8,
            "\x60\x00\x00\x01\xff"
            "a",
            "RFC7252#4.1:empty-with-content"),
    REFUSED(UDP, 8, "\x70\x00\x00\x01\x00", "RFC7252#4.1:empty-with-content"),
    /* Options and payload. */
    REFUSED(UDP, 8, "\x40\x01\x00\x01\xff", "RFC7252#3:marker-without-payload"),
    REFUSED(UDP, 8,
            "\x40\x01\x00\x01\xb1"
            "a\xff",
            "RFC7252#3:marker-without-payload"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\xf0", "RFC7252#3.1:option-delta-reserved"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\xfe\x00\x00", "RFC7252#3.1:option-delta-reserved"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\x0f", "RFC7252#3.1:option-length-reserved"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\xdf\x00", "RFC7252#3.1:option-length-reserved"),
    REFUSED(UDP, 8,
            "\x40\x01\x00\x01\xb2"
            "a",
            "RFC7252#3.1:option-incomplete"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\xd0", "RFC7252#3.1:option-incomplete"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\xe0\x00", "RFC7252#3.1:option-incomplete"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\x0d", "RFC7252#3.1:option-incomplete"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\x0e\x00", "RFC7252#3.1:option-incomplete"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\xdd\x00", "RFC7252#3.1:option-incomplete"),
    REFUSED(UDP, 8,
            "\x40\x01\x00\x01\x0e\xff\xff"
            "abc",
            "RFC7252#3.1:option-incomplete"),
    /* 269 + 65267 is 65536. */
    REFUSED(UDP, 8, "\x40\x01\x00\x01\xe0\xfe\xf3", "RFC7252#3.1:option-number-range"),
    REFUSED(UDP, 8, "\x40\x01\x00\x01\xe0\xfe\xf2\x10", "RFC7252#3.1:option-number-range"),
    /* TCP. */
    REFUSED(TCP, 8, "", "RFC7252#3:header-incomplete"),
    REFUSED(TCP, 8, "\x00", "RFC7252#3:header-incomplete"),
    REFUSED(TCP, 8, "\xd0", "RFC7252#3:header-incomplete"),
    REFUSED(TCP, 8, "\xe0\x00", "RFC7252#3:header-incomplete"),
    REFUSED(TCP, 8, "\xf0\x00\x00\x00\x01", "RFC7252#3:header-incomplete"),
    REFUSED(TCP, 8,
            "\x09\x01"
            "123456789",
            "RFC7252#3:token-length-reserved"),
    REFUSED(TCP, 100, "\x0f\x01", "RFC7252#3:token-length-reserved"),
    REFUSED(TCP, 8,
            "\x02\x01"
            "1",
            "RFC7252#3:token-incomplete"),
    REFUSED(TCP, 8, "\x00\x21", "RFC7252#4.2:code-class-reserved"),
    REFUSED(TCP, 8, "\x00\xdf", "RFC7252#4.2:code-class-reserved"),
    REFUSED(TCP, 8, "\x10\x01", "RFC8323#3.2:length-mismatch"),
    REFUSED(TCP, 8, "\x00\x01\xb0", "RFC8323#3.2:length-mismatch"),
    REFUSED(TCP, 8, "\xf0\xff\xff\xff\xff\x01\xb0", "RFC8323#3.2:length-mismatch"),
    REFUSED(TCP, 8, "\x10\x01\xff", "RFC7252#3:marker-without-payload"),
    REFUSED(TCP, 8, "\x10\x00\x0f", "RFC7252#3.1:option-length-reserved"),
    /* WebSocket. */
    REFUSED(WS, 8, "\x01", "RFC7252#3:header-incomplete"),
    REFUSED(WS, 8, "\x10\x01\xb0", "RFC8323#4.2:length-not-zero"),
    REFUSED(WS, 8, "\xf0", "RFC8323#4.2:length-not-zero"),
    REFUSED(WS, 8,
            "\x03\x45"
            "12",
            "RFC7252#3:token-incomplete"),
    REFUSED(WS, 8, "\x00\xc0", "RFC7252#4.2:code-class-reserved"),
};

START_TEST(a_refusal_names_its_rule_and_changes_nothing) {
  const struct refusal *r = &refusals[_i];
  cs_wire_limits limits = {r->token_max};
  cs_wire_message m;
  cs_wire_message before;
  memset(&m, 0x5a, sizeof m);
  memcpy(&before, &m, sizeof m);
  /* A copy of exact size lets the sanitizer see a read past the end. */
  uint8_t *copy = malloc(r->len + 1);
  memcpy(copy + 1, r->bytes, r->len);
  cs_rule broken = cs_wire_parse(r->form, cs_span_of(copy + 1, r->len), &limits, &m);
  free(copy);
  ck_assert_str_eq(cs_base_rule_id(broken), r->rule);
  ck_assert_mem_eq(&m, &before, sizeof m);
}
END_TEST

START_TEST(a_message_is_read_field_by_field) {
  static const uint8_t bytes[] = {0x52, 0x02, 0xab, 0xcd, 0x11, 0x22, 0xb1,
                                  'x',  0x10, 0xff, 'h',  0xff, 'i'};
  cs_wire_message m;
  ck_assert_int_eq(cs_wire_parse(CS_WIRE_UDP, cs_span_of(bytes, sizeof bytes), NULL, &m), 0);
  ck_assert_int_eq(m.form, CS_WIRE_UDP);
  ck_assert_int_eq(m.type, CS_NON);
  ck_assert_int_eq(m.code, CS_CODE(0, 2));
  ck_assert_int_eq(m.mid, 0xabcd);
  ck_assert(cs_span_equal(m.token, cs_span_of(bytes + 4, 2)));
  ck_assert(cs_span_equal(m.options, cs_span_of(bytes + 6, 3)));
  ck_assert(cs_span_equal(m.payload, cs_span_of(bytes + 10, 3)));
}
END_TEST

START_TEST(every_type_with_every_code_is_decided_as_table_1_says) {
  for (unsigned type = CS_CON; type <= CS_RST; type++) {
    for (unsigned code = 0; code < 256; code++) {
      uint8_t bytes[] = {(uint8_t)(0x40 | type << 4), (uint8_t)code, 0, 1};
      unsigned class = code >> 5;
      bool request = code > 0 && code < 32;
      bool response = class >= 2 && class <= 5;
      bool good = type == CS_CON   ? code == 0 || request || response
                  : type == CS_NON ? request || response
                  : type == CS_ACK ? code == 0 || response
                                   : code == 0;
      cs_wire_message m;
      cs_rule broken = cs_wire_parse(CS_WIRE_UDP, cs_span_of(bytes, 4), NULL, &m);
      ck_assert_msg((broken == CS_RULE_NONE) == good, "type %u code %u", type, code);
    }
  }
}
END_TEST

START_TEST(signaling_and_empty_are_legal_on_streams) {
  cs_wire_message m;
  for (cs_wire_form form = CS_WIRE_TCP; form <= CS_WIRE_WS; form++) {
    ck_assert_int_eq(cs_wire_parse(form, cs_span_of("\x00\xe1", 2), NULL, &m), 0);
    ck_assert_int_eq(m.code, CS_CODE(7, 1));
    ck_assert_int_eq(m.type, 0);
    ck_assert_int_eq(m.mid, 0);
    ck_assert_int_eq(cs_wire_parse(form, cs_span_of("\x00\x00", 2), NULL, &m), 0);
    ck_assert_int_eq(m.code, CS_CODE_EMPTY);
    /* RFC 8323 section 3.4: ignored, whatever it carries. */
    ck_assert_int_eq(cs_wire_parse(form, cs_span_of("\x01\x00z", 3), NULL, &m), 0);
    ck_assert_uint_eq(m.token.len, 1);
  }
}
END_TEST

static void fill(uint8_t *at, size_t len) {
  for (size_t i = 0; i < len; i++)
    at[i] = (uint8_t)(i * 7 + 1);
}

static const size_t token_lengths[] = {0, 1, 8, 9, 12, 13, 14, 268, 269, 270, 65803, 65804};

START_TEST(every_token_length_survives) {
  static uint8_t token[CS_WIRE_TOKEN_MAX];
  static uint8_t buf[ROOM];
  static uint8_t again[ROOM];
  fill(token, sizeof token);
  size_t n = token_lengths[_i];
  for (cs_wire_form form = CS_WIRE_UDP; form <= CS_WIRE_WS; form++) {
    cs_wire_message m = {.form = form, .code = CS_CODE(0, 1), .token = {token, n}};
    m.payload = cs_span_str("p");
    size_t len = 0;
    size_t len_again = 0;
    ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
    ck_assert_uint_eq(len, cs_wire_size(&m));
    cs_wire_limits limits = {CS_WIRE_TOKEN_MAX};
    cs_wire_message got;
    ck_assert_int_eq(cs_wire_parse(form, cs_span_of(buf, len), &limits, &got), CS_RULE_NONE);
    ck_assert(cs_span_equal(got.token, m.token));
    ck_assert_int_eq(cs_wire_build(&got, again, sizeof again, &len_again), CS_OK);
    ck_assert_uint_eq(len_again, len);
    ck_assert_mem_eq(again, buf, len);
    cs_rule broken = cs_wire_parse(form, cs_span_of(buf, len), NULL, &got);
    ck_assert_str_eq(cs_base_rule_id(broken), n > 8 ? "RFC7252#3:token-length-reserved" : "none");
    if (form == CS_WIRE_TCP) {
      size_t total = 0;
      ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of(buf, len), &total), CS_OK);
      ck_assert_uint_eq(total, len);
    }
  }
}
END_TEST

START_TEST(token_length_encodings_are_those_of_rfc8974) {
  static uint8_t token[300];
  static uint8_t buf[400];
  size_t len;
  cs_wire_message m = {.form = CS_WIRE_UDP, .code = CS_CODE(0, 1), .token = {token, 12}};
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  ck_assert_uint_eq(buf[0], 0x4c);
  m.token.len = 13;
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  ck_assert_uint_eq(buf[0], 0x4d);
  ck_assert_uint_eq(buf[4], 0);
  m.token.len = 268;
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  ck_assert_uint_eq(buf[0], 0x4d);
  ck_assert_uint_eq(buf[4], 255);
  m.token.len = 270;
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  ck_assert_uint_eq(buf[0], 0x4e);
  ck_assert_uint_eq(buf[4], 0);
  ck_assert_uint_eq(buf[5], 1);
}
END_TEST

/* Payload lengths around each step of the TCP Length; the marker counts. */
static const struct {
  size_t payload;
  uint8_t first;
  size_t header;
} tcp_lengths[] = {
    {0, 0x00, 2},     {1, 0x20, 2},     {11, 0xc0, 2},     {12, 0xd0, 3},
    {267, 0xd0, 3},   {268, 0xe0, 4},   {269, 0xe0, 4},    {65803, 0xe0, 4},
    {65804, 0xf0, 6}, {65805, 0xf0, 6}, {100000, 0xf0, 6},
};

START_TEST(every_tcp_length_survives_and_frames) {
  static uint8_t payload[100000];
  static uint8_t buf[ROOM];
  fill(payload, sizeof payload);
  cs_wire_message m = {.form = CS_WIRE_TCP, .code = CS_CODE(2, 5)};
  m.payload = cs_span_of(payload, tcp_lengths[_i].payload);
  size_t len = 0;
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  ck_assert_uint_eq(buf[0], tcp_lengths[_i].first);
  size_t header = tcp_lengths[_i].header;
  ck_assert_uint_eq(len, header + (m.payload.len ? m.payload.len + 1 : 0));
  size_t total = 12345;
  for (size_t n = 0; n < header; n++)
    ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of(buf, n), &total), CS_ERR_AGAIN);
  ck_assert_uint_eq(total, 12345);
  ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of(buf, header), &total), CS_OK);
  ck_assert_uint_eq(total, len);
  cs_wire_message got;
  ck_assert_int_eq(cs_wire_parse(CS_WIRE_TCP, cs_span_of(buf, len), NULL, &got), CS_RULE_NONE);
  ck_assert(cs_span_equal(got.payload, m.payload));
}
END_TEST

START_TEST(a_frame_counts_the_token_extension) {
  size_t total = 0;
  ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of("\x2c\x01", 2), &total), CS_OK);
  ck_assert_uint_eq(total, 2 + 12 + 2);
  ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of("\x2d\x01", 2), &total), CS_ERR_AGAIN);
  ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of("\x2d\x01\x07", 3), &total), CS_OK);
  ck_assert_uint_eq(total, 3 + 20 + 2);
  ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of("\x2e\x01\x00", 3), &total), CS_ERR_AGAIN);
  ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of("\x2e\x01\x00\x01", 4), &total), CS_OK);
  ck_assert_uint_eq(total, 4 + 270 + 2);
  /* No length is known for TKL 15; the frame ends so that parsing refuses it. */
  ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of("\x0f\x01", 2), &total), CS_OK);
  ck_assert_uint_eq(total, 2);
  ck_assert_int_eq(cs_wire_tcp_frame(cs_span_of("\xf0\xff\xff\xff\xff\x01", 6), &total), CS_OK);
  ck_assert_uint_eq(total, 6 + 65805 + UINT64_C(0xffffffff));
}
END_TEST

START_TEST(building_needs_room_and_a_token_that_can_be_said) {
  uint8_t buf[16];
  memset(buf, 0x77, sizeof buf);
  size_t len = 99;
  cs_wire_message m = {.form = CS_WIRE_UDP, .type = CS_ACK, .code = CS_CODE(2, 5), .mid = 7};
  m.payload = cs_span_str("abc");
  ck_assert_uint_eq(cs_wire_size(&m), 8);
  ck_assert_int_eq(cs_wire_build(&m, buf, 7, &len), CS_ERR_TOO_LARGE);
  ck_assert_uint_eq(buf[0], 0x77);
  ck_assert_uint_eq(len, 99);
  ck_assert_int_eq(cs_wire_build(&m, buf, 8, &len), CS_OK);
  ck_assert_mem_eq(buf,
                   "\x60\x45\x00\x07\xff"
                   "abc",
                   8);
  m.token = cs_span_of(buf, CS_WIRE_TOKEN_MAX + 1);
  ck_assert_uint_eq(cs_wire_size(&m), 0);
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_ERR_ARGUMENT);
  m.token.len = 0;
  m.type = 4;
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_ERR_ARGUMENT);
}
END_TEST

START_TEST(what_is_wrong_is_built_all_the_same) {
  uint8_t buf[16];
  size_t len;
  cs_wire_message m = {.form = CS_WIRE_UDP, .type = CS_RST, .code = CS_CODE(0, 1), .mid = 1};
  m.options = cs_span_of("\xf0", 1);
  ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_OK);
  ck_assert_uint_eq(len, 5);
  ck_assert_mem_eq(buf, "\x70\x01\x00\x01\xf0", 5);
}
END_TEST

START_TEST(a_malformed_message_can_be_peeked_at) {
  uint8_t type = 9;
  uint8_t code = 9;
  uint16_t mid = 9;
  ck_assert(!cs_wire_peek(cs_span_of("\x40\x01\x02", 3), &type, &code, &mid));
  ck_assert(!cs_wire_peek(cs_span_of("\x80\x01\x02\x03", 4), &type, &code, &mid));
  ck_assert_uint_eq(type, 9);
  ck_assert(cs_wire_peek(cs_span_of("\x7f\xe1\x02\x03\xff", 5), &type, &code, &mid));
  ck_assert_uint_eq(type, CS_RST);
  ck_assert_uint_eq(code, 0xe1);
  ck_assert_uint_eq(mid, 0x0203);
}
END_TEST

/* Every prefix of a good message is accepted or refused with a rule, and a
 * refused one is never accepted when cut shorter inside an option. */
START_TEST(every_cut_is_decided) {
  static const uint8_t bytes[] = {0x44, 0x01, 0x12, 0x34, 1,   2,   3, 4,    0xb5, 'h',  'e',
                                  'l',  'l',  'o',  0xd1, 0x0, 'q', 0, 0xe1, 0,    0x10, 'v'};
  for (size_t n = 0; n <= sizeof bytes; n++) {
    uint8_t *copy = malloc(n + 1);
    memcpy(copy, bytes, n);
    cs_wire_message m;
    cs_rule broken = cs_wire_parse(CS_WIRE_UDP, cs_span_of(copy, n), NULL, &m);
    bool boundary = n == 8 || n == 14 || n == 17 || n == 18 || n == sizeof bytes;
    ck_assert_msg((broken == CS_RULE_NONE) == boundary, "cut at %zu: %s", n,
                  cs_base_rule_id(broken));
    free(copy);
  }
}
END_TEST

/* Sizes are never added up beyond what a size can hold: a message of such parts
 * would be measured short and cut off. */
START_TEST(lengths_that_wrap_are_refused) {
  static const uint8_t byte;
  uint8_t buf[64];
  size_t len = 4711;
  for (unsigned form = CS_WIRE_UDP; form <= CS_WIRE_WS; form++) {
    cs_wire_message m = {.form = (cs_wire_form)form, .code = 1};
    m.payload = cs_span_of(&byte, SIZE_MAX);
    ck_assert_uint_eq(cs_wire_size(&m), 0);
    ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_ERR_ARGUMENT);
    m.payload = cs_span_of(&byte, SIZE_MAX / 2 + 1);
    m.options = cs_span_of(&byte, SIZE_MAX / 2 + 1);
    ck_assert_uint_eq(cs_wire_size(&m), 0);
    m.payload.len = 1;
    m.options.len = SIZE_MAX;
    ck_assert_uint_eq(cs_wire_size(&m), 0);
    m.payload.len = 0;
    ck_assert_int_eq(cs_wire_build(&m, buf, sizeof buf, &len), CS_ERR_ARGUMENT);
  }
  ck_assert_uint_eq(len, 4711);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/message");
  TCase *parse = tcase_create("parse");
  tcase_add_loop_test(parse, a_refusal_names_its_rule_and_changes_nothing, 0,
                      (int)(sizeof refusals / sizeof *refusals));
  tcase_add_test(parse, a_message_is_read_field_by_field);
  tcase_add_test(parse, every_type_with_every_code_is_decided_as_table_1_says);
  tcase_add_test(parse, signaling_and_empty_are_legal_on_streams);
  tcase_add_test(parse, a_malformed_message_can_be_peeked_at);
  tcase_add_test(parse, every_cut_is_decided);
  suite_add_tcase(suite, parse);
  TCase *build = tcase_create("build");
  tcase_add_loop_test(build, every_token_length_survives, 0,
                      (int)(sizeof token_lengths / sizeof *token_lengths));
  tcase_add_test(build, token_length_encodings_are_those_of_rfc8974);
  tcase_add_loop_test(build, every_tcp_length_survives_and_frames, 0,
                      (int)(sizeof tcp_lengths / sizeof *tcp_lengths));
  tcase_add_test(build, a_frame_counts_the_token_extension);
  tcase_add_test(build, building_needs_room_and_a_token_that_can_be_said);
  tcase_add_test(build, what_is_wrong_is_built_all_the_same);
  tcase_add_test(build, lengths_that_wrap_are_refused);
  suite_add_tcase(suite, build);
  return cs_test_main(suite);
}
