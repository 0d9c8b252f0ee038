/* What is not done to a device unless it is asked for: cases that change something
 * (--read-only), and off this machine those that strain it (--robustness). */
#include <arpa/inet.h>

#include "runner/run_inside.h"

enum { TEXT = 1, BINARY = 2 }; /* opcodes of WebSocket */

/* A method that may change something: any but GET and FETCH. What is no request
 * asks for nothing. */
static bool changes(uint8_t code) {
  return CS_CODE_CLASS(code) == 0 && code != CS_CODE_EMPTY && code != CS_CODE(0, 1) &&
         code != CS_CODE(0, 5);
}

/* The bytes of "raw" and of a frame's payload, with some byte where a variable stands. */
static void append(cs_runner_arena *arena, const cs_runner_scenario *s, const cs_runner_send *send,
                   uint8_t fill, cs_runner_list *out) {
  const uint8_t unknown[] = {fill, fill, fill, fill};
  for (size_t i = 0; i < send->field_count; i++) {
    const cs_runner_field *f = &send->fields[i];
    cs_span bytes = f->literal;
    if (f->var >= 0)
      bytes = cs_span_of(unknown, s->vars[f->var].kind == CS_RUNNER_KIND_MID ? 2 : 4);
    for (size_t k = 0; k < bytes.len; k++)
      *(uint8_t *)cs_runner_push(arena, out, 1) = bytes.at[k];
  }
}

static cs_span bytes_of(const cs_runner_list *list) {
  return cs_span_of(list->items, list->count);
}

/* Of messages one behind the other on TCP. */
static bool stream_changes(cs_span s) {
  static const size_t extended[] = {0, 1, 2, 4}; /* bytes of the Length, from 13 on */
  static const size_t base[] = {0, 13, 269, 65805};
  for (size_t at = 0; at < s.len;) {
    size_t nibble = s.at[at] >> 4;
    size_t token = s.at[at] & 15;
    size_t row = nibble < 13 ? 0 : nibble - 12;
    size_t code = at + 1 + extended[row];
    size_t length = row ? 0 : nibble;
    if (code >= s.len)
      return false;
    for (size_t i = at + 1; i < code; i++)
      length = length << 8 | s.at[i];
    length += base[row];
    if (changes(s.at[code]))
      return true;
    if (token > 8 || length > s.len)
      return false;
    at = code + 1 + token + length;
  }
  return false;
}

/* Of the message that a WebSocket message holds. */
static bool payload_changes(const cs_runner_list *payload) {
  cs_span s = bytes_of(payload);
  return s.len > 1 && changes(s.at[1]);
}

/* Of frames one behind the other: "raw" on a WebSocket. */
static bool frames_change(cs_runner_arena *arena, cs_span s) {
  cs_runner_list payload = {0};
  for (size_t at = 0; at + 2 <= s.len;) {
    uint8_t opcode = s.at[at] & 15;
    bool fin = (s.at[at] & 0x80) != 0;
    bool masked = (s.at[at + 1] & 0x80) != 0;
    uint64_t length = s.at[at + 1] & 127;
    size_t more = length == 127 ? 8 : length == 126 ? 2 : 0;
    at += 2;
    if (more)
      length = 0;
    for (size_t i = 0; i < more && at < s.len; i++)
      length = length << 8 | s.at[at++];
    size_t mask = at;
    at += masked ? 4 : 0;
    for (size_t i = 0; i < length && at < s.len; i++, at++) {
      uint8_t byte = masked ? (uint8_t)(s.at[at] ^ s.at[mask + i % 4]) : s.at[at];
      if (opcode < 8)
        *(uint8_t *)cs_runner_push(arena, &payload, 1) = byte;
    }
    if (payload_changes(&payload))
      return true;
    if (fin && opcode < 8)
      payload.count = 0;
  }
  return false;
}

/* What goes over a connection without being a message of ours, step by step. */
struct loose {
  uint8_t fill;           /* what variables hold */
  cs_runner_list raw;     /* uint8_t */
  cs_runner_list payload; /* of a WebSocket message that is not whole */
};

static bool raw_changes(cs_runner_arena *arena, const struct loose *l, cs_runner_transport t) {
  cs_span s = bytes_of(&l->raw);
  if (1u << t & CS_RUNNER_DATAGRAMS)
    return s.len > 1 && changes(s.at[1]);
  return 1u << t & CS_RUNNER_WEBSOCKETS ? frames_change(arena, s) : stream_changes(s);
}

/* Of the raw bytes up to here, which are looked at once: there may be a great many steps. */
static bool raw_over(cs_runner_arena *arena, struct loose *l, cs_runner_transport t) {
  bool any = l->raw.count && raw_changes(arena, l, t);
  l->raw.count = 0;
  return any;
}

static bool send_changes(cs_runner_arena *arena, const cs_runner_scenario *s,
                         const cs_runner_send *send, cs_runner_transport t, struct loose *l) {
  if ((send->kind != CS_RUNNER_SEND_RAW || 1u << t & CS_RUNNER_DATAGRAMS) && raw_over(arena, l, t))
    return true;
  switch (send->kind) {
  case CS_RUNNER_SEND_MESSAGE:
    return changes(send->code);
  case CS_RUNNER_SEND_RAW:
    append(arena, s, send, l->fill, &l->raw);
    return false;
  case CS_RUNNER_SEND_FRAME:
    if (send->frame.opcode == TEXT || send->frame.opcode == BINARY)
      l->payload.count = 0;
    if (send->frame.opcode < 8)
      append(arena, s, send, l->fill, &l->payload);
    return payload_changes(&l->payload);
  case CS_RUNNER_SEND_UPGRADE:
    for (size_t i = 0; i < send->field_count; i++)
      if (send->fields[i].kind == CS_RUNNER_FIELD_METHOD)
        return !cs_span_equal(send->fields[i].literal, cs_span_str("GET"));
    return false;
  default:
    return false;
  }
}

static bool walk(cs_runner_arena *arena, const cs_runner_scenario *s, cs_runner_transport t,
                 uint8_t fill) {
  struct loose loose = {.fill = fill};
  for (size_t i = 0; i < s->step_count; i++) {
    const cs_runner_step *step = &s->steps[i];
    if (step->kind == CS_RUNNER_SEND && send_changes(arena, s, &step->send, t, &loose))
      return true;
    if (step->kind == CS_RUNNER_CALL && step->call == CS_RUNNER_CALL_REQUEST &&
        changes(step->send.code))
      return true;
  }
  return raw_over(arena, &loose, t);
}

bool cs_runner_changes(const cs_runner_scenario *s, cs_runner_transport t) {
  enum { POST = CS_CODE(0, 2) };
  cs_runner_arena arena = {0};
  /* A variable may come to stand where a method does. */
  bool any = walk(&arena, s, t, 0) || walk(&arena, s, t, POST);
  cs_runner_release(&arena);
  return any;
}

const char *cs_runner_spared(const cs_runner_side *s, const cs_runner_scenario *scenario) {
  const cs_runner_run_config *config = s->run->config;
  if (config->read_only && cs_runner_changes(scenario, s->transport))
    return "it may change something at the target, and --read-only says that nothing is changed";
  const char *barred = scenario->multicast && s->net ? cs_runner_net_barred(s->net) : NULL;
  if (barred)
    return barred;
  if (scenario->hostile && !s->local && !config->robustness)
    return "it strains the target, which is another machine: --robustness runs it";
  if (scenario->multicast && s->net)
    return cs_runner_net_barred(s->net);
  return NULL;
}

bool cs_runner_is_local(const cs_net_address *a) {
  switch (cs_net_address_family(a)) {
  case AF_UNIX:
    return true;
  case AF_INET:
    return ntohl(a->u.in.sin_addr.s_addr) >> 24 == 127;
  case AF_INET6:
    return IN6_IS_ADDR_LOOPBACK(&a->u.in6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr) && a->u.in6.sin6_addr.s6_addr[12] == 127);
  default:
    return false;
  }
}
