#include "support/secured.h"

#include <check.h>
#include <string.h>

void cs_test_secrets_open(cs_test_secrets *s, cs_tls_role role, const char *key, uint64_t seed) {
  memset(s, 0, sizeof *s);
  cs_test_memory_init(&s->memory);
  cs_base_seeded_init(&s->seeded, seed);
  s->role = role;
  ck_assert_int_eq(
      cs_tls_shared_new(&s->memory.alloc, cs_base_seeded_random(&s->seeded), &s->shared), CS_OK);
  cs_tls_psk psk = {.identity = cs_span_str("coapspec"), .key = cs_span_str(key)};
  cs_tls_credentials c = {.role = role, .psk = &psk};
  const char *why = "";
  cs_err e = cs_tls_setup_new(s->shared, &c, &s->setup, &why);
  ck_assert_msg(e == CS_OK, "%s: %s", cs_base_err_text(e), why);
}

void cs_test_secrets_close(cs_test_secrets *s) {
  cs_tls_setup_free(s->setup);
  cs_tls_shared_free(s->shared);
  ck_assert_uint_eq(s->memory.out_bytes, 0);
}

cs_tls *cs_test_secrets_begin(cs_test_secrets *s, cs_tls_kind kind, size_t mtu, cs_time now) {
  cs_tls_config c = {.setup = s->setup, .kind = kind, .mtu = mtu, .no_cid = s->no_cid};
  cs_tls *t = NULL;
  if (s->role == CS_TLS_SERVER)
    c.client_address = cs_span_str("192.0.2.1:5683");
  ck_assert_int_eq(cs_tls_open(&c, now, &t), CS_OK);
  return t;
}
