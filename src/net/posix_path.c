#include "net/posix_path.h"

#include <string.h>
#include <unistd.h>

cs_net_path *cs_net_path_new(const cs_base_alloc *alloc, const cs_net_address *local) {
  cs_net_path *p = cs_base_get(alloc, sizeof *p);
  if (!p)
    return NULL;
  memset(p, 0, sizeof *p);
  size_t n = strnlen(local->u.un.sun_path, sizeof p->path - 1);
  memcpy(p->path, local->u.un.sun_path, n);
  return p;
}

void cs_net_path_made(cs_net_path **list, cs_net_path *p, int fd) {
  struct stat st;
  p->fd = fd;
  if (lstat(p->path, &st) == 0 && S_ISSOCK(st.st_mode)) {
    p->device = st.st_dev;
    p->inode = st.st_ino;
  } else {
    p->path[0] = '\0'; /* already replaced: nothing is ours to remove */
  }
  p->next = *list;
  *list = p;
}

void cs_net_path_remove(cs_net_path **list, int fd, const cs_base_alloc *alloc) {
  for (cs_net_path **at = list; *at; at = &(*at)->next) {
    cs_net_path *p = *at;
    if (p->fd != fd)
      continue;
    struct stat st;
    if (p->path[0] && lstat(p->path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == p->device &&
        st.st_ino == p->inode)
      unlink(p->path);
    *at = p->next;
    cs_base_put(alloc, p, sizeof *p);
    return;
  }
}
