#include <string.h>

#include <coap3/coap.h>

#include "api/address.h"
#include "api/error.h"
#include "api/memory.h"
#include "wire/uri.h"

enum { LITERAL_MAX = INET6_ADDRSTRLEN + 2 };

/* Options encoded one after the other, in a piece of memory. */
typedef struct cs_api_options {
  uint8_t *bytes;
  size_t len;
} cs_api_options;

/* The options of u; bytes are the caller's to put back. */
static bool options_of(const char *function, const cs_wire_uri *u, uint16_t dst_port,
                       cs_api_options *out) {
  enum { SPARE = 64, OPTION_MOST = 6 };
  size_t cap = SPARE + OPTION_MOST * (u->host.len + u->path.len + u->query.len);
  uint8_t *bytes = cs_api_get(cap);
  if (!bytes) {
    cs_api_fail_err(function, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return false;
  }
  cs_base_writer w = cs_base_writer_of(bytes, cap);
  cs_wire_option_writer options = {&w, 0};
  cs_rule rule = CS_RULE_NONE;
  cs_err e = cs_wire_uri_options(u, dst_port, &options, &rule);
  if (!e && w.overflow)
    e = CS_ERR_TOO_LARGE;
  if (e) {
    cs_api_fail_err(function, e, rule, NULL);
    cs_api_put(bytes);
    return false;
  }
  out->bytes = bytes;
  out->len = w.len;
  return true;
}

/* Appends them to a chain; all or none. number 0 keeps their own. */
static bool into_chain(const cs_api_options *options, uint16_t number, coap_optlist_t **chain) {
  coap_optlist_t *added = NULL;
  coap_optlist_t **end = &added;
  cs_wire_option_iter it = cs_wire_options(cs_span_of(options->bytes, options->len));
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    *end = coap_new_optlist(number ? number : o.number, o.value.len, o.value.at);
    if (!*end) {
      coap_delete_optlist(added);
      return false;
    }
    end = &(*end)->next;
  }
  end = chain;
  while (*end)
    end = &(*end)->next;
  *end = added;
  return true;
}

/* A URI of nothing but a path or a query. */
static cs_wire_uri bare(cs_span path, cs_span query, bool has_query) {
  cs_wire_uri u = {.scheme = CS_SCHEME_COAP,
                   .host_kind = CS_HOST_IPV4,
                   .host = cs_span_str("0.0.0.0"),
                   .port = COAP_DEFAULT_PORT,
                   .path = path,
                   .query = query,
                   .has_query = has_query};
  return u;
}

/* A path ends at '?' or '#', a query at '#', as they would in a URI. */
static cs_span until(const uint8_t *s, size_t length, bool query) {
  size_t n = 0;
  while (n < length && s[n] != '#' && (query || s[n] != '?'))
    n++;
  return cs_span_of(n ? s : NULL, n);
}

static bool parts_of(const char *function, const uint8_t *s, size_t length, bool query,
                     cs_api_options *out) {
  if (!s && length > 0) {
    cs_api_fail(function, "s is NULL but length is %zu", length);
    return false;
  }
  cs_span text = until(s, length, query);
  cs_wire_uri u = query ? bare(cs_span_of(NULL, 0), text, text.len > 0)
                        : bare(text, cs_span_of(NULL, 0), false);
  return options_of(function, &u, COAP_DEFAULT_PORT, out);
}

static int split_into(const char *function, const uint8_t *s, size_t length, bool query,
                      unsigned char *buf, size_t *buflen) {
  cs_api_options options;
  if (!buf || !buflen) {
    cs_api_fail(function, "%s is NULL", buf ? "buflen" : "buf");
    return -1;
  }
  if (!parts_of(function, s, length, query, &options))
    return -1;
  int count = 0;
  size_t total = 0;
  cs_wire_option_iter it = cs_wire_options(cs_span_of(options.bytes, options.len));
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    total += coap_opt_encode_size(0, o.value.len);
    count++;
  }
  if (total > *buflen) {
    cs_api_fail(function, "the options need %zu bytes; there are %zu", total, *buflen);
    cs_api_put(options.bytes);
    return -1;
  }
  size_t at = 0;
  it = cs_wire_options(cs_span_of(options.bytes, options.len));
  while (cs_wire_option_next(&it, &o))
    at += coap_opt_encode(buf + at, *buflen - at, 0, o.value.at, o.value.len);
  cs_api_put(options.bytes);
  *buflen = at;
  return count;
}

int coap_split_path(const uint8_t *s, size_t length, unsigned char *buf, size_t *buflen) {
  return split_into(__func__, s, length, false, buf, buflen);
}

int coap_split_query(const uint8_t *s, size_t length, unsigned char *buf, size_t *buflen) {
  return split_into(__func__, s, length, true, buf, buflen);
}

static int append(const char *function, const uint8_t *s, size_t length, bool query,
                  coap_option_num_t optnum, coap_optlist_t **chain) {
  cs_api_options options;
  if (!chain) {
    cs_api_fail(function, "optlist_chain is NULL");
    return 0;
  }
  if (!parts_of(function, s, length, query, &options))
    return 0;
  bool done = into_chain(&options, optnum, chain);
  cs_api_put(options.bytes);
  return done;
}

int coap_path_into_optlist(const uint8_t *s, size_t length, coap_option_num_t optnum,
                           coap_optlist_t **optlist_chain) {
  return append(__func__, s, length, false, optnum, optlist_chain);
}

int coap_query_into_optlist(const uint8_t *s, size_t length, coap_option_num_t optnum,
                            coap_optlist_t **optlist_chain) {
  return append(__func__, s, length, true, optnum, optlist_chain);
}

static cs_span span_of(const coap_str_const_t *s) {
  return cs_span_of(s->length ? s->s : NULL, s->length);
}

/* What kind of host it is for a request to dst. One that Uri-Host has to name
 * is made what that option takes: an IPv6 literal has brackets there, and no
 * zone, which says nothing outside this host (RFC 6874 section 1). */
static cs_wire_host kind_of(cs_span *host, const coap_address_t *dst,
                            uint8_t literal_text[LITERAL_MAX]) {
  cs_net_address literal, to;
  cs_span bare_host = *host;
  bool v6 = memchr(host->at, ':', host->len) != NULL;
  const uint8_t *zone = v6 ? memchr(host->at, '%', host->len) : NULL;
  if (zone)
    bare_host.len = (size_t)(zone - host->at);
  if (cs_net_address_literal(bare_host, 0, &literal) != CS_OK)
    return CS_HOST_NAME;
  if (cs_api_address_read(dst, &to))
    return CS_HOST_IPV4;
  cs_net_address_set_port(&to, 0);
  if (v6 && cs_net_address_family(&to) == AF_INET6)
    to.u.in6.sin6_scope_id = 0;
  /* A literal that is not where the request goes must be named. */
  if (cs_net_address_equal(&literal, &to))
    return CS_HOST_IPV4;
  if (v6 && host->at[0] != '[') {
    cs_base_writer w = cs_base_writer_of(literal_text, LITERAL_MAX);
    cs_base_put_u8(&w, '[');
    cs_base_put_span(&w, bare_host);
    cs_base_put_u8(&w, ']');
    *host = cs_base_written(&w);
  }
  return CS_HOST_NAME;
}

static int uri_into(const char *function, const coap_uri_t *uri, const coap_address_t *dst,
                    coap_optlist_t **chain, int create_port_host_opt) {
  static const cs_wire_scheme scheme_of[COAP_URI_SCHEME_LAST] = {
      [COAP_URI_SCHEME_COAPS] = CS_SCHEME_COAPS,
      [COAP_URI_SCHEME_COAP_TCP] = CS_SCHEME_COAP_TCP,
      [COAP_URI_SCHEME_COAPS_TCP] = CS_SCHEME_COAPS_TCP,
      [COAP_URI_SCHEME_COAP_WS] = CS_SCHEME_COAP_WS,
      [COAP_URI_SCHEME_COAPS_WS] = CS_SCHEME_COAPS_WS,
  };
  if (!uri || !chain) {
    cs_api_fail(function, "%s is NULL", uri ? "optlist_chain" : "uri");
    return 0;
  }
  if ((int)uri->scheme < 0 || uri->scheme >= COAP_URI_SCHEME_LAST ||
      uri->scheme == COAP_URI_SCHEME_HTTP || uri->scheme == COAP_URI_SCHEME_HTTPS) {
    cs_api_fail(function, "scheme %d is none of CoAP's", (int)uri->scheme);
    return 0;
  }
  cs_wire_uri u = bare(span_of(&uri->path), span_of(&uri->query), uri->query.length > 0);
  u.scheme = scheme_of[uri->scheme];
  uint16_t port = cs_wire_scheme_port(u.scheme);
  uint8_t literal_text[LITERAL_MAX];
  if (create_port_host_opt && uri->host.length > 0) {
    u.host = span_of(&uri->host);
    if (coap_host_is_unix_domain(&uri->host))
      u.host_kind = CS_HOST_UNIX;
    else if (dst)
      u.host_kind = kind_of(&u.host, dst, literal_text);
    u.port = uri->port ? uri->port : port;
  } else {
    u.port = port;
  }
  cs_api_options options;
  if (!options_of(function, &u, port, &options))
    return 0;
  bool done = into_chain(&options, 0, chain);
  cs_api_put(options.bytes);
  return done;
}

int coap_uri_into_optlist(const coap_uri_t *uri, const coap_address_t *dst,
                          coap_optlist_t **optlist_chain, int create_port_host_opt) {
  return uri_into(__func__, uri, dst, optlist_chain, create_port_host_opt);
}

int coap_uri_into_options(const coap_uri_t *uri, const coap_address_t *dst,
                          coap_optlist_t **optlist_chain, int create_port_host_opt, uint8_t *buf,
                          size_t buflen) {
  (void)buf, (void)buflen;
  return uri_into(__func__, uri, dst, optlist_chain, create_port_host_opt) ? 0 : -1;
}
