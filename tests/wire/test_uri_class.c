#include <check.h>
#include <string.h>

#include "support/check_main.h"
#include "wire/uri_text.h"

static bool in(int c, const char *set) {
  return c != 0 && strchr(set, c) != NULL;
}

START_TEST(classes_are_those_of_rfc_3986) {
  for (int c = 0; c < 256; c++) {
    unsigned k = cs_wire_uri_class[c];
    bool digit = c >= '0' && c <= '9';
    bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    bool unreserved = digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || in(c, "-._~");
    bool name = unreserved || in(c, "!$&'()*+,;=");
    bool path = name || in(c, ":@/");
    ck_assert_msg(!!(k & CS_URI_DIGIT) == digit, "%d", c);
    ck_assert_msg(!!(k & CS_URI_HEX) == hex, "%d", c);
    ck_assert_msg(!!(k & CS_URI_UNRESERVED) == unreserved, "%d", c);
    ck_assert_msg(!!(k & CS_URI_NAME) == name, "%d", c);
    ck_assert_msg(!!(k & CS_URI_PATH) == path, "%d", c);
    ck_assert_msg(!!(k & CS_URI_QUERY) == (path || c == '?'), "%d", c);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/uri_class");
  TCase *c = tcase_create("class");
  tcase_add_test(c, classes_are_those_of_rfc_3986);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
