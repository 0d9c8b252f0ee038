#include <netdb.h>
#include <string.h>

#include <coap3/coap.h>

#include "api/address.h"
#include "api/error.h"
#include "api/memory.h"
#include "api/support.h"

enum { ADDRESSES_MAX = 32, HOST_MAX = 255 };

typedef struct cs_api_scheme {
  coap_uri_scheme_t scheme;
  coap_proto_t proto;
  uint16_t port;
} cs_api_scheme;

static const cs_api_scheme schemes[] = {
    {COAP_URI_SCHEME_COAP, COAP_PROTO_UDP, COAP_DEFAULT_PORT},
    {COAP_URI_SCHEME_COAPS, COAP_PROTO_DTLS, COAPS_DEFAULT_PORT},
    {COAP_URI_SCHEME_COAP_TCP, COAP_PROTO_TCP, COAP_DEFAULT_PORT},
    {COAP_URI_SCHEME_COAPS_TCP, COAP_PROTO_TLS, COAPS_DEFAULT_PORT},
    {COAP_URI_SCHEME_COAP_WS, COAP_PROTO_WS, 80},
    {COAP_URI_SCHEME_COAPS_WS, COAP_PROTO_WSS, 443},
};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

uint32_t coap_get_available_scheme_hint_bits(int have_pki_psk, int ws_check,
                                             coap_proto_t use_unix_proto) {
  uint32_t bits = 0;
  for (size_t i = 0; i < SCHEMES; i++) {
    const cs_api_scheme *s = &schemes[i];
    bool secure = s->scheme & COAP_URI_SCHEME_SECURE_MASK;
    bool ws = s->proto == COAP_PROTO_WS || s->proto == COAP_PROTO_WSS;
    if (!cs_api_proto_supported(s->proto) || (secure && !have_pki_psk) || (ws && !ws_check))
      continue;
    if (use_unix_proto == COAP_PROTO_NONE || use_unix_proto == s->proto)
      bits |= UINT32_C(1) << s->scheme;
  }
  return bits;
}

typedef struct cs_api_ports {
  uint16_t plain, secure, ws, ws_secure;
} cs_api_ports;

static uint16_t port_for(const cs_api_scheme *s, const cs_api_ports *p) {
  uint16_t port = s->proto == COAP_PROTO_WS                                   ? p->ws
                  : s->proto == COAP_PROTO_WSS                                ? p->ws_secure
                  : s->proto == COAP_PROTO_DTLS || s->proto == COAP_PROTO_TLS ? p->secure
                                                                              : p->plain;
  return port ? port : s->port;
}

/* The host as the resolver takes it: a zone's %25 (RFC 6874) becomes %. */
static size_t host_text(const coap_str_const_t *host, char text[HOST_MAX + 1]) {
  size_t n = 0;
  for (size_t i = 0; i < host->length && n < HOST_MAX; i++) {
    text[n++] = (char)host->s[i];
    if (host->length - i > 2 && memcmp(host->s + i, "%25", 3) == 0)
      i += 2;
  }
  text[n] = '\0';
  return n;
}

static cs_err addresses_of(const coap_str_const_t *host, bool numeric, cs_net_address *out,
                           size_t *count) {
  char text[HOST_MAX + 1];
  if (host->length > HOST_MAX)
    return CS_ERR_TOO_LARGE;
  size_t len = host_text(host, text);
  if (numeric) {
    *count = 1;
    return cs_net_address_literal(cs_span_of(text, len), 0, out);
  }
  return cs_net_resolve(cs_span_of(text, len), 0, AF_UNSPEC, out, ADDRESSES_MAX, count);
}

static coap_addr_info_t *entry_new(const cs_api_scheme *s, const coap_address_t *a,
                                   const cs_api_ports *ports) {
  coap_addr_info_t *info = cs_api_get(sizeof *info);
  if (!info)
    return NULL;
  info->next = NULL;
  info->scheme = s->scheme;
  info->proto = s->proto;
  info->addr = *a;
  coap_address_set_port(&info->addr, port_for(s, ports));
  return info;
}

static coap_addr_info_t *list_of(const coap_address_t *addresses, size_t count, int bits,
                                 const cs_api_ports *ports) {
  coap_addr_info_t *first = NULL;
  coap_addr_info_t **end = &first;
  for (size_t a = 0; a < count; a++) {
    for (size_t i = 0; i < SCHEMES; i++) {
      if (!(bits & (1 << schemes[i].scheme)) || !cs_api_proto_supported(schemes[i].proto))
        continue;
      *end = entry_new(&schemes[i], &addresses[a], ports);
      if (!*end) {
        coap_free_address_info(first);
        cs_api_fail_err("coap_resolve_address_info", CS_ERR_MEMORY, CS_RULE_NONE, NULL);
        return NULL;
      }
      end = &(*end)->next;
    }
  }
  if (!first)
    cs_api_fail("coap_resolve_address_info", "this build speaks none of the schemes asked for");
  return first;
}

coap_addr_info_t *coap_resolve_address_info(const coap_str_const_t *address, uint16_t port,
                                            uint16_t secure_port, uint16_t ws_port,
                                            uint16_t ws_secure_port, int ai_hints_flags,
                                            int scheme_hint_bits, coap_resolve_type_t type) {
  const cs_api_ports ports = {port, secure_port, ws_port, ws_secure_port};
  coap_address_t addresses[ADDRESSES_MAX];
  size_t count = 1;
  if (!address || !address->s || address->length == 0) {
    if (type != COAP_RESOLVE_TYPE_LOCAL) {
      cs_api_fail(__func__, "there is no host to resolve");
      return NULL;
    }
    coap_address_init(&addresses[0]);
    addresses[0].addr.sin6.sin6_family = AF_INET6;
    return list_of(addresses, 1, scheme_hint_bits, &ports);
  }
  if (coap_host_is_unix_domain(address)) {
    if (!coap_address_set_unix_domain(&addresses[0], address->s, address->length))
      return NULL;
    return list_of(addresses, 1, scheme_hint_bits, &ports);
  }
  cs_net_address found[ADDRESSES_MAX];
  cs_err e = addresses_of(address, ai_hints_flags & AI_NUMERICHOST, found, &count);
  if (e) {
    cs_api_fail_err(__func__, e, CS_RULE_NONE, "host");
    return NULL;
  }
  for (size_t i = 0; i < count; i++)
    cs_api_address_write(&found[i], &addresses[i]);
  return list_of(addresses, count, scheme_hint_bits, &ports);
}

void coap_free_address_info(coap_addr_info_t *info_list) {
  while (info_list) {
    coap_addr_info_t *next = info_list->next;
    cs_api_put(info_list);
    info_list = next;
  }
}
