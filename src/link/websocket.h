/* A WebSocket (RFC 6455) as RFC 8323 section 4 uses it, either side. ws_open.c
 * shakes hands, ws_read.c puts frames together, ws_write.c makes them. */
#ifndef CS_LINK_WEBSOCKET_H
#define CS_LINK_WEBSOCKET_H

#include "link/link.h"
#include "wire/ws_frame.h"
#include "wire/ws_upgrade.h"

/* Where our Close stands. */
enum link_ws_close { LINK_WS_NO_CLOSE, LINK_WS_CLOSE_DUE, LINK_WS_CLOSE_SENT };

struct cs_link_ws {
  cs_base_random random;
  cs_time timeout;
  cs_time deadline; /* of the handshake under way */
  bool server;
  bool open;        /* the opening handshake is done, at least as far as we read it */
  bool upgrade_due; /* our part of it waits to be sent */
  bool over;        /* nothing is left to send or to wait for */
  bool peer_closed; /* the peer's Close came */
  uint8_t close;    /* enum link_ws_close */
  cs_rule refusal;  /* server: why the upgrade is refused, while that is to be told */
  cs_rule why;      /* what our Close is for */
  uint16_t echo;    /* the status it answers with, 0 when it was our idea */
  uint16_t http_status;

  /* the frame under way */
  bool in_frame;
  uint8_t head_len; /* bytes of an incomplete header that are held in head */
  uint8_t head[CS_WS_HEADER_MAX];
  cs_wire_ws_frame frame;
  uint64_t done; /* bytes of its payload that were taken */

  /* the message under way */
  bool in_message;
  uint16_t fragments;
  uint16_t empty;    /* fragments in a row without a payload */
  uint16_t controls; /* control frames since the last whole message */
  uint64_t total;    /* payload bytes of its frames, as announced */

  bool pong_due;
  uint8_t pong_len;
  uint8_t pong[CS_WS_CONTROL_MAX];
  uint8_t control_len;
  uint8_t control[CS_WS_CONTROL_MAX]; /* payload of a control frame; in the end the peer's Close */

  char key[CS_WS_KEY_SIZE];
  cs_time window; /* when the budget of control frames was last refilled */
  size_t host_len;
  uint8_t host[];
};

/* Reads the peer's part of the opening handshake. CS_OK once it is there. */
cs_err link_ws_opening(cs_link *l, cs_rule *broken);
/* Our part, or a refusal, when one is due; else CS_ERR_AGAIN. */
cs_err link_ws_put_opening(cs_link *l, uint8_t *buf, size_t cap, size_t *len);

/* cs_link_next of a WebSocket that has broken no rule yet. */
cs_err link_ws_next(cs_link *l, cs_span *message, cs_rule *broken);

/* A Pong or Close when one is due; else CS_ERR_AGAIN. */
cs_err link_ws_put_control(cs_link *l, uint8_t *buf, size_t cap, size_t *len);
void link_ws_seal(cs_link *l, uint8_t *at, size_t len);

#endif
