/* Writers of what a run found. Each takes the run as it is, also a partial one
 * (trouble set, fewer cases), and changes nothing in it.
 *
 * A writer to a path makes the folders that lack, writes a temporary file
 * beside the path and renames it, so a reader never sees half a report and a
 * failed write leaves an earlier report as it was. On failure it returns false
 * and leaves one line in why, which names the path and the reason. */
#ifndef CS_REPORT_REPORT_H
#define CS_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "report/result.h"

/* Room for any of the error lines below. */
#define CS_REPORT_WHY_MAX 512

/* Everything that is written for a run: report.txt, report.json, report.xml,
 * report.pcap and report.html in folder. All are tried even when one fails; why
 * then tells of the first. */
bool cs_report_write_all(const cs_report_run *run, const char *folder, char *why, size_t why_cap);

/* Makes every folder above path that lacks. */
bool cs_report_make_folders(const char *path, char *why, size_t why_cap);

/* The same, one by one. */
bool cs_report_write_text(const cs_report_run *run, const char *path, char *why, size_t why_cap);
bool cs_report_write_json(const cs_report_run *run, const char *path, char *why, size_t why_cap);
bool cs_report_write_junit(const cs_report_run *run, const char *path, char *why, size_t why_cap);
bool cs_report_write_pcap(const cs_report_run *run, const char *path, char *why, size_t why_cap);
bool cs_report_write_html(const cs_report_run *run, const char *path, char *why, size_t why_cap);

/* The same content into a stream that the caller owns; false when the stream
 * has an error (or memory ran out) afterwards. */
bool cs_report_print_text(const cs_report_run *run, FILE *to);
bool cs_report_print_json(const cs_report_run *run, FILE *to);
bool cs_report_print_junit(const cs_report_run *run, FILE *to);
bool cs_report_print_pcap(const cs_report_run *run, FILE *to);
bool cs_report_print_html(const cs_report_run *run, FILE *to);

/* For a terminal at a run's end: one line with the count of every verdict that
 * occurs, for example "coap://127.0.0.1:5683: 48 cases: 45 pass, 2 xfail, 1 quirk (2.1 s)". */
bool cs_report_print_summary(const cs_report_run *run, FILE *to);

/* One case with its evidence, as the text report shows it; the runner may print
 * it as soon as a case has failed. */
bool cs_report_print_case(const cs_report_run *run, const cs_report_case *c, FILE *to);

/* The same for a terminal: long messages are cut, with a word on how much more
 * stands in the report. */
bool cs_report_print_case_brief(const cs_report_run *run, const cs_report_case *c, FILE *to);

/* A name for the target's folder: "coap://127.0.0.1:5683" gives
 * "coap-127.0.0.1-5683", "embedded" itself. Never empty, never "." or "..",
 * only letters, digits and "._+-"; cut to cap. */
void cs_report_folder_name(const char *target, char *name, size_t cap);

/* "7252/4.3/ping" gives "RFC 7252 section 4.3", a requirement's id
 * "RFC7252#4.3:empty-con-reset" the same; an id of another form gives itself. */
void cs_report_section(const char *id, char *section, size_t cap);

/* The row of the run's table of requirements with this id, or NULL. */
const cs_report_requirement *cs_report_find_requirement(const cs_report_run *run, const char *id);

/* The transports that occur in the cases, in their order: at most cap; how many. */
size_t cs_report_transports(const cs_report_run *run, const char **out, size_t cap);
/* How many cases over a transport (NULL: any) have this verdict. */
size_t cs_report_count_over(const cs_report_run *run, const char *transport, cs_verdict v);

/* Text that may hold anything a hostile server sent, as one line of valid UTF-8 that
 * is harmless anywhere; to be freed; NULL when memory ran out. */
char *cs_report_clean(const char *text);

/* How what was observed differs from what the profile declares: "declared, not
 * seen"; "" when it does not. */
const char *cs_report_difference(const cs_report_capability *c);
/* "yes", "no" or "not told"; "yes", "no" or "-". */
const char *cs_report_observed(const cs_report_capability *c);
const char *cs_report_declared(const cs_report_capability *c);

/* A verdict that counts as a fault of the target: fail, xfail, crash, flaky. */
bool cs_report_is_fault(cs_verdict v);

#endif
