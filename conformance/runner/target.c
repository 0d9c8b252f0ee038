#include "runner/target.h"

#include <stdlib.h>
#include <string.h>

#include "wire/uri.h"

static cs_runner_transport transport_of(cs_wire_scheme scheme) {
  static const cs_runner_transport transports[CS_SCHEME_COUNT_] = {
      [CS_SCHEME_COAP] = CS_RUNNER_UDP,      [CS_SCHEME_COAP_TCP] = CS_RUNNER_TCP,
      [CS_SCHEME_COAP_WS] = CS_RUNNER_WS,    [CS_SCHEME_COAPS] = CS_RUNNER_DTLS,
      [CS_SCHEME_COAPS_TCP] = CS_RUNNER_TLS, [CS_SCHEME_COAPS_WS] = CS_RUNNER_WSS};
  return transports[scheme];
}

bool cs_runner_target_check(const char *uri, cs_runner_arena *arena, const char **why) {
  cs_wire_uri u;
  size_t where = 0;
  cs_rule broken = cs_wire_uri_split(cs_span_str(uri), &u, &where);
  if (broken != CS_RULE_NONE) {
    *why = cs_runner_format(arena, "%s is no target (character %zu: %s); try coap://127.0.0.1:5683",
                            uri, where + 1, cs_base_rule_text(broken));
    return false;
  }
  if (u.path.len || u.has_query) {
    *why = cs_runner_format(arena, "%s: a target has neither path nor query", uri);
    return false;
  }
  return true;
}

cs_runner_transport cs_runner_target_transport(const char *uri) {
  cs_wire_uri u;
  if (cs_wire_uri_split(cs_span_str(uri), &u, NULL) != CS_RULE_NONE)
    return CS_RUNNER_UDP;
  return transport_of(u.scheme);
}

const char *cs_runner_target_name(const char *uri, cs_runner_arena *arena) {
  cs_wire_uri u;
  uint8_t host[256];
  size_t len = 0;
  if (cs_wire_uri_split(cs_span_str(uri), &u, NULL) != CS_RULE_NONE ||
      u.host_kind == CS_HOST_UNIX || cs_wire_uri_decode(u.host, host, sizeof host, &len) != CS_OK)
    return NULL;
  return cs_runner_text(arena, cs_span_of(host, len));
}

bool cs_runner_target_at_default_port(const char *uri) {
  cs_wire_uri u;
  return cs_wire_uri_split(cs_span_str(uri), &u, NULL) == CS_RULE_NONE &&
         u.host_kind != CS_HOST_UNIX && u.port == cs_wire_scheme_port(u.scheme);
}

const char *cs_runner_target_host(const char *uri, cs_runner_arena *arena) {
  cs_wire_uri u;
  if (cs_wire_uri_split(cs_span_str(uri), &u, NULL) != CS_RULE_NONE || u.host_kind == CS_HOST_UNIX)
    return "localhost";
  bool v6 = u.host_kind == CS_HOST_IPV6;
  const char *host = cs_runner_format(arena, "%s%.*s%s", v6 ? "[" : "", (int)u.host.len,
                                      (const char *)u.host.at, v6 ? "]" : "");
  if (u.port == cs_wire_scheme_port(u.scheme))
    return host;
  return cs_runner_format(arena, "%s:%u", host, u.port);
}

const char *cs_runner_target_with_port(const char *uri, cs_runner_arena *arena) {
  const char *authority = strstr(uri, "://");
  authority = authority ? authority + 3 : uri;
  size_t len = strcspn(authority, "/?#");
  const char *bracket = memchr(authority, ']', len);
  const char *host_end = bracket ? bracket : authority;
  bool path = strncmp(authority, "%2f", 3) == 0 || strncmp(authority, "%2F", 3) == 0;
  if (path || memchr(host_end, ':', len - (size_t)(host_end - authority)))
    return uri;
  return cs_runner_format(arena, "%.*s:{port}%s", (int)(authority + len - uri), uri,
                          authority + len);
}

bool cs_runner_target_resolve(const char *uri, cs_runner_arena *arena, cs_net_address *out,
                              const char **why) {
  cs_wire_uri u;
  if (cs_wire_uri_split(cs_span_str(uri), &u, NULL) != CS_RULE_NONE) {
    *why = cs_runner_format(arena, "%s is no target", uri);
    return false;
  }
  cs_err err;
  uint8_t host[256];
  size_t len = 0;
  if (u.host_kind == CS_HOST_UNIX) {
    err = cs_wire_uri_decode(u.host, host, sizeof host, &len);
    if (err == CS_OK)
      err = cs_net_address_unix(cs_span_of(host, len), out);
  } else if (u.host_kind == CS_HOST_NAME) {
    size_t count = 0;
    err = cs_wire_uri_decode(u.host, host, sizeof host, &len);
    if (err == CS_OK)
      err = cs_net_resolve(cs_span_of(host, len), u.port, AF_UNSPEC, out, 1, &count);
    if (err == CS_OK && count == 0)
      err = CS_ERR_RESOLVE;
  } else {
    char *literal = u.zone.len ? cs_runner_format(arena, "%.*s%%%.*s", (int)u.host.len, u.host.at,
                                                  (int)u.zone.len, u.zone.at)
                               : cs_runner_text(arena, u.host);
    err = cs_net_address_literal(cs_span_str(literal), u.port, out);
  }
  if (err == CS_OK)
    return true;
  *why = cs_runner_format(arena, "%s: %s", uri, cs_base_err_text(err));
  return false;
}

bool cs_runner_bind_address(const char *text, cs_runner_arena *arena, cs_net_address *out,
                            const char **why) {
  const char *colon = strrchr(text, ':');
  char *end = NULL;
  unsigned long port = colon && colon[1] ? strtoul(colon + 1, &end, 10) : 65536;
  bool digits = colon && colon[1] >= '0' && colon[1] <= '9' && end && *end == '\0';
  cs_span host = cs_span_of(text, colon ? (size_t)(colon - text) : 0);
  if (!digits || port > 65535 || cs_net_address_literal(host, (uint16_t)port, out) != CS_OK) {
    *why = cs_runner_format(arena, "%s is no ADDRESS:PORT such as 127.0.0.1:5683 or [::1]:0", text);
    return false;
  }
  return true;
}
