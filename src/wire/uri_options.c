#include "wire/uri_text.h"

enum segment { PLAIN, DOT, DOT_DOT };

/* What kind of segment it is: an escaped dot is a dot (RFC 3986 section 6.2.2.2). */
static enum segment segment_kind(cs_span s) {
  unsigned dots = 0;
  for (size_t i = 0; i < s.len; dots++) {
    if (s.at[i] == '.')
      i++;
    else if (s.len - i >= 3 && s.at[i] == '%' && s.at[i + 1] == '2' && (s.at[i + 2] | 0x20) == 'e')
      i += 3;
    else
      return PLAIN;
    if (dots == 2)
      return PLAIN;
  }
  return dots == 0 ? PLAIN : dots == 1 ? DOT : DOT_DOT;
}

/* A walk over a path that leaves out what RFC 3986 section 5.2.4 removes. */
struct resolved {
  cs_wire_segments rest;
  size_t last_dot_dot; /* offset behind the last ".."; nothing after is taken back */
  bool closing;        /* the path ended in a dot segment: an empty one follows */
};

static struct resolved resolve(cs_span path) {
  struct resolved w = {cs_wire_uri_segments(path, '/'), 0, false};
  cs_wire_segments all = w.rest;
  cs_span s;
  while (cs_wire_uri_segment_next(&all, &s)) {
    enum segment kind = segment_kind(s);
    if (kind == DOT_DOT)
      w.last_dot_dot = all.at;
    w.closing = kind != PLAIN;
  }
  return w;
}

/* If a later ".." takes back the segment just read, moves behind that "..". */
static bool taken_back(struct resolved *w) {
  cs_wire_segments ahead = w->rest;
  unsigned open = 1;
  cs_span s;
  while (ahead.at < w->last_dot_dot && cs_wire_uri_segment_next(&ahead, &s)) {
    switch (segment_kind(s)) {
    case PLAIN:
      open++;
      break;
    case DOT:
      break;
    case DOT_DOT:
      if (--open == 0) {
        w->rest = ahead;
        return true;
      }
    }
  }
  return false;
}

static bool resolved_next(struct resolved *w, cs_span *out) {
  while (cs_wire_uri_segment_next(&w->rest, out))
    if (segment_kind(*out) == PLAIN && !taken_back(w))
      return true;
  if (!w->closing)
    return false;
  w->closing = false;
  *out = cs_span_of(NULL, 0);
  return true;
}

/* Most values have no escape and are put as they stand. */
static void put_decoded(cs_wire_option_writer *w, uint16_t number, cs_span s) {
  uint8_t buf[CS_URI_VALUE_MAX];
  size_t n = 0;
  while (n < s.len && s.at[n] != '%')
    n++;
  if (n < s.len && cs_wire_uri_decode(s, buf, sizeof buf, &n) == CS_OK)
    s = cs_span_of(buf, n);
  (void)cs_wire_option_put(w, number, s);
}

/* A path that is empty or a single slash has no Uri-Path (step 8), so a first
 * empty segment waits until there is a second. */
static void put_path(cs_wire_option_writer *w, cs_span path) {
  struct resolved walk = resolve(path);
  bool waiting = false, first = true;
  cs_span s;
  while (!w->out->overflow && resolved_next(&walk, &s)) {
    if (first && s.len == 0) {
      waiting = true;
    } else {
      if (waiting)
        (void)cs_wire_option_put(w, CS_OPT_URI_PATH, cs_span_of(NULL, 0));
      waiting = false;
      put_decoded(w, CS_OPT_URI_PATH, s);
    }
    first = false;
  }
}

/* Lower case first, escapes after (step 5): "%41" stays a capital letter. */
static void put_host(cs_wire_option_writer *w, cs_span host) {
  uint8_t buf[CS_URI_VALUE_MAX];
  size_t n = 0;
  for (size_t i = 0; i < host.len; n++) {
    uint8_t c = host.at[i];
    if (c == '%') {
      buf[n] =
          (uint8_t)(cs_wire_uri_digit(host.at[i + 1]) << 4 | cs_wire_uri_digit(host.at[i + 2]));
      i += 3;
    } else {
      buf[n] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
      i++;
    }
  }
  (void)cs_wire_option_put(w, CS_OPT_URI_HOST, cs_span_of(buf, n));
}

static cs_rule check(const cs_wire_uri *u) {
  size_t ignored = 0;
  cs_rule r = CS_RULE_NONE;
  if (u->host_kind == CS_HOST_NAME) {
    if (u->host.len == 0)
      return CS_RULE_URI_HOST_EMPTY;
    r = cs_wire_uri_check_parts(u->host, '\0', &ignored);
  }
  if (!r && u->host_kind != CS_HOST_UNIX && u->port == 0)
    r = CS_RULE_URI_PORT_RANGE;
  if (!r)
    r = cs_wire_uri_check_parts(u->path, '/', &ignored);
  if (!r && u->has_query)
    r = cs_wire_uri_check_parts(u->query, '&', &ignored);
  return r;
}

cs_err cs_wire_uri_options(const cs_wire_uri *u, uint16_t dst_port, cs_wire_option_writer *w,
                           cs_rule *broken) {
  if (w->last > CS_OPT_URI_HOST)
    return CS_ERR_ARGUMENT;
  cs_rule r = check(u);
  if (r) {
    if (broken)
      *broken = r;
    return CS_ERR_RULE;
  }
  if (u->host_kind == CS_HOST_NAME)
    put_host(w, u->host);
  if (u->host_kind != CS_HOST_UNIX && u->port != dst_port)
    (void)cs_wire_option_put_uint(w, CS_OPT_URI_PORT, u->port);
  put_path(w, u->path);
  if (u->has_query) {
    cs_wire_segments arguments = cs_wire_uri_segments(u->query, '&');
    cs_span s;
    while (!w->out->overflow && cs_wire_uri_segment_next(&arguments, &s))
      put_decoded(w, CS_OPT_URI_QUERY, s);
  }
  return CS_OK;
}
