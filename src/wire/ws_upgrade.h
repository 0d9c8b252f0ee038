/* The opening handshake of a WebSocket (RFC 6455 section 4) as RFC 8323
 * section 4.1 uses it: heads of HTTP/1.1 messages, the upgrade request and the
 * response to it, both ways and strictly. */
#ifndef CS_WIRE_WS_UPGRADE_H
#define CS_WIRE_WS_UPGRADE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/rule.h"

enum {
  CS_HTTP_HEAD_MAX = 8192,  /* bytes of a head, the empty line included */
  CS_HTTP_FIELDS_MAX = 100, /* fields of a head */
  CS_WS_KEY_SIZE = 24,      /* Sec-WebSocket-Key: 16 bytes in base64 */
  CS_WS_KEY_MAX = 64,       /* of a longer one that somebody sends, what counts */
  CS_WS_ACCEPT_SIZE = 28,   /* Sec-WebSocket-Accept: a SHA-1 in base64 */
  CS_WS_HOST_MAX = 255
};
#define CS_WS_PATH "/.well-known/coap"

/* A head that is well-formed; spans borrow the bytes that were read. */
typedef struct cs_wire_http_head {
  bool response;
  cs_span method, target; /* of a request */
  uint16_t status;        /* of a response */
  cs_span reason;
  uint8_t major, minor; /* HTTP version */
  cs_span fields;       /* the field lines */
  size_t size;          /* bytes of the head, the empty line included */
} cs_wire_http_head;

/* Reads the head at the beginning of bytes. CS_ERR_AGAIN when its end has not
 * come; CS_ERR_RULE with *broken: no CRLF line ends, a start line or field that
 * is none, folded lines, control characters, over the sizes above. What is wrong
 * with a line is told when the line ends, a wrong character at once; the first
 * fault is the one named, wherever the bytes were cut. Each call reads from the
 * beginning: at most CS_HTTP_HEAD_MAX bytes, however often. */
cs_err cs_wire_http_read(cs_span bytes, bool response, cs_wire_http_head *out, cs_rule *broken);

/* Walks the fields: name and value without surrounding white space. */
typedef struct cs_wire_http_iter {
  cs_span rest;
} cs_wire_http_iter;
cs_wire_http_iter cs_wire_http_fields(const cs_wire_http_head *head);
bool cs_wire_http_next(cs_wire_http_iter *it, cs_span *name, cs_span *value);
/* The first field of this name (case-insensitive), and how many there are. */
bool cs_wire_http_field(const cs_wire_http_head *head, const char *name, cs_span *value);
size_t cs_wire_http_count(const cs_wire_http_head *head, const char *name);
/* Whether a comma-separated list in the fields of this name has the token
 * (case-insensitive). */
bool cs_wire_http_has(const cs_wire_http_head *head, const char *name, const char *token);
/* The same, each letter as it is: subprotocols are compared so. */
bool cs_wire_http_has_exact(const cs_wire_http_head *head, const char *name, const char *token);

/* Whether text may stand in a Host field: host or host:port, 1 to
 * CS_WS_HOST_MAX bytes, only characters of RFC 3986 (no control character, no
 * white space, an IPv6 address in brackets). CS_RULE_WS_HOST. */
cs_rule cs_wire_ws_host_check(cs_span host);

/* Base64 of 16 random bytes; and the accept value that answers a key (of which
 * CS_WS_KEY_MAX bytes count). */
void cs_wire_ws_key(const uint8_t nonce[16], char out[CS_WS_KEY_SIZE]);
void cs_wire_ws_accept(cs_span key, char out[CS_WS_ACCEPT_SIZE]);

/* A client's request. CS_ERR_TOO_LARGE, CS_ERR_RULE for the host. */
cs_err cs_wire_ws_request(cs_span host, const char key[CS_WS_KEY_SIZE], uint8_t *buf, size_t cap,
                          size_t *len);
/* What a client must find in the response to its key (RFC 6455 section 4.1):
 * status 101, Upgrade, Connection, the accept value, the subprotocol coap, no
 * extension. CS_RULE_NONE or the rule. */
cs_rule cs_wire_ws_response_check(const cs_wire_http_head *head, cs_span key);

/* What a server must find in a request (section 4.2.1): GET, HTTP/1.1 or
 * higher, Host, Upgrade, Connection, a key of 16 bytes, version 13, lists that
 * are lists, subprotocol coap, and the path of RFC 8323 section 8.3. */
cs_rule cs_wire_ws_request_check(const cs_wire_http_head *head);
/* That its lists of subprotocols and extensions are lists (sections 4.3 and 9.1);
 * cs_wire_ws_request_check asks it too. */
cs_rule cs_wire_ws_lists_check(const cs_wire_http_head *head);
/* A server's answers: 101 to this key; or a refusal for the rule: 426 with
 * Sec-WebSocket-Version for a wrong version, 404 for another path, 405 for
 * another method, 408 after the deadline, 431 over the sizes above, 505 for
 * HTTP/1.0, else 400. CS_ERR_TOO_LARGE. */
cs_err cs_wire_ws_accepting(cs_span key, uint8_t *buf, size_t cap, size_t *len);
cs_err cs_wire_ws_refusing(cs_rule why, uint8_t *buf, size_t cap, size_t *len);

#endif
