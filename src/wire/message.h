/* A CoAP message between bytes and meaning, in the three header forms of
 * RFC 7252 section 3 (UDP), RFC 8323 section 3.2 (TCP) and 4.2 (WebSocket).
 * Parsing allocates nothing and borrows the caller's bytes; every refusal
 * names the rule it was refused by. */
#ifndef CS_WIRE_MESSAGE_H
#define CS_WIRE_MESSAGE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/rule.h"

typedef enum cs_wire_form { CS_WIRE_UDP, CS_WIRE_TCP, CS_WIRE_WS } cs_wire_form;

typedef enum cs_wire_type { CS_CON = 0, CS_NON = 1, CS_ACK = 2, CS_RST = 3 } cs_wire_type;

/* Codes as c.dd (RFC 7252 section 12.1). */
#define CS_CODE(c, dd) ((uint8_t)((c) << 5 | (dd)))
#define CS_CODE_CLASS(code) ((unsigned)(code) >> 5)
#define CS_CODE_DETAIL(code) ((unsigned)(code)&31u)
#define CS_CODE_EMPTY CS_CODE(0, 0)

static inline bool cs_wire_code_is_request(uint8_t code) {
  return code != 0 && code < 32;
}
static inline bool cs_wire_code_is_response(uint8_t code) {
  return code >= CS_CODE(2, 0) && code < CS_CODE(6, 0);
}
static inline bool cs_wire_code_is_signal(uint8_t code) {
  return CS_CODE_CLASS(code) == 7;
}

/* The longest token that RFC 8974 can express. */
#define CS_WIRE_TOKEN_MAX 65804u

/* A view of one message. Spans borrow the bytes that were parsed. */
typedef struct cs_wire_message {
  cs_wire_form form;
  uint8_t type; /* cs_wire_type; 0 on TCP and WebSocket */
  uint8_t code;
  uint16_t mid; /* 0 on TCP and WebSocket */
  cs_span token;
  cs_span options; /* encoded as in RFC 7252 section 3.1, without the marker */
  cs_span payload; /* without the marker; empty when there is none */
} cs_wire_message;

/* What the parser is to accept. */
typedef struct cs_wire_limits {
  /* Longest token accepted: 8 for RFC 7252 (TKL 9-15 is then a format error),
   * up to CS_WIRE_TOKEN_MAX once RFC 8974 was agreed on. */
  uint32_t token_max;
} cs_wire_limits;

extern const cs_wire_limits cs_wire_limits_default; /* token_max 8 */

/* Parses exactly the bytes of one message (a datagram; on TCP and WebSocket
 * one frame as delimited by the link). Checks the header, the token, that
 * options and payload are well-formed, and the message-layer rules that need
 * no session: Empty messages, reserved code classes, type with code. The
 * version comes first, then the fixed header field by field, the token, the
 * options, the payload: the first rule broken in this order is the one named.
 * On TCP and WebSocket an Empty message may carry anything well-formed, since
 * it is ignored (RFC 8323 section 3.4).
 * limits NULL means the default. On a rule other than CS_RULE_NONE *out is
 * untouched. The session calls this one function for every message. */
cs_rule cs_wire_parse(cs_wire_form form, cs_span bytes, const cs_wire_limits *limits,
                      cs_wire_message *out);

/* The fixed header of a UDP message whose rest may be malformed: what a
 * receiver needs to reject it. False when there are under 4 bytes or the
 * version is not 1. */
bool cs_wire_peek(cs_span bytes, uint8_t *type, uint8_t *code, uint16_t *mid);

/* Bytes that a built message occupies; 0 when it cannot be expressed (token
 * over CS_WIRE_TOKEN_MAX, type over 3, more content than a header can count). */
size_t cs_wire_size(const cs_wire_message *m);

/* Writes m into buf. Whatever m says is written, right or wrong (a validating
 * caller validates first): TKL is derived from the token (RFC 8974 form when
 * over 8). CS_ERR_TOO_LARGE when cap is too small, buf then untouched;
 * CS_ERR_ARGUMENT when it cannot be expressed. */
cs_err cs_wire_build(const cs_wire_message *m, uint8_t *buf, size_t cap, size_t *len);

/* TCP framing (RFC 8323 section 3.2): how many bytes the first message in
 * bytes occupies in all, once enough of the header is there.
 * CS_OK with *total set; CS_ERR_AGAIN when the header is not complete. */
cs_err cs_wire_tcp_frame(cs_span bytes, size_t *total);

/* "GET", "Content", ... for a registered code, or NULL. */
const char *cs_wire_code_name(uint8_t code);
/* "CON", "NON", "ACK", "RST". */
const char *cs_wire_type_name(uint8_t type);

#endif
