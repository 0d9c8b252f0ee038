#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "net/posix.h"

static const int backlog = 128;

/* The record of fd, or NULL when the table does not have it open. */
static cs_net_slot *slot_of(cs_net_posix *p, int fd) {
  if (fd < 0 || (size_t)fd >= p->slot_count || !p->slots[fd].open)
    return NULL;
  return &p->slots[fd];
}

static cs_err slot_open(cs_net_posix *p, int fd, bool stream) {
  if ((size_t)fd >= p->slot_count) {
    size_t n = p->slot_count ? p->slot_count : 16;
    while (n <= (size_t)fd)
      n *= 2;
    cs_net_slot *slots = cs_base_get(p->alloc, n * sizeof *slots);
    if (!slots)
      return CS_ERR_MEMORY;
    memset(slots, 0, n * sizeof *slots);
    if (p->slot_count)
      memcpy(slots, p->slots, p->slot_count * sizeof *slots);
    cs_base_put(p->alloc, p->slots, p->slot_count * sizeof *slots);
    p->slots = slots;
    p->slot_count = n;
  }
  p->slots[fd] = (cs_net_slot){.open = true, .stream = stream};
  return CS_OK;
}

static int set_int(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value);
}

/* Binds, keeping the record of a path that this makes. */
static cs_err bind_local(cs_net_posix *p, int fd, const cs_net_address *local) {
  cs_net_path *made = NULL;
  bool path = cs_net_address_family(local) == AF_UNIX;
  if (path) {
    made = cs_net_path_new(p->alloc, local);
    if (!made)
      return CS_ERR_MEMORY;
  }
  if (bind(fd, &local->u.sa, local->len) != 0) {
    int e = errno;
    cs_base_put(p->alloc, made, sizeof *made);
    return cs_net_posix_error(e);
  }
  if (path)
    cs_net_path_made(&p->paths, made, fd);
  return CS_OK;
}

static cs_err connect_peer(int fd, const cs_net_address *peer) {
  if (connect(fd, &peer->u.sa, peer->len) == 0)
    return CS_OK;
  switch (errno) {
  case EINPROGRESS:
  case EINTR: /* goes on in the background as well */
    return CS_OK;
  case EAGAIN: /* an AF_UNIX listener whose backlog is full */
    return CS_ERR_REFUSED;
  case EADDRNOTAVAIL: /* no ephemeral port left */
    return CS_ERR_LIMIT;
  case ENOENT:
  case ENOTDIR:
    return CS_ERR_UNREACHABLE;
  default:
    return cs_net_posix_error(errno);
  }
}

static cs_err set_up(cs_net_posix *p, int fd, cs_net_kind kind, const cs_net_address *local,
                     const cs_net_address *peer) {
  int family = cs_net_address_family(peer ? peer : local);
  cs_err e = CS_OK;
  if (family == AF_INET6 &&
      set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, local && !cs_net_address_any(local)) != 0)
    return cs_net_posix_error(errno);
  if (kind == CS_NET_STREAM && family != AF_UNIX) {
    if (set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1) != 0)
      return cs_net_posix_error(errno);
    if (!peer && set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
      return cs_net_posix_error(errno);
  }
  if (local && (e = bind_local(p, fd, local)) != CS_OK)
    return e;
  if (!peer) {
    if (kind == CS_NET_STREAM && listen(fd, backlog) != 0)
      return cs_net_posix_error(errno);
    return CS_OK;
  }
  if (kind == CS_NET_DATAGRAM && cs_net_address_multicast(peer))
    return cs_net_posix_multicast_defaults(fd, local, peer);
  return connect_peer(fd, peer);
}

static cs_err open_checked(cs_net_posix *p, cs_net_kind kind, const cs_net_address *local,
                           const cs_net_address *peer, int *fd) {
  int family = cs_net_address_family(peer ? peer : local);
  int type = kind == CS_NET_STREAM ? SOCK_STREAM : SOCK_DGRAM;
  int s = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (s < 0)
    return cs_net_posix_error(errno);
  cs_err e = slot_open(p, s, kind == CS_NET_STREAM);
  if (e) {
    close(s);
    return e;
  }
  e = set_up(p, s, kind, local, peer);
  if (e) {
    cs_net_posix_close(p, s);
    return e;
  }
  *fd = s;
  return CS_OK;
}

static bool usable(const cs_net_address *a) {
  switch (cs_net_address_family(a)) {
  case AF_INET:
    return a->len == sizeof a->u.in;
  case AF_INET6:
    return a->len == sizeof a->u.in6;
  case AF_UNIX:
    return a->len > offsetof(struct sockaddr_un, sun_path) && a->len <= sizeof a->u.un &&
           a->u.un.sun_path[0] != '\0';
  default:
    return false;
  }
}

cs_err cs_net_posix_open(void *net, cs_net_kind kind, const cs_net_address *local,
                         const cs_net_address *peer, int *fd) {
  if (kind != CS_NET_DATAGRAM && kind != CS_NET_STREAM)
    return CS_ERR_ARGUMENT;
  if ((local && !usable(local)) || (peer && !usable(peer)))
    return CS_ERR_ARGUMENT;
  if (local && peer && cs_net_address_family(local) != cs_net_address_family(peer))
    return CS_ERR_ARGUMENT;
  if (peer && cs_net_address_family(peer) == AF_UNIX && kind == CS_NET_DATAGRAM && !local)
    return CS_ERR_ARGUMENT;
  if (peer && cs_net_address_family(peer) != AF_UNIX &&
      (cs_net_address_port(peer) == 0 || cs_net_address_any(peer)))
    return CS_ERR_ARGUMENT;
  if (peer && kind == CS_NET_STREAM && cs_net_address_multicast(peer))
    return CS_ERR_ARGUMENT;
  if (local || peer)
    return open_checked(net, kind, local, peer, fd);

  cs_net_address any = {.len = sizeof any.u.in6, .u.in6 = {.sin6_family = AF_INET6}};
  cs_err e = open_checked(net, kind, &any, NULL, fd);
  if (e != CS_ERR_UNSUPPORTED)
    return e;
  any = (cs_net_address){.len = sizeof any.u.in, .u.in = {.sin_family = AF_INET}};
  return open_checked(net, kind, &any, NULL, fd);
}

/* Both sockets let the other have the address, the first one only now: a port that
 * the system chooses for a socket that shares might be one that another shares. And
 * no longer than that: on Linux whoever shares may join, also another user. */
static cs_err share_address(int fd, int other, const cs_net_address *local) {
  cs_err e = CS_OK;
  if (set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0 ||
      set_int(other, SOL_SOCKET, SO_REUSEADDR, 1) != 0 ||
      bind(other, &local->u.sa, local->len) != 0)
    e = cs_net_posix_error(errno);
  (void)set_int(fd, SOL_SOCKET, SO_REUSEADDR, 0);
  (void)set_int(other, SOL_SOCKET, SO_REUSEADDR, 0);
  return e;
}

static cs_err bind_beside(int fd, int other, const cs_net_address *local,
                          const cs_net_address *group) {
  bool mapped =
      cs_net_address_family(local) == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&local->u.in6.sin6_addr);
  if (cs_net_address_family(local) == AF_INET6 &&
      set_int(other, IPPROTO_IPV6, IPV6_V6ONLY, !mapped) != 0)
    return cs_net_posix_error(errno);
  cs_err e = share_address(fd, other, local);
  if (e)
    return e;
  return group ? cs_net_posix_multicast_defaults(other, local, group) : CS_OK;
}

cs_err cs_net_posix_beside(void *net, int fd, const cs_net_address *group, int *other) {
  cs_net_posix *p = net;
  const cs_net_slot *slot = slot_of(p, fd);
  cs_net_address local = {0};
  if (!slot || slot->stream || (group && !cs_net_address_multicast(group)))
    return CS_ERR_ARGUMENT;
  cs_err e = cs_net_posix_local(p, fd, &local);
  if (e)
    return e;
  int family = cs_net_address_family(&local);
  if (family == AF_UNIX)
    return CS_ERR_UNSUPPORTED;
  if (group && cs_net_address_family(group) != family)
    return CS_ERR_ARGUMENT;
  int s = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (s < 0)
    return cs_net_posix_error(errno);
  e = slot_open(p, s, false);
  if (e) {
    close(s);
    return e;
  }
  e = bind_beside(fd, s, &local, group);
  if (e) {
    cs_net_posix_close(p, s);
    return e;
  }
  *other = s;
  return CS_OK;
}

cs_err cs_net_posix_accept(void *net, int fd, cs_net_address *peer, int *connection) {
  cs_net_posix *p = net;
  cs_net_address from = {.len = sizeof from.u};
  int s;
  do
    s = accept4(fd, &from.u.sa, &from.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (s < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (s < 0)
    return cs_net_posix_error(errno);
  cs_err e = slot_open(p, s, true);
  if (e) {
    close(s);
    return e;
  }
  if (cs_net_address_family(&from) != AF_UNIX)
    (void)set_int(s, IPPROTO_TCP, TCP_NODELAY, 1); /* only slower without */
  if (peer)
    *peer = from;
  *connection = s;
  return CS_OK;
}

cs_err cs_net_posix_connected(void *net, int fd) {
  cs_net_slot *slot = slot_of(net, fd);
  if (!slot || !slot->stream)
    return CS_ERR_ARGUMENT;
  if (slot->failure)
    return (cs_err)slot->failure;
  int failure = 0;
  socklen_t n = sizeof failure;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &n) != 0)
    return cs_net_posix_error(errno);
  if (failure) {
    cs_err e = cs_net_posix_error(failure);
    slot->failure = (uint8_t)e;
    return e;
  }
  cs_net_address peer = {.len = sizeof peer.u};
  if (getpeername(fd, &peer.u.sa, &peer.len) == 0)
    return CS_OK;
  return errno == ENOTCONN ? CS_ERR_AGAIN : cs_net_posix_error(errno);
}

/* A datagram socket has no stream that a peer could break off. */
static cs_err transfer_error(const cs_net_slot *slot, int errnum) {
  return slot && slot->stream && errnum == ECONNRESET ? CS_ERR_RESET : cs_net_posix_error(errnum);
}

cs_err cs_net_posix_send(void *net, int fd, const cs_net_address *peer, cs_span bytes,
                         size_t *sent) {
  ssize_t n;
  do
    n = sendto(fd, bytes.at, bytes.len, MSG_NOSIGNAL, peer ? &peer->u.sa : NULL,
               peer ? peer->len : 0);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return transfer_error(slot_of(net, fd), errno);
  *sent = (size_t)n;
  return CS_OK;
}

cs_err cs_net_posix_receive(void *net, int fd, uint8_t *buf, size_t cap, size_t *len,
                            cs_net_address *from) {
  const cs_net_slot *slot = slot_of(net, fd);
  if (!slot || (slot->stream && cap == 0))
    return CS_ERR_ARGUMENT;
  /* On a datagram socket MSG_TRUNC returns the datagram's own length; on TCP
   * it would throw bytes away. */
  int flags = slot->stream ? 0 : MSG_TRUNC;
  cs_net_address sender = {.len = sizeof sender.u};
  ssize_t n;
  do
    n = recvfrom(fd, buf, cap, flags, from ? &sender.u.sa : NULL, from ? &sender.len : NULL);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return transfer_error(slot, errno);
  if (n == 0 && slot->stream)
    return CS_ERR_CLOSED;
  if ((size_t)n > cap)
    return CS_ERR_TOO_LARGE;
  *len = (size_t)n;
  if (from)
    *from = sender;
  return CS_OK;
}

cs_err cs_net_posix_finish(void *net, int fd) {
  const cs_net_slot *slot = slot_of(net, fd);
  if (!slot || !slot->stream)
    return CS_ERR_ARGUMENT;
  return shutdown(fd, SHUT_WR) == 0 ? CS_OK : cs_net_posix_error(errno);
}

void cs_net_posix_quick(void *net, int fd) {
  const cs_net_slot *slot = slot_of(net, fd);
  const int on = 1;
  /* On AF_UNIX it fails, and nothing is delayed there. */
  if (slot && slot->stream)
    (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void cs_net_posix_close(void *net, int fd) {
  cs_net_posix *p = net;
  cs_net_slot *slot = slot_of(p, fd);
  if (!slot)
    return;
  memset(slot, 0, sizeof *slot);
  cs_net_path_remove(&p->paths, fd, p->alloc);
  close(fd);
}

cs_err cs_net_posix_local(void *net, int fd, cs_net_address *out) {
  (void)net;
  cs_net_address a = {.len = sizeof a.u};
  if (getsockname(fd, &a.u.sa, &a.len) != 0)
    return cs_net_posix_error(errno);
  *out = a;
  return CS_OK;
}
