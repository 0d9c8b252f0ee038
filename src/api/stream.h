/* Sessions over a byte stream: TCP and WebSocket, also on AF_UNIX, also in TLS. */
#ifndef CS_API_STREAM_H
#define CS_API_STREAM_H

#include "api/context.h"

static inline bool cs_api_streaming(const coap_session_t *s) {
  return s->proto != COAP_PROTO_UDP && s->proto != COAP_PROTO_DTLS;
}

static inline bool cs_api_on_websocket(const coap_session_t *s) {
  return s->proto == COAP_PROTO_WS || s->proto == COAP_PROTO_WSS;
}

/* The default port of a protocol. */
uint16_t cs_api_stream_port(coap_proto_t proto);
/* The configuration that a session of this protocol is opened with. */
const cs_endpoint_config *cs_api_stream_config(const coap_context_t *ctx, coap_proto_t proto);

/* What only a stream needs; the session is new. CS_ERR_MEMORY. */
cs_err cs_api_stream_begin(coap_session_t *s, cs_time now);
/* A WebSocket asks for the host of this name, unless it is none; the application
 * may still say otherwise. CS_ERR_MEMORY. */
cs_err cs_api_stream_name(coap_session_t *s, const char *name);
/* The socket is ready for what, or the session's timer is due. */
void cs_api_stream_ready(coap_session_t *s, unsigned what, cs_time now);
/* Sends what waits; what the system has no room for waits for it. Runs no
 * handler, as it is also called by coap_send: a connection that turns out to be
 * over is left. */
void cs_api_stream_transmit(coap_session_t *s, cs_time now);
/* When the session is next to be looked at, its endpoint asking for this time. */
cs_time cs_api_stream_deadline(const coap_session_t *s, cs_time endpoint);
/* Gives up a connection that was left, or that was not made in time. */
void cs_api_stream_expire(coap_session_t *s, cs_time now);
/* Tells, once, that the WebSocket was upgraded. */
void cs_api_stream_look(coap_session_t *s);
/* An event of the core that only streams have. */
void cs_api_stream_told(coap_session_t *s, const cs_core_event *e);
/* The transport is gone, or is given up for this reason (a coap_nack_reason_t):
 * requests are told off, then the events of the protocol. */
void cs_api_stream_lost(coap_session_t *s, coap_nack_reason_t reason, cs_time now);
/* The same where no handler may run: done when the session's timer is next
 * looked at, which is then due (cs_api_rearm). */
void cs_api_stream_leave(coap_session_t *s, coap_nack_reason_t reason);
/* The session's last words: Release, Close, end of stream, as far as they go
 * out at once; what came meanwhile is thrown away. */
void cs_api_stream_farewell(coap_session_t *s, cs_time now);

#endif
