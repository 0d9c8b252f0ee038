#include "net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "base/table.h"

static bool link_scoped(const struct in6_addr *a) {
  return IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_MULTICAST(a);
}

/* The path of an AF_UNIX address without a closing NUL; empty for a socket
 * that has no name. An abstract name begins with a NUL and keeps all bytes. */
static cs_span unix_path(const cs_net_address *a) {
  size_t header = offsetof(struct sockaddr_un, sun_path);
  if (a->len <= header)
    return cs_span_of(NULL, 0);
  size_t n = a->len - header;
  if (n > sizeof a->u.un.sun_path)
    n = sizeof a->u.un.sun_path; /* the system counts a NUL that it had no room for */
  if (a->u.un.sun_path[0] != '\0')
    n = strnlen(a->u.un.sun_path, n);
  return cs_span_of(a->u.un.sun_path, n);
}

static cs_err zone_index(cs_span zone, uint32_t *out) {
  if (zone.len == 0)
    return CS_ERR_ARGUMENT;
  uint64_t v = 0;
  size_t i = 0;
  while (i < zone.len && zone.at[i] >= '0' && zone.at[i] <= '9' && v <= UINT32_MAX)
    v = v * 10 + (uint64_t)(zone.at[i++] - '0');
  if (i == zone.len && v <= UINT32_MAX) {
    *out = (uint32_t)v;
    return v > 0 ? CS_OK : CS_ERR_NOT_FOUND;
  }
  char name[IF_NAMESIZE];
  if (zone.len >= sizeof name || memchr(zone.at, 0, zone.len))
    return CS_ERR_NOT_FOUND;
  memcpy(name, zone.at, zone.len);
  name[zone.len] = '\0';
  *out = if_nametoindex(name);
  return *out ? CS_OK : CS_ERR_NOT_FOUND;
}

static cs_err literal_v6(cs_span text, uint16_t port, cs_net_address *out) {
  const uint8_t *percent = memchr(text.at, '%', text.len);
  size_t n = percent ? (size_t)(percent - text.at) : text.len;
  char buf[INET6_ADDRSTRLEN];
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  if (n == 0 || n >= sizeof buf || memchr(text.at, 0, n))
    return CS_ERR_ARGUMENT;
  memcpy(buf, text.at, n);
  buf[n] = '\0';
  if (inet_pton(AF_INET6, buf, &in6.sin6_addr) != 1)
    return CS_ERR_ARGUMENT;
  if (percent) {
    uint32_t scope = 0;
    cs_err e = zone_index(cs_span_cut(text, n + 1, text.len - n - 1), &scope);
    if (e)
      return e;
    in6.sin6_scope_id = scope;
  }
  memset(out, 0, sizeof *out);
  out->u.in6 = in6;
  out->len = sizeof in6;
  return CS_OK;
}

cs_err cs_net_address_literal(cs_span text, uint16_t port, cs_net_address *out) {
  if (text.len >= 2 && text.at[0] == '[' && text.at[text.len - 1] == ']')
    return literal_v6(cs_span_cut(text, 1, text.len - 2), port, out);
  if (text.len == 0)
    return CS_ERR_ARGUMENT;
  if (memchr(text.at, ':', text.len))
    return literal_v6(text, port, out);
  char buf[INET_ADDRSTRLEN];
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (text.len >= sizeof buf || memchr(text.at, 0, text.len))
    return CS_ERR_ARGUMENT;
  memcpy(buf, text.at, text.len);
  buf[text.len] = '\0';
  if (inet_pton(AF_INET, buf, &in.sin_addr) != 1)
    return CS_ERR_ARGUMENT;
  memset(out, 0, sizeof *out);
  out->u.in = in;
  out->len = sizeof in;
  return CS_OK;
}

cs_err cs_net_address_unix(cs_span path, cs_net_address *out) {
  if (path.len == 0 || memchr(path.at, 0, path.len))
    return CS_ERR_ARGUMENT;
  if (path.len >= sizeof out->u.un.sun_path)
    return CS_ERR_TOO_LARGE;
  cs_net_address a;
  memset(&a, 0, sizeof a);
  a.u.un.sun_family = AF_UNIX;
  memcpy(a.u.un.sun_path, path.at, path.len);
  a.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
  *out = a;
  return CS_OK;
}

static void put_port(cs_base_writer *w, uint16_t port) {
  char digits[5];
  size_t n = 0;
  do {
    digits[n++] = (char)('0' + port % 10);
    port = (uint16_t)(port / 10);
  } while (port);
  cs_base_put_u8(w, ':');
  while (n)
    cs_base_put_u8(w, (unsigned char)digits[--n]);
}

static void put_zone(cs_base_writer *w, uint32_t scope) {
  char digits[10];
  size_t n = 0;
  for (uint32_t v = scope; v; v /= 10)
    digits[n++] = (char)('0' + v % 10);
  if (n)
    cs_base_put_u8(w, '%');
  while (n)
    cs_base_put_u8(w, (unsigned char)digits[--n]);
}

/* A path may hold control characters, which must not reach a log as they are.
 * The leading NUL of an abstract name is shown as the customary '@'. */
static void put_unix(cs_base_writer *w, cs_span path) {
  cs_base_put_str(w, "unix:");
  for (size_t i = 0; i < path.len; i++) {
    unsigned c = path.at[i];
    if (c == 0 && i == 0)
      c = '@';
    cs_base_put_u8(w, c < 0x20 || c == 0x7f ? '?' : c);
  }
}

size_t cs_net_address_print(const cs_net_address *a, char *buf, size_t cap) {
  char text[CS_NET_ADDRESS_TEXT];
  char ip[INET6_ADDRSTRLEN];
  cs_base_writer w = cs_base_writer_of((uint8_t *)text, sizeof text);
  if (cap == 0)
    return 0;
  switch (cs_net_address_family(a)) {
  case AF_INET:
    cs_base_put_str(&w, inet_ntop(AF_INET, &a->u.in.sin_addr, ip, sizeof ip));
    put_port(&w, cs_net_address_port(a));
    break;
  case AF_INET6:
    cs_base_put_u8(&w, '[');
    cs_base_put_str(&w, inet_ntop(AF_INET6, &a->u.in6.sin6_addr, ip, sizeof ip));
    put_zone(&w, a->u.in6.sin6_scope_id);
    cs_base_put_u8(&w, ']');
    put_port(&w, cs_net_address_port(a));
    break;
  case AF_UNIX:
    put_unix(&w, unix_path(a));
    break;
  default:
    cs_base_put_str(&w, "none");
    break;
  }
  size_t n = w.len < cap ? w.len : cap - 1;
  memcpy(buf, text, n);
  buf[n] = '\0';
  return n;
}

int cs_net_address_family(const cs_net_address *a) {
  return a->len >= sizeof a->u.sa.sa_family ? a->u.sa.sa_family : AF_UNSPEC;
}

uint16_t cs_net_address_port(const cs_net_address *a) {
  switch (cs_net_address_family(a)) {
  case AF_INET:
    return ntohs(a->u.in.sin_port);
  case AF_INET6:
    return ntohs(a->u.in6.sin6_port);
  default:
    return 0;
  }
}

void cs_net_address_set_port(cs_net_address *a, uint16_t port) {
  switch (cs_net_address_family(a)) {
  case AF_INET:
    a->u.in.sin_port = htons(port);
    break;
  case AF_INET6:
    a->u.in6.sin6_port = htons(port);
    break;
  default:
    break;
  }
}

/* The zone counts only where the system reports one: a global address that was
 * written with a zone is the same address as without. */
static uint32_t scope(const struct sockaddr_in6 *a) {
  return link_scoped(&a->sin6_addr) ? a->sin6_scope_id : 0;
}

bool cs_net_address_equal(const cs_net_address *a, const cs_net_address *b) {
  if (cs_net_address_family(a) != cs_net_address_family(b))
    return false;
  switch (cs_net_address_family(a)) {
  case AF_INET:
    return a->u.in.sin_port == b->u.in.sin_port &&
           a->u.in.sin_addr.s_addr == b->u.in.sin_addr.s_addr;
  case AF_INET6:
    return a->u.in6.sin6_port == b->u.in6.sin6_port &&
           memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, sizeof a->u.in6.sin6_addr) == 0 &&
           scope(&a->u.in6) == scope(&b->u.in6);
  case AF_UNIX:
    return cs_span_equal(unix_path(a), unix_path(b));
  default:
    return true;
  }
}

uint32_t cs_net_address_hash(uint32_t seed, const cs_net_address *a) {
  uint8_t key[24];
  cs_base_writer w = cs_base_writer_of(key, sizeof key);
  cs_base_put_u16(&w, cs_net_address_port(a));
  switch (cs_net_address_family(a)) {
  case AF_INET:
    cs_base_put_bytes(&w, &a->u.in.sin_addr, sizeof a->u.in.sin_addr);
    break;
  case AF_INET6:
    cs_base_put_u32(&w, scope(&a->u.in6));
    cs_base_put_bytes(&w, &a->u.in6.sin6_addr, sizeof a->u.in6.sin6_addr);
    break;
  case AF_UNIX:
    return cs_base_hash(seed, unix_path(a));
  default:
    break;
  }
  return cs_base_hash(seed, cs_base_written(&w));
}

static bool multicast_v4(uint32_t host_order) {
  return host_order >> 28 == 0xe || host_order == INADDR_BROADCAST;
}

/* The IPv4 address inside ::ffff:0:0/96, in host order. */
static uint32_t mapped_v4(const struct in6_addr *a) {
  uint32_t v;
  memcpy(&v, &a->s6_addr[12], sizeof v);
  return ntohl(v);
}

bool cs_net_address_multicast(const cs_net_address *a) {
  switch (cs_net_address_family(a)) {
  case AF_INET:
    return multicast_v4(ntohl(a->u.in.sin_addr.s_addr));
  case AF_INET6:
    if (IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr))
      return multicast_v4(mapped_v4(&a->u.in6.sin6_addr));
    return IN6_IS_ADDR_MULTICAST(&a->u.in6.sin6_addr);
  default:
    return false;
  }
}

bool cs_net_address_any(const cs_net_address *a) {
  switch (cs_net_address_family(a)) {
  case AF_INET:
    return a->u.in.sin_addr.s_addr == htonl(INADDR_ANY);
  case AF_INET6:
    return IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr);
  default:
    return false;
  }
}
