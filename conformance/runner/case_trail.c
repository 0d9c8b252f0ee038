/* What our client's transport carried, as the packets of a report: on streams put
 * together and cut anew at messages and frames. It judges nothing. */
#include "runner/case_call.h"

static const cs_wire_limits any = {CS_WIRE_TOKEN_MAX};

static void record(cs_runner_call *call, bool sent, cs_span bytes, const char *notation) {
  cs_runner_case_record(call->owner, CS_REPORT_BYTES, sent, call->port, bytes, notation);
}

static cs_span shift(cs_runner_call *call, cs_runner_trail *t, size_t len) {
  cs_span bytes = cs_runner_copy(&call->owner->arena, cs_span_of(t->held.at, len));
  t->held.len -= len;
  if (t->held.len)
    memmove(t->held.at, t->held.at + len, t->held.len);
  return bytes;
}

static const char *frame_text(cs_runner_call *call, bool sent, const cs_wire_ws_frame *f,
                              cs_span payload) {
  cs_runner_arena *arena = &call->owner->arena;
  if (f->masked && payload.len) {
    uint8_t *plain = cs_runner_get(arena, payload.len);
    memcpy(plain, payload.at, payload.len);
    cs_wire_ws_mask(plain, payload.len, f->mask, 0);
    payload = cs_span_of(plain, payload.len);
  }
  cs_wire_message m;
  if (f->opcode == CS_WS_BINARY && f->fin && !f->rsv && f->masked == sent &&
      cs_wire_parse(CS_WIRE_WS, payload, &any, &m) == CS_RULE_NONE)
    return cs_runner_notation(arena, CS_WIRE_WS, payload, &any);
  return cs_runner_frame_notation(arena, f, payload, sent);
}

static bool cut_frame(cs_runner_call *call, bool sent, cs_runner_trail *t) {
  cs_wire_ws_frame f;
  cs_rule broken;
  if (cs_wire_ws_frame_read(cs_span_of(t->held.at, t->held.len), &f, &broken) == CS_ERR_AGAIN ||
      f.length > t->held.len - f.header)
    return false;
  cs_span bytes = shift(call, t, f.header + (size_t)f.length);
  cs_span payload = cs_span_cut(bytes, f.header, (size_t)f.length);
  record(call, sent, bytes, frame_text(call, sent, &f, payload));
  return true;
}

static bool cut_head(cs_runner_call *call, bool sent, cs_runner_trail *t) {
  cs_wire_http_head head;
  cs_rule broken;
  cs_span held = cs_span_of(t->held.at, t->held.len);
  cs_err err = cs_wire_http_read(held, !sent, &head, &broken);
  if (err == CS_ERR_AGAIN)
    return false;
  size_t size = err == CS_OK ? head.size : held.len;
  cs_span bytes = shift(call, t, size);
  bool good = err == CS_OK && cs_wire_http_read(bytes, !sent, &head, &broken) == CS_OK;
  t->behind_head = true;
  record(call, sent, bytes,
         good ? cs_runner_head_notation(&call->owner->arena, &head)
              : cs_runner_raw_notation(&call->owner->arena, bytes));
  return true;
}

static bool cut_message(cs_runner_call *call, bool sent, cs_runner_trail *t) {
  size_t total = 0;
  if (cs_wire_tcp_frame(cs_span_of(t->held.at, t->held.len), &total) != CS_OK ||
      total > t->held.len)
    return false;
  cs_span bytes = shift(call, t, total);
  record(call, sent, bytes, cs_runner_notation(&call->owner->arena, CS_WIRE_TCP, bytes, &any));
  return true;
}

static bool cut(cs_runner_call *call, bool sent, cs_runner_trail *t) {
  if (t->held.len == 0)
    return false;
  if (call->owner->form == CS_WIRE_TCP)
    return cut_message(call, sent, t);
  return t->behind_head ? cut_frame(call, sent, t) : cut_head(call, sent, t);
}

void cs_runner_trail_add(cs_runner_call *call, bool sent, cs_span bytes) {
  cs_runner_case *c = call->owner;
  cs_runner_trail *t = sent ? &call->sent : &call->received;
  if (c->form == CS_WIRE_UDP) {
    bytes = cs_runner_copy(&c->arena, bytes);
    record(call, sent, bytes, cs_runner_notation(&c->arena, CS_WIRE_UDP, bytes, &any));
    return;
  }
  cs_runner_buffer_append(&c->arena, &t->held, bytes);
  while (cut(call, sent, t) && c->packets.count <= CS_RUNNER_PACKETS_MAX)
    ;
}

void cs_runner_trail_end(cs_runner_call *call) {
  for (int sent = 0; sent < 2; sent++) {
    cs_runner_trail *t = sent ? &call->sent : &call->received;
    if (t->held.len == 0)
      continue;
    cs_span bytes = shift(call, t, t->held.len);
    record(call, sent, bytes, cs_runner_raw_notation(&call->owner->arena, bytes));
  }
}
