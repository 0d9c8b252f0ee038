/* From the core's queue onto the net. */
#ifndef CS_API_TRANSMIT_H
#define CS_API_TRANSMIT_H

#include "api/context.h"

/* Sends what s has to send now and sets its timer. */
void cs_api_transmit(coap_session_t *s, cs_time now);
/* Tries again what was kept back. Without room it stays for a second and is
 * then lost, as a datagram may be: each message is to have its attempts, so
 * that each request ends. */
void cs_api_transmit_again(coap_session_t *s, cs_time now);
/* Makes the descriptor readable when the next timer is due, if the application
 * waits on it. */
void cs_api_set_alarm(coap_context_t *ctx);
/* Makes room for s's timer, so that setting it cannot fail. CS_ERR_MEMORY. */
cs_err cs_api_reserve(coap_session_t *s);
/* Sets s's timer to when it is next to be looked at. */
void cs_api_rearm(coap_session_t *s);

/* When s is to be asked whether it lives; CS_TIME_NEVER for never. */
cs_time cs_api_keepalive_due(coap_session_t *s);

/* The number of a responder, given on first sight; 0 for s's own peer. */
cs_core_peer cs_api_responder_number(coap_session_t *s, const cs_net_address *from);

#endif
