/* JUnit's XML, for continuous integration: a suite a section, a test a case.
 * fail and xpass are failures, crash and inconclusive errors, skip is skipped;
 * quirk, warn, xfail and flaky pass there and say so in their output. A case is
 * played once a transport; the class of a test names it, so that class and name
 * together are unique. */
#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdlib.h>

#include "report/inside.h"

typedef struct writer {
  xmlTextWriterPtr xml;
  bool ok;
} writer;

static void begin(writer *w, const char *name) {
  w->ok = w->ok && xmlTextWriterStartElement(w->xml, BAD_CAST name) >= 0;
}

static void end(writer *w) {
  w->ok = w->ok && xmlTextWriterEndElement(w->xml) >= 0;
}

static void attribute(writer *w, const char *name, const char *text) {
  char *clean = cs_report_clean(text);
  w->ok = w->ok && clean && xmlTextWriterWriteAttribute(w->xml, BAD_CAST name, BAD_CAST clean) >= 0;
  free(clean);
}

static void attribute_number(writer *w, const char *name, size_t n) {
  char text[24];
  snprintf(text, sizeof text, "%zu", n);
  attribute(w, name, text);
}

static void attribute_seconds(writer *w, const char *name, cs_time t) {
  char text[CS_REPORT_TIME_MAX];
  attribute(w, name, cs_report_seconds(t, text));
}

static void property(writer *w, const char *name, const char *value) {
  begin(w, "property");
  attribute(w, "name", name);
  attribute(w, "value", value);
  end(w);
}

/* The evidence as text; cs_report_print_case makes it one line a message and
 * leaves nothing in it but the line feeds that XML could mind. */
static void evidence(writer *w, const cs_report_run *run, const cs_report_case *c) {
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  if (!to) {
    w->ok = false;
    return;
  }
  bool printed = cs_report_print_case(run, c, to);
  w->ok = fclose(to) == 0 && printed && w->ok;
  w->ok = w->ok && xmlTextWriterWriteString(w->xml, BAD_CAST text) >= 0;
  free(text);
}

static const char *outcome(cs_verdict v) {
  switch (v) {
  case CS_VERDICT_FAIL:
  case CS_VERDICT_XPASS:
    return "failure";
  case CS_VERDICT_CRASH:
  case CS_VERDICT_INCONCLUSIVE:
    return "error";
  case CS_VERDICT_SKIP:
    return "skipped";
  default:
    return NULL;
  }
}

static void test_case(writer *w, const cs_report_run *run, const cs_report_case *c,
                      const char *section) {
  const char *element = outcome(c->verdict);
  char class[128];
  snprintf(class, sizeof class, "%s over %s", section, c->transport ? c->transport : "?");
  begin(w, "testcase");
  attribute(w, "name", c->id);
  attribute(w, "classname", class);
  attribute_seconds(w, "time", c->duration);
  if (element) {
    begin(w, element);
    if (c->verdict != CS_VERDICT_SKIP)
      attribute(w, "type", cs_verdict_name(c->verdict));
    attribute(w, "message", c->message);
    if (c->verdict != CS_VERDICT_SKIP)
      evidence(w, run, c);
    end(w);
  } else if (c->verdict != CS_VERDICT_PASS) {
    begin(w, "system-out");
    evidence(w, run, c);
    end(w);
  }
  end(w);
}

typedef struct tally {
  size_t tests, failures, errors, skipped;
  cs_time time;
} tally;

static tally tally_of(const cs_report_group *g) {
  tally t = {.tests = g->case_count,
             .failures = g->counts[CS_VERDICT_FAIL] + g->counts[CS_VERDICT_XPASS],
             .errors = g->counts[CS_VERDICT_CRASH] + g->counts[CS_VERDICT_INCONCLUSIVE],
             .skipped = g->counts[CS_VERDICT_SKIP]};
  for (size_t i = 0; i < g->case_count; i++)
    t.time += g->cases[i]->duration;
  return t;
}

static void properties(writer *w, const cs_report_run *run) {
  char seed[24];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
  begin(w, "properties");
  property(w, "tool", run->tool);
  property(w, "version", run->version);
  property(w, "target", run->target);
  property(w, "profile", run->profile);
  if (run->device)
    property(w, "device", run->device);
  property(w, "driver", run->driver);
  property(w, "seed", seed);
  end(w);
}

static void suite(writer *w, const cs_report_run *run, const cs_report_group *g) {
  tally t = tally_of(g);
  char date[CS_REPORT_DATE_MAX];
  begin(w, "testsuite");
  attribute(w, "name", g->section);
  attribute_number(w, "tests", t.tests);
  attribute_number(w, "failures", t.failures);
  attribute_number(w, "errors", t.errors);
  attribute_number(w, "skipped", t.skipped);
  attribute_seconds(w, "time", t.time);
  if (*cs_report_date(run->started, date))
    attribute(w, "timestamp", date);
  properties(w, run);
  for (size_t i = 0; i < g->case_count; i++)
    test_case(w, run, g->cases[i], g->section);
  end(w);
}

/* A run that ended early must not look like a whole one: an erroneous test. */
static void trouble_suite(writer *w, const cs_report_run *run) {
  begin(w, "testsuite");
  attribute(w, "name", "the run itself");
  attribute(w, "tests", "1");
  attribute(w, "failures", "0");
  attribute(w, "errors", "1");
  attribute(w, "skipped", "0");
  attribute(w, "time", "0");
  properties(w, run);
  begin(w, "testcase");
  attribute(w, "name", "the run had no trouble");
  attribute(w, "classname", "the run itself");
  attribute(w, "time", "0");
  begin(w, "error");
  attribute(w, "type", "trouble");
  attribute(w, "message", run->trouble);
  end(w);
  end(w);
  end(w);
}

static void all(writer *w, const cs_report_run *run, const cs_report_groups *groups) {
  tally sum = {0};
  for (size_t i = 0; i < groups->count; i++) {
    tally t = tally_of(&groups->at[i]);
    sum.tests += t.tests;
    sum.failures += t.failures;
    sum.errors += t.errors;
  }
  if (run->trouble) {
    sum.tests++;
    sum.errors++;
  }
  w->ok = w->ok && xmlTextWriterStartDocument(w->xml, NULL, "UTF-8", NULL) >= 0;
  begin(w, "testsuites");
  attribute(w, "name", run->target);
  attribute_number(w, "tests", sum.tests);
  attribute_number(w, "failures", sum.failures);
  attribute_number(w, "errors", sum.errors);
  attribute_seconds(w, "time", run->duration);
  for (size_t i = 0; i < groups->count; i++)
    suite(w, run, &groups->at[i]);
  if (run->trouble)
    trouble_suite(w, run);
  end(w);
  w->ok = w->ok && xmlTextWriterEndDocument(w->xml) >= 0;
}

bool cs_report_print_junit(const cs_report_run *run, FILE *to) {
  cs_report_groups groups;
  if (!cs_report_groups_make(run, &groups))
    return false;
  xmlBufferPtr buffer = xmlBufferCreate();
  writer w = {.xml = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL};
  w.ok = w.xml != NULL;
  if (w.ok) {
    xmlTextWriterSetIndent(w.xml, 1);
    xmlTextWriterSetIndentString(w.xml, BAD_CAST "  ");
    all(&w, run, &groups);
    xmlFreeTextWriter(w.xml);
  }
  cs_report_groups_free(&groups);
  if (w.ok)
    fwrite(xmlBufferContent(buffer), 1, (size_t)xmlBufferLength(buffer), to);
  if (buffer)
    xmlBufferFree(buffer);
  return w.ok && !ferror(to);
}
