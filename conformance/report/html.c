/* The report for a browser: one file that needs nothing else, no script. */
#include <stdlib.h>
#include <string.h>

#include "report/inside.h"

static const char style[] =
    ":root{color-scheme:light dark;--fg:#1b1f24;--bg:#fff;--dim:#59636e;--line:#d5dbe1;"
    "--soft:#f4f6f8;--pass:#1a7f37;--fail:#cf222e;--warn:#9a6700;--info:#0a58ca}\n"
    "@media(prefers-color-scheme:dark){:root{--fg:#e6e9ed;--bg:#14171b;--dim:#98a2ad;"
    "--line:#343b43;--soft:#1d2126;--pass:#4ac26b;--fail:#ff7b72;--warn:#d9a520;--info:#79b8ff}}\n"
    "*{box-sizing:border-box}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);"
    "max-width:1080px;margin:0 auto;padding:28px 20px 60px}\n"
    "h1{font-size:24px;margin:0 0 2px}h2{font-size:18px;margin:34px 0 10px}"
    "h3{font-size:15px;margin:22px 0 6px}\n"
    ".dim{color:var(--dim)}code,pre,.id{font-family:ui-monospace,monospace;font-size:13px}\n"
    ".target{font-size:17px;margin:0 0 14px}\n"
    ".facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;margin:0}"
    ".facts dt{color:var(--dim)}.facts dd{margin:0;overflow-wrap:anywhere}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:10px;margin:20px 0 6px}"
    ".tile{border:1px solid var(--line);border-top:4px solid var(--tone);border-radius:6px;"
    "padding:8px 14px;min-width:92px}.tile b{display:block;font-size:24px;line-height:1.2}\n"
    ".trouble{border-left:4px solid var(--fail);background:var(--soft);padding:8px 14px}\n"
    "table{border-collapse:collapse;width:100%}th,td{padding:5px 10px;border-bottom:1px solid "
    "var(--line);text-align:right;font-variant-numeric:tabular-nums}"
    "th:first-child,td:first-child{text-align:left}th{font-weight:600}\n"
    "td a{color:inherit}td.n{color:var(--tone);font-weight:600}td.z{color:var(--line)}\n"
    ".wide{overflow-x:auto}.list td,.list th{text-align:left}.list td{vertical-align:top}.list "
    "a{color:inherit}\n"
    "details{border:1px solid var(--line);border-radius:6px;margin:6px 0}"
    "summary{padding:7px 12px;cursor:pointer;overflow-wrap:anywhere}"
    "details[open]>summary{border-bottom:1px solid var(--line)}"
    ".in{padding:10px 14px}\n"
    ".v{display:inline-block;min-width:66px;padding:0 6px;text-align:center;border:1px solid "
    "var(--tone);"
    "color:var(--tone);border-radius:4px;font-size:12px;font-weight:600;margin-right:8px}\n"
    ".t{display:inline-block;padding:0 6px;border-radius:4px;background:var(--soft);"
    "font-size:12px;margin:0 4px}\n"
    "pre{background:var(--soft);border-radius:6px;padding:10px 12px;overflow-x:auto;margin:10px "
    "0 0}pre .hex{color:var(--dim)}\n"
    ".pass{--tone:var(--pass)}.fail,.crash,.xfail,.flaky{--tone:var(--fail)}"
    ".warn,.quirk,.xpass,.inconclusive{--tone:var(--warn)}.skip{--tone:var(--dim)}\n"
    "@media print{details{break-inside:avoid}}\n";

static void put(FILE *to, const char *text) {
  cs_report_put(to, text, CS_REPORT_HTML);
}

static void fact(FILE *to, const char *name, const char *text) {
  if (!text || !*text)
    return;
  fprintf(to, "<dt>%s</dt><dd>", name);
  put(to, text);
  fputs("</dd>\n", to);
}

static void requirement(const cs_report_run *run, const char *name, const char *id, FILE *to) {
  char section[96];
  const cs_report_requirement *known = cs_report_find_requirement(run, id);
  cs_report_section(id, section, sizeof section);
  fprintf(to, "<dt>%s</dt><dd><code>", name);
  put(to, id);
  fputs("</code> <span class=\"dim\">", to);
  put(to, section);
  fputs("</span>", to);
  if (known) {
    fputs("<br>", to);
    put(to, known->level);
    fputs(": ", to);
    put(to, known->summary);
  }
  fputs("</dd>\n", to);
}

/* One of several. */
static void target(FILE *to, const cs_report_target *t) {
  fputs("<dt>Target</dt><dd><span class=\"t\">", to);
  put(to, t->transport);
  fputs("</span> <code>", to);
  put(to, t->uri);
  fputs("</code>", to);
  if (t->security) {
    fputs(" (", to);
    put(to, t->security);
    fputc(')', to);
  }
  if (t->trouble) {
    fputs("<br>", to);
    put(to, t->trouble);
  }
  fputs("</dd>\n", to);
}

static void head(const cs_report_run *run, FILE *to) {
  char date[CS_REPORT_DATE_MAX], seed[24], duration[CS_REPORT_TIME_MAX + 8];
  fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
        to);
  put(to, run->target);
  fputs(": CoAP conformance report</title>\n<style>\n", to);
  fputs(style, to);
  fputs("</style>\n</head>\n<body>\n<h1>CoAP conformance report</h1>\n<p class=\"target id\">", to);
  put(to, run->target);
  fputs("</p>\n<dl class=\"facts\">\n", to);
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
  snprintf(duration, sizeof duration, "%.1f s", (double)run->duration / CS_SECOND);
  for (size_t i = 0; run->target_count > 1 && i < run->target_count; i++)
    target(to, &run->targets[i]);
  if (run->device)
    fact(to, "Device", run->device);
  fact(to, "Profile", run->profile);
  fact(to, "Driver", run->driver);
  if (run->target_count == 1 && run->targets[0].security)
    fact(to, "Security", run->targets[0].security);
  fact(to, "Seed", seed);
  fact(to, "Started", cs_report_date(run->started, date));
  fact(to, "Duration", duration);
  fact(to, "Tool", run->tool);
  fact(to, "Version", run->version);
  fputs("</dl>\n", to);
  if (run->trouble) {
    fputs("<p class=\"trouble\">The run had trouble; this may not be everything. ", to);
    put(to, run->trouble);
    fputs("</p>\n", to);
  }
}

static void tiles(const cs_report_run *run, FILE *to) {
  fputs("<div class=\"tiles\">\n", to);
  for (int v = 0; v < CS_VERDICT_COUNT_; v++) {
    size_t n = cs_report_count(run, (cs_verdict)v);
    const char *name = cs_verdict_name((cs_verdict)v);
    if (n > 0 || v == CS_VERDICT_PASS || v == CS_VERDICT_FAIL)
      fprintf(to, "<div class=\"tile %s\"><b>%zu</b>%s</div>\n", name, n, name);
  }
  fputs("</div>\n", to);
}

static void matrix_head(const cs_report_run *run, const char *name, FILE *to) {
  fprintf(to, "<div class=\"wide\"><table>\n<tr><th>%s</th>", name);
  for (int v = 0; v < CS_VERDICT_COUNT_; v++)
    if (cs_report_count(run, (cs_verdict)v) > 0)
      fprintf(to, "<th>%s</th>", cs_verdict_name((cs_verdict)v));
  fputs("<th>cases</th></tr>\n", to);
}

static void matrix_row(const cs_report_run *run, const size_t *counts, FILE *to) {
  size_t cases = 0;
  for (int v = 0; v < CS_VERDICT_COUNT_; v++) {
    if (cs_report_count(run, (cs_verdict)v) == 0)
      continue;
    cases += counts[v];
    if (counts[v] > 0)
      fprintf(to, "<td class=\"n %s\">%zu</td>", cs_verdict_name((cs_verdict)v), counts[v]);
    else
      fputs("<td class=\"z\">0</td>", to);
  }
  fprintf(to, "<td>%zu</td></tr>\n", cases);
}

/* Transports and verdicts, where there are several transports. */
static void transports(const cs_report_run *run, FILE *to) {
  const char *names[CS_REPORT_TRANSPORTS_MAX];
  size_t n = cs_report_transports(run, names, CS_REPORT_TRANSPORTS_MAX);
  if (n < 2)
    return;
  fputs("<h2>Transports and verdicts</h2>\n", to);
  matrix_head(run, "Transport", to);
  for (size_t i = 0; i < n; i++) {
    size_t counts[CS_VERDICT_COUNT_];
    for (int v = 0; v < CS_VERDICT_COUNT_; v++)
      counts[v] = cs_report_count_over(run, names[i], (cs_verdict)v);
    fputs("<tr><td>", to);
    put(to, names[i]);
    fputs("</td>", to);
    matrix_row(run, counts, to);
  }
  fputs("</table></div>\n", to);
}

static void matrix(const cs_report_run *run, const cs_report_groups *groups, FILE *to) {
  fputs("<h2>Sections and verdicts</h2>\n", to);
  matrix_head(run, "Section", to);
  for (size_t i = 0; i < groups->count; i++) {
    const cs_report_group *g = &groups->at[i];
    fprintf(to, "<tr><td><a href=\"#s%zu\">", i);
    put(to, g->section);
    fputs("</a></td>", to);
    matrix_row(run, g->counts, to);
  }
  fputs("</table></div>\n", to);
}

/* What there is to act on, with a way to its evidence. */
static void faults(const cs_report_run *run, const cs_report_groups *groups, FILE *to) {
  bool any = false;
  for (size_t g = 0; g < groups->count; g++)
    for (size_t i = 0; i < groups->at[g].case_count; i++) {
      const cs_report_case *c = groups->at[g].cases[i];
      const char *name = cs_verdict_name(c->verdict);
      if (!cs_report_is_fault(c->verdict))
        continue;
      if (!any)
        fputs("<h2>Faults of the target</h2>\n<div class=\"wide\"><table class=\"list\">\n", to);
      any = true;
      fprintf(to, "<tr class=\"%s\"><td><span class=\"v\">%s</span></td><td>", name, name);
      put(to, c->transport);
      fputs("</td><td>", to);
      fprintf(to, "<a class=\"id\" href=\"#c%zu\">", (size_t)(c - run->cases));
      put(to, c->id);
      fputs("</a></td><td>", to);
      put(to, c->title);
      fputs("</td></tr>\n", to);
    }
  if (any)
    fputs("</table></div>\n", to);
}

static void exchange(const cs_report_case *c, FILE *to) {
  char at[CS_REPORT_TIME_MAX];
  bool several = cs_report_connections(c) > 1;
  fputs("<pre>", to);
  for (size_t i = 0; i < c->packet_count; i++) {
    const cs_report_packet *p = &c->packets[i];
    fprintf(to, "%12s s %s ", cs_report_seconds(p->at, at), p->sent ? "&gt;" : "&lt;");
    if (several)
      fprintf(to, "#%u ", cs_report_connection(c, i));
    put(to, p->notation);
    fputc('\n', to);
    if (p->bytes.len == 0 || cs_report_is_raw(p)) /* the bytes stand there already */
      continue;
    fputs("<span class=\"hex\">", to);
    for (size_t b = 0; b < p->bytes.len; b++) {
      if (b % 24 == 0)
        fprintf(to, "%s               ", b ? "\n" : "");
      fprintf(to, " %02x", p->bytes.at[b]);
    }
    fputs("</span>\n", to);
  }
  fputs("</pre>\n", to);
}

/* What the probes found, with their evidence. */
static void capabilities(const cs_report_run *run, FILE *to) {
  if (run->capability_count == 0)
    return;
  fputs("<h2>Capabilities, declared and observed</h2>\n<div class=\"wide\"><table class=\"list\">\n"
        "<tr><th>Transport</th><th>Capability</th><th>Declared</th><th>Observed</th>"
        "<th>Difference</th><th>Evidence</th></tr>\n",
        to);
  for (size_t i = 0; i < run->capability_count; i++) {
    const cs_report_capability *c = &run->capabilities[i];
    const char *difference = cs_report_difference(c);
    fprintf(to, "<tr%s><td>%s</td><td><code>%s</code> <span class=\"dim\">",
            *difference ? " class=\"warn\"" : "", c->transport, c->name);
    put(to, c->what);
    fprintf(to, "</span></td><td>%s</td><td>%s</td><td>", cs_report_declared(c),
            cs_report_observed(c));
    if (*difference)
      fprintf(to, "<span class=\"v\">%s</span>", difference);
    fputs("</td><td>", to);
    put(to, c->message);
    if (c->packet_count > 0) {
      const cs_report_case probe = {
          .transport = c->transport, .packets = c->packets, .packet_count = c->packet_count};
      fputs("<details><summary>exchange</summary><div class=\"in\">", to);
      exchange(&probe, to);
      fputs("</div></details>", to);
    }
    fputs("</td></tr>\n", to);
  }
  fputs("</table></div>\n", to);
}

static void case_details(const cs_report_run *run, const cs_report_case *c, unsigned port,
                         FILE *to) {
  const char *name = cs_verdict_name(c->verdict);
  fprintf(to, "<details id=\"c%zu\" class=\"%s\"%s><summary>", (size_t)(c - run->cases), name,
          cs_report_is_fault(c->verdict) ? " open" : "");
  fprintf(to, "<span class=\"v\">%s</span><span class=\"id\">", name);
  put(to, c->id);
  fputs("</span> <span class=\"t\">", to);
  put(to, c->transport);
  fputs("</span> <span class=\"dim\">", to);
  put(to, c->title);
  fputs("</span></summary><div class=\"in\">\n<dl class=\"facts\">\n", to);
  fact(to, "Why", c->message);
  if (c->statement)
    requirement(run, "Statement", c->statement, to);
  for (size_t i = 0; i < c->requirement_count; i++)
    if (!c->statement || strcmp(c->requirements[i], c->statement) != 0)
      requirement(run, "Covers", c->requirements[i], to);
  fact(to, "Transport", c->transport);
  if (c->file) {
    fputs("<dt>Scenario</dt><dd><code>", to);
    put(to, c->file);
    if (c->line > 0)
      fprintf(to, ":%u", c->line);
    fputs("</code></dd>\n", to);
  }
  if (c->reproducer) {
    fputs("<dt>Reproducer</dt><dd><code>", to);
    put(to, c->reproducer);
    fputs("</code> (<code>coapspec replay</code> plays it)</dd>\n", to);
  }
  if (port > 0)
    fprintf(to, "<dt>Capture</dt><dd><code>report.pcap, %s.port == %u</code></dd>\n",
            cs_report_ip_protocol(c), port);
  fputs("</dl>\n", to);
  if (c->packet_count > 0)
    exchange(c, to);
  fputs("</div></details>\n", to);
}

static void cases(const cs_report_run *run, const cs_report_groups *groups,
                  const uint16_t *capture_ports, FILE *to) {
  fputs("<h2>Cases</h2>\n<p class=\"dim\">In an exchange, &gt; was sent by this tool and &lt; by "
        "the target; times count from the start of the case. Where there are several, #1, "
        "#2 number the connections or ports.</p>\n",
        to);
  for (size_t g = 0; g < groups->count; g++) {
    fprintf(to, "<h3 id=\"s%zu\">", g);
    put(to, groups->at[g].section);
    fputs("</h3>\n", to);
    for (size_t i = 0; i < groups->at[g].case_count; i++) {
      const cs_report_case *c = groups->at[g].cases[i];
      case_details(run, c, capture_ports[c - run->cases], to);
    }
  }
}

bool cs_report_print_html(const cs_report_run *run, FILE *to) {
  cs_report_groups groups;
  uint16_t *capture_ports = cs_report_capture_ports(run);
  if (!capture_ports || !cs_report_groups_make(run, &groups)) {
    free(capture_ports);
    return false;
  }
  head(run, to);
  tiles(run, to);
  transports(run, to);
  faults(run, &groups, to);
  matrix(run, &groups, to);
  capabilities(run, to);
  cases(run, &groups, capture_ports, to);
  fputs("</body>\n</html>\n", to);
  cs_report_groups_free(&groups);
  free(capture_ports);
  return !ferror(to);
}
