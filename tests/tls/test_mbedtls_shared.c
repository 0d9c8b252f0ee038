#include "support/check_main.h"
#include "support/tls_pair.h"

typedef struct source {
  size_t asked, bytes;
} source;

static void fill(void *ctx, uint8_t *out, size_t n) {
  source *s = ctx;
  s->asked++;
  s->bytes += n;
  memset(out, 0x5a, n);
}

START_TEST(the_library_names_itself) {
  ck_assert_int_eq(strncmp(cs_tls_library(), "mbedTLS ", 8), 0);
  uint32_t built = cs_tls_built_version();
  ck_assert(built >> 16 == 0x021c || built >> 16 == 0x0306);
  ck_assert_uint_eq(built >> 16, cs_tls_library_version() >> 16);
  ck_assert(cs_tls_available(CS_TLS_DATAGRAM));
  ck_assert(cs_tls_available(CS_TLS_STREAM));
  ck_assert(!cs_tls_has_tls13() || built >> 24 == 3);
}
END_TEST

START_TEST(the_generator_is_seeded_from_the_owner) {
  cs_test_memory memory;
  cs_test_memory_init(&memory);
  source s = {0, 0};
  const cs_base_random random = {fill, &s};
  cs_tls_shared *shared = NULL;
  ck_assert_int_eq(cs_tls_shared_new(&memory.alloc, random, &shared), CS_OK);
  ck_assert_uint_ge(s.bytes, 32);
  cs_tls_shared_free(shared);
  ck_assert_uint_eq(memory.out_bytes, 0);
}
END_TEST

START_TEST(without_memory_there_is_none) {
  cs_test_memory memory;
  cs_test_memory_init(&memory);
  memory.fail_at = 1;
  source s = {0, 0};
  cs_tls_shared *shared = (cs_tls_shared *)&s;
  ck_assert_int_eq(cs_tls_shared_new(&memory.alloc, (cs_base_random){fill, &s}, &shared),
                   CS_ERR_MEMORY);
  ck_assert_ptr_eq(shared, (cs_tls_shared *)&s);
  cs_tls_shared_free(NULL);
}
END_TEST

START_TEST(it_lives_as_long_as_its_setups) {
  static cs_test_tls_pair p;
  cs_test_tls_init(&p, CS_TLS_DATAGRAM, 1);
  cs_test_tls_open(&p);
  for (int i = 0; i < 2; i++) { /* the owner lets go first, then of the setup */
    cs_tls_shared_free(p.side[i].shared);
    p.side[i].shared = NULL;
    cs_tls_setup_free(p.side[i].setup);
    p.side[i].setup = NULL;
  }
  ck_assert(cs_test_tls_shake(&p));
  ck_assert(cs_test_tls_say(&p, 0, "still here"));
  cs_test_tls_close(&p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("tls/mbedtls_shared");
  TCase *c = tcase_create("shared");
  tcase_add_test(c, the_library_names_itself);
  tcase_add_test(c, the_generator_is_seeded_from_the_owner);
  tcase_add_test(c, without_memory_there_is_none);
  tcase_add_test(c, it_lives_as_long_as_its_setups);
  suite_add_tcase(s, c);
  return cs_test_main(s);
}
