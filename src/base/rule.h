/* Every rule the code enforces, by one id: document, section, name. The
 * parser, the session, the log, the oracles, the scenarios and the report all
 * speak these ids. rules.def is the one table. */
#ifndef CS_BASE_RULE_H
#define CS_BASE_RULE_H

#include <stddef.h>

typedef enum cs_rule {
  CS_RULE_NONE = 0, /* nothing was broken */
#define CS_RULE(symbol, id, basis, text) CS_RULE_##symbol,
#include "base/rules.def"
#undef CS_RULE
  CS_RULE_COUNT_
} cs_rule;

/* Why a rule binds. A rule of basis OURS protects us and never makes a verdict
 * about a server. */
typedef enum cs_rule_basis { CS_BASIS_MUST, CS_BASIS_SHOULD, CS_BASIS_OURS } cs_rule_basis;

/* "RFC7252#3:token-length-reserved"; "none" for CS_RULE_NONE. Never NULL. */
const char *cs_base_rule_id(cs_rule r);
/* The length of that id in bytes. */
size_t cs_base_rule_id_len(cs_rule r);
/* One English sentence that says what the rule demands. Never NULL. */
const char *cs_base_rule_text(cs_rule r);
cs_rule_basis cs_base_rule_basis(cs_rule r);
/* The rule with this id (NUL-terminated), or CS_RULE_NONE. */
cs_rule cs_base_rule_find(const char *id);

#endif
