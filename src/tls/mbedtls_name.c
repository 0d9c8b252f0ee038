/* Names of servers: what is asked for, and what a certificate is for. RFC 7252
 * section 9.1.3.3 wants the authority of the URI among the names of the
 * certificate, and no wildcards. */
#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509.h>

#include "tls/mbedtls_pki.h"

/* The choices of a GeneralName, RFC 5280 section 4.2.1.6. */
enum { SAN_DNS = 2, SAN_URI = 6, SAN_ADDRESS = 7 };

static uint8_t lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

static bool is_control(uint8_t c) {
  return c < 0x20 || c == 0x7f;
}

static cs_span text_of(const char *s) {
  size_t n = 0;
  while (n < CS_TLS_SERVER_NAME_MAX && s[n])
    n++;
  return cs_span_of(s, n);
}

static bool same_text(cs_span a, cs_span b) {
  if (a.len != b.len)
    return false;
  for (size_t i = 0; i < a.len; i++)
    if (lower(a.at[i]) != lower(b.at[i]))
      return false;
  return true;
}

/* The bytes before the first c, or all; rest begins with it. */
static cs_span before(cs_span s, uint8_t c, cs_span *rest) {
  size_t n = 0;
  while (n < s.len && s.at[n] != c)
    n++;
  *rest = cs_span_cut(s, n, s.len - n);
  return cs_span_cut(s, 0, n);
}

static bool take_char(cs_span *s, uint8_t c) {
  if (!s->len || s->at[0] != c)
    return false;
  *s = cs_span_cut(*s, 1, s->len - 1);
  return true;
}

/* ---- addresses ---- */

static bool decimal_byte(cs_span s, uint8_t *out) {
  if (!s.len || s.len > 3 || (s.len > 1 && s.at[0] == '0'))
    return false;
  unsigned v = 0;
  for (size_t i = 0; i < s.len; i++) {
    if (!is_digit(s.at[i]))
      return false;
    v = v * 10 + (unsigned)(s.at[i] - '0');
  }
  *out = (uint8_t)v;
  return v <= 255;
}

static bool read_ipv4(cs_span s, uint8_t out[4]) {
  for (unsigned i = 0; i < 4; i++) {
    if (i && !take_char(&s, '.'))
      return false;
    if (!decimal_byte(before(s, '.', &s), &out[i]))
      return false;
  }
  return s.len == 0;
}

static bool hex_group(cs_span s, unsigned *out) {
  *out = 0;
  if (!s.len || s.len > 4)
    return false;
  for (size_t i = 0; i < s.len; i++) {
    uint8_t c = lower(s.at[i]);
    if (!is_digit(c) && (c < 'a' || c > 'f'))
      return false;
    *out = *out << 4 | (unsigned)(is_digit(c) ? c - '0' : c - 'a' + 10);
  }
  return true;
}

/* Groups between colons, into out from n on; the last may be an IPv4 address.
 * False unless all of s is that and fits. */
static bool read_groups(cs_span s, uint8_t out[16], size_t *n) {
  if (!s.len)
    return true;
  for (;;) {
    cs_span rest, group = before(s, ':', &rest);
    unsigned v;
    if (*n + 2 <= 16 && hex_group(group, &v)) {
      out[(*n)++] = (uint8_t)(v >> 8);
      out[(*n)++] = (uint8_t)v;
    } else if (*n + 4 <= 16 && !rest.len && read_ipv4(group, out + *n)) {
      *n += 4;
    } else {
      return false;
    }
    s = rest;
    if (!take_char(&s, ':'))
      return true;
  }
}

static bool read_ipv6(cs_span s, uint8_t out[16]) {
  uint8_t head[16], tail[16];
  size_t n = 0, m = 0, gap = 0;
  while (gap + 1 < s.len && !(s.at[gap] == ':' && s.at[gap + 1] == ':'))
    gap++;
  if (gap + 1 >= s.len) { /* no run of zeros left out */
    if (!read_groups(s, head, &n) || n != 16)
      return false;
    memcpy(out, head, 16);
    return true;
  }
  cs_span left = cs_span_cut(s, 0, gap), right = cs_span_cut(s, gap + 2, s.len - gap - 2);
  if (!read_groups(left, head, &n) || !read_groups(right, tail, &m) || n + m > 14)
    return false;
  for (size_t i = 0; i < left.len; i++)
    if (left.at[i] == '.') /* an IPv4 address is only at the end */
      return false;
  memset(out, 0, 16);
  memcpy(out, head, n);
  memcpy(out + 16 - m, tail, m);
  return true;
}

/* 4, 16, or 0 when it is no address. */
static size_t read_address(cs_span s, uint8_t out[16]) {
  cs_span zone;
  if (s.len >= 2 && s.at[0] == '[' && s.at[s.len - 1] == ']') {
    s = before(cs_span_cut(s, 1, s.len - 2), '%', &zone);
    return read_ipv6(s, out) ? 16 : 0;
  }
  if (read_ipv4(s, out))
    return 4;
  return read_ipv6(before(s, '%', &zone), out) ? 16 : 0;
}

/* ---- what is asked for ---- */

static bool is_label(cs_span s) {
  if (!s.len || s.len > 63 || s.at[0] == '-' || s.at[s.len - 1] == '-')
    return false;
  for (size_t i = 0; i < s.len; i++) {
    uint8_t c = lower(s.at[i]);
    if (!is_digit(c) && (c < 'a' || c > 'z') && c != '-' && c != '_')
      return false;
  }
  return true;
}

static bool is_number(cs_span s) {
  size_t n = 0;
  while (n < s.len && is_digit(s.at[n]))
    n++;
  return n == s.len;
}

static bool is_dns_name(cs_span s) {
  for (;;) {
    cs_span label = before(s, '.', &s);
    if (!is_label(label))
      return false;
    if (!take_char(&s, '.'))
      return !is_number(label); /* else it is a damaged address */
  }
}

bool cs_tls_name_read(cs_span text, char out[CS_TLS_SERVER_NAME_MAX + 1], uint8_t address[16],
                      size_t *address_len, const char **why) {
  uint8_t bytes[16];
  if (text.len > CS_TLS_SERVER_NAME_MAX) {
    *why = "server_name: longer than 255 bytes";
    return false;
  }
  for (size_t i = 0; i < text.len; i++)
    if (is_control(text.at[i])) {
      *why = "server_name: a control character in it";
      return false;
    }
  size_t n = text.len ? read_address(text, bytes) : 0;
  if (text.len && !n) {
    if (text.len > 1 && text.at[text.len - 1] == '.')
      text.len--;
    if (!is_dns_name(text)) {
      *why = "server_name: neither a DNS name nor an IP address";
      return false;
    }
  }
  if (text.len)
    memcpy(out, text.at, text.len);
  out[text.len] = 0;
  if (n)
    memcpy(address, bytes, n);
  *address_len = n;
  return true;
}

/* ---- what a certificate is for ---- */

static bool has_alt_names(const mbedtls_x509_crt *c) {
  return (c->ext_types & MBEDTLS_X509_EXT_SUBJECT_ALT_NAME) != 0;
}

static int choice_of(const mbedtls_x509_sequence *n) {
  return n->buf.p ? n->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK : -1;
}

static cs_span span_of(const mbedtls_x509_buf *b) {
  return cs_span_of(b->p, b->len);
}

/* The first common name whose bytes are text; NULL: none. */
static const mbedtls_x509_buf *common_name_of(const mbedtls_x509_crt *c) {
  for (const mbedtls_x509_name *n = &c->subject; n; n = n->next)
    if (n->oid.p && MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &n->oid) == 0)
      return n->val.tag == MBEDTLS_ASN1_BMP_STRING || n->val.tag == MBEDTLS_ASN1_UNIVERSAL_STRING
                 ? NULL
                 : &n->val;
  return NULL;
}

/* The host of a CoAP URI whose port is that of coaps or none, else empty: which
 * port was connected to is not known here, and a name for one port is none for
 * another. */
static cs_span uri_host(cs_span uri) {
  static const char schemes[][10] = {"coap",      "coaps",   "coap+tcp",
                                     "coaps+tcp", "coap+ws", "coaps+ws"};
  cs_span none = {NULL, 0}, rest, scheme = before(uri, ':', &rest);
  bool known = false;
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    known = known || same_text(scheme, text_of(schemes[i]));
  if (!known || !take_char(&rest, ':') || !take_char(&rest, '/') || !take_char(&rest, '/'))
    return none;
  cs_span tail, authority = before(rest, '/', &tail);
  authority = before(before(authority, '?', &tail), '#', &tail);
  cs_span host = before(authority, authority.len && authority.at[0] == '[' ? ']' : ':', &tail);
  if (take_char(&tail, ']'))
    host.len++;
  bool right =
      !tail.len || cs_span_equal(tail, text_of(":")) || cs_span_equal(tail, text_of(":5684"));
  return right ? host : none;
}

static bool text_matches(const cs_tls_setup *s, cs_span name) {
  uint8_t address[16];
  if (!s->address_len)
    return name.len && same_text(name, text_of(s->server_name));
  return read_address(name, address) == s->address_len &&
         memcmp(address, s->address, s->address_len) == 0;
}

bool cs_tls_name_matches(const cs_tls_setup *setup, const mbedtls_x509_crt *c) {
  if (!has_alt_names(c)) {
    const mbedtls_x509_buf *name = common_name_of(c);
    return name && text_matches(setup, span_of(name));
  }
  for (const mbedtls_x509_sequence *n = &c->subject_alt_names; n; n = n->next) {
    cs_span value = span_of(&n->buf);
    int choice = choice_of(n);
    if (choice == SAN_DNS && !setup->address_len && text_matches(setup, value))
      return true;
    if (choice == SAN_ADDRESS && setup->address_len &&
        cs_span_equal(value, cs_span_of(setup->address, setup->address_len)))
      return true;
    if (choice == SAN_URI && text_matches(setup, uri_host(value)))
      return true;
  }
  return false;
}

static bool has_control(cs_span s) {
  for (size_t i = 0; i < s.len; i++)
    if (is_control(s.at[i]))
      return true;
  return false;
}

bool cs_tls_name_deceives(const mbedtls_x509_crt *c) {
  const mbedtls_x509_buf *name = common_name_of(c);
  if (name && has_control(span_of(name)))
    return true;
  for (const mbedtls_x509_sequence *n = &c->subject_alt_names; has_alt_names(c) && n; n = n->next) {
    int choice = choice_of(n);
    if ((choice == SAN_DNS || choice == SAN_URI) && has_control(span_of(&n->buf)))
      return true;
  }
  return false;
}

cs_span cs_tls_name_of(const mbedtls_x509_crt *c) {
  cs_span name = {NULL, 0};
  const mbedtls_x509_buf *common = common_name_of(c);
  if (common)
    name = span_of(common);
  for (const mbedtls_x509_sequence *n = &c->subject_alt_names; has_alt_names(c) && n; n = n->next)
    if (choice_of(n) == SAN_DNS) {
      name = span_of(&n->buf);
      break;
    }
  return has_control(name) ? cs_span_of(NULL, 0) : name;
}
