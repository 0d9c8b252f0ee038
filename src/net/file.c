#include "net/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/posix.h"

static cs_err error_of(int errnum) {
  switch (errnum) {
  case ENAMETOOLONG:
    return CS_ERR_TOO_LARGE;
  case EISDIR:
  case ELOOP:
    return CS_ERR_ARGUMENT;
  case ENOTDIR:
  case ENXIO:
    return CS_ERR_NOT_FOUND;
  default:
    return cs_net_posix_error(errnum);
  }
}

/* Reads until the end or until cap bytes are there. */
static cs_err read_all(int fd, uint8_t *buf, size_t cap, size_t *len) {
  *len = 0;
  while (*len < cap) {
    ssize_t n = read(fd, buf + *len, cap - *len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return error_of(errno);
    if (n == 0)
      break;
    *len += (size_t)n;
  }
  return CS_OK;
}

static cs_err read_open(int fd, const cs_base_alloc *alloc, size_t max, uint8_t **out, size_t *len,
                        size_t *cap) {
  struct stat st;
  if (fstat(fd, &st) != 0)
    return error_of(errno);
  if (!S_ISREG(st.st_mode) || st.st_size == 0)
    return CS_ERR_ARGUMENT;
  if ((uintmax_t)st.st_size > max)
    return CS_ERR_TOO_LARGE;
  /* One byte more than it had: a file that grows meanwhile is noticed. */
  size_t room = (size_t)st.st_size + 1;
  uint8_t *buf = cs_base_get(alloc, room);
  if (!buf)
    return CS_ERR_MEMORY;
  size_t n;
  cs_err e = read_all(fd, buf, room, &n);
  if (e == CS_OK && (n == 0 || n == room))
    e = n == 0 ? CS_ERR_ARGUMENT : CS_ERR_SYSTEM;
  if (e != CS_OK) {
    explicit_bzero(buf, room);
    cs_base_put(alloc, buf, room);
    return e;
  }
  *out = buf;
  *len = n;
  *cap = room;
  return CS_OK;
}

cs_err cs_net_file_read(const char *path, const cs_base_alloc *alloc, size_t max, uint8_t **out,
                        size_t *len, size_t *cap) {
  /* Non-blocking, as a path may lead to a pipe that nobody writes to. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return error_of(errno);
  cs_err e = read_open(fd, alloc, max, out, len, cap);
  (void)close(fd);
  return e;
}

static int visible(const struct dirent *d) {
  return d->d_name[0] != '.';
}

static cs_err visit(const char *folder, const char *name,
                    cs_err (*each)(void *ctx, const char *file), void *ctx) {
  char path[PATH_MAX];
  struct stat st;
  int n = snprintf(path, sizeof path, "%s/%s", folder, name);
  if (n < 0 || (size_t)n >= sizeof path)
    return CS_ERR_TOO_LARGE;
  /* A link to nowhere is no file. */
  if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
    return CS_OK;
  return each(ctx, path);
}

cs_err cs_net_folder_each(const char *path, cs_err (*each)(void *ctx, const char *file),
                          void *ctx) {
  struct stat st;
  struct dirent **names;
  if (stat(path, &st) != 0)
    return error_of(errno);
  if (!S_ISDIR(st.st_mode))
    return CS_ERR_ARGUMENT;
  int n = scandir(path, &names, visible, alphasort);
  if (n < 0)
    return error_of(errno);
  cs_err e = CS_OK;
  for (int i = 0; i < n; i++) {
    if (e == CS_OK)
      e = visit(path, names[i]->d_name, each, ctx);
    free(names[i]);
  }
  free(names);
  return e;
}
