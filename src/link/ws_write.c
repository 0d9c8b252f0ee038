#include "link/websocket.h"

enum { STATUS_SIZE = 2, STATUS_NONE = 1005 };

/* A header for a payload that stands behind it, which a client masks with a
 * key of its own (section 5.3). Returns its size. */
static size_t frame(cs_link_ws *ws, uint8_t opcode, uint8_t *at, size_t len) {
  cs_wire_ws_frame f;
  uint8_t header[CS_WS_HEADER_MAX];
  memset(&f, 0, sizeof f);
  f.fin = true;
  f.opcode = opcode;
  f.masked = !ws->server;
  f.length = len;
  if (f.masked)
    cs_base_random_fill(&ws->random, f.mask, sizeof f.mask);
  size_t n = cs_wire_ws_frame_put(&f, header);
  memcpy(at, header, n);
  if (f.masked)
    cs_wire_ws_mask(at + n, len, f.mask, 0);
  return n;
}

void link_ws_seal(cs_link *l, uint8_t *at, size_t len) {
  (void)frame(l->ws, CS_WS_BINARY, at, len);
}

/* The status that fits a rule (section 7.4.1). A cap of our own is a policy. */
static unsigned status_of(cs_rule why) {
  switch (why) {
  case CS_RULE_NONE:
    return CS_WS_NORMAL;
  case CS_RULE_WS_TEXT:
    return CS_WS_UNSUPPORTED_DATA;
  case CS_RULE_WS_CLOSE_REASON:
    return CS_WS_INVALID_PAYLOAD;
  case CS_RULE_MESSAGE_CAP:
    return CS_WS_TOO_BIG;
  case CS_RULE_OUT_OF_MEMORY:
    return CS_WS_INTERNAL_ERROR;
  default:
    return cs_base_rule_basis(why) == CS_BASIS_OURS ? CS_WS_POLICY : CS_WS_PROTOCOL_ERROR;
  }
}

/* What a Close says: nothing where the peer said nothing. */
static size_t close_payload(const cs_link_ws *ws, uint8_t out[CS_WS_CONTROL_MAX]) {
  if (ws->echo == STATUS_NONE)
    return 0;
  unsigned status = ws->echo ? ws->echo : status_of(ws->why);
  out[0] = (uint8_t)(status >> 8);
  out[1] = (uint8_t)status;
  size_t n = STATUS_SIZE;
  if (ws->echo || ws->why == CS_RULE_NONE)
    return n;
  for (const char *id = cs_base_rule_id(ws->why); *id && n < CS_WS_CONTROL_MAX; id++)
    out[n++] = (uint8_t)*id;
  return n;
}

static cs_err put(cs_link_ws *ws, uint8_t opcode, cs_span payload, uint8_t *buf, size_t cap,
                  size_t *len) {
  size_t header = cs_wire_ws_header_size(payload.len, !ws->server);
  if (header + payload.len > cap)
    return CS_ERR_TOO_LARGE;
  if (payload.len)
    memcpy(buf + header, payload.at, payload.len);
  *len = frame(ws, opcode, buf, payload.len) + payload.len;
  return CS_OK;
}

cs_err link_ws_put_control(cs_link *l, uint8_t *buf, size_t cap, size_t *len) {
  cs_link_ws *ws = l->ws;
  if (ws->pong_due) {
    cs_err e = put(ws, CS_WS_PONG, cs_span_of(ws->pong, ws->pong_len), buf, cap, len);
    if (e == CS_OK)
      ws->pong_due = false;
    return e;
  }
  if (ws->close != LINK_WS_CLOSE_DUE)
    return CS_ERR_AGAIN;
  uint8_t payload[CS_WS_CONTROL_MAX];
  size_t n = close_payload(ws, payload);
  cs_err e = put(ws, CS_WS_CLOSE, cs_span_of(payload, n), buf, cap, len);
  if (e == CS_OK)
    ws->close = LINK_WS_CLOSE_SENT;
  return e;
}
