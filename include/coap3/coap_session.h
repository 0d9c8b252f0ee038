/* Sessions: one client's exchange of messages with one server. */
#ifndef COAP_SESSION_H_
#define COAP_SESSION_H_

#include <stddef.h>
#include <stdint.h>

#include "coap3/coap_dtls.h"
#include "coap3/coap_io.h"
#include "coap3/coap_pdu.h"

/* A number with three decimals: integer_part + fractional_part / 1000. */
typedef struct coap_fixed_point_t {
  uint16_t integer_part;
  uint16_t fractional_part; /* 0 to 999 */
} coap_fixed_point_t;

#define COAP_PROTO_NOT_RELIABLE(p) ((p) == COAP_PROTO_UDP || (p) == COAP_PROTO_DTLS)
#define COAP_PROTO_RELIABLE(p)                                                                     \
  ((p) == COAP_PROTO_TCP || (p) == COAP_PROTO_TLS || (p) == COAP_PROTO_WS || (p) == COAP_PROTO_WSS)

typedef enum coap_session_type_t {
  COAP_SESSION_TYPE_NONE = 0,
  COAP_SESSION_TYPE_CLIENT,
  COAP_SESSION_TYPE_SERVER,
  COAP_SESSION_TYPE_HELLO,
} coap_session_type_t;

typedef enum coap_session_state_t {
  COAP_SESSION_STATE_NONE = 0,
  COAP_SESSION_STATE_CONNECTING,
  COAP_SESSION_STATE_HANDSHAKE,
  COAP_SESSION_STATE_CSM,
  COAP_SESSION_STATE_ESTABLISHED,
} coap_session_state_t;

/* Adds a reference. Returns session, or NULL when it is NULL or no live
 * session. */
coap_session_t *coap_session_reference(coap_session_t *session);

/* Gives a reference back. With the last one the session ends: for each request
 * still open the nack handler is called with COAP_NACK_NOT_DELIVERABLE, then
 * its socket is closed. NULL is allowed. A session that has ended already is
 * reported and left alone. */
void coap_session_release(coap_session_t *session);

/* Ends the exchange with the server: for each request still open the nack
 * handler is called with reason, nothing can be sent any more, the state is
 * COAP_SESSION_STATE_NONE. The references stay. */
void coap_session_disconnected(coap_session_t *session, coap_nack_reason_t reason);

/* A pointer of the application's, kept with the session; NULL unless set. */
void coap_session_set_app_data(coap_session_t *session, void *data);
void *coap_session_get_app_data(const coap_session_t *session);

/* The server's address. On a session to a multicast address: inside a response
 * handler the responder's, and until the next coap_send(). Borrowed. NULL when
 * session is NULL. */
const coap_address_t *coap_session_get_addr_remote(const coap_session_t *session);

/* The multicast address of a session to one, else NULL. Borrowed. */
const coap_address_t *coap_session_get_addr_mcast(const coap_session_t *session);

/* The address that the session's socket is bound to. Borrowed. NULL for
 * failure. */
const coap_address_t *coap_session_get_addr_local(const coap_session_t *session);

/* Protocol, type and state; 0 when session is NULL. */
coap_proto_t coap_session_get_proto(const coap_session_t *session);
coap_session_type_t coap_session_get_type(const coap_session_t *session);
coap_session_state_t coap_session_get_state(const coap_session_t *session);

/* The index of the network interface, known for link-local IPv6 addresses,
 * else 0; -1 when session is NULL. */
int coap_session_get_ifindex(const coap_session_t *session);

/* The TLS library's own session object, with the library in *tls_lib (may be
 * NULL). NULL when there is none. */
void *coap_session_get_tls(const coap_session_t *session, coap_tls_library_t *tls_lib);

/* The context, or NULL when session is NULL or its context was freed. */
coap_context_t *coap_session_get_context(const coap_session_t *session);

/* The largest message that is sent, in bytes, without IP and UDP headers: 64
 * to 65507, the most that fits a UDP datagram. 1152 unless set (RFC 7252
 * section 4.6). A value out of bounds has no effect. Messages made before keep
 * the size they were made with and are checked when they are sent. */
void coap_session_set_mtu(coap_session_t *session, unsigned mtu);

/* How many bytes of token, options and payload a message of this session may
 * hold: the MTU less the 4 bytes of the header. 0 when session is NULL. */
size_t coap_session_max_pdu_size(const coap_session_t *session);

/* A new session with server, over proto; it belongs to ctx and has one
 * reference, the caller's. Port 0 of server means the protocol's default.
 * local_if (NULL: any) is where the socket is bound; its family is server's.
 * For AF_UNIX it is required, must not exist yet, and is removed when the
 * session ends. A multicast address makes a session for requests to a group
 * (RFC 7252 section 8).
 * NULL with a reason: an argument is NULL, proto is none or not supported by
 * this build, families differ, an address has no family, size or path, the
 * local address is in use or not ours, the server cannot be reached, there is
 * no memory or no descriptor. Nothing is left behind. */
coap_session_t *coap_new_client_session(coap_context_t *ctx, const coap_address_t *local_if,
                                        const coap_address_t *server, coap_proto_t proto);

/* The same with a pre-shared key: identity is NUL-terminated, key has key_len
 * bytes. They are copied. proto is COAP_PROTO_DTLS, COAP_PROTO_TLS or
 * COAP_PROTO_WSS. NULL also for what is wrong with them. */
coap_session_t *coap_new_client_session_psk(coap_context_t *ctx, const coap_address_t *local_if,
                                            const coap_address_t *server, coap_proto_t proto,
                                            const char *identity, const uint8_t *key,
                                            unsigned key_len);

/* The same with a set-up, which is copied but for what its callbacks' argument
 * points to. */
coap_session_t *coap_new_client_session_psk2(coap_context_t *ctx, const coap_address_t *local_if,
                                             const coap_address_t *server, coap_proto_t proto,
                                             coap_dtls_cpsk_t *setup_data);

/* The same with certificates. */
coap_session_t *coap_new_client_session_pki(coap_context_t *ctx, const coap_address_t *local_if,
                                            const coap_address_t *server, coap_proto_t proto,
                                            coap_dtls_pki_t *setup_data);

/* The pre-shared key in use, its identity, and the server's hint. Borrowed.
 * NULL when there is none. */
const coap_bin_const_t *coap_session_get_psk_hint(const coap_session_t *session);
const coap_bin_const_t *coap_session_get_psk_identity(const coap_session_t *session);
const coap_bin_const_t *coap_session_get_psk_key(const coap_session_t *session);

/* Makes coap_session_new_token() count from token (1 to 8 bytes) instead of
 * drawing random ones. */
void coap_session_init_token(coap_session_t *session, size_t length, const uint8_t *token);

/* A token that no open request of the session has, in token, which must have
 * room for 8 bytes, and its length in *length: 4 random bytes (RFC 7252
 * section 5.3.1), or the next one counted from coap_session_init_token(). */
void coap_session_new_token(coap_session_t *session, size_t *length, uint8_t *token);

/* "local <-> remote PROTOCOL", for logs. It belongs to the thread and is
 * overwritten by the next call. Never NULL. */
const char *coap_session_str(const coap_session_t *session);

/* Defaults of the transmission parameters (RFC 7252 section 4.8, RFC 9177). */
#define COAP_DEFAULT_ACK_TIMEOUT ((coap_fixed_point_t){2, 0})
#define COAP_DEFAULT_ACK_RANDOM_FACTOR ((coap_fixed_point_t){1, 500})
#define COAP_DEFAULT_MAX_RETRANSMIT (4U)
#define COAP_DEFAULT_NSTART (1U)
#define COAP_DEFAULT_DEFAULT_LEISURE ((coap_fixed_point_t){5, 0})
#define COAP_DEFAULT_PROBING_RATE (1U)
#define COAP_DEFAULT_MAX_PAYLOADS (10U)
#define COAP_DEFAULT_NON_MAX_RETRANSMIT (4U)
#define COAP_DEFAULT_NON_TIMEOUT ((coap_fixed_point_t){2, 0})
#define COAP_DEFAULT_NON_RECEIVE_TIMEOUT ((coap_fixed_point_t){4, 0})
#define COAP_DEFAULT_MAX_LATENCY (100U)

/* They set and return one parameter of a session; the setters take effect for
 * messages sent from then on, and a value out of bounds has no effect. The
 * getters return the default when session is NULL.
 * ACK_TIMEOUT: seconds, 0.001 to 1000. */
void coap_session_set_ack_timeout(coap_session_t *session, coap_fixed_point_t value);
coap_fixed_point_t coap_session_get_ack_timeout(const coap_session_t *session);
/* ACK_RANDOM_FACTOR: 1 to 10. */
void coap_session_set_ack_random_factor(coap_session_t *session, coap_fixed_point_t value);
coap_fixed_point_t coap_session_get_ack_random_factor(const coap_session_t *session);
/* MAX_RETRANSMIT: 0 to 12. */
void coap_session_set_max_retransmit(coap_session_t *session, uint16_t value);
uint16_t coap_session_get_max_retransmit(const coap_session_t *session);
/* NSTART: 1 to 65535. */
void coap_session_set_nstart(coap_session_t *session, uint16_t value);
uint16_t coap_session_get_nstart(const coap_session_t *session);
/* DEFAULT_LEISURE: seconds, 0.001 to 1000. */
void coap_session_set_default_leisure(coap_session_t *session, coap_fixed_point_t value);
coap_fixed_point_t coap_session_get_default_leisure(const coap_session_t *session);
/* PROBING_RATE: bytes a second, 1 to 10^9. */
void coap_session_set_probing_rate(coap_session_t *session, uint32_t value);
uint32_t coap_session_get_probing_rate(const coap_session_t *session);

/* Parameters of Q-Block (RFC 9177), which is not provided: setting one is
 * refused, the getters return the default. */
void coap_session_set_max_payloads(coap_session_t *session, uint16_t value);
uint16_t coap_session_get_max_payloads(const coap_session_t *session);
void coap_session_set_non_max_retransmit(coap_session_t *session, uint16_t value);
uint16_t coap_session_get_non_max_retransmit(const coap_session_t *session);
void coap_session_set_non_timeout(coap_session_t *session, coap_fixed_point_t value);
coap_fixed_point_t coap_session_get_non_timeout(const coap_session_t *session);
void coap_session_set_non_receive_timeout(coap_session_t *session, coap_fixed_point_t value);
coap_fixed_point_t coap_session_get_non_receive_timeout(const coap_session_t *session);

/* Sends a CoAP ping (RFC 7252 section 4.3); the pong handler is called when it
 * is answered, the nack handler when it is not. Returns its Message ID, or
 * COAP_INVALID_MID. */
coap_mid_t coap_session_send_ping(coap_session_t *session);

/* Makes the end of a session leave its observations alone instead of
 * cancelling them. */
void coap_session_set_no_observe_cancel(coap_session_t *session);

#endif
