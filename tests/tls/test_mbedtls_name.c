#include <arpa/inet.h>
#include <mbedtls/x509.h>

#include "support/check_main.h"
#include "support/judged.h"
#include "tls/mbedtls_pki.h"

enum { SIGNS = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN };

#define NAMED .names = {{2, "server.example", 0}}
#define SERVER(issued_by) .name = "server", .issuer = &(issued_by), .number = 4, .serial = 10

typedef cs_test_certificate cert;

static cert root = {.name = "root", .ca = true, .usage = SIGNS};
static cert other_root = {.name = "other root", .number = 1, .ca = true, .usage = SIGNS};
static cert server = {SERVER(root), .purposes = CS_TEST_FOR_SERVER,
                      .names = {{2, "server.example", 0},
                                {7, "\x7f\0\0\1", 4},
                                {7, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16},
                                {6, "coaps://uri.example/", 0}}};
static cert other_server = {SERVER(other_root), NAMED};
static cert wild = {SERVER(root), .names = {{2, "*.example", 0}}};
static cert common = {.name = "common.example", .issuer = &root, .number = 4};
static cert common_hidden = {.name = "common.example",
                             .issuer = &root,
                             .number = 4,
                             .names = {{1, "mail@common.example", 0}}};
static cert nul_name = {SERVER(root), .names = {{2, "server.example\0.evil", 20}}};
static cert nul_common = {
    .name = "server.example\0.evil", .name_len = 20, .issuer = &root, .number = 4};
static cert address_name = {SERVER(root), .names = {{2, "127.0.0.1", 0}}};

static cert *const certificates[] = {&root,       &other_root,  &server,        &other_server,
                                     &wild,       &common,      &common_hidden, &nul_name,
                                     &nul_common, &address_name};

/* Once, before the program forks for its tests. */
static void make_all(void) {
  for (size_t i = 0; i < sizeof certificates / sizeof *certificates; i++)
    cs_test_certificate_make(certificates[i]);
}

START_TEST(server_name_is_matched) {
#define NAME REFUSED(CERTIFICATE_NAME, BAD_CERTIFICATE)
  static const cs_test_row rows[] = {
      {"dNSName", PEER(&server), CA(&root), ASKED("server.example")},
      {"in other letters", PEER(&server), CA(&root), ASKED("SERVER.Example")},
      {"with a final dot", PEER(&server), CA(&root), ASKED("server.example.")},
      {"IPv4", PEER(&server), CA(&root), ASKED("127.0.0.1")},
      {"IPv6", PEER(&server), CA(&root), ASKED("::1")},
      {"IPv6 in brackets", PEER(&server), CA(&root), ASKED("[::1]")},
      {"URI", PEER(&server), CA(&root), ASKED("uri.example")},
      {"none asked for", PEER(&other_server), CA(&other_root)},
      {"another name", PEER(&server), CA(&root), ASKED("else.example"), NAME},
      {"another address", PEER(&server), CA(&root), ASKED("127.0.0.2"), NAME},
      {"a part of it", PEER(&server), CA(&root), ASKED("example"), NAME},
      {"below it", PEER(&server), CA(&root), ASKED("a.server.example"), NAME},
      {"common name beside a subjectAltName", PEER(&server), CA(&root), ASKED("server"), NAME},
      {"wildcard", PEER(&wild), CA(&root), ASKED("a.example"), NAME},
      {"common name alone", PEER(&common), CA(&root), ASKED("common.example")},
      {"common name, another", PEER(&common), CA(&root), ASKED("else.example"), NAME},
      {"common name beside a mail address", PEER(&common_hidden), CA(&root),
       ASKED("common.example"), NAME},
      {"NUL in a dNSName", PEER(&nul_name), CA(&root), ASKED("server.example"), NAME},
      {"NUL in a common name", PEER(&nul_common), CA(&root), ASKED("server.example"), NAME},
      {"NUL, whatever is asked for", PEER(&nul_name), CA(&root), NAME},
      {"an address as dNSName", PEER(&address_name), CA(&root), ASKED("127.0.0.1"), NAME},
  };
  CS_TEST_JUDGE(rows);
}
END_TEST

/* ---- without a handshake ---- */

START_TEST(what_may_be_asked_for) {
  static const struct {
    const char *text, *name; /* NULL: refused */
    size_t address_len;
  } rows[] = {
      {"", "", 0},
      {"host", "host", 0},
      {"host.example.", "host.example", 0},
      {"a_b.x-1.example", "a_b.x-1.example", 0},
      {"1.2.3.4", "1.2.3.4", 4},
      {"::1", "::1", 16},
      {"[fe80::1%eth0]", "[fe80::1%eth0]", 16},
      {"fe80::1%eth0", "fe80::1%eth0", 16},
      {"::ffff:1.2.3.4", "::ffff:1.2.3.4", 16},
      {".", NULL, 0},
      {"a..b", NULL, 0},
      {".a", NULL, 0},
      {"a.b..", NULL, 0},
      {"-a", NULL, 0},
      {"a-.b", NULL, 0},
      {"*.a", NULL, 0},
      {"a b", NULL, 0},
      {"a:1", NULL, 0},
      {"h\xc3\xb6st", NULL, 0},
      {"1.2.3", NULL, 0},
      {"1.2.3.256", NULL, 0},
      {"01.2.3.4", NULL, 0},
      {"1.2.3.4.5", NULL, 0},
      {"[1.2.3.4]", NULL, 0},
      {"[::1", NULL, 0},
      {"a\nb", NULL, 0},
      {"a234567890123456789012345678901234567890123456789012345678901234", NULL, 0}, /* 64 */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char name[CS_TLS_SERVER_NAME_MAX + 1];
    uint8_t address[16];
    size_t len = 99;
    const char *why = NULL;
    bool ok = cs_tls_name_read(cs_span_str(rows[i].text), name, address, &len, &why);
    ck_assert_msg(ok == (rows[i].name != NULL), "\"%s\": %d", rows[i].text, ok);
    if (ok) {
      ck_assert_str_eq(name, rows[i].name);
      ck_assert_uint_eq(len, rows[i].address_len);
    } else {
      ck_assert_uint_eq(len, 99);
      ck_assert_ptr_nonnull(why);
    }
  }
}
END_TEST

/* Random text is an address to us when it is one to the system. */
START_TEST(addresses_are_those_of_the_system) {
  static const char letters[] = "00112:::..fF5";
  cs_base_seeded seed;
  cs_base_seeded_init(&seed, 5);
  unsigned found = 0;
  for (int n = 0; n < 300000; n++) {
    char text[24], name[CS_TLS_SERVER_NAME_MAX + 1];
    size_t len = 2 + cs_base_seeded_next(&seed) % 20;
    for (size_t i = 0; i < len; i++)
      text[i] = letters[cs_base_seeded_next(&seed) % (sizeof letters - 1)];
    text[len] = 0;
    uint8_t ours[16] = {0}, theirs[16] = {0};
    size_t our_len = 0, their_len = 0;
    const char *why;
    cs_tls_name_read(cs_span_str(text), name, ours, &our_len, &why);
    if (inet_pton(AF_INET, text, theirs) == 1)
      their_len = 4;
    else if (inet_pton(AF_INET6, text, theirs) == 1)
      their_len = 16;
    ck_assert_msg(our_len == their_len && memcmp(ours, theirs, their_len) == 0, "%s: %zu, %zu",
                  text, our_len, their_len);
    found += their_len != 0;
  }
  ck_assert_uint_gt(found, 100);
}
END_TEST

static bool matches(const cert *made, const char *asked) {
  cs_tls_setup setup = {.role = CS_TLS_CLIENT};
  const char *why = "";
  ck_assert(cs_tls_name_read(cs_span_str(asked), setup.server_name, setup.address,
                             &setup.address_len, &why));
  mbedtls_x509_crt c;
  mbedtls_x509_crt_init(&c);
  ck_assert_int_eq(mbedtls_x509_crt_parse_der(&c, made->der, made->der_len), 0);
  bool is = cs_tls_name_matches(&setup, &c);
  mbedtls_x509_crt_free(&c);
  return is;
}

START_TEST(uris_count_by_their_host) {
  static const struct {
    const char *uri, *asked;
    bool is;
  } rows[] = {
      {"coaps://a.example", "a.example", true},
      {"COAPS://A.example/x?y#z", "a.example", true},
      {"coap://a.example?y", "a.example", true},
      {"coaps+tcp://a.example", "a.example", true},
      {"coaps+ws://a.example", "a.example", true},
      {"coaps://a.example:5684/", "a.example", true},
      {"coaps://a.example:/", "a.example", true},
      {"coaps://[::1]", "::1", true},
      {"coaps://[::1]:5684", "0:0::1", true},
      {"coaps://127.0.0.1", "127.0.0.1", true},
      {"coaps://a.example:9999", "a.example", false},
      {"coaps://user@a.example", "a.example", false},
      {"https://a.example", "a.example", false},
      {"coaps:a.example", "a.example", false},
      {"coaps:/a.example", "a.example", false},
      {"coaps://*.example", "a.example", false},
      {"coaps:///a.example", "a.example", false},
      {"coaps://[::1", "::1", false},
      {"coaps://127.0.0.1", "127.0.0.2", false},
      {"a.example", "a.example", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cert c = {.name = "a.example", .names = {{6, rows[i].uri, 0}}};
    cs_test_certificate_make(&c);
    ck_assert_msg(matches(&c, rows[i].asked) == rows[i].is, "%s", rows[i].uri);
  }
}
END_TEST

START_TEST(other_corners_of_names) {
  cert none = {.name = NULL, .issuer = &root}; /* no subject, no names */
  cs_test_certificate_make(&none);
  ck_assert(!matches(&none, "a.example"));
  cert number = {.name = "127.0.0.1"};
  cs_test_certificate_make(&number);
  ck_assert(matches(&number, "127.0.0.1"));
  ck_assert(!matches(&number, "127.0.0.2"));
  cert short_address = {.name = "x", .names = {{7, "\x7f\0\0\1", 4}}};
  cs_test_certificate_make(&short_address);
  ck_assert(!matches(&short_address, "7f00:1::"));
  ck_assert(!matches(&short_address, "::ffff:127.0.0.1"));
  cert empty = {.name = "x", .names = {{2, "\0", 1}}};
  cs_test_certificate_make(&empty);
  ck_assert(!matches(&empty, "x"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tls/mbedtls_name");
  TCase *t = tcase_create("policy");
  tcase_set_timeout(t, 60);
  tcase_add_unchecked_fixture(t, make_all, NULL);
  tcase_add_test(t, server_name_is_matched);
  tcase_add_test(t, what_may_be_asked_for);
  tcase_add_test(t, addresses_are_those_of_the_system);
  tcase_add_test(t, uris_count_by_their_host);
  tcase_add_test(t, other_corners_of_names);
  suite_add_tcase(suite, t);
  return cs_test_main(suite);
}
