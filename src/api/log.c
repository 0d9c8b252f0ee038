#include "api/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

/* What a program sets for the whole process; each is read and written alone,
 * so atomics are enough. */
static _Atomic int log_level = COAP_LOG_WARN;
static _Atomic int tls_log_level = COAP_LOG_WARN;
static _Atomic(coap_log_handler_t) log_handler;
static atomic_bool show_direct = true;
static atomic_bool show_payload = true;

void cs_api_log_reset(void) {
  log_level = COAP_LOG_WARN;
  tls_log_level = COAP_LOG_WARN;
  log_handler = NULL;
  show_direct = true;
  show_payload = true;
}

bool cs_api_log_show_direct(void) {
  return show_direct;
}

bool cs_api_log_show_payload(void) {
  return show_payload;
}

coap_log_t coap_get_log_level(void) {
  return (coap_log_t)atomic_load_explicit(&log_level, memory_order_relaxed);
}

/* The TLS library's messages are COAP_LOG_DTLS_BASE above their own level. */
static bool level_known(int level) {
  return level >= COAP_LOG_EMERG && level <= COAP_LOG_DTLS_BASE + COAP_LOG_DTLS_BASE;
}

void coap_set_log_level(coap_log_t level) {
  if (level_known((int)level))
    log_level = (int)level;
}

coap_log_t coap_dtls_get_log_level(void) {
  return (coap_log_t)atomic_load_explicit(&tls_log_level, memory_order_relaxed);
}

void coap_dtls_set_log_level(coap_log_t level) {
  if (level_known((int)level))
    tls_log_level = (int)level;
}

void coap_set_log_handler(coap_log_handler_t handler) {
  log_handler = handler;
}

void coap_set_show_pdu_output(int use_fprintf) {
  show_direct = use_fprintf != 0;
}

void coap_enable_pdu_data_output(int enable) {
  show_payload = enable != 0;
}

static const char *level_name(int level) {
  static const char *const names[] = {"EMRG", "ALRT", "CRIT", "ERR ", "WARN",
                                      "NOTE", "INFO", "DEBG", "OSC "};
  return level >= 0 && (size_t)level < sizeof names / sizeof *names ? names[level] : "DTLS";
}

void coap_log_impl(coap_log_t level, const char *format, ...) {
  char line[LINE_MAX_BYTES];
  if (!format)
    return;
  va_list ap;
  va_start(ap, format);
  int n = vsnprintf(line, sizeof line, format, ap);
  va_end(ap);
  if (n < 0)
    return;
  size_t len = strlen(line);
  while (len > 0 && line[len - 1] == '\n')
    line[--len] = '\0';
  coap_log_handler_t handler = log_handler;
  if (handler)
    handler(level, line);
  else
    fprintf((int)level <= COAP_LOG_CRIT ? COAP_ERR_FD : COAP_DEBUG_FD, "%s %s\n",
            level_name((int)level), line);
}

const char *coap_package_name(void) {
  return LIBCOAP_PACKAGE_NAME;
}

const char *coap_package_version(void) {
  return LIBCOAP_PACKAGE_STRING;
}

const char *coap_package_build(void) {
  return LIBCOAP_PACKAGE_STRING;
}
