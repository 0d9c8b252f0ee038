#include "link/partial.h"
#include "link/websocket.h"

static bool is_control(const cs_wire_ws_frame *f) {
  return (f->opcode & CS_WS_CLOSE) != 0;
}

/* What a frame of data may not be at this point, and the caps that a message
 * in fragments meets. Counts it. */
static cs_rule count_data(cs_link *l, const cs_wire_ws_frame *f) {
  cs_link_ws *ws = l->ws;
  if (f->opcode == CS_WS_CONTINUATION && !ws->in_message)
    return CS_RULE_WS_CONTINUATION;
  if (f->opcode != CS_WS_CONTINUATION && ws->in_message)
    return CS_RULE_WS_INTERLEAVED;
  if (f->opcode == CS_WS_TEXT)
    return CS_RULE_WS_TEXT;
  if (f->length > l->cap - ws->total)
    return CS_RULE_MESSAGE_CAP;
  ws->total += f->length;
  if (f->fin && ws->total == 0)
    return CS_RULE_WS_MESSAGE_EMPTY;
  ws->empty = f->length ? 0 : (uint16_t)(ws->empty + 1);
  if (ws->empty > CS_LINK_WS_EMPTY_MAX)
    return CS_RULE_WS_EMPTY_FRAGMENTS;
  if (++ws->fragments > CS_LINK_WS_FRAGMENTS_MAX)
    return CS_RULE_WS_FRAGMENTS;
  ws->in_message = true;
  return CS_RULE_NONE;
}

static cs_rule count_control(cs_link_ws *ws) {
  ws->control_len = 0;
  return ++ws->controls > CS_LINK_WS_CONTROL_MAX ? CS_RULE_WS_CONTROL_FLOOD : CS_RULE_NONE;
}

/* A header may come in pieces: it is put together in ws->head. */
static cs_err read_header(cs_link *l, cs_wire_ws_frame *f, cs_rule *rule) {
  cs_link_ws *ws = l->ws;
  if (ws->head_len == 0) {
    cs_err e = cs_wire_ws_frame_read(l->in, f, rule);
    if (e == CS_OK)
      l->in = cs_span_cut(l->in, f->header, l->in.len - f->header);
    if (e != CS_ERR_AGAIN)
      return e;
  }
  while (l->in.len) {
    ws->head[ws->head_len++] = l->in.at[0];
    l->in = cs_span_cut(l->in, 1, l->in.len - 1);
    cs_err e = cs_wire_ws_frame_read(cs_span_of(ws->head, ws->head_len), f, rule);
    if (e != CS_ERR_AGAIN) {
      ws->head_len = 0;
      return e;
    }
  }
  return CS_ERR_AGAIN;
}

static cs_err begin_frame(cs_link *l, cs_rule *broken) {
  cs_link_ws *ws = l->ws;
  cs_wire_ws_frame f;
  cs_rule rule = CS_RULE_NONE;
  cs_err e = read_header(l, &f, &rule);
  if (e == CS_ERR_AGAIN)
    return e;
  if (rule == CS_RULE_NONE)
    rule = cs_wire_ws_frame_check(&f, ws->server);
  if (rule == CS_RULE_NONE)
    rule = is_control(&f) ? count_control(ws) : count_data(l, &f);
  if (rule != CS_RULE_NONE)
    return link_break(l, rule, broken);
  ws->frame = f;
  ws->done = 0;
  ws->in_frame = true;
  return CS_OK;
}

/* How much of the frame's payload is there. */
static size_t at_hand(const cs_link *l) {
  uint64_t left = l->ws->frame.length - l->ws->done;
  return left < l->in.len ? (size_t)left : l->in.len;
}

static void unmask(cs_link_ws *ws, uint8_t *at, size_t n) {
  if (ws->frame.masked)
    cs_wire_ws_mask(at, n, ws->frame.mask, (size_t)(ws->done & 3u));
  ws->done += n;
}

static bool complete(const cs_link_ws *ws) {
  return ws->done == ws->frame.length;
}

/* The peer's Close is answered by one with its status, unless ours went first. */
static cs_rule take_close(cs_link_ws *ws) {
  uint16_t status;
  cs_span reason;
  cs_rule rule = cs_wire_ws_close_read(cs_span_of(ws->control, ws->control_len), &status, &reason);
  if (rule != CS_RULE_NONE)
    return rule;
  ws->peer_closed = true;
  if (ws->close == LINK_WS_NO_CLOSE) {
    ws->close = LINK_WS_CLOSE_DUE;
    ws->echo = status;
  }
  return CS_RULE_NONE;
}

static cs_err take_control(cs_link *l, cs_rule *broken) {
  cs_link_ws *ws = l->ws;
  size_t n = at_hand(l);
  if (n) {
    memcpy(ws->control + ws->control_len, l->in.at, n);
    unmask(ws, ws->control + ws->control_len, n);
    ws->control_len = (uint8_t)(ws->control_len + n);
    l->in = cs_span_cut(l->in, n, l->in.len - n);
  }
  if (!complete(ws))
    return CS_ERR_AGAIN;
  ws->in_frame = false;
  if (ws->frame.opcode == CS_WS_CLOSE) {
    cs_rule rule = take_close(ws);
    return rule == CS_RULE_NONE ? CS_OK : link_break(l, rule, broken);
  }
  /* Of several Pings that wait the latest is answered (section 5.5.3); none
   * once our Close is on its way, after which nothing is sent. */
  if (ws->frame.opcode == CS_WS_PING && ws->close == LINK_WS_NO_CLOSE) {
    memcpy(ws->pong, ws->control, ws->control_len);
    ws->pong_len = ws->control_len;
    ws->pong_due = true;
  }
  return CS_OK;
}

static void end_message(cs_link_ws *ws) {
  ws->in_message = false;
  ws->fragments = 0;
  ws->empty = 0;
  ws->total = 0;
  /* Only a whole message refills the budget of control frames: the session
   * counts those, fragments cost nobody anything. */
  ws->controls = 0;
}

/* Once our Close was sent, data means nothing (section 1.4). */
static cs_err discard(cs_link *l) {
  cs_link_ws *ws = l->ws;
  size_t n = at_hand(l);
  link_drop(l);
  ws->done += n;
  if (n)
    l->in = cs_span_cut(l->in, n, l->in.len - n);
  if (!complete(ws))
    return CS_ERR_AGAIN;
  ws->in_frame = false;
  if (ws->frame.fin)
    end_message(ws);
  return CS_OK;
}

/* A whole message, unmasked and in one frame, is passed on where it lies. */
static bool take_in_place(cs_link *l, cs_span *message) {
  cs_link_ws *ws = l->ws;
  if (ws->frame.masked || l->partial || !ws->frame.fin || ws->frame.length > l->in.len || ws->done)
    return false;
  size_t n = (size_t)ws->frame.length;
  *message = cs_span_cut(l->in, 0, n);
  l->in = cs_span_cut(l->in, n, l->in.len - n);
  ws->in_frame = false;
  end_message(ws);
  return true;
}

/* CS_OK with *message empty when a frame is complete, but not its message. */
static cs_err take_data(cs_link *l, cs_span *message) {
  cs_link_ws *ws = l->ws;
  if (take_in_place(l, message))
    return CS_OK;
  size_t n = at_hand(l);
  if (n) {
    size_t held = l->partial ? l->partial->len : 0;
    /* What is still to come of this message: a last frame says it, before
     * that only the cap does. */
    size_t bound = ws->frame.fin ? (size_t)ws->total : l->cap;
    cs_err e = link_hold(l, held + n, bound);
    if (e != CS_OK)
      return e;
    link_move_in(l, n);
    unmask(ws, l->partial->at + held, n);
  }
  if (!complete(ws))
    return CS_ERR_AGAIN;
  ws->in_frame = false;
  if (!ws->frame.fin)
    return CS_OK;
  end_message(ws);
  if (!l->partial)
    return CS_ERR_AGAIN; /* no message is empty: its last frame would have been refused */
  l->partial->given = true;
  *message = cs_span_of(l->partial->at, l->partial->len);
  return CS_OK;
}

cs_err link_ws_next(cs_link *l, cs_span *message, cs_rule *broken) {
  cs_link_ws *ws = l->ws;
  if (l->partial && l->partial->given)
    link_drop(l);
  if (ws->over || ws->refusal != CS_RULE_NONE) {
    link_drop(l);
    return CS_ERR_CLOSED;
  }
  if (!ws->open) {
    cs_err e = link_ws_opening(l, broken);
    if (e != CS_OK)
      return e;
  }
  for (;;) {
    if (ws->peer_closed) {
      link_drop(l);
      return CS_ERR_CLOSED;
    }
    cs_err e = CS_OK;
    cs_span whole = cs_span_of(NULL, 0);
    if (!ws->in_frame)
      e = begin_frame(l, broken);
    if (e != CS_OK)
      return e;
    if (is_control(&ws->frame))
      e = take_control(l, broken);
    else if (ws->close != LINK_WS_NO_CLOSE)
      e = discard(l);
    else
      e = take_data(l, &whole);
    if (e == CS_OK && whole.len) {
      *message = whole;
      return CS_OK;
    }
    if (e != CS_OK)
      return e;
  }
}
