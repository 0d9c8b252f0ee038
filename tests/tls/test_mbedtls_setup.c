#include <stdio.h>
#include <string.h>

#include "support/certificates.h"
#include "support/check_main.h"
#include "support/memory.h"
#include "tls/mbedtls_pki.h"

/* ---- what the cases are made of ---- */

static cs_test_certificate authority, other_authority, server, foreign;
static cs_test_crl crl;
static cs_test_text ca_text, other_ca_text, server_text, foreign_text, key_text, wrong_key_text;

static cs_test_memory memory;
static cs_base_seeded seed;
static cs_tls_shared *shared;

static void make(cs_test_certificate *c, const char *name, const cs_test_certificate *issuer,
                 unsigned number, cs_test_text *text) {
  c->name = name;
  c->issuer = issuer;
  c->number = number;
  c->ca = !issuer;
  cs_test_certificate_make(c);
  cs_test_pem_certificate(text, c);
}

static void begin(void) {
  make(&authority, "authority", NULL, 0, &ca_text);
  make(&other_authority, "other", NULL, 1, &other_ca_text);
  make(&server, "server", &authority, 2, &server_text);
  make(&foreign, "foreign", &other_authority, 2, &foreign_text);
  crl = (cs_test_crl){.issuer = &authority, .serials = {7}};
  cs_test_crl_make(&crl);
  cs_test_pem_key(&key_text, CS_TEST_P256, 2);
  cs_test_pem_key(&wrong_key_text, CS_TEST_P256, 3);
  cs_test_memory_init(&memory);
  cs_base_seeded_init(&seed, 1);
  ck_assert_int_eq(cs_tls_shared_new(&memory.alloc, cs_base_seeded_random(&seed), &shared), CS_OK);
}

static void end(void) {
  cs_tls_shared_free(shared);
  ck_assert_uint_eq(memory.out_bytes, 0);
}

static cs_span str(const char *s) {
  return cs_span_str(s);
}

/* A client that has a certificate and trusts its issuer. */
static cs_tls_pki usual(void) {
  cs_tls_pki pki = {.ca = cs_test_text_span(&ca_text),
                    .certificate = cs_test_text_span(&server_text),
                    .key = cs_test_text_span(&key_text),
                    .policy = {.verify_peer = true}};
  return pki;
}

static const char *nothing = "untouched";

/* Makes one, which has to fail and to leave nothing, and returns why. */
static const char *refused(cs_tls_role role, const cs_tls_psk *psk, const cs_tls_pki *pki) {
  cs_tls_credentials c = {role, psk, pki};
  cs_tls_setup *setup = (cs_tls_setup *)&nothing;
  const char *why = NULL;
  size_t out = memory.out_bytes;
  ck_assert_int_eq(cs_tls_setup_new(shared, &c, &setup, &why), CS_ERR_ARGUMENT);
  ck_assert_ptr_eq(setup, &nothing);
  ck_assert_uint_eq(memory.out_bytes, out);
  ck_assert_ptr_null(shared->trusts);
  ck_assert_ptr_nonnull(why);
  return why;
}

static cs_tls_setup *made(cs_tls_role role, const cs_tls_psk *psk, const cs_tls_pki *pki) {
  cs_tls_credentials c = {role, psk, pki};
  cs_tls_setup *setup = NULL;
  const char *why = "no reason";
  cs_err err = cs_tls_setup_new(shared, &c, &setup, &why);
  ck_assert_msg(err == CS_OK, "%s: %s", cs_base_err_text(err), why);
  return setup;
}

static void accept(cs_tls_role role, const cs_tls_psk *psk, const cs_tls_pki *pki) {
  cs_tls_setup_free(made(role, psk, pki));
}

/* ---- PSK ---- */

START_TEST(psk_members_have_bounds) {
  uint8_t bytes[200];
  memset(bytes, 'a', sizeof bytes);
  static const struct {
    size_t identity, key;
    const char *why;
  } rows[] = {
      {0, 16, "psk.identity: empty"},
      {129, 16, "psk.identity: longer than 128 bytes"},
      {16, 0, "psk.key: empty"},
      {16, 33, "psk.key: longer than 32 bytes"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cs_tls_psk psk = {.identity = cs_span_of(bytes, rows[i].identity),
                      .key = cs_span_of(bytes, rows[i].key)};
    ck_assert_str_eq(refused(CS_TLS_CLIENT, &psk, NULL), rows[i].why);
    ck_assert_str_eq(refused(CS_TLS_SERVER, &psk, NULL), rows[i].why);
  }
  cs_tls_psk most = {.identity = cs_span_of(bytes, 128), .key = cs_span_of(bytes, 32)};
  accept(CS_TLS_CLIENT, &most, NULL);
}
END_TEST

START_TEST(psk_is_copied) {
  char identity[] = "me", key[] = "secret", name[] = "host.example.";
  cs_tls_psk psk = {str(identity), str(key), str(name)};
  cs_tls_setup *s = made(CS_TLS_CLIENT, &psk, NULL);
  memset(identity, 0, sizeof identity);
  memset(key, 0, sizeof key);
  memset(name, 0, sizeof name);
  ck_assert_uint_eq(s->identity_len, 2);
  ck_assert_mem_eq(s->identity, "me", 2);
  ck_assert_uint_eq(s->key_len, 6);
  ck_assert_mem_eq(s->key, "secret", 6);
  ck_assert_str_eq(s->server_name, "host.example");
  cs_tls_setup_free(s);
}
END_TEST

/* ---- who has what ---- */

START_TEST(roles_and_their_credentials) {
  cs_tls_psk psk = {.identity = str("me"), .key = str("secret")};
  cs_tls_pki pki = usual();
  accept(CS_TLS_CLIENT, NULL, NULL); /* anonymous */
  accept(CS_TLS_CLIENT, NULL, &pki);
  accept(CS_TLS_SERVER, &psk, &pki);
  ck_assert_str_eq(refused(CS_TLS_CLIENT, &psk, &pki), "psk and pki: a client has one of them");
  ck_assert_str_eq(refused(CS_TLS_SERVER, NULL, NULL), "psk, pki: a server needs one of them");
  ck_assert_str_eq(refused((cs_tls_role)7, &psk, NULL), "role: neither client nor server");
  pki.demand_client = true;
  accept(CS_TLS_SERVER, NULL, &pki);
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "demand_client: only a server demands one");
  psk.server_name = str("host");
  ck_assert_str_eq(refused(CS_TLS_SERVER, &psk, NULL), "server_name: only a client asks for one");
}
END_TEST

START_TEST(certificate_and_key_come_together) {
  cs_tls_pki pki = usual();
  pki.key = str("");
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "key: missing, there is a certificate");
  pki = usual();
  pki.certificate = str("");
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "certificate: missing, there is a key");
  pki.key = str("");
  accept(CS_TLS_CLIENT, NULL, &pki);
  ck_assert_str_eq(refused(CS_TLS_SERVER, NULL, &pki), "certificate: a server needs one");
  pki = usual();
  pki.key = cs_test_text_span(&wrong_key_text);
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "key: does not belong to the certificate");
}
END_TEST

/* ---- policies that cannot be kept ---- */

START_TEST(policy_that_cannot_be_kept_is_refused) {
  cs_tls_pki pki = usual();
  pki.policy = (cs_tls_policy){.common_ca = true};
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "common_ca: needs verify_peer");
  pki.policy = (cs_tls_policy){.check_depth = true};
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "check_depth: needs verify_peer");
  pki.policy = (cs_tls_policy){.check_revocation = true};
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "check_revocation: needs verify_peer");
  pki.policy = (cs_tls_policy){.verify_peer = true, .common_ca = true};
  cs_span root = cs_test_text_span(&ca_text);
  pki.ca = str("");
  pki.roots = &root;
  pki.root_count = 1;
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "common_ca: there is no ca");
  pki.policy.common_ca = false;
  accept(CS_TLS_CLIENT, NULL, &pki);
  pki.roots = NULL;
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "roots: missing");
}
END_TEST

START_TEST(verify_peer_needs_something_trusted) {
  cs_tls_pki pki = {.policy = {.verify_peer = true}};
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki),
                   "verify_peer: nothing is trusted, neither ca nor roots");
  cs_test_text text = {.len = 0};
  cs_span root = cs_test_pem_crl(&text, &crl);
  pki.roots = &root;
  pki.root_count = 1;
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki),
                   "verify_peer: no certificate in roots, and no ca");
  pki.policy.allow_self_signed = true;
  accept(CS_TLS_CLIENT, NULL, &pki);
  pki.root_count = 0;
  cs_tls_setup *s = made(CS_TLS_CLIENT, NULL, &pki);
  ck_assert_ptr_nonnull(s->anchors); /* else the library would not verify */
  ck_assert_int_eq(s->anchors->version, 0);
  cs_tls_setup_free(s);
}
END_TEST

START_TEST(common_ca_keeps_the_anchors_of_our_own_certificate) {
  cs_test_text both = {.len = 0};
  cs_test_pem_certificate(&both, &other_authority);
  cs_test_pem_certificate(&both, &authority);
  cs_tls_pki pki = usual();
  pki.ca = cs_test_text_span(&both);
  pki.policy.common_ca = true;
  cs_tls_setup *s = made(CS_TLS_CLIENT, NULL, &pki);
  ck_assert_mem_eq(s->anchors->raw.p, authority.der, authority.der_len);
  ck_assert_ptr_null(s->anchors->next);
  cs_tls_setup_free(s);
  pki.certificate = pki.key = str(""); /* none of our own: each of ca */
  s = made(CS_TLS_CLIENT, NULL, &pki);
  ck_assert_ptr_nonnull(s->anchors->next);
  cs_tls_setup_free(s);
  pki = usual();
  pki.policy.common_ca = true;
  pki.certificate = cs_test_text_span(&foreign_text);
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki),
                   "common_ca: ca has not issued the certificate");
}
END_TEST

START_TEST(common_ca_leaves_out_the_roots) {
  cs_span root = cs_test_text_span(&other_ca_text);
  cs_tls_pki pki = usual();
  pki.roots = &root;
  pki.root_count = 1;
  cs_tls_setup *with = made(CS_TLS_CLIENT, NULL, &pki);
  ck_assert_ptr_nonnull(with->anchors->next);
  pki.policy.common_ca = true;
  cs_tls_setup *without = made(CS_TLS_CLIENT, NULL, &pki);
  ck_assert_ptr_null(without->anchors->next);
  cs_tls_setup_free(with);
  cs_tls_setup_free(without);
}
END_TEST

/* ---- names ---- */

START_TEST(server_name_is_checked) {
  static char long_name[300];
  memset(long_name, 'a', sizeof long_name);
  cs_tls_pki pki = usual();
  pki.server_name = cs_span_of(long_name, 256);
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "server_name: longer than 255 bytes");
  pki.server_name = cs_span_of("a\0b", 3);
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki), "server_name: a control character in it");
  pki.server_name = str("*.example");
  ck_assert_str_eq(refused(CS_TLS_CLIENT, NULL, &pki),
                   "server_name: neither a DNS name nor an IP address");
  cs_tls_psk psk = {str("me"), str("secret"), str("a b")};
  ck_assert_str_eq(refused(CS_TLS_CLIENT, &psk, NULL),
                   "server_name: neither a DNS name nor an IP address");
}
END_TEST

/* ---- sharing ---- */

START_TEST(setups_are_shared_and_keep_what_they_share) {
  cs_tls_pki pki = usual();
  cs_tls_setup *a = made(CS_TLS_CLIENT, NULL, &pki);
  cs_tls_setup *same = cs_tls_setup_share(a);
  cs_tls_setup *b = made(CS_TLS_CLIENT, NULL, &pki);
  ck_assert_ptr_eq(a, same);
  ck_assert_ptr_eq(a->trust, b->trust); /* parsed once */
  ck_assert_uint_eq(a->trust->refs, 2);
  cs_tls_shared_free(shared); /* the owner lets go first */
  cs_tls_setup_free(a);
  cs_tls_setup_free(b);
  ck_assert_uint_eq(same->trust->refs, 1);
  ck_assert_mem_eq(same->anchors->raw.p, authority.der, authority.der_len);
  cs_tls_setup_free(same);
  cs_tls_setup_free(NULL);
  ck_assert_uint_eq(memory.out_bytes, 0);
  shared = NULL;
}
END_TEST

/* An allocator that keeps what is released for a look at it. */
static uint8_t last_released[sizeof(cs_tls_setup)];
static void note_release(void *ctx, void *p, size_t size) {
  if (size == sizeof(cs_tls_setup))
    memcpy(last_released, p, size);
  cs_test_memory *m = ctx;
  m->out_bytes -= size;
  free(p);
}

START_TEST(secrets_are_wiped) {
  memory.alloc.release = note_release;
  memset(last_released, 1, sizeof last_released);
  cs_tls_psk psk = {.identity = str("me"), .key = str("secret")};
  accept(CS_TLS_CLIENT, &psk, NULL);
  for (size_t i = 0; i < sizeof last_released; i++)
    ck_assert_uint_eq(last_released[i], 0);
}
END_TEST

/* ---- memory ---- */

START_TEST(every_allocation_may_fail) {
  cs_test_text both = {.len = 0};
  cs_test_pem_certificate(&both, &other_authority);
  cs_test_pem_certificate(&both, &authority);
  cs_tls_pki pki = usual();
  pki.ca = cs_test_text_span(&both);
  pki.policy.common_ca = true;
  cs_tls_credentials c = {CS_TLS_CLIENT, NULL, &pki};
  size_t out = memory.out_bytes;
  for (size_t n = 1;; n++) {
    ck_assert_uint_lt(n, 100);
    cs_tls_setup *s = NULL;
    const char *why = nothing;
    memory.calls = 0;
    memory.fail_at = n;
    cs_err err = cs_tls_setup_new(shared, &c, &s, &why);
    memory.fail_at = 0;
    if (err == CS_OK) {
      ck_assert_uint_gt(n, 5); /* setup, trust, three texts, nodes */
      cs_tls_setup_free(s);
      break;
    }
    ck_assert_int_eq(err, CS_ERR_MEMORY);
    ck_assert_ptr_null(s);
    ck_assert_ptr_eq(why, nothing);
    ck_assert_uint_eq(memory.out_bytes, out);
    ck_assert_ptr_null(shared->trusts);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tls/mbedtls_setup");
  TCase *t = tcase_create("setup");
  tcase_add_checked_fixture(t, begin, end);
  tcase_add_test(t, psk_members_have_bounds);
  tcase_add_test(t, psk_is_copied);
  tcase_add_test(t, roles_and_their_credentials);
  tcase_add_test(t, certificate_and_key_come_together);
  tcase_add_test(t, policy_that_cannot_be_kept_is_refused);
  tcase_add_test(t, verify_peer_needs_something_trusted);
  tcase_add_test(t, common_ca_keeps_the_anchors_of_our_own_certificate);
  tcase_add_test(t, common_ca_leaves_out_the_roots);
  tcase_add_test(t, server_name_is_checked);
  tcase_add_test(t, setups_are_shared_and_keep_what_they_share);
  tcase_add_test(t, secrets_are_wiped);
  tcase_add_test(t, every_allocation_may_fail);
  suite_add_tcase(suite, t);
  return cs_test_main(suite);
}
