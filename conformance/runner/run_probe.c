/* What the target can show: resources by role, capabilities by probes. */
#include <string.h>

#include "runner/probe.h"
#include "runner/run_inside.h"
#include "runner/target.h"

enum { CAPS_MAX = 64 };

/* What is known of one capability. */
enum state { UNKNOWN, SEEN, LACKING, UNTOLD };
struct finding {
  enum state state;
  const char *why;   /* what came, or why it is not told; "" */
  cs_runner_case *c; /* the evidence, or NULL */
  bool stand_in;     /* the role test was asked in the place of another */
};

/* Roles whose resource a plain GET reaches: there a refusal says that the target
 * does not offer what the profile names. */
static const char *const readable[] = {"test", "validate", "query", "multi-format"};
enum { READABLE = sizeof readable / sizeof readable[0] };

struct offer {
  bool known;
  const char *refusal; /* what came instead of a success, or NULL */
};

struct cs_runner_means {
  cs_runner_side *side;
  struct finding caps[CAPS_MAX];
  struct offer offers[READABLE];
};

cs_runner_means *cs_runner_means_new(cs_runner_side *s) {
  if (!s->means) {
    s->means = cs_runner_get(s->run->arena, sizeof *s->means);
    s->means->side = s;
  }
  return s->means;
}

void cs_runner_means_free(cs_runner_means *m) {
  for (size_t i = 0; m && i < CAPS_MAX; i++)
    cs_runner_case_free(m->caps[i].c);
}

/* The resource that a scenario needs and the profile lacks, or NULL. */
static const char *lacking_role(const cs_runner_scenario *s, const cs_runner_profile *p) {
  for (size_t i = 0; i < s->need_count; i++)
    if (s->needs[i].kind == CS_RUNNER_NEED_ROLE && !cs_runner_profile_path(p, s->needs[i].name))
      return s->needs[i].name;
  for (size_t i = 0; i < s->step_count; i++)
    for (size_t k = 0; k < s->steps[i].send.field_count; k++) {
      const cs_runner_field *f = &s->steps[i].send.fields[k];
      if (f->kind == CS_RUNNER_FIELD_ROLE && !cs_runner_profile_path(p, f->role))
        return f->role;
    }
  return NULL;
}

static size_t cap_index(const char *name) {
  size_t i = 0;
  while (cs_runner_probe_at(i) && strcmp(cs_runner_probe_at(i)->cap, name) != 0)
    i++;
  return i;
}

/* Plays a scenario of our own; the case is the caller's to free, NULL when the
 * text is none. */
static cs_runner_case *play_own(cs_runner_side *side, const char *text, cs_report_case *result) {
  cs_runner_running *r = side->run;
  const cs_runner_scenario *s;
  cs_runner_error e;
  if (!text || !cs_runner_parse(cs_span_str(text), "probe", NULL, r->arena, &s, &e))
    return NULL;
  cs_runner_variant v = {s, s->id, 0, side->transport};
  cs_runner_case *c = cs_runner_side_case(side, &v, r->config->seed);
  if (r->memory)
    cs_runner_side_memory(side, c);
  else
    cs_runner_net_probe(side->net, c);
  cs_runner_case_result(c, result);
  /* A server that ends over a question of ours is a finding too. */
  if (r->spawn && !cs_runner_halted(r) && cs_runner_spawn_ended(r->spawn, 0))
    (void)cs_runner_revive(&side->run->workers[0], "a probe had asked");
  return c;
}

/* text with the role test in the place of one that the profile lacks. */
static const char *with_stand_in(cs_runner_arena *arena, const char *text, const char *role) {
  const char *out = "";
  size_t len = strlen(role);
  for (const char *at; (at = strchr(text, '@')); text = at + 1) {
    bool it = strncmp(at + 1, role, len) == 0 && (at[1 + len] == ' ' || at[1 + len] == '\n');
    out = cs_runner_format(arena, "%s%.*s@%s", out, (int)(at - text), text, it ? "test" : "");
    if (it)
      at += len;
  }
  return cs_runner_format(arena, "%s%s", out, text);
}

static int declared(const cs_runner_side *side, const char *cap) {
  const cs_runner_capability *c = side->run->config->profile->capabilities.items;
  for (size_t i = 0; i < side->run->config->profile->capabilities.count; i++)
    if (strcmp(c[i].name, cap) == 0)
      return c[i].has;
  return -1;
}

/* Whether a case of the side, the profile or --require asks for the capability. */
static bool is_asked_for(const cs_runner_side *side, const char *cap) {
  const cs_runner_running *r = side->run;
  const char *const *required = r->config->require.items;
  for (size_t i = 0; i < r->config->require.count; i++)
    if (strcmp(required[i], cap) == 0)
      return true;
  for (size_t i = side->first; i < side->first + side->count; i++)
    for (size_t k = 0; k < r->variants[i].scenario->need_count; k++)
      if (strcmp(r->variants[i].scenario->needs[k].name, cap) == 0)
        return true;
  return declared(side, cap) >= 0;
}

/* The scenario that finds out about the capability, or NULL with *why none is to be
 * played. */
static const cs_runner_scenario *scenario_of(cs_runner_side *side, const cs_runner_probe *p,
                                             bool *stand_in, const char **why) {
  cs_runner_running *r = side->run;
  const cs_runner_scenario *s;
  const char *text = cs_runner_probe_text(p, side->transport);
  cs_runner_error e;
  const char *role = NULL;
  *stand_in = false;
  for (unsigned tries = 0; tries < 2; tries++) {
    if (!cs_runner_parse(cs_span_str(text), "probe", NULL, r->arena, &s, &e)) {
      *why = cs_runner_format(r->arena, "its probe is no scenario: %u: %s", e.line, e.message);
      return NULL;
    }
    role = lacking_role(s, r->config->profile);
    /* What is no resource for it is not written to. */
    if (!role || !cs_runner_profile_path(r->config->profile, "test") ||
        cs_runner_changes(s, side->transport))
      break;
    text = with_stand_in(r->arena, text, role);
    *stand_in = true;
  }
  if (role)
    *why = cs_runner_format(r->arena, "the profile has no resource of the role %s", role);
  else if (!(s->transports >> side->transport & 1u))
    *why = cs_runner_format(r->arena, "it means nothing over %s",
                            cs_runner_transport_name(side->transport));
  else if (s->multicast && !is_asked_for(side, p->cap))
    *why = "no case that is selected asks for it, and nothing is sent to a group without need";
  else
    *why = cs_runner_spared(side, s);
  return *why ? NULL : s;
}

/* What the case of a probe says, which is over. */
static void conclude(cs_runner_side *side, struct finding *f) {
  cs_report_case result;
  cs_runner_case_result(f->c, &result);
  f->why = result.message;
  if (cs_runner_case_elsewhere(f->c)) {
    f->state = UNTOLD;
    return;
  }
  switch (result.verdict) {
  case CS_VERDICT_PASS:
    f->state = SEEN;
    break;
  case CS_VERDICT_QUIRK:
    f->state = LACKING;
    break;
  case CS_VERDICT_FAIL:
  case CS_VERDICT_WARN:
    f->state = f->stand_in ? UNTOLD : LACKING;
    if (f->stand_in)
      f->why =
          cs_runner_format(side->run->arena,
                           "the profile has no resource of the role; of the role test: %s", f->why);
    break;
  default:
    f->state = UNTOLD;
  }
}

/* The cases of all probes that can be played here. */
static cs_runner_case *make(cs_runner_side *side, const cs_runner_scenario *s, uint64_t more,
                            cs_runner_variant *v) {
  *v = (cs_runner_variant){s, s->id, 0, side->transport};
  return cs_runner_side_case(side, v, side->run->config->seed + more);
}

static void play_memory(cs_runner_side *side, cs_runner_case *c) {
  side->probing = true;
  cs_runner_side_memory(side, c);
  side->probing = false;
}

/* All of them at once, over sockets: where the target is slow to say nothing, it takes
 * no longer than one of them. Those that are not done stay unknown. */
static void play_together(cs_runner_side *side, size_t *list, size_t count,
                          const cs_runner_scenario **scenarios, uint64_t more) {
  cs_runner_means *m = side->means;
  cs_runner_arena *arena = side->run->arena;
  cs_runner_case **cases = cs_runner_get(arena, (count + 1) * sizeof(cs_runner_case *));
  cs_runner_variant *variants = cs_runner_get(arena, (count + 1) * sizeof *variants);
  const char *why = NULL;
  for (size_t k = 0; k < count; k++)
    cases[k] = make(side, scenarios[list[k]], more, &variants[k]);
  side->probing = true;
  if (count > 0)
    cs_runner_net_play(side->net, cases, variants, count, &why);
  side->probing = false;
  for (size_t k = 0; k < count; k++) {
    struct finding *f = &m->caps[list[k]];
    if (!cs_runner_case_done(cases[k]) || cs_runner_case_lifeless(cases[k])) {
      cs_runner_case_free(cases[k]);
      continue;
    }
    cs_runner_case_free(f->c);
    f->c = cases[k];
    conclude(side, f);
  }
}

/* A server that ends over a question of ours is a finding too. */
static bool went(cs_runner_side *side) {
  cs_runner_running *r = side->run;
  return r->spawn && !cs_runner_halted(r) && cs_runner_spawn_ended(r->spawn, 0);
}

/* One of them alone. */
static void play_alone(cs_runner_side *side, const cs_runner_scenario *s, struct finding *f) {
  cs_runner_variant v;
  cs_runner_case_free(f->c);
  f->c = make(side, s, 3, &v);
  if (side->run->memory)
    play_memory(side, f->c);
  else
    cs_runner_net_probe(side->net, f->c);
  conclude(side, f);
  if (!went(side))
    return;
  f->state = UNTOLD;
  f->why = "the server that was started ended when it was asked";
  (void)cs_runner_revive(&side->run->workers[0], "a probe had asked");
}

/* Whether nothing came to the probe that says anything. */
static bool unheard(const struct finding *f) {
  cs_report_case result;
  if (!f->c || f->state == SEEN)
    return false;
  cs_runner_case_result(f->c, &result);
  size_t received = 0;
  for (size_t i = 0; i < result.packet_count; i++)
    received += !result.packets[i].sent;
  return cs_runner_case_silent(f->c) || received == 0;
}

/* Those of which is unknown what they find; and, once more, those to which nothing
 * came, since it may have got lost, but for what went to a group. */
static size_t left(const cs_runner_means *m, const cs_runner_scenario **scenarios, bool again,
                   size_t *list) {
  size_t n = 0;
  for (size_t k = 0; k < CAPS_MAX; k++)
    if (scenarios[k] && (m->caps[k].state == UNKNOWN ||
                         (again && !scenarios[k]->multicast && unheard(&m->caps[k]))))
      list[n++] = k;
  return n;
}

static void play_all(cs_runner_side *side, const cs_runner_scenario **scenarios) {
  cs_runner_means *m = side->means;
  size_t list[CAPS_MAX];
  if (!side->run->memory) {
    size_t n = left(m, scenarios, false, list);
    play_together(side, list, n, scenarios, 3);
    n = left(m, scenarios, 1u << side->transport & CS_RUNNER_DATAGRAMS, list);
    if (!cs_runner_halted(side->run) && !went(side))
      play_together(side, list, n, scenarios, 4);
  }
  if (went(side) && !cs_runner_revive(&side->run->workers[0], "probes had asked"))
    return;
  size_t n = left(m, scenarios, false, list);
  for (size_t k = 0;
       k < n && !cs_runner_halted(side->run) && (side->run->memory || side->run->spawn); k++)
    play_alone(side, scenarios[list[k]], &m->caps[list[k]]);
}

/* A row of the report, and of JSON Lines. */
static void tell(const cs_runner_side *side) {
  cs_runner_list rows = {0};
  cs_runner_means_rows(side->means, &rows);
  const cs_report_capability *row = rows.items;
  for (size_t i = 0; i < rows.count; i++)
    cs_runner_lines_probe(side, &row[i]);
}

void cs_runner_side_probe(cs_runner_side *side) {
  cs_runner_means *m = cs_runner_means_new(side);
  const cs_runner_scenario *scenarios[CAPS_MAX] = {NULL};
  const cs_runner_probe *p;
  for (size_t k = 0; k < CAPS_MAX && (p = cs_runner_probe_at(k)); k++) {
    struct finding *f = &m->caps[k];
    if (!p->text || cs_runner_halted(side->run))
      continue;
    scenarios[k] = scenario_of(side, p, &f->stand_in, &f->why);
    if (!scenarios[k])
      f->state = UNTOLD;
  }
  play_all(side, scenarios);
  for (size_t k = 0; k < CAPS_MAX; k++)
    if (m->caps[k].state == UNKNOWN) {
      m->caps[k].state = UNTOLD;
      m->caps[k].why = cs_runner_halted(side->run);
      if (!m->caps[k].why)
        m->caps[k].why = "the target stopped answering as it was asked";
    }
  tell(side);
}

void cs_runner_means_rows(const cs_runner_means *m, cs_runner_list *rows) {
  static const cs_report_found found[] = {[UNKNOWN] = CS_REPORT_NOT_TOLD,
                                          [SEEN] = CS_REPORT_SEEN,
                                          [LACKING] = CS_REPORT_NOT_SEEN,
                                          [UNTOLD] = CS_REPORT_NOT_TOLD};
  const cs_runner_probe *p;
  for (size_t k = 0; m && k < CAPS_MAX && (p = cs_runner_probe_at(k)); k++) {
    const struct finding *f = &m->caps[k];
    /* A CSM means nothing on datagrams, where the probe holds up no case. */
    bool datagrams = 1u << m->side->transport & CS_RUNNER_DATAGRAMS;
    if (!p->text || (datagrams && strcmp(p->cap, "csm") == 0))
      continue;
    cs_report_case result = {.packets = NULL};
    if (f->c)
      cs_runner_case_result(f->c, &result);
    cs_report_capability *row = cs_runner_push(m->side->run->arena, rows, sizeof *row);
    *row = (cs_report_capability){.name = p->cap,
                                  .what = p->what,
                                  .transport = cs_runner_transport_name(m->side->transport),
                                  .declared = declared(m->side, p->cap),
                                  .observed = found[f->state],
                                  .message = f->why ? f->why : "",
                                  .packets = result.packets,
                                  .packet_count = result.packet_count};
  }
}

/* One capability that is required: a case of its own. */
static void require(cs_runner_side *side, const char *cap) {
  cs_runner_running *r = side->run;
  size_t k = cap_index(cap);
  const cs_runner_probe *p = cs_runner_probe_at(k);
  if (!p || k >= CAPS_MAX)
    return;
  const struct finding *f = &side->means->caps[k];
  cs_report_case c = {.packets = NULL};
  if (f->c)
    cs_runner_case_result(f->c, &c);
  c.id = cs_runner_format(r->arena, "target/0/require-%s", cap);
  c.title = cs_runner_format(r->arena, "The target has %s, as --require %s asks.", p->what, cap);
  c.file = NULL;
  c.transport = cs_runner_transport_name(side->transport);
  c.statement = NULL;
  c.requirement_count = 0;
  c.line = 0;
  c.verdict = f->state == SEEN ? CS_VERDICT_PASS : CS_VERDICT_FAIL;
  c.message = f->state == SEEN ? ""
              : f->state == LACKING
                  ? cs_runner_format(r->arena, "a probe did not see it: %s", f->why)
                  : cs_runner_format(r->arena, "no probe saw it: %s", f->why);
  *(cs_report_case *)cs_runner_push(r->arena, &side->own, sizeof c) = c;
  cs_runner_print_own(side, &c);
}

void cs_runner_side_required(cs_runner_side *side) {
  const char *const *caps = side->run->config->require.items;
  for (size_t i = 0; i < side->run->config->require.count; i++)
    require(side, caps[i]);
}

/* What no probe can find out: the credentials that the target takes, which is the
 * profile's to say, and its port. False when it is for a probe. */
static bool known_without(const cs_runner_side *s, const char *cap, bool *has) {
  static const cs_runner_with all[] = {CS_RUNNER_WITH_PSK, CS_RUNNER_WITH_CERTIFICATE,
                                       CS_RUNNER_WITH_NOTHING};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (strcmp(cs_runner_with_name(all[i]), cap) == 0) {
      *has = (s->credentials.offers[s->transport] & 1u << all[i]) != 0;
      return true;
    }
  if (strcmp(cap, "default-port") != 0)
    return false;
  *has = !s->run->memory && cs_runner_target_at_default_port(s->uri);
  return true;
}

static const char *lacking_cap(cs_runner_means *m, const cs_runner_scenario *s) {
  cs_runner_side *side = m->side;
  for (size_t i = 0; i < s->need_count; i++) {
    const cs_runner_need *need = &s->needs[i];
    if (need->kind != CS_RUNNER_NEED_CAP)
      continue;
    size_t k = cap_index(need->name);
    const cs_runner_probe *p = cs_runner_probe_at(k);
    if (!p || k >= CAPS_MAX)
      continue;
    bool has;
    if (known_without(side, need->name, &has)) {
      if (has != need->lacking)
        continue;
      return cs_runner_format(side->run->arena, "the target has %s%s", has ? "" : "not ", p->what);
    }
    const struct finding *f = &m->caps[k];
    if (need->lacking && f->state == SEEN)
      return cs_runner_format(side->run->arena, "the target has %s: a probe saw it", p->what);
    if (f->state == UNTOLD)
      return cs_runner_format(side->run->arena, "whether the target has %s cannot be told: %s",
                              p->what, f->why);
    if (!need->lacking && f->state != SEEN)
      return cs_runner_format(side->run->arena, "the target lacks %s: a probe did not see it%s",
                              p->what,
                              declared(side, p->cap) == 1 ? ", which the profile declares" : "");
  }
  return NULL;
}

static void probe_role(cs_runner_side *side, const char *role, struct offer *offer) {
  cs_runner_arena *arena = side->run->arena;
  const char *text = cs_runner_format(arena,
                                      "# The resource is there.\n"
                                      "id probe/0/role\n"
                                      "covers RFC7252#4.3:empty-con-reset\n"
                                      "transport udp tcp ws\n"
                                      "---\n"
                                      ">> GET @%s\n"
                                      "<< 4.xx|5.xx -> fail\n"
                                      "| * -> pass\n",
                                      role);
  cs_report_case result;
  offer->known = true;
  cs_runner_case *c = play_own(side, text, &result);
  if (!c)
    return;
  if (result.verdict == CS_VERDICT_FAIL && !cs_runner_case_silent(c) &&
      !cs_runner_case_elsewhere(c))
    offer->refusal = cs_runner_format(
        arena, "the target does not offer %s, the profile's role %s: %s",
        cs_runner_profile_path(side->run->config->profile, role), role, result.message);
  cs_runner_case_free(c);
}

/* Why the target does not offer a resource that the scenario needs, or NULL. */
static const char *refused_role(cs_runner_means *m, const cs_runner_scenario *s) {
  for (size_t i = 0; i < s->need_count && !m->side->run->memory; i++)
    for (size_t k = 0; k < READABLE; k++) {
      const char *role = s->needs[i].kind == CS_RUNNER_NEED_ROLE ? s->needs[i].name : NULL;
      if (!role || strcmp(role, readable[k]) != 0)
        continue;
      if (!m->offers[k].known)
        probe_role(m->side, readable[k], &m->offers[k]);
      if (m->offers[k].refusal)
        return m->offers[k].refusal;
    }
  return NULL;
}

const char *cs_runner_lacking(cs_runner_means *m, const cs_runner_scenario *scenario) {
  const char *spared = cs_runner_spared(m->side, scenario);
  if (spared)
    return spared;
  const char *role = lacking_role(scenario, m->side->run->config->profile);
  if (role)
    return cs_runner_format(m->side->run->arena, "the profile has no resource of the role %s",
                            role);
  const char *why = refused_role(m, scenario);
  return why ? why : lacking_cap(m, scenario);
}
