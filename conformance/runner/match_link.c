/* Whether a payload in link format has the links that a pattern wants. */
#include <jansson.h>

#include "runner/link_format.h"
#include "runner/values.h"

/* The link being looked at, and what it has bound so far. */
struct looking {
  const cs_runner_link *link;
  cs_runner_arena *arena;
  cs_runner_values values;
};

static cs_span value_of(struct looking *l, const cs_runner_link_param *p) {
  if (!p->quoted)
    return p->value;
  uint8_t *bytes = cs_runner_get(l->arena, p->value.len + 1);
  return cs_span_of(bytes, cs_runner_link_value(p, bytes));
}

/* Whether an attribute is a list: the relation types, and ct (RFC 7252 section
 * 7.2.1). */
static bool several(cs_span name) {
  const cs_runner_link_param p = {.name = name};
  return cs_runner_link_several(name) || cs_runner_link_param_is(&p, cs_span_str("ct"));
}

/* One value against the condition; an unbound variable takes it. */
static bool one_holds(struct looking *l, const cs_runner_field *f, cs_span value) {
  if (f->relation != CS_RUNNER_PREFIX)
    return cs_runner_field_holds(f, value, &l->values);
  cs_span want = f->var >= 0 ? l->values.of[f->var] : f->literal;
  return value.len >= want.len && cs_span_equal(cs_span_cut(value, 0, want.len), want);
}

/* The values of a list one by one, skipping those that captures before this one
 * have taken. */
static bool some_holds(struct looking *l, const cs_runner_field *f, cs_span values, size_t *skip) {
  bool captures = f->var >= 0 && !cs_runner_bound(&l->values, f->var);
  size_t begin = 0;
  for (size_t i = 0; i <= values.len; i++) {
    if (i < values.len && values.at[i] != ' ')
      continue;
    cs_span one = cs_span_cut(values, begin, i - begin);
    begin = i + 1;
    if (one.len == 0)
      continue;
    if (captures && *skip) {
      (*skip)--;
      continue;
    }
    if (one_holds(l, f, one))
      return true;
  }
  return false;
}

static bool attribute_holds(struct looking *l, const cs_runner_field *f, size_t skip) {
  cs_span name = cs_span_str(f->name);
  cs_runner_link_param p;
  bool there = false;
  for (size_t at = 0; cs_runner_link_param_next(l->link, &at, &p);) {
    if (!cs_runner_link_param_is(&p, name))
      continue;
    there = true;
    if (f->relation == CS_RUNNER_PRESENT)
      return true;
    if (f->relation == CS_RUNNER_ABSENT)
      return false;
    cs_span value = value_of(l, &p);
    bool list = several(name) && f->relation != CS_RUNNER_CONTAINS;
    if (f->relation == CS_RUNNER_DIFFERENT) {
      cs_runner_field equal = *f;
      equal.relation = CS_RUNNER_EQUAL;
      if (list ? some_holds(l, &equal, value, &skip) : one_holds(l, &equal, value))
        return false;
    } else if (list ? some_holds(l, f, value, &skip) : one_holds(l, f, value)) {
      return true;
    }
  }
  return f->relation == CS_RUNNER_ABSENT || (f->relation == CS_RUNNER_DIFFERENT && there);
}

static bool target_holds(struct looking *l, const cs_runner_field *f) {
  if (f->relation == CS_RUNNER_PRESENT)
    return true;
  if (!f->role) {
    cs_runner_field equal = *f;
    equal.relation = CS_RUNNER_EQUAL;
    return f->relation == CS_RUNNER_DIFFERENT ? !one_holds(l, &equal, l->link->target)
                                              : one_holds(l, f, l->link->target);
  }
  const char *path = l->values.profile ? cs_runner_profile_path(l->values.profile, f->role) : NULL;
  if (!path)
    return false;
  if (f->suffix) {
    size_t len = strlen(path);
    bool slash = len && path[len - 1] == '/';
    path = cs_runner_format(l->arena, "%.*s%s", (int)(len - slash), path, f->suffix);
  }
  return cs_runner_link_leads_to(l->link->target, path) == (f->relation == CS_RUNNER_EQUAL);
}

static bool link_holds(struct looking *l, const cs_runner_field *link) {
  for (size_t i = 0; i < link->inner_count; i++) {
    const cs_runner_field *f = &link->inner[i];
    cs_span name = cs_span_str(f->name);
    bool holds;
    size_t skip = 0;
    for (size_t k = 0; k < i; k++)
      if (strcmp(link->inner[k].name, f->name) == 0 && link->inner[k].relation == CS_RUNNER_EQUAL)
        skip++;
    if (f->relation == CS_RUNNER_HAS_PROPERTY)
      holds = cs_runner_link_fits(l->link, name, (cs_runner_link_property)f->number);
    else if (strcmp(f->name, "href") == 0)
      holds = target_holds(l, f);
    else
      holds = attribute_holds(l, f, skip);
    if (!holds)
      return false;
  }
  return true;
}

bool cs_runner_links_fit(const cs_runner_field *f, cs_span payload, cs_runner_arena *arena,
                         cs_runner_values *values, const char **why) {
  cs_runner_links links = cs_runner_links_of(payload);
  cs_runner_link link;
  size_t count = 0;
  size_t holding = 0;
  cs_span other = {NULL, 0};
  while (cs_runner_links_next(&links, &link)) {
    struct looking l = {&link, arena, *values};
    bool holds = link_holds(&l, f);
    if (holds && holding == 0 && f->relation == CS_RUNNER_PRESENT)
      *values = l.values;
    if (!holds && holding == count)
      other = link.target;
    holding += holds;
    count++;
  }
  if (links.want) {
    *why = cs_runner_format(arena, "the payload is no link format: at byte %zu %s was expected",
                            links.at, links.want);
    return false;
  }
  switch (f->relation) {
  case CS_RUNNER_PRESENT:
    *why = cs_runner_format(arena, "none of %zu links is link(%s)", count, f->name);
    return holding > 0;
  case CS_RUNNER_ABSENT:
    *why = cs_runner_format(arena, "%zu of %zu links are link(%s)", holding, count, f->name);
    return holding == 0;
  case CS_RUNNER_NOT_EVERY:
    *why = cs_runner_format(arena, "all of %zu links are links(%s)", count, f->name);
    return holding < count;
  default:
    *why = cs_runner_format(arena, "the link to <%.*s> is not links(%s)", (int)other.len,
                            other.len ? (const char *)other.at : "", f->name);
    return holding == count;
  }
}

bool cs_runner_links_wellformed(cs_span payload, const char **why) {
  size_t at;
  const char *want;
  *why = "the payload is no link format";
  return cs_runner_links_good(payload, &at, &want);
}

bool cs_runner_json_equal(cs_span payload, cs_span want) {
  json_error_t e;
  const char *text = payload.len ? (const char *)payload.at : "";
  json_t *a = json_loadb(text, payload.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &e);
  json_t *b = json_loadb((const char *)want.at, want.len, JSON_DECODE_ANY, &e);
  bool equal = a && b && json_equal(a, b);
  json_decref(a);
  json_decref(b);
  return equal;
}
