/* page-ipv6 ADDRESS PORT: the page's first example for IPv6. */
#include <coap3/coap.h>

#include <arpa/inet.h>
#include <stdlib.h>

#include "exchange.h"

static coap_session_t *setup_client_session(struct in6_addr address, uint16_t port) {
  coap_session_t *session;
  coap_address_t server;
  coap_context_t *context = coap_new_context(NULL);
  if (!context)
    return NULL;
  coap_context_set_block_mode(context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
  coap_address_init(&server);
  server.addr.sa.sa_family = AF_INET6;
  server.addr.sin6.sin6_addr = address;
  server.addr.sin6.sin6_port = htons(port);
  session = coap_new_client_session(context, NULL, &server, COAP_PROTO_UDP);
  if (!session)
    coap_free_context(context);
  return session;
}

int main(int argc, char **argv) {
  struct in6_addr address;
  long port = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
  if (argc != 3 || port < 1 || port > 65535 || inet_pton(AF_INET6, argv[1], &address) != 1)
    return 2;
  return exchange(setup_client_session(address, (uint16_t)port));
}
