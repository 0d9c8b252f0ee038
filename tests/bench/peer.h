/* The server that a measured program talks to. */
#ifndef CS_BENCH_PEER_H
#define CS_BENCH_PEER_H

#include <arpa/inet.h>
#include <coap3/coap.h>
#include <netinet/in.h>
#include <string.h>

#include "bench.h"

static inline void bench_peer(coap_address_t *peer, const char *host, const char *port) {
  coap_address_init(peer);
  peer->addr.sin.sin_family = AF_INET;
  peer->addr.sin.sin_port = htons((uint16_t)bench_count(port));
  peer->size = sizeof peer->addr.sin;
  if (inet_pton(AF_INET, host, &peer->addr.sin.sin_addr) != 1)
    bench_fail("an IPv4 address is wanted");
}

/* A session of proto; a secured one by the pre-shared key of the test servers. */
static inline coap_session_t *bench_session(coap_context_t *context, const coap_address_t *peer,
                                            coap_proto_t proto) {
  coap_dtls_cpsk_t psk;
  if (proto != COAP_PROTO_DTLS && proto != COAP_PROTO_TLS)
    return coap_new_client_session(context, NULL, peer, proto);
  memset(&psk, 0, sizeof psk);
  psk.version = COAP_DTLS_CPSK_SETUP_VERSION;
  psk.psk_info.identity.s = (const uint8_t *)"coapspec";
  psk.psk_info.identity.length = 8;
  psk.psk_info.key.s = (const uint8_t *)"Secret_key123";
  psk.psk_info.key.length = 13;
  return coap_new_client_session_psk2(context, NULL, peer, proto, &psk);
}

#endif
