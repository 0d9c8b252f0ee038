/* The parser of what a pattern says of a payload in link format, and in JSON. */
#include <jansson.h>

#include "runner/link_format.h"
#include "runner/scenario_field.h"

/* "@role/x" behind "href=". */
static bool read_role(state *p, cs_runner_field *field) {
  p->in.at++;
  cs_span role = cs_runner_name(p);
  if (role.len == 0)
    return cs_runner_expected(p, "the name of a role behind @");
  field->role = cs_runner_text(p->arena, role);
  if (p->names && p->names->role && !p->names->role(p->names->ctx, field->role))
    return cs_runner_expected_at(p, role.at, "a role that a profile names, not %s", field->role);
  const uint8_t *begin = p->in.at;
  while (cs_base_left(&p->in) && *p->in.at != ' ' && *p->in.at != '\t' && *p->in.at != ')')
    p->in.at++;
  cs_span suffix = cs_span_of(begin, (size_t)(p->in.at - begin));
  if (suffix.len && suffix.at[0] != '/')
    return cs_runner_expected_at(p, begin, "a space, ) or / behind the role");
  if (suffix.len)
    field->suffix = cs_runner_text(p->arena, suffix);
  const cs_runner_need *needs = p->needs.items;
  for (size_t i = 0; i < p->needs.count; i++)
    if (needs[i].kind == CS_RUNNER_NEED_ROLE && strcmp(needs[i].name, field->role) == 0)
      return true;
  *(cs_runner_need *)cs_runner_push(p->arena, &p->needs, sizeof *needs) =
      (cs_runner_need){CS_RUNNER_NEED_ROLE, false, field->role};
  return true;
}

static bool token(uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c && strchr("/._-", c));
}

/* "text", $variable or a bare word, and perhaps * for what begins so. */
static bool read_value(state *p, cs_runner_field *field) {
  const uint8_t *begin = p->in.at;
  uint8_t first = cs_base_left(&p->in) ? *begin : 0;
  if (first == '$' || first == '"') {
    if (!cs_runner_value(p, CS_FORMAT_OPAQUE, field))
      return false;
  } else {
    while (cs_base_left(&p->in) && token(*p->in.at))
      p->in.at++;
    if (p->in.at == begin)
      return cs_runner_expected(p, "a value: \"text\", a word or $name");
    field->literal = cs_runner_copy(p->arena, cs_span_of(begin, (size_t)(p->in.at - begin)));
  }
  if (cs_base_left(&p->in) && *p->in.at == '*') {
    if (field->relation != CS_RUNNER_EQUAL)
      return cs_runner_expected(p, "a * behind = alone");
    p->in.at++;
    field->relation = CS_RUNNER_PREFIX;
  }
  return true;
}

static bool read_property(state *p, cs_runner_field *field) {
  const uint8_t *begin = p->in.at;
  cs_span word = cs_runner_name(p);
  field->relation = CS_RUNNER_HAS_PROPERTY;
  for (unsigned i = 0; i < CS_RUNNER_LINK_PROPERTIES_; i++)
    if (cs_span_equal(word,
                      cs_span_str(cs_runner_link_property_name((cs_runner_link_property)i)))) {
      field->number = (uint16_t)i;
      return true;
    }
  return cs_runner_expected_at(p, begin,
                               "once, reserved, cardinal, formats, relation-types, reference, "
                               "quoted or hosted");
}

static bool attribute_char(uint8_t c) {
  return token(c) && c != '/' && c != '.';
}

/* One condition: "rt", "!rt", "rt=...", "rt:once". */
static bool read_condition(state *p, cs_runner_fields *conditions) {
  cs_runner_field *field = cs_runner_add_field(p, conditions, CS_RUNNER_FIELD_ATTRIBUTE);
  if (!field)
    return false;
  bool absent = cs_runner_take(p, "!");
  const uint8_t *begin = p->in.at;
  while (cs_base_left(&p->in) && attribute_char(*p->in.at))
    p->in.at++;
  if (p->in.at == begin)
    return cs_runner_expected(p, "the name of an attribute, or )");
  if (cs_base_left(&p->in) && *p->in.at == '*')
    p->in.at++;
  field->name = cs_runner_text(p->arena, cs_span_of(begin, (size_t)(p->in.at - begin)));
  bool target = strcmp(field->name, "href") == 0;
  if (absent) {
    field->relation = CS_RUNNER_ABSENT;
    return !target || cs_runner_expected_at(p, begin, "an attribute: every link has a target");
  }
  if (cs_runner_take(p, ":"))
    return read_property(p, field);
  field->relation = cs_runner_take_relation(p);
  if (field->relation == CS_RUNNER_PRESENT)
    return true;
  if (target && cs_base_left(&p->in) && *p->in.at == '@') {
    if (field->relation == CS_RUNNER_CONTAINS)
      return cs_runner_expected(p, "= or != before a role");
    return read_role(p, field);
  }
  return read_value(p, field);
}

/* The field that "link(", "links(", "!link(" or "!links(" begins; false and no
 * error when none of them is there. */
bool cs_runner_take_links(state *p, cs_runner_relation *relation) {
  static const struct {
    const char *word;
    cs_runner_relation relation;
  } words[] = {{"link(", CS_RUNNER_PRESENT},
               {"links(", CS_RUNNER_EVERY},
               {"!link(", CS_RUNNER_ABSENT},
               {"!links(", CS_RUNNER_NOT_EVERY}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (cs_runner_take(p, words[i].word)) {
      *relation = words[i].relation;
      return true;
    }
  return false;
}

bool cs_runner_links_pattern(state *p, cs_runner_field *field) {
  cs_runner_fields conditions = {0};
  const uint8_t *begin = p->in.at;
  field->kind = CS_RUNNER_FIELD_LINK;
  cs_runner_skip_spaces(p);
  while (cs_base_left(&p->in) && *p->in.at != ')') {
    if (!read_condition(p, &conditions))
      return false;
    if (cs_base_left(&p->in) && *p->in.at != ')' && *p->in.at != ' ' && *p->in.at != '\t')
      return cs_runner_expected(p, "a space or )");
    cs_runner_skip_spaces(p);
  }
  if (cs_base_left(&p->in) == 0)
    return cs_runner_expected(p, ") behind the conditions");
  if (conditions.list.count == 0)
    return cs_runner_expected(p, "a condition: rt, !rt, rt=\"x\", href=@role, ct:once");
  field->name = cs_runner_text(p->arena, cs_span_of(begin, (size_t)(p->in.at - begin)));
  p->in.at++;
  field->inner = conditions.list.items;
  field->inner_count = conditions.list.count;
  return true;
}

bool cs_runner_json_value(state *p, cs_runner_field *field) {
  json_error_t e;
  cs_span word = cs_runner_word(p);
  json_t *json = word.len ? json_loadb((const char *)word.at, word.len, JSON_DECODE_ANY, &e) : NULL;
  if (!json)
    return cs_runner_expected_at(p, word.at, "JSON without spaces");
  json_decref(json);
  field->literal = cs_runner_copy(p->arena, word);
  return true;
}
