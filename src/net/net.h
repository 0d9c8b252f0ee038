/* The operating system behind one table of operations, fixed per context: the
 * real one (cs_net_posix) and the simulated one of tests/support. Descriptors
 * are small ints of the table's own; all are non-blocking. */
#ifndef CS_NET_NET_H
#define CS_NET_NET_H

#include "base/alloc.h"
#include "base/random.h"
#include "base/time.h"
#include "net/address.h"

enum { CS_NET_READ = 1, CS_NET_WRITE = 2, CS_NET_HANGUP = 4 };

/* One descriptor that became ready. */
typedef struct cs_net_ready {
  void *user;
  unsigned what; /* CS_NET_READ | CS_NET_WRITE | CS_NET_HANGUP */
} cs_net_ready;

typedef enum cs_net_kind { CS_NET_DATAGRAM, CS_NET_STREAM } cs_net_kind;

typedef struct cs_net_ops {
  /* Monotonic microseconds. */
  cs_time (*now)(void *net);
  /* Fills with entropy fit for tokens and keys. */
  void (*entropy)(void *net, uint8_t *out, size_t n);

  /* Opens a socket, binds it to local (NULL: any) and, when peer is given and
   * unicast, connects it, so that only that peer is heard and ICMP errors come
   * back. A stream's connect goes on in the background; write readiness ends
   * it. With peer NULL a datagram socket stays open to all, a stream socket
   * listens. IPv6 sockets are dual-stack when local is in6addr_any.
   * AF_UNIX: local is required with a peer on datagrams, must not exist, is
   * created here and unlinked by close; a path that exists gives CS_ERR_IN_USE
   * and is not touched.
   * A multicast peer gets outgoing hop limit 1 and loopback on.
   * CS_ERR_ARGUMENT (a local address that is not this host's too),
   * CS_ERR_IN_USE, CS_ERR_PERMISSION, CS_ERR_UNREACHABLE, CS_ERR_REFUSED,
   * CS_ERR_NOT_FOUND (the folder of a local path), CS_ERR_LIMIT (no descriptor
   * left), CS_ERR_MEMORY, CS_ERR_UNSUPPORTED, CS_ERR_SYSTEM. */
  cs_err (*open)(void *net, cs_net_kind kind, const cs_net_address *local,
                 const cs_net_address *peer, int *fd);
  /* Opens a datagram socket at the local address of fd, which is connected: it
   * hears everybody but fd's peer, and with group (a multicast address) it can
   * send to that, by the way that leads to fd's peer. NULL where there is no
   * such thing. CS_ERR_UNSUPPORTED on AF_UNIX, where nobody else can send to a
   * connected socket; else as open. */
  cs_err (*beside)(void *net, int fd, const cs_net_address *group, int *other);
  /* Accepts one connection of a listening stream; CS_ERR_AGAIN when none. */
  cs_err (*accept)(void *net, int fd, cs_net_address *peer, int *connection);
  /* The outcome of a background connect: CS_OK, CS_ERR_AGAIN or the failure. */
  cs_err (*connected)(void *net, int fd);
  /* Sends one datagram (to peer, or NULL on a connected socket) or as many
   * stream bytes as fit (*sent). CS_ERR_AGAIN, CS_ERR_REFUSED (a pending ICMP
   * error of an earlier datagram), CS_ERR_UNREACHABLE, CS_ERR_TOO_LARGE,
   * CS_ERR_CLOSED, CS_ERR_RESET (streams), CS_ERR_SYSTEM. */
  cs_err (*send)(void *net, int fd, const cs_net_address *peer, cs_span bytes, size_t *sent);
  /* Receives one datagram, whole (CS_ERR_TOO_LARGE when it did not fit: it is
   * gone), or stream bytes; from may be NULL. CS_ERR_AGAIN when none,
   * CS_ERR_CLOSED at a stream's end, CS_ERR_RESET where the peer broke it off
   * (told once), CS_ERR_REFUSED and so on as for send. */
  cs_err (*receive)(void *net, int fd, uint8_t *buf, size_t cap, size_t *len, cs_net_address *from);
  /* Ends our direction of a connected stream (FIN); the other stays open.
   * CS_ERR_ARGUMENT (no stream), CS_ERR_CLOSED, CS_ERR_SYSTEM. */
  cs_err (*finish)(void *net, int fd);
  /* Acknowledges what came on a stream at once, this one time: a peer that has
   * more to send waits for it (RFC 1122 section 4.2.3.4) while a delayed
   * acknowledgement waits for us. No effect where there is no such thing. */
  void (*quick)(void *net, int fd);
  /* Closes fd, unlinks the AF_UNIX path that open made for it. */
  void (*close)(void *net, int fd);
  /* The address fd is bound to. */
  cs_err (*local)(void *net, int fd, cs_net_address *out);
  /* Hop limit of outgoing multicast on a datagram socket; hops 0 to 255.
   * CS_ERR_ARGUMENT, CS_ERR_UNSUPPORTED on AF_UNIX, CS_ERR_SYSTEM. */
  cs_err (*multicast_hops)(void *net, int fd, unsigned hops);
  /* Lets a datagram socket hear a multicast group, on the interface of the
   * group's zone (IPv6) or the system's choice. Errors as open. */
  cs_err (*multicast_join)(void *net, int fd, const cs_net_address *group);

  /* Watches fd for what (0 stops watching); user comes back in cs_net_ready.
   * Costs a system call only when it changes. CS_ERR_MEMORY, CS_ERR_SYSTEM. */
  cs_err (*watch)(void *net, int fd, unsigned what, void *user);
  /* Waits until something is ready or the time is deadline (CS_TIME_NEVER:
   * without end; a time in the past: just looks). Returns how many of out are
   * set, at most cap; 0 at the deadline or after a signal. */
  size_t (*wait)(void *net, cs_net_ready *out, size_t cap, cs_time deadline);
  /* A descriptor that polls readable when wait would return something, for
   * programs with a loop of their own; -1 when there is none. */
  int (*loop_fd)(void *net);
  /* Makes loop_fd poll readable from time at on (CS_TIME_NEVER: no more).
   * Costs a descriptor from the first call on and a system call each time, so
   * only for programs that wait on loop_fd. NULL where there is no loop_fd.
   * CS_ERR_LIMIT, CS_ERR_SYSTEM. */
  cs_err (*alarm)(void *net, cs_time at);
} cs_net_ops;

/* A net: the table and what it works on. */
typedef struct cs_net {
  const cs_net_ops *ops;
  void *self;
} cs_net;

/* The real one. CS_ERR_MEMORY, CS_ERR_SYSTEM. */
cs_err cs_net_posix_new(const cs_base_alloc *alloc, cs_net *out);
void cs_net_posix_free(cs_net *net, const cs_base_alloc *alloc);

/* malloc and free as an allocator table: the one place that calls them. */
extern const cs_base_alloc cs_net_heap_alloc;

/* Entropy of a net as the core's random seam; net must outlive it. */
cs_base_random cs_net_random(cs_net *net);

#endif
