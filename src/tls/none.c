/* No TLS: nothing can be opened, so nothing weaker than what was asked for can
 * come to be. The other functions exist to link; no cs_tls ever does. */
#include "tls/tls.h"

const char *cs_tls_library(void) {
  return "none";
}

uint32_t cs_tls_library_version(void) {
  return 0;
}

uint32_t cs_tls_built_version(void) {
  return 0;
}

bool cs_tls_available(cs_tls_kind kind) {
  (void)kind;
  return false;
}

bool cs_tls_has_cid(void) {
  return false;
}

bool cs_tls_has_tls13(void) {
  return false;
}

cs_err cs_tls_shared_new(const cs_base_alloc *alloc, cs_base_random random, cs_tls_shared **out) {
  (void)alloc, (void)random, (void)out;
  return CS_ERR_UNSUPPORTED;
}

void cs_tls_shared_free(cs_tls_shared *shared) {
  (void)shared;
}

cs_err cs_tls_setup_new(cs_tls_shared *shared, const cs_tls_credentials *c, cs_tls_setup **out,
                        const char **why) {
  (void)shared, (void)c, (void)out, (void)why;
  return CS_ERR_UNSUPPORTED;
}

cs_tls_setup *cs_tls_setup_share(cs_tls_setup *setup) {
  return setup;
}

void cs_tls_setup_free(cs_tls_setup *setup) {
  (void)setup;
}

cs_err cs_tls_open(const cs_tls_config *config, cs_time now, cs_tls **out) {
  (void)config, (void)now, (void)out;
  return CS_ERR_UNSUPPORTED;
}

void cs_tls_close(cs_tls *t) {
  (void)t;
}

cs_tls_state cs_tls_state_of(const cs_tls *t) {
  (void)t;
  return CS_TLS_FAILED;
}

cs_tls_kind cs_tls_kind_of(const cs_tls *t) {
  (void)t;
  return CS_TLS_DATAGRAM;
}

bool cs_tls_failure_of(const cs_tls *t, cs_tls_failure *out) {
  (void)t, (void)out;
  return false;
}

bool cs_tls_negotiated_of(const cs_tls *t, cs_tls_negotiated *out) {
  (void)t, (void)out;
  return false;
}

cs_err cs_tls_feed(cs_tls *t, cs_span bytes, cs_time now) {
  (void)t, (void)bytes, (void)now;
  return CS_ERR_UNSUPPORTED;
}

cs_err cs_tls_read(cs_tls *t, uint8_t *buf, size_t cap, size_t *len) {
  (void)t, (void)buf, (void)cap, (void)len;
  return CS_ERR_UNSUPPORTED;
}

cs_err cs_tls_write(cs_tls *t, cs_span data, cs_time now) {
  (void)t, (void)data, (void)now;
  return CS_ERR_UNSUPPORTED;
}

cs_err cs_tls_transmit(cs_tls *t, cs_span *bytes) {
  (void)t, (void)bytes;
  return CS_ERR_UNSUPPORTED;
}

void cs_tls_sent(cs_tls *t, size_t n, cs_time now) {
  (void)t, (void)n, (void)now;
}

bool cs_tls_wants_transmit(const cs_tls *t) {
  (void)t;
  return false;
}

void cs_tls_finish(cs_tls *t, cs_time now) {
  (void)t, (void)now;
}

void cs_tls_alert(cs_tls *t, uint8_t description, cs_time now) {
  (void)t, (void)description, (void)now;
}

bool cs_tls_peer_closed(const cs_tls *t) {
  (void)t;
  return false;
}

size_t cs_tls_overhead(const cs_tls *t) {
  (void)t;
  return 0;
}

cs_err cs_tls_set_mtu(cs_tls *t, size_t mtu) {
  (void)t, (void)mtu;
  return CS_ERR_UNSUPPORTED;
}

cs_time cs_tls_deadline(const cs_tls *t) {
  (void)t;
  return CS_TIME_NEVER;
}

void cs_tls_expire(cs_tls *t, cs_time now) {
  (void)t, (void)now;
}

void *cs_tls_library_session(cs_tls *t) {
  (void)t;
  return NULL;
}
