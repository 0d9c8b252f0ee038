#include "wire/message.h"

#include "support/check_main.h"

START_TEST(registered_codes_have_names) {
  ck_assert_str_eq(cs_wire_code_name(CS_CODE_EMPTY), "Empty");
  ck_assert_str_eq(cs_wire_code_name(CS_CODE(0, 1)), "GET");
  ck_assert_str_eq(cs_wire_code_name(CS_CODE(0, 4)), "DELETE");
  ck_assert_str_eq(cs_wire_code_name(CS_CODE(0, 7)), "iPATCH");
  ck_assert_str_eq(cs_wire_code_name(CS_CODE(2, 5)), "Content");
  ck_assert_str_eq(cs_wire_code_name(CS_CODE(2, 31)), "Continue");
  ck_assert_str_eq(cs_wire_code_name(CS_CODE(4, 15)), "Unsupported Content-Format");
  ck_assert_str_eq(cs_wire_code_name(CS_CODE(5, 8)), "Hop Limit Reached");
  ck_assert_str_eq(cs_wire_code_name(CS_CODE(7, 1)), "CSM");
  ck_assert_str_eq(cs_wire_code_name(CS_CODE(7, 5)), "Abort");
}
END_TEST

START_TEST(others_have_none) {
  ck_assert_ptr_null(cs_wire_code_name(CS_CODE(0, 8)));
  ck_assert_ptr_null(cs_wire_code_name(CS_CODE(2, 0)));
  ck_assert_ptr_null(cs_wire_code_name(CS_CODE(3, 1)));
  ck_assert_ptr_null(cs_wire_code_name(CS_CODE(7, 0)));
  ck_assert_ptr_null(cs_wire_code_name(0xff));
}
END_TEST

START_TEST(types_have_names) {
  ck_assert_str_eq(cs_wire_type_name(CS_CON), "CON");
  ck_assert_str_eq(cs_wire_type_name(CS_NON), "NON");
  ck_assert_str_eq(cs_wire_type_name(CS_ACK), "ACK");
  ck_assert_str_eq(cs_wire_type_name(CS_RST), "RST");
  ck_assert_ptr_null(cs_wire_type_name(4));
}
END_TEST

START_TEST(kinds_of_codes_do_not_overlap) {
  for (unsigned code = 0; code < 256; code++) {
    int kinds = cs_wire_code_is_request((uint8_t)code) + cs_wire_code_is_response((uint8_t)code) +
                cs_wire_code_is_signal((uint8_t)code);
    unsigned class = CS_CODE_CLASS(code);
    ck_assert_int_eq(kinds, code == 0 || class == 1 || class == 6 ? 0 : 1);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("wire/code_name");
  TCase *tc = tcase_create("names");
  tcase_add_test(tc, registered_codes_have_names);
  tcase_add_test(tc, others_have_none);
  tcase_add_test(tc, types_have_names);
  tcase_add_test(tc, kinds_of_codes_do_not_overlap);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
