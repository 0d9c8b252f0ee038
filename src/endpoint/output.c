/* The bytes of a stream that wait to be sent: messages are written straight
 * behind the header of their frame and stay whole, so that what the link sends
 * of its own stands between two of them. There is memory only while bytes wait.
 * On a secured stream they are protected record by record, each when the one before
 * it went, so that a peer who does not read is held back as without TLS. */
#include <assert.h>

#include "endpoint/internal.h"

enum { STALL_TIMEOUT = 30 };

static void free_output(cs_endpoint *e) {
  struct stream *st = e->stream;
  cs_base_put(memory(e), st->out, st->cap);
  st->out = NULL;
  st->cap = st->len = st->sent = 0;
}

void endpoint_drop_output(cs_endpoint *e) {
  free_output(e);
  if (!endpoint_waits(e))
    e->stream->stall_due = CS_TIME_NEVER;
}

bool endpoint_waits(const cs_endpoint *e) {
  const struct stream *st = e->stream;
  return st->len > st->sent || (st->secure && !st->done && cs_tls_wants_transmit(st->secure->tls));
}

/* Makes room for n bytes behind those that wait. */
static bool make_room(cs_endpoint *e, size_t n) {
  struct stream *st = e->stream;
  size_t wait = st->len - st->sent;
  if (st->cap - st->len >= n)
    return true;
  if (st->sent >= wait && st->cap - wait >= n) {
    memmove(st->out, st->out + st->sent, wait);
  } else {
    size_t cap = wait + n; /* exactly, for one message alone; then by doubling */
    if (cap < 2 * st->cap)
      cap = 2 * st->cap < CHUNK ? 2 * st->cap : cap < CHUNK ? CHUNK : cap;
    uint8_t *out = cs_base_get(memory(e), cap);
    if (!out)
      return false;
    if (wait)
      memcpy(out, st->out + st->sent, wait);
    cs_base_put(memory(e), st->out, st->cap);
    st->out = out;
    st->cap = cap;
  }
  st->len = wait;
  st->sent = 0;
  return true;
}

/* Whether n more bytes go in now. When there is no room behind what waits, half
 * of it goes first, so that a peer who takes a byte at a time does not make
 * every byte cost a move of all others. */
static bool takes(const struct stream *st, size_t n) {
  size_t wait = st->len - st->sent;
  return st->cap - st->len >= n || wait < CHUNK / 2 || st->cap < CHUNK;
}

static bool may_pass(const cs_endpoint *e) {
  return cs_link_ready(&e->stream->link) && cs_core_wants_transmit(e->session);
}

bool endpoint_pending(const cs_endpoint *e) {
  const struct stream *st = e->stream;
  if (!st->up || st->done || (st->secure && (st->secure->ended || st->secure->finishing)))
    return false;
  return cs_link_wants_transmit(&st->link) || may_pass(e);
}

static bool put_own(cs_endpoint *e) {
  struct stream *st = e->stream;
  size_t n;
  if (!make_room(e, CS_LINK_OWN_MAX))
    return false;
  if (cs_link_transmit(&st->link, st->out + st->len, CS_LINK_OWN_MAX, &n) == CS_OK)
    st->len += n;
  return true;
}

static bool put_message(cs_endpoint *e, size_t header, size_t size, cs_time now) {
  struct stream *st = e->stream;
  if (!make_room(e, header + size))
    return false;
  uint8_t *at = st->out + st->len;
  size_t n = 0;
  cs_err err = cs_core_write(e->session, now, at + header, size, &n);
  assert(err == CS_OK && n == size);
  (void)err;
  cs_link_seal(&st->link, at, size);
  st->len += header + size;
  return true;
}

static void await_progress(cs_endpoint *e, cs_time now) {
  cs_time patience = e->config->stall_timeout;
  e->stream->stall_due = cs_time_add(now, patience ? patience : STALL_TIMEOUT * CS_SECOND);
  e->stream->stall_left = CS_ENDPOINT_PROGRESS;
}

bool endpoint_fill(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  /* In a secured WebSocket each frame has a record of its own: servers exist that leave
   * the second frame of a record unread until more comes. */
  bool one = st->secure && e->config->link == CS_LINK_WEBSOCKET;
  while (st->len - st->sent < CHUNK && endpoint_pending(e) && !(one && st->len > st->sent)) {
    bool own = cs_link_wants_transmit(&st->link);
    size_t size = own ? CS_LINK_OWN_MAX : cs_core_next_size(e->session);
    size_t header = own ? 0 : cs_link_header_size(&st->link, size);
    if (!takes(st, header + size))
      break;
    if (!(own ? put_own(e) : put_message(e, header, size, now)))
      return false;
  }
  if (st->len > st->sent && st->stall_due == CS_TIME_NEVER)
    await_progress(e, now);
  return true;
}

/* Protects what waits, up to a record. CS_ERR_AGAIN when nothing does. */
static cs_err protect(cs_endpoint *e, cs_time now) {
  struct stream *st = e->stream;
  size_t n = st->len - st->sent;
  if (n == 0 || !st->up || st->secure->ended)
    return CS_ERR_AGAIN;
  if (n > CS_TLS_RECORD_MAX)
    n = CS_TLS_RECORD_MAX;
  cs_err err = cs_tls_write(st->secure->tls, cs_span_of(st->out + st->sent, n), now);
  if (err == CS_OK) {
    endpoint_secure_tap(e, true, cs_span_of(st->out + st->sent, n));
    st->sent += n;
    if (st->sent == st->len)
      free_output(e);
  }
  return err == CS_OK || err == CS_ERR_MEMORY ? err : CS_ERR_AGAIN;
}

cs_err endpoint_show(cs_endpoint *e, cs_time now, cs_span *bytes) {
  struct stream *st = e->stream;
  if (!st->secure) {
    if (st->len == st->sent)
      return CS_ERR_AGAIN;
    *bytes = cs_span_of(st->out + st->sent, st->len - st->sent);
    return CS_OK;
  }
  if (cs_tls_transmit(st->secure->tls, bytes) != CS_OK) {
    cs_err err = protect(e, now);
    if (cs_tls_transmit(st->secure->tls, bytes) != CS_OK)
      return err == CS_ERR_MEMORY ? err : CS_ERR_AGAIN;
  }
  if (st->stall_due == CS_TIME_NEVER)
    await_progress(e, now);
  return CS_OK;
}

void endpoint_taken(cs_endpoint *e, size_t n, cs_time now) {
  struct stream *st = e->stream;
  if (n == 0 || st->done)
    return;
  if (st->secure) {
    cs_tls_sent(st->secure->tls, n, now);
  } else {
    assert(n <= st->len - st->sent);
    st->sent += n;
    if (st->sent == st->len)
      free_output(e);
  }
  if (!endpoint_waits(e))
    st->stall_due = CS_TIME_NEVER;
  else if (n >= st->stall_left)
    await_progress(e, now);
  else
    st->stall_left -= n;
}
