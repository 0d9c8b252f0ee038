/* The library's view of the transport: it reads what was fed, what it writes is
 * queued, and its timer runs on the owner's clock. Writing never blocks, so the
 * library never waits for output and reading never waits for writing. */
#include "tls/mbedtls_inside.h"

/* Room to start a stream's chunk with, so that the messages of a flight share
 * one. */
enum { STREAM_CHUNK = 1024 };

static tls_chunk *chunk_new(cs_tls *t, size_t room) {
  tls_chunk *c = cs_base_get(t->alloc, sizeof *c + room);
  if (!c)
    return NULL;
  memset(c, 0, sizeof *c);
  c->cap = room;
  return c;
}

static void chunk_free(cs_tls *t, tls_chunk *c) {
  if (c)
    cs_base_put(t->alloc, c, sizeof *c + c->cap);
}

bool cs_tls_output_reserve(cs_tls *t, size_t room) {
  if (t->spare && t->spare->cap >= room)
    return true;
  tls_chunk *c = chunk_new(t, room);
  if (!c)
    return false;
  chunk_free(t, t->spare);
  t->spare = c;
  return true;
}

void cs_tls_output_free(cs_tls *t) {
  while (t->out_first) {
    tls_chunk *c = t->out_first;
    t->out_first = c->next;
    chunk_free(t, c);
  }
  t->out_last = NULL;
  t->out_bytes = 0;
  chunk_free(t, t->spare);
  t->spare = NULL;
}

/* Whether a record with such a body, that the library made of its own accord, is
 * an alert. One that hides its type, in TLS 1.3 and with a connection id, is known
 * by its length: the library pads to 16 bytes, and only an alert fits in there but
 * for a Certificate without one. */
static bool is_alert(const cs_tls *t, uint8_t type, size_t len) {
  enum { TLS12_CID = 25, NONCE = 8, PADDED = 16, TAG = 16 };
  if (type == MBEDTLS_SSL_MSG_APPLICATION_DATA)
    return len <= PADDED + TAG && tls_version_of(&t->ssl) == 0x0304;
  return type == MBEDTLS_SSL_MSG_ALERT || (type == TLS12_CID && len <= NONCE + PADDED + TAG);
}

/* Which alert is among these records: the content of one in the clear has two
 * bytes. */
static void notice_alert(cs_tls *t, cs_span records) {
  size_t head = t->kind == CS_TLS_DATAGRAM ? 13 : 5;
  cs_base_reader r = cs_base_reader_of(records);
  cs_span header, body;
  while (cs_base_take(&r, head, &header)) {
    size_t len = (size_t)header.at[head - 2] << 8 | header.at[head - 1];
    if (!cs_base_take(&r, len, &body))
      return;
    if (is_alert(t, header.at[0], len)) {
      t->alert_out = true;
      t->alert_said = len == 2 ? body.at[1] : 0;
    }
  }
}

static bool append(cs_tls *t, cs_span bytes) {
  tls_chunk *last = t->out_last;
  if (t->kind == CS_TLS_STREAM && last && last->cap - last->len >= bytes.len) {
    memcpy(last->bytes + last->len, bytes.at, bytes.len);
    last->len += bytes.len;
    t->out_bytes += bytes.len;
    return true;
  }
  tls_chunk *c = t->spare;
  if (c && c->cap >= bytes.len) {
    t->spare = NULL;
  } else {
    size_t room = t->kind == CS_TLS_STREAM && bytes.len < STREAM_CHUNK ? STREAM_CHUNK : bytes.len;
    c = chunk_new(t, room);
    if (!c)
      return false;
  }
  c->next = NULL;
  c->sent = 0;
  c->len = bytes.len;
  memcpy(c->bytes, bytes.at, bytes.len);
  if (last)
    last->next = c;
  else
    t->out_first = c;
  t->out_last = c;
  t->out_bytes += bytes.len;
  return true;
}

static int library_sends(void *ctx, const unsigned char *bytes, size_t len) {
  cs_tls *t = ctx;
  if (len > TLS_OUTPUT_MAX - t->out_bytes) {
    if (t->kind == CS_TLS_DATAGRAM)
      return (int)len; /* lost, as datagrams are */
    t->out_of_room = true;
    return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
  }
  if (!append(t, cs_span_of(bytes, len))) {
    t->out_of_memory = true;
    return MBEDTLS_ERR_SSL_ALLOC_FAILED;
  }
  notice_alert(t, cs_span_of(bytes, len));
  return (int)len;
}

static int library_receives(void *ctx, unsigned char *out, size_t cap) {
  cs_tls *t = ctx;
  if (t->kind == CS_TLS_DATAGRAM && t->in.len > cap)
    t->in.len = 0; /* longer than any record: lost */
  if (t->in.len == 0)
    return MBEDTLS_ERR_SSL_WANT_READ;
  size_t n = t->in.len < cap ? t->in.len : cap;
  memcpy(out, t->in.at, n);
  t->in = cs_span_cut(t->in, n, t->in.len - n);
  return (int)n;
}

static void timer_set(void *ctx, uint32_t intermediate_ms, uint32_t final_ms) {
  cs_tls *t = ctx;
  t->timer_set = final_ms != 0;
  t->timer_intermediate = cs_time_add(t->now, intermediate_ms * CS_MILLISECOND);
  t->timer_final = cs_time_add(t->now, final_ms * CS_MILLISECOND);
}

static int timer_get(void *ctx) {
  const cs_tls *t = ctx;
  if (!t->timer_set)
    return -1;
  return t->now >= t->timer_final ? 2 : t->now >= t->timer_intermediate ? 1 : 0;
}

cs_time cs_tls_timer_end(const cs_tls *t) {
  return t->timer_set ? t->timer_final : CS_TIME_NEVER;
}

void cs_tls_transport_begin(cs_tls *t) {
  mbedtls_ssl_set_bio(&t->ssl, t, library_sends, library_receives, NULL);
  if (t->kind == CS_TLS_DATAGRAM)
    mbedtls_ssl_set_timer_cb(&t->ssl, t, timer_set, timer_get);
}

cs_err cs_tls_transmit(cs_tls *t, cs_span *bytes) {
  const tls_chunk *c = t->out_first;
  if (!c)
    return CS_ERR_AGAIN;
  *bytes = cs_span_of(c->bytes + c->sent, c->len - c->sent);
  return CS_OK;
}

bool cs_tls_wants_transmit(const cs_tls *t) {
  return t->out_first != NULL;
}

void cs_tls_sent(cs_tls *t, size_t n, cs_time now) {
  t->now = now;
  tls_chunk *c = t->out_first;
  if (!c)
    return;
  if (t->kind == CS_TLS_DATAGRAM || n > c->len - c->sent)
    n = c->len - c->sent;
  c->sent += n;
  t->out_bytes -= n;
  if (c->sent < c->len)
    return;
  t->out_first = c->next;
  if (!c->next)
    t->out_last = NULL;
  chunk_free(t, c);
}
