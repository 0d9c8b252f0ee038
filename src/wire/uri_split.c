#include "wire/uri_text.h"

#include "wire/utf8.h"

/* The general way walks the text once. Each step takes a position and returns
 * the one it has come to, or NULL with the trouble it met. */
typedef const uint8_t *position;

/* Why and where splitting failed. */
struct trouble {
  cs_rule rule;
  position at;
};

static position fail(struct trouble *t, cs_rule rule, position at) {
  t->rule = rule;
  t->at = at;
  return NULL;
}

static position skip(position p, position end, unsigned mask) {
  while (p != end && cs_wire_uri_class[*p] & mask)
    p++;
  return p;
}

static bool good_escape(position p, position end) {
  return end - p >= 3 && p[0] == '%' &&
         cs_wire_uri_class[p[1]] & cs_wire_uri_class[p[2]] & CS_URI_HEX;
}

static uint8_t escaped_byte(position p) {
  return (uint8_t)(cs_wire_uri_digit(p[1]) << 4 | cs_wire_uri_digit(p[2]));
}

/* The characters of a string option over 7f can only come from escapes that
 * follow each other directly: reads one such character. */
static position escaped_character(position p, position end, struct trouble *t) {
  uint8_t bytes[4];
  size_t n = 0;
  position start = p;
  while (n < sizeof bytes && good_escape(p, end)) {
    bytes[n++] = escaped_byte(p);
    p += 3;
  }
  size_t used = cs_wire_utf8_sequence(cs_span_of(bytes, n));
  return used ? start + 3 * used : fail(t, CS_RULE_OPTION_UTF8, start);
}

/* Goes on with a component from its first percent sign. */
static position skip_escapes(position p, position end, unsigned mask, bool utf8,
                             struct trouble *t) {
  while (p && p != end && *p == '%') {
    if (!good_escape(p, end))
      return fail(t, CS_RULE_URI_PERCENT, p);
    if (utf8 && p[1] >= '8')
      p = escaped_character(p, end, t);
    else
      p += 3;
    if (p)
      p = skip(p, end, mask);
  }
  return p;
}

static const uint8_t scheme_name[4] = {'c', 'o', 'a', 'p'};

static uint32_t lower4(position p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v | 0x20202020;
}

/* Names what is missing behind the scheme's letters. */
static position scheme_failed(position p, position end, struct trouble *t) {
  static const uint8_t authority[3] = {':', '/', '/'};
  if (p == end || *p != ':')
    return fail(t, CS_RULE_URI_SCHEME, p);
  for (size_t i = 0; i < sizeof authority; i++, p++)
    if (p == end || *p != authority[i])
      return fail(t, CS_RULE_URI_AUTHORITY_MISSING, p);
  return fail(t, CS_RULE_URI_HOST_EMPTY, p);
}

/* The same for a text that does not begin with a scheme of ours, or is too
 * short for any CoAP URI. */
static position start_failed(position p, position end, struct trouble *t) {
  if (end - p < 4 || lower4(p) != lower4(scheme_name))
    return fail(t, CS_RULE_URI_SCHEME, p);
  p += end - p > 4 && (p[4] | 0x20) == 's' ? 5 : 4;
  return scheme_failed(p, end, t);
}

/* Reads "coap://" and its relatives. The shortest URI of all is "coap://h". */
static position scheme(position p, position end, cs_wire_uri *u, struct trouble *t) {
  unsigned kind = CS_SCHEME_COAP;
  if (end - p < 8 || lower4(p) != lower4(scheme_name))
    return start_failed(p, end, t);
  p += 4;
  if ((*p | 0x20) == 's') {
    kind = CS_SCHEME_COAPS;
    p++;
  }
  if (end - p >= 4 && p[0] == '+' && (p[1] | 0x20) == 't' && (p[2] | 0x20) == 'c' &&
      (p[3] | 0x20) == 'p') {
    kind += CS_SCHEME_COAP_TCP;
    p += 4;
  } else if (end - p >= 3 && p[0] == '+' && (p[1] | 0x20) == 'w' && (p[2] | 0x20) == 's') {
    kind += CS_SCHEME_COAP_WS;
    p += 3;
  }
  if (end - p < 3 || p[0] != ':' || p[1] != '/' || p[2] != '/')
    return scheme_failed(p, end, t);
  u->scheme = (cs_wire_scheme)kind;
  u->port = cs_wire_scheme_port(u->scheme);
  return p + 3;
}

/* "%25" ZoneID (RFC 6874), from its percent sign. */
static position zone(position p, position end, cs_wire_uri *u, struct trouble *t) {
  if (!good_escape(p, end) || escaped_byte(p) != '%')
    return fail(t, CS_RULE_URI_IP_LITERAL, p);
  position start = p + 3;
  p = skip(start, end, CS_URI_UNRESERVED);
  p = skip_escapes(p, end, CS_URI_UNRESERVED, true, t);
  if (!p)
    return NULL;
  u->zone = cs_span_of(start, (size_t)(p - start));
  if (u->zone.len == 0)
    return fail(t, CS_RULE_URI_IP_LITERAL, p);
  if (cs_wire_uri_has_control(u->zone))
    return fail(t, CS_RULE_URI_HOST_CONTROL, start);
  return p;
}

/* "[" IPv6address [ zone ] "]" */
static position ip_literal(position p, position end, cs_wire_uri *u, struct trouble *t) {
  position start = p + 1;
  p = start;
  while (p != end && *p != ']' && *p != '%')
    p++;
  u->host_kind = CS_HOST_IPV6;
  u->host = cs_span_of(start, (size_t)(p - start));
  if (!cs_wire_uri_ipv6(u->host))
    return fail(t, CS_RULE_URI_IP_LITERAL, start);
  if (p != end && *p == '%') {
    p = zone(p, end, u, t);
    if (!p)
      return NULL;
  }
  return p != end && *p == ']' ? p + 1 : fail(t, CS_RULE_URI_IP_LITERAL, p);
}

/* A host that has escapes (p is at the first one) or is long. */
static position unusual_host(position start, position p, position end, cs_wire_uri *u,
                             struct trouble *t) {
  bool path = end - start >= 3 && start[0] == '%' && start[1] == '2' && (start[2] | 0x20) == 'f';
  p = skip_escapes(p, end, CS_URI_NAME, !path, t);
  if (!p)
    return NULL;
  size_t ignored = 0;
  u->host = cs_span_of(start, (size_t)(p - start));
  u->host_kind = path ? CS_HOST_UNIX : CS_HOST_NAME;
  if (cs_wire_uri_has_control(u->host))
    return fail(t, CS_RULE_URI_HOST_CONTROL, start);
  if (cs_wire_uri_check_parts(u->host, '\0', &ignored) == CS_RULE_OPTION_LENGTH)
    return fail(t, CS_RULE_OPTION_LENGTH, start);
  if (path && end - p >= 2 && *p == ':' && cs_wire_uri_class[p[1]] & CS_URI_DIGIT)
    return fail(t, CS_RULE_URI_UNIX_PORT, p + 1);
  return p;
}

static position reg_name(position p, position end, cs_wire_uri *u, struct trouble *t) {
  position start = p;
  p = skip(p, end, CS_URI_NAME);
  size_t n = (size_t)(p - start);
  if ((p != end && *p == '%') || n > CS_URI_VALUE_MAX)
    return unusual_host(start, p, end, u, t);
  if (n == 0)
    return fail(t, CS_RULE_URI_HOST_EMPTY, p);
  u->host = cs_span_of(start, n);
  u->host_kind = CS_HOST_NAME;
  if (cs_wire_uri_class[p[-1]] & CS_URI_DIGIT && cs_wire_uri_ipv4(u->host))
    u->host_kind = CS_HOST_IPV4;
  return p;
}

/* The value of a port with more digits than it needs; 0 when out of range. */
static uint32_t long_port(position p, position end) {
  uint32_t v = 0;
  for (; p != end && v <= UINT16_MAX; p++)
    v = v * 10 + (*p - (unsigned)'0');
  return v <= UINT16_MAX ? v : 0;
}

/* *DIGIT, behind the colon; empty means the default. */
static position port(position p, position end, cs_wire_uri *u, struct trouble *t) {
  position start = p;
  uint32_t v = 0;
  for (unsigned digit; p != end && (digit = *p - (unsigned)'0') <= 9; p++)
    v = v * 10 + digit;
  if (p - start > 5)
    v = long_port(start, p);
  if (p == start)
    return p;
  if (v == 0 || v > UINT16_MAX)
    return fail(t, CS_RULE_URI_PORT_RANGE, start);
  u->port = (uint16_t)v;
  return p;
}

/* A character that no component takes; '#' would begin a fragment. */
static position stopped(position p, struct trouble *t) {
  return fail(t, *p == '#' ? CS_RULE_URI_FRAGMENT : CS_RULE_URI_CHARACTER, p);
}

/* An authority that is wrong because it has user information is to be told so:
 * "user:pw@host" looks like a bad port first. */
static position authority_failed(position p, position end, struct trouble *t) {
  for (; p != end && *p != '/' && *p != '?' && *p != '#'; p++)
    if (*p == '@')
      return fail(t, CS_RULE_URI_USERINFO, p);
  return NULL;
}

static position authority(position p, position end, cs_wire_uri *u, struct trouble *t) {
  position start = p;
  if (p != end && *p == '[')
    p = ip_literal(p, end, u, t);
  else
    p = reg_name(p, end, u, t);
  if (p && p != end && *p == ':')
    p = port(p + 1, end, u, t);
  if (p && p != end && *p != '/' && *p != '?')
    p = stopped(p, t);
  return p ? p : authority_failed(start, end, t);
}

/* What is long may have a part that is too long for an option. */
static position check_long(position p, const cs_wire_uri *u, struct trouble *t) {
  size_t bad = 0;
  cs_rule r = cs_wire_uri_check_parts(u->path, '/', &bad);
  if (r)
    return fail(t, r, u->path.at + bad);
  r = cs_wire_uri_check_parts(u->query, '&', &bad);
  return r ? fail(t, r, u->query.at + bad) : p;
}

static position component(position p, position end, unsigned mask, struct trouble *t) {
  return skip_escapes(skip(p, end, mask), end, mask, true, t);
}

/* [ "/" path ] [ "?" query ] to the end. */
static position resource(position p, position end, cs_wire_uri *u, struct trouble *t) {
  position start = p;
  bool is_long = end - p > CS_URI_VALUE_MAX;
  if (p != end && *p == '/') {
    start++;
    p = component(start, end, CS_URI_PATH, t);
    if (p)
      u->path = cs_span_of(start, (size_t)(p - start));
  }
  if (p && p != end && *p == '?') {
    start = p + 1;
    u->has_query = true;
    p = component(start, end, CS_URI_QUERY, t);
    if (p)
      u->query = cs_span_of(start, (size_t)(p - start));
  }
  if (p && p != end)
    return stopped(p, t);
  return p && is_long ? check_long(p, u, t) : p;
}

static cs_rule split(cs_span text, cs_wire_uri *out, size_t *where) {
  struct trouble t = {CS_RULE_NONE, text.at};
  cs_wire_uri u;
  const position end = text.at + text.len;
  u.zone = u.path = u.query = cs_span_of(NULL, 0);
  u.has_query = false;
  position p = scheme(text.at, end, &u, &t);
  if (p)
    p = authority(p, end, &u, &t);
  if (p)
    p = resource(p, end, &u, &t);
  if (!p) {
    if (where)
      *where = (size_t)(t.at - text.at);
    return t.rule;
  }
  *out = u;
  return CS_RULE_NONE;
}

/* The plain case, which is nearly every URI that a program asks for: "coap", a
 * host without brackets, no escapes, at most 255 characters, nothing to refuse.
 * It is here because a URI is split for every request; whatever it does not
 * take, good or bad, is left to the walk above. */

/* What eight characters have in common. */
static inline unsigned common8(position p) {
  const uint32_t *c = cs_wire_uri_class;
  return c[p[0]] & c[p[1]] & c[p[2]] & c[p[3]] & c[p[4]] & c[p[5]] & c[p[6]] & c[p[7]];
}

/* Eight characters of which the first four may be capitals and the last may be
 * anything. */
static inline uint64_t first7(position p) {
  static const uint8_t free_bits[8] = {0x20, 0x20, 0x20, 0x20, 0, 0, 0, 0xff};
  uint64_t v, m;
  memcpy(&v, p, sizeof v);
  memcpy(&m, free_bits, sizeof m);
  return v | m;
}

static inline position plain_host(position p, position last8) {
  if (common8(p) & CS_URI_NAME) {
    p += 8;
    if (p <= last8 && common8(p) & CS_URI_NAME)
      p += 8;
  }
  return skip(p, last8 + 8, CS_URI_NAME);
}

/* The '?' of [ "/" path ] [ "?" query ] from p to the end, or the end; NULL
 * when there is something else. What a path takes, a query takes too, so eight
 * characters that are good for a query have a '?' at most. Where less than
 * eight are left, the last eight of the text are looked at: the authority
 * before them is made of characters of a path. */
static inline position plain_question(position p, position end) {
  const position last8 = end - 8;
  position question = end;
  unsigned c = CS_URI_PATH;
  while (p <= last8 && c & CS_URI_PATH) {
    c = common8(p);
    p += 8;
  }
  if (!(c & CS_URI_PATH)) {
    if (!(c & CS_URI_QUERY))
      return NULL;
    for (question = p - 8; *question != '?';)
      question++;
    for (; p <= last8; p += 8)
      if (!(common8(p) & CS_URI_QUERY))
        return NULL;
  }
  if (p == end)
    return question;
  c = common8(last8);
  if (!(c & CS_URI_QUERY))
    return NULL;
  if (!(c & CS_URI_PATH) && question == end)
    for (question = p; *question != '?';)
      question++;
  return question;
}

static bool plain(cs_span text, cs_wire_uri *out) {
  static const uint8_t coap[8] = "coap://";
  if (text.len < 15 || text.len > CS_URI_VALUE_MAX || first7(text.at) != first7(coap))
    return false;
  const position host = text.at + 7, end = text.at + text.len;
  position p = plain_host(host, end - 8);
  cs_span name = cs_span_of(host, (size_t)(p - host));
  cs_wire_host kind = CS_HOST_NAME;
  uint32_t port = 5683;
  if (name.len == 0)
    return false;
  if (cs_wire_uri_class[p[-1]] & CS_URI_DIGIT && cs_wire_uri_ipv4(name))
    kind = CS_HOST_IPV4;
  if (p != end && *p == ':') {
    const position first = ++p;
    port = 0;
    for (unsigned digit; p != end && (digit = *p - (unsigned)'0') <= 9; p++)
      port = port * 10 + digit;
    if (p - first > 5 || port - 1 >= UINT16_MAX)
      return false;
  }
  if (p != end && *p != '/' && *p != '?')
    return false;
  const position question = plain_question(p, end);
  if (!question)
    return false;
  out->scheme = CS_SCHEME_COAP;
  out->host_kind = kind;
  out->host = name;
  out->zone = cs_span_of(NULL, 0);
  out->port = (uint16_t)port;
  out->has_query = question != end;
  const position path = p + (question != p), query = question + (question != end);
  out->path = cs_span_of(path, (size_t)(question - path));
  out->query = cs_span_of(query, (size_t)(end - query));
  return true;
}

cs_rule cs_wire_uri_split(cs_span text, cs_wire_uri *out, size_t *where) {
  if (plain(text, out))
    return CS_RULE_NONE;
  if (text.len)
    return split(text, out, where);
  if (where)
    *where = 0;
  return CS_RULE_URI_SCHEME;
}
