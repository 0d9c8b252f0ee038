/* Names and counts of verdicts, and what an id says about its section. */
#include <string.h>

#include "report/report.h"

static const char *const names[CS_VERDICT_COUNT_] = {
    [CS_VERDICT_PASS] = "pass",   [CS_VERDICT_FAIL] = "fail",
    [CS_VERDICT_WARN] = "warn",   [CS_VERDICT_QUIRK] = "quirk",
    [CS_VERDICT_SKIP] = "skip",   [CS_VERDICT_INCONCLUSIVE] = "inconclusive",
    [CS_VERDICT_XFAIL] = "xfail", [CS_VERDICT_XPASS] = "xpass",
    [CS_VERDICT_FLAKY] = "flaky", [CS_VERDICT_CRASH] = "crash",
};

const char *cs_verdict_name(cs_verdict v) {
  return (unsigned)v < CS_VERDICT_COUNT_ ? names[v] : "unknown";
}

static bool over(const cs_report_case *c, const char *transport) {
  return !transport || (c->transport && strcmp(c->transport, transport) == 0);
}

size_t cs_report_count_over(const cs_report_run *run, const char *transport, cs_verdict v) {
  size_t n = 0;
  for (size_t i = 0; i < run->case_count; i++)
    n += run->cases[i].verdict == v && over(&run->cases[i], transport);
  return n;
}

size_t cs_report_count(const cs_report_run *run, cs_verdict v) {
  return cs_report_count_over(run, NULL, v);
}

size_t cs_report_transports(const cs_report_run *run, const char **out, size_t cap) {
  size_t n = 0;
  for (size_t i = 0; i < run->case_count; i++) {
    size_t k = 0;
    while (k < n && !over(&run->cases[i], out[k]))
      k++;
    if (k == n && n < cap && run->cases[i].transport)
      out[n++] = run->cases[i].transport;
  }
  return n;
}

bool cs_report_is_fault(cs_verdict v) {
  return v == CS_VERDICT_FAIL || v == CS_VERDICT_XFAIL || v == CS_VERDICT_CRASH ||
         v == CS_VERDICT_FLAKY;
}

const cs_report_requirement *cs_report_find_requirement(const cs_report_run *run, const char *id) {
  for (size_t i = 0; id && i < run->known_count; i++)
    if (strcmp(run->known[i].id, id) == 0)
      return &run->known[i];
  return NULL;
}

const char *cs_report_observed(const cs_report_capability *c) {
  return c->observed == CS_REPORT_SEEN       ? "yes"
         : c->observed == CS_REPORT_NOT_SEEN ? "no"
                                             : "not told";
}

const char *cs_report_declared(const cs_report_capability *c) {
  return c->declared < 0 ? "-" : c->declared ? "yes" : "no";
}

const char *cs_report_difference(const cs_report_capability *c) {
  if (c->declared == 1 && c->observed == CS_REPORT_NOT_SEEN)
    return "declared, not seen";
  if (c->declared == 1 && c->observed == CS_REPORT_NOT_TOLD)
    return "declared, could not be told";
  if (c->declared == 0 && c->observed == CS_REPORT_SEEN)
    return "seen, though declared not to be there";
  return "";
}

static bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '+' || c == '-';
}

void cs_report_folder_name(const char *target, char *name, size_t cap) {
  size_t n = 0;
  bool gap = false;
  if (cap == 0)
    return;
  for (const char *c = target ? target : ""; *c && n + 1 < cap; c++) {
    if (!plain(*c)) { /* a run of other characters becomes one dash */
      gap = n > 0;
      continue;
    }
    if (gap && n + 2 < cap)
      name[n++] = '-';
    gap = false;
    name[n++] = *c;
  }
  name[n] = '\0';
  if (n == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
    snprintf(name, cap, "target");
}

/* Length of the run of digits and dots at s: "4.3" of "4.3/ping". */
static size_t number_length(const char *s) {
  return strspn(s, "0123456789.");
}

void cs_report_section(const char *id, char *section, size_t cap) {
  const char *rfc = strncmp(id, "RFC", 3) == 0 ? id + 3 : id;
  size_t rfc_len = strspn(rfc, "0123456789");
  if (strncmp(id, "target/", 7) == 0) { /* a case of the run's own */
    snprintf(section, cap, "The target itself");
    return;
  }
  char separator = rfc[rfc_len];
  if (rfc_len > 0 && (separator == '/' || separator == '#')) {
    const char *part = rfc + rfc_len + 1;
    size_t part_len = number_length(part);
    if (part_len > 0) {
      snprintf(section, cap, "RFC %.*s section %.*s", (int)rfc_len, rfc, (int)part_len, part);
      return;
    }
  }
  snprintf(section, cap, "%s", id);
}
