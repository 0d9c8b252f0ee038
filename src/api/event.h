/* Telling the application of an event. */
#ifndef CS_API_EVENT_H
#define CS_API_EVENT_H

#include "api/context.h"

/* Calls the event handler, if there is one; returns what it returned, or 0. */
int cs_api_event(coap_session_t *s, coap_event_t event);

#endif
