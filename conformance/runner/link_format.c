#include "runner/link_format.h"

static bool digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

static bool lower(uint8_t c) {
  return c >= 'a' && c <= 'z';
}

static bool alpha(uint8_t c) {
  return lower(c) || (c >= 'A' && c <= 'Z');
}

static uint8_t folded(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool one_of(uint8_t c, const char *set) {
  return c && strchr(set, c);
}

/* attr-char of RFC 5987 section 3.2.1. */
static bool attr_char(uint8_t c) {
  return alpha(c) || digit(c) || one_of(c, "!#$&+-.^_`|~");
}

static bool ptokenchar(uint8_t c) {
  return alpha(c) || digit(c) || one_of(c, "!#$%&'()*+-./:<=>?@[]^_`{|}~");
}

/* ---- the grammar ---- */

cs_runner_links cs_runner_links_of(cs_span text) {
  return (cs_runner_links){text, 0, NULL};
}

static bool broken(cs_runner_links *l, size_t at, const char *want) {
  l->at = at;
  l->want = want;
  return false;
}

static uint8_t peek(const cs_runner_links *l) {
  return l->at < l->text.len ? l->text.at[l->at] : 0;
}

/* What stands behind the opening mark of a quoted-string (RFC 2616 section 2.2):
 * no control characters but white space, line ends only where a line goes on. */
static bool skip_quoted(cs_runner_links *l) {
  for (; l->at < l->text.len; l->at++) {
    uint8_t c = l->text.at[l->at];
    size_t left = l->text.len - l->at;
    const uint8_t *at = l->text.at + l->at;
    if (c == '"') {
      l->at++;
      return true;
    }
    if (c == '\\') {
      if (left < 2 || at[1] > 127)
        return broken(l, l->at + 1, "an ASCII character behind a backslash");
      l->at++;
    } else if (c == '\r') {
      if (left < 3 || at[1] != '\n' || (at[2] != ' ' && at[2] != '\t'))
        return broken(l, l->at, "a quoted string without control characters");
      l->at += 2;
    } else if ((c < 32 && c != '\t') || c == 127) {
      return broken(l, l->at, "a quoted string without control characters");
    }
  }
  return broken(l, l->at, "a quotation mark that ends the string");
}

/* ext-value of RFC 5987 section 3.2.1: charset'language'text. */
static bool skip_ext_value(cs_runner_links *l) {
  size_t begin = l->at;
  while (alpha(peek(l)) || digit(peek(l)) || one_of(peek(l), "!#$%&+-^_`{}~"))
    l->at++;
  if (l->at == begin || peek(l) != '\'')
    return broken(l, l->at, "charset'language'value");
  l->at++;
  while (alpha(peek(l)) || digit(peek(l)) || peek(l) == '-')
    l->at++;
  if (peek(l) != '\'')
    return broken(l, l->at, "charset'language'value");
  l->at++;
  for (;;) {
    if (attr_char(peek(l))) {
      l->at++;
    } else if (peek(l) == '%') {
      for (size_t i = 1; i <= 2; i++) {
        uint8_t c = l->at + i < l->text.len ? folded(l->text.at[l->at + i]) : 0;
        if (!digit(c) && !(c >= 'a' && c <= 'f'))
          return broken(l, l->at + i, "two hex digits behind %");
      }
      l->at += 3;
    } else {
      return true;
    }
  }
}

/* What stands behind a semicolon. */
static bool skip_param(cs_runner_links *l) {
  size_t begin = l->at;
  while (attr_char(peek(l)))
    l->at++;
  if (l->at == begin)
    return broken(l, l->at, "the name of a parameter");
  bool star = peek(l) == '*';
  l->at += star;
  if (peek(l) != '=')
    return !star || broken(l, l->at, "= behind the name with a star");
  l->at++;
  if (star)
    return skip_ext_value(l);
  if (peek(l) == '"') {
    l->at++;
    return skip_quoted(l);
  }
  begin = l->at;
  while (ptokenchar(peek(l)))
    l->at++;
  return l->at > begin || broken(l, l->at, "a token or a quoted string");
}

bool cs_runner_links_next(cs_runner_links *l, cs_runner_link *out) {
  if (l->want || l->at == l->text.len)
    return false;
  if (l->at > 0 && peek(l) != ',')
    return broken(l, l->at, "a semicolon, a comma or the end");
  l->at += l->at > 0;
  if (peek(l) != '<')
    return broken(l, l->at, "a link, which begins with <");
  size_t begin = ++l->at;
  while (l->at < l->text.len && l->text.at[l->at] != '>')
    l->at++;
  if (l->at == l->text.len)
    return broken(l, l->at, "> behind the target");
  cs_span target = cs_span_cut(l->text, begin, l->at - begin);
  if (!cs_runner_uri_reference(target))
    return broken(l, begin, "a URI reference between < and >");
  begin = ++l->at;
  while (peek(l) == ';') {
    l->at++;
    if (!skip_param(l))
      return false;
  }
  *out = (cs_runner_link){target, cs_span_cut(l->text, begin, l->at - begin)};
  return true;
}

bool cs_runner_links_good(cs_span text, size_t *at, const char **want) {
  cs_runner_links l = cs_runner_links_of(text);
  cs_runner_link link;
  while (cs_runner_links_next(&l, &link))
    ;
  *at = l.at;
  *want = l.want;
  return !l.want;
}

/* ---- parameters ---- */

bool cs_runner_link_param_next(const cs_runner_link *link, size_t *at, cs_runner_link_param *out) {
  cs_runner_links l = {link->params, *at, NULL};
  if (peek(&l) != ';')
    return false;
  size_t begin = ++l.at;
  if (!skip_param(&l))
    return false;
  cs_span whole = cs_span_cut(l.text, begin, l.at - begin);
  size_t name = 0;
  while (name < whole.len && whole.at[name] != '=')
    name++;
  *out = (cs_runner_link_param){.name = cs_span_cut(whole, 0, name), .valued = name < whole.len};
  if (out->valued) {
    out->quoted = whole.at[name + 1] == '"';
    size_t marks = out->quoted ? 1 : 0;
    out->value = cs_span_cut(whole, name + 1 + marks, whole.len - name - 1 - 2 * marks);
  }
  *at = l.at;
  return true;
}

bool cs_runner_link_param_is(const cs_runner_link_param *p, cs_span name) {
  if (p->name.len != name.len)
    return false;
  for (size_t i = 0; i < name.len; i++)
    if (folded(p->name.at[i]) != folded(name.at[i]))
      return false;
  return true;
}

size_t cs_runner_link_value(const cs_runner_link_param *p, uint8_t *buf) {
  size_t len = 0;
  for (size_t i = 0; i < p->value.len; i++) {
    if (p->quoted && p->value.at[i] == '\\' && i + 1 < p->value.len)
      i++;
    buf[len++] = p->value.at[i];
  }
  return len;
}

bool cs_runner_link_several(cs_span name) {
  static const char *const names[] = {"rt", "if", "rel", "rev"};
  const cs_runner_link_param p = {.name = name};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (cs_runner_link_param_is(&p, cs_span_str(names[i])))
      return true;
  return false;
}

/* ---- what is asked of them ---- */

const char *cs_runner_link_property_name(cs_runner_link_property property) {
  static const char *const names[] = {"once",           "reserved",  "cardinal", "formats",
                                      "relation-types", "reference", "quoted",   "hosted"};
  return names[property];
}

static bool cardinal(cs_span s) {
  for (size_t i = 0; i < s.len; i++)
    if (!digit(s.at[i]))
      return false;
  return s.len == 1 || (s.len > 1 && s.at[0] != '0');
}

/* A decimal ASCII integer from 0 to 65535; RFC 7252 says nothing of leading zeros. */
static bool format(cs_span s) {
  uint32_t v = 0;
  for (size_t i = 0; i < s.len; i++) {
    if (!digit(s.at[i]) || v > 65535)
      return false;
    v = v * 10 + (uint32_t)(s.at[i] - '0');
  }
  return s.len > 0 && v <= 65535;
}

static bool relation_type(cs_span s) {
  bool registered = s.len > 0 && lower(s.at[0]);
  for (size_t i = 0; i < s.len && registered; i++)
    registered = lower(s.at[i]) || digit(s.at[i]) || s.at[i] == '.' || s.at[i] == '-';
  return registered || cs_runner_uri(s);
}

/* Whether each of the values between blanks, one at least, is good. */
static bool each(cs_span s, bool (*good)(cs_span)) {
  size_t begin = 0;
  size_t count = 0;
  for (size_t i = 0; i <= s.len; i++) {
    if (i < s.len && s.at[i] != ' ')
      continue;
    if (i > begin && !good(cs_span_cut(s, begin, i - begin)))
      return false;
    count += i > begin;
    begin = i + 1;
  }
  return count > 0;
}

/* No blank before the first and behind the last one. */
static bool relation_types(const cs_runner_link_param *p) {
  if (!p->quoted)
    return relation_type(p->value);
  return p->value.len && p->value.at[0] != ' ' && p->value.at[p->value.len - 1] != ' ' &&
         each(p->value, relation_type);
}

static bool has_form(const cs_runner_link_param *p, cs_runner_link_property property) {
  switch (property) {
  case CS_RUNNER_LINK_CARDINAL:
    return p->valued && !p->quoted && cardinal(p->value);
  case CS_RUNNER_LINK_FORMATS:
    return p->valued && (p->quoted ? each(p->value, format) : format(p->value));
  case CS_RUNNER_LINK_RELATION_TYPES:
    return p->valued && relation_types(p);
  case CS_RUNNER_LINK_REFERENCE:
    return p->quoted && cs_runner_uri_reference(p->value);
  default:
    return p->quoted;
  }
}

static bool equal_folded(cs_span a, cs_span b) {
  const cs_runner_link_param p = {.name = a};
  return cs_runner_link_param_is(&p, b);
}

/* Section 2.2: the target of a link of the relation "hosts", which is that of a
 * link without rel, is relative to the context, which is the anchor where there is
 * one and the target's own origin elsewhere. Where the anchor is relative its
 * origin is that of the document, by some scheme of CoAP. */
static bool hosted(const cs_runner_link *link) {
  cs_runner_link_param p;
  cs_span anchor = {NULL, 0};
  bool anchored = false;
  bool hosts = true;
  for (size_t at = 0; cs_runner_link_param_next(link, &at, &p);) {
    if (cs_runner_link_param_is(&p, cs_span_str("rel")))
      hosts = cs_span_equal(p.value, cs_span_str("hosts"));
    if (!anchored && cs_runner_link_param_is(&p, cs_span_str("anchor"))) {
      anchored = true;
      anchor = p.value;
    }
  }
  cs_runner_uri_parts target = cs_runner_uri_split(link->target);
  if (!hosts || !anchored || (!target.has_scheme && !target.has_authority))
    return true;
  cs_runner_uri_parts context = cs_runner_uri_split(anchor);
  if (context.has_scheme && target.has_scheme && !equal_folded(context.scheme, target.scheme))
    return false;
  if (!context.has_scheme && target.has_scheme &&
      (target.scheme.len < 4 ||
       !equal_folded(cs_span_cut(target.scheme, 0, 4), cs_span_str("coap"))))
    return false;
  return !context.has_authority || !target.has_authority ||
         equal_folded(context.authority, target.authority);
}

bool cs_runner_link_fits(const cs_runner_link *link, cs_span name,
                         cs_runner_link_property property) {
  cs_runner_link_param p;
  size_t count = 0;
  if (property == CS_RUNNER_LINK_HOSTED)
    return hosted(link);
  for (size_t at = 0; cs_runner_link_param_next(link, &at, &p);) {
    if (!cs_runner_link_param_is(&p, name))
      continue;
    count++;
    if (property != CS_RUNNER_LINK_ONCE && property != CS_RUNNER_LINK_RESERVED &&
        !has_form(&p, property))
      return false;
  }
  return count <= (property == CS_RUNNER_LINK_RESERVED ? 0u : 1u) ||
         (property != CS_RUNNER_LINK_ONCE && property != CS_RUNNER_LINK_RESERVED);
}
