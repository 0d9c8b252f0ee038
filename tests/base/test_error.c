#include "base/error.h"

#include <check.h>

#include "support/check_main.h"

START_TEST(every_error_has_a_text_of_its_own) {
  for (int a = 0; a < CS_ERR_COUNT_; a++) {
    ck_assert_ptr_nonnull(cs_base_err_text((cs_err)a));
    for (int b = 0; b < a; b++)
      ck_assert_str_ne(cs_base_err_text((cs_err)a), cs_base_err_text((cs_err)b));
  }
  ck_assert_str_eq(cs_base_err_text((cs_err)999), "unknown error");
}
END_TEST

int main(void) {
  Suite *s = suite_create("base/error");
  TCase *c = tcase_create("error");
  tcase_add_test(c, every_error_has_a_text_of_its_own);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
