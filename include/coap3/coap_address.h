/* Addresses of the three families and their resolution. */
#ifndef COAP_ADDRESS_H_
#define COAP_ADDRESS_H_

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "coap3/libcoap.h"

#include "coap3/coap_pdu.h"

/* Bytes of a Unix-domain path, the closing NUL included. */
#define COAP_UNIX_PATH_MAX (sizeof(struct sockaddr_in6) - sizeof(sa_family_t))

struct coap_sockaddr_un {
  sa_family_t sun_family;
  char sun_path[COAP_UNIX_PATH_MAX];
};

/* An address and port, or a path. Prepare it with coap_address_init(), then
 * set addr.sa.sa_family and the fields of that family. */
struct coap_address_t {
  socklen_t size; /* bytes of addr */
  union {
    struct sockaddr sa;
    struct sockaddr_in sin;
    struct sockaddr_in6 sin6;
    struct coap_sockaddr_un cun;
  } addr;
};

/* The port in host byte order; 0 for a family without ports or NULL. */
uint16_t coap_address_get_port(const coap_address_t *addr);

/* Sets the port, given in host byte order. No effect on a family without
 * ports. */
void coap_address_set_port(coap_address_t *addr, uint16_t port);

/* 1 when a and b are the same address and port, or the same path, else 0. */
int coap_address_equals(const coap_address_t *a, const coap_address_t *b);

/* See coap_address_isany(). */
int _coap_address_isany_impl(const coap_address_t *a);

/* An address that a name was resolved to. */
typedef struct coap_addr_info_t {
  struct coap_addr_info_t *next;
  coap_uri_scheme_t scheme;
  coap_proto_t proto;
  coap_address_t addr;
} coap_addr_info_t;

/* The schemes that this build can speak, as COAP_URI_SCHEME_*_BIT. With
 * have_pki_psk 0 those that need keys are left out, with ws_check 0 those over
 * WebSockets. use_unix_proto other than COAP_PROTO_NONE asks for the scheme of
 * that protocol only. */
uint32_t coap_get_available_scheme_hint_bits(int have_pki_psk, int ws_check,
                                             coap_proto_t use_unix_proto);

typedef enum coap_resolve_type_t {
  COAP_RESOLVE_TYPE_LOCAL,  /* an address to bind to */
  COAP_RESOLVE_TYPE_REMOTE, /* an address to send to */
} coap_resolve_type_t;

/* Resolves a host name, an IP literal or a Unix-domain path (its slashes
 * written %2F) to a list with one entry for each address and each scheme in
 * scheme_hint_bits. port, secure_port, ws_port and ws_secure_port are in host
 * byte order and go to the schemes they are for; 0 means the scheme's default.
 * ai_hints_flags are flags of getaddrinfo(); AI_NUMERICHOST alone has an
 * effect. May block on the system's resolver. address NULL means any address,
 * only with COAP_RESOLVE_TYPE_LOCAL. The caller owns the list:
 * coap_free_address_info(). NULL when nothing was found or there is no
 * memory. */
coap_addr_info_t *coap_resolve_address_info(const coap_str_const_t *address, uint16_t port,
                                            uint16_t secure_port, uint16_t ws_port,
                                            uint16_t ws_secure_port, int ai_hints_flags,
                                            int scheme_hint_bits, coap_resolve_type_t type);

/* Frees a whole list; NULL is allowed. */
void coap_free_address_info(coap_addr_info_t *info_list);

/* Zeroes addr and sets its size to all that an address may take. */
void coap_address_init(coap_address_t *addr);

/* Makes addr the Unix-domain path that host (host_len bytes, as split from a
 * URI) stands for: %2F becomes a slash, other escapes are decoded. 1, or 0 when
 * it is malformed, holds a NUL, or has COAP_UNIX_PATH_MAX bytes or more; addr
 * is then untouched. */
int coap_address_set_unix_domain(coap_address_t *addr, const uint8_t *host, size_t host_len);

/* Copies src to dst. */
void coap_address_copy(coap_address_t *dst, const coap_address_t *src);

/* 1 when a is the unspecified address (0.0.0.0 or ::), else 0. */
COAP_STATIC_INLINE int coap_address_isany(const coap_address_t *a) {
  return _coap_address_isany_impl(a);
}

/* 1 when a is a multicast address, or the broadcast address, else 0. */
int coap_is_mcast(const coap_address_t *a);

/* 1 when a is the IPv4 broadcast address, else 0. */
int coap_is_bcast(const coap_address_t *a);

/* 1 when a is a Unix-domain path, else 0. */
int coap_is_af_unix(const coap_address_t *a);

#endif
