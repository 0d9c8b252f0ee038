/* What the target can show: resources by role, capabilities by probes. */
#include <string.h>

#include "runner/probe.h"
#include "runner/run_inside.h"
#include "runner/target.h"

/* Which capabilities the target has, as far as a case asks. */
enum cap { CAP_UNKNOWN, CAP_SEEN, CAP_LACKING };
enum { CAPS_MAX = 64 };

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
  enum cap caps[CAPS_MAX];
  struct offer offers[READABLE];
};

cs_runner_means *cs_runner_means_new(cs_runner_side *s) {
  cs_runner_means *m = cs_runner_get(s->run->arena, sizeof *m);
  m->side = s;
  return m;
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
  if (r->spawn && !cs_runner_signal() && cs_runner_spawn_ended(r->spawn, 0))
    (void)cs_runner_revive(side, "a probe had asked");
  return c;
}

/* Runs one probe. An answer that is no pass is a capability that is lacking. */
static enum cap probe(cs_runner_side *side, const cs_runner_probe *p) {
  cs_report_case result;
  cs_runner_case *c = play_own(side, cs_runner_probe_text(p, side->transport), &result);
  if (!c)
    return CAP_UNKNOWN;
  cs_runner_case_free(c);
  return result.verdict == CS_VERDICT_PASS ? CAP_SEEN : CAP_LACKING;
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
    if (m->caps[k] == CAP_UNKNOWN)
      m->caps[k] = probe(side, p);
    if (need->lacking && m->caps[k] == CAP_SEEN)
      return cs_runner_format(side->run->arena, "the target has %s: a probe saw it", p->what);
    if (!need->lacking && m->caps[k] != CAP_SEEN)
      return cs_runner_format(side->run->arena, "the target lacks %s: a probe did not see it",
                              p->what);
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
  if (result.verdict == CS_VERDICT_FAIL && !cs_runner_case_silent(c))
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
  const char *role = lacking_role(scenario, m->side->run->config->profile);
  if (role)
    return cs_runner_format(m->side->run->arena, "the profile has no resource of the role %s",
                            role);
  const char *why = refused_role(m, scenario);
  return why ? why : lacking_cap(m, scenario);
}
