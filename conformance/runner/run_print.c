/* What a run prints and writes. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runner/run_inside.h"

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

/* What is seen on a terminal too, above the bar. */
static bool is_trouble(cs_verdict v) {
  return v == CS_VERDICT_FAIL || v == CS_VERDICT_CRASH || v == CS_VERDICT_FLAKY ||
         v == CS_VERDICT_XPASS || v == CS_VERDICT_WARN || v == CS_VERDICT_INCONCLUSIVE;
}

static void print(const cs_runner_side *s, const cs_report_case *result) {
  int len = title_len(result->title);
  cs_runner_progress_clear(s->run->progress);
  printf("  %-12s ", cs_verdict_name(result->verdict));
  if (s->run->side_count > 1)
    printf("%-4s ", result->transport);
  printf("%-44s %.*s%s\n", result->id, len, result->title, result->title[len] ? " ..." : "");
  fflush(stdout);
}

/* One line for a case, as soon as it is done. */
void cs_runner_print_line(const cs_runner_side *s, const cs_report_case *result) {
  cs_runner_running *r = s->run;
  r->settled_count++;
  r->fault_count += is_trouble(result->verdict);
  cs_runner_lines_case(s, result);
  if (r->config->output == CS_RUNNER_OUTPUT_TEXT && (!r->progress || is_trouble(result->verdict)))
    print(s, result);
  cs_runner_progress_draw(r->progress, r->settled_count, r->fault_count,
                          s->net ? cs_runner_net_under_way(s->net) : 0);
}

/* Those that are a matter of course are in the report alone. */
void cs_runner_print_own(const cs_runner_side *s, const cs_report_case *result) {
  cs_runner_lines_case(s, result);
  if (s->run->config->output == CS_RUNNER_OUTPUT_TEXT && is_trouble(result->verdict))
    print(s, result);
}

static void append(cs_runner_arena *arena, cs_runner_list *to, const cs_report_case *from,
                   size_t count) {
  for (size_t i = 0; i < count; i++)
    *(cs_report_case *)cs_runner_push(arena, to, sizeof *from) = from[i];
}

/* The cases of every transport, and around them the run's own. */
static void all_cases(const cs_runner_running *r, cs_report_run *run) {
  cs_runner_list cases = {0};
  cs_runner_list rows = {0};
  for (size_t i = 0; i < r->side_count; i++) {
    const cs_runner_side *s = &r->sides[i];
    append(r->arena, &cases, s->own.items, s->own.count);
    append(r->arena, &cases, r->results + s->first, s->count);
    append(r->arena, &cases, s->own_last.items, s->own_last.count);
    cs_runner_means_rows(s->means, &rows);
  }
  run->cases = cases.items;
  run->case_count = cases.count;
  run->capabilities = rows.items;
  run->capability_count = rows.count;
}

/* What the profile calls the target. */
static const char *device_of(const cs_runner_running *r) {
  const cs_runner_profile *p = r->config->profile;
  if (!p->name)
    return NULL;
  return p->version ? cs_runner_format(r->arena, "%s %s", p->name, p->version) : p->name;
}

void cs_runner_describe(const cs_runner_running *r, cs_report_run *run) {
  const cs_runner_requirements *q = &r->config->library->requirements;
  cs_report_target *targets = cs_runner_get(r->arena, r->side_count * sizeof *targets);
  const char *uris = "";
  for (size_t i = 0; i < r->config->target_count; i++)
    uris = cs_runner_format(r->arena, "%s%s%s", uris, i ? " " : "", r->config->targets[i]);
  for (size_t i = 0; i < r->side_count; i++)
    targets[i] =
        (cs_report_target){r->sides[i].uri, cs_runner_transport_name(r->sides[i].transport),
                           r->sides[i].trouble, r->sides[i].security};
  *run = (cs_report_run){.tool = "coapspec",
                         .version = COAPSPEC_VERSION,
                         .target = uris,
                         .profile = r->config->profile_name,
                         .device = device_of(r),
                         .driver = r->memory ? "memory" : "sockets",
                         .seed = r->config->seed,
                         .started = r->started,
                         .duration = r->duration,
                         .trouble = r->trouble,
                         .targets = targets,
                         .target_count = r->side_count,
                         .known = q->rows.items,
                         .known_count = q->rows.count};
  all_cases(r, run);
}

/* What somebody has to act on, with its evidence. What the profile declares and
 * what is tolerated has had its line, and its evidence is in the report. */
static void print_faults(const cs_runner_running *r, const cs_report_run *run) {
  bool any = false;
  for (size_t i = 0; i < run->case_count; i++) {
    const cs_report_case *c = &run->cases[i];
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

bool cs_runner_write_reports(const cs_runner_running *r, const cs_report_run *run) {
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

void cs_runner_tell(const cs_runner_running *r, const cs_report_run *run, bool written,
                    cs_runner_exit code) {
  size_t slow = 0;
  for (size_t i = 0; i < r->side_count; i++) {
    const char *trouble = r->sides[i].trouble;
    slow += r->sides[i].slow;
    for (size_t k = 0; trouble && k < i; k++)
      if (r->sides[k].trouble && strcmp(r->sides[k].trouble, trouble) == 0)
        trouble = NULL;
    if (trouble)
      fprintf(stderr, "coapspec: %s\n", trouble);
  }
  cs_runner_lines_summary(r, run, code, written);
  if (r->config->output == CS_RUNNER_OUTPUT_JSON)
    cs_report_print_json(run, stdout);
  if (r->config->output != CS_RUNNER_OUTPUT_TEXT)
    return;
  print_faults(r, run);
  putchar('\n');
  if (slow)
    printf("%zu cases longer than 100 s left out; --slow runs them\n", slow);
  cs_report_print_summary(run, stdout);
  if (written)
    printf("reports: %s/report.{txt,html,json,xml,pcap}\n", r->config->out);
}
