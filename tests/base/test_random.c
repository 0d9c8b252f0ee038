#include "base/random.h"

#include <check.h>
#include <string.h>

#include "support/check_main.h"

START_TEST(the_same_seed_gives_the_same_bytes) {
  cs_base_seeded a, b, c;
  cs_base_seeded_init(&a, 1);
  cs_base_seeded_init(&b, 1);
  cs_base_seeded_init(&c, 2);
  uint8_t x[16], y[16], z[16];
  cs_base_random ra = cs_base_seeded_random(&a), rb = cs_base_seeded_random(&b),
                 rc = cs_base_seeded_random(&c);
  cs_base_random_fill(&ra, x, 16);
  cs_base_random_fill(&rb, y, 16);
  cs_base_random_fill(&rc, z, 16);
  ck_assert_int_eq(memcmp(x, y, 16), 0);
  ck_assert_int_ne(memcmp(x, z, 16), 0);
  ck_assert_uint_eq(cs_base_random_u32(&ra), cs_base_random_u32(&rb));
}
END_TEST

int main(void) {
  Suite *s = suite_create("base/random");
  TCase *c = tcase_create("random");
  tcase_add_test(c, the_same_seed_gives_the_same_bytes);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
