#include "api/secure.h"

#include <string.h>

#include "api/error.h"
#include "api/stream.h"
#include "api/transmit.h"

/* ---- what the handshake asks the application ----
 * A handler that runs in here finds the session in the middle of reading a
 * flight: what it sends waits, what it takes away goes later. */

static bool begin_call(coap_session_t *s, bool *delivering) {
  *delivering = s->delivering;
  s->delivering = true;
  s->context->calling++;
  cs_api_secure_of(s)->inside = true;
  return !cs_api_gone(s);
}

static void end_call(coap_session_t *s, bool delivering) {
  cs_api_secure_of(s)->inside = false;
  s->context->calling--;
  s->delivering = delivering;
}

static void keep(coap_bin_const_t *out, uint8_t *at, size_t cap, cs_span bytes) {
  size_t n = bytes.len < cap ? bytes.len : cap;
  if (n)
    memcpy(at, bytes.at, n);
  out->s = at;
  out->length = n;
}

static bool on_hint(void *ctx, cs_span hint, cs_span *identity, cs_span *key) {
  coap_session_t *s = ctx;
  cs_api_secure *x = cs_api_secure_of(s);
  if (!x)
    return false;
  const coap_dtls_cpsk_t *data = &x->credentials.psk_data;
  coap_str_const_t text = {hint.len, hint.at};
  bool delivering;
  const coap_dtls_cpsk_info_t *info = NULL;
  keep(&x->hint, x->hint_bytes, sizeof x->hint_bytes, hint);
  if (begin_call(s, &delivering))
    info = data->validate_ih_call_back(&text, s, data->ih_call_back_arg);
  end_call(s, delivering);
  if (!info)
    return false;
  *identity = cs_span_of(info->identity.s, info->identity.s ? info->identity.length : 0);
  *key = cs_span_of(info->key.s, info->key.s ? info->key.length : 0);
  if (identity->len == 0 || identity->len > sizeof x->identity_bytes || key->len == 0 ||
      key->len > sizeof x->key_bytes) {
    cs_api_fail("validate_ih_call_back",
                "an identity of %zu and a key of %zu bytes: 1 to %d and "
                "1 to %d are possible",
                identity->len, key->len, CS_TLS_IDENTITY_MAX, CS_TLS_KEY_MAX);
    return false;
  }
  keep(&x->identity, x->identity_bytes, sizeof x->identity_bytes, *identity);
  keep(&x->key, x->key_bytes, sizeof x->key_bytes, *key);
  return true;
}

static bool on_certificate(void *ctx, cs_span der, cs_span name, unsigned depth, bool valid) {
  enum { NAME_MAX_ = 256 };
  coap_session_t *s = ctx;
  const coap_dtls_pki_t *data = &cs_api_secure_of(s)->credentials.pki_data;
  char text[NAME_MAX_];
  /* One that does not fit, or would look like another, cannot be shown. */
  if (name.len >= sizeof text || (name.len && memchr(name.at, '\0', name.len)))
    return false;
  if (name.len)
    memcpy(text, name.at, name.len);
  text[name.len] = '\0';
  bool delivering;
  int r = 0;
  if (begin_call(s, &delivering))
    r = data->validate_cn_call_back(text, der.at, der.len, s, depth, valid, data->cn_call_back_arg);
  end_call(s, delivering);
  return r != 0;
}

static bool on_prepare(void *ctx, void *library_session) {
  coap_session_t *s = ctx;
  coap_dtls_pki_t *data = &cs_api_secure_of(s)->credentials.pki_data;
  bool delivering;
  (void)begin_call(s, &delivering);
  int r = data->additional_tls_setup_call_back(library_session, data);
  end_call(s, delivering);
  return r != 0;
}

/* ---- beginning ---- */

static cs_err open_tls(coap_session_t *s, cs_time now, cs_tls **out) {
  /* A WebSocket is HTTP to TLS; "coap" would be another protocol (RFC 8323 section 11.7). */
  static const char *const no_alpn[] = {NULL};
  const cs_api_credentials *c = &cs_api_secure_of(s)->credentials;
  cs_tls_config config = {.setup = c->setup,
                          .kind = cs_api_streaming(s) ? CS_TLS_STREAM : CS_TLS_DATAGRAM,
                          .mtu = s->rare->mtu,
                          .alpn = cs_api_on_websocket(s) ? no_alpn : NULL,
                          .callbacks = {.ctx = s}};
  if (c->psk && c->psk_data.validate_ih_call_back)
    config.callbacks.hint = on_hint;
  if (c->pki && c->pki_data.validate_cn_call_back)
    config.callbacks.certificate = on_certificate;
  if (c->pki && c->pki_data.additional_tls_setup_call_back)
    config.callbacks.prepare = on_prepare;
  return cs_tls_open(&config, now, out);
}

static cs_err begin(coap_session_t *s, cs_time now) {
  cs_api_secure *x = cs_api_secure_of(s);
  cs_tls *t;
  cs_err e = open_tls(s, now, &t);
  if (e != CS_OK)
    return e;
  e = cs_endpoint_secure(s->endpoint, t);
  if (e != CS_OK) {
    cs_tls_close(t);
    return e;
  }
  x->state = CS_TLS_HANDSHAKING;
  x->established = x->ended = x->leaving = false;
  return CS_OK;
}

cs_err cs_api_secure_begin(coap_session_t *s, cs_api_credentials *c, cs_time now) {
  cs_api_rare *rare = cs_api_rare_of(s);
  cs_api_secure *x = rare ? cs_base_get(s->context->alloc, sizeof *x) : NULL;
  if (!x)
    return CS_ERR_MEMORY;
  memset(x, 0, sizeof *x);
  x->credentials = *c;
  rare->secure = x;
  if (!cs_api_streaming(s))
    rare->mtu = COAP_DEFAULT_MTU;
  if (c->psk) {
    const coap_dtls_cpsk_info_t *info = &c->psk_data.psk_info;
    keep(&x->identity, x->identity_bytes, sizeof x->identity_bytes,
         cs_span_of(info->identity.s, info->identity.length));
    keep(&x->key, x->key_bytes, sizeof x->key_bytes, cs_span_of(info->key.s, info->key.length));
    memset(&x->credentials.psk_data.psk_info, 0, sizeof x->credentials.psk_data.psk_info);
  }
  cs_err e = begin(s, now);
  if (e != CS_OK) {
    x->credentials.setup = NULL; /* still the caller's */
    rare->secure = NULL;
    cs_api_secure_free(s->context->alloc, x);
    return e;
  }
  memset(c, 0, sizeof *c);
  return CS_OK;
}

void cs_api_secure_free(const cs_base_alloc *alloc, cs_api_secure *x) {
  if (!x)
    return;
  cs_api_credentials_drop(&x->credentials);
  explicit_bzero(x, sizeof *x);
  cs_base_put(alloc, x, sizeof *x);
}

bool cs_api_secure_again(const char *function, coap_session_t *s) {
  cs_api_secure *x = cs_api_secure_of(s);
  if (!x || s->proto != COAP_PROTO_DTLS || s->delivering || s->context->calling) {
    cs_api_fail(function, "the session has no connection any more%s",
                x && s->proto == COAP_PROTO_DTLS ? "; outside of a handler it would be made anew"
                                                 : "");
    return false;
  }
  coap_context_t *ctx = s->context;
  cs_time now = cs_api_at(s, cs_api_now(ctx));
  cs_err e = begin(s, now);
  if (cs_api_gone(s)) {
    /* additional_tls_setup_call_back gave it up, or its context: they end here. */
    cs_api_fail(function, "the session was given up inside additional_tls_setup_call_back");
    return false;
  }
  if (e != CS_OK) {
    cs_api_fail_err(function, e, CS_RULE_NONE, "a new handshake");
    return false;
  }
  s->state = COAP_SESSION_STATE_HANDSHAKE;
  s->nack = COAP_NACK_NOT_DELIVERABLE;
  cs_endpoint_up(s->endpoint, now);
  cs_api_rearm(s); /* the handshake goes on even if what began it cannot be sent */
  return true;
}

/* ---- the end ---- */

static void leave_now(coap_session_t *s, cs_time now) {
  cs_api_secure *x = cs_api_secure_of(s);
  coap_nack_reason_t reason = (coap_nack_reason_t)s->nack;
  x->leaving = false;
  cs_api_secure_farewell(s, now);
  cs_endpoint_link(s->endpoint, CS_LINK_CLOSED, cs_api_at(s, now));
  if (cs_tls_state_of(cs_endpoint_tls(s->endpoint)) != x->state)
    x->state = cs_tls_state_of(cs_endpoint_tls(s->endpoint));
  cs_api_secure_tell_end(s);
  s->nack = (unsigned)reason & 15u;
}

void cs_api_secure_leave(coap_session_t *s, coap_nack_reason_t reason) {
  s->state = COAP_SESSION_STATE_NONE;
  s->nack = (unsigned)reason & 15u;
  cs_api_secure_of(s)->leaving = true;
}

void cs_api_secure_expire(coap_session_t *s, cs_time now) {
  const cs_api_secure *x = cs_api_secure_of(s);
  if (x && x->leaving)
    leave_now(s, now);
}

void cs_api_secure_farewell(coap_session_t *s, cs_time now) {
  enum { WORDS_MAX = 16 };
  coap_context_t *ctx = s->context;
  cs_core_peer to;
  size_t len, sent;
  now = cs_api_at(s, now);
  cs_endpoint_release(s->endpoint, now);
  for (unsigned i = 0; i < WORDS_MAX; i++)
    if (cs_endpoint_transmit(s->endpoint, now, ctx->tx, CS_API_DATAGRAM_MAX, &to, &len) != CS_OK ||
        ctx->net.ops->send(ctx->net.self, s->fd, NULL, cs_span_of(ctx->tx, len), &sent) != CS_OK)
      return;
}
