/* JSON Lines: what happens, an object a line, while it happens (docs/reports.md). */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "runner/run_inside.h"

/* Whether the run is told in this form. */
static bool told(const cs_runner_running *r) {
  return r->config->output == CS_RUNNER_OUTPUT_JSONL;
}

static json_t *object(const char *type) {
  json_t *o = json_object();
  json_object_set_new(o, "type", json_string(type));
  return o;
}

/* text, or null; what a server sent may be in it. */
static void set_text(json_t *o, const char *key, const char *text) {
  char *clean = text ? cs_report_clean(text) : NULL;
  json_object_set_new(o, key, clean ? json_string(clean) : json_null());
  free(clean);
}

static void set_seconds(json_t *o, const char *key, cs_time t) {
  json_object_set_new(o, key, json_real((double)t / 1e6));
}

static void set_count(json_t *o, const char *key, uint64_t n) {
  json_object_set_new(o, key, json_integer((json_int_t)n));
}

/* A whole line at once, and no later than it is known. */
static void print(json_t *o) {
  json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
  putchar('\n');
  fflush(stdout);
  json_decref(o);
}

void cs_runner_lines_run(const cs_runner_running *r) {
  if (!told(r))
    return;
  json_t *o = object("run");
  json_t *targets = json_array();
  for (size_t i = 0; i < r->config->target_count; i++)
    json_array_append_new(targets, json_string(r->config->targets[i]));
  set_text(o, "tool", "coapspec");
  set_text(o, "version", COAPSPEC_VERSION);
  json_object_set_new(o, "targets", targets);
  set_text(o, "profile", r->config->profile_name);
  set_text(o, "driver", r->memory ? "memory" : "sockets");
  json_object_set_new(o, "seed",
                      r->config->seed <= INT64_MAX
                          ? json_integer((json_int_t)r->config->seed)
                          : json_sprintf("%llu", (unsigned long long)r->config->seed));
  set_count(o, "cases", r->count);
  print(o);
}

void cs_runner_lines_target(const cs_runner_side *s) {
  if (!told(s->run))
    return;
  json_t *o = object("target");
  set_text(o, "uri", s->uri);
  set_text(o, "transport", cs_runner_transport_name(s->transport));
  set_text(o, "security", s->security);
  set_count(o, "cases", s->count);
  print(o);
}

void cs_runner_lines_probe(const cs_runner_side *s, const cs_report_capability *row) {
  if (!told(s->run))
    return;
  json_t *o = object("probe");
  set_text(o, "capability", row->name);
  set_text(o, "transport", row->transport);
  set_text(o, "declared", row->declared < 0 ? NULL : cs_report_declared(row));
  set_text(o, "observed", cs_report_observed(row));
  set_text(o, "message", row->message);
  print(o);
}

void cs_runner_lines_case(const cs_runner_side *s, const cs_report_case *c) {
  if (!told(s->run))
    return;
  json_t *o = object("case");
  set_text(o, "id", c->id);
  set_text(o, "transport", c->transport);
  set_text(o, "verdict", cs_verdict_name(c->verdict));
  set_text(o, "message", c->message ? c->message : "");
  set_text(o, "statement", c->statement);
  if (c->reproducer)
    set_text(o, "reproducer", c->reproducer);
  set_seconds(o, "duration", c->duration);
  print(o);
}

void cs_runner_lines_trouble(const cs_runner_side *s, const char *line) {
  if (!told(s->run))
    return;
  json_t *o = object("trouble");
  set_text(o, "transport", cs_runner_transport_name(s->transport));
  set_text(o, "message", line);
  print(o);
}

void cs_runner_lines_summary(const cs_runner_running *r, const cs_report_run *run,
                             cs_runner_exit code, bool written) {
  if (!told(r))
    return;
  json_t *o = object("summary");
  json_t *counts = json_object();
  for (int v = 0; v < CS_VERDICT_COUNT_; v++)
    set_count(counts, cs_verdict_name((cs_verdict)v), cs_report_count(run, (cs_verdict)v));
  json_object_set_new(o, "verdicts", counts);
  set_count(o, "cases", run->case_count);
  set_seconds(o, "duration", run->duration);
  set_text(o, "trouble", run->trouble);
  set_text(o, "reports", written ? r->config->out : NULL);
  json_object_set_new(o, "signal",
                      cs_runner_signal() ? json_integer(cs_runner_signal()) : json_null());
  set_count(o, "exit", (uint64_t)code);
  print(o);
}
