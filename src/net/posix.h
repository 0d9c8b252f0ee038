/* What the parts of the real net share. Descriptors are the system's own; a
 * table beside them remembers what epoll and the kernel cannot be asked for
 * without a system call. */
#ifndef CS_NET_POSIX_H
#define CS_NET_POSIX_H

#include "net/net.h"
#include "net/posix_path.h"

typedef struct cs_net_slot {
  void *user;
  uint8_t watched; /* CS_NET_READ | CS_NET_WRITE as epoll knows it */
  uint8_t failure; /* cs_err of a background connect, once known */
  bool open;
  bool stream;
} cs_net_slot;

typedef struct cs_net_posix {
  const cs_base_alloc *alloc;
  int epoll;
  int alarm;          /* timer in epoll, or -1 until one was asked for */
  cs_net_slot *slots; /* by descriptor */
  size_t slot_count;
  cs_net_path *paths;       /* AF_UNIX paths made by open */
  struct cs_net_pool *pool; /* entropy not handed out yet, or NULL */
} cs_net_posix;

/* The one place where errno becomes a cs_err. */
cs_err cs_net_posix_error(int errnum);

cs_err cs_net_posix_open(void *net, cs_net_kind kind, const cs_net_address *local,
                         const cs_net_address *peer, int *fd);
cs_err cs_net_posix_beside(void *net, int fd, const cs_net_address *group, int *other);
cs_err cs_net_posix_accept(void *net, int fd, cs_net_address *peer, int *connection);
cs_err cs_net_posix_connected(void *net, int fd);
cs_err cs_net_posix_send(void *net, int fd, const cs_net_address *peer, cs_span bytes,
                         size_t *sent);
cs_err cs_net_posix_receive(void *net, int fd, uint8_t *buf, size_t cap, size_t *len,
                            cs_net_address *from);
cs_err cs_net_posix_finish(void *net, int fd);
void cs_net_posix_quick(void *net, int fd);
void cs_net_posix_close(void *net, int fd);
cs_err cs_net_posix_local(void *net, int fd, cs_net_address *out);
cs_err cs_net_posix_multicast_hops(void *net, int fd, unsigned hops);
cs_err cs_net_posix_multicast_join(void *net, int fd, const cs_net_address *group);

cs_err cs_net_posix_alarm(void *net, cs_time at);

/* Outgoing defaults of a socket that will send to a group. */
cs_err cs_net_posix_multicast_defaults(int fd, const cs_net_address *local,
                                       const cs_net_address *peer);

#endif
