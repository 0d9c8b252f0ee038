/* list, explain, lint and selftest: what needs no target. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "runner/cli.h"
#include "runner/selftest.h"
#include "server/server.h"

static json_t *json_strings(const char *const *items, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(array, json_string(items[i]));
  return array;
}

/* The transports on which a case is selected, a bit each; 0 when an earlier
 * variant has told of it. */
static unsigned transports_of(const cs_runner_variant *v, size_t count, size_t at) {
  unsigned mask = 0;
  for (size_t i = 0; i < count; i++) {
    if (v[i].scenario != v[at].scenario || strcmp(v[i].id, v[at].id) != 0)
      continue;
    if (i < at)
      return 0;
    mask |= 1u << v[i].transport;
  }
  return mask;
}

static json_t *json_case(const cs_runner_variant *v, unsigned mask) {
  const cs_runner_scenario *s = v->scenario;
  json_t *transports = json_array();
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++)
    if (mask >> t & 1u)
      json_array_append_new(transports,
                            json_string(cs_runner_transport_name((cs_runner_transport)t)));
  json_t *object = json_object();
  json_object_set_new(object, "id", json_string(v->id));
  json_object_set_new(object, "title", json_string(s->title));
  json_object_set_new(object, "file", json_string(s->file));
  json_object_set_new(object, "transports", transports);
  json_object_set_new(object, "requirements", json_strings(s->covers, s->cover_count));
  json_object_set_new(object, "slow", json_boolean(s->slow));
  json_object_set_new(object, "hostile", json_boolean(s->hostile));
  return object;
}

static void print_case(const cs_runner_variant *v, unsigned mask) {
  char names[64] = "";
  for (unsigned t = 0; t < CS_RUNNER_TRANSPORT_COUNT_; t++)
    if (mask >> t & 1u)
      snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? " " : "",
               cs_runner_transport_name((cs_runner_transport)t));
  printf("%-48s %-10s %s%s\n", v->id, names, v->scenario->hostile ? "(hostile) " : "",
         v->scenario->title);
}

static void print_cases(const cs_runner_variant *v, size_t count, bool json) {
  json_t *cases = json ? json_array() : NULL;
  for (size_t i = 0; i < count; i++) {
    unsigned mask = transports_of(v, count, i);
    if (!mask)
      continue;
    if (json)
      json_array_append_new(cases, json_case(&v[i], mask));
    else
      print_case(&v[i], mask);
  }
  if (!json)
    return;
  json_t *root = json_object();
  json_object_set_new(root, "cases", cases);
  json_dumpf(root, stdout, JSON_INDENT(2));
  putchar('\n');
  json_decref(root);
}

int cs_runner_command_list(cs_runner_args *a) {
  cs_runner_library l;
  const char *word;
  size_t count = 0;
  int code = CS_RUNNER_EXIT_USAGE;
  if (a->words.count)
    return cs_runner_usage_error("list: takes options only");
  if (!cs_runner_selection_check(&a->selection, &word))
    return cs_runner_usage_error(
        "list: %s is no level (MUST, SHOULD, MAY) or transport (udp, tcp, ws)", word);
  if (cs_runner_library_open(&l) && cs_runner_library_load(&l, a->scenarios)) {
    const cs_runner_variant *v = cs_runner_select(&l, &a->selection, &count, NULL);
    code = CS_RUNNER_EXIT_OK;
    if (count == 0) {
      fputs("coapspec: the selection leaves no case\n", stderr);
      code = CS_RUNNER_EXIT_NOTHING;
    } else {
      print_cases(v, count, a->format == CS_RUNNER_OUTPUT_JSON);
    }
  }
  cs_runner_library_close(&l);
  return code;
}

static void explain_requirement(const cs_runner_library *l, const cs_report_requirement *q) {
  const cs_runner_scenario *const *s = l->scenarios.items;
  printf("%s\n  %s: %s\n", q->id, q->level, q->summary);
  for (size_t i = 0; i < l->scenarios.count; i++)
    for (size_t k = 0; k < s[i]->cover_count; k++)
      if (strcmp(s[i]->covers[k], q->id) == 0)
        printf("  tested by %s: %s\n", s[i]->id, s[i]->title);
  const cs_server_defect *row;
  for (size_t i = 0; (row = cs_server_defect_at(i)); i++)
    if (strcmp(row->requirement, q->id) == 0)
      printf("  broken by the defect %s: %s\n", row->name, row->what);
  putchar('\n');
}

static void explain_scenario(const cs_runner_library *l, const cs_runner_scenario *s) {
  printf("%s\n  %s\n  %s\n\n", s->id, s->title, s->file);
  for (size_t i = 0; i < s->cover_count; i++) {
    const cs_report_requirement *q = cs_runner_requirement(&l->requirements, s->covers[i]);
    printf("  %-8s %s\n           %s\n", q ? q->level : "", s->covers[i], q ? q->summary : "");
  }
  for (size_t i = 0; i < s->defect_count; i++) {
    const cs_server_defect *row = cs_server_defect_named(s->defects[i]);
    printf("  catches  %s: %s\n", s->defects[i], row ? row->what : "");
  }
  if (s->hostile)
    puts("  hostile  it strains a target; off this machine only with --robustness");
  printf("\n%.*s\n", (int)s->text.len, s->text.len ? (const char *)s->text.at : "");
}

static bool explain(cs_runner_library *l, const char *id) {
  const cs_runner_scenario *const *s = l->scenarios.items;
  const cs_report_requirement *q = cs_runner_requirement(&l->requirements, id);
  size_t len = strcspn(id, "+");
  bool found = q != NULL;
  if (q)
    explain_requirement(l, q);
  for (size_t i = 0; i < l->scenarios.count; i++) {
    if (strlen(s[i]->id) != len || strncmp(s[i]->id, id, len) != 0)
      continue;
    explain_scenario(l, s[i]);
    found = true;
  }
  return found;
}

int cs_runner_command_explain(cs_runner_args *a) {
  cs_runner_library l;
  const char *const *ids = a->words.items;
  int code = CS_RUNNER_EXIT_USAGE;
  if (a->words.count == 0)
    return cs_runner_usage_error("explain: no id; coapspec list shows them");
  if (cs_runner_library_open(&l) && cs_runner_library_load(&l, a->scenarios)) {
    code = CS_RUNNER_EXIT_OK;
    for (size_t i = 0; i < a->words.count; i++)
      if (!explain(&l, ids[i]))
        code = cs_runner_usage_error("explain: %s is no case and no requirement", ids[i]);
  }
  cs_runner_library_close(&l);
  return code;
}

int cs_runner_command_lint(cs_runner_args *a) {
  cs_runner_library l;
  const char *const *files = a->words.items;
  size_t wrong = 0;
  if (a->words.count == 0)
    return cs_runner_usage_error("lint: no file");
  bool good = cs_runner_library_open(&l);
  for (size_t i = 0; good && i < a->words.count; i++) {
    good = cs_runner_library_beside(&l, files[i]);
    if (good && !cs_runner_library_file(&l, files[i]))
      wrong++;
  }
  if (good && wrong == 0)
    printf("%zu %s right\n", a->words.count, a->words.count == 1 ? "file is" : "files are");
  cs_runner_library_close(&l);
  return good && wrong == 0 ? CS_RUNNER_EXIT_OK : CS_RUNNER_EXIT_USAGE;
}

int cs_runner_command_selftest(cs_runner_args *a) {
  cs_runner_library l;
  cs_runner_profile profile;
  int code = CS_RUNNER_EXIT_USAGE;
  if (a->words.count)
    return cs_runner_usage_error("selftest: takes options only");
  if (cs_runner_library_open(&l) && cs_runner_library_profile(&l, "embedded", &profile) &&
      cs_runner_library_load(&l, a->scenarios)) {
    cs_runner_selftest_config config = {.library = &l,
                                        .profile = &profile,
                                        .seed = a->seeded ? a->seed : 1,
                                        .all_transports = a->all_transports};
    cs_runner_selftest_result result;
    cs_runner_selftest(&config, &result);
    cs_runner_selftest_print(&result, a->format == CS_RUNNER_OUTPUT_JSON, stdout);
    code = cs_runner_selftest_good(&result) ? CS_RUNNER_EXIT_OK : CS_RUNNER_EXIT_FAIL;
  }
  cs_runner_library_close(&l);
  return code;
}
