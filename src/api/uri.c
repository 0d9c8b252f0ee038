#include <string.h>

#include <coap3/coap.h>

#include "api/error.h"
#include "api/memory.h"
#include "api/pdu.h"
#include "wire/uri.h"

static const coap_uri_scheme_t scheme_of[CS_SCHEME_COUNT_] = {
    [CS_SCHEME_COAP] = COAP_URI_SCHEME_COAP,
    [CS_SCHEME_COAPS] = COAP_URI_SCHEME_COAPS,
    [CS_SCHEME_COAP_TCP] = COAP_URI_SCHEME_COAP_TCP,
    [CS_SCHEME_COAPS_TCP] = COAP_URI_SCHEME_COAPS_TCP,
    [CS_SCHEME_COAP_WS] = COAP_URI_SCHEME_COAP_WS,
    [CS_SCHEME_COAPS_WS] = COAP_URI_SCHEME_COAPS_WS,
};

/* A text whose scheme, or scheme and host, wire does not split is split with
 * others in their place. */
typedef struct cs_api_uri_start {
  const char *text;  /* what it begins with */
  const char *stand; /* what wire is given instead: a scheme of the same port */
  coap_uri_scheme_t scheme;
} cs_api_uri_start;

static const cs_api_uri_start starts[] = {
    {"http://", "coap+ws://", COAP_URI_SCHEME_HTTP},
    {"https://", "coaps+ws://", COAP_URI_SCHEME_HTTPS},
};

static bool begins(cs_span text, const char *start) {
  size_t n = strlen(start);
  if (text.len < n)
    return false;
  for (size_t i = 0; i < n; i++) {
    uint8_t c = text.at[i];
    if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)start[i])
      return false;
  }
  return true;
}

static coap_str_const_t text_of(cs_span s) {
  coap_str_const_t t = {s.len, s.len ? s.at : NULL};
  return t;
}

/* The host as the interface has it: an IPv6 literal together with its zone. */
static cs_span host_of(const cs_wire_uri *u) {
  cs_span host = u->host;
  if (u->zone.len)
    host.len = (size_t)(u->zone.at + u->zone.len - u->host.at);
  return host;
}

static void translate(const cs_wire_uri *u, coap_uri_t *out) {
  out->host = text_of(host_of(u));
  out->port = u->host_kind == CS_HOST_UNIX ? 0 : u->port;
  out->path = text_of(u->path);
  out->query = text_of(u->query);
  out->scheme = scheme_of[u->scheme];
}

/* text with its first skip bytes replaced by stand, split; spans are moved
 * back to where they lie in text. */
static cs_rule split_replaced(cs_span text, size_t skip, const char *stand, cs_wire_uri *u,
                              cs_err *e) {
  size_t front = strlen(stand);
  size_t len = front + text.len - skip;
  uint8_t *copy = cs_api_get(len);
  if (!copy) {
    *e = CS_ERR_MEMORY;
    return CS_RULE_NONE;
  }
  memcpy(copy, stand, front);
  if (text.len > skip)
    memcpy(copy + front, text.at + skip, text.len - skip);
  cs_rule rule = cs_wire_uri_split(cs_span_of(copy, len), u, NULL);
  if (rule == CS_RULE_NONE) {
    cs_span *spans[] = {&u->host, &u->zone, &u->path, &u->query};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
      size_t at = spans[i]->len ? (size_t)(spans[i]->at - copy) : 0;
      *spans[i] =
          at < front ? cs_span_of(NULL, 0) : cs_span_cut(text, at - front + skip, spans[i]->len);
    }
  }
  cs_api_put(copy);
  return rule;
}

static int split(const char *function, const uint8_t *str_var, size_t len, coap_uri_t *uri,
                 bool proxy) {
  if (!str_var || !uri || len == 0) {
    cs_api_fail(function, !uri ? "uri is NULL" : "the URI is empty");
    return -1;
  }
  cs_span text = cs_span_of(str_var, len);
  cs_wire_uri u;
  cs_err e = CS_OK;
  cs_rule rule = CS_RULE_NONE;
  coap_uri_scheme_t other = COAP_URI_SCHEME_LAST;
  if (str_var[0] == '/') {
    rule = split_replaced(text, 0, "coap://h", &u, &e);
  } else {
    size_t i = 0;
    const size_t count = proxy ? sizeof starts / sizeof *starts : 0;
    while (i < count && !begins(text, starts[i].text))
      i++;
    if (i < count) {
      rule = split_replaced(text, strlen(starts[i].text), starts[i].stand, &u, &e);
      other = starts[i].scheme;
    } else {
      rule = cs_wire_uri_split(text, &u, NULL);
    }
  }
  if (e || rule != CS_RULE_NONE) {
    cs_api_fail_err(function, e, rule, NULL);
    return e ? -2 : -3;
  }
  translate(&u, uri);
  if (other != COAP_URI_SCHEME_LAST)
    uri->scheme = other;
  return 0;
}

int coap_split_uri(const uint8_t *str_var, size_t len, coap_uri_t *uri) {
  return split(__func__, str_var, len, uri, false);
}

int coap_split_proxy_uri(const uint8_t *str_var, size_t len, coap_uri_t *uri) {
  return split(__func__, str_var, len, uri, true);
}

int coap_host_is_unix_domain(const coap_str_const_t *host) {
  if (!host || !host->s)
    return 0;
  if (host->length >= 1 && host->s[0] == '/')
    return 1;
  return host->length >= 3 && host->s[0] == '%' && host->s[1] == '2' && (host->s[2] | 0x20) == 'f';
}

/* A URI and the text it was split from are one piece. */
typedef struct cs_api_uri {
  coap_uri_t uri;
  size_t len;
  uint8_t text[];
} cs_api_uri;

static cs_api_uri *uri_new(const char *function, size_t len) {
  cs_api_uri *u = cs_api_get(sizeof *u + len);
  if (!u) {
    cs_api_fail_err(function, CS_ERR_MEMORY, CS_RULE_NONE, NULL);
    return NULL;
  }
  memset(&u->uri, 0, sizeof u->uri);
  u->len = len;
  return u;
}

coap_uri_t *coap_new_uri(const uint8_t *uri, unsigned int length) {
  if (!uri) {
    cs_api_fail(__func__, "uri is NULL");
    return NULL;
  }
  cs_api_uri *u = uri_new(__func__, length);
  if (!u)
    return NULL;
  memcpy(u->text, uri, length);
  if (split(__func__, u->text, length, &u->uri, false) < 0) {
    cs_api_put(u);
    return NULL;
  }
  return &u->uri;
}

static coap_str_const_t append(cs_api_uri *u, size_t *at, const coap_str_const_t *from) {
  coap_str_const_t s = {from->length, NULL};
  if (from->length) {
    memcpy(u->text + *at, from->s, from->length);
    s.s = u->text + *at;
    *at += from->length;
  }
  return s;
}

coap_uri_t *coap_clone_uri(const coap_uri_t *uri) {
  if (!uri) {
    cs_api_fail(__func__, "uri is NULL");
    return NULL;
  }
  cs_api_uri *u = uri_new(__func__, uri->host.length + uri->path.length + uri->query.length);
  if (!u)
    return NULL;
  size_t at = 0;
  u->uri.port = uri->port;
  u->uri.scheme = uri->scheme;
  u->uri.host = append(u, &at, &uri->host);
  u->uri.path = append(u, &at, &uri->path);
  u->uri.query = append(u, &at, &uri->query);
  return &u->uri;
}

void coap_delete_uri(coap_uri_t *uri) {
  cs_api_put(uri);
}

/* The part of a composed "coap://h/path?query" that begins behind mark and
 * ends at stop or the end; false when there is no mark. */
static bool part(cs_span text, char mark, char stop, cs_span *out) {
  const size_t authority = strlen("coap://");
  size_t i = authority;
  while (i < text.len && text.at[i] != (uint8_t)mark)
    i++;
  if (i == text.len)
    return false;
  size_t from = ++i;
  while (i < text.len && text.at[i] != (uint8_t)stop)
    i++;
  *out = cs_span_cut(text, from, i - from);
  return true;
}

static coap_string_t *composed(const char *function, const coap_pdu_t *request, char mark,
                               char stop, coap_option_num_t number) {
  enum { AUTHORITY = 800 };
  if (!request) {
    cs_api_fail(function, "request is NULL");
    return NULL;
  }
  /* Only the options asked for, so that a strange Uri-Host does no harm. */
  coap_pdu_t *only = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, 0);
  cs_wire_option_iter it = cs_wire_options(request->options);
  cs_wire_option o;
  while (only && cs_wire_option_next(&it, &o)) {
    if (o.number == number && !coap_add_option(only, number, o.value.len, o.value.at)) {
      coap_delete_pdu(only);
      return NULL;
    }
  }
  size_t cap = only ? AUTHORITY + 3 * only->options.len : 0;
  char *text = only ? cs_api_get(cap) : NULL;
  coap_string_t *result = NULL;
  size_t len = 0;
  cs_err e = text ? CS_OK : CS_ERR_MEMORY;
  if (!e)
    e = cs_wire_uri_compose(CS_SCHEME_COAP, cs_span_str("h"), COAP_DEFAULT_PORT, only->options,
                            text, cap, &len);
  cs_span found = cs_span_of(NULL, 0);
  if (e)
    cs_api_fail_err(function, e, CS_RULE_NONE, NULL);
  else if (part(cs_span_of(text, len), mark, stop, &found) || mark == '/')
    result = coap_new_string(found.len);
  if (result && found.len)
    memcpy(result->s, found.at, found.len);
  cs_api_put(text);
  coap_delete_pdu(only);
  return result;
}

coap_string_t *coap_get_uri_path(const coap_pdu_t *request) {
  return composed(__func__, request, '/', '?', COAP_OPTION_URI_PATH);
}

coap_string_t *coap_get_query(const coap_pdu_t *request) {
  return composed(__func__, request, '?', '\0', COAP_OPTION_URI_QUERY);
}
