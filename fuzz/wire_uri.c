/* URIs: splitting, options, composing, decoding.
 *
 * byte 0: 0: the rest is options to compose a URI from (scheme, two bytes of
 *            port, which destination, then the encoded options)
 *         1: the rest is a hand-made cs_wire_uri (kind and flags, two bytes of
 *            port, lengths of host and path, then the text)
 *         anything else: the whole input is the text of a URI
 *
 * Oracles: a refusal names a rule of URIs and a place in the text, and leaves
 * the output as it was; what is accepted has its parts inside the text, options
 * that are well-formed, of legal length and valid UTF-8, with no dot segment;
 * composing and splitting again gives the same options; the quick way and the
 * general way of the splitter agree; a failed decoding changes nothing.
 *
 * covers: src/wire/uri_split.c src/wire/uri_options.c src/wire/uri_compose.c
 * covers: src/wire/uri_text.c src/wire/uri_host.c */
#include <string.h>

#include "wire/uri.h"
#include "wire/utf8.h"

#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Three segments of 255, or a host of 256 escapes; longer is not different. */
enum { INPUT_MAX = 800, OPTIONS = 3 * INPUT_MAX + 512, TEXT = 3 * INPUT_MAX + 1024 };

typedef struct encoded {
  uint8_t bytes[OPTIONS];
  size_t len;
} encoded;

static encoded first, second;
static char normal[TEXT], composed[TEXT];

static void check_rule(cs_rule r, cs_span text, size_t where) {
  switch (r) {
  case CS_RULE_URI_AUTHORITY_MISSING:
  case CS_RULE_URI_HOST_EMPTY:
  case CS_RULE_URI_USERINFO:
  case CS_RULE_URI_IP_LITERAL:
  case CS_RULE_URI_CHARACTER:
  case CS_RULE_URI_PERCENT:
  case CS_RULE_URI_SCHEME:
  case CS_RULE_URI_FRAGMENT:
  case CS_RULE_URI_PORT_RANGE:
  case CS_RULE_URI_HOST_CONTROL:
  case CS_RULE_URI_UNIX_PORT:
  case CS_RULE_OPTION_UTF8:
  case CS_RULE_OPTION_LENGTH:
    CS_ORACLE(where <= text.len);
    return;
  default:
    CS_ORACLE(r == CS_RULE_NONE); /* no rule of URIs */
  }
}

static cs_rule split(cs_span text, cs_wire_uri *u, size_t *place) {
  static const size_t unset = (size_t)-1;
  cs_wire_uri before;
  size_t where = unset;
  memset(u, 0x5a, sizeof *u);
  memcpy(&before, u, sizeof before);
  cs_rule r = cs_wire_uri_split(text, u, &where);
  if (r == CS_RULE_NONE) {
    CS_ORACLE(where == unset);
  } else {
    CS_ORACLE(memcmp(u, &before, sizeof before) == 0);
    check_rule(r, text, where);
    *place = where;
  }
  return r;
}

static void check_inside(cs_span text, cs_span part) {
  if (part.len)
    CS_ORACLE(part.at >= text.at && part.at + part.len <= text.at + text.len);
}

static bool same(cs_span a, cs_span b) {
  return cs_span_equal(a, b);
}

/* "coap+tcp" is never split the quick way; "coap" may be, up to 255 characters.
 * Both have to see the same, four characters apart. */
static void check_both_ways(cs_span text, cs_rule r, const cs_wire_uri *u, size_t place) {
  static uint8_t longer[264];
  if (text.len < 5 || text.len > 260 || (text.at[0] | 0x20) != 'c' || (text.at[1] | 0x20) != 'o' ||
      (text.at[2] | 0x20) != 'a' || (text.at[3] | 0x20) != 'p' || text.at[4] != ':')
    return;
  memcpy(longer, "coap+tcp", 8);
  memcpy(longer + 8, text.at + 4, text.len - 4);
  cs_wire_uri v;
  size_t where = 0;
  CS_ORACLE(cs_wire_uri_split(cs_span_of(longer, text.len + 4), &v, &where) == r);
  if (r != CS_RULE_NONE) {
    CS_ORACLE(where == place + 4);
    return;
  }
  CS_ORACLE(v.scheme == CS_SCHEME_COAP_TCP && v.host_kind == u->host_kind && v.port == u->port &&
            v.has_query == u->has_query && same(v.host, u->host) && same(v.zone, u->zone) &&
            same(v.path, u->path) && same(v.query, u->query));
}

static void options_of(const cs_wire_uri *u, encoded *out) {
  cs_base_writer b = cs_base_writer_of(out->bytes, sizeof out->bytes);
  cs_wire_option_writer w = {&b, 0};
  CS_ORACLE(cs_wire_uri_options(u, cs_wire_scheme_port(u->scheme), &w, NULL) == CS_OK);
  CS_ORACLE(!b.overflow);
  out->len = b.len;
}

static bool dots(cs_span s) {
  return (s.len == 1 || s.len == 2) && s.at[0] == '.' && s.at[s.len - 1] == '.';
}

static void check_options(const cs_wire_uri *u, const encoded *options) {
  cs_wire_option_iter it = cs_wire_options(cs_span_of(options->bytes, options->len));
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    uint32_t v = 0;
    CS_ORACLE(o.value.len <= 255);
    switch (o.number) {
    case CS_OPT_URI_PORT:
      CS_ORACLE(cs_wire_uint(o.value, &v) == CS_OK && v == u->port);
      continue;
    case CS_OPT_URI_HOST:
      CS_ORACLE(u->host_kind == CS_HOST_NAME && o.value.len > 0);
      break;
    case CS_OPT_URI_PATH:
      CS_ORACLE(!dots(o.value));
      break;
    default:
      CS_ORACLE(o.number == CS_OPT_URI_QUERY && u->has_query);
    }
    CS_ORACLE(cs_wire_utf8_valid(o.value));
  }
  CS_ORACLE(it.broken == CS_RULE_NONE);
}

/* The destination as a driver would print it. */
static cs_span destination(const cs_wire_uri *u, uint8_t *buf, size_t cap) {
  size_t n = 0;
  if (u->host_kind != CS_HOST_UNIX && u->zone.len == 0)
    return u->host;
  if (u->host_kind == CS_HOST_UNIX) {
    CS_ORACLE(cs_wire_uri_decode(u->host, buf, cap, &n) == CS_OK);
    return cs_span_of(buf, n);
  }
  memcpy(buf, u->host.at, u->host.len);
  buf[u->host.len] = '%';
  size_t at = u->host.len + 1;
  CS_ORACLE(cs_wire_uri_decode(u->zone, buf + at, cap - at, &n) == CS_OK);
  return cs_span_of(buf, at + n);
}

static cs_err compose(const cs_wire_uri *u, const encoded *o, char *text, size_t *n) {
  static uint8_t buf[INPUT_MAX * 3];
  return cs_wire_uri_compose(u->scheme, destination(u, buf, sizeof buf),
                             cs_wire_scheme_port(u->scheme), cs_span_of(o->bytes, o->len), text,
                             TEXT, n);
}

/* An accepted URI through options into its normal form and through both again. */
static void round_trip(const cs_wire_uri *u) {
  size_t a = 0, ignored;
  options_of(u, &first);
  check_options(u, &first);
  cs_err e = compose(u, &first, normal, &a);
  /* A name with escapes may decode to what RFC 7252 section 6.5 step 2 makes no
   * URI of, or of another host. */
  if (u->host_kind == CS_HOST_NAME && memchr(u->host.at, '%', u->host.len)) {
    CS_ORACLE(e == CS_OK || e == CS_ERR_RULE);
    return;
  }
  CS_ORACLE(e == CS_OK);
  cs_wire_uri v;
  CS_ORACLE(split(cs_span_of(normal, a), &v, &ignored) == CS_RULE_NONE);
  CS_ORACLE(v.scheme == u->scheme && v.host_kind == u->host_kind && v.port == u->port);
  options_of(&v, &second);
  CS_ORACLE(first.len == second.len && memcmp(first.bytes, second.bytes, first.len) == 0);
}

static void decode(cs_span text) {
  static uint8_t buf[INPUT_MAX];
  size_t n = 7, again = 7;
  buf[0] = 0x5a;
  cs_err e = cs_wire_uri_decode(text, buf, sizeof buf, &n);
  if (e) {
    CS_ORACLE(e == CS_ERR_RULE && n == 7 && buf[0] == 0x5a);
    return;
  }
  CS_ORACLE(n <= text.len && n >= text.len / 3);
  CS_ORACLE(cs_wire_uri_decode(text, buf, n, &again) == CS_OK && again == n);
  if (n)
    CS_ORACLE(cs_wire_uri_decode(text, buf, n - 1, &again) == CS_ERR_TOO_LARGE && again == n);
}

/* The port as anybody reads it: the digits behind the host. */
static void check_port(cs_span input, const cs_wire_uri *u) {
  cs_span last = u->zone.len ? u->zone : u->host;
  size_t at = (size_t)(last.at + last.len - input.at);
  uint64_t port = 0;
  at += u->host_kind == CS_HOST_IPV6; /* the bracket */
  if (at < input.len && input.at[at] == ':')
    for (at++; at < input.len && input.at[at] >= '0' && input.at[at] <= '9'; at++)
      port = port < UINT32_MAX ? port * 10 + input.at[at] - '0' : port;
  CS_ORACLE(u->port == (port ? port : cs_wire_scheme_port(u->scheme)));
}

static void from_text(cs_span input) {
  cs_wire_uri u;
  size_t place = 0;
  cs_rule r = split(input, &u, &place);
  check_both_ways(input, r, &u, place);
  if (r != CS_RULE_NONE) {
    decode(input);
    return;
  }
  CS_ORACLE(u.host.len > 0 && u.port > 0 && (unsigned)u.scheme < CS_SCHEME_COUNT_);
  check_inside(input, u.host);
  check_inside(input, u.zone);
  check_inside(input, u.path);
  check_inside(input, u.query);
  check_port(input, &u);
  round_trip(&u);
}

static void from_options(const uint8_t *data, size_t size) {
  static const char *const destinations[] = {"h",      "192.0.2.1", "2001:db8::1", "fe80::1%eth0",
                                             "/tmp/s", "",          "x:y"};
  if (size < 4)
    return;
  cs_wire_scheme scheme = (cs_wire_scheme)(data[0] % (CS_SCHEME_COUNT_ + 1));
  uint16_t port = (uint16_t)(data[1] << 8 | data[2]);
  cs_span host = cs_span_str(destinations[data[3] % 7]);
  cs_span options = cs_span_of(data + 4, size - 4);
  size_t n = 7, again = 7;
  cs_err e = cs_wire_uri_compose(scheme, host, port, options, composed, TEXT, &n);
  if (e) {
    CS_ORACLE(n == 7 && (e == CS_ERR_RULE || (e == CS_ERR_ARGUMENT && scheme == CS_SCHEME_COUNT_)));
    return;
  }
  CS_ORACLE(cs_wire_uri_compose(scheme, host, port, options, normal, n - 1, &again) ==
                CS_ERR_TOO_LARGE &&
            again == 7);
  for (size_t i = 0; i < n; i++)
    CS_ORACLE(composed[i] > 0x20 && composed[i] < 0x7f);
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o))
    CS_ORACLE(o.number != CS_OPT_URI_PATH || !dots(o.value));
  CS_ORACLE(it.broken == CS_RULE_NONE);
  /* Options may hold more than a URI of ours: long or ill-coded values. */
  cs_wire_uri u;
  if (split(cs_span_of(composed, n), &u, &again) == CS_RULE_NONE)
    round_trip(&u);
}

static void from_hand(const uint8_t *data, size_t size) {
  if (size < 5)
    return;
  size_t rest = size - 5, host = data[3] < rest ? data[3] : rest;
  rest -= host;
  size_t path = data[4] < rest ? data[4] : rest;
  rest -= path;
  cs_wire_uri u = {.scheme = (cs_wire_scheme)(data[0] % CS_SCHEME_COUNT_),
                   .host_kind = (cs_wire_host)(data[0] >> 4 & 3),
                   .host = cs_span_of(data + 5, host),
                   .port = (uint16_t)(data[1] << 8 | data[2]),
                   .path = cs_span_of(data + 5 + host, path),
                   .query = cs_span_of(data + 5 + host + path, rest),
                   .has_query = data[0] >> 7};
  cs_base_writer b = cs_base_writer_of(first.bytes, sizeof first.bytes);
  cs_wire_option_writer w = {&b, 0};
  cs_rule broken = CS_RULE_NONE;
  cs_err e = cs_wire_uri_options(&u, 5683, &w, &broken);
  if (e) {
    CS_ORACLE(e == CS_ERR_RULE && b.len == 0 && w.last == 0);
    check_rule(broken, u.host, 0);
    return;
  }
  CS_ORACLE(broken == CS_RULE_NONE);
  options_of(&u, &second);
  check_options(&u, &second);
  /* A small buffer overflows cleanly: what is in it is still a list. */
  b = cs_base_writer_of(second.bytes, data[0] & 31u);
  w = (cs_wire_option_writer){&b, 0};
  CS_ORACLE(cs_wire_uri_options(&u, 5683, &w, NULL) == CS_OK);
  cs_wire_option_iter it = cs_wire_options(cs_base_written(&b));
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o))
    ;
  CS_ORACLE(it.broken == CS_RULE_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > INPUT_MAX)
    return -1; /* and not into the corpus */
  if (size && data[0] == 0)
    from_options(data + 1, size - 1);
  else if (size && data[0] == 1)
    from_hand(data + 1, size - 1);
  else
    from_text(cs_span_of(data, size));
  return 0;
}
