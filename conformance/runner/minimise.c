/* Delta debugging of moves, then of messages. */
#include "runner/minimise.h"

#include <string.h>

#include "runner/values.h"
#include "wire/option.h"
#include "wire/ws_frame.h"

struct work {
  cs_runner_arena *arena;
  cs_runner_reproducer *r;
  bool (*shows)(void *ctx, const cs_runner_reproducer *r);
  void *ctx;
  unsigned tries;
  unsigned tries_max;
  bool smaller;
  bool over; /* tries_max was reached while there was more to try */
};

/* Tries moves instead of those of the reproducer; they become its own when they show it. */
static bool try_moves(struct work *w, const cs_runner_list *moves) {
  if (w->tries == w->tries_max) {
    w->over = true;
    return false;
  }
  cs_runner_reproducer candidate = *w->r;
  candidate.moves = *moves;
  w->tries++;
  if (!w->shows(w->ctx, &candidate))
    return false;
  w->r->moves = *moves;
  w->smaller = true;
  return true;
}

/* ---- Fewer moves ---- */

static bool is_send(const cs_runner_move *m) {
  return m->kind == CS_RUNNER_MOVE_SEND || m->kind == CS_RUNNER_MOVE_PLAIN;
}

static bool drop_waits(struct work *w) {
  cs_runner_list moves = {0};
  for (size_t i = 0; i < w->r->moves.count; i++)
    if (cs_runner_moves(w->r)[i].kind != CS_RUNNER_MOVE_WAIT)
      *(cs_runner_move *)cs_runner_push(w->arena, &moves, sizeof(cs_runner_move)) =
          cs_runner_moves(w->r)[i];
  return moves.count > 0 && moves.count < w->r->moves.count && try_moves(w, &moves);
}

static bool drop_range(struct work *w, size_t from, size_t count) {
  cs_runner_list moves = {0};
  for (size_t i = 0; i < w->r->moves.count; i++)
    if (i < from || i >= from + count)
      *(cs_runner_move *)cs_runner_push(w->arena, &moves, sizeof(cs_runner_move)) =
          cs_runner_moves(w->r)[i];
  return moves.count > 0 && try_moves(w, &moves);
}

/* Drops runs of moves, ever shorter ones, until no single move can go. What was sent
 * last is most often what did it, so the first go first. */
static void drop_moves(struct work *w) {
  size_t size = w->r->moves.count / 2;
  while (size > 0 && !w->over) {
    bool dropped = false;
    for (size_t at = 0; at < w->r->moves.count && !w->over;) {
      size_t n = w->r->moves.count - at < size ? w->r->moves.count - at : size;
      if (n < w->r->moves.count && drop_range(w, at, n))
        dropped = true;
      else
        at += n;
    }
    if (size > 1 || !dropped)
      size /= 2;
  }
}

/* ---- Shorter messages ---- */

/* Tries the moves with another one in place i. */
static bool try_move(struct work *w, size_t i, const cs_runner_move *move) {
  cs_runner_list moves = {0};
  for (size_t k = 0; k < w->r->moves.count; k++)
    *(cs_runner_move *)cs_runner_push(w->arena, &moves, sizeof(cs_runner_move)) =
        k == i ? *move : cs_runner_moves(w->r)[k];
  return try_moves(w, &moves);
}

static bool try_bytes(struct work *w, size_t i, cs_span bytes) {
  cs_runner_move move = cs_runner_moves(w->r)[i];
  move.bytes = cs_runner_copy(w->arena, bytes);
  return try_move(w, i, &move);
}

/* A message as it goes out, taken apart: the frame around it, too. */
struct parts {
  cs_wire_form form;
  bool framed;
  cs_wire_ws_frame frame;
  cs_wire_message m;
};

static bool take_apart(struct work *w, cs_span bytes, struct parts *out) {
  static const cs_wire_limits any = {CS_WIRE_TOKEN_MAX};
  cs_rule broken;
  size_t total;
  *out = (struct parts){.form = cs_runner_form(w->r->transport)};
  if (out->form == CS_WIRE_TCP && (cs_wire_tcp_frame(bytes, &total) != CS_OK || total != bytes.len))
    return false;
  if (out->form == CS_WIRE_WS) {
    if (cs_wire_ws_frame_read(bytes, &out->frame, &broken) != CS_OK ||
        out->frame.length != bytes.len - out->frame.header || !out->frame.fin ||
        out->frame.opcode != CS_WS_BINARY)
      return false;
    out->framed = true;
    uint8_t *plain = cs_runner_get(w->arena, bytes.len + 1);
    size_t len = bytes.len - out->frame.header;
    memcpy(plain, bytes.at + out->frame.header, len);
    if (out->frame.masked)
      cs_wire_ws_mask(plain, len, out->frame.mask, 0);
    bytes = cs_span_of(plain, len);
  }
  return cs_wire_parse(out->form, bytes, &any, &out->m) == CS_RULE_NONE;
}

static bool put_together(struct work *w, const struct parts *p, cs_span *out) {
  size_t size = cs_wire_size(&p->m);
  uint8_t *bytes = cs_runner_get(w->arena, size + CS_WS_HEADER_MAX + 1);
  size_t header = 0;
  size_t len;
  if (p->framed) {
    cs_wire_ws_frame f = p->frame;
    f.length = size;
    header = cs_wire_ws_frame_put(&f, bytes);
  }
  if (size == 0 || cs_wire_build(&p->m, bytes + header, size, &len) != CS_OK)
    return false;
  if (p->framed && p->frame.masked)
    cs_wire_ws_mask(bytes + header, len, p->frame.mask, 0);
  *out = cs_span_of(bytes, header + len);
  return true;
}

static bool try_parts(struct work *w, size_t i, const struct parts *p) {
  cs_span bytes;
  return put_together(w, p, &bytes) && bytes.len < cs_runner_moves(w->r)[i].bytes.len &&
         try_bytes(w, i, bytes);
}

static size_t option_count(cs_span options) {
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  size_t n = 0;
  while (cs_wire_option_next(&it, &o))
    n++;
  return n;
}

/* The options without the one at this place, or with only so many bytes of it. */
static cs_span other_options(struct work *w, cs_span options, size_t place, bool keep, size_t len) {
  uint8_t *bytes = cs_runner_get(w->arena, options.len + 8);
  cs_base_writer out = cs_base_writer_of(bytes, options.len + 8);
  cs_wire_option_writer writer = {&out, 0};
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  for (size_t i = 0; cs_wire_option_next(&it, &o); i++)
    if (i != place)
      cs_wire_option_put(&writer, o.number, o.value);
    else if (keep)
      cs_wire_option_put(&writer, o.number, cs_span_cut(o.value, 0, len));
  return cs_base_written(&out);
}

static size_t option_length(cs_span options, size_t place) {
  cs_wire_option_iter it = cs_wire_options(options);
  cs_wire_option o;
  for (size_t i = 0; cs_wire_option_next(&it, &o); i++)
    if (i == place)
      return o.value.len;
  return 0;
}

/* Halves a part as long as that shows it; *part is what shows it in the end. */
static void halve(struct work *w, size_t i, struct parts *p, cs_span *part) {
  size_t step = part->len;
  while (step > 0 && !w->over) {
    cs_span before = *part;
    *part = cs_span_cut(before, 0, before.len - (step < before.len ? step : before.len));
    if (before.len == 0 || !try_parts(w, i, p)) {
      *part = before;
      step /= 2;
    }
  }
}

static void shorten_options(struct work *w, size_t i, struct parts *p) {
  for (size_t place = option_count(p->m.options); place-- > 0 && !w->over;) {
    cs_span before = p->m.options;
    p->m.options = other_options(w, before, place, false, 0);
    if (try_parts(w, i, p))
      continue;
    p->m.options = before;
    for (size_t len = option_length(before, place); len > 0 && !w->over;) {
      cs_span longer = p->m.options;
      p->m.options = other_options(w, longer, place, true, len / 2);
      if (!try_parts(w, i, p)) {
        p->m.options = longer;
        break;
      }
      len /= 2;
    }
  }
}

/* Bytes that are no message: runs of them are left out, ever shorter ones. */
static void shorten_bytes(struct work *w, size_t i) {
  for (size_t size = cs_runner_moves(w->r)[i].bytes.len / 2; size > 0 && !w->over; size /= 2) {
    for (size_t at = cs_runner_moves(w->r)[i].bytes.len; at > 0 && !w->over;) {
      cs_span b = cs_runner_moves(w->r)[i].bytes;
      size_t n = size < at ? size : at;
      at -= n;
      if (n == b.len)
        continue;
      uint8_t *less = cs_runner_get(w->arena, b.len);
      memcpy(less, b.at, at);
      memcpy(less + at, b.at + at + n, b.len - at - n);
      try_bytes(w, i, cs_span_of(less, b.len - n));
    }
  }
}

static void shorten(struct work *w, size_t i) {
  struct parts p;
  if (!is_send(&cs_runner_moves(w->r)[i]))
    return;
  if (!take_apart(w, cs_runner_moves(w->r)[i].bytes, &p)) {
    shorten_bytes(w, i);
    return;
  }
  halve(w, i, &p, &p.m.payload);
  shorten_options(w, i, &p);
  halve(w, i, &p, &p.m.token);
}

/* Waits that stayed are needed; perhaps not as long. */
static void shorten_waits(struct work *w) {
  for (size_t i = 0; i < w->r->moves.count && !w->over; i++) {
    while (cs_runner_moves(w->r)[i].kind == CS_RUNNER_MOVE_WAIT &&
           cs_runner_moves(w->r)[i].time >= 2 * CS_MILLISECOND && !w->over) {
      cs_runner_move move = cs_runner_moves(w->r)[i];
      move.time /= 4;
      if (!try_move(w, i, &move))
        break;
    }
  }
}

bool cs_runner_minimise(cs_runner_arena *arena, cs_runner_reproducer *r,
                        bool (*shows)(void *ctx, const cs_runner_reproducer *), void *ctx,
                        unsigned tries_max) {
  struct work w = {.arena = arena, .r = r, .shows = shows, .ctx = ctx, .tries_max = tries_max};
  drop_waits(&w);
  drop_moves(&w);
  for (size_t i = r->moves.count; i-- > 0 && !w.over;)
    shorten(&w, i);
  if (!w.over)
    shorten_waits(&w);
  r->tries = w.tries;
  r->bounded = w.over;
  return w.smaller;
}
