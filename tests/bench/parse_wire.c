/* parse_wire COUNT: cs_wire_parse, which the session calls for every message,
 * COUNT times on the same request. */
#include "bench.h"
#include "wire/message.h"

int main(int argc, char **argv) {
  unsigned long count = bench_count(argc > 1 ? argv[1] : NULL);
  cs_span bytes = cs_span_of(bench_request, sizeof bench_request);
  for (unsigned long i = 0; i < count; i++) {
    cs_wire_message m;
    if (cs_wire_parse(CS_WIRE_UDP, bytes, NULL, &m) != CS_RULE_NONE || m.payload.len != 21)
      bench_fail("the request was refused");
  }
  return 0;
}
