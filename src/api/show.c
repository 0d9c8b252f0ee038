#include <stdio.h>
#include <string.h>

#include "api/error.h"
#include "api/log.h"
#include "api/memory.h"
#include "api/pdu.h"
#include "tls/tls.h"
#include "wire/notation.h"

/* One line, to where coap_set_show_pdu_output() said. */
static void line(coap_log_t level, const char *text, size_t len) {
  if (cs_api_log_show_direct())
    fprintf((int)level <= COAP_LOG_CRIT ? COAP_ERR_FD : COAP_DEBUG_FD, "%.*s\n", (int)len, text);
  else
    coap_log_impl(level, "%.*s\n", (int)len, text);
}

void coap_show_pdu(coap_log_t level, const coap_pdu_t *pdu) {
  enum { TEXT_MAX = 4096 };
  char text[TEXT_MAX];
  if (!pdu) {
    cs_api_fail(__func__, "pdu is NULL");
    return;
  }
  if ((int)level > (int)coap_get_log_level())
    return;
  cs_wire_message m = cs_api_pdu_message(pdu);
  size_t payload = m.payload.len;
  if (!cs_api_log_show_payload())
    m.payload = cs_span_of(NULL, 0);
  size_t len = 0;
  if (cs_wire_print(&m, text, sizeof text, &len) != CS_OK)
    len = strlen(text);
  if (payload && !cs_api_log_show_payload() && len < sizeof text - 1)
    len += (size_t)snprintf(text + len, sizeof text - len, " payload of %zu bytes", payload);
  line(level, text, len < sizeof text ? len : sizeof text - 1);
}

static char *put_text(const char *function, char *buffer, size_t size, const char *text) {
  if (!buffer || size == 0) {
    cs_api_fail(function, "the buffer has no room");
    return NULL;
  }
  (void)snprintf(buffer, size, "%s", text);
  return buffer;
}

char *coap_string_tls_version(char *buffer, size_t bufsize) {
  char text[64];
  bool any = coap_dtls_is_supported() || coap_tls_is_supported();
  (void)snprintf(text, sizeof text, "TLS Library: %s", any ? cs_tls_library() : "None");
  return put_text(__func__, buffer, bufsize, text);
}

char *coap_string_tls_support(char *buffer, size_t bufsize) {
  if (!coap_dtls_is_supported() && !coap_tls_is_supported())
    return put_text(__func__, buffer, bufsize, "(No DTLS or TLS support)");
  return put_text(__func__, buffer, bufsize,
                  cs_tls_has_cid() ? "(DTLS, TLS: PSK, PKI; no PKCS11, no RPK; CID)"
                                   : "(DTLS, TLS: PSK, PKI; no PKCS11, no RPK, no CID)");
}

void coap_show_tls_version(coap_log_t level) {
  char text[64];
  if ((int)level <= (int)coap_get_log_level() && coap_string_tls_version(text, sizeof text))
    line(level, text, strlen(text));
}
