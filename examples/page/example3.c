/* page-example3 ADDRESS CERTIFICATE KEY CA: the page's third example, DTLS
 * with certificates, port 5684. */
#include "example3.inc"

#include <arpa/inet.h>

#include "exchange.h"

int main(int argc, char **argv) {
  struct in_addr address;
  if (argc != 5 || inet_pton(AF_INET, argv[1], &address) != 1)
    return 2;
  return exchange(setup_client_session_pki(address, argv[2], argv[3], argv[4]));
}
