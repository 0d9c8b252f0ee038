/* What a handler may take away while it runs: the one place that knows when a
 * session or a context really goes. Releasing inside a handler only marks;
 * cs_api_settle() does it when no handler is running any more. */
#ifndef CS_API_REENTRY_H
#define CS_API_REENTRY_H

#include "api/context.h"

/* The last reference is gone. */
void cs_api_end_session(coap_session_t *s);

/* Tears down what was marked. To be called at the end of every public function
 * that may have run handlers or marked something; ctx may be gone afterwards.
 * Does nothing while a handler runs. */
void cs_api_settle(coap_context_t *ctx);

#endif
