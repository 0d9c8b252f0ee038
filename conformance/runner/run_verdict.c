/* From what cases found to what the run says. */
#include <string.h>

#include "runner/run.h"

cs_runner_exit cs_runner_worse(cs_runner_exit a, cs_runner_exit b) {
  static const cs_runner_exit order[] = {CS_RUNNER_EXIT_USAGE,       CS_RUNNER_EXIT_NOTHING,
                                         CS_RUNNER_EXIT_UNREACHABLE, CS_RUNNER_EXIT_CRASHED,
                                         CS_RUNNER_EXIT_FAIL,        CS_RUNNER_EXIT_XPASS};
  for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
    if (a == order[i] || b == order[i])
      return order[i];
  return CS_RUNNER_EXIT_OK;
}

/* A case without a verdict must not look like one that is right. */
cs_runner_exit cs_runner_exit_of(const cs_report_run *run) {
  static const struct {
    cs_verdict verdict;
    cs_runner_exit code;
  } codes[] = {{CS_VERDICT_CRASH, CS_RUNNER_EXIT_CRASHED},
               {CS_VERDICT_FAIL, CS_RUNNER_EXIT_FAIL},
               {CS_VERDICT_FLAKY, CS_RUNNER_EXIT_FAIL},
               {CS_VERDICT_INCONCLUSIVE, CS_RUNNER_EXIT_FAIL},
               {CS_VERDICT_XPASS, CS_RUNNER_EXIT_XPASS}};
  cs_runner_exit code = CS_RUNNER_EXIT_OK;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (cs_report_count(run, codes[i].verdict))
      code = cs_runner_worse(code, codes[i].code);
  return code;
}

static bool is_declared(const cs_runner_xfail *x, const cs_report_packet *p) {
  static const char *const words[] = {"secured", "refused", "alert", "hello"};
  if (p->kind == CS_REPORT_ENDED || p->kind == CS_REPORT_RESET)
    return cs_runner_xfail_word(x, "closed");
  if (p->kind == CS_REPORT_EVENT)
    return false;
  if (p->kind != CS_REPORT_SECURITY)
    return cs_runner_xfail_bytes(x, p->bytes);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strncmp(p->notation, words[i], strlen(words[i])) == 0)
      return cs_runner_xfail_word(x, words[i]);
  return false;
}

static bool sent_as_declared(const cs_runner_xfail *x, const cs_report_case *r) {
  for (size_t i = 0; i < r->packet_count; i++)
    if (!r->packets[i].sent && is_declared(x, &r->packets[i]))
      return true;
  return false;
}

/* Whether the statement is one of those of the entry, which have "|" between them. */
static bool is_among(const char *statements, const char *statement) {
  size_t len = strlen(statement);
  for (const char *at = statements; *at; at += strspn(at, " |")) {
    size_t n = strcspn(at, " |");
    if (n == len && strncmp(at, statement, n) == 0)
      return true;
    at += n;
  }
  return false;
}

/* Whether the target sent what the profile says, or kept silent or ended a
 * connection as it says. */
static bool as_declared(const cs_runner_xfail *x, bool silent, const cs_report_case *r) {
  if (!r->statement || !is_among(x->statement, r->statement))
    return false;
  return (silent && cs_runner_xfail_word(x, "none")) || sent_as_declared(x, r);
}

void cs_runner_expect_failure(const cs_runner_profile *p, cs_runner_arena *arena, bool silent,
                              cs_report_case *r) {
  const cs_runner_xfail *x = cs_runner_profile_xfail(p, r->id, r->transport);
  if (!x || (x->sometimes && r->verdict == CS_VERDICT_PASS))
    return;
  if (r->verdict == CS_VERDICT_PASS) {
    r->verdict = CS_VERDICT_XPASS;
    r->statement = cs_runner_format(arena, "%.*s", (int)strcspn(x->statement, " |"), x->statement);
    r->message = cs_runner_format(arena, "%s:%u expects a failure of version %s: %s", p->file,
                                  x->line, x->version, x->reason);
  } else if (r->verdict == CS_VERDICT_FAIL || r->verdict == CS_VERDICT_WARN) {
    if (as_declared(x, silent, r)) {
      r->verdict = CS_VERDICT_XFAIL;
      r->message = cs_runner_format(arena, "%s (expected of version %s: %s)", r->message,
                                    x->version, x->reason);
    } else {
      r->message = cs_runner_format(arena, "%s (%s:%u expects another failure)", r->message,
                                    p->file, x->line);
    }
  }
}
