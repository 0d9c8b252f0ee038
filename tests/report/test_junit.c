/* The JUnit report is well-formed XML whose counts agree with its cases. */
#include "support/check_main.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "report/report.h"
#include "sample.h"

static xmlDocPtr printed(const cs_report_run *run) {
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  ck_assert(cs_report_print_junit(run, to));
  fclose(to);
  xmlDocPtr doc = xmlReadMemory(text, (int)size, "report.xml", NULL, XML_PARSE_NONET);
  ck_assert_ptr_nonnull(doc);
  free(text);
  return doc;
}

/* The value of an XPath expression as a string, to be freed with xmlFree. */
static char *value(xmlDocPtr doc, const char *expression) {
  xmlXPathContextPtr context = xmlXPathNewContext(doc);
  xmlXPathObjectPtr found = xmlXPathEvalExpression(BAD_CAST expression, context);
  ck_assert_ptr_nonnull(found);
  char *text = (char *)xmlXPathCastToString(found);
  xmlXPathFreeObject(found);
  xmlXPathFreeContext(context);
  return text;
}

static void expect(xmlDocPtr doc, const char *expression, const char *want) {
  char *got = value(doc, expression);
  ck_assert_msg(strcmp(got, want) == 0, "%s is \"%s\", not \"%s\"", expression, got, want);
  xmlFree(got);
}

START_TEST(suites_are_sections_in_their_order) {
  xmlDocPtr doc = printed(&sample_run);
  expect(doc, "count(/testsuites/testsuite)", "3");
  expect(doc, "string(/testsuites/testsuite[1]/@name)", "RFC 7252 section 4.3");
  expect(doc, "string(/testsuites/testsuite[2]/@name)", "RFC 7252 section 5.2");
  expect(doc, "string(/testsuites/testsuite[3]/@name)", "RFC 7252 section 5.10");
  xmlFreeDoc(doc);
}
END_TEST

START_TEST(counts_agree_with_the_cases) {
  xmlDocPtr doc = printed(&sample_run);
  expect(doc, "string(/testsuites/@tests)", "11");
  expect(doc, "count(//testcase)", "11");
  expect(doc, "sum(//testsuite/@failures) = count(//failure)", "true");
  expect(doc, "sum(//testsuite/@errors) = count(//error)", "true");
  expect(doc, "sum(//testsuite/@skipped) = count(//skipped)", "true");
  expect(doc, "string(/testsuites/@failures)", "2");
  expect(doc, "string(/testsuites/@errors)", "2");
  xmlFreeDoc(doc);
}
END_TEST

START_TEST(each_verdict_has_its_place) {
  xmlDocPtr doc = printed(&sample_run);
  expect(doc, "string(//testcase[@name='7252/4.3/fail']/failure/@type)", "fail");
  expect(doc, "string(//testcase[@name='7252/5.2/xpass']/failure/@type)", "xpass");
  expect(doc, "string(//testcase[@name='7252/5.2/crash']/error/@type)", "crash");
  expect(doc, "string(//testcase[@name='7252/5.2/inconclusive']/error/@type)", "inconclusive");
  expect(doc, "string(//testcase[@name='7252/5.2/skip']/skipped/@message)", "no role:large");
  expect(doc, "count(//testcase[@name='7252/5.10/pass']/*)", "0");
  for (int i = 0; i < 4; i++) {
    static const char *const tolerated[] = {"4.3/warn", "5.2/quirk", "5.2/xfail", "5.2/flaky"};
    char expression[160];
    snprintf(expression, sizeof expression,
             "count(//testcase[@name='7252/%s']/*) = 1 and "
             "contains(//testcase[@name='7252/%s']/system-out, '> CON 0.00 mid=0x1234')",
             tolerated[i], tolerated[i]);
    expect(doc, expression, "true");
  }
  expect(doc, "contains(//testcase[@name='7252/4.3/fail']/failure, 'scenarios/x.scn:7')", "true");
  xmlFreeDoc(doc);
}
END_TEST

START_TEST(hostile_text_is_escaped) {
  xmlDocPtr doc = printed(&sample_run);
  expect(doc, "string(//testcase[@name='7252/4.3/fail']/failure/@message)",
         "wanted RST, got " HOSTILE_SHOWN);
  char *body = value(doc, "string(//testcase[@name='7252/4.3/fail']/failure)");
  ck_assert_ptr_nonnull(strstr(body, "payload=\"" HOSTILE_SHOWN "\""));
  xmlFree(body);
  xmlFreeDoc(doc);
}
END_TEST

START_TEST(a_case_on_two_transports_is_two_tests) {
  cs_report_case cases[2] = {sample_cases[0], sample_cases[0]};
  cases[1].transport = "ws";
  cs_report_run run = sample_run;
  run.cases = cases;
  run.case_count = 2;
  xmlDocPtr doc = printed(&run);
  expect(doc, "count(//testsuite)", "1");
  expect(doc, "string(//testcase[1]/@classname)", "RFC 7252 section 5.10 over udp");
  expect(doc, "string(//testcase[2]/@classname)", "RFC 7252 section 5.10 over ws");
  xmlFreeDoc(doc);
}
END_TEST

START_TEST(a_run_that_ended_early_is_not_green) {
  cs_report_run run = {.tool = "coapspec", .target = "coap://h", .trouble = "no answer & gone"};
  xmlDocPtr doc = printed(&run);
  expect(doc, "string(/testsuites/@errors)", "1");
  expect(doc, "string(//error/@message)", "no answer & gone");
  xmlFreeDoc(doc);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("report junit");
  TCase *tests = tcase_create("junit");
  tcase_add_test(tests, suites_are_sections_in_their_order);
  tcase_add_test(tests, counts_agree_with_the_cases);
  tcase_add_test(tests, each_verdict_has_its_place);
  tcase_add_test(tests, hostile_text_is_escaped);
  tcase_add_test(tests, a_run_that_ended_early_is_not_green);
  tcase_add_test(tests, a_case_on_two_transports_is_two_tests);
  suite_add_tcase(suite, tests);
  int status = cs_test_main(suite);
  xmlCleanupParser();
  return status;
}
