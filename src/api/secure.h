/* The (D)TLS of a session: its beginning, what is told of it, its end. */
#ifndef CS_API_SECURE_H
#define CS_API_SECURE_H

#include "api/context.h"
#include "api/credentials.h"

/* What only a secured session needs. */
typedef struct cs_api_secure {
  cs_api_credentials credentials;
  cs_tls_state state; /* told last */
  bool inside;        /* a callback of the handshake runs */
  bool leaving;       /* to be ended when no handler runs any more */
  bool established;   /* it was, so its end is told */
  bool ended;         /* which has been */
  coap_bin_const_t hint, identity, key;
  uint8_t hint_bytes[COAP_DTLS_HINT_LENGTH];
  uint8_t identity_bytes[CS_TLS_IDENTITY_MAX];
  uint8_t key_bytes[CS_TLS_KEY_MAX];
} cs_api_secure;

static inline bool cs_api_is_secured(coap_proto_t proto) {
  return proto == COAP_PROTO_DTLS || proto == COAP_PROTO_TLS || proto == COAP_PROTO_WSS;
}

/* The session's, or NULL where it is in the clear. */
static inline cs_api_secure *cs_api_secure_of(const coap_session_t *s) {
  return s->rare ? s->rare->secure : NULL;
}

/* Begins the (D)TLS of a new session, whose endpoint is open, by credentials,
 * which it keeps a copy of: *c is the session's when this says CS_OK. The errors of
 * cs_tls_open and cs_endpoint_secure. */
cs_err cs_api_secure_begin(coap_session_t *s, cs_api_credentials *c, cs_time now);
/* Frees and wipes; NULL is allowed. */
void cs_api_secure_free(const cs_base_alloc *alloc, cs_api_secure *x);

/* Tells what has changed since it was last told. To be called before anything
 * else of the session is told. */
void cs_api_secure_look(coap_session_t *s);
/* The end of a stream's (D)TLS, where none was told. */
void cs_api_secure_tell_end(coap_session_t *s);

/* Whether the datagram session s, whose (D)TLS has ended, shakes hands again:
 * something is to be sent. Leaves a reason in the name of function when not; s may
 * then be gone. */
bool cs_api_secure_again(const char *function, coap_session_t *s);
/* Ends the (D)TLS of a datagram session, now or when no handler runs. */
void cs_api_secure_leave(coap_session_t *s, coap_nack_reason_t reason);
/* What was left to be done: to be called with the session's timer. */
void cs_api_secure_expire(coap_session_t *s, cs_time now);
/* A session's last word: close_notify, as far as it goes out at once. */
void cs_api_secure_farewell(coap_session_t *s, cs_time now);

#endif
