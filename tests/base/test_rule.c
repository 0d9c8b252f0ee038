#include "base/rule.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "support/check_main.h"

START_TEST(every_rule_has_an_id_of_its_own_and_is_found_by_it) {
  for (int r = 1; r < CS_RULE_COUNT_; r++) {
    const char *id = cs_base_rule_id((cs_rule)r);
    ck_assert_ptr_nonnull(strchr(id, '#'));
    ck_assert_uint_eq(cs_base_rule_id_len((cs_rule)r), strlen(id));
    ck_assert_uint_gt(strlen(cs_base_rule_text((cs_rule)r)), 10);
    ck_assert_msg(cs_base_rule_find(id) == (cs_rule)r, "%s", id);
    bool ours = strncmp(id, "OURS#", 5) == 0;
    if (ours)
      ck_assert_int_eq(cs_base_rule_basis((cs_rule)r), CS_BASIS_OURS);
  }
}
END_TEST

START_TEST(what_is_not_in_the_table_is_none) {
  ck_assert_int_eq(cs_base_rule_find("RFC7252#3:version"), CS_RULE_NONE);
  ck_assert_int_eq(cs_base_rule_find(""), CS_RULE_NONE);
  ck_assert_str_eq(cs_base_rule_id(CS_RULE_NONE), "none");
  ck_assert_str_eq(cs_base_rule_id((cs_rule)9999), "none");
}
END_TEST

int main(void) {
  Suite *s = suite_create("base/rule");
  TCase *c = tcase_create("rule");
  tcase_add_test(c, every_rule_has_an_id_of_its_own_and_is_found_by_it);
  tcase_add_test(c, what_is_not_in_the_table_is_none);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
