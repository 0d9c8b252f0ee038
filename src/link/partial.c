#include "link/partial.h"

void link_drop(cs_link *l) {
  if (l->partial)
    cs_base_put(l->alloc, l->partial, sizeof *l->partial + l->partial->cap);
  l->partial = NULL;
}

cs_err link_hold(cs_link *l, size_t need, size_t bound) {
  cs_link_partial *old = l->partial;
  if (old && old->cap >= need)
    return CS_OK;
  size_t cap = old ? 2 * old->cap : LINK_PARTIAL_MIN;
  if (cap > bound)
    cap = bound;
  if (cap < need)
    cap = need;
  cs_link_partial *p = cs_base_get(l->alloc, sizeof *p + cap);
  if (!p)
    return CS_ERR_MEMORY;
  p->cap = cap;
  p->len = old ? old->len : 0;
  p->want = old ? old->want : 0;
  p->given = false;
  if (p->len)
    memcpy(p->at, old->at, p->len);
  link_drop(l);
  l->partial = p;
  return CS_OK;
}

void link_move_in(cs_link *l, size_t n) {
  if (n == 0)
    return;
  memcpy(l->partial->at + l->partial->len, l->in.at, n);
  l->partial->len += n;
  l->in = cs_span_cut(l->in, n, l->in.len - n);
}

cs_err link_break(cs_link *l, cs_rule why, cs_rule *broken) {
  l->broken = why;
  link_drop(l);
  *broken = why;
  return CS_ERR_RULE;
}
