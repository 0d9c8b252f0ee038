#include "runner/profile.h"

#include <ctype.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "runner/probe.h"

/* A profile while it is read. inih hands over one line at a time through
 * next_line, so that the number of the line is known when a key arrives. */
struct reading {
  cs_runner_arena *arena;
  cs_runner_profile *out;
  cs_runner_error *error;
  cs_span rest;
  unsigned line;
  bool failed;
  bool continued; /* the line begins with a space: it goes on with the value before */
  char key[64];
  const char **value;    /* where its text went */
  unsigned capabilities; /* the transports whose credentials were named, and the bit below */
};

static const unsigned all_capabilities = 1u << CS_RUNNER_TRANSPORT_COUNT_;

static int expected(struct reading *g, const char *want, const char *what) {
  if (g->failed)
    return 0;
  g->failed = true;
  g->error->line = g->line ? g->line : 1;
  g->error->column = 1;
  snprintf(g->error->message, sizeof g->error->message, "expected %s%s%s%s", want,
           what ? ", not \"" : "", what ? what : "", what ? "\"" : "");
  return 0;
}

static char *next_line(char *buf, int cap, void *ctx) {
  struct reading *g = ctx;
  if (g->failed || g->rest.len == 0 || cap < 2)
    return NULL;
  const uint8_t *end = memchr(g->rest.at, '\n', g->rest.len);
  size_t len = end ? (size_t)(end - g->rest.at) : g->rest.len;
  size_t taken = end ? len + 1 : len;
  g->line++;
  if (len > (size_t)cap - 2) {
    expected(g, "a shorter line (a value goes on in lines that begin with spaces)", NULL);
    return NULL;
  }
  if (memchr(g->rest.at, '\0', len)) {
    expected(g, "text, not a NUL", NULL);
    return NULL;
  }
  memcpy(buf, g->rest.at, len);
  buf[len] = '\n';
  buf[len + 1] = '\0';
  g->continued = buf[0] == ' ' || buf[0] == '\t';
  g->rest = cs_span_cut(g->rest, taken, g->rest.len - taken);
  return buf;
}

static int set_text(struct reading *g, const char **slot, const char *value) {
  if (*slot)
    return expected(g, "each key once only", g->key);
  *slot = cs_runner_text(g->arena, cs_span_str(value));
  g->value = slot;
  return 1;
}

static int read_target(struct reading *g, const char *key, const char *value) {
  if (strcmp(key, "name") == 0)
    return set_text(g, &g->out->name, value);
  if (strcmp(key, "version") == 0)
    return set_text(g, &g->out->version, value);
  return expected(g, "one of the keys name and version in [target]", key);
}

static int read_resource(struct reading *g, const char *key, const char *value) {
  if (value[0] != '/')
    return expected(g, "a path that begins with a slash", value);
  for (const char *c = value; *c; c++)
    if (isspace((unsigned char)*c) || *c == '?' || *c == '#')
      return expected(g, "a path without spaces, query or fragment", value);
  if (cs_runner_profile_path(g->out, key))
    return expected(g, "each role once only", key);
  cs_runner_resource *r = cs_runner_push(g->arena, &g->out->resources, sizeof *r);
  r->role = cs_runner_text(g->arena, cs_span_str(key));
  r->path = cs_runner_text(g->arena, cs_span_str(value));
  return 1;
}

/* "observe = yes": a capability that there is a probe for. */
static int read_declared(struct reading *g, const char *key, const char *value) {
  const cs_runner_probe *p = cs_runner_probe_named(key);
  const cs_runner_capability *known = g->out->capabilities.items;
  if (!p || !p->text)
    return expected(
        g,
        cs_runner_format(g->arena, "one of %s in [capabilities]", cs_runner_probe_names(g->arena)),
        key);
  bool yes = strcmp(value, "yes") == 0;
  if (!yes && strcmp(value, "no") != 0)
    return expected(g, "yes or no", value);
  for (size_t i = 0; i < g->out->capabilities.count; i++)
    if (strcmp(known[i].name, key) == 0)
      return expected(g, "each key once only", key);
  cs_runner_capability *c = cs_runner_push(g->arena, &g->out->capabilities, sizeof *c);
  *c = (cs_runner_capability){p->cap, yes};
  return 1;
}

static int read_timer(struct reading *g, const char *key, const char *value) {
  const struct {
    const char *key;
    cs_time *time;
  } timers[] = {{"ack_timeout", &g->out->ack_timeout},
                {"response", &g->out->response},
                {"tolerance", &g->out->tolerance},
                {"alive", &g->out->alive}};
  for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
    if (strcmp(key, timers[i].key) != 0)
      continue;
    cs_span s = cs_span_str(value);
    if (!cs_runner_take_duration(&s, timers[i].time) || s.len)
      return expected(g, "a time such as 2s, 1.5s or 500ms", value);
    if (timers[i].time == &g->out->ack_timeout && *timers[i].time == 0)
      return expected(g, "a time over 0", value);
    return 1;
  }
  return expected(g, "one of the keys ack_timeout, response, tolerance and alive in [timers]", key);
}

/* "psk certificate", of these transports. */
static int read_capabilities(struct reading *g, unsigned transports, const char *value) {
  static const cs_runner_with all[] = {CS_RUNNER_WITH_PSK, CS_RUNNER_WITH_CERTIFICATE,
                                       CS_RUNNER_WITH_NOTHING};
  unsigned set = 0;
  for (const char *word = value; *word; word += strspn(word, " \t")) {
    size_t len = strcspn(word, " \t");
    unsigned bit = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
      if (cs_span_equal(cs_span_of(word, len), cs_span_str(cs_runner_with_name(all[i]))))
        bit = 1u << all[i];
    if (!bit)
      return expected(g, "words of psk, certificate and anonymous", value);
    set |= bit;
    word += len;
  }
  if (g->capabilities & transports)
    return expected(g, "each key once only", g->key);
  g->capabilities |= transports;
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++)
    if (transports >> t & 1u)
      g->out->security.capabilities[t] = set;
  return 1;
}

/* "capabilities" says it for the transports that have no key of their own, also
 * behind these. */
static int read_default(struct reading *g, const char *value) {
  if (g->capabilities & all_capabilities)
    return expected(g, "each key once only", g->key);
  unsigned rest = CS_RUNNER_SECURED & ~g->capabilities;
  int good = rest ? read_capabilities(g, rest, value) : 1;
  g->capabilities = (g->capabilities & ~rest) | all_capabilities;
  return good;
}

static int read_security(struct reading *g, const char *key, const char *value) {
  cs_runner_security *s = &g->out->security;
  const struct {
    const char *key;
    const char **text;
  } texts[] = {{"psk-file", &s->psk_file},
               {"ca", &s->ca},
               {"certificate", &s->certificate},
               {"key", &s->key},
               {"sni", &s->sni}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (strcmp(texts[i].key, key) == 0)
      return set_text(g, texts[i].text, value);
  if (strcmp(key, "capabilities") == 0)
    return read_default(g, value);
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++)
    if (CS_RUNNER_SECURED >> t & 1u &&
        strcmp(cs_runner_transport_name((cs_runner_transport)t), key) == 0)
      return read_capabilities(g, 1u << t, value);
  return expected(g,
                  "one of the keys psk-file, ca, certificate, key, sni, capabilities, dtls, tls "
                  "and wss in [security]",
                  key);
}

/* One of the alternatives of bytes, without the spaces around it. */
static cs_span alternative(const char **text) {
  size_t len = strcspn(*text, "|");
  cs_span out = cs_span_of(*text, len);
  *text += len;
  while (out.len && *out.at == ' ')
    out = cs_span_cut(out, 1, out.len - 1);
  while (out.len && out.at[out.len - 1] == ' ')
    out.len--;
  return out;
}

static bool is_word(cs_span alternative) {
  static const char *const words[] = {"none", "closed", "secured", "refused", "alert", "hello"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (cs_span_equal(alternative, cs_span_str(words[i])))
      return true;
  return false;
}

/* Takes "..." off its end, which stands for whatever follows. */
static bool take_rest(cs_span *a) {
  static const char rest[] = " ...";
  if (a->len < sizeof rest - 1 ||
      !cs_span_equal(cs_span_cut(*a, a->len - (sizeof rest - 1), sizeof rest - 1),
                     cs_span_str(rest)))
    return false;
  a->len -= sizeof rest - 1;
  return true;
}

static bool valid_alternative(cs_span a) {
  if (is_word(a))
    return true;
  take_rest(&a);
  for (size_t i = 0; i < a.len; i++) {
    if (a.at[i] == ' ')
      continue;
    uint8_t next = i + 1 < a.len ? a.at[i + 1] : 0;
    if (!(a.at[i] == '?' && next == '?') && !(isxdigit(a.at[i]) && isxdigit(next)))
      return false;
    i++;
  }
  return a.len > 0;
}

/* "60 00 ?? ??", "none", "closed", or several of them with "|" between. */
static bool valid_bytes(const char *text) {
  for (;; text++)
    if (!valid_alternative(alternative(&text)))
      return false;
    else if (!*text)
      return true;
}

static cs_runner_xfail *last_xfail(struct reading *g) {
  size_t n = g->out->xfails.count;
  return n ? (cs_runner_xfail *)g->out->xfails.items + (n - 1) : NULL;
}

/* Whether an entry before this one is about the same case and transport. */
static bool repeated(struct reading *g, const cs_runner_xfail *x) {
  for (const cs_runner_xfail *e = g->out->xfails.items; e < x; e++)
    if (strcmp(e->id, x->id) == 0 && (e->transports & x->transports))
      return true;
  return false;
}

/* Whether the entry that ends here says all that it must. */
static int finish_xfail(struct reading *g) {
  cs_runner_xfail *x = last_xfail(g);
  if (!x)
    return 1;
  if (!x->transports)
    x->transports = 1u << CS_RUNNER_UDP;
  if (repeated(g, x)) {
    unsigned here = g->line;
    g->line = x->line;
    expected(g, "each case once only for a transport", x->id);
    g->line = here;
    return 0;
  }
  const char *lacking = !x->statement ? "statement"
                        : !x->bytes   ? "bytes"
                        : !x->version ? "version"
                        : !x->reason  ? "reason"
                                      : NULL;
  if (!lacking)
    return 1;
  unsigned line = g->line;
  g->line = x->line;
  char want[80];
  snprintf(want, sizeof want, "the key %s in the expected failure of", lacking);
  expected(g, want, NULL);
  size_t len = strlen(g->error->message);
  snprintf(g->error->message + len, sizeof g->error->message - len, " %s", x->id);
  g->line = line;
  return 0;
}

/* "tcp ws", "udp plain" */
static int read_transports(struct reading *g, cs_runner_xfail *x, const char *value) {
  unsigned *out = &x->transports;
  if (*out || x->plain)
    return expected(g, "each key once only", g->key);
  for (const char *word = value; *word;) {
    size_t len = strcspn(word, " \t");
    unsigned t = 0;
    if (len == 5 && strncmp(word, "plain", len) == 0) {
      x->plain = true;
      word += len;
      word += strspn(word, " \t");
      continue;
    }
    while (t < CS_RUNNER_TRANSPORT_COUNT_ &&
           (strlen(cs_runner_transport_name((cs_runner_transport)t)) != len ||
            strncmp(word, cs_runner_transport_name((cs_runner_transport)t), len) != 0))
      t++;
    if (t == CS_RUNNER_TRANSPORT_COUNT_)
      return expected(g, "transports such as udp tcp ws", value);
    *out |= 1u << t;
    word += len;
    word += strspn(word, " \t");
  }
  return 1;
}

static int read_xfail(struct reading *g, const char *key, const char *value) {
  cs_runner_xfail *x = last_xfail(g);
  if (strcmp(key, "case") == 0) {
    if (!finish_xfail(g))
      return 0;
    if (strpbrk(value, "*?["))
      return expected(g, "the id of one case", value);
    x = cs_runner_push(g->arena, &g->out->xfails, sizeof *x);
    x->line = g->line;
    return set_text(g, &x->id, value);
  }
  if (!x)
    return expected(g, "the key case first in [xfail]", key);
  if (strcmp(key, "statement") == 0)
    return set_text(g, &x->statement, value);
  if (strcmp(key, "version") == 0)
    return set_text(g, &x->version, value);
  if (strcmp(key, "reason") == 0)
    return set_text(g, &x->reason, value);
  if (strcmp(key, "transport") == 0)
    return read_transports(g, x, value);
  if (strcmp(key, "when") == 0) {
    x->sometimes = strcmp(value, "sometimes") == 0;
    return x->sometimes || expected(g, "the word sometimes", value);
  }
  if (strcmp(key, "bytes") != 0)
    return expected(
        g, "one of the keys case, statement, bytes, version, reason, transport and when in [xfail]",
        key);
  if (!valid_bytes(value))
    return expected(g,
                    "bytes as pairs of hex digits, ?? for any byte, or none, closed, secured, "
                    "refused, alert or hello",
                    value);
  return set_text(g, &x->bytes, value);
}

/* Keys whose value is a set of words. */
static bool in_one_line(const char *key) {
  static const char *const keys[] = {"transport", "capabilities", "dtls", "tls", "wss"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (strcmp(key, keys[i]) == 0)
      return true;
  return false;
}

static int continue_value(struct reading *g, const char *more) {
  if (!g->value || in_one_line(g->key))
    return expected(g,
                    strcmp(g->key, "transport") == 0 ? "the transports in one line"
                                                     : "the capabilities in one line",
                    more);
  *g->value = cs_runner_format(g->arena, "%s %s", *g->value, more);
  if (strcmp(g->key, "bytes") == 0 && !valid_bytes(*g->value))
    return expected(g,
                    "bytes as pairs of hex digits, ?? for any byte, or none, closed, secured, "
                    "refused, alert or hello",
                    more);
  return 1;
}

static int take(void *ctx, const char *section, const char *key, const char *value) {
  struct reading *g = ctx;
  /* inih hands a continued line over under the key before it. */
  bool again = g->continued && (g->value || in_one_line(g->key));
  if (g->failed)
    return 0;
  if (again)
    return continue_value(g, value);
  g->value = NULL;
  snprintf(g->key, sizeof g->key, "%s", key);
  if (*value == '\0')
    return expected(g, "a value for", key);
  if (strcmp(section, "target") == 0)
    return read_target(g, key, value);
  if (strcmp(section, "resources") == 0)
    return read_resource(g, key, value);
  if (strcmp(section, "timers") == 0)
    return read_timer(g, key, value);
  if (strcmp(section, "security") == 0)
    return read_security(g, key, value);
  if (strcmp(section, "xfail") == 0)
    return read_xfail(g, key, value);
  if (strcmp(section, "capabilities") == 0)
    return read_declared(g, key, value);
  return expected(g,
                  "one of the sections [target], [resources], [capabilities], [timers], "
                  "[security] and [xfail]",
                  section);
}

bool cs_runner_profile_read(cs_span text, const char *file, cs_runner_arena *arena,
                            cs_runner_profile *out, cs_runner_error *error) {
  memset(error, 0, sizeof *error);
  cs_runner_profile profile = {.file = cs_runner_text(arena, cs_span_str(file)),
                               .ack_timeout = 2 * CS_SECOND,
                               .response = 2 * CS_SECOND,
                               .alive = 8 * CS_SECOND};
  struct reading g = {.arena = arena, .out = &profile, .error = error, .rest = text};
  int line = ini_parse_stream((ini_reader)next_line, &g, take, &g);
  /* inih reads on behind a line that it cannot make sense of. */
  if (line > 0 && (!g.failed || (unsigned)line < error->line)) {
    g.failed = false;
    g.line = (unsigned)line;
    expected(&g, "[section], key = value or a comment", NULL);
  }
  if (!g.failed && line < 0)
    expected(&g, "a file that can be read", NULL);
  if (!g.failed)
    finish_xfail(&g);
  if (!g.failed && !profile.name) {
    g.line = 1;
    expected(&g, "the key name in [target]", NULL);
  }
  if (!g.failed && !profile.security.certificate != !profile.security.key)
    expected(&g, "both certificate and key in [security], or neither", NULL);
  const cs_runner_xfail *x = profile.xfails.items;
  for (size_t i = 0; !g.failed && i < profile.xfails.count; i++) {
    if (!profile.version || strcmp(profile.version, x[i].version) != 0) {
      g.line = x[i].line;
      expected(&g, "an expected failure of the version that [target] names", x[i].version);
    }
  }
  if (g.failed)
    return false;
  *out = profile;
  return true;
}

bool cs_runner_profile_secured(const cs_runner_profile *p) {
  const cs_runner_security *s = &p->security;
  bool any = s->psk_file || s->ca || s->certificate || s->sni;
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++)
    any = any || s->capabilities[t];
  return any;
}

const char *cs_runner_profile_path(const cs_runner_profile *p, const char *role) {
  const cs_runner_resource *r = p->resources.items;
  for (size_t i = 0; i < p->resources.count; i++)
    if (strcmp(r[i].role, role) == 0)
      return r[i].path;
  return NULL;
}

static const cs_runner_xfail *xfail_on(const cs_runner_profile *p, const char *id, unsigned t,
                                       bool for_twin) {
  const cs_runner_xfail *x = p->xfails.items;
  for (size_t i = 0; i < p->xfails.count; i++)
    if (x[i].transports >> t & 1u && strcmp(x[i].id, id) == 0)
      return for_twin && x[i].plain ? NULL : &x[i];
  return NULL;
}

const cs_runner_xfail *cs_runner_profile_xfail(const cs_runner_profile *p, const char *id,
                                               const char *transport) {
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++) {
    if (strcmp(cs_runner_transport_name((cs_runner_transport)t), transport) != 0)
      continue;
    const cs_runner_xfail *x = xfail_on(p, id, t, false);
    /* The plain twin of a secured transport is as far before it in the list. */
    return x || t < CS_RUNNER_DTLS ? x : xfail_on(p, id, t - CS_RUNNER_DTLS, true);
  }
  return NULL;
}

static unsigned hex_value(char c) {
  return c >= 'a'   ? (unsigned)(c - 'a') + 10
         : c >= 'A' ? (unsigned)(c - 'A') + 10
                    : (unsigned)(c - '0');
}

static bool are_bytes(cs_span a, cs_span bytes) {
  size_t at = 0;
  bool rest = take_rest(&a);
  for (size_t i = 0; i < a.len; i++) {
    const char *c = (const char *)a.at + i;
    if (*c == ' ')
      continue;
    if (at == bytes.len)
      return false;
    if (*c != '?' && (hex_value(c[0]) << 4 | hex_value(c[1])) != bytes.at[at])
      return false;
    i++;
    at++;
  }
  return rest || at == bytes.len;
}

bool cs_runner_xfail_bytes(const cs_runner_xfail *x, cs_span bytes) {
  for (const char *text = x->bytes;; text++) {
    cs_span a = alternative(&text);
    if (!is_word(a) && are_bytes(a, bytes))
      return true;
    if (!*text)
      return false;
  }
}

bool cs_runner_xfail_word(const cs_runner_xfail *x, const char *word) {
  return strstr(x->bytes, word) != NULL;
}
