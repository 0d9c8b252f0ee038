/* coverage: which statements of the RFCs the scenarios exercise, and why they do not
 * exercise the others. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "runner/cli.h"

/* What becomes of a statement. */
enum outcome { EXERCISED, EXCUSED, NEITHER };

struct statement {
  const cs_report_requirement *row;
  const char *rfc, *section; /* "7252", "5.10.8.2" */
  cs_runner_level level;
  enum outcome outcome;
  const char *reason; /* EXCUSED: the first word of the table's reason */
};

/* How often a reason is given. */
struct tally {
  const char *reason;
  size_t count;
};

enum { REASONS_MAX = 16 };

struct counts {
  size_t all[CS_RUNNER_LEVEL_COUNT_], exercised[CS_RUNNER_LEVEL_COUNT_];
  size_t statements, total, neither;
  struct tally tallies[REASONS_MAX];
  size_t tally_count;
};

struct coverage {
  cs_runner_library library;
  struct statement *statements;
  size_t count;
  size_t musts_neither;
};

static const char *const level_names[] = {"MUST", "SHOULD", "MAY"};
/* Reasons that say that a server cannot show it. "later" is none. */
static const char *const reasons[] = {"client", "proxy", "internal", "permission"};

static bool is_covered(const cs_runner_library *l, const char *id) {
  const cs_runner_scenario *const *s = l->scenarios.items;
  for (size_t i = 0; i < l->scenarios.count; i++)
    for (size_t k = 0; k < s[i]->cover_count; k++)
      if (strcmp(s[i]->covers[k], id) == 0)
        return true;
  return false;
}

/* A row that says the same as another one has that one's outcome. */
static const char *original(const cs_runner_library *l, const char *id) {
  static const char prefix[] = "duplicate-of ";
  for (size_t steps = 0; steps < l->requirements.rows.count; steps++) {
    const char *reason = cs_runner_reason(&l->requirements, id);
    if (!reason || strncmp(reason, prefix, sizeof prefix - 1) != 0)
      return id;
    id = reason + sizeof prefix - 1;
  }
  return id; /* rows that mean each other: none of them is exercised */
}

static void judge(const cs_runner_library *l, struct statement *s) {
  const char *id = original(l, s->row->id);
  const char *reason = cs_runner_reason(&l->requirements, id);
  s->outcome = is_covered(l, id) ? EXERCISED : NEITHER;
  for (size_t i = 0; s->outcome == NEITHER && reason && i < sizeof reasons / sizeof reasons[0]; i++)
    if (strcmp(reason, reasons[i]) == 0) {
      s->outcome = EXCUSED;
      s->reason = reasons[i];
    }
}

/* The parts of an id, "RFC7252#5.10:name". */
static void take_apart(cs_runner_arena *arena, struct statement *s) {
  const char *id = s->row->id;
  size_t rfc = strcspn(id, "#");
  size_t section = id[rfc] ? strcspn(id + rfc + 1, ":") : 0;
  size_t skip = strncmp(id, "RFC", 3) == 0 ? 3 : 0;
  s->rfc = cs_runner_text(arena, cs_span_of(id + skip, rfc - skip));
  s->section = cs_runner_text(arena, cs_span_of(id[rfc] ? id + rfc + 1 : id, section));
}

static bool section_wanted(const cs_runner_selection *s, const char *id) {
  const char *const *words = s->sections.items;
  for (size_t i = 0; i < s->sections.count; i++)
    if (cs_runner_in_section(id, words[i]))
      return true;
  return s->sections.count == 0;
}

static bool level_wanted(const cs_runner_selection *s, cs_runner_level level) {
  const char *const *words = s->levels.items;
  for (size_t i = 0; i < s->levels.count; i++)
    if (strcasecmp(words[i], level_names[level]) == 0)
      return true;
  return s->levels.count == 0;
}

static void gather(struct coverage *c, const cs_runner_selection *selection) {
  cs_runner_library *l = &c->library;
  const cs_report_requirement *rows = l->requirements.rows.items;
  c->statements =
      cs_runner_get(&l->arena, (l->requirements.rows.count + 1) * sizeof *c->statements);
  for (size_t i = 0; i < l->requirements.rows.count; i++) {
    struct statement s = {.row = &rows[i]};
    cs_runner_level_read(rows[i].level, &s.level);
    take_apart(&l->arena, &s);
    if (!section_wanted(selection, rows[i].id) || !level_wanted(selection, s.level))
      continue;
    judge(l, &s);
    c->musts_neither += s.level == CS_RUNNER_MUST && s.outcome == NEITHER;
    c->statements[c->count++] = s;
  }
}

static void tally(struct counts *n, const char *reason) {
  size_t i = 0;
  while (i < n->tally_count && strcmp(n->tallies[i].reason, reason) != 0)
    i++;
  if (i == REASONS_MAX)
    return;
  if (i == n->tally_count)
    n->tallies[n->tally_count++].reason = reason;
  n->tallies[i].count++;
}

/* Counts those of an RFC, of one section or of all (NULL). */
static struct counts count(const struct coverage *c, const char *rfc, const char *section) {
  struct counts n = {.statements = 0};
  for (size_t i = 0; i < c->count; i++) {
    const struct statement *s = &c->statements[i];
    if (strcmp(s->rfc, rfc) != 0 || (section && strcmp(s->section, section) != 0))
      continue;
    n.statements++;
    n.all[s->level]++;
    n.exercised[s->level] += s->outcome == EXERCISED;
    n.total += s->outcome == EXERCISED;
    n.neither += s->outcome == NEITHER;
    if (s->outcome == EXCUSED)
      tally(&n, s->reason);
  }
  return n;
}

/* "client 5, proxy 1", or "neither 2" too. */
static const char *excuses(cs_runner_arena *arena, const struct counts *n) {
  const char *text = "";
  for (size_t i = 0; i < n->tally_count; i++)
    text = cs_runner_format(arena, "%s%s%s %zu", text, *text ? ", " : "", n->tallies[i].reason,
                            n->tallies[i].count);
  if (n->neither)
    text = cs_runner_format(arena, "%s%sneither %zu", text, *text ? ", " : "", n->neither);
  return text;
}

/* Whether an earlier statement has the same RFC (and section). */
static bool told(const struct coverage *c, size_t at, bool section) {
  const struct statement *s = &c->statements[at];
  for (size_t i = 0; i < at; i++)
    if (strcmp(c->statements[i].rfc, s->rfc) == 0 &&
        (!section || strcmp(c->statements[i].section, s->section) == 0))
      return true;
  return false;
}

static void print_statement(const struct coverage *c, const struct statement *s) {
  const cs_runner_library *l = &c->library;
  const cs_runner_scenario *const *all = l->scenarios.items;
  const char *id = original(l, s->row->id);
  printf("    %-6s %s: %s\n", level_names[s->level], s->row->id, s->row->summary);
  if (id != s->row->id)
    printf("           the same as %s\n", id);
  for (size_t i = 0; i < l->scenarios.count && s->outcome == EXERCISED; i++)
    for (size_t k = 0; k < all[i]->cover_count; k++)
      if (strcmp(all[i]->covers[k], id) == 0) {
        printf("           %s\n", all[i]->id);
        break;
      }
  if (s->outcome != EXERCISED)
    printf("           %s\n", s->outcome == EXCUSED ? s->reason : "NEITHER exercised nor reasoned");
}

static void print_section(struct coverage *c, const struct statement *s, bool verbose) {
  struct counts n = count(c, s->rfc, s->section);
  char cells[CS_RUNNER_LEVEL_COUNT_][32];
  for (unsigned k = 0; k < CS_RUNNER_LEVEL_COUNT_; k++) {
    cells[k][0] = '\0';
    if (n.all[k])
      snprintf(cells[k], sizeof cells[k], "%zu/%zu", n.exercised[k], n.all[k]);
  }
  printf("  %-12s %-9s %-9s %-9s %s\n", s->section, cells[CS_RUNNER_MUST], cells[CS_RUNNER_SHOULD],
         cells[CS_RUNNER_MAY], excuses(&c->library.arena, &n));
  for (size_t i = 0; i < c->count && verbose; i++)
    if (strcmp(c->statements[i].rfc, s->rfc) == 0 &&
        strcmp(c->statements[i].section, s->section) == 0)
      print_statement(c, &c->statements[i]);
}

static void print_text(struct coverage *c, bool verbose) {
  for (size_t i = 0; i < c->count; i++) {
    const char *rfc = c->statements[i].rfc;
    if (told(c, i, false))
      continue;
    struct counts n = count(c, rfc, NULL);
    printf("RFC %s: %zu statements, %zu exercised; the others: %s\n", rfc, n.statements, n.total,
           *excuses(&c->library.arena, &n) ? excuses(&c->library.arena, &n) : "none");
    printf("  %-12s %-9s %-9s %-9s %s\n", "section", "MUST", "SHOULD", "MAY", "not observable");
    for (size_t k = i; k < c->count; k++)
      if (strcmp(c->statements[k].rfc, rfc) == 0 && !told(c, k, true))
        print_section(c, &c->statements[k], verbose);
    putchar('\n');
  }
  for (size_t i = 0; i < c->count; i++)
    if (c->statements[i].level == CS_RUNNER_MUST && c->statements[i].outcome == NEITHER)
      printf("neither exercised nor reasoned: %s\n", c->statements[i].row->id);
}

static json_t *json_counts(const struct counts *n) {
  json_t *object = json_object();
  for (unsigned k = 0; k < CS_RUNNER_LEVEL_COUNT_; k++)
    json_object_set_new(object, level_names[k],
                        json_pack("{s:I,s:I}", "statements", (json_int_t)n->all[k], "exercised",
                                  (json_int_t)n->exercised[k]));
  json_t *why = json_object();
  for (size_t i = 0; i < n->tally_count; i++)
    json_object_set_new(why, n->tallies[i].reason, json_integer((json_int_t)n->tallies[i].count));
  json_object_set_new(object, "not_observable", why);
  json_object_set_new(object, "neither", json_integer((json_int_t)n->neither));
  return object;
}

static json_t *json_statement(const struct statement *s) {
  static const char *const outcomes[] = {"exercised", "not observable", "neither"};
  json_t *object = json_pack("{s:s,s:s,s:s}", "id", s->row->id, "level", level_names[s->level],
                             "outcome", outcomes[s->outcome]);
  if (s->outcome == EXCUSED)
    json_object_set_new(object, "reason", json_string(s->reason));
  return object;
}

static bool print_json(const struct coverage *c) {
  json_t *rfcs = json_array();
  for (size_t i = 0; i < c->count; i++) {
    const char *rfc = c->statements[i].rfc;
    if (told(c, i, false))
      continue;
    struct counts n = count(c, rfc, NULL);
    json_t *sections = json_array();
    json_t *statements = json_array();
    for (size_t k = i; k < c->count; k++) {
      const struct statement *s = &c->statements[k];
      if (strcmp(s->rfc, rfc) != 0)
        continue;
      json_array_append_new(statements, json_statement(s));
      if (told(c, k, true))
        continue;
      struct counts of = count(c, rfc, s->section);
      json_t *section = json_counts(&of);
      json_object_set_new(section, "section", json_string(s->section));
      json_array_append_new(sections, section);
    }
    json_t *object = json_counts(&n);
    json_object_set_new(object, "rfc", json_string(rfc));
    json_object_set_new(object, "sections", sections);
    json_object_set_new(object, "statements", statements);
    json_array_append_new(rfcs, object);
  }
  json_t *root = json_pack("{s:o}", "rfcs", rfcs);
  bool good = json_dumpf(root, stdout, JSON_INDENT(2)) == 0;
  json_decref(root);
  return good && putchar('\n') != EOF;
}

int cs_runner_command_coverage(cs_runner_args *a) {
  struct coverage c = {.count = 0};
  const char *word;
  int code = CS_RUNNER_EXIT_USAGE;
  if (a->words.count)
    return cs_runner_usage_error("coverage: takes options only");
  if (a->format == CS_RUNNER_OUTPUT_JSONL)
    return cs_runner_usage_error("coverage: jsonl is no format of this command; text and json are");
  if (!cs_runner_selection_check(&a->selection, &word))
    return cs_runner_usage_error("coverage: %s is no level (MUST, SHOULD, MAY)", word);
  if (cs_runner_library_open(&c.library) && cs_runner_library_load(&c.library, a->scenarios)) {
    gather(&c, &a->selection);
    code = c.musts_neither ? CS_RUNNER_EXIT_FAIL : CS_RUNNER_EXIT_OK;
    if (c.count == 0) {
      fputs("coapspec: the selection leaves no statement\n", stderr);
      code = CS_RUNNER_EXIT_NOTHING;
    } else if (a->format == CS_RUNNER_OUTPUT_JSON) {
      print_json(&c);
    } else {
      print_text(&c, a->verbose);
    }
  }
  cs_runner_library_close(&c.library);
  return code;
}
