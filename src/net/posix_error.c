#include <errno.h>

#include "net/posix.h"

cs_err cs_net_posix_error(int errnum) {
  switch (errnum) {
  case EAGAIN:
  case EINPROGRESS:
  case EALREADY:
    return CS_ERR_AGAIN;
  case ECONNREFUSED:
  case ENOPROTOOPT: /* ICMP protocol unreachable */
  case EPROTOTYPE:  /* an AF_UNIX socket of the other kind */
    return CS_ERR_REFUSED;
  case ENETUNREACH:
  case EHOSTUNREACH:
  case ENETDOWN:
  case EHOSTDOWN:
  case ENONET:
  case ENODEV:
  case ENXIO:
  case ETIMEDOUT:
    return CS_ERR_UNREACHABLE;
  case EADDRINUSE:
    return CS_ERR_IN_USE;
  case EACCES:
  case EPERM:
  case EROFS:
    return CS_ERR_PERMISSION;
  case EMSGSIZE:
    return CS_ERR_TOO_LARGE;
  case EPIPE:
  case ECONNRESET:
  case ECONNABORTED:
  case ESHUTDOWN:
  case ENOTCONN:
    return CS_ERR_CLOSED;
  case EMFILE:
  case ENFILE:
    return CS_ERR_LIMIT;
  case ENOMEM:
  case ENOBUFS:
    return CS_ERR_MEMORY;
  case ENOENT:
  case ENOTDIR:
    return CS_ERR_NOT_FOUND;
  case EADDRNOTAVAIL:
  case EDESTADDRREQ:
  case EINVAL:
    return CS_ERR_ARGUMENT;
  case EAFNOSUPPORT:
  case EPROTONOSUPPORT:
  case EOPNOTSUPP:
    return CS_ERR_UNSUPPORTED;
  default:
    return CS_ERR_SYSTEM;
  }
}
