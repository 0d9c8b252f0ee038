#include <check.h>
#include <string.h>

#include "net/net.h"
#include "support/check_main.h"
#include "support/simnet.h"

START_TEST(the_seam_draws_from_the_net) {
  cs_test_net *a = cs_test_net_new(3), *b = cs_test_net_new(3);
  cs_net na = cs_test_net_as_net(a), nb = cs_test_net_as_net(b);
  cs_base_random r = cs_net_random(&na);
  uint8_t drawn[16], want[16];
  cs_base_random_fill(&r, drawn, sizeof drawn);
  nb.ops->entropy(nb.self, want, sizeof want);
  ck_assert_mem_eq(drawn, want, sizeof want);
  cs_test_net_free(a);
  cs_test_net_free(b);
}
END_TEST

int main(void) {
  Suite *s = suite_create("net/random");
  TCase *c = tcase_create("random");
  tcase_add_test(c, the_seam_draws_from_the_net);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
