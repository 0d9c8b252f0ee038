#include "api/error.h"

#include <stdarg.h>
#include <stdio.h>

#include <coap3/coap.h>

enum { REASON_MAX = 320 };

/* A reason belongs to the thread that failed; two threads with a context each
 * do not see each other's. */
static _Thread_local char reason[REASON_MAX];
static _Thread_local cs_rule reason_rule;

const char *coap_last_error(void) {
  return reason;
}

const char *coap_last_rule(void) {
  return reason_rule == CS_RULE_NONE ? NULL : cs_base_rule_id(reason_rule);
}

void coap_clear_last_error(void) {
  reason[0] = '\0';
  reason_rule = CS_RULE_NONE;
}

const char *coap_socket_strerror(void) {
  return reason;
}

void cs_api_fail(const char *function, const char *format, ...) {
  char text[REASON_MAX];
  va_list ap;
  va_start(ap, format);
  (void)vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  (void)snprintf(reason, sizeof reason, "%.60s: %.250s", function, text);
  reason_rule = CS_RULE_NONE;
  coap_log_warn("%s\n", reason);
}

void cs_api_fail_err(const char *function, cs_err err, cs_rule rule, const char *what) {
  const char *colon = what ? ": " : "";
  if (!what)
    what = "";
  if (rule != CS_RULE_NONE)
    (void)snprintf(reason, sizeof reason, "%.60s: %.80s%s%.110s (%.50s)", function, what, colon,
                   cs_base_rule_text(rule), cs_base_rule_id(rule));
  else
    (void)snprintf(reason, sizeof reason, "%.60s: %.130s%s%.110s", function, what, colon,
                   cs_base_err_text(err));
  reason_rule = rule;
  coap_log_warn("%s\n", reason);
}

void cs_api_note_rule(const char *who, cs_rule rule) {
  (void)snprintf(reason, sizeof reason, "%.120s: refused: %.110s (%.50s)", who,
                 cs_base_rule_text(rule), cs_base_rule_id(rule));
  reason_rule = rule;
  coap_log_debug("%s\n", reason);
}
