#include "link/stream.h"

#include "link/partial.h"
#include "wire/message.h"

/* The longest header that tells a message's length: Len/TKL, four bytes of
 * extended length, and the two of an extended token length. */
enum { HEADER_MAX = 8 };

/* The head of a message is held: complete its header, then its body. */
static cs_err resume(cs_link *l, cs_span *message, cs_rule *broken) {
  cs_link_partial *p = l->partial;
  while (p->want == 0) {
    size_t total;
    if (cs_wire_tcp_frame(cs_span_of(p->at, p->len), &total) == CS_OK) {
      if (total > l->cap)
        return link_break(l, CS_RULE_MESSAGE_CAP, broken);
      p->want = total;
    } else if (l->in.len == 0) {
      return CS_ERR_AGAIN;
    } else {
      link_move_in(l, 1);
    }
  }
  size_t missing = p->want - p->len;
  size_t n = missing < l->in.len ? missing : l->in.len;
  cs_err e = link_hold(l, p->len + n, p->want);
  if (e != CS_OK)
    return e;
  link_move_in(l, n);
  p = l->partial;
  if (p->len < p->want)
    return CS_ERR_AGAIN;
  p->given = true;
  *message = cs_span_of(p->at, p->want);
  return CS_OK;
}

cs_err link_stream_next(cs_link *l, cs_span *message, cs_rule *broken) {
  if (l->partial && l->partial->given)
    link_drop(l);
  if (l->partial)
    return resume(l, message, broken);
  if (l->in.len == 0)
    return CS_ERR_AGAIN;
  size_t total;
  if (cs_wire_tcp_frame(l->in, &total) == CS_OK) {
    if (total > l->cap)
      return link_break(l, CS_RULE_MESSAGE_CAP, broken);
    if (total <= l->in.len) {
      /* It lies whole in the bytes just given: passed on in place. */
      *message = cs_span_cut(l->in, 0, total);
      l->in = cs_span_cut(l->in, total, l->in.len - total);
      return CS_OK;
    }
  }
  cs_err e = link_hold(l, HEADER_MAX, LINK_PARTIAL_MIN);
  return e == CS_OK ? resume(l, message, broken) : e;
}
