/* page-example2 PATH: the page's second example, a Unix-domain socket. */
#include "example2.inc"

#include "exchange.h"

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  return exchange(setup_client_session(argv[1]));
}
