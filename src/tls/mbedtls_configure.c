/* The library's configuration of one session: versions, suites, names, keys. It
 * is a session's own, since 2.28 keeps the verify callback's context and the PSK
 * in it. */
#include "tls/mbedtls_inside.h"

#include <mbedtls/ssl_ciphersuites.h>

enum { SUITES_MAX = 64, ALPN_MAX = 16, ALPN_NAME_MAX = 255, CID_LEN = 8, ADDRESS_MAX = 64 };

/* Only authenticated encryption. Whole tags go before short ones and forward
 * secrecy before the lack of it; the suites that RFC 7252 section 9.1.3 makes
 * mandatory have short tags, so they are there but last of their kind. The
 * library passes over what it does not have. */
static const int psk_suites[] = {
    MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_PSK_WITH_AES_128_CCM,
    MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_PSK_WITH_AES_256_CCM,
    MBEDTLS_TLS_PSK_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_PSK_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8,
    MBEDTLS_TLS_PSK_WITH_AES_256_CCM_8,
};

static const int certificate_suites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CCM,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8,
};

#if TLS_HAS_13
static const int suites_13[] = {
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_CCM_SHA256,
};
#endif

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *const coap_only[] = {"coap", NULL};

static bool is_server(const cs_tls *t) {
  return t->setup->role == CS_TLS_SERVER;
}

/* Whether a peer may be authenticated by certificates, or not at all: everyone
 * but who has a PSK alone. */
static bool takes_certificates(const cs_tls_setup *s) {
  return s->has_pki || !s->has_psk;
}

/* Whether this session may end up in TLS 1.3: there are no hints in it, and a
 * server that demands certificates beside a PSK could not tell there which of
 * them it was. */
static bool may_use_13(const cs_tls *t) {
  const cs_tls_setup *s = t->setup;
  if (!TLS_HAS_13 || t->kind == CS_TLS_DATAGRAM || t->no_tls13)
    return false;
  return !(s->has_psk && t->callbacks.hint) && !(s->has_psk && s->has_pki && s->demand_client);
}

#if TLS_HAS_13
static bool is_13(int id) {
  return id >> 8 == 0x13;
}
#endif

/* Whether the setup can do what the suite needs, and the suite what we ask. */
static bool suite_fits(const cs_tls *t, int id) {
  const mbedtls_ssl_ciphersuite_t *suite = mbedtls_ssl_ciphersuite_from_id(id);
  if (!suite)
    return false;
#if TLS_HAS_13
  if (is_13(id))
    return may_use_13(t);
#endif
  switch (suite->cipher) {
  case MBEDTLS_CIPHER_AES_128_CCM:
  case MBEDTLS_CIPHER_AES_256_CCM:
  case MBEDTLS_CIPHER_AES_128_GCM:
  case MBEDTLS_CIPHER_AES_256_GCM:
  case MBEDTLS_CIPHER_CHACHA20_POLY1305:
    break;
  default:
    return false;
  }
  switch (suite->key_exchange) {
  case MBEDTLS_KEY_EXCHANGE_PSK:
  case MBEDTLS_KEY_EXCHANGE_ECDHE_PSK:
    return t->setup->has_psk;
  case MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA:
  case MBEDTLS_KEY_EXCHANGE_ECDHE_RSA:
    return takes_certificates(t->setup);
  default:
    return false;
  }
}

static cs_err copy_suites(cs_tls *t, const int *ids, size_t n) {
  size_t size = (n + 1) * sizeof(int);
  t->suites = cs_base_get(t->alloc, size);
  if (!t->suites)
    return CS_ERR_MEMORY;
  t->suites_size = size;
  memcpy(t->suites, ids, n * sizeof(int));
  t->suites[n] = 0;
  mbedtls_ssl_conf_ciphersuites(&t->conf, t->suites);
  return CS_OK;
}

static cs_err configure_suites(cs_tls *t, const uint16_t *asked) {
  int ids[SUITES_MAX];
  size_t n = 0;
  if (asked) {
    for (; asked[n]; n++) {
      if (n == SUITES_MAX || !suite_fits(t, asked[n]))
        return CS_ERR_ARGUMENT;
      ids[n] = asked[n];
    }
    if (n == 0)
      return CS_ERR_ARGUMENT;
#if TLS_HAS_13
    bool any[2] = {false, false}; /* of 1.2, of 1.3 */
    for (size_t i = 0; i < n; i++)
      any[is_13(ids[i])] = true;
    tls_conf_versions(&t->conf, any[0], any[1]);
#endif
    return copy_suites(t, ids, n);
  }
#if TLS_HAS_13
  for (size_t i = 0; i < COUNT(suites_13); i++)
    if (suite_fits(t, suites_13[i]))
      ids[n++] = suites_13[i];
#endif
  for (size_t i = 0; i < COUNT(psk_suites); i++)
    if (suite_fits(t, psk_suites[i]))
      ids[n++] = psk_suites[i];
  for (size_t i = 0; i < COUNT(certificate_suites); i++)
    if (suite_fits(t, certificate_suites[i]))
      ids[n++] = certificate_suites[i];
  return copy_suites(t, ids, n);
}

static size_t record_overhead(const cs_tls *t, int id) {
  const mbedtls_ssl_ciphersuite_t *suite = mbedtls_ssl_ciphersuite_from_id(id);
  size_t head = t->kind == CS_TLS_DATAGRAM ? 13 : 5;
#if TLS_HAS_13
  if (is_13(id))
    return head + 16 + 16; /* the type and its padding, the tag */
#endif
  if (suite->cipher == MBEDTLS_CIPHER_CHACHA20_POLY1305)
    return head + 16;
  return head + 8 + (suite->flags & MBEDTLS_CIPHERSUITE_SHORT_TAG ? 8 : 16);
}

size_t cs_tls_worst_overhead(const cs_tls *t) {
  size_t worst = 0;
  for (const int *id = t->suites; *id; id++) {
    size_t n = record_overhead(t, *id);
    if (n > worst)
      worst = n;
  }
  return worst + (t->kind == CS_TLS_DATAGRAM && !t->no_cid ? TLS_CID_EXPANSION : 0);
}

static size_t text_length(const char *s, size_t max) {
  size_t n = 0;
  while (n < max && s[n])
    n++;
  return n;
}

/* The names in one block: the pointers, then the texts. */
static cs_err configure_alpn(cs_tls *t, const char *const *names) {
  if (!names)
    names = t->kind == CS_TLS_STREAM ? coap_only : NULL;
  if (!names || !names[0])
    return CS_OK;
  size_t n = 0, size = sizeof(char *);
  for (; names[n]; n++) {
    size_t len = text_length(names[n], ALPN_NAME_MAX + 1);
    if (n == ALPN_MAX || len == 0 || len > ALPN_NAME_MAX)
      return CS_ERR_ARGUMENT;
    size += sizeof(char *) + len + 1;
  }
  t->alpn = cs_base_get(t->alloc, size);
  if (!t->alpn)
    return CS_ERR_MEMORY;
  t->alpn_size = size;
  char *at = (char *)(t->alpn + n + 1);
  for (size_t i = 0; i < n; i++) {
    size_t len = text_length(names[i], ALPN_NAME_MAX) + 1;
    memcpy(at, names[i], len);
    t->alpn[i] = at;
    at += len;
  }
  t->alpn[n] = NULL;
  return mbedtls_ssl_conf_alpn_protocols(&t->conf, t->alpn) == 0 ? CS_OK : CS_ERR_ARGUMENT;
}

/* Server: the key of the identity that the client named. */
static int find_key(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *identity,
                    size_t len) {
  cs_tls *t = ctx;
  const cs_tls_setup *s = t->setup;
  cs_span named = cs_span_of(identity, len), key = cs_span_of(s->key, s->key_len);
  if (len > sizeof t->identity)
    return MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY;
  if (t->callbacks.key) {
    if (!t->callbacks.key(t->callbacks.ctx, named, &key) || key.len == 0 ||
        key.len > CS_TLS_KEY_MAX)
      return MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY;
  } else if (!cs_span_equal(named, cs_span_of(s->identity, s->identity_len))) {
    return MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY;
  }
  if (len)
    memcpy(t->identity, identity, len);
  t->identity_len = len;
  return mbedtls_ssl_set_hs_psk(ssl, key.at, key.len);
}

static int note_server_name(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *name,
                            size_t len) {
  cs_tls *t = ctx;
  (void)ssl;
  if (len <= CS_TLS_SERVER_NAME_MAX) {
    memcpy(t->server_name, name, len);
    t->server_name_len = len;
  }
  return 0;
}

static cs_err configure_server(cs_tls *t, const cs_tls_config *c) {
  t->server_name = cs_base_get(t->alloc, CS_TLS_SERVER_NAME_MAX);
  if (!t->server_name)
    return CS_ERR_MEMORY;
  mbedtls_ssl_conf_sni(&t->conf, note_server_name, t);
  if (t->setup->has_psk)
    mbedtls_ssl_conf_psk_cb(&t->conf, find_key, t);
  if (t->kind == CS_TLS_STREAM)
    return CS_OK;
  if (c->client_address.len > ADDRESS_MAX)
    return CS_ERR_ARGUMENT;
  if (c->client_address.len) {
    t->address = cs_base_get(t->alloc, c->client_address.len);
    if (!t->address)
      return CS_ERR_MEMORY;
    t->address_len = c->client_address.len;
    memcpy(t->address, c->client_address.at, t->address_len);
    mbedtls_ssl_conf_dtls_cookies(&t->conf, cs_tls_cookie_write, cs_tls_cookie_check, t);
  } else {
    mbedtls_ssl_conf_dtls_cookies(&t->conf, NULL, NULL, NULL);
  }
  return tls_conf_cid(&t->conf, CID_LEN) == 0 ? CS_OK : CS_ERR_ARGUMENT;
}

static cs_err configure_client(cs_tls *t) {
  const cs_tls_setup *s = t->setup;
  if (s->has_psk &&
      mbedtls_ssl_conf_psk(&t->conf, s->key, s->key_len, s->identity, s->identity_len) != 0)
    return CS_ERR_MEMORY; /* the lengths were checked when the setup was made */
  return tls_conf_cid(&t->conf, 0) == 0 ? CS_OK : CS_ERR_ARGUMENT;
}

static void configure_datagrams(cs_tls *t) {
  /* Doubling goes on until the handshake's own time is over. */
  cs_time ms = t->handshake_timeout / CS_MILLISECOND;
  uint32_t longest = ms > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)ms;
  mbedtls_ssl_conf_handshake_timeout(&t->conf, 1000, longest < 60000 ? 60000 : longest);
}

int cs_tls_configure_begin(cs_tls *t) {
  int ret = 0;
  if (is_server(t)) {
    t->server_name_len = t->identity_len = 0;
    if (t->address)
      ret = mbedtls_ssl_set_client_transport_id(&t->ssl, t->address, t->address_len);
  }
  if (ret == 0 && t->kind == CS_TLS_DATAGRAM && !t->no_cid) {
    uint8_t cid[CID_LEN] = {0};
    size_t len = is_server(t) ? sizeof cid : 0;
    if (TLS_HAS_CID && len)
      ret = t->conf.f_rng(t->conf.p_rng, cid, len);
    if (ret == 0)
      ret = tls_set_cid(&t->ssl, cid, len);
  }
  return ret;
}

cs_err cs_tls_configure(cs_tls *t, const cs_tls_config *c) {
  const cs_tls_setup *s = t->setup;
  if (t->kind == CS_TLS_DATAGRAM && (c->mtu < TLS_MTU_MIN || c->mtu > TLS_MTU_MAX))
    return CS_ERR_ARGUMENT;
  if (mbedtls_ssl_config_defaults(&t->conf,
                                  is_server(t) ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                  t->kind == CS_TLS_DATAGRAM ? MBEDTLS_SSL_TRANSPORT_DATAGRAM
                                                             : MBEDTLS_SSL_TRANSPORT_STREAM,
                                  MBEDTLS_SSL_PRESET_DEFAULT) != 0)
    return CS_ERR_MEMORY;
  mbedtls_ssl_conf_rng(&t->conf, mbedtls_ctr_drbg_random, &s->shared->generator);
  tls_conf_versions(&t->conf, true, may_use_13(t));
  tls_conf_modes_13(&t->conf, s->has_psk, takes_certificates(s));
  tls_conf_groups(&t->conf);
  tls_conf_signatures(&t->conf);
  mbedtls_ssl_conf_renegotiation(&t->conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
  mbedtls_ssl_conf_encrypt_then_mac(&t->conf, MBEDTLS_SSL_ETM_DISABLED);
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
  mbedtls_ssl_conf_session_tickets(&t->conf, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#endif
  if (t->kind == CS_TLS_DATAGRAM)
    configure_datagrams(t);
  if (takes_certificates(s) && cs_tls_verify_configure(&t->conf, &t->judge) != 0)
    return CS_ERR_MEMORY;
  cs_err err = is_server(t) ? configure_server(t, c) : configure_client(t);
  if (err == CS_OK)
    err = configure_suites(t, c->suites);
  if (err == CS_OK)
    err = configure_alpn(t, c->alpn);
  if (err != CS_OK)
    return err;
  if (mbedtls_ssl_setup(&t->ssl, &t->conf) != 0)
    return CS_ERR_MEMORY;
  cs_tls_keylog_begin(t);
  cs_tls_transport_begin(t);
  if (t->kind == CS_TLS_DATAGRAM)
    mbedtls_ssl_set_mtu(&t->ssl, (uint16_t)t->mtu);
  bool named = !is_server(t) && s->server_name[0] && s->address_len == 0;
  if (mbedtls_ssl_set_hostname(&t->ssl, named ? s->server_name : NULL) != 0 ||
      cs_tls_configure_begin(t) != 0)
    return CS_ERR_MEMORY;
  return CS_OK;
}

void cs_tls_configure_free(cs_tls *t) {
  cs_base_put(t->alloc, t->suites, t->suites_size);
  cs_base_put(t->alloc, (void *)t->alpn, t->alpn_size);
  cs_base_put(t->alloc, t->address, t->address_len);
  cs_base_put(t->alloc, t->server_name, CS_TLS_SERVER_NAME_MAX);
}
