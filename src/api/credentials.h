/* From libcoap's structures to credentials that were read, parsed and checked. */
#ifndef CS_API_CREDENTIALS_H
#define CS_API_CREDENTIALS_H

#include <coap3/coap.h>

#include "base/alloc.h"
#include "tls/tls.h"

struct cs_api_context_tls;

/* By what a session, or a context for its sessions, authenticates. */
typedef struct cs_api_credentials {
  cs_tls_setup *setup; /* one reference */
  bool psk, pki;       /* neither: anonymous */
  coap_dtls_cpsk_t psk_data;
  coap_dtls_pki_t pki_data; /* as it was given, for the callbacks in it */
} cs_api_credentials;

/* What a context needs once it has anything to do with (D)TLS. */
typedef struct cs_api_context_tls {
  const cs_base_alloc *alloc;
  cs_tls_shared *shared;
  bool inheritable; /* coap_context_set_pki() was called */
  cs_api_credentials inherited;
  char inherited_sni[CS_TLS_SERVER_NAME_MAX + 1]; /* its client_sni */
  struct cs_api_root *roots;                      /* of coap_context_set_pki_root_cas() */
  size_t root_count, root_cap;
  uint8_t plain[CS_TLS_RECORD_MAX];
} cs_api_context_tls;

/* The context's, made when first needed. NULL with a reason in the name of
 * function. */
cs_api_context_tls *cs_api_tls_of(const char *function, coap_context_t *ctx);
void cs_api_tls_free(cs_api_context_tls *t);

/* Each fills *out, or leaves a reason in the name of function and *out as it is. */
bool cs_api_credentials_psk(const char *function, cs_api_context_tls *t,
                            const coap_dtls_cpsk_t *data, cs_api_credentials *out);
bool cs_api_credentials_pki(const char *function, cs_api_context_tls *t,
                            const coap_dtls_pki_t *data, cs_api_credentials *out);
/* What a session has that says nothing of it: the context's certificates; else,
 * when the context has root CAs, no certificate of its own and a server that
 * these vouch for; else nothing, and any server. */
bool cs_api_credentials_inherit(const char *function, cs_api_context_tls *t,
                                cs_api_credentials *out);
void cs_api_credentials_drop(cs_api_credentials *c);

/* Reads root CAs and puts them in the place of those there are. */
bool cs_api_roots_set(const char *function, cs_api_context_tls *t, const char *ca_file,
                      const char *ca_dir);

#endif
