/* Which objects are alive. */
#include "fixture.h"

#include "api/live.h"

typedef struct thing {
  int first;
  cs_api_node live;
} thing;

START_TEST(alive_from_add_to_remove) {
  enum { MANY = 1000 };
  static thing things[MANY];
  size_t at = offsetof(thing, live);
  ck_assert(!cs_api_live(&things[0], at));
  for (unsigned i = 0; i < MANY; i++)
    ck_assert(cs_api_live_add(&things[i].live));
  for (unsigned i = 0; i < MANY; i += 2)
    cs_api_live_remove(&things[i].live);
  for (unsigned i = 0; i < MANY; i++)
    ck_assert_int_eq(cs_api_live(&things[i], at), i % 2);
  /* A pointer into the middle of one is none. */
  ck_assert(!cs_api_live((char *)&things[1] + 1, at));
  for (unsigned i = 1; i < MANY; i += 2)
    cs_api_live_remove(&things[i].live);
  ck_assert(!cs_api_live(NULL, at));
}
END_TEST

FX_SUITE("live", alive_from_add_to_remove)
