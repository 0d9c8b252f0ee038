/* The parser of handshakes that are looked at alone: "open hello" and "< hello". */
#include "runner/hello.h"
#include "runner/scenario_field.h"
#include "runner/suite.h"

/* A value that has a name. */
struct named {
  const char *name;
  uint16_t value;
};

static const struct named versions[] = {{"3.0", 0x0300}, {"1.0", 0x0301}, {"1.1", 0x0302},
                                        {"1.2", 0x0303}, {"1.3", 0x0304}, {NULL, 0}};
static const struct named groups[] = {
    {"p256", 23}, {"p384", 24}, {"x25519", 29}, {"brainpool256", 26}, {NULL, 0}};
static const struct named signatures[] = {{"ecdsa-sha256", 0x0403},
                                          {"ecdsa-sha384", 0x0503},
                                          {"rsa-sha256", 0x0401},
                                          {"ecdsa-sha1", 0x0203},
                                          {NULL, 0}};
static const struct named points[] = {{"uncompressed", 0}, {"compressed", 1}, {NULL, 0}};
static const struct named certificate_types[] = {{"x509", 0}, {"raw", 2}, {NULL, 0}};
static const struct named compressions[] = {{"null", 0}, {"deflate", 1}, {NULL, 0}};

static bool hex_word(cs_span word, uint16_t *out) {
  unsigned v = 0;
  if (word.len < 3 || word.len > 6 || word.at[0] != '0' || word.at[1] != 'x')
    return false;
  for (size_t i = 2; i < word.len; i++) {
    uint8_t c = word.at[i];
    unsigned digit = c >= '0' && c <= '9' ? c - 48u : c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
    if (digit > 15)
      return false;
    v = v << 4 | digit;
  }
  *out = (uint16_t)v;
  return true;
}

static bool is_value_char(uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '-' || c == '_' || c == '/';
}

static cs_span take_value(state *p) {
  const uint8_t *start = p->in.at;
  while (cs_base_left(&p->in) && is_value_char(*p->in.at))
    p->in.at++;
  return cs_span_of(start, (size_t)(p->in.at - start));
}

/* A name of the table, or a number as 0x0017. */
static bool read_named(state *p, const struct named *table, const char *want, uint16_t *out) {
  cs_span word = take_value(p);
  for (size_t i = 0; table && table[i].name; i++)
    if (cs_span_equal(word, cs_span_str(table[i].name))) {
      *out = table[i].value;
      return true;
    }
  return hex_word(word, out) || cs_runner_expected_at(p, word.at, "%s", want);
}

static bool read_suite(state *p, uint16_t *out) {
  cs_span word = take_value(p);
  const cs_runner_suite *suite = cs_runner_suite_named(word);
  if (suite)
    *out = suite->number;
  return suite || hex_word(word, out) ||
         cs_runner_expected_at(p, word.at, "the name of a suite, or its number as 0xc0a8");
}

/* "a|b": elements of two bytes, or of one; table NULL: suites. */
static bool read_list(state *p, const struct named *table, const char *want, unsigned width,
                      cs_span *out) {
  uint8_t bytes[2 * CS_RUNNER_WORDS_MAX];
  size_t len = 0;
  do {
    uint16_t v = 0;
    const uint8_t *start = p->in.at;
    if (len == width * CS_RUNNER_WORDS_MAX)
      return cs_runner_expected(p, "at most %d values", CS_RUNNER_WORDS_MAX);
    if (table ? !read_named(p, table, want, &v) : !read_suite(p, &v))
      return false;
    if (width == 1 && v > 0xff)
      return cs_runner_expected_at(p, start, "a number of one byte, 0x00 to 0xff");
    if (width == 2)
      bytes[len++] = (uint8_t)(v >> 8);
    bytes[len++] = (uint8_t)v;
  } while (cs_runner_take(p, "|"));
  *out = cs_runner_copy(p->arena, cs_span_of(bytes, len));
  return true;
}

static bool read_protocols(state *p, cs_span *out) {
  uint8_t bytes[256];
  size_t len = 0;
  do {
    cs_span word = take_value(p);
    if (word.len == 0 || len + 1 + word.len > sizeof bytes)
      return cs_runner_expected_at(p, word.at, "names of protocols, coap|h2");
    bytes[len++] = (uint8_t)word.len;
    memcpy(bytes + len, word.at, word.len);
    len += word.len;
  } while (cs_runner_take(p, "|"));
  *out = cs_runner_copy(p->arena, cs_span_of(bytes, len));
  return true;
}

/* What only DTLS has; *found: it was that. */
static bool read_datagram_field(state *p, cs_runner_hello *h, bool *found) {
  const uint8_t *start = p->in.at;
  *found = true;
  if (cs_runner_take(p, "cookie=")) {
    h->cookie_wrong = cs_runner_take(p, "wrong");
    h->cookie_none = !h->cookie_wrong && cs_runner_take(p, "none");
    return ((h->cookie_wrong || h->cookie_none) || cs_runner_expected(p, "wrong or none")) &&
           cs_runner_only_on(p, start, 1u << CS_RUNNER_DTLS, "cookie=");
  }
  *found = false;
  return true;
}

/* Pairs of hex digits; at least one. */
static bool read_raw(state *p, cs_span *out) {
  cs_runner_list bytes = {0};
  while (cs_runner_hex(p, 0) < 16) {
    unsigned low = cs_runner_hex(p, 1);
    if (low > 15) {
      p->in.at++;
      return cs_runner_expected(p, "a second hex digit");
    }
    *(uint8_t *)cs_runner_push(p->arena, &bytes, 1) = (uint8_t)(cs_runner_hex(p, 0) << 4 | low);
    p->in.at += 2;
  }
  *out = cs_span_of(bytes.items, bytes.count);
  return bytes.count || cs_runner_expected(p, "bytes as pairs of hex digits");
}

/* Whose name it is. */
static bool read_name(state *p, cs_runner_hello *h) {
  enum { NAME_MAX = 255 };
  cs_span name = take_value(p);
  if (name.len == 0 || name.len > NAME_MAX)
    return cs_runner_expected_at(p, name.at, "a name behind sni=");
  h->sni = cs_runner_text(p->arena, name);
  return true;
}

static bool read_offer(state *p, cs_runner_hello *h) {
  bool found;
  if (!read_datagram_field(p, h, &found))
    return false;
  if (found)
    return true;
  if (cs_runner_take(p, "version="))
    return read_named(p, versions, "3.0, 1.0, 1.1, 1.2 or 1.3", &h->version);
  if (cs_runner_take(p, "suites="))
    return read_list(p, NULL, NULL, 2, &h->suites);
  if (cs_runner_take(p, "groups="))
    return read_list(p, groups, "p256, p384, x25519 or a number as 0x0017", 2, &h->groups);
  if (cs_runner_take(p, "signatures="))
    return read_list(p, signatures, "ecdsa-sha256 or a number as 0x0403", 2, &h->signatures);
  if (cs_runner_take(p, "points="))
    return read_list(p, points, "uncompressed, compressed or a number", 1, &h->points);
  if (cs_runner_take(p, "certificate-types="))
    return read_list(p, certificate_types, "x509, raw or a number", 1, &h->certificate_types);
  if (cs_runner_take(p, "compressions="))
    return read_list(p, compressions, "null, deflate or a number", 1, &h->compressions);
  if (cs_runner_take(p, "alpn="))
    return read_protocols(p, &h->protocols);
  if (cs_runner_take(p, "extension="))
    return read_named(p, NULL, "a number as 0xfafa", &h->extension);
  if (cs_runner_take(p, "sni="))
    return read_name(p, h);
  if (cs_runner_take(p, "raw="))
    return read_raw(p, &h->raw);
  if (cs_runner_take(p, "!renegotiation")) {
    h->renegotiation = false;
    return true;
  }
  if (cs_runner_take(p, "!master-secret")) {
    h->master_secret = false;
    return true;
  }
  return cs_runner_expected(p, "version=, suites=, groups=, signatures=, points=, "
                               "certificate-types=, compressions=, alpn=, sni=, extension=, "
                               "!renegotiation, !master-secret, cookie= or raw=");
}

bool cs_runner_parse_open_hello(state *p, cs_runner_secure *out) {
  cs_runner_hello *h = cs_runner_get(p->arena, sizeof *h);
  *h = cs_runner_hello_usual;
  while (!cs_runner_at_end(p))
    if (!read_offer(p, h) || !cs_runner_field_end(p))
      return false;
  *out = (cs_runner_secure){.with = CS_RUNNER_WITH_ANY, .hello = h};
  return true;
}

/* ---- "< hello" ---- */

/* Words that stand for a fact, with "!" for its contrary. */
static const struct {
  const char *word;
  cs_runner_hello_fact fact;
} facts[] = {{"certificate", CS_RUNNER_FACT_CERTIFICATE},
             {"raw-key", CS_RUNNER_FACT_RAW_KEY},
             {"key=p256", CS_RUNNER_FACT_KEY_P256},
             {"key=ecdsa", CS_RUNNER_FACT_KEY_ECDSA},
             {"signed=ecdsa-sha256", CS_RUNNER_FACT_SIGNED_ECDSA_SHA256},
             {"dates=valid", CS_RUNNER_FACT_DATES_VALID},
             {"curve=p256", CS_RUNNER_FACT_CURVE_P256},
             {"request", CS_RUNNER_FACT_REQUEST},
             {"hint", CS_RUNNER_FACT_HINT},
             {"repeated-extension", CS_RUNNER_FACT_REPEATED_EXTENSION},
             {"warning=unrecognized_name", CS_RUNNER_FACT_NAME_WARNING},
             {"http=101", CS_RUNNER_FACT_HTTP_101},
             {"http", CS_RUNNER_FACT_HTTP},
             {"verify", CS_RUNNER_FACT_VERIFY},
             {"again", CS_RUNNER_FACT_AGAIN}};

static bool read_fact(state *p, cs_runner_field *field, bool *found) {
  const uint8_t *start = p->in.at;
  bool absent = cs_runner_take(p, "!");
  for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
    if (!cs_runner_take_word(p, facts[i].word))
      continue;
    *found = true;
    field->kind = CS_RUNNER_FIELD_FACT;
    field->number = (uint16_t)facts[i].fact;
    field->relation = absent ? CS_RUNNER_ABSENT : CS_RUNNER_PRESENT;
    if (facts[i].fact < CS_RUNNER_FACT_HTTP_101)
      return true;
    return cs_runner_only_on(p, start,
                             facts[i].fact < CS_RUNNER_FACT_VERIFY
                                 ? (unsigned)CS_RUNNER_SECURED & (unsigned)CS_RUNNER_STREAMS
                                 : 1u << CS_RUNNER_DTLS,
                             facts[i].word);
  }
  *found = false;
  p->in.at = start;
  return true;
}

static bool read_extension(state *p, cs_runner_field *field) {
  field->kind = CS_RUNNER_FIELD_EXTENSION;
  return read_named(p, NULL, "a number as 0xff01", &field->number);
}

static bool read_seen(state *p, cs_runner_fields *f) {
  bool found;
  cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_FACT);
  if (!field || !read_fact(p, field, &found))
    return false;
  if (found)
    return true;
  if (cs_runner_take(p, "suite=")) {
    field->kind = CS_RUNNER_FIELD_SUITE;
    return read_list(p, NULL, NULL, 2, &field->literal);
  }
  if (cs_runner_take(p, "version=")) {
    field->kind = CS_RUNNER_FIELD_TLS_VERSION;
    return read_named(p, versions, "3.0, 1.0, 1.1, 1.2 or 1.3", &field->number);
  }
  if (cs_runner_take(p, "compression=")) {
    field->kind = CS_RUNNER_FIELD_COMPRESSION;
    return read_named(p, compressions, "null, deflate or a number", &field->number);
  }
  if (cs_runner_take(p, "extension="))
    return read_extension(p, field);
  if (cs_runner_take(p, "!extension=")) {
    field->relation = CS_RUNNER_ABSENT;
    return read_extension(p, field);
  }
  field->kind = CS_RUNNER_FIELD_ALPN;
  if (cs_runner_take_word(p, "!alpn")) {
    field->relation = CS_RUNNER_ABSENT;
    return true;
  }
  if (!cs_runner_take(p, "alpn="))
    return cs_runner_expected(
        p, "suite=, version=, compression=, extension=, alpn=, certificate, "
           "raw-key, key=p256, key=ecdsa, signed=ecdsa-sha256, dates=valid, "
           "curve=p256, request, hint, repeated-extension, "
           "warning=unrecognized_name, http, http=101, verify, again, within, -> or [");
  field->literal = take_value(p);
  return field->literal.len || cs_runner_expected(p, "a name behind alpn=");
}

bool cs_runner_parse_hello_pattern(state *p, cs_runner_pattern *out) {
  cs_runner_fields f = {0};
  while (!cs_runner_at_tail(p)) {
    if (!read_seen(p, &f))
      return false;
    cs_runner_skip_spaces(p);
  }
  out->fields = f.list.items;
  out->field_count = f.list.count;
  return true;
}
