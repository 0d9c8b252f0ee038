/* WebSocket frames (RFC 6455 section 5), pure: a header to and from bytes, the
 * mask, and what a header may be. Putting fragments together is link's. */
#ifndef CS_WIRE_WS_FRAME_H
#define CS_WIRE_WS_FRAME_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/rule.h"

typedef enum cs_wire_ws_opcode {
  CS_WS_CONTINUATION = 0,
  CS_WS_TEXT = 1,
  CS_WS_BINARY = 2,
  CS_WS_CLOSE = 8,
  CS_WS_PING = 9,
  CS_WS_PONG = 10
} cs_wire_ws_opcode;

enum { CS_WS_HEADER_MAX = 14, CS_WS_CONTROL_MAX = 125 };

/* Status codes of a Close (RFC 6455 section 7.4.1) that we send. */
enum {
  CS_WS_NORMAL = 1000,
  CS_WS_GOING_AWAY = 1001,
  CS_WS_PROTOCOL_ERROR = 1002,
  CS_WS_UNSUPPORTED_DATA = 1003,
  CS_WS_INVALID_PAYLOAD = 1007,
  CS_WS_POLICY = 1008,
  CS_WS_TOO_BIG = 1009,
  CS_WS_INTERNAL_ERROR = 1011
};

typedef struct cs_wire_ws_frame {
  bool fin;
  uint8_t rsv;    /* the three reserved bits, 0 to 7 */
  uint8_t opcode; /* 0 to 15 */
  bool masked;
  uint8_t mask[4];
  uint64_t length; /* of the payload */
  uint8_t header;  /* bytes that the header occupies */
} cs_wire_ws_frame;

/* Reads a header. CS_ERR_AGAIN when it is incomplete; CS_ERR_RULE with *broken
 * for a length that is not the shortest form or has its highest bit set; *out
 * is then filled all the same, so that a tester can show what came. */
cs_err cs_wire_ws_frame_read(cs_span bytes, cs_wire_ws_frame *out, cs_rule *broken);
/* What a receiver may not accept: reserved bits, reserved opcodes, a fragmented
 * or long control frame, a mask where there must be none or none where there
 * must be one. from_client: the frame came from a client. CS_RULE_NONE. */
cs_rule cs_wire_ws_frame_check(const cs_wire_ws_frame *f, bool from_client);
/* Bytes of the header for a payload of this length, shortest form. */
size_t cs_wire_ws_header_size(uint64_t length, bool masked);
/* Writes the header with the shortest length form; returns its size. */
size_t cs_wire_ws_frame_put(const cs_wire_ws_frame *f, uint8_t out[CS_WS_HEADER_MAX]);
/* Masks or unmasks in place; offset is how many bytes of the payload came
 * before at. */
void cs_wire_ws_mask(uint8_t *at, size_t len, const uint8_t mask[4], size_t offset);
/* The payload of a Close: *status 1005 when it is empty. CS_RULE_NONE, or the
 * rule that it breaks (one byte, a status that may not be sent, a reason that
 * is no UTF-8), both outputs then untouched. */
cs_rule cs_wire_ws_close_read(cs_span payload, uint16_t *status, cs_span *reason);
/* "continuation", "text", "binary", "close", "ping", "pong", or NULL. */
const char *cs_wire_ws_opcode_name(uint8_t opcode);

#endif
