/* A connection's bytes on their way past the defects. They are cut into what
 * hooks are shown: CoAP messages on TCP; on a WebSocket the HTTP head, then
 * frames. Nothing else is known of the protocol here: whether a unit is right
 * is for the session, or for a defect, to say. */
#include <string.h>

#include "server/inside.h"

enum { UNIT_MAX = CS_SERVER_MESSAGE_MAX };

static void init_way(const cs_server *s, cs_server_way *w, cs_wire_form form, bool in) {
  memset(w, 0, sizeof *w);
  w->in = in;
  w->cut = form == CS_WIRE_TCP ? CS_CUT_MESSAGES : CS_CUT_HEAD;
  if (!cs_server_hooked(s, form, in))
    w->cut = CS_CUT_NOTHING;
}

void cs_server_tap_init(const cs_server *s, cs_server_peer *p) {
  init_way(s, &p->ways[0], p->form, true);
  init_way(s, &p->ways[1], p->form, false);
}

/* Bytes that are through. */
static void emit(cs_server *s, cs_server_peer *p, const cs_server_way *w, cs_span bytes,
                 cs_time now) {
  if (bytes.len == 0 || p->life != CS_LIFE_OPEN)
    return;
  if (w->in) {
    cs_server_feed(s, p, bytes, now);
  } else if (!cs_server_post(s, p, bytes, now, false)) {
    /* No memory: a stream with a gap is worth less than none. */
    p->life = CS_LIFE_CUT;
    cs_server_peer_ends(s, p);
  }
}

/* ---- messages ---- */

static void pass_message(cs_server *s, cs_server_peer *p, const cs_server_way *w, cs_span bytes,
                         cs_time now) {
  if (cs_server_show(s, p, bytes) && cs_server_pass_message(s, p, w->in, now))
    emit(s, p, w, cs_span_of(s->scratch.bytes, s->scratch.len), now);
}

/* Shows the message in a frame, if it is one whole message that breaks no rule,
 * and puts what comes of it back into the frame; false when it is gone. */
static bool pass_framed(cs_server *s, cs_server_peer *p, const cs_server_way *w, cs_time now) {
  cs_wire_ws_frame f;
  uint8_t payload[UNIT_MAX];
  size_t len;
  if (!cs_defect_unit_read(&s->unit, &f, payload, &len) || !f.fin || f.opcode != CS_WS_BINARY ||
      cs_wire_ws_frame_check(&f, w->in) != CS_RULE_NONE)
    return true;
  if (!cs_server_show(s, p, cs_span_of(payload, len)))
    return true;
  if (!cs_server_pass_message(s, p, w->in, now))
    return false;
  cs_span shown = cs_span_of(s->scratch.bytes, s->scratch.len);
  if (!cs_span_equal(shown, cs_span_of(payload, len)))
    return cs_defect_unit_write(&s->unit, &f, shown);
  return true;
}

static void pass_unit(cs_server *s, cs_server_peer *p, const cs_server_way *w,
                      cs_defect_unit_kind kind, cs_span bytes, cs_time now) {
  s->unit.kind = kind;
  (void)cs_defect_unit_set(&s->unit, bytes);
  bool there = true;
  if (kind == CS_DEFECT_FRAME && !w->in)
    there = pass_framed(s, p, w, now);
  there = there && cs_server_pass_unit(s, p, w->in, now);
  if (there && kind == CS_DEFECT_FRAME && w->in)
    there = pass_framed(s, p, w, now);
  if (there)
    emit(s, p, w, cs_span_of(s->unit.bytes, s->unit.len), now);
}

/* ---- cutting ---- */

/* How many of the bytes belong to the head: up to the LF of an empty line. 0:
 * it goes on. *line_empty is kept from call to call. */
static size_t head_end(cs_span bytes, bool *line_empty) {
  for (size_t i = 0; i < bytes.len; i++) {
    uint8_t c = bytes.at[i];
    if (c == '\n' && *line_empty)
      return i + 1;
    *line_empty = c == '\n' || (c == '\r' && *line_empty);
  }
  return 0;
}

/* Bytes of the unit that begins in held; 0 when that cannot be said yet. */
static uint64_t unit_size(const cs_server_way *w) {
  cs_span held = cs_span_of(w->held, w->len);
  size_t total;
  if (w->cut == CS_CUT_HEAD) {
    bool line_empty = false;
    return head_end(held, &line_empty);
  }
  if (w->cut == CS_CUT_MESSAGES)
    return cs_wire_tcp_frame(held, &total) == CS_OK ? total : 0;
  cs_wire_ws_frame f;
  cs_rule broken;
  if (cs_wire_ws_frame_read(held, &f, &broken) == CS_ERR_AGAIN)
    return 0;
  return f.length > UINT64_MAX - f.header ? UINT64_MAX : f.header + f.length;
}

/* What follows a head: frames, unless it refuses the upgrade. */
static cs_server_cut after_head(const cs_server_way *w, cs_span head) {
  if (w->in)
    return CS_CUT_FRAMES;
  bool upgraded = head.len >= 12 && memcmp(head.at + 8, " 101", 4) == 0;
  return upgraded ? CS_CUT_FRAMES : CS_CUT_NOTHING;
}

static void drop_held(cs_server_way *w, size_t n) {
  w->len -= n;
  if (w->len)
    memmove(w->held, w->held + n, w->len);
}

/* Passes the next whole unit of what is held, or what is too large to be one;
 * false when more is needed. */
static bool pass_next(cs_server *s, cs_server_peer *p, cs_server_way *w, cs_time now) {
  uint64_t size = unit_size(w);
  cs_span held = cs_span_of(w->held, w->len);
  if (size == 0 && w->len == UNIT_MAX) {
    w->cut = CS_CUT_LONG_HEAD;
    w->line_empty = false;
    (void)head_end(held, &w->line_empty);
    emit(s, p, w, held, now);
    w->len = 0;
    return false;
  }
  if (size > UNIT_MAX) {
    w->passing = size - w->len;
    emit(s, p, w, held, now);
    w->len = 0;
    return false;
  }
  if (size == 0 || w->len < size)
    return false;
  cs_span unit = cs_span_of(w->held, (size_t)size);
  if (w->cut == CS_CUT_MESSAGES) {
    pass_message(s, p, w, unit, now);
  } else if (w->cut == CS_CUT_FRAMES) {
    pass_unit(s, p, w, CS_DEFECT_FRAME, unit, now);
  } else {
    w->cut = after_head(w, unit);
    pass_unit(s, p, w, CS_DEFECT_HEAD, unit, now);
  }
  drop_held(w, (size_t)size);
  if (w->cut == CS_CUT_NOTHING) {
    emit(s, p, w, cs_span_of(w->held, w->len), now);
    w->len = 0;
  }
  return w->len > 0;
}

/* Lets through what is not shown, the beginning of bytes; 0 when that is
 * nothing. */
static size_t let_through(cs_server_way *w, cs_span bytes) {
  size_t n = 0;
  if (w->cut == CS_CUT_NOTHING) {
    n = bytes.len;
  } else if (w->cut == CS_CUT_LONG_HEAD) {
    n = head_end(bytes, &w->line_empty);
    if (n)
      w->cut = CS_CUT_FRAMES;
    else
      n = bytes.len;
  } else if (w->passing) {
    n = w->passing < bytes.len ? (size_t)w->passing : bytes.len;
    w->passing -= n;
  }
  return n;
}

static void tap(cs_server *s, cs_server_peer *p, cs_server_way *w, cs_span bytes, cs_time now) {
  while (bytes.len && p->life == CS_LIFE_OPEN) {
    size_t n = let_through(w, bytes);
    if (n) {
      emit(s, p, w, cs_span_cut(bytes, 0, n), now);
    } else {
      n = UNIT_MAX - w->len < bytes.len ? UNIT_MAX - w->len : bytes.len;
      memcpy(w->held + w->len, bytes.at, n);
      w->len += n;
      while (p->life == CS_LIFE_OPEN && pass_next(s, p, w, now))
        ;
    }
    bytes = cs_span_cut(bytes, n, bytes.len - n);
  }
}

void cs_server_tap_in(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now) {
  tap(s, p, &p->ways[0], bytes, now);
}

void cs_server_tap_out(cs_server *s, cs_server_peer *p, cs_span bytes, cs_time now) {
  tap(s, p, &p->ways[1], bytes, now);
}
