#include "api/credentials.h"

#include <string.h>

#include "api/context.h"
#include "api/error.h"
#include "api/roots.h"
#include "net/file.h"

enum { FILE_MAX = 1 << 20 };

/* A file that was read, or what the application holds in memory. */
struct blob {
  const uint8_t *at;
  size_t len;
  uint8_t *own;
  size_t own_cap;
};

cs_api_context_tls *cs_api_tls_of(const char *function, coap_context_t *ctx) {
  if (ctx->tls)
    return ctx->tls;
  cs_api_context_tls *t = cs_base_get(ctx->alloc, sizeof *t);
  cs_err e = t ? CS_OK : CS_ERR_MEMORY;
  if (e == CS_OK) {
    memset(t, 0, sizeof *t);
    t->alloc = ctx->alloc;
    e = cs_tls_shared_new(ctx->alloc, ctx->endpoint.core.random, &t->shared);
  }
  if (e != CS_OK) {
    cs_base_put(ctx->alloc, t, sizeof *t);
    cs_api_fail_err(function, e, CS_RULE_NONE, e == CS_ERR_UNSUPPORTED ? "a TLS library" : NULL);
    return NULL;
  }
  ctx->endpoint.plain = ctx->tcp.plain = ctx->ws.plain = t->plain;
  return ctx->tls = t;
}

void cs_api_tls_free(cs_api_context_tls *t) {
  if (!t)
    return;
  cs_api_credentials_drop(&t->inherited);
  cs_api_roots_free(t->alloc, t->roots, t->root_count, t->root_cap);
  cs_tls_shared_free(t->shared);
  explicit_bzero(t->plain, sizeof t->plain);
  cs_base_put(t->alloc, t, sizeof *t);
}

void cs_api_credentials_drop(cs_api_credentials *c) {
  cs_tls_setup_free(c->setup);
  memset(c, 0, sizeof *c);
}

/* Every byte has to be as the version says, so that what a later version puts
 * there is not taken for nothing. */
static bool reserved_is_zero(const char *function, const uint8_t *reserved, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (reserved[i]) {
      cs_api_fail(function, "setup_data.reserved is not zero");
      return false;
    }
  return true;
}

static bool make(const char *function, cs_api_context_tls *t, const cs_tls_credentials *c,
                 cs_tls_setup **out) {
  const char *why = NULL;
  cs_err e = cs_tls_setup_new(t->shared, c, out, &why);
  if (e == CS_ERR_ARGUMENT && why)
    cs_api_fail(function, "setup_data: %s", why);
  else if (e != CS_OK)
    cs_api_fail_err(function, e, CS_RULE_NONE, "setup_data");
  return e == CS_OK;
}

static cs_span text_of(const char *s) {
  return s ? cs_span_str(s) : cs_span_of(NULL, 0);
}

bool cs_api_credentials_psk(const char *function, cs_api_context_tls *t,
                            const coap_dtls_cpsk_t *data, cs_api_credentials *out) {
  if (data->version != COAP_DTLS_CPSK_SETUP_VERSION) {
    cs_api_fail(function, "setup_data is of version %u, not %d", data->version,
                COAP_DTLS_CPSK_SETUP_VERSION);
    return false;
  }
  if (!reserved_is_zero(function, data->reserved, sizeof data->reserved))
    return false;
  const coap_dtls_cpsk_info_t *info = &data->psk_info;
  if ((info->identity.length && !info->identity.s) || (info->key.length && !info->key.s)) {
    cs_api_fail(function, "setup_data.psk_info.%s.s is NULL",
                info->identity.s ? "key" : "identity");
    return false;
  }
  cs_tls_psk psk = {.identity = cs_span_of(info->identity.s, info->identity.length),
                    .key = cs_span_of(info->key.s, info->key.length),
                    .server_name = text_of(data->client_sni)};
  cs_tls_credentials c = {.role = CS_TLS_CLIENT, .psk = &psk};
  cs_tls_setup *setup;
  if (!make(function, t, &c, &setup))
    return false;
  *out = (cs_api_credentials){.setup = setup, .psk = true, .psk_data = *data};
  return true;
}

/* ---- certificates ---- */

static void drop_blob(const cs_api_context_tls *t, struct blob *b) {
  if (!b->own)
    return;
  explicit_bzero(b->own, b->own_cap);
  cs_base_put(t->alloc, b->own, b->own_cap);
  b->own = NULL;
}

static bool read_blob(const char *function, const cs_api_context_tls *t, const char *member,
                      const char *path, struct blob *b) {
  if (!path)
    return true;
  cs_err e = cs_net_file_read(path, t->alloc, FILE_MAX, &b->own, &b->len, &b->own_cap);
  if (e == CS_OK) {
    b->at = b->own;
    return true;
  }
  cs_api_fail(function, "setup_data.pki_key.key.pem.%s: %.120s: %s", member, path,
              e == CS_ERR_ARGUMENT    ? "not a file, or an empty one"
              : e == CS_ERR_TOO_LARGE ? "larger than 1 MiB"
                                      : cs_base_err_text(e));
  return false;
}

/* What the three members of a key hold. */
static bool read_key(const char *function, const cs_api_context_tls *t, const coap_dtls_key_t *key,
                     struct blob *ca, struct blob *certificate, struct blob *private_key) {
  switch (key->key_type) {
  case COAP_PKI_KEY_PEM: {
    const coap_pki_key_pem_t *k = &key->key.pem;
    return read_blob(function, t, "ca_file", k->ca_file, ca) &&
           read_blob(function, t, "public_cert", k->public_cert, certificate) &&
           read_blob(function, t, "private_key", k->private_key, private_key);
  }
  case COAP_PKI_KEY_PEM_BUF: {
    const coap_pki_key_pem_buf_t *k = &key->key.pem_buf;
    *ca = (struct blob){k->ca_cert, k->ca_cert_len, NULL, 0};
    *certificate = (struct blob){k->public_cert, k->public_cert_len, NULL, 0};
    *private_key = (struct blob){k->private_key, k->private_key_len, NULL, 0};
    return true;
  }
  case COAP_PKI_KEY_ASN1: {
    const coap_pki_key_asn1_t *k = &key->key.asn1;
    *ca = (struct blob){k->ca_cert, k->ca_cert_len, NULL, 0};
    *certificate = (struct blob){k->public_cert, k->public_cert_len, NULL, 0};
    *private_key = (struct blob){k->private_key, k->private_key_len, NULL, 0};
    return true;
  }
  case COAP_PKI_KEY_PKCS11:
    cs_api_fail(function, "keys in a PKCS #11 token are not supported with mbedTLS");
    return false;
  default:
    cs_api_fail(function, "there is no setup_data.pki_key.key_type %d", (int)key->key_type);
    return false;
  }
}

/* A buffer is there or not: a length says nothing without bytes, nor bytes
 * without a length. */
static bool span_of(const char *function, const char *member, const struct blob *b, cs_span *out) {
  if ((b->at != NULL) == (b->len != 0)) {
    *out = cs_span_of(b->at, b->len);
    return true;
  }
  cs_api_fail(function, "setup_data.pki_key: the %s %s", member,
              b->at ? "has length 0" : "has a length, but is NULL");
  return false;
}

/* The manual says that the others mean nothing without verify_peer_cert, and
 * programs turn only that off. */
static cs_tls_policy policy_of(const coap_dtls_pki_t *data) {
  if (!data->verify_peer_cert)
    return (cs_tls_policy){.verify_peer = false};
  return (cs_tls_policy){.verify_peer = data->verify_peer_cert != 0,
                         .common_ca = data->check_common_ca != 0,
                         .allow_self_signed = data->allow_self_signed != 0,
                         .allow_expired = data->allow_expired_certs != 0,
                         .check_depth = data->cert_chain_validation != 0,
                         .max_depth = data->cert_chain_verify_depth,
                         .check_revocation = data->check_cert_revocation != 0,
                         .allow_no_crl = data->allow_no_crl != 0,
                         .allow_expired_crl = data->allow_expired_crl != 0,
                         .allow_bad_hash = data->allow_bad_md_hash != 0,
                         .allow_short_rsa = data->allow_short_rsa_length != 0};
}

static bool make_pki(const char *function, cs_api_context_tls *t, const coap_dtls_pki_t *data,
                     const struct blob blobs[3], cs_tls_setup **out) {
  cs_tls_pki pki = {.encoding =
                        data->pki_key.key_type == COAP_PKI_KEY_ASN1 ? CS_TLS_DER : CS_TLS_PEM,
                    .root_count = t->root_count,
                    .policy = policy_of(data),
                    .server_name = text_of(data->client_sni)};
  if (!span_of(function, "CA certificate", &blobs[0], &pki.ca) ||
      !span_of(function, "certificate", &blobs[1], &pki.certificate) ||
      !span_of(function, "private key", &blobs[2], &pki.key))
    return false;
  cs_span *roots = NULL;
  if (t->root_count) {
    roots = cs_base_get(t->alloc, t->root_count * sizeof *roots);
    if (!roots) {
      cs_api_fail_err(function, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
      return false;
    }
    cs_api_roots_spans(t->roots, t->root_count, roots);
    pki.roots = roots;
  }
  cs_tls_credentials c = {.role = CS_TLS_CLIENT, .pki = &pki};
  bool made = make(function, t, &c, out);
  cs_base_put(t->alloc, roots, t->root_count * sizeof *roots);
  return made;
}

bool cs_api_credentials_pki(const char *function, cs_api_context_tls *t,
                            const coap_dtls_pki_t *data, cs_api_credentials *out) {
  if (data->version != COAP_DTLS_PKI_SETUP_VERSION) {
    cs_api_fail(function, "setup_data is of version %u, not %d", data->version,
                COAP_DTLS_PKI_SETUP_VERSION);
    return false;
  }
  if (!reserved_is_zero(function, data->reserved, sizeof data->reserved))
    return false;
  if (data->is_rpk_not_cert) {
    cs_api_fail(function, "raw public keys are not supported with mbedTLS");
    return false;
  }
  struct blob blobs[3] = {{NULL, 0, NULL, 0}, {NULL, 0, NULL, 0}, {NULL, 0, NULL, 0}};
  cs_tls_setup *setup = NULL;
  bool made = read_key(function, t, &data->pki_key, &blobs[0], &blobs[1], &blobs[2]) &&
              make_pki(function, t, data, blobs, &setup);
  for (unsigned i = 0; i < 3; i++)
    drop_blob(t, &blobs[i]);
  if (made)
    *out = (cs_api_credentials){.setup = setup, .pki = true, .pki_data = *data};
  return made;
}

bool cs_api_credentials_inherit(const char *function, cs_api_context_tls *t,
                                cs_api_credentials *out) {
  if (t->inheritable) {
    *out = t->inherited;
    cs_tls_setup_share(out->setup);
    return true;
  }
  cs_tls_setup *setup;
  if (t->root_count) {
    const coap_dtls_pki_t trusting = {.verify_peer_cert = 1};
    const struct blob none[3] = {{NULL, 0, NULL, 0}, {NULL, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    if (!make_pki(function, t, &trusting, none, &setup))
      return false;
  } else {
    cs_tls_credentials nobody = {.role = CS_TLS_CLIENT};
    if (!make(function, t, &nobody, &setup))
      return false;
  }
  *out = (cs_api_credentials){.setup = setup};
  return true;
}

bool cs_api_roots_set(const char *function, cs_api_context_tls *t, const char *ca_file,
                      const char *ca_dir) {
  struct cs_api_root *roots = NULL;
  size_t count = 0, cap = 0;
  if (!cs_api_roots_read(function, t, ca_file, ca_dir, &roots, &count, &cap))
    return false;
  cs_api_roots_free(t->alloc, t->roots, t->root_count, t->root_cap);
  t->roots = roots;
  t->root_count = count;
  t->root_cap = cap;
  return true;
}
