#include "support/check_main.h"
#include "wire/notation.h"

/* A stream message needs no type and no Message ID, which no check looks at. */
struct sample {
  const char *message;
  const char *received; /* rule of cs_wire_option_check, "none" when accepted */
  const char *sent;     /* rule of cs_wire_option_check_sent */
  unsigned at;          /* number of the offending option, of the first verdict */
};

#define CRITICAL "RFC7252#5.4.1:critical-unrecognised"
#define LENGTH "RFC7252#5.4.3:option-length"
#define REPEATED "RFC7252#5.4.5:option-repeated"
#define UTF8 "RFC7252#3.2:string-utf8"
#define UNDEFINED "RFC7252#5.4:option-undefined"

static const struct sample samples[] = {
    {"GET Uri-Path=\"a\" Uri-Path=\"b\" Accept=40", "none", "none", 0},
    {"PUT If-Match=0x If-Match=0x01 Content-Format=0", "none", "none", 0},
    {"2.05 ETag=0x0102 Max-Age=60 Observe=12", "none", "none", 0},
    {"GET", "none", "none", 0},
    {"Empty", "none", "none", 0},
    /* Unknown: critical ones matter to a receiver; we may send what we like. */
    {"GET Option-65001=0x00", CRITICAL, "none", 65001},
    {"GET Option-65000=0x00", "none", "none", 0},
    {"GET Option-0=0x00 Option-0=0x00", "none", "none", 0},
    {"2.05 Option-13=0x", CRITICAL, "none", 13},
    /* Lengths. */
    {"GET Uri-Host=\"\"", LENGTH, LENGTH, 3},
    {"GET If-Match=0x010203040506070809", LENGTH, LENGTH, 1},
    {"PUT If-None-Match=0x00", LENGTH, LENGTH, 5},
    {"GET Accept=65536", LENGTH, LENGTH, 17},
    {"GET Block2=0x00000006", LENGTH, LENGTH, 23},
    {"GET Proxy-Scheme=\"\"", LENGTH, LENGTH, 39},
    {"2.05 ETag=0x", "none", LENGTH, 4},
    {"GET Hop-Limit=0x", "none", LENGTH, 16},
    {"2.05 Max-Age=0x0000000001", "none", LENGTH, 14},
    {"GET Echo=0x", "none", LENGTH, 252},
    /* Repetition. */
    {"GET Uri-Host=\"a\" Uri-Host=\"a\"", REPEATED, REPEATED, 3},
    {"GET Accept=0 Accept=0", REPEATED, REPEATED, 17},
    {"GET ETag=0x01 ETag=0x02", "none", "none", 0},
    {"2.05 ETag=0x01 ETag=0x02", "none", REPEATED, 4},
    {"2.05 Content-Format=0 Content-Format=0", "none", REPEATED, 12},
    {"GET Q-Block2=0/0/6 Q-Block2=3/0/6", "none", "none", 0},
    {"GET Q-Block1=0/0/6 Q-Block1=3/0/6", REPEATED, REPEATED, 19},
    /* UTF-8: a receiver is told nothing about it. */
    {"GET Uri-Path=\"\\xc0\\x80\"", "none", UTF8, 11},
    {"2.01 Location-Path=\"\\xff\"", "none", UTF8, 8},
    /* An option not defined for the code is as good as unrecognised. */
    {"2.05 Uri-Path=\"a\"", CRITICAL, UNDEFINED, 11},
    {"2.05 Accept=0", CRITICAL, UNDEFINED, 17},
    {"GET Location-Path=\"a\"", "none", UNDEFINED, 8},
    {"GET Max-Age=0", "none", UNDEFINED, 14},
    /* The first offending option is named. */
    {"GET Uri-Host=\"h\" Option-9999=0x Option-65001=0x", CRITICAL, "none", 9999},
    {"GET Uri-Host=\"\" Option-9999=0x", LENGTH, LENGTH, 3},
    /* Signaling codes have spaces of their own. */
    {"CSM Max-Message-Size=1152 Block-Wise-Transfer", "none", "none", 0},
    {"CSM Option-1=0x", CRITICAL, "none", 1},
    {"CSM Option-11=\"a\"", CRITICAL, "none", 11},
    {"CSM Block-Wise-Transfer=0x01", "none", LENGTH, 4},
    {"CSM Max-Message-Size=1 Max-Message-Size=2", "none", REPEATED, 2},
    {"Release Alternative-Address=\"a\" Alternative-Address=\"b\"", "none", "none", 0},
    {"Ping Custody Custody", "none", REPEATED, 2},
};

static void read_sample(const char *text, uint8_t *scratch, size_t cap, cs_wire_message *m) {
  ck_assert_int_eq(cs_wire_read(CS_WIRE_TCP, cs_span_str(text), scratch, cap, m, NULL), CS_OK);
}

START_TEST(options_are_judged) {
  const struct sample *s = &samples[_i];
  uint8_t scratch[256];
  cs_wire_message m;
  read_sample(s->message, scratch, sizeof scratch, &m);
  cs_wire_option at = {0, {NULL, 0}};
  cs_rule received = cs_wire_option_check(&m, NULL, NULL, &at);
  ck_assert_msg(strcmp(cs_base_rule_id(received), s->received) == 0, "%s: received %s", s->message,
                cs_base_rule_id(received));
  if (received != CS_RULE_NONE)
    ck_assert_uint_eq(at.number, s->at);
  cs_rule sent = cs_wire_option_check_sent(&m, &at);
  ck_assert_msg(strcmp(cs_base_rule_id(sent), s->sent) == 0, "%s: sent %s", s->message,
                cs_base_rule_id(sent));
  if (sent != CS_RULE_NONE)
    ck_assert_uint_eq(at.number, s->at);
}
END_TEST

static bool knows_all_but(void *ctx, uint16_t number) {
  return number != *(const uint16_t *)ctx;
}

START_TEST(the_receiver_says_what_it_understands) {
  uint8_t scratch[64];
  cs_wire_message m;
  read_sample("GET Uri-Path=\"a\" Block2=0/0/6 Observe=0", scratch, sizeof scratch, &m);
  cs_wire_option at;
  uint16_t unknown = CS_OPT_BLOCK2;
  cs_rule broken = cs_wire_option_check(&m, knows_all_but, &unknown, &at);
  ck_assert_str_eq(cs_base_rule_id(broken), CRITICAL);
  ck_assert_uint_eq(at.number, CS_OPT_BLOCK2);
  unknown = CS_OPT_OBSERVE; /* elective: not asked about */
  ck_assert_int_eq(cs_wire_option_check(&m, knows_all_but, &unknown, &at), CS_RULE_NONE);
}
END_TEST

START_TEST(a_receiver_may_know_more_than_the_table) {
  uint8_t scratch[64];
  cs_wire_message m;
  read_sample("GET Uri-Path=\"a\" Option-9999=0x01 Option-9999=0x01", scratch, sizeof scratch, &m);
  cs_wire_option at;
  ck_assert_str_eq(cs_base_rule_id(cs_wire_option_check(&m, NULL, NULL, &at)), CRITICAL);
  uint16_t unknown = 1;
  ck_assert_int_eq(cs_wire_option_check(&m, knows_all_but, &unknown, &at), CS_RULE_NONE);
  unknown = 9999;
  ck_assert_str_eq(cs_base_rule_id(cs_wire_option_check(&m, knows_all_but, &unknown, &at)),
                   CRITICAL);
}
END_TEST

START_TEST(malformed_options_are_reported_by_both) {
  cs_wire_message m = {.form = CS_WIRE_UDP, .code = CS_CODE(0, 1)};
  m.options = cs_span_of("\xb1"
                         "a\x0f",
                         3);
  cs_wire_option at;
  cs_rule broken = cs_wire_option_check(&m, NULL, NULL, &at);
  ck_assert_str_eq(cs_base_rule_id(broken), "RFC7252#3.1:option-length-reserved");
  broken = cs_wire_option_check_sent(&m, &at);
  ck_assert_str_eq(cs_base_rule_id(broken), "RFC7252#3.1:option-length-reserved");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/option_check");
  TCase *tc = tcase_create("check");
  tcase_add_loop_test(tc, options_are_judged, 0, (int)(sizeof samples / sizeof *samples));
  tcase_add_test(tc, the_receiver_says_what_it_understands);
  tcase_add_test(tc, a_receiver_may_know_more_than_the_table);
  tcase_add_test(tc, malformed_options_are_reported_by_both);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
