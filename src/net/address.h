/* Addresses of the three families: parsing without a resolver, printing,
 * comparing, hashing. Holds a struct sockaddr so that the OS calls take it as
 * it is. */
#ifndef CS_NET_ADDRESS_H
#define CS_NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/bytes.h"
#include "base/error.h"

typedef struct cs_net_address {
  socklen_t len; /* 0: no address */
  union {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
  } u;
} cs_net_address;

/* Longest text cs_net_address_print writes, with NUL. */
#define CS_NET_ADDRESS_TEXT 160

/* Reads an IP literal ("192.0.2.1", "2001:db8::1", "fe80::1%eth0", with or
 * without brackets) and a port. CS_ERR_ARGUMENT when it is not a literal,
 * CS_ERR_NOT_FOUND when a zone names no interface. */
cs_err cs_net_address_literal(cs_span text, uint16_t port, cs_net_address *out);

/* A Unix-domain path. CS_ERR_ARGUMENT when empty or holding a NUL,
 * CS_ERR_TOO_LARGE when it does not fit sun_path with its NUL. */
cs_err cs_net_address_unix(cs_span path, cs_net_address *out);

/* "192.0.2.1:5683", "[2001:db8::1%2]:5683", "unix:/tmp/x". NUL-terminated,
 * truncated to cap; returns the length written without the NUL. */
size_t cs_net_address_print(const cs_net_address *a, char *buf, size_t cap);

int cs_net_address_family(const cs_net_address *a);    /* AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC */
uint16_t cs_net_address_port(const cs_net_address *a); /* 0 for AF_UNIX */
void cs_net_address_set_port(cs_net_address *a, uint16_t port);
bool cs_net_address_equal(const cs_net_address *a, const cs_net_address *b);
uint32_t cs_net_address_hash(uint32_t seed, const cs_net_address *a);
bool cs_net_address_multicast(const cs_net_address *a); /* IPv4 broadcast too */
bool cs_net_address_any(const cs_net_address *a);

/* Resolves a host name (literals need no resolver) to at most cap addresses,
 * in the system's order; family AF_UNSPEC or one family. May block on the
 * system's resolver, so nothing on an I/O path calls it.
 * CS_ERR_RESOLVE, CS_ERR_ARGUMENT (name empty, over 255 bytes, or with a NUL),
 * CS_ERR_MEMORY. */
cs_err cs_net_resolve(cs_span host, uint16_t port, int family, cs_net_address *out, size_t cap,
                      size_t *count);

#endif
