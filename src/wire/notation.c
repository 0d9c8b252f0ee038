#include "wire/notation.h"

#include "wire/block.h"
#include "wire/utf8.h"

enum { DECIMAL_MAX = 10 /* digits of a uint32_t */ };

/* Text that keeps its longest prefix that fits, one byte kept for the NUL. */
struct text {
  char *buf;
  size_t cap; /* without the NUL */
  size_t len;
  bool cut;
};

static void put_char(struct text *t, char c) {
  if (t->len == t->cap)
    t->cut = true;
  if (!t->cut)
    t->buf[t->len++] = c;
}

static void put_str(struct text *t, const char *s) {
  while (*s)
    put_char(t, *s++);
}

static void put_hex_byte(struct text *t, unsigned b) {
  static const char digits[] = "0123456789abcdef";
  put_char(t, digits[b >> 4 & 15]);
  put_char(t, digits[b & 15]);
}

static void put_hex(struct text *t, cs_span s) {
  for (size_t i = 0; i < s.len; i++)
    put_hex_byte(t, s.at[i]);
}

static void put_decimal(struct text *t, uint32_t v) {
  char digits[DECIMAL_MAX];
  size_t n = 0;
  do {
    digits[n++] = (char)('0' + v % 10);
    v /= 10;
  } while (v);
  while (n)
    put_char(t, digits[--n]);
}

/* Whether the character may stand as it is: no control character, C1 included,
 * since logs are read on terminals. */
static bool plain(cs_span character) {
  uint8_t first = character.at[0];
  if (character.len == 1)
    return first >= 0x20 && first != 0x7f;
  return !(first == 0xc2 && character.at[1] < 0xa0);
}

static void put_quoted(struct text *t, cs_span s) {
  put_char(t, '"');
  for (size_t i = 0; i < s.len;) {
    cs_span rest = cs_span_cut(s, i, s.len - i);
    size_t n = cs_wire_utf8_sequence(rest);
    if (n == 0 || !plain(cs_span_cut(rest, 0, n))) {
      put_str(t, "\\x");
      put_hex_byte(t, s.at[i++]);
      continue;
    }
    if (s.at[i] == '"' || s.at[i] == '\\')
      put_char(t, '\\');
    for (; n; n--)
      put_char(t, (char)s.at[i++]);
  }
  put_char(t, '"');
}

static void put_bytes(struct text *t, cs_span s) {
  put_str(t, "0x");
  put_hex(t, s);
}

/* A uint in its shortest encoding may be written as a number; anything else
 * would not come back as the same bytes. */
static bool canonical_uint(cs_span value, size_t max_len, uint32_t *v) {
  return value.len <= max_len && (value.len == 0 || value.at[0] != 0) &&
         cs_wire_uint(value, v) == CS_OK;
}

static void put_block(struct text *t, cs_span value) {
  uint32_t v;
  cs_wire_block b;
  if (!canonical_uint(value, 3, &v) || cs_wire_block_parse(value, true, &b) != CS_RULE_NONE) {
    put_bytes(t, value);
    return;
  }
  put_decimal(t, b.num);
  put_str(t, b.more ? "/1/" : "/0/");
  put_decimal(t, b.szx);
}

static void put_value(struct text *t, cs_wire_format format, cs_span value) {
  uint32_t v;
  switch (format) {
  case CS_FORMAT_STRING:
    put_quoted(t, value);
    return;
  case CS_FORMAT_UINT:
    if (canonical_uint(value, 4, &v)) {
      put_decimal(t, v);
      return;
    }
    break;
  case CS_FORMAT_BLOCK:
    put_block(t, value);
    return;
  case CS_FORMAT_EMPTY:
  case CS_FORMAT_OPAQUE:
    break;
  }
  put_bytes(t, value);
}

static void put_option(struct text *t, uint8_t space, const cs_wire_option *o) {
  const cs_wire_option_row *row = cs_wire_option_find(space, o->number);
  put_char(t, ' ');
  if (row) {
    put_str(t, row->name);
  } else {
    put_str(t, "Option-");
    put_decimal(t, o->number);
  }
  if (row && row->format == CS_FORMAT_EMPTY && o->value.len == 0)
    return;
  put_char(t, '=');
  put_value(t, row ? row->format : CS_FORMAT_OPAQUE, o->value);
}

/* A payload is shown as text when it reads as such: valid UTF-8 whose only
 * control characters are those of line ends and tabs. */
static bool reads_as_text(cs_span s) {
  for (size_t i = 0; i < s.len;) {
    cs_span rest = cs_span_cut(s, i, s.len - i);
    size_t n = cs_wire_utf8_sequence(rest);
    if (n == 0)
      return false;
    uint8_t c = s.at[i];
    if (!plain(cs_span_cut(rest, 0, n)) && c != '\t' && c != '\n' && c != '\r')
      return false;
    i += n;
  }
  return true;
}

static void put_code(struct text *t, uint8_t code) {
  if ((cs_wire_code_is_request(code) || cs_wire_code_is_signal(code)) && cs_wire_code_name(code)) {
    put_str(t, cs_wire_code_name(code));
    return;
  }
  put_decimal(t, CS_CODE_CLASS(code));
  put_char(t, '.');
  put_char(t, (char)('0' + CS_CODE_DETAIL(code) / 10));
  put_char(t, (char)('0' + CS_CODE_DETAIL(code) % 10));
}

static cs_err finish(struct text *t, size_t *len) {
  t->buf[t->len] = '\0';
  if (t->cut)
    return CS_ERR_TOO_LARGE;
  if (len)
    *len = t->len;
  return CS_OK;
}

cs_err cs_wire_print(const cs_wire_message *m, char *buf, size_t cap, size_t *len) {
  if (cap == 0)
    return CS_ERR_TOO_LARGE;
  struct text t = {buf, cap - 1, 0, false};
  if (m->form == CS_WIRE_UDP) {
    const char *type = cs_wire_type_name(m->type);
    put_str(&t, type ? type : "?");
    put_char(&t, ' ');
  }
  put_code(&t, m->code);
  if (m->form == CS_WIRE_UDP) {
    put_str(&t, " mid=0x");
    put_hex_byte(&t, m->mid >> 8);
    put_hex_byte(&t, m->mid & 0xff);
  }
  if (m->token.len) {
    put_str(&t, " token=");
    put_hex(&t, m->token);
  }
  cs_wire_option_iter it = cs_wire_options(m->options);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o))
    put_option(&t, cs_wire_option_space(m->code), &o);
  if (m->payload.len) {
    put_str(&t, " payload=");
    if (reads_as_text(m->payload))
      put_quoted(&t, m->payload);
    else
      put_bytes(&t, m->payload);
  }
  cs_err e = finish(&t, len);
  return e == CS_OK && it.broken != CS_RULE_NONE ? CS_ERR_RULE : e;
}

cs_err cs_wire_print_value(cs_wire_format format, cs_span value, char *buf, size_t cap,
                           size_t *len) {
  if (cap == 0)
    return CS_ERR_TOO_LARGE;
  struct text t = {buf, cap - 1, 0, false};
  put_value(&t, format, value);
  return finish(&t, len);
}
