/* A handshake, a step of the library's at a time, and the one place where a
 * session becomes established. */
#include "tls/mbedtls_inside.h"

#include <mbedtls/ssl_ciphersuites.h>

/* Whether the keys were agreed on by a PSK, so that who has them is who was meant. */
static bool by_psk(const cs_tls *t) {
  const mbedtls_ssl_session *session = t->ssl.session;
  const mbedtls_ssl_ciphersuite_t *suite =
      session ? mbedtls_ssl_ciphersuite_from_id(session->ciphersuite) : NULL;
  if (!t->setup->has_psk || !suite)
    return false;
  if (tls_version_of(&t->ssl) == 0x0304) /* the only mode that was allowed */
    return !t->setup->has_pki;
  return suite->key_exchange == MBEDTLS_KEY_EXCHANGE_PSK ||
         suite->key_exchange == MBEDTLS_KEY_EXCHANGE_ECDHE_PSK;
}

/* The library moves the replay window by every record, also by those in the clear,
 * which anyone may have sent: a forged one from far ahead would make all that comes from
 * the server old. So there is none until keys say whose a record is (RFC 6347
 * section 4.1.2.6); it begins anew with the epoch. */
static void watch_replay(cs_tls *t, bool on) {
#if defined(MBEDTLS_SSL_DTLS_ANTI_REPLAY)
  mbedtls_ssl_conf_dtls_anti_replay(&t->conf, on ? MBEDTLS_SSL_ANTI_REPLAY_ENABLED
                                                 : MBEDTLS_SSL_ANTI_REPLAY_DISABLED);
#else
#error "mbedTLS without MBEDTLS_SSL_DTLS_ANTI_REPLAY takes replayed records"
#endif
}

/* The library says that it is over: is it what was asked for? */
static void conclude(cs_tls *t) {
  const cs_tls_setup *s = t->setup;
  bool shown = mbedtls_ssl_get_peer_cert(&t->ssl) != NULL;
  bool content = by_psk(t);
  if (!content && (s->has_pki || !s->has_psk))
    content = tls_judge_content(&t->judge, shown);
  if (!content || tls_version_of(&t->ssl) < 0x0303) {
    cs_tls_fail(t, t->judge.broken ? t->judge.broken : CS_RULE_TLS_CERTIFICATE, 40);
    return;
  }
  t->state = CS_TLS_ESTABLISHED;
  t->timer_set = false;
  watch_replay(t, true);
}

/* The library wants a ClientHello with its cookie: it is to forget this one. */
static bool verify_again(cs_tls *t) {
  int ret = mbedtls_ssl_session_reset(&t->ssl);
  if (ret == 0)
    ret = cs_tls_configure_begin(t);
  if (ret == 0)
    return true;
  cs_tls_fail_by(t, ret);
  return false;
}

void cs_tls_handshake(cs_tls *t) {
  watch_replay(t, false);
  unsigned idle = 0; /* steps in a row that took nothing of what was fed */
  while (t->state == CS_TLS_HANDSHAKING) {
    size_t left = t->in.len;
    int before = t->ssl.state;
    t->alert_out = false;
    t->alert_said = 0;
    int ret = mbedtls_ssl_handshake_step(&t->ssl);
    if (ret == 0 && !cs_tls_hint_step(t, before)) {
      cs_tls_fail_by(t, MBEDTLS_ERR_SSL_INTERNAL_ERROR);
      return;
    }
    if (ret == 0 && tls_handshake_over(&t->ssl)) {
      conclude(t);
      return;
    }
    if (ret == 0)
      continue;
    if (ret == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
      if (!verify_again(t))
        return;
      continue;
    }
    if (ret != MBEDTLS_ERR_SSL_WANT_READ) {
      cs_tls_fail_by(t, ret);
      return;
    }
    /* A retransmission that was due goes out before anything is read. */
    idle = t->in.len == left ? idle + 1 : 0;
    if (t->in.len == 0 || idle > 2)
      return;
  }
}

void cs_tls_handshake_again(cs_tls *t) {
  t->state = CS_TLS_HANDSHAKING;
  t->taken = 0;
  t->handshake_end = cs_time_add(t->now, t->handshake_timeout);
  t->judge = (tls_judge){.setup = t->setup, .callbacks = &t->callbacks};
  t->close_said = t->peer_closed = t->deaf = false;
  t->server_name_len = t->identity_len = 0;
}
