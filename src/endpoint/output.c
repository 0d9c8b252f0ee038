/* The bytes of a stream that wait to be sent: messages are written straight
 * behind the header of their frame and stay whole, so that what the link sends
 * of its own stands between two of them. There is memory only while bytes wait. */
#include <assert.h>

#include "endpoint/internal.h"

enum { STALL_TIMEOUT = 30 };

void endpoint_drop_output(cs_endpoint *e) {
  struct stream *st = e->stream;
  cs_base_put(memory(e), st->out, st->cap);
  st->out = NULL;
  st->cap = st->len = st->sent = 0;
  st->stall_due = CS_TIME_NEVER;
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
  return st->up && !st->done && (cs_link_wants_transmit(&st->link) || may_pass(e));
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
  while (st->len - st->sent < CHUNK && endpoint_pending(e)) {
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

void endpoint_taken(cs_endpoint *e, size_t n, cs_time now) {
  struct stream *st = e->stream;
  assert(n <= st->len - st->sent);
  if (n == 0)
    return;
  st->sent += n;
  if (st->sent == st->len)
    endpoint_drop_output(e);
  else if (n >= st->stall_left)
    await_progress(e, now);
  else
    st->stall_left -= n;
}
