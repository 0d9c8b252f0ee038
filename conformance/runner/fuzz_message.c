/* Changes within one message: one thing at a time, so that most of it stays valid
 * and what is behind the parser is reached too. */
#include "runner/fuzz_input.h"
#include "wire/option.h"

typedef cs_runner_fuzz_draft draft;
typedef cs_runner_fuzz_step step;
typedef cs_runner_fuzz_option option;

static uint32_t below(draft *d, uint32_t n) {
  return cs_runner_fuzz_below(d, n);
}
static bool chance(draft *d, uint32_t one_in) {
  return cs_runner_fuzz_chance(d, one_in);
}

#define PICK(d, table) ((table)[below(d, sizeof(table) / sizeof(table)[0])])

/* Borders of the encodings, and of buffers that people like. */
static const uint32_t lengths[] = {0,   1,   2,   3,   4,   5,   7,    8,    9,    12,   13,  14,
                                   15,  16,  17,  20,  31,  32,  33,   40,   41,   63,   64,  65,
                                   100, 127, 128, 129, 200, 254, 255,  256,  257,  268,  269, 270,
                                   271, 300, 511, 512, 513, 700, 1023, 1024, 1025, 1034, 1035};

static cs_span random_bytes(draft *d, size_t len) {
  uint8_t *at = cs_runner_get(d->arena, len + 1);
  for (size_t i = 0; i < len; i++)
    at[i] = (uint8_t)(cs_base_seeded_next(&d->random) >> 24);
  return cs_span_of(at, len);
}

/* As long as that, of one character, or of a pattern that is easy to recognise. */
static cs_span filled(draft *d, size_t len) {
  static const uint8_t fills[] = {'A', 'a', '/', '%', 0, 0xff, '.', ' ', 0x80, '"'};
  uint8_t fill = PICK(d, fills);
  if (chance(d, 4))
    return random_bytes(d, len);
  uint8_t *at = cs_runner_get(d->arena, len + 1);
  memset(at, fill, len);
  return cs_span_of(at, len);
}

/* Texts that have broken somebody. */
static cs_span interesting_text(draft *d) {
  static const char *const texts[] = {"",
                                      ".",
                                      "..",
                                      "/",
                                      "%",
                                      "%2",
                                      "%2f",
                                      "%00",
                                      "%zz",
                                      "%25",
                                      "a/b",
                                      "\n",
                                      "\r\n",
                                      "\"",
                                      "<>",
                                      "?",
                                      "&",
                                      "=",
                                      "a=",
                                      "=b",
                                      "rt=*",
                                      "href=/*",
                                      ".well-known",
                                      "core",
                                      "%s%n%x",
                                      "{}",
                                      "../../etc/passwd",
                                      "coap://[::1",
                                      "coap://p://",
                                      "coap://h:99999/",
                                      "coap",
                                      "http",
                                      "\xc3\xa9",
                                      "\xc3",
                                      "\xe2\x82",
                                      "\xed\xa0\x80",
                                      "\xf0\x9f\x98\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xff\xfe",
                                      "\x80",
                                      "\xc0\xaf",
                                      "\xef\xbb\xbf"};
  return cs_span_str(PICK(d, texts));
}

static cs_span interesting_uint(draft *d) {
  static const uint32_t values[] = {
      0,        1,         2,          3,           11,         12,    13,     15,
      16,       40,        41,         42,          50,         60,    127,    128,
      255,      256,       257,        1023,        1024,       1152,  32767,  32768,
      65534,    65535,     65536,      65804,       65805,      86400, 999999, 1 << 20,
      0xffffff, 0x1000000, 0x7fffffff, 0x80000000u, 0xffffffffu};
  uint8_t *at = cs_runner_get(d->arena, 16);
  size_t len = cs_wire_uint_put(PICK(d, values), at);
  if (chance(d, 6)) { /* too long, with zeros before it */
    size_t zeros = 1 + below(d, 6);
    memmove(at + zeros, at, len);
    memset(at, 0, zeros);
    len += zeros;
  }
  return cs_span_of(at, len);
}

static cs_span interesting_block(draft *d) {
  static const uint32_t numbers[] = {0, 1, 2, 3, 4, 15, 16, 255, 4095, 4096, 65535, 1048575};
  uint32_t v = PICK(d, numbers) << 4 | below(d, 2) << 3 | below(d, 8);
  uint8_t *at = cs_runner_get(d->arena, 4);
  return cs_span_of(at, cs_wire_uint_put(v, at));
}

/* A value for an option of this number, one that fits mostly. */
static cs_span value_for(draft *d, uint8_t code, uint16_t number) {
  const cs_wire_option_row *row = cs_wire_option_find(cs_wire_option_space(code), number);
  if (!row || chance(d, 8))
    return chance(d, 2) ? filled(d, PICK(d, lengths)) : random_bytes(d, below(d, 12));
  switch (row->format) {
  case CS_FORMAT_EMPTY:
    return chance(d, 3) ? random_bytes(d, 1 + below(d, 3)) : cs_span_of(NULL, 0);
  case CS_FORMAT_UINT:
    return interesting_uint(d);
  case CS_FORMAT_BLOCK:
    return interesting_block(d);
  case CS_FORMAT_STRING:
    if (chance(d, 2))
      return interesting_text(d);
    return filled(d, chance(d, 3) ? row->max_len + below(d, 3) : PICK(d, lengths));
  default:
    return random_bytes(d, chance(d, 3) ? row->max_len + below(d, 3)
                                        : below(d, (uint32_t)row->max_len % 16u + 2));
  }
}

static uint16_t some_number(draft *d, uint8_t code) {
  static const uint16_t borders[] = {0,    2,    10,   13,    18,    22,    24,    29,    30,
                                     64,   65,   128,  255,   256,   257,   268,   269,   270,
                                     271,  524,  525,  1000,  2048,  2049,  2050,  2051,  4096,
                                     9999, 9998, 9996, 32767, 32768, 65000, 65001, 65534, 65535};
  if (chance(d, 4))
    return chance(d, 6) ? (uint16_t)below(d, 65536) : PICK(d, borders);
  size_t known = 0;
  uint8_t space = cs_wire_option_space(code);
  for (size_t i = 0; cs_wire_option_at(i); i++)
    known += cs_wire_option_at(i)->space == space;
  if (known == 0)
    return (uint16_t)below(d, 16);
  size_t wanted = below(d, (uint32_t)known);
  for (size_t i = 0;; i++)
    if (cs_wire_option_at(i)->space == space && wanted-- == 0)
      return cs_wire_option_at(i)->number;
}

/* ---- the list of options ---- */

/* A copy that may be changed, with room for one more. */
static void own_options(draft *d, step *s) {
  option *copy = cs_runner_get(d->arena, (s->option_count + 1) * sizeof *copy);
  if (s->option_count)
    memcpy(copy, s->options, s->option_count * sizeof *copy);
  s->options = copy;
}

static option *insert_option(draft *d, step *s, size_t at, const option *o) {
  if (s->option_count == CS_RUNNER_FUZZ_OPTIONS_MAX)
    return NULL;
  option copy = *o;
  own_options(d, s);
  memmove(s->options + at + 1, s->options + at, (s->option_count - at) * sizeof *o);
  s->options[at] = copy;
  s->option_count++;
  return &s->options[at];
}

/* In its place, behind those of its number. */
static option *add_option(draft *d, step *s, uint16_t number, cs_span value) {
  option o = {.number = number, .value = value, .delta = -1, .length = -1, .claimed = -1};
  size_t at = 0;
  while (at < s->option_count && s->options[at].number <= number)
    at++;
  return insert_option(d, s, at, &o);
}

static option *some_option(draft *d, step *s) {
  if (s->option_count == 0)
    return NULL;
  own_options(d, s);
  return &s->options[below(d, (uint32_t)s->option_count)];
}

static void remove_option(draft *d, step *s) {
  option *o = some_option(d, s);
  if (!o)
    return;
  size_t at = (size_t)(o - s->options);
  memmove(o, o + 1, (s->option_count - at - 1) * sizeof *o);
  s->option_count--;
}

static void repeat_option(draft *d, step *s) {
  option *o = some_option(d, s);
  unsigned times = chance(d, 8) ? 1 + below(d, 60) : 1 + below(d, 3);
  size_t at = o ? (size_t)(o - s->options) : 0;
  for (unsigned i = 0; o && i < times; i++)
    if (!insert_option(d, s, at, &s->options[at]))
      return;
}

/* Two change places: the delta of the second then wraps around. */
static void swap_options(draft *d, step *s) {
  if (s->option_count < 2)
    return;
  own_options(d, s);
  option *a = &s->options[below(d, (uint32_t)s->option_count)];
  option *b = &s->options[below(d, (uint32_t)s->option_count)];
  option t = *a;
  *a = *b;
  *b = t;
}

static void change_value(draft *d, step *s) {
  option *o = some_option(d, s);
  if (!o)
    return;
  if (chance(d, 3))
    o->value = filled(d, PICK(d, lengths));
  else if (chance(d, 4) && o->value.len)
    o->value = cs_span_cut(o->value, 0, o->value.len - 1);
  else
    o->value = value_for(d, s->code, o->number);
}

static void change_number(draft *d, step *s) {
  option *o = some_option(d, s);
  if (o)
    o->number =
        chance(d, 2) ? some_number(d, s->code) : (uint16_t)(o->number + (chance(d, 2) ? 1 : -1));
}

/* An option that claims to be longer than the message is, or has nibbles that are
 * reserved; one that is there, or one more at the end. */
static void break_option(draft *d, step *s) {
  static const int32_t claims[] = {1, 2, 12, 13, 14, 100, 255, 268, 269, 270, 1000, 4096, 65803};
  option *o = chance(d, 2) ? some_option(d, s) : NULL;
  if (!o) {
    uint16_t number = some_number(d, s->code);
    o = add_option(d, s, number, value_for(d, s->code, number));
  }
  if (!o)
    return;
  if (chance(d, 3)) {
    o->delta = chance(d, 2) ? 15 : (int16_t)below(d, 16);
  } else if (chance(d, 3)) {
    o->length = chance(d, 2) ? 15 : (int16_t)below(d, 16);
  } else {
    int32_t claimed = PICK(d, claims) + (chance(d, 2) ? (int32_t)o->value.len : 0);
    o->claimed = claimed > 65804 ? 65804 : claimed;
  }
}

/* ---- the header and the payload ---- */

static void change_code(draft *d, step *s) {
  static const uint8_t codes[] = {
      CS_CODE(0, 0), CS_CODE(0, 1), CS_CODE(0, 2),  CS_CODE(0, 3),  CS_CODE(0, 4), CS_CODE(0, 5),
      CS_CODE(0, 6), CS_CODE(0, 7), CS_CODE(0, 8),  CS_CODE(0, 31), CS_CODE(1, 0), CS_CODE(2, 1),
      CS_CODE(2, 3), CS_CODE(2, 5), CS_CODE(2, 31), CS_CODE(3, 0),  CS_CODE(4, 0), CS_CODE(4, 4),
      CS_CODE(4, 8), CS_CODE(5, 3), CS_CODE(6, 0),  CS_CODE(7, 1),  CS_CODE(7, 2), CS_CODE(7, 3),
      CS_CODE(7, 4), CS_CODE(7, 5), CS_CODE(7, 31)};
  if (chance(d, 2)) /* a method */
    s->code = (uint8_t)(1 + below(d, 7));
  else
    s->code = chance(d, 6) ? (uint8_t)below(d, 256) : PICK(d, codes);
}

static void change_mid(draft *d, step *s) {
  static const uint16_t mids[] = {0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff};
  const step *other = &d->steps[below(d, (uint32_t)d->count)];
  if (chance(d, 2) && other->kind == CS_RUNNER_FUZZ_MESSAGE)
    s->mid = other->mid;
  else
    s->mid = chance(d, 3) ? PICK(d, mids) : (uint16_t)below(d, 65536);
}

static void change_token(draft *d, step *s) {
  const step *other = &d->steps[below(d, (uint32_t)d->count)];
  switch (below(d, 8)) {
  case 0:
    s->tkl = (int16_t)below(d, 16);
    break;
  case 1:
    s->token = random_bytes(d, 9 + below(d, 8));
    break;
  case 2:
    s->token = random_bytes(d, PICK(d, lengths));
    break;
  case 3:
    if (other->kind == CS_RUNNER_FUZZ_MESSAGE)
      s->token = other->token;
    break;
  default:
    s->token = random_bytes(d, below(d, 9));
    break;
  }
}

static void change_payload(draft *d, step *s) {
  static const uint32_t sizes[] = {1,    2,    15,   16,   17,   31,   32,   63,   64,
                                   65,   127,  128,  255,  256,  257,  511,  512,  513,
                                   1023, 1024, 1025, 1152, 1153, 1200, 1280, 1400, 2048};
  switch (below(d, 8)) {
  case 0:
    s->payload = cs_span_of(NULL, 0);
    s->marker = chance(d, 2);
    break;
  case 1:
    s->payload = interesting_text(d);
    break;
  case 2:
    if (s->payload.len)
      s->payload = cs_span_cut(s->payload, 0, below(d, (uint32_t)s->payload.len) + 1);
    break;
  case 3:
    if (chance(d, 8))
      s->payload = filled(d, 4096 + below(d, 50000));
    break;
  default:
    s->payload = filled(d, PICK(d, sizes));
    break;
  }
}

/* What several of a server's parts have to agree on. */
static void add_some(draft *d, step *s) {
  static const uint16_t likely[] = {
      CS_OPT_IF_MATCH,       CS_OPT_ETAG,      CS_OPT_IF_NONE_MATCH, CS_OPT_OBSERVE,
      CS_OPT_BLOCK1,         CS_OPT_BLOCK2,    CS_OPT_SIZE1,         CS_OPT_SIZE2,
      CS_OPT_CONTENT_FORMAT, CS_OPT_ACCEPT,    CS_OPT_URI_QUERY,     CS_OPT_URI_PATH,
      CS_OPT_URI_HOST,       CS_OPT_PROXY_URI, CS_OPT_ECHO,          CS_OPT_NO_RESPONSE,
      CS_OPT_REQUEST_TAG,    CS_OPT_Q_BLOCK1,  CS_OPT_Q_BLOCK2,      CS_OPT_OSCORE};
  bool signal = cs_wire_code_is_signal(s->code);
  uint16_t number = !signal && chance(d, 2) ? PICK(d, likely) : some_number(d, s->code);
  add_option(d, s, number, value_for(d, s->code, number));
}

static void break_framing(draft *d, step *s) {
  static const int64_t lens[] = {0,    1,     12,    13,         268,       269,
                                 1152, 65804, 65805, 0x7fffffff, 0xffffffff};
  if (d->corpus->transport == CS_RUNNER_WS || d->corpus->transport == CS_RUNNER_WSS) {
    if (chance(d, 4))
      s->length = (int64_t)below(d, 16);
    else if (chance(d, 3))
      s->fragments = (uint8_t)(2 + below(d, 6));
    else
      cs_runner_fuzz_change_bytes(d, s);
  } else if (chance(d, 2)) {
    s->length = PICK(d, lens);
  } else {
    s->segments = (uint8_t)(2 + below(d, 6));
  }
}

void cs_runner_fuzz_change_message(draft *d, step *s) {
  bool datagrams = 1u << d->corpus->transport & CS_RUNNER_DATAGRAMS;
  switch (below(d, 24)) {
  case 0:
  case 1:
    change_code(d, s);
    break;
  case 2:
    if (datagrams)
      s->type = (uint8_t)below(d, 4);
    else
      break_framing(d, s);
    break;
  case 3:
    if (datagrams)
      change_mid(d, s);
    else
      break_framing(d, s);
    break;
  case 4:
    change_token(d, s);
    break;
  case 5:
    if (datagrams && chance(d, 4))
      s->version = (uint8_t)below(d, 4);
    else
      change_token(d, s);
    break;
  case 6:
    remove_option(d, s);
    break;
  case 7:
    repeat_option(d, s);
    break;
  case 8:
    swap_options(d, s);
    break;
  case 9:
  case 10:
  case 11:
  case 12:
    change_value(d, s);
    break;
  case 13:
    change_number(d, s);
    break;
  case 14:
  case 15:
    break_option(d, s);
    break;
  case 16:
  case 17:
    change_payload(d, s);
    break;
  default:
    add_some(d, s);
    break;
  }
}

/* ---- bytes and frames ---- */

static void change_frame(draft *d, step *s) {
  static const uint64_t announced[] = {0,
                                       1,
                                       125,
                                       126,
                                       127,
                                       65535,
                                       65536,
                                       0x7fffffff,
                                       UINT64_C(0x100000000),
                                       UINT64_C(0x7fffffffffffffff),
                                       UINT64_C(0xffffffffffffffff)};
  static const uint8_t opcodes[] = {0, 1, 2, 3, 7, 8, 9, 10, 11, 15};
  switch (below(d, 8)) {
  case 0:
    s->frame.opcode = PICK(d, opcodes);
    break;
  case 1:
    s->frame.fin = !s->frame.fin;
    break;
  case 2:
    s->frame.rsv = (uint8_t)(1 + below(d, 7));
    break;
  case 3:
    s->frame.masked = !s->frame.masked;
    break;
  case 4:
    s->frame.form = (uint8_t)(chance(d, 2) ? 16 : 64);
    break;
  case 5:
    s->frame.has_announce = true;
    s->frame.announce = PICK(d, announced);
    break;
  default:
    s->bytes = filled(d, PICK(d, lengths));
    break;
  }
}

/* Lines of an upgrade: one is left out, repeated, made longer or changed. */
static void change_lines(draft *d, step *s) {
  size_t lines = 0;
  for (size_t i = 0; i < s->bytes.len; i++)
    lines += s->bytes.at[i] == '\n';
  if (lines < 2)
    return;
  size_t wanted = below(d, (uint32_t)lines);
  size_t from = 0;
  for (size_t i = 0; wanted > 0; i++)
    if (s->bytes.at[i] == '\n') {
      wanted--;
      from = i + 1;
    }
  size_t to = from;
  while (s->bytes.at[to] != '\n')
    to++;
  cs_span line = cs_span_cut(s->bytes, from, to + 1 - from);
  cs_span more = filled(d, PICK(d, lengths) * (chance(d, 6) ? 8 : 1));
  size_t cap = s->bytes.len + line.len + more.len;
  cs_base_writer w = cs_base_writer_of(cs_runner_get(d->arena, cap + 1), cap);
  uint32_t how = below(d, 3);
  cs_base_put_span(&w, cs_span_cut(s->bytes, 0, from));
  if (how == 1) {
    cs_base_put_span(&w, line);
    cs_base_put_span(&w, line);
  } else if (how == 2) {
    size_t at = below(d, (uint32_t)line.len);
    cs_base_put_span(&w, cs_span_cut(line, 0, at));
    cs_base_put_span(&w, more);
    cs_base_put_span(&w, cs_span_cut(line, at, line.len - at));
  }
  cs_base_put_span(&w, cs_span_cut(s->bytes, to + 1, s->bytes.len - to - 1));
  s->bytes = cs_base_written(&w);
}

void cs_runner_fuzz_change_bytes(draft *d, step *s) {
  bool websocket = 1u << d->corpus->transport & CS_RUNNER_WEBSOCKETS;
  bool http = s->kind == CS_RUNNER_FUZZ_BYTES && s->bytes.len > 4 && s->bytes.at[0] >= 'A' &&
              s->bytes.at[0] <= 'Z' && websocket;
  if (websocket && s->kind != CS_RUNNER_FUZZ_BYTES && !chance(d, 4))
    change_frame(d, s);
  else if (http && !chance(d, 4))
    change_lines(d, s);
  else {
    s->edits = (uint8_t)(s->edits < 4 ? s->edits + 1 : 4);
    s->edit_seed = cs_base_seeded_next(&d->random);
  }
}
