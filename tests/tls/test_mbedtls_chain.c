/* Who may issue whom, by handshakes. */
#include <mbedtls/x509.h>

#include "support/check_main.h"
#include "support/judged.h"
#include "tls/mbedtls_pki.h"

enum { SIGNS = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN };

#define SERVER(issued_by) .name = "server", .issuer = &(issued_by), .number = 4, .serial = 10

typedef cs_test_certificate cert;

static cert root = {.name = "root", .ca = true, .usage = SIGNS};
static cert v1_root = {.name = "v1 root", .version1 = true};
static cert no_root = {.name = "no root"};
static cert unsigning_root = {
    .name = "unsigning root", .ca = true, .usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE};
static cert close_root = {.name = "close root", .ca = true, .path_length = 1};
static cert middle = {
    .name = "middle", .issuer = &root, .number = 2, .ca = true, .serial = 20, .usage = SIGNS};
static cert no_middle = {.name = "middle", .issuer = &root, .number = 2};
static cert bare_middle = {.name = "middle", .issuer = &root, .number = 2, .no_constraints = true};
static cert unsigning_middle = {.name = "middle",
                                .issuer = &root,
                                .number = 2,
                                .ca = true,
                                .usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE};
static cert close_middle = {.name = "close middle", .issuer = &close_root, .number = 2, .ca = true};
static cert shut_middle = {
    .name = "shut middle", .issuer = &root, .number = 2, .ca = true, .path_length = 1};
static cert shut_lower = {.name = "shut lower", .issuer = &shut_middle, .number = 3, .ca = true};
static cert by_middle = {SERVER(middle)};
static cert by_shut_lower = {SERVER(shut_lower)};
static cert by_close = {SERVER(close_root)};
static cert by_close_middle = {SERVER(close_middle)};
static cert by_v1 = {SERVER(v1_root)};
static cert by_no_root = {SERVER(no_root)};
static cert by_unsigning = {SERVER(unsigning_root)};

static cert *const certificates[] = {
    &root,        &v1_root,       &no_root,          &unsigning_root,  &close_root,  &middle,
    &no_middle,   &bare_middle,   &unsigning_middle, &close_middle,    &shut_middle, &shut_lower,
    &by_middle,   &by_shut_lower, &by_close,         &by_close_middle, &by_v1,       &by_no_root,
    &by_unsigning};

/* Once, before the program forks for its tests. */
static void make_all(void) {
  for (size_t i = 0; i < sizeof certificates / sizeof *certificates; i++)
    cs_test_certificate_make(certificates[i]);
}

#define SELF .policy = {.allow_self_signed = true}

START_TEST(only_authorities_issue) {
#define AUTHORITY REFUSED(CERTIFICATE_AUTHORITY, UNKNOWN_CA)
  static const cs_test_row rows[] = {
      {"one between is none", PEER(&by_middle, &no_middle), CA(&root), AUTHORITY},
      {"one between does not say", PEER(&by_middle, &bare_middle), CA(&root), AUTHORITY},
      {"one between may not sign certificates", PEER(&by_middle, &unsigning_middle), CA(&root),
       AUTHORITY},
      {"the anchor is none", PEER(&by_no_root), CA(&no_root), AUTHORITY},
      {"the anchor may not sign certificates", PEER(&by_unsigning), CA(&unsigning_root), AUTHORITY},
      {"an anchor of version 1 is one", PEER(&by_v1), CA(&v1_root)},
      {"the anchor is for shorter paths", PEER(&by_close_middle, &close_middle), CA(&close_root),
       AUTHORITY},
      {"and short enough", PEER(&by_close), CA(&close_root)},
      {"one between is for shorter paths", PEER(&by_shut_lower, &shut_lower, &shut_middle),
       CA(&root), AUTHORITY},
      {"also when self-signed is allowed", PEER(&by_no_root, &no_root), SELF, AUTHORITY},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

/* ---- without a handshake ---- */

static void parse(mbedtls_x509_crt *c, const cert *made) {
  mbedtls_x509_crt_init(c);
  ck_assert_int_eq(mbedtls_x509_crt_parse_der(c, made->der, made->der_len), 0);
}

START_TEST(names_are_the_same_in_other_letters) {
  cert a = {.name = "Some Name"}, b = {.name = "some NAME"}, c = {.name = "some names"};
  cert none = {.name = NULL, .issuer = &root};
  cert *const all[] = {&a, &b, &c, &none};
  mbedtls_x509_crt x[4];
  for (int i = 0; i < 4; i++) {
    cs_test_certificate_make(all[i]);
    parse(&x[i], all[i]);
  }
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 4; k++) {
      bool same = i == k || (i < 2 && k < 2);
      ck_assert_int_eq(cs_tls_chain_same_name(&x[i].subject, &x[k].subject), same);
    }
  for (int i = 0; i < 4; i++)
    mbedtls_x509_crt_free(&x[i]);
}
END_TEST

START_TEST(names_of_several_values_differ_from_several_names) {
  static unsigned char text[] = "x";
  mbedtls_x509_buf oid = {.tag = MBEDTLS_ASN1_OID, .len = 1, .p = text};
  mbedtls_x509_buf value = {.tag = MBEDTLS_ASN1_UTF8_STRING, .len = 1, .p = text};
  mbedtls_x509_name last = {.oid = oid, .val = value};
  mbedtls_x509_name two = {.oid = oid, .val = value, .next = &last};
  mbedtls_x509_name merged = {.oid = oid, .val = value, .next = &last, .next_merged = 1};
  ck_assert(cs_tls_chain_same_name(&two, &two));
  ck_assert(!cs_tls_chain_same_name(&two, &merged));
  ck_assert(!cs_tls_chain_same_name(&two, &last));
}
END_TEST

START_TEST(who_issued_whom) {
  static cert same_name = {.name = "root", .number = 5, .ca = true};
  static cert *const made[] = {&root, &same_name, &bare_middle};
  mbedtls_x509_crt x[3], empty;
  cs_test_certificate_make(&same_name);
  for (int i = 0; i < 3; i++)
    parse(&x[i], made[i]);
  mbedtls_x509_crt_init(&empty);
  ck_assert(cs_tls_chain_issued(&x[0], &x[2]));
  ck_assert(cs_tls_chain_issued(&x[0], &x[0]));
  ck_assert(!cs_tls_chain_issued(&x[1], &x[2])); /* the name, another key */
  ck_assert(!cs_tls_chain_issued(&x[2], &x[0]));
  ck_assert(!cs_tls_chain_issued(&empty, &x[0]));
  for (int i = 0; i < 3; i++)
    mbedtls_x509_crt_free(&x[i]);
}
END_TEST

START_TEST(hashes_from_sha256_on_are_strong) {
  ck_assert(cs_tls_chain_strong_hash(MBEDTLS_MD_SHA256));
  ck_assert(cs_tls_chain_strong_hash(MBEDTLS_MD_SHA384));
  ck_assert(cs_tls_chain_strong_hash(MBEDTLS_MD_SHA512));
  ck_assert(!cs_tls_chain_strong_hash(MBEDTLS_MD_SHA224));
  ck_assert(!cs_tls_chain_strong_hash(MBEDTLS_MD_SHA1));
  ck_assert(!cs_tls_chain_strong_hash(MBEDTLS_MD_MD5));
  ck_assert(!cs_tls_chain_strong_hash(MBEDTLS_MD_NONE));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tls/mbedtls_chain");
  TCase *t = tcase_create("policy");
  tcase_set_timeout(t, 60);
  tcase_add_unchecked_fixture(t, make_all, NULL);
  tcase_add_test(t, only_authorities_issue);
  tcase_add_test(t, names_are_the_same_in_other_letters);
  tcase_add_test(t, names_of_several_values_differ_from_several_names);
  tcase_add_test(t, who_issued_whom);
  tcase_add_test(t, hashes_from_sha256_on_are_strong);
  suite_add_tcase(suite, t);
  return cs_test_main(suite);
}
