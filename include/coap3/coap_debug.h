/* Logging and other help in finding faults. */
#ifndef COAP_DEBUG_H_
#define COAP_DEBUG_H_

#include <stdio.h>

#include "coap3/coap_forward_decls.h"
#include "coap3/libcoap.h"

#ifndef COAP_DEBUG_FD
#define COAP_DEBUG_FD stdout
#endif
#ifndef COAP_ERR_FD
#define COAP_ERR_FD stderr
#endif

#ifndef COAP_MAX_LOGGING_LEVEL
#define COAP_MAX_LOGGING_LEVEL 8
#endif

/* Levels, the gravest first. */
typedef enum {
  COAP_LOG_EMERG = 0,
  COAP_LOG_ALERT,
  COAP_LOG_CRIT,
  COAP_LOG_ERR,
  COAP_LOG_WARN,
  COAP_LOG_NOTICE,
  COAP_LOG_INFO,
  COAP_LOG_DEBUG,
  COAP_LOG_OSCORE,
  COAP_LOG_DTLS_BASE,
#define COAP_LOG_CIPHERS COAP_LOG_DTLS_BASE
} coap_log_t;

/* The same for the preprocessor. */
#define _COAP_LOG_EMERG 0
#define _COAP_LOG_ALERT 1
#define _COAP_LOG_CRIT 2
#define _COAP_LOG_ERR 3
#define _COAP_LOG_WARN 4
#define _COAP_LOG_NOTICE 5
#define _COAP_LOG_INFO 6
#define _COAP_LOG_DEBUG 7
#define _COAP_LOG_OSCORE 8

COAP_STATIC_INLINE void coap_no_log(void) {
}

/* coap_log_<level>(format, ...) as printf; those above COAP_MAX_LOGGING_LEVEL
 * compile to nothing. */
#define coap_log_emerg(...) coap_log(COAP_LOG_EMERG, __VA_ARGS__)

#if (COAP_MAX_LOGGING_LEVEL >= _COAP_LOG_ALERT)
#define coap_log_alert(...) coap_log(COAP_LOG_ALERT, __VA_ARGS__)
#else
#define coap_log_alert(...) coap_no_log()
#endif

#if (COAP_MAX_LOGGING_LEVEL >= _COAP_LOG_CRIT)
#define coap_log_crit(...) coap_log(COAP_LOG_CRIT, __VA_ARGS__)
#else
#define coap_log_crit(...) coap_no_log()
#endif

#if (COAP_MAX_LOGGING_LEVEL >= _COAP_LOG_ERR)
#define coap_log_err(...) coap_log(COAP_LOG_ERR, __VA_ARGS__)
#else
#define coap_log_err(...) coap_no_log()
#endif

#if (COAP_MAX_LOGGING_LEVEL >= _COAP_LOG_WARN)
#define coap_log_warn(...) coap_log(COAP_LOG_WARN, __VA_ARGS__)
#else
#define coap_log_warn(...) coap_no_log()
#endif

#if (COAP_MAX_LOGGING_LEVEL >= _COAP_LOG_INFO)
#define coap_log_info(...) coap_log(COAP_LOG_INFO, __VA_ARGS__)
#else
#define coap_log_info(...) coap_no_log()
#endif

#if (COAP_MAX_LOGGING_LEVEL >= _COAP_LOG_NOTICE)
#define coap_log_notice(...) coap_log(COAP_LOG_NOTICE, __VA_ARGS__)
#else
#define coap_log_notice(...) coap_no_log()
#endif

#if (COAP_MAX_LOGGING_LEVEL >= _COAP_LOG_DEBUG)
#define coap_log_debug(...) coap_log(COAP_LOG_DEBUG, __VA_ARGS__)
#else
#define coap_log_debug(...) coap_no_log()
#endif

#if (COAP_MAX_LOGGING_LEVEL >= _COAP_LOG_OSCORE)
#define coap_log_oscore(...) coap_log(COAP_LOG_OSCORE, __VA_ARGS__)
#else
#define coap_log_oscore(...) coap_no_log()
#endif

/* The names of syslog, for programs that use them. */
#ifndef LOG_EMERG
#define LOG_EMERG COAP_LOG_EMERG
#endif
#ifndef LOG_ALERT
#define LOG_ALERT COAP_LOG_ALERT
#endif
#ifndef LOG_CRIT
#define LOG_CRIT COAP_LOG_CRIT
#endif
#ifndef LOG_ERR
#define LOG_ERR COAP_LOG_ERR
#endif
#ifndef LOG_WARNING
#define LOG_WARNING COAP_LOG_WARN
#endif
#ifndef LOG_NOTICE
#define LOG_NOTICE COAP_LOG_NOTICE
#endif
#ifndef LOG_INFO
#define LOG_INFO COAP_LOG_INFO
#endif
#ifndef LOG_DEBUG
#define LOG_DEBUG COAP_LOG_DEBUG
#endif

/* The level up to which messages are logged; COAP_LOG_WARN unless set. */
coap_log_t coap_get_log_level(void);

/* Sets that level for the process, from any thread. Levels outside the
 * enumeration are refused. */
void coap_set_log_level(coap_log_t level);

/* Sets the level up to which messages of the TLS library are logged. */
void coap_dtls_set_log_level(coap_log_t level);

/* Returns it. */
coap_log_t coap_dtls_get_log_level(void);

/* Called with each message: one line, its closing newline removed. It may not
 * call the library, except for coap_get_log_level(). */
typedef void (*coap_log_handler_t)(coap_log_t level, const char *message);

/* Makes handler receive the messages instead of stdout and stderr, for the
 * process; NULL brings them back. */
void coap_set_log_handler(coap_log_handler_t handler);

/* "coapspec", the version of the interface, and of this build. Static. */
const char *coap_package_name(void);
const char *coap_package_version(void);
const char *coap_package_build(void);

/* Logs a message whatever the level: use coap_log(). format as printf; a
 * message is cut at 1023 bytes. */
void coap_log_impl(coap_log_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifndef coap_log
#define coap_log(level, ...)                                                                       \
  do {                                                                                             \
    if ((int)((level)) <= (int)coap_get_log_level())                                               \
      coap_log_impl((level), __VA_ARGS__);                                                         \
  } while (0)
#endif

#ifndef coap_dtls_log
#define coap_dtls_log(level, ...)                                                                  \
  do {                                                                                             \
    if ((int)((level)) <= (int)coap_dtls_get_log_level())                                          \
      coap_log_impl((level) + COAP_LOG_DTLS_BASE, __VA_ARGS__);                                    \
  } while (0)
#endif

#include "coap3/coap_pdu.h"

/* Whether coap_show_pdu() writes to stdout (1, the default) or to the log (0). */
void coap_set_show_pdu_output(int use_fprintf);

/* Whether coap_show_pdu() prints payloads (1, the default) or only their
 * length (0). */
void coap_enable_pdu_data_output(int enable);

/* Prints pdu in one line, in the notation that scenarios and reports are
 * written in, when level is within the log level. */
void coap_show_pdu(coap_log_t level, const coap_pdu_t *pdu);

/* Prints the TLS library and its version, as above. */
void coap_show_tls_version(coap_log_t level);

/* Writes the TLS library and its version, or what it can do, into buffer,
 * which has bufsize bytes; cut to fit, always terminated. Returns buffer, or
 * NULL when it is NULL or has no room. */
char *coap_string_tls_version(char *buffer, size_t bufsize);
char *coap_string_tls_support(char *buffer, size_t bufsize);

/* Writes address and port ("192.0.2.1:5683", "[2001:db8::1]:5683",
 * "unix:/tmp/x") into buffer, which has size bytes; cut to fit, always
 * terminated. Returns the bytes written, without the NUL; 0 when it cannot. */
size_t coap_print_addr(const coap_address_t *address, unsigned char *buffer, size_t size);

/* Writes the address alone, without port or brackets. Returns buffer, or NULL
 * when an argument is NULL or size is 0. */
const char *coap_print_ip_addr(const coap_address_t *address, char *buffer, size_t size);

/* Makes the library lose datagrams that it sends, to test recovery: "10%" at
 * random, or "1,5-9,101" by their count from now (at most 10 ranges); "0%"
 * ends it. For the process. 1, or 0 when loss_level is NULL or not of that
 * form: nothing changes then. */
int coap_debug_set_packet_loss(const char *loss_level);

#endif
