/* Bounded cursors over bytes: the only place where pointers are moved.
 * A reader walks a span; a writer fills one and remembers that it overflowed,
 * so a builder checks once at its end. */
#ifndef CS_BASE_BYTES_H
#define CS_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes; at is NULL only when len is 0. */
typedef struct cs_span {
  const uint8_t *at;
  size_t len;
} cs_span;

static inline cs_span cs_span_of(const void *at, size_t len) {
  cs_span s = {(const uint8_t *)at, len};
  return s;
}

/* The span of a C string without its NUL. */
static inline cs_span cs_span_str(const char *s) {
  return cs_span_of(s, strlen(s));
}

static inline bool cs_span_equal(cs_span a, cs_span b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* The sub-span from..from+len; the caller has checked from + len <= s.len. */
static inline cs_span cs_span_cut(cs_span s, size_t from, size_t len) {
  cs_span r = {from ? s.at + from : s.at, len};
  return r;
}

typedef struct cs_base_reader {
  const uint8_t *at;
  const uint8_t *end;
} cs_base_reader;

static inline cs_base_reader cs_base_reader_of(cs_span s) {
  cs_base_reader r = {s.at, s.len ? s.at + s.len : s.at};
  return r;
}

static inline size_t cs_base_left(const cs_base_reader *r) {
  return (size_t)(r->end - r->at);
}

/* Each take returns false, moving nothing, when too few bytes are left. */
static inline bool cs_base_take_u8(cs_base_reader *r, uint8_t *out) {
  if (r->at == r->end)
    return false;
  *out = *r->at++;
  return true;
}

static inline bool cs_base_take_u16(cs_base_reader *r, uint16_t *out) {
  if (cs_base_left(r) < 2)
    return false;
  *out = (uint16_t)((unsigned)r->at[0] << 8 | r->at[1]);
  r->at += 2;
  return true;
}

static inline bool cs_base_take_u32(cs_base_reader *r, uint32_t *out) {
  if (cs_base_left(r) < 4)
    return false;
  *out = (uint32_t)r->at[0] << 24 | (uint32_t)r->at[1] << 16 | (uint32_t)r->at[2] << 8 |
         (uint32_t)r->at[3];
  r->at += 4;
  return true;
}

static inline bool cs_base_take(cs_base_reader *r, size_t n, cs_span *out) {
  if (cs_base_left(r) < n)
    return false;
  out->at = r->at;
  out->len = n;
  if (n)
    r->at += n;
  return true;
}

typedef struct cs_base_writer {
  uint8_t *start;
  size_t len; /* bytes written so far */
  size_t cap;
  bool overflow; /* set once something did not fit; later puts do nothing */
} cs_base_writer;

static inline cs_base_writer cs_base_writer_of(uint8_t *buf, size_t cap) {
  cs_base_writer w = {buf, 0, cap, false};
  return w;
}

static inline bool cs_base_room(cs_base_writer *w, size_t n) {
  if (w->overflow || n > w->cap - w->len) {
    w->overflow = true;
    return false;
  }
  return true;
}

static inline void cs_base_put_u8(cs_base_writer *w, unsigned v) {
  if (cs_base_room(w, 1))
    w->start[w->len++] = (uint8_t)v;
}

static inline void cs_base_put_u16(cs_base_writer *w, unsigned v) {
  if (cs_base_room(w, 2)) {
    w->start[w->len++] = (uint8_t)(v >> 8);
    w->start[w->len++] = (uint8_t)v;
  }
}

static inline void cs_base_put_u32(cs_base_writer *w, uint32_t v) {
  cs_base_put_u16(w, v >> 16);
  cs_base_put_u16(w, v & 0xffff);
}

static inline void cs_base_put_bytes(cs_base_writer *w, const void *p, size_t n) {
  if (n && cs_base_room(w, n)) {
    memcpy(w->start + w->len, p, n);
    w->len += n;
  }
}

static inline void cs_base_put_span(cs_base_writer *w, cs_span s) {
  cs_base_put_bytes(w, s.at, s.len);
}

static inline void cs_base_put_str(cs_base_writer *w, const char *s) {
  cs_base_put_bytes(w, s, strlen(s));
}

/* What has been written; meaningless after an overflow. */
static inline cs_span cs_base_written(const cs_base_writer *w) {
  return cs_span_of(w->start, w->len);
}

#endif
