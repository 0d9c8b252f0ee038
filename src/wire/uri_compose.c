#include "wire/uri_text.h"

/* Text being written; with cap 0 it is only measured. */
struct text {
  char *buf;
  size_t cap;
  size_t len;
};

static void put(struct text *t, uint8_t c) {
  if (t->len < t->cap)
    t->buf[t->len] = (char)c;
  t->len++;
}

static void put_all(struct text *t, cs_span s) {
  for (size_t i = 0; i < s.len; i++)
    put(t, s.at[i]);
}

static void put_escaped(struct text *t, uint8_t c) {
  static const uint8_t digits[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
                                     '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'};
  put(t, '%');
  put(t, digits[c >> 4]);
  put(t, digits[c & 15]);
}

/* Characters of the class as they are, but for one; all else escaped. */
static void put_part(struct text *t, cs_span s, unsigned mask, char except) {
  for (size_t i = 0; i < s.len; i++) {
    if (cs_wire_uri_class[s.at[i]] & mask && s.at[i] != (uint8_t)except)
      put(t, s.at[i]);
    else
      put_escaped(t, s.at[i]);
  }
}

/* The destination as host, when no Uri-Host names it. */
static cs_err put_destination(struct text *t, cs_span host) {
  if (host.len == 0)
    return CS_ERR_RULE;
  if (host.at[0] == '/') {
    put_part(t, host, CS_URI_UNRESERVED, '\0');
    return CS_OK;
  }
  size_t percent = 0;
  bool colon = false;
  for (size_t i = 0; i < host.len; i++)
    colon |= host.at[i] == ':';
  if (!colon) {
    put_part(t, host, CS_URI_NAME, '\0');
    return CS_OK;
  }
  while (percent < host.len && host.at[percent] != '%')
    percent++;
  if (!cs_wire_uri_ipv6(cs_span_cut(host, 0, percent)) || percent + 1 == host.len)
    return CS_ERR_RULE;
  put(t, '[');
  put_all(t, cs_span_cut(host, 0, percent));
  put_part(t, cs_span_cut(host, percent, host.len - percent), CS_URI_UNRESERVED, '\0');
  put(t, ']');
  return CS_OK;
}

/* A Uri-Host is taken as it is, other than ASCII escaped; what is then no
 * reg-name, IPv4address or IP-literal makes no URI (step 2). */
static cs_err put_host(struct text *t, cs_span host) {
  if (host.len == 0 || host.len > CS_URI_VALUE_MAX)
    return CS_ERR_RULE;
  if (host.at[0] == '[') {
    if (host.at[host.len - 1] != ']' || !cs_wire_uri_ipv6(cs_span_cut(host, 1, host.len - 2)))
      return CS_ERR_RULE;
    put_all(t, host);
    return CS_OK;
  }
  for (size_t i = 0; i < host.len; i++) {
    uint8_t c = host.at[i];
    if (c >= 0x80) {
      put_escaped(t, c);
      continue;
    }
    bool escape =
        c == '%' && host.len - i >= 3 &&
        cs_wire_uri_class[host.at[i + 1]] & cs_wire_uri_class[host.at[i + 2]] & CS_URI_HEX;
    if (!escape && !(cs_wire_uri_class[c] & CS_URI_NAME))
      return CS_ERR_RULE;
    put(t, c);
  }
  return CS_OK;
}

static void put_port(struct text *t, uint32_t port) {
  uint8_t digits[5];
  size_t n = 0;
  for (; port; port /= 10)
    digits[n++] = (uint8_t)('0' + port % 10);
  put(t, ':');
  while (n)
    put(t, digits[--n]);
}

static cs_err put_authority(struct text *t, cs_wire_scheme scheme, cs_span fallback_host,
                            uint16_t dst_port, cs_span options) {
  cs_span value;
  cs_err e;
  uint32_t port = dst_port;
  bool path = fallback_host.len && fallback_host.at[0] == '/';
  if (cs_wire_option_get(options, CS_OPT_URI_HOST, &value)) {
    e = put_host(t, value);
    path = false;
  } else {
    e = put_destination(t, fallback_host);
  }
  if (e)
    return e;
  if (cs_wire_option_get(options, CS_OPT_URI_PORT, &value)) {
    if (value.len > 2 || cs_wire_uint(value, &port) != CS_OK)
      return CS_ERR_RULE;
  }
  if (path || port == cs_wire_scheme_port(scheme))
    return CS_OK;
  if (port == 0)
    return CS_ERR_RULE;
  put_port(t, port);
  return CS_OK;
}

static bool dot_segment(cs_span s) {
  return (s.len == 1 && s.at[0] == '.') || (s.len == 2 && s.at[0] == '.' && s.at[1] == '.');
}

static cs_err put_resource(struct text *t, cs_span options) {
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  bool path = false, query = false;
  while (cs_wire_option_next(&it, &o)) {
    if (o.number == CS_OPT_URI_PATH) {
      if (dot_segment(o.value))
        return CS_ERR_RULE;
      path = true;
      put(t, '/');
      put_part(t, o.value, CS_URI_PATH, '/');
    } else if (o.number == CS_OPT_URI_QUERY) {
      if (!path && !query)
        put(t, '/');
      put(t, query ? '&' : '?');
      query = true;
      put_part(t, o.value, CS_URI_QUERY, '&');
    }
  }
  if (!path && !query)
    put(t, '/');
  return it.broken ? CS_ERR_RULE : CS_OK;
}

static cs_err compose(struct text *t, cs_wire_scheme scheme, cs_span fallback_host,
                      uint16_t dst_port, cs_span options) {
  for (const char *name = cs_wire_scheme_name(scheme); *name; name++)
    put(t, (uint8_t)*name);
  put(t, ':');
  put(t, '/');
  put(t, '/');
  cs_err e = put_authority(t, scheme, fallback_host, dst_port, options);
  return e ? e : put_resource(t, options);
}

cs_err cs_wire_uri_compose(cs_wire_scheme scheme, cs_span fallback_host, uint16_t dst_port,
                           cs_span options, char *buf, size_t cap, size_t *len) {
  if ((unsigned)scheme >= CS_SCHEME_COUNT_)
    return CS_ERR_ARGUMENT;
  struct text t = {NULL, 0, 0};
  cs_err e = compose(&t, scheme, fallback_host, dst_port, options);
  if (e)
    return e;
  if (t.len > cap)
    return CS_ERR_TOO_LARGE;
  t = (struct text){buf, cap, 0};
  e = compose(&t, scheme, fallback_host, dst_port, options);
  *len = t.len;
  return e;
}
