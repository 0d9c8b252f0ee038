/* page-example5 ADDRESS: the page's fifth example, anonymous DTLS, on the port
 * the page has it on. */
#include "example5.inc"

#include <arpa/inet.h>

#include "exchange.h"

int main(int argc, char **argv) {
  struct in_addr address;
  if (argc != 2 || inet_pton(AF_INET, argv[1], &address) != 1)
    return 2;
  return exchange(setup_client_session_dtls(address));
}
