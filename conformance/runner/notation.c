/* What goes over the wire, as a line of text for reports. */
#include <stdlib.h>
#include <string.h>

#include "runner/values.h"
#include "wire/notation.h"

const char *cs_runner_raw_notation(cs_runner_arena *arena, cs_span bytes) {
  static const char digits[] = "0123456789abcdef";
  char *raw = cs_runner_get(arena, 4 + 3 * bytes.len);
  memcpy(raw, "raw", 3);
  for (size_t i = 0; i < bytes.len; i++) {
    raw[3 + 3 * i] = ' ';
    raw[4 + 3 * i] = digits[bytes.at[i] >> 4];
    raw[5 + 3 * i] = digits[bytes.at[i] & 15];
  }
  return raw;
}

const char *cs_runner_notation(cs_runner_arena *arena, cs_wire_form form, cs_span bytes,
                               const cs_wire_limits *limits) {
  cs_wire_message m;
  if (cs_wire_parse(form, bytes, limits, &m) == CS_RULE_NONE) {
    /* No byte of the options needs more than an option's longest heading, no
     * other more than an escape. */
    size_t cap = 128 + 40 * m.options.len + 4 * (m.token.len + m.payload.len);
    char *text = malloc(cap);
    bool printed = text && cs_wire_print(&m, text, cap, NULL) == CS_OK;
    const char *copy = printed ? cs_runner_text(arena, cs_span_str(text)) : NULL;
    free(text);
    if (copy)
      return copy;
  }
  return cs_runner_raw_notation(arena, bytes);
}

/* A value between quotation marks, or as hex when it is no text. */
static const char *value_text(cs_runner_arena *arena, cs_span value, bool text) {
  size_t cap = 16 + 4 * value.len;
  char *buf = cs_runner_get(arena, cap);
  cs_wire_format format = text ? CS_FORMAT_STRING : CS_FORMAT_OPAQUE;
  return cs_wire_print_value(format, value, buf, cap, NULL) == CS_OK ? buf : "0x";
}

const char *cs_runner_frame_notation(cs_runner_arena *arena, const cs_wire_ws_frame *frame,
                                     cs_span payload, bool sent) {
  const char *name = cs_wire_ws_opcode_name(frame->opcode);
  char *text = name ? cs_runner_format(arena, "frame %s", name)
                    : cs_runner_format(arena, "frame %u", frame->opcode);
  if (!frame->fin)
    text = cs_runner_format(arena, "%s fin=0", text);
  if (frame->rsv)
    text = cs_runner_format(arena, "%s rsv=%u", text, frame->rsv);
  if (sent && !frame->masked)
    text = cs_runner_format(arena, "%s mask=0", text);
  if (!sent && frame->masked)
    text = cs_runner_format(arena, "%s mask=0x%02x%02x%02x%02x", text, frame->mask[0],
                            frame->mask[1], frame->mask[2], frame->mask[3]);
  if (frame->length != payload.len)
    text = cs_runner_format(arena, "%s announce=%llu", text, (unsigned long long)frame->length);
  if (frame->opcode == CS_WS_CLOSE && payload.len >= 2) {
    text =
        cs_runner_format(arena, "%s status=%u", text, (unsigned)payload.at[0] << 8 | payload.at[1]);
    payload = cs_span_cut(payload, 2, payload.len - 2);
    return payload.len
               ? cs_runner_format(arena, "%s reason=%s", text, value_text(arena, payload, true))
               : text;
  }
  if (payload.len)
    text = cs_runner_format(arena, "%s payload=%s", text,
                            value_text(arena, payload, frame->opcode == CS_WS_TEXT));
  return text;
}

const char *cs_runner_head_notation(cs_runner_arena *arena, const cs_wire_http_head *head) {
  char *text;
  if (head->response)
    text = cs_runner_format(arena, "upgrade %u", head->status);
  else
    text = cs_runner_format(arena, "upgrade method=%.*s target=%.*s", (int)head->method.len,
                            (const char *)head->method.at, (int)head->target.len,
                            (const char *)head->target.at);
  cs_wire_http_iter it = cs_wire_http_fields(head);
  cs_span name;
  cs_span value;
  while (cs_wire_http_next(&it, &name, &value))
    text = cs_runner_format(arena, "%s %.*s=%s", text, (int)name.len, (const char *)name.at,
                            value_text(arena, value, true));
  return text;
}
