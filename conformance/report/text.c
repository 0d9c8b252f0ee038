/* The report for people with a terminal, and for handing on in a mail. */
#include <stdlib.h>
#include <string.h>

#include "report/inside.h"

static void put(FILE *to, const char *text) {
  cs_report_put(to, text, CS_REPORT_PLAIN);
}

static void field(FILE *to, const char *name, const char *text) {
  if (!text || !*text)
    return;
  fprintf(to, "  %-10s ", name);
  put(to, text);
  fputc('\n', to);
}

static void title(FILE *to, const char *text) {
  fprintf(to, "\n%s\n", text);
  for (size_t i = strlen(text); i > 0; i--)
    fputc('-', to);
  fputc('\n', to);
}

/* "2.1 s" */
static void put_duration(FILE *to, cs_time t) {
  fprintf(to, "%llu.%llu s", (unsigned long long)(t / CS_SECOND),
          (unsigned long long)(t % CS_SECOND / 100000));
}

static size_t fault_count(const cs_report_run *run) {
  size_t n = 0;
  for (size_t i = 0; i < run->case_count; i++)
    n += cs_report_is_fault(run->cases[i].verdict);
  return n;
}

/* ": 48 cases: 45 pass, 3 fail", of one transport or of all (NULL) */
static void put_counts(const cs_report_run *run, const char *transport, FILE *to) {
  size_t cases = 0;
  for (int v = 0; v < CS_VERDICT_COUNT_; v++)
    cases += cs_report_count_over(run, transport, (cs_verdict)v);
  fprintf(to, ": %zu case%s", cases, cases == 1 ? "" : "s");
  const char *separator = ": ";
  for (int v = 0; v < CS_VERDICT_COUNT_; v++) {
    size_t n = cs_report_count_over(run, transport, (cs_verdict)v);
    if (n == 0)
      continue;
    fprintf(to, "%s%zu %s", separator, n, cs_verdict_name((cs_verdict)v));
    separator = ", ";
  }
}

/* "  warn: observe over udp: declared, not seen: ..." */
static void put_difference(const cs_report_capability *c, FILE *to) {
  const char *difference = cs_report_difference(c);
  if (!*difference)
    return;
  fprintf(to, "  warn: %s over %s: %s", c->name, c->transport, difference);
  if (c->observed != CS_REPORT_SEEN && c->message && *c->message) {
    fputs(": ", to);
    put(to, c->message);
  }
  fputc('\n', to);
}

bool cs_report_print_summary(const cs_report_run *run, FILE *to) {
  const char *transports[CS_REPORT_TRANSPORTS_MAX];
  size_t n = cs_report_transports(run, transports, CS_REPORT_TRANSPORTS_MAX);
  put(to, run->target);
  put_counts(run, NULL, to);
  fputs(" (", to);
  put_duration(to, run->duration);
  fputs(")\n", to);
  for (size_t i = 0; n > 1 && i < n; i++) {
    fputs("  ", to);
    put(to, transports[i]);
    put_counts(run, transports[i], to);
    fputc('\n', to);
  }
  for (size_t i = 0; i < run->capability_count; i++)
    put_difference(&run->capabilities[i], to);
  if (run->trouble) {
    fputs("  trouble: ", to);
    put(to, run->trouble);
    fputc('\n', to);
  }
  return !ferror(to);
}

/* One of several. */
static void target(FILE *to, const cs_report_target *t) {
  fprintf(to, "  %-10s %-4s ", "target", t->transport);
  put(to, t->uri);
  if (t->security) {
    fputs(" (", to);
    put(to, t->security);
    fputc(')', to);
  }
  if (t->trouble) {
    fputs(": ", to);
    put(to, t->trouble);
  }
  fputc('\n', to);
}

static void head(const cs_report_run *run, FILE *to) {
  char date[CS_REPORT_DATE_MAX], seed[24];
  put(to, run->tool);
  fputc(' ', to);
  put(to, run->version);
  fputs(": CoAP conformance report\n\n", to);
  bool several = run->target_count > 1;
  if (!several)
    field(to, "target", run->target);
  if (run->target_count == 1 && run->targets[0].security)
    field(to, "security", run->targets[0].security);
  for (size_t i = 0; several && i < run->target_count; i++)
    target(to, &run->targets[i]);
  if (run->device)
    field(to, "device", run->device);
  field(to, "profile", run->profile);
  field(to, "driver", run->driver);
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
  field(to, "seed", seed);
  field(to, "started", cs_report_date(run->started, date));
  fprintf(to, "  %-10s ", "duration");
  put_duration(to, run->duration);
  fprintf(to, "\n  %-10s %zu\n", "cases", run->case_count);
  if (run->trouble) {
    fputs("\nThe run had trouble, what follows may not be everything: ", to);
    put(to, run->trouble);
    fputc('\n', to);
  }
}

static const char *explain(cs_verdict v) {
  static const char *const text[CS_VERDICT_COUNT_] = {
      [CS_VERDICT_PASS] = "as the RFC demands",
      [CS_VERDICT_FAIL] = "a MUST is broken",
      [CS_VERDICT_WARN] = "a SHOULD is not followed",
      [CS_VERDICT_QUIRK] = "a difference that is known and tolerated",
      [CS_VERDICT_SKIP] = "a probe saw that the target has not what is needed",
      [CS_VERDICT_INCONCLUSIVE] = "no verdict could be reached",
      [CS_VERDICT_XFAIL] = "a fault that the profile declares; still a fault",
      [CS_VERDICT_XPASS] = "the profile declares a fault that was not seen",
      [CS_VERDICT_FLAKY] = "differs from one run to the next",
      [CS_VERDICT_CRASH] = "the target ended or stopped answering",
  };
  return (unsigned)v < CS_VERDICT_COUNT_ ? text[v] : "";
}

/* The heads of a table with a column for every verdict that occurs at all. */
static void put_verdict_heads(const cs_report_run *run, FILE *to) {
  for (int v = 0; v < CS_VERDICT_COUNT_; v++)
    if (cs_report_count(run, (cs_verdict)v) > 0)
      fprintf(to, " %*s", v == CS_VERDICT_INCONCLUSIVE ? 12 : 6, cs_verdict_name((cs_verdict)v));
  fputc('\n', to);
}

static void put_row(const cs_report_run *run, const char *name, const size_t *counts, FILE *to) {
  fputs("  ", to);
  put(to, name);
  for (size_t n = strlen(name); n < 26; n++)
    fputc(' ', to);
  for (int v = 0; v < CS_VERDICT_COUNT_; v++) {
    int width = v == CS_VERDICT_INCONCLUSIVE ? 12 : 6;
    if (cs_report_count(run, (cs_verdict)v) == 0)
      continue;
    if (counts[v] > 0)
      fprintf(to, " %*zu", width, counts[v]);
    else
      fprintf(to, " %*s", width, ".");
  }
  fputc('\n', to);
}

static void verdicts(const cs_report_run *run, FILE *to) {
  title(to, "Verdicts");
  for (int v = 0; v < CS_VERDICT_COUNT_; v++) {
    size_t n = cs_report_count(run, (cs_verdict)v);
    if (n > 0)
      fprintf(to, "  %-12s %5zu   %s\n", cs_verdict_name((cs_verdict)v), n, explain((cs_verdict)v));
  }
  fprintf(to, "\n  Faults of the target: %zu of %zu cases.\n", fault_count(run), run->case_count);
}

/* One line a transport, where there are several. */
static void by_transport(const cs_report_run *run, FILE *to) {
  const char *transports[CS_REPORT_TRANSPORTS_MAX];
  size_t n = cs_report_transports(run, transports, CS_REPORT_TRANSPORTS_MAX);
  if (n < 2)
    return;
  title(to, "By transport");
  fprintf(to, "  %-26s", "");
  put_verdict_heads(run, to);
  for (size_t i = 0; i < n; i++) {
    size_t counts[CS_VERDICT_COUNT_];
    for (int v = 0; v < CS_VERDICT_COUNT_; v++)
      counts[v] = cs_report_count_over(run, transports[i], (cs_verdict)v);
    put_row(run, transports[i], counts, to);
  }
}

/* One line a section. */
static void sections(const cs_report_run *run, const cs_report_groups *groups, FILE *to) {
  title(to, "By section");
  fprintf(to, "  %-26s", "");
  put_verdict_heads(run, to);
  for (size_t i = 0; i < groups->count; i++)
    put_row(run, groups->at[i].section, groups->at[i].counts, to);
}

/* How much of a message is shown: all of it in a report, the beginning on a
 * terminal. */
enum { BRIEF_TEXT = 240, BRIEF_BYTES = 48 };

static void put_cut(FILE *to, const char *text, bool brief) {
  size_t len = strlen(text);
  if (!brief || len <= BRIEF_TEXT) {
    put(to, text);
    return;
  }
  char head[BRIEF_TEXT + 1];
  size_t cut = BRIEF_TEXT;
  while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
    cut--; /* not inside a UTF-8 sequence */
  memcpy(head, text, cut);
  head[cut] = '\0';
  put(to, head);
  fprintf(to, " ... (%zu more characters in the report)", len - cut);
}

static void put_hex(FILE *to, cs_span bytes, bool brief) {
  const size_t per_line = 24;
  size_t shown = brief && bytes.len > BRIEF_BYTES ? BRIEF_BYTES : bytes.len;
  for (size_t i = 0; i < shown; i++) {
    if (i % per_line == 0)
      fprintf(to, "%s                   ", i ? "\n" : "");
    fprintf(to, " %02x", bytes.at[i]);
  }
  if (shown < bytes.len)
    fprintf(to, " ... (%zu bytes)", bytes.len);
  if (bytes.len > 0)
    fputc('\n', to);
}

/* "RFC7252#4.3:x (RFC 7252 section 4.3, MUST: a ping is answered)" */
static void requirement(const cs_report_run *run, const char *name, const char *id, FILE *to) {
  char section[96];
  const cs_report_requirement *known = cs_report_find_requirement(run, id);
  cs_report_section(id, section, sizeof section);
  fprintf(to, "  %-10s ", name);
  put(to, id);
  fputs(" (", to);
  put(to, section);
  if (known) {
    fputs(", ", to);
    put(to, known->level);
    fputs(": ", to);
    put(to, known->summary);
  }
  fputs(")\n", to);
}

static void put_packet(const cs_report_packet *p, bool brief, FILE *to) {
  put_cut(to, p->notation, brief);
  fputc('\n', to);
  if (!cs_report_is_raw(p)) /* else the bytes stand there already */
    put_hex(to, p->bytes, brief);
}

/* What the probes found, and the evidence where the profile says otherwise. */
static void capabilities(const cs_report_run *run, FILE *to) {
  if (run->capability_count == 0)
    return;
  title(to, "Capabilities, declared and observed");
  fprintf(to, "  %-5s %-18s %-9s %-9s\n", "", "", "declared", "observed");
  for (size_t i = 0; i < run->capability_count; i++) {
    const cs_report_capability *c = &run->capabilities[i];
    const char *difference = cs_report_difference(c);
    fprintf(to, "  %-5s %-18s %-9s %-9s", c->transport, c->name, cs_report_declared(c),
            cs_report_observed(c));
    if (*difference)
      fprintf(to, " %s", difference);
    if (c->observed != CS_REPORT_SEEN && c->message && *c->message) {
      fputs(*difference ? ": " : " ", to);
      put(to, c->message);
    }
    fputc('\n', to);
    for (size_t k = 0; *difference && k < c->packet_count; k++) {
      char at[CS_REPORT_TIME_MAX];
      const cs_report_packet *p = &c->packets[k];
      fprintf(to, "%15s %c ", cs_report_seconds(p->at, at), p->sent ? '>' : '<');
      put_packet(p, false, to);
    }
  }
}

/* The verdict and id lead; the rest is indented below them. */
static void case_block(const cs_report_run *run, const cs_report_case *c, unsigned port, bool brief,
                       FILE *to) {
  char at[CS_REPORT_TIME_MAX];
  fprintf(to, "%-5s ", cs_verdict_name(c->verdict));
  put(to, c->id);
  fputs(" over ", to);
  put(to, c->transport);
  fputc('\n', to);
  field(to, "title", c->title);
  if (c->message && *c->message) {
    fprintf(to, "  %-10s ", "why");
    put_cut(to, c->message, brief);
    fputc('\n', to);
  }
  if (c->statement)
    requirement(run, "statement", c->statement, to);
  for (size_t i = 0; i < c->requirement_count; i++)
    if (!c->statement || strcmp(c->requirements[i], c->statement) != 0)
      requirement(run, "covers", c->requirements[i], to);
  if (c->file) {
    fprintf(to, "  %-10s ", "scenario");
    put(to, c->file);
    if (c->line > 0)
      fprintf(to, ":%u", c->line);
    fputc('\n', to);
  }
  if (c->reproducer) {
    fprintf(to, "  %-10s ", "reproducer");
    put(to, c->reproducer);
    fputs(" (coapspec replay plays it)\n", to);
  }
  if (c->packet_count > 0)
    fprintf(to, "  %-10s > sent by us, < received; seconds since the case began%s\n", "exchange",
            cs_report_connections(c) > 1 ? "; # counts connections or ports" : "");
  bool several = cs_report_connections(c) > 1;
  for (size_t i = 0; i < c->packet_count; i++) {
    const cs_report_packet *p = &c->packets[i];
    fprintf(to, "%15s %c ", cs_report_seconds(p->at, at), p->sent ? '>' : '<');
    if (several)
      fprintf(to, "#%u ", cs_report_connection(c, i));
    put_packet(p, brief, to);
  }
  if (port > 0)
    fprintf(to, "  %-10s report.pcap, %s.port == %u\n", "capture", cs_report_ip_protocol(c), port);
}

bool cs_report_print_case(const cs_report_run *run, const cs_report_case *c, FILE *to) {
  case_block(run, c, 0, false, to);
  return !ferror(to);
}

bool cs_report_print_case_brief(const cs_report_run *run, const cs_report_case *c, FILE *to) {
  case_block(run, c, 0, true, to);
  return !ferror(to);
}

static void evidence(const cs_report_run *run, const cs_report_groups *groups,
                     const uint16_t *capture_ports, FILE *to) {
  /* What a reader has to act on comes first. */
  static const cs_verdict order[] = {
      CS_VERDICT_CRASH, CS_VERDICT_FAIL,  CS_VERDICT_XPASS,
      CS_VERDICT_FLAKY, CS_VERDICT_XFAIL, CS_VERDICT_INCONCLUSIVE,
      CS_VERDICT_WARN,  CS_VERDICT_QUIRK, CS_VERDICT_SKIP,
  };
  if (cs_report_count(run, CS_VERDICT_PASS) == run->case_count)
    return;
  title(to, "Cases that are not a pass");
  for (size_t v = 0; v < sizeof order / sizeof order[0]; v++)
    for (size_t g = 0; g < groups->count; g++)
      for (size_t i = 0; i < groups->at[g].case_count; i++) {
        const cs_report_case *c = groups->at[g].cases[i];
        if (c->verdict != order[v])
          continue;
        fputc('\n', to);
        case_block(run, c, capture_ports[c - run->cases], false, to);
      }
}

static void list(const cs_report_run *run, const cs_report_groups *groups, FILE *to) {
  if (run->case_count == 0)
    return;
  const char *transports[2];
  bool several = cs_report_transports(run, transports, 2) > 1;
  title(to, "All cases");
  for (size_t g = 0; g < groups->count; g++)
    for (size_t i = 0; i < groups->at[g].case_count; i++) {
      const cs_report_case *c = groups->at[g].cases[i];
      fprintf(to, "  %-12s ", cs_verdict_name(c->verdict));
      if (several)
        fprintf(to, "%-4s ", c->transport);
      put(to, c->id);
      fputs("  ", to);
      put(to, c->title);
      fputc('\n', to);
    }
}

bool cs_report_print_text(const cs_report_run *run, FILE *to) {
  cs_report_groups groups;
  uint16_t *capture_ports = cs_report_capture_ports(run);
  if (!capture_ports || !cs_report_groups_make(run, &groups)) {
    free(capture_ports);
    return false;
  }
  head(run, to);
  verdicts(run, to);
  by_transport(run, to);
  sections(run, &groups, to);
  capabilities(run, to);
  evidence(run, &groups, capture_ports, to);
  list(run, &groups, to);
  cs_report_groups_free(&groups);
  free(capture_ports);
  return !ferror(to);
}
