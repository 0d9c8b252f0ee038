/* The parser of messages to send: what stands behind ">" and ">>". */
#include <string.h>

#include "runner/scenario_field.h"
#include "wire/message.h"

static bool twice(state *p, const cs_runner_fields *f, cs_runner_field_kind kind, const uint8_t *at,
                  const char *name) {
  if (!cs_runner_field_of(f, kind))
    return false;
  cs_runner_expected_at(p, at, "one %s only", name);
  return true;
}

static bool read_raw(state *p, cs_runner_send *out) {
  cs_runner_fields f = {0};
  out->kind = CS_RUNNER_SEND_RAW;
  while (!cs_runner_at_end(p)) {
    cs_runner_field *field = cs_runner_add_field(p, &f, CS_RUNNER_FIELD_RAW);
    if (!field)
      return false;
    if (*p->in.at == '$') {
      field->var = cs_runner_variable(p, CS_RUNNER_KIND_OPEN);
      if (field->var < 0)
        return false;
    } else if (cs_runner_hex(p, 0) > 15) {
      return cs_runner_expected(p, "bytes as pairs of hex digits, or $name");
    } else if (!cs_runner_token_value(p, field)) {
      return false;
    }
    if (!cs_runner_field_end(p))
      return false;
  }
  if (f.list.count == 0)
    return cs_runner_expected(p, "bytes as pairs of hex digits, or $name");
  out->fields = f.list.items;
  out->field_count = f.list.count;
  return true;
}

static bool read_role(state *p, cs_runner_fields *f) {
  const uint8_t *start = p->in.at;
  if (twice(p, f, CS_RUNNER_FIELD_ROLE, start, "@role"))
    return false;
  cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_ROLE);
  if (!field)
    return false;
  p->in.at++;
  cs_span role = cs_runner_name(p);
  if (role.len == 0)
    return cs_runner_expected(p, "the name of a role behind @");
  field->role = cs_runner_text(p->arena, role);
  if (p->names && p->names->role && !p->names->role(p->names->ctx, field->role))
    return cs_runner_expected_at(p, role.at, "a role that a profile names, not %s", field->role);
  if (cs_base_left(&p->in) && *p->in.at == '/')
    field->suffix = cs_runner_text(p->arena, cs_runner_word(p));
  return true;
}

/* ver=, tkl= and len=: a number that replaces bits of the header. */
static bool read_forced(state *p, cs_runner_fields *f, cs_runner_field_kind kind, const char *name,
                        uint64_t max) {
  const uint8_t *start = p->in.at;
  if (twice(p, f, kind, start, name))
    return false;
  cs_runner_field *field = cs_runner_add_field(p, f, kind);
  if (!field || !cs_runner_take(p, name))
    return false;
  if (!cs_runner_number(p, max, &field->amount))
    return false;
  field->number = (uint16_t)field->amount;
  return true;
}

/* len=: on a WebSocket no more than the nibble in front. */
static bool read_length(state *p, cs_runner_fields *f) {
  static const uint64_t most = UINT64_C(65805) + UINT32_MAX;
  return cs_runner_only_on(p, p->in.at, CS_RUNNER_STREAMS, "len=") &&
         read_forced(p, f, CS_RUNNER_FIELD_LEN,
                     "len=", cs_runner_named(p, CS_RUNNER_WEBSOCKETS) ? 15 : most);
}

/* A value, or several that make one: "rt="$r"*". */
static bool read_value(state *p, cs_wire_format format, cs_runner_field *field) {
  if (!cs_runner_value(p, format, field))
    return false;
  cs_runner_fields parts = {0};
  while (cs_base_left(&p->in) && (*p->in.at == '"' || *p->in.at == '$')) {
    if (parts.list.count == 0)
      *(cs_runner_field *)cs_runner_push(p->arena, &parts.list, sizeof *field) = *field;
    cs_runner_field *part = cs_runner_add_field(p, &parts, field->kind);
    if (!part || !cs_runner_value(p, format, part))
      return false;
  }
  if (parts.list.count) {
    field->var = -1;
    field->inner = parts.list.items;
    field->inner_count = parts.list.count;
  }
  return true;
}

static bool read_option(state *p, cs_runner_fields *f, uint8_t code) {
  cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_OPTION);
  cs_wire_format format = CS_FORMAT_OPAQUE;
  if (!field || !cs_runner_option_name(p, code, field, &format,
                                       "mid=, token=, ver=, tkl=, len=, payload=, @role or the "
                                       "name of an option"))
    return false;
  if (cs_runner_take(p, "="))
    return read_value(p, format, field);
  if (format != CS_FORMAT_EMPTY)
    return cs_runner_expected(p, "= and a value");
  return true;
}

/* "66000*0x5a": so many of this byte. */
static bool read_repeated(state *p, cs_runner_field *field, bool *there) {
  const uint8_t *start = p->in.at;
  uint64_t count;
  size_t digits = 0;
  while (digits < cs_base_left(&p->in) && start[digits] >= '0' && start[digits] <= '9')
    digits++;
  *there = digits > 0 && digits < cs_base_left(&p->in) && start[digits] == '*';
  if (!*there)
    return true;
  for (count = 0; digits > 0 && count <= CS_RUNNER_MESSAGE_MAX; digits--)
    count = count * 10 + (uint64_t)(*p->in.at++ - '0');
  if (count > CS_RUNNER_MESSAGE_MAX)
    return cs_runner_expected_at(p, start, "a count of at most %d", CS_RUNNER_MESSAGE_MAX);
  if (!cs_runner_take(p, "*") || !cs_runner_value(p, CS_FORMAT_OPAQUE, field))
    return false;
  if (field->var >= 0 || field->literal.len != 1)
    return cs_runner_expected_at(p, start, "a count, * and one byte: 66000*0x5a");
  /* A file has no more of them than it could hold if they were written out. */
  p->repeated += (size_t)count;
  if (p->repeated > CS_RUNNER_BARE_FILE_MAX)
    return cs_runner_expected_at(p, start, "counts of at most %d bytes in all",
                                 CS_RUNNER_BARE_FILE_MAX);
  uint8_t *bytes = cs_runner_get(p->arena, (size_t)count + 1);
  memset(bytes, field->literal.at[0], (size_t)count);
  field->literal = cs_span_of(bytes, (size_t)count);
  return true;
}

static bool read_one(state *p, cs_runner_fields *f, uint8_t code) {
  const uint8_t *start = p->in.at;
  static const struct {
    const char *word;
    cs_runner_field_kind kind;
  } words[] = {{"mid=", CS_RUNNER_FIELD_MID},
               {"token=", CS_RUNNER_FIELD_TOKEN},
               {"payload=", CS_RUNNER_FIELD_PAYLOAD}};
  if (cs_runner_field_of(f, CS_RUNNER_FIELD_PAYLOAD))
    return cs_runner_expected(p, "the end of the message behind the payload");
  if (*start == '@')
    return read_role(p, f);
  if (cs_base_left(&p->in) >= 4 && memcmp(start, "ver=", 4) == 0)
    return cs_runner_only_on(p, start, CS_RUNNER_DATAGRAMS, "ver=") &&
           read_forced(p, f, CS_RUNNER_FIELD_VERSION, "ver=", 3);
  if (cs_base_left(&p->in) >= 4 && memcmp(start, "len=", 4) == 0)
    return read_length(p, f);
  if (cs_base_left(&p->in) >= 4 && memcmp(start, "tkl=", 4) == 0)
    return read_forced(p, f, CS_RUNNER_FIELD_TKL, "tkl=", 15);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (!cs_runner_take(p, words[i].word))
      continue;
    if (twice(p, f, words[i].kind, start, words[i].word))
      return false;
    cs_runner_field *field = cs_runner_add_field(p, f, words[i].kind);
    if (!field)
      return false;
    field->column = (unsigned)(start - p->start) + 1;
    if (words[i].kind == CS_RUNNER_FIELD_MID)
      return cs_runner_only_on(p, start, CS_RUNNER_DATAGRAMS, "a Message ID") &&
             cs_runner_mid_value(p, field);
    if (words[i].kind == CS_RUNNER_FIELD_TOKEN)
      return cs_runner_token_value(p, field);
    bool repeated;
    if (!read_repeated(p, field, &repeated))
      return false;
    return repeated || read_value(p, CS_FORMAT_OPAQUE, field);
  }
  if (cs_runner_take(p, "json=")) {
    cs_runner_field *field = cs_runner_add_field(p, f, CS_RUNNER_FIELD_PAYLOAD);
    return field && cs_runner_json_value(p, field);
  }
  return read_option(p, f, code);
}

/* The type of a message; false after an error. */
static bool read_type(state *p, bool ordinary, cs_runner_send *out) {
  const uint8_t *start = p->in.at;
  bool has_type = cs_runner_take_type(p, &out->type);
  if (has_type && !ordinary && !cs_runner_only_on(p, start, CS_RUNNER_DATAGRAMS, "a type"))
    return false;
  if (!has_type && !ordinary && cs_runner_named(p, CS_RUNNER_DATAGRAMS))
    return cs_runner_expected(p, "a type (CON, NON, ACK, RST or $type) or raw");
  if (has_type && out->type == CS_RUNNER_TYPE_CASE && !p->typed)
    return cs_runner_expected_at(p, start, "the key type in the header, since $type is used");
  if (ordinary && (out->type == CS_ACK || out->type == CS_RST))
    return cs_runner_expected_at(p, start, "CON, NON, $type or no type for a request");
  if (out->type == CS_RUNNER_TYPE_CASE)
    p->type_used = true;
  return true;
}

static bool read_message(state *p, bool ordinary, cs_runner_send *out) {
  if (!read_type(p, ordinary, out))
    return false;
  const uint8_t *code = p->in.at;
  if (!cs_runner_take_code(p, &out->code))
    return cs_runner_expected(
        p, "a code: c.dd from 0.00 to 7.31, Empty or the name of a method or signal");
  if (ordinary && !cs_wire_code_is_request(out->code))
    return cs_runner_expected_at(p, code, "a method, 0.01 to 0.31, behind >>");
  cs_runner_fields f = {0};
  while (!cs_runner_at_end(p))
    if (!read_one(p, &f, out->code) || !cs_runner_field_end(p))
      return false;
  if (!ordinary && cs_runner_named(p, CS_RUNNER_DATAGRAMS) &&
      !cs_runner_field_of(&f, CS_RUNNER_FIELD_MID))
    return cs_runner_expected(p, "mid=");
  out->fields = f.list.items;
  out->field_count = f.list.count;
  return true;
}

/* What goes to the group. A Confirmable one is never sent again. */
static bool read_multicast(state *p, const uint8_t *start, cs_runner_send *out) {
  if (!cs_runner_only_on(p, start, 1u << CS_RUNNER_UDP, "multicast"))
    return false;
  out->multicast = p->out->multicast = true;
  if (!out->ordinary && cs_runner_take_word(p, "raw"))
    return read_raw(p, out);
  const uint8_t *type = p->in.at;
  if (!read_message(p, out->ordinary, out))
    return false;
  return !out->ordinary || out->type == CS_NON ||
         cs_runner_expected_at(p, type, "NON behind >> multicast");
}

bool cs_runner_parse_send(state *p, bool ordinary, cs_runner_send *out) {
  const uint8_t *start = p->in.at;
  *out = (cs_runner_send){.ordinary = ordinary, .type = CS_RUNNER_TYPE_CASE};
  if (cs_runner_take_word(p, "multicast"))
    return read_multicast(p, start, out);
  if (ordinary)
    return read_message(p, true, out);
  if (cs_runner_take_word(p, "alert"))
    return cs_runner_only_on(p, start, CS_RUNNER_SECURED, "an alert") &&
           cs_runner_parse_alert(p, out);
  if (cs_runner_take_word(p, "plain")) {
    out->plain = true;
    if (!cs_runner_only_on(p, start, 1u << CS_RUNNER_DTLS, "plain"))
      return false;
  }
  if (cs_runner_named(p, CS_RUNNER_DATAGRAMS) && cs_runner_named(p, CS_RUNNER_STREAMS))
    return cs_runner_expected(p, "a scenario for udp alone or for streams alone: they have no "
                                 "message in common that > could send, only >>");
  if (cs_runner_take_word(p, "slowly")) {
    if (!cs_runner_only_on(p, start, CS_RUNNER_STREAMS, "slowly"))
      return false;
    out->slowly = true;
  }
  start = p->in.at;
  if (cs_runner_take_word(p, "raw"))
    return read_raw(p, out);
  if (cs_runner_take_word(p, "frame"))
    return cs_runner_only_on(p, start, CS_RUNNER_WEBSOCKETS, "a frame") &&
           cs_runner_parse_frame(p, out);
  if (cs_runner_take_word(p, "upgrade"))
    return cs_runner_only_on(p, start, CS_RUNNER_WEBSOCKETS, "an upgrade") &&
           cs_runner_parse_upgrade(p, out);
  return read_message(p, false, out);
}
