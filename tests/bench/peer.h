/* The server that a measured program talks to. */
#ifndef CS_BENCH_PEER_H
#define CS_BENCH_PEER_H

#include <arpa/inet.h>
#include <coap3/coap.h>
#include <netinet/in.h>

#include "bench.h"

static inline void bench_peer(coap_address_t *peer, const char *host, const char *port) {
  coap_address_init(peer);
  peer->addr.sin.sin_family = AF_INET;
  peer->addr.sin.sin_port = htons((uint16_t)bench_count(port));
  peer->size = sizeof peer->addr.sin;
  if (inet_pton(AF_INET, host, &peer->addr.sin.sin_addr) != 1)
    bench_fail("an IPv4 address is wanted");
}

#endif
