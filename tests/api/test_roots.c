/* Root CAs from a file and a folder. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secure_fixture.h"

static char folder[] = "/tmp/coapspec-roots-XXXXXX";

static const char *put(const char *name, cs_span bytes) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  if (bytes.len)
    fwrite(bytes.at, 1, bytes.len, f);
  fclose(f);
  return path;
}

static void make(void) {
  memcpy(strrchr(folder, '-') + 1, "XXXXXX", 6);
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void clear(void) {
  char command[300];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  ck_assert_int_eq(system(command), 0);
}

static bool connects(void) {
  coap_session_t *s = coap_new_client_session(fx.ctx, NULL, &fx.server, COAP_PROTO_DTLS);
  ck_assert_msg(s != NULL, "%s", coap_last_error());
  for (unsigned i = 0; i < 30 && coap_session_get_state(s) == COAP_SESSION_STATE_HANDSHAKE; i++)
    coap_io_process(fx.ctx, 1000);
  return coap_session_get_state(s) == COAP_SESSION_STATE_ESTABLISHED;
}

START_TEST(a_folder_of_certificates) {
  make();
  put("a.pem", se_file("intruder.pem"));
  put("readme", cs_span_str("no certificate"));
  put("empty", cs_span_of(NULL, 0));
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, NULL, folder), 1);
  ck_assert(!connects());
  put("b.pem", se_file("ca.pem"));
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, NULL, folder), 1);
  ck_assert(connects());
  clear();
}
END_TEST

START_TEST(file_and_folder_together) {
  make();
  put("a.pem", se_file("intruder.pem"));
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, se_path("ca.pem"), folder), 1);
  ck_assert(connects());
  clear();
}
END_TEST

START_TEST(faults_are_named) {
  make();
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, NULL, folder), 0);
  fx_reason("no certificate in this folder");
  put("bad.pem", cs_span_str("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, NULL, folder), 0);
  fx_reason("bad.pem: ");
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, NULL, put("x", cs_span_str("x"))), 0);
  fx_reason("not a folder");
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, folder, NULL), 0);
  fx_reason("not a file");
  ck_assert_int_eq(coap_context_set_pki_root_cas(fx.ctx, put("x", cs_span_str("x")), NULL), 0);
  fx_reason("/x: ");
  clear();
}
END_TEST

START_TEST(failing_allocations) {
  for (size_t k = 1; k < 60; k++) {
    fx.memory.fail_at = fx.memory.calls + k;
    int done = coap_context_set_pki_root_cas(fx.ctx, se_path("ca.pem"), NULL);
    bool failed = fx.memory.calls >= fx.memory.fail_at;
    fx.memory.fail_at = 0;
    ck_assert_int_eq(done, !failed);
    if (done)
      return;
  }
  ck_abort_msg("no end of allocations");
}
END_TEST

SE_SUITE("roots", a_folder_of_certificates, file_and_folder_together, faults_are_named,
         failing_allocations)
