/* Credentials: where they come from, and every way to give them wrong. */
#include "runner/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner/library.h"
#include "support/check_main.h"
#include "support/tls_pair.h"

static cs_runner_arena arena;

START_TEST(a_key_is_read) {
  static const struct {
    const char *text;
    const char *identity, *key; /* NULL: refused, */
    const char *why;            /* so */
  } rows[] = {{"me:6b6579", "me", "key", NULL},
              {"# a comment\n\nme:6B6579\r\nyou:00\n", "me", "key", NULL},
              {"a:b:6b6579\n", "a:b", "key", NULL},
              {"", NULL, NULL, "no line identity:hexkey"},
              {"# only this\n", NULL, NULL, "no line identity:hexkey"},
              {"me\n", NULL, NULL, "line 1 is no identity:hexkey"},
              {"\n:6b65\n", NULL, NULL, "line 2 is no identity:hexkey"},
              {"me:\n", NULL, NULL, "no key of 1 to 32 bytes"},
              {"me:6b6\n", NULL, NULL, "no key of 1 to 32 bytes"},
              {"me:secret\n", NULL, NULL, "no key of 1 to 32 bytes"},
              {"me:000000000000000000000000000000000000000000000000000000000000000000\n", NULL,
               NULL, "no key of 1 to 32 bytes"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_span identity, key;
    const char *why = "";
    bool good = cs_runner_credentials_psk(cs_span_str(rows[i].text), &arena, &identity, &key, &why);
    ck_assert_msg(good == (rows[i].key != NULL), "row %zu: %s", i, why);
    if (good) {
      ck_assert(cs_span_equal(identity, cs_span_str(rows[i].identity)));
      ck_assert(cs_span_equal(key, cs_span_str(rows[i].key)));
    } else {
      ck_assert_msg(strstr(why, rows[i].why) && !strstr(why, "secret"), "row %zu: %s", i, why);
    }
  }
  cs_runner_release(&arena);
}
END_TEST

START_TEST(the_embedded_server_has_its_own) {
  cs_server_credentials c;
  cs_runner_credentials_server(&arena, &c);
  ck_assert(cs_span_equal(c.identity, cs_span_str("coapspec")));
  ck_assert(cs_span_equal(c.key, cs_span_str(CS_TEST_TLS_KEY)));
  ck_assert(cs_span_equal(c.certificate, CS_TEST_TLS_FILE("server.chain.pem")));
  ck_assert(cs_span_equal(c.ca, CS_TEST_TLS_FILE("ca.pem")));
  ck_assert(cs_span_equal(c.private_key, CS_TEST_TLS_FILE("server.key")));
  cs_runner_release(&arena);
}
END_TEST

#define FILE_OF(name) TEST_SOURCE_DIR "/conformance/credentials/" name

static cs_runner_profile profile_of(const char *text, const char *file) {
  cs_runner_profile p;
  cs_runner_error e;
  ck_assert_msg(cs_runner_profile_read(cs_span_str(text), file, &arena, &p, &e), "%u: %s", e.line,
                e.message);
  return p;
}

START_TEST(files_are_found_from_the_profile) {
  static const char text[] = "[target]\nname = x\n[security]\npsk-file = ../credentials/psk.txt\n"
                             "ca = ../credentials/ca.pem\nsni = x.example\n";
  static const cs_runner_credential_files none;
  cs_runner_profile p = profile_of(text, TEST_SOURCE_DIR "/conformance/profiles/x.ini");
  cs_runner_credentials c;
  ck_assert(cs_runner_credentials_read(&p, &none, &arena, &c));
  ck_assert(cs_span_equal(c.key, cs_span_str(CS_TEST_TLS_KEY)));
  ck_assert(cs_span_equal(c.ca, CS_TEST_TLS_FILE("ca.pem")));
  ck_assert_str_eq(c.server_name, "x.example");
  ck_assert_uint_eq(c.offers[CS_RUNNER_TLS],
                    1u << CS_RUNNER_WITH_PSK | 1u << CS_RUNNER_WITH_CERTIFICATE);
  ck_assert_int_eq(cs_runner_credentials_usual(&c, CS_RUNNER_DTLS), CS_RUNNER_WITH_PSK);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(the_command_line_comes_first) {
  static const char text[] = "[target]\nname = x\n[security]\npsk-file = /nonexistent\n"
                             "certificate = /nonexistent\nkey = /nonexistent\n";
  static const cs_runner_credential_files files = {.psk = FILE_OF("psk.txt"),
                                                   .certificate = FILE_OF("client.pem"),
                                                   .key = FILE_OF("client.key")};
  cs_runner_profile p = profile_of(text, "x.ini");
  cs_runner_credentials c;
  ck_assert(cs_runner_credentials_read(&p, &files, &arena, &c));
  ck_assert(cs_span_equal(c.certificate, CS_TEST_TLS_FILE("client.pem")));
  ck_assert_uint_eq(c.ca.len, 0);
  cs_runner_release(&arena);
}
END_TEST

START_TEST(without_files_one_is_anonymous) {
  static const cs_runner_credential_files none;
  cs_runner_profile p = profile_of("[target]\nname = x\n", "x.ini");
  cs_runner_credentials c;
  ck_assert(cs_runner_credentials_read(&p, &none, &arena, &c));
  ck_assert_uint_eq(c.offers[CS_RUNNER_DTLS], 1u << CS_RUNNER_WITH_NOTHING);
  ck_assert_int_eq(cs_runner_credentials_usual(&c, CS_RUNNER_DTLS), CS_RUNNER_WITH_NOTHING);
  cs_runner_release(&arena);
}
END_TEST

/* A key that the target does not take on a transport is not offered there. */
START_TEST(transports_may_differ) {
  static const char text[] = "[target]\nname = x\n[security]\ncapabilities = psk\n"
                             "tls = certificate\nwss = anonymous\n";
  static const cs_runner_credential_files files = {.psk = FILE_OF("psk.txt"),
                                                   .ca = FILE_OF("ca.pem")};
  cs_runner_profile p = profile_of(text, "x.ini");
  cs_runner_credentials c;
  ck_assert(cs_runner_credentials_read(&p, &files, &arena, &c));
  ck_assert_int_eq(cs_runner_credentials_usual(&c, CS_RUNNER_DTLS), CS_RUNNER_WITH_PSK);
  ck_assert_int_eq(cs_runner_credentials_usual(&c, CS_RUNNER_TLS), CS_RUNNER_WITH_CERTIFICATE);
  ck_assert_int_eq(cs_runner_credentials_usual(&c, CS_RUNNER_WSS), CS_RUNNER_WITH_NOTHING);
  cs_runner_release(&arena);
}
END_TEST

/* What stderr said meanwhile. */
static char said[2048];
static FILE *aside;

static void listen_aside(void) {
  fflush(stderr);
  aside = tmpfile();
  ck_assert_ptr_nonnull(aside);
  ck_assert_int_ge(dup2(fileno(aside), STDERR_FILENO), 0);
}

static void hear(void) {
  fflush(stderr);
  rewind(aside);
  said[fread(said, 1, sizeof said - 1, aside)] = '\0';
  fclose(aside);
}

/* Each refusal is one line with the file, or the option, and the reason. */
START_TEST(what_is_wrong_is_named) {
  static const struct {
    cs_runner_credential_files files;
    const char *file, *why;
    bool with_tls; /* only a TLS library sees it */
  } rows[] = {
      {{.psk = "/nonexistent/psk"}, "/nonexistent/psk", "No such file", false},
      {{.psk = FILE_OF("ca.pem")}, "ca.pem", "line 1 is no identity:hexkey", false},
      {{.ca = "/nonexistent/ca"}, "/nonexistent/ca", "No such file", false},
      {{.ca = FILE_OF("psk.txt")}, "psk.txt", "", true},
      {{.ca = "/dev/null"}, "/dev/null", "empty", false},
      {{.certificate = FILE_OF("client.pem")}, "--cert", "needs its --key", false},
      {{.key = FILE_OF("client.key")}, "--key", "needs its --cert", false},
      {{.certificate = FILE_OF("client.pem"), .key = FILE_OF("server.key")},
       "client.pem",
       "does not belong to the certificate",
       true},
      {{.certificate = "/dev/null", .key = FILE_OF("client.key")}, "/dev/null", "empty", false}};
  cs_runner_profile p = profile_of("[target]\nname = x\n", "x.ini");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cs_runner_credentials c;
    if (rows[i].with_tls && !cs_tls_available(CS_TLS_STREAM))
      continue;
    listen_aside();
    bool good = cs_runner_credentials_read(&p, &rows[i].files, &arena, &c);
    hear();
    ck_assert_msg(!good, "row %zu", i);
    const char *end = strchr(said, '\n');
    ck_assert_msg(end && end[1] == '\0', "row %zu: %s", i, said);
    ck_assert_msg(strstr(said, rows[i].file) && strstr(said, rows[i].why), "row %zu: %s", i, said);
  }
  cs_runner_release(&arena);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("credentials");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, a_key_is_read);
  tcase_add_test(tc, the_embedded_server_has_its_own);
  tcase_add_test(tc, files_are_found_from_the_profile);
  tcase_add_test(tc, the_command_line_comes_first);
  tcase_add_test(tc, without_files_one_is_anonymous);
  tcase_add_test(tc, transports_may_differ);
  tcase_add_test(tc, what_is_wrong_is_named);
  suite_add_tcase(suite, tc);
  return cs_test_main(suite);
}
