/* Key and accept value, against the RFC's examples and FIPS 180-4's own. */
#include <string.h>

#include "support/check_main.h"
#include "wire/ws_upgrade.h"

START_TEST(the_sample_nonce_gives_the_sample_key) {
  char key[CS_WS_KEY_SIZE];
  cs_wire_ws_key((const uint8_t *)"the sample nonce", key);
  ck_assert_mem_eq(key, "dGhlIHNhbXBsZSBub25jZQ==", sizeof key);
}
END_TEST

START_TEST(base64_has_its_last_two_digits) {
  static const uint8_t all[16] = {0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92,
                                  0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff, 0x3e, 0x7f};
  char key[CS_WS_KEY_SIZE];
  cs_wire_ws_key(all, key);
  ck_assert_mem_eq(key, "ABCDEFGHIJL7777///8+fw==", sizeof key);
}
END_TEST

START_TEST(section_1_3_has_an_example) {
  char accept[CS_WS_ACCEPT_SIZE];
  cs_wire_ws_accept(cs_span_str("dGhlIHNhbXBsZSBub25jZQ=="), accept);
  ck_assert_mem_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", sizeof accept);
}
END_TEST

/* The values were computed with another implementation of SHA-1. */
START_TEST(keys_of_other_lengths_take_one_block_or_two) {
  static const struct {
    const char *key, *accept;
  } rows[] = {
      {"", "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="},
      {"a", "FtgH8qqfEKHvZKEZYEWkYDhlXNY="},
      {"0123456789012345678", "jbdRz+qXOeJkF8OeqyGzvnS2RFI="},
      {"01234567890123456789", "bfojMczDg3dsICcPBQt2lgLayVA="},
      {"012345678901234567", "rIf/hx/Bmi0HT8Ns9q+rNMQYfiY="},
      {"AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="},
      {"//////////////////////==", "zXRQvy1wi5A4l0hwWYxMN3e2wNk="},
      {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "9Ux1gHTpbSW1NMqrFIxb4ZWQ/bI="},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char accept[CS_WS_ACCEPT_SIZE];
    cs_wire_ws_accept(cs_span_str(rows[i].key), accept);
    ck_assert_msg(memcmp(accept, rows[i].accept, sizeof accept) == 0, "%s", rows[i].key);
  }
}
END_TEST

START_TEST(of_a_key_that_is_too_long_the_beginning_counts) {
  char a[CS_WS_ACCEPT_SIZE], b[CS_WS_ACCEPT_SIZE];
  uint8_t key[CS_WS_KEY_MAX + 1];
  memset(key, 'A', sizeof key);
  cs_wire_ws_accept(cs_span_of(key, CS_WS_KEY_MAX + 1), a);
  cs_wire_ws_accept(cs_span_of(key, CS_WS_KEY_MAX), b);
  ck_assert_mem_eq(a, b, sizeof a);
}
END_TEST

int main(void) {
  Suite *s = suite_create("wire/ws_accept");
  TCase *c = tcase_create("ws_accept");
  tcase_add_test(c, the_sample_nonce_gives_the_sample_key);
  tcase_add_test(c, base64_has_its_last_two_digits);
  tcase_add_test(c, section_1_3_has_an_example);
  tcase_add_test(c, keys_of_other_lengths_take_one_block_or_two);
  tcase_add_test(c, of_a_key_that_is_too_long_the_beginning_counts);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
