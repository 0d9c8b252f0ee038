#include "server/path.h"

#include <string.h>

static void add_segment(cs_server_path *p, cs_span s) {
  if (p->too_long || s.len > 255 || s.len + 1 > sizeof p->bytes - p->len) {
    p->too_long = true;
    return;
  }
  p->bytes[p->len++] = (uint8_t)s.len;
  if (s.len)
    memcpy(p->bytes + p->len, s.at, s.len);
  p->len += s.len;
}

void cs_server_path_of_options(cs_span options, cs_server_path *out) {
  out->len = 0;
  out->too_long = false;
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o))
    if (o.number == CS_OPT_URI_PATH)
      add_segment(out, o.value);
  if (out->len == 1)
    out->len = 0;
}

void cs_server_path_of_text(const char *text, cs_server_path *out) {
  out->len = 0;
  out->too_long = false;
  while (*text) {
    const char *end = text;
    while (*end && *end != '/')
      end++;
    add_segment(out, cs_span_of(text, (size_t)(end - text)));
    text = *end ? end + 1 : end;
  }
}

bool cs_server_path_equal(const cs_server_path *a, const cs_server_path *b) {
  return !a->too_long && !b->too_long && a->len == b->len &&
         memcmp(a->bytes, b->bytes, a->len) == 0;
}

bool cs_server_path_is(const cs_server_path *p, const char *text) {
  cs_server_path other;
  cs_server_path_of_text(text, &other);
  return cs_server_path_equal(p, &other);
}

bool cs_server_path_next(const cs_server_path *p, size_t *at, cs_span *segment) {
  if (*at >= p->len)
    return false;
  *segment = cs_span_of(p->bytes + *at + 1, p->bytes[*at]);
  *at += 1 + segment->len;
  return true;
}
