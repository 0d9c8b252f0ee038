/* The policy, a handshake a row: whose certificate is accepted by whom, and what a
 * refusal says. Authorities, revocation and names are in the tests of their files. */
#include <mbedtls/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/check_main.h"
#include "support/judged.h"
#include "tls/mbedtls_inside.h"

enum { SIGNS = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN };
enum { FOR_BOTH = CS_TEST_FOR_SERVER | CS_TEST_FOR_CLIENT };

#define PAST .from = "20000101000000", .to = "20100101000000"
#define LATER .from = "20900101000000", .to = "20990101000000"
#define NAMED .names = {{2, "server.example", 0}}
#define SERVER(issued_by) .name = "server", .issuer = &(issued_by), .number = 4, .serial = 10

typedef cs_test_certificate cert;

static cs_test_judged *judged; /* of the test that runs */

static cert root = {.name = "root", .ca = true, .usage = SIGNS};
static cert other_root = {.name = "other root", .number = 1, .ca = true, .usage = SIGNS};
static cert same_name_root = {.name = "root", .number = 1, .ca = true, .usage = SIGNS};
static cert old_root = {.name = "old root", .ca = true, PAST};
static cert sha1_root = {.name = "SHA-1 root", .ca = true, .md = MBEDTLS_MD_SHA1};
static cert rsa_root = {.name = "RSA root", .kind = CS_TEST_RSA_2048, .ca = true};
static cert short_root = {.name = "short root", .kind = CS_TEST_RSA_1024, .ca = true};
static cert middle = {
    .name = "middle", .issuer = &root, .number = 2, .ca = true, .serial = 20, .usage = SIGNS};
static cert lower = {
    .name = "lower", .issuer = &middle, .number = 3, .ca = true, .serial = 21, .usage = SIGNS};
static cert old_middle = {.name = "middle", .issuer = &root, .number = 2, .ca = true, PAST};
static cert sha1_middle = {
    .name = "middle", .issuer = &root, .number = 2, .ca = true, .md = MBEDTLS_MD_SHA1};
static cert false_middle = {
    .name = "middle", .issuer = &root, .number = 2, .ca = true, .damaged = true};
static cert lone_middle = {.name = "middle", .number = 2, .ca = true};
static cert impostor = {.name = "middle", .number = 5, .ca = true};
static cert curve_root = {.name = "curve root", .kind = CS_TEST_P192, .ca = true};
static cert by_curve = {SERVER(curve_root)};
static cert server = {SERVER(root), .purposes = CS_TEST_FOR_SERVER,
                      .names = {{2, "server.example", 0},
                                {7, "\x7f\0\0\1", 4},
                                {7, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16},
                                {6, "coaps://uri.example/", 0}}};
static cert simple = {SERVER(root)};
static cert other_server = {SERVER(other_root), NAMED};
static cert forged = {SERVER(root), NAMED, .damaged = true};
static cert expired = {SERVER(root), PAST};
static cert future = {SERVER(root), LATER};
static cert self_signed = {.name = "self", .number = 4, .serial = 10, NAMED};
static cert self_damaged = {.name = "self", .number = 4, .damaged = true};
static cert self_expired = {.name = "self", .number = 4, PAST};
static cert self_sha1 = {.name = "self", .number = 4, .md = MBEDTLS_MD_SHA1};
static cert wild = {SERVER(root), .names = {{2, "*.example", 0}}};
static cert nul_name = {SERVER(root), .names = {{2, "server.example\0.evil", 20}}};
static cert by_middle = {SERVER(middle)};
static cert by_lower = {SERVER(lower)};
static cert by_old = {SERVER(old_root)};
static cert by_sha1_root = {SERVER(sha1_root)};
static cert by_short = {SERVER(short_root)};
static cert by_lone = {SERVER(lone_middle)};
static cert sha1 = {SERVER(root), .md = MBEDTLS_MD_SHA1};
static cert sha224 = {SERVER(root), .md = MBEDTLS_MD_SHA224};
static cert sha384 = {SERVER(root), .md = MBEDTLS_MD_SHA384};
static cert md5 = {SERVER(rsa_root), .md = MBEDTLS_MD_MD5};
static cert rsa_2048 = {SERVER(root), .kind = CS_TEST_RSA_2048};
static cert rsa_1024 = {SERVER(root), .kind = CS_TEST_RSA_1024};
static cert for_client = {SERVER(root), .purposes = CS_TEST_FOR_CLIENT};
static cert for_both = {SERVER(root), .purposes = FOR_BOTH};
static cert for_nothing = {SERVER(root), .usage = MBEDTLS_X509_KU_KEY_CERT_SIGN};
static cert for_signing = {SERVER(root), .usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE};

static cert *const certificates[] = {
    &impostor,     &curve_root,   &by_curve,     &root,        &other_root,  &same_name_root,
    &old_root,     &sha1_root,    &rsa_root,     &short_root,  &middle,      &lower,
    &old_middle,   &sha1_middle,  &false_middle, &lone_middle, &server,      &simple,
    &other_server, &forged,       &expired,      &future,      &self_signed, &self_damaged,
    &self_expired, &self_sha1,    &wild,         &nul_name,    &by_middle,   &by_lower,
    &by_old,       &by_sha1_root, &by_short,     &by_lone,     &sha1,        &sha224,
    &sha384,       &md5,          &rsa_2048,     &rsa_1024,    &for_client,  &for_both,
    &for_nothing,  &for_signing};

static cs_test_crl none_revoked = {.issuer = &root};
static cs_test_crl server_revoked = {.issuer = &root, .serials = {7, 10, 500}};
static cs_test_crl sha1_list = {.issuer = &root, .md = MBEDTLS_MD_SHA1};
static cs_test_crl of_middle = {.issuer = &middle};

static cs_test_crl *const lists[] = {&none_revoked, &server_revoked, &sha1_list, &of_middle};

/* Once, before the program forks for its tests. */
static void make_all(void) {
  for (size_t i = 0; i < sizeof certificates / sizeof *certificates; i++)
    cs_test_certificate_make(certificates[i]);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    cs_test_crl_make(lists[i]);
}

#define CHECK .policy = {.check_revocation = true}
#define REVOKED REFUSED(CERTIFICATE_REVOKED, CERTIFICATE_REVOKED)
#define NAME REFUSED(CERTIFICATE_NAME, BAD_CERTIFICATE)

/* ---- trust ---- */

START_TEST(verify_peer_wants_a_trusted_anchor) {
  static const cs_test_row rows[] = {
      {"issued by ca", PEER(&simple), CA(&root)},
      {"issued by one of roots", PEER(&simple), ROOTS(&other_root, &root)},
      {"by way of another", PEER(&by_middle, &middle), CA(&root)},
      {"by way of two", PEER(&by_lower, &lower, &middle), CA(&root)},
      {"the anchor is not a root", PEER(&by_lower, &lower), CA(&middle)},
      {"the anchor is sent too", PEER(&by_middle, &middle, &root), CA(&root)},
      {"the certificate itself is trusted", PEER(&self_signed), CA(&self_signed)},
      {"one between is missing", PEER(&by_lower, &middle), CA(&root),
       REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"another ca", PEER(&other_server), CA(&root), REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"a ca of the same name", PEER(&simple), CA(&same_name_root),
       REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"two of the same name", PEER(&simple), CA(&same_name_root, &root)},
      {"a damaged signature", PEER(&forged), CA(&root), REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"a damaged one between", PEER(&by_middle, &false_middle), CA(&root),
       REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"self-signed", PEER(&self_signed), CA(&root), REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"self-signed above it", PEER(&by_lone, &lone_middle), CA(&root),
       REFUSED(CERTIFICATE, UNKNOWN_CA)},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

START_TEST(without_verify_peer_nothing_is_checked) {
  static const cs_test_row rows[] = {
      {"no anchor", PEER(&other_server), .unverified = true},
      {"damaged", PEER(&forged), CA(&root), .unverified = true},
      {"expired", PEER(&expired), CA(&root), .unverified = true},
      {"another name", PEER(&server), CA(&root), .name = "else.example", .unverified = true},
      {"for clients", PEER(&for_client), CA(&root), .unverified = true},
      {"SHA-1", PEER(&sha1), CA(&root), .unverified = true},
      {"short", PEER(&rsa_1024), CA(&root), .unverified = true},
      {"flags that allow", PEER(&self_signed), .policy = {.allow_no_crl = true},
       .unverified = true},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

START_TEST(common_ca_wants_an_anchor_of_ca) {
#define COMMON .policy = {.common_ca = true }
  static const cs_test_row rows[] = {
      {"ca", PEER(&simple), CA(&root), ROOTS(&other_root), COMMON},
      {"roots alone", PEER(&other_server), CA(&root), ROOTS(&other_root), COMMON,
       REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"roots without it", PEER(&other_server), CA(&root), ROOTS(&other_root)},
      {"our own is of it", PEER(&simple), CA(&root, &other_root), COMMON, .own = &for_both},
      {"our own is of another in ca", PEER(&other_server), CA(&root, &other_root), COMMON,
       .own = &for_both, REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"the same without it", PEER(&other_server), CA(&root, &other_root), .own = &for_both},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

START_TEST(allow_self_signed_is_for_the_self_signed) {
#define SELF .policy = {.allow_self_signed = true }
  static const cs_test_row rows[] = {
      {"its own", PEER(&self_signed), CA(&root), SELF},
      {"nothing trusted at all", PEER(&self_signed), SELF},
      {"at the end of its chain", PEER(&by_lone, &lone_middle), SELF},
      {"a ca still works", PEER(&simple), CA(&root), SELF},
      {"not another ca", PEER(&other_server), CA(&root), SELF, REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"not a chain without end", PEER(&by_lower, &lower), CA(&other_root), SELF,
       REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"not without its own signature", PEER(&self_damaged), SELF,
       REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"not a damaged one below it", PEER(&by_middle, &false_middle, &root), SELF,
       REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"not below another of its name", PEER(&by_lone, &lone_middle, &impostor), SELF,
       REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"not with another name", PEER(&self_signed), SELF, .name = "else.example",
       REFUSED(CERTIFICATE_NAME, BAD_CERTIFICATE)},
      {"not expired", PEER(&self_expired), SELF, REFUSED(CERTIFICATE_DATES, CERTIFICATE_EXPIRED)},
      {"not SHA-1", PEER(&self_sha1), SELF, REFUSED(CERTIFICATE_HASH, CERTIFICATE_UNKNOWN)},
      {"ignored with common_ca", PEER(&self_signed), CA(&root),
       .policy = {.allow_self_signed = true, .common_ca = true}, REFUSED(CERTIFICATE, UNKNOWN_CA)},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

/* ---- dates ---- */

START_TEST(allow_expired_is_for_dates) {
#define OLD .policy = {.allow_expired = true }
#define DATES REFUSED(CERTIFICATE_DATES, CERTIFICATE_EXPIRED)
  static const cs_test_row rows[] = {
      {"expired", PEER(&expired), CA(&root), DATES},
      {"not yet valid", PEER(&future), CA(&root), DATES},
      {"one between expired", PEER(&by_middle, &old_middle), CA(&root), DATES},
      {"the anchor expired", PEER(&by_old), CA(&old_root), DATES},
      {"expired allowed", PEER(&expired), CA(&root), OLD},
      {"not yet valid allowed", PEER(&future), CA(&root), OLD},
      {"one between allowed", PEER(&by_middle, &old_middle), CA(&root), OLD},
      {"the anchor allowed", PEER(&by_old), CA(&old_root), OLD},
      {"the first fault decides", PEER(&by_old), CA(&old_root), ASKED("else.example"), DATES},
      {"but of another ca", PEER(&other_server), CA(&root), OLD, REFUSED(CERTIFICATE, UNKNOWN_CA)},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

/* ---- lengths ---- */

START_TEST(check_depth_counts_certificates_between) {
#define AT_MOST(n) .policy = {.check_depth = true, .max_depth = (n) }
#define DEEP REFUSED(CERTIFICATE_DEPTH, UNKNOWN_CA)
  static const cs_test_row rows[] = {
      {"none, of 0", PEER(&simple), CA(&root), AT_MOST(0)},
      {"one, of 0", PEER(&by_middle, &middle), CA(&root), AT_MOST(0), DEEP},
      {"one, of 1", PEER(&by_middle, &middle), CA(&root), AT_MOST(1)},
      {"two, of 1", PEER(&by_lower, &lower, &middle), CA(&root), AT_MOST(1), DEEP},
      {"two, of 2", PEER(&by_lower, &lower, &middle), CA(&root), AT_MOST(2)},
      {"of 255", PEER(&by_lower, &lower, &middle), CA(&root), AT_MOST(255)},
      {"up to the anchor", PEER(&by_lower, &lower, &middle), CA(&middle), AT_MOST(1)},
      {"the anchor itself", PEER(&self_signed), CA(&self_signed), AT_MOST(0)},
      {"idle without check_depth", PEER(&by_middle, &middle), CA(&root),
       .policy = {.max_depth = 0}},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

START_TEST(eight_between_are_followed) {
  static char names[9][8];
  static cert between[9], leaf[2];
  cs_test_row row = {"eight", CA(&root)};
  for (unsigned i = 0; i < 9; i++) {
    snprintf(names[i], sizeof names[i], "ca %u", i);
    between[i] = (cert){
        .name = names[i], .issuer = i ? &between[i - 1] : &root, .number = 1 + i % 4, .ca = true};
    cs_test_certificate_make(&between[i]);
  }
  for (unsigned more = 0; more < 2; more++) {
    unsigned n = 8 + more;
    leaf[more] = (cert){SERVER(between[n - 1])};
    cs_test_certificate_make(&leaf[more]);
    row.chain[0] = &leaf[more];
    for (unsigned i = 0; i < n; i++)
      row.chain[1 + i] = &between[n - 1 - i];
    row.rule = more ? CS_RULE_TLS_CERTIFICATE_DEPTH : CS_RULE_NONE;
    row.alert = CS_TEST_ACCESS_DENIED;
    cs_test_judged_rows(&row, 1);
  }
}
END_TEST

/* ---- hashes and keys ---- */

START_TEST(allow_bad_hash_is_for_hashes) {
#define WEAK .policy = {.allow_bad_hash = true }
#define HASH REFUSED(CERTIFICATE_HASH, CERTIFICATE_UNKNOWN)
  static const cs_test_row rows[] = {
      {"SHA-384", PEER(&sha384), CA(&root)},
      {"SHA-1", PEER(&sha1), CA(&root), HASH},
      {"SHA-224", PEER(&sha224), CA(&root), HASH},
      {"MD5", PEER(&md5), CA(&rsa_root), HASH},
      {"SHA-1 between", PEER(&by_middle, &sha1_middle), CA(&root), HASH},
      {"SHA-1 of the anchor itself", PEER(&by_sha1_root), CA(&sha1_root)},
      {"SHA-1 allowed", PEER(&sha1), CA(&root), WEAK},
      {"MD5 allowed", PEER(&md5), CA(&rsa_root), WEAK},
      {"SHA-1 between allowed", PEER(&by_middle, &sha1_middle), CA(&root), WEAK},
      {"SHA-1 list allowed", PEER(&simple), CA(&root), CRLS(&sha1_list),
       .policy = {.check_revocation = true, .allow_bad_hash = true}},
      {"still damaged", PEER(&forged), CA(&root), WEAK, REFUSED(CERTIFICATE, UNKNOWN_CA)},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

START_TEST(allow_short_rsa_is_for_rsa_keys) {
#define SHORT .policy = {.allow_short_rsa = true }
#define KEY REFUSED(CERTIFICATE_KEY, UNSUPPORTED_CERTIFICATE)
  static const cs_test_row rows[] = {
      {"RSA 2048", PEER(&rsa_2048), CA(&root)},
      {"RSA 1024", PEER(&rsa_1024), CA(&root), KEY},
      {"RSA 1024 of the anchor", PEER(&by_short), CA(&short_root), KEY},
      {"a short curve of the anchor", PEER(&by_curve), CA(&curve_root), KEY},
      {"still a short curve", PEER(&by_curve), CA(&curve_root), SHORT, KEY},
      {"RSA 1024 allowed", PEER(&rsa_1024), CA(&root), SHORT},
      {"RSA 1024 of the anchor allowed", PEER(&by_short), CA(&short_root), SHORT},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

/* ---- usage ---- */

START_TEST(certificates_are_for_a_purpose) {
#define USAGE REFUSED(CERTIFICATE_USAGE, UNSUPPORTED_CERTIFICATE)
  static const cs_test_row rows[] = {
      {"for servers", PEER(&server), CA(&root)},
      {"for both", PEER(&for_both), CA(&root)},
      {"for clients", PEER(&for_client), CA(&root), USAGE},
      {"for signatures", PEER(&for_signing), CA(&root)},
      {"for certificates only", PEER(&for_nothing), CA(&root), USAGE},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

/* ---- the application's word ---- */

typedef struct told {
  unsigned count, refuse_at; /* the depth to refuse at; 99: none */
  unsigned depth[8];
  bool valid[8];
  char name[8][64];
  cs_span want[8]; /* DER, compared */
} told;

static bool on_certificate(void *ctx, cs_span der, cs_span name, unsigned depth, bool valid) {
  told *t = ctx;
  ck_assert_uint_lt(t->count, 8);
  unsigned i = t->count++;
  t->depth[i] = depth;
  t->valid[i] = valid;
  ck_assert_uint_lt(name.len, sizeof t->name[i]);
  snprintf(t->name[i], sizeof t->name[i], "%.*s", (int)name.len,
           name.len ? (const char *)name.at : "");
  ck_assert(!t->want[i].at || cs_span_equal(der, t->want[i]));
  return depth != t->refuse_at;
}

static void tell(const cs_test_row *r, told *t, cs_tls_kind kind) {
  cs_test_judged_init(judged, r, kind, CS_TEST_TLS_CLIENT);
  cs_tls_callbacks *calls = &judged->pair.side[CS_TEST_TLS_CLIENT].config.callbacks;
  calls->certificate = on_certificate;
  calls->ctx = t;
  cs_test_judged_run(judged, r);
}

START_TEST(callback_sees_each_certificate_of_a_valid_chain) {
  static const cs_test_row r = {"valid", PEER(&by_middle, &middle), CA(&root)};
  told t = {.refuse_at = 99,
            .want = {cs_span_of(root.der, root.der_len), cs_span_of(middle.der, middle.der_len),
                     cs_span_of(by_middle.der, by_middle.der_len)}};
  tell(&r, &t, CS_TLS_DATAGRAM);
  ck_assert_uint_eq(t.count, 3);
  for (unsigned i = 0; i < 3; i++) {
    ck_assert_uint_eq(t.depth[i], 2 - i);
    ck_assert(t.valid[i]);
  }
  ck_assert_str_eq(t.name[0], "root");
  ck_assert_str_eq(t.name[1], "middle");
  ck_assert_str_eq(t.name[2], "server");
}
END_TEST

START_TEST(callback_gets_the_dns_name_before_the_common_name) {
  static const cs_test_row rows[] = {
      {"dNSName", PEER(&server), CA(&root)},
      {"NUL", PEER(&nul_name), CA(&root), .unverified = true},
  };
  told t = {.refuse_at = 99};
  tell(&rows[0], &t, CS_TLS_DATAGRAM);
  ck_assert_str_eq(t.name[1], "server.example");
  t = (told){.refuse_at = 99};
  tell(&rows[1], &t, CS_TLS_DATAGRAM);
  ck_assert_str_eq(t.name[t.count - 1], ""); /* not what is before the NUL */
}
END_TEST

START_TEST(callback_refuses_at_any_depth) {
#define NOT_WANTED REFUSED(CERTIFICATE_REFUSED, ACCESS_DENIED)
  static const cs_test_row rows[] = {
      {"verified", PEER(&by_middle, &middle), CA(&root), NOT_WANTED},
      {"unverified", PEER(&by_middle, &middle, &root), .unverified = true, NOT_WANTED},
  };
  for (unsigned depth = 0; depth < 3; depth++)
    for (size_t i = 0; i < 2; i++)
      for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
        told t = {.refuse_at = depth};
        tell(&rows[i], &t, (cs_tls_kind)kind);
        ck_assert_uint_eq(t.count, 3);
      }
}
END_TEST

START_TEST(callback_learns_what_the_policy_says_and_cannot_overrule_it) {
  static const cs_test_row rows[] = {
      {"expired", PEER(&expired), CA(&root), DATES},
      {"revoked", PEER(&simple), CA(&root), CRLS(&server_revoked), CHECK, REVOKED},
      {"name", PEER(&server), CA(&root), ASKED("else.example"), NAME},
      {"usage", PEER(&for_client), CA(&root), USAGE},
      {"usage of keys", PEER(&for_nothing), CA(&root), USAGE},
      {"self-signed", PEER(&self_signed), CA(&root), REFUSED(CERTIFICATE, UNKNOWN_CA)},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    for (int refuse = 0; refuse < 2; refuse++) {
      told t = {.refuse_at = refuse ? 0 : 99};
      tell(&rows[i], &t, CS_TLS_DATAGRAM);
      ck_assert_uint_ge(t.count, 1);
      ck_assert(!t.valid[t.count - 1]);
    }
  }
}
END_TEST

START_TEST(callback_is_called_when_nothing_is_verified) {
  static const cs_test_row rows[] = {
      {"no anchor", PEER(&other_server), .unverified = true},
      {"expired, for clients", PEER(&expired), CA(&root), .unverified = true},
      {"usage", PEER(&for_client), .unverified = true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int kind = CS_TLS_DATAGRAM; kind <= CS_TLS_STREAM; kind++) {
      told t = {.refuse_at = 99};
      tell(&rows[i], &t, (cs_tls_kind)kind);
      ck_assert_uint_ge(t.count, 1);
      ck_assert_uint_eq(t.depth[t.count - 1], 0);
      ck_assert(t.valid[t.count - 1]);
    }
}
END_TEST

START_TEST(callback_of_an_anonymous_client_is_called_too) {
  static const cs_test_row rows[] = {
      {"accepted", PEER(&other_server)},
      {"refused", PEER(&other_server), NOT_WANTED},
  };
  for (unsigned i = 0; i < 2; i++) {
    told t = {.refuse_at = i ? 0 : 99};
    cs_test_judged_init(judged, &rows[i], CS_TLS_DATAGRAM, CS_TEST_TLS_CLIENT);
    cs_test_tls_side *client = &judged->pair.side[CS_TEST_TLS_CLIENT];
    client->credentials.pki = NULL;
    client->config.callbacks.certificate = on_certificate;
    client->config.callbacks.ctx = &t;
    cs_test_judged_run(judged, &rows[i]);
    ck_assert_uint_eq(t.count, 1);
  }
}
END_TEST

/* ---- servers ---- */

/* The peer is the client; the server has a certificate that nobody looks at. */
static void judge_client(const cs_test_row *r, bool demand, cs_tls_kind kind) {
  cs_test_row with_own = *r;
  with_own.own = &simple;
  cs_test_judged_init(judged, &with_own, kind, CS_TEST_TLS_SERVER);
  judged->pki[CS_TEST_TLS_SERVER].demand_client = demand;
  cs_test_judged_run(judged, &with_own);
}

START_TEST(server_judges_clients_that_it_demands) {
  static const cs_test_row rows[] = {
      {"for clients", PEER(&for_client), CA(&root)},
      {"no extended usage", PEER(&simple), CA(&root)},
      {"names do not matter", PEER(&wild), CA(&root)},
      {"for servers", PEER(&server), CA(&root), USAGE},
      {"another ca", PEER(&other_server), CA(&root), REFUSED(CERTIFICATE, UNKNOWN_CA)},
      {"expired", PEER(&expired), CA(&root), DATES},
      {"revoked", PEER(&simple), CA(&root), CRLS(&server_revoked), CHECK, REVOKED},
      {"self-signed allowed", PEER(&self_signed), SELF},
      {"none", CA(&root), REFUSED(CERTIFICATE, HANDSHAKE_FAILURE)},
      {"any, unverified", PEER(&other_server), .unverified = true},
      {"none, unverified", .chain = {NULL}, .unverified = true,
       REFUSED(CERTIFICATE, HANDSHAKE_FAILURE)},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    judge_client(&rows[i], true, CS_TLS_DATAGRAM);
}
END_TEST

START_TEST(server_that_does_not_demand_judges_what_is_shown) {
  static const cs_test_row rows[] = {
      {"none", CA(&root)},
      {"good", PEER(&for_client), CA(&root)},
      {"another ca", PEER(&other_server), CA(&root), REFUSED(CERTIFICATE, ACCESS_DENIED)},
      {"expired", PEER(&expired), CA(&root), REFUSED(CERTIFICATE_DATES, ACCESS_DENIED)},
      {"unasked", PEER(&other_server), .unverified = true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    judge_client(&rows[i], false, CS_TLS_DATAGRAM);
}
END_TEST

START_TEST(server_without_anchors_names_none) {
  static const cs_test_row rows[] = {
      {"none", PEER(&simple), .own = &simple, .policy = {.allow_self_signed = true}},
      {"one", PEER(&simple), CA(&root), .own = &simple},
  };
  for (size_t i = 0; i < 2; i++) {
    cs_test_judged_init(judged, &rows[i], CS_TLS_STREAM, CS_TEST_TLS_SERVER);
    judged->pki[CS_TEST_TLS_SERVER].demand_client = true;
    cs_test_tls_side *server_side = &judged->pair.side[CS_TEST_TLS_SERVER];
    ck_assert_int_eq(cs_test_tls_open_side(&judged->pair, CS_TEST_TLS_SERVER), CS_OK);
    tls_judge j = {.setup = server_side->setup};
    mbedtls_ssl_config conf;
    mbedtls_ssl_config_init(&conf);
    ck_assert_int_eq(mbedtls_ssl_config_defaults(&conf, MBEDTLS_SSL_IS_SERVER,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM,
                                                 MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    ck_assert_int_eq(cs_tls_verify_configure(&conf, &j), 0);
    ck_assert_int_eq(conf.cert_req_ca_list, i ? MBEDTLS_SSL_CERT_REQ_CA_LIST_ENABLED
                                              : MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
    mbedtls_ssl_config_free(&conf);
    cs_test_tls_close(&judged->pair);
  }
}
END_TEST

/* ---- together ---- */

START_TEST(setups_of_one_owner_keep_their_own_rules) {
  static const cs_test_row rows[2] = {
      {"strict", PEER(&other_server), CA(&root)},
      {"lax", PEER(&other_server), CA(&root), .unverified = true},
  };
  static cs_test_judged both[2];
  cs_test_memory memory;
  cs_test_memory_init(&memory);
  cs_base_seeded seed;
  cs_base_seeded_init(&seed, 9);
  cs_tls_shared *shared;
  ck_assert_int_eq(cs_tls_shared_new(&memory.alloc, cs_base_seeded_random(&seed), &shared), CS_OK);
  for (int i = 0; i < 2; i++) {
    cs_test_judged_init(&both[i], &rows[i], CS_TLS_DATAGRAM, CS_TEST_TLS_CLIENT);
    cs_test_tls_side *client = &both[i].pair.side[CS_TEST_TLS_CLIENT];
    const char *why;
    ck_assert_int_eq(cs_tls_setup_new(shared, &client->credentials, &client->setup, &why), CS_OK);
    cs_test_tls_open(&both[i].pair);
  }
  bool more = true;
  for (int n = 0; n < 10000 && more; n++) { /* a step of each in turn */
    bool first = cs_test_tls_step(&both[0].pair);
    more = cs_test_tls_step(&both[1].pair) || first;
  }
  cs_tls_failure f;
  ck_assert(cs_tls_failure_of(both[0].pair.side[CS_TEST_TLS_CLIENT].tls, &f));
  ck_assert_int_eq(f.rule, CS_RULE_TLS_CERTIFICATE);
  ck_assert(cs_test_tls_is(&both[1].pair, CS_TEST_TLS_CLIENT, CS_TLS_ESTABLISHED));
  cs_test_tls_close(&both[0].pair);
  cs_test_tls_close(&both[1].pair);
  cs_tls_shared_free(shared);
  ck_assert_uint_eq(memory.out_bytes, 0);
}
END_TEST

START_TEST(every_allocation_of_ours_may_fail) {
  static const cs_test_row r = {
      "memory", {&by_middle, &middle}, {&root}, CRLS(&none_revoked, &of_middle), CHECK};
  for (size_t n = 1;; n++) {
    ck_assert_uint_lt(n, 200);
    cs_test_judged_init(judged, &r, CS_TLS_DATAGRAM, CS_TEST_TLS_CLIENT);
    cs_test_tls_pair *pair = &judged->pair;
    cs_test_tls_side *client = &pair->side[CS_TEST_TLS_CLIENT];
    client->memory.fail_at = n;
    cs_err err = cs_test_tls_open_side(pair, CS_TEST_TLS_CLIENT);
    bool done = false;
    if (err == CS_OK) {
      ck_assert_int_eq(cs_test_tls_open_side(pair, CS_TEST_TLS_SERVER), CS_OK);
      done = cs_test_tls_shake(pair);
    } else {
      ck_assert_int_eq(err, CS_ERR_MEMORY);
    }
    bool hit = client->memory.calls >= n;
    client->memory.fail_at = 0;
    ck_assert(done || hit);
    cs_test_tls_close(pair);
    if (!hit)
      break;
  }
}
END_TEST

static void judged_begin(void) {
  judged = malloc(sizeof *judged);
  ck_assert_ptr_nonnull(judged);
}

static void judged_end(void) {
  free(judged);
}

int main(void) {
  Suite *suite = suite_create("tls/mbedtls_verify");
  TCase *t = tcase_create("policy");
  tcase_set_timeout(t, 60);
  tcase_add_unchecked_fixture(t, make_all, NULL);
  tcase_add_checked_fixture(t, judged_begin, judged_end);
  tcase_add_test(t, verify_peer_wants_a_trusted_anchor);
  tcase_add_test(t, without_verify_peer_nothing_is_checked);
  tcase_add_test(t, common_ca_wants_an_anchor_of_ca);
  tcase_add_test(t, allow_self_signed_is_for_the_self_signed);
  tcase_add_test(t, allow_expired_is_for_dates);
  tcase_add_test(t, check_depth_counts_certificates_between);
  tcase_add_test(t, eight_between_are_followed);
  tcase_add_test(t, allow_bad_hash_is_for_hashes);
  tcase_add_test(t, allow_short_rsa_is_for_rsa_keys);
  tcase_add_test(t, certificates_are_for_a_purpose);
  tcase_add_test(t, callback_sees_each_certificate_of_a_valid_chain);
  tcase_add_test(t, callback_gets_the_dns_name_before_the_common_name);
  tcase_add_test(t, callback_refuses_at_any_depth);
  tcase_add_test(t, callback_learns_what_the_policy_says_and_cannot_overrule_it);
  tcase_add_test(t, callback_is_called_when_nothing_is_verified);
  tcase_add_test(t, callback_of_an_anonymous_client_is_called_too);
  tcase_add_test(t, server_judges_clients_that_it_demands);
  tcase_add_test(t, server_that_does_not_demand_judges_what_is_shown);
  tcase_add_test(t, server_without_anchors_names_none);
  tcase_add_test(t, setups_of_one_owner_keep_their_own_rules);
  tcase_add_test(t, every_allocation_of_ours_may_fail);
  suite_add_tcase(suite, t);
  return cs_test_main(suite);
}
