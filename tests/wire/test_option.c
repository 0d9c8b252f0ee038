#include "wire/option.h"

#include "support/check_main.h"

START_TEST(walking_yields_numbers_and_values) {
  static const uint8_t encoded[] = {0xb1, 'a', 0x01, 'b', 0x10, 0xe1, 0x00, 0x00, 'z'};
  static const struct {
    uint16_t number;
    const char *value;
  } want[] = {{11, "a"}, {11, "b"}, {12, ""}, {281, "z"}};
  cs_wire_option_iter it = cs_wire_options(cs_span_of(encoded, sizeof encoded));
  cs_wire_option o;
  size_t i = 0;
  while (cs_wire_option_next(&it, &o)) {
    ck_assert_uint_eq(o.number, want[i].number);
    ck_assert(cs_span_equal(o.value, cs_span_str(want[i].value)));
    i++;
  }
  ck_assert_uint_eq(i, 4);
  ck_assert_int_eq(it.broken, CS_RULE_NONE);
}
END_TEST

START_TEST(walking_stops_at_the_first_fault_and_names_it) {
  static const struct {
    const char *bytes;
    size_t len;
    unsigned good;
    const char *rule;
  } samples[] = {
      {"\xb1"
       "a\xf1"
       "b",
       4, 1, "RFC7252#3.1:option-delta-reserved"},
      {"\xb1"
       "a\xff",
       3, 1, "RFC7252#3.1:option-delta-reserved"},
      {"\x1f", 1, 0, "RFC7252#3.1:option-length-reserved"},
      {"\x10\x10\x12"
       "a",
       4, 2, "RFC7252#3.1:option-incomplete"},
      {"\xe0\xfe\xf2\x10", 4, 1, "RFC7252#3.1:option-number-range"},
      {"\xe0\xff\xff", 3, 0, "RFC7252#3.1:option-number-range"},
  };
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    cs_wire_option_iter it = cs_wire_options(cs_span_of(samples[i].bytes, samples[i].len));
    cs_wire_option o = {77, {NULL, 0}};
    unsigned good = 0;
    while (cs_wire_option_next(&it, &o))
      good++;
    ck_assert_uint_eq(good, samples[i].good);
    ck_assert_str_eq(cs_base_rule_id(it.broken), samples[i].rule);
    ck_assert(!cs_wire_option_next(&it, &o));
  }
}
END_TEST

START_TEST(get_finds_the_first) {
  static const uint8_t encoded[] = {0xb1, 'a', 0x01, 'b', 0x11, 50};
  cs_span all = cs_span_of(encoded, sizeof encoded);
  cs_span value = {NULL, 99};
  ck_assert(!cs_wire_option_get(all, 10, &value));
  ck_assert(!cs_wire_option_get(all, 13, &value));
  ck_assert_uint_eq(value.len, 99);
  ck_assert(cs_wire_option_get(all, CS_OPT_URI_PATH, &value));
  ck_assert(cs_span_equal(value, cs_span_str("a")));
  ck_assert(cs_wire_option_get(all, CS_OPT_CONTENT_FORMAT, &value));
  ck_assert_uint_eq(value.at[0], 50);
  ck_assert(!cs_wire_option_get(cs_span_of(NULL, 0), 1, &value));
}
END_TEST

static const uint32_t uints[] = {0,     1,        255,      256,        65535,
                                 65536, 16777215, 16777216, 0x80000000, UINT32_MAX};
static const size_t uint_lengths[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

START_TEST(a_uint_is_as_short_as_can_be) {
  uint8_t buf[5];
  size_t len = cs_wire_uint_put(uints[_i], buf);
  ck_assert_uint_eq(len, uint_lengths[_i]);
  ck_assert(len == 0 || buf[0] != 0);
  uint32_t v = 1;
  ck_assert_int_eq(cs_wire_uint(cs_span_of(buf, len), &v), CS_OK);
  ck_assert_uint_eq(v, uints[_i]);
}
END_TEST

START_TEST(a_uint_may_have_leading_zeros_but_no_fifth_byte) {
  static const uint8_t bytes[5] = {0, 0, 1, 2, 3};
  uint32_t v = 7;
  ck_assert_int_eq(cs_wire_uint(cs_span_of(bytes, 4), &v), CS_OK);
  ck_assert_uint_eq(v, 0x0102);
  ck_assert_int_eq(cs_wire_uint(cs_span_of(bytes, 5), &v), CS_ERR_RULE);
  ck_assert_uint_eq(v, 0x0102);
}
END_TEST

START_TEST(putting_encodes_deltas_and_lengths) {
  static uint8_t value[70000];
  static uint8_t buf[70000];
  static const struct {
    uint16_t number;
    size_t len;
    uint8_t header[5];
    size_t header_len;
  } samples[] = {
      {0, 0, {0x00}, 1},
      {12, 12, {0xcc}, 1},
      {13, 13, {0xdd, 0, 0}, 3},
      {268, 268, {0xdd, 255, 255}, 3},
      {269, 269, {0xee, 0, 0, 0, 0}, 5},
      {65535, 65804, {0xee, 0xfe, 0xf2, 0xff, 0xff}, 5},
  };
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    cs_base_writer out = cs_base_writer_of(buf, sizeof buf);
    cs_wire_option_writer w = {&out, 0};
    cs_span v = cs_span_of(value, samples[i].len);
    ck_assert_int_eq(cs_wire_option_put(&w, samples[i].number, v), CS_OK);
    ck_assert_uint_eq(out.len, samples[i].header_len + v.len);
    ck_assert_mem_eq(buf, samples[i].header, samples[i].header_len);
    cs_wire_option_iter it = cs_wire_options(cs_base_written(&out));
    cs_wire_option o;
    ck_assert(cs_wire_option_next(&it, &o));
    ck_assert_uint_eq(o.number, samples[i].number);
    ck_assert_uint_eq(o.value.len, samples[i].len);
  }
}
END_TEST

START_TEST(putting_refuses_a_step_back_and_a_value_too_long) {
  static uint8_t value[65805];
  uint8_t buf[8];
  cs_base_writer out = cs_base_writer_of(buf, sizeof buf);
  cs_wire_option_writer w = {&out, 0};
  ck_assert_int_eq(cs_wire_option_put(&w, 11, cs_span_str("a")), CS_OK);
  ck_assert_int_eq(cs_wire_option_put(&w, 10, cs_span_str("a")), CS_ERR_ARGUMENT);
  ck_assert_int_eq(cs_wire_option_put(&w, 12, cs_span_of(value, 65805)), CS_ERR_ARGUMENT);
  ck_assert_uint_eq(out.len, 2);
  ck_assert(!out.overflow);
  ck_assert_int_eq(cs_wire_option_put_uint(&w, 12, 50), CS_OK);
  ck_assert_mem_eq(buf,
                   "\xb1"
                   "a\x11\x32",
                   4);
}
END_TEST

START_TEST(an_overflow_leaves_no_half_option) {
  uint8_t buf[5];
  cs_base_writer out = cs_base_writer_of(buf, sizeof buf);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_option_put(&w, 11, cs_span_str("a"));
  ck_assert_int_eq(cs_wire_option_put(&w, 11, cs_span_str("bcd")), CS_OK);
  ck_assert(out.overflow);
  ck_assert_uint_eq(out.len, 2);
}
END_TEST

/* Numbers whose deltas cross every width, inserted in every order. */
static const uint16_t mixed[] = {0, 11, 11, 12, 25, 292, 700, 65535};
enum { MIXED = sizeof mixed / sizeof *mixed };

START_TEST(inserting_in_any_order_gives_what_putting_in_order_gives) {
  uint8_t want[128];
  cs_base_writer out = cs_base_writer_of(want, sizeof want);
  cs_wire_option_writer w = {&out, 0};
  for (size_t i = 0; i < MIXED; i++)
    cs_wire_option_put(&w, mixed[i], cs_span_of(&mixed[i], 2));
  uint32_t state = (uint32_t)_i + 1;
  size_t order[MIXED];
  for (size_t i = 0; i < MIXED; i++)
    order[i] = i;
  for (size_t i = MIXED; i > 1; i--) {
    state = state * 1664525u + 1013904223u;
    size_t j = (state >> 16) % i;
    size_t swap = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swap;
  }
  uint8_t buf[128];
  size_t len = 0;
  for (size_t i = 0; i < MIXED; i++)
    ck_assert_int_eq(cs_wire_option_insert(buf, &len, sizeof buf, mixed[order[i]],
                                           cs_span_of(&mixed[order[i]], 2)),
                     CS_OK);
  ck_assert_uint_eq(len, out.len);
  ck_assert_mem_eq(buf, want, len);
}
END_TEST

START_TEST(inserting_goes_behind_its_equals) {
  uint8_t buf[16];
  size_t len = 0;
  cs_wire_option_insert(buf, &len, sizeof buf, 11, cs_span_str("a"));
  cs_wire_option_insert(buf, &len, sizeof buf, 15, cs_span_str("q"));
  cs_wire_option_insert(buf, &len, sizeof buf, 11, cs_span_str("b"));
  ck_assert_uint_eq(len, 6);
  ck_assert_mem_eq(buf,
                   "\xb1"
                   "a\x01"
                   "b\x41"
                   "q",
                   6);
}
END_TEST

START_TEST(inserting_may_shrink_the_header_behind) {
  uint8_t buf[16];
  size_t len = 0;
  cs_wire_option_insert(buf, &len, sizeof buf, 300, cs_span_str("z"));
  ck_assert_uint_eq(len, 4);
  cs_wire_option_insert(buf, &len, sizeof buf, 299, cs_span_of(NULL, 0));
  ck_assert_uint_eq(len, 5);
  ck_assert_mem_eq(buf,
                   "\xe0\x00\x1e\x11"
                   "z",
                   5);
}
END_TEST

START_TEST(a_failed_insert_changes_nothing) {
  static uint8_t long_value[65805];
  uint8_t buf[8] = {0xb1, 'a', 0x41, 'q'};
  uint8_t before[8];
  memcpy(before, buf, sizeof buf);
  size_t len = 4;
  ck_assert_int_eq(cs_wire_option_insert(buf, &len, 5, 11, cs_span_str("b")), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(cs_wire_option_insert(buf, &len, 8, 60, cs_span_str("abc")), CS_ERR_TOO_LARGE);
  ck_assert_int_eq(cs_wire_option_insert(buf, &len, 8, 1, cs_span_of(long_value, 65805)),
                   CS_ERR_ARGUMENT);
  ck_assert_uint_eq(len, 4);
  ck_assert_mem_eq(buf, before, sizeof buf);
  buf[2] = 0x4f;
  ck_assert_int_eq(cs_wire_option_insert(buf, &len, 8, 11, cs_span_str("b")), CS_ERR_ARGUMENT);
  ck_assert_uint_eq(len, 4);
  buf[2] = 0x41;
  ck_assert_int_eq(cs_wire_option_insert(buf, &len, 6, 11, cs_span_str("b")), CS_OK);
  ck_assert_uint_eq(len, 6);
}
END_TEST

START_TEST(opening_makes_room_for_a_value) {
  uint8_t buf[16] = {0xb1, 'a', 0x41, 'q'};
  size_t len = 4;
  uint8_t *value = NULL;
  ck_assert_int_eq(cs_wire_option_open(buf, &len, sizeof buf, 12, 2, &value), CS_OK);
  ck_assert_ptr_eq(value, buf + 3);
  memcpy(value, "xy", 2);
  ck_assert_uint_eq(len, 7);
  ck_assert_mem_eq(buf,
                   "\xb1"
                   "a\x12xy\x31q",
                   7);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/option");
  TCase *walk = tcase_create("walk");
  tcase_add_test(walk, walking_yields_numbers_and_values);
  tcase_add_test(walk, walking_stops_at_the_first_fault_and_names_it);
  tcase_add_test(walk, get_finds_the_first);
  suite_add_tcase(suite, walk);
  TCase *uint = tcase_create("uint");
  tcase_add_loop_test(uint, a_uint_is_as_short_as_can_be, 0, (int)(sizeof uints / sizeof *uints));
  tcase_add_test(uint, a_uint_may_have_leading_zeros_but_no_fifth_byte);
  suite_add_tcase(suite, uint);
  TCase *put = tcase_create("put");
  tcase_add_test(put, putting_encodes_deltas_and_lengths);
  tcase_add_test(put, putting_refuses_a_step_back_and_a_value_too_long);
  tcase_add_test(put, an_overflow_leaves_no_half_option);
  suite_add_tcase(suite, put);
  TCase *insert = tcase_create("insert");
  tcase_add_loop_test(insert, inserting_in_any_order_gives_what_putting_in_order_gives, 0, 40);
  tcase_add_test(insert, inserting_goes_behind_its_equals);
  tcase_add_test(insert, inserting_may_shrink_the_header_behind);
  tcase_add_test(insert, a_failed_insert_changes_nothing);
  tcase_add_test(insert, opening_makes_room_for_a_value);
  suite_add_tcase(suite, insert);
  return cs_test_main(suite);
}
