#include "support/tls_pair.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

void cs_test_tls_init(cs_test_tls_pair *p, cs_tls_kind kind, uint64_t seed) {
  memset(p, 0, sizeof *p);
  cs_base_seeded_init(&p->chance, seed ^ UINT64_C(0x6c696e6b));
  for (int i = 0; i < 2; i++) {
    cs_test_tls_side *s = &p->side[i];
    cs_test_memory_init(&s->memory);
    cs_base_seeded_init(&s->seeded, seed * 2 + (uint64_t)i);
    s->psk.identity = cs_span_str(CS_TEST_TLS_IDENTITY);
    s->psk.key = cs_span_str(CS_TEST_TLS_KEY);
    s->credentials.role = i == CS_TEST_TLS_SERVER ? CS_TLS_SERVER : CS_TLS_CLIENT;
    s->credentials.psk = &s->psk;
    s->config.kind = kind;
    s->config.mtu = 1200;
    s->config.client_address = cs_span_str("192.0.2.1:5684");
  }
}

cs_err cs_test_tls_open_side(cs_test_tls_pair *p, int side) {
  cs_test_tls_side *s = &p->side[side];
  if (!s->shared) {
    cs_err err = cs_tls_shared_new(&s->memory.alloc, cs_base_seeded_random(&s->seeded), &s->shared);
    if (err != CS_OK)
      return err;
  }
  if (!s->setup) {
    const char *why = "";
    cs_err err = cs_tls_setup_new(s->shared, &s->credentials, &s->setup, &why);
    if (err != CS_OK)
      return err;
  }
  s->config.setup = s->setup;
  return cs_tls_open(&s->config, p->now, &s->tls);
}

void cs_test_tls_open(cs_test_tls_pair *p) {
  for (int i = 0; i < 2; i++)
    ck_assert_int_eq(cs_test_tls_open_side(p, i), CS_OK);
}

void cs_test_tls_close(cs_test_tls_pair *p) {
  while (p->flying) {
    cs_test_tls_flying *f = p->flying;
    p->flying = f->next;
    free(f);
  }
  for (int i = 0; i < 2; i++) {
    cs_test_tls_side *s = &p->side[i];
    cs_tls_close(s->tls);
    cs_tls_setup_free(s->setup);
    cs_tls_shared_free(s->shared);
    s->tls = NULL;
    s->setup = NULL;
    s->shared = NULL;
    ck_assert_uint_eq(s->memory.out_bytes, 0);
  }
}

bool cs_test_tls_is(const cs_test_tls_pair *p, int side, cs_tls_state state) {
  return cs_tls_state_of(p->side[side].tls) == state;
}

static void read_all(cs_test_tls_side *s) {
  static uint8_t buf[CS_TLS_RECORD_MAX];
  size_t len = 0;
  while ((s->said = cs_tls_read(s->tls, buf, sizeof buf, &len)) == CS_OK) {
    s->records++;
    ck_assert_uint_le(len, sizeof s->heard - s->heard_len);
    memcpy(s->heard + s->heard_len, buf, len);
    s->heard_len += len;
  }
}

void cs_test_tls_give(cs_test_tls_pair *p, int side, cs_span bytes) {
  cs_test_tls_side *s = &p->side[side];
  ck_assert_int_eq(cs_tls_feed(s->tls, bytes, p->now), CS_OK);
  read_all(s);
}

static bool chance(cs_test_tls_pair *p, unsigned percent) {
  return percent && cs_base_seeded_next(&p->chance) % 100 < percent;
}

static void fly(cs_test_tls_pair *p, int to, const uint8_t *bytes, size_t len) {
  cs_test_tls_flying *f = malloc(sizeof *f + len);
  ck_assert_ptr_nonnull(f);
  const cs_test_tls_link *l = &p->link;
  cs_time range = l->delay_max > l->delay_min ? l->delay_max - l->delay_min : 0;
  f->due = p->now + l->delay_min + (range ? cs_base_seeded_next(&p->chance) % range : 0);
  if (p->side[0].config.kind == CS_TLS_STREAM && f->due < p->last_due[to])
    f->due = p->last_due[to]; /* a stream keeps its order */
  p->last_due[to] = f->due;
  f->to = to;
  f->len = len;
  memcpy(f->bytes, bytes, len);
  cs_test_tls_flying **at = &p->flying;
  while (*at && (*at)->due <= f->due)
    at = &(*at)->next;
  f->next = *at;
  *at = f;
}

/* One datagram, or what a stream has now, onto the link. */
static void put_on_link(cs_test_tls_pair *p, int from, cs_span bytes) {
  static uint8_t buf[1 << 17];
  const cs_test_tls_link *l = &p->link;
  size_t len = bytes.len;
  ck_assert_uint_le(len, sizeof buf);
  memcpy(buf, bytes.at, len);
  p->side[from].sent_count++;
  p->side[from].sent_bytes += len;
  if (p->tap && !p->tap(p->tap_ctx, from, buf, &len, sizeof buf))
    return;
  if (p->side[from].config.kind == CS_TLS_STREAM) {
    size_t step = l->cut ? l->cut : len;
    for (size_t at = 0; at < len; at += step)
      fly(p, !from, buf + at, len - at < step ? len - at : step);
    return;
  }
  if (!chance(p, l->loss_percent))
    fly(p, !from, buf, len);
  if (chance(p, l->duplicate_percent))
    fly(p, !from, buf, len);
}

static void take_output(cs_test_tls_pair *p, int side) {
  cs_tls *t = p->side[side].tls;
  cs_span bytes;
  while (t && cs_tls_transmit(t, &bytes) == CS_OK) {
    size_t n = bytes.len;
    put_on_link(p, side, bytes);
    cs_tls_sent(t, n, p->now);
  }
}

bool cs_test_tls_step(cs_test_tls_pair *p) {
  cs_time next = CS_TIME_NEVER;
  for (int i = 0; i < 2; i++) {
    take_output(p, i);
    if (p->side[i].tls)
      next = cs_time_min(next, cs_tls_deadline(p->side[i].tls));
  }
  cs_test_tls_flying *f = p->flying;
  if (f && f->due <= next) {
    p->flying = f->next;
    if (f->due > p->now)
      p->now = f->due;
    if (p->side[f->to].tls)
      cs_test_tls_give(p, f->to, cs_span_of(f->bytes, f->len));
    free(f);
    return true;
  }
  if (next == CS_TIME_NEVER)
    return false;
  if (next > p->now)
    p->now = next;
  for (int i = 0; i < 2; i++)
    if (p->side[i].tls && cs_tls_deadline(p->side[i].tls) <= p->now) {
      cs_tls_expire(p->side[i].tls, p->now);
      read_all(&p->side[i]);
    }
  return true;
}

void cs_test_tls_run(cs_test_tls_pair *p, size_t count) {
  while (count > 0 && cs_test_tls_step(p))
    count--;
}

bool cs_test_tls_shake(cs_test_tls_pair *p) {
  for (size_t i = 0; i < 1000000; i++) {
    if (cs_test_tls_is(p, 0, CS_TLS_ESTABLISHED) && cs_test_tls_is(p, 1, CS_TLS_ESTABLISHED))
      return true;
    if (!cs_test_tls_step(p))
      return false;
  }
  return false;
}

size_t cs_test_tls_take(cs_test_tls_pair *p, int side, uint8_t *out, size_t cap) {
  cs_test_tls_side *s = &p->side[side];
  cs_span bytes;
  size_t len = 0;
  while (cs_tls_transmit(s->tls, &bytes) == CS_OK) {
    size_t n = bytes.len;
    ck_assert_uint_le(n, cap - len);
    memcpy(out + len, bytes.at, n);
    len += n;
    cs_tls_sent(s->tls, n, p->now);
    if (s->config.kind == CS_TLS_DATAGRAM)
      break;
  }
  return len;
}

bool cs_test_tls_say(cs_test_tls_pair *p, int from, const char *text) {
  cs_test_tls_side *to = &p->side[!from];
  take_output(p, from);
  to->heard_len = 0;
  cs_span said = cs_span_str(text);
  if (cs_tls_write(p->side[from].tls, said, p->now) != CS_OK)
    return false;
  cs_test_tls_run(p, 1000);
  return cs_span_equal(cs_test_tls_heard(p, !from), said);
}

cs_span cs_test_tls_heard(const cs_test_tls_pair *p, int side) {
  return cs_span_of(p->side[side].heard, p->side[side].heard_len);
}

cs_span cs_test_tls_file(const char *path) {
  enum { FILES_MAX = 32, SIZE_MAX_ = 1 << 16 };
  static struct {
    char path[512];
    uint8_t *bytes;
    size_t len;
  } files[FILES_MAX];
  size_t i = 0;
  for (; i < FILES_MAX && files[i].bytes; i++)
    if (strcmp(files[i].path, path) == 0)
      return cs_span_of(files[i].bytes, files[i].len);
  ck_assert_uint_lt(i, FILES_MAX);
  FILE *f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "%s is missing", path);
  files[i].bytes = calloc(1, SIZE_MAX_ + 1);
  ck_assert_ptr_nonnull(files[i].bytes);
  files[i].len = fread(files[i].bytes, 1, SIZE_MAX_, f);
  fclose(f);
  snprintf(files[i].path, sizeof files[i].path, "%s", path);
  return cs_span_of(files[i].bytes, files[i].len);
}
