/* Steps become bytes. Whatever a step says is written, right or wrong. */
#include "runner/fuzz_input.h"
#include "runner/values.h"

typedef cs_runner_fuzz_draft draft;
typedef cs_runner_fuzz_step step;

/* A nibble of an option and what extends it. */
static unsigned nibble_of(uint32_t v) {
  return v < 13 ? v : v < 269 ? 13 : 14;
}

static void put_extended(cs_base_writer *w, unsigned nibble, uint32_t v) {
  if (nibble == 13)
    cs_base_put_u8(w, (v - 13) & 0xff);
  else if (nibble == 14)
    cs_base_put_u16(w, (v - 269) & 0xffff);
}

/* Options stand as they are listed: where a number is below the last, the delta
 * goes around 65536. */
static void put_options(cs_base_writer *w, const step *s) {
  uint16_t last = 0;
  for (size_t i = 0; i < s->option_count; i++) {
    const cs_runner_fuzz_option *o = &s->options[i];
    uint32_t delta = (uint16_t)(o->number - last);
    uint32_t claimed = o->claimed >= 0 ? (uint32_t)o->claimed : (uint32_t)o->value.len;
    unsigned dn = o->delta >= 0 ? (unsigned)o->delta : nibble_of(delta);
    unsigned ln = o->length >= 0 ? (unsigned)o->length : nibble_of(claimed);
    cs_base_put_u8(w, dn << 4 | ln);
    put_extended(w, dn, delta);
    put_extended(w, ln, claimed);
    cs_base_put_span(w, o->value);
    last = o->number;
  }
}

static void put_token(cs_base_writer *w, cs_span token) {
  put_extended(w, nibble_of((uint32_t)token.len), (uint32_t)token.len);
  cs_base_put_span(w, token);
}

static void put_length(cs_base_writer *w, uint64_t length, unsigned tkl) {
  if (length < 13) {
    cs_base_put_u8(w, (unsigned)length << 4 | tkl);
  } else if (length < 269) {
    cs_base_put_u8(w, 13u << 4 | tkl);
    cs_base_put_u8(w, (unsigned)length - 13);
  } else if (length < 65805) {
    cs_base_put_u8(w, 14u << 4 | tkl);
    cs_base_put_u16(w, (unsigned)length - 269);
  } else {
    cs_base_put_u8(w, 15u << 4 | tkl);
    cs_base_put_u32(w, (uint32_t)(length - 65805));
  }
}

static size_t message_cap(const step *s) {
  size_t cap = 32 + s->token.len + s->payload.len;
  for (size_t i = 0; i < s->option_count; i++)
    cap += 5 + s->options[i].value.len;
  return cap;
}

static cs_span message_of(draft *d, const step *s) {
  cs_wire_form form = cs_runner_form(d->corpus->transport);
  size_t cap = message_cap(s);
  cs_base_writer body = cs_base_writer_of(cs_runner_get(d->arena, cap), cap);
  put_options(&body, s);
  if (s->payload.len || s->marker)
    cs_base_put_u8(&body, 0xff);
  cs_base_put_span(&body, s->payload);
  cs_base_writer w = cs_base_writer_of(cs_runner_get(d->arena, cap), cap);
  unsigned tkl = s->tkl >= 0 ? (unsigned)s->tkl : nibble_of((uint32_t)s->token.len);
  if (form == CS_WIRE_UDP) {
    cs_base_put_u8(&w, (unsigned)s->version << 6 | (unsigned)(s->type & 3) << 4 | tkl);
    cs_base_put_u8(&w, s->code);
    cs_base_put_u16(&w, s->mid);
  } else if (form == CS_WIRE_TCP) {
    put_length(&w, s->length >= 0 ? (uint64_t)s->length : body.len, tkl);
    cs_base_put_u8(&w, s->code);
  } else {
    cs_base_put_u8(&w, (s->length >= 0 ? (unsigned)s->length & 15u : 0) << 4 | tkl);
    cs_base_put_u8(&w, s->code);
  }
  put_token(&w, s->token);
  cs_base_put_span(&w, cs_base_written(&body));
  return cs_base_written(&w);
}

/* ---- edits of bytes ---- */

static uint32_t below(cs_base_seeded *g, size_t n) {
  return (uint32_t)((cs_base_seeded_next(g) >> 16) % n);
}

static cs_span edit_once(draft *d, cs_base_seeded *g, cs_span in) {
  static const uint8_t likely[] = {0,    1,    0x40, 0x50, 0x60, 0x70, 0x7f, 0x80,
                                   0xdd, 0xde, 0xed, 0xee, 0xf0, 0xfe, 0xff, 0x0f};
  size_t cap = in.len + 16;
  uint8_t *at = cs_runner_get(d->arena, cap);
  size_t len = in.len;
  if (len)
    memcpy(at, in.at, len);
  /* The beginning, where the headers are, counts most. */
  size_t where = len ? below(g, below(g, 2) && len > 24 ? 24 : len) : 0;
  switch (len ? below(g, 6) : 5) {
  case 0:
    at[where] = (uint8_t)(at[where] ^ 1u << below(g, 8));
    break;
  case 1:
    at[where] = likely[below(g, sizeof likely)];
    break;
  case 2:
    len = below(g, len);
    break;
  case 3: /* some bytes go */
    memmove(at + where, at + where + 1, len - where - 1);
    len--;
    break;
  case 4: /* a part comes again */
    for (size_t i = 0; i < 8 && where + i < in.len && len < cap; i++)
      at[len++] = in.at[where + i];
    break;
  default: { /* some more */
    size_t n = 1 + below(g, 8);
    memmove(at + where + n, at + where, len - where);
    for (size_t i = 0; i < n; i++)
      at[where + i] = below(g, 2) ? likely[below(g, sizeof likely)] : (uint8_t)below(g, 256);
    len += n;
    break;
  }
  }
  return cs_span_of(at, len);
}

static cs_span edited(draft *d, const step *s, cs_span bytes) {
  cs_base_seeded g;
  cs_base_seeded_init(&g, s->edit_seed);
  for (unsigned i = 0; i < s->edits; i++)
    bytes = edit_once(d, &g, bytes);
  return bytes;
}

/* ---- moves ---- */

static size_t bytes_max(const draft *d) {
  return d->corpus->transport == CS_RUNNER_DTLS ? CS_RUNNER_FUZZ_DTLS_MAX
                                                : CS_RUNNER_FUZZ_MESSAGE_MAX;
}

struct sink {
  draft *d;
  cs_runner_reproducer *out;
  size_t total;
  bool over[CS_RUNNER_FUZZ_PORTS_MAX]; /* nothing more can be sent there */
};

static void put(struct sink *k, const step *s, cs_span bytes) {
  size_t max = bytes_max(k->d);
  cs_runner_move move = {.kind = s->plain ? CS_RUNNER_MOVE_PLAIN : CS_RUNNER_MOVE_SEND,
                         .port = s->port,
                         .slowly = s->slowly && bytes.len <= 64};
  bool stream = !(1u << k->d->corpus->transport & CS_RUNNER_DATAGRAMS);
  if (bytes.len > max)
    bytes = cs_span_cut(bytes, 0, max);
  if (k->out->moves.count >= CS_RUNNER_FUZZ_MOVES_MAX ||
      bytes.len > CS_RUNNER_FUZZ_INPUT_MAX - k->total || (stream && bytes.len == 0))
    return;
  move.bytes = bytes;
  k->total += bytes.len;
  cs_runner_reproducer_add(k->d->arena, k->out, &move);
}

/* On a stream in several segments. */
static void put_segments(struct sink *k, const step *s, cs_span bytes) {
  unsigned n = s->segments > 1 ? s->segments : 1;
  size_t at = 0;
  for (unsigned i = 1; i < n && bytes.len - at > 1; i++) {
    size_t len = 1 + cs_runner_fuzz_below(k->d, (uint32_t)(bytes.len - at - 1));
    put(k, s, cs_span_cut(bytes, at, len));
    at += len;
  }
  put(k, s, cs_span_cut(bytes, at, bytes.len - at));
}

static cs_span frame_of(draft *d, const cs_runner_frame *frame, cs_span payload) {
  cs_runner_frame f = *frame;
  cs_runner_fresh fresh;
  cs_runner_fresh_init(&fresh, cs_base_seeded_next(&d->random), "");
  if (f.form == 7 && payload.len > 125)
    f.form = 0;
  return cs_runner_make_frame(d->arena, &fresh, &f, payload);
}

static void put_message(struct sink *k, const step *s) {
  draft *d = k->d;
  bool websocket = 1u << d->corpus->transport & CS_RUNNER_WEBSOCKETS;
  cs_span message = edited(d, s, message_of(d, s));
  if (!websocket) {
    put_segments(k, s, message);
    return;
  }
  unsigned n = s->fragments > 1 && message.len ? s->fragments : 1;
  size_t at = 0;
  for (unsigned i = 0; i < n; i++) {
    cs_runner_frame f = s->frame;
    size_t left = message.len - at;
    size_t len = i + 1 == n ? left : cs_runner_fuzz_below(d, (uint32_t)left + 1);
    if (i > 0)
      f.opcode = 0;
    if (i + 1 < n)
      f.fin = false;
    put_segments(k, s, frame_of(d, &f, cs_span_cut(message, at, len)));
    at += len;
  }
}

void cs_runner_fuzz_encode(draft *d, cs_runner_reproducer *out) {
  struct sink k = {.d = d, .out = out};
  bool secured = 1u << d->corpus->transport & CS_RUNNER_SECURED;
  for (size_t i = 0; i < d->count; i++) {
    const step *s = &d->steps[i];
    cs_runner_move move = {.port = s->port};
    if (s->kind != CS_RUNNER_FUZZ_WAIT && k.over[s->port])
      continue;
    switch (s->kind) {
    case CS_RUNNER_FUZZ_MESSAGE:
      put_message(&k, s);
      continue;
    case CS_RUNNER_FUZZ_BYTES:
      put_segments(&k, s, edited(d, s, s->bytes));
      continue;
    case CS_RUNNER_FUZZ_FRAME:
      put_segments(&k, s, edited(d, s, frame_of(d, &s->frame, s->bytes)));
      continue;
    case CS_RUNNER_FUZZ_ALERT:
      move.kind = CS_RUNNER_MOVE_ALERT;
      move.alert = s->alert;
      if (!secured)
        continue;
      break;
    case CS_RUNNER_FUZZ_END:
      move.kind = CS_RUNNER_MOVE_END;
      if (secured) /* half a session is none */
        continue;
      break;
    case CS_RUNNER_FUZZ_CLOSE:
      move.kind = CS_RUNNER_MOVE_CLOSE;
      break;
    default:
      move.kind = CS_RUNNER_MOVE_WAIT;
      move.time = s->time;
      break;
    }
    if (s->kind != CS_RUNNER_FUZZ_WAIT)
      k.over[s->port] = true;
    if (out->moves.count < CS_RUNNER_FUZZ_MOVES_MAX)
      cs_runner_reproducer_add(d->arena, out, &move);
  }
}
