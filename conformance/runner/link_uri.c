/* URI references in links (RFC 3986). */
#include "runner/link_format.h"
#include "wire/uri.h"

enum { PATH_MAX_BYTES = 1024 };

static bool alpha(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

static bool hex(uint8_t c) {
  return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* unreserved, sub-delims, and what is not ASCII; with more of these. */
static bool is_plain(uint8_t c, const char *more) {
  return alpha(c) || digit(c) || c >= 0x80 || (c && strchr("-._~!$&'()*+,;=", c)) ||
         (c && strchr(more, c));
}

static bool all_plain(cs_span s, const char *more) {
  for (size_t i = 0; i < s.len; i++) {
    if (s.at[i] == '%' && i + 2 < s.len && hex(s.at[i + 1]) && hex(s.at[i + 2]))
      i += 2;
    else if (!is_plain(s.at[i], more))
      return false;
  }
  return true;
}

static size_t find(cs_span s, size_t from, const char *any) {
  while (from < s.len && !(s.at[from] && strchr(any, s.at[from])))
    from++;
  return from;
}

static bool good_scheme(cs_span s) {
  if (s.len == 0 || !alpha(s.at[0]))
    return false;
  for (size_t i = 1; i < s.len; i++)
    if (!alpha(s.at[i]) && !digit(s.at[i]) && !strchr("+-.", s.at[i]))
      return false;
  return !memchr(s.at, 0, s.len);
}

cs_runner_uri_parts cs_runner_uri_split(cs_span s) {
  cs_runner_uri_parts u = {0};
  size_t at = find(s, 0, ":/?#");
  if (at < s.len && s.at[at] == ':') {
    u.has_scheme = true;
    u.scheme = cs_span_cut(s, 0, at);
    at++;
  } else {
    at = 0;
  }
  if (s.len - at >= 2 && s.at[at] == '/' && s.at[at + 1] == '/') {
    size_t end = find(s, at + 2, "/?#");
    u.has_authority = true;
    u.authority = cs_span_cut(s, at + 2, end - at - 2);
    at = end;
  }
  size_t end = find(s, at, "?#");
  u.path = cs_span_cut(s, at, end - at);
  u.has_query = end < s.len && s.at[end] == '?';
  return u;
}

static bool good_authority(cs_span s) {
  size_t at = find(s, 0, "@");
  if (at < s.len) {
    if (!all_plain(cs_span_cut(s, 0, at), ":"))
      return false;
    s = cs_span_cut(s, at + 1, s.len - at - 1);
  }
  size_t host = 0;
  if (s.len && s.at[0] == '[') {
    host = find(s, 0, "]");
    if (host == s.len || host == 1)
      return false;
    for (size_t i = 1; i < host; i++)
      if (!is_plain(s.at[i], ":%"))
        return false;
    host++;
  } else {
    host = find(s, 0, ":");
    if (!all_plain(cs_span_cut(s, 0, host), ""))
      return false;
  }
  if (host == s.len)
    return true;
  if (s.at[host] != ':')
    return false;
  for (size_t i = host + 1; i < s.len; i++)
    if (!digit(s.at[i]))
      return false;
  return true;
}

bool cs_runner_uri_reference(cs_span s) {
  if (s.len && memchr(s.at, 0, s.len))
    return false;
  cs_runner_uri_parts u = cs_runner_uri_split(s);
  if (u.has_scheme && !good_scheme(u.scheme))
    return false;
  if (u.has_authority && !good_authority(u.authority))
    return false;
  if (!all_plain(u.path, ":@/"))
    return false;
  size_t at = u.path.len ? (size_t)(u.path.at - s.at) + u.path.len : find(s, 0, "?#");
  size_t fragment = find(s, at, "#");
  if (!all_plain(cs_span_cut(s, at, fragment - at), ":@/?"))
    return false;
  return fragment == s.len || all_plain(cs_span_cut(s, fragment + 1, s.len - fragment - 1), ":@/?");
}

bool cs_runner_uri(cs_span s) {
  return cs_runner_uri_reference(s) && cs_runner_uri_split(s).has_scheme;
}

/* The path's segments, decoded, dot segments resolved, each with its length in
 * front of it; false when there is no room, or an escape is wrong. */
static bool put_segments(cs_base_writer *w, cs_span path) {
  cs_wire_segments segments = cs_wire_uri_segments(path, '/');
  cs_span segment;
  while (cs_wire_uri_segment_next(&segments, &segment)) {
    uint8_t decoded[PATH_MAX_BYTES];
    size_t len;
    if (cs_span_equal(segment, cs_span_str(".")))
      continue;
    if (cs_span_equal(segment, cs_span_str(".."))) {
      w->len -= w->len > 0;
      while (w->len && w->start[w->len - 1] != 0xff)
        w->len--;
      continue;
    }
    if (cs_wire_uri_decode(segment, decoded, sizeof decoded, &len) != CS_OK)
      return false;
    cs_base_put_span(w, cs_span_of(decoded, len));
    /* No UTF-8 has this byte. */
    cs_base_put_u8(w, 0xff);
  }
  return !w->overflow;
}

static cs_span without_slash(cs_span path) {
  return path.len && path.at[0] == '/' ? cs_span_cut(path, 1, path.len - 1) : path;
}

bool cs_runner_link_leads_to(cs_span target, const char *path) {
  uint8_t there[PATH_MAX_BYTES];
  uint8_t wanted[PATH_MAX_BYTES];
  cs_base_writer a = cs_base_writer_of(there, sizeof there);
  cs_base_writer b = cs_base_writer_of(wanted, sizeof wanted);
  cs_runner_uri_parts u = cs_runner_uri_split(target);
  if (u.has_query || !cs_runner_uri_reference(target))
    return false;
  bool absolute = u.has_scheme || u.has_authority || (u.path.len && u.path.at[0] == '/');
  if (!absolute)
    cs_base_put_span(&a, cs_span_str(u.path.len ? ".well-known\xff"
                                                : ".well-known\xff"
                                                  "core\xff"));
  return put_segments(&a, without_slash(u.path)) &&
         put_segments(&b, without_slash(cs_span_str(path))) &&
         cs_span_equal(cs_base_written(&a), cs_base_written(&b));
}
