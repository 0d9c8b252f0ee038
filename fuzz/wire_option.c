/* The option codec, the option table and the checks.
 *
 * byte 0: bits 0-1 what to do with the rest:
 *   0 walk it as an encoded span
 *   1 insert options into a small buffer: triples of number (2 bytes) and
 *     length (1 byte), values taken from the number
 *   2 append options the same way
 *   3 look at it as a value of the option named by bytes 1 and 2, and as the
 *     notation of one
 * byte 1 (walk only): the code whose option space the checks use
 *
 * Oracles: walking and appending again gives the same bytes; inserting keeps
 * the order, is stable, and gives what appending in order gives; a failure
 * changes nothing; a uint and a text value survive their round trips; UTF-8 is
 * judged as a decoder of code points judges it.
 *
 * covers: src/wire/option.c src/wire/option_table.c src/wire/option_check.c
 * covers: src/wire/utf8.c src/wire/option_codec.h */
#include "wire/notation.h"
#include "wire/option.h"
#include "wire/utf8.h"

#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 2048, BUFFER = 700, OPTIONS_MAX = 60 };

static uint8_t encoded[INPUT_MAX];
static char text[5 * INPUT_MAX];
static uint8_t pattern[256];

/* Decodes code points and judges those, where the code judges bytes. */
static bool decodes(cs_span s) {
  size_t i = 0;
  while (i < s.len) {
    uint32_t c = s.at[i++];
    size_t more = c < 0x80 ? 0 : c >> 5 == 6 ? 1 : c >> 4 == 14 ? 2 : c >> 3 == 30 ? 3 : 9;
    if (more > 3 || more > s.len - i)
      return false;
    uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : more == 1 ? 0x80 : 0;
    c &= more ? 0x3fu >> more : 0x7fu;
    for (; more; more--) {
      if ((s.at[i] & 0xc0) != 0x80)
        return false;
      c = c << 6 | (s.at[i++] & 0x3fu);
    }
    if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
      return false;
  }
  return true;
}

/* A receiver that knows part of the table, in the space of one code. */
struct knowledge {
  uint8_t space;
  uint16_t bound;
};

static bool knows_small(void *ctx, uint16_t number) {
  const struct knowledge *k = ctx;
  return number < k->bound && cs_wire_option_find(k->space, number);
}

/* The row of an option by looking through the table. */
static const cs_wire_option_row *look_up(uint8_t space, uint16_t number) {
  const cs_wire_option_row *row;
  for (size_t i = 0; (row = cs_wire_option_at(i)) != NULL; i++)
    if (row->space == space && row->number == number)
      return row;
  return NULL;
}

/* What one option of a message deserves, received or sent. */
static cs_rule judge(uint8_t code, const cs_wire_option *o, bool again, bool sent) {
  bool signal = code >= 0xe0;
  const cs_wire_option_row *row = look_up(signal ? code : 0, o->number);
  int kind = signal || code == 0 ? 0 : code < 32 ? CS_USE_REQUEST : CS_USE_RESPONSE;
  if (code >> 5 == 1 || code >> 5 == 6)
    kind = 0;
  if (!sent && o->number % 2 == 0)
    return CS_RULE_NONE;
  if (!row)
    return sent ? CS_RULE_NONE : CS_RULE_OPTION_CRITICAL;
  if (kind && !(row->use & kind))
    return sent ? CS_RULE_OPTION_UNDEFINED : CS_RULE_OPTION_CRITICAL;
  bool length = o->value.len < row->min_len || o->value.len > row->max_len;
  bool twice = again && (!row->repeatable || (row->number == CS_OPT_ETAG && sent && !signal &&
                                              kind == CS_USE_RESPONSE));
  if (sent && length)
    return CS_RULE_OPTION_LENGTH;
  if (twice)
    return CS_RULE_OPTION_REPEATED;
  if (length)
    return CS_RULE_OPTION_LENGTH;
  bool is_text = row->format == CS_FORMAT_STRING;
  return sent && is_text && !decodes(o->value) ? CS_RULE_OPTION_UTF8 : CS_RULE_NONE;
}

static cs_rule judge_all(uint8_t code, cs_span options, bool sent, uint16_t *at) {
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  uint32_t last = UINT32_MAX;
  while (cs_wire_option_next(&it, &o)) {
    cs_rule broken = judge(code, &o, o.number == last, sent);
    *at = o.number;
    if (broken != CS_RULE_NONE)
      return broken;
    last = o.number;
  }
  return it.broken;
}

static void check_verdicts(uint8_t code, cs_span options, bool good) {
  cs_wire_message m = {.form = CS_WIRE_TCP, .code = code, .options = options};
  cs_wire_option at = {0, {NULL, 0}};
  struct knowledge bound = {cs_wire_option_space(code), 20};
  cs_rule all = cs_wire_option_check(&m, NULL, NULL, &at);
  cs_rule some = cs_wire_option_check(&m, knows_small, &bound, &at);
  cs_rule sent = cs_wire_option_check_sent(&m, &at);
  /* Knowing less never makes a message better. */
  CS_ORACLE(all == CS_RULE_NONE || some != CS_RULE_NONE);
  CS_ORACLE(good || (all != CS_RULE_NONE && sent != CS_RULE_NONE));
  /* The verdicts are those of a judge who looks the options up one by one. */
  uint16_t number = 0;
  CS_ORACLE(sent == judge_all(code, options, true, &number));
  CS_ORACLE(sent == CS_RULE_NONE || !good || at.number == number);
  CS_ORACLE(all == judge_all(code, options, false, &number));
}

static void walk(uint8_t code, cs_span options) {
  cs_base_writer out = cs_base_writer_of(encoded, sizeof encoded);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    CS_ORACLE(cs_wire_option_put(&w, o.number, o.value) == CS_OK && !out.overflow);
    const cs_wire_option_row *row = cs_wire_option_find(cs_wire_option_space(code), o.number);
    if (row)
      CS_ORACLE(row->number == o.number && row->space == cs_wire_option_space(code));
  }
  /* What was walked is what was there, up to the fault that is named. */
  CS_ORACLE(out.len <= options.len && (out.len == 0 || memcmp(encoded, options.at, out.len) == 0));
  CS_ORACLE((it.broken == CS_RULE_NONE) == (out.len == options.len));
  CS_ORACLE(it.broken == CS_RULE_NONE || cs_base_rule_id(it.broken)[0] == 'R');
  CS_ORACLE(!cs_wire_option_next(&it, &o));
  check_verdicts(code, options, it.broken == CS_RULE_NONE);
}

/* The next option that an insert or append input asks for. */
static bool next_wish(cs_base_reader *in, uint16_t *number, cs_span *value) {
  uint8_t len;
  if (!cs_base_take_u16(in, number) || !cs_base_take_u8(in, &len))
    return false;
  memset(pattern, *number & 0xff, sizeof pattern);
  *value = cs_span_of(pattern, len);
  return true;
}

static uint8_t model[BUFFER];

/* Inserts by the plain way: write all those not above, the new one, the rest. */
static cs_err insert_plainly(cs_span old, size_t cap, uint16_t number, cs_span value, size_t *len) {
  cs_base_writer out = cs_base_writer_of(model, cap);
  cs_wire_option_writer w = {&out, 0};
  cs_wire_option_iter it = cs_wire_options(old);
  cs_wire_option o;
  bool done = false;
  while (cs_wire_option_next(&it, &o)) {
    if (!done && o.number > number) {
      cs_wire_option_put(&w, number, value);
      done = true;
    }
    cs_wire_option_put(&w, o.number, o.value);
  }
  if (!done)
    cs_wire_option_put(&w, number, value);
  *len = out.len;
  return out.overflow ? CS_ERR_TOO_LARGE : CS_OK;
}

static void insert(cs_span script) {
  static uint8_t buf[BUFFER];
  static uint8_t before[BUFFER];
  cs_base_reader in = cs_base_reader_of(script);
  size_t len = 0;
  uint16_t number;
  cs_span value;
  for (int n = 0; n < OPTIONS_MAX && next_wish(&in, &number, &value); n++) {
    size_t want_len = 0;
    memcpy(before, buf, len);
    size_t before_len = len;
    cs_err want = insert_plainly(cs_span_of(buf, len), BUFFER, number, value, &want_len);
    cs_err got = cs_wire_option_insert(buf, &len, BUFFER, number, value);
    CS_ORACLE(got == want);
    if (got == CS_OK)
      CS_ORACLE(len == want_len && memcmp(buf, model, len) == 0);
    else
      CS_ORACLE(len == before_len && memcmp(buf, before, len) == 0);
  }
}

static void append(cs_span script) {
  static uint8_t buf[BUFFER];
  cs_base_reader in = cs_base_reader_of(script);
  cs_base_writer out = cs_base_writer_of(buf, BUFFER);
  cs_wire_option_writer w = {&out, 0};
  size_t count = 0;
  uint16_t number;
  cs_span value;
  while (next_wish(&in, &number, &value) && !out.overflow) {
    uint16_t last = w.last;
    size_t len = out.len;
    cs_err e = cs_wire_option_put(&w, number, value);
    CS_ORACLE((e == CS_ERR_ARGUMENT) == (number < last));
    if (e != CS_OK || out.overflow)
      CS_ORACLE(out.len == len && w.last == last);
    else
      count++;
  }
  cs_wire_option_iter it = cs_wire_options(cs_base_written(&out));
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    CS_ORACLE(count-- > 0);
    for (size_t i = 0; i < o.value.len; i++)
      CS_ORACLE(o.value.at[i] == (o.number & 0xff));
  }
  CS_ORACLE(count == 0 && it.broken == CS_RULE_NONE);
}

/* The table agrees with itself, whichever way it is asked. */
static void table_row(size_t i) {
  const cs_wire_option_row *row = cs_wire_option_at(i);
  if (!row)
    return;
  CS_ORACLE(cs_wire_option_find(row->space, row->number) == row);
  CS_ORACLE(cs_wire_option_named(row->space, cs_span_str(row->name)) == row);
  CS_ORACLE(row->min_len <= row->max_len);
  CS_ORACLE(!(cs_wire_option_unsafe(row->number) && cs_wire_option_no_cache_key(row->number)));
}

/* The text as a value: refused with its place, or a value that prints and
 * reads to itself. */
static void value_in_notation(cs_wire_format format, cs_span in, size_t cap) {
  cs_base_reader r = cs_base_reader_of(in);
  cs_wire_notation_error error = {0, NULL};
  size_t len = 77;
  cs_err e = cs_wire_read_value(&r, format, encoded, cap, &len, &error);
  if (e != CS_OK) {
    CS_ORACLE(r.at == in.at && len == 77);
    CS_ORACLE(e == CS_ERR_TOO_LARGE ? cap < in.len
                                    : e == CS_ERR_RULE && error.want && error.at <= in.len);
    return;
  }
  CS_ORACLE(len <= cap);
  size_t printed = 0;
  size_t got = 0;
  static uint8_t again[INPUT_MAX];
  cs_span value = cs_span_of(encoded, len);
  CS_ORACLE(cs_wire_print_value(format, value, text, 0, &printed) == CS_ERR_TOO_LARGE);
  CS_ORACLE(cs_wire_print_value(format, value, text, sizeof text, &printed) == CS_OK);
  r = cs_base_reader_of(cs_span_of(text, printed));
  CS_ORACLE(cs_wire_read_value(&r, format, again, sizeof again, &got, NULL) == CS_OK);
  CS_ORACLE(cs_span_equal(value, cs_span_of(again, got)));
}

static void check_uint(uint32_t v, size_t longest) {
  uint8_t buf[4];
  uint8_t option[8];
  uint32_t again = ~v;
  size_t len = cs_wire_uint_put(v, buf);
  CS_ORACLE(len <= longest && (len == 0 || buf[0] != 0));
  CS_ORACLE(cs_wire_uint(cs_span_of(buf, len), &again) == CS_OK && again == v);
  cs_base_writer out = cs_base_writer_of(option, sizeof option);
  cs_wire_option_writer w = {&out, 0};
  cs_span value;
  CS_ORACLE(cs_wire_option_put_uint(&w, CS_OPT_SIZE1, v) == CS_OK);
  CS_ORACLE(cs_wire_option_get(cs_base_written(&out), CS_OPT_SIZE1, &value));
  CS_ORACLE(cs_span_equal(value, cs_span_of(buf, len)));
  CS_ORACLE(!cs_wire_option_get(cs_base_written(&out), CS_OPT_SIZE1 - 1, &value));
  CS_ORACLE(!cs_wire_option_get(cs_base_written(&out), CS_OPT_SIZE1 + 1, &value));
}

/* Nothing that a terminal would obey. */
static void check_printable(cs_span printed) {
  for (size_t i = 0; i < printed.len; i++) {
    CS_ORACLE(printed.at[i] >= 0x20 && printed.at[i] != 0x7f);
    CS_ORACLE(printed.at[i] != 0xc2 || printed.at[i + 1] >= 0xa0);
  }
  CS_ORACLE(decodes(printed));
}

static void value_of(uint32_t number, cs_span value) {
  CS_ORACLE(cs_wire_utf8_valid(value) == decodes(value));
  uint32_t v = 0;
  cs_err e = cs_wire_uint(value, &v);
  CS_ORACLE((e == CS_OK) == (value.len <= 4));
  if (e == CS_OK)
    check_uint(v, value.len);
  const cs_wire_option_row *row = cs_wire_option_find(0, number);
  cs_wire_format format = row ? row->format : CS_FORMAT_OPAQUE;
  table_row(number);
  value_in_notation(format, value, sizeof encoded);
  value_in_notation(format, value, number & 7);
  /* The bytes as a name: found only when they spell a row's name. */
  const cs_wire_option_row *named = cs_wire_option_named(0, value);
  CS_ORACLE(!named || strlen(named->name) == value.len);
  size_t len = 0;
  size_t got = 0;
  CS_ORACLE(cs_wire_print_value(format, value, text, sizeof text, &len) == CS_OK);
  check_printable(cs_span_of(text, len));
  cs_base_reader in = cs_base_reader_of(cs_span_of(text, len));
  e = cs_wire_read_value(&in, format, encoded, sizeof encoded, &got, NULL);
  CS_ORACLE(e == CS_OK && cs_base_left(&in) == 0);
  CS_ORACLE(cs_span_equal(cs_span_of(encoded, got), value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3 || size > INPUT_MAX)
    return 0;
  switch (data[0] & 3u) {
  case 0:
    walk(data[1], cs_span_of(data + 2, size - 2));
    break;
  case 1:
    insert(cs_span_of(data + 1, size - 1));
    break;
  case 2:
    append(cs_span_of(data + 1, size - 1));
    break;
  default:
    value_of((uint32_t)data[1] << 8 | data[2], cs_span_of(data + 3, size - 3));
    break;
  }
  return 0;
}
