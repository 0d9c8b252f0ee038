/* page-example4 ADDRESS IDENTITY KEY: the page's fourth example, DTLS with a
 * pre-shared key, port 5684. */
#include "example4.inc"

#include <arpa/inet.h>

#include "exchange.h"

int main(int argc, char **argv) {
  struct in_addr address;
  if (argc != 4 || inet_pton(AF_INET, argv[1], &address) != 1)
    return 2;
  return exchange(setup_client_session_psk("localhost", address, (const uint8_t *)argv[2],
                                           (unsigned int)strlen(argv[2]), (const uint8_t *)argv[3],
                                           (unsigned int)strlen(argv[3])));
}
