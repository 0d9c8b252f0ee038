/* No TLS: nothing can be opened, so nothing weaker than what was asked for can
 * come to be. The other functions exist to link; no cs_tls ever does. */
#include "tls/tls.h"

const char *cs_tls_library(void) {
  return "none";
}

bool cs_tls_available(cs_tls_kind kind) {
  (void)kind;
  return false;
}

cs_err cs_tls_open(const cs_tls_config *config, cs_time now, cs_tls **out) {
  (void)config;
  (void)now;
  (void)out;
  return CS_ERR_UNSUPPORTED;
}

void cs_tls_close(cs_tls *t) {
  (void)t;
}

cs_tls_state cs_tls_state_of(const cs_tls *t) {
  (void)t;
  return CS_TLS_FAILED;
}

cs_err cs_tls_feed(cs_tls *t, cs_span bytes, cs_time now) {
  (void)t;
  (void)bytes;
  (void)now;
  return CS_ERR_UNSUPPORTED;
}

cs_err cs_tls_read(cs_tls *t, uint8_t *buf, size_t cap, size_t *len) {
  (void)t;
  (void)buf;
  (void)cap;
  (void)len;
  return CS_ERR_UNSUPPORTED;
}

cs_err cs_tls_write(cs_tls *t, cs_span data, cs_time now) {
  (void)t;
  (void)data;
  (void)now;
  return CS_ERR_UNSUPPORTED;
}

cs_err cs_tls_transmit(cs_tls *t, uint8_t *buf, size_t cap, size_t *len) {
  (void)t;
  (void)buf;
  (void)cap;
  (void)len;
  return CS_ERR_UNSUPPORTED;
}

cs_time cs_tls_deadline(const cs_tls *t) {
  (void)t;
  return CS_TIME_NEVER;
}

void cs_tls_expire(cs_tls *t, cs_time now) {
  (void)t;
  (void)now;
}
