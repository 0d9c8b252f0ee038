/* uri_wire COUNT: cs_wire_uri_split COUNT times on the same URI. */
#include "bench.h"
#include "wire/uri.h"

int main(int argc, char **argv) {
  unsigned long count = bench_count(argc > 1 ? argv[1] : NULL);
  cs_span text = cs_span_of(bench_uri, sizeof bench_uri - 1);
  for (unsigned long i = 0; i < count; i++) {
    cs_wire_uri uri;
    if (cs_wire_uri_split(text, &uri, NULL) != CS_RULE_NONE || uri.port != 5690)
      bench_fail("the URI was refused");
  }
  return 0;
}
