#include "api/support.h"

#include "tls/tls.h"

bool cs_api_proto_supported(coap_proto_t proto) {
  switch (proto) {
  case COAP_PROTO_UDP:
  case COAP_PROTO_TCP:
  case COAP_PROTO_WS:
    return true;
  case COAP_PROTO_DTLS:
    return cs_tls_available(CS_TLS_DATAGRAM);
  case COAP_PROTO_TLS:
  case COAP_PROTO_WSS:
    return cs_tls_available(CS_TLS_STREAM);
  default:
    return false;
  }
}

const char *cs_api_proto_name(coap_proto_t proto) {
  switch (proto) {
  case COAP_PROTO_UDP:
    return "UDP";
  case COAP_PROTO_DTLS:
    return "DTLS";
  case COAP_PROTO_TCP:
    return "TCP";
  case COAP_PROTO_TLS:
    return "TLS";
  case COAP_PROTO_WS:
    return "WS";
  case COAP_PROTO_WSS:
    return "WSS";
  default:
    return NULL;
  }
}

int coap_ipv4_is_supported(void) {
  return 1;
}

int coap_ipv6_is_supported(void) {
  return 1;
}

int coap_af_unix_is_supported(void) {
  return 1;
}

int coap_client_is_supported(void) {
  return 1;
}

int coap_server_is_supported(void) {
  return 0;
}

int coap_epoll_is_supported(void) {
  return 1;
}

int coap_threadsafe_is_supported(void) {
  return 0;
}

int coap_async_is_supported(void) {
  return 0;
}

int coap_observe_persist_is_supported(void) {
  return 0;
}

int coap_oscore_is_supported(void) {
  return 0;
}

int coap_q_block_is_supported(void) {
  return 0;
}

int coap_tcp_is_supported(void) {
  return cs_api_proto_supported(COAP_PROTO_TCP);
}

int coap_ws_is_supported(void) {
  return cs_api_proto_supported(COAP_PROTO_WS);
}

int coap_wss_is_supported(void) {
  return cs_api_proto_supported(COAP_PROTO_WSS);
}

int coap_dtls_is_supported(void) {
  return cs_api_proto_supported(COAP_PROTO_DTLS);
}

int coap_tls_is_supported(void) {
  return cs_api_proto_supported(COAP_PROTO_TLS);
}

int coap_dtls_psk_is_supported(void) {
  return coap_dtls_is_supported();
}

int coap_dtls_pki_is_supported(void) {
  return coap_dtls_is_supported();
}

int coap_dtls_pkcs11_is_supported(void) {
  return 0;
}

int coap_dtls_rpk_is_supported(void) {
  return 0;
}

int coap_dtls_cid_is_supported(void) {
  return cs_tls_has_cid();
}

coap_tls_version_t *coap_get_tls_library_version(void) {
  static _Thread_local coap_tls_version_t version;
  bool any = coap_dtls_is_supported() || coap_tls_is_supported();
  version = (coap_tls_version_t){.version = cs_tls_library_version(),
                                 .type = any ? COAP_TLS_LIBRARY_MBEDTLS : COAP_TLS_LIBRARY_NOTLS,
                                 .built_version = cs_tls_built_version()};
  return &version;
}
