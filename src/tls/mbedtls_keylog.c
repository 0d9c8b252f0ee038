/* Lines of an NSS key log, from what the library tells of its keys. */
#include "tls/mbedtls_inside.h"

enum { LABEL_MAX = 40, SECRET_MAX = 64, RANDOM_LEN = 32 };

static void put_hex(cs_base_writer *w, cs_span bytes) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes.len; i++) {
    cs_base_put_u8(w, (uint8_t)digits[bytes.at[i] >> 4]);
    cs_base_put_u8(w, (uint8_t)digits[bytes.at[i] & 15]);
  }
}

static void tell(const cs_tls *t, const char *label, cs_span client_random, cs_span secret) {
  uint8_t line[LABEL_MAX + 1 + 2 * RANDOM_LEN + 1 + 2 * SECRET_MAX + 1];
  cs_base_writer w = cs_base_writer_of(line, sizeof line);
  for (; *label; label++)
    cs_base_put_u8(&w, (uint8_t)*label);
  cs_base_put_u8(&w, ' ');
  put_hex(&w, client_random);
  cs_base_put_u8(&w, ' ');
  put_hex(&w, secret);
  cs_base_put_u8(&w, 0);
  if (!w.overflow)
    t->callbacks.keylog(t->callbacks.ctx, (const char *)line);
  mbedtls_platform_zeroize(line, sizeof line);
}

#if TLS_MBEDTLS_3
static const char *label_of(mbedtls_ssl_key_export_type type) {
  switch (type) {
  case MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET:
    return "CLIENT_RANDOM";
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
  case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_EARLY_SECRET:
    return "CLIENT_EARLY_TRAFFIC_SECRET";
  case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_HANDSHAKE_TRAFFIC_SECRET:
    return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
  case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_HANDSHAKE_TRAFFIC_SECRET:
    return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
  case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET:
    return "CLIENT_TRAFFIC_SECRET_0";
  case MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET:
    return "SERVER_TRAFFIC_SECRET_0";
#endif
  default:
    return NULL; /* exporters say nothing about the records */
  }
}

static void library_tells(void *ctx, mbedtls_ssl_key_export_type type, const unsigned char *secret,
                          size_t secret_len, const unsigned char client_random[RANDOM_LEN],
                          const unsigned char server_random[RANDOM_LEN],
                          mbedtls_tls_prf_types prf) {
  (void)server_random, (void)prf;
  const char *label = label_of(type);
  if (label && secret_len <= SECRET_MAX)
    tell(ctx, label, cs_span_of(client_random, RANDOM_LEN), cs_span_of(secret, secret_len));
}

void cs_tls_keylog_begin(cs_tls *t) {
  if (t->callbacks.keylog)
    mbedtls_ssl_set_export_keys_cb(&t->ssl, library_tells, t);
}
#else
enum { MASTER_LEN = 48 };

static int library_tells(void *ctx, const unsigned char *master, const unsigned char *block,
                         size_t mac_len, size_t key_len, size_t iv_len,
                         const unsigned char client_random[RANDOM_LEN],
                         const unsigned char server_random[RANDOM_LEN], mbedtls_tls_prf_types prf) {
  (void)block, (void)mac_len, (void)key_len, (void)iv_len, (void)server_random, (void)prf;
  tell(ctx, "CLIENT_RANDOM", cs_span_of(client_random, RANDOM_LEN), cs_span_of(master, MASTER_LEN));
  return 0;
}

void cs_tls_keylog_begin(cs_tls *t) {
  if (t->callbacks.keylog)
    mbedtls_ssl_conf_export_keys_ext_cb(&t->conf, library_tells, t);
}
#endif
