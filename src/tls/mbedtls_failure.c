/* The end of a session that fails: which rule was broken, and by which alert
 * either side has said so. */
#include <mbedtls/error.h>

#include "tls/mbedtls_pki.h"

static const struct {
  int error;
  cs_rule rule;
  uint8_t alert;
} library_errors[] = {
#define ROW(error, rule, alert) {error, CS_RULE_##rule, alert},
    TLS_ERRORS(ROW)
#undef ROW
};

/* Of a peer whose keys or whose view of the handshake are not ours, Finished is
 * the first that cannot be read. */
static bool about_finished(const cs_tls *t, int error) {
  int state = t->ssl.state;
  if (state != MBEDTLS_SSL_CLIENT_FINISHED && state != MBEDTLS_SSL_SERVER_FINISHED)
    return false;
  return error == MBEDTLS_ERR_SSL_INVALID_MAC || error == TLS_ERR_BAD_FINISHED;
}

static bool was_offered(const cs_tls *t, cs_span name) {
  for (const char *const *offered = t->alpn; offered && *offered; offered++) {
    size_t n = 0;
    while (n < name.len && (uint8_t)(*offered)[n] == name.at[n])
      n++;
    if (n == name.len && (*offered)[n] == 0)
      return true;
  }
  return false;
}

/* Whether the server's message that was read last, a ServerHello or (1.3)
 * EncryptedExtensions, selects a protocol by ALPN that was not offered: the
 * library says only that the message is bad. */
static bool selects_another_protocol(const cs_tls *t) {
  enum { SERVER_HELLO = 2, ENCRYPTED_EXTENSIONS = 8, ALPN = 16 };
  const mbedtls_ssl_context *ssl = &t->ssl;
  if (t->setup->role == CS_TLS_SERVER || ssl->in_msgtype != MBEDTLS_SSL_MSG_HANDSHAKE ||
      ssl->in_hslen > ssl->in_msglen || ssl->in_hslen == 0)
    return false;
  cs_base_reader r = cs_base_reader_of(cs_span_of(ssl->in_msg, ssl->in_hslen));
  cs_span skip, extension;
  uint8_t n;
  uint16_t type, len;
  if (!cs_base_take(&r, t->kind == CS_TLS_DATAGRAM ? 12 : 4, &skip))
    return false;
  if (skip.at[0] == SERVER_HELLO) {
    if (!cs_base_take(&r, 34, &skip) || !cs_base_take_u8(&r, &n) ||
        !cs_base_take(&r, (size_t)n + 3, &skip)) /* session, suite, compression */
      return false;
  } else if (skip.at[0] != ENCRYPTED_EXTENSIONS) {
    return false;
  }
  if (!cs_base_take_u16(&r, &len))
    return false;
  while (cs_base_take_u16(&r, &type) && cs_base_take_u16(&r, &len) &&
         cs_base_take(&r, len, &extension))
    if (type == ALPN) /* a list of one name: its length, the name's length, the name */
      return extension.len < 3 || !was_offered(t, cs_span_cut(extension, 3, extension.len - 3));
  return false;
}

static void classify(const cs_tls *t, int error, cs_tls_failure *f) {
  f->rule = CS_RULE_TLS_HANDSHAKE;
  f->alert = 40;
  for (size_t i = 0; i < sizeof library_errors / sizeof *library_errors; i++)
    if (library_errors[i].error == error) {
      f->rule = library_errors[i].rule;
      f->alert = library_errors[i].alert;
    }
  if (f->rule == CS_RULE_TLS_HANDSHAKE_FRAGMENTED && t->kind == CS_TLS_DATAGRAM)
    f->rule = CS_RULE_TLS_HANDSHAKE; /* DTLS has fragments, so it is something else */
  if (about_finished(t, error)) {
    f->rule = CS_RULE_TLS_FINISHED;
    f->alert = error == MBEDTLS_ERR_SSL_INVALID_MAC ? 20 : 51;
  }
  if (f->rule == CS_RULE_TLS_HANDSHAKE && selects_another_protocol(t))
    f->rule = CS_RULE_TLS_ALPN;
  cs_rule judged = t->judge.broken;
  if (f->rule == CS_RULE_TLS_CERTIFICATE)
    judged = cs_tls_judge_rule(&t->judge, mbedtls_ssl_get_verify_result(&t->ssl));
  if (judged != CS_RULE_NONE)
    f->rule = judged;
  else if (t->hint_refused)
    f->rule = CS_RULE_TLS_HINT_REFUSED;
  else if (t->out_of_memory || cs_tls_error_is_memory(error))
    f->rule = CS_RULE_OUT_OF_MEMORY;
  else if (t->out_of_room)
    f->rule = CS_RULE_TLS_HANDSHAKE_FLOOD;
}

/* The session ends as *f says; its alert is sent unless it is 0 or the library
 * has sent one. */
static void end(cs_tls *t, cs_tls_failure *f) {
  if (t->state == CS_TLS_FAILED)
    return;
  if (f->alert_by_peer) {
    f->alerted = true;
  } else {
    f->alerted = t->alert_out;
    if (t->alert_out && t->alert_said)
      f->alert = t->alert_said;
    else if (t->alert_out && tls_pended_alert(&t->ssl))
      f->alert = tls_pended_alert(&t->ssl);
    else if (!t->alert_out && f->alert)
      f->alerted =
          mbedtls_ssl_send_alert_message(&t->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, f->alert) == 0;
    if (!f->alerted)
      f->alert = 0;
  }
  t->failure = *f;
  t->state = CS_TLS_FAILED;
  t->timer_set = false;
  t->in.len = 0;
}

void cs_tls_fail_by(cs_tls *t, int error) {
  cs_tls_failure f = {.library_error = error};
  if (error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE || error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
    f.rule = CS_RULE_TLS_ALERT;
    f.alert_by_peer = true;
    f.alert = error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? 0 : t->ssl.in_msg[1];
  } else {
    classify(t, error, &f);
  }
  end(t, &f);
}

void cs_tls_fail(cs_tls *t, cs_rule rule, uint8_t alert) {
  cs_tls_failure f = {.rule = rule, .alert = alert};
  t->alert_out = false;
  end(t, &f);
}

cs_err cs_tls_failed(const cs_tls *t) {
  return t->failure.rule == CS_RULE_OUT_OF_MEMORY ? CS_ERR_MEMORY : CS_ERR_RULE;
}

bool cs_tls_failure_of(const cs_tls *t, cs_tls_failure *out) {
  if (t->state != CS_TLS_FAILED)
    return false;
  *out = t->failure;
  return true;
}
