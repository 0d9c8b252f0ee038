/* What the loop asks of sending. */
#ifndef CS_API_EXCHANGE_H
#define CS_API_EXCHANGE_H

#include "api/context.h"

/* Sends a keepalive ping on s; s->probing says whether one is out. */
void cs_api_probe_session(coap_session_t *s);

#endif
