/* A handshake in which one side judges the other's certificates: a row says who
 * shows what, who trusts what, and what is to come of it. Needs mbedTLS. */
#ifndef CS_TESTS_JUDGED_H
#define CS_TESTS_JUDGED_H

#include "support/certificates.h"
#include "support/tls_pair.h"

/* Alerts, RFC 5246 section 7.2. */
enum {
  CS_TEST_HANDSHAKE_FAILURE = 40,
  CS_TEST_BAD_CERTIFICATE = 42,
  CS_TEST_UNSUPPORTED_CERTIFICATE = 43,
  CS_TEST_CERTIFICATE_REVOKED = 44,
  CS_TEST_CERTIFICATE_EXPIRED = 45,
  CS_TEST_CERTIFICATE_UNKNOWN = 46,
  CS_TEST_UNKNOWN_CA = 48,
  CS_TEST_ACCESS_DENIED = 49
};

typedef struct cs_test_row {
  const char *what;
  const cs_test_certificate *chain[12];        /* the peer's, its own first */
  const cs_test_certificate *ca[3], *roots[2]; /* what the judge trusts; */
  const cs_test_crl *crls[2];                  /* in ca, or without one in roots */
  cs_tls_policy policy;                        /* besides verify_peer, */
  bool unverified;                             /* which is set unless this is */
  const char *name;                            /* that a client asks for */
  const cs_test_certificate *own;              /* of the judge */
  cs_rule rule;                                /* CS_RULE_NONE: accepted */
  uint8_t alert;                               /* that the judge sends */
} cs_test_row;

/* The members of a row, for a table. */
#define PEER(...) .chain = {__VA_ARGS__}
#define CA(...) .ca = {__VA_ARGS__}
#define ROOTS(...) .roots = {__VA_ARGS__}
#define CRLS(...) .crls = {__VA_ARGS__}
#define ASKED(text) .name = (text)
#define REFUSED(which, code) .rule = CS_RULE_TLS_##which, .alert = CS_TEST_##code

typedef struct cs_test_judged {
  cs_test_tls_pair pair;
  int judge; /* its side */
  cs_tls_pki pki[2];
  cs_test_text ca, root, chain, key, own, own_key;
  cs_span root_span;
} cs_test_judged;

/* Fills *j in, a big object that must not move; credentials (pki) and
 * the pair can be changed then. */
void cs_test_judged_init(cs_test_judged *j, const cs_test_row *r, cs_tls_kind kind, int judge);
/* Opens, shakes hands, checks that it ends for both as the row says, and closes. */
void cs_test_judged_run(cs_test_judged *j, const cs_test_row *r);
/* Each row over datagrams and over a stream, the client being the judge. */
void cs_test_judged_rows(const cs_test_row *rows, size_t n);
#define CS_TEST_JUDGE(rows) cs_test_judged_rows((rows), sizeof(rows) / sizeof *(rows))

#endif
