/* The bytes of a connection, cut into what they mean: the head of an HTTP
 * response, frames, messages. It looks on leniently, so that a violation becomes
 * an arrival that a step can judge, and names the rule that is broken. */
#include "runner/case_inside.h"

bool cs_runner_stream_writable(const cs_runner_stream *s) {
  return s && s->connected && !s->finished && !s->closed && !s->ended && !s->alerted &&
         !s->silenced;
}

void cs_runner_buffer_append(cs_runner_arena *arena, cs_runner_buffer *b, cs_span bytes) {
  if (bytes.len > b->cap - b->len) {
    size_t cap = b->cap ? b->cap : 1024;
    while (cap < b->len + bytes.len)
      cap *= 2;
    uint8_t *at = cs_runner_get(arena, cap);
    if (b->len)
      memcpy(at, b->at, b->len);
    b->at = at;
    b->cap = cap;
  }
  if (bytes.len)
    memcpy(b->at + b->len, bytes.at, bytes.len);
  b->len += bytes.len;
}

/* How long the first frame of ours is, or 0 when it is not whole; what is no frame
 * ends all. */
static size_t sent_frame(cs_runner_stream *s, cs_span out) {
  cs_wire_ws_frame frame;
  cs_rule broken;
  cs_err err = cs_wire_ws_frame_read(out, &frame, &broken);
  if (err != CS_OK)
    return err == CS_ERR_AGAIN ? 0 : out.len;
  if (frame.length > out.len - frame.header)
    return 0;
  if (frame.opcode < CS_WS_CLOSE)
    s->out_fragmented = !frame.fin;
  return frame.header + (size_t)frame.length;
}

static size_t sent_message(cs_runner_stream *s, cs_span out) {
  size_t total;
  if (cs_wire_tcp_frame(out, &total) != CS_OK || total > out.len)
    return 0;
  if (total > s->longest)
    s->longest = total;
  return total;
}

void cs_runner_stream_sent(cs_runner_case *c, unsigned port, cs_span bytes) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  cs_runner_buffer *out = &s->out;
  if (s->mode != CS_RUNNER_MODE_MESSAGES && s->mode != CS_RUNNER_MODE_FRAMES)
    return;
  cs_runner_buffer_append(&c->arena, out, bytes);
  while (out->len) {
    cs_span left = cs_span_of(out->at, out->len);
    size_t n = c->form == CS_WIRE_TCP ? sent_message(s, left) : sent_frame(s, left);
    if (n == 0)
      return;
    out->len -= n;
    memmove(out->at, out->at + n, out->len);
  }
}

bool cs_runner_stream_midway(const cs_runner_case *c, unsigned port, bool control) {
  const cs_runner_stream *s = c->streams[port];
  return (c->slow.active && c->slow.port == port) || s->out.len > 0 ||
         (s->out_fragmented && !control);
}

/* Takes bytes off the front: a copy that lives as long as the case. */
static cs_span shift(cs_runner_case *c, cs_runner_stream *s, size_t len) {
  cs_span bytes = cs_runner_copy(&c->arena, cs_span_of(s->in.at, len));
  s->in.len -= len;
  if (s->in.len)
    memmove(s->in.at, s->in.at + len, s->in.len);
  return bytes;
}

static cs_runner_arrival arrival_of(const cs_runner_case *c, unsigned port, cs_span bytes) {
  return (cs_runner_arrival){.at = c->now, .port = port, .bytes = bytes};
}

static void blame(cs_runner_arrival *a, cs_rule broken) {
  if (broken == CS_RULE_NONE)
    return;
  a->fault = cs_base_rule_text(broken);
  a->ours = cs_base_rule_basis(broken) == CS_BASIS_OURS;
}

/* What follows cannot be told apart any more. */
static void lose(cs_runner_case *c, unsigned port, cs_rule broken, const char *fault) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  cs_runner_arrival a = arrival_of(c, port, shift(c, s, s->in.len));
  a.fault = fault;
  blame(&a, broken);
  a.notation = cs_runner_raw_notation(&c->arena, a.bytes);
  s->mode = CS_RUNNER_MODE_LOST;
  cs_runner_case_arrive(c, &a);
}

/* A message whose bytes on the wire are these. */
static void arrive_message(cs_runner_case *c, unsigned port, cs_span wire, cs_span message) {
  cs_runner_arrival a = arrival_of(c, port, wire);
  blame(&a, cs_wire_parse(c->form, message, &c->limits, &a.m));
  a.notation = cs_runner_notation(&c->arena, c->form, message, &c->limits);
  cs_runner_case_arrive(c, &a);
}

static bool take_message(cs_runner_case *c, unsigned port) {
  static const char huge[] = "a message is not announced with over 2 MiB";
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  size_t total = 0;
  if (cs_wire_tcp_frame(cs_span_of(s->in.at, s->in.len), &total) != CS_OK)
    return false;
  if (total > CS_RUNNER_STREAM_MAX) {
    lose(c, port, CS_RULE_NONE, huge);
    return true;
  }
  if (s->in.len < total)
    return false;
  cs_span bytes = shift(c, s, total);
  arrive_message(c, port, bytes, bytes);
  return true;
}

/* ---- WebSocket ---- */

/* How many bytes of body follow a head; SIZE_MAX when only the end will tell. */
static size_t body_length(const cs_wire_http_head *head) {
  cs_span value;
  size_t n = 0;
  if (!cs_wire_http_field(head, "Content-Length", &value))
    return SIZE_MAX;
  for (size_t i = 0; i < value.len; i++) {
    if (value.at[i] < '0' || value.at[i] > '9' || n > CS_RUNNER_STREAM_MAX)
      return SIZE_MAX;
    n = n * 10 + (size_t)(value.at[i] - '0');
  }
  return n;
}

static bool take_head(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  cs_wire_http_head head;
  cs_rule broken = CS_RULE_NONE;
  cs_err err = cs_wire_http_read(cs_span_of(s->in.at, s->in.len), true, &head, &broken);
  if (err == CS_ERR_AGAIN)
    return false;
  if (err != CS_OK) {
    lose(c, port, broken, NULL);
    return true;
  }
  cs_runner_arrival a = arrival_of(c, port, shift(c, s, head.size));
  a.kind = CS_RUNNER_CAME_HEAD;
  a.key = s->key;
  /* Once more, from the bytes that stay. */
  if (cs_wire_http_read(a.bytes, true, &a.head, &broken) != CS_OK)
    a.fault = "the head of a response";
  a.notation = cs_runner_head_notation(&c->arena, &a.head);
  s->mode = head.status == 101 ? CS_RUNNER_MODE_FRAMES : CS_RUNNER_MODE_BODY;
  s->body_left = body_length(&a.head);
  cs_runner_case_arrive(c, &a);
  return true;
}

/* The body of a refusal is shown and means nothing. */
static bool take_body(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  size_t len = s->in.len < s->body_left ? s->in.len : s->body_left;
  if (len) {
    cs_span bytes = shift(c, s, len);
    if (s->body_left != SIZE_MAX)
      s->body_left -= len;
    cs_runner_case_record(c, CS_REPORT_BYTES, false, port, bytes,
                          cs_runner_raw_notation(&c->arena, bytes));
  }
  if (s->body_left == 0)
    s->mode = CS_RUNNER_MODE_HEAD;
  return len > 0 && s->in.len > 0;
}

/* A frame that is no part of a message. */
static void arrive_frame(cs_runner_case *c, unsigned port, cs_span wire,
                         const cs_wire_ws_frame *frame, cs_span payload, cs_rule broken) {
  cs_runner_arrival a = arrival_of(c, port, wire);
  a.kind = CS_RUNNER_CAME_FRAME;
  a.frame = *frame;
  a.payload = payload;
  blame(&a, broken);
  a.notation = cs_runner_frame_notation(&c->arena, frame, payload, false);
  cs_runner_case_arrive(c, &a);
}

/* The rule that a data frame breaks by its place. */
static cs_rule misplaced(const cs_runner_stream *s, const cs_wire_ws_frame *frame) {
  if (frame->opcode == CS_WS_TEXT)
    return CS_RULE_WS_TEXT;
  if (frame->opcode == CS_WS_CONTINUATION)
    return s->fragmented ? CS_RULE_NONE : CS_RULE_WS_CONTINUATION;
  return s->fragmented ? CS_RULE_WS_INTERLEAVED : CS_RULE_NONE;
}

static void arrive_data(cs_runner_case *c, unsigned port, cs_span wire,
                        const cs_wire_ws_frame *frame, cs_span payload) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  cs_rule broken = misplaced(s, frame);
  if (broken != CS_RULE_NONE) {
    arrive_frame(c, port, wire, frame, payload, broken);
    return;
  }
  if (!s->fragmented)
    s->message.len = 0;
  cs_runner_buffer_append(&c->arena, &s->message, payload);
  s->fragmented = !frame->fin;
  if (s->fragmented)
    cs_runner_case_record(c, CS_REPORT_BYTES, false, port, wire,
                          cs_runner_frame_notation(&c->arena, frame, payload, false));
  else
    arrive_message(c, port, wire,
                   cs_runner_copy(&c->arena, cs_span_of(s->message.at, s->message.len)));
}

static bool take_frame(cs_runner_case *c, unsigned port) {
  static const char huge[] = "a frame is not announced with over 2 MiB";
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  cs_wire_ws_frame frame;
  cs_rule broken = CS_RULE_NONE;
  cs_err err = cs_wire_ws_frame_read(cs_span_of(s->in.at, s->in.len), &frame, &broken);
  if (err == CS_ERR_AGAIN)
    return false;
  if (frame.length > CS_RUNNER_STREAM_MAX) {
    lose(c, port, broken, huge);
    return true;
  }
  size_t total = frame.header + (size_t)frame.length;
  if (s->in.len < total)
    return false;
  cs_span wire = shift(c, s, total);
  cs_span payload = cs_span_cut(wire, frame.header, (size_t)frame.length);
  if (frame.masked && payload.len) {
    uint8_t *plain = cs_runner_get(&c->arena, payload.len);
    memcpy(plain, payload.at, payload.len);
    cs_wire_ws_mask(plain, payload.len, frame.mask, 0);
    payload = cs_span_of(plain, payload.len);
  }
  if (broken == CS_RULE_NONE)
    broken = cs_wire_ws_frame_check(&frame, false);
  if (broken == CS_RULE_NONE && frame.opcode < CS_WS_CLOSE) {
    arrive_data(c, port, wire, &frame, payload);
    return true;
  }
  uint16_t status;
  cs_span reason;
  if (broken == CS_RULE_NONE && frame.opcode == CS_WS_CLOSE)
    broken = cs_wire_ws_close_read(payload, &status, &reason);
  arrive_frame(c, port, wire, &frame, payload, broken);
  return true;
}

/* ---- */

/* Takes the next thing off what has come; false when it is not whole yet. */
static bool take_one(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  if (s->in.len == 0 || s->closed)
    return false;
  switch (s->mode) {
  case CS_RUNNER_MODE_HEAD:
    return take_head(c, port);
  case CS_RUNNER_MODE_BODY:
    return take_body(c, port);
  case CS_RUNNER_MODE_FRAMES:
    return take_frame(c, port);
  case CS_RUNNER_MODE_MESSAGES:
    return take_message(c, port);
  default:
    cs_runner_stream_leave(c, port);
    return false;
  }
}

void cs_runner_stream_take(cs_runner_case *c, unsigned port, cs_span bytes) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  s->total += bytes.len;
  cs_runner_buffer_append(&c->arena, &s->in, bytes);
  while (take_one(c, port))
    if (c->inbox.count > CS_RUNNER_INBOX_MAX || c->packets.count > CS_RUNNER_PACKETS_MAX)
      return;
}

void cs_runner_stream_leave(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  if (s->in.len == 0)
    return;
  cs_span bytes = shift(c, s, s->in.len);
  cs_runner_case_record(c, CS_REPORT_BYTES, false, port, bytes,
                        cs_runner_raw_notation(&c->arena, bytes));
}

void cs_runner_stream_over(cs_runner_case *c, unsigned port, bool reset) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  bool within = s->in.len > 0 && s->mode != CS_RUNNER_MODE_BODY;
  cs_runner_stream_leave(c, port);
  s->ended = true;
  s->reset = reset;
  cs_runner_arrival a = arrival_of(c, port, (cs_span){0});
  a.kind = CS_RUNNER_CAME_END;
  a.reset = reset;
  a.within = within;
  a.notation = reset ? "reset" : "closed";
  cs_runner_case_arrive(c, &a);
}

static void act(cs_runner_case *c, cs_runner_act_kind kind, unsigned port) {
  cs_runner_act *a = cs_runner_push(&c->arena, &c->outbox, sizeof *a);
  *a = (cs_runner_act){.kind = kind, .port = port};
}

void cs_runner_stream_close(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  if (!s || s->closed)
    return;
  if (s->connected) {
    cs_runner_stream_leave(c, port);
    if (!s->finished && !s->reset)
      cs_runner_case_record(c, CS_REPORT_ENDED, true, port, (cs_span){0}, "close");
  }
  /* TLS: not without a word (RFC 5246 section 7.2.1); alert 0 is close_notify. */
  if (c->secured && c->form != CS_WIRE_UDP && cs_runner_session_lives(s))
    act(c, CS_RUNNER_ACT_ALERT, port);
  s->closed = true;
  act(c, CS_RUNNER_ACT_CLOSE, port);
}

void cs_runner_stream_end(cs_runner_case *c, unsigned port) {
  cs_runner_stream *s = cs_runner_stream_of(c, port);
  if (!s || !s->connected || s->finished || s->closed || s->ended)
    return;
  s->finished = true;
  cs_runner_case_record(c, CS_REPORT_ENDED, true, port, (cs_span){0}, "end");
  act(c, CS_RUNNER_ACT_END, port);
}
