/* Defects in frames: masks, reserved bits, opcodes, lengths, fragments (RFC 6455
 * sections 5.1 to 5.5). */
#include "server/defects_frame.h"

#include <string.h>

bool cs_frame_read(const cs_defect_unit *u, cs_frame *f) {
  return cs_defect_unit_read(u, &f->header, f->payload, &f->len);
}

void cs_frame_write(cs_defect_unit *u, const cs_frame *f) {
  (void)cs_defect_unit_write(u, &f->header, cs_span_of(f->payload, f->len));
}

bool cs_frame_is_control(const cs_frame *f) {
  return f->header.opcode >= CS_WS_CLOSE;
}

bool cs_frame_read_as(const cs_defect_unit *u, cs_wire_ws_opcode opcode, cs_frame *f) {
  return cs_frame_read(u, f) && f->header.opcode == opcode;
}

unsigned cs_frame_status(const cs_frame *f) {
  return f->len < 2 ? 0 : (unsigned)f->payload[0] << 8 | f->payload[1];
}

void cs_frame_set(cs_frame *f, cs_span payload) {
  if (payload.len)
    memcpy(f->payload, payload.at, payload.len);
  f->len = payload.len;
}

static bool is_reserved(const cs_frame *f) {
  uint8_t opcode = f->header.opcode;
  return (opcode > CS_WS_BINARY && opcode < CS_WS_CLOSE) || opcode > CS_WS_PONG;
}

/* ---- masks ---- */

static bool unmasked_accepted(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read(u, &f) && !f.header.masked) {
    f.header.masked = true;
    cs_frame_write(u, &f);
  }
  return true;
}

static bool unmasked_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  return !cs_frame_read(u, &f) || f.header.masked;
}

static bool frames_masked(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  cs_frame f;
  if (cs_frame_read(u, &f)) {
    f.header.masked = true;
    memcpy(f.header.mask, mask, sizeof mask);
    cs_frame_write(u, &f);
  }
  return true;
}

/* Unmasks by another mask than that of the frame. */
static void unmask_by(cs_defect_unit *u, cs_frame *f, const uint8_t mask[4]) {
  cs_wire_ws_mask(f->payload, f->len, f->header.mask, 0);
  cs_wire_ws_mask(f->payload, f->len, mask, 0);
  cs_frame_write(u, f);
}

static bool mask_by_first_byte(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read(u, &f) && f.header.masked) {
    uint8_t mask[4];
    memset(mask, f.header.mask[0], sizeof mask);
    unmask_by(u, &f, mask);
  }
  return true;
}

static bool mask_of_first_frame(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (!cs_frame_read(u, &f) || !f.header.masked)
    return true;
  if (t->mine->len == 0) {
    memcpy(t->mine->bytes, f.header.mask, sizeof f.header.mask);
    t->mine->len = sizeof f.header.mask;
  }
  unmask_by(u, &f, t->mine->bytes);
  return true;
}

/* ---- reserved bits, opcodes, lengths ---- */

static bool reserved_bits_ignored(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read(u, &f) && f.header.rsv) {
    f.header.rsv = 0;
    cs_frame_write(u, &f);
  }
  return true;
}

static bool reserved_bits_dropped(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  return !cs_frame_read(u, &f) || f.header.rsv == 0;
}

static bool reserved_bit_sent(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read(u, &f)) {
    f.header.rsv = 4;
    cs_frame_write(u, &f);
  }
  return true;
}

static bool opcode_dropped(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  return !cs_frame_read(u, &f) || !is_reserved(&f);
}

static bool opcode_as_binary(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read(u, &f) && is_reserved(&f)) {
    f.header.opcode = CS_WS_BINARY;
    cs_frame_write(u, &f);
  }
  return true;
}

static bool long_form_refused(cs_defect_turn *t, cs_defect_unit *u) {
  if (u->kind != CS_DEFECT_FRAME || u->len < 2 || (u->bytes[1] & 0x7fu) != 126)
    return true;
  cs_defect_close(t);
  return false;
}

static bool long_form_sent(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  if (u->kind != CS_DEFECT_FRAME || u->len < 2 || (u->bytes[1] & 0x7fu) > 125 ||
      u->len + 2 > sizeof u->bytes)
    return true;
  memmove(u->bytes + 4, u->bytes + 2, u->len - 2);
  u->bytes[2] = 0;
  u->bytes[3] = u->bytes[1] & 0x7fu;
  u->bytes[1] = (uint8_t)((u->bytes[1] & 0x80u) | 126u);
  u->len += 2;
  return true;
}

static bool long_close_form(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  return cs_frame_read_as(u, CS_WS_CLOSE, &f) ? long_form_sent(t, u) : true;
}

/* Where a connection would be failed by this status, a Pong is sent, as if a
 * message had been read. */
static bool pong_instead(cs_defect_unit *u, unsigned status) {
  static const uint8_t pong[] = {0, CS_CODE(7, 3)};
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_CLOSE, &f) && cs_frame_status(&f) == status) {
    f.header.opcode = CS_WS_BINARY;
    cs_frame_set(&f, cs_span_of(pong, sizeof pong));
    cs_frame_write(u, &f);
  }
  return true;
}

static bool impossible_length(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return pong_instead(u, CS_WS_PROTOCOL_ERROR);
}

static bool huge_frame(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  return pong_instead(u, CS_WS_TOO_BIG);
}

/* ---- fragments ---- */

/* Whether a fragmented message is under way, before this frame. */
static bool in_message(cs_defect_turn *t, const cs_frame *f) {
  bool open = t->mine->number[0] != 0;
  if (!cs_frame_is_control(f))
    t->mine->number[0] = !f->header.fin;
  return open;
}

static bool fragments_refused(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (!cs_frame_read(u, &f) || cs_frame_is_control(&f) || f.header.fin)
    return true;
  cs_defect_close(t);
  return false;
}

static bool fragments_as_messages(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read(u, &f) && !cs_frame_is_control(&f)) {
    f.header.fin = true;
    f.header.opcode = CS_WS_BINARY;
    cs_frame_write(u, &f);
  }
  return true;
}

static bool short_fragment_refused(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (!cs_frame_read_as(u, CS_WS_BINARY, &f) || f.header.fin || f.len >= 2)
    return true;
  cs_defect_close(t);
  return false;
}

/* Reads one frame of what came at once, and forgets the rest. */
static bool frame_a_segment(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (!cs_frame_read_as(u, CS_WS_BINARY, &f))
    return true;
  bool again = t->mine->number[1] && t->mine->number[0] == (uint64_t)t->now;
  t->mine->number[0] = (uint64_t)t->now;
  t->mine->number[1] = 1;
  return !again;
}

static bool control_between_refused(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (!cs_frame_read(u, &f) || !in_message(t, &f) || !cs_frame_is_control(&f))
    return true;
  cs_defect_close(t);
  return false;
}

static bool control_between_loses(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (!cs_frame_read(u, &f))
    return true;
  bool open = in_message(t, &f);
  if (cs_frame_is_control(&f) && open)
    t->mine->number[1] = 1;
  if (cs_frame_is_control(&f) || !t->mine->number[1])
    return true;
  if (f.header.fin)
    t->mine->number[1] = 0;
  return false;
}

static bool continuation_as_message(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (cs_frame_read(u, &f) && !in_message(t, &f) && f.header.opcode == CS_WS_CONTINUATION) {
    f.header.opcode = CS_WS_BINARY;
    cs_frame_write(u, &f);
  }
  return true;
}

/* Forgets the message that was begun when another one begins. */
static bool interleaved_accepted(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  return !cs_frame_read_as(u, CS_WS_BINARY, &f) || f.header.fin;
}

static bool control_fragment_accepted(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read(u, &f) && cs_frame_is_control(&f) && !f.header.fin) {
    f.header.fin = true;
    cs_frame_write(u, &f);
  }
  return true;
}

static bool long_control_accepted(cs_defect_turn *t, cs_defect_unit *u) {
  cs_frame f;
  if (!cs_frame_read_as(u, CS_WS_PING, &f) || f.len <= CS_WS_CONTROL_MAX)
    return true;
  f.header.opcode = CS_WS_PONG;
  f.header.masked = false;
  cs_frame_write(u, &f);
  cs_defect_send_raw(t, cs_span_of(u->bytes, u->len), 0);
  return false;
}

static bool close_as_fragment(cs_defect_turn *t, cs_defect_unit *u) {
  (void)t;
  cs_frame f;
  if (cs_frame_read_as(u, CS_WS_CLOSE, &f)) {
    f.header.fin = false;
    cs_frame_write(u, &f);
  }
  return true;
}

static const cs_defect table[] = {
    {.row = {"unmasked-accepted", "RFC6455#5.1:client-unmasked",
             "frames that are not masked are processed", CS_DEFECT_WS},
     .unit_in = unmasked_accepted},
    {.row = {"unmasked-ignored", "RFC6455#5.1:client-unmasked",
             "frames that are not masked are ignored", CS_DEFECT_WS},
     .unit_in = unmasked_ignored},
    {.row = {"frames-masked", "RFC6455#5.1:server-masked", "frames are sent masked", CS_DEFECT_WS},
     .unit_out = frames_masked},
    {.row = {"reserved-bits-ignored", "RFC6455#5.2:reserved-bits", "reserved bits are passed over",
             CS_DEFECT_WS},
     .unit_in = reserved_bits_ignored},
    {.row = {"reserved-bits-frame-dropped", "RFC6455#5.2:reserved-bits",
             "frames with reserved bits are passed over", CS_DEFECT_WS},
     .unit_in = reserved_bits_dropped},
    {.row = {"frames-with-reserved-bit", "RFC6455#5.2:reserved-bits-sent",
             "frames are sent with a reserved bit", CS_DEFECT_WS},
     .unit_out = reserved_bit_sent},
    {.row = {"opcode-reserved-dropped", "RFC6455#5.2:opcode",
             "frames with a reserved opcode are passed over", CS_DEFECT_WS},
     .unit_in = opcode_dropped},
    {.row = {"opcode-reserved-as-binary", "RFC6455#5.2:opcode",
             "frames with a reserved opcode are taken for binary ones", CS_DEFECT_WS},
     .unit_in = opcode_as_binary},
    {.row = {"length-of-16-bits-refused", "RFC6455#5.2:length-forms",
             "a frame of over 125 bytes closes the connection", CS_DEFECT_WS},
     .unit_in = long_form_refused},
    {.row = {"lengths-in-16-bits", "RFC6455#5.2:length-form",
             "lengths up to 125 are sent in 16 bits", CS_DEFECT_WS},
     .unit_out = long_form_sent},
    {.row = {"long-close-length", "RFC6455#5.2:length-form",
             "the length of a Close is sent in 16 bits", CS_DEFECT_WS},
     .unit_out = long_close_form},
    {.row = {"impossible-length-answered", "RFC6455#5.2:length-range",
             "a length with its highest bit set is taken for another, and the bytes for a Ping",
             CS_DEFECT_WS},
     .unit_out = impossible_length},
    {.row = {"mask-by-first-byte", "RFC6455#5.3:unmasking",
             "payloads are unmasked by the first byte of the key alone", CS_DEFECT_WS},
     .unit_in = mask_by_first_byte},
    {.row = {"mask-of-first-frame", "RFC6455#5.3:unmasking",
             "payloads are unmasked by the key of the first frame", CS_DEFECT_WS},
     .unit_in = mask_of_first_frame},
    {.row = {"fragments-refused", "RFC6455#5.4:fragmented-received",
             "a fragmented message closes the connection", CS_DEFECT_WS},
     .unit_in = fragments_refused},
    {.row = {"fragments-as-messages", "RFC6455#5.4:fragmented-received",
             "each fragment is taken for a message", CS_DEFECT_WS},
     .unit_in = fragments_as_messages},
    {.row = {"short-first-fragment-refused", "RFC6455#5.4:boundaries",
             "a first fragment of under two bytes closes the connection", CS_DEFECT_WS},
     .unit_in = short_fragment_refused},
    {.row = {"control-between-refused", "RFC6455#5.4:control-between",
             "a control frame inside a message closes the connection", CS_DEFECT_WS},
     .unit_in = control_between_refused},
    {.row = {"control-between-loses-message", "RFC6455#5.4:control-between",
             "a control frame inside a message loses the rest of the message", CS_DEFECT_WS},
     .unit_in = control_between_loses},
    {.row = {"close-sent-as-fragment", "RFC6455#5.5:control-fragmented",
             "Close frames are sent without the FIN bit", CS_DEFECT_WS},
     .unit_out = close_as_fragment},
    {.row = {"frame-a-segment", "RFC6455#6.2:next-message",
             "of two messages that come at once the second is lost", CS_DEFECT_WS},
     .unit_in = frame_a_segment},
    {.row = {"huge-frame-answered", "RFC6455#10.4:limits",
             "of a long length the last bytes are taken, and what follows for a Ping",
             CS_DEFECT_WS},
     .unit_out = huge_frame},
    {.row = {"continuation-as-message", "RFC6455#10.7:invalid-frame",
             "a continuation of nothing is taken for a message", CS_DEFECT_WS},
     .unit_in = continuation_as_message},
    {.row = {"interleaved-accepted", "RFC6455#10.7:invalid-frame",
             "a message that begins inside another is processed", CS_DEFECT_WS},
     .unit_in = interleaved_accepted},
    {.row = {"control-fragment-accepted", "RFC6455#10.7:invalid-frame",
             "fragmented control frames are processed", CS_DEFECT_WS},
     .unit_in = control_fragment_accepted},
    {.row = {"long-control-accepted", "RFC6455#10.7:invalid-frame",
             "Ping frames of over 125 bytes are answered", CS_DEFECT_WS},
     .unit_in = long_control_accepted},
    {.row = {"processed-behind-failure", "RFC6455#7.1.7:nothing-processed",
             "what comes behind a frame that fails the connection is processed", CS_DEFECT_WS},
     .unit_in = opcode_dropped},
};

const cs_defect_family cs_defects_frame = {table, sizeof table / sizeof *table};
