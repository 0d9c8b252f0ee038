#include "runner/selftest.h"

#include <jansson.h>
#include <string.h>

#include "runner/driver.h"
#include "runner/select.h"
#include "server/server.h"

struct testing {
  const cs_runner_selftest_config *config;
  cs_runner_selftest_result *out;
  cs_runner_arena *arena;
  cs_runner_credentials credentials;
};

static void note(struct testing *t, cs_runner_list *list, const char *text) {
  *(const char **)cs_runner_push(t->arena, list, sizeof text) = text;
}

/* What one play found; strings are in the arena. */
struct found {
  cs_verdict verdict;
  const char *statement;
  const char *message;
};

static struct found play(struct testing *t, const cs_runner_variant *v, const char *defect) {
  static const cs_time exact = 0;
  cs_runner_case_config config = {.variant = *v,
                                  .profile = t->config->profile,
                                  .requirements = &t->config->library->requirements,
                                  .seed = t->config->seed,
                                  .tolerance = &exact};
  bool inert = false;
  for (size_t i = 0; defect && i < t->config->inert_count; i++)
    inert = inert || strcmp(t->config->inert[i], defect) == 0;
  cs_runner_case *c = cs_runner_case_new(&config);
  cs_report_case r;
  cs_runner_memory_config memory = {.transport = v->transport,
                                    .seed = t->config->seed,
                                    .defects = &defect,
                                    .defect_count = defect && !inert ? 1 : 0,
                                    .credentials = &t->credentials};
  cs_runner_play_memory(c, &memory);
  cs_runner_case_result(c, &r);
  struct found f = {r.verdict, r.statement, cs_runner_text(t->arena, cs_span_str(r.message))};
  cs_runner_case_free(c);
  return f;
}

static bool kills(struct testing *t, const struct found *f, const cs_server_defect *row) {
  bool must =
      cs_runner_level_of(&t->config->library->requirements, row->requirement) == CS_RUNNER_MUST;
  if (f->verdict != CS_VERDICT_FAIL && (must || f->verdict != CS_VERDICT_WARN))
    return false;
  return f->statement && strcmp(f->statement, row->requirement) == 0;
}

static const char *describe(struct testing *t, const struct found *f) {
  return cs_runner_format(t->arena, "%s%s%s%s%s", cs_verdict_name(f->verdict),
                          f->statement ? " of " : "", f->statement ? f->statement : "",
                          *f->message ? ": " : "", f->message);
}

static const char *name_of(unsigned transport) {
  return cs_runner_transport_name((cs_runner_transport)transport);
}

static bool secured(unsigned transport) {
  return (1u << transport & CS_RUNNER_SECURED) != 0;
}

/* Whether the defect has to be caught on the transport: one of messages on the
 * plain ones, since the others carry the same messages, unless all are asked for. */
static bool shows_on(const struct testing *t, const cs_server_defect *row, unsigned transport) {
  cs_wire_form form = cs_runner_form((cs_runner_transport)transport);
  if (!cs_runner_transport_there((cs_runner_transport)transport))
    return false;
  if (secured(transport) && cs_server_defect_secured(row, form))
    return true;
  return (t->config->all_transports || !secured(transport)) && cs_server_defect_on(row, form);
}

/* One pair of scenario and defect on a transport: one variant at least has to
 * catch it. failed gets a bit for each that did. */
static void test_pair(struct testing *t, const cs_runner_scenario *s, const cs_server_defect *row,
                      unsigned transport, unsigned *failed) {
  cs_runner_variant variants[2];
  size_t n = cs_runner_expand(s, (cs_runner_transport)transport, t->arena, variants);
  struct found f = {CS_VERDICT_INCONCLUSIVE, NULL, "not played"};
  bool killed = false;
  t->out->defects++;
  t->out->on[transport].defects++;
  for (size_t i = 0; i < n; i++) {
    if (killed && *failed >> i & 1u) /* known of both */
      continue;
    struct found found = play(t, &variants[i], row->name);
    bool kill = kills(t, &found, row);
    if (!killed)
      f = found;
    killed = killed || kill;
    *failed |= (unsigned)kill << i;
  }
  if (killed) {
    t->out->killed++;
    t->out->on[transport].killed++;
    return;
  }
  t->out->survived++;
  note(t, &t->out->survivors,
       cs_runner_format(t->arena, "%s does not catch %s on %s (%s): %s", s->id, row->name,
                        name_of(transport), row->requirement, describe(t, &f)));
}

/* failed: by transport, the variants that a defect has made fail. */
static void test_defect(struct testing *t, const cs_runner_scenario *s, const char *defect,
                        unsigned failed[CS_RUNNER_SELFTEST_TRANSPORTS]) {
  const cs_server_defect *row = cs_server_defect_named(defect);
  bool played = false;
  bool there = false;
  for (unsigned k = 0; row && k < CS_RUNNER_SELFTEST_TRANSPORTS; k++) {
    there =
        there || ((s->transports >> k & 1u) && cs_runner_transport_there((cs_runner_transport)k));
    if (!(s->transports >> k & 1u) || !shows_on(t, row, k))
      continue;
    test_pair(t, s, row, k, &failed[k]);
    played = true;
  }
  if (played || (row && !there))
    return;
  t->out->defects++;
  t->out->survived++;
  note(t, &t->out->survivors,
       cs_runner_format(t->arena, "%s does not catch %s: %s", s->id, defect,
                        row ? "it shows on none of the scenario's transports" : "no such defect"));
}

/* Every case has to be able to fail. Over (D)TLS the messages are those of the plain
 * twin, which is asked. */
static void test_reach(struct testing *t, const cs_runner_scenario *s,
                       const unsigned failed[CS_RUNNER_SELFTEST_TRANSPORTS]) {
  for (unsigned k = 0; k < CS_RUNNER_SELFTEST_TRANSPORTS; k++) {
    cs_runner_variant variants[2];
    bool twin = secured(k) && (s->transports >> (k - CS_RUNNER_DTLS) & 1u);
    if (!(s->transports >> k & 1u) || !cs_runner_transport_there((cs_runner_transport)k) ||
        (twin && !t->config->all_transports))
      continue;
    size_t n = cs_runner_expand(s, (cs_runner_transport)k, t->arena, variants);
    for (size_t i = 0; i < n; i++)
      if (!(failed[k] >> i & 1u))
        note(t, &t->out->unfailing,
             cs_runner_format(t->arena, "%s on %s: no defect that it names makes it fail",
                              variants[i].id, name_of(k)));
  }
}

static void test_clean(struct testing *t, const cs_runner_scenario *s, unsigned transport) {
  cs_runner_variant variants[2];
  size_t n = cs_runner_transport_there((cs_runner_transport)transport)
                 ? cs_runner_expand(s, (cs_runner_transport)transport, t->arena, variants)
                 : 0;
  for (size_t i = 0; i < n; i++) {
    struct found f = play(t, &variants[i], NULL);
    t->out->cases++;
    t->out->on[transport].cases++;
    if (f.verdict == CS_VERDICT_PASS) {
      t->out->clean++;
      t->out->on[transport].clean++;
    } else {
      note(t, &t->out->unclean,
           cs_runner_format(t->arena, "%s on %s: %s", variants[i].id, name_of(transport),
                            describe(t, &f)));
    }
  }
}

static void test_scenario(struct testing *t, const cs_runner_scenario *s) {
  t->out->scenarios++;
  for (unsigned k = 0; k < CS_RUNNER_SELFTEST_TRANSPORTS; k++)
    test_clean(t, s, k);
  unsigned failed[CS_RUNNER_SELFTEST_TRANSPORTS] = {0};
  for (size_t i = 0; i < s->defect_count; i++)
    test_defect(t, s, s->defects[i], failed);
  test_reach(t, s, failed);
}

/* Whether a scenario names a defect that breaks this statement. */
static bool broken_by_some(const struct testing *t, const char *statement) {
  const cs_runner_scenario *const *s = t->config->library->scenarios.items;
  for (size_t i = 0; i < t->config->library->scenarios.count; i++) {
    for (size_t k = 0; k < s[i]->defect_count; k++) {
      const cs_server_defect *row = cs_server_defect_named(s[i]->defects[k]);
      if (row && strcmp(row->requirement, statement) == 0)
        return true;
    }
  }
  return false;
}

/* Whether a scenario names the defect that is played on this transport. */
static bool named_by_some(const struct testing *t, const char *defect, unsigned transport) {
  const cs_runner_scenario *const *s = t->config->library->scenarios.items;
  for (size_t i = 0; i < t->config->library->scenarios.count; i++)
    for (size_t k = 0; k < s[i]->defect_count; k++)
      if ((s[i]->transports >> transport & 1u) && strcmp(s[i]->defects[k], defect) == 0)
        return true;
  return false;
}

/* A defect of messages whose every scenario means nothing over (D)TLS; that it has
 * one is seen on the plain transport. */
static bool excused(const struct testing *t, const cs_server_defect *row, unsigned transport) {
  cs_wire_form form = cs_runner_form((cs_runner_transport)transport);
  return secured(transport) && !cs_server_defect_secured(row, form) &&
         named_by_some(t, row->name, transport - CS_RUNNER_DTLS);
}

static bool listed(const cs_runner_list *list, const char *text) {
  const char *const *items = list->items;
  for (size_t i = 0; i < list->count; i++)
    if (strcmp(items[i], text) == 0)
      return true;
  return false;
}

static void test_completeness(struct testing *t) {
  const cs_runner_scenario *const *s = t->config->library->scenarios.items;
  const cs_runner_requirements *r = &t->config->library->requirements;
  for (size_t i = 0; i < t->config->library->scenarios.count; i++) {
    for (size_t k = 0; k < s[i]->cover_count; k++) {
      const char *statement = s[i]->covers[k];
      if (cs_runner_level_of(r, statement) == CS_RUNNER_MUST && !broken_by_some(t, statement) &&
          !listed(&t->out->uncovered, statement))
        note(t, &t->out->uncovered, statement);
    }
  }
  const cs_server_defect *row;
  for (size_t i = 0; (row = cs_server_defect_at(i)); i++)
    for (unsigned k = 0; k < CS_RUNNER_SELFTEST_TRANSPORTS; k++)
      if (shows_on(t, row, k) && !named_by_some(t, row->name, k) && !excused(t, row, k))
        note(t, &t->out->unused,
             cs_runner_format(t->arena, "%s: unused on %s", row->name, name_of(k)));
}

void cs_runner_selftest(const cs_runner_selftest_config *config, cs_runner_selftest_result *out) {
  static const cs_runner_credential_files none = {0};
  struct testing t = {.config = config, .out = out, .arena = &config->library->arena};
  const cs_runner_scenario *const *s = config->library->scenarios.items;
  memset(out, 0, sizeof *out);
  if (!cs_runner_credentials_read(config->profile, &none, t.arena, &t.credentials)) {
    out->cases++;
    note(&t, &out->unclean, "the profile's credentials cannot be read");
    return;
  }
  for (size_t i = 0; i < config->library->scenarios.count; i++)
    test_scenario(&t, s[i]);
  test_completeness(&t);
}

bool cs_runner_selftest_good(const cs_runner_selftest_result *r) {
  return r->cases > 0 && r->clean == r->cases && r->survived == 0 && r->unused.count == 0 &&
         r->unfailing.count == 0 && r->uncovered.count == 0;
}

static void print_list(const cs_runner_list *list, const char *heading, FILE *to) {
  const char *const *items = list->items;
  if (list->count)
    fprintf(to, "%s\n", heading);
  for (size_t i = 0; i < list->count; i++)
    fprintf(to, "  %s\n", items[i]);
}

static json_t *json_list(const cs_runner_list *list) {
  json_t *array = json_array();
  const char *const *items = list->items;
  for (size_t i = 0; i < list->count; i++)
    json_array_append_new(array, json_string(items[i]));
  return array;
}

static json_t *json_counts(const cs_runner_selftest_result *r) {
  json_t *all = json_object();
  for (unsigned k = 0; k < CS_RUNNER_SELFTEST_TRANSPORTS; k++) {
    json_t *one = json_object();
    json_object_set_new(one, "cases", json_integer((json_int_t)r->on[k].cases));
    json_object_set_new(one, "clean", json_integer((json_int_t)r->on[k].clean));
    json_object_set_new(one, "defects", json_integer((json_int_t)r->on[k].defects));
    json_object_set_new(one, "killed", json_integer((json_int_t)r->on[k].killed));
    json_object_set_new(all, name_of(k), one);
  }
  return all;
}

static bool print_json(const cs_runner_selftest_result *r, FILE *to) {
  json_t *root = json_object();
  json_object_set_new(root, "scenarios", json_integer((json_int_t)r->scenarios));
  json_object_set_new(root, "cases", json_integer((json_int_t)r->cases));
  json_object_set_new(root, "clean", json_integer((json_int_t)r->clean));
  json_object_set_new(root, "defects", json_integer((json_int_t)r->defects));
  json_object_set_new(root, "killed", json_integer((json_int_t)r->killed));
  json_object_set_new(root, "survived", json_integer((json_int_t)r->survived));
  json_object_set_new(root, "transports", json_counts(r));
  json_object_set_new(root, "survivors", json_list(&r->survivors));
  json_object_set_new(root, "unclean", json_list(&r->unclean));
  json_object_set_new(root, "unused", json_list(&r->unused));
  json_object_set_new(root, "unfailing", json_list(&r->unfailing));
  json_object_set_new(root, "uncovered", json_list(&r->uncovered));
  bool good = json_dumpf(root, to, JSON_INDENT(2)) == 0;
  json_decref(root);
  return good && fputc('\n', to) != EOF;
}

bool cs_runner_selftest_print(const cs_runner_selftest_result *r, bool json, FILE *to) {
  if (json)
    return print_json(r, to);
  print_list(&r->unclean, "Cases that the server without defects does not pass:", to);
  print_list(&r->survivors, "Defects that survive:", to);
  print_list(&r->unused, "Defects that no scenario names on a transport where they show:", to);
  print_list(&r->unfailing, "Cases that nothing makes fail:", to);
  print_list(&r->uncovered, "MUSTs that scenarios cover and no defect of theirs breaks:", to);
  for (unsigned k = 0; k < CS_RUNNER_SELFTEST_TRANSPORTS; k++)
    if (cs_runner_transport_there((cs_runner_transport)k))
      fprintf(to, "%-4s %zu of %zu cases pass the right server, %zu of %zu defects killed\n",
              name_of(k), r->on[k].clean, r->on[k].cases, r->on[k].killed, r->on[k].defects);
  fprintf(to,
          "selftest: %zu scenarios, %zu of %zu cases pass the right server, %zu of %zu defects "
          "killed\n",
          r->scenarios, r->clean, r->cases, r->killed, r->defects);
  return !ferror(to);
}
