/* Golden tests: the message examples of the RFCs, as bytes and in notation,
 * in both directions. */
#include "support/check_main.h"
#include "wire/notation.h"
#include "wire/option.h"

enum { BYTES_MAX = 20000, TEXT_MAX = 40000 };

enum { UDP = CS_WIRE_UDP, TCP = CS_WIRE_TCP, WS = CS_WIRE_WS };

struct example {
  const char *where;
  int form;
  const char *hex;
  size_t fill;
  const char *text;
};

static const struct example examples[] = {
#define RFC_EXAMPLE(where, form, hex, fill, text) {where, form, hex, fill, text},
#include "rfc_examples.def"
#undef RFC_EXAMPLE
};

/* The bytes and the text of an example, its payload filled in. */
struct spelled {
  uint8_t bytes[BYTES_MAX];
  size_t len;
  char text[TEXT_MAX];
};

static unsigned digit(char c) {
  return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void spell(const struct example *e, struct spelled *s) {
  s->len = strlen(e->hex) / 2;
  for (size_t i = 0; i < s->len; i++)
    s->bytes[i] = (uint8_t)(digit(e->hex[2 * i]) << 4 | digit(e->hex[2 * i + 1]));
  memset(s->bytes + s->len, 'x', e->fill);
  s->len += e->fill;
  static const char payload[] = " payload=\"";
  size_t at = strlen(e->text);
  memcpy(s->text, e->text, at + 1);
  if (e->fill) {
    memcpy(s->text + at, payload, sizeof payload - 1);
    at += sizeof payload - 1;
    memset(s->text + at, 'x', e->fill);
    memcpy(s->text + at + e->fill, "\"", 2);
  }
}

/* RFC 8974 was agreed on where its longer tokens appear. */
static const cs_wire_limits limits = {CS_WIRE_TOKEN_MAX};

START_TEST(bytes_print_as_the_notation) {
  static struct spelled s;
  static char text[TEXT_MAX];
  const struct example *e = &examples[_i];
  spell(e, &s);
  cs_wire_message m;
  cs_rule broken = cs_wire_parse((cs_wire_form)e->form, cs_span_of(s.bytes, s.len), &limits, &m);
  ck_assert_msg(broken == CS_RULE_NONE, "%s: %s", e->where, cs_base_rule_id(broken));
  ck_assert_int_eq(cs_wire_print(&m, text, sizeof text, NULL), CS_OK);
  ck_assert_msg(strcmp(text, s.text) == 0, "%s: printed %s, not %s", e->where, text, s.text);
}
END_TEST

START_TEST(the_notation_builds_the_bytes) {
  static struct spelled s;
  static uint8_t scratch[BYTES_MAX];
  static uint8_t built[BYTES_MAX];
  const struct example *e = &examples[_i];
  spell(e, &s);
  cs_wire_message m;
  cs_wire_notation_error error = {0, ""};
  cs_err err =
      cs_wire_read((cs_wire_form)e->form, cs_span_str(s.text), scratch, sizeof scratch, &m, &error);
  ck_assert_msg(err == CS_OK, "%s: at %zu expected %s", e->where, error.at, error.want);
  size_t len = 0;
  ck_assert_int_eq(cs_wire_build(&m, built, sizeof built, &len), CS_OK);
  ck_assert_msg(cs_span_equal(cs_span_of(built, len), cs_span_of(s.bytes, s.len)), "%s: %s",
                e->where, e->text);
}
END_TEST

/* What an RFC prints as an example is legal to send by its own rules. The last
 * two answers of RFC 7959 figure 9 are odd in their Message IDs only. */
START_TEST(the_options_are_in_order) {
  static struct spelled s;
  const struct example *e = &examples[_i];
  spell(e, &s);
  cs_wire_message m;
  ck_assert_int_eq(cs_wire_parse((cs_wire_form)e->form, cs_span_of(s.bytes, s.len), &limits, &m),
                   CS_RULE_NONE);
  cs_wire_option at = {0, {NULL, 0}};
  cs_rule broken = cs_wire_option_check(&m, NULL, NULL, &at);
  ck_assert_msg(broken == CS_RULE_NONE, "%s: option %u: %s", e->where, at.number,
                cs_base_rule_id(broken));
  broken = cs_wire_option_check_sent(&m, &at);
  ck_assert_msg(broken == CS_RULE_NONE, "%s: option %u: %s", e->where, at.number,
                cs_base_rule_id(broken));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/rfc_examples");
  TCase *tc = tcase_create("examples");
  int count = (int)(sizeof examples / sizeof *examples);
  tcase_add_loop_test(tc, bytes_print_as_the_notation, 0, count);
  tcase_add_loop_test(tc, the_notation_builds_the_bytes, 0, count);
  tcase_add_loop_test(tc, the_options_are_in_order, 0, count);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
