#include "wire/notation.h"

#include "wire/block.h"
#include "wire/option_codec.h"

/* Bytes that a value is read into; with buf NULL they are only counted, which
 * tells how much room to make for it. */
struct sink {
  uint8_t *buf;
  size_t cap;
  size_t len;
};

/* Where a fault is, as an address; it becomes an offset at the end. */
struct fault {
  const uint8_t *at;
  const char *want;
};

static bool expected(struct fault *f, const uint8_t *at, const char *want) {
  f->at = at;
  f->want = want;
  return false;
}

static void sink_put(struct sink *s, unsigned b) {
  if (s->buf && s->len < s->cap)
    s->buf[s->len] = (uint8_t)b;
  s->len++;
}

static bool at_char(const cs_base_reader *in, char c) {
  return cs_base_left(in) > 0 && *in->at == (uint8_t)c;
}

static bool take_char(cs_base_reader *in, char c) {
  if (!at_char(in, c))
    return false;
  in->at++;
  return true;
}

static bool take_word(cs_base_reader *in, const char *word) {
  cs_base_reader r = *in;
  while (*word)
    if (!take_char(&r, *word++))
      return false;
  *in = r;
  return true;
}

static bool is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

/* The value of a hex digit, or 16. */
static unsigned hex_digit(const cs_base_reader *in) {
  if (cs_base_left(in) == 0)
    return 16;
  unsigned c = *in->at;
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static bool take_hex_byte(cs_base_reader *in, unsigned *b, struct fault *f) {
  unsigned high = hex_digit(in);
  if (high > 15)
    return expected(f, in->at, "two hex digits");
  in->at++;
  unsigned low = hex_digit(in);
  if (low > 15)
    return expected(f, in->at, "a second hex digit");
  in->at++;
  *b = high << 4 | low;
  return true;
}

static bool take_hex(cs_base_reader *in, struct sink *s, struct fault *f) {
  while (hex_digit(in) < 16) {
    unsigned b;
    if (!take_hex_byte(in, &b, f))
      return false;
    sink_put(s, b);
  }
  return true;
}

/* Decimal digits up to max; without sign, any number of leading zeros. */
static bool take_decimal(cs_base_reader *in, uint32_t max, uint32_t *v, struct fault *f,
                         const char *want) {
  const uint8_t *start = in->at;
  uint64_t sum = 0;
  if (cs_base_left(in) == 0 || !is_digit(*in->at))
    return expected(f, start, want);
  while (cs_base_left(in) && is_digit(*in->at)) {
    sum = sum * 10 + (uint64_t)(*in->at - '0');
    if (sum > max)
      return expected(f, start, want);
    in->at++;
  }
  *v = (uint32_t)sum;
  return true;
}

static bool take_escape(cs_base_reader *in, struct sink *s, struct fault *f) {
  unsigned b;
  if (take_char(in, '"')) {
    sink_put(s, '"');
  } else if (take_char(in, '\\')) {
    sink_put(s, '\\');
  } else if (take_char(in, 'x')) {
    if (!take_hex_byte(in, &b, f))
      return false;
    sink_put(s, b);
  } else {
    return expected(f, in->at, "one of the escapes \\xHH, \\\" and \\\\");
  }
  return true;
}

static bool take_quoted(cs_base_reader *in, struct sink *s, struct fault *f) {
  in->at++;
  while (!take_char(in, '"')) {
    if (cs_base_left(in) == 0 || *in->at == '\n')
      return expected(f, in->at, "a closing quotation mark");
    if (take_char(in, '\\')) {
      if (!take_escape(in, s, f))
        return false;
    } else {
      sink_put(s, *in->at++);
    }
  }
  return true;
}

static bool take_uint(cs_base_reader *in, struct sink *s, struct fault *f) {
  uint32_t v;
  if (!take_decimal(in, UINT32_MAX, &v, f, "a number up to 4294967295, text or 0x bytes"))
    return false;
  uint8_t buf[4];
  size_t len = cs_wire_uint_put(v, buf);
  for (size_t i = 0; i < len; i++)
    sink_put(s, buf[i]);
  return true;
}

static bool take_block(cs_base_reader *in, struct sink *s, struct fault *f) {
  uint32_t num;
  uint32_t more;
  uint32_t szx;
  if (!take_decimal(in, CS_WIRE_BLOCK_NUM_MAX, &num, f,
                    "a block NUM/M/SZX with NUM up to 1048575, text or 0x bytes"))
    return false;
  if (!take_char(in, '/'))
    return expected(f, in->at, "/ and M of a block NUM/M/SZX");
  if (!take_decimal(in, 1, &more, f, "M of a block, 0 or 1"))
    return false;
  if (!take_char(in, '/'))
    return expected(f, in->at, "/ and SZX of a block NUM/M/SZX");
  if (!take_decimal(in, 7, &szx, f, "SZX of a block, 0 to 7"))
    return false;
  cs_wire_block b = {num, more != 0, (uint8_t)szx};
  uint8_t buf[3];
  size_t len = cs_wire_block_put(&b, buf);
  for (size_t i = 0; i < len; i++)
    sink_put(s, buf[i]);
  return true;
}

static bool take_value(cs_base_reader *in, cs_wire_format format, struct sink *s, struct fault *f) {
  if (at_char(in, '"'))
    return take_quoted(in, s, f);
  if (take_word(in, "0x"))
    return take_hex(in, s, f);
  if (format == CS_FORMAT_UINT)
    return take_uint(in, s, f);
  if (format == CS_FORMAT_BLOCK)
    return take_block(in, s, f);
  return expected(f, in->at, "text in quotation marks or 0x bytes");
}

static void report(cs_wire_notation_error *error, const struct fault *f, const uint8_t *start) {
  if (error) {
    error->at = (size_t)(f->at - start);
    error->want = f->want;
  }
}

cs_err cs_wire_read_value(cs_base_reader *in, cs_wire_format format, uint8_t *buf, size_t cap,
                          size_t *len, cs_wire_notation_error *error) {
  cs_base_reader r = *in;
  struct sink s = {buf, cap, 0};
  struct fault f;
  if (!take_value(&r, format, &s, &f)) {
    report(error, &f, in->at);
    return CS_ERR_RULE;
  }
  if (s.len > cap)
    return CS_ERR_TOO_LARGE;
  *in = r;
  *len = s.len;
  return CS_OK;
}

/* A message while it is read. The scratch holds token, options, payload in
 * this order whatever the order of the fields in the text. */
struct reading {
  cs_base_reader in;
  cs_wire_form form;
  uint8_t *scratch;
  size_t cap;
  uint8_t type;
  uint8_t code;
  uint16_t mid;
  size_t token;
  size_t options;
  size_t payload;
  uint16_t last; /* the highest option number so far */
  bool has_mid;
  bool has_token;
  bool has_payload;
  bool too_large;
  struct fault fault;
};

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t';
}

static bool at_end_of_field(const cs_base_reader *in) {
  return cs_base_left(in) == 0 || is_space(*in->at);
}

static void skip_spaces(cs_base_reader *in) {
  while (cs_base_left(in) && is_space(*in->at))
    in->at++;
}

/* A word that ends where the field ends. */
static bool take_field(cs_base_reader *in, const char *word) {
  cs_base_reader r = *in;
  if (!take_word(&r, word) || !at_end_of_field(&r))
    return false;
  *in = r;
  return true;
}

static bool too_large(struct reading *g) {
  g->too_large = true;
  return false;
}

static bool read_type(struct reading *g) {
  for (uint8_t t = CS_CON; t <= CS_RST; t++) {
    if (take_field(&g->in, cs_wire_type_name(t))) {
      g->type = t;
      skip_spaces(&g->in);
      return true;
    }
  }
  return expected(&g->fault, g->in.at, "a type: CON, NON, ACK or RST");
}

static bool named_code(struct reading *g) {
  if (take_field(&g->in, "Empty")) {
    g->code = CS_CODE_EMPTY;
    return true;
  }
  if (cs_base_left(&g->in) && is_digit(*g->in.at))
    return false;
  for (unsigned code = 1; code < 256; code++) {
    if (code == CS_CODE(1, 0))
      code = CS_CODE(7, 0); /* only methods and signals are written by name */
    const char *name = cs_wire_code_name((uint8_t)code);
    if (name && take_field(&g->in, name)) {
      g->code = (uint8_t)code;
      return true;
    }
  }
  return false;
}

static bool read_code(struct reading *g) {
  static const char want[] = "a code: c.dd from 0.00 to 7.31, a method or a signaling name";
  if (named_code(g))
    return true;
  const uint8_t *start = g->in.at;
  cs_span s;
  if (!cs_base_take(&g->in, 4, &s) || !at_end_of_field(&g->in) || s.at[1] != '.' ||
      !is_digit(s.at[0]) || !is_digit(s.at[2]) || !is_digit(s.at[3]))
    return expected(&g->fault, start, want);
  unsigned class = s.at[0] - (unsigned)'0';
  unsigned detail = (s.at[2] - (unsigned)'0') * 10 + (s.at[3] - (unsigned)'0');
  if (class > 7 || detail > 31)
    return expected(&g->fault, start, want);
  g->code = CS_CODE(class, detail);
  return true;
}

static bool read_mid(struct reading *g) {
  static const char want[] = "a Message ID: 0x and up to four hex digits, or 0 to 65535";
  const uint8_t *start = g->in.at;
  uint32_t v = 0;
  if (take_word(&g->in, "0x")) {
    size_t digits = 0;
    for (; hex_digit(&g->in) < 16; digits++) {
      v = (v << 4 | hex_digit(&g->in)) & 0xffff;
      g->in.at++;
    }
    if (digits == 0 || digits > 4)
      return expected(&g->fault, start, want);
  } else if (!take_decimal(&g->in, 0xffff, &v, &g->fault, want)) {
    return false;
  }
  g->mid = (uint16_t)v;
  g->has_mid = true;
  return true;
}

/* Fits len more bytes beside what the scratch holds? */
static bool has_room(const struct reading *g, size_t len) {
  return len <= g->cap - g->token - g->options - g->payload;
}

static bool read_token(struct reading *g) {
  cs_base_reader again = g->in;
  struct sink count = {NULL, 0, 0};
  if (!take_hex(&g->in, &count, &g->fault))
    return false;
  if (count.len > CS_WIRE_TOKEN_MAX)
    return expected(&g->fault, again.at, "a token of at most 65804 bytes");
  if (!has_room(g, count.len))
    return too_large(g);
  if (g->options)
    memmove(g->scratch + count.len, g->scratch, g->options);
  struct sink s = {g->scratch, count.len, 0};
  take_hex(&again, &s, &g->fault);
  g->token = count.len;
  g->has_token = true;
  return true;
}

static bool read_payload(struct reading *g) {
  cs_base_reader again = g->in;
  struct sink count = {NULL, 0, 0};
  if (!take_value(&g->in, CS_FORMAT_OPAQUE, &count, &g->fault))
    return false;
  if (!has_room(g, count.len))
    return too_large(g);
  struct sink s = {g->scratch ? g->scratch + g->token + g->options : NULL, count.len, 0};
  take_value(&again, CS_FORMAT_OPAQUE, &s, &g->fault);
  g->payload = count.len;
  g->has_payload = true;
  return true;
}

/* The name of an option: everything up to the equals sign or the space. */
static bool read_option_name(struct reading *g, uint16_t *number, cs_wire_format *format) {
  const uint8_t *start = g->in.at;
  uint8_t space = cs_wire_option_space(g->code);
  const cs_wire_option_row *row;
  if (take_word(&g->in, "Option-")) {
    uint32_t v;
    if (!take_decimal(&g->in, CS_WIRE_OPTION_NUMBER_MAX, &v, &g->fault,
                      "an option number from 0 to 65535"))
      return false;
    *number = (uint16_t)v;
    row = cs_wire_option_find(space, v);
    *format = row ? row->format : CS_FORMAT_OPAQUE;
    return true;
  }
  while (cs_base_left(&g->in) && *g->in.at != '=' && !is_space(*g->in.at))
    g->in.at++;
  row = cs_wire_option_named(space, cs_span_of(start, (size_t)(g->in.at - start)));
  if (!row)
    return expected(&g->fault, start,
                    cs_wire_code_is_signal(g->code)
                        ? "token=, payload= or the name of an option of this signaling code"
                    : g->form == CS_WIRE_UDP ? "mid=, token=, payload= or the name of an option"
                                             : "token=, payload= or the name of an option");
  *number = row->number;
  *format = row->format;
  return true;
}

/* Makes room for an option among the others. Most texts have their options in
 * order, which spares walking those before. */
static bool open_option(struct reading *g, uint16_t number, size_t len, uint8_t **value) {
  if (len > CS_WIRE_OPTION_VALUE_MAX || !has_room(g, len))
    return false;
  uint8_t *options = g->scratch + g->token;
  size_t cap = g->cap - g->token;
  if (number < g->last)
    return cs_wire_option_open(options, &g->options, cap, number, len, value) == CS_OK;
  uint32_t delta = (uint32_t)number - g->last;
  cs_base_writer w = cs_base_writer_of(options, cap);
  w.len = g->options;
  if (cs_wire_option_header_size(delta, len) + len > cap - w.len)
    return false;
  cs_wire_option_put_header(&w, delta, len);
  *value = options + w.len;
  g->options = w.len + len;
  g->last = number;
  return true;
}

static bool read_option(struct reading *g) {
  uint16_t number = 0;
  cs_wire_format format = CS_FORMAT_OPAQUE;
  if (!read_option_name(g, &number, &format))
    return false;
  struct sink count = {NULL, 0, 0};
  cs_base_reader again = g->in;
  bool has_value = take_char(&g->in, '=');
  if (has_value) {
    again = g->in;
    if (!take_value(&g->in, format, &count, &g->fault))
      return false;
  } else if (format != CS_FORMAT_EMPTY) {
    return expected(&g->fault, g->in.at, "= and a value");
  }
  uint8_t *value;
  if (!open_option(g, number, count.len, &value))
    return too_large(g);
  struct sink s = {value, count.len, 0};
  if (has_value)
    take_value(&again, format, &s, &g->fault);
  return true;
}

static bool read_one(struct reading *g) {
  const uint8_t *start = g->in.at;
  if (g->has_payload)
    return expected(&g->fault, start, "the end of the message behind the payload");
  if (g->form == CS_WIRE_UDP && take_word(&g->in, "mid="))
    return g->has_mid ? expected(&g->fault, start, "one mid= only") : read_mid(g);
  if (take_word(&g->in, "token="))
    return g->has_token ? expected(&g->fault, start, "one token= only") : read_token(g);
  if (take_word(&g->in, "payload="))
    return read_payload(g);
  return read_option(g);
}

static bool read_message(struct reading *g) {
  skip_spaces(&g->in);
  if (g->form == CS_WIRE_UDP && !read_type(g))
    return false;
  if (!read_code(g))
    return false;
  while (skip_spaces(&g->in), cs_base_left(&g->in) > 0) {
    if (!read_one(g))
      return false;
    if (!at_end_of_field(&g->in))
      return expected(&g->fault, g->in.at, "a space or the end of the message");
  }
  if (g->form == CS_WIRE_UDP && !g->has_mid)
    return expected(&g->fault, g->in.at, "mid=");
  return true;
}

cs_err cs_wire_read(cs_wire_form form, cs_span text, uint8_t *scratch, size_t cap,
                    cs_wire_message *m, cs_wire_notation_error *error) {
  struct reading g = {.in = cs_base_reader_of(text), .form = form, .scratch = scratch, .cap = cap};
  if (!read_message(&g)) {
    if (g.too_large)
      return CS_ERR_TOO_LARGE;
    report(error, &g.fault, text.at);
    return CS_ERR_RULE;
  }
  cs_span all = cs_span_of(scratch, cap);
  m->form = form;
  m->type = g.type;
  m->code = g.code;
  m->mid = g.mid;
  m->token = cs_span_cut(all, 0, g.token);
  m->options = cs_span_cut(all, g.token, g.options);
  m->payload = cs_span_cut(all, g.token + g.options, g.payload);
  return CS_OK;
}
