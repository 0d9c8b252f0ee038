#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "net/address.h"

enum { HOST_MAX = 255 };

static cs_err from_literal(cs_err e, const cs_net_address *a, int family, cs_net_address *out,
                           size_t *count) {
  if (e != CS_OK || (family != AF_UNSPEC && family != cs_net_address_family(a)))
    return CS_ERR_RESOLVE;
  *out = *a;
  *count = 1;
  return CS_OK;
}

/* The number spellings that the C library still takes for addresses ("127.1",
 * "0x7f000001") are neither literals of RFC 3986 nor host names: whoever
 * filters by text would be deceived by them. */
static bool legacy_number(const char *name) {
  struct in_addr ignored;
  return inet_aton(name, &ignored) != 0;
}

cs_err cs_net_resolve(cs_span host, uint16_t port, int family, cs_net_address *out, size_t cap,
                      size_t *count) {
  if (host.len == 0 || host.len > HOST_MAX || memchr(host.at, 0, host.len) || cap == 0)
    return CS_ERR_ARGUMENT;
  if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
    return CS_ERR_ARGUMENT;

  cs_net_address a;
  cs_err e = cs_net_address_literal(host, port, &a);
  if (e != CS_ERR_ARGUMENT)
    return from_literal(e, &a, family, out, count);

  char name[HOST_MAX + 1];
  memcpy(name, host.at, host.len);
  name[host.len] = '\0';
  if (legacy_number(name))
    return CS_ERR_RESOLVE;

  struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};
  struct addrinfo *list = NULL;
  int r = getaddrinfo(name, NULL, &hints, &list);
  if (r != 0)
    return r == EAI_MEMORY ? CS_ERR_MEMORY : CS_ERR_RESOLVE;
  size_t n = 0;
  for (struct addrinfo *i = list; i && n < cap; i = i->ai_next) {
    if (i->ai_family != AF_INET && i->ai_family != AF_INET6)
      continue;
    memset(&out[n], 0, sizeof out[n]);
    memcpy(&out[n].u, i->ai_addr, i->ai_addrlen);
    out[n].len = i->ai_addrlen;
    cs_net_address_set_port(&out[n], port);
    n++;
  }
  freeaddrinfo(list);
  if (n == 0)
    return CS_ERR_RESOLVE;
  *count = n;
  return CS_OK;
}
