/* The server's PSK identity hint (RFC 4279 section 2). The library reads over it,
 * so the handshake is driven a step at a time: when the step that has read the
 * ServerKeyExchange is done, the message still lies in the library's buffer, whole
 * and in order, and the ClientKeyExchange, which names the identity, has not been
 * written. Then the session's own configuration gets another identity and key. */
#include "tls/mbedtls_inside.h"

#include <mbedtls/ssl_ciphersuites.h>

/* The hint in the message that the last step has read; empty: none. */
static cs_span hint_of(const mbedtls_ssl_context *ssl, cs_tls_kind kind) {
  const cs_span none = {NULL, 0};
  if (!ssl->session_negotiate || ssl->in_msgtype != MBEDTLS_SSL_MSG_HANDSHAKE ||
      ssl->in_msg[0] != MBEDTLS_SSL_HS_SERVER_KEY_EXCHANGE)
    return none; /* left out: PSK suites have it only for the hint */
  const mbedtls_ssl_ciphersuite_t *suite =
      mbedtls_ssl_ciphersuite_from_id(ssl->session_negotiate->ciphersuite);
  if (!suite || (suite->key_exchange != MBEDTLS_KEY_EXCHANGE_PSK &&
                 suite->key_exchange != MBEDTLS_KEY_EXCHANGE_ECDHE_PSK))
    return none;
  cs_base_reader r = cs_base_reader_of(cs_span_of(ssl->in_msg, ssl->in_hslen));
  cs_span head, hint;
  uint16_t len;
  if (!cs_base_take(&r, kind == CS_TLS_DATAGRAM ? 12 : 4, &head) || !cs_base_take_u16(&r, &len) ||
      !cs_base_take(&r, len, &hint))
    return none;
  return hint;
}

bool cs_tls_hint_step(cs_tls *t, int before) {
  if (before != MBEDTLS_SSL_SERVER_KEY_EXCHANGE || t->ssl.state == before || !t->callbacks.hint ||
      !t->setup->has_psk || t->setup->role != CS_TLS_CLIENT)
    return true;
  cs_span hint = hint_of(&t->ssl, t->kind), identity = {NULL, 0}, key = {NULL, 0};
  if (hint.len == 0)
    return true;
  if (!t->callbacks.hint(t->callbacks.ctx, hint, &identity, &key) || identity.len == 0 ||
      identity.len > CS_TLS_IDENTITY_MAX || key.len == 0 || key.len > CS_TLS_KEY_MAX) {
    t->hint_refused = true;
    return false;
  }
  if (tls_conf_psk_again(&t->conf, key.at, key.len, identity.at, identity.len) != 0) {
    t->out_of_memory = true;
    return false;
  }
  return true;
}
