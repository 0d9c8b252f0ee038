#include "runner/target.h"

#include <stdlib.h>
#include <string.h>

#include "wire/uri.h"

bool cs_runner_target_check(const char *uri, cs_runner_arena *arena, const char **why) {
  cs_wire_uri u;
  size_t where = 0;
  cs_rule broken = cs_wire_uri_split(cs_span_str(uri), &u, &where);
  if (broken != CS_RULE_NONE) {
    *why = cs_runner_format(arena, "%s is no target (character %zu: %s); try coap://127.0.0.1:5683",
                            uri, where + 1, cs_base_rule_text(broken));
    return false;
  }
  if (u.scheme != CS_SCHEME_COAP || u.host_kind == CS_HOST_UNIX) {
    *why = cs_runner_format(arena, "%s: only coap:// over UDP can be tested so far", uri);
    return false;
  }
  if (u.path.len || u.has_query) {
    *why = cs_runner_format(arena, "%s: a target has neither path nor query", uri);
    return false;
  }
  return true;
}

bool cs_runner_target_resolve(const char *uri, cs_runner_arena *arena, cs_net_address *out,
                              const char **why) {
  cs_wire_uri u;
  if (cs_wire_uri_split(cs_span_str(uri), &u, NULL) != CS_RULE_NONE) {
    *why = cs_runner_format(arena, "%s is no target", uri);
    return false;
  }
  cs_err err;
  if (u.host_kind == CS_HOST_NAME) {
    uint8_t host[256];
    size_t len = 0;
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
