/* Credentials, checked at once: a setup that exists can make a session. */
#include <mbedtls/platform_util.h>

#include "tls/mbedtls_pki.h"

static cs_err refuse(const char **why, const char *reason) {
  *why = reason;
  return CS_ERR_ARGUMENT;
}

/* ---- what can be said without parsing ---- */

static const char *psk_fault(const cs_tls_psk *psk) {
  if (!psk->identity.len)
    return "psk.identity: empty";
  if (psk->identity.len > CS_TLS_IDENTITY_MAX)
    return "psk.identity: longer than 128 bytes";
  if (!psk->key.len)
    return "psk.key: empty";
  if (psk->key.len > CS_TLS_KEY_MAX)
    return "psk.key: longer than 32 bytes";
  return NULL;
}

/* A flag that asks for more than can be checked is refused, one that allows what is
 * not asked for is idle. */
static const char *policy_fault(const cs_tls_pki *pki) {
  const cs_tls_policy *p = &pki->policy;
  if (!p->verify_peer && p->common_ca)
    return "common_ca: needs verify_peer";
  if (!p->verify_peer && p->check_depth)
    return "check_depth: needs verify_peer";
  if (!p->verify_peer && p->check_revocation)
    return "check_revocation: needs verify_peer";
  if (p->common_ca && !pki->ca.len)
    return "common_ca: there is no ca";
  if (p->verify_peer && !pki->ca.len && !pki->root_count && !p->allow_self_signed)
    return "verify_peer: nothing is trusted, neither ca nor roots";
  return NULL;
}

static const char *pki_fault(cs_tls_role role, const cs_tls_pki *pki) {
  if (pki->encoding != CS_TLS_PEM && pki->encoding != CS_TLS_DER)
    return "encoding: neither PEM nor DER";
  if (pki->certificate.len && !pki->key.len)
    return "key: missing, there is a certificate";
  if (pki->key.len && !pki->certificate.len)
    return "certificate: missing, there is a key";
  if (role == CS_TLS_SERVER && !pki->certificate.len)
    return "certificate: a server needs one";
  if (role == CS_TLS_CLIENT && pki->demand_client)
    return "demand_client: only a server demands one";
  if (pki->root_count && !pki->roots)
    return "roots: missing";
  return policy_fault(pki);
}

static const char *credentials_fault(const cs_tls_credentials *c) {
  if (c->role != CS_TLS_CLIENT && c->role != CS_TLS_SERVER)
    return "role: neither client nor server";
  if (c->role == CS_TLS_CLIENT && c->psk && c->pki)
    return "psk and pki: a client has one of them";
  if (c->role == CS_TLS_SERVER && !c->psk && !c->pki)
    return "psk, pki: a server needs one of them";
  bool named = (c->psk && c->psk->server_name.len) || (c->pki && c->pki->server_name.len);
  if (c->role == CS_TLS_SERVER && named)
    return "server_name: only a client asks for one";
  const char *fault = c->psk ? psk_fault(c->psk) : NULL;
  return fault || !c->pki ? fault : pki_fault(c->role, c->pki);
}

/* ---- the anchors as one list ---- */

static cs_err nodes_new(cs_tls_setup *s, size_t count) {
  s->nodes = cs_base_get(s->shared->alloc, count * sizeof *s->nodes);
  if (!s->nodes)
    return CS_ERR_MEMORY;
  s->node_count = count;
  for (size_t i = 0; i < count; i++)
    mbedtls_x509_crt_init(&s->nodes[i]);
  s->anchors = s->nodes;
  return CS_OK;
}

/* Whether our own certificate leads to this anchor, dates aside. */
static bool own_leads_to(cs_tls_setup *s, const mbedtls_x509_crt *anchor) {
  static const mbedtls_x509_crt_profile every = {0xffffffffu, 0xffffffffu, 0xffffffffu, 0};
  mbedtls_x509_crt alone = *anchor;
  alone.next = NULL;
  uint32_t flags = 0;
  mbedtls_x509_crt_verify_with_profile(&s->own, &alone, NULL, &every, NULL, &flags, NULL, NULL);
  return !(flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED);
}

/* Keeps those anchors that are ours as well. */
static cs_err anchors_in_common(cs_tls_setup *s, const char **why) {
  size_t all = 0, kept = 0;
  for (const mbedtls_x509_crt *a = &s->trust->certificates; a; a = a->next, all++)
    kept += own_leads_to(s, a);
  if (!kept)
    return refuse(why, "common_ca: ca has not issued the certificate");
  if (kept == all)
    return CS_OK;
  cs_err err = nodes_new(s, kept);
  if (err)
    return err;
  size_t i = 0;
  for (const mbedtls_x509_crt *a = &s->trust->certificates; a; a = a->next)
    if (own_leads_to(s, a)) {
      s->nodes[i] = *a;
      s->nodes[i].next = i + 1 < kept ? &s->nodes[i + 1] : NULL;
      i++;
    }
  return CS_OK;
}

static cs_err anchors_choose(cs_tls_setup *s, const char **why) {
  if (!s->policy.verify_peer)
    return CS_OK;
  bool any = s->trust && s->trust->certificates.version;
  if (!any && !s->policy.allow_self_signed)
    return refuse(why, "verify_peer: no certificate in roots, and no ca");
  if (s->trust)
    s->anchors = &s->trust->certificates;
  else /* the library does not verify without a list */
    return nodes_new(s, 1);
  return s->policy.common_ca && s->own.version ? anchors_in_common(s, why) : CS_OK;
}

/* ---- new, share, free ---- */

static void set_psk(cs_tls_setup *s, const cs_tls_psk *psk) {
  memcpy(s->identity, psk->identity.at, psk->identity.len);
  s->identity_len = psk->identity.len;
  memcpy(s->key, psk->key.at, psk->key.len);
  s->key_len = psk->key.len;
  s->has_psk = true;
}

static cs_err set_pki(cs_tls_setup *s, const cs_tls_pki *pki, const char **why) {
  s->has_pki = true;
  s->demand_client = pki->demand_client;
  s->policy = pki->policy;
  cs_err err = cs_tls_trust_take(s->shared, pki, &s->trust, why);
  if (!err && pki->certificate.len)
    err = cs_tls_own_read(s->shared, pki, &s->own, &s->own_key, why);
  return err ? err : anchors_choose(s, why);
}

cs_err cs_tls_setup_new(cs_tls_shared *shared, const cs_tls_credentials *c, cs_tls_setup **out,
                        const char **why) {
  const char *reason = credentials_fault(c);
  if (reason)
    return refuse(why, reason);
  cs_tls_setup *s = cs_base_get(shared->alloc, sizeof *s);
  if (!s)
    return CS_ERR_MEMORY;
  memset(s, 0, sizeof *s);
  s->shared = shared;
  shared->refs++;
  s->refs = 1;
  s->role = c->role;
  mbedtls_x509_crt_init(&s->own);
  mbedtls_pk_init(&s->own_key);
  cs_span name = c->psk ? c->psk->server_name : c->pki ? c->pki->server_name : cs_span_of(NULL, 0);
  cs_err err = CS_OK;
  if (!cs_tls_name_read(name, s->server_name, s->address, &s->address_len, &reason))
    err = CS_ERR_ARGUMENT;
  if (!err && c->psk)
    set_psk(s, c->psk);
  if (!err && c->pki)
    err = set_pki(s, c->pki, &reason);
  if (err) {
    cs_tls_setup_free(s);
    if (err == CS_ERR_ARGUMENT)
      *why = reason;
    return err;
  }
  *out = s;
  return CS_OK;
}

cs_tls_setup *cs_tls_setup_share(cs_tls_setup *setup) {
  setup->refs++;
  return setup;
}

void cs_tls_setup_free(cs_tls_setup *setup) {
  if (!setup || --setup->refs)
    return;
  cs_tls_shared *shared = setup->shared;
  mbedtls_x509_crt_free(&setup->own);
  mbedtls_pk_free(&setup->own_key);
  /* The nodes are shallow: what they point to is the trust's. */
  cs_base_put(shared->alloc, setup->nodes, setup->node_count * sizeof *setup->nodes);
  cs_tls_trust_drop(shared, setup->trust);
  mbedtls_platform_zeroize(setup, sizeof *setup);
  cs_base_put(shared->alloc, setup, sizeof *setup);
  cs_tls_shared_free(shared);
}
