#include "runner/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/report.h"
#include "runner/driver.h"
#include "runner/probe.h"
#include "runner/target.h"

/* A run while it goes on. */
struct running {
  const cs_runner_run_config *config;
  cs_runner_arena *arena;
  bool memory;
  cs_runner_udp *udp;
  cs_runner_variant *variants; /* in the order of ids */
  cs_runner_case **cases;
  cs_runner_case **first; /* of cases that are played again: what they were at first */
  cs_report_case *results;
  size_t count;
  size_t slow;        /* left out */
  size_t verdicts;    /* cases that ended with one */
  size_t *play_order; /* indices of what is played */
  size_t play_count;
  bool second; /* the cases of first are being played again */
  const char *trouble;
  cs_runner_exit code;
  cs_time duration;
};

static const cs_time exact = 0;

static cs_runner_case *make_case(const struct running *r, const cs_runner_variant *v,
                                 uint64_t seed) {
  cs_runner_case_config config = {.variant = *v,
                                  .profile = r->config->profile,
                                  .requirements = &r->config->library->requirements,
                                  .seed = seed,
                                  .tolerance = r->udp ? cs_runner_udp_tolerance(r->udp) : &exact};
  return cs_runner_case_new(&config);
}

enum { TITLE_MAX = 70 };

/* How much of a title goes on a line of progress: whole words. */
static int title_len(const char *title) {
  size_t len = strlen(title);
  if (len <= TITLE_MAX)
    return (int)len;
  for (len = TITLE_MAX; len > 0 && title[len] != ' ';)
    len--;
  return (int)len;
}

static bool is_failure(cs_verdict v) {
  return v == CS_VERDICT_FAIL || v == CS_VERDICT_WARN;
}

/* A case that failed among others was played again, alone, and the result is of
 * that. Where it does not fail any more, what came at first is evidence, and
 * both count; when it was nothing, it was lost or late. */
static void compare(struct running *r, size_t i) {
  cs_report_case *result = &r->results[i];
  cs_report_case first;
  if (is_failure(result->verdict) || result->verdict == CS_VERDICT_INCONCLUSIVE)
    return;
  cs_runner_case_result(r->first[i], &first);
  const char *alone = cs_verdict_name(result->verdict);
  if (cs_runner_case_silent(r->first[i])) {
    result->message = cs_runner_format(r->arena, "%s%s(among other cases nothing came)",
                                       result->message, *result->message ? " " : "");
    return;
  }
  first.message = cs_runner_format(r->arena, "%s alone; among other cases %s: %s", alone,
                                   cs_verdict_name(first.verdict), first.message);
  first.verdict = CS_VERDICT_FLAKY;
  *result = first;
}

/* Prints one line for a case, as soon as it is done. */
static void settle(struct running *r, size_t i) {
  cs_report_case *result = &r->results[i];
  cs_runner_case_result(r->cases[i], result);
  if (r->first[i] && r->first[i] != r->cases[i])
    compare(r, i);
  cs_runner_expect_failure(r->config->profile, r->arena, cs_runner_case_silent(r->cases[i]),
                           result);
  r->verdicts += result->verdict != CS_VERDICT_INCONCLUSIVE;
  if (r->config->json)
    return;
  int len = title_len(result->title);
  printf("  %-12s %-44s %.*s%s\n", cs_verdict_name(result->verdict), result->id, len, result->title,
         result->title[len] ? " ..." : "");
  fflush(stdout);
}

/* Datagrams may be lost, and a target that is busy with other cases may be slow:
 * who fails, or seems to lack something because nothing came, is heard once more, alone. */
static bool failed(cs_runner_case *c) {
  cs_report_case result;
  cs_runner_case_result(c, &result);
  return is_failure(result.verdict) ||
         (result.verdict == CS_VERDICT_SKIP && cs_runner_case_silent(c));
}

static void on_finished(void *ctx, cs_runner_case *c, size_t index) {
  struct running *r = ctx;
  size_t i = r->play_order[index];
  if (!r->memory && !r->second && failed(c))
    r->first[i] = c;
  else
    settle(r, i);
}

/* Plays some cases; false when the target is gone. */
static bool play(struct running *r, cs_runner_case *const *cases, const cs_runner_variant *variants,
                 size_t count) {
  if (r->memory) {
    for (size_t i = 0; i < count; i++) {
      cs_runner_play_memory(cases[i], r->config->seed, NULL, 0);
      on_finished(r, cases[i], i);
    }
    return true;
  }
  return cs_runner_udp_play(r->udp, cases, variants, count, &r->trouble);
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

/* Which capabilities the target has, as far as a case asks. */
enum cap { CAP_UNKNOWN, CAP_SEEN, CAP_LACKING };
enum { CAPS_MAX = 64 };

static size_t cap_index(const char *name) {
  size_t i = 0;
  while (cs_runner_probe_at(i) && strcmp(cs_runner_probe_at(i)->cap, name) != 0)
    i++;
  return i;
}

/* Runs one probe. An answer that is no pass is a capability that is lacking. */
static enum cap probe(struct running *r, const cs_runner_probe *p) {
  const cs_runner_scenario *s;
  cs_runner_error e;
  if (!cs_runner_parse(cs_span_str(p->text), "probe", NULL, r->arena, &s, &e))
    return CAP_UNKNOWN;
  cs_runner_variant v = {s, s->id, 0, CS_RUNNER_UDP};
  cs_runner_case *c = make_case(r, &v, r->config->seed);
  cs_report_case result;
  if (r->memory)
    cs_runner_play_memory(c, r->config->seed, NULL, 0);
  else
    cs_runner_udp_probe(r->udp, c);
  cs_runner_case_result(c, &result);
  cs_runner_case_free(c);
  return result.verdict == CS_VERDICT_PASS ? CAP_SEEN : CAP_LACKING;
}

static const char *lacking_cap(struct running *r, const cs_runner_scenario *s, enum cap *caps) {
  for (size_t i = 0; i < s->need_count; i++) {
    const cs_runner_need *need = &s->needs[i];
    if (need->kind != CS_RUNNER_NEED_CAP)
      continue;
    size_t k = cap_index(need->name);
    const cs_runner_probe *p = cs_runner_probe_at(k);
    if (!p || k >= CAPS_MAX)
      continue;
    if (caps[k] == CAP_UNKNOWN)
      caps[k] = probe(r, p);
    if (need->lacking && caps[k] == CAP_SEEN)
      return cs_runner_format(r->arena, "the target has %s: a probe saw it", p->what);
    if (!need->lacking && caps[k] != CAP_SEEN)
      return cs_runner_format(r->arena, "the target lacks %s: a probe did not see it", p->what);
  }
  return NULL;
}

/* Roles whose resource a plain GET reaches: there a refusal says that the target
 * does not offer what the profile names. */
static const char *const readable[] = {"test", "validate", "query", "multi-format"};
enum { READABLE = sizeof readable / sizeof readable[0] };

struct offer {
  bool known;
  const char *refusal; /* what came instead of a success, or NULL */
};

static void probe_role(struct running *r, const char *role, struct offer *offer) {
  const char *text = cs_runner_format(r->arena,
                                      "# The resource is there.\n"
                                      "id probe/0/role\n"
                                      "covers RFC7252#4.3:empty-con-reset\n"
                                      "transport udp\n"
                                      "---\n"
                                      ">> CON GET @%s\n"
                                      "<< 4.xx|5.xx -> fail\n"
                                      "| * -> pass\n",
                                      role);
  const cs_runner_scenario *s;
  cs_runner_error e;
  offer->known = true;
  if (!text || !cs_runner_parse(cs_span_str(text), "probe", NULL, r->arena, &s, &e))
    return;
  cs_runner_variant v = {s, s->id, 0, CS_RUNNER_UDP};
  cs_runner_case *c = make_case(r, &v, r->config->seed);
  cs_report_case result;
  cs_runner_udp_probe(r->udp, c);
  cs_runner_case_result(c, &result);
  if (result.verdict == CS_VERDICT_FAIL && !cs_runner_case_silent(c))
    offer->refusal =
        cs_runner_format(r->arena, "the target does not offer %s, the profile's role %s: %s",
                         cs_runner_profile_path(r->config->profile, role), role, result.message);
  cs_runner_case_free(c);
}

/* Why the target does not offer a resource that the scenario needs, or NULL. */
static const char *refused_role(struct running *r, const cs_runner_scenario *s,
                                struct offer offers[READABLE]) {
  for (size_t i = 0; i < s->need_count && !r->memory; i++)
    for (size_t k = 0; k < READABLE; k++) {
      const char *role = s->needs[i].kind == CS_RUNNER_NEED_ROLE ? s->needs[i].name : NULL;
      if (!role || strcmp(role, readable[k]) != 0)
        continue;
      if (!offers[k].known)
        probe_role(r, readable[k], &offers[k]);
      if (offers[k].refusal)
        return offers[k].refusal;
    }
  return NULL;
}

/* Makes the cases; those that the target has no means for are skipped. */
static void prepare(struct running *r) {
  enum cap caps[CAPS_MAX] = {CAP_UNKNOWN};
  struct offer offers[READABLE] = {{false, NULL}};
  for (size_t i = 0; i < r->count; i++) {
    const cs_runner_scenario *s = r->variants[i].scenario;
    const char *role = lacking_role(s, r->config->profile);
    const char *why =
        role ? cs_runner_format(r->arena, "the profile has no resource of the role %s", role)
             : refused_role(r, s, offers);
    if (!why)
      why = lacking_cap(r, s, caps);
    r->cases[i] = make_case(r, &r->variants[i], r->config->seed);
    if (why) {
      cs_runner_case_stop(r->cases[i], CS_VERDICT_SKIP, why, 0);
      settle(r, i);
    } else {
      r->play_order[r->play_count++] = i;
    }
  }
  if (r->config->shuffle)
    cs_runner_shuffle(r->play_order, r->play_count, r->config->seed);
}

static bool play_again(struct running *r, cs_runner_case **cases, cs_runner_variant *variants) {
  size_t n = 0;
  for (size_t i = 0; i < r->count; i++) {
    if (!r->first[i])
      continue;
    r->cases[i] = make_case(r, &r->variants[i], r->config->seed + 1);
    r->play_order[n] = i;
    cases[n] = r->cases[i];
    variants[n++] = r->variants[i];
  }
  r->second = true;
  if (n == 0)
    return true;
  cs_runner_udp_one_by_one(r->udp);
  return play(r, cases, variants, n);
}

static void play_all(struct running *r) {
  cs_runner_case **cases = cs_runner_get(r->arena, (r->count + 1) * sizeof(cs_runner_case *));
  cs_runner_variant *variants = cs_runner_get(r->arena, (r->count + 1) * sizeof *variants);
  prepare(r);
  for (size_t i = 0; i < r->play_count; i++) {
    cases[i] = r->cases[r->play_order[i]];
    variants[i] = r->variants[r->play_order[i]];
  }
  bool alive = play(r, cases, variants, r->play_count) && play_again(r, cases, variants);
  /* Who was not heard again has what was found at first. */
  for (size_t i = 0; i < r->count; i++)
    if (r->first[i] == r->cases[i] && r->first[i])
      settle(r, i);
  if (!alive) {
    r->code = CS_RUNNER_EXIT_CRASHED;
    r->trouble = cs_runner_format(r->arena, "%s; it stopped answering after %zu of %zu cases",
                                  r->trouble, r->verdicts, r->count);
  }
}

/* Cases that never began say why. */
static void give_up_rest(struct running *r) {
  for (size_t i = 0; i < r->count; i++) {
    if (!r->cases[i])
      r->cases[i] = make_case(r, &r->variants[i], r->config->seed);
    if (cs_runner_case_done(r->cases[i]))
      continue;
    cs_runner_case_stop(r->cases[i], CS_VERDICT_INCONCLUSIVE,
                        cs_runner_format(r->arena, "not run: %s", r->trouble), 0);
    cs_runner_case_result(r->cases[i], &r->results[i]);
  }
}

static cs_time wall(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (cs_time)t.tv_sec * CS_SECOND + (cs_time)t.tv_nsec / 1000;
}

/* Opens the driver and sees whether the target is there. */
static void reach(struct running *r) {
  if (r->memory)
    return;
  cs_runner_udp_config config = {.uri = r->config->target,
                                 .profile = r->config->profile,
                                 .requirements = &r->config->library->requirements,
                                 .seed = r->config->seed,
                                 .jobs = r->config->jobs,
                                 .finished = on_finished,
                                 .ctx = r};
  if (!cs_runner_target_resolve(r->config->target, r->arena, &config.target, &r->trouble)) {
    r->code = CS_RUNNER_EXIT_UNREACHABLE;
    return;
  }
  cs_err err = cs_runner_udp_open(&config, &r->udp);
  if (err != CS_OK)
    r->trouble = cs_runner_format(r->arena, "%s: %s", r->config->target, cs_base_err_text(err));
  else if (!cs_runner_udp_sanity(r->udp, &r->trouble))
    r->trouble = cs_runner_text(r->arena, cs_span_str(r->trouble));
  if (r->trouble)
    r->code = CS_RUNNER_EXIT_UNREACHABLE;
}

static void describe(const struct running *r, cs_report_run *run) {
  const cs_runner_requirements *q = &r->config->library->requirements;
  *run = (cs_report_run){.tool = "coapspec",
                         .version = COAPSPEC_VERSION,
                         .target = r->config->target,
                         .profile = r->config->profile_name,
                         .driver = r->memory ? "memory" : "udp",
                         .seed = r->config->seed,
                         .started = r->memory ? 0 : (int64_t)time(NULL),
                         .duration = r->duration,
                         .cases = r->results,
                         .case_count = r->count,
                         .trouble = r->trouble,
                         .known = q->rows.items,
                         .known_count = q->rows.count};
}

/* What somebody has to act on, with its evidence. What the profile declares and
 * what is tolerated has had its line, and its evidence is in the report. */
static void print_faults(const struct running *r, const cs_report_run *run) {
  bool any = false;
  for (size_t i = 0; i < r->count; i++) {
    const cs_report_case *c = &r->results[i];
    bool known = c->verdict == CS_VERDICT_XFAIL;
    bool shown = (cs_report_is_fault(c->verdict) && !known) || c->verdict == CS_VERDICT_WARN ||
                 c->verdict == CS_VERDICT_XPASS ||
                 (c->verdict == CS_VERDICT_INCONCLUSIVE && !r->trouble) || r->config->verbose;
    if (!shown)
      continue;
    if (!any)
      putchar('\n');
    any = true;
    cs_report_print_case_brief(run, c, stdout);
  }
}

static bool write_reports(const struct running *r, const cs_report_run *run) {
  char why[CS_REPORT_WHY_MAX];
  bool good = true;
  if (!cs_report_write_all(run, r->config->out, why, sizeof why)) {
    fprintf(stderr, "coapspec: %s\n", why);
    good = false;
  }
  if (r->config->pcap && !cs_report_write_pcap(run, r->config->pcap, why, sizeof why)) {
    fprintf(stderr, "coapspec: %s\n", why);
    good = false;
  }
  return good;
}

static void tell(struct running *r, cs_report_run *run, bool written) {
  if (r->trouble)
    fprintf(stderr, "coapspec: %s\n", r->trouble);
  if (r->config->json) {
    cs_report_print_json(run, stdout);
    return;
  }
  print_faults(r, run);
  putchar('\n');
  if (r->slow)
    printf("%zu cases longer than 100 s left out; --slow runs them\n", r->slow);
  cs_report_print_summary(run, stdout);
  if (written)
    printf("reports: %s/report.{txt,html,json,xml,pcap}\n", r->config->out);
}

static void release(struct running *r) {
  for (size_t i = 0; i < r->count; i++) {
    if (r->first[i] != r->cases[i])
      cs_runner_case_free(r->first[i]);
    cs_runner_case_free(r->cases[i]);
  }
  cs_runner_udp_close(r->udp);
}

cs_runner_exit cs_runner_run(const cs_runner_run_config *config) {
  struct running r = {.config = config, .arena = &config->library->arena};
  cs_runner_selection selection = config->selection;
  r.memory = strcmp(config->target, "embedded") == 0;
  if (r.memory)
    selection.fast = false;
  r.variants = cs_runner_select(config->library, &selection, &r.count, &r.slow);
  if (r.count == 0) {
    fprintf(stderr, "coapspec: the selection leaves no case%s\n",
            r.slow ? " (those it names last over 100 s: --slow runs them)" : "");
    return CS_RUNNER_EXIT_NOTHING;
  }
  r.cases = cs_runner_get(r.arena, r.count * sizeof *r.cases);
  r.first = cs_runner_get(r.arena, r.count * sizeof *r.first);
  r.results = cs_runner_get(r.arena, r.count * sizeof *r.results);
  r.play_order = cs_runner_get(r.arena, r.count * sizeof *r.play_order);
  cs_time began = wall();
  reach(&r);
  if (r.code == CS_RUNNER_EXIT_OK) {
    if (!config->json)
      printf("%s: %zu cases\n", config->target, r.count);
    play_all(&r);
  }
  if (r.trouble)
    give_up_rest(&r);
  /* In memory time is virtual, and reports of equal runs are equal. */
  if (!r.memory)
    r.duration = wall() - began;
  cs_report_run run;
  describe(&r, &run);
  cs_runner_exit code = cs_runner_worse(r.code, cs_runner_exit_of(&run));
  bool written = write_reports(&r, &run);
  if (!written)
    code = CS_RUNNER_EXIT_USAGE;
  tell(&r, &run, written);
  release(&r);
  return code;
}
