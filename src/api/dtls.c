/* Constructors and settings that need a TLS library: what they refuse, and in
 * this build they refuse all there is. */
#include <string.h>

#include "api/context.h"
#include "api/error.h"
#include "api/session_new.h"

static bool secured(const char *function, coap_proto_t proto, const void *setup_data) {
  if (!setup_data)
    cs_api_fail(function, "setup_data is NULL");
  else if (proto == COAP_PROTO_UDP || proto == COAP_PROTO_TCP || proto == COAP_PROTO_WS)
    cs_api_fail(function, "keys were given, but the protocol is not secured");
  else
    return true;
  return false;
}

coap_session_t *coap_new_client_session_psk2(coap_context_t *ctx, const coap_address_t *local_if,
                                             const coap_address_t *server, coap_proto_t proto,
                                             coap_dtls_cpsk_t *setup_data) {
  if (!secured(__func__, proto, setup_data))
    return NULL;
  if (setup_data->version != COAP_DTLS_CPSK_SETUP_VERSION) {
    cs_api_fail(__func__, "setup_data is of version %u, not %d", setup_data->version,
                COAP_DTLS_CPSK_SETUP_VERSION);
    return NULL;
  }
  (void)cs_api_session_arguments(__func__, ctx, local_if, server, proto);
  return NULL;
}

coap_session_t *coap_new_client_session_psk(coap_context_t *ctx, const coap_address_t *local_if,
                                            const coap_address_t *server, coap_proto_t proto,
                                            const char *identity, const uint8_t *key,
                                            unsigned key_len) {
  if (!identity || !key || key_len == 0) {
    cs_api_fail(__func__, "identity or key is empty");
    return NULL;
  }
  if (secured(__func__, proto, identity))
    (void)cs_api_session_arguments(__func__, ctx, local_if, server, proto);
  return NULL;
}

coap_session_t *coap_new_client_session_pki(coap_context_t *ctx, const coap_address_t *local_if,
                                            const coap_address_t *server, coap_proto_t proto,
                                            coap_dtls_pki_t *setup_data) {
  if (!secured(__func__, proto, setup_data))
    return NULL;
  if (setup_data->version != COAP_DTLS_PKI_SETUP_VERSION) {
    cs_api_fail(__func__, "setup_data is of version %u, not %d", setup_data->version,
                COAP_DTLS_PKI_SETUP_VERSION);
    return NULL;
  }
  (void)cs_api_session_arguments(__func__, ctx, local_if, server, proto);
  return NULL;
}

static int no_tls(const char *function, const coap_context_t *context) {
  if (!context)
    cs_api_fail(function, "context is NULL");
  else
    cs_api_fail_err(function, CS_ERR_UNSUPPORTED, CS_RULE_NONE, "a TLS library");
  return 0;
}

int coap_context_set_pki(coap_context_t *context, const coap_dtls_pki_t *setup_data) {
  (void)setup_data;
  return no_tls(__func__, context);
}

int coap_context_set_pki_root_cas(coap_context_t *context, const char *ca_file,
                                  const char *ca_dir) {
  (void)ca_file, (void)ca_dir;
  return no_tls(__func__, context);
}

void *coap_session_get_tls(const coap_session_t *session, coap_tls_library_t *tls_lib) {
  if (tls_lib)
    *tls_lib = COAP_TLS_LIBRARY_NOTLS;
  if (!session)
    cs_api_fail(__func__, "session is NULL");
  return NULL;
}

static const coap_bin_const_t *no_key(const char *function, const coap_session_t *session) {
  if (!session)
    cs_api_fail(function, "session is NULL");
  return NULL;
}

const coap_bin_const_t *coap_session_get_psk_hint(const coap_session_t *session) {
  return no_key(__func__, session);
}

const coap_bin_const_t *coap_session_get_psk_identity(const coap_session_t *session) {
  return no_key(__func__, session);
}

const coap_bin_const_t *coap_session_get_psk_key(const coap_session_t *session) {
  return no_key(__func__, session);
}
