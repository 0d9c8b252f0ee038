#include "link/link.h"

#include "wire/message.h"

/* The longest header that tells a message's length: Len/TKL, four bytes of
 * extended length, and the two of an extended token length. */
enum { HEADER_MAX = 8, PARTIAL_MIN = 64 };

void cs_link_init(cs_link *l, cs_link_kind kind, const cs_base_alloc *alloc, uint32_t cap) {
  memset(l, 0, sizeof *l);
  l->alloc = alloc;
  l->cap = cap;
  l->kind = (uint8_t)kind;
}

static void drop_partial(cs_link *l) {
  if (l->partial)
    cs_base_put(l->alloc, l->partial, sizeof *l->partial + l->partial->cap);
  l->partial = NULL;
}

void cs_link_free(cs_link *l) {
  drop_partial(l);
}

void cs_link_feed(cs_link *l, cs_span bytes) {
  l->in = bytes;
  l->fed = true;
}

/* Makes the held part able to take total bytes. */
static cs_err hold(cs_link *l, size_t total) {
  cs_link_partial *old = l->partial;
  if (old && old->cap >= total)
    return CS_OK;
  size_t cap = total < PARTIAL_MIN ? PARTIAL_MIN : total;
  cs_link_partial *p = cs_base_get(l->alloc, sizeof *p + cap);
  if (!p)
    return CS_ERR_MEMORY;
  p->cap = cap;
  p->len = old ? old->len : 0;
  p->want = old ? old->want : 0;
  if (p->len)
    memcpy(p->at, old->at, p->len);
  drop_partial(l);
  l->partial = p;
  return CS_OK;
}

static void move_in(cs_link *l, size_t n) {
  if (n == 0)
    return;
  memcpy(l->partial->at + l->partial->len, l->in.at, n);
  l->partial->len += n;
  l->in = cs_span_cut(l->in, n, l->in.len - n);
}

/* A message that lies whole in the bytes just given is passed on in place. */
static cs_err whole(cs_link *l, size_t total, cs_span *message) {
  *message = cs_span_cut(l->in, 0, total);
  l->in = cs_span_cut(l->in, total, l->in.len - total);
  return CS_OK;
}

static cs_err over_cap(cs_link *l, cs_rule *broken) {
  l->broken = true;
  drop_partial(l);
  *broken = CS_RULE_MESSAGE_CAP;
  return CS_ERR_RULE;
}

/* The head of a message is held: complete its header, then its body. */
static cs_err resume(cs_link *l, cs_span *message, cs_rule *broken) {
  cs_link_partial *p = l->partial;
  while (p->want == 0) {
    size_t total;
    if (cs_wire_tcp_frame(cs_span_of(p->at, p->len), &total) == CS_OK) {
      if (total > l->cap)
        return over_cap(l, broken);
      cs_err e = hold(l, total);
      if (e != CS_OK)
        return e;
      p = l->partial;
      p->want = total;
    } else if (l->in.len == 0) {
      return CS_ERR_AGAIN;
    } else {
      move_in(l, 1);
    }
  }
  size_t missing = p->want - p->len;
  move_in(l, missing < l->in.len ? missing : l->in.len);
  if (p->len < p->want)
    return CS_ERR_AGAIN;
  *message = cs_span_of(p->at, p->want);
  return CS_OK;
}

static cs_err next_of_stream(cs_link *l, cs_span *message, cs_rule *broken) {
  if (l->partial && l->partial->want && l->partial->len == l->partial->want)
    drop_partial(l); /* the one handed out by the call before */
  if (l->partial)
    return resume(l, message, broken);
  if (l->in.len == 0)
    return CS_ERR_AGAIN;
  size_t total;
  if (cs_wire_tcp_frame(l->in, &total) == CS_OK) {
    if (total > l->cap)
      return over_cap(l, broken);
    if (total <= l->in.len)
      return whole(l, total, message);
  }
  cs_err e = hold(l, HEADER_MAX);
  return e == CS_OK ? resume(l, message, broken) : e;
}

cs_err cs_link_next(cs_link *l, cs_span *message, cs_rule *broken) {
  if (l->broken) {
    *broken = CS_RULE_MESSAGE_CAP;
    return CS_ERR_RULE;
  }
  if (l->kind == CS_LINK_STREAM)
    return next_of_stream(l, message, broken);
  if (!l->fed)
    return CS_ERR_AGAIN;
  l->fed = false;
  *message = l->in;
  return CS_OK;
}
