#include "wire/option.h"

#include "wire/option_codec.h"

cs_wire_option_iter cs_wire_options(cs_span encoded) {
  cs_wire_option_iter it = {cs_base_reader_of(encoded), 0, CS_RULE_NONE};
  return it;
}

bool cs_wire_option_next(cs_wire_option_iter *it, cs_wire_option *out) {
  return cs_wire_option_step(it, out);
}

bool cs_wire_option_get(cs_span encoded, uint16_t number, cs_span *value) {
  cs_wire_option_iter it = cs_wire_options(encoded);
  cs_wire_option o;
  while (cs_wire_option_next(&it, &o)) {
    if (o.number == number) {
      *value = o.value;
      return true;
    }
    if (o.number > number)
      break;
  }
  return false;
}

cs_err cs_wire_uint(cs_span value, uint32_t *out) {
  if (value.len > 4)
    return CS_ERR_RULE;
  uint32_t v = 0;
  for (size_t i = 0; i < value.len; i++)
    v = v << 8 | value.at[i];
  *out = v;
  return CS_OK;
}

size_t cs_wire_uint_put(uint32_t v, uint8_t buf[4]) {
  size_t len = v > 0xffffff ? 4 : v > 0xffff ? 3 : v > 0xff ? 2 : v > 0 ? 1 : 0;
  for (size_t i = len; i > 0; i--) {
    buf[i - 1] = (uint8_t)v;
    v >>= 8;
  }
  return len;
}

cs_err cs_wire_option_put(cs_wire_option_writer *w, uint16_t number, cs_span value) {
  if (number < w->last || value.len > CS_WIRE_OPTION_VALUE_MAX)
    return CS_ERR_ARGUMENT;
  uint32_t delta = (uint32_t)number - w->last;
  /* All or nothing: an overflow never leaves half an option behind. */
  if (!cs_base_room(w->out, cs_wire_option_header_size(delta, value.len) + value.len))
    return CS_OK;
  cs_wire_option_put_header(w->out, delta, value.len);
  cs_base_put_span(w->out, value);
  w->last = number;
  return CS_OK;
}

cs_err cs_wire_option_put_uint(cs_wire_option_writer *w, uint16_t number, uint32_t v) {
  uint8_t buf[4];
  size_t len = cs_wire_uint_put(v, buf);
  return cs_wire_option_put(w, number, cs_span_of(buf, len));
}

/* Where a new option goes and what it does to the one behind it. */
struct place {
  size_t at;         /* offset of the new option */
  uint32_t before;   /* number of the option before it */
  bool has_next;     /* whether one comes behind it */
  uint32_t next;     /* its number */
  size_t next_len;   /* the length of its value */
  size_t next_value; /* the offset of its value */
};

static bool find_place(cs_span encoded, uint16_t number, struct place *p) {
  cs_wire_option_iter it = cs_wire_options(encoded);
  cs_wire_option o;
  size_t end = 0;
  memset(p, 0, sizeof *p);
  while (cs_wire_option_next(&it, &o)) {
    end = encoded.len - cs_base_left(&it.in);
    if (o.number <= number) {
      p->at = end;
      p->before = o.number;
    } else if (!p->has_next) {
      p->has_next = true;
      p->next = o.number;
      p->next_len = o.value.len;
      p->next_value = end - o.value.len;
    }
  }
  return it.broken == CS_RULE_NONE;
}

cs_err cs_wire_option_open(uint8_t *buf, size_t *len, size_t cap, uint16_t number, size_t value_len,
                           uint8_t **value) {
  struct place p;
  if (value_len > CS_WIRE_OPTION_VALUE_MAX || !find_place(cs_span_of(buf, *len), number, &p))
    return CS_ERR_ARGUMENT;
  size_t own = cs_wire_option_header_size(number - p.before, value_len) + value_len;
  /* The option behind is counted from this one now; its header may shrink. */
  size_t next = p.has_next ? cs_wire_option_header_size(p.next - number, p.next_len) : 0;
  size_t tail = p.has_next ? p.next_value : p.at;
  size_t tail_len = *len - tail;
  size_t grown = p.at + own + next;
  if (grown > cap || tail_len > cap - grown)
    return CS_ERR_TOO_LARGE;
  if (tail_len)
    memmove(buf + grown, buf + tail, tail_len);
  cs_base_writer w = cs_base_writer_of(buf, grown);
  w.len = p.at;
  cs_wire_option_put_header(&w, number - p.before, value_len);
  *value = buf + w.len;
  w.len += value_len;
  if (p.has_next)
    cs_wire_option_put_header(&w, p.next - number, p.next_len);
  *len = grown + tail_len;
  return CS_OK;
}

cs_err cs_wire_option_insert(uint8_t *buf, size_t *len, size_t cap, uint16_t number,
                             cs_span value) {
  uint8_t *at;
  cs_err e = cs_wire_option_open(buf, len, cap, number, value.len, &at);
  if (e == CS_OK && value.len)
    memcpy(at, value.at, value.len);
  return e;
}
