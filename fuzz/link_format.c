/* The parser of link format. What it takes is what it says again: the links and
 * their parameters put together are the document. What it refuses it refuses at a
 * place within, behind links that are the beginning of the document.
 *
 * covers: conformance/runner/link_format.c conformance/runner/link_uri.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/link_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_LIMIT = 4096 };

#define ORACLE(condition)                                                                          \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "fuzz oracle: link_format: %s\n", #condition);                               \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

/* What the parts of a document make again. */
struct again {
  uint8_t bytes[2 * SIZE_LIMIT];
  size_t len;
};

static void put(struct again *a, cs_span s) {
  ORACLE(s.len <= sizeof a->bytes - a->len);
  if (s.len)
    memcpy(a->bytes + a->len, s.at, s.len);
  a->len += s.len;
}

static void put_text(struct again *a, const char *text) {
  put(a, cs_span_str(text));
}

/* The parameters of a link, one after the other, and what is asked of them. */
static void check_params(const cs_runner_link *link, struct again *a) {
  cs_runner_link_param p;
  size_t at = 0;
  while (cs_runner_link_param_next(link, &at, &p)) {
    uint8_t value[SIZE_LIMIT];
    size_t len = cs_runner_link_value(&p, value);
    ORACLE(p.name.len > 0 && len <= p.value.len);
    ORACLE(p.valued || (!p.quoted && p.value.len == 0));
    ORACLE(!p.valued || p.quoted || p.value.len > 0);
    ORACLE(p.quoted || (len == p.value.len && (!len || memcmp(value, p.value.at, len) == 0)));
    put_text(a, ";");
    put(a, p.name);
    put_text(a, p.valued ? p.quoted ? "=\"" : "=" : "");
    put(a, p.value);
    put_text(a, p.quoted ? "\"" : "");
    cs_runner_link_param q;
    size_t count = 0;
    for (size_t from = 0; cs_runner_link_param_next(link, &from, &q);)
      count += cs_runner_link_param_is(&q, p.name);
    ORACLE(cs_runner_link_fits(link, p.name, CS_RUNNER_LINK_ONCE) == (count == 1));
    ORACLE(!cs_runner_link_fits(link, p.name, CS_RUNNER_LINK_RESERVED));
    bool cardinal = cs_runner_link_fits(link, p.name, CS_RUNNER_LINK_CARDINAL);
    ORACLE(!cardinal || !cs_runner_link_fits(link, p.name, CS_RUNNER_LINK_QUOTED));
    for (unsigned i = 0; i < CS_RUNNER_LINK_PROPERTIES_; i++)
      (void)cs_runner_link_fits(link, p.name, (cs_runner_link_property)i);
  }
  ORACLE(at == link->params.len);
}

static void check_target(cs_span target) {
  cs_runner_uri_parts u = cs_runner_uri_split(target);
  ORACLE(cs_runner_uri_reference(target));
  ORACLE(cs_runner_uri(target) == u.has_scheme);
  ORACLE(u.scheme.len + u.authority.len + u.path.len <= target.len);
  /* A path leads to itself, unless a query follows. */
  if (u.path.len && u.path.at[0] == '/' && u.path.len < 512 && !u.has_query) {
    char path[513];
    memcpy(path, u.path.at, u.path.len);
    path[u.path.len] = '\0';
    ORACLE(cs_runner_link_leads_to(target, path));
  }
  (void)cs_runner_link_leads_to(target, "/.well-known/core");
}

/* A document that is right goes on behind a comma, and does not end there. */
static void check_longer(cs_span text, bool good) {
  static const char more[] = ",</a>;b";
  uint8_t longer[SIZE_LIMIT + sizeof more];
  size_t at;
  const char *want;
  memcpy(longer, text.at, text.len);
  memcpy(longer + text.len, more, sizeof more - 1);
  bool longer_good =
      cs_runner_links_good(cs_span_of(longer, text.len + sizeof more - 1), &at, &want);
  ORACLE(!good || longer_good);
  if (good)
    ORACLE(!cs_runner_links_good(cs_span_of(longer, text.len + 1), &at, &want) &&
           at == text.len + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > SIZE_LIMIT)
    return 0;
  /* A copy of just that length, so that a read beyond its end is seen. */
  uint8_t *copy = malloc(size);
  if (!copy)
    return 0;
  memcpy(copy, data, size);
  cs_span text = cs_span_of(copy, size);
  size_t at = 0;
  const char *want = NULL;
  bool good = cs_runner_links_good(text, &at, &want);
  static struct again again;
  cs_runner_links l = cs_runner_links_of(text);
  cs_runner_link link;
  again.len = 0;
  while (cs_runner_links_next(&l, &link)) {
    put_text(&again, again.len ? ",<" : "<");
    put(&again, link.target);
    put_text(&again, ">");
    check_target(link.target);
    check_params(&link, &again);
  }
  ORACLE(good == !l.want && at == l.at && want == l.want);
  ORACLE(at <= size);
  ORACLE(!good || cs_span_equal(text, cs_span_of(again.bytes, again.len)));
  ORACLE(again.len <= size && memcmp(again.bytes, copy, again.len) == 0);
  check_longer(text, good);
  free(copy);
  return 0;
}
