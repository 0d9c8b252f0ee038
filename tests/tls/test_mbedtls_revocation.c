/* Revocation lists, by handshakes. */
#include <mbedtls/x509.h>

#include "support/check_main.h"
#include "support/judged.h"

enum { SIGNS = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN };

#define PAST .from = "20000101000000", .to = "20100101000000"
#define LATER .from = "20900101000000", .to = "20990101000000"
#define NAMED .names = {{2, "server.example", 0}}
#define SERVER(issued_by) .name = "server", .issuer = &(issued_by), .number = 4, .serial = 10

typedef cs_test_certificate cert;

static cert root = {.name = "root", .ca = true, .usage = SIGNS};
static cert other_root = {.name = "other root", .number = 1, .ca = true, .usage = SIGNS};
static cert no_crl_root = {
    .name = "no CRL root", .ca = true, .usage = MBEDTLS_X509_KU_KEY_CERT_SIGN};
static cert middle = {
    .name = "middle", .issuer = &root, .number = 2, .ca = true, .serial = 20, .usage = SIGNS};
static cert simple = {SERVER(root)};
static cert expired = {SERVER(root), PAST};
static cert self_signed = {.name = "self", .number = 4, .serial = 10, NAMED};
static cert by_middle = {SERVER(middle)};
static cert by_no_crl_root = {SERVER(no_crl_root)};

static cert *const certificates[] = {&root,    &other_root,  &no_crl_root, &middle,        &simple,
                                     &expired, &self_signed, &by_middle,   &by_no_crl_root};

static cs_test_crl none_revoked = {.issuer = &root};
static cs_test_crl server_revoked = {.issuer = &root, .serials = {7, 10, 500}};
static cs_test_crl middle_revoked = {.issuer = &root, .serials = {20}};
static cs_test_crl old_list = {.issuer = &root, PAST};
static cs_test_crl early_list = {.issuer = &root, LATER};
static cs_test_crl old_revoked = {.issuer = &root, .serials = {10}, PAST};
static cs_test_crl forged_list = {.issuer = &root, .signer = &other_root};
static cs_test_crl forged_revoked = {.issuer = &root, .signer = &other_root, .serials = {10}};
static cs_test_crl sha1_list = {.issuer = &root, .md = MBEDTLS_MD_SHA1};
static cs_test_crl of_other = {.issuer = &other_root, .serials = {10}};
static cs_test_crl of_middle = {.issuer = &middle};
static cs_test_crl of_no_crl_root = {.issuer = &no_crl_root};
static cs_test_crl of_self = {.issuer = &self_signed};

static cs_test_crl *const lists[] = {
    &none_revoked, &server_revoked, &middle_revoked, &old_list,  &early_list,
    &old_revoked,  &forged_list,    &forged_revoked, &sha1_list, &of_other,
    &of_middle,    &of_no_crl_root, &of_self};

/* Once, before the program forks for its tests. */
static void make_all(void) {
  for (size_t i = 0; i < sizeof certificates / sizeof *certificates; i++)
    cs_test_certificate_make(certificates[i]);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    cs_test_crl_make(lists[i]);
}

#define DATES REFUSED(CERTIFICATE_DATES, CERTIFICATE_EXPIRED)

START_TEST(check_revocation_wants_lists) {
#define CHECK .policy = {.check_revocation = true }
#define REVOKED REFUSED(CERTIFICATE_REVOKED, CERTIFICATE_REVOKED)
#define LISTS(which) REFUSED(which, CERTIFICATE_UNKNOWN)
  static const cs_test_row rows[] = {
      {"not on the list", PEER(&simple), CA(&root), CRLS(&none_revoked), CHECK},
      {"on the list", PEER(&simple), CA(&root), CRLS(&server_revoked), CHECK, REVOKED},
      {"unasked", PEER(&simple), CA(&root), CRLS(&server_revoked)},
      {"list in roots", PEER(&simple), ROOTS(&root), CRLS(&server_revoked), CHECK, REVOKED},
      {"no list", PEER(&simple), CA(&root), CHECK, LISTS(CRL_MISSING)},
      {"only another's list", PEER(&simple), CA(&root), CRLS(&of_other), CHECK, LISTS(CRL_MISSING)},
      {"expired list", PEER(&simple), CA(&root), CRLS(&old_list), CHECK, LISTS(CRL_DATES)},
      {"list not yet valid", PEER(&simple), CA(&root), CRLS(&early_list), CHECK, LISTS(CRL_DATES)},
      {"on an expired list", PEER(&simple), CA(&root), CRLS(&old_revoked), CHECK, REVOKED},
      {"forged list", PEER(&simple), CA(&root), CRLS(&forged_list), CHECK, LISTS(CRL_SIGNATURE)},
      {"forged list beside a good one", PEER(&simple), CA(&root), CRLS(&forged_list, &none_revoked),
       CHECK},
      {"the good one first", PEER(&simple), CA(&root), CRLS(&none_revoked, &forged_list), CHECK},
      {"the first fault of two", PEER(&simple), CA(&root), CRLS(&old_list, &forged_list), CHECK,
       LISTS(CRL_DATES)},
      {"old list beside a good one", PEER(&simple), CA(&root), CRLS(&old_list, &none_revoked),
       CHECK},
      {"on the second of two", PEER(&simple), CA(&root), CRLS(&none_revoked, &old_revoked), CHECK,
       REVOKED},
      {"a forged list revokes nothing", PEER(&simple), CA(&root),
       CRLS(&forged_revoked, &none_revoked), CHECK},
      {"SHA-1 list", PEER(&simple), CA(&root), CRLS(&sha1_list), CHECK, LISTS(CERTIFICATE_HASH)},
      {"by one that may not sign lists", PEER(&by_no_crl_root), CA(&no_crl_root),
       CRLS(&of_no_crl_root), CHECK, LISTS(CRL_SIGNATURE)},
      {"each issuer's list", PEER(&by_middle, &middle), CA(&root), CRLS(&none_revoked, &of_middle),
       CHECK},
      {"one issuer's missing", PEER(&by_middle, &middle), CA(&root), CRLS(&none_revoked), CHECK,
       LISTS(CRL_MISSING)},
      {"one between revoked", PEER(&by_middle, &middle), CA(&root),
       CRLS(&middle_revoked, &of_middle), CHECK, REVOKED},
      {"the anchor revoked by an anchor", PEER(&by_middle), CA(&middle, &root),
       CRLS(&middle_revoked, &of_middle), CHECK, REVOKED},
      {"the anchor needs no list", PEER(&by_middle), CA(&middle, &root), CRLS(&of_middle), CHECK},
      {"allowed self-signed is its own issuer", PEER(&self_signed), CA(&root),
       .policy = {.check_revocation = true, .allow_self_signed = true}, LISTS(CRL_MISSING)},
      {"and its list counts", PEER(&self_signed), CA(&root), CRLS(&of_self),
       .policy = {.check_revocation = true, .allow_self_signed = true}},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

START_TEST(allow_no_crl_is_for_missing_lists) {
#define ABSENT .policy = {.check_revocation = true, .allow_no_crl = true }
  static const cs_test_row rows[] = {
      {"no list", PEER(&simple), CA(&root), ABSENT},
      {"only another's list", PEER(&simple), CA(&root), CRLS(&of_other), ABSENT},
      {"one of two issuers", PEER(&by_middle, &middle), CA(&root), CRLS(&none_revoked), ABSENT},
      {"still revoked", PEER(&simple), CA(&root), CRLS(&server_revoked), ABSENT, REVOKED},
      {"still expired", PEER(&simple), CA(&root), CRLS(&old_list), ABSENT, LISTS(CRL_DATES)},
      {"still forged", PEER(&simple), CA(&root), CRLS(&forged_list), ABSENT, LISTS(CRL_SIGNATURE)},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

START_TEST(allow_expired_crl_is_for_dates_of_lists) {
#define STALE .policy = {.check_revocation = true, .allow_expired_crl = true }
  static const cs_test_row rows[] = {
      {"expired list", PEER(&simple), CA(&root), CRLS(&old_list), STALE},
      {"list not yet valid", PEER(&simple), CA(&root), CRLS(&early_list), STALE},
      {"on an expired list", PEER(&simple), CA(&root), CRLS(&old_revoked), STALE, REVOKED},
      {"still no list", PEER(&simple), CA(&root), STALE, LISTS(CRL_MISSING)},
      {"still forged", PEER(&simple), CA(&root), CRLS(&forged_list), STALE, LISTS(CRL_SIGNATURE)},
      {"dates of certificates count", PEER(&expired), CA(&root), CRLS(&old_list), STALE, DATES},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tls/mbedtls_revocation");
  TCase *t = tcase_create("policy");
  tcase_set_timeout(t, 60);
  tcase_add_unchecked_fixture(t, make_all, NULL);
  tcase_add_test(t, check_revocation_wants_lists);
  tcase_add_test(t, allow_no_crl_is_for_missing_lists);
  tcase_add_test(t, allow_expired_crl_is_for_dates_of_lists);
  suite_add_tcase(suite, t);
  return cs_test_main(suite);
}
