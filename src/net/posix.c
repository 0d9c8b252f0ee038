#include "net/posix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64 };

/* Entropy fetched ahead, so that a token does not cost a system call. The page
 * is wiped in a forked child, which reads as "nothing left", so parent and
 * child never hand out the same bytes. Large requests (keys) go past it. */
typedef struct cs_net_pool {
  size_t left;
  uint8_t bytes[512];
} cs_net_pool;

enum { POOLED_MAX = 32 };

static cs_time now(void *net) {
  (void)net;
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (cs_time)ts.tv_sec * CS_SECOND + (cs_time)ts.tv_nsec / 1000;
}

/* Weak randomness is never a substitute: a system that has no generator stops
 * the program. */
static void from_system(uint8_t *out, size_t n) {
  while (n > 0) {
    ssize_t got = getrandom(out, n, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      abort();
    out += got;
    n -= (size_t)got;
  }
}

static void entropy(void *net, uint8_t *out, size_t n) {
  cs_net_pool *pool = ((cs_net_posix *)net)->pool;
  if (!pool || n > POOLED_MAX) {
    from_system(out, n);
    return;
  }
  if (pool->left < n) {
    from_system(pool->bytes, sizeof pool->bytes);
    pool->left = sizeof pool->bytes;
  }
  pool->left -= n;
  memcpy(out, pool->bytes + pool->left, n);
  memset(pool->bytes + pool->left, 0, n);
}

static cs_net_pool *pool_new(void) {
  void *page =
      mmap(NULL, sizeof(cs_net_pool), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return NULL;
  if (madvise(page, sizeof(cs_net_pool), MADV_WIPEONFORK) == 0)
    return page;
  munmap(page, sizeof(cs_net_pool));
  return NULL;
}

static cs_err watch(void *net, int fd, unsigned what, void *user) {
  cs_net_posix *p = net;
  if (fd < 0 || (size_t)fd >= p->slot_count || !p->slots[fd].open)
    return CS_ERR_ARGUMENT;
  cs_net_slot *slot = &p->slots[fd];
  uint8_t wanted = (uint8_t)(what & (CS_NET_READ | CS_NET_WRITE));
  if (wanted == slot->watched && (user == slot->user || !wanted))
    return CS_OK;
  struct epoll_event ev = {.data.ptr = user};
  if (wanted & CS_NET_READ)
    ev.events |= EPOLLIN | EPOLLRDHUP;
  if (wanted & CS_NET_WRITE)
    ev.events |= EPOLLOUT;
  int op = !wanted ? EPOLL_CTL_DEL : slot->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(p->epoll, op, fd, &ev) != 0)
    return cs_net_posix_error(errno);
  slot->watched = wanted;
  slot->user = user;
  return CS_OK;
}

/* Rounded up to the milliseconds of epoll, so that a wait never ends early. */
static int timeout_of(cs_time at, cs_time deadline) {
  if (deadline == CS_TIME_NEVER)
    return -1;
  if (deadline <= at)
    return 0;
  cs_time ms = (deadline - at + CS_MILLISECOND - 1) / CS_MILLISECOND;
  return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static unsigned what_of(uint32_t events) {
  unsigned what = 0;
  if (events & (EPOLLIN | EPOLLERR))
    what |= CS_NET_READ;
  if (events & (EPOLLOUT | EPOLLERR))
    what |= CS_NET_WRITE;
  if (events & (EPOLLHUP | EPOLLRDHUP))
    what |= CS_NET_HANGUP;
  return what;
}

static size_t wait_ready(void *net, cs_net_ready *out, size_t cap, cs_time deadline) {
  cs_net_posix *p = net;
  struct epoll_event events[EVENTS_AT_ONCE];
  if (cap == 0)
    return 0;
  int room = cap < EVENTS_AT_ONCE ? (int)cap : EVENTS_AT_ONCE;
  for (;;) {
    bool timed = deadline != CS_TIME_NEVER && deadline != 0;
    int timeout = timeout_of(timed ? now(p) : 0, deadline);
    int n = epoll_wait(p->epoll, events, room, timeout);
    if (n < 0)
      return 0; /* a signal: the caller looks at its own state first */
    size_t count = 0;
    for (int i = 0; i < n; i++)
      if (events[i].data.ptr != p) /* the alarm says no more than that it is time */
        out[count++] = (cs_net_ready){events[i].data.ptr, what_of(events[i].events)};
    /* A deadline further away than epoll can wait is waited for in parts. */
    if (n > 0 || timeout != INT32_MAX)
      return count;
  }
}

static int loop_fd(void *net) {
  return ((cs_net_posix *)net)->epoll;
}

static const cs_net_ops posix_ops = {
    .now = now,
    .entropy = entropy,
    .open = cs_net_posix_open,
    .beside = cs_net_posix_beside,
    .accept = cs_net_posix_accept,
    .connected = cs_net_posix_connected,
    .send = cs_net_posix_send,
    .receive = cs_net_posix_receive,
    .finish = cs_net_posix_finish,
    .quick = cs_net_posix_quick,
    .close = cs_net_posix_close,
    .local = cs_net_posix_local,
    .multicast_hops = cs_net_posix_multicast_hops,
    .multicast_join = cs_net_posix_multicast_join,
    .watch = watch,
    .wait = wait_ready,
    .loop_fd = loop_fd,
    .alarm = cs_net_posix_alarm,
};

cs_err cs_net_posix_new(const cs_base_alloc *alloc, cs_net *out) {
  cs_net_posix *p = cs_base_get(alloc, sizeof *p);
  if (!p)
    return CS_ERR_MEMORY;
  memset(p, 0, sizeof *p);
  p->alloc = alloc;
  p->alarm = -1;
  p->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (p->epoll < 0) {
    int e = errno;
    cs_base_put(alloc, p, sizeof *p);
    return cs_net_posix_error(e);
  }
  p->pool = pool_new();
  *out = (cs_net){&posix_ops, p};
  return CS_OK;
}

void cs_net_posix_free(cs_net *net, const cs_base_alloc *alloc) {
  cs_net_posix *p = net->self;
  if (!p)
    return;
  for (size_t fd = 0; fd < p->slot_count; fd++)
    cs_net_posix_close(p, (int)fd);
  cs_base_put(alloc, p->slots, p->slot_count * sizeof *p->slots);
  if (p->pool)
    munmap(p->pool, sizeof *p->pool);
  if (p->alarm >= 0)
    close(p->alarm);
  close(p->epoll);
  cs_base_put(alloc, p, sizeof *p);
  *net = (cs_net){NULL, NULL};
}
