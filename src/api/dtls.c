/* Constructors and settings with keys, and what is read of them. */
#include <string.h>

#include "api/credentials.h"
#include "api/error.h"
#include "api/secure.h"
#include "api/session_new.h"

/* Whether keys can be given to such a session at all. */
static bool secured(const char *function, coap_proto_t proto, const void *setup_data) {
  if (!setup_data)
    cs_api_fail(function, "setup_data is NULL");
  else if (proto == COAP_PROTO_UDP || proto == COAP_PROTO_TCP || proto == COAP_PROTO_WS)
    cs_api_fail(function, "keys were given, but the protocol is not secured");
  else
    return true;
  return false;
}

/* A session by these credentials, which are gone when there is none. */
static coap_session_t *session_by(const char *function, coap_context_t *ctx,
                                  const coap_address_t *local_if, const coap_address_t *server,
                                  coap_proto_t proto, cs_api_credentials *c) {
  coap_session_t *s = cs_api_session_new(function, ctx, local_if, server, proto, c);
  cs_api_credentials_drop(c);
  return s;
}

coap_session_t *coap_new_client_session_psk2(coap_context_t *ctx, const coap_address_t *local_if,
                                             const coap_address_t *server, coap_proto_t proto,
                                             coap_dtls_cpsk_t *setup_data) {
  cs_api_credentials c;
  cs_api_context_tls *t;
  if (!secured(__func__, proto, setup_data) ||
      !cs_api_session_arguments(__func__, ctx, local_if, server, proto) ||
      !(t = cs_api_tls_of(__func__, ctx)) || !cs_api_credentials_psk(__func__, t, setup_data, &c))
    return NULL;
  return session_by(__func__, ctx, local_if, server, proto, &c);
}

coap_session_t *coap_new_client_session_psk(coap_context_t *ctx, const coap_address_t *local_if,
                                            const coap_address_t *server, coap_proto_t proto,
                                            const char *identity, const uint8_t *key,
                                            unsigned key_len) {
  if (!identity || !key || key_len == 0) {
    cs_api_fail(__func__, "identity or key is empty");
    return NULL;
  }
  cs_span name = cs_span_str(identity);
  coap_dtls_cpsk_t data = {.version = COAP_DTLS_CPSK_SETUP_VERSION,
                           .psk_info = {.identity = {name.len, name.at}, .key = {key_len, key}}};
  cs_api_credentials c;
  cs_api_context_tls *t;
  if (!secured(__func__, proto, identity) ||
      !cs_api_session_arguments(__func__, ctx, local_if, server, proto) ||
      !(t = cs_api_tls_of(__func__, ctx)) || !cs_api_credentials_psk(__func__, t, &data, &c))
    return NULL;
  return session_by(__func__, ctx, local_if, server, proto, &c);
}

coap_session_t *coap_new_client_session_pki(coap_context_t *ctx, const coap_address_t *local_if,
                                            const coap_address_t *server, coap_proto_t proto,
                                            coap_dtls_pki_t *setup_data) {
  cs_api_credentials c;
  cs_api_context_tls *t;
  if (!secured(__func__, proto, setup_data) ||
      !cs_api_session_arguments(__func__, ctx, local_if, server, proto) ||
      !(t = cs_api_tls_of(__func__, ctx)) || !cs_api_credentials_pki(__func__, t, setup_data, &c))
    return NULL;
  return session_by(__func__, ctx, local_if, server, proto, &c);
}

static bool usable(const char *function, const coap_context_t *context) {
  if (!context)
    cs_api_fail(function, "context is NULL");
  else if (context->freed)
    cs_api_fail(function, "the context is being freed");
  else
    return true;
  return false;
}

int coap_context_set_pki(coap_context_t *context, const coap_dtls_pki_t *setup_data) {
  cs_api_credentials c;
  cs_api_context_tls *t;
  if (!usable(__func__, context))
    return 0;
  if (!setup_data) {
    cs_api_fail(__func__, "setup_data is NULL");
    return 0;
  }
  if (!(t = cs_api_tls_of(__func__, context)) ||
      !cs_api_credentials_pki(__func__, t, setup_data, &c))
    return 0;
  cs_api_credentials_drop(&t->inherited);
  /* Read again when a session is made, long after the application's is gone. */
  if (c.pki_data.client_sni) {
    size_t n = strlen(c.pki_data.client_sni); /* at most CS_TLS_SERVER_NAME_MAX: checked */
    memmove(t->inherited_sni, c.pki_data.client_sni, n + 1);
    c.pki_data.client_sni = t->inherited_sni;
  }
  t->inherited = c;
  t->inheritable = true;
  return 1;
}

int coap_context_set_pki_root_cas(coap_context_t *context, const char *ca_file,
                                  const char *ca_dir) {
  cs_api_context_tls *t;
  if (!usable(__func__, context))
    return 0;
  if (!ca_file && !ca_dir) {
    cs_api_fail(__func__, "neither ca_file nor ca_dir is given");
    return 0;
  }
  if (!(t = cs_api_tls_of(__func__, context)))
    return 0;
  return cs_api_roots_set(__func__, t, ca_file, ca_dir);
}

void *coap_session_get_tls(const coap_session_t *session, coap_tls_library_t *tls_lib) {
  if (tls_lib)
    *tls_lib = COAP_TLS_LIBRARY_NOTLS;
  if (!session) {
    cs_api_fail(__func__, "session is NULL");
    return NULL;
  }
  if (!cs_api_secure_of(session) || !session->endpoint)
    return NULL;
  if (tls_lib)
    *tls_lib = coap_get_tls_library_version()->type;
  return cs_tls_library_session(cs_endpoint_tls(session->endpoint));
}

/* The session's PSK, or NULL: of a session that has none nothing is to be read. */
static const cs_api_secure *psk_of(const char *function, const coap_session_t *session) {
  if (!session) {
    cs_api_fail(function, "session is NULL");
    return NULL;
  }
  const cs_api_secure *x = cs_api_secure_of(session);
  return x && x->credentials.psk ? x : NULL;
}

const coap_bin_const_t *coap_session_get_psk_hint(const coap_session_t *session) {
  const cs_api_secure *x = psk_of(__func__, session);
  return x && x->hint.length ? &x->hint : NULL;
}

const coap_bin_const_t *coap_session_get_psk_identity(const coap_session_t *session) {
  const cs_api_secure *x = psk_of(__func__, session);
  return x ? &x->identity : NULL;
}

const coap_bin_const_t *coap_session_get_psk_key(const coap_session_t *session) {
  const cs_api_secure *x = psk_of(__func__, session);
  return x ? &x->key : NULL;
}
