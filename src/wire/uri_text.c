#include "wire/uri_text.h"

#include "wire/utf8.h"

static const struct {
  char name[10];
  uint16_t port;
} schemes[CS_SCHEME_COUNT_] = {
    [CS_SCHEME_COAP] = {"coap", 5683},         [CS_SCHEME_COAPS] = {"coaps", 5684},
    [CS_SCHEME_COAP_TCP] = {"coap+tcp", 5683}, [CS_SCHEME_COAPS_TCP] = {"coaps+tcp", 5684},
    [CS_SCHEME_COAP_WS] = {"coap+ws", 80},     [CS_SCHEME_COAPS_WS] = {"coaps+ws", 443},
};

const char *cs_wire_scheme_name(cs_wire_scheme s) {
  return (unsigned)s < CS_SCHEME_COUNT_ ? schemes[s].name : "";
}

uint16_t cs_wire_scheme_port(cs_wire_scheme s) {
  return (unsigned)s < CS_SCHEME_COUNT_ ? schemes[s].port : 0;
}

unsigned cs_wire_uri_digit(uint8_t c) {
  return c <= '9' ? (unsigned)c - '0' : (c | 0x20u) - 'a' + 10;
}

/* Whether two digits follow the percent sign at i. */
static bool good_escape(cs_span s, size_t i) {
  return s.len - i >= 3 &&
         cs_wire_uri_class[s.at[i + 1]] & cs_wire_uri_class[s.at[i + 2]] & CS_URI_HEX;
}

/* The next decoded byte at *i, which moves on; false on a bad escape. */
static bool decoded_byte(cs_span s, size_t *i, uint8_t *out) {
  uint8_t c = s.at[*i];
  if (c != '%') {
    *out = c;
    *i += 1;
    return true;
  }
  if (!good_escape(s, *i))
    return false;
  *out = (uint8_t)(cs_wire_uri_digit(s.at[*i + 1]) << 4 | cs_wire_uri_digit(s.at[*i + 2]));
  *i += 3;
  return true;
}

cs_err cs_wire_uri_decode(cs_span s, uint8_t *buf, size_t cap, size_t *len) {
  uint8_t c;
  size_t n = 0;
  /* Measured first, so that a failure leaves buf as it was. */
  for (size_t i = 0; i < s.len; n++)
    if (!decoded_byte(s, &i, &c))
      return CS_ERR_RULE;
  if (n > cap)
    return CS_ERR_TOO_LARGE;
  n = 0;
  for (size_t i = 0; i < s.len;)
    (void)decoded_byte(s, &i, &buf[n++]);
  *len = n;
  return CS_OK;
}

cs_wire_segments cs_wire_uri_segments(cs_span text, char separator) {
  cs_wire_segments s = {text, separator, 0, text.len == 0 && separator == '/'};
  return s;
}

bool cs_wire_uri_segment_next(cs_wire_segments *s, cs_span *out) {
  if (s->done)
    return false;
  size_t end = s->at;
  while (end < s->text.len && s->text.at[end] != (uint8_t)s->separator)
    end++;
  *out = cs_span_cut(s->text, s->at, end - s->at);
  s->done = end == s->text.len;
  s->at = s->done ? end : end + 1;
  return true;
}

/* A part whose escapes are good, of n bytes when decoded. */
static cs_rule check_part(cs_span s, size_t n, bool ascii) {
  uint8_t buf[CS_URI_VALUE_MAX];
  if (n > sizeof buf)
    return CS_RULE_OPTION_LENGTH;
  if (ascii)
    return CS_RULE_NONE;
  (void)cs_wire_uri_decode(s, buf, sizeof buf, &n);
  return cs_wire_utf8_valid(cs_span_of(buf, n)) ? CS_RULE_NONE : CS_RULE_OPTION_UTF8;
}

cs_rule cs_wire_uri_check_parts(cs_span s, char separator, size_t *where) {
  size_t start = 0, escapes = 0;
  bool ascii = true;
  for (size_t i = 0;; i++) {
    bool end = i == s.len;
    if (end || (s.at[i] == (uint8_t)separator && separator)) {
      cs_rule r = check_part(cs_span_cut(s, start, i - start), i - start - 2 * escapes, ascii);
      if (r)
        *where = start;
      if (r || end)
        return r;
      start = i + 1;
      escapes = 0;
      ascii = true;
    } else if (s.at[i] == '%') {
      if (!good_escape(s, i)) {
        *where = start;
        return CS_RULE_URI_PERCENT;
      }
      ascii &= s.at[i + 1] < '8';
      escapes++;
      i += 2;
    } else {
      ascii &= s.at[i] < 0x80;
    }
  }
}

bool cs_wire_uri_has_control(cs_span s) {
  uint8_t c = 0;
  for (size_t i = 0; i < s.len;) {
    if (!decoded_byte(s, &i, &c))
      return false;
    if (c < 0x20 || c == 0x7f)
      return true;
  }
  return false;
}
