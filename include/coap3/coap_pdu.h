/* Messages: PDUs, their header, token and payload (RFC 7252 section 3). */
#ifndef COAP_PDU_H_
#define COAP_PDU_H_

#include <stddef.h>
#include <stdint.h>

#include "coap3/coap_option.h"
#include "coap3/coap_uri.h"

#define COAP_DEFAULT_PORT 5683  /* coap */
#define COAPS_DEFAULT_PORT 5684 /* coaps */

#define COAP_DEFAULT_MAX_AGE 60 /* seconds */
#ifndef COAP_DEFAULT_MTU
#define COAP_DEFAULT_MTU 1152 /* bytes of a message (RFC 7252 section 4.6) */
#endif

#define COAP_BERT_BASE 1152

#ifndef COAP_DEFAULT_HOP_LIMIT
#define COAP_DEFAULT_HOP_LIMIT 16
#endif

#define COAP_DEFAULT_SCHEME "coap"
#define COAP_DEFAULT_URI_WELLKNOWN ".well-known/core"

#define COAP_TOKEN_DEFAULT_MAX 8 /* bytes (RFC 7252) */
#define COAP_TOKEN_EXT_MAX 65804 /* bytes (RFC 8974) */

typedef enum coap_pdu_type_t {
  COAP_MESSAGE_CON, /* Confirmable */
  COAP_MESSAGE_NON, /* Non-confirmable */
  COAP_MESSAGE_ACK, /* Acknowledgement */
  COAP_MESSAGE_RST  /* Reset */
} coap_pdu_type_t;

/* Methods (RFC 7252 section 5.8, RFC 8132) */
typedef enum coap_request_t {
  COAP_REQUEST_GET = 1,
  COAP_REQUEST_POST,
  COAP_REQUEST_PUT,
  COAP_REQUEST_DELETE,
  COAP_REQUEST_FETCH,
  COAP_REQUEST_PATCH,
  COAP_REQUEST_IPATCH,
} coap_request_t;

/* Option numbers. The odd ones are critical. */
#define COAP_OPTION_IF_MATCH 1
#define COAP_OPTION_URI_HOST 3
#define COAP_OPTION_ETAG 4
#define COAP_OPTION_IF_NONE_MATCH 5
#define COAP_OPTION_OBSERVE 6
#define COAP_OPTION_URI_PORT 7
#define COAP_OPTION_LOCATION_PATH 8
#define COAP_OPTION_OSCORE 9
#define COAP_OPTION_URI_PATH 11
#define COAP_OPTION_CONTENT_FORMAT 12
#define COAP_OPTION_CONTENT_TYPE COAP_OPTION_CONTENT_FORMAT
#define COAP_OPTION_MAXAGE 14
#define COAP_OPTION_URI_QUERY 15
#define COAP_OPTION_HOP_LIMIT 16
#define COAP_OPTION_ACCEPT 17
#define COAP_OPTION_Q_BLOCK1 19
#define COAP_OPTION_LOCATION_QUERY 20
#define COAP_OPTION_BLOCK2 23
#define COAP_OPTION_BLOCK1 27
#define COAP_OPTION_SIZE2 28
#define COAP_OPTION_Q_BLOCK2 31
#define COAP_OPTION_PROXY_URI 35
#define COAP_OPTION_PROXY_SCHEME 39
#define COAP_OPTION_SIZE1 60
#define COAP_OPTION_ECHO 252
#define COAP_OPTION_NORESPONSE 258
#define COAP_OPTION_RTAG 292

#define COAP_MAX_OPT 65535 /* the highest option number */

/* COAP_RESPONSE_CODE(205) is the code 2.05; COAP_RESPONSE_CLASS() of it is 2. */
#define COAP_RESPONSE_CODE(N) (((N) / 100 << 5) | (N) % 100)
#define COAP_RESPONSE_CLASS(C) (((C) >> 5) & 0xFF)

/* The words for a response code, such as "Not Found", or NULL for a code that
 * is not registered. Static. */
const char *coap_response_phrase(unsigned char code);

#define COAP_ERROR_PHRASE_LENGTH 32

/* Signaling (RFC 8323 section 5) */
#define COAP_SIGNALING_CODE(N) (((N) / 100 << 5) | (N) % 100)

typedef enum coap_pdu_signaling_proto_t {
  COAP_SIGNALING_CSM = COAP_SIGNALING_CODE(701),
  COAP_SIGNALING_PING = COAP_SIGNALING_CODE(702),
  COAP_SIGNALING_PONG = COAP_SIGNALING_CODE(703),
  COAP_SIGNALING_RELEASE = COAP_SIGNALING_CODE(704),
  COAP_SIGNALING_ABORT = COAP_SIGNALING_CODE(705),
} coap_pdu_signaling_proto_t;

#define COAP_SIGNALING_OPTION_MAX_MESSAGE_SIZE 2
#define COAP_SIGNALING_OPTION_BLOCK_WISE_TRANSFER 4
#define COAP_SIGNALING_OPTION_EXTENDED_TOKEN_LENGTH 6
#define COAP_SIGNALING_OPTION_CUSTODY 2
#define COAP_SIGNALING_OPTION_ALTERNATIVE_ADDRESS 2
#define COAP_SIGNALING_OPTION_HOLD_OFF 4
#define COAP_SIGNALING_OPTION_BAD_CSM_OPTION 2

/* Content-Format numbers */
#define COAP_MEDIATYPE_TEXT_PLAIN 0
#define COAP_MEDIATYPE_APPLICATION_LINK_FORMAT 40
#define COAP_MEDIATYPE_APPLICATION_XML 41
#define COAP_MEDIATYPE_APPLICATION_OCTET_STREAM 42
#define COAP_MEDIATYPE_APPLICATION_RDF_XML 43
#define COAP_MEDIATYPE_APPLICATION_EXI 47
#define COAP_MEDIATYPE_APPLICATION_JSON 50
#define COAP_MEDIATYPE_APPLICATION_CBOR 60
#define COAP_MEDIATYPE_APPLICATION_CWT 61
#define COAP_MEDIATYPE_APPLICATION_COAP_GROUP_JSON 256
#define COAP_MEDIATYPE_APPLICATION_COSE_SIGN 98
#define COAP_MEDIATYPE_APPLICATION_COSE_SIGN1 18
#define COAP_MEDIATYPE_APPLICATION_COSE_ENCRYPT 96
#define COAP_MEDIATYPE_APPLICATION_COSE_ENCRYPT0 16
#define COAP_MEDIATYPE_APPLICATION_COSE_MAC 97
#define COAP_MEDIATYPE_APPLICATION_COSE_MAC0 17
#define COAP_MEDIATYPE_APPLICATION_COSE_KEY 101
#define COAP_MEDIATYPE_APPLICATION_COSE_KEY_SET 102
#define COAP_MEDIATYPE_APPLICATION_SENML_JSON 110
#define COAP_MEDIATYPE_APPLICATION_SENSML_JSON 111
#define COAP_MEDIATYPE_APPLICATION_SENML_CBOR 112
#define COAP_MEDIATYPE_APPLICATION_SENSML_CBOR 113
#define COAP_MEDIATYPE_APPLICATION_SENML_EXI 114
#define COAP_MEDIATYPE_APPLICATION_SENSML_EXI 115
#define COAP_MEDIATYPE_APPLICATION_SENML_XML 310
#define COAP_MEDIATYPE_APPLICATION_SENSML_XML 311
#define COAP_MEDIATYPE_APPLICATION_DOTS_CBOR 271
#define COAP_MEDIATYPE_APPLICATION_ACE_CBOR 19
#define COAP_MEDIATYPE_APPLICATION_MB_CBOR_SEQ 272
#define COAP_MEDIATYPE_APPLICATION_OSCORE 10001

/* A Message ID, 0 to 65535, or COAP_INVALID_MID. */
typedef int coap_mid_t;
#define COAP_INVALID_MID -1
#define COAP_INVALID_TID COAP_INVALID_MID

typedef enum coap_proto_t {
  COAP_PROTO_NONE = 0,
  COAP_PROTO_UDP,
  COAP_PROTO_DTLS,
  COAP_PROTO_TCP,
  COAP_PROTO_TLS,
  COAP_PROTO_WS,
  COAP_PROTO_WSS,
  COAP_PROTO_LAST
} coap_proto_t;

typedef enum coap_pdu_code_t {
  COAP_EMPTY_CODE = 0,

  COAP_REQUEST_CODE_GET = COAP_REQUEST_GET,
  COAP_REQUEST_CODE_POST = COAP_REQUEST_POST,
  COAP_REQUEST_CODE_PUT = COAP_REQUEST_PUT,
  COAP_REQUEST_CODE_DELETE = COAP_REQUEST_DELETE,
  COAP_REQUEST_CODE_FETCH = COAP_REQUEST_FETCH,
  COAP_REQUEST_CODE_PATCH = COAP_REQUEST_PATCH,
  COAP_REQUEST_CODE_IPATCH = COAP_REQUEST_IPATCH,

  COAP_RESPONSE_CODE_CREATED = COAP_RESPONSE_CODE(201),
  COAP_RESPONSE_CODE_DELETED = COAP_RESPONSE_CODE(202),
  COAP_RESPONSE_CODE_VALID = COAP_RESPONSE_CODE(203),
  COAP_RESPONSE_CODE_CHANGED = COAP_RESPONSE_CODE(204),
  COAP_RESPONSE_CODE_CONTENT = COAP_RESPONSE_CODE(205),
  COAP_RESPONSE_CODE_CONTINUE = COAP_RESPONSE_CODE(231),
  COAP_RESPONSE_CODE_BAD_REQUEST = COAP_RESPONSE_CODE(400),
  COAP_RESPONSE_CODE_UNAUTHORIZED = COAP_RESPONSE_CODE(401),
  COAP_RESPONSE_CODE_BAD_OPTION = COAP_RESPONSE_CODE(402),
  COAP_RESPONSE_CODE_FORBIDDEN = COAP_RESPONSE_CODE(403),
  COAP_RESPONSE_CODE_NOT_FOUND = COAP_RESPONSE_CODE(404),
  COAP_RESPONSE_CODE_NOT_ALLOWED = COAP_RESPONSE_CODE(405),
  COAP_RESPONSE_CODE_NOT_ACCEPTABLE = COAP_RESPONSE_CODE(406),
  COAP_RESPONSE_CODE_INCOMPLETE = COAP_RESPONSE_CODE(408),
  COAP_RESPONSE_CODE_CONFLICT = COAP_RESPONSE_CODE(409),
  COAP_RESPONSE_CODE_PRECONDITION_FAILED = COAP_RESPONSE_CODE(412),
  COAP_RESPONSE_CODE_REQUEST_TOO_LARGE = COAP_RESPONSE_CODE(413),
  COAP_RESPONSE_CODE_UNSUPPORTED_CONTENT_FORMAT = COAP_RESPONSE_CODE(415),
  COAP_RESPONSE_CODE_UNPROCESSABLE = COAP_RESPONSE_CODE(422),
  COAP_RESPONSE_CODE_TOO_MANY_REQUESTS = COAP_RESPONSE_CODE(429),
  COAP_RESPONSE_CODE_INTERNAL_ERROR = COAP_RESPONSE_CODE(500),
  COAP_RESPONSE_CODE_NOT_IMPLEMENTED = COAP_RESPONSE_CODE(501),
  COAP_RESPONSE_CODE_BAD_GATEWAY = COAP_RESPONSE_CODE(502),
  COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE = COAP_RESPONSE_CODE(503),
  COAP_RESPONSE_CODE_GATEWAY_TIMEOUT = COAP_RESPONSE_CODE(504),
  COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED = COAP_RESPONSE_CODE(505),
  COAP_RESPONSE_CODE_HOP_LIMIT_REACHED = COAP_RESPONSE_CODE(508),

  COAP_SIGNALING_CODE_CSM = COAP_SIGNALING_CSM,
  COAP_SIGNALING_CODE_PING = COAP_SIGNALING_PING,
  COAP_SIGNALING_CODE_PONG = COAP_SIGNALING_PONG,
  COAP_SIGNALING_CODE_RELEASE = COAP_SIGNALING_RELEASE,
  COAP_SIGNALING_CODE_ABORT = COAP_SIGNALING_ABORT
} coap_pdu_code_t;

/* A new message. mid is 0 to 65535; size is the most bytes of token, options
 * and payload together that it may come to hold, coap_session_max_pdu_size()
 * of the session it is for (at most 8 MiB; 0 means that). The caller owns it until
 * coap_send(). NULL when an argument is out of its range (code classes 1, 6
 * and, for now, 7 are reserved: RFC 7252 section 4.2) or there is no memory. */
coap_pdu_t *coap_pdu_init(coap_pdu_type_t type, coap_pdu_code_t code, coap_mid_t mid, size_t size);

/* A new message for session, with its next Message ID and its largest size.
 * NULL as above, also while every Message ID was used within EXCHANGE_LIFETIME
 * (RFC 7252 section 4.4). */
coap_pdu_t *coap_new_pdu(coap_pdu_type_t type, coap_pdu_code_t code, coap_session_t *session);

/* Frees a message that was not given to coap_send(). NULL is allowed. A
 * message that belongs to the library (one that a handler was called with) is
 * left alone. */
void coap_delete_pdu(coap_pdu_t *pdu);

/* A copy of old_pdu for session: its type and code, session's next Message ID,
 * the token given (token_length bytes), its options without those in
 * drop_options (NULL: all of them), and no payload. The caller owns it. NULL
 * as above. */
coap_pdu_t *coap_pdu_duplicate(const coap_pdu_t *old_pdu, coap_session_t *session,
                               size_t token_length, const uint8_t *token,
                               coap_opt_filter_t *drop_options);

/* Makes pdu hold the message of length bytes at data, in the header form of
 * proto (COAP_PROTO_UDP or COAP_PROTO_DTLS). Returns 1; 0 when it breaks a rule of
 * RFC 7252 sections 3 and 4 (the reason names it) or is larger than pdu may
 * be: pdu is then as it was. */
int coap_pdu_parse(coap_proto_t proto, const uint8_t *data, size_t length, coap_pdu_t *pdu);

/* Sets the token, once, before options and payload: len 0 to 65804 bytes at
 * data (over 8 bytes the peer must know RFC 8974). 1, or 0 when there is a
 * token, an option or a payload already, or no room. */
int coap_add_token(coap_pdu_t *pdu, size_t len, const uint8_t *data);

/* Adds an option of len bytes (0 to 65804) at data in its place; the order of
 * calls only matters for options of the same number. Returns the bytes it
 * occupies; 0 when pdu has a payload already or no room: pdu is then as it
 * was. */
size_t coap_add_option(coap_pdu_t *pdu, coap_option_num_t number, size_t len, const uint8_t *data);

/* Adds the payload, once: a copy of len bytes at data. len 0 adds none. 1, or
 * 0 when there is one already or no room. */
int coap_add_data(coap_pdu_t *pdu, size_t len, const uint8_t *data);

/* The same with len bytes (1 or more) that the caller fills in at the address
 * returned, before coap_send(). NULL for failure. */
uint8_t *coap_add_data_after(coap_pdu_t *pdu, size_t len);

/* The payload, borrowed from pdu, in *len and *data. 1, or 0 when there is
 * none: *len is then 0 and *data NULL. */
int coap_get_data(const coap_pdu_t *pdu, size_t *len, const uint8_t **data);

/* The same with its place in the body it is part of: *offset bytes from the
 * beginning, *total bytes in all as far as known. */
int coap_get_data_large(const coap_pdu_t *pdu, size_t *len, const uint8_t **data, size_t *offset,
                        size_t *total);

/* Header fields. Of NULL: code and type 0, COAP_INVALID_MID, an empty token.
 * The token is borrowed from pdu. */
coap_pdu_code_t coap_pdu_get_code(const coap_pdu_t *pdu);
coap_pdu_type_t coap_pdu_get_type(const coap_pdu_t *pdu);
coap_bin_const_t coap_pdu_get_token(const coap_pdu_t *pdu);
coap_mid_t coap_pdu_get_mid(const coap_pdu_t *pdu);

/* They set one header field of a message that was not sent yet; a value that
 * coap_pdu_init() would refuse has no effect. */
void coap_pdu_set_code(coap_pdu_t *pdu, coap_pdu_code_t code);
void coap_pdu_set_type(coap_pdu_t *pdu, coap_pdu_type_t type);
void coap_pdu_set_mid(coap_pdu_t *pdu, coap_mid_t mid);

#endif
