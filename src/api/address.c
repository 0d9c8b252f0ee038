#include "api/address.h"

#include <stddef.h>
#include <string.h>

#include "api/error.h"
#include "wire/uri.h"

const char *cs_api_address_read(const coap_address_t *a, cs_net_address *out) {
  cs_net_address made;
  memset(&made, 0, sizeof made);
  switch (a->addr.sa.sa_family) {
  case AF_INET:
    if (a->size < (socklen_t)sizeof a->addr.sin)
      return "its size is too small for AF_INET; coap_address_init() sets it";
    made.len = sizeof a->addr.sin;
    made.u.in = a->addr.sin;
    break;
  case AF_INET6:
    if (a->size < (socklen_t)sizeof a->addr.sin6)
      return "its size is too small for AF_INET6; coap_address_init() sets it";
    made.len = sizeof a->addr.sin6;
    made.u.in6 = a->addr.sin6;
    break;
  case AF_UNIX: {
    const char *path = a->addr.cun.sun_path;
    size_t len = strnlen(path, COAP_UNIX_PATH_MAX);
    if (len == 0)
      return "the path is empty";
    if (len == COAP_UNIX_PATH_MAX)
      return "the path is too long: it has no NUL within COAP_UNIX_PATH_MAX";
    (void)cs_net_address_unix(cs_span_of(path, len), &made);
    break;
  }
  default:
    return "its family is none of AF_INET, AF_INET6, AF_UNIX";
  }
  *out = made;
  return NULL;
}

void cs_api_address_write(const cs_net_address *a, coap_address_t *out) {
  coap_address_init(out);
  switch (cs_net_address_family(a)) {
  case AF_INET:
    out->addr.sin = a->u.in;
    break;
  case AF_INET6:
    out->addr.sin6 = a->u.in6;
    break;
  case AF_UNIX: {
    out->addr.cun.sun_family = AF_UNIX;
    size_t head = offsetof(struct sockaddr_un, sun_path);
    size_t len = a->len > head ? strnlen(a->u.un.sun_path, a->len - head) : 0;
    if (len > COAP_UNIX_PATH_MAX - 1)
      len = COAP_UNIX_PATH_MAX - 1;
    memcpy(out->addr.cun.sun_path, a->u.un.sun_path, len);
    break;
  }
  default:
    break;
  }
}

void coap_address_init(coap_address_t *addr) {
  if (!addr) {
    cs_api_fail(__func__, "addr is NULL");
    return;
  }
  memset(addr, 0, sizeof *addr);
  addr->size = sizeof addr->addr;
}

void coap_address_copy(coap_address_t *dst, const coap_address_t *src) {
  if (dst && src)
    *dst = *src;
  else
    cs_api_fail(__func__, "%s is NULL", dst ? "src" : "dst");
}

uint16_t coap_address_get_port(const coap_address_t *addr) {
  if (addr && addr->addr.sa.sa_family == AF_INET)
    return ntohs(addr->addr.sin.sin_port);
  if (addr && addr->addr.sa.sa_family == AF_INET6)
    return ntohs(addr->addr.sin6.sin6_port);
  return 0;
}

void coap_address_set_port(coap_address_t *addr, uint16_t port) {
  if (addr && addr->addr.sa.sa_family == AF_INET)
    addr->addr.sin.sin_port = htons(port);
  else if (addr && addr->addr.sa.sa_family == AF_INET6)
    addr->addr.sin6.sin6_port = htons(port);
}

int coap_address_equals(const coap_address_t *a, const coap_address_t *b) {
  cs_net_address x, y;
  if (!a || !b || cs_api_address_read(a, &x) || cs_api_address_read(b, &y))
    return 0;
  return cs_net_address_equal(&x, &y);
}

int _coap_address_isany_impl(const coap_address_t *a) {
  cs_net_address x;
  return a && !cs_api_address_read(a, &x) && cs_net_address_any(&x);
}

int coap_is_mcast(const coap_address_t *a) {
  cs_net_address x;
  return a && !cs_api_address_read(a, &x) && cs_net_address_multicast(&x);
}

int coap_is_bcast(const coap_address_t *a) {
  return a && a->addr.sa.sa_family == AF_INET &&
         a->addr.sin.sin_addr.s_addr == htonl(INADDR_BROADCAST);
}

int coap_is_af_unix(const coap_address_t *a) {
  return a && a->addr.sa.sa_family == AF_UNIX;
}

int coap_address_set_unix_domain(coap_address_t *addr, const uint8_t *host, size_t host_len) {
  uint8_t path[COAP_UNIX_PATH_MAX];
  size_t len = 0;
  if (!addr || !host || host_len == 0) {
    cs_api_fail(__func__, addr ? "there is no path" : "addr is NULL");
    return 0;
  }
  cs_err e = cs_wire_uri_decode(cs_span_of(host, host_len), path, sizeof path - 1, &len);
  if (e) {
    cs_api_fail_err(__func__, e, CS_RULE_NONE, "the path");
    return 0;
  }
  if (memchr(path, 0, len)) {
    cs_api_fail(__func__, "the path holds a NUL");
    return 0;
  }
  coap_address_init(addr);
  addr->addr.cun.sun_family = AF_UNIX;
  memcpy(addr->addr.cun.sun_path, path, len);
  return 1;
}

static size_t too_small(const char *function) {
  cs_api_fail(function, "an argument is NULL or the buffer has no room");
  return 0;
}

size_t coap_print_addr(const coap_address_t *address, unsigned char *buffer, size_t size) {
  cs_net_address a;
  if (!address || !buffer || size == 0)
    return too_small(__func__);
  const char *wrong = cs_api_address_read(address, &a);
  if (wrong) {
    buffer[0] = '\0';
    cs_api_fail(__func__, "%s", wrong);
    return 0;
  }
  return cs_net_address_print(&a, (char *)buffer, size);
}

const char *coap_print_ip_addr(const coap_address_t *address, char *buffer, size_t size) {
  char text[CS_NET_ADDRESS_TEXT];
  if (!address || !buffer || size == 0) {
    too_small(__func__);
    return NULL;
  }
  coap_address_t portless = *address;
  coap_address_set_port(&portless, 0);
  size_t len = coap_print_addr(&portless, (unsigned char *)text, sizeof text);
  size_t from = 0;
  static const char unix_prefix[] = "unix:";
  if (coap_is_af_unix(address)) {
    from = len ? sizeof unix_prefix - 1 : 0;
  } else if (len > 2) {
    len -= 2; /* ":0" */
    if (text[0] == '[') {
      from = 1;
      len--;
    }
  }
  len -= from;
  if (len > size - 1)
    len = size - 1;
  memcpy(buffer, text + from, len);
  buffer[len] = '\0';
  return buffer;
}
