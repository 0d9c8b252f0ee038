/* secured ADDRESS PORT dtls|tls COUNT: makes COUNT client sessions by a pre-shared
 * key, one after the other, and prints the heap that each holds while it is
 * established and idle, in bytes, and the median and the longest time from a
 * session's making to the end of its handshake, in microseconds. */
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

enum { COUNT_MAX = 10000 };

static int connected;

static int on_event(coap_session_t *session, const coap_event_t event) {
  (void)session;
  if (event == COAP_EVENT_DTLS_CONNECTED)
    connected = 1;
  if (event == COAP_EVENT_DTLS_ERROR)
    bench_fail("a handshake failed");
  return 0;
}

static size_t heap_in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static uint64_t microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000) + (uint64_t)now.tv_nsec / 1000;
}

/* How long one takes to be established. */
static uint64_t establish(coap_context_t *context, const coap_address_t *peer, coap_proto_t proto) {
  uint64_t begin = microseconds();
  connected = 0;
  coap_session_t *session = bench_session(context, peer, proto);
  if (!session)
    bench_fail("no session");
  /* libcoap's client has no event for DTLS, but a state. */
  while (!connected && coap_session_get_state(session) != COAP_SESSION_STATE_ESTABLISHED) {
    if (coap_io_process(context, 1000) < 0)
      bench_fail("coap_io_process failed");
    if (microseconds() - begin > UINT64_C(10000000))
      bench_fail("no handshake within 10 s");
  }
  uint64_t took = microseconds() - begin;
  /* The CSMs of a stream are not the handshake's, but leave before the next. */
  for (int i = 0; i < 3; i++)
    coap_io_process(context, COAP_IO_NO_WAIT);
  return took;
}

static int by_size(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  static uint64_t took[COUNT_MAX];
  coap_proto_t proto = COAP_PROTO_NONE;
  if (argc == 5 && strcmp(argv[3], "dtls") == 0)
    proto = COAP_PROTO_DTLS;
  else if (argc == 5 && strcmp(argv[3], "tls") == 0)
    proto = COAP_PROTO_TLS;
  if (proto == COAP_PROTO_NONE)
    bench_fail("usage: secured ADDRESS PORT dtls|tls COUNT");
  unsigned long count = bench_count(argv[4]);
  coap_address_t peer;
  bench_peer(&peer, argv[1], argv[2]);
  coap_startup();
  coap_context_t *context = coap_new_context(NULL);
  if (!context || count > COUNT_MAX)
    bench_fail("no context, or too many sessions");
  coap_register_event_handler(context, on_event);
  /* What the first session alone costs is not counted. */
  (void)establish(context, &peer, proto);
  size_t heap = heap_in_use();
  for (unsigned long i = 0; i < count; i++)
    took[i] = establish(context, &peer, proto);
  heap = heap_in_use() - heap;
  qsort(took, count, sizeof *took, by_size);
  printf("heap %zu\nmedian %llu\nlongest %llu\n", heap / count, (unsigned long long)took[count / 2],
         (unsigned long long)took[count - 1]);
  fflush(stdout);
  _exit(0); /* the sessions end with the process */
}
