/* The JSON report parses back and says what the run holds. */
#include "support/check_main.h"

#include <jansson.h>
#include <string.h>

#include "report/report.h"
#include "sample.h"

static json_t *printed(const cs_report_run *run) {
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  ck_assert(cs_report_print_json(run, to));
  fclose(to);
  json_error_t error;
  json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
  ck_assert_msg(json != NULL, "%s at line %d", error.text, error.line);
  free(text);
  return json;
}

static const char *text_at(json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  ck_assert_msg(text != NULL, "%s is no string", key);
  return text;
}

START_TEST(head_and_summary) {
  json_t *json = printed(&sample_run);
  ck_assert_str_eq(text_at(json, "tool"), "coapspec");
  ck_assert_str_eq(text_at(json, "version"), "0.1.0");
  ck_assert_str_eq(text_at(json, "target"), "coap://127.0.0.1:5683");
  ck_assert_str_eq(text_at(json, "profile"), "libcoap");
  ck_assert_str_eq(text_at(json, "driver"), "udp");
  ck_assert_str_eq(text_at(json, "started"), "2023-11-14T22:13:20Z");
  ck_assert_int_eq(json_integer_value(json_object_get(json, "seed")), 42);
  ck_assert(json_is_null(json_object_get(json, "trouble")));
  json_t *summary = json_object_get(json, "summary");
  ck_assert_uint_eq(json_object_size(summary), CS_VERDICT_COUNT_);
  for (int v = 0; v < CS_VERDICT_COUNT_; v++) {
    json_t *n = json_object_get(summary, cs_verdict_name((cs_verdict)v));
    ck_assert_int_eq(json_integer_value(n), v == CS_VERDICT_PASS ? 2 : 1);
  }
  json_decref(json);
}
END_TEST

START_TEST(cases_keep_their_order_and_fields) {
  json_t *json = printed(&sample_run);
  json_t *cases = json_object_get(json, "cases");
  ck_assert_uint_eq(json_array_size(cases), SAMPLE_CASES);
  json_t *c = json_array_get(cases, 1);
  ck_assert_str_eq(text_at(c, "id"), "7252/4.3/fail");
  ck_assert_str_eq(text_at(c, "transport"), "udp");
  ck_assert_str_eq(text_at(c, "verdict"), "fail");
  ck_assert_str_eq(text_at(c, "section"), "RFC 7252 section 4.3");
  ck_assert_str_eq(text_at(c, "statement"), "RFC7252#4.3:empty-con-reset");
  ck_assert_int_eq(json_integer_value(json_object_get(c, "line")), 7);
  ck_assert_double_eq_tol(json_real_value(json_object_get(c, "duration")), 2.0, 1e-9);
  ck_assert_uint_eq(json_array_size(json_object_get(c, "requirements")), 2);
  json_t *pass = json_array_get(cases, 0);
  ck_assert_str_eq(text_at(pass, "message"), "");
  ck_assert(json_is_null(json_object_get(pass, "statement")));
  json_decref(json);
}
END_TEST

START_TEST(exchange_is_notation_with_direction_and_time) {
  json_t *json = printed(&sample_run);
  json_t *c = json_array_get(json_object_get(json, "cases"), 0);
  json_t *exchange = json_object_get(c, "exchange");
  ck_assert_uint_eq(json_array_size(exchange), 2);
  ck_assert_str_eq(json_string_value(json_array_get(exchange, 0)),
                   "+0.000000s > CON 0.00 mid=0x1234");
  ck_assert_str_eq(json_string_value(json_array_get(exchange, 1)),
                   "+0.002013s < RST 0.00 mid=0x1234");
  json_t *packet = json_array_get(json_object_get(c, "packets"), 1);
  ck_assert_str_eq(text_at(packet, "bytes"), "70001234");
  ck_assert_str_eq(text_at(packet, "direction"), "received");
  json_decref(json);
}
END_TEST

START_TEST(hostile_text_is_shown_not_passed_on) {
  json_t *json = printed(&sample_run);
  json_t *c = json_array_get(json_object_get(json, "cases"), 1);
  ck_assert_str_eq(text_at(c, "message"), "wanted RST, got " HOSTILE_SHOWN);
  json_decref(json);
}
END_TEST

START_TEST(a_partial_run_is_a_report_too) {
  cs_report_run run = {.tool = "coapspec",
                       .version = "0.1.0",
                       .target = "coap://h",
                       .seed = UINT64_MAX,
                       .trouble = "the target stopped answering"};
  json_t *json = printed(&run);
  ck_assert_str_eq(text_at(json, "trouble"), "the target stopped answering");
  ck_assert(json_is_null(json_object_get(json, "profile")));
  ck_assert(json_is_null(json_object_get(json, "started")));
  ck_assert_str_eq(text_at(json, "seed"), "18446744073709551615");
  ck_assert_uint_eq(json_array_size(json_object_get(json, "cases")), 0);
  json_decref(json);
}
END_TEST

START_TEST(capabilities_have_their_evidence) {
  static const cs_report_capability rows[] = {
      {"observe", "observation", "udp", 1, CS_REPORT_NOT_SEEN, "2.05", sample_get_packets, 2},
      {"fetch", "FETCH", "tcp", -1, CS_REPORT_SEEN, "", NULL, 0},
  };
  cs_report_run run = sample_run;
  run.capabilities = rows;
  run.capability_count = 2;
  json_t *json = printed(&run);
  json_t *all = json_object_get(json, "capabilities");
  ck_assert_uint_eq(json_array_size(all), 2);
  json_t *c = json_array_get(all, 0);
  ck_assert_str_eq(text_at(c, "capability"), "observe");
  ck_assert_str_eq(text_at(c, "declared"), "yes");
  ck_assert_str_eq(text_at(c, "observed"), "no");
  ck_assert_str_eq(text_at(c, "difference"), "declared, not seen");
  ck_assert_uint_eq(json_array_size(json_object_get(c, "packets")), 2);
  ck_assert_uint_eq(json_array_size(json_object_get(c, "exchange")), 2);
  c = json_array_get(all, 1);
  ck_assert_str_eq(text_at(c, "transport"), "tcp");
  ck_assert(json_is_null(json_object_get(c, "declared")));
  ck_assert(json_is_null(json_object_get(c, "difference")));
  json_decref(json);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("report json");
  TCase *tests = tcase_create("json");
  tcase_add_test(tests, capabilities_have_their_evidence);
  tcase_add_test(tests, head_and_summary);
  tcase_add_test(tests, cases_keep_their_order_and_fields);
  tcase_add_test(tests, exchange_is_notation_with_direction_and_time);
  tcase_add_test(tests, hostile_text_is_shown_not_passed_on);
  tcase_add_test(tests, a_partial_run_is_a_report_too);
  suite_add_tcase(suite, tests);
  return cs_test_main(suite);
}
