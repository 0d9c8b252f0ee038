/* A small CoAP server over UDP with faults that are switched on by name, of the
 * kinds that real servers had: for the tests of "coapspec fuzz". Without a switch
 * it is the embedded server and nothing else.
 *
 *   planted_server PORT [--option-length] [--uri-path] [--block-state] [--hang] [--marker]
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/net.h"
#include "server/server.h"
#include "wire/option.h"

enum { PAGE = 65536, PEERS = 1024, SEGMENT = 32, NO_RESPONSE = 258 };

/* An upload of blocks that a peer has begun. */
struct upload {
  size_t got;
};

struct peer {
  struct sockaddr_in address;
  uint64_t number;
  bool conditional; /* its last PUT had If-Match */
  struct upload *upload;
};

struct planted {
  bool option_length, uri_path, block_state, hang, marker;
  uint8_t *guarded; /* a page behind which nothing may be read */
  struct peer *peers;
  uint64_t next;
};

static cs_time now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (cs_time)t.tv_sec * CS_SECOND + (cs_time)t.tv_nsec / 1000;
}

static struct peer *peer_of(struct planted *p, const struct sockaddr_in *from) {
  for (uint64_t n = p->next > PEERS ? p->next - PEERS : 1; n < p->next; n++) {
    struct peer *one = &p->peers[n % PEERS];
    if (one->address.sin_port == from->sin_port &&
        one->address.sin_addr.s_addr == from->sin_addr.s_addr)
      return one;
  }
  struct peer *one = &p->peers[p->next % PEERS];
  free(one->upload);
  *one = (struct peer){.address = *from, .number = p->next++};
  return one;
}

/* Fault 1: the length of one rare option is taken from the message and believed. */
static void believe_length(const struct planted *p, cs_span bytes) {
  uint8_t *at = p->guarded + PAGE - bytes.len;
  uint8_t *end = p->guarded + PAGE;
  static uint8_t value[PAGE * 2];
  size_t number = 0;
  memcpy(at, bytes.at, bytes.len);
  if (bytes.len < 4 || at[0] >> 6 != 1 || (at[0] & 15) > 8)
    return;
  at += 4 + (at[0] & 15);
  while (at < end && *at != 0xff) {
    size_t delta = *at >> 4;
    size_t length = *at & 15;
    at++;
    for (unsigned i = 0; i < 2; i++) {
      size_t *v = i ? &length : &delta;
      if (*v == 15 || (*v == 13 && end - at < 1) || (*v == 14 && end - at < 2))
        return;
      if (*v == 13) {
        *v = 13u + at[0];
        at += 1;
      } else if (*v == 14) {
        *v = 269u + ((size_t)at[0] << 8 | at[1]);
        at += 2;
      }
    }
    number += delta;
    if (number == NO_RESPONSE)
      memcpy(value, at, length);
    if (length > (size_t)(end - at))
      return;
    at += length;
  }
}

/* Fault 2: a path segment is copied into a buffer of a fixed size. */
static void copy_segment(cs_span segment) {
  if (segment.len <= SEGMENT)
    return;
  fprintf(stderr, "*** buffer overflow detected ***: terminated\n");
  abort();
}

/* Fault 3: a PUT with If-Match forgets the upload that is under way; the next block
 * does not know that. */
static void track_blocks(struct peer *peer, const cs_wire_message *m) {
  cs_span block;
  cs_span match;
  bool writes = m->code == CS_CODE(0, 3) || m->code == CS_CODE(0, 2);
  if (!writes)
    return;
  bool blockwise = cs_wire_option_get(m->options, CS_OPT_BLOCK1, &block) && block.len <= 3;
  uint32_t value = 0;
  if (blockwise)
    (void)cs_wire_uint(block, &value);
  if (blockwise && value >> 4 == 0 && !peer->conditional && !peer->upload)
    peer->upload = calloc(1, sizeof *peer->upload);
  if (blockwise && value >> 4 > 0 && (peer->upload || peer->conditional))
    peer->upload->got += m->payload.len;
  if (cs_wire_option_get(m->options, CS_OPT_IF_MATCH, &match)) {
    free(peer->upload);
    peer->upload = NULL;
    peer->conditional = true;
  }
}

static void faults(struct planted *p, struct peer *peer, cs_span bytes) {
  cs_wire_message m;
  if (p->option_length)
    believe_length(p, bytes);
  if (cs_wire_parse(CS_WIRE_UDP, bytes, NULL, &m) != CS_RULE_NONE)
    return;
  cs_wire_option_iter it = cs_wire_options(m.options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    if (p->uri_path && o.number == CS_OPT_URI_PATH)
      copy_segment(o.value);
    while (p->hang && o.number == CS_OPT_ACCEPT && o.value.len > 2)
      pause();
  }
  if (p->block_state)
    track_blocks(peer, &m);
}

static void send_all(struct planted *p, cs_server *server, int fd) {
  static uint8_t out[PAGE];
  uint64_t number;
  size_t len;
  while (cs_server_transmit(server, now(), out, sizeof out - 1, &number, &len) == CS_OK) {
    const struct peer *to = &p->peers[number % PEERS];
    /* Fault 5: a marker with nothing behind it. */
    if (p->marker && len > 4 && out[1] == CS_CODE(4, 2))
      out[len++] = 0xff;
    if (to->number == number)
      (void)sendto(fd, out, len, 0, (const struct sockaddr *)&to->address, sizeof to->address);
  }
}

static int serve(struct planted *p, int fd) {
  static uint8_t in[PAGE];
  cs_server *server;
  const cs_server_config config = {.alloc = &cs_net_heap_alloc, .seed = 1, .max_peers = PEERS};
  if (cs_server_new(&config, now(), &server, NULL) != CS_OK)
    return 1;
  for (;;) {
    cs_time due = cs_server_deadline(server);
    cs_time at = now();
    cs_time wait = due <= at ? 0 : due - at > CS_SECOND ? CS_SECOND : due - at;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    (void)poll(&ready, 1, (int)(wait / CS_MILLISECOND) + (wait > 0));
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t len = recvfrom(fd, in, sizeof in, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (len >= 0) {
      struct peer *peer = peer_of(p, &from);
      faults(p, peer, cs_span_of(in, (size_t)len));
      (void)cs_server_receive(server, peer->number, false, cs_span_of(in, (size_t)len), now());
    }
    if (cs_server_deadline(server) <= now())
      cs_server_expire(server, now());
    send_all(p, server, fd);
  }
}

int main(int argc, char **argv) {
  static const char *const names[] = {"--option-length", "--uri-path", "--block-state", "--hang",
                                      "--marker"};
  struct planted p = {.next = 1};
  bool *const switches[] = {&p.option_length, &p.uri_path, &p.block_state, &p.hang, &p.marker};
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (argc < 2)
    return 2;
  at.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
  for (int i = 2; i < argc; i++) {
    size_t k = 0;
    while (k < sizeof names / sizeof names[0] && strcmp(names[k], argv[i]) != 0)
      k++;
    if (k == sizeof names / sizeof names[0])
      return 2;
    *switches[k] = true;
  }
  p.peers = calloc(PEERS, sizeof *p.peers);
  p.guarded = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (!p.peers || p.guarded == MAP_FAILED || mprotect(p.guarded + PAGE, PAGE, PROT_NONE) != 0 ||
      fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
    perror("planted_server");
    return 1;
  }
  return serve(&p, fd);
}
