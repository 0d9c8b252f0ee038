/* Addresses: literals, Unix-domain paths, and raw socket addresses as the
 * system might hand them over. The resolver is reached only by what it refuses
 * or needs no look-up for.
 *
 * byte 0, its two low bits: 0 and 1: a literal (bytes 1 and 2: the port)
 *                           2: a path
 *                           3: two raw addresses (bytes 1 and 2: their lengths)
 *
 * Oracles: a failure leaves the output as it was; a printed literal is read
 * again as the same address; printing stays inside its buffer, ends in a NUL
 * and has no control character; equal addresses have equal hashes; a copy
 * equals; no address is both "any" and a group.
 *
 * covers: src/net/address.c */
#include <string.h>

#include "net/address.h"

#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t check_print(const cs_net_address *a, char *text) {
  char small[CS_NET_ADDRESS_TEXT];
  size_t n = cs_net_address_print(a, text, CS_NET_ADDRESS_TEXT);
  CS_ORACLE(n < CS_NET_ADDRESS_TEXT && text[n] == '\0' && n > 0);
  for (size_t i = 0; i < n; i++)
    CS_ORACLE((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
  size_t cap = n / 2;
  memset(small, 0x5a, sizeof small);
  size_t cut = cs_net_address_print(a, small, cap);
  CS_ORACLE(cap == 0 ? cut == 0 : cut == cap - 1 && small[cut] == '\0');
  CS_ORACLE(memcmp(small, text, cut) == 0 && small[cap] == 0x5a);
  return n;
}

static void check_alone(const cs_net_address *a) {
  cs_net_address copy = *a;
  CS_ORACLE(cs_net_address_equal(a, &copy) && cs_net_address_equal(a, a));
  CS_ORACLE(cs_net_address_hash(1, a) == cs_net_address_hash(1, &copy));
  bool any = cs_net_address_any(a), group = cs_net_address_multicast(a);
  CS_ORACLE(!(any && group));
  int family = cs_net_address_family(a);
  uint16_t port = (uint16_t)(cs_net_address_port(a) + 1);
  cs_net_address_set_port(&copy, port);
  if (family == AF_INET || family == AF_INET6)
    CS_ORACLE(cs_net_address_port(&copy) == port && !cs_net_address_equal(a, &copy));
  else
    CS_ORACLE(cs_net_address_port(&copy) == 0 && cs_net_address_equal(a, &copy));
}

/* "192.0.2.1:5683" and "[::1%2]:5683" without the port */
static cs_span host_of(const char *text, size_t n) {
  while (n > 0 && text[n - 1] != ':')
    n--;
  return cs_span_of(text, n ? n - 1 : 0);
}

static void literal(uint16_t port, cs_span text) {
  cs_net_address a, before, again;
  char printed[CS_NET_ADDRESS_TEXT];
  memset(&a, 0x5a, sizeof a);
  memcpy(&before, &a, sizeof before);
  cs_err e = cs_net_address_literal(text, port, &a);
  size_t count = 7;
  if (e) {
    CS_ORACLE(e == CS_ERR_ARGUMENT || e == CS_ERR_NOT_FOUND);
    CS_ORACLE(memcmp(&a, &before, sizeof a) == 0);
    if (text.len > 255 || text.len == 0 || memchr(text.at, 0, text.len) || e == CS_ERR_NOT_FOUND)
      CS_ORACLE(cs_net_resolve(text, port, AF_UNSPEC, &a, 1, &count) != CS_OK && count == 7);
    return;
  }
  check_alone(&a);
  CS_ORACLE(cs_net_address_port(&a) == port);
  cs_span host = host_of(printed, check_print(&a, printed));
  CS_ORACLE(cs_net_address_literal(host, port, &again) == CS_OK);
  CS_ORACLE(cs_net_address_equal(&a, &again) &&
            cs_net_address_hash(9, &a) == cs_net_address_hash(9, &again));
  CS_ORACLE(cs_net_resolve(text, port, AF_UNSPEC, &again, 1, &count) == CS_OK && count == 1 &&
            cs_net_address_equal(&a, &again));
}

static void path(cs_span text) {
  cs_net_address a, before;
  char printed[CS_NET_ADDRESS_TEXT];
  memset(&a, 0x5a, sizeof a);
  memcpy(&before, &a, sizeof before);
  cs_err e = cs_net_address_unix(text, &a);
  bool good = text.len > 0 && text.len < sizeof a.u.un.sun_path && !memchr(text.at, 0, text.len);
  CS_ORACLE(good == (e == CS_OK));
  if (e) {
    CS_ORACLE(memcmp(&a, &before, sizeof a) == 0);
    return;
  }
  check_alone(&a);
  CS_ORACLE(cs_net_address_family(&a) == AF_UNIX && strlen(a.u.un.sun_path) == text.len);
  CS_ORACLE(check_print(&a, printed) == text.len + 5 && memcmp(printed, "unix:", 5) == 0);
  cs_net_address other = a;
  other.len--; /* as the kernel may report it, without the NUL */
  CS_ORACLE(cs_net_address_equal(&a, &other) &&
            cs_net_address_hash(9, &a) == cs_net_address_hash(9, &other));
}

static cs_net_address raw_address(size_t len, cs_span bytes) {
  static const sa_family_t families[] = {AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC};
  cs_net_address a;
  memset(&a, 0, sizeof a);
  size_t n = bytes.len < sizeof a.u ? bytes.len : sizeof a.u;
  if (n)
    memcpy(&a.u, bytes.at, n);
  a.len = (socklen_t)(len % (sizeof a.u + 1));
  a.u.sa.sa_family = families[a.u.sa.sa_family % 4];
  return a;
}

static void raw(const uint8_t *data, size_t size) {
  if (size < 2)
    return;
  size_t half = (size - 2) / 2;
  cs_net_address a = raw_address(data[0], cs_span_of(data + 2, half));
  cs_net_address b = raw_address(data[1], cs_span_of(data + 2 + half, size - 2 - half));
  char text_a[CS_NET_ADDRESS_TEXT], text_b[CS_NET_ADDRESS_TEXT];
  check_alone(&a);
  check_alone(&b);
  check_print(&a, text_a);
  check_print(&b, text_b);
  bool equal = cs_net_address_equal(&a, &b);
  CS_ORACLE(equal == cs_net_address_equal(&b, &a));
  if (equal) {
    CS_ORACLE(cs_net_address_hash(5, &a) == cs_net_address_hash(5, &b));
    CS_ORACLE(cs_net_address_port(&a) == cs_net_address_port(&b));
    CS_ORACLE(cs_net_address_any(&a) == cs_net_address_any(&b));
    CS_ORACLE(cs_net_address_multicast(&a) == cs_net_address_multicast(&b));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3 || size > 4096)
    return 0;
  switch (data[0] & 3) {
  case 2:
    path(cs_span_of(data + 1, size - 1));
    break;
  case 3:
    raw(data + 1, size - 1);
    break;
  default:
    literal((uint16_t)(data[1] << 8 | data[2]), cs_span_of(data + 3, size - 3));
    break;
  }
  return 0;
}
