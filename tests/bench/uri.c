/* uri COUNT: coap_split_uri COUNT times on the same URI. */
#include <coap3/coap.h>

#include "bench.h"

int main(int argc, char **argv) {
  unsigned long count = bench_count(argc > 1 ? argv[1] : NULL);
  coap_startup();
  for (unsigned long i = 0; i < count; i++) {
    coap_uri_t uri;
    if (coap_split_uri((const uint8_t *)bench_uri, sizeof bench_uri - 1, &uri) != 0 ||
        uri.port != 5690)
      bench_fail("the URI was refused");
  }
  coap_cleanup();
  return 0;
}
