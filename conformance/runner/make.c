/* Messages to send, from their description to bytes. */
#include "runner/values.h"
#include "wire/option.h"
#include "wire/uri.h"

void cs_runner_fresh_init(cs_runner_fresh *f, uint64_t seed, const char *id) {
  uint64_t mix = seed * UINT64_C(0x9e3779b97f4a7c15);
  for (; *id; id++)
    mix = (mix ^ (uint8_t)*id) * UINT64_C(0x100000001b3);
  cs_base_seeded_init(&f->random, mix);
  f->mid = (uint16_t)cs_base_seeded_next(&f->random);
}

uint16_t cs_runner_fresh_mid(cs_runner_fresh *f) {
  return f->mid++;
}

void cs_runner_fresh_token(cs_runner_fresh *f, uint8_t out[4]) {
  uint64_t bits = cs_base_seeded_next(&f->random);
  for (unsigned i = 0; i < 4; i++)
    out[i] = (uint8_t)(bits >> (8 * i));
}

void cs_runner_fresh_bytes(cs_runner_fresh *f, uint8_t *out, size_t n) {
  for (size_t i = 0; i < n; i++)
    out[i] = (uint8_t)(cs_base_seeded_next(&f->random) >> 24);
}

static cs_span fresh_mid(const cs_runner_maker *maker) {
  uint16_t mid = cs_runner_fresh_mid(maker->fresh);
  uint8_t bytes[2] = {(uint8_t)(mid >> 8), (uint8_t)mid};
  return cs_runner_copy(maker->arena, cs_span_of(bytes, 2));
}

static cs_span fresh_token(const cs_runner_maker *maker) {
  uint8_t bytes[4];
  cs_runner_fresh_token(maker->fresh, bytes);
  return cs_runner_copy(maker->arena, cs_span_of(bytes, 4));
}

/* Of a field without parts. */
static cs_span simple_value(const cs_runner_maker *maker, const cs_runner_field *f) {
  if (f->var < 0)
    return f->literal;
  if (!cs_runner_bound(maker->values, f->var)) {
    cs_span fresh = maker->scenario->vars[f->var].kind == CS_RUNNER_KIND_MID ? fresh_mid(maker)
                                                                             : fresh_token(maker);
    cs_runner_bind(maker->values, f->var, fresh);
  }
  return maker->values->of[f->var];
}

/* The parts of a value, each a field that has none. */
static cs_span joined(const cs_runner_maker *maker, const cs_runner_field *f) {
  size_t len = 0;
  for (size_t i = 0; i < f->inner_count; i++)
    len += simple_value(maker, &f->inner[i]).len;
  cs_base_writer w = cs_base_writer_of(cs_runner_get(maker->arena, len + 1), len);
  for (size_t i = 0; i < f->inner_count; i++)
    cs_base_put_span(&w, simple_value(maker, &f->inner[i]));
  return cs_base_written(&w);
}

cs_span cs_runner_field_value(const cs_runner_maker *maker, const cs_runner_field *f) {
  return f->inner_count ? joined(maker, f) : simple_value(maker, f);
}

struct options {
  uint8_t *bytes;
  size_t len;
  const char *why;
};

static bool put(struct options *o, uint16_t number, cs_span value) {
  if (cs_wire_option_insert(o->bytes, &o->len, CS_RUNNER_OPTIONS_MAX, number, value) == CS_OK)
    return true;
  o->why = "the message is too large to be made";
  return false;
}

/* The segments of a path, each one decoded, as Uri-Path options. */
static bool put_path(struct options *o, const char *path) {
  while (*path == '/')
    path++;
  if (*path == '\0')
    return true;
  cs_wire_segments segments = cs_wire_uri_segments(cs_span_str(path), '/');
  cs_span segment;
  while (cs_wire_uri_segment_next(&segments, &segment)) {
    uint8_t decoded[512];
    size_t len;
    if (cs_wire_uri_decode(segment, decoded, sizeof decoded, &len) != CS_OK) {
      o->why = "a path that is not percent-encoded right";
      return false;
    }
    if (!put(o, CS_OPT_URI_PATH, cs_span_of(decoded, len)))
      return false;
  }
  return true;
}

static bool put_role(const cs_runner_maker *maker, const cs_runner_field *f, struct options *o) {
  const char *path = cs_runner_profile_path(maker->profile, f->role);
  if (!path) {
    o->why = "the profile has no resource of a role that the step names";
    return false;
  }
  return put_path(o, path) && (!f->suffix || put_path(o, f->suffix));
}

/* The bytes of RAW fields, one behind the other. */
static cs_span join(const cs_runner_maker *maker, const cs_runner_send *send) {
  size_t len = 0;
  for (size_t i = 0; i < send->field_count; i++)
    len += cs_runner_field_value(maker, &send->fields[i]).len;
  uint8_t *bytes = cs_runner_get(maker->arena, len + 1);
  cs_base_writer w = cs_base_writer_of(bytes, len);
  for (size_t i = 0; i < send->field_count; i++)
    cs_base_put_span(&w, cs_runner_field_value(maker, &send->fields[i]));
  return cs_base_written(&w);
}

/* Bytes of a stream may be a message, and are shown as one then. */
static void make_raw(const cs_runner_maker *maker, const cs_runner_send *send,
                     cs_runner_made *out) {
  size_t total = 0;
  *out = (cs_runner_made){.bytes = join(maker, send)};
  if (maker->form == CS_WIRE_UDP ||
      (maker->form == CS_WIRE_TCP && cs_wire_tcp_frame(out->bytes, &total) == CS_OK &&
       total == out->bytes.len))
    out->message = out->bytes;
  else
    out->notation = cs_runner_raw_notation(maker->arena, out->bytes);
}

static void make_frame(const cs_runner_maker *maker, const cs_runner_send *send,
                       cs_runner_made *out) {
  const cs_runner_frame *spec = &send->frame;
  cs_span payload = join(maker, send);
  cs_wire_ws_frame shown = {.fin = spec->fin,
                            .rsv = spec->rsv,
                            .opcode = spec->opcode,
                            .masked = spec->masked,
                            .length = payload.len};
  *out = (cs_runner_made){.bytes = cs_runner_make_frame(maker->arena, maker->fresh, spec, payload),
                          .notation = cs_runner_frame_notation(maker->arena, &shown, payload, true),
                          .control = spec->opcode >= CS_WS_CLOSE ? spec->opcode : 0};
}

static void make_upgrade(const cs_runner_maker *maker, const cs_runner_send *send,
                         cs_runner_made *out) {
  cs_wire_http_head head;
  cs_rule broken;
  *out = (cs_runner_made){0};
  out->bytes = cs_runner_make_upgrade(maker, send, &out->key);
  bool good = cs_wire_http_read(out->bytes, false, &head, &broken) == CS_OK;
  out->notation = good ? cs_runner_head_notation(maker->arena, &head)
                       : cs_runner_raw_notation(maker->arena, out->bytes);
}

/* A TCP message with another Length in its header. */
static cs_span relength(const cs_runner_maker *maker, cs_span bytes, uint64_t length) {
  static const uint8_t extended[] = {1, 2, 4};
  unsigned nibble = bytes.at[0] >> 4;
  size_t code = 1 + (size_t)(nibble < 13 ? 0 : extended[nibble - 13]);
  cs_base_writer w = cs_base_writer_of(cs_runner_get(maker->arena, bytes.len + 5), bytes.len + 5);
  unsigned tkl = bytes.at[0] & 15u;
  if (length < 13) {
    cs_base_put_u8(&w, (unsigned)length << 4 | tkl);
  } else if (length < 269) {
    cs_base_put_u8(&w, 13u << 4 | tkl);
    cs_base_put_u8(&w, (unsigned)length - 13);
  } else if (length < 65805) {
    cs_base_put_u8(&w, 14u << 4 | tkl);
    cs_base_put_u16(&w, (unsigned)length - 269);
  } else {
    cs_base_put_u8(&w, 15u << 4 | tkl);
    cs_base_put_u32(&w, (uint32_t)(length - 65805));
  }
  cs_base_put_span(&w, cs_span_cut(bytes, code, bytes.len - code));
  return cs_base_written(&w);
}

/* The bits that ver=, tkl= and len= force, whatever the rest says. */
static void force(const cs_runner_maker *maker, const cs_runner_send *send, uint8_t *bytes,
                  cs_span *message) {
  for (size_t i = 0; i < send->field_count; i++) {
    const cs_runner_field *f = &send->fields[i];
    if (f->kind == CS_RUNNER_FIELD_VERSION)
      bytes[0] = (uint8_t)((bytes[0] & 0x3f) | f->number << 6);
    if (f->kind == CS_RUNNER_FIELD_TKL)
      bytes[0] = (uint8_t)((bytes[0] & 0xf0) | f->number);
    if (f->kind == CS_RUNNER_FIELD_LEN && maker->form == CS_WIRE_WS)
      bytes[0] = (uint8_t)((bytes[0] & 0x0f) | (f->amount & 15u) << 4);
  }
  for (size_t i = 0; i < send->field_count; i++)
    if (send->fields[i].kind == CS_RUNNER_FIELD_LEN && maker->form == CS_WIRE_TCP)
      *message = relength(maker, *message, send->fields[i].amount);
}

static bool gather(const cs_runner_maker *maker, const cs_runner_send *send, cs_wire_message *m,
                   struct options *o) {
  bool has_mid = false;
  bool has_token = false;
  for (size_t i = 0; i < send->field_count; i++) {
    const cs_runner_field *f = &send->fields[i];
    cs_span value;
    switch (f->kind) {
    case CS_RUNNER_FIELD_MID:
      value = cs_runner_field_value(maker, f);
      m->mid = (uint16_t)((unsigned)value.at[0] << 8 | value.at[1]);
      has_mid = true;
      break;
    case CS_RUNNER_FIELD_TOKEN:
      m->token = cs_runner_field_value(maker, f);
      has_token = true;
      break;
    case CS_RUNNER_FIELD_OPTION:
      if (!put(o, f->number, cs_runner_field_value(maker, f)))
        return false;
      break;
    case CS_RUNNER_FIELD_PAYLOAD:
      m->payload = cs_runner_field_value(maker, f);
      break;
    case CS_RUNNER_FIELD_ROLE:
      if (!put_role(maker, f, o))
        return false;
      break;
    default:
      break;
    }
  }
  if (maker->echo.len && !put(o, CS_OPT_ECHO, maker->echo))
    return false;
  if (m->form == CS_WIRE_UDP && (!has_mid || maker->echo.len))
    m->mid = cs_runner_fresh_mid(maker->fresh);
  if (!has_token && send->ordinary)
    m->token = fresh_token(maker);
  return true;
}

static bool make_message(const cs_runner_maker *maker, const cs_runner_send *send,
                         cs_runner_made *out, const char **why) {
  uint8_t type = send->type == CS_RUNNER_TYPE_CASE ? maker->type : send->type;
  if (maker->form != CS_WIRE_UDP)
    type = 0;
  cs_wire_message m = {.form = maker->form, .type = type, .code = send->code};
  struct options o = {cs_runner_get(maker->arena, CS_RUNNER_OPTIONS_MAX), 0, NULL};
  if (!gather(maker, send, &m, &o)) {
    *why = o.why;
    return false;
  }
  m.options = cs_span_of(o.bytes, o.len);
  size_t size = cs_wire_size(&m);
  uint8_t *bytes = cs_runner_get(maker->arena, size + 1);
  size_t len = 0;
  if (size > CS_RUNNER_MESSAGE_MAX || cs_wire_build(&m, bytes, size, &len) != CS_OK) {
    *why = "the message is too large to be made";
    return false;
  }
  cs_span message = cs_span_of(bytes, len);
  force(maker, send, bytes, &message);
  *out = (cs_runner_made){.bytes = cs_runner_wrap(maker->arena, maker->fresh, m.form, message),
                          .message = message,
                          .type = m.type,
                          .code = m.code,
                          .mid = m.mid,
                          .token = m.token};
  return true;
}

bool cs_runner_make(const cs_runner_maker *maker, const cs_runner_send *send, cs_runner_made *out,
                    const char **why) {
  switch (send->kind) {
  case CS_RUNNER_SEND_RAW:
    make_raw(maker, send, out);
    return true;
  case CS_RUNNER_SEND_FRAME:
    make_frame(maker, send, out);
    return true;
  case CS_RUNNER_SEND_UPGRADE:
    make_upgrade(maker, send, out);
    return true;
  default:
    return make_message(maker, send, out, why);
  }
}
