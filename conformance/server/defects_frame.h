/* Reading and writing frames: what the defects of WebSockets share. */
#ifndef CS_SERVER_DEFECTS_FRAME_H
#define CS_SERVER_DEFECTS_FRAME_H

#include "server/defects.h"

/* A frame that a hook was given: its header and its payload without the mask. */
typedef struct cs_frame {
  cs_wire_ws_frame header;
  uint8_t payload[CS_SERVER_MESSAGE_MAX];
  size_t len;
} cs_frame;

/* False when the unit is no frame; the other when its opcode is another too. */
bool cs_frame_read(const cs_defect_unit *u, cs_frame *f);
bool cs_frame_read_as(const cs_defect_unit *u, cs_wire_ws_opcode opcode, cs_frame *f);
/* Makes the unit this frame; what is too large is left undone. */
void cs_frame_write(cs_defect_unit *u, const cs_frame *f);
void cs_frame_set(cs_frame *f, cs_span payload);
bool cs_frame_is_control(const cs_frame *f);
/* The status of a Close, 0 when it has none. */
unsigned cs_frame_status(const cs_frame *f);

#endif
