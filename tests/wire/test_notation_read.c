#include "support/check_main.h"
#include "wire/notation.h"

struct good {
  cs_wire_form form;
  const char *text;
  const char *canonical; /* NULL when text is it */
};

static const struct good goods[] = {
    {CS_WIRE_UDP, "CON GET mid=0x7d34 token=20 Uri-Path=\"temperature\" Accept=0", NULL},
    {CS_WIRE_UDP, "ACK 2.05 mid=0x7d34 token=20 payload=\"22.3 C\"", NULL},
    {CS_WIRE_UDP, "RST 0.00 mid=0x7d34", NULL},
    {CS_WIRE_TCP, "GET token=01 Uri-Path=\"x\"", NULL},
    {CS_WIRE_WS, "Release Alternative-Address=\"[::1]:5683\" Hold-Off=5", NULL},
    {CS_WIRE_WS, "Abort Bad-CSM-Option=2 payload=\"no\"", NULL},
    {CS_WIRE_UDP, "CON Empty mid=1", "CON 0.00 mid=0x0001"},
    {CS_WIRE_UDP, "CON 0.01 mid=0xA token=", "CON GET mid=0x000a"},
    {CS_WIRE_TCP, "7.01", "CSM"},
    {CS_WIRE_TCP, " \tFETCH\t", "FETCH"},
    {CS_WIRE_UDP, "NON PUT token=AbCd mid=65535", "NON PUT mid=0xffff token=abcd"},
    {CS_WIRE_UDP, "NON iPATCH If-None-Match mid=0 token=00",
     "NON iPATCH mid=0x0000 token=00 If-None-Match"},
    {CS_WIRE_TCP, "PUT If-None-Match=0x", "PUT If-None-Match"},
    {CS_WIRE_TCP, "PUT If-None-Match=0x00", NULL},
    {CS_WIRE_TCP, "PUT If-None-Match=\"\"", "PUT If-None-Match"},
    /* Options are sorted stably; the token may come after them. */
    {CS_WIRE_TCP, "GET Uri-Query=\"q\" Uri-Path=\"a\" Uri-Path=\"b\" token=0102 uri-host=\"h\"",
     "GET token=0102 Uri-Host=\"h\" Uri-Path=\"a\" Uri-Path=\"b\" Uri-Query=\"q\""},
    {CS_WIRE_TCP, "PUT Content-Format=0 Uri-Path=\"a\"", "PUT Uri-Path=\"a\" Content-Format=0"},
    {CS_WIRE_TCP, "GET Option-65000=\"a\" Option-65000=0x",
     "GET Option-65000=0x61 Option-65000=0x"},
    {CS_WIRE_TCP, "GET Option-11=\"a\" Option-17=0 Option-23=1/1/1",
     "GET Uri-Path=\"a\" Accept=0 Block2=1/1/1"},
    {CS_WIRE_TCP, "CSM Option-2=5", "CSM Max-Message-Size=5"},
    {CS_WIRE_TCP, "GET Accept=0x0000", NULL},
    {CS_WIRE_TCP, "GET Accept=007", "GET Accept=7"},
    {CS_WIRE_TCP, "GET Size1=4294967295", NULL},
    {CS_WIRE_TCP, "GET Block2=1048575/1/7 Block1=0/0/0", NULL},
    {CS_WIRE_TCP, "GET Uri-Path=\"\\x00\\\"\\\\ \\x4A\"", "GET Uri-Path=\"\\x00\\\"\\\\ J\""},
    {CS_WIRE_TCP, "GET Uri-Path=0x4142", "GET Uri-Path=\"AB\""},
    {CS_WIRE_TCP, "2.05 payload=\"\"", "2.05"},
    {CS_WIRE_TCP, "2.05 payload=0xfF00", "2.05 payload=0xff00"},
    {CS_WIRE_TCP, "3.15", NULL},
};

START_TEST(text_becomes_a_message_and_its_canonical_form) {
  const struct good *g = &goods[_i];
  uint8_t scratch[128];
  char text[256];
  cs_wire_message m;
  cs_wire_notation_error error = {0, "nothing"};
  cs_err e = cs_wire_read(g->form, cs_span_str(g->text), scratch, sizeof scratch, &m, &error);
  ck_assert_msg(e == CS_OK, "%s: %zu: expected %s", g->text, error.at, error.want);
  ck_assert_int_eq(m.form, g->form);
  ck_assert_int_eq(cs_wire_print(&m, text, sizeof text, NULL), CS_OK);
  ck_assert_str_eq(text, g->canonical ? g->canonical : g->text);
  /* The canonical form is a fixed point and goes over the wire unharmed. */
  cs_wire_message again;
  uint8_t scratch_again[128];
  char text_again[256];
  ck_assert_int_eq(
      cs_wire_read(g->form, cs_span_str(text), scratch_again, sizeof scratch_again, &again, NULL),
      CS_OK);
  ck_assert_int_eq(cs_wire_print(&again, text_again, sizeof text_again, NULL), CS_OK);
  ck_assert_str_eq(text_again, text);
}
END_TEST

START_TEST(the_scratch_needs_no_byte_more_than_the_message) {
  const struct good *g = &goods[_i];
  uint8_t scratch[128];
  cs_wire_message m;
  cs_span text = cs_span_str(g->text);
  ck_assert_int_eq(cs_wire_read(g->form, text, scratch, sizeof scratch, &m, NULL), CS_OK);
  size_t need = m.token.len + m.options.len + m.payload.len;
  for (size_t cap = 0; cap <= need; cap++) {
    uint8_t *exact = malloc(cap + 1);
    cs_wire_message got;
    memset(&got, 0x11, sizeof got);
    cs_err e = cs_wire_read(g->form, text, exact + 1, cap, &got, NULL);
    if (cap < need) {
      ck_assert_int_eq(e, CS_ERR_TOO_LARGE);
      ck_assert_uint_eq(got.code, 0x11);
    } else {
      ck_assert_int_eq(e, CS_OK);
      ck_assert(cs_span_equal(got.token, m.token));
      ck_assert(cs_span_equal(got.options, m.options));
      ck_assert(cs_span_equal(got.payload, m.payload));
    }
    free(exact);
  }
}
END_TEST

struct bad {
  cs_wire_form form;
  const char *text;
  size_t at;
  const char *want;
};

#define WANT_CODE "a code: c.dd from 0.00 to 7.31, a method or a signaling name"
#define WANT_MID "a Message ID: 0x and up to four hex digits, or 0 to 65535"
#define WANT_FIELD_UDP "mid=, token=, payload= or the name of an option"
#define WANT_FIELD "token=, payload= or the name of an option"
#define WANT_BYTES "text in quotation marks or 0x bytes"
#define WANT_UINT "a number up to 4294967295, text or 0x bytes"
#define WANT_END "a space or the end of the message"

static const struct bad bads[] = {
    {CS_WIRE_UDP, "", 0, "a type: CON, NON, ACK or RST"},
    {CS_WIRE_UDP, "  GET mid=1", 2, "a type: CON, NON, ACK or RST"},
    {CS_WIRE_UDP, "con GET mid=1", 0, "a type: CON, NON, ACK or RST"},
    {CS_WIRE_UDP, "CONGET mid=1", 0, "a type: CON, NON, ACK or RST"},
    {CS_WIRE_UDP, "CON", 3, WANT_CODE},
    {CS_WIRE_TCP, "", 0, WANT_CODE},
    {CS_WIRE_TCP, "CON GET", 0, WANT_CODE},
    {CS_WIRE_TCP, "get", 0, WANT_CODE},
    {CS_WIRE_TCP, "GETS", 0, WANT_CODE},
    {CS_WIRE_TCP, "2.5", 0, WANT_CODE},
    {CS_WIRE_TCP, "2.050", 0, WANT_CODE},
    {CS_WIRE_TCP, "2,05", 0, WANT_CODE},
    {CS_WIRE_TCP, "2.0x", 0, WANT_CODE},
    {CS_WIRE_TCP, "2.32", 0, WANT_CODE},
    {CS_WIRE_TCP, "8.00", 0, WANT_CODE},
    {CS_WIRE_TCP, "Content", 0, WANT_CODE},
    {CS_WIRE_UDP, "CON GET", 7, "mid="},
    {CS_WIRE_UDP, "CON GET token=00 ", 17, "mid="},
    {CS_WIRE_UDP, "CON GET mid=", 12, WANT_MID},
    {CS_WIRE_UDP, "CON GET mid=0x", 12, WANT_MID},
    {CS_WIRE_UDP, "CON GET mid=0x12345", 12, WANT_MID},
    {CS_WIRE_UDP, "CON GET mid=65536", 12, WANT_MID},
    {CS_WIRE_UDP, "CON GET mid=-1", 12, WANT_MID},
    {CS_WIRE_UDP, "CON GET mid=1x", 13, WANT_END},
    {CS_WIRE_UDP, "CON GET mid=1 mid=1", 14, "one mid= only"},
    {CS_WIRE_UDP, "CON GET mid=1 Foo=1", 14, WANT_FIELD_UDP},
    {CS_WIRE_TCP, "GET mid=1", 4, WANT_FIELD},
    {CS_WIRE_TCP, "GET token=1", 11, "a second hex digit"},
    {CS_WIRE_TCP, "GET token=0g", 11, "a second hex digit"},
    {CS_WIRE_TCP, "GET token=g", 10, WANT_END},
    {CS_WIRE_TCP, "GET token=00 token=00", 13, "one token= only"},
    {CS_WIRE_TCP, "GET Max-Message-Size=1", 4, WANT_FIELD},
    {CS_WIRE_TCP, "CSM Uri-Path=\"a\"", 4,
     "token=, payload= or the name of an option of this signaling code"},
    {CS_WIRE_TCP, "GET Option-=0x", 11, "an option number from 0 to 65535"},
    {CS_WIRE_TCP, "GET Option-65536=0x", 11, "an option number from 0 to 65535"},
    {CS_WIRE_TCP, "GET Option-99999999999999999999=0x", 11, "an option number from 0 to 65535"},
    {CS_WIRE_TCP, "GET Option-7x=0x", 12, "= and a value"},
    {CS_WIRE_TCP, "GET Uri-Path", 12, "= and a value"},
    {CS_WIRE_TCP, "GET Uri-Path Accept=0", 12, "= and a value"},
    {CS_WIRE_TCP, "GET Uri-Path=", 13, WANT_BYTES},
    {CS_WIRE_TCP, "GET Uri-Path=x", 13, WANT_BYTES},
    {CS_WIRE_TCP, "GET ETag=5", 9, WANT_BYTES},
    {CS_WIRE_TCP, "GET ETag=0x5", 12, "a second hex digit"},
    {CS_WIRE_TCP, "GET Uri-Path=\"a", 15, "a closing quotation mark"},
    {CS_WIRE_TCP, "GET Uri-Path=\"a\n\"", 15, "a closing quotation mark"},
    {CS_WIRE_TCP, "GET Uri-Path=\"\\n\"", 15, "one of the escapes \\xHH, \\\" and \\\\"},
    {CS_WIRE_TCP, "GET Uri-Path=\"\\", 15, "one of the escapes \\xHH, \\\" and \\\\"},
    {CS_WIRE_TCP, "GET Uri-Path=\"\\xg0\"", 16, "two hex digits"},
    {CS_WIRE_TCP, "GET Uri-Path=\"\\x0\"", 17, "a second hex digit"},
    {CS_WIRE_TCP, "GET Uri-Path=\"a\"b", 16, WANT_END},
    {CS_WIRE_TCP, "GET Accept=x", 11, WANT_UINT},
    {CS_WIRE_TCP, "GET Accept=-1", 11, WANT_UINT},
    {CS_WIRE_TCP, "GET Accept=4294967296", 11, WANT_UINT},
    {CS_WIRE_TCP, "GET Accept=1.5", 12, WANT_END},
    {CS_WIRE_TCP, "GET Block2=x", 11, "a block NUM/M/SZX with NUM up to 1048575, text or 0x bytes"},
    {CS_WIRE_TCP, "GET Block2=1048576/0/0", 11,
     "a block NUM/M/SZX with NUM up to 1048575, text or 0x bytes"},
    {CS_WIRE_TCP, "GET Block2=1", 12, "/ and M of a block NUM/M/SZX"},
    {CS_WIRE_TCP, "GET Block2=1/2/0", 13, "M of a block, 0 or 1"},
    {CS_WIRE_TCP, "GET Block2=1/1", 14, "/ and SZX of a block NUM/M/SZX"},
    {CS_WIRE_TCP, "GET Block2=1/1/8", 15, "SZX of a block, 0 to 7"},
    {CS_WIRE_TCP, "GET payload=x", 12, WANT_BYTES},
    {CS_WIRE_TCP, "GET payload=\"x\" Uri-Path=\"a\"", 16,
     "the end of the message behind the payload"},
    {CS_WIRE_TCP, "GET \nUri-Path=\"a\"", 4, WANT_FIELD},
};

START_TEST(a_fault_is_told_with_its_place) {
  const struct bad *b = &bads[_i];
  uint8_t scratch[64];
  cs_wire_message m;
  memset(&m, 0x11, sizeof m);
  cs_wire_message before = m;
  cs_wire_notation_error error = {999, "nothing"};
  cs_span text = cs_span_str(b->text);
  ck_assert_int_eq(cs_wire_read(b->form, text, scratch, sizeof scratch, &m, &error), CS_ERR_RULE);
  ck_assert_str_eq(error.want, b->want);
  ck_assert_uint_eq(error.at, b->at);
  ck_assert_mem_eq(&m, &before, sizeof m);
  ck_assert_int_eq(cs_wire_read(b->form, text, scratch, sizeof scratch, &m, NULL), CS_ERR_RULE);
}
END_TEST

START_TEST(a_token_longer_than_rfc8974_allows_is_refused) {
  static char text[10 + 2 * (CS_WIRE_TOKEN_MAX + 1) + 1];
  static uint8_t scratch[CS_WIRE_TOKEN_MAX];
  memset(text, '0', sizeof text - 1);
  memcpy(text, "GET token=", 10);
  cs_wire_message m;
  cs_wire_notation_error error;
  cs_span all = cs_span_str(text);
  ck_assert_int_eq(cs_wire_read(CS_WIRE_TCP, all, scratch, sizeof scratch, &m, &error),
                   CS_ERR_RULE);
  ck_assert_uint_eq(error.at, 10);
  ck_assert_str_eq(error.want, "a token of at most 65804 bytes");
  all.len -= 2;
  ck_assert_int_eq(cs_wire_read(CS_WIRE_TCP, all, scratch, sizeof scratch, &m, &error), CS_OK);
  ck_assert_uint_eq(m.token.len, CS_WIRE_TOKEN_MAX);
}
END_TEST

START_TEST(a_value_leaves_the_reader_behind_it) {
  uint8_t buf[8];
  size_t len = 0;
  cs_base_reader in = cs_base_reader_of(cs_span_str("0x0102 rest"));
  ck_assert_int_eq(cs_wire_read_value(&in, CS_FORMAT_OPAQUE, buf, sizeof buf, &len, NULL), CS_OK);
  ck_assert_uint_eq(len, 2);
  ck_assert_uint_eq(cs_base_left(&in), 5);
  in = cs_base_reader_of(cs_span_str("12,13"));
  ck_assert_int_eq(cs_wire_read_value(&in, CS_FORMAT_UINT, buf, sizeof buf, &len, NULL), CS_OK);
  ck_assert_uint_eq(len, 1);
  ck_assert_uint_eq(buf[0], 12);
  ck_assert_uint_eq(cs_base_left(&in), 3);
}
END_TEST

START_TEST(a_value_that_fails_moves_nothing) {
  uint8_t buf[2];
  size_t len = 77;
  cs_wire_notation_error error;
  cs_base_reader in = cs_base_reader_of(cs_span_str("\"abc\""));
  const uint8_t *start = in.at;
  ck_assert_int_eq(cs_wire_read_value(&in, CS_FORMAT_STRING, buf, sizeof buf, &len, &error),
                   CS_ERR_TOO_LARGE);
  ck_assert_ptr_eq(in.at, start);
  in = cs_base_reader_of(cs_span_str("12\"abc"));
  in.at += 2;
  start = in.at;
  ck_assert_int_eq(cs_wire_read_value(&in, CS_FORMAT_STRING, buf, sizeof buf, &len, &error),
                   CS_ERR_RULE);
  ck_assert_uint_eq(error.at, 4);
  ck_assert_str_eq(error.want, "a closing quotation mark");
  ck_assert_ptr_eq(in.at, start);
  ck_assert_uint_eq(len, 77);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/notation_read");
  TCase *tc = tcase_create("read");
  int good_count = (int)(sizeof goods / sizeof *goods);
  tcase_add_loop_test(tc, text_becomes_a_message_and_its_canonical_form, 0, good_count);
  tcase_add_loop_test(tc, the_scratch_needs_no_byte_more_than_the_message, 0, good_count);
  tcase_add_loop_test(tc, a_fault_is_told_with_its_place, 0, (int)(sizeof bads / sizeof *bads));
  tcase_add_test(tc, a_token_longer_than_rfc8974_allows_is_refused);
  tcase_add_test(tc, a_value_leaves_the_reader_behind_it);
  tcase_add_test(tc, a_value_that_fails_moves_nothing);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
