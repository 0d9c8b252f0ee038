#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "net/posix.h"

/* The timer is one more descriptor in epoll; its user is the net itself, which
 * wait knows to leave out. Setting it anew also takes back that it rang. */
cs_err cs_net_posix_alarm(void *net, cs_time at) {
  cs_net_posix *p = net;
  if (p->alarm < 0) {
    if (at == CS_TIME_NEVER)
      return CS_OK;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0)
      return cs_net_posix_error(errno);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = p};
    if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
      int e = errno;
      close(fd);
      return cs_net_posix_error(e);
    }
    p->alarm = fd;
  }
  /* All zero would disarm it; a time that has passed rings at once. */
  struct itimerspec when = {0};
  if (at != CS_TIME_NEVER) {
    when.it_value.tv_sec = (time_t)(at / CS_SECOND);
    when.it_value.tv_nsec = (long)(at % CS_SECOND) * 1000 + (at < CS_MILLISECOND ? 1 : 0);
  }
  return timerfd_settime(p->alarm, TFD_TIMER_ABSTIME, &when, NULL) == 0 ? CS_OK
                                                                        : cs_net_posix_error(errno);
}
