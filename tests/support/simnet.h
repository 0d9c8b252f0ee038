/* A simulated operating system behind cs_net_ops: virtual clock, seeded
 * randomness, datagrams and streams between sockets of the same cs_test_net,
 * with loss, duplication, reordering and delay chosen from the seed. wait()
 * never sleeps: it moves the virtual clock to the next delivery or to the
 * deadline, whichever is first. */
#ifndef CS_TESTS_SIMNET_H
#define CS_TESTS_SIMNET_H

#include "net/net.h"

/* How it behaves where a test could wonder:
 * - A datagram goes from the sender's bound address. A socket bound to "any"
 *   sends from the address that its last received datagram was sent to, else
 *   from loopback (loopback peers) or from 192.0.2.1 / 2001:db8::1.
 * - It arrives after the link's delay, loss and duplication, at the socket
 *   connected to its sender, else at the one open to all on that address and
 *   port; a group's datagram at every socket that joined the group and has its
 *   port. Without such a socket it vanishes; only cs_test_net_refuse makes an
 *   ICMP error.
 * - Streams are never lost or reordered, only delayed. Connecting to an address
 *   without a listener ends in CS_ERR_REFUSED. 64 KiB fit into one direction,
 *   then send gives CS_ERR_AGAIN.
 * - AF_UNIX paths are keys like any address: no file is made. */
typedef struct cs_test_net cs_test_net;

typedef struct cs_test_net_link {
  unsigned loss_percent;
  unsigned duplicate_percent;
  cs_time delay_min, delay_max; /* microseconds; a range makes reordering */
} cs_test_net_link;

cs_test_net *cs_test_net_new(uint64_t seed);
void cs_test_net_free(cs_test_net *t);
/* One program on the simulated host: its wait reports only what was watched
 * through it. Sockets and the clock are shared by all. Freed with t. */
cs_net cs_test_net_as_net(cs_test_net *t);
/* Called by wait whenever it finds nothing ready, before the clock moves, so
 * that a peer played by the test can receive and answer in its turn. */
void cs_test_net_set_idle(cs_test_net *t, void (*idle)(void *ctx), void *ctx);
void cs_test_net_set_link(cs_test_net *t, const cs_test_net_link *link);
cs_time cs_test_net_now(const cs_test_net *t);
/* Moves the clock on; deliveries due become ready. */
void cs_test_net_advance(cs_test_net *t, cs_time by);
/* The next n calls of the named operation ("open", "accept",
 * "send", "receive", "watch") return err instead of working. */
void cs_test_net_fail(cs_test_net *t, const char *operation, unsigned n, cs_err err);
/* Sockets not closed yet; datagrams sent so far. */
size_t cs_test_net_open_sockets(const cs_test_net *t);
size_t cs_test_net_datagrams(const cs_test_net *t);
/* Makes datagrams to this address be answered by CS_ERR_REFUSED. */
void cs_test_net_refuse(cs_test_net *t, const cs_net_address *peer);

#endif
