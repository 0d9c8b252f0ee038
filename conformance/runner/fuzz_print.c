/* What fuzzing says: text, an object at the end, or an object a line. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "report/report.h"
#include "runner/fuzz_inside.h"

static const cs_time between_drawings = CS_SECOND / 5;

static void set_text(json_t *o, const char *key, const char *text) {
  char *clean = text ? cs_report_clean(text) : NULL;
  json_object_set_new(o, key, clean ? json_string(clean) : json_null());
  free(clean);
}

static void set_count(json_t *o, const char *key, uint64_t n) {
  json_object_set_new(o, key,
                      n <= INT64_MAX ? json_integer((json_int_t)n)
                                     : json_sprintf("%llu", (unsigned long long)n));
}

static void set_seconds(json_t *o, const char *key, cs_time t) {
  json_object_set_new(o, key, json_real((double)t / 1e6));
}

static json_t *object(const char *type) {
  json_t *o = json_object();
  set_text(o, "type", type);
  return o;
}

static void print_object(json_t *o, bool compact) {
  json_dumpf(o, stdout, (compact ? JSON_COMPACT : JSON_INDENT(2)) | JSON_REAL_PRECISION(12));
  putchar('\n');
  fflush(stdout);
  json_decref(o);
}

static bool is_text(const cs_runner_fuzzing *all) {
  return all->config->output == CS_RUNNER_OUTPUT_TEXT;
}
static bool is_lines(const cs_runner_fuzzing *all) {
  return all->config->output == CS_RUNNER_OUTPUT_JSONL;
}

static bool draws(const cs_runner_fuzzing *all) {
  return is_text(all) && isatty(STDOUT_FILENO);
}

static void clear(const cs_runner_fuzzing *all) {
  if (draws(all) && all->drawn)
    printf("\r\033[K");
}

void cs_runner_fuzz_print_begin(const cs_runner_fuzzer *f) {
  const cs_runner_fuzz_config *config = f->all->config;
  double seconds = (double)(f->until - cs_runner_fuzz_wall()) / 1e6;
  clear(f->all);
  if (is_text(f->all)) {
    printf("fuzzing %s for %.0f s, seed %llu, %zu scenarios to begin with\n", f->uri, seconds,
           (unsigned long long)config->seed, f->corpus.seeds.count);
    fflush(stdout);
  } else if (is_lines(f->all)) {
    json_t *o = object("target");
    set_text(o, "uri", f->uri);
    set_text(o, "transport", cs_runner_transport_name(f->transport));
    set_count(o, "seed", config->seed);
    set_count(o, "scenarios", f->corpus.seeds.count);
    print_object(o, true);
  }
}

static size_t messages(const cs_runner_reproducer *r) {
  size_t n = 0;
  for (size_t i = 0; i < r->moves.count; i++)
    n += cs_runner_moves(r)[i].kind == CS_RUNNER_MOVE_SEND ||
         cs_runner_moves(r)[i].kind == CS_RUNNER_MOVE_PLAIN;
  return n;
}

static json_t *finding_object(const cs_runner_fuzz_finding *x) {
  json_t *o = object("finding");
  set_text(o, "kind", cs_runner_fuzz_what_name(x->what));
  set_text(o, "transport", cs_runner_transport_name(x->transport));
  set_text(o, "message", x->how);
  set_text(o, "statement", x->statement);
  set_text(o, "printed", *x->gist ? x->gist : NULL);
  set_count(o, "input", x->input);
  set_text(o, "scenario", x->seed);
  json_object_set_new(o, "reproduced", json_boolean(x->reproduced));
  set_count(o, "messages", messages(&x->r));
  set_text(o, "file", x->file);
  set_count(o, "count", x->count);
  return o;
}

/* What a server printed may hold what a terminal obeys. */
static void print_clean(const char *before, const char *text) {
  char *clean = cs_report_clean(text);
  printf("%s%s\n", before, clean ? clean : "");
  free(clean);
}

static void print_finding(const cs_runner_fuzz_finding *x) {
  printf("%s: ", cs_runner_fuzz_what_name(x->what));
  print_clean("", x->how);
  if (x->statement)
    printf("    breaks %s\n", x->statement);
  if (*x->gist)
    print_clean("    it printed: ", x->gist);
  if (!x->reproduced)
    printf("    it was not made to happen again; what was under way is in\n    %s and beside it\n",
           x->file ? x->file : "-");
  else
    printf("    %zu message%s in %s\n", messages(&x->r), messages(&x->r) == 1 ? "" : "s",
           x->file ? x->file : "-");
}

void cs_runner_fuzz_print_finding(const cs_runner_fuzzing *all, const cs_runner_fuzz_finding *x) {
  clear(all);
  if (is_text(all)) {
    print_finding(x);
    fflush(stdout);
  } else if (is_lines(all)) {
    print_object(finding_object(x), true);
  }
}

void cs_runner_fuzz_print_progress(cs_runner_fuzzer *f) {
  cs_runner_fuzzing *all = f->all;
  cs_time now = cs_runner_fuzz_wall();
  if (!draws(all) || now < all->drawn + between_drawings)
    return;
  all->drawn = now;
  printf("\r%s: %llu inputs, %zu findings, %llu s left\033[K",
         cs_runner_transport_name(f->transport), (unsigned long long)f->tally->inputs,
         all->findings.count,
         (unsigned long long)(f->until > now ? (f->until - now) / CS_SECOND : 0));
  fflush(stdout);
}

static double rate(const cs_runner_fuzz_tally *t) {
  return t->time ? (double)t->inputs * 1e6 / (double)t->time : 0;
}

static json_t *end_object(const cs_runner_fuzzing *all) {
  const cs_runner_fuzz_finding *found = all->findings.items;
  json_t *o = object("summary");
  json_t *targets = json_array();
  json_t *findings = json_array();
  for (size_t i = 0; i < all->tally_count; i++) {
    const cs_runner_fuzz_tally *t = &all->tallies[i];
    json_t *one = json_object();
    set_text(one, "uri", t->uri);
    set_text(one, "transport", cs_runner_transport_name(t->transport));
    set_count(one, "scenarios", t->seeds);
    set_count(one, "inputs", t->inputs);
    json_object_set_new(one, "inputs_per_second", json_real(rate(t)));
    set_count(one, "messages", t->messages);
    set_count(one, "answers", t->answers);
    set_count(one, "restarts", t->restarts);
    set_count(one, "unconfirmed", t->unconfirmed);
    set_seconds(one, "duration", t->time);
    json_array_append_new(targets, one);
  }
  for (size_t i = 0; i < all->findings.count; i++)
    json_array_append_new(findings, finding_object(&found[i]));
  set_text(o, "tool", "coapspec");
  set_text(o, "version", COAPSPEC_VERSION);
  set_count(o, "seed", all->config->seed);
  json_object_set_new(o, "targets", targets);
  json_object_set_new(o, "findings", findings);
  set_text(o, "trouble", all->trouble);
  set_seconds(o, "duration", cs_runner_fuzz_wall() - all->began);
  json_object_set_new(o, "signal",
                      cs_runner_signal() ? json_integer(cs_runner_signal()) : json_null());
  set_count(o, "exit", (uint64_t)all->code);
  return o;
}

static void print_end(const cs_runner_fuzzing *all) {
  const cs_runner_fuzz_finding *found = all->findings.items;
  printf("\n");
  for (size_t i = 0; i < all->tally_count; i++) {
    const cs_runner_fuzz_tally *t = &all->tallies[i];
    printf("%-4s %llu inputs, %.0f a second; %llu messages sent, %llu received",
           cs_runner_transport_name(t->transport), (unsigned long long)t->inputs, rate(t),
           (unsigned long long)t->messages, (unsigned long long)t->answers);
    if (t->restarts)
      printf("; %zu restarts", t->restarts);
    if (t->unconfirmed)
      printf("; %zu that did not happen again", t->unconfirmed);
    printf("\n");
  }
  for (size_t i = 0; i < all->findings.count; i++)
    printf("%s %s, seen %zu time%s: %s\n", cs_runner_fuzz_what_name(found[i].what),
           cs_runner_transport_name(found[i].transport), found[i].count,
           found[i].count == 1 ? "" : "s", found[i].file ? found[i].file : "-");
  if (all->trouble)
    print_clean("trouble: ", all->trouble);
  if (cs_runner_signal())
    printf("interrupted by a signal\n");
  printf("seed %llu: %zu finding%s\n", (unsigned long long)all->config->seed, all->findings.count,
         all->findings.count == 1 ? "" : "s");
  fflush(stdout);
}

void cs_runner_fuzz_print_end(const cs_runner_fuzzing *all) {
  clear(all);
  if (is_text(all))
    print_end(all);
  else
    print_object(end_object(all), is_lines(all));
}
