/* parse COUNT: coap_pdu_init, coap_pdu_parse and coap_delete_pdu, COUNT times
 * on the same request. */
#include <coap3/coap.h>

#include "bench.h"

int main(int argc, char **argv) {
  unsigned long count = bench_count(argc > 1 ? argv[1] : NULL);
  coap_startup();
  for (unsigned long i = 0; i < count; i++) {
    coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, sizeof bench_request);
    if (!pdu || !coap_pdu_parse(COAP_PROTO_UDP, bench_request, sizeof bench_request, pdu))
      bench_fail("the request was refused");
    coap_delete_pdu(pdu);
  }
  coap_cleanup();
  return 0;
}
