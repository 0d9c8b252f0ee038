/* Events that a session reports to the application. */
#ifndef COAP_EVENT_H_
#define COAP_EVENT_H_

#include "coap3/coap_forward_decls.h"
#include "coap3/libcoap.h"

typedef enum {
  /* DTLS and TLS */
  COAP_EVENT_DTLS_CLOSED = 0x0000,
  COAP_EVENT_DTLS_CONNECTED = 0x01DE,
  COAP_EVENT_DTLS_RENEGOTIATE = 0x01DF,
  COAP_EVENT_DTLS_ERROR = 0x0200,

  /* the connection of a TCP session */
  COAP_EVENT_TCP_CONNECTED = 0x1001,
  COAP_EVENT_TCP_CLOSED = 0x1002,
  COAP_EVENT_TCP_FAILED = 0x1003,

  /* the CSM exchange on reliable protocols (RFC 8323 section 5.3) */
  COAP_EVENT_SESSION_CONNECTED = 0x2001,
  COAP_EVENT_SESSION_CLOSED = 0x2002,
  COAP_EVENT_SESSION_FAILED = 0x2003,

  /* block-wise transfer */
  COAP_EVENT_PARTIAL_BLOCK = 0x3001,
  COAP_EVENT_XMIT_BLOCK_FAIL = 0x3002,

  /* a server's sessions; never reported to a client */
  COAP_EVENT_SERVER_SESSION_NEW = 0x4001,
  COAP_EVENT_SERVER_SESSION_DEL = 0x4002,

  /* a received message was refused; coap_last_rule() names the rule */
  COAP_EVENT_BAD_PACKET = 0x5001,
  /* a Confirmable message was sent again (RFC 7252 section 4.2) */
  COAP_EVENT_MSG_RETRANSMITTED = 0x5002,

  /* OSCORE */
  COAP_EVENT_OSCORE_DECRYPTION_FAILURE = 0x6001,
  COAP_EVENT_OSCORE_NOT_ENABLED,
  COAP_EVENT_OSCORE_NO_PROTECTED_PAYLOAD,
  COAP_EVENT_OSCORE_NO_SECURITY,
  COAP_EVENT_OSCORE_INTERNAL_ERROR,
  COAP_EVENT_OSCORE_DECODE_ERROR,

  /* WebSocket */
  COAP_EVENT_WS_PACKET_SIZE = 0x7001,
  COAP_EVENT_WS_CONNECTED,
  COAP_EVENT_WS_CLOSED,

  /* a keepalive ping had no answer */
  COAP_EVENT_KEEPALIVE_FAILURE = 0x8001,
} coap_event_t;

/* Called with the session that something happened to. The value returned is
 * not used. */
typedef int (*coap_event_handler_t)(coap_session_t *session, const coap_event_t event);

/* Sets the handler of a context's events; NULL takes it away. */
void coap_register_event_handler(coap_context_t *context, coap_event_handler_t hnd);

/* Deprecated names. */
COAP_STATIC_INLINE COAP_DEPRECATED void coap_set_event_handler(coap_context_t *context,
                                                               coap_event_handler_t hnd) {
  coap_register_event_handler(context, hnd);
}
COAP_STATIC_INLINE COAP_DEPRECATED void coap_clear_event_handler(coap_context_t *context) {
  coap_register_event_handler(context, 0);
}

#endif
