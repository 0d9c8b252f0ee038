/* How a server's first flight reads in scenarios and reports. */
#include "runner/hello.h"
#include "runner/suite.h"

static const char *version_name(uint16_t version) {
  static const char *const names[] = {"3.0", "1.0", "1.1", "1.2", "1.3"};
  return version >= 0x0300 && version <= 0x0304 ? names[version - 0x0300] : "unknown";
}

static const char *add(cs_runner_arena *arena, const char *text, bool holds, const char *word) {
  return holds ? cs_runner_format(arena, "%s %s", text, word) : text;
}

/* The first ones: a server may send thousands. */
static const char *extensions(cs_runner_arena *arena, const char *text,
                              const cs_runner_hello_seen *s) {
  enum { SHOWN_MAX = 24 };
  cs_base_reader r = cs_base_reader_of(s->extensions);
  uint16_t number, len;
  cs_span value;
  for (unsigned n = 0;
       cs_base_take_u16(&r, &number) && cs_base_take_u16(&r, &len) && cs_base_take(&r, len, &value);
       n++) {
    if (n == SHOWN_MAX)
      return cs_runner_format(arena, "%s ...", text);
    text = cs_runner_format(arena, "%s extension=0x%04x", text, number);
  }
  return text;
}

static bool is_plain(uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '-' || c == '_' || c == '/';
}

/* The name of a protocol, which the server chose. */
static const char *protocol(cs_runner_arena *arena, cs_span name) {
  for (size_t i = 0; i < name.len; i++)
    if (!is_plain(name.at[i]))
      return "(unprintable)";
  return cs_runner_text(arena, name);
}

static const char *certificate(cs_runner_arena *arena, const char *text,
                               const cs_runner_hello_certificate *c) {
  if (!c->there)
    return text;
  text = add(arena, text, true, c->raw ? "raw-key" : "certificate");
  text = add(arena, text, c->ecdsa, c->p256 ? "key=p256" : "key=ecdsa");
  return add(arena, text, c->ecdsa_sha256, "signed=ecdsa-sha256");
}

const char *cs_runner_hello_notation(cs_runner_arena *arena, const cs_runner_hello_event *e) {
  const cs_runner_hello_seen *s = e->seen;
  if (e->fault)
    return cs_runner_format(arena, "hello: %s", e->fault);
  if (e->verify)
    return "hello verify";
  const cs_runner_suite *suite = cs_runner_suite_numbered(s->suite);
  const char *text = suite ? cs_runner_format(arena, "hello version=%s suite=%s",
                                              version_name(s->version), suite->name)
                           : cs_runner_format(arena, "hello version=%s suite=0x%04x",
                                              version_name(s->version), s->suite);
  if (s->compression)
    text = cs_runner_format(arena, "%s compression=0x%02x", text, s->compression);
  if (s->alpn.len)
    text = cs_runner_format(arena, "%s alpn=%s", text, protocol(arena, s->alpn));
  text = extensions(arena, text, s);
  text = certificate(arena, text, &s->certificate);
  text = add(arena, text, s->curve_p256, "curve=p256");
  text = add(arena, text, s->request, "request");
  text = add(arena, text, s->hint.len > 0, "hint");
  text = add(arena, text, s->name_warning, "warning=unrecognized_name");
  return add(arena, text, e->again, "again");
}

/* ---- what is offered ---- */

/* " name=0x0017|0x0018": elements of so many bytes; suites by their names. */
static const char *list(cs_runner_arena *arena, const char *text, const char *name, cs_span values,
                        cs_span usual, unsigned width) {
  if (cs_span_equal(values, usual))
    return text;
  text = cs_runner_format(arena, "%s %s", text, name);
  for (size_t i = 0; i + width <= values.len; i += width) {
    uint16_t v = (uint16_t)(width == 1 ? values.at[i] : values.at[i] << 8 | values.at[i + 1]);
    const cs_runner_suite *suite =
        *name == 's' && name[1] == 'u' ? cs_runner_suite_numbered(v) : NULL;
    const char *between = i ? "|" : "=";
    text = suite ? cs_runner_format(arena, "%s%s%s", text, between, suite->name)
                 : cs_runner_format(arena, "%s%s0x%0*x", text, between, (int)(2 * width), v);
  }
  return text;
}

static const char *protocols(cs_runner_arena *arena, const char *text, cs_span offered) {
  cs_base_reader r = cs_base_reader_of(offered);
  const char *before = " alpn=";
  uint8_t n;
  cs_span name;
  for (; cs_base_take_u8(&r, &n) && cs_base_take(&r, n, &name); before = "|")
    text = cs_runner_format(arena, "%s%s%s", text, before, cs_runner_text(arena, name));
  return text;
}

static const char *raw(cs_runner_arena *arena, cs_span bytes) {
  static const char digit[] = "0123456789abcdef";
  char *hex = cs_runner_get(arena, bytes.len * 2 + 1);
  for (size_t i = 0; i < bytes.len; i++) {
    hex[2 * i] = digit[bytes.at[i] >> 4];
    hex[2 * i + 1] = digit[bytes.at[i] & 15];
  }
  return cs_runner_format(arena, "open hello raw=%s", hex);
}

const char *cs_runner_hello_offered(cs_runner_arena *arena, const cs_runner_hello *h) {
  const cs_runner_hello *usual = &cs_runner_hello_usual;
  if (h->raw.len)
    return raw(arena, h->raw);
  const char *text = cs_runner_format(arena, "open hello version=%s", version_name(h->version));
  text = list(arena, text, "suites", h->suites, usual->suites, 2);
  text = list(arena, text, "groups", h->groups, usual->groups, 2);
  text = list(arena, text, "signatures", h->signatures, usual->signatures, 2);
  text = list(arena, text, "points", h->points, usual->points, 1);
  text = list(arena, text, "certificate-types", h->certificate_types, usual->certificate_types, 1);
  text = list(arena, text, "compressions", h->compressions, usual->compressions, 1);
  text = protocols(arena, text, h->protocols);
  if (h->sni)
    text = cs_runner_format(arena, "%s sni=%s", text, h->sni);
  if (h->extension)
    text = cs_runner_format(arena, "%s extension=0x%04x", text, h->extension);
  text = add(arena, text, !h->renegotiation, "!renegotiation");
  text = add(arena, text, !h->master_secret, "!master-secret");
  text = add(arena, text, h->cookie_wrong, "cookie=wrong");
  return add(arena, text, h->cookie_none, "cookie=none");
}
