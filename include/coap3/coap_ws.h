/* CoAP over WebSockets (RFC 8323 section 4). */
#ifndef COAP_WS_H_
#define COAP_WS_H_

#include "coap3/coap_forward_decls.h"
#include "coap3/coap_str.h"

/* Whether this build has COAP_PROTO_WS; 1 or 0. */
int coap_ws_is_supported(void);

/* Whether this build has COAP_PROTO_WSS; 1 or 0. */
int coap_wss_is_supported(void);

/* Sets the Host header of the upgrade request of a WebSocket session. 1, or 0
 * when session or ws_host is NULL or the session is no WebSocket session. */
int coap_ws_set_host_request(coap_session_t *session, coap_str_const_t *ws_host);

#endif
