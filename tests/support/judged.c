#include "support/judged.h"

#include <check.h>
#include <stdlib.h>

#include "tls/mbedtls_inside.h"

static void peer_fill(cs_test_judged *j, const cs_test_row *r, cs_tls_pki *pki) {
  for (size_t i = 0; i < sizeof r->chain / sizeof *r->chain && r->chain[i]; i++)
    pki->certificate = cs_test_pem_certificate(&j->chain, r->chain[i]);
  if (r->chain[0])
    pki->key = cs_test_pem_key(&j->key, r->chain[0]->kind, r->chain[0]->number);
}

static void judge_fill(cs_test_judged *j, const cs_test_row *r, cs_tls_pki *pki) {
  for (size_t i = 0; i < sizeof r->ca / sizeof *r->ca && r->ca[i]; i++)
    cs_test_pem_certificate(&j->ca, r->ca[i]);
  for (size_t i = 0; i < 2 && r->roots[i]; i++)
    cs_test_pem_certificate(&j->root, r->roots[i]);
  for (size_t i = 0; i < 2 && r->crls[i]; i++)
    cs_test_pem_crl(r->ca[0] ? &j->ca : &j->root, r->crls[i]);
  if (r->own) {
    pki->certificate = cs_test_pem_certificate(&j->own, r->own);
    pki->key = cs_test_pem_key(&j->own_key, r->own->kind, r->own->number);
  }
  pki->ca = cs_test_text_span(&j->ca);
  j->root_span = cs_test_text_span(&j->root);
  pki->roots = &j->root_span;
  pki->root_count = j->root.len ? 1 : 0;
  pki->policy = r->policy;
  pki->policy.verify_peer = !r->unverified;
  if (r->name)
    pki->server_name = cs_span_str(r->name);
}

void cs_test_judged_init(cs_test_judged *j, const cs_test_row *r, cs_tls_kind kind, int judge) {
  memset(j, 0, sizeof *j);
  j->judge = judge;
  peer_fill(j, r, &j->pki[!judge]);
  judge_fill(j, r, &j->pki[judge]);
  cs_test_tls_init(&j->pair, kind, 1);
  for (int i = 0; i < 2; i++)
    j->pair.side[i].credentials = (cs_tls_credentials){
        i == CS_TEST_TLS_SERVER ? CS_TLS_SERVER : CS_TLS_CLIENT, NULL, &j->pki[i]};
}

void cs_test_judged_run(cs_test_judged *j, const cs_test_row *r) {
  cs_test_tls_open(&j->pair);
  /* The library shows no certificate that is not for its side; this peer would. */
  j->pair.side[!j->judge].setup->own.ext_types = 0;
  bool done = cs_test_tls_shake(&j->pair);
  cs_test_tls_run(&j->pair, 1000);
  cs_tls_failure f = {.rule = CS_RULE_NONE}, other;
  bool failed = cs_tls_failure_of(j->pair.side[j->judge].tls, &f);
  ck_assert_msg(f.rule == r->rule, "%s: %s instead of %s, error %x", r->what,
                cs_base_rule_id(f.rule), cs_base_rule_id(r->rule), (unsigned)-f.library_error);
  ck_assert_msg(failed == (r->rule != CS_RULE_NONE), "%s: failed is %d", r->what, failed);
  bool told = cs_tls_failure_of(j->pair.side[!j->judge].tls, &other);
  if (failed) {
    ck_assert_msg(f.alerted && !f.alert_by_peer && f.alert == r->alert,
                  "%s: alert %d instead of %d", r->what, f.alert, r->alert);
    /* In TLS 1.3 the library sends it before it has changed to the handshake's keys,
     * and its server then cannot read it. */
    bool readable = !(cs_tls_has_tls13() && j->pair.side[0].config.kind == CS_TLS_STREAM);
    ck_assert_msg(told, "%s: not told", r->what);
    ck_assert_msg(!readable || (other.alert_by_peer && other.alert == r->alert), "%s: told %d",
                  r->what, other.alert);
  } else {
    ck_assert_msg(done, "%s: not established", r->what);
  }
  cs_test_tls_close(&j->pair);
}

void cs_test_judged_rows(const cs_test_row *rows, size_t n) {
  cs_test_judged *j = malloc(sizeof *j);
  ck_assert_ptr_nonnull(j);
  for (size_t i = 0; i < n; i++)
    for (int stream = 0; stream < 2; stream++) {
      cs_test_judged_init(j, &rows[i], stream ? CS_TLS_STREAM : CS_TLS_DATAGRAM,
                          CS_TEST_TLS_CLIENT);
      cs_test_judged_run(j, &rows[i]);
    }
  free(j);
}
