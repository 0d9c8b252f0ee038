/* page-example1 ADDRESS: the page's first example, IPv4, port 5683. */
#include "example1.inc"

#include <arpa/inet.h>

#include "exchange.h"

int main(int argc, char **argv) {
  struct in_addr address;
  if (argc != 2 || inet_pton(AF_INET, argv[1], &address) != 1)
    return 2;
  return exchange(setup_client_session(address));
}
