/* sessions ADDRESS PORT COUNT: makes COUNT client sessions over UDP in one
 * context and prints the heap that each holds while idle, in bytes, and the
 * nanoseconds that making each took. The process ends without releasing them, so
 * that only their making is counted by a profiler. */
#include "peer.h"

#include <malloc.h>
#include <time.h>
#include <unistd.h>

static size_t heap_in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 4)
    bench_fail("usage: sessions ADDRESS PORT COUNT");
  unsigned long count = bench_count(argv[3]);
  coap_address_t peer;
  bench_peer(&peer, argv[1], argv[2]);
  coap_startup();
  coap_context_t *context = coap_new_context(NULL);
  /* What the first session alone costs (caches of the C library) is not counted. */
  if (!context || !coap_new_client_session(context, NULL, &peer, COAP_PROTO_UDP))
    bench_fail("no first session");
  size_t heap = heap_in_use();
  uint64_t begin = nanoseconds();
  for (unsigned long i = 0; i < count; i++)
    if (!coap_new_client_session(context, NULL, &peer, COAP_PROTO_UDP))
      bench_fail("no session");
  uint64_t took = nanoseconds() - begin;
  heap = heap_in_use() - heap;
  printf("heap %zu\nnanoseconds %llu\n", heap / count, (unsigned long long)(took / count));
  fflush(stdout);
  _exit(0); /* the sessions end with the process */
}
