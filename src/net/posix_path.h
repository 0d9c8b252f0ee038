/* The AF_UNIX paths that a net has made, so that closing removes exactly those
 * and never a file that somebody else put in their place. */
#ifndef CS_NET_POSIX_PATH_H
#define CS_NET_POSIX_PATH_H

#include <sys/stat.h>

#include "base/alloc.h"
#include "net/address.h"

typedef struct cs_net_path {
  struct cs_net_path *next;
  int fd;
  dev_t device;
  ino_t inode;
  char path[sizeof((struct sockaddr_un *)0)->sun_path];
} cs_net_path;

/* Takes memory for a record of this address, before anything is made.
 * NULL when there is none. */
cs_net_path *cs_net_path_new(const cs_base_alloc *alloc, const cs_net_address *local);

/* Notes that fd has just been bound to p's path and puts p into the list. */
void cs_net_path_made(cs_net_path **list, cs_net_path *p, int fd);

/* Unlinks the path that was made for fd, if the file there is still the one,
 * and releases the record. To be called before fd is closed: an open socket
 * keeps its inode number from being given to another file. */
void cs_net_path_remove(cs_net_path **list, int fd, const cs_base_alloc *alloc);

#endif
