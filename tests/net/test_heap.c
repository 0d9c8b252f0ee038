#include <check.h>
#include <stdint.h>
#include <string.h>

#include "net/net.h"
#include "support/check_main.h"

START_TEST(memory_comes_and_goes) {
  uint8_t *p = cs_base_get(&cs_net_heap_alloc, 1000);
  ck_assert_ptr_nonnull(p);
  memset(p, 0x5a, 1000);
  cs_base_put(&cs_net_heap_alloc, p, 1000);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/heap");
  TCase *c = tcase_create("heap");
  tcase_add_test(c, memory_comes_and_goes);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
