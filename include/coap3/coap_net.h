/* Contexts, handlers, sending, and the input and output loop. */
#ifndef COAP_NET_H_
#define COAP_NET_H_

#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#include "coap3/coap_debug.h"
#include "coap3/coap_dtls.h"
#include "coap3/coap_event.h"
#include "coap3/coap_io.h"
#include "coap3/coap_pdu.h"
#include "coap3/coap_session.h"

/* What a response handler makes of a response. */
typedef enum coap_response_t {
  COAP_RESPONSE_FAIL, /* it is rejected: a Reset goes to the server */
  COAP_RESPONSE_OK    /* it is accepted */
} coap_response_t;

/* Called with a response. sent is the request it answers, received the
 * response, mid the response's Message ID. Both messages belong to the library
 * and are valid during the call; sent is NULL when the request was forgotten.
 * COAP_RESPONSE_FAIL makes a Reset of a Confirmable or Non-confirmable
 * response (RFC 7252 sections 4.2 and 4.3); a piggybacked one needs none. */
typedef coap_response_t (*coap_response_handler_t)(coap_session_t *session, const coap_pdu_t *sent,
                                                   const coap_pdu_t *received,
                                                   const coap_mid_t mid);

/* Called when a request ended without a response: sent is the request (NULL
 * for a ping), mid its Message ID. It is valid during the call. A request that
 * asked for no response (No-Response, RFC 7967) or went to a multicast address
 * ends silently. */
typedef void (*coap_nack_handler_t)(coap_session_t *session, const coap_pdu_t *sent,
                                    const coap_nack_reason_t reason, const coap_mid_t mid);

/* Called when the peer sent a CoAP ping, which was answered by a Reset (RFC
 * 7252 section 4.3). */
typedef void (*coap_ping_handler_t)(coap_session_t *session, const coap_pdu_t *received,
                                    const coap_mid_t mid);

/* Called when the peer answered a ping; mid is the ping's. */
typedef void (*coap_pong_handler_t)(coap_session_t *session, const coap_pdu_t *received,
                                    const coap_mid_t mid);

/* They set a context's handlers; NULL takes one away. From inside a handler
 * every function may be called but coap_io_process() and its kind; a session
 * or context that is released there goes when the handlers have returned. */
void coap_register_response_handler(coap_context_t *context, coap_response_handler_t handler);
void coap_register_nack_handler(coap_context_t *context, coap_nack_handler_t handler);
void coap_register_ping_handler(coap_context_t *context, coap_ping_handler_t handler);
void coap_register_pong_handler(coap_context_t *context, coap_pong_handler_t handler);

/* Says that the application understands the critical option type, so that
 * responses with it are accepted although the library does not know it (RFC
 * 7252 section 5.4.1). At most 32 of them. */
void coap_register_option(coap_context_t *ctx, uint16_t type);

/* A new context. listen_addr must be NULL: this library has no server
 * endpoints. The caller owns it: coap_free_context(). NULL when listen_addr is
 * not, or there is no memory or no descriptor. */
coap_context_t *coap_new_context(const coap_address_t *listen_addr);

/* Ends a context and its sessions: for each request still open the nack
 * handler is called with COAP_NACK_NOT_DELIVERABLE; sockets are closed,
 * Unix-domain paths that were made are removed. A session that the application
 * holds further references of stays as an object that nothing can be done with
 * but releasing them. NULL is allowed; a context that was freed already is
 * reported and left alone. */
void coap_free_context(coap_context_t *context);

/* Certificates of a server endpoint and of client sessions, CAs in a file or a
 * folder. 1, or 0: a build without a TLS library refuses. setup_data and
 * strings stay the caller's. */
int coap_context_set_pki(coap_context_t *context, const coap_dtls_pki_t *setup_data);
int coap_context_set_pki_root_cas(coap_context_t *context, const char *ca_file, const char *ca_dir);

/* After how many seconds without traffic a session sends a ping; 0, the
 * default, for never; at most 86400. When it is not answered the event
 * COAP_EVENT_KEEPALIVE_FAILURE follows. For all sessions of the context. */
void coap_context_set_keepalive(coap_context_t *context, unsigned int seconds);

/* The longest token in bytes that the context's sessions send and accept: 8,
 * the default, to 65804 (RFC 8974). */
void coap_context_set_max_token_size(coap_context_t *context, size_t max_token_size);

/* A descriptor that becomes readable when coap_io_process() with
 * COAP_IO_NO_WAIT has something to do; for a loop of one's own. It stays the
 * context's. -1 when there is none. */
int coap_context_get_coap_fd(const coap_context_t *context);

/* Settings for a server's sessions and for reliable protocols, kept and
 * returned: idle sessions at most (0: any number), seconds until an idle one
 * goes, seconds to wait for a CSM (0: 30), the largest message to announce
 * in bytes (64 to 8388864; for sessions made afterwards), handshakes at most at
 * once. */
void coap_context_set_max_idle_sessions(coap_context_t *context, unsigned int max_idle_sessions);
unsigned int coap_context_get_max_idle_sessions(const coap_context_t *context);
void coap_context_set_session_timeout(coap_context_t *context, unsigned int session_timeout);
unsigned int coap_context_get_session_timeout(const coap_context_t *context);
void coap_context_set_csm_timeout(coap_context_t *context, unsigned int csm_timeout);
unsigned int coap_context_get_csm_timeout(const coap_context_t *context);
void coap_context_set_csm_max_message_size(coap_context_t *context, uint32_t csm_max_message_size);
uint32_t coap_context_get_csm_max_message_size(const coap_context_t *context);
void coap_context_set_max_handshake_sessions(coap_context_t *context,
                                             unsigned int max_handshake_sessions);
unsigned int coap_context_get_max_handshake_sessions(const coap_context_t *context);

/* The session's next Message ID. None is used twice within EXCHANGE_LIFETIME
 * (RFC 7252 section 4.4); 0 with a reason while all were. */
uint16_t coap_new_message_id(coap_session_t *session);

/* A pointer of the application's, kept with the context; NULL unless set. */
void coap_set_app_data(coap_context_t *context, void *data);
void *coap_get_app_data(const coap_context_t *context);

/* Answers a request by an error response. COAP_INVALID_MID: a client session
 * gets no requests. */
coap_mid_t coap_send_error(coap_session_t *session, const coap_pdu_t *request, coap_pdu_code_t code,
                           coap_opt_filter_t *opts);

/* Sends an Empty message of type COAP_MESSAGE_ACK or COAP_MESSAGE_RST with the
 * Message ID of request. The library acknowledges and rejects by itself; this
 * is for programs that test servers. Returns that Message ID, or
 * COAP_INVALID_MID. */
coap_mid_t coap_send_message_type(coap_session_t *session, const coap_pdu_t *request,
                                  coap_pdu_type_t type);

/* The same with COAP_MESSAGE_ACK; only for a Confirmable message. */
coap_mid_t coap_send_ack(coap_session_t *session, const coap_pdu_t *request);

/* The same with COAP_MESSAGE_RST. */
COAP_STATIC_INLINE coap_mid_t coap_send_rst(coap_session_t *session, const coap_pdu_t *request) {
  return coap_send_message_type(session, request, COAP_MESSAGE_RST);
}

/* Sends pdu: a request (Confirmable or Non-confirmable, methods 0.01 to 0.31),
 * a ping (an Empty Confirmable message), or an Empty Acknowledgement or Reset.
 * It goes out at once, or when NSTART and PROBING_RATE let it (RFC 7252
 * section 4.7), and is sent again as section 4.2 has it. pdu belongs to the
 * library from here on, also when this fails.
 * Returns its Message ID. COAP_INVALID_MID with a reason: an option breaks its
 * definition, token or Message ID are in use, it does not fit the MTU, 1024
 * requests are open, a Confirmable request to a multicast address, no memory. */
coap_mid_t coap_send(coap_session_t *session, coap_pdu_t *pdu);

#define coap_send_large(session, pdu) coap_send(session, pdu)

/* Calls the context's event handler with event for session. Returns what the
 * handler returned; 0 when there is none. */
int coap_handle_event(coap_context_t *context, coap_event_t event, coap_session_t *session);

/* 1 when nothing is left to send and no Confirmable message waits for its
 * Acknowledgement, else 0. */
int coap_can_exit(coap_context_t *context);

/* The outgoing hop limit (0 to 255) of multicast requests of a session. 1, or 0
 * when it is no multicast session or the system refuses. */
int coap_mcast_set_hops(coap_session_t *session, size_t hops);

#define COAP_IO_WAIT 0
#define COAP_IO_NO_WAIT ((uint32_t)-1)

/* One turn: sends what is due, waits until something was received, a timer ran
 * out or timeout_ms milliseconds have passed, and processes it, calling
 * handlers. COAP_IO_WAIT waits without end, COAP_IO_NO_WAIT not at all.
 * Returns the milliseconds spent; -1 for failure (NULL, or called from inside
 * a handler). */
int coap_io_process(coap_context_t *ctx, uint32_t timeout_ms);

/* The same. nfds and the sets are not looked at and stay untouched, as they do
 * in libcoap with epoll: watch coap_context_get_coap_fd() beside your own. */
int coap_io_process_with_fds(coap_context_t *ctx, uint32_t timeout_ms, int nfds, fd_set *readfds,
                             fd_set *writefds, fd_set *exceptfds);

/* 1 when requests of the context are open or something waits to be sent, else
 * 0. */
int coap_io_pending(coap_context_t *context);

/* For loops of one's own: send what is due at now, and return in how many
 * milliseconds the next call is due at the latest, 0 for none. The context has
 * one descriptor, coap_context_get_coap_fd(); *num_sockets becomes 0. */
unsigned int coap_io_prepare_io(coap_context_t *ctx, coap_socket_t *sockets[],
                                unsigned int max_sockets, unsigned int *num_sockets,
                                coap_tick_t now);
unsigned int coap_io_prepare_epoll(coap_context_t *ctx, coap_tick_t now);

/* Process what was received and the timers that ran out, without waiting. now
 * and events are not needed: the context asks its own descriptor. */
void coap_io_do_io(coap_context_t *ctx, coap_tick_t now);
struct epoll_event;
void coap_io_do_epoll(coap_context_t *ctx, struct epoll_event *events, size_t nevents);

/* Deprecated name of coap_io_process(). */
COAP_STATIC_INLINE COAP_DEPRECATED int coap_run_once(coap_context_t *ctx, uint32_t timeout_ms) {
  return coap_io_process(ctx, timeout_ms);
}

#endif
