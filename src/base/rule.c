#include "base/rule.h"

struct rule_row {
  const char *id;
  const char *text;
  size_t id_len;
  cs_rule_basis basis;
};

static const struct rule_row rows[CS_RULE_COUNT_] = {
    [CS_RULE_NONE] = {"none", "no rule is broken", 4, CS_BASIS_OURS},
#define CS_RULE(symbol, id, basis, text)                                                           \
  [CS_RULE_##symbol] = {id, text, sizeof(id) - 1, CS_BASIS_##basis},
#include "base/rules.def"
#undef CS_RULE
};

static const struct rule_row *row(cs_rule r) {
  return &rows[(unsigned)r < CS_RULE_COUNT_ ? r : CS_RULE_NONE];
}

const char *cs_base_rule_id(cs_rule r) {
  return row(r)->id;
}

size_t cs_base_rule_id_len(cs_rule r) {
  return row(r)->id_len;
}

const char *cs_base_rule_text(cs_rule r) {
  return row(r)->text;
}

cs_rule_basis cs_base_rule_basis(cs_rule r) {
  return row(r)->basis;
}

cs_rule cs_base_rule_find(const char *id) {
  for (unsigned i = 1; i < CS_RULE_COUNT_; i++) {
    const char *a = rows[i].id;
    const char *b = id;
    while (*a && *a == *b) {
      a++;
      b++;
    }
    if (*a == *b)
      return (cs_rule)i;
  }
  return CS_RULE_NONE;
}
