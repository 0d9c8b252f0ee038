/* The reason of a failure: kept for the thread, logged once. */
#ifndef CS_API_ERROR_H
#define CS_API_ERROR_H

#include "base/error.h"
#include "base/rule.h"

/* Leaves "function: text" as the thread's reason and logs it. function is
 * __func__ of the public function; format as printf. */
void cs_api_fail(const char *function, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, followed by the words of err and, when it is about a rule, by what
 * the rule demands and its id. what (NULL: nothing) says which thing it is
 * about. */
void cs_api_fail_err(const char *function, cs_err err, cs_rule rule, const char *what);

/* Leaves the reason for refusing something that a peer sent. It is logged at
 * COAP_LOG_DEBUG only, so that a peer cannot fill the log. */
void cs_api_note_rule(const char *who, cs_rule rule);

#endif
