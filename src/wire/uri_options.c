#include "wire/option_codec.h"
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
static void put_plain_path(cs_wire_option_writer *w, cs_span path) {
  cs_wire_segments walk = cs_wire_uri_segments(path, '/');
  bool waiting = false, first = true;
  cs_span s;
  while (!w->out->overflow && cs_wire_uri_segment_next(&walk, &s)) {
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

/* Uri-Path options that grow from the end of a buffer towards its start, each
 * with a delta of zero. */
struct backward {
  uint8_t *buf;
  size_t cap;
  size_t at; /* they lie from here to cap */
  unsigned count;
  bool overflow;
};

static void prepend(struct backward *b, cs_span s) {
  uint8_t decoded[CS_URI_VALUE_MAX];
  size_t n = 0;
  if (cs_wire_uri_decode(s, decoded, sizeof decoded, &n) != CS_OK)
    return; /* not after check() */
  size_t size = cs_wire_option_header_size(0, n) + n;
  if (size > b->at) {
    b->overflow = true;
    return;
  }
  b->at -= size;
  b->count++;
  cs_base_writer w = cs_base_writer_of(b->buf + b->at, size);
  cs_wire_option_put_header(&w, 0, n);
  cs_base_put_bytes(&w, decoded, n);
}

/* Reads the path from its end, where each ".." is met before what it takes back
 * (RFC 3986 section 5.2.4): what stays is known at once, without memory of what
 * was passed, in one walk however long the path is. */
static void resolve(cs_span path, struct backward *b) {
  size_t end = path.len;
  size_t taken = 0; /* segments that the ".." met so far still take back */
  for (;;) {
    size_t start = end;
    while (start > 0 && path.at[start - 1] != '/')
      start--;
    cs_span s = cs_span_cut(path, start, end - start);
    enum segment kind = segment_kind(s);
    if (kind != PLAIN && end == path.len)
      prepend(b, cs_span_of(NULL, 0)); /* a path that ends in a dot segment ends in a slash */
    if (kind == DOT_DOT)
      taken++;
    else if (kind == PLAIN && taken > 0)
      taken--;
    else if (kind == PLAIN)
      prepend(b, s);
    if (start == 0 || b->overflow)
      return;
    end = start - 1;
  }
}

static bool has_dot_segment(cs_span path) {
  cs_wire_segments walk = cs_wire_uri_segments(path, '/');
  cs_span s;
  while (cs_wire_uri_segment_next(&walk, &s))
    if (segment_kind(s) != PLAIN)
      return true;
  return false;
}

static void put_path(cs_wire_option_writer *w, cs_span path) {
  if (!has_dot_segment(path)) {
    put_plain_path(w, path);
    return;
  }
  cs_base_writer *out = w->out;
  if (out->overflow)
    return;
  uint8_t *room = out->start + out->len;
  struct backward b = {room, out->cap - out->len, out->cap - out->len, 0, false};
  resolve(path, &b);
  size_t len = b.cap - b.at;
  if (b.overflow || !cs_base_room(out, len)) {
    out->overflow = true;
    return;
  }
  if (b.count == 0 || (b.count == 1 && room[b.at] == 0))
    return; /* nothing is left, or a single empty segment */
  memmove(room, room + b.at, len);
  room[0] = (uint8_t)(room[0] | (CS_OPT_URI_PATH - w->last) << 4);
  out->len += len;
  w->last = CS_OPT_URI_PATH;
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
