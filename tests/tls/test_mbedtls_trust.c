#include <mbedtls/pem.h>
#include <string.h>

#include "support/certificates.h"
#include "support/check_main.h"
#include "support/memory.h"
#include "tls/mbedtls_pki.h"

static cs_test_certificate root = {.name = "root", .ca = true};
static cs_test_certificate other = {.name = "other", .number = 1, .ca = true};
static cs_test_certificate own = {.name = "own", .issuer = &root, .number = 2};
static cs_test_crl crl = {.issuer = &root, .serials = {5}};
static cs_test_crl second_crl = {.issuer = &other};
static cs_test_crl partial_crl = {.issuer = &root, .partial = true};

static cs_test_memory memory;
static cs_base_seeded seed;
static cs_tls_shared *shared;

static void begin(void) {
  cs_test_certificate_make(&root);
  cs_test_certificate_make(&other);
  cs_test_certificate_make(&own);
  cs_test_crl_make(&crl);
  cs_test_crl_make(&second_crl);
  cs_test_crl_make(&partial_crl);
  cs_test_memory_init(&memory);
  cs_base_seeded_init(&seed, 1);
  ck_assert_int_eq(cs_tls_shared_new(&memory.alloc, cs_base_seeded_random(&seed), &shared), CS_OK);
}

static void end(void) {
  ck_assert_ptr_null(shared->trusts);
  cs_tls_shared_free(shared);
  ck_assert_uint_eq(memory.out_bytes, 0);
}

static const char *why_not(const cs_tls_pki *pki) {
  tls_trust *t = NULL;
  const char *why = NULL;
  ck_assert_int_eq(cs_tls_trust_take(shared, pki, &t, &why), CS_ERR_ARGUMENT);
  ck_assert_ptr_null(t);
  ck_assert_ptr_null(shared->trusts);
  return why;
}

static tls_trust *taken(const cs_tls_pki *pki) {
  tls_trust *t = NULL;
  const char *why = "";
  cs_err err = cs_tls_trust_take(shared, pki, &t, &why);
  ck_assert_msg(err == CS_OK, "%s", why);
  return t;
}

static unsigned certificates_of(const tls_trust *t) {
  unsigned n = 0;
  for (const mbedtls_x509_crt *c = &t->certificates; c && c->version; c = c->next)
    n++;
  return n;
}

static unsigned crls_of(const tls_trust *t) {
  unsigned n = 0;
  for (const mbedtls_x509_crl *c = &t->crls; c && c->version; c = c->next)
    n++;
  return n;
}

static void holds(const cs_tls_pki *pki, unsigned certificates, unsigned crls) {
  tls_trust *t = taken(pki);
  ck_assert_uint_eq(certificates_of(t), certificates);
  ck_assert_uint_eq(crls_of(t), crls);
  cs_tls_trust_drop(shared, t);
}

static void add(cs_test_text *t, const char *text) {
  memcpy(t->at + t->len, text, strlen(text) + 1);
  t->len += strlen(text);
}

/* ---- ca ---- */

START_TEST(ca_in_pem) {
  cs_test_text t = {.len = 0};
  cs_tls_pki pki = {.ca = cs_test_pem_certificate(&t, &root)};
  holds(&pki, 1, 0);
  pki.ca.len++; /* the NUL at its end */
  holds(&pki, 1, 0);
  /* In any order, among text and blocks of other kinds. */
  cs_test_pem_crl(&t, &crl);
  add(&t, "some text\n");
  cs_test_pem_key(&t, CS_TEST_P256, 0);
  cs_test_pem_certificate(&t, &other);
  cs_test_pem_certificate(&t, &root); /* again */
  cs_test_pem_crl(&t, &second_crl);
  add(&t, "more text");
  pki.ca = cs_test_text_span(&t);
  holds(&pki, 2, 2);
}
END_TEST

START_TEST(ca_with_lines_that_end_in_crlf) {
  cs_test_text t = {.len = 0}, crlf = {.len = 0};
  cs_test_pem_certificate(&t, &root);
  for (size_t i = 0; i < t.len; i++) {
    if (t.at[i] == '\n')
      add(&crlf, "\r");
    add(&crlf, (char[]){t.at[i], 0});
  }
  cs_tls_pki pki = {.ca = cs_test_text_span(&crlf)};
  holds(&pki, 1, 0);
}
END_TEST

START_TEST(ca_in_pem_that_is_none) {
  cs_test_text t = {.len = 0};
  cs_tls_pki pki = {.ca = cs_span_str("text")};
  ck_assert_str_eq(why_not(&pki), "ca: no certificate in it");
  pki.ca = cs_test_pem_crl(&t, &crl);
  ck_assert_str_eq(why_not(&pki), "ca: no certificate in it");
  pki.ca = cs_span_of(root.der, root.der_len);
  ck_assert_str_eq(why_not(&pki), "ca: a NUL in the text");
  t.len = 0;
  cs_test_pem_certificate(&t, &root);
  cs_test_pem(&t, "CERTIFICATE", cs_span_str("not one"));
  pki.ca = cs_test_text_span(&t);
  ck_assert_str_eq(why_not(&pki), "ca: a certificate in it cannot be read");
  t.len = 0;
  cs_test_pem_certificate(&t, &root);
  add(&t, "-----BEGIN CERTIFICATE-----\nMIIB\n"); /* cut off */
  pki.ca = cs_test_text_span(&t);
  ck_assert_str_eq(why_not(&pki), "ca: a certificate in it cannot be read");
  t.len = 0;
  cs_test_pem_certificate(&t, &root);
  t.at[60] = '*';
  pki.ca = cs_test_text_span(&t);
  ck_assert_str_eq(why_not(&pki), "ca: a certificate in it cannot be read");
}
END_TEST

START_TEST(ca_whose_crl_is_none) {
  cs_test_text t = {.len = 0};
  cs_test_pem_certificate(&t, &root);
  size_t len = t.len;
  cs_test_pem_crl(&t, &partial_crl); /* of a part of the certificates: critical */
  cs_tls_pki pki = {.ca = cs_test_text_span(&t)};
  ck_assert_str_eq(why_not(&pki), "ca: a revocation list in it cannot be read");
  t.len = len;
  cs_test_pem_crl(&t, &crl);
  add(&t, "-----BEGIN X509 CRL-----\nMIIB\n");
  pki.ca = cs_test_text_span(&t);
  ck_assert_str_eq(why_not(&pki), "ca: a revocation list in it cannot be read");
}
END_TEST

START_TEST(ca_in_der_is_one_or_more) {
  uint8_t both[4096];
  memcpy(both, root.der, root.der_len);
  memcpy(both + root.der_len, other.der, other.der_len);
  size_t len = root.der_len + other.der_len;
  cs_tls_pki pki = {.encoding = CS_TLS_DER, .ca = cs_span_of(both, root.der_len)};
  holds(&pki, 1, 0);
  pki.ca = cs_span_of(both, len);
  holds(&pki, 2, 0);
  pki.ca = cs_span_of(both, len - 1);
  ck_assert_str_eq(why_not(&pki), "ca: not a certificate");
  both[len] = 0;
  pki.ca = cs_span_of(both, len + 1);
  ck_assert_str_eq(why_not(&pki), "ca: not a certificate");
  cs_test_text t = {.len = 0};
  pki.ca = cs_test_pem_certificate(&t, &root);
  ck_assert_str_eq(why_not(&pki), "ca: not a certificate");
}
END_TEST

/* ---- roots ---- */

START_TEST(roots_leave_out_what_cannot_be_read) {
  cs_test_text a = {.len = 0}, b = {.len = 0};
  cs_test_pem(&a, "CERTIFICATE", cs_span_str("not one"));
  cs_test_pem_certificate(&a, &root);
  cs_test_pem_certificate(&b, &other);
  cs_test_pem_crl(&b, &crl);
  cs_span roots[2] = {cs_test_text_span(&a), cs_test_text_span(&b)};
  cs_tls_pki pki = {.roots = roots, .root_count = 2};
  holds(&pki, 2, 1);
  /* DER is for the other members. */
  pki.encoding = CS_TLS_DER;
  pki.ca = cs_span_of(root.der, root.der_len);
  holds(&pki, 2, 1);
  pki.policy.common_ca = true; /* no certificate of theirs, their lists */
  holds(&pki, 1, 1);
}
END_TEST

START_TEST(roots_that_are_none) {
  cs_test_text t = {.len = 0};
  cs_span root_span = cs_span_str("");
  cs_tls_pki pki = {.roots = &root_span, .root_count = 1};
  const char *neither = "roots: neither a certificate nor a revocation list in one of them";
  ck_assert_str_eq(why_not(&pki), neither);
  root_span = cs_test_pem(&t, "CERTIFICATE", cs_span_str("not one"));
  ck_assert_str_eq(why_not(&pki), neither);
  root_span = cs_span_of(root.der, root.der_len);
  ck_assert_str_eq(why_not(&pki), "roots: a NUL in a text");
  t.len = 0;
  cs_test_pem_certificate(&t, &root);
  root_span = cs_test_pem_crl(&t, &partial_crl);
  ck_assert_str_eq(why_not(&pki), "roots: a revocation list cannot be read");
}
END_TEST

/* ---- the cache ---- */

START_TEST(equal_bytes_are_parsed_once) {
  cs_test_text a = {.len = 0}, b = {.len = 0};
  cs_span ca = cs_test_pem_certificate(&a, &root);
  cs_span roots[1] = {cs_test_pem_certificate(&b, &root)};
  cs_tls_pki pki = {.ca = ca}, same = {.ca = roots[0]};
  cs_tls_pki as_root = {.roots = roots, .root_count = 1};
  cs_tls_pki common = {.ca = ca, .policy = {.common_ca = true}};
  tls_trust *t[4] = {taken(&pki), taken(&same), taken(&as_root), taken(&common)};
  ck_assert_ptr_eq(t[0], t[1]);
  ck_assert_ptr_ne(t[0], t[2]);
  ck_assert_ptr_ne(t[0], t[3]);
  ck_assert_uint_eq(t[0]->refs, 2);
  for (int i = 0; i < 4; i++)
    cs_tls_trust_drop(shared, t[i]);
  cs_tls_trust_drop(shared, NULL);
  cs_test_text other_text = {.len = 0};
  cs_span other_roots[1] = {cs_test_pem_certificate(&other_text, &other)};
  cs_tls_pki with = {.ca = ca, .roots = roots, .root_count = 1};
  cs_tls_pki with_other = {.ca = ca, .roots = other_roots, .root_count = 1};
  t[0] = taken(&with);
  t[1] = taken(&with_other);
  ck_assert_ptr_ne(t[0], t[1]);
  cs_tls_trust_drop(shared, t[0]);
  cs_tls_trust_drop(shared, t[1]);
  cs_tls_pki none = {.encoding = CS_TLS_PEM};
  ck_assert_ptr_null(taken(&none));
}
END_TEST

/* ---- our own ---- */

static const char *own_fault(const cs_tls_pki *pki) {
  mbedtls_x509_crt chain;
  mbedtls_pk_context key;
  mbedtls_x509_crt_init(&chain);
  mbedtls_pk_init(&key);
  const char *why = NULL;
  cs_err err = cs_tls_own_read(shared, pki, &chain, &key, &why);
  ck_assert_int_eq(err, why ? CS_ERR_ARGUMENT : CS_OK);
  if (!why)
    ck_assert_mem_eq(chain.raw.p, own.der, own.der_len); /* our own first */
  mbedtls_x509_crt_free(&chain);
  mbedtls_pk_free(&key);
  return why;
}

START_TEST(own_chain_and_key) {
  cs_test_text t = {.len = 0}, k = {.len = 0};
  uint8_t room[CS_TEST_KEY_ROOM], both[4096];
  cs_test_pem_certificate(&t, &own);
  cs_test_pem_certificate(&t, &root);
  cs_tls_pki pki = {.certificate = cs_test_text_span(&t),
                    .key = cs_test_pem_key(&k, CS_TEST_P256, 2)};
  ck_assert_ptr_null(own_fault(&pki));
  cs_test_pem_key(&t, CS_TEST_P256, 2); /* all in one file */
  pki.certificate = pki.key = cs_test_text_span(&t);
  ck_assert_ptr_null(own_fault(&pki));
  memcpy(both, own.der, own.der_len);
  memcpy(both + own.der_len, root.der, root.der_len);
  pki.encoding = CS_TLS_DER;
  pki.certificate = cs_span_of(both, own.der_len + root.der_len);
  pki.key = cs_test_key_der(CS_TEST_P256, 2, room);
  ck_assert_ptr_null(own_fault(&pki));
}
END_TEST

START_TEST(own_chain_and_key_that_are_none) {
  cs_test_text t = {.len = 0}, k = {.len = 0};
  cs_tls_pki usual = {.certificate = cs_test_pem_certificate(&t, &own),
                      .key = cs_test_pem_key(&k, CS_TEST_P256, 2)};
  cs_tls_pki pki = usual;
  pki.certificate = cs_span_str("text");
  ck_assert_str_eq(own_fault(&pki), "certificate: not a certificate");
  pki.certificate = cs_span_of("a\0b", 3);
  ck_assert_str_eq(own_fault(&pki), "certificate: a NUL in the text");
  pki = usual;
  pki.key = cs_span_str("text");
  ck_assert_str_eq(own_fault(&pki), "key: not a private key");
  pki.key = cs_test_text_span(&t);
  ck_assert_str_eq(own_fault(&pki), "key: not a private key");
  pki.key = cs_span_of("a\0b", 3);
  ck_assert_str_eq(own_fault(&pki), "key: a NUL in the text");
  pki.key = cs_span_str("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                        "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                        "AAAAAAAAAAAAAAAAAAAAAA==\n-----END EC PRIVATE KEY-----\n");
  ck_assert_str_eq(own_fault(&pki), "key: it is encrypted");
  k.len = 0;
  pki.key = cs_test_pem_key(&k, CS_TEST_P256, 3);
  ck_assert_str_eq(own_fault(&pki), "key: does not belong to the certificate");
  pki.encoding = CS_TLS_DER;
  ck_assert_str_eq(own_fault(&pki), "certificate: not a certificate");
  pki.certificate = cs_span_of(own.der, own.der_len);
  ck_assert_str_eq(own_fault(&pki), "key: not a private key");
}
END_TEST

START_TEST(errors_of_memory_are_told_apart) {
  static const int memory_errors[] = {
      MBEDTLS_ERR_X509_ALLOC_FAILED,
      MBEDTLS_ERR_PEM_ALLOC_FAILED,
      MBEDTLS_ERR_PK_ALLOC_FAILED,
      MBEDTLS_ERR_ECP_ALLOC_FAILED,
      MBEDTLS_ERR_MPI_ALLOC_FAILED,
      MBEDTLS_ERR_ASN1_ALLOC_FAILED,
      MBEDTLS_ERR_MD_ALLOC_FAILED,
      MBEDTLS_ERR_X509_INVALID_EXTENSIONS + MBEDTLS_ERR_ASN1_ALLOC_FAILED,
      MBEDTLS_ERR_PK_KEY_INVALID_FORMAT + MBEDTLS_ERR_MPI_ALLOC_FAILED};
  static const int others[] = {0,
                               MBEDTLS_ERR_X509_INVALID_FORMAT,
                               MBEDTLS_ERR_PEM_NO_HEADER_FOOTER_PRESENT,
                               MBEDTLS_ERR_PEM_INVALID_DATA,
                               MBEDTLS_ERR_PK_PASSWORD_REQUIRED,
                               MBEDTLS_ERR_X509_INVALID_EXTENSIONS + MBEDTLS_ERR_ASN1_OUT_OF_DATA,
                               MBEDTLS_ERR_X509_INVALID_DATE + MBEDTLS_ERR_ASN1_INVALID_DATA};
  for (size_t i = 0; i < sizeof memory_errors / sizeof *memory_errors; i++)
    ck_assert_msg(cs_tls_error_is_memory(memory_errors[i]), "%zu", i);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    ck_assert_msg(!cs_tls_error_is_memory(others[i]), "%zu", i);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tls/mbedtls_trust");
  TCase *t = tcase_create("trust");
  tcase_add_checked_fixture(t, begin, end);
  tcase_add_test(t, ca_in_pem);
  tcase_add_test(t, ca_with_lines_that_end_in_crlf);
  tcase_add_test(t, ca_in_pem_that_is_none);
  tcase_add_test(t, ca_whose_crl_is_none);
  tcase_add_test(t, ca_in_der_is_one_or_more);
  tcase_add_test(t, roots_leave_out_what_cannot_be_read);
  tcase_add_test(t, roots_that_are_none);
  tcase_add_test(t, equal_bytes_are_parsed_once);
  tcase_add_test(t, own_chain_and_key);
  tcase_add_test(t, own_chain_and_key_that_are_none);
  tcase_add_test(t, errors_of_memory_are_told_apart);
  suite_add_tcase(suite, t);
  return cs_test_main(suite);
}
