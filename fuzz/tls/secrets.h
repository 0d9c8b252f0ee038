/* Credentials of both ends, and what makes their sessions the same each time: a
 * generator that begins anew with every session, and a calendar that stands
 * still. */
#ifndef CS_FUZZ_TLS_SECRETS_H
#define CS_FUZZ_TLS_SECRETS_H

#include <stdlib.h>
#include <time.h>

#include "credentials.h"
#include "fuzz/counting.h"
#include "fuzz/tls/memory.h"
#include "tls/tls.h"

/* 2.28 begins its hellos with the calendar time, and certificates have dates. */
time_t time(time_t *out) {
  const time_t now = 1893456000; /* the first of January 2030 */
  if (out)
    *out = now;
  return now;
}

/* Whom a client trusts, and by what. */
typedef enum trust { BY_PSK, BY_CERTIFICATE, BY_NOTHING, TRUSTS } trust;

/* What the server shows: the right keys; a key of its own; a certificate that is
 * signed by nobody we know. */
typedef enum kind_of_server { HONEST, WRONG_KEY, INTRUDER, SERVERS } kind_of_server;

static struct {
  cs_base_seeded seeded;
  cs_tls_shared *shared;
  cs_tls_setup *client[TRUSTS];
  cs_tls_setup *server[SERVERS];
} secrets;

static void secrets_setup(cs_tls_role role, const cs_tls_psk *psk, const cs_tls_pki *pki,
                          cs_tls_setup **out) {
  const cs_tls_credentials c = {.role = role, .psk = psk, .pki = pki};
  const char *why = "";
  CS_ORACLE(cs_tls_setup_new(secrets.shared, &c, out, &why) == CS_OK);
}

static void secrets_begin(void) {
  tls_memory_begin();
  cs_base_seeded_init(&secrets.seeded, 6347);
  CS_ORACLE(cs_tls_shared_new(&tls_memory, cs_base_seeded_random(&secrets.seeded),
                              &secrets.shared) == CS_OK);
  cs_tls_psk psk = {cs_span_str("coapspec"), cs_span_str("Secret_key123"),
                    cs_span_str("localhost")};
  cs_tls_pki pki = {.encoding = CS_TLS_PEM,
                    .policy = {.verify_peer = true, .check_depth = true, .max_depth = 3},
                    .server_name = cs_span_str("localhost")};
  pki.ca = cs_span_of(ca_pem, sizeof ca_pem);
  secrets_setup(CS_TLS_CLIENT, &psk, NULL, &secrets.client[BY_PSK]);
  secrets_setup(CS_TLS_CLIENT, NULL, &pki, &secrets.client[BY_CERTIFICATE]);
  secrets_setup(CS_TLS_CLIENT, NULL, NULL, &secrets.client[BY_NOTHING]);
  pki = (cs_tls_pki){.encoding = CS_TLS_PEM};
  pki.certificate = cs_span_of(server_pem, sizeof server_pem);
  pki.key = cs_span_of(server_key, sizeof server_key);
  psk.server_name = cs_span_of(NULL, 0);
  secrets_setup(CS_TLS_SERVER, &psk, &pki, &secrets.server[HONEST]);
  psk.key = cs_span_str("another key");
  secrets_setup(CS_TLS_SERVER, &psk, &pki, &secrets.server[WRONG_KEY]);
  psk.key = cs_span_str("Secret_key123");
  pki.certificate = cs_span_of(intruder_pem, sizeof intruder_pem);
  pki.key = cs_span_of(intruder_key, sizeof intruder_key);
  secrets_setup(CS_TLS_SERVER, &psk, &pki, &secrets.server[INTRUDER]);
}

static void secrets_end(void) {
  for (int i = 0; i < TRUSTS; i++)
    cs_tls_setup_free(secrets.client[i]);
  for (int i = 0; i < SERVERS; i++)
    cs_tls_setup_free(secrets.server[i]);
  cs_tls_shared_free(secrets.shared);
}

/* ---- a session ---- */

/* What one side's TLS draws, and the secrets that it came to. */
typedef struct tls_side {
  cs_base_seeded random;
  uint64_t secrets[16]; /* digests of its key log's lines */
  unsigned count;
} tls_side;

static int tls_side_draw(void *ctx, unsigned char *out, size_t n) {
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
  /* A server draws its connection id anew with each cookie that it asks for: the same
   * each time, so that what it draws later does not depend on how often it asked. */
  enum { CONNECTION_ID = 8 };
  if (n == CONNECTION_ID) {
    memset(out, 0xc1, n);
    return 0;
  }
#endif
  cs_base_random r = cs_base_seeded_random(&((tls_side *)ctx)->random);
  cs_base_random_fill(&r, out, n);
  return 0;
}

static bool tls_side_prepare(void *ctx, void *library_session) {
  mbedtls_ssl_context *ssl = library_session;
  /* The configuration is the session's own. */
  mbedtls_ssl_config *conf = (mbedtls_ssl_config *)(uintptr_t)ssl->conf;
  mbedtls_ssl_conf_rng(conf, tls_side_draw, ctx);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  /* TLS 1.3 draws from PSA's generator, which nobody can seed. */
  mbedtls_ssl_conf_max_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
  ssl->tls_version = MBEDTLS_SSL_VERSION_TLS1_2; /* taken from it by mbedtls_ssl_setup */
#endif
  return true;
}

#ifndef FUZZ_BYPASS
static void tls_side_log(void *ctx, const char *line) {
  tls_side *side = ctx;
  uint64_t digest = 0;
  fuzz_digest(&digest, line, strlen(line));
  if (side->count < sizeof side->secrets / sizeof *side->secrets)
    side->secrets[side->count++] = digest;
}
#endif

static inline bool tls_side_has(const tls_side *side, uint64_t secret) {
  for (unsigned i = 0; i < side->count; i++)
    if (side->secrets[i] == secret)
      return true;
  return false;
}

/* number: which session of this side it is. */
static inline cs_err tls_side_open(tls_side *side, cs_tls_role role, unsigned number,
                                   cs_tls_config *c, cs_time now, cs_tls **out) {
  cs_base_seeded_init(&side->random, 5246 + 2 * (uint64_t)number + (role == CS_TLS_SERVER));
  c->callbacks.prepare = tls_side_prepare;
#ifndef FUZZ_BYPASS
  c->callbacks.keylog = tls_side_log;
#endif
  c->callbacks.ctx = side;
  return cs_tls_open(c, now, out);
}

/* Suites of an input's choice; NULL: ours. */
static inline const uint16_t *tls_suites(unsigned which, trust t) {
  static const uint16_t psk[][2] = {{MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8, 0},
                                    {MBEDTLS_TLS_PSK_WITH_AES_256_GCM_SHA384, 0},
                                    {MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, 0}};
  static const uint16_t certificates[][2] = {
      {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, 0},
      {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0},
      {MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0}};
  which &= 3;
  return which == 0 ? NULL : t == BY_PSK ? psk[which - 1] : certificates[which - 1];
}

#endif
