/* Root CAs: a PEM file and the PEM files of a folder, as
 * coap_context_set_pki_root_cas() names them. */
#ifndef CS_API_ROOTS_H
#define CS_API_ROOTS_H

#include "api/credentials.h"

/* One file's bytes. */
typedef struct cs_api_root {
  uint8_t *at;
  size_t len, cap;
} cs_api_root;

/* Reads them and lets the TLS library parse each. False with a reason that
 * names the file; nothing is then to be freed. */
bool cs_api_roots_read(const char *function, cs_api_context_tls *t, const char *ca_file,
                       const char *ca_dir, cs_api_root **out, size_t *count, size_t *cap);
void cs_api_roots_free(const cs_base_alloc *alloc, cs_api_root *roots, size_t count, size_t cap);
void cs_api_roots_spans(const cs_api_root *roots, size_t count, cs_span *out);

#endif
