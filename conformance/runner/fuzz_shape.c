/* How findings are told apart: by what the server printed, or by what their smallest
 * reproducers look like. */
#include <ctype.h>
#include <stdio.h>

#include "runner/fuzz_inside.h"
#include "wire/option.h"
#include "wire/ws_frame.h"

static const cs_wire_limits any_token = {CS_WIRE_TOKEN_MAX};

/* A message as far as it can be read. */
struct read {
  bool parsed;
  cs_rule broken;
  cs_wire_message m;
  uint8_t code;    /* of what is malformed too */
  uint32_t number; /* of the option that is malformed */
};

/* The message in the bytes: out of a frame that is whole. */
static cs_span message_in(cs_runner_arena *arena, cs_wire_form form, cs_span bytes) {
  cs_wire_ws_frame frame;
  cs_rule broken;
  if (form != CS_WIRE_WS || cs_wire_ws_frame_read(bytes, &frame, &broken) != CS_OK ||
      frame.length != bytes.len - frame.header)
    return bytes;
  uint8_t *plain = cs_runner_get(arena, (size_t)frame.length + 1);
  memcpy(plain, bytes.at + frame.header, (size_t)frame.length);
  if (frame.masked)
    cs_wire_ws_mask(plain, (size_t)frame.length, frame.mask, 0);
  return cs_span_of(plain, (size_t)frame.length);
}

static struct read read_message(cs_runner_arena *arena, cs_wire_form form, cs_span bytes) {
  struct read r = {.broken = CS_RULE_NONE};
  cs_span message = message_in(arena, form, bytes);
  r.broken = cs_wire_parse(form, message, &any_token, &r.m);
  r.parsed = r.broken == CS_RULE_NONE;
  if (r.parsed) {
    r.code = r.m.code;
    return r;
  }
  r.code = message.len > 1 ? message.at[1] : 0;
  size_t tkl = message.len ? message.at[0] & 15u : 0;
  if (form == CS_WIRE_UDP && tkl <= 8 && message.len > 4 + tkl) {
    cs_wire_option_iter it = cs_wire_options(cs_span_cut(message, 4 + tkl, message.len - 4 - tkl));
    cs_wire_option o;
    while (cs_wire_option_next(&it, &o))
      continue;
    r.number = it.number;
  }
  return r;
}

static unsigned length_class(size_t len) {
  static const size_t bounds[] = {0, 8, 12, 32, 64, 255, 268, 1024};
  unsigned i = 0;
  while (i < sizeof bounds / sizeof bounds[0] && len > bounds[i])
    i++;
  return i;
}

const char *cs_runner_fuzz_shape(cs_runner_arena *arena, const cs_runner_reproducer *r) {
  cs_wire_form form = cs_runner_form(r->transport);
  const char *text = cs_runner_transport_name(r->transport);
  for (size_t i = 0; i < r->moves.count; i++) {
    const cs_runner_move *move = &cs_runner_moves(r)[i];
    if (move->kind == CS_RUNNER_MOVE_WAIT)
      continue;
    if (move->kind != CS_RUNNER_MOVE_SEND) {
      text = cs_runner_format(arena, "%s|%u", text, (unsigned)move->kind);
      continue;
    }
    struct read m = read_message(arena, form, move->bytes);
    text =
        cs_runner_format(arena, "%s|%u.%02u", text, CS_CODE_CLASS(m.code), CS_CODE_DETAIL(m.code));
    if (!m.parsed) {
      text = cs_runner_format(arena, "%s %s %u", text, cs_base_rule_id(m.broken), m.number);
      continue;
    }
    cs_wire_option_iter it = cs_wire_options(m.m.options);
    cs_wire_option o;
    while (cs_wire_option_next(&it, &o))
      text = cs_runner_format(arena, "%s %u:%u", text, o.number, length_class(o.value.len));
    if (m.m.payload.len)
      text = cs_runner_format(arena, "%s p%u", text, length_class(m.m.payload.len));
  }
  return text;
}

/* ---- ---- */

static bool has_option(cs_span options, const cs_wire_option *like, bool loosely) {
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  size_t len = loosely ? like->value.len - like->value.len / 4 : like->value.len;
  while (cs_wire_option_next(&it, &o))
    if (o.number == like->number && o.value.len >= len)
      return true;
  return false;
}

static bool is_like(const struct read *m, const struct read *known, bool loosely) {
  bool requests = cs_wire_code_is_request(m->code) && cs_wire_code_is_request(known->code);
  if (m->parsed != known->parsed || (m->code != known->code && !(loosely && requests)))
    return false;
  if (!m->parsed)
    return m->broken == known->broken && m->number == known->number;
  if (m->m.type != known->m.type && m->m.form == CS_WIRE_UDP && known->m.type > CS_NON)
    return false;
  cs_wire_option_iter it = cs_wire_options(known->m.options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o))
    if (!has_option(m->m.options, &o, loosely))
      return false;
  return m->m.payload.len >= known->m.payload.len;
}

bool cs_runner_fuzz_contains(const cs_runner_reproducer *input, const cs_runner_reproducer *r,
                             bool loosely) {
  cs_wire_form form = cs_runner_form(r->transport);
  cs_runner_arena arena = {0};
  size_t at = 0;
  bool all = input->transport == r->transport && r->moves.count > 0;
  for (size_t i = 0; i < r->moves.count && all; i++) {
    const cs_runner_move *wanted = &cs_runner_moves(r)[i];
    if (wanted->kind == CS_RUNNER_MOVE_WAIT)
      continue;
    bool found = false;
    struct read known = read_message(&arena, form, wanted->bytes);
    for (; at < input->moves.count && !found; at++) {
      const cs_runner_move *move = &cs_runner_moves(input)[at];
      struct read m;
      found = move->kind == wanted->kind;
      if (found && move->kind == CS_RUNNER_MOVE_SEND) {
        m = read_message(&arena, form, move->bytes);
        found = is_like(&m, &known, loosely);
      }
    }
    all = found;
  }
  cs_runner_release(&arena);
  return all;
}

/* ---- ---- */

/* What only a line about an end holds, the most telling first. */
static const char *const signs[] = {"SUMMARY: ",
                                    "runtime error: ",
                                    "ERROR: ",
                                    "Assertion ",
                                    "assertion ",
                                    "assert ",
                                    "panicked at",
                                    "panic: ",
                                    "fatal error: ",
                                    "terminate called",
                                    "stack smashing detected",
                                    "buffer overflow detected",
                                    "double free",
                                    "invalid pointer",
                                    "corrupted ",
                                    "Exception in ",
                                    "FATAL"};

const char *cs_runner_fuzz_gist(cs_runner_arena *arena, const char *output) {
  const char *found = NULL;
  for (size_t i = 0; i < sizeof signs / sizeof signs[0] && !found; i++)
    found = strstr(output, signs[i]);
  if (!found)
    return "";
  while (found > output && found[-1] != '\n')
    found--;
  size_t len = strcspn(found, "\n");
  char *gist = cs_runner_get(arena, len + 1);
  char *to = gist;
  /* Addresses, process numbers and times differ from run to run; the number of a line of
   * code, behind a colon, does not. */
  for (const char *at = found; at < found + len;) {
    static const char build[] = " (BuildId: ";
    if (strncmp(at, build, sizeof build - 1) == 0)
      at += strcspn(at, ")\n") + (at[strcspn(at, ")\n")] == ')');
    if (at >= found + len)
      break;
    bool hex = at[0] == '0' && at[1] == 'x';
    bool line = at > found && at[-1] == ':';
    if (!isdigit((unsigned char)*at) || line) {
      do
        *to++ = *at++;
      while (line && isdigit((unsigned char)*at));
      continue;
    }
    *to++ = '#';
    for (at += hex ? 2 : 1; hex ? isxdigit((unsigned char)*at) : isdigit((unsigned char)*at);)
      at++;
  }
  *to = '\0';
  return gist;
}
