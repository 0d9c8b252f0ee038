/* From the core's events to the application's handlers. */
#ifndef CS_API_DELIVER_H
#define CS_API_DELIVER_H

#include "api/context.h"

/* Tells every event that s has. Handlers run; what they release is torn down
 * later (reentry.h). Stops when s itself was released, unless last is true:
 * then nothing but the ends of its requests is told. */
void cs_api_deliver(coap_session_t *s, cs_time now, bool last);

/* Puts pdu into s's open requests, and takes one out and frees it. */
void cs_api_open_add(coap_session_t *s, coap_pdu_t *pdu);
void cs_api_open_remove(coap_session_t *s, coap_pdu_t *pdu);

/* What keepalive pings carry, to tell them from the application's. */
void *cs_api_probe(void);

#endif
