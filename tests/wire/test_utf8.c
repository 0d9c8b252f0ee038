#include "wire/utf8.h"

#include "support/check_main.h"

struct sample {
  const char *bytes;
  size_t len;
  bool valid;
};

#define SAMPLE(text, ok)                                                                           \
  { text, sizeof(text) - 1, ok }

static const struct sample samples[] = {
    SAMPLE("", true),
    SAMPLE("coap", true),
    SAMPLE("a\0b", true),
    SAMPLE("\x7f", true),
    SAMPLE("\x80", false),
    SAMPLE("\xbf", false),
    SAMPLE("\xc0\x80", false), /* overlong NUL */
    SAMPLE("\xc1\xbf", false), /* overlong DEL */
    SAMPLE("\xc2\x80", true),
    SAMPLE("\xc2", false),
    SAMPLE("\xc2\x41", false),
    SAMPLE("\xc2\xc0", false),
    SAMPLE("\xdf\xbf", true),
    SAMPLE("\xe0\x9f\xbf", false), /* overlong U+07FF */
    SAMPLE("\xe0\xa0\x80", true),
    SAMPLE("\xe3\x81\x93\xe3\x82\x93", true),
    SAMPLE("\xe3\x81", false),
    SAMPLE("\xe3\x81\x41", false),
    SAMPLE("\xed\x9f\xbf", true),
    SAMPLE("\xed\xa0\x80", false), /* U+D800 */
    SAMPLE("\xed\xbf\xbf", false), /* U+DFFF */
    SAMPLE("\xee\x80\x80", true),
    SAMPLE("\xef\xbf\xbf", true),
    SAMPLE("\xf0\x8f\xbf\xbf", false), /* overlong U+FFFF */
    SAMPLE("\xf0\x90\x80\x80", true),
    SAMPLE("\xf0\x90\x80", false),
    SAMPLE("\xf0\x90\x80\x41", false),
    SAMPLE("\xf4\x8f\xbf\xbf", true),
    SAMPLE("\xf4\x90\x80\x80", false), /* U+110000 */
    SAMPLE("\xf5\x80\x80\x80", false),
    SAMPLE("\xff", false),
    SAMPLE("good\xf0\x9f\x98\x80then\xfe", false),
};

START_TEST(rfc3629_decides) {
  const struct sample *s = &samples[_i];
  ck_assert_int_eq(cs_wire_utf8_valid(cs_span_of(s->bytes, s->len)), s->valid);
}
END_TEST

START_TEST(a_sequence_is_one_character) {
  ck_assert_uint_eq(cs_wire_utf8_sequence(cs_span_of(NULL, 0)), 0);
  ck_assert_uint_eq(cs_wire_utf8_sequence(cs_span_str("ab")), 1);
  ck_assert_uint_eq(cs_wire_utf8_sequence(cs_span_str("\xc3\xa4"
                                                      "b")),
                    2);
  ck_assert_uint_eq(cs_wire_utf8_sequence(cs_span_str("\xe2\x82\xac")), 3);
  ck_assert_uint_eq(cs_wire_utf8_sequence(cs_span_str("\xf0\x9f\x98\x80")), 4);
  ck_assert_uint_eq(cs_wire_utf8_sequence(cs_span_str("\x80z")), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/utf8");
  TCase *tc = tcase_create("utf8");
  tcase_add_loop_test(tc, rfc3629_decides, 0, (int)(sizeof samples / sizeof *samples));
  tcase_add_test(tc, a_sequence_is_one_character);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
